//! Statements across many reports: sentences that are linked to each other, gathered.

use std::collections::BTreeMap;

use super::Link;

/// A sentence of one of many reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Member {
    /// The report, from 0.
    pub report: usize,
    /// Its sentence, from 0.
    pub sentence: usize,
}

/// What several reports state, or one alone: sentences that say the same.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// The sentences, by report, then place.
    pub members: Vec<Member>,
    /// The mean score of the links among them, 0 to 1; of a lone sentence 0.
    pub score: f32,
}

impl Statement {
    /// The reports that have it, in order.
    pub fn reports(&self) -> Vec<usize> {
        let mut reports: Vec<usize> = self.members.iter().map(|member| member.report).collect();
        reports.dedup();
        reports
    }
}

/// Gathers the sentences of many reports into statements: every sentence of every report stands in exactly one.
///
/// `sizes` are the reports' sentence counts; `links` are those of each pair of reports, the lower number first.
/// Groups merge best link first, as long as the mean score between them (a missing link counts 0) stays above
/// half the threshold (average linkage): a chain of weak links does not make one statement of a whole story.
pub fn cluster(sizes: &[usize], links: &[((usize, usize), Vec<Link>)], threshold: f32) -> Vec<Statement> {
    let mut scores: BTreeMap<(Member, Member), f32> = BTreeMap::new();
    for ((a, b), list) in links {
        for link in list {
            let one = Member { report: *a, sentence: link.source };
            let other = Member { report: *b, sentence: link.target };
            scores.insert((one.min(other), one.max(other)), link.score);
        }
    }
    let members = sizes
        .iter()
        .enumerate()
        .flat_map(|(report, &size)| (0..size).map(move |sentence| Member { report, sentence }));
    let mut groups: Vec<Vec<Member>> = members.map(|member| vec![member]).collect();
    let mut group_of: BTreeMap<Member, usize> =
        groups.iter().enumerate().map(|(k, group)| (group[0], k)).collect();
    let mut order: Vec<(f32, Member, Member)> =
        scores.iter().map(|(&(a, b), &score)| (score, a, b)).collect();
    order.retain(|(score, ..)| *score >= threshold);
    order.sort_by(|x, y| y.0.total_cmp(&x.0).then((x.1, x.2).cmp(&(y.1, y.2))));
    let mean = |a: &[Member], b: &[Member]| {
        let between = a.iter().flat_map(|&x| b.iter().map(move |&y| (x.min(y), x.max(y))));
        // Two sentences of one report are not compared; they neither help nor harm.
        let across = between.filter(|(x, y)| x.report != y.report);
        let (sum, count) =
            across.fold((0.0, 0), |(sum, n), pair| (sum + scores.get(&pair).copied().unwrap_or(0.0), n + 1));
        if count > 0 { sum / count as f32 } else { 0.0 }
    };
    for (_, a, b) in order {
        let (x, y) = (group_of[&a].min(group_of[&b]), group_of[&a].max(group_of[&b]));
        if x != y && mean(&groups[x], &groups[y]) >= 0.5 * threshold {
            let moved = std::mem::take(&mut groups[y]);
            moved.iter().for_each(|member| *group_of.get_mut(member).expect("every member has a group") = x);
            groups[x].extend(moved);
        }
    }
    let statement = |mut members: Vec<Member>| {
        members.sort_unstable();
        let inside: Vec<f32> = members
            .iter()
            .flat_map(|&x| members.iter().map(move |&y| (x, y)))
            .filter_map(|pair| scores.get(&pair).copied())
            .collect();
        let score = if inside.is_empty() { 0.0 } else { inside.iter().sum::<f32>() / inside.len() as f32 };
        Statement { members, score }
    };
    groups.into_iter().filter(|group| !group.is_empty()).map(statement).collect()
}
