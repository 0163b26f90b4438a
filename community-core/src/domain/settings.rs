//! What a community or channel offers, inherited and overridable.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::query::Sort;
use crate::text::Slug;

/// Settings of a community or channel. What is `None` is inherited from the channel above, then
/// from the community, then from [`EffectiveSettings::default`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The kinds of topics that may be started. Topics of other kinds stay readable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kinds: Option<BTreeSet<Slug>>,
    /// The sort orders that feeds offer; the first one is the default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sorts: Option<Vec<Sort>>,
    /// The filters that feeds offer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filters: Option<BTreeSet<Filter>>,
    /// How many answers of one topic may be accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_accepted: Option<u32>,
    /// Whether members may vote on their own posts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub self_vote: Option<bool>,
}

/// A filter of a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Filter {
    /// By label expression.
    Label,
    /// By kind of topic.
    Kind,
    /// By author.
    Author,
    /// By age.
    Window,
}

impl Filter {
    /// All filters.
    pub const ALL: [Self; 4] = [Self::Label, Self::Kind, Self::Author, Self::Window];
}

/// Settings after inheritance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EffectiveSettings {
    /// The kinds that may be started; `None` is every kind that the community knows.
    pub kinds: Option<BTreeSet<Slug>>,
    /// The sort orders on offer, the default first; never empty.
    pub sorts: Vec<Sort>,
    /// The filters on offer.
    pub filters: BTreeSet<Filter>,
    /// How many answers of one topic may be accepted.
    pub max_accepted: u32,
    /// Whether members may vote on their own posts.
    pub self_vote: bool,
}

impl Default for EffectiveSettings {
    fn default() -> Self {
        Self {
            kinds: None,
            sorts: Sort::ALL.to_vec(),
            filters: Filter::ALL.into_iter().collect(),
            max_accepted: 3,
            self_vote: false,
        }
    }
}

impl EffectiveSettings {
    /// These settings with `own` laid over them.
    #[must_use]
    pub fn overridden_by(&self, own: &Settings) -> Self {
        let Settings { kinds, sorts, filters, max_accepted, self_vote } = own;
        Self {
            kinds: kinds.clone().or_else(|| self.kinds.clone()),
            sorts: sorts
                .clone()
                .filter(|sorts| !sorts.is_empty())
                .unwrap_or_else(|| self.sorts.clone()),
            filters: filters.clone().unwrap_or_else(|| self.filters.clone()),
            max_accepted: max_accepted.unwrap_or(self.max_accepted),
            self_vote: self_vote.unwrap_or(self.self_vote),
        }
    }

    /// Whether a topic of this kind may be started.
    #[must_use]
    pub fn allows_kind(&self, kind: &Slug) -> bool {
        self.kinds.as_ref().is_none_or(|kinds| kinds.contains(kind))
    }
}
