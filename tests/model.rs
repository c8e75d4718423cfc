//! The real binary with the real model. Nothing here depends on the model's very words: a better one takes
//! its place under the same names. What is right is what the bare engine says, or what must hold of any model.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use fxtranslate::engine::Engine;

const ARTICLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/artikel.de.txt");
const ENGLISH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/artikel.en.txt");
const MODELS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/models");

fn diptych(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_diptych")).args(arguments).output().expect("the binary runs")
}

/// Runs, must succeed, and returns what it printed.
fn printed(arguments: &[&str]) -> String {
    let output = diptych(arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn bare_engine() -> Engine {
    let file = |name: &str| format!("{MODELS}/de-en/{name}");
    Engine::load(file("model.deen.intgemm.alphas.bin"), file("srcvocab.deen.spm"), file("trgvocab.deen.spm"))
        .expect("the shipped model loads")
}

#[test]
fn an_article_is_what_the_engine_makes_of_its_sentences_in_order() {
    let engine = bare_engine();
    let sentences = printed(&["split", ARTICLE]);
    let rows = printed(&["translate", "--format", "jsonl", ARTICLE]);
    let rows: Vec<serde_json::Value> = rows.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows.len(), sentences.lines().count());
    for (i, (row, sentence)) in rows.iter().zip(sentences.lines()).enumerate() {
        assert_eq!(row["sentence"], i);
        assert_eq!(row["source"], sentence);
        assert_eq!(row["english"], engine.translate(sentence), "{sentence}");
    }
    let text = printed(&["translate", ARTICLE]);
    let joined: Vec<&str> = rows.iter().filter_map(|row| row["english"].as_str()).collect();
    assert_eq!(
        text.split_whitespace().collect::<Vec<_>>(),
        joined.join(" ").split_whitespace().collect::<Vec<_>>()
    );
    let paragraphs = rows.last().unwrap()["paragraph"].as_u64().unwrap() + 1;
    assert_eq!(text.split("\n\n").count() as u64, paragraphs);
}

#[test]
fn the_thread_count_changes_no_byte() {
    let one = printed(&["translate", "--threads", "1", "--format", "tsv", ARTICLE]);
    for threads in ["2", "3", "8"] {
        assert_eq!(printed(&["translate", "--threads", threads, "--format", "tsv", ARTICLE]), one);
    }
}

#[test]
fn english_passes_unchanged_and_needs_no_model() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("plain.txt");
    let text = "The council met on Monday.  It talked about 3.5 million euros.\n\nNobody objected.\n";
    fs::write(&path, text).unwrap();
    let path = path.to_str().unwrap();
    let output = diptych(&["translate", "--format", "text", path]);
    let expected = text.replace("  ", " ");
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
    assert_eq!(printed(&["translate", "--presplit", path]), text);
    assert!(!String::from_utf8(output.stderr).unwrap().contains("machine translation"));
}

#[test]
fn lines_without_letters_pass_and_line_numbers_stay_true() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("lines.txt");
    fs::write(&path, "Das Haus ist alt.\n\n12:30 – 14:00\n***\nDas Haus ist alt.\n").unwrap();
    let text = printed(&["translate", "--lang", "de", "--presplit", path.to_str().unwrap()]);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[1..4], ["", "12:30 – 14:00", "***"]);
    assert_eq!(lines.len(), 5);
    assert_eq!(lines[0], lines[4]);
    assert!(!lines[0].is_empty());
}

/// The engine cuts what is over its window and says nothing; diptych cuts at clauses and joins.
#[test]
fn a_sentence_over_the_window_is_translated_to_its_end() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("long.txt");
    let clauses: Vec<String> =
        (0..40).map(|i| format!("im Jahr {} kamen {} Gäste in das Dorf", 1950 + i, 300 + 7 * i)).collect();
    fs::write(&path, format!("Die Chronik sagt, {}.", clauses.join(", "))).unwrap();
    let text = printed(&["translate", "-q", "--presplit", "--lang", "de", path.to_str().unwrap()]);
    // The model may get a year wrong, but the tail must be there.
    let tail = |text: &str| (1980..1990).filter(|year| text.contains(&year.to_string())).count();
    assert!(tail(&text) >= 6, "{text}");
    let bare = bare_engine().translate(&fs::read_to_string(&path).unwrap());
    assert!(tail(&bare) < 6, "the engine alone keeps the tail: then this test shows nothing: {bare}");
}

#[test]
fn people_are_told_what_the_model_is_worth() {
    let manifest = fs::read_to_string(format!("{MODELS}/de-en/manifest.toml")).unwrap();
    let note =
        manifest.lines().find_map(|line| line.strip_prefix("note = \"")).unwrap().trim_end_matches('"');
    let stderr = String::from_utf8(diptych(&["translate", ARTICLE]).stderr).unwrap();
    assert!(stderr.contains(note), "{stderr}");
    assert!(printed(&["translate", "--format", "bilingual", ARTICLE]).contains(note));
    assert!(printed(&["translate", "--format", "html", ARTICLE]).contains(note));
    assert!(diptych(&["translate", "-q", ARTICLE]).stderr.is_empty());
}

