//! Each kind of contribution, once.

use community::*;
use pollster::block_on;

use crate::stage::{Stage, garden, slug};

#[test]
fn an_idea_that_is_carried_out_earns_its_author_points() {
    let stage = Stage::new(1);
    let (ana, host) = (&stage.people[0], stage.engine.as_system());
    let topic = stage.start(ana, "idea");
    let before = stage.points(ana);
    for (status, worth) in [("in-review", 0), ("planned", 10), ("in-review", 0), ("planned", 10)] {
        block_on(host.set_status(topic, &slug(status))).unwrap();
        assert_eq!(stage.points(ana), before + worth, "{status}");
    }
    block_on(host.set_status(topic, &slug("done"))).unwrap();
    assert_eq!(stage.points(ana), before + 20);
    stage.check();
}

#[test]
fn a_correction_earns_whoever_corrects() {
    let stage = Stage::new(2);
    let (ana, ben) = (&stage.people[0], &stage.people[1]);
    let topic = stage.start(ana, "question");
    let opening = stage.opening(topic);
    for member in [ana, ben] {
        let (host, id) = (stage.engine.as_system(), member.viewer().member().unwrap());
        block_on(host.grant_role(&garden(), id, &slug("expert"), None)).unwrap();
    }
    // One's own text: that earns nothing.
    block_on(ana.correct(NewCorrection::new(opening, "Mine."))).unwrap();
    let before = [stage.points(ana), stage.points(ben)];
    let correction = block_on(ben.correct(NewCorrection::new(opening, "Not so."))).unwrap();
    assert_eq!([stage.points(ana), stage.points(ben)], [before[0], before[1] + 2]);
    block_on(ben.withdraw_correction(correction)).unwrap();
    assert_eq!([stage.points(ana), stage.points(ben)], before);
    stage.check();
}

#[test]
fn official_answers_reactions_and_grants_earn_points() {
    let stage = Stage::new(3);
    let (ana, ben, eva) = (&stage.people[0], &stage.people[1], &stage.people[2]);
    let host = stage.engine.as_system();
    let topic = stage.start(ana, "question");
    let answer = stage.answer(ben, topic);
    let before = stage.points(ben);
    block_on(eva.react(answer, Some(&slug("thanks")))).unwrap();
    assert_eq!(stage.points(ben), before + 2);
    block_on(host.set_official(answer, true, None)).unwrap();
    assert_eq!(stage.points(ben), before + 17);
    block_on(host.set_official(answer, false, None)).unwrap();
    block_on(eva.react(answer, None)).unwrap();
    assert_eq!(stage.points(ben), before);
    let member = ben.viewer().member().unwrap();
    let award = NewGrant { post: Some(answer), ..NewGrant::new(member, slug("award"), 70) };
    assert!(matches!(block_on(eva.grant(&garden(), award.clone())), Err(Error::Denied(_))));
    block_on(host.grant(&garden(), award)).unwrap();
    assert_eq!(stage.points(ben), before + 70);
    block_on(host.grant(&garden(), NewGrant::new(member, slug("award"), -1_000))).unwrap();
    assert_eq!(stage.points(ben), 0);
    stage.check();
}

#[test]
fn votes_on_a_shared_post_earn_its_author_nothing_from_then_on() {
    let stage = Stage::new(3);
    let (ana, ben, eva) = (&stage.people[0], &stage.people[1], &stage.people[2]);
    let topic = stage.start(ana, "question");
    let answer = stage.answer(ben, topic);
    stage.up(ana, answer);
    let before = stage.points(ben);
    block_on(ben.share_post(answer)).unwrap();
    block_on(ben.share_post(answer)).unwrap();
    stage.up(eva, answer);
    assert_eq!(stage.points(ben), before);
    // What was earned before can still be taken back.
    block_on(ana.vote(answer, None)).unwrap();
    assert_eq!(stage.points(ben), before - 10);
    stage.check();
}
