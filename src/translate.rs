//! Sentences into English: the seam between the slow engine and everything else, translations taken from a
//! file, and the signs by which a bad translation is known.

mod cut;
mod marian;
#[cfg(feature = "torch")]
mod torch;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

pub use marian::Marian;
use sha2::{Digest, Sha256};
#[cfg(feature = "torch")]
pub use torch::Torch;

use crate::error::{Error, Result};
use crate::facts::{Fact, facts, unmatched};
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

    /// The signature that `model` will have, without loading it.
    ///
    /// # Errors
    /// As [`Engine::check`].
    pub(crate) fn signature(self, model: &Model) -> Result<String> {
        match self {
            Engine::Marian => Ok(Marian::signature_of(model)),
            #[cfg(feature = "torch")]
            Engine::OpusMt(options) => Ok(Torch::signature_of(model, options)),
            #[cfg(not(feature = "torch"))]
            Engine::OpusMt(_) => Err(Error::Engine),
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
    match translation.trim() {
        "" => Err(Error::Model {
            model: model.name().into(),
            what: format!("it makes nothing of {sentence:?}"),
        }),
        translation => Ok(Some((sentence.into(), translation.into()))),
    }
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
    let (before, after) = (length(sentence), length(translation));
    if (after + 12.0) / (before + 12.0) > 2.2 || (before + 12.0) / (after + 12.0) > 2.2 {
        return Some(Suspicion::Length);
    }
    figures_differ(sentence, lang, translation).then_some(Suspicion::Numbers)
}

/// Characters, each counted as what it comes to in English: one of Chinese is half a word or a whole one. What
/// Chinese, kana and Hangul come to was set by eye on sentences written for the tests, not fitted.
fn length(text: &str) -> f32 {
    let worth = |c: char| match c {
        '一'..='鿿' | '㐀'..='䶿' | '豈'..='﫿' | '\u{20000}'..='\u{3134f}' => 3.3,
        'ぁ'..='ゟ' | 'ァ'..='ヺ' => 1.6,
        '가'..='힣' => 2.3,
        _ => 1.0,
    };
    text.chars().map(worth).sum()
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
    // Numbers in Chinese characters are not read (`12万`, `三十`); a sentence that may hold one is not judged.
    if sentence.contains(|c| "〇一二三四五六七八九十百千万萬亿億兆만억조".contains(c)) {
        return false;
    }
    let sentence = &sentence.chars().map(narrow).collect::<String>();
    let (before, after) = (facts(sentence, lang), facts(translation, &Lang::english()));
    let (lost, added) = unmatched(&before, &after);
    let counts = |text: &str, fact: &Fact| fact.span.of(text).bytes().filter(u8::is_ascii_digit).count() >= 2;
    lost.iter().any(|fact| counts(sentence, fact)) || added.iter().any(|fact| counts(translation, fact))
}

/// The ASCII form of a full-width digit or mark between digits.
fn narrow(c: char) -> char {
    match c {
        '０'..='９' => char::from(b'0' + (c as u32 - '０' as u32) as u8),
        '．' => '.',
        '，' => ',',
        '：' => ':',
        '％' => '%',
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_of_a_sentence_is_judged_by_its_script() {
        for (tag, sentence, translation, expected) in [
            ("zh", "我昨天在图书馆借了几本书。", "Yesterday I borrowed a few books from the library.", None),
            (
                "zh",
                "由于连日降雨，河水上涨，渡船今天早上停止了运营。",
                "Because of days of rain the river has risen, and the ferry stopped running this morning.",
                None,
            ),
            ("zh", "由于连日降雨，河水上涨，渡船今天早上停止了运营。", "The ferry.", Some(Suspicion::Length)),
            ("zh", "渡船停了。", &"The ferry has stopped, and ".repeat(2), Some(Suspicion::Length)),
            (
                "ja",
                "昨日、図書館で本を数冊借りましたが、まだ読んでいません。",
                "I borrowed some books from the library yesterday, but I have not read them yet.",
                None,
            ),
            (
                "ja",
                "カメラとノートパソコンをテーブルにおいた。",
                "I put the camera and the laptop on the table.",
                None,
            ),
            (
                "ko",
                "어제 도서관에서 책을 몇 권 빌렸지만 아직 읽지 않았습니다.",
                "I borrowed a few books from the library yesterday, but I have not read them yet.",
                None,
            ),
            (
                "ko",
                "어제 도서관에서 책을 몇 권 빌렸지만 아직 읽지 않았습니다.",
                "Books.",
                Some(Suspicion::Length),
            ),
            (
                "zh",
                "会议于2025年3月15日在河边举行。",
                "The meeting took place by the river on March 15, 2025.",
                None,
            ),
            (
                "zh",
                "约12万人参加了游行，人数比去年多。",
                "About 120,000 people marched, more than last year.",
                None,
            ),
            ("zh", "票价是４５元，孩子免费。", "The ticket is 45 yuan; children ride free.", None),
            (
                "zh",
                "票价是45元，孩子免费。",
                "The ticket is 54 yuan; children ride free.",
                Some(Suspicion::Numbers),
            ),
            ("ja", "気温は３５度まで上がった。", "The temperature rose to 35 degrees.", None),
            ("ko", "표는 45원이고 아이는 무료다.", "A ticket is 45 won, and children ride free.", None),
            ("ko", "회의는 2025년 3월 15일에 열렸다.", "The meeting was held on March 15, 2025.", None),
        ] {
            let lang = tag.parse().unwrap();
            assert_eq!(suspicion(sentence, &lang, translation), expected, "{sentence} | {translation}");
        }
    }

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
