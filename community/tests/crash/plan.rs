//! What one thread does, command by command, and what is there afterwards.
//!
//! A thread works on topics, posts and people of its own, so what its commands leave follows from
//! them alone, whatever the other threads do. All threads write into one channel, one shared topic
//! and the same labels, so that what is counted is counted for all of them.

use community::change::EntityId;
use community::{EventKind, RequestId, Slug, State, Vote};
use community_testkit::worlds::Dice;

/// Threads that write.
pub(crate) const THREADS: usize = 4;
/// The key of the topic that all threads reply to and vote on.
pub(crate) const SHARED: &str = "shared";
/// Labels to choose from.
pub(crate) const LABELS: [&str; 3] = ["soil", "seed", "tool"];
/// The reaction to give.
pub(crate) const THANKS: &str = "thanks";

/// One of the two members of a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    Author,
    Voter,
}

/// One command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Deed {
    /// The host hands in a member under this name.
    Name(Who, String),
    Join(Who),
    Leave(Who),
    /// The author starts a topic.
    Start {
        key: String,
        labels: Vec<Slug>,
    },
    /// Somebody replies, below a post or to a topic.
    Reply {
        by: Who,
        key: String,
        topic: String,
        parent: Option<String>,
    },
    /// The one who wrote it edits a reply.
    Edit {
        by: Who,
        key: String,
        body: String,
    },
    Relabel {
        topic: String,
        labels: Vec<Slug>,
    },
    /// The voter votes on a reply of the author.
    Vote {
        post: String,
        vote: Option<Vote>,
    },
    React {
        post: String,
        thanks: bool,
    },
    /// The author accepts an answer, or takes that back.
    Accept {
        post: String,
        accepted: bool,
    },
    /// The one who wrote it withdraws or restores a reply.
    Show {
        by: Who,
        post: String,
        shown: bool,
    },
    /// The voter votes on the shared topic.
    VoteShared {
        vote: Option<Vote>,
    },
}

/// The id of a thread's n-th command: sent again, it is the same request.
pub(crate) fn request(thread: usize, number: usize) -> RequestId {
    let [thread, number] = [thread, number].map(|part| part as u128);
    RequestId::from_uuid(EntityId::from_u128(0xC0DE << 96 | thread << 64 | number))
}

/// What a thread's commands have made so far.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    thread: usize,
    dice: Dice,
    made: usize,
    members: [Option<Member>; 2],
    topics: Vec<Topic>,
    posts: Vec<Post>,
    shared_vote: Option<Vote>,
    events: Vec<String>,
}

#[derive(Debug, Clone)]
struct Member {
    name: String,
    joined: bool,
}

#[derive(Debug, Clone)]
struct Topic {
    key: String,
    labels: Vec<Slug>,
    accepted: usize,
}

#[derive(Debug, Clone)]
struct Post {
    key: String,
    topic: String,
    parent: Option<String>,
    by: Who,
    texts: Vec<String>,
    shown: bool,
    accepted: bool,
    vote: Option<Vote>,
    thanks: bool,
}

impl Plan {
    pub(crate) fn new(seed: u64, thread: usize) -> Self {
        Self {
            thread,
            dice: Dice::of(seed, "deeds", thread),
            made: 0,
            members: [None, None],
            topics: Vec::new(),
            posts: Vec::new(),
            shared_vote: None,
            events: Vec::new(),
        }
    }

    /// How many commands it has made.
    pub(crate) fn made(&self) -> usize {
        self.made
    }

    /// The key of a member.
    pub(crate) fn member(&self, who: Who) -> String {
        let name = match who {
            Who::Author => "author",
            Who::Voter => "voter",
        };
        format!("t{}:{name}", self.thread)
    }

    /// The next command. Each one changes something.
    pub(crate) fn next(&mut self) -> Deed {
        let deed = self.choose();
        self.apply(&deed);
        self.made += 1;
        deed
    }

    /// Everything that is there once these commands are done, as lines, and the events that tell
    /// of it.
    pub(crate) fn facts(&self) -> Facts {
        let mut rows = Vec::new();
        for (who, member) in [Who::Author, Who::Voter].into_iter().zip(&self.members) {
            if let Some(Member { name, joined }) = member {
                rows.push(member_line(&self.member(who), name, *joined));
            }
        }
        for Topic { key, labels, .. } in &self.topics {
            rows.push(topic_line(key, &title(key), labels, State::Published));
        }
        for post in &self.posts {
            let state = if post.shown { State::Published } else { State::Withdrawn };
            let parent = post.parent.as_deref().unwrap_or(&post.topic);
            let by = self.member(post.by);
            rows.push(post_line(&post.key, parent, &by, state, post.accepted, &post.texts));
            let voter = self.member(Who::Voter);
            if let Some(vote) = post.vote {
                rows.push(reaction_line(&voter, vote.as_str(), &post.key));
            }
            if post.thanks {
                rows.push(reaction_line(&voter, THANKS, &post.key));
            }
        }
        if let Some(vote) = self.shared_vote {
            rows.push(reaction_line(&self.member(Who::Voter), vote.as_str(), SHARED));
        }
        rows.sort();
        Facts { rows, events: self.events.clone() }
    }

