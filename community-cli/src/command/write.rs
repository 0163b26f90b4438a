//! What members write: topics, replies, edits, votes, reactions, links.

use clap::Args;
use community::{
    Key, LinkKind, NewPost, NewTopic, PostEdit, PostKind, Slot, Slug, TopicEdit, Vote,
};
use serde_json::Value;

use crate::args::text;
use crate::context::{Context, Item};
use crate::failure::Result;
use crate::object::{Created, Done};
use crate::reply::Reply as Answer;

#[derive(Debug, Args)]
pub(crate) struct Post {
    /// The key of the community
    community: Slug,
    /// The key of the channel
    channel: Slug,
    /// The title
    #[arg(long)]
    title: String,
    /// The text of the first post; `-` is standard input
    #[arg(long)]
    body: String,
    /// discussion, question, idea, article, poll, event, announcement, or one of the community's own
    #[arg(long, default_value = "discussion")]
    kind: Slug,
    /// A label; may be given several times
    #[arg(long, value_name = "KEY")]
    label: Vec<Slug>,
    /// The fields of the kind, as a JSON object
    #[arg(long, value_name = "JSON", value_parser = json)]
    payload: Option<Value>,
    /// A key of one's own, unique in the community
    #[arg(long)]
    key: Option<Key>,
}

#[derive(Debug, Args)]
pub(crate) struct Reply {
    #[command(flatten)]
    item: Item,
    /// The text; `-` is standard input
    #[arg(long)]
    body: String,
    /// Reply with a comment where an answer would be taken
    #[arg(long)]
    comment: bool,
    /// A key of one's own, unique in the community
    #[arg(long = "key", id = "new_key", value_name = "KEY")]
    new_key: Option<Key>,
}

#[derive(Debug, Args)]
pub(crate) struct Edit {
    #[command(flatten)]
    item: Item,
    /// A new text; `-` is standard input
    #[arg(long)]
    body: Option<String>,
    /// A new title of a topic
    #[arg(long)]
    title: Option<String>,
    /// A label of a topic, in place of all old ones; may be given several times
    #[arg(long, value_name = "KEY")]
    label: Vec<Slug>,
    /// New fields of the topic's kind, as a JSON object
    #[arg(long, value_name = "JSON", value_parser = json)]
    payload: Option<Value>,
    /// Why
    #[arg(long)]
    reason: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct React {
    #[command(flatten)]
    item: Item,
    /// `up`, `down`, one of the community's reactions, or `none` to take back what was given
    reaction: Slug,
}

#[derive(Debug, Args)]
pub(crate) struct Link {
    #[command(flatten)]
    item: Item,
    /// The key or id of the topic to point at, in the same community
    to: Key,
    /// related or duplicate
    #[arg(long, default_value = "related", value_parser = link_kind)]
    kind: LinkKind,
    /// Take the link away
    #[arg(long)]
    undo: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Withdraw {
    #[command(flatten)]
    item: Item,
    /// Bring it back
    #[arg(long)]
    undo: bool,
}

impl Post {
    pub(crate) async fn run(self, context: &Context) -> Result<Answer> {
        let session = context.visitor().await?;
        let Self { community, channel, title, body, kind, label, payload, key } = self;
        let new = NewTopic {
            labels: label,
            payload,
            key: key.clone(),
            ..NewTopic::new(community, channel, kind, title, text(body)?)
        };
        let id = session.start_topic(new).await?;
        Ok(Answer::new(Created::new("topic", &id, key.as_ref())))
    }
}

impl Reply {
    pub(crate) async fn run(self, context: &Context) -> Result<Answer> {
        let session = context.visitor().await?;
        let Self { item, body, comment, new_key } = self;
        let found = item.find(&session).await?;
        let new = NewPost {
            kind: comment.then_some(PostKind::Reply),
            key: new_key.clone(),
            ..NewPost::new(found.view.post.topic, text(body)?).to(found.view.post.id)
        };
        let id = session.reply(new).await?;
        Ok(Answer::new(Created::new("post", &id, new_key.as_ref())))
    }
}

impl Edit {
    pub(crate) async fn run(self, context: &Context) -> Result<Answer> {
        let session = context.visitor().await?;
        let Self { item, body, title, label, payload, reason } = self;
        let body = body.map(text).transpose()?;
        let found = item.find(&session).await?;
        let labels = (!label.is_empty()).then_some(label);
        let of_topic = title.is_some() || labels.is_some() || payload.is_some();
        match (found.is_topic(), body) {
            (true, body) if of_topic || body.is_some() => {
                let edit = TopicEdit { title, labels, payload, body, reason, expected: None };
                session.edit_topic(found.view.post.topic, edit).await?;
            }
            (false, Some(body)) if !of_topic => {
                let edit = PostEdit { reason, ..PostEdit::new(body) };
                session.edit_post(found.view.post.id, edit).await?;
            }
            (false, _) if of_topic => {
                return Err(crate::Failure::invalid(
                    "a reply has a body only: title, labels and fields are the topic's",
                ));
            }
            _ => return Err(crate::Failure::invalid("nothing to change: name it, as with --body")),
        }
        Ok(Answer::new(Done::new("edit", &item.key)))
    }
}

impl React {
    pub(crate) async fn run(self, context: &Context) -> Result<Answer> {
        let session = context.visitor().await?;
        let Self { item, reaction } = self;
        let post = item.find(&session).await?.view.post.id;
        match (reaction.as_str(), Vote::parse(reaction.as_str())) {
            (_, Some(vote)) => session.vote(post, Some(vote)).await?,
            ("none", None) => {
                // Only what was given is taken back: nobody is refused a right that is not needed.
                for given in session.own_reactions(&[post]).await? {
                    match given.slot {
                        Slot::Vote => session.vote(post, None).await?,
                        Slot::Reaction => session.react(post, None).await?,
                    }
                }
            }
            (_, None) => session.react(post, Some(&reaction)).await?,
        }
        Ok(Answer::new(Done::new("react", &item.key)))
    }
}

impl Link {
    pub(crate) async fn run(self, context: &Context) -> Result<Answer> {
        let session = context.visitor().await?;
        let Self { item, to, kind, undo } = self;
        let from = item.find(&session).await?;
        let to = session.topic_by_key(&from.community, &to).await?.topic.id;
        session.set_link(from.view.post.topic, to, kind, !undo).await?;
        Ok(Answer::new(Done::new("link", &item.key)))
    }
}

impl Withdraw {
    pub(crate) async fn run(self, context: &Context) -> Result<Answer> {
        let session = context.visitor().await?;
        let found = self.item.find(&session).await?;
        let (topic, post) = (found.view.post.topic, found.view.post.id);
        match (found.is_topic(), self.undo) {
            (true, false) => session.withdraw_topic(topic).await?,
            (true, true) => session.restore_topic(topic).await?,
            (false, false) => session.withdraw_post(post).await?,
            (false, true) => session.restore_post(post).await?,
        }
        Ok(Answer::new(Done::new("withdraw", &self.item.key)))
    }
}

fn json(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| format!("not JSON: {error}"))
}

fn link_kind(text: &str) -> Result<LinkKind, String> {
    serde_json::from_value(text.into()).map_err(|_| "it is `related` or `duplicate`".to_owned())
}
