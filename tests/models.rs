//! The real binary with two real languages: the shipped German model and Mozilla's Portuguese one, which
//! scripts/fetch-models gets. Without it these tests fail and say so; they never pass by doing nothing.
#![cfg(unix)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use fxtranslate::engine::Engine;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// A report, in three languages, written for this test. The English is a free rendering: it merges the third and
/// fourth sentence and leaves out the eighth; the German splits the second.
const PORTUGUESE: &str = "A câmara de Vale do Rio aprovou na quinta-feira a reconstrução da ponte velha. A obra custa \
    3,4 milhões de euros e começa em março de 2026. A ponte foi fechada em 2019. Uma cheia tinha danificado dois \
    pilares.\n\nDesde então, os moradores da margem esquerda fazem um desvio de doze quilómetros. «Perdemos uma hora \
    por dia no caminho para o trabalho», disse Helena Duarte, professora. O presidente da câmara prometeu que a \
    ponte abre antes do verão de 2027. Ninguém aplaudiu. O projeto foi desenhado por um gabinete de Coimbra.\n\nA \
    oposição votou contra. Ela queria um concurso público internacional.";
const ENGLISH: &str = "On Thursday the council of Vale do Rio approved the rebuilding of the old bridge. The work \
    costs 3.4 million euros and begins in March 2026. The bridge was closed in 2019 after a flood had damaged two \
    of its pillars.\n\nSince then, residents of the left bank have been making a detour of twelve kilometres. \"We \
    lose an hour a day on the way to work,\" said Helena Duarte, a teacher. The mayor promised that the bridge will \
    open before the summer of 2027. The project was designed by an office in Coimbra.\n\nThe opposition voted \
    against it. It wanted an international public tender.";
const GERMAN: &str = "Der Rat von Vale do Rio hat am Donnerstag den Wiederaufbau der alten Brücke beschlossen. Die \
    Arbeiten kosten 3,4 Millionen Euro. Sie beginnen im März 2026. Die Brücke wurde 2019 gesperrt. Ein Hochwasser \
    hatte zwei Pfeiler beschädigt.\n\nSeitdem nehmen die Bewohner des linken Ufers einen Umweg von zwölf Kilometern. \
    „Wir verlieren jeden Tag eine Stunde auf dem Weg zur Arbeit“, sagte Helena Duarte, eine Lehrerin. Der \
    Bürgermeister versprach, dass die Brücke vor dem Sommer 2027 öffnet. Niemand klatschte. Das Projekt wurde von \
    einem Büro in Coimbra entworfen.\n\nDie Opposition stimmte dagegen. Sie wollte eine internationale öffentliche \
    Ausschreibung.";

fn models() -> PathBuf {
    let folder = Path::new(ROOT).join("target/models");
    let there = folder.join("pt-en/manifest.toml").is_file();
    assert!(there, "the Portuguese model is missing: run scripts/fetch-models pt-en");
    folder
}

fn diptych(arguments: &[&str], models: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_diptych"));
    command.env_remove("DIPTYCH_MODELS").args(arguments).arg("--models").arg(models);
    command.output().unwrap()
}

