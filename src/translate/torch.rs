//! OPUS-MT models (Marian in Hugging Face layout) through rust-bert and libtorch, on the CPU; cargo feature
//! `torch`. Beam search in batches by length; each thread works with a copy of the model of its own. Never
//! reaches the network.
//!
//! rust-bert's own translation pipeline is not used: it asks for language pairs, reads a `config.json` that
//! lacks a field as if the model were another, and panics over one that it cannot read. Here the generator
//! under it is given what was read, checked and completed before.
//!
//! The files are hashed first, then read by libtorch and the tokenizer, which take nothing but paths. Whoever
//! can exchange a file in between can write to the user's model directory, manifest included: verifying protects
//! against damage and mix-ups, not against that.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Once, mpsc};

use rust_bert::bart::BartConfig;
use rust_bert::marian::MarianGenerator;
use rust_bert::pipelines::common::{ModelResource, ModelType, TokenizerOption};
use rust_bert::pipelines::generation_utils::{GenerateConfig, LanguageGenerator};
use rust_bert::resources::{BufferResource, LocalResource};
use serde_json::{Map, Value};
use tch::{Device, Kind, Tensor};
use unicode_normalization::UnicodeNormalization;

use super::cut::translate_in_parts;
use super::{OpusOptions, Translator, has_letters};
use crate::error::{Error, Result};
use crate::models::Model;
use crate::read::visible;

/// The longest input in tokens that is translated whole, as for the other engine: models of this family are
/// trained on sentences, and grow poor on longer text well before their 512 positions end.
const WINDOW: usize = 100;

/// Sentences a batch.
const BATCH: usize = 8;

/// Threads that get a copy of the model at most: an OPUS-MT model takes some 300 MB a copy.
const COPIES: usize = 4;

/// Names how text is cut, batched and decoded here; part of the signature. Change it when output changes.
const METHOD: &str = "rust-bert-0.23.0 window-100";

/// An OPUS-MT model, loaded.
pub struct Torch {
    model: Model,
    options: OpusOptions,
    threads: usize,
    signature: String,
    /// One a thread, made when first needed.
    workers: RefCell<Vec<Worker>>,
}

impl Torch {
    /// Loads `model` (its files are verified first) to run on `threads` threads, of which four at most work at
    /// once, each with its own copy of the model.
    ///
    /// The model has the engine `opus-mt` and files with the roles `weights` (`rust_model.ot`, `.safetensors`, or
    /// `pytorch_model.bin` in the zip format that torch writes since 1.6), `config`, `source-spm` and `vocabulary`.
    ///
    /// # Errors
    /// [`Error::Model`]: a file is missing or altered, or is not what an OPUS-MT model has; options that the
    /// model has no room for.
    pub fn load(model: &Model, options: OpusOptions, threads: usize) -> Result<Torch> {
        if model.engine() != "opus-mt" {
            let what = format!("its engine is {}, this one is opus-mt", model.engine());
            return Err(Error::Model { model: model.name().into(), what });
        }
        let signature = Torch::signature_of(model, options);
        let threads = threads.clamp(1, COPIES);
        let worker = Worker::load(model, options)?;
        let workers = RefCell::new(vec![worker]);
        Ok(Torch { model: model.clone(), options, threads, signature, workers })
    }

    /// The signature that `model` will have, without loading it.
    pub(crate) fn signature_of(model: &Model, options: OpusOptions) -> String {
        format!("{METHOD} {} {} {options}", model.name(), model.fingerprint())
    }
}

