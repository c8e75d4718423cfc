//! The real binary over stores that the library made: export, search, stats, and stores that are in a bad way.
//! On Linux: file modes, limits of the kernel and /dev/full make the failures, none is simulated.
#![cfg(target_os = "linux")]

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use diptych::{Bead, Bitext, Document, Engines, Lang, PairFilter, Split, Store};
use quick_xml::Reader;
use quick_xml::events::Event;
use tempfile::TempDir;

fn document(name: &str, lang: &str, text: &str) -> Document {
    Document::new(name.into(), lang.parse().unwrap(), text.into(), Split::Lines)
}

/// Line by line as 1-1 beads.
fn bitext(source: (&str, &str, &str), target: (&str, &str, &str)) -> Bitext {
    let source = document(source.0, source.1, source.2);
    let target = document(target.0, target.1, target.2);
    let beads = (0..source.spans().len()).map(|i| Bead { source: i..i + 1, target: i..i + 1, score: 0.9 });
    let beads = beads.collect();
    Bitext::new(source, target, beads, "test".into()).unwrap()
}

/// Two documents with a 1-1, a 2-1, a null alignment, and everything that a format might stumble over.
fn sample() -> Bitext {
    let source = document(
        "hafen & <markt>.de",
        "de",
        "Der Hafen öffnet um sechs.\nEs regnet.\nDer Markt bleibt zu.\nNiemand kam.\n„A & B“ <b>\u{1}\tc\u{1b}[31m 🦀 مرحبا e\u{301}",
    );
    let target = document(
        "harbour.en",
        "en",
        "The harbour opens at six.\nIt rains, and the market stays shut.\n\"A & B\" <b>]]> it's \u{202e}abc",
    );
    let bead = |source, target, score| Bead { source, target, score };
    let beads = vec![
        bead(0..1, 0..1, 0.95),
        bead(1..3, 1..2, 0.8),
        bead(3..4, 2..2, 0.7),
        bead(4..5, 2..3, 0.512_34),
    ];
    Bitext::new(source, target, beads, "test".into()).unwrap()
}

/// What an export of [`sample`] holds, text on one line.
const PAIRS: [(&str, &str); 3] = [
    ("Der Hafen öffnet um sechs.", "The harbour opens at six."),
    ("Es regnet. Der Markt bleibt zu.", "It rains, and the market stays shut."),
    ("„A & B“ <b> c [31m 🦀 مرحبا e\u{301}", "\"A & B\" <b>]]> it's \u{202e}abc"),
];

struct Corpus {
    directory: TempDir,
}

