//! Stores that do one thing wrong: what the conformance table and the verification are tested with.
//! A case that no such store fails would pass whatever a store does.

mod award;
mod document;
mod ledger;
mod read;
mod table;

use std::sync::Arc;

use async_trait::async_trait;
use community_core::change::{ChangeSet, Counter, Event, Expect, Op, Receipt, Request, Seq};
use community_core::reputation::Award;
use community_core::store::{CommitError, Committer, EventLog};
use community_core::time::{from_micros, to_micros};
use community_core::{
    Grant, Key, LinkKind, RequestId, Revision, Slot, Slug, Store, StoreError, Timestamp,
};

use crate::conformance::Opener;
use crate::fixture::slug;
use crate::model::ModelStore;

/// What a store does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flaw {
    // Commits.
    KeepsPartOfWhatFails,
    SkipsExpectation(Kind),
    NamesTheLastExpectation,
    ChecksBeforehand,
    ForgetsRequests,
    MixesUpRequests,
    HidesReplays,
    ReplaysWhatIsAsked,
    HasNoReceipts,
    TurnsEventsAround,
    LosesActors,
    ReceiptsAreOneBehind,
    LosesCounter(Kind),
    TakesCountersFromPuts,
    RaisesBySetting,
    SetsByRaising,
    KeepsReactions,
    KeepsLinks,
    DropsLinksOfEveryKind,
    HasOneSlot,
    HasOneDay,
    HasOneCheckpoint,
    TrimsTexts,
    CutsTexts,
    FoldsLines,
    CutsTimes,
    FoldsCase,
    LosesPayloads,
    LosesReasons,
    LosesPins,
    LosesRevisions,
    // Reads of rights and places.
    NeverStale,
    ContentMovesRights,
    RightsStandStill,
    EverybodyMovesRights,
    LosesLabels,
    LosesLastCommunity,
    LosesChannels,
    DoublesKeys,
    ForgetsTheUnlisted,
    // Reads by id.
    TurnsAnswersAround,
    SkipsWhatIsMissing,
    AnswersThousand,
    FindsNoPosts,
    FindsNothing,
    // Leaks, by read.
    LeaksTopics,
    LeaksPosts,
    LeaksFeeds,
    LeaksPins,
    LeaksThreads,
    LeaksAncestors,
    LeaksRevisions,
    LeaksLabelUse,
    LeaksChannelTopics,
    LeaksTopicsById,
    LeaksPostsById,
    // Feeds.
    DropsLastOfFeed,
    DoublesFeedItem,
    SaysMore,
    SaysNoMore,
    EndsFeedsEarly,
    BeginsAtPlace,
    SkipsTies,
    SortsNewOnly,
    TurnsOldestAround,
    IgnoresWindow,
    IgnoresLabels,
    IgnoresKind,
    IgnoresAuthor,
    IgnoresOwn,
    ShortFeedPages,
    LosesCardCorrections,
    // Threads.
    SortsThreadsByTime,
    IgnoresDepth,
    IgnoresRoot,
    BeginsAtRoot,
    ForgetsOldPlace,
    TellsHiddenKeys,
    DropsPlaceholders,
    SaysNoMorePosts,
    // Other lists.
    ListsTheUnlisted,
    ForgetsMemberPlace,
    NamesTheUnlisted,
    NamesFromElsewhere,
    NamesByFirstWord,
    NamesByName,
    NamesTwice,
    TurnsNamesAround,
    ForgetsReactionPlace,
    TurnsReactionsAround,
    ForgetsRevisionNumber,
    TurnsCorrectionsAround,
    ShowsWithdrawnCorrections,
    IgnoresExcept,
    PinsWhatIsHidden,
    ForgetsOneMembership,
    ListsOldNames,
    TurnsMembersAround,
    TurnsRowsAround,
    KeepsOldCopies,
    ForgetsADay,
    TurnsDaysAround,
    LinksOneWay,
    TurnsLinksAround,
    FindsNoLinks,
    MixesUpThreads,
    TurnsRevisionsAround,
    FindsNoCorrections,
    DoublesReactions,
    Misplaces(Row),
    HidesTheUnlisted,
    HidesThePinned,
    FindsNoBump,
    LosesAncestors,
    ForgetsPins,
    ListsUnderOldLabels,
    LogSkipsOne,
    LogLosesLast,
    // Ledgers.
    LosesEntries,
    CutsEntries,
    TakesOnePoint,
    RanksTheOthersWay,
    ForgetsEntryPlace,
    SumsAllDays,
    FindsOtherPosts,
    FindsEventsOfAll,
    HasOneLedger,
    LosesNotes,
    KeepsNotes,
    ForgetsWhatIsLeft,
    // Documents.
    KeepsOldKeys,
    LosesKeys,
    LosesBodies,
    KeepsDocuments,
    FindsNoDocuments,
    ReadsOldDocuments,
    ForgetsDocumentPlace,
    TurnsDocumentsAround,
    TurnsAllDocumentsAround,
    ShortDocumentPages,
    HasOneGroup,
    ListsNoGroups,
    MovesDocuments,
    TurnsEntriesAround,
    RanksOneLess,
    LosesPlaces,
    LosesLabelsOfEntries,
    ForgetsLastDay,
    IgnoresGroups,
    IgnoresPlaces,
    ForgetsBoardPlace,
    TurnsBoardsAround,
    DropsWhoLost,
    CountsOneMore,
    ForgetsBoard,
    RanksWhatCounts,
    FindsMembershipsElsewhere,
    // Badges.
    LosesDecisions,
    HasOneBadgeSet,
    ForgetsAwardPlace,
    CountsLowestTier,
    LosesFirstGroup,
    ForgetsPosition,
    ForgetsVisitorNumber,
    LosesFirstPosts,
    SortsEventsByPosition,
    // Visits.
    LosesEarlyVisits,
    IgnoresFirstDay,
    ForgetsWhoCameToo,
}

