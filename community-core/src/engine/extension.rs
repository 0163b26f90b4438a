//! Reads and commands of extensions: crates that keep [documents](Document) of their own.

mod guard;

use std::fmt::Debug;
use std::ops::Deref;

use async_trait::async_trait;
use uuid::Uuid;

use super::read_search::HitView;
use super::session::{Session, command, reading};
use super::view::Page;
use super::view_search::SearchView;
use super::{Read, Rights};
use crate::change::{ChangeSet, Seq};
use crate::command::{DocumentChanges, checkpoint_name};
use crate::directory::ChannelEntry;
use crate::domain::{Community, Document, DocumentList, Membership, Revision, Topic};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::id::{ChannelId, CommunityId, DocumentId, MemberId, PostId, TopicId};
use crate::policy::{
    Action, Asker, Audience, Decision, Guarded, Scope, Target, Unchecked, Viewer, Visible,
};
use crate::query::{Cursor, Position};
use crate::search::{SearchIndex, SearchQuery, SimilarQuery};
use crate::store::{PostView, TopicRow};
use crate::text::Slug;
use crate::time::Timestamp;

/// What somebody is shown of the documents of one collection: an extension's own type, with the one
/// place that says what of them a viewer may see.
///
/// Documents leave the engine through [`open`](Self::open) and no other way. What the viewer may not
/// see is no different from what does not exist.
#[async_trait]
pub trait DocumentView: Sized + Send {
    /// The collection that it shows.
    const COLLECTION: &'static str;

    /// What one is called in "there is no such ...".
    const WHAT: &'static str;

    /// What this viewer sees of documents of the collection: an answer for each, in their order, and
    /// `None` where the viewer sees nothing.
    ///
    /// All of them stand in communities that the viewer sees. Whether the channels, topics and posts
    /// that they are about are seen, `reading` says, under the same rights.
    ///
    /// # Errors
    /// What `reading` refuses, and [`Document::read`].
    async fn open(documents: Vec<Document>, reading: &Reading) -> Result<Vec<Option<Self>>>;
}

/// What an extension reads with on behalf of one viewer, under rights that stand still meanwhile.
/// Given by [`Session::read_extension`].
#[derive(Debug, Clone)]
pub struct Reading {
    session: Session,
    rights: Rights,
}

/// What an extension plans a command with: everything that it [reads](Reading) with, and the
/// documents as they are stored. Given by [`Session::run_extension`].
#[derive(Debug, Clone)]
pub struct Planning(Reading);

impl Deref for Planning {
    type Target = Reading;
    fn deref(&self) -> &Reading {
        &self.0
    }
}

impl Session {
    /// Reads for an extension. The closure is run again when the viewer's rights have changed while it
    /// ran, so it does nothing but read, and takes what it needs by reference.
    ///
    /// # Errors
    /// What the closure gives.
    pub async fn read_extension<T, F>(&self, read: impl Fn(Reading) -> F + Send + Sync) -> Result<T>
    where
        F: Future<Output = Result<T>> + Send,
    {
        reading!(self, Read::Extension, |rights| {
            let found = read(self.reads_with(&rights)).await?;
            // Documents come without a scope: what was decided about them holds if the rights do.
            self.require_current(&rights).await?;
            Ok(found)
        })
    }

    /// A page of what a text finds in an index of an extension, each hit as the extension shows it.
    /// Otherwise as [`search`](Session::search).
    ///
    /// # Errors
    /// As [`search`](Session::search), and what the extension's guard refuses.
    pub async fn search_extension<V: HitView>(
        &self,
        index: &dyn SearchIndex,
        query: &SearchQuery,
    ) -> Result<SearchView<V>> {
        self.search_in(Read::Extension, index, query).await
    }

    /// What an index of an extension has that is like what somebody is about to ask. Otherwise as
    /// [`similar`](Session::similar).
    ///
    /// # Errors
    /// As [`similar`](Session::similar), and what the extension's guard refuses.
    pub async fn similar_extension<V: HitView>(
        &self,
        index: &dyn SearchIndex,
        query: &SimilarQuery,
    ) -> Result<Vec<Visible<V>>> {
        self.similar_in(Read::Extension, index, query).await
    }

    /// What reads with rights that stand still.
    pub(super) fn reads_with(&self, rights: &Rights) -> Reading {
        Reading { session: self.clone(), rights: rights.clone() }
    }

