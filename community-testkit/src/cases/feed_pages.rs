//! G7: pages of feeds are ordered by `(key, id)` and full, also at ties, at the ends and while the
//! feed changes.

use std::collections::BTreeSet;
use std::time::Duration;

use community_core::change::{Counter, Op};
use community_core::query::{FeedRequest, Position};
use community_core::{Rev, Scope, Sort, State, Topic, TopicId};
use uuid::Uuid;

use crate::check::{Outcome, equal, holds, some};
use crate::expected::{self, is_behind};
use crate::fixture::{Draft, Home, changed, slug, topic_state};
use crate::meadow::selection;
use crate::snapshot::feed;
use crate::walk::{self, SIZES};
use crate::world::World;

/// A feed of a home's community.
async fn request(w: &World, home: &Home, sort: Sort, scope: &Scope) -> Outcome<FeedRequest> {
    Ok(feed(vec![selection(w, scope, home.community.id, None).await?], sort, 1))
}

async fn ids(
    w: &World,
    request: &FeedRequest,
    scope: &Scope,
    size: usize,
) -> Outcome<Vec<TopicId>> {
    let walked = walk::feed(&*w.store, request, scope, size).await?;
    Ok(walked.into_iter().map(|(_, card)| card.topic.id).collect())
}

/// So many topics that are alike in everything but their ids.
async fn twins(w: &World, home: &Home, n: usize) -> Outcome<Vec<TopicId>> {
    let at = w.tick();
    let (mut ids, mut ops) = (Vec::new(), Vec::new());
    for _ in 0..n {
        let mut draft = w.new_topic(&home.channel, home.ann.id);
        draft.topic.id = TopicId::from_uuid(w.mint(at));
        draft.opening.topic = draft.topic.id;
        (draft.topic.created_at, draft.topic.bumped_at, draft.opening.created_at) = (at, at, at);
        ids.push(draft.topic.id);
        // Not in the order of their ids.
        ops.splice(0..0, draft.ops());
    }
    w.apply(ops).await?;
    Ok(ids)
}

pub(crate) async fn ties_are_broken_by_id(w: World) -> Outcome {
    let home = w.home().await?;
    let mut expected = twins(&w, &home, 23).await?;
    expected.sort();
    let scope = w.system().await?;
    for sort in [Sort::Oldest, Sort::New, Sort::Active, Sort::Hot, Sort::Top, Sort::Views] {
        if sort == Sort::New {
            expected.reverse();
        }
        let request = request(&w, &home, sort, &scope).await?;
        for size in SIZES {
            equal(sort.as_str(), ids(&w, &request, &scope, size).await?, expected.clone())?;
        }
    }
    Ok(())
}

pub(crate) async fn scores_below_zero_come_last(w: World) -> Outcome {
    let home = w.home().await?;
    let mut expected = Vec::new();
    for (ups, downs) in [(9, 0), (5, 2), (0, 0), (1, 3), (0, 400)] {
        let draft = w.question(&home).await?;
        let id = draft.topic.id;
        w.apply([Op::Bump(Counter::TopicUps(id), ups), Op::Bump(Counter::TopicDowns(id), downs)])
            .await?;
        expected.push(id);
    }
    let scope = w.system().await?;
    for sort in [Sort::Top, Sort::Hot] {
        let request = request(&w, &home, sort, &scope).await?;
        equal(sort.as_str(), ids(&w, &request, &scope, 2).await?, expected.clone())?;
    }
    Ok(())
}

pub(crate) async fn a_page_begins_behind_any_place(w: World) -> Outcome {
    let meadow = w.meadow().await?;
    let scope = w.system().await?;
    let garden = selection(&w, &scope, meadow.garden.id, None).await?;
    let topics = w.all_topics().await?;
    for sort in Sort::ALL {
        let request = FeedRequest { limit: 500, ..feed(vec![garden.clone()], sort, 1) };
        let all = expected::feed(&request, &scope, &topics);
        let known = all.iter().step_by(19).copied();
        // Places at which no topic stands, among them the ends of everything.
        let middle = all.get(all.len() / 2).map_or(0, |place| place.key);
        let ids = [Uuid::nil(), Uuid::max()];
        let foreign = [i64::MIN, -1, 0, 1, middle, middle + 1, i64::MAX]
            .into_iter()
            .flat_map(|key| ids.map(|id| Position { key, id }));
        for after in known.chain(foreign) {
            let request = FeedRequest { after: Some(after), ..request.clone() };
            let page = w.store.feed(&request, &scope).await?;
            let read: Vec<_> = page.items.into_iter().map(|(place, _)| place).collect();
            let mut behind = all.clone();
            behind.retain(|place| is_behind(sort, *place, after));
            equal(sort.as_str(), read, behind)?;
        }
    }
    Ok(())
}

