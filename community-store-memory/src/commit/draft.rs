//! What a change set would leave behind, worked out beside the store.
//!
//! A draft holds a copy of every row that is touched, as it will be. Operations read through it:
//! what the draft does not hold is as the store holds it. Dropping a draft undoes everything.

use std::collections::hash_map::Entry::{Occupied, Vacant};

use community_core::change::{Counter, EntityRef, Op, Seq, UniqueKey};
use community_core::reputation::{Award, AwardsId, Entry, EntryPlace, LedgerId};
use community_core::time::Timestamp;
use community_core::{
    Channel, ChannelId, Community, CommunityId, Correction, Document, DocumentId, DocumentList,
    Grant, GrantId, Label, Link, Mark, Member, MemberId, Membership, Post, PostCounters, PostId,
    Reaction, Revision, Slug, StoreError, Topic, TopicCounters, TopicId,
};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::state::{Home, LinkId, ReactionId, State};

/// The rows that a change set writes, as it leaves them.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) communities: FxHashMap<CommunityId, Community>,
    pub(super) channels: FxHashMap<ChannelId, Channel>,
    pub(super) labels: FxHashMap<(CommunityId, Slug), Label>,
    pub(super) members: FxHashMap<MemberId, Member>,
    pub(super) memberships: FxHashMap<(MemberId, CommunityId), Membership>,
    pub(super) topics: FxHashMap<TopicId, Topic>,
    pub(super) posts: FxHashMap<PostId, Post>,
    pub(super) revisions: FxHashMap<(PostId, u32), Revision>,
    pub(super) corrections: Vec<Correction>,
    /// `None` takes it away.
    pub(super) links: FxHashMap<LinkId, Option<Link>>,
    /// `None` takes it away.
    pub(super) reactions: FxHashMap<ReactionId, Option<Reaction>>,
    /// Those that do not stand in a topic's or a post's row.
    pub(super) counts: FxHashMap<Counter, i64>,
    pub(super) views: FxHashMap<(TopicId, i32), i64>,
    pub(super) visits: Vec<(CommunityId, MemberId, i32)>,
    /// Who has a key; `None` frees it.
    pub(super) keys: FxHashMap<UniqueKey, Option<EntityRef>>,
    pub(super) grants: FxHashMap<GrantId, Grant>,
    /// `None` takes it away.
    pub(super) documents: FxHashMap<DocumentId, Option<Document>>,
    /// New entries, in their order.
    pub(super) entries: Vec<(LedgerId, Entry)>,
    pub(super) entry_places: FxHashSet<(LedgerId, EntryPlace)>,
    /// In their order: of two of one member and badge the later one counts.
    pub(super) awards: Vec<(AwardsId, Award)>,
    pub(super) checkpoints: FxHashMap<Slug, Seq>,
}

/// Works out operations in their order.
///
/// # Errors
/// [`StoreError::Failed`] for what makes no sense: a reference to something that does not exist, a
/// key for two entities, a counter below zero.
pub(super) fn work_out(state: &State, ops: Vec<Op>) -> Result<Draft, StoreError> {
    let mut drafting = Drafting { state, draft: Draft::default() };
    for op in ops {
        drafting.apply(op)?;
    }
    Ok(drafting.draft)
}

type Applied<T = ()> = Result<T, StoreError>;

struct Drafting<'a> {
    state: &'a State,
    draft: Draft,
}

