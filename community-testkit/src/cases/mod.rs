//! The cases of the conformance table, by guarantee. A case is a function here and a line in
//! `conformance/table.rs`.

pub(crate) mod all_or_nothing;
pub(crate) mod durable;
pub(crate) mod expectations;
pub(crate) mod log;
pub(crate) mod races;
