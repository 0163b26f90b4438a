//! Searches, by going through everything.
//!
//! Words are those of [`NaiveIndex`](crate::NaiveIndex): what an index makes of a language is not
//! the engine's business. What is found without rank, and everything else, is.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use chrono::Datelike;
use community_core::search::{
    AnyOf, Condition, Is, Per, SearchExpr, SearchQuery, SearchSort, SimilarQuery, Term,
};
use community_core::store::TopicRow;
use community_core::time::to_micros;
use community_core::{
    Audience, Community, CommunityId, Post, PostKind, Slug, State, Topic, TopicId,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::ask::{Place, cursor, place_in, shown};
use super::{Act, Oracle, Result};
use crate::index::{Texts, is_typed, words};
use crate::observe::{Answer, Refusal};

/// A post that is found, with its topic.
struct Match {
    topic: Topic,
    post: Post,
}

impl Oracle {
    pub(super) fn search(&self, act: Act, query: &SearchQuery) -> Answer {
        let limits = self.limits();
        let expr = query.read(limits).map_err(Refusal::from)?;
        let SearchQuery { communities, text, sort, per, limit, after, languages, exact, .. } =
            query;
        let limit = self.page_size(*limit)?;
        let list = format!("search {communities:?} {text:?} {sort} {per} {languages:?} {exact}");
        let after = place_in(after.as_deref(), &list)?;
        let communities = self.searched(act, communities)?;
        let matches: Vec<Match> =
            self.seen_by(act, &communities).filter(|found| self.fits(act, found, &expr)).collect();
        let hits = in_order(&matches, *sort, *per);
        let begin = after.and_then(|after| {
            hits.iter().position(|hit| id_of(hit, *per) == after.id).map(|at| at + 1)
        });
        let page: Vec<&Match> = hits.iter().skip(begin.unwrap_or(0)).take(limit).copied().collect();
        let end = begin.unwrap_or(0) + page.len();
        let next = page.last().filter(|_| hits.len() > end).map(|last| {
            let key = i64::try_from(end).unwrap_or(i64::MAX);
            cursor(Place { key, id: id_of(last, *per) }, &list)
        });
        let mut shown_hits = Vec::new();
        for hit in page {
            let topic = self.topic(act, hit.topic.id)?;
            let post = self.post(act, hit.post.id)?;
            shown_hits.push(json!({ "topic": shown(topic)?, "post": shown(post)? }));
        }
        let facets = if query.facets { self.facets(act, &matches, *per)? } else { Value::Null };
        Ok(json!({
            "hits": shown_hits,
            "total": { "count": hits.len(), "exact": true },
            "facets": facets,
            "typos": false,
            "index": "ready",
            "next": next,
        }))
    }

    pub(super) fn similar(&self, act: Act, query: &SimilarQuery) -> Answer {
        query.check(self.limits()).map_err(Refusal::from)?;
        let communities = self.searched(act, &query.communities)?;
        let sample = words(&format!("{} {}", query.title, query.body));
        let limit = query.limit.unwrap_or(SimilarQuery::LIMIT);
        shown(self.like(act, &communities, &sample, None, limit)?)
    }

    pub(super) fn related(&self, act: Act, id: TopicId, limit: Option<usize>) -> Answer {
        let limit = self.page_size(Some(limit.unwrap_or(SimilarQuery::LIMIT)))?;
        let topic = self.seen_topic(act, id)?;
        let opening = self.post(act, topic.opening)?;
        let sample = words(&format!("{} {}", topic.title, opening.body));
        let mut rows = self.like(act, &[topic.community], &sample, Some(id), limit)?;
        rows.sort_by_key(|row| row.topic.counters.accepted == 0);
        shown(rows)
    }

    fn like(
        &self,
        act: Act,
        communities: &[CommunityId],
        sample: &[String],
        except: Option<TopicId>,
        limit: usize,
    ) -> Result<Vec<TopicRow>> {
        let matches: Vec<Match> = self
            .seen_by(act, communities)
            .filter(|found| found.post.id == found.topic.opening && except != Some(found.topic.id))
            .filter(|found| self.texts_of(found).share_a_word(sample))
            .collect();
        let hits = in_order(&matches, SearchSort::Relevance, Per::Topic);
        hits.into_iter().take(limit).map(|hit| self.topic(act, hit.topic.id)).collect()
    }

    /// The communities that a search looks in.
    fn searched(&self, act: Act, keys: &[Slug]) -> Result<Vec<CommunityId>> {
        if !keys.is_empty() {
            return keys.iter().map(|key| Ok(self.community(act, key)?.id)).collect();
        }
        let all = self.communities.iter();
        Ok(all.filter(|it| self.community(act, &it.key).is_ok()).map(|it| it.id).collect())
    }

    /// Every post that the viewer sees in these communities.
    fn seen_by<'a>(
        &'a self,
        act: Act,
        communities: &'a [CommunityId],
    ) -> impl Iterator<Item = Match> + 'a {
        let seen = self.posts.iter().filter(move |post| self.sees_post(act, post));
        let matches = seen.filter_map(|post| {
            Some(Match { topic: self.topic_row(post.topic)?, post: self.post_row(post.id)? })
        });
        matches.filter(|found| communities.contains(&found.topic.community))
    }

    fn texts_of(&self, found: &Match) -> Texts {
        let Match { topic, post } = found;
        let text = |post: &Post| {
            let revisions = self.revisions.iter();
            let mut latest = revisions.filter(|r| r.post == post.id && r.number == post.revision);
            words(latest.next().map_or("", |revision| revision.body.as_str()))
        };
        let body = text(post);
        if post.id != topic.opening {
            return Texts { body, ..Texts::default() };
        }
        let labels = topic.labels.iter().filter_map(|key| self.label_row(topic.community, key));
        let labels = labels.filter(|label| label.audience == Audience::Everyone);
        let answers = self.posts.iter().filter(|post| {
            post.topic == topic.id
                && post.kind == PostKind::Answer
                && post.state == State::Published
        });
        let others = labels.map(|label| words(label.name.as_str())).chain(answers.map(text));
        Texts { title: words(topic.title.as_str()), body, others: others.collect() }
    }

    fn fits(&self, act: Act, found: &Match, expr: &SearchExpr) -> bool {
        let SearchExpr { words, quoted, required, excluded, place } = expr;
        let texts = self.texts_of(found);
        let has = |term: &Term| match term {
            Term::Word(word) => texts.have_word(word, *place),
            Term::Phrase(phrase) => texts.have_phrase(phrase, *place),
            Term::Condition(condition) => self.has(act, found, condition),
        };
        texts.have_one_of(words, quoted, *place)
            && required.iter().map(AnyOf::alternatives).all(|group| {
                let typed: Vec<_> = group.iter().filter(|term| is_looked_for(term)).collect();
                typed.is_empty() || typed.into_iter().any(has)
            })
            && !excluded.iter().any(has)
    }

    fn has(&self, act: Act, found: &Match, condition: &Condition) -> bool {
        let Match { topic, post } = found;
        let answered = topic.counters.answers > 0;
        match condition {
            Condition::Label(key) => {
                topic.labels.contains(key) && self.sees_label(act, topic.community, key)
            }
            Condition::Channel(key) => {
                let here = self.channel_row(topic.channel);
                let chain = here.map(|channel| self.chain(channel)).unwrap_or_default();
                let mut above = chain.iter().filter_map(|id| self.channel_row(*id));
                above.any(|channel| channel.key == *key && self.sees_channel(act, channel))
            }
            Condition::Author(key) => {
                self.member(post.author).is_some_and(|author| author.key == *key)
            }
            Condition::Kind(kind) => topic.kind == *kind,
            Condition::Is(Is::Answered) => topic.answerable && answered,
            Condition::Is(Is::Unanswered) => topic.answerable && !answered,
            Condition::Is(Is::Solved) => topic.counters.accepted > 0,
            Condition::Is(Is::Official) => post.official.is_some(),
            Condition::Is(Is::Corrected) => post.counters.corrections > 0,
            Condition::Before(day) => post.created_at < day.starts_at(),
            Condition::After(day) => post.created_at >= day.starts_at(),
            Condition::Language(_) => false,
        }
    }

    fn facets(&self, act: Act, matches: &[Match], per: Per) -> Answer {
        let most = self.limits().facet_values;
        let community = |id: CommunityId| self.community_row(id).map(|it: &Community| &it.key);
        let labels = counted(matches, per, most, |Match { topic, .. }| {
            let seen = topic.labels.iter();
            let seen = seen.filter(|key| self.sees_label(act, topic.community, key));
            seen.map(|key| (topic.community, key.clone())).collect()
        });
        let channels = counted(matches, per, most, |Match { topic, .. }| {
            let here = self.channel_row(topic.channel);
            let chain = here.map(|channel| self.chain(channel)).unwrap_or_default();
            let seen = chain.into_iter().filter_map(|id| self.channel_row(id));
            seen.filter(|it| self.sees_channel(act, it)).map(|it| it.id).collect()
        });
        let authors = counted(matches, per, most, |found| vec![found.post.author]);
        Ok(json!({
            "labels": values(labels, |(at, key)| {
                let name = self.label_row(at, &key).map(|label| &label.name);
                json!({ "community": community(at), "key": key, "name": name })
            }),
            "channels": values(channels, |id| {
                let channel = self.channel_row(id);
                json!({
                    "community": channel.and_then(|it| community(it.community)),
                    "key": channel.map(|it| &it.key),
                    "name": channel.map(|it| &it.name),
                })
            }),
            "kinds": values(
                counted(matches, per, most, |found| vec![found.topic.kind.clone()]),
                |kind| json!(kind),
            ),
            "authors": values(authors, |id| json!(self.author_of(id))),
            "years": values(
                counted(matches, per, most, |found| vec![found.post.created_at.year()]),
                |year| json!(year),
            ),
            "answered": values(
                counted(matches, per, most, |Match { topic, .. }| {
                    topic.answerable.then_some(topic.counters.answers > 0).into_iter().collect()
                }),
                |answered| json!(answered),
            ),
        }))
    }
}

