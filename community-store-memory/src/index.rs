//! What follows from the tables: sorted lists and back references.
//!
//! Each function here is told what a row was and what it is now, and changes the difference. There
//! is no other way in, so an index can only disagree with its table if a function here is wrong.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hash;

use community_core::change::{Counter, EntityRef, UniqueKey};
use community_core::query::{
    Listing, ListingKey, NamePlace, Position, PostOrder, listings, name_places,
};
use community_core::time::to_micros;
use community_core::{
    ChannelId, CommunityId, Correction, CorrectionId, Link, LinkKind, Member, MemberId, Membership,
    Post, PostId, Reaction, Slot, Slug, Topic, TopicId,
};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::state::{LinkId, ReactionId};

/// A sorted list of topics: key, then id.
pub(crate) type TopicList = BTreeSet<(i64, TopicId)>;

/// Where a member stands in the list of names of a community.
pub(crate) type Named = (NamePlace, String, MemberId);

/// The indexes of a store.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Index {
    keys: FxHashMap<UniqueKey, EntityRef>,
    listings: FxHashMap<(Listing, ListingKey), TopicList>,
    topics: FxHashMap<CommunityId, BTreeSet<TopicId>>,
    pinned: FxHashMap<CommunityId, BTreeSet<TopicId>>,
    posts: FxHashMap<TopicId, BTreeSet<PostId>>,
    posts_of: FxHashMap<MemberId, BTreeSet<(i64, PostId)>>,
    children: FxHashMap<PostId, Children>,
    corrections: FxHashMap<PostId, BTreeSet<(i64, CorrectionId)>>,
    links: FxHashMap<TopicId, BTreeSet<(TopicId, i64, LinkId)>>,
    reactions: FxHashMap<(PostId, Slot), BTreeSet<(i64, MemberId)>>,
    joined: FxHashMap<CommunityId, BTreeSet<(i64, MemberId)>>,
    names: FxHashMap<CommunityId, BTreeSet<Named>>,
    tallies: FxHashMap<PostId, BTreeMap<Slug, i64>>,
    label_use: FxHashMap<CommunityId, BTreeMap<(Slug, ChannelId), i64>>,
}

/// The shown replies to one post, in the orders in which threads read them.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Children {
    pub(crate) best: BTreeSet<(i64, PostId)>,
    pub(crate) oldest: BTreeSet<(i64, PostId)>,
}

/// Reading.
impl Index {
    /// Who has a key. Labels are not here: their key is their identity.
    pub(crate) fn holder(&self, key: &UniqueKey) -> Option<EntityRef> {
        self.keys.get(key).copied()
    }

    /// A sorted list of topics; `None` when it is empty.
    pub(crate) fn listing(&self, listing: &Listing, key: ListingKey) -> Option<&TopicList> {
        // A tuple of references cannot be looked up; the clone is an id and at most one `Arc`.
        self.listings.get(&(listing.clone(), key))
    }

    /// All topics of a community.
    pub(crate) fn topics(&self, community: CommunityId) -> Option<&BTreeSet<TopicId>> {
        self.topics.get(&community)
    }

    /// The published topics of a community that have a pin.
    pub(crate) fn pinned(&self, community: CommunityId) -> impl Iterator<Item = TopicId> {
        self.pinned.get(&community).into_iter().flatten().copied()
    }

    /// All posts of a topic.
    pub(crate) fn posts(&self, topic: TopicId) -> Option<&BTreeSet<PostId>> {
        self.posts.get(&topic)
    }

    /// The posts that somebody wrote from one time on and before another, in microseconds.
    pub(crate) fn posts_of(
        &self,
        author: MemberId,
        from: i64,
        to: i64,
    ) -> impl Iterator<Item = PostId> {
        let nil = PostId::from_bytes([0; 16]);
        let posts = self.posts_of.get(&author).into_iter();
        posts.flat_map(move |posts| posts.range((from, nil)..(to, nil))).map(|(_, id)| *id)
    }

    /// The shown replies to a post.
    pub(crate) fn children(&self, post: PostId) -> Option<&Children> {
        self.children.get(&post)
    }

    /// All corrections of a post, oldest first.
    pub(crate) fn corrections(&self, post: PostId) -> impl Iterator<Item = CorrectionId> {
        self.corrections.get(&post).into_iter().flatten().map(|(_, id)| *id)
    }

