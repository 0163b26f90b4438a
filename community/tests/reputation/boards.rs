//! Leaderboards: who is on them, where, for whom; and where points are from.

use std::collections::BTreeSet;

use community::reputation::{BoardRule, BoardWindow, Decay, Entry, RuleSet, RuleSetId};
use community::time::day_of;
use community::*;
use pollster::block_on;

use crate::stage::{DAY, Stage, garden, slug};

fn id_of(who: &Session) -> MemberId {
    who.viewer().member().unwrap()
}

impl Stage {
    fn grant(&self, who: &Session, points: i64, post: Option<PostId>) {
        let grant = NewGrant { post, ..NewGrant::new(id_of(who), slug("award"), points) };
        block_on(self.engine.as_system().grant(&garden(), grant)).unwrap();
    }

    fn today(&self) -> i32 {
        day_of(self.engine.env().now())
    }

    fn label(&self, key: &str) {
        let new = NewLabel::new(slug(key), key.parse().unwrap());
        block_on(self.engine.as_system().put_label(&garden(), new)).unwrap();
    }

    fn start_labelled(&self, who: &Session, labels: &[&str]) -> TopicId {
        let new = NewTopic::new(garden(), slug("beds"), slug("question"), "Why?", "Why so?");
        let labels = labels.iter().map(|key| slug(key)).collect();
        block_on(who.start_topic(NewTopic { labels, ..new })).unwrap()
    }

    /// Puts rules of the community's own in force: those of `balanced`, changed.
    fn rule(&self, change: impl FnOnce(&mut RuleSet)) {
        let mut rules = RuleSet::shipped()[0].clone();
        rules.id = RuleSetId { key: slug("own"), version: 1 };
        change(&mut rules);
        let host = self.engine.as_system();
        block_on(host.define_rules(&garden(), &rules)).unwrap();
        block_on(host.switch_rules(&garden(), &rules.id)).unwrap();
    }
}

/// Rank, key and points of everybody on a board, page by page.
fn board(viewer: &Session, mut query: BoardQuery) -> Vec<(u64, String, i64)> {
    let (size, mut all) = (query.limit.unwrap_or(20), Vec::new());
    loop {
        let page = block_on(viewer.leaderboard(&query)).unwrap();
        all.extend(page.items.iter().map(|i| (i.rank, i.member.key.to_string(), i.points)));
        let Some(next) = page.next else { return all };
        assert_eq!(page.items.len(), size, "a full page");
        query = query.after(next);
    }
}

fn all() -> BoardQuery {
    BoardQuery::community(garden())
}

/// The points of one member on a board; 0 for one who is not on it.
fn points_on(viewer: &Session, query: BoardQuery, key: &str) -> i64 {
    board(viewer, query).iter().find(|(_, known, _)| known == key).map_or(0, |(.., points)| *points)
}

#[test]
fn ties_share_a_rank_and_the_younger_account_comes_first() {
    let stage = Stage::new(6);
    for (who, points) in stage.people.iter().zip([7, 20, 7, 3, 7, -5]) {
        stage.grant(who, points, None);
    }
    stage.pump();
    let place = |rank, number, points| (rank, format!("user:{number}"), points);
    let expected =
        [place(1, 1, 20), place(2, 4, 7), place(2, 2, 7), place(2, 0, 7), place(5, 3, 3)];
    for limit in 1..=6 {
        assert_eq!(
            board(&stage.engine.anonymous(), all().limit(limit)),
            expected,
            "{limit} a page"
        );
    }
    let wrong = all().window(BoardWindow::Day);
    let next = block_on(stage.people[0].leaderboard(&all().limit(2))).unwrap().next.unwrap();
    let refused = block_on(stage.people[0].leaderboard(&wrong.after(next))).unwrap_err();
    assert!(matches!(refused, Error::Invalid(_)), "{refused}");
    stage.check();
}

