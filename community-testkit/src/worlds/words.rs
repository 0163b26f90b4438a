//! Texts in Dutch, English and Spanish, put together from small vocabularies of a neighbourhood
//! with a garden and a workshop.

use super::Dice;

/// A language that people of a world write in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    Dutch,
    English,
    Spanish,
}

struct Vocabulary {
    /// Subjects in the singular.
    things: &'static [&'static str],
    /// What a subject does or is.
    deeds: &'static [&'static str],
    places: &'static [&'static str],
    moments: &'static [&'static str],
    /// What a title asks behind its statement.
    questions: &'static [&'static str],
    /// Sentences that fit anywhere.
    remarks: &'static [&'static str],
    /// What an edit or a mark is explained with.
    reasons: &'static [&'static str],
}

impl Language {
    pub(super) const ALL: [Self; 3] = [Self::Dutch, Self::English, Self::Spanish];

    /// The code that members have as an attribute.
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::Dutch => "nl",
            Self::English => "en",
            Self::Spanish => "es",
        }
    }

    fn words(self) -> &'static Vocabulary {
        match self {
            Self::Dutch => &DUTCH,
            Self::English => &ENGLISH,
            Self::Spanish => &SPANISH,
        }
    }

    /// A title, such as `The kettle leaks behind the shed: any advice?`
    pub(super) fn title(self, dice: &mut Dice) -> String {
        let question = *dice.pick(self.words().questions);
        format!("{}: {question}", capitalised(&self.statement(dice)))
    }

    /// A text of one to four paragraphs, now and then with a list, a quotation or code in it.
    pub(super) fn body(self, dice: &mut Dice) -> String {
        let mut paragraphs: Vec<String> =
            (0..dice.between(1, 4)).map(|_| self.paragraph(dice)).collect();
        match dice.below(12) {
            0 => {
                let items: Vec<String> = (0..dice.between(2, 5))
                    .map(|_| format!("- {}", self.statement(dice)))
                    .collect();
                paragraphs.push(items.join("\n"));
            }
            1 => paragraphs.insert(0, format!("> {}", self.sentence(dice))),
            2 => paragraphs.push(format!("```\nfor day in 1..={} {{}}\n```", dice.between(2, 30))),
            3 => paragraphs.push((*dice.pick(&["🌱", "👩‍🌾 + 🚲 = ❤️", "½ m², 37 °C, 3 €"])).into()),
            _ => {}
        }
        paragraphs.join("\n\n")
    }

    /// A text of one to three sentences.
    pub(super) fn remark(self, dice: &mut Dice) -> String {
        let sentences: Vec<String> = (0..dice.between(1, 3)).map(|_| self.sentence(dice)).collect();
        sentences.join(" ")
    }

    /// A few words that say why.
    pub(super) fn reason(self, dice: &mut Dice) -> String {
        (*dice.pick(self.words().reasons)).to_owned()
    }

    fn paragraph(self, dice: &mut Dice) -> String {
        let sentences: Vec<String> = (0..dice.between(1, 4)).map(|_| self.sentence(dice)).collect();
        sentences.join(" ")
    }

    fn sentence(self, dice: &mut Dice) -> String {
        if dice.chance(20) {
            (*dice.pick(self.words().remarks)).to_owned()
        } else {
            format!("{}.", capitalised(&self.statement(dice)))
        }
    }

    fn statement(self, dice: &mut Dice) -> String {
        let words = self.words();
        // A few words are in every mouth, others are rare.
        let mut text = format!("{} {}", common(words.things, dice), common(words.deeds, dice));
        for part in [words.places, words.moments] {
            if dice.chance(60) {
                text.push(' ');
                text.push_str(common(part, dice));
            }
        }
        text
    }
}

fn common(words: &'static [&'static str], dice: &mut Dice) -> &'static str {
    words.get(dice.rank(words.len())).copied().unwrap_or_default()
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

const DUTCH: Vocabulary = Vocabulary {
    things: &[
        "de tomatenplant",
        "de oude fiets",
        "de regenton",
        "de sleutel van de werkplaats",
        "het zuurdesem",
        "de composthoop",
        "de geleende ladder",
        "de kasdeur",
        "de kat van de buren",
        "het voorlicht",
        "de naaimachine",
        "de koffiemolen",
        "de tuinboon",
        "de kettingkast",
        "het prikbord",
        "de waterkoker",
        "de pruimenboom",
        "het achterwiel",
        "de zadendoos",
        "de radio",
        "het vogelhuisje",
        "de één jaar oude vijg",
    ],
    deeds: &[
        "lekt",
        "piept",
        "doet het niet meer",
        "heeft een nieuw onderdeel nodig",
        "groeit sneller dan verwacht",
        "is gerepareerd",
        "ruikt naar regen",
        "mist een schroef",
        "is zoek",
        "is terug",
        "ziet er weer goed uit",
        "draait te langzaam",
        "werd groen geverfd",
        "staat in de weg",
        "is voor iedereen",
        "droogt uit",
    ],
    places: &[
        "achter de schuur",
        "in de keuken",
        "naast het hek",
        "op de tweede plank",
        "langs de gracht",
        "bij de school",
        "in de schaduw",
        "onder de trap",
        "op de markt",
        "langs de heg",
        "in de kelder",
        "op het dak",
    ],
    moments: &[
        "sinds gisteren",
        "elke ochtend",
        "na de storm",
        "vroeg in het voorjaar",
        "al drie weken",
        "afgelopen zaterdag",
        "als het vriest",
        "vóór de vakantie",
        "opnieuw",
        "dit jaar",
        "’s nachts",
        "sinds de verhuizing",
    ],
    questions: &[
        "wat nu?",
        "wie heeft een idee?",
        "tips gevraagd",
        "een kort verslag",
        "hoe doen jullie dat?",
        "hulp gezocht",
        "dit werkte bij ons",
        "voor en na",
    ],
    remarks: &[
        "Bedankt voor het meedenken.",
        "Dat is me nog nooit overkomen!",
        "Bij ons hielp een nieuw rubber.",
        "Ik kom zaterdag kijken.",
        "Heeft iemand een foto?",
        "Zie ook het schema op het prikbord.",
        "Dat klopt niet helemaal.",
        "Eerst de stekker eruit, dan pas openmaken.",
    ],
    reasons: &["taalfouten", "opgelost", "dubbel", "preciezer", "maat toegevoegd", "werkt bij ons"],
};

