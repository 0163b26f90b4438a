//! The store of one's own keeps the contract, and shows that no page asks row by row.

#[path = "../custom_backend/main.rs"]
mod custom_backend;

use std::sync::Arc;

use community::Store;
use community::memory::MemoryStore;
use custom_backend::CountingStore;

community_testkit::conformance!(|| async {
    Arc::new(CountingStore::new(Arc::new(MemoryStore::new()))) as Arc<dyn Store>
});

#[test]
fn a_page_costs_the_same_few_calls_whatever_is_on_it() {
    let costs = pollster::block_on(custom_backend::run()).unwrap();
    let cost = |what: &str| {
        let line = costs.iter().find_map(|line| line.strip_prefix(what)).unwrap();
        line.trim_start_matches(": ").to_owned()
    };
    assert_eq!(cost("a page of 20 topics"), "access_rev 1, feed 1");
    assert_eq!(cost("a page of 100 topics"), cost("a page of 20 topics"));
    assert_eq!(cost("a page of 100 posts"), "access_rev 1, thread 1, topics 1");
    assert_eq!(cost("the best 20"), "access_rev 2, board 1, members 1, memberships_in 1");
    assert_eq!(cost("the best 100"), cost("the best 20"));
    assert_eq!(cost("standings of 100"), "access_rev 2, members 1, memberships_in 1, ranked 1");
    assert_eq!(cost("a reply"), "access_rev 1, commit 1, posts 1, topics 1");
}
