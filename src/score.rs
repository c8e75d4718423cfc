//! How alike lines of one language are, word by word: what the aligner weighs.
//!
//! Each word of a line has a *level*: how well the other side's best word matches it, from nothing over alike
//! to the very same. A level is worth the logarithm of how much oftener it comes about in lines that render
//! each other than by chance, given how common the word is over there and how long the other span is. The
//! first is estimated from the pair of documents itself ([`View::estimate`]), the second follows from counts.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::ops::Range;

use crate::align::Weights;
use crate::encoder::{Encoder, Token, dot, fnv_text, normalise, tokens};

/// Levels of a word's best match: 0 is none, the last one the very same word.
const LEVELS: usize = 6;
const EXACT: u8 = LEVELS as u8 - 1;
/// The level of words that begin alike.
const STEM: u8 = EXACT - 2;
/// Letters that words of one stem share.
const STEM_LETTERS: usize = 6;
/// Cosines of token vectors from which the levels above 0 begin.
const VECTOR_STEPS: [f32; 4] = [0.35, 0.48, 0.62, 0.78];
/// The same for the share of common letter pairs.
const LETTER_STEPS: [f32; 4] = [0.35, 0.5, 0.62, 0.75];
/// The same for the share of common beads of learned word pairs.
const LEARNED_STEPS: [f32; 4] = [0.2, 0.3, 0.45, 0.6];
/// Buckets of how common a word is on the other side; bucket 0 is for words that are not there at all.
const RARITIES: usize = 14;
/// Words in buckets from here on are too common for a soft match and for the estimates.
const COMMON: u8 = RARITIES as u8 - 4;
/// Buckets of span length in words.
const SIZES: usize = 14;
/// Entries of the table of worths for one size.
const STRIDE: usize = RARITIES * LEVELS;

/// A table that does not depend on the run: FNV-1a, no random seed.
pub(crate) type Map<K, V> = HashMap<K, V, BuildHasherDefault<Fnv>>;

#[derive(Clone, Copy)]
pub(crate) struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Fnv {
        Fnv(14_695_981_039_346_656_037)
    }
}

impl Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 29)
    }
    fn write(&mut self, bytes: &[u8]) {
        for &x in bytes {
            self.0 = (self.0 ^ u64::from(x)).wrapping_mul(1_099_511_628_211);
        }
    }
    fn write_u32(&mut self, x: u32) {
        self.0 = (self.0 ^ u64::from(x)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        self.0 ^= self.0 >> 32;
    }
}

/// Lines as sets of word types.
#[derive(Default)]
struct Lines {
    words: Vec<u32>,
    /// How common each of the words is on the other side, as a bucket.
    rarity: Vec<u8>,
    /// The stem of each of the words.
    stems: Vec<u32>,
    /// Where each line's words start, and the end.
    starts: Vec<usize>,
    /// Words before each line, repeated and common ones counted.
    sizes: Vec<u32>,
    keys: Vec<u64>,
}

impl Lines {
    fn len(&self) -> usize {
        self.keys.len()
    }

    fn words(&self, line: usize) -> &[u32] {
        &self.words[self.starts[line]..self.starts[line + 1]]
    }

    fn rarity(&self, line: usize) -> &[u8] {
        &self.rarity[self.starts[line]..self.starts[line + 1]]
    }

    fn size(&self, lines: &Range<usize>) -> u32 {
        self.sizes[lines.end] - self.sizes[lines.start]
    }
}

/// What a view needs to know of a word type.
struct Type {
    text: Range<usize>,
    number: bool,
    stem: u32,
    count: [u32; 2],
}

/// How two different words are compared.
enum Alike<'a> {
    /// By the encoder's token vectors, made when first needed: a place in `units` by type.
    Vectors { encoder: &'a Encoder, places: Vec<u32>, units: Vec<i16> },
    /// By pairs of letters, as a set of 128 classes of pairs, and its size.
    Letters(Vec<(u128, u32)>),
}

