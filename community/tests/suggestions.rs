//! What happened to suggestions comes out of the log as it went in.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use community::{
    Action, Audience, Engine, Error, EventKind, Limits, NewChannel, NewCommunity, NewMember,
    NewSuggestion, NewTopic, Policy, RequestId, Seq, Session, Slug, SuggestionStep, TopicId,
    VisitId,
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
