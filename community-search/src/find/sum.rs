//! The best documents by the sum of what their words score.
//!
//! Most searches are this: words of which any has to occur, or that all have to, each in one or two
//! fields. The index library can do it too, but it takes for the most that a word can score what the
//! word would score without end in a text of itself; a title, of few words, never comes near that.
//! So it looks at nearly all that has any of the words. Here the bounds are those of the blocks in
//! which the postings of a word lie, 128 documents each, with what the best of them scores beside
//! them:
//!
//! 1. A window reaches as far as the first of the current blocks does. If the best of all blocks
//!    together would not be among the best so far, the window is left out.
//! 2. Of the lists of postings those with the least bounds are put aside, as many as together could
//!    not bring a document among the best. Only the documents of the others are looked at.
//! 3. Where a document has to be in two lists, because both are required, those that are in both are found first: that takes no look at how long a text is.
//! 4. Such a document is asked for what it scores in these; then, if it can still be among the best,
//!    whether it may be seen at all; then for the rest.
//!
//! That a document may not be seen is found out before most of the work on it is done, which is why
//! this is not a query of the library: its callback comes last. To a viewer who sees few of the
//! documents it is found out before any score is: see [`Watched`].

use tantivy::fieldnorm::FieldNormReader;
use tantivy::postings::{BlockSegmentPostings, TermInfo};
use tantivy::query::{Bm25StatisticsProvider, Bm25Weight};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocId, Score, Searcher, SegmentReader, TERMINATED};

use super::door::{Chosen, Door, Watched};
use crate::SearchError;
use crate::ranking::{Clause, Statistics};

/// A term that adds to the score of the documents that have it.
#[derive(Debug, Clone)]
pub(super) struct Summand {
    pub(super) clause: Clause,
    /// Whether a document has to have it.
    pub(super) required: bool,
}

/// Documents in a window at most.
const WIDTH: DocId = 4_096;

/// A list so many times as long as all others that have to be walked is not walked with them.
const MUCH_LONGER: u64 = 16;

/// Bounds are sums and products of floats, as scores are, in another order.
const ROUNDING: Score = 1.000_001;

/// Terms with what they weigh in a snapshot, and where their postings are.
pub(super) struct Weighed {
    terms: Vec<Term>,
    window: Window,
}

struct Term {
    field: Field,
    required: bool,
    weight: Bm25Weight,
    /// How long the field is in all documents, on average.
    length: Score,
    /// By segment.
    postings: Vec<Option<TermInfo>>,
}

impl Weighed {
    pub(super) fn new(
        summands: &[Summand],
        searcher: &Searcher,
        statistics: &Statistics<'_>,
    ) -> Result<Self, SearchError> {
        let segments = searcher.segment_readers();
        let mut found = Vec::with_capacity(summands.len());
        for Summand { clause, .. } in summands {
            let mut postings = Vec::with_capacity(segments.len());
            for segment in segments {
                let index = segment.inverted_index(clause.term.field())?;
                postings.push(index.get_term_info(&clause.term)?);
            }
            let count = postings.iter().flatten().map(|info: &TermInfo| u64::from(info.doc_freq));
            statistics.note(&clause.term, count.sum());
            found.push(postings);
        }
        let documents = statistics.total_num_docs()?;
        let mut terms = Vec::with_capacity(summands.len());
        for (summand, postings) in summands.iter().zip(found) {
            let Summand { clause, required } = summand;
            let field = clause.term.field();
            let length = average(statistics.total_num_tokens(field)?, documents);
            let frequency = statistics.doc_freq(&clause.term)?;
            let weight = Bm25Weight::for_one_term_without_explain(frequency, documents, length)
                .boost_by(clause.weight);
            terms.push(Term { field, required: *required, weight, length, postings });
        }
        Ok(Self { terms, window: Window::default() })
    }

