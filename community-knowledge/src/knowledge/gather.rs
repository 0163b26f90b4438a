//! From conversations to articles, and the list of those that are in need of a look.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use community_core::extension::Reading;
use community_core::{
    Action, Card, Error as Refused, FeedQuery, LinkKind, Page, PostId, PostKind, PostView, Session,
    Slug, Sort, ThreadQuery, Topic, TopicId, Visible,
};
use serde::Serialize;

use super::read::works_somewhere;
use super::write::{begun, draft};
use super::{Knowledge, NewArticle, rules};
use crate::article::{Content, Origin, Section, SectionKind, State};
use crate::error::Result;
use crate::freshness::{self, Freshness};
use crate::harvest::{Candidate, Criterion, Interest, assess, curate, interest_order};
use crate::id::ArticleId;
use crate::store::{self, list};
use crate::view::{ArticleView, DeskView, Tally, page};

/// What is to be made of a conversation.
#[derive(Debug, Clone)]
pub struct Harvest {
    /// The topic.
    pub topic: TopicId,
    /// The key of the channel in which the article is to stand; `None` is the topic's own.
    pub channel: Option<Slug>,
    /// The language, such as `en`.
    pub locale: Slug,
}

/// How candidates are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CandidateQuery {
    /// So many candidates, at most.
    pub limit: usize,
    /// So many topics are looked at, those with the most views first.
    pub scan: usize,
}

impl Default for CandidateQuery {
    fn default() -> Self {
        Self { limit: 50, scan: 2_000 }
    }
}

/// Conversations that are worth an article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Candidates {
    /// Those that may become one, with the most points first.
    pub candidates: Vec<Candidate>,
    /// How many topics were looked at.
    pub scanned: usize,
    /// Whether there are topics that were not looked at, or not closely enough to tell.
    pub truncated: bool,
}

/// Articles that are in need of a look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stale {
    /// The articles, with the most points first.
    pub articles: Vec<StaleArticle>,
    /// Whether there are queued articles that were not looked at: those that were queued last.
    pub truncated: bool,
}

/// An article that is in need of a look, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StaleArticle {
    /// The article, with its concerns.
    #[serde(flatten)]
    pub desk: Visible<DeskView>,
    /// How much, with each part.
    pub freshness: Freshness,
}

/// Queued articles that are looked at to put them in order.
const MOST_QUEUED: usize = 1_000;
/// Candidates that are looked at closely, for each one that is asked for.
const CLOSE_LOOKS: usize = 3;
/// Posts of one conversation that are looked at.
const MOST_POSTS: usize = 1_000;

impl Knowledge {
    /// Conversations that are worth an article and have none that the viewer sees, each with the
    /// reasons. Over what the viewer may read, and nothing else.
    ///
    /// # Errors
    /// [`NotFound`](Refused::NotFound), [`Denied`](Refused::Denied) without the right to draft in the
    /// community; [`Limit`](Refused::Limit).
    pub async fn candidates(
        &self,
        session: &Session,
        community: &Slug,
        query: CandidateQuery,
    ) -> Result<Candidates> {
        let limits = self.engine.env().limits();
        limits.page(query.limit)?;
        limits.report_topics(query.scan)?;
        let rules = session
            .read_extension(async |reading| {
                let community = reading.community(community)?;
                reading.require(&Action::Draft, community.id, None)?;
                rules(&reading, community).await
            })
            .await?;
        let (topics, mut truncated) = self.topics(session, community, query.scan).await?;
        let now = self.engine.env().now();
        let age = |topic: &Topic| (now - topic.created_at).num_days().max(0);
        let mut first: Vec<(Candidate, &Topic)> = topics
            .iter()
            .map(|topic| (assess(&glance(topic, age(topic)), &rules.eligibility), topic))
            .collect();
        first.sort_by_key(|(candidate, _)| interest_order(candidate));
        let mut candidates = Vec::new();
        let mut looks = query.limit.saturating_mul(CLOSE_LOOKS);
        // What a close look adds does not change these.
        let never = [Criterion::Kind, Criterion::Views, Criterion::Age];
        let may_become = |known: &Candidate| !known.lacks.iter().any(|l| never.contains(l));
        for (_, topic) in first.into_iter().filter(|(known, _)| may_become(known)) {
            if !self.made_from(session, community, topic.id).await?.is_empty() {
                continue;
            }
            if looks == 0 {
                truncated = true;
                break;
            }
            looks -= 1;
            let interest = look(session, topic, age(topic)).await?;
            let candidate = assess(&interest, &rules.eligibility);
            if candidate.lacks.is_empty() {
                candidates.push(candidate);
            }
        }
        candidates.sort_by_key(interest_order);
        candidates.truncate(query.limit);
        Ok(Candidates { candidates, scanned: topics.len(), truncated })
    }

