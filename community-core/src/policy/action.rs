//! What a policy speaks about.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::text::Slug;

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident = $text:literal),+ $(,)?) => {
        /// Something that a policy allows or not.
        ///
        /// Written as in `start`, `start:poll`, `reply`.
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub enum Action {
            $($(#[$doc])* $name,)+
            /// Start a topic of one kind; where a policy has no such rule, [`Action::Start`] holds.
            StartKind(Slug),
        }

        impl Action {
            /// All actions that are not about one kind.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];
        }

        impl fmt::Display for Action {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Self::$name => f.write_str($text),)+
                    Self::StartKind(kind) => write!(f, "start:{kind}"),
                }
            }
        }

        impl FromStr for Action {
            type Err = Error;
            fn from_str(text: &str) -> Result<Self, Error> {
                match text {
                    $($text => Ok(Self::$name),)+
                    _ => match text.strip_prefix("start:") {
                        Some(kind) => Ok(Self::StartKind(Slug::new(kind)?)),
                        None => Err(Error::invalid(format!("there is no action `{}`", text.escape_debug()))),
                    },
                }
            }
        }
    };
}

actions! {
    /// See the channel and read what is published in it. The one action that `author` narrows: an
    /// audience that admits somebody only as author lets that person read own topics only.
    View = "view",
    /// Become a member of the community.
    Join = "join",
    /// Start a topic.
    Start = "start",
    /// Reply with a comment.
    Reply = "reply",
    /// Reply with an answer.
    Answer = "answer",
    /// Give a reaction.
    React = "react",
    /// Vote up or down.
    Vote = "vote",
    /// Edit a topic or a post, or change its status.
    Edit = "edit",
    /// Take back what one wrote, and bring it back.
    Withdraw = "withdraw",
    /// Accept an answer, or undo that.
    Accept = "accept",
    /// Mark an answer as the official one, or undo that.
    Official = "official",
    /// Put a correction beside a post.
    Correct = "correct",
    /// Write articles of the knowledge base: drafts, and new versions of one's own.
    Draft = "draft",
    /// Review articles of the knowledge base: comment, approve, reject, say that they still hold.
    Review = "review",
    /// Lock, move, pin, remove, restore; see what was removed; sanction.
    Moderate = "moderate",
    /// Change channels, labels, policies, settings, members and roles.
    Manage = "manage",
}

impl TryFrom<String> for Action {
    type Error = Error;
    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<Action> for String {
    fn from(action: Action) -> String {
        action.to_string()
    }
}
