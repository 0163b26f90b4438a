//! What can go wrong, as an embedder sees it.

use crate::limits::LimitError;
use crate::policy::Decision;
use crate::search::IndexError;
use crate::store::StoreError;
use crate::text::TextError;

/// The result of a command or a read.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a command or a read did not succeed.
///
/// What a viewer may not see is [`Error::NotFound`], word for word the same as what does not
/// exist; what a viewer may see but not do is [`Error::Denied`] with the clause that decided.
///
/// ```
/// use community_core::Error;
/// // What a web application answers.
/// fn status(error: &Error) -> u16 {
///     match error {
///         Error::NotFound(_) => 404,
///         Error::Denied(_) => 403,
///         Error::Invalid(_) | Error::Limit(_) => 400,
///         Error::Conflict(_) => 409,
///         Error::Erased(_) => 410,
///         _ if error.is_retryable() => 503, // too many at once: `Error::Contended`
///         _ => 500,
///     }
/// }
/// assert_eq!(status(&Error::NotFound("topic")), 404);
/// assert_eq!(Error::NotFound("topic").to_string(), "there is no such topic");
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no such thing for this viewer.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// The policy forbids it.
    #[error("{0}")]
    Denied(Box<Decision>),
    /// The request makes no sense, whoever asks.
    #[error("{0}")]
    Invalid(String),
    /// What the request asks for does not go with what is there: it rests on an old revision, its
    /// key is taken, the place is full. Sent again unchanged, it is refused again.
    #[error("{0}")]
    Conflict(&'static str),
    /// It was erased, and nobody brings it back.
    #[error("the {0} was erased")]
    Erased(&'static str),
    /// Others were faster each time that the command was planned. Nothing was written.
    #[error("too many others write here at this moment")]
    Contended,
    /// A record of an import cannot be. Nothing of its batch was written.
    #[error("record {number}: {source}")]
    Record {
        /// Its place in the batch, from 1.
        number: usize,
        /// Why.
        source: Box<Self>,
    },
    /// Something is too large.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// A post holds more than members of this level may put into one. Earning more lifts it.
    #[error("a post of a member of this level holds at most {most} {what}")]
    NewMember {
        /// What there is too much of: `links`, `images`, `mentions`.
        what: &'static str,
        /// The most of it.
        most: u32,
    },
    /// Members of this level write so many in one day (UTC), and the day is full. Tomorrow, or on a
    /// higher level, there is room again.
    #[error("a member of this level writes at most {most} {what} a day")]
    DayFull {
        /// What there is too much of: `posts`, `topics`.
        what: &'static str,
        /// The most of it.
        most: u32,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no search index, or it failed.
    #[error(transparent)]
    Search(#[from] IndexError),
}

impl Error {
    /// An [`Error::Invalid`].
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::Invalid(message.into())
    }

    /// Whether the same request may succeed when it is sent again unchanged.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Contended => true,
            Self::Store(error) => error.is_retryable(),
            Self::Record { source, .. } => source.is_retryable(),
            Self::NotFound(_)
            | Self::Denied(_)
            | Self::Invalid(_)
            | Self::Conflict(_)
            | Self::Erased(_)
            | Self::Limit(_)
            | Self::NewMember { .. }
            | Self::DayFull { .. }
            | Self::Search(_) => false,
        }
    }
}

impl From<TextError> for Error {
    fn from(error: TextError) -> Self {
        Self::Invalid(error.to_string())
    }
}
