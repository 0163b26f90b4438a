//! What a backend of the community engine is tested with: the conformance table, a naive store to
//! compare with, the verification of a store's contents, and a store with faults.
//!
//! It depends on `community-core` alone, so a backend of your own is tested exactly as the backends
//! here are: one test target with [`conformance!`] or [`conformance_durable!`].

pub mod awards;
pub(crate) mod cases;
mod check;
pub mod conformance;
pub mod differential;
mod expected;
mod faulty;
mod fixture;
#[cfg(test)]
mod flawed;
mod index;
pub mod leaks;
mod meadow;
mod model;
mod naive_boards;
pub mod notes;
pub mod observe;
pub mod oracle;
pub mod population;
pub mod script;
mod snapshot;
pub mod verify;
mod walk;
mod world;
pub mod worlds;

pub use check::{Failure, Outcome};
pub use faulty::{CommitFault, FaultyStore, Habit};
pub use index::NaiveIndex;
pub use model::ModelStore;
pub use snapshot::snapshot;
pub use verify::{Finding, Report, verify};
pub use world::World;
