//! The line format: what is written is read again, and whatever else is read is a typed error.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that meets the unexpected has to fail"
)]

use std::collections::{BTreeMap, BTreeSet};

use community_core::domain::{
    Attribute, Kind, LinkKind, PinPlace, PostKind, ReactionDef, SanctionKind, Settings, Slot,
    State, builtin_kinds,
};
use community_core::record::*;
use community_core::time::{LAST_MICROS, from_micros};
use community_core::{
    Audience, CorrectionId, DocumentId, DocumentKey, Key, Limits, Name, Policy, Slug, Timestamp,
    Title,
};
use community_import::jsonl::{LineProblem, read, write};
use proptest::collection::{btree_map, btree_set, vec};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

fn line(record: &Record) -> String {
    let mut bytes = Vec::new();
    write(&mut bytes, record).unwrap();
    String::from_utf8(bytes).unwrap()
}

fn slug() -> impl Strategy<Value = Slug> {
    "[a-z0-9é自][a-z0-9_.+#-]{0,10}".prop_map(|text| Slug::new(&text).unwrap())
}

fn key() -> impl Strategy<Value = Key> {
    "[a-z]{1,8}:[0-9]{1,6}|[A-Za-zŽ\"\\\\ ]{0,9}x".prop_map(|text| Key::new(&text).unwrap())
}

fn name() -> impl Strategy<Value = Name> {
    "[\\PC]{0,20}x".prop_filter_map("a name", |text| Name::new(&text).ok())
}

fn title() -> impl Strategy<Value = Title> {
    name().prop_map(|name| Title::new(name.as_str()).unwrap())
}

fn time() -> impl Strategy<Value = Timestamp> {
    (0..=LAST_MICROS).prop_map(|micros| from_micros(micros).unwrap())
}

fn state() -> impl Strategy<Value = State> {
    prop::sample::select(State::ALL.to_vec())
}

fn maybe<T: std::fmt::Debug>(of: impl Strategy<Value = T>) -> impl Strategy<Value = Option<T>> {
    prop::option::of(of)
}

fn audience() -> impl Strategy<Value = Audience> {
    prop::sample::select(vec![
        "everyone",
        "nobody",
        "members or role(moderator)",
        "list(beta) and not (country in [\"NL\", \"BE\"] or level >= 3)",
    ])
    .prop_map(|text| text.parse().unwrap())
}

fn policy() -> impl Strategy<Value = Policy> {
    let action = prop::sample::select(vec!["view", "start", "start:poll", "vote"]);
    btree_map(action, audience(), 0..3).prop_map(|rules| {
        rules.into_iter().fold(Policy::inherit(), |policy, (action, audience)| {
            policy.with(action.parse().unwrap(), audience)
        })
    })
}

fn settings() -> impl Strategy<Value = Settings> {
    (maybe(btree_set(slug(), 0..3)), maybe(any::<u32>()), maybe(any::<bool>())).prop_map(
        |(kinds, max_accepted, self_vote)| Settings {
            kinds,
            max_accepted,
            self_vote,
            ..Settings::default()
        },
    )
}

fn community() -> impl Strategy<Value = Record> {
    let kinds = prop::sample::subsequence(builtin_kinds().to_vec(), 0..3);
    let reactions = vec((slug(), name()).prop_map(|(key, name)| ReactionDef { key, name }), 0..3);
    (
        (slug(), name(), ".{0,20}", policy(), settings(), reactions, kinds),
        vec(vec(".{0,9}", 0..3), 0..3),
        (maybe(any::<u32>()), maybe(any::<u64>()), any::<bool>(), maybe(time())),
    )
        .prop_map(
            |(
                (key, name, description, policy, settings, reactions, kinds),
                synonyms,
                (hot_scale, capacity, archived, created_at),
            ): (_, _, _)| {
                let kinds: Vec<Kind> = kinds;
                Record::Community(Box::new(CommunityRecord {
                    key,
                    name,
                    description,
                    policy,
                    settings,
                    reactions,
                    kinds,
                    synonyms,
                    reputation: Default::default(),
                    hot_scale,
                    capacity,
                    archived,
                    created_at,
                }))
            },
        )
}

