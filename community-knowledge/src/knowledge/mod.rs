//! The knowledge base on an engine: commands and reads.

mod feedback;
mod find;
mod follow;
mod forget;
mod gather;
mod outline;
mod read;
mod review;
mod write;

pub use feedback::Rating;
pub use find::{ArticleHit, KnowledgeHit, Suggestion};
pub use follow::Pumped;
pub use gather::{CandidateQuery, Candidates, Harvest, Stale, StaleArticle};
pub use outline::{Outline, OutlineLabel, Shelved};
pub use read::{ArticlePage, ArticleQuery, By, Neighbours};
pub use write::{Edit, NewArticle};

use std::fmt::Debug;
use std::sync::{Arc, Mutex, PoisonError};

use community_core::extension::{About, DocumentChanges, Planning, Reading};
use community_core::search::SearchIndex;
use community_core::{
    Action, Community, Decision, Document, Engine, MemberId, PostId, Seq, Session, Slug, Viewer,
};
use uuid::Uuid;

use crate::article::{Article, Cited, Note, Version};
use crate::error::{Error, Result};
use crate::freshness::{Concern, ConcernKind};
use crate::gaps::SearchCounts;
use crate::id::ArticleId;
use crate::view::{self, RulesView};
use crate::{Rules, access, store};

/// The knowledge base on an engine.
///
/// Cheap to make and to clone. Every method takes the session of whoever acts: what that viewer may
/// not see is the same as what is not there.
///
/// ```
/// use community::{NewChannel, NewCommunity, Policy};
/// use community_knowledge::{Content, Knowledge, NewArticle, Section, SectionKind};
///
/// # pollster::block_on(async {
/// # let engine = community::in_memory();
/// # let host = engine.as_system();
/// # let new = NewCommunity::new("garden".parse()?, "Garden".parse()?, Policy::public());
/// # host.create_community(new).await?;
/// # host.create_channel(&"garden".parse()?, NewChannel::new("tips".parse()?, "Tips".parse()?)).await?;
/// let knowledge = Knowledge::new(engine.clone());
/// let resolution = Section::text(SectionKind::Resolution, "Water in the evening.");
/// let content = Content::new("When to water".parse()?, vec![resolution]);
/// let new = NewArticle::new("garden".parse()?, "tips".parse()?, "en".parse()?, content);
/// let id = knowledge.begin(&host, &new).await?;
///
/// // A draft does not exist for readers.
/// let visitor = engine.anonymous();
/// assert!(knowledge.article(&visitor, id).await.is_err());
///
/// knowledge.submit(&host, id).await?;
/// let desk = knowledge.desk(&host, id).await?;
/// knowledge.approve(&host, id, desk.rev, None).await?;
/// let page = knowledge.article(&visitor, id).await?;
/// assert_eq!(page.article.title, "When to water");
/// # Ok::<(), community_knowledge::Error>(()) }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct Knowledge {
    engine: Engine,
    index: Option<Arc<dyn SearchIndex>>,
    counts: Option<SearchCounts>,
}

impl Knowledge {
    /// The knowledge base on an engine, without a search.
    #[must_use]
    pub fn new(engine: Engine) -> Self {
        Self { engine, index: None, counts: None }
    }

    /// The engine beneath.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The rules of a community.
    ///
    /// # Errors
    /// [`NotFound`](community_core::Error::NotFound), [`Denied`](community_core::Error::Denied)
    /// without the right to manage.
    pub async fn rules(&self, session: &Session, community: &Slug) -> Result<Rules> {
        Ok(session
            .read_extension(async |reading| {
                let community = reading.community(community)?;
                reading.require(&Action::Manage, community.id, None)?;
                rules(&reading, community).await
            })
            .await?)
    }

    /// Sets the rules of a community.
    ///
    /// # Errors
    /// As [`rules`](Self::rules); [`Invalid`](community_core::Error::Invalid) for unsound ones.
    pub async fn set_rules(&self, session: &Session, community: &Slug, new: &Rules) -> Result<()> {
        new.check()?;
        self.run(session, &("rules", community, new), async |planning| {
            let planning = &planning;
            let community = planning.community(community)?;
            planning.require(&Action::Manage, community.id, None)?;
            let id = store::rules_document(community);
            let mut changes = planning.changes();
            let document = match planning.stored(&[id]).await?.pop().flatten() {
                Some(before) => changes.update(&before, before.clone().with_body(new)?),
                None => {
                    let collection = Slug::new(store::RULES)?;
                    let now = planning.now();
                    let document = Document::new(id, community.id, collection, now, new)?;
                    changes.create(document.clone());
                    document
                }
            };
            changes.note(&document, Slug::new("rules")?, About::default());
            Ok((None, changes))
        })
        .await?;
        Ok(())
    }