    /// Runs a command of an extension. The closure plans it: it looks at what is there, asks what the
    /// viewer may do, and says what to write and what the command is about. It is run again when what
    /// it rested on has changed before the commit, so it does nothing but plan, and takes what it
    /// needs by reference.
    ///
    /// `command` is what was asked for, with its name: a [request id](Session::request) stands for one
    /// command, and its [`Debug`] form tells one from another. Returns what the command is about, and
    /// the same for a request that was applied before.
    ///
    /// # Errors
    /// What the closure gives; [`Error::Limit`] and [`Error::Invalid`] for documents that are too
    /// large or not well formed; [`Error::NotFound`] for documents in a community that the viewer does
    /// not see; [`Error::Contended`] when others were faster each time.
    pub async fn run_extension<F>(
        &self,
        command: &(impl Debug + Sync),
        plan: impl Fn(Planning) -> F + Send + Sync,
    ) -> Result<Option<Uuid>>
    where
        F: Future<Output = Result<(Option<Uuid>, DocumentChanges)>> + Send,
    {
        let limits = self.engine().env().limits();
        Ok(command!(self, ("extension", command), |rights| {
            let planning = Planning(self.reads_with(&rights));
            let (subject, changes) = plan(planning).await?;
            let changes: ChangeSet = changes.finish(limits)?;
            Ok((subject, changes))
        }))
    }
}

/// Who asks, and where.
impl Reading {
    /// Who looks. Whom the tenant does not know is an anonymous visitor.
    #[must_use]
    pub fn viewer(&self) -> Viewer {
        self.rights.viewer
    }

    /// The member who looks; `None` for a visitor and for the system.
    #[must_use]
    pub fn actor(&self) -> Option<MemberId> {
        self.rights.actor()
    }

    /// What the member who looks is in a community.
    #[must_use]
    pub fn membership(&self, community: CommunityId) -> Option<&Membership> {
        self.rights.facts.membership(community)
    }

    /// The moment at which the rights were looked at.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.rights.now
    }

    /// The environment: limits, and ids.
    #[must_use]
    pub fn env(&self) -> &Env {
        self.session.engine().env()
    }

    /// What the viewer may read.
    #[must_use]
    pub fn scope(&self) -> &Scope {
        &self.rights.scope
    }

    /// A community by key.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it does not exist for this viewer.
    pub fn community(&self, key: &Slug) -> Result<&Community> {
        Ok(self.rights.community(key)?)
    }

    /// A channel by key.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it does not exist for this viewer.
    pub fn channel(&self, community: &Community, key: &Slug) -> Result<&ChannelEntry> {
        Ok(self.rights.channel(community, key)?)
    }

    /// A community by id.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it does not exist for this viewer.
    pub fn community_by_id(&self, id: CommunityId) -> Result<&Community> {
        let found = self.rights.directory.community(id);
        let seen = found.filter(|_| self.scope().sees_community(id));
        seen.map(|community| &**community).ok_or(Error::NotFound("community"))
    }

    /// A channel by id.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it does not exist for this viewer.
    pub fn channel_by_id(&self, id: ChannelId) -> Result<&ChannelEntry> {
        let found = self.rights.directory.channel(id);
        let seen = found.filter(|_| self.scope().sees_channel(id));
        seen.map(|entry| &**entry).ok_or(Error::NotFound("channel"))
    }
}

