//! Commits: check, apply, log.

use community_core::change::{
    ChangeSet, Counter, EntityRef, Event, Expect, Op, Receipt, Seq, UniqueKey, Written,
};
use community_core::reputation::Entry as LedgerEntry;
use community_core::store::{CommitError, Conflict, StoreError};
use community_core::{Key, Rev, Topic, TopicCounters};

use super::State;

/// A change set that makes no sense.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Refused(&'static str);

type Result<T = (), E = Refused> = std::result::Result<T, E>;

fn require(holds: bool, otherwise: &'static str) -> Result {
    if holds { Ok(()) } else { Err(Refused(otherwise)) }
}

impl State {
    /// Applies a change set to this copy. On an error the copy is thrown away.
    pub(super) fn commit(&mut self, changes: ChangeSet) -> Result<Receipt, CommitError> {
        let ChangeSet { request, expect, ops, events } = changes;
        if let Some(request) = request
            && let Some((before, seq)) = self.requests.get(&request.id).copied()
        {
            return if before.fingerprint == request.fingerprint {
                Ok(Receipt { seq, replayed: Some(before) })
            } else {
                Err(CommitError::RequestReused)
            };
        }
        if let Some(failed) = expect.into_iter().find(|expect| !self.holds(expect)) {
            return Err(Conflict(failed).into());
        }
        for op in ops {
            self.apply(op).map_err(StoreError::failed)?;
        }
        self.keys_are_unique().map_err(StoreError::failed)?;
        for event in events {
            let seq = Seq(self.head().0 + 1);
            self.events.push(Event { seq, event });
        }
        let seq = self.head();
        if let Some(request) = request {
            self.requests.insert(request.id, (request, seq));
        }
        Ok(Receipt { seq, replayed: None })
    }

    fn holds(&self, expect: &Expect) -> bool {
        match expect {
            Expect::Absent(key) => !self.has_key(key),
            Expect::Rev(entity, rev) => self.rev(*entity).unwrap_or(Rev(0)) == *rev,
            Expect::Gate(topic, gate) => self.topics.get(topic).is_some_and(|t| t.gate == *gate),
            Expect::Access(member, rev) => self.access_rev(*member) == *rev,
            Expect::ReactionIs { post, member, slot, key } => {
                self.reactions.get(&(*post, *member, *slot)).map(|r| &r.key) == key.as_ref()
            }
            Expect::Below(counter, bound) => self.counter(counter) < *bound,
            Expect::WroteFewer { community, member, day, what, than } => {
                let (posts, topics) = self.written_on(*community, *member, *day);
                *than > if *what == Written::Posts { posts } else { topics }
            }
            Expect::CheckpointAt(name, at) => self.checkpoints.get(name) == at.as_ref(),
        }
    }

    fn has_key(&self, key: &UniqueKey) -> bool {
        match key {
            UniqueKey::Community(key) => self.communities.values().any(|c| c.key == *key),
            UniqueKey::Channel(of, key) => {
                self.channels.values().any(|c| c.community == *of && c.key == *key)
            }
            UniqueKey::Label(of, key) => self.labels.contains_key(&(*of, key.clone())),
            UniqueKey::Member(key) => self.members.values().any(|m| m.key == *key),
            UniqueKey::Item(of, key) => self.item_keys(*of).any(|k| k == key),
        }
    }

    /// The keys of all topics and posts of a community.
    fn item_keys(&self, of: community_core::CommunityId) -> impl Iterator<Item = &Key> {
        let topics = self.topics.values().filter(move |t| t.community == of);
        let posts = self
            .posts
            .values()
            .filter(move |p| self.topics.get(&p.topic).is_some_and(|topic| topic.community == of));
        topics.filter_map(|t| t.key.as_ref()).chain(posts.filter_map(|p| p.key.as_ref()))
    }

    fn rev(&self, entity: EntityRef) -> Option<Rev> {
        match entity {
            EntityRef::Community(id) => self.communities.get(&id).map(|e| e.rev),
            EntityRef::Channel(id) => self.channels.get(&id).map(|e| e.rev),
            EntityRef::Member(id) => self.members.get(&id).map(|e| e.rev),
            EntityRef::Membership(c, m) => self.memberships.get(&(c, m)).map(|e| e.rev),
            EntityRef::Topic(id) => self.topics.get(&id).map(|e| e.rev),
            EntityRef::Post(id) => self.posts.get(&id).map(|e| e.rev),
            EntityRef::Grant(id) => self.grants.get(&id).map(|_| Rev::FIRST),
            EntityRef::Document(id) => self.documents.get(&id).map(|e| e.rev),
            EntityRef::Correction(id) => self.corrections.get(&id).map(|e| e.rev),
        }
    }