    /// The links from and to a topic behind a place.
    pub(crate) fn links(
        &self,
        topic: TopicId,
        after: Option<Position>,
    ) -> impl Iterator<Item = &LinkId> {
        // The least link with the same place: at most one entry has it, and is left out.
        let nil = TopicId::from_bytes([0; 16]);
        let place = |at: Position| (TopicId::from_uuid(at.id), at.key);
        let (id, key) = after.map_or((nil, i64::MIN), place);
        let from = (id, key, (nil, nil, LinkKind::Related));
        let links = self.links.get(&topic).into_iter().flat_map(move |links| links.range(from..));
        links.skip_while(move |at| (at.0, at.1) == (id, key)).map(|at| &at.2)
    }

    /// Who gave something in a slot of a post: when, then who.
    pub(crate) fn reactions(&self, post: PostId, slot: Slot) -> Option<&BTreeSet<(i64, MemberId)>> {
        self.reactions.get(&(post, slot))
    }

    /// Who has joined a community: when, then who.
    pub(crate) fn joined(&self, community: CommunityId) -> Option<&BTreeSet<(i64, MemberId)>> {
        self.joined.get(&community)
    }

    /// Who stands in the list of names of a community, from a place and text on.
    pub(crate) fn names_from(
        &self,
        community: CommunityId,
        place: NamePlace,
        text: &str,
    ) -> impl Iterator<Item = &Named> {
        let from = (place, text.to_owned(), MemberId::from_bytes([0; 16]));
        let names = self.names.get(&community);
        names.into_iter().flat_map(move |names| names.range(from.clone()..))
    }

    /// The reactions on a post that were given at least once.
    pub(crate) fn tallies(&self, post: PostId) -> impl Iterator<Item = (&Slug, i64)> {
        self.tallies.get(&post).into_iter().flatten().map(|(key, count)| (key, *count))
    }

    /// Published topics of a community per label and channel, where there are any.
    pub(crate) fn label_use(
        &self,
        community: CommunityId,
    ) -> impl Iterator<Item = (&Slug, ChannelId, i64)> {
        let uses = self.label_use.get(&community).into_iter().flatten();
        uses.map(|((label, channel), count)| (label, *channel, *count))
    }
}

/// Following the tables.
impl Index {
    /// A key has a holder now, or none.
    pub(crate) fn key_changed(&mut self, key: UniqueKey, holder: Option<EntityRef>) {
        match holder {
            Some(holder) => self.keys.insert(key, holder),
            None => self.keys.remove(&key),
        };
    }

    /// A topic was written.
    pub(crate) fn topic_changed(&mut self, before: Option<&Topic>, after: &Topic) {
        self.topics.entry(after.community).or_default().insert(after.id);
        let is_pinned = |t: &Topic| t.pin.is_some() && t.state == community_core::State::Published;
        let pinned = |t: &Topic| is_pinned(t).then_some((t.community, t.id));
        replace(&mut self.pinned, before.and_then(pinned), pinned(after));

        let id = after.id;
        let (old, new) = (before.map(listings).unwrap_or_default(), listings(after));
        let (was, is): (FxHashSet<_>, FxHashSet<_>) = (old.iter().collect(), new.iter().collect());
        for (listing, key, value) in old.iter().filter(|place| !is.contains(place)) {
            take_out(&mut self.listings, (listing.clone(), *key), &(*value, id));
        }
        for (listing, key, value) in new.iter().filter(|place| !was.contains(place)) {
            self.listings.entry((listing.clone(), *key)).or_default().insert((*value, id));
        }
    }

    /// A post was written.
    pub(crate) fn post_changed(&mut self, before: Option<&Post>, after: &Post) {
        let topic = |post: &Post| (post.topic, post.id);
        replace(&mut self.posts, before.map(topic), Some(topic(after)));
        let by = |post: &Post| (post.author, (to_micros(post.created_at), post.id));
        replace(&mut self.posts_of, before.map(by), Some(by(after)));

        let place = |post: &Post| {
            let parent = post.parent.filter(|_| post.is_shown())?;
            let key = |order: PostOrder| (order.key(post), post.id);
            Some((parent, key(PostOrder::Best), key(PostOrder::Oldest)))
        };
        let (was, is) = (before.and_then(place), place(after));
        if was == is {
            return;
        }
        if let Some((parent, best, oldest)) = was
            && let Some(children) = self.children.get_mut(&parent)
        {
            children.best.remove(&best);
            children.oldest.remove(&oldest);
            if children.best.is_empty() {
                self.children.remove(&parent);
            }
        }
        if let Some((parent, best, oldest)) = is {
            let children = self.children.entry(parent).or_default();
            children.best.insert(best);
            children.oldest.insert(oldest);
        }
    }

