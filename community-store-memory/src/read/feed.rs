//! Feeds: a page is a walk along sorted lists of topics, with a test of each row.
//!
//! Every store reads a feed in the same three steps.
//!
//! 1. **Choose the lists** ([`plan`]). For what is read whole of a community there are several
//!    [`Listing`](community_core::query::Listing)s that hold all that fits and more: the author's;
//!    those of the labels of which one has to be there
//!    ([`LabelExpr::cover`](community_core::query::LabelExpr::cover)), within the channel when
//!    there is one only; the kind's; and the community's or the channels'. Of those that keep the
//!    wanted order the shortest is taken. The viewer's own topics in channels where only those are
//!    read come from the viewer's list as an author. The highest scores of at most 40 days come
//!    from the lists of those days.
//! 2. **Merge them** ([`walk`]), strictly behind the place where the page before ended. All lists
//!    of a request have the same key for the same topic, so a topic that stands in several comes
//!    out of the merge several times in a row, and is taken once. Many channels of one community
//!    are not merged at once: the community's list is walked first, in which the next topic is
//!    mostly near, and only if too few of its rows belong to them, a merge of the channels' lists
//!    goes on from the row that was reached.
//! 3. **Test each row** ([`Filter`]), until the page is full and one more is found or the lists
//!    end. The test is whole: which lists were chosen decides how fast a page is, never what is on
//!    it.

mod plan;
mod walk;

use community_core::policy::Scope;
use community_core::query::{FeedRequest, LabelExpr, Position, Selection};
use community_core::store::FeedPage;
use community_core::{ChannelId, CommunityId, MemberId, StoreError, Topic};
use rustc_hash::{FxHashMap, FxHashSet};

use super::topics;
use crate::state::State;

/// A page of a feed.
pub(super) fn page(
    state: &State,
    request: &FeedRequest,
    scope: &Scope,
) -> Result<FeedPage, StoreError> {
    let filter = Filter::new(request, scope);
    let rows = plan::rows(state, request, &filter);
    // The id alone tells the age, so that rows that are too old cost no look at their topic.
    let rows = rows.filter(|(_, id)| request.since.is_none_or(|since| *id >= since));
    let mut fitting = rows.filter_map(|(key, id)| {
        let topic = state.topics.get(&id).filter(|topic| filter.admits(topic))?;
        Some((Position { key, id: id.uuid() }, topic))
    });
    let items = fitting
        .by_ref()
        .take(request.limit)
        .map(|(position, topic)| Ok((position, topics::card(state, topic)?)))
        .collect::<Result<_, StoreError>>()?;
    let pinned = match request.pins_of {
        Some(community) => topics::pinned(state, community, scope)?,
        None => Vec::new(),
    };
    Ok(FeedPage { items, more: fitting.next().is_some(), pinned })
}

/// Which topics belong to a feed: the meaning of a [`FeedRequest`], but for age and order.
struct Filter<'a> {
    request: &'a FeedRequest,
    scope: &'a Scope,
    whole: FxHashSet<CommunityId>,
    read: FxHashSet<(CommunityId, ChannelId)>,
    own: FxHashSet<(CommunityId, ChannelId)>,
    /// What is asked of labels, as far as they exist for the viewer.
    labels: FxHashMap<CommunityId, LabelExpr>,
}

impl<'a> Filter<'a> {
    fn new(request: &'a FeedRequest, scope: &'a Scope) -> Self {
        let mut filter = Self {
            request,
            scope,
            whole: FxHashSet::default(),
            read: FxHashSet::default(),
            own: FxHashSet::default(),
            labels: FxHashMap::default(),
        };
        for selection in &request.selection {
            let community = selection.community;
            if let Some(labels) = &request.labels {
                let visible = labels.restricted(|label| scope.sees_label(community, label));
                filter.labels.insert(community, visible);
            }
            let at = |channel: &ChannelId| (community, *channel);
            filter.own.extend(selection.own.iter().map(at));
            if selection.whole {
                filter.whole.insert(community);
            } else {
                filter.read.extend(selection.read.iter().map(at));
            }
        }
        filter
    }

    fn admits(&self, topic: &Topic) -> bool {
        topic.state == community_core::State::Published
            && self.request.kind.as_ref().is_none_or(|kind| topic.kind == *kind)
            && self.request.author.is_none_or(|author| topic.author == author)
            && self.selects(topic)
            && self.labels.get(&topic.community).is_none_or(|expr| expr.holds(&topic.labels))
            && self.scope.admits(topic.place(), topic.author, topic.state)
    }

    fn selects(&self, topic: &Topic) -> bool {
        let at = (topic.community, topic.channel);
        self.whole.contains(&topic.community)
            || self.read.contains(&at)
            || (self.own.contains(&at) && self.scope.viewer().member() == Some(topic.author))
    }

    /// Whose own topics are to be read of a selection, beside what is read whole.
    fn own_author(&self, selection: &Selection) -> Option<MemberId> {
        let me = self.scope.viewer().member().filter(|_| !selection.own.is_empty())?;
        self.request.author.is_none_or(|author| author == me).then_some(me)
    }
}
