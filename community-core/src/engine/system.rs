//! What only the system reads: the log, and everything at once.

use super::Rights;
use super::read::Read;
use super::session::{Session, reading};
use crate::change::{Event, Seq};
use crate::error::Result;
use crate::policy::Scope;
use crate::store::Store;
use crate::text::Slug;

/// Access to everything of one community, for exporters and verification.
#[derive(Debug)]
pub struct Export<'a> {
    /// The store.
    pub store: &'a dyn Store,
    /// The scope of the system.
    pub scope: Scope,
    /// The directory at this moment.
    pub directory: std::sync::Arc<crate::Directory>,
}

impl Session {
    /// The events behind a position, at most `limit`. For the system only: positions count
    /// everything that happens, hidden things too.
    ///
    /// # Errors
    /// [`Error::Denied`](crate::Error::Denied) for anybody but the system;
    /// [`Error::Limit`](crate::Error::Limit) for too large a page.
    pub async fn events(&self, after: Seq, limit: Option<usize>) -> Result<Vec<Event>> {
        let limit = self.engine().env().limits().page_size(limit)?;
        reading!(self, Read::Events, |rights| {
            rights.require_system()?;
            Ok(self.engine().store().events_after(after, limit).await?)
        })
    }

    /// How far a projection has come.
    ///
    /// # Errors
    /// [`Error::Denied`](crate::Error::Denied) for anybody but the system.
    pub async fn checkpoint(&self, name: &Slug) -> Result<Option<Seq>> {
        reading!(self, Read::Events, |rights| {
            rights.require_system()?;
            Ok(self.engine().store().checkpoint(name).await?)
        })
    }

    /// Access to everything, for exporters and verification.
    ///
    /// # Errors
    /// [`Error::Denied`](crate::Error::Denied) for anybody but the system.
    pub async fn export(&self) -> Result<Export<'_>> {
        let rights: Rights = self.reading(Read::Events).await?;
        rights.require_system()?;
        Ok(Export {
            store: self.engine().store(),
            scope: rights.scope,
            directory: rights.directory,
        })
    }
}
