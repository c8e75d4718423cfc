//! The shipped English sentence encoder: hashed words, word pairs and character runs, whose table rows add up
//! to a vector. `models/en-encoder/SPEC.md` defines it; this is that definition and nothing else.
//!
//! Besides the vector it gives a weighted bag for lexical similarity and one vector a token for the soft word
//! match. It knows English only: for other languages score.rs works with the characters alone.

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};

use crate::error::{Error, Result};

const MAGIC: &[u8; 8] = b"ENSENT01";
const HEADER: usize = 40;

/// A token of normalised text: a run of letters, or of ASCII digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token<'a> {
    /// The characters, normalised and in lower case.
    pub text: &'a str,
    /// Whether it is a run of digits.
    pub is_number: bool,
}

/// NFKC, lower case, and no `.` or `,` between two digits: what [`tokens`] and the [`Encoder`] work on.
pub fn normalise(text: &str) -> String {
    let lower = match is_nfkc_quick(text.chars()) {
        IsNormalized::Yes => text.to_lowercase(),
        _ => text.nfkc().collect::<String>().to_lowercase(),
    };
    let bytes = lower.as_bytes();
    let separates = |i: usize| {
        matches!(bytes[i], b'.' | b',')
            && i > 0
            && bytes[i - 1].is_ascii_digit()
            && bytes.get(i + 1).is_some_and(u8::is_ascii_digit)
    };
    if !(0..bytes.len()).any(separates) {
        return lower;
    }
    lower.char_indices().filter(|&(i, _)| !separates(i)).map(|(_, c)| c).collect()
}

/// The tokens of text that [`normalise`] returned, in order.
pub fn tokens(normalised: &str) -> impl Iterator<Item = Token<'_>> {
    let mut rest = normalised;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(|c: char| !c.is_alphanumeric());
        let is_number = rest.chars().next()?.is_ascii_digit();
        let end =
            rest.find(|c: char| {
                if is_number { !c.is_ascii_digit() } else { c.is_ascii_digit() || !c.is_alphanumeric() }
            })
            .unwrap_or(rest.len());
        let (text, after) = rest.split_at(end);
        rest = after;
        Some(Token { text, is_number })
    })
}

/// The English sentence encoder.
#[derive(Clone)]
pub struct Encoder {
    dim: usize,
    words: u64,
    pairs: u64,
    runs: u64,
    shortest_run: usize,
    longest_run: usize,
    scale: Vec<f32>,
    lexical: Vec<u8>,
    rows: Vec<i8>,
}

impl std::fmt::Debug for Encoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Encoder({} buckets x {})", self.scale.len(), self.dim)
    }
}

impl Encoder {
    /// Reads the content of `en-encoder.bin` (SPEC.md §5).
    ///
    /// # Errors
    /// [`Error::Model`] if the bytes are no such file, are cut short or go on too long.
    pub fn from_bytes(bytes: &[u8]) -> Result<Encoder> {
        let bad = |what: String| Error::Model { model: "en-encoder".into(), what };
        if bytes.len() < HEADER || !bytes.starts_with(MAGIC) {
            return Err(bad("not an encoder file (ENSENT01 expected); restore models/en-encoder".into()));
        }
        let field = |i: usize| {
            let at = 8 + 4 * i;
            u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
        };
        let [buckets, dim, words, pairs, runs, shortest, longest] =
            std::array::from_fn(|i| u64::from(field(i)));
        if words == 0
            || pairs == 0
            || runs == 0
            || words + pairs + runs != buckets
            || !(1..=4096).contains(&dim)
        {
            return Err(bad("the header contradicts itself; restore models/en-encoder".into()));
        }
        if shortest == 0 || shortest > longest || longest > 16 {
            return Err(bad(format!("cannot use character runs of {shortest} to {longest}")));
        }
        let expected = HEADER as u64 + buckets * (5 + dim);
        if bytes.len() as u64 != expected {
            return Err(bad(format!(
                "the file has {} bytes where its header promises {expected}; restore models/en-encoder",
                bytes.len()
            )));
        }
        let buckets = buckets as usize;
        let (scale, rest) = bytes[HEADER..].split_at(4 * buckets);
        let (lexical, rows) = rest.split_at(buckets);
        let scale: Vec<f32> =
            scale.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
        if scale.iter().any(|s| !s.is_finite()) {
            return Err(bad("the table holds numbers that are none; restore models/en-encoder".into()));
        }
        Ok(Encoder {
            dim: dim as usize,
            words,
            pairs,
            runs,
            shortest_run: shortest as usize,
            longest_run: longest as usize,
            scale,
            lexical: lexical.to_vec(),
            rows: rows.iter().map(|&b| b as i8).collect(),
        })
    }

