//! The lists of names: who stands in that of a community follows from members and memberships.

use community_core::query::name_places;
use community_core::{CommunityId, Key, MemberId, Name};
use rusqlite::{Connection, OptionalExtension};

use crate::error::Result;
use crate::row::Columns;

const ADD: &str =
    "INSERT INTO member_names (community, place, folded, member) VALUES (?1, ?2, ?3, ?4)";

/// By the primary key.
const REMOVE: &str = "DELETE FROM member_names
    WHERE community = ?1 AND place = ?2 AND folded = ?3 AND member = ?4";

/// By the primary key.
const NAMED: &str = "SELECT key, name FROM members WHERE id = ?1 AND listed";

/// By the primary key.
const HAS_JOINED: &str = "SELECT 1 FROM memberships
    WHERE member = ?1 AND community = ?2 AND joined_at IS NOT NULL";

/// By the first column of the primary key.
const JOINED: &str =
    "SELECT community FROM memberships WHERE member = ?1 AND joined_at IS NOT NULL";

/// Whole tables: for a file in which there are no names yet.
const ALL_JOINED: &str = "SELECT s.community, m.id, m.key, m.name
    FROM memberships s CROSS JOIN members m ON m.id = s.member
    WHERE s.joined_at IS NOT NULL AND m.listed";

/// What somebody is called, while listed.
pub(crate) type Named = (Key, Name);

/// What a member is called now; `None` for one who is not listed, or not there.
pub(crate) fn of(conn: &Connection, member: MemberId) -> Result<Option<Named>> {
    let mut statement = conn.prepare_cached(NAMED)?;
    let mut rows = statement.query([member.as_bytes()])?;
    rows.next()?.map(|row| read(&mut Columns::of(row))).transpose()
}

/// Whether a member has joined a community.
pub(crate) fn has_joined(conn: &Connection, member: MemberId, of: CommunityId) -> Result<bool> {
    let mut statement = conn.prepare_cached(HAS_JOINED)?;
    let found = statement.query_row((member.as_bytes(), of.as_bytes()), |_| Ok(()));
    Ok(found.optional()?.is_some())
}

/// A member is called otherwise from now on, or is listed or not.
pub(crate) fn rename(
    conn: &Connection,
    member: MemberId,
    was: Option<&Named>,
    is: Option<&Named>,
) -> Result<()> {
    if was == is {
        return Ok(());
    }
    let mut statement = conn.prepare_cached(JOINED)?;
    let mut rows = statement.query([member.as_bytes()])?;
    let mut joined: Vec<CommunityId> = Vec::new();
    while let Some(row) = rows.next()? {
        joined.push(Columns::of(row).id()?);
    }
    for community in joined {
        was.map_or(Ok(()), |was| remove(conn, community, member, was))?;
        is.map_or(Ok(()), |is| add(conn, community, member, is))?;
    }
    Ok(())
}

pub(crate) fn add(
    conn: &Connection,
    community: CommunityId,
    member: MemberId,
    named: &Named,
) -> Result<()> {
    run(conn, ADD, community, member, named)
}

pub(crate) fn remove(
    conn: &Connection,
    community: CommunityId,
    member: MemberId,
    named: &Named,
) -> Result<()> {
    run(conn, REMOVE, community, member, named)
}

fn run(
    conn: &Connection,
    sql: &str,
    community: CommunityId,
    member: MemberId,
    (key, name): &Named,
) -> Result<()> {
    let mut statement = conn.prepare_cached(sql)?;
    for (place, folded) in name_places(name, key) {
        statement.execute((community.as_bytes(), place.code(), folded, member.as_bytes()))?;
    }
    Ok(())
}

/// Fills the lists of a file that has none.
pub(crate) fn fill(conn: &Connection) -> Result<()> {
    let mut statement = conn.prepare(ALL_JOINED)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let columns = &mut Columns::of(row);
        let (community, member) = (columns.id()?, columns.id()?);
        add(conn, community, member, &read(columns)?)?;
    }
    Ok(())
}

fn read(columns: &mut Columns<'_, '_>) -> Result<Named> {
    Ok((columns.text()?, columns.text()?))
}
