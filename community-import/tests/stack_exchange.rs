//! Dumps of a few rows, written here: what becomes of what, and what is refused.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that meets the unexpected has to fail"
)]

use std::collections::BTreeMap;
use std::fs;

use community_core::Limits;
use community_core::record::Record;
use community_import::jsonl;
use community_import::stack_exchange::{Dump, DumpError, Report, Table, XmlProblem};
use proptest::prelude::*;
use tempfile::TempDir;

/// A dump with at least one of everything that needs care.
fn sample() -> BTreeMap<Table, String> {
    let rows: &[(Table, &[&str])] = &[
        (
            Table::Users,
            &[
                r#"Id="-1" CreationDate="2010-01-01T00:00:00.000" DisplayName="Community" Reputation="1""#,
                r#"Id="1" CreationDate="2010-01-02T03:04:05.678" DisplayName="Ada" Location="Turin" WebsiteUrl="" AboutMe="&lt;p&gt;Hi&lt;/p&gt;""#,
                r#"Id="2" CreationDate="2010-01-03T00:00:00.000" DisplayName="&#x202E;""#,
                r#"Id="2" CreationDate="2010-01-03T00:00:00.000" DisplayName="twice""#,
                r#"Id="3" CreationDate="1969-01-03T00:00:00.000" DisplayName="too early""#,
            ],
        ),
        (
            Table::Tags,
            &[
                r#"Id="1" TagName="brakes" Count="1" ExcerptPostId="90" WikiPostId="91""#,
                r#"Id="2" TagName="Bike Shops" Count="1""#,
                r#"Id="3" TagName="()" Count="1""#,
            ],
        ),
        (
            Table::Posts,
            &[
                r#"Id="10" PostTypeId="1" AcceptedAnswerId="11" CreationDate="2010-02-01T10:00:00.000" Score="1" ViewCount="7" Body="&lt;p&gt;Now&lt;/p&gt;&#xA;" OwnerUserId="1" LastActivityDate="2010-03-01T00:00:00.000" LastEditDate="2010-02-09T00:00:00.000" LastEditorUserId="2" Title="Why&#x9;now?" Tags="&lt;brakes&gt;&lt;Bike Shops&gt;" AnswerCount="2" CommentCount="1" ContentLicense="CC BY-SA 3.0""#,
                r#"Id="11" PostTypeId="2" ParentId="10" CreationDate="2010-02-01T11:00:00.000" Score="0" Body="Because" OwnerDisplayName="Gast" LastActivityDate="2010-02-02T00:00:00.000" LastEditDate="2010-02-02T00:00:00.000" LastEditorDisplayName="Gast" CommentCount="1""#,
                r#"Id="12" PostTypeId="2" ParentId="10" CreationDate="2010-02-01T12:00:00.000" Score="-1" Body="No" OwnerUserId="77" OwnerDisplayName="Gone" CommentCount="0""#,
                r#"Id="20" PostTypeId="1" AcceptedAnswerId="12" CreationDate="2010-02-03T00:00:00.000" Score="0" Body="Second" Title="Second" Tags="|brakes|" ClosedDate="2010-02-04T00:00:00.000" AnswerCount="0" CommentCount="0""#,
                r#"Id="30" PostTypeId="1" CreationDate="2010-02-05T00:00:00.000" Score="5" Body=" " Title="Nothing in it" Tags="" OwnerUserId="1""#,
                r#"Id="31" PostTypeId="2" ParentId="30" CreationDate="2010-02-06T00:00:00.000" Score="0" Body="To nothing" OwnerUserId="1""#,
                r#"Id="32" PostTypeId="2" ParentId="999" CreationDate="2010-02-06T00:00:00.000" Score="0" Body="To nobody" OwnerUserId="1""#,
                r#"Id="33" PostTypeId="2" ParentId="11" CreationDate="2010-02-06T00:00:00.000" Score="0" Body="To an answer" OwnerUserId="1""#,
                r#"Id="10" PostTypeId="1" CreationDate="2010-02-01T10:00:00.000" Score="0" Body="Twice" Title="Twice" OwnerUserId="1""#,
                r#"Id="90" PostTypeId="4" CreationDate="2010-02-06T00:00:00.000" Score="0" Body="What stops you" OwnerUserId="1""#,
                r#"Id="91" PostTypeId="5" CreationDate="2010-02-06T00:00:00.000" Score="0" Body="At length" OwnerUserId="1""#,
                r#"Id="x" PostTypeId="1" Body="?" Title="?""#,
            ],
        ),
        (
            Table::Comments,
            &[
                r#"Id="5" PostId="10" Score="2" Text="Good question" CreationDate="2010-02-02T00:00:00.000" UserId="2""#,
                r#"Id="6" PostId="11" Score="0" Text="And who are you?" CreationDate="2010-02-02T01:00:00.000""#,
                r#"Id="7" PostId="30" Score="0" Text="Lost" CreationDate="2010-02-02T01:00:00.000" UserId="2""#,
            ],
        ),
        (
            Table::PostHistory,
            &[
                r#"Id="1" PostHistoryTypeId="2" PostId="10" RevisionGUID="a" CreationDate="2010-02-01T10:00:00.000" UserId="1" Text="Then""#,
                r#"Id="2" PostHistoryTypeId="1" PostId="10" RevisionGUID="a" CreationDate="2010-02-01T10:00:00.000" UserId="1" Text="Why then?""#,
                r#"Id="3" PostHistoryTypeId="2" PostId="11" RevisionGUID="b" CreationDate="2010-02-01T11:00:00.000" UserDisplayName="Gast" Text="Because""#,
                r#"Id="4" PostHistoryTypeId="3" PostId="10" RevisionGUID="a" CreationDate="2010-02-01T10:00:00.000" UserId="1" Text="&lt;brakes&gt;""#,
                r#"Id="5" PostHistoryTypeId="6" PostId="10" RevisionGUID="c" CreationDate="2010-02-03T10:00:00.000" UserId="2" Comment="one more tag" Text="&lt;brakes&gt;&lt;Bike Shops&gt;""#,
                r#"Id="6" PostHistoryTypeId="24" PostId="10" RevisionGUID="c" CreationDate="2010-02-03T10:00:00.000" Comment="Proposed by 2""#,
                r#"Id="7" PostHistoryTypeId="5" PostId="10" RevisionGUID="d" CreationDate="2010-02-04T10:00:00.000" UserDisplayName="Gast" Comment="newer" Text="Now""#,
                r#"Id="8" PostHistoryTypeId="10" PostId="20" RevisionGUID="e" CreationDate="2010-02-04T10:00:00.000" Comment="101""#,
                r#"Id="9" PostHistoryTypeId="2" PostId="30" RevisionGUID="f" CreationDate="2010-02-04T10:00:00.000" Text="x""#,
                r#"Id="10" PostHistoryTypeId="2" PostId="91" RevisionGUID="g" CreationDate="2010-02-04T10:00:00.000" Text="x""#,
            ],
        ),
        (
            Table::Votes,
            &[
                r#"Id="1" PostId="10" VoteTypeId="2" CreationDate="2010-02-01T00:00:00.000""#,
                r#"Id="2" PostId="10" VoteTypeId="2" CreationDate="2010-02-02T00:00:00.000""#,
                r#"Id="3" PostId="12" VoteTypeId="3" CreationDate="2010-02-02T00:00:00.000""#,
                r#"Id="4" PostId="10" VoteTypeId="3" CreationDate="2010-02-03T00:00:00.000""#,
                r#"Id="5" PostId="11" VoteTypeId="1" CreationDate="2010-02-04T00:00:00.000""#,
                r#"Id="6" PostId="12" VoteTypeId="1" CreationDate="2010-02-03T00:00:00.000""#,
                r#"Id="7" PostId="10" VoteTypeId="5" CreationDate="2010-02-03T00:00:00.000" UserId="1""#,
                r#"Id="8" PostId="999" VoteTypeId="2" CreationDate="2010-02-03T00:00:00.000""#,
                r#"Id="9" PostId="30" VoteTypeId="2" CreationDate="2010-02-03T00:00:00.000""#,
                r#"Id="10" PostId="91" VoteTypeId="16" CreationDate="2010-02-03T00:00:00.000""#,
                r#"Id="11" PostId="10" VoteTypeId="8" CreationDate="2010-02-04T00:00:00.000" UserId="1" BountyAmount="50""#,
                r#"Id="12" PostId="999" VoteTypeId="8" CreationDate="2010-02-04T00:00:00.000" UserId="2" BountyAmount="75""#,
                r#"Id="13" PostId="11" VoteTypeId="9" CreationDate="2010-02-06T00:00:00.000" BountyAmount="50""#,
                r#"Id="14" PostId="12" VoteTypeId="9" CreationDate="2010-02-06T00:00:00.000""#,
            ],
        ),
        (
            Table::PostLinks,
            &[
                r#"Id="1" CreationDate="2010-02-05T00:00:00.000" PostId="20" RelatedPostId="10" LinkTypeId="3""#,
                r#"Id="2" CreationDate="2010-02-06T00:00:00.000" PostId="12" RelatedPostId="20" LinkTypeId="1""#,
                r#"Id="3" CreationDate="2010-02-07T00:00:00.000" PostId="10" RelatedPostId="20" LinkTypeId="1""#,
                r#"Id="4" CreationDate="2010-02-07T00:00:00.000" PostId="10" RelatedPostId="11" LinkTypeId="1""#,
                r#"Id="5" CreationDate="2010-02-07T00:00:00.000" PostId="10" RelatedPostId="999" LinkTypeId="1""#,
            ],
        ),
    ];
    let text = |table: Table, rows: &[&str]| {
        let root = table.as_str().to_lowercase();
        let rows: String = rows.iter().map(|row| format!("  <row {row} />\r\n")).collect();
        format!("\u{FEFF}<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<{root}>\r\n{rows}</{root}>")
    };
    rows.iter().map(|(table, rows)| (*table, text(*table, rows))).collect()
}

