//! Articles as an index finds them: what readers see of them now, and who may find it.
//!
//! An article is found by the words of the version that readers see, and of no other. What a reader
//! has to see to find it is worked out by [`access`](crate::access), as it is for those who read it.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use community_core::{
    AccessRev, CommunityId, Document, DocumentId, Env, Event, EventKind, PostId, Result, Scope,
    Slug, Store, TopicId, Unchecked,
};
use community_search::analysis::Language;
use community_search::{Bound, Page, Pages, Weight};

use crate::access::{self, CitedPost, Sources};
use crate::article::{Article, Published, Version};
use crate::store::{self, list};
use crate::view::Tally;

/// Moves whenever the same articles give other pages.
const FORMAT: u32 = 1;

/// What an article counts as, beside the kinds of topics.
pub(crate) const KIND: &str = "article";

/// The articles of a store, for an index.
///
/// [`Knowledge::with_search`](crate::Knowledge::with_search) makes one; by itself it is for hosts that
/// run a [`Projection`](community_search::Projection) of their own.
#[derive(Debug, Clone)]
pub struct ArticlePages {
    env: Env,
}

impl ArticlePages {
    /// The articles of a store, read by this clock. A version that is scheduled is found once
    /// [`Knowledge::pump`](crate::Knowledge::pump) has written down that it is in force.
    #[must_use]
    pub fn new(env: Env) -> Self {
        Self { env }
    }

    /// The page of an article, as far as readers see anything of it.
    fn page(
        article: &Article,
        shown: &Published,
        version: Option<Version>,
        tally: Option<&Tally>,
        sources: &Sources,
    ) -> Option<Page> {
        let bounds = access::bounds(article, shown, sources)?;
        let bounds = bounds.into_iter().map(|CitedPost { place, author, state }| {
            // What stands there now; the index is told when that changes.
            Bound::post(place, author, state)
        });
        let content = version?.content;
        Some(Page {
            document: store::article_document(article.id),
            community: article.community,
            channel: article.channel,
            author: shown.authors.first().copied(),
            kind: Slug::new(KIND).ok()?,
            title: content.title.to_string(),
            body: content.text(),
            labels: content.labels,
            language: Language::from_tag(article.locale.as_str()),
            at: shown.at,
            // What readers said is for those who work on it.
            score: 0,
            weight: weight(tally),
            bounds: bounds.collect(),
        })
    }
}

/// How much an article counts beside others that fit as well, by what its readers said since its words
/// were last found right: `0.6 + 0.4 * (helpful + 3) / (helpful + unhelpful + 4)`.
///
/// The share of those whom it helped is drawn towards three quarters, which is what four readers weigh.
/// So one of whom nobody said anything has 0.9, one that helps everybody comes to 1, and one that helps
/// nobody to 0.6, which is less than [a topic](Weight::TOPIC) has.
pub(crate) fn weight(tally: Option<&Tally>) -> Weight {
    let signs = tally.map(|tally| tally.signs(0)).unwrap_or_default();
    let (helpful, all) = (signs.helpful + 3, signs.helpful + signs.unhelpful + 4);
    let thousandths = 600 + 400 * helpful / all;
    Weight::new(u16::try_from(thousandths).unwrap_or_default())
}

#[async_trait]
impl Pages for ArticlePages {
    fn format(&self) -> String {
        format!("articles {FORMAT}")
    }

    async fn touched(&self, store: &dyn Store, events: &[Event]) -> Result<BTreeSet<DocumentId>> {
        let mut documents = BTreeSet::new();
        let mut moved: BTreeSet<(CommunityId, TopicId)> = BTreeSet::new();
        for Event { event, .. } in events {
            match &event.kind {
                EventKind::DocumentChanged { collection, document, .. } => {
                    let known = [store::ARTICLES, store::VERSIONS, store::TALLIES];
                    documents.extend(known.contains(&collection.as_str()).then_some(*document));
                }
                // Where sources stand, and whether they are published, bounds who finds an article.
                EventKind::TopicMoved { .. }
                | EventKind::TopicStateChanged { .. }
                | EventKind::PostStateChanged { .. }
                | EventKind::PostErased { .. } => {
                    moved.extend(event.community.zip(event.topic));
                }
                _ => {}
            }
        }
        for (community, topic) in moved {
            documents.extend(made_from(store, community, topic).await?);
        }
        Ok(documents)
    }

