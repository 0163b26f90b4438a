//! The program, run in a directory of its own.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    reason = "each test file uses a part of it"
)]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// The time that it is in every run, unless a test says otherwise.
pub(crate) const NOW: &str = "2026-03-02T09:00:00Z";

/// A directory with data in `data`.
pub(crate) struct Place {
    dir: TempDir,
}

/// What a run gave.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    /// A directory with the community `garden`: the channels `help` and `office` (for employees),
    /// and the members `ana` and `ed`, who is an employee.
    pub(crate) fn garden() -> Self {
        let place = Self::new();
        place.ok("init garden --name Garden");
        place.ok("channel add garden help");
        place.ok("channel add garden office --policy employees");
        for key in ["ana", "ed"] {
            place.ok(&format!("member sync {key} --name {key}"));
            place.ok(&format!("--as {key} member join garden"));
        }
        place.ok("member role garden ed employee");
        place
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The program, with arguments that a shell would split like this: at spaces, except in
    /// single quotes.
    pub(crate) fn run(&self, arguments: &str) -> Run {
        self.run_with(arguments, "")
    }

    pub(crate) fn run_with(&self, arguments: &str, input: &str) -> Run {
        let mut words: Vec<String> = Vec::new();
        for (at, part) in arguments.split('\'').enumerate() {
            if at % 2 == 1 {
                words.push(part.to_owned());
            } else {
                words.extend(part.split_whitespace().map(str::to_owned));
            }
        }
        if !words.iter().any(|word| word == "--now") {
            words.extend(["--now".to_owned(), NOW.to_owned()]);
        }
        let mut child = Command::new(env!("CARGO_BIN_EXE_community"))
            .args(words)
            .current_dir(self.dir.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A program that refuses its arguments does not read its input.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        Run {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// What a run prints that has to succeed.
    pub(crate) fn ok(&self, arguments: &str) -> String {
        self.run(arguments).done(arguments)
    }

    /// The object that a run prints that has to succeed.
    pub(crate) fn json(&self, arguments: &str) -> Value {
        let out = self.ok(&format!("--json {arguments}"));
        assert_eq!(out.lines().count(), 1, "one object on one line: {out}");
        serde_json::from_str(&out).unwrap()
    }

    /// Code, kind and message of a run that has to fail.
    pub(crate) fn refused(&self, arguments: &str) -> (i32, String, String) {
        let run = self.run(&format!("--json {arguments}"));
        assert_eq!(run.out, "", "{arguments}: nothing on standard output");
        let error: Value =
            serde_json::from_str(&run.err).unwrap_or_else(|_| panic!("{arguments}: {:?}", run.err));
        let text = |field: &str| error["error"][field].as_str().unwrap().to_owned();
        (run.code, text("kind"), text("message"))
    }

    /// Lines as a file.
    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }
}

impl Run {
    pub(crate) fn done(self, arguments: &str) -> String {
        assert_eq!((self.code, self.err.as_str()), (0, ""), "{arguments}: {}", self.out);
        self.out
    }
}

/// A field of each item of a list.
pub(crate) fn each<'a>(list: &'a Value, field: &str) -> Vec<&'a str> {
    list.as_array().unwrap().iter().map(|item| item[field].as_str().unwrap()).collect()
}
