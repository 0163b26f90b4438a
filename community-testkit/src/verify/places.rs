//! The directory: communities, channels and labels.

use std::collections::BTreeSet;

use community_core::Channel;

use super::Verifier;

impl Verifier<'_> {
    /// Checks the directory in itself.
    pub(super) fn places(&mut self) {
        let directory = self.directory;
        let mut keys = BTreeSet::new();
        for community in directory.communities() {
            let subject = format!("community `{}`", community.key);
            let is_first = keys.insert(&community.key);
            self.holds(
                "a key names one thing",
                &subject,
                "a key of its own",
                is_first,
                &community.key,
            );
            self.holds(
                "a hot scale is above zero",
                &subject,
                "a scale above 0",
                community.hot_scale > 0,
                0,
            );
            let (kinds, reactions) = (community.kinds.len(), community.reactions.len());
            self.fits("kinds are within their limit", &subject, kinds, self.limits.kinds);
            self.fits(
                "reactions on offer are within their limit",
                &subject,
                reactions,
                self.limits.reactions,
            );
            self.fits(
                "a text is within its limit",
                &subject,
                community.description.len(),
                self.limits.body,
            );
            let synonyms = &community.synonyms;
            let rule = "synonyms are within their limit";
            self.fits(rule, &subject, synonyms.len(), self.limits.synonyms);
            for words in synonyms {
                self.fits(rule, &subject, words.len(), self.limits.synonym_words);
                let longest = words.iter().map(String::len).max().unwrap_or(0);
                self.fits(rule, &subject, longest, self.limits.synonym);
            }
            for kind in &community.kinds {
                let checked = kind.check().map_err(|error| error.to_string());
                self.same("a kind is sound", &subject, &checked, &Ok(()));
            }

            let mut keys = BTreeSet::new();
            for entry in directory.channels(community.id) {
                let Channel { key, description, .. } = &entry.channel;
                let subject = format!("channel `{key}` of {subject}");
                let is_first = keys.insert(key);
                self.holds("a key names one thing", &subject, "a key of its own", is_first, key);
                self.fits(
                    "a text is within its limit",
                    &subject,
                    description.len(),
                    self.limits.body,
                );
            }
            for label in directory.labels(community.id) {
                let subject = format!("label `{}` of {subject}", label.key);
                self.fits(
                    "a text is within its limit",
                    &subject,
                    label.description.len(),
                    self.limits.body,
                );
            }
        }
    }
}
