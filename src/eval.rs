//! How good an alignment is against one by hand: strict and lax precision, recall and F1.
//!
//! The definition is that of Vecalign's paper and scorer, after Sennrich & Volk (2011): a strict hit is the very
//! same bead on the other side, a lax one shares at least a source and a target sentence with one. Counts are
//! summed over all documents before the ratios are taken.

use std::collections::{BTreeMap, BTreeSet};

use crate::bitext::Bead;
use crate::error::{Error, Result};

/// A bead as gold files have it: any ids, in any order, with gaps.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct GoldBead {
    /// Source sentences, counted from 0.
    pub source: Vec<usize>,
    /// Target sentences, counted from 0.
    pub target: Vec<usize>,
}

impl GoldBead {
    fn is_null(&self) -> bool {
        self.source.is_empty() || self.target.is_empty()
    }
}

impl From<&Bead> for GoldBead {
    fn from(bead: &Bead) -> GoldBead {
        GoldBead { source: bead.source.clone().collect(), target: bead.target.clone().collect() }
    }
}

/// What becomes of null alignments. Precision counts those that the test lists, so tools that list them and
/// tools that do not are not measured alike unless they are dropped or filled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Nulls {
    /// As the files say.
    #[default]
    Keep,
    /// Left out of both.
    Drop,
    /// Every sentence in no two-sided bead is a null alignment of its own, in both.
    Fill,
}

/// A document's alignment by hand and the one to be judged.
#[derive(Debug, Clone)]
pub struct Judged {
    /// What the document is called in the result.
    pub name: String,
    /// The alignment by hand.
    pub gold: Vec<GoldBead>,
    /// The alignment to be judged.
    pub test: Vec<GoldBead>,
}

/// Precision, recall and F1, each from 0 to 1; 0 where there is nothing to count.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Score {
    /// Share of the test's beads that are hits.
    pub precision: f64,
    /// Share of the gold's two-sided beads that are hits.
    pub recall: f64,
    /// Their harmonic mean.
    pub f1: f64,
}

/// Hits among beads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Hits {
    /// Beads with an equal on the other side.
    pub strict: usize,
    /// Beads that share a source and a target sentence with one on the other side.
    pub lax: usize,
    /// All beads.
    pub all: usize,
}

impl Hits {
    fn add(&mut self, other: Hits) {
        self.strict += other.strict;
        self.lax += other.lax;
        self.all += other.all;
    }
}

/// Counts for one document, one bead type or all together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Test beads against gold.
    pub test: Hits,
    /// Gold beads against test, null alignments left out.
    pub gold: Hits,
}

impl Counts {
    fn add(&mut self, other: Counts) {
        self.test.add(other.test);
        self.gold.add(other.gold);
    }

    /// By equal beads.
    pub fn strict(&self) -> Score {
        score(self.test.strict, self.test.all, self.gold.strict, self.gold.all)
    }

    /// By overlapping beads.
    pub fn lax(&self) -> Score {
        score(self.test.lax, self.test.all, self.gold.lax, self.gold.all)
    }
}

/// The 95 % interval of a figure.
pub type Interval = (f64, f64);

/// The result of [`evaluate`].
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// All documents together.
    pub total: Counts,
    /// Each document, in the order given.
    pub documents: Vec<(String, Counts)>,
    /// By bead type, as (source sentences, target sentences): the test's beads of that type and the gold's.
    pub kinds: BTreeMap<(usize, usize), Counts>,
    /// Of strict F1, from [`Evaluation::RESAMPLES`] resamples of the documents; the figure itself if there is one.
    pub strict_interval: Interval,
    /// The same of lax F1.
    pub lax_interval: Interval,
}

impl Evaluation {
    /// How many times the documents are drawn anew for the intervals.
    pub const RESAMPLES: usize = 2000;
}

/// Reads an alignment: `[source ids]:[target ids]` a line, ids from 0 to 2^32 - 1 and separated by commas; what follows
/// a further colon (a score) is not looked at. `name` stands in errors.
///
/// # Errors
/// [`Error::Alignment`] with the number of the first line that is none.
pub fn read_beads(name: &str, text: &str) -> Result<Vec<GoldBead>> {
    let mut beads = Vec::new();
    for (number, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        let mut parts = line.split(':');
        match (parts.next().and_then(ids), parts.next().and_then(ids)) {
            (Some(source), Some(target)) => beads.push(GoldBead { source, target }),
            _ => {
                let start: String = line.chars().take(40).collect();
                let what = format!("line {}: expected [0, 1]:[0], found {start:?}", number + 1);
                return Err(Error::Alignment { name: name.into(), what });
            }
        }
    }
    Ok(beads)
}

fn ids(text: &str) -> Option<Vec<usize>> {
    let inside = text.trim().strip_prefix('[')?.strip_suffix(']')?;
    let mut ids = Vec::new();
    for id in inside.split(',').map(str::trim).filter(|id| !id.is_empty()) {
        ids.push(id.parse::<u32>().ok()? as usize);
    }
    ids.sort_unstable();
    ids.dedup();
    Some(ids)
}

