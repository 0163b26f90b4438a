//! Plain data: what the engine knows, without any rule.
//!
//! Facts are written whole under a [`Rev`]; counters beside them move only by
//! [`Op::Bump`](crate::change::Op) and are therefore never lost to a concurrent save.

mod channel;
mod community;
mod document;
mod grant;
mod kind;
mod label;
mod link;
mod member;
mod membership;
mod post;
mod reaction;
mod settings;
mod suggestion;
mod topic;

pub use channel::Channel;
pub use community::Community;
pub use document::{Document, DocumentKey, DocumentList};
pub use grant::Grant;
pub use kind::{Field, FieldType, Kind, Transition, TransitionBy, builtin_kinds};
pub use label::Label;
pub use link::{Link, LinkKind};
pub use member::{Attribute, Author, Member};
pub use membership::{Membership, RoleGrant, Sanction, SanctionKind};
pub use post::{Correction, Mark, Post, PostCounters, PostKind, Revision};
pub use reaction::{Reaction, ReactionDef, Slot, Vote};
pub use settings::{EffectiveSettings, Filter, Settings};
pub use suggestion::{HoldOut, SuggestionStep};
pub use topic::{Pin, PinPlace, State, Topic, TopicCounters};

use serde::{Deserialize, Serialize};

/// The revision of one entity: 1 when it is new, one more with each change of its facts.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Rev(pub u64);

impl Rev {
    /// The revision of something new.
    pub const FIRST: Self = Self(1);

    /// The revision after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}
