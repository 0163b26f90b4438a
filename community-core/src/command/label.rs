//! Labels.

use crate::change::{EventKind, Expect, Op, UniqueKey};
use crate::domain::{Label, Rev};
use crate::engine::Session;
use crate::engine::command;
use crate::error::Result;
use crate::policy::{Action, Audience};
use crate::text::{Name, Slug};

/// A label to be created, or the new facts of one.
#[derive(Debug, Clone)]
pub struct NewLabel {
    /// Its key.
    pub key: Slug,
    /// Its name.
    pub name: Name,
    /// What it stands for.
    pub description: String,
    /// Who sees it and may use it; `None` is everyone for a new label, and whoever it was for
    /// otherwise: a label that is renamed is not thereby shown.
    pub audience: Option<Audience>,
}

impl NewLabel {
    /// A label with a name.
    #[must_use]
    pub fn new(key: Slug, name: Name) -> Self {
        Self { key, name, description: String::new(), audience: None }
    }

    /// The same for an audience.
    #[must_use]
    pub fn audience(mut self, audience: Audience) -> Self {
        self.audience = Some(audience);
        self
    }
}

impl Session {
    /// Creates a label, or changes the one with this key.
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::Error::NotFound), [`Error::Denied`](crate::Error::Denied) without
    /// the right to manage; [`Error::Limit`](crate::Error::Limit).
    pub async fn put_label(&self, community: &Slug, new: NewLabel) -> Result<()> {
        let env = self.engine().env();
        command!(self, (community, &new), |rights| {
            let (community, _) = rights.place_to(&Action::Manage, community, None)?;
            env.limits().body(new.description.len())?;
            new.audience.as_ref().map_or(Ok(()), |audience| audience.check_within(env.limits()))?;
            let known = rights.directory.label(community.id, &new.key);
            let audience = match &new.audience {
                Some(audience) => audience.clone().canonical(),
                None => known.map_or(Audience::Everyone, |known| known.audience.clone()),
            };
            let mut changes = rights.changes();
            let mut label = Label {
                community: community.id,
                key: new.key.clone(),
                name: new.name.clone(),
                description: new.description.clone(),
                audience,
                rev: Rev::FIRST,
            };
            match known {
                Some(old) => {
                    label.rev = old.rev;
                    if label == *old {
                        return super::nothing(&rights, None);
                    }
                    label.rev = old.rev.next();
                    // A label has no revision to be expected: the directory has, which holds it.
                    changes.expect(Expect::Access(self.viewer().member(), rights.scope.access()));
                }
                None => {
                    let count = rights.directory.labels(community.id).count();
                    env.limits().community_labels(count + 1)?;
                    let key = UniqueKey::Label(community.id, new.key.clone());
                    changes.expect(Expect::Absent(key));
                }
            }
            let kind = EventKind::LabelChanged { label: new.key.clone() };
            changes.events.push(rights.event_in(kind, community));
            changes.ops.push(Op::PutLabel(Box::new(label)));
            Ok((None, changes))
        });
        Ok(())
    }
}
