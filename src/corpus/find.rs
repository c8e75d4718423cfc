//! Which documents are to be paired: from a manifest, two folders, one folder by names, or JSON Lines by ids.

use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::{manifest, names, records};
use crate::error::{Error, Result};
use crate::lang::Lang;

/// Where a document lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub path: PathBuf,
    /// The record, of a JSON Lines file.
    pub record: Option<Record>,
    /// The language, where a manifest, a name or a record states it.
    pub lang: Option<Lang>,
}

/// Where a record lies in its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record {
    /// Its line, from 1.
    pub line: u64,
    /// Where the line begins, in bytes.
    pub offset: u64,
    /// Its length in bytes, without the end of the line.
    pub bytes: u64,
}

impl Place {
    /// What messages and exports call the document: the path, with `#n` for a record.
    pub fn name(&self) -> String {
        match self.record {
            Some(record) => format!("{}#{}", self.path.display(), record.line),
            None => self.path.display().to_string(),
        }
    }

    /// The same place with the language that the user names, if any.
    fn in_lang(mut self, lang: &Option<Lang>) -> Place {
        self.lang = lang.clone().or(self.lang);
        self
    }
}

/// What pairs are looked for.
#[derive(Debug, Clone, Default)]
pub struct PairsOptions {
    /// The language of the sources, where it is known.
    pub source_lang: Option<Lang>,
    /// The language of the targets, where it is known.
    pub target_lang: Option<Lang>,
}

/// A pair of documents, or one without a partner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// Two documents that are to be aligned.
    Pair {
        /// What shards are made by: the manifest's id, or the source's path as the input has it.
        id: String,
        /// The document.
        source: Place,
        /// Its translation.
        target: Place,
        /// The date of both, where the input states it.
        date: Option<String>,
    },
    /// One that cannot be paired: a skip.
    Alone {
        /// As of a pair.
        id: String,
        /// Its name, if it is a source.
        source: String,
        /// Its name, if it is a target.
        target: String,
        /// Why it has no partner.
        reason: String,
    },
}

impl Found {
    /// What shards are made by.
    pub(crate) fn id(&self) -> &str {
        match self {
            Found::Pair { id, .. } | Found::Alone { id, .. } => id,
        }
    }

    /// The names of source and target; an empty one where there is none.
    pub(crate) fn names(&self) -> (String, String) {
        match self {
            Found::Pair { source, target, .. } => (source.name(), target.name()),
            Found::Alone { source, target, .. } => (source.clone(), target.clone()),
        }
    }

    /// Tells this from every other pair in little memory.
    pub(crate) fn digest(&self) -> [u8; 16] {
        let (source, target) = self.names();
        let digest = Sha256::new().chain_update(source).chain_update([0]).chain_update(target).finalize();
        *digest.first_chunk().expect("a digest has 32 bytes")
    }
}

/// The pairs of a corpus, one by one, in an order that depends on the input alone.
pub struct Pairs {
    total: usize,
    found: Box<dyn Iterator<Item = Result<Found>>>,
}

impl Pairs {
    /// How many there are, with documents that pair with nothing.
    pub fn total(&self) -> usize {
        self.total
    }

    pub(super) fn listed(found: Vec<Found>) -> Pairs {
        Pairs { total: found.len(), found: Box::new(found.into_iter().map(Ok)) }
    }

    pub(super) fn streamed(total: usize, found: impl Iterator<Item = Result<Found>> + 'static) -> Pairs {
        Pairs { total, found: Box::new(found) }
    }
}

impl Iterator for Pairs {
    type Item = Result<Found>;

    fn next(&mut self) -> Option<Result<Found>> {
        self.found.next()
    }
}

/// Finds the pairs of `inputs`: a manifest; two folders, whose documents pair by their paths; one folder, whose
/// documents pair by the languages in their names; or JSON Lines files, whose records pair by `id`.
///
/// # Errors
/// Inputs that are none of these, or that cannot be read; no pair where names pair nothing at all.
pub fn find_pairs(inputs: &[PathBuf], options: &PairsOptions) -> Result<Pairs> {
    for input in inputs {
        fs::metadata(input).map_err(|cause| Error::file("read", input, cause))?;
    }
    let all = |test: fn(&Path) -> bool| inputs.iter().all(|input| test(input));
    match inputs {
        [manifest] if manifest::is_one(manifest)? => manifest::pairs(manifest, options),
        [folder] if folder.is_dir() => names::pairs_of_one(folder, options),
        [source, target] if all(Path::is_dir) => names::pairs_of_two(source, target, options),
        _ if all(records::is_one) => records::pairs(inputs, options),
        _ => Err(Error::input(
            describe(inputs),
            "not what pairs are made of; name a manifest (.tsv or .jsonl), one folder, two folders, or files \
             of JSON Lines (.jsonl)",
        )),
    }
}

