//! Writing: beginning an article, new versions, going back, moving, giving it to the reviewers.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use community_core::extension::{About, DocumentChanges, Planning};
use community_core::{Action, CommunityId, Error as Refused, PostId, Seq, Session, Slug};

use super::{Knowledge, Work, acting, look_back};
use crate::article::{
    Article, Block, Content, Note, Origin, Shelf, Source, State, Step, Used, Version,
};
use crate::error::Result;
use crate::id::ArticleId;
use crate::{access, limits, store, view};

/// An article to be begun.
#[derive(Debug, Clone)]
pub struct NewArticle {
    /// The key of the community.
    pub community: Slug,
    /// The key of the channel.
    pub channel: Slug,
    /// The language, such as `en`.
    pub locale: Slug,
    /// What it says. Words of others name where they come from.
    pub content: Content,
    /// The article that it translates.
    pub original: Option<ArticleId>,
    /// Its place in a collection.
    pub shelf: Option<Shelf>,
}

impl NewArticle {
    /// An article that translates none and stands in no collection.
    #[must_use]
    pub fn new(community: Slug, channel: Slug, locale: Slug, content: Content) -> Self {
        Self { community, channel, locale, content, original: None, shelf: None }
    }
}

/// A new version of an article.
#[derive(Debug, Clone)]
pub struct Edit {
    /// The number of the version that it was written on: when there is a newer one, the edit is
    /// refused.
    pub base: u32,
    /// What it says now.
    pub content: Content,
    /// Why.
    pub why: String,
}

impl Knowledge {
    /// Begins an article as a draft. Whose words are cited has to be true: the writer can read the
    /// post, it has that revision and that author, and the words are in it, or are marked as
    /// adapted.
    ///
    /// # Errors
    /// [`NotFound`](Refused::NotFound) for a place, an original, or a source that is not there for
    /// the viewer; [`Denied`](Refused::Denied) without the right to draft; [`Invalid`](Refused::Invalid)
    /// for what is too large, empty, or cited wrongly; [`Erased`](Refused::Erased) for words of a post
    /// that is erased.
    pub async fn begin(&self, session: &Session, new: &NewArticle) -> Result<ArticleId> {
        self.check_content(&new.content)?;
        let id = self
            .run(session, &("begin", new), async |planning| {
                let planning = &planning;
                // Before anything is read: what happens from here on is found in the log.
                let head = self.engine.store().head().await?;
                let community = planning.community(&new.community)?.id;
                check_sources(planning, community, &new.content, None).await?;
                let mut article = draft(planning, new, head, Origin::Professional).await?;
                let cited: Vec<_> = article.face.cited.clone().into_iter().collect();
                let mut changes = planning.changes();
                look_back(planning, &mut article, &mut changes, &cited).await?;
                begun(planning, &article, new.content.clone(), changes)
            })
            .await?;
        id.map(ArticleId::from_uuid).ok_or_else(|| store::no_article().into())
    }

    pub(super) fn check_content(&self, content: &Content) -> Result<()> {
        Ok(limits::content(content, self.engine.env().limits())?)
    }

    /// Writes a new version, a draft until it is reviewed; readers go on reading the published one.
    /// Authors and reviewers may, and of a published article everybody who may draft in its channel.
    ///
    /// # Errors
    /// As [`begin`](Self::begin); [`Conflict`](Refused::Conflict) when there is a newer version
    /// than the one that it was written on; [`Step`](crate::Error::Step) for an article that is in
    /// review or archived.
    pub async fn edit(&self, session: &Session, id: ArticleId, edit: &Edit) -> Result<()> {
        self.check_content(&edit.content)?;
        self.engine.env().limits().reason(edit.why.len())?;
        self.run(session, &("edit", id, edit), async |planning| {
            let planning = &planning;
            let head = self.engine.store().head().await?;
            let (mut work, at_desk) = open_to_edit(planning, id).await?;
            if edit.base != work.article.latest {
                return Err(Refused::Conflict("there is a newer version of the article").into());
            }
            work.catch_up().await?;
            work.step(Step::Edit)?;
            let latest = work.latest().await?.content;
            check_sources(planning, work.article.community, &edit.content, Some(&latest)).await?;
            let mut content =
                with_hidden_labels(planning, work.article.community, &edit.content, &latest);
            if !at_desk {
                content = with_hidden_sources(planning, content, &latest).await?;
                self.check_content(&content)?;
            }
            work.cite(&content, head);
            work.add_version(content, Note::Edit { why: edit.why.clone() }, head).await?;
            work.finish("edited")
        })
        .await?;
        Ok(())
    }

