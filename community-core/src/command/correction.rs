//! Corrections: what is right, beside what was said.

use super::nothing;
use crate::change::{EntityRef, EventKind, Expect};
use crate::domain::{Correction, Rev};
use crate::engine::{Session, command};
use crate::error::{Error, Result};
use crate::id::{CorrectionId, PostId};
use crate::policy::Action;

/// A correction to be put beside a post.
#[derive(Debug, Clone)]
pub struct NewCorrection {
    /// The post.
    pub post: PostId,
    /// The part of its text that the correction is about, in bytes; `None` is all of it.
    pub range: Option<(u32, u32)>,
    /// What is right.
    pub body: String,
}

impl NewCorrection {
    /// A correction of a whole post.
    #[must_use]
    pub fn new(post: PostId, body: impl Into<String>) -> Self {
        Self { post, range: None, body: body.into() }
    }

    /// The same for a part of the text.
    #[must_use]
    pub fn of(mut self, from: u32, to: u32) -> Self {
        self.range = Some((from, to));
        self
    }
}

impl Session {
    /// Puts a correction beside a post. The post stays as it is; from now on it comes with the
    /// correction wherever it is shown.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Denied`] without the right to correct; [`Error::Invalid`] for a
    /// part that is not in the text; [`Error::Limit`].
    pub async fn correct(&self, new: NewCorrection) -> Result<CorrectionId> {
        let env = self.engine().env();
        env.limits().check_body(&new.body)?;
        let id = command!(self, new, |rights| {
            let (view, topic) = self.post_to_add_to(&rights, new.post).await?;
            rights.require_in_topic(&Action::Correct, &topic, Some(view.post.author), "post")?;
            let author = rights.author(&Action::Correct)?;
            // Those taken back count too: they stay on record.
            let known = self.engine().store().corrections(new.post).await?;
            env.limits().corrections(known.len() + 1)?;
            if let Some((from, to)) = new.range {
                let place = |at: u32| usize::try_from(at).unwrap_or(usize::MAX);
                if from >= to || view.body.get(place(from)..place(to)).is_none() {
                    return Err(Error::invalid("the part to correct is not in the text"));
                }
            }
            let correction = Correction {
                id: CorrectionId::from_uuid(env.mint(rights.now)),
                post: new.post,
                range: new.range,
                revision: view.post.revision,
                body: new.body.clone(),
                author,
                at: rights.now,
                withdrawn_at: None,
                rev: Rev(0),
            };
            let id = correction.id.uuid();
            let mut changes = rights.changes();
            changes.expect(Expect::Gate(topic.id, topic.gate));
            // The post was read before the gate: it may have been removed in between.
            changes.expect(Expect::Rev(EntityRef::Post(new.post), view.post.rev));
            let kind = EventKind::Corrected { stands: true };
            changes.events.push(rights.event_on(kind, &topic, Some(new.post)));
            changes.change_correction(None, correction);
            Ok((Some(id), changes))
        });
        id.map(CorrectionId::from_uuid).ok_or(Error::NotFound("correction"))
    }

    /// Takes a correction back. It stays on record, as a trace for its author and for moderators.
    ///
    /// # Errors
    /// [`Error::NotFound`], also for a correction of a post that the viewer does not see;
    /// [`Error::Denied`] for somebody who neither wrote it nor moderates.
    pub async fn withdraw_correction(&self, id: CorrectionId) -> Result<()> {
        command!(self, ("withdraw correction", id), |rights| {
            let missing = || Error::NotFound("correction");
            let old = self.engine().store().correction(id).await?.ok_or_else(missing)?;
            let view = self.visible_post(&rights, old.post).await.map_err(|error| match error {
                Error::NotFound(_) => missing(),
                other => other,
            })?;
            let topic = self.whole_topic(&rights, view.post.topic).await?;
            let own = rights.actor() == Some(old.author);
            let action = if own { Action::Correct } else { Action::Moderate };
            rights.require_in_topic(&action, &topic, Some(old.author), "correction")?;
            if old.withdrawn_at.is_some() {
                return nothing(&rights, None);
            }
            let mut changes = rights.changes();
            changes.expect(Expect::Gate(topic.id, topic.gate));
            let kind = EventKind::Corrected { stands: false };
            changes.events.push(rights.event_on(kind, &topic, Some(old.post)));
            let after = Correction { withdrawn_at: Some(rights.now), ..old.clone() };
            changes.change_correction(Some(&old), after);
            Ok((None, changes))
        });
        Ok(())
    }
}
