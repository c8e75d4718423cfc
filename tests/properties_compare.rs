//! Laws of facts and comparisons on any input.

use diptych::{CompareOptions, Encoder, Lang, Relation, Report, compare, facts, unmatched};
use proptest::prelude::*;

/// Text as it comes, rich in what the readers look at.
fn text() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        "[0-9]{1,6}",
        "[0-9]{1,3}[.,:'’ ][0-9]{1,3}([.,][0-9]{1,3})?",
        "(Mio|Mrd|million|Prozent|%|€|\\$|Uhr|p\\.m\\.|Mai|May|Montag|jährige|er Jahre|s|Grad)",
        "(zwei|dreiundzwanzig|hundertfünf|twenty|three|a|half|eine|hundred|und|and|bis|-|–)",
        "[\"„“”»«‚‘’]",
        "[A-ZÄÖÜa-zäöüß]{1,9}",
        "\\PC{0,6}",
    ];
    prop::collection::vec(part, 0..12).prop_map(|parts| parts.join(" "))
}

fn lang() -> impl Strategy<Value = Lang> {
    prop_oneof!["de", "en", "fr", "zh"].prop_map(|tag: String| tag.parse().unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn facts_lie_in_the_text_on_character_borders(text in text(), lang in lang()) {
        for fact in facts(&text, &lang) {
            prop_assert!(fact.span.start < fact.span.end, "{fact:?}");
            prop_assert!(text.get(fact.span.start..fact.span.end).is_some(), "{fact:?}");
        }
    }

    #[test]
    fn a_text_does_not_contradict_itself(text in text(), lang in lang()) {
        let said = facts(&text, &lang);
        prop_assert_eq!(unmatched(&said, &said), (vec![], vec![]));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_sentence_is_judged_and_links_are_in_bounds(
        source in prop::collection::vec(text(), 0..7),
        target in prop::collection::vec(text(), 0..7),
        relation in prop_oneof![
            Just(None), Just(Some(Relation::Independent)), Just(Some(Relation::Rearranged)),
            Just(Some(Relation::Parallel))
        ],
    ) {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/models/en-encoder/en-encoder.bin");
        let encoder = Encoder::from_bytes(&std::fs::read(file).unwrap()).unwrap();
        let lang = Lang::english();
        let report = |texts: &'_ [String]| -> (Vec<String>, usize) { (texts.to_vec(), texts.len()) };
        let ((a, n), (b, m)) = (report(&source), report(&target));
        let one = Report { lang: &lang, sentences: a.iter().map(String::as_str).collect(), english: a.iter().map(String::as_str).collect() };
        let other = Report { lang: &lang, sentences: b.iter().map(String::as_str).collect(), english: b.iter().map(String::as_str).collect() };
        let options = CompareOptions { relation, ..CompareOptions::default() };
        let answer = compare(&one, &other, &encoder, &options);
        prop_assert_eq!((answer.source.len(), answer.target.len()), (n, m));
        for link in &answer.scored {
            prop_assert!(link.source < n && link.target < m && (0.0..=1.0).contains(&link.score));
        }
        for judgement in answer.source.iter().chain(&answer.target) {
            prop_assert!((0.0..=1.0).contains(&judgement.found) && judgement.share.is_finite());
        }
        for d in &answer.disagreements {
            prop_assert!(a[d.source.0].get(d.source.1.start..d.source.1.end).is_some());
            prop_assert!(b[d.target.0].get(d.target.1.start..d.target.1.end).is_some());
        }
        let again = compare(&one, &other, &encoder, &options);
        prop_assert_eq!(answer.scored, again.scored);
    }
}
