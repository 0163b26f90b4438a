//! G7: lists of members, and everything of a community or topic by id, are ordered and whole.

use std::time::Duration;

use community_core::change::Op;
use community_core::query::Position;
use community_core::time::to_micros;
use community_core::{Member, MemberId, Membership, PostId, Rev, State, TopicId};

use crate::check::{Outcome, equal, holds, same_list};
use crate::fixture::hidden;
use crate::meadow::TOPICS;
use crate::walk::SIZES;
use crate::world::World;

/// Follows the members of a community from page to page.
async fn members(
    w: &World,
    of: community_core::CommunityId,
    size: usize,
) -> Outcome<Vec<MemberId>> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = w.store.members_of(of, after, size).await?;
        holds("a page is not larger than asked for", page.len() <= size)?;
        let Some(last) = page.last() else { return Ok(all) };
        let joined_at = last.membership.joined_at.unwrap_or_default();
        after = Some(Position { key: to_micros(joined_at), id: last.member.id.uuid() });
        let is_last = page.len() < size;
        all.extend(page.into_iter().map(|row| row.member.id));
        if is_last {
            let beyond = w.store.members_of(of, after, size).await?;
            equal("behind a page that is not full", beyond.len(), 0)?;
            return Ok(all);
        }
    }
}

pub(crate) async fn members_of_a_community_come_in_the_order_in_which_they_joined(
    w: World,
) -> Outcome {
    let home = w.home().await?;
    let mut expected = vec![home.ann.id, home.bob.id];
    let beginning = w.now();
    let mut rows = Vec::new();
    for i in 0..11u64 {
        let member = w.new_member(&format!("user:{i}"));
        // Not in the order of their ids, and two at a time.
        let joined_at = beginning + Duration::from_secs(100 + i * 7 % 11 / 2);
        let membership =
            Membership { joined_at: Some(joined_at), ..w.new_membership(&home.community, &member) };
        w.apply([Op::PutMember(Box::new(member)), Op::PutMembership(Box::new(membership.clone()))])
            .await?;
        rows.push(membership);
    }
    rows.sort_by_key(|membership| (membership.joined_at, membership.member));
    expected.extend(rows.into_iter().map(|membership| membership.member));
    for size in SIZES {
        same_list("members", &members(&w, home.community.id, size).await?, &expected)?;
    }
    Ok(())
}

pub(crate) async fn members_who_are_not_listed_or_have_not_joined_are_left_out(
    w: World,
) -> Outcome {
    let home = w.home().await?;
    let other = w.new_community("kitchen");
    w.apply([Op::PutCommunity(Box::new(other.clone()))]).await?;
    let unlisted = Member { listed: false, ..w.joiner(&home.community, "voter:1").await? };
    let left = w.joiner(&home.community, "user:left").await?;
    let moderator = w.new_member("user:mo");
    w.joiner(&other, "user:elsewhere").await?;
    w.apply([
        Op::PutMember(Box::new(unlisted.clone())),
        Op::PutMembership(Box::new(Membership::stranger(home.community.id, left.id))),
        Op::PutMember(Box::new(moderator.clone())),
        Op::PutMembership(Box::new(Membership::stranger(home.community.id, moderator.id))),
    ])
    .await?;
    let listed = vec![home.ann.id, home.bob.id];
    equal("members", members(&w, home.community.id, 2).await?, listed.clone())?;
    // Back again, at the end of the list.
    let again = Member { listed: true, ..unlisted.clone() };
    let back = w.new_membership(&home.community, &left);
    w.apply([Op::PutMember(Box::new(again)), Op::PutMembership(Box::new(back))]).await?;
    let all = [listed, vec![unlisted.id, left.id]].concat();
    equal("members", members(&w, home.community.id, 2).await?, all)
}

pub(crate) async fn a_row_of_a_member_says_what_the_member_is(w: World) -> Outcome {
    let home = w.home().await?;
    for row in w.store.members_of(home.community.id, None, 50).await? {
        let member = w.store.members(&[row.member.id]).await?;
        equal("the member", Some(row.member.clone()), member.into_iter().flatten().next())?;
        let memberships = w.store.memberships(row.member.id).await?;
        equal("the membership", vec![row.membership], memberships)?;
    }
    Ok(())
}