impl Corpus {
    fn with(bitexts: &[Bitext]) -> Corpus {
        let corpus = Corpus { directory: tempfile::tempdir().unwrap() };
        let mut store = Store::open(&corpus.store()).unwrap();
        store
            .remember("marian/de-en/1", &[("Der Hafen öffnet um sechs.", "The port opens at six.")])
            .unwrap();
        for bitext in bitexts {
            store.save(bitext, &Engines { source: Some("marian/de-en/1"), target: None }).unwrap();
        }
        corpus
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn store(&self) -> PathBuf {
        self.path("corpus #1 ä?%20.db") // a name that must not be taken for a URI
    }

    /// Runs `diptych COMMAND --store STORE REST`.
    fn run(&self, command: &str, rest: &[&str]) -> Output {
        let mut run = Command::new(env!("CARGO_BIN_EXE_diptych"));
        run.arg(command).arg("--store").arg(self.store()).args(rest).output().unwrap()
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.directory.path()).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

fn stdout(output: &Output) -> &str {
    assert_eq!(output.status.code(), Some(0), "{}", stderr(output));
    std::str::from_utf8(&output.stdout).unwrap()
}

fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

/// Checks that a run failed with exit code 2 and a message that holds all of `words`.
fn assert_fails(output: &Output, words: &[&str]) {
    let message = stderr(output);
    assert_eq!(output.status.code(), Some(2), "{message}");
    assert!(words.iter().all(|word| message.contains(word)), "{words:?} not all in: {message}");
    assert!(!message.contains("panicked") && message.lines().count() == 1, "{message}");
}

#[test]
fn tsv_has_twelve_columns_and_one_line_a_pair() {
    let corpus = Corpus::with(&[sample()]);
    let output = corpus.run("export", &[]);
    let rows: Vec<Vec<&str>> = stdout(&output).lines().map(|line| line.split('\t').collect()).collect();
    assert!(rows.iter().all(|row| row.len() == 12), "{rows:?}");
    assert_eq!(rows.iter().map(|row| (row[0], row[1])).collect::<Vec<_>>(), PAIRS);
    assert_eq!(rows[1][2..8], ["0.8", "2-1", "hafen & <markt>.de", "harbour.en", "1,2", "1"]);
    assert_eq!(rows[1][8..], ["28-59", "26-62", "", ""]);
    assert_eq!(rows[2][2], "0.5123");
}

#[test]
fn jsonl_keeps_the_text_as_written_and_says_where_it_lies() {
    let corpus = Corpus::with(&[sample()]);
    let output = corpus.run("export", &["--format", "jsonl"]);
    let rows: Vec<serde_json::Value> =
        stdout(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows.len(), 3);
    let bitext = sample();
    for row in &rows {
        for (side, document) in [("source", bitext.source()), ("target", bitext.target())] {
            let [start, end] = [0, 1].map(|i| row[format!("{side}_bytes")][i].as_u64().unwrap() as usize);
            assert_eq!(row[side], document.text()[start..end]);
            assert_eq!(row[format!("{side}_lang")], document.lang().as_str());
            assert_eq!(row[format!("{side}_doc")], document.name());
        }
    }
    assert_eq!(rows[0]["source_english"], "The port opens at six.");
    assert_eq!(rows[1].get("source_english"), None);
    assert_eq!(rows[1]["source_ids"], serde_json::json!([1, 2]));
}

#[test]
fn filters_leave_out_what_they_say() {
    let french = bitext(("a.fr", "fr", "Bonjour."), ("a.en", "en", "Hello."));
    let corpus = Corpus::with(&[sample(), french]);
    for (options, expected) in [
        (&[][..], vec!["Bonjour.", PAIRS[0].0, PAIRS[1].0, PAIRS[2].0]),
        (&["--min-score", "0.8"], vec!["Bonjour.", PAIRS[0].0, PAIRS[1].0]),
        (&["--one-to-one", "--min-score=.6"], vec!["Bonjour.", PAIRS[0].0]),
        (&["--source-lang", "fr"], vec!["Bonjour."]),
        (&["--target-lang", "en", "--source-lang", "de", "--min-score", "0.9"], vec![PAIRS[0].0]),
    ] {
        let output = corpus.run("export", options);
        let sources: Vec<_> = stdout(&output).lines().map(|line| line.split('\t').next().unwrap()).collect();
        assert_eq!(sources, expected, "{options:?}");
    }
    let nothing = corpus.run("export", &["--source-lang", "en"]);
    assert_eq!((nothing.status.code(), nothing.stdout.len()), (Some(1), 0));
    let refused = corpus.run("export", &["--min-score", "1.5"]);
    assert_eq!(refused.status.code(), Some(2));
}

#[test]
fn moses_is_two_files_whose_lines_belong_together() {
    let blank = bitext(("b.de", "de", "Ja.\n\nNein."), ("b.en", "en", "Yes.\n\nNo."));
    let corpus = Corpus::with(&[sample(), blank]);
    let prefix = corpus.path("out");
    stdout(&corpus.run("export", &["--format", "moses", "-o", prefix.to_str().unwrap()]));
    let german = fs::read_to_string(corpus.path("out.de")).unwrap();
    let english = fs::read_to_string(corpus.path("out.en")).unwrap();
    let pairs: Vec<_> = german.lines().zip(english.lines()).collect();
    assert_eq!(pairs[2..], PAIRS);
    assert_eq!(pairs[..2], [("Ja.", "Yes."), ("Nein.", "No.")]);
    assert_eq!(german.lines().count(), english.lines().count());

    assert_fails(&corpus.run("export", &["--format", "moses"]), &["two files", "-o corpus"]);
    let mixed = Corpus::with(&[sample(), bitext(("a.fr", "fr", "Oui."), ("a.en", "en", "Yes."))]);
    let output = mixed.run("export", &["--format", "moses", "-o", "x"]);
    assert_fails(&output, &["de-en, fr-en", "--source-lang"]);
}

/// Source and target of each unit, and the header's source language.
fn read_tmx(text: &str) -> (Vec<(String, String)>, String) {
    let mut reader = Reader::from_str(text);
    let (mut segments, mut segment, mut srclang) = (Vec::new(), None, String::new());
    loop {
        match reader.read_event().unwrap() {
            Event::Empty(e) if e.name().as_ref() == "header" => {
                srclang = e.try_get_attribute("srclang").unwrap().unwrap().value.into_owned();
            }
            Event::Start(e) if e.name().as_ref() == "seg" => segment = Some(String::new()),
            Event::End(e) if e.name().as_ref() == "seg" => segments.extend(segment.take()),
            Event::Text(e) => {
                if let Some(segment) = &mut segment {
                    segment.push_str(&e);
                }
            }
            Event::GeneralRef(e) => {
                if let Some(segment) = &mut segment {
                    segment.push_str(quick_xml::escape::resolve_predefined_entity(&e).unwrap());
                }
            }
            Event::Eof => break,
            _ => {}
        }
    }
    let pairs = segments.chunks(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect();
    (pairs, srclang)
}

/// Fails with xmllint's own words, and where xmllint is missing with the name of its package.
fn assert_valid_tmx(path: &Path) {
    let dtd = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/tmx14.dtd");
    let run =
        Command::new("xmllint").arg("--noout").arg("--nonet").arg("--dtdvalid").arg(dtd).arg(path).output();
    let output = run.expect("xmllint is needed here: Debian package libxml2-utils");
    assert!(output.status.success(), "{}", stderr(&output));
}

#[test]
fn tmx_is_valid_and_comes_back_as_it_was() {
    let corpus = Corpus::with(&[sample()]);
    let path = corpus.path("out.tmx");
    stdout(&corpus.run("export", &["--format", "tmx", "-o", path.to_str().unwrap()]));
    assert_valid_tmx(&path);
    let text = fs::read_to_string(&path).unwrap();
    let (pairs, srclang) = read_tmx(&text);
    assert_eq!(pairs, PAIRS.map(|(source, target)| (source.to_string(), target.to_string())));
    assert_eq!(srclang, "de");
    assert_eq!(text, stdout(&corpus.run("export", &["--format", "tmx"])));
}

#[test]
fn tmx_of_several_languages_or_of_nothing_is_valid_too() {
    let mixed = Corpus::with(&[sample(), bitext(("a.fr", "fr", "Oui."), ("a.en", "en", "Yes."))]);
    let empty = Corpus::with(&[]);
    for (corpus, options, srclang, count) in [
        (&mixed, &[][..], "*all*", 4),
        (&mixed, &["--source-lang", "fr"], "fr", 1),
        (&empty, &[], "*all*", 0),
    ] {
        let path = corpus.path("out.tmx");
        let output =
            corpus.run("export", &[&["--format", "tmx", "-o", path.to_str().unwrap()], options].concat());
        assert_eq!(output.status.code(), Some(i32::from(count == 0)));
        assert_valid_tmx(&path);
        let (pairs, found) = read_tmx(&fs::read_to_string(&path).unwrap());
        assert_eq!((pairs.len(), found.as_str()), (count, srclang));
    }
}

#[test]
fn a_failed_export_leaves_what_was_there() {
    let corpus = Corpus::with(&[sample()]);
    let before = corpus.names();
    // One side can be created, the other not.
    fs::create_dir(corpus.path("out.en")).unwrap();
    fs::write(corpus.path("out.de"), "older").unwrap();
    let prefix = corpus.path("out");
    assert_fails(
        &corpus.run("export", &["-f", "moses", "-o", prefix.to_str().unwrap()]),
        &["out.en", "directory"],
    );
    assert_eq!(fs::read_to_string(corpus.path("out.de")).unwrap(), "older");
    let missing = corpus.path("no/such/out.tsv");
    assert_fails(
        &corpus.run("export", &["-o", missing.to_str().unwrap()]),
        &["cannot create", "no/such/out.tsv"],
    );
    let itself = corpus.store();
    assert_fails(
        &corpus.run("export", &["-o", itself.to_str().unwrap()]),
        &["would take the place of a file"],
    );
    assert_eq!(corpus.names(), [before, vec!["out.de".into(), "out.en".into()]].concat());

    // A store that turns out damaged half way: the older file stays, no part of a new one does.
    let out = corpus.path("out.de");
    break_last_span(&corpus.store());
    assert_fails(&corpus.run("export", &["-o", out.to_str().unwrap()]), &["damaged", "recover"]);
    assert_eq!(fs::read_to_string(&out).unwrap(), "older");
    assert_eq!(corpus.names().len(), 3, "{:?}", corpus.names());
}

fn break_last_span(store: &Path) {
    let connection = rusqlite::Connection::open(store).unwrap();
    connection.execute("UPDATE sentence SET stop = 1000000 WHERE document = 1 AND number = 4", []).unwrap();
}

#[test]
fn a_full_device_fails_and_a_closed_pipe_is_quiet() {
    let many = (0..20_000).map(|i| format!("Zeile {i}\n")).collect::<String>();
    let corpus = Corpus::with(&[bitext(("a.de", "de", &many), ("a.en", "en", &many))]);
    assert_fails(
        &corpus.run("export", &["-o", "/dev/full"]),
        &["/dev/full: cannot write the output", "No space left"],
    );
    let mut run = Command::new(env!("CARGO_BIN_EXE_diptych"));
    run.arg("export").arg("--store").arg(corpus.store()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = run.spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), stderr(&output)), (Some(0), ""));
}

#[test]
fn search_shows_both_sides_and_says_no_with_its_exit_code() {
    let corpus = Corpus::with(&[sample()]);
    let output = corpus.run("search", &["markt"]);
    let expected = "hafen & <markt>.de:2-3 = harbour.en:2  2-1 0.80\n  de  Es regnet. Der Markt bleibt zu.\n  \
                    en  It rains, and the market stays shut.\n";
    assert_eq!(stdout(&output), expected);
    assert_eq!(stderr(&output), "");
    let output = corpus.run("search", &["hafen", "harbour", "--format", "tsv"]);
    assert!(
        stdout(&output).starts_with("Der Hafen öffnet um sechs.\tThe harbour opens at six.\t0.95\t1-1\t")
    );
    let output = corpus.run("search", &["e*", "--format", "jsonl", "--limit", "1"]);
    assert_eq!(stdout(&output).lines().count(), 1);
    assert!(stderr(&output).contains("more"), "{}", stderr(&output));
    for query in ["nirgends", "\"", "*", "a AND", "source:x", "NEAR(", "^x", "-x", "{q r}: z", ""] {
        let output = corpus.run("search", &["--", query]);
        assert_eq!(output.status.code(), Some(1), "{query}: {}", stderr(&output));
        assert!(output.stdout.is_empty() && stderr(&output).contains("nothing found"), "{query}");
    }
    let long = "wort ".repeat(5_000);
    assert_eq!(corpus.run("search", &[&long]).status.code(), Some(1));
    // Control characters of a text do not reach the terminal.
    assert!(!stdout(&corpus.run("search", &["31m"])).contains('\u{1b}'));
}

#[test]
fn stats_count_what_is_there() {
    let corpus = Corpus::with(&[sample()]);
    let output = corpus.run("stats", &[]);
    let text = stdout(&output);
    for line in [
        "English         1 document, 3 sentences",
        "German          1 document, 5 sentences",
        "Document pairs  1",
        "Sentence pairs  3, mean score 0.75",
        "Beads           1-1 2, 1-0 1, 2-1 1",
        "Translations    1 by marian/de-en/1",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} not in:\n{text}");
    }
    let output = corpus.run("stats", &["--json"]);
    let json: serde_json::Value = serde_json::from_str(stdout(&output)).unwrap();
    assert_eq!(json["beads"], serde_json::json!({"1-0": 1, "1-1": 2, "2-1": 1}));
    assert_eq!((&json["documents"], &json["pairs"]), (&2.into(), &3.into()));
    assert_eq!(json["languages"]["de"]["sentences"], 5);
    assert!(json["bytes"].as_u64().unwrap() > 0);
    let empty = Corpus::with(&[]);
    assert!(stdout(&empty.run("stats", &[])).contains("Sentence pairs  0\n"));
}