    /// Calls `take` for the documents of a segment that score more than a threshold and that may be
    /// seen, in rising order. It answers what the threshold is from then on.
    ///
    /// Nothing is taken that scores no more; what scores more than the threshold was when it was
    /// looked at may be taken.
    pub(super) fn best(
        &mut self,
        number: usize,
        segment: &SegmentReader,
        threshold: Score,
        door: impl Door,
        take: impl FnMut(DocId, Score) -> Score,
    ) -> Result<(), SearchError> {
        let (mut required, mut optional) = (Vec::new(), Vec::new());
        for term in &self.terms {
            let Some(Some(info)) = term.postings.get(number) else {
                if term.required {
                    return Ok(());
                }
                continue;
            };
            let list = Box::new(List::open(term, info, segment)?);
            if term.required { required.push(list) } else { optional.push(list) }
        }
        let mut walk = Walk { threshold, door: Watched::new(door), take };
        if required.is_empty() {
            walk.any(optional, &mut self.window);
        } else {
            walk.every(required, optional, &mut self.window);
        }
        Ok(())
    }
}

#[allow(clippy::cast_precision_loss, reason = "as the library does it")]
fn average(tokens: u64, documents: u64) -> Score {
    tokens as Score / documents as Score
}

/// The postings of a term in a segment, from a document on.
struct List {
    field: Field,
    postings: BlockSegmentPostings,
    lengths: FieldNormReader,
    weight: Bm25Weight,
    documents: u64,
    /// What no document reaches, wherever it is.
    most: Score,
    /// See [`List::block_bound`].
    drift: Score,
    /// The place within the current block of the first document that is not behind us.
    at: usize,
    /// How many documents from there on are in the window.
    here: usize,
    /// What no document of the current block surpasses, if it is known.
    of_block: Option<Score>,
    /// What no document of the current window surpasses.
    bound: Score,
}

impl List {
    fn open(term: &Term, info: &TermInfo, segment: &SegmentReader) -> Result<Self, SearchError> {
        let index = segment.inverted_index(term.field)?;
        let postings =
            index.read_block_postings_from_terminfo(info, IndexRecordOption::WithFreqs)?;
        let lengths = segment.fieldnorms_readers().get_field(term.field)?;
        let lengths = lengths.unwrap_or_else(|| FieldNormReader::constant(segment.max_doc(), 1));
        // As the segment was written.
        let length = average(index.total_num_tokens(), segment.max_doc().into());
        let drift = (length / term.length).min(term.length / length);
        Ok(Self {
            field: term.field,
            postings,
            lengths,
            // An empty text is the shortest one.
            most: term.weight.score(0, u32::MAX) * ROUNDING,
            weight: term.weight.clone(),
            documents: info.doc_freq.into(),
            drift: if drift > 0.0 { drift } else { 0.0 },
            at: 0,
            here: 0,
            of_block: None,
            bound: 0.0,
        })
    }

    /// The documents of the current block that are not behind us.
    #[inline]
    fn docs(&self) -> &[DocId] {
        self.postings.docs().get(self.at..).unwrap_or_default()
    }

    /// The first of them.
    #[inline]
    fn doc(&self) -> DocId {
        self.docs().first().copied().unwrap_or(TERMINATED)
    }

    /// The last of them.
    #[inline]
    fn last(&self) -> DocId {
        self.docs().last().copied().unwrap_or(TERMINATED)
    }

    /// Leaves behind what stands before a document. Says whether anything is left.
    #[inline]
    fn move_to(&mut self, low: DocId) -> bool {
        let block = self.postings.docs();
        match block.get(self.at) {
            Some(doc) if *doc >= low => return true,
            _ if block.last().is_some_and(|last| *last >= low) => {
                self.at += self.docs().partition_point(|doc| *doc < low);
            }
            _ => (self.at, self.of_block) = (self.postings.seek(low), None),
        }
        self.here = 0;
        self.doc() != TERMINATED
    }

    /// Leaves behind what is in the window.
    #[inline]
    fn leave(&mut self) {
        self.at += std::mem::take(&mut self.here);
    }

    /// What no document of the current block surpasses.
    ///
    /// Beside a block stands how often the word is in the document of it that scored most, and how
    /// long that one is. It was chosen when the segment was written, by how long texts were in the
    /// segment on average. By another average another document may score more: how rare a word is
    /// in a text of some length is then off by the share by which the averages differ, at most, the
    /// other way round for both of them.
    fn block_bound(&mut self) -> Score {
        if let Some(known) = self.of_block {
            return known;
        }
        let most = self.postings.block_max_score(&self.lengths, &self.weight);
        let share = most / self.most;
        let bound = if share > 0.0 && share < 1.0 {
            self.most / (1.0 + self.drift * (1.0 / share - 1.0)) * ROUNDING
        } else {
            self.most
        };
        *self.of_block.insert(bound)
    }

