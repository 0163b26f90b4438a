//! G3: positions in the log rise in commit order, without a gap.

use std::time::Duration;

use community_core::change::{ChangeSet, Event, EventKind, NewEvent, Op};
use community_core::{ChannelId, PostId, Seq, State, SuggestionStep, TopicId, VisitId};

use crate::check::{Failure, Outcome, equal, holds};
use crate::fixture::slug;
use crate::snapshot::checkpoint;
use crate::world::World;

/// A change set of so many events, told apart by their revision numbers.
fn events(w: &World, numbers: impl IntoIterator<Item = u32>) -> ChangeSet {
    let event = |revision| w.new_event(EventKind::PostEdited { revision });
    ChangeSet { events: numbers.into_iter().map(event).collect(), ..ChangeSet::default() }
}

fn numbers(events: &[Event]) -> Vec<u32> {
    let number = |event: &Event| match event.event.kind {
        EventKind::PostEdited { revision } => Some(revision),
        _ => None,
    };
    events.iter().filter_map(number).collect()
}

pub(crate) async fn an_empty_log_ends_at_zero(w: World) -> Outcome {
    equal("the head", w.store.head().await?, Seq(0))?;
    equal("events", w.store.events_after(Seq(0), 10).await?, vec![])
}

pub(crate) async fn positions_rise_by_one(w: World) -> Outcome {
    for size in [1, 3, 2] {
        w.store.commit(events(&w, 0..size)).await?;
    }
    let seqs: Vec<_> = w.store.events_after(Seq(0), 50).await?.iter().map(|e| e.seq.0).collect();
    equal("positions", seqs, vec![1, 2, 3, 4, 5, 6])?;
    equal("the head", w.store.head().await?, Seq(6))
}

pub(crate) async fn events_of_a_change_set_stand_together_in_their_order(w: World) -> Outcome {
    w.store.commit(events(&w, [7, 3, 9])).await?;
    w.store.commit(events(&w, [1, 8])).await?;
    let all = w.store.events_after(Seq(0), 50).await?;
    equal("events", numbers(&all), vec![7, 3, 9, 1, 8])
}

pub(crate) async fn a_receipt_names_the_last_position_taken(w: World) -> Outcome {
    equal("of one", w.store.commit(events(&w, [1])).await?.seq, Seq(1))?;
    equal("of three", w.store.commit(events(&w, [2, 3, 4])).await?.seq, Seq(4))
}

pub(crate) async fn a_receipt_without_events_names_the_head(w: World) -> Outcome {
    let op = || Op::PutMember(Box::new(w.new_member(&format!("user:{}", w.now()))));
    equal("on an empty log", w.apply([op()]).await?.seq, Seq(0))?;
    w.store.commit(events(&w, [1, 2])).await?;
    equal("behind two events", w.apply([op()]).await?.seq, Seq(2))
}

pub(crate) async fn the_log_is_read_page_by_page(w: World) -> Outcome {
    for part in 0..10 {
        w.store.commit(events(&w, part * 5..part * 5 + 5)).await?;
    }
    for size in [1, 2, 7, 50, 51] {
        let (mut all, mut after) = (Vec::new(), Seq(0));
        loop {
            let page = w.store.events_after(after, size).await?;
            holds("a page is not larger than asked for", page.len() <= size)?;
            let Some(last) = page.last() else { break };
            holds("a page is full where there is enough", page.len() == size || last.seq.0 == 50)?;
            after = last.seq;
            all.extend(page);
        }
        equal("events", numbers(&all), (0..50).collect())?;
    }
    Ok(())
}

pub(crate) async fn behind_the_head_there_is_nothing(w: World) -> Outcome {
    w.store.commit(events(&w, [1, 2])).await?;
    for after in [2, 3, 1_000, u64::MAX] {
        equal("events", w.store.events_after(Seq(after), 10).await?, vec![])?;
    }
    Ok(())
}

