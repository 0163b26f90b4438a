//! Seeded leaks: each is one that another system had, and each has to be found.

use community_core::{Engine, Viewer};
use serde_json::Value;

use crate::differential::{Backend, Fault, honest};
use crate::observe::{Answer, Question, Refusal};

/// A leak that is put into a store, or in front of the engine where a store cannot cause it: what
/// the engine lets out it checks a second time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leak {
    /// One list forgets to ask what its viewer may see.
    DroppedPredicate,
    /// Counts are taken over everything.
    CountOverEverything,
    /// An error names a channel that its viewer does not see.
    ErrorNamesHiddenChannel,
    /// A cursor holds the id of a topic that its viewer does not see.
    CursorHoldsHiddenId,
    /// The list of labels has those that do not exist for its viewer.
    LabelListWithHidden,
    /// The facets of a search are counted over everything that it finds.
    FacetsOfEverything,
    /// The total of a search is that of everything that it finds.
    TotalOfEverything,
    /// Who sees a topic sees everything that an extension keeps about it.
    DocumentsOfEverybody,
    /// The leaderboard of a hidden channel or label can be read.
    BoardOfHiddenPlace,
    /// Who has chosen not to be on leaderboards is on them.
    BoardWithOptedOut,
    /// Steps of visits are told to whoever asks.
    StepsToEverybody,
}

impl Leak {
    /// All leaks.
    pub const ALL: [Self; 11] = [
        Self::DroppedPredicate,
        Self::CountOverEverything,
        Self::ErrorNamesHiddenChannel,
        Self::CursorHoldsHiddenId,
        Self::LabelListWithHidden,
        Self::FacetsOfEverything,
        Self::TotalOfEverything,
        Self::DocumentsOfEverybody,
        Self::BoardOfHiddenPlace,
        Self::BoardWithOptedOut,
        Self::StepsToEverybody,
    ];

    pub(super) fn into_backend(self, backend: Backend) -> Backend {
        match self {
            Self::DroppedPredicate => backend.behind(links_of_everybody),
            Self::CountOverEverything => backend.with_fault(Fault::CountsEverything),
            Self::ErrorNamesHiddenChannel => backend.behind(telling_errors),
            Self::CursorHoldsHiddenId => backend.with_fault(Fault::CursorHoldsHiddenId),
            Self::LabelListWithHidden => backend.behind(all_labels),
            Self::FacetsOfEverything => backend.behind(all_facets),
            Self::TotalOfEverything => backend.behind(all_in_total),
            Self::DocumentsOfEverybody => backend.behind(notes_of_everybody),
            Self::BoardOfHiddenPlace => backend.behind(any_board),
            Self::BoardWithOptedOut => backend.with_fault(Fault::ForgetsChoices),
            Self::StepsToEverybody => backend.behind(all_steps),
        }
    }
}

/// Who knows the name of a community is told the steps of its visits.
fn all_steps(engine: &Engine, viewer: Viewer, question: &Question) -> Answer {
    match question {
        Question::SuggestionSteps(..) => honest(engine, Viewer::System, question),
        _ => honest(engine, viewer, question),
    }
}

/// Who sees a topic sees all of its links.
fn links_of_everybody(engine: &Engine, viewer: Viewer, question: &Question) -> Answer {
    let answer = honest(engine, viewer, question)?;
    match question {
        Question::Links { .. } => honest(engine, Viewer::System, question),
        _ => Ok(answer),
    }
}

/// Who sees a topic sees all notes beside it.
fn notes_of_everybody(engine: &Engine, viewer: Viewer, question: &Question) -> Answer {
    let answer = honest(engine, viewer, question)?;
    match question {
        Question::NotesBeside { .. } => honest(engine, Viewer::System, question),
        _ => Ok(answer),
    }
}

/// A channel that is there and hidden is called by its name.
fn telling_errors(engine: &Engine, viewer: Viewer, question: &Question) -> Answer {
    honest(engine, viewer, question).map_err(|refusal| {
        let Question::Can(_, _, Some(channel)) = question else { return refusal };
        if honest(engine, Viewer::System, question).is_err() {
            return refusal;
        }
        Refusal { text: format!("{}: `{channel}`", refusal.text), ..refusal }
    })
}

/// The labels of a community as the system sees them, each with a count of zero if it is hidden.
fn all_labels(engine: &Engine, viewer: Viewer, question: &Question) -> Answer {
    let answer = honest(engine, viewer, question)?;
    let (Question::Labels(_), Value::Array(seen)) = (question, &answer) else { return Ok(answer) };
    let Ok(Value::Array(all)) = honest(engine, Viewer::System, question) else {
        return Ok(answer);
    };
    let listed = all.into_iter().map(|mut label| {
        let known = seen.iter().find(|known| known.get("key") == label.get("key"));
        if let Some(topics) = label.get_mut("topics") {
            *topics = known.and_then(|known| known.get("topics")).cloned().unwrap_or(0.into());
        }
        label
    });
    Ok(Value::Array(listed.collect()))
}

/// Who sees a community sees all of its leaderboards.
fn any_board(engine: &Engine, viewer: Viewer, question: &Question) -> Answer {
    let answer = honest(engine, viewer, question);
    match (question, &answer) {
        (Question::Leaderboard(query), Err(Refusal { kind: "not_found", .. })) => {
            honest(engine, viewer, &Question::Community(query.community.clone()))?;
            honest(engine, Viewer::System, question)
        }
        _ => answer,
    }
}

fn all_facets(engine: &Engine, viewer: Viewer, question: &Question) -> Answer {
    as_the_system_sees_it("facets", engine, viewer, question)
}

fn all_in_total(engine: &Engine, viewer: Viewer, question: &Question) -> Answer {
    as_the_system_sees_it("total", engine, viewer, question)
}

/// What a search finds for its viewer, with one part of what it finds for the system.
fn as_the_system_sees_it(
    part: &str,
    engine: &Engine,
    viewer: Viewer,
    question: &Question,
) -> Answer {
    let mut answer = honest(engine, viewer, question)?;
    if let Question::Search(_) = question
        && let Some(own) = answer.get_mut(part)
        && let Some(all) = honest(engine, Viewer::System, question)?.get(part)
    {
        *own = all.clone();
    }
    Ok(answer)
}
