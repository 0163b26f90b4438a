//! What a search means, done with loops over everything there is.
//!
//! It shares the analysis of words with the index, and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use chrono::Datelike;
use community_core::policy::Place as Stands;
use community_core::search::{Counts, Is, Lookup, LookupTerm, Per, Place, Reach, SearchSort};
use community_core::time::to_micros;
use community_core::{
    AccessRev, Audience, Directory, PostId, PostKind, PostView, Scope, State, Store, Topic, TopicId,
};
use pollster::block_on;

use crate::analysis::{Analyzer, Language, Token, detect};

/// A post with everything that it is found by.
pub(super) struct Doc {
    pub(super) topic: Topic,
    pub(super) view: PostView,
    language: Language,
    title: Vec<Token>,
    body: Vec<Token>,
    /// Labels and answers.
    others: Vec<Token>,
}

/// All posts of a store.
pub(super) fn everything(store: &dyn Store, own: Language) -> Vec<Doc> {
    let scope = Scope::system(AccessRev::default());
    let directory = block_on(store.directory()).unwrap();
    let mut docs = Vec::new();
    for community in directory.communities() {
        let rows = block_on(store.topics_by_id(community.id, None, 10_000, &scope)).unwrap();
        for row in scope.admit_all(rows) {
            let topic = row.into_inner().topic;
            let posts = block_on(store.posts_by_id(topic.id, None, 10_000, &scope)).unwrap();
            let posts: Vec<PostView> =
                scope.admit_all(posts).into_iter().map(|post| post.into_inner()).collect();
            for view in &posts {
                docs.push(doc(&directory, &topic, view, &posts, own));
            }
        }
    }
    docs
}

fn doc(
    directory: &Directory,
    topic: &Topic,
    view: &PostView,
    posts: &[PostView],
    own: Language,
) -> Doc {
    let is_opening = view.post.id == topic.opening;
    let title = if is_opening { topic.title.as_str() } else { "" };
    let language = if is_opening {
        detect(&format!("{title}\n{}", view.body), own)
    } else {
        detect(&view.body, own)
    };
    let analyzer = Analyzer::new(language);
    let mut others = Vec::new();
    if is_opening {
        for label in &topic.labels {
            let label = directory.label(topic.community, label).unwrap();
            if label.audience == Audience::Everyone {
                others.extend(analyzer.tokens(label.name.as_str()));
            }
        }
        let answers = posts.iter().filter(|view| {
            view.post.kind == PostKind::Answer && view.post.state == State::Published
        });
        for answer in answers {
            others.extend(Analyzer::new(detect(&answer.body, language)).tokens(&answer.body));
        }
    }
    Doc {
        topic: topic.clone(),
        view: view.clone(),
        language,
        title: analyzer.tokens(title),
        body: analyzer.tokens(&view.body),
        others,
    }
}

/// The languages of the content that are common.
pub(super) fn languages(docs: &[Doc]) -> Vec<Language> {
    let mut counts: BTreeMap<Language, usize> = BTreeMap::new();
    for doc in docs {
        *counts.entry(doc.language).or_default() += 1;
    }
    let mut counts: Vec<(usize, Language)> = counts.into_iter().map(|(l, n)| (n, l)).collect();
    counts.retain(|(count, _)| *count * 50 >= docs.len());
    counts.sort_by(|a, b| b.cmp(a));
    counts.into_iter().take(4).map(|(_, language)| language).collect()
}

/// The forms of a word by language, where it stands, what is typed, whether it is a stop word in
/// all and in any language.
struct Typed {
    position: usize,
    forms: BTreeMap<Language, BTreeSet<String>>,
    word: String,
    stop: bool,
    stop_in_any: bool,
}

fn typed(text: &str, languages: &[Language]) -> Vec<Typed> {
    let mut places: BTreeMap<usize, Vec<(Language, Token)>> = BTreeMap::new();
    for language in languages {
        for token in Analyzer::new(*language).query_tokens(text) {
            places.entry(token.span.start).or_default().push((*language, token));
        }
    }
    let word = |tokens: Vec<(Language, Token)>| {
        let mut forms: BTreeMap<Language, BTreeSet<String>> = BTreeMap::new();
        for (language, token) in &tokens {
            forms.entry(*language).or_default().insert(token.text.to_string());
        }
        Typed {
            position: tokens[0].1.position,
            forms,
            word: tokens[0].1.word.to_string(),
            stop: tokens.iter().all(|(_, token)| token.stop),
            stop_in_any: tokens.iter().any(|(_, token)| token.stop),
        }
    };
    places.into_values().map(word).collect()
}

/// One search over all posts.
pub(super) struct Naive<'a> {
    pub(super) docs: &'a [Doc],
    pub(super) languages: Vec<Language>,
    pub(super) lookup: &'a Lookup,
    pub(super) reach: &'a Reach<'a>,
}