    /// Length of the vectors.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// The vector of a text, not normalised (SPEC.md §6). A span of lines has the sum of its lines' vectors.
    pub fn vector(&self, text: &str) -> Vec<f32> {
        let mut sum = vec![0.0; self.dim];
        let normalised = normalise(text);
        let mut previous = None;
        for token in tokens(&normalised) {
            self.add_token(token, &mut sum);
            if let Some(previous) = previous {
                self.add_pair(previous, token.text, &mut sum);
            }
            previous = Some(token.text);
        }
        sum
    }

    /// The lexical bag of a text: weight by feature, sorted by feature (SPEC.md §6).
    pub fn bag(&self, text: &str) -> Bag {
        let normalised = normalise(text);
        let mut features = Vec::new();
        for token in tokens(&normalised) {
            self.token_features(token, |feature| {
                features.push((feature, f32::from(self.lexical[feature as usize])))
            });
        }
        Bag::new(features)
    }

    /// Adds a token's own vector, no word pair in it, to `sum` (SPEC.md §7).
    pub fn add_token(&self, token: Token<'_>, sum: &mut [f32]) {
        let mut features = Vec::with_capacity(64);
        self.token_features(token, |feature| features.push(feature));
        // The rows lie far apart: asking for all of them before the first is needed takes a third of the time.
        let first =
            features.iter().map(|&feature| i32::from(self.rows[feature as usize * self.dim])).sum::<i32>();
        std::hint::black_box(first);
        features.iter().for_each(|&feature| self.add_row(feature, sum));
    }

    /// Adds the vector of two neighbouring tokens' pair feature to `sum`.
    pub fn add_pair(&self, first: &str, second: &str, sum: &mut [f32]) {
        let hash = [first.as_bytes(), b" ", second.as_bytes()].iter().fold(fnv_start(b'b'), |h, s| fnv(h, s));
        self.add_row((self.words + finish(hash) % self.pairs) as u32, sum);
    }

    /// The token vectors of a text, each with its weight, tokens without a vector left out (SPEC.md §7).
    pub fn soft_tokens(&self, text: &str) -> SoftTokens {
        let normalised = normalise(text);
        let mut soft = SoftTokens { dim: self.dim, units: Vec::new(), weights: Vec::new() };
        for token in tokens(&normalised) {
            let mut sum = vec![0.0; self.dim];
            self.add_token(token, &mut sum);
            let length = dot(&sum, &sum).sqrt();
            if length > 0.0 {
                soft.units.extend(sum.iter().map(|x| x / length));
                soft.weights.push(length.sqrt());
            }
        }
        soft
    }

