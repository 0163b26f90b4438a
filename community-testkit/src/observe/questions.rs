//! What to ask for each read of the register.

use community_core::query::PostOrder;
use community_core::reputation::{BadgeSet, BoardWindow};
use community_core::search::Per;
use community_core::time::from_micros;
use community_core::{
    Action, BoardQuery, ChannelId, CompleteQuery, CorrectionId, DocumentId, FeedQuery, Key,
    LabelExpr, MemberId, NameKind, PostId, Read, SearchQuery, SearchSort, Seq, SimilarQuery, Slot,
    Slug, Sort, ThreadQuery, TopicId, Window,
};

use super::Question;

/// Names of things in a world, there or not: what questions are asked about.
#[derive(Debug, Clone, Default)]
pub struct Refs {
    /// Keys of communities.
    pub communities: Vec<Slug>,
    /// Keys of channels, in whichever community.
    pub channels: Vec<Slug>,
    /// Keys of labels, in whichever community.
    pub labels: Vec<Slug>,
    /// Kinds of topics.
    pub kinds: Vec<Slug>,
    /// Topics.
    pub topics: Vec<TopicId>,
    /// Posts.
    pub posts: Vec<PostId>,
    /// Corrections. No read takes one; commands do.
    pub corrections: Vec<CorrectionId>,
    /// Notes of the extension of the testkit.
    pub notes: Vec<DocumentId>,
    /// Keys of topics and posts.
    pub items: Vec<Key>,
    /// Keys of members.
    pub people: Vec<Key>,
    /// Members.
    pub members: Vec<MemberId>,
    /// Channels.
    pub places: Vec<ChannelId>,
    /// Sizes of pages.
    pub sizes: Vec<usize>,
    /// Cursors of no list.
    pub strange_cursors: Vec<String>,
}

/// Every question that one read of the register can be asked about these things.
///
/// The match has an arm for each read and none for the rest: whoever adds a read is told here.
#[must_use]
pub fn questions(read: Read, refs: &Refs) -> Vec<Question> {
    match read {
        Read::Communities => {
            let mut all = vec![Question::Communities];
            all.extend(refs.communities.iter().cloned().map(Question::Community));
            all
        }
        Read::Channels => {
            let mut all: Vec<_> =
                refs.communities.iter().cloned().map(Question::Channels).collect();
            all.extend(refs.places.iter().copied().map(Question::Place));
            all
        }
        Read::Labels => refs.communities.iter().cloned().map(Question::Labels).collect(),
        Read::Managed => {
            let mut all = Vec::new();
            for community in &refs.communities {
                all.push(Question::ManagedCommunity(community.clone()));
                all.push(Question::ManagedLabels(community.clone()));
                all.push(Question::SuperUsers(community.clone()));
                let channels = refs.channels.iter().cloned();
                all.extend(channels.map(|key| Question::ManagedChannel(community.clone(), key)));
            }
            all
        }
        Read::Feed => feeds(refs).into_iter().map(Question::Feed).collect(),
        Read::Topic => {
            let mut all: Vec<_> = refs.topics.iter().copied().map(Question::Topic).collect();
            all.extend(by_key(refs).map(|(at, key)| Question::TopicByKey(at, key)));
            all
        }
        Read::Thread => threads(refs),
        Read::Post => {
            let mut all: Vec<_> = refs.posts.iter().copied().map(Question::Post).collect();
            all.extend(by_key(refs).map(|(at, key)| Question::PostByKey(at, key)));
            all
        }
        Read::Revisions => each_post(refs, |post, all| {
            all.push(Question::Revisions(post, 0, None));
            all.push(Question::Revisions(post, 1, Some(1)));
            all.push(Question::RevisionDiff(post, 1, 2));
            all.push(Question::RevisionDiff(post, 1, 1));
            all.push(Question::RevisionDiff(post, 0, 1));
        }),
        Read::Corrections => each_post(refs, |post, all| all.push(Question::Corrections(post))),
        Read::Reactions => each_post(refs, |post, all| {
            for slot in [Slot::Vote, Slot::Reaction] {
                for limit in refs.sizes.iter().copied().map(Some).chain([None, Some(0)]) {
                    all.push(Question::Reactions { post, slot, after: None, limit });
                }
            }
            for after in refs.strange_cursors.iter().cloned().map(Some) {
                let slot = Slot::Reaction;
                all.push(Question::Reactions { post, slot, after, limit: None });
            }
        }),
        Read::OwnReactions => {
            let mut all: Vec<_> =
                refs.posts.chunks(7).map(|posts| Question::OwnReactions(posts.to_vec())).collect();
            all.extend(refs.posts.first().map(|post| Question::OwnReactions(vec![*post; 2_000])));
            all
        }
        Read::Links => {
            let mut all = Vec::new();
            for topic in refs.topics.iter().copied() {
                for limit in refs.sizes.iter().copied().map(Some).chain([None, Some(0)]) {
                    all.push(Question::Links { topic, after: None, limit });
                }
                let strange = refs.strange_cursors.iter().cloned();
                all.extend(strange.map(|at| Question::Links {
                    topic,
                    after: Some(at),
                    limit: None,
                }));
            }
            all
        }
        Read::Members => members(refs),
        Read::MemberCount => refs.communities.iter().cloned().map(Question::MemberCount).collect(),
        Read::Standing => standings(refs),
        Read::Leaderboard => boards(refs).into_iter().map(Question::Leaderboard).collect(),
        Read::Badges => badges(refs),
        Read::Complete => completions(refs).into_iter().map(Question::Complete).collect(),
        Read::Can => rights(refs),
        Read::Search => searches(refs).into_iter().map(Question::Search).collect(),
        Read::Similar => similar(refs),
        Read::RecordView => refs.topics.iter().copied().map(Question::RecordView).collect(),
        Read::Visits => visits(refs),
        Read::Extension => notes(refs),
        Read::Suggestions => suggestions(refs),
        Read::Events => {
            let projection = refs.labels.iter().take(1).cloned().map(Question::Checkpoint);
            let mut all = vec![
                Question::Events(Seq(0), None),
                Question::Events(Seq(3), Some(2)),
                Question::Events(Seq(u64::MAX / 4), Some(1)),
                Question::Events(Seq(0), Some(0)),
                Question::Events(Seq(0), Some(100_000)),
                Question::Export,
            ];
            all.extend(projection);
            all
        }
    }
}

