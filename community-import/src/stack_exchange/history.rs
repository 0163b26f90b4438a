//! Earlier versions of questions and answers.
//!
//! A revision is made of rows with the same GUID: one each for a title, a text and tags, where
//! they changed. Rows of one revision need not stand together, and neither do those of one post. So
//! the first pass notes where each row stands, and the texts are read again post by post.

use std::fs::File;
use std::hash::{Hash, Hasher};
use std::io::BufReader;

use community_core::record::{Record, RevisionRecord};
use community_core::{Key, Slug, Title};
use rustc_hash::FxHasher;

use super::mapper::{Mapper, Skip};
use super::posts::{Edit, post_key};
use super::xml::{Row, row_at};
use super::{Dump, DumpError, Table, text};

/// Where the rows of history stand.
#[derive(Debug, Default)]
pub(super) struct History {
    /// In the end by post, revision and place in the file.
    rows: Vec<Entry>,
    file: Option<BufReader<File>>,
    /// Rows whose revisions have become records.
    done: usize,
}

/// A row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    post: i64,
    /// Equal for the rows of one revision: first a hash, then where its first row stands.
    revision: u64,
    offset: u64,
    part: Part,
}

/// What a row holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Title,
    Body,
    Tags,
}

/// What `PostHistoryTypeId` says of rows that hold no text.
const OTHER_TYPES: &[(&str, &str)] = &[
    ("10", "closed"),
    ("11", "reopened"),
    ("12", "deleted"),
    ("13", "undeleted"),
    ("14", "locked"),
    ("15", "unlocked"),
    ("16", "made community wiki"),
    ("17", "migrated away"),
    ("18", "merged"),
    ("19", "protected"),
    ("20", "unprotected"),
    ("21", "disassociated"),
    ("22", "unmerged"),
    ("24", "suggested edit applied"),
    ("25", "announced elsewhere"),
    ("31", "comments moved to chat"),
    ("33", "notice added"),
    ("34", "notice removed"),
    ("35", "migrated away"),
    ("36", "migrated here"),
    ("37", "source of a merge"),
    ("38", "target of a merge"),
    ("50", "bumped"),
    ("52", "shown elsewhere as hot"),
    ("53", "not shown elsewhere as hot any more"),
];

impl History {
    /// The rows of one post.
    fn of(&self, post: i64) -> &[Entry] {
        let from = self.rows.partition_point(|row| row.post < post);
        let rows = self.rows.get(from..).unwrap_or_default();
        rows.get(..rows.partition_point(|row| row.post == post)).unwrap_or_default()
    }

    fn read(&mut self, entry: Entry) -> Result<Row, DumpError> {
        let table = Table::PostHistory;
        let Some(file) = &mut self.file else {
            return Ok(Row::default());
        };
        row_at(file, entry.offset).map_err(|problem| DumpError::Xml {
            table,
            offset: entry.offset,
            problem,
        })
    }
}

/// The revisions among the rows of one post, oldest first, and how many of them cannot be shown:
/// those before the first known text, and the oldest ones of more than `limit`.
fn revisions(rows: &[Entry], limit: usize) -> (Vec<&[Entry]>, usize) {
    let revisions: Vec<_> = rows.chunk_by(|a, b| a.revision == b.revision).collect();
    let has_text = |rows: &&[Entry]| rows.iter().any(|row| row.part == Part::Body);
    let first = revisions.iter().position(has_text).unwrap_or(revisions.len());
    let hidden = first.max(revisions.len().saturating_sub(limit));
    (revisions, hidden)
}

impl Mapper {
    /// Notes where the rows stand that hold a text.
    pub(super) fn note_history(&mut self, row: &mut Row) -> Result<(), Skip> {
        let part = match row.get("PostHistoryTypeId") {
            Some("1" | "4" | "7") => Part::Title,
            Some("2" | "5" | "8") => Part::Body,
            Some("3" | "6" | "9") => Part::Tags,
            other => {
                let known = OTHER_TYPES.iter().find(|(number, _)| Some(*number) == other);
                let what = known.map_or("another type", |(_, name)| name);
                return Err(Skip::Dropped(format!("PostHistory: {what}, is not a text")));
            }
        };
        let post = row.id("PostId")?;
        if !self.posts.contains_key(&post) {
            return self.kept(post, format_args!("PostHistory")).map(|_| ());
        }
        row.at("CreationDate")?;
        if part == Part::Body {
            self.limits.check_body(row.get("Text").unwrap_or_default())?;
        }
        let mut hasher = FxHasher::default();
        match row.get("RevisionGUID") {
            Some(guid) => guid.hash(&mut hasher),
            None => row.offset.hash(&mut hasher),
        }
        let revision = hasher.finish();
        self.history.rows.push(Entry { post, revision, offset: row.offset, part });
        Ok(())
    }

