//! The knowledge base of the community engine.
//!
//! - [`deflection`]: how many questions need not be asked because suggestions answered them, with
//!   an interval that says how sure that is, and what it is worth under assumptions that are named.
//! - [`gaps`]: what to write next, and the questions behind it.

pub mod deflection;
pub mod gaps;
