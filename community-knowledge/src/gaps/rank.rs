//! What to write first.

use std::collections::{BTreeMap, BTreeSet};

use community_core::{MemberId, Slug, Timestamp, TopicId};
use community_search::analysis::Language;
use serde::{Deserialize, Serialize};

use super::cluster::clusters;
use super::queries::QueryCount;
use super::similar::{SimilarQuestions, Similarity, Texts};

/// A question, or an article, as far as its reader sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The topic.
    pub id: TopicId,
    /// Its title.
    pub title: String,
    /// Its text.
    pub body: String,
    /// Its labels.
    pub labels: Vec<Slug>,
    /// Who asked.
    pub author: MemberId,
    /// When.
    pub asked_at: Timestamp,
    /// What is known of answers.
    pub state: QuestionState,
    /// Whether an article of the knowledge base was made from it.
    pub covered: bool,
    /// Votes up.
    pub votes: u64,
    /// Views.
    pub views: u64,
}

/// What is known of answers to a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QuestionState {
    /// Nobody has answered.
    Unanswered,
    /// There are answers, and none was accepted.
    Unsolved,
    /// An answer was accepted.
    Solved,
    /// It is no question: it is an article.
    Article,
}

/// How gaps are found and ranked, as data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// How alike questions of one group are in the mean, in parts of a thousand.
    pub alike: Similarity,
    /// The fewest questions of a label without a group that make a gap of the label.
    pub label_questions: usize,
    /// The fewest searches that found nothing, or nothing that was opened, that make a gap.
    pub searches: u64,
    /// What a question counts.
    pub question: u64,
    /// What it counts beside that while nobody has answered it.
    pub unanswered: u64,
    /// What it counts beside that when it has answers and none was accepted.
    pub unsolved: u64,
    /// What each vote up counts.
    pub vote: u64,
    /// What each hundred views count.
    pub hundred_views: u64,
    /// What each search counts that found nothing.
    pub empty_search: u64,
    /// What each search counts that found nothing that was opened.
    pub unopened_search: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            alike: 200,
            label_questions: 3,
            searches: 3,
            question: 10,
            unanswered: 20,
            unsolved: 10,
            vote: 3,
            hundred_views: 1,
            empty_search: 10,
            unopened_search: 5,
        }
    }
}

/// Something to write about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// What it is.
    #[serde(flatten)]
    pub about: About,
    /// The sum of the points of the reasons, less what articles take away.
    pub points: u64,
    /// Why it stands where it does.
    pub reasons: Vec<Reason>,
    /// The questions behind it, those with the most points first.
    pub questions: Vec<TopicId>,
}

/// What a gap is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum About {
    /// Questions that are like each other.
    Questions {
        /// The title of the first of them.
        title: String,
    },
    /// Questions of one label, of which no two have to be alike.
    Label {
        /// The label.
        label: Slug,
        /// Articles that have it.
        articles: u64,
    },
    /// What people search for and do not find.
    Search {
        /// What they type, folded.
        text: String,
    },
}

/// A part of the points of a gap.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// What is counted.
    pub what: What,
    /// How many there are.
    pub count: u64,
    /// What they count.
    pub points: u64,
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// Questions.
    Questions,
    /// Those without an answer.
    Unanswered,
    /// Those with answers of which none was accepted.
    Unsolved,
    /// Votes up.
    Votes,
    /// Views.
    Views,
    /// Members who asked. They count nothing: whoever asks twice has asked two questions.
    Askers,
    /// Searches that found nothing.
    EmptySearches,
    /// Searches that found nothing that was opened.
    UnopenedSearches,
}

/// Gaps, and how many questions they were found among.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ranking {
    /// Questions that were looked at.
    pub questions: usize,
    /// Articles that were looked at.
    pub articles: usize,
    /// Groups of questions that are like each other.
    pub groups: usize,
    /// How many questions are in them.
    pub grouped: usize,
    /// How many questions the largest has.
    pub largest: usize,
    /// Those of the groups that hold an article, or a question of which one was made: they are
    /// written about.
    pub covered: usize,
    /// What to write, the most points first.
    pub gaps: Vec<Gap>,
}

/// Of a label so many questions count, so that a label with many is compared with groups of few.
const OF_A_LABEL: usize = 5;

