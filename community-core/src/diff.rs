//! What changed between two texts, as the history of a post shows it.
//!
//! Lines are compared first, then the words inside lines that changed. The work is bounded by
//! counting, not by a clock, so the same two texts give the same diff on every machine.

use std::collections::BTreeMap;

use serde::Serialize;
use similar::algorithms::{Capture, Replace, diff_slices};
use similar::{Algorithm, DiffTag};
use unicode_segmentation::UnicodeSegmentation;

/// A piece of a diff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// What happened to it.
    pub kind: ChangeKind,
    /// The piece, never empty.
    pub text: String,
}

/// What happened to a piece of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// It is in both texts.
    Kept,
    /// It is in the new text only.
    Added,
    /// It is in the old text only.
    Removed,
}

/// What changed from `old` to `new`, in words.
///
/// The pieces that were kept or added make up `new`, those that were kept or removed make up `old`.
/// Neighbours are of different kinds, and of a replacement what was removed comes first.
///
/// The time is linear in the length of the texts, with a bounded part on top for comparing what
/// differs. Where that bound is reached, in texts that have little in common, a change is reported
/// more coarsely than it could be: as a removal and an addition of everything between two kept
/// pieces.
///
/// ```
/// use community_core::diff::{ChangeKind::*, diff};
/// let changes = diff("Water the tomatoes daily.", "Water the young plants daily.");
/// let changes: Vec<_> = changes.iter().map(|change| (change.kind, &*change.text)).collect();
/// assert_eq!(
///     changes,
///     [(Kept, "Water the "), (Removed, "tomatoes"), (Added, "young plants"), (Kept, " daily.")]
/// );
/// ```
#[must_use]
pub fn diff(old: &str, new: &str) -> Vec<Change> {
    let mut changes = Changes::default();
    let mut budget = BUDGET;
    let lines = |text| str::split_inclusive(text, '\n').collect::<Vec<_>>();
    let (old_lines, new_lines) = (lines(old), lines(new));
    for step in steps(&old_lines, &new_lines, &mut budget) {
        match step {
            Step::Keep(lines) => changes.keep(lines),
            Step::Replace(removed, added) => {
                let (removed, added) = (removed.concat(), added.concat());
                let old_words: Vec<_> = removed.split_word_bounds().collect();
                let new_words: Vec<_> = added.split_word_bounds().collect();
                for step in steps(&old_words, &new_words, &mut budget) {
                    match step {
                        Step::Keep(words) => changes.keep(words),
                        Step::Replace(removed, added) => changes.replace(removed, added),
                    }
                }
            }
        }
    }
    changes.finished()
}

/// Comparing `n` tokens that differ costs at most about `n * n` steps; so many of these are spent on
/// one diff, which takes some 30 ms. It is enough for two texts of 700 words that have nothing in
/// common, and for far longer ones that are revisions of one another.
const BUDGET: usize = 8_000_000;

/// A run of tokens that both texts have, or what stands in the one and in the other between two
/// such runs.
enum Step<'t, 'a> {
    Keep(&'t [&'a str]),
    Replace(&'t [&'a str], &'t [&'a str]),
}

/// The steps from `old` to `new`, as few as can be found within the budget.
fn steps<'t, 'a>(old: &'t [&'a str], new: &'t [&'a str], budget: &mut usize) -> Vec<Step<'t, 'a>> {
    let same = old.iter().zip(new).take_while(|(old, new)| old == new).count();
    let (head, old) = old.split_at(same);
    let (_, new) = new.split_at(same);
    let same = old.iter().rev().zip(new.iter().rev()).take_while(|(old, new)| old == new).count();
    let (old, tail) = old.split_at(old.len() - same);
    let (new, _) = new.split_at(new.len() - same);

    let mut steps = vec![Step::Keep(head)];
    let cost = (old.len() + new.len()).saturating_pow(2);
    if old.is_empty() || new.is_empty() || cost > *budget {
        steps.push(Step::Replace(old, new));
    } else {
        *budget -= cost;
        // Numbers instead of texts: comparing two long lines would cost more than one step.
        let mut numbers = BTreeMap::new();
        let mut number = |tokens: &[&'a str]| -> Vec<usize> {
            let numbered = tokens.iter().map(|token| {
                let next = numbers.len();
                *numbers.entry(*token).or_insert(next)
            });
            numbered.collect()
        };
        let (old_numbers, new_numbers) = (number(old), number(new));
        let mut capture = Replace::new(Capture::new());
        let Ok(()) = diff_slices(Algorithm::Myers, &mut capture, &old_numbers, &new_numbers);
        for op in capture.into_inner().into_ops() {
            let (tag, of_old, of_new) = op.as_tag_tuple();
            let of_old = old.get(of_old).unwrap_or_default();
            let of_new = new.get(of_new).unwrap_or_default();
            steps.push(match tag {
                DiffTag::Equal => Step::Keep(of_old),
                DiffTag::Delete => Step::Replace(of_old, &[]),
                DiffTag::Insert => Step::Replace(&[], of_new),
                DiffTag::Replace => Step::Replace(of_old, of_new),
            });
        }
    }
    steps.push(Step::Keep(tail));
    steps
}

