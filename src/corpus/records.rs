//! JSON Lines files whose records pair by `id`. Of a file only the places and ids of its records are kept,
//! about a hundred bytes each; a record is read from its place when its turn comes, by one thread.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{self, BufRead, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use super::find::{Found, Pairs, PairsOptions, Place, Record, describe, sides};
use crate::error::{Error, Result};
use crate::lang::Lang;
use crate::read::packed::{self, unpacked_name};

/// Whether a path is called a JSON Lines file.
pub(super) fn is_one(path: &Path) -> bool {
    let ending = unpacked_name(path).extension().unwrap_or_default();
    !path.is_dir() && (ending.eq_ignore_ascii_case("jsonl") || ending.eq_ignore_ascii_case("ndjson"))
}

/// What pairing needs of a record; its text is passed over.
#[derive(Deserialize)]
struct Head {
    id: Option<Value>,
    lang: Option<Value>,
}

/// A record, found.
struct Entry {
    file: usize,
    record: Record,
    lang: Option<Lang>,
}

/// The pairs of the records of `files`: of two files, each is a side; else the records' languages say.
pub(super) fn pairs(files: &[PathBuf], options: &PairsOptions) -> Result<Pairs> {
    match files {
        [source, target] => pairs_of_two(&[source.clone()], &[target.clone()], options),
        _ => {
            let mut index = Index::new(files)?;
            let groups = std::mem::take(&mut index.groups);
            let pair = |group: &[Entry]| {
                let langs: Option<Vec<&Lang>> = group.iter().map(|entry| entry.lang.as_ref()).collect();
                sides(&langs.ok_or("has no lang, or a record of the same id has none")?, options)
            };
            index.pairs(groups, pair, &|_, _| false, options)
        }
    }
}

/// The pairs of records, the one in some file of `sources`, the other of `targets`.
pub(super) fn pairs_of_two(
    sources: &[PathBuf],
    targets: &[PathBuf],
    options: &PairsOptions,
) -> Result<Pairs> {
    let files: Vec<PathBuf> = sources.iter().chain(targets).cloned().collect();
    let mut index = Index::new(&files)?;
    let first = sources.len();
    let groups = std::mem::take(&mut index.groups);
    let pair = move |group: &[Entry]| {
        let of = |is_target: bool| (0..group.len()).filter(move |&i| (group[i].file >= first) == is_target);
        match (&of(false).collect::<Vec<_>>()[..], &of(true).collect::<Vec<_>>()[..]) {
            ([source], [target]) => Ok([*source, *target]),
            ([], _) | (_, []) => Err("no record of the other side has its id".to_string()),
            _ => Err("ambiguous: several records have this id".to_string()),
        }
    };
    index.pairs(groups, pair, &move |entry, _| entry.file >= first, options)
}

/// The records of some files.
struct Index {
    files: Vec<PathBuf>,
    groups: BTreeMap<String, Vec<Entry>>,
    /// Records that cannot be paired, with the reason.
    unfit: Vec<(usize, u64, String)>,
}

impl Index {
    fn new(files: &[PathBuf]) -> Result<Index> {
        let mut index = Index { files: files.to_vec(), groups: BTreeMap::new(), unfit: Vec::new() };
        for (file, path) in files.iter().enumerate() {
            each_line(path, &mut |record, bytes| index.add(file, record, bytes))?;
        }
        Ok(index)
    }