/// Judges alignments against those by hand.
pub fn evaluate(documents: &[Judged], nulls: Nulls) -> Evaluation {
    let mut total = Counts::default();
    let mut kinds: BTreeMap<(usize, usize), Counts> = BTreeMap::new();
    let mut by_document = Vec::new();
    for document in documents {
        let mut counts = Counts::default();
        let (gold, test) = match nulls {
            Nulls::Keep => (beads(&document.gold).collect(), beads(&document.test).collect()),
            Nulls::Drop => (two_sided(&document.gold), two_sided(&document.test)),
            Nulls::Fill => {
                let filled = fill(document);
                for (kind, free) in [((1, 0), filled.free[0]), ((0, 1), filled.free[1])] {
                    let hits = Hits { strict: free, lax: free, all: free };
                    counts.test.add(hits);
                    kinds.entry(kind).or_default().test.add(hits);
                }
                (filled.gold, filled.test)
            }
        };
        for (bead, hits) in hits(&test, &gold) {
            counts.test.add(hits);
            kinds.entry((bead.source.len(), bead.target.len())).or_default().test.add(hits);
        }
        let full = |beads: &BTreeSet<GoldBead>| beads.iter().filter(|b| !b.is_null()).cloned().collect();
        let (gold, test): (BTreeSet<GoldBead>, BTreeSet<GoldBead>) = (full(&gold), full(&test));
        for (bead, hits) in hits(&gold, &test) {
            counts.gold.add(hits);
            kinds.entry((bead.source.len(), bead.target.len())).or_default().gold.add(hits);
        }
        total.add(counts);
        by_document.push((document.name.clone(), counts));
    }
    let [strict_interval, lax_interval] = intervals(&by_document);
    Evaluation { total, documents: by_document, kinds, strict_interval, lax_interval }
}

/// The beads that say something, their ids sorted.
fn beads(all: &[GoldBead]) -> impl Iterator<Item = GoldBead> {
    all.iter().filter(|b| !(b.source.is_empty() && b.target.is_empty())).cloned().map(|mut bead| {
        bead.source.sort_unstable();
        bead.target.sort_unstable();
        bead
    })
}

fn two_sided(all: &[GoldBead]) -> BTreeSet<GoldBead> {
    beads(all).filter(|b| !b.is_null()).collect()
}

/// A document with a null alignment for every sentence in no two-sided bead.
struct Filled {
    gold: BTreeSet<GoldBead>,
    test: BTreeSet<GoldBead>,
    /// The sentences of each side that neither has in a two-sided bead: counted, because a number in a file says how
    /// many there are, and it can say anything.
    free: [usize; 2],
}

fn fill(document: &Judged) -> Filled {
    let (mut gold, mut test) = (two_sided(&document.gold), two_sided(&document.test));
    let mut free = [0; 2];
    for (side, free) in free.iter_mut().enumerate() {
        let ids = |bead: &GoldBead| if side == 0 { bead.source.clone() } else { bead.target.clone() };
        let covered = |beads: &BTreeSet<GoldBead>| beads.iter().flat_map(ids).collect::<BTreeSet<usize>>();
        let size = document.gold.iter().flat_map(ids).max().map_or(0, |id| id.saturating_add(1));
        let (by_gold, by_test) = (covered(&gold), covered(&test));
        let either: BTreeSet<usize> = by_gold.union(&by_test).copied().filter(|&id| id < size).collect();
        *free = size - either.len();
        for id in either {
            let null = match side {
                0 => GoldBead { source: vec![id], target: vec![] },
                _ => GoldBead { source: vec![], target: vec![id] },
            };
            if !by_gold.contains(&id) {
                gold.insert(null);
            } else if !by_test.contains(&id) {
                test.insert(null);
            }
        }
    }
    Filled { gold, test, free }
}

fn hits<'a>(beads: &'a BTreeSet<GoldBead>, reference: &BTreeSet<GoldBead>) -> Vec<(&'a GoldBead, Hits)> {
    let mut by_source: BTreeMap<usize, Vec<&GoldBead>> = BTreeMap::new();
    for bead in reference {
        bead.source.iter().for_each(|&id| by_source.entry(id).or_default().push(bead));
    }
    let judge = |bead: &'a GoldBead| {
        let same = reference.contains(bead);
        // Each bead that shares a source is looked at once: of a bead with thousands of ids, too.
        let mut seen = BTreeSet::new();
        let overlaps = same
            || bead.source.iter().filter_map(|id| by_source.get(id)).flatten().any(|other| {
                seen.insert(*other) && bead.target.iter().any(|id| other.target.binary_search(id).is_ok())
            });
        (bead, Hits { strict: usize::from(same), lax: usize::from(overlaps), all: 1 })
    };
    beads.iter().map(judge).collect()
}

