//! Loading a world into a store.

use community_core::record::Record;
use community_core::{Imported, Result, Session, Slug};

use super::World;

/// Records in one batch, which is one commit.
const BATCH: usize = 500;

/// Imports a whole world, in batches. The session has to be the system's.
///
/// # Errors
/// Those of [`Session::import`]; what was imported until then stays.
pub async fn load(session: &Session, world: &World) -> Result<Imported> {
    let mut done = Imported::default();
    let mut batch: Vec<Record> = Vec::with_capacity(BATCH);
    let mut community: Option<Slug> = None;
    for (next, record) in world.records() {
        if community.as_ref() != Some(&next) || batch.len() == BATCH {
            import(session, community.as_ref(), &mut batch, &mut done).await?;
            community = Some(next);
        }
        batch.push(record);
    }
    import(session, community.as_ref(), &mut batch, &mut done).await?;
    Ok(done)
}

async fn import(
    session: &Session,
    community: Option<&Slug>,
    batch: &mut Vec<Record>,
    done: &mut Imported,
) -> Result<()> {
    if let Some(community) = community.filter(|_| !batch.is_empty()) {
        let Imported { changed, unchanged } = session.import(community, None, batch).await?;
        done.changed += changed;
        done.unchanged += unchanged;
        batch.clear();
    }
    Ok(())
}
