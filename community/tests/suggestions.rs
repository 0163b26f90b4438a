//! What happened to suggestions comes out of the log as it went in.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::sync::Arc;

use community::time::ManualClock;
use community::{
    Action, Audience, Engine, Env, Error, EventKind, HoldOut, Limits, NewChannel, NewCommunity,
    NewMember, NewSuggestion, NewTopic, Policy, RequestId, Seq, Session, Slug, SuggestionStep,
    Timestamp, TopicId, VisitId, VisitStepKind,
};
use pollster::block_on;

fn slug(text: &str) -> Slug {
    text.parse().unwrap()
}

/// A community with an open channel and one that only moderators read, and a topic in each.
struct Scene {
    engine: Engine,
    ana: Session,
    open: TopicId,
    hidden: TopicId,
}

fn scene(engine: Engine) -> Scene {
    let host = engine.as_system();
    let new = NewCommunity::new(slug("garden"), "Garden".parse().unwrap(), Policy::public());
    block_on(host.create_community(new)).unwrap();
    let moderators = Policy::inherit().with(Action::View, Audience::Role(slug("moderator")));
    for (key, policy) in [("talk", Policy::inherit()), ("vault", moderators)] {
        let new = NewChannel::new(slug(key), key.parse().unwrap()).policy(policy);
        block_on(host.create_channel(&slug("garden"), new)).unwrap();
    }
    let member = |key: &str| {
        let new = NewMember::new(key.parse().unwrap(), "Ana".parse().unwrap());
        let id = block_on(host.sync_member(new)).unwrap();
        block_on(host.set_member(&slug("garden"), id, true)).unwrap();
        engine.member(id)
    };
    let (ana, mod_) = (member("user:1"), member("user:2"));
    let id = mod_.viewer().member().unwrap();
    block_on(host.grant_role(&slug("garden"), id, &slug("moderator"), None)).unwrap();
    let start = |session: &Session, channel: &str| {
        let new = NewTopic::new(slug("garden"), slug(channel), slug("question"), "Why?", "Why?");
        block_on(session.start_topic(new)).unwrap()
    };
    let (open, hidden) = (start(&ana, "talk"), start(&mod_, "vault"));
    Scene { engine, ana, open, hidden }
}

fn step(step: SuggestionStep) -> NewSuggestion {
    NewSuggestion::new(slug("garden"), slug("typing"), step)
}

/// The suggestions in the log, with their actors, oldest first.
fn logged(engine: &Engine) -> Vec<(Option<community::MemberId>, EventKind)> {
    let events = block_on(engine.as_system().events(Seq(0), Some(100))).unwrap();
    let events = events.into_iter().map(|event| event.event);
    let suggested = events.filter(|event| matches!(event.kind, EventKind::Suggested { .. }));
    let told = suggested.map(|event| {
        assert!(event.community.is_some() && event.topic.is_none());
        (event.actor, event.kind)
    });
    told.collect()
}

fn steps_come_out_as_they_went_in(engine: Engine) {
    let scene = scene(engine);
    let (open, ana) = (scene.open, &scene.ana);
    let me = ana.viewer().member();
    let seen = vec![
        SuggestionStep::Shown { topics: vec![open, open] },
        SuggestionStep::Opened { topic: open },
        SuggestionStep::Rated { topic: open, helpful: false },
        SuggestionStep::Rated { topic: open, helpful: true },
        SuggestionStep::Posted { topic: open },
    ];
    let mut visit = None;
    let mut expected = Vec::new();
    for happened in seen {
        let new = NewSuggestion { visit, ..step(happened.clone()) };
        let id = block_on(ana.record_suggestion(new)).unwrap();
        assert!(visit.is_none_or(|known| known == id), "a visit keeps its id");
        visit = Some(id);
        let source = slug("typing");
        let kind = EventKind::Suggested { visit: id, source, held_out: false, step: happened };
        expected.push((me, kind));
    }
    // Another visit, with an id of the host's, from another source, held out.
    let id = VisitId::from_bytes([7; 16]);
    let visitor = scene.engine.anonymous();
    for happened in [SuggestionStep::Shown { topics: Vec::new() }, SuggestionStep::Abandoned] {
        let source = slug("sidebar");
        let new = NewSuggestion { source: source.clone(), ..step(happened.clone()) };
        assert_eq!(block_on(visitor.record_suggestion(new.visit(id).held_out())).unwrap(), id);
        let kind = EventKind::Suggested { visit: id, source, held_out: true, step: happened };
        expected.push((None, kind));
    }
    assert_eq!(logged(&scene.engine), expected);
}

