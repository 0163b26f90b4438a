//! `topic`: a topic with its posts as a tree.

use std::fmt;

use clap::Args;
use community::{Error, Key, PostOrder, Session, ThreadItem, ThreadQuery, ThreadView, Visible};
use serde::Serialize;

use crate::context::{Context, Found, Item};
use crate::failure::Result;
use crate::object::{Names, PostItem, TopicItem};
use crate::reply::Reply;

#[derive(Debug, Args)]
pub(crate) struct Topic {
    #[command(flatten)]
    item: Item,
    /// best (accepted ones first, then by score), oldest or newest
    #[arg(long, default_value_t = PostOrder::Best)]
    order: PostOrder,
    /// Levels below the first post, or below --root; all when it is missing
    #[arg(long, value_name = "N")]
    depth: Option<u32>,
    /// Only this post and the replies below it
    #[arg(long, value_name = "KEY")]
    root: Option<Key>,
    /// Begin at this post, as a permalink does
    #[arg(long, value_name = "KEY")]
    around: Option<Key>,
    /// Posts a page; 20 when it is missing
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// The page behind this cursor, which is the `next` of the page before
    #[arg(long, value_name = "CURSOR")]
    after: Option<String>,
}

#[derive(Debug, Serialize)]
struct Page {
    topic: TopicItem,
    /// The posts above the first one of the page, when that is not the topic's first post.
    path: Vec<PostItem>,
    posts: Vec<PostItem>,
    next: Option<String>,
}

impl Topic {
    pub(crate) async fn run(self, context: &Context) -> Result<Reply> {
        let session = context.visitor().await?;
        let Self { item, order, depth, root, around, limit, after } = self;
        let found = item.find(&session).await?;
        let inside = async |key: Option<Key>| match key {
            None => Ok(None),
            Some(key) => match session.post_by_key(&found.community, &key).await {
                Ok(view) => Ok(Some(view.post.id)),
                Err(error) => Err(error),
            },
        };
        let (root, around) = (inside(root).await?, inside(around).await?);
        let query = ThreadQuery { order, depth, root, around, limit, after };
        Ok(Reply::new(Page::read(&session, &found, &query).await?))
    }
}

impl Page {
    async fn read(session: &Session, found: &Found, query: &ThreadQuery) -> Result<Self> {
        let thread = session.thread(found.view.post.topic, query).await;
        let ThreadView { topic, path, items, next } = thread.map_err(|error| match error {
            // The topic was there a moment ago.
            Error::NotFound("topic") => Error::NotFound("topic or post"),
            other => other,
        })?;
        let views = path.iter().chain(&items).filter_map(|item| item.post());
        let members = views.flat_map(PostItem::named_by);
        let names = Names::load(session, members, [topic.topic.channel]).await?;
        let row = topic.into_inner();
        let topic = TopicItem::new(row.topic, row.author, &names);
        let posts = |items: Vec<Visible<ThreadItem>>| {
            let items = items.into_iter().map(|item| item.into_inner());
            items.map(|item| PostItem::new(item, &topic.key, &names)).collect()
        };
        let (path, posts) = (posts(path), posts(items));
        Ok(Self { topic, path, posts, next })
    }
}

impl fmt::Display for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let topic = &self.topic;
        writeln!(f, "{}", topic.title)?;
        let labels: String = topic.labels.iter().map(|label| format!(" #{label}")).collect();
        let place = topic.channel.as_ref().map_or("", |channel| channel.as_str());
        writeln!(
            f,
            "{} in {place}, {}{labels}; {} posts, {} views{}\n",
            topic.kind,
            topic.status,
            topic.posts,
            topic.views,
            if topic.locked { ", locked" } else { "" },
        )?;
        if !self.path.is_empty() {
            writeln!(f, "above:\n")?;
            self.path.iter().try_for_each(|post| write!(f, "{post}"))?;
            writeln!(f, "from here:\n")?;
        }
        self.posts.iter().try_for_each(|post| write!(f, "{post}"))?;
        self.next.as_ref().map_or(Ok(()), |next| write!(f, "more: --after {next}"))
    }
}
