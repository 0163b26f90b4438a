//! Reads: walk everything, keep what fits.

use std::collections::BTreeMap;

use async_trait::async_trait;
use community_core::State as Seen;
use community_core::change::Counter;
use community_core::fold::Folded;
use community_core::policy::Place;
use community_core::query::{FeedRequest, Position, ThreadRequest, name_places};
use community_core::store::{
    Card, FeedPage, MemberRow, PostRef, PostView, Reader, StoreError, StoreInfo, Tally, ThreadPage,
    TopicRow,
};
use community_core::time::to_micros;
use community_core::{
    AccessRev, Author, ChannelId, CommunityId, Correction, CorrectionId, Directory, Key, Link,
    LinkKind, Member, MemberId, Membership, PostId, Reaction, Revision, Scope, Slot, Slug,
    Timestamp, Topic, TopicId, Unchecked,
};

use super::{ModelStore, State};
use crate::expected;

type Result<T, E = StoreError> = std::result::Result<T, E>;

#[async_trait]
impl Reader for ModelStore {
    async fn info(&self) -> Result<StoreInfo> {
        Ok(StoreInfo { backend: "model", epoch: 1, format: 1 })
    }

    async fn access_rev(&self, member: Option<MemberId>) -> Result<AccessRev> {
        Ok(self.state().access_rev(member))
    }

    async fn directory(&self) -> Result<Directory> {
        Ok(self.state().directory())
    }

    async fn members(&self, ids: &[MemberId]) -> Result<Vec<Option<Member>>> {
        let state = self.state();
        Ok(ids.iter().map(|id| state.members.get(id).cloned()).collect())
    }

    async fn members_by_key(&self, keys: &[Key]) -> Result<Vec<Option<Member>>> {
        let state = self.state();
        let of_key = |key: &Key| state.members.values().find(|member| member.key == *key).cloned();
        Ok(keys.iter().map(of_key).collect())
    }

    async fn memberships(&self, member: MemberId) -> Result<Vec<Membership>> {
        let state = self.state();
        Ok(state.memberships.values().filter(|m| m.member == member).cloned().collect())
    }

    async fn memberships_in(
        &self,
        community: CommunityId,
        members: &[MemberId],
    ) -> Result<Vec<Option<Membership>>> {
        let state = self.state();
        let of = |member: &MemberId| state.memberships.get(&(community, *member)).cloned();
        Ok(members.iter().map(of).collect())
    }

