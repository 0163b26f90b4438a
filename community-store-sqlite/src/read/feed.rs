//! Feeds: walk along listings, look at what they name, stop when the page is full.
//!
//! A listing gives ids in order, and each topic is looked up by its id, in the same snapshot. What
//! a listing cannot tell is tested on the topic.

use community_core::query::{FeedRequest, Position, Sort};
use community_core::store::{Card, FeedPage};
use community_core::{Scope, Slug, State, Topic, Unchecked};

use super::Snapshot;
use super::merge::{Direction, Entry, Merge, number_of};
use super::plan::{Patience, Plan, Source, Way};
use super::topics::{Cards, card_columns, pinned, read_card};
use crate::error::Result;
use crate::listings::sort_code;
use crate::row::{Columns, Words};
use crate::scope::admits;

/// Backwards along the primary key; topics and authors by theirs.
const CARDS_FALLING: &str = concat!(
    "SELECT e.key, e.topic, e.channel, ",
    card_columns!(),
    " FROM listing_entries e CROSS JOIN topics t ON t.id = e.topic
    CROSS JOIN members m ON m.id = t.author
    WHERE e.listing = ?1 AND e.sort = ?2 AND (e.key, e.topic) < (?3, ?4)
    ORDER BY e.key DESC, e.topic DESC"
);

/// Along the primary key; topics and authors by theirs.
const CARDS_RISING: &str = concat!(
    "SELECT e.key, e.topic, e.channel, ",
    card_columns!(),
    " FROM listing_entries e CROSS JOIN topics t ON t.id = e.topic
    CROSS JOIN members m ON m.id = t.author
    WHERE e.listing = ?1 AND e.sort = ?2 AND (e.key, e.topic) > (?3, ?4)
    ORDER BY e.key, e.topic"
);

pub(crate) const STATEMENTS: &[(&str, &str)] =
    &[("cards of a listing, falling", CARDS_FALLING), ("cards of a listing, rising", CARDS_RISING)];

pub(super) fn page(
    snapshot: &Snapshot<'_>,
    request: &FeedRequest,
    scope: &Scope,
) -> Result<FeedPage> {
    let plan = Plan::new(snapshot, request, scope)?;
    let direction = match request.sort {
        Sort::Oldest => Direction::Rising,
        _ => Direction::Falling,
    };
    let items = Vec::with_capacity(request.limit.min(100));
    let mut page = Filling { snapshot, request, scope, direction, items, more: false };
    let sources = plan.sources(Way::Wide);
    match sources.as_slice() {
        [source] if source.is_pure() && page.walk(source)? => {}
        sources => {
            if let Some(at) = page.merge(sources, request.after, plan.patience())? {
                page.merge(&plan.sources(Way::Narrow), Some(at), None)?;
            }
        }
    }
    let pinned = match request.pins_of {
        Some(community) => pinned(snapshot, community, scope)?,
        None => Vec::new(),
    };
    Ok(FeedPage { items: page.items, more: page.more, pinned })
}

/// A page on its way.
struct Filling<'a> {
    snapshot: &'a Snapshot<'a>,
    request: &'a FeedRequest,
    scope: &'a Scope,
    direction: Direction,
    items: Vec<(Position, Unchecked<Card>)>,
    more: bool,
}

