//! G4: after a commit has returned, every later read sees it, on any handle.

use std::sync::{Arc, mpsc};

use community_core::change::{Counter, EventKind, Op};
use community_core::query::PostOrder;
use community_core::{
    Link, LinkKind, Mark, Pin, PinPlace, PostKind, Rev, Seq, Slot, Slug, Sort, State, Timestamp,
    Topic,
};

use crate::check::{Failure, Outcome, equal, holds, some};
use crate::fixture::{Draft, corrected, key, slug, title};
use crate::snapshot::{checkpoint, feed, snapshot, thread, whole_community};
use crate::world::World;

pub(crate) async fn a_community_is_read_after_it_is_written(w: World) -> Outcome {
    let community = w.new_community("garden");
    w.apply([Op::PutCommunity(Box::new(community.clone()))]).await?;
    let directory = w.store.directory().await?;
    equal("the community", directory.community(community.id).map(|c| &**c), Some(&community))?;
    equal("its revision", directory.rev, w.store.access_rev(None).await?.directory)
}

pub(crate) async fn a_channel_is_read_after_it_is_written(w: World) -> Outcome {
    let home = w.home().await?;
    let channel = w.channel(&home.community, "fruit").await?;
    let directory = w.store.directory().await?;
    let read = directory.channel(channel.id).map(|entry| entry.channel.clone());
    equal("the channel", read, Some(channel))
}

pub(crate) async fn a_label_is_read_after_it_is_written(w: World) -> Outcome {
    let home = w.home().await?;
    w.labels(&home.community, &["leeks"]).await?;
    let directory = w.store.directory().await?;
    let expected = w.new_label(&home.community, "leeks");
    equal("the label", directory.label(home.community.id, &slug("leeks")), Some(&expected))
}

pub(crate) async fn a_member_is_read_after_it_is_written(w: World) -> Outcome {
    let mut member = w.new_member("user:cleo");
    for listed in [true, false] {
        member.listed = listed;
        w.apply([Op::PutMember(Box::new(member.clone()))]).await?;
        let expected = vec![Some(member.clone())];
        equal("by id", w.store.members(&[member.id]).await?, expected.clone())?;
        equal("by key", w.store.members_by_key(&[member.key.clone()]).await?, expected)?;
        equal("of all", w.store.members_by_id(None, 10).await?, vec![member.clone()])?;
    }
    Ok(())
}

pub(crate) async fn a_membership_is_read_after_it_is_written(w: World) -> Outcome {
    let home = w.home().await?;
    let cleo = w.joiner(&home.community, "user:cleo").await?;
    let mut membership = some("one", w.store.memberships(cleo.id).await?.pop())?;
    membership.level = 3;
    w.apply([Op::PutMembership(Box::new(membership.clone()))]).await?;
    equal("the membership", w.store.memberships(cleo.id).await?, vec![membership.clone()])?;
    let rows = w.store.members_of(home.community.id, None, 10).await?;
    let row = some("her row", rows.into_iter().find(|row| row.member.id == cleo.id))?;
    equal("the row", (row.member, row.membership), (cleo, membership))
}

pub(crate) async fn a_topic_is_read_after_it_is_written(w: World) -> Outcome {
    let home = w.home().await?;
    let mut draft = w.new_topic(&home.channel, home.ann.id);
    draft.topic.key = Some(key("question:1"));
    w.apply(draft.ops()).await?;
    let id = draft.topic.id;
    let topic = w.topic(id).await?;
    equal("the topic", topic.clone(), Topic { counters: topic.counters.clone(), ..draft.topic })?;
    let scope = w.system().await?;
    let community = home.community.id;
    let rows = scope.admit_all(w.store.topics_by_id(community, None, 10, &scope).await?);
    equal("rows", rows.iter().map(|row| &row.topic).collect(), vec![&topic])?;
    equal("the author", rows.first().map(|row| &row.author), Some(&(&home.ann).into()))?;
    let found = w.store.lookup(community, &[key("question:1")]).await?;
    equal("by key", found, vec![Some((id, None))])?;
    for sort in Sort::ALL {
        equal("in feeds", w.listed(&home.community, sort).await?, vec![id])?;
    }
    Ok(())
}

pub(crate) async fn a_topic_that_changes_is_read_so(w: World) -> Outcome {
    let home = w.home().await?;
    let draft = w.question(&home).await?;
    for round in 2..50 {
        let changed = Topic {
            title: title(&format!("Edit {round}")),
            rev: Rev(round),
            ..draft.topic.clone()
        };
        w.apply([Op::PutTopic(Box::new(changed.clone()))]).await?;
        equal("the title", w.topic(draft.topic.id).await?.title, changed.title)?;
    }
    Ok(())
}