#[test]
fn who_does_not_compete_takes_nobodys_place() {
    let stage = Stage::new(6);
    let host = stage.engine.as_system();
    for (who, points) in stage.people.iter().zip([60, 50, 40, 30, 20, 10]) {
        stage.grant(who, points, None);
    }
    stage.pump();
    let ids: Vec<MemberId> = stage.people.iter().map(id_of).collect();
    block_on(host.grant_role(&garden(), ids[0], &slug("employee"), None)).unwrap();
    // A role in one channel is a role.
    let beds = slug("beds");
    block_on(host.grant_role(&garden(), ids[1], &slug("moderator"), Some(&beds))).unwrap();
    block_on(host.set_member(&garden(), ids[2], false)).unwrap();
    let hidden = NewMember::new("user:3".parse().unwrap(), "Hidden".parse().unwrap());
    block_on(host.sync_member(NewMember { listed: false, ..hidden })).unwrap();
    block_on(stage.people[4].show_on_boards(&garden(), false)).unwrap();
    let last = (1, "user:5".to_owned(), 10);
    for viewer in [&stage.engine.anonymous(), &host, &stage.people[5], &stage.people[0]] {
        assert_eq!(board(viewer, all()), std::slice::from_ref(&last));
    }
    // To themselves they are shown.
    let (own, other) = ((1, "user:4".to_owned(), 20), (2, "user:5".to_owned(), 10));
    assert_eq!(board(&stage.people[4], all()), [own, other]);
    for number in 0..4 {
        let view = block_on(stage.people[number].leaderboard(&all().with_own_rank())).unwrap();
        assert_eq!(view.own, None, "{number}");
    }
    block_on(stage.people[4].show_on_boards(&garden(), true)).unwrap();
    assert_eq!(board(&host, all()).len(), 2);
    // Who competes is data.
    let rule = BoardRule { without_roles: BTreeSet::from([slug("moderator")]) };
    block_on(host.define_boards(&garden(), &rule)).unwrap();
    assert_eq!(board(&host, all())[0], (1, "user:0".to_owned(), 60));
    let refused = block_on(stage.people[0].define_boards(&garden(), &BoardRule::default()));
    assert!(matches!(refused, Err(Error::Denied(_))));
    let roles = (0..33).map(|number| slug(&format!("role-{number}"))).collect();
    let refused = block_on(host.define_boards(&garden(), &BoardRule { without_roles: roles }));
    assert!(matches!(refused, Err(Error::Invalid(_))));
    for refused in [
        block_on(stage.engine.anonymous().show_on_boards(&garden(), false)),
        block_on(host.show_on_boards(&garden(), false)),
    ] {
        assert!(matches!(refused, Err(Error::Denied(_) | Error::Invalid(_))), "{refused:?}");
    }
}

#[test]
fn a_viewer_is_told_where_they_stand_exactly_or_at_least() {
    let clock = std::sync::Arc::new(time::ManualClock::at("2026-03-01T12:00:00Z".parse().unwrap()));
    let limits = Limits { board_rank: 3, ..Limits::default() };
    let env = Env::manual(std::sync::Arc::clone(&clock), 7).with_limits(limits);
    let stage = Stage::on(in_memory_with(env), clock, 7);
    for (who, points) in stage.people.iter().zip([70, 60, 50, 50, 40, 30, 0]) {
        if points > 0 {
            stage.grant(who, points, None);
        }
    }
    stage.pump();
    let own = |number: usize, limit: usize| {
        let query = all().limit(limit).with_own_rank();
        block_on(stage.people[number].leaderboard(&query)).unwrap().own
    };
    let is = |rank, exact, points| Some(OwnRank { rank, exact, points });
    assert_eq!(own(0, 1), is(1, true, 70));
    assert_eq!(own(2, 1), is(3, true, 50));
    assert_eq!(own(3, 1), is(3, true, 50));
    // Three are above, or more: so many are counted.
    assert_eq!(own(4, 1), is(4, false, 40));
    assert_eq!(own(5, 1), is(4, false, 30));
    // What is shown is known.
    assert_eq!(own(5, 6), is(6, true, 30));
    assert_eq!(own(6, 6), None);
    let unasked = block_on(stage.people[0].leaderboard(&all())).unwrap();
    assert_eq!(unasked.own, None);
}

