//! The oracle: what the engine has to do, in the plainest form that can be run.
//!
//! Rows in lists, nothing else: no index, no counter, no kept rank, no kept scope. Whatever is asked
//! is worked out from the rows at the moment of asking, by walking all of them. Who may see and do
//! what is worked out here a second time, from the documentation of audiences, policies, roles and
//! sanctions; the engine's `decide`, `Scope`, listings and ranks are not called. What is shared with
//! the engine is its plain data: the structs of the domain, texts and their checks, the limits, the
//! syntax trees of audiences and label expressions.
//!
//! Where engine and oracle differ, one of them has misread the documentation. It is far too slow for
//! anything but small worlds.

mod ask;
mod ask_items;
mod ask_places;
mod awards;
mod boards;
mod erase;
mod hot;
mod marks;
mod notes;
mod people;
mod places;
mod posts;
mod rows;
mod rules;
mod search;
mod standings;
mod suggestions;
mod super_users;
mod topics;
mod visits;

use std::collections::BTreeMap;

use community_core::change::{Event, EventKind, NewEvent};
use community_core::reputation::{Award, Entry};
use community_core::{
    Action, Channel, Community, CommunityId, Correction, Decision, Env, Label, Limits, Link,
    Member, MemberId, Membership, Post, Reaction, RequestId, Revision, Seq, Timestamp, Topic,
    TopicId, Viewer,
};
use serde_json::Value;
use uuid::Uuid;

use crate::observe::{Answer, Refusal};
use crate::script::Command;

/// What the oracle says, or why it refuses.
type Result<T = ()> = std::result::Result<T, Refusal>;

/// The naive specification of the engine.
#[derive(Debug, Clone)]
pub struct Oracle {
    env: Env,
    communities: Vec<Community>,
    channels: Vec<Channel>,
    labels: Vec<Label>,
    members: Vec<Member>,
    memberships: Vec<Membership>,
    topics: Vec<Topic>,
    posts: Vec<Post>,
    revisions: Vec<Revision>,
    corrections: Vec<Correction>,
    links: Vec<Link>,
    reactions: Vec<Reaction>,
    /// Views, one row each: of which topic.
    views: Vec<TopicId>,
    /// Views that nobody has written down yet.
    waiting_views: Vec<TopicId>,
    /// Who was counted for which topic on which day.
    seen: Vec<(TopicId, Viewer, i32)>,
    /// Visits: of which community, by whom, on which day.
    visits: Vec<(CommunityId, MemberId, i32)>,
    /// Visits that nobody has written down yet.
    waiting_visits: Vec<(CommunityId, MemberId, i32)>,
    /// Notes, which are an extension's.
    notes: Vec<notes::NoteRow>,
    events: Vec<Event>,
    /// What members have earned, as of the last pump.
    points: Vec<standings::Points>,
    /// All that was earned, as of the last pump.
    entries: BTreeMap<CommunityId, Vec<Entry>>,
    /// The last event before the last pump.
    projected: Seq,
    /// The last event of each community for which badges were awarded.
    awarded: BTreeMap<CommunityId, Seq>,
    /// What members have of badges, as of the last pump.
    awards: BTreeMap<CommunityId, Vec<Award>>,
    /// The day for which levels were last looked at.
    levelled: BTreeMap<CommunityId, i32>,
    /// Visits before the last pump.
    visited: usize,
    requests: Vec<Applied>,
}

/// A request that was applied: by whom, which command, with which answer.
#[derive(Debug, Clone)]
struct Applied {
    id: RequestId,
    command: String,
    answer: Value,
}

/// The ids that the engine has given to what a command creates.
///
/// Which ids there are is the engine's choice. The oracle takes them over and holds the engine to
/// everything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Given {
    /// Of the thing itself.
    pub id: Uuid,
    /// Of a new topic's first post.
    pub opening: Uuid,
}

/// One viewer at one moment, with the ids for what is created.
#[derive(Debug, Clone, Copy)]
struct Act {
    viewer: Viewer,
    now: Timestamp,
    given: Given,
}

