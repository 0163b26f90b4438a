//! Revisions of texts, and the corrections that stand beside them.

use community_core::policy::Place;
use community_core::store::PostRef;
use community_core::{Correction, CorrectionId, PostId, Revision, Scope, Unchecked};

use super::{Snapshot, posts};
use crate::error::Result;
use crate::row::{Columns, rows};

macro_rules! correction_columns {
    () => {
        "id, post, range_start, range_end, revision, body, author, at, withdrawn_at, rev"
    };
}

/// Along the unique key (post, number).
const REVISIONS: &str = "SELECT post, number, body, title, labels, editor, at, reason
    FROM revisions WHERE post = ?1 AND number > ?2 ORDER BY number LIMIT ?3";

/// By the unique key.
const CORRECTION: &str =
    concat!("SELECT ", correction_columns!(), " FROM corrections WHERE id = ?1");

/// Along `corrections_of_post`.
const CORRECTIONS: &str =
    concat!("SELECT ", correction_columns!(), " FROM corrections WHERE post = ?1 ORDER BY at, id");

pub(crate) const STATEMENTS: &[(&str, &str)] = &[
    ("revisions of a post", REVISIONS),
    ("a correction", CORRECTION),
    ("corrections of a post", CORRECTIONS),
];

pub(super) fn after(
    snapshot: &Snapshot<'_>,
    post: PostId,
    after: u32,
    limit: usize,
    scope: &Scope,
) -> Result<Vec<Unchecked<(Place, PostRef, Revision)>>> {
    let Some((place, of)) = posts::place_for(snapshot, post, scope)? else {
        return Ok(Vec::new());
    };
    snapshot.all(REVISIONS, (post.as_bytes(), after, rows(limit)), |columns| {
        let revision = Revision {
            post: columns.id()?,
            number: columns.whole()?,
            body: columns.get()?,
            title: columns.opt_text()?,
            labels: columns.opt_json()?,
            editor: columns.opt_id()?,
            at: columns.time()?,
            reason: columns.get()?,
        };
        Ok(Unchecked::new((place, of, revision)))
    })
}

pub(super) fn correction(snapshot: &Snapshot<'_>, id: CorrectionId) -> Result<Option<Correction>> {
    snapshot.one(CORRECTION, [id.as_bytes()], read_correction)
}

/// All corrections of a post, oldest first.
pub(super) fn corrections(snapshot: &Snapshot<'_>, post: PostId) -> Result<Vec<Correction>> {
    snapshot.all(CORRECTIONS, [post.as_bytes()], read_correction)
}

/// Those that were not taken back.
pub(super) fn standing(snapshot: &Snapshot<'_>, post: PostId) -> Result<Vec<Correction>> {
    let mut all = corrections(snapshot, post)?;
    all.retain(|correction| correction.withdrawn_at.is_none());
    Ok(all)
}

fn read_correction(columns: &mut Columns<'_, '_>) -> Result<Correction> {
    Ok(Correction {
        id: columns.id()?,
        post: columns.id()?,
        range: {
            let (start, end) = (columns.opt_whole()?, columns.opt_whole()?);
            start.zip(end)
        },
        revision: columns.whole()?,
        body: columns.get()?,
        author: columns.id()?,
        at: columns.time()?,
        withdrawn_at: columns.opt_time()?,
        rev: columns.rev()?,
    })
}
