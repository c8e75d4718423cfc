//! Documents of folders, paired by their names: what is left of a path without its language and its endings.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Component, Path, PathBuf};

use super::find::{Found, Pairs, PairsOptions, Place, sides};
use super::records;
use crate::error::{Error, Result};
use crate::lang::Lang;

/// Endings of packed files.
const PACKED: [&str; 4] = ["gz", "zst", "zip", "bz2"];
/// Endings of documents.
const FORMATS: [&str; 6] = ["txt", "text", "html", "htm", "xhtml", "md"];

/// The documents under a folder.
pub(super) struct Folder {
    /// Each with its path in the folder.
    documents: Vec<(PathBuf, Name)>,
    /// JSON Lines files, whole paths.
    pub(super) records: Vec<PathBuf>,
    /// Directories that cannot be read.
    unreadable: Vec<Found>,
}

/// What a path says of a document.
#[derive(Debug, PartialEq, Eq)]
struct Name {
    /// The path without language and endings.
    key: String,
    lang: Option<Lang>,
}

/// The pairs of one folder, by the languages in the names.
pub(super) fn pairs_of_one(root: &Path, options: &PairsOptions) -> Result<Pairs> {
    let folder = Folder::open(root, options)?;
    if folder.documents.is_empty() && !folder.records.is_empty() {
        return records::pairs(&folder.records, options);
    }
    let mut groups: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    let mut found = folder.unreadable.clone();
    for (i, (path, name)) in folder.documents.iter().enumerate() {
        match name.lang {
            Some(_) => groups.entry(&name.key).or_default().push(i),
            None => found.push(alone(
                root,
                path,
                false,
                "has no language in its name, such as x.de.txt or de/x.txt",
            )),
        }
    }
    let paired = groups.values().filter(|group| group.len() > 1).count();
    refuse_nothing(paired, root)?;
    for group in groups.values() {
        let langs: Vec<&Lang> = group.iter().filter_map(|&i| folder.documents[i].1.lang.as_ref()).collect();
        match sides(&langs, options) {
            Ok([source, target]) => {
                found.push(folder.pair(root, root, &folder, group[source], group[target], options))
            }
            Err(reason) => found.extend(group.iter().filter(|&&i| folder.is_wanted(i, options)).map(|&i| {
                let (path, name) = &folder.documents[i];
                let is_target = name.lang.is_some() && name.lang == options.target_lang;
                alone(root, path, is_target, &reason)
            })),
        }
    }
    Ok(Pairs::listed(found))
}

/// The pairs of two folders, by paths within them.
pub(super) fn pairs_of_two(source: &Path, target: &Path, options: &PairsOptions) -> Result<Pairs> {
    let folders = [Folder::open(source, options)?, Folder::open(target, options)?];
    let [sources, targets] = &folders;
    if folders.iter().all(|folder| folder.documents.is_empty() && !folder.records.is_empty()) {
        return records::pairs_of_two(&sources.records, &targets.records, options);
    }
    let mut groups: BTreeMap<&str, [Vec<usize>; 2]> = BTreeMap::new();
    let wanted = [&options.source_lang, &options.target_lang];
    for (side, folder) in folders.iter().enumerate() {
        for (i, (_, name)) in folder.documents.iter().enumerate() {
            // Of a name that is there in several languages, the one that is asked for.
            if name.lang.is_none() || wanted[side].is_none() || &name.lang == wanted[side] {
                groups.entry(&name.key).or_default()[side].push(i);
            }
        }
    }
    let paired = groups.values().filter(|[a, b]| !a.is_empty() && !b.is_empty()).count();
    refuse_nothing(paired, source)?;
    let mut found: Vec<Found> = folders.iter().flat_map(|folder| folder.unreadable.clone()).collect();
    for group in groups.values() {
        if let ([a], [b]) = (&group[0][..], &group[1][..]) {
            found.push(sources.pair(source, target, targets, *a, *b, options));
            continue;
        }
        for (side, (root, other)) in [(source, target), (target, source)].into_iter().enumerate() {
            let reason = match group[1 - side].len() {
                0 => format!("has no partner in {}", other.display()),
                _ => "ambiguous: several documents have this name but for language and ending".into(),
            };
            let paths = group[side].iter().map(|&i| &folders[side].documents[i].0);
            found.extend(paths.map(|path| alone(root, path, side == 1, &reason)));
        }
    }
    Ok(Pairs::listed(found))
}

