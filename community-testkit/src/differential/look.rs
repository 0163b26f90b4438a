//! Looking around: questions of several viewers, put to the oracle and to every store.

use community_core::{DocumentId, Key, MemberId, PostId, Read, Seq, Slug, TopicId, Viewer};
use uuid::Uuid;

use super::{Difference, Run};
use crate::observe::{Answer, Question, Refs, one_page, questions, walk};
use crate::script::{Script, absent, names};
use crate::worlds::Dice;

impl Run {
    /// A few viewers look at a little.
    pub(super) fn look_around(&mut self, seed: u64) -> Result<(), Box<Difference>> {
        let dice = &mut Dice::new(seed);
        for viewer in self.viewers(dice, 2) {
            let refs = self.some(dice);
            self.put(viewer, &refs, dice, 1)?;
        }
        Ok(())
    }

    /// Viewers of every sort look at everything that there is, each at parts of it.
    pub(super) fn look_at_everything(&mut self, seed: u64) -> Result<(), Box<Difference>> {
        let dice = &mut Dice::new(seed);
        let mut viewers = vec![Viewer::Anonymous, Viewer::System];
        viewers.extend(self.viewers(dice, 6));
        for viewer in viewers {
            let refs = self.some(dice);
            self.put(viewer, &refs, dice, 3)?;
        }
        self.compare_logs()
    }

    fn viewers(&self, dice: &mut Dice, count: usize) -> Vec<Viewer> {
        let chosen = (0..count).map(|_| match dice.below(16) {
            0 => Viewer::Anonymous,
            1 | 2 => Viewer::System,
            3 => Viewer::Member(MemberId::from_uuid(absent(9_000))),
            _ => Viewer::Member(MemberId::from_uuid(self.book.member(dice.below(12)))),
        });
        chosen.collect()
    }

    /// Some of what there is, and some of what there is not.
    fn some(&self, dice: &mut Dice) -> Refs {
        let slugs = |dice: &mut Dice, names: &[&str], count: usize| -> Vec<Slug> {
            let chosen = (0..count).map(|_| dice.pick(names));
            chosen.filter_map(|name| Slug::new(name).ok()).collect()
        };
        let ids = |dice: &mut Dice, known: &[Uuid], count: usize| -> Vec<Uuid> {
            let id = |dice: &mut Dice| match known {
                [_, ..] if dice.chance(90) => *dice.pick(known),
                _ => absent(7),
            };
            (0..count).map(|_| id(dice)).collect()
        };
        let texts = |prefix: &str, dice: &mut Dice, bound: usize| {
            Key::new(&format!("{prefix}:{}", dice.below(bound))).ok()
        };
        // The first two communities are those in which most happens.
        let mut communities = slugs(dice, &names::COMMUNITIES[..2], 1);
        communities.extend(slugs(dice, &names::COMMUNITIES, 1));
        Refs {
            communities,
            channels: slugs(dice, &names::CHANNELS, 2),
            labels: slugs(dice, &names::LABELS[..5], 2),
            kinds: slugs(dice, &names::KINDS, 1),
            topics: ids(dice, &self.book.topics, 2).into_iter().map(TopicId::from_uuid).collect(),
            posts: ids(dice, &self.book.posts, 4).into_iter().map(PostId::from_uuid).collect(),
            corrections: Vec::new(),
            notes: ids(dice, &self.book.notes, 2).into_iter().map(DocumentId::from_uuid).collect(),
            items: texts("item", dice, 10).into_iter().collect(),
            people: texts("user", dice, 14).into_iter().collect(),
            places: self.oracle.channel_ids().into_iter().take(1 + dice.below(9)).collect(),
            members: vec![MemberId::from_uuid(self.book.member(dice.below(12)))],
            sizes: [1, 2, 7, 50].into_iter().filter(|_| dice.chance(60)).collect(),
            strange_cursors: strange_cursors(),
        }
    }

