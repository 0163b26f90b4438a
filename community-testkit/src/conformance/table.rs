//! The table of cases: every case stands here once, and in `cases/` under the same name.

use super::{Case, Guarantee};

/// Hands the table to another macro of this crate.
#[doc(hidden)]
#[macro_export]
macro_rules! __conformance_table {
    ($each:ident $with:tt) => {
        $crate::$each! { $with
            always all_or_nothing AllOrNothing {
                a_change_set_is_applied_whole
                an_empty_change_set_writes_nothing
                operations_are_applied_in_their_order
                what_comes_earlier_in_a_change_set_can_be_referred_to
                a_channel_of_a_missing_community_applies_nothing
                a_label_of_a_missing_community_applies_nothing
                a_membership_in_a_missing_community_applies_nothing
                a_membership_of_a_missing_member_applies_nothing
                a_topic_in_a_missing_channel_applies_nothing
                a_topic_of_a_missing_member_applies_nothing
                a_post_in_a_missing_topic_applies_nothing
                a_reply_to_a_missing_post_applies_nothing
                a_post_of_a_missing_member_applies_nothing
                a_text_of_a_missing_post_applies_nothing
                a_correction_of_a_missing_post_applies_nothing
                a_reaction_to_a_missing_post_applies_nothing
                a_reaction_of_a_missing_member_applies_nothing
                a_link_to_or_from_a_missing_topic_applies_nothing
                a_counter_of_a_missing_topic_applies_nothing
                a_counter_of_a_missing_post_applies_nothing
                a_counter_of_a_missing_community_applies_nothing
                activity_of_a_missing_topic_applies_nothing
                views_of_a_missing_topic_apply_nothing
                a_counter_below_zero_applies_nothing
                views_below_zero_apply_nothing
                a_community_key_for_two_applies_nothing
                a_channel_key_for_two_applies_nothing
                a_member_key_for_two_applies_nothing
                an_item_key_for_two_applies_nothing
                one_key_in_two_communities_is_two_keys
                taking_away_what_is_not_there_does_nothing
                a_refused_change_set_can_be_sent_again_when_it_is_mended
            }
            always expectations Expectations {
                a_community_key_is_absent_until_it_is_taken
                a_channel_key_is_absent_until_it_is_taken
                a_label_key_is_absent_until_it_is_taken
                a_member_key_is_absent_until_it_is_taken
                a_topic_key_is_absent_until_it_is_taken
                a_post_key_is_absent_until_it_is_taken
                a_key_that_was_given_up_is_absent_again
                keys_are_compared_exactly
                the_revision_of_a_community_is_expected
                the_revision_of_a_channel_is_expected
                the_revision_of_a_member_is_expected
                the_revision_of_a_membership_is_expected
                the_revision_of_a_topic_is_expected
                the_revision_of_a_post_is_expected
                the_revision_of_a_correction_is_expected
                the_revision_of_a_document_is_expected
                counting_does_not_move_a_revision
                a_gate_is_expected
                a_missing_topic_has_no_gate
                the_access_of_a_visitor_is_expected
                the_access_of_a_member_is_expected
                an_attribute_that_changed_is_another_access
                a_reaction_is_expected
                the_reactions_of_others_do_not_matter
                a_counter_below_a_bound_is_expected
                every_counter_can_be_bounded
                a_counter_that_never_moved_is_zero
                a_checkpoint_is_expected
                how_much_was_written_on_a_day_is_expected
                the_first_expectation_that_fails_is_named
                expectations_look_at_what_was_before_the_operations
                expectations_without_operations_are_checked
                a_failed_expectation_leaves_the_request_id_free
                an_edit_over_an_older_revision_is_refused
            }
            always races Expectations {
                of_commits_that_expect_one_revision_one_is_applied
                of_commits_that_expect_a_free_key_one_is_applied
                of_clicks_on_one_vote_one_is_counted
                of_projections_from_one_checkpoint_one_is_applied
                a_capacity_is_filled_exactly
                a_reply_and_a_lock_do_not_both_commit
                a_suspension_and_a_reply_do_not_both_rest_on_the_old_rights
                replies_to_one_topic_do_not_conflict
                votes_of_many_are_all_counted
                views_of_many_add_up
                a_vote_that_changes_and_one_that_is_taken_back_do_not_both_commit
                an_answer_is_accepted_by_one_of_two
                readers_see_a_change_set_whole_or_not_at_all
            }
            always log Log {
                an_empty_log_ends_at_zero
                positions_rise_by_one
                events_of_a_change_set_stand_together_in_their_order
                a_receipt_names_the_last_position_taken
                a_receipt_without_events_names_the_head
                the_log_is_read_page_by_page
                behind_the_head_there_is_nothing
                events_come_back_as_they_were_written
                a_refused_change_set_takes_no_position
                concurrent_commits_take_positions_without_a_gap
                who_has_seen_a_position_never_sees_a_new_event_before_it
                a_projection_begins_without_a_checkpoint
                a_checkpoint_moves_with_its_commit
                projections_have_checkpoints_of_their_own
            }
            always ledgers Meaning {
                entries_come_back_as_they_were_appended
                a_standing_is_the_sum_of_entries
                standings_come_most_points_first
                entries_of_a_member_come_latest_first
                entries_are_found_by_what_they_are_about
                points_are_summed_by_group_giver_and_day
                ledgers_of_rule_sets_and_communities_are_apart
                two_entries_at_one_place_apply_nothing
                events_of_a_community_are_read_without_those_of_others
                a_grant_is_read_after_it_is_written
                notes_of_grants_to_a_member_are_erased
                points_are_summed_by_day
                a_board_has_what_was_earned_there_and_then
                what_only_counts_for_badges_is_on_no_board
                a_board_comes_most_points_first
                all_boards_that_somebody_is_on_are_named
            }
            always documents Meaning {
                documents_come_back_as_they_were_written
                a_document_that_is_written_again_leaves_its_old_places
                documents_of_a_list_come_greatest_key_first
                lists_of_documents_are_apart
                lists_in_which_a_document_stands_are_listed_in_order
                a_document_that_is_taken_away_is_gone
                documents_of_a_community_are_read_by_id
                a_document_of_a_missing_community_applies_nothing
                a_document_that_goes_elsewhere_applies_nothing
                a_document_twice_in_one_list_applies_nothing
                documents_are_applied_with_the_rest_or_not_at_all
                the_largest_document_is_kept
            }
            always awards Meaning {
                an_award_is_read_after_it_is_written
                awards_come_by_badge_and_member
                holders_are_counted_by_tier
                awards_of_badge_sets_and_communities_are_apart
                an_award_of_nobody_applies_nothing
                points_are_summed_by_groups_that_begin_alike
                points_are_summed_as_they_were_at_a_position
                what_was_written_on_a_day_is_counted
                events_of_a_community_are_read_by_time
            }
            always visits Meaning {
                a_visitor_has_the_number_of_the_latest_new_visit
                a_visit_is_read_by_member_and_by_day
                a_visit_that_is_noted_again_changes_nothing
                a_visit_of_nobody_applies_nothing
            }
            always read_your_writes ReadYourWrites {
                a_community_is_read_after_it_is_written
                a_channel_is_read_after_it_is_written
                a_label_is_read_after_it_is_written
                a_member_is_read_after_it_is_written
                a_membership_is_read_after_it_is_written
                a_topic_is_read_after_it_is_written
                a_topic_that_changes_is_read_so
                a_reply_is_read_after_it_is_written
                a_new_text_is_read_after_it_is_written
                a_correction_is_read_after_it_is_written
                a_link_is_read_from_both_ends
                a_reaction_is_read_after_it_is_given_and_not_after_it_is_dropped
                every_counter_is_read_where_it_belongs
                views_are_read_after_they_are_added
                activity_is_read_after_it_is_raised_or_set
                an_event_and_a_checkpoint_are_read_after_they_are_written
                a_pin_is_read_until_it_is_taken_off
                a_mark_is_read_after_it_is_made
                a_name_that_changes_is_read_with_everything_its_member_wrote
                what_one_thread_has_committed_another_reads
                reading_changes_nothing
            }
            durable durable Durable {
                an_empty_store_opens_again
                what_a_store_is_stays
                the_directory_stays
                members_and_memberships_stay
                topics_posts_and_texts_stay
                what_was_changed_and_hidden_stays_so
                reactions_and_counters_stay
                what_was_taken_back_stays_away
                corrections_and_links_stay
                views_and_activity_stay
                documents_stay
                the_log_and_checkpoints_stay_and_go_on
                requests_are_replayed_after_opening_again
                rights_stay_and_go_on_from_there
                expectations_hold_and_fail_as_before
                what_was_refused_is_not_there
                every_commit_that_returned_is_there
                concurrent_commits_that_returned_are_there
                feeds_of_a_whole_world_stay
                work_goes_on_after_opening_again
            }
            always by_id ById {
                topics_come_back_in_the_order_of_the_request
                posts_come_back_in_the_order_of_the_request
                members_come_back_in_the_order_of_the_request
                members_by_key_come_back_in_the_order_of_the_request
                keys_are_looked_up_in_the_order_of_the_request
                a_first_post_is_looked_up_by_its_own_key
                a_key_leads_to_what_is_hidden_too
                a_key_that_changed_leads_no_more_to_its_item
                who_asks_for_nothing_gets_nothing
                large_requests_are_answered_whole
                a_hidden_topic_is_as_an_absent_one
                a_hidden_post_is_as_an_absent_one
                what_hangs_on_a_hidden_post_is_as_absent
                everything_in_a_hidden_topic_is_as_absent
                a_topic_that_is_restored_is_there_again
            }
            always feeds Pages {
                a_community_is_listed
                a_channel_is_listed
                a_channel_with_those_below_it_is_listed
                several_channels_are_listed_together
                a_channel_of_own_topics_lists_own_topics
                own_topics_stand_among_all_others
                a_label_is_listed
                two_labels_together_are_listed
                one_of_two_labels_is_listed
                topics_without_a_label_are_listed
                a_nested_expression_of_labels_is_listed
                empty_expressions_are_everything_and_nothing
                a_label_that_only_some_see_is_listed_for_them
                a_label_in_a_channel_is_listed
                a_label_in_several_channels_is_listed
                labels_excluded_in_a_channel_are_not_listed
                a_kind_is_listed
                a_kind_in_a_channel_is_listed
                a_kind_with_a_label_is_listed
                an_author_is_listed
                an_author_in_some_channels_is_listed
                an_author_is_listed_across_communities
                a_window_of_days_is_listed
                a_window_ends_at_an_id_and_includes_it
                a_window_of_a_label_a_kind_and_an_author_is_listed
                several_communities_are_listed_together
                parts_of_several_communities_are_listed_together
                nothing_selected_is_nothing_listed
                a_selection_wider_than_the_scope_lists_no_more_than_the_scope
                cards_show_what_their_topics_are
            }
            always feed_pages Pages {
                ties_are_broken_by_id
                scores_below_zero_come_last
                a_page_begins_behind_any_place
                more_is_said_exactly_when_there_is_more
                an_empty_community_has_an_empty_page
                pages_are_full_however_many_topics_are_removed
                pages_are_full_however_many_topics_are_of_others
                pages_are_full_however_few_topics_have_the_labels
                pages_are_full_however_few_topics_are_of_a_kind_or_author
                what_was_there_throughout_a_walk_is_seen_once
                a_topic_that_is_hidden_stands_in_no_listing
                a_topic_that_moves_stands_in_its_new_channel_only
                a_topic_that_is_relabelled_stands_with_its_new_labels_only
                a_topic_that_changes_its_kind_or_author_stands_with_the_new_one
                a_topic_that_was_written_with_another_creation_time_is_sorted_by_it
                many_topics_are_walked_whole
            }
            always threads Pages {
                a_thread_is_read_in_every_order_and_by_every_page_size
                a_thread_ends_at_a_depth
                the_subtree_of_a_post_is_read
                a_thread_begins_at_any_post
                a_page_begins_behind_any_post
                a_subtree_begins_at_and_behind_its_own_posts_only
                more_posts_are_said_exactly_when_there_are_more
                best_is_accepted_then_score_then_the_older
                oldest_and_newest_are_by_time_whatever_the_score
                posts_of_one_moment_are_ordered_by_id
                posts_of_one_millisecond_are_ordered_by_id
                a_vote_moves_a_post_in_best
                an_acceptance_moves_a_post_in_best_and_back
                a_removed_post_with_replies_leaves_a_placeholder
                a_withdrawn_post_with_replies_is_a_placeholder_to_others
                a_placeholder_says_where_a_post_stood_and_nothing_of_it
                a_hidden_post_without_replies_is_in_no_thread
                a_placeholder_goes_with_its_last_reply_and_comes_back_with_it
                a_removed_first_post_is_a_placeholder_on_top
                a_thread_whose_root_is_not_in_its_topic_is_empty
                a_thread_does_not_begin_at_a_post_that_it_does_not_show
                a_page_goes_on_behind_a_post_that_is_gone
                a_page_goes_on_where_a_post_stood_that_was_voted_on_since
                the_place_of_a_hidden_post_tells_nothing_of_its_votes
                a_reply_that_comes_between_two_pages_doubles_nothing
                a_chain_of_a_thousand_replies_is_read
                two_thousand_replies_to_one_post_are_read
                posts_of_a_thread_come_with_all_that_hangs_on_them
                the_posts_above_a_post_are_read_from_the_top
                the_thread_of_a_withdrawn_topic_is_its_authors
            }
            always lists Pages {
                members_of_a_community_come_in_the_order_in_which_they_joined
                members_who_are_not_listed_or_have_not_joined_are_left_out
                a_row_of_a_member_says_what_the_member_is
                a_community_without_members_lists_none
                a_member_who_joins_anew_moves_in_the_list
                all_members_are_read_by_id
                all_topics_of_a_community_are_read_by_id
                all_posts_of_a_topic_are_read_by_id
            }
            always names Pages {
                a_name_is_found_by_each_of_its_words
                a_member_is_found_by_the_beginning_of_the_key
                names_come_in_order_whatever_their_number
                a_member_is_found_once_however_often_the_name_fits
                who_is_not_listed_or_has_not_joined_is_not_found_by_name
                a_name_is_found_in_the_community_that_is_asked_for
                a_member_with_a_new_name_is_found_by_it_alone
                names_of_every_script_are_found
            }
            always requests Requests {
                a_request_that_is_sent_again_is_replayed
                a_replay_does_not_ask_for_expectations
                a_replay_gives_what_was_recorded_first
                a_request_id_of_another_command_is_refused
                change_sets_without_a_request_are_applied_each_time
                requests_are_told_apart_by_their_ids
                a_request_that_writes_nothing_is_remembered_too
                the_receipt_of_a_request_can_be_asked_for
                requests_keep_subjects_and_fingerprints_of_all_sizes
                one_request_sent_by_many_at_once_is_applied_once
                a_commit_whose_caller_goes_away_is_applied_whole_or_not_at_all
            }
            always texts NoLimits {
                bodies_are_kept_byte_for_byte
                bodies_of_every_length_are_kept
                titles_are_kept_byte_for_byte
                payloads_are_kept_as_they_are
                corrections_and_marks_are_kept_byte_for_byte
                what_members_say_of_themselves_is_kept_byte_for_byte
                names_and_descriptions_are_kept_byte_for_byte
                members_are_told_apart_by_every_byte_of_their_keys
                items_are_told_apart_by_every_byte_of_their_keys
                labels_are_told_apart_by_every_byte
                kinds_and_reactions_are_told_apart_by_every_byte
                communities_and_channels_are_told_apart_by_every_byte
                as_many_labels_as_the_engine_allows_are_kept
                as_much_about_a_member_as_the_engine_allows_is_kept
                a_change_set_of_thousands_of_operations_is_applied_whole
            }
            always scopes Scopes {
                topics_are_read_by_those_who_may
                posts_are_read_by_those_who_may
                pinned_topics_are_read_by_those_who_may
                pinned_topics_come_beside_a_feed_as_by_themselves
                threads_are_read_by_those_who_may
                what_stands_above_a_post_is_read_by_those_who_may
                texts_are_read_by_those_who_may
                posts_by_id_are_read_by_those_who_may
                labels_are_counted_over_what_a_viewer_reads
                channels_are_counted_over_what_a_viewer_reads
                what_is_hidden_counts_nowhere
                own_topics_are_counted_and_forgotten_with_their_state
                who_is_suspended_reads_what_a_visitor_reads
                a_stranger_reads_what_a_visitor_reads
                a_community_for_members_is_empty_for_others
                a_channel_below_a_closed_one_is_closed
                what_was_removed_is_seen_by_moderators_of_its_channel
                the_author_of_an_own_topic_reads_what_others_reply
                rights_that_change_hold_in_the_next_read
                a_label_for_some_is_on_no_topic_for_others
            }
            always access Scopes {
                a_community_that_is_written_moves_all_rights
                a_channel_that_is_written_moves_all_rights
                a_label_that_is_written_moves_all_rights
                a_member_that_is_written_moves_that_members_rights
                a_membership_that_is_written_moves_that_members_rights
                a_visitor_has_no_rights_of_a_member
                a_new_members_rights_differ_from_those_of_nobody
                content_moves_no_rights
                a_refused_change_set_moves_no_rights
                a_scope_is_stale_after_the_directory_was_written
                a_scope_is_stale_after_its_member_was_written
                a_scope_stays_fresh_while_content_is_written
                the_scope_of_the_system_is_never_stale
                a_scope_of_other_rights_is_refused
            }
            always counters Meaning {
                a_new_topic_starts_at_zero_whatever_it_says
                a_topic_that_is_written_again_keeps_its_counters
                a_new_post_starts_at_zero_whatever_it_says
                a_post_that_is_written_again_keeps_its_counters
                what_hangs_on_a_post_goes_with_it_to_another_topic
                a_member_participates_while_one_post_is_there
                participation_that_comes_and_goes_in_one_commit_is_none
                participation_is_counted_by_topic
                a_tally_is_gone_at_zero
                tallies_are_kept_by_post
                label_use_is_summed_over_channels_and_gone_at_zero
                topics_are_counted_by_channel
                members_are_counted_by_community
                counters_of_topic_and_post_are_two
                moves_of_one_counter_in_one_commit_add_up
                counters_hold_large_numbers
                activity_is_only_ever_raised
                activity_is_set_forwards_and_backwards
                a_vote_moves_a_topic_in_top_and_hot
                an_answer_takes_a_topic_out_of_unanswered
                an_accepted_answer_takes_a_topic_out_of_unsolved
                topics_that_take_no_answers_are_in_neither
                a_removed_reply_takes_its_counts_along
            }
            always content Meaning {
                every_field_of_a_topic_comes_back
                every_field_of_a_post_comes_back
                every_field_of_a_revision_comes_back
                revisions_are_read_rising_and_page_by_page
                a_revision_that_is_written_again_is_replaced
                the_text_of_a_post_is_the_revision_that_it_names
                every_field_of_a_correction_comes_back
                a_missing_correction_is_none
                corrections_that_stand_are_shown_oldest_first
                links_of_two_kinds_and_directions_come_in_order_and_by_pages
                a_link_that_is_written_again_is_replaced
                a_member_has_one_vote_and_one_reaction_per_post
                what_a_member_gave_comes_in_the_order_of_the_request
                reactions_are_read_oldest_first
                reactions_are_read_page_by_page
                views_add_up_by_day
                the_latest_bump_is_of_a_published_post_that_bumps
                within_a_millisecond_the_latest_bump_is_not_that_of_the_greatest_id
                a_topic_in_which_nothing_bumps_has_no_latest_bump
                pinned_topics_are_published_ones_of_the_community
                what_a_topic_holds_stays_when_it_is_removed_and_restored
                what_a_member_wrote_and_is_not_erased_comes_earliest_first
                times_keep_their_microseconds
            }
            always directory Meaning {
                every_field_of_a_community_comes_back
                every_field_of_a_channel_comes_back
                every_field_of_a_label_comes_back
                every_field_of_a_member_comes_back
                every_field_of_a_membership_comes_back
                an_empty_store_has_an_empty_directory
                communities_are_ordered_by_key
                channels_are_a_tree_read_by_position_and_key
                a_channel_moves_with_what_lies_below_it
                settings_and_rules_are_inherited_from_what_was_written
                labels_of_two_communities_are_kept_apart
                all_memberships_of_a_member_are_read
                memberships_in_a_community_come_in_the_order_of_the_request
                a_renamed_member_is_found_by_the_new_key_only
                two_members_may_swap_their_names_but_not_share_a_key
            }
        }
    };
}

