//! Levels follow from what was earned, and open what they say.

use std::sync::Arc;

use community::reputation::{RuleSet, RuleSetId};
use community::time::ManualClock;
use community::*;
use community_store_memory::MemoryStore;
use community_testkit::FaultyStore;
use pollster::block_on;

use crate::stage::{DAY, Stage, garden, slug};

/// A rule set with two levels, the second of which takes points of a certain kind.
fn steep(version: u32) -> RuleSet {
    let text = r#"{
        "id": "steep@VERSION",
        "name": "Steep",
        "floor": 0,
        "groups": {"writing": {}, "answers": {}},
        "rules": [
            {"key": "topic", "group": "writing", "when": {"on": "started"}, "points": 5},
            {"key": "accepted", "group": "answers", "when": {"on": "accepted"}, "points": 10}
        ],
        "newcomers": {"links": 0, "mentions": 1},
        "levels": [
            {"level": 1, "name": "Writer", "points": 5, "posts": {"links": 1}},
            {"level": 2, "name": "Helper", "points": 15, "groups": {"answers": 10}}
        ]
    }"#;
    serde_json::from_str(&text.replace("VERSION", &version.to_string())).unwrap()
}

fn with(rules: &RuleSet, people: usize) -> Stage {
    let stage = Stage::new(people);
    let host = stage.engine.as_system();
    block_on(host.define_rules(&garden(), rules)).unwrap();
    block_on(host.switch_rules(&garden(), &rules.id)).unwrap();
    stage
}

fn key(text: &str) -> Key {
    text.parse().unwrap()
}

impl Stage {
    fn level(&self, member: &str) -> u32 {
        self.pump();
        let host = self.engine.as_system();
        let view = block_on(host.explain_level(&garden(), &key(member))).unwrap();
        assert!(view.pinned || view.level == view.earned, "{view:?}");
        // The explanation agrees with the rules.
        let reached = view.levels.iter().filter(|step| step.reached).count();
        assert_eq!(view.earned as usize, reached);
        for step in view.levels.iter().take(reached) {
            assert!(step.conditions.iter().all(|condition| condition.met));
        }
        if let Some(next) = view.levels.get(reached) {
            assert!(next.conditions.iter().any(|condition| !condition.met));
        }
        view.level
    }

    /// How often a level, role or sanction has changed.
    fn changes(&self) -> usize {
        let events = block_on(self.engine.store().events_after(Seq(0), 10_000)).unwrap();
        events.iter().filter(|e| e.event.kind == EventKind::StandingChanged).count()
    }
}

#[test]
fn a_level_comes_and_goes_with_its_conditions_and_is_logged_when_it_changes() {
    let stage = with(&steep(1), 2);
    let (ana, ben) = (&stage.people[0], &stage.people[1]);
    assert_eq!((stage.level("user:0"), stage.level("user:1"), stage.changes()), (0, 0, 0));
    let topics: Vec<TopicId> = (0..4).map(|_| stage.start(ana, "question")).collect();
    // Points enough for the second level, and of the wrong kind.
    assert_eq!((stage.level("user:0"), stage.changes()), (1, 1));
    let answer = stage.answer(ben, topics[0]);
    let own = stage.start(ben, "question");
    block_on(ana.accept(answer, None)).unwrap();
    assert_eq!((stage.level("user:1"), stage.changes()), (2, 3 - 1));
    for _ in 0..3 {
        stage.pump();
    }
    assert_eq!(stage.changes(), 2, "nothing has changed");
    block_on(ana.unaccept(answer)).unwrap();
    assert_eq!((stage.level("user:1"), stage.changes()), (1, 3));
    block_on(ben.withdraw_topic(own)).unwrap();
    assert_eq!((stage.level("user:1"), stage.changes()), (0, 4));
    stage.check();
}

#[test]
fn a_level_that_was_set_stays_until_it_is_released() {
    let stage = with(&steep(1), 1);
    let (ana, host) = (&stage.people[0], stage.engine.as_system());
    let id = ana.viewer().member().unwrap();
    block_on(host.set_level(&garden(), id, 7)).unwrap();
    stage.start(ana, "question");
    assert_eq!(stage.level("user:0"), 7);
    block_on(host.release_level(&garden(), id)).unwrap();
    assert_eq!(stage.level("user:0"), 1);
    block_on(host.release_level(&garden(), id)).unwrap();
    stage.check();
}

