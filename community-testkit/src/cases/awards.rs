//! Badges: who has them, and what is counted for them.

use community_core::change::{ChangeSet, EventKind, NewEvent, Op};
use community_core::reputation::{Award, AwardsId, Entry, LedgerId, RuleSetId, Step};
use community_core::time::day_of;
use community_core::{Community, CommunityId, MemberId, Seq, Slug};

use crate::check::{Outcome, equal, holds};
use crate::fixture::{Home, slug};
use crate::world::World;

fn set(community: &Community, id: &str) -> Outcome<AwardsId> {
    let set = id.parse().map_err(|error| crate::check::Failure::new(format!("{error}")))?;
    Ok(AwardsId { community: community.id, set })
}

fn put(of: &AwardsId, award: &Award) -> Op {
    Op::PutAward(Box::new(of.clone()), Box::new(award.clone()))
}

fn award(badge: &str, member: MemberId, earned: u32) -> Award {
    Award { earned, ..Award::none(slug(badge), member) }
}

pub(crate) async fn an_award_is_read_after_it_is_written(w: World) -> Outcome {
    let home = w.home().await?;
    let of = set(&home.community, "basics@1")?;
    let (ann, bob) = (home.ann.id, home.bob.id);
    let full = Award {
        earned_at: Some(w.now()),
        decided: Some(3),
        decided_at: Some(w.tick()),
        ..award("solver", ann, 2)
    };
    let taken = Award { decided: Some(0), ..award("solver", bob, 1) };
    w.apply([put(&of, &full), put(&of, &taken)]).await?;
    let keys = [(slug("solver"), bob), (slug("other"), ann), (slug("solver"), ann)];
    let found = w.store.awards(&of, &keys).await?;
    equal("awards", found, vec![Some(taken), None, Some(full.clone())])?;
    // The later one stays, also of two at once.
    let later = Award { earned: 5, decided: None, ..full.clone() };
    w.apply([put(&of, &award("solver", ann, 9)), put(&of, &later)]).await?;
    equal("the later one", w.store.awards(&of, &keys[2..]).await?, vec![Some(later.clone())])?;
    equal("of a member", w.store.awards_of(&of, ann).await?, vec![later])
}

pub(crate) async fn awards_come_by_badge_and_member(w: World) -> Outcome {
    let home = w.home().await?;
    let of = set(&home.community, "basics@1")?;
    let mut all = Vec::new();
    for (badge, earned) in [("b", 1), ("a", 0), ("c", 2), ("a.", 1)] {
        for member in [home.bob.id, home.ann.id] {
            all.push(award(badge, member, earned));
        }
    }
    w.apply(all.iter().map(|award| put(&of, award))).await?;
    all.sort_by(|a, b| (&a.badge, a.member).cmp(&(&b.badge, b.member)));
    for size in [1, 3, 8, 9] {
        let (mut found, mut after): (Vec<Award>, _) = (Vec::new(), None);
        loop {
            let page = w.store.awards_by_badge(&of, after, size).await?;
            holds("a page is not larger than asked for", page.len() <= size)?;
            let Some(last) = page.last() else { break };
            after = Some((last.badge.clone(), last.member));
            found.extend(page);
        }
        equal("awards", found, all.clone())?;
    }
    let first = Some((slug("b"), MemberId::from_bytes([0; 16])));
    let found = w.store.awards_by_badge(&of, first, 2).await?;
    equal("of a badge", found, all.get(4..6).unwrap_or_default().to_vec())?;
    let mine: Vec<Award> = all.into_iter().filter(|a| a.member == home.ann.id).collect();
    equal("of a member", w.store.awards_of(&of, home.ann.id).await?, mine)
}

