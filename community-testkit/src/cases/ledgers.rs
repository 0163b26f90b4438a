//! Ledgers of reputation: appended to, summed up, looked up.

use community_core::change::{ChangeSet, EventKind, NewEvent, Op};
use community_core::query::Position;
use community_core::reputation::{
    About, BadgeSetId, Board, BoardScope, BoardWindow, Entry, LedgerId, RuleSetId, Standing, Step,
    SumOf,
};
use community_core::{Community, Grant, GrantId, MemberId, PostId, Seq, TopicId};

use crate::check::{Outcome, equal, holds};
use crate::fixture::{Home, slug};
use crate::naive_boards;
use crate::world::World;

fn ledger(community: &Community, key: &str) -> LedgerId {
    LedgerId { community: community.id, rules: RuleSetId { key: slug(key), version: 1 } }
}

/// An entry of so many points for a member, at a place.
fn entry(w: &World, cause: u64, number: u32, member: MemberId, points: i64) -> Entry {
    Entry {
        cause: Seq(cause),
        number,
        origin: Seq(cause),
        rule: slug("answer-up"),
        group: slug("votes"),
        step: Step::Given,
        member,
        giver: None,
        topic: None,
        post: None,
        channel: None,
        labels: Vec::new(),
        points,
        day: 19_675,
        at: w.now(),
    }
}

async fn append(w: &World, ledger: &LedgerId, entries: &[Entry]) -> Outcome {
    let op = |entry: &Entry| Op::AppendLedger(Box::new(ledger.clone()), Box::new(entry.clone()));
    w.apply(entries.iter().map(op)).await.map(|_| ())
}

/// Twelve entries of two members, with everything that an entry can hold.
async fn filled(w: &World) -> Outcome<(Home, LedgerId, Vec<Entry>)> {
    let home = w.home().await?;
    let ledger = ledger(&home.community, "balanced");
    let draft = w.question(&home).await?;
    let answer = w.answer(&draft, &home.bob).await?;
    let (ann, bob) = (home.ann.id, home.bob.id);
    let topic = Some(draft.topic.id);
    let entries: Vec<Entry> = (0..12u32)
        .map(|i| {
            let (member, giver) = if i % 3 == 0 { (ann, bob) } else { (bob, ann) };
            let subject = match i % 4 {
                0 => (None, None),
                1 => (topic, None),
                2 => (topic, Some(draft.opening.id)),
                _ => (topic, Some(answer.id)),
            };
            Entry {
                origin: Seq(1),
                rule: slug(if i % 5 == 4 { Entry::MARK } else { "answer-up" }),
                group: slug(if i % 2 == 0 { "votes" } else { "answers" }),
                step: Step::from_code((i % 5) as u8).unwrap_or(Step::Given),
                giver: Some(giver).filter(|_| i % 6 != 5),
                topic: subject.0,
                post: subject.1,
                channel: Some(home.channel.id).filter(|_| i % 4 > 0),
                labels: ["leek", "sowing"].iter().take(i as usize % 3).map(|l| slug(l)).collect(),
                day: 19_675 + i32::from(i > 7),
                ..entry(w, u64::from(i / 2 + 1), i % 2, member, i64::from(i) * 3 - 8)
            }
        })
        .collect();
    append(w, &ledger, &entries).await?;
    Ok((home, ledger, entries))
}

pub(crate) async fn entries_come_back_as_they_were_appended(w: World) -> Outcome {
    let (home, ledger, entries) = filled(&w).await?;
    for size in [1, 5, 12, 13] {
        let (mut all, mut after): (Vec<Entry>, _) = (Vec::new(), None);
        loop {
            let page = w.store.entries(&ledger, after, size).await?;
            holds("a page is not larger than asked for", page.len() <= size)?;
            let Some(last) = page.last() else { break };
            after = Some(last.place());
            all.extend(page);
        }
        equal("entries", all, entries.clone())?;
    }
    equal("ledgers", w.store.ledgers(home.community.id).await?, vec![ledger.rules])
}

pub(crate) async fn a_standing_is_the_sum_of_entries(w: World) -> Outcome {
    let (home, ledger, entries) = filled(&w).await?;
    let nobody = w.joiner(&home.community, "user:nobody").await?;
    let standing = |member| {
        let mut standing = Standing::new(member);
        entries.iter().filter(|entry| entry.member == member).for_each(|e| standing.add(e));
        standing
    };
    let (ann, bob) = (standing(home.ann.id), standing(home.bob.id));
    let asked = [home.bob.id, nobody.id, home.ann.id, home.bob.id];
    let found = w.store.standings(&ledger, &asked).await?;
    equal("standings", found, vec![Some(bob), None, Some(ann), Some(bob)])
}

