//! Reads and commands of extensions: planned anew, replayed, refused like those of the engine.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that meets the unexpected has to fail"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use community::extension::{About, DocumentView, Planning, Reading};
use community::time::{ManualClock, from_micros};
use community::*;
use community_testkit::ModelStore;
use pollster::block_on;
use serde_json::{Value, json};

/// A counter that everybody who sees its community sees.
struct Count {
    id: DocumentId,
    n: i64,
}

#[async_trait::async_trait]
impl DocumentView for Count {
    const COLLECTION: &'static str = "counts";
    const WHAT: &'static str = "count";

    async fn open(documents: Vec<Document>, _: &Reading) -> Result<Vec<Option<Self>>> {
        let n = |document: &Document| document.body["n"].as_i64().unwrap();
        Ok(documents.iter().map(|d| Some(Self { id: d.id, n: n(d) })).collect())
    }
}

fn slug(text: &str) -> Slug {
    Slug::new(text).unwrap()
}

fn list(community: CommunityId) -> DocumentList {
    DocumentList::new(community, slug("counts"), slug("all"))
}

fn document(planning: &Planning, body: &Value) -> Result<Document> {
    let community = planning.community(&slug("garden"))?.id;
    let id = DocumentId::from_uuid(planning.mint());
    let new = Document::new(id, community, slug("counts"), planning.now(), body)?;
    Ok(new.with_keys([DocumentKey::new(slug("all"), 0)]))
}

/// A community in which whoever has joined may reply, with one member.
struct Stage {
    engine: Engine,
    ana: MemberId,
}

impl Stage {
    fn new() -> Self {
        let at = from_micros(1_800_000_000_000_000).unwrap();
        let env = Env::manual(Arc::new(ManualClock::at(at)), 3);
        let engine = Engine::with_env(Arc::new(ModelStore::new()), env);
        let host = engine.as_system();
        let ana = block_on(async {
            let policy = Policy::members_only();
            let new = NewCommunity::new(slug("garden"), "Garden".parse().unwrap(), policy);
            host.create_community(new).await.unwrap();
            let ana = NewMember::new("user:1".parse().unwrap(), "Ana".parse().unwrap());
            let ana = host.sync_member(ana).await.unwrap();
            host.set_member(&slug("garden"), ana, true).await.unwrap();
            ana
        });
        Self { engine, ana }
    }

    fn ana(&self) -> Session {
        self.engine.member(self.ana)
    }

    fn community(&self) -> CommunityId {
        let host = self.engine.as_system();
        let found = host
            .read_extension(|reading| async move { Ok(reading.community(&slug("garden"))?.id) });
        block_on(found).unwrap()
    }

    /// A new count of 0.
    fn count(&self) -> DocumentId {
        let ana = self.ana();
        let new = ana.run_extension(&"new", |planning| async move {
            let new = document(&planning, &json!({ "n": 0 }))?;
            let (id, mut changes) = (new.id, planning.changes());
            changes.note(&new, slug("made"), About::default());
            changes.create(new);
            Ok((Some(id.uuid()), changes))
        });
        DocumentId::from_uuid(block_on(new).unwrap().unwrap())
    }

    fn n(&self, id: DocumentId) -> i64 {
        let read = |reading: Reading| async move { reading.document::<Count>(id).await };
        let found = block_on(self.ana().read_extension(read)).unwrap().into_inner();
        assert_eq!(found.id, id);
        found.n
    }
}

/// Adds one; before it is committed, `meanwhile` happens, the first time.
fn add(
    session: &Session,
    id: DocumentId,
    plans: &AtomicUsize,
    meanwhile: impl Fn() -> Result<()> + Send + Sync,
) -> Result<Option<community::change::EntityId>> {
    let meanwhile = &meanwhile;
    block_on(session.run_extension(&("add", id), |planning| async move {
        let is_first = plans.fetch_add(1, Ordering::SeqCst) == 0;
        let before = planning.stored(&[id]).await?.remove(0).ok_or(Error::NotFound("count"))?;
        planning.require(&Action::Reply, before.community, None)?;
        let n = before.body["n"].as_i64().unwrap() + 1;
        let mut changes = planning.changes();
        changes.update(&before, before.clone().with_body(&json!({ "n": n }))?);
        if is_first {
            meanwhile()?;
        }
        Ok((Some(id.uuid()), changes))
    }))
}

fn nothing() -> Result<()> {
    Ok(())
}

