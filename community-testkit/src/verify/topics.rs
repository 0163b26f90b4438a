//! One topic: its posts, votes, corrections, revisions and counters.

use std::collections::{BTreeMap, BTreeSet};

use community_core::query::Position;
use community_core::store::{PostView, Store, StoreError};
use community_core::time::to_micros;
use community_core::{
    Community, Directory, Limits, Post, PostId, PostKind, Scope, Slot, Slug, State, Topic, Vote,
};

use super::{PAGE, Report};

pub(super) async fn verify(
    store: &dyn Store,
    scope: &Scope,
    directory: &Directory,
    community: &Community,
    topic: &Topic,
    report: &mut Report,
) -> Result<(), StoreError> {
    facts(directory, community, topic, report);
    let mut posts: BTreeMap<PostId, Post> = BTreeMap::new();
    let mut after = None;
    loop {
        let page = scope.admit_all(store.posts_by_id(topic.id, after, PAGE, scope).await?);
        let Some(last) = page.last() else { break };
        after = Some(last.post.id);
        for view in page {
            let view = view.into_inner();
            reactions(store, &view, report).await?;
            texts(store, scope, &view, report).await?;
            posts.insert(view.post.id, view.post);
        }
    }
    let mut children: BTreeMap<PostId, i64> = BTreeMap::new();
    for parent in posts.values().filter(|post| post.is_shown()).filter_map(|post| post.parent) {
        *children.entry(parent).or_default() += 1;
    }
    for post in posts.values() {
        tree(topic, &posts, post, report);
        let expected = children.get(&post.id).copied().unwrap_or_default();
        report.equal("shown replies of a post", &post.id, &expected, &post.counters.children);
    }
    counters(topic, &posts, report);
    let views: i64 = store.views(topic.id).await?.iter().map(|(_, views)| views).sum();
    report.equal("views of a topic", &topic.id, &views, &topic.counters.views);
    Ok(())
}

fn facts(directory: &Directory, community: &Community, topic: &Topic, report: &mut Report) {
    let channel = directory.channel(topic.channel);
    let here = channel.is_some_and(|entry| entry.channel.community == community.id);
    report.holds("a topic is in a channel of its community", &topic.id, here);
    let kind = community.kind(&topic.kind);
    let answers = kind.map(|kind| kind.answers);
    report.equal(
        "a topic takes answers as its kind does",
        &topic.id,
        &answers,
        &Some(topic.answerable),
    );
    let known = kind.is_some_and(|kind| kind.has_status(&topic.status));
    report.holds("a topic has a status of its kind", &topic.id, known);
    let scale = (&topic.id, "hot scale");
    report.equal(
        "a topic has its community's hot scale",
        &scale,
        &community.hot_scale,
        &topic.hot_scale,
    );
    let sorted = topic.labels.windows(2).all(|pair| matches!(pair, [a, b] if a < b));
    report.holds("labels are sorted, each once", &topic.id, sorted);
    for label in &topic.labels {
        let known = directory.label(community.id, label).is_some();
        report.holds("a label of a topic exists", &(topic.id, label), known);
    }
    let fits = Limits::caps().title(topic.title.as_str().len()).is_ok();
    report.holds("a title is within its limit", &topic.id, fits);
}

/// A post stands in a tree, and its counts of what hangs on it are right.
fn tree(topic: &Topic, posts: &BTreeMap<PostId, Post>, post: &Post, report: &mut Report) {
    let id = post.id;
    match post.parent {
        None => {
            report.equal("only the first post has no parent", &id, &topic.opening, &id);
            let opening = (0, PostKind::Opening, topic.author);
            let found = (post.depth, post.kind, post.author);
            report.equal("the first post is its topic's", &id, &opening, &found);
        }
        Some(parent) => match posts.get(&parent) {
            // A parent is one step higher, so there is no ring.
            Some(parent) => {
                report.equal("a reply is one deeper", &id, &(parent.depth + 1), &post.depth);
                let answers_opening = parent.kind == PostKind::Opening && topic.answerable;
                let fits = post.kind == PostKind::Reply || answers_opening;
                report.holds("an answer replies to a topic that takes answers", &id, fits);
            }
            None => report.holds("a parent is in the same topic", &id, false),
        },
    }
    let marked = post.accepted.is_some() || post.official.is_some();
    report.holds("only answers are marked", &id, !marked || post.kind == PostKind::Answer);
}

