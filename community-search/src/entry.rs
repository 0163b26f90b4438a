//! What is indexed of one item.

use crate::analysis::Language;

/// The texts by which one item is found.
///
/// They are indexed and not stored: a hit is read from the store again, under the scope of the one
/// who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entry {
    /// Names the item; a later entry with the same key takes the place of an earlier one.
    pub key: String,
    /// The language of all its texts.
    pub language: Language,
    /// Words in the title weigh more than others.
    pub title: String,
    /// The text itself, without markup.
    pub body: String,
    /// Names of labels.
    pub labels: Vec<String>,
    /// Texts that answer the item, without markup, such as accepted and official answers.
    pub answers: Vec<String>,
}

impl Entry {
    /// An entry without any text.
    #[must_use]
    pub fn new(key: impl Into<String>, language: Language) -> Self {
        Self {
            key: key.into(),
            language,
            title: String::new(),
            body: String::new(),
            labels: Vec::new(),
            answers: Vec::new(),
        }
    }
}
