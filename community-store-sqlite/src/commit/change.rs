//! One change set: request, expectations, operations, events.
//!
//! Topics and posts that it touches are changed in memory and wait there for the end of the group.
//! Everything else is written as it comes.

use std::collections::{BTreeMap, BTreeSet};

use community_core::change::{ChangeSet, Op, Receipt, Request, Seq};
use community_core::reputation::{Entry, RuleSetId};
use community_core::store::Conflict;
use community_core::time::to_micros;
use community_core::{Correction, Link, Reaction, RequestId, Revision, Slug, TopicId};
use rusqlite::Connection;

use super::group::{Group, Refusal};
use crate::access::AccessSlot;
use crate::error::{Fault, Result};
use crate::row::{Columns, link_name, opt_json, opt_micros, signed, slot_code};
use crate::{Inner, log};

/// By the primary key.
pub(crate) const REQUEST: &str = "SELECT seq, id, subject, fingerprint FROM requests WHERE id = ?1";

const ADD_REQUEST: &str =
    "INSERT INTO requests (id, seq, subject, fingerprint) VALUES (?1, ?2, ?3, ?4)";

const PUT_REVISION: &str =
    "INSERT INTO revisions (post, number, body, title, labels, editor, at, reason)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
    ON CONFLICT (post, number) DO UPDATE SET body = excluded.body, title = excluded.title,
      labels = excluded.labels, editor = excluded.editor, at = excluded.at,
      reason = excluded.reason";

const PUT_CORRECTION: &str = "INSERT INTO corrections
    (id, post, range_start, range_end, revision, body, author, at, withdrawn_at, rev)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
    ON CONFLICT (id) DO UPDATE SET post = excluded.post, range_start = excluded.range_start,
      range_end = excluded.range_end, revision = excluded.revision, body = excluded.body,
      author = excluded.author, at = excluded.at, withdrawn_at = excluded.withdrawn_at,
      rev = excluded.rev";

const PUT_LINK: &str = "INSERT INTO links (source, target, kind, at) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT DO UPDATE SET at = excluded.at";

const DROP_LINK: &str = "DELETE FROM links WHERE source = ?1 AND target = ?2 AND kind = ?3";

const PUT_REACTION: &str =
    "INSERT INTO reactions (post, member, slot, key, at) VALUES (?1, ?2, ?3, ?4, ?5)
    ON CONFLICT DO UPDATE SET key = excluded.key, at = excluded.at";

const DROP_REACTION: &str = "DELETE FROM reactions WHERE post = ?1 AND member = ?2 AND slot = ?3";

const ADD_VIEWS: &str = "INSERT INTO topic_views (topic, day, views) VALUES (?1, ?2, ?3)
    ON CONFLICT DO UPDATE SET views = views + excluded.views RETURNING views";

const PUT_CHECKPOINT: &str = "INSERT INTO checkpoints (name, seq) VALUES (?1, ?2)
    ON CONFLICT DO UPDATE SET seq = excluded.seq";

/// A change set that is being applied.
#[derive(Debug)]
pub(super) struct Change<'a> {
    pub(super) conn: &'a Connection,
    pub(super) inner: &'a Inner,
    pub(super) group: &'a mut Group,
    /// Whose rights it may change.
    pub(super) raised: BTreeSet<AccessSlot>,
    /// New entries by the number of their ledger: what follows from them is written once, at the end.
    pub(super) entries: BTreeMap<i64, (RuleSetId, Vec<Entry>)>,
}

impl<'a> Change<'a> {
    pub(super) fn new(conn: &'a Connection, inner: &'a Inner, group: &'a mut Group) -> Self {
        Self { conn, inner, group, raised: BTreeSet::new(), entries: BTreeMap::new() }
    }

    pub(super) fn apply(mut self, changes: &ChangeSet) -> Result<Receipt, Refusal> {
        let ChangeSet { request, expect, ops, events } = changes;
        if let Some(request) = request
            && let Some(receipt) = receipt(self.conn, request.id)?
        {
            let same = receipt.replayed.is_some_and(|old| old.fingerprint == request.fingerprint);
            return if same { Ok(receipt) } else { Err(Refusal::RequestReused) };
        }
        for expectation in expect {
            if !self.holds(expectation)? {
                return Err(Refusal::Conflict(Conflict(expectation.clone())));
            }
        }
        for op in ops {
            self.run(op)?;
        }
        self.follow_entries()?;
        let mut head = self.group.head;
        for event in events {
            head = Seq(head.0 + 1);
            log::add(self.conn, head, event)?;
        }
        if let Some(Request { id, subject, fingerprint }) = request {
            let subject = subject.as_ref().map(|id| id.as_bytes());
            let params = (id.as_bytes(), signed(head.0)?, subject, fingerprint.cast_signed());
            self.conn.prepare_cached(ADD_REQUEST)?.execute(params)?;
        }
        self.group.head = head;
        for slot in self.raised {
            let rev = self.group.rev(&self.inner.access, slot) + 1;
            self.group.revs.insert(slot, rev);
        }
        Ok(Receipt { seq: head, replayed: None })
    }

