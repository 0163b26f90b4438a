//! What is indexed of a post.
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

use community_core::store::PostView;
use community_core::time::to_micros;
use community_core::{Audience, CommunityId, Directory, PostKind, State, Topic};
use tantivy::TantivyDocument;
use tantivy::schema::Field;

use crate::analysis::{Language, Token, Vocabulary, detect};
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
}

impl Documents<'_> {
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
            let label = self.directory.label(topic.community, label);
            let label = label.filter(|label| label.audience == Audience::Everyone);
            let name = label.map_or("", |label| label.name.as_str());
            others.extend(self.vocabulary.tokens(language, name));
        }
        for answer in answers.texts() {
            // A short answer is in the language of its question.
            others.extend(self.vocabulary.tokens(detect(answer, language), answer));
        }
        let mut document = TantivyDocument::default();
        let [title, body] = [title, body].map(|text| self.vocabulary.tokens(language, text));
        self.fields.add_texts(&mut document, &title, &body, &others);
        let facts = Facts { active: to_micros(topic.counters.active_at), language };
        self.add_facts(&mut document, topic, opening, facts);
        document
    }

    /// The document of a reply.
    pub(crate) fn reply(&mut self, topic: &Topic, reply: &PostView) -> TantivyDocument {
        let language = detect(&reply.body, self.language);
        let mut document = TantivyDocument::default();
        let body = self.vocabulary.tokens(language, &reply.body);
        self.fields.add_texts(&mut document, &[], &body, &[]);
        let facts = Facts { active: to_micros(reply.post.created_at), language };
        self.add_facts(&mut document, topic, reply, facts);
        document
    }

    fn add_facts(
        &self,
        document: &mut TantivyDocument,
        topic: &Topic,
        view: &PostView,
        facts: Facts,
    ) {
        // A new field breaks the build here.
        let FactFields {
            post,
            post_halves,
            topic: topic_id,
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
        } = self.fields.facts;
        document.add_bytes(post, view.post.id.as_bytes());
        document.add_bytes(topic_id, topic.id.as_bytes());
        add_halves(document, post_halves, *view.post.id.as_bytes());
        add_halves(document, topic_halves, *topic.id.as_bytes());
        document.add_bytes(community, topic.community.as_bytes());
        document.add_bytes(channel, topic.channel.as_bytes());
        document.add_bytes(topic_author, topic.author.as_bytes());
        document.add_bytes(author, view.post.author.as_bytes());
        document.add_u64(topic_state, topic.state.code().into());
        document.add_u64(state, view.post.state.code().into());
        let both_published = topic.state == State::Published && view.post.state == State::Published;
        document.add_bool(published, both_published);
        document.add_u64(post_kind, view.post.kind.code().into());
        document.add_text(kind, topic.kind.as_str());
        for each in &topic.labels {
            document.add_text(label, each.as_str());
        }
        document.add_text(language, facts.language.code());
        document.add_i64(created, to_micros(view.post.created_at));
        document.add_i64(active, facts.active);
        document.add_i64(score, view.post.score());
        let outcome = Outcome::of(topic);
        document.add_bool(answerable, outcome.answerable);
        document.add_bool(answered, outcome.answered);
        document.add_bool(solved, outcome.solved);
        document.add_bool(official, view.post.official.is_some());
        document.add_bool(corrected, view.post.counters.corrections > 0);
    }
}

fn add_halves(document: &mut TantivyDocument, fields: [Field; 2], id: [u8; 16]) {
    let id = u128::from_be_bytes(id);
    for (field, shift) in fields.into_iter().zip([64, 0]) {
        #[allow(clippy::cast_possible_truncation, reason = "the half that is meant")]
        document.add_u64(field, (id >> shift) as u64);
    }
}

/// Facts that differ between a topic and a reply.
#[derive(Debug, Clone, Copy)]
struct Facts {
    language: Language,
    active: i64,
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