fn attribute() -> impl Strategy<Value = Attribute> {
    prop_oneof![
        any::<bool>().prop_map(Attribute::Boolean),
        any::<i64>().prop_map(Attribute::Integer),
        ".{0,9}".prop_map(Attribute::Text),
        vec(".{0,9}", 0..3).prop_map(Attribute::Texts),
    ]
}

fn member() -> impl Strategy<Value = Record> {
    (
        key(),
        maybe(name()),
        btree_map(slug(), attribute(), 0..3),
        btree_set(slug(), 0..3),
        btree_map(slug(), ".{0,20}", 0..3),
        any::<bool>(),
        maybe(time()),
        maybe(time()),
    )
        .prop_map(|(key, name, attributes, lists, profile, listed, created_at, erased_at)| {
            let (attributes, lists): (BTreeMap<_, _>, BTreeSet<_>) = (attributes, lists);
            Record::Member(Box::new(MemberRecord {
                key,
                name,
                attributes,
                lists,
                profile,
                listed,
                created_at,
                erased_at,
            }))
        })
}

fn channel() -> impl Strategy<Value = Record> {
    (
        (slug(), maybe(name()), maybe(slug()), ".{0,20}"),
        (any::<i64>(), policy(), settings(), any::<bool>(), maybe(time())),
    )
        .prop_map(
            |(
                (key, name, parent, description),
                (position, policy, settings, archived, created_at),
            )| {
                Record::Channel(Box::new(ChannelRecord {
                    key,
                    name,
                    parent,
                    description,
                    position,
                    policy,
                    settings,
                    archived,
                    created_at,
                }))
            },
        )
}

fn membership() -> impl Strategy<Value = Record> {
    let role = (slug(), maybe(slug())).prop_map(|(role, channel)| RoleRecord { role, channel });
    let kind = prop::sample::select(vec![SanctionKind::Silence, SanctionKind::Suspension]);
    let sanction = (kind, maybe(slug()), time(), maybe(time()), ".{0,20}", maybe(key())).prop_map(
        |(kind, channel, since, until, reason, by)| SanctionRecord {
            kind,
            channel,
            since,
            until,
            reason,
            by,
        },
    );
    (key(), maybe(time()), vec(role, 0..3), any::<u32>(), vec(sanction, 0..3)).prop_map(
        |(member, joined_at, roles, level, sanctions)| {
            Record::Membership(Box::new(MembershipRecord {
                member,
                joined_at,
                roles,
                level,
                pinned: false,
                off_boards: level % 2 == 1,
                sanctions,
            }))
        },
    )
}

fn label() -> impl Strategy<Value = Record> {
    (slug(), maybe(name()), ".{0,20}", audience()).prop_map(|(key, name, description, audience)| {
        Record::Label(Box::new(LabelRecord { key, name, description, audience }))
    })
}

fn pin() -> impl Strategy<Value = PinRecord> {
    let place = prop::sample::select(vec![PinPlace::Channel, PinPlace::Community]);
    (place, any::<i64>(), audience(), time(), maybe(time())).prop_map(
        |(place, position, audience, since, until)| PinRecord {
            place,
            position,
            audience,
            since,
            until,
        },
    )
}

fn payload() -> impl Strategy<Value = serde_json::Value> {
    prop_oneof![
        Just(serde_json::json!({})),
        Just(serde_json::json!({"options": ["a", "b"], "closes_at": null})),
        any::<i64>().prop_map(|number| serde_json::json!({"capacity": number, "a": [[[]]]})),
    ]
}

fn topic() -> impl Strategy<Value = Record> {
    let head = (key(), slug(), title(), ".{0,40}", maybe(slug()), vec(slug(), 0..3), maybe(key()));
    let condition = (maybe(slug()), maybe(payload()), state(), any::<bool>(), maybe(pin()));
    let rest = (maybe(time()), maybe(time()), maybe(key()), any::<u32>());
    let edit = (maybe(time()), maybe(key()), maybe(".{0,20}"));
    (head, condition, rest, edit).prop_map(|(head, condition, rest, edit)| {
        let (key, channel, title, body, kind, labels, author) = head;
        let (status, payload, state, locked, pin) = condition;
        let (created_at, bumped_at, opening, revision) = rest;
        let (edited_at, editor, reason) = edit;
        Record::Topic(Box::new(TopicRecord {
            key,
            channel,
            title,
            body,
            kind,
            labels,
            author,
            status,
            payload,
            state,
            locked,
            pin,
            created_at,
            bumped_at,
            shared_at: created_at,
            erased_at: edited_at,
            opening,
            revision,
            edited_at,
            editor,
            reason,
        }))
    })
}

