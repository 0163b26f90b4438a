//! Questions about topics and posts.

use community_core::query::PostOrder;
use community_core::store::{Card, PostView, ThreadItem, TopicRow};
use community_core::time::to_micros;
use community_core::{
    Action, Community, Correction, FeedQuery, Filter, Key, LabelExpr, LinkKind, LinkView, Pin,
    PinPlace, Post, PostId, Reaction, Revision, Slot, Slug, Sort, State, ThreadQuery, Topic,
    TopicId, Window,
};
use serde_json::json;
use uuid::Uuid;

use super::ask::{Place, page, place_in, shown};
use super::hot::hot;
use super::rules::Access;
use super::{Act, Oracle, Result, invalid, not_found, within};
use crate::observe::{Answer, Refusal, diff_sides};

/// Instead of the key of a post of which the viewer sees only that there is one.
const UNTOLD: i64 = i64::MIN;

impl Oracle {
    /// A topic as the viewer sees it: without the labels that do not exist for them, and with its
    /// pin if they moderate.
    fn shown_topic(&self, act: Act, mut topic: Topic) -> Topic {
        let community = topic.community;
        topic.labels.retain(|label| self.sees_label(act, community, label));
        topic.pin = topic.pin.filter(|_| self.moderates(act, topic.channel));
        topic
    }

    pub(super) fn topic(&self, act: Act, id: TopicId) -> Result<TopicRow> {
        let topic = self.seen_topic(act, id)?;
        self.row_of(self.shown_topic(act, topic)).ok_or_else(|| not_found("topic"))
    }

    pub(super) fn post(&self, act: Act, id: PostId) -> Result<PostView> {
        let post = self.seen_post(act, id)?;
        self.view_of(post).ok_or_else(|| not_found("post"))
    }

    /// What a key, or an id as text, stands for, if the viewer sees it.
    fn look_up(
        &self,
        act: Act,
        community: &Slug,
        key: &Key,
        what: &str,
    ) -> Result<(TopicId, Option<PostId>)> {
        let community = self.community(act, community)?.id;
        let missing = || not_found(what);
        let here = |id: TopicId| {
            self.topics.iter().any(|topic| topic.id == id && topic.community == community)
        };
        if let Ok(id) = key.as_str().parse::<Uuid>() {
            if let Ok(post) = self.seen_post(act, PostId::from_uuid(id))
                && here(post.topic)
            {
                return Ok((post.topic, Some(post.id)));
            }
            if let Ok(topic) = self.seen_topic(act, TopicId::from_uuid(id))
                && here(topic.id)
            {
                return Ok((topic.id, None));
            }
        }
        let with_key = self.topics.iter().filter(|topic| topic.key.as_ref() == Some(key));
        if let Some(topic) = with_key.map(|topic| topic.id).find(|id| here(*id)) {
            self.seen_topic(act, topic).map_err(|_: Refusal| missing())?;
            return Ok((topic, None));
        }
        let with_key = self.posts.iter().filter(|post| post.key.as_ref() == Some(key));
        if let Some(post) = with_key.clone().find(|post| here(post.topic)) {
            self.seen_post(act, post.id).map_err(|_: Refusal| missing())?;
            return Ok((post.topic, Some(post.id)));
        }
        Err(missing())
    }

    pub(super) fn topic_by_key(&self, act: Act, community: &Slug, key: &Key) -> Result<TopicRow> {
        let (topic, _) = self.look_up(act, community, key, "topic")?;
        self.topic(act, topic)
    }

    pub(super) fn post_by_key(&self, act: Act, community: &Slug, key: &Key) -> Result<PostView> {
        let (topic, post) = self.look_up(act, community, key, "post")?;
        let opening = || self.topics.iter().find(|known| known.id == topic).map(|t| t.opening);
        self.post(act, post.or_else(opening).ok_or_else(|| not_found("post"))?)
    }

