//! The request for names that begin with what somebody has typed so far.

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::fold::Folded;
use crate::limits::Limits;
use crate::text::Slug;

/// What a name belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NameKind {
    /// A label.
    Label,
    /// A channel.
    Channel,
    /// A member of the community.
    Member,
}

impl NameKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Label, Self::Channel, Self::Member];
}

/// What somebody has begun to type, and of what it may be the name.
///
/// ```
/// use community_core::{CompleteQuery, Limits, NameKind};
/// # fn main() -> Result<(), community_core::Error> {
/// let query = CompleteQuery::new("garden".parse()?, "Tóm").only(NameKind::Label).limit(5);
/// assert_eq!(query.read(&Limits::default())?.0.as_str(), "tom");
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompleteQuery {
    /// The key of the community.
    pub community: Slug,
    /// What was typed so far.
    pub text: String,
    /// What is asked for; none is everything.
    pub kinds: Vec<NameKind>,
    /// How many of each kind; `None` is 20.
    pub limit: Option<usize>,
}

impl CompleteQuery {
    /// Names of every kind.
    #[must_use]
    pub fn new(community: Slug, text: impl Into<String>) -> Self {
        Self { community, text: text.into(), kinds: Vec::new(), limit: None }
    }

    /// Names of this kind only; may be called for several.
    #[must_use]
    pub fn only(mut self, kind: NameKind) -> Self {
        self.kinds.push(kind);
        self
    }

    /// So many of each kind.
    #[must_use]
    pub fn limit(mut self, limit: usize) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Whether names of a kind are asked for.
    #[must_use]
    pub fn asks_for(&self, kind: NameKind) -> bool {
        self.kinds.is_empty() || self.kinds.contains(&kind)
    }

    /// Checks all sizes, and then folds the text. Beside it comes the number of names.
    ///
    /// # Errors
    /// [`Error::Limit`](crate::Error::Limit) for a text longer than
    /// [`Limits::search_term`] or too many names; [`Error::Invalid`](crate::Error::Invalid) for
    /// none.
    pub fn read(&self, limits: &Limits) -> Result<(Folded, usize)> {
        let limit = limits.page_size(self.limit)?;
        limits.search_term(self.text.len())?;
        Ok((Folded::new(&self.text), limit))
    }
}
