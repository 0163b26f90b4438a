//! The states of an article, and every step between them, as data.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The state of the latest version of an article.
///
/// What readers see is told by [`Article::shown`](super::Article::shown): they go on reading the
/// published version while a newer one is a draft or in review.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Being written.
    Draft,
    /// Waiting for a reviewer, or approved for a later time.
    InReview,
    /// To be read.
    Published,
    /// To be read, and to be looked at again.
    Stale,
    /// Out of use. Whoever comes is led to its redirect, if it has one.
    Archived,
}

impl State {
    /// All states.
    pub const ALL: [Self; 5] =
        [Self::Draft, Self::InReview, Self::Published, Self::Stale, Self::Archived];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::InReview => "in_review",
            Self::Published => "published",
            Self::Stale => "stale",
            Self::Archived => "archived",
        }
    }

    /// The state after a step.
    ///
    /// # Errors
    /// [`IllegalStep`] when the step cannot be taken from here.
    ///
    /// ```
    /// use community_knowledge::{State, Step};
    /// assert_eq!(State::InReview.after(Step::Approve)?, State::Published);
    /// let refused = State::Draft.after(Step::Approve).unwrap_err();
    /// assert_eq!(refused.to_string(), "an article that is `draft` cannot be approved");
    /// # Ok::<(), community_knowledge::IllegalStep>(())
    /// ```
    pub fn after(self, step: Step) -> Result<Self, IllegalStep> {
        TRANSITIONS
            .iter()
            .find(|known| known.from == self && known.step == step)
            .map(|known| known.to)
            .ok_or(IllegalStep { from: self, step })
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for State {
    type Err = community_core::Error;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|state| state.as_str() == text).ok_or_else(|| {
            community_core::Error::invalid(format!("there is no state `{}`", text.escape_debug()))
        })
    }
}

/// Something that is done to an article.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// A new version is written.
    Edit,
    /// The latest version is given to the reviewers.
    Submit,
    /// Its author takes it back from them.
    Recall,
    /// A reviewer sends it back.
    Reject,
    /// A reviewer lets it be published, now or at a time.
    Approve,
    /// Something happened that puts it in doubt.
    Doubt,
    /// A reviewer says that it still holds.
    Confirm,
    /// It is taken out of use.
    Archive,
    /// It is taken up again, as a draft.
    Restore,
}

impl Step {
    /// All steps.
    pub const ALL: [Self; 9] = [
        Self::Edit,
        Self::Submit,
        Self::Recall,
        Self::Reject,
        Self::Approve,
        Self::Doubt,
        Self::Confirm,
        Self::Archive,
        Self::Restore,
    ];

    /// What is done, as in "the article was ...".
    #[must_use]
    pub const fn done(self) -> &'static str {
        match self {
            Self::Edit => "edited",
            Self::Submit => "submitted",
            Self::Recall => "recalled",
            Self::Reject => "rejected",
            Self::Approve => "approved",
            Self::Doubt => "doubted",
            Self::Confirm => "confirmed",
            Self::Archive => "archived",
            Self::Restore => "restored",
        }
    }
}

/// One legal step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transition {
    /// The state before.
    pub from: State,
    /// What is done.
    pub step: Step,
    /// The state after.
    pub to: State,
}

const fn row(from: State, step: Step, to: State) -> Transition {
    Transition { from, step, to }
}

/// Every legal step. What is not here cannot be done.
pub const TRANSITIONS: &[Transition] = &[
    row(State::Draft, Step::Edit, State::Draft),
    row(State::Published, Step::Edit, State::Draft),
    row(State::Stale, Step::Edit, State::Draft),
    row(State::Draft, Step::Submit, State::InReview),
    row(State::InReview, Step::Recall, State::Draft),
    row(State::InReview, Step::Reject, State::Draft),
    row(State::InReview, Step::Approve, State::Published),
    row(State::Published, Step::Doubt, State::Stale),
    row(State::Published, Step::Confirm, State::Published),
    row(State::Stale, Step::Confirm, State::Published),
    row(State::Draft, Step::Archive, State::Archived),
    row(State::InReview, Step::Archive, State::Archived),
    row(State::Published, Step::Archive, State::Archived),
    row(State::Stale, Step::Archive, State::Archived),
    row(State::Archived, Step::Restore, State::Draft),
];

/// A step that cannot be taken from a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an article that is `{from}` cannot be {}", step.done())]
pub struct IllegalStep {
    /// The state.
    pub from: State,
    /// The step.
    pub step: Step,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The same rule as a grid, one line a state, one letter a step: the state after it.
    const GRID: [(State, &str); 5] = [
        // Edit, submit, recall, reject, approve, doubt, confirm, archive, restore.
        (State::Draft, "di-----a-"),
        (State::InReview, "--ddp--a-"),
        (State::Published, "d----spa-"),
        (State::Stale, "d-----pa-"),
        (State::Archived, "--------d"),
    ];

    #[test]
    fn every_step_from_every_state_is_legal_or_refused_as_the_grid_says() {
        let mut legal = 0;
        for (from, line) in GRID {
            for (step, letter) in Step::ALL.into_iter().zip(line.chars()) {
                let expected = match letter {
                    'd' => Ok(State::Draft),
                    'i' => Ok(State::InReview),
                    'p' => Ok(State::Published),
                    's' => Ok(State::Stale),
                    'a' => Ok(State::Archived),
                    _ => Err(IllegalStep { from, step }),
                };
                legal += usize::from(expected.is_ok());
                assert_eq!(from.after(step), expected, "{from} {step:?}");
            }
        }
        assert_eq!(legal, TRANSITIONS.len(), "no step is in the table twice");
    }

    #[test]
    fn a_name_reads_back() {
        for state in State::ALL {
            assert_eq!(state.as_str().parse::<State>().unwrap(), state);
            assert_eq!(serde_json::to_value(state).unwrap(), state.as_str());
        }
        assert!("new".parse::<State>().is_err());
    }

    proptest! {
        #[test]
        fn nothing_is_published_that_was_not_in_review_before(
            steps in prop::collection::vec(prop::sample::select(&Step::ALL[..]), 0..40),
        ) {
            let (mut state, mut reviewed) = (State::Draft, false);
            for step in steps {
                let Ok(next) = state.after(step) else { continue };
                reviewed |= next == State::InReview;
                if matches!(next, State::Draft) && step == Step::Restore {
                    reviewed = false;
                }
                prop_assert!(reviewed || !matches!(next, State::Published | State::Stale));
                state = next;
            }
        }
    }
}
