//! Members and memberships.

use community_core::change::{EntityRef, UniqueKey};
use community_core::fold::Folded;
use community_core::query::{NamePlace, Position};
use community_core::store::MemberRow;
use community_core::{Author, CommunityId, Key, Member, MemberId, Membership, StoreError};
use rustc_hash::FxHashSet;

use super::{behind, dangling};
use crate::state::State;

/// Members by id.
pub(super) fn by_id(state: &State, ids: &[MemberId]) -> Vec<Option<Member>> {
    ids.iter().map(|id| state.members.get(id).cloned()).collect()
}

/// Members by the host's key.
pub(super) fn by_key(state: &State, keys: &[Key]) -> Vec<Option<Member>> {
    let find = |key: &Key| match state.index.holder(&UniqueKey::Member(key.clone()))? {
        EntityRef::Member(id) => state.members.get(&id).cloned(),
        _ => None,
    };
    keys.iter().map(find).collect()
}

/// All memberships of a member.
pub(super) fn memberships(state: &State, member: MemberId) -> Vec<Membership> {
    state.memberships.get(&member).into_iter().flat_map(|all| all.values()).cloned().collect()
}

/// What members are in one community.
pub(super) fn memberships_in(
    state: &State,
    community: CommunityId,
    members: &[MemberId],
) -> Vec<Option<Membership>> {
    members.iter().map(|member| state.membership(community, *member).cloned()).collect()
}

/// Listed members who have joined, by the moment of joining.
pub(super) fn joined(
    state: &State,
    community: CommunityId,
    after: Option<Position>,
    limit: usize,
) -> Vec<MemberRow> {
    let after = after.map(|position| (position.key, MemberId::from_uuid(position.id)));
    let joined = state.index.joined(community);
    let rows = joined.into_iter().flat_map(|set| set.range(behind(after)));
    let rows = rows.filter_map(|(_, id)| {
        let member = state.members.get(id).filter(|member| member.listed)?.clone();
        let membership = state.membership(community, *id)?.clone();
        Some(MemberRow { member, membership })
    });
    rows.take(limit).collect()
}

/// Listed members who have joined and whose name or key begins so, each once.
pub(super) fn named(
    state: &State,
    community: CommunityId,
    begins: &Folded,
    limit: usize,
) -> Vec<MemberRow> {
    let mut seen = FxHashSet::default();
    let named = NamePlace::ALL.into_iter().flat_map(|place| {
        let names = state.index.names_from(community, place, begins.as_str());
        names.take_while(move |(at, text, _)| *at == place && text.starts_with(begins.as_str()))
    });
    let first = named.filter(|(_, _, id)| seen.insert(*id));
    let rows = first.filter_map(|(_, _, id)| {
        let member = state.members.get(id)?.clone();
        let membership = state.membership(community, *id)?.clone();
        Some(MemberRow { member, membership })
    });
    rows.take(limit).collect()
}

/// All members by id.
pub(super) fn all(state: &State, after: Option<MemberId>, limit: usize) -> Vec<Member> {
    let rows = state.members.range(behind(after));
    rows.take(limit).map(|(_, member)| member.clone()).collect()
}

/// What readers see of somebody who wrote something.
pub(super) fn author(state: &State, id: MemberId) -> Result<Author, StoreError> {
    state.members.get(&id).map(Author::from).ok_or_else(|| dangling("member", id))
}