fn refuse_nothing(paired: usize, folder: &Path) -> Result<()> {
    if paired > 0 {
        return Ok(());
    }
    let what = "the names of the documents pair nothing (x.de.txt and x.en.txt, de/x.txt and en/x.txt, or the \
                same paths in two folders would); pair them by what they say: --pair-by content";
    Err(Error::input(folder.display().to_string(), what))
}

fn alone(root: &Path, path: &Path, is_target: bool, reason: &str) -> Found {
    let name = root.join(path).display().to_string();
    let (source, target) = if is_target { (String::new(), name) } else { (name, String::new()) };
    Found::Alone { id: id(path), source, target, reason: reason.into() }
}

/// The path within the folder, with `/` on every platform: the same wherever the folder lies.
fn id(path: &Path) -> String {
    let parts: Vec<_> = path.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    parts.join("/")
}

impl Folder {
    pub(super) fn open(root: &Path, options: &PairsOptions) -> Result<Folder> {
        let mut folder = Folder { documents: Vec::new(), records: Vec::new(), unreadable: Vec::new() };
        fs::read_dir(root).map_err(|cause| Error::file("read", root, cause))?;
        let mut open = vec![PathBuf::new()];
        while let Some(inner) = open.pop() {
            let Ok(entries) = fs::read_dir(root.join(&inner)) else {
                folder.unreadable.push(alone(root, &inner, false, "the directory cannot be read"));
                continue;
            };
            for entry in entries.flatten() {
                let path = inner.join(entry.file_name());
                let is_hidden = entry.file_name().to_string_lossy().starts_with('.');
                // A link to a directory may lead back to where it stands: it is not followed.
                match entry.file_type() {
                    _ if is_hidden => {}
                    Ok(kind) if kind.is_dir() => open.push(path),
                    Ok(kind) if kind.is_file() || root.join(&path).is_file() => {
                        folder.add(root, path, options)
                    }
                    _ => {}
                }
            }
        }
        folder.documents.sort_by(|a, b| a.0.cmp(&b.0));
        folder.records.sort();
        folder.unreadable.sort_by(|a, b| a.id().cmp(b.id()));
        Ok(folder)
    }

    fn add(&mut self, root: &Path, path: PathBuf, options: &PairsOptions) {
        if records::is_one(&path) {
            self.records.push(root.join(path));
        } else if let Some(name) = Name::of(&path, options) {
            self.documents.push((path, name));
        }
    }

    /// The places of all documents.
    pub(super) fn places(self, root: &Path) -> impl Iterator<Item = Place> {
        self.documents.into_iter().map(move |(path, name)| Place {
            path: root.join(path),
            record: None,
            lang: name.lang,
        })
    }

    /// Whether a document is in a language that is asked for, or none is.
    fn is_wanted(&self, i: usize, options: &PairsOptions) -> bool {
        match (&options.source_lang, &options.target_lang) {
            (Some(source), Some(target)) => {
                [Some(source), Some(target)].contains(&self.documents[i].1.lang.as_ref())
            }
            _ => true,
        }
    }

    fn pair(
        &self,
        source: &Path,
        target: &Path,
        targets: &Folder,
        i: usize,
        j: usize,
        options: &PairsOptions,
    ) -> Found {
        let place = |root: &Path, (path, name): &(PathBuf, Name)| Place {
            path: root.join(path),
            record: None,
            lang: name.lang.clone(),
        };
        let (one, other) = (&self.documents[i], &targets.documents[j]);
        Found::pair(id(&one.0), place(source, one), place(target, other), options)
    }
}

