//! `feed`: topics, page by page.

use std::fmt;

use clap::Args;
use community::{Card, FeedQuery, Key, LabelExpr, MemberId, Session, Slug, Sort, Visible, Window};
use serde::Serialize;

use crate::context::Context;
use crate::failure::Result;
use crate::object::{Names, TopicItem, moment};
use crate::reply::Reply;
use crate::table::Table;

#[derive(Debug, Args)]
pub(crate) struct Feed {
    /// The keys of the communities; every one that the viewer sees when there are none
    communities: Vec<Slug>,
    /// new, active, hot, top, views, unanswered, unsolved or oldest; the first one that the
    /// community offers when it is missing
    #[arg(long)]
    sort: Option<Sort>,
    /// How old topics may be, such as 30d, or `all`; with the sorts top, hot and views
    #[arg(long, default_value_t = Window::All)]
    window: Window,
    /// Only this channel and those below it; may be given several times
    #[arg(long, value_name = "KEY")]
    channel: Vec<Slug>,
    /// Only topics with these labels, such as 'tomatoes and not (greenhouse or balcony)'
    #[arg(long, value_name = "EXPR")]
    label: Option<LabelExpr>,
    /// Only topics of this kind
    #[arg(long)]
    kind: Option<Slug>,
    /// Only topics that the member with this key started
    #[arg(long, value_name = "KEY")]
    author: Option<Key>,
    /// Topics a page; 20 when it is missing
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// The page behind this cursor, which is the `next` of the page before
    #[arg(long, value_name = "CURSOR")]
    after: Option<String>,
}

#[derive(Debug, Serialize)]
struct Page {
    pinned: Vec<TopicItem>,
    items: Vec<TopicItem>,
    next: Option<String>,
}

/// An id that no member has. A feed of a member who does not exist is empty, like that of one who
/// wrote nothing that the viewer sees.
const NOBODY: MemberId = MemberId::from_bytes([0; 16]);

impl Feed {
    pub(crate) async fn run(self, context: &Context) -> Result<Reply> {
        let session = context.visitor().await?;
        let Self { communities, sort, window, channel, label, kind, author, limit, after } = self;
        let author = match author {
            None => None,
            Some(key) => Some(match context.engine.member_by_key(&key).await {
                Ok(member) => member.viewer().member().unwrap_or(NOBODY),
                Err(community::Error::NotFound(_)) => NOBODY,
                Err(error) => return Err(error.into()),
            }),
        };
        let query = FeedQuery {
            communities,
            channels: channel,
            labels: label,
            kind,
            author,
            sort,
            window,
            limit,
            after,
        };
        Ok(Reply::new(Page::read(&session, &query).await?))
    }
}

impl Page {
    async fn read(session: &Session, query: &FeedQuery) -> Result<Self> {
        let feed = session.feed(query).await?;
        let cards = || feed.pinned.iter().chain(&feed.items);
        let members = cards().flat_map(|card| TopicItem::named_by(card));
        let names = Names::load(session, members, cards().map(|card| card.topic.channel)).await?;
        let items = |cards: Vec<Visible<Card>>| {
            cards.into_iter().map(|card| TopicItem::card(card.into_inner(), &names)).collect()
        };
        Ok(Self { pinned: items(feed.pinned), items: items(feed.items), next: feed.next })
    }
}

impl fmt::Display for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new(&["score", "answers", "views", "active", "title"]);
        let pinned = self.pinned.iter().map(|topic| ("^ ", topic));
        for (mark, topic) in pinned.chain(self.items.iter().map(|topic| ("", topic))) {
            table.row([
                topic.score.to_string(),
                topic.answers.to_string(),
                topic.views.to_string(),
                moment(topic.active_at),
                format!("{mark}{}", topic.line()),
            ]);
        }
        write!(f, "{table}")?;
        self.next.as_ref().map_or(Ok(()), |next| write!(f, "more: --after {next}"))
    }
}