impl Translator for Torch {
    fn translate(&self, sentences: &[&str], progress: &mut dyn FnMut(usize)) -> Result<Vec<String>> {
        let cleaned: Vec<String> = sentences.iter().map(|sentence| clean(sentence)).collect();
        let mut translations = vec![String::new(); sentences.len()];
        // The model babbles over a line that says nothing.
        let mut order: Vec<usize> = (0..sentences.len()).filter(|&i| has_letters(&cleaned[i])).collect();
        for (i, sentence) in sentences.iter().enumerate().filter(|&(i, _)| !has_letters(&cleaned[i])) {
            translations[i] = sentence.trim().to_string();
        }
        // Longest first: equal lengths share a batch without padding, and no long batch is left for the end.
        order.sort_by_key(|&i| (std::cmp::Reverse(cleaned[i].len()), i));
        let batches: Vec<&[usize]> = order.chunks(BATCH).collect();
        let mut workers = self.workers.borrow_mut();
        while workers.len() < self.threads.min(batches.len()) {
            workers.push(Worker::load(&self.model, self.options)?);
        }
        let next = AtomicUsize::new(0);
        let mut done = sentences.len() - order.len();
        let mut failed = None;
        std::thread::scope(|scope| {
            let (sender, receiver) = mpsc::channel();
            for worker in workers.iter_mut() {
                let (sender, next, batches, cleaned) = (sender.clone(), &next, &batches, &cleaned);
                scope.spawn(move || {
                    one_thread();
                    while let Some(batch) = batches.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let texts: Vec<&str> = batch.iter().map(|&i| cleaned[i].as_str()).collect();
                        // The receiver lives as long as the scope: it cannot be gone.
                        let _ = sender.send((*batch, worker.translate(&texts)));
                    }
                });
            }
            drop(sender);
            for (batch, outputs) in receiver {
                match outputs {
                    Ok(outputs) => {
                        done += batch.len();
                        for (&i, output) in batch.iter().zip(outputs) {
                            translations[i] = output;
                        }
                        progress(done);
                    }
                    // No further batch is begun.
                    Err(what) => {
                        next.store(batches.len(), Ordering::Relaxed);
                        failed.get_or_insert(what);
                    }
                }
            }
        });
        match failed {
            Some(what) => Err(Error::Model { model: self.model.name().into(), what }),
            None => Ok(translations),
        }
    }

    fn signature(&self) -> &str {
        &self.signature
    }
}

/// What one thread needs to translate.
struct Worker(MarianGenerator);

impl Worker {
    fn load(model: &Model, options: OpusOptions) -> Result<Worker> {
        let config = model.file("config")?;
        let vocabulary = model.file("vocabulary")?;
        let [weights, pieces, words] =
            ["weights", "source-spm", "vocabulary"].map(|role| model.verified_path(role));
        let (weights, pieces, words) = (weights?, pieces?, words?);
        let made = guarded(|| {
            one_thread();
            let config = Config::read(&config, &vocabulary)?;
            let tokenizer = tokenizer(&words, &pieces)?;
            let weights = config.complete(tensors(&weights)?)?;
            config.generator(options, tokenizer, &weights)
        });
        Ok(Worker(made.map_err(|what| Error::Model { model: model.name().into(), what })?))
    }

    /// Translates a batch of clean sentences; one over the window goes in as its parts.
    fn translate(&mut self, sentences: &[&str]) -> Result<Vec<String>, String> {
        let tokenizer = self.0.get_tokenizer();
        // A token is at least one byte and rarely over eight: most texts need no counting.
        let fits = |text: &str| {
            text.len() < WINDOW || (text.len() < 8 * WINDOW && tokenizer.tokenize(text).len() <= WINDOW)
        };
        translate_in_parts(sentences, &fits, |parts| {
            let mut outputs = Vec::with_capacity(parts.len());
            for parts in parts.chunks(BATCH) {
                let made = guarded(|| self.0.generate(Some(parts), None).map_err(|cause| cause.to_string()))?;
                outputs.extend(made.into_iter().map(|output| output.text.trim().to_string()));
            }
            Ok(outputs)
        })
    }
}

/// The model's `config.json`, completed.
struct Config {
    json: Map<String, Value>,
    positions: usize,
    width: usize,
}

/// What rust-bert wants to be told and transformers takes for granted: that positions are sinusoids and
/// embeddings are not normalised (newer `config.json`s do not say so, and rust-bert would build another model),
/// and fields that matter in training only.
const GRANTED: [(&str, f64); 6] = [
    ("activation_dropout", 0.0),
    ("attention_dropout", 0.0),
    ("decoder_layerdrop", 0.0),
    ("dropout", 0.0),
    ("encoder_layerdrop", 0.0),
    ("init_std", 0.02),
];

impl Config {
    /// Reads `config.json` and checks it against the vocabulary.
    fn read(config: &[u8], vocabulary: &[u8]) -> Result<Config, String> {
        let mut json: Map<String, Value> = serde_json::from_slice(config)
            .map_err(|cause| format!("its config is no JSON object: {cause}"))?;
        let vocabulary: BTreeMap<String, usize> =
            serde_json::from_slice(vocabulary).map_err(|cause| format!("its vocabulary is none: {cause}"))?;
        let id = |piece: &str| vocabulary.get(piece).map_or(Value::Null, |&id| Value::from(id));
        let layers = json.get("encoder_layers").cloned().unwrap_or_default();
        let mut grant = |key: &str, value: Value| {
            let field = json.entry(key).or_insert(Value::Null);
            if field.is_null() {
                *field = value;
            }
        };
        grant("static_position_embeddings", true.into());
        grant("normalize_embedding", false.into());
        grant("num_hidden_layers", layers);
        grant("pad_token_id", id("<pad>"));
        grant("eos_token_id", id("</s>"));
        for (key, value) in GRANTED {
            grant(key, value.into());
        }
        let pad = json.get("pad_token_id").cloned().unwrap_or_default();
        json.entry("decoder_start_token_id").or_insert(pad);
        // The same function by its newer name.
        if json.get("activation_function").is_some_and(|name| name == "silu") {
            json.insert("activation_function".into(), "swish".into());
        }
        if json.get("model_type").is_some_and(|kind| kind != "marian") {
            return Err(format!("its config is of a {} model; wanted: marian", json["model_type"]));
        }
        let config = Config { positions: 0, width: 0, json };
        config.checked(vocabulary.values().max().map_or(0, |id| id + 1))
    }