impl Name {
    /// `None` where the file is no document: neither its ending nor its language says so.
    fn of(path: &Path, options: &PairsOptions) -> Option<Name> {
        let mut stem = path.file_name()?.to_string_lossy().into_owned();
        let mut is_document = false;
        for endings in [&PACKED[..], &FORMATS[..]] {
            let ending = endings.iter().find(|ending| {
                let rest = stem.len().checked_sub(ending.len() + 1).and_then(|at| stem.get(at..));
                rest.is_some_and(|rest| rest[1..].eq_ignore_ascii_case(ending) && rest.starts_with('.'))
            });
            if let Some(ending) = ending {
                stem.truncate(stem.len() - ending.len() - 1);
                is_document = true;
            }
        }
        let folders: Vec<String> = path
            .parent()
            .into_iter()
            .flat_map(Path::components)
            .filter_map(|part| match part {
                Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
                _ => None,
            })
            .collect();
        let tagged =
            tag_at_end(&stem, options).filter(|(rest, _)| is_document || stem[rest.len()..].starts_with('.'));
        let by_name = tagged.map(|(rest, lang)| (rest.len(), lang));
        if !is_document && by_name.is_none() {
            return None;
        }
        if let Some((end, _)) = by_name {
            stem.truncate(end);
        }
        let lang = by_name.map(|(_, lang)| lang);
        let tagged =
            folders.iter().enumerate().rev().filter_map(|(i, name)| Some((i, language(name, options)?)));
        // de/x.de.txt is one statement, not two.
        let folder = tagged.into_iter().find(|(_, other)| lang.as_ref().is_none_or(|lang| lang == other));
        let mut parts = folders.clone();
        if let Some((i, _)) = folder {
            parts[i] = "*".into(); // no name of a file on any platform
        }
        parts.push(stem);
        Some(Name { key: parts.join("/"), lang: lang.or(folder.map(|(_, lang)| lang)) })
    }
}

/// What stands before a language at the end of a name, and the language: `x.de`, `x_pt-BR`.
fn tag_at_end<'a>(stem: &'a str, options: &PairsOptions) -> Option<(&'a str, Lang)> {
    let marks: Vec<usize> =
        stem.match_indices(['.', '_', '-']).map(|(at, _)| at).filter(|&at| at > 0).collect();
    let last = *marks.last()?;
    let region =
        |tag: &str| (2..=4).contains(&tag.len()) && tag.bytes().all(|byte| byte.is_ascii_alphanumeric());
    // `x.de.mt-en` is a machine translation into English, not Maltese as spoken in some region.
    let machine = |before: usize| stem[before + 1..last].eq_ignore_ascii_case("mt") && !stem.ends_with("MT");
    if let [.., before, last] = marks[..]
        && matches!(stem.as_bytes()[last], b'_' | b'-')
        && region(&stem[last + 1..])
        && !machine(before)
        && let Some(lang) = language(&stem[before + 1..last], options)
    {
        return Some((&stem[..before], lang));
    }
    Some((&stem[..last], language(&stem[last + 1..], options)?))
}

