//! A populated world: two communities with channels of every kind of access, and topics in every
//! state, with labels, votes and ties. Feeds and scopes are tested on it.

use std::time::Duration;

use community_core::change::{Counter, Op};
use community_core::query::Selection;
use community_core::{
    Action, Audience, Channel, ChannelId, Community, CommunityId, Label, Mark, Member, Membership,
    Pin, PinPlace, Policy, PostId, Rev, RoleGrant, Sanction, SanctionKind, Scope, State, Viewer,
};

use crate::check::Outcome;
use crate::fixture::{Draft, accepted, joined, slug};
use crate::world::World;

/// How many topics there are.
pub(crate) const TOPICS: u64 = 96;

/// The world's places and people.
#[derive(Debug)]
pub(crate) struct Meadow {
    pub(crate) garden: Community,
    pub(crate) kitchen: Community,
    /// Everybody reads it.
    pub(crate) vegetables: Channel,
    /// Everybody reads it.
    pub(crate) fruit: Channel,
    /// Below `fruit`.
    pub(crate) pears: Channel,
    /// Members read their own topics there, employees all.
    pub(crate) desk: Channel,
    /// Employees read it.
    pub(crate) office: Channel,
    /// The one channel of `kitchen`, which members read.
    pub(crate) stove: Channel,
    /// Member of both communities.
    pub(crate) ann: Member,
    /// Member of `garden`, moderates `fruit` and what lies below it.
    pub(crate) bob: Member,
    /// Employee and moderator of `garden`.
    pub(crate) cleo: Member,
    /// Member of `garden`, suspended there.
    pub(crate) dirk: Member,
    /// Known to the host, member of nothing.
    pub(crate) eva: Member,
}

impl Meadow {
    /// The channels of `garden`.
    pub(crate) fn of_garden(&self) -> [&Channel; 5] {
        [&self.vegetables, &self.fruit, &self.pears, &self.desk, &self.office]
    }

    /// Those who read most differently: the system, a visitor, a member and an employee.
    pub(crate) async fn readers(&self, w: &World) -> Outcome<Vec<Scope>> {
        let (ann, cleo) = (w.scope_of(self.ann.id).await?, w.scope_of(self.cleo.id).await?);
        Ok(vec![w.system().await?, w.anonymous().await?, ann, cleo])
    }

    /// Everybody who may look at it: a visitor, all members and the system.
    pub(crate) async fn scopes(&self, w: &World) -> Outcome<Vec<Scope>> {
        let mut scopes = vec![w.system().await?, w.anonymous().await?];
        for member in [&self.ann, &self.bob, &self.cleo, &self.dirk, &self.eva] {
            scopes.push(w.scope(Viewer::Member(member.id)).await?);
        }
        Ok(scopes)
    }
}

/// One of a few, by number.
#[allow(clippy::indexing_slicing, reason = "the remainder is smaller than the length")]
fn of<T: Copy, const N: usize>(few: [T; N], i: u64) -> T {
    few[usize::try_from(i).unwrap_or(0) % N]
}

/// What a scope reads of a community, limited to some channels: what the engine asks a store for.
pub(crate) async fn selection(
    w: &World,
    scope: &Scope,
    community: CommunityId,
    only: Option<&[ChannelId]>,
) -> Outcome<Selection> {
    let directory = w.store.directory().await?;
    let all: Vec<ChannelId> = directory.channels(community).map(|e| e.channel.id).collect();
    let wanted = |id: &ChannelId| only.is_none_or(|only| only.contains(id));
    let read = |id: &ChannelId| scope.read().contains(*id);
    let own = |id: &ChannelId| scope.own().contains(*id) && !read(id);
    Ok(Selection {
        community,
        read: all.iter().copied().filter(|id| wanted(id) && read(id)).collect(),
        own: all.iter().copied().filter(|id| wanted(id) && own(id)).collect(),
        whole: all.iter().all(|id| wanted(id) && read(id)),
    })
}

impl World {
    /// Writes the meadow.
    pub(crate) async fn meadow(&self) -> Outcome<Meadow> {
        let meadow = self.places_and_people().await?;
        let mut ops = Vec::new();
        for i in 0..TOPICS {
            ops.extend(self.topic_of(&meadow, i));
        }
        self.apply(ops).await?;
        Ok(meadow)
    }

