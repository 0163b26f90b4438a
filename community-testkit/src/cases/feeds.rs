//! G7: every feed, in every order and at every page size, is the sorted list of what belongs to it.

use std::time::Duration;

use community_core::query::{FeedRequest, Selection};
use community_core::{Channel, LabelExpr, Scope, Slug, Sort, TopicId};

use crate::check::{Outcome, equal, holds, same_list};
use crate::expected;
use crate::fixture::slug;
use crate::meadow::{Meadow, selection};
use crate::snapshot::feed;
use crate::walk::{self, SIZES};
use crate::world::World;

/// A feed without an order yet.
fn from(selection: Vec<Selection>) -> FeedRequest {
    feed(selection, Sort::New, 1)
}

/// Walks a feed in every order, and compares it with the brute-force list. Each walk goes by pages
/// of two sizes, and who walks for several viewers or conditions comes by all sizes in every order.
/// Returns how many topics the longest walk had.
async fn walked(w: &World, request: &FeedRequest, scope: &Scope, round: usize) -> Outcome<usize> {
    let topics = w.all_topics().await?;
    let mut most = 0;
    for (i, sort) in Sort::ALL.into_iter().enumerate() {
        let request = FeedRequest { sort, ..request.clone() };
        let expected = expected::feed(&request, scope, &topics);
        most = most.max(expected.len());
        let sizes = SIZES.into_iter().cycle().skip(round + i).step_by(2).take(2);
        for size in sizes {
            let walked = walk::feed(&*w.store, &request, scope, size).await?;
            let places: Vec<_> = walked.into_iter().map(|(place, _)| place).collect();
            let viewer = scope.viewer();
            let what = format!("`{sort}` by pages of {size} for {viewer:?} {request:?}");
            same_list(&what, &places, &expected)?;
        }
    }
    Ok(most)
}

/// What a case narrows a feed by.
type Narrow<'a> = &'a (dyn Fn(FeedRequest) -> FeedRequest + Sync);

/// Walks a feed of `garden` for every viewer. One of them at least has to see that many topics.
async fn of_garden(
    w: &World,
    meadow: &Meadow,
    only: Option<&[&Channel]>,
    narrow: Narrow<'_>,
    least: usize,
) -> Outcome {
    let only: Option<Vec<_>> = only.map(|channels| channels.iter().map(|c| c.id).collect());
    let mut most = 0;
    for (round, scope) in meadow.readers(w).await?.into_iter().enumerate() {
        let garden = selection(w, &scope, meadow.garden.id, only.as_deref()).await?;
        most = most.max(walked(w, &narrow(from(vec![garden])), &scope, round).await?);
    }
    holds("somebody sees enough for the case to mean something", most >= least)
}

fn has(label: &str) -> LabelExpr {
    LabelExpr::Has(slug(label))
}

fn not(label: &str) -> LabelExpr {
    LabelExpr::Not(Box::new(has(label)))
}

fn labelled(labels: LabelExpr) -> impl Fn(FeedRequest) -> FeedRequest + Sync {
    move |request| FeedRequest { labels: Some(labels.clone()), ..request }
}

fn of_kind(kind: Slug) -> impl Fn(FeedRequest) -> FeedRequest + Sync {
    move |request| FeedRequest { kind: Some(kind.clone()), ..request }
}

pub(crate) async fn a_community_is_listed(w: World) -> Outcome {
    let meadow = w.meadow().await?;
    of_garden(&w, &meadow, None, &|request| request, 60).await
}

pub(crate) async fn a_channel_is_listed(w: World) -> Outcome {
    let meadow = w.meadow().await?;
    of_garden(&w, &meadow, Some(&[&meadow.vegetables]), &|request| request, 12).await
}

pub(crate) async fn a_channel_with_those_below_it_is_listed(w: World) -> Outcome {
    let meadow = w.meadow().await?;
    let channels = [&meadow.fruit, &meadow.pears];
    of_garden(&w, &meadow, Some(&channels), &|request| request, 20).await
}