    pub(super) fn revisions(
        &self,
        act: Act,
        id: PostId,
        after: u32,
        limit: usize,
    ) -> Result<Vec<Revision>> {
        let post = self.seen_post(act, id)?;
        let community = self.topics.iter().find(|topic| topic.id == post.topic);
        let community = community.map(|topic| topic.community).ok_or_else(|| not_found("post"))?;
        let behind = self.revisions.iter().filter(|r| r.post == id && r.number > after);
        let mut revisions: Vec<Revision> = behind.cloned().collect();
        revisions.sort_by_key(|revision| revision.number);
        revisions.truncate(limit);
        for labels in revisions.iter_mut().filter_map(|revision| revision.labels.as_mut()) {
            labels.retain(|label| self.sees_label(act, community, label));
        }
        Ok(revisions)
    }

    pub(super) fn revision_diff(&self, act: Act, id: PostId, from: u32, to: u32) -> Answer {
        self.seen_post(act, id)?;
        let body = |number| {
            let found = self.revisions.iter().find(|r| r.post == id && r.number == number);
            found.map(|r| r.body.as_str()).ok_or_else(|| not_found("revision"))
        };
        Ok(diff_sides(body(from)?, body(to)?))
    }

    pub(super) fn corrections(&self, act: Act, id: PostId) -> Result<Vec<Correction>> {
        let view = self.post(act, id)?;
        let moderates = self.moderates(act, view.place.channel);
        let mut corrections = self.corrections_of(id);
        corrections.retain(|correction| {
            correction.withdrawn_at.is_none()
                || moderates
                || act.viewer.member() == Some(correction.author)
        });
        Ok(corrections)
    }

    pub(super) fn reactions(
        &self,
        act: Act,
        id: PostId,
        slot: Slot,
        after: Option<&str>,
        limit: Option<usize>,
    ) -> Answer {
        let size = self.page_size(limit)?;
        let post = self.seen_post(act, id)?;
        if slot == Slot::Vote {
            let topic = self.seen_topic(act, post.topic)?;
            self.require_in_topic(act, &Action::Moderate, &topic, None, "post")?;
        }
        let list = format!("{slot:?} on {id}");
        let after = place_in(after, &list)?;
        let of_slot = self.reactions.iter().filter(|r| r.post == id && r.slot == slot);
        let place = |r: &Reaction| Place { key: to_micros(r.at), id: r.member.uuid() };
        let mut found: Vec<_> = of_slot.map(|r| (place(r), r.clone())).collect();
        found.retain(|(place, _)| after.is_none_or(|after| *place > after));
        found.sort_by_key(|(place, _)| *place);
        let (items, next) = page(found, size, &list);
        shown(json!({ "items": items, "next": next }))
    }

    pub(super) fn own_reactions(&self, act: Act, posts: &[PostId]) -> Result<Vec<Reaction>> {
        within(self.limits().page(posts.len()))?;
        let mut own = Vec::new();
        for post in posts.iter().filter(|post| self.seen_post(act, **post).is_ok()) {
            for slot in [Slot::Vote, Slot::Reaction] {
                let mine = self.reactions.iter().filter(|r| {
                    r.post == *post && r.slot == slot && Some(r.member) == act.viewer.member()
                });
                own.extend(mine.cloned());
            }
        }
        Ok(own)
    }

    pub(super) fn links(
        &self,
        act: Act,
        id: TopicId,
        after: Option<&str>,
        limit: Option<usize>,
    ) -> Answer {
        let size = self.page_size(limit)?;
        self.seen_topic(act, id)?;
        let list = format!("links of {id}");
        let after = place_in(after, &list)?;
        let links = self.links.iter().filter(|link| link.from == id || link.to == id);
        // By the other end; there duplicates come before related ones, and links that go out before
        // those that come in.
        let mut found: Vec<_> = links
            .filter_map(|link| {
                let is_out = link.from == id;
                let other = if is_out { link.to } else { link.from };
                let key = match (is_out, link.kind) {
                    (true, LinkKind::Duplicate) => 0,
                    (true, LinkKind::Related) => 1,
                    (false, LinkKind::Duplicate) => 2,
                    (false, LinkKind::Related) => 3,
                };
                let view = LinkView { link: link.clone(), topic: self.topic(act, other).ok()? };
                Some((Place { key, id: other.uuid() }, view))
            })
            .collect();
        found.retain(|(at, _)| after.is_none_or(|after| (at.id, at.key) > (after.id, after.key)));
        found.sort_by_key(|(at, _)| (at.id, at.key));
        let (items, next) = page(found, size, &list);
        shown(json!({ "items": items, "next": next }))
    }