/// What the viewer may do.
impl Reading {
    fn target(&self, community: CommunityId, channel: Option<ChannelId>) -> Result<Target<'_>> {
        let community = self.community_by_id(community)?;
        let channel = channel.map(|id| self.channel_by_id(id)).transpose()?;
        if channel.is_some_and(|entry| entry.channel.community != community.id) {
            return Err(Error::NotFound("channel"));
        }
        Ok(Target { community, channel, topic: None, author: None })
    }

    /// Whether the viewer may do something in a community or channel, and because of what.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the place does not exist for this viewer.
    pub fn decide(
        &self,
        action: &Action,
        community: CommunityId,
        channel: Option<ChannelId>,
    ) -> Result<Decision> {
        Ok(self.rights.decide(action, self.target(community, channel)?))
    }

    /// Goes on only when the viewer may do something in a community or channel.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the place does not exist for this viewer; [`Error::Denied`] when the
    /// viewer may not.
    pub fn require(
        &self,
        action: &Action,
        community: CommunityId,
        channel: Option<ChannelId>,
    ) -> Result<()> {
        let what = if channel.is_some() { "channel" } else { "community" };
        self.rights.require(action, self.target(community, channel)?, what)
    }

    /// Whether the viewer may do something to a topic, or to what `author` wrote in it, and because
    /// of what.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the place of the topic is gone.
    pub fn decide_in_topic(
        &self,
        action: &Action,
        topic: &Topic,
        author: MemberId,
    ) -> Result<Decision> {
        self.rights.decide_in_topic(action, topic, Some(author))
    }

    /// Goes on only when the viewer may do something to a topic, or to what `author` wrote in it.
    ///
    /// # Errors
    /// [`Error::Denied`] when the viewer may not; [`Error::NotFound`], which calls it `what`, when the
    /// topic is not one that the viewer sees.
    pub fn require_in_topic(
        &self,
        action: &Action,
        topic: &Topic,
        author: MemberId,
        what: &'static str,
    ) -> Result<()> {
        self.rights.require_in_topic(action, topic, Some(author), what)
    }

    /// Whether an audience admits the viewer, with the roles that hold in the community or channel.
    /// It always admits the system. For rules that an extension has beside the policy, such as who
    /// reviews; a sanction that silences is for [`decide`](Self::decide) to find.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the place does not exist for this viewer.
    pub fn admits(
        &self,
        audience: &Audience,
        community: CommunityId,
        channel: Option<ChannelId>,
    ) -> Result<bool> {
        let Target { community, channel, .. } = self.target(community, channel)?;
        let Rights { facts, directory, now, .. } = &self.rights;
        let asker = Asker::new(facts, directory, community, *now);
        Ok(self.viewer() == Viewer::System || asker.admits(channel, audience, false))
    }

    /// Goes on only for the system: for background work.
    ///
    /// # Errors
    /// [`Error::Denied`] for anybody else.
    pub fn require_system(&self) -> Result<()> {
        self.rights.require_system()
    }
}

/// What the viewer sees.
impl Reading {
    /// Topics, in the order of the request. How many somebody may ask for is for the extension to
    /// limit, here and below.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn topics(&self, ids: &[TopicId]) -> Result<Vec<Option<Visible<TopicRow>>>> {
        let rows = self.session.engine().store().topics(ids, self.scope()).await?;
        Ok(rows.into_iter().map(|row| self.scope().admit(row?)).collect())
    }

    /// Posts with their texts, in the order of the request.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn posts(&self, ids: &[PostId]) -> Result<Vec<Option<Visible<PostView>>>> {
        let rows = self.session.engine().store().posts(ids, self.scope()).await?;
        Ok(rows.into_iter().map(|row| self.scope().admit(row?)).collect())
    }

    /// One version of a post's text.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the post or the version does not exist for this viewer.
    pub async fn revision(&self, post: PostId, number: u32) -> Result<Revision> {
        self.session.visible_post(&self.rights, post).await?;
        let after = number.checked_sub(1).ok_or(Error::NotFound("revision"))?;
        let found = self.session.visible_revisions(&self.rights, post, after, 1).await?;
        let found = found.into_iter().find(|revision| revision.number == number);
        found.ok_or(Error::NotFound("revision"))
    }

    /// A document.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none for this viewer.
    pub async fn document<V: DocumentView>(&self, id: DocumentId) -> Result<Visible<V>> {
        let found = self.documents(&[id]).await?;
        found.into_iter().flatten().next().ok_or(Error::NotFound(V::WHAT))
    }

    /// Documents, in the order of the request.
    ///
    /// # Errors
    /// [`Error::Store`], and what the extension's guard refuses.
    pub async fn documents<V: DocumentView>(
        &self,
        ids: &[DocumentId],
    ) -> Result<Vec<Option<Visible<V>>>> {
        let found = self.session.engine().store().documents(ids).await?;
        self.open(found).await
    }

    /// A page of a list of documents, as far as the viewer sees them: the greatest key first. Every
    /// page but the last is full. The cursor of the next page tells the key of the last document.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a cursor of another list; [`Error::Limit`] for too large a page;
    /// [`Error::NotFound`] when the community does not exist for this viewer.
    pub async fn documents_in<V: DocumentView>(
        &self,
        list: &DocumentList,
        after: Option<&str>,
        limit: Option<usize>,
    ) -> Result<Page<Visible<V>>> {
        let limit = self.env().limits().page_size(limit)?;
        self.community_by_id(list.community)?;
        let name = format!("documents {list:?}");
        let mut after = after.map(|text| Cursor::decode(text, &name)).transpose()?;
        let store = self.session.engine().store();
        let mut seen: Vec<(Position, Visible<V>)> = Vec::new();
        while seen.len() <= limit {
            let page = store.documents_in(list, after, limit + 1).await?;
            let is_last = page.len() <= limit;
            after = page.last().map(|(position, _)| *position);
            let (positions, documents): (Vec<_>, Vec<_>) = page.into_iter().unzip();
            let opened = self.open(documents.into_iter().map(Some).collect()).await?;
            let opened = positions.into_iter().zip(opened);
            seen.extend(opened.filter_map(|(position, view)| Some((position, view?))));
            if is_last {
                break;
            }
        }
        let more = seen.len() > limit;
        seen.truncate(limit);
        // The place of a document that the viewer sees: a cursor tells of no other.
        let last = seen.last().filter(|_| more).map(|(position, _)| *position);
        let next = last.map(|position| Cursor::new(position, &name).to_string());
        Ok(Page { items: seen.into_iter().map(|(_, view)| view).collect(), next })
    }

    /// Documents as they are stored. For the system only.
    ///
    /// # Errors
    /// [`Error::Denied`] for anybody else; [`Error::Store`].
    pub async fn raw(&self, ids: &[DocumentId]) -> Result<Vec<Option<Visible<Document>>>> {
        self.require_system()?;
        let found = self.session.engine().store().documents(ids).await?;
        Ok(found.into_iter().map(|document| self.scope().admit(document?)).collect())
    }

    /// Hands documents to the extension's guard.
    async fn open<V: DocumentView>(
        &self,
        found: Vec<Option<Unchecked<Document>>>,
    ) -> Result<Vec<Option<Visible<V>>>> {
        let system = self.session.unscoped();
        let mut places: Vec<Option<CommunityId>> = Vec::with_capacity(found.len());
        let mut documents = Vec::new();
        for document in found {
            // For nobody but the guard: it gets them as they are, and gives what the viewer sees.
            let document = document.and_then(|document| system.admit(document));
            let document = document.map(Visible::into_inner).filter(|document| {
                document.collection == *V::COLLECTION
                    && self.scope().sees_community(document.community)
            });
            places.push(document.as_ref().map(|document| document.community));
            documents.extend(document);
        }
        let mut views = V::open(documents, self).await?.into_iter();
        let opened = places.into_iter().map(|community| {
            let community = community?;
            let view = views.next().flatten()?;
            let opened = self.scope().admit(Unchecked::new(Opened { community, view }))?;
            Some(opened.map(|opened| opened.view))
        });
        Ok(opened.collect())
    }
}