    /// Calls `each` with the features of one token: its word or number, and a word's character runs (§4).
    fn token_features(&self, token: Token<'_>, mut each: impl FnMut(u32)) {
        let class = if token.is_number { b'n' } else { b'w' };
        each((finish(fnv(fnv_start(class), token.text.as_bytes())) % self.words) as u32);
        if token.is_number {
            return;
        }
        let mut framed = String::with_capacity(token.text.len() + 2);
        framed.extend(["<", token.text, ">"]);
        let mut ends = Vec::with_capacity(framed.len() + 1);
        ends.extend(framed.char_indices().map(|(i, _)| i));
        ends.push(framed.len());
        let characters = ends.len() - 1;
        // Longer runs go on from the shorter ones' hashes.
        for start in 0..characters {
            let shortest = (start + self.shortest_run).min(characters);
            let mut hash = fnv(fnv_start(b'c'), &framed.as_bytes()[ends[start]..ends[shortest]]);
            for run in self.shortest_run..=self.longest_run.min(characters - 1).min(characters - start) {
                if run > self.shortest_run {
                    hash = fnv(hash, &framed.as_bytes()[ends[start + run - 1]..ends[start + run]]);
                }
                each((self.words + self.pairs + finish(hash) % self.runs) as u32);
            }
        }
    }

    fn add_row(&self, feature: u32, sum: &mut [f32]) {
        let feature = feature as usize;
        let scale = self.scale[feature];
        let row = &self.rows[feature * self.dim..(feature + 1) * self.dim];
        for (sum, &x) in sum.iter_mut().zip(row) {
            *sum += scale * f32::from(x);
        }
    }
}

/// Weights by feature, sorted by feature.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Bag(Vec<(u32, f32)>);

impl Bag {
    /// Adds up the weights of equal features; features of weight 0 are left out.
    pub fn new(mut features: Vec<(u32, f32)>) -> Bag {
        features.sort_by_key(|&(feature, _)| feature);
        features.dedup_by(|later, kept| {
            let same = later.0 == kept.0;
            if same {
                kept.1 += later.1;
            }
            same
        });
        features.retain(|&(_, weight)| weight > 0.0);
        Bag(features)
    }

    /// The features with their weights, in order.
    pub fn features(&self) -> &[(u32, f32)] {
        &self.0
    }

    /// The bag of two texts together.
    pub fn plus(&self, other: &Bag) -> Bag {
        Bag::new(self.0.iter().chain(&other.0).copied().collect())
    }

    /// Cosine of two bags, 0 if either is empty.
    pub fn cosine(&self, other: &Bag) -> f32 {
        let (mut i, mut j, mut product) = (0, 0, 0.0);
        while let (Some(a), Some(b)) = (self.0.get(i), other.0.get(j)) {
            if a.0 == b.0 {
                product += a.1 * b.1;
            }
            i += usize::from(a.0 <= b.0);
            j += usize::from(b.0 <= a.0);
        }
        let square = |bag: &Bag| bag.0.iter().map(|(_, x)| x * x).sum::<f32>();
        let lengths = (square(self) * square(other)).sqrt();
        if lengths > 0.0 { product / lengths } else { 0.0 }
    }
}

/// The tokens of a text as unit vectors with weights.
#[derive(Debug, Clone, Default)]
pub struct SoftTokens {
    dim: usize,
    units: Vec<f32>,
    weights: Vec<f32>,
}

impl SoftTokens {
    /// Number of tokens.
    pub fn len(&self) -> usize {
        self.weights.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.weights.is_empty()
    }

    /// How much of this text is found in `other`, from 0 to 1: each token's best cosine there, weighted (§7).
    pub fn found_in(&self, other: &SoftTokens) -> f32 {
        if self.is_empty() || other.is_empty() {
            return 0.0;
        }
        let mut sum = 0.0;
        for (unit, weight) in self.units.chunks_exact(self.dim).zip(&self.weights) {
            let best = other.units.chunks_exact(other.dim).map(|o| dot(unit, o)).fold(0.0, f32::max);
            sum += weight * best;
        }
        sum / self.weights.iter().sum::<f32>()
    }
}

/// Cosine of two vectors, 0 if either is zero.
pub fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let lengths = (dot(a, a) * dot(b, b)).sqrt();
    if lengths > 0.0 { dot(a, b) / lengths } else { 0.0 }
}

