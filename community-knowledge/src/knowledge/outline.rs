//! The outline: what there is to read, by collections and by labels.

use std::collections::{BTreeMap, BTreeSet};

use community_core::{Page, Session, Slug, Title, Visible};
use serde::Serialize;

use super::Knowledge;
use crate::article::Shelf;
use crate::error::Result;
use crate::id::ArticleId;
use crate::store::{self, list};
use crate::view::{self, ArticleView};

/// What there is to read in a community, as far as the viewer may read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Outline {
    /// Articles that were looked at: all of them, unless it is truncated.
    pub articles: usize,
    /// The collections by key, each with its articles in reading order.
    pub collections: BTreeMap<Slug, Vec<Shelved>>,
    /// The labels, those with the most articles first.
    pub labels: Vec<OutlineLabel>,
    /// Whether there are more articles than were looked at: these are the ones that were published
    /// last.
    pub truncated: bool,
}

/// An article in a collection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shelved {
    /// The article.
    pub article: ArticleId,
    /// Its title.
    pub title: Title,
    /// Its place, smallest first.
    pub position: i64,
}

/// A label, and what its articles have beside it: the tree that somebody follows who narrows down what
/// they look for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OutlineLabel {
    /// The label.
    pub label: Slug,
    /// How many articles have it.
    pub articles: usize,
    /// Other labels of these, each with the number of articles that have both, the most frequent
    /// first.
    pub narrower: Vec<(Slug, usize)>,
}

/// So many articles are looked at, at most.
const MOST_ARTICLES: usize = 5_000;
/// So many labels are told, and below each so many others.
const MOST_LABELS: usize = 200;
const MOST_NARROWER: usize = 20;

impl Knowledge {
    /// What there is to read in a community, in one language or in all: of 5,000 articles at most, those
    /// that were published last. A report, to be kept by whoever shows it often: it looks at each
    /// article, also at those that the viewer may not read.
    ///
    /// # Errors
    /// [`NotFound`](community_core::Error::NotFound) for a community that is not there for the viewer.
    pub async fn outline(
        &self,
        session: &Session,
        community: &Slug,
        locale: Option<&Slug>,
    ) -> Result<Outline> {
        Ok(session
            .read_extension(async |reading| {
                let community = reading.community(community)?.id;
                let list = match locale {
                    Some(locale) => {
                        store::list(community, store::ARTICLES, list::LOCALE)?.within(locale)
                    }
                    None => store::list(community, store::ARTICLES, list::PUBLISHED)?,
                };
                let mut gathered = Gathered::default();
                let mut after: Option<String> = None;
                loop {
                    let some = Some(view::page(&reading));
                    let page: Page<Visible<ArticleView>> =
                        reading.documents_in(&list, after.as_deref(), some).await?;
                    page.items.iter().for_each(|article| gathered.see(article));
                    after = page.next;
                    if after.is_none() || gathered.articles >= MOST_ARTICLES {
                        return Ok(gathered.into_outline(after.is_some()));
                    }
                }
            })
            .await?)
    }
}

/// What articles have in common so far.
#[derive(Default)]
struct Gathered {
    articles: usize,
    collections: BTreeMap<Slug, Vec<Shelved>>,
    labels: BTreeMap<Slug, usize>,
    pairs: BTreeMap<(Slug, Slug), usize>,
}

impl Gathered {
    fn see(&mut self, article: &ArticleView) {
        self.articles += 1;
        if let Some(Shelf { collection, position }) = &article.shelf {
            self.collections.entry(collection.clone()).or_default().push(Shelved {
                article: article.id,
                title: article.title.clone(),
                position: *position,
            });
        }
        let labels: BTreeSet<&Slug> = article.labels.iter().collect();
        for label in &labels {
            *self.labels.entry((*label).clone()).or_default() += 1;
            for other in labels.iter().filter(|other| *other != label) {
                *self.pairs.entry(((*label).clone(), (*other).clone())).or_default() += 1;
            }
        }
    }

    fn into_outline(mut self, truncated: bool) -> Outline {
        for articles in self.collections.values_mut() {
            articles.sort_by_key(|shelved| (shelved.position, shelved.article));
        }
        let mut narrower: BTreeMap<Slug, Vec<(Slug, usize)>> = BTreeMap::new();
        for ((label, other), articles) in self.pairs {
            narrower.entry(label).or_default().push((other, articles));
        }
        let labels = most(self.labels.into_iter().collect(), MOST_LABELS).into_iter();
        let labels = labels.map(|(label, articles)| {
            let narrower = most(narrower.remove(&label).unwrap_or_default(), MOST_NARROWER);
            OutlineLabel { label, articles, narrower }
        });
        Outline {
            articles: self.articles,
            collections: self.collections,
            labels: labels.collect(),
            truncated,
        }
    }
}

/// The labels with the most articles, equal ones by key.
fn most(mut labels: Vec<(Slug, usize)>, room: usize) -> Vec<(Slug, usize)> {
    labels.sort_by(|(a, of_a), (b, of_b)| of_b.cmp(of_a).then_with(|| a.cmp(b)));
    labels.truncate(room);
    labels
}
