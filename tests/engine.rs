//! The choice of an engine on the command line, in builds with and without cargo feature `torch`.

use std::process::{Command, Output};

const ARTICLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/artikel.de.txt");

fn translate(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_diptych"));
    command.args(["translate", ARTICLE]).args(arguments).output().expect("the binary runs")
}

#[track_caller]
fn fails(arguments: &[&str], said: &[&str]) {
    let output = translate(arguments);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    for part in said {
        assert!(stderr.contains(part), "{part}: {stderr}");
    }
}

#[cfg(not(feature = "torch"))]
#[test]
fn a_build_without_opus_mt_says_how_to_get_one_that_has_it() {
    fails(
        &["--engine", "opus-mt"],
        &["opus-mt", "scripts/setup-libtorch", "cargo build --release --features torch"],
    );
}

#[test]
fn options_of_the_other_engine_are_refused() {
    fails(&["--beams", "2"], &["--beams", "--engine opus-mt"]);
    fails(&["--engine", "marian", "--max-length", "99"], &["--max-length", "--engine opus-mt"]);
    fails(&["--engine", "opus-mt", "--beams", "0"], &["--beams"]);
    fails(&["--engine", "google"], &["marian", "opus-mt"]);
}
