//! Finding: articles, and topics that have an answer, by their words, in one ranked list.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use community_core::extension::{HitView, Reading};
use community_core::search::{Highlights, Hit, IndexError, SearchIndex, SearchQuery, SimilarQuery};
use community_core::{
    CommunityId, DocumentId, Engine, Error as Refused, SearchHit, SearchView, Session, TopicId,
    TopicRow, Visible,
};
use community_search::{Keeper, SearchError, Settings};
use serde::Serialize;

use super::Knowledge;
use crate::article::State;
use crate::error::Result;
use crate::gaps::{Ranking, Request, SearchCounts, Searcher};
use crate::pages::ArticlePages;
use crate::view::{ArticleView, ShownText};

/// What a search of the knowledge base found.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "hit", rename_all = "snake_case")]
pub enum KnowledgeHit {
    /// An article, as its readers see it now.
    Article(Box<ArticleHit>),
    /// A topic that has an answer.
    Topic(Box<SearchHit>),
}

/// An article that was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ArticleHit {
    /// The article.
    pub article: ArticleView,
    /// What the version that readers see says.
    pub text: String,
    /// Which parts show why it was found.
    pub highlights: Highlights,
}

/// What the knowledge base suggests to somebody who is about to ask.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "suggestion", rename_all = "snake_case")]
pub enum Suggestion {
    /// An article.
    Article(Box<ArticleView>),
    /// A topic that has an answer.
    Topic(Box<TopicRow>),
}

impl ArticleHit {
    /// The title as HTML that is safe to put into a page, with `<mark>` around what was looked for.
    #[must_use]
    pub fn title_html(&self) -> String {
        self.highlights.title_html(self.article.title.as_str())
    }

    /// The fragments of the text as HTML that is safe to put into a page, with `<mark>` around what
    /// was looked for.
    #[must_use]
    pub fn fragments_html(&self) -> Vec<String> {
        self.highlights.fragments_html(&self.text)
    }
}

impl Knowledge {
    /// The knowledge base on an engine, with an index of its own that a thread keeps up to date: in a
    /// directory of its own, such as `data/knowledge`, which is made when there is none and which nothing
    /// else uses, or in memory without one. The index is a copy: one that is damaged or gone is built
    /// anew. A directory that is in use is no error: [`index`](Self::index) says so in its status, and
    /// nothing is found until it is free.
    ///
    /// ```
    /// use community::{NewChannel, NewCommunity, Policy, SearchQuery};
    /// use community_knowledge::{Content, Knowledge, KnowledgeHit, NewArticle, Section, SectionKind};
    ///
    /// # pollster::block_on(async {
    /// # let engine = community::in_memory();
    /// # let host = engine.as_system();
    /// # let new = NewCommunity::new("garden".parse()?, "Garden".parse()?, Policy::public());
    /// # host.create_community(new).await?;
    /// # host.create_channel(&"garden".parse()?, NewChannel::new("tips".parse()?, "Tips".parse()?)).await?;
    /// let knowledge = Knowledge::with_search(engine.clone(), None, Default::default())?;
    /// let resolution = Section::text(SectionKind::Resolution, "Water in the evening.");
    /// let content = Content::new("When to water".parse()?, vec![resolution]);
    /// let new = NewArticle::new("garden".parse()?, "tips".parse()?, "en".parse()?, content);
    /// let id = knowledge.begin(&host, &new).await?;
    /// knowledge.submit(&host, id).await?;
    /// let desk = knowledge.desk(&host, id).await?;
    /// knowledge.approve(&host, id, desk.rev, None).await?;
    ///
    /// knowledge.indexed().await?;
    /// let query = SearchQuery::community("garden".parse()?, "watering at evenings");
    /// let found = knowledge.search(&engine.anonymous(), &query).await?;
    /// let KnowledgeHit::Article(hit) = &*found.hits[0] else { panic!("no article") };
    /// assert_eq!(hit.article.id, id);
    /// assert_eq!(hit.fragments_html(), ["<mark>Water</mark> in the <mark>evening</mark>."]);
    /// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
    /// ```
    ///
    /// # Errors
    /// [`SearchError::Index`] when the system gives no thread.
    pub fn with_search(
        engine: Engine,
        path: Option<&Path>,
        settings: Settings,
    ) -> std::result::Result<Self, SearchError> {
        let (env, store) = (engine.env().clone(), engine.store_handle());
        let pages = Arc::new(ArticlePages::new(env.clone()));
        let index = Keeper::of_pages(pages, path, settings, env, store)?;
        Ok(Self::new(engine).with_index(Arc::new(index)))
    }

    /// The same with an index that the host keeps, of [`ArticlePages`].
    #[must_use]
    pub fn with_index(self, index: Arc<dyn SearchIndex>) -> Self {
        Self { index: Some(index), ..self }
    }

    /// The index, if there is one.
    #[must_use]
    pub fn index(&self) -> Option<&dyn SearchIndex> {
        self.index.as_deref()
    }

    /// Waits until everything that has happened so far can be found.
    ///
    /// # Errors
    /// [`Search`](Refused::Search) without an index, or when nobody works at it any more;
    /// [`Store`](Refused::Store). While the index fails it waits.
    pub async fn indexed(&self) -> Result<()> {
        let head = self.engine.store().head().await?;
        Ok(self.searched()?.wait_for(head).await.map_err(Refused::from)?)
    }

