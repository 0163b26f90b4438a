//! Reading articles, and the work on them.

use community_core::diff::Change;
use community_core::extension::{DocumentView, Reading};
use community_core::query::{Cursor, CursorError, Position};
use community_core::{
    Action, CommunityId, DocumentList, Error as Refused, Page, Session, Slug, TopicId, Viewer,
    Visible,
};
use serde::Serialize;

use super::Knowledge;
use crate::article::{Shelf, State, changes};
use crate::error::Result;
use crate::id::ArticleId;
use crate::store::{self, list};
use crate::view::{self, ArticleView, Comment, DeskView, VersionView};

/// Which articles are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArticleQuery {
    /// The key of the community.
    pub community: Slug,
    /// Which of its articles.
    pub by: By,
    /// Articles a page; `None` is 20.
    pub limit: Option<usize>,
    /// The cursor of the page before.
    pub after: Option<String>,
}

/// What published articles are found by. Lists go by the latest publication first, unless something
/// else is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum By {
    /// All of them.
    All,
    /// The key of the channel that they stand in.
    Channel(Slug),
    /// A label.
    Label(Slug),
    /// A language.
    Locale(Slug),
    /// A collection, in its own order.
    Collection(Slug),
    /// A topic that they were made from, the newest article first.
    Source(TopicId),
    /// The article that they translate: itself first, then the oldest translation.
    Original(ArticleId),
}

impl ArticleQuery {
    /// The first page of all articles of a community.
    #[must_use]
    pub fn all(community: Slug) -> Self {
        Self { community, by: By::All, limit: None, after: None }
    }

    /// The first page of those that are found by something.
    #[must_use]
    pub fn by(community: Slug, by: By) -> Self {
        Self { by, ..Self::all(community) }
    }
}

/// An article with its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ArticlePage {
    /// The article.
    pub article: Visible<ArticleView>,
    /// The version that readers see.
    pub version: Visible<VersionView>,
    /// The archived articles by which the viewer was led here, the one asked for first.
    pub redirected: Vec<ArticleId>,
}

/// The articles before and after one in its collection.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Neighbours {
    /// The one before.
    pub previous: Option<Visible<ArticleView>>,
    /// The one after.
    pub next: Option<Visible<ArticleView>>,
}

/// So many archived articles lead on to each other, at most.
const MOST_REDIRECTS: usize = 8;

impl Knowledge {
    /// An article as its readers see it, with its text. An archived one leads to the article that it
    /// was archived for.
    ///
    /// # Errors
    /// [`NotFound`](Refused::NotFound) when there is none for this viewer.
    pub async fn article(&self, session: &Session, id: ArticleId) -> Result<ArticlePage> {
        Ok(session
            .read_extension(async |reading| {
                let mut id = id;
                let mut redirected = Vec::new();
                loop {
                    let found = store::article_document(id);
                    let article = reading.document::<ArticleView>(found).await?;
                    if let Some(next) = article.redirect {
                        if redirected.len() == MOST_REDIRECTS {
                            return Err(store::no_article());
                        }
                        redirected.push(id);
                        id = next;
                        continue;
                    }
                    let version = reading.document::<VersionView>(article.version_document()).await;
                    let version = version.map_err(as_article)?;
                    return Ok(ArticlePage { article, version, redirected });
                }
            })
            .await?)
    }

    /// A page of published articles, as far as the viewer may read them.
    ///
    /// # Errors
    /// [`NotFound`](Refused::NotFound) for a community or channel that is not there for the viewer;
    /// [`Invalid`](Refused::Invalid) for a cursor of another list; [`Limit`](Refused::Limit).
    pub async fn articles(
        &self,
        session: &Session,
        query: &ArticleQuery,
    ) -> Result<Page<Visible<ArticleView>>> {
        Ok(session
            .read_extension(async |reading| {
                let list = list_of(&reading, query)?;
                if let By::Original(id) = query.by {
                    let known = [store::article_document(id)];
                    if reading.documents::<view::Known>(&known).await?.iter().all(Option::is_none) {
                        // No different from an article that nobody translates.
                        return Ok(Page { items: Vec::new(), next: None });
                    }
                }
                reading.documents_in(&list, query.after.as_deref(), query.limit).await
            })
            .await?)
    }

    /// The articles before and after one in its collection; none for one that stands in none.
    ///
    /// # Errors
    /// [`NotFound`](Refused::NotFound) when the article does not exist for this viewer.
    pub async fn neighbours(&self, session: &Session, id: ArticleId) -> Result<Neighbours> {
        Ok(session
            .read_extension(async |reading| {
                let article = readable(&reading, id).await?;
                let Some(shelf) = &article.shelf else { return Ok(Neighbours::default()) };
                let community = article.community;
                Ok(Neighbours {
                    previous: previous(&reading, community, id, shelf).await?,
                    next: next(&reading, community, id, shelf).await?,
                })
            })
            .await?)
    }