    /// Runs a command. What the knowledge base itself refuses is carried past the engine.
    async fn run<F>(
        &self,
        session: &Session,
        command: &(impl Debug + Sync),
        plan: impl Fn(Planning) -> F + Send + Sync,
    ) -> Result<Option<Uuid>>
    where
        F: Future<Output = Result<(Option<Uuid>, DocumentChanges)>> + Send,
    {
        let refusal: Mutex<Option<Error>> = Mutex::new(None);
        let done = session
            .run_extension(command, async |planning| match plan(planning).await {
                Ok(planned) => Ok(planned),
                Err(Error::Engine(error)) => Err(error),
                Err(refused) => {
                    *refusal.lock().unwrap_or_else(PoisonError::into_inner) = Some(refused);
                    Err(community_core::Error::Conflict("the article does not allow it"))
                }
            })
            .await;
        match refusal.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some(refused) if done.is_err() => Err(refused),
            _ => {
                let done = done?;
                if let Some(index) = &self.index {
                    index.wake();
                }
                Ok(done)
            }
        }
    }

    /// Runs a command that changes the head of an article: the closure changes it, and says in one
    /// word what was done.
    async fn change<F>(
        &self,
        session: &Session,
        command: &(impl Debug + Sync),
        id: ArticleId,
        plan: impl Fn(Work) -> F + Send + Sync,
    ) -> Result<()>
    where
        F: Future<Output = Result<(Work, &'static str)>> + Send,
    {
        self.run(session, command, async |planning| {
            let (work, word) = plan(Work::open(planning, id).await?).await?;
            work.finish(word)
        })
        .await?;
        Ok(())
    }
}

/// The rules of a community, for whoever looks.
pub(crate) async fn rules(
    reading: &Reading,
    community: &Community,
) -> community_core::Result<Rules> {
    let id = store::rules_document(community);
    let found = reading.documents::<RulesView>(&[id]).await?.pop().flatten();
    Ok(found.map(|found| found.into_inner().0).unwrap_or_default())
}

/// An article that a command changes.
struct Work {
    planning: Planning,
    /// The head as it is stored.
    before: Document,
    /// The head as it will be.
    article: Article,
    changes: DocumentChanges,
    /// Whether what readers said is settled in this change set.
    settled: bool,
    about: About,
}

impl Work {
    /// Opens an article for somebody who sees the work on it.
    async fn open(planning: Planning, id: ArticleId) -> Result<Self> {
        let (before, article) = stored(&planning, id).await?;
        let sources = view::sources(&planning, std::slice::from_ref(&article), [].iter()).await?;
        if !view::is_at_desk(&article, &planning, &sources) {
            return Err(store::no_article().into());
        }
        Ok(Self::of(planning, before, article))
    }

    fn of(planning: Planning, before: Document, article: Article) -> Self {
        let changes = planning.changes();
        let about = About { channel: Some(article.channel), ..About::default() };
        Self { planning, before, article, changes, settled: false, about }
    }

    /// The answer to whether the viewer may do something where the article stands.
    fn decide(&self, action: &Action) -> Result<Decision> {
        let Article { community, channel, .. } = self.article;
        Ok(self.planning.decide(action, community, Some(channel))?)
    }

    fn require(&self, action: &Action) -> Result<()> {
        let decision = self.decide(action)?;
        if decision.allowed {
            Ok(())
        } else {
            Err(community_core::Error::Denied(Box::new(decision)).into())
        }
    }

    /// Goes on only for somebody who may change its words: an author, or a reviewer.
    fn require_writer(&self) -> Result<()> {
        if self.decide(&Action::Review)?.allowed { Ok(()) } else { self.require(&Action::Draft) }
    }

    /// Goes on only for somebody who may say that its words are right.
    async fn require_reviewer(&self) -> Result<Rules> {
        self.require(&Action::Review)?;
        let community = self.planning.community_by_id(self.article.community)?;
        let rules = rules(&self.planning, community).await?;
        let own = self.planning.actor().is_some_and(|member| self.article.is_author(member));
        if own && !rules.self_review {
            return Err(Error::OwnWork);
        }
        Ok(rules)
    }

    /// Takes a step, and with it a new state.
    fn step(&mut self, step: crate::Step) -> Result<()> {
        let now = self.planning.now();
        let from = self.article.state_at(now);
        let to = from.after(step)?;
        if to != self.article.state {
            self.article.since = now;
        }
        self.article.state = to;
        Ok(())
    }

