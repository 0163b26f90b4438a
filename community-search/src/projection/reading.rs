//! From what is touched to documents: reads posts as they are now and puts them into a generation.

use std::collections::BTreeSet;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use community_core::store::PostView;
use community_core::{
    AccessRev, CommunityId, Directory, DocumentId, PostId, PostKind, Scope, Slug, Store, Topic,
    TopicId, TopicRow, Unchecked,
};
use tantivy::collector::DocSetCollector;
use tantivy::query::{BooleanQuery, Occur, Query, TermQuery};
use tantivy::schema::{Field, IndexRecordOption, Value};
use tantivy::{TantivyDocument, Term};

use super::answers::Known;
use super::generation::Generation;
use super::touched::Touched;
use crate::SearchError;
use crate::contents::{Page, Plan};
use crate::document::{Documents, Outcome, PAGE as PAGE_KIND, own_language};

/// Topics or posts in one read.
const PAGE: usize = 100;

/// Topics with more posts are long.
const LONG: i64 = 100;

/// Reads from a store and writes to a generation.
pub(super) struct Reading<'a> {
    pub(super) store: &'a dyn Store,
    pub(super) directory: Arc<Directory>,
    pub(super) plan: &'a Plan,
    pub(super) generation: &'a mut Generation,
}

impl Reading<'_> {
    /// Brings everything that is touched up to date.
    pub(super) async fn refresh(&mut self, mut touched: Touched) -> Result<(), SearchError> {
        for (community, label) in std::mem::take(&mut touched.labels) {
            let opening = PostKind::Opening.code().into();
            for topic in self.labelled(community, &label, opening)? {
                let topic = TopicId::from_bytes(topic);
                if !touched.whole.contains(&topic) {
                    touched.topics.entry(topic).or_default();
                }
            }
            let pages = self.labelled(community, &label, PAGE_KIND)?;
            touched.pages.extend(pages.into_iter().map(DocumentId::from_bytes));
        }
        let Touched { whole, topics, posts, pages, labels: _ } = touched;
        self.pages(pages.into_iter().collect()).await?;
        let ids: Vec<TopicId> = whole.into_iter().collect();
        for page in ids.chunks(PAGE) {
            for (id, topic) in self.topics(page).await? {
                self.whole_topic(id, topic).await?;
            }
        }
        // The openings of touched posts are topics as well.
        let ids: BTreeSet<TopicId> = topics.keys().chain(posts.keys()).copied().collect();
        let ids: Vec<TopicId> = ids.into_iter().collect();
        let nothing = BTreeSet::new();
        for page in ids.chunks(PAGE) {
            for (id, topic) in self.topics(page).await? {
                let Some(topic) = topic else {
                    self.whole_topic(id, None).await?;
                    continue;
                };
                // What the other documents say of the topic is out of date. It is compared and not
                // worked out from the events, because what is read may be ahead of them.
                if self.generation.outcome(id)? != Some(Outcome::of(&topic)) {
                    self.whole_topic(id, Some(topic)).await?;
                    continue;
                }
                let changed = topics.get(&id);
                let mut replies = posts.get(&id).cloned().unwrap_or_default();
                if replies.remove(&topic.opening) || changed.is_some() {
                    self.own_document(&topic, changed.unwrap_or(&nothing)).await?;
                }
                if self.plan.contents.has_replies() {
                    let replies: Vec<PostId> = replies.into_iter().collect();
                    self.replies(&topic, &replies).await?;
                }
            }
        }
        Ok(())
    }

    /// Writes every document of a topic anew.
    async fn whole_topic(&mut self, id: TopicId, topic: Option<Topic>) -> Result<(), SearchError> {
        self.generation.delete(self.id_term(|facts| facts.topic, id.as_bytes()))?;
        let topic = topic.filter(|topic| self.plan.contents.has(topic));
        self.generation.wrote(id, topic.as_ref().map(Outcome::of));
        self.generation.answers.forget(id);
        let Some(topic) = topic else { return Ok(()) };
        let (mut opening, mut known) = (None, Known::default());
        loop {
            let page = self.posts_behind(topic.id, known.up_to).await?;
            let is_last = page.len() < PAGE;
            for view in page {
                known.up_to = Some(view.post.id);
                if view.post.id == topic.opening {
                    opening = Some(view);
                    continue;
                }
                known.answers.see(&view);
                if self.plan.contents.has_replies() {
                    let document = self.documents(topic.community).reply(&topic, &view);
                    self.generation.add(document)?;
                }
            }
            if is_last {
                break;
            }
        }
        if let Some(opening) = opening {
            let document = self.documents(topic.community).topic(&topic, &opening, &known.answers);
            self.generation.add(document)?;
        }
        self.keep_in_mind(&topic, known);
        Ok(())
    }

    /// Writes the topic's own document anew, after these posts have changed.
    async fn own_document(
        &mut self,
        topic: &Topic,
        changed: &BTreeSet<PostId>,
    ) -> Result<(), SearchError> {
        self.generation.delete(self.id_term(|facts| facts.post, topic.opening.as_bytes()))?;
        let known = self.answers(topic, changed).await?;
        for opening in self.posts(&[topic.opening]).await?.into_iter().flatten() {
            let document = self.documents(topic.community).topic(topic, &opening, &known.answers);
            self.generation.add(document)?;
        }
        self.keep_in_mind(topic, known);
        Ok(())
    }

    fn keep_in_mind(&mut self, topic: &Topic, known: Known) {
        // Of a short topic it is as soon read again.
        if topic.counters.posts > LONG {
            self.generation.answers.put(topic.id, known);
        }
    }

    async fn answers(
        &mut self,
        topic: &Topic,
        changed: &BTreeSet<PostId>,
    ) -> Result<Known, SearchError> {
        let mut known = self.generation.answers.take(topic.id, changed);
        // Comments under a topic without answers are not read.
        if topic.counters.answers == 0 {
            return Ok(Known::default());
        }
        loop {
            let page = self.posts_behind(topic.id, known.up_to).await?;
            for view in &page {
                known.up_to = Some(view.post.id);
                known.answers.see(view);
            }
            if page.len() < PAGE {
                return Ok(known);
            }
        }
    }

    /// Writes these replies of a topic anew.
    async fn replies(&mut self, topic: &Topic, ids: &[PostId]) -> Result<(), SearchError> {
        for page in ids.chunks(PAGE) {
            for (id, view) in page.iter().zip(self.posts(page).await?) {
                self.generation.delete(self.id_term(|facts| facts.post, id.as_bytes()))?;
                let reply = view.filter(|view| view.post.kind != PostKind::Opening);
                if let Some(view) = reply {
                    let document = self.documents(topic.community).reply(topic, &view);
                    self.generation.add(document)?;
                }
            }
        }
        Ok(())
    }

    /// Writes these pages anew, as far as documents are pages.
    async fn pages(&mut self, ids: Vec<DocumentId>) -> Result<(), SearchError> {
        let Some(pages) = self.plan.contents.pages() else { return Ok(()) };
        for some in ids.chunks(PAGE) {
            pause().await;
            let read: Vec<(DocumentId, Option<Page>)> =
                pages.read(self.store, some).await.map_err(SearchError::of_pages)?;
            for (id, page) in read {
                self.generation.delete(self.id_term(|facts| facts.post, id.as_bytes()))?;
                if let Some(page) = page {
                    let document = self.documents(page.community).page(&page);
                    self.generation.add(document)?;
                }
            }
        }
        Ok(())
    }

    fn documents(&mut self, community: CommunityId) -> Documents<'_> {
        let language = own_language(&self.plan.settings, &self.directory, community);
        let (directory, fields) = (&*self.directory, *self.generation.fields());
        let weight = self.plan.contents.topic_weight();
        let vocabulary = &mut self.generation.vocabulary;
        Documents { fields, vocabulary, directory, language, weight }
    }

    fn id_term(&self, field: fn(&crate::schema::FactFields) -> Field, id: &[u8]) -> Term {
        Term::from_field_bytes(field(&self.generation.fields().facts), id)
    }

    /// The topics or pages that carry a label, as far as they are in the index: documents of one kind.
    fn labelled(
        &mut self,
        community: CommunityId,
        label: &Slug,
        kind: u64,
    ) -> Result<BTreeSet<[u8; 16]>, SearchError> {
        // What waits cannot be searched.
        if self.generation.waiting() > 0 {
            self.generation.commit()?;
        }
        let snapshot = self.generation.snapshot();
        let (searcher, facts) = (snapshot.searcher(), snapshot.fields().facts);
        let must = |term| -> (Occur, Box<dyn Query>) {
            (Occur::Must, Box::new(TermQuery::new(term, IndexRecordOption::Basic)))
        };
        let query = BooleanQuery::new(vec![
            must(Term::from_field_text(facts.label, label.as_str())),
            must(Term::from_field_bytes(facts.community, community.as_bytes())),
            must(Term::from_field_u64(facts.post_kind, kind)),
        ]);
        let mut topics = BTreeSet::new();
        for address in searcher.search(&query, &DocSetCollector)? {
            let document: TantivyDocument = searcher.doc(address)?;
            let id = document.get_first(facts.topic).and_then(|value| value.as_bytes());
            topics.extend(id.and_then(|id| <[u8; 16]>::try_from(id).ok()));
        }
        Ok(topics)
    }

    /// Topics by id, each beside its id.
    async fn topics(&self, ids: &[TopicId]) -> Result<Vec<(TopicId, Option<Topic>)>, SearchError> {
        pause().await;
        let scope = system();
        let rows = self.store.topics(ids, &scope).await?;
        let topic = |row: Option<Unchecked<TopicRow>>| Some(scope.admit(row?)?.into_inner().topic);
        Ok(ids.iter().copied().zip(rows.into_iter().map(topic)).collect())
    }

    async fn posts(&self, ids: &[PostId]) -> Result<Vec<Option<PostView>>, SearchError> {
        pause().await;
        let scope = system();
        let views = self.store.posts(ids, &scope).await?;
        Ok(views.into_iter().map(|view| Some(scope.admit(view?)?.into_inner())).collect())
    }

    /// At most [`PAGE`] posts; fewer when there are no more.
    async fn posts_behind(
        &self,
        topic: TopicId,
        after: Option<PostId>,
    ) -> Result<Vec<PostView>, SearchError> {
        pause().await;
        let scope = system();
        let page = self.store.posts_by_id(topic, after, PAGE, &scope).await?;
        Ok(scope.admit_all(page).into_iter().map(|view| view.into_inner()).collect())
    }
}

/// Lets go of whoever polls, once: a store that answers at once would keep it for as long as a whole
/// piece of work takes.
async fn pause() {
    let mut is_resumed = false;
    poll_fn(|context| {
        if std::mem::replace(&mut is_resumed, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// The projection shows nothing to anybody: who searches does so under a scope of their own.
fn system() -> Scope {
    Scope::system(AccessRev::default())
}
