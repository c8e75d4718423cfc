//! The real binary over bad and odd input: an error or a counted skip, never a panic, nothing lost.
//! What needs the translation model is in model.rs; stores in a bad way are in store.rs.

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn diptych(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_diptych")).args(arguments).output().expect("the binary runs")
}

fn file(directory: &Path, name: &str, bytes: &[u8]) -> String {
    let path = directory.join(name);
    fs::write(&path, bytes).unwrap();
    text(path)
}

fn text(path: PathBuf) -> String {
    path.into_os_string().into_string().unwrap()
}

fn check(output: &Output, code: i32, said: &[&str]) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{stderr}");
    for part in said {
        assert!(stderr.contains(part), "{part:?} is not in: {stderr}");
    }
    assert!(!stderr.contains("panicked"), "{stderr}");
}

#[test]
fn bad_input_is_an_error_that_names_the_file_and_the_cause() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    let long = vec![b'a'; 65 << 20];
    for (name, bytes, said) in [
        ("empty.txt", &b""[..], "empty"),
        ("white.txt", b" \n\t\r\n\xc2\xa0\n", "no text"),
        ("image.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0", "picture"),
        ("report.pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n", "PDF"),
        ("binary.dat", b"\x01\x02\0\x03\0\0\0\xff\xfe\xfd\0\0\x7f", "binary"),
        ("large.txt", &long, "--max-size"),
        ("numbers.txt", b"12:30\n14:00\n", "language"),
    ] {
        let path = file(at, name, bytes);
        for command in ["split", "translate"] {
            check(&diptych(&[command, &path]), 2, &[name, said]);
        }
    }
    for (path, said) in [
        (text(at.join("missing.txt")), "No such file"),
        (text(at.into()), "directory"),
        ("/proc/self/mem".into(), "mem"),
    ] {
        check(&diptych(&["split", &path]), 2, &[&path, said]);
    }
}

#[test]
fn odd_input_is_read() {
    let directory = tempfile::tempdir().unwrap();
    for (name, bytes, expected) in [
        ("word.txt", &b"Wort"[..], "Wort\n"),
        (
            "invalid.txt",
            b"Der erste Satz ist gut.\nDer zweite hat \xff\xfe ein Loch.\nDer dritte auch.\n",
            "Loch.",
        ),
        ("latin1.txt", b"Die B\xfcrgermeisterin \xfcbergab den Schl\xfcssel.", "Die Bürgermeisterin übergab"),
        ("bom.txt", b"\xef\xbb\xbfEin Satz.", "Ein Satz.\n"),
        ("utf16.txt", b"\xff\xfeE\0i\0n\0 \0S\0a\0t\0z\0.\0", "Ein Satz.\n"),
        ("mac.txt", b"Eins.\rZwei.\r", "Eins.\nZwei.\n"),
    ] {
        let path = file(directory.path(), name, bytes);
        let output = diptych(&["split", "--lang", "de", &path]);
        check(&output, 0, &[]);
        let stdout = String::from_utf8(output.stdout).unwrap();
        assert!(stdout.contains(expected), "{name}: {stdout}");
    }
}

#[test]
fn a_line_of_a_hundred_megabytes_is_split_without_loss_where_the_limit_allows_it() {
    let directory = tempfile::tempdir().unwrap();
    let sentence = "Der Regen fiel auf die Dächer der Stadt und niemand ging vor die Tür. ";
    let line = sentence.repeat(100_000_000 / sentence.len());
    let path = file(directory.path(), "line.txt", line.as_bytes());
    check(&diptych(&["split", &path]), 2, &["line.txt", "--max-size"]);
    let output = diptych(&["split", "--lang", "de", "--max-size", "128", &path]);
    check(&output, 0, &[]);
    let lines = output.stdout.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
    assert_eq!(
        lines.filter(|line| *line == sentence.trim().as_bytes()).count(),
        100_000_000 / sentence.len()
    );
}