    /// Writes a new version that says what an earlier one said.
    ///
    /// # Errors
    /// As [`edit`](Self::edit); [`NotFound`](Refused::NotFound) for a version that is not there.
    pub async fn roll_back(
        &self,
        session: &Session,
        id: ArticleId,
        to: u32,
        why: &str,
    ) -> Result<()> {
        self.engine.env().limits().reason(why.len())?;
        self.run(session, &("roll back", id, to, why), async |planning| {
            let planning = &planning;
            let head = self.engine.store().head().await?;
            let mut work = Work::open(planning.clone(), id).await?;
            work.require_writer()?;
            work.catch_up().await?;
            work.step(Step::Edit)?;
            let Version { content, .. } = work.version(to).await?;
            work.add_version(content, Note::Rollback { to, why: why.to_owned() }, head).await?;
            work.finish("rolled-back")
        })
        .await?;
        Ok(())
    }

    /// Gives the latest version to the reviewers.
    ///
    /// # Errors
    /// [`NotFound`](Refused::NotFound), [`Denied`](Refused::Denied), [`Step`](crate::Error::Step).
    pub async fn submit(&self, session: &Session, id: ArticleId) -> Result<()> {
        self.change(session, &("submit", id), id, async |mut work| {
            work.require_writer()?;
            work.step(Step::Submit)?;
            Ok((work, "submitted"))
        })
        .await
    }

    /// Takes the latest version back from the reviewers; an approval for a later time goes with it.
    ///
    /// # Errors
    /// [`NotFound`](Refused::NotFound), [`Denied`](Refused::Denied), [`Step`](crate::Error::Step).
    pub async fn recall(&self, session: &Session, id: ArticleId) -> Result<()> {
        self.change(session, &("recall", id), id, async |mut work| {
            work.require_writer()?;
            work.catch_up().await?;
            work.step(Step::Recall)?;
            work.article.scheduled = None;
            Ok((work, "recalled"))
        })
        .await
    }

    /// Puts an article into another channel, or to another place in a collection. One that has been
    /// published is moved by reviewers of both channels.
    ///
    /// # Errors
    /// [`NotFound`](Refused::NotFound), [`Denied`](Refused::Denied).
    pub async fn place(
        &self,
        session: &Session,
        id: ArticleId,
        channel: &Slug,
        shelf: Option<&Shelf>,
    ) -> Result<()> {
        self.change(session, &("place", id, channel, shelf), id, async |mut work| {
            work.catch_up().await?;
            let approved = work.article.published.is_some() || work.article.scheduled.is_some();
            if approved {
                work.require(&Action::Review)?;
            } else {
                work.require_writer()?;
            }
            let community = work.planning.community_by_id(work.article.community)?;
            let to = work.planning.channel(community, channel)?.channel.id;
            let action = if approved { Action::Review } else { Action::Draft };
            work.planning.require(&action, community.id, Some(to))?;
            work.article.channel = to;
            work.article.shelf = shelf.cloned();
            Ok((work, "placed"))
        })
        .await
    }
}

