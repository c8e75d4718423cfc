//! `diptych build`: a parallel corpus from many document pairs, into a store.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::ensure;
use clap::{Args, ValueEnum};
use diptych::{
    AlignOptions, BuildCounts, BuildEvent, BuildOptions, FilterCounts, Lang, Pairs, PairsOptions, Pipeline,
    Recorded, Shard, Skipped, Store, Translator, build, find_pairs, pair_by_content, write_manifest,
};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use super::align::max_bead;
use super::filter::FilterArgs;
use super::output::Output;
use super::{Engine, Global, Outcome, Progress, Reading, note, plural, shows_progress};

/// Build a parallel corpus from many document pairs; the same command goes on where it was stopped
#[derive(Args)]
#[command(after_help = "Examples:
  diptych build pairs.tsv --store corpus.db        a manifest: source, tab, target
  diptych build german english --store corpus.db   two folders with the same names
  diptych build articles --store corpus.db         x.de.txt with x.en.txt, de/x with en/x
  diptych build de.jsonl en.jsonl --store c.db     records with the same id
  diptych build a b --pair-by content --store c.db two folders whose names say nothing
  diptych build pairs.tsv --store 2.db --shard 2/8 the second of eight parts
  diptych build --report --store corpus.db         what was skipped, and why

A manifest is TSV (source, target and, if known, source_lang, target_lang, id,
date; a header may name them in another order) or JSON Lines with these fields;
paths are relative to its folder, and file.jsonl#12 is a record by its line.

Killed at any moment, a build goes on with the same command: no sentence is
translated twice, no pair half stored. A pair that cannot be used is skipped
with its reason, tried again the next time, and makes the exit code 1.")]
pub struct BuildArgs {
    /// A manifest (.tsv, .jsonl), one folder, two folders, or files of JSON Lines
    #[arg(required_unless_present = "report")]
    inputs: Vec<PathBuf>,
    /// The store (made if it is not there)
    #[arg(long, value_name = "FILE")]
    store: PathBuf,
    /// Language of the sources, where it is known (de, en, …)
    #[arg(long, value_name = "LANG")]
    source_lang: Option<Lang>,
    /// Language of the targets, where it is known
    #[arg(long, value_name = "LANG")]
    target_lang: Option<Lang>,
    /// Only a part of the pairs, such as 2/8; parts in stores of their own can be built on many machines
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,
    /// English translations of the sentences that are not English: a TSV file of sentence and translation
    #[arg(long, value_name = "FILE")]
    translations: Option<PathBuf>,
    /// Align without any translation: lengths, numbers, names and what each pair itself teaches
    #[arg(long, conflicts_with = "translations")]
    no_translation: bool,
    /// What documents are paired by
    #[arg(long, value_enum, default_value_t = PairBy::Name)]
    pair_by: PairBy,
    /// Write the pairs as a manifest, and build nothing
    #[arg(long, value_name = "FILE")]
    list_pairs: Option<PathBuf>,
    /// Most sentences in a bead, both sides together
    #[arg(long, value_name = "N", default_value_t = AlignOptions::default().max_total,
          value_parser = max_bead)]
    max_bead: usize,
    /// Do not judge the sentence pairs at the end
    #[arg(long)]
    no_filter: bool,
    /// List what builds into this store skipped: source, target, reason. Nothing is built
    #[arg(long, conflicts_with_all = ["inputs", "shard", "translations", "no_translation"])]
    report: bool,
    /// The summary, or the report, as JSON on standard output
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    filter: FilterArgs,
    #[command(flatten)]
    engine: Engine,
    #[command(flatten)]
    reading: Reading,
}

/// What documents are paired by.
#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum PairBy {
    /// Their names or ids
    Name,
    /// What they say, in English
    Content,
}

/// Skips that are named as they happen; a report names all.
const NAMED: u64 = 20;

/// Runs the command.
pub fn run(args: &BuildArgs, global: &Global) -> anyhow::Result<Outcome> {
    if args.report {
        return report(args, global);
    }
    let by_content = args.pair_by == PairBy::Content;
    ensure!(
        !by_content || args.shard.is_none(),
        "--shard with --pair-by content: each shard would have to see all documents; write the pairs down \
         first (--pair-by content --list-pairs pairs.tsv), then build that manifest in shards"
    );
    let started = Instant::now();
    let pairs = PairsOptions { source_lang: args.source_lang.clone(), target_lang: args.target_lang.clone() };
    // What names do not pair is said before a store is made.
    let mut named = (!by_content).then(|| find_pairs(&args.inputs, &pairs)).transpose()?;
    if let Some(path) = &args.list_pairs
        && let Some(pairs) = named.take()
    {
        return list(path, pairs, args, global);
    }
    let store = Store::open(&args.store)?;
    let _lock = store.lock()?;
    let mut pipeline = pipeline(args, store, global)?;
    let options = BuildOptions {
        open: args.reading.options(None),
        align: AlignOptions { max_total: args.max_bead, ..AlignOptions::default() },
        no_translation: args.no_translation,
        shard: args.shard,
    };
    let mut first = None;
    let pairs = match named {
        Some(pairs) => pairs,
        None => {
            let mut watch = Watch::new(global, None);
            let (found, counts) =
                pair_by_content(&mut pipeline, &args.inputs, &pairs, &options, &mut |event| {
                    watch.hear(&event);
                    Ok(())
                })?;
            first = Some(counts);
            found
        }
    };
    if let Some(path) = &args.list_pairs {
        return list(path, pairs, args, global);
    }
    let mut watch = Watch::new(global, Some(pairs.total()));
    let counts = build(&mut pipeline, pairs, &options, &mut |event| {
        watch.hear(&event);
        Ok(())
    })?;
    drop(watch);
    let counts = first.map_or(counts.clone(), |first| counts.after(&first));
    let filtered = filter(args, &mut pipeline, global)?;
    summarise(&counts, filtered, started.elapsed(), args, global)
}