#[test]
fn points_count_in_the_days_around_them_by_utc() {
    let stage = Stage::new(1);
    let ana = &stage.people[0];
    // 2026-03-31T12:00:00Z, a Tuesday; then midnight, and the first moment of another quarter.
    stage.grant(ana, 1, None);
    stage.clock.advance(DAY / 2 - std::time::Duration::from_micros(1));
    stage.grant(ana, 10, None);
    stage.clock.advance(std::time::Duration::from_micros(1));
    stage.grant(ana, 100, None);
    stage.pump();
    let today = stage.today();
    let of = |window, day| points_on(ana, all().window(window).day(day), "user:0");
    for (window, before, now) in [
        (BoardWindow::Day, 11, 100),
        (BoardWindow::Week, 111, 111),
        (BoardWindow::Month, 11, 100),
        (BoardWindow::Quarter, 11, 100),
        (BoardWindow::Year, 111, 111),
        (BoardWindow::All, 111, 111),
    ] {
        assert_eq!((of(window, today - 1), of(window, today)), (before, now), "{window}");
        assert_eq!(points_on(ana, all().window(window), "user:0"), now, "today, {window}");
    }
    let view = block_on(ana.leaderboard(&all().window(BoardWindow::Week))).unwrap();
    let days = [view.from.unwrap().to_string(), view.until.unwrap().to_string()];
    assert_eq!(days, ["2026-03-30", "2026-04-05"]);
    for day in [-1, 84_006, i32::MIN, i32::MAX] {
        let refused = block_on(ana.leaderboard(&all().day(day))).unwrap_err();
        assert!(matches!(refused, Error::Invalid(_)), "{refused}");
    }
    stage.check();
}

#[test]
fn what_is_taken_back_goes_from_the_place_and_the_day_of_the_gift() {
    let stage = Stage::new(3);
    let (ana, ben, host) = (&stage.people[0], &stage.people[1], stage.engine.as_system());
    block_on(
        host.create_channel(&garden(), NewChannel::new(slug("pots"), "Pots".parse().unwrap())),
    )
    .unwrap();
    ["old", "new"].iter().for_each(|key| stage.label(key));
    let topic = stage.start_labelled(ana, &["old"]);
    let answer = stage.answer(ben, topic);
    stage.up(ana, answer);
    stage.pump();
    let day = stage.today();
    let of = |query: BoardQuery| points_on(&host, query.group(slug("votes")), "user:1");
    assert_eq!(of(all().label(slug("old"))), 10);
    assert_eq!(of(all().channel(slug("beds"))), 10);
    // The topic goes elsewhere, and has other labels: what was earned stays where it was.
    stage.clock.advance(DAY);
    let edit = TopicEdit { labels: Some(vec![slug("new")]), ..TopicEdit::default() };
    block_on(ana.edit_topic(topic, edit)).unwrap();
    block_on(host.move_topic(topic, &slug("pots"))).unwrap();
    stage.up(&stage.people[2], answer);
    stage.pump();
    for (query, points) in [
        (all().label(slug("old")), 10),
        (all().label(slug("new")), 10),
        (all().channel(slug("beds")), 10),
        (all().channel(slug("pots")), 10),
        (all().window(BoardWindow::Day).day(day), 10),
        (all().window(BoardWindow::Day).day(day + 1), 10),
        (all(), 20),
    ] {
        assert_eq!(of(query.clone()), points, "{query:?}");
    }
    block_on(ana.vote(answer, None)).unwrap();
    stage.pump();
    for (query, points) in [
        (all().label(slug("old")), 0),
        (all().label(slug("new")), 10),
        (all().channel(slug("beds")), 0),
        (all().channel(slug("pots")), 10),
        (all().window(BoardWindow::Day).day(day), 0),
        (all().window(BoardWindow::Day).day(day + 1), 10),
        (all(), 10),
    ] {
        assert_eq!(of(query.clone()), points, "{query:?}");
    }
    stage.check();
}