/// Ranks what there is to write about.
///
/// Three sorts of gaps stand in one list: groups of questions that are like each other, unless an
/// article is like them too or was made from one of them; labels with questions that are in no group and were not solved, which
/// count the less the more articles the label has; and searches without success.
///
/// ```
/// use community_core::{MemberId, TopicId};
/// use community_knowledge::gaps::{About, Question, QuestionState, Settings, rank};
/// use community_search::analysis::Language;
///
/// let ask = |n: u8, title: &str| Question {
///     id: TopicId::from_bytes([n; 16]),
///     title: title.to_owned(),
///     body: String::new(),
///     labels: Vec::new(),
///     author: MemberId::from_bytes([n; 16]),
///     asked_at: Default::default(),
///     state: QuestionState::Unanswered,
///     covered: false,
///     votes: 0,
///     views: 0,
/// };
/// let questions = [
///     ask(1, "My brakes squeal when it rains"),
///     ask(2, "Squealing brakes in the rain"),
///     ask(3, "Which chain for eleven speeds?"),
/// ];
/// let ranking = rank(&questions, &[], &Settings::default(), Language::English);
/// assert_eq!(ranking.gaps.len(), 1);
/// assert_eq!(ranking.gaps[0].questions, [questions[0].id, questions[1].id]);
/// assert_eq!(ranking.gaps[0].points, 60);
/// ```
#[must_use]
pub fn rank(
    questions: &[Question],
    searches: &[QueryCount],
    settings: &Settings,
    language: Language,
) -> Ranking {
    let known: BTreeMap<TopicId, &Question> =
        questions.iter().map(|question| (question.id, question)).collect();
    let mut similar = SimilarQuestions::new(language);
    for question in known.values() {
        let labels: Vec<&str> = question.labels.iter().map(Slug::as_str).collect();
        let Question { title, body, .. } = question;
        similar.insert(question.id, &Texts { title, body, labels: &labels });
    }
    let is_article = |id: &TopicId| {
        known.get(id).is_some_and(|question| question.state == QuestionState::Article)
    };
    let is_written =
        |id: &TopicId| is_article(id) || known.get(id).is_some_and(|question| question.covered);
    // Pairs below half of the mean do not carry a group, and there are many of them.
    let groups = clusters(&similar.pairs(settings.alike / 2), settings.alike);
    let grouped: BTreeSet<TopicId> = groups.iter().flatten().copied().collect();
    let mut gaps = Vec::new();
    for group in groups.iter().filter(|group| !group.iter().any(is_written)) {
        let group = group.iter().filter_map(|id| known.get(id).copied()).collect();
        gaps.push(settings.group(group));
    }
    gaps.extend(settings.labels(&known, &grouped));
    gaps.extend(searches.iter().filter_map(|search| settings.search(search)));
    // What has no points is no gap, and what has the same stands in one order for everybody.
    gaps.retain(|gap| gap.points > 0);
    gaps.sort_by(|a, b| {
        b.points
            .cmp(&a.points)
            .then_with(|| (&a.about, &a.questions).cmp(&(&b.about, &b.questions)))
    });
    let articles = known.keys().filter(|id| is_article(id)).count();
    Ranking {
        questions: known.len() - articles,
        articles,
        groups: groups.len(),
        grouped: grouped.iter().filter(|id| !is_article(id)).count(),
        largest: groups.iter().map(Vec::len).max().unwrap_or_default(),
        covered: groups.iter().filter(|group| group.iter().any(is_written)).count(),
        gaps,
    }
}

impl Settings {
    /// What one question counts.
    fn points(&self, question: &Question) -> u64 {
        let state = match question.state {
            QuestionState::Unanswered => self.unanswered,
            QuestionState::Unsolved => self.unsolved,
            QuestionState::Solved | QuestionState::Article => 0,
        };
        let votes = self.vote.saturating_mul(question.votes);
        let views = self.hundred_views.saturating_mul(question.views / 100);
        self.question.saturating_add(state).saturating_add(votes).saturating_add(views)
    }

