//! Search by hand, on the files of the engine's own index.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};
use std::path::Path;
use std::sync::Arc;

use community_search::analysis::{Analyzer, Language};
use tantivy::columnar::ColumnValues;
use tantivy::query::{
    Bm25StatisticsProvider, BooleanQuery, BoostQuery, EnableScoring, Occur, PhraseQuery, Query,
    TermQuery,
};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocId, Index, Score, Searcher, Term};

/// What the engine gives to a word in a title.
const TITLE_BONUS: Score = 0.35;

/// Searches by the shortest way: the filter inside the pruning callback, ids from columns.
pub struct HandSearcher {
    searcher: Searcher,
    all: Field,
    title: Field,
    body: Field,
    analyzer: Analyzer,
    segments: Vec<Segment>,
}

struct Segment {
    channel: Arc<dyn ColumnValues<u64>>,
    allowed: Vec<bool>,
    published: Arc<dyn ColumnValues<bool>>,
    post: [Arc<dyn ColumnValues<u64>>; 2],
}

impl Segment {
    fn post(&self, doc: DocId) -> u128 {
        let [high, low] = &self.post;
        u128::from(high.get_val(doc)) << 64 | u128::from(low.get_val(doc))
    }
}

impl std::fmt::Debug for HandSearcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HandSearcher").finish_non_exhaustive()
    }
}

impl HandSearcher {
    /// Opens the files, for a viewer who reads these channels.
    ///
    /// # Errors
    /// Whatever the library refuses.
    pub fn open(path: &Path, channels: &BTreeSet<[u8; 16]>) -> tantivy::Result<Self> {
        let index = Index::open_in_dir(path)?;
        let schema = index.schema();
        let searcher = index.reader()?.searcher();
        let mut segments = Vec::new();
        for segment in searcher.segment_readers() {
            let fast = segment.fast_fields();
            let mut allowed = Vec::new();
            let channel = fast.bytes("channel")?.ok_or_else(|| missing("channel"))?;
            let mut ids = channel.dictionary().stream()?;
            while ids.advance() {
                allowed.push(channels.iter().any(|channel| channel.as_slice() == ids.key()));
            }
            segments.push(Segment {
                channel: Arc::clone(&channel.ords().values),
                allowed,
                published: fast.bool("published")?.values,
                post: [fast.u64("post_high")?.values, fast.u64("post_low")?.values],
            });
        }
        let field = |name| schema.get_field(name);
        let (all, title, body) = (field("all")?, field("title")?, field("body")?);
        let analyzer = Analyzer::new(Language::English);
        Ok(Self { searcher, all, title, body, analyzer, segments })
    }

    /// How many segments there are.
    #[must_use]
    pub fn segments(&self) -> usize {
        self.segments.len()
    }

    /// Any of the words.
    #[must_use]
    pub fn any(&self, text: &str) -> Box<dyn Query> {
        let of =
            |word: &String| [(Occur::Should, self.word(self.all, word, 1.0)), self.bonus(word)];
        Box::new(BooleanQuery::new(self.words(text).iter().flat_map(of).collect()))
    }

    /// All of the words.
    #[must_use]
    pub fn every(&self, text: &str) -> Box<dyn Query> {
        let of = |word: &String| [(Occur::Must, self.word(self.all, word, 1.0)), self.bonus(word)];
        Box::new(BooleanQuery::new(self.words(text).iter().flat_map(of).collect()))
    }

    /// The words side by side.
    #[must_use]
    pub fn phrase(&self, text: &str) -> Box<dyn Query> {
        let words = self.words(text);
        let of = |(field, weight)| -> (Occur, Box<dyn Query>) {
            let terms = words.iter().map(|word| Term::from_field_text(field, word)).collect();
            (Occur::Should, Box::new(BoostQuery::new(Box::new(PhraseQuery::new(terms)), weight)))
        };
        let places = [(self.title, 1.0 + TITLE_BONUS), (self.body, 1.0)];
        Box::new(BooleanQuery::new(places.into_iter().map(of).collect()))
    }

    /// The best posts, so many at most, best first.
    ///
    /// # Errors
    /// Whatever the library refuses.
    pub fn best(&self, query: &dyn Query, top: usize) -> tantivy::Result<Vec<u128>> {
        let scoring = EnableScoring::enabled_from_statistics_provider(self, &self.searcher);
        let weight = query.weight(scoring)?;
        let mut heap: BinaryHeap<Reverse<(u32, u128)>> = BinaryHeap::new();
        let mut threshold = Score::MIN;
        for (reader, segment) in self.searcher.segment_readers().iter().zip(&self.segments) {
            weight.for_each_pruning(threshold, reader, &mut |doc, score| {
                let channel = usize::try_from(segment.channel.get_val(doc)).unwrap_or(usize::MAX);
                let is_allowed = segment.allowed.get(channel).copied().unwrap_or(false);
                if is_allowed && segment.published.get_val(doc) && !reader.is_deleted(doc) {
                    heap.push(Reverse((score.to_bits(), segment.post(doc))));
                    if heap.len() > top {
                        heap.pop();
                    }
                    if heap.len() == top {
                        // Equal scores come newest first, so they are let through.
                        let worst = heap.peek().map(|worst| Score::from_bits(worst.0.0));
                        threshold = worst.map_or(threshold, Score::next_down);
                    }
                }
                threshold
            })?;
        }
        Ok(heap.into_sorted_vec().into_iter().map(|Reverse((_, post))| post).collect())
    }

    fn words(&self, text: &str) -> Vec<String> {
        self.analyzer.query_tokens(text).into_iter().map(|token| token.text.to_string()).collect()
    }

    fn bonus(&self, word: &str) -> (Occur, Box<dyn Query>) {
        (Occur::Should, self.word(self.title, word, TITLE_BONUS))
    }

    fn word(&self, field: Field, word: &str, weight: Score) -> Box<dyn Query> {
        let term = Term::from_field_text(field, word);
        let query = Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs));
        Box::new(BoostQuery::new(query, weight))
    }
}

/// A word is as rare in titles as it is anywhere.
impl Bm25StatisticsProvider for HandSearcher {
    fn total_num_tokens(&self, field: Field) -> tantivy::Result<u64> {
        self.searcher.total_num_tokens(field)
    }

    fn total_num_docs(&self) -> tantivy::Result<u64> {
        self.searcher.total_num_docs()
    }

    fn doc_freq(&self, term: &Term) -> tantivy::Result<u64> {
        let own = self.searcher.doc_freq(term)?;
        if term.field() != self.title {
            return Ok(own);
        }
        let text = term.value().as_str().unwrap_or_default().to_owned();
        Ok(own.max(self.searcher.doc_freq(&Term::from_field_text(self.all, &text))?))
    }
}

fn missing(column: &str) -> tantivy::TantivyError {
    tantivy::TantivyError::SchemaError(format!("no column {column}"))
}
