//! Document alignment: which documents of two collections render each other, told by their content where names
//! say nothing. Both sides are in English here; the weak translation of a name or a figure is expected, so many
//! small signs are weighed instead of a few sure ones. Reading and translating are left to others.
//!
//! Candidates come from an index of rare signs (never all pairs), the score is a cosine weighted by rarity, as in
//! the document alignment task of WMT 2016 (Buck and Koehn, "Findings of the WMT 2016 Bilingual Document Alignment
//! Shared Task"), set off against the nearest rivals as Artetxe and Schwenk do for sentences ("Margin-based
//! Parallel Corpus Mining with Multilingual Sentence Embeddings", 2019). Links are competitive (Melamed, "Models of
//! Translational Equivalence among Words", 2000): the best pair first, each document once.

use std::cmp::Ordering;

use crate::facts::{Value, facts};
use crate::lang::Lang;
use crate::score::Map;

/// What is known of a document for finding its partner: a few kilobytes, however long the document is.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// Hashes of signs in ascending order; the lowest bits say of which kind.
    signs: Box<[u32]>,
    /// How often each occurs, at most 255.
    counts: Box<[u8]>,
    /// Where each first occurs, from 0 for the beginning to 255 for the end.
    places: Box<[u8]>,
    sentences: usize,
    letters: usize,
    date: Option<Day>,
}

/// Two documents that render each other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DocumentPair {
    /// Place of the source's profile, from 0.
    pub source: usize,
    /// Place of the target's profile, from 0.
    pub target: usize,
    /// How sure the pair is, from 0 to 1.
    pub score: f32,
}

/// A date, as far as a document states it.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Day {
    year: u32,
    /// Days since an arbitrary one, where month and day are stated.
    number: Option<i64>,
}

/// Signs kept of one document. Those with the lowest hashes stay: of two long documents the same ones.
const SIGNS: usize = 1000;
/// Beginnings of words: "company" and "companies", "Clinton" and "Clintons" are one.
const STEM: usize = 6;
/// Names are mangled more than words, mostly towards their ends.
const NAME: usize = 4;
/// The rarest signs of a source that are looked up.
const QUERIES: usize = 80;
/// A sign that more targets have than this is not looked up.
const POSTINGS: usize = 100;
/// Candidates whose score is computed in full, for each source.
const CANDIDATES: usize = 12;
/// What signs of each kind are worth: words, names (which are words too), numbers; the fourth is not used.
const KINDS: [f32; 4] = [1.0, 0.7, 1.3, 0.0];
const WORD: u32 = 0;
const NAMED: u32 = 1;
const NUMBER: u32 = 2;
/// A translation keeps the order: what is left of a shared sign's worth where its places are far apart, and what share
/// of the document is far. Another part of the same story shares the names, but not in the same places.
const ANYWHERE: f32 = 0.5;
const APART: f32 = 0.3;
/// Log odds that a pair is one: a constant; for the logarithm of the cosine over what is usual in the collection;
/// for that of its ratio to the nearest rival; for lengths that differ by more than e times.
const CONSTANT: f32 = 1.5;
const USUAL: f32 = 2.0;
const RIVAL: f32 = 6.1;
const LENGTHS: f32 = -1.5;
/// The cosine of unrelated documents, at least, as a share of what is usual for pairs.
const STRANGER: f32 = 0.2;
/// The usual cosine of pairs, before anything is known of the collection.
const ELSEWHERE: f32 = 0.4;
/// Below this a pair is none.
const ENOUGH: f32 = 0.55;

impl Profile {
    /// Takes down what matters of a document: its sentences in English, and its date as the source writes it.
    pub fn new<'a>(english: impl IntoIterator<Item = &'a str>, date: Option<&str>) -> Profile {
        let mut signs = Vec::new();
        let (mut sentences, mut letters) = (0, 0);
        for sentence in english.into_iter().filter(|sentence| !sentence.trim().is_empty()) {
            sentences += 1;
            take_signs(sentence, letters, &mut signs);
            letters += sentence.chars().filter(|c| c.is_alphanumeric()).count();
        }
        signs.sort_unstable();
        let (mut kept, mut counts, mut places) = (Vec::new(), Vec::new(), Vec::new());
        for run in signs.chunk_by(|a, b| a.0 == b.0).take(SIGNS) {
            kept.push(run[0].0);
            counts.push(run.len().min(255) as u8);
            places.push((run[0].1 * 255 / letters.max(1)).min(255) as u8);
        }
        let date = date.and_then(Day::read);
        Profile { signs: kept.into(), counts: counts.into(), places: places.into(), sentences, letters, date }
    }

    /// Orders profiles by what they hold, so that ties are not decided by the order of the input.
    fn order(&self, other: &Profile) -> Ordering {
        let key = |profile: &Profile| (profile.letters, profile.sentences);
        key(self)
            .cmp(&key(other))
            .then_with(|| self.signs.cmp(&other.signs))
            .then_with(|| self.counts.cmp(&other.counts))
            .then_with(|| self.places.cmp(&other.places))
    }
}

