//! The topics of a community, each with its thread and what hangs on it.

use std::collections::BTreeSet;

use chrono::Duration;
use community_core::record::{
    CorrectionRecord, LinkRecord, MarkRecord, PinRecord, PostRecord, ReactionRecord, Record,
    RevisionRecord, TopicRecord, ViewsRecord,
};
use community_core::{
    Audience, Kind, LinkKind, PinPlace, PostKind, Slot, Slug, State, Timestamp, Title,
    builtin_kinds,
};
use serde_json::{Value, json};

use super::people::{MANAGER, People, Wish, member_key};
use super::places::{Channel, Community, REACTIONS};
use super::words::Language;
use super::{Dice, Params, World};
use crate::fixture::{key, slug, title};

/// The topics of a community: yields the records of one topic after another.
#[derive(Debug)]
pub(super) struct Threads {
    seed: u64,
    people: People,
    community: Community,
    topics: usize,
    /// The topic that is told next.
    next: usize,
    /// Replies and votes that are left for it and those behind it.
    replies: usize,
    votes: usize,
}

/// How replies hang together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// Each below the one before.
    Deep,
    /// All below the first post.
    Wide,
    Tree,
}

/// How deep a thread becomes: below the limit that holds unless a host changes it.
const DEEPEST: u32 = 45;
/// How old a world is when its last topic is started, in days.
const TOPIC_DAYS: i64 = 730;

impl Threads {
    pub(super) fn new(params: &Params, seed: u64, people: People, community: Community) -> Self {
        let (topics, _) = params.share(params.topics, community.number);
        let (replies, _) = params.share(params.posts - params.topics, community.number);
        let (votes, _) = params.share(params.votes, community.number);
        Self { seed, people, community, topics, next: 0, replies, votes }
    }

    /// A share of what is left, for the next of the topics that are left: heavy-tailed, and what
    /// one topic takes too much the others take less.
    fn portion(&self, left: usize, dice: &mut Dice) -> usize {
        let topics = self.topics - self.next;
        if topics == 1 {
            return left;
        }
        // A little more than the mean, or too much would be left for the last one.
        let mean = to_float(left) / to_float(topics);
        dice.size(mean * 1.2).min(left)
    }

    /// Topics come evenly spread over the years, now and then two in the same moment.
    fn started_at(&self, number: usize) -> Timestamp {
        let place = if number % 9 == 8 { number - 1 } else { number };
        let seconds = i64::try_from(place * 86_400 / self.topics.max(1)).unwrap_or(0) * TOPIC_DAYS;
        let founded = self.community.founded_at() + Duration::days(1);
        founded + Duration::seconds(seconds) + Duration::microseconds(seconds % 999_983)
    }
}

fn to_float(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::from(u32::MAX), f64::from)
}

impl Iterator for Threads {
    type Item = Vec<Record>;

    fn next(&mut self) -> Option<Vec<Record>> {
        let number = self.next;
        if number == self.topics {
            return None;
        }
        let seed = self.seed ^ u64::try_from(self.community.number).unwrap_or(0) << 32;
        let mut dice = Dice::of(seed, "topic", number);
        let shape = match number % 16 {
            3 => Shape::Deep,
            7 => Shape::Wide,
            _ => Shape::Tree,
        };
        let least = if shape == Shape::Tree { 0 } else { 20.min(self.replies / 3) };
        let replies = self.portion(self.replies, &mut dice).max(least);
        let votes = self.portion(self.votes, &mut dice);
        let at = self.started_at(number);
        let mut thread = Thread::new(self, number, at, dice);
        thread.start();
        for _ in 0..replies {
            thread.reply(shape);
        }
        let votes = thread.vote(votes);
        thread.react();
        thread.correct();
        thread.link();
        thread.view();
        let records = thread.records;
        self.replies -= replies;
        self.votes -= votes;
        self.next += 1;
        Some(records)
    }
}

/// A thread that is being told.
struct Thread<'a> {
    people: &'a People,
    community: &'a Community,
    channel: &'a Channel,
    number: usize,
    author: usize,
    language: Language,
    kind: Kind,
    posts: Vec<Sketch>,
    accepted: usize,
    records: Vec<Record>,
    dice: Dice,
}

/// What the rest of a thread has to know of a post.
#[derive(Debug, Clone, Copy)]
struct Sketch {
    author: usize,
    at: Timestamp,
    depth: u32,
    published: bool,
    /// Bytes of its text up to the end of the first word.
    word: usize,
    revision: u32,
}