pub(crate) async fn events_come_back_as_they_were_written(w: World) -> Outcome {
    let home = w.home().await?;
    let topic = TopicId::from_bytes([1; 16]);
    let channel = ChannelId::from_bytes([2; 16]);
    let visit = VisitId::from_bytes([6; 16]);
    let suggested =
        |held_out, step| EventKind::Suggested { visit, source: slug("typing"), held_out, step };
    let kinds = [
        EventKind::CommunityCreated,
        EventKind::CommunityChanged,
        EventKind::ChannelCreated,
        EventKind::ChannelChanged,
        EventKind::LabelChanged { label: slug("c++") },
        EventKind::MemberCreated,
        EventKind::MemberChanged,
        EventKind::MemberErased,
        EventKind::Joined,
        EventKind::Left,
        EventKind::StandingChanged,
        EventKind::TopicStarted { labels: Vec::new() },
        EventKind::TopicStarted { labels: vec![slug("c++"), slug("自転車")] },
        EventKind::TopicEdited { labels: None },
        EventKind::TopicEdited { labels: Some(Vec::new()) },
        EventKind::TopicEdited { labels: Some(vec![slug("c++")]) },
        EventKind::TopicMoved { from: channel },
        EventKind::TopicLocked { locked: true },
        EventKind::TopicLocked { locked: false },
        EventKind::TopicPinned { pinned: true },
        EventKind::StatusChanged { from: slug("open"), to: slug("closed") },
        EventKind::TopicStateChanged { state: State::Withdrawn },
        EventKind::PostWritten,
        EventKind::PostEdited { revision: u32::MAX },
        EventKind::PostStateChanged { state: State::Removed },
        EventKind::PostErased { opening: true },
        EventKind::PostErased { opening: false },
        EventKind::Reacted { from: None, to: Some(slug("up")) },
        EventKind::Reacted { from: Some(slug("up")), to: None },
        EventKind::Accepted { accepted: true },
        EventKind::MadeOfficial { official: false },
        EventKind::Corrected { stands: true },
        EventKind::Linked { to: topic, linked: true },
        EventKind::Shared,
        EventKind::Granted { reason: slug("award"), points: -50 },
        suggested(
            false,
            SuggestionStep::Shown { topics: vec![topic, TopicId::from_bytes([7; 16])] },
        ),
        suggested(true, SuggestionStep::Shown { topics: Vec::new() }),
        suggested(false, SuggestionStep::Opened { topic }),
        suggested(false, SuggestionStep::Rated { topic, helpful: true }),
        suggested(true, SuggestionStep::Abandoned),
        suggested(false, SuggestionStep::Posted { topic }),
    ];
    let bare = kinds.map(|kind| w.new_event(kind));
    let mut written = bare.to_vec();
    // Imported history is older than what stands before it in the log.
    let long_ago = w.now() - Duration::from_secs(400_000_000);
    written.extend(bare.into_iter().map(|event| NewEvent {
        actor: Some(home.ann.id),
        at: long_ago,
        community: Some(home.community.id),
        channel: Some(home.channel.id),
        topic: Some(topic),
        post: Some(PostId::from_bytes([3; 16])),
        member: Some(home.bob.id),
        ..event
    }));
    w.store.commit(ChangeSet { events: written.clone(), ..ChangeSet::default() }).await?;
    let read = w.store.events_after(Seq(0), 100).await?;
    equal("events", read.into_iter().map(|event| event.event).collect(), written)
}

pub(crate) async fn a_refused_change_set_takes_no_position(w: World) -> Outcome {
    w.store.commit(events(&w, [1])).await?;
    let mut refused = events(&w, [2, 3]);
    refused.ops.push(Op::RaiseActive(TopicId::from_bytes([9; 16]), w.now()));
    holds("it is refused", w.store.commit(refused).await.is_err())?;
    equal("the next", w.store.commit(events(&w, [4])).await?.seq, Seq(2))?;
    equal("events", numbers(&w.store.events_after(Seq(0), 9).await?), vec![1, 4])
}

