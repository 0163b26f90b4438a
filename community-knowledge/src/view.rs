//! What somebody is shown of the knowledge base. What of it a viewer sees is decided by
//! [`access`](crate::access); here it is applied to what is stored, and what is left is put together.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use community_core::extension::{DocumentView, Reading};
use community_core::{
    Action, ChannelId, CommunityId, Document, DocumentId, MemberId, PostId, Result, Rev, Slug,
    Timestamp, Title, TopicId, Visible,
};
use serde::{Deserialize, Serialize};

use crate::access::{self, CitedPost, Desk, Sources};
use crate::article::{
    Article, Confirmation, Face, Origin, Product, Published, Shelf, State, Version,
};
use crate::freshness::{Concern, ConcernKind};
use crate::id::{ArticleId, CommentId};
use crate::store::{self, Reader};
use crate::{Rules, limits};

/// An article as its readers see it, without its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ArticleView {
    /// The id.
    pub id: ArticleId,
    /// The community.
    pub community: CommunityId,
    /// The channel.
    pub channel: ChannelId,
    /// The title.
    pub title: Title,
    /// Whether it is published, stale or archived.
    pub state: State,
    /// The number of the version that is shown.
    pub version: u32,
    /// When that was published.
    pub published_at: Timestamp,
    /// The language.
    pub locale: Slug,
    /// The article that it translates, when that exists for the viewer.
    pub original: Option<ArticleId>,
    /// Where its first words come from.
    pub origin: Origin,
    /// The labels that exist for the viewer.
    pub labels: Vec<Slug>,
    /// The products.
    pub products: Vec<Product>,
    /// Who wrote versions of it, up to that one.
    pub authors: Vec<MemberId>,
    /// The topics that it was made from up to that version, as far as the viewer may read them.
    pub sources: BTreeSet<TopicId>,
    /// Its place in a collection.
    pub shelf: Option<Shelf>,
    /// Who last said that it still holds.
    pub confirmed: Option<Confirmation>,
    /// Where it leads, when it is archived and the viewer may go there.
    pub redirect: Option<ArticleId>,
    #[serde(skip)]
    created_at: Timestamp,
}

/// An article as those see it who work on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeskView {
    /// All of its head; labels and other articles that do not exist for the viewer are left out.
    pub article: Article,
    /// The revision of the head, which a reviewer names: nobody approves what has changed since.
    pub rev: Rev,
}

/// A version with its text. Provenance that the viewer may not follow is left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VersionView {
    /// The version.
    #[serde(flatten)]
    pub version: Version,
}

/// A comment on an article in review, and the reason that came with a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comment {
    /// Its id.
    pub id: CommentId,
    /// The article.
    pub article: ArticleId,
    /// The version that was the latest.
    pub version: u32,
    /// Who; `None` is the system.
    pub by: Option<MemberId>,
    /// When.
    pub at: Timestamp,
    /// What decision it came with: `comment` for none.
    pub on: Slug,
    /// The words.
    pub text: String,
}

/// What one reader said of an article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feedback {
    /// The article.
    pub article: ArticleId,
    /// Who.
    pub reader: Reader,
    /// The version that was read.
    pub version: u32,
    /// Whether it helped.
    pub helpful: bool,
    /// Why, in the reader's words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// How many readers said whether an article helped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// The article.
    pub article: ArticleId,
    /// Whom it helped.
    pub helpful: i64,
    /// Whom it did not help.
    pub unhelpful: i64,
    /// Whom it had helped when its words were last found right.
    #[serde(default)]
    pub helpful_before: i64,
    /// Whom it had not helped then.
    #[serde(default)]
    pub unhelpful_before: i64,
}

/// The rules of a community, for the crate alone.
#[derive(Debug, Clone)]
pub(crate) struct RulesView(pub(crate) Rules);

impl ArticleView {
    /// The document that holds the version that is shown.
    pub(crate) fn version_document(&self) -> DocumentId {
        store::version_of(self.id, self.created_at, self.version)
    }