    fn run(&mut self, op: &Op) -> Result<()> {
        match op {
            Op::PutCommunity(community) => self.put_community(community),
            Op::PutChannel(channel) => self.put_channel(channel),
            Op::PutLabel(label) => self.put_label(label),
            Op::PutMember(member) => self.put_member(member),
            Op::PutMembership(membership) => self.put_membership(membership),
            Op::PutTopic(topic) => self.put_topic(topic),
            Op::PutPost(post) => self.put_post(post),
            Op::PutRevision(revision) => self.put_revision(revision),
            Op::PutCorrection(correction) => self.put_correction(correction),
            Op::PutLink(link) => self.put_link(link),
            Op::DropLink { from, to, kind } => {
                let params = (from.as_bytes(), to.as_bytes(), link_name(*kind));
                self.conn.prepare_cached(DROP_LINK)?.execute(params)?;
                Ok(())
            }
            Op::PutReaction(reaction) => self.put_reaction(reaction),
            Op::DropReaction { post, member, slot } => {
                let params = (post.as_bytes(), member.as_bytes(), slot_code(*slot));
                self.conn.prepare_cached(DROP_REACTION)?.execute(params)?;
                Ok(())
            }
            Op::Bump(counter, step) => self.bump(counter, *step),
            Op::RaiseActive(topic, at) => {
                let counters = &mut self.topic_mut(*topic)?.counters;
                counters.active_at = counters.active_at.max(*at);
                Ok(())
            }
            Op::SetActive(topic, at) => {
                self.topic_mut(*topic)?.counters.active_at = *at;
                Ok(())
            }
            Op::AddViews { topic, day, views } => self.add_views(*topic, *day, *views),
            Op::AddVisit { community, member, day } => self.add_visit(*community, *member, *day),
            Op::PutGrant(grant) => self.put_grant(grant),
            Op::EraseNotes(member) => self.erase_notes(*member),
            Op::PutDocument(document) => self.put_document(document),
            Op::DropDocument(document) => self.drop_document(*document),
            Op::AppendLedger(ledger, entry) => self.append(ledger, entry),
            Op::PutAward(of, award) => self.put_award(of, award),
            Op::Checkpoint(name, seq) => self.put_checkpoint(name, *seq),
        }
    }

    fn put_revision(&mut self, revision: &Revision) -> Result<()> {
        let Revision { post, number, body, title, labels, editor, at, reason } = revision;
        self.need_post(*post)?;
        self.need_member(*editor)?;
        self.conn.prepare_cached(PUT_REVISION)?.execute((
            post.as_bytes(),
            number,
            body,
            title.as_ref().map(|title| title.as_str()),
            opt_json(labels.as_ref())?,
            editor.as_ref().map(|id| id.as_bytes()),
            to_micros(*at),
            reason,
        ))?;
        Ok(())
    }

    fn put_correction(&mut self, correction: &Correction) -> Result<()> {
        let Correction { id, post, range, revision, body, author, at, withdrawn_at, rev } =
            correction;
        self.need_post(*post)?;
        self.need_member(Some(*author))?;
        self.conn.prepare_cached(PUT_CORRECTION)?.execute((
            id.as_bytes(),
            post.as_bytes(),
            range.map(|(start, _)| start),
            range.map(|(_, end)| end),
            revision,
            body,
            author.as_bytes(),
            to_micros(*at),
            opt_micros(*withdrawn_at),
            signed(rev.0)?,
        ))?;
        Ok(())
    }

    fn put_link(&mut self, link: &Link) -> Result<()> {
        let Link { from, to, kind, at } = link;
        self.need_topic(*from)?;
        self.need_topic(*to)?;
        let params = (from.as_bytes(), to.as_bytes(), link_name(*kind), to_micros(*at));
        self.conn.prepare_cached(PUT_LINK)?.execute(params)?;
        Ok(())
    }

    fn put_reaction(&mut self, reaction: &Reaction) -> Result<()> {
        let Reaction { post, member, slot, key, at } = reaction;
        self.need_post(*post)?;
        self.need_member(Some(*member))?;
        let (slot, at) = (slot_code(*slot), to_micros(*at));
        let params = (post.as_bytes(), member.as_bytes(), slot, key.as_str(), at);
        self.conn.prepare_cached(PUT_REACTION)?.execute(params)?;
        Ok(())
    }

    fn add_views(&mut self, topic: TopicId, day: i32, views: i64) -> Result<()> {
        let all = &mut self.topic_mut(topic)?.counters.views;
        let sum = all.checked_add(views);
        *all = sum.unwrap_or(*all);
        let mut statement = self.conn.prepare_cached(ADD_VIEWS)?;
        let of_day: i64 = statement.query_row((topic.as_bytes(), day, views), |row| row.get(0))?;
        if of_day < 0 || sum.is_none_or(|sum| sum < 0) {
            return Err(Fault::refused(format_args!("{topic} cannot have {views} views more")));
        }
        Ok(())
    }

    fn put_checkpoint(&self, name: &Slug, seq: Seq) -> Result<()> {
        self.conn.prepare_cached(PUT_CHECKPOINT)?.execute((name.as_str(), signed(seq.0)?))?;
        Ok(())
    }
}

/// What was answered to a request that was applied before.
pub(super) fn receipt(conn: &Connection, request: RequestId) -> Result<Option<Receipt>> {
    let mut statement = conn.prepare_cached(REQUEST)?;
    let mut rows = statement.query([request.as_bytes()])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let mut columns = Columns::of(row);
    Ok(Some(Receipt {
        seq: Seq(columns.whole()?),
        replayed: Some(Request {
            id: columns.id()?,
            subject: columns.opt_id()?,
            fingerprint: columns.get::<i64>()?.cast_unsigned(),
        }),
    }))
}
