//! A window of document pairs on its way through a build.

use std::collections::BTreeMap;
use std::time::Instant;

use sha2::{Digest, Sha256};

use super::english::English;
use super::find::{Found, Place};
use super::parallel::{guarded, in_parallel};
use super::records::Records;
use super::{Build, BuildEvent};
use crate::bitext::Bitext;
use crate::document::{Document, OpenOptions};
use crate::error::{Error, Result};
use crate::lang::Lang;
use crate::pipeline::{Matched, solve};
use crate::read;
use crate::store::{Engines, Input, Outcome};

/// Unknown sentences in a window: enough for batches by length that keep all cores busy to the end.
pub(super) const UNKNOWN: usize = 1920;
/// Bytes of text in a window, where most of its sentences are known.
pub(super) const BYTES: usize = 8 << 20;
/// Pairs that are read at once, in number and in bytes of their files.
pub(super) const CHUNK: (usize, u64) = (64, 4 << 20);
/// Skips that wait for the end of a window.
const SKIPS: usize = 1024;

/// Pairs that are read, with the English of their sentences.
#[derive(Default)]
pub(super) struct Window {
    ready: Vec<Ready>,
    skipped: Vec<Skip>,
    english: English,
    bytes: usize,
}

/// A pair, read.
struct Ready {
    source: Document,
    target: Document,
    content: Vec<u8>,
}

/// A pair that is left out.
pub(super) struct Skip {
    source: String,
    target: String,
    content: Vec<u8>,
    reason: String,
}

/// A pair at its end.
pub(super) enum Done {
    Aligned { bitext: Box<Bitext>, engines: [Option<String>; 2], content: Vec<u8> },
    Skipped(Skip),
}

impl Done {
    /// The pair as it is stored.
    pub(super) fn input(&self) -> Input<'_> {
        match self {
            Done::Aligned { bitext, engines: [source, target], content } => {
                let engines = Engines { source: source.as_deref(), target: target.as_deref() };
                Input {
                    source: bitext.source().name(),
                    target: bitext.target().name(),
                    content,
                    outcome: Outcome::Aligned(bitext, engines),
                }
            }
            Done::Skipped(skip) => Input {
                source: &skip.source,
                target: &skip.target,
                content: &skip.content,
                outcome: Outcome::Skipped(&skip.reason),
            },
        }
    }
}

