//! What a segment knows of its documents, opened once for as long as the segment lives.

use std::sync::{Arc, Mutex, PoisonError};

use community_core::policy::Place;
use community_core::{ChannelId, CommunityId, MemberId, State};
use rustc_hash::FxHashMap;
use tantivy::columnar::{BytesColumn, Cardinality, Column, ColumnValues, StrColumn};
use tantivy::index::SegmentId;
use tantivy::{DocId, Score, SegmentReader};

use crate::SearchError;
use crate::contents::{Bound, Weight};
use crate::document::PAGE;

/// The columns of segments, shared by all snapshots of a generation: opening them and reading the
/// ids that occur in them takes longer than most searches.
#[derive(Clone, Default)]
pub(crate) struct SegmentCache(Arc<Mutex<FxHashMap<SegmentId, Arc<Columns>>>>);

impl SegmentCache {
    /// The columns of these segments, in their order. Those of others are forgotten.
    pub(crate) fn of(&self, segments: &[SegmentReader]) -> Result<Opened, SearchError> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut opened = FxHashMap::default();
        let mut columns = Vec::with_capacity(segments.len());
        for segment in segments {
            let of_segment = match known.remove(&segment.segment_id()) {
                Some(of_segment) => of_segment,
                None => Arc::new(Columns::open(segment)?),
            };
            opened.insert(segment.segment_id(), Arc::clone(&of_segment));
            columns.push(of_segment);
        }
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = opened;
        Ok(Opened::new(columns))
    }
}

/// The columns of all segments of a snapshot.
pub(crate) struct Opened {
    pub(super) segments: Vec<OpenedSegment>,
    /// The channels that occur in any of them.
    pub(super) channels: Vec<ChannelId>,
}

/// The columns of one of them.
pub(super) struct OpenedSegment {
    pub(super) columns: Arc<Columns>,
    /// By the number that the segment gives to a channel, its place among those of the snapshot.
    pub(super) channels: Vec<usize>,
}

impl Opened {
    fn new(segments: Vec<Arc<Columns>>) -> Self {
        let mut opened =
            Self { segments: Vec::with_capacity(segments.len()), channels: Vec::new() };
        let mut places: FxHashMap<ChannelId, usize> = FxHashMap::default();
        for columns in segments {
            let mut channels = Vec::with_capacity(columns.channel.ids.len());
            for channel in &columns.channel.ids {
                channels.push(*places.entry(*channel).or_insert_with(|| {
                    opened.channels.push(*channel);
                    opened.channels.len() - 1
                }));
            }
            opened.segments.push(OpenedSegment { columns, channels });
        }
        opened
    }
}

/// The facts of the documents of one segment.
pub(crate) struct Columns {
    pub(super) channel: Ids<ChannelId>,
    pub(super) community: Ids<CommunityId>,
    pub(super) author: Ids<MemberId>,
    pub(super) topic_author: Ids<MemberId>,
    pub(super) published: Values<bool>,
    pub(super) places: Places,
    pub(super) created: Values<i64>,
    pub(super) active: Values<i64>,
    pub(super) score: Values<i64>,
    pub(super) answerable: Values<bool>,
    pub(super) answered: Values<bool>,
    pub(super) kind: Option<StrColumn>,
    pub(super) label: Option<StrColumn>,
    topic_state: Values<u64>,
    state: Values<u64>,
    post_kind: Values<u64>,
    topic: [Values<u64>; 2],
    post: [Values<u64>; 2],
    /// What a score is multiplied by, in thousandths, and the greatest such number; `None` in an index
    /// of posts.
    weight: Option<(Values<u64>, u64)>,
    bounds: Option<Bounds>,
}