/// Two texts of one language, line by line, that are to be matched.
pub(crate) struct View<'a> {
    sides: [Lines; 2],
    types: Vec<Type>,
    texts: String,
    stems: usize,
    alike: Alike<'a>,
    start: Rates,
    rates: Rates,
    burst: f32,
    dilute: f32,
    floor: f32,
    table: Vec<f32>,
    levels: [Vec<u8>; 2],
    /// Where the levels of each left line's row start, by side.
    rows: Vec<[usize; 2]>,
}

/// The chances that levels come about.
#[derive(Debug, Clone)]
struct Rates {
    /// Chance of at least this level between lines that render each other: words unknown to the other side,
    /// words known to it.
    on: [[f32; LEVELS]; 2],
    /// Chance of at least this level with each word of a span that has nothing to do with it, the very same
    /// word left out.
    off: [f32; LEVELS],
}

impl Rates {
    /// What holds for a pair of documents of which nothing is known yet.
    fn start(vectors: bool) -> Rates {
        let off = if vectors {
            [1.0, 0.035, 0.012, 0.004, 0.0012, 0.0]
        } else {
            [1.0, 0.035, 0.010, 0.003, 0.0008, 0.0]
        };
        Rates { on: [[1.0, 0.60, 0.45, 0.30, 0.15, 0.0], [1.0, 0.90, 0.84, 0.78, 0.72, 0.68]], off }
    }
}

/// Which right lines are compared with each left line; the same for all views of a pair.
pub(crate) struct Cells {
    ranges: Vec<Range<usize>>,
    starts: Vec<usize>,
}

impl Cells {
    pub fn new(ranges: Vec<Range<usize>>) -> Cells {
        let mut starts = vec![0];
        starts.extend(ranges.iter().scan(0, |sum, range| {
            *sum += range.len();
            Some(*sum)
        }));
        Cells { ranges, starts }
    }

    pub fn len(&self) -> usize {
        self.starts[self.ranges.len()]
    }

    /// The place of a line pair, if it is compared.
    pub fn at(&self, i: usize, j: usize) -> Option<usize> {
        let range = &self.ranges[i];
        range.contains(&j).then(|| self.starts[i] + j - range.start)
    }
}

