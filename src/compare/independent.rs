//! Links between two independent reports: a logistic model over the measures of compare/evidence.rs, a second look
//! that knows what else each sentence could be linked with, and how likely the reports are on one event at all.
//!
//! Fitted on five events reported in German and English by `scripts/evaluate-compare fit`, which also prints
//! how such a fit does on events left out, and the constants below. Weights are fitted that way; what is measured,
//! and the shape of the second look, were chosen with the events left out in view, so those figures flatter a little.

use super::evidence::{Evidence, Grid, MEASURES};
use super::{LEAST, Link, logistic};

/// What each measure of [`Evidence::measures`] weighs, and last the constant.
const WEIGHTS: [f32; MEASURES + 1] = [5.991, 0.651, 1.695, -0.374, -0.943, 1.352, 2.130, -2.351];

/// The second look: what the log odds of the first weigh, what rivalry weighs, and the constant.
///
/// A terse sentence has few counterparts, so that other candidates speak against a pair and their absence for it;
/// a long sentence takes several terse ones, and it is the reverse. [`rivalry`] is one number for both sides.
const SECOND: [f32; 3] = [1.134, -0.888, 0.133];

/// The most that a sentence's length counts: a heading of two words is not ten times as terse as a sentence.
const TERSE: f32 = 1.0;

/// Whether the reports are on one event: what the logarithm of their links' mass weighs, and the constant.
/// Fitted on the pairs of one event and, as the others, on all pairs of reports on different events.
const SAME_EVENT: [f32; 2] = [6.496, 11.291];

/// Sentences of fewer words, headings above all, do not tell whether reports are on one event: two words that
/// they share with a sentence are soon all they say.
const HEADING: usize = 5;

/// The links of two reports with the probability that they are on one event, 0 to 1. Each link's score already
/// holds that probability as a factor.
pub fn links(evidence: &Evidence) -> (Vec<Link>, f32) {
    let first = first_look(evidence);
    let second = second_look(evidence, &first);
    let same = same_event(evidence, &second);
    let links = second.into_iter().map(|link| Link { score: same * link.score, ..link });
    (links.filter(|link| link.score >= LEAST).collect(), same)
}

fn first_look(evidence: &Evidence) -> Grid {
    let (rows, columns) = evidence.size();
    Grid::fill(rows, columns, |i, j| {
        if evidence.words(0, i) == 0 || evidence.words(1, j) == 0 {
            return 0.0;
        }
        let measures = evidence.measures(i, j);
        let sum: f32 = measures.iter().zip(WEIGHTS).map(|(x, weight)| x * weight).sum();
        logistic(sum + WEIGHTS[MEASURES])
    })
}

fn second_look(evidence: &Evidence, first: &Grid) -> Vec<Link> {
    let (rows, columns) = evidence.size();
    let mut sums = [vec![0.0f32; rows], vec![0.0f32; columns]];
    for i in 0..rows {
        for j in 0..columns {
            sums[0][i] += first.at(i, j);
            sums[1][j] += first.at(i, j);
        }
    }
    let terse = [terseness(evidence, 0), terseness(evidence, 1)];
    let mut links = Vec::new();
    for source in 0..rows {
        for target in 0..columns {
            let p = first.at(source, target);
            if p <= 0.0 {
                continue;
            }
            let rivalry = rivalry(sums[0][source] - p, terse[0][source])
                + rivalry(sums[1][target] - p, terse[1][target]);
            let p = p.clamp(1e-4, 1.0 - 1e-4);
            let score = logistic(SECOND[0] * (p / (1.0 - p)).ln() + SECOND[1] * rivalry + SECOND[2]);
            links.push(Link { source, target, score });
        }
    }
    links
}

/// How many counterparts a sentence is expected to have besides the one looked at, more so the terser it is, less
/// than nothing if it is longer than the other side's.
fn rivalry(others: f32, terse: f32) -> f32 {
    (0.1 + others.max(0.0)).ln() * terse
}

/// ln(words of the other side's mean sentence / words of the sentence), within [`TERSE`].
fn terseness(evidence: &Evidence, side: usize) -> Vec<f32> {
    let size = [evidence.size().0, evidence.size().1];
    let words = |side: usize| (0..size[side]).map(move |i| evidence.words(side, i)).filter(|&n| n > 0);
    let mean = words(1 - side).sum::<usize>() as f32 / words(1 - side).count().max(1) as f32;
    let terse = |i: usize| (mean.max(1.0) / evidence.words(side, i).max(1) as f32).ln();
    (0..size[side]).map(|i| terse(i).clamp(-TERSE, TERSE)).collect()
}

/// Reports on one event have links that are sure; between others many weak ones add up to as much. So squares
/// are summed, by sentence of the shorter report.
fn same_event(evidence: &Evidence, links: &[Link]) -> f32 {
    let tells = |side: usize, i: usize| evidence.words(side, i) >= HEADING;
    let full = |side: usize, size: usize| (0..size).filter(|&i| tells(side, i)).count();
    let (rows, columns) = evidence.size();
    let shorter = full(0, rows).min(full(1, columns)).max(1);
    let telling = links.iter().filter(|link| tells(0, link.source) && tells(1, link.target));
    let mass = telling.map(|link| link.score * link.score).sum::<f32>() / shorter as f32;
    logistic(SAME_EVENT[0] * (0.01 + mass).ln() + SAME_EVENT[1])
}