impl Oracle {
    /// An oracle of an empty world, with this clock and these limits. It mints no ids.
    #[must_use]
    pub fn new(env: Env) -> Self {
        Self {
            env,
            communities: Vec::new(),
            channels: Vec::new(),
            labels: Vec::new(),
            members: Vec::new(),
            memberships: Vec::new(),
            topics: Vec::new(),
            posts: Vec::new(),
            revisions: Vec::new(),
            corrections: Vec::new(),
            links: Vec::new(),
            reactions: Vec::new(),
            views: Vec::new(),
            waiting_views: Vec::new(),
            seen: Vec::new(),
            visits: Vec::new(),
            waiting_visits: Vec::new(),
            notes: Vec::new(),
            events: Vec::new(),
            points: Vec::new(),
            entries: BTreeMap::new(),
            projected: Seq(0),
            awarded: BTreeMap::new(),
            awards: BTreeMap::new(),
            levelled: BTreeMap::new(),
            visited: 0,
            requests: Vec::new(),
        }
    }

    /// Carries out a command whose references are settled. The answer is the new id as text where
    /// the command gives one, and null elsewhere.
    ///
    /// # Errors
    /// What the engine has to refuse.
    pub fn perform(
        &mut self,
        viewer: Viewer,
        request: Option<RequestId>,
        command: &Command,
        given: Given,
    ) -> Answer {
        self.check_before(command)?;
        let same = format!("{viewer:?} {command:?}");
        if let Some(id) = request
            && command.takes_request()
            && let Some(applied) = self.requests.iter().find(|applied| applied.id == id)
        {
            if applied.command == same {
                return Ok(applied.answer.clone());
            }
            return Err(invalid("the request id belongs to another request"));
        }
        let act = Act { viewer: self.known_as(viewer), now: self.env.now(), given };
        // A command that fails leaves nothing behind.
        let before = self.clone();
        let answer = self.carry_out(act, command);
        match (&answer, request) {
            (Err(_), _) => *self = before,
            (Ok(answer), Some(id)) if command.takes_request() => {
                self.requests.push(Applied { id, command: same, answer: answer.clone() });
            }
            _ => {}
        }
        answer
    }

    /// Whoever the tenant does not know, or has erased, is an anonymous visitor.
    fn known_as(&self, viewer: Viewer) -> Viewer {
        match viewer {
            Viewer::Member(id) if self.living(id).is_none() => Viewer::Anonymous,
            known => known,
        }
    }

    /// The host's process ends, and with it what waited in memory.
    pub fn reopen(&mut self) {
        self.waiting_views.clear();
        self.waiting_visits.clear();
        self.seen.clear();
    }

    /// All channels that there are.
    #[must_use]
    pub fn channel_ids(&self) -> Vec<community_core::ChannelId> {
        self.channels.iter().map(|channel| channel.id).collect()
    }

    /// The post that a correction stands beside.
    #[must_use]
    pub fn post_of_correction(
        &self,
        id: community_core::CorrectionId,
    ) -> Option<community_core::PostId> {
        self.correction_row(id).map(|correction| correction.post)
    }

    fn limits(&self) -> &Limits {
        self.env.limits()
    }