impl<'a> View<'a> {
    pub fn new(left: &[&str], right: &[&str], encoder: Option<&'a Encoder>, weights: &Weights) -> View<'a> {
        let mut reader = Reader::default();
        let raw = [left, right].map(|lines| reader.read(lines));
        let Reader { types, texts, stems, .. } = reader;
        let totals = [0, 1].map(|side: usize| raw[side].words.len().max(1) as f32);
        let common: Vec<bool> = types
            .iter()
            .map(|t| (0..2).all(|side| t.count[side] as f32 > weights.common * totals[side] + 2.0))
            .collect();
        let rarity = [1, 0].map(|other: usize| {
            types.iter().map(|t| rarity(t.count[other] as f32, totals[other])).collect::<Vec<u8>>()
        });
        let mut rarity = rarity.into_iter();
        let sides = raw.map(|lines| lines.into_sets(&common, &types, &rarity.next().unwrap_or_default()));
        let alike = match encoder {
            Some(encoder) => {
                Alike::Vectors { encoder, places: vec![u32::MAX; types.len()], units: Vec::new() }
            }
            None => letters(&types, &texts),
        };
        let start = Rates::start(encoder.is_some());
        let mut view = View {
            sides,
            types,
            texts,
            stems: stems.len(),
            alike,
            rates: start.clone(),
            start,
            burst: weights.burst,
            dilute: weights.dilute,
            floor: weights.floor,
            table: Vec::new(),
            levels: [Vec::new(), Vec::new()],
            rows: Vec::new(),
        };
        view.tabulate();
        view
    }

    /// Whether two lines are the same text.
    pub fn same(&self, i: usize, j: usize) -> bool {
        self.sides[0].keys[i] == self.sides[1].keys[j]
    }

    /// Fills the table of log likelihood ratios from the rates.
    fn tabulate(&mut self) {
        self.table.clear();
        for size in 0..SIZES {
            let words = 24.0 * (size_of(size) / 24.0).powf(self.dilute);
            for rarity in 0..RARITIES {
                let known = usize::from(rarity > 0);
                let same = if rarity == 0 { 0.0 } else { rate_of(rarity) * self.burst + self.floor };
                let (mut off, mut on) = ([1.0; LEVELS + 1], [1.0; LEVELS + 1]);
                for k in 1..LEVELS {
                    off[k] = 1.0 - (-words * (self.rates.off[k] + same)).exp();
                    on[k] = 1.0 - (1.0 - self.rates.on[known][k]) * (1.0 - off[k]);
                }
                (off[LEVELS], on[LEVELS]) = (0.0, 0.0);
                for k in 0..LEVELS {
                    let by_chance = (off[k] - off[k + 1]).max(1e-6);
                    let rendered = (on[k] - on[k + 1]).max(1e-6);
                    self.table.push((rendered / by_chance).ln());
                }
            }
        }
    }

    /// The worths of all levels and rarities against a span of `words` words.
    fn worths(&self, words: u32) -> &[f32] {
        let at = STRIDE * size_bucket(words);
        &self.table[at..at + STRIDE]
    }

    /// Adds what sharing the same stems is worth to each line pair of `cells`, and gives by side what each line is
    /// worth that shares none, and one that shares all that the other side knows.
    pub fn coarse(&self, cells: &Cells, share: f32, sums: &mut [f32]) -> [Vec<(f32, f32)>; 2] {
        let typical = [0, 1].map(|side: usize| {
            let lines = &self.sides[side];
            self.worths(lines.sizes[lines.len()] / lines.len().max(1) as u32)
        });
        let worth = |side: usize, at: usize, level: u8| {
            typical[1 - side][self.sides[side].rarity[at] as usize * LEVELS + level as usize]
        };
        let bases = [0, 1].map(|side: usize| {
            let lines = &self.sides[side];
            let line = |i: usize| {
                let known = |at: usize| if lines.rarity[at] > 0 { EXACT } else { 0 };
                let words = lines.starts[i]..lines.starts[i + 1];
                words.fold((0.0, 0.0), |sum, at| {
                    (sum.0 + worth(side, at, 0), sum.1 + worth(side, at, known(at)))
                })
            };
            (0..lines.len()).map(line).collect()
        });
        let (starts, postings) = self.postings();
        for (i, range) in cells.ranges.iter().enumerate() {
            let left = &self.sides[0];
            for at in left.starts[i]..left.starts[i + 1] {
                let gain = worth(0, at, EXACT) - worth(0, at, 0);
                let stem = left.stems[at] as usize;
                let lines = &postings[starts[stem]..starts[stem + 1]];
                let first = lines.partition_point(|&(j, _)| (j as usize) < range.start);
                for &(j, place) in lines[first..].iter().take_while(|&&(j, _)| (j as usize) < range.end) {
                    let back = worth(1, place as usize, EXACT) - worth(1, place as usize, 0);
                    let both = if self.sides[1].words[place as usize] == left.words[at] {
                        gain + back
                    } else {
                        0.6 * (gain.min(3.0) + back.min(3.0))
                    };
                    sums[cells.starts[i] + j as usize - range.start] += share * both;
                }
            }
        }
        bases
    }

    /// The right side's lines by stem, with the place of the word.
    fn postings(&self) -> (Vec<usize>, Vec<(u32, u32)>) {
        let right = &self.sides[1];
        let mut starts = vec![0usize; self.stems + 2];
        for &stem in &right.stems {
            starts[stem as usize + 2] += 1;
        }
        for k in 2..starts.len() {
            starts[k] += starts[k - 1];
        }
        let mut postings = vec![(0, 0); right.words.len()];
        for j in 0..right.len() {
            for place in right.starts[j]..right.starts[j + 1] {
                let at = &mut starts[right.stems[place] as usize + 1];
                postings[*at] = (j as u32, place as u32);
                *at += 1;
            }
        }
        (starts, postings)
    }

    /// Pairs of lines that share words which at most `most` pairs of lines share: left, right, weight.
    pub fn shared(&self, most: usize) -> Vec<(usize, usize, f32)> {
        let mut places: [Vec<[u32; 4]>; 2] = [0, 1].map(|_| vec![[u32::MAX; 4]; self.types.len()]);
        let mut counts = [0, 1].map(|_| vec![0u8; self.types.len()]);
        for (side, (places, counts)) in places.iter_mut().zip(&mut counts).enumerate() {
            for line in 0..self.sides[side].len() {
                for &w in self.sides[side].words(line) {
                    let count = &mut counts[w as usize];
                    if *count < 4 {
                        places[w as usize][*count as usize] = line as u32;
                    }
                    *count = (*count + 1).min(5);
                }
            }
        }
        let mut pairs = Vec::new();
        for w in 0..self.types.len() {
            let (a, b) = (counts[0][w] as usize, counts[1][w] as usize);
            if a == 0 || b == 0 || a > 4 || b > 4 || a * b > most {
                continue;
            }
            for &i in &places[0][w][..a] {
                pairs.extend(
                    places[1][w][..b].iter().map(|&j| (i as usize, j as usize, 1.0 / (a * b) as f32)),
                );
            }
        }
        pairs.sort_by_key(|p| (p.0, p.1));
        pairs.dedup_by(|later, kept| {
            let same = (later.0, later.1) == (kept.0, kept.1);
            if same {
                kept.2 += later.2;
            }
            same
        });
        pairs
    }

    /// Raises the levels of words that have no equal by how alike they are to the other line's words, in the line
    /// pairs of `near`: a range of right lines by left line.
    pub fn soften(&mut self, cells: &Cells, near: &[Range<usize>]) {
        let View { sides, types, texts, alike, levels, rows, .. } = self;
        let mut softener = Softener { types, texts, alike, left: vec![], right: vec![], sum: vec![] };
        let starts = &sides[1].starts;
        for (i, range) in cells.ranges.iter().enumerate() {
            let words = sides[0].words(i);
            for j in near[i].start.max(range.start)..near[i].end.min(range.end) {
                let ats = [
                    rows[i][0] + (j - range.start) * words.len(),
                    rows[i][1] + starts[j] - starts[range.start],
                ];
                let [left, right] = levels;
                softener.soften(
                    (words, &mut left[ats[0]..], sides[0].rarity(i)),
                    (sides[1].words(j), &mut right[ats[1]..], sides[1].rarity(j)),
                );
            }
        }
    }

    /// Computes the levels of all line pairs of `cells` by equal words and stems.
    pub fn compare(&mut self, cells: &Cells) {
        let View { sides, types, .. } = self;
        let mut place = vec![0u32; types.len()];
        let mut stem = vec![0u32; self.stems];
        let mut levels = [Vec::new(), Vec::new()];
        self.rows.clear();
        for (i, range) in cells.ranges.iter().enumerate() {
            let words = sides[0].words(i);
            self.rows.push([levels[0].len(), levels[1].len()]);
            let stems = &sides[0].stems[sides[0].starts[i]..sides[0].starts[i + 1]];
            for (at, (&w, &s)) in (1..).zip(words.iter().zip(stems)) {
                place[w as usize] = at;
                stem[s as usize] = at;
            }
            for j in range.clone() {
                let others = sides[1].words(j);
                let other_stems = &sides[1].stems[sides[1].starts[j]..sides[1].starts[j + 1]];
                let ats = [levels[0].len(), levels[1].len()];
                levels[0].resize(ats[0] + words.len(), 0);
                for (&w, &s) in others.iter().zip(other_stems) {
                    let (at, level) = match place[w as usize] {
                        0 => (stem[s as usize], STEM),
                        at => (at, EXACT),
                    };
                    if at > 0 {
                        let own = &mut levels[0][ats[0] + at as usize - 1];
                        *own = (*own).max(level);
                    }
                    levels[1].push(if at > 0 { level } else { 0 });
                }
            }
            words.iter().for_each(|&w| place[w as usize] = 0);
            stems.iter().for_each(|&s| stem[s as usize] = 0);
        }
        self.levels = levels;
    }

    /// The levels of one side's words of a line pair.
    fn levels(&self, cells: &Cells, side: usize, i: usize, j: usize) -> &[u8] {
        let first = cells.ranges[i].start;
        let (at, words) = if side == 0 {
            let words = self.sides[0].words(i).len();
            (self.rows[i][0] + (j - first) * words, words)
        } else {
            let starts = &self.sides[1].starts;
            (self.rows[i][1] + starts[j] - starts[first], starts[j + 1] - starts[j])
        };
        &self.levels[side][at..at + words]
    }

    /// Adds what each line is worth against the spans of the other side that end at a line, by cell and length:
    /// `worth[0][cell * most + b - 1]` is left line i against the `b` right lines up to j, `worth[1]` the other way.
    /// For the left lines of `plain`, spans of three lines at most.
    pub fn spans(&self, cells: &Cells, most: usize, plain: &[bool], share: f32, worth: &mut [Vec<f32>; 2]) {
        let mut best: Vec<u8> = Vec::new();
        for (i, range) in cells.ranges.iter().enumerate() {
            let longest = if plain[i] { most.min(3) } else { most };
            for j in range.clone() {
                let cell = cells.starts[i] + j - range.start;
                for (side, worth) in worth.iter_mut().enumerate() {
                    let line = if side == 0 { i } else { j };
                    best.clear();
                    best.extend_from_slice(self.levels(cells, side, i, j));
                    for more in 0..longest {
                        let span = if side == 0 {
                            if j < range.start + more {
                                break;
                            }
                            j - more..j + 1
                        } else {
                            if i < more || !cells.ranges[i - more].contains(&j) {
                                break;
                            }
                            i - more..i + 1
                        };
                        if more > 0 {
                            let (i, j) = if side == 0 { (i, j - more) } else { (i - more, j) };
                            for (best, &level) in best.iter_mut().zip(self.levels(cells, side, i, j)) {
                                *best = (*best).max(level);
                            }
                        }
                        let table = self.worths(self.sides[1 - side].size(&span));
                        let sum: f32 = self.sides[side]
                            .rarity(line)
                            .iter()
                            .zip(&best)
                            .map(|(&rarity, &level)| table[usize::from(rarity) * LEVELS + usize::from(level)])
                            .sum();
                        worth[cell * most + more] += share * sum;
                    }
                }
            }
        }
    }

    /// Estimates the rates from beads that are taken to be right, holding to the start values as by `prior` words.
    pub fn estimate(&mut self, cells: &Cells, beads: &[(Range<usize>, Range<usize>)], prior: f32) {
        let mut counts = [[0.0f32; LEVELS]; 2];
        for (left, right) in beads {
            for side in 0..2 {
                let own = if side == 0 { left } else { right };
                for line in own.clone() {
                    for (at, &rarity) in self.sides[side].rarity(line).iter().enumerate() {
                        if rarity >= COMMON {
                            continue;
                        }
                        let level = if side == 0 {
                            right.clone().map(|j| self.levels(cells, 0, line, j)[at]).max()
                        } else {
                            left.clone().map(|i| self.levels(cells, 1, i, line)[at]).max()
                        };
                        counts[usize::from(rarity > 0)][level.unwrap_or(0) as usize] += 1.0;
                    }
                }
            }
        }
        for ((counts, on), start) in counts.iter().zip(&mut self.rates.on).zip(&self.start.on) {
            let total: f32 = counts.iter().sum();
            let mut above = total;
            for k in 1..LEVELS {
                above -= counts[k - 1];
                on[k] = ((above + prior * start[k]) / (total + prior)).min(0.98);
            }
        }
        self.tabulate();
    }

    /// Learns which words stand for each other from beads that are taken to be right.
    pub fn learn(&mut self, cells: &Cells, beads: &[(Range<usize>, Range<usize>)]) {
        let mut counts = [vec![0u32; self.types.len()], vec![0u32; self.types.len()]];
        let mut spans: Vec<[Vec<u32>; 2]> = Vec::with_capacity(beads.len());
        for (left, right) in beads {
            let lines = [left, right];
            spans.push([0, 1].map(|side: usize| {
                let lines = lines[side].clone();
                let single = lines.len() == 1;
                let mut words = self.sides[side].words
                    [self.sides[side].starts[lines.start]..self.sides[side].starts[lines.end]]
                    .to_vec();
                if !single {
                    words.sort_unstable();
                    words.dedup();
                }
                words
            }));
        }
        // What has its equal needs no other counterpart.
        for [left, right] in &mut spans {
            let all = left.clone();
            left.retain(|w| right.binary_search(w).is_err());
            right.retain(|w| all.binary_search(w).is_err());
            left.iter().for_each(|&w| counts[0][w as usize] += 1);
            right.iter().for_each(|&w| counts[1][w as usize] += 1);
        }
        let mut together: Map<(u32, u32), u32> = Map::default();
        for [left, right] in &mut spans {
            // What occurs once cannot be learned from.
            left.retain(|&s| counts[0][s as usize] > 1);
            right.retain(|&t| counts[1][t as usize] > 1);
            for &s in left.iter() {
                for &t in right.iter().filter(|&&t| t != s) {
                    *together.entry((s, t)).or_insert(0) += 1;
                }
            }
        }
        // The bead that is to be judged has taught too: one of the common beads does not count.
        let mut learned: Vec<(u32, u32, u8)> = Vec::new();
        for ((s, t), n) in together.into_iter().filter(|&(_, n)| n >= 2) {
            let all = counts[0][s as usize] + counts[1][t as usize];
            let level = level_of(2.0 * (n - 1) as f32 / (all - 1) as f32, LEARNED_STEPS);
            if level > 0 {
                learned.push((s, t, level));
            }
        }
        learned.sort_unstable();
        self.apply(cells, &learned);
    }

    /// Raises the levels of word pairs, sorted by left word.
    fn apply(&mut self, cells: &Cells, learned: &[(u32, u32, u8)]) {
        let mut level_with = vec![0u8; self.types.len()];
        let right = &self.sides[1];
        for (i, range) in cells.ranges.iter().enumerate() {
            let words = self.sides[0].words(i);
            for (at, &s) in words.iter().enumerate() {
                let pairs = &learned[learned.partition_point(|&(w, ..)| w < s)..];
                let pairs = &pairs[..pairs.partition_point(|&(w, ..)| w == s)];
                if pairs.is_empty() {
                    continue;
                }
                pairs.iter().for_each(|&(_, t, level)| level_with[t as usize] = level);
                let first = right.starts[range.start];
                for j in range.clone() {
                    let own = self.rows[i][0] + (j - range.start) * words.len() + at;
                    for k in right.starts[j]..right.starts[j + 1] {
                        let level = level_with[right.words[k] as usize];
                        if level > 0 {
                            self.levels[0][own] = self.levels[0][own].max(level);
                            let back = &mut self.levels[1][self.rows[i][1] + k - first];
                            *back = (*back).max(level);
                        }
                    }
                }
                pairs.iter().for_each(|&(_, t, _)| level_with[t as usize] = 0);
            }
        }
    }

    /// What a bead is worth, both ways.
    pub fn bead(&self, cells: &Cells, left: &Range<usize>, right: &Range<usize>) -> f32 {
        let mut sum = 0.0;
        for side in 0..2 {
            let (own, other) = if side == 0 { (left, right) } else { (right, left) };
            let table = self.worths(self.sides[1 - side].size(other));
            for line in own.clone() {
                for (at, &rarity) in self.sides[side].rarity(line).iter().enumerate() {
                    let level = other
                        .clone()
                        .map(|o| if side == 0 { (line, o) } else { (o, line) })
                        .filter(|&(i, j)| cells.at(i, j).is_some())
                        .map(|(i, j)| self.levels(cells, side, i, j)[at])
                        .max();
                    sum += table[usize::from(rarity) * LEVELS + usize::from(level.unwrap_or(0))];
                }
            }
        }
        sum
    }
}

/// Turns text into word types.
#[derive(Default)]
struct Reader {
    types: Vec<Type>,
    texts: String,
    ids: Map<Box<str>, u32>,
    stems: Map<Box<str>, u32>,
    side: usize,
}

/// Lines as they were read: all words, in order.
struct RawLines {
    words: Vec<u32>,
    ends: Vec<usize>,
    keys: Vec<u64>,
}

impl Reader {
    fn read(&mut self, lines: &[&str]) -> RawLines {
        let mut raw = RawLines { words: Vec::new(), ends: Vec::new(), keys: Vec::new() };
        for line in lines {
            let text = normalise(line);
            raw.keys.push(fnv_text(text.trim()));
            for token in tokens(&text) {
                let id = self.id(token);
                self.types[id as usize].count[self.side] += 1;
                raw.words.push(id);
            }
            raw.ends.push(raw.words.len());
        }
        self.side = 1;
        raw
    }

