//! Laws of document alignment.

use std::collections::BTreeSet;

use diptych::{DocumentPair, Profile, pair_documents};
use proptest::prelude::*;

/// Documents as numbers of words; the second side says each word a little differently, or not at all.
fn documents() -> impl Strategy<Value = Vec<Vec<u16>>> {
    prop::collection::vec(prop::collection::vec(0..400_u16, 5..60), 1..12)
}

fn source(words: &[u16]) -> Profile {
    let text: Vec<String> = words.iter().map(|word| format!("{}x{word}", spelled(*word))).collect();
    Profile::new(
        text.chunks(8).map(|line| line.join(" ")).collect::<Vec<_>>().iter().map(String::as_str),
        None,
    )
}

fn target(words: &[u16]) -> Profile {
    let kept = words.iter().filter(|word| **word % 5 != 0);
    let text: Vec<String> = kept.map(|word| format!("{}x {word}", spelled(*word))).collect();
    Profile::new([text.join(" ").as_str()], Some("2025-04-02"))
}

fn spelled(mut word: u16) -> String {
    let mut text = String::from("w");
    while word > 0 {
        text.push(char::from(b'a' + (word % 13) as u8));
        word /= 13;
    }
    text
}

/// The same pairs, the documents being called by where they were before they were moved.
fn moved(pairs: &[DocumentPair], sources: &[usize], targets: &[usize]) -> BTreeSet<(usize, usize, u32)> {
    pairs.iter().map(|pair| (sources[pair.source], targets[pair.target], pair.score.to_bits())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn each_document_has_at_most_one_partner(a in documents(), b in documents()) {
        let source: Vec<Profile> = a.iter().map(|words| source(words)).collect();
        let target: Vec<Profile> = b.iter().chain(&a).map(|words| target(words)).collect();
        let pairs = pair_documents(&source, &target);
        let sources: BTreeSet<usize> = pairs.iter().map(|pair| pair.source).collect();
        let targets: BTreeSet<usize> = pairs.iter().map(|pair| pair.target).collect();
        prop_assert_eq!((sources.len(), targets.len()), (pairs.len(), pairs.len()));
        prop_assert!(pairs.iter().all(|pair| pair.source < source.len() && pair.target < target.len()));
        prop_assert!(pairs.iter().all(|pair| (0.0..=1.0).contains(&pair.score)));
        prop_assert!(pairs.is_sorted_by_key(|pair| pair.source));
    }

    #[test]
    fn the_order_of_the_documents_does_not_matter(
        all in prop::collection::btree_set(prop::collection::vec(0..400_u16, 5..40), 2..12),
        seed in any::<u64>(),
    ) {
        let all: Vec<Vec<u16>> = all.into_iter().collect();
        let sources: Vec<Profile> = all.iter().map(|words| source(words)).collect();
        let targets: Vec<Profile> = all.iter().map(|words| target(words)).collect();
        let here: Vec<usize> = (0..all.len()).collect();
        let mut there = here.clone();
        there.sort_by_key(|i| (*i as u64 + 1).wrapping_mul(seed | 1));
        let mut back = here.clone();
        back.sort_by_key(|i| (*i as u64 + 7).wrapping_mul(seed.rotate_left(17) | 1));
        let pick = |from: &[Profile], order: &[usize]| order.iter().map(|i| from[*i].clone()).collect::<Vec<_>>();
        let one = pair_documents(&sources, &targets);
        let other = pair_documents(&pick(&sources, &there), &pick(&targets, &back));
        // Documents alike to the last sign are interchangeable; the words above may leave such targets.
        let alike = targets.iter().enumerate().any(|(i, a)| targets[..i].contains(a));
        prop_assume!(!alike);
        prop_assert_eq!(moved(&one, &here, &here), moved(&other, &there, &back));
    }

    #[test]
    fn any_text_is_a_profile(lines in prop::collection::vec(".{0,40}", 0..6), date in ".{0,20}") {
        let profile = Profile::new(lines.iter().map(String::as_str), Some(&date));
        let pairs = pair_documents(std::slice::from_ref(&profile), std::slice::from_ref(&profile));
        prop_assert!(pairs.len() <= 1);
    }
}
