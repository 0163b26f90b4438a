//! How articles are kept: which documents there are, and in which lists they stand.

use community_core::time::to_micros;
use community_core::{
    Community, CommunityId, Document, DocumentId, DocumentKey, DocumentList, Error, MemberId,
    Result, Slug, Timestamp, VisitId,
};
use serde::{Deserialize, Serialize};

use crate::article::{Article, State, Version};
use crate::id::{ArticleId, CommentId, named};

/// Heads of articles.
pub(crate) const ARTICLES: &str = "articles";
/// Their versions.
pub(crate) const VERSIONS: &str = "article-versions";
/// What was said in reviews.
pub(crate) const COMMENTS: &str = "article-comments";
/// What readers said, one document for each reader and article.
pub(crate) const FEEDBACK: &str = "article-feedback";
/// How many readers said so.
pub(crate) const TALLIES: &str = "article-tallies";
/// The rules of a community.
pub(crate) const RULES: &str = "article-rules";

/// The lists in which articles stand.
pub(crate) mod list {
    /// By state, those that have been in it longest first.
    pub(crate) const STATE: &str = "by-state";
    /// Published ones, the newest publication first. So are those by channel, label and locale.
    pub(crate) const PUBLISHED: &str = "published";
    pub(crate) const CHANNEL: &str = "by-channel";
    pub(crate) const LABEL: &str = "by-label";
    pub(crate) const LOCALE: &str = "by-locale";
    /// By collection, in the order of their places.
    pub(crate) const COLLECTION: &str = "by-collection";
    /// The same from the last to the first.
    pub(crate) const COLLECTION_BACK: &str = "by-collection-back";
    /// By the topics that the version that readers see was made from, the newest article first.
    pub(crate) const SOURCE: &str = "by-source";
    /// By the original: itself first, then its translations, the oldest first.
    pub(crate) const ORIGINAL: &str = "by-original";
    /// Those about which there is a concern, the oldest concern first.
    pub(crate) const QUEUE: &str = "queue";
    /// By the time of the next review.
    pub(crate) const REVIEW: &str = "review";
    /// By the time at which an approved version is published.
    pub(crate) const SCHEDULE: &str = "schedule";
    /// By the topics that any version was made from, archived articles included: for the projection of
    /// the log, and for those at the desk.
    pub(crate) const WATCH: &str = "watch";
    /// Those in whose sources something may have happened unnoticed.
    pub(crate) const BEHIND: &str = "behind";
    /// Versions, comments and feedback of an article.
    pub(crate) const ARTICLE: &str = "by-article";
}

/// A list of documents of the knowledge base.
pub(crate) fn list(community: CommunityId, collection: &str, list: &str) -> Result<DocumentList> {
    Ok(DocumentList::new(community, Slug::new(collection)?, Slug::new(list)?))
}

/// The id under which an article is kept.
pub(crate) fn article_document(id: ArticleId) -> DocumentId {
    DocumentId::from_uuid(id.uuid())
}

/// The id under which a version is kept.
pub(crate) fn version_document(article: &Article, number: u32) -> DocumentId {
    version_of(article.id, article.created_at, number)
}

/// The same of an article that was begun at `created_at`.
pub(crate) fn version_of(article: ArticleId, created_at: Timestamp, number: u32) -> DocumentId {
    let name = format!("article {article} version {number}");
    DocumentId::from_uuid(named(created_at, &name))
}

/// The id under which a comment is kept.
pub(crate) fn comment_document(id: CommentId) -> DocumentId {
    DocumentId::from_uuid(id.uuid())
}

/// The id under which the tally of an article is kept.
pub(crate) fn tally_document(article: ArticleId, created_at: Timestamp) -> DocumentId {
    DocumentId::from_uuid(named(created_at, &format!("article {article} tally")))
}