fn printed(arguments: &[&str]) -> String {
    let output = diptych(arguments, &models());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Writes the reports into a directory and returns their paths.
fn reports(directory: &Path) -> [String; 3] {
    [("ponte.pt.txt", PORTUGUESE), ("bridge.en.txt", ENGLISH), ("bruecke.de.txt", GERMAN)].map(
        |(name, text)| {
            let path = directory.join(name);
            fs::write(&path, text).unwrap();
            path.to_str().unwrap().to_string()
        },
    )
}

/// Beads as sets of indices, without their scores.
fn beads(first: &str, second: &str) -> Vec<String> {
    let lines = printed(&["align", "-q", first, second, "--format", "beads"]);
    lines.lines().map(|line| line.rsplit_once(':').unwrap().0.replace(' ', "")).collect()
}

#[test]
fn a_portuguese_report_is_aligned_with_its_english() {
    let directory = tempfile::tempdir().unwrap();
    let [portuguese, english, _] = reports(directory.path());
    let expected = [
        "[0]:[0]",
        "[1]:[1]",
        "[2,3]:[2]",
        "[4]:[3]",
        "[5]:[4]",
        "[6]:[5]",
        "[7]:[]",
        "[8]:[6]",
        "[9]:[7]",
        "[10]:[8]",
    ];
    assert_eq!(beads(&portuguese, &english), expected);
}

/// Neither side is English: both become it.
#[test]
fn portuguese_and_german_are_aligned_by_way_of_english() {
    let directory = tempfile::tempdir().unwrap();
    let [portuguese, _, german] = reports(directory.path());
    let expected = [
        "[0]:[0]",
        "[1]:[1,2]",
        "[2]:[3]",
        "[3]:[4]",
        "[4]:[5]",
        "[5]:[6]",
        "[6]:[7]",
        "[7]:[8]",
        "[8]:[9]",
        "[9]:[10]",
        "[10]:[11]",
    ];
    assert_eq!(beads(&portuguese, &german), expected);
    let output = printed(&["compare", "-q", &portuguese, &german]);
    assert!(output.contains("Coimbra"), "{output}");
}

/// Equal output has equal BLEU, whatever the reference.
#[test]
fn portuguese_is_what_the_bare_engine_makes_of_it() {
    let directory = tempfile::tempdir().unwrap();
    let [portuguese, ..] = reports(directory.path());
    let file = |name: &str| models().join("pt-en").join(name);
    let vocabulary = file("vocab.pten.spm");
    let engine = Engine::load(file("model.pten.intgemm.alphas.bin"), &vocabulary, &vocabulary).unwrap();
    let rows = printed(&["translate", "-q", "--format", "jsonl", &portuguese]);
    assert_eq!(rows.lines().count(), 11);
    for row in rows.lines() {
        let row: serde_json::Value = serde_json::from_str(row).unwrap();
        assert_eq!(row["english"], engine.translate(row["source"].as_str().unwrap()));
    }
}

/// Start-up looks a model up by its name: two hundred others cost nothing.
#[test]
fn the_number_of_models_does_not_matter_at_the_start() {
    let directory = tempfile::tempdir().unwrap();
    let [portuguese, ..] = reports(directory.path());
    let (few, many) = (directory.path().join("few"), directory.path().join("many"));
    for place in [&few, &many] {
        fs::create_dir_all(place).unwrap();
        std::os::unix::fs::symlink(models().join("pt-en"), place.join("pt-en")).unwrap();
    }
    for i in 0..200 {
        let letter = |n: usize| char::from(b'a' + n as u8);
        let fake = many.join(format!("q{}{}-en", letter(i / 26), letter(i % 26)));
        fs::create_dir(&fake).unwrap();
        fs::write(fake.join("manifest.toml"), "this is no manifest and is never read").unwrap();
    }
    let run = |place: &Path| {
        let started = Instant::now();
        let output = diptych(&["translate", "-q", "--threads", "1", &portuguese], place);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        started.elapsed()
    };
    // The fastest of some, taken in turn: other work on the machine only ever adds.
    let mut fastest = [Duration::MAX; 2];
    for _ in 0..5 {
        for (best, place) in fastest.iter_mut().zip([&few, &many]) {
            *best = run(place).min(*best);
        }
    }
    assert!(fastest[1] < fastest[0] * 3 / 2, "with one model {:?}, with 201 {:?}", fastest[0], fastest[1]);
}

#[test]
fn folders_are_added_as_they_are_found_elsewhere() {
    let (shipped, portuguese) = (Path::new(ROOT).join("models/de-en"), models().join("pt-en"));
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path().join("models");
    let add = |folder: &Path, more: &[&str]| {
        let output = diptych(&[&["models", "add", folder.to_str().unwrap()], more].concat(), &place);
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    // Two vocabularies that only the configuration tells apart, and a shortlist that is left where it is.
    let folder = directory.path().join("deen-tiny");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("lex.50.50.deen.s2t.bin"), "not needed").unwrap();
    fs::write(folder.join("config.yml"), "models:\n  - m\nvocabs:\n  - x.spm\n  - a.spm\nbeam-size: 1\n")
        .unwrap();
    for (from, to) in [
        ("model.deen.intgemm.alphas.bin", "german.intgemm8.bin"),
        ("srcvocab.deen.spm", "x.spm"),
        ("trgvocab.deen.spm", "a.spm"),
    ] {
        fs::copy(shipped.join(from), folder.join(to)).unwrap();
    }
    let (code, said) = add(&folder, &[]);
    assert_eq!(code, Some(2));
    assert!(said.contains("--as pt-en"), "{said}");
    let (code, said) = add(&folder, &["--as", "de-en", "--licence", "MPL-2.0"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("Das Haus ist alt. → "), "{said}");
    let info = diptych(&["models", "info", "de-en", "--json"], &place);
    let info: serde_json::Value = serde_json::from_slice(&info.stdout).unwrap();
    assert_eq!(info["licence"], "MPL-2.0");
    assert_eq!(info["origin"], folder.to_str().unwrap());
    assert_eq!(info["files"][1]["name"], "x.spm");
    assert_eq!(info["files"][1]["role"], "source-vocabulary");

    // What is damaged is refused with its reason; the model that is there stays.
    let weights = fs::read(portuguese.join("model.pten.intgemm.alphas.bin")).unwrap();
    let vocabulary = fs::read(portuguese.join("vocab.pten.spm")).unwrap();
    let mut taller = weights.clone();
    // The first shape: the table of embeddings, so many rows that terabytes would be asked for.
    let names: u64 =
        (0..195).map(|i| u64::from_le_bytes(weights[16 + 32 * i..][..8].try_into().unwrap())).sum();
    let shapes = 16 + 32 * 195 + names as usize;
    taller[shapes..shapes + 4].copy_from_slice(&0x7fff_0000_u32.to_le_bytes());
    let cut = &weights[..weights.len() - 1000];
    for (weights, vocabulary, part) in [
        (&taller[..], &vocabulary[..], "promises"),
        (cut, &vocabulary, "cut short"),
        (b"<html>", &vocabulary, "cannot be used"),
        (&weights, &vocabulary[..400_000], "cut short"),
        (&weights, b"<html>", "cannot be used"),
        (&weights, b"", "no pieces"),
    ] {
        let folder = directory.path().join("damaged");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("model.deen.bin"), weights).unwrap();
        fs::write(folder.join("vocab.spm"), vocabulary).unwrap();
        let (code, said) = add(&folder, &[]);
        assert_eq!(code, Some(2), "{part}: {said}");
        assert!(said.contains(part) && said.contains("nothing is installed"), "{part}: {said}");
        assert!(!said.contains("panicked"), "{said}");
        assert_eq!(diptych(&["models", "verify", "de-en"], &place).status.code(), Some(0));
    }
    for (files, part) in [
        (&[][..], "holds no model"),
        (&["a.intgemm.bin", "b.intgemm.bin", "v.spm"], "holds 2 models"),
        (&["a.intgemm.bin"], "holds 0 vocabularies"),
        (&["a.intgemm.bin", "one.spm", "two.spm"], "which vocabulary is the source's"),
        (&["config.json", "source.spm", "target.spm", "vocab.json"], "has no weights"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            fs::write(folder.path().join(file), "x").unwrap();
        }
        let (code, said) = add(folder.path(), &["--as", "fr-en"]);
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains(part), "{part}: {said}");
    }
}

