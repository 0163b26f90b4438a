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
            durable durable Durable {
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
    fn names_differ() {
        let names: BTreeSet<_> = CASES.iter().map(|case| case.name).collect();
        assert_eq!(names.len(), CASES.len());
        assert!(names.len() >= 90, "{}", names.len());
    }
}
