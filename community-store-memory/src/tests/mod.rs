//! Tests of what is this store's own: its indexes, its way through the lists of a feed, its walk
//! through a thread. What every store has to do is tested by the conformance suite.

mod commits;
mod feeds;
mod rebuilt;
mod threads;
mod world;
