//! The languages that texts are analysed in.

use std::fmt;

use frostem::Algorithm;

macro_rules! languages {
    ($($name:ident $code:literal $algorithm:expr;)*) => {
        /// A language that a text can be in, or [`Neutral`](Self::Neutral) for all others.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Language {
            $(
                #[doc = concat!("`", $code, "`.")]
                $name,
            )*
        }

        impl Language {
            /// Every language, in no particular order.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The code by ISO 639-1, or `und` for [`Neutral`](Self::Neutral).
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self {
                    $(Self::$name => $code,)*
                }
            }

            /// How its words are reduced to stems; some languages have no stemmer.
            pub(crate) const fn algorithm(self) -> Option<Algorithm> {
                match self {
                    $(Self::$name => $algorithm,)*
                }
            }
        }
    };
}

languages! {
    Neutral "und" None;
    Arabic "ar" Some(Algorithm::Arabic);
    Armenian "hy" Some(Algorithm::Armenian);
    Basque "eu" Some(Algorithm::Basque);
    Catalan "ca" Some(Algorithm::Catalan);
    Chinese "zh" None;
    Czech "cs" Some(Algorithm::Czech);
    Danish "da" Some(Algorithm::Danish);
    Dutch "nl" Some(Algorithm::Dutch);
    English "en" Some(Algorithm::English);
    Esperanto "eo" Some(Algorithm::Esperanto);
    Estonian "et" Some(Algorithm::Estonian);
    Finnish "fi" Some(Algorithm::Finnish);
    French "fr" Some(Algorithm::French);
    German "de" Some(Algorithm::German);
    Greek "el" Some(Algorithm::Greek);
    Hindi "hi" Some(Algorithm::Hindi);
    Hungarian "hu" Some(Algorithm::Hungarian);
    Indonesian "id" Some(Algorithm::Indonesian);
    Irish "ga" Some(Algorithm::Irish);
    Italian "it" Some(Algorithm::Italian);
    Japanese "ja" None;
    Korean "ko" None;
    Lithuanian "lt" Some(Algorithm::Lithuanian);
    Nepali "ne" Some(Algorithm::Nepali);
    Norwegian "no" Some(Algorithm::Norwegian);
    Persian "fa" Some(Algorithm::Persian);
    Polish "pl" Some(Algorithm::Polish);
    Portuguese "pt" Some(Algorithm::Portuguese);
    Romanian "ro" Some(Algorithm::Romanian);
    Russian "ru" Some(Algorithm::Russian);
    Serbian "sr" Some(Algorithm::Serbian);
    Sesotho "st" Some(Algorithm::Sesotho);
    Spanish "es" Some(Algorithm::Spanish);
    Swedish "sv" Some(Algorithm::Swedish);
    Tamil "ta" Some(Algorithm::Tamil);
    Turkish "tr" Some(Algorithm::Turkish);
    Vietnamese "vi" None;
    Yiddish "yi" Some(Algorithm::Yiddish);
}

impl Language {
    /// The language of a tag such as `nl`, `nl-BE` or `pt_BR`; `None` for one that is not known.
    ///
    /// ```
    /// use community_search::analysis::Language;
    ///
    /// assert_eq!(Language::from_tag("pt-BR"), Some(Language::Portuguese));
    /// assert_eq!(Language::from_tag("tlh"), None);
    /// ```
    #[must_use]
    pub fn from_tag(tag: &str) -> Option<Self> {
        let code = tag.split(['-', '_']).next()?;
        // Both written norms of Norwegian share a stemmer.
        let code = if ["nb", "nn"].iter().any(|norm| code.eq_ignore_ascii_case(norm)) {
            "no"
        } else {
            code
        };
        Self::ALL.iter().copied().find(|language| language.code().eq_ignore_ascii_case(code))
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