impl Day {
    /// The day or year that `text` states first, in English or German spelling.
    fn read(text: &str) -> Option<Day> {
        // Time stamps: "2025-04-02T09:30:00+02:00".
        let text = text.split_once('T').map_or(text, |(day, _)| if day.len() == 10 { day } else { text });
        let stated = |lang: &Lang| {
            facts(text, lang).into_iter().find_map(|fact| match fact.value {
                Value::Date(date) => Some(Day::new(date.year?, date.month.zip(date.day))),
                Value::Number(n) if n.firm && (1000.0..3000.0).contains(&n.amount) => {
                    Some(Day::new(n.amount as u32, None))
                }
                _ => None,
            })
        };
        let german = "de".parse().ok().and_then(|lang| stated(&lang));
        let english = stated(&Lang::english());
        // The reading that knows the month wins: "14. März 2025" is a year alone to English eyes.
        match (english, german) {
            (Some(day), _) if day.number.is_some() => Some(day),
            (_, Some(day)) if day.number.is_some() => Some(day),
            (english, german) => english.or(german),
        }
    }

    fn new(year: u32, rest: Option<(u32, u32)>) -> Day {
        // Days from a date of the civil calendar, March being the first month.
        let number = rest.map(|(month, day)| {
            let (y, m) = if month > 2 { (year, month - 3) } else { (year.saturating_sub(1), month + 9) };
            i64::from(y * 365 + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day)
        });
        Day { year, number }
    }
}

/// The documents of both collections that render each other: each document at most once, in order of the
/// source. A document whose best candidate is too weak, or hardly better than the next one, has no partner.
///
/// Takes time and memory in proportion to the number of documents. The same documents in another order give the
/// same pairs.
pub fn pair_documents(source: &[Profile], target: &[Profile]) -> Vec<DocumentPair> {
    let rarity = Rarity::of(source, target);
    let mut edges = edges(source, target, &rarity);
    judge(&mut edges, source, target);
    link(edges, source, target)
}

/// What each sign is worth, by the number of documents that have it.
struct Rarity {
    documents: Map<u32, u32>,
    total: f32,
}

/// A pair that may be one.
struct Edge {
    source: usize,
    target: usize,
    cosine: f32,
    score: f32,
}

impl Rarity {
    fn of(source: &[Profile], target: &[Profile]) -> Rarity {
        let mut documents = Map::default();
        for sign in source.iter().chain(target).flat_map(|profile| &profile.signs) {
            *documents.entry(*sign).or_insert(0) += 1;
        }
        Rarity { documents, total: (source.len() + target.len()) as f32 }
    }

    /// The idf of a sign, times what its kind is worth. In a small collection nothing is known to be rare.
    fn worth(&self, sign: u32) -> f32 {
        let have = self.documents.get(&sign).copied().unwrap_or(1) as f32;
        let kind = KINDS[sign as usize % KINDS.len()];
        kind * ((self.total + 20.0) / (have + 1.0)).ln().max(0.0)
    }

    /// The signs of a profile with their weights, the length being one.
    fn vector(&self, profile: &Profile) -> Vec<f32> {
        let weight = |(sign, count): (&u32, &u8)| self.worth(*sign) * (1.0 + f32::from(*count).ln());
        let mut weights: Vec<f32> = profile.signs.iter().zip(&profile.counts).map(weight).collect();
        let length = weights.iter().map(|weight| weight * weight).sum::<f32>().sqrt();
        weights.iter_mut().for_each(|weight| *weight /= length.max(f32::MIN_POSITIVE));
        weights
    }
}