    /// The articles that were made from a topic and that the viewer reads or works on, at most a page
    /// of each sort.
    ///
    /// # Errors
    /// [`NotFound`](Refused::NotFound) for a community that is not there for the viewer.
    pub async fn made_from(
        &self,
        session: &Session,
        key: &Slug,
        topic: TopicId,
    ) -> Result<BTreeSet<ArticleId>> {
        Ok(session
            .read_extension(async |reading| {
                let community = reading.community(key)?.id;
                let list = |name| store::list(community, store::ARTICLES, name);
                let read: Page<Visible<ArticleView>> =
                    reading.documents_in(&list(list::SOURCE)?.within(topic), None, None).await?;
                let mut found: BTreeSet<ArticleId> = read.items.iter().map(|v| v.id).collect();
                if !works_somewhere(session, &reading, key).await? {
                    return Ok(found);
                }
                let (all, some) = (list(list::WATCH)?.within(topic), page(&reading));
                let mut after: Option<String> = None;
                loop {
                    let work: Page<Visible<DeskView>> =
                        reading.documents_in(&all, after.as_deref(), Some(some)).await?;
                    let in_use = work.items.iter().map(|desk| &desk.article);
                    let in_use = in_use.filter(|article| article.state != State::Archived);
                    found.extend(in_use.map(|article| article.id));
                    after = work.next;
                    if after.is_none() || found.len() >= some {
                        return Ok(found);
                    }
                }
            })
            .await?)
    }

    /// What [`harvest`](Self::harvest) would make of a conversation; `None` when nobody has answered
    /// in a way that the rules accept.
    ///
    /// # Errors
    /// [`NotFound`](Refused::NotFound), [`Denied`](Refused::Denied) without the right to draft in
    /// the topic's channel.
    pub async fn preview(&self, session: &Session, topic: TopicId) -> Result<Option<Content>> {
        let rules = session
            .read_extension(async |reading| {
                let row = reading.topics(&[topic]).await?.pop().flatten();
                let row = row.ok_or(Refused::NotFound("topic"))?;
                let Topic { community, channel, .. } = row.topic;
                reading.require(&Action::Draft, community, Some(channel))?;
                rules(&reading, reading.community_by_id(community)?).await
            })
            .await?;
        let (topic, posts) = conversation(session, topic).await?;
        Ok(curate(&topic, &posts, &rules.curate))
    }

    /// Begins an article with what was said in a conversation. Each passage names the post, the
    /// revision and the author that it comes from.
    ///
    /// # Errors
    /// [`NotFound`](Refused::NotFound), [`Denied`](Refused::Denied) without the right to draft;
    /// [`Invalid`](Refused::Invalid) when nobody has answered in a way that the rules accept.
    pub async fn harvest(&self, session: &Session, harvest: &Harvest) -> Result<ArticleId> {
        let id = self
            .run(session, &("harvest", harvest), async |planning| {
                let planning = &planning;
                // Before anything is read: what happens from here on is found in the log.
                let head = self.engine.store().head().await?;
                let row = planning.topics(&[harvest.topic]).await?.pop().flatten();
                let row = row.ok_or(Refused::NotFound("topic"))?;
                let community = planning.community_by_id(row.topic.community)?;
                let channel = match &harvest.channel {
                    Some(key) => planning.channel(community, key)?,
                    None => planning.channel_by_id(row.topic.channel)?,
                };
                let mut new = NewArticle::new(
                    community.key.clone(),
                    channel.channel.key.clone(),
                    harvest.locale.clone(),
                    Content::new(
                        row.topic.title.clone(),
                        vec![Section::text(SectionKind::Problem, "")],
                    ),
                );
                // The right first: whoever may not draft learns nothing of what could be made.
                draft(planning, &new, head, Origin::Harvested).await?;
                let rules = rules(planning, community).await?;
                let (topic, posts) = conversation(session, harvest.topic).await?;
                let content = curate(&topic, &posts, &rules.curate);
                let no_answer = || Refused::invalid("nobody has answered there so far");
                new.content = content.ok_or_else(no_answer)?;
                self.check_content(&new.content)?;
                let article = draft(planning, &new, head, Origin::Harvested).await?;
                let cited = new.content.posts();
                let (id, mut changes) = begun(planning, &article, new.content, planning.changes())?;
                changes.rest_on_gate(&topic);
                for post in posts.iter().filter(|view| cited.contains(&view.post.id)) {
                    changes.rest_on_post(&post.post);
                }
                Ok((id, changes))
            })
            .await?;
        id.map(ArticleId::from_uuid).ok_or_else(|| store::no_article().into())
    }

