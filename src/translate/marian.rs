//! Firefox Translations' Marian models through fxtranslate, int8 on the CPU: batches by length, all cores,
//! sentences over the model's window cut at clause boundaries and joined again. Never reaches the network.
//!
//! Measured on 300 news sentences with two threads, in words a second: one sentence at a time 816; batches
//! of 8 in text order 1,237, by length 1,966; of 16 by length 1,921; of 64 by length 1,012. Padding is what
//! costs, and batches beyond 16 fall out of the cache. Batched and single output are equal to the byte. A
//! lexical shortlist of 2,000 made batches of 12 slower, 1.5 times: it is projected sentence by sentence.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

use fxtranslate::engine::Engine;

use super::{Translator, has_letters};
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
        let sentences: Vec<_> = sentences.iter().map(|sentence| visible(sentence)).collect();
        let mut parts: Vec<Part> = Vec::new();
        let ranges: Vec<Range<usize>> = sentences
            .iter()
            .map(|sentence| {
                let first = parts.len();
                cut(sentence, &|text| self.fits(text), &mut parts);
                first..parts.len()
            })
            .collect();
        let words: Vec<&str> = parts.iter().filter(|part| part.is_language).map(|part| part.text).collect();
        let mut translated = match words[..] {
            [] => Vec::new(),
            [only] => vec![self.engine.translate(only)],
            _ => self.engine.translate_batch(&words),
        }
        .into_iter();
        let outputs: Vec<String> = parts
            .iter()
            .map(|part| match part.is_language {
                true => translated.next().expect("the engine answers each sentence"),
                false => part.text.to_string(),
            })
            .collect();
        ranges.into_iter().map(|range| join(&parts[range.clone()], &outputs[range])).collect()
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

/// A stretch of a sentence that fits the window, or one that has to pass through as it is.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Part<'a> {
    text: &'a str,
    /// It has letters, and it is no blob (a data URL, a row of dashes) without a blank to cut it at.
    is_language: bool,
}

/// Cuts `text` into parts that fit, at the strongest boundary near the middle, and pushes them trimmed.
fn cut<'a>(text: &'a str, fits: &dyn Fn(&str) -> bool, parts: &mut Vec<Part<'a>>) {
    // Explicit stack: a text of many megabytes without a boundary must not overflow the real one.
    let mut open = vec![text.trim()];
    while let Some(text) = open.pop() {
        let fit = fits(text);
        match boundary(text) {
            Some(at) if !fit => {
                open.push(text[at..].trim_start());
                open.push(text[..at].trim_end());
            }
            _ => parts.push(Part { text, is_language: fit && has_letters(text) }),
        }
    }
}

/// Where to cut a long text: the byte behind a clause mark, else a blank, in the middle half of the text
/// where one is there; `None` where it has no blank at all.
fn boundary(text: &str) -> Option<usize> {
    let (middle, quarter) = (text.len() / 2, text.len() / 4);
    let mut best: Option<(i32, usize, usize)> = None;
    for (at, _) in text.match_indices(char::is_whitespace) {
        let distance = at.abs_diff(middle);
        let strength = match text[..at].chars().next_back() {
            _ if distance > quarter => 0,
            Some('.' | '!' | '?' | ';' | ':') => 4,
            Some('–' | '—') => 3,
            Some(',') => 2,
            _ => 1,
        };
        let candidate = (-strength, distance, at);
        if best.is_none_or(|found| candidate < found) {
            best = Some(candidate);
        }
    }
    best.map(|(_, _, at)| at)
}

/// Joins the translated parts of a sentence. A part is translated as if it were a sentence, with a capital and
/// a stop; inside the sentence neither belongs there unless the source has it so, but its own mark does.
fn join(parts: &[Part], outputs: &[String]) -> String {
    let last = parts.len().saturating_sub(1);
    let mut joined = String::new();
    for (i, (part, output)) in parts.iter().zip(outputs).enumerate() {
        let mut output = output.trim();
        let mark = part.text.chars().next_back().filter(|c| ",;:–—".contains(*c)).filter(|_| i < last);
        if i < last && !part.text.ends_with('.') {
            output = output.trim_end_matches(['.', ',', ';', ':']);
        }
        let lower = i > 0 && part.text.starts_with(char::is_lowercase) && !output.starts_with("I ");
        let mut chars = output.chars();
        let first = chars.next().filter(|_| lower);
        joined.push_str(if i > 0 { " " } else { "" });
        match first {
            Some(first) => joined.extend(first.to_lowercase().chain(chars)),
            None => joined.push_str(output),
        }
        joined.extend(mark);
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str, longest: usize) -> Vec<&str> {
        let mut parts = Vec::new();
        cut(text, &|part| part.len() <= longest, &mut parts);
        parts.iter().map(|part| part.text).collect()
    }

    #[test]
    fn long_sentences_are_cut_at_clauses_and_nothing_is_lost() {
        let text =
            "Als der Regen kam, gingen alle nach Hause; nur der Wirt blieb, denn er hatte noch zu tun.";
        assert_eq!(parts(text, 200), [text]);
        assert_eq!(
            parts(text, 60),
            ["Als der Regen kam, gingen alle nach Hause;", "nur der Wirt blieb, denn er hatte noch zu tun."]
        );
        assert_eq!(parts(text, 10).join(" "), text);
        assert_eq!(parts("einwortohneende", 5), ["einwortohneende"]);
        assert_eq!(parts("", 5), [""]);
    }

    #[test]
    fn parts_join_to_one_sentence() {
        let join = |parts: &[&str], outputs: &[&str]| {
            let parts: Vec<Part> = parts.iter().map(|&text| Part { text, is_language: true }).collect();
            join(&parts, &outputs.iter().map(|output| output.to_string()).collect::<Vec<_>>())
        };
        assert_eq!(
            join(
                &["Als der Regen kam, gingen alle;", "nur der Wirt blieb."],
                &["When the rain came, everybody left.", "Only the host stayed."]
            ),
            "When the rain came, everybody left; only the host stayed."
        );
        assert_eq!(join(&["Es ist 12 Uhr.", "Gut."], &["It is 12.", "Good."]), "It is 12. Good.");
        assert_eq!(join(&["x"], &[" y "]), "y");
        assert_eq!(join(&[], &[]), "");
    }

    #[test]
    fn blobs_and_numbers_are_not_given_to_the_model() {
        let mut parts = Vec::new();
        let blob = "a".repeat(5000);
        let text = format!("Das Bild {blob} ist 12:30");
        cut(&text, &|part| part.len() < 100, &mut parts);
        let language: Vec<&str> =
            parts.iter().filter(|part| part.is_language).map(|part| part.text).collect();
        assert_eq!(language, ["Das Bild", "ist 12:30"]);
        assert_eq!(parts.len(), 3);
    }
}