    /// Refuses what rust-bert or libtorch would panic over.
    fn checked(mut self, pieces: usize) -> Result<Config, String> {
        let config: BartConfig = serde_json::from_value(Value::Object(self.json.clone()))
            .map_err(|cause| format!("its config cannot be understood: {cause}"))?;
        let size = |value: i64| usize::try_from(value).unwrap_or(0);
        let words = size(config.vocab_size);
        let ids = [config.pad_token_id, config.eos_token_id, config.decoder_start_token_id];
        let heads = [config.encoder_attention_heads, config.decoder_attention_heads];
        (self.positions, self.width) = (size(config.max_position_embeddings), size(config.d_model));
        if pieces > words || ids.iter().any(|id| id.is_none_or(|id| size(id) >= words)) {
            return Err(format!(
                "its config has {words} words, and its vocabulary or special tokens are beyond"
            ));
        }
        if heads.iter().any(|&heads| heads < 1 || config.d_model % heads != 0) {
            return Err(format!("its config has a width of {} for {} heads", config.d_model, heads[0]));
        }
        if self.positions < WINDOW + 2 {
            return Err(format!("it has {} positions; wanted: {} or more", self.positions, WINDOW + 2));
        }
        Ok(self)
    }

    /// Adds the weights that newer files leave out because they can be computed or stand there by another name.
    fn complete(&self, mut tensors: BTreeMap<String, Tensor>) -> Result<Vec<(String, Tensor)>, String> {
        let shared = ["model.shared", "model.encoder.embed_tokens", "model.decoder.embed_tokens", "lm_head"];
        let shared = shared.iter().find_map(|name| tensors.get(&format!("{name}.weight")));
        let shared = shared.ok_or("its weights hold no embeddings")?.shallow_clone();
        tensors.insert("model.shared.weight".into(), shared);
        for half in ["encoder", "decoder"] {
            let name = format!("model.{half}.embed_positions.weight");
            tensors.entry(name).or_insert_with(|| sinusoids(self.positions, self.width));
        }
        Ok(tensors.into_iter().map(|(name, tensor)| (name, tensor.to_kind(Kind::Float))).collect())
    }

    fn generator(
        &self,
        options: OpusOptions,
        tokenizer: TokenizerOption,
        weights: &[(String, Tensor)],
    ) -> Result<MarianGenerator, String> {
        // rust-bert takes the config as a file; ours is not the user's.
        let mut file = tempfile::NamedTempFile::new().map_err(|cause| cause.to_string())?;
        serde_json::to_writer(&mut file, &self.json).map_err(|cause| cause.to_string())?;
        file.flush().map_err(|cause| cause.to_string())?;
        let path = || Box::new(LocalResource { local_path: file.path().into() });
        let mut bytes = Vec::new();
        Tensor::save_multi_to_stream(weights, &mut bytes).map_err(|cause| cause.to_string())?;
        let buffer = BufferResource::from(bytes);
        let held = buffer.data.clone();
        let generator = MarianGenerator::new_with_tokenizer(
            GenerateConfig {
                model_type: ModelType::Marian,
                model_resource: ModelResource::Torch(Box::new(buffer)),
                config_resource: path(),
                vocab_resource: path(), // not read: the tokenizer is there
                merges_resource: None,
                min_length: 0,
                max_length: Some(options.max_length.min(self.positions) as i64),
                do_sample: false,
                early_stopping: true,
                num_beams: options.beams.max(1) as i64,
                temperature: 1.0,
                top_k: 0,
                top_p: 1.0,
                repetition_penalty: 1.0,
                length_penalty: 1.0,
                no_repeat_ngram_size: 0,
                num_return_sequences: 1,
                num_beam_groups: None,
                diversity_penalty: None,
                device: Device::Cpu,
                kind: Some(Kind::Float),
            },
            tokenizer,
        );
        // The generator keeps the buffer, and has no more use for it.
        if let Ok(mut bytes) = held.write() {
            *bytes = Vec::new();
        }
        generator.map_err(|cause| format!("its weights do not fit its config: {cause}"))
    }
}

