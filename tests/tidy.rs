//! The rules of the house that a program can check, over the text of `src`.

use std::fs;
use std::path::{Path, PathBuf};

fn sources(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Name relative to `src`, and the lines above the unit tests, without comments.
fn code() -> Vec<(String, Vec<String>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        let text = text.split("#[cfg(test)]\nmod ").next().unwrap().to_string();
        let lines = text.lines().filter(|line| !line.trim_start().starts_with("//")).map(str::to_string);
        (path.strip_prefix(&root).unwrap().display().to_string(), lines.collect())
    };
    sources(&root).into_iter().map(read).collect()
}

#[test]
fn every_file_opens_by_saying_what_it_is_for() {
    for path in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("//! "), "{}", path.display());
    }
}

#[test]
fn nothing_panics_on_purpose_outside_tests() {
    for (name, lines) in code() {
        for line in lines {
            for word in [".unwrap()", "panic!(", "todo!(", "unimplemented!(", "dbg!("] {
                assert!(!line.contains(word), "{name}: {line}");
            }
        }
    }
}

#[test]
fn foreign_crates_stay_behind_their_border() {
    let borders: &[(&str, &[&str])] = &[
        ("anyhow", &["cli.rs", "cli/"]),
        ("clap", &["cli.rs", "cli/"]),
        ("indicatif", &["cli.rs", "cli/"]),
        ("chardetng", &["read.rs", "read/"]),
        ("dom_smoothie", &["read.rs", "read/"]),
        ("encoding_rs", &["read.rs", "read/"]),
        ("fxtranslate", &["translate/marian.rs"]),
        ("rust_bert", &["translate/torch.rs"]),
        ("tch", &["translate/torch.rs"]),
        ("tempfile", &["translate/torch.rs"]),
        ("rusqlite", &["store.rs", "store/"]),
        ("toml", &["models.rs", "models/"]),
        ("ureq", &["models/fetch.rs"]),
        ("whatlang", &["lang.rs"]),
        ("flate2", &["read/packed.rs", "cli/output.rs"]),
        ("zstd", &["read/packed.rs", "cli/output.rs", "models/fetch.rs"]),
        ("parquet", &["export/columns.rs"]),
        ("quick_xml", &["export.rs", "export/tmx.rs", "render.rs", "report.rs"]),
    ];
    for (name, lines) in code() {
        for line in lines {
            for &(krate, files) in borders {
                let path = format!("{krate}::");
                // The crate tch is not meant by `fetch::`.
                let inside = |at: usize| line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
                let uses = line.match_indices(&path).any(|(at, _)| !inside(at));
                assert!(!uses || files.iter().any(|file| name.starts_with(file)), "{name}: {line}");
            }
        }
    }
}

#[test]
fn only_the_command_line_prints() {
    for (name, lines) in code() {
        let prints = |line: &String| {
            line.contains("println!(") || line.contains("print!(") || line.contains("io::stdout")
        };
        assert!(name.starts_with("cli") || !lines.iter().any(prints), "{name}");
    }
}

#[test]
fn the_signature_names_the_engine_that_is_built_in() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let lock = fs::read_to_string(root.join("Cargo.lock")).unwrap();
    let version =
        lock.split("name = \"fxtranslate\"\nversion = \"").nth(1).unwrap().split('"').next().unwrap();
    let marian = fs::read_to_string(root.join("src/translate/marian.rs")).unwrap();
    assert!(marian.contains(&format!("\"fxtranslate-{version} ")), "METHOD in marian.rs must name {version}");
    let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap();
    let version = manifest.split("rust-bert = { version = \"=").nth(1).unwrap().split('"').next().unwrap();
    let torch = fs::read_to_string(root.join("src/translate/torch.rs")).unwrap();
    assert!(torch.contains(&format!("\"rust-bert-{version} ")), "METHOD in torch.rs must name {version}");
}
