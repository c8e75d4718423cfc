//! Many document pairs: read, translated, aligned and stored, a window of them at a time. What models, stages
//! and the store do for one pair (pipeline.rs) is done here for a window at once, so that short documents
//! fill each other's batches and all cores work.
//!
//! Memory does not grow with the corpus: a window ends at so many unknown sentences or bytes. Everything but
//! the engine and the store runs on scoped threads, document by document; results do not depend on their
//! number. Translations are kept after each call of the engine; the bitexts of a window and what became of
//! its inputs are one transaction. A killed build loses the work of its last minute at most, never its sense.

mod content;
mod english;
mod find;
mod manifest;
mod names;
mod parallel;
mod records;
mod window;

use std::collections::{BTreeMap, HashSet};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use self::records::Records;
use self::window::{Done, Window};
use crate::align::{AlignInput, AlignOptions, signature};
use crate::document::OpenOptions;
use crate::error::{Error, Result};
use crate::lang::Lang;
use crate::pipeline::Pipeline;
use crate::store::{Input, Outcome};

pub use self::content::pair_by_content;
pub use self::find::{Found, Pairs, PairsOptions, Place, Record, find_pairs};
pub use self::manifest::{ManifestRow, read_manifest, write_manifest};

/// How a build treats its pairs.
#[derive(Debug, Clone, Default)]
pub struct BuildOptions {
    /// How documents are read. Its language is not used: [`PairsOptions`] and the pairs say theirs.
    pub open: OpenOptions,
    /// How pairs are aligned.
    pub align: AlignOptions,
    /// Align without any translation.
    pub no_translation: bool,
    /// Which share of the pairs is built; all where there is none.
    pub shard: Option<Shard>,
}

/// A share of a corpus: one of `of` parts, the pairs of each chosen by a hash of their ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    number: u64,
    of: u64,
}

impl std::str::FromStr for Shard {
    type Err = Error;

    /// Reads `2/8`: the second of eight.
    fn from_str(text: &str) -> Result<Shard> {
        let parts = text.split_once('/').and_then(|(n, of)| Some((n.parse().ok()?, of.parse().ok()?)));
        match parts {
            Some((number, of)) if 1 <= number && number <= of => Ok(Shard { number, of }),
            _ => Err(Error::input(text, "not a shard such as 2/8, the second of eight")),
        }
    }
}

impl Shard {
    /// Whether the pair with this id belongs to it. The same on every machine and in every version.
    pub fn holds(&self, id: &str) -> bool {
        let digest = Sha256::digest(id);
        let head = digest.first_chunk().expect("a digest has 32 bytes");
        u64::from_be_bytes(*head) % self.of == self.number - 1
    }
}

/// What a build has done so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BuildCounts {
    /// Pairs that were looked at, and documents that pair with nothing.
    pub pairs: u64,
    /// Pairs that were aligned and stored.
    pub aligned: u64,
    /// Pairs that an earlier run had stored, unchanged since.
    pub unchanged: u64,
    /// Pairs and documents that were left out, each with its reason in the store.
    pub skipped: u64,
    /// Sentences of the aligned pairs that are not English and have letters.
    pub sentences: u64,
    /// Of these, looked up in the translation memory; each once a window.
    pub remembered: u64,
    /// Of these, translated by the engine. The rest stood twice in one window.
    pub translated: u64,
    /// Where the time went.
    pub times: BuildTimes,
}

impl BuildCounts {
    /// The counts of a build whose documents were paired by what they say, which counted `first`: there every
    /// sentence was seen, and most were translated.
    #[must_use]
    pub fn after(self, first: &BuildCounts) -> BuildCounts {
        let (times, before) = (self.times, first.times);
        BuildCounts {
            sentences: first.sentences,
            remembered: first.remembered,
            translated: first.translated + self.translated,
            times: BuildTimes {
                read: before.read + times.read,
                remember: before.remember + times.remember,
                translate: before.translate + times.translate,
                pair: before.pair + times.pair,
                align: before.align + times.align,
                save: before.save + times.save,
            },
            ..self
        }
    }
}

/// Where a build's time went, by the clock.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BuildTimes {
    /// Finding pairs, reading, splitting.
    pub read: Duration,
    /// Looking sentences up in the memory.
    pub remember: Duration,
    /// The engine, with storing what it said.
    pub translate: Duration,
    /// Pairing documents by what they say.
    pub pair: Duration,
    /// Aligning.
    pub align: Duration,
    /// Storing bitexts.
    pub save: Duration,
}

