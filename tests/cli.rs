//! The real binary over bad and odd input: an error or a counted skip that says what, where and the way out;
//! never a panic, and nothing is lost. And the habits of the command line: pipes, exit codes, help.
//! What needs the translation model is in model.rs; stores in a bad way are in store.rs.

use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

const ARTICLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/artikel.de.txt");

/// What one run came to.
struct Run {
    code: Option<i32>,
    out: String,
    err: String,
}

/// Runs `diptych ARGUMENTS` in `directory` with `input`.
fn run_with(directory: &Path, arguments: &[&str], input: &[u8]) -> Run {
    let mut child = Command::new(env!("CARGO_BIN_EXE_diptych"))
        .args(arguments)
        .current_dir(directory)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut stdin = child.stdin.take().expect("piped");
    let input = input.to_vec();
    // One that does not read its input closes the pipe: that is no failure of the test.
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().expect("the binary ends");
    writer.join().expect("the writer ends");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    let run = Run { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) };
    assert!(!run.err.contains("panicked"), "{}", run.err);
    run
}

fn run(directory: &Path, arguments: &[&str]) -> Run {
    run_with(directory, arguments, b"")
}

impl Run {
    /// Must have ended with `code` and said all of `said`.
    #[track_caller]
    fn check(&self, code: i32, said: &[&str]) -> &Run {
        assert_eq!(self.code, Some(code), "{}", self.err);
        for part in said {
            assert!(self.err.contains(part), "{part:?} is not in: {}", self.err);
        }
        self
    }
}

#[test]
fn bad_input_is_an_error_that_names_the_file_the_cause_and_the_way_out() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    let too_large = b"Ein Satz.\n".repeat(110_000);
    for (name, bytes, said) in [
        ("empty.txt", &b""[..], "empty.txt: is empty"),
        ("blank.txt", b" \r\n\t\xc2\xa0\n\xe2\x80\x8b", "blank.txt: holds no text, only white space"),
        ("image.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0", "image.png: is a picture"),
        ("binary.dat", b"\x01\x02\0\x03\0\0\0\xff\xfe\xfd\0\0\x7f", "is a binary file, not text; convert it"),
        (
            "paper.pdf",
            b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n",
            "PDF file, not text; convert it first (pdftotext",
        ),
        ("letter.docx", b"PK\x03\x04\x14\x00word/document.xml", "or a document in one (docx, odt, epub)"),
        (
            "text.txt.gz",
            b"\x1f\x8b\x08\x00\x00",
            "text.txt.gz: is a gzip file that ends too soon; fetch or pack it again",
        ),
        ("markup.html", b"<html><body><script>x()</script></body></html>", "holds no text, only markup"),
        ("broken.jsonl", b"{\"text\": \"cut o", "broken.jsonl#1: not a record with a text: EOF"),
        ("numbers.txt", b"12:30\n14:00\n", "numbers.txt: cannot tell the language; name it with --lang"),
        (
            "large.txt",
            &too_large,
            "large.txt: is larger than 1 MB, the limit for one file; raise it with --max-size",
        ),
    ] {
        fs::write(at.join(name), bytes).unwrap();
        for command in ["split", "translate"] {
            let run = run(at, &[command, "--max-size", "1", name]);
            assert_eq!(run.check(2, &[said]).out, "", "{name}");
        }
    }
    fs::create_dir(at.join("folder")).unwrap();
    for (arguments, said) in [
        (&["folder"][..], "folder: is a directory; name the files in it"),
        (&["missing.txt"], "cannot read missing.txt: No such file"),
        // Nobody may read below a file, not even root.
        (&["large.txt/x"], "cannot read large.txt/x: "),
        (&["/proc/self/mem"], "/proc/self/mem"),
        (&["--max-size", "1", "-"], "standard input: is larger than 1 MB, the limit for one file; raise it"),
        (&["--input-format", "pdf", "large.txt"], "not an input format; text, html and jsonl are"),
        (&["--lang", "german", "large.txt"], "not a language tag such as de, en or pt-BR"),
    ] {
        let run = run_with(at, &[&["split"], arguments].concat(), &too_large);
        assert_eq!(run.check(2, &[said]).out, "", "{arguments:?}");
    }
}

