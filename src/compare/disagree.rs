//! Where linked sentences say different things: figures, names, negation, read from the original sentences.
//! A figure that is merely missing on one side is an omission, not a disagreement.

use std::collections::BTreeMap;

use super::evidence::Evidence;
use super::{Link, Relation, Report};
use crate::document::Span;
use crate::encoder::Encoder;
use crate::facts::{
    Fact, Unit, Value, agree, comparable, facts, fold, is_figure, is_year, matched, unmatched,
};
use crate::lang::Lang;

/// What a disagreement is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topic {
    /// A number, a price, a share, a span of time.
    Number,
    /// A date or a day of the week.
    Date,
    /// A time of day.
    Time,
    /// The result of a game or a vote.
    Score,
    /// One of a person's names.
    Name,
    /// One side denies it.
    Negation,
}

/// Two places that contradict each other.
#[derive(Debug, Clone, PartialEq)]
pub struct Disagreement {
    /// What it is about.
    pub topic: Topic,
    /// The source sentence, and the bytes in it.
    pub source: (usize, Span),
    /// The target sentence, and the bytes in it.
    pub target: (usize, Span),
    /// How likely the two speak of the same thing, 0 to 1.
    pub confidence: f32,
}

/// In independent reports two figures speak of the same thing only if the words around them do, by this much ...
const SAME_CONTEXT: f32 = 0.42;
/// ... or by this much if they have a unit in common and are of a size ...
const SAME_UNIT: f32 = 0.22;
/// ... but by this much if one is several times the other.
const OTHER_SIZE: f32 = 0.6;
/// How many times.
const SEVERAL: f64 = 3.0;
/// Words on each side of a figure that count as its context.
const AROUND: usize = 4;
/// Two figures are of like size if the larger is at most this many times the smaller.
const LIKE_SIZE: f64 = 1.5;
/// From this probability on a pair beside a link is read as part of the linked passage.
const BESIDE: f32 = 0.05;
/// What share of each sentence's words the other must have before its negation is compared.
const CLOSE: f32 = 0.45;

/// The disagreements between sentences linked from `threshold` on, surest first, and how many figures they have in common.
pub fn disagreements(
    source: &Report,
    target: &Report,
    evidence: &Evidence,
    scored: &[Link],
    threshold: f32,
    relation: Relation,
    encoder: &Encoder,
) -> (Vec<Disagreement>, usize) {
    let links: Vec<Link> = scored.iter().filter(|link| link.score >= threshold).copied().collect();
    let mut linked: [BTreeMap<usize, Vec<usize>>; 2] = Default::default();
    for link in &links {
        linked[0].entry(link.source).or_default().push(link.target);
        linked[1].entry(link.target).or_default().push(link.source);
    }
    let reading = Reading { source, target, evidence, links: &links, scored, linked, relation, encoder };
    let (mut found, agreements) = reading.figures();
    found.extend(links.iter().filter_map(|link| reading.names(link)));
    found.extend(links.iter().filter_map(|link| reading.negation(link)));
    found.sort_by(|a, b| {
        let place = |d: &Disagreement| (d.source.0, d.target.0, d.source.1.start, d.target.1.start);
        b.confidence.total_cmp(&a.confidence).then(place(a).cmp(&place(b)))
    });
    (found, agreements)
}

/// Sentences whose figures are compared together.
struct Group {
    sources: Vec<usize>,
    targets: Vec<usize>,
    /// How surely they state the same.
    linked: f32,
    /// They are no link but stand beside one.
    beside: bool,
}

struct Reading<'a> {
    source: &'a Report<'a>,
    target: &'a Report<'a>,
    evidence: &'a Evidence,
    links: &'a [Link],
    /// All pairs that were scored.
    scored: &'a [Link],
    /// The counterparts of each linked sentence, by side.
    linked: [BTreeMap<usize, Vec<usize>>; 2],
    relation: Relation,
    encoder: &'a Encoder,
}