/// Joins steps to changes.
///
/// A space between two replaced words counts as replaced: "red apple" that became "green pear" is
/// one change and not two with a kept space between.
#[derive(Default)]
struct Changes {
    done: Vec<Change>,
    removed: String,
    added: String,
    /// Kept space behind `removed` and `added`.
    space: String,
}

impl Changes {
    fn keep(&mut self, tokens: &[&str]) {
        let text = tokens.concat();
        let replaced = !self.removed.is_empty() && !self.added.is_empty();
        if replaced && text.chars().all(|c| c.is_whitespace() && c != '\n') {
            self.space.push_str(&text);
        } else {
            self.flush();
            self.push(ChangeKind::Kept, text);
        }
    }

    fn replace(&mut self, removed: &[&str], added: &[&str]) {
        if removed.is_empty() || added.is_empty() {
            self.flush_space();
        }
        let space = std::mem::take(&mut self.space);
        for (pending, tokens) in [(&mut self.removed, removed), (&mut self.added, added)] {
            pending.push_str(&space);
            pending.extend(tokens.iter().copied());
        }
    }

    fn flush_space(&mut self) {
        if !self.space.is_empty() {
            self.flush();
        }
    }

    fn flush(&mut self) {
        let removed = std::mem::take(&mut self.removed);
        let added = std::mem::take(&mut self.added);
        let space = std::mem::take(&mut self.space);
        self.push(ChangeKind::Removed, removed);
        self.push(ChangeKind::Added, added);
        self.push(ChangeKind::Kept, space);
    }

    fn push(&mut self, kind: ChangeKind, text: String) {
        match self.done.last_mut() {
            _ if text.is_empty() => {}
            Some(last) if last.kind == kind => last.text.push_str(&text),
            _ => self.done.push(Change { kind, text }),
        }
    }

    fn finished(mut self) -> Vec<Change> {
        self.flush();
        self.done
    }
}

#[cfg(test)]
mod tests {
    use super::ChangeKind::{Added, Kept, Removed};
    use super::*;
    use proptest::prelude::*;

    fn pieces(changes: &[Change]) -> Vec<(ChangeKind, &str)> {
        changes.iter().map(|change| (change.kind, &*change.text)).collect()
    }

    /// What a reader of the diff takes the old and the new text for.
    fn sides(changes: &[Change]) -> (String, String) {
        let side = |without| {
            changes.iter().filter(|change| change.kind != without).map(|c| &*c.text).collect()
        };
        (side(Added), side(Removed))
    }

    #[test]
    fn equal_texts_are_kept_and_empty_ones_have_no_pieces() {
        assert_eq!(pieces(&diff("", "")), []);
        assert_eq!(pieces(&diff("a b\nc", "a b\nc")), [(Kept, "a b\nc")]);
        assert_eq!(pieces(&diff("", "a b")), [(Added, "a b")]);
        assert_eq!(pieces(&diff("a b", "")), [(Removed, "a b")]);
    }

    #[test]
    fn words_are_compared_inside_changed_lines_only() {
        let old = "First line.\nThe second line stays short.\nThird line.\n";
        let new = "First line.\nThe second line grows long.\nThird line.\nFourth line.\n";
        assert_eq!(
            pieces(&diff(old, new)),
            [
                (Kept, "First line.\nThe second line "),
                (Removed, "stays short"),
                (Added, "grows long"),
                (Kept, ".\nThird line.\n"),
                (Added, "Fourth line.\n"),
            ]
        );
    }

    #[test]
    fn a_word_is_never_cut() {
        for (old, new, expected) in [
            ("tomato", "tomatoes", vec![(Removed, "tomato"), (Added, "tomatoes")]),
            ("can't stop", "can stop", vec![(Removed, "can't"), (Added, "can"), (Kept, " stop")]),
            (
                "cafe\u{301} noir",
                "cafe noir",
                vec![(Removed, "cafe\u{301}"), (Added, "cafe"), (Kept, " noir")],
            ),
            ("👩‍👩‍👧!", "👩‍👧!", vec![(Removed, "👩‍👩‍👧"), (Added, "👩‍👧"), (Kept, "!")]),
            (
                "自転車に乗る",
                "電車に乗る",
                vec![(Removed, "自転"), (Added, "電"), (Kept, "車に乗る")],
            ),
        ] {
            assert_eq!(pieces(&diff(old, new)), expected);
        }
    }