fn counters(topic: &Topic, posts: &BTreeMap<PostId, Post>, report: &mut Report) {
    let published = || posts.values().filter(|post| post.state == State::Published);
    let count = |of: &dyn Fn(&&Post) -> bool| {
        i64::try_from(published().filter(of).count()).unwrap_or(i64::MAX)
    };
    let (id, c) = (topic.id, &topic.counters);
    report.equal("posts of a topic", &id, &count(&|_| true), &c.posts);
    let answers = count(&|post| post.kind == PostKind::Answer);
    report.equal("answers of a topic", &id, &answers, &c.answers);
    let accepted = count(&|post| post.accepted.is_some());
    report.equal("accepted answers of a topic", &id, &accepted, &c.accepted);
    let participants: BTreeSet<_> = published().map(|post| post.author).collect();
    let participants = i64::try_from(participants.len()).unwrap_or(i64::MAX);
    report.equal("participants of a topic", &id, &participants, &c.participants);
    let bumps = published().filter(|post| post.bumps).map(|post| post.created_at);
    let active = bumps.chain([topic.bumped_at]).max();
    report.equal("last activity of a topic", &id, &active, &Some(c.active_at));
    let votes = posts.get(&topic.opening).map(|post| (post.counters.ups, post.counters.downs));
    report.equal("votes of a topic are its first post's", &id, &votes, &Some((c.ups, c.downs)));
}

async fn reactions(
    store: &dyn Store,
    view: &PostView,
    report: &mut Report,
) -> Result<(), StoreError> {
    let id = view.post.id;
    for slot in [Slot::Vote, Slot::Reaction] {
        let mut counts: BTreeMap<Slug, i64> = BTreeMap::new();
        let mut members = BTreeSet::new();
        let mut after: Option<Position> = None;
        loop {
            let page = store.reactions(id, slot, after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(Position { key: to_micros(last.at), id: last.member.uuid() });
            for reaction in page {
                let first = members.insert(reaction.member);
                report.holds("one reaction a member, post and slot", &id, first);
                let vote = Vote::parse(reaction.key.as_str()).is_some();
                report.holds(
                    "votes are up or down, reactions are not",
                    &id,
                    vote == (slot == Slot::Vote),
                );
                *counts.entry(reaction.key).or_default() += 1;
            }
        }
        match slot {
            Slot::Vote => {
                let count = |key: &str| counts.get(key).copied().unwrap_or_default();
                let found = (view.post.counters.ups, view.post.counters.downs);
                report.equal("votes of a post", &id, &(count("up"), count("down")), &found);
            }
            Slot::Reaction => {
                let found: BTreeMap<Slug, i64> =
                    view.tallies.iter().map(|tally| (tally.key.clone(), tally.count)).collect();
                report.equal("reactions of a post", &id, &counts, &found);
            }
        }
    }
    Ok(())
}

/// Revisions and corrections.
async fn texts(
    store: &dyn Store,
    scope: &Scope,
    view: &PostView,
    report: &mut Report,
) -> Result<(), StoreError> {
    let post = &view.post;
    let latest = store.revisions(post.id, post.revision - 1, 2, scope).await?;
    let latest = scope.admit_all(latest);
    let numbers: Vec<u32> = latest.iter().map(|revision| revision.2.number).collect();
    report.equal("the latest revision is the post's", &post.id, &vec![post.revision], &numbers);
    if let Some(latest) = latest.first() {
        report.equal("a post's text is its latest revision", &post.id, &latest.2.body, &view.body);
    }
    report.holds(
        "a text is within its limit",
        &post.id,
        Limits::caps().body(view.body.len()).is_ok(),
    );
    let all = store.corrections(post.id).await?;
    let standing: Vec<_> = all.into_iter().filter(|c| c.withdrawn_at.is_none()).collect();
    let count = i64::try_from(standing.len()).unwrap_or(i64::MAX);
    report.equal("corrections of a post", &post.id, &count, &post.counters.corrections);
    report.equal("a post comes with its corrections", &post.id, &standing, &view.corrections);
    Ok(())
}
