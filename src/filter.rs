//! Why a sentence pair is not worth keeping, as far as the pair itself says it. What only the whole corpus
//! says, boilerplate and near duplicates, is found by the store, from the [`keys`] that are made here.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use unicode_normalization::UnicodeNormalization;

use crate::bitext::{AlignedPair, PairSide};
use crate::document::Span;
use crate::error::Error;
use crate::facts::{Fact, facts, matched};
use crate::lang::is_foreign;

/// What a pair must pass. The thresholds were fitted on news; what loses good pairs elsewhere can be allowed.
#[derive(Debug, Clone, PartialEq)]
pub struct FilterOptions {
    /// The lowest score of the alignment, from 0 to 1.
    pub min_score: f32,
    /// The least that the two sides have in common, both in English, from 0 to 1: the share of common runs of
    /// four letters. Twice as much of pairs with a score below 0.94; a few words with a higher one pass, and so
    /// does a pair of which one side has no stored English.
    pub min_overlap: f32,
    /// How many times longer one side may be than the other, over the length that its script makes likely;
    /// above 1.
    pub max_length_ratio: f32,
    /// The least share of letters among a side's visible characters, from 0 to 1.
    pub min_letters: f32,
    /// In how many documents that are not copies of each other a pair of lines must stand to be boilerplate;
    /// at least one in 2,000 of all document pairs.
    pub boilerplate: usize,
    /// Reasons that are none: pairs are not rejected for them.
    pub allow: BTreeSet<Reason>,
}

impl Default for FilterOptions {
    fn default() -> Self {
        FilterOptions {
            min_score: 0.5,
            min_overlap: 0.1,
            max_length_ratio: 2.5,
            min_letters: 0.5,
            boilerplate: 3,
            allow: BTreeSet::new(),
        }
    }
}

/// Which rules these are: another number judges stored pairs anew.
const RULES: u32 = 1;

impl fmt::Display for FilterOptions {
    /// One line that is equal for options that judge alike, for a store to remember.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "rules={RULES} score={} overlap={} length={} letters={} boilerplate={} allow=",
            self.min_score, self.min_overlap, self.max_length_ratio, self.min_letters, self.boilerplate
        )?;
        for (i, reason) in self.allow.iter().enumerate() {
            write!(f, "{}{}", if i == 0 { "" } else { "," }, reason.as_str())?;
        }
        Ok(())
    }
}

impl FromStr for FilterOptions {
    type Err = Error;

    /// Reads what `Display` writes.
    fn from_str(text: &str) -> Result<FilterOptions, Error> {
        let wrong = || Error::input(text, "not options of a filter as this version writes them");
        let mut options = FilterOptions::default();
        for field in text.split_ascii_whitespace() {
            let (name, value) = field.split_once('=').ok_or_else(wrong)?;
            let number = || value.parse::<f32>().map_err(|_| wrong());
            match name {
                "rules" if value == RULES.to_string() => {}
                "score" => options.min_score = number()?,
                "overlap" => options.min_overlap = number()?,
                "length" => options.max_length_ratio = number()?,
                "letters" => options.min_letters = number()?,
                "boilerplate" => options.boilerplate = value.parse().map_err(|_| wrong())?,
                "allow" => {
                    let reasons = value.split(',').filter(|reason| !reason.is_empty());
                    options.allow = reasons.map(str::parse).collect::<Result<_, _>>()?;
                }
                _ => return Err(wrong()),
            }
        }
        Ok(options)
    }
}

/// Why a pair is not worth keeping. A pair with several reasons has the first of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// Both sides are the same text, case and punctuation aside.
    Identical,
    /// Mostly no letters on one side: tables, rulers, timestamps.
    Letters,
    /// One side is not in its document's language.
    Language,
    /// One side is far too long for the other.
    Length,
    /// Each side has a number that the other lacks.
    Numbers,
    /// In English, the two sides have too little in common.
    Content,
    /// The aligner was not sure enough.
    Score,
    /// The same two lines stand in several documents.
    Boilerplate,
    /// A better pair says the same, case, punctuation and accents aside.
    Duplicate,
}