pub(crate) async fn several_channels_are_listed_together(w: World) -> Outcome {
    let meadow = w.meadow().await?;
    let channels = [&meadow.pears, &meadow.vegetables, &meadow.office];
    of_garden(&w, &meadow, Some(&channels), &|request| request, 20).await
}

pub(crate) async fn a_channel_of_own_topics_lists_own_topics(w: World) -> Outcome {
    let meadow = w.meadow().await?;
    of_garden(&w, &meadow, Some(&[&meadow.desk]), &|request| request, 12).await
}

pub(crate) async fn own_topics_stand_among_all_others(w: World) -> Outcome {
    let meadow = w.meadow().await?;
    let channels = [&meadow.desk, &meadow.fruit];
    of_garden(&w, &meadow, Some(&channels), &|request| request, 20).await
}

pub(crate) async fn a_label_is_listed(w: World) -> Outcome {
    let meadow = w.meadow().await?;
    of_garden(&w, &meadow, None, &labelled(has("pests")), 30).await
}

pub(crate) async fn two_labels_together_are_listed(w: World) -> Outcome {
    let meadow = w.meadow().await?;
    let both = LabelExpr::All(vec![has("pests"), has("soil")]);
    of_garden(&w, &meadow, None, &labelled(both), 8).await
}

pub(crate) async fn one_of_two_labels_is_listed(w: World) -> Outcome {
    let meadow = w.meadow().await?;
    let either = LabelExpr::Any(vec![has("soil"), has("pests")]);
    of_garden(&w, &meadow, None, &labelled(either), 40).await
}

pub(crate) async fn topics_without_a_label_are_listed(w: World) -> Outcome {
    let meadow = w.meadow().await?;
    of_garden(&w, &meadow, None, &labelled(not("pests")), 30).await
}

pub(crate) async fn a_nested_expression_of_labels_is_listed(w: World) -> Outcome {
    let meadow = w.meadow().await?;
    let nested = LabelExpr::Any(vec![
        LabelExpr::All(vec![has("pests"), not("soil")]),
        LabelExpr::All(vec![has("soil"), LabelExpr::Not(Box::new(has("pests")))]),
    ]);
    of_garden(&w, &meadow, None, &labelled(nested), 25).await?;
    let twice = LabelExpr::Not(Box::new(not("soil")));
    of_garden(&w, &meadow, None, &labelled(twice), 15).await
}

pub(crate) async fn empty_expressions_are_everything_and_nothing(w: World) -> Outcome {
    let meadow = w.meadow().await?;
    of_garden(&w, &meadow, None, &labelled(LabelExpr::All(vec![])), 60).await?;
    of_garden(&w, &meadow, None, &labelled(LabelExpr::Any(vec![])), 0).await?;
    of_garden(&w, &meadow, None, &labelled(has("unheard-of")), 0).await?;
    of_garden(&w, &meadow, None, &labelled(not("unheard-of")), 60).await
}

pub(crate) async fn a_label_that_only_some_see_is_listed_for_them(w: World) -> Outcome {
    let meadow = w.meadow().await?;
    of_garden(&w, &meadow, None, &labelled(has("internal")), 8).await?;
    of_garden(&w, &meadow, None, &labelled(not("internal")), 40).await?;
    let either = LabelExpr::Any(vec![has("internal"), has("soil")]);
    of_garden(&w, &meadow, None, &labelled(either), 25).await
}

pub(crate) async fn a_label_in_a_channel_is_listed(w: World) -> Outcome {
    let meadow = w.meadow().await?;
    let channels = [&meadow.vegetables];
    of_garden(&w, &meadow, Some(&channels), &labelled(has("soil")), 4).await
}

pub(crate) async fn a_label_in_several_channels_is_listed(w: World) -> Outcome {
    let meadow = w.meadow().await?;
    let channels = [&meadow.vegetables, &meadow.desk, &meadow.pears];
    of_garden(&w, &meadow, Some(&channels), &labelled(has("pests")), 15).await
}