#[test]
fn a_command_is_planned_anew_when_its_document_has_changed() {
    let stage = Stage::new();
    let id = stage.count();
    let (plans, others) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let host = stage.engine.as_system();
    add(&stage.ana(), id, &plans, || add(&host, id, &others, nothing).map(drop)).unwrap();
    assert_eq!((plans.into_inner(), others.into_inner()), (2, 1));
    assert_eq!(stage.n(id), 2, "no update is lost");
}

#[test]
fn who_loses_the_right_while_a_command_is_planned_is_refused() {
    let stage = Stage::new();
    let id = stage.count();
    let (plans, host) = (AtomicUsize::new(0), stage.engine.as_system());
    let silence = || {
        let kind = SanctionKind::Silence;
        let sanction = NewSanction { kind, channel: None, until: None, reason: String::new() };
        block_on(host.sanction(&slug("garden"), stage.ana, sanction))
    };
    let refused = add(&stage.ana(), id, &plans, silence);
    assert!(matches!(refused, Err(Error::Denied(_))), "{refused:?}");
    assert_eq!((plans.into_inner(), stage.n(id)), (2, 0));
}

#[test]
fn a_request_has_one_effect_and_one_answer() {
    let stage = Stage::new();
    let (one, other) = (stage.count(), stage.count());
    let plans = AtomicUsize::new(0);
    let request = RequestId::from_bytes([7; 16]);
    let ana = stage.ana().request(request);
    for _ in 0..3 {
        let done = add(&ana, one, &plans, nothing).unwrap();
        assert_eq!(done, Some(one.uuid()));
    }
    let refused = add(&ana, other, &plans, nothing);
    assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
    assert_eq!((plans.into_inner(), stage.n(one), stage.n(other)), (1, 1, 0));
}

#[test]
fn a_read_is_done_again_when_the_rights_have_changed_meanwhile() {
    let stage = Stage::new();
    let id = stage.count();
    let (reads, host) = (AtomicUsize::new(0), stage.engine.as_system());
    let (reads, host) = (&reads, &host);
    let leave = |reading: Reading| async move {
        let found = reading.document::<Count>(id).await;
        if reads.fetch_add(1, Ordering::SeqCst) == 0 {
            host.set_member(&slug("garden"), stage.ana, false).await?;
        }
        found.map(|found| found.n)
    };
    let refused = block_on(stage.ana().read_extension(leave));
    assert!(matches!(refused, Err(Error::NotFound("count"))), "{refused:?}");
    assert_eq!(reads.load(Ordering::SeqCst), 2);
}

#[test]
fn documents_of_other_collections_and_of_hidden_communities_are_not_opened() {
    struct Other;
    #[async_trait::async_trait]
    impl DocumentView for Other {
        const COLLECTION: &'static str = "others";
        const WHAT: &'static str = "other";

        async fn open(documents: Vec<Document>, _: &Reading) -> Result<Vec<Option<Self>>> {
            assert!(documents.is_empty(), "{documents:?}");
            Ok(Vec::new())
        }
    }
    let stage = Stage::new();
    let (id, of) = (stage.count(), stage.community());
    let other = |reading: Reading| async move { reading.document::<Other>(id).await.map(drop) };
    let refused = block_on(stage.ana().read_extension(other));
    assert!(matches!(refused, Err(Error::NotFound("other"))), "{refused:?}");
    let stranger = stage.engine.anonymous();
    let count = |reading: Reading| async move { reading.document::<Count>(id).await.map(drop) };
    let refused = block_on(stranger.read_extension(count));
    assert!(matches!(refused, Err(Error::NotFound("count"))), "{refused:?}");
    let page = |reading: Reading| async move {
        let page = reading.documents_in::<Count>(&list(of), None, None).await?;
        Ok(page.items.len())
    };
    let refused = block_on(stranger.read_extension(page));
    assert!(matches!(refused, Err(Error::NotFound("community"))), "{refused:?}");
    assert_eq!(block_on(stage.ana().read_extension(page)).unwrap(), 1);
    let raw = |reading: Reading| async move { Ok(reading.raw(&[id]).await?.len()) };
    assert!(matches!(block_on(stage.ana().read_extension(raw)), Err(Error::Denied(_))));
    assert_eq!(block_on(stage.engine.as_system().read_extension(raw)).unwrap(), 1);
}