    async fn read(
        &self,
        store: &dyn Store,
        documents: &[DocumentId],
    ) -> Result<Vec<(DocumentId, Option<Page>)>> {
        let now = self.env.now();
        let mut heads: BTreeMap<DocumentId, Option<Article>> = BTreeMap::new();
        let mut others: BTreeSet<DocumentId> = BTreeSet::new();
        for (id, document) in documents.iter().zip(read(store, documents).await?) {
            let of = |document: &Document, collection: &str| document.collection == *collection;
            match document {
                Some(document) if of(&document, store::TALLIES) => {
                    let tally: Option<Tally> = parsed(&document);
                    others.extend(tally.map(|tally| store::article_document(tally.article)));
                }
                // It may come behind its head.
                Some(document) if of(&document, store::VERSIONS) => {
                    let version: Option<Version> = parsed(&document);
                    others.extend(version.map(|version| store::article_document(version.article)));
                }
                document => {
                    heads.insert(*id, document.as_ref().and_then(head));
                }
            }
        }
        others.retain(|id| !heads.contains_key(id));
        let others: Vec<DocumentId> = others.into_iter().collect();
        for (id, document) in others.iter().zip(read(store, &others).await?) {
            heads.insert(*id, document.as_ref().and_then(head));
        }

        let shown: Vec<(&Article, &Published)> = heads
            .values()
            .flatten()
            .filter_map(|article| Some((article, article.shown(now)?)))
            .collect();
        let versions = shown.iter().map(|(article, shown)| {
            store::version_of(article.id, article.created_at, shown.version)
        });
        let versions = read(store, &versions.collect::<Vec<_>>()).await?;
        let tallies =
            shown.iter().map(|(article, _)| store::tally_document(article.id, article.created_at));
        let tallies = read(store, &tallies.collect::<Vec<_>>()).await?;
        let sources = sources(store, &shown).await?;
        let mut pages: BTreeMap<DocumentId, Page> = BTreeMap::new();
        for (((article, shown), version), tally) in shown.iter().zip(versions).zip(tallies) {
            let version = version.as_ref().and_then(parsed);
            let tally: Option<Tally> = tally.as_ref().and_then(parsed);
            let page = Self::page(article, shown, version, tally.as_ref(), &sources);
            pages.extend(page.map(|page| (page.document, page)));
        }
        Ok(heads.into_keys().map(|id| (id, pages.remove(&id))).collect())
    }
}

/// What a document says; nothing when it says something else than it should. One that came in by an
/// import, or from a later version, keeps no other from being found.
fn parsed<T: serde::de::DeserializeOwned>(document: &Document) -> Option<T> {
    document.read().ok()
}

/// The head of an article, under the id that it names.
fn head(document: &Document) -> Option<Article> {
    let is_article = document.collection == *store::ARTICLES;
    let article: Article = is_article.then(|| parsed(document))??;
    (store::article_document(article.id) == document.id).then_some(article)
}

/// Documents or items of other kinds in one read.
const BATCH: usize = 100;

/// The articles of which any version was made from a topic.
async fn made_from(
    store: &dyn Store,
    community: CommunityId,
    topic: TopicId,
) -> Result<BTreeSet<DocumentId>> {
    let scope = system();
    let list = store::list(community, store::ARTICLES, list::WATCH)?.within(topic);
    let (mut found, mut after) = (BTreeSet::new(), None);
    loop {
        let page = store.documents_in(&list, after, BATCH).await?;
        let is_last = page.len() < BATCH;
        for (position, document) in page {
            after = Some(position);
            found.extend(scope.admit(document).map(|document| document.id));
        }
        if is_last {
            return Ok(found);
        }
    }
}

async fn read(store: &dyn Store, ids: &[DocumentId]) -> Result<Vec<Option<Document>>> {
    let scope = system();
    let mut documents = Vec::with_capacity(ids.len());
    for some in ids.chunks(BATCH) {
        let found = store.documents(some).await?.into_iter();
        let open = |document: Option<Unchecked<Document>>| {
            scope.admit(document?).map(community_core::Visible::into_inner)
        };
        documents.extend(found.map(open));
    }
    Ok(documents)
}

/// Where everything stands now that readers of these articles have to see.
async fn sources(store: &dyn Store, shown: &[(&Article, &Published)]) -> Result<Sources> {
    let scope = system();
    let mut sources = Sources::default();
    let topics: BTreeSet<TopicId> =
        shown.iter().flat_map(|(article, _)| article.sources.keys().copied()).collect();
    let posts: BTreeSet<PostId> =
        shown.iter().flat_map(|(_, shown)| shown.face.cited.keys().copied()).collect();
    for some in topics.into_iter().collect::<Vec<_>>().chunks(BATCH) {
        for row in store.topics(some, &scope).await?.into_iter().flatten() {
            let row = scope.admit(row);
            sources.topics.extend(row.map(|row| (row.topic.id, row.topic.place())));
        }
    }
    for some in posts.into_iter().collect::<Vec<_>>().chunks(BATCH) {
        for view in store.posts(some, &scope).await?.into_iter().flatten() {
            sources.posts.extend(scope.admit(view).map(|view| {
                let (place, author, state) = (view.place, view.post.author, view.post.state);
                (view.post.id, CitedPost { place, author, state })
            }));
        }
    }
    Ok(sources)
}

/// An index shows nothing to anybody: who searches does so under a scope of their own.
fn system() -> Scope {
    Scope::system(AccessRev::default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ArticleId;

    fn tally(helpful: i64, unhelpful: i64) -> Tally {
        Tally { helpful, unhelpful, ..Tally::new(ArticleId::from_uuid(uuid::Uuid::nil())) }
    }

    #[test]
    fn what_readers_say_moves_the_weight_between_bounds() {
        assert_eq!(weight(None), Weight::new(900));
        assert_eq!(weight(Some(&tally(0, 0))), Weight::new(900));
        let weights = [(0, 1_000), (0, 4), (1, 1), (0, 0), (3, 0), (1_000, 0)];
        let weights: Vec<Weight> = weights.map(|(up, down)| weight(Some(&tally(up, down)))).into();
        assert!(weights.is_sorted(), "{weights:?}");
        assert!(weights[0] >= Weight::new(600) && weights[0] < Weight::TOPIC);
        assert!(weights[3] > Weight::TOPIC && weights[5] <= Weight::WHOLE);
    }

    #[test]
    fn what_was_said_before_its_words_were_found_right_is_past() {
        let mut settled = tally(0, 50);
        settled.settle();
        assert_eq!(weight(Some(&settled)), weight(None));
    }
}
