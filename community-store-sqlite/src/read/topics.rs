//! Topics: rows, cards, pins, links, and what stands under a key.

use community_core::query::Position;
use community_core::store::{Card, TopicRow};
use community_core::{
    Author, CommunityId, Key, Link, LinkKind, PostId, Scope, Topic, TopicCounters, TopicId,
    Unchecked,
};
use rusqlite::{CachedStatement, Connection};

use super::{Snapshot, revisions};
use crate::error::Result;
use crate::row::{Columns, Words, link_kind, link_name, rows};
use crate::scope::admits;

macro_rules! topic_columns {
    () => {
        "t.id, t.community, t.channel, t.key, t.kind, t.answerable, t.title, t.labels, t.author,
         t.opening, t.status, t.payload, t.state, t.locked, t.pin, t.hot_scale, t.created_at,
         t.bumped_at, t.rev, t.gate, t.ups, t.downs, t.posts, t.answers, t.accepted,
         t.participants, t.views, t.active_at"
    };
}
pub(super) use topic_columns;

macro_rules! card_columns {
    () => {
        concat!($crate::read::topics::topic_columns!(), ", m.key, m.name, t.corrections")
    };
}
pub(super) use card_columns;

/// By the primary key.
const TOPIC: &str = concat!("SELECT ", topic_columns!(), " FROM topics t WHERE t.id = ?1");

/// Topic and author by their primary keys.
const ROW: &str = concat!(
    "SELECT ",
    topic_columns!(),
    ", m.key, m.name
    FROM topics t CROSS JOIN members m ON m.id = t.author WHERE t.id = ?1"
);

/// Topic and author by their primary keys.
const CARD: &str = concat!(
    "SELECT ",
    card_columns!(),
    " FROM topics t CROSS JOIN members m ON m.id = t.author WHERE t.id = ?1"
);

/// By `topics_pinned`.
const PINNED: &str = "SELECT id FROM topics WHERE community = ?1 AND pin IS NOT NULL";

/// By the primary key.
const LOOKUP: &str = "SELECT topic, post FROM items WHERE community = ?1 AND key = ?2";

/// Along the primary key. Duplicates come before related ones by their names as well.
const LINKS_FROM: &str = "SELECT source, target, kind, at FROM links
    WHERE source = ?1 AND (target, kind) > (?2, ?3) ORDER BY target, kind LIMIT ?4";

/// Along `links_to`, which ends with the primary key. A link from a topic to itself is among those
/// from it.
const LINKS_TO: &str = "SELECT source, target, kind, at FROM links
    WHERE target = ?1 AND (source, kind) > (?2, ?3) AND source <> ?1 ORDER BY source, kind LIMIT ?4";

/// By the primary key.
const LINK: &str = "SELECT source, target, kind, at FROM links
    WHERE source = ?1 AND target = ?2 AND kind = ?3";

/// What a key names: a topic, or a post of it.
type Item = (TopicId, Option<PostId>);

pub(crate) const STATEMENTS: &[(&str, &str)] = &[
    ("a topic", TOPIC),
    ("a topic with its author", ROW),
    ("a card", CARD),
    ("pinned topics", PINNED),
    ("what stands under a key", LOOKUP),
    ("links from a topic", LINKS_FROM),
    ("links to a topic", LINKS_TO),
    ("a link", LINK),
];

/// A topic, for whoever holds a connection.
pub(crate) fn topic(conn: &Connection, id: TopicId) -> Result<Option<Topic>> {
    let mut statement = conn.prepare_cached(TOPIC)?;
    let mut rows = statement.query([id.as_bytes()])?;
    rows.next()?.map(|row| read_topic(&mut Columns::of(row), &mut Words::default())).transpose()
}

pub(super) fn by_id(
    snapshot: &Snapshot<'_>,
    ids: &[TopicId],
    scope: &Scope,
) -> Result<Vec<Option<Unchecked<TopicRow>>>> {
    let mut words = Words::default();
    let row = |id: &TopicId| {
        let row = snapshot.one(ROW, [id.as_bytes()], |columns| read_row(columns, &mut words))?;
        Ok(row.filter(|row| admits(scope, &row.topic)).map(Unchecked::new))
    };
    ids.iter().map(row).collect()
}

/// Reads topics as feeds show them, one after the other.
pub(super) struct Cards<'a> {
    snapshot: &'a Snapshot<'a>,
    statement: CachedStatement<'a>,
    words: Words,
}

impl<'a> Cards<'a> {
    pub(super) fn of(snapshot: &'a Snapshot<'a>) -> Result<Self> {
        Ok(Self { snapshot, statement: snapshot.prepare(CARD)?, words: Words::default() })
    }

