//! What speaks for two sentences of two reports stating the same: one row of numbers a sentence pair.
//!
//! Everything is counted within the two reports: a word that half of their sentences share says nothing about
//! which of them belong together, however rare it is in the language. The measures come from inverted lists,
//! so that the time goes with what sentences share, not with their number squared.

use std::collections::BTreeMap;

use super::Report;
use crate::encoder::{Encoder, dot, normalise, tokens};
use crate::facts::{Fact, agree, facts, fold, is_figure};

/// How many numbers speak for a pair.
pub const MEASURES: usize = 7;

/// Their names, in order.
pub const NAMES: [&str; MEASURES] = ["more", "anchors", "beside", "place", "order", "above", "cosine"];

/// Cosine from which two words count as related; cosines of unrelated ones lie below.
const RELATED: f32 = 0.3;
/// Cosine from which a word counts as a form of another when sentences that have it are counted.
const SAME: f32 = 0.6;
/// From this kinship on a word is claimed by a better match: above the level of loosely related words.
const CLAIMED: f32 = 0.4;
/// A word weighs its rarity among the sentences of both reports to this power, times what the encoder has
/// learned of it. Fitted: 2 to 3 do alike, 1 loses two points of average precision.
const POWER: f32 = 2.5;
/// Words in more sentences than this inverse frequency allows are left out: they cost time and say nothing.
const LEAST_IDF: f32 = 0.4;

/// A matrix by sentence of the source and sentence of the target.
#[derive(Debug, Clone)]
pub struct Grid {
    columns: usize,
    cells: Vec<f32>,
}

impl Grid {
    fn new(rows: usize, columns: usize) -> Grid {
        Grid { columns, cells: vec![0.0; rows * columns] }
    }

    /// A grid of the values that `value` gives.
    pub fn fill(rows: usize, columns: usize, value: impl Fn(usize, usize) -> f32) -> Grid {
        let value = &value;
        let cells = (0..rows).flat_map(|i| (0..columns).map(move |j| value(i, j))).collect();
        Grid { columns, cells }
    }

    /// The value for a source and a target sentence.
    pub fn at(&self, row: usize, column: usize) -> f32 {
        self.cells[row * self.columns + column]
    }

    fn at_mut(&mut self, row: usize, column: usize) -> &mut f32 {
        &mut self.cells[row * self.columns + column]
    }

    fn rows(&self) -> usize {
        self.cells.len().checked_div(self.columns).unwrap_or(0)
    }
}

/// What is known of every pair of sentences of two reports.
pub struct Evidence {
    words: Vocabulary,
    /// How much of the source sentence's words the target sentence has, rare words counting most; 0 to 1.
    pub source_in_target: Grid,
    /// The reverse.
    pub target_in_source: Grid,
    /// Names, foreign words and figures that both have, by how rare they are here (natural logarithms).
    pub anchors: Grid,
    /// The facts of each sentence, by side.
    pub facts: [Vec<Vec<Fact>>; 2],
    likeness: Grid,
    /// How alike a sentence is to the three of the other side that it is most alike, on average; by side.
    usual: [Vec<f32>; 2],
}

impl Evidence {
    /// Gathers it for two reports.
    pub fn new(source: &Report, target: &Report, encoder: &Encoder) -> Evidence {
        let words = Vocabulary::new([source, target], encoder);
        let facts = [source, target].map(|report| -> Vec<Vec<Fact>> {
            report.sentences.iter().map(|sentence| facts(sentence, report.lang)).collect()
        });
        let source_in_target = words.contained(0, &words.weights);
        let mut target_in_source = Grid::new(source.sentences.len(), target.sentences.len());
        let turned = words.contained(1, &words.weights);
        let mut likeness = target_in_source.clone();
        for i in 0..source.sentences.len() {
            for j in 0..target.sentences.len() {
                let (r, q) = (source_in_target.at(i, j), turned.at(j, i));
                *target_in_source.at_mut(i, j) = q;
                *likeness.at_mut(i, j) = r.max(q) + 2.0 * r * q / (r + q + 1e-9);
            }
        }
        let mut anchors = shared_names(source, target);
        add_figures(&facts, &mut anchors);
        let usual = usual(&likeness);
        Evidence { words, source_in_target, target_in_source, anchors, facts, likeness, usual }
    }