/// Each place is shown to be looked into, in order, by a broken model there, which is an error by name.
#[test]
fn models_are_found_in_the_promised_order() {
    let directory = tempfile::tempdir().unwrap();
    let broken = |place: &str| {
        let model = directory.path().join(place).join("de-en");
        fs::create_dir_all(&model).unwrap();
        let manifest = fs::read_to_string(format!("{MODELS}/de-en/manifest.toml")).unwrap();
        fs::write(model.join("manifest.toml"), manifest).unwrap();
        for file in ["model.deen.intgemm.alphas.bin", "srcvocab.deen.spm", "trgvocab.deen.spm"] {
            let mut bytes = fs::read(format!("{MODELS}/de-en/{file}")).unwrap();
            bytes[5000] ^= 1;
            fs::write(model.join(file), bytes).unwrap();
        }
    };
    let binary = directory.path().join("bin/diptych");
    fs::create_dir_all(binary.parent().unwrap()).unwrap();
    // By another process: see copy_program in store.rs.
    let copied = Command::new("cp").arg(env!("CARGO_BIN_EXE_diptych")).arg(&binary).status().unwrap();
    assert!(copied.success());
    let run = || {
        let mut command = Command::new(&binary);
        command.env_clear().env("XDG_DATA_HOME", directory.path().join("data"));
        command.env("DIPTYCH_MODELS", directory.path().join("variable"));
        command.arg("--models").arg(directory.path().join("named")).args(["translate", ARTICLE]);
        command.output().unwrap()
    };
    // A directory that the user names must hold models, if not this one.
    for place in ["named", "variable"] {
        fs::create_dir_all(directory.path().join(place).join("xx-en")).unwrap();
    }
    assert!(run().status.success(), "the copy in the binary is used where there is no other");
    for place in ["bin/models", "data/diptych/models", "variable", "named"] {
        broken(place);
        let output = run();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{place}: {stderr}");
        let path = Path::new(place).join("de-en");
        assert!(stderr.contains(path.to_str().unwrap()) && stderr.contains("SHA-256"), "{place}: {stderr}");
    }
}

#[test]
fn a_language_without_a_model_says_what_is_supported_and_how_to_add_one() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("fr.txt");
    fs::write(&path, "Le ministre a annoncé lundi que davantage de soldats seraient envoyés.").unwrap();
    let output = diptych(&["translate", path.to_str().unwrap()]);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    for part in ["fr.txt", "French", "de, en", "diptych models pull fr-en", "--auto-pull"] {
        assert!(stderr.contains(part), "{part}: {stderr}");
    }
}

#[test]
fn an_article_and_its_translation_are_aligned_stored_and_exported() {
    let directory = tempfile::tempdir().unwrap();
    let store = directory.path().join("corpus.db");
    let store = store.to_str().unwrap();
    assert_eq!(printed(&["align", "-q", ARTICLE, ENGLISH, "--store", store]), "");
    let first = printed(&["export", "-q", "--store", store, "--format", "tsv"]);
    let types: Vec<&str> = first.lines().map(|line| line.split('\t').nth(3).unwrap()).collect();
    // By hand: 22 sentences a side, two merged on each side, all else one to one.
    assert_eq!(types.iter().filter(|kind| **kind == "1-1").count(), 16, "{first}");
    assert_eq!(types.iter().filter(|kind| **kind == "2-1").count(), 2, "{first}");
    assert_eq!(types.iter().filter(|kind| **kind == "1-2").count(), 2, "{first}");
    let direct = printed(&["align", "-q", ARTICLE, ENGLISH]);
    assert_eq!(first, direct, "with and without a store the same pairs come out");

    // Nothing is translated twice: what the memory holds is what the second run matches over.
    let connection = rusqlite::Connection::open(store).unwrap();
    let before: i64 = connection.query_row("SELECT count(*) FROM translation", [], |row| row.get(0)).unwrap();
    assert_eq!(printed(&["align", "-q", ARTICLE, ENGLISH, "--store", store]), "");
    let after: i64 = connection.query_row("SELECT count(*) FROM translation", [], |row| row.get(0)).unwrap();
    assert_eq!(before, after);
    assert_eq!(printed(&["export", "-q", "--store", store, "--format", "tsv"]), first);
    assert!(connection.execute("UPDATE translation SET english = 'zzz ' || english", []).unwrap() > 0);
    printed(&["align", "-q", ARTICLE, ENGLISH, "--store", store]);
    let english = printed(&["export", "-q", "--store", store, "--format", "jsonl"]);
    assert!(english.contains("zzz"), "the second run took the translations from the memory: {english}");
}

#[test]
fn the_side_that_is_english_may_stand_first() {
    let forth = printed(&["align", "-q", ARTICLE, ENGLISH, "--format", "beads"]);
    let back = printed(&["align", "-q", ENGLISH, ARTICLE, "--format", "beads"]);
    let turned = |line: &str| line.split(':').take(2).map(str::to_string).collect::<Vec<_>>();
    for (forth, back) in forth.lines().zip(back.lines()) {
        let mut back = turned(back);
        back.reverse();
        assert_eq!(turned(forth), back);
    }
}