    async fn members_of(
        &self,
        community: CommunityId,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<MemberRow>> {
        let state = self.state();
        let mut rows = Vec::new();
        for membership in state.memberships.values().filter(|m| m.community == community) {
            let Some(joined_at) = membership.joined_at else { continue };
            let Some(member) = state.members.get(&membership.member) else { continue };
            let position = Position { key: to_micros(joined_at), id: member.id.uuid() };
            if member.listed && after.is_none_or(|after| position > after) {
                let row = MemberRow { member: member.clone(), membership: membership.clone() };
                rows.push((position, row));
            }
        }
        rows.sort_by_key(|(position, _)| *position);
        Ok(rows.into_iter().map(|(_, row)| row).take(limit).collect())
    }

    async fn members_named(
        &self,
        community: CommunityId,
        begins: &Folded,
        limit: usize,
    ) -> Result<Vec<MemberRow>> {
        let state = self.state();
        let mut rows = Vec::new();
        for membership in state.memberships.values().filter(|m| m.community == community) {
            let Some(member) = state.members.get(&membership.member) else { continue };
            let mut places = name_places(&member.name, &member.key).into_iter();
            let first = places.find(|(_, text)| text.starts_with(begins.as_str()));
            if let Some((place, text)) = first
                && member.listed
                && membership.joined_at.is_some()
            {
                let row = MemberRow { member: member.clone(), membership: membership.clone() };
                rows.push(((place, text, member.id), row));
            }
        }
        rows.sort_by(|(one, _), (other, _)| one.cmp(other));
        Ok(rows.into_iter().map(|(_, row)| row).take(limit).collect())
    }

    async fn member_count(&self, community: CommunityId) -> Result<u64> {
        let count = self.state().counter(&Counter::Members(community));
        Ok(u64::try_from(count).unwrap_or(0))
    }

    async fn lookup(
        &self,
        community: CommunityId,
        keys: &[Key],
    ) -> Result<Vec<Option<(TopicId, Option<PostId>)>>> {
        let state = self.state();
        let find = |key: &Key| {
            let key = Some(key);
            let in_community = |id| {
                state.topics.get(&id).is_some_and(|topic: &Topic| topic.community == community)
            };
            let topic = state.topics.values().find(|t| t.key.as_ref() == key && in_community(t.id));
            let post =
                state.posts.values().find(|p| p.key.as_ref() == key && in_community(p.topic));
            topic.map(|t| (t.id, None)).or_else(|| post.map(|p| (p.topic, Some(p.id))))
        };
        Ok(keys.iter().map(find).collect())
    }

    async fn topics(
        &self,
        ids: &[TopicId],
        scope: &Scope,
    ) -> Result<Vec<Option<Unchecked<TopicRow>>>> {
        let state = self.state_for(scope)?;
        let row = |id: &TopicId| state.row(state.topic_for(*id, scope)?).map(Unchecked::new);
        Ok(ids.iter().map(row).collect())
    }

    async fn posts(
        &self,
        ids: &[PostId],
        scope: &Scope,
    ) -> Result<Vec<Option<Unchecked<PostView>>>> {
        let state = self.state_for(scope)?;
        Ok(ids.iter().map(|id| state.view_for(*id, scope).map(Unchecked::new)).collect())
    }

    async fn feed(&self, request: &FeedRequest, scope: &Scope) -> Result<FeedPage> {
        let state = self.state_for(scope)?;
        let mut places = expected::feed(request, scope, state.topics.values());
        places.retain(|place| {
            request.after.is_none_or(|after| expected::is_behind(request.sort, *place, after))
        });
        let more = places.len() > request.limit;
        let cards = places.into_iter().take(request.limit).filter_map(|place| {
            let card = state.card(state.topics.get(&TopicId::from_uuid(place.id))?.clone())?;
            Some((place, Unchecked::new(card)))
        });
        let pins = request.pins_of.map(|community| state.pinned(community, scope));
        Ok(FeedPage { items: cards.collect(), more, pinned: pins.unwrap_or_default() })
    }

    async fn pinned(&self, community: CommunityId, scope: &Scope) -> Result<Vec<Unchecked<Card>>> {
        Ok(self.state_for(scope)?.pinned(community, scope))
    }

    async fn thread(&self, request: &ThreadRequest, scope: &Scope) -> Result<ThreadPage> {
        Ok(self.state_for(scope)?.thread(request, scope))
    }

    async fn ancestors(&self, post: PostId, scope: &Scope) -> Result<Vec<Unchecked<PostView>>> {
        let state = self.state_for(scope)?;
        let mut above = Vec::new();
        let mut next = state.view_for(post, scope).and_then(|view| view.post.parent);
        while let Some(id) = next {
            above.extend(state.view_for(id, scope).map(Unchecked::new));
            next = state.posts.get(&id).and_then(|post| post.parent);
        }
        above.reverse();
        Ok(above)
    }

    async fn revisions(
        &self,
        post: PostId,
        after: u32,
        limit: usize,
        scope: &Scope,
    ) -> Result<Vec<Unchecked<(Place, PostRef, Revision)>>> {
        let state = self.state_for(scope)?;
        let Some(view) = state.view_for(post, scope) else { return Ok(Vec::new()) };
        let of = PostRef { author: view.post.author, state: view.post.state };
        let revisions = state.revisions.values();
        let behind = revisions.filter(|r| r.post == post && r.number > after).take(limit);
        Ok(behind.map(|revision| Unchecked::new((view.place, of, revision.clone()))).collect())
    }

    async fn correction(&self, id: CorrectionId) -> Result<Option<Correction>> {
        Ok(self.state().corrections.get(&id).cloned())
    }

    async fn reactions(
        &self,
        post: PostId,
        slot: Slot,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<Reaction>> {
        let place = |r: &Reaction| Position { key: to_micros(r.at), id: r.member.uuid() };
        let state = self.state();
        let of_slot = state.reactions.values().filter(|r| r.post == post && r.slot == slot);
        let behind = of_slot.filter(|r| after.is_none_or(|after| place(r) > after));
        let mut found: Vec<_> = behind.cloned().collect();
        found.sort_by_key(place);
        found.truncate(limit);
        Ok(found)
    }

    async fn reactions_of(&self, member: MemberId, posts: &[PostId]) -> Result<Vec<Reaction>> {
        let state = self.state();
        let slots = |post: &PostId| [(*post, Slot::Vote), (*post, Slot::Reaction)];
        let places = posts.iter().flat_map(slots);
        let of = places.filter_map(|(post, slot)| state.reactions.get(&(post, member, slot)));
        Ok(of.cloned().collect())
    }

    async fn links(
        &self,
        topic: TopicId,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<Link>> {
        let state = self.state();
        let links = state.links.values().filter(|link| link.from == topic || link.to == topic);
        let place = |link: &Link| (link.place(topic).id, link.place(topic).key);
        let mut links: Vec<Link> = links.cloned().collect();
        links.retain(|link| after.is_none_or(|after| place(link) > (after.id, after.key)));
        links.sort_by_key(place);
        links.truncate(limit);
        Ok(links)
    }

    async fn link(&self, from: TopicId, to: TopicId, kind: LinkKind) -> Result<Option<Link>> {
        let state = self.state();
        let same = |link: &&Link| (link.from, link.to, link.kind) == (from, to, kind);
        Ok(state.links.values().find(same).cloned())
    }

    async fn label_use(&self, community: CommunityId, scope: &Scope) -> Result<Vec<(Slug, u64)>> {
        let state = self.state_for(scope)?;
        let mut counts: BTreeMap<Slug, u64> = BTreeMap::new();
        for (counter, count) in &state.counters {
            if let Counter::LabelUse(of, label, channel) = counter
                && *of == community
                && scope.read().contains(*channel)
            {
                *counts.entry(label.clone()).or_default() += u64::try_from(*count).unwrap_or(0);
            }
        }
        for topic in state.own_topics(community, scope) {
            for label in topic.labels {
                *counts.entry(label).or_default() += 1;
            }
        }
        counts.retain(|label, count| *count > 0 && scope.sees_label(community, label));
        Ok(counts.into_iter().collect())
    }

    async fn channel_topics(
        &self,
        community: CommunityId,
        scope: &Scope,
    ) -> Result<Vec<(ChannelId, u64)>> {
        let state = self.state_for(scope)?;
        let mut counts: BTreeMap<ChannelId, u64> = BTreeMap::new();
        for channel in state.channels.values().filter(|c| c.community == community) {
            if scope.read().contains(channel.id) {
                let count = state.counter(&Counter::ChannelTopics(channel.id));
                counts.insert(channel.id, u64::try_from(count).unwrap_or(0));
            }
        }
        for topic in state.own_topics(community, scope) {
            *counts.entry(topic.channel).or_default() += 1;
        }
        counts.retain(|_, count| *count > 0);
        Ok(counts.into_iter().collect())
    }

    async fn latest_bump(
        &self,
        topic: TopicId,
        except: Option<PostId>,
    ) -> Result<Option<Timestamp>> {
        let state = self.state();
        let bumps = state.posts.values().filter(|post| {
            post.topic == topic
                && post.bumps
                && post.state == Seen::Published
                && Some(post.id) != except
        });
        Ok(bumps.map(|post| post.created_at).max())
    }

    async fn posts_to_erase(&self, author: MemberId, limit: usize) -> Result<Vec<PostId>> {
        let state = self.state();
        let posts = state.posts.values();
        let left = posts.filter(|post| post.author == author && post.erased_at.is_none());
        let mut left: Vec<_> = left.map(|post| (post.created_at, post.id)).collect();
        left.sort();
        Ok(left.into_iter().map(|(_, id)| id).take(limit).collect())
    }

    async fn views(&self, topic: TopicId) -> Result<Vec<(i32, i64)>> {
        let state = self.state();
        let views = state.views.iter().filter(|((of, _), _)| *of == topic);
        Ok(views.map(|((_, day), views)| (*day, *views)).collect())
    }

    async fn topics_by_id(
        &self,
        community: CommunityId,
        after: Option<TopicId>,
        limit: usize,
        scope: &Scope,
    ) -> Result<Vec<Unchecked<TopicRow>>> {
        let state = self.state_for(scope)?;
        let behind = state.topics.keys().filter(|id| after.is_none_or(|after| **id > after));
        let topics = behind.filter_map(|id| state.topic_for(*id, scope));
        let of_community = topics.filter(|topic| topic.community == community).take(limit);
        Ok(of_community.filter_map(|topic| state.row(topic)).map(Unchecked::new).collect())
    }

    async fn posts_by_id(
        &self,
        topic: TopicId,
        after: Option<PostId>,
        limit: usize,
        scope: &Scope,
    ) -> Result<Vec<Unchecked<PostView>>> {
        let state = self.state_for(scope)?;
        let of_topic = state.posts.values().filter(|post| post.topic == topic);
        let behind = of_topic.filter(|post| after.is_none_or(|after| post.id > after));
        let views = behind.filter_map(|post| state.view_for(post.id, scope));
        Ok(views.take(limit).map(Unchecked::new).collect())
    }

    async fn corrections(&self, post: PostId) -> Result<Vec<Correction>> {
        Ok(self.state().corrections_of(post))
    }

    async fn members_by_id(&self, after: Option<MemberId>, limit: usize) -> Result<Vec<Member>> {
        let state = self.state();
        let behind = state.members.values().filter(|m| after.is_none_or(|after| m.id > after));
        Ok(behind.take(limit).cloned().collect())
    }
}

impl State {
    /// A topic with its counters, if the scope admits it.
    pub(super) fn topic_for(&self, id: TopicId, scope: &Scope) -> Option<Topic> {
        let topic = self.topics.get(&id)?;
        scope.admits(topic.place(), topic.author, topic.state).then(|| topic.clone())
    }

    /// A post as its reader sees it, if the scope admits it.
    fn view_for(&self, id: PostId, scope: &Scope) -> Option<PostView> {
        self.view(id).filter(|view| scope.admits(view.place, view.post.author, view.post.state))
    }

    /// A post with everything that travels with it.
    pub(super) fn view(&self, id: PostId) -> Option<PostView> {
        let post = self.posts.get(&id)?.clone();
        let tallies = self.counters.iter().filter_map(|(counter, count)| match counter {
            Counter::Tally(of, key) if *of == id && *count > 0 => {
                Some(Tally { key: key.clone(), count: *count })
            }
            _ => None,
        });
        let body = self.revisions.get(&(id, post.revision)).map(|revision| revision.body.clone());
        Some(PostView {
            body: body.unwrap_or_default(),
            author: self.author(post.author)?,
            corrections: self.standing_corrections(id),
            tallies: tallies.collect(),
            place: self.topics.get(&post.topic)?.place(),
            post,
        })
    }

    fn row(&self, topic: Topic) -> Option<TopicRow> {
        Some(TopicRow { author: self.author(topic.author)?, topic })
    }

    /// The published topics of a community that have a pin.
    fn pinned(&self, community: CommunityId, scope: &Scope) -> Vec<Unchecked<Card>> {
        let topics = self.topics.keys().filter_map(|id| self.topic_for(*id, scope));
        let pinned = topics.filter(|topic| {
            topic.community == community && topic.pin.is_some() && topic.state == Seen::Published
        });
        pinned.filter_map(|topic| self.card(topic)).map(Unchecked::new).collect()
    }

    fn card(&self, topic: Topic) -> Option<Card> {
        let corrections = self.standing_corrections(topic.opening);
        Some(Card { author: self.author(topic.author)?, corrections, topic })
    }

    fn author(&self, id: MemberId) -> Option<Author> {
        self.members.get(&id).map(Author::from)
    }

    fn corrections_of(&self, post: PostId) -> Vec<Correction> {
        let mut found: Vec<_> =
            self.corrections.values().filter(|c| c.post == post).cloned().collect();
        found.sort_by_key(|correction| (correction.at, correction.id));
        found
    }

    fn standing_corrections(&self, post: PostId) -> Vec<Correction> {
        let all = self.corrections_of(post).into_iter();
        all.filter(|correction| correction.withdrawn_at.is_none()).collect()
    }

    /// The viewer's own published topics in channels where only those are read.
    fn own_topics(&self, community: CommunityId, scope: &Scope) -> Vec<Topic> {
        let own = self.topics.values().filter(|topic| {
            topic.community == community
                && topic.state == Seen::Published
                && scope.viewer().member() == Some(topic.author)
                && scope.own().contains(topic.channel)
                && !scope.read().contains(topic.channel)
        });
        own.cloned().collect()
    }
}
