//! What readers see does not change with a draft, nor before an approved version comes into force; and
//! provenance does not go with a writer who was not shown it.

use std::sync::Arc;

use community_core::time::ManualClock;
use community_core::{
    Engine, Env, Error as Refused, Limits, NewCorrection, NewPost, PostEdit, PostId, Session,
    Store, TopicId,
};
use community_knowledge::freshness::ConcernKind;
use community_knowledge::{
    ArticleId, ArticleQuery, Block, By, Content, Edit, Error, Knowledge, NewArticle, Rating, Rules,
    Section, SectionKind, Source, State,
};
use pollster::block_on;

use crate::common::{World, garden, id_of, slug};

fn content(text: &str) -> Content {
    let section = Section::text(SectionKind::Resolution, text);
    Content::new("Dig".parse().unwrap(), vec![section])
}

fn new(channel: &str, text: &str) -> NewArticle {
    NewArticle::new(garden(), slug(channel), slug("en"), content(text))
}

/// Words of a post, as it is or was.
async fn block(world: &World, topic: TopicId, post: PostId, revision: u32, text: &str) -> Block {
    let author = world.system().post(post).await.unwrap().post.author;
    let source = Source { topic, post, revision, author, correction: None, adapted: false };
    Block { text: text.to_owned(), source: Some(source) }
}

/// Writes a version that cites one block more, on the latest.
async fn extend(k: &Knowledge, session: &Session, id: ArticleId, block: Block) {
    let desk = k.desk(session, id).await.unwrap();
    let base = desk.article.latest;
    let mut content = k.version(session, id, base).await.unwrap().version.content.clone();
    content.sections[0].blocks.push(block);
    k.edit(session, id, &Edit { base, content, why: String::new() }).await.unwrap();
}

#[test]
fn a_draft_changes_nothing_of_what_readers_see() {
    block_on(async {
        let world = World::in_memory().await;
        world.channel("beds", "everyone").await;
        world.channel("shed", "role(manager) or role(employee)").await;
        let (eve, eli) =
            (world.member("eve", &["employee"]).await, world.member("eli", &["employee"]).await);
        let (k, visitor) = (&world.knowledge, world.engine.anonymous());
        let open = world.question(&eve, "beds", "Why?", &[(&eve, "Water.")]).await;
        let hidden = world.question(&eve, "shed", "Who?", &[(&eve, "Snails.")]).await;
        let id = world.drafted(&eve, open.0, None).await;
        world.publish(id).await;
        let by_source = |topic| ArticleQuery::by(garden(), By::Source(topic));
        let before = k.article(&visitor, id).await.unwrap();
        assert_eq!(before.article.authors, [id_of(&eve)]);

        // Somebody else writes a draft that is made from more.
        let published = k.version(&eli, id, 1).await.unwrap();
        let mut words = published.version.content.clone();
        words.sections[0].blocks.push(block(&world, hidden.0, hidden.1[1], 1, "Snails.").await);
        let edit = Edit { base: 1, content: words, why: String::new() };
        k.edit(&eli, id, &edit).await.unwrap();
        assert_eq!(k.article(&visitor, id).await.unwrap(), before);
        assert_eq!(k.article(&eli, id).await.unwrap(), before, "not even to who may read both");
        let found = k.articles(&eli, &by_source(hidden.0)).await.unwrap();
        assert!(found.items.is_empty(), "the list tells of the draft");
        assert_eq!(k.articles(&visitor, &by_source(open.0)).await.unwrap().items.len(), 1);
        // Those at the desk find it by its source all the same.
        assert!(k.made_from(&eli, &garden(), hidden.0).await.unwrap().contains(&id));
        assert!(k.made_from(&visitor, &garden(), hidden.0).await.unwrap().is_empty());
        // What happens to the draft's sources is no affair of readers either.
        world.system().edit_post(hidden.1[1], PostEdit::new("Slugs.")).await.unwrap();
        world.pump().await;
        assert_eq!(k.desk(&eli, id).await.unwrap().article.concerns.len(), 1);
        assert_eq!(k.article(&eli, id).await.unwrap(), before);

        world.publish(id).await;
        assert!(k.article(&visitor, id).await.is_err(), "it holds words of the shed");
        let page = k.article(&eli, id).await.unwrap();
        assert_eq!(page.article.authors, [id_of(&eve), id_of(&eli)]);
        assert_eq!(page.article.sources, [open.0, hidden.0].into_iter().collect());
        assert_eq!(k.articles(&eli, &by_source(hidden.0)).await.unwrap().items.len(), 1);
        assert!(k.articles(&visitor, &by_source(hidden.0)).await.unwrap().items.is_empty());
    });
}