    /// The measures of a pair, in the order of [`NAMES`]:
    ///
    /// - `more`: the larger share of one sentence's words that the other has;
    /// - `anchors`: ln(1 + shared names and figures);
    /// - `beside`: how alike one of the two is to a neighbour of the other, since one report's sentence is
    ///   another's three;
    /// - `place`: ln of both places in the text: reports begin with what all of them have;
    /// - `order`: how far apart the two places are, as shares of their texts: reports mostly go from what
    ///   happened to its background;
    /// - `above`: how much more alike they are than either is to its best three: a sentence that is somewhat
    ///   like everything (a hub) has no counterpart by that (cross-domain similarity local scaling, Conneau
    ///   et al. 2018);
    /// - `cosine`: of the encoder's sums over their words.
    ///
    /// Chosen in view of the events left out. Tried there and left out again: the smaller share, ranks, the
    /// lexical cosine, union with the neighbours' words, means over the neighbourhood, lengths, whether both
    /// quote, names in a row counted once, words discounted for others they come with. Translating single
    /// words too, which doubles the time of a short text, gains .006 of average precision.
    pub fn measures(&self, i: usize, j: usize) -> [f32; MEASURES] {
        let (r, q) = (self.source_in_target.at(i, j), self.target_in_source.at(i, j));
        let place = |k: usize| (1.0 + k.min(39) as f32).ln();
        let (rows, columns) = self.size();
        let share = |k: usize, of: usize| (k as f32 + 0.5) / of as f32;
        [
            r.max(q),
            self.anchors.at(i, j).ln_1p(),
            self.beside(i, j),
            place(i) + place(j),
            (share(i, rows) - share(j, columns)).abs(),
            2.0 * self.likeness.at(i, j) - self.usual[0][i] - self.usual[1][j],
            dot(self.words.vector(0, i), self.words.vector(1, j)),
        ]
    }

    /// The number of distinct English words of a sentence.
    pub fn words(&self, side: usize, sentence: usize) -> usize {
        self.words.sentences[side][sentence].len()
    }

    /// How much of a sentence's words a set of the other side's sentences has together, 0 to 1.
    pub fn contained_in_all(&self, side: usize, sentence: usize, others: &[usize]) -> f32 {
        self.words.contained_in_all(side, sentence, others)
    }

    /// How much of a sentence's words `other` has, leaving out of `other` what `claimers` (sentences of the first
    /// one's side) say.
    pub fn contained_apart(&self, side: usize, sentence: usize, other: usize, claimers: &[usize]) -> f32 {
        self.words.contained_apart(side, sentence, other, claimers)
    }

    /// How alike two sentences are if one renders the other: their words both ways, not only the rare ones.
    pub fn translated(&self) -> Grid {
        let (forth, back) =
            (self.words.contained(0, &self.words.even), self.words.contained(1, &self.words.even));
        let (rows, columns) = self.size();
        Grid::fill(rows, columns, |i, j| {
            let (r, q) = (forth.at(i, j), back.at(j, i));
            2.0 * r * q / (r + q + 1e-9)
        })
    }

    /// The number of source and of target sentences.
    pub fn size(&self) -> (usize, usize) {
        (self.facts[0].len(), self.facts[1].len())
    }

    fn beside(&self, i: usize, j: usize) -> f32 {
        let rows = [i.checked_sub(1), Some(i + 1).filter(|&i| i < self.likeness.rows())];
        let columns = [j.checked_sub(1), Some(j + 1).filter(|&j| j < self.likeness.columns)];
        let vertical = rows.iter().flatten().map(|&i| self.likeness.at(i, j));
        let horizontal = columns.iter().flatten().map(|&j| self.likeness.at(i, j));
        vertical.chain(horizontal).fold(0.0, f32::max)
    }
}