    /// The document that holds its tally.
    pub(crate) fn tally_document(&self) -> DocumentId {
        store::tally_document(self.id, self.created_at)
    }

    /// The document that holds what a reader said of it.
    pub(crate) fn feedback_document(&self, reader: Reader) -> DocumentId {
        store::feedback_document(self.id, self.created_at, reader)
    }

    fn new(article: Article, reading: &Reading, sources: &Sources) -> Option<Self> {
        let now = reading.now();
        let scope = reading.scope();
        let is_archived = article.state == State::Archived;
        let shown = shown_to_readers(&article, now)?;
        if !access::is_readable(&article, shown, scope, sources) {
            return None;
        }
        let seen = |topic: &TopicId| {
            let place = sources.topics.get(topic);
            place.is_some_and(|place| scope.admits(*place, place.author, place.state))
        };
        // What happens to a newer version is no affair of readers, and what happens in a topic that
        // was released no affair of those who may not read it.
        let topics: BTreeSet<TopicId> =
            article.sources_up_to(shown.version).filter(|topic| seen(topic)).collect();
        let known = |concern: &Concern| {
            let of_shown = |post: &PostId| {
                concern.kind == ConcernKind::OtherAnswer || shown.face.cited.contains_key(post)
            };
            concern.topic.is_none_or(|topic| topics.contains(&topic))
                && concern.post.as_ref().is_none_or(of_shown)
        };
        let state = if is_archived {
            State::Archived
        } else if article.doubts(now).any(known) {
            State::Stale
        } else {
            State::Published
        };
        let (version, published_at) = (shown.version, shown.at);
        let authors = shown.authors.clone();
        let Face { title, labels, products, cited: _ } = shown.face.clone();
        let Article {
            id,
            community,
            channel,
            state: _,
            since: _,
            locale,
            original,
            origin,
            authors: _,
            latest: _,
            face: _,
            published: _,
            scheduled: _,
            shelf,
            sources: _,
            released: _,
            concerns: _,
            confirmed,
            review_at: _,
            redirect,
            behind: _,
            created_at,
        } = article;
        Some(Self {
            id,
            community,
            channel,
            title,
            state,
            version,
            published_at,
            locale,
            original,
            origin,
            labels: seen_labels(labels, community, reading),
            products,
            authors,
            sources: topics,
            shelf,
            confirmed,
            redirect: redirect.filter(|_| is_archived),
            created_at,
        })
    }
}

#[async_trait]
impl DocumentView for ArticleView {
    const COLLECTION: &'static str = store::ARTICLES;
    const WHAT: &'static str = "article";

    async fn open(documents: Vec<Document>, reading: &Reading) -> Result<Vec<Option<Self>>> {
        let articles: Vec<Article> = documents.iter().map(Document::read).collect::<Result<_>>()?;
        let sources = sources_of_readers(reading, &articles).await?;
        let mut opened: Vec<Option<Self>> =
            articles.into_iter().map(|article| Self::new(article, reading, &sources)).collect();
        let views = || opened.iter().flatten();
        let others = views().flat_map(|view| [view.redirect, view.original]).flatten();
        let known = known(reading, others.collect()).await?;
        for slot in &mut opened {
            // An archived article is no more than where it leads.
            let is_led = |view: &Self| view.redirect.is_none_or(|id| known.contains(&id));
            *slot = slot.take().filter(is_led);
            if let Some(view) = slot {
                view.original = view.original.filter(|id| known.contains(id));
            }
        }
        Ok(opened)
    }
}

/// An article that exists for the viewer, as a reader or at the desk: its id may be named.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known(pub(crate) ArticleId);

#[async_trait]
impl DocumentView for Known {
    const COLLECTION: &'static str = store::ARTICLES;
    const WHAT: &'static str = "article";

