//! Members and memberships.

use std::collections::BTreeMap;

use community_core::store::{Store, StoreError};
use community_core::{CommunityId, Directory, MemberId};

use super::{PAGE, Report};

pub(super) async fn verify(
    store: &dyn Store,
    directory: &Directory,
    report: &mut Report,
) -> Result<(), StoreError> {
    let mut joined: BTreeMap<CommunityId, u64> = BTreeMap::new();
    let mut after: Option<MemberId> = None;
    loop {
        let page = store.members_by_id(after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        for member in page {
            let by_key = store.members_by_key(std::slice::from_ref(&member.key)).await?;
            let found = by_key.into_iter().flatten().map(|found| found.id).next();
            report.equal("a member is found by its key", &member.key, &Some(member.id), &found);
            for membership in store.memberships(member.id).await? {
                let known = directory.community(membership.community).is_some();
                report.holds("a membership is of a community", &member.key, known);
                for grant in &membership.roles {
                    let here = grant.channel.is_none_or(|channel| {
                        directory
                            .channel(channel)
                            .is_some_and(|entry| entry.channel.community == membership.community)
                    });
                    report.holds("a role is for a channel of its community", &member.key, here);
                }
                if membership.joined_at.is_some() {
                    *joined.entry(membership.community).or_default() += 1;
                }
            }
        }
    }
    for community in directory.communities() {
        let expected = joined.get(&community.id).copied().unwrap_or_default();
        let found = store.member_count(community.id).await?;
        report.equal("members of a community", &community.key, &expected, &found);
    }
    Ok(())
}