#[test]
fn a_rule_can_ask_for_labels_as_they_are_when_it_happens() {
    let stage = Stage::new(3);
    ["easy", "hard", "other"].iter().for_each(|key| stage.label(key));
    stage.rule(|rules| {
        for rule in rules.rules.iter_mut().filter(|rule| rule.key == *"answer-up") {
            rule.labels = Some(BTreeSet::from([slug("hard"), slug("easy")]));
        }
    });
    let (ana, ben, eva) = (&stage.people[0], &stage.people[1], &stage.people[2]);
    let plain = stage.start_labelled(ana, &[]);
    let hard = stage.start_labelled(ana, &["hard", "other"]);
    let votes = || {
        stage.pump();
        let host = stage.engine.as_system();
        points_on(&host, all().group(slug("votes")), "user:1")
    };
    let (first, second) = (stage.answer(ben, plain), stage.answer(ben, hard));
    stage.up(ana, first);
    assert_eq!(votes(), 0);
    stage.up(ana, second);
    assert_eq!(votes(), 10);
    let relabel = |topic, labels: &[&str]| {
        let labels = Some(labels.iter().map(|key| slug(key)).collect());
        block_on(ana.edit_topic(topic, TopicEdit { labels, ..TopicEdit::default() })).unwrap();
    };
    relabel(plain, &["other", "easy"]);
    relabel(hard, &["other"]);
    stage.up(eva, first);
    assert_eq!(votes(), 20);
    stage.up(eva, second);
    assert_eq!(votes(), 20);
    // A vote that the rule does not speak of is taken back for nothing, the other for what it gave.
    block_on(ana.vote(first, None)).unwrap();
    assert_eq!(votes(), 20);
    block_on(ana.vote(second, None)).unwrap();
    assert_eq!(votes(), 10);
    let labels = |entries: &[Entry]| entries.iter().filter(|e| !e.labels.is_empty()).count();
    assert!(labels(&stage.ledger()) > 4);
    stage.check();
}

