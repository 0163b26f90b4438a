//! Counts of searches that are kept while the knowledge base is searched, by community.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use community_core::{CommunityId, Env};

use super::queries::{QueryCounts, Searcher};

/// [`QueryCounts`] of all communities, counted by
/// [`Knowledge::search`](crate::Knowledge::search). Clones share them.
///
/// ```
/// use community::{MemberId, NewCommunity, Policy, SearchQuery};
/// use community_knowledge::Knowledge;
/// use community_knowledge::gaps::{About, Request, SearchCounts};
///
/// # pollster::block_on(async {
/// # let engine = community::in_memory();
/// # let host = engine.as_system();
/// # let garden: community::Slug = "garden".parse()?;
/// # host.create_community(NewCommunity::new(garden.clone(), "Garden".parse()?, Policy::public())).await?;
/// # let mut members = Vec::new();
/// # for key in ["user:1", "user:2", "user:3"] {
/// #     let new = community::NewMember::new(key.parse()?, "Somebody".parse()?);
/// #     members.push(engine.member(host.sync_member(new).await?));
/// # }
/// let knowledge = Knowledge::with_search(engine.clone(), None, Default::default())?
///     .with_counts(SearchCounts::new(engine.env().clone(), 3));
/// for member in &members {
///     let query = SearchQuery::community(garden.clone(), "warranty period");
///     knowledge.search(member, &query).await?;
/// }
/// let (found, _) = knowledge.gaps(&host, &Request::new(garden)).await?;
/// assert!(matches!(&found.gaps[0].about, About::Search { text, .. } if text == "warranty period"));
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct SearchCounts {
    env: Env,
    people: usize,
    of: Arc<Mutex<BTreeMap<CommunityId, QueryCounts>>>,
}

impl SearchCounts {
    /// Counts that tell a text when so many people have typed it in a community, as
    /// [`QueryCounts::new`] has it.
    #[must_use]
    pub fn new(env: Env, people: usize) -> Self {
        Self { env, people, of: Arc::default() }
    }

    /// What was counted in a community so far.
    #[must_use]
    pub fn of(&self, community: CommunityId) -> QueryCounts {
        let known = self.all().get(&community).cloned();
        known.unwrap_or_else(|| QueryCounts::new(&self.env, self.people))
    }

    /// Counts a search, and whether it found anything for the one who searched.
    pub fn searched(&self, community: CommunityId, who: Searcher, text: &str, found: bool) {
        self.with(community, |counts| counts.searched(who, text, found));
    }

    /// Counts that something which a search found was opened; once a search.
    pub fn opened(&self, community: CommunityId, text: &str) {
        self.with(community, |counts| counts.opened(text));
    }

    /// Forgets what few people have typed; see [`QueryCounts::forget_rare`].
    pub fn forget_rare(&self) {
        self.all().values_mut().for_each(QueryCounts::forget_rare);
    }

    fn with(&self, community: CommunityId, count: impl FnOnce(&mut QueryCounts)) {
        let new = || QueryCounts::new(&self.env, self.people);
        count(self.all().entry(community).or_insert_with(new));
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<CommunityId, QueryCounts>> {
        self.of.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