#[test]
fn an_approval_for_a_later_time_settles_nothing_before() {
    block_on(async {
        let world = World::in_memory().await;
        world.channel("beds", "everyone").await;
        let ana = world.member("ana", &[]).await;
        let (k, system, visitor) = (&world.knowledge, world.system(), world.engine.anonymous());
        let (topic, posts) = world.question(&ana, "beds", "Why?", &[(&ana, "Water.")]).await;
        let rules = Rules { review_days: Some(30), ..Rules::default() };
        for edited_meanwhile in [false, true] {
            k.set_rules(&system, &garden(), &Rules::default()).await.unwrap();
            let id = world.published(topic, None).await;
            k.set_rules(&system, &garden(), &rules).await.unwrap();
            world.tick(1);
            let edited = PostEdit::new(format!("Water them, {edited_meanwhile}."));
            system.edit_post(posts[1], edited).await.unwrap();
            world.pump().await;
            let rating = Rating { helpful: false, reason: "no".into(), visit: None };
            k.rate(&ana, id, &rating).await.unwrap();
            let state = async |session| k.article(session, id).await.unwrap().article.state;
            assert_eq!(state(&visitor).await, State::Stale);

            extend(k, &system, id, Block { text: "More.".into(), source: None }).await;
            k.submit(&system, id).await.unwrap();
            let (rev, due) = {
                let desk = k.desk(&system, id).await.unwrap();
                (desk.rev, desk.article.review_at)
            };
            let then = world.engine.env().now() + std::time::Duration::from_secs(3_600);
            k.approve(&system, id, rev, Some(then)).await.unwrap();
            // What readers see is as doubtful as it was, and stands in the queue.
            assert_eq!(state(&visitor).await, State::Stale);
            let desk = k.desk(&system, id).await.unwrap();
            assert_eq!((desk.article.concerns.len(), desk.article.review_at), (1, due));
            let queued = k.stale(&system, &garden(), None).await.unwrap();
            assert!(queued.articles.iter().any(|stale| stale.desk.article.id == id));
            assert_eq!(k.tally(&system, id).await.unwrap().signs(0).unhelpful, 1);
            world.tick(1);
            if edited_meanwhile {
                // Once more the same post: nobody has looked at that.
                system.edit_post(posts[1], PostEdit::new("Water them twice.")).await.unwrap();
            }
            world.pump().await;
            assert_eq!(k.desk(&system, id).await.unwrap().article.concerns.len(), 1);

            world.tick(3_600);
            let expected = if edited_meanwhile { State::Stale } else { State::Published };
            assert_eq!(state(&visitor).await, expected, "before anybody writes it down");
            world.pump().await;
            assert_eq!(state(&visitor).await, expected);
            let desk = k.desk(&system, id).await.unwrap();
            assert_eq!(desk.article.state, expected);
            assert_eq!(desk.article.concerns.len(), usize::from(edited_meanwhile));
            let review = desk.article.review_at.unwrap();
            assert_eq!((review - then).num_days(), 30, "{due:?}");
            assert_eq!(k.tally(&system, id).await.unwrap().signs(0).unhelpful, 0);
        }
    });
}

#[test]
fn a_writer_who_was_not_shown_a_source_does_not_take_it_away() {
    block_on(async {
        let world = World::in_memory().await;
        world.channel("beds", "everyone").await;
        world.channel("shed", "role(manager)").await;
        let (mo, eve) =
            (world.member("mo", &["manager"]).await, world.member("eve", &["employee"]).await);
        let (k, system, visitor) = (&world.knowledge, world.system(), world.engine.anonymous());
        let (topic, posts) = world.question(&mo, "shed", "Why?", &[(&mo, "Water.")]).await;
        let id = world.published(topic, Some("beds")).await;
        k.release(&mo, id, topic, "told elsewhere").await.unwrap();
        let sources = async |number| {
            let version = k.version(&system, id, number).await.unwrap();
            version.version.content.sources().cloned().collect::<Vec<_>>()
        };
        let before = sources(1).await;
        assert!(!before.is_empty());

        let shown = k.article(&eve, id).await.unwrap().version;
        let mut words = shown.version.content.clone();
        assert_eq!(words.sources().count(), 0);
        words.sections[0].blocks.push(Block { text: "And wait.".into(), source: None });
        let edit = Edit { base: 1, content: words, why: "more".into() };
        k.edit(&eve, id, &edit).await.unwrap();
        assert_eq!(sources(2).await, before);
        world.publish(id).await;
        assert!(k.article(&visitor, id).await.is_ok());
        // So what is taken back is gone at once, as before.
        system.remove_post(posts[1]).await.unwrap();
        assert!(k.article(&visitor, id).await.is_err());
    });
}

