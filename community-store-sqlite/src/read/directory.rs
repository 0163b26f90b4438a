//! The directory: communities, channels and labels, read as a whole.

use community_core::{Channel, Community, Directory, Label};

use super::Snapshot;
use crate::access::{self, AccessSlot};
use crate::error::Result;

// These read whole tables, as they are meant to.

const COMMUNITIES: &str = "SELECT id, key, name, description, policy, settings, reactions, kinds,
    synonyms, reputation, hot_scale, capacity, archived, created_at, rev FROM communities";

const CHANNELS: &str = "SELECT id, community, parent, key, name, description, position, policy,
    settings, archived, created_at, rev FROM channels";

const LABELS: &str = "SELECT community, key, name, description, audience, rev FROM labels";

pub(crate) const STATEMENTS: &[&str] = &[COMMUNITIES, CHANNELS, LABELS];

pub(super) fn directory(snapshot: &Snapshot<'_>) -> Result<Directory> {
    let communities = snapshot.all(COMMUNITIES, [], |columns| {
        Ok(Community {
            id: columns.id()?,
            key: columns.text()?,
            name: columns.text()?,
            description: columns.get()?,
            policy: columns.json()?,
            settings: columns.json()?,
            reactions: columns.json()?,
            kinds: columns.json()?,
            synonyms: columns.json()?,
            reputation: columns.json()?,
            hot_scale: columns.whole()?,
            capacity: columns.opt_whole()?,
            archived: columns.get()?,
            created_at: columns.time()?,
            rev: columns.rev()?,
        })
    })?;
    let channels = snapshot.all(CHANNELS, [], |columns| {
        Ok(Channel {
            id: columns.id()?,
            community: columns.id()?,
            parent: columns.opt_id()?,
            key: columns.text()?,
            name: columns.text()?,
            description: columns.get()?,
            position: columns.get()?,
            policy: columns.json()?,
            settings: columns.json()?,
            archived: columns.get()?,
            created_at: columns.time()?,
            rev: columns.rev()?,
        })
    })?;
    let labels = snapshot.all(LABELS, [], |columns| {
        Ok(Label {
            community: columns.id()?,
            key: columns.text()?,
            name: columns.text()?,
            description: columns.get()?,
            audience: columns.text()?,
            rev: columns.rev()?,
        })
    })?;
    // The revision of this very snapshot: a later one would make old rights pass for new ones.
    let rev = access::stored_rev(snapshot.conn, AccessSlot::DIRECTORY)?;
    Ok(Directory::new(rev, communities, channels, labels))
}