impl Reason {
    /// All reasons, in the order in which they are looked for.
    pub const ALL: [Reason; 9] = [
        Reason::Identical,
        Reason::Letters,
        Reason::Language,
        Reason::Length,
        Reason::Numbers,
        Reason::Content,
        Reason::Score,
        Reason::Boilerplate,
        Reason::Duplicate,
    ];

    /// The name as stores and exports hold it: `language`.
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::Identical => "identical",
            Reason::Letters => "letters",
            Reason::Language => "language",
            Reason::Length => "length",
            Reason::Numbers => "numbers",
            Reason::Content => "content",
            Reason::Score => "score",
            Reason::Boilerplate => "boilerplate",
            Reason::Duplicate => "duplicate",
        }
    }

    /// What it means, for people.
    pub fn meaning(self) -> &'static str {
        match self {
            Reason::Identical => "both sides are the same text",
            Reason::Letters => "one side is mostly not letters",
            Reason::Language => "one side is in another language",
            Reason::Length => "one side is far too long for the other",
            Reason::Numbers => "each side has a number that the other lacks",
            Reason::Content => "in English, the sides have too little in common",
            Reason::Score => "the aligner was not sure enough",
            Reason::Boilerplate => "the same lines stand in several documents",
            Reason::Duplicate => "a better pair says the same",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Reason {
    type Err = Error;

    fn from_str(text: &str) -> Result<Reason, Error> {
        Reason::ALL.into_iter().find(|reason| reason.as_str() == text).ok_or_else(|| {
            let all = Reason::ALL.map(Reason::as_str).join(", ");
            Error::input(text, format!("not a reason of the filter; there are {all}"))
        })
    }
}

/// Why this pair is not worth keeping, or `None`; boilerplate and duplicates cannot be told from one pair.
///
/// `english` of the sides is used where it is there, and the text of a side whose language is English.
pub fn reject(pair: &AlignedPair<'_>, options: &FilterOptions) -> Option<Reason> {
    let (source, target) = (&pair.source, &pair.target);
    let same_lang = source.lang == target.lang;
    let holds = |reason: Reason| match reason {
        Reason::Identical => !same_lang && plain(source.text) == plain(target.text),
        Reason::Letters => letters_of(source.text).min(letters_of(target.text)) < options.min_letters,
        Reason::Language => is_foreign(source.text, source.lang) || is_foreign(target.text, target.lang),
        Reason::Length => length_ratio(source.text, target.text) > options.max_length_ratio,
        Reason::Numbers => numbers_differ(source, target),
        Reason::Content => {
            let sides = english(source).zip(english(target)).filter(|_| !same_lang);
            sides.is_some_and(|(a, b)| is_unlike(a, b, pair.score, options.min_overlap))
        }
        Reason::Score => pair.score < options.min_score,
        Reason::Boilerplate | Reason::Duplicate => false,
    };
    Reason::ALL.into_iter().find(|reason| !options.allow.contains(reason) && holds(*reason))
}

/// What stands for each side of a pair in a search for repetitions: equal for texts that differ in case,
/// accents, punctuation and white space only.
pub(crate) fn keys(pair: &AlignedPair<'_>) -> [u64; 2] {
    [&pair.source, &pair.target].map(|side| {
        let text = plain(side.text);
        let text = if text.is_empty() { side.text } else { &text };
        hash(side.lang.as_str().bytes().chain([0]).chain(text.bytes()))
    })
}

/// Letters from which on a repeated line is boilerplate; shorter ones are things that people say, and are
/// left to the search for duplicates.
const LONG_LINE: usize = 16;

/// Whether a line is long enough to be boilerplate.
pub(crate) fn is_long(text: &str) -> bool {
    text.chars().filter(|c| c.is_alphabetic()).nth(LONG_LINE - 1).is_some()
}

/// Letters and digits only, in lower case and without accents.
fn plain(text: &str) -> String {
    let letters = |c: char| {
        let accent = ('\u{300}'..='\u{36F}').contains(&c);
        (c.is_alphanumeric() && !accent).then_some(c)
    };
    if text.is_ascii() {
        return text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    }
    text.nfkd().filter_map(letters).flat_map(char::to_lowercase).collect()
}

/// The share of letters among the visible characters, 0 for a blank text.
fn letters_of(text: &str) -> f32 {
    let visible = text.chars().filter(|c| !c.is_whitespace() && !c.is_control());
    let (letters, all) =
        visible.fold((0, 0), |(letters, all), c| (letters + usize::from(c.is_alphabetic()), all + 1));
    letters as f32 / all.max(1) as f32
}

/// How many times longer the longer side is. A few letters more or less say nothing of short lines.
fn length_ratio(source: &str, target: &str) -> f32 {
    const SLACK: f32 = 15.0;
    let (source, target) = (length(source) + SLACK, length(target) + SLACK);
    (source / target).max(target / source)
}

/// A text's length in letters of the Latin alphabet: what a sign of another script is worth on average.
fn length(text: &str) -> f32 {
    let worth = |c: char| match c {
        '\u{300}'..='\u{36F}' => 0.0,
        '\u{3040}'..='\u{30FF}' => 1.8,
        '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}' => 3.2,
        '\u{AC00}'..='\u{D7AF}' => 2.2,
        c if c.is_whitespace() => 0.5,
        _ => 1.0,
    };
    text.chars().map(worth).sum()
}

/// Whether each side has a number in digits that the other lacks. One that only one side has is no error: "14
/// Uhr" may be "in the afternoon". Nor are two that say the same in other words or units: "20.15 Uhr" and "8:15
/// p.m.", which facts.rs knows.
fn numbers_differ(source: &PairSide<'_>, target: &PairSide<'_>) -> bool {
    let (mut lost, mut added) = (numbers(source.text), numbers(target.text));
    cancel(&mut lost, &mut added);
    if lost.is_empty() || added.is_empty() {
        return false;
    }
    let (before, after) = (facts(source.text, source.lang), facts(target.text, target.lang));
    let (pairs, _) = matched(&before, &after);
    let within =
        |number: &Number, fact: &Fact| fact.span.start < number.span.end && number.span.start < fact.span.end;
    let holds = |numbers: &[Number], fact: &Fact| numbers.iter().any(|number| within(number, fact));
    // Figures that say the same, both with digits of which the other has not the like: these are settled.
    let settled: Vec<(&Fact, &Fact)> = pairs
        .iter()
        .map(|&(i, j)| (&before[i], &after[j]))
        .filter(|(a, b)| holds(&lost, a) && holds(&added, b))
        .collect();
    lost.retain(|number| number.is_clock() || !settled.iter().any(|(a, _)| within(number, a)));
    added.retain(|number| number.is_clock() || !settled.iter().any(|(_, b)| within(number, b)));
    // A year that the other side leaves out stands in a date that agrees; that is no proof of another one.
    let unexplained = lost.iter().chain(&added).any(Number::is_clock)
        || lost.iter().any(|number| !pairs.iter().any(|&(i, _)| within(number, &before[i])))
        || added.iter().any(|number| !pairs.iter().any(|&(_, j)| within(number, &after[j])));
    !lost.is_empty() && !added.is_empty() && unexplained
}

/// A number in digits: `1.200`, `20:15`, the 400 of `A400M`.
struct Number<'a> {
    span: Span,
    text: &'a str,
}

