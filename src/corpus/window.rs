//! A window of document pairs on its way through a build.

use std::collections::{BTreeMap, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::time::Instant;

use sha2::{Digest, Sha256};

use super::find::{Found, Place};
use super::{Build, BuildEvent, records};
use crate::bitext::Bitext;
use crate::document::{Document, OpenOptions};
use crate::error::{Error, Result};
use crate::lang::Lang;
use crate::pipeline::{Matched, solve};
use crate::read;
use crate::store::{Engines, Input, Outcome};
use crate::translate::has_letters;

/// Unknown sentences in a window: many enough for batches by length that keep all cores busy to the end.
const UNKNOWN: usize = 4096;
/// Bytes of text in a window, where most of its sentences are known.
const BYTES: usize = 8 << 20;
/// Pairs that are read at once, in number and in bytes of their files.
const CHUNK: (usize, u64) = (64, 4 << 20);
/// Sentences that are translated and then remembered: what a killed build may lose, seconds of work.
const CALL: usize = 1024;

/// Pairs that are read, with the English of their sentences.
#[derive(Default)]
pub(super) struct Window {
    ready: Vec<Ready>,
    skipped: Vec<Skip>,
    /// The sentences that need English; `None` while it is not known.
    english: BTreeMap<Lang, HashMap<String, Option<String>>>,
    unknown: usize,
    bytes: usize,
}

/// A pair, read.
pub(super) struct Ready {
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
            Done::Aligned { bitext, engines: [source, target], content } => Input {
                source: bitext.source().name(),
                target: bitext.target().name(),
                content,
                outcome: Outcome::Aligned(
                    bitext,
                    Engines { source: source.as_deref(), target: target.as_deref() },
                ),
            },
            Done::Skipped(skip) => Input {
                source: &skip.source,
                target: &skip.target,
                content: &skip.content,
                outcome: Outcome::Skipped(&skip.reason),
            },
        }
    }
}

/// A pair to be read.
struct Task {
    source: Place,
    target: Place,
    date: Option<String>,
    /// How it is treated; part of its digest.
    how: String,
    /// The digest that the store has of it.
    stored: Option<Vec<u8>>,
}

/// What reading came to.
enum ReadPair {
    Unchanged,
    Ready(Box<Ready>),
    Skip(Skip),
}

