//! What is known of a language: its number words, months, negations and capitals.

use crate::lang::Lang;

/// What is known of a language. Lists are words between blanks, tables `word=value`.
pub(super) struct Words {
    /// One string of spellings a month, January first.
    pub(super) months: [&'static str; 12],
    /// One string of spellings a day, Monday first.
    pub(super) weekdays: [&'static str; 7],
    pub(super) negations: &'static str,
    /// Before a number they make it rough; `_` joins two words.
    pub(super) rough: &'static str,
    /// Words whose capital says nothing: they open sentences.
    pub(super) common: &'static str,
    pub(super) numbers: &'static str,
    pub(super) ordinals: &'static str,
    pub(super) scales: &'static str,
    /// Numbers can be written in one word: `dreiundzwanzig`.
    pub(super) compounds: bool,
    /// `.` is the decimal mark, `,` groups; else the reverse.
    pub(super) point_decimal: bool,
    /// Common nouns have no capital.
    pub(super) nouns_small: bool,
}

impl Words {
    pub(super) fn of(lang: &Lang) -> &'static Words {
        match lang.as_str() {
            "de" => &GERMAN,
            "en" => &ENGLISH,
            "zh" | "ja" | "ko" | "he" | "th" => &POINT,
            _ => &OTHER,
        }
    }

    pub(super) fn number(&self, word: &str) -> Option<f64> {
        if word.is_empty() || word.len() > LONGEST_NUMBER {
            return None;
        }
        if let Some(value) = tabled(self.numbers, word).or_else(|| tabled(self.ordinals, word)) {
            return Some(value);
        }
        if let Some(ten) = word.strip_suffix("ties").filter(|_| self.nouns_small) {
            return tabled(self.numbers, &format!("{ten}ty"));
        }
        if self.compounds { german_compound(word) } else { None }
    }

    /// Ordinals and counts of times come and go in translation, like small numbers.
    pub(super) fn is_ordinal(&self, word: &str) -> bool {
        tabled(self.ordinals, word).is_some()
            || self.compounds && word.len() <= LONGEST_NUMBER && german_ordinal(word).is_some()
    }

    pub(super) fn is_number(&self, word: &str) -> bool {
        self.number(word).is_some()
    }

    pub(super) fn scale(&self, word: &str) -> Option<f64> {
        tabled(self.scales, word)
    }
}

/// Whether `word` is one of a list between blanks.
pub(super) fn listed(list: &str, word: &str) -> bool {
    !word.is_empty() && list.split(' ').any(|entry| entry == word)
}

/// The value of `word` in a table of `word=value` between blanks.
pub(super) fn tabled(table: &str, word: &str) -> Option<f64> {
    let value = table.split(' ').find_map(|entry| entry.strip_prefix(word)?.strip_prefix('='));
    value.filter(|_| !word.is_empty())?.parse().ok()
}

/// What German hangs on a number: `95-Jährige` is written `fünfundneunzigjährige` too.
pub(super) const GERMAN_SUFFIXES: [&str; 8] =
    ["jährig", "monatig", "wöchig", "tägig", "stündig", "minütig", "mal", "fach"];

/// No number word is longer, in bytes: `siebenhundertsiebenundsiebzigtausendsiebenhundertsiebenundsiebzigjährigen`
/// has 78. Long words are read by recursion.
const LONGEST_NUMBER: usize = 100;

/// Where what hangs on a German number word begins.
pub(super) fn german_suffix(word: &str) -> Option<usize> {
    GERMAN_SUFFIXES.iter().find_map(|suffix| word.find(suffix)).filter(|&at| at > 0)
}

/// `dreiundzwanzig`, `zweieinhalb`, `neunziger`, `sechsmal`, `dreißigjähriger`, `vierte`.
pub(super) fn german_compound(word: &str) -> Option<f64> {
    if let Some(at) = german_suffix(word) {
        return german_number(&word[..at]);
    }
    match word.strip_suffix("ziger") {
        Some(stem) => german_number(&format!("{stem}zig")),
        None => german_number(word).or_else(|| german_ordinal(word)),
    }
}

pub(super) fn german_ordinal(word: &str) -> Option<f64> {
    let stem = word.strip_suffix(['n', 'r', 's', 'm']).unwrap_or(word).strip_suffix("te")?;
    match stem {
        "ers" => Some(1.0),
        "drit" => Some(3.0),
        "sieb" => Some(7.0),
        "ach" => Some(8.0),
        _ => german_number(stem.strip_suffix('s').unwrap_or(stem)).filter(|&value| value >= 2.0),
    }
}

pub(super) fn german_number(word: &str) -> Option<f64> {
    let simple = |word: &str| {
        tabled(GERMAN.numbers, word).or(match word {
            "ein" => Some(1.0),
            "dreissig" => Some(30.0),
            _ => None,
        })
    };
    if let Some(value) = simple(word) {
        return Some(value);
    }
    if let Some(whole) = word.strip_suffix("einhalb") {
        return Some(simple(whole)? + 0.5);
    }
    for (name, scale) in [("tausend", 1000.0), ("hundert", 100.0)] {
        if let Some((before, after)) = word.split_once(name) {
            let before = if before.is_empty() { 1.0 } else { german_number(before)? };
            let after = after.strip_prefix("und").unwrap_or(after);
            let after = if after.is_empty() { 0.0 } else { german_number(after)? };
            return (before < scale && after < scale).then_some(before * scale + after);
        }
    }
    let (unit, ten) = word.split_once("und")?;
    let (unit, ten) = (simple(unit)?, simple(ten)?);
    (unit < 10.0 && (20.0..100.0).contains(&ten)).then_some(unit + ten)
}

pub(super) static GERMAN: Words = Words {
    months: [
        "januar jänner jan",
        "februar feber feb",
        "märz mär",
        "april apr",
        "mai",
        "juni jun",
        "juli jul",
        "august aug",
        "september sep sept",
        "oktober okt",
        "november nov",
        "dezember dez",
    ],
    weekdays: ["montag", "dienstag", "mittwoch", "donnerstag", "freitag", "samstag sonnabend", "sonntag"],
    negations: "nicht kein keine keinen keinem keiner keines keinerlei nie niemals niemand niemanden \
        niemandem nichts ohne nirgends nirgendwo weder keineswegs keinesfalls",
    rough: "rund etwa circa ca ungefähr knapp fast über gut mindestens bis_zu mehr_als weniger_als \
        beinahe annähernd nahezu höchstens schätzungsweise",
    common: "der die das den dem des ein eine einen einem einer eines im in am an auf aus bei beim bis \
        durch für gegen mit nach ohne seit um unter vom von vor wegen während zu zum zur zwischen \
        über und oder aber denn doch sondern er sie es wir ich ihr man dies diese dieser dieses \
        diesem diesen sein seine seiner seinem seinen ihre ihrer ihrem ihren unser unsere wenn weil \
        als wie was wer wo warum dass ob da dort hier so auch nur noch nun schon dann damit dabei \
        daher dazu danach darum deshalb jetzt heute gestern morgen alle allen aller alles viele \
        vielen einige mehr kein keine keinen laut zudem zwar jedoch allerdings weiter bereits ab \
        demnach trotz obwohl sollte könnte jeder jede jedes beide zwei drei vier ihm ihn ihnen nicht \
        bisher zuvor später außerdem dennoch insgesamt gemeinsam neben",
    numbers: "null=0 eins=1 ein=1 eine=1 einem=1 einen=1 einer=1 zwei=2 zwo=2 drei=3 vier=4 fünf=5 sechs=6 \
        sieben=7 acht=8 neun=9 zehn=10 elf=11 zwölf=12 dreizehn=13 vierzehn=14 fünfzehn=15 \
        sechzehn=16 siebzehn=17 achtzehn=18 neunzehn=19 zwanzig=20 dreißig=30 vierzig=40 fünfzig=50 \
        sechzig=60 siebzig=70 achtzig=80 neunzig=90 anderthalb=1.5 halbe=0.5 halben=0.5 halbes=0.5 \
        hundert=100 tausend=1000",
    ordinals: "",
    scales: "hundert=100 tausend=1000 tsd=1000 million=1e+06 millionen=1e+06 mio=1e+06 milliarde=1e+09 \
        milliarden=1e+09 mrd=1e+09 md=1e+09 billion=1e+12 billionen=1e+12 billiarde=1e15 \
        billiarden=1e15 dutzend=12",
    compounds: true,
    point_decimal: false,
    nouns_small: false,
};

pub(super) static ENGLISH: Words = Words {
    months: [
        "january jan",
        "february feb",
        "march mar",
        "april apr",
        "may",
        "june jun",
        "july jul",
        "august aug",
        "september sep sept",
        "october oct",
        "november nov",
        "december dec",
    ],
    weekdays: ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"],
    negations: "not no never without nobody nothing nowhere neither nor none cannot",
    rough: "about around some roughly nearly almost over approximately more_than less_than at_least \
        up_to fewer_than under an_estimated estimated than",
    common: "the a an in on at of to for from by with as after before since until during under over and \
        or but so yet he she it they we i you his her its their our my your this that these those \
        there here if when while because although though who what where why how which not no all \
        some many most more both each every other another one two three four however also now then \
        today yesterday according later meanwhile even only just still such once despite between \
        about against into through among is are was were be has have had will would can could should \
        may might must do does did let mr mrs ms dr last next early further",
    numbers: "zero=0 one=1 a=1 an=1 two=2 three=3 four=4 five=5 six=6 seven=7 eight=8 nine=9 ten=10 \
        eleven=11 twelve=12 thirteen=13 fourteen=14 fifteen=15 sixteen=16 seventeen=17 eighteen=18 \
        nineteen=19 twenty=20 thirty=30 forty=40 fifty=50 sixty=60 seventy=70 eighty=80 ninety=90 \
        half=0.5",
    ordinals: "first=1 second=2 third=3 fourth=4 fifth=5 sixth=6 seventh=7 eighth=8 ninth=9 tenth=10 \
        eleventh=11 twelfth=12 thirteenth=13 fourteenth=14 fifteenth=15 sixteenth=16 seventeenth=17 \
        eighteenth=18 nineteenth=19 twentieth=20 thirtieth=30 fortieth=40 fiftieth=50 twice=2",
    scales: "millions=1e6 milliard=1e9 milliards=1e9 hundred=100 thousand=1000 k=1000 million=1e+06 mn=1e+06 m=1e+06 mln=1e+06 billion=1e+09 \
        bn=1e+09 b=1e+09 trillion=1e+12 tn=1e+12 quadrillion=1e15 dozen=12",
    compounds: false,
    point_decimal: true,
    nouns_small: true,
};

pub(super) static OTHER: Words = Words {
    months: [""; 12],
    weekdays: [""; 7],
    negations: "",
    rough: "",
    common: "",
    numbers: "",
    ordinals: "",
    scales: "million=1e6 millions=1e6 milliard=1e9 milliards=1e9",
    compounds: false,
    point_decimal: false,
    nouns_small: true,
};

pub(super) static POINT: Words = Words { scales: "", point_decimal: true, ..OTHER };