/// What is wrong with a file under --store, and words that the message must hold.
#[test]
fn what_is_no_store_is_refused_with_the_way_out() {
    let corpus = Corpus::with(&[sample()]);
    let foreign = |name: &str, sql: &str| {
        let connection = rusqlite::Connection::open(corpus.path(name)).unwrap();
        connection.execute_batch(sql).unwrap();
    };
    foreign("foreign.db", "CREATE TABLE t (x)");
    foreign("stamped.db", "PRAGMA application_id = 7");
    fs::copy(corpus.store(), corpus.path("newer.db")).unwrap();
    foreign("newer.db", "PRAGMA user_version = 99");
    fs::write(corpus.path("text.db"), "Guten Morgen. ".repeat(100)).unwrap();
    fs::write(corpus.path("empty.db"), "").unwrap();
    fs::create_dir(corpus.path("directory.db")).unwrap();
    let whole = fs::read(corpus.store()).unwrap();
    fs::write(corpus.path("cut.db"), &whole[..whole.len() / 3]).unwrap();
    for (name, words) in [
        ("foreign.db", &["not a diptych store", "name another"][..]),
        ("stamped.db", &["not a diptych store", "name another"]),
        ("newer.db", &["newer diptych", "schema 99", "update diptych"]),
        ("text.db", &["not a diptych store", "name another"]),
        ("empty.db", &["empty", "not a diptych store"]),
        ("directory.db", &["a directory", "name a file"]),
        ("missing.db", &["no such file", "diptych align --store"]),
        ("cut.db", &["damaged"]),
        ("text.db/x.db", &["text.db/x.db"]),
    ] {
        let path = corpus.path(name);
        for command in ["export", "stats", "search"] {
            let mut run = Command::new(env!("CARGO_BIN_EXE_diptych"));
            run.arg(command).arg("--store").arg(&path).args((command == "search").then_some("x"));
            assert_fails(&run.output().unwrap(), &[words, &[path.to_str().unwrap()]].concat());
        }
        if !matches!(name, "missing.db" | "empty.db" | "cut.db") {
            Store::open(&path).unwrap_err();
        }
    }
    assert!(!corpus.path("missing.db").exists());
    assert_eq!(fs::read(corpus.path("text.db")).unwrap(), "Guten Morgen. ".repeat(100).into_bytes());
    assert_eq!(fs::read_to_string(corpus.path("empty.db")).unwrap(), "");
}

