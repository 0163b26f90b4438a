//! What a script has made so far, by number.

use std::collections::BTreeMap;

use community_core::Viewer;
use uuid::Uuid;

use super::{Command, Pick, Reply, absent};

/// The ids of everything that earlier steps have made, in the order of making.
#[derive(Debug, Clone, Default)]
pub struct Book {
    /// Members.
    pub members: Vec<Uuid>,
    /// Topics.
    pub topics: Vec<Uuid>,
    /// Posts, first posts included.
    pub posts: Vec<Uuid>,
    /// Corrections.
    pub corrections: Vec<Uuid>,
    /// Notes.
    pub notes: Vec<Uuid>,
    /// Who made what.
    pub makers: BTreeMap<Uuid, Viewer>,
    /// The topic of each post.
    pub topic_of: BTreeMap<Uuid, Uuid>,
}

impl Book {
    /// The n-th member that there is, counted round.
    #[must_use]
    pub fn member(&self, number: usize) -> Uuid {
        round(&self.members, number)
    }

    /// Whoever made what a settled command is about.
    #[must_use]
    pub fn maker(&self, command: &Command) -> Option<Viewer> {
        let about = match command {
            Command::EditTopic(about, _)
            | Command::MoveTopic(about, _)
            | Command::SetLocked(about, _)
            | Command::SetPin(about, _)
            | Command::SetStatus(about, _)
            | Command::SetTopicState(about, _)
            | Command::SetLink { from: about, .. }
            | Command::EditPost(about, _)
            | Command::SetPostState(about, _)
            | Command::Vote(about, _)
            | Command::Reply(Reply { topic: about, .. })
            | Command::ChangeNote(about, _)
            | Command::WithdrawCorrection(about) => about.id(),
            // Answers are accepted by whoever started the topic.
            Command::Accept(answer, _) | Command::Unaccept(answer) => {
                *self.topic_of.get(&answer.id())?
            }
            _ => return None,
        };
        self.makers.get(&about).copied()
    }

    /// The same command with every reference settled to an id.
    #[must_use]
    pub fn settle(&self, command: &Command) -> Command {
        let mut command = command.clone();
        match &mut command {
            Command::SetMember(_, member, _)
            | Command::GrantRole(_, member, _, _)
            | Command::RevokeRole(_, member, _, _)
            | Command::SetLevel(_, member, _)
            | Command::Sanction(_, member, _)
            | Command::LiftSanction(_, member, _, _)
            | Command::EraseMember(member, _) => *member = self.settled_member(*member),
            Command::EditTopic(topic, _)
            | Command::MoveTopic(topic, _)
            | Command::SetLocked(topic, _)
            | Command::SetPin(topic, _)
            | Command::SetStatus(topic, _)
            | Command::SetTopicState(topic, _)
            | Command::WriteNote { topic, .. }
            | Command::RecordView(topic) => *topic = self.settled_topic(*topic),
            Command::SetLink { from, to, .. } => {
                *from = self.settled_topic(*from);
                *to = self.settled_topic(*to);
            }
            Command::RecordSuggestion(step) => {
                for topic in step.topics() {
                    *topic = self.settled_topic(*topic);
                }
            }
            Command::Reply(Reply { topic, parent, .. }) => {
                *topic = self.settled_topic(*topic);
                *parent = parent.map(|parent| self.settled_post(parent));
            }
            Command::EditPost(post, _)
            | Command::SetPostState(post, _)
            | Command::ErasePost(post)
            | Command::Vote(post, _)
            | Command::React(post, _)
            | Command::Accept(post, _)
            | Command::Unaccept(post)
            | Command::SetOfficial(post, _, _)
            | Command::Correct { post, .. } => *post = self.settled_post(*post),
            Command::WithdrawCorrection(correction) => {
                *correction = settled(*correction, &self.corrections, &self.posts);
            }
            Command::ChangeNote(note, _) => *note = settled(*note, &self.notes, &self.topics),
            Command::CreateCommunity(_)
            | Command::UpdateCommunity(..)
            | Command::DefineKind(..)
            | Command::CreateChannel(..)
            | Command::UpdateChannel(..)
            | Command::PutLabel(..)
            | Command::SyncMember(_)
            | Command::Join(_)
            | Command::Leave(_)
            | Command::ShowOnBoards(..)
            | Command::StartTopic(_)
            | Command::Pump => {}
        }
        command
    }

    fn settled_member(&self, pick: Pick) -> Pick {
        settled(pick, &self.members, &self.topics)
    }

    /// A reference to a topic, settled.
    #[must_use]
    pub fn settled_topic(&self, pick: Pick) -> Pick {
        settled(pick, &self.topics, &self.posts)
    }

    /// A reference to a post, settled.
    #[must_use]
    pub fn settled_post(&self, pick: Pick) -> Pick {
        settled(pick, &self.posts, &self.topics)
    }
}

fn settled(pick: Pick, known: &[Uuid], foreign: &[Uuid]) -> Pick {
    Pick::Exact(match pick {
        Pick::Known(number) => round(known, usize::from(number)),
        Pick::Foreign(number) => round(foreign, usize::from(number)),
        Pick::Absent(number) => absent(number),
        Pick::Exact(id) => id,
    })
}

/// The n-th of some, counted round; of none an id that nothing has.
fn round(known: &[Uuid], number: usize) -> Uuid {
    let at = number.checked_rem(known.len()).unwrap_or(0);
    known.get(at).copied().unwrap_or_else(|| absent(u16::MAX))
}