    pub(super) fn feed(&self, act: Act, query: &FeedQuery) -> Answer {
        let size = self.page_size(query.limit)?;
        let mut communities: Vec<&Community> = Vec::new();
        for key in &query.communities {
            communities.push(self.community(act, key)?);
        }
        if query.communities.is_empty() {
            let mut seen: Vec<&Community> = self.communities.iter().collect();
            seen.retain(|community| self.access(act, community, None) != Access::Nothing);
            seen.sort_by(|a, b| a.key.cmp(&b.key));
            communities = seen;
        }
        communities.dedup_by_key(|community| community.id);
        let mut once: Vec<&Community> = Vec::new();
        for community in communities {
            if !once.iter().any(|known| known.id == community.id) {
                once.push(community);
            }
        }
        let communities = once;
        // What one community offers and pins is for its own feeds.
        let only = match communities.as_slice() {
            [community] if !query.communities.is_empty() => Some(*community),
            _ => None,
        };
        let mut channels = Vec::new();
        if !query.channels.is_empty() || query.labels.is_some() {
            let Some(community) = only else {
                return Err(invalid("channels and labels belong to one community: name it"));
            };
            for key in &query.channels {
                channels.push(self.channel(act, community, key)?);
            }
        }
        let offers: Vec<_> = if channels.is_empty() {
            only.iter().map(|community| self.settings_of(community, None)).collect()
        } else {
            let community = communities.first().ok_or_else(|| not_found("community"))?;
            channels.iter().map(|channel| self.settings_of(community, Some(channel))).collect()
        };
        let default = offers.first().and_then(|offer| offer.sorts.first()).copied();
        let sort = query.sort.or(default).unwrap_or(Sort::New);
        for offer in &offers {
            if !offer.sorts.contains(&sort) {
                return Err(invalid(format!("the sort `{sort}` is not offered here")));
            }
            let has = |filter| offer.filters.contains(&filter);
            if (query.labels.is_some() && !has(Filter::Label))
                || (query.kind.is_some() && !has(Filter::Kind))
                || (query.author.is_some() && !has(Filter::Author))
                || (query.window != Window::All && !has(Filter::Window))
            {
                return Err(invalid("that filter is not offered here"));
            }
        }
        if query.window != Window::All && !matches!(sort, Sort::Top | Sort::Hot | Sort::Views) {
            return Err(invalid("a window goes with the sorts `top`, `hot` and `views`"));
        }
        if matches!(query.window, Window::Days(days) if days == 0 || days > 3_660) {
            return Err(invalid("a window is `all` or a number of days like `30d`"));
        }
        let list = format!("{:?}", FeedQuery { after: None, limit: None, ..query.clone() });
        let list = format!("{sort} {list}");
        let after = place_in(query.after.as_deref(), &list)?;

        let oldest = match query.window {
            Window::All => i64::MIN,
            // Exact to the millisecond.
            Window::Days(days) => act.now.timestamp_millis() - i64::from(days) * 86_400_000,
        };
        let mut found = Vec::new();
        for id in self.topics.iter().map(|topic| topic.id) {
            let Some(topic) = self.topic_row(id) else { continue };
            let chain = self.channel_row(topic.channel).map(|channel| self.chain(channel));
            let chosen = channels.is_empty()
                || chain.is_some_and(|chain| channels.iter().any(|c| chain.contains(&c.id)));
            let fits = communities.iter().any(|community| community.id == topic.community)
                && chosen
                && topic.state == State::Published
                && self.sees_topic(act, &topic)
                && query.kind.as_ref().is_none_or(|kind| topic.kind == *kind)
                && query.author.is_none_or(|author| topic.author == author)
                && topic.created_at.timestamp_millis() >= oldest;
            if !fits {
                continue;
            }
            let topic = self.shown_topic(act, topic);
            if !query.labels.as_ref().is_none_or(|labels| holds(labels, &topic.labels)) {
                continue;
            }
            let Some(key) = sort_key(sort, &topic) else { continue };
            let Some(card) = self.card_of(topic) else { continue };
            found.push((Place { key, id: id.uuid() }, card));
        }
        found.sort_by_key(|(place, _)| *place);
        if sort != Sort::Oldest {
            found.reverse();
        }
        found.retain(|(place, _)| match after {
            None => true,
            Some(after) if sort == Sort::Oldest => *place > after,
            Some(after) => *place < after,
        });
        let (items, next) = page(found, size, &list);
        let leaves_some_out = query.labels.is_some()
            || query.kind.is_some()
            || query.author.is_some()
            || query.window != Window::All
            || sort == Sort::Unanswered
            || sort == Sort::Unsolved;
        let led = only.filter(|_| after.is_none() && !leaves_some_out);
        let pinned = match (led, channels.as_slice()) {
            (Some(community), []) => self.pins(act, community, None),
            (Some(community), [channel]) => self.pins(act, community, Some(channel)),
            _ => Vec::new(),
        };
        shown(json!({ "pinned": pinned, "items": items, "next": next }))
    }

