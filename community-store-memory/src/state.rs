//! The tables: what was written, and nothing that follows from it. That is in [`crate::index`].

use std::collections::{BTreeMap, BTreeSet};

use community_core::change::{Counter, EntityRef, NewEvent, Request, Seq, UniqueKey};
use community_core::policy::AccessRev;
use community_core::reputation::{AwardsId, LedgerId};
use community_core::{
    Channel, ChannelId, Community, CommunityId, Correction, CorrectionId, Grant, GrantId, Label,
    Link, LinkKind, Member, MemberId, Membership, Post, PostCounters, PostId, Reaction, RequestId,
    Rev, Revision, Slot, Slug, Timestamp, Topic, TopicCounters, TopicId,
};
use rustc_hash::FxHashMap;

use crate::award::{AwardTable, Visitors};
use crate::document::DocumentTable;
use crate::index::Index;
use crate::ledger::{LedgerTable, VisitTable};

/// What tells one link from another: from, to, kind.
pub(crate) type LinkId = (TopicId, TopicId, LinkKind);

/// Where a member's vote or reaction stands.
pub(crate) type ReactionId = (PostId, Slot, MemberId);

/// Everything that a store holds.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// Moves with every community, channel and label that is written.
    pub(crate) directory_rev: u64,
    pub(crate) communities: FxHashMap<CommunityId, Community>,
    pub(crate) channels: FxHashMap<ChannelId, Channel>,
    pub(crate) labels: FxHashMap<(CommunityId, Slug), Label>,
    pub(crate) members: BTreeMap<MemberId, Member>,
    /// How often something was written on which a member's rights rest.
    pub(crate) member_writes: FxHashMap<MemberId, u64>,
    pub(crate) memberships: FxHashMap<MemberId, BTreeMap<CommunityId, Membership>>,
    pub(crate) topics: FxHashMap<TopicId, Topic>,
    pub(crate) posts: FxHashMap<PostId, Post>,
    pub(crate) revisions: FxHashMap<PostId, BTreeMap<u32, Revision>>,
    pub(crate) corrections: FxHashMap<CorrectionId, Correction>,
    pub(crate) links: FxHashMap<LinkId, Link>,
    pub(crate) reactions: FxHashMap<ReactionId, Reaction>,
    pub(crate) views: FxHashMap<TopicId, BTreeMap<i32, i64>>,
    /// Counters that stand in no row of a topic or post.
    pub(crate) counts: FxHashMap<Counter, i64>,
    pub(crate) visits: FxHashMap<CommunityId, VisitTable>,
    pub(crate) visitors: FxHashMap<CommunityId, Visitors>,
    pub(crate) grants: BTreeMap<GrantId, Grant>,
    pub(crate) documents: DocumentTable,
    pub(crate) ledgers: FxHashMap<LedgerId, LedgerTable>,
    pub(crate) awards: FxHashMap<AwardsId, AwardTable>,
    pub(crate) checkpoints: FxHashMap<Slug, Seq>,
    pub(crate) requests: FxHashMap<RequestId, (Request, Seq)>,
    /// The log: the event at position `n` stands at index `n - 1`.
    pub(crate) events: Vec<NewEvent>,
    /// The positions of the events of each community, rising.
    pub(crate) events_of: FxHashMap<CommunityId, Vec<Seq>>,
    /// The same by when they happened.
    pub(crate) events_at: FxHashMap<CommunityId, BTreeSet<(Timestamp, Seq)>>,
    pub(crate) index: Index,
}

impl State {
    /// The position of the last event.
    pub(crate) fn head(&self) -> Seq {
        Seq(self.events.len() as u64)
    }

    /// The revision of everything that the rights of a member, or of nobody in particular, rest on.
    pub(crate) fn access_rev(&self, member: Option<MemberId>) -> AccessRev {
        // From 1, as 0 stands for "no member". One that is not known yet has a revision too: the
        // scope of such a viewer is stale as soon as the member is written.
        let writes = |id| self.member_writes.get(&id).copied().unwrap_or(0);
        AccessRev { directory: self.directory_rev, member: member.map_or(0, |id| writes(id) + 1) }
    }

