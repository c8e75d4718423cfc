//! Bitext alignment: beads, in order, that cover both sides once.

use std::ops::Range;

use crate::bitext::Bead;
use crate::encoder::Encoder;
use crate::score::{LEVELS, Row, Rows, Scratch, View};

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
    words = 0.35;
    /// Weight of the length ratio's log likelihood ratio.
    length = 1.0;
    /// Standard deviation of the log length ratio of rendered spans.
    spread = 0.28;
    /// Words that are more than this share of all words on both sides are left out.
    common = 0.02;
    /// How much oftener than by its frequency a word turns up by chance.
    burst = 2.0;
    /// Least chance of meeting the same word.
    floor = 0.0005;
    /// Log prior of a null alignment, per sentence.
    null = -3.0;
    /// Log prior of a sentence more in a bead.
    more = -2.3;
    /// Log prior of a bead with two or more on both sides, in addition.
    both = -0.5;
    /// Word-count equivalents of the start values in the estimates.
    prior = 300.0;
    /// Posterior that a bead must reach to be worth more than null alignments.
    threshold = 0.45;
    /// 0: best path; 1: the path of the most expected correct beads.
    expected = 1.0;
    /// Half width of the first corridor.
    wide = 12.0;
    /// Half width of the second corridor.
    narrow = 3.0;
    /// Whether words are learned from the first pass.
    learn = 1.0;
    /// Whether source and target are compared directly too.
    direct = 1.0;
    /// Rounds of estimation.
    rounds = 2.0;
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
    explain(input, options).into_iter().map(|(bead, _)| bead).collect()
}

