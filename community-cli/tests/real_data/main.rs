//! Real communities, imported and read through the command line.
//!
//! The dumps and the reference lists computed from them are looked for in `../shared/data`, or where
//! `COMMUNITY_TEST_DATA` says; where they are absent the tests say so and pass.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]
#![allow(missing_docs, missing_debug_implementations, unreachable_pub, reason = "it is a test")]

mod dump;
mod feeds;
mod gaps;
mod kills;
mod knowledge;
mod standing;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// A dump with a data directory to import it into.
pub struct Site {
    pub name: &'static str,
    pub dump: PathBuf,
    pub expected: Value,
    pub feeds: Value,
    pub dir: tempfile::TempDir,
    pub data: PathBuf,
}

/// The two dumps.
pub const SITES: [&str; 2] = ["quantumcomputing", "bicycles-meta"];

impl Site {
    /// A dump that is not imported yet; `None` where the data is absent.
    pub fn new(name: &'static str) -> Option<Self> {
        let data = match std::env::var_os("COMMUNITY_TEST_DATA") {
            Some(data) => PathBuf::from(data),
            None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"),
        };
        let dump = data.join("stackexchange").join(name);
        if !dump.join("Posts.xml").exists() {
            eprintln!("ignored: there is no dump at {}", dump.display());
            return None;
        }
        let read = |file: String| -> Value {
            let text = std::fs::read(data.join("expected").join(file)).unwrap();
            serde_json::from_slice(&text).unwrap()
        };
        Some(Self {
            name,
            dump,
            expected: read(format!("{name}.json")),
            feeds: read(format!("feeds-{name}.json")),
            dir: tempfile::tempdir().unwrap(),
            data: data.clone(),
        })
    }

    /// A dump that is imported.
    pub fn imported(name: &'static str) -> Option<Self> {
        let site = Self::new(name)?;
        site.import();
        Some(site)
    }

    /// The command line on this site's data directory.
    pub fn community(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_community"));
        command.arg("--data").arg(self.dir.path().join("data")).arg("--json");
        command
    }

    /// Runs a command that has to succeed.
    pub fn run(&self, arguments: &[&str]) -> Value {
        let output = self.community().args(arguments).output().unwrap();
        parse(arguments, &output)
    }

    /// The import, ready to be run.
    pub fn importing(&self) -> Command {
        let mut command = self.community();
        command.args(["import", "stack-exchange"]).arg(&self.dump);
        command.args(["--community", self.name]);
        command
    }

    pub fn import(&self) -> Value {
        parse(&["import"], &self.importing().output().unwrap())
    }

    /// Everything, as lines.
    pub fn export(&self) -> Vec<u8> {
        let file = self.dir.path().join("export.jsonl");
        let mut command = self.community();
        command.args(["export", "jsonl", "--community", self.name]).arg(&file);
        parse(&["export"], &command.output().unwrap());
        std::fs::read(file).unwrap()
    }
}

fn parse(what: &[&str], output: &Output) -> Value {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{what:?}: {errors}");
    serde_json::from_slice(&output.stdout).unwrap()
}
