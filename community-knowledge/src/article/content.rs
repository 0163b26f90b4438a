//! The words of an article, and whose they are.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use community_core::{CorrectionId, MemberId, Name, PostId, Seq, Slug, Title, TopicId};
use serde::{Deserialize, Serialize};

use super::{Cited, Face};

/// Where the first words of an article come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// From a conversation.
    Harvested,
    /// From an author, who wrote it for the knowledge base.
    Professional,
}

/// What one version of an article says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// The title.
    pub title: Title,
    /// The sections, in the order in which they are read.
    pub sections: Vec<Section>,
    /// The labels, sorted, each once.
    #[serde(default)]
    pub labels: Vec<Slug>,
    /// The products that it is about, in the versions for which it was written.
    #[serde(default)]
    pub products: Vec<Product>,
}

/// A section: a heading, and blocks of text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    /// What it is for.
    #[serde(flatten)]
    pub kind: SectionKind,
    /// Its text, in blocks that are one paragraph or more.
    pub blocks: Vec<Block>,
}

/// What a section is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SectionKind {
    /// What goes wrong, or is asked.
    Problem,
    /// Under which circumstances.
    Environment,
    /// Why.
    Cause,
    /// What to do.
    Resolution,
    /// Anything else, under a heading of its own.
    Free {
        /// The heading.
        heading: Name,
    },
}

impl SectionKind {
    /// The heading that is shown.
    #[must_use]
    pub fn heading(&self) -> &str {
        match self {
            Self::Problem => "Problem",
            Self::Environment => "Environment",
            Self::Cause => "Cause",
            Self::Resolution => "Resolution",
            Self::Free { heading } => heading.as_str(),
        }
    }
}

/// A piece of text with its provenance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// The text, Markdown.
    pub text: String,
    /// Whose words these are; `None` for an author's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
}

/// Where words come from: one revision of one post, or a correction beside it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Source {
    /// The topic.
    pub topic: TopicId,
    /// The post.
    pub post: PostId,
    /// The number of the revision that was read.
    pub revision: u32,
    /// Who wrote the words.
    pub author: MemberId,
    /// The correction that they are taken from, when they are not the post's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correction: Option<CorrectionId>,
    /// Whether the words were changed. Those that were not can be found in the source.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub adapted: bool,
}

/// A product, and the version of it for which something was written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Product {
    /// The product.
    pub name: Slug,
    /// Its version, as the product counts.
    pub version: String,
}

impl Content {
    /// An article of one text: what an author begins with.
    #[must_use]
    pub fn new(title: Title, sections: Vec<Section>) -> Self {
        Self { title, sections, labels: Vec::new(), products: Vec::new() }
    }

    /// All provenance, in reading order.
    pub fn sources(&self) -> impl Iterator<Item = &Source> {
        self.blocks().filter_map(|block| block.source.as_ref())
    }

    /// The topics that it cites.
    #[must_use]
    pub fn topics(&self) -> BTreeSet<TopicId> {
        self.sources().map(|source| source.topic).collect()
    }

    /// The posts that it cites.
    #[must_use]
    pub fn posts(&self) -> BTreeSet<PostId> {
        self.sources().map(|source| source.post).collect()
    }

    /// Whose words are in it, each once, in reading order.
    #[must_use]
    pub fn contributors(&self) -> Vec<MemberId> {
        let mut seen = BTreeSet::new();
        self.sources().map(|source| source.author).filter(|author| seen.insert(*author)).collect()
    }

    /// What is needed of it without reading it. What happens behind `head` to what it cites concerns
    /// the article.
    #[must_use]
    pub fn face(&self, head: Seq) -> Face {
        let mut cited: BTreeMap<PostId, Cited> = BTreeMap::new();
        for Source { topic, post, revision, .. } in self.sources() {
            let known = cited.entry(*post);
            let known = known.or_insert(Cited { topic: *topic, revision: *revision, since: head });
            known.revision = known.revision.min(*revision);
        }
        Face {
            title: self.title.clone(),
            labels: self.labels.clone(),
            products: self.products.clone(),
            cited,
        }
    }

    /// Takes the words out that come from these posts, or from corrections beside them; whose words
    /// they were stays. Returns whether there were any.
    pub(crate) fn forget(&mut self, posts: &BTreeSet<PostId>) -> bool {
        let blocks = self.sections.iter_mut().flat_map(|section| &mut section.blocks);
        let from = |block: &Block| block.source.as_ref().is_some_and(|s| posts.contains(&s.post));
        let mut found = false;
        for block in blocks.filter(|block| from(block) && !block.text.is_empty()) {
            block.text.clear();
            found = true;
        }
        found
    }

    /// All blocks, in reading order.
    pub fn blocks(&self) -> impl Iterator<Item = &Block> {
        self.sections.iter().flat_map(|section| &section.blocks)
    }

    /// What it says in its sections, without its title: what is searched. Headings that every article
    /// has are left out.
    ///
    /// ```
    /// use community_knowledge::{Content, Section, SectionKind};
    /// let problem = Section::text(SectionKind::Problem, "It hangs.");
    /// let resolution = Section::text(SectionKind::Resolution, "Turn it off and on again.");
    /// let content = Content::new("Hanging".parse()?, vec![problem, resolution]);
    /// assert_eq!(content.text(), "It hangs.\n\nTurn it off and on again.");
    /// # Ok::<(), community_core::TextError>(())
    /// ```
    #[must_use]
    pub fn text(&self) -> String {
        let mut parts: Vec<&str> = Vec::new();
        for Section { kind, blocks } in &self.sections {
            if let SectionKind::Free { heading } = kind {
                parts.push(heading.as_str());
            }
            parts.extend(blocks.iter().map(|block| block.text.trim_end()));
        }
        parts.retain(|part| !part.is_empty());
        parts.join("\n\n")
    }

    /// Everything that it says, as one Markdown text: what two versions are compared by.
    ///
    /// ```
    /// use community_knowledge::{Content, Section, SectionKind};
    /// let resolution = Section::text(SectionKind::Resolution, "Turn it off and on again.");
    /// let content = Content::new("It hangs".parse()?, vec![resolution]);
    /// assert_eq!(content.markdown(), "# It hangs\n\n## Resolution\n\nTurn it off and on again.\n");
    /// # Ok::<(), community_core::TextError>(())
    /// ```
    #[must_use]
    pub fn markdown(&self) -> String {
        let Self { title, sections, labels, products } = self;
        let mut text = format!("# {title}\n");
        // Writing to a string does not fail.
        if !labels.is_empty() {
            let labels: Vec<&str> = labels.iter().map(Slug::as_str).collect();
            let _ = writeln!(text, "\nLabels: {}", labels.join(", "));
        }
        for Product { name, version } in products {
            let _ = writeln!(text, "\nProduct: {name} {version}");
        }
        for Section { kind, blocks } in sections {
            let _ = writeln!(text, "\n## {}", kind.heading());
            for block in blocks {
                let _ = writeln!(text, "\n{}", block.text.trim_end());
            }
        }
        text
    }
}

impl Section {
    /// A section of one block, in an author's own words.
    #[must_use]
    pub fn text(kind: SectionKind, text: impl Into<String>) -> Self {
        Self { kind, blocks: vec![Block { text: text.into(), source: None }] }
    }
}
