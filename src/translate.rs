//! Sentences into English: the seam between the slow engine and everything else, translations taken from a
//! file, and the signs by which a bad translation is known.

mod marian;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

pub use marian::Marian;
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::facts::{Fact, facts, unmatched};
use crate::lang::Lang;

/// Turns sentences of one language into another, one by one.
pub trait Translator {
    /// One translation per sentence, in order; empty for empty. `progress` hears how many are done.
    ///
    /// # Errors
    /// What the engine or the file of translations refuses; never a shorter answer.
    fn translate(&self, sentences: &[&str], progress: &mut dyn FnMut(usize)) -> Result<Vec<String>>;

    /// Engine, model and version. Equal signatures give equal translations.
    fn signature(&self) -> &str;
}

/// Translations taken from a file instead of an engine, looked up by sentence: batches and remembered
/// sentences arrive in any number and order.
#[derive(Debug)]
pub struct Recorded {
    path: PathBuf,
    signature: String,
    translations: HashMap<String, String>,
}

impl Recorded {
    /// Reads a TSV file: sentence, tab, its translation.
    ///
    /// # Errors
    /// A file that cannot be read; a line without a tab, by its number.
    pub fn open(path: &Path) -> Result<Recorded> {
        let text = std::fs::read_to_string(path).map_err(|cause| Error::file("read", path, cause))?;
        let mut translations = HashMap::new();
        for (i, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let (sentence, translation) = line.split_once('\t').ok_or_else(|| Error::Translations {
                path: path.into(),
                what: format!("line {} has no tab; wanted: sentence, tab, translation", i + 1),
            })?;
            translations.insert(sentence.trim().to_string(), translation.trim().to_string());
        }
        // Its content belongs to the signature: what is remembered of one file must not answer for another.
        let digest: String = Sha256::digest(&text)[..6].iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Recorded {
            path: path.into(),
            signature: format!("file {} {digest}", path.display()),
            translations,
        })
    }
}

impl Translator for Recorded {
    fn translate(&self, sentences: &[&str], progress: &mut dyn FnMut(usize)) -> Result<Vec<String>> {
        let lookup = |sentence: &&str| {
            let found = self.translations.get(sentence.trim()).cloned();
            found.or_else(|| (!has_letters(sentence)).then(|| sentence.to_string())).ok_or_else(|| {
                Error::Translations {
                    path: self.path.clone(),
                    what: format!("holds no translation of \"{sentence}\""),
                }
            })
        };
        let translations = sentences.iter().map(lookup).collect::<Result<Vec<_>>>()?;
        progress(translations.len());
        Ok(translations)
    }

    fn signature(&self) -> &str {
        &self.signature
    }
}

/// Why a translation is not to be trusted. A sign, not a verdict: the sentence is kept and marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Suspicion {
    /// Nothing came out of a sentence that has letters.
    Empty,
    /// The same words over and over: the decoder went round in circles.
    Repetition,
    /// Far shorter or longer than the sentence.
    Length,
    /// A long sentence came back as it was.
    Untranslated,
    /// A number of the sentence is missing, or one was added.
    Numbers,
}

impl Suspicion {
    /// The word that tsv, jsonl and html carry.
    pub fn as_str(self) -> &'static str {
        match self {
            Suspicion::Empty => "empty",
            Suspicion::Repetition => "repetition",
            Suspicion::Length => "length",
            Suspicion::Untranslated => "untranslated",
            Suspicion::Numbers => "numbers",
        }
    }

    /// What it tells a reader, as a sentence without its full stop.
    pub fn meaning(self) -> &'static str {
        match self {
            Suspicion::Empty => "The model gave no translation",
            Suspicion::Repetition => "The translation says the same words over and over",
            Suspicion::Length => "The translation is far shorter or longer than the sentence",
            Suspicion::Untranslated => "The sentence came back as it was",
            Suspicion::Numbers => {
                "A number of the sentence is missing from the translation, or another stands there"
            }
        }
    }
}

/// Whether a sentence has anything to translate: lines without letters pass through as they are.
pub fn has_letters(sentence: &str) -> bool {
    sentence.chars().any(char::is_alphabetic)
}