fn folder(files: &BTreeMap<Table, impl AsRef<[u8]>>) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (table, bytes) in files {
        fs::write(folder.path().join(format!("{table}.xml")), bytes).unwrap();
    }
    folder
}

fn import(files: &BTreeMap<Table, impl AsRef<[u8]>>) -> (Vec<Result<Record, DumpError>>, Report) {
    let folder = folder(files);
    let mut records = Dump::open(folder.path()).unwrap().records(&Limits::default());
    let all = records.by_ref().collect();
    (all, records.report().clone())
}

const EXPECTED: &str = r#"
{"type":"member","key":"user:-1","name":"Community","created_at":"2010-01-01T00:00:00Z"}
{"type":"membership","member":"user:-1","joined_at":"2010-01-01T00:00:00Z"}
{"type":"member","key":"user:1","name":"Ada","profile":{"about":"<p>Hi</p>","location":"Turin"},"created_at":"2010-01-02T03:04:05.678Z"}
{"type":"membership","member":"user:1","joined_at":"2010-01-02T03:04:05.678Z"}
{"type":"member","key":"user:2","name":"user 2","created_at":"2010-01-03T00:00:00Z"}
{"type":"membership","member":"user:2","joined_at":"2010-01-03T00:00:00Z"}
{"type":"label","key":"brakes","description":"What stops you"}
{"type":"label","key":"bike-shops","name":"Bike Shops"}
{"type":"channel","key":"questions","name":"Questions","position":0,"policy":{},"settings":{},"created_at":"2010-01-01T00:00:00Z"}
{"type":"member","key":"guest:Gast","name":"Gast","listed":false,"created_at":"2010-01-01T00:00:00Z"}
{"type":"topic","key":"question:10","channel":"questions","title":"Why now?","body":"<p>Now</p>\n","kind":"question","labels":["brakes","bike-shops"],"author":"user:1","status":"open","created_at":"2010-02-01T10:00:00Z","bumped_at":"2010-03-01T00:00:00Z","revision":3,"edited_at":"2010-02-04T10:00:00Z","editor":"guest:Gast","reason":"newer"}
{"type":"views","topic":"question:10","day":0,"views":7}
{"type":"member","key":"guest:unknown","name":"unknown","listed":false,"created_at":"2010-01-01T00:00:00Z"}
{"type":"topic","key":"question:20","channel":"questions","title":"Second","body":"Second","kind":"question","labels":["brakes"],"author":"guest:unknown","status":"closed","created_at":"2010-02-03T00:00:00Z"}
{"type":"post","key":"answer:11","topic":"question:10","kind":"answer","body":"Because","author":"guest:Gast","bumps":false,"accepted_later":true,"created_at":"2010-02-01T11:00:00Z","edited_at":"2010-02-02T00:00:00Z","editor":"guest:Gast"}
{"type":"member","key":"user:77","name":"Gone","listed":false,"created_at":"2010-01-01T00:00:00Z"}
{"type":"post","key":"answer:12","topic":"question:10","kind":"answer","body":"No","author":"user:77","bumps":false,"created_at":"2010-02-01T12:00:00Z"}
{"type":"post","key":"comment:5","topic":"question:10","parent":"question:10","kind":"reply","body":"Good question","author":"user:2","bumps":false,"created_at":"2010-02-02T00:00:00Z"}
{"type":"member","key":"voter:1","name":"Voter 1","listed":false,"created_at":"2010-01-01T00:00:00Z"}
{"type":"reaction","post":"comment:5","member":"voter:1","key":"up","at":"2010-02-02T00:00:00Z"}
{"type":"member","key":"voter:2","name":"Voter 2","listed":false,"created_at":"2010-01-01T00:00:00Z"}
{"type":"reaction","post":"comment:5","member":"voter:2","key":"up","at":"2010-02-02T00:00:00Z"}
{"type":"post","key":"comment:6","topic":"question:10","parent":"answer:11","kind":"reply","body":"And who are you?","author":"guest:unknown","bumps":false,"created_at":"2010-02-02T01:00:00Z"}
{"type":"revision","post":"question:10","number":1,"body":"Then","title":"Why then?","labels":["brakes"],"editor":"user:1","at":"2010-02-01T10:00:00Z"}
{"type":"revision","post":"question:10","number":2,"body":"Then","title":"Why then?","labels":["brakes","bike-shops"],"editor":"user:2","at":"2010-02-03T10:00:00Z","reason":"one more tag"}
{"type":"reaction","post":"question:10","member":"voter:1","key":"up","at":"2010-02-01T00:00:00Z"}
{"type":"reaction","post":"question:10","member":"voter:2","key":"up","at":"2010-02-02T00:00:00Z"}
{"type":"reaction","post":"answer:12","member":"voter:1","key":"down","at":"2010-02-02T00:00:00Z"}
{"type":"member","key":"voter:3","name":"Voter 3","listed":false,"created_at":"2010-01-01T00:00:00Z"}
{"type":"reaction","post":"question:10","member":"voter:3","key":"down","at":"2010-02-03T00:00:00Z"}
{"type":"acceptance","post":"answer:11","by":"user:1","at":"2010-02-04T00:00:00Z"}
{"type":"grant","key":"bounty:11","member":"user:1","reason":"bounty-offered","points":-50,"post":"question:10","at":"2010-02-04T00:00:00Z"}
{"type":"grant","key":"bounty:12","member":"user:2","reason":"bounty-offered","points":-75,"at":"2010-02-04T00:00:00Z"}
{"type":"grant","key":"bounty:13","member":"guest:Gast","reason":"bounty-won","points":50,"post":"answer:11","at":"2010-02-06T00:00:00Z"}
{"type":"link","from":"question:20","to":"question:10","kind":"duplicate","at":"2010-02-05T00:00:00Z"}
{"type":"link","from":"question:10","to":"question:20","kind":"related","at":"2010-02-06T00:00:00Z"}
"#;

