//! Hits: what an index tells becomes what a viewer is shown.

use async_trait::async_trait;

use super::super::Rights;
use super::super::extension::{Opened, Reading};
use super::super::read::Read;
use super::super::session::{Session, reading};
use super::super::view_search::{SearchHit, SearchView};
use super::lookup::synonyms;
use crate::error::Result;
use crate::id::{CommunityId, PostId, TopicId};
use crate::policy::{Unchecked, Visible};
use crate::query::{Cursor, Position};
use crate::search::{
    Count, Find, Found, Highlights, Hit, Per, Reach, Sample, SearchIndex, SearchQuery, SearchSort,
    SimilarQuery, Total, Wanted, beginning, fragments,
};

/// What somebody is shown of the hits of an index.
///
/// An index tells ids; what is shown of them is read here, under the viewer's rights.
#[async_trait]
pub trait HitView: Sized + Send {
    /// What tells searches for it from others: a cursor of one is none of another.
    const NAME: &'static str;

    /// What this viewer sees of hits, at most as many as fit on a page: an answer for each, in their
    /// order, and `None` where the viewer sees nothing.
    ///
    /// # Errors
    /// What `reading` refuses.
    async fn open(hits: &[Hit], reading: &Reading) -> Result<Vec<Option<Self>>>;

    /// The community in which it stands. A hit is shown to nobody who does not see that.
    fn community(&self) -> CommunityId;

    /// Its title and its body, in which the words that were looked for are found again.
    fn texts(&self) -> [&str; 2];

    /// Keeps where these words are.
    fn mark(&mut self, highlights: Highlights);
}

#[async_trait]
impl HitView for SearchHit {
    const NAME: &'static str = "search";

    async fn open(hits: &[Hit], reading: &Reading) -> Result<Vec<Option<Self>>> {
        let posts: Vec<PostId> = hits.iter().map(|hit| hit.post).collect();
        let topics: Vec<TopicId> = hits.iter().map(|hit| hit.topic).collect();
        let posts = reading.posts(&posts).await?;
        let topics = reading.topics(&topics).await?;
        let pairs = topics.into_iter().zip(posts);
        Ok(pairs
            .map(|(topic, post)| {
                let (topic, post) = (topic?.into_inner(), post?.into_inner());
                let highlights = Highlights::default();
                let fits = post.post.topic == topic.topic.id;
                fits.then_some(Self { topic, post, highlights })
            })
            .collect())
    }

    fn community(&self) -> CommunityId {
        self.topic.topic.community
    }

    fn texts(&self) -> [&str; 2] {
        [self.topic.topic.title.as_str(), &self.post.body]
    }

    fn mark(&mut self, highlights: Highlights) {
        self.highlights = highlights;
    }
}

/// What a page begins behind, and how much is on it.
#[derive(Debug, Clone, Copy)]
struct Start {
    /// The last hit of the page before, with how many were shown up to it.
    after: Option<Position>,
    limit: usize,
    depth: usize,
}

/// A page of hits as the store has them.
struct Filled<V> {
    hits: Vec<(Hit, V)>,
    more: bool,
    found: Found,
    /// Whether some of what was found is not to be seen any more.
    hidden: bool,
}

