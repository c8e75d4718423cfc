//! How alike lines of one language are, word by word: what the aligner weighs.
//!
//! Each word of a line has a *level*: how well the other line's best word matches it, from nothing over alike
//! and same to the same rare word. What a level is worth is a log likelihood ratio: how often it comes about
//! in lines that render each other against how often by chance, given how common the word is and how long the
//! other span is. Both are estimated from the document pair itself, see [`Rates`].

use std::collections::HashMap;

use crate::encoder::{Encoder, Token, dot, fnv_text, normalise, tokens};

/// Levels of a word's best match: 0 is none, the last one the very same word.
pub(crate) const LEVELS: usize = 6;
const EXACT: u8 = LEVELS as u8 - 1;
const STEM: u8 = EXACT - 2;
/// Buckets of how common a word is on the other side; bucket 0 is for words that are not there at all.
const RARITIES: usize = 20;
/// Buckets of span length in words.
const SIZES: usize = 24;

/// Lines as sets of word types.
#[derive(Default)]
pub(crate) struct Lines {
    words: Vec<u32>,
    ends: Vec<usize>,
    tokens: Vec<u32>,
    keys: Vec<u64>,
}

impl Lines {
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    pub fn words(&self, line: usize) -> &[u32] {
        let start = if line == 0 { 0 } else { self.ends[line - 1] };
        &self.words[start..self.ends[line]]
    }

    /// Words of a span, repeated ones counted.
    fn size(&self, start: usize, end: usize) -> u32 {
        self.tokens[end] - self.tokens[start]
    }
}

/// What a view needs to know of a word type.
struct Type {
    text: String,
    number: bool,
    stem: u32,
    count: [u32; 2],
}

/// Two texts of one language, line by line, that are to be matched.
pub(crate) struct View {
    pub sides: [Lines; 2],
    types: Vec<Type>,
    stems: usize,
    /// Per side: the rarity bucket of each word type, as seen from that side.
    rarity: [Vec<u8>; 2],
    alike: Alike,
    pub rates: Rates,
    table: Vec<f32>,
    learned: HashMap<(u32, u32), u8>,
}

/// How two different words are compared.
enum Alike {
    /// Unit vectors of the encoder's tokens, one a type.
    Vectors { dim: usize, units: Vec<f32> },
    /// Pairs of letters, sorted, one list a type.
    Letters(Vec<Vec<u32>>),
}

/// The chances that levels come about, estimated from the pair.
#[derive(Debug, Clone)]
pub(crate) struct Rates {
    /// Chance of at least this level between lines that render each other: words unknown to the other side,
    /// words known to it.
    pub on: [[f32; LEVELS]; 2],
    /// Chance of at least this level for each word of a span that has nothing to do with it (same word apart).
    pub off: [f32; LEVELS],
    /// How much more often than its frequency says a word turns up nearby by chance.
    pub burst: f32,
    /// The least chance of meeting the same word.
    pub floor: f32,
}

impl Rates {
    pub fn start(weights: &crate::align::Weights, vectors: bool) -> Rates {
        let off = if vectors {
            [1.0, 0.035, 0.012, 0.004, 0.0012, 0.0]
        } else {
            [1.0, 0.035, 0.010, 0.003, 0.0008, 0.0]
        };
        Rates {
            on: [[1.0, 0.60, 0.45, 0.30, 0.15, 0.0], [1.0, 0.90, 0.84, 0.78, 0.72, 0.68]],
            off,
            burst: weights.burst,
            floor: weights.floor,
        }
    }
}

