//! How much an article is in need of a look, and because of what.
//!
//! [`concern`] says whether something that happened concerns an article: the projection of the log
//! queues exactly those. [`assess`] puts what is queued in order.

mod concern;

pub use concern::{Concern, ConcernKind, concern};

use std::collections::BTreeMap;

use community_core::{Slug, Timestamp};
use serde::{Deserialize, Serialize};

use crate::article::Article;

/// How many points each sign gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FreshnessRules {
    /// For every 30 days since its words were last found right.
    pub per_month: i64,
    /// The most for age.
    pub most_age: i64,
    /// For each doubling of the views of its sources.
    pub per_doubling: i64,
    /// For each reader whom it did not help, since its words were last found right.
    pub per_unhelpful: i64,
    /// The most for readers whom it did not help.
    pub most_unhelpful: i64,
    /// For each product of which there is another version now.
    pub per_product: i64,
    /// For each concern of a kind; kinds that are not named give ten.
    pub concerns: BTreeMap<ConcernKind, i64>,
}

impl Default for FreshnessRules {
    fn default() -> Self {
        let concerns = [
            (ConcernKind::SourceState, 100),
            (ConcernKind::Erased, 100),
            (ConcernKind::Corrected, 60),
            (ConcernKind::OtherAnswer, 50),
            (ConcernKind::MarkLost, 50),
            (ConcernKind::Edited, 30),
            (ConcernKind::Moved, 30),
            (ConcernKind::TopicEdited, 15),
            (ConcernKind::ReviewDue, 20),
        ];
        Self {
            per_month: 2,
            most_age: 48,
            per_doubling: 3,
            per_unhelpful: 5,
            most_unhelpful: 50,
            per_product: 40,
            concerns: concerns.into_iter().collect(),
        }
    }
}

/// What is known of an article beside its head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Signs {
    /// Views of the topics that it was made from, as far as they are seen.
    pub source_views: i64,
    /// Readers whom it helped, since its words were last found right.
    pub helpful: i64,
    /// Readers whom it did not help, since then.
    pub unhelpful: i64,
}

/// How much an article is in need of a look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Freshness {
    /// The sum of the parts; the most needy article has the most.
    pub points: i64,
    /// Each part with its number, those that give nothing left out.
    pub parts: Vec<Part>,
}

/// One part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Part {
    /// What was looked at.
    #[serde(flatten)]
    pub sign: Sign,
    /// How much of it there is.
    pub has: i64,
    /// What that gives.
    pub points: i64,
}

/// What is looked at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "sign", rename_all = "snake_case")]
pub enum Sign {
    /// Days since its words were last found right.
    Age,
    /// Views of its sources.
    Traffic,
    /// Readers whom it did not help.
    Unhelpful,
    /// A product of which there is another version.
    Product {
        /// The product.
        name: Slug,
        /// The version for which it was written.
        written_for: String,
        /// The present version.
        present: String,
    },
    /// Something that happened.
    Concern {
        /// What sort of thing.
        kind: ConcernKind,
    },
}

/// Says how much an article is in need of a look at a moment. The same facts give the same points;
/// all of it is in whole numbers.
#[must_use]
pub fn assess(
    article: &Article,
    signs: &Signs,
    products: &BTreeMap<Slug, String>,
    rules: &FreshnessRules,
    now: Timestamp,
) -> Freshness {
    let mut parts = Vec::new();
    let mut add = |sign, has: i64, points: i64| {
        if points != 0 {
            parts.push(Part { sign, has, points });
        }
    };
    let days = (now - article.true_since()).num_days().max(0);
    add(Sign::Age, days, (days / 30).saturating_mul(rules.per_month).min(rules.most_age));
    let views = signs.source_views.max(0);
    let doublings = i64::from(i64::BITS - views.leading_zeros());
    add(Sign::Traffic, views, doublings.saturating_mul(rules.per_doubling));
    let unhelpful = signs.unhelpful.max(0);
    let points = unhelpful.saturating_mul(rules.per_unhelpful).min(rules.most_unhelpful);
    add(Sign::Unhelpful, unhelpful, points);
    let face = article.published.as_ref().map_or(&article.face, |published| &published.face);
    for product in &face.products {
        if let Some(present) = products.get(&product.name).filter(|v| **v != product.version) {
            let sign = Sign::Product {
                name: product.name.clone(),
                written_for: product.version.clone(),
                present: present.clone(),
            };
            add(sign, 1, rules.per_product);
        }
    }
    let mut counted: BTreeMap<ConcernKind, i64> = BTreeMap::new();
    for concern in &article.concerns {
        *counted.entry(concern.kind).or_default() += 1;
    }
    for (kind, count) in counted {
        let each = rules.concerns.get(&kind).copied().unwrap_or(10);
        add(Sign::Concern { kind }, count, count.saturating_mul(each));
    }
    let points = parts.iter().fold(0, |sum: i64, part| sum.saturating_add(part.points));
    Freshness { points, parts }
}

#[cfg(test)]
mod tests;
