//! Input that is well formed and makes no sense: lines whose fields hold what they should not, and
//! rows of a dump with spoilt values. It is taken, or refused in words, and never a panic.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that meets the unexpected has to fail"
)]

use std::fmt::Write as _;
use std::fs;
use std::sync::Arc;

use community_core::entropy::{Entropy, SeededEntropy};
use community_core::record::Record;
use community_core::{Engine, Error, Limits, Slug};
use community_import::jsonl;
use community_import::stack_exchange::{Dump, DumpError, MAX_DEPTH, MAX_ROW, XmlProblem};
use community_store_memory::MemoryStore;
use pollster::block_on;
use serde_json::Value;

/// How many bad inputs of each sort.
const MANY: usize = 10_000;

/// Choices that follow from a seed.
struct Dice(SeededEntropy);

impl Dice {
    fn new(seed: u64) -> Self {
        Self(SeededEntropy::new(seed))
    }

    fn below(&mut self, bound: usize) -> usize {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        let number = u64::from_le_bytes(bytes) % u64::try_from(bound).unwrap();
        usize::try_from(number).unwrap()
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

/// The examples of the documentation: a record of every type.
fn examples() -> Vec<Value> {
    let page = include_str!("../src/docs/jsonl.md");
    let blocks = page.split("```json\n").skip(1);
    let lines = blocks.flat_map(|block| block.split("```").next().unwrap().lines());
    lines.map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Values that some fields take, and most do not.
fn odd_values() -> Vec<Value> {
    let mut values: Vec<Value> = [
        "null",
        "true",
        "0",
        "-1",
        "1",
        "4294967296",
        "9223372036854775807",
        "-9223372036854775808",
        "18446744073709551615",
        "1e300",
        "0.5",
        "\"\"",
        "\" \"",
        "\"a\"",
        "\"\\u0000\"",
        "\"自転車\"",
        "\"\\u202e\"",
        "\"1969-12-31T23:59:59Z\"",
        "\"2200-01-01T00:00:00Z\"",
        "\"9999-12-31T23:59:59Z\"",
        "\"2026-02-30T00:00:00Z\"",
        "\"everyone\"",
        "\"not not members\"",
        "\"question\"",
        "\"up\"",
        "\"opening\"",
        "\"removed\"",
        "\"topic:1\"",
        "\"question:12\"",
        "\"user:4\"",
        "[]",
        "[[]]",
        "[\"a\",\"a\"]",
        "{}",
        "{\"a\":{\"b\":[1]}}",
        "[null]",
    ]
    .iter()
    .map(|text| serde_json::from_str(text).unwrap())
    .collect();
    values.push(Value::String("x".repeat(300_000)));
    values.push(Value::String("(".repeat(5_000)));
    values
}

/// Puts an odd value, or one from somewhere else, in one place of a record.
fn spoil(dice: &mut Dice, record: &mut Value, odd: &[Value], examples: &[Value]) {
    let object = record.as_object_mut().unwrap();
    let fields: Vec<String> = object.keys().filter(|field| *field != "type").cloned().collect();
    let field = dice.pick(&fields).clone();
    match dice.below(5) {
        0 => drop(object.remove(&field)),
        1 => {
            let other = dice.pick(examples).as_object().unwrap();
            let values: Vec<&Value> = other.values().collect();
            object.insert(field, (*dice.pick(&values)).clone());
        }
        2 => {
            let other = object[dice.pick(&fields)].clone();
            object.insert(field, other);
        }
        _ => drop(object.insert(field, dice.pick(odd).clone())),
    }
}

#[test]
fn ten_thousand_records_that_make_no_sense_are_imported_or_refused() {
    let engine = Engine::new(Arc::new(MemoryStore::new()));
    let host = engine.as_system();
    let examples = examples();
    let odd = odd_values();
    let community: Slug = "garden".parse().unwrap();
    let mut dice = Dice::new(1);
    let (mut unread, mut refused, mut taken) = (0, 0, 0);
    for _ in 0..MANY {
        let mut record = dice.pick(&examples).clone();
        for _ in 0..=dice.below(2) {
            spoil(&mut dice, &mut record, &odd, &examples);
        }
        let line = serde_json::to_string(&record).unwrap();
        let record = match jsonl::read(line.as_bytes(), &Limits::default()).next().unwrap() {
            Ok((_, record)) => record,
            Err(error) => {
                assert!(error.to_string().starts_with("line 1: "), "{error}");
                unread += 1;
                continue;
            }
        };
        match block_on(host.import(&community, None, std::slice::from_ref(&record))) {
            Ok(_) => taken += 1,
            Err(Error::Record { number: 1, source }) => {
                let known = matches!(
                    *source,
                    Error::Invalid(_) | Error::Limit(_) | Error::NotFound(_) | Error::Conflict(_)
                );
                assert!(known, "{record:?}: {source:?}");
                refused += 1;
            }
            Err(Error::Invalid(_) | Error::Limit(_) | Error::NotFound(_) | Error::Conflict(_)) => {
                refused += 1;
            }
            Err(other) => panic!("{record:?}: {other:?}"),
        }
    }
    let all = [unread, refused, taken];
    assert!(all.iter().all(|count| *count > MANY / 50), "{all:?}");
}

/// What attributes of rows may hold, most of it not where it should.
const VALUES: [&str; 31] = [
    "",
    " ",
    "0",
    "1",
    "2",
    "9223372036854775807",
    "10",
    "11",
    "-1",
    "x",
    "99999999999999999999",
    "1e9",
    "&lt;b&gt;",
    "&lt;brakes&gt;&lt;&gt;",
    "|brakes||",
    "2010-02-01T10:00:00.000",
    "2010-02-30T10:00:00.000",
    "1969-01-01T00:00:00.000",
    "2300-01-01T00:00:00.000",
    "2010-02-01",
    "&#x202E;",
    "&#0;",
    "&#xD800;",
    "&amp;amp;",
    "&nothing;",
    "&#x41;",
    "自転車",
    "Question",
    "é&#x301;",
    "\u{FEFF}",
    "6",
];

/// The attributes that rows of these tables have.
const TABLES: [(&str, &[&str]); 7] = [
    ("Users", &["Id", "CreationDate", "DisplayName", "Location", "WebsiteUrl", "AboutMe"]),
    ("Tags", &["Id", "TagName", "Count", "ExcerptPostId", "WikiPostId"]),
    (
        "Posts",
        &[
            "Id",
            "PostTypeId",
            "ParentId",
            "AcceptedAnswerId",
            "CreationDate",
            "Score",
            "ViewCount",
            "Body",
            "OwnerUserId",
            "OwnerDisplayName",
            "LastEditDate",
            "Title",
            "Tags",
            "ClosedDate",
            "AnswerCount",
            "CommentCount",
            "LastActivityDate",
        ],
    ),
    ("Comments", &["Id", "PostId", "Score", "Text", "CreationDate", "UserId", "UserDisplayName"]),
    (
        "PostHistory",
        &[
            "Id",
            "PostHistoryTypeId",
            "PostId",
            "RevisionGUID",
            "CreationDate",
            "UserId",
            "Comment",
            "Text",
        ],
    ),
    ("Votes", &["Id", "PostId", "VoteTypeId", "CreationDate", "UserId"]),
    ("PostLinks", &["Id", "CreationDate", "PostId", "RelatedPostId", "LinkTypeId"]),
];

/// A value that its attribute mostly takes.
fn likely(attribute: &str, number: usize) -> String {
    match attribute {
        "Id" => number.to_string(),
        "PostTypeId" => (1 + number % 2).to_string(),
        "VoteTypeId" | "LinkTypeId" | "PostHistoryTypeId" => (1 + number % 3).to_string(),
        "ParentId" | "PostId" | "RelatedPostId" | "AcceptedAnswerId" => {
            (number / 2 * 2).to_string()
        }
        "UserId" | "OwnerUserId" => (1 + number % 5).to_string(),
        name if name.ends_with("Date") => "2010-02-01T10:00:00.000".to_owned(),
        "Tags" => "&lt;brakes&gt;".to_owned(),
        "TagName" => "brakes".to_owned(),
        name if name.ends_with("Count") || name == "Score" => "1".to_owned(),
        name => format!("{name} {number}"),
    }
}

/// A dump of rows of which every second one is spoilt.
fn spoilt_dump(dice: &mut Dice, rows: usize, values: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (table, attributes) in TABLES {
        let root = table.to_lowercase();
        let mut text = format!("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<{root}>\n");
        for number in 0..rows {
            text.push_str("  <row");
            for attribute in attributes {
                let value = match dice.below(12) {
                    0 => continue,
                    1 => (*dice.pick(values)).to_owned(),
                    _ => likely(attribute, number),
                };
                write!(text, " {attribute}=\"{value}\"").unwrap();
            }
            text.push_str(" />\n");
        }
        writeln!(text, "</{root}>").unwrap();
        fs::write(folder.path().join(format!("{table}.xml")), text).unwrap();
    }
    folder
}

#[test]
fn ten_thousand_rows_that_make_no_sense_are_imported_or_refused() {
    // Without what is no XML, which ends a file.
    let values: Vec<&str> =
        VALUES.into_iter().filter(|v| !["&#0;", "&#xD800;", "&nothing;"].contains(v)).collect();
    let mut dice = Dice::new(2);
    let engine = Engine::new(Arc::new(MemoryStore::new()));
    let host = engine.as_system();
    let (mut rows, mut taken, mut refused) = (0, 0, 0);
    while rows < MANY {
        let folder = spoilt_dump(&mut dice, 100, &values);
        rows += 100 * TABLES.len();
        let mut records = Dump::open(folder.path()).unwrap().records(&Limits::default());
        let read: Vec<Record> = records.by_ref().map(|record| record.unwrap()).collect();
        refused += records.report().refused.len();
        let community: Slug = format!("dump-{rows}").parse().unwrap();
        match block_on(host.import(&community, None, &read)) {
            Ok(done) => taken += done.changed,
            // Two comments with one id, of which only the engine knows both.
            Err(Error::Record { source, .. }) => {
                assert!(matches!(*source, Error::Invalid(_)), "{source:?}");
            }
            Err(other) => panic!("{other:?}"),
        }
    }
    assert!(taken > MANY / 20 && refused > MANY / 20, "{taken} taken, {refused} refused");
}

#[test]
fn a_row_that_is_no_xml_ends_its_dump_with_a_typed_error() {
    let mut dice = Dice::new(3);
    let mut errors = 0;
    for _ in 0..MANY / 50 {
        let folder = spoilt_dump(&mut dice, 10, &VALUES);
        let read: Vec<Result<Record, DumpError>> =
            Dump::open(folder.path()).unwrap().records(&Limits::default()).collect();
        for (at, record) in read.iter().enumerate() {
            if let Err(error) = record {
                assert!(matches!(error, DumpError::Xml { .. }), "{error:?}");
                assert_eq!(at + 1, read.len(), "nothing comes behind an error");
                errors += 1;
            }
        }
    }
    assert!(errors > MANY / 200, "{errors} errors");
}

#[test]
fn a_dump_that_is_nested_or_endless_is_refused_on_a_stack_of_a_quarter_of_a_megabyte() {
    const STACK: usize = 256 * 1024;
    let work = || {
        let problem = |posts: &str| {
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join("Users.xml"), "<users></users>").unwrap();
            fs::write(folder.path().join("Posts.xml"), posts).unwrap();
            let mut records = Dump::open(folder.path()).unwrap().records(&Limits::default());
            match records.find_map(Result::err) {
                Some(DumpError::Xml { problem, .. }) => problem,
                other => panic!("{other:?}"),
            }
        };
        let deep = format!("<posts>{}", "<row>".repeat(100_000));
        assert!(matches!(problem(&deep), XmlProblem::TooDeep));
        let deep = format!("<posts>{}", "<a>".repeat(MAX_DEPTH + 1));
        assert!(matches!(problem(&deep), XmlProblem::TooDeep));
        let long = format!("<posts><row Body=\"{}\" /></posts>", "x".repeat(MAX_ROW + 1));
        assert!(matches!(problem(&long), XmlProblem::RowTooLarge));
        let entities = "<!DOCTYPE posts [<!ENTITY a \"aaaa\">]><posts></posts>";
        assert!(matches!(problem(entities), XmlProblem::DocumentType));
        let many: String = (0..10_000).fold(String::new(), |mut text, number| {
            write!(text, " a{number}=\"1\"").unwrap();
            text
        });
        let many = format!("<posts><row{many} /></posts>");
        assert!(matches!(problem(&many), XmlProblem::TooManyAttributes));
    };
    std::thread::Builder::new().stack_size(STACK).spawn(work).unwrap().join().unwrap();
}
