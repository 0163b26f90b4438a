//! Which case notices which flaw.

use super::{Flaw, Flawed, Kind};
use crate::conformance::CASES;
use crate::world::World;

/// Whether a case fails on a store with this flaw.
fn notices(case: &str, flaw: Flaw) -> bool {
    let run = || {
        let case = CASES.iter().find(|known| known.name == case).unwrap();
        pollster::block_on(async { (case.run)(World::open(Flawed::opener(flaw)).await).await })
    };
    // A flaw may also make the store itself stumble.
    std::panic::catch_unwind(run).map_or(true, |outcome| outcome.is_err())
}

#[test]
fn every_flaw_is_noticed_by_a_case() {
    for (flaw, case) in FLAWS {
        assert!(CASES.iter().any(|known| known.name == *case), "there is no case `{case}`");
        // Who wins a race is not certain: one that is lost is run again.
        let tries = if *flaw == Flaw::ChecksBeforehand { 50 } else { 1 };
        let is_noticed = (0..tries).any(|_| notices(case, *flaw));
        assert!(is_noticed, "`{case}` does not notice {flaw:?}");
    }
}

/// Each flaw with a case that fails because of it.
const FLAWS: &[(Flaw, &str)] = &[
    (Flaw::KeepsPartOfWhatFails, "a_channel_of_a_missing_community_applies_nothing"),
    (Flaw::SkipsExpectation(Kind::Absent), "a_community_key_is_absent_until_it_is_taken"),
    (Flaw::SkipsExpectation(Kind::Rev), "the_revision_of_a_community_is_expected"),
    (Flaw::SkipsExpectation(Kind::Gate), "a_gate_is_expected"),
    (Flaw::SkipsExpectation(Kind::Access), "the_access_of_a_visitor_is_expected"),
    (Flaw::SkipsExpectation(Kind::ReactionIs), "a_reaction_is_expected"),
    (Flaw::SkipsExpectation(Kind::Below), "a_counter_below_a_bound_is_expected"),
    (Flaw::SkipsExpectation(Kind::CheckpointAt), "a_checkpoint_is_expected"),
    (Flaw::NamesTheLastExpectation, "the_first_expectation_that_fails_is_named"),
    (Flaw::ChecksBeforehand, "of_commits_that_expect_one_revision_one_is_applied"),
    (Flaw::ForgetsRequests, "requests_are_replayed_after_opening_again"),
    (Flaw::MixesUpRequests, "requests_are_replayed_after_opening_again"),
    (Flaw::HidesReplays, "requests_are_replayed_after_opening_again"),
    (Flaw::ReplaysWhatIsAsked, "a_replay_gives_what_was_recorded_first"),
    (Flaw::HasNoReceipts, "requests_are_replayed_after_opening_again"),
    (Flaw::TurnsEventsAround, "events_of_a_change_set_stand_together_in_their_order"),
    (Flaw::LosesActors, "events_come_back_as_they_were_written"),
    (Flaw::ReceiptsAreOneBehind, "a_receipt_names_the_last_position_taken"),
    (Flaw::LosesCounter(Kind::Members), "a_counter_of_a_missing_community_applies_nothing"),
    (Flaw::LosesCounter(Kind::TopicUps), "what_comes_earlier_in_a_change_set_can_be_referred_to"),
    (Flaw::LosesCounter(Kind::TopicDowns), "a_counter_of_a_missing_topic_applies_nothing"),
    (Flaw::LosesCounter(Kind::TopicPosts), "a_change_set_is_applied_whole"),
    (Flaw::LosesCounter(Kind::TopicAnswers), "a_counter_of_a_missing_topic_applies_nothing"),
    (Flaw::LosesCounter(Kind::TopicAccepted), "a_counter_of_a_missing_topic_applies_nothing"),
    (Flaw::LosesCounter(Kind::Participation), "a_change_set_is_applied_whole"),
    (Flaw::LosesCounter(Kind::PostUps), "a_counter_of_a_missing_post_applies_nothing"),
    (Flaw::LosesCounter(Kind::PostDowns), "a_counter_of_a_missing_post_applies_nothing"),
    (Flaw::LosesCounter(Kind::PostChildren), "a_counter_of_a_missing_post_applies_nothing"),
    (Flaw::LosesCounter(Kind::PostCorrections), "a_counter_of_a_missing_post_applies_nothing"),
    (Flaw::LosesCounter(Kind::Tally), "a_counter_of_a_missing_post_applies_nothing"),
    (Flaw::LosesCounter(Kind::LabelUse), "a_counter_below_zero_applies_nothing"),
    (Flaw::LosesCounter(Kind::ChannelTopics), "a_counter_below_zero_applies_nothing"),
    (Flaw::TakesCountersFromPuts, "a_page_goes_on_behind_a_post_that_is_gone"),
    (Flaw::RaisesBySetting, "activity_is_only_ever_raised"),
    (Flaw::SetsByRaising, "activity_is_read_after_it_is_raised_or_set"),
    (Flaw::KeepsReactions, "a_reaction_is_expected"),
    (Flaw::KeepsLinks, "a_link_is_read_from_both_ends"),
    (Flaw::DropsLinksOfEveryKind, "links_of_two_kinds_and_directions_come_in_order_and_by_pages"),
    (Flaw::HasOneSlot, "a_reaction_is_read_after_it_is_given_and_not_after_it_is_dropped"),
    (Flaw::HasOneDay, "views_are_read_after_they_are_added"),
    (Flaw::HasOneCheckpoint, "a_checkpoint_is_expected"),
    (Flaw::TrimsTexts, "bodies_are_kept_byte_for_byte"),
    (Flaw::CutsTexts, "bodies_are_kept_byte_for_byte"),
    (Flaw::FoldsLines, "bodies_are_kept_byte_for_byte"),
    (Flaw::CutsTimes, "every_field_of_a_topic_comes_back"),
    (Flaw::FoldsCase, "members_are_told_apart_by_every_byte_of_their_keys"),
    (Flaw::LosesPayloads, "payloads_are_kept_as_they_are"),
    (Flaw::LosesReasons, "bodies_are_kept_byte_for_byte"),
    (Flaw::LosesPins, "a_pin_is_read_until_it_is_taken_off"),
    (Flaw::LosesRevisions, "a_new_text_is_read_after_it_is_written"),
    (Flaw::NeverStale, "rights_stay_and_go_on_from_there"),
    (Flaw::ContentMovesRights, "the_access_of_a_visitor_is_expected"),
    (Flaw::RightsStandStill, "the_access_of_a_visitor_is_expected"),
    (Flaw::EverybodyMovesRights, "the_access_of_a_visitor_is_expected"),
    (Flaw::LosesLabels, "a_label_is_read_after_it_is_written"),
    (Flaw::TurnsAnswersAround, "members_and_memberships_stay"),
    (Flaw::SkipsWhatIsMissing, "members_and_memberships_stay"),
    (Flaw::AnswersThousand, "large_requests_are_answered_whole"),
    (Flaw::FindsNoPosts, "a_reply_is_read_after_it_is_written"),
    (Flaw::LeaksTopics, "rights_stay_and_go_on_from_there"),
    (Flaw::LeaksPosts, "a_hidden_post_is_as_an_absent_one"),
    (Flaw::LeaksFeeds, "feeds_of_a_whole_world_stay"),
    (Flaw::LeaksPins, "pinned_topics_are_read_by_those_who_may"),
    (Flaw::LeaksThreads, "everything_in_a_hidden_topic_is_as_absent"),
    (Flaw::LeaksAncestors, "what_hangs_on_a_hidden_post_is_as_absent"),
    (Flaw::LeaksRevisions, "what_hangs_on_a_hidden_post_is_as_absent"),
    (Flaw::LeaksLabelUse, "labels_are_counted_over_what_a_viewer_reads"),
    (Flaw::LeaksChannelTopics, "channels_are_counted_over_what_a_viewer_reads"),
    (Flaw::LeaksTopicsById, "all_topics_of_a_community_are_read_by_id"),
    (Flaw::LeaksPostsById, "everything_in_a_hidden_topic_is_as_absent"),
    (Flaw::DropsLastOfFeed, "feeds_of_a_whole_world_stay"),
    (Flaw::DoublesFeedItem, "a_topic_is_read_after_it_is_written"),
    (Flaw::SaysMore, "more_is_said_exactly_when_there_is_more"),
    (Flaw::SaysNoMore, "feeds_of_a_whole_world_stay"),
    (Flaw::BeginsAtPlace, "feeds_of_a_whole_world_stay"),
    (Flaw::SkipsTies, "feeds_of_a_whole_world_stay"),
    (Flaw::SortsNewOnly, "views_are_read_after_they_are_added"),
    (Flaw::TurnsOldestAround, "feeds_of_a_whole_world_stay"),
    (Flaw::IgnoresWindow, "a_window_of_days_is_listed"),
    (Flaw::IgnoresLabels, "a_label_is_listed"),
    (Flaw::IgnoresKind, "a_kind_is_listed"),
    (Flaw::IgnoresAuthor, "an_author_is_listed"),
    (Flaw::IgnoresOwn, "feeds_of_a_whole_world_stay"),
    (Flaw::ShortFeedPages, "feeds_of_a_whole_world_stay"),
    (Flaw::LosesCardCorrections, "a_correction_is_read_after_it_is_written"),
    (Flaw::SortsThreadsByTime, "a_thread_is_read_in_every_order_and_by_every_page_size"),
    (Flaw::IgnoresDepth, "a_thread_ends_at_a_depth"),
    (Flaw::IgnoresRoot, "the_subtree_of_a_post_is_read"),
    (Flaw::BeginsAtRoot, "a_thread_begins_at_any_post"),
    (Flaw::ForgetsOldPlace, "a_page_goes_on_where_a_post_stood_that_was_voted_on_since"),
    (Flaw::TellsHiddenKeys, "the_place_of_a_hidden_post_tells_nothing_of_its_votes"),
    (Flaw::DropsPlaceholders, "a_thread_is_read_in_every_order_and_by_every_page_size"),
    (Flaw::SaysNoMorePosts, "a_thread_is_read_in_every_order_and_by_every_page_size"),
    (Flaw::ListsTheUnlisted, "members_who_are_not_listed_or_have_not_joined_are_left_out"),
    (Flaw::ForgetsMemberPlace, "members_of_a_community_come_in_the_order_in_which_they_joined"),
    (Flaw::NamesTheUnlisted, "who_is_not_listed_or_has_not_joined_is_not_found_by_name"),
    (Flaw::NamesFromElsewhere, "a_name_is_found_in_the_community_that_is_asked_for"),
    (Flaw::NamesByFirstWord, "a_name_is_found_by_each_of_its_words"),
    (Flaw::NamesByName, "a_member_is_found_by_the_beginning_of_the_key"),
    (Flaw::NamesTwice, "a_member_is_found_once_however_often_the_name_fits"),
    (Flaw::TurnsNamesAround, "names_come_in_order_whatever_their_number"),
    (Flaw::ForgetsReactionPlace, "reactions_are_read_page_by_page"),
    (Flaw::TurnsReactionsAround, "reactions_are_read_oldest_first"),
    (Flaw::ForgetsRevisionNumber, "a_new_text_is_read_after_it_is_written"),
    (Flaw::TurnsCorrectionsAround, "corrections_that_stand_are_shown_oldest_first"),
    (Flaw::ShowsWithdrawnCorrections, "corrections_that_stand_are_shown_oldest_first"),
    (Flaw::IgnoresExcept, "the_latest_bump_is_of_a_published_post_that_bumps"),
    (Flaw::PinsWhatIsHidden, "pinned_topics_are_published_ones_of_the_community"),
    (Flaw::ForgetsOneMembership, "a_community_for_members_is_empty_for_others"),
    (Flaw::LogSkipsOne, "positions_rise_by_one"),
    (Flaw::LogLosesLast, "positions_rise_by_one"),
    (Flaw::LosesEntries, "entries_come_back_as_they_were_appended"),
    (Flaw::CutsEntries, "entries_come_back_as_they_were_appended"),
    (Flaw::ForgetsEntryPlace, "entries_come_back_as_they_were_appended"),
    (Flaw::TakesOnePoint, "a_standing_is_the_sum_of_entries"),
    (Flaw::RanksTheOthersWay, "standings_come_most_points_first"),
    (Flaw::SumsAllDays, "points_are_summed_by_group_giver_and_day"),
    (Flaw::FindsOtherPosts, "entries_are_found_by_what_they_are_about"),
    (Flaw::FindsEventsOfAll, "events_of_a_community_are_read_without_those_of_others"),
    (Flaw::HasOneLedger, "ledgers_of_rule_sets_and_communities_are_apart"),
    (Flaw::LosesNotes, "a_grant_is_read_after_it_is_written"),
    (Flaw::LosesEarlyVisits, "a_visit_is_read_by_member_and_by_day"),
    (Flaw::IgnoresFirstDay, "a_visit_is_read_by_member_and_by_day"),
    (Flaw::ForgetsWhoCameToo, "a_visit_is_read_by_member_and_by_day"),
];