/// The id under which the feedback of one reader is kept.
pub(crate) fn feedback_document(
    article: ArticleId,
    created_at: Timestamp,
    reader: Reader,
) -> DocumentId {
    let reader = match reader {
        Reader::Member(id) => format!("member {id}"),
        Reader::Visit(id) => format!("visit {id}"),
    };
    // The name does not end in digits that count: the last of an id would.
    let name = format!("article {article} {reader} feedback");
    DocumentId::from_uuid(named(created_at, &name))
}

/// The id under which the rules of a community are kept.
pub(crate) fn rules_document(community: &Community) -> DocumentId {
    DocumentId::from_uuid(named(community.created_at, &format!("rules of {}", community.id)))
}

/// Somebody who reads: each counts once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reader {
    /// A member.
    Member(MemberId),
    /// A visit of somebody without a name.
    Visit(VisitId),
}

/// The document of an article that is new.
pub(crate) fn new_article(article: &Article) -> Result<Document> {
    let id = article_document(article.id);
    let collection = Slug::new(ARTICLES)?;
    let document = Document::new(id, article.community, collection, article.created_at, article)?;
    Ok(document.with_keys(article_keys(article)?))
}

/// The document of an article that has changed.
pub(crate) fn changed_article(before: &Document, article: &Article) -> Result<Document> {
    Ok(before.clone().with_body(article)?.with_keys(article_keys(article)?))
}

/// The document of a version.
pub(crate) fn new_version(article: &Article, version: &Version) -> Result<Document> {
    let id = version_document(article, version.number);
    let collection = Slug::new(VERSIONS)?;
    let key = DocumentKey::new(Slug::new(list::ARTICLE)?, i64::from(version.number));
    let document = Document::new(id, article.community, collection, version.at, version)?;
    Ok(document.with_keys([key.within(article.id)]))
}

/// The lists in which an article stands.
fn article_keys(article: &Article) -> Result<Vec<DocumentKey>> {
    let mut keys = Vec::new();
    let mut add = |list: &str, group: &str, key: i64| -> Result<()> {
        keys.push(DocumentKey::new(Slug::new(list)?, key).within(group));
        Ok(())
    };
    // Longest first: lists go down.
    add(list::STATE, article.state.as_str(), -to_micros(article.since))?;
    for topic in article.sources.keys() {
        add(list::WATCH, &topic.to_string(), to_micros(article.created_at))?;
    }
    if !article.behind.is_empty() {
        add(list::BEHIND, "", to_micros(article.created_at))?;
    }
    if article.state == State::Archived {
        return Ok(keys);
    }
    let (original, key) = match article.original {
        Some(original) => (original, -to_micros(article.created_at)),
        None => (article.id, i64::MAX),
    };
    add(list::ORIGINAL, &original.to_string(), key)?;
    if let Some(version) = article.published.as_ref().or(article.scheduled.as_ref()) {
        let at = to_micros(version.at);
        add(list::PUBLISHED, "", at)?;
        add(list::CHANNEL, &article.channel.to_string(), at)?;
        add(list::LOCALE, article.locale.as_str(), at)?;
        for topic in article.sources_up_to(version.version) {
            add(list::SOURCE, &topic.to_string(), to_micros(article.created_at))?;
        }
        for label in &version.face.labels {
            add(list::LABEL, label.as_str(), at)?;
        }
        if let Some(shelf) = &article.shelf {
            let place = shelf.position.saturating_neg();
            add(list::COLLECTION, shelf.collection.as_str(), place)?;
            add(list::COLLECTION_BACK, shelf.collection.as_str(), shelf.position)?;
        }
    }
    if let Some(first) = article.concerns.first() {
        add(list::QUEUE, "", -to_micros(first.at))?;
    } else if let Some(at) = article.review_at.filter(|_| article.published.is_some()) {
        add(list::REVIEW, "", to_micros(at))?;
    }
    if let Some(next) = &article.scheduled {
        add(list::SCHEDULE, "", to_micros(next.at))?;
    }
    Ok(keys)
}

/// There is no such article, or not for this viewer.
pub(crate) fn no_article() -> Error {
    Error::NotFound("article")
}
