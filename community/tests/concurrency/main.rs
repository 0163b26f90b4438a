//! What many do at the same time: nothing is lost, nothing is counted twice, no bound is passed,
//! and a right that was taken away is gone with the next read and write. On every store.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod chains;
mod hammer;
mod home;
mod revocation;
mod walks;

/// Runs tests on each store: `on_each_store! { name(size on memory, size on SQLite) ... }`. What a
/// test takes is how much to do: SQLite writes to a disk.
macro_rules! on_each_store {
    ($($name:ident($memory:expr, $sqlite:expr))+) => {
        mod memory {$(
            #[test]
            fn $name() {
                super::$name(&$crate::home::Home::in_memory(), $memory);
            }
        )+}

        mod sqlite {$(
            #[test]
            fn $name() {
                super::$name(&$crate::home::Home::on_sqlite(), $sqlite);
            }
        )+}
    };
}

pub(crate) use on_each_store;