/// Weights that are well-formed and make no sense, tried in a process of their own: it may fail there as it likes.
#[test]
fn a_trial_that_fails_is_an_error_and_no_crash() {
    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path().join("pten");
    fs::create_dir(&folder).unwrap();
    let mut weights = fs::read(models().join("pt-en/model.pten.intgemm.alphas.bin")).unwrap();
    // Every number of the norms is none; the multipliers, which are checked, stay.
    let header = |item: usize, word: usize| {
        u64::from_le_bytes(weights[16 + 32 * item + 8 * word..][..8].try_into().unwrap()) as usize
    };
    let mut at = 12_544;
    let mut names = 16 + 32 * 195;
    let mut spans = Vec::new();
    for item in 0..195 {
        let name = String::from_utf8_lossy(&weights[names..names + header(item, 0)]).into_owned();
        if name.contains("_ln_") {
            spans.push(at..at + header(item, 3));
        }
        names += header(item, 0);
        at += header(item, 3);
    }
    for span in spans {
        weights[span].chunks_exact_mut(4).for_each(|four| four.copy_from_slice(&f32::NAN.to_le_bytes()));
    }
    let refused = |weights: &[u8], vocabulary: &[u8], part: &str| {
        fs::write(folder.join("model.pten.intgemm.alphas.bin"), weights).unwrap();
        fs::write(folder.join("vocab.pten.spm"), vocabulary).unwrap();
        let place = directory.path().join("models");
        let output = diptych(&["models", "add", folder.to_str().unwrap()], &place);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("nothing is installed") && said.contains(part), "{part}: {said}");
        assert!(!place.join("pt-en").exists());
    };
    let vocabulary = fs::read(models().join("pt-en/vocab.pten.spm")).unwrap();
    refused(&weights, &vocabulary, "it makes \"( (");

    // The rule for the letter A of the vocabulary's normaliser leads outside its texts: the engine panics.
    let weights = fs::read(models().join("pt-en/model.pten.intgemm.alphas.bin")).unwrap();
    let mut vocabulary = vocabulary;
    let size = 177_152_u32.to_le_bytes();
    let trie = vocabulary.windows(4).rposition(|four| four == size).expect("the normaliser's size") + 4;
    let root = u32::from_le_bytes(vocabulary[trie..trie + 4].try_into().unwrap());
    let unit = (((root >> 10) << ((root & 0x200) >> 6)) ^ u32::from(b'A')) as usize;
    let mut write = |unit: usize, value: u32| {
        vocabulary[trie + 4 * unit..][..4].copy_from_slice(&value.to_le_bytes());
    };
    write(unit, (1 << 10) | (1 << 8) | u32::from(b'A'));
    write(unit ^ 1, 0x7fff_ffff);
    refused(&weights, &vocabulary, "the engine cannot work with it");
}