pub(crate) async fn standings_come_most_points_first(w: World) -> Outcome {
    let home = w.home().await?;
    let ledger = ledger(&home.community, "balanced");
    let mut entries = Vec::new();
    for (number, points) in [5, -3, 5, 0, 40, 5].into_iter().enumerate() {
        let member = w.joiner(&home.community, &format!("user:{number}")).await?;
        entries.push(entry(&w, number as u64 + 1, 0, member.id, points));
        // What moves a standing leaves nothing at its old place.
        entries.push(entry(&w, number as u64 + 1, 1, member.id, 1));
    }
    append(&w, &ledger, &entries).await?;
    let mut expected: Vec<(i64, MemberId)> =
        entries.iter().step_by(2).map(|entry| (entry.points + 1, entry.member)).collect();
    expected.sort();
    expected.reverse();
    for size in [1, 2, 6, 7] {
        let (mut all, mut after): (Vec<(i64, MemberId)>, _) = (Vec::new(), None);
        loop {
            let page = w.store.ranked(&ledger, after, size).await?;
            let Some(last) = page.last() else { break };
            after = Some(Position { key: last.points, id: last.member.uuid() });
            all.extend(page.iter().map(|standing| (standing.points, standing.member)));
        }
        equal("members by points", all, expected.clone())?;
    }
    Ok(())
}

pub(crate) async fn entries_of_a_member_come_latest_first(w: World) -> Outcome {
    let (home, ledger, entries) = filled(&w).await?;
    let member = home.bob.id;
    let mut expected: Vec<Entry> =
        entries.into_iter().filter(|entry| entry.member == member).collect();
    expected.reverse();
    for size in [1, 3, 20] {
        let (mut all, mut before): (Vec<Entry>, _) = (Vec::new(), None);
        loop {
            let page = w.store.entries_of(&ledger, member, before, size).await?;
            let Some(last) = page.last() else { break };
            before = Some(last.place());
            all.extend(page);
        }
        equal("entries", all, expected.clone())?;
    }
    Ok(())
}

pub(crate) async fn entries_are_found_by_what_they_are_about(w: World) -> Outcome {
    let (_, ledger, entries) = filled(&w).await?;
    let topic =
        entries.iter().find_map(|entry| entry.topic).unwrap_or(TopicId::from_bytes([0; 16]));
    let posts = entries.iter().filter_map(|entry| entry.post);
    let mut asked = vec![About::Topic(topic), About::Topic(TopicId::from_bytes([9; 16]))];
    for post in posts.map(Some).chain([None, Some(PostId::from_bytes([9; 16]))]) {
        asked.extend([About::Post(topic, post), About::Marks(topic, post)]);
    }
    let found = w.store.entries_about(&ledger, &asked).await?;
    let expected = asked.iter().map(|about| {
        let of = entries.iter().filter(|entry| match *about {
            About::Topic(topic) => entry.topic == Some(topic),
            About::Post(topic, post) => entry.topic == Some(topic) && entry.post == post,
            About::Marks(topic, post) => {
                entry.topic == Some(topic) && entry.post == post && entry.is_mark()
            }
        });
        of.cloned().collect::<Vec<_>>()
    });
    equal("entries", found, expected.collect())
}

pub(crate) async fn points_are_summed_by_group_giver_and_day(w: World) -> Outcome {
    let (home, ledger, entries) = filled(&w).await?;
    let (ann, bob) = (home.ann.id, home.bob.id);
    let mut asked = Vec::new();
    for member in [ann, bob] {
        for group in ["votes", "answers", "others"] {
            for (giver, day) in [
                (None, Some(19_675)),
                (None, Some(19_676)),
                (Some(ann), None),
                (Some(bob), None),
                (Some(ann), Some(19_675)),
                (Some(bob), Some(19_676)),
            ] {
                asked.push(SumOf { member, group: slug(group), giver, day });
            }
        }
    }
    let expected = asked.iter().map(|of| {
        let counts = |entry: &&Entry| {
            entry.member == of.member
                && entry.group == of.group
                && of.giver.is_none_or(|giver| entry.giver == Some(giver))
                && of.day.is_none_or(|day| entry.day == day)
        };
        entries.iter().filter(counts).map(|entry| entry.points).sum::<i64>()
    });
    equal("sums", w.store.sums(&ledger, &asked).await?, expected.collect())
}