#[test]
fn a_level_opens_what_an_audience_asks_of_it_with_the_next_call() {
    let stage = with(&steep(1), 2);
    let (ana, host) = (&stage.people[0], stage.engine.as_system());
    let policy = Policy::inherit().with(Action::View, "level >= 1".parse().unwrap());
    let new = NewChannel::new(slug("lounge"), "Lounge".parse().unwrap()).policy(policy);
    block_on(host.create_channel(&garden(), new)).unwrap();
    let sees = |who: &Session| {
        let channels = block_on(who.channels(&garden())).unwrap();
        channels.iter().any(|channel| channel.key == *"lounge")
    };
    assert!(!sees(ana));
    let topic = stage.start(ana, "question");
    stage.pump();
    assert!(sees(ana) && !sees(&stage.people[1]));
    block_on(ana.withdraw_topic(topic)).unwrap();
    stage.pump();
    assert!(!sees(ana));
}

#[test]
fn who_is_new_puts_less_into_a_post() {
    let stage = with(&steep(1), 2);
    let (ana, ben) = (&stage.people[0], &stage.people[1]);
    let topic = stage.start(ana, "question");
    stage.pump();
    let reply = |who: &Session, body: &str| block_on(who.reply(NewPost::new(topic, body)));
    let refused = |outcome: Result<PostId>| match outcome.unwrap_err() {
        Error::NewMember { what, most } => (what, most),
        other => panic!("{other}"),
    };
    assert_eq!(refused(reply(ben, "See https://example.org.")), ("links", 0));
    assert_eq!(refused(reply(ben, "@ana and @eva")), ("mentions", 1));
    assert!(reply(ben, "@ana, write to ben@example.org; ![no limit](a.png)").is_ok());
    let plain = reply(ben, "Plain.").unwrap();
    let edit = block_on(ben.edit_post(plain, PostEdit::new("Now http://example.org")));
    assert!(matches!(edit, Err(Error::NewMember { what: "links", most: 0 })));
    let new = NewTopic::new(garden(), slug("beds"), slug("question"), "https://a.example", "?");
    assert!(matches!(block_on(ben.start_topic(new)), Err(Error::NewMember { .. })));
    // One level up, one link.
    assert!(reply(ana, "See https://example.org.").is_ok());
    assert_eq!(refused(reply(ana, "http://a.example http://b.example")), ("links", 1));
    // Whoever moderates the place is not bound.
    let id = ben.viewer().member().unwrap();
    let host = stage.engine.as_system();
    block_on(host.grant_role(&garden(), id, &slug("moderator"), None)).unwrap();
    assert!(reply(ben, "http://a.example http://b.example").is_ok());
}

#[test]
fn other_rules_are_tried_aside_and_change_everything_when_they_are_put_in_force() {
    let stage = Stage::new(3);
    let (ana, host) = (&stage.people[0], stage.engine.as_system());
    for _ in 0..3 {
        let topic = stage.start(ana, "question");
        stage.up(&stage.people[1], stage.opening(topic));
        stage.clock.advance(DAY);
    }
    let before = stage.points(ana);
    assert_eq!((before, stage.level("user:0")), (3 * 7, 1));
    let steep = steep(1);
    let preview = block_on(host.preview_rules(&garden(), &steep, &[])).unwrap();
    let id = ana.viewer().member().unwrap();
    assert_eq!(preview.points()[&id], 15);
    assert_eq!(stage.points(ana), before, "a preview changes nothing");

    block_on(host.define_rules(&garden(), &steep)).unwrap();
    let changed = RuleSet { start: 1, ..steep.clone() };
    let refused = block_on(host.define_rules(&garden(), &changed));
    assert!(matches!(refused, Err(Error::Conflict(_))), "a version never changes");
    let missing: RuleSetId = "steep@2".parse().unwrap();
    assert!(matches!(
        block_on(host.switch_rules(&garden(), &missing)),
        Err(Error::NotFound("rule set"))
    ));
    assert!(matches!(block_on(ana.switch_rules(&garden(), &steep.id)), Err(Error::Denied(_))));

    block_on(host.switch_rules(&garden(), &steep.id)).unwrap();
    assert_eq!(stage.points(ana), 15);
    assert_eq!(stage.ledger(), preview.entries);
    assert_eq!(stage.level("user:0"), 1);
    stage.check();
    // And back: the old ledger goes on where it was.
    stage.start(ana, "question");
    block_on(host.switch_rules(&garden(), &"balanced@1".parse().unwrap())).unwrap();
    assert_eq!(stage.points(ana), before + 2);
    stage.check();
}