impl Session {
    /// A page of what a text finds in an index.
    pub(in crate::engine) async fn search_in<V: HitView>(
        &self,
        read: Read,
        index: &dyn SearchIndex,
        query: &SearchQuery,
    ) -> Result<SearchView<V>> {
        let limits = self.engine().env().limits();
        let expr = query.read(limits)?;
        let limit = limits.page_size(query.limit)?;
        let name = name(V::NAME, query);
        let after = query.after.as_deref().map(|text| Cursor::decode(text, &name)).transpose()?;
        reading!(self, read, |rights| {
            let communities = rights.communities(&query.communities)?;
            let reach = Reach::new(&rights.scope, &rights.directory, communities);
            let wanted = Wanted::Expr(self.looked_up(&rights, &reach, query, &expr).await?);
            let count = if query.facets {
                Count::Facets { most: limits.search_facets, values: limits.facet_values }
            } else {
                Count::Total { most: limits.search_total }
            };
            // Asked first: what is behind now may be in by the time that it is searched.
            let state = index.status().state;
            let (sort, per) = (query.sort, query.per);
            let start = Start { after, limit, depth: limits.search_depth };
            let find = Find { wanted: &wanted, reach: &reach, sort, per, top: 0, count };
            let page = self.page(&rights, index, find, start).await?;
            let Filled { mut hits, more, found, hidden } = page;
            let shown = after.map_or(0, |after| after.key).saturating_add(count_of(hits.len()));
            let last = hits
                .last()
                .filter(|_| more)
                .map(|(hit, _)| Position { key: shown, id: place_of(*hit, per) });
            let next = last.map(|place| Cursor::new(place, &name).to_string());
            if !query.plain {
                highlight(index, &wanted, &mut hits);
            }
            // What an extension keeps is read without a scope: what was decided about it holds if the
            // rights do.
            if matches!(read, Read::Extension) {
                self.require_current(&rights).await?;
            }
            // What hits have in common would tell of those that are hidden.
            let facets = match found.facets.filter(|_| !hidden) {
                Some(counts) => Some(self.named(&rights, counts).await?),
                None => None,
            };
            Ok(SearchView {
                hits: shown_to(&rights, hits),
                total: found.total.unwrap_or_default(),
                facets,
                typos: found.typos,
                index: state,
                next,
            })
        })
    }

    /// What an index has that is like what somebody is about to ask, best first.
    pub(in crate::engine) async fn similar_in<V: HitView>(
        &self,
        read: Read,
        index: &dyn SearchIndex,
        query: &SimilarQuery,
    ) -> Result<Vec<Visible<V>>> {
        let limits = self.engine().env().limits();
        query.check(limits)?;
        let limit = query.limit.unwrap_or(SimilarQuery::LIMIT);
        reading!(self, read, |rights| {
            let communities = rights.communities(&query.communities)?;
            let reach = Reach::new(&rights.scope, &rights.directory, communities);
            let wanted = Wanted::Like(Sample {
                title: query.title.clone(),
                body: query.body.clone(),
                except: None,
                languages: query.languages.clone(),
                synonyms: synonyms(&rights, &reach),
            });
            let hits = self.like(&rights, index, &wanted, &reach, limit).await?;
            if matches!(read, Read::Extension) {
                self.require_current(&rights).await?;
            }
            Ok(hits)
        })
    }

    pub(super) async fn like<V: HitView>(
        &self,
        rights: &Rights,
        index: &dyn SearchIndex,
        wanted: &Wanted,
        reach: &Reach<'_>,
        limit: usize,
    ) -> Result<Vec<Visible<V>>> {
        let (sort, per, count) = (SearchSort::Relevance, Per::Topic, Count::Nothing);
        let find = Find { wanted, reach, sort, per, top: 0, count };
        let start = Start { after: None, limit, depth: self.engine().env().limits().search_depth };
        let page = self.page(rights, index, find, start).await?;
        Ok(shown_to(rights, page.hits))
    }

