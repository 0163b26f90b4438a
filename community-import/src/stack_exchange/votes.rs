//! Votes, and links between posts.

use community_core::domain::{LinkKind, Slot};
use community_core::record::{AcceptanceRecord, GrantRecord, LinkRecord, ReactionRecord, Record};
use community_core::{Key, Slug, Timestamp};

use super::mapper::{Mapper, Skip};
use super::posts::{key, post_key};
use super::xml::Row;

const ACCEPTED: &str = "1";
const UP: &str = "2";
const DOWN: &str = "3";
const BOUNTY_START: &str = "8";
const BOUNTY_CLOSE: &str = "9";

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
        if let Some(BOUNTY_START | BOUNTY_CLOSE) = given {
            return self.bounty(row);
        }
        let post = row.id("PostId")?;
        let at = row.at("CreationDate")?;
        let entry = self.kept(post, format_args!("Votes: {name}"))?;
        let (vote, worth) = match given {
            Some(UP) => ("up", 1),
            Some(DOWN) => ("down", -1),
            Some(ACCEPTED) if entry.accepted => {
                let key = post_key(post, entry.question)?;
                return self.acceptance(post, key, at);
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

    /// An acceptance comes where its vote stands, so that what it earns comes in that order too.
    fn acceptance(&mut self, post: i64, key: Key, at: Timestamp) -> Result<(), Skip> {
        // Of several acceptances of one answer the last one stands, as its day was noted.
        if self.acceptances.get(&post) != Some(&at) {
            return Err(Skip::Dropped("Votes: acceptance: another one came later".into()));
        }
        let Some(by) = self.accepters.remove(&post) else {
            return Err(Skip::Dropped("Votes: acceptance: it is there twice".into()));
        };
        self.report.map("days of acceptance");
        let record = AcceptanceRecord { post: key, by: Some(by), at, reason: None };
        self.records.push_back(Record::Acceptance(record));
        Ok(())
    }

    /// A bounty that is offered costs whoever offers it, and one that is won goes to the author.
    fn bounty(&mut self, row: &mut Row) -> Result<(), Skip> {
        let number = row.id("Id")?;
        let at = row.at("CreationDate")?;
        let post = row.id("PostId")?;
        let amount = row.number("BountyAmount")?.unwrap_or_default();
        let offered = row.get("VoteTypeId") == Some(BOUNTY_START);
        let what = if offered { "bounty start" } else { "bounty close" };
        let about = match self.kept(post, format_args!("Votes: {what}")) {
            Ok(entry) => Some((entry.question, entry.author.clone())),
            // Whoever offered it has paid for it all the same.
            Err(_) if offered => None,
            Err(skip) => return Err(skip),
        };
        if amount <= 0 {
            return Err(Skip::Dropped(format!("Votes: {what}: nobody won it")));
        }
        let (member, points) = match (offered, &about) {
            (true, _) if row.get("UserId").is_none() => {
                return Err(Skip::Dropped(format!("Votes: {what}: nobody offered it")));
            }
            (true, _) => (self.author(row, "UserId", "UserDisplayName", at)?, -amount),
            (false, Some((_, Some(author)))) => (author.clone(), amount),
            (false, _) => return Err(Skip::Dropped(format!("Votes: {what}: nobody wrote it"))),
        };
        let post = match about {
            Some((question, _)) => Some(post_key(post, question)?),
            None => None,
        };
        self.report.map(if offered { "bounties offered" } else { "bounties won" });
        self.records.push_back(Record::Grant(Box::new(GrantRecord {
            tier: None,
            key: key("bounty", number)?,
            member,
            reason: Slug::new(if offered { "bounty-offered" } else { "bounty-won" })?,
            points,
            post,
            by: None,
            note: String::new(),
            at,
        })));
        Ok(())
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