/// The named tensors of a file of weights, in the format that its name tells.
fn tensors(path: &Path) -> Result<BTreeMap<String, Tensor>, String> {
    let named = match path.extension().and_then(|ending| ending.to_str()) {
        Some("safetensors") => Tensor::read_safetensors(path),
        Some("bin" | "pt") => Tensor::loadz_multi(path),
        _ => Tensor::load_multi(path),
    };
    let named = named.map_err(|cause| {
        let older = "a .bin that torch wrote before 1.6 has to be loaded and saved again with a newer one";
        format!("libtorch cannot read {}: {cause} ({older})", path.display())
    })?;
    Ok(named.into_iter().collect())
}

fn tokenizer(vocabulary: &Path, pieces: &Path) -> Result<TokenizerOption, String> {
    let [vocabulary, pieces] = [vocabulary, pieces].map(|path| {
        path.to_str().ok_or_else(|| format!("the tokenizer wants a path in UTF-8, not {}", path.display()))
    });
    TokenizerOption::from_file(ModelType::Marian, vocabulary?, Some(pieces?), false, None, None)
        .map_err(|cause| cause.to_string())
}

/// Marian's positions (Vaswani et al., 2017, with sines in the first half of the columns and cosines in the
/// second instead of by turns).
fn sinusoids(positions: usize, width: usize) -> Tensor {
    let half = width.div_ceil(2);
    let value = |position: usize, column: usize| {
        let angle = |j: usize| position as f64 / 10_000_f64.powf(2.0 * j as f64 / width as f64);
        if column < half { angle(column).sin() } else { angle(column - half).cos() }
    };
    let values: Vec<f32> = (0..positions * width).map(|at| value(at / width, at % width) as f32).collect();
    Tensor::from_slice(&values).view([positions as i64, width as i64])
}

/// Text as the model saw it in training: sentencepiece folds compatibility characters and runs of blanks, the
/// tokenizer here does not. `>>xx<<` is how a target language is named to it, anywhere in a text.
fn clean(sentence: &str) -> String {
    let folded: String = visible(sentence).nfkc().collect();
    let words: Vec<&str> = folded.split_whitespace().collect();
    let text = words.join(" ");
    if text.contains(">>") { text.replace(">>", "> >") } else { text }
}

/// Within libtorch one thread works here: on busy cores its own threads wait for each other, and sums that are
/// split otherwise come out otherwise.
fn one_thread() {
    static ONCE: Once = Once::new();
    // It may be set once in a program; whoever embeds this library may have done so.
    ONCE.call_once(|| drop(catch_unwind(|| tch::set_num_interop_threads(1))));
    tch::set_num_threads(1);
}

/// Runs what may panic: tch does where libtorch throws, on files that passed every check above.
fn guarded<T>(run: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|cause| {
        let cause = cause.downcast_ref::<String>().map_or("no reason given", String::as_str);
        Err(format!("libtorch failed: {}", cause.lines().next().unwrap_or_default()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cleaned_as_sentencepiece_does() {
        for (text, expected) in [
            ("  Der  Hund\u{a0}bellt.\n", "Der Hund bellt."),
            ("Ｄｅｒ ﬁnale Akt…", "Der finale Akt..."),
            ("Wort\u{ad}ende", "Wortende"),
            ("a >>de<< b", "a > >de<< b"),
            ("", ""),
        ] {
            assert_eq!(clean(text), expected);
        }
    }

    #[test]
    fn positions_are_sines_then_cosines() {
        let table = sinusoids(3, 4);
        let row = |position: i64| Vec::<f32>::try_from(table.get(position)).unwrap();
        assert_eq!(row(0), [0.0, 0.0, 1.0, 1.0]);
        let expected = [2f32.sin(), 0.02f32.sin(), 2f32.cos(), 0.02f32.cos()];
        assert!(row(2).iter().zip(expected).all(|(found, wanted)| (found - wanted).abs() < 1e-6));
    }

    #[test]
    fn what_panics_becomes_an_error() {
        let text = guarded(|| -> Result<(), String> { std::panic::panic_any("first\nsecond".to_string()) });
        assert_eq!(text.unwrap_err(), "libtorch failed: first");
        assert_eq!(guarded(|| Ok(3)), Ok(3));
    }
}
