//! Feeds and counts by channel and label, against the lists that the topics give.

use std::collections::{BTreeMap, BTreeSet};

use community_core::query::{FeedRequest, ListingKey, Position, Selection};
use community_core::store::{Store, StoreError};
use community_core::{
    ChannelId, Community, Directory, LabelExpr, MemberId, Scope, Slug, Sort, State, Topic, TopicId,
};

use super::{PAGE, Report};

/// What a feed is narrowed to.
#[derive(Debug, Clone, Default)]
struct Narrow {
    channel: Option<ChannelId>,
    label: Option<Slug>,
    kind: Option<Slug>,
    author: Option<MemberId>,
    since: Option<TopicId>,
}

impl Narrow {
    fn holds(&self, topic: &Topic) -> bool {
        self.channel.is_none_or(|channel| topic.channel == channel)
            && self.label.as_ref().is_none_or(|label| topic.labels.contains(label))
            && self.kind.as_ref().is_none_or(|kind| topic.kind == *kind)
            && self.author.is_none_or(|author| topic.author == author)
            && self.since.is_none_or(|since| topic.id >= since)
    }
}

pub(super) async fn verify(
    store: &dyn Store,
    scope: &Scope,
    directory: &Directory,
    community: &Community,
    topics: &[Topic],
    report: &mut Report,
) -> Result<(), StoreError> {
    let published: Vec<&Topic> =
        topics.iter().filter(|topic| topic.state == State::Published).collect();
    counts(store, scope, community, &published, report).await?;

    let mut feeds = vec![Narrow::default()];
    let mut channels = BTreeSet::new();
    let (mut labels, mut pairs) = (BTreeSet::new(), BTreeSet::new());
    let (mut kinds, mut authors) = (BTreeSet::new(), BTreeSet::new());
    for topic in &published {
        channels.insert(topic.channel);
        kinds.insert(topic.kind.clone());
        authors.insert(topic.author);
        for label in &topic.labels {
            labels.insert(label.clone());
            pairs.insert((topic.channel, label.clone()));
        }
    }
    feeds.extend(channels.iter().map(|c| Narrow { channel: Some(*c), ..Narrow::default() }));
    feeds.extend(labels.into_iter().map(|l| Narrow { label: Some(l), ..Narrow::default() }));
    feeds.extend(kinds.into_iter().map(|k| Narrow { kind: Some(k), ..Narrow::default() }));
    feeds.extend(authors.into_iter().map(|a| Narrow { author: Some(a), ..Narrow::default() }));
    feeds.extend(pairs.into_iter().map(|(channel, label)| Narrow {
        channel: Some(channel),
        label: Some(label),
        ..Narrow::default()
    }));
    if let Some(newest) = published.iter().map(|topic| topic.created_at).max() {
        for days in [1, 7, 30] {
            let since = Some(TopicId::earliest(newest - chrono::Duration::days(days)));
            feeds.push(Narrow { since, ..Narrow::default() });
            let in_channels = channels.iter().map(|channel| Narrow {
                channel: Some(*channel),
                since,
                ..Narrow::default()
            });
            feeds.extend(in_channels);
        }
    }
    for narrow in &feeds {
        let sorts: &[Sort] = if narrow.since.is_some() { &[Sort::Top] } else { &Sort::ALL };
        for sort in sorts {
            walk(store, scope, directory, community, &published, narrow, *sort, report).await?;
        }
    }
    Ok(())
}

/// Walks one feed to its end.
#[allow(
    clippy::too_many_arguments,
    reason = "one call, and no two of a type that could be mixed up"
)]
async fn walk(
    store: &dyn Store,
    scope: &Scope,
    directory: &Directory,
    community: &Community,
    published: &[&Topic],
    narrow: &Narrow,
    sort: Sort,
    report: &mut Report,
) -> Result<(), StoreError> {
    let order = ListingKey::of(sort);
    let mut expected: Vec<(i64, TopicId)> = published
        .iter()
        .filter(|topic| narrow.holds(topic))
        .filter_map(|topic| Some((order.key(topic)?, topic.id)))
        .collect();
    expected.sort_unstable();
    if sort != Sort::Oldest {
        expected.reverse();
    }
    let read = match narrow.channel {
        Some(channel) => vec![channel],
        None => directory.channels(community.id).map(|entry| entry.channel.id).collect(),
    };
    let mut found = Vec::with_capacity(expected.len());
    let mut after: Option<Position> = None;
    loop {
        let request = FeedRequest {
            selection: vec![Selection {
                community: community.id,
                read: read.clone(),
                own: Vec::new(),
                whole: narrow.channel.is_none(),
            }],
            labels: narrow.label.clone().map(LabelExpr::Has),
            kind: narrow.kind.clone(),
            author: narrow.author,
            sort,
            since: narrow.since,
            after,
            limit: PAGE,
        };
        let page = store.feed(&request, scope).await?;
        after = page.items.last().map(|(position, _)| *position);
        found.extend(page.items.iter().map(|(at, _)| (at.key, TopicId::from_uuid(at.id))));
        // A store that never says that it has come to the end is stopped here.
        if !page.more || found.len() > expected.len() {
            break;
        }
    }
    report.checks += u64::try_from(expected.len()).unwrap_or_default();
    let subject = (&community.key, sort, narrow);
    report.equal("a feed lists what belongs there, in its order", &subject, &expected, &found);
    Ok(())
}

async fn counts(
    store: &dyn Store,
    scope: &Scope,
    community: &Community,
    published: &[&Topic],
    report: &mut Report,
) -> Result<(), StoreError> {
    let mut in_channels: BTreeMap<ChannelId, u64> = BTreeMap::new();
    let mut with_labels: BTreeMap<Slug, u64> = BTreeMap::new();
    for topic in published {
        *in_channels.entry(topic.channel).or_default() += 1;
        for label in &topic.labels {
            *with_labels.entry(label.clone()).or_default() += 1;
        }
    }
    let found = store.channel_topics(community.id, scope).await?;
    let found = found.into_iter().filter(|(_, count)| *count > 0).collect();
    report.equal("topics of channels", &community.key, &in_channels, &found);
    let found = store.label_use(community.id, scope).await?;
    let found = found.into_iter().filter(|(_, count)| *count > 0).collect();
    report.equal("topics with labels", &community.key, &with_labels, &found);
    Ok(())
}