    /// The revision of an entity; `Rev(0)` when it does not exist.
    pub(crate) fn rev(&self, entity: EntityRef) -> Rev {
        match entity {
            EntityRef::Community(id) => self.communities.get(&id).map(|row| row.rev),
            EntityRef::Channel(id) => self.channels.get(&id).map(|row| row.rev),
            EntityRef::Member(id) => self.members.get(&id).map(|row| row.rev),
            EntityRef::Membership(community, member) => {
                self.membership(community, member).map(|row| row.rev)
            }
            EntityRef::Topic(id) => self.topics.get(&id).map(|row| row.rev),
            EntityRef::Post(id) => self.posts.get(&id).map(|row| row.rev),
            EntityRef::Correction(id) => self.corrections.get(&id).map(|row| row.rev),
            EntityRef::Document(id) => self.documents.get(id).map(|row| row.rev),
            EntityRef::Grant(id) => self.grants.get(&id).map(|_| Rev::FIRST),
        }
        .unwrap_or(Rev(0))
    }

    /// Whether something has this key.
    pub(crate) fn has_key(&self, key: &UniqueKey) -> bool {
        match key {
            UniqueKey::Label(community, label) => {
                self.labels.contains_key(&(*community, label.clone()))
            }
            UniqueKey::Community(_)
            | UniqueKey::Channel(..)
            | UniqueKey::Member(_)
            | UniqueKey::Item(..) => self.index.holder(key).is_some(),
        }
    }

    /// A membership.
    pub(crate) fn membership(
        &self,
        community: CommunityId,
        member: MemberId,
    ) -> Option<&Membership> {
        self.memberships.get(&member)?.get(&community)
    }

    /// Where a counter stands. What was never counted is zero.
    pub(crate) fn count(&self, counter: &Counter) -> i64 {
        match Home::of(counter) {
            Home::Topic(id, field) => {
                self.topics.get(&id).map(|row| *field(&mut row.counters.clone()))
            }
            Home::Post(id, field) => {
                self.posts.get(&id).map(|row| *field(&mut row.counters.clone()))
            }
            Home::Table => self.counts.get(counter).copied(),
        }
        .unwrap_or(0)
    }
}

/// Where a counter is kept.
pub(crate) enum Home {
    /// In the row of a topic.
    Topic(TopicId, fn(&mut TopicCounters) -> &mut i64),
    /// In the row of a post.
    Post(PostId, fn(&mut PostCounters) -> &mut i64),
    /// In a table of its own.
    Table,
}

impl Home {
    /// Where this counter is kept.
    pub(crate) fn of(counter: &Counter) -> Self {
        match *counter {
            Counter::TopicUps(id) => Self::Topic(id, |counters| &mut counters.ups),
            Counter::TopicDowns(id) => Self::Topic(id, |counters| &mut counters.downs),
            Counter::TopicPosts(id) => Self::Topic(id, |counters| &mut counters.posts),
            Counter::TopicAnswers(id) => Self::Topic(id, |counters| &mut counters.answers),
            Counter::TopicAccepted(id) => Self::Topic(id, |counters| &mut counters.accepted),
            Counter::PostUps(id) => Self::Post(id, |counters| &mut counters.ups),
            Counter::PostDowns(id) => Self::Post(id, |counters| &mut counters.downs),
            Counter::PostChildren(id) => Self::Post(id, |counters| &mut counters.children),
            Counter::PostCorrections(id) => Self::Post(id, |counters| &mut counters.corrections),
            Counter::Members(_)
            | Counter::Participation(..)
            | Counter::Tally(..)
            | Counter::LabelUse(..)
            | Counter::ChannelTopics(_) => Self::Table,
        }
    }
}