impl Number<'_> {
    /// Whether it is a time to the second, which is said in no other way.
    fn is_clock(&self) -> bool {
        self.text.bytes().filter(|&byte| byte == b':').count() == 2
    }

    /// Whether two numbers have the same digits, whatever separates them; years may leave out their century.
    fn is_like(&self, other: &Number<'_>) -> bool {
        let digits =
            |number: &Number<'_>| -> String { number.text.chars().filter(char::is_ascii_digit).collect() };
        let (a, b) = (digits(self), digits(other));
        let (short, long) = if a.len() < b.len() { (&a, &b) } else { (&b, &a) };
        a == b || short.len() == 2 && long.len() == 4 && long.ends_with(short.as_str())
    }
}

fn numbers(text: &str) -> Vec<Number<'_>> {
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let (mut numbers, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        if !digit(at) {
            at += 1;
            continue;
        }
        let start = at;
        while digit(at) || matches!(bytes.get(at), Some(b'.' | b',' | b':')) && digit(at + 1) {
            at += 1;
        }
        numbers.push(Number { span: Span { start, end: at }, text: &text[start..at] });
    }
    numbers
}

/// Takes out what both sides have, each as often as the other.
fn cancel(source: &mut Vec<Number<'_>>, target: &mut Vec<Number<'_>>) {
    source.retain(|number| match target.iter().position(|other| other.is_like(number)) {
        Some(at) => {
            target.remove(at);
            false
        }
        None => true,
    });
}

