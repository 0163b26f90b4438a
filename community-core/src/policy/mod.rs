//! Who may see and do what.
//!
//! Two exits, both pure: [`decide`] answers one question about one viewer and says which clause
//! decided; [`Scope::resolve`] says what one viewer may read, in a form that stores push into their
//! queries. Nothing else in the engine interprets a policy, a role or a sanction.

mod action;
mod audience;
mod decide;
mod facts;
mod policy_set;
mod scope;
#[cfg(test)]
mod tests;
mod viewer;
mod visible;

pub use action::Action;
pub use audience::{Audience, Comparison, Trace};
pub(crate) use decide::Asker;
pub use decide::{Clause, Decision, Known, Target, decide};
pub use facts::Facts;
pub use policy_set::Policy;
pub use scope::{AccessRev, ChannelSet, Place, Scope};
pub use viewer::Viewer;
pub use visible::{Guarded, Unchecked, Visible};
