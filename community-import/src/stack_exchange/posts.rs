//! Tags, questions, answers and comments.

use std::collections::hash_map::Entry::{Occupied, Vacant};

use community_core::domain::{PostKind, State};
use community_core::record::{
    LabelRecord, MarkRecord, PostRecord, Record, TopicRecord, ViewsRecord,
};
use community_core::{Audience, Key, Slug, TextError, Timestamp};

use super::mapper::{CHANNEL, Entry, Mapper, Skip};
use super::xml::Row;
use super::{Table, text};

const QUESTION: &str = "1";
const ANSWER: &str = "2";

/// What `PostTypeId` says of posts that become nothing.
const OTHER_TYPES: &[(&str, &str)] = &[
    ("3", "orphaned tag wiki"),
    ("4", "tag wiki excerpt without a tag"),
    ("5", "tag wiki"),
    ("6", "moderator nomination"),
    ("7", "wiki placeholder"),
    ("8", "privilege wiki"),
];

/// More points than that a comment cannot have: nobody would have given them.
const MOST_POINTS: i32 = 100_000;

impl Mapper {
    /// Notes which post holds the excerpt of a tag.
    pub(super) fn note_excerpt(&mut self, row: &mut Row) -> Result<(), Skip> {
        if let Ok(Some(post)) = row.number("ExcerptPostId") {
            self.excerpts.insert(post, String::new());
        }
        Ok(())
    }

    /// Notes which questions and answers there are, and the texts of excerpts.
    pub(super) fn note_post(&mut self, row: &mut Row) -> Result<(), Skip> {
        let id = row.id("Id")?;
        let question = match row.get("PostTypeId") {
            Some(QUESTION) => id,
            Some(ANSWER) => match row.id("ParentId")? {
                question if question == id => {
                    return Err(Skip::Refused("it answers itself".into()));
                }
                question => question,
            },
            other => {
                self.other_posts.insert(id);
                let known = OTHER_TYPES.iter().find(|(number, _)| Some(*number) == other);
                if let Some(excerpt) = self.excerpts.get_mut(&id) {
                    *excerpt = row.take("Body").unwrap_or_default();
                    return Ok(());
                }
                let what = known.map_or("another type", |(_, name)| name);
                return Err(Skip::Dropped(format!("Posts: {what}, has no counterpart")));
            }
        };
        let entry = Entry {
            question,
            author: None,
            kept: false,
            accepted: false,
            votes: 0,
            score: row.count("Score")?,
            comments: row.count("CommentCount")?,
            answers: row.count("AnswerCount")?,
        };
        match self.posts.entry(id) {
            Vacant(place) => drop(place.insert(entry)),
            Occupied(_) => return Err(Skip::Dropped("Posts: the id was there before".into())),
        }
        Ok(())
    }

    /// A tag becomes a label.
    pub(super) fn label(&mut self, row: &mut Row) -> Result<(), Skip> {
        let tag = row.get("TagName").ok_or_else(|| Skip::Refused("TagName is missing".into()))?;
        let key = self.slug(tag).map_err(Skip::Refused)?;
        let excerpt = row.number("ExcerptPostId")?.and_then(|post| self.excerpts.remove(&post));
        let description = excerpt.unwrap_or_default();
        self.limits.body(description.len()).map_err(community_core::Error::from)?;
        if !self.labels.insert(key.clone()) {
            return Err(Skip::Dropped("Tags: another tag has become the same label".into()));
        }
        self.count_fields(Table::Tags, row, &["Id", "TagName", "ExcerptPostId"]);
        self.report.map("labels");
        if !description.is_empty() {
            self.report.map("descriptions of labels");
        }
        let name = (key != *tag).then(|| text::name(tag)).flatten();
        let audience = Audience::Everyone;
        self.records.push_back(Record::Label(Box::new(LabelRecord {
            key,
            name,
            description,
            audience,
        })));
        Ok(())
    }