    /// The work on an article: its head, with the concerns about it.
    ///
    /// # Errors
    /// [`NotFound`](Refused::NotFound) for an article whose work the viewer does not see.
    pub async fn desk(&self, session: &Session, id: ArticleId) -> Result<Visible<DeskView>> {
        Ok(session
            .read_extension(async |reading| {
                reading.document::<DeskView>(store::article_document(id)).await
            })
            .await?)
    }

    /// Articles in one state whose work the viewer sees: those that have been in it longest first.
    ///
    /// # Errors
    /// [`NotFound`](Refused::NotFound) for a community that is not there for the viewer;
    /// [`Invalid`](Refused::Invalid) for a cursor of another list; [`Limit`](Refused::Limit).
    pub async fn inbox(
        &self,
        session: &Session,
        community: &Slug,
        state: State,
        after: Option<&str>,
        limit: Option<usize>,
    ) -> Result<Page<Visible<DeskView>>> {
        Ok(session
            .read_extension(async |reading| {
                if !works_somewhere(session, &reading, community).await? {
                    return Ok(Page { items: Vec::new(), next: None });
                }
                let community = reading.community(community)?.id;
                let list = store::list(community, store::ARTICLES, list::STATE)?;
                reading.documents_in(&list.within(state.as_str()), after, limit).await
            })
            .await?)
    }

    /// The versions of an article, the latest first: all of them to those who work on it, the
    /// published one to whoever may read that.
    ///
    /// # Errors
    /// [`NotFound`](Refused::NotFound) when the article does not exist for this viewer;
    /// [`Invalid`](Refused::Invalid) for a cursor of another list; [`Limit`](Refused::Limit).
    pub async fn versions(
        &self,
        session: &Session,
        id: ArticleId,
        after: Option<&str>,
        limit: Option<usize>,
    ) -> Result<Page<Visible<VersionView>>> {
        Ok(session
            .read_extension(async |reading| {
                let head = store::article_document(id);
                match reading.document::<DeskView>(head).await {
                    Ok(desk) => {
                        let community = desk.article.community;
                        of_article(&reading, community, id, store::VERSIONS, after, limit).await
                    }
                    Err(Refused::NotFound(_)) => {
                        let view = readable(&reading, id).await?;
                        reading.env().limits().page_size(limit)?;
                        if after.is_some() {
                            // The only page has no cursor.
                            return Err(CursorError.into());
                        }
                        let shown = reading.documents(&[view.version_document()]).await?;
                        Ok(Page { items: shown.into_iter().flatten().collect(), next: None })
                    }
                    Err(error) => Err(error),
                }
            })
            .await?)
    }

    /// One version of an article.
    ///
    /// # Errors
    /// [`NotFound`](Refused::NotFound) when there is none for this viewer.
    pub async fn version(
        &self,
        session: &Session,
        id: ArticleId,
        number: u32,
    ) -> Result<Visible<VersionView>> {
        Ok(session.read_extension(async |reading| version(&reading, id, number).await).await?)
    }

    /// What changed from one version to another, by their
    /// [Markdown](crate::Content::markdown).
    ///
    /// # Errors
    /// [`NotFound`](Refused::NotFound) when one of them does not exist for this viewer.
    pub async fn diff(
        &self,
        session: &Session,
        id: ArticleId,
        from: u32,
        to: u32,
    ) -> Result<Vec<Change>> {
        Ok(session
            .read_extension(async |reading| {
                let old = version(&reading, id, from).await?;
                let new = version(&reading, id, to).await?;
                Ok(changes(&old.version.content, &new.version.content))
            })
            .await?)
    }

    /// What was said in reviews of an article, the oldest first. To those who work on it.
    ///
    /// # Errors
    /// [`NotFound`](Refused::NotFound); [`Invalid`](Refused::Invalid) for a cursor of another list;
    /// [`Limit`](Refused::Limit).
    pub async fn comments(
        &self,
        session: &Session,
        id: ArticleId,
        after: Option<&str>,
        limit: Option<usize>,
    ) -> Result<Page<Visible<Comment>>> {
        self.of_article(session, id, store::COMMENTS, after, limit).await
    }

    /// A page of what belongs to the work on an article.
    pub(super) async fn of_article<V: DocumentView>(
        &self,
        session: &Session,
        id: ArticleId,
        collection: &str,
        after: Option<&str>,
        limit: Option<usize>,
    ) -> Result<Page<Visible<V>>> {
        Ok(session
            .read_extension(async |reading| {
                let desk = reading.document::<DeskView>(store::article_document(id)).await?;
                let community = desk.article.community;
                of_article(&reading, community, id, collection, after, limit).await
            })
            .await?)
    }
}

async fn of_article<V: DocumentView>(
    reading: &Reading,
    community: community_core::CommunityId,
    id: ArticleId,
    collection: &str,
    after: Option<&str>,
    limit: Option<usize>,
) -> community_core::Result<Page<Visible<V>>> {
    let list = store::list(community, collection, list::ARTICLE)?.within(id);
    reading.documents_in(&list, after, limit).await
}

