//! `diptych eval` against figures that an independent scorer (strict and lax as Vecalign's defines them) printed
//! for the same files.

use std::process::Command;

use serde_json::Value;

fn eval(args: &[&str]) -> (Value, i32) {
    let output = Command::new(env!("CARGO_BIN_EXE_diptych")).arg("eval").args(args).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    (
        serde_json::from_str(&text).unwrap_or(Value::Null),
        output.status.code().unwrap_or_else(|| panic!("{error}")),
    )
}

/// Strict P, R, F1 and lax P, R, F1 to four decimals, gold and test beads.
type Row = ([f64; 6], [u64; 2]);

#[test]
fn the_figures_are_those_of_the_field_s_scorer() {
    let table: [(&str, &str, Row); 12] = [
        ("keep", "a", ([0.4444, 0.4286, 0.4364, 0.6667, 0.7143, 0.6897], [7, 9])),
        ("keep", "b", ([0.5714, 0.8, 0.6667, 0.7143, 1.0, 0.8333], [5, 7])),
        ("keep", "c", ([0.0; 6], [7, 0])),
        ("keep", "", ([0.5, 0.3684, 0.4242, 0.6875, 0.5263, 0.5962], [19, 16])),
        ("drop", "a", ([0.4286, 0.4286, 0.4286, 0.7143, 0.7143, 0.7143], [7, 7])),
        ("drop", "b", ([0.8, 0.8, 0.8, 1.0, 1.0, 1.0], [5, 5])),
        ("drop", "c", ([0.0; 6], [7, 0])),
        ("drop", "", ([0.5833, 0.3684, 0.4516, 0.8333, 0.5263, 0.6452], [19, 12])),
        ("fill", "a", ([0.4444, 0.4286, 0.4364, 0.6667, 0.7143, 0.6897], [7, 9])),
        ("fill", "b", ([0.7143, 0.8, 0.7547, 0.8571, 1.0, 0.9231], [5, 7])),
        ("fill", "c", ([0.1, 0.0, 0.0, 0.1, 0.0, 0.0], [7, 20])),
        ("fill", "", ([0.3056, 0.3684, 0.3341, 0.3889, 0.5263, 0.4473], [19, 36])),
    ];
    for (nulls, document, (figures, [gold_beads, test_beads])) in table {
        let (gold, test) = if document.is_empty() {
            ("tests/data/eval/gold".to_string(), "tests/data/eval/test".to_string())
        } else {
            (
                format!("tests/data/eval/gold/{document}.gold"),
                format!("tests/data/eval/test/{document}.align"),
            )
        };
        let (result, code) = eval(&["--gold", &gold, &test, "--nulls", nulls, "--json"]);
        assert_eq!(code, 0);
        assert_eq!(result["gold_beads"], gold_beads, "{nulls} {document}");
        assert_eq!(result["test_beads"], test_beads, "{nulls} {document}");
        let mut expected = figures.iter();
        for kind in ["strict", "lax"] {
            for figure in ["p", "r", "f1"] {
                let found = result[kind][figure].as_f64().unwrap();
                let expected = expected.next().unwrap();
                assert!((found - expected).abs() < 5.1e-5, "{nulls} {document} {kind} {figure}: {found}");
            }
            let interval = &result[kind]["f1_interval"];
            assert!(interval[0].as_f64().unwrap() <= result[kind]["f1"].as_f64().unwrap());
            assert!(interval[1].as_f64().unwrap() >= result[kind]["f1"].as_f64().unwrap());
        }
    }
}

#[test]
fn a_minimum_that_is_missed_is_exit_code_1_and_an_unreadable_file_2() {
    let files = ["--gold", "tests/data/eval/gold/a.gold", "tests/data/eval/test/a.align", "--json"];
    for (minimum, expected) in [("0.4", 0), ("0.5", 1)] {
        let (_, code) = eval(&[&files[..], &["--min-strict", minimum]].concat());
        assert_eq!(code, expected);
    }
    for (gold, test) in [
        ("tests/data/eval/none", "tests/data/eval/test/a.align"),
        ("tests/data/eval/gold", "tests/data/eval/test/a.align"),
        ("tests/eval.rs", "tests/data/eval/test/a.align"),
        ("tests/data/eval/gold/a.gold", "tests/data/eval/test/none.align"),
    ] {
        assert_eq!(eval(&["--gold", gold, test]).1, 2, "{gold} {test}");
    }
}

#[test]
fn people_get_a_table_with_types_and_documents() {
    let output = Command::new(env!("CARGO_BIN_EXE_diptych"))
        .args(["eval", "--gold", "tests/data/eval/gold", "tests/data/eval/test", "--nulls", "drop"])
        .args(["--by-type", "--by-document"])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    for part in ["3 documents", "strict", "lax", "1-1", "2-2", "F1 0.4516"] {
        assert!(text.contains(part), "{part} in {text}");
    }
}