/// The first sign, if any, that the English `translation` does not render `sentence`, which is in `lang`.
pub fn suspicion(sentence: &str, lang: &Lang, translation: &str) -> Option<Suspicion> {
    if !has_letters(sentence) {
        return None;
    }
    if translation.trim().is_empty() {
        return Some(Suspicion::Empty);
    }
    if sentence == translation && sentence.len() > 40 {
        return Some(Suspicion::Untranslated);
    }
    if repeats(translation) && !repeats(sentence) {
        return Some(Suspicion::Repetition);
    }
    // Wide bounds: German compounds make short sentences long, and a headline may double in English.
    let (before, after) = (sentence.chars().count() as f32, translation.chars().count() as f32);
    if (after + 12.0) / (before + 12.0) > 2.2 || (before + 12.0) / (after + 12.0) > 2.2 {
        return Some(Suspicion::Length);
    }
    figures_differ(sentence, lang, translation).then_some(Suspicion::Numbers)
}

/// Whether the same word stands three times running, or the same four words three times in all.
fn repeats(text: &str) -> bool {
    let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
    if words.windows(3).any(|three| three[0] == three[1] && three[1] == three[2] && has_letters(&three[0])) {
        return true;
    }
    let mut seen: HashMap<&[String], usize> = HashMap::new();
    words.windows(4).any(|four| {
        let count = seen.entry(four).or_default();
        *count += 1;
        *count >= 3
    })
}

/// Whether a figure of two or more digits on one side has no match on the other. One digit alone is not
/// judged: "3" and "three" are both right, and so are "ein" and "a".
fn figures_differ(sentence: &str, lang: &Lang, translation: &str) -> bool {
    let (before, after) = (facts(sentence, lang), facts(translation, &Lang::english()));
    let (lost, added) = unmatched(&before, &after);
    let counts = |text: &str, fact: &Fact| fact.span.of(text).bytes().filter(u8::is_ascii_digit).count() >= 2;
    lost.iter().any(|fact| counts(sentence, fact)) || added.iter().any(|fact| counts(translation, fact))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_translations_are_marked() {
        let german = "de".parse().unwrap();
        let long = "Der Rat der Stadt hat am Montag beschlossen, die alte Brücke über den Fluss zu sperren.";
        for (sentence, translation, expected) in [
            ("Das kostet 1.200 Euro.", "That costs 1,200 euros.", None),
            ("Das kostet 1.200 Euro.", "That costs 1,300 euros.", Some(Suspicion::Numbers)),
            ("Um 20.15 Uhr begann es.", "It began at 8:15 p.m.", None),
            ("Es kamen 800 000 Menschen.", "800,000 people came.", None),
            ("Es kamen 3 Gäste.", "Three guests came.", None),
            ("Es kamen 30 Gäste.", "Guests came.", Some(Suspicion::Numbers)),
            ("Ein Satz.", " ", Some(Suspicion::Empty)),
            ("12:30", "", None),
            (long, long, Some(Suspicion::Untranslated)),
            (long, "The council.", Some(Suspicion::Length)),
            (
                long,
                "The the the city council decided to close the old bridge on Monday.",
                Some(Suspicion::Repetition),
            ),
            (
                long,
                "The council of the city and the council of the city and the council of the city closed it.",
                Some(Suspicion::Repetition),
            ),
            (long, "On Monday the city council decided to close the old bridge across the river.", None),
        ] {
            assert_eq!(suspicion(sentence, &german, translation), expected, "{sentence} | {translation}");
        }
    }

    #[test]
    fn a_file_of_translations_answers_by_sentence() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "Ja.\tYes.\n\nNein.\tNo.\n").unwrap();
        let recorded = Recorded::open(file.path()).unwrap();
        let mut heard = 0;
        let translated = recorded.translate(&["Nein.", " Ja. ", "", "12"], &mut |n| heard = n).unwrap();
        assert_eq!(translated, ["No.", "Yes.", "", "12"]);
        assert_eq!(heard, 4);
        let error = recorded.translate(&["Vielleicht."], &mut |_| ()).unwrap_err().to_string();
        assert!(error.contains("Vielleicht."), "{error}");

        std::fs::write(file.path(), "Ja.\tYes.\nNein. No.\n").unwrap();
        assert!(Recorded::open(file.path()).unwrap_err().to_string().contains("line 2"));
    }
}