pub(crate) async fn concurrent_commits_take_positions_without_a_gap(w: World) -> Outcome {
    let store = &*w.store;
    let each: Vec<Vec<_>> = (0..4u32)
        .map(|thread| (0..25).map(|i| events(&w, [thread * 100 + i, thread * 100 + i])).collect())
        .collect();
    let taken: Outcome<Vec<Vec<u64>>> = std::thread::scope(|threads| {
        let writers: Vec<_> = each
            .into_iter()
            .map(|all| {
                threads.spawn(move || {
                    let commit = |changes| pollster::block_on(store.commit(changes));
                    all.into_iter().map(|c| Ok(commit(c)?.seq.0)).collect::<Outcome<Vec<_>>>()
                })
            })
            .collect();
        let join = |writer: std::thread::ScopedJoinHandle<'_, _>| {
            writer.join().unwrap_or_else(|_| Err(Failure::new("a commit panicked")))
        };
        writers.into_iter().map(join).collect()
    });
    let taken = taken?;
    holds("receipts rise on each thread", taken.iter().all(|seqs| seqs.is_sorted()))?;
    let mut all: Vec<_> = taken.into_iter().flatten().collect();
    all.sort_unstable();
    // Each change set takes two positions, and its receipt names the second.
    equal("receipts", all, (1..=100).map(|i| i * 2).collect())?;
    let read = w.store.events_after(Seq(0), 500).await?;
    equal("positions", read.iter().map(|e| e.seq.0).collect::<Vec<_>>(), (1..=200).collect())?;
    let numbers = numbers(&read);
    let (pairs, rest) = numbers.as_chunks::<2>();
    holds("no change set stands in another", rest.is_empty() && pairs.iter().all(|[a, b]| a == b))
}

pub(crate) async fn who_has_seen_a_position_never_sees_a_new_event_before_it(w: World) -> Outcome {
    let store = &*w.store;
    let all: Vec<_> = (0..60).map(|i| events(&w, [i])).collect();
    let (ours, theirs) = all.split_at(30);
    let seen: Outcome<Vec<Event>> = std::thread::scope(|threads| {
        let write = |part: &[ChangeSet]| {
            let part = part.to_vec();
            threads.spawn(move || {
                part.into_iter().try_for_each(|changes| {
                    pollster::block_on(store.commit(changes)).map(|_| ()).map_err(Failure::from)
                })
            })
        };
        let writers = [write(ours), write(theirs)];
        let mut seen: Vec<Event> = Vec::new();
        // Follows the log as a projection does: only ever what lies behind what it has seen.
        loop {
            let done = writers.iter().all(|writer| writer.is_finished());
            let after = seen.last().map_or(Seq(0), |event| event.seq);
            let page = pollster::block_on(store.events_after(after, 7))?;
            if page.is_empty() && done {
                break;
            }
            seen.extend(page);
        }
        for writer in writers {
            writer.join().unwrap_or_else(|_| Err(Failure::new("a commit panicked")))?;
        }
        Ok(seen)
    });
    equal("events", seen?, w.store.events_after(Seq(0), 100).await?)
}

pub(crate) async fn a_projection_begins_without_a_checkpoint(w: World) -> Outcome {
    equal("the checkpoint", w.store.checkpoint(&checkpoint()).await?, None)
}

pub(crate) async fn a_checkpoint_moves_with_its_commit(w: World) -> Outcome {
    for seq in [3, 8, 5] {
        w.apply([Op::Checkpoint(checkpoint(), Seq(seq))]).await?;
        equal("the checkpoint", w.store.checkpoint(&checkpoint()).await?, Some(Seq(seq)))?;
    }
    Ok(())
}

pub(crate) async fn projections_have_checkpoints_of_their_own(w: World) -> Outcome {
    let names = [slug("standing"), slug("search"), slug("search-2")];
    for (name, seq) in names.iter().zip([0, 7, 11]) {
        w.apply([Op::Checkpoint(name.clone(), Seq(seq))]).await?;
    }
    for (name, seq) in names.iter().zip([0, 7, 11]) {
        equal("the checkpoint", w.store.checkpoint(name).await?, Some(Seq(seq)))?;
    }
    Ok(())
}
