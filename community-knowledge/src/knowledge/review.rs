//! Review: comments, approval and rejection, and what else reviewers and managers decide.

use community_core::time::to_micros;
use community_core::{
    Action, Document, DocumentKey, Error as Refused, Rev, Session, Slug, Timestamp, TopicId,
};

use super::{Knowledge, Work, acting, cites_published};
use crate::article::{Article, Confirmation, Published, Release, State, Step};
use crate::error::{Error, Result};
use crate::id::{ArticleId, CommentId};
use crate::store;
use crate::view::{Comment, Tally};

impl Knowledge {
    /// Says something about an article in work.
    ///
    /// # Errors
    /// [`NotFound`](Refused::NotFound) for an article whose work the viewer does not see;
    /// [`Denied`](Refused::Denied); [`Invalid`](Refused::Invalid) for an empty comment.
    pub async fn comment(&self, session: &Session, id: ArticleId, text: &str) -> Result<CommentId> {
        self.engine.env().limits().check_body(text)?;
        let comment = self
            .run(session, &("comment", id, text), async |planning| {
                let planning = &planning;
                let mut work = Work::open(planning.clone(), id).await?;
                work.require_writer()?;
                let comment = work.say("comment", text)?;
                // What is said changes nothing in the article.
                let mut changes = work.changes;
                changes.note(&work.before, Slug::new("commented")?, work.about);
                Ok((Some(comment.uuid()), changes))
            })
            .await?;
        comment.map(CommentId::from_uuid).ok_or_else(|| Refused::NotFound("comment").into())
    }

    /// Lets the latest version be published: now, or at a time that is to come. `rev` is the
    /// revision of the [desk](Self::desk) that the reviewer looked at; what has changed since is
    /// looked at again. What was in doubt is settled with it, at that time.
    ///
    /// # Errors
    /// [`NotFound`](Refused::NotFound), [`Denied`](Refused::Denied) without the right to review,
    /// [`OwnWork`](Error::OwnWork) for an author, unless the rules allow that;
    /// [`SourceGone`](Error::SourceGone) when a cited post is not published any more;
    /// [`Conflict`](Refused::Conflict) when the article has changed; [`Step`](Error::Step).
    pub async fn approve(
        &self,
        session: &Session,
        id: ArticleId,
        rev: Rev,
        at: Option<Timestamp>,
    ) -> Result<()> {
        self.change(session, &("approve", id, rev, at), id, async |mut work| {
            let rules = work.require_reviewer().await?;
            work.expect(rev)?;
            let now = work.planning.now();
            let from = work.article.state_at(now);
            from.after(Step::Approve)?;
            if !cites_published(&work.planning, &work.article).await? {
                return Err(Error::SourceGone);
            }
            let at = at.unwrap_or(now).max(now);
            let article = &mut work.article;
            let approved = Published {
                version: article.latest,
                at,
                by: work.planning.actor(),
                authors: article.authors.clone(),
                settles: article.concerns.clone(),
                review_at: rules.review_days.and_then(|days| days_after(at, days)),
                face: article.face.clone(),
            };
            article.scheduled = Some(approved);
            work.catch_up().await?;
            let word = if at > now { "scheduled" } else { "published" };
            Ok((work, word))
        })
        .await
    }

    /// Sends the latest version back, with the reason.
    ///
    /// # Errors
    /// [`NotFound`](Refused::NotFound), [`Denied`](Refused::Denied), [`OwnWork`](Error::OwnWork),
    /// [`Step`](Error::Step); [`Invalid`](Refused::Invalid) without a reason.
    pub async fn reject(&self, session: &Session, id: ArticleId, reason: &str) -> Result<()> {
        self.engine.env().limits().check_body(reason)?;
        self.change(session, &("reject", id, reason), id, async |mut work| {
            work.require_reviewer().await?;
            work.catch_up().await?;
            work.step(Step::Reject)?;
            work.article.scheduled = None;
            work.say("rejected", reason)?;
            Ok((work, "rejected"))
        })
        .await
    }

    /// Says that the published version still holds, with name and date. What was in doubt is
    /// settled, and the next review is put off.
    ///
    /// # Errors
    /// As [`approve`](Self::approve).
    pub async fn confirm(&self, session: &Session, id: ArticleId, rev: Rev) -> Result<()> {
        self.change(session, &("confirm", id, rev), id, async |mut work| {
            let rules = work.require_reviewer().await?;
            work.expect(rev)?;
            work.catch_up().await?;
            work.step(Step::Confirm)?;
            if !cites_published(&work.planning, &work.article).await? {
                return Err(Error::SourceGone);
            }
            let now = work.planning.now();
            let article = &mut work.article;
            article.confirmed =
                Some(Confirmation { by: work.planning.actor(), at: now, version: article.latest });
            article.concerns.clear();
            article.review_at = rules.review_days.and_then(|days| days_after(now, days));
            work.settle().await?;
            Ok((work, "confirmed"))
        })
        .await
    }

