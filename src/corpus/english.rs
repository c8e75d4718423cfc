//! The English of a window's sentences: each is looked up and translated once, whichever documents hold it.

use std::collections::{BTreeMap, HashMap};
use std::time::Instant;

use super::parallel::guarded;
use super::{Build, BuildEvent};
use crate::document::Document;
use crate::error::{Error, Result};
use crate::lang::Lang;
use crate::translate::has_letters;

/// Sentences that are translated and then remembered: what a killed build may lose, seconds of work. Forty of
/// the engine's batches: the last of them, where a core may wait for another, are a small part.
const CALL: usize = 480;

/// Sentences of some documents, with their English as far as it is known.
#[derive(Default)]
pub(super) struct English {
    known: BTreeMap<Lang, HashMap<String, Option<String>>>,
    /// How many are to be translated.
    pub(super) unknown: usize,
}

impl English {
    /// Whether a document's language is among those that were looked up.
    pub(super) fn covers(&self, lang: &Lang) -> bool {
        self.known.contains_key(lang)
    }

    /// The English of a document's sentences; an error where the engine refused one.
    pub(super) fn of(&self, document: &Document) -> Result<Vec<String>> {
        let Some(known) = self.known.get(document.lang()) else {
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
}

impl Build<'_> {
    /// Loads what translates the documents; the reason, where nothing does.
    pub(super) fn refuses<'d>(
        &mut self,
        documents: impl IntoIterator<Item = &'d Document>,
    ) -> Result<Option<String>> {
        for document in documents {
            match self.pipeline.translator(document).map(|_| ()) {
                Ok(()) => {}
                Err(error @ (Error::UnsupportedLanguage { .. } | Error::NoOpusModel { .. })) => {
                    return Ok(Some(error.to_string()));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    /// Takes in the sentences of `documents`, none of which is English, with what the memory knows of them.
    pub(super) fn look_up<'d>(
        &mut self,
        english: &mut English,
        documents: impl IntoIterator<Item = &'d Document>,
    ) -> Result<()> {
        let started = Instant::now();
        let mut wanted: BTreeMap<&Lang, Vec<&str>> = BTreeMap::new();
        for document in documents {
            let known = english.known.get(document.lang());
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
            english.unknown += sentences.len() - hits;
            let found = sentences.into_iter().map(str::to_string).zip(remembered);
            english.known.entry(lang.clone()).or_default().extend(found);
        }
        self.counts.times.remember += started.elapsed();
        Ok(())
    }

    /// Translates what the memory does not know. Where the engine fails on a sentence, it stays unknown.
    pub(super) fn translate(&mut self, english: &mut English) -> Result<()> {
        let started = Instant::now();
        for (lang, known) in &mut english.known {
            let mut unknown: Vec<String> =
                known.iter().filter(|(_, english)| english.is_none()).map(|(s, _)| s.clone()).collect();
            // Longest first, as the engine's own batches: the sentences of a call are of like length.
            unknown.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
            for call in unknown.chunks(CALL) {
                self.call(lang, call, known)?;
            }
        }
        self.counts.times.translate += started.elapsed();
        Ok(())
    }

    /// One call of the engine; where it fails on a sentence, that one is found by halves.
    fn call(
        &mut self,
        lang: &Lang,
        sentences: &[String],
        known: &mut HashMap<String, Option<String>>,
    ) -> Result<()> {
        match self.ask(lang, sentences) {
            Ok(translations) => {
                known.extend(sentences.iter().cloned().zip(translations.into_iter().map(Some)));
                Ok(())
            }
            Err(error) if !is_about_text(&error) => Err(error),
            Err(_) if sentences.len() == 1 => Ok(()),
            Err(_) => sentences.iter().try_for_each(|one| self.call(lang, std::slice::from_ref(one), known)),
        }
    }

    fn ask(&mut self, lang: &Lang, sentences: &[String]) -> Result<Vec<String>> {
        let sentences: Vec<&str> = sentences.iter().map(String::as_str).collect();
        let before = self.counts.translated;
        let Build { pipeline, hear, counts, .. } = self;
        let answer = guarded("the engine", || {
            pipeline.translate(lang, &sentences, &mut |done| {
                counts.translated = before + done as u64;
                hear(BuildEvent::Progress(counts))
            })
        });
        self.counts.translated = before + answer.as_ref().map_or(0, |answer| answer.len() as u64);
        answer
    }
}

/// Whether an error is the text's, so that other texts may do.
fn is_about_text(error: &Error) -> bool {
    matches!(error, Error::Translations { .. } | Error::Input { .. })
}
