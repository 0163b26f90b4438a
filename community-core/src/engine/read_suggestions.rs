//! What became of suggestions: the steps of visits, for whoever manages a community. What is not
//! here: figures. They are made of the steps elsewhere, by formulas that may change.

use std::ops::Range;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::Engine;
use super::read::Read;
use super::session::{Session, reading};
use crate::change::{Event, EventKind, Seq};
use crate::domain::SuggestionStep;
use crate::error::Result;
use crate::id::{CommunityId, VisitId};
use crate::policy::Action;
use crate::text::Slug;
use crate::time::Timestamp;

/// A step of a visit in which topics were suggested, without the topics and without a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VisitStep {
    /// The number of the visit in this report, from 0, in the order in which they stand in the log.
    pub visit: usize,
    /// When.
    pub at: Timestamp,
    /// Where the suggestions came from.
    pub source: Slug,
    /// Whether suggestions are said to be held back from the visit.
    pub held_out: bool,
    /// What happened.
    #[serde(flatten)]
    pub step: VisitStepKind,
}

/// What happened in a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum VisitStepKind {
    /// Topics were looked for, and shown unless the visit was held out.
    Shown {
        /// Whether there were any.
        found: bool,
    },
    /// One of them was opened.
    Opened,
    /// Somebody said whether a topic was of help.
    Rated {
        /// Whether it was.
        helpful: bool,
    },
    /// The visit ended, and nothing was posted.
    Abandoned,
    /// The question was posted all the same.
    Posted,
}

impl From<&SuggestionStep> for VisitStepKind {
    fn from(step: &SuggestionStep) -> Self {
        match step {
            SuggestionStep::Shown { topics } => Self::Shown { found: !topics.is_empty() },
            SuggestionStep::Opened { topic: _ } => Self::Opened,
            SuggestionStep::Rated { topic: _, helpful } => Self::Rated { helpful: *helpful },
            SuggestionStep::Abandoned => Self::Abandoned,
            SuggestionStep::Posted { topic: _ } => Self::Posted,
        }
    }
}

/// What is read at once.
const PAGE: usize = 500;

impl Session {
    /// All steps of the visits to a community that began in a window, its end not included, in the
    /// order of the log. A visit begins at the earliest moment of any of its steps, wherever that
    /// step stands; its later ones come too, so that the visits of windows side by side are each in
    /// one of them.
    ///
    /// To those who manage the community. They learn that there were visits and how they went on,
    /// also of visits about topics that they may not read; they do not learn which topics, nor who
    /// it was. A report: it takes as long as reading the log of the community twice does, and holds
    /// what it gives.
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::Error::NotFound),
    /// [`Error::Denied`](crate::Error::Denied) without the right to manage;
    /// [`Error::Limit`](crate::Error::Limit) for more steps than a report may have.
    ///
    /// ```
    /// use community::{NewCommunity, NewSuggestion, Policy, SuggestionStep, VisitStepKind};
    ///
    /// # pollster::block_on(async {
    /// # let engine = community::in_memory();
    /// # let new = NewCommunity::new("garden".parse()?, "Garden".parse()?, Policy::public());
    /// # engine.as_system().create_community(new).await?;
    /// let garden = "garden".parse()?;
    /// let step = NewSuggestion::new("garden".parse()?, "typing".parse()?, SuggestionStep::Abandoned);
    /// engine.anonymous().record_suggestion(step).await?;
    ///
    /// let now = engine.env().now();
    /// let today = now - chrono::Duration::days(1)..now + chrono::Duration::days(1);
    /// let steps = engine.as_system().suggestion_steps(&garden, today.clone()).await?;
    /// assert_eq!((steps[0].visit, steps[0].step), (0, VisitStepKind::Abandoned));
    /// assert!(engine.anonymous().suggestion_steps(&garden, today).await.is_err());
    /// # Ok::<(), community::Error>(()) }).unwrap();
    /// ```
    pub async fn suggestion_steps(
        &self,
        community: &Slug,
        window: Range<Timestamp>,
    ) -> Result<Vec<VisitStep>> {
        reading!(self, Read::Suggestions, |rights| {
            let (community, _) = rights.place_to(&Action::Manage, community, None)?;
            let steps = self.engine().visits_begun(community.id, &window).await?;
            self.require_current(&rights).await?;
            Ok(steps)
        })
    }
}

/// A visit that has a step in the window.
struct Visit {
    /// The earliest moment of its steps.
    began: Timestamp,
    /// Its number, once it has one.
    number: Option<usize>,
}

impl Engine {
    /// Two walks along the log: which visits began in the window is known at the end of the first,
    /// and only theirs is kept in the second. A list of all visits there ever were would grow for
    /// ever.
    async fn visits_begun(
        &self,
        community: CommunityId,
        window: &Range<Timestamp>,
    ) -> Result<Vec<VisitStep>> {
        let limits = self.env().limits();
        let mut visits: FxHashMap<VisitId, Visit> = FxHashMap::default();
        let (mut after, mut page) = (Seq(0), self.log_page(community, Seq(0)).await?);
        while let Some(last) = page.last() {
            after = last.seq;
            for (visit, step) in page.iter().filter_map(suggested) {
                if window.contains(&step.at) {
                    visits.entry(visit).or_insert(Visit { began: step.at, number: None });
                }
            }
            limits.report_steps(visits.len())?;
            page = self.log_page(community, after).await?;
        }
        // What comes in meanwhile is for the next report.
        let (end, mut steps) = (after, Vec::new());
        page = self.log_page(community, Seq(0)).await?;
        'walk: while let Some(last) = page.last() {
            after = last.seq;
            for event in &page {
                if event.seq > end {
                    break 'walk;
                }
                let Some((id, step)) = suggested(event) else { continue };
                let Some(visit) = visits.get_mut(&id) else { continue };
                visit.began = visit.began.min(step.at);
                if visit.began < window.start {
                    visits.remove(&id);
                    continue;
                }
                steps.push((id, step));
                limits.report_steps(steps.len())?;
            }
            page = self.log_page(community, after).await?;
        }
        let mut count = 0;
        let numbered = steps.into_iter().filter_map(|(id, step)| {
            let visit = visits.get_mut(&id)?;
            let number = *visit.number.get_or_insert_with(|| {
                count += 1;
                count - 1
            });
            Some(VisitStep { visit: number, ..step })
        });
        Ok(numbered.collect())
    }

    async fn log_page(&self, community: CommunityId, after: Seq) -> Result<Vec<Event>> {
        Ok(self.store().events_of(community, after, PAGE).await?)
    }
}

/// The step that an event tells of, its visit without a number yet.
fn suggested(event: &Event) -> Option<(VisitId, VisitStep)> {
    let EventKind::Suggested { visit, source, held_out, step } = &event.event.kind else {
        return None;
    };
    let (at, source) = (event.event.at, source.clone());
    Some((*visit, VisitStep { visit: 0, at, source, held_out: *held_out, step: step.into() }))
}
