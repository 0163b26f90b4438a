//! The leak test: what nine kinds of viewers are shown in generated worlds is what the oracle says,
//! and what they may not see is no different from what does not exist.
//!
//! A world is a script with a cast put into it: a viewer of each kind, and secrets of every sort,
//! so that each world has something to hide. [`Leak`] seeds leaks of the kinds that other systems
//! had, and the harness has to find each of them.

mod absent;
mod cast;
mod seeded;

use std::fmt;

use community_core::Viewer;

use crate::differential::{Backend, Difference, Run};
use crate::script::Script;
use crate::worlds::Dice;

pub use seeded::Leak;

/// A kind of viewer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Who {
    /// A visitor without a name.
    Anonymous,
    /// Somebody who has a name and has joined nothing.
    Outsider,
    /// Somebody who has joined.
    Member,
    /// Somebody who has joined and written, and has lost some of it.
    Author,
    /// Somebody who had every right and is suspended.
    Suspended,
    /// A moderator of another community.
    ModeratorElsewhere,
    /// A moderator of the community that has most to hide.
    ModeratorHere,
    /// An employee.
    Employee,
    /// A member of another tenant, whose id means nothing here.
    OtherTenant,
}

/// What an examination has compared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Examined {
    /// Worlds.
    pub worlds: usize,
    /// Answers that were compared with the oracle's.
    pub answers: usize,
    /// Pairs of something hidden and something absent.
    pub pairs: usize,
}

/// Something that a viewer can tell and should not.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The seed of the world.
    pub world: u64,
    /// Who can tell it.
    pub who: Option<Who>,
    /// How it differs from what the oracle says, or from what is absent.
    pub difference: Box<Difference>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { world, who, difference } = self;
        write!(f, "world {world}, {who:?}: {difference}")
    }
}

/// Steps in a world behind its founding.
const STEPS: usize = 40;

/// Questions of each read that each viewer asks in one world.
const OF_EACH: usize = 8;

/// Examines one world on a store.
///
/// # Errors
/// The first finding.
pub fn examine(world: u64, backend: Backend) -> Result<Examined, Finding> {
    let finding = |who| move |difference| Finding { world, who, difference };
    let mut run = Run::new(&[backend]);
    let mut script = Script::generate(world, STEPS);
    for step in &mut script.steps {
        step.look = None;
        run.step(step).map_err(finding(None))?;
    }
    let cast = cast::enter(&mut run).map_err(finding(None))?;
    let dice = &mut Dice::of(world, "leaks", 0);
    let mut pairs = 0;
    for (who, viewer) in cast.viewers() {
        let refs = cast.refs(&run, dice);
        run.put(viewer, &refs, dice, OF_EACH).map_err(finding(Some(who)))?;
    }
    for (who, viewer) in cast.viewers() {
        pairs += absent::compare(&mut run, &cast, viewer, dice).map_err(finding(Some(who)))?;
    }
    Ok(Examined { worlds: 1, answers: run.answers(), pairs })
}

/// Examines the worlds of so many seeds from `first` on.
///
/// # Errors
/// The first finding.
pub fn examine_many(first: u64, worlds: usize, backend: Backend) -> Result<Examined, Finding> {
    let mut all = Examined::default();
    for world in (first..).take(worlds) {
        let Examined { worlds, answers, pairs } = examine(world, backend)?;
        all.worlds += worlds;
        all.answers += answers;
        all.pairs += pairs;
    }
    Ok(all)
}

/// How many worlds it takes to find a seeded leak; `None` when so many are not enough.
#[must_use]
pub fn worlds_to_find(leak: Leak, backend: Backend, most: usize) -> Option<(usize, Finding)> {
    let leaky = leak.into_backend(backend);
    (1..=most).find_map(|worlds| {
        let world = u64::try_from(worlds).unwrap_or(0);
        examine(world, leaky).err().map(|finding| (worlds, finding))
    })
}

/// The viewer of a member, for the modules below.
fn viewer_of(id: uuid::Uuid) -> Viewer {
    Viewer::Member(community_core::MemberId::from_uuid(id))
}
