//! What is indexed of a post, and of a page.
//!
//! The document of a topic's opening is the topic's document: it alone has the title and with it
//! the title's bonus, and beside its own text it is found by the names of its labels and by its
//! published answers. A member who asks finds the question by what answered it, and one topic does
//! not fill a page with every post that its title matches. A reply's document has its own text
//! only; that it stands in a topic shows in its facts.
//!
//! What not everybody who may read the topic may know is not among its words: answers that are not
//! published, and labels with an audience. Labels with an audience are among its facts, where a
//! filter asks the viewer's scope first.
//!
//! A page is a document of its own, which counts as a topic of one post.

use std::collections::BTreeSet;

use community_core::store::PostView;
use community_core::time::to_micros;
use community_core::{
    Audience, ChannelId, CommunityId, Directory, MemberId, PostKind, Slug, State, Topic,
};
use tantivy::TantivyDocument;
use tantivy::schema::Field;

use crate::analysis::{Language, Token, Vocabulary, detect};
use crate::contents::{Bound, Page, Weight};
use crate::schema::{FactFields, Fields};

/// How many bytes of answers count as words of their topic.
///
/// That is some 10,000 words, which few topics reach. Beyond them a topic would be found by nearly
/// any word, and each reply to it would write all of them again; every answer is still found by
/// its own document.
pub(crate) const ANSWER_BYTES: usize = 65_536;

/// Makes documents of posts.
#[derive(Debug)]
pub(crate) struct Documents<'a> {
    pub(crate) fields: Fields,
    /// What is known of words from documents before.
    pub(crate) vocabulary: &'a mut Vocabulary,
    /// Where the names of labels are.
    pub(crate) directory: &'a Directory,
    /// The language of a community's own.
    pub(crate) language: Language,
    /// How much a topic counts, in an index of more than posts.
    pub(crate) weight: Option<Weight>,
}

impl<'a> Documents<'a> {
    /// The document of a topic.
    pub(crate) fn topic(
        &mut self,
        topic: &Topic,
        opening: &PostView,
        answers: &Answers,
    ) -> TantivyDocument {
        let title = topic.title.as_str();
        // A body that only repeats the title says it once.
        let body = if opening.body.trim() == title.trim() { "" } else { &opening.body };
        let language = detect(&format!("{title}\n{body}"), self.language);
        let mut others: Vec<Token> = Vec::new();
        for label in &topic.labels {
            let name = self.open_label(topic.community, label).unwrap_or_default();
            others.extend(self.vocabulary.tokens(language, name));
        }
        for answer in answers.texts() {
            // A short answer is in the language of its question.
            others.extend(self.vocabulary.tokens(detect(answer, language), answer));
        }
        let mut document = TantivyDocument::default();
        let [title, body] = [title, body].map(|text| self.vocabulary.tokens(language, text));
        self.fields.add_texts(&mut document, &title, &body, &others);
        let active = to_micros(topic.counters.active_at);
        let weight = self.weight;
        let facts = Facts { weight, ..Facts::of(topic, opening, active, language) };
        self.add_facts(&mut document, &facts);
        document
    }

    /// The document of a reply.
    pub(crate) fn reply(&mut self, topic: &Topic, reply: &PostView) -> TantivyDocument {
        let language = detect(&reply.body, self.language);
        let mut document = TantivyDocument::default();
        let body = self.vocabulary.tokens(language, &reply.body);
        self.fields.add_texts(&mut document, &[], &body, &[]);
        let active = to_micros(reply.post.created_at);
        self.add_facts(&mut document, &Facts::of(topic, reply, active, language));
        document
    }

