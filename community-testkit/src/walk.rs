//! Walks: paged reads, followed to their end with every rule of paging checked on the way.

use community_core::query::{
    FeedRequest, ListingKey, Position, PostOrder, ThreadRequest, ThreadStart,
};
use community_core::store::{Card, Store, ThreadItem};
use community_core::{Post, PostId, Scope, Topic, TopicId};

use crate::check::{Outcome, equal, holds, some};
use crate::expected::is_behind;
use crate::world::World;

/// The page sizes that every list is walked with.
pub(crate) const SIZES: [usize; 4] = [1, 2, 7, 50];

/// Follows a feed from page to page.
pub(crate) async fn feed(
    store: &dyn Store,
    request: &FeedRequest,
    scope: &Scope,
    size: usize,
) -> Outcome<Vec<(Position, Card)>> {
    let mut request = FeedRequest { limit: size, ..request.clone() };
    let mut walked: Vec<(Position, Card)> = Vec::new();
    loop {
        let page = store.feed(&request, scope).await?;
        holds("a page is not larger than asked for", page.items.len() <= size)?;
        holds("a page before others is full", !page.more || page.items.len() == size)?;
        for (place, card) in page.items {
            let card = some("an item that the scope admits", scope.admit(card))?.into_inner();
            let key = some("its key", ListingKey::of(request.sort).key(&card.topic))?;
            equal("the place", place, Position { key, id: card.topic.id.uuid() })?;
            let before = walked.last().map(|(place, _)| *place).or(request.after);
            let ordered = before.is_none_or(|before| is_behind(request.sort, place, before));
            holds("each place lies behind the one before", ordered)?;
            walked.push((place, card));
        }
        let last = walked.last().map(|(place, _)| *place);
        if !page.more {
            // Behind the end there is nothing.
            request.after = last.or(request.after);
            let beyond = store.feed(&request, scope).await?;
            equal("behind the end", (beyond.items.len(), beyond.more), (0, false))?;
            return Ok(walked);
        }
        holds("a page before others brings the walk forward", request.after != last)?;
        request.after = last;
    }
}

/// Follows a thread from page to page, from where the request starts.
pub(crate) async fn thread(
    store: &dyn Store,
    request: &ThreadRequest,
    scope: &Scope,
    size: usize,
) -> Outcome<Vec<(Position, ThreadItem)>> {
    let mut request = ThreadRequest { limit: size, ..request.clone() };
    let mut walked: Vec<(Position, ThreadItem)> = Vec::new();
    loop {
        let page = store.thread(&request, scope).await?;
        holds("a page is not larger than asked for", page.items.len() <= size)?;
        holds("a page before others is full", !page.more || page.items.len() == size)?;
        for (place, item) in page.items {
            let item = some("an item that the scope admits", scope.admit(item))?.into_inner();
            let id = match &item {
                ThreadItem::Post(view) => {
                    equal("the key", place.key, request.order.key(&view.post))?;
                    view.post.id
                }
                ThreadItem::Placeholder(placeholder) => {
                    equal("the key of a hidden post", place.key, Position::UNTOLD)?;
                    placeholder.id
                }
            };
            equal("the place", place.id, id.uuid())?;
            walked.push((place, item));
        }
        let Some((last, _)) = walked.last() else {
            equal("more behind nothing", page.more, false)?;
            return Ok(walked);
        };
        let start = ThreadStart::After(*last);
        if !page.more {
            request.start = start;
            let beyond = store.thread(&request, scope).await?;
            equal("behind the end", (beyond.items.len(), beyond.more), (0, false))?;
            return Ok(walked);
        }
        holds("a page before others brings the walk forward", request.start != start)?;
        request.start = start;
    }
}

/// The request for a whole thread.
pub(crate) fn whole(topic: &Topic, order: PostOrder) -> ThreadRequest {
    crate::snapshot::thread(topic.id, topic.opening, order, 1)
}

impl World {
    /// All topics there are, in all communities and states.
    pub(crate) async fn all_topics(&self) -> Outcome<Vec<Topic>> {
        let scope = self.system().await?;
        let mut topics = Vec::new();
        for community in self.store.directory().await?.communities() {
            let mut after: Option<TopicId> = None;
            loop {
                let page = self.store.topics_by_id(community.id, after, 100, &scope).await?;
                let page = scope.admit_all(page);
                let Some(last) = page.last() else { break };
                after = Some(last.topic.id);
                topics.extend(page.into_iter().map(|row| row.into_inner().topic));
            }
        }
        Ok(topics)
    }

    /// All posts of a topic, in all states.
    pub(crate) async fn all_posts(&self, topic: TopicId) -> Outcome<Vec<Post>> {
        let scope = self.system().await?;
        let mut posts = Vec::new();
        let mut after: Option<PostId> = None;
        loop {
            let page = self.store.posts_by_id(topic, after, 500, &scope).await?;
            let page = scope.admit_all(page);
            let Some(last) = page.last() else { break };
            after = Some(last.post.id);
            posts.extend(page.into_iter().map(|view| view.into_inner().post));
        }
        Ok(posts)
    }
}