pub(crate) async fn a_reply_is_read_after_it_is_written(w: World) -> Outcome {
    let home = w.home().await?;
    let draft = w.question(&home).await?;
    let mut reply = w.new_reply(&draft.opening, home.bob.id);
    reply.post.key = Some(key("comment:1"));
    w.apply(reply.ops()).await?;
    let (topic, id) = (draft.topic.id, reply.post.id);
    let view = w.post(id).await?;
    equal("the post", (&view.post, &view.body), (&reply.post, &reply.text.body))?;
    equal("its author", view.author, (&home.bob).into())?;
    equal("its place", view.place, draft.topic.place())?;
    let scope = w.system().await?;
    let all = scope.admit_all(w.store.posts_by_id(topic, None, 10, &scope).await?);
    equal("by id", all.iter().map(|v| v.post.id).collect(), vec![draft.opening.id, id])?;
    let above = scope.admit_all(w.store.ancestors(id, &scope).await?);
    equal("above", above.iter().map(|v| v.post.id).collect(), vec![draft.opening.id])?;
    let found = w.store.lookup(home.community.id, &[key("comment:1")]).await?;
    equal("by key", found, vec![Some((topic, Some(id)))])?;
    equal("bumps", w.store.latest_bump(topic, None).await?, Some(reply.post.created_at))?;
    for order in PostOrder::ALL {
        let page = w.store.thread(&thread(topic, draft.opening.id, order, 9), &scope).await?;
        let read = page.items.iter().map(|(position, _)| position.id).collect();
        equal("in the thread", read, vec![draft.opening.id.uuid(), id.uuid()])?;
    }
    Ok(())
}

pub(crate) async fn a_new_text_is_read_after_it_is_written(w: World) -> Outcome {
    let home = w.home().await?;
    let Draft { mut opening, mut text, .. } = w.question(&home).await?;
    opening.revision = 2;
    opening.rev = Rev(2);
    opening.edited_at = Some(w.tick());
    text.number = 2;
    text.body = "Is February too early?".to_owned();
    w.apply([Op::PutRevision(Box::new(text.clone())), Op::PutPost(Box::new(opening.clone()))])
        .await?;
    let view = w.post(opening.id).await?;
    equal("the post", (view.post.revision, view.post.edited_at), (2, opening.edited_at))?;
    equal("the text", view.body, text.body.clone())?;
    let scope = w.system().await?;
    let newer = scope.admit_all(w.store.revisions(opening.id, 1, 10, &scope).await?);
    equal("the revision", newer.iter().map(|r| &r.2).collect(), vec![&text])
}

pub(crate) async fn a_correction_is_read_after_it_is_written(w: World) -> Outcome {
    let home = w.home().await?;
    let draft = w.question(&home).await?;
    let correction = w.new_correction(&draft.opening, home.bob.id);
    w.apply(corrected(&correction)).await?;
    equal("by id", w.store.correction(correction.id).await?, Some(correction.clone()))?;
    let all = vec![correction];
    equal("of the post", w.store.corrections(draft.opening.id).await?, all.clone())?;
    equal("with the post", w.post(draft.opening.id).await?.corrections, all.clone())?;
    let cards = w.cards(&home.community, Sort::New).await?;
    equal("in the feed", cards.first().map(|card| &card.corrections), Some(&all))
}

pub(crate) async fn a_link_is_read_from_both_ends(w: World) -> Outcome {
    let home = w.home().await?;
    let (from, to) = (w.question(&home).await?.topic.id, w.question(&home).await?.topic.id);
    let link = Link { from, to, kind: LinkKind::Duplicate, at: w.now() };
    w.apply([Op::PutLink(link.clone())]).await?;
    equal("from", w.store.links(from, None, 9).await?, vec![link.clone()])?;
    equal("to", w.store.links(to, None, 9).await?, vec![link])?;
    w.apply([Op::DropLink { from, to, kind: LinkKind::Duplicate }]).await?;
    equal("from", w.store.links(from, None, 9).await?, vec![])?;
    equal("to", w.store.links(to, None, 9).await?, vec![])
}

pub(crate) async fn a_reaction_is_read_after_it_is_given_and_not_after_it_is_dropped(
    w: World,
) -> Outcome {
    let home = w.home().await?;
    let draft = w.question(&home).await?;
    for given in ["up", "thanks"] {
        let reaction = w.new_reaction(draft.opening.id, home.bob.id, given);
        let (post, member, slot) = (reaction.post, reaction.member, reaction.slot);
        w.apply([Op::PutReaction(reaction.clone())]).await?;
        let expected = vec![reaction];
        equal("of the post", w.store.reactions(post, slot, None, 9).await?, expected.clone())?;
        equal("of the member", w.store.reactions_of(member, &[post]).await?, expected)?;
        w.apply([Op::DropReaction { post, member, slot }]).await?;
        equal("of the post", w.store.reactions(post, slot, None, 9).await?, vec![])?;
        equal("of the member", w.store.reactions_of(member, &[post]).await?, vec![])?;
    }
    Ok(())
}