    /// Puts the rows in order.
    pub(super) fn settle_history(&mut self, dump: &Dump) -> Result<bool, DumpError> {
        let History { rows, file, .. } = &mut self.history;
        *file = dump.file(Table::PostHistory)?;
        rows.sort_unstable();
        for rows in rows.chunk_by_mut(|a, b| (a.post, a.revision) == (b.post, b.revision)) {
            let first = rows.iter().map(|row| row.offset).min().unwrap_or_default();
            rows.iter_mut().for_each(|row| row.revision = first);
        }
        rows.sort_unstable();
        if !rows.is_empty() {
            self.report.note("earlier revisions are Markdown, the latest ones are HTML".into());
        }
        Ok(true)
    }

    /// The latest revision of a post, which is the post itself; `None` when there is only one.
    pub(super) fn latest_revision(&mut self, post: i64) -> Result<Option<Edit>, Skip> {
        let (revisions, hidden) = revisions(self.history.of(post), self.limits.revisions);
        let (Some(latest), number @ 2..) = (revisions.last(), revisions.len() - hidden) else {
            return Ok(None);
        };
        let revision = u32::try_from(number).unwrap_or(u32::MAX);
        let latest = latest.to_vec();
        let mut edit = Edit { revision, ..Edit::default() };
        for entry in latest {
            let row = self.history.read(entry)?;
            self.note_edit(&row, &mut edit, post)?;
        }
        Ok(Some(edit))
    }

    /// Makes records of the earlier revisions of the next post. Tells whether there was none.
    pub(super) fn next_revisions(&mut self, _: &Dump) -> Result<bool, DumpError> {
        let Some(post) = self.history.rows.get(self.history.done).map(|row| row.post) else {
            return Ok(true);
        };
        let rows = self.history.of(post).to_vec();
        self.history.done += rows.len();
        match self.replay(post, &rows) {
            Ok(()) => {}
            Err(Skip::Dropped(what)) => self.report.drop_many(what, rows.len() as u64),
            Err(Skip::Refused(reason)) => {
                self.report.refuse(format!("history of post {post}"), reason);
            }
            Err(Skip::Failed(error)) => return Err(error),
        }
        Ok(false)
    }

    fn replay(&mut self, post: i64, rows: &[Entry]) -> Result<(), Skip> {
        let question = self.kept(post, format_args!("PostHistory"))?.question;
        let key = post_key(post, question)?;
        let (revisions, hidden) = revisions(rows, self.limits.revisions);
        let mut version = Version::default();
        let earlier = revisions.len().saturating_sub(1);
        for (index, rows) in revisions.into_iter().take(earlier).enumerate() {
            let mut edit = Edit::default();
            for entry in rows {
                let mut row = self.history.read(*entry)?;
                self.note_edit(&row, &mut edit, post)?;
                self.change(&mut version, entry.part, &mut row, &key);
            }
            let (Some(number), Some(at)) = (index.checked_sub(hidden), edit.at) else {
                let what = "PostHistory: revisions before the first known text or over the limit";
                self.report.drop(what.into());
                continue;
            };
            self.report.map("earlier revisions");
            let Version { title, body, labels } = version.clone();
            self.records.push_back(Record::Revision(Box::new(RevisionRecord {
                post: key.clone(),
                number: u32::try_from(number + 1).unwrap_or(u32::MAX),
                body,
                title: title.filter(|_| post == question),
                labels: labels.filter(|_| post == question),
                editor: edit.editor,
                at,
                reason: edit.reason,
            })));
        }
        Ok(())
    }

    /// Notes who wrote a revision, when and why, as one of its rows says.
    fn note_edit(&mut self, row: &Row, edit: &mut Edit, post: i64) -> Result<(), Skip> {
        let at = row.at("CreationDate")?;
        edit.at = edit.at.or(Some(at));
        if edit.editor.is_none() {
            edit.editor = self.editor(row, "UserId", "UserDisplayName", at)?;
        }
        if let Some(reason) = row.get("Comment").filter(|_| edit.reason.is_none()) {
            match self.limits.reason(reason.len()) {
                Ok(()) => edit.reason = Some(reason.to_owned()),
                Err(error) => {
                    self.report.refuse(format!("history of post {post}"), error.to_string());
                }
            }
        }
        Ok(())
    }

    /// Applies a row to a version of a post.
    fn change(&mut self, version: &mut Version, part: Part, row: &mut Row, key: &Key) {
        let text = row.take("Text").unwrap_or_default();
        match part {
            Part::Body => version.body = text,
            Part::Tags => version.labels = Some(self.topic_labels(&text, key)),
            Part::Title => match text::title(&text, &self.limits) {
                Ok(title) => version.title = Some(title),
                Err(error) => {
                    self.report.refuse(format!("title in the history of {key}"), error.to_string());
                }
            },
        }
    }
}

/// A version of a post.
#[derive(Debug, Clone, Default)]
struct Version {
    title: Option<Title>,
    body: String,
    labels: Option<Vec<Slug>>,
}