/// The names of the inputs.
pub(super) fn describe(inputs: &[PathBuf]) -> String {
    inputs.iter().map(|input| input.display().to_string()).collect::<Vec<_>>().join(", ")
}

impl Found {
    /// A pair, in the languages that the user names.
    pub(super) fn pair(id: String, source: Place, target: Place, options: &PairsOptions) -> Found {
        let source = source.in_lang(&options.source_lang);
        let target = target.in_lang(&options.target_lang);
        Found::Pair { id, source, target, date: None }
    }
}

/// Which of the documents that one name or id holds together is the source, and which the target: the named
/// languages, else the two that there are, English as the target, else by alphabet. The error says why not.
pub(super) fn sides(langs: &[&Lang], options: &PairsOptions) -> Result<[usize; 2], String> {
    let mut known: Vec<&Lang> = langs.to_vec();
    known.sort_by_key(|lang| (lang.is_english(), lang.as_str().to_string()));
    known.dedup();
    let other = |one: &Lang| match known.iter().filter(|lang| **lang != one).collect::<Vec<_>>()[..] {
        [] => Err("has no partner in another language".to_string()),
        [other] => Ok((*other).clone()),
        _ => Err(undecided(&known)),
    };
    let (source, target) = match (&options.source_lang, &options.target_lang) {
        (Some(source), Some(target)) => (source.clone(), target.clone()),
        (Some(source), None) => (source.clone(), other(source)?),
        (None, Some(target)) => (other(target)?, target.clone()),
        (None, None) => match known[..] {
            [source, target] => (source.clone(), target.clone()),
            [] | [_] => return Err("has no partner in another language".into()),
            _ => return Err(undecided(&known)),
        },
    };
    let only = |wanted: &Lang| {
        let found: Vec<usize> = (0..langs.len()).filter(|&i| langs[i] == wanted).collect();
        match found[..] {
            [one] => Ok(one),
            [] => Err(format!("has no partner in {}", wanted.name())),
            _ => Err(format!("ambiguous: {} documents in {} have this name", found.len(), wanted.name())),
        }
    };
    Ok([only(&source)?, only(&target)?])
}

fn undecided(known: &[&Lang]) -> String {
    let tags: Vec<&str> = known.iter().map(|lang| lang.as_str()).collect();
    format!("ambiguous: it is there in {}; choose two with --source-lang and --target-lang", tags.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_languages_are_two_sides() {
        let lang = |tag: &str| tag.parse::<Lang>().unwrap();
        let named = |source: &str, target: &str| PairsOptions {
            source_lang: source.parse().ok(),
            target_lang: target.parse().ok(),
        };
        for (langs, source, target, expected) in [
            ("de en", "", "", Ok([0, 1])),
            ("en de", "", "", Ok([1, 0])),
            ("fr de", "", "", Ok([1, 0])),
            ("en de", "en", "", Ok([0, 1])),
            ("en de fr", "fr", "de", Ok([2, 1])),
            ("de", "", "", Err("has no partner in another language")),
            ("de fr", "de", "en", Err("has no partner in English")),
            ("de de en", "", "", Err("ambiguous: 2 documents in German have this name")),
            (
                "en de fr",
                "",
                "",
                Err("ambiguous: it is there in de, fr, en; choose two with --source-lang and --target-lang"),
            ),
            (
                "en de fr",
                "de",
                "",
                Err("ambiguous: it is there in de, fr, en; choose two with --source-lang and --target-lang"),
            ),
        ] {
            let langs: Vec<Lang> = langs.split(' ').map(lang).collect();
            let langs: Vec<&Lang> = langs.iter().collect();
            assert_eq!(sides(&langs, &named(source, target)), expected.map_err(String::from), "{langs:?}");
        }
    }
}
