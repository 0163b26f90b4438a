//! From a conversation to the draft of an article. Pure: posts in, words with provenance out.

mod candidate;

pub use candidate::{Candidate, Criterion, Eligibility, Interest, Reason, assess, interest_order};

use std::cmp::Reverse;
use std::collections::BTreeSet;

use community_core::{Error, Post, PostKind, PostView, Result, Slug, State, Topic};
use serde::{Deserialize, Serialize};

use crate::article::{Block, Content, Section, SectionKind, Source};
use crate::limits;

/// What is taken out of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CurateRules {
    /// Where nothing was accepted or made official: the least score of an answer that counts as
    /// the resolution.
    pub least_score: i64,
    /// The most answers.
    pub most_answers: usize,
}

impl Default for CurateRules {
    fn default() -> Self {
        Self { least_score: 1, most_answers: 3 }
    }
}

impl CurateRules {
    pub(crate) fn check(&self) -> Result<()> {
        if self.most_answers == 0 || self.most_answers > 16 {
            return Err(Error::invalid("an article is made of 1 to 16 answers"));
        }
        Ok(())
    }
}

/// The draft of an article as it was taken out of a conversation: problem and resolution, each
/// passage with the post, the revision and the author that it comes from. `None` when nobody has
/// answered in a way that the rules accept, or when the words do not fit into an article.
///
/// The resolution is what was made official, then what was accepted; where there is neither, the
/// answers with the best score. Corrections that stand beside a post come right behind its words.
/// The same conversation gives the same draft, in whichever order the posts are handed in.
#[must_use]
pub fn curate(topic: &Topic, posts: &[PostView], rules: &CurateRules) -> Option<Content> {
    let seen = |view: &&PostView| {
        view.post.topic == topic.id && view.post.state == State::Published && !view.body.is_empty()
    };
    if topic.state != State::Published {
        return None;
    }
    let opening = posts.iter().filter(seen).find(|view| view.post.id == topic.opening)?;
    let mut answers: Vec<&PostView> = posts
        .iter()
        .filter(seen)
        .filter(|view| is_answer(topic, &view.post))
        .filter(|view| is_marked(&view.post) || view.post.score() >= rules.least_score)
        .collect();
    answers.sort_by_key(|view| rank(&view.post));
    answers.dedup_by_key(|view| view.post.id);
    if answers.iter().any(|view| is_marked(&view.post)) {
        answers.retain(|view| is_marked(&view.post));
    }
    let problem = Section { kind: SectionKind::Problem, blocks: passages(opening) };
    let mut content = Content::new(topic.title.clone(), vec![problem]);
    content.labels = labels(topic);
    let mut resolution = Vec::new();
    for answer in answers.into_iter().take(rules.most_answers) {
        let mut with = content.clone();
        let mut blocks = resolution.clone();
        blocks.extend(passages(answer));
        with.sections.push(Section { kind: SectionKind::Resolution, blocks: blocks.clone() });
        // Whole answers only: half of one may say the opposite.
        if fits(&with) {
            resolution = blocks;
        }
    }
    if resolution.is_empty() {
        return None;
    }
    content.sections.push(Section { kind: SectionKind::Resolution, blocks: resolution });
    Some(content)
}

/// Whether a post can be part of the resolution: an answer, or in a topic that takes none, whatever
/// was marked as one.
fn is_answer(topic: &Topic, post: &Post) -> bool {
    match post.kind {
        PostKind::Opening => false,
        PostKind::Answer => true,
        PostKind::Reply => !topic.answerable && post.depth == 1,
    }
}

fn is_marked(post: &Post) -> bool {
    post.official.is_some() || post.accepted.is_some()
}

/// The order of answers: official ones, accepted ones, then by score; the older of two equals.
fn rank(post: &Post) -> (bool, bool, Reverse<i64>, community_core::PostId) {
    (post.official.is_none(), post.accepted.is_none(), Reverse(post.score()), post.id)
}

/// The words of a post, and the corrections that stand beside it.
fn passages(view: &PostView) -> Vec<Block> {
    let post = &view.post;
    let source = Source {
        topic: post.topic,
        post: post.id,
        revision: post.revision,
        author: post.author,
        correction: None,
        adapted: false,
    };
    let mut blocks = vec![Block { text: view.body.clone(), source: Some(source.clone()) }];
    for correction in view.corrections.iter().filter(|known| known.withdrawn_at.is_none()) {
        let source = Source {
            revision: correction.revision,
            author: correction.author,
            correction: Some(correction.id),
            ..source.clone()
        };
        blocks.push(Block { text: correction.body.clone(), source: Some(source) });
    }
    blocks
}

fn labels(topic: &Topic) -> Vec<Slug> {
    topic.labels.iter().cloned().collect::<BTreeSet<_>>().into_iter().collect()
}

fn fits(content: &Content) -> bool {
    let text: usize = content.blocks().map(|block| block.text.len()).sum();
    let blocks = content.blocks().count();
    text <= limits::TEXT && blocks <= limits::BLOCKS && content.posts().len() <= limits::CITED
}

#[cfg(test)]
mod tests;
