//! Badges: awarded once, whoever pumps and whatever is killed, and by whoever looks back as by
//! whoever was there.

use std::collections::BTreeMap;
use std::sync::Arc;

use community::command::NewAward;
use community::reputation::{Award, AwardsId, BadgeSet, BadgeSetId};
use community::time::ManualClock;
use community::*;
use community_store_memory::MemoryStore;
use community_store_sqlite::{Options, SqliteStore, Synchronous};
use community_testkit::awards::{History, awards};
use community_testkit::verify;
use community_testkit::worlds::Dice;
use community_testkit::{CommitFault, FaultyStore};
use pollster::block_on;

use crate::stage::{DAY, Stage, garden, slug};

const CONTRIBUTED: &str = r#"[{"on": "started"}, {"on": "written", "post": "answer"},
    {"on": "written", "post": "reply"}]"#;

/// Badges of every kind, each with small numbers.
pub(crate) fn everything(version: u32) -> BadgeSet {
    let three = r#""tiers": [{"name":"I","at":1},{"name":"II","at":2},{"name":"III","at":4}]"#;
    let up = r#"[{"on": "voted", "vote": "up"}]"#;
    let mut badges = Vec::new();
    for (key, per) in [
        ("each", r#""each""#),
        ("topics", r#""topics""#),
        ("channels", r#""channels""#),
        ("members", r#""members""#),
        ("days", r#""days""#),
        ("run", r#""run""#),
        ("within", r#"{"within": 5}"#),
    ] {
        for (revoked, suffix) in [(false, "k"), (true, "r")] {
            for (when, to, prefix) in
                [(up, "author", "up"), (CONTRIBUTED, "author", "did"), (up, "actor", "gave")]
            {
                // Whoever writes does so alone.
                if (key, prefix) == ("members", "did") {
                    continue;
                }
                badges.push(format!(
                    r#"{{"key": "{prefix}-{key}-{suffix}", "name": "{key}", "revoked": {revoked},
                      "measure": {{"of": "counted", "when": {when}, "to": "{to}", "per": {per}}},
                      {three}}}"#
                ));
            }
        }
    }
    for (key, measure) in [
        ("accepted", r#"{"of": "counted", "when": [{"on": "accepted"}, {"on": "official"}]}"#),
        ("planned", r#"{"of": "counted", "when": [{"on": "reached", "status": "planned"}]}"#),
        ("ideas", r#"{"of": "counted", "when": [{"on": "started"}], "kinds": ["idea"]}"#),
        ("sheds", r#"{"of": "counted", "when": [{"on": "started"}], "channels": ["shed"]}"#),
        ("points", r#"{"of": "points"}"#),
        ("votes", r#"{"of": "points", "group": "votes"}"#),
    ] {
        let every = if key == "planned" { 1 } else { 2 };
        for revoked in [false, true] {
            badges.push(format!(
                r#"{{"key": "{key}-{revoked}", "name": "{key}", "measure": {measure}, "every": {every},
                  "revoked": {revoked}}}"#
            ));
        }
    }
    badges.push(format!(
        r#"{{"key": "level", "name": "Level", "measure": {{"of": "level"}}, {three},
          "revoked": true}}"#
    ));
    for (key, per) in [("days", r#""days""#), ("run", r#""run""#), ("within", r#"{"within": 4}"#)] {
        badges.push(format!(
            r#"{{"key": "came-{key}", "name": "{key}", "measure": {{"of": "visited", "per": {per}}},
              {three}}}"#
        ));
    }
    let text = format!(
        r#"{{"id": "everything@{version}", "name": "Everything", "rules": "balanced@1",
          "giver_days": 1, "badges": [{}]}}"#,
        badges.join(",")
    );
    let set: BadgeSet = serde_json::from_str(&text).unwrap();
    set.check().unwrap();
    set
}

pub(crate) fn put_in_force(stage: &Stage, set: &BadgeSet) {
    let host = stage.engine.as_system();
    block_on(host.define_badges(&garden(), set)).unwrap();
    block_on(host.switch_badges(&garden(), Some(&set.id))).unwrap();
}

fn community(stage: &Stage) -> Community {
    block_on(stage.engine.as_system().managed_community(&garden())).unwrap().into_inner()
}

fn rows(stage: &Stage, set: &BadgeSetId) -> Vec<Award> {
    let id = AwardsId { community: community(stage).id, set: set.clone() };
    block_on(stage.engine.store().awards_by_badge(&id, None, usize::MAX)).unwrap()
}

/// What the log tells of who has which tier; it never tells the same twice.
pub(crate) fn told(stage: &Stage) -> BTreeMap<(Slug, MemberId), u32> {
    let mut held: BTreeMap<(Slug, MemberId), u32> = BTreeMap::new();
    for event in block_on(stage.engine.store().events_after(Seq(0), usize::MAX)).unwrap() {
        let member = event.event.member;
        match event.event.kind {
            EventKind::Awarded { badge, tier } => {
                let before = held.insert((badge, member.unwrap()), tier).unwrap_or(0);
                assert!(before < tier, "told twice");
            }
            EventKind::Revoked { badge, tier } => {
                let before = held.insert((badge, member.unwrap()), tier).unwrap_or(0);
                assert!(before > tier, "told twice");
            }
            _ => {}
        }
    }
    held.retain(|_, tier| *tier > 0);
    held
}

/// That looking back gives what was awarded meanwhile, that another opinion agrees, and that the log
/// told it.
fn check(stage: &Stage, set: &BadgeSet) {
    stage.check();
    let live = rows(stage, &set.id);
    let host = stage.engine.as_system();
    let again = BadgeSet { id: "again@1".parse().unwrap(), ..set.clone() };
    block_on(host.define_badges(&garden(), &again)).unwrap();
    block_on(stage.engine.project_badges(&garden(), &again.id)).unwrap();
    assert_eq!(rows(stage, &again.id), live, "back-fill");
    let aside = block_on(host.preview_badges(&garden(), set)).unwrap();
    assert_eq!(aside, live, "in memory");
    let community = community(stage);
    let history = block_on(History::read(stage.engine.store(), &community, set)).unwrap();
    let (naive, _) = awards(set, &history);
    for (found, expected) in live.iter().zip(&naive) {
        assert_eq!(found, expected);
    }
    assert_eq!(live.len(), naive.len());
    let held = live.iter().filter(|award| award.held() > 0);
    let held: BTreeMap<(Slug, MemberId), u32> =
        held.map(|award| ((award.badge.clone(), award.member), award.held())).collect();
    assert_eq!(told(stage), held);
    let report = block_on(verify(stage.engine.store())).unwrap();
    assert!(report.is_clean(), "{report}");
}

/// Performs so many random acts, pumping at random moments on a store that fails at random moments.
/// Returns which badges were awarded to how many, not counting what somebody gave.
fn live<S: Store>(seed: u64, acts: usize, store: S) -> BTreeMap<Slug, usize> {
    let faulty = Arc::new(FaultyStore::new(store));
    let clock = Arc::new(ManualClock::at("2026-03-01T12:00:00Z".parse().unwrap()));
    let store: Arc<dyn Store> = Arc::<FaultyStore<S>>::clone(&faulty);
    // Small steps, so that there are many to be killed in.
    let limits = Limits { projected: 7, ..Limits::default() };
    let env = Env::manual(Arc::clone(&clock), seed).with_limits(limits);
    let engine = Engine::with_env(Arc::clone(&store), env.clone());
    let mut stage = Stage::on(engine, clock, 5);
    let shed = NewChannel::new(slug("shed"), "Shed".parse().unwrap());
    block_on(stage.engine.as_system().create_channel(&garden(), shed)).unwrap();
    let set = everything(1);
    put_in_force(&stage, &set);
    let mut dice = Dice::new(seed);
    let (mut topics, mut posts): (Vec<TopicId>, Vec<PostId>) = (Vec::new(), Vec::new());
    let mut erased = 0;
    for _ in 0..acts {
        let who = stage.people[dice.below(stage.people.len())].clone();
        let member = who.viewer().member().unwrap();
        let host = stage.engine.as_system();
        let post = posts.get(dice.below(posts.len())).copied();
        let topic = topics.get(dice.below(topics.len())).copied();
        // Much of it is refused, which is as good.
        match (dice.below(28), topic, post) {
            (0..2, _, _) | (_, None, _) => {
                let kind = ["question", "idea", "discussion"][dice.below(3)];
                let channel = ["beds", "shed"][dice.below(2)];
                let new = NewTopic::new(garden(), slug(channel), slug(kind), "Why?", "Why so?");
                let topic = block_on(who.start_topic(new)).unwrap();
                topics.push(topic);
                posts.push(stage.opening(topic));
            }
            (2..5, Some(topic), _) => {
                posts.extend(block_on(who.reply(NewPost::new(topic, "So."))));
            }
            (5..11, _, Some(post)) => {
                let vote = [Some(Vote::Up), Some(Vote::Up), Some(Vote::Down), None][dice.below(4)];
                let _ = block_on(who.vote(post, vote));
            }
            (11..13, _, Some(post)) => {
                let _ = if dice.below(3) > 0 {
                    block_on(host.accept(post, None))
                } else {
                    block_on(host.unaccept(post))
                };
            }
            (13, _, Some(post)) => {
                let _ = block_on(host.set_official(post, dice.below(2) == 0, None));
            }
            (14..16, _, Some(post)) => {
                let _ = match dice.below(3) {
                    0 => block_on(host.remove_post(post)),
                    1 => block_on(who.withdraw_post(post)),
                    _ => block_on(host.restore_post(post)),
                };
            }
            (16, Some(topic), _) => {
                let _ = if dice.below(2) == 0 {
                    block_on(host.remove_topic(topic))
                } else {
                    block_on(host.restore_topic(topic))
                };
            }
            (17, _, Some(post)) if dice.below(4) == 0 => {
                let _ = block_on(host.erase_post(post));
            }
            (18, _, _) if dice.below(6) == 0 => {
                let erasure = [Erasure::Anonymise, Erasure::Remove][dice.below(2)];
                while block_on(host.erase_member(member, erasure)).unwrap().more {}
                erased += 1;
                let place = stage.people.iter().position(|them| them.viewer() == who.viewer());
                stage.people[place.unwrap()] = stage.join(&format!("user:new:{erased}"));
            }
            (17, Some(topic), _) => {
                let channel = slug(["beds", "shed"][dice.below(2)]);
                let status = ["in-review", "planned", "done", "declined"][dice.below(4)];
                // The way to most leads through the first.
                let _ = block_on(host.set_status(topic, &slug("in-review")));
                let _ = block_on(host.set_status(topic, &slug(status)));
                let _ = block_on(host.move_topic(topic, &channel));
            }
            (18, _, Some(post)) if dice.below(5) == 0 => {
                let _ = block_on(host.share_post(post));
            }
            (18, _, _) => {
                let badge = set.badges[dice.below(set.badges.len())].key.clone();
                let reason = "Because".to_owned();
                let tier = u32::try_from(dice.below(4)).unwrap();
                let _ = if tier == 0 {
                    block_on(host.revoke_badge(&garden(), member, &badge, &reason))
                } else {
                    block_on(host.award_badge(&garden(), &NewAward { member, badge, tier, reason }))
                };
            }
            (19..21, _, _) => stage.clock.advance(DAY / 2),
            (21..24, _, _) => block_on(who.visit(&garden())).unwrap(),
            _ => {
                // Killed in the middle: at a read, before a commit, or after one.
                match dice.below(4) {
                    0 => faulty.fail_call(1 + dice.below(20) as u64),
                    1 => faulty.fail_commit(1 + dice.below(2) as u64, CommitFault::Lost),
                    2 => faulty.fail_commit(1 + dice.below(2) as u64, CommitFault::Unheard),
                    _ => {}
                }
                let _ = block_on(stage.engine.pump());
                faulty.relax();
                // The next process knows nothing of this one, and visits that it had not written
                // are lost.
                stage.engine = Engine::with_env(Arc::clone(&store), env.clone());
                let ids = stage.people.iter().map(|who| who.viewer());
                stage.people = ids.map(|viewer| stage.engine.session(viewer)).collect();
            }
        }
    }
    check(&stage, &set);
    let mut awarded: BTreeMap<Slug, usize> = BTreeMap::new();
    for award in rows(&stage, &set.id).into_iter().filter(|award| award.earned > 0) {
        *awarded.entry(award.badge).or_default() += 1;
    }
    awarded
}

#[test]
fn badges_in_memory_are_what_looking_back_gives_after_anything() {
    let mut awarded: BTreeMap<Slug, usize> = BTreeMap::new();
    for seed in 0..8 {
        for (badge, members) in live(seed, 220, MemoryStore::new()) {
            *awarded.entry(badge).or_default() += members;
        }
    }
    let held: usize = awarded.values().sum();
    assert!(held > 8 * 60, "{held} badges are few");
    let keys = everything(1).badges.into_iter().map(|badge| badge.key);
    let never: Vec<Slug> = keys.filter(|key| !awarded.contains_key(key)).collect();
    assert!(never.is_empty(), "nobody ever had {never:?}");
}

#[test]
fn badges_in_a_file_are_what_looking_back_gives_after_anything() {
    for seed in 100..103 {
        let dir = tempfile::tempdir().unwrap();
        let options = Options { synchronous: Synchronous::Normal, ..Options::default() };
        let awarded = live(seed, 220, SqliteStore::open(dir.path(), options).unwrap());
        assert!(awarded.values().sum::<usize>() > 40);
    }
}

#[test]
fn several_pumpers_award_each_badge_once() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options { synchronous: Synchronous::Normal, ..Options::default() };
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(dir.path(), options).unwrap());
    let clock = Arc::new(ManualClock::at("2026-03-01T12:00:00Z".parse().unwrap()));
    let env = Env::manual(Arc::clone(&clock), 5);
    let env = env.with_limits(Limits { projected: 20, ..Limits::default() });
    let stage = Stage::on(Engine::with_env(Arc::clone(&store), env.clone()), clock, 4);
    let set = everything(1);
    put_in_force(&stage, &set);
    for round in 0..40 {
        let topic = stage.start(&stage.people[round % 4], "question");
        let answer = stage.answer(&stage.people[(round + 1) % 4], topic);
        stage.up(&stage.people[(round + 2) % 4], answer);
        block_on(stage.people[round % 4].visit(&garden())).unwrap();
        stage.clock.advance(DAY / 3);
    }
    block_on(stage.engine.flush_visits()).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let engine = Engine::with_env(Arc::clone(&store), env.clone());
            scope.spawn(move || while block_on(engine.pump()).unwrap().more {});
        }
    });
    check(&stage, &set);
}

