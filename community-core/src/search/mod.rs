//! Search: what people type to find something, and how a host asks for it.
//!
//! Here are the query language and the request. How a word is taken apart, stemmed and ranked, and
//! everything else that takes an index, is not here.
//!
//! # The language
//!
//! It is total: every text up to the [limits](crate::Limits) means something, and nothing but a
//! limit is an error. There are no parentheses and there is no nesting; reading takes one pass.
//!
//! | written | meaning |
//! |---|---|
//! | `bike repair` | plain words: more and rarer ones rank higher, one of them has to occur |
//! | `"flat tyre"` | a phrase: these words side by side, required |
//! | `bik*` | a word that begins so |
//! | `-car`, `-"second hand"`, `-label:sold` | must not be |
//! | `"flat tyre" OR puncture OR label:tyres` | one of these is required |
//! | `label:tyres` | the topic has the label |
//! | `channel:repair` | the topic is in the channel or in one below it |
//! | `author:user:7`, `author:"user 7"` | the post is by the member with this key of the host's |
//! | `kind:question` | the topic is of this kind |
//! | `is:answered`, `is:unanswered` | the topic takes answers, and has some or none |
//! | `is:solved` | an answer of the topic is accepted |
//! | `is:official` | the post is marked as the official answer |
//! | `is:corrected` | a correction stands beside the post |
//! | `after:2026-01-31` | the post was written on that day or later, in UTC |
//! | `before:2026-01-31` | the post was written before that day began, in UTC |
//! | `lang:nl` | the post is in this language |
//! | `in:title` | words and phrases are looked for in titles only |
//!
//! ## What is found
//!
//! A query is asked of one post, seen together with its topic and the topic's title. A topic is
//! found when one of its posts is.
//!
//! - **Plain words** are joined by "or". None is required, but when there are any, one has to occur.
//!   A word typed twice counts twice.
//! - **Phrases in a sentence** are not required, because who asks in whole sentences quotes to
//!   stress or to cite: their words count like plain ones. A sentence has more than three plain
//!   words, or more than sixteen words in phrases.
//! - **Everything else is required**: each phrase, each field, each group of alternatives, beside
//!   one of the plain words. What carries a minus must not be.
//! - **`OR`**, in capital letters, joins what stands right before it with what stands right behind
//!   it into one group, of which one is required: words, phrases and fields alike. Between plain
//!   words alone it changes nothing. A minus takes no part in groups. An `OR` with nothing to join
//!   says nothing; the word itself is typed in small letters.
//! - **Days** are half open: `after:2026-01-01 before:2026-02-01` is exactly January.
//! - **`in:title`** holds for the whole query, for what is excluded too.
//! - **Only fields, or only exclusions**: everything that is left is found, newest first. So it is
//!   when nothing at all is asked for: an empty text finds everything.
//! - A word or phrase in which an index finds nothing to look for, such as `!!`, counts as not typed.
//! - What the viewer may not see is never found. A label, channel or member that does not exist for
//!   the viewer is on nothing, so that it finds nothing and, with a minus, excludes nothing.
//!
//! ## How it is read
//!
//! - A word is a run of characters without whitespace and quotes. Parentheses, commas and all other
//!   punctuation are part of it; what to make of them is the index's business.
//! - Phrases stand in `"..."`, or in `“...”`, `„...“` or `”...”` as telephones and word processors
//!   write them. A quote within a run ends the run. A quote that is never closed separates like
//!   whitespace, and so does an empty pair; a minus right before either says nothing.
//! - A minus excludes when it begins a term and neither whitespace nor a second minus follows:
//!   `well-known`, `-` and `--release` are plain words.
//! - An asterisk at the end of a word makes it a prefix; elsewhere it is punctuation.
//! - Names of fields may be typed in capital letters too. Keys of labels, channels and kinds are
//!   tried as typed and then in small letters.
//! - The value of a field ends at whitespace or a quote, or stands in `"..."`, where `\"` and `\\`
//!   stand for `"` and `\`.
//! - A field that is not known, or whose value cannot be, is read as words: `http://x.org`,
//!   `label:!!`, `before:tomorrow`.

mod complete;
mod condition;
mod expr;
mod highlight;
mod index;
mod parse;
mod query;
#[cfg(test)]
mod tests;

pub use complete::{CompleteQuery, NameKind};
pub use condition::{Condition, Day, Is, LanguageCode};
pub use expr::{AnyOf, Phrase, Place, SearchExpr, Term, Word};
pub use highlight::{Fragment, Highlights};
pub(crate) use highlight::{beginning, fragments};
pub use index::{
    ChannelReach, Count, Counts, Find, Found, Hit, IndexError, IndexState, IndexStatus, Lookup,
    LookupTerm, Reach, Sample, SearchIndex, Synonyms, Total, Wanted,
};
pub use query::{Per, SearchQuery, SearchSort, SimilarQuery};
