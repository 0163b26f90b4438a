//! Which questions are like each other.
//!
//! A question is the words of its title, its labels and the beginning of its text, weighted by how
//! rare they are among all questions (tf-idf), and two questions are as alike as their words point in
//! the same direction (cosine). Not every pair is looked at: those that share one of the most telling
//! words of either, unless that word is in very many questions. So the work grows with the number of
//! questions and not with its square.
//!
//! Questions come and go one by one; what they are like is worked out when it is asked for, because
//! each question that comes changes how rare words are. Decision 0021 says how the numbers here were
//! chosen, and what they give.

use std::collections::BTreeMap;

use community_core::TopicId;
use community_search::analysis::{Analyzer, Language, detect};
use rustc_hash::FxHashMap;

/// A word of the title or of a label counts so often.
const TITLE_TIMES: u32 = 6;

/// What stands behind so many bytes of a text is not looked at.
const MOST_BYTES: usize = 1_024;

/// So many words of a question lead to others.
const MOST_TELLING: usize = 24;

/// A word in more questions than this leads nowhere: it says little of any of them.
const MOST_ALIKE: usize = 200;

/// So many of the questions that share the most with one are compared with it in full.
const MOST_COMPARED: usize = 32;

/// How alike two questions are, in parts of a thousand: 1000 is the same words.
pub type Similarity = u16;

/// The texts of a question.
#[derive(Debug, Clone, Copy, Default)]
pub struct Texts<'a> {
    /// Its title.
    pub title: &'a str,
    /// Its text.
    pub body: &'a str,
    /// The names of its labels.
    pub labels: &'a [&'a str],
}

/// Questions by their words.
///
/// ```
/// use community_core::TopicId;
/// use community_knowledge::gaps::{SimilarQuestions, Texts};
/// use community_search::analysis::Language;
///
/// let mut questions = SimilarQuestions::new(Language::English);
/// let [a, b, c] = [1, 2, 3].map(|n| TopicId::from_bytes([n; 16]));
/// let ask = |title| Texts { title, ..Texts::default() };
/// questions.insert(a, &ask("My brakes squeal when it rains"));
/// questions.insert(b, &ask("Squealing brakes in the rain"));
/// questions.insert(c, &ask("Which chain for eleven speeds?"));
/// let pairs = questions.pairs(200);
/// assert_eq!(pairs.len(), 1);
/// assert_eq!((pairs[0].0, pairs[0].1), (a, b));
/// ```
#[derive(Debug, Clone)]
pub struct SimilarQuestions {
    /// Of texts that do not tell theirs.
    language: Language,
    /// The number of each word.
    words: FxHashMap<Box<str>, u32>,
    /// The words of each question, by number, with how often they count.
    questions: BTreeMap<TopicId, Vec<(u32, u32)>>,
    /// In how many questions each word is.
    found_in: Vec<u32>,
}

impl SimilarQuestions {
    /// No questions yet. The language is that of texts that do not tell theirs, see [`detect`].
    #[must_use]
    pub fn new(language: Language) -> Self {
        Self {
            language,
            words: FxHashMap::default(),
            questions: BTreeMap::new(),
            found_in: Vec::new(),
        }
    }

    /// Adds a question, in place of an earlier one with the same id.
    pub fn insert(&mut self, id: TopicId, texts: &Texts<'_>) {
        self.remove(id);
        let Texts { title, body, labels } = texts;
        let body = beginning(body);
        let analyzer = Analyzer::new(detect(&format!("{title} {body}"), self.language));
        let mut counts: BTreeMap<u32, u32> = BTreeMap::new();
        let titles = labels.iter().chain([title]).map(|text| (*text, TITLE_TIMES));
        for (text, times) in titles.chain([(body, 1)]) {
            for token in analyzer.tokens(text).into_iter().filter(|token| !token.stop) {
                *counts.entry(self.number(&token.text)).or_default() += times;
            }
        }
        for word in counts.keys() {
            if let Some(found_in) = self.found_in.get_mut(*word as usize) {
                *found_in += 1;
            }
        }
        self.questions.insert(id, counts.into_iter().collect());
    }

    /// Takes a question away.
    pub fn remove(&mut self, id: TopicId) {
        for (word, _) in self.questions.remove(&id).unwrap_or_default() {
            if let Some(found_in) = self.found_in.get_mut(word as usize) {
                *found_in = found_in.saturating_sub(1);
            }
        }
    }