/// As [`align`], with what each bead's score is made of.
pub fn explain(input: &AlignInput<'_>, options: &AlignOptions) -> Vec<(Bead, Parts)> {
    let (n, m) = (input.source.len(), input.target.len());
    if n == 0 || m == 0 {
        return nulls(n, m).into_iter().map(|bead| (bead, Parts::default())).collect();
    }
    let mut model = Model::new(input, options);
    let (rows, lattice) = model.fit();
    lattice
        .posterior(&model, &options.weights)
        .into_iter()
        .map(|bead| {
            let parts = model.parts(&rows, bead.source.clone(), bead.target.clone());
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
    sums: [Vec<f32>; 2],
    centre: f32,
    spread: f32,
}

impl Lengths {
    fn new(left: &[&str], right: &[&str]) -> Lengths {
        let sums = [left, right].map(|lines| {
            let mut sum = 0.0;
            let mut sums = vec![0.0];
            for line in lines {
                sum += line.chars().filter(|c| !c.is_whitespace()).count() as f32;
                sums.push(sum);
            }
            sums
        });
        Lengths { sums, centre: 0.0, spread: 0.0 }
    }

    fn ratio(&self, left: &Range<usize>, right: &Range<usize>) -> f32 {
        let a = self.sums[0][left.end] - self.sums[0][left.start];
        let b = self.sums[1][right.end] - self.sums[1][right.start];
        ((a + 8.0) / (b + 8.0)).ln()
    }

    fn worth(&self, left: &Range<usize>, right: &Range<usize>, spread: f32) -> f32 {
        let r = self.ratio(left, right) - self.centre;
        let on = spread.hypot(self.spread);
        // By chance the ratio spreads about 0.75.
        let off = 0.75f32;
        (r * r / (2.0 * off * off) - r * r / (2.0 * on * on) + (off / on).ln()).max(-12.0)
    }
}

struct Model {
    evidence: Vec<Evidence>,
    views: Vec<View>,
    lengths: Vec<Lengths>,
    kinds: Vec<(usize, usize)>,
    weights: Weights,
    n: usize,
    m: usize,
    scratch: Scratch,
}

impl Model {
    fn new(input: &AlignInput<'_>, options: &AlignOptions) -> Model {
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
                lengths.push(Lengths::new(left, right));
            }
        }
        Model {
            evidence,
            views,
            lengths,
            kinds: kinds(options.max_total),
            weights: weights.clone(),
            n: input.source.len(),
            m: input.target.len(),
            scratch: Scratch::new(),
        }
    }

    /// Fits the model to the pair, pass by pass, each in a narrower corridor.
    fn fit(&mut self) -> (Vec<Rows>, Lattice) {
        let (n, m) = (self.n, self.m);
        let anchors = anchors(&self.views[0], n, m);
        let mut band = Band::around(&anchors, n, m, self.weights.wide as usize);
        let mut rows = self.rows(&band, false);
        let mut lattice = self.lattice(&band, &rows);
        for round in 0..self.weights.rounds as usize {
            let path = lattice.best(&self.kinds);
            self.estimate(&path, &rows);
            if self.weights.learn > 0.0 && round > 0 {
                self.learn(&path);
            }
            band = Band::along(&path, n, m, self.weights.narrow as usize);
            rows = self.rows(&band, true);
            lattice = self.lattice(&band, &rows);
        }
        (rows, lattice)
    }

    fn rows(&mut self, band: &Band, soft: bool) -> Vec<Rows> {
        let mut all = Vec::new();
        self.scratch = Scratch::new();
        for view in &self.views {
            let rows: Vec<Row> =
                (0..self.n).map(|i| view.row(i, band.lines(i), soft, &mut self.scratch)).collect();
            all.push(Rows(rows));
            self.scratch = Scratch::new();
        }
        all
    }

    fn prior(&self, (a, b): (usize, usize)) -> f32 {
        let w = &self.weights;
        if a == 0 || b == 0 {
            return w.null;
        }
        let more = (a + b - 2) as f32 * w.more;
        let both = (a.min(b) - 1) as f32 * w.both;
        -0.3 + more + both
    }

    /// Log likelihood ratio of a bead against its lines being unrelated.
    fn gain(&self, rows: &[Rows], left: Range<usize>, right: Range<usize>) -> f32 {
        let parts = self.parts(rows, left, right);
        parts.hypotheses + parts.reverse + parts.direct + parts.length + parts.prior
    }

    fn parts(&self, rows: &[Rows], left: Range<usize>, right: Range<usize>) -> Parts {
        let mut parts = Parts { prior: self.prior((left.len(), right.len())), ..Parts::default() };
        if left.is_empty() || right.is_empty() {
            return parts;
        }
        let share = self.weights.words / self.views.len() as f32;
        for ((view, rows), evidence) in self.views.iter().zip(rows).zip(&self.evidence) {
            let [a, b] = view.bead(rows, (left.start, left.end), (right.start, right.end));
            *match evidence {
                Evidence::Hypotheses => &mut parts.hypotheses,
                Evidence::Reverse => &mut parts.reverse,
                Evidence::Direct => &mut parts.direct,
            } = share * (a + b);
        }
        let share = self.weights.length / self.lengths.len() as f32;
        parts.length = self.lengths.iter().map(|l| share * l.worth(&left, &right, self.weights.spread)).sum();
        parts
    }

    fn lattice(&self, band: &Band, rows: &[Rows]) -> Lattice {
        let mut lattice = Lattice::new(band, self.kinds.len());
        for i in 0..=self.n {
            for j in band.nodes(i) {
                let node = lattice.at(i, j);
                for (k, &(a, b)) in self.kinds.iter().enumerate() {
                    if a > i || b > j || !band.has(i - a, j - b) {
                        continue;
                    }
                    if a > 0 && b > 0 && !(i - a..i).all(|i| rows[0].covers(i, (j - b, j))) {
                        continue;
                    }
                    lattice.gains[node * lattice.kinds + k] = self.gain(rows, i - a..i, j - b..j);
                }
            }
        }
        lattice
    }

    /// Re-estimates the rates and the length ratio from a path's beads.
    fn estimate(&mut self, path: &[Bead], rows: &[Rows]) {
        let prior = self.weights.prior;
        let has_soft = true;
        for (view, rows) in self.views.iter_mut().zip(rows) {
            let mut counts = [[0.0f32; LEVELS]; 2];
            for bead in path.iter().filter(|b| !b.is_null() && b.source.len() + b.target.len() <= 3) {
                if bead.source.clone().all(|i| rows.covers(i, (bead.target.start, bead.target.end))) {
                    view.count(
                        rows,
                        (bead.source.start, bead.source.end),
                        (bead.target.start, bead.target.end),
                        &mut counts,
                    );
                }
            }
            let _ = has_soft;
            let start = crate::score::Rates::start(&self.weights, view.has_vectors());
            for known in 0..2 {
                let total: f32 = counts[known].iter().sum();
                let mut above = total;
                for k in 1..LEVELS {
                    above -= counts[known][k - 1];
                    view.rates.on[known][k] =
                        ((above + prior * start.on[known][k]) / (total + prior)).min(0.98);
                }
            }
            view.tabulate();
        }
        for lengths in &mut self.lengths {
            let mut sum = 0.0;
            let mut count = 10.0;
            for bead in path.iter().filter(|b| b.kind() == "1-1") {
                sum += lengths.ratio(&bead.source, &bead.target);
                count += 1.0;
            }
            lengths.centre = sum / count;
        }
    }

    fn learn(&mut self, path: &[Bead]) {
        let sure: Vec<(Range<usize>, Range<usize>)> = path
            .iter()
            .filter(|b| !b.is_null() && b.source.len() + b.target.len() <= 4)
            .map(|b| (b.source.clone(), b.target.clone()))
            .collect();
        for view in &mut self.views {
            view.learn(&sure);
        }
    }
}

