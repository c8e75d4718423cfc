//! Laws of the aligner on generated input: any two documents at all.

use diptych::{AlignInput, AlignOptions, Bead, align};
use proptest::prelude::*;

fn covers(beads: &[Bead], sources: usize, targets: usize) -> bool {
    let mut at = (0, 0);
    for bead in beads {
        if (bead.source.start, bead.target.start) != at
            || bead.source.len() + bead.target.len() == 0
            || !(0.0..=1.0).contains(&bead.score)
        {
            return false;
        }
        at = (bead.source.end, bead.target.end);
    }
    at == (sources, targets)
}

fn document(most: usize) -> impl Strategy<Value = Vec<String>> {
    let word = prop_oneof!["[a-e]{1,6}", "[0-9]{1,4}", Just("the".to_string()), Just("…".to_string())];
    let line = prop::collection::vec(word, 0..9).prop_map(|words| words.join(" "));
    prop::collection::vec(line, 0..most)
}

fn texts(lines: &[String]) -> Vec<&str> {
    lines.iter().map(String::as_str).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn beads_cover_both_sides_once_in_order_and_always_the_same(
        source in document(30), target in document(30), translated in any::<bool>(), max_total in 0usize..9,
    ) {
        let (source, target) = (texts(&source), texts(&target));
        let input = AlignInput {
            source: &source,
            target: &target,
            hypotheses: translated.then_some(&source),
            ..AlignInput::default()
        };
        let options = AlignOptions { max_total, ..AlignOptions::default() };
        let beads = align(&input, &options);
        prop_assert!(covers(&beads, source.len(), target.len()), "{beads:?}");
        prop_assert!(beads.iter().all(|b| b.source.len() + b.target.len() <= max_total.max(2)));
        prop_assert_eq!(beads, align(&input, &options));
    }

    #[test]
    fn a_document_is_its_own_translation(lines in document(40)) {
        let lines = texts(&lines);
        let input = AlignInput { source: &lines, target: &lines, ..AlignInput::default() };
        let beads = align(&input, &AlignOptions::default());
        prop_assert!(beads.iter().all(|b| b.kind() == "1-1"), "{beads:?}");
    }
}

#[test]
fn extremes_end_and_cover() {
    let many: Vec<String> = (0..10_000).map(|i| format!("line {i} of many others")).collect();
    let many = texts(&many);
    let equal = vec!["all lines are equal here"; 300];
    let blank = vec![""; 50];
    let foreign: Vec<String> =
        (0..400).map(|i| format!("xq{} zv{}", i * 7919 % 4001, i * 31 % 997)).collect();
    let foreign = texts(&foreign);
    let one = vec!["line 5000 of many others"];
    let huge = "word ".repeat(100_000);
    for (source, target) in [
        (&one, &many),
        (&many, &one),
        (&equal, &equal),
        (&equal, &many),
        (&blank, &blank),
        (&blank, &equal),
        (&foreign, &many),
        (&vec![], &many),
        (&many, &vec![]),
        (&vec![huge.as_str(), "end"], &vec!["word", "end"]),
        (&many, &many),
    ] {
        let input = AlignInput { source, target, ..AlignInput::default() };
        let beads = align(&input, &AlignOptions::default());
        assert!(covers(&beads, source.len(), target.len()), "{} x {}", source.len(), target.len());
        if source == target {
            assert!(beads.iter().all(|b| b.kind() == "1-1"), "{} x {}", source.len(), target.len());
        }
    }
}
