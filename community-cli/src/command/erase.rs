//! `erase`: what somebody said, or who somebody was, is gone for good.

use std::fmt;
use std::io::{IsTerminal as _, Write as _};

use clap::{Args, Subcommand};
use community::knowledge::Knowledge;
use community::{Erasure, Key, MemberId};
use serde::Serialize;

use crate::context::{Context, Item};
use crate::failure::Result;
use crate::object::Done;
use crate::reply::Reply;

/// Done as the member named by --as, or else as the system. Nothing brings it back.
#[derive(Debug, Subcommand)]
pub(crate) enum Erase {
    /// Erase the text of a post, or of a topic's first post with the topic's title
    Post {
        #[command(flatten)]
        item: Item,
    },
    /// Erase who a member was; the system only
    Member(Member),
}

#[derive(Debug, Args)]
pub(crate) struct Member {
    /// The key or id of the member. One who is erased in part has another key, which begins with
    /// `erased-`: the old one may be somebody else's by then
    key: Key,
    /// And every post of the member
    #[arg(long)]
    posts: bool,
}

/// A member was erased.
#[derive(Debug, Serialize)]
struct ErasedMember {
    /// Always `erase`.
    done: &'static str,
    /// The key that the member had.
    key: Key,
    /// What is left of the member.
    member: MemberId,
    /// Communities that the member was something in.
    communities: usize,
    /// Posts that were erased.
    posts: usize,
}

impl Erase {
    pub(crate) async fn run(self, context: &Context) -> Result<Reply> {
        let session = context.operator().await?;
        let reply = match self {
            Self::Post { item } => {
                let post = item.find(&session).await?.view.post.id;
                session.erase_post(post).await?;
                Reply::new(Done::new("erase", &item.key))
            }
            Self::Member(Member { key, posts }) => {
                // Who may not, does not learn which keys there are.
                session.export().await?;
                let member = match key.as_str().parse::<MemberId>() {
                    Ok(id) => id,
                    Err(_) => context.member(&key).await?,
                };
                // Whoever interrupts it goes on with this, and not with the key that is free by then.
                if std::io::stderr().is_terminal() {
                    let mut stderr = std::io::stderr().lock();
                    _ = writeln!(stderr, "erasing {member}: when interrupted, go on by this id");
                }
                let erasure = if posts { Erasure::Remove } else { Erasure::Anonymise };
                let mut erased =
                    ErasedMember { done: "erase", key, member, communities: 0, posts: 0 };
                loop {
                    let step = session.erase_member(member, erasure).await?;
                    erased.communities += step.communities;
                    erased.posts += step.posts;
                    if !step.more {
                        break;
                    }
                }
                Reply::new(erased)
            }
        };
        // Words that articles have taken from it go at once.
        let knowledge = Knowledge::new(context.engine.clone());
        while knowledge.pump().await?.more {}
        Ok(reply)
    }
}

impl fmt::Display for ErasedMember {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { done, key, member: _, communities, posts } = self;
        write!(f, "{done} {key}: {communities} communities, {posts} posts")
    }
}
