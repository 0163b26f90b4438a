//! Posts, with everything that travels with them.

use community_core::policy::Place;
use community_core::store::{PostRef, PostView, Tally};
use community_core::{Author, Mark, MemberId, Post, PostCounters, PostId, Scope, Unchecked};
use rusqlite::Connection;

use super::{Snapshot, revisions};
use crate::error::Result;
use crate::row::{Columns, rows};

/// What others hang on a first post is counted in the row of its topic.
macro_rules! post_columns {
    () => {
        "p.id, p.topic, p.parent, p.depth, p.kind, p.key, p.author, p.state, p.bumps,
         p.accepted_at, p.accepted_by, p.accepted_reason, p.official_at, p.official_by,
         p.official_reason, p.shared_at, p.erased_at, p.created_at, p.edited_at, p.revision, p.rev,
         p.ups, p.downs, iif(p.parent IS NULL, t.replies, p.children),
         iif(p.parent IS NULL, t.corrections, p.corrections)"
    };
}

/// Post and topic by their primary keys.
const POST: &str = concat!(
    "SELECT ",
    post_columns!(),
    " FROM posts p CROSS JOIN topics t ON t.id = p.topic WHERE p.id = ?1"
);

/// Post, topic and author by their primary keys, the text by its unique key (post, number).
const VIEW: &str = concat!(
    "SELECT ",
    post_columns!(),
    ", t.community, t.channel, t.author, t.state, m.key, m.name, r.body,
    EXISTS (SELECT 1 FROM tallies x WHERE x.post = p.id)
    FROM posts p CROSS JOIN topics t ON t.id = p.topic CROSS JOIN members m ON m.id = p.author
    LEFT JOIN revisions r ON r.post = p.id AND r.number = p.revision
    WHERE p.id = ?1"
);

/// Post and topic by their primary keys.
const PLACE: &str = "SELECT t.community, t.channel, t.author, t.state, p.author, p.state, p.parent
    FROM posts p CROSS JOIN topics t ON t.id = p.topic WHERE p.id = ?1";

/// Along the primary key.
const TALLIES: &str = "SELECT key, count FROM tallies WHERE post = ?1 ORDER BY key";

/// Along `posts_of_author`, which ends in the id; each row by the primary key.
const TO_ERASE: &str = "SELECT id FROM posts INDEXED BY posts_of_author
    WHERE author = ?1 AND erased_at IS NULL ORDER BY created_at, id LIMIT ?2";

pub(crate) const STATEMENTS: &[(&str, &str)] = &[
    ("a post", POST),
    ("a post as a reader sees it", VIEW),
    ("where a post stands", PLACE),
    ("tallies of a post", TALLIES),
    ("posts of a member to erase", TO_ERASE),
];

/// A post, for whoever holds a connection.
pub(crate) fn post(conn: &Connection, id: PostId) -> Result<Option<Post>> {
    let mut statement = conn.prepare_cached(POST)?;
    let mut rows = statement.query([id.as_bytes()])?;
    rows.next()?.map(|row| read_post(&mut Columns::of(row))).transpose()
}

pub(super) fn by_id(
    snapshot: &Snapshot<'_>,
    ids: &[PostId],
    scope: &Scope,
) -> Result<Vec<Option<Unchecked<PostView>>>> {
    ids.iter().map(|id| Ok(view_for(snapshot, *id, scope)?.map(Unchecked::new))).collect()
}

/// The posts above a post, from the top. Its depth bounds the walk.
pub(super) fn ancestors(
    snapshot: &Snapshot<'_>,
    post: PostId,
    scope: &Scope,
) -> Result<Vec<Unchecked<PostView>>> {
    let Some(from) = view_for(snapshot, post, scope)? else { return Ok(Vec::new()) };
    let mut above = Vec::new();
    let mut next = from.post.parent;
    for _ in 0..from.post.depth {
        let Some(id) = next else { break };
        let Some(view) = view(snapshot, id)? else { break };
        next = view.post.parent;
        if admits(scope, &view) {
            above.push(Unchecked::new(view));
        }
    }
    above.reverse();
    Ok(above)
}