    /// A question becomes a topic.
    pub(super) fn question(&mut self, row: &mut Row) -> Result<(), Skip> {
        const MAPPED: &[&str] = &[
            "Id",
            "PostTypeId",
            "Title",
            "Body",
            "Tags",
            "AcceptedAnswerId",
            "OwnerUserId",
            "CreationDate",
            "LastActivityDate",
            "LastEditDate",
            "LastEditorUserId",
            "ClosedDate",
            "ViewCount",
            "CommunityOwnedDate",
        ];
        let Some(id) = self.due(row, QUESTION) else {
            return Ok(());
        };
        let created_at = row.at("CreationDate")?;
        let bumped_at = row.time("LastActivityDate")?;
        let shared_at = row.time("CommunityOwnedDate")?;
        let views = row.number("ViewCount")?.unwrap_or_default().clamp(0, ViewsRecord::MOST);
        let accepted = row.number("AcceptedAnswerId")?;
        let title = text::title(row.get("Title").unwrap_or_default(), &self.limits)?;
        let body = row.take("Body").unwrap_or_default();
        self.limits.check_body(&body)?;
        let key = key("question", id)?;
        let labels = self.topic_labels(row.get("Tags").unwrap_or_default(), &key);
        let edit = self.edit(row, id)?;
        let author = self.author(row, "OwnerUserId", "OwnerDisplayName", created_at)?;
        self.count_fields(Table::Posts, row, MAPPED);
        if let Some(answer) = accepted {
            self.accepted.insert(answer, (id, author.clone()));
        }
        let closed = row.get("ClosedDate").is_some();
        if closed {
            self.report.map("closed questions");
        }
        self.report.map("questions");
        self.records.push_back(Record::Topic(Box::new(TopicRecord {
            key: key.clone(),
            channel: Slug::new(CHANNEL)?,
            title,
            body,
            kind: Some(Slug::new("question")?),
            labels,
            author: Some(author.clone()),
            // Said in both cases: a question may have been opened again since an earlier dump.
            status: Some(Slug::new(if closed { "closed" } else { "open" })?),
            payload: None,
            state: State::Published,
            locked: false,
            pin: None,
            created_at: Some(created_at),
            bumped_at,
            shared_at,
            erased_at: None,
            opening: None,
            revision: edit.revision,
            edited_at: edit.at,
            editor: edit.editor,
            reason: edit.reason,
        })));
        if views > 0 {
            self.report.map("questions with views");
            self.records.push_back(Record::Views(ViewsRecord { topic: key, day: 0, views }));
        }
        self.keep(id, author);
        Ok(())
    }

    /// An answer becomes a post.
    pub(super) fn answer(&mut self, row: &mut Row) -> Result<(), Skip> {
        const MAPPED: &[&str] = &[
            "Id",
            "PostTypeId",
            "ParentId",
            "Body",
            "OwnerUserId",
            "CreationDate",
            "LastEditDate",
            "LastEditorUserId",
            "CommunityOwnedDate",
        ];
        let Some(id) = self.due(row, ANSWER) else {
            return Ok(());
        };
        let question = row.id("ParentId")?;
        if self.kept(question, format_args!("Posts: answer"))?.question != question {
            return Err(Skip::Refused(format!("post {question} is not a question")));
        }
        let created_at = row.at("CreationDate")?;
        let shared_at = row.time("CommunityOwnedDate")?;
        let body = row.take("Body").unwrap_or_default();
        self.limits.check_body(&body)?;
        let edit = self.edit(row, id)?;
        let author = self.author(row, "OwnerUserId", "OwnerDisplayName", created_at)?;
        self.count_fields(Table::Posts, row, MAPPED);
        let by = self.accepted.get(&id).filter(|(of, _)| *of == question).map(|(_, by)| by.clone());
        let is_accepted = by.is_some();
        // With the vote that accepted it, where there is one.
        let later = self.acceptances.contains_key(&id);
        let accepted = match by {
            Some(by) if later => {
                self.accepters.insert(id, by);
                None
            }
            by => by.map(|by| MarkRecord { by: Some(by), at: created_at, reason: None }),
        };
        if is_accepted {
            self.accepted.remove(&id);
            self.report.map("accepted answers");
        }
        self.report.map("answers");
        if let Some(entry) = self.posts.get_mut(&question) {
            entry.answers -= 1;
        }
        self.records.push_back(Record::Post(Box::new(PostRecord {
            key: key("answer", id)?,
            topic: key("question", question)?,
            parent: None,
            kind: Some(PostKind::Answer),
            body,
            author: Some(author.clone()),
            state: State::Published,
            bumps: false,
            accepted,
            official: None,
            accepted_later: is_accepted && later,
            shared_at,
            erased_at: None,
            created_at: Some(created_at),
            revision: edit.revision,
            edited_at: edit.at,
            editor: edit.editor,
            reason: edit.reason,
        })));
        if let Some(entry) = self.keep(id, author) {
            entry.accepted = is_accepted;
        }
        Ok(())
    }

