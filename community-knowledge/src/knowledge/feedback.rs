//! What readers say: whether an article helped, and why.

use community_core::extension::About;
use community_core::time::to_micros;
use community_core::{
    Document, DocumentKey, Error as Refused, Page, Session, Slug, Visible, VisitId,
};

use super::Knowledge;
use crate::error::Result;
use crate::id::ArticleId;
use crate::store::{self, Reader};
use crate::view::{DeskView, Feedback, Tally};

/// What somebody says of an article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rating {
    /// Whether it helped.
    pub helpful: bool,
    /// Why, in the reader's words; may be empty.
    pub reason: String,
    /// The visit, for a reader without a name. A member counts once whatever the visit.
    pub visit: Option<VisitId>,
}

impl Knowledge {
    /// Says whether an article helped. Each member, and each visit of somebody without a name,
    /// counts once: who says something else later has changed their mind.
    ///
    /// # Errors
    /// [`NotFound`](Refused::NotFound) for an article that the viewer cannot read;
    /// [`Invalid`](Refused::Invalid) for a reader without a name and without a visit;
    /// [`Limit`](Refused::Limit).
    pub async fn rate(&self, session: &Session, id: ArticleId, rating: &Rating) -> Result<()> {
        self.engine.env().limits().reason(rating.reason.len())?;
        self.run(session, &("rate", id, rating), async |planning| {
            let planning = &planning;
            let view = super::read::readable(planning, id).await?;
            let reader = match (planning.actor(), rating.visit) {
                (Some(member), _) => Reader::Member(member),
                (None, Some(visit)) => Reader::Visit(visit),
                (None, None) => {
                    let why = "a reader without a name is told by the visit";
                    return Err(Refused::invalid(why).into());
                }
            };
            let now = planning.now();
            let feedback = Feedback {
                article: id,
                reader,
                version: view.version,
                helpful: rating.helpful,
                reason: rating.reason.clone(),
                at: now,
            };
            let ids = [view.feedback_document(reader), view.tally_document()];
            let mut found = planning.stored(&ids).await?.into_iter();
            let (known, counted) = (found.next().flatten(), found.next().flatten());
            let mut changes = planning.changes();
            let mut tally = match &counted {
                Some(document) => document.read()?,
                None => Tally::new(id),
            };
            let [own, sum] = ids;
            let key = DocumentKey::new(Slug::new(store::list::ARTICLE)?, to_micros(now)).within(id);
            match known {
                Some(before) => {
                    tally.count(before.read::<Feedback>()?.helpful, -1);
                    let after = before.clone().with_body(&feedback)?.with_keys([key]);
                    changes.update(&before, after);
                }
                None => {
                    let collection = Slug::new(store::FEEDBACK)?;
                    let new = Document::new(own, view.community, collection, now, &feedback)?;
                    changes.create(new.with_keys([key]));
                }
            }
            tally.count(rating.helpful, 1);
            let counted = match counted {
                Some(before) => changes.update(&before, before.clone().with_body(&tally)?),
                None => {
                    let collection = Slug::new(store::TALLIES)?;
                    let new = Document::new(sum, view.community, collection, now, &tally)?;
                    changes.create(new.clone());
                    new
                }
            };
            // What readers say moves the article in what is found.
            let about = About { channel: Some(view.channel), ..About::default() };
            changes.note(&counted, Slug::new("counted")?, about);
            Ok((Some(id.uuid()), changes))
        })
        .await?;
        Ok(())
    }

    /// What readers said of an article, the latest first. To those who work on it.
    ///
    /// # Errors
    /// [`NotFound`](Refused::NotFound), [`Limit`](Refused::Limit).
    pub async fn feedback(
        &self,
        session: &Session,
        id: ArticleId,
        after: Option<&str>,
        limit: Option<usize>,
    ) -> Result<Page<Visible<Feedback>>> {
        self.of_article(session, id, store::FEEDBACK, after, limit).await
    }

    /// How many readers said so. To those who work on it.
    ///
    /// # Errors
    /// [`NotFound`](Refused::NotFound).
    pub async fn tally(&self, session: &Session, id: ArticleId) -> Result<Tally> {
        Ok(session
            .read_extension(async |reading| {
                let desk = reading.document::<DeskView>(store::article_document(id)).await?;
                let tally = store::tally_document(id, desk.article.created_at);
                let found = reading.documents::<Tally>(&[tally]).await?.pop().flatten();
                Ok(found.map_or_else(|| Tally::new(id), Visible::into_inner))
            })
            .await?)
    }
}