fn pipeline(args: &BuildArgs, store: Store, global: &Global) -> anyhow::Result<Pipeline> {
    let recorded = args.translations.as_deref().map(Recorded::open).transpose()?;
    let translator = recorded.map(|recorded| Box::new(recorded) as Box<dyn Translator>);
    Ok(args.engine.pipeline(Some(store), global)?.with_translator(translator))
}

/// Writes the pairs as a manifest.
fn list(path: &Path, pairs: Pairs, args: &BuildArgs, global: &Global) -> anyhow::Result<Outcome> {
    let in_use = args.inputs.iter().chain([&args.store]).map(PathBuf::as_path);
    let mut out = Output::open(Some(path), in_use)?;
    let (paired, alone) = write_manifest(&mut out, path.parent().unwrap_or(Path::new("")), pairs)?;
    out.keep()?;
    let text = format!("{} in {}, {alone} without a partner", plural(paired, "pair"), path.display());
    note(global, text);
    Ok(if alone == 0 { Outcome::Done } else { Outcome::No })
}

/// Judges the pairs of the store, with what time it took.
fn filter(
    args: &BuildArgs,
    pipeline: &mut Pipeline,
    global: &Global,
) -> anyhow::Result<Option<(FilterCounts, Duration)>> {
    let Some(store) = pipeline.store().filter(|_| !args.no_filter) else { return Ok(None) };
    let started = Instant::now();
    let progress = Progress::counting(global, "filter", store.count_bitexts()?, "document pairs");
    let counts = store.filter(&args.filter.options(), &mut |done| {
        progress.set(done);
        Ok(())
    })?;
    Ok(Some((counts, started.elapsed())))
}

/// Tells the user how it goes.
struct Watch<'a> {
    global: &'a Global,
    bar: ProgressBar,
    started: Instant,
    told: Instant,
    /// Pairs in all; unknown while documents are still being paired.
    total: Option<usize>,
    skipped: u64,
}