#[test]
fn what_is_kept_stays_and_what_is_revoked_goes_with_what_it_was_given_for() {
    let stage = Stage::new(3);
    put_in_force(&stage, &everything(1));
    let (ana, ben, host) = (&stage.people[0], &stage.people[1], stage.engine.as_system());
    let answer = stage.answer(ana, stage.start(ben, "question"));
    stage.up(ben, answer);
    stage.pump();
    let tier = |badge: &str| {
        let view = block_on(ben.badges_of(&garden(), &"user:0".parse().unwrap())).unwrap();
        view.badges.iter().find(|held| held.badge == *badge).map_or(0, |held| held.tier)
    };
    assert_eq!((tier("up-each-k"), tier("up-each-r")), (1, 1));
    block_on(host.remove_post(answer)).unwrap();
    stage.pump();
    assert_eq!((tier("up-each-k"), tier("up-each-r")), (1, 0));
    block_on(host.restore_post(answer)).unwrap();
    stage.pump();
    assert_eq!((tier("up-each-k"), tier("up-each-r")), (1, 1));
    check(&stage, &everything(1));
}

#[test]
fn progress_is_told_to_the_member_and_to_managers_only() {
    let stage = Stage::new(3);
    put_in_force(&stage, &everything(1));
    let (ana, ben, host) = (&stage.people[0], &stage.people[1], stage.engine.as_system());
    stage.start(ana, "question");
    block_on(ana.visit(&garden())).unwrap();
    stage.pump();
    let key: Key = "user:0".parse().unwrap();
    let progress = |who: &Session, badge: &str| {
        let view = block_on(who.badges_of(&garden(), &key)).unwrap();
        let held = view.badges.iter().find(|held| held.badge == *badge).cloned();
        held.and_then(|held| held.progress).map(|progress| (progress.has, progress.needs))
    };
    for who in [ana, &host] {
        assert_eq!(progress(who, "did-each-k"), Some((1, Some(2))));
        assert_eq!(progress(who, "came-days"), Some((1, Some(2))));
        assert_eq!(progress(who, "points-true"), Some((2, Some(4))));
        assert_eq!(progress(who, "up-members-k"), Some((0, Some(1))));
    }
    assert_eq!(progress(ben, "did-each-k"), None);
    let seen = block_on(ben.badges_of(&garden(), &key)).unwrap();
    assert!(seen.badges.iter().all(|held| held.tier > 0 && held.progress.is_none()));
    assert!(!seen.badges.is_empty());
}

