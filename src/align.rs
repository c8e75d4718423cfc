//! Bitext alignment: beads, in order, that cover both sides once.

use std::ops::Range;

use crate::bitext::Bead;
use crate::encoder::Encoder;
use crate::score::{Cells, View};

/// What is known of a document pair, one entry a sentence.
#[derive(Debug, Clone, Copy, Default)]
pub struct AlignInput<'a> {
    /// The source sentences.
    pub source: &'a [&'a str],
    /// Their translations into the target's language, if there are any; as many as source sentences.
    pub hypotheses: Option<&'a [&'a str]>,
    /// The target sentences.
    pub target: &'a [&'a str],
    /// Translations of the target into the source's language, if there are any; as many as target sentences.
    pub reverse: Option<&'a [&'a str]>,
    /// The English encoder; give it only if the target is English.
    pub encoder: Option<&'a Encoder>,
}

/// How to align.
#[derive(Debug, Clone, PartialEq)]
pub struct AlignOptions {
    /// Most sentences in a bead, both sides together; at least 2.
    pub max_total: usize,
    /// What each part of the score weighs.
    pub weights: Weights,
}

impl Default for AlignOptions {
    fn default() -> Self {
        AlignOptions { max_total: 6, weights: Weights::default() }
    }
}

macro_rules! weights {
    ($($(#[$doc:meta])* $name:ident = $value:expr;)*) => {
        /// What each part of a bead's score weighs.
        #[derive(Debug, Clone, PartialEq)]
        pub struct Weights { $($(#[$doc])* pub $name: f32,)* }
        impl Default for Weights {
            fn default() -> Self { Weights { $($name: $value,)* } }
        }
        impl Weights {
            /// A weight by its name; NaN if there is none of that name.
            pub fn get(&self, name: &str) -> f32 {
                match name { $(stringify!($name) => self.$name,)* _ => f32::NAN }
            }
            /// The weights that are not the default, with their names.
            fn changed(&self) -> Vec<(&'static str, f32)> {
                let default = Weights::default();
                let mut changed = Vec::new();
                $(if self.$name != default.$name { changed.push((stringify!($name), self.$name)); })*
                changed
            }
            /// Sets a weight by its name; false if there is none of that name.
            pub fn set(&mut self, name: &str, value: f32) -> bool {
                match name { $(stringify!($name) => self.$name = value,)* _ => return false }
                true
            }
        }
    };
}

weights! {
    /// How much of the words' log likelihood ratio counts: words are not independent.
    words = 0.21;
    /// Weight of the length ratio's log likelihood ratio.
    length = 2.1;
    /// Standard deviation of the log length ratio of rendered spans.
    spread = 0.28;
    /// Words that are more than this share of all words on both sides are left out.
    common = 0.02;
    /// How much oftener than by its frequency a word turns up by chance.
    burst = 1.6;
    /// Least chance of meeting the same word.
    floor = 0.00025;
    /// Log prior of a null alignment, per sentence.
    null = -2.5;
    /// Log prior of a sentence more in a bead.
    more = -1.6;
    /// Log prior of a bead with two or more on both sides, in addition.
    both = -0.5;
    /// Word-count equivalents of the start values in the estimates.
    prior = 350.0;
    /// Posterior that a bead must reach to be worth more than null alignments.
    threshold = 0.3;
    /// 0: best path; 1: the path of the most expected correct beads.
    expected = 1.0;
    /// Half width of the first corridor.
    wide = 12.0;
    /// Probability after the second pass from which on a bead's words need not be compared for likeness.
    certain = 0.99;
    /// Share of what two lines can share from which on their bead is sure after the first pass.
    sure = 0.4;
    /// What they must share at least for that.
    sure_least = 5.0;
    /// Half width of the second corridor.
    narrow = 2.0;
    /// Beads that the start values of the bead types count as.
    held = 70.0;
    /// Log prior of a null alignment while the rates are not yet known.
    first = -3.0;
    /// How much a word's absence counts in the first pass, which sees no alike words.
    absent = 0.5;
    /// Whether words are learned from the first pass.
    learn = 2.0;
    /// What comparing source and target directly weighs beside a translation.
    direct = 0.0;
    /// How much a longer span lowers what a word in it is worth: 0 not at all, 1 as much as by chance.
    dilute = 0.5;
}

/// What a bead's score is made of: natural logarithms of likelihood ratios, weighted as they were added up.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Parts {
    /// The words of the hypotheses and the target, both ways.
    pub hypotheses: f32,
    /// The words of the source and the target's own translation, both ways.
    pub reverse: f32,
    /// The words of the source and the target themselves: names, numbers, cognates, learned word pairs.
    pub direct: f32,
    /// The ratio of the lengths.
    pub length: f32,
    /// How common the bead's type is.
    pub prior: f32,
}

/// Aligns two documents sentence by sentence.
///
/// The beads are in order and cover each sentence of both sides exactly once; a sentence without counterpart
/// is a null alignment of its own. A bead's score is the probability that it is right. The same input gives
/// the same beads everywhere. Translations that are not as many as their sentences are left out of account.
pub fn align(input: &AlignInput<'_>, options: &AlignOptions) -> Vec<Bead> {
    let (n, m) = (input.source.len(), input.target.len());
    if n == 0 || m == 0 {
        return nulls(n, m);
    }
    let mut model = Model::new(input, options);
    let (_, lattice) = model.fit();
    model.decode(&lattice)
}

/// As [`align`], with what each bead's score is made of.
pub fn explain(input: &AlignInput<'_>, options: &AlignOptions) -> Vec<(Bead, Parts)> {
    if input.source.is_empty() || input.target.is_empty() {
        return align(input, options).into_iter().map(|bead| (bead, Parts::default())).collect();
    }
    let mut model = Model::new(input, options);
    let (cells, lattice) = model.fit();
    let beads = model.decode(&lattice);
    beads
        .into_iter()
        .map(|bead| {
            let parts = model.parts(&cells, &bead);
            (bead, parts)
        })
        .collect()
}

/// What an alignment was made by and from: `align 1, evidence hypothesis+encoder, most 6`.
pub fn signature(input: &AlignInput<'_>, options: &AlignOptions) -> String {
    let evidence = evidence(input, &options.weights);
    let names: Vec<&str> = evidence
        .iter()
        .map(|evidence| match evidence {
            Evidence::Hypotheses if input.encoder.is_some() => "hypotheses+encoder",
            Evidence::Hypotheses => "hypotheses",
            Evidence::Reverse => "reverse",
            Evidence::Direct => "words",
        })
        .collect();
    let mut text = format!("diptych-align {VERSION}, {}, length", names.join("+"));
    let default = AlignOptions::default();
    if options.max_total != default.max_total {
        text += &format!(", most {}", options.max_total);
    }
    for (name, value) in options.weights.changed() {
        text += &format!(", {name} {value}");
    }
    text
}

/// Version of the aligner: raised whenever the same input may give other beads.
const VERSION: u32 = 1;

/// Texts of one language that are matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Evidence {
    Hypotheses,
    Reverse,
    Direct,
}

fn evidence(input: &AlignInput<'_>, weights: &Weights) -> Vec<Evidence> {
    let mut evidence = Vec::new();
    if input.hypotheses.is_some_and(|h| h.len() == input.source.len()) {
        evidence.push(Evidence::Hypotheses);
    }
    if input.reverse.is_some_and(|r| r.len() == input.target.len()) {
        evidence.push(Evidence::Reverse);
    }
    if evidence.is_empty() || weights.direct > 0.0 {
        evidence.push(Evidence::Direct);
    }
    evidence
}

fn nulls(n: usize, m: usize) -> Vec<Bead> {
    let left = (0..n).map(|i| Bead { source: i..i + 1, target: 0..0, score: 1.0 });
    let right = (0..m).map(|j| Bead { source: n..n, target: j..j + 1, score: 1.0 });
    left.chain(right).collect()
}

/// Bead types in the order they are tried: null ones first.
fn kinds(max_total: usize) -> Vec<(usize, usize)> {
    let mut kinds = vec![(1, 0), (0, 1), (1, 1)];
    for total in 3..=max_total.max(2) {
        for a in 1..total {
            let b = total - a;
            kinds.push((a, b));
        }
    }
    kinds
}

struct Lengths {
    /// Logarithms of the lengths of the spans that end before a line, by number of lines.
    logs: [Vec<f32>; 2],
    most: usize,
    centre: f32,
}

impl Lengths {
    fn new(left: &[&str], right: &[&str], most: usize) -> Lengths {
        let sides = [left, right].map(|lines| {
            let mut sum = 0.0;
            let mut sums = vec![0.0];
            for line in lines {
                sum += line.chars().filter(|c| !c.is_whitespace()).count() as f32;
                sums.push(sum);
            }
            let ends = (0..sums.len()).flat_map(|end| (1..=most).map(move |lines| (end, lines)));
            let logs = ends
                .map(|(end, lines)| (sums[end] - sums[end.saturating_sub(lines)] + 8.0f32).ln())
                .collect();
            logs
        });
        let [left, right] = sides;
        Lengths { logs: [left, right], most, centre: 0.0 }
    }

    fn ratio(&self, left: &Range<usize>, right: &Range<usize>) -> f32 {
        let log = |side: usize, span: &Range<usize>| self.logs[side][span.end * self.most + span.len() - 1];
        log(0, left) - log(1, right)
    }

    fn worth(&self, left: &Range<usize>, right: &Range<usize>, on: f32) -> f32 {
        let r = self.ratio(left, right) - self.centre;
        // By chance the ratio spreads about 0.75.
        let off = 0.75f32;
        (r * r / (2.0 * off * off) - r * r / (2.0 * on * on) + (off / on).ln()).max(-12.0)
    }
}

/// Natural logarithms of how common bead types are.
struct Priors {
    null: f32,
    single: f32,
    more: f32,
    both: f32,
}

impl Priors {
    fn of(&self, (a, b): (usize, usize)) -> f32 {
        if a == 0 || b == 0 {
            return self.null;
        }
        let (more, both) = ((a + b - 2) as f32, (a.min(b) - 1) as f32);
        self.single + more * self.more + both * self.both
    }
}

struct Model<'a> {
    evidence: Vec<Evidence>,
    views: Vec<View<'a>>,
    lengths: Vec<Lengths>,
    priors: Priors,
    kinds: Vec<(usize, usize)>,
    weights: Weights,
    n: usize,
    m: usize,
}

impl<'a> Model<'a> {
    fn new(input: &AlignInput<'a>, options: &AlignOptions) -> Model<'a> {
        let weights = &options.weights;
        let evidence = evidence(input, weights);
        let mut views = Vec::new();
        let mut lengths = Vec::new();
        for evidence in &evidence {
            let (left, right, encoder) = match evidence {
                Evidence::Hypotheses => (input.hypotheses.unwrap_or_default(), input.target, input.encoder),
                Evidence::Reverse => (input.source, input.reverse.unwrap_or_default(), None),
                Evidence::Direct => (input.source, input.target, None),
            };
            views.push(View::new(left, right, encoder, weights));
            if *evidence != Evidence::Direct || lengths.is_empty() {
                lengths.push(Lengths::new(left, right, options.max_total.max(4)));
            }
        }
        Model {
            evidence,
            views,
            lengths,
            priors: Priors {
                null: weights.null.min(weights.first),
                single: -0.3,
                more: weights.more,
                both: weights.both,
            },
            kinds: kinds(options.max_total),
            weights: weights.clone(),
            n: input.source.len(),
            m: input.target.len(),
        }
    }

    /// Fits the model to the pair, pass by pass, the first in a wide corridor and the others in a narrow one.
    fn fit(&mut self) -> (Cells, Lattice) {
        let anchors = anchors(&self.views[0], self.m);
        let band = Band::around(&anchors, self.n, self.m, self.weights.wide as usize);
        let (mut path, sure) = self.coarse(band);
        let band = Band::along(&path, &sure, self.n, self.m, self.weights.narrow as usize);
        let cells = band.cells();
        self.views.iter_mut().for_each(|view| view.compare(&cells));
        self.estimate(&cells, &path, None);
        let mut lattice = self.lattice(band, &cells);
        path = lattice.best(&self.kinds);
        let chances = lattice.chances(&self.kinds);
        self.types(&chances);
        let sure = path.iter().map(|bead| chances[lattice.place(&self.kinds, bead)] > self.weights.certain);
        let near = near(&path, &sure.collect::<Vec<bool>>(), self.n, self.m);
        self.views.iter_mut().for_each(|view| view.soften(&cells, &near));
        self.estimate(&cells, &path, Some(&near));
        if self.weights.learn > 0.0 {
            self.learn(&cells, &path);
        }
        self.relate(&cells, &mut lattice);
        (cells, lattice)
    }

    /// What the words of a view weigh.
    fn share(&self, view: usize) -> f32 {
        let translated = self.evidence.iter().filter(|e| **e != Evidence::Direct).count();
        match self.evidence[view] {
            _ if translated == 0 => self.weights.words,
            Evidence::Direct => self.weights.words * self.weights.direct,
            _ => self.weights.words / translated as f32,
        }
    }

    fn length(&self, left: &Range<usize>, right: &Range<usize>) -> f32 {
        let share = self.weights.length / self.lengths.len() as f32;
        self.lengths.iter().map(|l| share * l.worth(left, right, self.weights.spread)).sum()
    }

    /// The best path by shared words and length only, in beads of few lines; and which of the beads are sure: their
    /// two lines share most of what they can share.
    fn coarse(&self, band: Band) -> (Vec<Bead>, Vec<bool>) {
        let cells = band.cells();
        let mut sums = vec![0.0; cells.len()];
        let mut bases = [vec![0.0; self.n], vec![0.0; self.m]];
        let mut most = bases.clone();
        for (at, view) in self.views.iter().enumerate() {
            let share = self.share(at);
            for (side, lines) in view.coarse(&cells, share, &mut sums).into_iter().enumerate() {
                for (line, (none, all)) in lines.into_iter().enumerate() {
                    bases[side][line] += share * none;
                    most[side][line] += share * (all - none);
                }
            }
        }
        let kinds = kinds(4);
        let path = band.walk(&kinds, |_, i, j, k| {
            let (a, b) = kinds[k];
            let mut gain = self.priors.of((a, b));
            if a > 0 && b > 0 {
                let base = bases[0][i - a..i].iter().sum::<f32>() + bases[1][j - b..j].iter().sum::<f32>();
                let mut words = self.weights.absent * base;
                for i in i - a..i {
                    for j in j - b..j {
                        words += cells.at(i, j).map_or(0.0, |cell| sums[cell]);
                    }
                }
                gain += words + self.length(&(i - a..i), &(j - b..j));
            }
            gain
        });
        let sure = path.iter().map(|bead| {
            let (i, j) = (bead.source.start, bead.target.start);
            if bead.source.len() != 1 || bead.target.len() != 1 {
                return false;
            }
            let shared = cells.at(i, j).map_or(0.0, |cell| sums[cell]);
            shared >= self.weights.sure_least && shared >= self.weights.sure * (most[0][i] + most[1][j])
        });
        let sure = sure.collect();
        (path, sure)
    }

    fn lattice(&self, band: Band, cells: &Cells) -> Lattice {
        let nodes = band.len();
        let mut lattice = Lattice { band, gains: vec![NEVER; nodes * self.kinds.len()] };
        self.relate(cells, &mut lattice);
        lattice
    }

    /// Computes the gain of each bead: its log likelihood ratio against lines that have nothing to do with each
    /// other, and its prior.
    fn relate(&self, cells: &Cells, lattice: &mut Lattice) {
        let most = self.kinds.iter().map(|k| k.0).max().unwrap_or(1).max(1);
        let mut worth = [0, 1].map(|_| vec![0.0; cells.len() * most]);
        for (at, view) in self.views.iter().enumerate() {
            view.spans(cells, most, self.share(at), &mut worth);
        }
        let [left, right] = worth;
        let kinds = &self.kinds;
        for i in 0..=self.n {
            for j in lattice.band.nodes(i) {
                let node = lattice.band.at(i, j);
                for (k, &(a, b)) in kinds.iter().enumerate() {
                    if a > i || b > j || !lattice.band.has(i - a, j - b) {
                        continue;
                    }
                    let mut gain = self.priors.of((a, b));
                    if a > 0 && b > 0 {
                        if cells.at(i - a, j - 1).is_none() || cells.at(i - 1, j - b).is_none() {
                            continue;
                        }
                        for cell in (i - a..i).filter_map(|i| cells.at(i, j - 1)) {
                            gain += left[cell * most + b - 1];
                        }
                        for cell in (j - b..j).filter_map(|j| cells.at(i - 1, j)) {
                            gain += right[cell * most + a - 1];
                        }
                        gain += self.length(&(i - a..i), &(j - b..j));
                    }
                    lattice.gains[node * kinds.len() + k] = gain;
                }
            }
        }
    }

    fn parts(&self, cells: &Cells, bead: &Bead) -> Parts {
        let (left, right) = (&bead.source, &bead.target);
        let mut parts = Parts { prior: self.priors.of((left.len(), right.len())), ..Parts::default() };
        if bead.is_null() {
            return parts;
        }
        for (at, (view, evidence)) in self.views.iter().zip(&self.evidence).enumerate() {
            *match evidence {
                Evidence::Hypotheses => &mut parts.hypotheses,
                Evidence::Reverse => &mut parts.reverse,
                Evidence::Direct => &mut parts.direct,
            } = self.share(at) * view.bead(cells, left, right);
        }
        parts.length = self.length(left, right);
        parts
    }

    /// Re-estimates rates, priors and the length ratio from a path's beads.
    fn estimate(&mut self, cells: &Cells, path: &[Bead], near: Option<&[Range<usize>]>) {
        let small: Vec<(Range<usize>, Range<usize>)> = path
            .iter()
            .filter(|b| !b.is_null() && b.source.len() + b.target.len() <= 3)
            .map(|b| (b.source.clone(), b.target.clone()))
            .collect();
        let compared = |(source, target): &&(Range<usize>, Range<usize>)| {
            near.is_none_or(|near| {
                let mut ranges = near[source.clone()].iter();
                ranges.all(|near| near.start <= target.start && target.end <= near.end)
            })
        };
        let compared: Vec<(Range<usize>, Range<usize>)> = small.iter().filter(compared).cloned().collect();
        for view in &mut self.views {
            view.estimate(cells, &compared, self.weights.prior);
        }
        for lengths in &mut self.lengths {
            let single = small.iter().filter(|b| b.0.len() + b.1.len() == 2);
            let (sum, count) = single.fold((0.0, 10.0), |(s, c), b| (s + lengths.ratio(&b.0, &b.1), c + 1.0));
            lengths.centre = sum / count;
        }
    }

    /// Re-estimates how common bead types are from all paths, held to the weights as by some beads.
    fn types(&mut self, chances: &[f32]) {
        let w = &self.weights;
        let (mut all, mut nulls, mut more) = (w.held, w.held * w.null.exp(), w.held * w.more.exp());
        for (at, chance) in chances.iter().enumerate() {
            let (a, b) = self.kinds[at % self.kinds.len()];
            all += chance;
            if a == 0 || b == 0 {
                nulls += chance;
            } else {
                more += chance * (a + b - 2) as f32;
            }
        }
        self.priors.null = (nulls / all).ln();
        self.priors.more = (more / all).ln();
    }

    fn learn(&mut self, cells: &Cells, path: &[Bead]) {
        let sure: Vec<(Range<usize>, Range<usize>)> = path
            .iter()
            .filter(|b| !b.is_null() && b.source.len() + b.target.len() <= 4)
            .map(|b| (b.source.clone(), b.target.clone()))
            .collect();
        for (view, evidence) in self.views.iter_mut().zip(&self.evidence) {
            if *evidence == Evidence::Direct || self.weights.learn > 1.0 {
                view.learn(cells, &sure);
            }
        }
    }

    /// The path of the most expected right beads, each with its probability.
    fn decode(&self, lattice: &Lattice) -> Vec<Bead> {
        let kinds = &self.kinds;
        let chances = lattice.chances(kinds);
        let place = |bead: &Bead| lattice.place(kinds, bead);
        let best = lattice.best(kinds);
        // Equal lines that follow each other leave no single path likely; the best one is right.
        let mut values = chances.clone();
        for bead in &best {
            let same = |view: &View| view.same(bead.source.start, bead.target.start);
            if bead.source.len() == 1 && bead.target.len() == 1 && self.views.iter().any(same) {
                values[place(bead)] += 1.0;
            }
        }
        let mut path = if self.weights.expected > 0.0 {
            lattice.band.walk(kinds, |node, _, _, k| {
                let value = values[node * kinds.len() + k];
                if kinds[k].0 == 0 || kinds[k].1 == 0 { 0.02 * value } else { value - self.weights.threshold }
            })
        } else {
            best
        };
        // A sentence has no counterpart on all paths that skip it, wherever they do so.
        let mut skipped = [vec![0.0; self.n], vec![0.0; self.m]];
        for i in 0..=self.n {
            for j in lattice.band.nodes(i) {
                let node = lattice.band.at(i, j) * kinds.len();
                if i > 0 {
                    skipped[0][i - 1] += chances[node];
                }
                if j > 0 {
                    skipped[1][j - 1] += chances[node + 1];
                }
            }
        }
        for bead in &mut path {
            bead.score = match (bead.source.len(), bead.target.len()) {
                (_, 0) => skipped[0][bead.source.start],
                (0, _) => skipped[1][bead.target.start],
                _ => chances[place(bead)],
            }
            .clamp(0.0, 1.0);
        }
        path
    }
}

/// Right lines that each left line's words are compared with for likeness: its bead's and those next to it, unless
/// the beads on both sides are certain too.
fn near(path: &[Bead], certain: &[bool], n: usize, m: usize) -> Vec<Range<usize>> {
    let mut ranges = vec![0..0; n];
    for (at, bead) in path.iter().enumerate() {
        let before = usize::from(!(certain[at] && (at == 0 || certain[at - 1])));
        let after = usize::from(!(certain[at] && certain.get(at + 1).is_none_or(|&certain| certain)));
        if before + after > 0 {
            for range in &mut ranges[bead.source.clone()] {
                *range = bead.target.start.saturating_sub(before)..(bead.target.end + after).min(m);
            }
        }
    }
    ranges
}

/// Line pairs that surely belong together, ascending on both sides: the heaviest chain of pairs that share rare
/// words, found as a longest increasing subsequence is.
fn anchors(view: &View, m: usize) -> Vec<(usize, usize)> {
    let mut pairs = view.shared(4);
    pairs.retain(|p| p.2 >= 1.0);
    pairs.sort_by_key(|p| (p.0, std::cmp::Reverse(p.1)));
    // Fenwick tree of the best chain that ends before a right line: its weight and its last pair.
    let mut tree: Vec<(f32, usize)> = vec![(0.0, usize::MAX); m + 1];
    let mut previous = vec![usize::MAX; pairs.len()];
    let mut best = (0.0, usize::MAX);
    for (at, &(_, j, weight)) in pairs.iter().enumerate() {
        let mut before = (0.0, usize::MAX);
        let mut k = j;
        while k > 0 {
            if tree[k].0 > before.0 {
                before = tree[k];
            }
            k &= k - 1;
        }
        previous[at] = before.1;
        let here = (before.0 + weight, at);
        if here.0 > best.0 {
            best = here;
        }
        let mut k = j + 1;
        while k <= m {
            if here.0 > tree[k].0 {
                tree[k] = here;
            }
            k += k & k.wrapping_neg();
        }
    }
    let mut chain = Vec::new();
    let mut at = best.1;
    while at != usize::MAX {
        chain.push((pairs[at].0, pairs[at].1));
        at = previous[at];
    }
    chain.reverse();
    chain
}

/// The nodes that paths may use: per left position a range of right positions.
struct Band {
    ranges: Vec<(usize, usize)>,
    starts: Vec<usize>,
}

impl Band {
    fn new(mut ranges: Vec<(usize, usize)>, m: usize) -> Band {
        let n = ranges.len() - 1;
        ranges[0].0 = 0;
        ranges[n].1 = m;
        for i in 1..=n {
            ranges[i].1 = ranges[i].1.max(ranges[i - 1].1).min(m);
            // Connected: each row begins where the one before has nodes.
            ranges[i].0 = ranges[i].0.min(ranges[i - 1].1);
        }
        for i in (0..n).rev() {
            ranges[i].0 = ranges[i].0.min(ranges[i + 1].0);
        }
        let mut starts = vec![0];
        starts.extend(ranges.iter().scan(0, |sum, &(low, high)| {
            *sum += high - low + 1;
            Some(*sum)
        }));
        Band { ranges, starts }
    }

    /// Around straight lines from anchor to anchor, wider where they are far apart.
    fn around(anchors: &[(usize, usize)], n: usize, m: usize, wide: usize) -> Band {
        let mut ranges = vec![(m, 0); n + 1];
        let mut from = (0, 0);
        for to in anchors.iter().copied().chain([(n, m)]) {
            let (rows, columns) = (to.0 - from.0, to.1 - from.1);
            let half = wide + (rows.min(columns) / 2).min(150) + rows.abs_diff(columns).min(50);
            for (at, range) in ranges[from.0..=to.0].iter_mut().enumerate() {
                let column = |row: usize| from.1 + (row * columns).checked_div(rows).unwrap_or(columns);
                let low = if rows == 0 { from.1 } else { column(at) };
                range.0 = range.0.min(low.saturating_sub(half));
                range.1 = range.1.max((column((at + 1).min(rows)) + half).min(m));
            }
            from = to;
        }
        Band::new(ranges, m)
    }

    /// Around a path, close around its sure beads.
    fn along(path: &[Bead], sure: &[bool], n: usize, m: usize, narrow: usize) -> Band {
        let mut ranges = vec![(m, 0); n + 1];
        for (bead, &sure) in path.iter().zip(sure) {
            let (rows, columns) = if sure { (0, 1) } else { (1, narrow) };
            let rows = bead.source.start.saturating_sub(rows)..=(bead.source.end + rows).min(n);
            for range in &mut ranges[rows] {
                range.0 = range.0.min(bead.target.start.saturating_sub(columns));
                range.1 = range.1.max((bead.target.end + columns).min(m));
            }
        }
        Band::new(ranges, m)
    }

    fn len(&self) -> usize {
        self.starts[self.ranges.len()]
    }

    fn nodes(&self, i: usize) -> std::ops::RangeInclusive<usize> {
        self.ranges[i].0..=self.ranges[i].1
    }

    fn has(&self, i: usize, j: usize) -> bool {
        self.ranges[i].0 <= j && j <= self.ranges[i].1
    }

    fn at(&self, i: usize, j: usize) -> usize {
        self.starts[i] + j - self.ranges[i].0
    }

    /// The line pairs that beads between the nodes hold.
    fn cells(&self) -> Cells {
        let n = self.ranges.len() - 1;
        Cells::new(
            (0..n).map(|i| self.ranges[i.saturating_sub(1)].0..self.ranges[(i + 2).min(n)].1).collect(),
        )
    }

    /// The path of the greatest sum of `gain(node, i, j, kind)`.
    fn walk(&self, kinds: &[(usize, usize)], gain: impl Fn(usize, usize, usize, usize) -> f32) -> Vec<Bead> {
        let n = self.ranges.len() - 1;
        let mut sums = vec![NEVER; self.len()];
        let mut back = vec![0u8; self.len()];
        sums[0] = 0.0;
        for i in 0..=n {
            for j in self.nodes(i) {
                let node = self.at(i, j);
                for (k, &(a, b)) in kinds.iter().enumerate() {
                    if a > i || b > j || !self.has(i - a, j - b) {
                        continue;
                    }
                    let sum = sums[self.at(i - a, j - b)] + gain(node, i, j, k);
                    if sum > sums[node] {
                        sums[node] = sum;
                        back[node] = k as u8;
                    }
                }
            }
        }
        let (mut i, mut j) = (n, self.ranges[n].1);
        let mut path = Vec::new();
        while (i, j) != (0, 0) {
            let (a, b) = kinds[back[self.at(i, j)] as usize];
            path.push(Bead { source: i - a..i, target: j - b..j, score: 0.0 });
            (i, j) = (i - a, j - b);
        }
        path.reverse();
        path
    }
}

/// The gain of a bead that cannot be.
const NEVER: f32 = -1e30;

/// Gains of all beads that end at each node of a band.
struct Lattice {
    band: Band,
    gains: Vec<f32>,
}

impl Lattice {
    /// Where a bead's gain stands.
    fn place(&self, kinds: &[(usize, usize)], bead: &Bead) -> usize {
        let kind = (bead.source.len(), bead.target.len());
        let k = kinds.iter().position(|&k| k == kind).unwrap_or(0);
        self.band.at(bead.source.end, bead.target.end) * kinds.len() + k
    }

    /// The path of the greatest gain.
    fn best(&self, kinds: &[(usize, usize)]) -> Vec<Bead> {
        self.band.walk(kinds, |node, _, _, k| self.gains[node * kinds.len() + k])
    }

    /// The probability of each bead among all paths (forward and backward sums).
    fn chances(&self, kinds: &[(usize, usize)]) -> Vec<f32> {
        let band = &self.band;
        let n = band.ranges.len() - 1;
        let width = kinds.len();
        let mut forward = vec![f64::NEG_INFINITY; band.len()];
        forward[0] = 0.0;
        let mut terms = Vec::new();
        for i in 0..=n {
            for j in band.nodes(i) {
                let node = band.at(i, j);
                terms.clear();
                for (k, &(a, b)) in kinds.iter().enumerate() {
                    let gain = self.gains[node * width + k];
                    if gain > NEVER {
                        terms.push(forward[band.at(i - a, j - b)] + f64::from(gain));
                    }
                }
                if node > 0 {
                    forward[node] = sum_of_logs(&terms);
                }
            }
        }
        let mut backward = vec![f64::NEG_INFINITY; band.len()];
        let total = forward[band.len() - 1];
        let mut chances = vec![0.0; self.gains.len()];
        backward[band.len() - 1] = -total;
        for i in (0..=n).rev() {
            for j in band.nodes(i).rev() {
                let node = band.at(i, j);
                for (k, &(a, b)) in kinds.iter().enumerate() {
                    let gain = self.gains[node * width + k];
                    if gain <= NEVER {
                        continue;
                    }
                    let from = band.at(i - a, j - b);
                    let term = backward[node] + f64::from(gain);
                    let log = term + forward[from];
                    if log > -30.0 {
                        chances[node * width + k] = log.exp() as f32;
                        backward[from] = add(backward[from], term);
                    }
                }
            }
        }
        chances
    }
}

fn sum_of_logs(terms: &[f64]) -> f64 {
    let high = terms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if high == f64::NEG_INFINITY {
        return high;
    }
    high + terms.iter().filter(|&&t| t > high - 30.0).map(|t| (t - high).exp()).sum::<f64>().ln()
}

fn add(a: f64, b: f64) -> f64 {
    let (high, low) = if a > b { (a, b) } else { (b, a) };
    if low < high - 30.0 { high } else { high + (low - high).exp().ln_1p() }
}
