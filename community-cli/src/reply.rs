//! What a command answers: an object with two forms.

use std::fmt::Display;
use std::io::{self, Write as _};
use std::process::ExitCode;

use serde::Serialize;

use crate::failure::{Failure, Result};

/// What a command prints on standard output, and nothing else.
pub(crate) struct Reply {
    object: Option<Box<dyn Object>>,
    code: ExitCode,
}

impl Reply {
    /// An object: printed as JSON, or as its text.
    pub(crate) fn new(object: impl Serialize + Display + 'static) -> Self {
        Self { object: Some(Box::new(object)), code: ExitCode::SUCCESS }
    }

    /// Nothing: the command has written its own output.
    pub(crate) fn written() -> Self {
        Self { object: None, code: ExitCode::SUCCESS }
    }

    /// The same, with the exit code that says that something was found.
    pub(crate) fn with_findings(self) -> Self {
        Self { code: ExitCode::from(1), ..self }
    }

    /// Prints it.
    pub(crate) fn print(self, json: bool) -> Result<ExitCode> {
        if let Some(object) = self.object {
            let text = if json { object.json()? } else { object.text() };
            let mut out = io::stdout().lock();
            let text = text.trim_end_matches('\n');
            match writeln!(out, "{text}").and_then(|()| out.flush()) {
                // Whoever reads has read enough.
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
                Err(error) => return Err(Failure::invalid(format!("standard output: {error}"))),
                Ok(()) => {}
            }
        }
        Ok(self.code)
    }
}

trait Object {
    fn json(&self) -> Result<String>;
    fn text(&self) -> String;
}

impl<T: Serialize + Display> Object for T {
    fn json(&self) -> Result<String> {
        serde_json::to_string(self).map_err(|error| Failure::invalid(error.to_string()))
    }

    fn text(&self) -> String {
        let mut text = self.to_string();
        // What people wrote is shown, not obeyed: a text may not move the terminal's cursor.
        if text.chars().any(is_unsafe) {
            text = text.chars().map(|c| if is_unsafe(c) { '\u{FFFD}' } else { c }).collect();
        }
        text
    }
}

fn is_unsafe(c: char) -> bool {
    c.is_control() && c != '\n' && c != '\t'
}
