//! How many hits there are, and what they have in common.
//!
//! Both are counted over what the viewer may see, post by post, in no order, up to a bound on the
//! posts that count and one on the documents that are looked at.

use std::hash::Hash;

use chrono::{DateTime, Datelike};
use community_core::search::{Counts, Per, Total};
use community_core::{ChannelId, CommunityId, MemberId, Slug};
use rustc_hash::{FxHashMap, FxHashSet};
use tantivy::DocId;
use tantivy::columnar::StrColumn;
use tantivy::query::EnableScoring;

use super::Search;
use super::columns::Columns;
use super::compile::Compiled;
use super::door::Door;
use super::reach::{Channels, Gate};
use crate::SearchError;

/// So many documents are looked at for each post that is to be counted.
const LOOKS: usize = 20;

/// Documents in a row that are looked at without asking whether to stop.
const STEP: usize = 4_096;

impl Search<'_> {
    /// How many hits a query has, counted up to a number of posts.
    pub(super) fn total(&self, query: &Compiled, most: usize) -> Result<Total, SearchError> {
        let mut hits = Distinct::new(self.request.per);
        let exact = self.walk(query, most, |columns, doc| {
            hits.see(columns, doc);
            Ok(())
        })?;
        Ok(Total { count: hits.count, exact })
    }

    /// The same, with the most frequent values of each facet.
    pub(super) fn facets(
        &self,
        query: &Compiled,
        most: usize,
        values: usize,
    ) -> Result<(Total, Counts), SearchError> {
        let mut hits = Distinct::new(self.request.per);
        let mut tally = Tally::default();
        let mut of_segment = OfSegment::default();
        let mut segment: Option<&Columns> = None;
        let exact = self.walk(query, most, |columns, doc| {
            if segment.is_none_or(|segment| !std::ptr::eq(segment, columns))
                && let Some(segment) = segment.replace(columns)
            {
                tally.add(std::mem::take(&mut of_segment), segment)?;
            }
            let hit = hits.see(columns, doc);
            of_segment.see(hit, columns, doc);
            tally.see(hit, columns, doc);
            Ok(())
        })?;
        if let Some(segment) = segment {
            tally.add(of_segment, segment)?;
        }
        Ok((Total { count: hits.count, exact }, self.counts(tally, values)))
    }

    /// Calls for each post that matches and may be seen, up to a number of them. Says whether these
    /// were all.
    fn walk<'a>(
        &'a self,
        query: &Compiled,
        most: usize,
        mut see: impl FnMut(&'a Columns, DocId) -> Result<(), SearchError>,
    ) -> Result<bool, SearchError> {
        let searcher = self.snapshot.searcher();
        let weight = query.weight(EnableScoring::disabled_from_searcher(searcher))?;
        let (mut counted, mut left) = (0, most.saturating_mul(LOOKS).max(STEP));
        let opened = self.snapshot.columns()?;
        let mut channels = Channels::new(self.allowed, opened);
        for (segment, opened) in searcher.segment_readers().iter().zip(&opened.segments) {
            let mut gate = Gate::new(self.allowed, segment, opened, &mut channels);
            let mut scorer = weight.scorer(segment, 1.0)?;
            let mut doc = scorer.doc();
            while doc != tantivy::TERMINATED {
                if left == 0 {
                    return Ok(false);
                }
                left -= 1;
                if gate.admits(doc) {
                    if counted == most {
                        return Ok(false);
                    }
                    counted += 1;
                    see(&opened.columns, doc)?;
                }
                doc = scorer.advance();
            }
        }
        Ok(true)
    }

    fn counts(&self, tally: Tally, values: usize) -> Counts {
        let Tally { mut labels, channels, kinds, authors, years, answered, .. } = tally;
        let reach = self.request.reach;
        let mut above: FxHashMap<ChannelId, u64> = FxHashMap::default();
        for (channel, count) in channels {
            for channel in reach.path(channel) {
                *above.entry(channel).or_default() += count;
            }
        }
        labels.retain(|(community, label), _| reach.sees_label(*community, label));
        Counts {
            labels: most_frequent(labels, values),
            channels: most_frequent(above, values),
            kinds: most_frequent(kinds, values),
            authors: most_frequent(authors, values),
            years: most_frequent(years, values),
            answered: most_frequent(answered, values),
        }
    }
}

