//! Votes, and links between posts.

use community_core::domain::{LinkKind, Slot};
use community_core::record::{LinkRecord, ReactionRecord, Record};
use community_core::{Key, Slug, Timestamp};

use super::mapper::{Mapper, Skip};
use super::posts::{key, post_key};
use super::xml::Row;

const ACCEPTED: &str = "1";
const UP: &str = "2";
const DOWN: &str = "3";

/// What `VoteTypeId` says.
const TYPES: &[(&str, &str)] = &[
    (ACCEPTED, "acceptance"),
    (UP, "up"),
    (DOWN, "down"),
    ("4", "offensive"),
    ("5", "favourite"),
    ("6", "close"),
    ("7", "reopen"),
    ("8", "bounty start"),
    ("9", "bounty close"),
    ("10", "deletion"),
    ("11", "undeletion"),
    ("12", "spam"),
    ("13", "moderator informed"),
    ("15", "moderator review"),
    ("16", "approved edit suggestion"),
];

impl Mapper {
    /// Notes the day on which an answer was accepted.
    pub(super) fn note_acceptance(&mut self, row: &mut Row) -> Result<(), Skip> {
        if row.get("VoteTypeId") == Some(ACCEPTED)
            && let (Ok(Some(post)), Ok(Some(day))) =
                (row.number("PostId"), row.time("CreationDate"))
        {
            self.acceptances.insert(post, day);
        }
        Ok(())
    }

    /// A vote up or down becomes the vote of a pseudonymous voter.
    pub(super) fn vote(&mut self, row: &mut Row) -> Result<(), Skip> {
        let given = row.get("VoteTypeId");
        let known = TYPES.iter().find(|(number, _)| Some(*number) == given);
        let name = known.map_or("another type", |(_, name)| name);
        let post = row.id("PostId")?;
        let at = row.at("CreationDate")?;
        let entry = self.kept(post, format_args!("Votes: {name}"))?;
        let (vote, worth) = match given {
            Some(UP) => ("up", 1),
            Some(DOWN) => ("down", -1),
            Some(ACCEPTED) if entry.accepted => {
                self.report.map("days of acceptance");
                return Ok(());
            }
            Some(ACCEPTED) => {
                return Err(Skip::Dropped("Votes: acceptance: it was taken back".into()));
            }
            _ => return Err(Skip::Dropped(format!("Votes: {name}: has no counterpart"))),
        };
        entry.votes = entry.votes.saturating_add(1);
        entry.score = entry.score.saturating_sub(worth);
        let (number, question) = (entry.votes, entry.question);
        self.report.map(if worth > 0 { "votes up" } else { "votes down" });
        self.vote_on(&post_key(post, question)?, number, vote, at)
    }

    /// Adds a vote of the voter with a number.
    pub(super) fn vote_on(
        &mut self,
        post: &Key,
        number: u32,
        vote: &str,
        at: Timestamp,
    ) -> Result<(), Skip> {
        let member = self.voter(number, at)?;
        self.records.push_back(Record::Reaction(ReactionRecord {
            post: post.clone(),
            member,
            slot: Slot::Vote,
            key: Slug::new(vote)?,
            at: Some(at),
        }));
        Ok(())
    }

    /// A link between posts becomes one between their topics.
    pub(super) fn link(&mut self, row: &mut Row) -> Result<(), Skip> {
        let kind = match row.get("LinkTypeId") {
            Some("1") => LinkKind::Related,
            Some("3") => LinkKind::Duplicate,
            _ => return Err(Skip::Dropped("PostLinks: another type".into())),
        };
        let at = row.at("CreationDate")?;
        let from = self.kept(row.id("PostId")?, format_args!("PostLinks"))?.question;
        let to = self.kept(row.id("RelatedPostId")?, format_args!("PostLinks"))?.question;
        if from == to {
            return Err(Skip::Dropped("PostLinks: from a topic to itself".into()));
        }
        if !self.links.insert((from, to, kind == LinkKind::Duplicate)) {
            return Err(Skip::Dropped("PostLinks: the topics are linked already".into()));
        }
        self.report.map(match kind {
            LinkKind::Related => "links",
            LinkKind::Duplicate => "duplicates",
        });
        let (from, to) = (key("question", from)?, key("question", to)?);
        self.records.push_back(Record::Link(LinkRecord { from, to, kind, at: Some(at) }));
        Ok(())
    }
}