    async fn places_and_people(&self) -> Outcome<Meadow> {
        let garden = self.new_community("garden");
        let mut kitchen = self.new_community("kitchen");
        kitchen.policy = Policy::members_only();
        let fruit = self.new_channel(&garden, "fruit");
        let child =
            |of: &Channel, key| Channel { parent: Some(of.id), ..self.new_channel(&garden, key) };
        let with = |policy, key| Channel { policy, ..self.new_channel(&garden, key) };
        let meadow = Meadow {
            vegetables: self.new_channel(&garden, "vegetables"),
            pears: child(&fruit, "pears"),
            desk: with(Policy::own_topics_only(), "desk"),
            office: with(Policy::employees(), "office"),
            stove: self.new_channel(&kitchen, "stove"),
            ann: self.new_member("user:ann"),
            bob: self.new_member("user:bob"),
            cleo: self.new_member("user:cleo"),
            dirk: self.new_member("user:dirk"),
            eva: self.new_member("user:eva"),
            garden,
            kitchen,
            fruit,
        };
        let Meadow { garden, kitchen, ann, bob, cleo, dirk, eva, .. } = &meadow;
        let mut ops: Vec<Op> =
            [garden, kitchen].map(|c| Op::PutCommunity(Box::new(c.clone()))).into();
        let channels = meadow.of_garden().into_iter().chain([&meadow.stove]);
        ops.extend(channels.map(|channel| Op::PutChannel(Box::new(channel.clone()))));
        ops.extend([ann, bob, cleo, dirk, eva].map(|m| Op::PutMember(Box::new(m.clone()))));
        for key in ["pests", "soil", "tools"] {
            ops.push(Op::PutLabel(Box::new(self.new_label(garden, key))));
        }
        let audience = Audience::Role(slug("employee"));
        let internal = Label { audience, ..self.new_label(garden, "internal") };
        ops.push(Op::PutLabel(Box::new(internal)));
        ops.push(Op::PutLabel(Box::new(self.new_label(kitchen, "tools"))));

        let grant = |role, channel| RoleGrant { role: slug(role), channel };
        let member = |community, member, roles| Membership {
            roles,
            ..self.new_membership(community, member)
        };
        let suspension = Sanction {
            kind: SanctionKind::Suspension,
            channel: None,
            since: self.now(),
            until: None,
            reason: String::new(),
            by: None,
        };
        let suspended =
            Membership { sanctions: vec![suspension], ..member(garden, dirk, Vec::new()) };
        for membership in [
            member(garden, ann, Vec::new()),
            member(kitchen, ann, Vec::new()),
            member(garden, bob, vec![grant("moderator", Some(meadow.fruit.id))]),
            member(garden, cleo, vec![grant("employee", None), grant("moderator", None)]),
            suspended,
        ] {
            ops.extend(joined(&membership));
        }
        self.apply(ops).await?;
        Ok(meadow)
    }

    /// One topic. Its facts follow from its number, so that every combination occurs, and so do
    /// ties: four topics share each moment of creation, and scores are small.
    fn topic_of(&self, meadow: &Meadow, i: u64) -> Vec<Op> {
        let Meadow { ann, bob, cleo, dirk, .. } = meadow;
        let [vegetables, fruit, pears, desk, office] = meadow.of_garden();
        let channels =
            [vegetables, fruit, pears, desk, office, &meadow.stove, vegetables, desk, fruit];
        let authors = [ann, bob, cleo, ann, dirk];
        let kinds = ["question", "discussion", "question", "idea"];

        let created = self.now() - Duration::from_secs(i / 4 * 21_600);
        let mut draft = self.new_topic(of(channels, i), of(authors, i).id);
        let Draft { topic, opening, text } = &mut draft;
        topic.id = community_core::TopicId::from_uuid(self.mint(created));
        opening.topic = topic.id;
        (topic.created_at, topic.bumped_at, opening.created_at) = (created, created, created);
        text.at = created;
        topic.kind = slug(of(kinds, i));
        topic.answerable = topic.kind == *"question";
        topic.state = match i % 13 {
            5 => State::Removed,
            9 => State::Withdrawn,
            _ => State::Published,
        };
        if i % 11 == 3 {
            topic.pin = Some(Pin {
                place: PinPlace::Channel,
                position: 0,
                audience: Audience::Everyone,
                since: created,
                until: None,
            });
        }
        let in_garden = topic.community == meadow.garden.id;
        let named: &[(&str, u64)] =
            if in_garden { &[("pests", 2), ("soil", 3), ("internal", 5)] } else { &[("tools", 2)] };
        let worn = named.iter().filter(|(_, every)| i.is_multiple_of(*every));
        let labels: Vec<&str> = worn.map(|(label, _)| *label).collect();
        let draft = draft.labelled(&labels);

        let (topic, post) = (draft.topic.id, draft.opening.id);
        let votes = |n: u64| i64::try_from(i * n % 5).unwrap_or(0);
        let mut ops = draft.ops();
        ops.extend([
            Op::Bump(Counter::TopicUps(topic), votes(3)),
            Op::Bump(Counter::PostUps(post), votes(3)),
            Op::Bump(Counter::TopicDowns(topic), votes(2)),
            Op::Bump(Counter::PostDowns(post), votes(2)),
            Op::AddViews { topic, day: 19_675, views: votes(4) },
            Op::RaiseActive(topic, created + Duration::from_secs(i % 7 * 40_000)),
        ]);
        if draft.topic.answerable && i.is_multiple_of(4) {
            ops.extend(self.answer_of(&draft, bob, i.is_multiple_of(8)));
        }
        ops
    }

    /// An answer, accepted or not. It leaves the topic's last activity alone.
    fn answer_of(&self, draft: &Draft, author: &Member, is_accepted: bool) -> Vec<Op> {
        let mut answer = self.new_answer(&draft.opening, author.id);
        answer.post.bumps = false;
        let at = draft.topic.created_at;
        let id = PostId::from_uuid(self.mint(at));
        (answer.post.id, answer.text.post, answer.post.created_at) = (id, id, at);
        let mut ops = answer.ops();
        if is_accepted {
            ops.extend(accepted(&answer.post, at));
        }
        ops
    }

    /// Takes back what a policy says about reading a channel.
    pub(crate) async fn open_up(&self, channel: &Channel) -> Outcome {
        let policy = channel.policy.clone().with(Action::View, Audience::Everyone);
        let open = Channel { policy, rev: Rev(2), ..channel.clone() };
        self.apply([Op::PutChannel(Box::new(open))]).await.map(drop)
    }

    /// A mark of the system, made now.
    pub(crate) fn mark(&self) -> Mark {
        Mark { by: None, at: self.now(), reason: None }
    }
}
