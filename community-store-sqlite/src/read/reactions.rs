//! Votes and reactions.

use community_core::query::Position;
use community_core::{MemberId, PostId, Reaction, Slot};

use super::Snapshot;
use crate::error::Result;
use crate::row::{Columns, rows, slot_code};

/// Along `reactions_by_time`.
const IN_SLOT: &str = "SELECT post, member, slot, key, at FROM reactions
    WHERE post = ?1 AND slot = ?2 AND (at, member) > (?3, ?4) ORDER BY at, member LIMIT ?5";

/// Along the primary key.
const OF_MEMBER: &str = "SELECT post, member, slot, key, at FROM reactions
    WHERE post = ?1 AND member = ?2 ORDER BY slot";

pub(crate) const STATEMENTS: &[(&str, &str)] =
    &[("reactions in a slot", IN_SLOT), ("reactions of a member to a post", OF_MEMBER)];

pub(super) fn in_slot(
    snapshot: &Snapshot<'_>,
    post: PostId,
    slot: Slot,
    after: Option<Position>,
    limit: usize,
) -> Result<Vec<Reaction>> {
    let (at, member) = after.map_or((-1, [0xff; 16]), |after| (after.key, after.id.into_bytes()));
    let params = (post.as_bytes(), slot_code(slot), at, member, rows(limit));
    snapshot.all(IN_SLOT, params, read_reaction)
}

pub(super) fn of_member(
    snapshot: &Snapshot<'_>,
    member: MemberId,
    posts: &[PostId],
) -> Result<Vec<Reaction>> {
    let mut all = Vec::new();
    for post in posts {
        let params = (post.as_bytes(), member.as_bytes());
        all.extend(snapshot.all(OF_MEMBER, params, read_reaction)?);
    }
    Ok(all)
}

fn read_reaction(columns: &mut Columns<'_, '_>) -> Result<Reaction> {
    Ok(Reaction {
        post: columns.id()?,
        member: columns.id()?,
        slot: columns.code()?,
        key: columns.text()?,
        at: columns.time()?,
    })
}