/// The mean of each row's, and of each column's, three largest values.
fn usual(likeness: &Grid) -> [Vec<f32>; 2] {
    let (rows, columns) = (likeness.rows(), likeness.columns);
    let mut best = [vec![[0.0f32; 3]; rows], vec![[0.0f32; 3]; columns]];
    for i in 0..rows {
        for j in 0..columns {
            let value = likeness.at(i, j);
            insert(&mut best[0][i], value);
            insert(&mut best[1][j], value);
        }
    }
    let (a, b) = (columns.clamp(1, 3) as f32, rows.clamp(1, 3) as f32);
    let mean =
        |lists: &[[f32; 3]], count: f32| lists.iter().map(|list| list.iter().sum::<f32>() / count).collect();
    [mean(&best[0], a), mean(&best[1], b)]
}

/// Keeps the largest three, largest first.
fn insert(best: &mut [f32; 3], value: f32) {
    if value > best[0] {
        *best = [value, best[0], best[1]];
    } else if value > best[1] {
        *best = [best[0], value, best[1]];
    } else if value > best[2] {
        best[2] = value;
    }
}

// ---------------------------------------------------------------------------------------------------------
// Words

/// The words of both reports in English: who has them, what each weighs, and which are akin.
struct Vocabulary {
    /// The words of each sentence, by side, each once.
    sentences: [Vec<Vec<u32>>; 2],
    /// The sentences that have a word, by side.
    postings: [Vec<Vec<u32>>; 2],
    /// What a word weighs; 0: left out.
    weights: Vec<f32>,
    /// The same with rarity counted once, for texts that render each other.
    even: Vec<f32>,
    /// Words akin to a word, itself among them, with how much they count (0 to 1).
    akin: Vec<Vec<(u32, f32)>>,
    /// The sum of each sentence's word vectors, of length 1, one after another; by side.
    vectors: [Vec<f32>; 2],
    /// Length of one vector.
    dim: usize,
}

impl Vocabulary {
    fn new(reports: [&Report; 2], encoder: &Encoder) -> Vocabulary {
        let mut ids: BTreeMap<String, u32> = BTreeMap::new();
        let (mut units, mut lengths) = (Vec::new(), Vec::new());
        let sentences = reports.map(|report| -> Vec<Vec<u32>> {
            let read = |sentence: &&str| {
                let normalised = normalise(sentence);
                let mut list: Vec<u32> = tokens(&normalised)
                    .map(|token| match ids.get(token.text) {
                        Some(&id) => id,
                        None => {
                            let id = ids.len() as u32;
                            ids.insert(token.text.to_string(), id);
                            let mut sum = vec![0.0; encoder.dim()];
                            encoder.add_token(token, &mut sum);
                            let length = dot(&sum, &sum).sqrt();
                            units.extend(sum.iter().map(|x| if length > 0.0 { x / length } else { 0.0 }));
                            lengths.push(length);
                            id
                        }
                    })
                    .collect();
                list.sort_unstable();
                list.dedup();
                list
            };
            report.english.iter().map(read).collect()
        });
        let postings = [0, 1].map(|side: usize| {
            let mut postings = vec![Vec::new(); lengths.len()];
            for (i, words) in sentences[side].iter().enumerate() {
                words.iter().for_each(|&word| postings[word as usize].push(i as u32));
            }
            postings
        });
        let dim = encoder.dim();
        let vectors = [0, 1].map(|side| sums(&sentences[side], &units, &lengths, dim));
        let akin = akin(&units, dim);
        let (weights, even) = (Vec::new(), Vec::new());
        let mut words = Vocabulary { sentences, postings, weights, even, akin, vectors, dim };
        let rarity: Vec<f32> = (0..lengths.len()).map(|word| words.rarity(word)).collect();
        let weight = |power: f32| {
            rarity.iter().zip(&lengths).map(|(idf, length)| length.sqrt() * idf.powf(power)).collect()
        };
        (words.weights, words.even) = (weight(POWER), weight(1.0));
        for list in &mut words.akin {
            list.iter_mut().for_each(|(_, cosine)| *cosine = (*cosine - RELATED) / (1.0 - RELATED));
        }
        words
    }

    fn vector(&self, side: usize, sentence: usize) -> &[f32] {
        &self.vectors[side][sentence * self.dim..(sentence + 1) * self.dim]
    }

