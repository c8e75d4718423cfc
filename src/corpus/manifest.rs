//! A manifest: the pairs of a corpus, one a line, as TSV or JSON Lines. It is read line by line, never whole.

use std::collections::HashMap;
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::find::{Found, Pairs, PairsOptions, Place};
use super::records::Lines;
use crate::error::{Error, Result};
use crate::lang::Lang;
use crate::read::packed::{self, unpacked_name};

/// A line of a manifest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ManifestRow {
    /// The path of the source, relative to the manifest's folder; with `#n` a record of a JSON Lines file.
    pub source: String,
    /// The path of the target, likewise.
    pub target: String,
    /// The language of the source, where it is stated.
    pub source_lang: Option<Lang>,
    /// The language of the target, where it is stated.
    pub target_lang: Option<Lang>,
    /// What the pair is called, where it is stated.
    pub id: Option<String>,
    /// The date of both documents as the manifest writes it, where it is stated.
    pub date: Option<String>,
}

/// The columns of a manifest without a header, in order.
const COLUMNS: [&str; 6] = ["source", "target", "source_lang", "target_lang", "id", "date"];

/// Reads a manifest: TSV with or without a header (without one: source, target, then if known source_lang,
/// target_lang, id, date), or JSON Lines with fields of these names. Hands on each line's number, from 1, and
/// its row; blank lines are none.
///
/// The outer error is the reader's; an inner one says what is wrong with that line.
pub fn read_manifest<R: BufRead>(
    reader: R,
) -> impl Iterator<Item = Result<(u64, Result<ManifestRow, String>)>> {
    let mut columns: Option<Vec<String>> = None;
    let mut reader = reader;
    let mut number = 0;
    let mut bytes = Vec::new();
    std::iter::from_fn(move || {
        loop {
            bytes.clear();
            match reader.read_until(b'\n', &mut bytes) {
                Ok(0) => return None,
                Ok(_) => number += 1,
                Err(cause) => return Some(Err(Error::Output(cause))),
            }
            let Ok(line) = std::str::from_utf8(&bytes) else {
                return Some(Ok((number, Err("not UTF-8".into()))));
            };
            let line = line.trim_start_matches('\u{feff}').trim_end_matches(['\n', '\r']);
            if line.trim().is_empty() {
                continue;
            }
            if line.starts_with('{') {
                return Some(Ok((number, of_json(line))));
            }
            if columns.is_none() {
                let header = header(line);
                let is_header = header.is_some();
                columns = Some(header.unwrap_or_else(|| COLUMNS.map(String::from).into()));
                if is_header {
                    continue;
                }
            }
            return Some(Ok((number, of_tsv(line, columns.as_deref().unwrap_or_default()))));
        }
    })
}

/// Writes the pairs of `pairs` as a manifest that lies in `folder`, with a header: paths within the folder are
/// relative to it, others absolute. Returns how many pairs there are, and how many documents without a partner.
///
/// # Errors
/// What reading the pairs or writing gives; a document that is gone, or whose name a table cannot hold.
pub fn write_manifest(out: &mut dyn Write, folder: &Path, pairs: Pairs) -> Result<(u64, u64)> {
    let folder = if folder == Path::new("") { Path::new(".") } else { folder };
    let folder = folder.canonicalize().map_err(|cause| Error::file("read", folder, cause))?;
    writeln!(out, "{}", COLUMNS.join("\t"))?;
    let (mut paired, mut alone) = (0, 0);
    for found in pairs {
        let Found::Pair { id, source, target, date } = found? else {
            alone += 1;
            continue;
        };
        let lang = |place: &Place| place.lang.as_ref().map_or(String::new(), Lang::to_string);
        let cells = [
            source.in_manifest(&folder)?,
            target.in_manifest(&folder)?,
            lang(&source),
            lang(&target),
            id,
            date.unwrap_or_default(),
        ];
        if cells.iter().any(|cell| cell.contains(['\t', '\n', '\r'])) {
            return Err(Error::input(
                source.name(),
                "a tab or line break in a name or date; a manifest cannot hold it",
            ));
        }
        writeln!(out, "{}", cells.join("\t"))?;
        paired += 1;
    }
    Ok((paired, alone))
}

