//! Which documents events make out of date.

use std::collections::{BTreeMap, BTreeSet};

use community_core::{CommunityId, DocumentId, Event, EventKind, PostId, Seq, Slug, TopicId};

/// What has to be read again.
#[derive(Debug, Default)]
pub(super) struct Touched {
    /// Topics whose every document is out of date.
    pub(super) whole: BTreeSet<TopicId>,
    /// Topics of which only the topic's own document is, and the posts whose texts, states or marks
    /// changed.
    pub(super) topics: BTreeMap<TopicId, BTreeSet<PostId>>,
    /// Posts of which the post's own document is, by topic.
    pub(super) posts: BTreeMap<TopicId, BTreeSet<PostId>>,
    /// Labels whose name or audience has changed.
    pub(super) labels: BTreeSet<(CommunityId, Slug)>,
    /// Pages, by documents that they are made of.
    pub(super) pages: BTreeSet<DocumentId>,
}

impl Touched {
    /// What these events touch, in an index that was begun when the log had come to `begun_at`.
    ///
    /// Whatever happened up to there shows in what is read later, so each topic is read once, with
    /// all its posts, where it was started.
    pub(super) fn by(events: &[Event], begun_at: Seq) -> Self {
        let mut touched = Self::default();
        for event in events {
            if event.seq > begun_at || matches!(event.event.kind, EventKind::TopicStarted { .. }) {
                touched.add(event);
            }
        }
        let Self { whole, topics, posts, labels: _, pages: _ } = &mut touched;
        topics.retain(|topic, _| !whole.contains(topic));
        posts.retain(|topic, _| !whole.contains(topic));
        touched
    }

    fn add(&mut self, event: &Event) {
        let (topic, post) = (event.event.topic, event.event.post);
        match &event.event.kind {
            // Labels, channel and state of a topic are in each of its documents.
            EventKind::PostErased { opening: true }
            | EventKind::TopicStarted { .. }
            | EventKind::TopicEdited { .. }
            | EventKind::TopicMoved { .. }
            | EventKind::TopicStateChanged { .. } => self.whole.extend(topic),
            // What is counted of a topic and the texts of its answers are in the topic's.
            EventKind::PostWritten
            | EventKind::PostEdited { .. }
            | EventKind::PostStateChanged { .. }
            | EventKind::PostErased { opening: false }
            | EventKind::Accepted { .. }
            | EventKind::MadeOfficial { .. } => {
                add(&mut self.topics, topic, post);
                add(&mut self.posts, topic, post);
            }
            EventKind::Reacted { .. } | EventKind::Corrected { .. } => {
                add(&mut self.posts, topic, post);
            }
            EventKind::LabelChanged { label } => {
                let community = event.event.community;
                self.labels.extend(community.map(|community| (community, label.clone())));
            }
            EventKind::CommunityCreated
            | EventKind::CommunityChanged
            | EventKind::ChannelCreated
            | EventKind::ChannelChanged
            | EventKind::MemberCreated
            | EventKind::MemberChanged
            | EventKind::MemberErased
            | EventKind::Joined
            | EventKind::Left
            | EventKind::StandingChanged
            | EventKind::TopicLocked { .. }
            | EventKind::TopicPinned { .. }
            | EventKind::StatusChanged { .. }
            | EventKind::Linked { .. }
            | EventKind::DocumentChanged { .. } => {}
            // A kind of event that came later than this crate may touch anything of its topic.
            _ => self.whole.extend(topic),
        }
    }
}

fn add(
    posts: &mut BTreeMap<TopicId, BTreeSet<PostId>>,
    topic: Option<TopicId>,
    post: Option<PostId>,
) {
    if let (Some(topic), Some(post)) = (topic, post) {
        posts.entry(topic).or_default().insert(post);
    }
}