pub(crate) async fn holders_are_counted_by_tier(w: World) -> Outcome {
    let home = w.home().await?;
    let of = set(&home.community, "basics@1")?;
    let (ann, bob) = (home.ann.id, home.bob.id);
    let given = Award { decided: Some(3), ..award("b", bob, 1) };
    w.apply([put(&of, &award("b", ann, 3)), put(&of, &given), put(&of, &award("a", ann, 1))])
        .await?;
    w.apply([put(&of, &award("a", bob, 2)), put(&of, &award("c", bob, 0))]).await?;
    let counts = vec![(slug("a"), 1, 1), (slug("a"), 2, 1), (slug("b"), 3, 2)];
    equal("counts", w.store.award_counts(&of).await?, counts)?;
    let taken = Award { decided: Some(0), ..given };
    w.apply([put(&of, &taken), put(&of, &award("a", ann, 2))]).await?;
    let counts = vec![(slug("a"), 2, 2), (slug("b"), 3, 1)];
    equal("counts", w.store.award_counts(&of).await?, counts)
}

pub(crate) async fn awards_of_badge_sets_and_communities_are_apart(w: World) -> Outcome {
    let home = w.home().await?;
    let other = w.new_community("kitchen");
    w.apply([Op::PutCommunity(Box::new(other.clone()))]).await?;
    let ids = [
        set(&home.community, "basics@1")?,
        set(&home.community, "basics@2")?,
        set(&home.community, "own@1")?,
        set(&other, "basics@1")?,
    ];
    for (of, earned) in ids.iter().zip(1..) {
        w.apply([put(of, &award("solver", home.ann.id, earned))]).await?;
    }
    for (of, earned) in ids.iter().zip(1..) {
        let expected = award("solver", home.ann.id, earned);
        let found = w.store.awards_by_badge(of, None, 9).await?;
        equal("awards", found, vec![expected.clone()])?;
        equal("of a member", w.store.awards_of(of, home.ann.id).await?, vec![expected])?;
        let counts = w.store.award_counts(of).await?;
        equal("counts", counts, vec![(slug("solver"), earned, 1)])?;
    }
    Ok(())
}

pub(crate) async fn an_award_of_nobody_applies_nothing(w: World) -> Outcome {
    let home = w.home().await?;
    let here = set(&home.community, "basics@1")?;
    let nowhere = AwardsId { community: CommunityId::from_bytes([9; 16]), ..here.clone() };
    let (sound, nobody) = (award("a", home.ann.id, 1), MemberId::from_bytes([9; 16]));
    for (of, unsound) in [(&here, award("a", nobody, 1)), (&nowhere, sound.clone())] {
        let outcome = w.apply([put(&here, &sound), put(of, &unsound)]).await;
        holds("it is refused", outcome.is_err())?;
    }
    equal("awards", w.store.awards_by_badge(&here, None, 9).await?, vec![])
}

/// Entries of two members in several groups, and their ledger.
async fn entries(w: &World) -> Outcome<(Home, LedgerId, Vec<Entry>)> {
    let home = w.home().await?;
    let rules = RuleSetId { key: slug("badge.basics"), version: 1 };
    let ledger = LedgerId { community: home.community.id, rules };
    let groups = ["a.1", "a.2", "a", "ab.1", "b.1", "a.20"];
    let entry = |(cause, group): (u64, &&str)| Entry {
        cause: Seq(cause),
        number: 0,
        origin: Seq(cause),
        rule: slug("a.0"),
        group: slug(group),
        step: Step::Given,
        member: if cause.is_multiple_of(3) { home.bob.id } else { home.ann.id },
        giver: None,
        topic: None,
        post: None,
        channel: None,
        labels: Vec::new(),
        points: if cause % 11 == 7 { -1 } else { 1 },
        day: 19_675,
        at: w.now(),
    };
    let entries: Vec<Entry> = (1..30).zip(groups.iter().cycle()).map(entry).collect();
    let append =
        |entry: &Entry| Op::AppendLedger(Box::new(ledger.clone()), Box::new(entry.clone()));
    w.apply(entries.iter().map(append)).await?;
    Ok((home, ledger, entries))
}

