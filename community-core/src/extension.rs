//! Extensions: crates that keep something of their own in the store.
//!
//! What an extension keeps are [documents](crate::Document): JSON with declared keys, in a collection
//! of its own, in the same store and in the same transactions as everything else. It needs no table,
//! and a backend needs no word of it.
//!
//! - It says in one place what a viewer may see of its documents: a type of its own that is a
//!   [`DocumentView`]. Documents leave the engine as such views, and as nothing else.
//! - It reads with [`Session::read_extension`](crate::Session::read_extension), which gives a
//!   [`Reading`]: the viewer's rights at one moment, decisions, and what the viewer sees.
//! - It writes with [`Session::run_extension`](crate::Session::run_extension), which gives a
//!   [`Planning`] and takes [`DocumentChanges`]: documents, events about them, and what they rest on.
//!   A request id has one effect, and who loses against somebody else plans anew.
//! - Work in the background is done with a session of the system: it follows
//!   [the log](crate::Session::events) and moves a checkpoint together with what it writes
//!   ([`DocumentChanges::advance`]).
//! - What it keeps can be found by its words with an index of its own: a
//!   [`SearchIndex`](crate::search::SearchIndex) that the extension holds, whose hits leave the engine
//!   as a [`HitView`]
//!   ([`Session::search_extension`](crate::Session::search_extension)).
//!
//! Not here: tables, other operations than those on documents, and SQL.
//!
//! # A whole extension
//!
//! Bookmarks: a member keeps topics, and nobody else sees which.
//!
//! ```
//! use community::extension::{About, DocumentView, Reading};
//! use community::{
//!     Action, Document, DocumentId, DocumentKey, DocumentList, Error, MemberId, Page, Result,
//!     Session, Slug, TopicId, Visible,
//! };
//! use serde::{Deserialize, Serialize};
//!
//! /// What is kept of a bookmark, and what its owner is shown.
//! #[derive(Debug, Clone, Serialize, Deserialize)]
//! struct Bookmark {
//!     owner: MemberId,
//!     topic: TopicId,
//!     note: String,
//! }
//!
//! #[async_trait::async_trait]
//! impl DocumentView for Bookmark {
//!     const COLLECTION: &'static str = "bookmarks";
//!     const WHAT: &'static str = "bookmark";
//!
//!     // A bookmark is for its owner, as long as the owner may read the topic.
//!     async fn open(documents: Vec<Document>, reading: &Reading) -> Result<Vec<Option<Self>>> {
//!         let all: Vec<Bookmark> = documents.iter().map(Document::read).collect::<Result<_>>()?;
//!         let topics: Vec<TopicId> = all.iter().map(|bookmark| bookmark.topic).collect();
//!         let seen = reading.topics(&topics).await?;
//!         let pairs = all.into_iter().zip(seen);
//!         Ok(pairs
//!             .map(|(bookmark, topic)| {
//!                 let own = reading.actor() == Some(bookmark.owner);
//!                 (own && topic.is_some()).then_some(bookmark)
//!             })
//!             .collect())
//!     }
//! }
//!
//! fn slug(text: &'static str) -> Slug {
//!     Slug::new(text).expect("a short lower-case word")
//! }
//!
//! /// Keeps a topic.
//! async fn keep(session: &Session, topic: TopicId, note: &str) -> Result<DocumentId> {
//!     let id = session
//!         .run_extension(&("bookmark", topic, note), |planning| async move {
//!             let owner = planning.actor().ok_or(Error::NotFound("bookmark"))?;
//!             let found = planning.topics(&[topic]).await?.into_iter().flatten().next();
//!             let topic = &found.ok_or(Error::NotFound("topic"))?.topic;
//!             planning.require(&Action::View, topic.community, Some(topic.channel))?;
//!             let id = DocumentId::from_uuid(planning.mint());
//!             let bookmark = Bookmark { owner, topic: topic.id, note: note.to_owned() };
//!             let document =
//!                 Document::new(id, topic.community, slug("bookmarks"), planning.now(), &bookmark)?
//!                     .with_keys([DocumentKey::at(slug("of"), planning.now()).within(owner)]);
//!             let mut changes = planning.changes();
//!             // What is kept is the topic as it was looked at.
//!             changes.rest_on_topic(topic);
//!             changes.note(&document, slug("kept"), About::default());
//!             changes.create(document);
//!             Ok((Some(id.uuid()), changes))
//!         })
//!         .await?;
//!     id.map(DocumentId::from_uuid).ok_or(Error::NotFound("bookmark"))
//! }
//!
//! /// The bookmarks of whoever asks, the latest first.
//! async fn bookmarks(session: &Session, community: &Slug) -> Result<Page<Visible<Bookmark>>> {
//!     session
//!         .read_extension(|reading| async move {
//!             let community = reading.community(community)?.id;
//!             let of = reading.actor().map(|id| id.to_string()).unwrap_or_default();
//!             let list = DocumentList::new(community, slug("bookmarks"), slug("of")).within(of);
//!             reading.documents_in(&list, None, None).await
//!         })
//!         .await
//! }
//!
//! # use community::{NewChannel, NewCommunity, NewMember, NewTopic, Policy};
//! # pollster::block_on(async {
//! let engine = community::in_memory();
//! let host = engine.as_system();
//! # let garden = slug("garden");
//! # host.create_community(NewCommunity::new(garden.clone(), "Garden".parse()?, Policy::public())).await?;
//! # host.create_channel(&garden, NewChannel::new(slug("soil"), "Soil".parse()?)).await?;
//! # let ana = host.sync_member(NewMember::new("user:1".parse()?, "Ana".parse()?)).await?;
//! # let ben = host.sync_member(NewMember::new("user:2".parse()?, "Ben".parse()?)).await?;
//! # let (ana, ben) = (engine.member(ana), engine.member(ben));
//! # ana.join(&garden).await?;
//! # let new = NewTopic::new(garden.clone(), slug("soil"), slug("question"), "Lime?", "How much?");
//! # let topic = ana.start_topic(new).await?;
//! keep(&ben, topic, "for spring").await?;
//! let kept = bookmarks(&ben, &garden).await?;
//! assert_eq!(kept.items[0].note, "for spring");
//! assert_eq!(bookmarks(&ana, &garden).await?.items.len(), 0);
//!
//! # fn spawnable<T: Send>(_: T) {}
//! # spawnable(keep(&ben, topic, "for spring"));
//! # spawnable(bookmarks(&ben, &garden));
//! // What the owner may not read any more is not there any more.
//! host.remove_topic(topic).await?;
//! assert_eq!(bookmarks(&ben, &garden).await?.items.len(), 0);
//! # Ok::<(), Error>(()) }).unwrap();
//! ```

pub use crate::command::{About, DocumentChanges};
pub use crate::engine::{DocumentView, HitView, Planning, Reading};