fn is_looked_for(term: &Term) -> bool {
    match term {
        Term::Word(word) => is_typed(word.as_str()),
        Term::Phrase(phrase) => is_typed(phrase.as_str()),
        Term::Condition(_) => true,
    }
}

fn id_of(hit: &Match, per: Per) -> Uuid {
    match per {
        Per::Topic => hit.topic.id.uuid(),
        Per::Post => hit.post.id.uuid(),
    }
}

/// Matches in their order; of each topic only the first one, if hits are topics.
fn in_order(matches: &[Match], sort: SearchSort, per: Per) -> Vec<&Match> {
    let key = |found: &Match| match sort {
        SearchSort::Score => found.post.score(),
        SearchSort::Activity if found.post.id == found.topic.opening => {
            to_micros(found.topic.counters.active_at)
        }
        _ => to_micros(found.post.created_at),
    };
    let mut sorted: Vec<&Match> = matches.iter().collect();
    sorted.sort_by_key(|found| Reverse((key(found), found.post.id)));
    let mut seen = BTreeSet::new();
    sorted.retain(|found| per == Per::Post || seen.insert(found.topic.id));
    sorted
}

/// How many hits have each value: most frequent first, then by value.
fn counted<T: Ord>(
    matches: &[Match],
    per: Per,
    most: usize,
    values: impl Fn(&Match) -> Vec<T>,
) -> Vec<(T, usize)> {
    let mut hits: BTreeMap<T, BTreeSet<Uuid>> = BTreeMap::new();
    for found in matches {
        for value in values(found) {
            hits.entry(value).or_default().insert(id_of(found, per));
        }
    }
    let mut counts: Vec<_> = hits.into_iter().map(|(value, hits)| (value, hits.len())).collect();
    counts.sort_by_key(|(_, count)| Reverse(*count));
    counts.truncate(most);
    counts
}

fn values<T>(counts: Vec<(T, usize)>, show: impl Fn(T) -> Value) -> Value {
    counts
        .into_iter()
        .map(|(value, count)| json!({ "value": show(value), "count": count }))
        .collect()
}
