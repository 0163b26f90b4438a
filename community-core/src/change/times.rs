//! The times that a change set would write: all of them inside the years that stores keep.
//!
//! Here and nowhere else: a command hands on the times that its host gives, and the session asks
//! for all of them before it commits. Everything that holds a time is taken apart by name, so a new
//! operation or a new field does not compile before somebody has thought of it here.

use super::{ChangeSet, NewEvent, Op};
use crate::domain::{
    Channel, Community, Correction, Document, Grant, Link, Mark, Member, Membership, Pin, Post,
    Reaction, Revision, Sanction, Topic,
};
use crate::error::{Error, Result};
use crate::reputation::{Award, Entry};
use crate::time::{LAST_MICROS, Timestamp, from_micros, to_micros};

impl ChangeSet {
    /// Refuses a change set with a time or day that stores do not keep. What it expects holds no
    /// times.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a time outside the years 1970 to 2199, or finer than a microsecond.
    pub(crate) fn check_times(&self) -> Result<()> {
        let Self { request: _, expect: _, ops, events } = self;
        ops.iter().try_for_each(op)?;
        events.iter().try_for_each(event)
    }
}

fn op(op: &Op) -> Result<()> {
    match op {
        Op::PutCommunity(it) => community(it),
        Op::PutChannel(it) => channel(it),
        Op::PutMember(it) => member(it),
        Op::PutMembership(it) => membership(it),
        Op::PutTopic(it) => topic(it),
        Op::PutPost(it) => post(it),
        Op::PutRevision(it) => revision(it),
        Op::PutCorrection(it) => correction(it),
        Op::PutLink(Link { from: _, to: _, kind: _, at })
        | Op::PutReaction(Reaction { post: _, member: _, slot: _, key: _, at })
        | Op::RaiseActive(_, at)
        | Op::SetActive(_, at) => time(*at),
        Op::PutGrant(it) => grant(it),
        Op::PutDocument(it) => document(it),
        Op::AppendLedger(_, it) => entry(it),
        Op::PutAward(_, it) => award(it),
        Op::AddViews { topic: _, day: at, views: _ }
        | Op::AddVisit { community: _, member: _, day: at } => day(*at),
        Op::PutLabel(_)
        | Op::DropLink { .. }
        | Op::DropReaction { .. }
        | Op::DropDocument(_)
        | Op::EraseNotes(_)
        | Op::Bump(..)
        | Op::Checkpoint(..) => Ok(()),
    }
}

fn event(event: &NewEvent) -> Result<()> {
    let NewEvent { kind: _, actor: _, at, community: _, channel: _, topic: _, post: _, member: _ } =
        event;
    time(*at)
}

fn community(community: &Community) -> Result<()> {
    let Community {
        id: _,
        key: _,
        name: _,
        description: _,
        policy: _,
        settings: _,
        reactions: _,
        kinds: _,
        synonyms: _,
        reputation: _,
        hot_scale: _,
        capacity: _,
        archived: _,
        created_at,
        rev: _,
    } = community;
    time(*created_at)
}

fn channel(channel: &Channel) -> Result<()> {
    let Channel {
        id: _,
        community: _,
        parent: _,
        key: _,
        name: _,
        description: _,
        position: _,
        policy: _,
        settings: _,
        archived: _,
        created_at,
        rev: _,
    } = channel;
    time(*created_at)
}

fn member(member: &Member) -> Result<()> {
    let Member {
        id: _,
        key: _,
        name: _,
        attributes: _,
        lists: _,
        profile: _,
        listed: _,
        created_at,
        erased_at,
        rev: _,
    } = member;
    times([Some(*created_at), *erased_at])
}

fn membership(membership: &Membership) -> Result<()> {
    let Membership {
        community: _,
        member: _,
        joined_at,
        roles: _,
        level: _,
        pinned: _,
        off_boards: _,
        sanctions,
        rev: _,
    } = membership;
    times([*joined_at])?;
    sanctions.iter().try_for_each(|sanction| {
        let Sanction { kind: _, channel: _, since, until, reason: _, by: _ } = sanction;
        times([Some(*since), *until])
    })
}

