//! What is known while a dump is read, and the parts that every table needs.

use std::collections::VecDeque;
use std::fmt;

use community_core::record::{ChannelRecord, Record};
use community_core::time::from_micros;
use community_core::{Key, Limits, Name, Policy, Settings, Slug, TextError, Timestamp};
use rustc_hash::{FxHashMap, FxHashSet};

use super::history::History;
use super::people::People;
use super::xml::Row;
use super::{Dump, DumpError, Report, Table};

/// Turns rows into records. Has one method for each pass over a table.
#[derive(Debug)]
pub(super) struct Mapper {
    pub(super) limits: Limits,
    pub(super) report: Report,
    /// Records that wait to be taken.
    pub(super) records: VecDeque<Record>,
    pub(super) people: People,
    /// Questions and answers by id.
    pub(super) posts: FxHashMap<i64, Entry>,
    /// Tag wikis and the like: posts of the dump that become nothing.
    pub(super) other_posts: FxHashSet<i64>,
    /// The text of a tag's excerpt, by the id of the post that holds it.
    pub(super) excerpts: FxHashMap<i64, String>,
    pub(super) labels: FxHashSet<Slug>,
    /// The day of the vote that accepted an answer.
    pub(super) acceptances: FxHashMap<i64, Timestamp>,
    /// Who accepted an answer whose acceptance is still to come.
    pub(super) accepters: FxHashMap<i64, Key>,
    /// The question that names an answer as accepted, and its author.
    pub(super) accepted: FxHashMap<i64, (i64, Key)>,
    pub(super) history: History,
    /// From, to, and whether it is a duplicate.
    pub(super) links: FxHashSet<(i64, i64, bool)>,
}

/// A question or answer.
#[derive(Debug)]
pub(super) struct Entry {
    /// The question that it belongs to: for a question its own id.
    pub(super) question: i64,
    /// Who wrote it, once it became a record.
    pub(super) author: Option<Key>,
    /// Whether it became a record; before its own pass nothing has.
    pub(super) kept: bool,
    /// Whether it is an accepted answer.
    pub(super) accepted: bool,
    /// Votes so far, which is the number of the last voter.
    pub(super) votes: u32,
    /// The score that the dump names, less what the votes gave so far.
    pub(super) score: i32,
    /// The number of comments that the dump names, less those that came.
    pub(super) comments: i32,
    /// The number of answers that the dump names, less those that came.
    pub(super) answers: i32,
}

/// Why a row becomes no record.
#[derive(Debug)]
pub(super) enum Skip {
    /// It has no counterpart, or hangs on something that has none.
    Dropped(String),
    /// It is not as it should be.
    Refused(String),
    /// The dump cannot be read.
    Failed(DumpError),
}

impl From<TextError> for Skip {
    fn from(error: TextError) -> Self {
        Self::Refused(error.to_string())
    }
}

impl From<community_core::Error> for Skip {
    fn from(error: community_core::Error) -> Self {
        Self::Refused(error.to_string())
    }
}

impl From<DumpError> for Skip {
    fn from(error: DumpError) -> Self {
        Self::Failed(error)
    }
}