    /// Articles that are queued because of a concern and whose work the viewer sees, those most in
    /// need of a look first, each with the parts of its score.
    ///
    /// # Errors
    /// [`NotFound`](Refused::NotFound) for a community that is not there for the viewer;
    /// [`Limit`](Refused::Limit).
    pub async fn stale(
        &self,
        session: &Session,
        community: &Slug,
        limit: Option<usize>,
    ) -> Result<Stale> {
        let limit = self.engine.env().limits().page_size(limit)?;
        Ok(session
            .read_extension(async |reading| {
                if !works_somewhere(session, &reading, community).await? {
                    return Ok(Stale { articles: Vec::new(), truncated: false });
                }
                let community = reading.community(community)?;
                let rules = rules(&reading, community).await?;
                let list = store::list(community.id, store::ARTICLES, list::QUEUE)?;
                let mut queued: Vec<Visible<DeskView>> = Vec::new();
                let mut after = None;
                loop {
                    let some = page(&reading);
                    let found = reading.documents_in(&list, after.as_deref(), Some(some)).await?;
                    let Page { items, next } = found;
                    queued.extend(items);
                    after = next;
                    if after.is_none() || queued.len() >= MOST_QUEUED {
                        break;
                    }
                }
                let mut articles = Vec::with_capacity(queued.len());
                for desk in queued {
                    let signs = signs(&reading, &desk).await?;
                    let (article, now) = (&desk.article, reading.now());
                    let products = &rules.products;
                    let freshness =
                        freshness::assess(article, &signs, products, &rules.freshness, now);
                    articles.push(StaleArticle { desk, freshness });
                }
                articles.sort_by_key(|stale| {
                    (Reverse(stale.freshness.points), Reverse(stale.desk.article.id))
                });
                articles.truncate(limit);
                Ok(Stale { articles, truncated: after.is_some() })
            })
            .await?)
    }

    /// The topics of a community that the viewer may read: those with the most views, where the
    /// community offers that order.
    async fn topics(
        &self,
        session: &Session,
        community: &Slug,
        scan: usize,
    ) -> Result<(Vec<Topic>, bool)> {
        let limit = self.engine.env().limits().page.max(1);
        let mut query = FeedQuery::community(community.clone()).limit(limit);
        query.sort = Some(Sort::Views);
        let mut page = match session.feed(&query).await {
            Err(Refused::Invalid(_)) => {
                query.sort = None;
                session.feed(&query).await?
            }
            page => page?,
        };
        let mut topics: Vec<Topic> = Vec::new();
        loop {
            topics.extend(
                page.items.into_iter().map(Visible::into_inner).map(|card: Card| card.topic),
            );
            if topics.len() >= scan || page.next.is_none() {
                break;
            }
            query.after = page.next;
            page = session.feed(&query).await?;
        }
        let truncated = topics.len() > scan || page.next.is_some();
        topics.truncate(scan);
        Ok((topics, truncated))
    }
}

/// What a topic says of itself.
fn glance(topic: &Topic, age_days: i64) -> Interest {
    Interest {
        topic: topic.id,
        title: topic.title.clone(),
        kind: topic.kind.clone(),
        views: topic.counters.views,
        me_too: topic.counters.ups,
        accepted: topic.counters.accepted,
        official: 0,
        best_score: 0,
        repeats: 0,
        age_days,
    }
}

/// The same after a look at its posts and links.
async fn look(session: &Session, topic: &Topic, age_days: i64) -> Result<Interest> {
    let mut interest = glance(topic, age_days);
    let (_, posts) = conversation(session, topic.id).await?;
    for view in &posts {
        let post = &view.post;
        if post.kind == PostKind::Opening {
            interest.me_too += view.tallies.iter().map(|tally| tally.count).sum::<i64>();
        } else {
            interest.official += i64::from(post.official.is_some());
            interest.best_score = interest.best_score.max(post.score());
        }
    }
    let mut after: Option<String> = None;
    loop {
        let page = session.links(topic.id, after.as_deref(), None).await?;
        let repeats = page
            .items
            .iter()
            .filter(|link| link.link.kind == LinkKind::Duplicate && link.link.to == topic.id);
        interest.repeats += i64::try_from(repeats.count()).unwrap_or(i64::MAX);
        after = page.next;
        if after.is_none() {
            return Ok(interest);
        }
    }
}

/// A topic with its first post and the direct replies to it, as far as the viewer may read them.
async fn conversation(session: &Session, topic: TopicId) -> Result<(Topic, Vec<PostView>)> {
    let limit = session.engine().env().limits().page.max(1);
    let mut query = ThreadQuery { depth: Some(1), limit: Some(limit), ..ThreadQuery::default() };
    let mut posts: BTreeMap<PostId, PostView> = BTreeMap::new();
    loop {
        let page = session.thread(topic, &query).await?;
        let shown = page.items.iter().filter_map(|item| item.post());
        posts.extend(shown.map(|view| (view.post.id, view.clone())));
        query.after = page.next;
        if query.after.is_none() || posts.len() >= MOST_POSTS {
            let topic = page.topic.into_inner().topic;
            return Ok((topic, posts.into_values().collect()));
        }
    }
}

/// What is known of an article beside its head.
async fn signs(reading: &Reading, desk: &DeskView) -> community_core::Result<freshness::Signs> {
    let article = &desk.article;
    let tally = store::tally_document(article.id, article.created_at);
    let tally = reading.documents::<Tally>(&[tally]).await?.pop().flatten();
    let tally = tally.map_or_else(|| Tally::new(article.id), Visible::into_inner);
    let topics: Vec<TopicId> = article.sources.keys().copied().collect();
    let mut views = 0_i64;
    for some in topics.chunks(page(reading)) {
        let rows = reading.topics(some).await?;
        views += rows.iter().flatten().map(|row| row.topic.counters.views).sum::<i64>();
    }
    Ok(tally.signs(views))
}