/// Each key in each community.
fn by_key(refs: &Refs) -> impl Iterator<Item = (Slug, Key)> {
    let ids = refs.topics.iter().take(2).map(|id| id.to_string());
    let ids = ids.chain(refs.posts.iter().take(3).map(|id| id.to_string()));
    let ids = ids.filter_map(|id| Key::new(&id).ok());
    let keys: Vec<Key> = refs.items.iter().cloned().chain(ids).collect();
    let pairs = refs.communities.iter().flat_map(move |community| {
        keys.iter().cloned().map(|key| (community.clone(), key)).collect::<Vec<_>>()
    });
    pairs.collect::<Vec<_>>().into_iter()
}

fn each_post(refs: &Refs, ask: impl Fn(PostId, &mut Vec<Question>)) -> Vec<Question> {
    let mut all = Vec::new();
    for post in &refs.posts {
        ask(*post, &mut all);
    }
    all
}

fn feeds(refs: &Refs) -> Vec<FeedQuery> {
    let mut wishes = vec![FeedQuery::home()];
    let pair = refs.communities.iter().take(2).cloned().collect();
    wishes.push(FeedQuery { communities: pair, ..FeedQuery::default() });
    for community in &refs.communities {
        let whole = FeedQuery::community(community.clone());
        wishes.push(whole.clone());
        for channel in &refs.channels {
            wishes.push(whole.clone().channel(channel.clone()));
        }
        if let [first, second, ..] = refs.channels.as_slice() {
            wishes.push(whole.clone().channel(first.clone()).channel(second.clone()));
        }
        wishes.extend(label_exprs(refs).into_iter().map(|labels| whole.clone().labels(labels)));
        wishes.extend(refs.kinds.iter().map(|kind| whole.clone().kind(kind.clone())));
        wishes.extend(refs.members.iter().map(|author| whole.clone().author(*author)));
    }
    if let [label, ..] = refs.labels.as_slice() {
        wishes.push(FeedQuery::home().labels(LabelExpr::Has(label.clone())));
    }
    let mut all = Vec::new();
    for wish in &wishes {
        all.push(wish.clone());
        for sort in Sort::ALL {
            all.extend(refs.sizes.iter().map(|size| wish.clone().sort(sort).limit(*size)));
        }
    }
    for community in &refs.communities {
        let whole = FeedQuery::community(community.clone());
        for days in [0, 1, 30, u16::MAX] {
            let window = Window::Days(days);
            for sort in [Sort::Top, Sort::Hot, Sort::Views, Sort::New] {
                all.push(whole.clone().window(window).sort(sort).limit(2));
            }
        }
        all.push(whole.clone().limit(0));
        all.push(whole.clone().limit(1_000_000));
        all.extend(refs.strange_cursors.iter().map(|cursor| whole.clone().after(cursor.clone())));
    }
    all
}

