//! Which language a text is in.

use whichlang::Lang;

use super::Language;
use super::scan::is_unspaced;

/// Of a longer text only the beginning is read.
const SAMPLE_LETTERS: usize = 1_000;

/// With fewer letters of the Latin alphabet a text says too little: one in four texts of 8 letters
/// is taken for another language than its own, one in thirteen of 20.
const LEAST_LETTERS: usize = 20;

/// From here on the whole text is right often enough (98.5 %), even where its halves differ.
const ENOUGH_LETTERS: usize = 60;

/// The language of a text written in a community whose own language is given.
///
/// Most scripts tell their language, or leave a choice that the community's language decides. Among
/// the languages of the Latin alphabet it is a statistical guess between German, English, French,
/// Italian, Dutch, Portuguese, Spanish, Swedish, Turkish and Vietnamese. The answer is the
/// community's language when the text is too short or torn between languages, and when the
/// community's language is none of these, since it is then likely to be mistaken for one of them.
/// Addresses of pages and of mail are left out.
///
/// ```
/// use community_search::analysis::{Language, detect};
///
/// let text = "Mijn remmen piepen als het regent, wat kan ik doen?";
/// assert_eq!(detect(text, Language::English), Language::Dutch);
/// assert_eq!(detect("Shimano XT", Language::Dutch), Language::Dutch);
/// ```
#[must_use]
pub fn detect(text: &str, community: Language) -> Language {
    let sample = Sample::of(text);
    match sample.script() {
        None => community,
        Some(Script::Latin) => latin(&sample, community),
        Some(Script::Kana) => Language::Japanese,
        Some(Script::Han) => Language::Chinese,
        Some(Script::Hangul) => Language::Korean,
        Some(Script::Greek) => Language::Greek,
        Some(Script::Armenian) => Language::Armenian,
        Some(Script::Tamil) => Language::Tamil,
        Some(Script::Cyrillic) => among(community, &[Language::Russian, Language::Serbian]),
        Some(Script::Arabic) => among(community, &[Language::Arabic, Language::Persian]),
        Some(Script::Devanagari) => among(community, &[Language::Hindi, Language::Nepali]),
        Some(Script::Hebrew) if community == Language::Yiddish => community,
        Some(Script::Hebrew | Script::Other) => Language::Neutral,
    }
}

/// The community's language if it is written in the script, the first one otherwise.
fn among(community: Language, written: &[Language]) -> Language {
    let first = written.first().copied().unwrap_or(Language::Neutral);
    if written.contains(&community) { community } else { first }
}

fn latin(sample: &Sample<'_>, community: Language) -> Language {
    if sample.letters < LEAST_LETTERS || is_mistaken(community) {
        return community;
    }
    let Some(whole) = guess(&sample.words) else { return community };
    let half = sample.words.len() / 2;
    let (first, second) = sample.words.split_at(half);
    let agree = || guess(first) == Some(whole) && guess(second) == Some(whole);
    if sample.letters >= ENOUGH_LETTERS || agree() { whole } else { community }
}

/// Whether the language is written in Latin letters and not among those that are guessed.
fn is_mistaken(community: Language) -> bool {
    use Language::{
        Basque, Catalan, Czech, Danish, Esperanto, Estonian, Finnish, Hungarian, Indonesian, Irish,
        Lithuanian, Norwegian, Polish, Romanian, Serbian, Sesotho,
    };
    matches!(
        community,
        Basque
            | Catalan
            | Czech
            | Danish
            | Esperanto
            | Estonian
            | Finnish
            | Hungarian
            | Indonesian
            | Irish
            | Lithuanian
            | Norwegian
            | Polish
            | Romanian
            | Serbian
            | Sesotho
    )
}

fn guess(words: &[&str]) -> Option<Language> {
    Some(match whichlang::detect_language(&words.join(" ")) {
        Lang::Deu => Language::German,
        Lang::Eng => Language::English,
        Lang::Fra => Language::French,
        Lang::Ita => Language::Italian,
        Lang::Nld => Language::Dutch,
        Lang::Por => Language::Portuguese,
        Lang::Spa => Language::Spanish,
        Lang::Swe => Language::Swedish,
        Lang::Tur => Language::Turkish,
        Lang::Vie => Language::Vietnamese,
        Lang::Ara | Lang::Cmn | Lang::Hin | Lang::Jpn | Lang::Kor | Lang::Rus => return None,
    })
}

/// What is looked at of a text.
struct Sample<'a> {
    words: Vec<&'a str>,
    letters: usize,
    /// How many letters of each script, by its number.
    scripts: [usize; SCRIPTS.len()],
}

impl<'a> Sample<'a> {
    fn of(text: &'a str) -> Self {
        let mut sample = Self { words: Vec::new(), letters: 0, scripts: [0; SCRIPTS.len()] };
        let is_address = |word: &str| word.contains("://") || word.contains('@');
        for word in text.split_whitespace().filter(|word| !is_address(word)) {
            let mut read = 0;
            for (at, c) in word.char_indices().filter(|(_, c)| c.is_alphabetic()) {
                if sample.letters == SAMPLE_LETTERS {
                    break;
                }
                sample.letters += 1;
                read = at + c.len_utf8();
                if let Some(count) = sample.scripts.get_mut(Script::of(c) as usize) {
                    *count += 1;
                }
            }
            sample.words.extend(word.get(..read).filter(|word| !word.is_empty()));
        }
        sample
    }