#[test]
fn managers_give_and_take_badges_with_a_reason_that_is_kept_and_logged() {
    let stage = Stage::new(3);
    put_in_force(&stage, &everything(1));
    let host = stage.engine.as_system();
    let id = |who: usize| stage.people[who].viewer().member().unwrap();
    block_on(host.grant_role(&garden(), id(2), &slug("manager"), None)).unwrap();
    let manager = &stage.people[2];
    let new = |who, badge: &str, tier, reason: &str| NewAward {
        member: id(who),
        badge: slug(badge),
        tier,
        reason: reason.to_owned(),
    };
    let tier = || {
        let view = block_on(host.badges_of(&garden(), &"user:0".parse().unwrap())).unwrap();
        view.badges.iter().find(|held| held.badge == "did-each-k").unwrap().tier
    };
    let give = |who: &Session, new: NewAward| block_on(who.award_badge(&garden(), &new));
    let sound = new(0, "did-each-k", 3, "Built the shed");
    assert!(matches!(give(&stage.people[1], sound.clone()), Err(Error::Denied(_))));
    for (refused, is) in [
        (new(0, "did-each-k", 3, " "), "reason"),
        (new(0, "did-each-k", 0, "So"), "tiers"),
        (new(0, "did-each-k", 4, "So"), "tier 4"),
        (new(2, "did-each-k", 1, "So"), "one's own"),
        (new(0, "nothing", 1, "So"), "no such badge"),
    ] {
        let error = give(manager, refused).unwrap_err().to_string();
        assert!(error.contains(is), "{error}");
    }
    give(manager, sound.clone()).unwrap();
    assert_eq!(tier(), 3, "at once");
    give(manager, sound.clone()).unwrap();
    stage.start(&stage.people[0], "question");
    stage.pump();
    assert_eq!(tier(), 3);
    block_on(manager.revoke_badge(&garden(), id(0), &slug("did-each-k"), "Was another one"))
        .unwrap();
    assert_eq!(tier(), 0);
    stage.start(&stage.people[0], "question");
    stage.pump();
    assert_eq!(tier(), 0, "whoever took it away has decided");
    give(manager, new(0, "did-each-k", 1, "Was right after all")).unwrap();
    assert_eq!(tier(), 2, "what was earned counts again");

    let grants =
        block_on(stage.engine.store().grants_by_id(community(&stage).id, None, 9)).unwrap();
    let grants: Vec<_> = grants.iter().map(|g| (g.tier, g.note.as_str(), g.by)).collect();
    let by = Some(id(2));
    let expected = [
        (Some(3), "Built the shed", by),
        (Some(0), "Was another one", by),
        (Some(1), "Was right after all", by),
    ];
    assert_eq!(grants, expected, "and not twice");
    let events = block_on(stage.engine.store().events_after(Seq(0), 10_000)).unwrap();
    let decided = |event: &&Event| matches!(event.event.kind, EventKind::BadgeDecided { .. });
    let decided: Vec<_> = events.iter().filter(decided).map(|event| event.event.actor).collect();
    assert_eq!(decided, [by; 3]);
    check(&stage, &everything(1));
}

