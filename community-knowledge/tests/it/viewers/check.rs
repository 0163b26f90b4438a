//! What everybody sees, compared with what the naive rules say.

use std::collections::BTreeSet;

use community_core::{Error as Refused, PostId, Session, State as ItemState, TopicId};
use community_knowledge::{
    ArticleId, ArticleQuery, By, Content, Edit, Error, Knowledge, Rating, Section, SectionKind,
    State,
};
use serde::Serialize;

use super::rules::Viewer;
use super::script::{Known, Script};
use crate::common::{garden, slug};

impl Script {
    /// Whether somebody may read a post.
    pub(super) fn reads_post(&self, viewer: &Viewer, id: PostId) -> bool {
        let post = self.post(id);
        let topic = self.topic(post.topic);
        self.reads_topic(viewer, post.topic)
            && viewer.sees(topic.state, topic.author, topic.channel)
            && viewer.sees(post.state, post.author, topic.channel)
    }

    /// Whether somebody may read a topic where it stands, were it published.
    pub(super) fn reads_topic(&self, viewer: &Viewer, id: TopicId) -> bool {
        let topic = self.topic(id);
        viewer.reads(self.rules[topic.channel], topic.channel, Some(topic.author))
    }

    /// Whether somebody may read where an article stands, and what it was made from up to a version.
    pub(super) fn admits(&self, viewer: &Viewer, known: &Known, version: usize) -> bool {
        // Up to that version: who writes another one is no affair of readers.
        let wrote = known.writers.get(version).or(known.writers.last()).copied().unwrap_or(0);
        let author = known.authors.first().copied().filter(|_| wrote > 0);
        let bound = known.sources.iter().filter(|(_, first)| **first <= version);
        let mut bound = bound.filter(|(topic, _)| !known.released.contains(topic));
        viewer.reads(self.rules[known.channel], known.channel, author)
            && bound.all(|(topic, _)| self.reads_topic(viewer, *topic))
    }

    /// Whether somebody may read what an article published, archived or not.
    pub(super) fn may_read(&self, viewer: &Viewer, known: &Known) -> bool {
        let Some(version) = known.published else { return false };
        let cited = &known.versions[version];
        self.admits(viewer, known, version)
            && cited.iter().all(|id| {
                let post = self.post(*id);
                let topic = self.topic(post.topic);
                if known.released.contains(&post.topic) {
                    post.state == ItemState::Published && topic.state == ItemState::Published
                } else {
                    self.reads_post(viewer, *id)
                }
            })
    }

    pub(super) fn reads(&self, viewer: &Viewer, id: ArticleId) -> bool {
        let known = &self.articles[&id];
        known.state != State::Archived && self.may_read(viewer, known)
    }

    /// Where somebody who asks for an article is led.
    pub(super) fn led(&self, viewer: &Viewer, mut id: ArticleId) -> Option<ArticleId> {
        for _ in 0..=8 {
            let known = &self.articles[&id];
            if !self.may_read(viewer, known) {
                return None;
            }
            if known.state != State::Archived {
                return Some(id);
            }
            id = known.redirect?;
        }
        None
    }

    pub(super) fn works(&self, viewer: &Viewer, id: ArticleId) -> bool {
        let known = &self.articles[&id];
        let at = known.channel;
        let is_author = viewer.me().is_some_and(|me| known.authors.contains(&me));
        (viewer.moderates(at) || (is_author && viewer.is_staff(at)))
            && self.admits(viewer, known, known.versions.len())
    }

    /// All texts that somebody may come across in the knowledge base.
    pub(super) fn words(&self, viewer: &Viewer) -> BTreeSet<String> {
        let mut words = BTreeSet::new();
        for (id, known) in &self.articles {
            if self.works(viewer, *id) {
                words.extend(known.words.iter().flatten().cloned());
            } else if self.reads(viewer, *id) {
                words.extend(known.words[known.published.unwrap()].iter().cloned());
            }
        }
        words
    }