impl View {
    pub fn new(
        left: &[&str],
        right: &[&str],
        encoder: Option<&Encoder>,
        weights: &crate::align::Weights,
    ) -> View {
        let mut types: Vec<Type> = Vec::new();
        let mut ids: HashMap<String, u32> = HashMap::new();
        let mut stems: HashMap<String, u32> = HashMap::new();
        let mut raw: [Vec<Vec<u32>>; 2] = [Vec::new(), Vec::new()];
        let mut keys: [Vec<u64>; 2] = [Vec::new(), Vec::new()];
        for (side, lines) in [left, right].into_iter().enumerate() {
            for line in lines {
                let text = normalise(line);
                keys[side].push(fnv_text(text.trim()));
                let mut words = Vec::new();
                for token in tokens(&text) {
                    let id = match ids.get(token.text) {
                        Some(&id) => id,
                        None => {
                            let next = stems.len() as u32;
                            let stem = *stems.entry(stem(token)).or_insert(next);
                            let id = types.len() as u32;
                            ids.insert(token.text.to_string(), id);
                            types.push(Type {
                                text: token.text.to_string(),
                                number: token.is_number,
                                stem,
                                count: [0; 2],
                            });
                            id
                        }
                    };
                    types[id as usize].count[side] += 1;
                    words.push(id);
                }
                raw[side].push(words);
            }
        }
        let totals = raw.each_ref().map(|lines| lines.iter().map(Vec::len).sum::<usize>().max(1) as f32);
        let drop: Vec<bool> = types
            .iter()
            .map(|t| (0..2).all(|side| t.count[side] as f32 / totals[side] > weights.common))
            .collect();
        let rarity = [1, 0].map(|other: usize| {
            types.iter().map(|t| rarity(t.count[other] as f32, totals[other])).collect::<Vec<u8>>()
        });
        let mut keys = keys.into_iter();
        let sides = raw.map(|lines| {
            let mut side = Lines { keys: keys.next().unwrap_or_default(), ..Lines::default() };
            side.tokens.push(0);
            for mut words in lines {
                side.tokens.push(side.tokens[side.tokens.len() - 1] + words.len() as u32);
                words.sort_unstable();
                words.dedup();
                side.words.extend(words.into_iter().filter(|&w| !drop[w as usize]));
                side.ends.push(side.words.len());
            }
            side
        });
        let alike = match encoder {
            Some(encoder) => vectors(&types, encoder),
            None => Alike::Letters(types.iter().map(|t| letter_pairs(t)).collect()),
        };
        let rates = Rates::start(weights, encoder.is_some());
        let mut view = View {
            sides,
            types,
            stems: stems.len(),
            rarity,
            alike,
            rates,
            table: Vec::new(),
            learned: HashMap::new(),
        };
        view.tabulate();
        view
    }

    /// Fills the table of log likelihood ratios from the rates.
    pub fn tabulate(&mut self) {
        self.table.clear();
        for size in 0..SIZES {
            let words = size_of(size);
            for rarity in 0..RARITIES {
                let known = usize::from(rarity > 0);
                let same =
                    if rarity == 0 { 0.0 } else { rate_of(rarity) * self.rates.burst + self.rates.floor };
                let off = |k: usize| {
                    if k == 0 {
                        return 1.0;
                    }
                    if k >= LEVELS {
                        return 0.0;
                    }
                    1.0 - (-words * (self.rates.off[k] + same)).exp()
                };
                let on = |k: usize| {
                    if k >= LEVELS {
                        return 0.0;
                    }
                    1.0 - (1.0 - self.rates.on[known][k]) * (1.0 - off(k))
                };
                for k in 0..LEVELS {
                    let by_chance = (off(k) - off(k + 1)).max(1e-6);
                    let rendered = (on(k) - on(k + 1)).max(1e-6);
                    self.table.push((rendered / by_chance).ln());
                }
            }
        }
    }

    /// What `levels` of the words `words` of one side's span are worth, against a span of `size` words.
    fn worth(&self, table: &[f32], side: usize, words: &[u32], levels: impl Iterator<Item = u8>) -> f32 {
        let rarity = &self.rarity[side];
        words.iter().zip(levels).map(|(&w, l)| table[rarity[w as usize] as usize * LEVELS + l as usize]).sum()
    }