/// A figure with the sentence that states it.
type Placed<'a> = (usize, &'a Fact);

impl Reading<'_> {
    fn figures(&self) -> (Vec<Disagreement>, usize) {
        let mut found: BTreeMap<(usize, usize, usize, usize), Disagreement> = BTreeMap::new();
        let mut agreements = 0;
        for group in self.groups() {
            let left = self.placed(0, &group.sources);
            let right = self.placed(1, &group.targets);
            let plain =
                |list: &[Placed]| -> Vec<Fact> { list.iter().map(|(_, fact)| (*fact).clone()).collect() };
            let (all_left, all_right) = (plain(&left), plain(&right));
            if !group.beside {
                agreements += matched(&all_left, &all_right).1;
            }
            let (open_left, open_right) = unmatched(&all_left, &all_right);
            let place = |list: &[Placed], all: &[Fact], fact: &Fact| -> usize {
                list[all.iter().position(|other| std::ptr::eq(other, fact)).unwrap_or(0)].0
            };
            let mut pairs = Vec::new();
            for (a, fact) in open_left.iter().enumerate() {
                for (b, other) in open_right.iter().enumerate() {
                    let (i, j) = (place(&left, &all_left, fact), place(&right, &all_right, other));
                    if comparable(&fact.value, &other.value)
                        && let Some(confidence) = self.same_thing(i, fact, j, other, &group)
                    {
                        pairs.push((confidence, a, b, i, j));
                    }
                }
            }
            pairs.sort_by(|x, y| y.0.total_cmp(&x.0).then((x.1, x.2).cmp(&(y.1, y.2))));
            let (mut used_left, mut used_right) = (Vec::new(), Vec::new());
            for (confidence, a, b, i, j) in pairs {
                if used_left.contains(&a) || used_right.contains(&b) {
                    continue;
                }
                used_left.push(a);
                used_right.push(b);
                let (fact, other) = (open_left[a], open_right[b]);
                let key = (i, fact.span.start, j, other.span.start);
                let topic = topic(&fact.value, &other.value);
                let one = Disagreement { topic, source: (i, fact.span), target: (j, other.span), confidence };
                found.entry(key).or_insert(one);
            }
        }
        (found.into_values().collect(), agreements)
    }

    /// Sets of sentences whose figures are compared together, with their probability. A translation's beads
    /// stand for themselves; of independent reports each link does, since links run on from one to the next.
    fn groups(&self) -> Vec<Group> {
        if self.relation == Relation::Independent {
            let one = |link: &Link, linked, beside| Group {
                sources: vec![link.source],
                targets: vec![link.target],
                linked,
                beside,
            };
            let mut groups: Vec<Group> = self.links.iter().map(|link| one(link, link.score, false)).collect();
            groups.extend(self.beside().map(|(link, score)| one(link, score, true)));
            return groups;
        }
        let mut groups: Vec<Group> = Vec::new();
        for link in self.links {
            let joins =
                |group: &Group| group.sources.contains(&link.source) || group.targets.contains(&link.target);
            // Beads run in order, so a bead's other links are among the last.
            let recent = groups.len().saturating_sub(3);
            let recent = if self.relation == Relation::Parallel { recent } else { 0 };
            match groups[recent..].iter_mut().find(|group| joins(group)) {
                Some(group) => {
                    group.sources.push(link.source);
                    group.targets.push(link.target);
                    group.linked = group.linked.min(link.score);
                }
                None => groups.push(Group {
                    sources: vec![link.source],
                    targets: vec![link.target],
                    linked: link.score,
                    beside: false,
                }),
            }
        }
        for group in &mut groups {
            for list in [&mut group.sources, &mut group.targets] {
                list.sort_unstable();
                list.dedup();
            }
        }
        groups
    }

    fn placed(&self, side: usize, sentences: &[usize]) -> Vec<Placed<'_>> {
        let of = |&i: &usize| self.evidence.facts[side][i].iter().map(move |fact| (i, fact));
        sentences.iter().flat_map(of).filter(|(_, fact)| is_figure(&fact.value)).collect()
    }

    /// The pairs beside a link that are no links, each with the best score of the links they stand beside: one
    /// report's sentence is another's two, and the second need not be alike enough to be linked.
    fn beside(&self) -> impl Iterator<Item = (&Link, f32)> {
        let links: BTreeMap<(usize, usize), f32> =
            self.links.iter().map(|link| ((link.source, link.target), link.score)).collect();
        self.scored.iter().filter_map(move |link| {
            let (i, j) = (link.source, link.target);
            if link.score < BESIDE || links.contains_key(&(i, j)) {
                return None;
            }
            let around = [(i.wrapping_sub(1), j), (i + 1, j), (i, j.wrapping_sub(1)), (i, j + 1)];
            let best = around.iter().filter_map(|pair| links.get(pair)).fold(0.0, |a: f32, &b| a.max(b));
            (best > 0.0).then_some((link, best))
        })
    }

    /// How likely two figures speak of the same thing; `None`: they do not.
    fn same_thing(&self, i: usize, a: &Fact, j: usize, b: &Fact, group: &Group) -> Option<f32> {
        if self.relation != Relation::Independent {
            return Some(group.linked);
        }
        // A figure that another linked sentence confirms is none to disagree about.
        let says = |side: usize, sentence: usize, fact: &Fact| {
            self.evidence.facts[side][sentence].iter().any(|other| agree(&other.value, &fact.value))
        };
        let confirmed = |side: usize, sentence: usize, fact: &Fact| {
            let others = self.linked[side].get(&sentence).into_iter().flatten();
            others.into_iter().any(|&other| says(1 - side, other, fact))
        };
        if confirmed(0, i, a) || confirmed(1, j, b) {
            return None;
        }
        // Two figures of like size that are nowhere in the other report: each is left without a counterpart.
        let nowhere = |side: usize, fact: &Fact| {
            !(0..self.evidence.facts[side].len()).any(|sentence| says(side, sentence, fact))
        };
        let needed = if like(&a.value, &b.value) && nowhere(1, a) && nowhere(0, b) {
            SAME_UNIT
        } else if group.beside {
            return None;
        } else {
            needed(&a.value, &b.value)
        };
        let left = context(self.source, i, a)?;
        let right = context(self.target, j, b)?;
        let (left, right) = (self.encoder.soft_tokens(&left), self.encoder.soft_tokens(&right));
        let (forth, back) = (left.found_in(&right), right.found_in(&left));
        let same = 2.0 * forth * back / (forth + back + 1e-9);
        let sure = if group.beside { 0.5 } else { 1.0 };
        (same >= needed).then_some(sure * group.linked * same.max(0.5))
    }

    /// A person's first name or surname that differs while the other is shared: `Anna Muster`, `Hanna Muster`.
    fn names(&self, link: &Link) -> Option<Disagreement> {
        if link.score < 0.5 {
            return None;
        }
        let (left, right) = (self.source.sentences[link.source], self.target.sentences[link.target]);
        let both = |text: &str, other: &str, part: &str| has_word(text, part) && has_word(other, part);
        // A shared surname first: "Engineer Peter" shares only the title with "Engineer Martin".
        let (ours, theirs) = (self.pairs_of_names(0, link.source), self.pairs_of_names(1, link.target));
        for (own, shared) in [(0, 1), (1, 0)] {
            for (a, b) in ours.iter().flat_map(|a| theirs.iter().map(move |b| (a, b))) {
                let (x, y) = (a[own].of(left), b[own].of(right));
                let same = fold(a[shared].of(left)) == fold(b[shared].of(right));
                let known = both(left, right, x) || both(right, left, y);
                // A name survives translation as it is; a title does not.
                let kept = has_word(self.source.english[link.source], x)
                    && has_word(self.target.english[link.target], y);
                if same && !known && kept && !is_title(x) && !is_title(y) && unlike(x, y) {
                    return Some(Disagreement {
                        topic: Topic::Name,
                        source: (link.source, Span { start: a[0].start, end: a[1].end }),
                        target: (link.target, Span { start: b[0].start, end: b[1].end }),
                        confidence: 0.5 * link.score,
                    });
                }
            }
        }
        None
    }

    /// Neighbouring words of the names in a sentence, in pairs.
    fn pairs_of_names(&self, side: usize, sentence: usize) -> Vec<[Span; 2]> {
        let report = if side == 0 { self.source } else { self.target };
        let text = report.sentences[sentence];
        let mut pairs = Vec::new();
        for fact in self.evidence.facts[side][sentence].iter().filter(|f| matches!(f.value, Value::Name(_))) {
            let mut words: Vec<Span> = Vec::new();
            let mut at = fact.span.start;
            for word in fact.span.of(text).split(' ') {
                words.push(Span { start: at, end: at + word.len() });
                at += word.len() + 1;
            }
            let long = |word: &Span| word.of(text).chars().filter(|c| c.is_alphabetic()).count() >= 3;
            let neighbours = words.iter().zip(words.iter().skip(1));
            pairs.extend(neighbours.filter(|(a, b)| long(a) && long(b)).map(|(a, b)| [*a, *b]));
        }
        pairs
    }

    /// One of two sentences that say nearly the same is negated, and so is its translation.
    fn negation(&self, link: &Link) -> Option<Disagreement> {
        let (i, j) = (link.source, link.target);
        let close = self.evidence.source_in_target.at(i, j).min(self.evidence.target_in_source.at(i, j));
        let alone = [(0, i), (1, j)]
            .iter()
            .all(|(side, k)| self.linked[*side].get(k).is_some_and(|list| list.len() == 1));
        if link.score < 0.5 || close < CLOSE || !alone {
            return None;
        }
        let negations = |side: usize, sentence: usize| -> Vec<Span> {
            let facts = self.evidence.facts[side][sentence].iter();
            facts.filter(|fact| fact.value == Value::Negation).map(|fact| fact.span).collect()
        };
        let (left, right) = (negations(0, i), negations(1, j));
        let english = [self.source.english[i], self.target.english[j]];
        let denies = english.map(|text| {
            facts(text, &Lang::english()).iter().any(|fact| fact.value == Value::Negation) || has_denial(text)
        });
        let (source, target) = (self.source.sentences[i], self.target.sentences[j]);
        let whole = |text: &str| Span { start: 0, end: text.len() };
        let places = match (left.first(), right.first()) {
            (Some(&span), None) if denies == [true, false] => (span, whole(target)),
            (None, Some(&span)) if denies == [false, true] => (whole(source), span),
            _ => return None,
        };
        let confidence = 0.4 * link.score;
        Some(Disagreement {
            topic: Topic::Negation,
            source: (i, places.0),
            target: (j, places.1),
            confidence,
        })
    }
}

