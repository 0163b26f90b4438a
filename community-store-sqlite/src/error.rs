//! Errors inside the store, and what callers see of them.

use std::error::Error;
use std::fmt::Display;

use community_core::StoreError;
use rusqlite::ErrorCode;

/// What can go wrong inside the store.
#[derive(Debug)]
pub(crate) enum Fault {
    /// SQLite refused or failed.
    Sql(rusqlite::Error),
    /// A value in a row is not what was written there.
    Row { column: String, reason: String },
    /// The files around the database.
    Io(std::io::Error),
    /// Anything that callers are to see as it is.
    Store(StoreError),
}

pub(crate) type Result<T, E = Fault> = std::result::Result<T, E>;

impl Fault {
    /// A change set that makes no sense: whoever planned it has a bug.
    pub(crate) fn refused(why: impl Display) -> Self {
        Self::Store(StoreError::failed(why.to_string()))
    }

    pub(crate) fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Sql(error) => error.sqlite_error_code(),
            Self::Row { .. } | Self::Io(_) | Self::Store(_) => None,
        }
    }

    /// Whether the file itself is not what it should be.
    pub(crate) fn is_damage(&self) -> bool {
        matches!(self.code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<std::io::Error> for Fault {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        use rusqlite::Error as Sql;
        match fault {
            Fault::Store(error) => error,
            Fault::Row { column, reason } => {
                Self::Damaged(format!("column `{column}` cannot be read: {reason}"))
            }
            Fault::Io(error) => Self::failed(error),
            Fault::Sql(
                error @ (Sql::FromSqlConversionFailure(..)
                | Sql::IntegralValueOutOfRange(..)
                | Sql::Utf8Error(..)
                | Sql::InvalidColumnType(..)),
            ) => Self::Damaged(error.to_string()),
            fault if fault.is_damage() => Self::Damaged(in_words(&fault)),
            Fault::Sql(error) => Self::failed(error),
        }
    }
}

fn in_words(fault: &Fault) -> String {
    match fault {
        Fault::Sql(error) => error.to_string(),
        Fault::Row { reason, .. } => reason.clone(),
        Fault::Io(error) => error.to_string(),
        Fault::Store(error) => error.source().map_or_else(|| error.to_string(), |s| s.to_string()),
    }
}
