//! Comparable reports: which sentences of two reports on one event state the same, in any order, and what each
//! report alone says. Values in, values out; the reports come translated, the answer is for report.rs to show.
//!
//! Three things are told apart. Two independent reports are linked many to many by a logistic model over
//! a few robust measures (compare/evidence.rs, compare/independent.rs). A text and its translation are left to [`align`], whose use of
//! the order is far surer. A translation whose sentences stand in another order is matched one to one.

mod cluster;
mod disagree;
mod evidence;
mod independent;
mod planted;
mod rearranged;

use std::collections::BTreeMap;

pub use cluster::{Member, Statement, cluster};
pub use disagree::{Disagreement, Topic};
pub use evidence::{Evidence, MEASURES, NAMES};
pub use planted::{SelfTest, self_test};

use crate::align::{AlignInput, AlignOptions, align};
use crate::encoder::Encoder;
use crate::facts::{Value, is_figure};
use crate::lang::Lang;

/// A report as the comparison takes it.
#[derive(Debug, Clone)]
pub struct Report<'a> {
    /// The language of the sentences.
    pub lang: &'a Lang,
    /// The sentences as written; blank ones keep their numbers and are never linked.
    pub sentences: Vec<&'a str>,
    /// The same in English, one for one; of an English report the sentences themselves.
    pub english: Vec<&'a str>,
}

/// How to compare.
#[derive(Debug, Clone, PartialEq)]
pub struct CompareOptions {
    /// A link counts from this score on, 0 to 1.
    pub threshold: f32,
    /// How sure a sentence's verdict must be, 0.5 to 1; below, it is [`Verdict::Uncertain`].
    pub sure: f32,
    /// How the two texts relate, where the user knows; else it is found out.
    pub relation: Option<Relation>,
}

impl Default for CompareOptions {
    fn default() -> CompareOptions {
        CompareOptions { threshold: 0.5, sure: 0.65, relation: None }
    }
}

/// How two texts relate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// Two reports on one event, each in its own words and order.
    Independent,
    /// One renders the other's sentences, but not in their order.
    Rearranged,
    /// One renders the other, in order.
    Parallel,
}

/// Two sentences that state the same, wholly or in part.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Link {
    /// The source sentence, from 0.
    pub source: usize,
    /// The target sentence, from 0.
    pub target: usize,
    /// How surely they share a statement, 0 to 1: the probability, with odds so weighed that the best threshold,
    /// a probability of 0.3, is a score of 0.5.
    pub score: f32,
}

/// What is said of a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Its main statement stands on the other side too.
    Covered,
    /// The other side shares a fact of it, not its main statement.
    Partly,
    /// No counterpart was found.
    Only,
    /// It cannot be told.
    Uncertain,
    /// There is nothing to compare: no letter and no digit.
    Blank,
}

/// A sentence's verdict and what it rests on.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// The probability that the other side shares something of it, 0 to 1.
    pub found: f32,
    /// How much of its words its counterparts have together, rare words counting most, 0 to 1.
    pub share: f32,
    /// The best candidate on the other side with its score, however low.
    pub best: Option<(usize, f32)>,
    /// How much it matters to a reader: names, figures and quotations in it, and how early it stands; 0 to 10.
    pub salience: f32,
}

/// The answer.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// How the two texts relate.
    pub relation: Relation,
    /// Pairs of sentences with a probability of 0.01 and more, by source, then target. What counts as a link
    /// is above the options' threshold: see [`Comparison::links`].
    pub scored: Vec<Link>,
    /// From where on a score is a link.
    pub threshold: f32,
    /// One judgement a source sentence.
    pub source: Vec<Judgement>,
    /// One judgement a target sentence.
    pub target: Vec<Judgement>,
    /// What linked sentences say differently, surest first.
    pub disagreements: Vec<Disagreement>,
    /// How many figures linked sentences have in common.
    pub agreements: usize,
    /// The probability that the reports are on one event, 0 to 1; it is a factor of every score.
    pub same_event: f32,
}

impl Comparison {
    /// The pairs that count as links.
    pub fn links(&self) -> impl Iterator<Item = &Link> {
        self.scored.iter().filter(|link| link.score >= self.threshold)
    }

    /// The judgements of a side: 0 the source, 1 the target.
    pub fn side(&self, side: usize) -> &[Judgement] {
        if side == 0 { &self.source } else { &self.target }
    }

    /// Whether the reports are hardly on one event.
    pub fn doubtful(&self) -> bool {
        self.same_event < 0.5
    }

