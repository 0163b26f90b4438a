//! Scripts: what several viewers do in a small world, one after another.
//!
//! A [`Script`] follows from a seed. Its steps refer to things by [`Pick`]: the n-th topic that
//! earlier steps have made, or something that is not there, or not what it seems. So each step means
//! something whatever is left of the others, and a failing script can be cut down step by step.
//!
//! The world is small so that steps meet: 4 communities of 6 channels, 12 members, 8 labels.

mod book;
mod choose;
mod generate;
mod parts;
mod perform;
mod strategy;
mod texts;

use community_core::{
    ChannelUpdate, CommunityUpdate, CorrectionId, DocumentId, Erasure, Kind, LinkKind, MemberId,
    NewChannel, NewCommunity, NewLabel, NewMember, NewPin, NewSanction, NewSuggestion, NewTopic,
    PostEdit, PostId, PostKind, SanctionKind, Slug, State, SuggestionStep, TopicEdit, TopicId,
    VisitId, Vote,
};
use uuid::Uuid;

pub use book::Book;
pub use choose::names;
pub use generate::Script;
pub use perform::perform;
pub use strategy::scripts;

/// One thing that happens.
#[derive(Debug, Clone)]
pub struct Step {
    /// What the clock does before.
    pub clock: Tick,
    /// Who acts.
    pub actor: Actor,
    /// The id of the request, out of a few; `None` for a request without one.
    pub request: Option<u8>,
    /// What happens.
    pub deed: Deed,
    /// Whether everybody looks around afterwards, and the seed of what they look at.
    pub look: Option<u64>,
}

/// What the clock does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tick {
    /// It stands still.
    Stand,
    /// It goes on by so many microseconds.
    On(u64),
    /// It goes back by so many microseconds.
    Back(u64),
}

/// Who acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// A visitor.
    Anonymous,
    /// The n-th member that there is.
    Member(u8),
    /// Whoever made what the command is about, and otherwise the n-th member.
    Maker(u8),
    /// A member that there is not.
    Ghost(u8),
    /// The host.
    System,
}

/// What happens in a step.
#[derive(Debug, Clone)]
pub enum Deed {
    /// A command.
    Do(Box<Command>),
    /// The command of the n-th step before this one once more, with the same actor, request and
    /// references.
    Again(u8),
    /// A feed's first page, kept under a number.
    ReadFirst(u8, Box<community_core::FeedQuery>),
    /// A thread's first page, kept under a number.
    ReadThread(u8, Pick, Box<community_core::ThreadQuery>),
    /// The page behind the one kept under a number, whatever was written meanwhile.
    ReadOn(u8),
    /// The process ends, and a new one opens what it left.
    Reopen,
}

/// A reference to something by its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pick {
    /// The n-th one that there is, counted round.
    Known(u16),
    /// The id of something of another sort.
    Foreign(u16),
    /// An id that nothing has.
    Absent(u16),
    /// This id.
    Exact(Uuid),
}

impl Pick {
    /// The id, once the reference is settled.
    #[must_use]
    pub fn id(self) -> Uuid {
        match self {
            Self::Exact(id) => id,
            Self::Known(n) | Self::Foreign(n) | Self::Absent(n) => absent(n),
        }
    }

    /// The id as a member's.
    #[must_use]
    pub fn member(self) -> MemberId {
        MemberId::from_uuid(self.id())
    }

    /// The id as a topic's.
    #[must_use]
    pub fn topic(self) -> TopicId {
        TopicId::from_uuid(self.id())
    }

    /// The id as a post's.
    #[must_use]
    pub fn post(self) -> PostId {
        PostId::from_uuid(self.id())
    }

    /// The id as a document's.
    #[must_use]
    pub fn document(self) -> DocumentId {
        DocumentId::from_uuid(self.id())
    }

    /// The id as a correction's.
    #[must_use]
    pub fn correction(self) -> CorrectionId {
        CorrectionId::from_uuid(self.id())
    }
}