/// A text with those that it replaces.
struct Text {
    body: String,
    /// Earlier versions, oldest first.
    earlier: Vec<(String, Timestamp)>,
    edited_at: Option<Timestamp>,
    reason: Option<String>,
}

impl<'a> Thread<'a> {
    fn new(of: &'a Threads, number: usize, at: Timestamp, mut dice: Dice) -> Self {
        let Threads { people, community, .. } = of;
        // Every channel gets a topic before any gets a second one.
        let channels = community.channels.len();
        let place = if number < channels { number } else { dice.rank(channels) };
        #[allow(clippy::indexing_slicing, reason = "`place` is below the number of channels")]
        let channel = &community.channels[place];
        let somebody =
            people.somebody(community.number, &channel.presets, Wish::Start, at, &mut dice);
        let author = somebody.unwrap_or(MANAGER);
        let language = if dice.chance(60) { community.language } else { people.language(author) };
        let kind = kind_of(channel, &mut dice);
        Self {
            people,
            community,
            channel,
            number,
            author,
            language,
            kind,
            posts: vec![Sketch { author, at, depth: 0, published: true, word: 0, revision: 1 }],
            accepted: 0,
            records: Vec::new(),
            dice,
        }
    }

    fn start(&mut self) {
        let at = self.post(0).at;
        let text = self.text(self.language.body(&mut self.dice.clone()), at);
        let dice = &mut self.dice;
        let title = title(&self.language.title(dice));
        let labels: BTreeSet<Slug> = (0..dice.rank(6).min(4))
            .filter_map(|_| self.community.labels.get(dice.rank(self.community.labels.len())))
            .cloned()
            .collect();
        let labels = Vec::from_iter(labels);
        let state = match dice.below(50) {
            0 => State::Removed,
            1 => State::Withdrawn,
            _ => State::Published,
        };
        let status = match dice.below(6) {
            0 => dice.pick(&all_statuses(&self.kind)).clone(),
            _ => self.kind.initial.clone(),
        };
        let pin = (self.number % 40 == 1).then(|| PinRecord {
            place: *dice.pick(&[PinPlace::Channel, PinPlace::Community]),
            position: i64::from(dice.chance(50)),
            audience: dice.pick(&[Audience::Everyone, Audience::Members, employees()]).clone(),
            since: at,
            until: *dice.pick(&[
                None,
                Some(at + Duration::days(30)),
                Some(World::end() + Duration::days(30)),
            ]),
        });
        let payload = payload(&self.kind, self.language, at, dice);
        let bumped_at = dice.chance(4).then(|| at + Duration::days(90));
        let locked = dice.chance(3);
        self.keep_text(0, &text);
        let key = self.key(0);
        self.records.push(Record::Topic(Box::new(TopicRecord {
            key: key.clone(),
            channel: self.channel.key.clone(),
            title: title.clone(),
            body: text.body.clone(),
            kind: Some(self.kind.name.clone()),
            labels: labels.clone(),
            author: Some(member_key(self.author)),
            status: Some(status),
            payload,
            state,
            locked,
            pin,
            created_at: Some(at),
            bumped_at,
            shared_at: None,
            erased_at: None,
            opening: None,
            revision: text.revision(),
            edited_at: text.edited_at,
            editor: None,
            reason: text.reason.clone(),
        })));
        self.add_earlier(0, &text, Some((title, labels)));
    }

    fn reply(&mut self, shape: Shape) {
        let last = self.posts.len() - 1;
        let dice = &mut self.dice;
        let parent = match shape {
            Shape::Wide => 0,
            Shape::Deep => last,
            Shape::Tree if dice.chance(50) => 0,
            // Who replies to a reply mostly replies to one of the latest.
            Shape::Tree => last - dice.rank(last + 1),
        };
        let parent = if self.post(parent).depth < DEEPEST { parent } else { 0 };
        let above = self.post(parent);
        let minutes = self.dice.between(1, 72 * 60);
        let at = above.at + Duration::minutes(i64::try_from(minutes).unwrap_or(1));
        let author = self.somebody(at).unwrap_or(MANAGER);
        let text = self.language.remark(&mut self.dice);
        let text = self.text(text, at);
        let is_answer = self.kind.answers && parent == 0 && self.dice.chance(80);
        let state = match self.dice.below(40) {
            0 => State::Removed,
            1 => State::Withdrawn,
            _ => State::Published,
        };
        let published = state == State::Published;
        self.posts.push(Sketch {
            author,
            at,
            depth: above.depth + 1,
            published,
            word: 0,
            revision: 1,
        });
        let number = self.posts.len() - 1;
        self.keep_text(number, &text);
        let may_be_marked = is_answer && published;
        let accepted = if may_be_marked { self.acceptance(at) } else { None };
        let official = (may_be_marked && self.dice.chance(3)).then(|| {
            let by = self.people.knows_better(&mut self.dice);
            self.mark(by, at)
        });
        let bumps = is_answer || self.dice.chance(90);
        self.records.push(Record::Post(Box::new(PostRecord {
            key: self.key(number),
            topic: self.key(0),
            parent: (parent != 0).then(|| self.key(parent)),
            kind: Some(if is_answer { PostKind::Answer } else { PostKind::Reply }),
            body: text.body.clone(),
            author: Some(member_key(author)),
            state,
            bumps,
            accepted,
            official,
            accepted_later: false,
            shared_at: None,
            erased_at: None,
            created_at: Some(at),
            revision: text.revision(),
            edited_at: text.edited_at,
            editor: None,
            reason: text.reason.clone(),
        })));
        self.add_earlier(number, &text, None);
    }