fn unit(value: &Value) -> Option<&Unit> {
    if let Value::Number(number) = value { Some(&number.unit) } else { None }
}

/// Whether two figures count the same sort of thing and are of a size. Years are of a size all the same.
fn like(a: &Value, b: &Value) -> bool {
    let (Value::Number(a), Value::Number(b)) = (a, b) else { return false };
    let counts = !matches!(a.unit, Unit::Decade | Unit::Code(_)) && a.unit == b.unit && a.firm && b.firm;
    let years = a.unit == Unit::Plain && is_year(a.amount) && is_year(b.amount);
    let (large, small) = (a.amount.abs().max(b.amount.abs()), a.amount.abs().min(b.amount.abs()));
    counts && !years && large <= LIKE_SIZE * small
}

/// How alike the words around two figures must be.
fn needed(a: &Value, b: &Value) -> f32 {
    let (Value::Number(a), Value::Number(b)) = (a, b) else { return SAME_CONTEXT };
    let ratio = a.amount.abs().max(b.amount.abs()) / a.amount.abs().min(b.amount.abs()).max(1e-9);
    if ratio > SEVERAL {
        OTHER_SIZE
    } else if a.unit == b.unit && a.unit != Unit::Plain {
        SAME_UNIT
    } else {
        SAME_CONTEXT
    }
}