/// The language of a tag, if it is one that diptych knows or that the user names.
fn language(tag: &str, options: &PairsOptions) -> Option<Lang> {
    let lang: Lang = tag.parse().ok()?;
    let named =
        [&options.source_lang, &options.target_lang].into_iter().flatten().any(|named| *named == lang);
    (named || lang.name() != lang.as_str()).then_some(lang)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_apart() {
        for (path, expected) in [
            ("x.de.txt", Some(("x", "de"))),
            ("x_en.html", Some(("x", "en"))),
            ("x-fr.htm.gz", Some(("x", "fr"))),
            ("x.pt-BR.txt", Some(("x", "pt"))),
            ("de/x.de.txt", Some(("*/x", "de"))),
            ("de/x.en.txt", Some(("de/x", "en"))),
            ("a/b/x.y.de", Some(("a/b/x.y", "de"))),
            ("de/x.txt", Some(("*/x", "de"))),
            ("a/en/b/x.txt", Some(("a/*/b/x", "en"))),
            ("DE/x.TXT", Some(("*/x", "de"))),
            ("x.txt", Some(("x", ""))),
            ("x.2025.txt", Some(("x.2025", ""))),
            ("x.qq.txt", Some(("x.qq", ""))),
            ("x.tar", None),
            ("README", None),
            ("x.mt-en", None),
            (".de", None),
        ] {
            let name = Name::of(Path::new(path), &PairsOptions::default());
            let name = name.map(|name| (name.key, name.lang.map_or(String::new(), |lang| lang.to_string())));
            assert_eq!(name, expected.map(|(key, lang)| (key.into(), lang.into())), "{path}");
        }
    }

    fn found(files: &[&str], two: bool, options: &PairsOptions) -> Result<Vec<String>> {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        for file in files {
            fs::create_dir_all(root.join(file).parent().unwrap()).unwrap();
            fs::write(root.join(file), "x").unwrap();
        }
        let pairs = match two {
            true => pairs_of_two(&root.join("A"), &root.join("B"), options)?,
            false => pairs_of_one(root, options)?,
        };
        let prefix = format!("{}/", root.display());
        let shown = pairs.map(|found| match found.unwrap() {
            Found::Pair { source, target, .. } => format!("{} = {}", source.name(), target.name()),
            Found::Alone { source, target, reason, .. } => format!("{source} | {target}: {reason}"),
        });
        Ok(shown.map(|text| text.replace(&prefix, "")).collect())
    }

    #[test]
    fn a_folder_pairs_by_languages_in_names() {
        let options = PairsOptions::default();
        let files = [
            "b.de.txt",
            "b.en.txt",
            "a_en.html",
            "a_de.txt",
            "c.de.txt",
            "d.txt",
            "notes.csv",
            ".hid.de.txt",
        ];
        assert_eq!(
            found(&files, false, &options).unwrap(),
            [
                "d.txt | : has no language in its name, such as x.de.txt or de/x.txt",
                "a_de.txt = a_en.html",
                "b.de.txt = b.en.txt",
                "c.de.txt | : has no partner in another language",
            ]
        );
        assert_eq!(
            found(&["de/s/x.txt", "en/s/x.txt"], false, &options).unwrap(),
            ["de/s/x.txt = en/s/x.txt"]
        );
        let twice = found(&["x.de.txt", "x.de.html", "x.en.txt"], false, &options).unwrap();
        assert_eq!(twice.len(), 3);
        assert!(twice.iter().all(|line| line.contains("ambiguous: 2 documents in German")), "{twice:?}");
        let named = PairsOptions { source_lang: "fr".parse().ok(), target_lang: "en".parse().ok() };
        let three = ["x.de.txt", "x.en.txt", "x.fr.txt", "y.de.txt"];
        assert_eq!(found(&three, false, &named).unwrap(), ["x.fr.txt = x.en.txt"]);
        assert!(
            found(&["1.txt", "2.txt"], false, &options)
                .unwrap_err()
                .to_string()
                .contains("--pair-by content")
        );
    }

    #[test]
    fn two_folders_pair_by_paths() {
        let options = PairsOptions::default();
        let files = ["A/s/x.txt", "B/s/x.html", "A/y.de.txt", "B/y.en.txt", "A/z.txt", "B/w.txt"];
        assert_eq!(
            found(&files, true, &options).unwrap(),
            [
                "A/s/x.txt = B/s/x.html",
                " | B/w.txt: has no partner in A",
                "A/y.de.txt = B/y.en.txt",
                "A/z.txt | : has no partner in B",
            ]
        );
        let several = ["A/x.txt", "A/x.html", "B/x.txt"];
        let several = found(&several, true, &options).unwrap();
        assert!(several.len() == 3 && several.iter().all(|line| line.contains("ambiguous")), "{several:?}");
    }
}
