//! What everybody finds: the same articles and topics that they may read, and counts of nothing else.

use std::collections::BTreeSet;

use community_core::{PostId, SearchQuery, SimilarQuery, State as ItemState, TopicId};
use community_knowledge::{ArticleId, KnowledgeHit, Suggestion};

use super::rules::Viewer;
use super::script::{Known, Script};
use crate::common::garden;

/// Articles and topics.
type Hits = (BTreeSet<ArticleId>, BTreeSet<TopicId>);

impl Script {
    /// Compares what each viewer finds, of everything and of each word, with what the rules say.
    pub(super) async fn check_found(&self) {
        self.world.knowledge.indexed().await.unwrap();
        for viewer in &self.viewers {
            let readable: BTreeSet<ArticleId> =
                self.articles.keys().copied().filter(|id| self.reads(viewer, *id)).collect();
            let answered: BTreeSet<TopicId> = self
                .topics
                .iter()
                .map(|(id, _)| *id)
                .filter(|id| self.finds_topic(viewer, *id))
                .collect();
            let all = (readable.clone(), answered.clone());
            assert_eq!(self.found(viewer, "").await, all, "{} finds all", viewer.name);
            let garden = garden();
            let outline = self.world.knowledge.outline(&viewer.session, &garden, None);
            let outline = outline.await.unwrap();
            assert_eq!(outline.articles, readable.len(), "{}'s outline", viewer.name);
            let shelved = outline.collections.values().flatten().map(|shelved| shelved.article);
            let shelved: BTreeSet<ArticleId> = shelved.collect();
            let expected = readable.iter().copied().filter(|id| self.articles[id].shelved);
            assert_eq!(shelved, expected.collect(), "{}'s collections", viewer.name);
            for (_, post) in &self.posts {
                let word = &post.word;
                let articles = readable.iter().copied().filter(|id| {
                    let Known { published, words, .. } = &self.articles[id];
                    words[published.unwrap()].contains(word)
                });
                let topics = answered.iter().copied().filter(|id| self.has_word(*id, word));
                let expected: Hits = (articles.collect(), topics.collect());
                let found = self.found(viewer, word).await;
                assert_eq!(found, expected, "{} finds {word}", viewer.name);
                let suggested = self.suggested(viewer, word).await;
                assert_eq!(suggested, expected, "{} is suggested {word}", viewer.name);
            }
        }
    }

    /// While the index may be behind, nobody finds what they may not read at this moment.
    pub(super) async fn check_found_behind(&self) {
        for viewer in &self.viewers {
            let query = SearchQuery::community(garden(), "").limit(100);
            let page = self.world.knowledge.search(&viewer.session, &query).await.unwrap();
            for hit in &page.hits {
                let reads = match &**hit {
                    KnowledgeHit::Article(hit) => self.reads(viewer, hit.article.id),
                    KnowledgeHit::Topic(hit) => {
                        self.reads_post(viewer, self.opening(hit.topic.topic.id))
                    }
                };
                assert!(reads, "{} finds {hit:?}", viewer.name);
            }
        }
    }

    /// Whether a topic has an answer and is there for a viewer.
    fn finds_topic(&self, viewer: &Viewer, topic: TopicId) -> bool {
        self.reads_post(viewer, self.opening(topic)) && !self.answers(topic).is_empty()
    }

    /// The published answers of a topic.
    fn answers(&self, topic: TopicId) -> Vec<PostId> {
        let opening = self.opening(topic);
        let posts = self.posts.iter().filter(|(id, post)| post.topic == topic && *id != opening);
        let published = posts.filter(|(_, post)| post.state == ItemState::Published);
        published.map(|(id, _)| *id).collect()
    }

    fn opening(&self, topic: TopicId) -> PostId {
        self.posts.iter().find(|(_, post)| post.topic == topic).unwrap().0
    }

    fn has_word(&self, topic: TopicId, word: &str) -> bool {
        let mut posts = self.answers(topic);
        posts.push(self.opening(topic));
        posts.into_iter().any(|post| self.post(post).word == word)
    }

    async fn found(&self, viewer: &Viewer, text: &str) -> Hits {
        let mut query = SearchQuery::community(garden(), text).limit(100).with_facets();
        query.exact = true;
        let page = self.world.knowledge.search(&viewer.session, &query).await.unwrap();
        assert!(page.next.is_none() && page.total.exact);
        let (mut articles, mut topics) = Hits::default();
        for hit in &page.hits {
            match &**hit {
                KnowledgeHit::Article(hit) => {
                    assert!(
                        text.is_empty()
                            || hit.text.contains(text)
                            || hit.article.title.as_str().contains(text)
                    );
                    articles.insert(hit.article.id);
                }
                KnowledgeHit::Topic(hit) => {
                    topics.insert(hit.topic.topic.id);
                }
            }
        }
        let hits = u64::try_from(articles.len() + topics.len()).unwrap();
        assert_eq!(page.total.count, hits, "{} is told a total of `{text}`", viewer.name);
        let facets = page.facets.unwrap();
        let counted: u64 = facets.kinds.iter().map(|kind| kind.count).sum();
        assert_eq!(counted, hits, "{} is told kinds of `{text}`", viewer.name);
        // Nobody counts as an author who has only written what is not published.
        for author in &facets.authors {
            let of_topics = topics.iter().filter(|id| self.topic(**id).author == author.value.id);
            let of_articles = articles.iter().filter(|id| {
                let known = &self.articles[id];
                let wrote = known.writers[known.published.unwrap()];
                wrote > 0 && known.authors[0] == author.value.id
            });
            let expected = u64::try_from(of_topics.count() + of_articles.count()).unwrap();
            assert_eq!(author.count, expected, "{} is told authors of `{text}`", viewer.name);
        }
        let of_articles = facets.kinds.iter().find(|kind| kind.value.as_str() == "article");
        let of_articles = of_articles.map_or(0, |kind| kind.count);
        assert_eq!(of_articles, u64::try_from(articles.len()).unwrap());
        (articles, topics)
    }

    async fn suggested(&self, viewer: &Viewer, title: &str) -> Hits {
        let query = SimilarQuery::community(garden(), title).limit(20);
        let found = self.world.knowledge.suggest(&viewer.session, &query).await.unwrap();
        let (mut articles, mut topics) = Hits::default();
        for suggestion in &found {
            match &**suggestion {
                Suggestion::Article(article) => articles.insert(article.id),
                Suggestion::Topic(row) => topics.insert(row.topic.id),
            };
        }
        (articles, topics)
    }
}