impl Naive<'_> {
    /// All that match and may be seen.
    pub(super) fn found(&self) -> Vec<&Doc> {
        self.docs.iter().filter(|doc| self.may_see(doc) && self.matches(doc)).collect()
    }

    /// The hits in an order by a column.
    pub(super) fn hits(&self, sort: SearchSort, per: Per) -> Vec<(i64, PostId)> {
        let mut hits: Vec<(i64, PostId, TopicId)> = self
            .found()
            .iter()
            .map(|doc| {
                let is_opening = doc.view.post.id == doc.topic.opening;
                let created = to_micros(doc.view.post.created_at);
                let key = match sort {
                    SearchSort::Relevance | SearchSort::Newest => created,
                    SearchSort::Score => doc.view.post.score(),
                    SearchSort::Activity if is_opening => to_micros(doc.topic.counters.active_at),
                    SearchSort::Activity => created,
                };
                (key, doc.view.post.id, doc.topic.id)
            })
            .collect();
        hits.sort_by(|a, b| b.cmp(a));
        let mut seen = BTreeSet::new();
        hits.retain(|(_, _, topic)| per == Per::Post || seen.insert(*topic));
        hits.into_iter().map(|(key, post, _)| (key, post)).collect()
    }

    /// How many hits there are of those that are so.
    pub(super) fn count(&self, per: Per, is_so: impl Fn(&Doc) -> bool) -> u64 {
        let found = self.found().into_iter().filter(|doc| is_so(doc));
        match per {
            Per::Post => found.count() as u64,
            Per::Topic => found.map(|doc| doc.topic.id).collect::<BTreeSet<_>>().len() as u64,
        }
    }

    /// Each value's number is the number of hits with it.
    pub(super) fn facets(&self, per: Per) -> Counts {
        let found = self.found();
        let sorted = |doc: &&&Doc| doc.topic.answerable;
        Counts {
            labels: self.facet(
                per,
                found.iter().flat_map(|doc| {
                    let of = |label: &community_core::Slug| (doc.topic.community, label.clone());
                    doc.topic.labels.iter().map(of)
                }),
                |doc, (community, label)| {
                    self.reach.sees_label(*community, label)
                        && doc.topic.community == *community
                        && doc.topic.labels.contains(label)
                },
            ),
            channels: self.facet(
                per,
                found.iter().flat_map(|doc| self.reach.path(doc.topic.channel)),
                |doc, channel| self.reach.path(doc.topic.channel).any(|above| above == *channel),
            ),
            kinds: self.facet(per, found.iter().map(|doc| doc.topic.kind.clone()), |doc, kind| {
                doc.topic.kind == *kind
            }),
            authors: self.facet(
                per,
                found.iter().map(|doc| doc.view.post.author),
                |doc, author| doc.view.post.author == *author,
            ),
            years: self.facet(
                per,
                found.iter().map(|doc| doc.view.post.created_at.year()),
                |doc, year| doc.view.post.created_at.year() == *year,
            ),
            answered: self.facet(
                per,
                found.iter().filter(sorted).map(|doc| doc.topic.counters.answers > 0),
                |doc, answered| {
                    doc.topic.answerable && (doc.topic.counters.answers > 0) == *answered
                },
            ),
        }
    }

    fn facet<T: Ord>(
        &self,
        per: Per,
        values: impl Iterator<Item = T>,
        has: impl Fn(&Doc, &T) -> bool,
    ) -> Vec<(T, u64)> {
        let values: BTreeSet<T> = values.collect();
        let count = |value| {
            let count = self.count(per, |doc| has(doc, &value));
            (value, count)
        };
        let mut counts: Vec<(T, u64)> =
            values.into_iter().map(count).filter(|(_, count)| *count > 0).collect();
        counts.sort_by(|(a, of_a), (b, of_b)| of_b.cmp(of_a).then_with(|| a.cmp(b)));
        counts
    }

    fn may_see(&self, doc: &Doc) -> bool {
        let place = Stands {
            community: doc.topic.community,
            channel: doc.topic.channel,
            author: doc.topic.author,
            state: doc.topic.state,
        };
        self.reach.admits(place, doc.view.post.author, doc.view.post.state)
    }

    fn matches(&self, doc: &Doc) -> bool {
        let required = self.lookup.required.iter().all(|group| {
            let known: Vec<bool> = group.iter().filter_map(|term| self.term(doc, term)).collect();
            known.is_empty() || known.contains(&true)
        });
        let excluded = |term: &LookupTerm| self.term(doc, term) == Some(true);
        self.plain(doc) && required && !self.lookup.excluded.iter().any(excluded)
    }

    fn plain(&self, doc: &Doc) -> bool {
        let (mut words, mut starts) = (Vec::new(), Vec::new());
        for word in &self.lookup.words {
            if word.is_prefix() {
                let (before, start) = self.prefix(word.as_str());
                words.extend(before);
                starts.extend(start);
            } else {
                words.extend(typed(word.as_str(), &self.languages));
            }
        }
        if words.is_empty() && starts.is_empty() {
            return true;
        }
        let all_stop = words.iter().all(|word| word.stop);
        words.iter().any(|word| (all_stop || !word.stop) && self.word(doc, word, word.stop))
            || starts.iter().any(|start| self.begins(doc, start))
    }

    /// Whether a post has something; `None` if that asks for nothing.
    fn term(&self, doc: &Doc, term: &LookupTerm) -> Option<bool> {
        let post = &doc.view.post;
        let topic = &doc.topic;
        Some(match term {
            LookupTerm::Word(word) if word.is_prefix() => {
                let (before, start) = self.prefix(word.as_str());
                match start {
                    Some(start) => {
                        self.begins(doc, &start)
                            && before.iter().all(|word| self.word(doc, word, word.stop_in_any))
                    }
                    None => return self.side_by_side(doc, &before),
                }
            }
            LookupTerm::Word(word) => {
                return self.side_by_side(doc, &typed(word.as_str(), &self.languages));
            }
            LookupTerm::Phrase(phrase) => {
                return self.side_by_side(doc, &typed(phrase.as_str(), &self.languages));
            }
            LookupTerm::Label(labels) => labels.iter().any(|(community, label)| {
                topic.community == *community && topic.labels.contains(label)
            }),
            LookupTerm::Channel(channels) => channels.contains(&topic.channel),
            LookupTerm::Author(author) => *author == Some(post.author),
            LookupTerm::Kind(kind) => topic.kind == *kind,
            LookupTerm::Is(Is::Answered) => topic.answerable && topic.counters.answers > 0,
            LookupTerm::Is(Is::Unanswered) => topic.answerable && topic.counters.answers == 0,
            LookupTerm::Is(Is::Solved) => topic.counters.accepted > 0,
            LookupTerm::Is(Is::Official) => post.official.is_some(),
            LookupTerm::Is(Is::Corrected) => post.counters.corrections > 0,
            LookupTerm::Since(at) => post.created_at >= *at,
            LookupTerm::Until(at) => post.created_at < *at,
            LookupTerm::Language(code) => Language::from_tag(code.as_str()) == Some(doc.language),
        })
    }

    fn side_by_side(&self, doc: &Doc, words: &[Typed]) -> Option<bool> {
        match words {
            [] => None,
            [word] => Some(self.word(doc, word, word.stop_in_any)),
            words => Some(self.texts(doc).iter().any(|text| self.phrase(text, words))),
        }
    }

    fn phrase(&self, text: &[Token], words: &[Typed]) -> bool {
        let is_at = |language, at: usize| {
            words.iter().all(|word| {
                let forms = word.forms.get(language);
                let position = at + word.position - words[0].position;
                text.iter().any(|token| {
                    token.position == position
                        && forms.is_some_and(|forms| forms.contains(&*token.text))
                })
            })
        };
        let positions: Range<usize> = 0..text.last().map_or(0, |last| last.position + 1);
        self.languages.iter().any(|language| positions.clone().any(|at| is_at(language, at)))
    }

    fn word(&self, doc: &Doc, word: &Typed, as_stop_word: bool) -> bool {
        let forms: BTreeSet<&str> = word.forms.values().flatten().map(String::as_str).collect();
        let has = |tokens: &[Token]| tokens.iter().any(|token| forms.contains(&*token.text));
        let has_content =
            |tokens: &[Token]| tokens.iter().any(|t| !t.stop && forms.contains(&*t.text));
        match self.lookup.place {
            Place::Title => has(&doc.title),
            Place::Anywhere if as_stop_word => has(&doc.title) || has(&doc.body),
            // The languages may not agree on whether it is a stop word: in a title it counts.
            Place::Anywhere => {
                has(&doc.title) || has_content(&doc.body) || has_content(&doc.others)
            }
        }
    }

    fn prefix(&self, run: &str) -> (Vec<Typed>, Option<String>) {
        let mut words = typed(run, &self.languages);
        let Some(start) = words.last().map(|last| last.word.clone()) else { return (words, None) };
        let is_sign = start.chars().all(|c| ('\u{4e00}'..'\u{9fff}').contains(&c));
        if is_sign && start.chars().count() > 1 {
            return (words, None);
        }
        words.pop();
        let is_long = is_sign || start.chars().count() > 1;
        (words, is_long.then_some(start))
    }

    fn begins(&self, doc: &Doc, start: &str) -> bool {
        let begins = |token: &Token| token.word.starts_with(start);
        self.texts(doc).iter().any(|text| text.iter().any(begins))
    }

    fn texts<'d>(&self, doc: &'d Doc) -> Vec<&'d [Token]> {
        match self.lookup.place {
            Place::Title => vec![&doc.title],
            Place::Anywhere => vec![&doc.title, &doc.body],
        }
    }
}