pub(crate) async fn labels_excluded_in_a_channel_are_not_listed(w: World) -> Outcome {
    let meadow = w.meadow().await?;
    let some = LabelExpr::All(vec![not("soil"), not("pests")]);
    of_garden(&w, &meadow, Some(&[&meadow.fruit]), &labelled(some), 4).await
}

pub(crate) async fn a_kind_is_listed(w: World) -> Outcome {
    let meadow = w.meadow().await?;
    for (kind, least) in [("question", 30), ("idea", 15), ("poll", 0)] {
        of_garden(&w, &meadow, None, &of_kind(slug(kind)), least).await?;
    }
    Ok(())
}

pub(crate) async fn a_kind_in_a_channel_is_listed(w: World) -> Outcome {
    let meadow = w.meadow().await?;
    of_garden(&w, &meadow, Some(&[&meadow.vegetables]), &of_kind(slug("question")), 6).await
}

pub(crate) async fn a_kind_with_a_label_is_listed(w: World) -> Outcome {
    let meadow = w.meadow().await?;
    let narrow = |request| FeedRequest {
        labels: Some(has("soil")),
        kind: Some(slug("discussion")),
        ..request
    };
    of_garden(&w, &meadow, None, &narrow, 4).await
}

pub(crate) async fn an_author_is_listed(w: World) -> Outcome {
    let meadow = w.meadow().await?;
    for author in [meadow.ann.id, meadow.dirk.id, meadow.eva.id] {
        let least = if author == meadow.eva.id { 0 } else { 10 };
        let narrow = |request| FeedRequest { author: Some(author), ..request };
        of_garden(&w, &meadow, None, &narrow, least).await?;
    }
    Ok(())
}

pub(crate) async fn an_author_in_some_channels_is_listed(w: World) -> Outcome {
    let meadow = w.meadow().await?;
    let author = Some(meadow.ann.id);
    let narrow = |request| FeedRequest { author, ..request };
    let channels = [&meadow.desk, &meadow.vegetables];
    of_garden(&w, &meadow, Some(&channels), &narrow, 8).await?;
    let narrow = |request| FeedRequest { author, labels: Some(has("pests")), ..request };
    of_garden(&w, &meadow, Some(&channels), &narrow, 3).await
}

pub(crate) async fn an_author_is_listed_across_communities(w: World) -> Outcome {
    let meadow = w.meadow().await?;
    for (round, scope) in meadow.readers(&w).await?.into_iter().enumerate() {
        let mut both = Vec::new();
        for community in [meadow.garden.id, meadow.kitchen.id] {
            both.push(selection(&w, &scope, community, None).await?);
        }
        let request = FeedRequest { author: Some(meadow.ann.id), ..from(both) };
        walked(&w, &request, &scope, round).await?;
    }
    Ok(())
}

/// The smallest id of a topic that is at most so old.
fn since(w: &World, age: Duration) -> TopicId {
    TopicId::earliest(w.now() - age)
}

pub(crate) async fn a_window_of_days_is_listed(w: World) -> Outcome {
    let meadow = w.meadow().await?;
    for (hours, least) in [(0, 0), (6, 1), (24, 8), (60, 20), (24 * 30, 60)] {
        let since = since(&w, Duration::from_secs(hours * 3_600 + 600));
        let narrow = |request| FeedRequest { since: Some(since), ..request };
        of_garden(&w, &meadow, None, &narrow, least).await?;
    }
    Ok(())
}

pub(crate) async fn a_window_ends_at_an_id_and_includes_it(w: World) -> Outcome {
    let meadow = w.meadow().await?;
    let scope = w.system().await?;
    let garden = selection(&w, &scope, meadow.garden.id, None).await?;
    let topics = w.all_topics().await?;
    for (round, topic) in topics.iter().step_by(17).enumerate() {
        let request = FeedRequest { since: Some(topic.id), ..from(vec![garden.clone()]) };
        walked(&w, &request, &scope, round).await?;
    }
    Ok(())
}