#[test]
fn odd_input_is_read_and_loses_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let long = "word ".repeat(1 << 20);
    for (input, expected) in [
        (&b"Wort"[..], "Wort\n"),
        (b"Der B\xc3\xbcrgermeister kam \xe4 sp\xc3\xa4t.", "Der Bürgermeister kam \u{fffd} spät.\n"),
        (
            b"Der erste Satz ist gut.\nDer zweite hat \xff\xfe ein Loch.\nDer dritte auch.\n",
            "Der erste Satz ist gut.\nDer zweite hat \u{fffd}\u{fffd} ein Loch.\nDer dritte auch.\n",
        ),
        (b"Sch\xf6n war die Reise nach K\xf6ln.", "Schön war die Reise nach Köln.\n"),
        (b"\xef\xbb\xbfEin Satz.", "Ein Satz.\n"),
        (b"\xff\xfeE\0i\0n\0 \0S\0a\0t\0z\0.\0", "Ein Satz.\n"),
        (b"Eins.\rZwei.\r", "Eins.\nZwei.\n"),
        (long.as_bytes(), &format!("{}\n", long.trim_end())),
    ] {
        let run = run_with(directory.path(), &["split", "--lang", "de", "-"], input);
        run.check(0, &[]);
        assert!(run.out == expected, "{} bytes in, {} out: {:.200}", input.len(), run.out.len(), run.out);
    }
}

#[test]
fn a_line_of_a_hundred_megabytes_is_split_without_loss_where_the_limit_allows_it() {
    let directory = tempfile::tempdir().unwrap();
    let sentence = "Der Regen fiel auf die Dächer der Stadt und niemand ging vor die Tür. ";
    let line = sentence.repeat(100_000_000 / sentence.len());
    fs::write(directory.path().join("line.txt"), line).unwrap();
    run(directory.path(), &["split", "line.txt"]).check(2, &["line.txt", "--max-size"]);
    let run = run(directory.path(), &["split", "--lang", "de", "--max-size", "128", "line.txt"]);
    run.check(0, &[]);
    let lines = run.out.lines().filter(|line| *line == sentence.trim());
    assert_eq!(lines.count(), 100_000_000 / sentence.len());
}

#[test]
fn bad_documents_among_good_ones_are_skipped_named_and_counted() {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(directory.path().join(name), text).unwrap();
    write("good.txt", "This is a sentence of a good file.");
    write("empty.txt", "");
    write(
        "records.jsonl",
        "{\"text\": \"A first record in English.\", \"lang\": \"en\"}\n{\"text\": 3}\n{\"text\": \"Une phrase.\", \"lang\": \"fr\"}\n\
         {\"text\": \"12:30\"}\n{\"text\": \"A last record in English.\", \"lang\": \"en\"}\n",
    );
    let files = ["empty.txt", "good.txt", "missing.txt", "records.jsonl"];
    let split = run(directory.path(), &[&["split"], &files[..]].concat());
    split.check(
        1,
        &[
            "skipped empty.txt: is empty",
            "skipped cannot read missing.txt",
            "skipped records.jsonl#2: not a record with a text: invalid type",
            "skipped records.jsonl#4: cannot tell the language; name it with --lang",
            "4 inputs skipped",
        ],
    );
    let good = "This is a sentence of a good file.\nA first record in English.\n";
    assert_eq!(split.out, format!("{good}Une phrase.\nA last record in English.\n"));

    // A language without a model concerns one document, not the run; with several, each is announced.
    let translated = run(directory.path(), &["translate", "-q", "records.jsonl", "good.txt"]);
    translated
        .check(1, &["skipped records.jsonl#3: no model for French (if that is not its language, name it); supported here: de, en; to get one: diptych models pull fr-en"]);
    assert_eq!(
        translated.out,
        "==> records.jsonl#1 <==\nA first record in English.\n\n==> records.jsonl#5 <==\nA last record in \
         English.\n\n==> good.txt <==\nThis is a sentence of a good file.\n"
    );
    run(directory.path(), &["translate", "--lang", "fr", "good.txt"])
        .check(2, &["good.txt: no model for French"]);
}

#[test]
fn what_was_assumed_is_said_when_asked() {
    let directory = tempfile::tempdir().unwrap();
    let text = "02:26\n\nDie Stadt hat am Montag beschl\u{f6}ssen, die M\u{fc}hle am Fluss f\u{fc}r lange Zeit zu erhalten.";
    let bytes: Vec<u8> = text.chars().map(|c| c as u8).collect();
    assert_eq!(run_with(directory.path(), &["split", "-"], &bytes).check(0, &[]).err, "");
    run_with(directory.path(), &["split", "-v", "-"], &bytes).check(
        0,
        &[
            "standard input: German, 1 sentence\n",
            "decoded as windows-1252",
            "left out 1 line of boilerplate",
            "left out: 02:26",
        ],
    );
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
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr), (Some(0), vec![]));
}