    async fn open(documents: Vec<Document>, reading: &Reading) -> Result<Vec<Option<Self>>> {
        let articles: Vec<Article> = documents.iter().map(Document::read).collect::<Result<_>>()?;
        let sources = sources_of_readers(reading, &articles).await?;
        let is_known = |article: &Article| {
            let shown = shown_to_readers(article, reading.now());
            shown
                .is_some_and(|shown| access::is_readable(article, shown, reading.scope(), &sources))
                || is_at_desk(article, reading, &sources)
        };
        Ok(articles.iter().map(|article| is_known(article).then_some(Self(article.id))).collect())
    }
}

/// Those of some articles that exist for the viewer.
async fn known(reading: &Reading, ids: BTreeSet<ArticleId>) -> Result<BTreeSet<ArticleId>> {
    let known = views(reading, ids, |known: &Known| known.0).await?;
    Ok(known.into_keys().collect())
}

/// The version of an article that readers see, or by which they are led on.
fn shown_to_readers(article: &Article, now: Timestamp) -> Option<&Published> {
    let leads_on = article.state == State::Archived && article.redirect.is_some();
    article.shown(now).or(article.published.as_ref().filter(|_| leads_on))
}

/// Where the sources stand of what readers see.
async fn sources_of_readers(reading: &Reading, articles: &[Article]) -> Result<Sources> {
    let now = reading.now();
    let shown = articles.iter().filter_map(|article| shown_to_readers(article, now));
    sources(reading, articles, shown.map(|shown| &shown.face)).await
}

#[async_trait]
impl DocumentView for DeskView {
    const COLLECTION: &'static str = store::ARTICLES;
    const WHAT: &'static str = "article";

    async fn open(documents: Vec<Document>, reading: &Reading) -> Result<Vec<Option<Self>>> {
        let articles: Vec<Article> = documents.iter().map(Document::read).collect::<Result<_>>()?;
        let sources = sources(reading, &articles, std::iter::empty()).await?;
        let at_desk = |article: &Article| is_at_desk(article, reading, &sources);
        let others = articles.iter().filter(|article| at_desk(article));
        let others = others.flat_map(|article| [article.redirect, article.original]).flatten();
        let known = known(reading, others.collect()).await?;
        let opened = articles.into_iter().zip(documents).map(|(mut article, document)| {
            if !at_desk(&article) {
                return None;
            }
            article.redirect = article.redirect.filter(|id| known.contains(id));
            article.original = article.original.filter(|id| known.contains(id));
            let community = article.community;
            let faces = [&mut article.published, &mut article.scheduled].into_iter().flatten();
            let faces = faces.map(|version| &mut version.face);
            for face in faces.chain(std::iter::once(&mut article.face)) {
                face.labels = seen_labels(std::mem::take(&mut face.labels), community, reading);
            }
            Some(Self { article, rev: document.rev })
        });
        Ok(opened.collect())
    }
}

#[async_trait]
impl DocumentView for VersionView {
    const COLLECTION: &'static str = store::VERSIONS;
    const WHAT: &'static str = "version";

    async fn open(documents: Vec<Document>, reading: &Reading) -> Result<Vec<Option<Self>>> {
        let versions: Vec<Version> = documents.iter().map(Document::read).collect::<Result<_>>()?;
        let ids = versions.iter().map(|version| version.article);
        let read: BTreeMap<ArticleId, ArticleView> =
            views(reading, ids.clone(), |view: &ArticleView| view.id).await?;
        let desks: BTreeMap<ArticleId, DeskView> =
            views(reading, ids, |view: &DeskView| view.article.id).await?;
        let mut opened = Vec::with_capacity(versions.len());
        for (mut version, document) in versions.into_iter().zip(documents) {
            let at_desk = desks.contains_key(&version.article);
            let is_shown = read.get(&version.article).is_some_and(|view| {
                view.version == version.number && view.state != State::Archived
            });
            if !at_desk && !is_shown {
                opened.push(None);
                continue;
            }
            let content = &mut version.content;
            content.labels =
                seen_labels(std::mem::take(&mut content.labels), document.community, reading);
            if !at_desk {
                let posts: Vec<PostId> = content.posts().into_iter().collect();
                let seen = seen_posts(reading, &posts).await?;
                let blocks = content.sections.iter_mut().flat_map(|s| &mut s.blocks);
                for block in blocks {
                    block.source = block.source.take().filter(|source| seen.contains(&source.post));
                }
            }
            opened.push(Some(Self { version }));
        }
        Ok(opened)
    }
}

