//! Everything that a viewer can be shown, as JSON that can be compared.
//!
//! A [`Question`] is one call of one public read, with its arguments. [`ask`] puts it to a
//! [`Session`]; the [`Oracle`](crate::oracle::Oracle) answers the same questions in the same words.
//! [`questions`] lists what to ask for each [`Read`] of the engine's register: it matches on the
//! register exhaustively, so a new read that nobody observes does not compile.
//!
//! Cursors are opaque, and each side has its own; what is compared is the place that they hold.

mod questions;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use community_core::diff::ChangeKind;
use community_core::{
    Action, BoardQuery, ChannelId, CompleteQuery, DocumentId, Error, FeedQuery, Key, MemberId,
    PostId, Read, SearchQuery, Seq, Session, SimilarQuery, Slot, Slug, ThreadQuery, Timestamp,
    TopicId,
};
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::notes;

pub use questions::{Refs, questions};

/// What was answered: a value, or a refusal.
pub type Answer = Result<Value, Refusal>;

/// A refusal, with everything of it that a caller can tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// Which kind of error: `not_found`, `denied`, `invalid`, `conflict`, `erased`, `limit` or `store`.
    pub kind: &'static str,
    /// Its text.
    pub text: String,
}

impl From<&Error> for Refusal {
    fn from(error: &Error) -> Self {
        let kind = match error {
            Error::NotFound(_) => "not_found",
            Error::Denied(_) => "denied",
            Error::Invalid(_) => "invalid",
            Error::Conflict(_) | Error::Contended => "conflict",
            Error::Erased(_) => "erased",
            Error::Limit(_) | Error::NewMember { .. } | Error::DayFull { .. } => "limit",
            _ => "store",
        };
        let mut text = error.to_string();
        let mut source = std::error::Error::source(error).filter(|_| kind == "store");
        while let Some(cause) = source {
            text = format!("{text}: {cause}");
            source = cause.source();
        }
        Self { kind, text }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::from(&error)
    }
}

/// One call of a public read.
#[derive(Debug, Clone, PartialEq)]
pub enum Question {
    /// [`Session::communities`].
    Communities,
    /// [`Session::community`].
    Community(Slug),
    /// [`Session::channels`].
    Channels(Slug),
    /// [`Session::place`].
    Place(ChannelId),
    /// [`Session::labels`].
    Labels(Slug),
    /// [`Session::managed_community`].
    ManagedCommunity(Slug),
    /// [`Session::managed_channel`].
    ManagedChannel(Slug, Slug),
    /// [`Session::managed_labels`].
    ManagedLabels(Slug),
    /// [`Session::feed`].
    Feed(FeedQuery),
    /// [`Session::topic`].
    Topic(TopicId),
    /// [`Session::topic_by_key`].
    TopicByKey(Slug, Key),
    /// [`Session::thread`].
    Thread(TopicId, ThreadQuery),
    /// [`Session::post`].
    Post(PostId),
    /// [`Session::post_by_key`].
    PostByKey(Slug, Key),
    /// [`Session::revisions`], behind a number, at most so many.
    Revisions(PostId, u32, Option<usize>),
    /// [`Session::revision_diff`].
    RevisionDiff(PostId, u32, u32),
    /// [`Session::corrections`].
    Corrections(PostId),
    /// [`Session::reactions`].
    Reactions {
        /// The post.
        post: PostId,
        /// Votes or reactions.
        slot: Slot,
        /// Behind this cursor.
        after: Option<String>,
        /// Items a page.
        limit: Option<usize>,
    },
    /// [`Session::own_reactions`].
    OwnReactions(Vec<PostId>),
    /// [`Session::links`].
    Links {
        /// The topic.
        topic: TopicId,
        /// Behind this cursor.
        after: Option<String>,
        /// Items a page.
        limit: Option<usize>,
    },
    /// [`Session::members`].
    Members {
        /// The community.
        community: Slug,
        /// Behind this cursor.
        after: Option<String>,
        /// Items a page.
        limit: Option<usize>,
    },
    /// [`Session::member_of`].
    MemberOf(Slug, Key),
    /// [`Session::authors`].
    Authors(Vec<MemberId>),
    /// [`Session::member_count`].
    MemberCount(Slug),
    /// [`Session::standing`].
    Standing(Slug, Key),
    /// [`Session::standings`].
    Standings {
        /// The community.
        community: Slug,
        /// Behind this cursor.
        after: Option<String>,
        /// Items a page.
        limit: Option<usize>,
    },
    /// [`Session::ledger`].
    Ledger {
        /// The community.
        community: Slug,
        /// Whose.
        member: Key,
        /// Behind this cursor.
        after: Option<String>,
        /// Items a page.
        limit: Option<usize>,
    },
    /// [`Session::explain_level`].
    ExplainLevel(Slug, Key),
    /// [`Session::super_users`].
    SuperUsers(Slug),
    /// [`Session::badges`].
    Badges(Slug),
    /// [`Session::badges_of`].
    BadgesOf(Slug, Key),
    /// [`Session::badge_holders`].
    BadgeHolders {
        /// The community.
        community: Slug,
        /// The badge.
        badge: Slug,
        /// Behind this cursor.
        after: Option<String>,
        /// Items a page.
        limit: Option<usize>,
    },
    /// [`Session::leaderboard`].
    Leaderboard(BoardQuery),
    /// [`Session::complete`].
    Complete(CompleteQuery),
    /// [`Session::can`].
    Can(Action, Slug, Option<Slug>),
    /// [`Session::can_in_topic`].
    CanInTopic(Action, TopicId),
    /// [`Session::can_on_post`].
    CanOnPost(Action, PostId),
    /// [`Session::search`], without the highlights: where they are is up to the index.
    Search(SearchQuery),
    /// [`Session::similar`].
    Similar(SimilarQuery),
    /// [`Session::related`], at most so many.
    Related(TopicId, Option<usize>),
    /// [`Session::record_view`].
    RecordView(TopicId),
    /// [`Session::visit`].
    Visit(Slug),
    /// [`Session::visits`], from a day to a day.
    Visits(Slug, Key, i32, i32),
    /// [`note`](notes::note).
    Note(DocumentId),
    /// [`raw`](notes::raw).
    RawNote(DocumentId),
    /// [`beside`](notes::beside).
    NotesBeside {
        /// The topic.
        topic: TopicId,
        /// Behind this cursor.
        after: Option<String>,
        /// Items a page.
        limit: Option<usize>,
    },
    /// [`by`](notes::by).
    NotesBy {
        /// The community.
        community: Slug,
        /// Who wrote them.
        member: MemberId,
        /// Behind this cursor.
        after: Option<String>,
        /// Items a page.
        limit: Option<usize>,
    },
    /// [`Session::suggestion_steps`], from a moment to a moment.
    SuggestionSteps(Slug, Timestamp, Timestamp),
    /// [`Session::events`], behind a position, at most so many.
    Events(Seq, Option<usize>),
    /// [`Session::checkpoint`].
    Checkpoint(Slug),
    /// [`Session::export`]: only whether it is granted.
    Export,
}