/// Whether the two sides, in English, have too little in common. The fewer runs there are, the less they say,
/// and what the aligner was not sure of must have more to show.
fn is_unlike(a: &str, b: &str, score: f32, least: f32) -> bool {
    const SURE: f32 = 0.94;
    const FEW: usize = 20;
    let (a, b) = (runs(a), runs(b));
    let least = if score < SURE { 2.0 * least } else { least };
    (score < SURE || a.len() + b.len() >= 2 * FEW) && common(&a, &b) < least
}

/// How much two texts have in common, from 0 to 1: the share of common runs of four characters within words,
/// each word framed, shorter words whole (as chrF, Popović 2015, with runs of one length). Both are sorted.
fn common(a: &[u64], b: &[u64]) -> f32 {
    let (mut i, mut j, mut common) = (0, 0, 0);
    while let (Some(x), Some(y)) = (a.get(i), b.get(j)) {
        common += usize::from(x == y);
        i += usize::from(x <= y);
        j += usize::from(y <= x);
    }
    2.0 * common as f32 / (a.len() + b.len()).max(1) as f32
}

/// What stands for a side in English.
fn english<'a>(side: &PairSide<'a>) -> Option<&'a str> {
    if side.lang.is_english() { Some(side.text) } else { side.english }
}

/// The runs of four characters within the framed words of a text, sorted.
fn runs(text: &str) -> Vec<u64> {
    let mut runs = Vec::with_capacity(text.len());
    let mut word: Vec<char> = Vec::with_capacity(24);
    for c in text.chars().flat_map(char::to_lowercase).chain([' ']) {
        if c.is_alphanumeric() {
            if word.is_empty() {
                word.push('<');
            }
            word.push(c);
        } else if !word.is_empty() {
            word.push('>');
            runs.extend(word.windows(word.len().min(4)).map(|run| hash(run.iter().map(|&c| c as u32))));
            word.clear();
        }
    }
    runs.sort_unstable();
    runs
}

