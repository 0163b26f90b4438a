//! What no library of ours may say in its source.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::fs;
use std::path::{Path, PathBuf};

/// Whatever in the index library takes a text apart as a query or as a pattern. Its parsers panicked
/// and looped on hostile texts before: what people type goes through the grammar of the core.
const PARSERS: &[&str] = &[
    "QueryParser",
    "query_grammar",
    "query_parser",
    "parse_query",
    "RegexQuery",
    "RegexPhraseQuery",
    "from_pattern",
    // Would hide the names above.
    "tantivy::*",
    "tantivy::query::*",
];

/// Lines of code, with their numbers, that name a parser of the index library.
fn parsers_in(source: &str) -> Vec<(usize, String)> {
    let is_code = |line: &str| !line.trim_start().starts_with("//");
    let names_one = |line: &str| PARSERS.iter().any(|parser| line.contains(parser));
    let lines = (1..).zip(source.lines()).filter(|(_, line)| is_code(line) && names_one(line));
    lines.map(|(number, line)| (number, line.to_owned())).collect()
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn what_people_type_never_reaches_the_parser_of_the_index_library() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = Vec::new();
    for entry in fs::read_dir(&root).unwrap() {
        let folder = entry.unwrap().path();
        let is_ours =
            folder.file_name().is_some_and(|name| name.to_string_lossy().starts_with("community"));
        if is_ours && folder.join("src").is_dir() {
            sources(&folder.join("src"), &mut files);
        }
    }
    let uses_the_library =
        |file: &&PathBuf| fs::read_to_string(file).unwrap().contains("tantivy::");
    assert!(files.iter().filter(uses_the_library).count() > 10, "the walk sees the sources at all");
    for file in files {
        let found = parsers_in(&fs::read_to_string(&file).unwrap());
        assert!(found.is_empty(), "{}: {found:?}", file.display());
    }
}

#[test]
fn a_source_that_uses_the_parser_is_caught() {
    for line in [
        "use tantivy::query::{Query, QueryParser};",
        "let query = tantivy::query_grammar::parse_query(text)?;",
        "let words = RegexQuery::from_pattern(text, field)?;",
        "use tantivy::query::*;",
    ] {
        assert_eq!(parsers_in(&format!("fn f() {{\n    {line}\n}}")).len(), 1, "{line}");
    }
    assert!(
        parsers_in("/// Not the library's `QueryParser`.\nuse tantivy::query::Query;").is_empty()
    );
}