async fn version(
    reading: &Reading,
    id: ArticleId,
    number: u32,
) -> community_core::Result<Visible<VersionView>> {
    let head = store::article_document(id);
    let document = match reading.document::<DeskView>(head).await {
        Ok(desk) => store::version_document(&desk.article, number),
        Err(Refused::NotFound(_)) => {
            let view = readable(reading, id).await?;
            if view.version != number {
                return Err(Refused::NotFound("version"));
            }
            view.version_document()
        }
        Err(error) => return Err(error),
    };
    reading.document(document).await
}

/// The article behind one in its collection. Looked for from its place on, and not from the beginning.
async fn next(
    reading: &Reading,
    community: CommunityId,
    id: ArticleId,
    shelf: &Shelf,
) -> community_core::Result<Option<Visible<ArticleView>>> {
    let list = store::list(community, store::ARTICLES, list::COLLECTION)?;
    let list = list.within(&shelf.collection);
    let place = Position { key: shelf.position.saturating_neg(), id: id.uuid() };
    let page = reading.documents_in(&list, Some(&behind(&list, place)), Some(1)).await?;
    Ok(page.items.into_iter().next())
}

/// The article before one in its collection, likewise. Those that share a place stand the other way
/// round in the list that goes back: of them the last counts.
async fn previous(
    reading: &Reading,
    community: CommunityId,
    id: ArticleId,
    shelf: &Shelf,
) -> community_core::Result<Option<Visible<ArticleView>>> {
    let list = store::list(community, store::ARTICLES, list::COLLECTION_BACK)?;
    let list = list.within(&shelf.collection);
    let place = Position { key: shelf.position, id: uuid::Uuid::max() };
    let mut after = Some(behind(&list, place));
    let mut found: Option<Visible<ArticleView>> = None;
    let place_of = |view: &ArticleView| view.shelf.as_ref().map(|shelf| shelf.position);
    loop {
        let page: Page<Visible<ArticleView>> =
            reading.documents_in(&list, after.as_deref(), None).await?;
        for view in page.items {
            let is_behind = place_of(&view) == Some(shelf.position) && view.id <= id;
            if is_behind {
                continue;
            }
            if found.as_ref().is_some_and(|found| place_of(found) != place_of(&view)) {
                return Ok(found);
            }
            found = Some(view);
        }
        after = page.next;
        if after.is_none() {
            return Ok(found);
        }
    }
}

/// A cursor behind a place in a list of documents, as the engine makes it.
fn behind(list: &DocumentList, place: Position) -> String {
    Cursor::new(place, &format!("documents {list:?}")).to_string()
}

/// Whether somebody works on articles in any channel of a community. Whoever does not is shown no list
/// of such work, and the engine does not look for any.
pub(super) async fn works_somewhere(
    session: &Session,
    reading: &Reading,
    community: &Slug,
) -> community_core::Result<bool> {
    let id = reading.community(community)?.id;
    match session.viewer() {
        Viewer::System => return Ok(true),
        Viewer::Anonymous => return Ok(false),
        Viewer::Member(_) => {}
    }
    let work = [Action::Draft, Action::Review, Action::Manage];
    let channels = session.channels(community).await?;
    Ok(channels
        .iter()
        .any(|channel| work.iter().any(|action| reading.holds(action, id, Some(channel.id)))))
}

/// An article that is there to be read. One that is archived leads on, and is no more than that.
pub(super) async fn readable(
    reading: &Reading,
    id: ArticleId,
) -> community_core::Result<Visible<ArticleView>> {
    let view = reading.document::<ArticleView>(store::article_document(id)).await?;
    if view.state == State::Archived { Err(store::no_article()) } else { Ok(view) }
}

/// The list that a query is about.
fn list_of(reading: &Reading, query: &ArticleQuery) -> community_core::Result<DocumentList> {
    let community = reading.community(&query.community)?;
    let of = |name: &str| store::list(community.id, store::ARTICLES, name);
    Ok(match &query.by {
        By::All => of(list::PUBLISHED)?,
        By::Channel(key) => {
            let channel = reading.channel(community, key)?.channel.id;
            of(list::CHANNEL)?.within(channel)
        }
        By::Label(label) if reading.scope().sees_label(community.id, label) => {
            of(list::LABEL)?.within(label)
        }
        // No different from a label that nobody uses.
        By::Label(_) => of(list::LABEL)?,
        By::Locale(locale) => of(list::LOCALE)?.within(locale),
        By::Collection(collection) => of(list::COLLECTION)?.within(collection),
        By::Source(topic) => of(list::SOURCE)?.within(topic),
        By::Original(article) => of(list::ORIGINAL)?.within(article),
    })
}

fn as_article(error: Refused) -> Refused {
    match error {
        Refused::NotFound(_) => store::no_article(),
        other => other,
    }
}