#[test]
fn levels_of_everybody_follow_when_rules_are_switched() {
    let stage = Stage::new(4);
    for member in &stage.people {
        for _ in 0..6 {
            stage.start(member, "question");
        }
    }
    assert_eq!(stage.level("user:3"), 1);
    let mut hard = steep(1);
    hard.levels.iter_mut().for_each(|level| level.points = 1_000);
    let host = stage.engine.as_system();
    let pinned = stage.people[1].viewer().member().unwrap();
    block_on(host.set_level(&garden(), pinned, 1)).unwrap();
    block_on(host.define_rules(&garden(), &hard)).unwrap();
    block_on(host.switch_rules(&garden(), &hard.id)).unwrap();
    let levels = ["user:0", "user:1", "user:2", "user:3"].map(|member| stage.level(member));
    assert_eq!(levels, [0, 1, 0, 0]);
    stage.check();
}

#[test]
fn a_worker_brings_everything_up_to_date_without_being_called() {
    let stage = Stage::new(1);
    let ana = &stage.people[0];
    let working = async { stage.engine.worker().await.map(drop) };
    let using = async {
        let new = NewTopic::new(garden(), slug("beds"), slug("question"), "Why?", "Why so?");
        ana.start_topic(new).await?;
        while ana.standing(&garden(), &key("user:0")).await?.points == 0 {
            smol::future::yield_now().await;
        }
        Ok(())
    };
    smol::block_on(smol::future::or(working, using)).unwrap();
    assert_eq!(stage.points(ana), 2);
}

/// Rules whose levels ask for time, and that let newcomers write little in a day.
fn patient() -> RuleSet {
    let text = r#"{
        "id": "patient@1",
        "name": "Patient",
        "newcomers": {"posts_per_day": 3, "topics_per_day": 1},
        "levels": [
            {"level": 1, "name": "Settled", "days": 2, "posts": {"posts_per_day": 5}},
            {"level": 2, "name": "Regular", "days": 2, "visits": 3, "posts": {}}
        ]
    }"#;
    serde_json::from_str(text).unwrap()
}

#[test]
fn who_stays_and_comes_again_rises_by_that_alone_with_the_next_pump() {
    let stage = with(&patient(), 1);
    // Everybody has been there for a month.
    assert_eq!((stage.level("user:0"), stage.changes()), (1, 1));
    let new = stage.join("user:new");
    assert_eq!(stage.level("user:new"), 0);
    stage.clock.advance(DAY);
    assert_eq!((stage.level("user:new"), stage.changes()), (0, 1));
    stage.clock.advance(DAY);
    assert_eq!((stage.level("user:new"), stage.changes()), (1, 2));
    for _ in 0..3 {
        assert_eq!(stage.level("user:new"), 1);
        block_on(new.visit(&garden())).unwrap();
        block_on(new.visit(&garden())).unwrap();
        stage.clock.advance(DAY);
    }
    assert_eq!((stage.level("user:new"), stage.changes()), (2, 3));
    let host = stage.engine.as_system();
    let view = block_on(host.explain_level(&garden(), &key("user:0"))).unwrap();
    let of: Vec<_> = view.levels[1].conditions.iter().map(|c| (c.of, c.least, c.met)).collect();
    assert_eq!(
        of,
        [(Needed::Points, 0, true), (Needed::Days, 2, true), (Needed::Visits, 3, false)]
    );
    // Nothing is left to do.
    let head = block_on(stage.engine.store().head()).unwrap();
    stage.pump();
    assert_eq!(block_on(stage.engine.store().head()).unwrap(), head);
    // Who leaves and comes back begins again.
    block_on(new.leave(&garden())).unwrap();
    block_on(new.join(&garden())).unwrap();
    assert_eq!(stage.level("user:new"), 0);
    stage.check();
}