/// For each source the targets that share most of its rare signs, with their cosine.
fn edges(source: &[Profile], target: &[Profile], rarity: &Rarity) -> Vec<Edge> {
    let vectors: Vec<Vec<f32>> = target.iter().map(|profile| rarity.vector(profile)).collect();
    let index = Index::of(target);
    let mut sums = vec![0.0; target.len()];
    let mut edges = Vec::new();
    for (i, profile) in source.iter().enumerate() {
        let vector = rarity.vector(profile);
        for j in index.candidates(profile, &vector, target, &mut sums) {
            let cosine = cosine((profile, &vector), (&target[j], &vectors[j]));
            edges.push(Edge { source: i, target: j, cosine, score: 0.0 });
        }
    }
    edges
}

/// Which targets have a sign.
struct Index(Map<u32, Vec<u32>>);

impl Index {
    fn of(target: &[Profile]) -> Index {
        let mut index: Map<u32, Vec<u32>> = Map::default();
        for (j, profile) in target.iter().enumerate() {
            for sign in &profile.signs {
                index.entry(*sign).or_default().push(j as u32);
            }
        }
        Index(index)
    }

    /// The best candidates for a source. `sums` is zero for every target, before and after.
    fn candidates(
        &self,
        source: &Profile,
        vector: &[f32],
        target: &[Profile],
        sums: &mut [f32],
    ) -> Vec<usize> {
        let mut queries: Vec<(f32, &Vec<u32>)> = source
            .signs
            .iter()
            .zip(vector)
            .filter_map(|(sign, weight)| Some((*weight, self.0.get(sign)?)))
            .filter(|(_, postings)| postings.len() <= POSTINGS)
            .collect();
        queries.sort_by(|a, b| b.0.total_cmp(&a.0));
        let mut found = Vec::new();
        for (weight, postings) in queries.into_iter().take(QUERIES) {
            for &j in postings {
                let sum = &mut sums[j as usize];
                if *sum == 0.0 {
                    found.push(j as usize);
                }
                *sum += weight * weight;
            }
        }
        let better = |a: &usize, b: &usize| {
            sums[*b].total_cmp(&sums[*a]).then_with(|| target[*a].order(&target[*b])).then(a.cmp(b))
        };
        let mut best = found.clone();
        if best.len() > CANDIDATES {
            best.select_nth_unstable_by(CANDIDATES - 1, better);
            best.truncate(CANDIDATES);
        }
        best.sort_unstable();
        found.into_iter().for_each(|j| sums[j] = 0.0);
        best
    }
}

/// The weights of shared signs, those in like places counting in full.
fn cosine(a: (&Profile, &[f32]), b: (&Profile, &[f32])) -> f32 {
    let (mut i, mut j, mut sum) = (0, 0, 0.0);
    while i < a.0.signs.len() && j < b.0.signs.len() {
        match a.0.signs[i].cmp(&b.0.signs[j]) {
            Ordering::Less => i += 1,
            Ordering::Greater => j += 1,
            Ordering::Equal => {
                let apart = f32::from(a.0.places[i].abs_diff(b.0.places[j])) / 255.0;
                sum += a.1[i] * b.1[j] * (ANYWHERE + (1.0 - ANYWHERE) * (-(apart / APART).powi(2)).exp());
                (i, j) = (i + 1, j + 1);
            }
        }
    }
    sum
}

/// Turns cosines into scores: how much better a pair is than its nearest rivals on both sides.
fn judge(edges: &mut [Edge], source: &[Profile], target: &[Profile]) {
    let mut best_of_source = vec![Best::default(); source.len()];
    let mut best_of_target = vec![Best::default(); target.len()];
    for edge in edges.iter() {
        best_of_source[edge.source].add(edge.cosine);
        best_of_target[edge.target].add(edge.cosine);
    }
    let rivals: Vec<f32> = edges
        .iter()
        .map(|edge| {
            best_of_source[edge.source].rival(edge.cosine).max(best_of_target[edge.target].rival(edge.cosine))
        })
        .collect();
    let usual = usual(edges.iter().zip(&rivals).map(|(edge, rival)| (edge.cosine, *rival)));
    for (edge, rival) in edges.iter_mut().zip(rivals) {
        // In a small collection a stranger has no rivals.
        let rival = rival.max(STRANGER * usual);
        let (a, b) = (&source[edge.source], &target[edge.target]);
        let lengths = ((a.letters as f32 + 20.0) / (b.letters as f32 + 20.0)).ln().abs();
        let log_odds = CONSTANT
            + USUAL * (edge.cosine.max(0.001) / usual).ln()
            + RIVAL * ((edge.cosine + 0.01) / (rival + 0.01)).ln()
            + LENGTHS * (lengths - 1.0).max(0.0)
            + dates(a.date, b.date);
        edge.score = 1.0 / (1.0 + (-log_odds).exp());
    }
}

