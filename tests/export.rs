//! The real binary: exports that are packed, divided, and in columns; documents that are packed.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use diptych::{Bead, Bitext, Document, Engines, Split, Store};
use tempfile::TempDir;

const DOCUMENTS: usize = 40;

/// A store with documents of three pairs each: 1-1, 2-1 and 1-1, in two languages.
fn corpus() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let mut store = Store::open(&directory.path().join("c.db")).unwrap();
    for i in 0..DOCUMENTS {
        store.save(&bitext(i), &Engines::default()).unwrap();
    }
    directory
}

fn bitext(i: usize) -> Bitext {
    let document = |name: String, lang: &str, text: String| {
        Document::new(name, lang.parse().unwrap(), text, Split::Lines)
    };
    let source = format!("Haus {i} steht.\nEs ist alt.\nDas Dach ist neu.\nÄhren wachsen dahinter.");
    let target = format!("House {i} stands.\nIt is old, but the roof is new.\nEars grow behind it.");
    let bead = |source, target, score| Bead { source, target, score };
    let beads = vec![bead(0..1, 0..1, 0.9), bead(1..3, 1..2, 0.75), bead(3..4, 2..3, 1.0)];
    let names = (format!("{i:02}.de.txt"), format!("{i:02}.en.txt"));
    Bitext::new(document(names.0, "de", source), document(names.1, "en", target), beads, "test".into())
        .unwrap()
}

fn run(at: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_diptych")).current_dir(at).args(arguments).output().unwrap()
}

