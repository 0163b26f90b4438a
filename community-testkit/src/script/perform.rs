//! Commands carried out by the engine.

use community_core::{NewCorrection, NewPost, Session, State};
use serde_json::{Value, json};

use super::{Command, Reply};
use crate::notes;
use crate::observe::Answer;

/// Carries out a command whose references are settled. The answer is the new id as text where the
/// command gives one, and null elsewhere.
///
/// # Errors
/// What the engine refuses.
pub async fn perform(session: &Session, command: &Command) -> Answer {
    let done = match command {
        Command::CreateCommunity(new) => {
            return Ok(json!(session.create_community(new.clone()).await?));
        }
        Command::CreateChannel(community, new) => {
            return Ok(json!(session.create_channel(community, new.clone()).await?));
        }
        Command::SyncMember(new) => return Ok(json!(session.sync_member(new.clone()).await?)),
        Command::StartTopic(new) => return Ok(json!(session.start_topic(new.clone()).await?)),
        Command::Reply(Reply { topic, parent, body, kind, key }) => {
            let new = NewPost {
                topic: topic.topic(),
                parent: parent.map(|parent| parent.post()),
                body: body.clone(),
                kind: *kind,
                key: key.clone(),
            };
            return Ok(json!(session.reply(new).await?));
        }
        Command::Correct { post, range, body } => {
            let mut new = NewCorrection::new(post.post(), body.clone());
            new.range = *range;
            return Ok(json!(session.correct(new).await?));
        }
        Command::RecordSuggestion(step) => {
            return Ok(json!(session.record_suggestion(step.settled()).await?));
        }
        Command::WriteNote { topic, text, shared } => {
            return Ok(json!(notes::write(session, topic.topic(), text, *shared).await?));
        }
        Command::ChangeNote(note, text) => {
            notes::change(session, note.document(), text.as_deref()).await
        }
        Command::UpdateCommunity(key, update) => {
            session.update_community(key, update.clone()).await
        }
        Command::DefineKind(community, kind) => session.define_kind(community, kind.clone()).await,
        Command::UpdateChannel(community, key, update) => {
            session.update_channel(community, key, update.clone()).await
        }
        Command::PutLabel(community, new) => session.put_label(community, new.clone()).await,
        Command::Join(community) => session.join(community).await,
        Command::Leave(community) => session.leave(community).await,
        Command::SetMember(community, member, joined) => {
            session.set_member(community, member.member(), *joined).await
        }
        Command::GrantRole(community, member, role, channel) => {
            session.grant_role(community, member.member(), role, channel.as_ref()).await
        }
        Command::RevokeRole(community, member, role, channel) => {
            session.revoke_role(community, member.member(), role, channel.as_ref()).await
        }
        Command::SetLevel(community, member, level) => {
            session.set_level(community, member.member(), *level).await
        }
        Command::ShowOnBoards(community, shown) => session.show_on_boards(community, *shown).await,
        Command::Sanction(community, member, new) => {
            session.sanction(community, member.member(), new.clone()).await
        }
        Command::LiftSanction(community, member, kind, channel) => {
            session.lift_sanction(community, member.member(), *kind, channel.as_ref()).await
        }
        Command::EditTopic(topic, edit) => session.edit_topic(topic.topic(), edit.clone()).await,
        Command::MoveTopic(topic, channel) => session.move_topic(topic.topic(), channel).await,
        Command::SetLocked(topic, locked) => session.set_locked(topic.topic(), *locked).await,
        Command::SetPin(topic, pin) => session.set_pin(topic.topic(), pin.clone()).await,
        Command::SetStatus(topic, status) => session.set_status(topic.topic(), status).await,
        Command::SetTopicState(topic, State::Published) => {
            session.restore_topic(topic.topic()).await
        }
        Command::SetTopicState(topic, State::Withdrawn) => {
            session.withdraw_topic(topic.topic()).await
        }
        Command::SetTopicState(topic, State::Removed) => session.remove_topic(topic.topic()).await,
        Command::SetLink { from, to, kind, linked } => {
            session.set_link(from.topic(), to.topic(), *kind, *linked).await
        }
        Command::EditPost(post, edit) => session.edit_post(post.post(), edit.clone()).await,
        Command::SetPostState(post, State::Published) => session.restore_post(post.post()).await,
        Command::SetPostState(post, State::Withdrawn) => session.withdraw_post(post.post()).await,
        Command::SetPostState(post, State::Removed) => session.remove_post(post.post()).await,
        Command::ErasePost(post) => session.erase_post(post.post()).await,
        Command::EraseMember(member, erasure) => {
            let (mut communities, mut posts) = (0, 0);
            loop {
                let step = session.erase_member(member.member(), *erasure).await?;
                communities += step.communities;
                posts += step.posts;
                if !step.more {
                    return Ok(json!({"communities": communities, "posts": posts}));
                }
            }
        }
        Command::Vote(post, vote) => session.vote(post.post(), *vote).await,
        Command::React(post, reaction) => session.react(post.post(), reaction.as_ref()).await,
        Command::Accept(post, reason) => session.accept(post.post(), reason.as_deref()).await,
        Command::Unaccept(post) => session.unaccept(post.post()).await,
        Command::SetOfficial(post, official, reason) => {
            session.set_official(post.post(), *official, reason.as_deref()).await
        }
        Command::WithdrawCorrection(correction) => {
            session.withdraw_correction(correction.correction()).await
        }
        Command::RecordView(topic) => session.record_view(topic.topic()).await,
        Command::Pump => session.engine().pump().await.map(drop),
    };
    done?;
    Ok(Value::Null)
}
