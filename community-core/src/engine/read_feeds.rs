//! Feeds: what a query stands for under a viewer's rights, and what is pinned on top of it.

use rustc_hash::FxHashSet;

use super::Rights;
use super::read::Read;
use super::session::{Session, reading};
use super::view::FeedView;
use crate::directory::ChannelEntry;
use crate::domain::{Community, EffectiveSettings, Filter, Pin, PinPlace};
use crate::error::{Error, Result};
use crate::id::{ChannelId, CommunityId, TopicId};
use crate::policy::{Guarded, Scope, Unchecked, Visible};
use crate::query::{Cursor, FeedQuery, FeedRequest, Position, Selection, Sort, Window};
use crate::store::Card;
use crate::time::to_micros;

impl Session {
    /// A page of a feed.
    ///
    /// Every page but the last is full, whatever the viewer may read.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a community or channel that does not exist for this viewer;
    /// [`Error::Invalid`] for an order or filter that is not on offer, or a cursor of another feed;
    /// [`Error::Limit`] for too large a page.
    pub async fn feed(&self, query: &FeedQuery) -> Result<FeedView> {
        let limits = self.engine().env().limits();
        let limit = limits.page_size(query.limit)?;
        limits.selection(query.communities.len().max(query.channels.len()))?;
        query.labels.as_ref().map_or(Ok(()), |labels| labels.check_within(limits))?;
        reading!(self, Read::Feed, |rights| {
            let plan = FeedPlan::new(&rights, query)?;
            let name = plan.name(query);
            let after =
                query.after.as_deref().map(|text| Cursor::decode(text, &name)).transpose()?;
            let pins_of = plan.pins_of(query).filter(|_| after.is_none());
            let request = FeedRequest {
                pins_of: pins_of.map(|(community, _)| community.id),
                ..plan.request(&rights, query, after, limit)
            };
            let page = self.engine().store().feed(&request, &rights.scope).await?;
            let next = page
                .items
                .last()
                .filter(|_| page.more)
                .map(|(position, _)| Cursor::new(*position, &name).to_string());
            let items = rights.scope.admit_all(page.items.into_iter().map(|(_, card)| card));
            let pinned = match pins_of {
                Some(place) => in_force(&rights, place, page.pinned),
                None => Vec::new(),
            };
            Ok(FeedView { pinned, items, next })
        })
    }
}

/// The pins in force in a community or channel, in their order.
fn in_force(
    rights: &Rights,
    (community, channel): (&Community, Option<&ChannelEntry>),
    pinned: Vec<Unchecked<Card>>,
) -> Vec<Visible<Card>> {
    let pinned = pinned.into_iter();
    let pinned = pinned.map(|card| card.map(|card| Pinned { pin: card.topic.pin.clone(), card }));
    let mut pinned = rights.scope.admit_all(pinned);
    pinned.retain(|pinned| {
        let Pinned { pin: Some(pin), card } = &**pinned else { return false };
        let here = match channel {
            Some(entry) => card.topic.channel == entry.channel.id,
            None => pin.place == PinPlace::Community,
        };
        let in_force = pin.since <= rights.now && pin.until.is_none_or(|end| rights.now < end);
        here && in_force && rights.belongs(community, channel, &pin.audience)
    });
    pinned.sort_by_key(|pinned| {
        let Pinned { pin, card } = &**pinned;
        let pin = pin.as_ref();
        let (position, since) = pin.map_or((0, 0), |pin| (pin.position, to_micros(pin.since)));
        (position, std::cmp::Reverse(since), std::cmp::Reverse(card.topic.id))
    });
    pinned.into_iter().map(|pinned| pinned.map(|pinned| pinned.card)).collect()
}

/// A card with its pin, which is not for everybody who sees the card.
struct Pinned {
    pin: Option<Pin>,
    card: Card,
}

impl Guarded for Pinned {
    fn admitted(self, scope: &Scope) -> Option<Self> {
        let Self { pin, card } = self;
        Some(Self { pin, card: card.admitted(scope)? })
    }
}

/// A feed query with everything in it looked up.
struct FeedPlan<'a> {
    parts: Vec<(&'a Community, Vec<&'a ChannelEntry>)>,
    /// Whether it names one community. What that community offers and pins is for its own feeds;
    /// in those across communities nobody's settings are above the others'.
    is_of_one: bool,
    sort: Sort,
}

