//! Words that are erased where they come from are gone from every version, whatever fails on the way.

use std::sync::Arc;

use community_core::record::{DocumentRecord, Record};
use community_core::{AccessRev, Document, Error as Refused, PostEdit, Scope, Store};
use community_knowledge::freshness::ConcernKind;
use community_knowledge::{ArticleId, Block, Edit, Source, State};
use community_testkit::{CommitFault, FaultyStore, ModelStore};
use pollster::block_on;

use crate::common::{World, garden};

/// An article with so many versions, of which every second one has words of one answer, and the latest
/// has none. Returns the article, and the answer.
async fn article(world: &World, versions: u32) -> (ArticleId, community_core::PostId) {
    world.channel("beds", "everyone").await;
    let ana = world.member("ana", &[]).await;
    let answers = [(&ana, "Water them."), (&ana, "I live at 4 Elm Street.")];
    let (topic, posts) = world.question(&ana, "beds", "Why?", &answers).await;
    let id = world.published(topic, None).await;
    let (system, knowledge) = (world.system(), &world.knowledge);
    let first = knowledge.version(&system, id, 1).await.unwrap().version.content.clone();
    let source = Source {
        topic,
        post: posts[2],
        revision: 1,
        author: ana.viewer().member().unwrap(),
        correction: None,
        adapted: false,
    };
    for number in 2..=versions {
        let mut content = first.clone();
        content.title = format!("Why {number}?").parse().unwrap();
        if number % 2 == 0 && number < versions {
            let text = "4 Elm Street".to_owned();
            let block = Block { text, source: Some(source.clone()) };
            content.sections[0].blocks.push(block);
        }
        let edit = Edit { base: number - 1, content, why: String::new() };
        knowledge.edit(&system, id, &edit).await.unwrap();
    }
    (id, posts[2])
}

/// In how many versions there is something of the address.
async fn with_words(world: &World, id: ArticleId) -> usize {
    let system = world.system();
    let latest = world.knowledge.desk(&system, id).await.unwrap().article.latest;
    let mut found = 0;
    for number in 1..=latest {
        let view = world.knowledge.version(&system, id, number).await.unwrap();
        found += usize::from(view.version.content.markdown().contains("Elm"));
    }
    found
}

#[test]
fn words_of_a_post_that_is_erased_are_gone_from_every_version() {
    block_on(async {
        let world = World::in_memory().await;
        let (id, post) = article(&world, 131).await;
        world.pump().await;
        assert_eq!(with_words(&world, id).await, 65);
        let system = world.system();
        system.erase_post(post).await.unwrap();
        let pumped = world.knowledge.pump().await.unwrap();
        // No version that is in use cites it: nobody has to look.
        assert_eq!((pumped.forgotten, pumped.queued), (65, 0));
        assert_eq!(with_words(&world, id).await, 0);
        let pumped = world.knowledge.pump().await.unwrap();
        assert_eq!((pumped.forgotten, pumped.events), (0, pumped.events));

        // Whose words they were is still said, an old version can be gone back to, and what is
        // erased is not cited anew.
        let knowledge = &world.knowledge;
        let old = knowledge.version(&system, id, 2).await.unwrap().version.content.clone();
        let block =
            old.blocks().find(|block| block.source.as_ref().is_some_and(|s| s.post == post));
        assert_eq!(block.unwrap().text, "");
        knowledge.roll_back(&system, id, 2, "").await.unwrap();
        let mut content = old.clone();
        let mut cited = block.unwrap().clone();
        cited.text = "an address".to_owned();
        cited.source.as_mut().unwrap().adapted = true;
        content.sections[0].blocks.push(cited);
        let edit = Edit { base: 132, content, why: String::new() };
        let refused = knowledge.edit(&system, id, &edit).await;
        assert!(
            matches!(refused, Err(community_knowledge::Error::Engine(Refused::Erased("post")))),
            "{refused:?}"
        );
    });
}

#[test]
fn a_first_post_that_is_erased_queues_what_was_made_from_its_topic() {
    block_on(async {
        let world = World::in_memory().await;
        let (id, post) = article(&world, 1).await;
        world.pump().await;
        let system = world.system();
        let topic = system.post(post).await.unwrap().post.topic;
        let opening = system.topic(topic).await.unwrap().topic.opening;
        system.erase_post(opening).await.unwrap();
        world.pump().await;
        let desk = world.knowledge.desk(&system, id).await.unwrap();
        assert_eq!(desk.article.state, State::Stale);
        let kinds: Vec<_> = desk.article.concerns.iter().map(|concern| concern.kind).collect();
        assert_eq!(kinds, [ConcernKind::Erased]);
        let stale = world.knowledge.stale(&system, &garden(), None).await.unwrap();
        assert_eq!(stale.articles.len(), 1);
        let content =
            world.knowledge.version(&system, id, 1).await.unwrap().version.content.clone();
        let of_opening = |block: &&Block| block.source.as_ref().unwrap().post == opening;
        assert!(content.blocks().filter(of_opening).all(|block| block.text.is_empty()));
        assert!(content.blocks().any(|block| !block.text.is_empty()));
    });
}

#[test]
fn a_pump_that_fails_anywhere_leaves_no_word_to_the_next() {
    block_on(async {
        for commit in 1.. {
            let store = Arc::new(FaultyStore::new(ModelStore::new()));
            let shared: Arc<dyn Store> = Arc::<FaultyStore<ModelStore>>::clone(&store);
            let world = World::new(shared).await;
            let (id, post) = article(&world, 111).await;
            world.pump().await;
            world.system().erase_post(post).await.unwrap();
            let fault = [CommitFault::Lost, CommitFault::Unheard][commit % 2];
            store.fail_commit(commit as u64, fault);
            let pumped = world.knowledge.pump().await;
            store.relax();
            if pumped.is_ok() {
                assert!(commit > 3, "only {commit} commits");
                break;
            }
            // What comes between starts from what is left.
            let edited = world.system().edit_post(post, PostEdit::new("Again")).await;
            assert!(matches!(edited, Err(Refused::Erased("post"))));
            world.pump().await;
            assert_eq!(with_words(&world, id).await, 0, "commit {commit}");
        }
    });
}

#[test]
fn words_that_an_older_export_brings_back_are_taken_out_again() {
    block_on(async {
        let world = World::in_memory().await;
        let (id, post) = article(&world, 6).await;
        let (system, store) = (world.system(), world.engine.store());
        // What an export from before has of its head and versions.
        let community = system.community(&garden()).await.unwrap().id;
        let scope = Scope::system(AccessRev::default());
        let documents = store.documents_by_id(community, None, 100).await.unwrap();
        let records = scope.admit_all(documents).into_iter().map(|document| {
            let Document { id, collection, body, keys, created_at, updated_at, .. } =
                document.into_inner();
            let updated_at = Some(updated_at);
            let record = DocumentRecord { id, collection, body, keys, created_at, updated_at };
            Record::Document(Box::new(record))
        });
        let records: Vec<Record> = records.collect();
        system.erase_post(post).await.unwrap();
        world.pump().await;
        assert_eq!(with_words(&world, id).await, 0);

        assert!(system.import(&garden(), None, &records).await.unwrap().changed > 0);
        assert_eq!(with_words(&world, id).await, 2);
        world.pump().await;
        assert_eq!(with_words(&world, id).await, 0);
    });
}