    pub(super) async fn check(&self) {
        let knowledge = &self.world.knowledge;
        let nobody = ArticleId::from_uuid(uuid_of(1));
        for viewer in &self.viewers {
            let (session, name) = (&viewer.session, viewer.name);
            let mut seen = String::new();
            let mut readable = BTreeSet::new();
            let mut workable = BTreeSet::new();
            for id in self.articles.keys().copied() {
                let known = &self.articles[&id];
                let (reads, works) = (self.reads(viewer, id), self.works(viewer, id));
                if reads {
                    readable.insert(id);
                }
                if works {
                    workable.insert(id);
                }
                let found = knowledge.article(session, id).await;
                let led = found.as_ref().ok().map(|page| page.article.id);
                assert_eq!(led, self.led(viewer, id), "{name} reads {id}: {known:?}");
                if let Ok(page) = &found {
                    // Only what the version that is shown, or one before it, was made from.
                    let led = &self.articles[&page.article.id];
                    let shown = led.published.unwrap();
                    assert_eq!(page.article.authors, led.authors[..led.writers[shown]]);
                    for topic in &page.article.sources {
                        assert!(led.sources[topic] <= shown, "{name} learns of a draft: {topic}");
                        let topic_of = self.topic(*topic);
                        let (author, at) = (topic_of.author, topic_of.channel);
                        assert!(self.reads_topic(viewer, *topic));
                        assert!(viewer.sees(topic_of.state, author, at));
                    }
                }
                look(&mut seen, &found);
                let desk = knowledge.desk(session, id).await;
                assert_eq!(desk.is_ok(), works, "{name} works on {id}: {known:?}");
                look(&mut seen, &desk);
                let versions = knowledge.versions(session, id, None, Some(100)).await;
                let numbers: Vec<usize> = versions
                    .as_ref()
                    .map(|page| page.items.iter().map(|v| v.version.number as usize).collect())
                    .unwrap_or_default();
                let expected: Vec<usize> = match (works, known.published) {
                    (true, _) => (1..=known.versions.len()).rev().collect(),
                    (false, Some(version)) if reads => vec![version + 1],
                    _ => Vec::new(),
                };
                assert_eq!(numbers, expected, "{name} reads versions of {id}");
                look(&mut seen, &versions);
                for number in 1..=known.versions.len() {
                    let number = u32::try_from(number).unwrap();
                    let one = knowledge.version(session, id, number).await;
                    assert_eq!(one.is_ok(), expected.contains(&(number as usize)));
                    look(&mut seen, &one);
                }
                let comments = knowledge.comments(session, id, None, None).await;
                assert_eq!(comments.is_ok(), works);
                look(&mut seen, &comments);
                let feedback = knowledge.feedback(session, id, None, None).await;
                assert_eq!(feedback.is_ok(), works);
                assert_eq!(knowledge.tally(session, id).await.is_ok(), works);
                if !works && !reads {
                    hidden_is_absent(knowledge, session, id, nobody).await;
                }
            }
            self.check_lists(viewer, &readable, &workable, &mut seen).await;
            let allowed = self.words(viewer);
            let all = self.posts.iter().map(|(_, post)| &post.word);
            for word in all.filter(|word| seen.contains(word.as_str())) {
                assert!(allowed.contains(word), "{name} came across `{word}`");
            }
        }
    }