/// Label expressions of every form over these labels.
fn label_exprs(refs: &Refs) -> Vec<LabelExpr> {
    let has = |label: &Slug| LabelExpr::Has(label.clone());
    let not = |expr| LabelExpr::Not(Box::new(expr));
    let mut all: Vec<_> = refs.labels.iter().map(has).collect();
    for pair in refs.labels.windows(2) {
        let [a, b] = pair else { continue };
        all.push(LabelExpr::All(vec![has(a), has(b)]));
        all.push(LabelExpr::Any(vec![has(a), has(b)]));
        all.push(LabelExpr::All(vec![has(a), not(has(b))]));
        all.push(not(LabelExpr::Any(vec![has(a), has(b)])));
    }
    all
}

fn threads(refs: &Refs) -> Vec<Question> {
    let mut all = Vec::new();
    for topic in &refs.topics {
        let mut ask = |query| all.push(Question::Thread(*topic, query));
        for order in PostOrder::ALL {
            for size in &refs.sizes {
                let query = ThreadQuery { order, limit: Some(*size), ..ThreadQuery::default() };
                ask(query.clone());
                ask(ThreadQuery { depth: Some(1), ..query.clone() });
                for (at, post) in refs.posts.iter().enumerate() {
                    let depth = u32::try_from(at % 3).ok().filter(|depth| *depth > 0);
                    ask(ThreadQuery { root: Some(*post), depth, ..query.clone() });
                    ask(ThreadQuery { around: Some(*post), depth, ..query.clone() });
                    let root = refs.posts.get(at / 2).copied();
                    ask(ThreadQuery { root, around: Some(*post), depth, ..query.clone() });
                }
            }
        }
        for cursor in &refs.strange_cursors {
            ask(ThreadQuery { after: Some(cursor.clone()), ..ThreadQuery::default() });
        }
        ask(ThreadQuery { limit: Some(0), ..ThreadQuery::default() });
    }
    all
}

/// Words and phrases, fields and their opposites, alone and together, over the words of scripts and
/// casts.
fn searches(refs: &Refs) -> Vec<SearchQuery> {
    let mut texts: Vec<String> = [
        "",
        "title",
        "TOMATES lunes",
        "pot key sleutel",
        "\"blue pot\"",
        "ti*",
        "secret open",
        "where is the title of \"blue pot\"",
        "-title",
        "\"two lines\" OR blue -key",
        "in:title title",
        "!! ...",
        "is:answered",
        "is:unanswered",
        "is:solved title",
        "is:official",
        "is:corrected",
        "before:2026-06-01",
        "after:2026-06-01 -is:solved",
        "lang:nl",
    ]
    .map(str::to_owned)
    .to_vec();
    for key in &refs.labels {
        texts.extend([format!("label:{key}"), format!("-label:{key}"), format!("label:{key} pot")]);
    }
    for key in &refs.channels {
        texts.extend([format!("channel:{key}"), format!("-channel:{key} title")]);
    }
    texts.extend(refs.kinds.iter().map(|kind| format!("kind:{kind}")));
    for key in &refs.people {
        texts.extend([format!("author:{key}"), format!("-author:{key}")]);
    }
    let mut places = vec![Vec::new(), refs.communities.iter().take(2).cloned().collect()];
    places.extend(refs.communities.iter().map(|community| vec![community.clone()]));
    let ways = SearchSort::ALL.into_iter().flat_map(|sort| Per::ALL.map(|per| (sort, per)));
    let ways: Vec<_> = ways.collect();
    let asked = texts.iter().flat_map(|text| places.iter().map(move |place| (text, place)));
    let mut all = Vec::new();
    for ((text, communities), (sort, per)) in asked.zip(ways.iter().cycle()) {
        let query = SearchQuery::everywhere(text.clone()).per(*per).sort(*sort).exact();
        let query = SearchQuery { communities: communities.clone(), ..query };
        all.extend(refs.sizes.iter().map(|size| query.clone().limit(*size).with_facets()));
    }
    for cursor in &refs.strange_cursors {
        all.push(SearchQuery::everywhere("title").after(cursor.clone()));
    }
    all.push(SearchQuery::everywhere("title").limit(0));
    all.push(SearchQuery::everywhere("title").limit(1_000_000));
    all.push(SearchQuery::everywhere("title ".repeat(10_000)));
    all
}