#[test]
fn what_is_too_large_or_not_well_formed_does_not_reach_the_store() {
    let stage = Stage::new();
    let limits = stage.engine.env().limits().clone();
    let try_all = |bodies: &[Value], keys: usize| {
        block_on(stage.ana().run_extension(&"new", |planning| async move {
            let mut changes = planning.changes();
            for body in bodies {
                let keys = (0..keys).map(|n| DocumentKey::new(slug("all"), 0).within(n));
                changes.create(document(&planning, body)?.with_keys(keys));
            }
            Ok((None, changes))
        }))
    };
    let text = |size: usize| json!({ "t": "x".repeat(size - r#"{"t":""}"#.len()) });
    assert!(try_all(&[text(limits.document)], limits.document_keys).is_ok());
    assert!(matches!(try_all(&[text(limits.document + 1)], 1), Err(Error::Limit(_))));
    assert!(matches!(try_all(&[json!({})], limits.document_keys + 1), Err(Error::Limit(_))));
    assert!(try_all(&vec![json!({}); limits.documents], 0).is_ok());
    assert!(matches!(try_all(&vec![json!({}); limits.documents + 1], 0), Err(Error::Limit(_))));
    for bad in [json!([]), json!({ "n": 0.5 })] {
        assert!(matches!(try_all(std::slice::from_ref(&bad), 0), Err(Error::Invalid(_))), "{bad}");
    }
    let twice = block_on(stage.ana().run_extension(&"twice", |planning| async move {
        let (mut changes, new) = (planning.changes(), document(&planning, &json!({}))?);
        changes.create(new.clone());
        changes.remove(&new);
        Ok((None, changes))
    }));
    assert!(matches!(twice, Err(Error::Invalid(_))), "{twice:?}");
    let of = stage.community();
    let elsewhere =
        block_on(stage.engine.anonymous().run_extension(&"new", |planning| async move {
            let id = DocumentId::from_uuid(planning.mint());
            let mut changes = planning.changes();
            changes.create(Document::new(id, of, slug("counts"), planning.now(), &json!({}))?);
            Ok((None, changes))
        }));
    assert!(matches!(elsewhere, Err(Error::NotFound("community"))), "{elsewhere:?}");
    let head = block_on(stage.engine.store().documents_by_id(of, None, 10_000)).unwrap();
    assert_eq!(head.len(), 1 + limits.documents);
}

#[test]
fn a_projection_of_an_extension_counts_each_event_once() {
    let stage = Stage::new();
    let sum = stage.count();
    let host = stage.engine.as_system();
    let name = &slug("sums");
    // One step: what is in the log behind the checkpoint, added to the sum.
    let step = |session: Session, stale: Option<Seq>| async move {
        session
            .run_extension(&"step", |planning| {
                let events = session.clone();
                async move {
                    let at = planning.position(name).await?;
                    let events = events.events(at.unwrap_or_default(), None).await?;
                    let before = planning.stored(&[sum]).await?.remove(0).unwrap();
                    let n = before.body["n"].as_i64().unwrap();
                    let n = n + i64::try_from(events.len()).unwrap();
                    let mut changes = planning.changes();
                    let Some(last) = events.last() else { return Ok((None, changes)) };
                    changes.update(&before, before.clone().with_body(&json!({ "n": n }))?);
                    changes.advance(name, stale.or(at), last.seq)?;
                    Ok((None, changes))
                }
            })
            .await
    };
    let head = |stage: &Stage| block_on(stage.engine.store().head()).unwrap();
    let seen = i64::try_from(head(&stage).0).unwrap();
    for _ in 0..3 {
        block_on(step(host.clone(), None)).unwrap();
    }
    assert_eq!(stage.n(sum), seen);
    stage.count();
    // Somebody who believes to stand elsewhere writes nothing.
    let refused = block_on(step(host.clone(), Some(Seq(1))));
    assert!(matches!(refused, Err(Error::Contended)), "{refused:?}");
    assert_eq!(stage.n(sum), seen);
    block_on(step(host.clone(), None)).unwrap();
    assert_eq!(stage.n(sum), seen + 1);
    // The name is the extension's own, whatever it is called; and the log is for the system.
    assert_eq!(block_on(host.checkpoint(name)).unwrap(), None);
    assert_eq!(block_on(host.checkpoint(&slug("ext.sums"))).unwrap(), Some(head(&stage)));
    let refused = block_on(stage.ana().run_extension(&"step", |planning| async move {
        let mut changes = planning.changes();
        changes.advance(name, None, Seq(1))?;
        Ok((None, changes))
    }));
    assert!(matches!(refused, Err(Error::Denied(_))), "{refused:?}");
}
