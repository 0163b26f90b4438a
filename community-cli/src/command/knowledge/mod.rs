//! `knowledge`: articles from conversations, their review, and whether they still hold; what to write
//! next, and what it is worth.

mod articles;
mod deflection;
mod find;
mod gaps;
mod step;
mod work;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use community::knowledge::{ArticleId, Edit, Knowledge as Base, NewArticle, State};
use community::{Error, Key, Rev, Session, Slug, Timestamp};

use super::search;
use crate::args::time;
use crate::context::{Context, Item};
use crate::failure::{Failure, Result};
use crate::reply::Reply;

#[derive(Debug, Subcommand)]
pub(crate) enum Knowledge {
    /// List the conversations that are worth an article, with the reasons
    Candidates {
        /// The community
        community: Slug,
        /// So many; 50 when it is missing
        #[arg(long, value_name = "N")]
        limit: Option<usize>,
        /// Look at so many topics, those with the most views first
        #[arg(long, value_name = "N", default_value_t = 2_000)]
        scan: usize,
    },
    /// Begin an article with what was said in a conversation
    Draft {
        #[command(flatten)]
        item: Item,
        /// The channel in which the article is to stand; the topic's own when it is missing
        #[arg(long, value_name = "KEY")]
        channel: Option<Slug>,
        /// The language
        #[arg(long, value_name = "LOCALE", default_value = "en")]
        locale: Slug,
        /// Print what would be taken out of the conversation, and begin nothing
        #[arg(long)]
        preview: bool,
    },
    /// Begin an article with words of one's own
    Write {
        /// The community
        community: Slug,
        /// The channel in which it is to stand
        channel: Slug,
        /// A file that holds it as JSON: title, sections, labels
        file: PathBuf,
        /// The language
        #[arg(long, value_name = "LOCALE", default_value = "en")]
        locale: Slug,
    },
    /// Write a new version of an article, which is a draft until it is published
    Edit {
        #[command(flatten)]
        article: Named,
        /// A file that holds it as JSON: title, sections, labels
        file: PathBuf,
        /// The number of the version that it was written on: when there is a newer one, it is refused
        #[arg(long, value_name = "N")]
        base: u32,
        /// Why
        #[arg(long, default_value = "")]
        why: String,
    },
    /// List articles by state, those that have been in it longest first
    Review {
        /// The community
        community: Slug,
        /// draft, in_review, published, stale or archived
        #[arg(long, default_value_t = State::InReview)]
        state: State,
        /// Articles a page; 20 when it is missing
        #[arg(long, value_name = "N")]
        limit: Option<usize>,
        /// The page behind this cursor, which is the `next` of the page before
        #[arg(long, value_name = "CURSOR")]
        after: Option<String>,
    },
    /// Give a draft to the reviewers
    Submit {
        #[command(flatten)]
        article: Named,
    },
    /// Say something about an article in work
    Comment {
        #[command(flatten)]
        article: Named,
        /// The words, or `-` for standard input
        text: String,
    },
    /// Approve the latest version; a draft is submitted first
    Publish {
        #[command(flatten)]
        article: Named,
        /// Publish it at this time
        #[arg(long, value_name = "RFC3339", value_parser = time)]
        at: Option<Timestamp>,
    },
    /// Send the latest version back
    Reject {
        #[command(flatten)]
        article: Named,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// List articles that are in need of a look, with the parts of their score
    Stale {
        /// The community
        community: Slug,
        /// So many; 20 when it is missing
        #[arg(long, value_name = "N")]
        limit: Option<usize>,
    },
    /// Say that an article still holds
    Confirm {
        #[command(flatten)]
        article: Named,
        /// The `rev` that `knowledge stale` or `knowledge review` showed: what has changed since is to
        /// be looked at again
        #[arg(long, value_name = "N")]
        rev: u64,
    },
    /// Take an article out of use
    Archive {
        #[command(flatten)]
        article: Named,
        /// Lead whoever comes to the article with this id
        #[arg(long, value_name = "ID")]
        to: Option<ArticleId>,
    },
    /// Lift the bound that a source puts on who may read an article; who did so and why is logged
    Release {
        #[command(flatten)]
        article: Named,
        /// The key or id of the source
        #[arg(long, value_name = "KEY")]
        topic: Key,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Show an article
    Show {
        #[command(flatten)]
        article: Named,
    },
    /// List published articles
    List {
        /// The community
        community: Slug,
        /// Only those that were made from this topic
        #[arg(long, value_name = "KEY")]
        topic: Option<Key>,
        /// Only those with this label
        #[arg(long, conflicts_with = "topic")]
        label: Option<Slug>,
        /// Articles a page; 20 when it is missing
        #[arg(long, value_name = "N")]
        limit: Option<usize>,
        /// The page behind this cursor, which is the `next` of the page before
        #[arg(long, value_name = "CURSOR")]
        after: Option<String>,
    },
    /// Search the articles, and the topics that have an answer
    Search {
        #[command(flatten)]
        wanted: search::Wanted,
    },
    /// Suggest articles, and topics that have an answer, to somebody who is about to ask
    Suggest {
        #[command(flatten)]
        asked: search::Similar,
    },
    /// Show what there is to read, by collections and by labels
    Outline {
        /// The community
        community: Slug,
        /// Only in this language
        #[arg(long, value_name = "LOCALE")]
        locale: Option<Slug>,
    },
    /// Write all published articles as lines of JSON
    Export {
        /// The community
        community: Slug,
        /// Where to; standard output when it is missing
        file: Option<PathBuf>,
    },
    /// Print the rules of the knowledge base, or set them
    Rules {
        /// The community
        community: Slug,
        /// A file that holds them as JSON
        file: Option<PathBuf>,
    },
    /// List what to write next: questions that are asked again and again, labels with few articles
    Gaps(gaps::Gaps),
    /// Count how many questions need not be asked because of suggestions
    Deflection(deflection::Deflection),
    /// Record what happened in a visit in which topics were suggested
    Step(step::Step),
}

impl Knowledge {
    pub(crate) async fn run(self, context: &Context) -> Result<Reply> {
        let base = Base::new(context.engine.clone());
        match self {
            Self::Candidates { community, limit, scan } => {
                work::candidates(context, &base, &community, limit, scan).await
            }
            Self::Draft { item, channel, locale, preview } => {
                work::draft(context, &base, &item, channel, locale, preview).await
            }
            Self::Write { community, channel, file, locale } => {
                let session = context.operator().await?;
                let new = NewArticle::new(community, channel, locale, read(&file)?);
                let id = base.begin(&session, &new).await?;
                Ok(Reply::new(crate::object::Created::new("article", &id, None)))
            }
            Self::Edit { article, file, base: version, why } => {
                let session = context.operator().await?;
                let id = article.find(&session, &base).await?;
                let edit = Edit { base: version, content: read(&file)?, why };
                base.edit(&session, id, &edit).await?;
                Ok(done("knowledge edit", id))
            }
            Self::Review { community, state, limit, after } => {
                work::review(context, &base, &community, state, after.as_deref(), limit).await
            }
            Self::Submit { article } => {
                let session = context.operator().await?;
                let id = article.find(&session, &base).await?;
                base.submit(&session, id).await?;
                Ok(done("knowledge submit", id))
            }
            Self::Comment { article, text } => {
                let session = context.operator().await?;
                let id = article.find(&session, &base).await?;
                base.comment(&session, id, &crate::args::text(text)?).await?;
                Ok(done("knowledge comment", id))
            }
            Self::Publish { article, at } => {
                let session = context.operator().await?;
                let id = article.find(&session, &base).await?;
                work::publish(&session, &base, id, at).await
            }
            Self::Reject { article, reason } => {
                let session = context.operator().await?;
                let id = article.find(&session, &base).await?;
                base.reject(&session, id, &reason).await?;
                Ok(done("knowledge reject", id))
            }
            Self::Stale { community, limit } => {
                work::stale(context, &base, &community, limit).await
            }
            Self::Confirm { article, rev } => {
                let session = context.operator().await?;
                let id = article.find(&session, &base).await?;
                base.confirm(&session, id, Rev(rev)).await?;
                Ok(done("knowledge confirm", id))
            }
            Self::Archive { article, to } => {
                let session = context.operator().await?;
                let id = article.find(&session, &base).await?;
                base.archive(&session, id, to).await?;
                Ok(done("knowledge archive", id))
            }
            Self::Release { article, topic, reason } => {
                let session = context.operator().await?;
                let id = article.find(&session, &base).await?;
                let item = Item { key: topic, community: article.community };
                let topic = item.find(&session).await?.view.post.topic;
                base.release(&session, id, topic, &reason).await?;
                Ok(done("knowledge release", id))
            }
            Self::Show { article } => {
                let session = context.visitor().await?;
                let id = article.find(&session, &base).await?;
                articles::show(&session, &base, id).await
            }
            Self::List { community, topic, label, limit, after } => {
                let which = articles::Which { community, topic, label };
                articles::list(context, &base, which, limit, after).await
            }
            Self::Search { wanted } => find::search(context, wanted).await,
            Self::Suggest { asked } => find::suggest(context, asked).await,
            Self::Outline { community, locale } => {
                find::outline(context, &base, &community, locale.as_ref()).await
            }
            Self::Export { community, file } => {
                articles::export(context, &base, &community, file).await
            }
            Self::Rules { community, file } => work::rules(context, &base, &community, file).await,
            Self::Gaps(command) => command.run(context).await,
            Self::Deflection(command) => command.run(context).await,
            Self::Step(command) => command.run(context).await,
        }
    }
}

/// An article, by its id or by what it was made from.
#[derive(Debug, Args)]
pub(crate) struct Named {
    /// The id of an article, or the key of a topic of which there is one article
    article: Key,
    /// The community that the topic is in, when its key is in several
    #[arg(long, value_name = "KEY")]
    community: Option<Slug>,
}

impl Named {
    async fn find(&self, session: &Session, base: &Base) -> Result<ArticleId> {
        if let Ok(id) = self.article.as_str().parse() {
            return Ok(id);
        }
        let item = Item { key: self.article.clone(), community: self.community.clone() };
        let found = item.find(session).await?;
        let topic = found.view.post.topic;
        let articles = base.made_from(session, &found.community, topic).await?;
        let mut articles = articles.into_iter();
        match (articles.next(), articles.next()) {
            (Some(id), None) => Ok(id),
            (None, _) => Err(Error::NotFound("article").into()),
            (Some(_), Some(_)) => {
                Err(Failure::invalid("several articles were made from it: name one by its id"))
            }
        }
    }
}

fn done(what: &'static str, article: ArticleId) -> Reply {
    Reply::new(crate::object::Done::new(what, &article))
}

/// What a file holds as JSON.
fn read<T: serde::de::DeserializeOwned>(file: &std::path::Path) -> Result<T> {
    let failed = |error: &dyn std::fmt::Display| {
        crate::Failure::invalid(format!("{}: {error}", file.display()))
    };
    let text = std::fs::read_to_string(file).map_err(|error| failed(&error))?;
    serde_json::from_str(&text).map_err(|error| failed(&error))
}
