//! Workloads and hand-written SQL for the benchmarks.
//!
//! A benchmark is only worth something beside its limit: the same rows, read or written on the same
//! kind of file by SQL that somebody wrote by hand for just this purpose. What runs the measurements
//! is in `feeds.rs` and `commits.rs` beside this folder. How well search orders its hits is measured by
//! `relevance.rs`.

pub mod by_hand;
pub mod pairs;
pub mod posts;
pub mod workload;