/// An id of the right form that nothing has.
#[must_use]
pub fn absent(number: u16) -> Uuid {
    Uuid::from_u128(0x0180_0000_0000_7abc_8000_0000_0000_0000 | u128::from(number))
}

/// A command of a session, with everything it takes.
#[derive(Debug, Clone)]
#[expect(
    clippy::large_enum_variant,
    reason = "scripts are short, and most of their commands small"
)]
pub enum Command {
    /// [`create_community`](community_core::Session::create_community).
    CreateCommunity(NewCommunity),
    /// [`update_community`](community_core::Session::update_community).
    UpdateCommunity(Slug, CommunityUpdate),
    /// [`define_kind`](community_core::Session::define_kind).
    DefineKind(Slug, Kind),
    /// [`create_channel`](community_core::Session::create_channel).
    CreateChannel(Slug, NewChannel),
    /// [`update_channel`](community_core::Session::update_channel).
    UpdateChannel(Slug, Slug, ChannelUpdate),
    /// [`put_label`](community_core::Session::put_label).
    PutLabel(Slug, NewLabel),
    /// [`sync_member`](community_core::Session::sync_member).
    SyncMember(NewMember),
    /// [`join`](community_core::Session::join).
    Join(Slug),
    /// [`leave`](community_core::Session::leave).
    Leave(Slug),
    /// [`set_member`](community_core::Session::set_member).
    SetMember(Slug, Pick, bool),
    /// [`grant_role`](community_core::Session::grant_role).
    GrantRole(Slug, Pick, Slug, Option<Slug>),
    /// [`revoke_role`](community_core::Session::revoke_role).
    RevokeRole(Slug, Pick, Slug, Option<Slug>),
    /// [`set_level`](community_core::Session::set_level).
    SetLevel(Slug, Pick, u32),
    /// [`show_on_boards`](community_core::Session::show_on_boards).
    ShowOnBoards(Slug, bool),
    /// [`sanction`](community_core::Session::sanction).
    Sanction(Slug, Pick, NewSanction),
    /// [`lift_sanction`](community_core::Session::lift_sanction).
    LiftSanction(Slug, Pick, SanctionKind, Option<Slug>),
    /// [`start_topic`](community_core::Session::start_topic).
    StartTopic(NewTopic),
    /// [`edit_topic`](community_core::Session::edit_topic).
    EditTopic(Pick, TopicEdit),
    /// [`move_topic`](community_core::Session::move_topic).
    MoveTopic(Pick, Slug),
    /// [`set_locked`](community_core::Session::set_locked).
    SetLocked(Pick, bool),
    /// [`set_pin`](community_core::Session::set_pin).
    SetPin(Pick, Option<NewPin>),
    /// [`set_status`](community_core::Session::set_status).
    SetStatus(Pick, Slug),
    /// [`restore_topic`](community_core::Session::restore_topic),
    /// [`withdraw_topic`](community_core::Session::withdraw_topic) or
    /// [`remove_topic`](community_core::Session::remove_topic).
    SetTopicState(Pick, State),
    /// [`set_link`](community_core::Session::set_link).
    SetLink {
        /// The topic that points.
        from: Pick,
        /// The topic pointed at.
        to: Pick,
        /// How they are related.
        kind: LinkKind,
        /// Whether there is to be a link.
        linked: bool,
    },
    /// [`reply`](community_core::Session::reply).
    Reply(Reply),
    /// [`edit_post`](community_core::Session::edit_post).
    EditPost(Pick, PostEdit),
    /// [`restore_post`](community_core::Session::restore_post),
    /// [`withdraw_post`](community_core::Session::withdraw_post) or
    /// [`remove_post`](community_core::Session::remove_post).
    SetPostState(Pick, State),
    /// [`erase_post`](community_core::Session::erase_post).
    ErasePost(Pick),
    /// [`erase_member`](community_core::Session::erase_member), until there is no more.
    EraseMember(Pick, Erasure),
    /// [`vote`](community_core::Session::vote).
    Vote(Pick, Option<Vote>),
    /// [`react`](community_core::Session::react).
    React(Pick, Option<Slug>),
    /// [`accept`](community_core::Session::accept).
    Accept(Pick, Option<String>),
    /// [`unaccept`](community_core::Session::unaccept).
    Unaccept(Pick),
    /// [`set_official`](community_core::Session::set_official).
    SetOfficial(Pick, bool, Option<String>),
    /// [`correct`](community_core::Session::correct).
    Correct {
        /// The post.
        post: Pick,
        /// The part of its text.
        range: Option<(u32, u32)>,
        /// What is right.
        body: String,
    },
    /// [`withdraw_correction`](community_core::Session::withdraw_correction).
    WithdrawCorrection(Pick),
    /// [`record_suggestion`](community_core::Session::record_suggestion).
    RecordSuggestion(Suggestion),
    /// [`write`](crate::notes::write).
    WriteNote {
        /// The topic.
        topic: Pick,
        /// What it says.
        text: String,
        /// Whether it is for everybody who sees the topic.
        shared: bool,
    },
    /// [`change`](crate::notes::change); no text takes the note away.
    ChangeNote(Pick, Option<String>),
    /// [`record_view`](community_core::Session::record_view).
    RecordView(Pick),
    /// [`pump`](community_core::Engine::pump).
    Pump,
}