    fn apply(&mut self, op: Op) -> Result {
        match op {
            Op::PutCommunity(community) => {
                self.directory_rev += 1;
                self.communities.insert(community.id, *community);
                Ok(())
            }
            Op::PutChannel(channel) => {
                require(self.communities.contains_key(&channel.community), "no such community")?;
                self.directory_rev += 1;
                self.channels.insert(channel.id, *channel);
                Ok(())
            }
            Op::PutLabel(label) => {
                require(self.communities.contains_key(&label.community), "no such community")?;
                self.directory_rev += 1;
                self.labels.insert((label.community, label.key.clone()), *label);
                Ok(())
            }
            Op::PutMember(member) => {
                *self.member_revs.entry(member.id).or_default() += 1;
                self.members.insert(member.id, *member);
                Ok(())
            }
            Op::PutMembership(membership) => {
                require(self.communities.contains_key(&membership.community), "no such community")?;
                require(self.members.contains_key(&membership.member), "no such member")?;
                *self.member_revs.entry(membership.member).or_default() += 1;
                self.memberships.insert((membership.community, membership.member), *membership);
                Ok(())
            }
            Op::PutTopic(topic) => self.put_topic(*topic),
            Op::PutPost(post) => {
                require(self.topics.contains_key(&post.topic), "no such topic")?;
                require(self.members.contains_key(&post.author), "no such member")?;
                require(
                    post.parent.is_none_or(|id| self.posts.contains_key(&id)),
                    "no such post above",
                )?;
                let id = post.id;
                self.posts.insert(id, *post);
                self.recount_post(id);
                Ok(())
            }
            Op::PutRevision(revision) => {
                require(self.posts.contains_key(&revision.post), "no such post")?;
                self.revisions.insert((revision.post, revision.number), *revision);
                Ok(())
            }
            Op::PutCorrection(correction) => {
                require(self.posts.contains_key(&correction.post), "no such post")?;
                require(self.members.contains_key(&correction.author), "no such member")?;
                self.corrections.insert(correction.id, *correction);
                Ok(())
            }
            Op::PutLink(link) => {
                require(self.topics.contains_key(&link.from), "no such topic")?;
                require(self.topics.contains_key(&link.to), "no such topic")?;
                self.links.insert((link.from, link.to, link.kind), link);
                Ok(())
            }
            Op::DropLink { from, to, kind } => {
                self.links.remove(&(from, to, kind));
                Ok(())
            }
            Op::PutReaction(reaction) => {
                require(self.posts.contains_key(&reaction.post), "no such post")?;
                require(self.members.contains_key(&reaction.member), "no such member")?;
                let place = (reaction.post, reaction.member, reaction.slot);
                self.reactions.insert(place, reaction);
                Ok(())
            }
            Op::DropReaction { post, member, slot } => {
                self.reactions.remove(&(post, member, slot));
                Ok(())
            }
            Op::Bump(counter, by) => self.bump(&counter, by),
            Op::RaiseActive(id, at) => {
                let topic = self.topics.get_mut(&id).ok_or(Refused("no such topic"))?;
                topic.counters.active_at = topic.counters.active_at.max(at);
                Ok(())
            }
            Op::SetActive(id, at) => {
                let topic = self.topics.get_mut(&id).ok_or(Refused("no such topic"))?;
                topic.counters.active_at = at;
                Ok(())
            }
            Op::AddViews { topic, day, views } => {
                require(self.topics.contains_key(&topic), "no such topic")?;
                let of_day = self.views.entry((topic, day)).or_default();
                *of_day += views;
                require(*of_day >= 0, "views below zero")?;
                self.recount_topic(topic);
                Ok(())
            }
            Op::AddVisit { community, member, day } => {
                require(self.communities.contains_key(&community), "no such community")?;
                require(self.members.contains_key(&member), "no such member")?;
                if self.visits.insert((community, day, member)) {
                    self.visitors.push((community, member));
                }
                Ok(())
            }
            Op::PutGrant(grant) => {
                require(self.communities.contains_key(&grant.community), "no such community")?;
                require(self.members.contains_key(&grant.member), "no such member")?;
                let known = grant.by.is_none_or(|id| self.members.contains_key(&id));
                require(known, "no such member")?;
                let known = grant.post.is_none_or(|id| self.posts.contains_key(&id));
                require(known, "no such post")?;
                self.grants.entry(grant.id).or_insert(*grant);
                Ok(())
            }
            Op::EraseNotes(member) => {
                let of_member = self.grants.values_mut().filter(|grant| grant.member == member);
                of_member.for_each(|grant| grant.note.clear());
                Ok(())
            }
            Op::PutDocument(document) => {
                require(self.communities.contains_key(&document.community), "no such community")?;
                let before = self.documents.get(&document.id);
                let stays = before.is_none_or(|before| {
                    before.community == document.community
                        && before.collection == document.collection
                });
                require(stays, "a document that goes elsewhere")?;
                require(all_differ(document.lists()), "a document twice in one list")?;
                self.documents.insert(document.id, *document);
                Ok(())
            }
            Op::DropDocument(id) => {
                self.documents.remove(&id);
                Ok(())
            }
            Op::AppendLedger(ledger, entry) => {
                require(self.communities.contains_key(&ledger.community), "no such community")?;
                require(self.members.contains_key(&entry.member), "no such member")?;
                let known = entry.giver.is_none_or(|id| self.members.contains_key(&id));
                require(known, "no such member")?;
                let known = entry.topic.is_none_or(|id| self.topics.contains_key(&id));
                require(known, "no such topic")?;
                let known = entry.post.is_none_or(|id| self.posts.contains_key(&id));
                require(known, "no such post")?;
                let same = |(of, known): &(_, LedgerEntry)| {
                    *of == *ledger && known.place() == entry.place()
                };
                require(!self.ledger.iter().any(same), "an entry at a place that is taken")?;
                self.ledger.push((*ledger, *entry));
                Ok(())
            }
            Op::PutAward(of, award) => {
                require(self.communities.contains_key(&of.community), "no such community")?;
                require(self.members.contains_key(&award.member), "no such member")?;
                self.awards.insert((*of, award.badge.clone(), award.member), *award);
                Ok(())
            }
            Op::Checkpoint(name, at) => {
                self.checkpoints.insert(name, at);
                Ok(())
            }
        }
    }

