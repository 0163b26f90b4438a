//! Members and memberships.

use community_core::fold::Folded;
use community_core::query::{NamePlace, Position};
use community_core::store::MemberRow;
use community_core::{CommunityId, Key, Member, MemberId, Membership};
use rusqlite::OptionalExtension;
use rustc_hash::FxHashSet;

use super::Snapshot;
use crate::error::Result;
use crate::row::{Columns, rows};

macro_rules! member_columns {
    () => {
        "m.id, m.key, m.name, m.attributes, m.lists, m.profile, m.listed, m.created_at, m.erased_at,
         m.rev"
    };
}

macro_rules! membership_columns {
    () => {
        "s.community, s.member, s.joined_at, s.roles, s.level, s.pinned, s.off_boards, s.sanctions, s.rev"
    };
}

/// By the primary key.
const BY_ID: &str = concat!("SELECT ", member_columns!(), " FROM members m WHERE m.id = ?1");

/// By the unique key.
const BY_KEY: &str = concat!("SELECT ", member_columns!(), " FROM members m WHERE m.key = ?1");

/// Along the primary key.
const FROM_ID: &str =
    concat!("SELECT ", member_columns!(), " FROM members m WHERE m.id > ?1 ORDER BY m.id LIMIT ?2");

/// By the first column of the primary key.
const MEMBERSHIPS: &str =
    concat!("SELECT ", membership_columns!(), " FROM memberships s WHERE s.member = ?1");

/// By the primary key.
const MEMBERSHIP: &str = concat!(
    "SELECT ",
    membership_columns!(),
    " FROM memberships s WHERE s.member = ?1 AND s.community = ?2"
);

/// Along `memberships_by_joining`; members by the primary key.
const OF_COMMUNITY: &str = concat!(
    "SELECT ",
    member_columns!(),
    ", ",
    membership_columns!(),
    " FROM memberships s CROSS JOIN members m ON m.id = s.member
    WHERE s.community = ?1 AND s.joined_at IS NOT NULL AND (s.joined_at, s.member) > (?2, ?3)
      AND m.listed
    ORDER BY s.joined_at, s.member LIMIT ?4"
);

/// Along the primary key; members and memberships by theirs.
const NAMED: &str = concat!(
    "SELECT n.folded, n.member, ",
    member_columns!(),
    ", ",
    membership_columns!(),
    " FROM member_names n CROSS JOIN members m ON m.id = n.member
    CROSS JOIN memberships s ON s.member = n.member AND s.community = n.community
    WHERE n.community = ?1 AND n.place = ?2 AND n.folded >= ?3
    ORDER BY n.folded, n.member"
);

/// By the primary key.
const COUNT: &str = "SELECT count FROM community_members WHERE community = ?1";

pub(crate) const STATEMENTS: &[(&str, &str)] = &[
    ("members by id", BY_ID),
    ("members by key", BY_KEY),
    ("members in order of id", FROM_ID),
    ("memberships of a member", MEMBERSHIPS),
    ("memberships in a community", MEMBERSHIP),
    ("members of a community", OF_COMMUNITY),
    ("members by name", NAMED),
    ("how many members", COUNT),
];

pub(super) fn by_id(snapshot: &Snapshot<'_>, ids: &[MemberId]) -> Result<Vec<Option<Member>>> {
    ids.iter().map(|id| snapshot.one(BY_ID, [id.as_bytes()], member)).collect()
}

pub(super) fn by_key(snapshot: &Snapshot<'_>, keys: &[Key]) -> Result<Vec<Option<Member>>> {
    keys.iter().map(|key| snapshot.one(BY_KEY, [key.as_str()], member)).collect()
}

pub(super) fn memberships(snapshot: &Snapshot<'_>, of: MemberId) -> Result<Vec<Membership>> {
    snapshot.all(MEMBERSHIPS, [of.as_bytes()], membership)
}

pub(super) fn memberships_in(
    snapshot: &Snapshot<'_>,
    community: CommunityId,
    members: &[MemberId],
) -> Result<Vec<Option<Membership>>> {
    let of = |member: &MemberId| {
        snapshot.one(MEMBERSHIP, (member.as_bytes(), community.as_bytes()), membership)
    };
    members.iter().map(of).collect()
}

pub(super) fn of_community(
    snapshot: &Snapshot<'_>,
    community: CommunityId,
    after: Option<Position>,
    limit: usize,
) -> Result<Vec<MemberRow>> {
    let (key, id) = after.map_or((-1, [0xff; 16]), |after| (after.key, after.id.into_bytes()));
    snapshot.all(OF_COMMUNITY, (community.as_bytes(), key, id, rows(limit)), |columns| {
        Ok(MemberRow { member: member(columns)?, membership: membership(columns)? })
    })
}

pub(super) fn named(
    snapshot: &Snapshot<'_>,
    community: CommunityId,
    begins: &Folded,
    limit: usize,
) -> Result<Vec<MemberRow>> {
    let mut seen = FxHashSet::default();
    let mut found = Vec::new();
    let mut statement = snapshot.prepare(NAMED)?;
    for place in NamePlace::ALL {
        let mut rows = statement.query((community.as_bytes(), place.code(), begins.as_str()))?;
        while found.len() < limit
            && let Some(row) = rows.next()?
        {
            let columns = &mut Columns::of(row);
            if !columns.get::<String>()?.starts_with(begins.as_str()) {
                break;
            }
            if seen.insert(columns.id::<MemberId>()?) {
                found
                    .push(MemberRow { member: member(columns)?, membership: membership(columns)? });
            }
        }
    }
    Ok(found)
}

pub(super) fn count(snapshot: &Snapshot<'_>, community: CommunityId) -> Result<u64> {
    let mut statement = snapshot.prepare(COUNT)?;
    let count = statement.query_row([community.as_bytes()], |row| row.get(0)).optional()?;
    Ok(count.map_or(0, i64::cast_unsigned))
}

pub(super) fn in_order(
    snapshot: &Snapshot<'_>,
    after: Option<MemberId>,
    limit: usize,
) -> Result<Vec<Member>> {
    let after = after.as_ref().map_or(&[][..], |id| id.as_bytes());
    snapshot.all(FROM_ID, (after, rows(limit)), member)
}

fn member(columns: &mut Columns<'_, '_>) -> Result<Member> {
    Ok(Member {
        id: columns.id()?,
        key: columns.text()?,
        name: columns.text()?,
        attributes: columns.json()?,
        lists: columns.json()?,
        profile: columns.json()?,
        listed: columns.get()?,
        created_at: columns.time()?,
        erased_at: columns.opt_time()?,
        rev: columns.rev()?,
    })
}

fn membership(columns: &mut Columns<'_, '_>) -> Result<Membership> {
    Ok(Membership {
        community: columns.id()?,
        member: columns.id()?,
        joined_at: columns.opt_time()?,
        roles: columns.json()?,
        level: columns.whole()?,
        pinned: columns.get()?,
        off_boards: columns.get()?,
        sanctions: columns.json()?,
        rev: columns.rev()?,
    })
}