    /// Begins a window, which ends in the current block or before it, and says what no document of it
    /// surpasses.
    fn begin(&mut self, high: DocId) {
        self.here = match self.docs() {
            docs if self.last() <= high => docs.len(),
            docs => docs.partition_point(|doc| *doc <= high),
        };
        self.bound = if self.here > 0 { self.block_bound() } else { 0.0 };
    }

    #[inline]
    fn score(&self, doc: DocId, times: u32) -> Score {
        self.weight.score(self.lengths.fieldnorm_id(doc), times)
    }

    /// Calls for the documents of the window with what they score.
    #[inline]
    fn walk<D: Door>(
        &self,
        door: &mut Watched<D>,
        mut each: impl FnMut(&mut Watched<D>, DocId, Score),
    ) {
        let docs = self.window();
        let times = self.postings.freqs().get(self.at..).unwrap_or_default();
        if !door.is_narrow {
            for (doc, times) in docs.iter().zip(times) {
                each(door, *doc, self.score(*doc, *times));
            }
            return;
        }
        let mut chosen = Chosen::of(docs.iter().map(|_| true));
        door.sift(docs, &mut chosen);
        for at in chosen.iter() {
            let (Some(doc), Some(times)) = (docs.get(at), times.get(at)) else { break };
            if door.before_score(*doc) {
                each(door, *doc, self.score(*doc, *times));
            }
        }
    }

    /// The documents of the window.
    #[inline]
    fn window(&self) -> &[DocId] {
        self.docs().get(..self.here).unwrap_or_default()
    }

    /// What a document of the window scores, if it is in the list.
    #[inline]
    fn score_of(&self, doc: DocId) -> Option<Score> {
        let docs = self.docs();
        let place = docs.partition_point(|other| *other < doc);
        docs.get(place).filter(|other| **other == doc)?;
        let times = self.postings.freqs().get(self.at + place)?;
        Some(self.score(doc, *times))
    }

    /// What a document scores in two lists, at a place of the window of each.
    #[inline]
    fn score_with(&self, place: usize, other: &Self, at: usize, doc: DocId) -> Option<Score> {
        let times = *self.postings.freqs().get(self.at + place)?;
        let other_times = *other.postings.freqs().get(other.at + at)?;
        let length = self.lengths.fieldnorm_id(doc);
        // Mostly a field is looked at once for both.
        let is_same = self.field == other.field;
        let other_length = if is_same { length } else { other.lengths.fieldnorm_id(doc) };
        let more = other.weight.score(other_length, other_times);
        Some(self.weight.score(length, times) + more)
    }
}

#[allow(clippy::vec_box, reason = "lists are large, and are put in order for each window")]
type Lists = Vec<Box<List>>;

/// The documents of a window, and their scores.
struct Window {
    scores: Vec<Score>,
    /// A bit for each document that was seen.
    seen: Vec<u64>,
}

impl Default for Window {
    fn default() -> Self {
        Self { scores: vec![0.0; WIDTH as usize], seen: vec![0; WIDTH.div_ceil(64) as usize] }
    }
}

impl Window {
    #[inline]
    fn add(&mut self, place: usize, score: Score) {
        if let (Some(sum), Some(seen)) = (self.scores.get_mut(place), self.seen.get_mut(place / 64))
        {
            *sum += score;
            *seen |= 1 << (place % 64);
        }
    }