    /// How many of a side's sentences have a counterpart: the expected number, and its 95 % interval if the
    /// probabilities are right and, but for what hangs on the event being one, independent. Blank sentences do
    /// not count.
    pub fn covered(&self, side: usize) -> (f32, f32, f32) {
        let sentences = self.side(side).iter().filter(|sentence| sentence.verdict != Verdict::Blank);
        let (mut mean, mut variance, mut count) = (0.0, 0.0, 0.0f32);
        for sentence in sentences {
            mean += sentence.found;
            variance += sentence.found * (1.0 - sentence.found);
            count += 1.0;
        }
        variance += (1.0 - self.same_event) / self.same_event.max(1e-3) * mean * mean;
        let half = 1.96 * variance.sqrt();
        (mean, (mean - half).max(0.0), (mean + half).min(count))
    }
}

/// The model of a sentence whose main statement is covered, given that something of it is: constant, its
/// words' share in all its counterparts together, the log odds of its best link. Fitted on the same events; on
/// events left out it is right as often as always saying "covered" (.73), so "partly" is no more than a hint.
const WHOLE: [f32; 3] = [0.501, 2.240, 0.303];

/// From this probability on the main statement is said to be covered: the mean over the fitted sentences, so that
/// a sentence below has less behind it than most.
const WHOLE_FROM: f32 = 0.7;

/// A sentence's best links that count together, of independent reports. Chosen on the events left out: 2 to 5 do
/// alike (macro F1 .80), one (.77) and all (.76) do not.
const TOGETHER: usize = 5;

/// How alike aligned sentences must be for their texts to be taken for translations of each other.
const IN_ORDER: f32 = 0.3;

/// Scores below this are not kept.
const LEAST: f32 = 0.01;

/// Compares two reports, or a text with its translation.
///
/// Time and memory grow with the product of the sentence counts: two texts of 1,000 sentences take about two
/// seconds of one core and some 100 MB. The same input gives the same answer everywhere.
pub fn compare(source: &Report, target: &Report, encoder: &Encoder, options: &CompareOptions) -> Comparison {
    let evidence = Evidence::new(source, target, encoder);
    let beads = match options.relation {
        None | Some(Relation::Parallel) => aligned(source, target, encoder),
        _ => Vec::new(),
    };
    let relation = options.relation.unwrap_or_else(|| relate(&evidence, source, target, &beads));
    let options = &CompareOptions { threshold: probability(options.threshold), ..options.clone() };
    let (mut scored, same_event) = match relation {
        Relation::Parallel => (beads, 1.0),
        Relation::Rearranged => (rearranged::match_up(&evidence), 1.0),
        Relation::Independent => independent::links(&evidence),
    };
    let judge = |side| judgements(side, [source, target], &evidence, &scored, relation, options);
    let (mut from_source, mut from_target) = (judge(0), judge(1));
    let (disagreements, agreements) =
        disagree::disagreements(source, target, &evidence, &scored, options.threshold, relation, encoder);
    // Probabilities until here; from here on what readers see.
    scored.iter_mut().for_each(|link| link.score = score(link.score));
    for judgement in from_source.iter_mut().chain(&mut from_target) {
        judgement.best = judgement.best.map(|(other, chance)| (other, score(chance)));
    }
    Comparison {
        relation,
        scored,
        threshold: score(options.threshold),
        source: from_source,
        target: from_target,
        disagreements,
        agreements,
        same_event,
    }
}

/// Whether a sentence holds anything to compare.
pub(crate) fn is_blank(sentence: &str) -> bool {
    !sentence.chars().any(char::is_alphanumeric)
}

/// The pairs that an alignment in order puts into one bead, with the bead's probability.
fn aligned(source: &Report, target: &Report, encoder: &Encoder) -> Vec<Link> {
    let input = AlignInput {
        source: &source.sentences,
        hypotheses: Some(&source.english),
        target: &target.english,
        reverse: None,
        encoder: Some(encoder),
    };
    let mut links = Vec::new();
    for bead in align(&input, &AlignOptions::default()).into_iter().filter(|bead| !bead.is_null()) {
        for i in bead.source.clone().filter(|&i| !is_blank(source.sentences[i])) {
            for j in bead.target.clone().filter(|&j| !is_blank(target.sentences[j])) {
                links.push(Link { source: i, target: j, score: bead.score });
            }
        }
    }
    links
}

