//! What the splitter knows of each language: abbreviations, and the words that settle what they leave open.
//! The lists are the text files beside this one, one line a group: `key: word word …`.
//!
//! | key | words |
//! |---|---|
//! | `never` | abbreviations that always need what follows (`Dr`, `z.B`): no sentence ends there |
//! | `number` | abbreviations only before a number (`Nr`, `Fig`); plain words otherwise |
//! | `unclear` | abbreviations that may end a sentence (`Inc`, `Mrd`): they do before a word of `starts` |
//! | `ends` | abbreviations that end one before any capital (`etc`), but for the words of `follows` |
//! | `follows` | words that carry on after `ends` (`9 p.m. Monday`) |
//! | `starts` | words that begin sentences and, capitalised, little else |
//! | `counted` | capitalised words that an ordinal number stands before (`3. Liga`) |
//! | `endings` | ends of words that make an abbreviation of the kind `unclear` (`Bahnhofstr`) |
//! | `exclaims` | names that end in an exclamation mark (`Yahoo`) |
//! | `says` | verbs of saying that follow a quotation and its speaker (`"Why?" Ann asked`) |
//! | `reports` | ends of the clause that follows a quotation where verbs come last (`“好。”他说。`) |
//! | `articles` | words that stand before an ordinal number (`der 3. Versuch`) |
//!
//! Abbreviations are written without their last dot. One that begins with a small letter is also known with a
//! capital at the start of a sentence.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::LazyLock;

/// What kind of abbreviation a word is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Abbreviation {
    /// Never ends a sentence.
    Never,
    /// One before a number only.
    Number,
    /// Ends a sentence before a word that begins one.
    Unclear,
    /// Ends a sentence before a capital.
    Ends,
}

/// Words that are looked up.
pub type Words = HashSet<&'static str, BuildHasherDefault<Fnv>>;