pub(crate) async fn every_counter_is_read_where_it_belongs(w: World) -> Outcome {
    let home = w.home().await?;
    let draft = w.question(&home).await?;
    let (id, opening) = (draft.topic.id, draft.opening.id);
    let leeks = slug("leeks");
    w.labels(&home.community, &["leeks"]).await?;
    w.apply([
        Op::Bump(Counter::Members(home.community.id), 1),
        Op::Bump(Counter::TopicUps(id), 2),
        Op::Bump(Counter::TopicDowns(id), 3),
        Op::Bump(Counter::TopicPosts(id), 4),
        Op::Bump(Counter::TopicAnswers(id), 5),
        Op::Bump(Counter::TopicAccepted(id), 6),
        Op::Bump(Counter::Participation(id, home.bob.id), 7),
        Op::Bump(Counter::PostUps(opening), 8),
        Op::Bump(Counter::PostDowns(opening), 9),
        Op::Bump(Counter::PostChildren(opening), 10),
        Op::Bump(Counter::PostCorrections(opening), 11),
        Op::Bump(Counter::Tally(opening, slug("thanks")), 12),
        Op::Bump(Counter::LabelUse(home.community.id, leeks.clone(), home.channel.id), 13),
        Op::Bump(Counter::ChannelTopics(home.channel.id), 14),
        Op::AddViews { topic: id, day: 19_675, views: 15 },
    ])
    .await?;
    equal("members", w.store.member_count(home.community.id).await?, 3)?;
    let topic = w.topic(id).await?.counters;
    equal("ups and downs", (topic.ups, topic.downs), (2, 3))?;
    equal("posts", (topic.posts, topic.answers, topic.accepted), (5, 5, 6))?;
    equal("participants and views", (topic.participants, topic.views), (2, 15))?;
    let view = w.post(opening).await?;
    equal("of the post", (view.post.counters.ups, view.post.counters.downs), (8, 9))?;
    equal("children", (view.post.counters.children, view.post.counters.corrections), (10, 11))?;
    let tallies: Vec<_> = view.tallies.iter().map(|t| (t.key.as_str(), t.count)).collect();
    equal("tallies", tallies, vec![("thanks", 12)])?;
    let scope = w.system().await?;
    let labels: Vec<(Slug, u64)> = w.store.label_use(home.community.id, &scope).await?;
    equal("labels", labels, vec![(leeks, 13)])?;
    let channels = w.store.channel_topics(home.community.id, &scope).await?;
    equal("channels", channels, vec![(home.channel.id, 15)])
}

pub(crate) async fn views_are_read_after_they_are_added(w: World) -> Outcome {
    let home = w.home().await?;
    let (first, second) = (w.question(&home).await?.topic.id, w.question(&home).await?.topic.id);
    w.apply([Op::AddViews { topic: first, day: 19_675, views: 3 }]).await?;
    equal("by day", w.store.views(first).await?, vec![(19_675, 3)])?;
    equal("of the topic", w.topic(first).await?.counters.views, 3)?;
    equal("in the feed", w.listed(&home.community, Sort::Views).await?, vec![first, second])?;
    w.apply([Op::AddViews { topic: second, day: 19_676, views: 4 }]).await?;
    equal("in the feed", w.listed(&home.community, Sort::Views).await?, vec![second, first])
}

pub(crate) async fn activity_is_read_after_it_is_raised_or_set(w: World) -> Outcome {
    let home = w.home().await?;
    let (first, second) = (w.question(&home).await?.topic, w.question(&home).await?.topic);
    equal("before", w.listed(&home.community, Sort::Active).await?, vec![second.id, first.id])?;
    let at = w.tick();
    w.apply([Op::RaiseActive(first.id, at)]).await?;
    equal("the topic", w.topic(first.id).await?.counters.active_at, at)?;
    equal("raised", w.listed(&home.community, Sort::Active).await?, vec![first.id, second.id])?;
    w.apply([Op::SetActive(first.id, first.created_at)]).await?;
    equal("the topic", w.topic(first.id).await?.counters.active_at, first.created_at)?;
    equal("set back", w.listed(&home.community, Sort::Active).await?, vec![second.id, first.id])
}

pub(crate) async fn an_event_and_a_checkpoint_are_read_after_they_are_written(w: World) -> Outcome {
    for round in 1..5 {
        let mut changes = crate::fixture::writing([Op::Checkpoint(checkpoint(), Seq(round))]);
        changes.events.push(w.new_event(EventKind::MemberChanged));
        let receipt = w.store.commit(changes).await?;
        equal("the head", w.store.head().await?, receipt.seq)?;
        equal("the checkpoint", w.store.checkpoint(&checkpoint()).await?, Some(Seq(round)))?;
        let last = w.store.events_after(Seq(round - 1), 9).await?;
        equal("the event", last.iter().map(|e| e.seq).collect(), vec![receipt.seq])?;
    }
    Ok(())
}

