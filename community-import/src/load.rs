//! Putting records into a community, batch by batch.

use community_core::record::Record;
use community_core::{ErasedKeys, Error, MemberId, Session, Slug};
use serde::Serialize;

/// Imports records in batches, each of which is one transaction.
///
/// The caller brings the records, whatever they come from, and so keeps everything else in hand: a
/// progress bar, a report, the errors of the source. Importing is an upsert: a run that was killed
/// is simply run again, and what is there already is left alone.
///
/// ```no_run
/// # use std::fs::File;
/// # use std::io::BufReader;
/// # async fn example(session: &community_core::Session) -> Result<(), Box<dyn std::error::Error>> {
/// use community_core::{Limits, Slug};
/// use community_import::{LoadOptions, Loader, jsonl};
///
/// let file = BufReader::new(File::open("bikes.jsonl")?);
/// let mut loader = Loader::new(session, Slug::new("bikes")?, LoadOptions::default());
/// for line in jsonl::read(file, &Limits::default()) {
///     let (number, record) = line?;
///     loader.push(number, record).await?;
/// }
/// println!("{} records changed something", loader.finish().await?.changed);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Loader<'a> {
    session: &'a Session,
    community: Slug,
    options: LoadOptions,
    waiting: Vec<Record>,
    positions: Vec<u64>,
    bytes: usize,
    loaded: Loaded,
    erased: ErasedKeys,
}

/// How to import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoadOptions {
    /// The author of what names none.
    pub importer: Option<MemberId>,
    /// The most records in one batch, at least 1. The larger, the fewer the commits.
    pub batch: usize,
}

impl Default for LoadOptions {
    fn default() -> Self {
        Self { importer: None, batch: 500 }
    }
}

/// What an import has done so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Loaded {
    /// Records that wrote something.
    pub changed: u64,
    /// Records that found everything as they say.
    pub unchanged: u64,
}

/// Why an import stopped. The batches before it are there to stay.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// A record cannot be.
    #[error("record {position}: {source}")]
    Record {
        /// The position that it was pushed with, such as the number of its line.
        position: u64,
        /// Why.
        source: Error,
    },
    /// It is no fault of a record.
    #[error(transparent)]
    Engine(#[from] Error),
}

/// Texts of this size together make a batch, however few they are.
const BATCH_BYTES: usize = 4 * 1_048_576;

impl<'a> Loader<'a> {
    /// An import into a community, which is created when it does not exist. The session is the
    /// system's.
    #[must_use]
    pub fn new(session: &'a Session, community: Slug, options: LoadOptions) -> Self {
        Self {
            session,
            community,
            options,
            waiting: Vec::new(),
            positions: Vec::new(),
            bytes: 0,
            loaded: Loaded::default(),
            erased: ErasedKeys::default(),
        }
    }

    /// Takes a record, and writes the batch that it completes. `position` is for errors: a line
    /// number, or any other count.
    ///
    /// # Errors
    /// [`LoadError::Record`] for a record of this batch that cannot be; nothing of the batch was
    /// written then. [`LoadError::Engine`] when the session is not the system's, or the store fails.
    pub async fn push(&mut self, position: u64, record: Record) -> Result<(), LoadError> {
        self.bytes += size(&record);
        self.waiting.push(record);
        self.positions.push(position);
        if self.waiting.len() >= self.options.batch || self.bytes >= BATCH_BYTES {
            self.flush().await?;
        }
        Ok(())
    }

    /// What has been done so far. What waits for its batch is not in it.
    #[must_use]
    pub fn loaded(&self) -> Loaded {
        self.loaded
    }

    /// Writes what waits.
    ///
    /// # Errors
    /// As [`push`](Self::push).
    pub async fn finish(mut self) -> Result<Loaded, LoadError> {
        self.flush().await?;
        Ok(self.loaded)
    }

    async fn flush(&mut self) -> Result<(), LoadError> {
        let records = std::mem::take(&mut self.waiting);
        let positions = std::mem::take(&mut self.positions);
        self.bytes = 0;
        if records.is_empty() {
            return Ok(());
        }
        let importer = self.options.importer;
        match self.session.import_batch(&self.community, importer, &records, &mut self.erased).await
        {
            Ok(done) => {
                self.loaded.changed += done.changed as u64;
                self.loaded.unchanged += done.unchanged as u64;
                Ok(())
            }
            Err(Error::Record { number, source }) => {
                let position = positions.get(number.saturating_sub(1)).copied().unwrap_or_default();
                Err(LoadError::Record { position, source: *source })
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// What a record weighs in memory, as far as that depends on its text.
fn size(record: &Record) -> usize {
    match record {
        Record::Topic(topic) => topic.body.len(),
        Record::Post(post) => post.body.len(),
        Record::Revision(revision) => revision.body.len(),
        Record::Correction(correction) => correction.body.len(),
        Record::Member(member) => member.profile.values().map(String::len).sum(),
        _ => 0,
    }
}