const EXPECTED_REPORT: &str = "\
mapped
         1  accepted answers
         2  answers
         2  bounties offered
         1  bounties won
         1  closed questions
         2  comments
         1  days of acceptance
         1  descriptions of labels
         1  duplicates
         2  earlier revisions
         2  guests
         2  labels
         1  links
         2  points of comments
         2  questions
         1  questions with views
         3  users
         1  users who are mentioned only
         3  voters
         2  votes down
         2  votes up
checked
         2  number of answers of a question and its answers: equal; 0 different
         4  number of comments of a post and its comments: equal; 0 different
         4  score of a post and its votes: equal; 0 different
left out
         1  Comments: the post was not taken over
         1  PostHistory: closed, is not a text
         1  PostHistory: suggested edit applied, is not a text
         1  PostHistory: the post is neither question nor answer
         1  PostHistory: the post was not taken over
         1  PostLinks: from a topic to itself
         1  PostLinks: the post is not in the dump
         1  PostLinks: the topics are linked already
         1  Posts.AcceptedAnswerId: the question has no such answer
         2  Posts.AnswerCount: follows from answers
         4  Posts.CommentCount: follows from comments
         1  Posts.ContentLicense: posts carry no licence of their own
         1  Posts.LastActivityDate: activity is kept for topics only
         1  Posts.OwnerDisplayName: the author has a name
         4  Posts.Score: follows from votes
         1  Posts: answer: the post is not in the dump
         1  Posts: answer: the post was not taken over
         1  Posts: tag wiki, has no counterpart
         1  Posts: the id was there before
         2  Tags.Count: follows from topics
         1  Tags.WikiPostId: labels have a description only
         1  Users.Reputation: follows from votes
         1  Users: the id was there before
         1  Votes: acceptance: it was taken back
         1  Votes: approved edit suggestion: the post is neither question nor answer
         1  Votes: bounty close: nobody won it
         1  Votes: favourite: has no counterpart
         1  Votes: up: the post is not in the dump
         1  Votes: up: the post was not taken over
