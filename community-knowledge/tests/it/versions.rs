//! Random work on one article: versions are numbered without gaps, never change, and are what was
//! written; the state is what the table of steps says.

use community_core::diff::ChangeKind;
use community_knowledge::{
    Content, Edit, NewArticle, Note, Section, SectionKind, State, Step, TRANSITIONS,
};
use pollster::block_on;
use proptest::prelude::*;

use crate::common::{World, garden, slug};

#[derive(Debug, Clone)]
enum Act {
    Edit(u8),
    RollBack(usize),
    Submit,
    Recall,
    Reject,
    Approve,
    Confirm,
    Archive,
    Restore,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => any::<u8>().prop_map(Act::Edit),
        2 => (0usize..20).prop_map(Act::RollBack),
        4 => Just(Act::Submit),
        1 => Just(Act::Recall),
        1 => Just(Act::Reject),
        4 => Just(Act::Approve),
        1 => Just(Act::Confirm),
        1 => Just(Act::Archive),
        1 => Just(Act::Restore),
    ]
}

fn content(number: u8) -> Content {
    let text = format!("first line\nline {number}\nlast line");
    let sections = vec![Section::text(SectionKind::Resolution, text)];
    Content::new(format!("Title {}", number % 3).parse().unwrap(), sections)
}

fn step(act: &Act) -> Step {
    match act {
        Act::Edit(_) | Act::RollBack(_) => Step::Edit,
        Act::Submit => Step::Submit,
        Act::Recall => Step::Recall,
        Act::Reject => Step::Reject,
        Act::Approve => Step::Approve,
        Act::Confirm => Step::Confirm,
        Act::Archive => Step::Archive,
        Act::Restore => Step::Restore,
    }
}

async fn play(acts: &[Act]) {
    let world = World::in_memory().await;
    world.channel("beds", "everyone").await;
    let (k, system, visitor) = (&world.knowledge, world.system(), world.engine.anonymous());
    let new = NewArticle::new(garden(), slug("beds"), slug("en"), content(0));
    let id = k.begin(&system, &new).await.unwrap();
    let mut written = vec![(content(0), Note::Begun)];
    let (mut state, mut published): (State, Option<usize>) = (State::Draft, None);
    for act in acts {
        world.tick(1);
        let rev = k.desk(&system, id).await.unwrap().rev;
        let base = u32::try_from(written.len()).unwrap();
        let done = match act {
            Act::Edit(number) => {
                let edit = Edit { base, content: content(*number), why: "why".into() };
                k.edit(&system, id, &edit).await
            }
            Act::RollBack(to) => {
                let to = u32::try_from(to % written.len()).unwrap() + 1;
                k.roll_back(&system, id, to, "").await
            }
            Act::Submit => k.submit(&system, id).await,
            Act::Recall => k.recall(&system, id).await,
            Act::Reject => k.reject(&system, id, "no").await,
            Act::Approve => k.approve(&system, id, rev, None).await,
            Act::Confirm => k.confirm(&system, id, rev).await,
            Act::Archive => k.archive(&system, id, None).await,
            Act::Restore => k.restore(&system, id).await,
        };
        let legal = TRANSITIONS.iter().find(|t| t.from == state && t.step == step(act));
        assert_eq!(done.is_ok(), legal.is_some(), "{state} {act:?}: {done:?}");
        let Some(legal) = legal else { continue };
        state = legal.to;
        match act {
            Act::Edit(number) => {
                written.push((content(*number), Note::Edit { why: "why".into() }));
            }
            Act::RollBack(to) => {
                let from = to % written.len();
                let note = Note::Rollback { to: u32::try_from(from).unwrap() + 1, why: "".into() };
                written.push((written[from].0.clone(), note));
            }
            Act::Approve => published = Some(written.len() - 1),
            Act::Restore => published = None,
            _ => {}
        }
        assert_eq!(k.desk(&system, id).await.unwrap().article.state, state);
        let shown = published.filter(|_| state != State::Archived);
        let read = k.article(&visitor, id).await.ok();
        let read = read.map(|page| page.version.version.content.clone());
        assert_eq!(read, shown.map(|version| written[version].0.clone()));
    }
    let page = k.versions(&system, id, None, Some(100)).await.unwrap();
    assert_eq!(page.items.len(), written.len());
    for (view, (number, (content, note))) in page.items.iter().rev().zip((1..).zip(&written)) {
        let version = &view.version;
        assert_eq!((version.number, &version.content, &version.note), (number, content, note));
    }
    let last = u32::try_from(written.len()).unwrap();
    let changes = k.diff(&system, id, 1, last).await.unwrap();
    let without = |kind: ChangeKind| -> String {
        changes.iter().filter(|c| c.kind != kind).map(|c| c.text.as_str()).collect()
    };
    assert_eq!(without(ChangeKind::Added), written[0].0.markdown());
    assert_eq!(without(ChangeKind::Removed), written.last().unwrap().0.markdown());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn versions_are_what_was_written_and_states_what_the_table_says(
        acts in prop::collection::vec(act(), 1..40),
    ) {
        block_on(play(&acts));
    }
}