impl Mapper {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            report: Report::default(),
            records: VecDeque::new(),
            people: People::default(),
            posts: FxHashMap::default(),
            other_posts: FxHashSet::default(),
            excerpts: FxHashMap::default(),
            labels: FxHashSet::default(),
            acceptances: FxHashMap::default(),
            accepters: FxHashMap::default(),
            accepted: FxHashMap::default(),
            history: History::default(),
            links: FxHashSet::default(),
        }
    }

    /// The channel that all questions are in.
    pub(super) fn channel(&mut self, _: &Dump) -> Result<bool, DumpError> {
        if let (Ok(key), Ok(name)) = (Slug::new(CHANNEL), Name::new("Questions")) {
            self.records.push_back(Record::Channel(Box::new(ChannelRecord {
                key,
                name: Some(name),
                parent: None,
                description: String::new(),
                position: 0,
                policy: Policy::inherit(),
                settings: Settings::default(),
                archived: false,
                created_at: self.people.began(),
            })));
        }
        Ok(true)
    }

    /// Badges have no counterpart.
    pub(super) fn badge(&mut self, _: &mut Row) -> Result<(), Skip> {
        Err(Skip::Dropped("Badges: have no counterpart".into()))
    }

    /// Compares the dump's own sums with what came.
    pub(super) fn finish(&mut self, _: &Dump) -> Result<bool, DumpError> {
        for (id, entry) in self.posts.iter().filter(|(_, entry)| entry.kept) {
            self.report.check("score of a post and its votes", entry.score == 0);
            self.report.check("number of comments of a post and its comments", entry.comments == 0);
            if *id == entry.question {
                let equal = entry.answers == 0;
                self.report.check("number of answers of a question and its answers", equal);
            }
        }
        let what = "Posts.AcceptedAnswerId: the question has no such answer";
        self.report.drop_many(what.into(), self.accepted.len() as u64);
        Ok(true)
    }

    /// The question or answer that something hangs on.
    pub(super) fn kept(&mut self, post: i64, what: fmt::Arguments<'_>) -> Result<&mut Entry, Skip> {
        match self.posts.get_mut(&post) {
            Some(entry) if entry.kept => Ok(entry),
            Some(_) => Err(Skip::Dropped(format!("{what}: the post was not taken over"))),
            None if self.other_posts.contains(&post) => {
                Err(Skip::Dropped(format!("{what}: the post is neither question nor answer")))
            }
            None => Err(Skip::Dropped(format!("{what}: the post is not in the dump"))),
        }
    }

    /// Counts the fields that a row has beside the mapped ones. A name is mapped where there is no
    /// id.
    pub(super) fn count_fields(&mut self, table: Table, row: &Row, mapped: &[&str]) {
        const NAMES: &[(&str, &str)] = &[
            ("OwnerDisplayName", "OwnerUserId"),
            ("LastEditorDisplayName", "LastEditorUserId"),
            ("UserDisplayName", "UserId"),
        ];
        let stands_alone =
            |field: &str| NAMES.iter().any(|(name, id)| *name == field && row.get(id).is_none());
        let names = row.names().filter(|name| !mapped.contains(name) && !stands_alone(name));
        names.for_each(|name| self.report.field(table, name));
    }
}

/// The channel that all questions are in.
pub(super) const CHANNEL: &str = "questions";

impl Row {
    /// A whole number, `None` when it is missing.
    pub(super) fn number(&self, name: &str) -> Result<Option<i64>, Skip> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        let number = text.parse();
        number.map(Some).map_err(|_| Skip::Refused(format!("{name} is not a number")))
    }

    /// A whole number that has to be there.
    pub(super) fn id(&self, name: &str) -> Result<i64, Skip> {
        self.number(name)?.ok_or_else(|| Skip::Refused(format!("{name} is missing")))
    }

    /// A count; zero when it is missing.
    pub(super) fn count(&self, name: &str) -> Result<i32, Skip> {
        let number = self.number(name)?.unwrap_or_default();
        i32::try_from(number).map_err(|_| Skip::Refused(format!("{name} is out of range")))
    }

    /// A time, `None` when it is missing.
    pub(super) fn time(&self, name: &str) -> Result<Option<Timestamp>, Skip> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        let time = chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").ok();
        let time = time.and_then(|time| from_micros(time.and_utc().timestamp_micros()));
        time.map(Some)
            .ok_or_else(|| Skip::Refused(format!("{name} is not a time of the years 1970 to 2199")))
    }

    /// A time that has to be there.
    pub(super) fn at(&self, name: &str) -> Result<Timestamp, Skip> {
        self.time(name)?.ok_or_else(|| Skip::Refused(format!("{name} is missing")))
    }
}