    /// The document of a page.
    pub(crate) fn page(&mut self, page: &Page) -> TantivyDocument {
        let (title, body) = (page.title.as_str(), page.body.as_str());
        let language =
            page.language.unwrap_or_else(|| detect(&format!("{title}\n{body}"), self.language));
        let labels = page.labels.iter().filter_map(|key| self.open_label(page.community, key));
        let mut others: Vec<Token> = Vec::new();
        for name in labels.collect::<Vec<_>>() {
            others.extend(self.vocabulary.tokens(language, name));
        }
        let mut document = TantivyDocument::default();
        let [title, body] = [title, body].map(|text| self.vocabulary.tokens(language, text));
        self.fields.add_texts(&mut document, &title, &body, &others);
        let at = to_micros(page.at);
        self.add_facts(
            &mut document,
            &Facts {
                post: *page.document.as_bytes(),
                topic: *page.document.as_bytes(),
                community: page.community,
                channel: page.channel,
                topic_author: page.author,
                author: page.author,
                topic_state: State::Published,
                state: State::Published,
                // What is bounded is looked at one by one.
                published: page.bounds.is_empty(),
                post_kind: PAGE,
                kind: &page.kind,
                labels: page.labels.iter().collect(),
                language,
                created: at,
                active: at,
                score: page.score,
                outcome: Outcome { answerable: false, answered: false, solved: false },
                official: false,
                corrected: false,
                weight: Some(page.weight),
                bounds: &page.bounds,
            },
        );
        document
    }

    /// The name of a label that anybody may see.
    fn open_label(&self, community: CommunityId, key: &Slug) -> Option<&'a str> {
        let label = self.directory.label(community, key);
        let label = label.filter(|label| label.audience == Audience::Everyone);
        label.map(|label| label.name.as_str())
    }

    fn add_facts(&self, document: &mut TantivyDocument, facts: &Facts<'_>) {
        // A new field breaks the build here.
        let FactFields {
            post,
            post_halves,
            topic,
            topic_halves,
            community,
            channel,
            topic_author,
            author,
            topic_state,
            state,
            published,
            post_kind,
            kind,
            label,
            language,
            created,
            active,
            score,
            answerable,
            answered,
            solved,
            official,
            corrected,
            weight,
            bound,
        } = self.fields.facts;
        document.add_bytes(post, &facts.post);
        document.add_bytes(topic, &facts.topic);
        add_halves(document, post_halves, facts.post);
        add_halves(document, topic_halves, facts.topic);
        document.add_bytes(community, facts.community.as_bytes());
        document.add_bytes(channel, facts.channel.as_bytes());
        for (field, member) in [(topic_author, facts.topic_author), (author, facts.author)] {
            if let Some(member) = member {
                document.add_bytes(field, member.as_bytes());
            }
        }
        document.add_u64(topic_state, facts.topic_state.code().into());
        document.add_u64(state, facts.state.code().into());
        document.add_bool(published, facts.published);
        document.add_u64(post_kind, facts.post_kind);
        document.add_text(kind, facts.kind.as_str());
        for each in &facts.labels {
            document.add_text(label, each.as_str());
        }
        document.add_text(language, facts.language.code());
        document.add_i64(created, facts.created);
        document.add_i64(active, facts.active);
        document.add_i64(score, facts.score);
        document.add_bool(answerable, facts.outcome.answerable);
        document.add_bool(answered, facts.outcome.answered);
        document.add_bool(solved, facts.outcome.solved);
        document.add_bool(official, facts.official);
        document.add_bool(corrected, facts.corrected);
        if let Some(share) = facts.weight {
            document.add_u64(weight, share.thousandths());
        }
        for each in facts.bounds {
            document.add_bytes(bound, &each.to_bytes());
        }
    }
}

fn add_halves(document: &mut TantivyDocument, fields: [Field; 2], id: [u8; 16]) {
    let id = u128::from_be_bytes(id);
    for (field, shift) in fields.into_iter().zip([64, 0]) {
        #[allow(clippy::cast_possible_truncation, reason = "the half that is meant")]
        document.add_u64(field, (id >> shift) as u64);
    }
}

/// What stands in the place of a post's kind in the document of a page.
pub(crate) const PAGE: u64 = 255;

/// All facts of a document.
#[derive(Debug)]
struct Facts<'a> {
    post: [u8; 16],
    topic: [u8; 16],
    community: CommunityId,
    channel: ChannelId,
    topic_author: Option<MemberId>,
    author: Option<MemberId>,
    topic_state: State,
    state: State,
    published: bool,
    post_kind: u64,
    kind: &'a Slug,
    labels: Vec<&'a Slug>,
    language: Language,
    created: i64,
    active: i64,
    score: i64,
    outcome: Outcome,
    official: bool,
    corrected: bool,
    weight: Option<Weight>,
    bounds: &'a BTreeSet<Bound>,
}