    /// Takes an article out of use. Whoever comes is led to the other one, if there is one.
    ///
    /// # Errors
    /// [`NotFound`](Refused::NotFound), also for the other article; [`Denied`](Refused::Denied)
    /// without the right to review; [`Step`](Error::Step).
    pub async fn archive(
        &self,
        session: &Session,
        id: ArticleId,
        redirect: Option<ArticleId>,
    ) -> Result<()> {
        self.change(session, &("archive", id, redirect), id, async |mut work| {
            work.require(&Action::Review)?;
            work.catch_up().await?;
            work.step(Step::Archive)?;
            if let Some(other) = redirect {
                let (_, known) = super::stored(&work.planning, other).await?;
                super::write::seen_somehow(&work.planning, &known).await?;
                if other == id || known.community != work.article.community {
                    return Err(Refused::invalid("an article leads to another one").into());
                }
            }
            work.article.scheduled = None;
            work.article.redirect = redirect;
            Ok((work, "archived"))
        })
        .await
    }

    /// Takes an archived article up again, as a draft that is to be reviewed.
    ///
    /// # Errors
    /// [`NotFound`](Refused::NotFound), [`Denied`](Refused::Denied) without the right to review,
    /// [`Step`](Error::Step).
    pub async fn restore(&self, session: &Session, id: ArticleId) -> Result<()> {
        self.change(session, &("restore", id), id, async |mut work| {
            work.require(&Action::Review)?;
            work.step(Step::Restore)?;
            work.article.published = None;
            work.article.redirect = None;
            Ok((work, "restored"))
        })
        .await
    }

    /// Lifts the bound that a source puts on the audience: from now on whoever reads the article's
    /// channel may read it, whether or not they may read that topic. Who did so and why is kept with
    /// the article and in the log.
    ///
    /// # Errors
    /// [`NotFound`](Refused::NotFound) for an article, or a source of it, that is not there for the
    /// viewer; [`Denied`](Refused::Denied) without the right to manage; [`Invalid`](Refused::Invalid)
    /// without a reason.
    pub async fn release(
        &self,
        session: &Session,
        id: ArticleId,
        topic: TopicId,
        reason: &str,
    ) -> Result<()> {
        self.engine.env().limits().reason(reason.len())?;
        if reason.trim().is_empty() {
            return Err(Refused::invalid("to release a source needs a reason").into());
        }
        self.change(session, &("release", id, topic, reason), id, async |mut work| {
            acting(&work.planning, &Action::Manage)?;
            work.require(&Action::Manage)?;
            if !work.article.sources.contains_key(&topic) {
                return Err(Refused::NotFound("topic").into());
            }
            work.about.topic = Some(topic);
            work.article.released.retain(|known| known.topic != topic);
            work.article.released.push(Release {
                topic,
                by: work.planning.actor(),
                at: work.planning.now(),
                reason: reason.to_owned(),
            });
            Ok((work, "released"))
        })
        .await
    }
}

impl Work {
    /// Goes on only when the article is as the viewer looked at it.
    fn expect(&self, rev: Rev) -> Result<()> {
        if self.before.rev == rev {
            return Ok(());
        }
        Err(Refused::Conflict("the article has changed since it was looked at").into())
    }

    /// Adds what somebody says to the record of the review.
    fn say(&mut self, on: &str, text: &str) -> Result<CommentId> {
        Comment::check(text, &self.planning)?;
        let now = self.planning.now();
        let id = CommentId::from_uuid(self.planning.mint());
        let comment = Comment {
            id,
            article: self.article.id,
            version: self.article.latest,
            by: self.planning.actor(),
            at: now,
            on: Slug::new(on)?,
            text: text.to_owned(),
        };
        let collection = Slug::new(store::COMMENTS)?;
        let document = store::comment_document(id);
        let key = DocumentKey::new(Slug::new(store::list::ARTICLE)?, -to_micros(now));
        let document = Document::new(document, self.article.community, collection, now, &comment)?;
        self.changes.create(document.with_keys([key.within(self.article.id)]));
        Ok(id)
    }

    /// What readers said so far is settled.
    pub(super) async fn settle(&mut self) -> Result<()> {
        if std::mem::replace(&mut self.settled, true) {
            return Ok(());
        }
        let id = store::tally_document(self.article.id, self.article.created_at);
        if let Some(before) = self.planning.stored(&[id]).await?.pop().flatten() {
            let mut tally: Tally = before.read()?;
            tally.settle();
            let after = before.clone().with_body(&tally)?;
            self.changes.update(&before, after);
        }
        Ok(())
    }
}

impl Article {
    /// The approved version whose time has come is the published one. What was in doubt when it was
    /// approved is settled; what has happened since is not.
    pub(crate) fn take_effect(&mut self) {
        if let Some(mut next) = self.scheduled.take() {
            let settles = std::mem::take(&mut next.settles);
            self.concerns.retain(|concern| !settles.contains(concern));
            self.review_at = next.review_at.take();
            if self.state == State::InReview {
                let in_doubt = !self.concerns.is_empty();
                self.state = if in_doubt { State::Stale } else { State::Published };
                self.since = next.at;
            }
            self.published = Some(next);
        }
    }
}

/// So many days later.
fn days_after(from: Timestamp, days: u32) -> Option<Timestamp> {
    let micros = i64::from(days) * 86_400_000_000;
    community_core::time::from_micros(to_micros(from).saturating_add(micros))
}
