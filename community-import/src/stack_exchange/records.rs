//! The order in which the tables of a dump are read.

use std::fs::File;
use std::io::BufReader;

use community_core::Limits;
use community_core::record::Record;

use super::mapper::{Mapper, Skip};
use super::xml::{Row, Rows};
use super::{Dump, DumpError, Report, Table};

/// The records of a dump. After an error nothing more comes.
#[derive(Debug)]
pub struct Records {
    dump: Dump,
    mapper: Mapper,
    step: usize,
    rows: Option<Rows<BufReader<File>>>,
    read: u64,
    failed: bool,
}

/// How far the reading of a dump has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Bytes read, each as often as it is read.
    pub read: u64,
    /// Bytes to be read in all.
    pub total: u64,
}

enum Step {
    /// Every row of a table, with the word that stands before its id in the report.
    Rows(Table, &'static str, fn(&mut Mapper, &mut Row) -> Result<(), Skip>),
    /// Something else, again and again until it says that it is done.
    Run(fn(&mut Mapper, &Dump) -> Result<bool, DumpError>),
}

const STEPS: &[Step] = &[
    // What later steps have to know beforehand.
    Step::Rows(Table::Tags, "tag", Mapper::note_excerpt),
    Step::Rows(Table::Posts, "post", Mapper::note_post),
    Step::Rows(Table::Votes, "vote", Mapper::note_acceptance),
    Step::Rows(Table::PostHistory, "history", Mapper::note_history),
    Step::Run(Mapper::settle_history),
    // The records.
    Step::Rows(Table::Users, "user", Mapper::user),
    Step::Rows(Table::Tags, "tag", Mapper::label),
    Step::Run(Mapper::channel),
    Step::Rows(Table::Posts, "question", Mapper::question),
    Step::Rows(Table::Posts, "answer", Mapper::answer),
    Step::Rows(Table::Comments, "comment", Mapper::comment),
    Step::Run(Mapper::next_revisions),
    Step::Rows(Table::Votes, "vote", Mapper::vote),
    Step::Rows(Table::PostLinks, "link", Mapper::link),
    Step::Rows(Table::Badges, "badge", Mapper::badge),
    Step::Run(Mapper::finish),
];

impl Records {
    pub(super) fn new(dump: Dump, limits: Limits) -> Self {
        let mut mapper = Mapper::new(limits);
        for table in dump.absent() {
            mapper.report.note(format!("{table}.xml is not there"));
        }
        Self { dump, mapper, step: 0, rows: None, read: 0, failed: false }
    }

    /// What was mapped and what was left out, up to now.
    #[must_use]
    pub fn report(&self) -> &Report {
        &self.mapper.report
    }

    /// How far the reading has come.
    #[must_use]
    pub fn progress(&self) -> Progress {
        let size = |step: &Step| match step {
            Step::Rows(table, ..) => self.dump.size(*table),
            Step::Run(_) => 0,
        };
        Progress {
            read: self.read + self.rows.as_ref().map_or(0, Rows::position),
            total: STEPS.iter().map(size).sum(),
        }
    }

    /// Reads on until there is a record; `None` at the end.
    fn advance(&mut self) -> Result<Option<Record>, DumpError> {
        loop {
            if let Some(record) = self.mapper.records.pop_front() {
                return Ok(Some(record));
            }
            let done = match STEPS.get(self.step) {
                None => return Ok(None),
                Some(Step::Run(run)) => run(&mut self.mapper, &self.dump)?,
                Some(Step::Rows(table, item, map)) => self.read_row(*table, item, *map)?,
            };
            if done {
                self.step += 1;
            }
        }
    }

    /// Hands the next row of a table to the mapper. Tells whether there was none.
    fn read_row(
        &mut self,
        table: Table,
        item: &str,
        map: fn(&mut Mapper, &mut Row) -> Result<(), Skip>,
    ) -> Result<bool, DumpError> {
        let rows = match &mut self.rows {
            Some(rows) => rows,
            none => match self.dump.rows(table)? {
                Some(rows) => none.insert(rows),
                None => return Ok(true),
            },
        };
        let row = rows.next();
        let row = row.map_err(|problem| DumpError::Xml { table, offset: rows.position(), problem });
        let Some(mut row) = row? else {
            self.read += rows.position();
            self.rows = None;
            return Ok(true);
        };
        match map(&mut self.mapper, &mut row) {
            Ok(()) => {}
            Err(Skip::Dropped(what)) => self.mapper.report.drop(what),
            Err(Skip::Refused(reason)) => {
                let id = row.get("Id").unwrap_or("?");
                self.mapper.report.refuse(format!("{item}:{id}"), reason);
            }
            Err(Skip::Failed(error)) => return Err(error),
        }
        Ok(false)
    }
}

impl Iterator for Records {
    type Item = Result<Record, DumpError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let next = self.advance().transpose();
        self.failed = matches!(next, Some(Err(_)));
        next
    }
}