impl Build<'_> {
    /// Reads pairs until there is enough to translate; `None` at the end.
    pub(super) fn gather(
        &mut self,
        found: &mut dyn Iterator<Item = Result<Found>>,
    ) -> Result<Option<Window>> {
        let mut window = Window::default();
        while window.english.unknown < UNKNOWN && window.bytes < BYTES && window.skipped.len() < SKIPS {
            let started = Instant::now();
            let (tasks, is_last) = self.chunk(found, &mut window.skipped)?;
            let options = &self.options.open;
            let read = in_parallel(self.pipeline.threads(), tasks, |task| task.read(options));
            self.counts.times.read += started.elapsed();
            let first = window.ready.len();
            for pair in read {
                match pair {
                    Read::Ready(pair) => self.admit(*pair, &mut window)?,
                    Read::Skip(skip) => window.skipped.push(skip),
                    Read::Unchanged => {
                        self.counts.pairs += 1;
                        self.counts.unchanged += 1;
                    }
                }
            }
            let no_translation = self.options.no_translation;
            let documents = window.ready[first..].iter().flat_map(|pair| pair.foreign(no_translation));
            self.look_up(&mut window.english, documents)?;
            (self.hear)(BuildEvent::Progress(&self.counts))?;
            if is_last {
                return Ok((!window.ready.is_empty() || !window.skipped.is_empty()).then_some(window));
            }
        }
        Ok(Some(window))
    }

    /// The next pairs to be read at once, and whether they are the last.
    fn chunk(
        &mut self,
        found: &mut dyn Iterator<Item = Result<Found>>,
        skipped: &mut Vec<Skip>,
    ) -> Result<(Vec<Task>, bool)> {
        let mut tasks = Vec::new();
        let mut bytes = 0;
        for _ in 0..CHUNK.0 {
            let Some(found) = found.next().transpose()? else { return Ok((tasks, true)) };
            match found {
                Found::Alone { source, target, reason, .. } => {
                    skipped.push(Skip { source, target, content: Vec::new(), reason });
                }
                Found::Pair { source, target, date, .. } => {
                    bytes += source.bytes() + target.bytes();
                    let how = self.how([source.lang.as_ref(), target.lang.as_ref()])?;
                    let stored = match self.pipeline.store() {
                        Some(store) => store.built(&source.name(), &target.name())?,
                        None => None,
                    };
                    let records = [source.record(&mut self.records), target.record(&mut self.records)];
                    tasks.push(Task { source, target, records, date, how, stored });
                }
            }
            if bytes >= CHUNK.1 {
                break;
            }
        }
        Ok((tasks, false))
    }

    /// Takes a pair into the window, if its languages can be translated.
    fn admit(&mut self, pair: Ready, window: &mut Window) -> Result<()> {
        if let Some(reason) = self.refuses(pair.foreign(self.options.no_translation))? {
            window.skipped.push(Skip {
                source: pair.source.name().into(),
                target: pair.target.name().into(),
                content: pair.content,
                reason,
            });
            return Ok(());
        }
        window.bytes += pair.source.text().len() + pair.target.text().len();
        window.ready.push(pair);
        Ok(())
    }

    /// Translates and aligns the pairs of a window.
    pub(super) fn align(&mut self, mut window: Window) -> Result<Vec<Done>> {
        self.translate(&mut window.english)?;
        let started = Instant::now();
        let mut engines: BTreeMap<Lang, String> = BTreeMap::new();
        for document in window.ready.iter().flat_map(|pair| [&pair.source, &pair.target]) {
            let lang = document.lang();
            if window.english.covers(lang) && !engines.contains_key(lang) {
                engines.insert(lang.clone(), self.pipeline.translator(document)?.signature().to_string());
            }
        }
        if !window.ready.is_empty() && !self.options.no_translation {
            self.pipeline.load_encoder()?;
        }
        let encoder = self.pipeline.encoder();
        let aligned = in_parallel(self.pipeline.threads(), window.ready, |pair| {
            let names = [pair.source.name().to_string(), pair.target.name().to_string()];
            let content = pair.content.clone();
            let aligned = guarded(&names[0], || {
                let matched = pair.matched(&window.english, &engines, self.options.no_translation)?;
                let aligned = solve(pair.source, pair.target, &matched, encoder, &self.options.align)?;
                let engines = matched.engines();
                let engines = [engines.source, engines.target].map(|engine| engine.map(str::to_string));
                Ok((aligned.bitext, engines))
            });
            let [source, target] = names;
            match aligned {
                Ok((bitext, engines)) => Done::Aligned { bitext: Box::new(bitext), engines, content },
                Err(error) => Done::Skipped(Skip { source, target, content, reason: error.to_string() }),
            }
        });
        self.counts.times.align += started.elapsed();
        Ok(window.skipped.into_iter().map(Done::Skipped).chain(aligned).collect())
    }
}

impl Ready {
    /// The documents that are to be matched in English and are not in it.
    fn foreign(&self, no_translation: bool) -> impl Iterator<Item = &Document> {
        let is_matched_in_english = !no_translation && self.source.lang() != self.target.lang();
        let documents = [&self.source, &self.target].into_iter();
        documents.filter(move |document| is_matched_in_english && !document.lang().is_english())
    }

    /// Both sides in one language.
    fn matched(
        &self,
        english: &English,
        engines: &BTreeMap<Lang, String>,
        no_translation: bool,
    ) -> Result<Matched> {
        let (source, target) = (&self.source, &self.target);
        if no_translation {
            return Ok(Matched::untranslated(source, target));
        }
        if source.lang() == target.lang() {
            return Ok(Matched::of_one_language(source, target));
        }
        let engine = |document: &Document| engines.get(document.lang()).cloned();
        let both = [english.of(source)?, english.of(target)?];
        Ok(Matched::in_english(source, target, both, [engine(source), engine(target)]))
    }
}