    /// The logarithm of all sentences over those that have the word in some form; 0 for common words.
    fn rarity(&self, word: usize) -> f32 {
        let count = self.sentences[0].len() + self.sentences[1].len();
        let mut having = 0.0;
        for side in 0..2 {
            let mut best: BTreeMap<u32, f32> = BTreeMap::new();
            for &(other, cosine) in self.akin[word].iter().filter(|(_, cosine)| *cosine > SAME) {
                for &sentence in &self.postings[side][other as usize] {
                    let best = best.entry(sentence).or_default();
                    *best = best.max(cosine);
                }
            }
            having += best.values().sum::<f32>();
        }
        let idf = ((count as f32 + 1.0) / (having + 0.5)).ln();
        if idf < LEAST_IDF { 0.0 } else { idf }
    }

    /// How much of each sentence of `side` each sentence of the other side has.
    fn contained(&self, side: usize, weights: &[f32]) -> Grid {
        let (rows, columns) = (self.sentences[side].len(), self.sentences[1 - side].len());
        let mut grid = Grid::new(rows, columns);
        let mut best = vec![0.0f32; columns];
        let mut touched: Vec<u32> = Vec::new();
        for (i, words) in self.sentences[side].iter().enumerate() {
            let total: f32 = words.iter().map(|&word| weights[word as usize]).sum();
            for &word in words.iter().filter(|&&word| weights[word as usize] > 0.0) {
                for &(other, counts) in &self.akin[word as usize] {
                    for &j in &self.postings[1 - side][other as usize] {
                        let best = &mut best[j as usize];
                        if *best == 0.0 {
                            touched.push(j);
                        }
                        *best = best.max(counts);
                    }
                }
                for j in touched.drain(..) {
                    let share = weights[word as usize] * best[j as usize] / total;
                    *grid.at_mut(i, j as usize) += share;
                    best[j as usize] = 0.0;
                }
            }
        }
        grid
    }

    fn contained_apart(&self, side: usize, sentence: usize, other: usize, claimers: &[usize]) -> f32 {
        let said = |word: u32| {
            let akin = self.akin[word as usize].iter().filter(|(_, counts)| *counts >= CLAIMED);
            let mut akin = akin.map(|(other, _)| other);
            akin.any(|akin| claimers.iter().any(|&i| self.sentences[side][i].binary_search(akin).is_ok()))
        };
        let words = self.sentences[1 - side][other].iter().copied();
        let left: Vec<u32> = words.filter(|&word| claimers.is_empty() || !said(word)).collect();
        self.share(side, sentence, &left, &self.even)
    }

    fn contained_in_all(&self, side: usize, sentence: usize, others: &[usize]) -> f32 {
        let mut there: Vec<u32> =
            others.iter().flat_map(|&j| self.sentences[1 - side][j].iter().copied()).collect();
        there.sort_unstable();
        self.share(side, sentence, &there, &self.weights)
    }

    /// How much of a sentence's words a sorted list of words has.
    fn share(&self, side: usize, sentence: usize, there: &[u32], weights: &[f32]) -> f32 {
        let (mut found, mut total) = (0.0, 0.0);
        for &word in &self.sentences[side][sentence] {
            let here =
                self.akin[word as usize].iter().filter(|(other, _)| there.binary_search(other).is_ok());
            found += weights[word as usize] * here.map(|&(_, counts)| counts).fold(0.0, f32::max);
            total += weights[word as usize];
        }
        if total > 0.0 { found / total } else { 0.0 }
    }
}

/// The sum of the vectors of each sentence's words, made of length 1.
fn sums(sentences: &[Vec<u32>], units: &[f32], lengths: &[f32], dim: usize) -> Vec<f32> {
    let mut sums = vec![0.0; sentences.len() * dim];
    for (words, sum) in sentences.iter().zip(sums.chunks_exact_mut(dim)) {
        for &word in words {
            let unit = &units[word as usize * dim..(word as usize + 1) * dim];
            sum.iter_mut().zip(unit).for_each(|(sum, x)| *sum += lengths[word as usize] * x);
        }
        let length = dot(sum, sum).sqrt().max(1e-9);
        sum.iter_mut().for_each(|x| *x /= length);
    }
    sums
}

