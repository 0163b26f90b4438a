//! The index of articles: what is found follows what is published, said and damaged.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use community_core::{NewLabel, SearchQuery, Session, Store, Timestamp, TopicEdit};
use community_knowledge::{
    ArticleId, ArticlePages, Content, Edit, Knowledge, KnowledgeHit, NewArticle, Rating, Section,
    SectionKind,
};
use community_search::{Projection, Settings};
use community_store_memory::MemoryStore;
use community_store_sqlite::{Options, SqliteStore};
use pollster::block_on;

use crate::common::{World, garden, slug};

/// What somebody finds, as `article TITLE` and `topic TITLE`, best first.
async fn found(knowledge: &Knowledge, session: &Session, text: &str) -> Vec<String> {
    knowledge.indexed().await.unwrap();
    let query = SearchQuery::community(garden(), text);
    let page = knowledge.search(session, &query).await.unwrap();
    let line = |hit: &KnowledgeHit| match hit {
        KnowledgeHit::Article(hit) => format!("article {}", hit.article.title),
        KnowledgeHit::Topic(hit) => format!("topic {}", hit.topic.topic.title),
    };
    page.hits.iter().map(|hit| line(hit)).collect()
}

fn content(title: &str, text: &str) -> Content {
    Content::new(title.parse().unwrap(), vec![Section::text(SectionKind::Resolution, text)])
}

impl World {
    async fn written(&self, title: &str, text: &str) -> ArticleId {
        let new = NewArticle::new(garden(), slug("beds"), slug("en"), content(title, text));
        let id = self.knowledge.begin(&self.system(), &new).await.unwrap();
        self.publish(id).await;
        id
    }

    async fn beds(store: Arc<dyn Store>) -> Self {
        let world = Self::new(store).await;
        world.channel("beds", "everyone").await;
        world
    }
}

#[test]
fn an_edit_is_found_when_it_is_published_and_the_words_before_it_no_more() {
    block_on(async {
        let world = World::beds(Arc::new(MemoryStore::new())).await;
        let visitor = world.engine.anonymous();
        let id = world.written("Frost", "Cover the seedlings with straw.").await;
        let (knowledge, system) = (&world.knowledge, world.system());
        assert_eq!(found(knowledge, &visitor, "straw").await, ["article Frost"]);
        let edit = Edit {
            base: 1,
            content: content("Frost", "Cover them with fleece."),
            why: String::new(),
        };
        knowledge.edit(&system, id, &edit).await.unwrap();
        assert_eq!(found(knowledge, &visitor, "straw").await, ["article Frost"]);
        // Neither in its draft nor for those who work on it.
        assert!(found(knowledge, &system, "fleece").await.is_empty());
        world.publish(id).await;
        assert_eq!(found(knowledge, &visitor, "fleece").await, ["article Frost"]);
        assert!(found(knowledge, &visitor, "straw").await.is_empty());
        knowledge.archive(&system, id, None).await.unwrap();
        assert!(found(knowledge, &visitor, "fleece").await.is_empty());
        assert!(found(knowledge, &system, "").await.is_empty());
        knowledge.restore(&system, id).await.unwrap();
        world.publish(id).await;
        assert_eq!(found(knowledge, &visitor, "fleece").await, ["article Frost"]);
    });
}

#[test]
fn a_scheduled_version_is_found_once_it_is_in_force() {
    block_on(async {
        let world = World::beds(Arc::new(MemoryStore::new())).await;
        let (knowledge, system, visitor) =
            (&world.knowledge, world.system(), world.engine.anonymous());
        let new = NewArticle::new(garden(), slug("beds"), slug("en"), content("Frost", "Straw."));
        let id = knowledge.begin(&system, &new).await.unwrap();
        knowledge.submit(&system, id).await.unwrap();
        let rev = knowledge.desk(&system, id).await.unwrap().rev;
        let at: Timestamp = "2026-03-02T12:00:00Z".parse().unwrap();
        knowledge.approve(&system, id, rev, Some(at)).await.unwrap();
        assert!(found(knowledge, &visitor, "straw").await.is_empty());
        world.tick(86_400);
        world.pump().await;
        assert_eq!(found(knowledge, &visitor, "straw").await, ["article Frost"]);
    });
}

