//! Documents paired by what they say. Each is translated once, and of each a profile is kept (pairing.rs); the
//! pairs are then built like those of a manifest, out of the translation memory.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::english::English;
use super::find::{Found, Pairs, PairsOptions, Place, describe};
use super::names::Folder;
use super::parallel::{guarded, in_parallel};
use super::window::{BYTES, CHUNK, UNKNOWN};
use super::{Build, BuildCounts, BuildEvent, BuildOptions, Hear, records};
use crate::document::Document;
use crate::error::{Error, Result};
use crate::lang::Lang;
use crate::pairing::{Profile, pair_documents};
use crate::pipeline::Pipeline;

/// Pairs the documents of `inputs` by what they say: those of one folder or file with those of another, or all
/// of one folder, where languages say which side each belongs to. Returns what was counted on the way, too.
///
/// # Errors
/// Inputs that are neither folders nor JSON Lines; else as of [`build`](super::build).
pub fn pair_by_content(
    pipeline: &mut Pipeline,
    inputs: &[PathBuf],
    pairs: &PairsOptions,
    options: &BuildOptions,
    hear: Hear<'_>,
) -> Result<(Pairs, BuildCounts)> {
    let mut places = places(inputs, pairs)?;
    let mut build = Build::new(pipeline, options, hear);
    let mut sides = [Side::default(), Side::default()];
    let mut found = Vec::new();
    while !places.is_empty() {
        for seen in build.profiles(&mut places)? {
            match seen.and_then(|(side, place, lang, profile)| {
                let side = side.map_or_else(|| side_of(&place, &lang, pairs), Ok)?;
                Ok((side, Place { lang: Some(lang), ..place }, profile))
            }) {
                Ok((side, place, profile)) => sides[side].push(place, profile),
                Err(alone) => found.push(alone),
            }
        }
    }
    let started = Instant::now();
    let [sources, targets] = sides;
    let mut partnerless = [vec![true; sources.places.len()], vec![true; targets.places.len()]];
    for pair in pair_documents(&sources.profiles, &targets.profiles) {
        let (source, target) = (&sources.places[pair.source], &targets.places[pair.target]);
        partnerless[0][pair.source] = false;
        partnerless[1][pair.target] = false;
        found.push(Found::pair(source.name(), source.clone(), target.clone(), pairs));
    }
    for (side, (documents, partnerless)) in [sources, targets].into_iter().zip(partnerless).enumerate() {
        let alone = documents.places.iter().zip(partnerless).filter(|(_, alone)| *alone);
        found.extend(
            alone.map(|(place, _)| {
                alone_on(side, place.name(), "no document of the other side says the same")
            }),
        );
    }
    build.counts.times.pair += started.elapsed();
    let counts = build.counts;
    Ok((Pairs::listed(found), counts))
}

/// The documents of a side.
#[derive(Default)]
struct Side {
    places: Vec<Place>,
    profiles: Vec<Profile>,
}

impl Side {
    fn push(&mut self, place: Place, profile: Profile) {
        self.places.push(place);
        self.profiles.push(profile);
    }
}

/// A document's side, where the input says it, its place, its language and its profile; or why it has none.
type Seen = Result<(Option<usize>, Place, Lang, Profile), Found>;

