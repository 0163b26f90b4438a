//! The search contract as the dullest program that fulfils it.

mod texts;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use chrono::Datelike;
use community_core::search::{
    Count, Counts, Find, Found, Hit, IndexError, IndexState, IndexStatus, Is, Lookup, LookupTerm,
    Per, Place, Reach, Sample, SearchIndex, SearchSort, Total, Wanted,
};
use community_core::store::PostView;
use community_core::time::to_micros;
use community_core::{
    AccessRev, Audience, Directory, PostKind, Scope, Seq, State, Store, StoreError, Topic,
    Unchecked,
};

pub(crate) use texts::{Texts, is_typed, places, words};

/// An index without an index: it reads the whole store for each search.
///
/// It is never behind. It knows no language and no typos, and nothing of relevance: what is sorted
/// by it comes newest first. For tests of what stands around an index, and to compare one with.
///
/// ```
/// use std::sync::{Arc, Mutex, PoisonError};
/// use community_core::{Engine, Env, SearchQuery};
/// use community_testkit::{ModelStore, NaiveIndex};
///
/// # pollster::block_on(async {
/// let store = Arc::new(ModelStore::new());
/// let index = Arc::new(NaiveIndex::new(store.clone()));
/// let engine = Engine::with_index(store, Env::default(), index);
/// assert!(engine.anonymous().search(&SearchQuery::everywhere("bike")).await?.hits.is_empty());
/// # Ok::<(), community_core::Error>(()) }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct NaiveIndex {
    store: Arc<dyn Store>,
    /// What was read last, and how long the log was then.
    read: Arc<Mutex<Option<(Seq, Documents)>>>,
}

type Documents = Arc<Vec<Document>>;

impl NaiveIndex {
    /// An index of this store.
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store, read: Arc::default() }
    }

    /// Every post of the store, with its topic and its texts.
    async fn documents(&self) -> Result<Documents, StoreError> {
        let head = self.store.head().await?;
        let kept = self.read.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((_, documents)) = kept.filter(|(seq, _)| *seq == head) {
            return Ok(documents);
        }
        let directory = self.store.directory().await?;
        let documents = Arc::new(self.read_documents(&directory).await?);
        let read = Some((head, Arc::clone(&documents)));
        *self.read.lock().unwrap_or_else(PoisonError::into_inner) = read;
        Ok(documents)
    }

    async fn read_documents(&self, directory: &Directory) -> Result<Vec<Document>, StoreError> {
        let scope = Scope::system(AccessRev::default());
        let mut documents = Vec::new();
        for community in directory.communities() {
            let mut after = None;
            loop {
                let rows = self.store.topics_by_id(community.id, after, PAGE, &scope).await?;
                let rows = scope.admit_all(rows);
                let Some(last) = rows.last() else { break };
                after = Some(last.topic.id);
                for row in rows {
                    let posts = self.posts(&row.topic, &scope).await?;
                    documents.extend(posts.iter().map(|view| {
                        let texts = texts_of(&row.topic, view, &posts, directory);
                        Document { topic: row.topic.clone(), view: view.clone(), texts }
                    }));
                }
            }
        }
        Ok(documents)
    }

    async fn posts(&self, topic: &Topic, scope: &Scope) -> Result<Vec<PostView>, StoreError> {
        let mut posts = Vec::new();
        let mut after = None;
        loop {
            let page: Vec<Unchecked<PostView>> =
                self.store.posts_by_id(topic.id, after, PAGE, scope).await?;
            let page = scope.admit_all(page);
            let Some(last) = page.last() else { return Ok(posts) };
            after = Some(last.post.id);
            posts.extend(page.into_iter().map(community_core::Visible::into_inner));
        }
    }
}

const PAGE: usize = 100;

#[derive(Debug)]
struct Document {
    topic: Topic,
    view: PostView,
    texts: Texts,
}

