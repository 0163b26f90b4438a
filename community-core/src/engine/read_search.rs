//! Searches: what a query stands for under a viewer's rights, and what the store says of the hits.

mod hits;
mod lookup;

use rustc_hash::FxHashSet;

use super::Engine;
use super::read::Read;
use super::session::{Session, reading};
use super::view_search::{SearchHit, SearchView};
use crate::error::{Error, Result};
use crate::id::TopicId;
use crate::policy::Visible;
use crate::search::{
    IndexError, Reach, Sample, SearchIndex, SearchQuery, SimilarQuery, Wanted, beginning,
};
use crate::store::TopicRow;
use lookup::synonyms;

pub use hits::HitView;

impl Session {
    /// A page of what a text finds.
    ///
    /// Every page but the last is full, whatever the viewer may read. What is new is found as soon
    /// as the index has it, see [`Engine::indexed`]; what the viewer may no longer see is gone at
    /// once.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a community that does not exist for this viewer; [`Error::Invalid`]
    /// for a cursor of another search; [`Error::Limit`] for sizes, and for nothing else that can be
    /// typed; [`Error::Search`] when the engine has no index or the index fails.
    pub async fn search(&self, query: &SearchQuery) -> Result<SearchView> {
        self.search_in(Read::Search, self.engine().searched()?, query).await
    }

    /// Topics like what somebody is about to ask, best first: to be shown while they type.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a community that does not exist for this viewer; [`Error::Limit`] for
    /// sizes; [`Error::Search`] when the engine has no index or the index fails.
    pub async fn similar(&self, query: &SimilarQuery) -> Result<Vec<Visible<TopicRow>>> {
        let index = self.engine().searched()?;
        let hits: Vec<Visible<SearchHit>> = self.similar_in(Read::Similar, index, query).await?;
        Ok(hits.into_iter().map(|hit| hit.map(|hit| hit.topic)).collect())
    }

    /// Topics like a topic, in its community: those with an accepted answer first, each group best
    /// first.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the topic does not exist for this viewer; [`Error::Limit`] for too
    /// large a page; [`Error::Search`] when the engine has no index or the index fails.
    pub async fn related(
        &self,
        topic: TopicId,
        limit: Option<usize>,
    ) -> Result<Vec<Visible<TopicRow>>> {
        let limit =
            self.engine().env().limits().page_size(Some(limit.unwrap_or(SimilarQuery::LIMIT)))?;
        let index = self.engine().searched()?;
        reading!(self, Read::Similar, |rights| {
            let row = self.visible_topic(&rights, topic).await?;
            let opening = self.visible_post(&rights, row.topic.opening).await?;
            let community = Some(FxHashSet::from_iter([row.topic.community]));
            let reach = Reach::new(&rights.scope, &rights.directory, community);
            let wanted = Wanted::Like(Sample {
                title: row.topic.title.as_str().to_owned(),
                body: beginning(&opening.body).to_owned(),
                except: Some(topic),
                languages: Vec::new(),
                synonyms: synonyms(&rights, &reach),
            });
            let hits: Vec<Visible<SearchHit>> =
                self.like(&rights, index, &wanted, &reach, limit).await?;
            let mut rows: Vec<_> = hits.into_iter().map(|hit| hit.map(|hit| hit.topic)).collect();
            rows.sort_by_key(|row| row.topic.counters.accepted == 0);
            Ok(rows)
        })
    }
}

impl Engine {
    /// The search index, if this engine has one.
    #[must_use]
    pub fn index(&self) -> Option<&dyn SearchIndex> {
        self.inner.index.as_deref()
    }

    /// Waits until everything that has happened so far can be found.
    ///
    /// # Errors
    /// [`Error::Store`] when the store fails; [`Error::Search`] when the engine has no index, or
    /// nobody works at it any more. While the index fails it waits.
    pub async fn indexed(&self) -> Result<()> {
        let index = self.searched()?;
        let head = self.store().head().await?;
        Ok(index.wait_for(head).await?)
    }

    fn searched(&self) -> Result<&dyn SearchIndex> {
        self.index().ok_or(Error::Search(IndexError::None))
    }
}
