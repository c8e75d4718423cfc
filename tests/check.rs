//! `diptych check` over stores that are broken on purpose, and a store of the first version.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use diptych::{Bead, Bitext, Document, Engines, FilterOptions, Split, Store};
use rusqlite::Connection;

fn document(name: &str, lang: &str, text: &str) -> Document {
    Document::new(name.into(), lang.parse().unwrap(), text.into(), Split::Lines)
}

fn sample() -> Bitext {
    let source = document("hafen.de", "de", "Der Hafen öffnet.\nEs regnet.\nNiemand kam.");
    let target = document("hafen.en", "en", "The harbour opens.\nIt rains.");
    let bead = |source, target| Bead { source, target, score: 0.9 };
    let beads = vec![bead(0..1, 0..1), bead(1..2, 1..2), bead(2..3, 2..2)];
    Bitext::new(source, target, beads, "test".into()).unwrap()
}

fn make(path: &Path) {
    let mut store = Store::open(path).unwrap();
    store.remember("engine", &[("Es regnet.", "It is raining.")]).unwrap();
    store.save(&sample(), &Engines { source: Some("engine"), target: None }).unwrap();
    store.filter(&FilterOptions::default(), &mut |_| Ok(())).unwrap();
}

/// Exit code, standard output and standard error.
fn run(arguments: &[&str], store: &Path) -> (i32, String, String) {
    let mut run = Command::new(env!("CARGO_BIN_EXE_diptych"));
    let output = run.args(arguments).arg("--store").arg(store).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn scratch() -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("c.db");
    (directory, path)
}

#[test]
fn a_sound_store_has_no_findings() {
    let (_directory, path) = scratch();
    make(&path);
    let (code, out, said) = run(&["check"], &path);
    assert_eq!((code, out.as_str()), (0, ""), "{said}");
    assert!(said.contains("sound"));
    assert_eq!(run(&["check", "--json"], &path).1, "[]\n");
}

#[test]
fn each_damage_is_found_and_says_what_to_do() {
    for (damage, kind, what) in [
        ("UPDATE bead SET source_count = 2 WHERE number = 0", "beads", "hafen.de and hafen.en: bead 1"),
        ("DELETE FROM bead WHERE number = 2", "beads", "covers 2 and 2 of 3 and 2"),
        ("UPDATE bead SET score = 1.5 WHERE number = 1", "score", "bead 1 of hafen.de and hafen.en"),
        ("UPDATE bead SET score = 'high' WHERE number = 1", "score", "bead 1"),
        ("UPDATE sentence SET stop = stop + 500 WHERE number = 2", "document", "does not lie in the text"),
        (
            "UPDATE sentence SET stop = 11 WHERE number = 0 AND document = 1",
            "document",
            "does not lie in the text",
        ),
        ("UPDATE sentence SET start = 3 WHERE number = 1", "document", "lies before"),
        ("UPDATE sentence SET start = start + 1 WHERE number = 1", "document", "sentences are not the ones"),
        ("DELETE FROM sentence WHERE number = 1 AND document = 1", "document", "missing between"),
        ("UPDATE document SET text = replace(text, 'regnet', 'schnei')", "document", "text is not the one"),
        ("DELETE FROM bitext", "orphan", "no bitext uses document hafen.de"),
        ("DELETE FROM document WHERE lang = 'en'", "reference", "bitext names a document"),
        ("INSERT INTO engine (signature) VALUES ('idle')", "orphan", "by engine idle"),
        ("INSERT INTO input VALUES ('a', 'b', x'00', NULL)", "input", "not stored: a and b"),
        ("DROP TABLE setting", "schema", "table setting.name TEXT is missing"),
        ("ALTER TABLE bead DROP COLUMN rejected", "schema", "rejected"),
        ("CREATE TABLE extra (x)", "schema", "table extra.x"),
        ("UPDATE bead SET rejected = 'spelling' WHERE number = 0", "file", "spelling"),
        ("INSERT INTO pair_text (rowid, source, target) VALUES (77, 'x', 'y')", "index", "differs"),
    ] {
        let (_directory, path) = scratch();
        make(&path);
        let connection = Connection::open(&path).unwrap();
        connection.execute_batch(&format!("PRAGMA foreign_keys = OFF; {damage}")).unwrap();
        drop(connection);
        let (code, out, said) = run(&["check", "--json"], &path);
        assert_eq!(code, 1, "{damage}: {out}{said}");
        let findings: Vec<serde_json::Value> = serde_json::from_str(&out).unwrap();
        let text = |finding: &serde_json::Value, field: &str| finding[field].as_str().unwrap().to_string();
        let found = |f: &&serde_json::Value| f["kind"] == kind && text(f, "what").contains(what);
        let finding = findings.iter().find(found).unwrap_or_else(|| panic!("{damage}: {out}"));
        let line = format!("{kind}: {}; {}", text(finding, "what"), text(finding, "advice"));
        assert!(run(&["check"], &path).1.contains(&line), "{line}");
    }
}

