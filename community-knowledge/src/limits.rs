//! What an article may hold. Checked before anything is looked up or stored; texts are limited in
//! bytes. What the engine limits as well (a title, labels, a reason) is checked by its
//! [`Limits`].

use std::collections::BTreeSet;

use community_core::{Error, Limits, Result};

use crate::article::{Article, Content};

/// The text of all blocks of an article together, in bytes.
pub const TEXT: usize = 131_072;
/// Sections of an article.
pub const SECTIONS: usize = 32;
/// Blocks of an article.
pub const BLOCKS: usize = 128;
/// Posts that an article cites.
pub const CITED: usize = 64;
/// Topics that the versions of an article were ever made from.
pub const SOURCES: usize = 20;
/// Products of an article.
pub const PRODUCTS: usize = 16;
/// The version of a product, in bytes.
pub const PRODUCT_VERSION: usize = 64;
/// Versions of an article.
pub const VERSIONS: u32 = 1_000;
/// Members who wrote versions of an article.
pub const AUTHORS: usize = 64;
/// A comment in a review, in bytes.
pub const COMMENT: usize = 16_384;
/// Concerns that are kept of one article. It stays queued when there are more.
pub const CONCERNS: usize = 32;

/// Refuses content that is too large or empty.
pub(crate) fn content(content: &Content, limits: &Limits) -> Result<()> {
    let Content { title, sections, labels, products } = content;
    limits.title(title.as_str().len())?;
    at_most(sections.len(), SECTIONS, "sections")?;
    limits.labels(labels.len())?;
    at_most(products.len(), PRODUCTS, "products")?;
    at_most(content.blocks().count(), BLOCKS, "blocks")?;
    let text: usize = content.blocks().map(|block| block.text.len()).sum();
    at_most(text, TEXT, "bytes of text")?;
    if content.blocks().all(|block| block.text.trim().is_empty()) {
        return Err(Error::invalid("an article may not be empty"));
    }
    if content.blocks().any(|block| block.text.contains('\0')) {
        return Err(Error::invalid("an article may not contain a NUL character"));
    }
    at_most(content.posts().len(), CITED, "cited posts")?;
    for product in products {
        product_version(&product.version)?;
    }
    let names: BTreeSet<_> = products.iter().map(|product| &product.name).collect();
    if names.len() < products.len() {
        return Err(Error::invalid("a product is named twice"));
    }
    if !labels.is_sorted_by(|a, b| a < b) {
        return Err(Error::invalid("labels are sorted, and each is there once"));
    }
    Ok(())
}

/// Refuses a version of a product that is too long or not one line.
pub(crate) fn product_version(text: &str) -> Result<()> {
    at_most(text.len(), PRODUCT_VERSION, "bytes in the version of a product")?;
    if text.trim().is_empty() || text.chars().any(char::is_control) {
        return Err(Error::invalid("the version of a product is one line"));
    }
    Ok(())
}

/// Refuses an article that has grown too large.
pub(crate) fn article(article: &Article) -> Result<()> {
    at_most(article.sources.len(), SOURCES, "sources")?;
    at_most(article.authors.len(), AUTHORS, "authors")?;
    if article.latest > VERSIONS {
        return Err(Error::invalid(format!("an article has at most {VERSIONS} versions")));
    }
    Ok(())
}

/// Refuses more than there may be.
pub(crate) fn at_most(size: usize, most: usize, what: &str) -> Result<()> {
    if size > most {
        return Err(Error::invalid(format!("an article has at most {most} {what}")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_md_says_what_is_enforced() {
        let page = include_str!("../../LIMITS.md").replace('\n', " ");
        let article = format!(
            "An article has at most {TEXT} bytes of text in {SECTIONS} sections and {BLOCKS} blocks, \
             cites {CITED} posts, and is made from {SOURCES} topics over all its versions; it has \
             {VERSIONS} versions by {AUTHORS} authors, and {PRODUCTS} products whose versions have \
             {PRODUCT_VERSION} bytes."
        );
        let rest = format!(
            "A comment in a review has at most {COMMENT} bytes. Of one article {CONCERNS} concerns \
             are kept."
        );
        assert!(page.contains(&article), "{article}");
        assert!(page.contains(&rest), "{rest}");
    }
}
