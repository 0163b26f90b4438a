//! One generation of an index: its files, its writer, what can be searched of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use community_core::{DocumentId, Event, Seq, Timestamp, TopicId};
use tantivy::directory::Directory;
use tantivy::indexer::LogMergePolicy;
use tantivy::{
    HasLen, Index, IndexReader, IndexSettings, IndexWriter, ReloadPolicy, TantivyDocument, Term,
};

use super::answers::KnownAnswers;
use super::disk::Disk;
use super::mark::Mark;
use super::snapshot::Snapshot;
use crate::analysis::Vocabulary;
use crate::contents::Plan;
use crate::document::Outcome;
use crate::find::{SegmentCache, Thesaurus};
use crate::schema::Fields;
use crate::{SearchError, Settings, words};

/// So many segments of about one size become one. Each segment costs a search some microseconds for
/// each of its words; the library's own number is eight.
const MERGED: usize = 4;

/// The same while nothing of a generation is searched: in the end all become one, so what is merged
/// before is merged twice. It keeps the number of files within bounds.
const MERGED_UNSEEN: usize = 32;

/// A generation that is open.
///
/// Its only commit is [`commit`](Self::commit), which writes the [`Mark`]: a commit of the library
/// without a payload would erase it. After an error it has to be dropped and opened again, which
/// goes back to the last commit; the library's own way back goes too far. Only
/// [`settle`](Self::settle) does so by itself.
pub(super) struct Generation {
    pub(super) number: u64,
    fields: Fields,
    index: Index,
    reader: IndexReader,
    cache: SegmentCache,
    thesaurus: Thesaurus,
    /// Whether it is being built, and not searched so far.
    unseen: bool,
    /// Opened with the first change.
    writer: Option<IndexWriter>,
    memory: usize,
    /// The mark of the last commit.
    committed: Mark,
    /// The mark of the next one.
    pub(super) mark: Mark,
    /// Documents since the last commit, and since when.
    waiting: usize,
    waiting_since: Option<Timestamp>,
    /// What was written of topics since the last commit; `None` of those that are gone.
    outcomes: BTreeMap<TopicId, Option<Outcome>>,
    /// What was read of long topics, so that it is not read again for each reply to them. It is
    /// dropped with the generation, and so never belongs to another store or another past.
    pub(super) answers: KnownAnswers,
    pub(super) vocabulary: Vocabulary,
    /// Documents of pages that were read while it catches up with what was there when it was begun.
    pub(super) pages_read: BTreeSet<DocumentId>,
}

impl Generation {
    /// Opens a generation that is there; `None` when it is damaged, or cannot be read by this
    /// version under these settings.
    pub(super) fn open(disk: &dyn Disk, number: u64, plan: &Plan) -> Option<Self> {
        // Damaged files bring the library to panic here and there.
        let opened = catch_unwind(AssertUnwindSafe(|| {
            let directory = disk.open(number).ok()?;
            let index = Index::open(directory.box_clone()).ok()?;
            let (schema, fields) = Fields::new();
            if index.schema() != schema {
                return None;
            }
            let mark: Mark = serde_json::from_str(&index.load_metas().ok()?.payload?).ok()?;
            if !mark.is_readable(plan) || !is_whole(&index, &*directory)? {
                return None;
            }
            Self::of(number, index, fields, plan, mark).ok()
        }));
        opened.ok().flatten()
    }

    /// Begins a new generation.
    pub(super) fn create(
        disk: &dyn Disk,
        number: u64,
        plan: &Plan,
        mark: Mark,
    ) -> Result<Self, SearchError> {
        disk.remove(number)?;
        let (schema, fields) = Fields::new();
        let index = Index::create(disk.open(number)?, schema, IndexSettings::default())?;
        Ok(Self::of(number, index, fields, plan, mark)?.unseen())
    }