/// Rows that say to what they belong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Row {
    Topic,
    Post,
    Place,
    Revision,
    PlaceOfRevision,
    Correction,
    Reaction,
    Slot,
    Membership,
}

/// Kinds of expectations and counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Absent,
    Rev,
    Gate,
    Access,
    ReactionIs,
    Below,
    CheckpointAt,
    WroteFewer,
    Members,
    TopicUps,
    TopicDowns,
    TopicPosts,
    TopicAnswers,
    TopicAccepted,
    Participation,
    PostUps,
    PostDowns,
    PostChildren,
    PostCorrections,
    Tally,
    LabelUse,
    ChannelTopics,
}

impl Kind {
    fn of_expectation(expect: &Expect) -> Self {
        match expect {
            Expect::Absent(_) => Self::Absent,
            Expect::Rev(..) => Self::Rev,
            Expect::Gate(..) => Self::Gate,
            Expect::Access(..) => Self::Access,
            Expect::ReactionIs { .. } => Self::ReactionIs,
            Expect::Below(..) => Self::Below,
            Expect::CheckpointAt(..) => Self::CheckpointAt,
            Expect::WroteFewer { .. } => Self::WroteFewer,
        }
    }

    fn of_counter(counter: &Counter) -> Self {
        match counter {
            Counter::Members(_) => Self::Members,
            Counter::TopicUps(_) => Self::TopicUps,
            Counter::TopicDowns(_) => Self::TopicDowns,
            Counter::TopicPosts(_) => Self::TopicPosts,
            Counter::TopicAnswers(_) => Self::TopicAnswers,
            Counter::TopicAccepted(_) => Self::TopicAccepted,
            Counter::Participation(..) => Self::Participation,
            Counter::PostUps(_) => Self::PostUps,
            Counter::PostDowns(_) => Self::PostDowns,
            Counter::PostChildren(_) => Self::PostChildren,
            Counter::PostCorrections(_) => Self::PostCorrections,
            Counter::Tally(..) => Self::Tally,
            Counter::LabelUse(..) => Self::LabelUse,
            Counter::ChannelTopics(_) => Self::ChannelTopics,
        }
    }
}

/// A store that does one thing wrong, and everything else as the naive store does.
#[derive(Debug, Clone)]
pub(crate) struct Flawed {
    pub(crate) inner: ModelStore,
    pub(crate) flaw: Flaw,
}

impl Flawed {
    pub(crate) fn opener(flaw: Flaw) -> Opener {
        let store = Self { inner: ModelStore::new(), flaw };
        Opener::new(move || {
            let store = store.clone();
            async move { Arc::new(store) as Arc<dyn Store> }
        })
    }

    pub(super) fn is(&self, flaw: Flaw) -> bool {
        self.flaw == flaw
    }

