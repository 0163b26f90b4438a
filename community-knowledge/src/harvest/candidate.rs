//! Which conversations are worth an article, and because of what.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use community_core::{Error, Result, Slug, Title, TopicId};
use serde::{Deserialize, Serialize};

/// What is known of a conversation that may become an article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Interest {
    /// The topic.
    pub topic: TopicId,
    /// Its title.
    pub title: Title,
    /// Its kind.
    pub kind: Slug,
    /// How often it was viewed.
    pub views: i64,
    /// Votes up on the question, and reactions to it: so many said that they have it too.
    pub me_too: i64,
    /// Accepted answers.
    pub accepted: i64,
    /// Official answers.
    pub official: i64,
    /// The best score of an answer.
    pub best_score: i64,
    /// Topics of which somebody said that they ask the same.
    pub repeats: i64,
    /// Whole days since it was started.
    pub age_days: i64,
}

/// Which conversations may become articles. All of it has to hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Eligibility {
    /// Kinds of topics.
    pub kinds: BTreeSet<Slug>,
    /// The least number of views.
    pub views: i64,
    /// The least number of people who have it too.
    pub me_too: i64,
    /// The least number of repeated questions.
    pub repeats: i64,
    /// The least age in days: what is young is still being talked about.
    pub age_days: i64,
    /// The least score of the best answer where none was accepted or made official; `None` asks for
    /// a mark.
    pub unmarked_score: Option<i64>,
}

impl Default for Eligibility {
    fn default() -> Self {
        Self {
            kinds: "question".parse().into_iter().collect(),
            views: 0,
            me_too: 0,
            repeats: 0,
            age_days: 7,
            unmarked_score: Some(2),
        }
    }
}

impl Eligibility {
    pub(crate) fn check(&self) -> Result<()> {
        if self.kinds.is_empty() {
            return Err(Error::invalid("articles are made of topics of one kind at least"));
        }
        Ok(())
    }
}

/// A conversation with the reasons for making an article of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Candidate {
    /// The topic.
    pub topic: TopicId,
    /// Its title.
    pub title: Title,
    /// The sum of what the reasons give.
    pub points: i64,
    /// Each reason with its number, those that say nothing left out.
    pub reasons: Vec<Reason>,
    /// What the rules ask for and it does not have. Empty for one that may become an article.
    pub lacks: Vec<Criterion>,
}

/// One reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// What was counted.
    pub criterion: Criterion,
    /// How much of it there is.
    pub has: i64,
    /// What that gives.
    pub points: i64,
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Criterion {
    /// The kind of topic.
    Kind,
    /// Views.
    Views,
    /// People who have it too.
    MeToo,
    /// Accepted answers.
    Accepted,
    /// Official answers.
    Official,
    /// The score of the best answer.
    Score,
    /// Questions that ask the same.
    Repeats,
    /// Age in days.
    Age,
}

impl Criterion {
    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Kind => "kind",
            Self::Views => "views",
            Self::MeToo => "me_too",
            Self::Accepted => "accepted",
            Self::Official => "official",
            Self::Score => "score",
            Self::Repeats => "repeats",
            Self::Age => "age",
        }
    }
}

/// Says what speaks for an article, and what is missing.
///
/// Counts that grow without bound (views, people who have it too) give ten points for each
/// doubling; a repeated question gives 25, an official answer 20, an accepted one 15, each point of
/// the best answer's score 2, up to 40. Age gives nothing: it only decides whether it is time.
#[must_use]
pub fn assess(interest: &Interest, rules: &Eligibility) -> Candidate {
    let Interest {
        topic,
        title,
        kind,
        views,
        me_too,
        accepted,
        official,
        best_score,
        repeats,
        age_days,
    } = interest;
    let counted = [
        (Criterion::Views, *views, 10 * doublings(*views)),
        (Criterion::MeToo, *me_too, 10 * doublings(*me_too)),
        (Criterion::Accepted, *accepted, 15 * accepted.clamp(&0, &1)),
        (Criterion::Official, *official, 20 * official.clamp(&0, &1)),
        (Criterion::Score, *best_score, (2 * best_score.clamp(&0, &20)).min(40)),
        (Criterion::Repeats, *repeats, 25 * repeats.clamp(&0, &20)),
        (Criterion::Age, *age_days, 0),
    ];
    let reasons: Vec<Reason> = counted
        .into_iter()
        .map(|(criterion, has, points)| Reason { criterion, has, points })
        .filter(|reason| reason.has != 0)
        .collect();
    let is_answered = *accepted > 0
        || *official > 0
        || rules.unmarked_score.is_some_and(|least| *best_score >= least);
    let met = [
        (Criterion::Kind, rules.kinds.contains(kind)),
        (Criterion::Views, *views >= rules.views),
        (Criterion::MeToo, *me_too >= rules.me_too),
        (Criterion::Score, is_answered),
        (Criterion::Repeats, *repeats >= rules.repeats),
        (Criterion::Age, *age_days >= rules.age_days),
    ];
    Candidate {
        topic: *topic,
        title: title.clone(),
        points: reasons.iter().map(|reason| reason.points).sum(),
        reasons,
        lacks: met.into_iter().filter(|(_, met)| !met).map(|(criterion, _)| criterion).collect(),
    }
}

/// The order of candidates: most points first, then the newer topic.
#[must_use]
pub fn interest_order(candidate: &Candidate) -> (Reverse<i64>, Reverse<TopicId>) {
    (Reverse(candidate.points), Reverse(candidate.topic))
}

/// How often one can be doubled up to a number: 0 for 0 and less, 1 for 1, 2 for 2 and 3.
fn doublings(number: i64) -> i64 {
    i64::from(i64::BITS - number.max(0).leading_zeros())
}