impl Filling<'_> {
    /// Walks along one listing of which next to everything counts: entries, topics and authors in
    /// one statement, which stops when the page is full. `false` when topics have moved there: the
    /// page is as empty as before.
    fn walk(&mut self, source: &Source<'_>) -> Result<bool> {
        let Self { snapshot, request, scope, direction, .. } = *self;
        let [key] = source.keys.as_slice() else { return Ok(false) };
        let Some(listing) = number_of(snapshot, &source.listing)? else { return Ok(true) };
        let list = (listing, sort_code(*key));
        // Most of the time this can be told before anything is read, but for certain only behind it.
        if snapshot.inner.moves.are_in(list) {
            return Ok(false);
        }
        let (after, topic) = direction.behind(request.after);
        let mut statement = snapshot.prepare(match direction {
            Direction::Falling => CARDS_FALLING,
            Direction::Rising => CARDS_RISING,
        })?;
        let mut rows = statement.query((list.0, list.1, after, topic))?;
        let mut words = Words::default();
        while let Some(row) = rows.next()? {
            let mut columns = Columns::of(row);
            let entry = Entry::read(&mut columns)?;
            if self.is_too_old(&entry) || !source.counts(&entry, scope) {
                continue;
            }
            let card = || read_card(snapshot, &mut columns, &mut words).map(Some);
            if !self.offer(&entry, source, card)? {
                break;
            }
        }
        let has_moved = snapshot.moves_in(list)?.is_some();
        if has_moved {
            self.items.clear();
            self.more = false;
        }
        Ok(!has_moved)
    }

    /// Walks along several listings at once. Gives up when its patience is lost, and says where.
    fn merge(
        &mut self,
        sources: &[Source<'_>],
        after: Option<Position>,
        patience: Option<Patience>,
    ) -> Result<Option<Position>> {
        let Self { snapshot, request, scope, direction, .. } = *self;
        // One walk gives the whole page and the proof that there is more. Of several each gives a
        // part; those that give more are asked again.
        let walks: usize = sources.iter().map(|source| source.keys.len()).sum();
        let portion = if walks <= 1 { request.limit + 1 } else { 1 + 2 * request.limit / walks };
        let mut merge = Merge::new(direction, after, portion);
        for (number, source) in sources.iter().enumerate() {
            merge.add(snapshot, &source.listing, &source.keys, number)?;
        }
        let mut cards = Cards::of(snapshot)?;
        let (mut looked_at, mut passed, mut lost_at) = (None, 0, None);
        while let Some((entry, number)) = merge.next(snapshot)? {
            // Not before all that stands at one place was looked at: the topic that did not count
            // may count in the next listing.
            if lost_at.is_some_and(|at| at != entry.position()) {
                return Ok(lost_at);
            }
            let Some(source) = sources.get(number).filter(|_| !self.is_too_old(&entry)) else {
                continue;
            };
            if !source.counts(&entry, scope) {
                passed += 1;
                if patience.is_some_and(|patience| patience.is_lost(passed, self.items.len())) {
                    lost_at = Some(entry.position());
                }
                continue;
            }
            // What stands in several of the listings is looked at once. Only here: a listing in
            // which it does not count must not hide it in one in which it does.
            if looked_at.replace(entry.position()) == Some(entry.position()) {
                continue;
            }
            if !self.offer(&entry, source, || cards.read(entry.topic))? {
                break;
            }
        }
        Ok(None)
    }

    fn is_too_old(&self, entry: &Entry) -> bool {
        self.request.since.is_some_and(|since| entry.topic < since)
    }

    /// Takes an entry that counts onto the page, when its topic belongs there. `false` when the
    /// page was full, and there is more.
    fn offer(
        &mut self,
        entry: &Entry,
        source: &Source<'_>,
        card: impl FnOnce() -> Result<Option<Card>>,
    ) -> Result<bool> {
        let is_full = self.items.len() == self.request.limit;
        let is_certain = source.decides(self.request);
        if !(is_full && is_certain) {
            let Some(card) = card()? else { return Ok(true) };
            if !is_certain && !belongs(self.request, &card.topic, self.scope) {
                return Ok(true);
            }
            if !is_full {
                self.items.push((entry.position(), Unchecked::new(card)));
                return Ok(true);
            }
        }
        self.more = true;
        Ok(false)
    }
}

/// Whether a topic belongs to a feed: the definition, which the listings only help to find.
fn belongs(request: &FeedRequest, topic: &Topic, scope: &Scope) -> bool {
    let FeedRequest {
        selection,
        labels,
        kind,
        author,
        since,
        sort: _,
        after: _,
        limit: _,
        pins_of: _,
    } = request;
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