    /// Reads one page of what is found: full, if there is enough that the viewer may see now.
    async fn page<V: HitView>(
        &self,
        rights: &Rights,
        index: &dyn SearchIndex,
        find: Find<'_>,
        start: Start,
    ) -> Result<Filled<V>> {
        let Start { after, limit, depth } = start;
        let shown = after.map_or(0, |after| usize::try_from(after.key).unwrap_or(0));
        let reading = self.reads_with(rights);
        // One more than fits: it tells whether there is another page.
        let mut top = shown.saturating_add(limit).saturating_add(1).min(depth);
        let mut count = find.count;
        let mut counted: Option<Found> = None;
        loop {
            let mut found = index.find(&Find { top, count, ..find }).await?;
            let behind = behind(&found.hits, after, shown, find.per);
            let mut hits = opened(&reading, found.hits.get(behind..).unwrap_or_default()).await?;
            let is_all = !found.more || top >= depth;
            if hits.len() > limit || is_all {
                let more = hits.len() > limit;
                if let Some(counted) = counted {
                    (found.total, found.facets) = (counted.total, counted.facets);
                }
                let hidden = hits.len() < found.hits.len().saturating_sub(behind);
                if hidden && let Some(total) = &mut found.total {
                    // The index counts what it has: no more is told than there is to be seen.
                    let seen = shown.saturating_add(hits.len());
                    let count = u64::try_from(seen).unwrap_or(u64::MAX);
                    *total = Total { count, exact: !found.more };
                }
                hits.truncate(limit);
                return Ok(Filled { hits, more, found, hidden });
            }
            // Some of the hits are no longer to be seen: the page is filled from those behind.
            top = top.saturating_mul(4).min(depth);
            count = Count::Nothing;
            counted.get_or_insert(found);
        }
    }
}

/// What there is of these hits, as far as the viewer may see it now.
async fn opened<V: HitView>(reading: &Reading, hits: &[Hit]) -> Result<Vec<(Hit, V)>> {
    let mut opened = Vec::with_capacity(hits.len());
    // In pieces as large as a page may be: no store is asked for more at once.
    for hits in hits.chunks(reading.env().limits().page.max(1)) {
        let views = V::open(hits, reading).await?;
        opened.extend(hits.iter().zip(views).filter_map(|(hit, view)| Some((*hit, view?))));
    }
    Ok(opened)
}

/// Hits with the engine's own lock opened: what stands in a community that the viewer does not see is
/// not among them.
fn shown_to<V: HitView>(rights: &Rights, hits: Vec<(Hit, V)>) -> Vec<Visible<V>> {
    let hits = hits.into_iter().map(|(_, view)| {
        let community = view.community();
        Unchecked::new(Opened { community, view })
    });
    let hits = rights.scope.admit_all(hits).into_iter();
    hits.map(|opened| opened.map(|opened| opened.view)).collect()
}

/// Says where hits show what was looked for.
fn highlight<V: HitView>(index: &dyn SearchIndex, wanted: &Wanted, hits: &mut [(Hit, V)]) {
    let texts = hits.iter().flat_map(|(_, hit)| {
        let [title, body] = hit.texts();
        [title, beginning(body)]
    });
    let texts: Vec<&str> = texts.collect();
    let mut marks = index.marks(wanted, &texts).into_iter();
    for (_, hit) in hits {
        let title = marks.next().unwrap_or_default();
        let body = marks.next().unwrap_or_default();
        let [_, text] = hit.texts();
        let fragments = fragments(text, &body);
        hit.mark(Highlights { title, fragments });
    }
}

/// What tells this search from all others, for its cursors.
fn name(what: &str, query: &SearchQuery) -> String {
    let SearchQuery {
        communities,
        text,
        sort,
        per,
        limit: _,
        after: _,
        facets: _,
        languages,
        exact,
        plain: _,
    } = query;
    format!("{what} {communities:?} {sort} {per} {languages:?} {exact} {text:?}")
}

/// What a cursor calls a hit. It tells no score: only which hit it was, and how many there were.
fn place_of(hit: Hit, per: Per) -> uuid::Uuid {
    match per {
        Per::Topic => hit.topic.uuid(),
        Per::Post => hit.post.uuid(),
    }
}

/// How many of the hits the pages before have shown. When the hit that ended the last one is no
/// longer among them, as many as were shown.
fn behind(hits: &[Hit], after: Option<Position>, shown: usize, per: Per) -> usize {
    let Some(after) = after else { return 0 };
    let last = hits.iter().position(|hit| place_of(*hit, per) == after.id);
    last.map_or(shown.min(hits.len()), |last| last + 1)
}

fn count_of(hits: usize) -> i64 {
    i64::try_from(hits).unwrap_or(i64::MAX)
}