    /// What is written in place of an operation.
    fn altered(&self, op: Op) -> Vec<Op> {
        match (self.flaw, op) {
            (Flaw::LosesCounter(kind), Op::Bump(counter, _))
                if kind == Kind::of_counter(&counter) =>
            {
                vec![]
            }
            (Flaw::TakesCountersFromPuts, Op::PutTopic(topic)) => {
                let ups = Op::Bump(Counter::TopicUps(topic.id), topic.counters.ups);
                vec![Op::PutTopic(topic), ups]
            }
            (Flaw::TakesCountersFromPuts, Op::PutPost(post)) => {
                let ups = Op::Bump(Counter::PostDowns(post.id), post.counters.downs);
                vec![Op::PutPost(post), ups]
            }
            (Flaw::RaisesBySetting, Op::RaiseActive(id, at)) => vec![Op::SetActive(id, at)],
            (Flaw::SetsByRaising, Op::SetActive(id, at)) => vec![Op::RaiseActive(id, at)],
            (Flaw::KeepsReactions, Op::DropReaction { .. })
            | (Flaw::KeepsLinks, Op::DropLink { .. }) => vec![],
            (Flaw::DropsLinksOfEveryKind, Op::DropLink { from, to, .. }) => {
                let of = |kind| Op::DropLink { from, to, kind };
                vec![of(LinkKind::Related), of(LinkKind::Duplicate)]
            }
            (Flaw::HasOneSlot, Op::PutReaction(mut reaction)) => {
                reaction.slot = Slot::Vote;
                vec![Op::PutReaction(reaction)]
            }
            (Flaw::HasOneDay, Op::AddViews { topic, views, .. }) => {
                vec![Op::AddViews { topic, day: 0, views }]
            }
            (Flaw::HasOneCheckpoint, Op::Checkpoint(_, seq)) => {
                vec![Op::Checkpoint(slug("one"), seq)]
            }
            (Flaw::TrimsTexts, Op::PutRevision(mut revision)) => {
                revision.body = revision.body.trim().to_owned();
                vec![Op::PutRevision(revision)]
            }
            (Flaw::CutsTexts, Op::PutRevision(mut revision)) => {
                revision.body = revision.body.chars().take(65_535).collect();
                vec![Op::PutRevision(revision)]
            }
            (Flaw::FoldsLines, Op::PutRevision(mut revision)) => {
                revision.body = revision.body.replace("\r\n", "\n");
                vec![Op::PutRevision(revision)]
            }
            (Flaw::CutsTimes, Op::PutTopic(mut topic)) => {
                topic.bumped_at = whole_seconds(topic.bumped_at);
                vec![Op::PutTopic(topic)]
            }
            (Flaw::FoldsCase, Op::PutMember(mut member)) => {
                member.key = folded(&member.key);
                vec![Op::PutMember(member)]
            }
            (Flaw::LosesPayloads, Op::PutTopic(mut topic)) => {
                topic.payload = None;
                vec![Op::PutTopic(topic)]
            }
            (Flaw::LosesPins, Op::PutTopic(mut topic)) => {
                topic.pin = None;
                vec![Op::PutTopic(topic)]
            }
            (Flaw::LosesReasons, Op::PutRevision(revision)) => {
                vec![Op::PutRevision(Box::new(Revision { reason: None, ..*revision }))]
            }
            (Flaw::LosesRevisions, Op::PutRevision(revision)) if revision.number > 1 => vec![],
            (Flaw::LosesEntries, Op::AppendLedger(_, entry)) if entry.number > 0 => vec![],
            (Flaw::CutsEntries, Op::AppendLedger(ledger, mut entry)) => {
                entry.giver = None;
                vec![Op::AppendLedger(ledger, entry)]
            }
            (Flaw::LosesPlaces, Op::AppendLedger(ledger, mut entry)) => {
                entry.channel = None;
                vec![Op::AppendLedger(ledger, entry)]
            }
            (Flaw::LosesLabelsOfEntries, Op::AppendLedger(ledger, mut entry)) => {
                entry.labels.clear();
                vec![Op::AppendLedger(ledger, entry)]
            }
            (Flaw::HasOneLedger, Op::AppendLedger(mut ledger, entry)) => {
                ledger.rules.version = 1;
                vec![Op::AppendLedger(ledger, entry)]
            }
            (Flaw::LosesKeys, Op::PutDocument(mut document)) => {
                document.keys.truncate(1);
                vec![Op::PutDocument(document)]
            }
            (Flaw::LosesBodies, Op::PutDocument(mut document)) => {
                document.body = serde_json::json!({});
                vec![Op::PutDocument(document)]
            }
            (Flaw::MovesDocuments, Op::PutDocument(document)) => {
                vec![Op::DropDocument(document.id), Op::PutDocument(document)]
            }
            (Flaw::KeepsDocuments, Op::DropDocument(_)) => vec![],
            (Flaw::LosesDecisions, Op::PutAward(of, award)) => {
                vec![Op::PutAward(of, Box::new(Award { decided: None, ..*award }))]
            }
            (Flaw::HasOneBadgeSet, Op::PutAward(mut of, award)) => {
                of.set.version = 1;
                vec![Op::PutAward(of, award)]
            }
            (Flaw::LosesEarlyVisits, Op::AddVisit { day, .. }) if day < 19_675 => vec![],
            (Flaw::LosesNotes, Op::PutGrant(grant)) => {
                vec![Op::PutGrant(Box::new(Grant { note: String::new(), ..*grant }))]
            }
            (Flaw::KeepsNotes, Op::EraseNotes(_)) => vec![],
            (_, op) => vec![op],
        }
    }

