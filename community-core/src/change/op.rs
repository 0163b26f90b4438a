//! Operations.

use crate::domain::{
    Channel, Community, Correction, Document, Grant, Label, Link, LinkKind, Member, Membership,
    Post, Reaction, Revision, Slot, Topic,
};
use crate::id::{ChannelId, CommunityId, DocumentId, MemberId, PostId, TopicId};
use crate::reputation::{Award, AwardsId, Entry, LedgerId};
use crate::text::Slug;
use crate::time::Timestamp;

use super::{EntityRef, Seq};

/// One write.
///
/// A `Put` inserts, or replaces the facts. **The counters inside a put topic or post are ignored**:
/// a new one starts with all counters at zero (and `active_at` at its `bumped_at`), an existing one
/// keeps its own. Counters move by the operations below `Bump` only, so that no whole-value save can
/// lose an update. Everything else in a put replaces what was there, the key included.
#[derive(Debug, Clone, PartialEq)]
pub enum Op {
    /// Writes a community.
    PutCommunity(Box<Community>),
    /// Writes a channel.
    PutChannel(Box<Channel>),
    /// Writes a label.
    PutLabel(Box<Label>),
    /// Writes a member.
    PutMember(Box<Member>),
    /// Writes a membership.
    PutMembership(Box<Membership>),
    /// Writes a topic's facts.
    PutTopic(Box<Topic>),
    /// Writes a post's facts.
    PutPost(Box<Post>),
    /// Writes one version of a post's text.
    PutRevision(Box<Revision>),
    /// Writes a correction.
    PutCorrection(Box<Correction>),
    /// Writes a link between topics.
    PutLink(Link),
    /// Takes a link away.
    DropLink {
        /// The topic that points.
        from: TopicId,
        /// The topic pointed at.
        to: TopicId,
        /// How they are related.
        kind: LinkKind,
    },
    /// Writes a member's vote or reaction, in place of the one before.
    PutReaction(Reaction),
    /// Takes a member's vote or reaction away.
    DropReaction {
        /// The post.
        post: PostId,
        /// The member.
        member: MemberId,
        /// Vote or reaction.
        slot: Slot,
    },
    /// Adds to a counter. Counters that do not exist are zero.
    Bump(Counter, i64),
    /// Sets a topic's last activity, if this is later.
    RaiseActive(TopicId, Timestamp),
    /// Sets a topic's last activity. Planned under the topic's gate and revision.
    SetActive(TopicId, Timestamp),
    /// Adds views of one day (counted from 1970-01-01; 0 is "before days were counted").
    AddViews {
        /// The topic.
        topic: TopicId,
        /// The day.
        day: i32,
        /// How many.
        views: i64,
    },
    /// Notes that a member visited a community on a day (counted from 1970-01-01), and gives the
    /// member the next number of the community's visitors: one more than any that it has given.
    /// Noting it again changes nothing.
    AddVisit {
        /// The community.
        community: CommunityId,
        /// The member.
        member: MemberId,
        /// The day.
        day: i32,
    },
    /// Writes a grant. One that is there stays as it is.
    PutGrant(Box<Grant>),
    /// Empties the notes of all grants to a member. Nothing else of them changes.
    EraseNotes(MemberId),
    /// Writes a document, with its places in lists: those that it had before and that are not among
    /// its keys are gone. A document keeps its community and its collection; one that would change
    /// them, or stand twice in one list, makes no sense.
    PutDocument(Box<Document>),
    /// Takes a document away, with its places in lists. Taking away what is not there does nothing.
    DropDocument(DocumentId),
    /// Appends an entry to a ledger, which exists from its first entry on, and moves the standing
    /// of its member as [`Standing::add`](crate::reputation::Standing::add) says; all entries of a
    /// change set together move days and boards as
    /// [`LedgerMoves::of`](crate::reputation::LedgerMoves::of) says. Two entries at one place make
    /// no sense.
    AppendLedger(Box<LedgerId>, Box<Entry>),
    /// Writes what a member has of a badge, as one version of a badge set has it.
    PutAward(Box<AwardsId>, Box<Award>),
    /// Moves a named checkpoint.
    Checkpoint(Slug, Seq),
}

impl Op {
    /// The entity that it writes the facts of, or takes away.
    #[must_use]
    pub fn writes(&self) -> Option<EntityRef> {
        match self {
            Self::PutCommunity(community) => Some(EntityRef::Community(community.id)),
            Self::PutChannel(channel) => Some(EntityRef::Channel(channel.id)),
            Self::PutMember(member) => Some(EntityRef::Member(member.id)),
            Self::PutMembership(m) => Some(EntityRef::Membership(m.community, m.member)),
            Self::PutTopic(topic) => Some(EntityRef::Topic(topic.id)),
            Self::PutPost(post) => Some(EntityRef::Post(post.id)),
            Self::PutCorrection(correction) => Some(EntityRef::Correction(correction.id)),
            Self::PutGrant(grant) => Some(EntityRef::Grant(grant.id)),
            Self::PutDocument(document) => Some(EntityRef::Document(document.id)),
            Self::DropDocument(document) => Some(EntityRef::Document(*document)),
            Self::PutLabel(_)
            | Self::PutRevision(_)
            | Self::PutLink(_)
            | Self::DropLink { .. }
            | Self::PutReaction(_)
            | Self::DropReaction { .. }
            | Self::Bump(..)
            | Self::RaiseActive(..)
            | Self::SetActive(..)
            | Self::AddViews { .. }
            | Self::AddVisit { .. }
            | Self::EraseNotes(_)
            | Self::AppendLedger(..)
            | Self::PutAward(..)
            | Self::Checkpoint(..) => None,
        }
    }
}

/// Something that is counted. None is ever below zero: a change set that would take one there is
/// refused.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Counter {
    /// Members who have joined a community.
    Members(CommunityId),
    /// Votes up on a topic's first post, as the topic keeps them.
    TopicUps(TopicId),
    /// Votes down on a topic's first post, as the topic keeps them.
    TopicDowns(TopicId),
    /// Published posts of a topic.
    TopicPosts(TopicId),
    /// Published answers of a topic.
    TopicAnswers(TopicId),
    /// Published accepted answers of a topic.
    TopicAccepted(TopicId),
    /// Published posts of one member in a topic. While it is above zero, the member counts as one
    /// of the topic's participants: a store keeps `participants` with it.
    Participation(TopicId, MemberId),
    /// Votes up on a post.
    PostUps(PostId),
    /// Votes down on a post.
    PostDowns(PostId),
    /// Shown direct replies of a post.
    PostChildren(PostId),
    /// Corrections that stand beside a post.
    PostCorrections(PostId),
    /// One reaction on a post.
    Tally(PostId, Slug),
    /// Published topics with a label in one channel.
    LabelUse(CommunityId, Slug, ChannelId),
    /// Published topics in one channel.
    ChannelTopics(ChannelId),
}