fn topic(a: &Value, b: &Value) -> Topic {
    match (a, b) {
        (Value::Date(_), _) | (_, Value::Date(_)) => Topic::Date,
        (Value::Time(_), _) => Topic::Time,
        (Value::Score(..), _) => Topic::Score,
        _ => Topic::Number,
    }
}

/// The English words around a figure. The figure is looked up in the translation by its value, since its place
/// there is not known; a translation that changed it, as one of its unit in the same place among those.
fn context(report: &Report, sentence: usize, fact: &Fact) -> Option<String> {
    let english = report.english[sentence];
    let span = if report.lang.is_english() {
        fact.span
    } else {
        let translated = facts(english, &Lang::english());
        let same = |other: &&Fact| is_figure(&other.value) && agree(&other.value, &fact.value);
        let by_value = translated.iter().find(same).map(|other| other.span);
        by_value.or_else(|| {
            let original = facts(report.sentences[sentence], report.lang);
            let of_unit = |list: &[Fact]| -> Vec<Span> {
                list.iter()
                    .filter(|other| unit(&other.value) == unit(&fact.value))
                    .map(|other| other.span)
                    .collect()
            };
            let place = of_unit(&original).iter().position(|span| *span == fact.span)?;
            unit(&fact.value)?;
            of_unit(&translated).get(place).copied()
        })?
    };
    let words = |text: &str, last: bool| -> String {
        let all: Vec<&str> = text.split_whitespace().collect();
        let part =
            if last { &all[all.len().saturating_sub(AROUND)..] } else { &all[..all.len().min(AROUND)] };
        part.join(" ")
    };
    Some(format!("{} {}", words(&english[..span.start], true), words(&english[span.end..], false)))
}

