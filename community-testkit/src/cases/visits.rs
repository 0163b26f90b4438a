//! Visits: who was there on which day.

use community_core::change::Op;
use community_core::{CommunityId, MemberId};

use crate::check::{Outcome, equal, holds};
use crate::world::World;

/// All visits of a community, by pages of a size.
async fn by_day(w: &World, community: CommunityId, size: usize) -> Outcome<Vec<(i32, MemberId)>> {
    let (mut all, mut after): (Vec<(i32, MemberId)>, _) = (Vec::new(), None);
    loop {
        let page = w.store.visits_by_day(community, after, size).await?;
        holds("a page is not larger than asked for", page.len() <= size)?;
        let Some(last) = page.last() else { return Ok(all) };
        after = Some(*last);
        all.extend(page);
    }
}

pub(crate) async fn a_visit_is_read_by_member_and_by_day(w: World) -> Outcome {
    let home = w.home().await?;
    let other = w.new_community("kitchen");
    w.apply([Op::PutCommunity(Box::new(other.clone()))]).await?;
    let (ann, bob, nobody) = (home.ann.id, home.bob.id, MemberId::from_bytes([9; 16]));
    let noted = [(19_680, ann), (0, ann), (19_675, bob), (19_675, ann), (19_674, ann), (1, bob)];
    let visit = |community, day, member| Op::AddVisit { community, member, day };
    w.apply(noted.map(|(day, member)| visit(home.community.id, day, member))).await?;
    w.apply([visit(other.id, 19_676, bob)]).await?;

    let mut expected = noted.to_vec();
    expected.sort_unstable();
    for size in [1, 2, 5, 6, 7] {
        equal("visits", by_day(&w, home.community.id, size).await?, expected.clone())?;
    }
    let after = Some((19_674, MemberId::from_bytes([0xff; 16])));
    let found = w.store.visits_by_day(home.community.id, after, 9).await?;
    equal("those of a window", found, expected.split_off(3))?;
    equal("visits elsewhere", by_day(&w, other.id, 9).await?, vec![(19_676, bob)])?;

    let asked = [bob, nobody, ann, bob];
    let found = w.store.visits(home.community.id, &asked, 0, i32::MAX).await?;
    let days = [vec![1, 19_675], vec![], vec![0, 19_674, 19_675, 19_680]];
    equal("days", found, [&days[..], &[days[0].clone()]].concat())?;
    for (from, to, expected) in [
        (19_674, 19_675, vec![19_674, 19_675]),
        (1, 19_674, vec![19_674]),
        (19_676, 19_679, vec![]),
        (19_675, 19_674, vec![]),
    ] {
        let found = w.store.visits(home.community.id, &[ann], from, to).await?;
        equal("days of a window", found, vec![expected])?;
    }
    Ok(())
}

pub(crate) async fn a_visit_that_is_noted_again_changes_nothing(w: World) -> Outcome {
    let home = w.home().await?;
    let visit = Op::AddVisit { community: home.community.id, member: home.ann.id, day: 19_675 };
    w.apply([visit.clone(), visit.clone()]).await?;
    let head = w.store.head().await?;
    w.apply([visit]).await?;
    equal("the log", w.store.head().await?, head)?;
    equal("visits", by_day(&w, home.community.id, 9).await?, vec![(19_675, home.ann.id)])
}

pub(crate) async fn a_visit_of_nobody_applies_nothing(w: World) -> Outcome {
    let home = w.home().await?;
    let (here, nowhere) = (home.community.id, CommunityId::from_bytes([9; 16]));
    let (ann, nobody) = (home.ann.id, MemberId::from_bytes([9; 16]));
    let sound = Op::AddVisit { community: here, member: ann, day: 3 };
    for (community, member) in [(here, nobody), (nowhere, ann)] {
        let unsound = Op::AddVisit { community, member, day: 4 };
        holds("it is refused", w.apply([sound.clone(), unsound]).await.is_err())?;
    }
    equal("visits", by_day(&w, here, 9).await?, vec![])
}

pub(crate) async fn a_visitor_has_the_number_of_the_latest_new_visit(w: World) -> Outcome {
    let home = w.home().await?;
    let other = w.new_community("kitchen");
    w.apply([Op::PutCommunity(Box::new(other.clone()))]).await?;
    let (here, ann, bob) = (home.community.id, home.ann.id, home.bob.id);
    let visit = |community, member, day| Op::AddVisit { community, member, day };
    w.apply([visit(here, bob, 9), visit(other.id, ann, 9), visit(here, ann, 9)]).await?;
    equal("in order", w.store.visitors(here, 0, 9).await?, vec![(1, bob), (2, ann)])?;
    equal("elsewhere", w.store.visitors(other.id, 0, 9).await?, vec![(1, ann)])?;
    // Known already, so that nobody gets another number.
    w.apply([visit(here, bob, 9)]).await?;
    equal("as before", w.store.visitors(here, 0, 9).await?, vec![(1, bob), (2, ann)])?;
    // An earlier day is as new as a later one, and the latest gives the number.
    w.apply([visit(here, bob, 3), visit(here, ann, 8), visit(here, ann, 10)]).await?;
    equal("behind", w.store.visitors(here, 2, 9).await?, vec![(3, bob), (5, ann)])?;
    equal("one", w.store.visitors(here, 2, 1).await?, vec![(3, bob)])?;
    equal("the next", w.store.visitors(here, 3, 9).await?, vec![(5, ann)])?;
    equal("none", w.store.visitors(here, 5, 9).await?, vec![])
}
