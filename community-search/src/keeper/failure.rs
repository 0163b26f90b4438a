//! Failures as texts.

use std::any::Any;
use std::error::Error;

use crate::SearchError;

/// A panic of the index library.
#[derive(Debug, thiserror::Error)]
#[error("the index library panicked: {0}")]
pub(super) struct Panicked(String);

impl Panicked {
    /// The panic that was caught with this.
    pub(super) fn by(payload: &(dyn Any + Send)) -> Self {
        let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
        Self(text.unwrap_or_else(|| "without a message".to_owned()))
    }
}

impl From<Panicked> for SearchError {
    fn from(panicked: Panicked) -> Self {
        Self::Index(Box::new(panicked))
    }
}

/// An error with what brought it about.
pub(super) fn in_full(error: &SearchError) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}
