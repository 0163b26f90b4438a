//! The revision of rights moves with what rights rest on, and with nothing else; a scope that
//! rests on an older one is refused.

use community_core::change::{Counter, EventKind, Op};
use community_core::query::{FeedRequest, PostOrder};
use community_core::{
    AccessRev, Link, LinkKind, Membership, RoleGrant, Scope, Sort, State, StoreError, Topic,
};

use crate::check::{Failure, Outcome, differ, equal};
use crate::fixture::{Draft, Home, given, hidden, slug, writing};
use crate::snapshot::{checkpoint, feed, thread, whole_community};
use crate::world::World;

/// The revisions of a visitor, of Ann and of Bob.
async fn revs(w: &World, home: &Home) -> Outcome<[AccessRev; 3]> {
    Ok([
        w.store.access_rev(None).await?,
        w.store.access_rev(Some(home.ann.id)).await?,
        w.store.access_rev(Some(home.bob.id)).await?,
    ])
}

/// Applies an operation and expects the directory's part of every revision to move.
async fn moves_all(w: &World, home: &Home, op: Op) -> Outcome {
    let before = revs(w, home).await?;
    w.apply([op]).await?;
    for (before, after) in before.into_iter().zip(revs(w, home).await?) {
        differ("the directory", after.directory, before.directory)?;
        equal("the member", after.member, before.member)?;
    }
    equal(
        "it is the directory's",
        w.store.directory().await?.rev,
        revs(w, home).await?[0].directory,
    )
}

pub(crate) async fn a_community_that_is_written_moves_all_rights(w: World) -> Outcome {
    let home = w.home().await?;
    moves_all(&w, &home, Op::PutCommunity(Box::new(home.community.clone()))).await?;
    moves_all(&w, &home, Op::PutCommunity(Box::new(w.new_community("kitchen")))).await
}

pub(crate) async fn a_channel_that_is_written_moves_all_rights(w: World) -> Outcome {
    let home = w.home().await?;
    moves_all(&w, &home, Op::PutChannel(Box::new(home.channel.clone()))).await?;
    let channel = w.new_channel(&home.community, "fruit");
    moves_all(&w, &home, Op::PutChannel(Box::new(channel))).await
}

pub(crate) async fn a_label_that_is_written_moves_all_rights(w: World) -> Outcome {
    let home = w.home().await?;
    let label = w.new_label(&home.community, "leeks");
    for _ in 0..2 {
        moves_all(&w, &home, Op::PutLabel(Box::new(label.clone()))).await?;
    }
    Ok(())
}

/// Applies an operation about Ann and expects her revision to move, and no other.
async fn moves_ann(w: &World, home: &Home, op: Op) -> Outcome {
    let [visitor, ann, bob] = revs(w, home).await?;
    w.apply([op]).await?;
    let [visitor_after, ann_after, bob_after] = revs(w, home).await?;
    equal("of others", (visitor_after, bob_after), (visitor, bob))?;
    equal("the directory", ann_after.directory, ann.directory)?;
    differ("Ann's", ann_after.member, ann.member)
}

pub(crate) async fn a_member_that_is_written_moves_that_members_rights(w: World) -> Outcome {
    let home = w.home().await?;
    let mut ann = home.ann.clone();
    ann.lists.insert(slug("vendors"));
    moves_ann(&w, &home, Op::PutMember(Box::new(ann))).await
}

pub(crate) async fn a_membership_that_is_written_moves_that_members_rights(w: World) -> Outcome {
    let home = w.home().await?;
    let mut membership = Membership::stranger(home.community.id, home.ann.id);
    moves_ann(&w, &home, Op::PutMembership(Box::new(membership.clone()))).await?;
    membership.roles.push(RoleGrant { role: slug("moderator"), channel: None });
    moves_ann(&w, &home, Op::PutMembership(Box::new(membership))).await
}

pub(crate) async fn a_visitor_has_no_rights_of_a_member(w: World) -> Outcome {
    equal("before", w.store.access_rev(None).await?.member, 0)?;
    w.home().await?;
    equal("after", w.store.access_rev(None).await?.member, 0)
}

pub(crate) async fn a_new_members_rights_differ_from_those_of_nobody(w: World) -> Outcome {
    w.home().await?;
    let cleo = w.new_member("user:cleo");
    let before = w.store.access_rev(Some(cleo.id)).await?;
    w.apply([Op::PutMember(Box::new(cleo.clone()))]).await?;
    differ("the revision", w.store.access_rev(Some(cleo.id)).await?, before)
}

pub(crate) async fn content_moves_no_rights(w: World) -> Outcome {
    let home = w.home().await?;
    let fruit = w.channel(&home.community, "fruit").await?;
    let before = revs(&w, &home).await?;
    let draft = w.question(&home).await?;
    let other = w.question(&home).await?;
    let reply = w.reply(&draft.opening, &home.bob).await?;
    let moved = Topic { channel: fruit.id, state: State::Withdrawn, ..draft.topic.clone() };
    let (from, to) = (draft.topic.id, other.topic.id);
    w.apply([
        Op::PutTopic(Box::new(moved)),
        Op::PutCorrection(Box::new(w.new_correction(&reply, home.ann.id))),
        Op::PutLink(Link { from, to, kind: LinkKind::Related, at: w.now() }),
        Op::Bump(Counter::Members(home.community.id), 1),
        Op::AddViews { topic: from, day: 1, views: 1 },
        Op::SetActive(from, w.now()),
        Op::Checkpoint(checkpoint(), community_core::Seq(1)),
    ])
    .await?;
    w.apply(given(&draft.topic, &w.new_reaction(draft.opening.id, home.bob.id, "up"))).await?;
    w.apply(hidden(&w.post(reply.id).await?.post, State::Removed)).await?;
    let mut events = writing([]);
    events.events.push(w.new_event(EventKind::StandingChanged));
    w.store.commit(events).await?;
    equal("rights", revs(&w, &home).await?, before)
}