fn day_full<T: std::fmt::Debug>(result: Result<T, Error>) -> (&'static str, u32) {
    match result {
        Err(Error::DayFull { what, most }) => (what, most),
        other => panic!("{other:?}"),
    }
}

#[test]
fn newcomers_write_only_so_much_in_a_day() {
    let stage = with(&patient(), 1);
    let new = stage.join("user:new");
    let start = |who: &Session| {
        let new = NewTopic::new(garden(), slug("beds"), slug("question"), "Why?", "Why so?");
        block_on(who.start_topic(new))
    };
    let topic = start(&new).unwrap();
    assert_eq!(day_full(start(&new)), ("topics", 1));
    let reply = |who: &Session| block_on(who.reply(NewPost::new(topic, "So.")));
    let first = reply(&new).unwrap();
    reply(&new).unwrap();
    assert_eq!(day_full(reply(&new)), ("posts", 3));
    assert_eq!(day_full(start(&new)), ("posts", 3));
    // What is taken back makes no room.
    block_on(new.withdraw_post(first)).unwrap();
    assert_eq!(day_full(reply(&new)), ("posts", 3));
    // Others are not bound by it, those who moderate not at all.
    assert!(reply(&stage.people[0]).is_ok());
    let id = new.viewer().member().unwrap();
    let host = stage.engine.as_system();
    block_on(host.grant_role(&garden(), id, &slug("moderator"), None)).unwrap();
    assert!(reply(&new).is_ok() && start(&new).is_ok());
    block_on(host.revoke_role(&garden(), id, &slug("moderator"), None)).unwrap();
    assert_eq!(day_full(reply(&new)), ("posts", 3));
    // The next day begins at midnight.
    stage.clock.advance(DAY / 2);
    assert!(reply(&new).is_ok() && start(&new).is_ok());
    // One level up, there is more room.
    stage.clock.advance(2 * DAY);
    assert_eq!(stage.level("user:new"), 1);
    for _ in 0..5 {
        reply(&new).unwrap();
    }
    assert_eq!(day_full(reply(&new)), ("posts", 5));
}

#[test]
fn of_two_posts_at_once_that_want_the_last_place_of_a_day_one_gets_it() {
    let dir = tempfile::tempdir().unwrap();
    let options = community_store_sqlite::Options::default();
    let file = community_store_sqlite::SqliteStore::open(dir.path(), options).unwrap();
    let stores: [std::sync::Arc<dyn Store>; 2] = [
        std::sync::Arc::new(file),
        std::sync::Arc::new(community_store_memory::MemoryStore::new()),
    ];
    for store in stores {
        let clock = time::ManualClock::at("2026-03-01T12:00:00Z".parse().unwrap());
        let clock = std::sync::Arc::new(clock);
        let env = Env::manual(std::sync::Arc::clone(&clock), 7);
        let stage = Stage::on(Engine::with_env(store, env), clock, 2);
        let host = stage.engine.as_system();
        block_on(host.define_rules(&garden(), &patient())).unwrap();
        block_on(host.switch_rules(&garden(), &patient().id)).unwrap();
        let topic = stage.start(&stage.people[0], "question");
        for round in 0..5 {
            let new = stage.join(&format!("user:new-{round}"));
            let outcomes: Vec<_> = std::thread::scope(|scope| {
                let write = || block_on(new.reply(NewPost::new(topic, "So.")));
                let threads: Vec<_> = (0..8).map(|_| scope.spawn(write)).collect();
                threads.into_iter().map(|thread| thread.join().unwrap()).collect()
            });
            let written = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
            assert_eq!(written, 3, "{outcomes:?}");
            for refused in outcomes.into_iter().filter(Result::is_err) {
                assert_eq!(day_full(refused), ("posts", 3));
            }
        }
    }
}

