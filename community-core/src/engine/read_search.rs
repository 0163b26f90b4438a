//! Searches: what a query stands for under a viewer's rights, and what the store says of the hits.

use rustc_hash::{FxHashMap, FxHashSet};

use super::read::Read;
use super::session::{Session, reading};
use super::view_search::{FacetValue, Facets, NamedPlace, SearchHit, SearchView};
use super::{Engine, Rights};
use crate::domain::Author;
use crate::error::{Error, Result};
use crate::id::{CommunityId, MemberId, PostId, TopicId};
use crate::policy::{Unchecked, Visible};
use crate::query::{Cursor, Position};
use crate::search::{
    AnyOf, Condition, Count, Counts, Find, Found, Highlights, Hit, IndexError, Lookup, LookupTerm,
    Per, Reach, Sample, SearchExpr, SearchIndex, SearchQuery, SearchSort, SimilarQuery, Synonyms,
    Term, Wanted, beginning, fragments,
};
use crate::store::{PostView, TopicRow};
use crate::text::{Key, Slug};

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
        let limits = self.engine().env().limits();
        let expr = query.read(limits)?;
        let limit = limits.page_size(query.limit)?;
        let name = name(query);
        let after = query.after.as_deref().map(|text| Cursor::decode(text, &name)).transpose()?;
        let index = self.engine().searched()?;
        reading!(self, Read::Search, |rights| {
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
            let Filled { mut hits, more, found } = self.page(&rights, index, find, start).await?;
            let shown = after.map_or(0, |after| after.key).saturating_add(count_of(hits.len()));
            let last = hits
                .last()
                .filter(|_| more)
                .map(|(hit, _)| Position { key: shown, id: place_of(*hit, per) });
            let next = last.map(|place| Cursor::new(place, &name).to_string());
            if !query.plain {
                highlight(index, &wanted, &mut hits);
            }
            let facets = match found.facets {
                Some(counts) => Some(self.named(&rights, counts).await?),
                None => None,
            };
            let hits = hits.into_iter().map(|(_, hit)| Unchecked::new(hit));
            Ok(SearchView {
                hits: rights.scope.admit_all(hits),
                total: found.total.unwrap_or_default(),
                facets,
                typos: found.typos,
                index: state,
                next,
            })
        })
    }

    /// Topics like what somebody is about to ask, best first: to be shown while they type.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a community that does not exist for this viewer; [`Error::Limit`] for
    /// sizes; [`Error::Search`] when the engine has no index or the index fails.
    pub async fn similar(&self, query: &SimilarQuery) -> Result<Vec<Visible<TopicRow>>> {
        let limits = self.engine().env().limits();
        query.check(limits)?;
        let limit = query.limit.unwrap_or(SimilarQuery::LIMIT);
        let index = self.engine().searched()?;
        reading!(self, Read::Similar, |rights| {
            let communities = rights.communities(&query.communities)?;
            let reach = Reach::new(&rights.scope, &rights.directory, communities);
            let wanted = Wanted::Like(Sample {
                title: query.title.clone(),
                body: query.body.clone(),
                except: None,
                languages: query.languages.clone(),
                synonyms: synonyms(&rights, &reach),
            });
            self.topics_like(&rights, index, &wanted, &reach, limit).await
        })
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
            let mut rows = self.topics_like(&rights, index, &wanted, &reach, limit).await?;
            rows.sort_by_key(|row| row.topic.counters.accepted == 0);
            Ok(rows)
        })
    }

    async fn topics_like(
        &self,
        rights: &Rights,
        index: &dyn SearchIndex,
        wanted: &Wanted,
        reach: &Reach<'_>,
        limit: usize,
    ) -> Result<Vec<Visible<TopicRow>>> {
        let (sort, per, count) = (SearchSort::Relevance, Per::Topic, Count::Nothing);
        let find = Find { wanted, reach, sort, per, top: 0, count };
        let start = Start { after: None, limit, depth: self.engine().env().limits().search_depth };
        let page = self.page(rights, index, find, start).await?;
        let rows = page.hits.into_iter().map(|(_, hit)| Unchecked::new(hit.topic));
        Ok(rights.scope.admit_all(rows))
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

/// What a page begins behind, and how much is on it.
#[derive(Debug, Clone, Copy)]
struct Start {
    /// The last hit of the page before, with how many were shown up to it.
    after: Option<Position>,
    limit: usize,
    depth: usize,
}

/// A page of hits as the store has them.
struct Filled {
    hits: Vec<(Hit, SearchHit)>,
    more: bool,
    found: Found,
}

impl Session {
    /// Reads one page of what is found: full, if there is enough that the viewer may see now.
    async fn page(
        &self,
        rights: &Rights,
        index: &dyn SearchIndex,
        find: Find<'_>,
        start: Start,
    ) -> Result<Filled> {
        let Start { after, limit, depth } = start;
        let shown = after.map_or(0, |after| usize::try_from(after.key).unwrap_or(0));
        // One more than fits: it tells whether there is another page.
        let mut top = shown.saturating_add(limit).saturating_add(1).min(depth);
        let mut count = find.count;
        let mut counted: Option<Found> = None;
        loop {
            let mut found = index.find(&Find { top, count, ..find }).await?;
            let behind = behind(&found.hits, after, shown, find.per);
            let mut hits =
                self.hydrated(rights, found.hits.get(behind..).unwrap_or_default()).await?;
            let is_all = !found.more || top >= depth;
            if hits.len() > limit || is_all {
                let more = hits.len() > limit;
                hits.truncate(limit);
                if let Some(counted) = counted {
                    (found.total, found.facets) = (counted.total, counted.facets);
                }
                return Ok(Filled { hits, more, found });
            }
            // Some of the hits are no longer to be seen: the page is filled from those behind.
            top = top.saturating_mul(4).min(depth);
            count = Count::Nothing;
            counted.get_or_insert(found);
        }
    }

    /// What the store has of these hits, as far as the viewer may see it now.
    async fn hydrated(&self, rights: &Rights, hits: &[Hit]) -> Result<Vec<(Hit, SearchHit)>> {
        let mut hydrated = Vec::with_capacity(hits.len());
        let store = self.engine().store();
        // In pieces as large as a page may be: no store is asked for more at once.
        for hits in hits.chunks(self.engine().env().limits().page.max(1)) {
            let posts: Vec<PostId> = hits.iter().map(|hit| hit.post).collect();
            let topics: Vec<TopicId> = hits.iter().map(|hit| hit.topic).collect();
            let posts = store.posts(&posts, &rights.scope).await?;
            let topics = store.topics(&topics, &rights.scope).await?;
            for ((hit, post), topic) in hits.iter().zip(posts).zip(topics) {
                let post: Option<Visible<PostView>> =
                    post.and_then(|post| rights.scope.admit(post));
                let topic = topic.and_then(|topic| rights.scope.admit(topic));
                if let (Some(post), Some(topic)) = (post, topic)
                    && post.post.topic == topic.topic.id
                {
                    let (topic, post) = (topic.into_inner(), post.into_inner());
                    let highlights = Highlights::default();
                    hydrated.push((*hit, SearchHit { topic, post, highlights }));
                }
            }
        }
        Ok(hydrated)
    }

    /// The query with its keys looked up.
    async fn looked_up(
        &self,
        rights: &Rights,
        reach: &Reach<'_>,
        query: &SearchQuery,
        expr: &SearchExpr,
    ) -> Result<Lookup> {
        // Everything that is told of members is read in one go.
        let terms = expr.required.iter().flat_map(AnyOf::alternatives).chain(&expr.excluded);
        let authors: Vec<Key> = terms
            .filter_map(|term| match term {
                Term::Condition(Condition::Author(key)) => Some(key.clone()),
                _ => None,
            })
            .collect();
        let members = match authors.as_slice() {
            [] => Vec::new(),
            keys => self.engine().store().members_by_key(keys).await?,
        };
        let ids = members.into_iter().map(|member| member.map(|member| member.id));
        let authors: FxHashMap<Key, Option<MemberId>> = authors.into_iter().zip(ids).collect();
        let term = |term: &Term| looked_up(term, rights, reach, &authors);
        Ok(Lookup {
            words: expr.words.clone(),
            quoted: expr.quoted.clone(),
            required: expr
                .required
                .iter()
                .map(|group| group.alternatives().iter().map(term).collect())
                .collect(),
            excluded: expr.excluded.iter().map(term).collect(),
            place: expr.place,
            languages: query.languages.clone(),
            synonyms: synonyms(rights, reach),
            exact: query.exact,
        })
    }

    /// Facets with the names of what is counted.
    async fn named(&self, rights: &Rights, counts: Counts) -> Result<Facets> {
        let Counts { labels, channels, kinds, authors, years, answered } = counts;
        let directory = &rights.directory;
        let community = |id: CommunityId| directory.community(id).map(|found| found.key.clone());
        let label = |(id, key): (CommunityId, Slug)| {
            let label = directory.label(id, &key).filter(|_| rights.scope.sees_label(id, &key))?;
            Some(NamedPlace { community: community(id)?, name: label.name.clone(), key })
        };
        let channel = |id| {
            let entry = directory.channel(id).filter(|_| rights.scope.sees_channel(id))?;
            let (key, name) = (entry.channel.key.clone(), entry.channel.name.clone());
            Some(NamedPlace { community: community(entry.channel.community)?, key, name })
        };
        let ids: Vec<MemberId> = authors.iter().map(|(id, _)| *id).collect();
        let members = self.engine().store().members(&ids).await?;
        let author = |member: Option<crate::Member>| member.as_ref().map(Author::from);
        let authors = members.into_iter().zip(authors).map(|(member, (_, count))| (member, count));
        Ok(Facets {
            labels: values(labels, label),
            channels: values(channels, channel),
            kinds: values(kinds, Some),
            authors: values(authors, author),
            years: values(years, Some),
            answered: values(answered, Some),
        })
    }
}

impl Rights {
    /// Communities by key, each of which has to exist for the viewer; `None` for no keys.
    fn communities(&self, keys: &[Slug]) -> Result<Option<FxHashSet<CommunityId>>> {
        if keys.is_empty() {
            return Ok(None);
        }
        keys.iter().map(|key| Ok(self.community(key)?.id)).collect::<Result<_>>().map(Some)
    }
}

fn looked_up(
    term: &Term,
    rights: &Rights,
    reach: &Reach<'_>,
    authors: &FxHashMap<Key, Option<MemberId>>,
) -> LookupTerm {
    let (directory, scope) = (&rights.directory, &rights.scope);
    match term {
        Term::Word(word) => LookupTerm::Word(word.clone()),
        Term::Phrase(phrase) => LookupTerm::Phrase(phrase.clone()),
        Term::Condition(condition) => match condition {
            // What does not exist for the viewer is on nothing.
            Condition::Label(key) => {
                let seen = reach
                    .communities()
                    .filter(|id| scope.sees_label(*id, key) && directory.label(*id, key).is_some());
                LookupTerm::Label(seen.map(|id| (id, key.clone())).collect())
            }
            Condition::Channel(key) => {
                let roots = reach.communities().filter_map(|id| directory.channel_by_key(id, key));
                let seen = roots.filter(|entry| scope.sees_channel(entry.channel.id));
                let below = seen.flat_map(|entry| directory.subtree(entry));
                LookupTerm::Channel(below.map(|entry| entry.channel.id).collect())
            }
            Condition::Author(key) => LookupTerm::Author(authors.get(key).copied().flatten()),
            Condition::Kind(name) => LookupTerm::Kind(name.clone()),
            Condition::Is(is) => LookupTerm::Is(*is),
            Condition::Before(day) => LookupTerm::Until(day.starts_at()),
            Condition::After(day) => LookupTerm::Since(day.starts_at()),
            Condition::Language(code) => LookupTerm::Language(*code),
        },
    }
}

/// What means the same in the communities within reach.
fn synonyms(rights: &Rights, reach: &Reach<'_>) -> Vec<Synonyms> {
    reach.communities().filter_map(|id| rights.directory.synonyms(id).cloned()).collect()
}

/// Says where hits show what was looked for.
fn highlight(index: &dyn SearchIndex, wanted: &Wanted, hits: &mut [(Hit, SearchHit)]) {
    let texts = hits
        .iter()
        .flat_map(|(_, hit)| [hit.topic.topic.title.as_str(), beginning(&hit.post.body)]);
    let texts: Vec<&str> = texts.collect();
    let mut marks = index.marks(wanted, &texts).into_iter();
    for (_, hit) in hits {
        let title = marks.next().unwrap_or_default();
        let body = marks.next().unwrap_or_default();
        hit.highlights = Highlights { title, fragments: fragments(&hit.post.body, &body) };
    }
}

/// What tells this search from all others, for its cursors.
fn name(query: &SearchQuery) -> String {
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
    format!("search {communities:?} {sort} {per} {languages:?} {exact} {text:?}")
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

fn values<T, U>(
    counts: impl IntoIterator<Item = (T, u64)>,
    name: impl Fn(T) -> Option<U>,
) -> Vec<FacetValue<U>> {
    let named = |(value, count)| Some(FacetValue { value: name(value)?, count });
    counts.into_iter().filter_map(named).collect()
}