    fn put_topic(&mut self, mut topic: Topic) -> Result {
        let channel = self.channels.get(&topic.channel).ok_or(Refused("no such channel"))?;
        require(channel.community == topic.community, "a channel of another community")?;
        require(self.members.contains_key(&topic.author), "no such member")?;
        let before = self.topics.get(&topic.id);
        let active_at = before.map_or(topic.bumped_at, |before| before.counters.active_at);
        topic.counters = TopicCounters::new(active_at);
        let id = topic.id;
        self.topics.insert(id, topic);
        self.recount_topic(id);
        Ok(())
    }

    fn bump(&mut self, counter: &Counter, by: i64) -> Result {
        let count = self.counters.entry(counter.clone()).or_default();
        *count += by;
        require(*count >= 0, "a counter below zero")?;
        match counter {
            Counter::Members(id) => {
                require(self.communities.contains_key(id), "a counter of no community")
            }
            Counter::TopicUps(id)
            | Counter::TopicDowns(id)
            | Counter::TopicPosts(id)
            | Counter::TopicAnswers(id)
            | Counter::TopicAccepted(id)
            | Counter::Participation(id, _) => {
                self.recount_topic(*id);
                require(self.topics.contains_key(id), "a counter of no topic")
            }
            Counter::PostUps(id)
            | Counter::PostDowns(id)
            | Counter::PostChildren(id)
            | Counter::PostCorrections(id)
            | Counter::Tally(id, _) => {
                self.recount_post(*id);
                require(self.posts.contains_key(id), "a counter of no post")
            }
            Counter::LabelUse(_, _, id) | Counter::ChannelTopics(id) => {
                require(self.channels.contains_key(id), "a counter of no channel")
            }
        }
    }

    fn keys_are_unique(&self) -> Result {
        let items = self.communities.keys().all(|id| all_differ(self.item_keys(*id)));
        let unique = items
            && all_differ(self.communities.values().map(|c| &c.key))
            && all_differ(self.channels.values().map(|c| (c.community, &c.key)))
            && all_differ(self.members.values().map(|m| &m.key));
        require(unique, "a key for two")
    }
}

fn all_differ<T: Ord>(items: impl Iterator<Item = T>) -> bool {
    let mut seen = std::collections::BTreeSet::new();
    items.into_iter().all(|item| seen.insert(item))
}
