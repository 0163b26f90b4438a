//! The request for a search.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{LanguageCode, SearchExpr};
use crate::error::{Error, Result};
use crate::limits::Limits;
use crate::text::Slug;

/// The order of what is found. Equal ones come newest first.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum SearchSort {
    /// What fits best first; newest first when there is [nothing to rank
    /// by](SearchExpr::is_ranked).
    #[default]
    Relevance,
    /// Newest first.
    Newest,
    /// Highest score first.
    Score,
    /// Last activity first.
    Activity,
}

impl SearchSort {
    /// All orders.
    pub const ALL: [Self; 4] = [Self::Relevance, Self::Newest, Self::Score, Self::Activity];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Relevance => "relevance",
            Self::Newest => "newest",
            Self::Score => "score",
            Self::Activity => "activity",
        }
    }
}

impl fmt::Display for SearchSort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for SearchSort {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|sort| sort.as_str() == text).ok_or_else(|| {
            Error::invalid(format!("there is no search sort `{}`", text.escape_debug()))
        })
    }
}

/// What one hit is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Per {
    /// A topic, once, however many of its posts fit.
    #[default]
    Topic,
    /// A post.
    Post,
}

impl Per {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Topic, Self::Post];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Topic => "topic",
            Self::Post => "post",
        }
    }
}

impl fmt::Display for Per {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Per {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|per| per.as_str() == text).ok_or_else(|| {
            Error::invalid(format!(
                "a hit is a `topic` or a `post`, not a `{}`",
                text.escape_debug()
            ))
        })
    }
}

/// What a caller searches for, and where.
///
/// ```
/// use community_core::search::Per;
/// use community_core::{Limits, SearchQuery, SearchSort};
/// # fn main() -> Result<(), community_core::Error> {
/// let query = SearchQuery::community("garden".parse()?, "\"tomato blight\" is:solved")
///     .sort(SearchSort::Newest)
///     .per(Per::Post)
///     .language("nl".parse()?)
///     .limit(50)
///     .with_facets();
/// let expr = query.read(&Limits::default())?;
/// assert_eq!(expr.required.len(), 2);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SearchQuery {
    /// The communities, by key; none is every community that the viewer sees.
    pub communities: Vec<Slug>,
    /// What was typed, in the [query language](super).
    pub text: String,
    /// The order.
    pub sort: SearchSort,
    /// What one hit is.
    pub per: Per,
    /// Hits a page; `None` is 20.
    pub limit: Option<usize>,
    /// The cursor of the page before.
    pub after: Option<String>,
    /// Whether what is found is counted by label, channel, kind, author, year and answers too.
    pub facets: bool,
    /// The languages that the viewer reads, in which the words are understood beside those of the
    /// content; none leaves it to the content.
    pub languages: Vec<LanguageCode>,
    /// Whether words are looked for as they were typed only. Otherwise, where few hits have them,
    /// words one edit away are taken in.
    pub exact: bool,
    /// Whether hits come without highlights, for those who show none.
    pub plain: bool,
}

impl SearchQuery {
    /// A search in one community.
    #[must_use]
    pub fn community(key: Slug, text: impl Into<String>) -> Self {
        Self { communities: vec![key], ..Self::everywhere(text) }
    }

    /// A search in every community that the viewer sees.
    #[must_use]
    pub fn everywhere(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// In this order.
    #[must_use]
    pub fn sort(mut self, sort: SearchSort) -> Self {
        self.sort = sort;
        self
    }

    /// Topics or posts.
    #[must_use]
    pub fn per(mut self, per: Per) -> Self {
        self.per = per;
        self
    }

    /// So many a page.
    #[must_use]
    pub fn limit(mut self, limit: usize) -> Self {
        self.limit = Some(limit);
        self
    }

    /// The page behind this cursor.
    #[must_use]
    pub fn after(mut self, cursor: impl Into<String>) -> Self {
        self.after = Some(cursor.into());
        self
    }

    /// With facets.
    #[must_use]
    pub fn with_facets(mut self) -> Self {
        self.facets = true;
        self
    }

    /// For a viewer who reads this language; may be called for several.
    #[must_use]
    pub fn language(mut self, code: LanguageCode) -> Self {
        self.languages.push(code);
        self
    }

    /// With words as they were typed only.
    #[must_use]
    pub fn exact(mut self) -> Self {
        self.exact = true;
        self
    }

    /// Without highlights.
    #[must_use]
    pub fn plain(mut self) -> Self {
        self.plain = true;
        self
    }

    /// Checks all sizes, and then reads the text.
    ///
    /// # Errors
    /// [`Error::Limit`] for too large a page, too many communities or languages, or a text beyond
    /// the limits of [`SearchExpr::parse`]; [`Error::Invalid`] for a page of nothing.
    pub fn read(&self, limits: &Limits) -> Result<SearchExpr> {
        // A new size to check breaks the build here.
        let Self {
            communities,
            text,
            sort: _,
            per: _,
            limit,
            after: _,
            facets: _,
            languages,
            exact: _,
            plain: _,
        } = self;
        limits.page_size(*limit)?;
        limits.selection(communities.len())?;
        limits.search_languages(languages.len())?;
        SearchExpr::parse(text, limits)
    }
}

/// What somebody is about to ask, for which topics like it are looked for.
///
/// ```
/// use community_core::search::SimilarQuery;
/// # fn main() -> Result<(), community_core::Error> {
/// let query = SimilarQuery::community("garden".parse()?, "Blight on tomatoes")
///     .body("The leaves turn brown.")
///     .limit(3);
/// assert_eq!(query.limit, Some(3));
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SimilarQuery {
    /// The communities, by key; none is every community that the viewer sees.
    pub communities: Vec<Slug>,
    /// The title, as far as it is typed.
    pub title: String,
    /// The body, as far as it is typed.
    pub body: String,
    /// How many topics; `None` is [`SimilarQuery::LIMIT`].
    pub limit: Option<usize>,
    /// The languages that the viewer reads.
    pub languages: Vec<LanguageCode>,
}

impl SimilarQuery {
    /// How many topics are given unless the host says otherwise.
    pub const LIMIT: usize = 5;

    /// Topics of one community like a title.
    #[must_use]
    pub fn community(key: Slug, title: impl Into<String>) -> Self {
        Self { communities: vec![key], title: title.into(), ..Self::default() }
    }

    /// With a body.
    #[must_use]
    pub fn body(mut self, body: impl Into<String>) -> Self {
        self.body = body.into();
        self
    }

    /// So many.
    #[must_use]
    pub fn limit(mut self, limit: usize) -> Self {
        self.limit = Some(limit);
        self
    }

    /// For a viewer who reads this language; may be called for several.
    #[must_use]
    pub fn language(mut self, code: LanguageCode) -> Self {
        self.languages.push(code);
        self
    }

    /// Checks all sizes. Nothing else can be wrong: what is typed may be of any form.
    ///
    /// # Errors
    /// [`Error::Limit`] for too many topics, communities or languages, or too long a title or body;
    /// [`Error::Invalid`] for no topics.
    pub fn check(&self, limits: &Limits) -> Result<()> {
        let Self { communities, title, body, limit, languages } = self;
        limits.page_size(*limit)?;
        limits.selection(communities.len())?;
        limits.search_languages(languages.len())?;
        limits.title(title.len())?;
        limits.body(body.len())?;
        Ok(())
    }
}
