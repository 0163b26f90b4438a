//! Gaps of a community, for a viewer.

use std::collections::BTreeSet;

use community_core::{
    Action, Card, Error, FeedQuery, MemberId, Result, Session, Slug, Sort, Timestamp, Topic,
    TopicId, Visible,
};
use community_search::analysis::Language;

use super::queries::QueryCounts;
use super::rank::{About, Question, QuestionState, Ranking, Settings, rank};
use crate::knowledge::{ArticleQuery, Knowledge};
use crate::view::ArticleView;

/// Which gaps a caller wants.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Request {
    /// The community.
    pub community: Slug,
    /// Questions that were asked before this moment do not count; `None` is never.
    pub since: Option<Timestamp>,
    /// The most questions and articles that are read, the newest first; `None` is as many as a
    /// report may read.
    pub most: Option<usize>,
    /// The most gaps that are told; `None` is 20.
    pub limit: Option<usize>,
    /// The language of texts that do not tell theirs.
    pub language: Language,
    /// What counts how much.
    pub settings: Settings,
}

impl Request {
    /// All gaps of a community, by the default settings.
    #[must_use]
    pub fn new(community: Slug) -> Self {
        Self {
            community,
            since: None,
            most: None,
            limit: None,
            language: Language::English,
            settings: Settings::default(),
        }
    }

    /// Without questions that were asked before.
    #[must_use]
    pub fn since(mut self, at: Timestamp) -> Self {
        self.since = Some(at);
        self
    }

    /// At most so many.
    #[must_use]
    pub fn limit(mut self, limit: usize) -> Self {
        self.limit = Some(limit);
        self
    }
}

/// What gaps are found in: everything that the viewer may read, as far as it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// Questions and articles, the newest first; then the articles of the knowledge base, with their
    /// title and labels.
    pub questions: Vec<Question>,
    /// Whether there are older ones that were not read, because there are too many.
    pub truncated: bool,
}

/// The gaps of a community among what the viewer may read, and whether older questions were left
/// out because there are too many.
///
/// Counts of searches, if the host has any, are told to those who manage the community; they are of
/// what anybody typed. A report: it reads every question.
///
/// # Errors
/// [`Error::NotFound`] for a community that does not exist for this viewer; [`Error::Limit`] for
/// more questions than a report may read, or more gaps than fit on a page.
///
/// ```
/// use community_core::{Engine, NewCommunity, NewTopic, Policy};
/// use community_knowledge::gaps::{self, Request};
/// # use std::sync::Arc;
/// # use community_core::{NewChannel, NewMember, Slug};
///
/// # pollster::block_on(async {
/// # let engine = Engine::new(Arc::new(community_store_memory::MemoryStore::new()));
/// # let host = engine.as_system();
/// # let garden: Slug = "garden".parse()?;
/// # let new = NewCommunity::new(garden.clone(), "Garden".parse()?, Policy::public());
/// # host.create_community(new).await?;
/// # host.create_channel(&garden, NewChannel::new("beds".parse()?, "Beds".parse()?)).await?;
/// # let ana = host.sync_member(NewMember::new("user:1".parse()?, "Ana".parse()?)).await?;
/// # host.set_member(&garden, ana, true).await?;
/// # let ana = engine.member(ana);
/// for title in ["How deep do I plant garlic?", "Planting garlic: how deep?", "Who eats my kale?"] {
///     let kind = "question".parse()?;
///     let new = NewTopic::new(garden.clone(), "beds".parse()?, kind, title, "Thanks.");
///     ana.start_topic(new).await?;
/// }
/// let (found, truncated) = gaps::read(&engine.anonymous(), &Request::new(garden), None).await?;
/// assert_eq!((found.questions, found.gaps.len(), truncated), (3, 1, false));
/// assert_eq!(found.gaps[0].questions.len(), 2);
/// # Ok::<(), community_core::Error>(()) }).unwrap();
/// ```
pub async fn read(
    session: &Session,
    request: &Request,
    searches: Option<&QueryCounts>,
) -> Result<(Ranking, bool)> {
    let limit = session.engine().env().limits().page_size(request.limit)?;
    let input = gather(session, request).await?;
    let searches = match searches {
        Some(counts) if session.can(&Action::Manage, &request.community, None).await?.allowed => {
            counts.told().collect()
        }
        _ => Vec::new(),
    };
    let mut ranking = rank(&input.questions, &searches, &request.settings, request.language);
    ranking.gaps.truncate(limit);
    // Reading took a while, and what may be read may be less by now.
    let told: BTreeSet<TopicId> =
        ranking.gaps.iter().flat_map(|gap| &gap.questions).copied().collect();
    let mut gone = BTreeSet::new();
    for id in told {
        match session.topic(id).await {
            Ok(_) => {}
            Err(Error::NotFound(_)) => drop(gone.insert(id)),
            Err(error) => return Err(error),
        }
    }
    ranking.gaps.retain(|gap| {
        let is_search = matches!(gap.about, About::Search { .. });
        is_search || !gap.questions.iter().any(|id| gone.contains(id))
    });
    Ok((ranking, input.truncated))
}