fn has_word(text: &str, word: &str) -> bool {
    text.split(|c: char| !c.is_alphanumeric() && c != '-').any(|other| other == word)
        || text.split(|c: char| !c.is_alphanumeric()).any(|other| fold(other) == fold(word))
}

/// Two spellings of one name share their beginning or most of their letters.
fn unlike(a: &str, b: &str) -> bool {
    let (a, b) = (fold(a), fold(b));
    let common = a.chars().zip(b.chars()).take_while(|(x, y)| x == y).count();
    let shared = a.chars().filter(|&c| b.contains(c)).count();
    common < 2 && 2 * shared < 3 * a.chars().count().min(b.chars().count()).max(1)
}

fn is_title(word: &str) -> bool {
    const TITLES: &str = "mr mrs ms miss sir lady lord dr prof professor president minister chancellor king queen \
        pope general judge senator governor mayor secretary director herr frau präsident präsidentin ministerin \
        kanzler kanzlerin bundeskanzler bundeskanzlerin könig königin papst richter richterin senatorin gouverneur \
        bürgermeister bürgermeisterin direktor direktorin generalsekretär außenminister innenminister";
    let word = word.to_lowercase();
    TITLES.split_whitespace().any(|title| title == word)
}

/// Words that deny without a negation: "failed to", "denied", "hardly".
fn has_denial(english: &str) -> bool {
    const DENIALS: &str = "fail fails failed refuse refuses refused deny denies denied lack lacks lacked hardly \
        barely unable impossible prevent prevents prevented avoid avoided few little reject rejected unlike \
        instead rather only unless un- stop stopped earliest until except unchanged same half free full fully \
        exclude excluded rule ruled";
    let lower = english.to_lowercase();
    lower.split(|c: char| !c.is_alphabetic()).any(|word| {
        DENIALS.split_whitespace().any(|denial| denial == word)
            || (word.len() > 5
                && (word.starts_with("un") || word.starts_with("im") || word.starts_with("in")))
    })
}