pub(crate) async fn more_is_said_exactly_when_there_is_more(w: World) -> Outcome {
    let home = w.home().await?;
    twins(&w, &home, 7).await?;
    let scope = w.system().await?;
    for sort in Sort::ALL {
        let request = request(&w, &home, sort, &scope).await?;
        for (limit, more) in [(6, true), (7, false), (8, false), (1_000, false)] {
            let page = w.store.feed(&FeedRequest { limit, ..request.clone() }, &scope).await?;
            equal("more", (page.items.len(), page.more), (limit.min(7), more))?;
        }
    }
    Ok(())
}

pub(crate) async fn an_empty_community_has_an_empty_page(w: World) -> Outcome {
    let home = w.home().await?;
    let scope = w.system().await?;
    for sort in Sort::ALL {
        let page = w.store.feed(&request(&w, &home, sort, &scope).await?, &scope).await?;
        equal("the page", (page.items.len(), page.more), (0, false))?;
    }
    Ok(())
}

/// Writes 300 topics of which a viewer may see three, far from each other.
async fn mostly_hidden(w: &World, hide: impl Fn(&mut Draft)) -> Outcome<(Home, Vec<TopicId>)> {
    let home = w.home().await?;
    let (mut ops, mut shown) = (Vec::new(), Vec::new());
    for i in 0..300 {
        let mut draft = w.new_topic(&home.channel, home.ann.id);
        if matches!(i, 20 | 150 | 280) {
            shown.push(draft.topic.id);
        } else {
            hide(&mut draft);
        }
        ops.extend(draft.ops());
    }
    w.apply(ops).await?;
    shown.reverse();
    Ok((home, shown))
}

/// Expects full pages of two, whatever lies between them.
async fn full_pages(w: &World, request: &FeedRequest, scope: &Scope, shown: &[TopicId]) -> Outcome {
    let page = w.store.feed(&FeedRequest { limit: 2, ..request.clone() }, scope).await?;
    equal("the first page", (page.items.len(), page.more), (2, true))?;
    for sort in [Sort::New, Sort::Active, Sort::Hot] {
        let request = FeedRequest { sort, ..request.clone() };
        equal(sort.as_str(), ids(w, &request, scope, 2).await?, shown.to_vec())?;
    }
    Ok(())
}

pub(crate) async fn pages_are_full_however_many_topics_are_removed(w: World) -> Outcome {
    let remove = |draft: &mut Draft| draft.topic.state = State::Removed;
    let (home, shown) = mostly_hidden(&w, remove).await?;
    let scope = w.anonymous().await?;
    let request = request(&w, &home, Sort::New, &scope).await?;
    full_pages(&w, &request, &scope, &shown).await
}

pub(crate) async fn pages_are_full_however_many_topics_are_of_others(w: World) -> Outcome {
    let home = w.home().await?;
    let mut desk = w.new_channel(&home.community, "desk");
    desk.policy = community_core::Policy::own_topics_only();
    w.apply([Op::PutChannel(Box::new(desk.clone()))]).await?;
    let (mut ops, mut shown) = (Vec::new(), Vec::new());
    for i in 0..300 {
        let bobs = matches!(i, 20 | 150 | 280);
        let author = if bobs { &home.bob } else { &home.ann };
        let draft = w.new_topic(&desk, author.id);
        shown.extend(bobs.then_some(draft.topic.id));
        ops.extend(draft.ops());
    }
    w.apply(ops).await?;
    shown.reverse();
    let scope = w.scope_of(home.bob.id).await?;
    let request = request(&w, &home, Sort::New, &scope).await?;
    full_pages(&w, &request, &scope, &shown).await
}

pub(crate) async fn pages_are_full_however_few_topics_have_the_labels(w: World) -> Outcome {
    let other = |draft: &mut Draft| draft.topic.labels = vec![slug("soil")];
    let (home, shown) = mostly_hidden(&w, other).await?;
    w.labels(&home.community, &["soil"]).await?;
    let scope = w.anonymous().await?;
    let soil = community_core::LabelExpr::Has(slug("soil"));
    let labels = Some(community_core::LabelExpr::Not(Box::new(soil)));
    let request = FeedRequest { labels, ..request(&w, &home, Sort::New, &scope).await? };
    full_pages(&w, &request, &scope, &shown).await
}

