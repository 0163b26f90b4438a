//! Communities.

use serde::{Deserialize, Serialize};

use super::{Kind, ReactionDef, Rev, Settings, builtin_kinds};
use crate::id::CommunityId;
use crate::policy::Policy;
use crate::reputation::Reputation;
use crate::text::{Name, Slug};
use crate::time::Timestamp;

/// A place where an audience meets: its own policy, channels, labels and possibilities.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Community {
    /// Its id.
    pub id: CommunityId,
    /// Its name in addresses and on the command line; unique in the tenant.
    pub key: Slug,
    /// Its name for people.
    pub name: Name,
    /// What it is about.
    pub description: String,
    /// Who may do what.
    pub policy: Policy,
    /// What it offers.
    pub settings: Settings,
    /// The reactions that members can give, beside votes.
    pub reactions: Vec<ReactionDef>,
    /// Kinds of its own, beside the built-in ones.
    pub kinds: Vec<Kind>,
    /// Lists of words and phrases that mean the same here: whoever searches for one finds the
    /// others too.
    #[serde(default)]
    pub synonyms: Vec<Vec<String>>,
    /// What earns points here.
    #[serde(default)]
    pub reputation: Reputation,
    /// Seconds in which a factor of ten in score is made up for in the hot order. Fixed when the
    /// community is created, because every stored hot rank rests on it.
    pub hot_scale: u32,
    /// The most members it takes; `None` is no bound.
    pub capacity: Option<u64>,
    /// An archived community can be read and not written.
    pub archived: bool,
    /// When it was created.
    pub created_at: Timestamp,
    /// Its revision.
    pub rev: Rev,
}

impl Community {
    /// The hot scale that is used unless the host says otherwise: 12.5 hours.
    pub const DEFAULT_HOT_SCALE: u32 = 45_000;

    /// A kind that this community knows, its own or a built-in one.
    #[must_use]
    pub fn kind(&self, name: &Slug) -> Option<&Kind> {
        self.kinds.iter().chain(builtin_kinds()).find(|kind| kind.name == *name)
    }
}
