//! Many at the same time: nothing is lost, and no reader meets new data with old rights.

use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};
use std::thread;

use community_core::change::{ChangeSet, Expect, Op, Seq};
use community_core::policy::{AccessRev, Facts};
use community_core::query::FeedRequest;
use community_core::store::{CommitError, Committer, EventLog, Reader};
use community_core::time::from_micros;
use community_core::{ChannelId, Member, Membership, Name, Rev, Scope, StoreError, Title, Viewer};
use community_store_sqlite::{Options, ReadOn, SqliteStore};
use pollster::block_on;

use crate::common::*;

#[test]
fn thirty_two_who_commit_at_the_same_time_lose_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let home = Home::new();
    let store = open(dir.path());
    commit(&store, home.found());
    let (topic, opening) = home.started(&store, &home.garden, &[]);
    thread::scope(|scope| {
        for _ in 0..32 {
            scope.spawn(|| {
                for _ in 0..20 {
                    let reply = home.post(topic.id, Some(&opening), home.mint.now());
                    commit(&store, home.reply(&reply));
                    // One that is refused in between takes nothing with it.
                    let expect = vec![Expect::Gate(topic.id, 7)];
                    let refused = ChangeSet { expect, ..home.reply(&reply) };
                    let error = try_commit(&store, refused).unwrap_err();
                    assert!(matches!(error, CommitError::Conflict(_)), "{error}");
                }
            });
        }
    });
    drop(store);
    let store = open(dir.path());
    let scope = system();
    let posts = block_on(store.posts_by_id(topic.id, None, 10_000, &scope)).unwrap();
    assert_eq!(posts.len(), 641);
    let row = block_on(store.topics(&[topic.id], &scope)).unwrap().remove(0).unwrap();
    assert_eq!(scope.admit(row).unwrap().topic.counters.posts, 641);
    assert_eq!(block_on(store.head()).unwrap(), Seq(642));
}

#[test]
fn a_dropped_future_takes_nothing_back() {
    let dir = tempfile::tempdir().unwrap();
    let home = Home::new();
    let store = open(dir.path());
    {
        let mut context = Context::from_waker(Waker::noop());
        let future = pin!(store.commit(home.found()));
        let polled: Poll<_> = future.poll(&mut context);
        // Sent to the writer; nobody waits for the answer.
        drop(polled);
    }
    // The writer takes them in order.
    home.started(&store, &home.garden, &[]);
    assert_eq!(block_on(store.head()).unwrap(), Seq(2));
}

/// A membership, channel and topic that carry the number of a round.
struct Round<'a> {
    home: &'a Home,
    store: &'a SqliteStore,
}

impl Round<'_> {
    /// Takes a right away: even rounds write the member, odd ones the directory.
    fn revoke(&self, round: u64) -> ChangeSet {
        let op = if round.is_multiple_of(2) {
            let stranger = Membership::stranger(self.home.community.id, self.home.bob.id);
            let joined_at = from_micros(1);
            Op::PutMembership(Box::new(Membership { joined_at, rev: Rev(round), ..stranger }))
        } else {
            let channel = self.home.kitchen.clone();
            Op::PutChannel(Box::new(community_core::Channel { rev: Rev(round), ..channel }))
        };
        ChangeSet { ops: vec![op], ..ChangeSet::default() }
    }

    /// Writes what must not be seen with the right that was taken away.
    fn secret(&self, round: u64) -> ChangeSet {
        let (mut topic, opening) = self.home.topic(&self.home.garden, &[]);
        topic.title = Title::new(&round.to_string()).unwrap();
        self.home.start(&topic, &opening)
    }

    /// The scope of Bob, and the last round that it rests on.
    fn scope(&self) -> (Scope, u64) {
        let bob = self.home.bob.id;
        let access = block_on(self.store.access_rev(Some(bob))).unwrap();
        let directory = block_on(self.store.directory()).unwrap();
        let facts = Facts {
            member: block_on(self.store.members(&[bob])).unwrap().remove(0),
            memberships: block_on(self.store.memberships(bob)).unwrap(),
        };
        let of_member = facts.memberships.first().map_or(0, |membership| membership.rev.0);
        let of_channel = self.kitchen(&directory);
        let now = from_micros(2).unwrap();
        let scope = Scope::resolve(Viewer::Member(bob), &facts, &directory, now, access);
        (scope, of_member.max(of_channel))
    }

    fn kitchen(&self, directory: &community_core::Directory) -> u64 {
        let kitchen: ChannelId = self.home.kitchen.id;
        directory.channel(kitchen).map_or(0, |entry| entry.channel.rev.0)
    }
}