    /// The pins in force in a community's or a channel's feed.
    fn pins(
        &self,
        act: Act,
        community: &Community,
        channel: Option<&community_core::Channel>,
    ) -> Vec<Card> {
        let mut pinned = Vec::new();
        for id in self.topics.iter().map(|topic| topic.id) {
            let Some(topic) = self.topic_row(id) else { continue };
            let Some(pin) = topic.pin.clone() else { continue };
            let Pin { place, position, audience, since, until } = pin;
            let here = match channel {
                Some(channel) => topic.channel == channel.id,
                None => topic.community == community.id && place == PinPlace::Community,
            };
            let in_force = since <= act.now && until.is_none_or(|until| act.now < until);
            if here
                && in_force
                && topic.state == State::Published
                && self.sees_topic(act, &topic)
                && self.belongs(act, community.id, channel, &audience)
            {
                let order = (position, -to_micros(since), std::cmp::Reverse(id));
                pinned.extend(self.card_of(self.shown_topic(act, topic)).map(|card| (order, card)));
            }
        }
        pinned.sort_by_key(|(order, _)| *order);
        pinned.into_iter().map(|(_, card)| card).collect()
    }

    pub(super) fn thread(&self, act: Act, id: TopicId, query: &ThreadQuery) -> Answer {
        let size = self.page_size(query.limit)?;
        let topic = self.topic(act, id)?;
        for wish in [query.root, query.around].into_iter().flatten() {
            if self.seen_post(act, wish)?.topic != id {
                return Err(not_found("post"));
            }
        }
        let root = query.root.unwrap_or(topic.topic.opening);
        let root = self.post_row(root).ok_or_else(|| not_found("post"))?;
        let deepest = query.depth.map_or(u32::MAX, |depth| root.depth.saturating_add(depth));
        let list = format!("thread {id} {:?} {} {:?}", query.root, query.order, query.depth);
        let after = place_in(query.after.as_deref(), &list)?;

        // The whole thread in its order. The post behind which the page begins stands in it where it
        // stood then, and where it stands now.
        let mut whole = Vec::new();
        let top = Place { key: post_key(query.order, &root), id: root.id.uuid() };
        let stood = after.filter(|after| after.key != UNTOLD);
        self.read_thread((top, root.clone()), query.order, stood, &mut whole);
        let start = match (after, query.around) {
            (Some(after), _) => {
                let is_it = |(place, post): &(Place, Post)| {
                    let stands_there = after.key == UNTOLD || *place == after;
                    post.id.uuid() == after.id && (post.id == root.id || stands_there)
                };
                whole.iter().position(is_it).map(|p| p + 1)
            }
            (None, Some(around)) => whole.iter().position(|(_, post)| post.id == around),
            (None, None) => Some(0),
        };
        let whole = whole.into_iter().map(|(_, post)| post);
        let is_in =
            |post: &Post| post.depth <= deepest && self.is_shown(root.id) && self.is_shown(post.id);
        let mut rest: Vec<Post> = whole.skip(start.unwrap_or(usize::MAX)).collect();
        // A page that is to begin with a post that is not in the thread is empty.
        if after.is_none() && query.around.is_some() && !rest.first().is_some_and(is_in) {
            rest.clear();
        }
        let shown_posts = rest.into_iter().filter(is_in);
        let found = shown_posts.filter_map(|post| {
            let seen = self.sees_post(act, &post);
            let key = if seen { post_key(query.order, &post) } else { UNTOLD };
            let place = Place { key, id: post.id.uuid() };
            self.item_of(post, seen).map(|item| (place, item))
        });
        let (items, next) = page(found.collect(), size, &list);
        let first = query.around.or(query.root).filter(|_| after.is_none());
        let path = first.map(|post| self.path_to(act, post)).unwrap_or_default();
        shown(json!({ "topic": topic, "path": path, "items": items, "next": next }))
    }

