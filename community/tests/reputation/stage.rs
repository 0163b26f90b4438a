//! A community with people in it whose accounts are old enough to count.

use std::sync::Arc;
use std::time::Duration;

use community::reputation::{Entry, LedgerId, RuleSet};
use community::time::ManualClock;
use community::*;
use community_testkit::verify;
use pollster::block_on;

pub(crate) const DAY: Duration = Duration::from_secs(86_400);

pub(crate) struct Stage {
    pub(crate) engine: Engine,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) people: Vec<Session>,
}

pub(crate) fn slug(text: &str) -> Slug {
    text.parse().unwrap()
}

pub(crate) fn garden() -> Slug {
    slug("garden")
}

impl Stage {
    pub(crate) fn new(people: usize) -> Self {
        let clock = Arc::new(ManualClock::at("2026-03-01T12:00:00Z".parse().unwrap()));
        let engine = in_memory_with(Env::manual(Arc::clone(&clock), 7));
        Self::on(engine, clock, people)
    }

    pub(crate) fn on(engine: Engine, clock: Arc<ManualClock>, people: usize) -> Self {
        let mut new = NewCommunity::new(garden(), "Garden".parse().unwrap(), Policy::public());
        new.reactions = vec![ReactionDef { key: slug("thanks"), name: "Thanks".parse().unwrap() }];
        block_on(engine.as_system().create_community(new)).unwrap();
        let beds = NewChannel::new(slug("beds"), "Beds".parse().unwrap());
        block_on(engine.as_system().create_channel(&garden(), beds)).unwrap();
        let mut stage = Self { engine, clock, people: Vec::new() };
        stage.people = (0..people).map(|number| stage.join(&format!("user:{number}"))).collect();
        stage.clock.advance(30 * DAY);
        stage
    }

    /// A member who has just come.
    pub(crate) fn join(&self, key: &str) -> Session {
        let host = self.engine.as_system();
        let new = NewMember::new(key.parse().unwrap(), key.parse().unwrap());
        let id = block_on(host.sync_member(new)).unwrap();
        block_on(host.set_member(&garden(), id, true)).unwrap();
        self.engine.member(id)
    }

    pub(crate) fn start(&self, who: &Session, kind: &str) -> TopicId {
        let new = NewTopic::new(garden(), slug("beds"), slug(kind), "Why?", "Why so?");
        block_on(who.start_topic(new)).unwrap()
    }

    pub(crate) fn opening(&self, topic: TopicId) -> PostId {
        block_on(self.engine.as_system().topic(topic)).unwrap().topic.opening
    }

    pub(crate) fn answer(&self, who: &Session, topic: TopicId) -> PostId {
        block_on(who.reply(NewPost::new(topic, "Because."))).unwrap()
    }

    pub(crate) fn up(&self, who: &Session, post: PostId) {
        block_on(who.vote(post, Some(Vote::Up))).unwrap();
    }

    pub(crate) fn pump(&self) {
        while block_on(self.engine.pump()).unwrap().more {}
    }

    /// What a member has earned up to now.
    pub(crate) fn points(&self, who: &Session) -> i64 {
        self.pump();
        let id = who.viewer().member().unwrap();
        let author = &block_on(who.authors(&[id])).unwrap()[0];
        let key = author.as_ref().unwrap().key.clone();
        block_on(self.engine.as_system().standing(&garden(), &key)).unwrap().points
    }

    pub(crate) fn rules(&self) -> RuleSet {
        let host = self.engine.as_system();
        let community = block_on(host.managed_community(&garden())).unwrap();
        community.reputation.active_rules().unwrap().clone()
    }

    pub(crate) fn ledger(&self) -> Vec<Entry> {
        let host = self.engine.as_system();
        let community = block_on(host.managed_community(&garden())).unwrap().id;
        let ledger = LedgerId { community, rules: self.rules().id };
        block_on(self.engine.store().entries(&ledger, None, usize::MAX)).unwrap()
    }

    /// That the ledger is what it would be if it were projected anew, and adds up.
    pub(crate) fn check(&self) {
        self.pump();
        let host = self.engine.as_system();
        let again = block_on(host.preview_rules(&garden(), &self.rules(), &[])).unwrap();
        let ledger = self.ledger();
        for (found, expected) in ledger.iter().zip(&again.entries) {
            assert_eq!(found, expected);
        }
        assert_eq!(ledger.len(), again.entries.len());
        let report = block_on(verify(self.engine.store())).unwrap();
        assert!(report.is_clean(), "{report}");
    }
}