#[track_caller]
fn done(at: &Path, arguments: &[&str]) -> Vec<u8> {
    let output = run(at, arguments);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

#[track_caller]
fn fails(at: &Path, arguments: &[&str], said: &str) {
    let output = run(at, arguments);
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{message}");
    assert!(message.contains(said), "{said:?} is not in: {message}");
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

fn unpack(path: PathBuf) -> String {
    let bytes = fs::read(&path).unwrap();
    let mut text = String::new();
    match path.extension().unwrap().to_str().unwrap() {
        "gz" => flate2::read::GzDecoder::new(&bytes[..]).read_to_string(&mut text).unwrap(),
        "zst" => zstd::Decoder::new(&bytes[..]).unwrap().read_to_string(&mut text).unwrap(),
        _ => (&bytes[..]).read_to_string(&mut text).unwrap(),
    };
    text
}

#[test]
fn a_packed_export_holds_what_the_plain_one_holds() {
    let directory = corpus();
    let at = directory.path();
    for (format, plain) in [("tsv", "c.tsv"), ("jsonl", "c.jsonl"), ("tmx", "c.tmx")] {
        done(at, &["export", "--store", "c.db", "--format", format, "-o", plain]);
        for packing in ["gz", "zst"] {
            let name = format!("{plain}.{packing}");
            // The ending names the format too.
            done(at, &["export", "--store", "c.db", "-o", &name]);
            assert_eq!(unpack(at.join(&name)), unpack(at.join(plain)), "{name}");
            let first = fs::read(at.join(&name)).unwrap();
            done(at, &["export", "--store", "c.db", "-o", &name]);
            assert_eq!(fs::read(at.join(&name)).unwrap(), first, "{name} depends on more than its content");
        }
    }
    done(at, &["export", "--store", "c.db", "--format", "moses", "-o", "m.gz"]);
    assert_eq!(unpack(at.join("m.de.gz")).lines().count(), 3 * DOCUMENTS);
    assert_eq!(unpack(at.join("m.en.gz")).lines().nth(1), Some("It is old, but the roof is new."));
}

#[test]
fn a_split_divides_by_document() {
    let directory = corpus();
    let at = directory.path();
    let export = ["export", "--store", "c.db", "--split", "2:1:1", "--seed", "5", "-o"];
    done(at, &[&export[..], &["c.tsv.gz"]].concat());
    done(at, &["export", "--store", "c.db", "-o", "whole.tsv"]);
    let parts = ["train", "dev", "test"].map(|part| unpack(at.join(format!("c.{part}.tsv.gz"))));
    let column = |text: &str, i: usize| -> BTreeSet<String> {
        text.lines().map(|line| line.split('\t').nth(i).unwrap().to_string()).collect()
    };
    let documents = parts.each_ref().map(|part| column(part, 4));
    assert!(documents.iter().all(|part| part.len() > 2), "{documents:?}");
    assert_eq!(documents.iter().map(BTreeSet::len).sum::<usize>(), DOCUMENTS);
    let mut lines: Vec<&str> = parts.iter().flat_map(|part| part.lines()).collect();
    lines.sort_unstable();
    let whole = unpack(at.join("whole.tsv"));
    let mut expected: Vec<&str> = whole.lines().collect();
    expected.sort_unstable();
    assert!(lines == expected, "the parts together are not the whole");

    // The same documents fall into the same parts when others join them, and into others with another seed.
    let mut store = Store::open(&at.join("more.db")).unwrap();
    (7..DOCUMENTS + 20).for_each(|i| store.save(&bitext(i), &Engines::default()).unwrap());
    drop(store);
    done(at, &["export", "--store", "more.db", "--split", "2:1:1", "--seed", "5", "-o", "more.tsv"]);
    for (part, before) in ["train", "dev", "test"].iter().zip(&documents) {
        let after = column(&unpack(at.join(format!("more.{part}.tsv"))), 4);
        assert!(
            before.iter().filter(|name| name.as_str() >= "07").all(|name| after.contains(name)),
            "{part}"
        );
    }
    done(at, &["export", "--store", "c.db", "--split", "2:1:1", "--seed", "6", "-o", "other.tsv"]);
    assert_ne!(column(&unpack(at.join("other.train.tsv")), 4), documents[0]);
}

#[test]
fn every_format_can_be_split() {
    let directory = corpus();
    let at = directory.path();
    let split = ["export", "--store", "c.db", "--split", "1:1:0"];
    done(at, &[&split[..], &["--format", "moses", "-o", "a.b"]].concat());
    let lines = |name: &str| unpack(at.join(name)).lines().count();
    assert_eq!(lines("a.b.train.de") + lines("a.b.dev.de"), 3 * DOCUMENTS);
    assert_eq!((lines("a.b.train.de"), lines("a.b.test.en")), (lines("a.b.train.en"), 0));
    done(at, &[&split[..], &["-o", "c.tmx"]].concat());
    assert!(unpack(at.join("c.test.tmx")).ends_with("</tmx>\n"));
    fails(at, &split, "name them with -o");
    fails(at, &["export", "--store", "c.db", "--split", "98:2", "-o", "x"], "such as 98:1:1");
    fails(at, &["export", "--store", "c.db", "--seed", "1", "-o", "x"], "--split");
}

#[cfg(not(feature = "parquet"))]
#[test]
fn without_the_feature_parquet_says_how_to_get_it() {
    let directory = corpus();
    fails(directory.path(), &["export", "--store", "c.db", "-o", "c.parquet"], "--features parquet");
    assert!(!directory.path().join("c.parquet").exists());
}

#[cfg(feature = "parquet")]
fn json(field: &parquet::record::Field) -> serde_json::Value {
    use parquet::record::Field;
    match field {
        Field::Null => serde_json::Value::Null,
        Field::Int(number) => (*number).into(),
        Field::Long(number) => (*number).into(),
        Field::Double(number) => (*number).into(),
        Field::Str(text) => text.as_str().into(),
        Field::ListInternal(list) => list.elements().iter().map(json).collect(),
        other => panic!("no column has {other}"),
    }
}

#[cfg(feature = "parquet")]
#[test]
fn parquet_says_what_json_lines_says() {
    use parquet::file::reader::{FileReader, SerializedFileReader};

    let directory = corpus();
    let at = directory.path();
    done(at, &["export", "--store", "c.db", "-o", "c.parquet"]);
    done(at, &["export", "--store", "c.db", "-o", "c.jsonl"]);
    let reader = SerializedFileReader::new(fs::File::open(at.join("c.parquet")).unwrap()).unwrap();
    assert_eq!(reader.metadata().file_metadata().num_rows(), 3 * DOCUMENTS as i64);
    let rows = reader.get_row_iter(None).unwrap().map(|row| {
        let fields = row.unwrap().into_columns();
        fields.into_iter().map(|(name, field)| (name, json(&field))).collect::<serde_json::Map<_, _>>()
    });
    let text = unpack(at.join("c.jsonl"));
    let mut seen = 0;
    for (row, line) in rows.zip(text.lines()) {
        let expected: serde_json::Value = serde_json::from_str(line).unwrap();
        for (field, value) in expected.as_object().unwrap() {
            match field.strip_suffix("_bytes") {
                Some(side) => {
                    assert_eq!(
                        [&row[&format!("{side}_start")], &row[&format!("{side}_end")]],
                        [&value[0], &value[1]]
                    );
                }
                None => assert_eq!(&row[field.as_str()], value, "{field} in {line}"),
            }
        }
        assert!(row["source_url"].is_null() && row["rejected"].is_null(), "{row:?}");
        seen += 1;
    }
    assert_eq!(seen, 3 * DOCUMENTS);

    done(at, &["export", "--store", "c.db", "--split", "1:1:0", "-o", "c.parquet"]);
    let empty = SerializedFileReader::new(fs::File::open(at.join("c.test.parquet")).unwrap()).unwrap();
    assert_eq!(empty.metadata().file_metadata().num_rows(), 0);
    fails(at, &["export", "--store", "c.db", "-f", "parquet", "-o", "c.parquet.gz"], "packed inside");
    // Standard output takes it as well.
    let out = done(at, &["export", "--store", "c.db", "-f", "parquet"]);
    assert!(out.starts_with(b"PAR1") && out.ends_with(b"PAR1"));
}

#[test]
fn packed_documents_are_read_like_plain_ones() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    let german = "Die Fähre fährt wieder. Sie kostet 4,50 Euro.\n";
    let english = "The ferry runs again. It costs 4.50 euros.\n";
    let page = format!("<html lang=de><body><p>{german}</p></body></html>");
    let record = serde_json::json!({ "text": german, "lang": "de" }).to_string();
    for (name, text) in [("a.de.txt", german), ("a.html", &page), ("a.jsonl", &record)] {
        fs::write(at.join(name), text).unwrap();
        fs::write(at.join(format!("{name}.gz")), gzip(text.as_bytes())).unwrap();
        fs::write(at.join(format!("{name}.zst")), zstd::encode_all(text.as_bytes(), 3).unwrap()).unwrap();
        let plain = done(at, &["split", "--lang", "de", name]);
        assert_eq!(String::from_utf8_lossy(&plain).lines().count(), 2, "{name}");
        for packed in [format!("{name}.gz"), format!("{name}.zst")] {
            assert_eq!(done(at, &["split", "--lang", "de", &packed]), plain, "{packed}");
        }
    }
    let mut child = Command::new(env!("CARGO_BIN_EXE_diptych"))
        .args(["split", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(&gzip(english.as_bytes())).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).lines().count(), 2);

    // Translations may be packed too, by lines and by sentence.
    fs::write(at.join("a.en.txt.gz"), gzip(english.as_bytes())).unwrap();
    let table =
        "Die Fähre fährt wieder.\tThe ferry runs again.\nSie kostet 4,50 Euro.\tIt costs 4.50 euros.\n";
    fs::write(at.join("mt.tsv.gz"), gzip(table.as_bytes())).unwrap();
    let aligned = done(at, &["align", "--translations", "mt.tsv.gz", "a.de.txt.zst", "a.en.txt.gz"]);
    assert_eq!(String::from_utf8_lossy(&aligned).lines().count(), 2);
}

#[test]
fn a_bomb_and_a_broken_archive_are_errors_that_name_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    let zeros = vec![b'0'; 8 << 20];
    let text = gzip("Ein Satz. Noch einer.\n".repeat(100).as_bytes());
    for (name, bytes, said) in [
        ("bomb.txt.gz", gzip(&zeros), "bomb.txt.gz: is larger than 1 MB, the limit for one file"),
        ("bomb.txt.zst", zstd::encode_all(&zeros[..], 3).unwrap(), "bomb.txt.zst: is larger than 1 MB"),
        ("cut.txt.gz", text[..text.len() - 9].to_vec(), "cut.txt.gz: is a gzip file that ends too soon"),
        ("odd.txt.zst", b"Kein Archiv.".to_vec(), "odd.txt.zst: is named like a Zstandard file, but is none"),
        ("void.txt.gz", gzip(b""), "void.txt.gz: is empty"),
    ] {
        fs::write(at.join(name), bytes).unwrap();
        fails(at, &["split", "--max-size", "1", "--lang", "de", name], said);
    }
}
