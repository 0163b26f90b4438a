//! Steps of visits in which topics are suggested. They go into the log and nowhere else: figures of
//! how many questions need not be asked are made of them later.

use crate::change::{EventKind, Expect};
use crate::domain::{HoldOut, SuggestionStep};
use crate::engine::{Session, command};
use crate::error::{Error, Result};
use crate::id::VisitId;
use crate::text::Slug;

/// A step of a visit, to be recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSuggestion {
    /// The key of the community in which somebody is about to ask.
    pub community: Slug,
    /// The visit; `None` begins a new one. Whoever counts, counts each visit once.
    pub visit: Option<VisitId>,
    /// Where the suggestions come from: `typing` for those beside a question that is being typed,
    /// `related` for those beside a topic, or a name of the host's choice. Sources are counted
    /// apart.
    pub source: Slug,
    /// Whether suggestions are held back from this visit, so that it shows what happens without
    /// them. Drawn by chance, once a visit, see [`HoldOut`], and said with each step. Such a visit
    /// records as [`Shown`](SuggestionStep::Shown) what would have been: otherwise the visits that
    /// are compared would not be of one sort.
    pub held_out: bool,
    /// What happened.
    pub step: SuggestionStep,
}

impl NewSuggestion {
    /// A step of a new visit that is not held out.
    #[must_use]
    pub fn new(community: Slug, source: Slug, step: SuggestionStep) -> Self {
        Self { community, visit: None, source, held_out: false, step }
    }

    /// The same in a visit that began earlier, or has an id of the host's.
    #[must_use]
    pub fn visit(mut self, id: VisitId) -> Self {
        self.visit = Some(id);
        self
    }

    /// The same in a visit that is drawn to have its suggestions, or to have them held back.
    #[must_use]
    pub fn drawn(mut self, id: VisitId, draw: &HoldOut) -> Self {
        self.visit = Some(id);
        self.held_out = draw.holds_out(id);
        self
    }

    /// The same in a visit from which suggestions are held back.
    #[must_use]
    pub fn held_out(mut self) -> Self {
        self.held_out = true;
        self
    }
}

impl Session {
    /// Records what happened when topics were suggested to somebody, in the order of the calls, and
    /// gives the visit, which later steps are to name. What was recorded is in the log, which the
    /// system reads.
    ///
    /// Whoever sees the community can be suggested something in it, with a name or without. Topics
    /// of other communities may be among the suggestions.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the community, or a topic that the step speaks of, does not exist
    /// for this viewer; [`Error::Limit`] for more topics than fit on a page.
    ///
    /// ```
    /// use community::{NewCommunity, NewSuggestion, Policy, SuggestionStep};
    ///
    /// # pollster::block_on(async {
    /// # let engine = community::in_memory();
    /// # let new = NewCommunity::new("garden".parse()?, "Garden".parse()?, Policy::public());
    /// # engine.as_system().create_community(new).await?;
    /// let visitor = engine.anonymous();
    /// let shown = SuggestionStep::Shown { topics: Vec::new() };
    /// let shown = NewSuggestion::new("garden".parse()?, "typing".parse()?, shown);
    /// let visit = visitor.record_suggestion(shown.clone()).await?;
    /// let step = SuggestionStep::Abandoned;
    /// visitor.record_suggestion(NewSuggestion { step, ..shown }.visit(visit)).await?;
    /// # Ok::<(), community::Error>(()) }).unwrap();
    /// ```
    pub async fn record_suggestion(&self, new: NewSuggestion) -> Result<VisitId> {
        let env = self.engine().env();
        env.limits().page(new.step.topics().len())?;
        let visit = command!(self, new, |rights| {
            let community = rights.community(&new.community)?;
            let topics = new.step.topics();
            let rows = self.engine().store().topics(topics, &rights.scope).await?;
            let seen = rights.scope.admit_all(rows.into_iter().flatten());
            if seen.len() < topics.len() {
                return Err(Error::NotFound("topic"));
            }
            let visit = new.visit.unwrap_or_else(|| VisitId::from_uuid(env.mint(rights.now)));
            let NewSuggestion { source, held_out, step, .. } = new.clone();
            let kind = EventKind::Suggested { visit, source, held_out, step };
            let mut changes = rights.changes();
            for row in &seen {
                changes.expect(Expect::Gate(row.topic.id, row.topic.gate));
            }
            changes.events.push(rights.event_in(kind, community));
            Ok((Some(visit.uuid()), changes))
        });
        visit.map(VisitId::from_uuid).ok_or(Error::NotFound("visit"))
    }
}
