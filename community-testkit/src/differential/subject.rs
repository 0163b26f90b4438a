//! One store under a script.

use std::fmt;
use std::sync::Arc;

use community_core::time::ManualClock;
use community_core::{Engine, Env, RequestId, TopicId, Viewer};
use uuid::Uuid;

use super::controls::MeddledStore;
use super::{Backend, Fault, environment};
use crate::NaiveIndex;
use crate::conformance::Opener;
use crate::observe::{Answer, Question, ask};
use crate::script::{Command, perform};

/// What answers questions: the engine, or something in front of it that a control puts there.
pub(crate) type Surface = fn(&Engine, Viewer, &Question) -> Answer;

/// The engine's own answers.
pub(crate) fn honest(engine: &Engine, viewer: Viewer, question: &Question) -> Answer {
    pollster::block_on(ask(&engine.session(viewer), question))
}

/// A store with its engine, clock and ids.
pub(crate) struct Subject {
    pub(super) name: &'static str,
    pub(super) clock: Arc<ManualClock>,
    env: Env,
    opener: Opener,
    fault: Option<Fault>,
    surface: Surface,
    /// `None` only while it is opened again.
    engine: Option<Engine>,
    /// Its own cursors, by number.
    pub(super) cursors: Vec<Option<String>>,
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subject").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Subject {
    pub(super) fn open(backend: &Backend) -> Self {
        let (env, clock) = environment();
        let Backend { name, fresh, fault, surface } = *backend;
        let cursors = vec![None; super::KEPT_PAGES];
        let mut subject =
            Self { name, clock, env, opener: fresh(), fault, surface, engine: None, cursors };
        subject.reopen();
        subject
    }

    /// Ends the engine and opens what it left. The clock and the source of ids go on.
    pub(super) fn reopen(&mut self) {
        self.engine = None;
        let store = pollster::block_on(self.opener.open());
        let store = match self.fault {
            Some(fault) => Arc::new(MeddledStore::new(store, fault)),
            None => store,
        };
        let index = Arc::new(NaiveIndex::new(store.clone()));
        self.engine = Some(Engine::with_index(store, self.env.clone(), index));
    }

    #[allow(clippy::expect_used, reason = "there is none only inside `reopen`")]
    pub(super) fn engine(&self) -> &Engine {
        self.engine.as_ref().expect("an engine")
    }

    pub(super) fn perform(
        &self,
        viewer: Viewer,
        request: Option<RequestId>,
        command: &Command,
    ) -> Answer {
        let session = self.engine().session(viewer);
        let session = match request {
            Some(id) => session.request(id),
            None => session,
        };
        pollster::block_on(perform(&session, command))
    }

    pub(crate) fn ask(&self, viewer: Viewer, question: &Question) -> Answer {
        (self.surface)(self.engine(), viewer, question)
    }

    /// The first post of a topic; nil when there is no such topic.
    pub(super) fn opening_of(&self, topic: Uuid) -> Uuid {
        let session = self.engine().as_system();
        let row = pollster::block_on(session.topic(TopicId::from_uuid(topic)));
        row.map_or(Uuid::nil(), |row| row.topic.opening.uuid())
    }
}
