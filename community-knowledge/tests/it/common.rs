//! A small community with a knowledge base.

use std::sync::Arc;
use std::time::Duration;

use community_core::time::ManualClock;
use community_core::{
    Audience, Engine, Env, MemberId, NewChannel, NewCommunity, NewMember, NewPost, NewTopic,
    Policy, PostId, Session, Slug, Store, TopicId,
};
use community_knowledge::{ArticleId, Harvest, Knowledge};

/// An engine whose clock stands until it is told to move.
pub(crate) struct World {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) engine: Engine,
    pub(crate) knowledge: Knowledge,
}

pub(crate) fn slug(text: &str) -> Slug {
    text.parse().unwrap()
}

pub(crate) fn garden() -> Slug {
    slug("garden")
}

impl World {
    /// A community `garden` that everybody reads.
    pub(crate) async fn new(store: Arc<dyn Store>) -> Self {
        let clock = Arc::new(ManualClock::at("2026-03-01T12:00:00Z".parse().unwrap()));
        let engine = Engine::with_env(store, Env::manual(clock.clone(), 7));
        let knowledge = Knowledge::with_search(engine.clone(), None, Default::default()).unwrap();
        let new = NewCommunity::new(garden(), "Garden".parse().unwrap(), Policy::public());
        engine.as_system().create_community(new).await.unwrap();
        Self { clock, engine, knowledge }
    }

    pub(crate) async fn in_memory() -> Self {
        Self::new(Arc::new(community_store_memory::MemoryStore::new())).await
    }

    pub(crate) fn system(&self) -> Session {
        self.engine.as_system()
    }

    pub(crate) fn tick(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// A channel that an audience reads.
    pub(crate) async fn channel(&self, key: &str, view: &str) {
        let mut new = NewChannel::new(slug(key), key.parse().unwrap());
        new.policy =
            Policy::inherit().with(community_core::Action::View, view.parse::<Audience>().unwrap());
        self.system().create_channel(&garden(), new).await.unwrap();
    }

    /// A member of the community, with roles.
    pub(crate) async fn member(&self, name: &str, roles: &[&str]) -> Session {
        let new = NewMember::new(name.parse().unwrap(), name.parse().unwrap());
        let id = self.system().sync_member(new).await.unwrap();
        self.system().set_member(&garden(), id, true).await.unwrap();
        for role in roles {
            self.system().grant_role(&garden(), id, &slug(role), None).await.unwrap();
        }
        self.engine.member(id)
    }

    /// A question with answers, one for each text. The first one is accepted.
    pub(crate) async fn question(
        &self,
        author: &Session,
        channel: &str,
        title: &str,
        answers: &[(&Session, &str)],
    ) -> (TopicId, Vec<PostId>) {
        let body = format!("{title} in full");
        let new = NewTopic::new(garden(), slug(channel), slug("question"), title, body);
        let topic = author.start_topic(new).await.unwrap();
        let opening = self.system().topic(topic).await.unwrap().topic.opening;
        let mut posts = vec![opening];
        for (who, text) in answers {
            posts.push(who.reply(NewPost::new(topic, *text)).await.unwrap());
        }
        if let Some(first) = posts.get(1) {
            self.system().accept(*first, None).await.unwrap();
        }
        (topic, posts)
    }

    /// An article of a topic, published by the system.
    pub(crate) async fn published(&self, topic: TopicId, channel: Option<&str>) -> ArticleId {
        let id = self.drafted(&self.system(), topic, channel).await;
        self.publish(id).await;
        id
    }

    pub(crate) async fn drafted(
        &self,
        session: &Session,
        topic: TopicId,
        channel: Option<&str>,
    ) -> ArticleId {
        let harvest = Harvest { topic, channel: channel.map(slug), locale: slug("en") };
        self.knowledge.harvest(session, &harvest).await.unwrap()
    }

    pub(crate) async fn publish(&self, id: ArticleId) {
        let system = self.system();
        self.knowledge.submit(&system, id).await.unwrap();
        let rev = self.knowledge.desk(&system, id).await.unwrap().rev;
        self.knowledge.approve(&system, id, rev, None).await.unwrap();
    }

    pub(crate) async fn pump(&self) {
        while self.knowledge.pump().await.unwrap().more {}
    }
}

pub(crate) fn id_of(session: &Session) -> MemberId {
    session.viewer().member().unwrap()
}