pub(crate) async fn points_are_summed_by_day(w: World) -> Outcome {
    let (home, ledger, entries) = filled(&w).await?;
    let of = |member| {
        let sum = |day| {
            let of = entries.iter().filter(|entry| entry.member == member && entry.day == day);
            (day, of.map(|entry| entry.points).sum::<i64>())
        };
        [19_675, 19_676].map(sum).to_vec()
    };
    for member in [home.ann.id, home.bob.id] {
        equal("days", w.store.days(&ledger, member).await?, of(member))?;
    }
    equal("nobody's", w.store.days(&ledger, MemberId::from_bytes([9; 16])).await?, vec![])?;
    // What is taken back leaves no day.
    let back: Vec<Entry> = of(home.bob.id)
        .iter()
        .zip(50..)
        .map(|((day, points), cause)| Entry {
            day: *day,
            ..entry(&w, cause, 0, home.bob.id, -points)
        })
        .collect();
    append(&w, &ledger, &back).await?;
    equal("no days", w.store.days(&ledger, home.bob.id).await?, vec![])?;
    equal("the others", w.store.days(&ledger, home.ann.id).await?, of(home.ann.id))
}

/// All members on a board, by pages of a size.
async fn on_board(
    w: &World,
    ledger: &LedgerId,
    board: &Board,
    size: usize,
) -> Outcome<Vec<(MemberId, i64)>> {
    let (mut all, mut after): (Vec<(MemberId, i64)>, _) = (Vec::new(), None);
    // A store that begins anew with each page would never come to an end.
    for _ in 0..100 {
        let page = w.store.board(ledger, board, after, size).await?;
        holds("a page is not larger than asked for", page.len() <= size)?;
        let Some((member, points)) = page.last() else { break };
        after = Some(Position { key: *points, id: member.uuid() });
        all.extend(page);
    }
    Ok(all)
}

/// What has to be on each board, most points first.
fn expected_boards(entries: &[Entry]) -> Vec<(Board, Vec<(MemberId, i64)>)> {
    let all = BoardWindow::ALL.into_iter().flat_map(|window| naive_boards::sums(window, entries));
    let sorted = all.map(|(board, members)| {
        let mut members: Vec<(MemberId, i64)> = members.into_iter().collect();
        members.sort_by_key(|(member, points)| std::cmp::Reverse((*points, *member)));
        (board, members)
    });
    sorted.collect()
}

pub(crate) async fn a_board_has_what_was_earned_there_and_then(w: World) -> Outcome {
    let (home, ledger, entries) = filled(&w).await?;
    let expected = expected_boards(&entries);
    holds("boards of every window, place and group", expected.len() > 60)?;
    let asked = [home.bob.id, MemberId::from_bytes([9; 16]), home.ann.id];
    for (board, members) in &expected {
        let what = format!("{board:?}");
        equal(&what, on_board(&w, &ledger, board, 9).await?, members.clone())?;
        let of = |member: &MemberId| members.iter().find(|(id, _)| id == member).map_or(0, |m| m.1);
        let points = w.store.board_points(&ledger, board, &asked).await?;
        equal(&what, points, asked.iter().map(of).collect())?;
        // Another day is another board.
        let other = Board { first: board.first + 400, ..board.clone() };
        equal("an empty board", w.store.board(&ledger, &other, None, 9).await?, vec![])?;
        equal("no points", w.store.board_points(&ledger, &other, &asked).await?, vec![0; 3])?;
    }
    Ok(())
}

pub(crate) async fn what_only_counts_for_badges_is_on_no_board(w: World) -> Outcome {
    let home = w.home().await?;
    let set = BadgeSetId { key: slug("basics"), version: 1 };
    let counting = LedgerId { community: home.community.id, rules: set.counting() };
    append(&w, &counting, &[entry(&w, 1, 0, home.ann.id, 1)]).await?;
    equal("days", w.store.days(&counting, home.ann.id).await?, vec![])?;
    equal("boards", w.store.boards(&counting, None, 9).await?, vec![])?;
    for window in BoardWindow::ALL {
        let first = naive_boards::first_day(window, 19_675);
        let board = Board { window, first, scope: BoardScope::Community, group: None };
        equal("nobody", w.store.board(&counting, &board, None, 9).await?, vec![])?;
    }
    Ok(())
}