    fn id(&mut self, token: Token<'_>) -> u32 {
        if let Some(&id) = self.ids.get(token.text) {
            return id;
        }
        let end = token.text.char_indices().nth(STEM_LETTERS).filter(|_| !token.is_number);
        let stem = &token.text[..end.map_or(token.text.len(), |(at, _)| at)];
        let next = self.stems.len() as u32;
        let stem = match self.stems.get(stem) {
            Some(&stem) => stem,
            None => *self.stems.entry(stem.into()).or_insert(next),
        };
        let id = self.types.len() as u32;
        self.ids.insert(token.text.into(), id);
        let start = self.texts.len();
        self.texts.push_str(token.text);
        let text = start..self.texts.len();
        self.types.push(Type { text, number: token.is_number, stem, count: [0; 2] });
        id
    }
}

impl RawLines {
    fn into_sets(self, common: &[bool], types: &[Type], rarity: &[u8]) -> Lines {
        let mut lines = Lines { starts: vec![0], sizes: vec![0], keys: self.keys, ..Lines::default() };
        let mut start = 0;
        let mut set = Vec::new();
        for end in self.ends {
            set.clear();
            set.extend(self.words[start..end].iter().copied().filter(|&w| !common[w as usize]));
            set.sort_unstable();
            set.dedup();
            lines.words.extend_from_slice(&set);
            lines.starts.push(lines.words.len());
            lines.sizes.push(end as u32);
            start = end;
        }
        lines.rarity = lines.words.iter().map(|&w| rarity[w as usize]).collect();
        lines.stems = lines.words.iter().map(|&w| types[w as usize].stem).collect();
        lines
    }
}

/// Raises the levels of words that have no equal by how alike they are to the other line's words.
struct Softener<'v, 'a> {
    types: &'v [Type],
    texts: &'v str,
    alike: &'v mut Alike<'a>,
    left: Vec<(u32, u32)>,
    right: Vec<(u32, u32)>,
    sum: Vec<f32>,
}

/// A line's words, their levels, and how common each is.
type Open<'l> = (&'l [u32], &'l mut [u8], &'l [u8]);