impl Drafting<'_> {
    fn apply(&mut self, op: Op) -> Applied {
        match op {
            Op::PutCommunity(community) => self.put_community(*community),
            Op::PutChannel(channel) => self.put_channel(*channel),
            Op::PutLabel(label) => self.put_label(*label),
            Op::PutMember(member) => self.put_member(*member),
            Op::PutMembership(membership) => self.put_membership(*membership),
            Op::PutTopic(topic) => self.put_topic(*topic),
            Op::PutPost(post) => self.put_post(*post),
            Op::PutRevision(revision) => self.put_revision(*revision),
            Op::PutCorrection(correction) => self.put_correction(*correction),
            Op::PutLink(link) => self.put_link(link),
            Op::DropLink { from, to, kind } => {
                self.draft.links.insert((from, to, kind), None);
                Ok(())
            }
            Op::PutReaction(reaction) => self.put_reaction(reaction),
            Op::DropReaction { post, member, slot } => {
                self.draft.reactions.insert((post, slot, member), None);
                Ok(())
            }
            Op::Bump(counter, step) => self.bump(counter, step),
            Op::RaiseActive(topic, at) => self.set_active(topic, |active| active.max(at)),
            Op::SetActive(topic, at) => self.set_active(topic, |_| at),
            Op::AddViews { topic, day, views } => self.add_views(topic, day, views),
            Op::AddVisit { community, member, day } => self.add_visit(community, member, day),
            Op::PutGrant(grant) => self.put_grant(*grant),
            Op::EraseNotes(member) => {
                self.erase_notes(member);
                Ok(())
            }
            Op::PutDocument(document) => self.put_document(*document),
            Op::DropDocument(document) => {
                self.draft.documents.insert(document, None);
                Ok(())
            }
            Op::AppendLedger(ledger, entry) => self.append(*ledger, *entry),
            Op::PutAward(of, award) => self.put_award(*of, *award),
            Op::Checkpoint(name, seq) => {
                self.draft.checkpoints.insert(name, seq);
                Ok(())
            }
        }
    }

    fn put_community(&mut self, community: Community) -> Applied {
        let id = community.id;
        let key = |community: &Community| UniqueKey::Community(community.key.clone());
        let was = self.draft.communities.get(&id).or_else(|| self.state.communities.get(&id));
        self.rename(EntityRef::Community(id), was.map(key), Some(key(&community)))?;
        self.draft.communities.insert(id, community);
        Ok(())
    }

    fn put_channel(&mut self, channel: Channel) -> Applied {
        let id = channel.id;
        // Its parent may be written later: a directory leaves out what hangs in the air.
        self.community(channel.community)?;
        let key = |channel: &Channel| UniqueKey::Channel(channel.community, channel.key.clone());
        let was = self.draft.channels.get(&id).or_else(|| self.state.channels.get(&id));
        self.rename(EntityRef::Channel(id), was.map(key), Some(key(&channel)))?;
        self.draft.channels.insert(id, channel);
        Ok(())
    }

    fn put_label(&mut self, label: Label) -> Applied {
        self.community(label.community)?;
        self.draft.labels.insert((label.community, label.key.clone()), label);
        Ok(())
    }

    fn put_member(&mut self, member: Member) -> Applied {
        let id = member.id;
        let key = |member: &Member| UniqueKey::Member(member.key.clone());
        let was = self.draft.members.get(&id).or_else(|| self.state.members.get(&id));
        self.rename(EntityRef::Member(id), was.map(key), Some(key(&member)))?;
        self.draft.members.insert(id, member);
        Ok(())
    }

    fn put_membership(&mut self, membership: Membership) -> Applied {
        self.community(membership.community)?;
        self.member(Some(membership.member))?;
        let of_roles = membership.roles.iter().map(|grant| grant.channel);
        let of_sanctions = membership.sanctions.iter().map(|sanction| sanction.channel);
        for channel in of_roles.chain(of_sanctions).flatten() {
            self.channel(channel)?;
        }
        for sanction in &membership.sanctions {
            self.member(sanction.by)?;
        }
        self.draft.memberships.insert((membership.member, membership.community), membership);
        Ok(())
    }

    fn put_topic(&mut self, mut topic: Topic) -> Applied {
        let id = topic.id;
        self.community(topic.community)?;
        self.channel(topic.channel)?;
        self.member(Some(topic.author))?;
        let key = |topic: &Topic| Some(UniqueKey::Item(topic.community, topic.key.clone()?));
        let was = self.find_topic(id);
        if was.is_some_and(|was| was.community != topic.community) {
            // The keys of its posts are unique in their community, so they would have to move too.
            return Err(refused(format!("topic {id} cannot go to another community")));
        }
        topic.counters = match was {
            Some(was) => was.counters.clone(),
            None => TopicCounters::new(topic.bumped_at),
        };
        self.rename(EntityRef::Topic(id), was.and_then(key), key(&topic))?;
        self.draft.topics.insert(id, topic);
        Ok(())
    }

    fn put_post(&mut self, mut post: Post) -> Applied {
        let id = post.id;
        self.member(Some(post.author))?;
        let marks = [&post.accepted, &post.official];
        for Mark { by, .. } in marks.into_iter().flatten() {
            self.member(*by)?;
        }
        self.check_line(&post)?;
        let key = |post: &Post| {
            let community = self.topic(post.topic)?.community;
            Ok::<_, StoreError>(post.key.clone().map(|key| UniqueKey::Item(community, key)))
        };
        let was = self.find_post(id);
        let (old_key, new_key) = (was.map(key).transpose()?.flatten(), key(&post)?);
        post.counters = was.map_or_else(PostCounters::default, |was| was.counters.clone());
        self.rename(EntityRef::Post(id), old_key, new_key)?;
        self.draft.posts.insert(id, post);
        Ok(())
    }

    /// Checks that the posts above a post are there, up to one without a parent.
    //
    // INVARIANT: whoever walks from a post upwards comes to an end. A new post cannot close a ring,
    // as nothing stands below it yet; an old one that gets another parent could.
    fn check_line(&self, post: &Post) -> Applied {
        let Some(parent) = post.parent else { return Ok(()) };
        let mut above = self.post(parent)?;
        if self.find_post(post.id).is_some_and(|was| was.parent != post.parent) {
            loop {
                if above.id == post.id {
                    return Err(refused(format!("post {} cannot reply to itself", post.id)));
                }
                let Some(parent) = above.parent else { break };
                above = self.post(parent)?;
            }
        }
        Ok(())
    }

    fn put_revision(&mut self, revision: Revision) -> Applied {
        self.post(revision.post)?;
        self.member(revision.editor)?;
        self.draft.revisions.insert((revision.post, revision.number), revision);
        Ok(())
    }

    fn put_correction(&mut self, correction: Correction) -> Applied {
        self.post(correction.post)?;
        self.member(Some(correction.author))?;
        self.draft.corrections.push(correction);
        Ok(())
    }

    fn put_link(&mut self, link: Link) -> Applied {
        self.topic(link.from)?;
        self.topic(link.to)?;
        self.draft.links.insert((link.from, link.to, link.kind), Some(link));
        Ok(())
    }

    fn put_reaction(&mut self, reaction: Reaction) -> Applied {
        self.post(reaction.post)?;
        self.member(Some(reaction.member))?;
        let id = (reaction.post, reaction.slot, reaction.member);
        self.draft.reactions.insert(id, Some(reaction));
        Ok(())
    }

    fn put_grant(&mut self, grant: Grant) -> Applied {
        self.community(grant.community)?;
        self.member(Some(grant.member))?;
        self.member(grant.by)?;
        grant.post.map_or(Ok(()), |post| self.post(post).map(drop))?;
        if !self.state.grants.contains_key(&grant.id) {
            self.draft.grants.entry(grant.id).or_insert(grant);
        }
        Ok(())
    }

    fn erase_notes(&mut self, member: MemberId) {
        let stored = self.state.grants.values();
        let drafted = &mut self.draft.grants;
        for grant in stored.filter(|grant| grant.member == member && !grant.note.is_empty()) {
            drafted.entry(grant.id).or_insert_with(|| grant.clone());
        }
        drafted.values_mut().filter(|grant| grant.member == member).for_each(|g| g.note.clear());
    }

    fn put_document(&mut self, document: Document) -> Applied {
        self.community(document.community)?;
        let id = document.id;
        let drafted = self.draft.documents.get(&id).map(Option::as_ref);
        let was = drafted.unwrap_or_else(|| self.state.documents.get(id));
        let place = |document: &Document| (document.community, document.collection.clone());
        if was.is_some_and(|was| place(was) != place(&document)) {
            return Err(refused(format!("document {id} cannot go elsewhere")));
        }
        let lists: FxHashSet<DocumentList> = document.lists().collect();
        if lists.len() < document.keys.len() {
            return Err(refused(format!("document {id} stands twice in one list")));
        }
        self.draft.documents.insert(id, Some(document));
        Ok(())
    }

    fn append(&mut self, ledger: LedgerId, entry: Entry) -> Applied {
        self.community(ledger.community)?;
        self.member(Some(entry.member))?;
        self.member(entry.giver)?;
        entry.topic.map_or(Ok(()), |topic| self.topic(topic).map(drop))?;
        entry.post.map_or(Ok(()), |post| self.post(post).map(drop))?;
        entry.channel.map_or(Ok(()), |channel| self.channel(channel))?;
        let place = entry.place();
        let stored = self.state.ledgers.get(&ledger).is_some_and(|table| table.has(place));
        if stored || !self.draft.entry_places.insert((ledger.clone(), place)) {
            return Err(refused(format!("{place:?} of {ledger:?} is taken")));
        }
        self.draft.entries.push((ledger, entry));
        Ok(())
    }

    fn put_award(&mut self, of: AwardsId, award: Award) -> Applied {
        self.community(of.community)?;
        self.member(Some(award.member))?;
        self.draft.awards.push((of, award));
        Ok(())
    }

    fn bump(&mut self, counter: Counter, step: i64) -> Applied {
        let stepped = |was: i64| {
            let now = was.checked_add(step).filter(|now| *now >= 0);
            now.ok_or_else(|| refused(format!("{counter:?} is {was} and cannot go by {step}")))
        };
        match Home::of(&counter) {
            Home::Topic(id, field) => {
                let count = field(&mut self.topic_mut(id)?.counters);
                *count = stepped(*count)?;
            }
            Home::Post(id, field) => {
                let count = field(&mut self.post_mut(id)?.counters);
                *count = stepped(*count)?;
            }
            Home::Table => {
                let drafted = self.draft.counts.get(&counter).copied();
                let was = drafted.unwrap_or_else(|| self.state.count(&counter));
                let now = stepped(was)?;
                self.counted(&counter, was, now)?;
                self.draft.counts.insert(counter, now);
            }
        }
        Ok(())
    }

    /// Checks what a counter refers to, and lets participants follow participation.
    fn counted(&mut self, counter: &Counter, was: i64, now: i64) -> Applied {
        match counter {
            Counter::Members(community) => self.community(*community),
            Counter::Participation(topic, member) => {
                self.member(Some(*member))?;
                let more = i64::from(now > 0) - i64::from(was > 0);
                self.topic_mut(*topic)?.counters.participants += more;
                Ok(())
            }
            Counter::Tally(post, _) => self.post(*post).map(|_| ()),
            Counter::LabelUse(community, _, channel) => {
                self.community(*community)?;
                self.channel(*channel)
            }
            Counter::ChannelTopics(channel) => self.channel(*channel),
            // The rows that hold these were looked up.
            _ => Ok(()),
        }
    }

    fn set_active(&mut self, topic: TopicId, to: impl Fn(Timestamp) -> Timestamp) -> Applied {
        let counters = &mut self.topic_mut(topic)?.counters;
        counters.active_at = to(counters.active_at);
        Ok(())
    }

    fn add_views(&mut self, topic: TopicId, day: i32, views: i64) -> Applied {
        let of_day = self.draft.views.get(&(topic, day)).copied().unwrap_or_else(|| {
            self.state.views.get(&topic).and_then(|days| days.get(&day)).copied().unwrap_or(0)
        });
        let all = &mut self.topic_mut(topic)?.counters.views;
        let grown = of_day.checked_add(views).zip(all.checked_add(views));
        let Some((of_day, sum)) = grown.filter(|(of_day, sum)| *of_day >= 0 && *sum >= 0) else {
            return Err(refused(format!("topic {topic} cannot have {views} views more")));
        };
        *all = sum;
        self.draft.views.insert((topic, day), of_day);
        Ok(())
    }

    fn add_visit(&mut self, community: CommunityId, member: MemberId, day: i32) -> Applied {
        self.community(community)?;
        self.member(Some(member))?;
        self.draft.visits.push((community, member, day));
        Ok(())
    }
}