impl<'a> FeedPlan<'a> {
    fn new(rights: &'a Rights, query: &FeedQuery) -> Result<Self> {
        let mut parts = Vec::new();
        for key in &query.communities {
            let community = rights.community(key)?;
            if !parts.iter().any(|(known, _): &(&Community, _)| known.id == community.id) {
                parts.push((&**community, Vec::new()));
            }
        }
        if query.communities.is_empty() {
            let all = rights.directory.communities();
            let seen = all.filter(|community| rights.scope.sees_community(community.id));
            parts.extend(seen.map(|community| (&**community, Vec::new())));
        }
        let is_of_one = !query.communities.is_empty() && parts.len() == 1;
        let narrowed = !query.channels.is_empty() || query.labels.is_some();
        match parts.as_mut_slice() {
            [(community, channels)] if is_of_one => {
                for key in &query.channels {
                    channels.push(&**rights.channel(community, key)?);
                }
            }
            _ if narrowed => {
                return Err(Error::invalid("channels and labels belong to one community: name it"));
            }
            _ => {}
        }
        let mut offers: Vec<&EffectiveSettings> = Vec::new();
        for (community, channels) in parts.iter().filter(|_| is_of_one) {
            match channels.as_slice() {
                [] => offers.extend(rights.directory.settings(community.id)),
                some => offers.extend(some.iter().map(|entry| &entry.settings)),
            }
        }
        let default = offers.first().and_then(|offer| offer.sorts.first()).copied();
        let sort = query.sort.or(default).unwrap_or(Sort::New);
        for offer in &offers {
            if !offer.sorts.contains(&sort) {
                return Err(Error::invalid(format!("the sort `{sort}` is not offered here")));
            }
            let wishes = [
                (Filter::Label, query.labels.is_some()),
                (Filter::Kind, query.kind.is_some()),
                (Filter::Author, query.author.is_some()),
                (Filter::Window, query.window != Window::All),
            ];
            if wishes.iter().any(|(filter, wished)| *wished && !offer.filters.contains(filter)) {
                return Err(Error::invalid("that filter is not offered here"));
            }
        }
        if query.window != Window::All && !matches!(sort, Sort::Top | Sort::Hot | Sort::Views) {
            return Err(Error::invalid("a window goes with the sorts `top`, `hot` and `views`"));
        }
        query.window.check()?;
        Ok(Self { parts, is_of_one, sort })
    }

    /// What tells this feed from all others, for its cursors.
    fn name(&self, query: &FeedQuery) -> String {
        let FeedQuery { communities, channels, labels, kind, author, window, .. } = query;
        let Self { sort, .. } = self;
        format!("feed {communities:?} {channels:?} {labels:?} {kind:?} {author:?} {sort} {window}")
    }

    /// The community, and the channel if there is exactly one, whose pins lead the first page. Where
    /// only some of the topics are wanted, no other is put on top of them.
    fn pins_of(&self, query: &FeedQuery) -> Option<(&'a Community, Option<&'a ChannelEntry>)> {
        let is_filtered = query.labels.is_some()
            || query.kind.is_some()
            || query.author.is_some()
            || query.window != Window::All
            || matches!(self.sort, Sort::Unanswered | Sort::Unsolved);
        match self.parts.as_slice() {
            [(community, channels)] if self.is_of_one && !is_filtered => {
                match channels.as_slice() {
                    [] => Some((community, None)),
                    [channel] => Some((community, Some(channel))),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    fn request(
        &self,
        rights: &Rights,
        query: &FeedQuery,
        after: Option<Position>,
        limit: usize,
    ) -> FeedRequest {
        let scope = &rights.scope;
        let selection =
            self.parts.iter().map(|(community, channels)| select(rights, community.id, channels));
        let since = match query.window {
            Window::All => None,
            Window::Days(days) => {
                let from = rights.now - chrono::Duration::days(i64::from(days));
                Some(TopicId::earliest(from))
            }
        };
        let labels = query.labels.as_ref().map(|labels| match self.parts.as_slice() {
            [(community, _)] => labels.restricted(|label| scope.sees_label(community.id, label)),
            _ => labels.clone(),
        });
        FeedRequest {
            selection: selection.collect(),
            labels,
            kind: query.kind.clone(),
            author: query.author,
            sort: self.sort,
            since,
            after,
            limit,
            pins_of: None,
        }
    }
}

/// The channels of a community that a scope reads, below the given ones if there are any.
fn select(rights: &Rights, community: CommunityId, below: &[&ChannelEntry]) -> Selection {
    let scope: &Scope = &rights.scope;
    let (mut read, mut own) = (Vec::new(), Vec::new());
    let mut whole = below.is_empty();
    let below: FxHashSet<ChannelId> = below.iter().map(|entry| entry.channel.id).collect();
    for entry in rights.directory.channels(community) {
        let id = entry.channel.id;
        let chosen = below.is_empty() || entry.path.iter().any(|above| below.contains(above));
        if chosen && scope.read().contains(id) {
            read.push(id);
        } else {
            whole = false;
            if chosen && scope.own().contains(id) {
                own.push(id);
            }
        }
    }
    Selection { community, read, own, whole }
}