impl Question {
    /// The read of the engine's register that this is a call of.
    #[must_use]
    pub fn read(&self) -> Read {
        match self {
            Self::Communities | Self::Community(_) => Read::Communities,
            Self::Channels(_) | Self::Place(_) => Read::Channels,
            Self::Labels(_) => Read::Labels,
            Self::ManagedCommunity(_)
            | Self::ManagedChannel(..)
            | Self::ManagedLabels(_)
            | Self::SuperUsers(_) => Read::Managed,
            Self::Feed(_) => Read::Feed,
            Self::Topic(_) | Self::TopicByKey(..) => Read::Topic,
            Self::Thread(..) => Read::Thread,
            Self::Post(_) | Self::PostByKey(..) => Read::Post,
            Self::Revisions(..) | Self::RevisionDiff(..) => Read::Revisions,
            Self::Corrections(_) => Read::Corrections,
            Self::Reactions { .. } => Read::Reactions,
            Self::OwnReactions(_) => Read::OwnReactions,
            Self::Links { .. } => Read::Links,
            Self::Members { .. } | Self::MemberOf(..) | Self::Authors(_) => Read::Members,
            Self::MemberCount(_) => Read::MemberCount,
            Self::Standing(..)
            | Self::Standings { .. }
            | Self::Ledger { .. }
            | Self::ExplainLevel(..) => Read::Standing,
            Self::Leaderboard(_) => Read::Leaderboard,
            Self::Badges(_) | Self::BadgesOf(..) | Self::BadgeHolders { .. } => Read::Badges,
            Self::Complete(_) => Read::Complete,
            Self::Can(..) | Self::CanInTopic(..) | Self::CanOnPost(..) => Read::Can,
            Self::Search(_) => Read::Search,
            Self::Similar(_) | Self::Related(..) => Read::Similar,
            Self::RecordView(_) => Read::RecordView,
            Self::Visit(_) | Self::Visits(..) => Read::Visits,
            Self::Note(_) | Self::RawNote(_) | Self::NotesBeside { .. } | Self::NotesBy { .. } => {
                Read::Extension
            }
            Self::SuggestionSteps(..) => Read::Suggestions,
            Self::Events(..) | Self::Checkpoint(_) | Self::Export => Read::Events,
        }
    }

