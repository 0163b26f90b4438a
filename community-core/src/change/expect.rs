//! Preconditions.

use super::{Counter, Seq};
use crate::domain::{Rev, Slot};
use crate::id::{
    ChannelId, CommunityId, CorrectionId, DocumentId, GrantId, MemberId, PostId, TopicId,
};
use crate::policy::AccessRev;
use crate::text::{Key, Slug};

/// Something that has to hold when a change set is applied. Checked in the same atomic step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expect {
    /// Nothing has this key.
    Absent(UniqueKey),
    /// The entity exists and has this revision; `Rev(0)` means that it does not exist.
    Rev(EntityRef, Rev),
    /// The topic's gate stands there.
    Gate(TopicId, u64),
    /// What the decision rested on has not changed: the directory, and this member's attributes,
    /// roles and sanctions.
    Access(Option<MemberId>, AccessRev),
    /// The member's reaction in this slot is this one.
    ReactionIs {
        /// The post.
        post: PostId,
        /// The member.
        member: MemberId,
        /// Vote or reaction.
        slot: Slot,
        /// The key, or none.
        key: Option<Slug>,
    },
    /// The counter is smaller than this: there is still room.
    Below(Counter, i64),
    /// The member wrote fewer posts than this in the community on a day (UTC). Whatever became of
    /// them counts.
    WroteFewer {
        /// The community.
        community: CommunityId,
        /// The member.
        member: MemberId,
        /// The day, counted from 1970-01-01.
        day: i32,
        /// Which posts.
        what: Written,
        /// How many there have to be less than.
        than: u32,
    },
    /// The named checkpoint stands there; `None` means that there is none.
    CheckpointAt(Slug, Option<Seq>),
}

/// What somebody wrote, as it is counted by day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Written {
    /// Posts, the first ones of topics too.
    Posts,
    /// Topics.
    Topics,
}

/// One entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntityRef {
    /// A community.
    Community(CommunityId),
    /// A channel.
    Channel(ChannelId),
    /// A member.
    Member(MemberId),
    /// A membership.
    Membership(CommunityId, MemberId),
    /// A topic.
    Topic(TopicId),
    /// A post.
    Post(PostId),
    /// A correction.
    Correction(CorrectionId),
    /// A grant. Its revision is 1: it never changes.
    Grant(GrantId),
    /// A document.
    Document(DocumentId),
}

/// A key that one entity at most may have.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UniqueKey {
    /// Of a community in the tenant.
    Community(Slug),
    /// Of a channel in its community.
    Channel(CommunityId, Slug),
    /// Of a label in its community.
    Label(CommunityId, Slug),
    /// Of a member in the tenant.
    Member(Key),
    /// Of a topic or a post in its community: they share one space of keys.
    Item(CommunityId, Key),
}