pub(crate) async fn a_window_of_a_label_a_kind_and_an_author_is_listed(w: World) -> Outcome {
    let meadow = w.meadow().await?;
    let since = Some(since(&w, Duration::from_secs(90 * 3_600)));
    of_garden(&w, &meadow, None, &|r| FeedRequest { since, labels: Some(has("pests")), ..r }, 10)
        .await?;
    of_garden(&w, &meadow, None, &|r| FeedRequest { since, kind: Some(slug("question")), ..r }, 10)
        .await?;
    of_garden(&w, &meadow, None, &|r| FeedRequest { since, author: Some(meadow.ann.id), ..r }, 5)
        .await?;
    let channels = [&meadow.vegetables, &meadow.desk];
    of_garden(&w, &meadow, Some(&channels), &|r| FeedRequest { since, ..r }, 5).await
}

pub(crate) async fn several_communities_are_listed_together(w: World) -> Outcome {
    let meadow = w.meadow().await?;
    for (round, scope) in meadow.readers(&w).await?.into_iter().enumerate() {
        let kitchen = selection(&w, &scope, meadow.kitchen.id, None).await?;
        let garden = selection(&w, &scope, meadow.garden.id, None).await?;
        walked(&w, &from(vec![kitchen.clone(), garden.clone()]), &scope, round).await?;
        let kind = Some(slug("question"));
        walked(&w, &FeedRequest { kind, ..from(vec![garden, kitchen]) }, &scope, round).await?;
    }
    Ok(())
}

pub(crate) async fn parts_of_several_communities_are_listed_together(w: World) -> Outcome {
    let meadow = w.meadow().await?;
    for (round, scope) in meadow.readers(&w).await?.into_iter().enumerate() {
        let kitchen = selection(&w, &scope, meadow.kitchen.id, None).await?;
        let some = [meadow.desk.id, meadow.fruit.id];
        let garden = selection(&w, &scope, meadow.garden.id, Some(&some)).await?;
        let since = Some(since(&w, Duration::from_secs(90 * 3_600)));
        walked(&w, &FeedRequest { since, ..from(vec![garden, kitchen]) }, &scope, round).await?;
    }
    Ok(())
}

pub(crate) async fn nothing_selected_is_nothing_listed(w: World) -> Outcome {
    let meadow = w.meadow().await?;
    let scope = w.system().await?;
    equal("of no community", walked(&w, &from(vec![]), &scope, 0).await?, 0)?;
    let none = selection(&w, &scope, meadow.garden.id, Some(&[])).await?;
    equal("of no channel", walked(&w, &from(vec![none]), &scope, 0).await?, 0)
}

pub(crate) async fn a_selection_wider_than_the_scope_lists_no_more_than_the_scope(
    w: World,
) -> Outcome {
    let meadow = w.meadow().await?;
    let channels: Vec<_> = meadow.of_garden().into_iter().map(|channel| channel.id).collect();
    for (round, scope) in meadow.readers(&w).await?.into_iter().enumerate() {
        let all = |whole| Selection {
            community: meadow.garden.id,
            read: channels.clone(),
            own: vec![],
            whole,
        };
        let office = Selection { read: vec![meadow.office.id], ..all(false) };
        let own = Selection { read: vec![], own: channels.clone(), ..all(false) };
        for selection in [all(true), all(false), office, own] {
            walked(&w, &from(vec![selection]), &scope, round).await?;
        }
    }
    Ok(())
}

pub(crate) async fn cards_show_what_their_topics_are(w: World) -> Outcome {
    let meadow = w.meadow().await?;
    for scope in meadow.readers(&w).await? {
        let garden = selection(&w, &scope, meadow.garden.id, None).await?;
        let listed = walk::feed(&*w.store, &from(vec![garden]), &scope, 7).await?;
        let ids: Vec<_> = listed.iter().map(|(_, card)| card.topic.id).collect();
        let rows = w.store.topics(&ids, &scope).await?;
        let rows = scope.admit_all(rows.into_iter().flatten());
        equal("rows", rows.len(), ids.len())?;
        for (row, (_, card)) in rows.iter().zip(&listed) {
            equal("the topic", &card.topic, &row.topic)?;
            equal("the author", &card.author, &row.author)?;
        }
    }
    Ok(())
}
