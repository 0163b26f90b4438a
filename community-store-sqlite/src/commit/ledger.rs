//! Entries of ledgers, grants, and visits.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry::{Occupied, Vacant};

use community_core::reputation::{
    Award, AwardsId, BadgeSetId, Entry, LedgerId, LedgerMoves, RuleSetId, Standing,
};
use community_core::time::to_micros;
use community_core::{CommunityId, Grant, MemberId};
use rusqlite::params;

use super::change::Change;
use crate::boards;
use crate::error::Result;
use crate::ledger::{find, standing};
use crate::row::{opt_json, opt_micros, signed};

const ADD_LEDGER: &str =
    "INSERT INTO ledgers (community, rule_set, version) VALUES (?1, ?2, ?3) RETURNING id";

const APPEND: &str = "INSERT INTO ledger_entries
    (ledger, cause, number, origin, rule, grp, step, member, giver, topic, post, channel, labels,
     points, day, at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)";

const PUT_STANDING: &str = "INSERT INTO standings (ledger, member, points, entries, moved)
    VALUES (?1, ?2, ?3, ?4, ?5)
    ON CONFLICT DO UPDATE SET points = excluded.points, entries = excluded.entries,
      moved = excluded.moved";

const PUT_GRANT: &str = "INSERT INTO grants
    (id, community, member, reason, points, tier, post, granter, note, at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT DO NOTHING";

/// Along `grants_with_notes`.
const ERASE_NOTES: &str = "UPDATE grants SET note = '' WHERE member = ?1 AND note <> ''";

const PUT_AWARD: &str = "INSERT INTO awards (community, badge_set, version, badge, member, earned,
      earned_at, decided, decided_at, held)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
    ON CONFLICT DO UPDATE SET earned = excluded.earned, earned_at = excluded.earned_at,
      decided = excluded.decided, decided_at = excluded.decided_at, held = excluded.held";

const ADD_VISIT: &str = "INSERT INTO visits (community, member, day) VALUES (?1, ?2, ?3)
    ON CONFLICT DO NOTHING";

/// The highest number along `visitors_by_number`.
const NUMBER_VISITOR: &str = "INSERT INTO visitors (community, member, number)
    VALUES (?1, ?2, (SELECT coalesce(max(number), 0) + 1 FROM visitors WHERE community = ?1))
    ON CONFLICT (community, member) DO UPDATE SET number = excluded.number";

impl Change<'_> {
    pub(super) fn append(&mut self, ledger: &LedgerId, entry: &Entry) -> Result<()> {
        let Entry {
            cause,
            number,
            origin,
            rule,
            group,
            step,
            member,
            giver,
            topic,
            post,
            channel,
            labels,
            points,
            day,
            at,
        } = entry;
        let rules = &ledger.rules;
        let ledger = self.ledger(ledger)?;
        self.need_member(Some(*member))?;
        self.need_member(*giver)?;
        topic.map_or(Ok(()), |topic| self.need_topic(topic))?;
        post.map_or(Ok(()), |post| self.need_post(post))?;
        channel.map_or(Ok(()), |channel| self.need_channel(channel))?;
        self.conn.prepare_cached(APPEND)?.execute(params![
            ledger,
            signed(cause.0)?,
            number,
            signed(origin.0)?,
            rule.as_str(),
            group.as_str(),
            step.code(),
            member.as_bytes(),
            giver.as_ref().map(|id| id.as_bytes()),
            topic.as_ref().map(|id| id.as_bytes()),
            post.as_ref().map(|id| id.as_bytes()),
            channel.as_ref().map(|id| id.as_bytes()),
            opt_json(Some(labels).filter(|labels| !labels.is_empty()))?,
            points,
            day,
            to_micros(*at),
        ])?;
        let (_, entries) =
            self.entries.entry(ledger).or_insert_with(|| (rules.clone(), Vec::new()));
        entries.push(entry.clone());
        Ok(())
    }

    /// Lets standings, days and boards follow the entries of the change set.
    pub(super) fn follow_entries(&mut self) -> Result<()> {
        for (ledger, (rules, entries)) in std::mem::take(&mut self.entries) {
            let mut moved: BTreeMap<MemberId, Standing> = BTreeMap::new();
            for entry in &entries {
                let member = entry.member;
                let now = match moved.entry(member) {
                    Occupied(known) => known.into_mut(),
                    Vacant(new) => {
                        let now = standing(self.conn, ledger, member)?;
                        new.insert(now.unwrap_or_else(|| Standing::new(member)))
                    }
                };
                now.add(entry);
            }
            for Standing { member, points, entries, moved } in moved.into_values() {
                let params =
                    (ledger, member.as_bytes(), points, signed(entries)?, signed(moved.0)?);
                self.conn.prepare_cached(PUT_STANDING)?.execute(params)?;
            }
            boards::follow(self.conn, ledger, &LedgerMoves::of(&rules, &entries))?;
        }
        Ok(())
    }

    /// The number of a ledger, which gets one when it has none.
    fn ledger(&mut self, ledger: &LedgerId) -> Result<i64> {
        if let Some(number) = find(self.conn, ledger)? {
            return Ok(number);
        }
        let LedgerId { community, rules: RuleSetId { key, version } } = ledger;
        self.need_community(*community)?;
        let mut statement = self.conn.prepare_cached(ADD_LEDGER)?;
        let params = (community.as_bytes(), key.as_str(), version);
        Ok(statement.query_row(params, |row| row.get(0))?)
    }

    pub(super) fn erase_notes(&self, member: MemberId) -> Result<()> {
        self.conn.prepare_cached(ERASE_NOTES)?.execute([member.as_bytes()])?;
        Ok(())
    }

    pub(super) fn put_grant(&mut self, grant: &Grant) -> Result<()> {
        let Grant { id, community, member, reason, points, tier, post, by, note, at } = grant;
        self.need_community(*community)?;
        self.need_member(Some(*member))?;
        self.need_member(*by)?;
        post.map_or(Ok(()), |post| self.need_post(post))?;
        self.conn.prepare_cached(PUT_GRANT)?.execute((
            id.as_bytes(),
            community.as_bytes(),
            member.as_bytes(),
            reason.as_str(),
            points,
            tier,
            post.as_ref().map(|id| id.as_bytes()),
            by.as_ref().map(|id| id.as_bytes()),
            note,
            to_micros(*at),
        ))?;
        Ok(())
    }

    pub(super) fn add_visit(
        &mut self,
        community: CommunityId,
        member: MemberId,
        day: i32,
    ) -> Result<()> {
        self.need_community(community)?;
        self.need_member(Some(member))?;
        let params = (community.as_bytes(), member.as_bytes(), day);
        if self.conn.prepare_cached(ADD_VISIT)?.execute(params)? > 0 {
            let params = (community.as_bytes(), member.as_bytes());
            self.conn.prepare_cached(NUMBER_VISITOR)?.execute(params)?;
        }
        Ok(())
    }

    pub(super) fn put_award(&mut self, of: &AwardsId, award: &Award) -> Result<()> {
        let AwardsId { community, set: BadgeSetId { key, version } } = of;
        let Award { badge, member, earned, earned_at, decided, decided_at } = award;
        self.need_community(*community)?;
        self.need_member(Some(*member))?;
        self.conn.prepare_cached(PUT_AWARD)?.execute((
            community.as_bytes(),
            key.as_str(),
            version,
            badge.as_str(),
            member.as_bytes(),
            earned,
            opt_micros(*earned_at),
            decided,
            opt_micros(*decided_at),
            award.held(),
        ))?;
        Ok(())
    }
}