    fn key(&self) -> String {
        format!("t{}:{}", self.thread, self.made)
    }

    fn choose(&mut self) -> Deed {
        // First the people, then something to talk about.
        for who in [Who::Author, Who::Voter] {
            match &self.members[who as usize] {
                None => return Deed::Name(who, format!("Member {}", self.made)),
                Some(member) if !member.joined => return Deed::Join(who),
                Some(_) => {}
            }
        }
        loop {
            if let Some(deed) = self.try_to_choose() {
                return deed;
            }
        }
    }

    fn try_to_choose(&mut self) -> Option<Deed> {
        let number = self.made;
        let sort = self.dice.below(100);
        if self.topics.is_empty() || sort < 8 {
            return Some(Deed::Start { key: self.key(), labels: self.labels() });
        }
        if sort < 40 {
            return Some(self.reply());
        }
        let topic = self.dice.below(self.topics.len());
        if sort < 46 {
            let labels = self.labels();
            let Topic { key, labels: old, .. } = &self.topics[topic];
            return (labels != *old).then(|| Deed::Relabel { topic: key.clone(), labels });
        }
        if sort < 50 {
            let vote = self.vote();
            return (vote != self.shared_vote).then_some(Deed::VoteShared { vote });
        }
        if sort < 53 {
            return Some(Deed::Leave(Who::Voter));
        }
        if sort < 56 {
            let who = *self.dice.pick(&[Who::Author, Who::Voter]);
            return Some(Deed::Name(who, format!("Member {number}")));
        }
        let vote = self.vote();
        let post = self.dice.below(self.posts.len());
        let post = self.posts.get(post)?;
        let topic = self.topics.iter().find(|topic| topic.key == post.topic);
        let key = post.key.clone();
        match sort {
            56..66 => Some(Deed::Edit { by: post.by, key, body: format!("Text {number}.") }),
            66..72 => Some(Deed::Show { by: post.by, post: key, shown: !post.shown }),
            _ if !post.shown => None,
            72..85 if post.by == Who::Author && vote != post.vote => {
                Some(Deed::Vote { post: key, vote })
            }
            85..92 => Some(Deed::React { post: key, thanks: !post.thanks }),
            92.. if post.accepted => Some(Deed::Accept { post: key, accepted: false }),
            // An answer replies to a topic itself; three can be accepted.
            92.. if post.parent.is_none() && topic.is_some_and(|topic| topic.accepted < 3) => {
                Some(Deed::Accept { post: key, accepted: true })
            }
            _ => None,
        }
    }

    fn reply(&mut self) -> Deed {
        let by = *self.dice.pick(&[Who::Author, Who::Voter]);
        let key = self.key();
        if self.dice.chance(20) {
            return Deed::Reply { by, key, topic: SHARED.to_owned(), parent: None };
        }
        let topic = self.dice.pick(&self.topics).key.clone();
        let shown: Vec<&Post> =
            self.posts.iter().filter(|post| post.topic == topic && post.shown).collect();
        let parent = if shown.is_empty() || self.dice.chance(50) {
            None
        } else {
            Some(self.dice.pick(&shown).key.clone())
        };
        Deed::Reply { by, key, topic, parent }
    }

    fn vote(&mut self) -> Option<Vote> {
        *self.dice.pick(&[Some(Vote::Up), Some(Vote::Down), None])
    }

    fn labels(&mut self) -> Vec<Slug> {
        let wanted = |label: &&&str| self.dice.chance(50) && !label.is_empty();
        let mut labels: Vec<Slug> =
            LABELS.iter().filter(wanted).map(|label| label.parse().unwrap()).collect();
        labels.sort();
        labels
    }

