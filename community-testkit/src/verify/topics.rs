//! Topics, page by page, each with what hangs on it.

use std::collections::{BTreeMap, BTreeSet};

use community_core::query::{FeedRequest, Listing, Position, Sort};
use community_core::store::{Card, TopicRow};
use community_core::{
    Author, ChannelId, Community, CommunityId, Key, LinkKind, MemberId, Slug, State, StoreError,
    Timestamp, Topic, TopicId, builtin_kinds,
};

use super::seen::Print;
use super::{PAGE, Verifier};

/// Links, each with the topics from which it is seen.
type Links = BTreeMap<(TopicId, TopicId, LinkKind), BTreeSet<TopicId>>;

/// Published topics by label and by channel.
#[derive(Debug, Default)]
struct Use {
    labels: BTreeMap<Slug, u64>,
    channels: BTreeMap<ChannelId, u64>,
}

impl Verifier<'_> {
    /// Checks all topics and posts, and counts how many belong to each list.
    pub(super) async fn content(&mut self) -> Result<(), StoreError> {
        let mut links = Links::new();
        let directory = self.directory;
        for community in directory.communities() {
            let newest = self.newest(community.id).await?;
            self.listed.open(community.id, newest);
            let mut used = Use::default();
            let mut after: Option<TopicId> = None;
            loop {
                let scope = &self.scope;
                let page = self.store.topics_by_id(community.id, after, PAGE, scope).await?;
                let page: Vec<TopicRow> =
                    scope.admit_all(page).into_iter().map(|row| row.into_inner()).collect();
                let begin = after;
                self.found_topics(community.id, &page).await?;
                for row in &page {
                    let topic = &row.topic;
                    let is_behind = after.is_none_or(|after| topic.id > after);
                    let subject = format!("topic {}", topic.id);
                    let rule = "topics are read by id";
                    self.holds(rule, &subject, "ids that rise", is_behind, after);
                    self.begins(&subject, topic.id.uuid(), topic.created_at);
                    after = Some(topic.id);
                    self.topic(&subject, community, row).await?;
                    self.links(&subject, topic.id, &mut links).await?;
                    if topic.state == State::Published {
                        used.count(topic);
                    }
                }
                // The end, or a store that does not come forward.
                if page.len() < PAGE || begin >= after {
                    break;
                }
            }
            self.used(community, &used).await?;
        }
        self.ends(&links);
        Ok(())
    }

    /// When the newest topic of a community was started.
    async fn newest(&self, community: CommunityId) -> Result<Option<Timestamp>, StoreError> {
        let request = self.request(&Listing::Community(community), Sort::New);
        let request = FeedRequest { limit: 1, ..request };
        let page = self.store.feed(&request, &self.scope).await?;
        let newest = page.items.into_iter().find_map(|(_, card)| self.scope.admit(card));
        Ok(newest.map(|card| card.topic.created_at))
    }

    async fn topic(
        &mut self,
        subject: &str,
        community: &Community,
        row: &TopicRow,
    ) -> Result<(), StoreError> {
        let topic = &row.topic;
        self.belongs(subject, &topic.community, &community.id);
        self.author(subject, &row.author, topic.author);
        let channel = self.directory.channel(topic.channel).map(|entry| entry.channel.community);
        let rule = "a topic is in a channel of its community";
        self.same(rule, subject, &channel, &Some(community.id));
        let rule = "a topic has its community's hot scale";
        self.same(rule, subject, &topic.hot_scale, &community.hot_scale);
        self.kind(subject, community, topic);
        let mut labels = topic.labels.clone();
        labels.sort();
        labels.dedup();
        self.same("labels are sorted, each once", subject, &topic.labels, &labels);
        for label in &topic.labels {
            let is_known = self.directory.label(community.id, label).is_some();
            let rule = "a label of a topic exists";
            self.holds(rule, subject, "a label that exists", is_known, label);
        }
        let (count, most) = (topic.labels.len(), self.limits.labels);
        self.fits("labels of a topic are within their limit", subject, count, most);
        let payload = topic.payload.as_ref().map_or(0, |payload| payload.to_string().len());
        self.fits("a payload is within its limit", subject, payload, self.limits.payload);

        let views = self.store.views(topic.id).await?;
        let sum = views.iter().map(|(_, views)| views).sum();
        self.same("views of a topic", subject, &topic.counters.views, &sum);
        let rise = views.is_sorted_by(|(one, _), (next, _)| one < next);
        let counted = views.iter().all(|(_, views)| *views >= 0);
        self.holds("days of views rise", subject, "days that rise", rise && counted, &views);
        let corrections = self.posts(subject, community, topic).await?;
        let card = Card { topic: topic.clone(), author: row.author.clone(), corrections };
        let is_listed = topic.state == State::Published;
        self.seen.cards.insert(topic.id, is_listed.then(|| Print::of(&card)));
        self.listed.count(topic);
        Ok(())
    }

    /// Checks what follows from a topic's kind. What a community's own kind said when the topic was
    /// started is not known: such a kind can be defined anew.
    fn kind(&mut self, subject: &str, community: &Community, topic: &Topic) {
        let kind = community.kind(&topic.kind);
        let rule = "a topic is of a kind that its community knows";
        self.holds(rule, subject, "a kind that is known", kind.is_some(), &topic.kind);
        if let Some(kind) = builtin_kinds().iter().find(|kind| kind.name == topic.kind) {
            let rule = "a topic takes answers as its kind does";
            self.same(rule, subject, &topic.answerable, &kind.answers);
            let is_known = kind.has_status(&topic.status);
            let rule = "a topic has a status of its kind";
            self.holds(rule, subject, "a status that its kind knows", is_known, &topic.status);
        }
    }

    /// Checks that an author exists and is shown as the member is.
    pub(super) fn author(&mut self, subject: &str, author: &Author, id: MemberId) {
        let is_member = self.seen.authors.get(&id) == Some(&Print::of(author));
        let rule = "an author is shown as the member is";
        self.holds(rule, subject, "the member's id, key and name", is_member, author);
    }

    /// Checks the links of a topic, and notes that they are seen from it.
    async fn links(
        &mut self,
        subject: &str,
        topic: TopicId,
        links: &mut Links,
    ) -> Result<(), StoreError> {
        let mut after: Option<Position> = None;
        loop {
            let page = self.store.links(topic, after, PAGE).await?;
            let (begin, is_last) = (after, page.len() < PAGE);
            for link in page {
                let place = link.place(topic);
                let is_behind =
                    after.is_none_or(|after| (place.id, place.key) > (after.id, after.key));
                self.holds("links are in their order", subject, "in order", is_behind, &link);
                after = Some(place);
                self.belongs(subject, &(link.from == topic || link.to == topic), &true);
                let found = self.store.link(link.from, link.to, link.kind).await?;
                self.same("a link is found by its ends", subject, &found.as_ref(), &Some(&link));
                links.entry((link.from, link.to, link.kind)).or_default().insert(topic);
            }
            // The end, or a store that does not come forward.
            if is_last || after == begin {
                break;
            }
        }
        Ok(())
    }

    /// Checks that each link joins two topics, and is seen from both.
    fn ends(&mut self, links: &Links) {
        for ((from, to, kind), seen_from) in links {
            let subject = format!("link from {from} to {to}, {kind:?}");
            let exist = [from, to].iter().all(|end| self.seen.cards.contains_key(end));
            let rule = "a link joins two topics";
            self.holds(rule, &subject, "two topics that exist", exist && from != to, (from, to));
            let ends = BTreeSet::from([*from, *to]);
            self.same("a link is seen from both ends", &subject, seen_from, &ends);
        }
    }

    /// Checks that ids and keys lead to the topics of a page.
    async fn found_topics(
        &mut self,
        community: CommunityId,
        page: &[TopicRow],
    ) -> Result<(), StoreError> {
        let ids: Vec<TopicId> = page.iter().map(|row| row.topic.id).collect();
        let by_id = self.store.topics(&ids, &self.scope).await?;
        for (row, found) in page.iter().zip(by_id) {
            let found = found.and_then(|row| self.scope.admit(row)).map(|row| row.into_inner());
            let subject = format!("topic {}", row.topic.id);
            self.same("a topic is found by its id", subject, &found.as_ref(), &Some(row));
        }
        let keyed = page.iter().filter_map(|row| Some((row.topic.key.clone()?, row.topic.id)));
        let (keys, ids): (Vec<Key>, Vec<TopicId>) = keyed.unzip();
        let found = self.store.lookup(community, &keys).await?;
        for (id, found) in ids.into_iter().zip(found) {
            let subject = format!("topic {id}");
            self.same("a topic is found by its key", subject, &found, &Some((id, None)));
        }
        Ok(())
    }

    /// Checks how often labels and channels of a community are said to be used.
    async fn used(&mut self, community: &Community, used: &Use) -> Result<(), StoreError> {
        let subject = format!("community `{}`", community.key);
        let mut labels = self.store.label_use(community.id, &self.scope).await?;
        labels.sort();
        let expected: Vec<_> = used.labels.clone().into_iter().collect();
        self.same("topics with labels", &subject, &labels, &expected);
        let mut channels = self.store.channel_topics(community.id, &self.scope).await?;
        channels.sort();
        let expected: Vec<_> = used.channels.clone().into_iter().collect();
        self.same("topics of channels", &subject, &channels, &expected);
        Ok(())
    }
}

impl Use {
    fn count(&mut self, topic: &Topic) {
        *self.channels.entry(topic.channel).or_default() += 1;
        for label in &topic.labels {
            *self.labels.entry(label.clone()).or_default() += 1;
        }
    }
}