refused
            post:x: Id is not a number
            user:3: CreationDate is not a time of the years 1970 to 2199
            tag:3: `()` cannot be a label
            question:30: a body may not be empty
            answer:33: post 11 is not a question
notes
            Badges.xml is not there
            earlier revisions are Markdown, the latest ones are HTML
            the name of user:2 was cleaned of what a name may not have
            the tag `Bike Shops` became the label `bike-shops`
";

#[test]
fn every_row_becomes_a_record_or_a_line_of_the_report() {
    let (records, report) = import(&sample());
    let mut lines = Vec::new();
    for record in records {
        jsonl::write(&mut lines, &record.unwrap()).unwrap();
    }
    let text = String::from_utf8(lines).unwrap();
    for (got, expected) in text.lines().zip(EXPECTED.trim_start().lines()) {
        assert_eq!(got, expected);
    }
    assert_eq!(text, EXPECTED.trim_start());
    assert_eq!(report.to_string(), EXPECTED_REPORT);
    assert!(serde_json::to_value(&report).unwrap()["mapped"]["questions"] == 2);
}

#[test]
fn a_text_over_its_limit_is_refused_with_all_that_hangs_on_it() {
    let mut files = sample();
    let body = "x".repeat(Limits::default().body + 1);
    let posts = files.get_mut(&Table::Posts).unwrap();
    *posts = posts.replace("Body=\"Because\"", &format!("Body=\"{body}\""));
    let (records, report) = import(&files);
    let mut lines = Vec::new();
    for record in records {
        jsonl::write(&mut lines, &record.unwrap()).unwrap();
    }
    let text = String::from_utf8(lines).unwrap();
    for key in ["answer:11", "comment:6"] {
        assert!(!text.contains(&format!("\"{key}\"")), "{key}");
    }
    let refused = report.refused.iter().find(|refused| refused.key == "answer:11").unwrap();
    assert_eq!(refused.reason, "a body exceeds the limit of 131072 bytes");
    assert_eq!(report.dropped["Comments: the post was not taken over"], 2);
    assert_eq!(report.dropped["Votes: acceptance: the post was not taken over"], 1);
    assert_eq!(report.dropped["Posts.AcceptedAnswerId: the question has no such answer"], 2);
}