    /// How many questions there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.questions.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.questions.is_empty()
    }

    /// The pairs of questions that are at least so alike, each once with the lower id first, in the
    /// order of the ids.
    #[must_use]
    pub fn pairs(&self, least: Similarity) -> Vec<(TopicId, TopicId, Similarity)> {
        let all = Weighted::new(self);
        let (mut shared, mut pairs) = (vec![0.0; all.questions.len()], BTreeMap::new());
        for (at, own) in all.questions.iter().enumerate() {
            for other in all.candidates(at, own, &mut shared) {
                let Some(theirs) = all.questions.get(other) else { continue };
                let similarity = cosine(own, theirs);
                if similarity >= least {
                    pairs.insert((at.min(other), at.max(other)), similarity);
                }
            }
        }
        let ids: Vec<TopicId> = self.questions.keys().copied().collect();
        let named = pairs.into_iter().filter_map(|((one, other), similarity)| {
            Some((*ids.get(one)?, *ids.get(other)?, similarity))
        });
        named.collect()
    }

    fn number(&mut self, word: &str) -> u32 {
        if let Some(number) = self.words.get(word) {
            return *number;
        }
        let number = u32::try_from(self.found_in.len()).unwrap_or(u32::MAX);
        self.words.insert(word.into(), number);
        self.found_in.push(0);
        number
    }
}

/// Words, by number, each with its weight; the weights together have the length 1.
type Weights = Vec<(u32, f64)>;

/// All questions at one moment, by their place in the order of ids.
struct Weighted {
    questions: Vec<Weights>,
    /// In which questions a word is, with its weight there; none of words that lead nowhere.
    found_in: FxHashMap<u32, Vec<(usize, f64)>>,
}

impl Weighted {
    #[allow(clippy::cast_precision_loss, reason = "a weight")]
    fn new(questions: &SimilarQuestions) -> Self {
        let all = questions.questions.len() as f64;
        let in_how_many =
            |word: u32| questions.found_in.get(word as usize).copied().unwrap_or_default();
        let weigh = |counts: &Vec<(u32, u32)>| {
            let weight = |(word, count): &(u32, u32)| {
                let rarity = (1.0 + all / (f64::from(in_how_many(*word)) + 0.5)).ln();
                (*word, (1.0 + f64::from(*count).ln()) * rarity)
            };
            let mut weights: Weights = counts.iter().map(weight).collect();
            let length = weights.iter().map(|(_, weight)| weight * weight).sum::<f64>().sqrt();
            if length > 0.0 {
                weights.iter_mut().for_each(|(_, weight)| *weight /= length);
            }
            weights
        };
        let weighted: Vec<Weights> = questions.questions.values().map(weigh).collect();
        let mut found_in: FxHashMap<u32, Vec<(usize, f64)>> = FxHashMap::default();
        for (at, weights) in weighted.iter().enumerate() {
            for (word, weight) in weights {
                if (2..=MOST_ALIKE).contains(&(in_how_many(*word) as usize)) {
                    found_in.entry(*word).or_default().push((at, *weight));
                }
            }
        }
        Self { questions: weighted, found_in }
    }

    /// The questions that share the most of the telling words of one. `shared` is all zeroes before
    /// and after: to clear it whole would cost as much as there are questions.
    fn candidates(&self, at: usize, own: &Weights, shared: &mut [f64]) -> Vec<usize> {
        let mut telling: Vec<&(u32, f64)> = own.iter().collect();
        telling.sort_by(|(one, a), (other, b)| b.total_cmp(a).then(one.cmp(other)));
        let mut touched = Vec::new();
        for (word, weight) in telling.into_iter().take(MOST_TELLING) {
            for (other, theirs) in self.found_in.get(word).into_iter().flatten() {
                let Some(sum) = shared.get_mut(*other).filter(|_| *other != at) else { continue };
                if *sum == 0.0 {
                    touched.push(*other);
                }
                *sum += weight * theirs;
            }
        }
        let take = |other: usize| Some((other, std::mem::take(shared.get_mut(other)?)));
        let mut found: Vec<(usize, f64)> = touched.into_iter().filter_map(take).collect();
        found.sort_by(|(one, a), (other, b)| b.total_cmp(a).then(one.cmp(other)));
        found.into_iter().take(MOST_COMPARED).map(|(other, _)| other).collect()
    }
}

/// The beginning of a text, which says what it is about.
fn beginning(text: &str) -> &str {
    let end = text.len().min(MOST_BYTES);
    // A letter has four bytes at most.
    (0..4).find_map(|less| text.get(..end.checked_sub(less)?)).unwrap_or_default()
}