/// The binary as a user who is not root, whom file modes bind; a copy, in a place that this user reaches.
fn ordinary_user(corpus: &Corpus) -> Command {
    let copy = corpus.path("diptych");
    if !copy.exists() {
        copy_program(env!("CARGO_BIN_EXE_diptych").as_ref(), &copy);
    }
    let mut command = Command::new(copy);
    if is_root(corpus) {
        command.uid(65534).gid(65534);
    }
    command
}

/// By another process: a file that this one writes may be open in a child that another test's thread starts
/// meanwhile, and the system does not run a program that is open for writing ("text file busy").
fn copy_program(program: &Path, copy: &Path) {
    assert!(Command::new("cp").args([program, copy]).status().unwrap().success());
}

fn is_root(corpus: &Corpus) -> bool {
    fs::metadata(corpus.store()).unwrap().uid() == 0
}

#[test]
fn a_read_only_store_can_be_read() {
    let corpus = Corpus::with(&[sample()]);
    let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    ordinary_user(&corpus);
    let before = corpus.names();
    mode(&corpus.store(), 0o444);
    // The directory may be written or not: SQLite needs files of its own there, or must do without.
    for directory in [0o777, 0o555] {
        mode(corpus.directory.path(), directory);
        let mut run = ordinary_user(&corpus);
        let output = run.arg("export").arg("--store").arg(corpus.store()).output().unwrap();
        assert_eq!(stdout(&output).lines().count(), 3, "{directory:o}");
        let mut run = ordinary_user(&corpus);
        let output = run.arg("search").arg("--store").arg(corpus.store()).arg("hafen").output().unwrap();
        assert!(stdout(&output).contains("harbour"), "{directory:o}");
    }
    mode(corpus.directory.path(), 0o755);
    assert_eq!(corpus.names(), before);
}

