//! Labels.

use serde::{Deserialize, Serialize};

use super::Rev;
use crate::id::CommunityId;
use crate::policy::Audience;
use crate::text::{Name, Slug};

/// A label that cuts across the channels of one community. Its key is its identity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    /// Its community.
    pub community: CommunityId,
    /// Its key, unique in the community and never changed.
    pub key: Slug,
    /// Its name for people.
    pub name: Name,
    /// What it stands for.
    pub description: String,
    /// Who sees it and may use it. To everybody else it does not exist: not in lists, not on
    /// topics, not in expressions.
    pub audience: Audience,
    /// Its revision.
    pub rev: Rev,
}
