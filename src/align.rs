//! Bitext alignment: beads, in order, that cover both sides once.
//!
//! A bead's gain is the logarithm of how much likelier its words and lengths are if its two spans render each
//! other than if they have nothing to do with each other (score.rs, [`Lengths`]), and of how common beads of its
//! type are. A sentence without counterpart gains nothing but that last part, so its price is on the same scale. All
//! rates are re-estimated from the pair itself, so one set of [`Weights`] serves good and poor translations, and none.
//!
//! The search goes from coarse to fine: line pairs that share rare words ([`anchors`]) lay a corridor, in which
//! a first path follows shared words; around that path all beads up to the asked-for size are weighed. The sums over
//! all paths (Rabiner 1989, forward and backward) give each bead's probability, which is its score, and the
//! result is the path with the most probability on it. Time and memory grow as the documents do.

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
    /// Most sentences in a bead, both sides together: from 2 to 16.
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
    /// How much of the words' log likelihood ratio counts; below 1 because words depend on each other.
    words = 0.21;
    /// How much of the length ratio's log likelihood ratio counts.
    length = 2.1;
    /// Standard deviation of the logarithm of the length ratio of spans that render each other.
    spread = 0.28;
    /// Words that make up more than this share of all words on both sides are left out.
    common = 0.02;
    /// How much oftener than its frequency says a word turns up by chance: texts keep to their subject.
    burst = 1.6;
    /// Least chance of meeting the same word.
    floor = 0.00025;
    /// How much a longer span lowers what a word in it is worth: 0 not at all, 1 as chance would have it.
    dilute = 0.5;
    /// Words that the starting rates count as when rates are estimated.
    prior = 350.0;
    /// Logarithm of the share of null alignments before anything is known of the pair.
    null = -2.5;
    /// The same while the rates are still the starting ones, which make poor translations look unrelated.
    first = -3.0;
    /// Logarithm of the share of beads with one sentence more.
    more = -1.6;
    /// The same, in addition, of beads with one sentence more on both sides.
    both = -0.5;
    /// Beads that these shares count as when they are estimated.
    held = 70.0;
    /// Probability above which a bead, null or not, adds more to F1 than it takes away.
    threshold = 0.4;
    /// How much a word's absence counts in the first pass, which sees no words that are merely alike.
    absent = 0.5;
    /// Half width of the first corridor, in sentences.
    wide = 6.0;
    /// Half width of the second corridor, in sentences.
    narrow = 2.0;
    /// Share of what two sentences can share from which on the second corridor is narrower around them.
    sure = 0.25;
    /// What they must share at least for that, as a log likelihood ratio.
    sure_least = 3.0;
    /// Probability above which the words of a bead and its neighbours need not be compared for likeness.
    certain = 0.9;
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
    let evidence = evidence(input);
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

/// Most sentences in a bead of the first pass.
const COARSE: usize = 4;
/// Most sentences in a bead that can be asked for.
const MOST: usize = 16;

/// Version of the aligner: raised whenever the same input may give other beads.
const VERSION: u32 = 1;

/// Texts of one language that are matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Evidence {
    Hypotheses,
    Reverse,
    Direct,
}