#[test]
fn only_the_latest_revisions_are_kept_where_there_are_too_many() {
    let mut files = sample();
    let history = files.get_mut(&Table::PostHistory).unwrap();
    let rows: String = (0..205)
        .map(|n| {
            format!(
                "<row Id=\"{n}\" PostHistoryTypeId=\"5\" PostId=\"12\" {} \
                 CreationDate=\"2011-01-01T00:00:00\" UserId=\"1\" Text=\"Text {n}\"/>",
                // A row without a GUID is a revision of its own.
                if n % 2 == 0 { format!("RevisionGUID=\"r{n}\"") } else { String::new() }
            )
        })
        .collect();
    *history = format!("<posthistory>{rows}</posthistory>");
    let (records, report) = import(&files);
    let records: Vec<Record> = records.into_iter().map(Result::unwrap).collect();
    let revisions: Vec<(u32, &str)> = records
        .iter()
        .filter_map(|record| match record {
            Record::Revision(revision) => Some((revision.number, revision.body.as_str())),
            _ => None,
        })
        .collect();
    assert_eq!(revisions.len(), 199);
    assert_eq!(revisions[0], (1, "Text 5"));
    assert_eq!(revisions[198], (199, "Text 203"));
    assert!(records.iter().any(|record| match record {
        Record::Post(post) => post.key == *"answer:12" && post.revision == 200 && post.body == "No",
        _ => false,
    }));
    let dropped = "PostHistory: revisions before the first known text or over the limit";
    assert_eq!(report.dropped[dropped], 5);
}

