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
    /// The language of a tag such as `nl`, `nl-BE`, `nld` or `pt_BR`; `None` for one that is not
    /// known.
    ///
    /// ```
    /// use community_search::analysis::Language;
    ///
    /// assert_eq!(Language::from_tag("pt-BR"), Some(Language::Portuguese));
    /// assert_eq!(Language::from_tag("nld"), Some(Language::Dutch));
    /// assert_eq!(Language::from_tag("tlh"), None);
    /// ```
    #[must_use]
    pub fn from_tag(tag: &str) -> Option<Self> {
        let code = tag.split(['-', '_']).next()?;
        let same = |other: &str| other.eq_ignore_ascii_case(code);
        let code = OTHER_CODES.iter().find(|(other, _)| same(other)).map_or(code, |(_, code)| code);
        Self::ALL.iter().copied().find(|language| language.code().eq_ignore_ascii_case(code))
    }
}

/// Other codes of the languages: those by ISO 639-2 and 639-3, and the written norms of Norwegian,
/// which share a stemmer.
const OTHER_CODES: &[(&str, &str)] = &[
    ("ara", "ar"),
    ("arb", "ar"),
    ("hye", "hy"),
    ("arm", "hy"),
    ("eus", "eu"),
    ("baq", "eu"),
    ("cat", "ca"),
    ("zho", "zh"),
    ("chi", "zh"),
    ("cmn", "zh"),
    ("ces", "cs"),
    ("cze", "cs"),
    ("dan", "da"),
    ("nld", "nl"),
    ("dut", "nl"),
    ("eng", "en"),
    ("epo", "eo"),
    ("est", "et"),
    ("ekk", "et"),
    ("fin", "fi"),
    ("fra", "fr"),
    ("fre", "fr"),
    ("deu", "de"),
    ("ger", "de"),
    ("ell", "el"),
    ("gre", "el"),
    ("hin", "hi"),
    ("hun", "hu"),
    ("ind", "id"),
    ("gle", "ga"),
    ("ita", "it"),
    ("jpn", "ja"),
    ("kor", "ko"),
    ("lit", "lt"),
    ("nep", "ne"),
    ("npi", "ne"),
    ("nor", "no"),
    ("nob", "no"),
    ("nno", "no"),
    ("nb", "no"),
    ("nn", "no"),
    ("fas", "fa"),
    ("per", "fa"),
    ("pes", "fa"),
    ("pol", "pl"),
    ("por", "pt"),
    ("ron", "ro"),
    ("rum", "ro"),
    ("rus", "ru"),
    ("srp", "sr"),
    ("sot", "st"),
    ("spa", "es"),
    ("swe", "sv"),
    ("tam", "ta"),
    ("tur", "tr"),
    ("vie", "vi"),
    ("yid", "yi"),
    ("ydd", "yi"),
];

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