    pub(super) fn read(&mut self, id: TopicId) -> Result<Option<Card>> {
        let mut rows = self.statement.query([id.as_bytes()])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        read_card(self.snapshot, &mut Columns::of(row), &mut self.words).map(Some)
    }
}

/// Reads the columns of a card, and the corrections where there are some.
pub(super) fn read_card(
    snapshot: &Snapshot<'_>,
    columns: &mut Columns<'_, '_>,
    words: &mut Words,
) -> Result<Card> {
    let TopicRow { topic, author } = read_row(columns, words)?;
    let corrections = match columns.get::<i64>()? {
        0 => Vec::new(),
        _ => revisions::standing(snapshot, topic.opening)?,
    };
    Ok(Card { topic, author, corrections })
}

pub(super) fn pinned(
    snapshot: &Snapshot<'_>,
    community: CommunityId,
    scope: &Scope,
) -> Result<Vec<Unchecked<Card>>> {
    let ids: Vec<TopicId> = snapshot.all(PINNED, [community.as_bytes()], |columns| columns.id())?;
    let mut reader = Cards::of(snapshot)?;
    let mut cards = Vec::new();
    for id in ids {
        let card = reader.read(id)?;
        cards.extend(card.filter(|card| {
            card.topic.state == community_core::State::Published && admits(scope, &card.topic)
        }));
    }
    Ok(cards.into_iter().map(Unchecked::new).collect())
}

pub(super) fn lookup(
    snapshot: &Snapshot<'_>,
    community: CommunityId,
    keys: &[Key],
) -> Result<Vec<Option<Item>>> {
    let item = |key: &Key| {
        snapshot.one(LOOKUP, (community.as_bytes(), key.as_str()), |columns| {
            Ok((columns.id()?, columns.opt_id()?))
        })
    };
    keys.iter().map(item).collect()
}

pub(super) fn links(
    snapshot: &Snapshot<'_>,
    topic: TopicId,
    after: Option<Position>,
    limit: usize,
) -> Result<Vec<Link>> {
    // Behind which kind each of the two goes on, at the topic where the last page ended.
    let (key, id) = after.map_or((i64::MAX, [0; 16]), |at| (at.key, at.id.into_bytes()));
    let [from, to] = match key {
        0 => ["duplicate", ""],
        1 => ["related", ""],
        2 => ["related", "duplicate"],
        _ => ["related", "related"],
    };
    let params = |kind| (topic.as_bytes(), id, kind, rows(limit));
    let mut links = snapshot.all(LINKS_FROM, params(from), read_link)?;
    links.extend(snapshot.all(LINKS_TO, params(to), read_link)?);
    links.sort_by_key(|link| {
        let Position { key, id } = link.place(topic);
        (id, key)
    });
    links.truncate(limit);
    Ok(links)
}

pub(super) fn link(
    snapshot: &Snapshot<'_>,
    from: TopicId,
    to: TopicId,
    kind: LinkKind,
) -> Result<Option<Link>> {
    snapshot.one(LINK, (from.as_bytes(), to.as_bytes(), link_name(kind)), read_link)
}

fn read_link(columns: &mut Columns<'_, '_>) -> Result<Link> {
    Ok(Link {
        from: columns.id()?,
        to: columns.id()?,
        kind: columns.named(link_kind)?,
        at: columns.time()?,
    })
}

pub(super) fn read_row(columns: &mut Columns<'_, '_>, words: &mut Words) -> Result<TopicRow> {
    let topic = read_topic(columns, words)?;
    let author = Author { id: topic.author, key: columns.text()?, name: columns.text()? };
    Ok(TopicRow { topic, author })
}

fn read_topic(columns: &mut Columns<'_, '_>, words: &mut Words) -> Result<Topic> {
    Ok(Topic {
        id: columns.id()?,
        community: columns.id()?,
        channel: columns.id()?,
        key: columns.opt_text()?,
        kind: columns.word(words)?,
        answerable: columns.get()?,
        title: columns.text()?,
        labels: columns.words(words)?,
        author: columns.id()?,
        opening: columns.id()?,
        status: columns.word(words)?,
        payload: columns.opt_json()?,
        state: columns.code()?,
        locked: columns.get()?,
        pin: columns.opt_json()?,
        hot_scale: columns.whole()?,
        created_at: columns.time()?,
        bumped_at: columns.time()?,
        rev: columns.rev()?,
        gate: columns.whole()?,
        counters: TopicCounters {
            ups: columns.get()?,
            downs: columns.get()?,
            posts: columns.get()?,
            answers: columns.get()?,
            accepted: columns.get()?,
            participants: columns.get()?,
            views: columns.get()?,
            active_at: columns.time()?,
        },
    })
}