/// The names of the columns, if this line is a header: it names both documents.
fn header(line: &str) -> Option<Vec<String>> {
    let names: Vec<String> = line.split('\t').map(|name| name.trim().to_ascii_lowercase()).collect();
    ["source", "target"].iter().all(|name| names.iter().any(|other| other == name)).then_some(names)
}

fn of_tsv(line: &str, columns: &[String]) -> Result<ManifestRow, String> {
    let mut row = ManifestRow::default();
    for (name, value) in columns.iter().zip(line.split('\t')) {
        row.set(name, value.trim())?;
    }
    row.whole()
}

#[derive(Deserialize)]
struct Record {
    #[serde(flatten)]
    fields: HashMap<String, serde_json::Value>,
}

fn of_json(line: &str) -> Result<ManifestRow, String> {
    let record: Record = serde_json::from_str(line).map_err(|cause| format!("no JSON object: {cause}"))?;
    let mut row = ManifestRow::default();
    for name in COLUMNS {
        match record.fields.get(name) {
            None | Some(serde_json::Value::Null) => {}
            Some(serde_json::Value::String(value)) => row.set(name, value.trim())?,
            Some(serde_json::Value::Number(value)) => row.set(name, &value.to_string())?,
            Some(_) => return Err(format!("its {name} is no text")),
        }
    }
    row.whole()
}

impl ManifestRow {
    fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        if value.is_empty() {
            return Ok(());
        }
        let lang = || value.parse().map(Some).map_err(|_| format!("its {name} {value:?} is no language tag"));
        match name {
            "source" => self.source = value.into(),
            "target" => self.target = value.into(),
            "source_lang" => self.source_lang = lang()?,
            "target_lang" => self.target_lang = lang()?,
            "id" => self.id = Some(value.into()),
            "date" => self.date = Some(value.into()),
            _ => {}
        }
        Ok(())
    }

    fn whole(self) -> Result<ManifestRow, String> {
        match (self.source.is_empty(), self.target.is_empty()) {
            (false, false) => Ok(self),
            (true, _) => Err("names no source".into()),
            (_, true) => Err("names no target".into()),
        }
    }
}

/// Whether a file is a manifest: its ending is .tsv, or its first record has a source and a target.
pub(super) fn is_one(path: &Path) -> Result<bool> {
    let ending = unpacked_name(path).extension().unwrap_or_default();
    if path.is_dir() || ending.eq_ignore_ascii_case("tsv") {
        return Ok(!path.is_dir());
    }
    if !super::records::is_one(path) {
        return Ok(false);
    }
    let first = read_manifest(packed::open(path)?).next().transpose()?;
    Ok(first.is_some_and(|(_, row)| row.is_ok()))
}

/// The pairs of a manifest.
pub(super) fn pairs(path: &Path, options: &PairsOptions) -> Result<Pairs> {
    let mut total = 0;
    for row in read_manifest(packed::open(path)?) {
        let _ = row?;
        total += 1;
    }
    let folder = path.parent().unwrap_or(Path::new("")).to_path_buf();
    let name = path.display().to_string();
    let options = options.clone();
    let mut lines = Lines::default();
    let rows = read_manifest(packed::open(path)?);
    Ok(Pairs::streamed(
        total,
        rows.map(move |row| {
            let (number, row) = row?;
            let alone = |reason: String| {
                let name = format!("{name}:{number}");
                Found::Alone { id: name.clone(), source: name, target: String::new(), reason }
            };
            let row = match row {
                Ok(row) => row,
                Err(what) => return Ok(alone(what)),
            };
            let source = lines.place(&folder, &row.source, &row.source_lang);
            let target = lines.place(&folder, &row.target, &row.target_lang);
            Ok(match (source, target) {
                (Ok(source), Ok(target)) => {
                    let id = row.id.unwrap_or(row.source);
                    match Found::pair(id, source, target, &options) {
                        Found::Pair { id, source, target, .. } => {
                            Found::Pair { id, source, target, date: row.date }
                        }
                        alone => alone,
                    }
                }
                (Err(error), _) | (_, Err(error)) => Found::Alone {
                    id: row.id.unwrap_or_else(|| row.source.clone()),
                    source: shown(&folder, &row.source),
                    target: shown(&folder, &row.target),
                    reason: error.to_string(),
                },
            })
        }),
    ))
}