    /// A comment becomes a reply, and its points votes.
    pub(super) fn comment(&mut self, row: &mut Row) -> Result<(), Skip> {
        const MAPPED: &[&str] = &["Id", "PostId", "Score", "Text", "CreationDate", "UserId"];
        let id = row.id("Id")?;
        let post = row.id("PostId")?;
        let question = self.kept(post, format_args!("Comments"))?.question;
        let points = row.count("Score")?;
        let created_at = row.at("CreationDate")?;
        let body = row.take("Text").unwrap_or_default();
        self.limits.check_body(&body)?;
        let author = self.author(row, "UserId", "UserDisplayName", created_at)?;
        self.count_fields(Table::Comments, row, MAPPED);
        self.report.map("comments");
        if let Some(entry) = self.posts.get_mut(&post) {
            entry.comments -= 1;
        }
        let key = key("comment", id)?;
        self.records.push_back(Record::Post(Box::new(PostRecord {
            key: key.clone(),
            topic: post_key(question, question)?,
            parent: Some(post_key(post, question)?),
            kind: Some(PostKind::Reply),
            body,
            author: Some(author),
            state: State::Published,
            bumps: false,
            accepted: None,
            official: None,
            accepted_later: false,
            shared_at: None,
            erased_at: None,
            created_at: Some(created_at),
            revision: 1,
            edited_at: None,
            editor: None,
            reason: None,
        })));
        if points > MOST_POINTS {
            return Err(Skip::Refused(format!("{points} points are not to be believed")));
        }
        for number in 1..=u32::try_from(points).unwrap_or_default() {
            self.vote_on(&key, number, "up", created_at)?;
            self.report.map("points of comments");
        }
        Ok(())
    }

    /// The id of a row of this type that is still to become a record.
    fn due(&self, row: &Row, of_type: &str) -> Option<i64> {
        let id = row.number("Id").ok().flatten()?;
        let entry = self.posts.get(&id)?;
        let is_due = row.get("PostTypeId") == Some(of_type)
            && (entry.question == id) == (of_type == QUESTION)
            && !entry.kept;
        is_due.then_some(id)
    }

    /// Lets other rows hang on a post.
    fn keep(&mut self, id: i64, author: Key) -> Option<&mut Entry> {
        let entry = self.posts.get_mut(&id)?;
        entry.kept = true;
        entry.author = Some(author);
        Some(entry)
    }

    /// The latest edit of a post: by its history, or else by what the post says of itself.
    fn edit(&mut self, row: &Row, id: i64) -> Result<Edit, Skip> {
        if let Some(latest) = self.latest_revision(id)? {
            return Ok(latest);
        }
        let Some(at) = row.time("LastEditDate")? else {
            return Ok(Edit { revision: 1, ..Edit::default() });
        };
        let editor = self.editor(row, "LastEditorUserId", "LastEditorDisplayName", at)?;
        Ok(Edit { revision: 1, at: Some(at), editor, reason: None })
    }

    /// The labels of a topic, as many as it may have.
    pub(super) fn topic_labels(&mut self, tags: &str, topic: &Key) -> Vec<Slug> {
        let mut labels = Vec::new();
        for tag in text::tags(tags) {
            match self.slug(tag) {
                Ok(slug) if labels.contains(&slug) => {}
                Ok(_) if labels.len() == self.limits.labels => {
                    self.report
                        .refuse(format!("{topic} label"), format!("`{tag}` is one too many"));
                }
                Ok(slug) => labels.push(slug),
                Err(reason) => self.report.refuse(format!("{topic} label"), reason),
            }
        }
        labels
    }

    /// The slug of a tag.
    fn slug(&mut self, tag: &str) -> Result<Slug, String> {
        let slug = text::slug(tag).ok_or_else(|| format!("`{tag}` cannot be a label"))?;
        if slug != *tag {
            self.report.note(format!("the tag `{tag}` became the label `{slug}`"));
        }
        Ok(slug)
    }
}

/// When a post was last edited, by whom and why.
#[derive(Debug, Default)]
pub(super) struct Edit {
    pub(super) revision: u32,
    pub(super) at: Option<Timestamp>,
    pub(super) editor: Option<Key>,
    pub(super) reason: Option<String>,
}

/// The key of a question or answer.
pub(super) fn post_key(id: i64, question: i64) -> Result<Key, TextError> {
    key(if id == question { "question" } else { "answer" }, id)
}

/// `question:12`.
pub(super) fn key(kind: &str, id: i64) -> Result<Key, TextError> {
    Key::new(&format!("{kind}:{id}"))
}
