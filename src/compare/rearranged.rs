//! Sentences that render each other, but in another order: matched one to one, greedily, best first, as long
//! as what they have in common has not been used up by a better match.

use super::evidence::Evidence;
use super::{Link, logistic};

/// How alike a pair must be to be taken for sentence and translation when texts are told apart.
const ALIKE: f32 = 0.45;
/// Where a match is as likely right as wrong, and how steeply that changes with likeness.
const MIDDLE: f32 = 0.3;
const SLOPE: f32 = 14.0;

/// How many pairs are each other's best and as alike as a sentence and its translation.
pub fn sure_pairs(evidence: &Evidence) -> usize {
    pairs(evidence).iter().filter(|(likeness, i, j)| *likeness >= ALIKE && evidence.is_mutual(*i, *j)).count()
}

/// The best match of each sentence, and the runners-up where a sentence renders two.
pub fn match_up(evidence: &Evidence) -> Vec<Link> {
    let (rows, columns) = evidence.size();
    let (mut sources, mut targets) = (vec![Vec::new(); rows], vec![Vec::new(); columns]);
    let mut links = Vec::new();
    for (_, i, j) in pairs(evidence) {
        // What a better match has claimed cannot speak for this one: two lines joined into one have words left.
        let forth = evidence.contained_apart(0, i, j, &targets[j]);
        let back = evidence.contained_apart(1, j, i, &sources[i]);
        let taken = !targets[j].is_empty() || !sources[i].is_empty();
        let likeness =
            if taken { forth.min(back.max(forth * 0.8)) } else { 2.0 * forth * back / (forth + back + 1e-9) };
        let score = logistic(SLOPE * (likeness - MIDDLE));
        if score >= super::LEAST {
            links.push(Link { source: i, target: j, score });
        }
        if score >= 0.5 {
            targets[j].push(i);
            sources[i].push(j);
        }
    }
    links.sort_by_key(|link| (link.source, link.target));
    links
}

/// All pairs with anything in common, most alike first.
fn pairs(evidence: &Evidence) -> Vec<(f32, usize, usize)> {
    let (rows, columns) = evidence.size();
    let mut pairs = Vec::new();
    for i in 0..rows {
        for j in 0..columns {
            let (r, q) = (evidence.source_in_target.at(i, j), evidence.target_in_source.at(i, j));
            let likeness = 2.0 * r * q / (r + q + 1e-9);
            if r.max(q) > 0.1 {
                pairs.push((likeness, i, j));
            }
        }
    }
    pairs.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    pairs
}