/// What a guard has let through, with the engine's own lock around it.
pub(super) struct Opened<V> {
    pub(super) community: CommunityId,
    pub(super) view: V,
}

impl<V> Guarded for Opened<V> {
    fn admitted(self, scope: &Scope) -> Option<Self> {
        scope.sees_community(self.community).then_some(self)
    }
}

impl Planning {
    /// What the command writes, under the rights that it is planned with: nothing so far.
    #[must_use]
    pub fn changes(&self) -> DocumentChanges {
        DocumentChanges::new(&self.rights)
    }

    /// A new id, of now.
    #[must_use]
    pub fn mint(&self) -> Uuid {
        self.env().mint(self.now())
    }

    /// Documents as they are stored, in the order of the request, whoever acts.
    ///
    /// A plan looks at what its viewer does not see: it changes a document as a whole, and finds what
    /// is there already. What it answers says nothing of it: ask for [the view](Reading::document)
    /// first, so that what is hidden is refused like what is absent.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn stored(&self, ids: &[DocumentId]) -> Result<Vec<Option<Document>>> {
        let found = self.session.engine().store().documents(ids).await?;
        Ok(found.into_iter().map(|document| self.opened(document?)).collect())
    }

    /// The documents of a list behind a position, as they are stored, with their places in it, at
    /// most `limit`. What holds for [`stored`](Self::stored) holds here.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn stored_in(
        &self,
        list: &DocumentList,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<(Position, Document)>> {
        let found = self.session.engine().store().documents_in(list, after, limit).await?;
        let opened = |(place, document)| Some((place, self.opened(document)?));
        Ok(found.into_iter().filter_map(opened).collect())
    }

    /// How far a projection that keeps its output in documents has followed the log; see
    /// [`DocumentChanges::advance`]. For the system only.
    ///
    /// # Errors
    /// [`Error::Denied`] for anybody else; [`Error::Invalid`] for a name above 60 bytes.
    pub async fn position(&self, projection: &Slug) -> Result<Option<Seq>> {
        self.require_system()?;
        let name = checkpoint_name(projection)?;
        Ok(self.session.engine().store().checkpoint(&name).await?)
    }

    fn opened(&self, document: Unchecked<Document>) -> Option<Document> {
        self.session.unscoped().admit(document).map(Visible::into_inner)
    }
}
