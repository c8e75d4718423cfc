//! What a sentence states in a form that can be compared across languages: numbers with their units, dates,
//! times, scores, names, quotations, negation. German and English are known by their words; of any other
//! language the digits, capitals and quotation marks are read. Rules over tokens, no model: a figure must be
//! explainable by pointing at its characters.

mod agree;
mod dates;
mod names;
mod numbers;
mod reader;
mod tokens;
mod words;

pub use agree::{agree, comparable, fold, is_figure, is_year, matched, unmatched};

use crate::document::Span;
use crate::lang::Lang;

use names::{names, negations, quotes};
use numbers::share_scale;
use reader::Reader;
use tokens::tokenise;
use words::Words;

/// One thing that a sentence states.
#[derive(Debug, Clone, PartialEq)]
pub struct Fact {
    /// Its bytes in the sentence.
    pub span: Span,
    /// What it says.
    pub value: Value,
}

/// What a [`Fact`] says, in a form that no longer depends on the language.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A number, with its unit where it has one.
    Number(Quantity),
    /// A calendar date or a part of one.
    Date(Date),
    /// A time of day in minutes since midnight; on a twelve-hour clock 0 to 719 where the half is not said.
    Time(u32),
    /// The result of a game or a vote, as said: `2:3`.
    Score(u32, u32),
    /// A name as written, without genitive endings: capitalised words in a row, or an acronym.
    Name(String),
    /// A literal quotation, without its marks.
    Quote(String),
    /// A word that negates: `nicht`, `kein`, `never`, `without`.
    Negation,
}

/// A number and what it counts.
#[derive(Debug, Clone, PartialEq)]
pub struct Quantity {
    /// The number with its scale word: `3,5 Millionen` is 3,500,000.
    pub amount: f64,
    /// The value of one unit in the last place that was said: 100,000 for `3,5 Millionen`, 1 for `150`.
    pub step: f64,
    /// What it counts.
    pub unit: Unit,
    /// Said to be rough: `rund`, `more than`, fractions such as `half`.
    pub rough: bool,
    /// Whether it may start a disagreement. `zwei` and `second` come and go in translation; `150` does not.
    pub firm: bool,
}

/// What a number counts, as far as it is told apart.
#[derive(Debug, Clone, PartialEq)]
pub enum Unit {
    /// Things, people, years of the calendar: anything without a unit of its own.
    Plain,
    /// Per cent of something; also fractions.
    Percent,
    /// Money, by its ISO 4217 code.
    Money(&'static str),
    /// A span of time; the factor turns the amount into days.
    Days(f64),
    /// A length; the factor turns the amount into metres.
    Metres(f64),
    /// A mass; the factor turns the amount into kilograms.
    Kilograms(f64),
    /// Degrees of temperature, of whichever scale.
    Degrees,
    /// A decade by its first year: `1990s`, or 90 where the century is not said.
    Decade,
    /// Part of a name: the letters that it hangs on, in lower case (`covid` of `Covid-19`).
    Code(String),
}

/// A date, as far as it is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Date {
    /// The year, with its century.
    pub year: Option<u32>,
    /// The month, 1 to 12.
    pub month: Option<u32>,
    /// The day of the month, 1 to 31.
    pub day: Option<u32>,
    /// The day of the week, 0 for Monday.
    pub weekday: Option<u32>,
}

/// A sentence with more facts than this is a table or worse. Facts are compared with each other, so that without
/// an end to them the time taken grows with the square of what someone wrote.
const MOST: usize = 1000;