fn topic(topic: &Topic) -> Result<()> {
    let Topic {
        id: _,
        community: _,
        channel: _,
        key: _,
        kind: _,
        answerable: _,
        title: _,
        labels: _,
        author: _,
        opening: _,
        status: _,
        payload: _,
        state: _,
        locked: _,
        pin,
        hot_scale: _,
        created_at,
        bumped_at,
        rev: _,
        gate: _,
        // Not written by a put.
        counters: _,
    } = topic;
    times([Some(*created_at), Some(*bumped_at)])?;
    pin.iter().try_for_each(|pin| {
        let Pin { place: _, position: _, audience: _, since, until } = pin;
        times([Some(*since), *until])
    })
}

fn post(post: &Post) -> Result<()> {
    let Post {
        id: _,
        topic: _,
        parent: _,
        depth: _,
        kind: _,
        key: _,
        author: _,
        state: _,
        bumps: _,
        accepted,
        official,
        shared_at,
        erased_at,
        created_at,
        edited_at,
        revision: _,
        rev: _,
        // Not written by a put.
        counters: _,
    } = post;
    times([Some(*created_at), *edited_at, *shared_at, *erased_at])?;
    accepted.iter().chain(official).try_for_each(|mark| {
        let Mark { by: _, at, reason: _ } = mark;
        time(*at)
    })
}

fn revision(revision: &Revision) -> Result<()> {
    let Revision { post: _, number: _, body: _, title: _, labels: _, editor: _, at, reason: _ } =
        revision;
    time(*at)
}

fn correction(correction: &Correction) -> Result<()> {
    let Correction {
        id: _,
        post: _,
        range: _,
        revision: _,
        body: _,
        author: _,
        at,
        withdrawn_at,
        rev: _,
    } = correction;
    times([Some(*at), *withdrawn_at])
}

fn grant(grant: &Grant) -> Result<()> {
    let Grant {
        id: _,
        community: _,
        member: _,
        reason: _,
        points: _,
        tier: _,
        post: _,
        by: _,
        note: _,
        at,
    } = grant;
    time(*at)
}

fn document(document: &Document) -> Result<()> {
    let Document {
        id: _,
        community: _,
        collection: _,
        body: _,
        keys: _,
        created_at,
        updated_at,
        rev: _,
    } = document;
    times([Some(*created_at), Some(*updated_at)])
}

fn award(award: &Award) -> Result<()> {
    let Award { badge: _, member: _, earned: _, earned_at, decided: _, decided_at } = award;
    times([*earned_at, *decided_at])
}

fn entry(entry: &Entry) -> Result<()> {
    let Entry {
        cause: _,
        number: _,
        origin: _,
        rule: _,
        group: _,
        step: _,
        member: _,
        giver: _,
        topic: _,
        post: _,
        channel: _,
        labels: _,
        points: _,
        day: of_day,
        at,
    } = entry;
    day(*of_day)?;
    time(*at)
}

fn times<const N: usize>(times: [Option<Timestamp>; N]) -> Result<()> {
    times.into_iter().flatten().try_for_each(time)
}

fn time(at: Timestamp) -> Result<()> {
    match from_micros(to_micros(at)) {
        Some(kept) if kept == at => Ok(()),
        Some(_) => Err(Error::invalid("a time has at most microseconds")),
        None => Err(Error::invalid("a time lies in the years 1970 to 2199")),
    }
}

fn day(day: i32) -> Result<()> {
    const LAST: i64 = LAST_MICROS / 86_400_000_000;
    if (0..=LAST).contains(&i64::from(day)) {
        Ok(())
    } else {
        Err(Error::invalid("a day lies in the years 1970 to 2199"))
    }
}
