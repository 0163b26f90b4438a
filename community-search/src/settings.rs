//! How an index is built.

use std::collections::BTreeMap;
use std::time::Duration;

use community_core::Slug;

use crate::analysis::Language;

/// How an index is built.
///
/// Languages are part of what is indexed: when they change, the index is built anew beside the old
/// one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The language of communities that [`languages`](Self::languages) does not name: that of texts
    /// which are too short to tell theirs.
    pub language: Language,
    /// The languages of communities, by key.
    pub languages: BTreeMap<Slug, Language>,
    /// When what was indexed becomes visible and lasting.
    pub commit: CommitPolicy,
    /// Bytes of memory for documents that are not yet written; 15,000,000 at least.
    pub memory: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            language: Language::English,
            languages: BTreeMap::new(),
            commit: CommitPolicy::default(),
            memory: 50_000_000,
        }
    }
}

impl Settings {
    /// What the library asks for at least.
    pub(crate) const LEAST_MEMORY: usize = 15_000_000;

    /// The part that documents depend on.
    pub(crate) fn fingerprint(&self) -> String {
        let Self { language, languages, commit: _, memory: _ } = self;
        let named = languages.iter().map(|(key, language)| format!(" {key}={language}"));
        format!("{language}{}", named.collect::<String>())
    }
}

/// When what was indexed becomes visible and lasting: as soon as one of these is reached.
///
/// A commit costs some milliseconds and a new segment, however little is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommitPolicy {
    /// So many documents wait.
    pub documents: usize,
    /// The first of them waits so long, or ten times as long while the log has more to read. It is
    /// looked at whenever the projection catches up.
    pub age: Duration,
}

impl Default for CommitPolicy {
    fn default() -> Self {
        Self { documents: 10_000, age: Duration::from_secs(1) }
    }
}