/// The facts of one sentence, in the order of their places; of each sort (figures, names, …) the first 1,000.
pub fn facts(text: &str, lang: &Lang) -> Vec<Fact> {
    let tokens = tokenise(text);
    let words = Words::of(lang);
    let mut facts = Vec::new();
    let mut at = 0;
    while at < tokens.len() && facts.len() < MOST {
        let reader = Reader { text, tokens: &tokens, words, at };
        let found =
            reader.date().or_else(|| reader.clock()).or_else(|| reader.score()).or_else(|| reader.number());
        at = match found {
            Some((value, end)) => {
                // "20 € 5": a currency sign belongs to one number, the first that takes it.
                let before = facts.last().map_or(0, |fact: &Fact| fact.span.end);
                let start = reader.start_of(&value).max(before);
                facts.push(Fact { span: Span { start, end: tokens[end - 1].span.end }, value });
                end
            }
            None => at + 1,
        };
    }
    share_scale(text, &mut facts);
    facts.extend(negations(&tokens, words).into_iter().take(MOST));
    facts.extend(names(text, &tokens, words).into_iter().take(MOST));
    facts.extend(quotes(text).into_iter().take(MOST));
    facts.sort_by_key(|fact| (fact.span.start, fact.span.end));
    facts
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether each side has a figure that the other lacks, and the two are of a sort.
    fn numbers_differ(source: &str, source_lang: &Lang, target: &str, target_lang: &Lang) -> bool {
        let (a, b) = (facts(source, source_lang), facts(target, target_lang));
        let (left, right) = unmatched(&a, &b);
        left.iter().any(|a| right.iter().any(|b| comparable(&a.value, &b.value)))
    }

    fn show(value: &Value) -> String {
        match value {
            Value::Number(q) => {
                let unit = match &q.unit {
                    Unit::Plain => String::new(),
                    Unit::Percent => " %".into(),
                    Unit::Money(code) => format!(" {code}"),
                    Unit::Days(factor) => format!(" × {factor:.2} days"),
                    Unit::Metres(factor) => format!(" × {factor} m"),
                    Unit::Kilograms(factor) => format!(" × {factor} kg"),
                    Unit::Decade => " decade".into(),
                    Unit::Degrees => " degrees".into(),
                    Unit::Code(letters) => format!(" {letters}"),
                };
                format!("{}{unit}{}", q.amount, if q.rough { " rough" } else { "" })
            }
            Value::Date(d) => {
                let part = |x: Option<u32>| x.map_or("-".into(), |x| x.to_string());
                format!("date {} {} {} {}", part(d.year), part(d.month), part(d.day), part(d.weekday))
            }
            Value::Time(minutes) => format!("time {}:{:02}", minutes / 60, minutes % 60),
            Value::Score(a, b) => format!("score {a}:{b}"),
            Value::Name(name) => format!("name {name}"),
            Value::Quote(quote) => format!("quote {quote}"),
            Value::Negation => "not".into(),
        }
    }

    fn figures(text: &str, lang: &str) -> Vec<String> {
        let facts = facts(text, &lang.parse().unwrap());
        facts.iter().filter(|fact| is_figure(&fact.value)).map(|fact| show(&fact.value)).collect()
    }

    #[test]
    fn german_figures() {
        for (text, want) in [
            ("Rund 150 Soldaten kamen.", &["150 rough"][..]),
            ("3,5 Millionen Euro und 920 Millionen", &["3500000 EUR", "920000000"]),
            ("Das kostet 1,2 Mrd. Dollar.", &["1200000000 USD"]),
            ("Es waren 1,5 Billionen Yen.", &["1500000000000 JPY"]),
            ("Um 7,5 Prozent, nicht 12%.", &["7.5 %", "12 %"]),
            ("Am 5. Februar 2024 und am 05.02.2024", &["date 2024 2 5 -", "date 2024 2 5 -"]),
            ("Am Montagabend um 20.15 Uhr, um 8 Uhr", &["date - - - 0", "time 20:15", "time 8:00"]),
            ("Das Spiel endete 2:3.", &["score 2:3"]),
            ("zwölf, dreiundzwanzig, hundertfünf", &["12", "23", "105"]),
            ("zweitausendvierhundert Leute, anderthalb Jahre", &["2400", "1.5 × 365.25 days"]),
            ("1.200 Leute, 1.234.567 Euro, 3.50", &["1200", "1234567 EUR", "3.5"]),
            ("ein Dutzend, eine Million, eine halbe Million", &["12", "1000000", "500000"]),
            ("in den 1990er Jahren, die neunziger Jahre", &["1990 decade", "90 decade"]),
            (
                "Der 95-Jährige, drei Wochen, 24 Stunden",
                &["95 × 365.25 days", "3 × 7.00 days", "24 × 0.04 days"],
            ),
            ("Covid-19 und die G20", &["19 covid", "20 g"]),
            ("Im März 2011, im Mai", &["date 2011 3 - -", "date - 5 - -"]),
            ("eine Frau und ein Mann", &[]),
            // A sign between two numbers: the spans must not overlap (found by the property tests).
            ("20 € 5", &["20 EUR", "5 EUR"]),
        ] {
            assert_eq!(figures(text, "de"), want, "{text}");
        }
    }

    #[test]
    fn english_figures() {
        for (text, want) in [
            ("An additional 150 soldiers came.", &["150"][..]),
            ("3.5 million euros, $1.9 billion, £20m", &["3500000 EUR", "1900000000 USD", "20000000 GBP"]),
            ("It rose by seven per cent, not 12%.", &["7 %", "12 %"]),
            ("On February 5, 2024, on 5 February", &["date 2024 2 5 -", "date - 2 5 -"]),
            ("Published 2024-02-05 and 2/5/2024", &["date 2024 2 5 -", "date 2024 2 5 -"]),
            ("On Monday at 8:15 p.m., at 8 am", &["date - - - 0", "time 20:15", "time 8:00"]),
            ("They won 3-2.", &["score 3:2"]),
            ("twenty-three, one hundred and five, a dozen", &["23", "105", "12"]),
            ("two million three hundred thousand", &["2300000"]),
            ("1,200 people and 1,234,567 more", &["1200", "1234567"]),
            ("half a million, a hundred million, more than 28,000", &["500000", "100000000", "28000 rough"]),
            ("in the 1990s, the '90s", &["1990 decade", "90 decade"]),
            ("14 days, a 70-year-old man", &["14 × 1.00 days", "70 × 365.25 days"]),
            ("He may march in May 2020.", &["date 2020 5 - -"]),
            ("one hundred two hundred and one hundred six", &["100", "200", "106"]),
            ("1 234 567 people, 1.5 234, 2015 300", &["1234567", "1.5", "234", "2015", "300"]),
        ] {
            assert_eq!(figures(text, "en"), want, "{text}");
        }
    }

    #[test]
    fn other_languages_have_their_digits() {
        assert_eq!(figures("Il y avait 1.200 personnes, 3,5 % et 12 h", "fr"), ["1200", "3.5 %", "12"]);
        assert_eq!(figures("1,200人、3.5%", "zh"), ["1200", "3.5 %"]);
    }

    #[test]
    fn names_quotes_and_negation_have_their_places() {
        for (text, lang, want) in [
            ("Die Ministerin Petra Muster kam nicht.", "de", &["name Ministerin Petra Muster", "not"][..]),
            ("Die EU sagte: „Das geht so.“", "de", &["name EU", "quote Das geht so."]),
            ("Yesterday Petra Muster didn't go to Bonn.", "en", &["name Petra Muster", "not", "name Bonn"]),
            ("\"That is so,\" he said, without a doubt.", "en", &["quote That is so,", "not"]),
            ("and that is all,\" she said", "en", &["quote and that is all,"]),
            (
                "so it is,\" and \"not so\" he said\"",
                "en",
                &["quote so it is,", "not", "quote not so", "quote he said"],
            ),
            ("They sold No. 6 and No 7, no more.", "en", &["6", "7", "not"]),
        ] {
            let facts = facts(text, &lang.parse().unwrap());
            let got: Vec<String> = facts.iter().map(|fact| show(&fact.value)).collect();
            assert_eq!(got, want, "{text}");
        }
    }

    #[test]
    fn a_name_is_the_same_with_and_without_its_accents() {
        for (a, b) in [("Zoé Müller", "Zoe Mueller"), ("Škoda", "Skoda"), ("Muñoz's", "Munoz")] {
            assert_eq!(fold(a), fold(b));
        }
        assert_ne!(fold("Zoe"), fold("Zora"));
    }

    #[test]
    fn contradictions_are_told_from_omissions() {
        let (de, en) = ("de".parse().unwrap(), Lang::english());
        for (source, target, differ) in [
            ("von 25 auf 55 Mrd. Euro", "from €25bn to €55bn", false),
            ("sechsmal, der Achtzigjährige", "six times, a man of eighty", false),
            ("am siebten Tag", "on the seventh day", false),
            ("1,800 Menschen", "1800 people", false),
            ("9 Grad", "48 degrees", false),
            ("80 000 Wohnungen", "80,000 flats", false),
            ("im 21. Jahrhundert", "in the twenty-first century", false),
            ("zwei Wochen", "5 weeks", true),
            ("Es kamen 150 Soldaten.", "150 soldiers came.", false),
            ("Es kamen 150 Soldaten.", "160 soldiers came.", true),
            ("Es kamen 150 Soldaten.", "Soldiers came.", false),
            ("Zwei Wochen Quarantäne", "14 days of quarantine", false),
            ("3,5 Millionen Euro", "€3.5m", false),
            ("3,5 Millionen Euro", "€35m", true),
            ("1,92 Milliarden Euro", "1.9 billion euros", false),
            ("eine Billion Euro", "a billion euros", true),
            ("am 5. Februar", "on February 6", true),
            ("am 5. Februar 2024", "on Feb. 5", false),
            ("um 20.15 Uhr", "at 8:15 p.m.", false),
            ("um 20.15 Uhr", "at 8:45 p.m.", true),
            ("ein 2:3 gegen Bonn", "a 3-2 defeat against Bonn", false),
            ("2008", "in February 2008", false),
            ("in den neunziger Jahren", "in the 1990s", false),
            ("rund 2000 Menschen", "2,050 people", false),
            ("Am Montag", "On Tuesday", true),
            ("100 Kilometer", "62 miles", false),
        ] {
            assert_eq!(numbers_differ(source, &de, target, &en), differ, "{source} / {target}");
        }
    }

    /// Each of these took time or memory that grew with the square of its length, or the whole stack.
    #[test]
    fn hostile_sentences_are_read_in_good_time() {
        for part in [
            "\" ",
            "x\" ",
            "„",
            "12,5 ",
            "1 000 ",
            "one hundred ",
            "Anna x ",
            "tausend",
            "hundertund",
            "$5 ",
            "not ",
        ] {
            let text = format!("{}{}", "!".repeat(10_000), part.repeat(50_000 / part.len()));
            for lang in ["de", "en"] {
                let start = std::time::Instant::now();
                let facts = facts(&text, &lang.parse().unwrap());
                assert!(facts.len() <= 4 * MOST, "{part}: {}", facts.len());
                unmatched(&facts, &facts);
                assert!(start.elapsed().as_secs() < 10, "{part} in {lang}: {:?}", start.elapsed());
            }
        }
    }
}