#[test]
fn a_file_with_a_page_overwritten_is_a_finding_or_an_error_but_never_sound() {
    let (_directory, path) = scratch();
    make(&path);
    let connection = Connection::open(&path).unwrap();
    connection.pragma_update(None, "wal_checkpoint", "TRUNCATE").ok();
    drop(connection);
    let sound = fs::read(&path).unwrap();
    for page in 1..sound.len() / 4096 {
        let mut broken = sound.clone();
        broken[page * 4096..(page + 1) * 4096].fill(0x5A);
        fs::write(&path, &broken).unwrap();
        let (code, out, said) = run(&["check"], &path);
        assert!(
            code == 1 && !out.is_empty() || code == 2 && said.contains("c.db"),
            "{page}: {code} {out}{said}"
        );
        assert!(!said.contains("panicked"), "{said}");
    }
}

#[test]
fn what_is_no_store_is_an_error() {
    let (_directory, path) = scratch();
    fs::write(&path, "no store\n".repeat(200)).unwrap();
    assert_eq!(run(&["check"], &path).0, 2);
    fs::remove_file(&path).unwrap();
    assert_eq!(run(&["check"], &path).0, 2);
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
    let (code, _, said) = run(&["check"], &path);
    assert!(code == 2 && said.contains("not a diptych store"), "{said}");
}

#[test]
fn a_store_of_the_first_version_is_brought_up_to_date_and_keeps_its_content() {
    let (directory, new) = scratch();
    make(&new);
    let expected = run(&["export", "--format", "jsonl"], &new).1;
    // The tables of version 1, with the rows that both versions have.
    let old = directory.path().join("old.db");
    let connection = Connection::open(&old).unwrap();
    connection.execute_batch(include_str!("../src/store/schema-1.sql")).unwrap();
    connection.execute("ATTACH ?1 AS new", [new.to_str().unwrap()]).unwrap();
    connection
        .execute_batch(
            "INSERT INTO document SELECT * FROM new.document;
             INSERT INTO sentence SELECT * FROM new.sentence;
             INSERT INTO engine SELECT * FROM new.engine;
             INSERT INTO translation SELECT * FROM new.translation;
             INSERT INTO bitext SELECT * FROM new.bitext;
             INSERT INTO bead (id, bitext, number, source_first, source_count, target_first, target_count, score)
                 SELECT id, bitext, number, source_first, source_count, target_first, target_count, score
                 FROM new.bead;
             INSERT INTO pair_text (pair_text) VALUES ('rebuild');
             PRAGMA application_id = 0x64697074;
             PRAGMA user_version = 1;",
        )
        .unwrap();
    drop(connection);
    assert_eq!(run(&["export", "--format", "jsonl"], &old), (0, expected, String::new()));
    assert_eq!(run(&["check"], &old).0, 0);
    assert!(run(&["search", "regnet"], &old).1.contains("It rains."));
    let version = |path: &Path| -> i64 {
        let connection = Connection::open(path).unwrap();
        connection.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap()
    };
    assert_eq!(version(&old), version(&new));
}