#[test]
fn what_readers_say_moves_an_article_among_those_that_fit_as_well() {
    block_on(async {
        let world = World::beds(Arc::new(MemoryStore::new())).await;
        let (knowledge, visitor) = (&world.knowledge, world.engine.anonymous());
        let first = world.written("Frost one", "Straw keeps seedlings warm.").await;
        let second = world.written("Frost two", "Straw keeps seedlings warm.").await;
        let of = |name: &str| format!("article Frost {name}");
        // As good as each other: the newer one first.
        assert_eq!(found(knowledge, &visitor, "straw").await, [of("two"), of("one")]);
        for n in 0..4 {
            let reader = world.member(&format!("reader{n}"), &[]).await;
            let rating = |helpful| Rating { helpful, reason: String::new(), visit: None };
            knowledge.rate(&reader, first, &rating(true)).await.unwrap();
            knowledge.rate(&reader, second, &rating(false)).await.unwrap();
        }
        assert_eq!(found(knowledge, &visitor, "straw").await, [of("one"), of("two")]);
        // Said of words that have been found right since, it is past.
        let system = world.system();
        for id in [first, second] {
            let rev = knowledge.desk(&system, id).await.unwrap().rev;
            knowledge.confirm(&system, id, rev).await.unwrap();
        }
        assert_eq!(found(knowledge, &visitor, "straw").await, [of("two"), of("one")]);
    });
}

#[test]
fn articles_are_found_by_the_names_of_labels_that_everybody_sees() {
    block_on(async {
        let world = World::beds(Arc::new(MemoryStore::new())).await;
        let (knowledge, system, visitor) =
            (&world.knowledge, world.system(), world.engine.anonymous());
        let new = NewLabel::new(slug("winter"), "Hibernation".parse().unwrap());
        system.put_label(&garden(), new).await.unwrap();
        let mut words = content("Frost", "Straw.");
        words.labels = vec![slug("winter")];
        let new = NewArticle::new(garden(), slug("beds"), slug("en"), words);
        let id = knowledge.begin(&system, &new).await.unwrap();
        world.publish(id).await;
        for text in ["hibernation", "label:winter"] {
            assert_eq!(found(knowledge, &visitor, text).await, ["article Frost"], "{text}");
        }
        // It is renamed, and then for few.
        let renamed = NewLabel::new(slug("winter"), "Dormancy".parse().unwrap());
        system.put_label(&garden(), renamed.clone()).await.unwrap();
        assert!(found(knowledge, &visitor, "hibernation").await.is_empty());
        assert_eq!(found(knowledge, &visitor, "dormancy").await, ["article Frost"]);
        let audience = Some("role(moderator)".parse().unwrap());
        system.put_label(&garden(), NewLabel { audience, ..renamed }).await.unwrap();
        for text in ["dormancy", "label:winter"] {
            assert!(found(knowledge, &visitor, text).await.is_empty(), "{text}");
        }
        assert_eq!(found(knowledge, &visitor, "straw").await, ["article Frost"]);
    });
}

#[test]
fn topics_are_found_while_they_have_an_answer() {
    block_on(async {
        let world = World::beds(Arc::new(MemoryStore::new())).await;
        let (knowledge, visitor) = (&world.knowledge, world.engine.anonymous());
        let ana = world.member("ana", &[]).await;
        let (_, asked) = world.question(&ana, "beds", "Late frost", &[]).await;
        assert_eq!(asked.len(), 1);
        assert!(found(knowledge, &visitor, "frost").await.is_empty());
        let answers = [(&ana, "Fleece.")];
        let (topic, posts) = world.question(&ana, "beds", "Early frost", &answers).await;
        // By the words of the answer too; a reply is no hit of its own.
        assert_eq!(found(knowledge, &visitor, "fleece").await, ["topic Early frost"]);
        let title = Some("Frost in March".to_owned());
        let edit = TopicEdit { title, ..TopicEdit::default() };
        world.system().edit_topic(topic, edit).await.unwrap();
        assert_eq!(found(knowledge, &visitor, "fleece").await, ["topic Frost in March"]);
        world.system().remove_post(posts[1]).await.unwrap();
        assert!(found(knowledge, &visitor, "frost").await.is_empty());
        world.system().restore_post(posts[1]).await.unwrap();
        assert_eq!(found(knowledge, &visitor, "fleece").await, ["topic Frost in March"]);
    });
}

