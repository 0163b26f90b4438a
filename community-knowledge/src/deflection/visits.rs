//! Visits, put together from their steps.
//!
//! What is known of a visit does not depend on the order in which its steps are told, nor on how
//! often: each step only adds to it. So a visit counts once whatever repeats, comes late or comes
//! out of order.

use std::collections::{BTreeMap, BTreeSet};

use community_core::{Slug, Timestamp, VisitStep, VisitStepKind};

/// Visits, each with everything that is known of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Visits {
    visits: BTreeMap<usize, Visit>,
}

impl Visits {
    /// Takes a step into account.
    pub fn add(&mut self, step: &VisitStep) {
        let VisitStep { visit, at, source, held_out, step } = step;
        let visit = self.visits.entry(*visit).or_insert_with(|| Visit::new(*at));
        visit.began = visit.began.min(*at);
        visit.sources.insert(source.clone());
        if *held_out {
            visit.held_out = true;
        } else {
            visit.not_held_out = true;
        }
        match step {
            VisitStepKind::Shown { found } => visit.offered |= found,
            VisitStepKind::Opened => visit.opened = true,
            VisitStepKind::Rated { helpful: true } => visit.helpful = true,
            VisitStepKind::Rated { helpful: false } => visit.unhelpful = true,
            VisitStepKind::Abandoned => visit.abandoned = true,
            VisitStepKind::Posted => visit.posted = true,
        }
    }

    /// All visits, by number.
    pub fn iter(&self) -> impl Iterator<Item = &Visit> {
        self.visits.values()
    }
}

impl<'a> FromIterator<&'a VisitStep> for Visits {
    fn from_iter<I: IntoIterator<Item = &'a VisitStep>>(steps: I) -> Self {
        let mut visits = Self::default();
        steps.into_iter().for_each(|step| visits.add(step));
        visits
    }
}

/// A visit: one wish to ask something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    began: Timestamp,
    sources: BTreeSet<Slug>,
    held_out: bool,
    not_held_out: bool,
    offered: bool,
    opened: bool,
    helpful: bool,
    unhelpful: bool,
    abandoned: bool,
    posted: bool,
}

/// On which side of the comparison a visit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// Suggestions are shown.
    Shown,
    /// Suggestions are held back.
    HeldOut,
    /// Its steps do not agree, so it belongs to neither.
    Mixed,
}

impl Visit {
    fn new(began: Timestamp) -> Self {
        Self {
            began,
            sources: BTreeSet::new(),
            held_out: false,
            not_held_out: false,
            offered: false,
            opened: false,
            helpful: false,
            unhelpful: false,
            abandoned: false,
            posted: false,
        }
    }

    /// The earliest moment that is known of it.
    #[must_use]
    pub fn began(&self) -> Timestamp {
        self.began
    }

    /// Where its suggestions came from: one source as a rule.
    #[must_use]
    pub fn sources(&self) -> &BTreeSet<Slug> {
        &self.sources
    }

    /// Its side.
    #[must_use]
    pub fn side(&self) -> Side {
        match (self.held_out, self.not_held_out) {
            (true, true) => Side::Mixed,
            (true, false) => Side::HeldOut,
            (false, _) => Side::Shown,
        }
    }

    /// Whether there was something to suggest. Until then nothing differs between the sides, so
    /// that only such visits are compared: the others would hide the difference behind their
    /// number.
    #[must_use]
    pub fn offered(&self) -> bool {
        self.offered
    }

    /// Whether a suggestion was opened.
    #[must_use]
    pub fn opened(&self) -> bool {
        self.opened
    }

    /// Whether something was said to be of help.
    #[must_use]
    pub fn helpful(&self) -> bool {
        self.helpful
    }

    /// Whether something was said to be of no help.
    #[must_use]
    pub fn unhelpful(&self) -> bool {
        self.unhelpful
    }

    /// Whether the question was posted, whatever was said before.
    #[must_use]
    pub fn posted(&self) -> bool {
        self.posted
    }

    /// Whether it was given up, and not taken up again.
    #[must_use]
    pub fn abandoned(&self) -> bool {
        self.abandoned && !self.posted
    }
}