    /// Both directions' worth of the bead of `left` and `right` lines.
    pub fn bead(&self, rows: &Rows, left: (usize, usize), right: (usize, usize)) -> [f32; 2] {
        let mut sums = [0.0; 2];
        let row_size = SIZES_STRIDE * size_bucket(self.sides[1].size(right.0, right.1));
        let table = &self.table[row_size..row_size + SIZES_STRIDE];
        let mut best = [0u8; 512];
        for i in left.0..left.1 {
            let words = self.sides[0].words(i);
            if right.1 - right.0 == 1 {
                let levels = rows.left(i, right.0, words.len());
                sums[0] += self.worth(table, 0, words, levels.iter().copied());
                continue;
            }
            for (chunk_at, chunk) in words.chunks(512).enumerate() {
                best[..chunk.len()].fill(0);
                for j in right.0..right.1 {
                    let levels = &rows.left(i, j, words.len())[chunk_at * 512..];
                    for (b, &l) in best[..chunk.len()].iter_mut().zip(levels) {
                        *b = (*b).max(l);
                    }
                }
                sums[0] += self.worth(table, 0, chunk, best[..chunk.len()].iter().copied());
            }
        }
        let row_size = SIZES_STRIDE * size_bucket(self.sides[0].size(left.0, left.1));
        let table = &self.table[row_size..row_size + SIZES_STRIDE];
        for j in right.0..right.1 {
            let words = self.sides[1].words(j);
            if left.1 - left.0 == 1 {
                let levels = rows.right(left.0, j, words.len());
                sums[1] += self.worth(table, 1, words, levels.iter().copied());
                continue;
            }
            for (chunk_at, chunk) in words.chunks(512).enumerate() {
                best[..chunk.len()].fill(0);
                for i in left.0..left.1 {
                    let levels = &rows.right(i, j, words.len())[chunk_at * 512..];
                    for (b, &l) in best[..chunk.len()].iter_mut().zip(levels) {
                        *b = (*b).max(l);
                    }
                }
                sums[1] += self.worth(table, 1, chunk, best[..chunk.len()].iter().copied());
            }
        }
        sums
    }

    /// The levels of line `i`'s words against lines `range` of the other side, and theirs against it.
    pub fn row(&self, i: usize, range: std::ops::Range<usize>, soft: bool, state: &mut Scratch) -> Row {
        let words = self.sides[0].words(i);
        state.fit(self.types.len(), self.stems);
        for (at, &w) in words.iter().enumerate() {
            state.place[w as usize] = at as u32 + 1;
            state.stem[self.types[w as usize].stem as usize] = at as u32 + 1;
        }
        let mut row = Row { start: range.start, end: range.end, ..Row::default() };
        for j in range {
            let others = self.sides[1].words(j);
            let left_at = row.left.len();
            row.left.resize(left_at + words.len(), 0);
            row.right_at.push(row.right.len());
            let left = &mut row.left[left_at..];
            for &w in others {
                let place = state.place[w as usize];
                let level = if place > 0 {
                    left[place as usize - 1] = EXACT;
                    EXACT
                } else {
                    let place = state.stem[self.types[w as usize].stem as usize];
                    if place > 0 {
                        let slot = &mut left[place as usize - 1];
                        *slot = (*slot).max(STEM);
                        STEM
                    } else {
                        0
                    }
                };
                row.right.push(level);
            }
            if soft {
                let right_at = row.right_at[row.right_at.len() - 1];
                self.soften(words, others, &mut row.left[left_at..], &mut row.right[right_at..], state);
            }
        }
        for &w in words {
            state.place[w as usize] = 0;
            state.stem[self.types[w as usize].stem as usize] = 0;
        }
        row.right_at.push(row.right.len());
        row
    }

    /// Raises the levels of words that have no equal by how alike they are to the other line's words.
    fn soften(&self, words: &[u32], others: &[u32], left: &mut [u8], right: &mut [u8], state: &mut Scratch) {
        state.open.clear();
        state.open.extend((0..others.len()).filter(|&j| right[j] < EXACT));
        for (i, &s) in words.iter().enumerate() {
            if left[i] == EXACT {
                continue;
            }
            for &j in &state.open {
                let level = self.alike(s, others[j], &mut state.cache);
                left[i] = left[i].max(level);
                right[j] = right[j].max(level);
            }
        }
    }

    fn alike(&self, s: u32, t: u32, cache: &mut [(u32, u32, u8)]) -> u8 {
        let slot =
            (s.wrapping_mul(0x9E37_79B1) ^ t.wrapping_mul(0x85EB_CA77)) as usize >> 7 & (cache.len() - 1);
        let entry = &mut cache[slot];
        if (entry.0, entry.1) == (s, t) {
            return entry.2;
        }
        let level = match &self.alike {
            _ if self.types[s as usize].number || self.types[t as usize].number => 0,
            Alike::Vectors { dim, units } => {
                let unit = |w: u32| &units[w as usize * dim..(w as usize + 1) * dim];
                level_of(dot(unit(s), unit(t)), [0.35, 0.48, 0.62, 0.78])
            }
            Alike::Letters(pairs) => {
                level_of(dice(&pairs[s as usize], &pairs[t as usize]), [0.35, 0.5, 0.62, 0.75])
            }
        };
        let level = match self.learned.get(&(s, t)) {
            Some(&learned) => level.max(learned),
            None => level,
        };
        *entry = (s, t, level);
        level
    }

