//! From what is touched to documents: reads posts as they are now and puts them into a generation.

use std::collections::BTreeSet;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use community_core::store::PostView;
use community_core::{
    AccessRev, CommunityId, Directory, PostId, PostKind, Scope, Slug, Store, Topic, TopicId,
    TopicRow, Unchecked,
};
use tantivy::collector::DocSetCollector;
use tantivy::query::{BooleanQuery, Occur, Query, TermQuery};
use tantivy::schema::{Field, IndexRecordOption, Value};
use tantivy::{TantivyDocument, Term};

use super::generation::Generation;
use super::touched::Touched;
use crate::document::{Answers, Documents, own_language};
use crate::{SearchError, Settings};

/// Topics or posts in one read.
const PAGE: usize = 100;

/// Reads from a store and writes to a generation.
pub(super) struct Reading<'a> {
    pub(super) store: &'a dyn Store,
    pub(super) directory: Arc<Directory>,
    pub(super) settings: &'a Settings,
    pub(super) generation: &'a mut Generation,
}

impl Reading<'_> {
    /// Brings everything that is touched up to date.
    pub(super) async fn refresh(&mut self, mut touched: Touched) -> Result<(), SearchError> {
        for (community, label) in std::mem::take(&mut touched.labels) {
            let topics = self.topics_with(community, &label)?;
            touched.topics.extend(topics.difference(&touched.whole));
        }
        let Touched { whole, topics, posts, labels: _ } = touched;
        let ids: Vec<TopicId> = whole.into_iter().collect();
        for page in ids.chunks(PAGE) {
            for (id, topic) in self.topics(page).await? {
                self.whole_topic(id, topic).await?;
            }
        }
        // The openings of touched posts are topics as well.
        let ids: Vec<TopicId> =
            topics.iter().chain(posts.keys().filter(|id| !topics.contains(id))).copied().collect();
        for page in ids.chunks(PAGE) {
            for (id, topic) in self.topics(page).await? {
                let Some(topic) = topic else {
                    self.generation.delete(self.id_term(|facts| facts.topic, id.as_bytes()))?;
                    continue;
                };
                let mut replies = posts.get(&id).cloned().unwrap_or_default();
                if replies.remove(&topic.opening) || topics.contains(&id) {
                    self.own_document(&topic).await?;
                }
                let replies: Vec<PostId> = replies.into_iter().collect();
                self.replies(&topic, &replies).await?;
            }
        }
        Ok(())
    }

    /// Writes every document of a topic anew.
    async fn whole_topic(&mut self, id: TopicId, topic: Option<Topic>) -> Result<(), SearchError> {
        self.generation.delete(self.id_term(|facts| facts.topic, id.as_bytes()))?;
        let Some(topic) = topic else { return Ok(()) };
        let (mut opening, mut answers) = (None, Answers::default());
        let mut after = None;
        loop {
            let page = self.posts_behind(topic.id, after).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.post.id);
            for view in page {
                if view.post.id == topic.opening {
                    opening = Some(view);
                    continue;
                }
                answers.see(&view);
                let document = self.documents(&topic).reply(&topic, &view);
                self.generation.add(document)?;
            }
        }
        if let Some(opening) = opening {
            let document = self.documents(&topic).topic(&topic, &opening, &answers);
            self.generation.add(document)?;
        }
        Ok(())
    }

    /// Writes the topic's own document anew.
    async fn own_document(&mut self, topic: &Topic) -> Result<(), SearchError> {
        self.generation.delete(self.id_term(|facts| facts.post, topic.opening.as_bytes()))?;
        let answers = self.answers(topic).await?;
        for opening in self.posts(&[topic.opening]).await?.into_iter().flatten() {
            let document = self.documents(topic).topic(topic, &opening, &answers);
            self.generation.add(document)?;
        }
        Ok(())
    }

    async fn answers(&self, topic: &Topic) -> Result<Answers, SearchError> {
        let mut answers = Answers::default();
        // Comments under a topic without answers are not read.
        if topic.counters.answers == 0 {
            return Ok(answers);
        }
        let mut after = None;
        loop {
            let page = self.posts_behind(topic.id, after).await?;
            let Some(last) = page.last() else { return Ok(answers) };
            after = Some(last.post.id);
            page.iter().for_each(|view| answers.see(view));
        }
    }

    /// Writes these replies of a topic anew.
    async fn replies(&mut self, topic: &Topic, ids: &[PostId]) -> Result<(), SearchError> {
        for page in ids.chunks(PAGE) {
            for (id, view) in page.iter().zip(self.posts(page).await?) {
                self.generation.delete(self.id_term(|facts| facts.post, id.as_bytes()))?;
                let reply = view.filter(|view| view.post.kind != PostKind::Opening);
                if let Some(view) = reply {
                    let document = self.documents(topic).reply(topic, &view);
                    self.generation.add(document)?;
                }
            }
        }
        Ok(())
    }

    fn documents(&self, topic: &Topic) -> Documents<'_> {
        let language = own_language(self.settings, &self.directory, topic.community);
        Documents { fields: self.generation.fields(), directory: &self.directory, language }
    }

    fn id_term(&self, field: fn(&crate::schema::FactFields) -> Field, id: &[u8]) -> Term {
        Term::from_field_bytes(field(&self.generation.fields().facts), id)
    }

    /// The topics that carry a label, as far as they are in the index.
    fn topics_with(
        &mut self,
        community: CommunityId,
        label: &Slug,
    ) -> Result<BTreeSet<TopicId>, SearchError> {
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
            must(Term::from_field_u64(facts.post_kind, PostKind::Opening.code().into())),
        ]);
        let mut topics = BTreeSet::new();
        for address in searcher.search(&query, &DocSetCollector)? {
            let document: TantivyDocument = searcher.doc(address)?;
            let id = document.get_first(facts.topic).and_then(|value| value.as_bytes());
            topics.extend(id.and_then(|id| id.try_into().ok()).map(TopicId::from_bytes));
        }
        Ok(topics)
    }

    /// Topics by id, each beside its id.
    async fn topics(&self, ids: &[TopicId]) -> Result<Vec<(TopicId, Option<Topic>)>, SearchError> {
        let scope = system();
        let rows = self.store.topics(ids, &scope).await?;
        let topic = |row: Option<Unchecked<TopicRow>>| Some(scope.admit(row?)?.into_inner().topic);
        Ok(ids.iter().copied().zip(rows.into_iter().map(topic)).collect())
    }

    async fn posts(&self, ids: &[PostId]) -> Result<Vec<Option<PostView>>, SearchError> {
        let scope = system();
        let views = self.store.posts(ids, &scope).await?;
        Ok(views.into_iter().map(|view| Some(scope.admit(view?)?.into_inner())).collect())
    }

    async fn posts_behind(
        &self,
        topic: TopicId,
        after: Option<PostId>,
    ) -> Result<Vec<PostView>, SearchError> {
        let scope = system();
        let page = self.store.posts_by_id(topic, after, PAGE, &scope).await?;
        Ok(scope.admit_all(page).into_iter().map(|view| view.into_inner()).collect())
    }
}

/// The projection shows nothing to anybody: who searches does so under a scope of their own.
fn system() -> Scope {
    Scope::system(AccessRev::default())
}