pub(crate) async fn points_are_summed_by_groups_that_begin_alike(w: World) -> Outcome {
    let (home, ledger, entries) = entries(&w).await?;
    let nobody = w.joiner(&home.community, "user:nobody").await?;
    let sum = |member: MemberId, group: &str| -> i64 {
        let of = entries.iter().filter(|e| e.member == member && e.group == *group);
        of.map(|entry| entry.points).sum()
    };
    let expected = |member, groups: &[&str]| -> Vec<(Slug, i64)> {
        let sums = groups.iter().map(|group| (slug(group), sum(member, group)));
        sums.filter(|(_, sum)| *sum != 0).collect()
    };
    let (ann, bob) = (home.ann.id, home.bob.id);
    let asked = [(ann, slug("a.")), (bob, slug("a")), (nobody.id, slug("a.")), (ann, slug("b."))];
    let found = w.store.sums_by_group(&ledger, &asked).await?;
    equal(
        "sums",
        found,
        vec![
            expected(ann, &["a.1", "a.2", "a.20"]),
            expected(bob, &["a", "a.1", "a.2", "a.20", "ab.1"]),
            vec![],
            expected(ann, &["b.1"]),
        ],
    )
}

pub(crate) async fn points_are_summed_as_they_were_at_a_position(w: World) -> Outcome {
    let (home, ledger, entries) = entries(&w).await?;
    let asked = [
        (home.ann.id, None),
        (home.bob.id, None),
        (home.ann.id, Some(slug("a.1"))),
        (home.ann.id, Some(slug("none"))),
    ];
    for at in [0, 1, 7, 18, 29, 99] {
        let sum = |(member, group): &(MemberId, Option<Slug>)| -> i64 {
            let of = entries.iter().filter(|e| e.member == *member && e.cause <= Seq(at));
            let of = of.filter(|e| group.as_ref().is_none_or(|group| e.group == *group));
            of.map(|entry| entry.points).sum()
        };
        let found = w.store.points_at(&ledger, Seq(at), &asked).await?;
        equal("points", found, asked.iter().map(sum).collect())?;
    }
    Ok(())
}

pub(crate) async fn what_was_written_on_a_day_is_counted(w: World) -> Outcome {
    let home = w.home().await?;
    let (here, today) = (home.community.id, day_of(w.now()));
    let draft = w.question(&home).await?;
    for author in [&home.ann, &home.bob, &home.ann] {
        w.reply(&draft.opening, author).await?;
    }
    equal("the author", draft.topic.author, home.ann.id)?;
    equal("of Ann", w.store.written_on(here, home.ann.id, today).await?, (3, 1))?;
    equal("of Bob", w.store.written_on(here, home.bob.id, today).await?, (1, 0))?;
    for day in [today - 1, today + 1, 0, i32::MAX] {
        equal("another day", w.store.written_on(here, home.ann.id, day).await?, (0, 0))?;
    }
    let elsewhere = CommunityId::from_bytes([9; 16]);
    equal("elsewhere", w.store.written_on(elsewhere, home.ann.id, today).await?, (0, 0))
}

pub(crate) async fn events_of_a_community_are_read_by_time(w: World) -> Outcome {
    let home = w.home().await?;
    let other = w.new_community("kitchen");
    w.apply([Op::PutCommunity(Box::new(other.clone()))]).await?;
    let now = w.now();
    // As imports bring them: not in the order of time, some at one moment.
    let seconds = [50, 10, 30, 10, 70, 20, 30];
    let events: Vec<NewEvent> = seconds
        .iter()
        .zip([home.community.id, home.community.id, other.id].iter().cycle())
        .map(|(second, community)| NewEvent {
            at: now + std::time::Duration::from_secs(*second),
            community: Some(*community),
            ..w.new_event(EventKind::CommunityChanged)
        })
        .collect();
    w.store.commit(ChangeSet { events, ..ChangeSet::default() }).await?;
    for second in [0, 10, 11, 30, 70, 71] {
        let from = now + std::time::Duration::from_secs(second);
        let mut expected = w.store.events_after(Seq(0), 1_000).await?;
        expected.retain(|e| e.event.community == Some(home.community.id) && e.event.at >= from);
        expected.sort_by_key(|event| (event.event.at, event.seq));
        for size in [1, 2, 100] {
            let (mut found, mut after) = (Vec::new(), None);
            loop {
                let page = w.store.events_since(home.community.id, from, after, size).await?;
                holds("a page is not larger than asked for", page.len() <= size)?;
                let Some(last) = page.last() else { break };
                after = Some((last.event.at, last.seq));
                found.extend(page);
            }
            equal("events", found, expected.clone())?;
        }
    }
    Ok(())
}
