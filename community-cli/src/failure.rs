//! Errors, as the program reports them.

use std::error::Error as StdError;
use std::io::Write as _;
use std::process::ExitCode;

use community::{Decision, Error, OpenError, StoreError, TextError};
use community_import::jsonl::{LineError, LineProblem};
use community_import::stack_exchange::DumpError;
use community_import::{ExportError, LoadError};
use serde::Serialize;

pub(crate) type Result<T, E = Failure> = std::result::Result<T, E>;

/// What is printed on standard error, and the code that the program ends with.
#[derive(Debug, Serialize)]
pub(crate) struct Failure {
    kind: &'static str,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    decision: Option<Box<Decision>>,
    #[serde(skip)]
    code: u8,
    /// What is printed for people, when that is more than the message.
    #[serde(skip)]
    text: Option<String>,
}

/// The object on standard error.
#[derive(Serialize)]
struct Reported<'a> {
    error: &'a Failure,
}

const INPUT: u8 = 2;
const REFUSED: u8 = 3;
const STORE: u8 = 4;

impl Failure {
    fn new(kind: &'static str, code: u8, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), decision: None, code, text: None }
    }

    /// Something in the arguments or in a file that makes no sense.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new("invalid", INPUT, message)
    }

    /// Prints it.
    pub(crate) fn report(&self, json: bool) -> ExitCode {
        let mut out = std::io::stderr().lock();
        let text = match serde_json::to_string(&Reported { error: self }) {
            Ok(text) if json => text,
            _ => self.text.clone().unwrap_or_else(|| format!("error: {}", self.message)),
        };
        // Nobody is left to be told when standard error is closed.
        let _ = writeln!(out, "{}", text.trim_end());
        ExitCode::from(self.code)
    }
}

/// An error with its causes.
fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        // An error that is shown as its cause says everything once.
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        next = cause.source();
    }
    text
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let (kind, code) = match &error {
            Error::NotFound(_) => ("not_found", REFUSED),
            Error::Denied(_) => ("denied", REFUSED),
            Error::Invalid(_) | Error::Record { .. } => ("invalid", INPUT),
            Error::Limit(_) | Error::NewMember { .. } | Error::DayFull { .. } => ("limit", INPUT),
            Error::Conflict(_) | Error::Contended => ("conflict", INPUT),
            Error::Erased(_) => ("erased", INPUT),
            _ => ("store", STORE),
        };
        let failure = Self::new(kind, code, chain(&error));
        match error {
            Error::Denied(decision) => Self { decision: Some(decision), ..failure },
            _ => failure,
        }
    }
}

impl From<community::knowledge::Error> for Failure {
    fn from(error: community::knowledge::Error) -> Self {
        match error {
            community::knowledge::Error::Engine(error) => error.into(),
            community::knowledge::Error::OwnWork => Self::new("denied", REFUSED, chain(&error)),
            other => Self::new("conflict", INPUT, chain(&other)),
        }
    }
}

impl From<TextError> for Failure {
    fn from(error: TextError) -> Self {
        Self::invalid(error.to_string())
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Error::from(error).into()
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        match &error {
            OpenError::Missing { .. } => {
                Self::invalid(format!("{error}: create it with `community init`"))
            }
            _ => Self::new("store", STORE, chain(&error)),
        }
    }
}

impl From<LoadError> for Failure {
    fn from(error: LoadError) -> Self {
        let message = error.to_string();
        match error {
            LoadError::Record { source, .. } => Self { message, ..Self::from(source) },
            LoadError::Engine(error) => error.into(),
            _ => Self::new("store", STORE, message),
        }
    }
}

impl From<ExportError> for Failure {
    fn from(error: ExportError) -> Self {
        match error {
            ExportError::Engine(error) => error.into(),
            _ => Self::invalid(chain(&error)),
        }
    }
}

impl From<LineError> for Failure {
    fn from(error: LineError) -> Self {
        let kind = match &error.problem {
            LineProblem::TooLong(_) => "limit",
            _ => "invalid",
        };
        Self::new(kind, INPUT, error.to_string())
    }
}

impl From<DumpError> for Failure {
    fn from(error: DumpError) -> Self {
        Self::invalid(chain(&error))
    }
}

impl From<clap::Error> for Failure {
    fn from(error: clap::Error) -> Self {
        // The first paragraph says what is wrong, the others how the program is called.
        let text = error.to_string();
        let first = text.split("\n\n").next().unwrap_or_default().trim();
        let message = first.strip_prefix("error: ").unwrap_or(first);
        Self { text: Some(text.clone()), ..Self::new("invalid", INPUT, message) }
    }
}