    /// The same, of which nothing is searched before it is complete.
    pub(super) fn unseen(mut self) -> Self {
        self.unseen = true;
        self
    }

    fn of(
        number: u64,
        index: Index,
        fields: Fields,
        plan: &Plan,
        mark: Mark,
    ) -> Result<Self, SearchError> {
        words::register(&index);
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        Ok(Self {
            number,
            fields,
            index,
            reader,
            cache: SegmentCache::default(),
            thesaurus: Thesaurus::default(),
            unseen: false,
            writer: None,
            memory: plan.settings.memory.max(Settings::LEAST_MEMORY),
            committed: mark.clone(),
            mark,
            waiting: 0,
            waiting_since: None,
            outcomes: BTreeMap::new(),
            answers: KnownAnswers::default(),
            vocabulary: Vocabulary::default(),
            pages_read: BTreeSet::new(),
        })
    }

    pub(super) fn fields(&self) -> &Fields {
        &self.fields
    }

    /// What can be searched: everything up to the last commit.
    pub(super) fn snapshot(&self) -> Snapshot {
        let (cache, thesaurus) = (self.cache.clone(), self.thesaurus.clone());
        Snapshot::new(self.reader.searcher(), self.fields, self.committed.seq(), cache, thesaurus)
    }

    /// Deletes the documents with a term, those that were added before included.
    pub(super) fn delete(&mut self, term: Term) -> Result<(), SearchError> {
        self.writer()?.delete_term(term);
        Ok(())
    }

    pub(super) fn add(&mut self, document: TantivyDocument) -> Result<(), SearchError> {
        self.writer()?.add_document(document)?;
        self.waiting += 1;
        Ok(())
    }

    /// Says what all documents of a topic say of it from now on; `None` when there are none.
    pub(super) fn wrote(&mut self, topic: TopicId, outcome: Option<Outcome>) {
        self.outcomes.insert(topic, outcome);
    }

    /// What the documents of a topic say of it, those that wait included; `None` when it has none.
    pub(super) fn outcome(&self, topic: TopicId) -> Result<Option<Outcome>, SearchError> {
        match self.outcomes.get(&topic) {
            Some(outcome) => Ok(*outcome),
            None => self.snapshot().outcome(topic),
        }
    }

    /// Says that all events up to this one are in, at this moment.
    pub(super) fn reached(&mut self, event: Event, now: Timestamp) {
        self.mark.last = Some(event);
        self.waiting_since.get_or_insert(now);
    }

    /// How many documents wait for the next commit.
    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }

    /// Since when events wait for the next commit; `None` when there are none.
    pub(super) fn waiting_since(&self) -> Option<Timestamp> {
        self.waiting_since
    }

    /// Up to which position everything is committed.
    pub(super) fn committed(&self) -> Seq {
        self.committed.seq()
    }

    /// Makes what was added and the mark visible and lasting, in one step.
    pub(super) fn commit(&mut self) -> Result<(), SearchError> {
        let mark = self.mark.clone();
        let payload =
            serde_json::to_string(&mark).map_err(|error| SearchError::Index(Box::new(error)))?;
        let mut commit = self.writer()?.prepare_commit()?;
        commit.set_payload(&payload);
        commit.commit()?;
        self.reader.reload()?;
        self.committed = mark;
        self.waiting = 0;
        self.waiting_since = None;
        self.outcomes.clear();
        Ok(())
    }

    /// Brings everything that is committed into one segment.
    ///
    /// A search looks its words up in each segment anew, and what a block of postings promises holds
    /// best where it was written. It reads and writes all files once. When it fails, such as on a disk
    /// without room for a second copy, everything is as it was committed.
    pub(super) fn settle(&mut self) -> Result<(), SearchError> {
        self.unseen = false;
        let merged = self.merge();
        if merged.is_err() {
            // What it had begun is forgotten: the next one begins behind the last commit.
            self.writer = None;
        }
        merged
    }

    fn merge(&mut self) -> Result<(), SearchError> {
        // Segments that are being merged cannot be merged.
        if let Some(writer) = self.writer.take() {
            writer.wait_merging_threads()?;
        }
        let segments = self.index.searchable_segment_ids()?;
        if segments.len() > 1 {
            self.writer()?.merge(&segments).wait()?;
            self.reader.reload()?;
        }
        Ok(())
    }

    fn writer(&mut self) -> Result<&mut IndexWriter, SearchError> {
        let writer = match self.writer.take() {
            Some(writer) => writer,
            None => {
                let writer = self.index.writer_with_num_threads(1, self.memory)?;
                let mut policy = LogMergePolicy::default();
                policy.set_min_num_segments(if self.unseen { MERGED_UNSEEN } else { MERGED });
                writer.set_merge_policy(Box::new(policy));
                // What a process left behind that was killed while it committed: the same events
                // give files of the same names, and the library writes over none.
                writer.garbage_collect_files().wait()?;
                writer
            }
        };
        Ok(self.writer.insert(writer))
    }
}

