//! Ledgers, days and boards.

use community_core::Slug;
use community_core::change::Seq;
use community_core::reputation::{Entry, LedgerId, RuleSetId, Step};

use super::*;

fn ledger(s: &Sound) -> LedgerId {
    let rules = RuleSetId { key: slug("balanced"), version: 1 };
    LedgerId { community: s.home.community.id, rules }
}

fn entry(s: &Sound, cause: u64, member: MemberId, points: i64) -> Entry {
    Entry {
        cause: Seq(cause),
        number: 0,
        origin: Seq(cause),
        rule: slug("answer-up"),
        group: slug("votes"),
        step: Step::Given,
        member,
        giver: None,
        topic: Some(s.draft.topic.id),
        post: Some(s.answer.id),
        channel: Some(s.home.channel.id),
        labels: vec![slug("pests"), slug("soil")],
        points,
        day: 19_675 + i32::try_from(cause).unwrap(),
        at: s.w.now(),
    }
}

fn append(s: &Sound, entries: Vec<Entry>) -> Vec<Op> {
    let add = |entry| Op::AppendLedger(Box::new(ledger(s)), Box::new(entry));
    let follows = Op::Checkpoint(ledger(s).checkpoint(), Seq(9));
    entries.into_iter().map(add).chain([follows]).collect()
}

/// A sound world in which both members have earned something.
fn earned() -> Sound {
    let sound = sound();
    let (ann, bob) = (sound.home.ann.id, sound.home.bob.id);
    let entries = [(1, ann, 5), (2, bob, 7), (3, bob, -2), (4, ann, 1)];
    let entries = entries.map(|(cause, member, points)| entry(&sound, cause, member, points));
    block_on(sound.w.apply(append(&sound, entries.to_vec()))).unwrap();
    sound
}

fn through(flaw: Flaw) -> BTreeSet<&'static str> {
    broken(&Flawed { inner: earned().store, flaw })
}

/// The rules that are broken once an entry is appended that is changed so.
fn with(change: impl Fn(&Sound, &mut Entry)) -> BTreeSet<&'static str> {
    after(|s| {
        let mut entry = entry(s, 5, s.home.ann.id, 3);
        change(s, &mut entry);
        append(s, vec![entry])
    })
}

#[test]
fn a_sound_ledger_has_nothing_to_find() {
    assert_eq!(broken(&earned().store), rules(&[]));
    assert_eq!(with(|_, _| {}), rules(&[]));
}

#[test]
fn wrong_entries_are_found() {
    let cause = "an entry has a cause that was taken into account";
    assert_eq!(with(|_, entry| entry.cause = Seq(10)), rules(&[cause]));
    assert_eq!(with(|_, entry| entry.origin = Seq(6)), rules(&[cause]));
    let taken = with(|_, entry| entry.step = Step::Withdrawn);
    assert_eq!(taken, rules(&["what is taken back leaves nothing"]));
    for labels in [["soil", "pests"], ["soil", "soil"]] {
        let labels: Vec<Slug> = labels.map(slug).to_vec();
        let found = with(|_, entry| entry.labels.clone_from(&labels));
        // What counts twice on one board is one more finding.
        assert!(found.contains("the labels of an entry are sorted, each once"), "{found:?}");
    }
    let sound = earned();
    let found = broken(&Flawed { inner: sound.store, flaw: Flaw::LosesChannels });
    assert!(found.contains("the channel of an entry exists"), "{found:?}");
    assert!(through(Flaw::TurnsEntriesAround).contains("entries are in order"));
    // A topic of a community that is not there any more.
    let sound = earned();
    let directory = block_on(sound.store.directory()).unwrap();
    let stove = directory.communities().flat_map(|c| directory.channels(c.id)).last().unwrap();
    let draft = sound.w.new_topic(&stove.channel, sound.home.ann.id);
    block_on(sound.w.apply(draft.ops())).unwrap();
    let topic = Some(draft.topic.id);
    let about =
        Entry { topic, post: None, channel: None, ..entry(&sound, 5, sound.home.ann.id, 3) };
    block_on(sound.w.apply(append(&sound, vec![about]))).unwrap();
    let found = broken(&Flawed { inner: sound.store, flaw: Flaw::LosesLastCommunity });
    assert!(found.contains("what an entry is about exists"), "{found:?}");
}

#[test]
fn wrong_standings_are_found() {
    assert!(through(Flaw::TakesOnePoint).contains("a standing is a sum"));
    let turned = through(Flaw::RanksTheOthersWay);
    assert!(turned.contains("standings are in order"), "{turned:?}");
    assert_eq!(through(Flaw::RanksOneLess), rules(&["standings are whole"]));
}

#[test]
fn wrong_days_and_boards_are_found() {
    assert_eq!(through(Flaw::ForgetsLastDay), rules(&["a day has the sum of its entries"]));
    let order = rules(&["a board is a sum of entries, in order"]);
    assert_eq!(through(Flaw::TurnsBoardsAround), order);
    assert_eq!(through(Flaw::CountsOneMore), rules(&["points on a board are a sum of entries"]));
    assert_eq!(through(Flaw::ForgetsBoard), rules(&["boards are those that somebody is on"]));
}