impl Watch<'_> {
    fn new(global: &Global, total: Option<usize>) -> Watch<'_> {
        let style = match total {
            Some(_) => "{wide_bar} {pos}/{len} pairs, {msg}, {eta} left",
            None => "{spinner} pairing documents, {msg}",
        };
        let style = ProgressStyle::with_template(style).expect("the template is well-formed");
        let bar = match shows_progress(global) {
            true => ProgressBar::new(total.unwrap_or(0) as u64).with_style(style),
            false => ProgressBar::hidden(),
        };
        let now = Instant::now();
        Watch { global, bar, started: now, told: now, total, skipped: 0 }
    }

    fn hear(&mut self, event: &BuildEvent<'_>) {
        match event {
            BuildEvent::Skipped { name, reason } => {
                self.skipped += 1;
                if self.skipped <= NAMED || self.global.verbose {
                    self.bar.suspend(|| note(self.global, format_args!("skipped {name}: {reason}")));
                } else if self.skipped == NAMED + 1 {
                    let text = "more are skipped; -v names each, and so does --report";
                    self.bar.suspend(|| note(self.global, text));
                }
            }
            BuildEvent::Progress(counts) => {
                self.bar.set_position(counts.pairs);
                self.bar.set_message(self.message(counts));
                // Without a terminal, a line every so often for the log.
                let is_logged = self.global.verbose && self.bar.is_hidden();
                if is_logged && self.told.elapsed() >= Duration::from_secs(10) {
                    self.told = Instant::now();
                    let text = self.message(counts);
                    match self.total {
                        Some(total) => {
                            note(self.global, format_args!("{}/{total} pairs, {text}", counts.pairs))
                        }
                        None => note(self.global, format_args!("pairing documents, {text}")),
                    }
                }
            }
        }
    }

    fn message(&self, counts: &BuildCounts) -> String {
        let rate = counts.translated as f64 / self.started.elapsed().as_secs_f64().max(0.001);
        let mut text = format!("{rate:.0} sentences/s");
        if counts.remembered > 0 {
            text += &format!(", {} remembered", counts.remembered);
        }
        if counts.skipped > 0 {
            text += &format!(", {} skipped", counts.skipped);
        }
        text
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// The summary as programs read it.
#[derive(Serialize)]
struct Summary {
    pairs: u64,
    aligned: u64,
    unchanged: u64,
    skipped: u64,
    sentences: u64,
    remembered: u64,
    translated: u64,
    seconds: f64,
    stages: Stages,
    /// Sentence pairs of the whole store, unless `--no-filter`.
    filtered: Option<Filtered>,
}

#[derive(Serialize)]
struct Filtered {
    pairs: u64,
    kept: u64,
}

/// Seconds by the clock.
#[derive(Serialize)]
struct Stages {
    read: f64,
    remember: f64,
    translate: f64,
    pair: f64,
    align: f64,
    save: f64,
    filter: f64,
}

fn summarise(
    counts: &BuildCounts,
    filtered: Option<(FilterCounts, Duration)>,
    elapsed: Duration,
    args: &BuildArgs,
    global: &Global,
) -> anyhow::Result<Outcome> {
    let times = &counts.times;
    let summary = Summary {
        pairs: counts.pairs,
        aligned: counts.aligned,
        unchanged: counts.unchanged,
        skipped: counts.skipped,
        sentences: counts.sentences,
        remembered: counts.remembered,
        translated: counts.translated,
        seconds: rounded(elapsed),
        stages: Stages {
            read: rounded(times.read),
            remember: rounded(times.remember),
            translate: rounded(times.translate),
            pair: rounded(times.pair),
            align: rounded(times.align),
            save: rounded(times.save),
            filter: rounded(filtered.as_ref().map_or(Duration::ZERO, |(_, time)| *time)),
        },
        filtered: filtered.as_ref().map(|(counts, _)| Filtered { pairs: counts.pairs, kept: counts.kept() }),
    };
    note(
        global,
        format_args!(
            "{} aligned, {} unchanged, {} skipped, in {:.1} s",
            plural(counts.aligned, "pair"),
            counts.unchanged,
            counts.skipped,
            elapsed.as_secs_f64()
        ),
    );
    if counts.sentences > 0 {
        let hits = counts.sentences - counts.translated;
        note(
            global,
            format_args!(
                "{} to be translated: {} translated, {} remembered, {} repeated ({:.0} % not translated again)",
                plural(counts.sentences, "sentence"),
                counts.translated,
                counts.remembered,
                hits.saturating_sub(counts.remembered),
                100.0 * hits as f64 / counts.sentences as f64
            ),
        );
    }
    if let Some(Filtered { pairs, kept }) = summary.filtered {
        let rejected = pairs - kept;
        note(
            global,
            format_args!("{} in the store, {rejected} of them rejected", plural(pairs, "sentence pair")),
        );
    }
    if global.verbose {
        let stages = &summary.stages;
        let text = format!(
            "seconds: read {}, remember {}, translate {}, pair {}, align {}, save {}, filter {}",
            stages.read,
            stages.remember,
            stages.translate,
            stages.pair,
            stages.align,
            stages.save,
            stages.filter
        );
        note(global, text);
    }
    if args.json {
        let mut out = io::stdout().lock();
        serde_json::to_writer(&mut out, &summary)?;
        writeln!(out)?;
    }
    if counts.skipped == 0 {
        return Ok(Outcome::Done);
    }
    let store = args.store.display();
    note(global, format_args!("what was skipped, and why: diptych build --report --store {store}"));
    Ok(Outcome::No)
}

fn rounded(time: Duration) -> f64 {
    (time.as_secs_f64() * 1000.0).round() / 1000.0
}

/// A skipped pair as programs read it; no name where there is no partner.
#[derive(Serialize)]
struct SkippedRecord<'a> {
    source: Option<&'a str>,
    target: Option<&'a str>,
    reason: &'a str,
}

/// Lists what was skipped.
fn report(args: &BuildArgs, global: &Global) -> anyhow::Result<Outcome> {
    let store = Store::open_existing(&args.store)?;
    let mut out = Output::standard();
    store.for_each_skipped(&mut |skipped| {
        if args.json {
            let named = |name| Some(name).filter(|name: &&str| !name.is_empty());
            let Skipped { source, target, reason } = skipped;
            let record = SkippedRecord { source: named(source), target: named(target), reason };
            serde_json::to_writer(&mut out, &record).map_err(io::Error::from)?;
            writeln!(out)?;
        } else {
            let cells = [&skipped.source, &skipped.target, &skipped.reason];
            writeln!(out, "{}", cells.map(|cell| cell.replace(['\t', '\n', '\r'], " ")).join("\t"))?;
        }
        Ok(())
    })?;
    out.keep()?;
    let (aligned, skipped) = store.count_inputs()?;
    note(global, format_args!("{} aligned, {skipped} skipped", plural(aligned, "pair")));
    Ok(if skipped == 0 { Outcome::Done } else { Outcome::No })
}
