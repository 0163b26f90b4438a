//! Listings: every feed is walked to its end and compared with the list that the topics say.
//!
//! No list of topics is kept for that. Each walk has places that fall (or rise) strictly, so nothing
//! is in it twice; each of its topics is as it is by its id, belongs there and has the key that
//! follows from it; and there are as many as were counted when all topics were read. So it is that
//! list.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use community_core::query::{FeedRequest, LabelExpr, Listing, ListingKey, Position, Selection};
use community_core::store::Card;
use community_core::{
    ChannelId, CommunityId, Sort, State, StoreError, Timestamp, Topic, TopicId, builtin_kinds,
};

use super::seen::Print;
use super::{PAGE, Verifier};
use crate::expected::is_behind;

/// How many topics belong to each list.
#[derive(Debug, Default)]
pub(super) struct Listed {
    lists: BTreeMap<Listing, Count>,
    /// Where the windows of each community begin: a day, a week and a month behind its newest topic.
    begin: BTreeMap<CommunityId, Vec<TopicId>>,
    windows: BTreeMap<(Listing, TopicId), u64>,
    pinned: BTreeMap<CommunityId, BTreeSet<TopicId>>,
}

/// The topics of one list: all of them, and those in the orders that not every topic stands in.
#[derive(Debug, Default, Clone, Copy)]
struct Count {
    all: u64,
    unanswered: u64,
    unsolved: u64,
}

impl Count {
    fn of(self, sort: Sort) -> u64 {
        match sort {
            Sort::Unanswered => self.unanswered,
            Sort::Unsolved => self.unsolved,
            Sort::New | Sort::Active | Sort::Hot | Sort::Top | Sort::Views | Sort::Oldest => {
                self.all
            }
        }
    }
}

impl Listed {
    /// Opens the windows of a community.
    pub(super) fn open(&mut self, community: CommunityId, newest: Option<Timestamp>) {
        let days = |days| Some(TopicId::earliest(newest? - TimeDelta::days(days)));
        self.begin.insert(community, [1, 7, 30].into_iter().filter_map(days).collect());
    }

    /// Notes that there is a list, even if it should be empty.
    pub(super) fn touch(&mut self, list: Listing) {
        self.lists.entry(list).or_default();
    }

    /// Counts a topic in every list in which it stands: in none unless it is published.
    pub(super) fn count(&mut self, topic: &Topic) {
        let stands = u64::from(topic.state == State::Published);
        let mut lists = vec![
            Listing::Community(topic.community),
            Listing::Channel(topic.channel),
            Listing::Kind(topic.community, topic.kind.clone()),
            Listing::Author(topic.author),
        ];
        for label in &topic.labels {
            lists.push(Listing::Label(topic.community, label.clone()));
            lists.push(Listing::ChannelLabel(topic.channel, label.clone()));
        }
        for list in lists {
            let count = self.lists.entry(list).or_default();
            count.all += stands;
            let is_open = |answers: i64| topic.answerable && answers == 0;
            count.unanswered += stands * u64::from(is_open(topic.counters.answers));
            count.unsolved += stands * u64::from(is_open(topic.counters.accepted));
        }
        for since in self.begin.get(&topic.community).into_iter().flatten() {
            let stands = stands * u64::from(topic.id >= *since);
            for list in [Listing::Community(topic.community), Listing::Channel(topic.channel)] {
                *self.windows.entry((list, *since)).or_default() += stands;
            }
        }
        if topic.pin.is_some() && topic.state == State::Published {
            self.pinned.entry(topic.community).or_default().insert(topic.id);
        }
    }
}