    #[test]
    fn space_between_replaced_words_is_replaced_with_them() {
        let replaced = [(Removed, "red apple"), (Added, "green pear"), (Kept, " pie")];
        assert_eq!(pieces(&diff("red apple pie", "green pear pie")), replaced);
        let apart = diff("a b c", "x b");
        assert_eq!(pieces(&apart), [(Removed, "a"), (Added, "x"), (Kept, " b"), (Removed, " c")]);
        let behind = diff("a b", "x ");
        assert_eq!(pieces(&behind), [(Removed, "a"), (Added, "x"), (Kept, " "), (Removed, "b")]);
        let lines = diff("a\n\nb", "x\n\ny");
        let [first, second] = [[(Removed, "a"), (Added, "x")], [(Removed, "b"), (Added, "y")]];
        assert_eq!(pieces(&lines), [&first[..], &[(Kept, "\n\n")], &second[..]].concat());
    }

    #[test]
    fn what_is_too_much_to_compare_is_replaced_as_a_whole() {
        let text = |word: &str, n: usize| format!("same head\n{}same tail\n", word.repeat(n));
        // Each line differs from each other one, so there is nothing to find anyway.
        let (old, new) = (text("a b\n", 10_000), text("c d\n", 10_000));
        let changes = diff(&old, &new);
        assert_eq!(
            changes.iter().map(|c| c.kind).collect::<Vec<_>>(),
            [Kept, Removed, Added, Kept]
        );
        assert_eq!(sides(&changes), (old, new));

        // Of many changed lines the first ones are compared word by word, until the budget is spent.
        let text = |word: &str| format!("{word} {}{word}\nkept\n", "x y ".repeat(300)).repeat(20);
        let (old, new) = (text("old"), text("new"));
        let changes = diff(&old, &new);
        let compared = changes.iter().filter(|c| c.kind == Kept && c.text.contains("x y")).count();
        assert!((1..20).contains(&compared), "{compared}");
        assert_eq!(sides(&changes), (old, new));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn both_texts_can_be_put_together_again(old in any_text(), new in any_text()) {
            let changes = diff(&old, &new);
            prop_assert_eq!(sides(&changes), (old, new));
            prop_assert!(changes.iter().all(|change| !change.text.is_empty()));
            let kinds: Vec<_> = changes.iter().map(|change| change.kind).collect();
            prop_assert!(kinds.windows(2).all(|pair| pair[0] != pair[1]));
            prop_assert!(!kinds.windows(2).any(|pair| pair == [Added, Removed]));
        }

        #[test]
        fn an_edit_of_one_word_is_one_change(
            before in any_text(), after in any_text(), word in "[a-z]{3}"
        ) {
            let text = |word: &str| format!("{before}\n{word}\n{after}");
            let changes = diff(&text(&word), &text("REPLACED"));
            let changed: Vec<_> = pieces(&changes).into_iter().filter(|p| p.0 != Kept).collect();
            prop_assert_eq!(changed, [(Removed, word.as_str()), (Added, "REPLACED")]);
        }

        #[test]
        fn a_spent_budget_makes_a_diff_coarser_but_not_wrong(
            old in prop::collection::vec("[ab]", 0..20),
            new in prop::collection::vec("[ab]", 0..20),
            mut budget in 0usize..1_000,
        ) {
            let old: Vec<_> = old.iter().map(String::as_str).collect();
            let new: Vec<_> = new.iter().map(String::as_str).collect();
            let mut changes = Changes::default();
            for step in steps(&old, &new, &mut budget) {
                match step {
                    Step::Keep(tokens) => changes.keep(tokens),
                    Step::Replace(removed, added) => changes.replace(removed, added),
                }
            }
            prop_assert_eq!(sides(&changes.finished()), (old.concat(), new.concat()));
        }
    }

    /// Lines of few different words, so that texts have much in common; and anything else.
    fn any_text() -> impl Strategy<Value = String> {
        let word =
            prop::sample::select(vec!["a", "b", "one", "two", ",", "é", "自", "\n", "\r\n", ""]);
        let words = prop::collection::vec((word, "[ \t]{0,2}"), 0..40);
        prop_oneof![
            9 => words.prop_map(|words| words.into_iter().map(|(word, space)| word.to_owned() + &space).collect()),
            1 => any::<String>(),
        ]
    }
}