#[test]
fn a_new_version_is_filled_from_the_beginning_and_then_switched_to_at_once() {
    let stage = Stage::new(3);
    let basics: BadgeSetId = "basics@1".parse().unwrap();
    let host = stage.engine.as_system();
    assert!(block_on(host.badges(&garden())).unwrap().is_empty(), "none is in force");
    for _ in 0..3 {
        stage.start(&stage.people[0], "question");
    }
    block_on(host.switch_badges(&garden(), Some(&basics))).unwrap();
    let count = |badge: &str| {
        let all = block_on(stage.people[1].badges(&garden())).unwrap();
        let view = all.iter().find(|view| view.badge.key == *badge).cloned();
        view.map(|view| view.holders.iter().map(|count| count.members).sum::<u64>())
    };
    assert_eq!((count("first-words"), count("did-each-k")), (Some(1), None));
    assert!(told(&stage).is_empty(), "what a switch brings is not told one by one");
    let set = everything(1);
    let preview = block_on(host.preview_badges(&garden(), &set)).unwrap();
    put_in_force(&stage, &set);
    assert_eq!(rows(&stage, &set.id), preview);
    assert_eq!((count("first-words"), count("did-each-k")), (None, Some(1)));
    let changed = BadgeSet { giver_days: 9, ..set.clone() };
    let refused = block_on(host.define_badges(&garden(), &changed));
    assert!(matches!(refused, Err(Error::Conflict(_))), "a version never changes");
    let refused = block_on(stage.people[1].switch_badges(&garden(), None));
    assert!(matches!(refused, Err(Error::Denied(_))));
    // From here on each is told.
    stage.start(&stage.people[1], "question");
    stage.pump();
    let of: Vec<_> = told(&stage).into_keys().filter(|(badge, _)| *badge == "did-each-k").collect();
    assert_eq!(of, [(slug("did-each-k"), stage.people[1].viewer().member().unwrap())]);
    block_on(host.switch_badges(&garden(), None)).unwrap();
    assert!(block_on(host.badges(&garden())).unwrap().is_empty());
}