    /// Learns which words stand for each other from lines that surely render each other.
    pub fn learn(&mut self, beads: &[(std::ops::Range<usize>, std::ops::Range<usize>)]) {
        let mut together: HashMap<(u32, u32), u32> = HashMap::new();
        let mut counts = [vec![0u32; self.types.len()], vec![0u32; self.types.len()]];
        for (left, right) in beads {
            let collect = |side: usize, lines: &std::ops::Range<usize>| {
                let mut words: Vec<u32> =
                    lines.clone().flat_map(|i| self.sides[side].words(i).iter().copied()).collect();
                words.sort_unstable();
                words.dedup();
                words
            };
            let (a, b) = (collect(0, left), collect(1, right));
            for &w in &a {
                counts[0][w as usize] += 1;
            }
            for &w in &b {
                counts[1][w as usize] += 1;
            }
            for &s in &a {
                for &t in &b {
                    if s != t {
                        *together.entry((s, t)).or_insert(0) += 1;
                    }
                }
            }
        }
        self.learned = together
            .into_iter()
            .filter(|&(_, n)| n >= 2)
            .filter_map(|((s, t), n)| {
                let all = counts[0][s as usize] + counts[1][t as usize];
                let dice = 2.0 * (n as f32 - 1.0) / (all as f32 - 1.0);
                let level = level_of(dice, [0.2, 0.3, 0.45, 0.6]);
                (level > 0).then_some(((s, t), level))
            })
            .collect();
    }

    /// Whether two lines are the same text.
    pub fn same(&self, i: usize, j: usize) -> bool {
        self.sides[0].keys[i] == self.sides[1].keys[j]
    }

    pub fn has_vectors(&self) -> bool {
        matches!(self.alike, Alike::Vectors { .. })
    }