fn evidence(input: &AlignInput<'_>) -> Vec<Evidence> {
    let mut evidence = Vec::new();
    if input.hypotheses.is_some_and(|h| h.len() == input.source.len()) {
        evidence.push(Evidence::Hypotheses);
    }
    if input.reverse.is_some_and(|r| r.len() == input.target.len()) {
        evidence.push(Evidence::Reverse);
    }
    if evidence.is_empty() {
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
    for total in 3..=max_total.min(MOST) {
        for a in 1..total {
            let b = total - a;
            kinds.push((a, b));
        }
    }
    kinds
}

/// How well the lengths of two spans fit: the logarithm of their ratio is normal, as in Gale & Church (1993), with
/// the pair's own mean; that of spans that have nothing to do with each other is so too, but wider.
struct Lengths {
    /// Logarithms of the lengths of the spans that end before a line, by number of lines.
    logs: [Vec<f32>; 2],
    most: usize,
    centre: f32,
    /// What the mean ratio is worth, and how fast others are worth less.
    height: f32,
    slope: f32,
}

/// Standard deviation of the logarithm of the length ratio of spans that have nothing to do with each other.
const CHANCE: f32 = 0.75;

impl Lengths {
    fn new(left: &[&str], right: &[&str], most: usize, spread: f32) -> Lengths {
        let logs = [left, right].map(|lines| {
            let mut sum = 0.0;
            let mut sums = vec![0.0];
            for line in lines {
                sum += line.chars().filter(|c| !c.is_whitespace()).count() as f32;
                sums.push(sum);
            }
            let ends = (0..sums.len()).flat_map(|end| (1..=most).map(move |lines| (end, lines)));
            ends.map(|(end, lines)| (sums[end] - sums[end.saturating_sub(lines)] + 8.0f32).ln()).collect()
        });
        let slope = 0.5 / (spread * spread) - 0.5 / (CHANCE * CHANCE);
        Lengths { logs, most, centre: 0.0, height: (CHANCE / spread).ln(), slope }
    }

    fn ratio(&self, left: &Range<usize>, right: &Range<usize>) -> f32 {
        let log = |side: usize, span: &Range<usize>| self.logs[side][span.end * self.most + span.len() - 1];
        log(0, left) - log(1, right)
    }

    fn worth(&self, left: &Range<usize>, right: &Range<usize>) -> f32 {
        let r = self.ratio(left, right) - self.centre;
        (self.height - self.slope * r * r).max(-12.0)
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
    /// Whether each sentence is blank, by side.
    blank: [Vec<bool>; 2],
    /// Source sentences in sure beads between sure beads: no long bead holds them.
    plain: Vec<bool>,
    weights: Weights,
    n: usize,
    m: usize,
}

impl<'a> Model<'a> {
    fn new(input: &AlignInput<'a>, options: &AlignOptions) -> Model<'a> {
        let weights = &options.weights;
        let max_total = options.max_total.clamp(COARSE, MOST);
        let evidence = evidence(input);
        let mut views = Vec::new();
        let mut lengths = Vec::new();
        for evidence in &evidence {
            let (left, right, encoder) = match evidence {
                Evidence::Hypotheses => (input.hypotheses.unwrap_or_default(), input.target, input.encoder),
                Evidence::Reverse => (input.source, input.reverse.unwrap_or_default(), None),
                Evidence::Direct => (input.source, input.target, None),
            };
            views.push(View::new(left, right, encoder, weights));
            lengths.push(Lengths::new(left, right, max_total, weights.spread));
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
            blank: [input.source, input.target]
                .map(|lines| lines.iter().map(|l| l.trim().is_empty()).collect()),
            plain: vec![false; input.source.len()],
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
        for at in 1..path.len().saturating_sub(1) {
            if sure[at - 1] && sure[at] && sure[at + 1] {
                self.plain[path[at].source.start] = true;
            }
        }
        let band = Band::along(&path, &sure, self.n, self.m, self.weights.narrow as usize);
        let cells = band.cells();
        self.views.iter_mut().for_each(|view| view.compare(&cells));
        self.estimate(&cells, &path, None);
        let mut lattice = self.lattice(band, &cells);
        path = lattice.best(&self.kinds);
        let chances = lattice.chances(&self.kinds);
        self.types(&lattice, &chances);
        let sure = path.iter().map(|bead| chances[lattice.place(&self.kinds, bead)] > self.weights.certain);
        let near = near(&path, &sure.collect::<Vec<bool>>(), self.n, self.m);
        self.views.iter_mut().for_each(|view| view.soften(&cells, &near));
        self.estimate(&cells, &path, Some(&near));
        self.learn(&cells, &path);
        self.relate(&cells, &mut lattice);
        (cells, lattice)
    }

    /// The prior of a bead. Blank sentences pair with each other or with nothing, and that costs nothing.
    fn prior(&self, left: &Range<usize>, right: &Range<usize>) -> f32 {
        let blank = self.blank[0][left.clone()].iter().chain(&self.blank[1][right.clone()]);
        match blank.filter(|&&blank| blank).count() {
            0 => self.priors.of((left.len(), right.len())),
            1 if left.len() + right.len() == 1 => 0.0,
            2 if left.len() == 1 && right.len() == 1 => self.priors.of((1, 1)),
            _ => NEVER,
        }
    }

    /// What the words of one view weigh.
    fn share(&self) -> f32 {
        self.weights.words / self.views.len() as f32
    }

    fn length(&self, left: &Range<usize>, right: &Range<usize>) -> f32 {
        let share = self.weights.length / self.lengths.len() as f32;
        self.lengths.iter().map(|l| share * l.worth(left, right)).sum()
    }

    /// The best path by shared words and length only, in beads of few lines; and which of the beads are sure: their
    /// two lines share most of what they can share.
    fn coarse(&self, band: Band) -> (Vec<Bead>, Vec<bool>) {
        let cells = band.cells();
        let mut sums = vec![0.0; cells.len()];
        let mut bases = [vec![0.0; self.n], vec![0.0; self.m]];
        let mut most = bases.clone();
        let share = self.share();
        for view in &self.views {
            for (side, lines) in view.coarse(&cells, share, &mut sums).into_iter().enumerate() {
                for (line, (none, all)) in lines.into_iter().enumerate() {
                    bases[side][line] += share * none;
                    most[side][line] += share * (all - none);
                }
            }
        }
        let kinds = kinds(COARSE);
        let path = band.walk(&kinds, |_, i, j, k| {
            let (a, b) = kinds[k];
            let mut gain = self.prior(&(i - a..i), &(j - b..j));
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
        for view in &self.views {
            view.spans(cells, most, &self.plain, self.share(), &mut worth);
        }
        let [left, right] = worth;
        let kinds = &self.kinds;
        let short = kinds.iter().filter(|kind| kind.0 + kind.1 <= COARSE).count();
        // The sentences up to i that are not plain, one after the other.
        let mut rough = 0;
        for i in 0..=self.n {
            rough = if i > 0 && !self.plain[i - 1] { rough + 1 } else { 0 };
            let tried = if rough == 0 { short } else { kinds.len() };
            for j in lattice.band.nodes(i) {
                let node = lattice.band.at(i, j);
                for (k, &(a, b)) in kinds[..tried].iter().enumerate() {
                    if k >= short && a > rough {
                        continue;
                    }
                    if a > i || b > j || !lattice.band.has(i - a, j - b) {
                        continue;
                    }
                    let mut gain = self.prior(&(i - a..i), &(j - b..j));
                    if gain <= NEVER {
                        continue;
                    }
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
        let mut parts = Parts { prior: self.prior(left, right), ..Parts::default() };
        if bead.is_null() {
            return parts;
        }
        for (view, evidence) in self.views.iter().zip(&self.evidence) {
            *match evidence {
                Evidence::Hypotheses => &mut parts.hypotheses,
                Evidence::Reverse => &mut parts.reverse,
                Evidence::Direct => &mut parts.direct,
            } = self.share() * view.bead(cells, left, right);
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
    fn types(&mut self, lattice: &Lattice, chances: &[f32]) {
        let w = &self.weights;
        let held = f64::from(w.held);
        let (mut all, mut more) = (held, held * f64::from(w.more).exp());
        let mut nulls = 0.0;
        for (skipped, blank) in lattice.skipped(chances, self.kinds.len()).iter().zip(&self.blank) {
            let full = skipped.iter().zip(blank).filter(|(_, blank)| !**blank);
            nulls += full.map(|(&skipped, _)| f64::from(skipped)).sum::<f64>();
        }
        all += nulls;
        nulls += held * f64::from(w.null).exp();
        for (at, &chance) in chances.iter().enumerate() {
            let (a, b) = self.kinds[at % self.kinds.len()];
            if a > 0 && b > 0 {
                all += f64::from(chance);
                more += f64::from(chance) * (a + b - 2) as f64;
            }
        }
        self.priors.null = (nulls / all).ln() as f32;
        self.priors.more = (more / all).ln() as f32;
    }

    fn learn(&mut self, cells: &Cells, path: &[Bead]) {
        let sure: Vec<(Range<usize>, Range<usize>)> = path
            .iter()
            .filter(|b| !b.is_null() && b.source.len() + b.target.len() <= 4)
            .map(|b| (b.source.clone(), b.target.clone()))
            .collect();
        for view in &mut self.views {
            view.learn(cells, &sure);
        }
    }

    /// The path of the most expected right beads, each with its probability.
    fn decode(&self, lattice: &Lattice) -> Vec<Bead> {
        let kinds = &self.kinds;
        let chances = lattice.chances(kinds);
        let place = |bead: &Bead| lattice.place(kinds, bead);
        // Equal lines that follow each other leave no single path likely; the best one is right.
        let mut values = chances.clone();
        for bead in lattice.best(kinds) {
            let same = |view: &View| view.same(bead.source.start, bead.target.start);
            if bead.source.len() == 1 && bead.target.len() == 1 && self.views.iter().any(same) {
                values[place(&bead)] += 1.0;
            }
        }
        // A sentence has no counterpart on all paths that skip it, wherever they do so.
        let skipped = lattice.skipped(&chances, kinds.len());
        // One currency for both: what a bead, null or not, is expected to be worth to precision and recall.
        let threshold = self.weights.threshold;
        let mut path = lattice.band.walk(kinds, |node, i, j, k| match kinds[k] {
            (_, 0) => skipped[0][i - 1] - threshold,
            (0, _) => skipped[1][j - 1] - threshold,
            _ => values[node * kinds.len() + k] - threshold,
        });
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
        let mut sums = vec![f64::from(NEVER); self.len()];
        let mut back = vec![0u8; self.len()];
        sums[0] = 0.0;
        for i in 0..=n {
            for j in self.nodes(i) {
                let node = self.at(i, j);
                for (k, &(a, b)) in kinds.iter().enumerate() {
                    if a > i || b > j || !self.has(i - a, j - b) {
                        continue;
                    }
                    let sum = sums[self.at(i - a, j - b)] + f64::from(gain(node, i, j, k));
                    // NEVER beads stay below NEVER, where all sums begin.
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

    /// The probability that each sentence is skipped, by side: null alignments are the first two kinds.
    fn skipped(&self, chances: &[f32], kinds: usize) -> [Vec<f32>; 2] {
        let n = self.band.ranges.len() - 1;
        let mut skipped = [vec![0.0; n], vec![0.0; self.band.ranges[n].1]];
        for i in 0..=n {
            for j in self.band.nodes(i) {
                let node = self.band.at(i, j) * kinds;
                if i > 0 {
                    skipped[0][i - 1] += chances[node];
                }
                if j > 0 {
                    skipped[1][j - 1] += chances[node + 1];
                }
            }
        }
        skipped
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
                    if log > -14.0 {
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
    high + terms.iter().filter(|&&t| t > high - 14.0).map(|t| (t - high).exp()).sum::<f64>().ln()
}

fn add(a: f64, b: f64) -> f64 {
    let (high, low) = if a > b { (a, b) } else { (b, a) };
    if low < high - 14.0 { high } else { high + (low - high).exp().ln_1p() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A translation by hand of the story below, as a system might have it, one line a sentence.
    const HYPOTHESES: [&str; 8] = [
        "The ferry to the island sails at seven in the morning.",
        "On board there is coffee, but no bread.",
        "Captain Ole Brandt has steered the ship for 31 years.",
        "He knows every sandbank.",
        "In winter the crossing takes twice as long because of the ice.",
        "Then the passengers sing.",
        "The council wants to build a bridge for 90 million crowns.",
        "Brandt thinks that nobody needs it.",
    ];

    fn beads(hypotheses: &[&str], target: &[&str]) -> Vec<String> {
        let input =
            AlignInput { source: hypotheses, hypotheses: Some(hypotheses), target, ..AlignInput::default() };
        let beads = align(&input, &AlignOptions::default());
        beads.iter().map(|b| format!("{:?}:{:?}", b.source, b.target)).collect()
    }

    #[test]
    fn finds_beads_of_each_type() {
        let h = HYPOTHESES;
        let merged = format!("{} {}", h[2], h[3]);
        for (name, target, expected) in [
            (
                "as it is",
                h.to_vec(),
                "0..1:0..1 1..2:1..2 2..3:2..3 3..4:3..4 4..5:4..5 5..6:5..6 6..7:6..7 7..8:7..8",
            ),
            (
                "two in one",
                vec![h[0], h[1], &merged, h[4], h[5], h[6], h[7]],
                "0..1:0..1 1..2:1..2 2..4:2..3 4..5:3..4 5..6:4..5 6..7:5..6 7..8:6..7",
            ),
            (
                "one in two",
                vec![
                    h[0],
                    h[1],
                    "Captain Ole Brandt has steered",
                    "the ship for 31 years.",
                    h[3],
                    h[4],
                    h[5],
                    h[6],
                    h[7],
                ],
                "0..1:0..1 1..2:1..2 2..3:2..4 3..4:4..5 4..5:5..6 5..6:6..7 6..7:7..8 7..8:8..9",
            ),
            (
                "one left out and one put in",
                vec![h[0], h[1], h[2], h[3], h[5], "Fresh paint smells of linseed oil.", h[6], h[7]],
                "0..1:0..1 1..2:1..2 2..3:2..3 3..4:3..4 4..5:4..4 5..6:4..5 6..6:5..6 6..7:6..7 7..8:7..8",
            ),
            (
                "a blank line",
                vec![h[0], h[1], "", h[2], h[3], h[4], h[5], h[6], h[7]],
                "0..1:0..1 1..2:1..2 2..2:2..3 2..3:3..4 3..4:4..5 4..5:5..6 5..6:6..7 6..7:7..8 7..8:8..9",
            ),
        ] {
            assert_eq!(beads(&h, &target).join(" "), expected, "{name}");
        }
        assert_eq!(
            beads(&["a b", ""], &["", "a b", ""]),
            ["0..0:0..1", "0..1:1..2", "1..2:2..3"],
            "blank pairs"
        );
    }

    #[test]
    fn parts_name_the_evidence_that_was_given() {
        let h = HYPOTHESES;
        let input = AlignInput { source: &h, target: &h, ..AlignInput::default() };
        let options = AlignOptions::default();
        let words = explain(&input, &options);
        assert!(
            words
                .iter()
                .all(|(_, p)| p.direct > 0.0 && p.hypotheses == 0.0 && p.length > 0.0 && p.prior < 0.0)
        );
        let both = AlignInput { hypotheses: Some(&h), reverse: Some(&h), ..input };
        let parts = explain(&both, &options);
        assert!(parts.iter().all(|(_, p)| p.direct == 0.0 && p.hypotheses > 0.0 && p.reverse > 0.0));
        assert_eq!(words.into_iter().map(|(bead, _)| bead).collect::<Vec<Bead>>(), align(&input, &options));
    }

    #[test]
    fn the_signature_says_what_differs() {
        let h = HYPOTHESES;
        let plain = AlignInput { source: &h, target: &h, ..AlignInput::default() };
        let mut options = AlignOptions::default();
        assert_eq!(signature(&plain, &options), "diptych-align 1, words, length");
        options.max_total = 4;
        options.weights.null = -1.5;
        let given = AlignInput { hypotheses: Some(&h), reverse: Some(&h[1..]), ..plain };
        assert_eq!(signature(&given, &options), "diptych-align 1, hypotheses, length, most 4, null -1.5");
    }

    #[test]
    fn a_fit_of_long_and_short_beads_stays_inside_the_asked_for_size() {
        assert_eq!(kinds(2), [(1, 0), (0, 1), (1, 1)]);
        assert_eq!(kinds(3).len(), 5);
        assert_eq!(kinds(usize::MAX), kinds(MOST));
    }
}