    fn add(&mut self, file: usize, record: Record, bytes: &[u8]) {
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return;
        }
        let mut unfit = |what: String| self.unfit.push((file, record.line, what));
        let head: Head = match serde_json::from_slice(bytes) {
            Ok(head) => head,
            Err(cause) => return unfit(format!("not a record: {cause}")),
        };
        let id = match head.id {
            Some(Value::String(id)) if !id.is_empty() => id,
            Some(Value::Number(id)) => id.to_string(),
            _ => return unfit("has no id; records pair by their id".into()),
        };
        let lang = head.lang.as_ref().and_then(Value::as_str).and_then(|tag| tag.parse().ok());
        self.groups.entry(id).or_default().push(Entry { file, record, lang });
    }

    /// Makes pairs of the groups, in the order of the sources' places.
    fn pairs(
        self,
        groups: BTreeMap<String, Vec<Entry>>,
        pair: impl Fn(&[Entry]) -> Result<[usize; 2], String>,
        is_target: &dyn Fn(&Entry, &PairsOptions) -> bool,
        options: &PairsOptions,
    ) -> Result<Pairs> {
        let mut pairs = Vec::new();
        let mut alone = Vec::new();
        for (id, mut group) in groups {
            match pair(&group) {
                Ok([source, target]) => {
                    let (later, sooner) = (source.max(target), source.min(target));
                    let (later, sooner) = (group.swap_remove(later), group.swap_remove(sooner));
                    pairs.push(if source < target { (id, sooner, later) } else { (id, later, sooner) });
                }
                Err(reason) => alone.extend(group.iter().map(|entry| {
                    let name = format!("{}#{}", self.files[entry.file].display(), entry.record.line);
                    let (source, target) = match is_target(entry, options) {
                        true => (String::new(), name),
                        false => (name, String::new()),
                    };
                    Found::Alone { id: id.clone(), source, target, reason: reason.clone() }
                })),
            }
        }
        if pairs.is_empty() {
            let what = "no two records have the same id; pair them by what they say: --pair-by content";
            return Err(Error::input(describe(&self.files), what));
        }
        alone.extend(self.unfit.iter().map(|(file, line, reason)| {
            let source = format!("{}#{line}", self.files[*file].display());
            Found::Alone { id: source.clone(), source, target: String::new(), reason: reason.clone() }
        }));
        pairs.sort_by_key(|(_, source, _)| (source.file, source.record.offset));
        let (files, options) = (self.files, options.clone());
        let place = move |entry: Entry| Place {
            path: files[entry.file].clone(),
            record: Some(entry.record),
            lang: entry.lang,
        };
        let total = pairs.len() + alone.len();
        let pairs = pairs
            .into_iter()
            .map(move |(id, source, target)| Ok(Found::pair(id, place(source), place(target), &options)));
        Ok(Pairs::streamed(total, alone.into_iter().map(Ok).chain(pairs)))
    }
}

/// The byte order mark of UTF-8: no part of the first record.
const MARK: &[u8] = "\u{feff}".as_bytes();

/// Where the records of files lie, by line.
#[derive(Default)]
pub(super) struct Lines(HashMap<PathBuf, Vec<Record>>);

impl Lines {
    /// The record in this line of a file, counted from 1.
    pub(super) fn record(&mut self, path: &Path, line: u64) -> Result<Record> {
        if !self.0.contains_key(path) {
            let mut records = Vec::new();
            each_line(path, &mut |record, _| records.push(record))?;
            self.0.insert(path.to_path_buf(), records);
        }
        let found = line.checked_sub(1).and_then(|i| self.0[path].get(usize::try_from(i).ok()?));
        found.copied().ok_or_else(|| Error::input(path.display().to_string(), format!("has no line {line}")))
    }
}

/// Hands on the place and the bytes of every line, one in memory at a time.
pub(super) fn each_line(path: &Path, each: &mut dyn FnMut(Record, &[u8])) -> Result<()> {
    let cannot = |cause| Error::file("read", path, cause);
    let mut reader = packed::open(path)?;
    let (mut line, mut offset, mut bytes) = (0, 0, Vec::new());
    loop {
        bytes.clear();
        let read = reader.read_until(b'\n', &mut bytes).map_err(cannot)? as u64;
        if read == 0 {
            return Ok(());
        }
        line += 1;
        let content = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
        let mark = if line == 1 && content.starts_with(MARK) { MARK.len() } else { 0 };
        let content = &content[mark..];
        each(Record { line, offset: offset + mark as u64, bytes: content.len() as u64 }, content);
        offset += read;
    }
}

/// Files whose records are read, one after the other. Where a file is packed, what lies before a record has to
/// be unpacked: records in the order of the file cost no more than the file, a record that lies before the
/// last one costs another start from the front.
#[derive(Default)]
pub(super) struct Records(BTreeMap<PathBuf, Source>);

/// Files that are open at a time, at most.
const OPEN: usize = 16;

enum Source {
    Plain(File),
    /// Where the reader stands, in unpacked bytes.
    Packed(u64, Box<dyn BufRead>),
}