/// Parallel: a good part of the shorter text is surely aligned with what is as like it as a translation is. The
/// aligner takes it for granted that one text renders the other, so its word alone is not enough: two reports
/// in like order have sure beads too, but seldom alike ones. (Beads surely aligned and alike, of all sentences of
/// the shorter side: .53 and more on the noisiest documents of the alignment suite, .21 and less on reports.)
/// Rearranged: most sentences have such a counterpart, but not in order.
fn relate(evidence: &Evidence, source: &Report, target: &Report, beads: &[Link]) -> Relation {
    let full = |report: &Report| report.sentences.iter().filter(|sentence| !is_blank(sentence)).count();
    let shorter = full(source).min(full(target)).max(1);
    let likeness = evidence.translated();
    let mut sides = [Vec::new(), Vec::new()];
    let sure = |link: &&Link| link.score >= 0.5 && likeness.at(link.source, link.target) >= IN_ORDER;
    for link in beads.iter().filter(sure) {
        sides[0].push(link.source);
        sides[1].push(link.target);
    }
    let in_order = sides.map(|mut list| {
        list.sort_unstable();
        list.dedup();
        list.len()
    });
    if 5 * in_order[0].min(in_order[1]) >= 2 * shorter {
        return Relation::Parallel;
    }
    let alike = rearranged::sure_pairs(&likeness, evidence.size());
    if 2 * alike >= shorter { Relation::Rearranged } else { Relation::Independent }
}

/// The probability from which on two sentences count as linked: where F1 of links is best, on events left out too.
const LINK: f32 = 0.3;

/// A probability as the score that readers see: [`LINK`] becomes one half.
fn score(probability: f32) -> f32 {
    let (yes, no) = (probability * (1.0 - LINK), (1.0 - probability) * LINK);
    yes / (yes + no)
}

/// The probability behind a score.
fn probability(score: f32) -> f32 {
    let (yes, no) = (score * LINK, (1.0 - score) * (1.0 - LINK));
    yes / (yes + no)
}

