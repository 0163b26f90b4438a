//! Whoever looks.

use serde::Serialize;

use crate::id::MemberId;

/// Whoever reads or acts. There is no "nobody": a visitor without a name is [`Viewer::Anonymous`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Viewer {
    /// A visitor whom the host did not name.
    Anonymous,
    /// A member whom the host vouches for.
    Member(MemberId),
    /// The host itself: projections, importers, operators.
    System,
}

impl Viewer {
    /// The member, if it is one.
    #[must_use]
    pub fn member(self) -> Option<MemberId> {
        match self {
            Self::Member(id) => Some(id),
            Self::Anonymous | Self::System => None,
        }
    }
}