/// Pairs saved one by one are all there. The tests below run this one in processes beside theirs, on the store
/// and as often as the environment says.
#[test]
fn writer() {
    let directory = tempfile::tempdir().unwrap();
    let told = |name: &str| std::env::var(name).ok();
    let path = told("DIPTYCH_TEST_STORE").map_or_else(|| directory.path().join("own.db"), PathBuf::from);
    let name = told("DIPTYCH_TEST_NAME").unwrap_or_else(|| "own".into());
    let count: usize = told("DIPTYCH_TEST_COUNT").map_or(3, |count| count.parse().unwrap());
    let mut store = Store::open(&path).unwrap_or_else(|error| panic!("{error}"));
    for i in 0..count {
        let text = format!("Satz {i} von {name}.\n").repeat(20);
        let (source, target) = (format!("{name}-{i}.de"), format!("{name}-{i}.en"));
        let bitext = bitext((&source, "de", &text), (&target, "en", &text));
        store.save(&bitext, &Engines::default()).unwrap_or_else(|error| panic!("{error}"));
        store.remember("engine", &[(&text, &text)]).unwrap_or_else(|error| panic!("{error}"));
        println!("saved {i}");
    }
    assert!(store.stats().unwrap().bitexts >= count as u64);
}

/// `program` running [`writer`]: this very test binary, or a shell that runs it.
fn writer_of(program: &mut Command, store: &Path, name: &str, count: usize) -> Command {
    let mut command = Command::new(program.get_program());
    command.args(program.get_args()).args(["writer", "--exact", "--nocapture"]);
    command.env("DIPTYCH_TEST_STORE", store).env("DIPTYCH_TEST_NAME", name);
    command.env("DIPTYCH_TEST_COUNT", count.to_string()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn this_binary() -> Command {
    Command::new(std::env::current_exe().unwrap())
}

/// Everything that the database and the index can check about themselves; how many bitexts there are.
fn assert_sound(store: &Path) -> usize {
    let bitexts = Store::open(store).unwrap().stats().unwrap().bitexts;
    let connection = rusqlite::Connection::open(store).unwrap();
    let check: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(check, "ok");
    connection.execute("INSERT INTO pair_text (pair_text, rank) VALUES ('integrity-check', 1)", []).unwrap();
    let dangling: i64 =
        connection.query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get(0)).unwrap();
    assert_eq!(dangling, 0);
    usize::try_from(bitexts).unwrap()
}

#[test]
fn processes_that_write_at_once_wait_for_each_other() {
    let directory = tempfile::tempdir().unwrap();
    let store = directory.path().join("c.db");
    // Both make the store, too.
    let children: Vec<_> =
        ["a", "b", "c"].map(|name| writer_of(&mut this_binary(), &store, name, 20).spawn().unwrap()).into();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
    }
    assert_eq!(assert_sound(&store), 60);
}