fn similar(refs: &Refs) -> Vec<Question> {
    let mut all = Vec::new();
    for title in ["title", "the key is under the blue pot", "", "..."] {
        all.push(Question::Similar(SimilarQuery {
            title: title.to_owned(),
            ..SimilarQuery::default()
        }));
        for community in &refs.communities {
            let query = SimilarQuery::community(community.clone(), title);
            all.push(Question::Similar(query.clone().body("tomates secret")));
            all.extend(refs.sizes.iter().map(|size| Question::Similar(query.clone().limit(*size))));
        }
    }
    for topic in &refs.topics {
        all.extend(refs.sizes.iter().map(|size| Question::Related(*topic, Some(*size))));
        all.extend([Question::Related(*topic, None), Question::Related(*topic, Some(0))]);
    }
    let long = "x".repeat(10_000);
    all.push(Question::Similar(SimilarQuery { title: long, ..SimilarQuery::default() }));
    all
}

fn members(refs: &Refs) -> Vec<Question> {
    let mut all = Vec::new();
    for community in &refs.communities {
        let ask = |after, limit| Question::Members { community: community.clone(), after, limit };
        all.extend(refs.sizes.iter().map(|size| ask(None, Some(*size))));
        all.push(ask(None, Some(0)));
        all.extend(refs.strange_cursors.iter().map(|cursor| ask(Some(cursor.clone()), None)));
        let people = refs.people.iter().cloned();
        all.extend(people.map(|key| Question::MemberOf(community.clone(), key)));
    }
    all.push(Question::Authors(refs.members.clone()));
    all.extend(refs.members.first().map(|id| Question::Authors(vec![*id; 2_000])));
    all
}

fn standings(refs: &Refs) -> Vec<Question> {
    let mut all = Vec::new();
    for community in &refs.communities {
        let ask = |after, limit| Question::Standings { community: community.clone(), after, limit };
        all.extend(refs.sizes.iter().map(|size| ask(None, Some(*size))));
        all.push(ask(None, Some(0)));
        all.extend(refs.strange_cursors.iter().map(|cursor| ask(Some(cursor.clone()), None)));
        let people = refs.people.iter().cloned();
        all.extend(people.map(|key| Question::Standing(community.clone(), key)));
        for member in &refs.people {
            let ask = |after, limit| Question::Ledger {
                community: community.clone(),
                member: member.clone(),
                after,
                limit,
            };
            all.extend(refs.sizes.iter().map(|size| ask(None, Some(*size))));
            all.extend(refs.strange_cursors.iter().map(|cursor| ask(Some(cursor.clone()), None)));
        }
        let people = refs.people.iter().cloned();
        all.extend(people.map(|key| Question::ExplainLevel(community.clone(), key)));
    }
    all
}

/// Every window of every place, at sizes and of groups in turn, with and without the own rank.
fn boards(refs: &Refs) -> Vec<BoardQuery> {
    let mut all = Vec::new();
    let groups: Vec<Option<Slug>> =
        ["votes", "contributions", "nothing"].iter().map(|key| Slug::new(key).ok()).collect();
    let days = [None, None, None, Some(19_675), Some(19_700), Some(0), Some(-1), Some(84_006)];
    let mut turn = 0;
    for community in &refs.communities {
        let whole = BoardQuery::community(community.clone());
        let mut places = vec![whole.clone()];
        places.extend(refs.channels.iter().map(|key| whole.clone().channel(key.clone())));
        places.extend(refs.labels.iter().map(|key| whole.clone().label(key.clone())));
        for (place, window) in places.iter().flat_map(|p| BoardWindow::ALL.map(|w| (p, w))) {
            let group = groups.get(turn % 7).cloned().flatten();
            let day = days.get(turn % days.len()).copied().flatten();
            let query = BoardQuery { group, day, own: turn % 2 == 0, ..place.clone() };
            turn += 1;
            all.extend(refs.sizes.iter().map(|size| query.clone().window(window).limit(*size)));
            all.push(query.window(window));
        }
        all.extend([0, 1_000_000].map(|size| whole.clone().limit(size)));
        all.extend(refs.strange_cursors.iter().map(|cursor| whole.clone().after(cursor.clone())));
    }
    all
}

fn badges(refs: &Refs) -> Vec<Question> {
    let mut all = Vec::new();
    for community in &refs.communities {
        all.push(Question::Badges(community.clone()));
        let people = refs.people.iter().cloned();
        all.extend(people.map(|key| Question::BadgesOf(community.clone(), key)));
        let badges = BadgeSet::shipped().iter().flat_map(|set| &set.badges);
        let badges = badges.map(|badge| badge.key.clone()).chain(refs.labels.first().cloned());
        for badge in badges {
            let ask = |after, limit| Question::BadgeHolders {
                community: community.clone(),
                badge: badge.clone(),
                after,
                limit,
            };
            all.extend(refs.sizes.iter().map(|size| ask(None, Some(*size))));
            all.push(ask(None, Some(0)));
            all.extend(refs.strange_cursors.iter().map(|cursor| ask(Some(cursor.clone()), None)));
        }
    }
    all
}