#[async_trait]
impl SearchIndex for NaiveIndex {
    async fn find(&self, request: &Find<'_>) -> Result<Found, IndexError> {
        let Find { wanted, reach, sort, per, top, count } = *request;
        let documents = self.documents().await.map_err(IndexError::failed)?;
        let fits = |document: &&Document| document.is_within(reach) && document.fits(wanted);
        let fitting: Vec<&Document> = documents.iter().filter(fits).collect();
        let hits = hits(&fitting, sort, per);
        let all = u64::try_from(hits.len()).unwrap_or(u64::MAX);
        Ok(Found {
            more: hits.len() > top,
            hits: hits.into_iter().take(top).collect(),
            typos: false,
            total: (count != Count::Nothing).then_some(Total { count: all, exact: true }),
            facets: match count {
                Count::Facets { most: _, values } => Some(facets(&fitting, reach, per, values)),
                Count::Nothing | Count::Total { .. } => None,
            },
        })
    }

    fn marks(&self, wanted: &Wanted, texts: &[&str]) -> Vec<Vec<Range<usize>>> {
        let Wanted::Expr(lookup) = wanted else { return vec![Vec::new(); texts.len()] };
        let typed: Vec<String> =
            lookup.words.iter().flat_map(|word| words(word.as_str())).collect();
        let is_typed = |word: &str| typed.contains(&word.to_lowercase());
        let marks = |text: &str| {
            let at = places(text).into_iter();
            at.filter(|at| text.get(at.clone()).is_some_and(is_typed)).collect()
        };
        texts.iter().map(|text| marks(text)).collect()
    }

    fn wake(&self) {}

    async fn wait_for(&self, _seq: Seq) -> Result<(), IndexError> {
        Ok(())
    }

    async fn rebuild(&self) -> Result<(), IndexError> {
        Ok(())
    }

    fn status(&self) -> IndexStatus {
        let state = IndexState::Ready;
        IndexStatus { state, seq: None, lag: 0, documents: 0, bytes: 0, failure: None }
    }
}

/// The texts by which a post is found.
fn texts_of(topic: &Topic, view: &PostView, posts: &[PostView], directory: &Directory) -> Texts {
    let body = words(&view.body);
    if view.post.id != topic.opening {
        return Texts { body, ..Texts::default() };
    }
    let labels = topic.labels.iter().filter_map(|key| directory.label(topic.community, key));
    let labels = labels.filter(|label| label.audience == Audience::Everyone);
    let answers = posts
        .iter()
        .filter(|view| view.post.kind == PostKind::Answer && view.post.state == State::Published);
    Texts {
        title: words(topic.title.as_str()),
        body,
        others: labels
            .map(|label| words(label.name.as_str()))
            .chain(answers.map(|view| words(&view.body)))
            .collect(),
    }
}

impl Document {
    fn is_within(&self, reach: &Reach<'_>) -> bool {
        let post = &self.view.post;
        reach.admits(self.topic.place(), post.author, post.state)
    }

    fn fits(&self, wanted: &Wanted) -> bool {
        match wanted {
            Wanted::Expr(lookup) => self.fits_lookup(lookup),
            Wanted::Like(Sample { title, body, except, .. }) => {
                let sample: Vec<String> = words(title).into_iter().chain(words(body)).collect();
                self.view.post.id == self.topic.opening
                    && *except != Some(self.topic.id)
                    && self.texts.share_a_word(&sample)
            }
        }
    }

    fn fits_lookup(&self, lookup: &Lookup) -> bool {
        let Lookup { words, quoted, required, excluded, place, .. } = lookup;
        let has = |term: &LookupTerm| self.has(term, *place);
        let has_word = self.texts.have_one_of(words, quoted, *place);
        let has_required = required.iter().all(|group| {
            let mut typed = group.iter().filter(|term| is_looked_for(term)).peekable();
            typed.peek().is_none() || typed.any(has)
        });
        has_word && has_required && !excluded.iter().any(has)
    }

