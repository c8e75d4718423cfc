//! The real binary filters stores that the library made: what is rejected, why, and what other commands make of it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use diptych::{Bead, Bitext, Document, Engines, Error, FilterOptions, PairFilter, Reason, Split, Store};
use serde_json::json;

/// A document pair of so many lines, 1-1, each with its score.
fn bitext(name: &str, lines: &[(&str, &str, f32)]) -> Bitext {
    let document = |lang: &str, text: Vec<&str>| {
        Document::new(format!("{name}.{lang}"), lang.parse().unwrap(), text.join("\n"), Split::Lines)
    };
    let source = document("de", lines.iter().map(|line| line.0).collect());
    let target = document("en", lines.iter().map(|line| line.1).collect());
    let beads = lines.iter().enumerate();
    let beads = beads.map(|(i, line)| Bead { source: i..i + 1, target: i..i + 1, score: line.2 }).collect();
    Bitext::new(source, target, beads, "test".into()).unwrap()
}

const FOOTER: (&str, &str, f32) =
    ("Abonnieren Sie unseren Rundbrief für Neues.", "Subscribe to our newsletter for news.", 0.9);

/// Four documents with a line in common, a pair that stands in two of them, and one that is wrong.
fn documents() -> Vec<Bitext> {
    vec![
        bitext(
            "a",
            &[("Der Hafen ist seit Montag zu.", "The harbour has been shut since Monday.", 0.9), FOOTER],
        ),
        bitext("b", &[("Die Brücke wird neu gebaut.", "The bridge is being rebuilt.", 0.8), FOOTER]),
        bitext("c", &[FOOTER, ("Die Brücke wird neu gebaut!", "The Bridge is being rebuilt.", 0.95)]),
        bitext("d", &[("Es kamen 150 Gäste zum Fest.", "There came 250 guests to the party.", 0.9), FOOTER]),
    ]
}

fn store(path: &Path, documents: &[Bitext]) -> Store {
    let mut store = Store::open(path).unwrap();
    documents.iter().for_each(|bitext| store.save(bitext, &Engines::default()).unwrap());
    store
}

fn diptych(command: &str, store: &Path, rest: &[&str]) -> Output {
    let mut run = Command::new(env!("CARGO_BIN_EXE_diptych"));
    run.arg(command).arg("--store").arg(store).args(rest).output().unwrap()
}

fn printed(output: Output) -> String {
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn scratch() -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("c.db");
    (directory, path)
}

fn verdicts(store: &Store) -> Vec<(String, Option<Reason>)> {
    let mut verdicts = Vec::new();
    for rejected in [false, true] {
        let filter = PairFilter { rejected, ..PairFilter::default() };
        let each = &mut |pair: &diptych::AlignedPair<'_>| {
            verdicts.push((format!("{} {}", pair.source.document, pair.source.text), pair.rejected));
            Ok(())
        };
        store.for_each_pair(&filter, each).unwrap();
    }
    verdicts.sort();
    verdicts
}

#[test]
fn what_is_rejected_is_counted_left_out_and_marked() {
    let (_directory, path) = scratch();
    store(&path, &documents());
    assert_eq!(printed(diptych("export", &path, &[])).lines().count(), 8);
    let counts: serde_json::Value =
        serde_json::from_str(&printed(diptych("filter", &path, &["--json"]))).unwrap();
    let rejected = json!({"boilerplate": 4, "duplicate": 1, "numbers": 1});
    assert_eq!(counts, json!({"pairs": 8, "kept": 2, "rejected": rejected}));

    let kept = printed(diptych("export", &path, &[]));
    let kept: Vec<&str> = kept.lines().map(|line| line.split('\t').next().unwrap()).collect();
    assert_eq!(kept, ["Der Hafen ist seit Montag zu.", "Die Brücke wird neu gebaut!"]);
    let rows = printed(diptych("export", &path, &["--rejected"]));
    let reasons: Vec<(&str, &str)> =
        rows.lines().map(|line| line.split('\t').collect::<Vec<_>>()).map(|row| (row[4], row[12])).collect();
    let expected = [
        ("a.de", "boilerplate"),
        ("b.de", "duplicate"),
        ("b.de", "boilerplate"),
        ("c.de", "boilerplate"),
        ("d.de", "numbers"),
        ("d.de", "boilerplate"),
    ];
    assert_eq!(reasons, expected);
    let json = printed(diptych("export", &path, &["--rejected", "--format", "jsonl"]));
    let row: serde_json::Value = serde_json::from_str(json.lines().next().unwrap()).unwrap();
    assert_eq!(row["rejected"], "boilerplate");
    assert!(
        printed(diptych("export", &path, &["--rejected", "--format", "tmx"]))
            .contains("<prop type=\"rejected\">")
    );

    let stats: serde_json::Value =
        serde_json::from_str(&printed(diptych("stats", &path, &["--json"]))).unwrap();
    assert_eq!(stats["rejected"], rejected);
    assert!(printed(diptych("stats", &path, &[])).contains("6: numbers 1, boilerplate 4, duplicate 1"));
    assert!(printed(diptych("search", &path, &["Gäste"])).contains("rejected: numbers"));
    assert!(!printed(diptych("search", &path, &["Hafen"])).contains("rejected"));
}