    fn carry_out(&mut self, act: Act, command: &Command) -> Answer {
        match command {
            Command::CreateCommunity(new) => self.create_community(act, new),
            Command::UpdateCommunity(key, update) => self.update_community(act, key, update),
            Command::DefineKind(community, kind) => self.define_kind(act, community, kind),
            Command::CreateChannel(community, new) => self.create_channel(act, community, new),
            Command::UpdateChannel(community, key, update) => {
                self.update_channel(act, community, key, update)
            }
            Command::PutLabel(community, new) => self.put_label(act, community, new),
            Command::SyncMember(new) => self.sync_member(act, new),
            Command::Join(community) => self.join(act, community),
            Command::Leave(community) => self.leave(act, community),
            Command::SetMember(community, member, joined) => {
                self.set_member(act, community, member.member(), *joined)
            }
            Command::GrantRole(community, member, role, channel) => {
                self.grant_role(act, community, member.member(), role, channel.as_ref())
            }
            Command::RevokeRole(community, member, role, channel) => {
                self.revoke_role(act, community, member.member(), role, channel.as_ref())
            }
            Command::SetLevel(community, member, level) => {
                self.set_level(act, community, member.member(), *level)
            }
            Command::ShowOnBoards(community, shown) => self.show_on_boards(act, community, *shown),
            Command::Sanction(community, member, new) => {
                self.sanction(act, community, member.member(), new)
            }
            Command::LiftSanction(community, member, kind, channel) => {
                self.lift_sanction(act, community, member.member(), *kind, channel.as_ref())
            }
            Command::StartTopic(new) => self.start_topic(act, new),
            Command::EditTopic(topic, edit) => self.edit_topic(act, topic.topic(), edit),
            Command::MoveTopic(topic, channel) => self.move_topic(act, topic.topic(), channel),
            Command::SetLocked(topic, locked) => self.set_locked(act, topic.topic(), *locked),
            Command::SetPin(topic, pin) => self.set_pin(act, topic.topic(), pin.as_ref()),
            Command::SetStatus(topic, status) => self.set_status(act, topic.topic(), status),
            Command::SetTopicState(topic, state) => {
                self.set_topic_state(act, topic.topic(), *state)
            }
            Command::SetLink { from, to, kind, linked } => {
                self.set_link(act, from.topic(), to.topic(), *kind, *linked)
            }
            Command::Reply(reply) => self.reply(act, reply),
            Command::EditPost(post, edit) => self.edit_post(act, post.post(), edit),
            Command::SetPostState(post, state) => self.set_post_state(act, post.post(), *state),
            Command::ErasePost(post) => self.erase_post(act, post.post()),
            Command::EraseMember(member, erasure) => {
                self.erase_member(act, member.member(), *erasure)
            }
            Command::Vote(post, vote) => self.vote(act, post.post(), *vote),
            Command::React(post, reaction) => self.react(act, post.post(), reaction.as_ref()),
            Command::Accept(post, reason) => self.accept(act, post.post(), reason.as_deref()),
            Command::Unaccept(post) => self.unaccept(act, post.post()),
            Command::SetOfficial(post, official, reason) => {
                self.set_official(act, post.post(), *official, reason.as_deref())
            }
            Command::Correct { post, range, body } => self.correct(act, post.post(), *range, body),
            Command::WithdrawCorrection(correction) => {
                self.withdraw_correction(act, correction.correction())
            }
            Command::RecordSuggestion(step) => self.record_suggestion(act, &step.settled()),
            Command::WriteNote { topic, text, shared } => {
                self.write_note(act, topic.topic(), text, *shared)
            }
            Command::ChangeNote(note, text) => {
                self.change_note(act, note.document(), text.as_deref())
            }
            Command::RecordView(topic) => self.record_view(act, topic.topic()),
            Command::Pump => {
                let views = std::mem::take(&mut self.waiting_views);
                self.views.extend(views);
                self.visits.append(&mut self.waiting_visits);
                self.project(act);
                Ok(Value::Null)
            }
        }
    }

    /// What is checked before anything is looked up: the size and form of texts.
    fn check_before(&self, command: &Command) -> Result {
        let limits = self.limits();
        let reason = |text: Option<&str>| within(limits.reason(text.map_or(0, str::len)));
        match command {
            Command::StartTopic(new) => {
                self.check_title(&new.title)?;
                self.check_body(&new.body)?;
                self.check_payload_size(new.payload.as_ref())?;
                within(limits.labels(new.labels.len()))
            }
            Command::EditTopic(_, edit) => {
                edit.title.as_deref().map_or(Ok(()), |title| self.check_title(title).map(drop))?;
                edit.body.as_deref().map_or(Ok(()), |body| self.check_body(body))?;
                self.check_payload_size(edit.payload.as_ref())?;
                within(limits.labels(edit.labels.as_ref().map_or(0, Vec::len)))?;
                reason(edit.reason.as_deref())
            }
            Command::SetPin(_, Some(pin)) => self.check_audience(&pin.audience),
            Command::Reply(reply) => self.check_body(&reply.body),
            Command::EditPost(_, edit) => {
                self.check_body(&edit.body)?;
                reason(edit.reason.as_deref())
            }
            Command::Accept(_, why) | Command::SetOfficial(_, _, why) => reason(why.as_deref()),
            Command::Correct { body, .. } => self.check_body(body),
            Command::WriteNote { text, .. } | Command::ChangeNote(_, Some(text)) => {
                self.check_body(text)
            }
            Command::RecordSuggestion(step) => {
                within(limits.page(step.settled().step.topics().len()))
            }
            Command::Sanction(_, _, new) => reason(Some(&new.reason)),
            _ => Ok(()),
        }
    }