pub(crate) fn logistic(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

fn judgements(
    side: usize,
    reports: [&Report; 2],
    evidence: &Evidence,
    scored: &[Link],
    relation: Relation,
    options: &CompareOptions,
) -> Vec<Judgement> {
    let mut candidates: BTreeMap<usize, Vec<(f32, usize)>> = BTreeMap::new();
    for link in scored {
        let (own, other) = if side == 0 { (link.source, link.target) } else { (link.target, link.source) };
        candidates.entry(own).or_default().push((link.score, other));
    }
    let judge = |i: usize| {
        let mut best = candidates.get(&i).cloned().unwrap_or_default();
        best.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let found = found(&best, relation);
        let share = share(side, i, &best, evidence);
        // Many weak candidates can add up to a probability, but not to a counterpart one can point at.
        let linked = best.first().is_some_and(|(score, _)| *score >= options.threshold);
        let verdict = if is_blank(reports[side].sentences[i]) {
            Verdict::Blank
        } else if found.max(1.0 - found) < options.sure || found >= 0.5 && !linked {
            Verdict::Uncertain
        } else if found < 0.5 {
            Verdict::Only
        } else if relation != Relation::Independent || whole(share, &best) >= WHOLE_FROM {
            Verdict::Covered
        } else {
            Verdict::Partly
        };
        let best = best.first().map(|&(score, other)| (other, score));
        Judgement { verdict, found, share, best, salience: salience(i, &evidence.facts[side][i]) }
    };
    (0..reports[side].sentences.len()).map(judge).collect()
}

/// The probability that a sentence has any counterpart, from its links, best first. Independent reports state
/// a thing in several sentences, so the best few count together; a translation renders a sentence once.
fn found(best: &[(f32, usize)], relation: Relation) -> f32 {
    let count = if relation == Relation::Independent { TOGETHER } else { 1 };
    1.0 - best.iter().take(count).map(|(score, _)| 1.0 - score).product::<f32>()
}

/// The probability that the main statement is covered, given that something is.
fn whole(share: f32, best: &[(f32, usize)]) -> f32 {
    let top = best.first().map_or(LEAST, |&(score, _)| score).clamp(LEAST, 1.0 - LEAST);
    logistic(WHOLE[0] + WHOLE[1] * share + WHOLE[2] * (top / (1.0 - top)).ln())
}

fn share(side: usize, sentence: usize, best: &[(f32, usize)], evidence: &Evidence) -> f32 {
    let others = best.iter().take(3).filter(|(score, _)| *score >= 0.2);
    evidence.contained_in_all(side, sentence, &others.map(|&(_, j)| j).collect::<Vec<_>>())
}

fn salience(place: usize, facts: &[crate::facts::Fact]) -> f32 {
    let count =
        |wanted: fn(&Value) -> bool| facts.iter().filter(|fact| wanted(&fact.value)).count().min(3) as f32;
    let names = count(|value| matches!(value, Value::Name(_)));
    let quotes = count(|value| matches!(value, Value::Quote(_))).min(1.0);
    names + count(is_figure) + 2.0 * quotes + 2.0 / (1.0 + place as f32 / 5.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &[u8] = include_bytes!("../models/en-encoder/en-encoder.bin");

    const STORY: [&str; 8] = [
        "The mayor of Altdorf opened the new swimming pool on Saturday.",
        "It cost 12 million euros and took three years to build.",
        "Children under six may swim there for free until October.",
        "A heating engineer had warned that the boiler was too small.",
        "The old pool was torn down after a storm in 2019.",
        "Fishermen complained about warm water in the brook.",
        "Next year the town wants to repair its railway station.",
        "Trains to the coast have not stopped there since a signal failed.",
    ];

    fn report<'a>(lang: &'a Lang, sentences: &[&'a str]) -> Report<'a> {
        Report { lang, sentences: sentences.to_vec(), english: sentences.to_vec() }
    }

    fn answer(source: &[&str], target: &[&str]) -> Comparison {
        let english = Lang::english();
        let encoder = Encoder::from_bytes(FILE).unwrap();
        compare(&report(&english, source), &report(&english, target), &encoder, &CompareOptions::default())
    }

    fn only(comparison: &Comparison, side: usize) -> Vec<usize> {
        let judgements = comparison.side(side).iter().enumerate();
        judgements.filter(|(_, one)| one.verdict == Verdict::Only).map(|(i, _)| i).collect()
    }

    #[test]
    fn a_text_and_itself_are_parallel_and_covered() {
        let same = answer(&STORY, &STORY);
        assert_eq!(same.relation, Relation::Parallel);
        assert!(same.source.iter().all(|one| one.verdict == Verdict::Covered), "{:?}", same.source);
        assert!(only(&same, 0).is_empty() && only(&same, 1).is_empty());
        assert!(same.disagreements.is_empty());
    }

    #[test]
    fn a_sentence_left_out_stands_alone() {
        let mut shorter = STORY.to_vec();
        shorter.remove(3);
        assert_eq!(only(&answer(&STORY, &shorter), 0), [3]);
        let mut turned = shorter.clone();
        turned.reverse();
        let answer = answer(&STORY, &turned);
        assert_eq!(answer.relation, Relation::Rearranged);
        assert_eq!(only(&answer, 0), [3]);
        assert!(only(&answer, 1).is_empty());
    }

    #[test]
    fn a_changed_number_is_a_disagreement_with_its_places() {
        let mut changed = STORY.to_vec();
        changed[1] = "It cost 17 million euros and took three years to build.";
        let answer = answer(&STORY, &changed);
        let [one] = &answer.disagreements[..] else { panic!("{:?}", answer.disagreements) };
        assert_eq!((one.topic, one.source.0, one.target.0), (Topic::Number, 1, 1));
        assert_eq!(one.source.1.of(STORY[1]), "12 million euros");
        assert_eq!(one.target.1.of(changed[1]), "17 million euros");
    }

    #[test]
    fn a_changed_name_and_a_denial_are_disagreements() {
        let mut source = STORY.to_vec();
        source[3] = "Engineer Peter Kranz had warned that the boiler was too small for the pool.";
        let mut target = source.clone();
        target[3] = "Engineer Martin Kranz had warned that the boiler was too small for the pool.";
        target[6] = "Next year the town does not want to repair its railway station.";
        let answer = answer(&source, &target);
        let found: Vec<(Topic, usize)> =
            answer.disagreements.iter().map(|one| (one.topic, one.source.0)).collect();
        assert_eq!(found, [(Topic::Name, 3), (Topic::Negation, 6)]);
        assert_eq!(answer.disagreements[0].source.1.of(source[3]), "Peter Kranz");
        assert_eq!(answer.disagreements[1].target.1.of(target[6]), "not");
    }

    #[test]
    fn two_reports_in_their_own_words_are_independent() {
        let other = [
            "Storm damage, high costs and a long wait: Altdorf has a swimming pool again.",
            "Its price of 12 million euros is twice what was planned, the town's treasurer admitted.",
            "The baker next door hopes for more customers.",
            "Saturday's opening by the mayor drew four hundred people.",
            "A concert in the evening had to be called off.",
        ];
        let answer = answer(&STORY, &other);
        assert_eq!(answer.relation, Relation::Independent);
        assert_eq!(answer.source[1].best.unwrap().0, 1);
        assert_eq!(answer.source[0].best.unwrap().0, 3);
        assert!(answer.target[2].found < 0.5, "{:?}", answer.target[2]);
    }

    /// Reports on other things: words and even a town in common, no statement.
    const OTHER: [&str; 8] = [
        "Two climbers were rescued from the north face of the Rotstock on Tuesday.",
        "A helicopter from Altdorf found them at dawn.",
        "They had lost their rope in a rockfall the evening before.",
        "One of them broke an arm and is being treated in hospital.",
        "The weather service had warned of falling stones.",
        "Guides now want the route to be closed in summer.",
        "Last season five people died on the same wall.",
        "The hut below it was built by students in 1926.",
    ];

    #[test]
    fn reports_on_different_events_have_next_to_nothing_covered() {
        let answer = answer(&STORY, &OTHER);
        assert_eq!(answer.relation, Relation::Independent);
        assert!(answer.doubtful() && answer.same_event < 0.2, "{}", answer.same_event);
        assert!(answer.covered(0).0 < 0.5 && answer.covered(1).0 < 0.5, "{:?}", answer.covered(0));
        assert_eq!(answer.links().count(), 0);
        let (mean, low, high) = answer.covered(0);
        assert!(low <= mean && mean <= high && high <= 8.0);
    }

    #[test]
    fn figures_beside_a_link_disagree_if_they_are_nowhere_else() {
        let source = [
            "On Sunday a fire destroyed the sawmill of Brenten, the largest in the valley.",
            "At the start of the year about 70 locals had jobs at the plant.",
            "The fire brigade of Brenten fought the flames until noon, its chief said.",
            "Nobody was hurt.",
        ];
        let mut target = [
            "The sawmill of Brenten burned down on Sunday; most of the 90 people on its payroll live there.",
            "The flames were under control by noon, said the chief of the fire brigade of Brenten.",
            "The mill was founded by a family of millers.",
        ];
        let english = Lang::english();
        let encoder = Encoder::from_bytes(FILE).unwrap();
        let options = CompareOptions { relation: Some(Relation::Independent), ..CompareOptions::default() };
        let listed = |target: &[&str]| -> Vec<(usize, usize)> {
            let answer = compare(&report(&english, &source), &report(&english, target), &encoder, &options);
            answer.disagreements.iter().map(|one| (one.source.0, one.target.0)).collect()
        };
        assert_eq!(listed(&target), [(1, 0)]);
        // Said elsewhere in the other report: no disagreement.
        target[2] = "The mill was founded by a family of millers with 70 workers.";
        assert!(listed(&target).is_empty());
    }

    #[test]
    fn blank_and_empty_input_is_no_trouble() {
        let blank = answer(&["", "...", "A word."], &[]);
        assert_eq!(
            blank.source.iter().map(|one| one.verdict).collect::<Vec<_>>(),
            [Verdict::Blank, Verdict::Blank, Verdict::Only]
        );
        assert!(answer(&[], &[]).scored.is_empty());
        assert_eq!(blank.covered(1), (0.0, 0.0, 0.0));
    }

    #[test]
    fn statements_hold_every_sentence_once() {
        let link = |source, target, score| Link { source, target, score };
        let links = vec![
            ((0, 1), vec![link(0, 0, 0.9), link(1, 1, 0.4)]),
            ((0, 2), vec![link(0, 1, 0.8)]),
            ((1, 2), vec![link(0, 1, 0.7)]),
        ];
        let statements = cluster(&[2, 2, 2], &links, 0.3);
        let mut members: Vec<Member> = statements.iter().flat_map(|one| one.members.clone()).collect();
        members.sort();
        assert_eq!(members.len(), 6);
        assert!(members.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(statements[0].reports(), [0, 1, 2]);
        assert_eq!(statements[1].reports(), [0, 1]);
    }

    #[test]
    fn the_self_test_finds_what_it_plants_in_a_plain_pair() {
        let english = Lang::english();
        let encoder = Encoder::from_bytes(FILE).unwrap();
        let one = report(&english, &STORY);
        let tests = self_test(&one, &one, &encoder, &CompareOptions::default());
        let names: Vec<&str> = tests.iter().map(|test| test.what.split(' ').next().unwrap()).collect();
        assert_eq!(names, ["sentences", "verdicts", "numbers"]);
        assert!(tests.iter().all(|test| test.hits == test.planted), "{tests:?}");
    }
}