fn visits(refs: &Refs) -> Vec<Question> {
    let mut all = Vec::new();
    for community in &refs.communities {
        for key in &refs.people {
            let ask = |from, to| Question::Visits(community.clone(), key.clone(), from, to);
            all.extend([ask(0, i32::MAX), ask(19_000, 21_000), ask(1, 0)]);
        }
    }
    // After the questions: what they are about waits to be written.
    all.extend(refs.communities.iter().cloned().map(Question::Visit));
    all
}

fn notes(refs: &Refs) -> Vec<Question> {
    let mut all = Vec::new();
    for id in &refs.notes {
        all.extend([Question::Note(*id), Question::RawNote(*id)]);
    }
    let sizes = || refs.sizes.iter().copied().map(Some).chain([None, Some(0), Some(100_000)]);
    let firsts = sizes().map(|limit| (None, limit));
    let strange = refs.strange_cursors.iter().cloned().map(|cursor| (Some(cursor), None));
    for (after, limit) in firsts.chain(strange) {
        for topic in refs.topics.iter().copied() {
            all.push(Question::NotesBeside { topic, after: after.clone(), limit });
        }
        for (community, member) in pairs(&refs.communities, &refs.members) {
            all.push(Question::NotesBy { community, member, after: after.clone(), limit });
        }
    }
    all
}

fn suggestions(refs: &Refs) -> Vec<Question> {
    let day = |day: i64| from_micros(day * 86_400_000_000).unwrap_or_default();
    let mut all = Vec::new();
    for community in &refs.communities {
        // Always, a day in which scripts play, the years before it, and never.
        for (from, to) in [(0, 80_000), (19_675, 19_676), (0, 19_675), (1, 0)] {
            all.push(Question::SuggestionSteps(community.clone(), day(from), day(to)));
        }
    }
    all
}

fn pairs<A: Clone, B: Clone>(one: &[A], other: &[B]) -> Vec<(A, B)> {
    let with = |a: &A| other.iter().map(|b| (a.clone(), b.clone())).collect::<Vec<_>>();
    one.iter().flat_map(with).collect()
}

fn completions(refs: &Refs) -> Vec<CompleteQuery> {
    // What names in scripts begin with, and keys; then the names of what is asked about.
    let mut typed: Vec<String> =
        ["", " ", "WAAR", "dé", "quien r", "th", "U", "user:1", "n\u{301}e", "0"]
            .map(str::to_owned)
            .to_vec();
    typed.extend(refs.communities.iter().map(|key| key.as_str().to_owned()));
    typed.extend(refs.channels.iter().map(|key| key.as_str().to_owned()));
    typed.extend(refs.labels.iter().map(|key| key.as_str().to_uppercase()));
    typed.extend(refs.people.iter().map(|key| key.as_str().to_owned()));
    typed.extend(refs.items.iter().map(|key| key.as_str().to_owned()));
    let mut all = Vec::new();
    for community in &refs.communities {
        for text in &typed {
            let query = CompleteQuery::new(community.clone(), text.clone());
            all.extend(refs.sizes.iter().map(|size| query.clone().limit(*size)));
            all.extend(NameKind::ALL.map(|kind| query.clone().only(kind)));
            all.push(query);
        }
        let query = CompleteQuery::new(community.clone(), "a");
        all.extend([0, 100_000].map(|size| query.clone().limit(size)));
        all.push(CompleteQuery::new(community.clone(), "a".repeat(257)));
    }
    all
}

fn rights(refs: &Refs) -> Vec<Question> {
    let mut actions = Action::ALL.to_vec();
    actions.extend(refs.kinds.iter().cloned().map(Action::StartKind));
    let mut all = Vec::new();
    for action in &actions {
        for community in &refs.communities {
            all.push(Question::Can(action.clone(), community.clone(), None));
            for channel in &refs.channels {
                let channel = Some(channel.clone());
                all.push(Question::Can(action.clone(), community.clone(), channel));
            }
        }
        all.extend(refs.topics.iter().map(|id| Question::CanInTopic(action.clone(), *id)));
        all.extend(refs.posts.iter().map(|id| Question::CanOnPost(action.clone(), *id)));
    }
    all
}