pub(crate) async fn a_community_without_members_lists_none(w: World) -> Outcome {
    let community = w.new_community("garden");
    w.apply([Op::PutCommunity(Box::new(community.clone()))]).await?;
    equal("members", w.store.members_of(community.id, None, 9).await?, vec![])?;
    equal("their number", w.store.member_count(community.id).await?, 0)
}

pub(crate) async fn a_member_who_joins_anew_moves_in_the_list(w: World) -> Outcome {
    let home = w.home().await?;
    let again = Membership { rev: Rev(2), ..w.new_membership(&home.community, &home.ann) };
    w.apply([Op::PutMembership(Box::new(again))]).await?;
    let expected = vec![home.bob.id, home.ann.id];
    equal("members", members(&w, home.community.id, 1).await?, expected)
}

pub(crate) async fn all_members_are_read_by_id(w: World) -> Outcome {
    let mut expected = Vec::new();
    for i in 0..23 {
        let mut member = w.new_member(&format!("user:{i}"));
        member.listed = i % 3 != 0;
        expected.push(member.clone());
        w.apply([Op::PutMember(Box::new(member))]).await?;
    }
    expected.sort_by_key(|member| member.id);
    for size in SIZES {
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let page = w.store.members_by_id(after, size).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            holds("a page is not larger than asked for", page.len() <= size)?;
            all.extend(page);
        }
        same_list("members", &all, &expected)?;
    }
    Ok(())
}

pub(crate) async fn all_topics_of_a_community_are_read_by_id(w: World) -> Outcome {
    let meadow = w.meadow().await?;
    let all = w.all_topics().await?;
    equal("topics", u64::try_from(all.len()).unwrap_or(0), TOPICS)?;
    for scope in meadow.scopes(&w).await? {
        for community in [meadow.garden.id, meadow.kitchen.id] {
            let mut expected: Vec<TopicId> = all
                .iter()
                .filter(|topic| topic.community == community)
                .filter(|topic| scope.admits(topic.place(), topic.author, topic.state))
                .map(|topic| topic.id)
                .collect();
            expected.sort();
            for size in SIZES {
                let (mut found, mut after) = (Vec::new(), None);
                loop {
                    let page = w.store.topics_by_id(community, after, size, &scope).await?;
                    let page = scope.admit_all(page);
                    let Some(last) = page.last() else { break };
                    after = Some(last.topic.id);
                    found.extend(page.iter().map(|row| row.topic.id));
                    let is_full = page.len() == size || found.len() == expected.len();
                    holds("a page is full where there is enough", is_full)?;
                }
                same_list("topics", &found, &expected)?;
            }
        }
    }
    Ok(())
}

pub(crate) async fn all_posts_of_a_topic_are_read_by_id(w: World) -> Outcome {
    let home = w.home().await?;
    let draft = w.question(&home).await?;
    let other = w.question(&home).await?;
    w.reply(&other.opening, &home.bob).await?;
    let mut posts = vec![draft.opening.clone()];
    for i in 0..30 {
        let author = if i % 2 == 0 { &home.ann } else { &home.bob };
        let reply = w.reply(&draft.opening, author).await?;
        match i % 5 {
            1 => drop(w.apply(hidden(&reply, State::Removed)).await?),
            4 => drop(w.apply(hidden(&reply, State::Withdrawn)).await?),
            _ => {}
        }
        posts.push(w.post(reply.id).await?.post);
    }
    let place = draft.topic.place();
    for scope in [w.system().await?, w.anonymous().await?, w.scope_of(home.ann.id).await?] {
        let admitted = posts.iter().filter(|post| scope.admits(place, post.author, post.state));
        let mut expected: Vec<PostId> = admitted.map(|post| post.id).collect();
        expected.sort();
        for size in SIZES {
            let (mut found, mut after) = (Vec::new(), None);
            loop {
                let page = w.store.posts_by_id(draft.topic.id, after, size, &scope).await?;
                let page = scope.admit_all(page);
                let Some(last) = page.last() else { break };
                after = Some(last.post.id);
                found.extend(page.iter().map(|view| view.post.id));
                let is_full = page.len() == size || found.len() == expected.len();
                holds("a page is full where there is enough", is_full)?;
            }
            same_list("posts", &found, &expected)?;
        }
    }
    Ok(())
}