    fn checkpoint_name(&self, name: &Slug) -> Slug {
        if self.is(Flaw::HasOneCheckpoint) { slug("one") } else { name.clone() }
    }
}

fn whole_seconds(at: Timestamp) -> Timestamp {
    from_micros(to_micros(at) / 1_000_000 * 1_000_000).unwrap_or(at)
}

fn folded(key: &Key) -> Key {
    Key::new(&key.as_str().to_lowercase()).unwrap_or_else(|_| key.clone())
}

#[async_trait]
impl Committer for Flawed {
    async fn commit(&self, mut changes: ChangeSet) -> Result<Receipt, CommitError> {
        if self.is(Flaw::KeepsOldKeys) {
            for op in &mut changes.ops {
                if let Op::PutDocument(document) = op {
                    self.with_old_keys(document).await?;
                }
            }
        }
        changes.ops = changes.ops.into_iter().flat_map(|op| self.altered(op)).collect();
        match self.flaw {
            Flaw::SkipsExpectation(kind) => {
                changes.expect.retain(|expect| Kind::of_expectation(expect) != kind);
            }
            Flaw::NamesTheLastExpectation => changes.expect.reverse(),
            Flaw::ForgetsRequests => changes.request = None,
            Flaw::TurnsEventsAround => changes.events.reverse(),
            Flaw::LosesActors => changes.events.iter_mut().for_each(|event| event.actor = None),
            Flaw::MixesUpRequests => {
                changes.request = changes.request.map(|r| Request { fingerprint: 0, ..r });
            }
            Flaw::ChecksBeforehand => {
                let expect = std::mem::take(&mut changes.expect);
                let check = ChangeSet { expect, ..ChangeSet::default() };
                self.inner.commit(check).await?;
                // Time for somebody else to come in between.
                (0..1_000).for_each(|_| std::thread::yield_now());
            }
            Flaw::KeepsPartOfWhatFails => {
                let outcome = self.inner.commit(changes.clone()).await;
                if let Err(CommitError::Store(_)) = &outcome {
                    for op in changes.ops {
                        let one = ChangeSet { ops: vec![op], ..ChangeSet::default() };
                        if self.inner.commit(one).await.is_err() {
                            break;
                        }
                    }
                }
                return outcome;
            }
            _ => {}
        }
        let asked = changes.request;
        let mut receipt = self.inner.commit(changes).await?;
        match self.flaw {
            Flaw::HidesReplays => receipt.replayed = None,
            Flaw::ReplaysWhatIsAsked => receipt.replayed = receipt.replayed.and(asked),
            Flaw::ReceiptsAreOneBehind => receipt.seq = Seq(receipt.seq.0.saturating_sub(1)),
            _ => {}
        }
        Ok(receipt)
    }

    async fn replay(&self, request: RequestId) -> Result<Option<Receipt>, StoreError> {
        if self.is(Flaw::HasNoReceipts) {
            return Ok(None);
        }
        self.inner.replay(request).await
    }
}

#[async_trait]
impl EventLog for Flawed {
    async fn head(&self) -> Result<Seq, StoreError> {
        self.inner.head().await
    }

    async fn events_after(&self, after: Seq, limit: usize) -> Result<Vec<Event>, StoreError> {
        let mut events = self.inner.events_after(after, limit).await?;
        match self.flaw {
            Flaw::LogSkipsOne => events.retain(|event| event.seq != Seq(2)),
            Flaw::LogLosesLast if events.len() < limit => drop(events.pop()),
            _ => {}
        }
        Ok(events)
    }

    async fn checkpoint(&self, name: &Slug) -> Result<Option<Seq>, StoreError> {
        self.inner.checkpoint(&self.checkpoint_name(name)).await
    }
}