impl Records {
    /// The bytes of a record.
    pub(super) fn load(&mut self, path: &Path, record: Record) -> Result<Vec<u8>> {
        let cannot = |cause| Error::file("read", path, cause);
        let stands_behind = |source: &Source| matches!(source, Source::Packed(at, _) if *at > record.offset);
        if self.0.get(path).is_none_or(stands_behind) {
            if self.0.len() >= OPEN {
                self.0.clear();
            }
            let source = match packed::is_packed(path)? {
                true => Source::Packed(0, packed::open(path)?),
                false => Source::Plain(File::open(path).map_err(cannot)?),
            };
            self.0.insert(path.to_path_buf(), source);
        }
        let Some(source) = self.0.get_mut(path) else { return Ok(Vec::new()) };
        let bytes = source.load(record).map_err(cannot);
        if bytes.is_err() {
            self.0.remove(path);
        }
        bytes
    }
}

impl Source {
    fn load(&mut self, record: Record) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        match self {
            Source::Plain(file) => {
                file.seek(SeekFrom::Start(record.offset))?;
                file.take(record.bytes).read_to_end(&mut bytes)?;
            }
            Source::Packed(at, reader) => {
                io::copy(&mut reader.by_ref().take(record.offset - *at), &mut io::sink())?;
                reader.by_ref().take(record.bytes).read_to_end(&mut bytes)?;
                *at = record.offset + record.bytes;
            }
        }
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[&str], options: &PairsOptions) -> Vec<String> {
        let directory = tempfile::tempdir().unwrap();
        let paths: Vec<PathBuf> =
            (0..files.len()).map(|i| directory.path().join(format!("{i}.jsonl"))).collect();
        for (path, text) in paths.iter().zip(files) {
            std::fs::write(path, text).unwrap();
        }
        let prefix = format!("{}/", directory.path().display());
        let text = |place: &Place| {
            let bytes = Records::default().load(&place.path, place.record.unwrap()).unwrap();
            serde_json::from_slice::<Value>(&bytes).unwrap()["text"].as_str().unwrap().to_string()
        };
        let shown = pairs(&paths, options).unwrap().map(|found| match found.unwrap() {
            Found::Pair { id, source, target, .. } => format!("{id}: {} = {}", text(&source), text(&target)),
            Found::Alone { source, target, reason, .. } => format!("{source} | {target}: {reason}"),
        });
        shown.map(|line| line.replace(&prefix, "")).collect()
    }

    #[test]
    fn records_of_two_files_pair_by_id() {
        let german = "{\"id\": \"b\", \"text\": \"zwei\"}\r\n\n{\"id\": 1, \"text\": \"eins\"}\n{\"text\": \"x\"}\n{\"id\": \"c\", \"text\": \"\"}\n{";
        let english =
            "\u{feff}{\"text\": \"one\", \"id\": 1}\n{\"id\": \"b\", \"text\": \"two\"}\n{\"id\": \"d\"}";
        assert_eq!(
            found(&[german, english], &PairsOptions::default()),
            [
                "0.jsonl#5 | : no record of the other side has its id",
                " | 1.jsonl#3: no record of the other side has its id",
                "0.jsonl#4 | : has no id; records pair by their id",
                "0.jsonl#6 | : not a record: EOF while parsing an object at line 1 column 1",
                "b: zwei = two",
                "1: eins = one",
            ]
        );
    }

    #[test]
    fn records_of_one_file_pair_by_id_and_language() {
        let text = r#"{"id": 1, "lang": "en", "text": "one"}
{"id": 1, "lang": "de", "text": "eins"}
{"id": 2, "lang": "de", "text": "zwei"}
{"id": 3, "text": "x"}
{"id": 4, "lang": "de", "text": "a"}
{"id": 4, "lang": "de", "text": "b"}
{"id": 4, "lang": "en", "text": "c"}"#;
        let found = found(&[text], &PairsOptions::default());
        assert_eq!(found.last().unwrap(), "1: eins = one");
        assert_eq!(found.len(), 6);
        assert!(found[0].contains("no partner in another language"), "{found:?}");
        assert!(found[1].contains("has no lang"), "{found:?}");
        assert!(found[2..5].iter().all(|line| line.contains("ambiguous")), "{found:?}");
    }
}