    fn group(&self, questions: Vec<&Question>) -> Gap {
        let (reasons, questions) = self.counted(questions);
        let title = questions.first().map(|question| question.title.clone());
        let about = About::Questions { title: title.unwrap_or_default() };
        let points = sum(&reasons);
        Gap { about, points, reasons, questions: questions.iter().map(|q| q.id).collect() }
    }

    /// Reasons, and the questions by their points.
    fn counted<'a>(&self, mut questions: Vec<&'a Question>) -> (Vec<Reason>, Vec<&'a Question>) {
        questions.sort_by(|a, b| self.points(b).cmp(&self.points(a)).then(a.id.cmp(&b.id)));
        let in_state = |state| {
            let with = questions.iter().filter(|question| question.state == state);
            u64::try_from(with.count()).unwrap_or(u64::MAX)
        };
        let total = |of: fn(&Question) -> u64| {
            questions.iter().fold(0_u64, |sum, question| sum.saturating_add(of(question)))
        };
        let askers: BTreeSet<MemberId> = questions.iter().map(|question| question.author).collect();
        let views = |question: &Question| question.views / 100;
        let reason = |what, count: u64, weight: u64, weighed: u64| {
            let points = weight.saturating_mul(weighed);
            Reason { what, count, points }
        };
        let (unanswered, unsolved) =
            (in_state(QuestionState::Unanswered), in_state(QuestionState::Unsolved));
        let (all, votes) = (total(|_| 1), total(|question| question.votes));
        let askers = u64::try_from(askers.len()).unwrap_or(u64::MAX);
        let mut reasons = vec![
            reason(What::Questions, all, self.question, all),
            reason(What::Unanswered, unanswered, self.unanswered, unanswered),
            reason(What::Unsolved, unsolved, self.unsolved, unsolved),
            reason(What::Votes, votes, self.vote, votes),
            reason(What::Views, total(|q| q.views), self.hundred_views, total(views)),
            reason(What::Askers, askers, 0, 0),
        ];
        reasons.retain(|reason| reason.count > 0);
        (reasons, questions)
    }

    /// Labels with open questions that no group holds.
    fn labels(
        &self,
        known: &BTreeMap<TopicId, &Question>,
        grouped: &BTreeSet<TopicId>,
    ) -> Vec<Gap> {
        let mut articles: BTreeMap<&Slug, u64> = BTreeMap::new();
        let mut open: BTreeMap<&Slug, Vec<&Question>> = BTreeMap::new();
        for question in known.values() {
            for label in &question.labels {
                match question.state {
                    QuestionState::Article => *articles.entry(label).or_default() += 1,
                    QuestionState::Solved => {}
                    QuestionState::Unanswered | QuestionState::Unsolved => {
                        if !question.covered && !grouped.contains(&question.id) {
                            open.entry(label).or_default().push(question);
                        }
                    }
                }
            }
        }
        let mut gaps = Vec::new();
        for (label, questions) in open {
            if questions.len() < self.label_questions.max(1) {
                continue;
            }
            let articles = articles.get(label).copied().unwrap_or_default();
            let (_, mut questions) = self.counted(questions);
            questions.truncate(OF_A_LABEL);
            let (reasons, questions) = self.counted(questions);
            gaps.push(Gap {
                about: About::Label { label: label.clone(), articles },
                points: sum(&reasons) / articles.saturating_add(1),
                reasons,
                questions: questions.iter().map(|question| question.id).collect(),
            });
        }
        gaps
    }

    fn search(&self, search: &QueryCount) -> Option<Gap> {
        let QueryCount { text, searches: _, empty, unopened } = search;
        if empty.saturating_add(*unopened) < self.searches.max(1) {
            return None;
        }
        let reason = |what, count: u64, weight: u64| Reason {
            what,
            count,
            points: weight.saturating_mul(count),
        };
        let mut reasons = vec![
            reason(What::EmptySearches, *empty, self.empty_search),
            reason(What::UnopenedSearches, *unopened, self.unopened_search),
        ];
        reasons.retain(|reason| reason.count > 0);
        let about = About::Search { text: text.clone() };
        Some(Gap { about, points: sum(&reasons), reasons, questions: Vec::new() })
    }
}

fn sum(reasons: &[Reason]) -> u64 {
    reasons.iter().fold(0, |sum, reason| sum.saturating_add(reason.points))
}