#[test]
fn a_writer_killed_at_any_moment_leaves_whole_documents() {
    use std::io::{BufRead, BufReader};
    let directory = tempfile::tempdir().unwrap();
    let store = directory.path().join("c.db");
    for lines in [0, 1, 3, 7] {
        let mut child =
            writer_of(&mut this_binary(), &store, &format!("run{lines}"), 100_000).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap()).lines();
        let saved =
            out.by_ref().map(|line| line.unwrap()).filter(|line| line.contains("saved")).take(lines).count();
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(saved, lines);
        if store.exists() {
            assert!(assert_sound(&store) >= lines, "what was said to be saved is there");
            // Every bitext has all of its 20 beads.
            let counts = Store::open(&store).unwrap().stats().unwrap();
            assert_eq!(counts.pairs, counts.bitexts * 20);
        }
    }
}

#[test]
fn a_disk_that_fills_up_fails_clearly_and_keeps_what_was_stored() {
    let directory = tempfile::tempdir().unwrap();
    let store = directory.path().join("c.db");
    Store::open(&store).unwrap().save(&sample(), &Engines::default()).unwrap();
    // The kernel's limit on file sizes (here 512 blocks of 512 bytes), met as an error and not as a signal.
    let mut shell = Command::new("sh");
    shell
        .args(["-c", "trap '' XFSZ; ulimit -f 512; exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().unwrap());
    let output = writer_of(&mut shell, &store, "big", 100_000).output().unwrap();
    assert!(!output.status.success());
    let message = [stderr(&output), &String::from_utf8_lossy(&output.stdout)].concat();
    assert!(message.contains("disk may be full") || message.contains("disk is full"), "{message}");
    assert!(message.contains("stored before is kept"), "{message}");
    assert!(assert_sound(&store) >= 1);
    let mut pairs = 0;
    let one = PairFilter { source_lang: Some("de".parse::<Lang>().unwrap()), ..PairFilter::default() };
    let store = Store::open_existing(&store).unwrap();
    store
        .for_each_pair(&one, &mut |pair| {
            pairs += usize::from(pair.source.document == "hafen & <markt>.de");
            Ok(())
        })
        .unwrap();
    assert_eq!(pairs, 3);
}

#[test]
fn a_read_only_store_refuses_to_be_written() {
    let corpus = Corpus::with(&[sample()]);
    let copy = corpus.path("diptych-test");
    copy_program(&std::env::current_exe().unwrap(), &copy);
    fs::set_permissions(corpus.directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
    for (store, file, words) in [
        (corpus.store(), 0o444, "read-only; make the file and its directory writable"),
        (corpus.store(), 0o644, "read-only; make the file and its directory writable"),
        (corpus.path("new.db"), 0o444, "cannot be opened"),
    ] {
        fs::set_permissions(corpus.store(), fs::Permissions::from_mode(file)).unwrap();
        let mut command = writer_of(&mut Command::new(&copy), &store, "x", 1);
        if is_root(&corpus) {
            command.uid(65534).gid(65534);
        } else {
            fs::set_permissions(corpus.directory.path(), fs::Permissions::from_mode(0o555)).unwrap();
        }
        let output = command.output().unwrap();
        fs::set_permissions(corpus.directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let message = [stderr(&output), &String::from_utf8_lossy(&output.stdout)].concat();
        assert!(!output.status.success() && message.contains(words), "{message}");
    }
}

const GERMAN: &str = "Der Hafen öffnet um 6 Uhr.\nEs regnet.\nAm Markt bleiben 12 Stände zu.\nNiemand kam.\n";
const ENGLISH: &str =
    "The harbour opens at 6.\nIt rains.\nAt the market 12 stalls stay shut.\nNobody came.\n";

/// `diptych align` of two small files into the corpus's store, without a model.
fn align(command: &mut Command, corpus: &Corpus, source: &str) -> Command {
    let (german, english) = (corpus.path(source), corpus.path("b.en"));
    fs::write(&german, GERMAN).unwrap();
    if !english.exists() {
        fs::write(&english, ENGLISH).unwrap(); // once: another run may be reading it
    }
    let mut run = Command::new(command.get_program());
    run.args(command.get_args()).args(["align", "--presplit", "--no-translation"]);
    run.args(["--source-lang", "de", "--target-lang", "en", "--store"])
        .arg(corpus.store())
        .args([german, english]);
    run.stdout(Stdio::piped()).stderr(Stdio::piped());
    run
}

fn binary() -> Command {
    Command::new(env!("CARGO_BIN_EXE_diptych"))
}

#[test]
fn aligning_again_changes_nothing_and_at_once_waits() {
    let corpus = Corpus::with(&[]);
    stdout(&align(&mut binary(), &corpus, "a0.de").output().unwrap());
    let (stats, pairs) = (corpus.run("stats", &[]), corpus.run("export", &[]));
    assert_eq!(stdout(&pairs).lines().count(), 4);
    stdout(&align(&mut binary(), &corpus, "a0.de").output().unwrap());
    assert_eq!(stdout(&corpus.run("export", &[])), stdout(&pairs));
    let counts = |output: &Output| stdout(output).split("Size").next().map(String::from);
    assert_eq!(counts(&corpus.run("stats", &[])), counts(&stats));
    let names = ["a1.de", "a2.de", "a3.de", "a4.de"];
    let children = names.map(|name| align(&mut binary(), &corpus, name).spawn().unwrap());
    for child in children {
        stdout(&child.wait_with_output().unwrap());
    }
    assert_eq!(stdout(&corpus.run("export", &[])).lines().count(), 20);
    assert_sound(&corpus.store());
}

#[test]
fn align_into_a_store_in_a_bad_way_says_so() {
    let corpus = Corpus::with(&[sample()]);
    let refused =
        |words: &[&str]| assert_fails(&align(&mut binary(), &corpus, "a.de").output().unwrap(), words);
    let good = fs::read(corpus.store()).unwrap();
    fs::write(corpus.store(), GERMAN.repeat(50)).unwrap();
    refused(&["not a diptych store", "name another"]);
    fs::write(corpus.store(), &good).unwrap();
    rusqlite::Connection::open(corpus.store()).unwrap().execute_batch("PRAGMA user_version = 9").unwrap();
    refused(&["newer diptych", "update diptych"]);
    fs::write(corpus.store(), &good).unwrap();
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' XFSZ; ulimit -f 8; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_diptych")]);
    assert_fails(&align(&mut shell, &corpus, "a.de").output().unwrap(), &["disk may be full", "is kept"]);
    assert_eq!(stdout(&corpus.run("export", &[])).lines().count(), 3);
    fs::set_permissions(corpus.store(), fs::Permissions::from_mode(0o444)).unwrap();
    let user = ordinary_user(&corpus);
    fs::set_permissions(corpus.directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let mut run = align(&mut Command::new(user.get_program()), &corpus, "a.de");
    if is_root(&corpus) {
        run.uid(65534).gid(65534);
    }
    assert_fails(&run.output().unwrap(), &["read-only", "name another store"]);
}