fn mark() -> impl Strategy<Value = MarkRecord> {
    (maybe(key()), time(), maybe(".{0,20}")).prop_map(|(by, at, reason)| MarkRecord {
        by,
        at,
        reason,
    })
}

fn post() -> impl Strategy<Value = Record> {
    let kind = prop::sample::select(vec![PostKind::Answer, PostKind::Reply]);
    let head = (key(), key(), maybe(key()), maybe(kind), ".{0,40}", maybe(key()), state());
    let marks = (any::<bool>(), maybe(mark()), maybe(mark()));
    let edit = (maybe(time()), any::<u32>(), maybe(time()), maybe(key()), maybe(".{0,20}"));
    (head, marks, edit).prop_map(|(head, marks, edit)| {
        let (key, topic, parent, kind, body, author, state) = head;
        let (bumps, accepted, official) = marks;
        let (created_at, revision, edited_at, editor, reason) = edit;
        Record::Post(Box::new(PostRecord {
            key,
            topic,
            parent,
            kind,
            body,
            author,
            state,
            bumps,
            accepted,
            official,
            accepted_later: false,
            shared_at: created_at,
            erased_at: edited_at,
            created_at,
            revision,
            edited_at,
            editor,
            reason,
        }))
    })
}

fn revision() -> impl Strategy<Value = Record> {
    (
        (key(), any::<u32>(), ".{0,40}", maybe(title())),
        (maybe(vec(slug(), 0..3)), maybe(key()), time(), maybe(".{0,20}")),
    )
        .prop_map(|((post, number, body, title), (labels, editor, at, reason))| {
            Record::Revision(Box::new(RevisionRecord {
                post,
                number,
                body,
                title,
                labels,
                editor,
                at,
                reason,
            }))
        })
}

fn reaction() -> impl Strategy<Value = Record> {
    let slot = prop::sample::select(vec![Slot::Vote, Slot::Reaction]);
    (key(), key(), slot, slug(), maybe(time())).prop_map(|(post, member, slot, key, at)| {
        Record::Reaction(ReactionRecord { post, member, slot, key, at })
    })
}

fn correction() -> impl Strategy<Value = Record> {
    let id = any::<[u8; 16]>().prop_map(CorrectionId::from_bytes);
    (
        (key(), maybe(id), maybe(any::<(u32, u32)>()), any::<u32>()),
        (".{0,40}", key(), time(), maybe(time())),
    )
        .prop_map(|((post, id, range, revision), (body, author, at, withdrawn_at))| {
            Record::Correction(Box::new(CorrectionRecord {
                post,
                id,
                range,
                revision,
                body,
                author,
                at,
                withdrawn_at,
            }))
        })
}

fn link() -> impl Strategy<Value = Record> {
    let kind = prop::sample::select(vec![LinkKind::Related, LinkKind::Duplicate]);
    (key(), key(), kind, maybe(time()))
        .prop_map(|(from, to, kind, at)| Record::Link(LinkRecord { from, to, kind, at }))
}

fn views() -> impl Strategy<Value = Record> {
    (key(), any::<i32>(), any::<i64>())
        .prop_map(|(topic, day, views)| Record::Views(ViewsRecord { topic, day, views }))
}

fn acceptance() -> impl Strategy<Value = Record> {
    (key(), maybe(key()), time(), maybe(".{0,9}")).prop_map(|(post, by, at, reason)| {
        Record::Acceptance(AcceptanceRecord { post, by, at, reason })
    })
}

fn grant() -> impl Strategy<Value = Record> {
    let whom = (key(), key(), slug(), any::<i64>(), maybe(any::<u32>()));
    (whom, maybe(key()), maybe(key()), ".{0,9}", time()).prop_map(
        |((key, member, reason, points, tier), post, by, note, at)| {
            let grant = GrantRecord { key, member, reason, points, tier, post, by, note, at };
            Record::Grant(Box::new(grant))
        },
    )
}