    /// A correction was written.
    pub(crate) fn correction_changed(&mut self, before: Option<&Correction>, after: &Correction) {
        let place = |c: &Correction| (c.post, (to_micros(c.at), c.id));
        replace(&mut self.corrections, before.map(place), Some(place(after)));
    }

    /// A link was set or taken away.
    pub(crate) fn link_changed(&mut self, before: Option<&Link>, after: Option<&Link>) {
        for end in [|link: &Link| link.from, |link: &Link| link.to] {
            let place = |link: &Link| {
                let place = link.place(end(link));
                let id = (link.from, link.to, link.kind);
                (end(link), (TopicId::from_uuid(place.id), place.key, id))
            };
            replace(&mut self.links, before.map(place), after.map(place));
        }
    }

    /// A vote or reaction was given, changed or taken away.
    pub(crate) fn reaction_changed(
        &mut self,
        (post, slot, member): ReactionId,
        before: Option<&Reaction>,
        after: Option<&Reaction>,
    ) {
        let place = |r: &Reaction| ((post, slot), (to_micros(r.at), member));
        replace(&mut self.reactions, before.map(place), after.map(place));
    }

    /// A member who has joined these communities was written.
    pub(crate) fn member_changed(
        &mut self,
        before: Option<&Member>,
        after: &Member,
        joined: impl Iterator<Item = CommunityId>,
    ) {
        let (was, is) = (before.map(named).unwrap_or_default(), named(after));
        if was == is {
            return;
        }
        for community in joined {
            was.iter().for_each(|name| take_out(&mut self.names, community, name));
            if !is.is_empty() {
                self.names.entry(community).or_default().extend(is.iter().cloned());
            }
        }
    }

    /// A membership of a member was written.
    pub(crate) fn membership_changed(
        &mut self,
        before: Option<&Membership>,
        after: &Membership,
        member: &Member,
    ) {
        let place = |m: &Membership| Some((m.community, (to_micros(m.joined_at?), m.member)));
        replace(&mut self.joined, before.and_then(place), place(after));
        let has_joined = |m: &Membership| m.joined_at.is_some();
        let (was, is) = (before.is_some_and(has_joined), has_joined(after));
        for name in named(member).into_iter().filter(|_| was != is) {
            let place = Some((after.community, name));
            let (before, after) = if is { (None, place) } else { (place, None) };
            replace(&mut self.names, before, after);
        }
    }

    /// A counter moved. Only those are listed that are read as lists.
    pub(crate) fn count_changed(&mut self, counter: &Counter, count: i64) {
        match counter {
            Counter::Tally(post, key) => {
                set(&mut self.tallies, *post, key.clone(), count);
            }
            Counter::LabelUse(community, label, channel) => {
                set(&mut self.label_use, *community, (label.clone(), *channel), count);
            }
            _ => {}
        }
    }
}

/// Where somebody stands in each list of names.
fn named(member: &Member) -> Vec<Named> {
    if !member.listed {
        return Vec::new();
    }
    let places = name_places(&member.name, &member.key).into_iter();
    places.map(|(place, text)| (place, text, member.id)).collect()
}

/// Sets a count in a list of counts. Zeros and empty lists are not kept.
fn set<K: Eq + Hash, C: Ord>(
    lists: &mut FxHashMap<K, BTreeMap<C, i64>>,
    list: K,
    counted: C,
    count: i64,
) {
    let mut list = match lists.entry(list) {
        Entry::Occupied(list) => list,
        Entry::Vacant(_) if count == 0 => return,
        Entry::Vacant(list) => list.insert_entry(BTreeMap::new()),
    };
    match count {
        0 => list.get_mut().remove(&counted),
        _ => list.get_mut().insert(counted, count),
    };
    if list.get().is_empty() {
        list.remove();
    }
}

/// Moves one entry from the set where it stood to the set where it belongs.
fn replace<K: Eq + Hash, V: Ord>(
    sets: &mut FxHashMap<K, BTreeSet<V>>,
    was: Option<(K, V)>,
    is: Option<(K, V)>,
) {
    if was == is {
        return;
    }
    if let Some((key, value)) = was {
        take_out(sets, key, &value);
    }
    if let Some((key, value)) = is {
        sets.entry(key).or_default().insert(value);
    }
}

/// Takes one entry out of its set; an empty set is not kept.
fn take_out<K: Eq + Hash, V: Ord>(sets: &mut FxHashMap<K, BTreeSet<V>>, key: K, value: &V) {
    if let Entry::Occupied(mut set) = sets.entry(key) {
        set.get_mut().remove(value);
        if set.get().is_empty() {
            set.remove();
        }
    }
}