/// The cosine that pairs of this collection usually have: it depends on how long the documents are and how well they
/// were translated. Taken from pairs far ahead of their rivals; where these are few, it leans to what is usual
/// elsewhere.
fn usual(edges: impl Iterator<Item = (f32, f32)>) -> f32 {
    let mut cosines: Vec<f32> =
        edges.filter(|(cosine, rival)| *cosine > 1.5 * rival + 0.05).map(|(cosine, _)| cosine).collect();
    cosines.extend([ELSEWHERE; 3]);
    cosines.sort_by(f32::total_cmp);
    cosines[cosines.len() / 2]
}

/// The two highest cosines of a document.
#[derive(Clone, Copy, Default)]
struct Best(f32, f32);

impl Best {
    fn add(&mut self, cosine: f32) {
        if cosine > self.0 {
            *self = Best(cosine, self.0);
        } else if cosine > self.1 {
            self.1 = cosine;
        }
    }

    /// The best cosine of another pair than the one with this cosine.
    fn rival(&self, cosine: f32) -> f32 {
        if cosine >= self.0 { self.1 } else { self.0 }
    }
}

/// What the dates say, as a log odds: translations mostly appear within days. By judgement, not fitted.
fn dates(a: Option<Day>, b: Option<Day>) -> f32 {
    let (Some(a), Some(b)) = (a, b) else { return 0.0 };
    match (a.number, b.number) {
        (Some(a), Some(b)) => match (a - b).abs() {
            0..=1 => 1.0,
            2..=7 => 0.0,
            8..=60 => -1.0,
            _ => -2.0,
        },
        _ if a.year.abs_diff(b.year) > 1 => -2.0,
        _ => 0.0,
    }
}

/// The best pair first, each document once.
fn link(mut edges: Vec<Edge>, source: &[Profile], target: &[Profile]) -> Vec<DocumentPair> {
    edges.retain(|edge| edge.score >= ENOUGH);
    edges.sort_by(|a, b| {
        b.score
            .total_cmp(&a.score)
            .then_with(|| source[a.source].order(&source[b.source]))
            .then_with(|| target[a.target].order(&target[b.target]))
            .then((a.source, a.target).cmp(&(b.source, b.target)))
    });
    let (mut used_source, mut used_target) = (vec![false; source.len()], vec![false; target.len()]);
    let mut pairs = Vec::new();
    for Edge { source, target, score, .. } in edges {
        if !used_source[source] && !used_target[target] {
            (used_source[source], used_target[target]) = (true, true);
            pairs.push(DocumentPair { source, target, score });
        }
    }
    pairs.sort_by_key(|pair| pair.source);
    pairs
}

/// Adds the hashes of what a sentence holds, with their places in letters: beginnings of words, names, numbers.
fn take_signs(sentence: &str, before: usize, signs: &mut Vec<(u32, usize)>) {
    let mut at = before;
    let mut first = true;
    for token in sentence.split(|c: char| !(c.is_alphanumeric() || matches!(c, '.' | ','))) {
        let token = token.trim_matches(['.', ',']);
        if token.contains(|c: char| c.is_ascii_digit()) {
            // "48,5" and "48.5" are one number; so are "COVID-19" and "Covid 19".
            signs.push((sign(token.chars().filter(char::is_ascii_digit), NUMBER), at));
        }
        for word in token.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()) {
            let letters = word.chars().count();
            if letters >= 3 {
                signs.push((sign(word.chars().take(STEM).flat_map(char::to_lowercase), WORD), at));
            }
            if !first && letters >= 3 && word.starts_with(char::is_uppercase) {
                signs.push((sign(word.chars().take(NAME).flat_map(char::to_lowercase), NAMED), at));
            }
            first = false;
        }
        at += token.chars().filter(|c| c.is_alphanumeric()).count();
    }
}