fn visits() -> impl Strategy<Value = Record> {
    (any::<i32>(), vec(key(), 0..4))
        .prop_map(|(day, members)| Record::Visits(VisitsRecord { day, members }))
}

fn document() -> impl Strategy<Value = Record> {
    let text = prop::collection::btree_map("[a-z\"é]{0,3}", ".{0,9}", 0..3);
    let key = (slug(), ".{0,9}", any::<i64>()).prop_map(|(list, group, key)| DocumentKey {
        list,
        group,
        key,
    });
    (any::<[u8; 16]>(), slug(), text, vec(key, 0..3), time(), maybe(time())).prop_map(
        |(id, collection, text, keys, created_at, updated_at)| {
            let (id, body) =
                (DocumentId::from_bytes(id), serde_json::json!({ "text": text, "n": -7 }));
            let record = DocumentRecord { id, collection, body, keys, created_at, updated_at };
            Record::Document(Box::new(record))
        },
    )
}

fn record() -> impl Strategy<Value = Record> {
    prop_oneof![
        community(),
        member(),
        channel(),
        membership(),
        label(),
        topic(),
        post(),
        revision(),
        reaction(),
        correction(),
        link(),
        views(),
        acceptance(),
        grant(),
        visits(),
        document(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn what_is_written_is_one_line_and_is_read_again(records in vec(record(), 0..5)) {
        let text: String = records.iter().map(line).collect();
        prop_assert_eq!(text.lines().count(), records.len());
        let read: Vec<_> = read(text.as_bytes(), &Limits::default())
            .map(|result| result.unwrap())
            .collect();
        let numbers: Vec<u64> = read.iter().map(|(line, _)| *line).collect();
        prop_assert_eq!(numbers, (1..=records.len() as u64).collect::<Vec<_>>());
        let again: String = read.iter().map(|(_, record)| line(record)).collect();
        prop_assert_eq!(&again, &text);
        prop_assert_eq!(read.into_iter().map(|(_, record)| record).collect::<Vec<_>>(), records);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    /// Nothing that a file may hold makes the reader panic, stop early or report a wrong line.
    #[test]
    fn ten_thousand_spoilt_lines_are_typed_errors(
        record in record(),
        cut in any::<prop::sample::Index>(),
        spoil in 0..6usize,
        garbage in vec(any::<u8>(), 0..40),
    ) {
        let good = line(&record);
        let mut bytes = good.trim_end().as_bytes().to_vec();
        let at = cut.index(bytes.len());
        match spoil {
            0 => bytes.truncate(at),
            1 => bytes[at] = garbage.first().copied().unwrap_or(0),
            2 => drop(bytes.splice(at..at, garbage)),
            3 => bytes = garbage,
            4 => bytes.insert(at, b"{}[]\",:0e\\"[at % 10]),
            _ => bytes = bytes.split_off(at),
        }
        bytes.retain(|byte| *byte != b'\n');
        bytes.extend_from_slice(b"\n");
        bytes.extend_from_slice(good.as_bytes());
        let mut lines = read(&*bytes, &Limits::default());
        let mut last = None;
        for result in &mut lines {
            match result {
                Ok((number, record)) => last = Some((number, record)),
                Err(error) => {
                    prop_assert_eq!(error.line, 1);
                    prop_assert!(error.to_string().starts_with("line 1: "));
                }
            }
        }
        prop_assert_eq!(last, Some((2, record)));
    }
}

#[test]
fn a_line_over_the_limit_is_skipped_without_being_held() {
    /// Gives zeros for ever, except for a line break every so often.
    struct Endless(usize);
    impl std::io::Read for Endless {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let length = buffer.len().min(self.0);
            buffer[..length].fill(b' ');
            self.0 -= length;
            Ok(length)
        }
    }
    let limits = Limits { import_line: 1_000, ..Limits::default() };
    let good = "{\"type\":\"channel\",\"key\":\"a\"}";
    let exact = format!("{good}{}", " ".repeat(1_000 - good.len()));
    let tail = format!("\n{exact}\n{exact} \n{good}");
    let long = std::io::Read::chain(Endless(50_000_000), tail.as_bytes());
    let results: Vec<_> = read(std::io::BufReader::new(long), &limits).collect();
    let [Err(first), Ok((2, _)), Err(third), Ok((4, _))] = results.as_slice() else {
        panic!("{results:?}");
    };
    assert_eq!(first.to_string(), "line 1: an import line exceeds the limit of 1000 bytes");
    assert!(matches!(third.problem, LineProblem::TooLong(error) if error.max == 1_000));
}

#[test]
fn what_is_wrong_with_a_line_is_said_in_words() {
    let cases: &[(&[u8], &str)] = &[
        (b"{\"type\":\"topic\"}", "missing field `key`"),
        (b"{\"type\":\"tpoic\",\"key\":\"a\"}", "unknown variant `tpoic`"),
        (b"{\"type\":\"channel\",\"key\":\"a\",\"nmae\":\"A\"}", "unknown field `nmae`"),
        (b"{\"type\":\"channel\",\"key\":\"A B\"}", "may not contain `A`"),
        (b"{\"type\":\"channel\",\"key\":\"a\",\"key\":\"b\"}", "duplicate field `key`"),
        (b"{\"type\":\"views\",\"topic\":\"a\",\"views\":1e400}", "number out of range"),
        (b"\xFF", "not UTF-8"),
        (b"[1]", "not a record"),
        (b"{\"type\":\"channel\",\"key\":\"a\"} {}", "trailing characters"),
    ];
    for (bytes, words) in cases {
        let error = read(*bytes, &Limits::default()).next().unwrap().unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
    }
    let deep = format!("{{\"type\":\"topic\",\"payload\":{}", "[".repeat(100_000));
    let error = read(deep.as_bytes(), &Limits::default()).next().unwrap().unwrap_err();
    assert!(error.to_string().contains("recursion limit"), "{error}");
}

#[test]
fn a_failing_input_ends_the_reading() {
    struct Failing;
    impl std::io::Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("unplugged"))
        }
    }
    let input = std::io::Read::chain(&b"{\"type\":\"channel\",\"key\":\"a\"}\n{"[..], Failing);
    let results: Vec<_> = read(std::io::BufReader::new(input), &Limits::default()).collect();
    let [Ok((1, _)), Err(error)] = results.as_slice() else { panic!("{results:?}") };
    assert_eq!(error.to_string(), "line 2: unplugged");
}