pub(crate) async fn a_pin_is_read_until_it_is_taken_off(w: World) -> Outcome {
    let home = w.home().await?;
    let topic = w.question(&home).await?.topic;
    let pin = Pin {
        place: PinPlace::Channel,
        position: 0,
        audience: community_core::Audience::Everyone,
        since: w.now(),
        until: None,
    };
    for pin in [Some(pin), None] {
        let changed = Topic { pin: pin.clone(), ..topic.clone() };
        w.apply([Op::PutTopic(Box::new(changed))]).await?;
        let scope = w.system().await?;
        let pinned = scope.admit_all(w.store.pinned(home.community.id, &scope).await?);
        let found = pinned.first().and_then(|card| card.topic.pin.clone());
        equal("the pin", found, pin)?;
    }
    Ok(())
}

pub(crate) async fn a_mark_is_read_after_it_is_made(w: World) -> Outcome {
    let home = w.home().await?;
    let draft = w.question(&home).await?;
    let mut answer = w.answer(&draft, &home.bob).await?;
    let mark = |by, at: Timestamp| Some(Mark { by, at, reason: Some("It worked.".to_owned()) });
    answer.accepted = mark(Some(home.ann.id), w.tick());
    answer.official = mark(None, w.tick());
    w.apply([Op::PutPost(Box::new(answer.clone()))]).await?;
    let post = w.post(answer.id).await?.post;
    equal("marks", (post.accepted, post.official), (answer.accepted, answer.official))?;
    equal("the kind", post.kind, PostKind::Answer)
}

pub(crate) async fn a_name_that_changes_is_read_with_everything_its_member_wrote(
    w: World,
) -> Outcome {
    let home = w.home().await?;
    let draft = w.question(&home).await?;
    let mut ann = home.ann.clone();
    ann.name = crate::fixture::name("Ann Onymous");
    ann.key = key("user:7");
    w.apply([Op::PutMember(Box::new(ann.clone()))]).await?;
    let author = community_core::Author::from(&ann);
    equal("of the post", w.post(draft.opening.id).await?.author, author.clone())?;
    let scope = w.system().await?;
    let rows = w.store.topics(&[draft.topic.id], &scope).await?;
    let rows = scope.admit_all(rows.into_iter().flatten());
    equal("of the topic", rows.first().map(|row| &row.author), Some(&author))?;
    let whole = whole_community(&*w.store, home.community.id).await?;
    let page = w.store.feed(&feed(vec![whole], Sort::New, 9), &scope).await?;
    let cards = scope.admit_all(page.items.into_iter().map(|(_, card)| card));
    equal("in the feed", cards.first().map(|card| &card.author), Some(&author))
}

pub(crate) async fn what_one_thread_has_committed_another_reads(w: World) -> Outcome {
    let home = w.home().await?;
    let draft = w.question(&home).await?;
    let post = draft.opening.id;
    let scope = w.system().await?;
    let (writer, reader) = (Arc::clone(&w.store), Arc::clone(&w.store));
    let (tell, told) = mpsc::channel();
    std::thread::scope(|threads| {
        let writing = threads.spawn(move || -> Outcome {
            for round in 1..=100i64 {
                let bump = crate::fixture::writing([Op::Bump(Counter::PostUps(post), 1)]);
                pollster::block_on(writer.commit(bump))?;
                if tell.send(round).is_err() {
                    break;
                }
            }
            Ok(())
        });
        for round in told {
            let views = pollster::block_on(reader.posts(&[post], &scope))?;
            let views = scope.admit_all(views.into_iter().flatten());
            let ups = views.first().map_or(0, |view| view.post.counters.ups);
            holds("a read sees every commit that has returned", ups >= round)?;
        }
        writing.join().unwrap_or_else(|_| Err(Failure::new("a commit panicked")))
    })
}

pub(crate) async fn reading_changes_nothing(w: World) -> Outcome {
    let home = w.home().await?;
    let draft = w.question(&home).await?;
    let reply = w.reply(&draft.opening, &home.bob).await?;
    w.apply(crate::fixture::hidden(&w.post(reply.id).await?.post, State::Removed)).await?;
    w.apply([Op::PutReaction(w.new_reaction(draft.opening.id, home.bob.id, "up"))]).await?;
    let first = snapshot(&*w.store).await?;
    w.store.reactions(draft.opening.id, Slot::Vote, None, 9).await?;
    equal("everything", snapshot(&*w.store).await?, first)
}