/// Reads the questions and articles of a community.
///
/// # Errors
/// Those of [`read()`].
pub async fn gather(session: &Session, request: &Request) -> Result<Input> {
    let mut input = topics(session, request).await?;
    let articles = articles(session, request).await?;
    let made_from: BTreeSet<TopicId> =
        articles.iter().flat_map(|view| view.sources.iter().copied()).collect();
    for question in &mut input.questions {
        question.covered = made_from.contains(&question.id);
    }
    input.questions.extend(articles.into_iter().map(Visible::into_inner).map(written));
    Ok(input)
}

/// The published articles of the knowledge base that the viewer may read, of whatever age.
async fn articles(session: &Session, request: &Request) -> Result<Vec<Visible<ArticleView>>> {
    let limits = session.engine().env().limits();
    let most = request.most.unwrap_or(limits.report_topics);
    let base = Knowledge::new(session.engine().clone());
    let mut query = ArticleQuery::all(request.community.clone());
    query.limit = Some(limits.page);
    let mut found = Vec::new();
    loop {
        let page = match base.articles(session, &query).await {
            Err(crate::Error::Engine(error)) => return Err(error),
            Err(_) => return Err(Error::NotFound("article")),
            Ok(page) => page,
        };
        found.extend(page.items);
        query.after = page.next;
        if query.after.is_none() || found.len() >= most {
            found.truncate(most);
            return Ok(found);
        }
    }
}

/// Reads the questions of a community, and the topics that are articles.
async fn topics(session: &Session, request: &Request) -> Result<Input> {
    let limits = session.engine().env().limits();
    let most = request.most.unwrap_or(limits.report_topics);
    limits.report_topics(most)?;
    let newest = FeedQuery::community(request.community.clone()).limit(limits.page);
    let mut query = newest.clone().sort(Sort::New);
    let mut page = match session.feed(&query).await {
        // A community may offer other orders only; its own order holds every topic too.
        Err(Error::Invalid(_)) => {
            query = newest;
            session.feed(&query).await?
        }
        page => page?,
    };
    let mut input = Input { questions: Vec::new(), truncated: false };
    loop {
        for card in &page.items {
            let is_old = request.since.is_some_and(|since| card.topic.created_at < since);
            let Some(state) = QuestionState::of(&card.topic).filter(|_| !is_old) else { continue };
            if input.questions.len() == most {
                input.truncated = true;
                return Ok(input);
            }
            let body = match session.post(card.topic.opening).await {
                Ok(post) => post.into_inner().body,
                Err(Error::NotFound(_)) => continue,
                Err(error) => return Err(error),
            };
            input.questions.push(question(card, state, body));
        }
        // By age nothing is left behind the first old one.
        let last = page.items.last().map(|card| card.topic.created_at);
        let is_by_age = query.sort == Some(Sort::New);
        let is_done =
            request.since.zip(last).is_some_and(|(since, last)| is_by_age && last < since);
        let Some(next) = page.next.take().filter(|_| !is_done) else { return Ok(input) };
        page = session.feed(&query.clone().after(next)).await?;
    }
}

impl QuestionState {
    /// What a topic is; `None` when it is neither a question nor an article.
    #[must_use]
    pub fn of(topic: &Topic) -> Option<Self> {
        if topic.kind.as_str() == "article" {
            return Some(Self::Article);
        }
        topic.answerable.then_some(match (topic.counters.answers, topic.counters.accepted) {
            (_, 1..) => Self::Solved,
            (1.., _) => Self::Unsolved,
            _ => Self::Unanswered,
        })
    }
}

fn question(card: &Visible<Card>, state: QuestionState, body: String) -> Question {
    let topic = &card.topic;
    Question {
        id: topic.id,
        title: topic.title.as_str().to_owned(),
        body,
        labels: topic.labels.clone(),
        author: topic.author,
        asked_at: topic.created_at,
        state,
        covered: false,
        votes: u64::try_from(topic.counters.ups).unwrap_or_default(),
        views: u64::try_from(topic.counters.views).unwrap_or_default(),
    }
}

/// An article of the knowledge base, by what it is found by.
fn written(view: ArticleView) -> Question {
    let nobody = MemberId::from_bytes([0; 16]);
    Question {
        id: TopicId::from_uuid(view.id.uuid()),
        title: view.title.as_str().to_owned(),
        body: String::new(),
        labels: view.labels,
        author: view.authors.first().copied().unwrap_or(nobody),
        asked_at: view.published_at,
        state: QuestionState::Article,
        covered: false,
        votes: 0,
        views: 0,
    }
}