    /// The script of most of the text. A sign says as much as some three letters, so that names in
    /// Latin letters do not outweigh it; some Kana among Han are enough, since Chinese has none.
    fn script(&self) -> Option<Script> {
        let count = |script| {
            let letters = self.scripts.get(script as usize).copied().unwrap_or_default();
            if matches!(script, Script::Kana | Script::Han | Script::Hangul) {
                letters * 3
            } else {
                letters
            }
        };
        let (kana, han) = (count(Script::Kana), count(Script::Han));
        let most =
            SCRIPTS.into_iter().filter(|script| count(*script) > 0).max_by_key(|script| {
                if matches!(script, Script::Kana | Script::Han) {
                    kana + han
                } else {
                    count(*script)
                }
            })?;
        let japanese = matches!(most, Script::Kana | Script::Han) && kana * 10 >= han;
        Some(if japanese { Script::Kana } else { most })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Script {
    Latin,
    Cyrillic,
    Greek,
    Armenian,
    Hebrew,
    Arabic,
    Devanagari,
    Tamil,
    Hangul,
    Kana,
    Han,
    Other,
}

const SCRIPTS: [Script; 12] = [
    Script::Other,
    Script::Han,
    Script::Kana,
    Script::Hangul,
    Script::Tamil,
    Script::Devanagari,
    Script::Arabic,
    Script::Hebrew,
    Script::Armenian,
    Script::Greek,
    Script::Cyrillic,
    Script::Latin,
];

impl Script {
    fn of(c: char) -> Self {
        match c {
            '\0'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' | '\u{ff21}'..='\u{ff5a}' => Self::Latin,
            '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}' => Self::Greek,
            '\u{400}'..='\u{52f}' => Self::Cyrillic,
            '\u{530}'..='\u{58f}' => Self::Armenian,
            '\u{590}'..='\u{5ff}' => Self::Hebrew,
            '\u{600}'..='\u{77f}' | '\u{fb50}'..='\u{fdff}' | '\u{fe70}'..='\u{fefe}' => {
                Self::Arabic
            }
            '\u{900}'..='\u{97f}' => Self::Devanagari,
            '\u{b80}'..='\u{bff}' => Self::Tamil,
            '\u{1100}'..='\u{11ff}' | '\u{3131}'..='\u{318e}' | '\u{ac00}'..='\u{d7a3}' => {
                Self::Hangul
            }
            '\u{3040}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}' | '\u{ff66}'..='\u{ff9f}' => {
                Self::Kana
            }
            '\u{3005}'..='\u{3007}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' => {
                Self::Han
            }
            c if is_unspaced(c) && c >= '\u{20000}' => Self::Han,
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use Language::{
        Arabic, Chinese, Danish, Dutch, English, French, German, Greek, Hindi, Italian, Japanese,
        Korean, Nepali, Neutral, Polish, Portuguese, Russian, Serbian, Spanish,
    };

    #[test]
    fn a_sentence_tells_its_language() {
        for (text, language) in [
            ("De ketting van mijn fiets loopt er steeds af bij het schakelen.", Dutch),
            ("The chain of my bike keeps coming off when I change gear.", English),
            ("La cadena de mi bicicleta se sale cada vez que cambio de marcha.", Spanish),
            ("Die Kette meines Fahrrads springt beim Schalten immer wieder ab.", German),
            ("La chaîne de mon vélo saute chaque fois que je change de vitesse.", French),
            ("La catena della mia bicicletta cade ogni volta che cambio marcia.", Italian),
            ("A corrente da minha bicicleta sai sempre que mudo de velocidade.", Portuguese),
        ] {
            for community in [Dutch, English, Spanish, Neutral, Russian] {
                assert_eq!(detect(text, community), language, "{text}");
            }
        }
    }

    #[test]
    fn a_script_tells_its_language_in_a_few_letters() {
        for (text, language) in [
            ("自転車のチェーン", Japanese),
            ("自行车链条", Chinese),
            ("자전거 체인", Korean),
            ("αλυσίδα", Greek),
            ("велосипед", Russian),
            ("دراجة", Arabic),
            ("साइकिल", Hindi),
            ("จักรยาน", Neutral),
        ] {
            assert_eq!(detect(text, English), language, "{text}");
        }
        assert_eq!(detect("велосипед", Serbian), Serbian);
        assert_eq!(detect("साइकल", Nepali), Nepali);
        assert_eq!(detect("iPhone 17の電池", English), Japanese);
    }

    #[test]
    fn what_says_too_little_is_in_the_language_of_the_community() {
        for text in
            ["", "42", "👍👍", "Shimano Deore XT", "thanks!", "https://example.com/the-way-of"]
        {
            assert_eq!(detect(text, Dutch), Dutch, "{text}");
        }
    }

    #[test]
    fn a_language_that_is_not_guessed_stays() {
        let danish = "Kæden på min cykel hopper af, hver gang jeg skifter gear.";
        assert_eq!(detect(danish, Danish), Danish);
        assert_eq!(detect("Łańcuch spada za każdym razem, gdy zmieniam bieg.", Polish), Polish);
        assert_eq!(detect("велосипед", Danish), Russian);
    }

    #[test]
    fn addresses_are_no_evidence() {
        let text = "https://example.com/how-to-fix-the-chain-of-a-bike-when-it-is-broken zie hier";
        assert_eq!(detect(text, Dutch), Dutch);
    }

    proptest! {
        #[test]
        fn any_text_has_a_language(text in any::<String>()) {
            let language = detect(&text, Neutral);
            prop_assert!(Language::ALL.contains(&language));
        }
    }
}
