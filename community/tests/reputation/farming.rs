//! Attempts to earn points without anybody thinking more of one. What they come to is bounded by
//! [`RuleSet::most_from_one_giver`](community::reputation::RuleSet::most_from_one_giver), and
//! mostly nothing.

use community::*;
use pollster::block_on;

use crate::stage::{DAY, Stage, garden, slug};

/// So many people vote for each other and accept each other's answers, every day for a month.
fn ring(size: usize) {
    let stage = Stage::new(size);
    for _ in 0..30 {
        for asker in &stage.people {
            let topic = stage.start(asker, "question");
            for other in stage.people.iter().filter(|other| other.viewer() != asker.viewer()) {
                let answer = stage.answer(other, topic);
                stage.up(other, stage.opening(topic));
                // As many answers are accepted as there may be.
                let _ = block_on(asker.accept(answer, None));
                for voter in stage.people.iter().filter(|voter| voter.viewer() != other.viewer()) {
                    stage.up(voter, answer);
                }
            }
        }
        stage.clock.advance(DAY);
    }
    stage.check();
    let from_one = stage.rules().most_from_one_giver().unwrap();
    let others = i64::try_from(size - 1).unwrap();
    for member in &stage.people {
        let id = member.viewer().member().unwrap();
        let from_others: i64 = stage
            .ledger()
            .iter()
            .filter(|entry| entry.member == id && entry.giver.is_some())
            .map(|entry| entry.points)
            .sum();
        assert!(from_others > 0, "the ring has not even tried");
        assert!(from_others <= from_one * others, "{from_others} of {from_one} each");
        // What one writes earns within the cap of a day.
        let written = stage.points(member) - from_others;
        assert!(written <= 30 * 20, "{written}");
    }
}

#[test]
fn a_ring_of_two_earns_what_one_can_give_and_no_more() {
    ring(2);
}

#[test]
fn a_ring_of_five_earns_what_four_can_give_and_no_more() {
    ring(5);
}

#[test]
fn every_set_that_comes_with_caps_bounds_what_one_can_give() {
    let bounds = reputation::RuleSet::shipped()
        .iter()
        .map(|set| (set.id.to_string(), set.most_from_one_giver()));
    assert_eq!(
        bounds.collect::<Vec<_>>(),
        [
            ("balanced@1".to_owned(), Some(500)),
            // As it was: votes of one person were looked after by hand.
            ("stack-exchange-2018@1".to_owned(), None),
            ("support-community@1".to_owned(), Some(250)),
        ]
    );
}

#[test]
fn accepting_and_taking_it_back_earns_nothing_however_often() {
    let stage = Stage::new(2);
    let (ana, ben) = (&stage.people[0], &stage.people[1]);
    let topic = stage.start(ana, "question");
    let answer = stage.answer(ben, topic);
    let before = [stage.points(ana), stage.points(ben)];
    for _ in 0..20 {
        block_on(ana.accept(answer, None)).unwrap();
        block_on(ana.unaccept(answer)).unwrap();
        stage.clock.advance(DAY);
    }
    assert_eq!([stage.points(ana), stage.points(ben)], before);
    block_on(ana.accept(answer, None)).unwrap();
    assert_eq!([stage.points(ana), stage.points(ben)], [before[0] + 2, before[1] + 15]);
    stage.check();
}

#[test]
fn a_vote_that_turns_or_is_taken_back_leaves_what_stands() {
    let stage = Stage::new(2);
    let (ana, ben) = (&stage.people[0], &stage.people[1]);
    let topic = stage.start(ana, "question");
    let answer = stage.answer(ben, topic);
    let before = stage.points(ben);
    for (vote, worth) in [
        (Some(Vote::Up), 10),
        (Some(Vote::Down), -2),
        (Some(Vote::Up), 10),
        (None, 0),
        (Some(Vote::Down), -2),
        (None, 0),
    ] {
        block_on(ana.vote(answer, vote)).unwrap();
        assert_eq!(stage.points(ben), before + worth, "{vote:?}");
    }
    stage.check();
}

#[test]
fn what_is_removed_and_written_again_counts_once() {
    let stage = Stage::new(3);
    let (ana, ben, eva) = (&stage.people[0], &stage.people[1], &stage.people[2]);
    let topic = stage.start(ana, "question");
    let before = stage.points(ben);
    let kept = stage.answer(ben, topic);
    stage.up(eva, kept);
    let once = stage.points(ben);
    for _ in 0..10 {
        block_on(ben.withdraw_post(kept)).unwrap();
        assert_eq!(stage.points(ben), before);
        let again = stage.answer(ben, topic);
        stage.up(ana, again);
        block_on(ben.withdraw_post(again)).unwrap();
        assert_eq!(stage.points(ben), before);
        block_on(ben.restore_post(kept)).unwrap();
        assert_eq!(stage.points(ben), once);
        stage.clock.advance(DAY);
    }
    stage.check();
}