impl Place {
    /// About how much there is to be read.
    pub(super) fn bytes(&self) -> u64 {
        match self.record {
            Some(record) => record.bytes,
            None => std::fs::metadata(&self.path).map_or(0, |file| file.len()),
        }
    }

    /// The bytes of the record, where the place is one.
    pub(super) fn record(&self, records: &mut Records) -> Option<Result<Vec<u8>>> {
        self.record.map(|record| records.load(&self.path, record))
    }

    /// The bytes of the record, or of the file.
    fn load(&self, record: Option<Result<Vec<u8>>>, options: &OpenOptions) -> Result<Vec<u8>> {
        record.unwrap_or_else(|| read::load(&self.path, options.read.max_bytes))
    }

    /// The document that the bytes hold.
    fn parse(&self, bytes: Vec<u8>, options: &OpenOptions) -> Result<Document> {
        let options = OpenOptions { lang: self.lang.clone(), ..options.clone() };
        let parsed = if self.record.is_some() {
            Document::parse_record(self.name(), bytes, &options)
        } else {
            let mut documents = Document::parse(&self.path, bytes, &options)?;
            match documents.len() {
                1 => documents.remove(0),
                number => {
                    let name = self.name();
                    let what = format!("holds {number} documents; name one of them, such as {name}#1");
                    Err(Error::input(name, what))
                }
            }
        };
        parsed.map_err(with_way_out)
    }

    /// Reads the document; `record` is what [`Place::record`] gave.
    pub(super) fn document(
        &self,
        record: Option<Result<Vec<u8>>>,
        options: &OpenOptions,
    ) -> Result<Document> {
        guarded(&self.name(), || self.parse(self.load(record, options)?, options))
    }
}

/// What to do, in a corpus, about a language that cannot be told.
fn with_way_out(mut error: Error) -> Error {
    if let Error::UnknownLanguage { way_out, .. } = &mut error {
        *way_out =
            "name it, in the manifest, in the document's name, or with --source-lang and --target-lang"
                .into();
    }
    error
}

/// A pair to be read.
struct Task {
    source: Place,
    target: Place,
    /// What was read of them already.
    records: [Option<Result<Vec<u8>>>; 2],
    date: Option<String>,
    /// How it is treated; part of its digest.
    how: String,
    /// The digest that the store has of it.
    stored: Option<Vec<u8>>,
}

/// What reading came to.
enum Read {
    Unchanged,
    Ready(Box<Ready>),
    Skip(Skip),
}

impl Task {
    fn read(mut self, options: &OpenOptions) -> Read {
        let mut content = Vec::new();
        let records = std::mem::take(&mut self.records);
        match guarded(&self.source.name(), || self.parse(records, options, &mut content)) {
            Ok(None) => Read::Unchanged,
            Ok(Some((source, target))) => Read::Ready(Box::new(Ready { source, target, content })),
            Err(error) => {
                let (source, target) = (self.source.name(), self.target.name());
                Read::Skip(Skip { source, target, content, reason: error.to_string() })
            }
        }
    }

    /// The two documents, unless the store has them as they are. Leaves their digest in `content`.
    fn parse(
        &self,
        records: [Option<Result<Vec<u8>>>; 2],
        options: &OpenOptions,
        content: &mut Vec<u8>,
    ) -> Result<Option<(Document, Document)>> {
        let [source, target] = records;
        let (source, target) = (self.source.load(source, options)?, self.target.load(target, options)?);
        let date = self.date.as_deref();
        let digest = Sha256::new()
            .chain_update(Sha256::digest(&source))
            .chain_update(Sha256::digest(&target))
            .chain_update(Sha256::digest(date.unwrap_or_default()))
            .chain_update(&self.how);
        *content = digest.finalize().to_vec();
        if self.stored.as_ref() == Some(content) {
            return Ok(None);
        }
        let source = self.source.parse(source, options)?.dated(date);
        let target = self.target.parse(target, options)?.dated(date);
        Ok(Some((source, target)))
    }
}
