//! What is counted beside topics and posts.

use std::collections::BTreeMap;

use community_core::query::{Listing, ListingKey};
use community_core::{
    ChannelId, CommunityId, PostId, Scope, Slug, State, Timestamp, Topic, TopicId,
};

use super::merge::Walk;
use super::{Snapshot, topics};
use crate::error::Result;

/// Along the primary key.
const LABEL_USE: &str =
    "SELECT label, channel, count FROM label_use WHERE community = ?1 ORDER BY label";

/// Channels by their unique key (community, key), counts by the primary key.
const CHANNEL_TOPICS: &str = "SELECT h.id, n.count FROM channels h
    CROSS JOIN channel_topics n ON n.channel = h.id WHERE h.community = ?1";

/// Backwards along `posts_of_topic`, and then along those of the same millisecond, which are the first
/// six bytes of an id.
const LATEST_BUMP: &str = "SELECT max(created_at) FROM posts
    WHERE topic = ?1 AND bumping = 1 AND id <> ?2 AND id >= (
      SELECT substr(id, 1, 6) FROM posts
      WHERE topic = ?1 AND bumping = 1 AND id <> ?2 ORDER BY id DESC LIMIT 1)";

/// Along the primary key.
const VIEWS: &str = "SELECT day, views FROM topic_views WHERE topic = ?1 ORDER BY day";

/// By the first two columns of the primary key.
const LABEL_TOTAL: &str =
    "SELECT coalesce(sum(count), 0) FROM label_use WHERE community = ?1 AND label = ?2";

pub(crate) const STATEMENTS: &[(&str, &str)] = &[
    ("use of labels", LABEL_USE),
    ("topics per channel", CHANNEL_TOPICS),
    ("the latest bump", LATEST_BUMP),
    ("views of a topic", VIEWS),
    ("use of a label", LABEL_TOTAL),
];

pub(super) fn label_use(
    snapshot: &Snapshot<'_>,
    community: CommunityId,
    scope: &Scope,
) -> Result<Vec<(Slug, u64)>> {
    let counted = snapshot.all(LABEL_USE, [community.as_bytes()], |columns| {
        Ok((columns.text::<Slug>()?, columns.id()?, columns.whole::<u64>()?))
    })?;
    let mut labels: BTreeMap<Slug, u64> = BTreeMap::new();
    for (label, channel, count) in counted {
        if scope.read().contains(channel) {
            *labels.entry(label).or_default() += count;
        }
    }
    for topic in own_topics(snapshot, community, scope)? {
        for label in topic.labels {
            *labels.entry(label).or_default() += 1;
        }
    }
    labels.retain(|label, count| *count > 0 && scope.sees_label(community, label));
    Ok(labels.into_iter().collect())
}

pub(super) fn channel_topics(
    snapshot: &Snapshot<'_>,
    community: CommunityId,
    scope: &Scope,
) -> Result<Vec<(ChannelId, u64)>> {
    let counted = snapshot.all(CHANNEL_TOPICS, [community.as_bytes()], |columns| {
        Ok((columns.id()?, columns.whole::<u64>()?))
    })?;
    let readable = counted.into_iter().filter(|(id, _)| scope.read().contains(*id));
    let mut channels: BTreeMap<ChannelId, u64> = readable.collect();
    for topic in own_topics(snapshot, community, scope)? {
        *channels.entry(topic.channel).or_default() += 1;
    }
    channels.retain(|_, count| *count > 0);
    Ok(channels.into_iter().collect())
}

/// The viewer's own published topics in channels of a community where only own ones are read.
fn own_topics(
    snapshot: &Snapshot<'_>,
    community: CommunityId,
    scope: &Scope,
) -> Result<Vec<Topic>> {
    let mut own = Vec::new();
    let Some(me) = scope.viewer().member().filter(|_| !scope.own().is_empty()) else {
        return Ok(own);
    };
    let mine = Listing::Author(me);
    let Some(mut walk) = Walk::start(snapshot, &mine, ListingKey::New, 64)? else {
        return Ok(own);
    };
    while let Some(entry) = walk.next(snapshot)? {
        let only_own = |id| scope.own().contains(id) && !scope.read().contains(id);
        if entry.channel.is_some_and(only_own) {
            let topic = topics::topic(snapshot.conn, entry.topic)?;
            own.extend(
                topic.filter(|topic| {
                    topic.community == community && topic.state == State::Published
                }),
            );
        }
    }
    Ok(own)
}

pub(super) fn latest_bump(
    snapshot: &Snapshot<'_>,
    topic: TopicId,
    except: Option<PostId>,
) -> Result<Option<Timestamp>> {
    let except = except.as_ref().map_or(&[][..], |id| id.as_bytes());
    let latest =
        snapshot.one(LATEST_BUMP, (topic.as_bytes(), except), |columns| columns.opt_time())?;
    Ok(latest.flatten())
}

pub(super) fn views(snapshot: &Snapshot<'_>, topic: TopicId) -> Result<Vec<(i32, i64)>> {
    snapshot.all(VIEWS, [topic.as_bytes()], |columns| Ok((columns.get()?, columns.get()?)))
}

/// How many published topics of a community have a label.
pub(super) fn label_total(
    snapshot: &Snapshot<'_>,
    community: CommunityId,
    label: &Slug,
) -> Result<u64> {
    let total = snapshot
        .one(LABEL_TOTAL, (community.as_bytes(), label.as_str()), |columns| columns.whole())?;
    Ok(total.unwrap_or(0))
}