impl Softener<'_, '_> {
    fn soften(&mut self, left: Open<'_>, right: Open<'_>) {
        let mut open = [std::mem::take(&mut self.left), std::mem::take(&mut self.right)];
        for (open, (words, levels, rarity)) in open.iter_mut().zip([&left, &right]) {
            open.clear();
            for (at, &w) in words.iter().enumerate() {
                if levels[at] < EXACT && rarity[at] < COMMON && !self.types[w as usize].number {
                    open.push((at as u32, w));
                }
            }
        }
        let vectors = matches!(self.alike, Alike::Vectors { .. });
        if vectors && !open[0].is_empty() && !open[1].is_empty() {
            open.iter().flatten().for_each(|&(_, w)| self.make(w));
        }
        for &(i, s) in &open[0] {
            for &(j, t) in &open[1] {
                let level = self.close(s, t);
                if level > 0 {
                    left.1[i as usize] = left.1[i as usize].max(level);
                    right.1[j as usize] = right.1[j as usize].max(level);
                }
            }
        }
        [self.left, self.right] = open;
    }

    fn close(&self, s: u32, t: u32) -> u8 {
        match &*self.alike {
            Alike::Vectors { encoder, places, units } => {
                let unit = |w: u32| {
                    let dim = encoder.dim().next_multiple_of(8);
                    let at = places[w as usize] as usize * dim;
                    &units[at..at + dim]
                };
                let product = dot_of_units(unit(s), unit(t));
                if product < LEAST { 0 } else { level_of(product as f32 / (UNIT * UNIT), VECTOR_STEPS) }
            }
            Alike::Letters(sets) => {
                let ((a, m), (b, n)) = (sets[s as usize], sets[t as usize]);
                level_of(2.0 * (a & b).count_ones() as f32 / (m + n) as f32, LETTER_STEPS)
            }
        }
    }