/// Whether all files are there, with the content that they were written with. Reads all of them.
pub(super) fn is_whole(index: &Index, directory: &dyn Directory) -> Option<bool> {
    // The library cuts this much from the end of a file without looking, and panics.
    const LEAST_BYTES: usize = 8;
    let metas = index.load_metas().ok()?;
    let managed = index.directory().list_managed_files();
    let unwritten: Vec<_> = metas
        .segments
        .iter()
        .filter(|segment| !segment.has_deletes())
        .map(|segment| segment.relative_path(tantivy::index::SegmentComponent::Delete))
        .collect();
    for path in metas.list_segment_files().iter().filter(|path| !unwritten.contains(path)) {
        let is_long_enough = directory.open_read(path).ok()?.len() >= LEAST_BYTES;
        // A file that the library does not know of would never be deleted.
        let is_known = managed.contains(path);
        if !(is_long_enough && is_known && index.directory().validate_checksum(path).ok()?) {
            return Some(false);
        }
    }
    Some(true)
}

impl fmt::Debug for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Generation")
            .field("number", &self.number)
            .field("mark", &self.mark)
            .field("waiting", &self.waiting)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use community_core::store::Reader;
    use community_store_memory::MemoryStore;
    use pollster::block_on;

    use super::super::Memory;
    use super::super::tests::faults::{FailingDisk, Steps, Then};
    use super::super::tests::settings;
    use super::*;

    #[test]
    fn a_merge_that_fails_at_any_step_leaves_what_was_committed() {
        let info = block_on(MemoryStore::new().info()).unwrap();
        let plan = Plan::from(settings(1));
        for left in 0.. {
            let steps = Steps::new(u64::MAX, Then::Fails);
            let disk = FailingDisk { inner: Arc::new(Memory::default()), steps: steps.clone() };
            let mark = Mark::new(&plan, &info, Seq(0));
            let mut generation = Generation::create(&disk, 1, &plan, mark).unwrap();
            for _ in 0..3 {
                generation.add(TantivyDocument::new()).unwrap();
                generation.commit().unwrap();
            }
            assert_eq!(generation.index.searchable_segment_ids().unwrap().len(), 3);
            steps.set(left);
            let merged = generation.settle();
            steps.set(u64::MAX);
            assert_eq!(generation.reader.searcher().num_docs(), 3, "{left}");
            // It goes on behind it, and can be merged later.
            generation.add(TantivyDocument::new()).unwrap();
            generation.commit().unwrap();
            generation.settle().unwrap();
            assert_eq!(generation.reader.searcher().num_docs(), 4, "{left}");
            assert_eq!(generation.index.searchable_segment_ids().unwrap().len(), 1, "{left}");
            if merged.is_ok() {
                assert!(left > 3, "it takes several steps");
                return;
            }
        }
    }
}
