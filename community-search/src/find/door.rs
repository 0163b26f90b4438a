//! Which documents may be seen, and when that is asked.

use tantivy::DocId;

/// Documents in a block of postings at most, as the library writes them.
pub(super) const BLOCK: usize = 128;

/// Which documents may be seen.
pub(super) trait Door {
    /// Whether a document may be.
    fn admits(&mut self, doc: DocId) -> bool;

    /// Leaves out what may not, of the chosen of some documents, as far as that is told at a glance.
    fn sift(&self, docs: &[DocId], chosen: &mut Chosen);
}

/// Places of some documents in a block, rising.
pub(super) struct Chosen {
    places: [u8; BLOCK],
    count: usize,
}

impl Chosen {
    /// Those of which this says so, one after the other. Written without a branch, as what it says can
    /// hardly be foretold.
    #[inline]
    pub(super) fn of(are_chosen: impl Iterator<Item = bool>) -> Self {
        let (mut places, mut count) = ([0; BLOCK], 0);
        for (at, is_chosen) in (0..).zip(are_chosen) {
            if let Some(slot) = places.get_mut(count) {
                *slot = at;
            }
            count += usize::from(is_chosen);
        }
        Self { places, count }
    }

    /// Keeps the places for which this holds. What it looks up in memory it looks up for several at
    /// a time.
    #[inline]
    pub(super) fn retain(&mut self, mut holds: impl FnMut(usize) -> bool) {
        let mut kept = 0;
        for place in 0..self.count {
            let Some(at) = self.places.get(place).copied() else { break };
            if let Some(slot) = self.places.get_mut(kept) {
                *slot = at;
            }
            kept += usize::from(holds(at.into()));
        }
        self.count = kept;
    }

    #[inline]
    pub(super) fn iter(&self) -> impl Iterator<Item = usize> {
        self.places.iter().take(self.count).map(|at| usize::from(*at))
    }
}

/// A door, and how many documents it let through.
///
/// To ask takes about as long as to look up how long a text is. So who sees most documents is asked
/// of those that score enough, and who sees few of them is asked before they score anything.
pub(super) struct Watched<D> {
    door: D,
    asked: usize,
    admitted: usize,
    /// Whether it lets through less than half, as far as was known when the window was begun.
    pub(super) is_narrow: bool,
}

impl<D: Door> Watched<D> {
    /// It is asked so often before what it answers says something.
    const SAMPLE: usize = 64;

    pub(super) fn new(door: D) -> Self {
        Self { door, asked: 0, admitted: 0, is_narrow: false }
    }

    pub(super) fn begin_window(&mut self) {
        self.is_narrow = self.asked >= Self::SAMPLE && self.admitted < self.asked / 2;
    }

    /// Leaves out what may not be seen, as far as it can be told, if this is the time to ask.
    #[inline]
    pub(super) fn sift(&mut self, docs: &[DocId], chosen: &mut Chosen) {
        if self.is_narrow {
            let before = chosen.count;
            self.door.sift(docs, chosen);
            // Those that are left are counted when they are asked.
            self.asked += before - chosen.count;
        }
    }

    /// Whether a document may go on to be scored.
    #[inline]
    pub(super) fn before_score(&mut self, doc: DocId) -> bool {
        !self.is_narrow || self.ask(doc)
    }

    /// Whether a document that scores enough may be seen.
    #[inline]
    pub(super) fn behind_score(&mut self, doc: DocId) -> bool {
        self.is_narrow || self.ask(doc)
    }

    #[inline]
    fn ask(&mut self, doc: DocId) -> bool {
        let admits = self.door.admits(doc);
        self.asked += 1;
        self.admitted += usize::from(admits);
        admits
    }
}
