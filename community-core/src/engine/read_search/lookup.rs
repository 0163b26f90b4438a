//! What a query stands for under a viewer's rights, and the names of what was counted.

use rustc_hash::{FxHashMap, FxHashSet};

use super::super::Rights;
use super::super::session::Session;
use super::super::view_search::{FacetValue, Facets, NamedPlace};
use crate::domain::Author;
use crate::error::Result;
use crate::id::{CommunityId, MemberId};
use crate::search::{
    AnyOf, Condition, Counts, Lookup, LookupTerm, Reach, SearchExpr, SearchQuery, Synonyms, Term,
};
use crate::text::{Key, Slug};

impl Session {
    /// The query with its keys looked up.
    pub(super) async fn looked_up(
        &self,
        rights: &Rights,
        reach: &Reach<'_>,
        query: &SearchQuery,
        expr: &SearchExpr,
    ) -> Result<Lookup> {
        // Everything that is told of members is read in one go.
        let terms = expr.required.iter().flat_map(AnyOf::alternatives).chain(&expr.excluded);
        let authors: Vec<Key> = terms
            .filter_map(|term| match term {
                Term::Condition(Condition::Author(key)) => Some(key.clone()),
                _ => None,
            })
            .collect();
        let members = match authors.as_slice() {
            [] => Vec::new(),
            keys => self.engine().store().members_by_key(keys).await?,
        };
        let ids = members.into_iter().map(|member| member.map(|member| member.id));
        let authors: FxHashMap<Key, Option<MemberId>> = authors.into_iter().zip(ids).collect();
        let term = |term: &Term| looked_up(term, rights, reach, &authors);
        Ok(Lookup {
            words: expr.words.clone(),
            quoted: expr.quoted.clone(),
            required: expr
                .required
                .iter()
                .map(|group| group.alternatives().iter().map(term).collect())
                .collect(),
            excluded: expr.excluded.iter().map(term).collect(),
            place: expr.place,
            languages: query.languages.clone(),
            synonyms: synonyms(rights, reach),
            exact: query.exact,
        })
    }

    /// Facets with the names of what is counted.
    pub(super) async fn named(&self, rights: &Rights, counts: Counts) -> Result<Facets> {
        let Counts { labels, channels, kinds, authors, years, answered } = counts;
        let directory = &rights.directory;
        let community = |id: CommunityId| directory.community(id).map(|found| found.key.clone());
        let label = |(id, key): (CommunityId, Slug)| {
            let label = directory.label(id, &key).filter(|_| rights.scope.sees_label(id, &key))?;
            Some(NamedPlace { community: community(id)?, name: label.name.clone(), key })
        };
        let channel = |id| {
            let entry = directory.channel(id).filter(|_| rights.scope.sees_channel(id))?;
            let (key, name) = (entry.channel.key.clone(), entry.channel.name.clone());
            Some(NamedPlace { community: community(entry.channel.community)?, key, name })
        };
        let ids: Vec<MemberId> = authors.iter().map(|(id, _)| *id).collect();
        let members = self.engine().store().members(&ids).await?;
        let author = |member: Option<crate::Member>| member.as_ref().map(Author::from);
        let authors = members.into_iter().zip(authors).map(|(member, (_, count))| (member, count));
        Ok(Facets {
            labels: values(labels, label),
            channels: values(channels, channel),
            kinds: values(kinds, Some),
            authors: values(authors, author),
            years: values(years, Some),
            answered: values(answered, Some),
        })
    }
}

impl Rights {
    /// Communities by key, each of which has to exist for the viewer; `None` for no keys.
    pub(super) fn communities(&self, keys: &[Slug]) -> Result<Option<FxHashSet<CommunityId>>> {
        if keys.is_empty() {
            return Ok(None);
        }
        keys.iter().map(|key| Ok(self.community(key)?.id)).collect::<Result<_>>().map(Some)
    }
}

fn looked_up(
    term: &Term,
    rights: &Rights,
    reach: &Reach<'_>,
    authors: &FxHashMap<Key, Option<MemberId>>,
) -> LookupTerm {
    let (directory, scope) = (&rights.directory, &rights.scope);
    match term {
        Term::Word(word) => LookupTerm::Word(word.clone()),
        Term::Phrase(phrase) => LookupTerm::Phrase(phrase.clone()),
        Term::Condition(condition) => match condition {
            // What does not exist for the viewer is on nothing.
            Condition::Label(key) => {
                let seen = reach
                    .communities()
                    .filter(|id| scope.sees_label(*id, key) && directory.label(*id, key).is_some());
                LookupTerm::Label(seen.map(|id| (id, key.clone())).collect())
            }
            Condition::Channel(key) => {
                let roots = reach.communities().filter_map(|id| directory.channel_by_key(id, key));
                let seen = roots.filter(|entry| scope.sees_channel(entry.channel.id));
                let below = seen.flat_map(|entry| directory.subtree(entry));
                LookupTerm::Channel(below.map(|entry| entry.channel.id).collect())
            }
            Condition::Author(key) => LookupTerm::Author(authors.get(key).copied().flatten()),
            Condition::Kind(name) => LookupTerm::Kind(name.clone()),
            Condition::Is(is) => LookupTerm::Is(*is),
            Condition::Before(day) => LookupTerm::Until(day.starts_at()),
            Condition::After(day) => LookupTerm::Since(day.starts_at()),
            Condition::Language(code) => LookupTerm::Language(*code),
        },
    }
}

/// What means the same in the communities within reach.
pub(super) fn synonyms(rights: &Rights, reach: &Reach<'_>) -> Vec<Synonyms> {
    reach.communities().filter_map(|id| rights.directory.synonyms(id).cloned()).collect()
}

fn values<T, U>(
    counts: impl IntoIterator<Item = (T, u64)>,
    name: impl Fn(T) -> Option<U>,
) -> Vec<FacetValue<U>> {
    let named = |(value, count)| Some(FacetValue { value: name(value)?, count });
    counts.into_iter().filter_map(named).collect()
}
