//! Everything in order of id: what exports and verification walk along.
//!
//! The limit counts what the scope admits, so the walk goes on until enough is found.

use community_core::store::{PostView, TopicRow};
use community_core::{CommunityId, PostId, Scope, TopicId, Unchecked};

use super::topics::{read_row, topic_columns};
use super::{Snapshot, posts};
use crate::error::Result;
use crate::row::{Columns, Words};
use crate::scope::admits;

/// Along `topics_by_id`; authors by the primary key. The index is named because a database that
/// was analysed and has one community would take the primary key instead.
const TOPICS: &str = concat!(
    "SELECT ",
    topic_columns!(),
    ", m.key, m.name
    FROM topics t INDEXED BY topics_by_id CROSS JOIN members m ON m.id = t.author
    WHERE t.community = ?1 AND t.id > ?2 ORDER BY t.id"
);

/// Along `posts_of_topic`, at two places of it in turn.
const POSTS: &str = "SELECT id FROM posts WHERE topic = ?1 AND bumping = 0 AND id > ?2
    UNION ALL SELECT id FROM posts WHERE topic = ?1 AND bumping = 1 AND id > ?2 ORDER BY id";

pub(crate) const STATEMENTS: &[(&str, &str)] =
    &[("topics in order of id", TOPICS), ("posts in order of id", POSTS)];

pub(super) fn topics(
    snapshot: &Snapshot<'_>,
    community: CommunityId,
    after: Option<TopicId>,
    limit: usize,
    scope: &Scope,
) -> Result<Vec<Unchecked<TopicRow>>> {
    let after = after.as_ref().map_or(&[][..], |id| id.as_bytes());
    let mut statement = snapshot.prepare(TOPICS)?;
    let mut rows = statement.query((community.as_bytes(), after))?;
    let (mut found, mut words) = (Vec::new(), Words::default());
    while found.len() < limit {
        let Some(row) = rows.next()? else { break };
        let row = read_row(&mut Columns::of(row), &mut words)?;
        if admits(scope, &row.topic) {
            found.push(Unchecked::new(row));
        }
    }
    Ok(found)
}

pub(super) fn posts(
    snapshot: &Snapshot<'_>,
    topic: TopicId,
    after: Option<PostId>,
    limit: usize,
    scope: &Scope,
) -> Result<Vec<Unchecked<PostView>>> {
    let after = after.as_ref().map_or(&[][..], |id| id.as_bytes());
    let mut statement = snapshot.prepare(POSTS)?;
    let mut rows = statement.query((topic.as_bytes(), after))?;
    let mut found = Vec::new();
    while found.len() < limit {
        let Some(row) = rows.next()? else { break };
        let id = Columns::of(row).id()?;
        found.extend(posts::view_for(snapshot, id, scope)?.map(Unchecked::new));
    }
    Ok(found)
}