/// The sum over the words that two questions share; words stand in order.
fn cosine(one: &Weights, other: &Weights) -> Similarity {
    let (mut ours, mut theirs) = (one.iter().peekable(), other.iter().peekable());
    let mut sum = 0.0;
    while let (Some((word, weight)), Some((other, their))) = (ours.peek(), theirs.peek()) {
        match word.cmp(other) {
            std::cmp::Ordering::Less => drop(ours.next()),
            std::cmp::Ordering::Greater => drop(theirs.next()),
            std::cmp::Ordering::Equal => {
                sum += weight * their;
                ours.next();
                theirs.next();
            }
        }
    }
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 1000")]
    let parts = (sum.clamp(0.0, 1.0) * 1_000.0).round() as Similarity;
    parts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn id(n: u8) -> TopicId {
        TopicId::from_bytes([n; 16])
    }

    fn a_title() -> impl Strategy<Value = String> {
        // Words that are the same in every language.
        let word = prop::sample::select(vec!["x1", "x2", "x3", "x4", "x5", "x6"]);
        prop::collection::vec(word, 0..5).prop_map(|words| words.join(" "))
    }

    /// The same over all pairs.
    fn naive(
        titles: &BTreeMap<u8, String>,
        least: Similarity,
    ) -> Vec<(TopicId, TopicId, Similarity)> {
        let words = |title: &str| {
            let mut counts: BTreeMap<String, u32> = BTreeMap::new();
            for word in title.split_whitespace() {
                *counts.entry(word.to_owned()).or_default() += TITLE_TIMES;
            }
            counts
        };
        let weights = |title: &str| {
            let counts = words(title);
            let weight = |(word, count): (&String, &u32)| {
                let with = titles.values().filter(|t| words(t).contains_key(word)).count();
                let rarity = (1.0 + titles.len() as f64 / (with as f64 + 0.5)).ln();
                (word.clone(), (1.0 + f64::from(*count).ln()) * rarity)
            };
            counts.iter().map(weight).collect::<BTreeMap<String, f64>>()
        };
        let length = |of: &BTreeMap<String, f64>| of.values().map(|w| w * w).sum::<f64>().sqrt();
        let mut pairs = Vec::new();
        for (one, title) in titles {
            for (other, theirs) in titles.range(one + 1..) {
                let (a, b) = (weights(title), weights(theirs));
                let sum: f64 = a.iter().map(|(word, w)| w * b.get(word).unwrap_or(&0.0)).sum();
                let similarity = (1_000.0 * sum / (length(&a) * length(&b))).round();
                if similarity >= f64::from(least) {
                    pairs.push((id(*one), id(*other), similarity as Similarity));
                }
            }
        }
        pairs
    }

    proptest! {
        #[test]
        fn pairs_are_those_of_a_scan_over_all_pairs(
            titles in prop::collection::btree_map(1_u8..30, a_title(), 0..12),
            others in prop::collection::vec((1_u8..30, a_title()), 0..12),
        ) {
            let mut questions = SimilarQuestions::new(Language::Neutral);
            // What was there before leaves nothing behind.
            for (n, title) in &others {
                questions.insert(id(*n), &Texts { title, ..Texts::default() });
            }
            for n in others.iter().map(|(n, _)| n).filter(|n| !titles.contains_key(n)) {
                questions.remove(id(*n));
            }
            for (n, title) in &titles {
                questions.insert(id(*n), &Texts { title, ..Texts::default() });
            }
            let (found, expected) = (questions.pairs(1), naive(&titles, 1));
            prop_assert_eq!(questions.len(), titles.len());
            prop_assert_eq!(found.len(), expected.len());
            for (found, expected) in found.iter().zip(&expected) {
                prop_assert_eq!((found.0, found.1), (expected.0, expected.1));
                prop_assert!(found.2.abs_diff(expected.2) <= 1, "{:?} {:?}", found, expected);
            }
        }
    }

    #[test]
    fn words_meet_in_their_language() {
        let mut questions = SimilarQuestions::new(Language::English);
        let dutch = |title| Texts { title, body: "Weet iemand hoe dat moet?", labels: &[] };
        questions.insert(id(1), &dutch("Welke fietsen zijn geschikt voor lange ritten?"));
        questions.insert(id(2), &dutch("Een fiets voor een lange rit"));
        questions.insert(id(3), &Texts { title: "My bike is wet", ..Texts::default() });
        let pairs = questions.pairs(200);
        assert_eq!(pairs.len(), 1);
        assert_eq!((pairs[0].0, pairs[0].1), (id(1), id(2)));
    }
}