impl Build<'_> {
    /// Reads and translates a window of documents and takes their profiles.
    fn profiles(&mut self, places: &mut VecDeque<(Option<usize>, Place)>) -> Result<Vec<Seen>> {
        let mut english = English::default();
        let (mut ready, mut refused, mut bytes) = (Vec::new(), Vec::new(), 0);
        while english.unknown < UNKNOWN && bytes < BYTES && !places.is_empty() {
            let started = Instant::now();
            let mut chunk = Vec::new();
            let mut size = 0;
            while chunk.len() < CHUNK.0
                && size < CHUNK.1
                && let Some((side, place)) = places.pop_front()
            {
                size += place.bytes();
                let record = place.record(&mut self.records);
                chunk.push((side, place, record));
            }
            let options = &self.options.open;
            let read = in_parallel(self.pipeline.threads(), chunk, |(side, place, record)| {
                let document = place.document(record, options);
                (side, place, document)
            });
            self.counts.times.read += started.elapsed();
            let first = ready.len();
            for (side, place, document) in read {
                let document = match document {
                    Ok(document) => match self.refuses(foreign(&document))? {
                        None => Ok(document),
                        Some(reason) => Err(reason),
                    },
                    Err(error) => Err(error.to_string()),
                };
                match document {
                    Ok(document) => {
                        bytes += document.text().len();
                        ready.push((side, place, document));
                    }
                    Err(reason) => refused.push(Err(alone_on(side.unwrap_or(0), place.name(), &reason))),
                }
            }
            self.look_up(&mut english, ready[first..].iter().flat_map(|(_, _, document)| foreign(document)))?;
            (self.hear)(BuildEvent::Progress(&self.counts))?;
        }
        self.translate(&mut english)?;
        let started = Instant::now();
        let seen = in_parallel(self.pipeline.threads(), ready, |(side, place, document)| {
            let profile = guarded(document.name(), || {
                let english = english.of(&document)?;
                Ok(Profile::new(english.iter().map(String::as_str), document.meta().date.as_deref()))
            });
            match profile {
                Ok(profile) => Ok((side, place, document.lang().clone(), profile)),
                Err(error) => Err(alone_on(side.unwrap_or(0), place.name(), &error.to_string())),
            }
        });
        self.counts.times.pair += started.elapsed();
        Ok(refused.into_iter().chain(seen).collect())
    }
}

fn foreign(document: &Document) -> Option<&Document> {
    (!document.lang().is_english()).then_some(document)
}

fn alone_on(side: usize, name: String, reason: &str) -> Found {
    let (source, target) =
        if side == 0 { (name.clone(), String::new()) } else { (String::new(), name.clone()) };
    Found::Alone { id: name, source, target, reason: reason.into() }
}

/// The side of a document of one folder, by its language: English is the target, where the user names none.
fn side_of(place: &Place, lang: &Lang, options: &PairsOptions) -> Result<usize, Found> {
    let is = |named: &Option<Lang>| named.as_ref() == Some(lang);
    match (&options.source_lang, &options.target_lang) {
        _ if is(&options.source_lang) => Ok(0),
        _ if is(&options.target_lang) => Ok(1),
        (Some(_), Some(_)) => {
            let reason = format!("is in {}, which is not asked for", lang.name());
            Err(alone_on(0, place.name(), &reason))
        }
        (Some(_), None) => Ok(1),
        (None, Some(_)) => Ok(0),
        (None, None) => Ok(usize::from(lang.is_english())),
    }
}

/// The documents of the inputs, each with its side where that is known.
fn places(inputs: &[PathBuf], options: &PairsOptions) -> Result<VecDeque<(Option<usize>, Place)>> {
    let mut places = VecDeque::new();
    let sides: &[Option<usize>] = if inputs.len() == 2 { &[Some(0), Some(1)] } else { &[None] };
    if inputs.len() > 2 {
        return Err(Error::input(
            describe(inputs),
            "by content, one or two folders or .jsonl files are paired",
        ));
    }
    for (input, &side) in inputs.iter().zip(sides) {
        let langs = [&options.source_lang, &options.target_lang];
        let lang = side.and_then(|side| langs[side].clone());
        let found = documents(input, options)?;
        places.extend(found.map(|place| (side, Place { lang: lang.clone().or(place.lang), ..place })));
    }
    Ok(places)
}

/// The documents of a folder or of a JSON Lines file.
fn documents(input: &Path, options: &PairsOptions) -> Result<impl Iterator<Item = Place>> {
    let (documents, files) = if records::is_one(input) {
        (Vec::new(), vec![input.to_path_buf()])
    } else if input.is_dir() {
        let mut folder = Folder::open(input, options)?;
        let files = std::mem::take(&mut folder.records);
        (folder.places(input).collect(), files)
    } else {
        return Err(Error::input(
            describe(&[input.to_path_buf()]),
            "by content, folders or .jsonl files are paired",
        ));
    };
    let mut places = documents;
    for path in files {
        records::each_line(&path, &mut |record, line| {
            if !line.iter().all(u8::is_ascii_whitespace) {
                places.push(Place { path: path.clone(), record: Some(record), lang: None });
            }
        })?;
    }
    Ok(places.into_iter())
}