#[test]
fn other_articles_are_named_to_those_for_whom_they_exist() {
    block_on(async {
        let world = World::in_memory().await;
        world.channel("beds", "everyone").await;
        world.channel("shed", "role(manager)").await;
        let (k, system, visitor) = (&world.knowledge, world.system(), world.engine.anonymous());
        let hidden = k.begin(&system, &new("shed", "Deep.")).await.unwrap();
        world.publish(hidden).await;
        let dutch = NewArticle { original: Some(hidden), ..new("beds", "Diep.") };
        let dutch = k.begin(&system, &dutch).await.unwrap();
        world.publish(dutch).await;
        assert_eq!(k.article(&visitor, dutch).await.unwrap().article.original, None);
        assert_eq!(k.article(&system, dutch).await.unwrap().article.original, Some(hidden));
        let query = ArticleQuery::by(garden(), By::Original(hidden));
        let found = async |who| k.articles(who, &query).await.unwrap().items.len();
        assert_eq!((found(&visitor).await, found(&system).await), (0, 2));

        // An archived article is in no list, and does not say where it would lead.
        k.archive(&system, dutch, Some(hidden)).await.unwrap();
        assert_eq!(found(&system).await, 1);
        assert!(k.article(&visitor, dutch).await.is_err());
        assert_eq!(k.article(&system, dutch).await.unwrap().article.id, hidden);
        let open = k.begin(&system, &new("beds", "Open.")).await.unwrap();
        world.publish(open).await;
        k.archive(&system, open, Some(dutch)).await.unwrap();
        let query = ArticleQuery::by(garden(), By::Original(open));
        assert!(k.articles(&visitor, &query).await.unwrap().items.is_empty());
    });
}

#[test]
fn a_correction_is_cited_with_the_revision_that_it_was_written_against() {
    block_on(async {
        let world = World::in_memory().await;
        world.channel("beds", "everyone").await;
        let ana = world.member("ana", &["expert"]).await;
        let (k, system) = (&world.knowledge, world.system());
        let (topic, posts) = world.question(&ana, "beds", "Why?", &[(&ana, "Water.")]).await;
        let correction = NewCorrection::new(posts[1], "Not at noon.");
        let correction = ana.correct(correction).await.unwrap();
        let mut block = block(&world, topic, posts[1], 1, "Not at noon.").await;
        let mut cite = async |revision| {
            let source = block.source.as_mut().unwrap();
            (source.correction, source.revision) = (Some(correction), revision);
            let mut content = content("Mine.");
            content.sections[0].blocks.push(block.clone());
            k.begin(&system, &NewArticle { content, ..new("beds", "") }).await
        };
        let refused = cite(9).await.unwrap_err();
        assert!(matches!(refused, Error::Engine(Refused::NotFound("revision"))), "{refused}");
        let id = cite(1).await.unwrap();
        // And so an edit of the post concerns the article.
        system.edit_post(posts[1], PostEdit::new("Water them.")).await.unwrap();
        world.pump().await;
        assert_eq!(k.desk(&system, id).await.unwrap().article.concerns.len(), 1);
    });
}