/// Line pairs that surely belong together, ascending on both sides.
fn anchors(view: &View, n: usize, m: usize) -> Vec<(usize, usize)> {
    let pairs = view.shared(4);
    // Heaviest ascending chain.
    let mut order: Vec<(usize, usize, f32)> = pairs;
    order.retain(|p| p.2 >= 1.0);
    order.sort_by(|a, b| (a.0, std::cmp::Reverse(a.1)).cmp(&(b.0, std::cmp::Reverse(b.1))));
    // tree[j]: best chain that ends at a right line before j
    let mut tree: Vec<(f32, usize)> = vec![(0.0, usize::MAX); m + 1];
    let mut previous = vec![usize::MAX; order.len()];
    let mut best = (0.0, usize::MAX);
    for (at, &(_, j, weight)) in order.iter().enumerate() {
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
        chain.push((order[at].0, order[at].1));
        at = previous[at];
    }
    chain.reverse();
    let _ = n;
    chain
}

/// The nodes that paths may use: per left position a range of right positions.
struct Band {
    ranges: Vec<(usize, usize)>,
    starts: Vec<usize>,
    reach: usize,
}

impl Band {
    fn new(mut ranges: Vec<(usize, usize)>, m: usize) -> Band {
        let n = ranges.len() - 1;
        ranges[0].0 = 0;
        ranges[n].1 = m;
        for i in 1..=n {
            ranges[i].1 = ranges[i].1.max(ranges[i - 1].1).min(m);
        }
        for i in (0..n).rev() {
            ranges[i].0 = ranges[i].0.min(ranges[i + 1].0);
        }
        // Connected: each row reaches the next one's start.
        for i in 1..=n {
            ranges[i].0 = ranges[i].0.min(ranges[i - 1].1);
        }
        for i in (0..n).rev() {
            ranges[i].0 = ranges[i].0.min(ranges[i + 1].0);
        }
        let mut starts = Vec::with_capacity(n + 2);
        let mut sum = 0;
        for &(lo, hi) in &ranges {
            starts.push(sum);
            sum += hi - lo + 1;
        }
        starts.push(sum);
        Band { ranges, starts, reach: 4 }
    }