    /// Accepts about every third first answer, and few behind it.
    fn acceptance(&mut self, at: Timestamp) -> Option<MarkRecord> {
        let most = if self.channel.plain { 1 } else { 3 };
        let accept = match self.accepted {
            0 => self.dice.chance(35),
            accepted => accepted < most && self.dice.chance(5),
        };
        self.accepted += usize::from(accept);
        accept.then(|| self.mark(self.author, at))
    }

    fn mark(&mut self, by: usize, at: Timestamp) -> MarkRecord {
        let reason = self.dice.chance(30).then(|| self.language.reason(&mut self.dice));
        MarkRecord { by: Some(member_key(by)), at: at + Duration::hours(5), reason }
    }

    /// Gives up to so many votes; says how many.
    fn vote(&mut self, votes: usize) -> usize {
        let mut given = BTreeSet::new();
        let mut tries = votes * 8;
        while given.len() < votes && tries > 0 {
            tries -= 1;
            let number = self.dice.rank(self.posts.len());
            let post = self.post(number);
            let at = post.at + Duration::minutes(self.minutes(given.len()));
            let voter = self.somebody(at).filter(|voter| *voter != post.author);
            let Some(voter) = voter.filter(|voter| given.insert((number, *voter))) else {
                continue;
            };
            let key = slug(if self.dice.chance(88) { "up" } else { "down" });
            self.give(number, voter, Slot::Vote, key, at);
        }
        given.len()
    }

    fn react(&mut self) {
        let mut given = BTreeSet::new();
        for _ in 0..self.dice.rank(8) {
            let number = self.dice.rank(self.posts.len());
            let at = self.post(number).at + Duration::minutes(self.minutes(given.len()));
            let Some(member) = self.somebody(at).filter(|by| given.insert((number, *by))) else {
                continue;
            };
            let (key, _) = self.dice.pick(&REACTIONS);
            self.give(number, member, Slot::Reaction, slug(key), at);
        }
    }

    fn give(&mut self, number: usize, member: usize, slot: Slot, key: Slug, at: Timestamp) {
        let (post, member) = (self.key(number), member_key(member));
        self.records.push(Record::Reaction(ReactionRecord {
            post,
            member,
            slot,
            key,
            at: Some(at),
        }));
    }

    /// Puts a correction beside about every thirtieth post.
    fn correct(&mut self) {
        for number in 0..self.posts.len() {
            let Sketch { at, published, word, revision, .. } = self.post(number);
            if !published || !self.dice.chance(3) {
                continue;
            }
            let word = u32::try_from(word).unwrap_or(0);
            let at = at + Duration::days(2);
            let by = self.people.knows_better(&mut self.dice);
            self.records.push(Record::Correction(Box::new(CorrectionRecord {
                post: self.key(number),
                id: None,
                range: (word > 0 && self.dice.chance(50)).then_some((0, word)),
                revision,
                body: self.language.remark(&mut self.dice),
                author: member_key(by),
                at,
                withdrawn_at: self.dice.chance(20).then(|| at + Duration::days(1)),
            })));
        }
    }

    /// Links about every tenth topic to one before it.
    fn link(&mut self) {
        if self.number > 0 && self.dice.chance(10) {
            let to = self.dice.below(self.number);
            let kind = *self.dice.pick(&[LinkKind::Related, LinkKind::Duplicate]);
            let at = Some(self.post(0).at + Duration::days(1));
            let to = key(&format!("topic:{to}"));
            self.records.push(Record::Link(LinkRecord { from: self.key(0), to, kind, at }));
        }
    }