/// What the version that is shown of an article says, for the crate alone: asked for versions by the
/// [document](ArticleView::version_document) of a view that the same reading has admitted.
#[derive(Debug, Clone)]
pub(crate) struct ShownText(pub(crate) String);

#[async_trait]
impl DocumentView for ShownText {
    const COLLECTION: &'static str = store::VERSIONS;
    const WHAT: &'static str = "version";

    async fn open(documents: Vec<Document>, _reading: &Reading) -> Result<Vec<Option<Self>>> {
        let texts = documents.iter().map(|document| {
            let version: Version = document.read()?;
            Ok(Some(Self(version.content.text())))
        });
        texts.collect()
    }
}

#[async_trait]
impl DocumentView for Comment {
    const COLLECTION: &'static str = store::COMMENTS;
    const WHAT: &'static str = "comment";

    async fn open(documents: Vec<Document>, reading: &Reading) -> Result<Vec<Option<Self>>> {
        at_desk_only(documents, reading, |comment: &Self| comment.article).await
    }
}

#[async_trait]
impl DocumentView for Feedback {
    const COLLECTION: &'static str = store::FEEDBACK;
    const WHAT: &'static str = "feedback";

    async fn open(documents: Vec<Document>, reading: &Reading) -> Result<Vec<Option<Self>>> {
        at_desk_only(documents, reading, |feedback: &Self| feedback.article).await
    }
}

#[async_trait]
impl DocumentView for Tally {
    const COLLECTION: &'static str = store::TALLIES;
    const WHAT: &'static str = "tally";

    async fn open(documents: Vec<Document>, reading: &Reading) -> Result<Vec<Option<Self>>> {
        at_desk_only(documents, reading, |tally: &Self| tally.article).await
    }
}

#[async_trait]
impl DocumentView for RulesView {
    const COLLECTION: &'static str = store::RULES;
    const WHAT: &'static str = "rules";

    // They leave the crate for those who manage the community only, see `Knowledge::rules`.
    async fn open(documents: Vec<Document>, _reading: &Reading) -> Result<Vec<Option<Self>>> {
        documents.iter().map(|document| Ok(Some(Self(document.read()?)))).collect()
    }
}

/// What belongs to articles, for those who work on them.
async fn at_desk_only<T: serde::de::DeserializeOwned>(
    documents: Vec<Document>,
    reading: &Reading,
    article: impl Fn(&T) -> ArticleId + Sync,
) -> Result<Vec<Option<T>>> {
    let found: Vec<T> = documents.iter().map(Document::read).collect::<Result<_>>()?;
    let ids: Vec<ArticleId> = found.iter().map(&article).collect();
    let desks: BTreeMap<ArticleId, DeskView> =
        views(reading, ids, |view: &DeskView| view.article.id).await?;
    let seen = |item: &T| desks.contains_key(&article(item));
    Ok(found.into_iter().map(|item| Some(item).filter(seen)).collect())
}

/// Views of articles, as far as the viewer sees them.
async fn views<V: DocumentView>(
    reading: &Reading,
    articles: impl IntoIterator<Item = ArticleId>,
    id: impl Fn(&V) -> ArticleId,
) -> Result<BTreeMap<ArticleId, V>> {
    let ids: BTreeSet<ArticleId> = articles.into_iter().collect();
    let ids: Vec<DocumentId> = ids.into_iter().map(store::article_document).collect();
    let mut found = BTreeMap::new();
    for some in ids.chunks(page(reading)) {
        let some = reading.documents::<V>(some).await?.into_iter().flatten();
        found.extend(some.map(Visible::into_inner).map(|view| (id(&view), view)));
    }
    Ok(found)
}