/// Makes a test of every case, for a store that keeps nothing when it is dropped.
///
/// Takes an asynchronous closure without arguments that opens a fresh, empty `Arc<dyn Store>`. See
/// [`conformance`](mod@crate::conformance).
#[macro_export]
macro_rules! conformance {
    ($open:expr $(,)?) => {
        fn conformance_opener() -> $crate::conformance::Opener {
            $crate::conformance::Opener::new($open)
        }
        $crate::__conformance_table! { __conformance_tests fresh }
    };
}

/// Makes a test of every case, for a durable store.
///
/// Takes a closure that makes a fresh, empty place for a store and returns an asynchronous closure
/// that opens the store there: the same data each time. The store is dropped before it is opened
/// again.
///
/// ```
/// # mod tests {
/// use std::sync::Arc;
///
/// use community_core::Store;
/// use community_testkit::ModelStore;
///
/// community_testkit::conformance_durable!(|| {
///     // A clone of a model store shares its data: it stands for a file here.
///     let file = ModelStore::new();
///     move || {
///         let file = file.clone();
///         async move { Arc::new(file) as Arc<dyn Store> }
///     }
/// });
/// # }
/// ```
#[macro_export]
macro_rules! conformance_durable {
    ($home:expr $(,)?) => {
        fn conformance_opener() -> $crate::conformance::Opener {
            $crate::conformance::Opener::new(($home)())
        }
        $crate::__conformance_table! { __conformance_tests durable }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __conformance_tests {
    ($which:ident $($when:ident $group:ident $guarantee:ident { $($name:ident)* })*) => {
        $($crate::__conformance_group! { $which $when $group $($name)* })*
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __conformance_group {
    (fresh durable $($rest:tt)*) => {};
    ($which:ident $when:ident $group:ident $($name:ident)*) => {
        mod $group {
            $(
                #[test]
                fn $name() {
                    $crate::conformance::pass(stringify!($name), super::conformance_opener());
                }
            )*
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __conformance_cases {
    (_ $($when:ident $group:ident $guarantee:ident { $($name:ident)* })*) => {
        &[$($(Case {
            name: stringify!($name),
            guarantee: Guarantee::$guarantee,
            durable: $crate::__conformance_needs_durability!($when),
            run: |world| Box::pin($crate::cases::$group::$name(world)),
        },)*)*]
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __conformance_needs_durability {
    (always) => {
        false
    };
    (durable) => {
        true
    };
}

/// All cases, in the order of the table.
pub static CASES: &[Case] = crate::__conformance_table! { __conformance_cases _ };

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_differ_and_there_are_at_least_200() {
        let names: BTreeSet<_> = CASES.iter().map(|case| case.name).collect();
        assert_eq!(names.len(), CASES.len());
        assert!(names.len() >= 200, "{}", names.len());
    }
}