/// The examples of the documentation.
fn examples() -> Vec<&'static str> {
    let page = include_str!("../src/docs/jsonl.md");
    let blocks = page.split("```json\n").skip(1);
    blocks.flat_map(|block| block.split("```").next().unwrap().lines()).collect()
}

#[test]
fn the_documented_examples_are_canonical_lines_of_every_type() {
    let mut types = std::collections::HashSet::new();
    for example in examples() {
        let (_, record) = read(example.as_bytes(), &Limits::default()).next().unwrap().unwrap();
        assert_eq!(line(&record).trim_end(), example);
        types.insert(std::mem::discriminant(&record));
    }
    assert_eq!(types.len(), 16);
}

#[test]
fn the_documented_fields_are_the_fields_in_their_order() {
    let page = include_str!("../src/docs/jsonl.md");
    let documented = |name: &str| -> Vec<&str> {
        let section = page.split(&format!("## `{name}`\n")).nth(1).unwrap();
        let table = section.split("```json").next().unwrap();
        table.lines().filter_map(|row| row.strip_prefix("| `")?.split('`').next()).collect()
    };
    let mut seen: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut runner = TestRunner::deterministic();
    for _ in 0..2_000 {
        let text = line(&record().new_tree(&mut runner).unwrap().current());
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        let object = value.as_object().unwrap();
        let name = object["type"].as_str().unwrap();
        let fields: Vec<&str> =
            documented(name).into_iter().filter(|field| object.contains_key(*field)).collect();
        assert_eq!(fields.len(), object.len() - 1, "a field of `{name}` is not documented");
        // Parsing forgets the order: the text has it.
        let mut rest = text.as_str();
        for field in &fields {
            let (_, after) = rest.split_once(&format!("\"{field}\":")).expect(&text);
            rest = after;
        }
        seen.entry(name.to_owned()).or_default().extend(fields.into_iter().map(str::to_owned));
    }
    for (name, fields) in &seen {
        let documented: BTreeSet<String> =
            documented(name).into_iter().map(str::to_owned).collect();
        assert_eq!(*fields, documented, "{name}");
    }
    assert_eq!(seen.len(), 16);
}
