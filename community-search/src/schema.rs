//! The fields of the index.

use tantivy::TantivyDocument;
use tantivy::schema::{
    Field, IndexRecordOption, STORED, STRING, Schema, TextFieldIndexing, TextOptions,
};
use tantivy::tokenizer::{PreTokenizedString, Token as Indexed};

use crate::Entry;
use crate::analysis::{Analyzer, Token};

/// Where the texts of an [`Entry`] go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields {
    /// Names the entry.
    pub(crate) key: Field,
    /// The content words of all texts together, for ranking; it knows no positions.
    pub(crate) all: Field,
    /// Every word of the title with its position: for its bonus, and for phrases.
    pub(crate) title: Field,
    /// Every word of the body with its position, for phrases.
    pub(crate) body: Field,
}

impl Fields {
    pub(crate) fn new() -> (Schema, Self) {
        let words = |record| {
            // Texts come analysed; the name of a tokenizer is never looked up.
            let indexing = TextFieldIndexing::default().set_tokenizer("raw");
            TextOptions::default().set_indexing_options(indexing.set_index_option(record))
        };
        let mut schema = Schema::builder();
        let fields = Self {
            key: schema.add_text_field("key", STRING | STORED),
            all: schema.add_text_field("all", words(IndexRecordOption::WithFreqs)),
            title: schema.add_text_field("title", words(IndexRecordOption::WithFreqsAndPositions)),
            body: schema.add_text_field("body", words(IndexRecordOption::WithFreqsAndPositions)),
        };
        (schema.build(), fields)
    }

    /// The document that is indexed for an entry.
    pub(crate) fn document(&self, entry: &Entry) -> TantivyDocument {
        // A new text of an entry breaks the build here.
        let Entry { key, language, title, body, labels, answers } = entry;
        let analyzer = Analyzer::new(*language);
        let (title, body) = (analyzer.tokens(title), analyzer.tokens(body));
        let others = labels.iter().chain(answers).flat_map(|text| analyzer.tokens(text));
        let mut document = TantivyDocument::default();
        document.add_text(self.key, key);
        let content = |token: &Token| !token.stop;
        let all = title.iter().chain(&body).cloned().chain(others).filter(content);
        document.add_pre_tokenized_text(self.all, indexed(all));
        document.add_pre_tokenized_text(self.title, indexed(title));
        document.add_pre_tokenized_text(self.body, indexed(body));
        document
    }
}

fn indexed(tokens: impl IntoIterator<Item = Token>) -> PreTokenizedString {
    let tokens = tokens.into_iter().map(|token| Indexed {
        offset_from: token.span.start,
        offset_to: token.span.end,
        position: token.position,
        text: token.text,
        position_length: 1,
    });
    PreTokenizedString { text: String::new(), tokens: tokens.collect() }
}