/// The values with the highest numbers, the highest first.
fn most_frequent<T: Ord>(counts: FxHashMap<T, u64>, values: usize) -> Vec<(T, u64)> {
    let mut counts: Vec<(T, u64)> = counts.into_iter().collect();
    counts.sort_unstable_by(|(a, of_a), (b, of_b)| of_b.cmp(of_a).then_with(|| a.cmp(b)));
    counts.truncate(values);
    counts
}

/// Hits, each counted once.
struct Distinct {
    per: Per,
    topics: FxHashMap<u128, u32>,
    count: u64,
}

/// A post that counts.
#[derive(Clone, Copy)]
struct Seen {
    /// The number of its hit.
    hit: u32,
    /// Whether it is the first post of it.
    is_first: bool,
}

impl Distinct {
    fn new(per: Per) -> Self {
        Self { per, topics: FxHashMap::default(), count: 0 }
    }

    fn see(&mut self, columns: &Columns, doc: DocId) -> Seen {
        let next = u32::try_from(self.count).unwrap_or(u32::MAX);
        let hit = match self.per {
            Per::Post => next,
            Per::Topic => *self.topics.entry(columns.topic(doc)).or_insert(next),
        };
        let is_first = hit == next;
        self.count += u64::from(is_first);
        Seen { hit, is_first }
    }
}

/// The values that hits have so far.
#[derive(Default)]
struct Tally {
    labels: FxHashMap<(CommunityId, Slug), u64>,
    channels: FxHashMap<ChannelId, u64>,
    kinds: FxHashMap<Slug, u64>,
    authors: FxHashMap<MemberId, u64>,
    years: FxHashMap<i32, u64>,
    answered: FxHashMap<bool, u64>,
    /// Hits by what differs between the posts of a topic, each pair once.
    by_author: FxHashSet<(u32, MemberId)>,
    by_year: FxHashSet<(u32, i32)>,
}

/// What topics have in common, by the numbers that the segment gives to the values.
#[derive(Default)]
struct OfSegment {
    labels: FxHashMap<(usize, u64), u64>,
    channels: FxHashMap<usize, u64>,
    kinds: FxHashMap<u64, u64>,
}

impl OfSegment {
    /// All posts of a topic have its facts, so the first one is enough.
    fn see(&mut self, hit: Seen, columns: &Columns, doc: DocId) {
        if !hit.is_first {
            return;
        }
        add(&mut self.channels, columns.channel.number(doc), 1);
        for kind in columns.kind.iter().flat_map(|kinds| kinds.term_ords(doc)) {
            add(&mut self.kinds, kind, 1);
        }
        for label in columns.label.iter().flat_map(|labels| labels.term_ords(doc)) {
            add(&mut self.labels, (columns.community.number(doc), label), 1);
        }
    }
}

impl Tally {
    fn see(&mut self, hit: Seen, columns: &Columns, doc: DocId) {
        if hit.is_first && columns.answerable.get(doc) {
            add(&mut self.answered, columns.answered.get(doc), 1);
        }
        if let Some(author) = columns.author.get(doc)
            && self.by_author.insert((hit.hit, author))
        {
            add(&mut self.authors, author, 1);
        }
        if let Some(written) = DateTime::from_timestamp_micros(columns.created.get(doc))
            && self.by_year.insert((hit.hit, written.year()))
        {
            add(&mut self.years, written.year(), 1);
        }
    }

    fn add(&mut self, counts: OfSegment, columns: &Columns) -> Result<(), SearchError> {
        for (number, count) in counts.channels {
            if let Some(channel) = columns.channel.by_number(number) {
                add(&mut self.channels, channel, count);
            }
        }
        for (number, count) in counts.kinds {
            if let Some(kind) = slug(columns.kind.as_ref(), number)? {
                add(&mut self.kinds, kind, count);
            }
        }
        for ((community, number), count) in counts.labels {
            let community = columns.community.by_number(community);
            if let (Some(community), Some(label)) =
                (community, slug(columns.label.as_ref(), number)?)
            {
                add(&mut self.labels, (community, label), count);
            }
        }
        Ok(())
    }
}

fn add<K: Hash + Eq>(counts: &mut FxHashMap<K, u64>, value: K, count: u64) {
    *counts.entry(value).or_default() += count;
}

fn slug(column: Option<&StrColumn>, number: u64) -> Result<Option<Slug>, SearchError> {
    let mut text = String::new();
    let is_there = column.map_or(Ok(false), |column| column.ord_to_str(number, &mut text))?;
    Ok(is_there.then(|| text.parse().ok()).flatten())
}