pub(crate) async fn pages_are_full_however_few_topics_are_of_a_kind_or_author(w: World) -> Outcome {
    let bob = w.new_member("user:other");
    w.apply([Op::PutMember(Box::new(bob.clone()))]).await?;
    let others = |draft: &mut Draft| {
        draft.topic.kind = slug("discussion");
        draft.topic.author = bob.id;
        draft.opening.author = bob.id;
    };
    let (home, shown) = mostly_hidden(&w, others).await?;
    let scope = w.anonymous().await?;
    let all = request(&w, &home, Sort::New, &scope).await?;
    let kind = FeedRequest { kind: Some(slug("question")), ..all.clone() };
    full_pages(&w, &kind, &scope, &shown).await?;
    let author = FeedRequest { author: Some(home.ann.id), ..all };
    full_pages(&w, &author, &scope, &shown).await
}

pub(crate) async fn what_was_there_throughout_a_walk_is_seen_once(w: World) -> Outcome {
    let home = w.home().await?;
    let stays: BTreeSet<_> = twins(&w, &home, 20).await?.into_iter().collect();
    let goes = twins(&w, &home, 20).await?;
    let scope = w.system().await?;
    let mut request = FeedRequest { limit: 3, ..request(&w, &home, Sort::New, &scope).await? };
    let mut seen = Vec::new();
    let mut gone = goes.iter();
    loop {
        let page = w.store.feed(&request, &scope).await?;
        seen.extend(page.items.iter().map(|(place, _)| TopicId::from_uuid(place.id)));
        if !page.more {
            break;
        }
        request.after = page.items.last().map(|(place, _)| *place);
        // Between the pages one topic comes, one goes, and all others are busy.
        w.question(&home).await?;
        if let Some(id) = gone.next() {
            w.apply(topic_state(&w.topic(*id).await?, State::Removed)).await?;
        }
        let busy = stays
            .iter()
            .flat_map(|id| [Op::Bump(Counter::TopicUps(*id), 1), Op::RaiseActive(*id, w.now())]);
        w.apply(busy).await?;
    }
    let once: BTreeSet<_> = seen.iter().copied().collect();
    equal("nothing is seen twice", once.len(), seen.len())?;
    holds("everything that stayed is seen", stays.is_subset(&once))
}

/// A topic with labels, and every feed that it should or should not stand in.
async fn stands_in(w: &World, home: &Home, topic: &Topic, yes: bool) -> Outcome {
    let scope = w.system().await?;
    let whole = request(w, home, Sort::New, &scope).await?;
    let mut channel = whole.clone();
    for selection in &mut channel.selection {
        (selection.read, selection.whole) = (vec![topic.channel], false);
    }
    let mut feeds = vec![
        FeedRequest { kind: Some(topic.kind.clone()), ..whole.clone() },
        FeedRequest { author: Some(topic.author), ..whole.clone() },
    ];
    for label in &topic.labels {
        let labels = Some(community_core::LabelExpr::Has(label.clone()));
        feeds.push(FeedRequest { labels: labels.clone(), ..whole.clone() });
        feeds.push(FeedRequest { labels, ..channel.clone() });
    }
    feeds.extend([whole, channel]);
    for request in feeds {
        for sort in Sort::ALL {
            let request = FeedRequest { sort, ..request.clone() };
            let found = ids(w, &request, &scope, 50).await?.contains(&topic.id);
            equal("whether it stands there", (found, sort, &request), (yes, sort, &request))?;
        }
    }
    Ok(())
}

/// A question with two labels, among others.
async fn labelled(w: &World) -> Outcome<(Home, Topic)> {
    let home = w.home().await?;
    w.labels(&home.community, &["pests", "soil", "tools"]).await?;
    w.question(&home).await?;
    let draft = w.new_topic(&home.channel, home.ann.id).labelled(&["pests", "soil"]);
    w.apply(draft.ops()).await?;
    stands_in(w, &home, &draft.topic, true).await?;
    Ok((home, draft.topic))
}

pub(crate) async fn a_topic_that_is_hidden_stands_in_no_listing(w: World) -> Outcome {
    let (home, mut topic) = labelled(&w).await?;
    for state in [State::Removed, State::Withdrawn, State::Published, State::Withdrawn] {
        let before = w.topic(topic.id).await?;
        topic = Topic { state, rev: before.rev.next(), ..before.clone() };
        w.apply(changed(&before, &topic)).await?;
        stands_in(&w, &home, &topic, state == State::Published).await?;
    }
    Ok(())
}

