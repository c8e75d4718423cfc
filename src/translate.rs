//! Sentences into English: the seam between the slow engines and everything else, and translations taken from a
//! file.

mod cut;
mod marian;
mod suspect;
#[cfg(feature = "torch")]
mod torch;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

pub use marian::Marian;
use sha2::{Digest, Sha256};
pub use suspect::{Suspicion, suspicion};
#[cfg(feature = "torch")]
pub use torch::Torch;

use crate::error::{Error, Result};
use crate::lang::Lang;
use crate::models::Model;
use crate::read::load;

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

/// The largest file of translations in bytes, unpacked.
const LARGEST: u64 = 4 << 30;

/// What runs the models: each engine has models of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Engine {
    /// Firefox Translations' models (`de-en`), small and fast.
    #[default]
    Marian,
    /// OPUS-MT models (`opus-mt-de-en`), larger and slower. Only in builds with cargo feature `torch`.
    OpusMt(OpusOptions),
}

/// How OPUS-MT models decode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpusOptions {
    /// Hypotheses that beam search keeps, from 1 (greedy).
    pub beams: usize,
    /// Tokens of a translation at most, the model's own limit permitting; from 2.
    pub max_length: usize,
}

impl Default for OpusOptions {
    fn default() -> OpusOptions {
        OpusOptions { beams: 4, max_length: 256 }
    }
}

/// `beams-4 length-256`: as signatures name it.
impl std::fmt::Display for OpusOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "beams-{} length-{}", self.beams, self.max_length)
    }
}

impl Engine {
    /// The name of its model for a language, as [`crate::Models::find`] takes it.
    pub fn model(self, lang: &Lang) -> String {
        match self {
            Engine::Marian => format!("{lang}-en"),
            Engine::OpusMt(_) => format!("opus-mt-{lang}-en"),
        }
    }

    /// Whether this build has the engine.
    ///
    /// # Errors
    /// [`Error::Engine`] says how to get a build that has.
    pub fn check(self) -> Result<()> {
        match self {
            Engine::OpusMt(_) if cfg!(not(feature = "torch")) => Err(Error::Engine),
            _ => Ok(()),
        }
    }

    /// The signature that translations by `model` will have, without loading it.
    pub(crate) fn signature_of(self, model: &Model) -> String {
        match self {
            Engine::Marian => Marian::signature_of(model),
            #[cfg(feature = "torch")]
            Engine::OpusMt(options) => Torch::signature_of(model, options),
            #[cfg(not(feature = "torch"))]
            Engine::OpusMt(options) => format!("{} {options}", model.name()), // nothing translates so
        }
    }

    /// Loads `model` to run on `threads` threads.
    ///
    /// # Errors
    /// As [`Engine::check`]; [`Error::Model`] where a file is missing, altered or not what the engine reads.
    pub fn load(self, model: &Model, threads: usize) -> Result<Box<dyn Translator>> {
        match self {
            Engine::Marian => Ok(Box::new(Marian::load(model, threads)?)),
            #[cfg(feature = "torch")]
            Engine::OpusMt(options) => Ok(Box::new(Torch::load(model, options, threads)?)),
            #[cfg(not(feature = "torch"))]
            Engine::OpusMt(_) => Err(Error::Engine),
        }
    }
}

/// Loads `model` and translates a sentence with it: the sentence and its translation, or `None` where this build
/// has no engine for the model. An engine may abort over a damaged model, so this belongs into a process of its
/// own.
///
/// # Errors
/// As [`Engine::load`]; [`Error::Model`] where nothing comes out.
pub fn trial(model: &Model) -> Result<Option<(String, String)>> {
    let engine = match model.engine() {
        "opus-mt" => Engine::OpusMt(OpusOptions { beams: 1, ..OpusOptions::default() }),
        _ => Engine::Marian,
    };
    if engine.check().is_err() {
        return Ok(None);
    }
    let source = model.languages().0;
    let primary = source.split('-').next().unwrap_or(source);
    let sentence =
        SENTENCES.iter().find(|(tag, _)| *tag == primary).map_or("Internet", |(_, sentence)| sentence);
    let translation = engine.load(model, 1)?.translate(&[sentence], &mut |_| ())?.concat();
    // Altered numbers in weights of the right shape show in this: the model says one thing over and over. Not so
    // for the other engine, whose smallest model, made for tests, knows no better.
    let words: Vec<&str> = translation.split_whitespace().collect();
    let babbles =
        engine == Engine::Marian && words.windows(4).any(|four| four.iter().all(|word| *word == four[0]));
    if words.is_empty() || babbles {
        let what = format!("it makes {:?} of {sentence:?}", translation.trim());
        return Err(Error::Model { model: model.name().into(), what });
    }
    Ok(Some((sentence.into(), translation.trim().into())))
}

/// "The house is old" and the like: one short sentence a language.
const SENTENCES: &[(&str, &str)] = &[
    ("ar", "البيت قديم."),
    ("bg", "Къщата е стара."),
    ("ca", "La casa és vella."),
    ("cs", "Dům je starý."),
    ("da", "Huset er gammelt."),
    ("de", "Das Haus ist alt."),
    ("el", "Το σπίτι είναι παλιό."),
    ("en", "The house is old."),
    ("es", "La casa es vieja."),
    ("et", "Maja on vana."),
    ("fa", "خانه قدیمی است."),
    ("fi", "Talo on vanha."),
    ("fr", "La maison est vieille."),
    ("he", "הבית ישן."),
    ("hi", "घर पुराना है।"),
    ("hr", "Kuća je stara."),
    ("hu", "A ház régi."),
    ("id", "Rumah itu tua."),
    ("it", "La casa è vecchia."),
    ("ja", "この家は古い。"),
    ("ko", "이 집은 오래되었다."),
    ("lt", "Namas senas."),
    ("lv", "Māja ir veca."),
    ("nb", "Huset er gammelt."),
    ("nl", "Het huis is oud."),
    ("nn", "Huset er gammalt."),
    ("pl", "Dom jest stary."),
    ("pt", "A casa é velha."),
    ("ro", "Casa este veche."),
    ("ru", "Дом старый."),
    ("sk", "Dom je starý."),
    ("sl", "Hiša je stara."),
    ("sr", "Кућа је стара."),
    ("sv", "Huset är gammalt."),
    ("tr", "Ev eski."),
    ("uk", "Будинок старий."),
    ("vi", "Ngôi nhà cũ."),
    ("zh", "这座房子很旧。"),
];

/// Translations taken from a file instead of an engine, looked up by sentence: batches and remembered
/// sentences arrive in any number and order.
#[derive(Debug)]
pub struct Recorded {
    path: PathBuf,
    signature: String,
    translations: HashMap<String, String>,
}

impl Recorded {
    /// Reads a TSV file, packed with gzip or Zstandard or not: sentence, tab, its translation.
    ///
    /// # Errors
    /// A file that cannot be read; a line without a tab, by its number.
    pub fn open(path: &Path) -> Result<Recorded> {
        let bytes = load(path, LARGEST)?;
        let text = String::from_utf8(bytes).map_err(|_| Error::Translations {
            path: path.into(),
            what: "not UTF-8; convert it first (iconv -f … -t UTF-8)".into(),
        })?;
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

/// Whether a sentence has anything to translate: lines without letters pass through as they are.
pub fn has_letters(sentence: &str) -> bool {
    sentence.chars().any(char::is_alphabetic)
}

#[cfg(test)]
mod tests {
    use super::*;

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
