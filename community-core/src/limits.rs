//! Every limit in one table, checked before anything is parsed, rendered or stored.

use crate::text::Title;

/// A limit that was exceeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{what} exceeds the limit of {max} {unit}")]
#[non_exhaustive]
pub struct LimitError {
    /// What was too large, in words: `a body`, `the page size`.
    pub what: &'static str,
    /// The most that is allowed.
    pub max: usize,
    /// The unit of `max`.
    pub unit: &'static str,
}

macro_rules! limits {
    ($($(#[$doc:meta])* $field:ident: $default:literal up to $cap:literal, $what:literal, $unit:literal;)+) => {
        /// What one request may ask of the engine.
        ///
        /// A host may change each value up to its hard cap; [`Limits::capped`] cuts what lies above.
        /// Texts are limited in bytes, because bytes are what storage and parsers pay for.
        ///
        /// | field | default | hard cap | unit |
        /// |---|---|---|---|
        $(#[doc = concat!("| `", stringify!($field), "` | ", $default, " | ", $cap, " | ", $unit, " |")])+
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct Limits {
            $($(#[$doc])* pub $field: usize,)+
        }

        impl Default for Limits {
            fn default() -> Self {
                Self { $($field: $default,)+ }
            }
        }

        impl Limits {
            /// Every limit at its hard cap.
            #[must_use]
            pub fn caps() -> Self {
                Self { $($field: $cap,)+ }
            }

            /// The same limits with every value cut to its hard cap.
            #[must_use]
            pub fn capped(self) -> Self {
                Self { $($field: self.$field.min($cap),)+ }
            }

            $(
                #[doc = concat!("Checks a size against `", stringify!($field), "`.")]
                ///
                /// # Errors
                /// [`LimitError`] when `size` is larger.
                pub fn $field(&self, size: usize) -> Result<(), LimitError> {
                    if size <= self.$field {
                        Ok(())
                    } else {
                        Err(LimitError { what: $what, max: self.$field, unit: $unit })
                    }
                }
            )+

            /// The rows of the table: name, default, hard cap, unit.
            #[must_use]
            pub fn table() -> Vec<(&'static str, usize, usize, &'static str)> {
                vec![$((stringify!($field), $default, $cap, $unit),)+]
            }
        }
    };
}

limits! {
    /// The title of a topic.
    title: 800 up to 2_000, "a title", "bytes";
    /// The text of a post, a correction or a channel description.
    body: 131_072 up to 262_144, "a body", "bytes";
    /// A reason given with an edit, an acceptance, a sanction.
    reason: 2_000 up to 8_192, "a reason", "bytes";
    /// Labels on one topic.
    labels: 8 up to 32, "the number of labels", "labels";
    /// Labels in one community.
    community_labels: 20_000 up to 200_000, "the number of labels in the community", "labels";
    /// Channels in one community.
    channels: 10_000 up to 100_000, "the number of channels in the community", "channels";
    /// How deep a reply may stand below its topic's first post.
    depth: 50 up to 1_000, "the depth of a reply", "levels";
    /// Revisions kept of one post.
    revisions: 200 up to 2_000, "the number of revisions", "revisions";
    /// Corrections beside one post.
    corrections: 20 up to 100, "the number of corrections", "corrections";
    /// Pins in one community.
    pins: 50 up to 500, "the number of pins", "pins";
    /// Items on one page.
    page: 100 up to 1_000, "the page size", "items";
    /// Communities, and channels, that one feed or search names.
    selection: 200 up to 2_000, "the number of places", "places";
    /// A label expression or an audience, as text.
    expression: 4_096 up to 16_384, "an expression", "bytes";
    /// Nesting inside a label expression or an audience.
    nesting: 16 up to 32, "the nesting of an expression", "levels";
    /// Tests inside a label expression or an audience.
    terms: 64 up to 256, "the number of terms in an expression", "terms";
    /// What somebody types to search, as text.
    search_text: 4_096 up to 16_384, "a search text", "bytes";
    /// Words, phrases and conditions in a search text.
    search_terms: 512 up to 2_048, "the number of terms in a search text", "terms";
    /// One word or phrase in a search text.
    search_term: 256 up to 1_024, "a term in a search text", "bytes";
    /// Languages that the viewer of a search reads.
    search_languages: 8 up to 32, "the number of languages of a search", "languages";
    /// How deep into what a search found one can page.
    search_depth: 10_000 up to 100_000, "the depth of a search", "hits";
    /// Posts that are counted to say how much a search found; beyond them it says "at least".
    search_total: 10_000 up to 10_000_000, "the number of counted posts", "posts";
    /// Posts that are counted for the facets of a search.
    search_facets: 100_000 up to 10_000_000, "the number of counted posts", "posts";
    /// Values of one facet of a search.
    facet_values: 50 up to 1_000, "the number of values of a facet", "values";
    /// Members above somebody on a leaderboard who are counted to say where they stand; beyond them
    /// it says "at least".
    board_rank: 1_000 up to 10_000, "the number of counted members", "members";
    /// Attributes of one member.
    attributes: 64 up to 256, "the number of attributes", "attributes";
    /// One attribute's value.
    attribute: 1_000 up to 8_192, "an attribute", "bytes";
    /// Lists that one member is on.
    lists: 256 up to 4_096, "the number of lists", "lists";
    /// Role grants of one member in one community.
    roles: 64 up to 256, "the number of roles", "roles";
    /// Sanctions of one member in one community.
    sanctions: 64 up to 256, "the number of sanctions", "sanctions";
    /// Reactions that a community offers.
    reactions: 32 up to 128, "the number of reactions", "reactions";
    /// Kinds that a community defines itself, and rules of a policy about one kind.
    kinds: 32 up to 128, "the number of kinds", "kinds";
    /// Lists of synonyms of one community.
    synonyms: 500 up to 2_000, "the number of lists of synonyms", "lists";
    /// Words and phrases in one list of synonyms.
    synonym_words: 16 up to 64, "a list of synonyms", "words";
    /// One word or phrase in a list of synonyms.
    synonym: 64 up to 256, "a synonym", "bytes";
    /// Transitions, and fields, of a kind that a community defines itself.
    kind_parts: 64 up to 256, "the number of transitions or fields of a kind", "parts";
    /// The payload of a topic, as JSON.
    payload: 16_384 up to 65_536, "a payload", "bytes";
    /// The body of a document of an extension, as JSON.
    document: 262_144 up to 1_048_576, "a document", "bytes";
    /// Lists in which one document of an extension stands.
    document_keys: 64 up to 256, "the number of lists of a document", "lists";
    /// Documents that one command of an extension writes.
    documents: 100 up to 1_000, "the number of documents in one command", "documents";
    /// One line of an import file.
    import_line: 1_048_576 up to 4_194_304, "an import line", "bytes";
    /// Views, and visits, that wait in memory to be written.
    buffered_views: 10_000 up to 1_000_000, "the number of buffered views", "topics";
    /// Events that one call of [`Engine::pump`](crate::Engine::pump) takes into account.
    projected: 5_000 up to 1_000_000, "the number of events in one call", "events";
    /// Steps of visits with suggestions that one report reads.
    report_steps: 1_000_000 up to 20_000_000, "the number of steps in a report", "steps";
    /// Topics that one report reads.
    report_topics: 20_000 up to 1_000_000, "the number of topics in a report", "topics";
    /// Attempts of a command that loses against concurrent ones.
    attempts: 32 up to 1_000, "the number of attempts", "attempts";
}

impl Limits {
    /// Checks a title's length and form.
    ///
    /// # Errors
    /// [`LimitError`] for its length, or [`crate::text::TextError`] for its characters, both inside
    /// [`crate::Error`].
    pub fn check_title(&self, text: &str) -> Result<Title, crate::Error> {
        self.title(text.len())?;
        Ok(Title::new(text)?)
    }

    /// Checks a body's length; a body is not empty.
    ///
    /// # Errors
    /// [`crate::Error::Limit`] for its length, [`crate::Error::Invalid`] when it is blank or holds a NUL.
    pub fn check_body(&self, text: &str) -> Result<(), crate::Error> {
        self.body(text.len())?;
        if text.trim().is_empty() {
            return Err(crate::Error::invalid("a body may not be empty"));
        }
        if text.contains('\0') {
            return Err(crate::Error::invalid("a body may not contain a NUL character"));
        }
        Ok(())
    }

    /// The page size to use for a wish: the wish itself, or 20 when there is none.
    ///
    /// # Errors
    /// [`crate::Error::Limit`] above the limit, [`crate::Error::Invalid`] for zero.
    pub fn page_size(&self, wish: Option<usize>) -> Result<usize, crate::Error> {
        let size = wish.unwrap_or(20.min(self.page));
        if size == 0 {
            return Err(crate::Error::invalid("a page holds at least one item"));
        }
        self.page(size)?;
        Ok(size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_in_limits_md_says_what_is_enforced() {
        let page = include_str!("../../LIMITS.md");
        for (name, default, cap, unit) in Limits::table() {
            let row = page.lines().find(|line| line.starts_with(&format!("| `{name}` |")));
            let row = row.unwrap_or_else(|| panic!("no row for {name}"));
            assert!(row.ends_with(&format!("| {default} | {cap} | {unit} |")), "{row}");
        }
        let rows = page.lines().filter(|line| line.starts_with("| `")).count();
        assert_eq!(rows, Limits::table().len());
    }

    #[test]
    fn every_limit_admits_itself_and_refuses_one_more() {
        let limits = Limits::default();
        assert!(limits.title(limits.title).is_ok());
        assert!(limits.title(limits.title + 1).is_err());
        assert!(limits.check_body(&"é".repeat(limits.body / 2)).is_ok());
        assert!(limits.check_body(&"é".repeat(limits.body / 2 + 1)).is_err());
        assert!(limits.page_size(Some(0)).is_err());
        assert!(limits.page_size(Some(limits.page + 1)).is_err());
        assert_eq!(limits.page_size(None).unwrap(), 20);
    }

    #[test]
    fn a_hard_cap_cannot_be_raised() {
        let wish = Limits { body: usize::MAX, ..Limits::default() };
        assert_eq!(wish.capped().body, 262_144);
    }
}
