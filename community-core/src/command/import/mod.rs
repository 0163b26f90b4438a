//! Import: an upsert of [`Record`]s by key, a batch in one transaction.
//!
//! Each record is planned against the state that the store and the records before it make together;
//! the plans are joined into one change set. A record that finds everything as it says plans
//! nothing, so importing twice writes nothing the second time, and an import that was killed is
//! simply run again.

mod attached;
mod documents;
mod items;
mod marks;
mod people;
mod state;

use rustc_hash::FxHashMap;
use state::Batch;

use crate::change::{EntityRef, EventKind, Expect, Op, Seq};
use crate::domain::{Community, Rev};
use crate::engine::{Session, command};
use crate::error::{Error, Result};
use crate::id::{CommunityId, MemberId};
use crate::policy::Policy;
use crate::record::{CommunityRecord, Record};
use crate::reputation::{AwardsId, LedgerId};
use crate::text::{Key, Name, Slug};
use crate::time::is_kept;

use super::community::{check_community, define_kind};
use super::{NewCommunity, nothing};

/// What an import of a batch did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Imported {
    /// Records that wrote something.
    pub changed: usize,
    /// Records that found everything as they say.
    pub unchanged: usize,
}

/// Members whom an import would bring back: keys, with the ids of those who were erased.
///
/// An import gives a member the same id each time, made of the key and the moment of creation, and so
/// finds who was erased since the last time. Records behind that one name only the key: hand the same
/// value to each batch of an import.
#[derive(Debug, Clone, Default)]
pub struct ErasedKeys(FxHashMap<Key, MemberId>);

impl Session {
    /// Imports a batch of records into a community, which is created when it does not exist. For
    /// the system only.
    ///
    /// `importer` is the author of what names none. The batch is applied as a whole or not at all;
    /// what a record refers to has to be in the store, or earlier in the batch. Only the community
    /// itself comes before the rest of it, in a step of its own, and stays when the rest cannot be.
    ///
    /// # Errors
    /// [`Error::Denied`] for anybody but the system; [`Error::Record`] for a record that cannot be.
    pub async fn import(
        &self,
        community: &Slug,
        importer: Option<MemberId>,
        records: &[Record],
    ) -> Result<Imported> {
        self.import_batch(community, importer, records, &mut ErasedKeys::default()).await
    }

    /// The same for one batch of several, which share what is known of erased members.
    ///
    /// # Errors
    /// As [`import`](Self::import).
    pub async fn import_batch(
        &self,
        community: &Slug,
        importer: Option<MemberId>,
        records: &[Record],
        erased: &mut ErasedKeys,
    ) -> Result<Imported> {
        let head = match records.first() {
            Some(Record::Community(record)) => Some(&**record),
            _ => None,
        };
        let mut done = Imported::default();
        let place_head = |error| if head.is_some() { place(1, error) } else { error };
        // The request is the batch's: the community is found as it is when it is sent again.
        let founder = self.without_request();
        if founder.import_community(community, head, records).await.map_err(place_head)? {
            done.changed += usize::from(head.is_some());
        } else {
            done.unchanged += usize::from(head.is_some());
        }
        let skipped = usize::from(head.is_some());
        let rest = records.get(skipped..).unwrap_or_default();
        let input = ("import", community, importer, rest);
        if self.replayed(&input).await?.is_some() {
            done.unchanged += rest.len();
            self.silence_history(community).await?;
            return Ok(done);
        }
        let mut changed = 0;
        let mut attempts = self.engine().env().limits().attempts;
        while !rest.is_empty() {
            attempts = attempts.checked_sub(1).ok_or(Error::Contended)?;
            let rights = self.acting().await?;
            rights.require_system()?;
            let env = self.engine().env();
            let community = rights.community(community)?;
            let batch = Batch::load(self, env, &rights, community, importer, rest, erased);
            let mut batch = batch.await?;
            changed = 0;
            for (at, record) in rest.iter().enumerate() {
                let plan = batch.plan(record).await;
                let plan = plan.map_err(|error| place(skipped + at + 1, error))?;
                changed += usize::from(plan);
            }
            let known = batch.tombstones().await?;
            if !known.is_empty() {
                // Nobody is brought back: it is planned again with what is left of them.
                erased.0.extend(known);
                continue;
            }
            let changes = batch.finish();
            if changes.is_empty() || self.commit(&input, None, changes).await?.is_some() {
                break;
            }
        }
        done.changed += changed;
        done.unchanged += rest.len() - changed;
        self.silence_history(community).await?;
        Ok(done)
    }