pub(crate) async fn a_topic_that_moves_stands_in_its_new_channel_only(w: World) -> Outcome {
    let (home, topic) = labelled(&w).await?;
    let fruit = w.channel(&home.community, "fruit").await?;
    let moved = Topic { channel: fruit.id, rev: Rev(2), gate: 1, ..topic.clone() };
    w.apply(changed(&topic, &moved)).await?;
    stands_in(&w, &home, &moved, true).await?;
    let scope = w.system().await?;
    for labels in [None, Some(community_core::LabelExpr::Has(slug("soil")))] {
        let old = selection(&w, &scope, home.community.id, Some(&[home.channel.id])).await?;
        let request = FeedRequest { labels, ..feed(vec![old], Sort::New, 1) };
        let found = ids(&w, &request, &scope, 50).await?;
        holds("it left the old one", !found.contains(&topic.id))?;
    }
    let mut counts = w.store.channel_topics(home.community.id, &scope).await?;
    counts.sort();
    equal("counts", counts, vec![(home.channel.id, 1), (fruit.id, 1)])
}

pub(crate) async fn a_topic_that_is_relabelled_stands_with_its_new_labels_only(
    w: World,
) -> Outcome {
    let (home, topic) = labelled(&w).await?;
    let labels = vec![slug("soil"), slug("tools")];
    let relabelled = Topic { labels, rev: Rev(2), ..topic.clone() };
    w.apply(changed(&topic, &relabelled)).await?;
    stands_in(&w, &home, &relabelled, true).await?;
    let scope = w.system().await?;
    let labels = Some(community_core::LabelExpr::Has(slug("pests")));
    let request = FeedRequest { labels, ..request(&w, &home, Sort::New, &scope).await? };
    equal("with the old one", ids(&w, &request, &scope, 50).await?, vec![])
}

pub(crate) async fn a_topic_that_changes_its_kind_or_author_stands_with_the_new_one(
    w: World,
) -> Outcome {
    let (home, topic) = labelled(&w).await?;
    let other = Topic { kind: slug("survey"), author: home.bob.id, rev: Rev(2), ..topic.clone() };
    w.apply(changed(&topic, &other)).await?;
    stands_in(&w, &home, &other, true).await?;
    let scope = w.system().await?;
    let all = request(&w, &home, Sort::New, &scope).await?;
    for old in [
        FeedRequest { kind: Some(topic.kind), ..all.clone() },
        FeedRequest { author: Some(topic.author), ..all },
    ] {
        let found = ids(&w, &old, &scope, 50).await?;
        holds("not with the old one", !found.contains(&topic.id) && found.len() == 1)?;
    }
    Ok(())
}

pub(crate) async fn a_topic_that_was_written_with_another_creation_time_is_sorted_by_it(
    w: World,
) -> Outcome {
    let home = w.home().await?;
    let (old, new) = (w.question(&home).await?.topic, w.question(&home).await?.topic);
    let at = old.created_at - Duration::from_secs(86_400);
    let earlier = Topic { created_at: at, rev: Rev(2), ..new.clone() };
    w.apply(changed(&new, &earlier)).await?;
    for sort in [Sort::New, Sort::Hot, Sort::Unanswered, Sort::Unsolved] {
        let listed = w.listed(&home.community, sort).await?;
        equal(sort.as_str(), listed, vec![old.id, new.id])?;
    }
    let listed = w.listed(&home.community, Sort::Oldest).await?;
    equal("oldest", some("the first", listed.first().copied())?, new.id)
}

pub(crate) async fn many_topics_are_walked_whole(w: World) -> Outcome {
    let home = w.home().await?;
    let mut ops = Vec::new();
    for i in 0..1_200i64 {
        let draft = w.new_topic(&home.channel, home.ann.id);
        ops.push(Op::Bump(Counter::TopicUps(draft.topic.id), i % 3));
        // Counters of a topic follow it.
        let at = ops.len() - 1;
        ops.splice(at..at, draft.ops());
    }
    w.apply(ops).await?;
    let scope = w.anonymous().await?;
    let topics = w.all_topics().await?;
    equal("topics", topics.len(), 1_200)?;
    for sort in [Sort::New, Sort::Top, Sort::Oldest] {
        let request = request(&w, &home, sort, &scope).await?;
        let walked = walk::feed(&*w.store, &request, &scope, 100).await?;
        let places: Vec<_> = walked.into_iter().map(|(place, _)| place).collect();
        equal(sort.as_str(), places, expected::feed(&request, &scope, &topics))?;
    }
    Ok(())
}