#[test]
fn steps_come_out_of_the_log_in_order_with_everything_that_was_given() {
    steps_come_out_as_they_went_in(community::in_memory());
    let dir = tempfile::tempdir().unwrap();
    steps_come_out_as_they_went_in(community::open(dir.path()).unwrap());
}

#[test]
fn two_visits_that_nobody_names_are_two() {
    let scene = scene(community::in_memory());
    let begin = || block_on(scene.ana.record_suggestion(step(SuggestionStep::Abandoned))).unwrap();
    assert_ne!(begin(), begin());
}

#[test]
fn a_step_that_is_sent_again_is_in_the_log_once() {
    let scene = scene(community::in_memory());
    let again = scene.ana.request(RequestId::from_bytes([3; 16]));
    let send = || block_on(again.record_suggestion(step(SuggestionStep::Abandoned))).unwrap();
    assert_eq!(send(), send());
    assert_eq!(logged(&scene.engine).len(), 1);
    let other = step(SuggestionStep::Opened { topic: scene.open });
    let refused = block_on(again.record_suggestion(other));
    assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
}

#[test]
fn a_hidden_topic_cannot_be_told_from_an_absent_one() {
    let scene = scene(community::in_memory());
    let absent = TopicId::from_bytes([9; 16]);
    for topic in [scene.hidden, absent] {
        for happened in [
            SuggestionStep::Shown { topics: vec![scene.open, topic] },
            SuggestionStep::Opened { topic },
            SuggestionStep::Rated { topic, helpful: true },
            SuggestionStep::Posted { topic },
        ] {
            let refused = block_on(scene.ana.record_suggestion(step(happened)));
            assert!(matches!(refused, Err(Error::NotFound("topic"))), "{refused:?}");
        }
    }
    let closed = NewCommunity::new(slug("closed"), "X".parse().unwrap(), Policy::members_only());
    block_on(scene.engine.as_system().create_community(closed)).unwrap();
    for community in ["closed", "nowhere"] {
        let new = NewSuggestion { community: slug(community), ..step(SuggestionStep::Abandoned) };
        let refused = block_on(scene.ana.record_suggestion(new));
        assert!(matches!(refused, Err(Error::NotFound("community"))), "{refused:?}");
    }
    assert_eq!(logged(&scene.engine), []);
}

#[test]
fn as_many_topics_are_shown_as_fit_on_a_page() {
    let scene = scene(community::in_memory());
    let most = Limits::default().page;
    let show = |count| {
        let topics = vec![scene.open; count];
        block_on(scene.ana.record_suggestion(step(SuggestionStep::Shown { topics })))
    };
    show(most).unwrap();
    let refused = show(most + 1);
    assert!(matches!(refused, Err(Error::Limit(_))), "{refused:?}");
}

fn day(day: i64) -> Timestamp {
    community::time::from_micros(day * 86_400_000_000).unwrap()
}

/// The steps of the visits that began from a day to a day: their numbers, days and kinds.
fn steps(engine: &Engine, from: i64, to: i64) -> Vec<(usize, i64, VisitStepKind)> {
    let host = engine.as_system();
    let steps = block_on(host.suggestion_steps(&slug("garden"), day(from)..day(to))).unwrap();
    let told = steps.into_iter().map(|step| (step.visit, step.at.timestamp() / 86_400, step.step));
    told.collect()
}