    fn has(&self, term: &LookupTerm, place: Place) -> bool {
        let Self { topic, view, texts } = self;
        match term {
            LookupTerm::Word(word) => texts.have_word(word, place),
            LookupTerm::Phrase(phrase) => texts.have_phrase(phrase, place),
            LookupTerm::Label(labels) => labels.iter().any(|(community, label)| {
                *community == topic.community && topic.labels.contains(label)
            }),
            LookupTerm::Channel(channels) => channels.contains(&topic.channel),
            LookupTerm::Author(author) => *author == Some(view.post.author),
            LookupTerm::Kind(kind) => *kind == topic.kind,
            LookupTerm::Is(is) => match is {
                Is::Answered => topic.answerable && topic.counters.answers > 0,
                Is::Unanswered => topic.answerable && topic.counters.answers == 0,
                Is::Solved => topic.counters.accepted > 0,
                Is::Official => view.post.official.is_some(),
                Is::Corrected => view.post.counters.corrections > 0,
            },
            LookupTerm::Since(moment) => view.post.created_at >= *moment,
            LookupTerm::Until(moment) => view.post.created_at < *moment,
            // It knows no language.
            LookupTerm::Language(_) => false,
        }
    }
}

fn is_looked_for(term: &LookupTerm) -> bool {
    match term {
        LookupTerm::Word(word) => is_typed(word.as_str()),
        LookupTerm::Phrase(phrase) => is_typed(phrase.as_str()),
        _ => true,
    }
}

fn hits(documents: &[&Document], sort: SearchSort, per: Per) -> Vec<Hit> {
    let hit = |document: &Document| {
        let Document { topic, view, .. } = document;
        let is_opening = view.post.id == topic.opening;
        let key = match sort {
            SearchSort::Relevance | SearchSort::Newest => to_micros(view.post.created_at),
            SearchSort::Score => view.post.score(),
            SearchSort::Activity if is_opening => to_micros(topic.counters.active_at),
            SearchSort::Activity => to_micros(view.post.created_at),
        };
        Hit { topic: topic.id, post: view.post.id, key }
    };
    let mut hits: Vec<Hit> = documents.iter().copied().map(hit).collect();
    hits.sort_by_key(|hit| std::cmp::Reverse((hit.key, hit.post)));
    let mut seen = BTreeSet::new();
    hits.retain(|hit| per == Per::Post || seen.insert(hit.topic));
    hits
}

fn facets(documents: &[&Document], reach: &Reach<'_>, per: Per, values: usize) -> Counts {
    let labels = |document: &Document| {
        let community = document.topic.community;
        let seen = document.topic.labels.iter().filter(|label| reach.sees_label(community, label));
        seen.map(|label| (community, label.clone())).collect()
    };
    let answered = |document: &Document| {
        let topic = &document.topic;
        topic.answerable.then_some(topic.counters.answers > 0).into_iter().collect()
    };
    Counts {
        labels: counted(documents, per, values, labels),
        channels: counted(documents, per, values, |document| {
            reach.path(document.topic.channel).collect()
        }),
        kinds: counted(documents, per, values, |document| vec![document.topic.kind.clone()]),
        authors: counted(documents, per, values, |document| vec![document.view.post.author]),
        years: counted(documents, per, values, |document| {
            vec![document.view.post.created_at.year()]
        }),
        answered: counted(documents, per, values, answered),
    }
}

/// How many hits have each value, most frequent first.
fn counted<T: Ord + Clone>(
    documents: &[&Document],
    per: Per,
    most: usize,
    values: impl Fn(&Document) -> Vec<T>,
) -> Vec<(T, u64)> {
    let mut hits: BTreeMap<T, BTreeSet<uuid::Uuid>> = BTreeMap::new();
    for document in documents {
        let id = match per {
            Per::Topic => document.topic.id.uuid(),
            Per::Post => document.view.post.id.uuid(),
        };
        for value in values(document) {
            hits.entry(value).or_default().insert(id);
        }
    }
    let counts = hits.into_iter().map(|(value, hits)| (value, hits.len()));
    let mut counts: Vec<(T, u64)> =
        counts.map(|(value, count)| (value, u64::try_from(count).unwrap_or(u64::MAX))).collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts.truncate(most);
    counts
}
