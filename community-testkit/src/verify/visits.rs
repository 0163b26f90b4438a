//! Visits: what is read by day is what is read by member.

use std::collections::BTreeMap;

use community_core::{CommunityId, MemberId, StoreError};

use super::{PAGE, Verifier};

impl Verifier<'_> {
    /// Checks the visits of every community.
    pub(super) async fn visits(&mut self) -> Result<(), StoreError> {
        let directory = self.directory;
        for community in directory.communities() {
            let subject = format!("visits of `{}`", community.key);
            self.visits_of(&subject, community.id).await?;
        }
        Ok(())
    }

    async fn visits_of(&mut self, subject: &str, of: CommunityId) -> Result<(), StoreError> {
        let mut days: BTreeMap<MemberId, Vec<i32>> = BTreeMap::new();
        let mut after: Option<(i32, MemberId)> = None;
        loop {
            let page = self.store.visits_by_day(of, after, PAGE).await?;
            let is_last = page.len() < PAGE;
            for place in page {
                let is_behind = after.is_none_or(|after| place > after);
                self.holds("visits are in order", subject, "places that rise", is_behind, place);
                if !is_behind {
                    return Ok(());
                }
                after = Some(place);
                days.entry(place.1).or_default().push(place.0);
            }
            if is_last {
                break;
            }
        }
        self.exist(subject, days.keys().copied().collect::<Vec<_>>());
        let known: Vec<MemberId> = self.seen.authors.keys().copied().collect();
        for members in known.chunks(PAGE) {
            let found = self.store.visits(of, members, 0, i32::MAX).await?;
            for (member, found) in members.iter().zip(found) {
                let subject = format!("{member} in {subject}");
                let expected = days.remove(member).unwrap_or_default();
                self.same("a member's visits are those of the days", &subject, &found, &expected);
            }
        }
        Ok(())
    }
}
