//! What is searched while it changes.

use community::search::Per;
use community::{
    Attribute, Audience, ChannelUpdate, Error, NewLabel, NewMember, NewPost, Policy, PostEdit,
    PostId, SearchQuery, Session, Slug, TopicEdit, TopicId, Viewer, Vote,
};
use community_testkit::worlds::{Dice, Size};
use pollster::block_on;

use crate::stage::{Stage, any_query, key, text};
use crate::viewers::compare;

/// Changes between two comparisons with a scan.
const CHANGES: usize = 12;

#[test]
fn nothing_is_found_that_the_viewer_may_not_see_at_that_moment() {
    let mut ahead = 0;
    for seed in 30..36 {
        let stage = Stage::of(Size::Hamlet, seed);
        let dice = &mut Dice::of(seed, "changes", 0);
        let mut things = Things::of(&stage);
        for _ in 0..12 {
            for _ in 0..CHANGES {
                change(&stage, &mut things, dice);
                // At once, while the index does not know yet what has changed.
                let viewer = *dice.pick(&stage.viewers);
                ahead += look(&stage, viewer, &any_query(dice, &stage.names));
            }
            block_on(stage.engine.indexed()).unwrap();
            for viewer in stage.viewers.clone() {
                compare(&stage, viewer, &any_query(dice, &stage.names));
            }
        }
    }
    assert!(ahead > 200, "{ahead} hits were looked at");
}

/// Every hit is what its viewer is shown by other reads at the same moment. Returns how many there
/// are.
fn look(stage: &Stage, viewer: Viewer, query: &SearchQuery) -> usize {
    let session = stage.engine.session(viewer);
    let found = match block_on(session.search(query)) {
        Ok(found) => found,
        Err(Error::NotFound(_)) => return 0,
        Err(error) => panic!("{query:?}: {error}"),
    };
    for hit in &found.hits {
        let topic = block_on(session.topic(hit.topic.topic.id)).unwrap();
        assert_eq!(topic.topic, hit.topic.topic, "{viewer:?} {query:?}");
        let post = block_on(session.post(hit.post.post.id)).unwrap();
        assert_eq!(post.into_inner(), hit.post, "{viewer:?} {query:?}");
    }
    found.hits.len()
}

/// What there is to change.
struct Things {
    topics: Vec<(Slug, TopicId)>,
    posts: Vec<PostId>,
}

impl Things {
    fn of(stage: &Stage) -> Self {
        let (mut topics, mut posts) = (Vec::new(), Vec::new());
        let mut query = SearchQuery::everywhere("").per(Per::Post).limit(100);
        loop {
            let page = block_on(stage.naive.as_system().search(&query)).unwrap();
            for hit in &page.hits {
                let place =
                    block_on(stage.naive.as_system().place(hit.topic.topic.channel)).unwrap();
                topics.push((place.community.clone(), hit.topic.topic.id));
                posts.push(hit.post.post.id);
            }
            let Some(next) = page.next else { break };
            query.after = Some(next);
        }
        Self { topics, posts }
    }
}

/// Changes something. What is refused changes nothing, which is as good.
fn change(stage: &Stage, things: &mut Things, dice: &mut Dice) {
    let host = stage.engine.as_system();
    let (community, topic) = dice.pick(&things.topics).clone();
    let post = *dice.pick(&things.posts);
    let names = &stage.names;
    let done = match dice.below(17) {
        0 => {
            let edit = TopicEdit {
                title: Some(text(dice, 6)),
                body: Some(text(dice, 30)),
                ..TopicEdit::default()
            };
            block_on(host.edit_topic(topic, edit))
        }
        1 => {
            let labels = vec![dice.pick(&names.labels).clone()];
            let edit = TopicEdit { labels: Some(labels), ..TopicEdit::default() };
            block_on(host.edit_topic(topic, edit))
        }
        2 | 3 => block_on(host.edit_post(post, PostEdit::new(text(dice, 20)))),
        4 => block_on(host.move_topic(topic, dice.pick(&names.channels))),
        5 => block_on(host.remove_topic(topic)),
        6 => block_on(host.restore_topic(topic)),
        7 => block_on(host.remove_post(post)),
        8 => block_on(host.restore_post(post)),
        9 => {
            let policies = [Policy::public(), Policy::members_only(), Policy::own_topics_only()];
            let policy = dice.pick(&policies).clone();
            let update = ChannelUpdate { policy: Some(policy), ..ChannelUpdate::default() };
            block_on(host.update_channel(&community, dice.pick(&names.channels), update))
        }
        10 => block_on(employ(&host, dice)),
        11 => {
            let (key, name) = (dice.pick(&names.labels).clone(), "Label".parse().unwrap());
            let mut label = NewLabel::new(key, name);
            label.audience = Some(dice.pick(&[Audience::Everyone, Audience::Members]).clone());
            block_on(host.put_label(&community, label))
        }
        12 => {
            let member = block_on(stage.engine.member_by_key(dice.pick(&names.members))).unwrap();
            if dice.chance(50) {
                block_on(member.join(&community))
            } else {
                block_on(member.leave(&community))
            }
        }
        13 => {
            let member = block_on(stage.engine.member_by_key(dice.pick(&names.members))).unwrap();
            let replied = block_on(member.reply(NewPost::new(topic, text(dice, 20))));
            replied.map(|post| things.posts.push(post))
        }
        14 => block_on(host.accept(post, None)),
        15 => block_on(host.unaccept(post)),
        _ => {
            let member = block_on(stage.engine.member_by_key(dice.pick(&names.members))).unwrap();
            block_on(member.vote(post, Some(Vote::Up)))
        }
    };
    if let Err(error) = done {
        let is_refusal = matches!(
            error,
            Error::NotFound(_) | Error::Denied(_) | Error::Invalid(_) | Error::Conflict(_)
        );
        assert!(is_refusal, "{error}");
    }
}

/// Makes somebody an employee, or no longer one.
async fn employ(host: &Session, dice: &mut Dice) -> community::Result<()> {
    let mut member = NewMember::new(key("member:3"), "Somebody".parse()?);
    if dice.chance(50) {
        let department = Attribute::Text("workshop".to_owned());
        member.attributes.insert("department".parse()?, department);
    }
    host.sync_member(member).await.map(drop)
}