/// What somebody wrote and is not erased, earliest first.
pub(super) fn to_erase(
    snapshot: &Snapshot<'_>,
    author: MemberId,
    limit: usize,
) -> Result<Vec<PostId>> {
    snapshot.all(TO_ERASE, (author.as_bytes(), rows(limit)), |columns| columns.id())
}

/// A post with everything that travels with it, whoever may see it.
pub(super) fn view(snapshot: &Snapshot<'_>, id: PostId) -> Result<Option<PostView>> {
    let row = snapshot.one(VIEW, [id.as_bytes()], |columns| {
        let post = read_post(columns)?;
        let place = read_place(columns)?;
        let author = Author { id: post.author, key: columns.text()?, name: columns.text()? };
        let body = columns.get::<Option<String>>()?.unwrap_or_default();
        let view =
            PostView { post, body, author, corrections: Vec::new(), tallies: Vec::new(), place };
        Ok((view, columns.get::<bool>()?))
    })?;
    let Some((mut view, reacted)) = row else { return Ok(None) };
    if view.post.counters.corrections > 0 {
        view.corrections = revisions::standing(snapshot, id)?;
    }
    if reacted {
        view.tallies = snapshot.all(TALLIES, [id.as_bytes()], |columns| {
            Ok(Tally { key: columns.text()?, count: columns.get()? })
        })?;
    }
    Ok(Some(view))
}

/// What decides whether something that hangs on a post is to be seen, if it is.
pub(super) fn place_for(
    snapshot: &Snapshot<'_>,
    id: PostId,
    scope: &Scope,
) -> Result<Option<(Place, PostRef)>> {
    let found = snapshot.one(PLACE, [id.as_bytes()], |columns| {
        let place = read_place(columns)?;
        Ok((place, PostRef { author: columns.id()?, state: columns.code()? }))
    })?;
    Ok(found.filter(|(place, post)| scope.admits(*place, post.author, post.state)))
}

pub(super) fn view_for(
    snapshot: &Snapshot<'_>,
    id: PostId,
    scope: &Scope,
) -> Result<Option<PostView>> {
    Ok(view(snapshot, id)?.filter(|view| admits(scope, view)))
}

fn admits(scope: &Scope, view: &PostView) -> bool {
    scope.admits(view.place, view.post.author, view.post.state)
}

fn read_place(columns: &mut Columns<'_, '_>) -> Result<Place> {
    Ok(Place {
        community: columns.id()?,
        channel: columns.id()?,
        author: columns.id()?,
        state: columns.code()?,
    })
}

fn read_post(columns: &mut Columns<'_, '_>) -> Result<Post> {
    Ok(Post {
        id: columns.id()?,
        topic: columns.id()?,
        parent: columns.opt_id()?,
        depth: columns.whole()?,
        kind: columns.code()?,
        key: columns.opt_text()?,
        author: columns.id()?,
        state: columns.code()?,
        bumps: columns.get()?,
        accepted: read_mark(columns)?,
        official: read_mark(columns)?,
        shared_at: columns.opt_time()?,
        erased_at: columns.opt_time()?,
        created_at: columns.time()?,
        edited_at: columns.opt_time()?,
        revision: columns.whole()?,
        rev: columns.rev()?,
        counters: PostCounters {
            ups: columns.get()?,
            downs: columns.get()?,
            children: columns.get()?,
            corrections: columns.get()?,
        },
    })
}

/// Three columns; without a moment there is no mark.
fn read_mark(columns: &mut Columns<'_, '_>) -> Result<Option<Mark>> {
    let (at, by, reason) = (columns.opt_time()?, columns.opt_id()?, columns.get()?);
    Ok(at.map(|at| Mark { by, at, reason }))
}