/// Opens an article for somebody who may write a new version of it. Says as well whether they see the
/// work on it, or read it as its readers do.
async fn open_to_edit(planning: &Planning, id: ArticleId) -> Result<(Work, bool)> {
    let (before, article) = super::stored(planning, id).await?;
    let alone = std::slice::from_ref(&article);
    let shown = article.shown(planning.now());
    let faces = shown.iter().map(|shown| &shown.face);
    let sources = view::sources(planning, alone, faces).await?;
    let at_desk = view::is_at_desk(&article, planning, &sources);
    let reads =
        shown.is_some_and(|shown| access::is_readable(&article, shown, planning.scope(), &sources));
    if !at_desk && !reads {
        return Err(store::no_article().into());
    }
    let is_approved = matches!(article.state_at(planning.now()), State::Published | State::Stale);
    let work = Work::of(planning.clone(), before, article);
    if at_desk {
        work.require_writer()?;
    } else {
        work.require(&Action::Draft)?;
        if !is_approved {
            // Somebody is at work on a newer version, which this viewer does not see.
            return Err(Refused::Conflict("the article is being changed").into());
        }
    }
    Ok((work, at_desk))
}

/// The head of an article that is new.
pub(super) async fn draft(
    planning: &Planning,
    new: &NewArticle,
    head: Seq,
    origin: Origin,
) -> Result<Article> {
    let community = planning.community(&new.community)?;
    let channel = planning.channel(community, &new.channel)?.channel.id;
    planning.require(&Action::Draft, community.id, Some(channel))?;
    let author = acting(planning, &Action::Draft)?;
    let mut original = None;
    if let Some(id) = new.original {
        let (_, known) = super::stored(planning, id).await?;
        seen_somehow(planning, &known).await?;
        if known.community != community.id {
            return Err(store::no_article().into());
        }
        // A translation of a translation is one of the original.
        original = Some(known.original.unwrap_or(known.id));
    }
    let now = planning.now();
    let used = Used { since: head, version: 1 };
    Ok(Article {
        id: ArticleId::from_uuid(planning.mint()),
        community: community.id,
        channel,
        state: State::Draft,
        since: now,
        locale: new.locale.clone(),
        original,
        origin,
        authors: author.into_iter().collect(),
        latest: 1,
        face: new.content.face(head),
        published: None,
        scheduled: None,
        shelf: new.shelf.clone(),
        sources: new.content.topics().into_iter().map(|topic| (topic, used)).collect(),
        released: Vec::new(),
        concerns: Vec::new(),
        confirmed: None,
        review_at: None,
        redirect: None,
        behind: new.content.topics(),
        created_at: now,
    })
}

/// The change set that begins an article.
pub(super) fn begun(
    planning: &Planning,
    article: &Article,
    content: Content,
    mut changes: DocumentChanges,
) -> Result<(Option<uuid::Uuid>, DocumentChanges)> {
    limits::article(article)?;
    let version = Version {
        article: article.id,
        number: 1,
        content,
        by: planning.actor(),
        at: planning.now(),
        note: Note::Begun,
    };
    let document = store::new_article(article)?;
    changes.create(document.clone());
    changes.create(store::new_version(article, &version)?);
    let about = About { channel: Some(article.channel), ..About::default() };
    changes.note(&document, Slug::new("begun")?, about);
    Ok((Some(article.id.uuid()), changes))
}

/// Goes on only when the viewer sees an article as a reader or at the desk.
pub(super) async fn seen_somehow(planning: &Planning, article: &Article) -> Result<()> {
    let alone = std::slice::from_ref(article);
    let shown = article.shown(planning.now());
    let faces = shown.iter().map(|shown| &shown.face);
    let sources = view::sources(planning, alone, faces).await?;
    let reads =
        shown.is_some_and(|shown| access::is_readable(article, shown, planning.scope(), &sources));
    if reads || view::is_at_desk(article, planning, &sources) {
        Ok(())
    } else {
        Err(store::no_article().into())
    }
}