impl Verifier<'_> {
    /// Walks every feed.
    pub(super) async fn listings(&mut self) -> Result<(), StoreError> {
        let mut listed = std::mem::take(&mut self.listed);
        let directory = self.directory;
        for community in directory.communities() {
            // What no topic stands in has to be empty.
            listed.touch(Listing::Community(community.id));
            for entry in directory.channels(community.id) {
                listed.touch(Listing::Channel(entry.channel.id));
            }
            for label in directory.labels(community.id) {
                listed.touch(Listing::Label(community.id, label.key.clone()));
            }
            for kind in community.kinds.iter().chain(builtin_kinds()) {
                listed.touch(Listing::Kind(community.id, kind.name.clone()));
            }
            let pinned = listed.pinned.remove(&community.id).unwrap_or_default();
            self.pinned(community.id, &pinned).await?;
        }
        for (list, count) in listed.lists {
            for sort in Sort::ALL {
                let request = self.request(&list, sort);
                self.walk(&list, request, count.of(sort)).await?;
            }
        }
        for ((list, since), count) in listed.windows {
            let request = FeedRequest { since: Some(since), ..self.request(&list, Sort::Top) };
            self.walk(&list, request, count).await?;
        }
        Ok(())
    }

    /// The feed that reads a list.
    pub(super) fn request(&self, list: &Listing, sort: Sort) -> FeedRequest {
        let has = |label: &community_core::Slug| Some(LabelExpr::Has(label.clone()));
        let (selection, labels, kind, author) = match list {
            Listing::Community(id) => (self.all_of(*id), None, None, None),
            Listing::Channel(id) => (self.one(*id), None, None, None),
            Listing::Label(id, label) => (self.all_of(*id), has(label), None, None),
            Listing::ChannelLabel(id, label) => (self.one(*id), has(label), None, None),
            Listing::Kind(id, kind) => (self.all_of(*id), None, Some(kind.clone()), None),
            Listing::Author(author) => {
                let all = self.directory.communities().flat_map(|c| self.all_of(c.id));
                (all.collect(), None, None, Some(*author))
            }
        };
        FeedRequest {
            selection,
            labels,
            kind,
            author,
            sort,
            since: None,
            after: None,
            limit: PAGE,
            pins_of: None,
        }
    }

    /// All channels of a community.
    fn all_of(&self, community: CommunityId) -> Vec<Selection> {
        let read = self.directory.channels(community).map(|entry| entry.channel.id).collect();
        vec![Selection { community, read, own: Vec::new(), whole: true }]
    }

    /// One channel.
    fn one(&self, channel: ChannelId) -> Vec<Selection> {
        let community = self.directory.channel(channel).map(|entry| entry.channel.community);
        let only =
            |community| Selection { community, read: vec![channel], own: Vec::new(), whole: false };
        community.map(only).into_iter().collect()
    }

    /// Walks one feed to its end.
    async fn walk(
        &mut self,
        list: &Listing,
        mut request: FeedRequest,
        expected: u64,
    ) -> Result<(), StoreError> {
        let sort = request.sort;
        let subject = match request.since {
            None => format!("{list:?}, {sort}"),
            Some(since) => format!("{list:?}, {sort} since {since}"),
        };
        let mut walked = 0;
        loop {
            let page = self.store.feed(&request, &self.scope).await?;
            let begin = request.after;
            for (place, card) in page.items {
                let Some(card) = self.scope.admit(card) else { continue };
                self.card(&subject, &card);
                let topic = &card.topic;
                let key = ListingKey::of(sort).key(topic);
                let rule = "a feed is sorted by what its topics say";
                let keyed = key.map(|key| Position { key, id: topic.id.uuid() });
                self.same(rule, &subject, &Some(place), &keyed);
                let ordered = request.after.is_none_or(|after| is_behind(sort, place, after));
                self.holds("a feed is in its order", &subject, "places in order", ordered, place);
                let belongs = topic.state == State::Published
                    && stands_in(topic, list)
                    && request.since.is_none_or(|since| topic.id >= since);
                let rule = "a feed lists what belongs there";
                self.holds(rule, &subject, "topics of this list", belongs, topic.id);
                request.after = Some(place);
                walked += 1;
            }
            // The end, or a feed that does not come to one.
            if !page.more || request.after == begin || walked > expected {
                break;
            }
        }
        self.same("a feed is whole", subject, &walked, &expected);
        Ok(())
    }

    /// Checks what a community says is pinned.
    async fn pinned(
        &mut self,
        community: CommunityId,
        expected: &BTreeSet<TopicId>,
    ) -> Result<(), StoreError> {
        let pinned = self.store.pinned(community, &self.scope).await?;
        let mut found = BTreeSet::new();
        for card in self.scope.admit_all(pinned) {
            self.card("pins", &card);
            found.insert(card.topic.id);
        }
        let subject = format!("community {community}");
        self.same("what is pinned is published", subject, &found, expected);
        Ok(())
    }

    /// Checks that a card shows a topic as it is by its id, with what was corrected in it.
    fn card(&mut self, subject: &str, card: &Card) {
        let print = self.seen.cards.get(&card.topic.id).copied().flatten();
        let as_is = print == Some(Print::of(card));
        let rule = "a feed shows topics as they are";
        self.holds(rule, subject, "the topic as it is by its id", as_is, card);
    }
}

/// Whether a published topic stands in a list.
fn stands_in(topic: &Topic, list: &Listing) -> bool {
    match list {
        Listing::Community(id) => topic.community == *id,
        Listing::Channel(id) => topic.channel == *id,
        Listing::Label(id, label) => topic.community == *id && topic.labels.contains(label),
        Listing::ChannelLabel(id, label) => topic.channel == *id && topic.labels.contains(label),
        Listing::Kind(id, kind) => topic.community == *id && topic.kind == *kind,
        Listing::Author(id) => topic.author == *id,
    }
}