pub(crate) async fn a_refused_change_set_moves_no_rights(w: World) -> Outcome {
    let home = w.home().await?;
    let before = revs(&w, &home).await?;
    let refused = writing([
        Op::PutCommunity(Box::new(home.community.clone())),
        Op::PutMember(Box::new(home.ann.clone())),
        Op::Bump(Counter::Members(home.community.id), -99),
    ]);
    match w.store.commit(refused).await {
        Err(_) => equal("rights", revs(&w, &home).await?, before),
        Ok(_) => Err(Failure::new("it was not refused")),
    }
}

/// What every read of content answers to a scope.
async fn answers(
    w: &World,
    home: &Home,
    draft: &Draft,
    scope: &Scope,
) -> Outcome<Vec<(&'static str, Result<(), StoreError>)>> {
    let (topic, post, community) = (draft.topic.id, draft.opening.id, home.community.id);
    let whole = whole_community(&*w.store, community).await?;
    let feed: FeedRequest = feed(vec![whole], Sort::New, 9);
    let thread = thread(topic, post, PostOrder::Best, 9);
    let store = &*w.store;
    Ok(vec![
        ("topics", store.topics(&[topic], scope).await.map(drop)),
        ("posts", store.posts(&[post], scope).await.map(drop)),
        ("feed", store.feed(&feed, scope).await.map(drop)),
        ("pinned", store.pinned(community, scope).await.map(drop)),
        ("thread", store.thread(&thread, scope).await.map(drop)),
        ("ancestors", store.ancestors(post, scope).await.map(drop)),
        ("revisions", store.revisions(post, 0, 9, scope).await.map(drop)),
        ("label_use", store.label_use(community, scope).await.map(drop)),
        ("channel_topics", store.channel_topics(community, scope).await.map(drop)),
        ("topics_by_id", store.topics_by_id(community, None, 9, scope).await.map(drop)),
        ("posts_by_id", store.posts_by_id(topic, None, 9, scope).await.map(drop)),
    ])
}

/// Expects every read to refuse the scope, or none.
async fn refused(w: &World, home: &Home, draft: &Draft, scope: &Scope, stale: bool) -> Outcome {
    for (read, answer) in answers(w, home, draft, scope).await? {
        let right = match answer {
            Ok(()) => !stale,
            Err(StoreError::StaleScope) => stale,
            Err(_) => false,
        };
        if !right {
            return Err(Failure::new(format!("`{read}` to a scope, stale {stale}: {answer:?}")));
        }
    }
    Ok(())
}

pub(crate) async fn a_scope_is_stale_after_the_directory_was_written(w: World) -> Outcome {
    let home = w.home().await?;
    let draft = w.question(&home).await?;
    let ops = [
        Op::PutCommunity(Box::new(home.community.clone())),
        Op::PutChannel(Box::new(home.channel.clone())),
        Op::PutLabel(Box::new(w.new_label(&home.community, "leeks"))),
    ];
    for op in ops {
        let scopes = [w.anonymous().await?, w.scope_of(home.ann.id).await?];
        for scope in &scopes {
            refused(&w, &home, &draft, scope, false).await?;
        }
        w.apply([op]).await?;
        for scope in &scopes {
            refused(&w, &home, &draft, scope, true).await?;
        }
    }
    Ok(())
}

pub(crate) async fn a_scope_is_stale_after_its_member_was_written(w: World) -> Outcome {
    let home = w.home().await?;
    let draft = w.question(&home).await?;
    let ops = [
        Op::PutMember(Box::new(home.ann.clone())),
        Op::PutMembership(Box::new(Membership::stranger(home.community.id, home.ann.id))),
    ];
    for op in ops {
        let (ann, bob) = (w.scope_of(home.ann.id).await?, w.scope_of(home.bob.id).await?);
        let visitor = w.anonymous().await?;
        w.apply([op]).await?;
        refused(&w, &home, &draft, &ann, true).await?;
        refused(&w, &home, &draft, &bob, false).await?;
        refused(&w, &home, &draft, &visitor, false).await?;
    }
    Ok(())
}

pub(crate) async fn a_scope_stays_fresh_while_content_is_written(w: World) -> Outcome {
    let home = w.home().await?;
    let draft = w.question(&home).await?;
    let scope = w.scope_of(home.bob.id).await?;
    w.reply(&draft.opening, &home.bob).await?;
    w.apply(given(&draft.topic, &w.new_reaction(draft.opening.id, home.bob.id, "up"))).await?;
    refused(&w, &home, &draft, &scope, false).await
}

pub(crate) async fn the_scope_of_the_system_is_never_stale(w: World) -> Outcome {
    let home = w.home().await?;
    let draft = w.question(&home).await?;
    let scope = Scope::system(AccessRev::default());
    w.channel(&home.community, "fruit").await?;
    refused(&w, &home, &draft, &scope, false).await
}

pub(crate) async fn a_scope_of_other_rights_is_refused(w: World) -> Outcome {
    let home = w.home().await?;
    let draft = w.question(&home).await?;
    let directory = w.store.directory().await?;
    let now = w.store.access_rev(None).await?;
    for access in [
        AccessRev { directory: now.directory + 1, ..now },
        AccessRev { directory: now.directory.wrapping_sub(1), ..now },
        AccessRev { member: 1, ..now },
    ] {
        let viewer = community_core::Viewer::Anonymous;
        let facts = Default::default();
        let scope = Scope::resolve(viewer, &facts, &directory, w.now(), access);
        refused(&w, &home, &draft, &scope, true).await?;
    }
    Ok(())
}