    fn around(anchors: &[(usize, usize)], n: usize, m: usize, wide: usize) -> Band {
        let mut ranges = vec![(m, 0); n + 1];
        let mut from = (0usize, 0usize);
        let ends = anchors.iter().map(|&(i, j)| (i, j)).chain([(n, m)]);
        for to in ends {
            let (di, dj) = (to.0 - from.0, to.1 - from.1);
            let half = wide
                + (di.min(dj) / 2).min(150)
                + if di > dj { (di - dj).min(50) } else { (dj - di).min(50) };
            for i in from.0..=to.0 {
                let at = |x: usize| from.1 + if di == 0 { 0 } else { (x - from.0) * dj / di };
                let lo = at(i).saturating_sub(half);
                let hi = (if di == 0 { to.1 } else { at((i + 1).min(to.0)) } + half).min(m);
                ranges[i].0 = ranges[i].0.min(lo);
                ranges[i].1 = ranges[i].1.max(hi);
            }
            from = to;
        }
        Band::new(ranges, m)
    }

    fn along(path: &[Bead], n: usize, m: usize, narrow: usize) -> Band {
        let mut own = vec![(m, 0); n + 1];
        let mut touch = |i: usize, j: usize| {
            own[i].0 = own[i].0.min(j);
            own[i].1 = own[i].1.max(j);
        };
        touch(0, 0);
        for bead in path {
            touch(bead.source.end, bead.target.end);
            for i in bead.source.start..=bead.source.end {
                touch(i, bead.target.start);
                touch(i, bead.target.end);
            }
        }
        let ranges = (0..=n)
            .map(|i| {
                let near = &own[i.saturating_sub(narrow)..(i + narrow + 1).min(n + 1)];
                let lo = near.iter().map(|r| r.0).min().unwrap_or(0);
                let hi = near.iter().map(|r| r.1).max().unwrap_or(m);
                (lo.saturating_sub(narrow), (hi + narrow).min(m))
            })
            .collect();
        Band::new(ranges, m)
    }

    fn nodes(&self, i: usize) -> std::ops::RangeInclusive<usize> {
        self.ranges[i].0..=self.ranges[i].1
    }

    fn has(&self, i: usize, j: usize) -> bool {
        (self.ranges[i].0..=self.ranges[i].1).contains(&j)
    }

    /// Right lines that beads with left line `i` may hold.
    fn lines(&self, i: usize) -> Range<usize> {
        let n = self.ranges.len() - 1;
        let m = self.ranges[n].1;
        self.ranges[i.saturating_sub(self.reach)].0..self.ranges[(i + 1 + self.reach).min(n)].1.min(m)
    }
}

/// Gains of all beads that end at each node of the band.
struct Lattice {
    ranges: Vec<(usize, usize)>,
    starts: Vec<usize>,
    kinds: usize,
    gains: Vec<f32>,
}

const NEVER: f32 = -1e30;

impl Lattice {
    fn new(band: &Band, kinds: usize) -> Lattice {
        let nodes = band.starts[band.starts.len() - 1];
        Lattice {
            ranges: band.ranges.clone(),
            starts: band.starts.clone(),
            kinds,
            gains: vec![NEVER; nodes * kinds],
        }
    }

    fn at(&self, i: usize, j: usize) -> usize {
        self.starts[i] + j - self.ranges[i].0
    }

    /// The path of the greatest sum.
    fn best(&self, kinds: &[(usize, usize)]) -> Vec<Bead> {
        self.walk(kinds, &self.gains)
    }