#[test]
fn an_index_that_is_behind_tells_nothing_of_what_is_hidden_since() {
    block_on(async {
        let mut world = World::beds(Arc::new(MemoryStore::new())).await;
        world.channel("staff", "role(employee)").await;
        let (ana, visitor) = (world.member("ana", &[]).await, world.engine.anonymous());
        for title in ["Early frost", "Late frost"] {
            let answers = [(&ana, "Fleece.")];
            let (topic, _) = world.question(&ana, "beds", title, &answers).await;
            world.published(topic, None).await;
        }
        let pages = Arc::new(ArticlePages::new(world.engine.env().clone()));
        let env = world.engine.env().clone();
        let mut projection = Projection::of_pages(pages, None, Settings::default(), env).unwrap();
        while projection.catch_up(world.engine.store(), 1_000).await.unwrap().lag > 0 {}
        projection.flush().unwrap();
        // Nobody brings it further.
        let index = Arc::new(projection.index());
        world.knowledge = Knowledge::new(world.engine.clone()).with_index(index);
        let query = |text: &str| SearchQuery::community(garden(), text).with_facets();
        let find = async |text: &str| world.knowledge.search(&visitor, &query(text)).await.unwrap();
        let early = find("early").await;
        assert_eq!((early.hits.len(), early.total.count), (2, 2));
        assert!(early.facets.is_some_and(|facets| facets.channels[0].count == 2));

        let topic = early.hits.iter().find_map(|hit| match &**hit {
            KnowledgeHit::Topic(hit) => Some(hit.topic.topic.id),
            KnowledgeHit::Article(_) => None,
        });
        world.system().move_topic(topic.unwrap(), &slug("staff")).await.unwrap();
        let early = find("early").await;
        assert_eq!((early.hits.len(), early.total.count, early.facets), (0, 0, None));
        assert!(early.next.is_none());
        let frost = find("frost").await;
        assert_eq!((frost.hits.len(), frost.total.count, frost.facets), (2, 2, None));
    });
}

#[test]
fn what_is_erased_is_found_no_more_before_and_after_its_words_are_gone() {
    block_on(async {
        let world = World::beds(Arc::new(MemoryStore::new())).await;
        let (knowledge, system, visitor) =
            (&world.knowledge, world.system(), world.engine.anonymous());
        let ana = world.member("ana", &[]).await;
        let answers = [(&ana, "Fleece."), (&ana, "Straw.")];
        let (topic, posts) = world.question(&ana, "beds", "Late frost", &answers).await;
        world.published(topic, None).await;
        let all = ["article Late frost", "topic Late frost"];
        assert_eq!(found(knowledge, &visitor, "fleece").await, all);
        system.erase_post(posts[1]).await.unwrap();
        assert!(found(knowledge, &visitor, "fleece").await.is_empty());
        assert_eq!(found(knowledge, &visitor, "straw").await, ["topic Late frost"]);
        world.pump().await;
        for session in [&visitor, &system] {
            assert!(found(knowledge, session, "fleece").await.is_empty());
        }
    });
}

/// All files below a directory.
fn files(dir: &Path) -> BTreeSet<std::path::PathBuf> {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(dir).unwrap().flatten() {
        if entry.path().is_dir() {
            found.extend(files(&entry.path()));
        } else {
            found.insert(entry.path());
        }
    }
    found
}

#[test]
fn an_index_that_is_damaged_or_of_another_time_is_built_anew() {
    block_on(async {
        let (data, index) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let store = Arc::new(SqliteStore::open(data.path(), Options::default()).unwrap());
        let mut world = World::beds(store).await;
        let visitor = world.engine.anonymous();
        let open = |world: &World, settings: Settings| {
            let (engine, path) = (world.engine.clone(), Some(index.path()));
            Knowledge::with_search(engine, path, settings).unwrap()
        };
        world.knowledge = open(&world, Settings::default());
        world.written("Frost", "Straw.").await;
        assert_eq!(found(&world.knowledge, &visitor, "straw").await, ["article Frost"]);

        for (round, damage) in ["cut", "gone", "settings"].into_iter().enumerate() {
            world.knowledge = Knowledge::new(world.engine.clone());
            let parts = files(index.path());
            let parts = parts.iter().filter(|file| file.extension().is_some_and(|e| e == "store"));
            let mut settings = Settings::default();
            match damage {
                "cut" => parts.for_each(|file| std::fs::write(file, b"cut").unwrap()),
                "gone" => parts.for_each(|file| std::fs::remove_file(file).unwrap()),
                _ => settings.language = community_search::analysis::Language::Dutch,
            }
            // Written while nobody keeps an index.
            world.written(&format!("Frost {round}"), "Straw.").await;
            world.knowledge = open(&world, settings);
            let mut all = found(&world.knowledge, &visitor, "straw").await;
            all.sort_unstable();
            let titles = ["Frost", "Frost 0", "Frost 1", "Frost 2"];
            let expected: Vec<String> =
                titles[..=round + 1].iter().map(|title| format!("article {title}")).collect();
            assert_eq!(all, expected, "{damage}");
        }
    });
}