impl Build<'_> {
    /// Reads pairs until there is enough to translate; `None` at the end.
    pub(super) fn gather(
        &mut self,
        found: &mut dyn Iterator<Item = Result<Found>>,
    ) -> Result<Option<Window>> {
        let mut window = Window::default();
        let mut is_empty = true;
        while window.unknown < UNKNOWN && window.bytes < BYTES {
            let started = Instant::now();
            let (tasks, at_end) = self.chunk(found, &mut window)?;
            is_empty &= tasks.is_empty() && window.skipped.is_empty();
            let options = &self.options.open;
            let read = in_parallel(self.pipeline.threads(), tasks, |task| task.read(options));
            self.counts.times.read += started.elapsed();
            let first = window.ready.len();
            for pair in read {
                match pair {
                    ReadPair::Ready(pair) => self.admit(*pair, &mut window)?,
                    ReadPair::Skip(skip) => window.skipped.push(skip),
                    ReadPair::Unchanged => {
                        self.counts.pairs += 1;
                        self.counts.unchanged += 1;
                    }
                }
            }
            self.remember(&mut window, first)?;
            (self.hear)(BuildEvent::Progress(&self.counts))?;
            if at_end {
                return Ok((!is_empty).then_some(window));
            }
        }
        Ok(Some(window))
    }

    /// The next pairs to be read at once, and whether they are the last.
    fn chunk(
        &mut self,
        found: &mut dyn Iterator<Item = Result<Found>>,
        window: &mut Window,
    ) -> Result<(Vec<Task>, bool)> {
        let mut tasks = Vec::new();
        let mut bytes = 0;
        while tasks.len() < CHUNK.0 && window.skipped.len() < CHUNK.0 && bytes < CHUNK.1 {
            let Some(found) = found.next().transpose()? else { return Ok((tasks, true)) };
            match found {
                Found::Alone { source, target, reason, .. } => {
                    window.skipped.push(Skip { source, target, content: Vec::new(), reason });
                }
                Found::Pair { source, target, date, .. } => {
                    bytes += source.bytes() + target.bytes();
                    let how = self.how([source.lang.as_ref(), target.lang.as_ref()])?;
                    let stored = match self.pipeline.store() {
                        Some(store) => store.built(&source.name(), &target.name())?,
                        None => None,
                    };
                    tasks.push(Task { source, target, date, how, stored });
                }
            }
        }
        Ok((tasks, false))
    }

    /// Takes a pair into the window, if its languages can be translated.
    fn admit(&mut self, pair: Ready, window: &mut Window) -> Result<()> {
        let mut documents = pair.foreign(self.options.no_translation);
        let refused = documents.find_map(|document| self.pipeline.translator(document).err());
        drop(documents);
        match refused {
            Some(error @ Error::UnsupportedLanguage { .. }) => {
                window.skipped.push(pair.skip(error.to_string()));
                return Ok(());
            }
            Some(error) => return Err(error),
            None => {}
        }
        window.bytes += pair.source.text().len() + pair.target.text().len();
        window.ready.push(pair);
        Ok(())
    }

    /// Looks up what the memory knows of the pairs from `first` on.
    fn remember(&mut self, window: &mut Window, first: usize) -> Result<()> {
        let started = Instant::now();
        let mut wanted: BTreeMap<&Lang, Vec<&str>> = BTreeMap::new();
        let pairs = &window.ready[first..];
        for document in pairs.iter().flat_map(|pair| pair.foreign(self.options.no_translation)) {
            let known = window.english.get(document.lang());
            for sentence in document.sentences().filter(|sentence| has_letters(sentence)) {
                self.counts.sentences += 1;
                if known.is_none_or(|known| !known.contains_key(sentence)) {
                    wanted.entry(document.lang()).or_default().push(sentence);
                }
            }
        }
        for (lang, mut sentences) in wanted {
            sentences.sort_unstable();
            sentences.dedup();
            let remembered = self.pipeline.recall(lang, &sentences)?;
            let hits = remembered.iter().filter(|english| english.is_some()).count();
            self.counts.remembered += hits as u64;
            window.unknown += sentences.len() - hits;
            let found = sentences.into_iter().map(str::to_string).zip(remembered);
            window.english.entry(lang.clone()).or_default().extend(found);
        }
        self.counts.times.remember += started.elapsed();
        Ok(())
    }

    /// Translates what the memory does not know. Where that fails for one sentence, the pairs that hold it are
    /// left out.
    pub(super) fn translate(&mut self, window: &mut Window) -> Result<()> {
        for (lang, english) in &mut window.english {
            let mut unknown: Vec<String> =
                english.iter().filter(|(_, known)| known.is_none()).map(|(s, _)| s.clone()).collect();
            // Longest first, as the engine's own batches: calls are of sentences of like length.
            unknown.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
            for call in unknown.chunks(CALL) {
                self.call(lang, call, english)?;
            }
        }
        Ok(())
    }

    /// One call of the engine; where it fails on a sentence, one for each.
    fn call(
        &mut self,
        lang: &Lang,
        sentences: &[String],
        english: &mut HashMap<String, Option<String>>,
    ) -> Result<()> {
        match self.ask(lang, sentences) {
            Ok(translations) => {
                english.extend(sentences.iter().cloned().zip(translations.into_iter().map(Some)));
                Ok(())
            }
            Err(error) if !is_about_text(&error) => Err(error),
            Err(_) => {
                for sentence in sentences {
                    match self.ask(lang, std::slice::from_ref(sentence)) {
                        Ok(translation) => {
                            english.insert(sentence.clone(), translation.into_iter().next());
                        }
                        Err(error) if !is_about_text(&error) => return Err(error),
                        Err(_) => {}
                    }
                }
                Ok(())
            }
        }
    }

    fn ask(&mut self, lang: &Lang, sentences: &[String]) -> Result<Vec<String>> {
        let sentences: Vec<&str> = sentences.iter().map(String::as_str).collect();
        let before = self.counts.clone();
        let Build { pipeline, hear, counts, .. } = self;
        let answer = guarded("the engine", || {
            pipeline.translate(lang, &sentences, &mut |done| {
                counts.translated = before.translated + done as u64;
                hear(BuildEvent::Progress(counts))
            })
        });
        self.counts.translated = before.translated + answer.as_ref().map_or(0, |answer| answer.len() as u64);
        answer
    }

    /// Aligns the pairs of a window.
    pub(super) fn align(&mut self, window: Window) -> Result<Vec<Done>> {
        let mut engines: BTreeMap<Lang, String> = BTreeMap::new();
        for document in window.ready.iter().flat_map(|pair| [&pair.source, &pair.target]) {
            let lang = document.lang();
            if window.english.contains_key(lang) && !engines.contains_key(lang) {
                engines.insert(lang.clone(), self.pipeline.translator(document)?.signature().to_string());
            }
        }
        if !window.ready.is_empty() && !self.options.no_translation {
            self.pipeline.load_encoder()?;
        }
        let encoder = self.pipeline.encoder();
        let english = &window.english;
        let options = &self.options.align;
        let no_translation = self.options.no_translation;
        let aligned = in_parallel(self.pipeline.threads(), window.ready, |pair| {
            let names = [pair.source.name().to_string(), pair.target.name().to_string()];
            let content = pair.content.clone();
            let aligned = guarded(&names[0], || {
                let (source, target) = (&pair.source, &pair.target);
                let matched = match (no_translation, source.lang() == target.lang()) {
                    (true, _) => Matched::untranslated(source, target),
                    (_, true) => Matched::of_one_language(source, target),
                    _ => {
                        let both = [english_of(source, english)?, english_of(target, english)?];
                        let engine = |document: &Document| engines.get(document.lang()).cloned();
                        Matched::in_english(source, target, both, [engine(source), engine(target)])
                    }
                };
                let aligned = solve(pair.source, pair.target, &matched, encoder, options)?;
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

    fn skip(self, reason: String) -> Skip {
        Skip {
            source: self.source.name().into(),
            target: self.target.name().into(),
            content: self.content,
            reason,
        }
    }
}

impl Place {
    /// About how much there is to be read.
    fn bytes(&self) -> u64 {
        self.record
            .map(|record| record.bytes)
            .unwrap_or_else(|| std::fs::metadata(&self.path).map_or(0, |file| file.len()))
    }

    fn load(&self, options: &OpenOptions) -> Result<Vec<u8>> {
        match self.record {
            Some(record) => records::load(&self.path, record),
            None => read::load(&self.path, options.read.max_bytes),
        }
    }

    fn document(&self, bytes: Vec<u8>, options: &OpenOptions) -> Result<Document> {
        let options = OpenOptions { lang: self.lang.clone(), ..options.clone() };
        if self.record.is_some() {
            return Document::parse_record(self.name(), bytes, &options);
        }
        let mut documents = Document::parse(&self.path, bytes, &options)?;
        match documents.len() {
            1 => documents.remove(0),
            number => {
                let what = format!("holds {number} documents; name one of them, such as {}#1", self.name());
                Err(Error::input(self.name(), what))
            }
        }
    }
}

impl Task {
    fn read(self, options: &OpenOptions) -> ReadPair {
        let mut content = Vec::new();
        let read = guarded(&self.source.name(), || self.parse(options, &mut content));
        match read.map_err(with_way_out) {
            Ok(None) => ReadPair::Unchanged,
            Ok(Some((source, target))) => ReadPair::Ready(Box::new(Ready { source, target, content })),
            Err(error) => ReadPair::Skip(Skip {
                source: self.source.name(),
                target: self.target.name(),
                content,
                reason: error.to_string(),
            }),
        }
    }

    /// The two documents, unless the store has them as they are. Leaves their digest in `content`.
    fn parse(&self, options: &OpenOptions, content: &mut Vec<u8>) -> Result<Option<(Document, Document)>> {
        let (source, target) = (self.source.load(options)?, self.target.load(options)?);
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
        let source = self.source.document(source, options)?.dated(date);
        let target = self.target.document(target, options)?.dated(date);
        Ok(Some((source, target)))
    }
}

/// What to do about a language that cannot be told, in a corpus.
fn with_way_out(mut error: Error) -> Error {
    if let Error::UnknownLanguage { way_out, .. } = &mut error {
        *way_out =
            "name it: in the manifest, in the document's name, or with --source-lang and --target-lang"
                .into();
    }
    error
}

/// The English of a document's sentences; an error where the engine refused one.
fn english_of(
    document: &Document,
    english: &BTreeMap<Lang, HashMap<String, Option<String>>>,
) -> Result<Vec<String>> {
    let Some(known) = english.get(document.lang()) else {
        return Ok(document.sentences().map(str::to_string).collect());
    };
    let each = document.sentences().map(|sentence| match known.get(sentence) {
        Some(Some(english)) => Ok(english.clone()),
        Some(None) => {
            Err(Error::input(document.name(), format!("the engine cannot translate \"{sentence}\"")))
        }
        None => Ok(sentence.to_string()),
    });
    each.collect()
}

/// Whether an error is the text's, so that other texts may do.
fn is_about_text(error: &Error) -> bool {
    matches!(error, Error::Translations { .. } | Error::Input { .. })
}

/// Runs `work`; a panic in it, a bug that one document in a million finds, is an error about that document.
fn guarded<T>(name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|cause| {
        let said = cause.downcast_ref::<String>().map(String::as_str);
        let said = said.or_else(|| cause.downcast_ref::<&str>().copied()).unwrap_or("no message");
        Err(Error::input(name, format!("a bug in this program ({said}); please report it")))
    })
}

/// Does `work` on each item, on so many threads; the results are in the order of the items.
fn in_parallel<T: Send, R: Send>(threads: usize, items: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    let threads = threads.min(items.len());
    if threads < 2 {
        return items.into_iter().map(work).collect();
    }
    let next = Mutex::new(items.into_iter().enumerate());
    let mut results: Vec<(usize, R)> = std::thread::scope(|scope| {
        let worker = || {
            let mut done = Vec::new();
            loop {
                let item = next.lock().map_or(None, |mut next| next.next());
                let Some((i, item)) = item else { return done };
                done.push((i, work(item)));
            }
        };
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("work catches its panics")).collect()
    });
    results.sort_by_key(|(i, _)| *i);
    results.into_iter().map(|(_, result)| result).collect()
}