/// FNV-1a. The lists are fixed and the words short, so that a hash with a key would be a tenth of the time of
/// splitting for nothing.
#[derive(Debug, Clone, Copy)]
pub struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Fnv {
        Fnv(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for Fnv {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// The lists of one language.
#[derive(Debug, Default)]
pub struct Rules {
    pub abbreviations: HashMap<&'static str, Abbreviation, BuildHasherDefault<Fnv>>,
    pub follows: Words,
    pub starts: Words,
    pub counted: Words,
    pub articles: Words,
    pub endings: Vec<&'static str>,
    pub exclaims: Words,
    pub says: Words,
    pub reports: Vec<&'static str>,
    /// Numbers with a dot are ordinals and nouns have capitals, so that a capital alone says nothing (German).
    pub ordinals: bool,
    /// “ and ‘ close a quotation here, as in „so“.
    pub low_quotes: bool,
    /// The semicolon asks (Greek).
    pub greek: bool,
    /// Sentences end in certain syllables, and what is glued to a quotation belongs to it (Korean).
    pub hangul: bool,
    /// Sentences may begin with `'s` or `'t` in small letters (Dutch).
    pub clitics: bool,
    /// Abbreviations of one of many languages: a short word without vowels is taken for one, too.
    pub guesses: bool,
}

impl Rules {
    /// The rules for a language tag; those of `other.txt` where it has no file of its own.
    pub fn of(tag: &str) -> &'static Rules {
        static DE: LazyLock<Rules> = LazyLock::new(|| Rules {
            ordinals: true,
            low_quotes: true,
            ..Rules::parse(include_str!("de.txt"))
        });
        static EN: LazyLock<Rules> = LazyLock::new(|| Rules::parse(include_str!("en.txt")));
        static FR: LazyLock<Rules> = LazyLock::new(|| Rules::parse(include_str!("fr.txt")));
        static PT: LazyLock<Rules> = LazyLock::new(|| Rules::parse(include_str!("pt.txt")));
        static ES: LazyLock<Rules> = LazyLock::new(|| Rules::parse(include_str!("es.txt")));
        static IT: LazyLock<Rules> = LazyLock::new(|| Rules::parse(include_str!("it.txt")));
        static NL: LazyLock<Rules> =
            LazyLock::new(|| Rules { clitics: true, ..Rules::parse(include_str!("nl.txt")) });
        static GREEK: LazyLock<Rules> =
            LazyLock::new(|| Rules { greek: true, ..Rules::parse(include_str!("other.txt")) });
        static LOW: LazyLock<Rules> = LazyLock::new(|| Rules {
            low_quotes: true,
            guesses: true,
            ..Rules::parse(include_str!("other.txt"))
        });
        static OTHER: LazyLock<Rules> =
            LazyLock::new(|| Rules { guesses: true, ..Rules::parse(include_str!("other.txt")) });
        macro_rules! asian {
            ($file:literal) => {
                Rules {
                    guesses: true,
                    ..Rules::parse(concat!(include_str!("other.txt"), "\n", include_str!($file)))
                }
            };
        }
        static JA: LazyLock<Rules> = LazyLock::new(|| asian!("ja.txt"));
        static ZH: LazyLock<Rules> = LazyLock::new(|| asian!("zh.txt"));
        static KO: LazyLock<Rules> = LazyLock::new(|| Rules { hangul: true, ..asian!("ko.txt") });
        // The last but one: languages that write „so“.
        match tag {
            "de" => &DE,
            "en" => &EN,
            "fr" => &FR,
            "pt" => &PT,
            "es" => &ES,
            "it" => &IT,
            "nl" => &NL,
            "el" => &GREEK,
            "ja" => &JA,
            "zh" => &ZH,
            "ko" => &KO,
            "bg" | "cs" | "et" | "hr" | "is" | "ka" | "lb" | "lt" | "mk" | "sk" | "sl" | "sr" => &LOW,
            _ => &OTHER,
        }
    }

    /// Reads a list on top of the common one. What it does not know it leaves out; a test sees to it that no list
    /// has such a line.
    fn parse(text: &'static str) -> Rules {
        let mut rules = Rules::default();
        for (key, words) in groups(include_str!("common.txt")).chain(groups(text)) {
            let words = words.split_whitespace();
            match key {
                "follows" => rules.follows.extend(words),
                "starts" => rules.starts.extend(words),
                "counted" => rules.counted.extend(words),
                "articles" => rules.articles.extend(words),
                "endings" => rules.endings.extend(words),
                "reports" => rules.reports.extend(words),
                "exclaims" => rules.exclaims.extend(words),
                "says" => rules.says.extend(words),
                _ => {
                    if let Some(kind) = kind(key) {
                        rules.abbreviations.extend(words.map(|word| (word, kind)));
                    }
                }
            }
        }
        rules
    }
}

fn groups(text: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(':'))
}

fn kind(key: &str) -> Option<Abbreviation> {
    match key {
        "never" => Some(Abbreviation::Never),
        "number" => Some(Abbreviation::Number),
        "unclear" => Some(Abbreviation::Unclear),
        "ends" => Some(Abbreviation::Ends),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILES: [(&str, &str); 12] = [
        ("common", include_str!("common.txt")),
        ("de", include_str!("de.txt")),
        ("en", include_str!("en.txt")),
        ("fr", include_str!("fr.txt")),
        ("pt", include_str!("pt.txt")),
        ("es", include_str!("es.txt")),
        ("it", include_str!("it.txt")),
        ("nl", include_str!("nl.txt")),
        ("ja", include_str!("ja.txt")),
        ("zh", include_str!("zh.txt")),
        ("ko", include_str!("ko.txt")),
        ("other", include_str!("other.txt")),
    ];

    /// The keys of words that are no abbreviations.
    const KEYS: [&str; 8] =
        ["follows", "starts", "counted", "articles", "endings", "exclaims", "says", "reports"];

    #[test]
    fn lists_are_well_formed() {
        for (tag, text) in FILES {
            let mut seen = HashSet::new();
            for line in text.lines().filter(|line| !line.starts_with('#')) {
                let (key, words) = line.split_once(": ").unwrap_or_else(|| panic!("{tag}: {line}"));
                let abbreviation = kind(key).is_some();
                assert!(abbreviation || KEYS.contains(&key), "{tag}: unknown key {key}");
                for word in words.split_whitespace() {
                    assert!(!word.ends_with('.'), "{tag}: {word} has its last dot");
                    let group = if abbreviation { "abbreviation" } else { key };
                    assert!(seen.insert((group, word)), "{tag}: {word} stands twice");
                }
            }
        }
    }

    #[test]
    fn every_language_has_rules() {
        for tag in ["de", "en", "fr", "pt", "es", "it", "nl", "el", "ru", "ja", "zh", "ko", "xx"] {
            let rules = Rules::of(tag);
            assert!(rules.abbreviations.len() > 50 && rules.starts.len() > 50, "{tag}");
        }
        assert_eq!(Rules::of("de").abbreviations["bzw"], Abbreviation::Never);
    }
}
