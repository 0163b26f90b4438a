//! A bar on standard error, when somebody looks at it.

use std::io::IsTerminal as _;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How far something has come. Draws nothing unless standard error is a terminal.
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// Of a known number of bytes.
    pub(crate) fn bytes(total: u64) -> Self {
        Self::styled(Some(total), "{bar:40} {bytes}/{total_bytes} {elapsed} {msg}")
    }

    /// Of nobody knows how many things.
    pub(crate) fn open() -> Self {
        Self::styled(None, "{spinner} {elapsed} {msg}")
    }

    fn styled(total: Option<u64>, template: &str) -> Self {
        let target = if std::io::stderr().is_terminal() {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(total, target);
        // The templates are constants; a bar of another style is not worth a failure.
        Self(match ProgressStyle::with_template(template) {
            Ok(style) => bar.with_style(style),
            Err(_) => bar,
        })
    }

    /// So far, and so many things.
    pub(crate) fn set(&self, position: u64, things: u64) {
        self.0.set_position(position);
        self.0.set_message(format!("{things} records"));
    }

    /// Wipes it away.
    pub(crate) fn finish(self) {
        self.0.finish_and_clear();
    }
}
