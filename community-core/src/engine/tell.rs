//! Telling the host of badges. What was told stands in a checkpoint behind the log, so that nothing
//! is left out when a process dies: the last ones are then told again.

use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::Engine;
use super::project::STEP;
use crate::change::{ChangeSet, Event, EventKind, Expect, Op};
use crate::error::Result;
use crate::text::Slug;

/// Contract between the engine and its host: who is told when members come to have badges, or lose
/// them. Given to the engine with [`Env::with_award_hook`](crate::Env::with_award_hook).
///
/// An engine that is given one begins with what is awarded from then on; what was awarded before
/// the first on a store is not told. From there on it is told of each award *at least once*, behind the commit that made it and in the order of the
/// log, by [`Engine::pump`] and last of all that a pump does. [`Event::seq`] tells a repetition.
/// Several processes on one store tell once between them, as a rule.
///
/// It runs on the task of whoever pumps, and on nobody else's: whoever is slow in it holds up that
/// pump's return and no projection, command or read. One that panics is not told of the same event
/// again; [`Pumped::failed`](super::Pumped::failed) counts that. What takes long is for a queue of
/// the host's own.
///
/// ```
/// use std::sync::{Arc, Mutex};
/// use community::{AwardHook, Env, Event};
///
/// #[derive(Debug, Default)]
/// struct Letters(Mutex<Vec<Event>>);
///
/// impl AwardHook for Letters {
///     fn awarded(&self, event: &Event) {
///         self.0.lock().unwrap().push(event.clone());
///     }
/// }
///
/// let letters = Arc::new(Letters::default());
/// let engine = community::in_memory_with(Env::default().with_award_hook(letters.clone()));
/// pollster::block_on(engine.pump())?;
/// assert!(letters.0.lock().unwrap().is_empty());
/// # Ok::<(), community::Error>(())
/// ```
pub trait AwardHook: Send + Sync + Debug {
    /// A member has come to have a tier of a badge, or no longer has it: the event is
    /// [`EventKind::Awarded`] or [`EventKind::Revoked`], and names community and member.
    fn awarded(&self, event: &Event);
}

fn told() -> Slug {
    Slug::new("awards.told").unwrap_or_else(|_| Slug::placeholder())
}

impl Engine {
    /// Notes where the log ends before anything is awarded that the host's hook is to be told of,
    /// unless that was noted before.
    pub(super) async fn begin_telling(&self) -> Result<()> {
        if self.env().award_hook().is_none() || self.store().checkpoint(&told()).await?.is_some() {
            return Ok(());
        }
        let mut changes = ChangeSet::default();
        changes.expect(Expect::CheckpointAt(told(), None));
        changes.ops.push(Op::Checkpoint(told(), self.store().head().await?));
        // Whoever was faster has noted it.
        self.commit_step(changes).await.map(|_| ())
    }

    /// Tells the host's hook what it was not told yet, looking at so many events at most. Returns
    /// at how many it looked, and how many calls panicked.
    pub(super) async fn tell_awards(&self, budget: usize) -> Result<(usize, usize)> {
        let Some(hook) = self.env().award_hook() else { return Ok((0, 0)) };
        self.begin_telling().await?;
        let name = told();
        let (mut told, mut failed) = (0, 0);
        while told < budget {
            let limit = STEP.min(budget - told);
            let at = self.store().checkpoint(&name).await?;
            let events = self.store().events_after(at.unwrap_or_default(), limit).await?;
            let Some(last) = events.last() else { break };
            for event in &events {
                let kind = &event.event.kind;
                if matches!(kind, EventKind::Awarded { .. } | EventKind::Revoked { .. }) {
                    let call = AssertUnwindSafe(|| hook.awarded(event));
                    failed += usize::from(catch_unwind(call).is_err());
                }
            }
            let mut changes = ChangeSet::default();
            changes.expect(Expect::CheckpointAt(name.clone(), at));
            changes.ops.push(Op::Checkpoint(name.clone(), last.seq));
            // Whoever was faster tells what comes next.
            if !self.commit_step(changes).await? {
                break;
            }
            told += events.len();
        }
        Ok((told, failed))
    }
}