#[test]
fn other_thresholds_judge_again() {
    let (_directory, path) = scratch();
    store(&path, &documents());
    for (options, kept) in [
        (&[][..], 2),
        (&["--min-score", "0.92"], 1),
        (&["--allow", "boilerplate"], 3),
        (&["--boilerplate", "5"], 3),
        (&["--allow", "boilerplate,duplicate,numbers"], 8),
        (&["--max-length-ratio", "1.01", "--allow", "boilerplate"], 0),
        (&[], 2),
    ] {
        let counts = printed(diptych("filter", &path, &[&["--json"], options].concat()));
        let counts: serde_json::Value = serde_json::from_str(&counts).unwrap();
        assert_eq!(counts["kept"], kept, "{options:?}");
    }
    let text = printed(diptych("filter", &path, &[]));
    assert!(text.contains("8  pairs\n2  kept\n1  numbers      each side"), "{text}");
    for wrong in [&["--min-score", "2"][..], &["--max-length-ratio", "1"], &["--allow", "spelling"]] {
        assert_eq!(diptych("filter", &path, wrong).status.code(), Some(2), "{wrong:?}");
    }
}

#[test]
fn a_filter_that_was_run_is_not_run_again_until_something_comes_in() {
    let (_directory, path) = scratch();
    let mut store = store(&path, &documents()[..3]);
    let options = FilterOptions::default();
    let mut heard = 0;
    let counts = store
        .filter(&options, &mut |done| {
            heard = done;
            Ok(())
        })
        .unwrap();
    assert_eq!((heard, store.filtered().unwrap()), (3, Some(options.to_string())));
    let again = store.filter(&options, &mut |_| panic!("nothing to do")).unwrap();
    assert_eq!(again, counts);
    store.save(&documents()[3], &Engines::default()).unwrap();
    assert_eq!(store.filtered().unwrap(), None);
    assert_eq!(store.stats().unwrap().rejected, None);
    // One that is stopped changes nothing.
    let before = verdicts(&store);
    let stop = store.filter(&options, &mut |done| {
        if done < 3 { Ok(()) } else { Err(Error::from(std::io::Error::other("stop"))) }
    });
    assert!(stop.unwrap_err().to_string().contains("stop"));
    assert_eq!((store.filtered().unwrap(), verdicts(&store)), (None, before));
    store.filter(&options, &mut |_| Ok(())).unwrap();
    assert_eq!(store.stats().unwrap().rejected.unwrap().values().sum::<u64>(), 6);
}

#[test]
fn the_order_in_which_documents_came_makes_no_difference() {
    let judged = |order: [usize; 4]| {
        let mut store = Store::in_memory().unwrap();
        let documents = documents();
        order.iter().for_each(|&i| store.save(&documents[i], &Engines::default()).unwrap());
        store.filter(&FilterOptions::default(), &mut |_| Ok(())).unwrap();
        verdicts(&store)
    };
    let expected = judged([0, 1, 2, 3]);
    assert_eq!(judged([3, 2, 1, 0]), expected);
    assert_eq!(judged([2, 0, 3, 1]), expected);
}

#[test]
fn copies_of_one_document_are_duplicates_and_not_boilerplate() {
    let lines: Vec<(String, String)> = (0..20)
        .map(|i| {
            let word = ["Boot", "Haus", "Rad", "Netz"][i % 4].repeat(i / 4 + 1);
            (
                format!("Der Kapitän hat sein {word} am Ufer gesehen."),
                format!("The captain saw his {word} on the shore."),
            )
        })
        .collect();
    let lines: Vec<(&str, &str, f32)> = lines.iter().map(|(s, t)| (s.as_str(), t.as_str(), 0.9)).collect();
    let mut store = Store::in_memory().unwrap();
    for name in ["a", "b", "c", "d"] {
        store.save(&bitext(name, &lines), &Engines::default()).unwrap();
    }
    let counts = store.filter(&FilterOptions::default(), &mut |_| Ok(())).unwrap();
    assert_eq!(counts.rejected, [(Reason::Duplicate, 60)].into());
    assert!(verdicts(&store).iter().all(|(place, reason)| reason.is_none() == place.starts_with("a.")));
}

#[test]
fn an_empty_store_has_nothing_to_reject() {
    let (_directory, path) = scratch();
    store(&path, &[]);
    assert!(printed(diptych("filter", &path, &[])).contains("0  kept"));
}