pub(crate) async fn a_board_comes_most_points_first(w: World) -> Outcome {
    let home = w.home().await?;
    let ledger = ledger(&home.community, "balanced");
    let mut entries = Vec::new();
    for (number, points) in [5, -3, 5, 0, 40, 5, 9].into_iter().enumerate() {
        let member = w.joiner(&home.community, &format!("user:{number}")).await?;
        let cause = number as u64 + 1;
        entries.push(entry(&w, cause, 0, member.id, points));
        // What moves somebody leaves nothing at the old place; the last one goes.
        let step = if number == 6 { -9 } else { 1 };
        entries.push(entry(&w, cause, 1, member.id, step));
    }
    for change in entries.chunks(3) {
        append(&w, &ledger, change).await?;
    }
    for (board, expected) in expected_boards(&entries) {
        equal("all but the one who has none", expected.len(), 6)?;
        for size in [1, 2, 6, 7] {
            let found = on_board(&w, &ledger, &board, size).await?;
            equal("members by points", found, expected.clone())?;
        }
    }
    Ok(())
}

pub(crate) async fn all_boards_that_somebody_is_on_are_named(w: World) -> Outcome {
    let (home, ledger, entries) = filled(&w).await?;
    let names = |entries: &[Entry]| -> Vec<Board> {
        expected_boards(entries).into_iter().map(|(board, _)| board).collect()
    };
    let found = async |size| -> Outcome<Vec<Board>> {
        let mut all: Vec<Board> = Vec::new();
        loop {
            let page = w.store.boards(&ledger, all.last(), size).await?;
            holds("a page is not larger than asked for", page.len() <= size)?;
            if page.is_empty() {
                return Ok(all);
            }
            all.extend(page);
        }
    };
    for size in [1, 7, 1_000] {
        equal("boards", found(size).await?, names(&entries))?;
    }
    // Whatever is taken back, a board on which nobody is left is none.
    let mut all = entries.clone();
    for (entry, cause) in entries.iter().filter(|entry| entry.labels.len() == 2).zip(50..) {
        let back = Entry { cause: Seq(cause), points: -entry.points, ..entry.clone() };
        append(&w, &ledger, std::slice::from_ref(&back)).await?;
        all.push(back);
    }
    equal("boards that are left", found(1_000).await?, names(&all))?;
    holds("fewer than before", names(&all).len() < names(&entries).len())?;
    let other = LedgerId { community: home.community.id, rules: ledger_of_nobody() };
    equal("boards elsewhere", w.store.boards(&other, None, 9).await?, vec![])
}

fn ledger_of_nobody() -> RuleSetId {
    RuleSetId { key: slug("nobody"), version: 1 }
}

pub(crate) async fn ledgers_of_rule_sets_and_communities_are_apart(w: World) -> Outcome {
    let (home, first, entries) = filled(&w).await?;
    let other = w.new_community("kitchen");
    w.apply([Op::PutCommunity(Box::new(other.clone()))]).await?;
    let again =
        LedgerId { rules: RuleSetId { version: 2, ..first.rules.clone() }, ..first.clone() };
    for ledger in [&again, &ledger(&home.community, "other"), &ledger(&other, "balanced")] {
        equal("entries", w.store.entries(ledger, None, 9).await?, vec![])?;
        equal("standings", w.store.ranked(ledger, None, 9).await?, vec![])?;
        equal("boards", w.store.boards(ledger, None, 9).await?, vec![])?;
        equal("days", w.store.days(ledger, home.ann.id).await?, vec![])?;
        let first: Vec<Entry> = entries.iter().take(1).cloned().collect();
        append(&w, ledger, &first).await?;
        equal("entries", w.store.entries(ledger, None, 9).await?, first)?;
    }
    equal("entries", w.store.entries(&first, None, 99).await?, entries)?;
    let found = w.store.ledgers(home.community.id).await?;
    equal("ledgers", found, vec![first.rules, again.rules, ledger(&other, "other").rules])
}

pub(crate) async fn two_entries_at_one_place_apply_nothing(w: World) -> Outcome {
    let (home, ledger, entries) = filled(&w).await?;
    let head = w.store.entries(&ledger, None, 99).await?;
    let taken = entry(&w, 1, 0, home.ann.id, 7);
    holds("it is refused", append(&w, &ledger, &[taken]).await.is_err())?;
    let free = entry(&w, 99, 0, home.ann.id, 7);
    holds("so are two new ones", append(&w, &ledger, &[free.clone(), free]).await.is_err())?;
    let unknown = entry(&w, 99, 0, MemberId::from_bytes([9; 16]), 7);
    holds("so is one of nobody", append(&w, &ledger, &[unknown]).await.is_err())?;
    equal("entries", w.store.entries(&ledger, None, 99).await?, head)?;
    let sum: i64 =
        entries.iter().filter(|entry| entry.member == home.ann.id).map(|entry| entry.points).sum();
    let found = w.store.standings(&ledger, &[home.ann.id]).await?;
    equal("points", found.first().and_then(|found| found.map(|s| s.points)), Some(sum))
}