    /// Calls for the documents from `low` to `high` that are in both lists, with what they score there.
    #[inline]
    fn both<D: Door>(
        &mut self,
        one: &List,
        other: &List,
        (low, high): (DocId, DocId),
        door: &mut Watched<D>,
        mut each: impl FnMut(&mut Watched<D>, DocId, Score),
    ) {
        let place_of = |doc: DocId| {
            let place = (doc - low) as usize;
            (place / 64, 1_u64 << (place % 64))
        };
        for doc in one.window() {
            let (word, bit) = place_of(*doc);
            if let Some(seen) = self.seen.get_mut(word) {
                *seen |= bit;
            }
        }
        let others = other.window();
        let mut common = Chosen::of(others.iter().map(|doc| {
            let (word, bit) = place_of(*doc);
            self.seen.get(word).is_some_and(|seen| seen & bit != 0)
        }));
        door.sift(others, &mut common);
        // The place of a document in the first list is how many stand before it.
        let (mut before, mut counted) = (0, 0);
        for at in common.iter() {
            let Some(doc) = others.get(at) else { break };
            let (word, bit) = place_of(*doc);
            let Some(seen) = self.seen.get(word) else { break };
            let passed = self.seen.get(counted..word).unwrap_or_default();
            before += passed.iter().map(|seen| seen.count_ones() as usize).sum::<usize>();
            counted = word;
            let place = before + (seen & (bit - 1)).count_ones() as usize;
            if door.before_score(*doc)
                && let Some(score) = one.score_with(place, other, at, *doc)
            {
                each(door, *doc, score);
            }
        }
        let (last, _) = place_of(high);
        self.seen.iter_mut().take(last + 1).for_each(|seen| *seen = 0);
    }

    /// Takes out what was added, in the order of places.
    #[inline]
    fn drain(&mut self, mut each: impl FnMut(usize, Score)) {
        for (number, seen) in self.seen.iter_mut().enumerate() {
            let mut left = std::mem::take(seen);
            while left != 0 {
                let place = number * 64 + left.trailing_zeros() as usize;
                left &= left - 1;
                if let Some(score) = self.scores.get_mut(place) {
                    each(place, std::mem::take(score));
                }
            }
        }
    }
}

/// A walk through a segment.
struct Walk<D, T> {
    threshold: Score,
    door: Watched<D>,
    take: T,
}

impl<D: Door, T: FnMut(DocId, Score) -> Score> Walk<D, T> {
    /// Documents that are in any of the lists.
    fn any(&mut self, mut lists: Lists, window: &mut Window) {
        let mut aside = Aside::default();
        let mut low = 0;
        loop {
            lists.retain_mut(|list| list.move_to(low));
            aside.fill(&mut lists, self.threshold);
            let Some(first) = lists.iter().map(|list| list.doc()).min() else { return };
            low = first;
            let widest = low.saturating_add(WIDTH - 1);
            let high = lists.iter().map(|list| list.last()).min().unwrap_or(low).min(widest);
            lists.iter_mut().for_each(|list| list.begin(high));
            self.door.begin_window();
            if lists.iter().map(|list| list.bound).sum::<Score>() + aside.most > self.threshold {
                lists.sort_unstable_by(|a, b| a.bound.total_cmp(&b.bound));
                self.any_of_window(&mut lists, &mut aside, window, low);
            }
            lists.iter_mut().for_each(|list| list.leave());
            low = high + 1;
        }
    }

    fn any_of_window(
        &mut self,
        lists: &mut [Box<List>],
        aside: &mut Aside,
        window: &mut Window,
        low: DocId,
    ) {
        let (mut most, mut few) = (aside.most, 0);
        for list in lists.iter() {
            if most + list.bound > self.threshold {
                break;
            }
            most += list.bound;
            few += 1;
        }
        let (rest, walked) = lists.split_at_mut(few);
        let door = &mut self.door;
        let mut look = |door: &mut Watched<D>, doc, score: Score| {
            if score + most > self.threshold && door.behind_score(doc) {
                let score = complete(doc, score, most, self.threshold, rest, aside);
                if score > self.threshold {
                    self.threshold = (self.take)(doc, score);
                }
            }
        };
        if let [only] = walked {
            only.walk(door, look);
        } else {
            for list in walked {
                list.walk(door, |_, doc, score| window.add((doc - low) as usize, score));
            }
            window.drain(|place, score| {
                #[allow(clippy::cast_possible_truncation, reason = "a place in a window")]
                look(door, low + place as DocId, score);
            });
        }
    }