    /// The same question about the page behind a cursor; `None` when it has no pages.
    #[must_use]
    pub fn behind(&self, cursor: &str) -> Option<Self> {
        let mut next = self.clone();
        match &mut next {
            Self::Feed(FeedQuery { after, .. })
            | Self::Search(SearchQuery { after, .. })
            | Self::Thread(_, ThreadQuery { after, .. })
            | Self::Reactions { after, .. }
            | Self::Links { after, .. }
            | Self::Members { after, .. }
            | Self::NotesBeside { after, .. }
            | Self::NotesBy { after, .. }
            | Self::BadgeHolders { after, .. }
            | Self::Standings { after, .. }
            | Self::Ledger { after, .. }
            | Self::Leaderboard(BoardQuery { after, .. }) => *after = Some(cursor.to_owned()),
            _ => return None,
        }
        Some(next)
    }
}

/// Asks a question. A page comes with its cursor as text, under `next`.
///
/// # Errors
/// What the engine refuses.
pub async fn ask(session: &Session, question: &Question) -> Answer {
    fn shown(value: impl Serialize) -> Answer {
        serde_json::to_value(value)
            .map_err(|error| Refusal { kind: "unprintable", text: error.to_string() })
    }
    match question {
        Question::Communities => shown(session.communities().await?),
        Question::Community(key) => shown(session.community(key).await?),
        Question::Channels(community) => shown(session.channels(community).await?),
        Question::Place(channel) => shown(session.place(*channel).await?),
        Question::Labels(community) => shown(session.labels(community).await?),
        Question::ManagedCommunity(key) => shown(session.managed_community(key).await?),
        Question::ManagedChannel(community, key) => {
            shown(session.managed_channel(community, key).await?)
        }
        Question::ManagedLabels(community) => shown(session.managed_labels(community).await?),
        Question::Feed(query) => shown(session.feed(query).await?),
        Question::Topic(id) => shown(session.topic(*id).await?),
        Question::TopicByKey(community, key) => shown(session.topic_by_key(community, key).await?),
        Question::Thread(topic, query) => shown(session.thread(*topic, query).await?),
        Question::Post(id) => shown(session.post(*id).await?),
        Question::PostByKey(community, key) => shown(session.post_by_key(community, key).await?),
        Question::Revisions(post, after, limit) => {
            shown(session.revisions(*post, *after, *limit).await?)
        }
        Question::RevisionDiff(post, from, to) => {
            let changes = session.revision_diff(*post, *from, *to).await?;
            let side = |without: ChangeKind| {
                let of_side = changes.iter().filter(|change| change.kind != without);
                of_side.map(|change| change.text.as_str()).collect::<String>()
            };
            Ok(diff_sides(&side(ChangeKind::Added), &side(ChangeKind::Removed)))
        }
        Question::Corrections(post) => shown(session.corrections(*post).await?),
        Question::Reactions { post, slot, after, limit } => {
            shown(session.reactions(*post, *slot, after.as_deref(), *limit).await?)
        }
        Question::OwnReactions(posts) => shown(session.own_reactions(posts).await?),
        Question::Links { topic, after, limit } => {
            shown(session.links(*topic, after.as_deref(), *limit).await?)
        }
        Question::Members { community, after, limit } => {
            shown(session.members(community, after.as_deref(), *limit).await?)
        }
        Question::MemberOf(community, key) => shown(session.member_of(community, key).await?),
        Question::Authors(ids) => shown(session.authors(ids).await?),
        Question::MemberCount(community) => shown(session.member_count(community).await?),
        Question::Standing(community, key) => shown(session.standing(community, key).await?),
        Question::Standings { community, after, limit } => {
            shown(session.standings(community, after.as_deref(), *limit).await?)
        }
        Question::Ledger { community, member, after, limit } => {
            shown(session.ledger(community, member, after.as_deref(), *limit).await?)
        }
        Question::Leaderboard(query) => shown(session.leaderboard(query).await?),
        Question::ExplainLevel(community, key) => {
            shown(session.explain_level(community, key).await?)
        }
        Question::SuperUsers(community) => shown(session.super_users(community).await?),
        Question::Badges(community) => shown(session.badges(community).await?),
        Question::BadgesOf(community, key) => shown(session.badges_of(community, key).await?),
        Question::BadgeHolders { community, badge, after, limit } => {
            shown(session.badge_holders(community, badge, after.as_deref(), *limit).await?)
        }
        Question::Complete(query) => shown(session.complete(query).await?),
        Question::Can(action, community, channel) => {
            shown(session.can(action, community, channel.as_ref()).await?)
        }
        Question::CanInTopic(action, topic) => shown(session.can_in_topic(action, *topic).await?),
        Question::CanOnPost(action, post) => shown(session.can_on_post(action, *post).await?),
        Question::Search(query) => {
            let mut answer = shown(session.search(query).await?)?;
            let hits = answer.get_mut("hits").and_then(Value::as_array_mut);
            for hit in hits.into_iter().flatten().filter_map(Value::as_object_mut) {
                hit.remove("highlights");
            }
            Ok(answer)
        }
        Question::Similar(query) => shown(session.similar(query).await?),
        Question::Related(topic, limit) => shown(session.related(*topic, *limit).await?),
        Question::RecordView(topic) => shown(session.record_view(*topic).await?),
        Question::Visit(community) => shown(session.visit(community).await?),
        Question::Visits(community, key, from, to) => {
            shown(session.visits(community, key, *from, *to).await?)
        }
        Question::Note(id) => shown(notes::note(session, *id).await?),
        Question::RawNote(id) => shown(notes::raw(session, *id).await?),
        Question::NotesBeside { topic, after, limit } => {
            shown(notes::beside(session, *topic, after.as_deref(), *limit).await?)
        }
        Question::NotesBy { community, member, after, limit } => {
            shown(notes::by(session, community, *member, after.as_deref(), *limit).await?)
        }
        Question::SuggestionSteps(community, from, to) => {
            shown(session.suggestion_steps(community, *from..*to).await?)
        }
        Question::Events(after, limit) => shown(session.events(*after, *limit).await?),
        Question::Checkpoint(name) => shown(session.checkpoint(name).await?),
        Question::Export => session.export().await.map(|_| Value::Null).map_err(Refusal::from),
    }
}

