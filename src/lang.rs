//! Languages: their names, and telling which one a text is in. The identifier's own types stay in here.

mod words;

use std::fmt;
use std::str::FromStr;

use crate::error::Error;

/// A language as a lower-case BCP 47 primary subtag (`de`, `en`, `pt`); region and script are dropped.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Lang(String);

impl Lang {
    /// English: what every document is matched in.
    pub fn english() -> Lang {
        Lang("en".into())
    }

    /// The tag, such as `de`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is English.
    pub fn is_english(&self) -> bool {
        self.0 == "en"
    }

    /// The English name where known (`German`), else the tag itself.
    pub fn name(&self) -> &str {
        let known = KNOWN.iter().map(|known| (known.tag, known.name));
        let mut all = known.chain(NAMED.iter().map(|(tag, _, name)| (*tag, *name)));
        all.find(|(tag, _)| *tag == self.0).map_or(&self.0, |(_, name)| name)
    }
}

impl fmt::Display for Lang {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Lang {
    type Err = Error;

    /// Reads a BCP 47 tag in any case (`de`, `DE-at`, `pt_BR`) and keeps its primary subtag.
    fn from_str(text: &str) -> Result<Lang, Error> {
        let primary = text.trim().split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
        let letters = primary.chars().all(|c| c.is_ascii_lowercase());
        if !letters || !(2..=3).contains(&primary.len()) {
            return Err(Error::input(text, "not a language tag such as de, en or pt-BR"));
        }
        // Identifiers and some pages speak ISO 639-2/3; models speak ISO 639-1.
        let known = KNOWN.iter().map(|known| (known.tag, known.long));
        let named = NAMED.iter().map(|(tag, long, _)| (*tag, *long));
        let mut others = known.chain(named).chain(OLD.iter().copied());
        Ok(Lang(others.find(|(_, long)| *long == primary).map_or(primary, |(tag, _)| tag.into())))
    }
}

struct Known {
    tag: &'static str,
    long: &'static str,
    name: &'static str,
    identifier: whatlang::Lang,
}

const fn known(
    tag: &'static str,
    long: &'static str,
    name: &'static str,
    identifier: whatlang::Lang,
) -> Known {
    Known { tag, long, name, identifier }
}

/// The languages that [`identify`] chooses among: those that Firefox's models serve and whatlang knows.
/// An allow-list measured better than all of whatlang's 70 (.986 against .982 on single sentences); those that
/// alone here write in their script cost the others nothing.
const KNOWN: &[Known] = &[
    known("ar", "ara", "Arabic", whatlang::Lang::Ara),
    known("bg", "bul", "Bulgarian", whatlang::Lang::Bul),
    known("bn", "ben", "Bangla", whatlang::Lang::Ben),
    known("ca", "cat", "Catalan", whatlang::Lang::Cat),
    known("cs", "ces", "Czech", whatlang::Lang::Ces),
    known("da", "dan", "Danish", whatlang::Lang::Dan),
    known("de", "deu", "German", whatlang::Lang::Deu),
    known("el", "ell", "Greek", whatlang::Lang::Ell),
    known("en", "eng", "English", whatlang::Lang::Eng),
    known("es", "spa", "Spanish", whatlang::Lang::Spa),
    known("et", "est", "Estonian", whatlang::Lang::Est),
    known("fi", "fin", "Finnish", whatlang::Lang::Fin),
    known("fr", "fra", "French", whatlang::Lang::Fra),
    known("gu", "guj", "Gujarati", whatlang::Lang::Guj),
    known("he", "heb", "Hebrew", whatlang::Lang::Heb),
    known("hi", "hin", "Hindi", whatlang::Lang::Hin),
    known("hu", "hun", "Hungarian", whatlang::Lang::Hun),
    known("it", "ita", "Italian", whatlang::Lang::Ita),
    known("ja", "jpn", "Japanese", whatlang::Lang::Jpn),
    known("ka", "kat", "Georgian", whatlang::Lang::Kat),
    known("kn", "kan", "Kannada", whatlang::Lang::Kan),
    known("ko", "kor", "Korean", whatlang::Lang::Kor),
    known("lt", "lit", "Lithuanian", whatlang::Lang::Lit),
    known("lv", "lav", "Latvian", whatlang::Lang::Lav),
    known("ml", "mal", "Malayalam", whatlang::Lang::Mal),
    known("nb", "nob", "Norwegian", whatlang::Lang::Nob),
    known("nl", "nld", "Dutch", whatlang::Lang::Nld),
    known("pl", "pol", "Polish", whatlang::Lang::Pol),
    known("pt", "por", "Portuguese", whatlang::Lang::Por),
    known("ro", "ron", "Romanian", whatlang::Lang::Ron),
    known("ru", "rus", "Russian", whatlang::Lang::Rus),
    known("sv", "swe", "Swedish", whatlang::Lang::Swe),
    known("ta", "tam", "Tamil", whatlang::Lang::Tam),
    known("te", "tel", "Telugu", whatlang::Lang::Tel),
    known("th", "tha", "Thai", whatlang::Lang::Tha),
    known("tr", "tur", "Turkish", whatlang::Lang::Tur),
    known("uk", "ukr", "Ukrainian", whatlang::Lang::Ukr),
    known("zh", "zho", "Chinese", whatlang::Lang::Cmn),
];

/// Languages that Firefox's models serve too, and that are not told from a text: their neighbours in one script
/// would be mistaken for them. A document in one of them is named by `--lang` or by its page.
const NAMED: &[(&str, &str, &str)] = &[
    ("az", "aze", "Azerbaijani"),
    ("be", "bel", "Belarusian"),
    ("bs", "bos", "Bosnian"),
    ("eu", "eus", "Basque"),
    ("fa", "fas", "Persian"),
    ("ga", "gle", "Irish"),
    ("gl", "glg", "Galician"),
    ("hr", "hrv", "Croatian"),
    ("id", "ind", "Indonesian"),
    ("is", "isl", "Icelandic"),
    ("mk", "mkd", "Macedonian"),
    ("ms", "msa", "Malay"),
    ("mt", "mlt", "Maltese"),
    ("nn", "nno", "Norwegian Nynorsk"),
    ("sk", "slk", "Slovak"),
    ("sl", "slv", "Slovenian"),
    ("sq", "sqi", "Albanian"),
    ("sr", "srp", "Serbian"),
    ("ur", "urd", "Urdu"),
    ("vi", "vie", "Vietnamese"),
];

/// Older and wider tags, each with the one that models use.
const OLD: &[(&str, &str)] =
    &[("nb", "no"), ("nb", "nor"), ("he", "iw"), ("id", "in"), ("fa", "pes"), ("sq", "als"), ("ar", "arb")];

/// How much of a text is looked at, in bytes: enough for certainty, and a long document costs no more.
const SAMPLE: usize = 8 << 10;

/// The language that `text` is written in, or `None` where that cannot be told (too short, no letters).
pub fn identify(text: &str) -> Option<Lang> {
    let sample = sample(text);
    let info = detector().detect(sample)?;
    // whatlang's own "reliable" refuses many correct short texts; what it is unsure of is mostly tiny.
    if !info.is_reliable() && sample.chars().filter(|c| c.is_alphabetic()).count() < 20 {
        return None;
    }
    KNOWN.iter().find(|known| known.identifier == info.lang()).map(|known| Lang(known.tag.into()))
}

fn sample(text: &str) -> &str {
    let mut end = text.len().min(SAMPLE);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

fn detector() -> whatlang::Detector {
    whatlang::Detector::with_allowlist(KNOWN.iter().map(|known| known.identifier).collect())
}

/// Whether `text`, one sentence or a few, is plainly in another language than `declared`. What cannot be told
/// (too short, names only, a language without words here) is not: silence is no evidence.
pub(crate) fn is_foreign(text: &str, declared: &Lang) -> bool {
    let scripts = Scripts::of(text);
    if scripts.letters() < SHORTEST {
        return false;
    }
    if let Some(foreign) = scripts.are_foreign(declared.as_str()) {
        return foreign;
    }
    let votes = words::votes(text, declared.as_str());
    let Some(own) = votes.own else {
        // Of a language whose words are not known, only English is told apart: any other may be its cousin.
        return votes.tag == "en" && votes.other >= 4 && scripts.latin > 0;
    };
    if votes.other >= own + 3 && 2 * votes.other >= 5 * own {
        return true;
    }
    // No word of its own in a whole sentence: the letters decide, if they are sure.
    own == 0 && scripts.letters() >= LONG && certain(text).is_some_and(|lang| lang != *declared)
}

/// Letters of a text from which its language can be told at all.
const SHORTEST: usize = 8;
/// Letters of a text from which one would expect a common word in it.
const LONG: usize = 25;

/// The language of a text where the identifier is sure of it.
fn certain(text: &str) -> Option<Lang> {
    let info = detector().detect(sample(text))?;
    let known = KNOWN.iter().find(|known| known.identifier == info.lang())?;
    info.is_reliable().then(|| Lang(known.tag.into()))
}

/// How many letters of a text are of which script.
#[derive(Default)]
struct Scripts {
    latin: usize,
    cyrillic: usize,
    greek: usize,
    han: usize,
    kana: usize,
    hangul: usize,
    other: usize,
}

impl Scripts {
    fn of(text: &str) -> Scripts {
        let mut scripts = Scripts::default();
        for c in text.chars().filter(|c| c.is_alphabetic()) {
            let count = match c {
                '\0'..='\u{24F}' | '\u{1E00}'..='\u{1EFF}' => &mut scripts.latin,
                '\u{370}'..='\u{3FF}' | '\u{1F00}'..='\u{1FFF}' => &mut scripts.greek,
                '\u{400}'..='\u{52F}' => &mut scripts.cyrillic,
                '\u{3040}'..='\u{30FF}' => &mut scripts.kana,
                '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}' => {
                    &mut scripts.han
                }
                '\u{1100}'..='\u{11FF}' | '\u{AC00}'..='\u{D7AF}' => &mut scripts.hangul,
                _ => &mut scripts.other,
            };
            *count += 1;
        }
        scripts
    }

    fn letters(&self) -> usize {
        self.latin + self.cyrillic + self.greek + self.han + self.kana + self.hangul + self.other
    }

    /// Whether the letters are not those of the language; `None` where they may be, and more must be asked.
    fn are_foreign(&self, tag: &str) -> Option<bool> {
        let own = match tag {
            "ru" | "uk" | "bg" => self.cyrillic,
            "el" => self.greek,
            // A Japanese sentence has its endings in kana, a Chinese one has none.
            "ja" if self.kana == 0 && self.han >= LONG => return Some(true),
            "ja" => return Some(3 * (self.han + self.kana) < self.letters()),
            "zh" if 4 * self.kana > self.letters() => return Some(true),
            "zh" => return Some(3 * self.han < self.letters()),
            "ko" => return Some(3 * self.hangul < self.letters()),
            tag if KNOWN.iter().any(|known| known.tag == tag) => self.latin,
            _ => return None,
        };
        if 2 * own < self.letters() {
            return Some(true);
        }
        // Greek letters are Greek; Latin and Cyrillic serve many languages.
        (tag == "el").then_some(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_read_in_any_spelling() {
        for (text, tag) in [
            ("de", "de"),
            ("DE-at", "de"),
            ("pt_BR", "pt"),
            ("deu", "de"),
            (" en ", "en"),
            ("sw", "sw"),
            ("no", "nb"),
            ("hrv", "hr"),
            ("zh-Hant", "zh"),
        ] {
            assert_eq!(text.parse::<Lang>().unwrap().as_str(), tag, "{text}");
        }
        for text in ["", "d", "german", "12", "../x"] {
            assert!(text.parse::<Lang>().is_err(), "{text}");
        }
    }

    #[test]
    fn languages_are_told_apart() {
        for (text, tag) in [
            ("Der Minister kündigte am Montag an, die Zahl der Soldaten zu erhöhen.", "de"),
            ("The minister announced on Monday that more soldiers would be sent.", "en"),
            ("Le ministre a annoncé lundi que davantage de soldats seraient envoyés.", "fr"),
            ("O ministro anunciou na segunda-feira que mais soldados serão enviados.", "pt"),
            ("部长周一宣布，将派遣更多士兵前往边境。", "zh"),
            ("部長週一宣布，將派遣更多士兵前往邊境。", "zh"),
            ("大臣は月曜日、国境にさらに兵士を派遣すると発表した。", "ja"),
            ("장관은 월요일에 더 많은 군인을 국경에 보내겠다고 발표했다.", "ko"),
            ("他用的是iPhone，朋友们都用Android手机上网。", "zh"),
            ("أعلن الوزير يوم الاثنين أنه سيتم إرسال المزيد من الجنود.", "ar"),
            ("השר הודיע ביום שני כי יישלחו חיילים נוספים.", "he"),
            ("मंत्री ने सोमवार को घोषणा की कि और सैनिक भेजे जाएंगे।", "hi"),
            ("Министр объявил в понедельник, что будет направлено больше солдат.", "ru"),
        ] {
            assert_eq!(identify(text).unwrap().as_str(), tag, "{text}");
        }
    }

    #[test]
    fn what_has_no_letters_has_no_language() {
        for text in ["", "   ", "12:30 – 14:00", "***"] {
            assert_eq!(identify(text), None, "{text:?}");
        }
    }

    #[test]
    fn only_plain_evidence_makes_a_text_foreign() {
        let german = "Der Hafen wurde am Montag gesperrt, weil das Eis zu dick war.";
        let english = "The harbour was closed on Monday because the ice was too thick.";
        let french = "Le port a été fermé lundi parce que la glace était trop épaisse.";
        let portuguese = "O porto foi fechado na segunda-feira porque o gelo era muito grosso.";
        for (text, lang, foreign) in [
            (german, "de", false),
            (german, "en", true),
            (english, "en", false),
            (english, "de", true),
            (french, "en", true),
            (portuguese, "en", true),
            (portuguese, "pt", false),
            (english, "sw", true),
            (german, "sw", false),
            ("Petra Muster, Hans Beispiel", "en", false),
            ("Ja.", "en", false),
            ("Die Hard, in Bonn", "de", false),
            ("Порт закрыт из-за льда.", "en", true),
            ("Порт закрыт из-за льда.", "ru", false),
            ("氷が厚いため、港は閉鎖された。", "ja", false),
            ("氷が厚いため、港は閉鎖された。", "zh", true),
            ("由于冰层太厚,港口周一关闭。", "zh", false),
            ("The harbour is closed.", "zh", true),
            ("얼음이 두꺼워 항구가 닫혔다.", "ko", false),
            ("12:30 – 14:00", "de", false),
        ] {
            assert_eq!(is_foreign(text, &lang.parse().unwrap()), foreign, "{lang}: {text}");
        }
    }
}
