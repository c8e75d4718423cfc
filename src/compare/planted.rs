//! The self-test: hides, shuffles and changes what is known in the user's own pair, and counts how much of it the
//! comparison finds. Which sentences are taken follows from their numbers alone, so that it repeats exactly.

use super::{CompareOptions, Comparison, Report, Verdict, compare};
use crate::document::Span;
use crate::encoder::Encoder;
use crate::facts::{Value, agree, facts};

/// What a self-test found of what it had hidden in the user's own texts.
#[derive(Debug, Clone, PartialEq)]
pub struct SelfTest {
    /// What was planted, in a few words.
    pub what: String,
    /// How many were planted.
    pub planted: usize,
    /// How many of them were found.
    pub hits: usize,
    /// How many were said in all, right or wrong; `None` where wrong ones cannot be told.
    pub said: Option<usize>,
}

impl SelfTest {
    /// Share of the planted that was found, with its 95 % interval (Wilson 1927).
    pub fn recall(&self) -> (f64, f64, f64) {
        wilson(self.hits, self.planted)
    }

    /// Share of what was said that was planted, with its interval.
    pub fn precision(&self) -> Option<(f64, f64, f64)> {
        self.said.map(|said| wilson(self.hits, said))
    }
}

/// A share and its 95 % interval by Wilson's score (JASA 22, 1927), which holds for few cases too.
fn wilson(hits: usize, count: usize) -> (f64, f64, f64) {
    if count == 0 {
        return (0.0, 0.0, 1.0);
    }
    let (n, p, z) = (count as f64, hits as f64 / count as f64, 1.959_964_f64);
    let middle = (p + z * z / (2.0 * n)) / (1.0 + z * z / n);
    let half = z / (1.0 + z * z / n) * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt();
    (p, (middle - half).max(0.0), (middle + half).min(1.0))
}

/// In how many rounds sentences are hidden, each round a different tenth.
const ROUNDS: usize = 5;
/// How many numbers are changed at most.
const NUMBERS: usize = 40;

/// Plants in the pair and compares again: hidden counterparts, another order, changed numbers.
///
/// Takes the time of about eight comparisons. A test for which the pair has no material is left out.
pub fn self_test(
    source: &Report,
    target: &Report,
    encoder: &Encoder,
    options: &CompareOptions,
) -> Vec<SelfTest> {
    let before = compare(source, target, encoder, options);
    // The relation is known by now, and hiding a tenth must not change it.
    let options = CompareOptions { relation: Some(before.relation), ..options.clone() };
    let test = Test { source, target, encoder, options, before };
    [test.hidden(), test.shuffled(), test.numbers()].into_iter().filter(|test| test.planted > 0).collect()
}

struct Test<'a> {
    source: &'a Report<'a>,
    target: &'a Report<'a>,
    encoder: &'a Encoder,
    options: CompareOptions,
    before: Comparison,
}

