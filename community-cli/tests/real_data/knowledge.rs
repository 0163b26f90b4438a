//! The best conversations of a real community as articles.

use std::collections::BTreeSet;
use std::time::Instant;

use community::knowledge::{
    Article, ArticleId, CandidateQuery, Harvest, Knowledge, KnowledgeHit, Suggestion,
};
use community::search::SimilarQuery;
use community::{Options, PostEdit, PostId, SearchQuery, Session, Slug, TopicId};

use crate::Site;

/// Posts that articles cite, counted.
#[derive(Debug, Default)]
struct Found {
    passages: usize,
    posts: BTreeSet<PostId>,
}

#[test]
fn the_best_conversations_become_articles_whose_words_are_in_their_sources() {
    let Some(site) = Site::imported("quantumcomputing") else { return };
    let listed = site.run(&["knowledge", "candidates", site.name, "--limit", "50"]);
    let listed = listed["candidates"].as_array().unwrap();
    assert_eq!(listed.len(), 50);
    for candidate in listed {
        assert!(!candidate["reasons"].as_array().unwrap().is_empty(), "{candidate}");
        assert_eq!(candidate["lacks"], serde_json::json!([]));
    }
    for candidate in listed.iter().take(3) {
        println!("{candidate}");
    }
    let data = site.dir.path().join("data");
    let engine = community::open_with(data, Options::new().without_search()).unwrap();
    let knowledge = Knowledge::with_search(engine, None, Default::default()).unwrap();
    pollster::block_on(harvest(&knowledge, site.name.parse().unwrap(), listed.len()));
}

async fn harvest(knowledge: &Knowledge, community: Slug, expected: usize) {
    let system = knowledge.engine().as_system();
    let query = CandidateQuery { limit: 50, ..CandidateQuery::default() };
    let candidates = knowledge.candidates(&system, &community, query).await.unwrap();
    // Of so many conversations that could do, those with the most points were looked at closely.
    assert!(candidates.truncated);
    assert_eq!(candidates.scanned, 612);
    let began = Instant::now();
    let mut articles: Vec<(ArticleId, TopicId)> = Vec::new();
    for candidate in &candidates.candidates {
        let topic = candidate.topic;
        let harvest = Harvest { topic, channel: None, locale: "en".parse().unwrap() };
        let id = knowledge.harvest(&system, &harvest).await.unwrap();
        knowledge.submit(&system, id).await.unwrap();
        let rev = knowledge.desk(&system, id).await.unwrap().rev;
        knowledge.approve(&system, id, rev, None).await.unwrap();
        articles.push((id, topic));
    }
    let took = began.elapsed();
    assert_eq!(articles.len(), expected);

    // What a visitor reads leads to the revision that holds exactly these words.
    let visitor = knowledge.engine().anonymous();
    let mut found = Found::default();
    for (id, topic) in &articles {
        let page = knowledge.article(&visitor, *id).await.unwrap();
        assert_eq!(page.article.sources.iter().copied().collect::<Vec<_>>(), [*topic]);
        for block in page.version.version.content.blocks() {
            let source = block.source.as_ref().unwrap();
            assert_eq!(resolved(&visitor, source.post, source.revision).await, block.text);
            let post = visitor.post(source.post).await.unwrap();
            assert_eq!((post.post.topic, post.post.author), (source.topic, source.author));
            found.passages += 1;
            found.posts.insert(source.post);
        }
    }
    println!(
        "{community}: {} topics looked at, {} articles of {} passages from {} posts in {took:?}",
        candidates.scanned,
        articles.len(),
        found.passages,
        found.posts.len(),
    );

    are_found(knowledge, &community, &articles).await;

    // An edit of one source queues its article and no other.
    while knowledge.pump().await.unwrap().more {}
    let none = knowledge.stale(&system, &community, None).await.unwrap();
    assert_eq!(none.articles, []);
    let (edited, topic) = articles[7];
    let opening = system.topic(topic).await.unwrap().topic.opening;
    system.edit_post(opening, PostEdit::new("Asked in another way.")).await.unwrap();
    while knowledge.pump().await.unwrap().more {}
    let stale = knowledge.stale(&system, &community, None).await.unwrap();
    let queued: Vec<&Article> = stale.articles.iter().map(|stale| &stale.desk.article).collect();
    assert_eq!(queued.iter().map(|article| article.id).collect::<Vec<_>>(), [edited]);
    println!("{}: {:?}", queued[0].face.title, stale.articles[0].freshness);
}

/// Searches for the title of each source, and types it: its article is among the first five.
async fn are_found(knowledge: &Knowledge, community: &Slug, articles: &[(ArticleId, TopicId)]) {
    knowledge.indexed().await.unwrap();
    let visitor = knowledge.engine().anonymous();
    let (mut found, mut suggested, mut first) = (0, 0, 0);
    for (id, topic) in articles {
        let title = visitor.topic(*topic).await.unwrap().topic.title.to_string();
        let query = SearchQuery::community(community.clone(), title.as_str()).limit(5);
        let page = knowledge.search(&visitor, &query).await.unwrap();
        let place = page.hits.iter().position(|hit| match &**hit {
            KnowledgeHit::Article(hit) => hit.article.id == *id,
            KnowledgeHit::Topic(_) => false,
        });
        found += usize::from(place.is_some());
        first += usize::from(place == Some(0));
        let query = SimilarQuery::community(community.clone(), title);
        let typed = knowledge.suggest(&visitor, &query).await.unwrap();
        suggested += usize::from(typed.iter().any(|suggestion| match &**suggestion {
            Suggestion::Article(article) => article.id == *id,
            Suggestion::Topic(_) => false,
        }));
    }
    let all = articles.len();
    println!("of {all} titles {found} find their article in the first five, {first} as the first");
    println!("of {all} titles {suggested} are suggested their article");
    assert!(found * 10 >= all * 9 && suggested * 10 >= all * 9);
}

/// The text of a revision.
async fn resolved(session: &Session, post: PostId, number: u32) -> String {
    let found = session.revisions(post, number - 1, Some(1)).await.unwrap();
    let revision = found.into_iter().next().unwrap();
    assert_eq!(revision.number, number);
    revision.body
}