    /// Puts so many questions of each read.
    pub(crate) fn put(
        &mut self,
        viewer: Viewer,
        refs: &Refs,
        dice: &mut Dice,
        of_each: usize,
    ) -> Result<(), Box<Difference>> {
        for read in Read::ALL {
            let all = questions(*read, refs);
            for _ in 0..of_each.min(all.len()) {
                self.ask(viewer, dice.pick(&all))?;
            }
        }
        Ok(())
    }

    /// Puts one question, walking through all of its pages.
    pub(crate) fn ask(
        &mut self,
        viewer: Viewer,
        question: &Question,
    ) -> Result<(), Box<Difference>> {
        let expected = walk(question, |question| self.oracle.ask(viewer, question));
        let answers: Vec<Answer> = self
            .subjects
            .iter()
            .map(|subject| walk(question, |question| subject.ask(viewer, question)))
            .collect();
        self.compared.answers += 1;
        self.compare(viewer, format!("{question:?}"), &expected, answers)
    }

    /// Reads a first page and keeps its cursor.
    pub(super) fn read_page(
        &mut self,
        viewer: Viewer,
        kept: u8,
        question: Question,
    ) -> Result<(), Box<Difference>> {
        let kept = usize::from(kept) % super::KEPT_PAGES;
        if let Some(slot) = self.cursors.get_mut(kept) {
            *slot = Some((question, None));
        }
        self.read_kept(viewer, kept)
    }

    /// Reads the page behind the one that was kept, if there is one.
    pub(super) fn read_on(&mut self, viewer: Viewer, kept: u8) -> Result<(), Box<Difference>> {
        let kept = usize::from(kept) % super::KEPT_PAGES;
        match self.cursors.get(kept) {
            Some(Some((_, Some(_)))) => self.read_kept(viewer, kept),
            _ => Ok(()),
        }
    }

    fn read_kept(&mut self, viewer: Viewer, kept: usize) -> Result<(), Box<Difference>> {
        let Some((question, cursor)) = self.cursors.get(kept).cloned().flatten() else {
            return Ok(());
        };
        let behind = |cursor: Option<&String>| match cursor {
            Some(cursor) => question.behind(cursor).unwrap_or_else(|| question.clone()),
            None => question.clone(),
        };
        let (expected, next) =
            one_page(&behind(cursor.as_ref()), |page| self.oracle.ask(viewer, page));
        let mut answers = Vec::new();
        for subject in &mut self.subjects {
            let cursor = cursor.as_ref().and(subject.cursors.get(kept).cloned().flatten());
            let page = behind(cursor.as_ref());
            let (answer, next) = one_page(&page, |page| subject.ask(viewer, page));
            answers.push(answer);
            if let Some(slot) = subject.cursors.get_mut(kept) {
                *slot = next;
            }
        }
        if let Some(slot) = self.cursors.get_mut(kept) {
            *slot = Some((question.clone(), next));
        }
        self.compared.answers += 1;
        let going_on = if cursor.is_some() { ", reading on" } else { "" };
        self.compare(viewer, format!("{question:?}{going_on}"), &expected, answers)
    }

    /// Compares the whole log.
    fn compare_logs(&mut self) -> Result<(), Box<Difference>> {
        let page = Script::limits().page;
        for after in (0..).step_by(page) {
            let question = Question::Events(Seq(after), Some(page));
            self.ask(Viewer::System, &question)?;
            let events = self.oracle.ask(Viewer::System, &question);
            if events.ok().and_then(|events| events.as_array().map(Vec::len)) < Some(page) {
                break;
            }
        }
        Ok(())
    }
}

/// Texts that are cursors of no list.
pub(crate) fn strange_cursors() -> Vec<String> {
    ["", "x", "AAAA", "\u{1F600}", "%00", "' OR 1=1"]
        .into_iter()
        .map(str::to_owned)
        .chain(["A".repeat(48), "_".repeat(48), "A".repeat(100_000)])
        .collect()
}