/// A hash (FNV-1a, the same in every run and on every machine) with the kind in its lowest bits.
fn sign(letters: impl Iterator<Item = char>, kind: u32) -> u32 {
    let mut hash = 14_695_981_039_346_656_037_u64;
    for letter in letters {
        hash = (hash ^ u64::from(u32::from(letter))).wrapping_mul(1_099_511_628_211);
    }
    // The kind decides the upper bits too, or the signs with low hashes would all be of one kind.
    hash = (hash ^ u64::from(kind)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    ((hash >> 32) as u32) & !3 | kind
}

#[cfg(test)]
mod tests {
    use super::*;

    const STORIES: [[&str; 2]; 4] = [
        [
            "The ferry from Tannhafen to the island of Grooten runs again. A crossing costs 4.50 euros.",
            "Ferry to Grooten back in service. Passengers from Tannhafen pay €4,50 for the crossing.",
        ],
        [
            "The library of Wesselbrueck stays open on Sundays. The council gave 41,000 euros for it.",
            "Sunday opening for Wesselbrück's library: the town council grants 41000 euros.",
        ],
        [
            "A mill from 1684 was found under the slope. Its owner had four daughters and no son.",
            "Remains of a mill of 1684 were found on the slope; the miller had four daughters, but no son.",
        ],
        [
            "Heat from the river warms 3,200 homes in the valley. The pumps were made in Norway.",
            "The river's heat now warms 3200 homes of the valley, by pumps from Norway.",
        ],
    ];

    fn profiles(side: usize, date: Option<&str>) -> Vec<Profile> {
        STORIES.iter().map(|story| Profile::new([story[side]], date)).collect()
    }

    fn places(pairs: &[DocumentPair]) -> Vec<(usize, usize)> {
        pairs.iter().map(|pair| (pair.source, pair.target)).collect()
    }

    #[test]
    fn translations_find_each_other() {
        let (source, mut target) = (profiles(0, None), profiles(1, None));
        target.rotate_left(1);
        let pairs = pair_documents(&source, &target);
        assert_eq!(places(&pairs), [(0, 3), (1, 0), (2, 1), (3, 2)]);
        assert!(pairs.iter().all(|pair| (0.5..=1.0).contains(&pair.score)), "{pairs:?}");
    }

    #[test]
    fn who_has_no_partner_gets_none() {
        let (source, target) = (profiles(0, None), profiles(1, None));
        assert_eq!(places(&pair_documents(&source[1..], &target[..3])), [(0, 1), (1, 2)]);
        assert_eq!(pair_documents(&source[..1], &target[1..2]), []);
        assert_eq!(pair_documents(&[], &target), []);
        let blank = Profile::new(["", " \n", "?"], None);
        assert_eq!(pair_documents(&[blank.clone(), blank.clone()], &[blank]), []);
    }

    #[test]
    fn a_date_far_off_lowers_the_score() {
        let score = |date| pair_documents(&profiles(0, Some("2 April 2025")), &profiles(1, date))[0].score;
        let near = score(Some("2025-04-03T09:30:00+02:00"));
        assert!(near > score(None) && score(None) > score(Some("3. April 2021")));
    }

    #[test]
    fn dates_are_read_in_both_spellings() {
        let day = |text| Day::read(text).map(|day| (day.year, day.number));
        let second = day("2025-04-02").unwrap();
        assert!(second.1.is_some());
        for text in ["2. April 2025", "April 2, 2025", "2025-04-02T09:30:00+02:00", "Mittwoch, 02.04.2025"] {
            assert_eq!(day(text), Some(second), "{text}");
        }
        assert_eq!(
            day("March 1, 2024").unwrap().1,
            day("29. Februar 2024").unwrap().1.map(|number| number + 1)
        );
        for (text, year) in [("2025", Some(2025)), ("", None), ("gestern", None), ("99999999999", None)] {
            assert_eq!(day(text), year.map(|year| (year, None)), "{text}");
        }
    }

    #[test]
    fn a_profile_stays_small() {
        let text: String = (0..50_000).map(|i| format!("w{} Q{} {i} ", i * 7919 % 30_011, i)).collect();
        let profile = Profile::new(text.split_inclusive("0 "), None);
        assert_eq!(profile.signs.len(), SIGNS);
        assert_eq!((profile.counts.len(), profile.places.len()), (SIGNS, SIGNS));
    }
}
