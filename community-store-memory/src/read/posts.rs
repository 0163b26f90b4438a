//! Posts: by id, with what hangs on them.

use community_core::policy::{Place, Scope, Unchecked};
use community_core::store::{PostRef, PostView, Tally};
use community_core::time::Timestamp;
use community_core::{Correction, MemberId, Post, PostId, Revision, StoreError, TopicId};

use super::{behind, dangling, members};
use crate::state::State;

/// Posts by id.
pub(super) fn by_id(
    state: &State,
    ids: &[PostId],
    scope: &Scope,
) -> Result<Vec<Option<Unchecked<PostView>>>, StoreError> {
    let found = ids.iter().map(|id| state.admitted_post(*id, scope));
    found
        .map(|found| found.map(|(post, place)| unchecked(state, post, place)).transpose())
        .collect()
}

/// All posts of a topic by id.
pub(super) fn all(
    state: &State,
    topic: TopicId,
    after: Option<PostId>,
    limit: usize,
    scope: &Scope,
) -> Result<Vec<Unchecked<PostView>>, StoreError> {
    let ids = state.index.posts(topic).into_iter().flat_map(|ids| ids.range(behind(after)));
    let found = ids.filter_map(|id| state.admitted_post(*id, scope)).take(limit);
    found.map(|(post, place)| unchecked(state, post, place)).collect()
}

/// The posts above a post, from the first post down.
pub(super) fn ancestors(
    state: &State,
    post: PostId,
    scope: &Scope,
) -> Result<Vec<Unchecked<PostView>>, StoreError> {
    let Some((post, _)) = state.admitted_post(post, scope) else { return Ok(Vec::new()) };
    let parent = |post: &&Post| state.posts.get(&post.parent?);
    let above: Vec<_> = std::iter::successors(parent(&post), parent).collect();
    let found = above.into_iter().rev().filter_map(|post| state.admitted_post(post.id, scope));
    found.map(|(post, place)| unchecked(state, post, place)).collect()
}

/// Revisions of a post by number.
pub(super) fn revisions(
    state: &State,
    post: PostId,
    after: u32,
    limit: usize,
    scope: &Scope,
) -> Vec<Unchecked<(Place, PostRef, Revision)>> {
    let Some((post, place)) = state.admitted_post(post, scope) else { return Vec::new() };
    let of_post = PostRef { author: post.author, state: post.state };
    let revisions = state.revisions.get(&post.id);
    let revisions = revisions.into_iter().flat_map(|all| all.range(behind(Some(after))));
    let revisions = revisions.take(limit).map(|(_, revision)| revision.clone());
    revisions.map(|revision| Unchecked::new((place, of_post, revision))).collect()
}

/// All corrections of a post, oldest first.
pub(super) fn corrections(state: &State, post: PostId) -> Vec<Correction> {
    let ids = state.index.corrections(post);
    ids.filter_map(|id| state.corrections.get(&id)).cloned().collect()
}

/// The corrections that stand beside a post, oldest first.
pub(super) fn standing_corrections(state: &State, post: PostId) -> Vec<Correction> {
    let mut all = corrections(state, post);
    all.retain(|correction| correction.withdrawn_at.is_none());
    all
}

/// The latest creation among published posts that bump. Looks at every post of the topic: asked
/// only when a post leaves or comes back.
pub(super) fn latest_bump(
    state: &State,
    topic: TopicId,
    except: Option<PostId>,
) -> Option<Timestamp> {
    let ids = state.index.posts(topic).into_iter().flatten();
    let posts = ids.filter(|id| Some(**id) != except).filter_map(|id| state.posts.get(id));
    let bumping = posts.filter(|post| post.bumps && post.state == community_core::State::Published);
    bumping.map(|post| post.created_at).max()
}

/// What somebody wrote and is not erased, earliest first.
pub(super) fn to_erase(state: &State, author: MemberId, limit: usize) -> Vec<PostId> {
    let written = state.index.posts_of(author, i64::MIN, i64::MAX);
    let posts = written.filter_map(|id| state.posts.get(&id));
    posts.filter(|post| post.erased_at.is_none()).map(|post| post.id).take(limit).collect()
}

/// A post as a reader sees it.
pub(super) fn view(state: &State, post: &Post, place: Place) -> Result<PostView, StoreError> {
    let revisions = state.revisions.get(&post.id);
    let latest = revisions.and_then(|all| all.get(&post.revision));
    let latest = latest.ok_or_else(|| dangling("text of post", post.id))?;
    let tallies = state.index.tallies(post.id);
    Ok(PostView {
        post: post.clone(),
        body: latest.body.clone(),
        author: members::author(state, post.author)?,
        corrections: standing_corrections(state, post.id),
        tallies: tallies.map(|(key, count)| Tally { key: key.clone(), count }).collect(),
        place,
    })
}

fn unchecked(state: &State, post: &Post, place: Place) -> Result<Unchecked<PostView>, StoreError> {
    view(state, post, place).map(Unchecked::new)
}