/// Product of two vectors, in eight sums so that the compiler can keep them in one register.
pub(crate) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0f32; 8];
    let (whole_a, rest_a) = a.as_chunks::<8>();
    let (whole_b, rest_b) = b.as_chunks::<8>();
    for (a, b) in whole_a.iter().zip(whole_b) {
        for k in 0..8 {
            sums[k] += a[k] * b[k];
        }
    }
    sums.iter().sum::<f32>() + rest_a.iter().zip(rest_b).map(|(a, b)| a * b).sum::<f32>()
}

/// A hash of a text that is the same everywhere.
pub(crate) fn fnv_text(text: &str) -> u64 {
    finish(fnv(fnv_start(b't'), text.as_bytes()))
}

fn fnv_start(class: u8) -> u64 {
    fnv(14_695_981_039_346_656_037, &[class])
}

fn fnv(hash: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(hash, |h, &x| (h ^ u64::from(x)).wrapping_mul(1_099_511_628_211))
}

fn finish(mut hash: u64) -> u64 {
    hash ^= hash >> 32;
    hash = hash.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    hash ^ (hash >> 29)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &[u8] = include_bytes!("../models/en-encoder/en-encoder.bin");
    const VECTORS: &str = include_str!("../models/en-encoder/test_vectors.tsv");

    #[test]
    fn agrees_with_the_test_vectors() {
        let encoder = Encoder::from_bytes(FILE).unwrap();
        let mut compared = 0;
        for line in VECTORS.lines().filter(|line| !line.starts_with('#')) {
            let fields: Vec<&str> = line.split('\t').collect();
            let [a, b] = [fields[0], fields[1]];
            let (soft_a, soft_b) = (encoder.soft_tokens(a), encoder.soft_tokens(b));
            let found = [
                cosine(&encoder.vector(a), &encoder.vector(b)),
                encoder.bag(a).cosine(&encoder.bag(b)),
                soft_a.found_in(&soft_b),
                soft_b.found_in(&soft_a),
            ];
            for (found, expected) in found.iter().zip(&fields[2..]) {
                let expected: f32 = expected.parse().unwrap();
                assert!((found - expected).abs() <= 2e-4, "{a} | {b}: {found} for {expected}");
                compared += 1;
            }
        }
        assert_eq!(compared, 80);
    }

    #[test]
    fn hashes_and_features_are_those_of_the_specification() {
        assert_eq!(finish(fnv(fnv_start(b'w'), b"the")), 0x3bd2_5dfc_180d_0906);
        let encoder = Encoder::from_bytes(FILE).unwrap();
        let text = normalise("1,200 cafés");
        let mut features = Vec::new();
        for token in tokens(&text) {
            encoder.token_features(token, |feature| features.push(feature));
        }
        features.sort_unstable();
        let mut expected = [11899, 14460, 58699, 52682, 42363, 47791, 35972, 51605, 53817, 41902, 46751];
        expected.sort_unstable();
        assert_eq!(features, expected);
    }

    #[test]
    fn normalises_and_cuts_into_tokens() {
        for (text, expected) in [
            ("Prices: 1,200.50 or 3.5!", "prices 120050 or 35"),
            ("1.2.3 and 4. 5", "123 and 4 5"),
            ("15th don't snake_case", "15 th don t snake case"),
            ("ＡＢＣ ﬁn", "abc fin"),
            ("", ""),
            ("— … !", ""),
        ] {
            let normalised = normalise(text);
            let found: Vec<&str> = tokens(&normalised).map(|token| token.text).collect();
            assert_eq!(found.join(" "), expected, "{text:?}");
        }
    }

    #[test]
    fn refuses_what_is_no_encoder() {
        let mut contradicting = FILE.to_vec();
        contradicting[8] ^= 1;
        for (bytes, word) in [
            (&b""[..], "not an encoder"),
            (&b"ENSENT01"[..], "not an encoder"),
            (&FILE[..FILE.len() - 1], "promises"),
            (&FILE[8..], "not an encoder"),
            (&contradicting[..], "contradicts"),
        ] {
            let error = Encoder::from_bytes(bytes).unwrap_err().to_string();
            assert!(error.contains(word), "{error}");
        }
    }
}
