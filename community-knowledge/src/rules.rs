//! What a community makes of its knowledge base, as data.

use std::collections::BTreeMap;

use community_core::{Error, Result, Slug};
use serde::{Deserialize, Serialize};

use crate::freshness::FreshnessRules;
use crate::harvest::{CurateRules, Eligibility};

/// The rules of the knowledge base of one community. What is not said stays as it comes.
///
/// ```
/// use community_knowledge::Rules;
/// let rules: Rules = serde_json::from_str(r#"{"review_days": 90}"#)?;
/// assert_eq!(rules, Rules { review_days: Some(90), ..Rules::default() });
/// assert!(!rules.self_review);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rules {
    /// Whether somebody who wrote a version of an article may approve or confirm it.
    pub self_review: bool,
    /// After how many days without anything else a published article is looked at again; `None` is
    /// never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub review_days: Option<u32>,
    /// The present versions of products. An article for another version is behind.
    pub products: BTreeMap<Slug, String>,
    /// Which conversations are worth an article.
    pub eligibility: Eligibility,
    /// What is taken out of a conversation.
    pub curate: CurateRules,
    /// What makes an article in need of a look.
    pub freshness: FreshnessRules,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            self_review: false,
            review_days: Some(365),
            products: BTreeMap::new(),
            eligibility: Eligibility::default(),
            curate: CurateRules::default(),
            freshness: FreshnessRules::default(),
        }
    }
}

impl Rules {
    /// The most products.
    pub const MOST_PRODUCTS: usize = 256;
    /// The most days between two looks.
    pub const MOST_DAYS: u32 = 36_600;

    /// Checks that the rules are sound.
    ///
    /// # Errors
    /// [`Error::Invalid`] that says what is wrong.
    pub fn check(&self) -> Result<()> {
        if self.review_days.is_some_and(|days| days == 0 || days > Self::MOST_DAYS) {
            let most = Self::MOST_DAYS;
            return Err(Error::invalid(format!("a review comes after 1 to {most} days")));
        }
        if self.products.len() > Self::MOST_PRODUCTS {
            let most = Self::MOST_PRODUCTS;
            return Err(Error::invalid(format!("there are at most {most} products")));
        }
        for (name, version) in &self.products {
            crate::limits::product_version(version)
                .map_err(|error| Error::invalid(format!("product `{name}`: {error}")))?;
        }
        self.eligibility.check()?;
        self.curate.check()
    }
}
