//! Topics like a text.

use community_core::search::Sample;
use tantivy::{Searcher, Term};

use super::compile::{Compiled, Compiler};
use super::synonyms::Synonyms;
use crate::SearchError;
use crate::analysis::Language;
use crate::document::beginning;
use crate::ranking::{self, Word};
use crate::schema::Fields;

/// So many words say what a text is about; more of them make it slower, not better.
const MOST_WORDS: usize = 32;

/// A word of the title counts so often.
const TITLE_TIMES: u16 = 2;

/// What stands behind so many bytes is not looked at.
const MOST_BYTES: usize = 8_192;

/// The query for what has the most telling words of a text: those that are often in it and seldom
/// elsewhere.
pub(super) fn query(
    sample: &Sample,
    languages: &[Language],
    searcher: &Searcher,
    fields: &Fields,
    synonyms: Synonyms,
) -> Result<Compiled, SearchError> {
    let mut spots = Vec::new();
    for (text, times) in [(&sample.title, TITLE_TIMES), (&sample.body, 1)] {
        let of_text = ranking::spots(beginning(text, MOST_BYTES), languages);
        spots.extend((0..times).flat_map(|_| of_text.clone()));
    }
    let mut telling = Vec::new();
    for word in ranking::counting(ranking::words(spots)) {
        if let Some(weight) = weight(&word, searcher, fields)? {
            telling.push((weight, word));
        }
    }
    telling
        .sort_by(|(a, one), (b, other)| b.total_cmp(a).then_with(|| one.forms.cmp(&other.forms)));
    telling.truncate(MOST_WORDS);
    let place = community_core::search::Place::Anywhere;
    let mut compiler = Compiler::new(searcher, fields, place, synonyms);
    let mut any = Vec::new();
    for (_, word) in telling {
        let often = saturated(word.count);
        let pieces = compiler.any_of(&[Word { count: 1, ..word }])?;
        any.extend(pieces.into_iter().map(|piece| piece.times(often)));
    }
    Ok(Compiled::any(any))
}

/// How much a word tells; `None` if it is nowhere.
fn weight(word: &Word, searcher: &Searcher, fields: &Fields) -> Result<Option<f32>, SearchError> {
    let mut frequency = 0;
    let field = if word.stop { fields.body } else { fields.all };
    for form in &word.forms {
        frequency = frequency.max(searcher.doc_freq(&Term::from_field_text(field, form))?);
    }
    let documents: u64 =
        searcher.segment_readers().iter().map(|segment| u64::from(segment.max_doc())).sum();
    #[allow(clippy::cast_precision_loss, reason = "a weight")]
    let rarity = (1.0 + documents as f32 / (frequency as f32 + 0.5)).ln();
    Ok((frequency > 0).then_some(rarity * saturated(word.count)))
}

/// The second time that a word stands there says less than the first.
fn saturated(count: u16) -> f32 {
    1.0 + f32::from(count.max(1)).ln()
}
