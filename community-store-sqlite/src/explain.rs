//! All statements that read, and how SQLite carries them out. For tests.

use community_core::StoreError;

use crate::error::Result;
use crate::{SqliteStore, access, award, boards, document, ledger, log, moves, read};

/// How SQLite carries out a statement.
#[doc(hidden)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// What the statement reads.
    pub name: &'static str,
    /// The statement.
    pub sql: &'static str,
    /// The steps, in SQLite's words.
    pub steps: Vec<String>,
}

/// Every statement that reads anything but the directory as a whole.
fn statements() -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    let single: &[(&str, &str)] =
        &[("an access revision", access::REV), ("the last move", moves::LAST)];
    [
        single,
        document::STATEMENTS,
        log::STATEMENTS,
        ledger::STATEMENTS,
        boards::STATEMENTS,
        award::STATEMENTS,
    ]
    .into_iter()
    .chain(read::STATEMENTS.iter().copied())
    .flatten()
}

/// Whether a statement is among those that the tests look at.
pub(crate) fn is_listed(sql: &str) -> bool {
    read::WHOLE_TABLES.contains(&sql) || statements().any(|(_, listed)| *listed == sql)
}

impl SqliteStore {
    /// How SQLite carries out each statement that reads, except those that read the directory as a
    /// whole.
    ///
    /// # Errors
    /// [`StoreError::Failed`] when SQLite cannot say.
    #[doc(hidden)]
    pub fn explain(&self) -> Result<Vec<Plan>, StoreError> {
        self.inner.read(|snapshot| {
            let mut plans = Vec::new();
            for (name, sql) in statements() {
                let mut statement =
                    snapshot.conn.prepare(&["EXPLAIN QUERY PLAN ", sql].concat())?;
                let rows = statement.raw_query().mapped(|row| row.get("detail"));
                plans.push(Plan { name, sql, steps: rows.collect::<Result<_, _>>()? });
            }
            Ok(plans)
        })
    }
}
