//! Events: facts in the log. Thin on purpose: ids, kind, actor, time, small scalars, never a title
//! or a text, so that erasing a post leaves nothing of it in the log.

use serde::{Deserialize, Serialize};

use crate::domain::SuggestionStep;
use crate::id::{ChannelId, CommunityId, DocumentId, MemberId, PostId, TopicId, VisitId};
use crate::text::Slug;
use crate::time::Timestamp;

/// A position in the log: 1 for the first event, one more with each.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Seq(pub u64);

/// An event that is about to get its position.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewEvent {
    /// What happened.
    #[serde(flatten)]
    pub kind: EventKind,
    /// Who did it; `None` is the system.
    pub actor: Option<MemberId>,
    /// When it happened; for imported history, when it happened there.
    pub at: Timestamp,
    /// The community, unless the event is about the tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub community: Option<CommunityId>,
    /// The channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<ChannelId>,
    /// The topic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<TopicId>,
    /// The post.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub post: Option<PostId>,
    /// The member that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<MemberId>,
}

/// An event in the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Its position.
    pub seq: Seq,
    /// What it says.
    #[serde(flatten)]
    pub event: NewEvent,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum EventKind {
    /// A community was created.
    CommunityCreated,
    /// A community's facts changed.
    CommunityChanged,
    /// A channel was created.
    ChannelCreated,
    /// A channel's facts changed.
    ChannelChanged,
    /// A label was created or changed.
    LabelChanged {
        /// Which.
        label: Slug,
    },
    /// A member was created.
    MemberCreated,
    /// A member's facts changed.
    MemberChanged,
    /// A member was erased: name, key and attributes are gone. What became of the member's
    /// memberships and posts is in the log by itself.
    MemberErased,
    /// A member joined a community.
    Joined,
    /// A member left a community.
    Left,
    /// A member's roles, level or sanctions changed, or whether the member is on leaderboards.
    StandingChanged,
    /// A topic was started.
    TopicStarted {
        /// Its labels, by key. Logs that were written before events named labels have none.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        labels: Vec<Slug>,
    },
    /// A topic's title, labels or payload changed.
    TopicEdited {
        /// The labels that it has now, by key, if they changed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        labels: Option<Vec<Slug>>,
    },
    /// A topic went to another channel.
    TopicMoved {
        /// Where it was.
        from: ChannelId,
    },
    /// A topic was locked or opened again.
    TopicLocked {
        /// Whether it is locked now.
        locked: bool,
    },
    /// A topic was pinned or the pin taken off.
    TopicPinned {
        /// Whether it is pinned now.
        pinned: bool,
    },
    /// A topic's status changed.
    StatusChanged {
        /// The status before.
        from: Slug,
        /// The status now.
        to: Slug,
    },
    /// A topic became published, withdrawn or removed.
    TopicStateChanged {
        /// Its state now.
        state: crate::domain::State,
    },
    /// A post was written.
    PostWritten,
    /// A post was edited.
    PostEdited {
        /// The number of the new revision.
        revision: u32,
    },
    /// A post became published, withdrawn or removed.
    PostStateChanged {
        /// Its state now.
        state: crate::domain::State,
    },
    /// A post was erased: its text is gone, and it is removed for good. No other event says that it
    /// was removed.
    PostErased {
        /// Whether it was the first post of its topic, which then has no title of its own any more
        /// and is removed.
        opening: bool,
    },
    /// A vote or reaction was given, changed or taken back.
    Reacted {
        /// What it was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<Slug>,
        /// What it is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<Slug>,
    },
    /// An answer was accepted, or that was undone.
    Accepted {
        /// Whether it is accepted now.
        accepted: bool,
    },
    /// An answer was marked as official, or that was undone.
    MadeOfficial {
        /// Whether it is official now.
        official: bool,
    },
    /// A correction was put beside a post, or taken back.
    Corrected {
        /// Whether it stands now.
        stands: bool,
    },
    /// A post was made the community's: votes on it earn its author nothing from then on.
    Shared,
    /// Points were granted to the member.
    Granted {
        /// What for.
        reason: Slug,
        /// How many; below zero they were taken.
        points: i64,
    },
    /// The member was promoted: given a role of super users.
    Promoted {
        /// Which.
        role: Slug,
    },
    /// Somebody decided on a badge of the member, whatever its rule says.
    BadgeDecided {
        /// Which badge.
        badge: Slug,
        /// The tier that was given; 0 when the badge was taken away.
        tier: u32,
    },
    /// The member has come to have a tier of a badge, with those below it.
    Awarded {
        /// Which badge.
        badge: Slug,
        /// The tier.
        tier: u32,
    },
    /// The member has no longer the tiers of a badge above this one.
    Revoked {
        /// Which badge.
        badge: Slug,
        /// The tier that is left; 0 when none is.
        tier: u32,
    },
    /// Something happened in a visit in which topics were suggested. It is about none of them: what
    /// is derived from topics does not change.
    Suggested {
        /// Which visit.
        visit: VisitId,
        /// Where the suggestions came from.
        source: Slug,
        /// Whether the suggestions of this visit are held back, to compare it with others.
        held_out: bool,
        /// What happened.
        step: SuggestionStep,
    },
    /// A document of an extension was written or taken away. The event may name the channel, topic,
    /// post and member that the document is about: nothing about these has changed.
    DocumentChanged {
        /// The document's collection.
        collection: Slug,
        /// Which document.
        document: DocumentId,
        /// What happened to it, in the extension's own word.
        change: Slug,
    },
    /// Two topics were linked, or the link taken away.
    Linked {
        /// The topic pointed at.
        to: TopicId,
        /// Whether the link is there now.
        linked: bool,
    },
}