    /// Makes the vector of a type, if it has none yet.
    fn make(&mut self, w: u32) {
        let Alike::Vectors { encoder, places, units } = &mut *self.alike else { return };
        if places[w as usize] != u32::MAX {
            return;
        }
        let dim = encoder.dim().next_multiple_of(8);
        self.sum.clear();
        self.sum.resize(dim, 0.0);
        let t = &self.types[w as usize];
        let token = Token { text: &self.texts[t.text.clone()], is_number: t.number };
        encoder.add_token(token, &mut self.sum[..encoder.dim()]);
        let factor = UNIT / dot(&self.sum, &self.sum).sqrt().max(1e-9);
        places[w as usize] = (units.len() / dim) as u32;
        units.extend(self.sum.iter().map(|x| (x * factor) as i16));
    }
}

/// The length of vectors kept as whole numbers: products of two stay below 2^31.
const UNIT: f32 = 16_384.0;
/// The least product that has a level.
const LEAST: i32 = (VECTOR_STEPS[0] * UNIT * UNIT) as i32;

fn level_of(x: f32, steps: [f32; 4]) -> u8 {
    steps.iter().map(|&step| u8::from(x >= step)).sum()
}

/// The bucket of a word that makes up `count` of `total` words: one to the octave below one in ten.
fn rarity(count: f32, total: f32) -> u8 {
    if count == 0.0 {
        return 0;
    }
    let x = (count / total / 0.1).log2() + (RARITIES - 1) as f32;
    x.round().clamp(1.0, (RARITIES - 1) as f32) as u8
}