    fn walk(&self, kinds: &[(usize, usize)], gains: &[f32]) -> Vec<Bead> {
        let n = self.ranges.len() - 1;
        let mut sums = vec![NEVER; self.starts[n + 1]];
        let mut back = vec![0u8; sums.len()];
        sums[0] = 0.0;
        for i in 0..=n {
            for j in self.ranges[i].0..=self.ranges[i].1 {
                let node = self.at(i, j);
                for (k, &(a, b)) in kinds.iter().enumerate() {
                    let gain = gains[node * self.kinds + k];
                    if gain <= NEVER {
                        continue;
                    }
                    let sum = sums[self.at(i - a, j - b)] + gain;
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

    fn posterior(&self, model: &Model, weights: &Weights) -> Vec<Bead> {
        let n = self.ranges.len() - 1;
        let kinds = &model.kinds;
        let nodes = self.starts[n + 1];
        let mut forward = vec![f64::NEG_INFINITY; nodes];
        forward[0] = 0.0;
        for i in 0..=n {
            for j in self.ranges[i].0..=self.ranges[i].1 {
                let node = self.at(i, j);
                for (k, &(a, b)) in kinds.iter().enumerate() {
                    let gain = self.gains[node * self.kinds + k];
                    if gain > NEVER {
                        forward[node] = add(forward[node], forward[self.at(i - a, j - b)] + f64::from(gain));
                    }
                }
            }
        }
        let mut backward = vec![f64::NEG_INFINITY; nodes];
        backward[nodes - 1] = 0.0;
        for i in (0..=n).rev() {
            for j in (self.ranges[i].0..=self.ranges[i].1).rev() {
                let node = self.at(i, j);
                for (k, &(a, b)) in kinds.iter().enumerate() {
                    let gain = self.gains[node * self.kinds + k];
                    if gain > NEVER {
                        let from = self.at(i - a, j - b);
                        backward[from] = add(backward[from], backward[node] + f64::from(gain));
                    }
                }
            }
        }
        let total = forward[nodes - 1];
        let mut chances = vec![NEVER; self.gains.len()];
        for i in 0..=n {
            for j in self.ranges[i].0..=self.ranges[i].1 {
                let node = self.at(i, j);
                for (k, &(a, b)) in kinds.iter().enumerate() {
                    let gain = self.gains[node * self.kinds + k];
                    if gain > NEVER {
                        let from = self.at(i - a, j - b);
                        let log = forward[from] + f64::from(gain) + backward[node] - total;
                        chances[node * self.kinds + k] = log.exp() as f32;
                    }
                }
            }
        }
        let mut path = if weights.expected > 0.0 {
            let mut best = vec![false; chances.len()];
            for bead in self.best(kinds) {
                let kind = (bead.source.len(), bead.target.len());
                let k = kinds.iter().position(|&k| k == kind).unwrap_or(0);
                // Equal lines that follow each other leave no single path likely; the best one is right.
                best[self.at(bead.source.end, bead.target.end) * self.kinds + k] = kind == (1, 1)
                    && model.views.iter().any(|view| view.same(bead.source.start, bead.target.start));
            }
            let values: Vec<f32> = chances
                .iter()
                .enumerate()
                .map(|(at, &chance)| {
                    let chance = if best[at] { chance + 1.0 } else { chance };
                    let (a, b) = kinds[at % self.kinds];
                    if chance <= NEVER {
                        NEVER
                    } else if a == 0 || b == 0 {
                        0.02 * chance
                    } else {
                        chance - weights.threshold
                    }
                })
                .collect();
            self.walk(kinds, &values)
        } else {
            self.best(kinds)
        };
        for bead in &mut path {
            let kind = (bead.source.len(), bead.target.len());
            let k = kinds.iter().position(|&k| k == kind).unwrap_or(0);
            bead.score = chances[self.at(bead.source.end, bead.target.end) * self.kinds + k].clamp(0.0, 1.0);
        }
        path
    }
}

fn add(a: f64, b: f64) -> f64 {
    let (high, low) = if a > b { (a, b) } else { (b, a) };
    if low == f64::NEG_INFINITY { high } else { high + (low - high).exp().ln_1p() }
}