/// Checks that words of others are theirs. What `known` says already was checked before: its source
/// may have gone meanwhile, and that is no reason to leave it unnamed.
async fn check_sources(
    planning: &Planning,
    community: CommunityId,
    content: &Content,
    known: Option<&Content>,
) -> Result<()> {
    let is_known = |block: &Block| known.is_some_and(|known| known.blocks().any(|b| b == block));
    let new: Vec<(&str, &Source)> = content
        .blocks()
        .filter(|block| !is_known(block))
        .filter_map(|block| Some((block.text.as_str(), block.source.as_ref()?)))
        .collect();
    let mut ids: Vec<PostId> = new.iter().map(|(_, source)| source.post).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut posts = BTreeMap::new();
    for some in ids.chunks(view::page(planning)) {
        for post in planning.posts(some).await? {
            let post = post.ok_or(Refused::NotFound("post"))?.into_inner();
            posts.insert(post.post.id, post);
        }
    }
    for (text, source) in new {
        let post = posts.get(&source.post).ok_or(Refused::NotFound("post"))?;
        if post.post.topic != source.topic || post.place.community != community {
            return Err(Refused::NotFound("post").into());
        }
        if post.post.erased_at.is_some() {
            return Err(Refused::Erased("post").into());
        }
        let (author, words) = match source.correction {
            None => {
                let revision = planning.revision(source.post, source.revision).await?;
                (post.post.author, revision.body)
            }
            Some(id) => {
                let found = post.corrections.iter().find(|known| known.id == id);
                let found = found.ok_or(Refused::NotFound("correction"))?;
                if found.revision != source.revision {
                    return Err(Refused::NotFound("revision").into());
                }
                (found.author, found.body.clone())
            }
        };
        if author != source.author {
            return Err(Refused::invalid("a source names another author than wrote it").into());
        }
        if !source.adapted && !words.contains(text) {
            let why = "words that are not in their source are to be marked as adapted";
            return Err(Refused::invalid(why).into());
        }
    }
    Ok(())
}

/// Labels that do not exist for a writer stay where they were.
fn with_hidden_labels(
    planning: &Planning,
    community: CommunityId,
    content: &Content,
    latest: &Content,
) -> Content {
    let mut content = content.clone();
    let seen = |label: &Slug| planning.scope().sees_label(community, label);
    content.labels.extend(latest.labels.iter().filter(|label| !seen(label)).cloned());
    content.labels.sort();
    content.labels.dedup();
    content
}

/// Where words come from stays with them when the writer was not shown it: a block that says what it
/// said, and names no source, keeps the one that is hidden.
async fn with_hidden_sources(
    planning: &Planning,
    mut content: Content,
    latest: &Content,
) -> Result<Content> {
    let posts: Vec<PostId> = latest.posts().into_iter().collect();
    let seen = view::seen_posts(planning, &posts).await?;
    let hidden = |block: &&Block| block.source.as_ref().is_some_and(|s| !seen.contains(&s.post));
    let hidden: Vec<&Block> = latest.blocks().filter(hidden).collect();
    // Each is put back once before any is put back again.
    let mut left = hidden.clone();
    let blocks = content.sections.iter_mut().flat_map(|section| &mut section.blocks);
    for block in blocks.filter(|block| block.source.is_none()) {
        let known = match left.iter().position(|known| known.text == block.text) {
            Some(at) => Some(left.remove(at)),
            None => hidden.iter().copied().find(|known| known.text == block.text),
        };
        block.source = known.and_then(|known| known.source.clone());
    }
    Ok(content)
}

impl Work {
    /// Takes up the topics that the next version cites. From `head` on the log is to be looked at.
    fn cite(&mut self, content: &Content, head: Seq) {
        for topic in content.topics() {
            if let Entry::Vacant(place) = self.article.sources.entry(topic) {
                place.insert(Used { since: head, version: self.article.latest + 1 });
                self.article.behind.insert(topic);
            }
        }
    }
}