#[test]
fn the_log_says_which_labels_a_topic_has() {
    let stage = Stage::new(1);
    ["b", "a"].iter().for_each(|key| stage.label(key));
    let ana = &stage.people[0];
    let topic = stage.start_labelled(ana, &["b", "a", "b"]);
    let edit = |title: &str, labels: Option<&[&str]>| {
        let labels = labels.map(|labels| labels.iter().map(|key| slug(key)).collect());
        let edit = TopicEdit { title: Some(title.to_owned()), labels, ..TopicEdit::default() };
        block_on(ana.edit_topic(topic, edit)).unwrap();
    };
    edit("Other", None);
    edit("The same labels", Some(&["a", "b"]));
    edit("None", Some(&[]));
    let events = block_on(stage.engine.as_system().events(Seq(0), Some(100))).unwrap();
    let said: Vec<EventKind> = events
        .into_iter()
        .map(|event| event.event.kind)
        .filter(|kind| {
            matches!(kind, EventKind::TopicStarted { .. } | EventKind::TopicEdited { .. })
        })
        .collect();
    let started = EventKind::TopicStarted { labels: vec![slug("a"), slug("b")] };
    let edited = |labels| EventKind::TopicEdited { labels };
    assert_eq!(said, [started, edited(None), edited(None), edited(Some(Vec::new()))]);
    // What was written before events named labels is read as it was meant.
    let old: EventKind = serde_json::from_str(r#"{"event":"topic_started"}"#).unwrap();
    assert_eq!(old, EventKind::TopicStarted { labels: Vec::new() });
    let old: EventKind = serde_json::from_str(r#"{"event":"topic_edited"}"#).unwrap();
    assert_eq!(old, edited(None));
    stage.check();
}

#[test]
fn a_board_of_what_a_viewer_does_not_see_does_not_exist() {
    let stage = Stage::new(1);
    let (ana, host) = (&stage.people[0], stage.engine.as_system());
    let office = NewChannel::new(slug("office"), "Office".parse().unwrap());
    block_on(host.create_channel(&garden(), office.policy(Policy::employees()))).unwrap();
    let desk = NewChannel::new(slug("desk"), "Desk".parse().unwrap());
    block_on(host.create_channel(&garden(), desk.policy(Policy::own_topics_only()))).unwrap();
    let secret = NewLabel::new(slug("secret"), "Secret".parse().unwrap());
    let secret = secret.audience(Audience::Role(slug("employee")));
    block_on(host.put_label(&garden(), secret)).unwrap();
    let refusal = |query| block_on(ana.leaderboard(&query)).unwrap_err().to_string();
    assert_eq!(refusal(all().channel(slug("office"))), "there is no such channel");
    assert_eq!(refusal(all().channel(slug("nowhere"))), "there is no such channel");
    assert_eq!(refusal(all().label(slug("secret"))), refusal(all().label(slug("nothing"))));
    // Who reads their own topics there only learns nothing of the others'.
    assert_eq!(refusal(all().channel(slug("desk"))), "there is no such board");
    assert!(matches!(
        block_on(ana.leaderboard(&all().group(slug("nothing")))),
        Err(Error::Invalid(_))
    ));
    for query in ["office", "desk"].map(|key| all().channel(slug(key))) {
        assert!(block_on(host.leaderboard(&query)).unwrap().items.is_empty());
    }
}

#[test]
fn points_fade_where_rules_say_so_and_levels_and_boards_do_not() {
    let stage = Stage::new(1);
    stage.rule(|rules| rules.decay = Some(Decay { half_life_days: 10 }));
    let ana = &stage.people[0];
    let key: Key = "user:0".parse().unwrap();
    stage.grant(ana, 400, None);
    stage.pump();
    let standing = || block_on(ana.standing(&garden(), &key)).unwrap().into_inner();
    let level = standing().level;
    for (days, current) in [(0, 400), (5, 300), (5, 200), (10, 100), (20, 25), (365, 0)] {
        stage.clock.advance(days * DAY);
        let now = standing();
        assert_eq!((now.points, now.current, now.level), (400, Some(current), level), "{days}");
    }
    assert_eq!(points_on(ana, all(), "user:0"), 400);
    let listed = block_on(ana.standings(&garden(), None, None)).unwrap();
    assert_eq!((listed.items[0].points, listed.items[0].current), (400, None));
    stage.check();
    let unsound = Decay { half_life_days: 0 };
    let rules = RuleSet { decay: Some(unsound), ..stage.rules() };
    assert!(matches!(rules.check(), Err(Error::Invalid(_))));
}

#[test]
fn a_member_reads_where_their_points_are_from() {
    let stage = Stage::new(3);
    let (ana, ben, eva) = (&stage.people[0], &stage.people[1], &stage.people[2]);
    let host = stage.engine.as_system();
    let topic = stage.start(ana, "question");
    let answer = stage.answer(ben, topic);
    stage.up(ana, answer);
    stage.up(eva, answer);
    block_on(eva.vote(answer, None)).unwrap();
    stage.grant(ben, 3, None);
    stage.pump();
    let key: Key = "user:1".parse().unwrap();
    let read = |viewer: &Session, limit| {
        let (mut all, mut after): (Vec<LedgerItem>, Option<String>) = (Vec::new(), None);
        loop {
            let page = block_on(viewer.ledger(&garden(), &key, after.as_deref(), Some(limit)))?;
            all.extend(page.items.into_iter().map(Visible::into_inner));
            after = page.next;
            if after.is_none() {
                return Ok::<_, Error>(all);
            }
        }
    };
    let entries = read(ben, 2).unwrap();
    let sum: i64 = entries.iter().map(|item| item.points).sum();
    assert_eq!(sum, stage.points(ben));
    let told: Vec<(&str, i64, bool)> = entries
        .iter()
        .map(|item| (item.rule.as_str(), item.points, item.post == Some(answer)))
        .collect();
    let (up, grant) = ("answer-up", "granted");
    assert_eq!(told[..4], [(grant, 3, false), (up, -10, true), (up, 10, true), (up, 10, true)]);
    for limit in [1, 3, 50] {
        assert_eq!(read(ben, limit).unwrap(), entries);
        assert_eq!(read(&host, limit).unwrap(), entries);
    }
    assert!(matches!(read(ana, 2), Err(Error::Denied(_))));
    assert!(matches!(read(&stage.engine.anonymous(), 2), Err(Error::Denied(_))));
    // What is not to be seen any more is not named, and its points are there all the same.
    block_on(host.remove_topic(topic)).unwrap();
    stage.pump();
    let after = read(ben, 50).unwrap();
    assert!(after.iter().all(|item| item.topic.is_none() && item.post.is_none()));
    assert!(after.len() > entries.len());
    let seen = read(&host, 50).unwrap();
    assert!(seen.iter().any(|item| item.topic == Some(topic)));
    let nobody: Key = "user:9".parse().unwrap();
    let refused = block_on(host.ledger(&garden(), &nobody, None, None)).unwrap_err();
    assert_eq!(refused.to_string(), "there is no such member");
}
