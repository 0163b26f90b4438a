//! From draft to archive: who may do what, what is refused, what comes into force when.

use community_core::{Error as Refused, Rev, Timestamp, VisitId};
use community_knowledge::{
    ArticleQuery, Block, By, Content, Edit, Error, NewArticle, Note, Rating, Rules, Section,
    SectionKind, Shelf, State, Step,
};
use pollster::block_on;

use crate::common::{World, garden, slug};

fn content(title: &str, text: &str) -> Content {
    let section = Section::text(SectionKind::Resolution, text);
    Content::new(title.parse().unwrap(), vec![section])
}

fn new(title: &str, text: &str) -> NewArticle {
    NewArticle::new(garden(), slug("beds"), slug("en"), content(title, text))
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn whoever_wrote_a_version_does_not_review_it_unless_the_rules_say_so() {
    block_on(async {
        let world = World::in_memory().await;
        world.channel("beds", "everyone").await;
        let rex = world.member("rex", &["moderator"]).await;
        let kim = world.member("kim", &["moderator"]).await;
        let mo = world.member("mo", &["manager"]).await;
        let k = &world.knowledge;
        let id = k.begin(&rex, &new("Dig", "Deep.")).await.unwrap();
        k.submit(&rex, id).await.unwrap();
        let rev = k.desk(&rex, id).await.unwrap().rev;
        assert!(matches!(k.approve(&rex, id, rev, None).await, Err(Error::OwnWork)));
        assert!(matches!(k.reject(&rex, id, "no").await, Err(Error::OwnWork)));
        k.reject(&kim, id, "Say how deep.").await.unwrap();
        let comments = k.comments(&rex, id, None, None).await.unwrap();
        assert_eq!(comments.items[0].text, "Say how deep.");
        assert_eq!(comments.items[0].on, "rejected");

        let rules = Rules { self_review: true, ..Rules::default() };
        assert!(matches!(
            k.set_rules(&rex, &garden(), &rules).await,
            Err(Error::Engine(Refused::Denied(_)))
        ));
        k.set_rules(&mo, &garden(), &rules).await.unwrap();
        assert_eq!(k.rules(&mo, &garden()).await.unwrap(), rules);
        k.submit(&rex, id).await.unwrap();
        let rev = k.desk(&rex, id).await.unwrap().rev;
        k.approve(&rex, id, rev, None).await.unwrap();
        let page = k.article(&world.engine.anonymous(), id).await.unwrap();
        assert_eq!(page.article.state, State::Published);
    });
}

#[test]
fn what_has_changed_since_it_was_looked_at_is_not_approved() {
    block_on(async {
        let world = World::in_memory().await;
        world.channel("beds", "everyone").await;
        let (eve, rex) =
            (world.member("eve", &["employee"]).await, world.member("rex", &["moderator"]).await);
        let k = &world.knowledge;
        let id = k.begin(&eve, &new("Dig", "Deep.")).await.unwrap();
        k.submit(&eve, id).await.unwrap();
        let rev = k.desk(&rex, id).await.unwrap().rev;
        k.recall(&eve, id).await.unwrap();
        let edit = Edit { base: 1, content: content("Dig", "Shallow."), why: "roots".into() };
        k.edit(&eve, id, &edit).await.unwrap();
        k.submit(&eve, id).await.unwrap();
        let refused = k.approve(&rex, id, rev, None).await.unwrap_err();
        assert!(matches!(refused, Error::Engine(Refused::Conflict(_))), "{refused}");
        // Written on a version that is not the latest any more.
        k.reject(&rex, id, "wait").await.unwrap();
        let refused = k.edit(&eve, id, &edit).await.unwrap_err();
        assert!(matches!(refused, Error::Engine(Refused::Conflict(_))), "{refused}");
    });
}

#[test]
fn who_may_draft_learns_that_an_article_is_being_changed_and_nothing_of_it() {
    block_on(async {
        let world = World::in_memory().await;
        world.channel("beds", "everyone").await;
        let eve = world.member("eve", &["employee"]).await;
        let ana = world.member("ana", &[]).await;
        let (k, system) = (&world.knowledge, world.system());
        let id = k.begin(&system, &new("Dig", "Deep.")).await.unwrap();
        world.publish(id).await;
        let before = k.article(&eve, id).await.unwrap();
        let edit = Edit { base: 1, content: content("Dig", "Secret."), why: String::new() };
        k.edit(&system, id, &edit).await.unwrap();
        let refused = k.edit(&eve, id, &edit).await.unwrap_err();
        assert_eq!(refused.to_string(), "the article is being changed");
        assert_eq!(k.article(&eve, id).await.unwrap(), before);
        assert!(k.desk(&eve, id).await.is_err() && k.version(&eve, id, 2).await.is_err());
        assert_eq!(k.versions(&eve, id, None, None).await.unwrap().items.len(), 1);
        // Whoever may not draft is told of the policy and of nothing else.
        let refused = k.edit(&ana, id, &edit).await.unwrap_err();
        assert!(matches!(refused, Error::Engine(Refused::Denied(_))), "{refused}");
    });
}

#[test]
fn what_happens_in_a_released_source_is_told_to_those_who_may_read_it() {
    block_on(async {
        let world = World::in_memory().await;
        world.channel("beds", "everyone").await;
        world.channel("shed", "members").await;
        let ana = world.member("ana", &[]).await;
        let (k, system, visitor) = (&world.knowledge, world.system(), world.engine.anonymous());
        let (topic, posts) = world.question(&ana, "shed", "Why?", &[(&ana, "Water.")]).await;
        let id = world.published(topic, Some("beds")).await;
        k.release(&system, id, topic, "told elsewhere").await.unwrap();
        let edit = community_core::PostEdit::new("Water them.");
        system.edit_post(posts[1], edit).await.unwrap();
        world.pump().await;
        assert_eq!(k.article(&ana, id).await.unwrap().article.state, State::Stale);
        assert_eq!(k.article(&visitor, id).await.unwrap().article.state, State::Published);
    });
}

#[test]
fn steps_that_the_state_does_not_allow_are_refused_by_name() {
    block_on(async {
        let world = World::in_memory().await;
        world.channel("beds", "everyone").await;
        let (k, system) = (&world.knowledge, world.system());
        let id = k.begin(&system, &new("Dig", "Deep.")).await.unwrap();
        let rev = Rev(1);
        let refused = k.approve(&system, id, rev, None).await.unwrap_err();
        let Error::Step(step) = refused else { panic!("{refused}") };
        assert_eq!((step.from, step.step), (State::Draft, Step::Approve));
        for (refused, step) in [
            (k.recall(&system, id).await, Step::Recall),
            (k.reject(&system, id, "no").await, Step::Reject),
            (k.confirm(&system, id, rev).await, Step::Confirm),
            (k.restore(&system, id).await, Step::Restore),
        ] {
            let Error::Step(found) = refused.unwrap_err() else { panic!("{step:?}") };
            assert_eq!(found.step, step);
        }
    });
}

#[test]
fn readers_go_on_reading_what_is_published_while_a_newer_version_is_written() {
    block_on(async {
        let world = World::in_memory().await;
        world.channel("beds", "everyone").await;
        let (k, system, visitor) = (&world.knowledge, world.system(), world.engine.anonymous());
        let id = k.begin(&system, &new("Dig", "Deep.")).await.unwrap();
        world.publish(id).await;
        let edit = Edit { base: 1, content: content("Dig", "Shallow."), why: "roots".into() };
        k.edit(&system, id, &edit).await.unwrap();
        let text = |page: community_knowledge::ArticlePage| page.version.version.content.markdown();
        assert!(text(k.article(&visitor, id).await.unwrap()).contains("Deep."));
        assert!(k.version(&visitor, id, 2).await.is_err());
        world.publish(id).await;
        assert!(text(k.article(&visitor, id).await.unwrap()).contains("Shallow."));
        // History is for those at the desk: the version that was read before is not read any more.
        assert!(k.version(&visitor, id, 1).await.is_err());
        let changes = k.diff(&system, id, 1, 2).await.unwrap();
        let new: String = changes
            .iter()
            .filter(|c| c.kind != community_core::diff::ChangeKind::Removed)
            .map(|c| c.text.as_str())
            .collect();
        assert_eq!(new, content("Dig", "Shallow.").markdown());

        k.roll_back(&system, id, 1, "it was right").await.unwrap();
        let third = k.version(&system, id, 3).await.unwrap();
        assert_eq!(third.version.content, content("Dig", "Deep."));
        assert_eq!(third.version.note, Note::Rollback { to: 1, why: "it was right".into() });
        assert!(text(k.article(&visitor, id).await.unwrap()).contains("Shallow."));
    });
}

#[test]
fn an_approved_version_is_read_from_its_time_on_whoever_pumps() {
    block_on(async {
        let world = World::in_memory().await;
        world.channel("beds", "everyone").await;
        let (k, system, visitor) = (&world.knowledge, world.system(), world.engine.anonymous());
        let id = k.begin(&system, &new("Dig", "Deep.")).await.unwrap();
        k.submit(&system, id).await.unwrap();
        let rev = k.desk(&system, id).await.unwrap().rev;
        let then = at("2026-03-02T00:00:00Z");
        k.approve(&system, id, rev, Some(then)).await.unwrap();
        world.clock.set(at("2026-03-01T23:59:59Z"));
        world.pump().await;
        let all = ArticleQuery::all(garden());
        assert!(k.article(&visitor, id).await.is_err());
        assert!(k.articles(&visitor, &all).await.unwrap().items.is_empty());
        world.clock.set(then);
        let page = k.article(&visitor, id).await.unwrap();
        assert_eq!((page.article.published_at, page.article.state), (then, State::Published));
        assert_eq!(k.articles(&visitor, &all).await.unwrap().items.len(), 1);
        assert_eq!(k.pump().await.unwrap().published, 1);
        assert_eq!(k.desk(&system, id).await.unwrap().article.state, State::Published);
        assert_eq!(k.pump().await.unwrap().published, 0);
    });
}

#[test]
fn an_article_is_queued_when_its_review_date_comes_and_settled_by_a_confirmation() {
    block_on(async {
        let world = World::in_memory().await;
        world.channel("beds", "everyone").await;
        let rex = world.member("rex", &["moderator"]).await;
        let (k, system) = (&world.knowledge, world.system());
        let rules = Rules { review_days: Some(30), ..Rules::default() };
        k.set_rules(&system, &garden(), &rules).await.unwrap();
        let id = k.begin(&system, &new("Dig", "Deep.")).await.unwrap();
        world.publish(id).await;
        world.tick(30 * 86_400 - 1);
        assert_eq!(k.pump().await.unwrap().queued, 0);
        world.tick(1);
        assert_eq!(k.pump().await.unwrap().queued, 1);
        assert_eq!(k.pump().await.unwrap().queued, 0);
        let stale = k.stale(&rex, &garden(), None).await.unwrap();
        assert_eq!(stale.articles[0].desk.article.state, State::Stale);
        let rev = stale.articles[0].desk.rev;
        k.confirm(&rex, id, rev).await.unwrap();
        assert!(k.stale(&rex, &garden(), None).await.unwrap().articles.is_empty());
        let page = k.article(&world.engine.anonymous(), id).await.unwrap();
        let confirmed = page.article.confirmed.clone().unwrap();
        assert_eq!((confirmed.by, confirmed.version), (rex.viewer().member(), 1));
        assert_eq!(confirmed.at, world.engine.env().now());
        world.tick(30 * 86_400);
        assert_eq!(k.pump().await.unwrap().queued, 1);
    });
}

#[test]
fn a_version_whose_source_is_gone_is_neither_read_nor_approved() {
    block_on(async {
        let world = World::in_memory().await;
        world.channel("beds", "everyone").await;
        let ana = world.member("ana", &[]).await;
        let (k, system, visitor) = (&world.knowledge, world.system(), world.engine.anonymous());
        let answers = [(&ana, "Water them.")];
        let (topic, posts) = world.question(&ana, "beds", "Why?", &answers).await;
        let id = world.published(topic, None).await;
        assert!(k.article(&visitor, id).await.is_ok());
        ana.withdraw_post(posts[1]).await.unwrap();
        assert!(k.article(&visitor, id).await.is_err(), "with the next read");
        world.pump().await;
        let desk = k.desk(&system, id).await.unwrap();
        assert_eq!(desk.article.state, State::Stale);
        assert!(matches!(k.confirm(&system, id, desk.rev).await, Err(Error::SourceGone)));

        // Without the words that were taken back it can be read again.
        let mut content = k.version(&system, id, 1).await.unwrap().version.content.clone();
        content.sections.retain(|section| section.kind != SectionKind::Resolution);
        content.sections.push(Section::text(SectionKind::Resolution, "Water helps."));
        let edit = Edit { base: 1, content, why: String::new() };
        k.edit(&system, id, &edit).await.unwrap();
        world.publish(id).await;
        assert!(k.article(&visitor, id).await.is_ok());
    });
}

#[test]
fn words_of_others_are_theirs_or_marked_as_adapted() {
    block_on(async {
        let world = World::in_memory().await;
        world.channel("beds", "everyone").await;
        world.channel("shed", "role(manager)").await;
        let ana = world.member("ana", &[]).await;
        let mo = world.member("mo", &["manager"]).await;
        let eve = world.member("eve", &["employee"]).await;
        let k = &world.knowledge;
        let (topic, posts) = world.question(&ana, "beds", "Why?", &[(&ana, "Water them.")]).await;
        let (hidden, secret) = world.question(&mo, "shed", "Who?", &[(&mo, "Me.")]).await;
        let source = |topic, post, revision| community_knowledge::Source {
            topic,
            post,
            revision,
            author: ana.viewer().member().unwrap(),
            correction: None,
            adapted: false,
        };
        let cite = |text: &str, source| {
            let block = Block { text: text.into(), source: Some(source) };
            let section = Section { kind: SectionKind::Resolution, blocks: vec![block] };
            let content = Content::new("Why".parse().unwrap(), vec![section]);
            NewArticle::new(garden(), slug("beds"), slug("en"), content)
        };
        let good = source(topic, posts[1], 1);
        assert!(k.begin(&eve, &cite("Water them.", good.clone())).await.is_ok());
        let changed = cite("Water them well.", good.clone());
        assert!(matches!(k.begin(&eve, &changed).await, Err(Error::Engine(Refused::Invalid(_)))));
        let adapted = community_knowledge::Source { adapted: true, ..good.clone() };
        assert!(k.begin(&eve, &cite("Water them well.", adapted)).await.is_ok());
        let other =
            community_knowledge::Source { author: mo.viewer().member().unwrap(), ..good.clone() };
        for (new, expected) in [
            (cite("Water them.", other), "a source names another author than wrote it"),
            (cite("Water them.", source(topic, posts[1], 2)), "there is no such revision"),
            (cite("Water them.", source(hidden, posts[1], 1)), "there is no such post"),
            (cite("Me.", source(hidden, secret[1], 1)), "there is no such post"),
        ] {
            assert_eq!(k.begin(&eve, &new).await.unwrap_err().to_string(), expected);
        }
    });
}

#[test]
fn a_reader_counts_once_and_may_change_their_mind() {
    block_on(async {
        let world = World::in_memory().await;
        world.channel("beds", "everyone").await;
        let ana = world.member("ana", &[]).await;
        let (k, system, visitor) = (&world.knowledge, world.system(), world.engine.anonymous());
        let id = k.begin(&system, &new("Dig", "Deep.")).await.unwrap();
        let rating = |helpful, visit| Rating { helpful, reason: "because".into(), visit };
        assert!(k.rate(&ana, id, &rating(true, None)).await.is_err(), "it is a draft");
        world.publish(id).await;
        let visit = Some(VisitId::from_bytes([3; 16]));
        for (who, helpful, visit) in [
            (&ana, true, None),
            (&ana, false, visit),
            (&visitor, true, visit),
            (&visitor, true, visit),
            (&visitor, false, Some(VisitId::from_bytes([4; 16]))),
        ] {
            k.rate(who, id, &rating(helpful, visit)).await.unwrap();
        }
        let nameless = k.rate(&visitor, id, &rating(true, None)).await.unwrap_err();
        assert!(matches!(nameless, Error::Engine(Refused::Invalid(_))));
        let tally = k.tally(&system, id).await.unwrap();
        assert_eq!((tally.helpful, tally.unhelpful), (1, 2));
        assert_eq!(k.feedback(&system, id, None, None).await.unwrap().items.len(), 3);
        assert!(k.feedback(&ana, id, None, None).await.is_err());
        // What came before a confirmation is settled by it.
        let rev = k.desk(&system, id).await.unwrap().rev;
        k.confirm(&system, id, rev).await.unwrap();
        let signs = k.tally(&system, id).await.unwrap().signs(0);
        assert_eq!((signs.helpful, signs.unhelpful), (0, 0));
        k.rate(&ana, id, &rating(false, None)).await.unwrap();
        assert_eq!(k.tally(&system, id).await.unwrap().unhelpful, 2);
    });
}

#[test]
fn an_archived_article_leads_on_and_a_ring_leads_nowhere() {
    block_on(async {
        let world = World::in_memory().await;
        world.channel("beds", "everyone").await;
        let (k, system, visitor) = (&world.knowledge, world.system(), world.engine.anonymous());
        let mut ids = Vec::new();
        for title in ["One", "Two", "Three"] {
            let id = k.begin(&system, &new(title, "Text.")).await.unwrap();
            world.publish(id).await;
            ids.push(id);
        }
        k.archive(&system, ids[0], Some(ids[1])).await.unwrap();
        k.archive(&system, ids[1], Some(ids[2])).await.unwrap();
        let page = k.article(&visitor, ids[0]).await.unwrap();
        assert_eq!((page.article.id, page.redirected), (ids[2], vec![ids[0], ids[1]]));
        k.archive(&system, ids[2], Some(ids[0])).await.unwrap();
        assert!(k.article(&visitor, ids[0]).await.is_err());
        k.restore(&system, ids[2]).await.unwrap();
        assert!(k.article(&visitor, ids[2]).await.is_err(), "it is a draft again");
        assert!(k.archive(&system, ids[2], Some(ids[2])).await.is_err());
    });
}

#[test]
fn collections_keep_their_order_and_translations_find_each_other() {
    block_on(async {
        let world = World::in_memory().await;
        world.channel("beds", "everyone").await;
        world.channel("shed", "role(manager)").await;
        let (k, system, visitor) = (&world.knowledge, world.system(), world.engine.anonymous());
        let mut ids = Vec::new();
        for (position, channel) in [(30, "beds"), (10, "beds"), (20, "shed")] {
            let shelf = Some(Shelf { collection: slug("basics"), position });
            let new = NewArticle { shelf, channel: slug(channel), ..new("Dig", "Deep.") };
            let id = k.begin(&system, &new).await.unwrap();
            world.publish(id).await;
            ids.push(id);
        }
        let query = ArticleQuery::by(garden(), By::Collection(slug("basics")));
        let order = |page: community_core::Page<_>| {
            let items: Vec<community_core::Visible<community_knowledge::ArticleView>> = page.items;
            items.iter().map(|view| view.id).collect::<Vec<_>>()
        };
        assert_eq!(order(k.articles(&visitor, &query).await.unwrap()), [ids[1], ids[0]]);
        let all = order(k.articles(&system, &query).await.unwrap());
        assert_eq!(all, [ids[1], ids[2], ids[0]]);
        // What a visitor does not see is not between its neighbours.
        let near = k.neighbours(&visitor, ids[1]).await.unwrap();
        assert_eq!((near.previous, near.next.unwrap().id), (None, ids[0]));
        let near = k.neighbours(&system, ids[2]).await.unwrap();
        assert_eq!((near.previous.unwrap().id, near.next.unwrap().id), (ids[1], ids[0]));

        // Those that share a place have neighbours in the order of the list, there and back.
        for _ in 0..3 {
            let shelf = Some(Shelf { collection: slug("basics"), position: 10 });
            let new = NewArticle { shelf, ..self::new("Dig", "Deep.") };
            let id = k.begin(&system, &new).await.unwrap();
            world.publish(id).await;
        }
        let all = order(k.articles(&system, &query).await.unwrap());
        assert_eq!(all.len(), 6);
        for (at, id) in all.iter().enumerate() {
            let near = k.neighbours(&system, *id).await.unwrap();
            let found = [near.previous, near.next].map(|view| view.map(|view| view.id));
            let before = at.checked_sub(1).map(|at| all[at]);
            assert_eq!(found, [before, all.get(at + 1).copied()]);
        }

        let dutch =
            NewArticle { original: Some(ids[0]), locale: slug("nl"), ..new("Spitten", "Diep.") };
        let dutch = k.begin(&system, &dutch).await.unwrap();
        world.publish(dutch).await;
        let query = ArticleQuery::by(garden(), By::Original(ids[0]));
        assert_eq!(order(k.articles(&visitor, &query).await.unwrap()), [ids[0], dutch]);
        let query = ArticleQuery::by(garden(), By::Locale(slug("nl")));
        assert_eq!(order(k.articles(&visitor, &query).await.unwrap()), [dutch]);
    });
}

#[test]
fn a_release_is_kept_with_name_and_reason_and_stands_in_the_log() {
    block_on(async {
        let world = World::in_memory().await;
        world.channel("beds", "everyone").await;
        world.channel("shed", "members").await;
        let (ana, mo) = (world.member("ana", &[]).await, world.member("mo", &["manager"]).await);
        let rex = world.member("rex", &["moderator"]).await;
        let (k, visitor) = (&world.knowledge, world.engine.anonymous());
        let (topic, _) = world.question(&ana, "shed", "Why?", &[(&ana, "Water.")]).await;
        let id = world.published(topic, Some("beds")).await;
        assert!(k.article(&ana, id).await.is_ok());
        assert!(k.article(&visitor, id).await.is_err(), "no wider than its source");
        let refused = k.release(&rex, id, topic, "known").await.unwrap_err();
        assert!(matches!(refused, Error::Engine(Refused::Denied(_))));
        assert!(k.release(&mo, id, topic, " ").await.is_err());
        k.release(&mo, id, topic, "told on the website").await.unwrap();
        let page = k.article(&visitor, id).await.unwrap();
        assert!(page.article.sources.is_empty(), "a visitor does not learn of the topic");
        assert_eq!(page.version.version.content.sources().count(), 0);
        let released = &k.desk(&mo, id).await.unwrap().article.released[0];
        assert_eq!((released.by, &*released.reason), (mo.viewer().member(), "told on the website"));
        let mut events = Vec::new();
        let mut after = community_core::Seq(0);
        loop {
            let page = world.system().events(after, Some(100)).await.unwrap();
            let Some(last) = page.last() else { break };
            after = last.seq;
            events.extend(page);
        }
        let logged = events.iter().filter(|event| {
            matches!(&event.event.kind,
                community_core::EventKind::DocumentChanged { change, .. } if *change == "released")
        });
        let logged: Vec<_> = logged.collect();
        assert_eq!(logged.len(), 1);
        assert_eq!(
            (logged[0].event.actor, logged[0].event.topic),
            (mo.viewer().member(), Some(topic))
        );
    });
}

#[test]
fn candidates_come_with_their_reasons_and_an_article_takes_a_topic_off_the_list() {
    block_on(async {
        let world = World::in_memory().await;
        world.channel("beds", "everyone").await;
        let ana = world.member("ana", &[]).await;
        let ben = world.member("ben", &[]).await;
        let eve = world.member("eve", &["employee"]).await;
        let (topic, posts) = world.question(&ana, "beds", "Why?", &[(&ben, "Water.")]).await;
        let (again, _) = world.question(&ben, "beds", "Why so?", &[]).await;
        ana.set_link(again, topic, community_core::LinkKind::Duplicate, true).await.ok();
        world
            .system()
            .set_link(again, topic, community_core::LinkKind::Duplicate, true)
            .await
            .unwrap();
        ben.vote(posts[0], Some(community_core::Vote::Up)).await.unwrap();
        world.tick(8 * 86_400);
        let k = &world.knowledge;
        let found = k.candidates(&eve, &garden(), Default::default()).await.unwrap();
        assert_eq!((found.scanned, found.truncated), (2, false));
        let [candidate] = &found.candidates[..] else { panic!("{found:?}") };
        let reasons: Vec<_> =
            candidate.reasons.iter().map(|r| (r.criterion.as_str(), r.has)).collect();
        assert_eq!(candidate.topic, topic);
        assert_eq!(reasons, [("me_too", 1), ("accepted", 1), ("repeats", 1), ("age", 8)]);
        assert!(k.candidates(&ana, &garden(), Default::default()).await.is_err());

        let id = world.drafted(&eve, topic, None).await;
        assert!(
            k.candidates(&eve, &garden(), Default::default()).await.unwrap().candidates.is_empty()
        );
        // Both ways: from the article to its source, from the source to its articles.
        let version = k.version(&eve, id, 1).await.unwrap();
        assert_eq!(version.version.content.topics().into_iter().collect::<Vec<_>>(), [topic]);
        world.publish(id).await;
        let query = ArticleQuery::by(garden(), By::Source(topic));
        assert_eq!(k.articles(&ana, &query).await.unwrap().items[0].id, id);
    });
}

#[test]
fn topics_that_cannot_become_articles_do_not_hide_one_that_can() {
    block_on(async {
        let world = World::in_memory().await;
        world.channel("beds", "everyone").await;
        let (ana, eve) = (world.member("ana", &[]).await, world.member("eve", &["employee"]).await);
        let (k, visitors) = (&world.knowledge, ["ben", "bea", "bob"]);
        let mut voters = Vec::new();
        for name in visitors {
            voters.push(world.member(name, &[]).await);
        }
        let (wanted, _) = world.question(&ana, "beds", "Why?", &[(&ana, "Water.")]).await;
        // More than are looked at closely, each with more points: some have an article already, the
        // others have no answer.
        let mut without = Vec::new();
        for number in 0..5 {
            let answers = [(&ana, "So.")];
            let answers = if number < 3 { &answers[..] } else { &[] };
            let title = format!("How {number}?");
            let (topic, posts) = world.question(&ana, "beds", &title, answers).await;
            for voter in &voters {
                voter.vote(posts[0], Some(community_core::Vote::Up)).await.unwrap();
            }
            if number < 3 {
                world.published(topic, None).await;
            } else {
                without.push(topic);
            }
        }
        let query = community_knowledge::CandidateQuery { limit: 1, scan: 100 };
        let found = async || k.candidates(&eve, &garden(), query).await.unwrap();
        // All are too young.
        let young = found().await;
        assert_eq!((young.candidates.len(), young.scanned, young.truncated), (0, 6, false));
        world.tick(8 * 86_400);
        let all = found().await;
        let topics: Vec<_> = all.candidates.iter().map(|candidate| candidate.topic).collect();
        assert_eq!((topics, all.truncated), (vec![wanted], false));
        // Looks at what has no answer count; when they are used up, that is said.
        for number in 0..2 {
            let (_, posts) = world.question(&ana, "beds", &format!("Who {number}?"), &[]).await;
            for voter in &voters {
                voter.vote(posts[0], Some(community_core::Vote::Up)).await.unwrap();
            }
        }
        world.tick(8 * 86_400);
        let some = found().await;
        assert_eq!((some.candidates.len(), some.truncated), (0, true));
        let query = community_knowledge::CandidateQuery { limit: 1, scan: usize::MAX };
        assert!(k.candidates(&eve, &garden(), query).await.is_err());
        assert_eq!(without.len(), 2);
    });
}

#[test]
fn commands_and_reads_can_be_spawned_on_any_runtime() {
    fn spawnable<T: Send>(_: T) {}
    let world = block_on(World::in_memory());
    let (k, system, garden) = (&world.knowledge, world.system(), garden());
    let id = community_knowledge::ArticleId::from_uuid(uuid::Uuid::nil());
    spawnable(k.begin(&system, &new("Dig", "Deep.")));
    spawnable(k.approve(&system, id, Rev(1), None));
    spawnable(k.article(&system, id));
    spawnable(k.stale(&system, &garden, None));
    spawnable(k.candidates(&system, &garden, Default::default()));
    spawnable(k.pump());
}