    pub(super) async fn check_lists(
        &self,
        viewer: &Viewer,
        readable: &BTreeSet<ArticleId>,
        workable: &BTreeSet<ArticleId>,
        seen: &mut String,
    ) {
        let knowledge = &self.world.knowledge;
        let session = &viewer.session;
        let all = knowledge.articles(session, &ArticleQuery::all(garden())).await;
        let page = all.as_ref().unwrap();
        let found: BTreeSet<ArticleId> = page.items.iter().map(|view| view.id).collect();
        assert!(page.next.is_none());
        assert_eq!(&found, readable, "{}", viewer.name);
        look(seen, &all);
        for (topic, _) in &self.topics {
            let query = ArticleQuery::by(garden(), By::Source(*topic));
            let found = knowledge.articles(session, &query).await;
            let ids: BTreeSet<ArticleId> =
                found.as_ref().unwrap().items.iter().map(|view| view.id).collect();
            let expected: BTreeSet<ArticleId> = readable
                .iter()
                .filter(|id| {
                    let known = &self.articles[*id];
                    known.sources.get(topic).is_some_and(|first| Some(*first) <= known.published)
                })
                .copied()
                .collect();
            assert_eq!(ids, expected);
            look(seen, &found);
        }
        let mut worked = BTreeSet::new();
        for state in State::ALL {
            let found = knowledge.inbox(session, &garden(), state, None, Some(100)).await;
            worked.extend(found.as_ref().unwrap().items.iter().map(|desk| desk.article.id));
            look(seen, &found);
        }
        assert_eq!(&worked, workable, "{}", viewer.name);
        let stale = knowledge.stale(session, &garden(), Some(100)).await;
        let queued = stale.as_ref().unwrap().articles.iter();
        assert!(queued.into_iter().all(|stale| workable.contains(&stale.desk.article.id)));
        look(seen, &stale);
    }
}

/// Keeps what was seen as text.
pub(super) fn look<T: Serialize>(seen: &mut String, found: &Result<T, Error>) {
    match found {
        Ok(found) => seen.push_str(&serde_json::to_string(found).unwrap()),
        Err(error) => seen.push_str(&error.to_string()),
    }
}

pub(super) fn uuid_of(number: u128) -> uuid::Uuid {
    uuid::Uuid::from_u128(number)
}

/// Every read and command says the same of what is hidden as of what is not there.
pub(super) async fn hidden_is_absent(
    knowledge: &Knowledge,
    session: &Session,
    hidden: ArticleId,
    absent: ArticleId,
) {
    let content =
        Content::new("Mine".parse().unwrap(), vec![Section::text(SectionKind::Problem, "Nothing")]);
    let edit = Edit { base: 1, content, why: String::new() };
    let rating = Rating { helpful: false, reason: String::new(), visit: None };
    let (rev, channel, topic) =
        (community_core::Rev(1), slug("beds"), TopicId::from_uuid(uuid_of(2)));
    let say = |result: Result<String, Error>| match result {
        Ok(text) => text,
        Err(error) => error.to_string(),
    };
    let mut answers: [Vec<String>; 2] = Default::default();
    for (id, answers) in [hidden, absent].into_iter().zip(&mut answers) {
        let k = knowledge;
        answers.push(say(k.neighbours(session, id).await.map(|_| String::new())));
        answers.push(say(k.edit(session, id, &edit).await.map(|()| String::new())));
        answers.push(say(k.roll_back(session, id, 1, "").await.map(|()| String::new())));
        answers.push(say(k.submit(session, id).await.map(|()| String::new())));
        answers.push(say(k.recall(session, id).await.map(|()| String::new())));
        answers.push(say(k.approve(session, id, rev, None).await.map(|()| String::new())));
        answers.push(say(k.reject(session, id, "no").await.map(|()| String::new())));
        answers.push(say(k.confirm(session, id, rev).await.map(|()| String::new())));
        answers.push(say(k.archive(session, id, None).await.map(|()| String::new())));
        answers.push(say(k.restore(session, id).await.map(|()| String::new())));
        answers.push(say(k.place(session, id, &channel, None).await.map(|()| String::new())));
        answers.push(say(k.release(session, id, topic, "so").await.map(|()| String::new())));
        answers.push(say(k.comment(session, id, "so").await.map(|_| String::new())));
        answers.push(say(k.rate(session, id, &rating).await.map(|()| String::new())));
    }
    let [hidden, absent] = answers;
    assert_eq!(hidden, absent);
    assert!(hidden.iter().all(|answer| *answer == Refused::NotFound("article").to_string()));
}