#[test]
fn posts_and_users_have_to_be_there_and_the_rest_may_be() {
    let mut files = sample();
    files.retain(|table, _| matches!(table, Table::Posts | Table::Users));
    let folder = folder(&files);
    let dump = Dump::open(folder.path()).unwrap();
    assert_eq!(dump.absent().count(), 6);
    let mut records = dump.records(&Limits::default());
    assert!(records.all(|record| record.is_ok()));
    assert!(records.report().notes.contains("Votes.xml is not there"));
    assert_eq!(records.report().mapped["questions"], 2);
    for table in [Table::Posts, Table::Users] {
        fs::remove_file(folder.path().join(format!("{table}.xml"))).unwrap();
        let error = Dump::open(folder.path()).unwrap_err();
        assert!(matches!(error, DumpError::Missing { table: missing, .. } if missing == table));
        fs::write(folder.path().join(format!("{table}.xml")), "").unwrap();
    }
}

#[test]
fn a_broken_file_ends_the_records_with_an_error_that_names_it() {
    let mut files = sample();
    let comments = files.get_mut(&Table::Comments).unwrap();
    comments.truncate(comments.find("Id=\"6\"").unwrap());
    let (records, _) = import(&files);
    let (last, before) = records.split_last().unwrap();
    assert!(before.iter().all(Result::is_ok));
    let Err(error @ DumpError::Xml { table: Table::Comments, problem, .. }) = last else {
        panic!("{last:?}");
    };
    assert!(matches!(problem, XmlProblem::Malformed(_)));
    assert!(error.to_string().starts_with("Comments.xml, byte "), "{error}");
}

#[test]
fn progress_counts_every_byte_and_the_same_dump_gives_the_same_records() {
    let folder = folder(&sample());
    let dump = Dump::open(folder.path()).unwrap();
    let mut records = dump.records(&Limits::default());
    let mut first = Vec::new();
    let mut read = 0;
    while let Some(record) = records.next() {
        first.push(record.unwrap());
        assert!(records.progress().read >= read);
        read = records.progress().read;
    }
    assert_eq!(records.progress().read, records.progress().total);
    let second: Vec<Record> = dump.records(&Limits::default()).map(Result::unwrap).collect();
    assert_eq!(first, second);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Spoilt bytes in any file: records, then perhaps one typed error, and never a panic.
    #[test]
    fn a_spoilt_dump_gives_records_and_at_most_one_typed_error(
        table in 0..7usize,
        at in any::<prop::sample::Index>(),
        from in any::<prop::sample::Index>(),
        spoil in 0..4usize,
        byte in any::<u8>(),
    ) {
        let mut files: BTreeMap<Table, Vec<u8>> =
            sample().into_iter().map(|(table, text)| (table, text.into_bytes())).collect();
        let bytes = files.values_mut().nth(table).unwrap();
        let (at, from) = (at.index(bytes.len()), from.index(bytes.len()));
        match spoil {
            0 => bytes[at] = byte,
            1 => bytes.truncate(at),
            2 => drop(bytes.drain(at.min(from)..at.max(from).min(at.min(from) + 60))),
            _ => {
                let piece = bytes[from..(from + 40).min(bytes.len())].to_vec();
                drop(bytes.splice(at..at, piece));
            }
        }
        let (records, _) = import(&files);
        let errors = records.iter().filter(|record| record.is_err()).count();
        prop_assert!(errors == 0 || (errors == 1 && records.last().unwrap().is_err()));
    }
}