    fn check_title(&self, title: &str) -> Result<community_core::Title> {
        within(self.limits().title(title.len()))?;
        community_core::Title::new(title).map_err(|error| invalid(error.to_string()))
    }

    fn check_body(&self, body: &str) -> Result {
        within(self.limits().body(body.len()))?;
        if body.chars().all(char::is_whitespace) {
            return Err(invalid("a body may not be empty"));
        }
        if body.chars().any(|c| c == '\0') {
            return Err(invalid("a body may not contain a NUL character"));
        }
        Ok(())
    }

    fn check_payload_size(&self, payload: Option<&Value>) -> Result {
        within(self.limits().payload(payload.map_or(0, |payload| payload.to_string().len())))
    }

    fn check_audience(&self, audience: &community_core::Audience) -> Result {
        audience.check_within(self.limits()).map_err(Refusal::from)
    }

    /// Adds an event to the log.
    fn log(&mut self, act: Act, kind: EventKind, about: About) {
        let About { community, channel, topic, post, member } = about;
        let seq = Seq(u64::try_from(self.events.len()).unwrap_or(u64::MAX) + 1);
        let actor = act.viewer.member();
        let at = act.now;
        let event = NewEvent { kind, actor, at, community, channel, topic, post, member };
        self.events.push(Event { seq, event });
    }

    /// The member who acts; for what only a member can do.
    fn author(&self, act: Act, action: &Action) -> Result<MemberId> {
        match act.viewer {
            Viewer::Member(id) => Ok(id),
            Viewer::Anonymous => Err(denied(&Decision {
                allowed: false,
                action: action.clone(),
                clause: community_core::Clause::Anonymous,
            })),
            Viewer::System => Err(invalid("the system writes nothing of its own: act as a member")),
        }
    }
}

/// What an event is about.
#[derive(Debug, Clone, Copy, Default)]
struct About {
    community: Option<community_core::CommunityId>,
    channel: Option<community_core::ChannelId>,
    topic: Option<TopicId>,
    post: Option<community_core::PostId>,
    member: Option<MemberId>,
}

impl About {
    fn community(id: community_core::CommunityId) -> Self {
        Self { community: Some(id), ..Self::default() }
    }

    fn topic(topic: &Topic) -> Self {
        Self {
            community: Some(topic.community),
            channel: Some(topic.channel),
            topic: Some(topic.id),
            ..Self::default()
        }
    }

    fn post(topic: &Topic, post: community_core::PostId) -> Self {
        Self { post: Some(post), ..Self::topic(topic) }
    }
}

/// Nothing to say but that it is done.
fn done() -> Answer {
    Ok(Value::Null)
}

fn not_found(what: &str) -> Refusal {
    Refusal { kind: "not_found", text: format!("there is no such {what}") }
}

fn invalid(text: impl Into<String>) -> Refusal {
    Refusal { kind: "invalid", text: text.into() }
}

fn erased(what: &str) -> Refusal {
    Refusal { kind: "erased", text: format!("the {what} was erased") }
}

fn conflict(text: &str) -> Refusal {
    Refusal { kind: "conflict", text: text.to_owned() }
}

fn denied(decision: &Decision) -> Refusal {
    Refusal { kind: "denied", text: decision.to_string() }
}

fn within(limit: std::result::Result<(), community_core::LimitError>) -> Result {
    limit.map_err(|error| Refusal { kind: "limit", text: error.to_string() })
}
