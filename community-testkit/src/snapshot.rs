//! Everything that a store holds, as lines of text: what "leaves no trace" and "is still there"
//! are tested with.

use community_core::change::Seq;
use community_core::fold::Folded;
use community_core::query::{FeedRequest, PostOrder, Selection, ThreadRequest, ThreadStart};
use community_core::store::{Store, ThreadItem};
use community_core::{CommunityId, PostId, Scope, Slot, Slug, Sort, Topic, TopicId};

use crate::check::Outcome;
use crate::fixture::slug;

/// More than any case writes: everything comes on one page.
const ALL: usize = 100_000;

/// The checkpoint that cases write.
pub(crate) fn checkpoint() -> Slug {
    slug("indexer")
}

/// Everything that a store holds, as lines of text, read with the scope of the system: the same
/// lines as long as nothing is written, and others once something is.
///
/// # Errors
/// When the store cannot be read.
pub async fn snapshot(store: &dyn Store) -> Outcome<Vec<String>> {
    let access = store.access_rev(None).await?;
    let scope = Scope::system(access);
    let mut lines = vec![format!("{access:?}")];

    let directory = store.directory().await?;
    for community in directory.communities() {
        lines.push(format!("{community:?}"));
        lines.extend(directory.channels(community.id).map(|entry| format!("{:?}", entry.channel)));
        let mut labels: Vec<_> = directory.labels(community.id).collect();
        labels.sort_by_key(|label| &label.key);
        lines.extend(labels.into_iter().map(|label| format!("{label:?}")));
    }
    for member in store.members_by_id(None, ALL).await? {
        lines.push(format!("{member:?} {:?}", store.access_rev(Some(member.id)).await?));
        let mut memberships = store.memberships(member.id).await?;
        memberships.sort_by_key(|membership| membership.community);
        lines.extend(memberships.into_iter().map(|membership| format!("{membership:?}")));
    }
    for community in directory.communities() {
        content(store, community.id, &scope, &mut lines).await?;
    }

    lines.push(format!("{:?}", store.head().await?));
    let events = store.events_after(Seq(0), ALL).await?;
    lines.extend(events.into_iter().map(|event| format!("{event:?}")));
    lines.push(format!("{:?}", store.checkpoint(&checkpoint()).await?));
    Ok(lines)
}

/// The content of one community.
async fn content(
    store: &dyn Store,
    community: CommunityId,
    scope: &Scope,
    lines: &mut Vec<String>,
) -> Outcome {
    lines.push(format!("{}", store.member_count(community).await?));
    let members = store.members_of(community, None, ALL).await?;
    lines.extend(members.into_iter().map(|row| format!("{row:?}")));
    let named = store.members_named(community, &Folded::default(), ALL).await?;
    lines.extend(named.into_iter().map(|row| format!("{row:?}")));
    let mut labels = store.label_use(community, scope).await?;
    labels.sort();
    let mut channels = store.channel_topics(community, scope).await?;
    channels.sort();
    lines.push(format!("{labels:?} {channels:?}"));

    for document in scope.admit_all(store.documents_by_id(community, None, ALL).await?) {
        lines.push(format!("{document:?}"));
    }
    for list in store.document_lists(community, None, ALL).await? {
        let page = store.documents_in(&list, None, ALL).await?;
        let places: Vec<_> = page.into_iter().map(|(place, _)| place).collect();
        lines.push(format!("{list:?} {places:?}"));
    }

    let whole = whole_community(store, community).await?;
    for sort in Sort::ALL {
        let request = feed(vec![whole.clone()], sort, ALL);
        for (position, card) in store.feed(&request, scope).await?.items {
            lines.push(format!("{sort} {position:?} {:?}", scope.admit(card)));
        }
    }
    let mut pinned = scope.admit_all(store.pinned(community, scope).await?);
    pinned.sort_by_key(|card| card.topic.id);
    lines.push(format!("{pinned:?}"));
    for row in scope.admit_all(store.topics_by_id(community, None, ALL, scope).await?) {
        lines.push(format!("{row:?}"));
        topic(store, &row.topic, scope, lines).await?;
    }
    Ok(())
}

/// A topic with its posts.
async fn topic(
    store: &dyn Store,
    topic: &Topic,
    scope: &Scope,
    lines: &mut Vec<String>,
) -> Outcome {
    let links = store.links(topic.id, None, ALL).await?;
    lines.push(format!("{links:?} {:?}", store.views(topic.id).await?));
    lines.push(format!("{:?}", store.latest_bump(topic.id, None).await?));
    for order in PostOrder::ALL {
        let page = store.thread(&thread(topic.id, topic.opening, order, ALL), scope).await?;
        for (position, item) in page.items {
            let id = match scope.admit(item).as_deref() {
                Some(ThreadItem::Post(view)) => Some(view.post.id),
                Some(ThreadItem::Placeholder(placeholder)) => Some(placeholder.id),
                None => None,
            };
            lines.push(format!("{order} {position:?} {id:?}"));
        }
    }
    for view in scope.admit_all(store.posts_by_id(topic.id, None, ALL, scope).await?) {
        let id = view.post.id;
        lines.push(format!("{view:?}"));
        let revisions = scope.admit_all(store.revisions(id, 0, ALL, scope).await?);
        lines.extend(revisions.into_iter().map(|revision| format!("{revision:?}")));
        lines.push(format!("{:?}", store.corrections(id).await?));
        for slot in [Slot::Vote, Slot::Reaction] {
            lines.push(format!("{:?}", store.reactions(id, slot, None, ALL).await?));
        }
    }
    for key in topic.key.iter() {
        lines
            .push(format!("{:?}", store.lookup(topic.community, std::slice::from_ref(key)).await?));
    }
    Ok(())
}

/// All channels of a community.
pub(crate) async fn whole_community(
    store: &dyn Store,
    community: CommunityId,
) -> Outcome<Selection> {
    let directory = store.directory().await?;
    let read = directory.channels(community).map(|entry| entry.channel.id).collect();
    Ok(Selection { community, read, own: Vec::new(), whole: true })
}

/// The first page of a feed with no more conditions.
pub(crate) fn feed(selection: Vec<Selection>, sort: Sort, limit: usize) -> FeedRequest {
    FeedRequest {
        selection,
        labels: None,
        kind: None,
        author: None,
        sort,
        since: None,
        after: None,
        limit,
        pins_of: None,
    }
}

/// The first page of a whole thread.
pub(crate) fn thread(
    topic: TopicId,
    root: PostId,
    order: PostOrder,
    limit: usize,
) -> ThreadRequest {
    ThreadRequest { topic, root, order, max_depth: u32::MAX, start: ThreadStart::Root, limit }
}