/// The two texts that a diff was made of.
pub(crate) fn diff_sides(old: &str, new: &str) -> Value {
    json!({ "old": old, "new": new })
}

/// Pages after which a walk that does not end is given up.
const MOST_PAGES: usize = 1_000;

/// Asks a question, and if it has pages, walks them to the end.
///
/// In the answer each cursor is replaced by the place that it holds. The answer to a question with
/// pages is the list of all pages.
///
/// # Errors
/// The refusal of any page; `endless` when there is no end to them.
pub fn walk(question: &Question, mut ask: impl FnMut(&Question) -> Answer) -> Answer {
    let (first, mut next) = one_page(question, &mut ask);
    let first = first?;
    if question.behind("").is_none() {
        return Ok(first);
    }
    let mut pages = vec![first];
    while let Some(behind) = next.and_then(|cursor| question.behind(&cursor)) {
        if pages.len() == MOST_PAGES {
            return Err(Refusal { kind: "endless", text: format!("{MOST_PAGES} pages") });
        }
        let (page, cursor) = one_page(&behind, &mut ask);
        pages.push(page?);
        next = cursor;
    }
    Ok(Value::Array(pages))
}

/// Asks for one page. Its cursor comes beside it, and in it stands the place that the cursor holds.
pub(crate) fn one_page(
    question: &Question,
    ask: impl FnOnce(&Question) -> Answer,
) -> (Answer, Option<String>) {
    let mut answer = ask(question);
    let mut cursor = None;
    if let Ok(page) = &mut answer
        && question.behind("").is_some()
        && let Some(next) = page.get_mut("next")
    {
        cursor = next.as_str().map(str::to_owned);
        *next = cursor.as_deref().map_or(Value::Null, place_of);
    }
    (answer, cursor)
}

/// Everything that one read of the register shows to a session about what `refs` names: each
/// question with its answer.
pub fn observe(session: &Session, read: Read, refs: &Refs) -> Value {
    let mut observed = Vec::new();
    for question in questions(read, refs) {
        let answer = walk(&question, |question| pollster::block_on(ask(session, question)));
        observed.push(json!([format!("{question:?}"), answer_value(&answer)]));
    }
    Value::Array(observed)
}

/// An answer as one value.
#[must_use]
pub fn answer_value(answer: &Answer) -> Value {
    match answer {
        Ok(value) => json!({ "ok": value }),
        Err(Refusal { kind, text }) => json!({ "refused": kind, "text": text }),
    }
}

/// The place that a cursor holds: 8 bytes of key and 16 of id, as its documentation says.
fn place_of(cursor: &str) -> Value {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).unwrap_or_default();
    let key = bytes.get(..8).and_then(|key| key.try_into().ok()).map(i64::from_be_bytes);
    let id = bytes.get(8..24).and_then(|id| Uuid::from_slice(id).ok());
    json!({ "key": key, "id": id })
}