impl Columns {
    fn open(segment: &SegmentReader) -> Result<Self, SearchError> {
        let fast = segment.fast_fields();
        let number = |name: &str| Ok::<_, SearchError>(Values::new(fast.u64(name)?, 0));
        let signed = |name: &str| Ok::<_, SearchError>(Values::new(fast.i64(name)?, 0));
        let truth = |name: &str| Ok::<_, SearchError>(Values::new(fast.bool(name)?, false));
        let channel = Ids::open(fast.bytes("channel")?, ChannelId::from_bytes)?;
        let published = truth("published")?;
        let places = Places::new(segment.max_doc(), &channel, &published);
        Ok(Self {
            channel,
            published,
            places,
            community: Ids::open(fast.bytes("community")?, CommunityId::from_bytes)?,
            author: Ids::open(fast.bytes("author")?, MemberId::from_bytes)?,
            topic_author: Ids::open(fast.bytes("topic_author")?, MemberId::from_bytes)?,
            created: signed("created")?,
            active: signed("active")?,
            score: signed("score")?,
            answerable: truth("answerable")?,
            answered: truth("answered")?,
            kind: fast.str("kind")?,
            label: fast.str("label")?,
            topic_state: number("topic_state")?,
            state: number("state")?,
            post_kind: number("post_kind")?,
            topic: [number("topic_high")?, number("topic_low")?],
            post: [number("post_high")?, number("post_low")?],
            weight: fast
                .column_opt::<u64>("weight")?
                .filter(|column| column.values.num_vals() > 0)
                .map(|column| {
                    let most = column.max_value();
                    (Values::new(column, Weight::WHOLE.thousandths()), most)
                }),
            bounds: fast.bytes("bound")?.as_ref().map(Bounds::open).transpose()?,
        })
    }

    /// The topic's id as a number.
    pub(super) fn topic(&self, doc: DocId) -> u128 {
        whole(&self.topic, doc)
    }

    /// The post's id as a number: the greater, the newer.
    pub(super) fn post(&self, doc: DocId) -> u128 {
        whole(&self.post, doc)
    }

    /// Whether it is the document of a topic, or of a page, which counts as one.
    pub(super) fn is_opening(&self, doc: DocId) -> bool {
        let kind = self.post_kind.get(doc);
        kind == 0 || kind == PAGE
    }

    /// A score as it counts.
    #[inline]
    pub(super) fn weighed(&self, doc: DocId, score: Score) -> Score {
        let Some((weight, _)) = &self.weight else { return score };
        score * share(weight.get(doc))
    }

    /// What a score has to surpass to count for more than this.
    #[inline]
    pub(super) fn unweighed(&self, threshold: Score) -> Score {
        match &self.weight {
            // A little less: a product of floats is not undone by a quotient.
            Some((_, most)) if *most > 0 && threshold > 0.0 => threshold / share(*most) * UNDONE,
            Some(_) => Score::MIN,
            None => threshold,
        }
    }

    /// What bounds a page, beside its channel.
    pub(super) fn bounds(&self, doc: DocId) -> impl Iterator<Item = Option<Bounding>> {
        self.bounds.iter().flat_map(move |bounds| bounds.of(doc))
    }

    pub(super) fn topic_state(&self, doc: DocId) -> Option<State> {
        state(self.topic_state.get(doc))
    }

    pub(super) fn state(&self, doc: DocId) -> Option<State> {
        state(self.state.get(doc))
    }
}

/// See [`Columns::unweighed`].
const UNDONE: Score = 0.999_999;

#[allow(clippy::cast_precision_loss, reason = "a thousand is exact")]
fn share(thousandths: u64) -> Score {
    thousandths as Score / Weight::WHOLE.thousandths() as Score
}

fn whole([high, low]: &[Values<u64>; 2], doc: DocId) -> u128 {
    u128::from(high.get(doc)) << 64 | u128::from(low.get(doc))
}

fn state(code: u64) -> Option<State> {
    State::from_code(u8::try_from(code).ok()?)
}

/// What a viewer has to see to find a page: where it stands, whose it is, its state.
pub(super) type Bounding = (Place, MemberId, State);

/// A column of bounds: each document has the numbers of some, which are held in memory by these.
struct Bounds {
    numbers: Column<u64>,
    bounds: Vec<Option<Bounding>>,
}

impl Bounds {
    fn open(column: &BytesColumn) -> Result<Self, SearchError> {
        let mut bounds = Vec::with_capacity(column.num_terms());
        let mut terms = column.dictionary().stream()?;
        while terms.advance() {
            bounds.push(Bound::read(terms.key()));
        }
        Ok(Self { numbers: column.ords().clone(), bounds })
    }

    /// The bounds of a document; one that cannot be read is one that nobody meets.
    fn of(&self, doc: DocId) -> impl Iterator<Item = Option<Bounding>> {
        let numbers = self.numbers.values_for_doc(doc);
        numbers.map(|number| {
            let at = usize::try_from(number).unwrap_or(usize::MAX);
            self.bounds.get(at).copied().flatten()
        })
    }
}