pub(crate) async fn events_of_a_community_are_read_without_those_of_others(w: World) -> Outcome {
    let home = w.home().await?;
    let other = w.new_community("kitchen");
    w.apply([Op::PutCommunity(Box::new(other.clone()))]).await?;
    let places = [Some(home.community.id), Some(other.id), None];
    let events = (0..20u32).map(|revision| NewEvent {
        community: places.get(revision as usize * 7 % 3).copied().flatten(),
        ..w.new_event(EventKind::PostEdited { revision })
    });
    let events: Vec<_> = events.collect();
    let changes = ChangeSet { events, ..ChangeSet::default() };
    w.store.commit(changes).await?;
    let all = w.store.events_after(Seq(0), 100).await?;
    for community in [home.community.id, other.id] {
        for after in [0, 1, 7, 19, 20, u64::MAX] {
            let of = |event: &&community_core::Event| {
                event.event.community == Some(community) && event.seq.0 > after
            };
            let expected: Vec<_> = all.iter().filter(of).cloned().collect();
            let found = w.store.events_of(community, Seq(after), 100).await?;
            equal("events", found, expected.clone())?;
            let found = w.store.events_of(community, Seq(after), 2).await?;
            equal("a page", found, expected.into_iter().take(2).collect())?;
        }
    }
    Ok(())
}

pub(crate) async fn a_grant_is_read_after_it_is_written(w: World) -> Outcome {
    let home = w.home().await?;
    let draft = w.question(&home).await?;
    let grant = |byte, post, by: Option<_>| Grant {
        id: GrantId::from_bytes([byte; 16]),
        community: home.community.id,
        member: home.ann.id,
        reason: slug("award"),
        points: -50,
        tier: by.map(|_| 7),
        post,
        by,
        note: "For the\nharvest".to_owned(),
        at: w.now(),
    };
    let first = grant(3, Some(draft.opening.id), Some(home.bob.id));
    let second = grant(2, None, None);
    w.apply([first.clone(), second.clone()].map(|grant| Op::PutGrant(Box::new(grant)))).await?;
    // A grant never changes.
    let changed = Grant { points: 1, ..first.clone() };
    w.apply([Op::PutGrant(Box::new(changed))]).await?;
    let unknown = GrantId::from_bytes([1; 16]);
    let found = w.store.grants(&[first.id, unknown, second.id]).await?;
    equal("grants", found, vec![Some(first.clone()), None, Some(second.clone())])?;
    let community = home.community.id;
    let all = w.store.grants_by_id(community, None, 9).await?;
    equal("all", all, vec![second.clone(), first.clone()])?;
    equal("one", w.store.grants_by_id(community, None, 1).await?, vec![second.clone()])?;
    equal("the rest", w.store.grants_by_id(community, Some(second.id), 9).await?, vec![first])
}

pub(crate) async fn notes_of_grants_to_a_member_are_erased(w: World) -> Outcome {
    let home = w.home().await?;
    let grant = |byte, member, note: &str| Grant {
        id: GrantId::from_bytes([byte; 16]),
        community: home.community.id,
        member,
        reason: slug("award"),
        points: 5,
        tier: None,
        post: None,
        by: Some(home.ann.id),
        note: note.to_owned(),
        at: w.now(),
    };
    let put = |grant: Grant| Op::PutGrant(Box::new(grant));
    let (ann, bob) = (home.ann.id, home.bob.id);
    let grants = [grant(1, ann, "She"), grant(2, ann, ""), grant(3, bob, "He")];
    w.apply(grants.clone().map(put)).await?;
    // One that comes with it too.
    w.apply([put(grant(4, ann, "Her")), Op::EraseNotes(ann)]).await?;
    let [first, second, others] = grants;
    let silent = |grant: Grant| Grant { note: String::new(), ..grant };
    let left = vec![silent(first), second, others, silent(grant(4, ann, ""))];
    equal("all", w.store.grants_by_id(home.community.id, None, 9).await?, left)?;
    w.apply([Op::EraseNotes(MemberId::from_bytes([9; 16]))]).await?;
    Ok(())
}