    fn view(&mut self) {
        let first = community_core::time::day_of(self.post(0).at);
        let days = [Some(first), self.dice.chance(50).then_some(first + 30)];
        let before = self.dice.chance(20).then_some(0);
        for day in before.into_iter().chain(days.into_iter().flatten()) {
            let views = i64::try_from(self.dice.size(40.0)).unwrap_or(0) + 1;
            self.records.push(Record::Views(ViewsRecord { topic: self.key(0), day, views }));
        }
    }

    /// Somebody who may take part here.
    fn somebody(&mut self, at: Timestamp) -> Option<usize> {
        let wish = Wish::TakePart { topic_author: self.author };
        let presets = &self.channel.presets;
        self.people.somebody(self.community.number, presets, wish, at, &mut self.dice)
    }

    /// A text that now and then was another one before.
    fn text(&mut self, first: String, at: Timestamp) -> Text {
        let mut earlier = Vec::new();
        let mut body = first;
        let mut edited_at = None;
        if self.dice.chance(6) {
            for edit in 1..=self.dice.between(1, 3) {
                let next = format!("{body} {}", self.language.remark(&mut self.dice));
                earlier.push((std::mem::replace(&mut body, next), edited_at.unwrap_or(at)));
                edited_at = Some(at + Duration::minutes(self.minutes(edit)));
            }
        }
        let reason = edited_at.map(|_| self.language.reason(&mut self.dice));
        Text { body, earlier, edited_at, reason }
    }

    fn keep_text(&mut self, number: usize, text: &Text) {
        if let Some(post) = self.posts.get_mut(number) {
            post.word = text.body.find(' ').unwrap_or(0);
            post.revision = text.revision();
        }
    }

    fn add_earlier(&mut self, number: usize, text: &Text, head: Option<(Title, Vec<Slug>)>) {
        let editor = Some(member_key(self.post(number).author));
        let (title, labels) = head.unzip();
        for (at, (body, moment)) in text.earlier.iter().enumerate() {
            self.records.push(Record::Revision(Box::new(RevisionRecord {
                post: self.key(number),
                number: u32::try_from(at + 1).unwrap_or(1),
                body: body.clone(),
                title: title.clone(),
                labels: labels.clone(),
                editor: editor.clone(),
                at: *moment,
                reason: None,
            })));
        }
    }

    /// The key of a post; that of the first one is the topic's.
    fn key(&self, number: usize) -> community_core::Key {
        match number {
            0 => key(&format!("topic:{}", self.number)),
            _ => key(&format!("post:{}/{number}", self.number)),
        }
    }

    #[allow(clippy::indexing_slicing, reason = "only posts that were told are asked for")]
    fn post(&self, number: usize) -> Sketch {
        self.posts[number]
    }

    /// A few hours, later for later things.
    fn minutes(&mut self, order: usize) -> i64 {
        i64::try_from(order.min(5_000) * 2 + self.dice.between(1, 600)).unwrap_or(1)
    }
}

impl Text {
    fn revision(&self) -> u32 {
        u32::try_from(self.earlier.len()).unwrap_or(0) + 1
    }
}

fn employees() -> Audience {
    Audience::Role(slug("employee"))
}

/// A kind that a channel takes.
fn kind_of(channel: &Channel, dice: &mut Dice) -> Kind {
    let name = match dice.below(40) {
        0..18 => "question",
        18..30 => "discussion",
        _ if channel.plain => "question",
        30..33 => "idea",
        33..35 => "article",
        35 => "poll",
        36 => "event",
        37 => "announcement",
        _ => "loan",
    };
    let known = builtin_kinds().iter().find(|kind| kind.name == name);
    known.cloned().unwrap_or_else(super::places::loan)
}

fn all_statuses(kind: &Kind) -> Vec<Slug> {
    let ends = kind.transitions.iter().map(|transition| transition.to.clone());
    std::iter::once(kind.initial.clone()).chain(ends).collect()
}

fn payload(kind: &Kind, language: Language, at: Timestamp, dice: &mut Dice) -> Option<Value> {
    let later = |days| (at + Duration::days(days)).to_rfc3339();
    let payload = match kind.name.as_str() {
        "poll" => {
            let options: Vec<String> =
                (0..dice.between(2, 5)).map(|_| language.reason(dice)).collect();
            json!({ "options": options, "closes_at": later(14) })
        }
        "event" => json!({ "starts_at": later(21), "capacity": dice.between(5, 60) }),
        "announcement" => json!({ "until": later(60) }),
        "idea" => json!({ "product": language.title(dice) }),
        "article" => json!({ "summary": language.remark(dice) }),
        "loan" => json!({ "item": language.title(dice), "deposit": dice.between(0, 50) }),
        _ => return None,
    };
    Some(payload)
}