#[test]
fn one_bad_file_among_good_ones_is_skipped_named_and_counted() {
    let directory = tempfile::tempdir().unwrap();
    let good = file(directory.path(), "good.txt", b"This is a sentence of a good file.");
    let empty = file(directory.path(), "empty.txt", b"");
    let records = b"{\"text\": \"A first record in English.\"}\n{\"text\": 3}\n{\"text\": \"A third record in English.\"}\n";
    let records = file(directory.path(), "records.jsonl", records);
    let output = diptych(&["split", &good, &empty, &records]);
    check(&output, 1, &["empty.txt", "records.jsonl", "2 of the inputs were skipped"]);
    let expected =
        "This is a sentence of a good file.\nA first record in English.\nA third record in English.\n";
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
}

#[test]
fn pipes_work_and_a_closed_one_is_a_normal_end() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_diptych"))
        .args(["split", "--lang", "en", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let many = "One sentence stands here. Another one follows it.\n".repeat(20_000);
    let mut input = child.stdin.take().unwrap();
    input.write_all(many.as_bytes()).unwrap();
    drop(input);
    let mut first = [0; 25];
    let mut output = child.stdout.take().unwrap();
    output.read_exact(&mut first).unwrap();
    drop(output);
    assert_eq!(&first, b"One sentence stands here.");
    check(&child.wait_with_output().unwrap(), 0, &[]);
}

#[test]
fn a_full_disk_under_the_output_is_an_error() {
    let directory = tempfile::tempdir().unwrap();
    let path = file(directory.path(), "a.txt", b"One sentence stands here. Another one follows it.");
    check(&diptych(&["translate", &path, "-o", "/dev/full"]), 2, &["No space left"]);
    check(
        &diptych(&["translate", &path, "-o", "/no/such/directory/out.txt"]),
        2,
        &["/no/such/directory/out.txt"],
    );
}

#[test]
fn every_command_has_help_with_examples() {
    let output = diptych(&["--help"]);
    check(&output, 0, &[]);
    let help = String::from_utf8(output.stdout).unwrap();
    let commands: Vec<&str> = help
        .lines()
        .skip_while(|line| !line.starts_with("Commands:"))
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.strip_prefix("  ").filter(|line| line.starts_with(char::is_lowercase)))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|command| *command != "help")
        .collect();
    assert!(commands.len() >= 7, "{help}");
    for command in commands {
        let output = diptych(&[command, "--help"]);
        let help = String::from_utf8(output.stdout).unwrap();
        assert!(help.contains("Example"), "{command}: {help}");
    }
}

#[test]
fn presplit_input_keeps_its_line_numbers() {
    let directory = tempfile::tempdir().unwrap();
    let path = file(directory.path(), "a.txt", "Eins. Und noch was.\r\n\r\nDrei.\r\n".as_bytes());
    let output = diptych(&["split", "--presplit", "--lang", "de", &path]);
    assert_eq!(output.stdout, b"Eins. Und noch was.\n\nDrei.\n");
}

#[test]
fn translations_that_do_not_fit_are_refused_with_both_counts() {
    let directory = tempfile::tempdir().unwrap();
    let source = file(directory.path(), "a.de", b"Eins.\nZwei.\nDrei.\n");
    let target = file(directory.path(), "a.en", b"One.\nTwo.\nThree.\n");
    let short = file(directory.path(), "a.mt", b"One.\nTwo.\n");
    let align = ["align", "--presplit", "--source-lang", "de", "--target-lang", "en", "--translations"];
    let output = diptych(&[&align[..], &[&short, &source, &target]].concat());
    check(&output, 2, &["a.mt", "2 lines", "has 3"]);
    let table = file(directory.path(), "a.tsv", b"Eins.\tOne.\nZwei.\tTwo.\n");
    let align = ["align", "--source-lang", "de", "--target-lang", "en", "--translations"];
    check(&diptych(&[&align[..], &[&table, &source, &target]].concat()), 2, &["a.tsv", "Drei."]);
}

#[test]
fn a_document_aligned_with_itself_is_all_one_to_one() {
    let article = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/artikel.de.txt");
    let output = diptych(&["align", "-q", article, article, "--format", "beads"]);
    check(&output, 0, &[]);
    let beads = String::from_utf8(output.stdout).unwrap();
    assert!(beads.lines().count() > 10);
    for (i, bead) in beads.lines().enumerate() {
        assert!(bead.starts_with(&format!("[{i}]:[{i}]:")), "{bead}");
    }
}
