//! Sessions: one viewer on the engine. Commands and reads are methods of a session.

use std::fmt::Debug;

use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{Engine, Read, Rights};
use crate::change::{ChangeSet, Receipt, Request};
use crate::error::{Error, Result};
use crate::id::RequestId;
use crate::policy::{AccessRev, Scope, Viewer};
use crate::store::CommitError;

/// One viewer on the engine: whoever reads and acts. Commands and reads are its methods.
///
/// Cheap to make and to clone; a web application makes one a request. Rights are looked at anew
/// with each call, so a session may be kept as long as one likes.
///
/// ```
/// use community::{Action, Error, NewCommunity, NewMember, Policy};
///
/// # pollster::block_on(async {
/// # let engine = community::in_memory();
/// # let host = engine.as_system();
/// # let id = host.sync_member(NewMember::new("user:1".parse()?, "Ana".parse()?)).await?;
/// let club = "club".parse()?;
/// let new = NewCommunity::new("club".parse()?, "Club".parse()?, Policy::members_only());
/// engine.as_system().create_community(new).await?;
///
/// // What a viewer may not see does not exist for that viewer.
/// let ana = engine.member(id);
/// assert!(matches!(ana.community(&club).await, Err(Error::NotFound("community"))));
///
/// // Joining counts with the very next call. `can` answers what policies, roles, sanctions and
/// // states say; a command may still refuse what it is given: a vote on one's own post, an answer
/// // where none is taken, a text above its limit.
/// ana.join(&club).await?;
/// assert!(ana.community(&club).await?.joined);
/// let decision = ana.can(&Action::Manage, &club, None).await?;
/// assert!(!decision.allowed);
/// assert_eq!(
///     decision.to_string(),
///     "`manage` is denied: the rule `role(manager)` of the community does not admit this viewer, \
///      by `role(manager)`"
/// );
/// # Ok::<(), Error>(()) }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct Session {
    engine: Engine,
    viewer: Viewer,
    request: Option<RequestId>,
}

impl Session {
    pub(super) fn new(engine: Engine, viewer: Viewer) -> Self {
        Self { engine, viewer, request: None }
    }

    /// Who acts.
    #[must_use]
    pub fn viewer(&self) -> Viewer {
        self.viewer
    }

    /// The engine beneath.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The same session with an id for its next command: however often the command is sent with
    /// this id, it has one effect and one answer. The id belongs to one command; use a new one for
    /// the next.
    #[must_use]
    pub fn request(&self, id: RequestId) -> Self {
        Self { request: Some(id), ..self.clone() }
    }

    /// The same session without an id for its next command.
    pub(crate) fn without_request(&self) -> Self {
        Self { request: None, ..self.clone() }
    }

    /// The rights under which a read is done. There is no other way to a scope: a read that is not
    /// one of [`Read`] cannot be written.
    pub(super) async fn reading(&self, _read: Read) -> Result<Rights> {
        self.engine.rights(self.viewer).await
    }

    /// The rights under which a command is decided.
    pub(crate) async fn acting(&self) -> Result<Rights> {
        self.engine.rights(self.viewer).await
    }

    /// The answer to this request, if it was applied before.
    pub(crate) async fn replayed(&self, command: &impl Debug) -> Result<Option<Option<Uuid>>> {
        let Some(id) = self.request else { return Ok(None) };
        match self.engine.store().replay(id).await? {
            None => Ok(None),
            Some(receipt) => match receipt.replayed {
                Some(done) if done.fingerprint == self.fingerprint(command) => {
                    Ok(Some(done.subject))
                }
                _ => Err(request_reused()),
            },
        }
    }

    /// Commits what a command planned. `Ok(None)` says: plan anew.
    pub(crate) async fn commit(
        &self,
        command: &impl Debug,
        subject: Option<Uuid>,
        mut changes: ChangeSet,
    ) -> Result<Option<Committed>> {
        changes.request =
            self.request.map(|id| Request { id, subject, fingerprint: self.fingerprint(command) });
        if changes.is_empty() && changes.request.is_none() {
            return Ok(Some(Committed { subject }));
        }
        changes.check_times()?;
        match self.engine.store().commit(changes).await {
            Ok(Receipt { replayed, .. }) => {
                self.engine.committed();
                let subject = replayed.map_or(subject, |request| request.subject);
                Ok(Some(Committed { subject }))
            }
            Err(CommitError::Conflict(_)) => Ok(None),
            Err(CommitError::RequestReused) => Err(request_reused()),
            Err(CommitError::Store(error)) => Err(error.into()),
        }
    }

    fn fingerprint(&self, command: &impl Debug) -> u64 {
        let digest = Sha256::digest(format!("{:?} {command:?}", self.viewer).as_bytes());
        digest.iter().take(8).fold(0, |acc, byte| acc << 8 | u64::from(*byte))
    }

    /// The scope of the system, for commands that look at what their viewer cannot: a key that is
    /// taken, the latest activity behind a post that goes.
    pub(crate) fn unscoped(&self) -> Scope {
        Scope::system(AccessRev::default())
    }
}

/// A commit that happened.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Committed {
    /// What it is about: what was planned, or what was recorded when the request was first applied.
    pub(crate) subject: Option<Uuid>,
}

fn request_reused() -> Error {
    Error::invalid("the request id belongs to another request")
}

/// Runs a command: answers a replayed request, or plans and commits, again when something that the
/// plan rested on has changed. The body gives `(subject, ChangeSet)`.
macro_rules! command {
    ($session:expr, $input:expr, |$rights:ident| $plan:expr) => {{
        let session: &$crate::Session = $session;
        let mut done = session.replayed(&$input).await?;
        let mut attempts = session.engine().env().limits().attempts;
        while done.is_none() {
            if attempts == 0 {
                return Err($crate::Error::Contended);
            }
            attempts -= 1;
            let $rights = session.acting().await?;
            let planned: $crate::Result<(Option<uuid::Uuid>, $crate::change::ChangeSet)> =
                async { $plan }.await;
            let (subject, changes) = match planned {
                Err($crate::Error::Store($crate::StoreError::StaleScope)) => continue,
                planned => planned?,
            };
            done = session.commit(&$input, subject, changes).await?.map(|done| done.subject);
        }
        done.flatten()
    }};
}

/// Runs a read, again when the viewer's rights changed while it ran.
macro_rules! reading {
    ($session:expr, $read:expr, |$rights:ident| $body:expr) => {{
        let session: &$crate::Session = $session;
        let mut attempts = session.engine().env().limits().attempts;
        loop {
            let $rights = session.reading($read).await?;
            let result: $crate::Result<_> = async { $body }.await;
            attempts = attempts.saturating_sub(1);
            match result {
                Err($crate::Error::Store($crate::StoreError::StaleScope)) if attempts > 0 => {}
                result => break result,
            }
        }
    }};
}

pub(crate) use {command, reading};