/// A column with one value for each document.
pub(super) struct Values<T>(Arc<dyn ColumnValues<T>>);

impl<T: PartialOrd + Copy + std::fmt::Debug + Send + Sync + 'static> Values<T> {
    fn new(column: Column<T>, default: T) -> Self {
        // What is full needs no look whether there is a value.
        let is_full = column.get_cardinality() == Cardinality::Full;
        Self(if is_full { column.values } else { column.first_or_default_col(default) })
    }

    #[inline]
    pub(super) fn get(&self, doc: DocId) -> T {
        self.0.get_val(doc)
    }
}

/// In which channel each document is, and whether it and its topic are published: what a search asks
/// of nearly every document that it meets.
///
/// Twice the number of the channel within the segment, and one more for what is published, in two
/// bytes. To unpack two columns takes several times as long; and most of it is waiting for memory,
/// which is shorter the less of it there is.
pub(super) struct Places(Vec<u16>);

impl Places {
    /// Of a document in one of the channels beyond the first 32,767 of a segment.
    pub(super) const ELSEWHERE: u16 = u16::MAX;

    fn new(documents: DocId, channels: &Ids<ChannelId>, published: &Values<bool>) -> Self {
        let place = |doc| Self::pack(channels.number(doc), published.get(doc));
        Self((0..documents).map(place).collect())
    }

    fn pack(channel: usize, is_published: bool) -> u16 {
        let twice = u16::try_from(channel).ok().and_then(|number| number.checked_mul(2));
        twice.unwrap_or(Self::ELSEWHERE) | u16::from(is_published)
    }

    /// The number of a channel, and whether what is there is published; `None` if it cannot be told.
    #[inline]
    pub(super) fn unpack(place: u16) -> Option<(usize, bool)> {
        (place != Self::ELSEWHERE).then_some((usize::from(place / 2), place % 2 == 1))
    }

    /// Where a document is.
    #[inline]
    pub(super) fn get(&self, doc: DocId) -> u16 {
        self.0.get(doc as usize).copied().unwrap_or(Self::ELSEWHERE)
    }
}

/// A column of ids: each document has the number of one, and the ids are held in memory by these
/// numbers.
pub(super) struct Ids<I> {
    numbers: Values<u64>,
    ids: Vec<I>,
}

impl<I: Copy> Ids<I> {
    fn open(column: Option<BytesColumn>, id: fn([u8; 16]) -> I) -> Result<Self, SearchError> {
        let Some(column) = column else {
            let numbers = Values::new(Column::build_empty_column(0), u64::MAX);
            return Ok(Self { numbers, ids: Vec::new() });
        };
        let mut ids = Vec::with_capacity(column.num_terms());
        let mut terms = column.dictionary().stream()?;
        while terms.advance() {
            let bytes = <[u8; 16]>::try_from(terms.key());
            ids.push(id(bytes.map_err(|error| SearchError::Index(Box::new(error)))?));
        }
        Ok(Self { numbers: Values::new(column.ords().clone(), u64::MAX), ids })
    }

    /// The number of a document's id within the segment.
    #[inline]
    pub(super) fn number(&self, doc: DocId) -> usize {
        usize::try_from(self.numbers.get(doc)).unwrap_or(usize::MAX)
    }

    /// The id of a number.
    pub(super) fn by_number(&self, number: usize) -> Option<I> {
        self.ids.get(number).copied()
    }

    pub(super) fn get(&self, doc: DocId) -> Option<I> {
        self.by_number(self.number(doc))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_says_which_channel_it_is_or_that_it_cannot_tell() {
        for channel in [0, 1, 999, 32_766] {
            for is_published in [true, false] {
                let place = Places::pack(channel, is_published);
                assert_eq!(Places::unpack(place), Some((channel, is_published)));
            }
        }
        for channel in [32_768, 65_535, 65_536, usize::MAX] {
            assert_eq!(Places::unpack(Places::pack(channel, true)), None, "{channel}");
            assert_eq!(Places::unpack(Places::pack(channel, false)), None, "{channel}");
        }
        // The last number is told of what is not published only.
        assert_eq!(Places::unpack(Places::pack(32_767, true)), None);
        assert_eq!(Places::unpack(Places::pack(32_767, false)), Some((32_767, false)));
    }
}