/// What a caller hears of a build.
#[derive(Debug)]
pub enum BuildEvent<'a> {
    /// So much is done; within a window, `translated` runs ahead of the other counts.
    Progress(&'a BuildCounts),
    /// This was left out.
    Skipped {
        /// The document, or the pair: both names with ` / ` between them.
        name: &'a str,
        /// Why.
        reason: &'a str,
    },
}

/// What a caller is told through.
pub(crate) type Hear<'a> = &'a mut dyn FnMut(BuildEvent<'_>) -> Result<()>;

/// Builds every pair of `pairs` that the pipeline's store does not hold unchanged. A pair that cannot be used
/// is left out, with its reason in the store, and tried again the next time.
///
/// # Errors
/// What concerns more than one pair: a store or model that fails, or whatever `hear` returns. What was done
/// before is kept, and the same call goes on from there.
pub fn build(
    pipeline: &mut Pipeline,
    pairs: Pairs,
    options: &BuildOptions,
    hear: Hear<'_>,
) -> Result<BuildCounts> {
    let mut build = Build::new(pipeline, options, hear);
    let mut seen = HashSet::new();
    let mut found = pairs.filter(|found| match found {
        Ok(found) => options.shard.is_none_or(|shard| shard.holds(found.id())) && seen.insert(found.digest()),
        Err(_) => true,
    });
    while let Some(window) = build.gather(&mut found)? {
        build.finish(window)?;
    }
    Ok(build.counts)
}

/// A build under way.
struct Build<'a> {
    pipeline: &'a mut Pipeline,
    options: &'a BuildOptions,
    counts: BuildCounts,
    /// How pairs of these languages, where they are known, are treated: part of their digest.
    how: BTreeMap<[Option<Lang>; 2], String>,
    records: Records,
    hear: Hear<'a>,
}

impl<'a> Build<'a> {
    fn new(pipeline: &'a mut Pipeline, options: &'a BuildOptions, hear: Hear<'a>) -> Build<'a> {
        let (counts, how, records) = (BuildCounts::default(), BTreeMap::new(), Records::default());
        Build { pipeline, options, counts, how, records, hear }
    }

    /// Translates, aligns and stores a window.
    fn finish(&mut self, window: Window) -> Result<()> {
        let done = self.align(window)?;
        let started = Instant::now();
        let inputs: Vec<Input<'_>> = done.iter().map(Done::input).collect();
        self.pipeline.store().map_or(Ok(()), |store| store.save_inputs(&inputs))?;
        self.counts.times.save += started.elapsed();
        for input in &inputs {
            self.counts.pairs += 1;
            match input.outcome {
                Outcome::Aligned(..) => self.counts.aligned += 1,
                Outcome::Skipped(reason) => {
                    self.counts.skipped += 1;
                    let names = [input.source, input.target];
                    let names: Vec<&str> = names.into_iter().filter(|name| !name.is_empty()).collect();
                    (self.hear)(BuildEvent::Skipped { name: &names.join(" / "), reason })?;
                }
            }
        }
        (self.hear)(BuildEvent::Progress(&self.counts))
    }

    /// How pairs of these languages are treated: reading, engines, aligner.
    fn how(&mut self, langs: [Option<&Lang>; 2]) -> Result<String> {
        let key = langs.map(|lang| lang.cloned());
        if let Some(how) = self.how.get(&key) {
            return Ok(how.clone());
        }
        let engines = match self.options.no_translation {
            true => "no translation".into(),
            false => self.pipeline.engines(langs)?,
        };
        let open = &self.options.open;
        let read = &open.read;
        let how = format!(
            "{} {langs:?} {:?} {} {:?} {} {engines}",
            env!("CARGO_PKG_VERSION"),
            open.split,
            read.keep_boilerplate,
            read.format,
            signature(&AlignInput::default(), &self.options.align),
        );
        self.how.insert(key, how.clone());
        Ok(how)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_are_read_and_hold_each_id_once() {
        for text in ["", "1", "0/4", "5/4", "a/b", "1/0", "-1/4"] {
            assert!(text.parse::<Shard>().is_err(), "{text}");
        }
        let shards: Vec<Shard> = (1..=4).map(|n| format!("{n}/4").parse().unwrap()).collect();
        let mut sizes = [0; 4];
        for i in 0..1000 {
            let holders: Vec<usize> = (0..4).filter(|&n| shards[n].holds(&format!("doc-{i}"))).collect();
            assert_eq!(holders.len(), 1);
            sizes[holders[0]] += 1;
        }
        assert!(sizes.iter().all(|size| (200..300).contains(size)), "{sizes:?}");
        // For ever: stores made by other versions are merged.
        assert!(shards[1].holds("doc-1"));
    }
}