/// FNV-1a, stirred once more at the end: no random seed, so that it is the same in every run.
fn hash<T: Into<u64>>(parts: impl Iterator<Item = T>) -> u64 {
    let sum = parts
        .fold(14_695_981_039_346_656_037u64, |sum, part| (sum ^ part.into()).wrapping_mul(1_099_511_628_211));
    (sum ^ (sum >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9) ^ (sum >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::Lang;

    fn judge(source: &str, target: &str, english: Option<&str>, score: f32) -> Option<Reason> {
        let langs: [Lang; 2] = ["de", "en"].map(|lang| lang.parse().unwrap());
        let side = |text, lang, english| PairSide {
            document: "a",
            lang,
            url: None,
            sentences: 0..1,
            span: None,
            text,
            english,
        };
        let (source, target) = (side(source, &langs[0], english), side(target, &langs[1], None));
        reject(&AlignedPair { source, target, score, rejected: None }, &FilterOptions::default())
    }

    #[test]
    fn a_pair_is_rejected_for_the_first_reason_that_holds() {
        let german = "Der Hafen wurde am Montag gesperrt, weil das Eis zu dick war.";
        let english = "The harbour was closed on Monday because the ice was too thick.";
        for (source, target, expected) in [
            (german, english, None),
            (german, german, Some(Reason::Identical)),
            ("Petra Muster", "PETRA MUSTER.", Some(Reason::Identical)),
            ("12:30 – 14:00", "from 12:30", Some(Reason::Letters)),
            ("", "Yes.", Some(Reason::Letters)),
            (german, "Le port a été fermé lundi parce que la glace était épaisse.", Some(Reason::Language)),
            (english, "The port was shut on Monday, for the ice was thick.", Some(Reason::Language)),
            (german, "It was shut.", Some(Reason::Length)),
            ("Ja.", "Yes, of course.", None),
            ("Es kamen 150 Gäste.", "There came 250 guests.", Some(Reason::Numbers)),
            ("Es kamen 150 Gäste.", "There came a crowd of guests.", None),
        ] {
            assert_eq!(judge(source, target, None, 0.9), expected, "{source} / {target}");
        }
        assert_eq!(judge(german, english, None, 0.3), Some(Reason::Score));
    }

    #[test]
    fn numbers_differ_only_where_both_sides_have_one_of_their_own() {
        for (source, target, differ) in [
            (
                "Um 20.15 Uhr am 5. Februar 2024 ging es los.",
                "It began at 8:15 p.m. on February 5, 2024.",
                false,
            ),
            ("Im Februar 2008 kamen 80 000 Leute.", "In February 2008, 80,000 people came.", false),
            ("Im Februar 2008 kam er an.", "In February 3712 he arrived.", true),
            ("Am 30. September 2004 war es so weit.", "On 36 September 2004 the time had come.", true),
            ("Der Preis stieg um fünf Zehntel auf 4,1 %.", "The price rose five tenths to 4.5%.", true),
            ("Der A400M fliegt seit 2009 nicht.", "The A400M has not flown since 2009.", false),
            ("Das kostet rund 1,2 Milliarden Euro.", "That costs about €1,230 million.", false),
            ("Sie gewann in 2:15:25 vor allen anderen.", "She won in 2:48:25 ahead of all the others.", true),
            (
                "Sie gewann in 2:15:25 vor allen anderen.",
                "She won in 2:15:25 ahead of all the others.",
                false,
            ),
            ("Drei Tore in 90 Minuten gab es.", "There were 3 goals in 90 minutes.", false),
            ("In den Jahren 2001-2002 war es so.", "In the years 2001-02 it was so.", false),
            ("Er gewann 3 von 5 Spielen.", "He won 4 of 5 games.", true),
            ("Er fuhr 100 Kilometer weit dahin.", "He drove for 62 miles to get there.", false),
        ] {
            let expected = differ.then_some(Reason::Numbers);
            assert_eq!(judge(source, target, None, 0.9), expected, "{source} / {target}");
        }
    }

    #[test]
    fn what_the_sides_have_in_common_is_asked_of_their_english() {
        let source = "Der Rat der Stadt hat am Montag beschlossen, die alte Brücke zu sperren.";
        let hypothesis = Some("The city council decided on Monday to close the old bridge.");
        let other = "Nobody had expected that so many visitors would come to see her paintings.";
        let right = "On Monday the town council resolved to shut the old bridge.";
        assert_eq!(judge(source, right, hypothesis, 0.99), None);
        assert_eq!(judge(source, other, hypothesis, 0.99), Some(Reason::Content));
        assert_eq!(judge(source, other, None, 0.99), None);
        // A few words may well be said otherwise, unless the aligner has doubts as well.
        assert_eq!(judge("Das freut mich.", "I am glad.", Some("It pleases me."), 0.99), None);
        assert_eq!(
            judge("Das freut mich.", "I am glad.", Some("It pleases me."), 0.7),
            Some(Reason::Content)
        );
    }

    #[test]
    fn options_are_read_back_as_they_were_written() {
        let allow = BTreeSet::from([Reason::Score, Reason::Identical]);
        for options in [
            FilterOptions::default(),
            FilterOptions { min_score: 0.123, boilerplate: 7, allow, ..FilterOptions::default() },
        ] {
            assert_eq!(options.to_string().parse::<FilterOptions>().unwrap(), options);
        }
        for text in ["score", "score=x", "rules=0", "what=1", "allow=spelling"] {
            assert!(text.parse::<FilterOptions>().is_err(), "{text}");
        }
    }

    #[test]
    fn texts_that_differ_in_form_only_have_one_key() {
        for (a, b, same) in [
            ("Das Café – am See!", "das cafe am SEE", true),
            ("Am 5. Mai", "Am 6. Mai", false),
            ("…", "...", false),
            ("हिन्दी", "हिनद", false),
        ] {
            assert_eq!(plain(a) == plain(b) && !plain(a).is_empty(), same, "{a} {b}");
        }
    }
}