    /// Documents that are in all required lists.
    fn every(&mut self, mut required: Lists, mut optional: Lists, window: &mut Window) {
        // The shortest one leads.
        required.sort_by_key(|list| list.documents);
        let mut aside = Aside::default();
        let mut low = 0;
        loop {
            for list in &mut required {
                if !list.move_to(low) {
                    return;
                }
                low = list.doc();
            }
            if !required.iter_mut().all(|list| list.move_to(low)) {
                return;
            }
            optional.retain_mut(|list| list.move_to(low));
            let lists = || required.iter().chain(&optional);
            let widest = low.saturating_add(WIDTH - 1);
            let high = lists().map(|list| list.last()).min().unwrap_or(low).min(widest);
            for list in required.iter_mut().chain(&mut optional) {
                list.begin(high);
            }
            self.door.begin_window();
            let all: Score = required.iter().chain(&optional).map(|list| list.bound).sum();
            if all > self.threshold {
                let optional_bound: Score = optional.iter().map(|list| list.bound).sum();
                let door = &mut self.door;
                let mut look = |door: &mut Watched<D>, doc, score: Score, others: &[Box<List>]| {
                    let rest = optional_bound + others.iter().map(|list| list.bound).sum::<Score>();
                    if score + rest <= self.threshold || !door.behind_score(doc) {
                        return;
                    }
                    let Some(score) = with_all(doc, score, rest, self.threshold, others) else {
                        return;
                    };
                    let (rest, optional) = (optional_bound, &mut optional);
                    let score = complete(doc, score, rest, self.threshold, optional, &mut aside);
                    if score > self.threshold {
                        self.threshold = (self.take)(doc, score);
                    }
                };
                match required.as_slice() {
                    [leader, second, others @ ..] => {
                        window.both(leader, second, (low, high), door, |door, doc, score| {
                            look(door, doc, score, others);
                        });
                    }
                    [leader] => {
                        leader.walk(door, |door, doc, score| look(door, doc, score, &[]));
                    }
                    [] => return,
                }
            }
            required.iter_mut().chain(&mut optional).for_each(|list| list.leave());
            low = high + 1;
        }
    }
}

/// What a document scores with all these lists; `None` if it is not in all of them, or scores too
/// little.
fn with_all(
    doc: DocId,
    mut score: Score,
    mut rest: Score,
    threshold: Score,
    lists: &[Box<List>],
) -> Option<Score> {
    for list in lists {
        score += list.score_of(doc)?;
        rest -= list.bound;
        if score + rest <= threshold {
            return None;
        }
    }
    Some(score)
}

/// What a document scores with these lists, or less if it is too little.
fn complete(
    doc: DocId,
    mut score: Score,
    mut rest: Score,
    threshold: Score,
    lists: &mut [Box<List>],
    aside: &mut Aside,
) -> Score {
    // What may add most is asked first.
    for list in lists.iter().rev() {
        score += list.score_of(doc).unwrap_or(0.0);
        rest -= list.bound;
        if score + rest <= threshold {
            return Score::MIN;
        }
    }
    score + aside.score_of(doc)
}

/// Lists that are too long to be walked for the little that they may add.
#[derive(Default)]
struct Aside {
    lists: Lists,
    /// What they may add together.
    most: Score,
}

impl Aside {
    /// Takes lists in that cannot bring a document among the best.
    fn fill(&mut self, lists: &mut Lists, threshold: Score) {
        while let Some(place) = longest(lists)
            && let Some(most) = lists.get(place).map(|list| list.most)
            && self.most + most <= threshold
        {
            self.lists.push(lists.swap_remove(place));
            self.most += most;
        }
    }

    /// What these lists add to the score of a document. Documents come in rising order.
    fn score_of(&mut self, doc: DocId) -> Score {
        let mut score = 0.0;
        for list in &mut self.lists {
            list.move_to(doc);
            score += list.score_of(doc).unwrap_or(0.0);
        }
        score
    }
}

/// The place of the longest list, if it is much longer than all others together.
fn longest(lists: &Lists) -> Option<usize> {
    let (place, longest) = lists.iter().enumerate().max_by_key(|(_, list)| list.documents)?;
    let all: u64 = lists.iter().map(|list| list.documents).sum();
    (longest.documents > (all - longest.documents) * MUCH_LONGER).then_some(place)
}

#[cfg(test)]
mod tests;