#[test]
fn what_became_of_a_post_before_it_was_cited_is_looked_at() {
    block_on(async {
        let world = World::in_memory().await;
        world.channel("beds", "everyone").await;
        let ana = world.member("ana", &[]).await;
        let (k, system) = (&world.knowledge, world.system());
        let (topic, posts) = world.question(&ana, "beds", "Why?", &[(&ana, "Water.")]).await;
        let more = ana.reply(NewPost::new(topic, "In the evening.")).await.unwrap();
        let id = world.published(topic, None).await;
        let kinds = async || {
            let desk = k.desk(&system, id).await.unwrap();
            let concerns = desk.article.concerns.iter();
            concerns.map(|concern| (concern.kind, concern.post)).collect::<Vec<_>>()
        };
        system.edit_post(more, PostEdit::new("At night.")).await.unwrap();
        world.pump().await;
        assert!(kinds().await.is_empty());
        // An earlier revision is cited of a topic that was known long since.
        let old = block(&world, topic, more, 1, "In the evening.").await;
        extend(k, &system, id, old).await;
        assert_eq!(kinds().await, [(ConcernKind::Edited, Some(more))]);
        let page = k.article(&ana, id).await.unwrap();
        assert_eq!(page.article.state, State::Published, "readers read the version before");
        world.publish(id).await;
        assert!(kinds().await.is_empty());
        // One that cites it no more; and then back to the one that does.
        let edit = Edit { base: 2, content: content("Mine."), why: String::new() };
        k.edit(&system, id, &edit).await.unwrap();
        world.publish(id).await;
        system.edit_post(posts[1], PostEdit::new("Water them.")).await.unwrap();
        world.pump().await;
        assert!(kinds().await.is_empty());
        k.roll_back(&system, id, 2, "better").await.unwrap();
        let mut found = kinds().await;
        found.sort();
        let mut expected = [posts[1], more].map(|post| (ConcernKind::Edited, Some(post)));
        expected.sort();
        assert_eq!(found, expected);
    });
}

#[test]
fn a_new_source_waits_while_what_happened_there_is_in_the_hands_of_another_pump() {
    block_on(async {
        let clock = Arc::new(ManualClock::at("2026-03-01T12:00:00Z".parse().unwrap()));
        let limits = Limits { projected: 1, ..Limits::default() };
        let store: Arc<dyn Store> = Arc::new(community_store_memory::MemoryStore::new());
        let world = World::new(store.clone()).await;
        let env = Env::manual(clock, 9).with_limits(limits);
        let slow = Knowledge::new(Engine::with_env(store, env));
        world.channel("beds", "everyone").await;
        let ana = world.member("ana", &[]).await;
        let (k, system) = (&world.knowledge, world.system());
        let (topic, posts) = world.question(&ana, "beds", "Why?", &[(&ana, "Water.")]).await;
        let id = world.drafted(&system, topic, None).await;
        // More than one step of the log, the edit behind it.
        for _ in 0..300 {
            ana.vote(posts[1], None).await.ok();
            system.set_locked(topic, true).await.unwrap();
            system.set_locked(topic, false).await.unwrap();
        }
        system.edit_post(posts[1], PostEdit::new("Water them.")).await.unwrap();
        let behind = async || !k.desk(&system, id).await.unwrap().article.behind.is_empty();
        assert!(behind().await);
        assert!(slow.pump().await.unwrap().more);
        assert!(behind().await, "another pump may hold the edit");
        while slow.pump().await.unwrap().more {}
        assert!(!behind().await);
        assert_eq!(k.desk(&system, id).await.unwrap().article.concerns.len(), 1);
    });
}

#[test]
fn lists_of_work_are_walked_for_those_who_work() {
    block_on(async {
        let world = World::in_memory().await;
        world.channel("beds", "everyone").await;
        let (ana, eve) = (world.member("ana", &[]).await, world.member("eve", &["employee"]).await);
        let (k, visitor) = (&world.knowledge, world.engine.anonymous());
        let id = k.begin(&eve, &new("beds", "Deep.")).await.unwrap();
        let inbox = async |who| {
            k.inbox(who, &garden(), State::Draft, None, None).await.unwrap().items.len()
        };
        assert_eq!((inbox(&visitor).await, inbox(&ana).await, inbox(&eve).await), (0, 0, 1));
        assert!(k.stale(&visitor, &garden(), None).await.unwrap().articles.is_empty());
        world.publish(id).await;
        let page = k.versions(&visitor, id, None, None).await.unwrap();
        assert_eq!((page.items.len(), page.next), (1, None));
        assert!(k.versions(&visitor, id, Some("x"), None).await.is_err());
        assert!(k.versions(&visitor, id, None, Some(1_000_000)).await.is_err());
    });
}