impl Place {
    /// As a manifest in `folder` names it.
    fn in_manifest(&self, folder: &Path) -> Result<String> {
        let whole = self.path.canonicalize().map_err(|cause| Error::file("read", &self.path, cause))?;
        let path = whole.strip_prefix(folder).unwrap_or(&whole);
        let Some(path) = path.to_str() else {
            return Err(Error::input(self.name(), "a name that is not UTF-8; a manifest cannot hold it"));
        };
        Ok(match self.record {
            Some(record) => format!("{path}#{}", record.line),
            None => path.to_string(),
        })
    }
}

fn shown(folder: &Path, path: &str) -> String {
    folder.join(path).display().to_string()
}

impl Lines {
    /// The place that a manifest names: a file, or a record of one.
    fn place(&mut self, folder: &Path, path: &str, lang: &Option<Lang>) -> Result<Place> {
        let whole: PathBuf = folder.join(path);
        let record =
            path.rsplit_once('#').and_then(|(file, line)| Some((folder.join(file), line.parse().ok()?)));
        match record {
            Some((file, line)) if !whole.exists() => {
                let record = Some(self.record(&file, line)?);
                Ok(Place { path: file, record, lang: lang.clone() })
            }
            _ => Ok(Place { path: whole, record: None, lang: lang.clone() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<(u64, Result<ManifestRow, String>)> {
        read_manifest(text.as_bytes()).collect::<Result<_>>().unwrap()
    }

    fn row(source: &str, target: &str) -> ManifestRow {
        ManifestRow { source: source.into(), target: target.into(), ..ManifestRow::default() }
    }

    #[test]
    fn tables_are_read_with_and_without_a_header() {
        assert_eq!(
            rows("a.de\ta.en\n\nb.de\tb.en\r\n"),
            [(1, Ok(row("a.de", "a.en"))), (3, Ok(row("b.de", "b.en")))]
        );
        let whole = ManifestRow {
            source_lang: Some("de".parse().unwrap()),
            target_lang: Some("en".parse().unwrap()),
            id: Some("7".into()),
            date: Some("2025-01-31".into()),
            ..row("a", "b")
        };
        assert_eq!(rows("a\tb\tde\ten\t7\t2025-01-31"), [(1, Ok(whole.clone()))]);
        let shuffled =
            "\u{feff}id\tTarget\tdate\tsource_lang\tnote\tSource\ttarget_lang\n7\tb\t2025-01-31\tde\t\ta\ten";
        assert_eq!(rows(shuffled), [(2, Ok(whole.clone()))]);
        let json = r#"{"target": "b", "source": "a", "id": 7, "source_lang": "de-AT", "target_lang": "EN", "date": "2025-01-31", "x": []}"#;
        assert_eq!(rows(json), [(1, Ok(whole))]);
    }

    #[test]
    fn a_bad_line_says_why_and_leaves_the_others_alone() {
        let text = "a\tb\nonly\n\tb\na\tb\tklingon\n{\"source\": 5, \"target\": []}\n{\nc\td";
        let errors: Vec<(u64, String)> =
            rows(text).into_iter().filter_map(|(n, row)| Some((n, row.err()?))).collect();
        assert_eq!(errors.len(), 5);
        for ((number, error), (line, words)) in errors.iter().zip([
            (2, "names no target"),
            (3, "names no source"),
            (4, "its source_lang \"klingon\" is no language tag"),
            (5, "its target is no text"),
            (6, "no JSON object"),
        ]) {
            assert_eq!(*number, line);
            assert!(error.contains(words), "{error}");
        }
        let bytes: &[u8] = b"a\tb\n\xff\xfe\tb\n";
        assert!(read_manifest(bytes).nth(1).unwrap().unwrap().1.is_err());
    }
}