fn score(test_hits: usize, test: usize, gold_hits: usize, gold: usize) -> Score {
    let ratio = |a: usize, b: usize| if b == 0 { 0.0 } else { a as f64 / b as f64 };
    let (precision, recall) = (ratio(test_hits, test), ratio(gold_hits, gold));
    let sum = precision + recall;
    Score { precision, recall, f1: if sum > 0.0 { 2.0 * precision * recall / sum } else { 0.0 } }
}

/// Bootstrap over documents; the same draws every time.
fn intervals(documents: &[(String, Counts)]) -> [Interval; 2] {
    if documents.is_empty() {
        return [(0.0, 0.0); 2];
    }
    let mut state = 0x9E37_79B9_7F4A_7C15u64;
    let mut draw = || {
        // xorshift64: enough to pick documents.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as usize % documents.len()
    };
    let mut figures: [Vec<f64>; 2] = [Vec::new(), Vec::new()];
    for _ in 0..Evaluation::RESAMPLES {
        let mut sum = Counts::default();
        for _ in 0..documents.len() {
            sum.add(documents[draw()].1);
        }
        figures[0].push(sum.strict().f1);
        figures[1].push(sum.lax().f1);
    }
    figures.map(|mut figures| {
        figures.sort_by(f64::total_cmp);
        let at = |share: f64| figures[((figures.len() - 1) as f64 * share).round() as usize];
        (at(0.025), at(0.975))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_beads_as_aligners_write_them() {
        for (line, expected) in [
            ("[0, 1]:[2]:0.87", Some((vec![0, 1], vec![2]))),
            (" [3,1] : [] ", Some((vec![1, 3], vec![]))),
            ("[]:[4]", Some((vec![], vec![4]))),
            ("[0]", None),
            ("0:1", None),
            ("[a]:[1]", None),
            ("[-1]:[1]", None),
            ("[1, 1]:[1,1,0]", Some((vec![1], vec![0, 1]))),
            ("[4294967296]:[1]", None),
        ] {
            let found = read_beads("x", line).ok().map(|b| (b[0].source.clone(), b[0].target.clone()));
            assert_eq!(found, expected, "{line}");
        }
        let error = read_beads("gold.txt", "[0]:[0]\n\nnonsense").unwrap_err().to_string();
        assert!(error.contains("gold.txt") && error.contains("line 3"), "{error}");
    }

    #[test]
    fn a_document_against_itself_is_perfect_and_against_nothing_is_none() {
        let gold = read_beads("x", "[0]:[0]\n[1, 2]:[1]\n[]:[2]").unwrap();
        for (test, nulls, f1) in
            [(gold.clone(), Nulls::Keep, 1.0), (gold.clone(), Nulls::Fill, 1.0), (vec![], Nulls::Drop, 0.0)]
        {
            let judged = Judged { name: "x".into(), gold: gold.clone(), test };
            let result = evaluate(&[judged], nulls);
            assert_eq!(result.total.strict().f1, f1);
            assert_eq!(result.total.lax().f1, f1);
            assert_eq!(result.strict_interval, (f1, f1));
        }
    }

    #[test]
    fn null_alignments_are_filled_in_on_both_sides() {
        for (gold, test, strict, lax, all) in [
            ("[0]:[0]\n[2]:[2]", "[0]:[0]\n[1]:[2]", 2, 2, 4),
            ("[0, 2]:[0]\n[]:[3]", "[0]:[0]\n[9]:[9]", 4, 5, 7),
            ("[3]:[0]", "", 3, 3, 5),
        ] {
            let read = |text| read_beads("x", text).unwrap();
            let judged = Judged { name: "x".into(), gold: read(gold), test: read(test) };
            let hits = evaluate(&[judged], Nulls::Fill).total.test;
            assert_eq!((hits.strict, hits.lax, hits.all), (strict, lax, all), "{gold} {test}");
        }
    }

    /// These took forever, or memory without end.
    #[test]
    fn hostile_beads_are_judged_in_good_time() {
        let ids: Vec<String> = (0..20_000).map(|id| id.to_string()).collect();
        let giant = format!("[{0}]:[{0}]", ids.join(","));
        let repeated = ids.iter().map(|id| format!("[0,{id}]:[{id}]\n")).collect();
        for text in ["[0]:[0]\n[4294967295]:[4294967295]".to_string(), giant, repeated] {
            let gold = read_beads("x", &text).unwrap();
            for nulls in [Nulls::Keep, Nulls::Drop, Nulls::Fill] {
                let judged = Judged { name: "x".into(), gold: gold.clone(), test: gold.clone() };
                let start = std::time::Instant::now();
                assert_eq!(evaluate(&[judged], nulls).total.strict().f1, 1.0);
                assert!(start.elapsed().as_secs() < 10, "{:.40} took {:?}", text, start.elapsed());
            }
        }
    }
}