fn rate_of(rarity: usize) -> f32 {
    0.1 * (rarity as f32 - (RARITIES - 1) as f32).exp2()
}

/// The bucket of a span of `words` words: three to two octaves.
fn size_bucket(words: u32) -> usize {
    const BOUNDS: [u32; SIZES - 1] = [2, 3, 4, 6, 9, 13, 20, 29, 43, 64, 93, 137, 200];
    BOUNDS.iter().map(|&bound| usize::from(words >= bound)).sum()
}

fn size_of(bucket: usize) -> f32 {
    const WORDS: [f32; SIZES] =
        [1.0, 2.0, 3.0, 5.0, 7.0, 11.0, 16.0, 24.0, 36.0, 53.0, 78.0, 114.0, 168.0, 280.0];
    WORDS[bucket]
}

/// The product of two vectors of whole numbers, of a length that 8 divides, written so that the compiler
/// multiplies and adds pairs at once.
fn dot_of_units(a: &[i16], b: &[i16]) -> i32 {
    a.iter().zip(b).map(|(&a, &b)| i32::from(a) * i32::from(b)).sum()
}

fn letters(types: &[Type], texts: &str) -> Alike<'static> {
    let sets = types.iter().map(|t| {
        let text = &texts[t.text.clone()];
        let mut set = 0u128;
        if !t.number && text.len() >= 4 {
            let mut previous = u32::from('<');
            for c in text.chars().map(fold).chain(['>']).map(u32::from) {
                let class = (previous.wrapping_mul(0x9E37_79B1) ^ c.wrapping_mul(0x85EB_CA77))
                    .wrapping_mul(0xC2B2_AE35);
                set |= 1 << (class >> 25);
                previous = c;
            }
        }
        (set, set.count_ones().max(1))
    });
    Alike::Letters(sets.collect())
}

/// A letter without its accent.
fn fold(c: char) -> char {
    use unicode_normalization::UnicodeNormalization;
    if c.is_ascii() { c } else { std::iter::once(c).nfd().next().unwrap_or(c) }
}