/// Words that are compared with each other before the next ones are loaded: a tile of each kind stays in the cache.
const ROWS: usize = 32;
const COLUMNS: usize = 512;
/// Units are compared as whole numbers of this size: twice as fast, and right to four places.
const WHOLE: f32 = 16384.0;

/// For each word the words whose cosine with it is above [`RELATED`], in order. All pairs are tried, on as
/// many threads as there are cores; the result does not depend on them.
fn akin(units: &[f32], dim: usize) -> Vec<Vec<(u32, f32)>> {
    let count = units.len().checked_div(dim).unwrap_or(0);
    let units: Vec<i16> = units.iter().map(|x| (x * WHOLE).round() as i16).collect();
    let unit = |word: usize| &units[word * dim..(word + 1) * dim];
    let least = (RELATED * WHOLE * WHOLE) as i32;
    let tile = |first: usize| -> Vec<Vec<(u32, f32)>> {
        let rows = first..count.min(first + ROWS);
        let mut lists = vec![Vec::new(); rows.len()];
        for start in (first..count).step_by(COLUMNS) {
            for (word, list) in rows.clone().zip(&mut lists) {
                for other in start.max(word + 1)..count.min(start + COLUMNS) {
                    let product = whole_product(unit(word), unit(other));
                    if product > least {
                        list.push((other as u32, product as f32 / (WHOLE * WHOLE)));
                    }
                }
            }
        }
        lists
    };
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get()).min(8);
    let mut later: Vec<Vec<(u32, f32)>> = vec![Vec::new(); count];
    std::thread::scope(|scope| {
        let tile = &tile;
        let starts = |thread: usize| (thread * ROWS..count).step_by(threads * ROWS);
        let work = |thread: usize| move || starts(thread).map(tile).collect::<Vec<_>>();
        let handles: Vec<_> = (0..threads).map(|thread| scope.spawn(work(thread))).collect();
        for (thread, handle) in handles.into_iter().enumerate() {
            let tiles = handle.join().expect("the work of a thread does not panic");
            for (first, lists) in starts(thread).zip(tiles) {
                lists.into_iter().enumerate().for_each(|(k, list)| later[first + k] = list);
            }
        }
    });
    let mut akin: Vec<Vec<(u32, f32)>> = (0..count).map(|word| vec![(word as u32, 1.0)]).collect();
    for (word, list) in later.iter().enumerate() {
        for &(other, cosine) in list {
            akin[word].push((other, cosine));
            akin[other as usize].push((word as u32, cosine));
        }
    }
    akin.iter_mut().for_each(|list| list.sort_by_key(|&(other, _)| other));
    akin
}

/// The product of two units; it fits, since neither is longer than [`WHOLE`].
fn whole_product(a: &[i16], b: &[i16]) -> i32 {
    a.iter().zip(b).map(|(&x, &y)| i32::from(x) * i32::from(y)).sum()
}

// ---------------------------------------------------------------------------------------------------------
// Names and figures

/// A word of the original texts as names and foreign words are compared.
struct Spelling {
    /// By side, the sentences that have it.
    sentences: [Vec<usize>; 2],
    /// Whether it begins with a capital somewhere.
    capital: bool,
}