#[test]
fn an_idea_that_is_carried_out_keeps_counting_for_its_author() {
    let stage = Stage::new(1);
    let (ana, host) = (&stage.people[0], stage.engine.as_system());
    block_on(host.switch_badges(&garden(), Some(&"basics@1".parse().unwrap()))).unwrap();
    for number in 1..=3 {
        let idea = stage.start(ana, "idea");
        for status in ["in-review", "planned", "done"] {
            block_on(host.set_status(idea, &slug(status))).unwrap();
            stage.pump();
        }
        let view = block_on(ana.badges_of(&garden(), &"user:0".parse().unwrap())).unwrap();
        let held = view.badges.iter().find(|held| held.badge == *"idea-maker").unwrap();
        let progress = held.progress.unwrap();
        assert_eq!(
            (held.tier, progress.has, progress.needs),
            (number, i64::from(number), Some(i64::from(number) + 1))
        );
    }
    stage.check();
}

#[test]
fn a_decision_that_is_in_the_log_is_no_error_whatever_fails_behind_it() {
    for call in 1.. {
        let faulty = Arc::new(FaultyStore::new(MemoryStore::new()));
        let clock = Arc::new(ManualClock::at("2026-03-01T12:00:00Z".parse().unwrap()));
        let store: Arc<dyn Store> = Arc::<FaultyStore<MemoryStore>>::clone(&faulty);
        let engine = Engine::with_env(store, Env::manual(Arc::clone(&clock), 3));
        let stage = Stage::on(engine, clock, 1);
        put_in_force(&stage, &everything(1));
        let member = stage.people[0].viewer().member().unwrap();
        let (badge, reason) = (slug("did-each-k"), "Because".to_owned());
        faulty.fail_call(call);
        let new = NewAward { member, badge: badge.clone(), tier: 2, reason };
        let decided = block_on(stage.engine.as_system().award_badge(&garden(), &new));
        if faulty.is_pending() {
            assert!(call > 10);
            return;
        }
        let events = block_on(stage.engine.store().events_after(Seq(0), 10_000)).unwrap();
        let is_decision =
            |event: &Event| matches!(event.event.kind, EventKind::BadgeDecided { .. });
        assert_eq!(decided.is_ok(), events.iter().any(is_decision), "call {call}");
        stage.pump();
        assert_eq!(told(&stage).contains_key(&(badge, member)), decided.is_ok(), "call {call}");
    }
}

