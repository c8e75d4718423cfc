//! Sentences that render each other, but in another order. A sentence is judged against its rivals: how alike
//! a pair is says less than how much more alike it is than whatever else either sentence could be matched with.

use super::evidence::{Evidence, Grid};
use super::{Link, logistic};

/// How alike two sentences must be to be taken for sentence and translation when texts are told apart.
const ALIKE: f32 = 0.42;
/// What the likeness of the best rival takes away. Fitted, with the two below, on the clean documents of the
/// alignment suite, shuffled (`scripts/evaluate-compare planted`); .5 to .7 do alike.
const RIVAL: f32 = 0.6;
/// Where a match is as likely right as wrong, and how steeply that changes with likeness.
const MIDDLE: f32 = 0.11;
const SLOPE: f32 = 20.0;
/// How much of a sentence's words must be left in one that has a better match already: of two joined lines.
const LEFT_OVER: f32 = 0.3;

/// How many pairs are each other's best and as alike as a sentence and its translation.
pub fn sure_pairs(likeness: &Grid, (rows, columns): (usize, usize)) -> usize {
    let sure = |i: usize| {
        let j = best(columns, |j| likeness.at(i, j))?;
        (best(rows, |i| likeness.at(i, j)) == Some(i) && likeness.at(i, j) >= ALIKE).then_some(())
    };
    (0..rows).filter_map(sure).count()
}

fn best(count: usize, value: impl Fn(usize) -> f32) -> Option<usize> {
    (0..count).max_by(|&a, &b| value(a).total_cmp(&value(b)).then(b.cmp(&a)))
}

/// The pairs that are likelier than their rivals, and of joined lines the ones that are left over.
pub fn match_up(evidence: &Evidence) -> Vec<Link> {
    let (rows, columns) = evidence.size();
    let raised = margins(&evidence.translated(), rows, columns);
    let column_rivals: Vec<_> = (0..columns).map(|j| two_best(rows, |i| raised.at(i, j))).collect();
    let row_rivals: Vec<_> = (0..rows).map(|i| two_best(columns, |j| raised.at(i, j))).collect();
    let mut links = Vec::new();
    let (mut sources, mut targets) = (vec![Vec::new(); rows], vec![Vec::new(); columns]);
    for i in 0..rows {
        for j in 0..columns {
            let rival = without(column_rivals[j], i).max(without(row_rivals[i], j)).max(0.0);
            let score = logistic(SLOPE * (raised.at(i, j) - RIVAL * rival - MIDDLE));
            if score >= super::LEAST {
                links.push(Link { source: i, target: j, score });
            }
            if score >= 0.5 {
                sources[i].push(j);
                targets[j].push(i);
            }
        }
    }
    let joined = joined(evidence, &sources, &targets);
    links.retain(|link| {
        !joined.iter().any(|other| (other.source, other.target) == (link.source, link.target))
    });
    links.extend(joined);
    links.sort_by_key(|link| (link.source, link.target));
    links
}

/// A sentence without a match whose words are what a matched one on the other side has left over.
fn joined(evidence: &Evidence, sources: &[Vec<usize>], targets: &[Vec<usize>]) -> Vec<Link> {
    let mut links = Vec::new();
    for (side, own, others) in [(0, sources, targets), (1, targets, sources)] {
        for (i, _) in own.iter().enumerate().filter(|(_, matches)| matches.is_empty()) {
            let taken = others.iter().enumerate().filter(|(_, claimers)| !claimers.is_empty());
            let left = taken.map(|(j, claimers)| (evidence.contained_apart(side, i, j, claimers), j));
            let Some((share, j)) = left.max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1))) else {
                continue;
            };
            let score = logistic(SLOPE * (share - LEFT_OVER));
            if score >= super::LEAST {
                let (source, target) = if side == 0 { (i, j) } else { (j, i) };
                links.push(Link { source, target, score });
            }
        }
    }
    links
}

/// Each value above the mean of its row and column, as a share of what was possible.
fn margins(likeness: &Grid, rows: usize, columns: usize) -> Grid {
    let mean = |sum: f32, count: usize| sum / count.max(1) as f32;
    let of_row: Vec<f32> =
        (0..rows).map(|i| mean((0..columns).map(|j| likeness.at(i, j)).sum(), columns)).collect();
    let of_column: Vec<f32> =
        (0..columns).map(|j| mean((0..rows).map(|i| likeness.at(i, j)).sum(), rows)).collect();
    Grid::fill(rows, columns, |i, j| {
        let usual = 0.5 * (of_row[i] + of_column[j]);
        (likeness.at(i, j) - usual) / (1.0 - usual).max(1e-6)
    })
}

/// The best and the second value of a line, and where the best is.
fn two_best(count: usize, value: impl Fn(usize) -> f32) -> (f32, f32, usize) {
    let mut found = (f32::NEG_INFINITY, f32::NEG_INFINITY, 0);
    for k in 0..count {
        let x = value(k);
        if x > found.0 {
            found = (x, found.0, k);
        } else if x > found.1 {
            found.1 = x;
        }
    }
    found
}

/// The best value of a line, leaving one place out.
fn without((best, second, at): (f32, f32, usize), place: usize) -> f32 {
    if at == place { second } else { best }
}