struct SetWhenDropped<'a>(&'a AtomicBool);

impl Drop for SetWhenDropped<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Revocations and secrets go to the writer in pairs, without waiting in between, so that both are
/// often in one transaction. A reader that sees the secret of a round rests on its revocation.
fn race(options: Options, rounds: u64) {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(dir.path(), options).unwrap();
    let home = Home::new();
    commit(&store, home.found());
    let race = Round { home: &home, store: &store };
    let (done, read, refused) = (AtomicBool::new(false), AtomicU64::new(0), AtomicU64::new(0));
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !done.load(Ordering::SeqCst) {
                    let (rights, rests_on) = race.scope();
                    for _ in 0..20 {
                        let request = FeedRequest { limit: 1, ..home.feed() };
                        let page = match block_on(store.feed(&request, &rights)) {
                            Ok(page) => page,
                            Err(StoreError::StaleScope) => {
                                refused.fetch_add(1, Ordering::SeqCst);
                                break;
                            }
                            Err(error) => panic!("{error}"),
                        };
                        read.fetch_add(1, Ordering::SeqCst);
                        for (_, card) in page.items {
                            let card = rights.admit(card).unwrap();
                            let secret: u64 = card.topic.title.as_str().parse().unwrap();
                            assert!(
                                secret <= rests_on,
                                "the secret of round {secret} was read with rights of {rests_on}"
                            );
                        }
                    }
                }
            });
        }
        // Also when something fails here: the readers end, and the failure is told.
        let _done = SetWhenDropped(&done);
        for round in 2..rounds {
            let mut context = Context::from_waker(Waker::noop());
            let mut revoked = pin!(store.commit(race.revoke(round)));
            // The writer may be done with it before this thread goes on.
            let at_once = revoked.as_mut().poll(&mut context);
            block_on(store.commit(race.secret(round))).unwrap();
            match at_once {
                Poll::Ready(revoked) => revoked,
                Poll::Pending => block_on(revoked),
            }
            .unwrap();
        }
    });
    let (read, refused) = (read.into_inner(), refused.into_inner());
    assert!(read > 0 && refused > 0, "{read} pages were read, {refused} refused");
}

#[test]
fn nobody_reads_new_data_with_rights_that_were_taken_away_before_it() {
    race(Options::default(), 200);
}

#[test]
fn nor_does_anybody_on_threads_of_the_store() {
    race(Options { read_on: ReadOn::Threads, readers: 3, ..Options::default() }, 100);
}

#[test]
fn a_scope_is_good_for_as_long_as_nothing_of_its_viewer_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let home = Home::new();
    let store = open(dir.path());
    commit(&store, home.found());
    let race = Round { home: &home, store: &store };
    let (scope, _) = race.scope();
    let renamed = |member: &Member| {
        let name = Name::new("Other").unwrap();
        let op = Op::PutMember(Box::new(Member { name, ..member.clone() }));
        ChangeSet { ops: vec![op], ..ChangeSet::default() }
    };
    let read = || block_on(store.feed(&home.feed(), &scope)).map(|page| page.items.len());
    home.started(&store, &home.garden, &[]);
    commit(&store, renamed(&home.ann));
    assert_eq!(read().unwrap(), 1);
    let before = block_on(store.access_rev(None)).unwrap();
    commit(&store, renamed(&home.bob));
    assert!(matches!(read(), Err(StoreError::StaleScope)));
    assert_eq!(block_on(store.access_rev(None)).unwrap(), before);
    assert_ne!(before, AccessRev::default());
}
