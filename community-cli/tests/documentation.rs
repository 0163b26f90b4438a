//! Every example in the documentation gives what it says.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

mod common;

use std::path::Path;
use std::process::Command;

use common::{NOW, Place};
use serde_json::Value;

const DOCUMENT: &str = include_str!("../src/docs/json.md");

/// A shell block, and the object that is said to come out of it.
struct Example<'a> {
    commands: &'a str,
    expected: Option<Value>,
}

fn examples() -> Vec<Example<'static>> {
    let mut examples: Vec<Example> = Vec::new();
    for block in DOCUMENT.split("```").skip(1).step_by(2) {
        if let Some(commands) = block.strip_prefix("sh\n") {
            examples.push(Example { commands, expected: None });
        } else if let Some(object) = block.strip_prefix("json\n") {
            let last = examples.last_mut().unwrap();
            assert!(last.expected.is_none(), "two objects for `{}`", last.commands);
            last.expected = Some(serde_json::from_str(object).unwrap());
        }
    }
    examples
}

/// Takes out what differs from run to run.
fn plain(value: Value) -> Value {
    match value {
        Value::String(text) => {
            let hex = |c: char| c.is_ascii_hexdigit() || c == '-';
            let is_id = text.len() == 36 && text.chars().all(hex);
            let is_cursor = [48, 96].contains(&text.len())
                && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
            if is_id {
                "<id>".into()
            } else if is_cursor {
                "<cursor>".into()
            } else {
                text.into()
            }
        }
        Value::Array(items) => items.into_iter().map(plain).collect(),
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, value)| match (name.as_str(), value) {
                ("bytes" | "checks", Value::Number(_)) => (name, "<number>".into()),
                (_, value) => (name, plain(value)),
            })
            .collect(),
        other => other,
    }
}

#[test]
fn every_example_gives_what_it_says() {
    let place = Place::new();
    let program = Path::new(env!("CARGO_BIN_EXE_community"));
    let path =
        format!("{}:{}", program.parent().unwrap().display(), std::env::var("PATH").unwrap());
    let examples = examples();
    assert!(examples.iter().filter(|example| example.expected.is_some()).count() > 25);
    for Example { commands, expected } in examples {
        let called = format!("community --json --now {NOW} ");
        let script: String = commands
            .lines()
            .map(|line| {
                line.replacen("community ", &called, usize::from(line.starts_with("community ")))
                    + "\n"
            })
            .collect();
        let output = Command::new("sh")
            .args(["-c", &script])
            .env("PATH", &path)
            .current_dir(place.dir())
            .output()
            .unwrap();
        let refused = expected.as_ref().is_some_and(|object| object.get("error").is_some());
        let (said, silent) =
            if refused { (output.stderr, output.stdout) } else { (output.stdout, output.stderr) };
        let said = String::from_utf8(said).unwrap();
        assert_eq!(output.status.success(), !refused, "{commands}{said}");
        assert_eq!(String::from_utf8(silent).unwrap(), "", "{commands}");
        if let Some(expected) = expected {
            let said: Value = serde_json::from_str(&said).unwrap();
            assert_eq!(plain(said), plain(expected), "{commands}");
        }
    }
}
