//! What hangs on topics, posts and members: reactions, acceptances, corrections, links, views,
//! visits, grants.

use super::items::check_left;
use super::state::{Batch, id_in};
use crate::change::{EntityRef, EventKind, NewEvent, Op};
use crate::command::badge::check_tier;
use crate::command::grant::check_points;
use crate::domain::{Correction, Grant, Link, Rev, Slot, Vote};
use crate::error::{Error, Result};
use crate::id::{CorrectionId, GrantId, MemberId, PostId};
use crate::record::{
    AcceptanceRecord, CorrectionRecord, GrantRecord, LinkRecord, MarkRecord, ReactionRecord,
    ViewsRecord, VisitsRecord,
};
use crate::time::to_micros;

impl Batch<'_> {
    pub(super) fn reaction(&mut self, record: &ReactionRecord) -> Result<()> {
        let offered = match record.slot {
            Slot::Vote => Vote::parse(record.key.as_str()).is_some(),
            Slot::Reaction => self.community.reactions.iter().any(|r| r.key == record.key),
        };
        if !offered {
            return Err(Error::invalid(format!("there is no reaction `{}`", record.key)));
        }
        let at = record.at.unwrap_or(self.rights.now);
        let post = self.post_of(&record.post)?;
        let member = self.member_of(&record.member, at)?;
        let slot = record.slot;
        let old = self.reactions.get(&(post, member, slot)).cloned().flatten();
        if old.as_ref() == Some(&record.key) {
            return Ok(());
        }
        let topic = self.topic_by_id(self.post_by_id(post)?.0.topic)?;
        let kind = EventKind::Reacted { from: old.clone(), to: Some(record.key.clone()) };
        let event = self.event(kind, &topic, Some(post), Some(member), at);
        let to = Some((record.key.clone(), at));
        let plan = self.plan_mut();
        plan.change_reaction(&topic, post, member, slot, old.as_ref(), to);
        plan.events.push(event);
        self.reactions.insert((post, member, slot), Some(record.key.clone()));
        Ok(())
    }

    pub(super) fn acceptance(&mut self, record: &AcceptanceRecord) -> Result<()> {
        let (post, _) = self.post_by_id(self.post_of(&record.post)?)?;
        // What is erased stays so, whatever comes in again.
        if post.erased_at.is_some() {
            return Ok(());
        }
        let mark =
            MarkRecord { by: record.by.clone(), at: record.at, reason: record.reason.clone() };
        let accepted = self.mark(Some(&mark), post.kind)?;
        let topic = self.topic_by_id(post.topic)?;
        self.set_marks(&topic, post.clone(), accepted, post.official)?;
        Ok(())
    }

    pub(super) async fn grant(&mut self, record: &GrantRecord) -> Result<()> {
        self.env.limits().reason(record.note.len())?;
        // None are a promotion; the role itself is in the membership.
        let kind = match (record.points, record.tier) {
            (0, Some(tier)) => {
                check_tier(tier)?;
                EventKind::BadgeDecided { badge: record.reason.clone(), tier }
            }
            (0, None) => EventKind::Promoted { role: record.reason.clone() },
            (_, Some(_)) => return Err(Error::invalid("a badge is not worth points")),
            (points, None) => {
                check_points(points)?;
                EventKind::Granted { reason: record.reason.clone(), points }
            }
        };
        let member = self.member_of(&record.member, record.at)?;
        let by = match &record.by {
            Some(key) => Some(self.member_of(key, record.at)?),
            None => None,
        };
        let post = record.post.as_ref().map(|key| self.post_of(key)).transpose()?;
        let own = id_in(&record.key, record.at).map(GrantId::from_uuid);
        let store = self.session.engine().store();
        let found = match own {
            Some(id) => store.grants(&[id]).await?.into_iter().flatten().next(),
            None => None,
        };
        let id = match own {
            // One that came from another community of this store gets an id of its own.
            Some(id) if found.as_ref().is_none_or(|g| g.community == self.community.id) => id,
            _ => GrantId::from_uuid(self.id_of(record.at, &format!("grant/{}", record.key))),
        };
        let known = store.grants(&[id]).await?.into_iter().flatten().next();
        if known.is_some() || self.has_written(EntityRef::Grant(id)) {
            return Ok(());
        }
        let event = match post {
            Some(post) => {
                let topic = self.topic_by_id(self.post_by_id(post)?.0.topic)?;
                self.event(kind, &topic, Some(post), by, record.at)
            }
            None => NewEvent {
                kind,
                actor: by,
                at: record.at,
                community: Some(self.community.id),
                channel: None,
                topic: None,
                post: None,
                member: None,
            },
        };
        let grant = Grant {
            id,
            community: self.community.id,
            member,
            reason: record.reason.clone(),
            points: record.points,
            tier: record.tier,
            post,
            by,
            note: if self.is_erased(&record.member) { String::new() } else { record.note.clone() },
            at: record.at,
        };
        self.rest_on_member(&record.member);
        self.plan_mut().put_grant(grant, NewEvent { member: Some(member), ..event });
        Ok(())
    }

    pub(super) async fn correction(&mut self, record: &CorrectionRecord) -> Result<()> {
        let (post, _) = self.post_by_id(self.post_of(&record.post)?)?;
        check_left(self.env.limits(), &record.body)?;
        let author = self.member_of(&record.author, record.at)?;
        let known = match self.corrections.get(&post.id) {
            Some(known) => known.clone(),
            None => self.session.engine().store().corrections(post.id).await?,
        };
        let id = match record.id {
            Some(id) if known.iter().any(|correction| correction.id == id) => id,
            Some(id) => self.new_correction(id, post.id, record).await?,
            // Sources count in seconds or days: the text tells two of one moment apart.
            None => {
                let CorrectionRecord { author, range, body, .. } = record;
                let what = format!("{author}/{range:?}/{body}/{}", to_micros(record.at));
                self.correction_named(&what, record)
            }
        };
        let mut planned = self.corrections.values().flatten();
        if planned.any(|correction| correction.id == id && correction.post != post.id) {
            return Err(Error::invalid("a correction keeps its post"));
        }
        let old = known.iter().find(|correction| correction.id == id).cloned();
        if old.is_none() {
            self.env.limits().corrections(known.len() + 1)?;
        }
        let new = Correction {
            id,
            post: post.id,
            range: record.range,
            revision: record.revision,
            body: record.body.clone(),
            author,
            at: record.at,
            withdrawn_at: record.withdrawn_at,
            rev: old.as_ref().map_or(Rev(0), |old| old.rev),
        };
        // What is erased stays so, whatever comes in again.
        let new = if post.erased_at.is_some() { new.erased() } else { new };
        if old.as_ref() == Some(&new) {
            return Ok(());
        }
        self.rest_on_post(&post);
        let topic = self.topic_by_id(post.topic)?;
        let kind = EventKind::Corrected { stands: new.withdrawn_at.is_none() };
        let event = self.event(kind, &topic, Some(post.id), Some(author), record.at);
        let plan = self.plan_mut();
        plan.events.push(event);
        let new = plan.change_correction(old.as_ref(), new);
        let others = known.into_iter().filter(|correction| correction.id != id);
        self.corrections.insert(post.id, others.chain([new]).collect());
        Ok(())
    }

    /// The id of a correction that its post does not have yet: the one that it has where it comes
    /// from, unless that is another community of this store.
    async fn new_correction(
        &mut self,
        id: CorrectionId,
        post: PostId,
        record: &CorrectionRecord,
    ) -> Result<CorrectionId> {
        let found = self.session.engine().store().correction(id).await?;
        // Found beside this very post: another import wrote it just now, and the commit will say so.
        let Some(found) = found.filter(|found| found.post != post) else { return Ok(id) };
        self.load_posts(vec![found.post]).await?;
        if self.posts.contains_key(&found.post) {
            return Err(Error::invalid("a correction keeps its post"));
        }
        Ok(self.correction_named(&id.to_string(), record))
    }

    fn correction_named(&self, what: &str, record: &CorrectionRecord) -> CorrectionId {
        let name = format!("{}#correction/{what}", record.post);
        CorrectionId::from_uuid(self.id_of(record.at, &name))
    }

    pub(super) async fn link(&mut self, record: &LinkRecord) -> Result<()> {
        let from = self.topic_of(&record.from)?;
        let to = self.topic_of(&record.to)?;
        if from == to {
            return Err(Error::invalid("a topic is not linked to itself"));
        }
        if self.session.engine().store().link(from, to, record.kind).await?.is_some() {
            return Ok(());
        }
        let at = record.at.unwrap_or(self.rights.now);
        let topic = self.topic_by_id(from)?;
        let event = self.event(EventKind::Linked { to, linked: true }, &topic, None, None, at);
        let plan = self.plan_mut();
        plan.ops.push(Op::PutLink(Link { from, to, kind: record.kind, at }));
        plan.events.push(event);
        Ok(())
    }

    pub(super) async fn views(&mut self, record: &ViewsRecord) -> Result<()> {
        if record.views < 0 || record.day < 0 {
            return Err(Error::invalid("views and days are counted from zero"));
        }
        let topic = self.topic_of(&record.topic)?;
        let known = match self.views.get(&(topic, record.day)) {
            Some(planned) => *planned,
            None => {
                let known = self.session.engine().store().views(topic).await?;
                known.iter().find(|(day, _)| *day == record.day).map_or(0, |(_, n)| *n)
            }
        };
        if known == record.views {
            return Ok(());
        }
        // Views are added, and nothing can be expected of their number. The topic's next revision
        // stands for it: of two imports at once, one finds what the other has written. Views that
        // are counted meanwhile come on top.
        if !self.has_written(EntityRef::Topic(topic)) {
            let old = self.topic_by_id(topic)?;
            let new = self.plan_mut().change_topic(&old, old.clone());
            self.topics.insert(topic, new);
        }
        let (day, views) = (record.day, record.views - known);
        self.plan_mut().ops.push(Op::AddViews { topic, day, views });
        self.views.insert((topic, day), record.views);
        Ok(())
    }

    pub(super) async fn visits(&mut self, record: &VisitsRecord) -> Result<()> {
        let VisitsRecord { day, members } = record;
        if members.len() > VisitsRecord::MOST {
            let most = VisitsRecord::MOST;
            return Err(Error::invalid(format!("a record of visits has at most {most} members")));
        }
        if *day < 0 {
            return Err(Error::invalid("days are counted from zero"));
        }
        let at = self.rights.now;
        let members = members.iter().map(|key| self.member_of(key, at));
        let members: Vec<MemberId> = members.collect::<Result<_>>()?;
        let (community, store) = (self.community.id, self.session.engine().store());
        let known = store.visits(community, &members, *day, *day).await?;
        for (member, _) in members.into_iter().zip(known).filter(|(_, days)| days.is_empty()) {
            if self.visits.insert((member, *day)) {
                self.plan_mut().ops.push(Op::AddVisit { community, member, day: *day });
            }
        }
        Ok(())
    }
}