const ENGLISH: Vocabulary = Vocabulary {
    things: &[
        "the tomato plant",
        "the old bicycle",
        "the rain barrel",
        "the workshop key",
        "the sourdough",
        "the compost heap",
        "the borrowed ladder",
        "the greenhouse door",
        "the neighbours’ cat",
        "the front light",
        "the sewing machine",
        "the coffee grinder",
        "the broad bean",
        "the chain guard",
        "the notice board",
        "the kettle",
        "the plum tree",
        "the back wheel",
        "the seed box",
        "the radio",
        "the bird house",
        "the naïve little fig",
    ],
    deeds: &[
        "leaks",
        "squeaks",
        "has stopped working",
        "needs a new part",
        "grows faster than expected",
        "was repaired",
        "smells of rain",
        "is missing a screw",
        "has gone missing",
        "is back",
        "looks fine again",
        "turns too slowly",
        "was painted green",
        "stands in the way",
        "is for everyone",
        "dries out",
    ],
    places: &[
        "behind the shed",
        "in the kitchen",
        "next to the gate",
        "on the second shelf",
        "by the canal",
        "near the school",
        "in the shade",
        "under the stairs",
        "at the market",
        "along the hedge",
        "in the cellar",
        "on the roof",
    ],
    moments: &[
        "since yesterday",
        "every morning",
        "after the storm",
        "in early spring",
        "for three weeks",
        "last Saturday",
        "when it freezes",
        "before the holidays",
        "again",
        "this year",
        "at night",
        "since the move",
    ],
    questions: &[
        "what now?",
        "who has an idea?",
        "any advice?",
        "a short report",
        "how do you do it?",
        "help wanted",
        "what worked for us",
        "before and after",
    ],
    remarks: &[
        "Thank you for thinking along.",
        "That has never happened to me!",
        "A new washer did it for us.",
        "I will come and look on Saturday.",
        "Does anybody have a picture?",
        "See also the plan on the notice board.",
        "That is not quite right.",
        "Pull the plug first, then open it.",
    ],
    reasons: &["spelling", "solved", "asked before", "more precise", "size added", "works for us"],
};

const SPANISH: Vocabulary = Vocabulary {
    things: &[
        "la tomatera",
        "la bicicleta vieja",
        "el bidón de lluvia",
        "la llave del taller",
        "la masa madre",
        "el montón de compost",
        "la escalera prestada",
        "la puerta del invernadero",
        "el gato de los vecinos",
        "el faro delantero",
        "la máquina de coser",
        "el molinillo de café",
        "el haba",
        "el cubrecadenas",
        "el tablón de anuncios",
        "el hervidor",
        "el ciruelo",
        "la rueda trasera",
        "la caja de semillas",
        "la radio",
        "la casita de pájaros",
        "la higuera pequeña",
    ],
    deeds: &[
        "gotea",
        "chirría",
        "ya no funciona",
        "necesita una pieza nueva",
        "crece más de lo esperado",
        "tiene arreglo",
        "huele a lluvia",
        "pierde un tornillo",
        "no aparece",
        "está de vuelta",
        "tiene buen aspecto",
        "gira demasiado despacio",
        "luce de color verde",
        "estorba el paso",
        "sirve a todo el mundo",
        "sufre la sequía",
    ],
    places: &[
        "detrás del cobertizo",
        "en la cocina",
        "junto a la verja",
        "en el segundo estante",
        "al lado del canal",
        "cerca de la escuela",
        "a la sombra",
        "debajo de la escalera",
        "en el mercado",
        "a lo largo del seto",
        "en el sótano",
        "en el tejado",
    ],
    moments: &[
        "desde ayer",
        "cada mañana",
        "después de la tormenta",
        "a principios de primavera",
        "desde hace tres semanas",
        "el sábado pasado",
        "cuando hiela",
        "antes de las vacaciones",
        "otra vez",
        "este año",
        "por la noche",
        "desde la mudanza",
    ],
    questions: &[
        "¿y ahora qué?",
        "¿alguien tiene una idea?",
        "se aceptan consejos",
        "un breve informe",
        "¿cómo lo hacéis?",
        "busco ayuda",
        "lo que nos funcionó",
        "antes y después",
    ],
    remarks: &[
        "Gracias por pensar conmigo.",
        "¡Eso no me ha pasado nunca!",
        "A nosotros nos sirvió una junta nueva.",
        "El sábado paso a mirarlo.",
        "¿Alguien tiene una foto?",
        "Mirad también el plano del tablón.",
        "Eso no es del todo así.",
        "Primero se desenchufa y luego se abre.",
    ],
    reasons: &["ortografía", "resuelto", "repetida", "más preciso", "medida añadida", "funciona"],
};
