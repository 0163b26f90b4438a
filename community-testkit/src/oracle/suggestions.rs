//! Steps of visits in which topics were suggested: each looked up in the log by itself.

use community_core::{
    Action, CommunityId, EventKind, Slug, SuggestionStep, Timestamp, VisitId, VisitStep,
    VisitStepKind,
};

use super::{Act, Oracle, Result};

impl Oracle {
    pub(super) fn suggestion_steps(
        &self,
        act: Act,
        community: &Slug,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<VisitStep>> {
        let (community, _) = self.place_to(act, &Action::Manage, community, None)?;
        let steps = self.all_steps(community.id);
        let mut numbers: Vec<VisitId> = Vec::new();
        let mut told = Vec::new();
        for (visit, step) in &steps {
            let of_visit = steps.iter().filter(|(other, _)| other == visit);
            let began = of_visit.map(|(_, step)| step.at).min();
            if began.is_none_or(|began| began < from || began >= to) {
                continue;
            }
            if !numbers.contains(visit) {
                numbers.push(*visit);
            }
            let number = numbers.iter().position(|known| known == visit).unwrap_or_default();
            told.push(VisitStep { visit: number, ..step.clone() });
        }
        Ok(told)
    }

    fn all_steps(&self, community: CommunityId) -> Vec<(VisitId, VisitStep)> {
        let mut steps = Vec::new();
        for event in self.events.iter().filter(|event| event.event.community == Some(community)) {
            let EventKind::Suggested { visit, source, held_out, step } = &event.event.kind else {
                continue;
            };
            let step = match step {
                SuggestionStep::Shown { topics } => {
                    VisitStepKind::Shown { found: !topics.is_empty() }
                }
                SuggestionStep::Opened { .. } => VisitStepKind::Opened,
                SuggestionStep::Rated { helpful, .. } => VisitStepKind::Rated { helpful: *helpful },
                SuggestionStep::Abandoned => VisitStepKind::Abandoned,
                SuggestionStep::Posted { .. } => VisitStepKind::Posted,
            };
            let (at, source, held_out) = (event.event.at, source.clone(), *held_out);
            steps.push((*visit, VisitStep { visit: 0, at, source, held_out, step }));
        }
        steps
    }
}