    /// Pairs of lines that share rare words, with how many, weighted: (left, right, weight).
    pub fn shared(&self, most: usize) -> Vec<(usize, usize, f32)> {
        let mut places: [Vec<Vec<u32>>; 2] = [0, 1].map(|_| vec![Vec::new(); self.types.len()]);
        for side in 0..2 {
            for line in 0..self.sides[side].len() {
                for &w in self.sides[side].words(line) {
                    let place = &mut places[side][w as usize];
                    if place.len() <= most {
                        place.push(line as u32);
                    }
                }
            }
        }
        let mut pairs = Vec::new();
        for (left, right) in places[0].iter().zip(&places[1]) {
            if left.len() > most || right.len() > most || left.len() * right.len() > most {
                continue;
            }
            let weight = 1.0 / (left.len() * right.len()) as f32;
            for &i in left {
                for &j in right {
                    pairs.push((i as usize, j as usize, weight));
                }
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

    /// Counts of levels by (unknown, known) for a bead, rare words only.
    pub fn count(
        &self,
        rows: &Rows,
        left: (usize, usize),
        right: (usize, usize),
        counts: &mut [[f32; LEVELS]; 2],
    ) {
        for side in 0..2 {
            let (own, other) = if side == 0 { (left, right) } else { (right, left) };
            for i in own.0..own.1 {
                let words = self.sides[side].words(i);
                for (at, &w) in words.iter().enumerate() {
                    let level = (other.0..other.1)
                        .map(|j| {
                            if side == 0 {
                                rows.left(i, j, words.len())[at]
                            } else {
                                rows.right(j, i, words.len())[at]
                            }
                        })
                        .max()
                        .unwrap_or(0);
                    let rarity = self.rarity[side][w as usize];
                    if (rarity as usize) < RARITIES - 6 {
                        counts[usize::from(rarity > 0)][level as usize] += 1.0;
                    }
                }
            }
        }
    }
}

const SIZES_STRIDE: usize = RARITIES * LEVELS;

/// Levels of one left line against a range of right lines.
#[derive(Default)]
pub(crate) struct Row {
    start: usize,
    end: usize,
    left: Vec<u8>,
    right: Vec<u8>,
    right_at: Vec<usize>,
}

/// The rows at hand, by left line.
#[derive(Default)]
pub(crate) struct Rows(pub Vec<Row>);

impl Rows {
    pub fn covers(&self, i: usize, right: (usize, usize)) -> bool {
        let row = &self.0[i];
        row.start <= right.0 && right.1 <= row.end
    }

    fn left(&self, i: usize, j: usize, words: usize) -> &[u8] {
        let row = &self.0[i];
        let at = (j - row.start) * words;
        &row.left[at..at + words]
    }

    fn right(&self, i: usize, j: usize, words: usize) -> &[u8] {
        let row = &self.0[i];
        let at = row.right_at[j - row.start];
        &row.right[at..at + words]
    }
}

/// Memory that rows are computed in.
pub(crate) struct Scratch {
    place: Vec<u32>,
    stem: Vec<u32>,
    open: Vec<usize>,
    cache: Vec<(u32, u32, u8)>,
}

impl Scratch {
    pub fn new() -> Scratch {
        Scratch { place: vec![], stem: vec![], open: vec![], cache: vec![(u32::MAX, u32::MAX, 0); 1 << 14] }
    }

    fn fit(&mut self, types: usize, stems: usize) {
        self.place.resize(types, 0);
        self.stem.resize(stems, 0);
    }
}

fn level_of(x: f32, steps: [f32; 4]) -> u8 {
    steps.iter().take_while(|&&step| x >= step).count() as u8
}

fn stem(token: Token<'_>) -> String {
    if token.is_number { token.text.to_string() } else { token.text.chars().take(6).collect() }
}

fn rarity(count: f32, total: f32) -> u8 {
    if count == 0.0 {
        return 0;
    }
    // Two buckets to the octave below one in ten.
    let x = (count / total / 0.1).log2() * 2.0 + (RARITIES - 1) as f32;
    x.round().clamp(1.0, (RARITIES - 1) as f32) as u8
}

fn rate_of(rarity: usize) -> f32 {
    0.1 * ((rarity as f32 - (RARITIES - 1) as f32) / 2.0).exp2()
}

fn size_bucket(words: u32) -> usize {
    ((words.max(1) as f32).log2() * 2.5).round().min((SIZES - 1) as f32) as usize
}

fn size_of(bucket: usize) -> f32 {
    (bucket as f32 / 2.5).exp2()
}

fn vectors(types: &[Type], encoder: &Encoder) -> Alike {
    let dim = encoder.dim();
    let mut units = vec![0.0; dim * types.len()];
    for (t, unit) in types.iter().zip(units.chunks_exact_mut(dim)) {
        encoder.add_token(Token { text: &t.text, is_number: t.number }, unit);
        let length = dot(unit, unit).sqrt();
        if length > 0.0 {
            unit.iter_mut().for_each(|x| *x /= length);
        }
    }
    Alike::Vectors { dim, units }
}

fn letter_pairs(t: &Type) -> Vec<u32> {
    if t.number || t.text.len() < 4 {
        return Vec::new();
    }
    let mut previous = '<';
    let mut pairs: Vec<u32> = Vec::new();
    for c in t.text.chars().map(fold).chain(['>']) {
        pairs.push((previous as u32) << 16 ^ c as u32);
        previous = c;
    }
    pairs.sort_unstable();
    pairs
}

/// A letter without its accent, for the languages of Europe.
fn fold(c: char) -> char {
    if c.is_ascii() {
        return c;
    }
    use unicode_normalization::UnicodeNormalization;
    std::iter::once(c).nfd().next().unwrap_or(c)
}

fn dice(a: &[u32], b: &[u32]) -> f32 {
    if a.is_empty() || b.is_empty() {
        return 0.0;
    }
    let (mut i, mut j, mut same) = (0, 0, 0);
    while i < a.len() && j < b.len() {
        same += usize::from(a[i] == b[j]);
        let (x, y) = (a[i], b[j]);
        i += usize::from(x <= y);
        j += usize::from(y <= x);
    }
    2.0 * same as f32 / (a.len() + b.len()) as f32
}