/// Names and words of common origin, by how rare they are: the sum over the source sentence's capitalised
/// words of ln(sentences / sentences that have it), where the target sentence has a spelling of it.
fn shared_names(source: &Report, target: &Report) -> Grid {
    let mut spellings: BTreeMap<String, Spelling> = BTreeMap::new();
    for (side, report) in [source, target].into_iter().enumerate() {
        for (i, sentence) in report.sentences.iter().enumerate() {
            for word in sentence.split(|c: char| !c.is_alphabetic()).filter(|word| word.len() > 1) {
                let capital = word.chars().next().is_some_and(char::is_uppercase);
                let entry = spellings.entry(spell(word));
                let entry =
                    entry.or_insert_with(|| Spelling { sentences: [Vec::new(), Vec::new()], capital: false });
                entry.capital |= capital;
                if entry.sentences[side].last() != Some(&i) {
                    entry.sentences[side].push(i);
                }
            }
        }
    }
    let mut grid = Grid::new(source.sentences.len(), target.sentences.len());
    let count = (source.sentences.len() + target.sentences.len()) as f32;
    let entries: Vec<(&str, &Spelling)> =
        spellings.iter().map(|(word, entry)| (word.as_str(), entry)).collect();
    for (k, &(word, entry)) in entries.iter().enumerate() {
        if !entry.capital || entry.sentences[0].is_empty() {
            continue;
        }
        let related = spelled_alike(&entries, k);
        let of = |side: usize| {
            let mut all: Vec<usize> =
                related.iter().flat_map(|&(k, _)| entries[k].1.sentences[side].iter().copied()).collect();
            all.sort_unstable();
            all.dedup();
            all
        };
        let having = (of(0).len() + of(1).len()) as f32;
        let weight = ((count + 1.0) / (having + 0.5)).ln().max(0.0);
        // A German noun has a capital and is no name; what is shared must be one there too, or long.
        let sure = |other: usize| entries[other].1.capital || word.chars().count() >= 6;
        let mut best: BTreeMap<usize, f32> = BTreeMap::new();
        for &(other, strength) in related.iter().filter(|&&(other, _)| sure(other)) {
            for &j in &entries[other].1.sentences[1] {
                let best = best.entry(j).or_default();
                *best = best.max(strength);
            }
        }
        for &i in &entry.sentences[0] {
            best.iter().for_each(|(&j, strength)| *grid.at_mut(i, j) += strength * weight);
        }
    }
    grid
}

/// A word as German and English may both write it: folded, `c` as `k`, `y` as `i`.
fn spell(word: &str) -> String {
    fold(word).replace("ae", "a").replace("oe", "o").replace("ue", "u").replace('c', "k").replace('y', "i")
}

/// The spellings that are taken for the one at `k`, itself among them, with how surely: equal, or a common
/// beginning of four letters and three fifths of the longer. `entries` are sorted, so they stand together.
fn spelled_alike(entries: &[(&str, &Spelling)], k: usize) -> Vec<(usize, f32)> {
    let word = entries[k].0;
    let Some((end, _)) = word.char_indices().nth(4) else { return vec![(k, 1.0)] };
    let start = entries.partition_point(|(other, _)| *other < &word[..end]);
    let beginning = entries[start..].iter().take_while(|(other, _)| other.starts_with(&word[..end]));
    let length = word.chars().count();
    let alike = beginning.enumerate().filter_map(|(offset, (other, _))| {
        let common = word.chars().zip(other.chars()).take_while(|(a, b)| a == b).count();
        let other_length = other.chars().count();
        let strength = if *other == word {
            1.0
        } else if 5 * common >= 3 * length.max(other_length) {
            0.8
        } else if common >= 5 && common == length.min(other_length) {
            0.7
        } else {
            return None;
        };
        Some((start + offset, strength))
    });
    alike.collect()
}

/// Adds the figures that both sentences have, by how rare they are.
fn add_figures(facts: &[Vec<Vec<Fact>>; 2], anchors: &mut Grid) {
    let list = |side: usize| -> Vec<(usize, &Fact)> {
        let all = facts[side].iter().enumerate();
        all.flat_map(|(i, facts)| facts.iter().filter(|fact| is_figure(&fact.value)).map(move |f| (i, f)))
            .collect()
    };
    let sides = [list(0), list(1)];
    let count = (facts[0].len() + facts[1].len()) as f32;
    for (i, fact) in &sides[0] {
        let having = |side: usize| {
            let mut having: Vec<usize> = sides[side]
                .iter()
                .filter(|(_, other)| agree(&fact.value, &other.value))
                .map(|(k, _)| *k)
                .collect();
            having.dedup();
            having
        };
        let there = having(1);
        let weight = ((count + 1.0) / ((having(0).len() + there.len()) as f32 + 0.5)).ln().max(0.0);
        for j in there {
            *anchors.at_mut(*i, j) += weight;
        }
    }
}