/// Those of some posts that the viewer may read.
pub(crate) async fn seen_posts(reading: &Reading, posts: &[PostId]) -> Result<BTreeSet<PostId>> {
    let sources = places(reading, [], posts.to_vec()).await?;
    let seen = |post: &CitedPost| reading.scope().admits(post.place, post.author, post.state);
    Ok(sources.posts.into_iter().filter(|(_, post)| seen(post)).map(|(id, _)| id).collect())
}

/// Whether the viewer sees the work on an article.
pub(crate) fn is_at_desk(article: &Article, reading: &Reading, sources: &Sources) -> bool {
    let holds = |action| reading.holds(&action, article.community, Some(article.channel));
    let desk = Desk {
        drafts: holds(Action::Draft),
        reviews: holds(Action::Review) || holds(Action::Manage),
    };
    access::is_at_desk(article, reading.scope(), desk, sources)
}

/// Where the sources of articles stand, and the posts that some of their versions cite.
pub(crate) async fn sources(
    reading: &Reading,
    articles: &[Article],
    faces: impl Iterator<Item = &Face>,
) -> Result<Sources> {
    let topics: BTreeSet<TopicId> =
        articles.iter().flat_map(|article| article.sources.keys().copied()).collect();
    let posts: BTreeSet<PostId> = faces.flat_map(|face| face.cited.keys().copied()).collect();
    places(reading, topics, posts.into_iter().collect()).await
}

async fn places(
    reading: &Reading,
    topics: impl IntoIterator<Item = TopicId>,
    posts: Vec<PostId>,
) -> Result<Sources> {
    let mut sources = Sources::default();
    let topics: Vec<TopicId> = topics.into_iter().collect();
    for some in topics.chunks(page(reading)) {
        let places = reading.places(some).await?;
        let known = some.iter().zip(places).filter_map(|(id, place)| Some((*id, place?)));
        sources.topics.extend(known);
    }
    for some in posts.chunks(page(reading)) {
        let places = reading.post_places(some).await?;
        let known = some.iter().zip(places).filter_map(|(id, found)| {
            let (place, post) = found?;
            Some((*id, CitedPost { place, author: post.author, state: post.state }))
        });
        sources.posts.extend(known);
    }
    Ok(sources)
}

/// How many things may be asked for at once.
pub(crate) fn page(reading: &Reading) -> usize {
    reading.env().limits().page.max(1)
}

fn seen_labels(labels: Vec<Slug>, community: CommunityId, reading: &Reading) -> Vec<Slug> {
    let seen = |label: &Slug| reading.scope().sees_label(community, label);
    labels.into_iter().filter(seen).collect()
}

impl Tally {
    /// A tally of nobody.
    pub(crate) fn new(article: ArticleId) -> Self {
        Self { article, helpful: 0, unhelpful: 0, helpful_before: 0, unhelpful_before: 0 }
    }

    /// Counts a reader, or takes one back.
    pub(crate) fn count(&mut self, helpful: bool, step: i64) {
        let count = if helpful { &mut self.helpful } else { &mut self.unhelpful };
        *count += step;
    }

    /// Begins to count anew what came since the words were found right.
    pub(crate) fn settle(&mut self) {
        self.helpful_before = self.helpful;
        self.unhelpful_before = self.unhelpful;
    }

    /// Signs for the freshness of the article.
    #[must_use]
    pub fn signs(&self, source_views: i64) -> crate::freshness::Signs {
        crate::freshness::Signs {
            source_views,
            helpful: (self.helpful - self.helpful_before).max(0),
            unhelpful: (self.unhelpful - self.unhelpful_before).max(0),
        }
    }
}

impl Comment {
    /// Checks the words of a comment.
    pub(crate) fn check(text: &str, reading: &Reading) -> Result<()> {
        reading.env().limits().check_body(text)?;
        limits::at_most(text.len(), limits::COMMENT, "bytes in one comment")
    }
}