    /// Should it fail, the import is run again and finds everything as it says.
    async fn silence_history(&self, community: &Slug) -> Result<()> {
        let rights = self.acting().await?;
        self.engine().silence_history(rights.community(community)?).await
    }

    /// Creates or changes the community itself. Returns whether it wrote something.
    async fn import_community(
        &self,
        key: &Slug,
        record: Option<&CommunityRecord>,
        records: &[Record],
    ) -> Result<bool> {
        let rights = self.acting().await?;
        rights.require_system()?;
        let Some(old) = rights.directory.community_by_key(key) else {
            let name = record.map_or_else(|| Name::new(key.as_str()), |r| Ok(r.name.clone()))?;
            let mut new = NewCommunity::new(key.clone(), name, Policy::public());
            // It is as old as it says, or as the oldest thing that comes with it: not as the import.
            // A time that cannot be kept is refused with the record that it is of.
            let oldest =
                records.iter().filter_map(Record::created_at).filter(|at| is_kept(*at)).min();
            new.created_at = record.and_then(|record| record.created_at).or(oldest);
            if let Some(record) = record {
                let CommunityRecord {
                    key: _,
                    name: _,
                    description,
                    policy,
                    settings,
                    reactions,
                    kinds: _,
                    synonyms,
                    reputation,
                    hot_scale,
                    capacity,
                    archived: _,
                    created_at: _,
                } = record.clone();
                new = NewCommunity {
                    description,
                    policy,
                    settings,
                    reactions,
                    synonyms,
                    reputation,
                    capacity,
                    ..new
                };
                // Kinds come below; settings may already name them.
                new.settings.kinds = None;
                new.hot_scale = hot_scale.unwrap_or(new.hot_scale);
            }
            self.create_community(new).await?;
            if let Some(record) = record {
                self.apply_community(key, record, true).await?;
            }
            return Ok(true);
        };
        let before = old.rev;
        if let Some(record) = record {
            self.apply_community(key, record, false).await?;
            let after = self.acting().await?;
            return Ok(after.directory.community_by_key(key).is_some_and(|c| c.rev != before));
        }
        Ok(false)
    }

    async fn apply_community(
        &self,
        key: &Slug,
        record: &CommunityRecord,
        fresh: bool,
    ) -> Result<CommunityId> {
        let id = command!(self, (key, record, fresh), |rights| {
            let old = rights.community(key)?;
            let CommunityRecord {
                key: _,
                name,
                description,
                policy,
                settings,
                reactions,
                kinds,
                synonyms,
                reputation,
                hot_scale: _,
                capacity,
                archived,
                created_at: _,
            } = record.clone();
            let mut community = Community {
                name,
                description,
                policy,
                settings,
                reactions,
                synonyms,
                reputation,
                capacity,
                archived,
                ..Community::clone(old)
            };
            for kind in kinds {
                define_kind(&mut community, kind)?;
            }
            check_community(&community, self.engine().env().limits())?;
            community.policy = community.policy.canonical();
            let id = Some(community.id.uuid());
            if community == **old {
                return nothing(&rights, id);
            }
            let mut changes = rights.changes();
            changes.expect(Expect::Rev(EntityRef::Community(old.id), old.rev));
            community.rev = if fresh { Rev::FIRST } else { old.rev.next() };
            if !fresh {
                changes.events.push(rights.event_in(EventKind::CommunityChanged, old));
            }
            let (old, new) = (&old.reputation, &community.reputation);
            // As when it is switched: levels follow other rules, and what other badges make of the
            // past is no news.
            if !fresh && old.active != new.active {
                let ledger = LedgerId { community: community.id, rules: new.active.clone() };
                changes.ops.push(Op::Checkpoint(ledger.levels(), Seq(0)));
            }
            if let Some(set) = new.badges.active.clone()
                && old.badges.active.as_ref() != Some(&set)
            {
                let id = AwardsId { community: community.id, set };
                changes.ops.extend(self.engine().silence_now(&id).await?);
            }
            changes.ops.push(Op::PutCommunity(Box::new(community)));
            Ok((id, changes))
        });
        id.map(CommunityId::from_uuid).ok_or(Error::NotFound("community"))
    }
}

/// Says which record an error is about. What is no fault of a record stays as it is.
fn place(number: usize, error: Error) -> Error {
    match error {
        Error::NotFound(_) | Error::Invalid(_) | Error::Limit(_) | Error::Erased(_) => {
            Error::Record { number, source: Box::new(error) }
        }
        other => other,
    }
}