#[test]
fn history_that_is_imported_is_no_news_and_brings_no_badge_that_is_not_there() {
    let import = |stage: &Stage, records: serde_json::Value| {
        let records: Vec<record::Record> = serde_json::from_value(records).unwrap();
        block_on(stage.engine.as_system().import(&garden(), None, &records)).unwrap()
    };
    let stage = Stage::new(2);
    let ana = stage.people[0].viewer().member().unwrap();
    for _ in 0..3 {
        stage.start(&stage.people[0], "question");
        block_on(stage.people[0].visit(&garden())).unwrap();
        stage.pump();
        stage.clock.advance(DAY);
    }
    let set = everything(1);
    let mut known = serde_json::to_value(&community(&stage).reputation).unwrap();
    known["badges"] = serde_json::json!({"active": set.id, "own": [set]});
    import(
        &stage,
        serde_json::json!([{
            "type": "community", "key": "garden", "name": "Garden", "policy": community(&stage).policy,
            "reactions": community(&stage).reactions, "reputation": known
        }]),
    );
    stage.pump();
    let held = rows(&stage, &set.id);
    assert!(held.iter().any(|award| award.badge == "did-each-k" && award.earned == 2));
    assert!(held.iter().any(|award| award.badge == "came-days" && award.earned == 2));
    assert!(told(&stage).is_empty(), "what had happened before is not told");
    // What happens from then on is.
    stage.start(&stage.people[1], "question");
    stage.start(&stage.people[0], "question");
    stage.pump();
    let heard = told(&stage);
    assert_eq!(heard.get(&(slug("did-each-k"), ana)), Some(&3));
    assert!(heard.keys().any(|(_, member)| *member != ana));

    // Decisions about what this set does not have, or not so much of.
    let decided = |number: u32, badge: &str, tier: u32| {
        serde_json::json!({
            "type": "grant", "key": format!("decision:{number}"), "member": "user:0",
            "reason": badge, "points": 0, "tier": tier, "note": "So", "at": "2026-02-01T00:00:00Z"
        })
    };
    import(&stage, serde_json::json!([decided(1, "nothing", 1), decided(2, "did-days-k", 9)]));
    stage.pump();
    let held = rows(&stage, &set.id);
    assert!(held.iter().all(|award| award.badge != "nothing"));
    let most = |award: &Award| award.member == ana && award.badge == "did-days-k";
    assert_eq!(held.iter().find(|award| most(award)).unwrap().held(), 3);
    let report = block_on(verify(stage.engine.store())).unwrap();
    assert!(report.is_clean(), "{report}");
}