#[test]
fn a_topic_that_goes_takes_its_points_along_and_brings_them_back() {
    let stage = Stage::new(3);
    let (ana, ben, eva) = (&stage.people[0], &stage.people[1], &stage.people[2]);
    let host = stage.engine.as_system();
    let topic = stage.start(ana, "question");
    let (first, second) = (stage.answer(ben, topic), stage.answer(eva, topic));
    for (voter, post) in [(eva, first), (ben, second), (ben, stage.opening(topic))] {
        stage.up(voter, post);
    }
    block_on(ana.accept(first, None)).unwrap();
    let all = [stage.points(ana), stage.points(ben), stage.points(eva)];
    block_on(eva.withdraw_post(second)).unwrap();
    let without = [stage.points(ana), stage.points(ben), stage.points(eva)];
    assert_eq!(without, [all[0], all[1], 0]);
    block_on(host.remove_topic(topic)).unwrap();
    assert_eq!([stage.points(ana), stage.points(ben), stage.points(eva)], [0, 0, 0]);
    // A post that was taken back stays so when its topic comes back.
    block_on(host.restore_topic(topic)).unwrap();
    assert_eq!([stage.points(ana), stage.points(ben), stage.points(eva)], without);
    block_on(host.restore_post(second)).unwrap();
    assert_eq!([stage.points(ana), stage.points(ben), stage.points(eva)], all);
    stage.check();
}

#[test]
fn answering_oneself_earns_nothing() {
    let stage = Stage::new(1);
    let ana = &stage.people[0];
    let topic = stage.start(ana, "question");
    let before = stage.points(ana);
    let answer = stage.answer(ana, topic);
    block_on(ana.accept(answer, None)).unwrap();
    assert!(block_on(ana.vote(answer, Some(Vote::Up))).is_err());
    block_on(ana.react(answer, Some(&slug("thanks")))).unwrap();
    assert_eq!(stage.points(ana), before);
    stage.check();
}

#[test]
fn votes_of_new_accounts_earn_nothing_then_or_later() {
    let stage = Stage::new(2);
    let (ana, ben) = (&stage.people[0], &stage.people[1]);
    let topic = stage.start(ana, "question");
    let answer = stage.answer(ben, topic);
    let before = stage.points(ben);
    let fresh: Vec<Session> = (0..50).map(|number| stage.join(&format!("sock:{number}"))).collect();
    for sock in &fresh {
        stage.up(sock, answer);
        block_on(sock.react(answer, Some(&slug("thanks")))).unwrap();
    }
    assert_eq!(stage.points(ben), before);
    stage.clock.advance(10 * DAY);
    assert_eq!(stage.points(ben), before);
    // Given anew by an account that has come of age, it counts; and only that.
    block_on(fresh[0].vote(answer, None)).unwrap();
    assert_eq!(stage.points(ben), before);
    stage.up(&fresh[0], answer);
    assert_eq!(stage.points(ben), before + 10);
    stage.check();
}

#[test]
fn who_is_suspended_gives_nobody_anything() {
    let stage = Stage::new(3);
    let (ana, ben, eva) = (&stage.people[0], &stage.people[1], &stage.people[2]);
    let topic = stage.start(ana, "question");
    let answer = stage.answer(ben, topic);
    let before = stage.points(ben);
    let suspension = NewSanction {
        kind: SanctionKind::Suspension,
        channel: None,
        until: None,
        reason: String::new(),
    };
    let who = eva.viewer().member().unwrap();
    block_on(stage.engine.as_system().sanction(&garden(), who, suspension)).unwrap();
    assert!(matches!(block_on(eva.vote(answer, Some(Vote::Up))), Err(Error::Denied(_))));
    assert_eq!(stage.points(ben), before);
    stage.check();
}

#[test]
fn nobody_is_taken_below_the_floor() {
    let stage = Stage::new(6);
    let ana = &stage.people[0];
    let topic = stage.start(ana, "question");
    let opening = stage.opening(topic);
    for voter in &stage.people[1..] {
        block_on(voter.vote(opening, Some(Vote::Down))).unwrap();
        assert!(stage.points(ana) >= 0);
    }
    assert_eq!(stage.points(ana), 0);
    // What was forgiven is not given back.
    for voter in &stage.people[1..] {
        block_on(voter.vote(opening, None)).unwrap();
    }
    assert_eq!(stage.points(ana), 2);
    stage.check();
}

#[test]
fn the_votes_of_a_day_earn_so_much_and_no_more() {
    let stage = Stage::new(30);
    let ana = &stage.people[0];
    let topic = stage.start(&stage.people[1], "question");
    let answer = stage.answer(ana, topic);
    let before = stage.points(ana);
    for voter in &stage.people[2..] {
        stage.up(voter, answer);
    }
    assert_eq!(stage.points(ana), before + 200);
    // What is taken back makes room, for what comes then.
    block_on(stage.people[2].vote(answer, None)).unwrap();
    assert_eq!(stage.points(ana), before + 190);
    stage.up(&stage.people[2], answer);
    assert_eq!(stage.points(ana), before + 200);
    stage.check();
}