    /// Writes down what has come into force by itself, and settles what was looked at then.
    async fn catch_up(&mut self) -> Result<()> {
        let now = self.planning.now();
        if self.article.scheduled.as_ref().is_some_and(|next| next.at <= now) {
            self.article.take_effect();
            self.settle().await?;
        }
        Ok(())
    }

    /// The version that was written last.
    async fn latest(&self) -> Result<Version> {
        self.version(self.article.latest).await
    }

    async fn version(&self, number: u32) -> Result<Version> {
        let id = store::version_document(&self.article, number);
        let found = self.planning.stored(&[id]).await?.pop().flatten();
        Ok(found.ok_or(community_core::Error::NotFound("version"))?.read()?)
    }

    /// Adds a version, which becomes the latest.
    async fn add_version(&mut self, content: crate::Content, note: Note, head: Seq) -> Result<()> {
        let actor = self.planning.actor();
        self.article.latest += 1;
        let mut face = content.face(head);
        let mut new = Vec::new();
        for (post, cited) in &mut face.cited {
            let known = || self.article.faces().filter_map(|face| face.cited.get(post));
            cited.since = known().map(|known| known.since).min().unwrap_or(head);
            if known().all(|known| known.revision > cited.revision) {
                new.push((*post, *cited));
            }
        }
        look_back(&self.planning, &mut self.article, &mut self.changes, &new).await?;
        self.article.face = face;
        if let Some(member) = actor.filter(|member| !self.article.is_author(*member)) {
            self.article.authors.push(member);
        }
        let version = Version {
            article: self.article.id,
            number: self.article.latest,
            content,
            by: actor,
            at: self.planning.now(),
            note,
        };
        crate::limits::article(&self.article)?;
        self.changes.create(store::new_version(&self.article, &version)?);
        Ok(())
    }

    /// The change set; `word` says in the log what was done.
    fn finish(self, word: &str) -> Result<(Option<Uuid>, DocumentChanges)> {
        let Self { before, article, mut changes, about, .. } = self;
        let after = changes.update(&before, store::changed_article(&before, &article)?);
        changes.note(&after, Slug::new(word)?, about);
        Ok((Some(article.id.uuid()), changes))
    }
}

/// What became of posts before a version cites them: the log is looked at from here on only.
async fn look_back(
    planning: &Planning,
    article: &mut Article,
    changes: &mut DocumentChanges,
    new: &[(PostId, Cited)],
) -> Result<()> {
    let at = planning.now();
    for some in new.chunks(view::page(planning)) {
        let ids: Vec<PostId> = some.iter().map(|(post, _)| *post).collect();
        let posts = planning.posts(&ids).await?;
        for ((id, cited), found) in some.iter().zip(posts) {
            let Some(found) = found else { continue };
            changes.rest_on_post(&found.post);
            if found.post.revision > cited.revision {
                let kind = ConcernKind::Edited;
                let (topic, post) = (Some(cited.topic), Some(*id));
                article.add_concern(Concern { kind, topic, post, at, seq: None });
            }
        }
    }
    Ok(())
}

/// The head of an article as it is stored, whoever acts.
async fn stored(planning: &Planning, id: ArticleId) -> Result<(Document, Article)> {
    let found = planning.stored(&[store::article_document(id)]).await?.pop().flatten();
    let found = found.filter(|document| document.collection == *store::ARTICLES);
    let document = found.ok_or_else(store::no_article)?;
    // What is in a community that the viewer does not see is not there.
    planning.community_by_id(document.community).map_err(|_| store::no_article())?;
    let article = document.read()?;
    Ok((document, article))
}

/// Whether all posts that a version cites are published, each in a published topic.
async fn cites_published(planning: &Planning, article: &Article) -> Result<bool> {
    let faces = std::iter::once(&article.face);
    let sources = view::sources(planning, std::slice::from_ref(article), faces).await?;
    let is_published = |post: &access::CitedPost| {
        let states = [post.place.state, post.state];
        states.iter().all(|state| *state == community_core::State::Published)
    };
    Ok(article.face.cited.keys().all(|post| sources.posts.get(post).is_some_and(is_published)))
}

/// The member who acts, for what only a member or the system does.
fn acting(planning: &Planning, action: &Action) -> Result<Option<MemberId>> {
    match planning.viewer() {
        Viewer::Member(member) => Ok(Some(member)),
        Viewer::System => Ok(None),
        Viewer::Anonymous => {
            let decision = Decision {
                allowed: false,
                action: action.clone(),
                clause: community_core::Clause::Anonymous,
            };
            Err(community_core::Error::Denied(Box::new(decision)).into())
        }
    }
}