impl Test<'_> {
    /// Hides all counterparts of some source sentences, and counts which of these are found to stand alone.
    fn hidden(&self) -> SelfTest {
        let linked: Vec<usize> = (0..self.source.sentences.len())
            .filter(|&i| matches!(self.before.source[i].verdict, Verdict::Covered | Verdict::Partly))
            .collect();
        let (mut planted, mut hits, mut said) = (0, 0, 0);
        for round in 0..ROUNDS.min(linked.len()) {
            let chosen: Vec<usize> = linked.iter().copied().skip(round).step_by(10).collect();
            let counterparts = |i: usize| {
                self.before
                    .scored
                    .iter()
                    .filter(move |link| link.source == i && link.score >= 0.2)
                    .map(|link| link.target)
            };
            let gone: Vec<usize> = chosen.iter().flat_map(|&i| counterparts(i)).collect();
            let kept: Vec<usize> = (0..self.target.sentences.len()).filter(|j| !gone.contains(j)).collect();
            let after = compare(self.source, &picked(self.target, &kept), self.encoder, &self.options);
            planted += chosen.len();
            for i in linked.iter().copied().filter(|&i| after.source[i].found < 0.5) {
                if chosen.contains(&i) {
                    hits += 1;
                    said += 1;
                } else if !counterparts(i).any(|j| gone.contains(&j)) {
                    // It lost nothing, and yet is said to stand alone.
                    said += 1;
                }
            }
        }
        SelfTest { what: "sentences whose counterparts were hidden".into(), planted, hits, said: Some(said) }
    }

    /// Puts the target into another order, and counts the source sentences that are judged as before.
    fn shuffled(&self) -> SelfTest {
        let count = self.target.sentences.len();
        // Steps of a number without common divisor visit every sentence once, far from its neighbours.
        let step = (count * 5 / 13..count).find(|step| *step > 1 && divisor(*step, count) == 1).unwrap_or(1);
        let order: Vec<usize> = (0..count).map(|k| k * step % count.max(1)).collect();
        let options = CompareOptions {
            relation: match self.options.relation {
                Some(super::Relation::Parallel) => Some(super::Relation::Rearranged),
                other => other,
            },
            ..self.options.clone()
        };
        let after = compare(self.source, &picked(self.target, &order), self.encoder, &options);
        let sides = self.before.source.iter().zip(&after.source);
        let judged: Vec<_> = sides.filter(|(one, _)| (one.found - 0.5).abs() > 0.15).collect();
        let hits = judged.iter().filter(|(one, other)| (one.found < 0.5) == (other.found < 0.5)).count();
        SelfTest {
            what: "verdicts kept with one side shuffled".into(),
            planted: judged.len(),
            hits,
            said: None,
        }
    }

    /// Changes a number on which linked sentences agree, in the target, and counts the disagreements listed.
    fn numbers(&self) -> SelfTest {
        let mut texts: Vec<String> =
            self.target.sentences.iter().map(|sentence| sentence.to_string()).collect();
        let mut english: Vec<String> =
            self.target.english.iter().map(|sentence| sentence.to_string()).collect();
        let mut changed: Vec<usize> = Vec::new();
        for link in self.before.links() {
            if changed.contains(&link.target) || changed.len() == NUMBERS {
                continue;
            }
            let here = facts(self.source.sentences[link.source], self.source.lang);
            let there = facts(self.target.sentences[link.target], self.target.lang);
            let plain = there.iter().find(|fact| {
                let digits = fact.span.of(self.target.sentences[link.target]);
                matches!(&fact.value, Value::Number(number) if number.firm)
                    && digits.starts_with(|c: char| c.is_ascii_digit())
                    && here.iter().any(|other| agree(&other.value, &fact.value))
            });
            if let Some(fact) = plain {
                texts[link.target] = altered(&texts[link.target], fact.span);
                if self.target.lang.is_english() {
                    english[link.target] = texts[link.target].clone();
                }
                changed.push(link.target);
            }
        }
        let target = Report {
            lang: self.target.lang,
            sentences: texts.iter().map(String::as_str).collect(),
            english: english.iter().map(String::as_str).collect(),
        };
        let after = compare(self.source, &target, self.encoder, &self.options);
        let listed =
            |comparison: &Comparison, j: usize| comparison.disagreements.iter().any(|one| one.target.0 == j);
        let hits = changed.iter().filter(|&&j| listed(&after, j)).count();
        let fresh = (0..texts.len())
            .filter(|j| !changed.contains(j) && listed(&after, *j) && !listed(&self.before, *j));
        let said = Some(hits + fresh.count());
        SelfTest { what: "numbers changed in linked sentences".into(), planted: changed.len(), hits, said }
    }
}

/// Some sentences of a report, in the order given.
fn picked<'a>(report: &Report<'a>, order: &[usize]) -> Report<'a> {
    Report {
        lang: report.lang,
        sentences: order.iter().map(|&i| report.sentences[i]).collect(),
        english: order.iter().map(|&i| report.english[i]).collect(),
    }
}

/// The sentence with the first digit of a number turned into another one.
fn altered(text: &str, span: Span) -> String {
    let digit = text.as_bytes()[span.start];
    let other = if digit == b'9' { '4' } else { char::from(digit + 1) };
    format!("{}{other}{}", &text[..span.start], &text[span.start + 1..])
}

fn divisor(a: usize, b: usize) -> usize {
    if b == 0 { a } else { divisor(b, a % b) }
}