fn visits_are_in_the_window_in_which_they_began(engine: Engine, clock: &ManualClock) {
    let scene = scene(engine);
    let tell = |today: i64, visit: u8, happened: SuggestionStep| {
        clock.set(day(today));
        let new = step(happened).visit(VisitId::from_bytes([visit; 16]));
        block_on(scene.ana.record_suggestion(new)).unwrap();
    };
    let shown = SuggestionStep::Shown { topics: vec![scene.open] };
    let (kind, gone) = (VisitStepKind::Shown { found: true }, VisitStepKind::Abandoned);
    tell(20_000, 1, shown.clone());
    tell(20_001, 2, shown.clone());
    tell(20_002, 1, SuggestionStep::Abandoned);
    tell(20_002, 2, SuggestionStep::Abandoned);
    tell(20_003, 3, shown);
    // A clock that was set back: the visit began earlier than the log says first.
    tell(19_999, 3, SuggestionStep::Abandoned);
    let (first, second) =
        ([(0, 20_000, kind), (0, 20_002, gone)], [(0, 20_001, kind), (0, 20_002, gone)]);
    assert_eq!(steps(&scene.engine, 20_000, 20_001), first);
    assert_eq!(steps(&scene.engine, 20_001, 20_004), second);
    assert_eq!(steps(&scene.engine, 20_002, 20_004), []);
    assert_eq!(steps(&scene.engine, 0, 20_000), [(0, 20_003, kind), (0, 19_999, gone)]);
    assert_eq!(steps(&scene.engine, 20_004, 20_000), [], "a window that ends before it begins");
    let all = [
        (0, 20_000, kind),
        (1, 20_001, kind),
        (0, 20_002, gone),
        (1, 20_002, gone),
        (2, 20_003, kind),
        (2, 19_999, gone),
    ];
    assert_eq!(steps(&scene.engine, 0, 30_000), all);
}

#[test]
fn a_visit_is_in_the_window_in_which_it_began_and_in_no_other() {
    let clock = Arc::new(ManualClock::at(day(19_990)));
    let engine = community::in_memory_with(Env::manual(Arc::clone(&clock), 7));
    visits_are_in_the_window_in_which_they_began(engine, &clock);
    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::at(day(19_990)));
    let options = community::Options::new().clock(Arc::<ManualClock>::clone(&clock));
    let engine = community::open_with(dir.path(), options).unwrap();
    visits_are_in_the_window_in_which_they_began(engine, &clock);
}

#[test]
fn a_report_reads_as_many_steps_as_its_limit_says() {
    let limits = Limits { report_steps: 3, ..Limits::default() };
    let engine = community::in_memory_with(Env::default().with_limits(limits));
    let scene = scene(engine);
    let visit = VisitId::from_bytes([1; 16]);
    let record = |visit| {
        let new = step(SuggestionStep::Abandoned).visit(visit);
        block_on(scene.ana.record_suggestion(new)).unwrap();
    };
    (0..3).for_each(|_| record(visit));
    assert_eq!(steps(&scene.engine, 0, 80_000).len(), 3);
    record(visit);
    let host = scene.engine.as_system();
    let refused = block_on(host.suggestion_steps(&slug("garden"), day(0)..day(80_000)));
    assert!(matches!(refused, Err(Error::Limit(_))), "{refused:?}");
}

#[test]
fn a_visit_is_drawn_once() {
    let scene = scene(community::in_memory());
    let draw = HoldOut::new(slug("spring"), 5_000).unwrap();
    let sides = (0..40_u8).map(|n| {
        let visit = VisitId::from_bytes([n; 16]);
        for happened in [SuggestionStep::Shown { topics: Vec::new() }, SuggestionStep::Abandoned] {
            let new = step(happened).drawn(visit, &draw);
            assert_eq!(new.held_out, draw.holds_out(visit));
            block_on(scene.ana.record_suggestion(new)).unwrap();
        }
        draw.holds_out(visit)
    });
    let held_out = sides.filter(|held_out| *held_out).count();
    assert!((8..=32).contains(&held_out), "{held_out}");
    let host = scene.engine.as_system();
    let steps = block_on(host.suggestion_steps(&slug("garden"), day(0)..day(80_000))).unwrap();
    assert_eq!(steps.iter().filter(|step| step.held_out).count(), 2 * held_out);
}
