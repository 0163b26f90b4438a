//! The fields of the index.

use tantivy::TantivyDocument;
use tantivy::schema::{
    BytesOptions, FAST, Field, INDEXED, IndexRecordOption, NumericOptions, STORED, STRING, Schema,
    TextFieldIndexing, TextOptions,
};

use crate::Entry;
use crate::analysis::{Analyzer, Token};
use crate::words::{self, at_places, in_a_row};

/// Where the texts of an [`Entry`] or of a post go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields {
    /// Names an entry that was given by hand.
    pub(crate) key: Field,
    /// The content words of all texts together, for ranking; it knows no positions.
    pub(crate) all: Field,
    /// Every word of the title with its position: for its bonus, and for phrases.
    pub(crate) title: Field,
    /// Every word of the body with its position, for phrases.
    pub(crate) body: Field,
    /// Every word of title and body as it is written, for its beginnings and for words like it.
    pub(crate) word: Field,
    /// The same of the title.
    pub(crate) title_word: Field,
    /// What a post is filtered, counted and sorted by.
    pub(crate) facts: FactFields,
}

/// Where the facts of a post go. All are columns; those that filters look up are indexed too.
///
/// Ids are their 16 bytes, times are microseconds since 1970, states and kinds of posts the codes
/// of the domain. Of each of them a document has one value, of labels as many as its topic has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FactFields {
    /// Names the document. It and the topic are stored, and nothing else.
    pub(crate) post: Field,
    /// The same as two numbers, which are read much faster than bytes.
    pub(crate) post_halves: [Field; 2],
    pub(crate) topic: Field,
    pub(crate) topic_halves: [Field; 2],
    pub(crate) community: Field,
    pub(crate) channel: Field,
    pub(crate) topic_author: Field,
    pub(crate) author: Field,
    pub(crate) topic_state: Field,
    pub(crate) state: Field,
    /// Whether both are published, in one column.
    pub(crate) published: Field,
    /// 0 is the opening, whose document is the topic's.
    pub(crate) post_kind: Field,
    pub(crate) kind: Field,
    pub(crate) label: Field,
    pub(crate) language: Field,
    pub(crate) created: Field,
    /// Of a topic its last activity, of a reply its creation.
    pub(crate) active: Field,
    pub(crate) score: Field,
    /// Whether the topic takes answers.
    pub(crate) answerable: Field,
    /// Of a topic: it has a published answer.
    pub(crate) answered: Field,
    /// Of a topic: it has an accepted answer; of an answer: it is accepted.
    pub(crate) solved: Field,
    /// Of a topic: it has a published official answer; of an answer: it is official.
    pub(crate) official: Field,
    /// A correction stands beside the post.
    pub(crate) corrected: Field,
    /// In an index of pages: what a score is multiplied by, in thousandths.
    pub(crate) weight: Field,
    /// Of a page: what else its viewer has to see, see [`Bound`](crate::Bound).
    pub(crate) bound: Field,
}

impl Fields {
    pub(crate) fn new() -> (Schema, Self) {
        let words = |record| {
            let indexing = TextFieldIndexing::default().set_tokenizer(words::TOKENIZER);
            TextOptions::default().set_indexing_options(indexing.set_index_option(record))
        };
        let mut schema = Schema::builder();
        let key = schema.add_text_field("key", STRING | STORED);
        let all = schema.add_text_field("all", words(IndexRecordOption::WithFreqs));
        let positions = words(IndexRecordOption::WithFreqsAndPositions);
        let title = schema.add_text_field("title", positions.clone());
        let body = schema.add_text_field("body", positions);
        let typed = || {
            let indexing = TextFieldIndexing::default().set_tokenizer(words::TOKENIZER);
            let indexing = indexing.set_fieldnorms(false);
            TextOptions::default()
                .set_indexing_options(indexing.set_index_option(IndexRecordOption::Basic))
        };
        let word = schema.add_text_field("word", typed());
        let title_word = schema.add_text_field("title_word", typed());
        let name = BytesOptions::default().set_indexed().set_stored();
        let column = BytesOptions::default().set_fast();
        let id = BytesOptions::default().set_indexed().set_fast();
        let number = NumericOptions::default() | FAST;
        let code = NumericOptions::default() | FAST | INDEXED;
        let facts = FactFields {
            post: schema.add_bytes_field("post", name.clone()),
            post_halves: ["post_high", "post_low"].map(|half| schema.add_u64_field(half, FAST)),
            topic: schema.add_bytes_field("topic", name),
            topic_halves: ["topic_high", "topic_low"].map(|half| schema.add_u64_field(half, FAST)),
            community: schema.add_bytes_field("community", id.clone()),
            channel: schema.add_bytes_field("channel", id.clone()),
            topic_author: schema.add_bytes_field("topic_author", id.clone()),
            author: schema.add_bytes_field("author", id),
            topic_state: schema.add_u64_field("topic_state", code.clone()),
            state: schema.add_u64_field("state", code.clone()),
            published: schema.add_bool_field("published", FAST),
            post_kind: schema.add_u64_field("post_kind", code.clone()),
            kind: schema.add_text_field("kind", STRING | FAST),
            label: schema.add_text_field("label", STRING | FAST),
            language: schema.add_text_field("language", STRING | FAST),
            created: schema.add_i64_field("created", number.clone()),
            active: schema.add_i64_field("active", number.clone()),
            score: schema.add_i64_field("score", number),
            answerable: schema.add_bool_field("answerable", code.clone()),
            answered: schema.add_bool_field("answered", code.clone()),
            solved: schema.add_bool_field("solved", code.clone()),
            official: schema.add_bool_field("official", code.clone()),
            corrected: schema.add_bool_field("corrected", code),
            weight: schema.add_u64_field("weight", FAST),
            bound: schema.add_bytes_field("bound", column),
        };
        (schema.build(), Self { key, all, title, body, word, title_word, facts })
    }

    /// The document that is indexed for an entry.
    pub(crate) fn document(&self, entry: &Entry) -> TantivyDocument {
        // A new text of an entry breaks the build here.
        let Entry { key, language, title, body, labels, answers } = entry;
        let analyzer = Analyzer::new(*language);
        let others: Vec<Token> =
            labels.iter().chain(answers).flat_map(|text| analyzer.tokens(text)).collect();
        let mut document = TantivyDocument::default();
        document.add_text(self.key, key);
        self.add_texts(&mut document, &analyzer.tokens(title), &analyzer.tokens(body), &others);
        document
    }

    /// Adds the words of a title, a body, and other texts that count as words of the whole.
    pub(crate) fn add_texts(
        &self,
        document: &mut TantivyDocument,
        title: &[Token],
        body: &[Token],
        others: &[Token],
    ) {
        document.add_text(self.word, as_written(title.iter().chain(body)));
        document.add_text(self.title_word, as_written(title));
        let content = title.iter().chain(body).chain(others).filter(|token| !token.stop);
        document.add_text(self.all, in_a_row(content.map(|token| &*token.text)));
        for (field, tokens) in [(self.title, title), (self.body, body)] {
            let placed = tokens.iter().map(|token| (token.position, &*token.text));
            document.add_text(field, at_places(placed));
        }
    }
}

/// The words of tokens; those of one place are one word.
fn as_written<'a>(tokens: impl IntoIterator<Item = &'a Token>) -> String {
    let mut last = None;
    let places = tokens.into_iter().map(|token| (token.span.start, &*token.word));
    let words = places.filter(|at| !at.1.is_empty() && last.replace(*at) != Some(*at));
    in_a_row(words.map(|(_, word)| word))
}