/// A reply to be written.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The topic.
    pub topic: Pick,
    /// The post it replies to.
    pub parent: Option<Pick>,
    /// Its text.
    pub body: String,
    /// What part it is to play.
    pub kind: Option<PostKind>,
    /// The host's own key.
    pub key: Option<community_core::Key>,
}

/// A step of a visit in which topics were suggested.
#[derive(Debug, Clone)]
pub struct Suggestion {
    /// The community.
    pub community: Slug,
    /// The n-th visit; `None` is a new one.
    pub visit: Option<u8>,
    /// Where the suggestions come from.
    pub source: Slug,
    /// Whether they are held back.
    pub held_out: bool,
    /// What happened.
    pub step: Suggested,
}

/// What happened to suggestions.
#[derive(Debug, Clone)]
pub enum Suggested {
    /// They were shown.
    Shown(Vec<Pick>),
    /// One was opened.
    Opened(Pick),
    /// One was found helpful, or not.
    Rated(Pick, bool),
    /// The question was given up.
    Abandoned,
    /// It was posted.
    Posted(Pick),
}

impl Suggestion {
    /// What the session takes, once all references are settled.
    #[must_use]
    pub fn settled(&self) -> NewSuggestion {
        let Self { community, visit, source, held_out, step } = self.clone();
        let step = match step {
            Suggested::Shown(topics) => {
                SuggestionStep::Shown { topics: topics.into_iter().map(Pick::topic).collect() }
            }
            Suggested::Opened(topic) => SuggestionStep::Opened { topic: topic.topic() },
            Suggested::Rated(topic, helpful) => {
                SuggestionStep::Rated { topic: topic.topic(), helpful }
            }
            Suggested::Abandoned => SuggestionStep::Abandoned,
            Suggested::Posted(topic) => SuggestionStep::Posted { topic: topic.topic() },
        };
        let visit = visit.map(|number| VisitId::from_uuid(absent(7_000 + u16::from(number))));
        NewSuggestion { community, visit, source, held_out, step }
    }

    /// The topics that it speaks of.
    fn topics(&mut self) -> &mut [Pick] {
        match &mut self.step {
            Suggested::Shown(topics) => topics,
            Suggested::Opened(topic) | Suggested::Rated(topic, _) | Suggested::Posted(topic) => {
                std::slice::from_mut(topic)
            }
            Suggested::Abandoned => &mut [],
        }
    }
}

impl Command {
    /// What it is called.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{self:?}").chars().take_while(|c| c.is_alphanumeric()).collect()
    }

    /// Whether a request id means something to it: whether it commits anything by itself.
    #[must_use]
    pub fn takes_request(&self) -> bool {
        !matches!(self, Self::RecordView(_) | Self::EraseMember(..) | Self::Pump)
    }
}
