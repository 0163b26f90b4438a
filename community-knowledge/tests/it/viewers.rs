//! Who sees what of articles, over random histories of places, policies, sources and reviews.
//!
//! The oracle says it by naive rules over what the script keeps of its own acts. It shares no code
//! with the engine's policy or with the guards of the knowledge base.

mod check;
mod found;
mod rules;
mod script;

use pollster::block_on;
use proptest::prelude::*;

use script::{Act, Script, act};

async fn play(acts: &[Act]) {
    let mut script = Script::new().await;
    for (at, act) in acts.iter().enumerate() {
        script.run(act).await;
        if at % 4 == 3 {
            script.check_found_behind().await;
        }
        if at % 12 == 11 {
            script.check().await;
        }
    }
    script.check().await;
    script.check_found().await;
    // What was brought about step by step is what one reading of everything gives.
    script.world.knowledge.index().unwrap().rebuild().await.unwrap();
    script.check_found().await;
}

/// What is compared with the oracle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Reading,
    Finding,
}

/// Runs a script of which the oracle misses one act, and says whether the check noticed.
fn is_noticed(acts: &[Act], missed: usize, by: By) -> bool {
    let played = std::panic::catch_unwind(|| {
        block_on(async {
            let mut script = Script::new().await;
            for (at, act) in acts.iter().enumerate() {
                let before = (
                    script.rules,
                    script.topics.clone(),
                    script.posts.clone(),
                    script.articles.clone(),
                );
                script.run(act).await;
                if at == missed {
                    (script.rules, script.topics, script.posts, script.articles) = before;
                }
            }
            match by {
                By::Reading => script.check().await,
                By::Finding => script.check_found().await,
            }
        });
    });
    played.is_err()
}

#[test]
fn the_check_notices_an_act_that_the_oracle_missed() {
    // A question of the first channel, harvested into it by the system, published, then one act more.
    let published = [Act::Harvest(0, 0), Act::Submit(0), Act::Approve(0)];
    let more = [
        Act::Move(0, 2),
        Act::TopicState(0, 0),
        Act::PostState(1, 0),
        Act::PostState(1, 1),
        Act::Policy(0, 2),
        Act::Extend(0, 4, true),
        Act::Archive(0, 0),
        Act::Place(0, 2),
    ];
    for act in more {
        let acts: Vec<Act> = published.iter().cloned().chain([act.clone()]).collect();
        for by in [By::Reading, By::Finding] {
            // Nobody finds a draft.
            let shows = by == By::Reading || !matches!(act, Act::Extend(..));
            assert_eq!(is_noticed(&acts, 3, by), shows, "{act:?} by {by:?}");
            assert!(!is_noticed(&acts, 4, by), "{act:?} by {by:?}");
        }
    }
    // Released, and then moved to where few read: the release is what keeps it readable.
    let acts: Vec<Act> =
        published.iter().cloned().chain([Act::Release(0, 0), Act::Move(0, 2)]).collect();
    for by in [By::Reading, By::Finding] {
        assert!(is_noticed(&acts, 3, by) && is_noticed(&acts, 2, by) && !is_noticed(&acts, 9, by));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn everybody_sees_what_the_oracle_says_and_nothing_else(
        acts in prop::collection::vec(act(), 4..40),
    ) {
        block_on(play(&acts));
    }
}
