//! Visits: one row for each that was reported, and days that differ are what counts.

use std::collections::BTreeSet;

use community_core::{Action, Key, Slug, Viewer};
use serde_json::Value;

use super::{Act, Oracle, Result, not_found};
use crate::observe::Answer;

impl Oracle {
    pub(super) fn visit(&mut self, act: Act, community: &Slug) -> Answer {
        let community = self.community(act, community)?.id;
        if let Viewer::Member(id) = act.viewer {
            let day = i32::try_from(act.now.timestamp() / 86_400).unwrap_or(i32::MAX);
            self.waiting_visits.push((community, id, day));
        }
        Ok(Value::Null)
    }

    pub(super) fn visits(
        &self,
        act: Act,
        community: &Slug,
        key: &Key,
        from: i32,
        to: i32,
    ) -> Result<Vec<i32>> {
        let place = self.community(act, community)?.id;
        let found = self.members.iter().find(|member| member.key == *key);
        let own = found.is_some_and(|member| act.viewer == Viewer::Member(member.id));
        if !own {
            self.place_to(act, &Action::Manage, community, None)?;
        }
        let member = found.ok_or_else(|| not_found("member"))?.id;
        let of = self.visits.iter().filter(|(c, m, _)| (*c, *m) == (place, member));
        let days: BTreeSet<i32> = of.map(|(_, _, day)| *day).collect();
        Ok(days.into_iter().filter(|day| (from..=to).contains(day)).collect())
    }
}