    /// A page of what a text finds among the articles that the viewer may read, in the version that
    /// readers see now, and among topics that have an answer: in one list, by how well they fit and by
    /// what readers said. The language is that of [`Session::search`]; `kind:article` leaves out the
    /// topics of all other kinds. A version that is scheduled is found once [`pump`](Self::pump) has
    /// written down that it is in force; until then the words of the one before it find the article.
    ///
    /// With [counts](Self::with_counts), the first page of a member's search in one community counts.
    /// Who searches without a name is not known again, and not counted here.
    ///
    /// # Errors
    /// As [`Session::search`].
    pub async fn search(
        &self,
        session: &Session,
        query: &SearchQuery,
    ) -> Result<SearchView<KnowledgeHit>> {
        let found: SearchView<KnowledgeHit> =
            session.search_extension(self.searched()?, query).await?;
        if let (Some(counts), Some(member)) = (&self.counts, session.viewer().member())
            && let ([community], None) = (query.communities.as_slice(), &query.after)
        {
            let community = session.community(community).await?.id;
            let who = Searcher::Member(member);
            counts.searched(community, who, &query.text, !found.hits.is_empty());
        }
        Ok(found)
    }

    /// The same, which counts what is searched for. The counts are in memory and shared by clones.
    #[must_use]
    pub fn with_counts(self, counts: SearchCounts) -> Self {
        Self { counts: Some(counts), ..self }
    }

    /// What to write next in a community, and whether older questions were left out: by what the
    /// viewer may read, and for those who manage it by what was searched for and
    /// [counted](Self::with_counts).
    ///
    /// # Errors
    /// As [`gaps::read`](crate::gaps::read()).
    pub async fn gaps(&self, session: &Session, request: &Request) -> Result<(Ranking, bool)> {
        let counts = match &self.counts {
            Some(counts) => Some(counts.of(session.community(&request.community).await?.id)),
            None => None,
        };
        Ok(crate::gaps::read(session, request, counts.as_ref()).await?)
    }

    /// What there is already for somebody who is about to ask, best first: articles, and topics that
    /// have an answer. To be shown while they type.
    ///
    /// # Errors
    /// As [`Session::similar`].
    pub async fn suggest(
        &self,
        session: &Session,
        query: &SimilarQuery,
    ) -> Result<Vec<Visible<Suggestion>>> {
        Ok(session.similar_extension(self.searched()?, query).await?)
    }

    fn searched(&self) -> Result<&dyn SearchIndex> {
        self.index().ok_or_else(|| Refused::Search(IndexError::None).into())
    }
}

#[async_trait]
impl HitView for KnowledgeHit {
    const NAME: &'static str = "knowledge";

    async fn open(hits: &[Hit], reading: &Reading) -> community_core::Result<Vec<Option<Self>>> {
        let articles = articles(hits, reading).await?;
        let versions: Vec<DocumentId> =
            articles.iter().flatten().map(ArticleView::version_document).collect();
        let mut versions = reading.documents::<ShownText>(&versions).await?.into_iter();
        let topics: Vec<Hit> =
            hits.iter().filter(|hit| hit.document().is_none()).copied().collect();
        let mut topics = SearchHit::open(&topics, reading).await?.into_iter();
        let opened = hits.iter().zip(articles).map(|(hit, article)| {
            if hit.document().is_none() {
                return Some(Self::Topic(Box::new(topics.next().flatten()?)));
            }
            let article = article?;
            let text = versions.next().flatten()?.into_inner().0;
            let highlights = Highlights::default();
            Some(Self::Article(Box::new(ArticleHit { article, text, highlights })))
        });
        Ok(opened.collect())
    }

    fn community(&self) -> CommunityId {
        match self {
            Self::Article(hit) => hit.article.community,
            Self::Topic(hit) => hit.community(),
        }
    }

    fn texts(&self) -> [&str; 2] {
        match self {
            Self::Article(hit) => [hit.article.title.as_str(), &hit.text],
            Self::Topic(hit) => hit.texts(),
        }
    }

    fn mark(&mut self, highlights: Highlights) {
        match self {
            Self::Article(hit) => hit.highlights = highlights,
            Self::Topic(hit) => hit.mark(highlights),
        }
    }
}

#[async_trait]
impl HitView for Suggestion {
    const NAME: &'static str = "suggestions";

    async fn open(hits: &[Hit], reading: &Reading) -> community_core::Result<Vec<Option<Self>>> {
        let articles = articles(hits, reading).await?;
        let topics: Vec<TopicId> =
            hits.iter().filter(|hit| hit.document().is_none()).map(|hit| hit.topic).collect();
        let mut topics = reading.topics(&topics).await?.into_iter();
        let opened = hits.iter().zip(articles).map(|(hit, article)| {
            if hit.document().is_some() {
                return Some(Self::Article(Box::new(article?)));
            }
            Some(Self::Topic(Box::new(topics.next().flatten()?.into_inner())))
        });
        Ok(opened.collect())
    }

    fn community(&self) -> CommunityId {
        match self {
            Self::Article(article) => article.community,
            Self::Topic(row) => row.topic.community,
        }
    }

    fn texts(&self) -> [&str; 2] {
        match self {
            Self::Article(article) => [article.title.as_str(), ""],
            Self::Topic(row) => [row.topic.title.as_str(), ""],
        }
    }

    // What is suggested is shown by its title alone.
    fn mark(&mut self, _highlights: Highlights) {}
}

/// The articles among hits, as far as the viewer may read them now; nothing in the place of a topic.
async fn articles(
    hits: &[Hit],
    reading: &Reading,
) -> community_core::Result<Vec<Option<ArticleView>>> {
    let ids: Vec<DocumentId> = hits.iter().filter_map(Hit::document).collect();
    let mut found = reading.documents::<ArticleView>(&ids).await?.into_iter();
    let views = hits.iter().map(|hit| {
        hit.document()?;
        let view = found.next().flatten()?.into_inner();
        // One that is archived leads on, and is no more than that.
        (view.state != State::Archived).then_some(view)
    });
    Ok(views.collect())
}