#[test]
fn levels_follow_when_an_import_puts_other_rules_in_force() {
    let stage = Stage::new(2);
    for _ in 0..6 {
        stage.start(&stage.people[0], "question");
    }
    assert_eq!((stage.level("user:0"), stage.level("user:1")), (1, 0));
    // Nothing happens to anybody behind it: the new ledger alone moves no points of user:1.
    let mut lenient = patient();
    lenient.levels.truncate(1);
    let host = stage.engine.as_system();
    let community = block_on(host.managed_community(&garden())).unwrap();
    let mut reputation = serde_json::to_value(&community.reputation).unwrap();
    reputation["own"] = serde_json::json!([steep(1), lenient]);
    for (rules, levels) in [("patient@1", (1, 1)), ("steep@1", (1, 0)), ("patient@1", (1, 1))] {
        reputation["active"] = rules.into();
        let record: record::Record = serde_json::from_value(serde_json::json!({
            "type": "community", "key": "garden", "name": "Garden", "policy": community.policy,
            "reactions": community.reactions, "reputation": reputation
        }))
        .unwrap();
        block_on(host.import(&garden(), None, &[record])).unwrap();
        assert_eq!((stage.level("user:0"), stage.level("user:1")), levels, "{rules}");
    }
    stage.check();
}

/// Rules that ask for points, days and visits together.
fn thorough() -> RuleSet {
    let text = r#"{
        "id": "thorough@1",
        "name": "Thorough",
        "rules": [{"key": "topic", "group": "writing", "when": {"on": "started"}, "points": 5}],
        "groups": {"writing": {}},
        "levels": [
            {"level": 1, "name": "Writer", "points": 5, "posts": {}},
            {"level": 2, "name": "Regular", "points": 10, "days": 2, "visits": 1, "posts": {}}
        ]
    }"#;
    serde_json::from_str(text).unwrap()
}

/// Something that is done, with something else just before each of the store's calls in turn. The
/// level is then what was earned, whoever came first.
fn meanwhile(
    mut prepare: impl FnMut(&Stage),
    mut work: impl FnMut(&Stage),
    other: impl Fn(&Stage) + Copy + Send + 'static,
) {
    for call in 1.. {
        let clock = Arc::new(ManualClock::at("2026-03-01T12:00:00Z".parse().unwrap()));
        let store = Arc::new(FaultyStore::new(MemoryStore::new()));
        let make = || Engine::with_env(store.clone(), Env::manual(Arc::clone(&clock), 7));
        let stage = Stage::on(make(), Arc::clone(&clock), 2);
        let host = stage.engine.as_system();
        block_on(host.define_rules(&garden(), &thorough())).unwrap();
        block_on(host.switch_rules(&garden(), &thorough().id)).unwrap();
        stage.pump();
        prepare(&stage);
        let people = stage.people.clone();
        let beside = Stage { engine: stage.engine.clone(), clock, people };
        store.interrupt(call, move || other(&beside));
        work(&stage);
        if store.is_pending() {
            assert!(call > 5, "it reads several times before it commits");
            return;
        }
        let held = |number: usize| {
            let key = key(&format!("user:{number}"));
            block_on(host.explain_level(&garden(), &key)).unwrap()
        };
        // With the next pump at the latest, and without anything new that happens.
        stage.pump();
        for number in 0..2 {
            let view = held(number);
            assert_eq!(view.level, view.earned, "call {call}, user:{number}");
        }
    }
}

#[test]
fn a_level_that_was_worked_out_from_what_has_changed_meanwhile_is_worked_out_again() {
    fn earn(stage: &Stage) {
        stage.start(&stage.people[0], "question");
        block_on(stage.people[0].visit(&garden())).unwrap();
        stage.pump();
    }
    fn pump(stage: &Stage) {
        stage.pump();
    }
    // The nightly sweep, and somebody who earns points and is seen meanwhile.
    let night = |stage: &Stage| {
        stage.start(&stage.people[0], "question");
        stage.pump();
        stage.clock.advance(DAY);
    };
    meanwhile(night, pump, earn);
    // Points, and another process that is faster with them and with visits.
    let due = |stage: &Stage| {
        stage.start(&stage.people[0], "question");
        stage.start(&stage.people[0], "question");
    };
    meanwhile(due, pump, earn);
    // A manager lets go of a level.
    let pinned = |stage: &Stage| {
        stage.start(&stage.people[0], "question");
        let id = stage.people[0].viewer().member().unwrap();
        block_on(stage.engine.as_system().set_level(&garden(), id, 7)).unwrap();
        stage.pump();
    };
    let release = |stage: &Stage| {
        let id = stage.people[0].viewer().member().unwrap();
        block_on(stage.engine.as_system().release_level(&garden(), id)).unwrap();
    };
    meanwhile(pinned, release, earn);
}
