//! Feeds: walk along listings, look at what they name, stop when the page is full.
//!
//! First keys, then topics: a listing gives ids in order, each topic is then looked up by its id,
//! in the same snapshot. What a listing cannot tell is tested on the topic.

use community_core::query::{FeedRequest, Position, Sort};
use community_core::store::{Card, FeedPage};
use community_core::{Scope, Slug, State, Topic, Unchecked};

use super::merge::{Direction, Merge};
use super::plan::{Plan, Way};
use super::{Snapshot, topics};
use crate::error::Result;
use crate::scope::admits;

pub(super) fn page(
    snapshot: &Snapshot<'_>,
    request: &FeedRequest,
    scope: &Scope,
) -> Result<FeedPage> {
    let plan = Plan::new(snapshot, request, scope)?;
    let mut page = Filling { snapshot, request, scope, items: Vec::new(), more: false };
    if let Some(at) = page.fill(&plan, Way::Wide, request.after, plan.patience())? {
        page.fill(&plan, Way::Narrow, Some(at), None)?;
    }
    Ok(FeedPage { items: page.items, more: page.more })
}

/// A page on its way.
struct Filling<'a> {
    snapshot: &'a Snapshot<'a>,
    request: &'a FeedRequest,
    scope: &'a Scope,
    items: Vec<(Position, Unchecked<Card>)>,
    more: bool,
}

impl Filling<'_> {
    /// Walks until the page is full and it is known whether there is more, or nothing is left.
    /// Gives up when it has met more entries of other channels than `patience`, and says where.
    fn fill(
        &mut self,
        plan: &Plan<'_>,
        way: Way,
        after: Option<Position>,
        mut patience: Option<usize>,
    ) -> Result<Option<Position>> {
        let Self { snapshot, request, scope, .. } = *self;
        let mut merge = Merge::new(match request.sort {
            Sort::Oldest => Direction::Rising,
            _ => Direction::Falling,
        });
        let sources = plan.sources(way);
        for (number, source) in sources.iter().enumerate() {
            merge.add(snapshot, &source.listing, source.keys.iter().copied(), after, number)?;
        }
        let mut looked_at = None;
        while let Some((entry, number)) = merge.next(snapshot)? {
            let Some(source) = sources.get(number) else { continue };
            if request.since.is_some_and(|since| entry.topic < since) {
                continue;
            }
            if !source.counts(&entry, scope) {
                match &mut patience {
                    None => {}
                    Some(0) => return Ok(Some(entry.position())),
                    Some(left) => *left -= 1,
                }
                continue;
            }
            // What stands in several of the listings is looked at once. Only here: a listing in
            // which it does not count must not hide it in one in which it does.
            if looked_at.replace(entry.position()) == Some(entry.position()) {
                continue;
            }
            let is_full = self.items.len() == request.limit;
            if is_full && source.decides(request) {
                self.more = true;
                return Ok(None);
            }
            let card = topics::card(snapshot, entry.topic)?;
            if let Some(card) = card.filter(|card| belongs(request, &card.topic, scope)) {
                if is_full {
                    self.more = true;
                    return Ok(None);
                }
                self.items.push((entry.position(), Unchecked::new(card)));
            }
        }
        Ok(None)
    }
}

/// Whether a topic belongs to a feed: the definition, which the listings only help to find.
fn belongs(request: &FeedRequest, topic: &Topic, scope: &Scope) -> bool {
    let FeedRequest { selection, labels, kind, author, since, sort: _, after: _, limit: _ } =
        request;
    let is_own = scope.viewer().member() == Some(topic.author);
    let is_selected = selection.iter().any(|selection| {
        selection.community == topic.community
            && (selection.read.contains(&topic.channel)
                || (is_own && selection.own.contains(&topic.channel)))
    });
    let sees = |label: &Slug| scope.sees_label(topic.community, label);
    let labels_fit = labels.as_ref().is_none_or(|labels| {
        if topic.labels.iter().all(sees) {
            labels.holds(&topic.labels)
        } else {
            let seen: Vec<Slug> = topic.labels.iter().filter(|l| sees(l)).cloned().collect();
            labels.holds(&seen)
        }
    });
    is_selected
        && labels_fit
        && topic.state == State::Published
        && kind.as_ref().is_none_or(|kind| topic.kind == *kind)
        && author.is_none_or(|author| topic.author == author)
        && since.is_none_or(|since| topic.id >= since)
        && admits(scope, topic)
}
