//! Versions: what an article said, who wrote it, when and why. They never change, but that words
//! which are erased where they come from are gone here too.

use community_core::diff::{Change, diff};
use community_core::{MemberId, Timestamp};
use serde::{Deserialize, Serialize};

use super::Content;
use crate::id::ArticleId;

/// One version of an article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// The article.
    pub article: ArticleId,
    /// Its number, from 1.
    pub number: u32,
    /// What it says.
    pub content: Content,
    /// Who wrote it; `None` is the system.
    pub by: Option<MemberId>,
    /// When.
    pub at: Timestamp,
    /// What it is for.
    pub note: Note,
}

/// What a version is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "as", rename_all = "snake_case")]
pub enum Note {
    /// The first words.
    Begun,
    /// A change, in the writer's words.
    Edit {
        /// Why.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        why: String,
    },
    /// What an earlier version said, once more.
    Rollback {
        /// The number of that version.
        to: u32,
        /// Why.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        why: String,
    },
}

/// What changed from one version to another, by their [Markdown](Content::markdown).
///
/// The pieces that were kept or added make up the new text, those that were kept or removed the
/// old one.
#[must_use]
pub fn changes(old: &Content, new: &Content) -> Vec<Change> {
    diff(&old.markdown(), &new.markdown())
}

#[cfg(test)]
mod tests {
    use community_core::diff::ChangeKind;
    use proptest::prelude::*;

    use super::*;
    use crate::article::{Section, SectionKind};

    fn content() -> impl Strategy<Value = Content> {
        let text = "[a-z]{1,5}( [a-z]{1,5}){0,6}(\n[a-z]{1,5}){0,3}";
        let kind = prop_oneof![
            Just(SectionKind::Problem),
            Just(SectionKind::Environment),
            Just(SectionKind::Cause),
            Just(SectionKind::Resolution),
            "[A-Z][a-z]{1,8}"
                .prop_map(|heading| SectionKind::Free { heading: heading.parse().unwrap() }),
        ];
        let section = (kind, text).prop_map(|(kind, text)| Section::text(kind, text));
        ("[A-Z][a-z]{1,9}", prop::collection::vec(section, 0..5))
            .prop_map(|(title, sections)| Content::new(title.parse().unwrap(), sections))
    }

    proptest! {
        #[test]
        fn a_diff_holds_both_versions(old in content(), new in content()) {
            let changes = changes(&old, &new);
            let without = |kind| -> String {
                changes.iter().filter(|c| c.kind != kind).map(|c| c.text.as_str()).collect()
            };
            prop_assert_eq!(without(ChangeKind::Removed), new.markdown());
            prop_assert_eq!(without(ChangeKind::Added), old.markdown());
        }

        #[test]
        fn a_version_reads_back_from_its_json(content in content(), number in 1u32..100) {
            let version = Version {
                article: ArticleId::from_uuid(uuid::Uuid::from_u128(7)),
                number,
                content,
                by: None,
                at: Timestamp::UNIX_EPOCH,
                note: Note::Rollback { to: number, why: String::new() },
            };
            let text = serde_json::to_string(&version).unwrap();
            prop_assert_eq!(serde_json::from_str::<Version>(&text).unwrap(), version);
        }
    }
}
