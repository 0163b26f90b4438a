//! Rows found by walking all of them, and what is counted from them.

use community_core::policy::Place;
use community_core::store::{Card, Placeholder, PostView, Tally, ThreadItem, TopicRow};
use community_core::{
    Author, Channel, ChannelId, Community, CommunityId, Correction, CorrectionId, Label, Member,
    MemberId, Membership, Post, PostCounters, PostId, PostKind, Slot, Slug, State, Topic,
    TopicCounters, TopicId,
};

use super::Oracle;

impl Oracle {
    pub(super) fn community_row(&self, id: CommunityId) -> Option<&Community> {
        self.communities.iter().find(|community| community.id == id)
    }

    pub(super) fn community_of_key(&self, key: &Slug) -> Option<&Community> {
        self.communities.iter().find(|community| community.key == *key)
    }

    pub(super) fn channel_row(&self, id: ChannelId) -> Option<&Channel> {
        self.channels.iter().find(|channel| channel.id == id)
    }

    pub(super) fn channel_of_key(&self, community: CommunityId, key: &Slug) -> Option<&Channel> {
        self.channels.iter().find(|c| c.community == community && c.key == *key)
    }

    pub(super) fn label_row(&self, community: CommunityId, key: &Slug) -> Option<&Label> {
        self.labels.iter().find(|label| label.community == community && label.key == *key)
    }

    pub(super) fn member(&self, id: MemberId) -> Option<&Member> {
        self.members.iter().find(|member| member.id == id)
    }

    /// A member who is not erased.
    pub(super) fn living(&self, id: MemberId) -> Option<&Member> {
        self.member(id).filter(|member| member.erased_at.is_none())
    }

    pub(super) fn membership(
        &self,
        community: CommunityId,
        member: MemberId,
    ) -> Option<&Membership> {
        self.memberships.iter().find(|m| m.community == community && m.member == member)
    }

    /// The channels from the top-level one down to this one.
    pub(super) fn chain(&self, channel: &Channel) -> Vec<ChannelId> {
        let mut chain = vec![channel.id];
        let mut at = channel;
        while let Some(above) = at.parent.and_then(|id| self.channel_row(id)) {
            chain.insert(0, above.id);
            at = above;
        }
        chain
    }

    /// A topic with everything that is counted of it.
    pub(super) fn topic_row(&self, id: TopicId) -> Option<Topic> {
        let mut topic = self.topics.iter().find(|topic| topic.id == id)?.clone();
        let published: Vec<&Post> = self
            .posts
            .iter()
            .filter(|post| post.topic == id && post.state == State::Published)
            .collect();
        let count = |test: fn(&Post) -> bool| len(published.iter().filter(|post| test(post)));
        let mut participants: Vec<MemberId> = published.iter().map(|post| post.author).collect();
        participants.sort();
        participants.dedup();
        let bumps = published.iter().filter(|post| post.bumps).map(|post| post.created_at);
        topic.counters = TopicCounters {
            ups: self.votes(topic.opening, "up"),
            downs: self.votes(topic.opening, "down"),
            posts: count(|_| true),
            answers: count(|post| post.kind == PostKind::Answer),
            accepted: count(|post| post.accepted.is_some()),
            participants: len(participants.iter()),
            views: len(self.views.iter().filter(|of| **of == id)),
            active_at: bumps.chain([topic.bumped_at]).max().unwrap_or(topic.bumped_at),
        };
        Some(topic)
    }

    fn votes(&self, post: PostId, key: &str) -> i64 {
        let of_post = self.reactions.iter().filter(|r| r.post == post && r.slot == Slot::Vote);
        len(of_post.filter(|reaction| reaction.key == *key))
    }

    /// A post with everything that is counted of it.
    pub(super) fn post_row(&self, id: PostId) -> Option<Post> {
        let mut post = self.posts.iter().find(|post| post.id == id)?.clone();
        let shown = self.replies_to(id).into_iter().filter(|reply| self.is_shown(*reply)).count();
        post.counters = PostCounters {
            ups: self.votes(id, "up"),
            downs: self.votes(id, "down"),
            children: i64::try_from(shown).unwrap_or(i64::MAX),
            corrections: len(self.standing_corrections(id).iter()),
        };
        Some(post)
    }