    fn apply(&mut self, deed: &Deed) {
        let event = match deed {
            Deed::Name(who, name) => {
                let known = &mut self.members[*who as usize];
                let joined = known.as_ref().is_some_and(|member| member.joined);
                let kind = match known {
                    None => EventKind::MemberCreated,
                    Some(_) => EventKind::MemberChanged,
                };
                *known = Some(Member { name: name.clone(), joined });
                event_line(&kind, &self.member(*who))
            }
            Deed::Join(who) => {
                self.set_joined(*who, true);
                event_line(&EventKind::Joined, &self.member(*who))
            }
            Deed::Leave(who) => {
                self.set_joined(*who, false);
                event_line(&EventKind::Left, &self.member(*who))
            }
            Deed::Start { key, labels } => {
                let labels = labels.clone();
                let topic = Topic { key: key.clone(), labels: labels.clone(), accepted: 0 };
                self.topics.push(topic);
                event_line(&EventKind::TopicStarted { labels }, key)
            }
            Deed::Reply { by, key, topic, parent } => {
                self.posts.push(Post {
                    key: key.clone(),
                    topic: topic.clone(),
                    parent: parent.clone(),
                    by: *by,
                    texts: vec![text(key)],
                    shown: true,
                    accepted: false,
                    vote: None,
                    thanks: false,
                });
                event_line(&EventKind::PostWritten, key)
            }
            Deed::Edit { key, body, .. } => {
                let post = self.post(key);
                post.texts.push(body.clone());
                let revision = u32::try_from(post.texts.len()).unwrap();
                event_line(&EventKind::PostEdited { revision }, key)
            }
            Deed::Relabel { topic, labels } => {
                self.topic(topic).labels.clone_from(labels);
                let labels = Some(labels.clone());
                event_line(&EventKind::TopicEdited { labels }, topic)
            }
            Deed::Vote { post: key, vote } => {
                let from = std::mem::replace(&mut self.post(key).vote, *vote);
                event_line(&reacted(from.map(Vote::as_str), vote.map(Vote::as_str)), key)
            }
            Deed::React { post: key, thanks } => {
                self.post(key).thanks = *thanks;
                let (from, to) = if *thanks { (None, Some(THANKS)) } else { (Some(THANKS), None) };
                event_line(&reacted(from, to), key)
            }
            Deed::Accept { post: key, accepted } => {
                let post = self.post(key);
                post.accepted = *accepted;
                let topic = post.topic.clone();
                let count = &mut self.topic(&topic).accepted;
                *count = if *accepted { *count + 1 } else { *count - 1 };
                event_line(&EventKind::Accepted { accepted: *accepted }, key)
            }
            Deed::Show { post: key, shown, .. } => {
                self.post(key).shown = *shown;
                let state = if *shown { State::Published } else { State::Withdrawn };
                event_line(&EventKind::PostStateChanged { state }, key)
            }
            Deed::VoteShared { vote } => {
                let from = std::mem::replace(&mut self.shared_vote, *vote);
                event_line(&reacted(from.map(Vote::as_str), vote.map(Vote::as_str)), SHARED)
            }
        };
        self.events.push(event);
    }

    fn set_joined(&mut self, who: Who, joined: bool) {
        if let Some(member) = &mut self.members[who as usize] {
            member.joined = joined;
        }
    }

    fn post(&mut self, key: &str) -> &mut Post {
        self.posts.iter_mut().find(|post| post.key == key).unwrap()
    }

    fn topic(&mut self, key: &str) -> &mut Topic {
        self.topics.iter_mut().find(|topic| topic.key == key).unwrap()
    }
}

fn reacted(from: Option<&str>, to: Option<&str>) -> EventKind {
    let slug = |key: &str| -> Slug { key.parse().unwrap() };
    EventKind::Reacted { from: from.map(slug), to: to.map(slug) }
}

/// What belongs to one thread: rows in alphabetical order, events in the order of the log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(crate) rows: Vec<String>,
    pub(crate) events: Vec<String>,
}

/// The title of a topic.
pub(crate) fn title(topic: &str) -> String {
    format!("Topic {topic}")
}

/// The first text of a post.
pub(crate) fn text(post: &str) -> String {
    format!("Post {post}.")
}

pub(crate) fn member_line(key: &str, name: &str, joined: bool) -> String {
    format!("{key}: named {name}, joined {joined}")
}

pub(crate) fn topic_line(key: &str, title: &str, labels: &[Slug], state: State) -> String {
    format!("{key}: {title:?} with {labels:?}, {state:?}")
}

pub(crate) fn post_line(
    key: &str,
    parent: &str,
    by: &str,
    state: State,
    accepted: bool,
    texts: &[String],
) -> String {
    format!("{key}: by {by} below {parent}, {state:?}, accepted {accepted}, {texts:?}")
}

pub(crate) fn reaction_line(by: &str, what: &str, post: &str) -> String {
    format!("{by}: gives {what} to {post}")
}

pub(crate) fn event_line(kind: &EventKind, subject: &str) -> String {
    format!("{kind:?} {subject}")
}