    /// A post at its place, then its replies in their order, each with its own replies. One of them
    /// stands at a second place as well: where it stood.
    fn read_thread(
        &self,
        (place, post): (Place, Post),
        order: PostOrder,
        stood: Option<Place>,
        into: &mut Vec<(Place, Post)>,
    ) {
        let mut replies: Vec<(Place, Post)> = Vec::new();
        for reply in self.replies_to(post.id).into_iter().filter_map(|id| self.post_row(id)) {
            let stands = Place { key: post_key(order, &reply), id: reply.id.uuid() };
            let stood = stood.filter(|stood| stood.id == stands.id && *stood != stands);
            replies.extend(stood.map(|stood| (stood, reply.clone())));
            replies.push((stands, reply));
        }
        replies.sort_by_key(|(place, _)| *place);
        if order == PostOrder::Newest {
            replies.reverse();
        }
        into.push((place, post));
        for reply in replies {
            self.read_thread(reply, order, stood, into);
        }
    }

    /// The posts above one, from the first post down, as far as the viewer sees them.
    fn path_to(&self, act: Act, id: PostId) -> Vec<ThreadItem> {
        let mut path = Vec::new();
        let mut above = self.post_row(id).and_then(|post| post.parent);
        while let Some(post) = above.and_then(|id| self.post_row(id)) {
            above = post.parent;
            if self.sees_post(act, &post) {
                path.extend(self.item_of(post, true));
            }
        }
        path.reverse();
        path
    }
}

/// Accepted before all others, then the higher score: the smaller the earlier.
fn post_key(order: PostOrder, post: &Post) -> i64 {
    match order {
        PostOrder::Best => {
            let score = post.counters.ups - post.counters.downs;
            // More than anybody can score in a small world.
            -score - if post.accepted.is_some() { 1 << 40 } else { 0 }
        }
        // By age: an id begins with the time.
        PostOrder::Oldest | PostOrder::Newest => 0,
    }
}

/// The key by which a feed sorts a topic; `None` when the topic does not belong there.
fn sort_key(sort: Sort, topic: &Topic) -> Option<i64> {
    let created = to_micros(topic.created_at);
    let counters = &topic.counters;
    let score = counters.ups - counters.downs;
    match sort {
        Sort::New | Sort::Oldest => Some(created),
        Sort::Active => Some(to_micros(counters.active_at)),
        Sort::Hot => Some(hot(score, created, topic.hot_scale)),
        Sort::Top => Some(score),
        Sort::Views => Some(counters.views),
        Sort::Unanswered if topic.answerable && counters.answers == 0 => Some(created),
        Sort::Unsolved if topic.answerable && counters.accepted == 0 => Some(created),
        Sort::Unanswered | Sort::Unsolved => None,
    }
}

/// Whether a label expression holds for these labels.
fn holds(expr: &LabelExpr, labels: &[Slug]) -> bool {
    match expr {
        LabelExpr::Has(label) => labels.contains(label),
        LabelExpr::All(parts) => !parts.iter().any(|part| !holds(part, labels)),
        LabelExpr::Any(parts) => parts.iter().any(|part| holds(part, labels)),
        LabelExpr::Not(inner) => !holds(inner, labels),
    }
}