/// The store as the draft leaves it so far.
impl Drafting<'_> {
    fn community(&self, id: CommunityId) -> Applied {
        let known = self.draft.communities.contains_key(&id);
        if known || self.state.communities.contains_key(&id) {
            return Ok(());
        }
        Err(refused(format!("there is no community {id}")))
    }

    fn channel(&self, id: ChannelId) -> Applied {
        if self.draft.channels.contains_key(&id) || self.state.channels.contains_key(&id) {
            return Ok(());
        }
        Err(refused(format!("there is no channel {id}")))
    }

    /// `None` is the system, which always exists.
    fn member(&self, id: Option<MemberId>) -> Applied {
        match id {
            Some(id)
                if !self.draft.members.contains_key(&id)
                    && !self.state.members.contains_key(&id) =>
            {
                Err(refused(format!("there is no member {id}")))
            }
            _ => Ok(()),
        }
    }

    fn topic(&self, id: TopicId) -> Applied<&Topic> {
        self.find_topic(id).ok_or_else(|| no_topic(id))
    }

    fn find_topic(&self, id: TopicId) -> Option<&Topic> {
        self.draft.topics.get(&id).or_else(|| self.state.topics.get(&id))
    }

    fn topic_mut(&mut self, id: TopicId) -> Applied<&mut Topic> {
        match self.draft.topics.entry(id) {
            Occupied(row) => Ok(row.into_mut()),
            Vacant(row) => {
                let stored = self.state.topics.get(&id).ok_or_else(|| no_topic(id))?;
                Ok(row.insert(stored.clone()))
            }
        }
    }

    fn post(&self, id: PostId) -> Applied<&Post> {
        self.find_post(id).ok_or_else(|| no_post(id))
    }

    fn find_post(&self, id: PostId) -> Option<&Post> {
        self.draft.posts.get(&id).or_else(|| self.state.posts.get(&id))
    }

    fn post_mut(&mut self, id: PostId) -> Applied<&mut Post> {
        match self.draft.posts.entry(id) {
            Occupied(row) => Ok(row.into_mut()),
            Vacant(row) => {
                let stored = self.state.posts.get(&id).ok_or_else(|| no_post(id))?;
                Ok(row.insert(stored.clone()))
            }
        }
    }

    /// Gives an entity another key, or its first, or none.
    fn rename(
        &mut self,
        owner: EntityRef,
        was: Option<UniqueKey>,
        is: Option<UniqueKey>,
    ) -> Applied {
        if was == is {
            return Ok(());
        }
        if let Some(key) = was {
            self.draft.keys.insert(key, None);
        }
        if let Some(key) = is {
            let drafted = self.draft.keys.get(&key).copied();
            if drafted.unwrap_or_else(|| self.state.index.holder(&key)).is_some() {
                return Err(refused(format!("{key:?} is the key of something else")));
            }
            self.draft.keys.insert(key, Some(owner));
        }
        Ok(())
    }
}

fn no_topic(id: TopicId) -> StoreError {
    refused(format!("there is no topic {id}"))
}

fn no_post(id: PostId) -> StoreError {
    refused(format!("there is no post {id}"))
}

/// A change set that makes no sense: whoever planned it has a bug.
fn refused(why: String) -> StoreError {
    StoreError::failed(why)
}