#[test]
fn holders_come_by_pages_without_those_whom_directories_do_not_list() {
    let stage = Stage::new(7);
    put_in_force(&stage, &everything(1));
    for who in &stage.people {
        stage.start(who, "question");
    }
    let mut hidden = NewMember::new("user:3".parse().unwrap(), "user:3".parse().unwrap());
    hidden.listed = false;
    block_on(stage.engine.as_system().sync_member(hidden)).unwrap();
    block_on(stage.people[5].leave(&garden())).unwrap();
    stage.pump();
    let badge = slug("did-each-k");
    for size in [1, 2, 5, 9] {
        let (mut found, mut after): (Vec<String>, Option<String>) = (Vec::new(), None);
        loop {
            let reader = &stage.people[0];
            let page =
                block_on(reader.badge_holders(&garden(), &badge, after.as_deref(), Some(size)));
            let page = page.unwrap();
            assert!(page.next.is_none() || page.items.len() == size, "every page but the last");
            found.extend(page.items.iter().map(|view| view.member.key.to_string()));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(found, ["user:0", "user:1", "user:2", "user:4", "user:6"]);
    }
    let (reader, nothing) = (&stage.people[0], slug("nothing"));
    let unknown = block_on(reader.badge_holders(&garden(), &nothing, None, None));
    assert!(matches!(unknown, Err(Error::NotFound("badge"))));
}
