//! The blocking example loses nothing between its threads.

#[path = "../blocking.rs"]
mod blocking;

#[test]
fn a_synchronous_program_needs_no_runtime() {
    assert_eq!(blocking::run().unwrap(), ["Which glue for oak?: 3 votes, 3 answers"]);
}