#[test]
fn an_output_that_cannot_be_written_is_an_error_and_no_input_is_overwritten() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    let text = "One sentence stands here. Another one follows it.";
    fs::write(at.join("a.txt"), text).unwrap();
    fs::create_dir(at.join("folder")).unwrap();
    for (output, said) in [
        ("/dev/full", "No space left"),
        ("/no/such/directory/out.txt", "cannot create /no/such/directory/out.txt"),
        ("folder", "folder: a directory; name a file in it"),
        ("a.txt", "a.txt would take the place of a file that this command reads"),
        ("./folder/../a.txt", "a.txt would take the place of a file that this command reads"),
    ] {
        run(at, &["translate", "a.txt", "-o", output]).check(2, &[said]);
        run(at, &["align", "a.txt", "a.txt", "-o", output]).check(2, &[said]);
    }
    assert_eq!(fs::read_to_string(at.join("a.txt")).unwrap(), text);
    assert_eq!(fs::read_dir(at).unwrap().count(), 2, "no half-written file is left");
    run(at, &["translate", "a.txt", "-o", "b.txt"]).check(0, &[]);
    assert_eq!(fs::read_to_string(at.join("b.txt")).unwrap(), format!("{text}\n"));
}

#[test]
fn every_command_has_help_with_examples() {
    let directory = tempfile::tempdir().unwrap();
    let help = run(directory.path(), &["--help"]).out;
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
        let help = run(directory.path(), &[command, "--help"]).check(0, &[]).out.clone();
        assert!(help.contains("Example"), "{command}: {help}");
    }
}

#[test]
fn completions_are_scripts_that_name_the_commands() {
    let directory = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let run = run(directory.path(), &["completions", shell]);
        assert!(run.check(0, &[]).out.contains("translate"), "{shell}");
    }
    fs::write(directory.path().join("c.bash"), run(directory.path(), &["completions", "bash"]).out).unwrap();
    let bash = Command::new("bash").args(["-n", "c.bash"]).current_dir(directory.path()).status().unwrap();
    assert!(bash.success());
}

#[test]
fn presplit_input_keeps_its_line_numbers() {
    let directory = tempfile::tempdir().unwrap();
    let text = "One. And more.\r\n\r\nThree.\r\n";
    fs::write(directory.path().join("a.txt"), text).unwrap();
    for command in ["split", "translate"] {
        let run = run(directory.path(), &[command, "--presplit", "--lang", "en", "a.txt"]);
        assert_eq!(run.check(0, &[]).out, "One. And more.\n\nThree.\n");
    }
}

#[test]
fn translations_that_do_not_fit_are_refused_with_both_counts() {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("a.de", "Eins.\nZwei.\nDrei.\n"),
        ("a.en", "One.\nTwo.\nThree.\n"),
        ("a.mt", "One.\nTwo.\n"),
        ("a.tsv", "Eins.\tOne.\nZwei.\tTwo.\n"),
    ] {
        fs::write(directory.path().join(name), text).unwrap();
    }
    let langs = ["--source-lang", "de", "--target-lang", "en", "a.de", "a.en", "--translations"];
    let align = |more: &[&str]| run(directory.path(), &[&["align"], &langs[..], more].concat());
    align(&["a.mt", "--presplit"]).check(2, &["a.mt", "2 lines", "has 3"]);
    align(&["a.tsv"]).check(2, &["a.tsv", "Drei."]);
    // Each side has its own option.
    fs::write(directory.path().join("digits.txt"), "1 2 3").unwrap();
    run(directory.path(), &["align", "digits.txt", "a.en"]).check(2, &["name it with --source-lang"]);
}

#[test]
fn a_document_aligned_with_itself_is_all_one_to_one() {
    let directory = tempfile::tempdir().unwrap();
    let run = run(directory.path(), &["align", "-q", ARTICLE, ARTICLE, "--format", "beads"]);
    run.check(0, &[]);
    assert!(run.out.lines().count() > 10);
    for (i, bead) in run.out.lines().enumerate() {
        assert!(bead.starts_with(&format!("[{i}]:[{i}]:")), "{bead}");
    }
}
