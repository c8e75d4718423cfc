//! Firefox Translations' Marian models through fxtranslate, int8 on the CPU: batches by length, all cores,
//! sentences over the model's window cut at clause boundaries and joined again. Never reaches the network.
//!
//! Measured on 300 news sentences with two threads, in words a second: one sentence at a time 816; batches
//! of 8 in text order 1,237, by length 1,966; of 16 by length 1,921; of 64 by length 1,012. Padding is what
//! costs, and batches beyond 16 fall out of the cache. Batched and single output are equal to the byte. A
//! lexical shortlist of 2,000 made batches of 12 slower, 1.5 times: it is projected sentence by sentence.

use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

use fxtranslate::engine::Engine;

use super::Translator;
use super::cut::translate_in_parts;
use crate::error::{Error, Result};
use crate::models::Model;
use crate::read::visible;

/// The longest input in tokens that is translated whole. The engine's own window is 127
/// (`fxtranslate::segment::MAX_SOURCE_TOKENS`), past which it cuts without an error; models of this family
/// are trained on sentences of about 100 pieces and grow poor beyond.
const WINDOW: usize = 100;

/// Sentences a batch (see the measurement above).
const BATCH: usize = 12;

/// Names how text is cut, batched and decoded here; part of the signature. Change it when output changes.
const METHOD: &str = "fxtranslate-0.5.0 greedy window-100";

/// A Marian model of the Firefox family, loaded.
pub struct Marian {
    engine: Engine,
    signature: String,
    threads: usize,
}

impl Marian {
    /// Loads `model` (its files are verified first) to run on `threads` threads (at least one).
    ///
    /// # Errors
    /// [`Error::Model`]: a file is missing or altered, or the engine cannot read it.
    pub fn load(model: &Model, threads: usize) -> Result<Marian> {
        if model.engine() != "fxtranslate" {
            let what = format!("its engine is {}, this one is fxtranslate", model.engine());
            return Err(Error::Model { model: model.name().into(), what });
        }
        let weights = model.file("model")?;
        let (source, target) = (model.file("source-vocabulary")?, model.file("target-vocabulary")?);
        let engine = Engine::from_bytes(&weights, &source, &target).map_err(|cause| Error::Model {
            model: model.name().into(),
            what: format!("the engine cannot load it: {cause}"),
        })?;
        Ok(Marian { engine, signature: Marian::signature_of(model), threads: threads.max(1) })
    }

    /// The signature that `model` will have, without loading it.
    pub(crate) fn signature_of(model: &Model) -> String {
        format!("{METHOD} {} {}", model.name(), model.fingerprint())
    }

    fn fits(&self, text: &str) -> bool {
        // A token is at least one byte and rarely over eight: most texts need no counting.
        text.len() < WINDOW || (text.len() < 8 * WINDOW && self.engine.src_ids(text).len() <= WINDOW + 1)
    }

    /// Translates one batch; a sentence over the window goes in as its parts.
    fn batch(&self, sentences: &[&str]) -> Vec<String> {
        let visible: Vec<_> = sentences.iter().map(|sentence| visible(sentence)).collect();
        let sentences: Vec<&str> = visible.iter().map(|sentence| sentence.as_ref()).collect();
        let translated = translate_in_parts(&sentences, &|text| self.fits(text), |parts| match parts {
            [only] => Ok::<_, Infallible>(vec![self.engine.translate(only)]),
            parts => Ok(self.engine.translate_batch(parts)),
        });
        translated.unwrap_or_else(|never| match never {})
    }
}

impl Translator for Marian {
    fn translate(&self, sentences: &[&str], progress: &mut dyn FnMut(usize)) -> Result<Vec<String>> {
        // Longest first: equal lengths share a batch without padding, and no long batch is left for the end.
        let mut order: Vec<usize> = (0..sentences.len()).collect();
        order.sort_by_key(|&i| (std::cmp::Reverse(sentences[i].len()), i));
        let batches: Vec<&[usize]> = order.chunks(BATCH).collect();
        let next = AtomicUsize::new(0);
        let mut translations = vec![String::new(); sentences.len()];
        std::thread::scope(|scope| {
            let (sender, receiver) = mpsc::channel();
            for _ in 0..self.threads.min(batches.len()) {
                let (sender, next, batches) = (sender.clone(), &next, &batches);
                scope.spawn(move || {
                    while let Some(batch) = batches.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let texts: Vec<&str> = batch.iter().map(|&i| sentences[i]).collect();
                        // The receiver lives as long as the scope: it cannot be gone.
                        let _ = sender.send((*batch, self.batch(&texts)));
                    }
                });
            }
            drop(sender);
            let mut done = 0;
            for (batch, outputs) in receiver {
                done += batch.len();
                for (&i, output) in batch.iter().zip(outputs) {
                    translations[i] = output;
                }
                progress(done);
            }
        });
        Ok(translations)
    }

    fn signature(&self) -> &str {
        &self.signature
    }
}