    pub(super) fn replies_to(&self, id: PostId) -> Vec<PostId> {
        let replies = self.posts.iter().filter(|post| post.parent == Some(id));
        replies.map(|post| post.id).collect()
    }

    /// Whether a thread shows a post: when it is published, or when a reply to it is shown.
    pub(super) fn is_shown(&self, id: PostId) -> bool {
        let Some(post) = self.posts.iter().find(|post| post.id == id) else { return false };
        post.state == State::Published
            || self.replies_to(id).into_iter().any(|reply| self.is_shown(reply))
    }

    pub(super) fn correction_row(&self, id: CorrectionId) -> Option<&Correction> {
        self.corrections.iter().find(|correction| correction.id == id)
    }

    /// All corrections of a post, oldest first.
    pub(super) fn corrections_of(&self, post: PostId) -> Vec<Correction> {
        let of_post = self.corrections.iter().filter(|correction| correction.post == post);
        let mut corrections: Vec<_> = of_post.cloned().collect();
        corrections.sort_by_key(|correction| (correction.at, correction.id));
        corrections
    }

    pub(super) fn standing_corrections(&self, post: PostId) -> Vec<Correction> {
        let all = self.corrections_of(post).into_iter();
        all.filter(|correction| correction.withdrawn_at.is_none()).collect()
    }

    pub(super) fn author_of(&self, id: MemberId) -> Option<Author> {
        let Member { id, key, name, .. } = self.member(id)?;
        Some(Author { id: *id, key: key.clone(), name: name.clone() })
    }

    pub(super) fn row_of(&self, topic: Topic) -> Option<TopicRow> {
        Some(TopicRow { author: self.author_of(topic.author)?, topic })
    }

    pub(super) fn card_of(&self, topic: Topic) -> Option<Card> {
        let corrections = self.standing_corrections(topic.opening);
        Some(Card { author: self.author_of(topic.author)?, corrections, topic })
    }

    /// A post with everything that travels with it.
    pub(super) fn view_of(&self, post: Post) -> Option<PostView> {
        let topic = self.topics.iter().find(|topic| topic.id == post.topic)?;
        let text =
            self.revisions.iter().find(|r| r.post == post.id && r.number == post.revision)?;
        let mut keys: Vec<&Slug> = self
            .reactions
            .iter()
            .filter(|reaction| reaction.post == post.id && reaction.slot == Slot::Reaction)
            .map(|reaction| &reaction.key)
            .collect();
        keys.sort();
        let mut tallies: Vec<Tally> = Vec::new();
        for key in keys {
            match tallies.last_mut() {
                Some(tally) if tally.key == *key => tally.count += 1,
                _ => tallies.push(Tally { key: key.clone(), count: 1 }),
            }
        }
        let Topic { community, channel, author, state, .. } = topic;
        let place =
            Place { community: *community, channel: *channel, author: *author, state: *state };
        Some(PostView {
            body: text.body.clone(),
            author: self.author_of(post.author)?,
            corrections: self.standing_corrections(post.id),
            tallies,
            place,
            post,
        })
    }

    /// A post as a thread shows it to somebody who may or may not see it.
    pub(super) fn item_of(&self, post: Post, seen: bool) -> Option<ThreadItem> {
        if seen {
            return self.view_of(post).map(|view| ThreadItem::Post(Box::new(view)));
        }
        let Post { id, parent, depth, counters: PostCounters { children, .. }, .. } = post;
        Some(ThreadItem::Placeholder(Placeholder { id, parent, depth, children }))
    }
}

fn len<'a, T: 'a + ?Sized>(items: impl Iterator<Item = &'a T>) -> i64 {
    i64::try_from(items.count()).unwrap_or(i64::MAX)
}
