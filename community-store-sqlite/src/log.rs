//! The event log.

use async_trait::async_trait;
use community_core::change::{Event, EventKind, NewEvent, Seq};
use community_core::store::EventLog;
use community_core::time::to_micros;
use community_core::{Slug, StoreError};
use rusqlite::{Connection, OptionalExtension};
use serde_json::{Map, Value};

use crate::SqliteStore;
use crate::error::{Fault, Result};
use crate::row::{Columns, rows, signed};

/// The end of the table.
const HEAD: &str = "SELECT coalesce(max(seq), 0) FROM events";

/// Along the rowid.
const AFTER: &str = "SELECT seq, event, actor, at, community, channel, topic, post, member, data
    FROM events WHERE seq > ?1 ORDER BY seq LIMIT ?2";

const ADD: &str = "INSERT INTO events
    (seq, event, actor, at, community, channel, topic, post, member, data)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";

/// By the primary key.
const CHECKPOINT: &str = "SELECT seq FROM checkpoints WHERE name = ?1";

pub(crate) const STATEMENTS: &[(&str, &str)] =
    &[("the head of the log", HEAD), ("events", AFTER), ("a checkpoint", CHECKPOINT)];

#[async_trait]
impl EventLog for SqliteStore {
    async fn head(&self) -> Result<Seq, StoreError> {
        self.read(|snapshot| head(snapshot.conn)).await
    }

    async fn events_after(&self, after: Seq, limit: usize) -> Result<Vec<Event>, StoreError> {
        // Nothing has a position that the table could not hold.
        let after = signed(after.0).unwrap_or(i64::MAX);
        self.read(move |snapshot| snapshot.all(AFTER, (after, rows(limit)), read_event)).await
    }

    async fn checkpoint(&self, name: &Slug) -> Result<Option<Seq>, StoreError> {
        let name = name.clone();
        self.read(move |snapshot| checkpoint(snapshot.conn, &name)).await
    }
}

/// The last position; 0 when there is none.
pub(crate) fn head(conn: &Connection) -> Result<Seq> {
    let head: i64 = conn.prepare_cached(HEAD)?.query_row([], |row| row.get(0))?;
    Ok(Seq(head.cast_unsigned()))
}

pub(crate) fn checkpoint(conn: &Connection, name: &Slug) -> Result<Option<Seq>> {
    let mut statement = conn.prepare_cached(CHECKPOINT)?;
    let seq: Option<i64> = statement.query_row([name.as_str()], |row| row.get(0)).optional()?;
    Ok(seq.map(|seq| Seq(seq.cast_unsigned())))
}

pub(crate) fn add(conn: &Connection, seq: Seq, event: &NewEvent) -> Result<()> {
    let NewEvent { kind, actor, at, community, channel, topic, post, member } = event;
    let (name, data) = write_kind(kind)?;
    conn.prepare_cached(ADD)?.execute((
        signed(seq.0)?,
        name,
        actor.as_ref().map(|id| id.as_bytes()),
        to_micros(*at),
        community.as_ref().map(|id| id.as_bytes()),
        channel.as_ref().map(|id| id.as_bytes()),
        topic.as_ref().map(|id| id.as_bytes()),
        post.as_ref().map(|id| id.as_bytes()),
        member.as_ref().map(|id| id.as_bytes()),
        data,
    ))?;
    Ok(())
}

pub(crate) fn read_event(columns: &mut Columns<'_, '_>) -> Result<Event> {
    let seq = Seq(columns.whole()?);
    let name: String = columns.get()?;
    let (actor, at) = (columns.opt_id()?, columns.time()?);
    let (community, channel) = (columns.opt_id()?, columns.opt_id()?);
    let (topic, post, member) = (columns.opt_id()?, columns.opt_id()?, columns.opt_id()?);
    let kind = read_kind(name, columns.opt_json()?)?;
    Ok(Event { seq, event: NewEvent { kind, actor, at, community, channel, topic, post, member } })
}

/// The name of the kind, and what else it says, as core's own JSON form has it.
fn write_kind(kind: &EventKind) -> Result<(String, Option<String>)> {
    let Value::Object(mut fields) = serde_json::to_value(kind).map_err(Fault::refused)? else {
        return Err(Fault::refused("a kind of event that is not an object"));
    };
    let Some(Value::String(name)) = fields.remove(TAG) else {
        return Err(Fault::refused("a kind of event without a name"));
    };
    let data = (!fields.is_empty()).then(|| Value::Object(fields).to_string());
    Ok((name, data))
}

fn read_kind(name: String, data: Option<Map<String, Value>>) -> Result<EventKind> {
    let mut fields = data.unwrap_or_default();
    fields.insert(TAG.into(), Value::String(name));
    let unreadable =
        |error: serde_json::Error| Fault::Row { column: TAG.into(), reason: error.to_string() };
    serde_json::from_value(Value::Object(fields)).map_err(unreadable)
}

/// Under which name core's JSON form has the kind, and the table too.
const TAG: &str = "event";