/// Nothing that bounds.
static UNBOUNDED: BTreeSet<Bound> = BTreeSet::new();

impl<'a> Facts<'a> {
    /// The facts of a post.
    fn of(topic: &'a Topic, view: &PostView, active: i64, language: Language) -> Self {
        let post = &view.post;
        Self {
            post: *post.id.as_bytes(),
            topic: *topic.id.as_bytes(),
            community: topic.community,
            channel: topic.channel,
            topic_author: Some(topic.author),
            author: Some(post.author),
            topic_state: topic.state,
            state: post.state,
            published: topic.state == State::Published && post.state == State::Published,
            post_kind: post.kind.code().into(),
            kind: &topic.kind,
            labels: topic.labels.iter().collect(),
            language,
            created: to_micros(post.created_at),
            active,
            score: post.score(),
            outcome: Outcome::of(topic),
            official: post.official.is_some(),
            corrected: post.counters.corrections > 0,
            weight: None,
            bounds: &UNBOUNDED,
        }
    }
}

/// How a topic does, which is in each of its documents: a post is looked for together with its
/// topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// It takes answers.
    pub(crate) answerable: bool,
    /// It has a published answer.
    pub(crate) answered: bool,
    /// It has an accepted answer that is published.
    pub(crate) solved: bool,
}

impl Outcome {
    pub(crate) fn of(topic: &Topic) -> Self {
        let counters = &topic.counters;
        Self {
            answerable: topic.answerable,
            answered: counters.answers > 0,
            solved: counters.accepted > 0,
        }
    }
}

/// What a topic takes over from its answers, which are shown to it oldest first.
///
/// Holds at most twice [`ANSWER_BYTES`], however many answers there are.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    /// Texts of accepted and official answers.
    marked: Texts,
    /// Texts of all others.
    others: Texts,
}

/// Texts, [`ANSWER_BYTES`] of them at most.
#[derive(Debug, Default)]
struct Texts {
    held: Vec<String>,
    bytes: usize,
}

impl Texts {
    fn take(&mut self, text: &str) {
        let text = beginning(text, ANSWER_BYTES - self.bytes);
        if !text.is_empty() {
            self.bytes += text.len();
            self.held.push(text.to_owned());
        }
    }
}

impl Answers {
    /// Takes a post in, if it is a published answer.
    pub(crate) fn see(&mut self, view: &PostView) {
        let post = &view.post;
        if post.kind != PostKind::Answer || post.state != State::Published {
            return;
        }
        let is_marked = post.accepted.is_some() || post.official.is_some();
        let texts = if is_marked { &mut self.marked } else { &mut self.others };
        texts.take(&view.body);
    }

    /// Accepted and official answers, then the others, oldest first, together [`ANSWER_BYTES`] at
    /// most.
    fn texts(&self) -> impl Iterator<Item = &str> {
        let mut left = ANSWER_BYTES;
        self.marked.held.iter().chain(&self.others.held).map(move |text| {
            let text = beginning(text, left);
            left -= text.len();
            text
        })
    }
}

/// As much of a text as fits, in whole words where it has any.
pub(crate) fn beginning(text: &str, bytes: usize) -> &str {
    if text.len() <= bytes {
        return text;
    }
    let boundary = (0..=bytes).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
    let cut = text.get(..boundary).unwrap_or_default();
    cut.rfind(char::is_whitespace).and_then(|at| cut.get(..at)).unwrap_or(cut)
}

/// Which language is a community's own.
pub(crate) fn own_language(
    settings: &crate::Settings,
    directory: &Directory,
    community: CommunityId,
) -> Language {
    let key = directory.community(community).map(|community| &community.key);
    let named = key.and_then(|key| settings.languages.get(key));
    named.copied().unwrap_or(settings.language)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_between_words() {
        assert_eq!(beginning("een fiets", 9), "een fiets");
        assert_eq!(beginning("een fiets", 8), "een");
        assert_eq!(beginning("自転車", 4), "自");
        assert_eq!(beginning("fiets", 0), "");
    }
}
