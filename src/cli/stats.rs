//! `diptych stats`: what a store holds.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;
use diptych::{Lang, Stats, Store};
use serde::Serialize;

use super::output::Output;
use super::{Outcome, plural};

/// Say what a store holds: documents, sentences, pairs, translations
#[derive(Args)]
#[command(after_help = "Examples:\n  \
    diptych stats --store corpus.db\n  \
    diptych stats --store corpus.db --json | jq .pairs")]
pub struct StatsArgs {
    /// The store, as made by `diptych align --store`
    #[arg(long, value_name = "FILE")]
    store: PathBuf,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub fn run(args: &StatsArgs) -> anyhow::Result<Outcome> {
    let stats = Store::open_existing(&args.store)?.stats()?;
    let mut out = Output::standard();
    if args.json {
        serde_json::to_writer_pretty(&mut out, &Record::of(&stats)).map_err(io::Error::from)?;
        writeln!(out)?;
    } else {
        print(&mut out, &stats)?;
    }
    out.flush()?;
    Ok(Outcome::Done)
}

#[derive(Serialize)]
struct Record<'a> {
    documents: u64,
    sentences: u64,
    languages: BTreeMap<&'a str, LangRecord>,
    bitexts: u64,
    pairs: u64,
    mean_score: Option<f64>,
    rejected: Option<BTreeMap<&'static str, u64>>,
    beads: &'a BTreeMap<String, u64>,
    translations: &'a BTreeMap<String, u64>,
    bytes: u64,
}

#[derive(Serialize)]
struct LangRecord {
    documents: u64,
    sentences: u64,
}

impl Record<'_> {
    fn of(stats: &Stats) -> Record<'_> {
        let languages = stats.languages.iter().map(|(lang, counts)| {
            (lang.as_str(), LangRecord { documents: counts.documents, sentences: counts.sentences })
        });
        Record {
            documents: stats.languages.values().map(|counts| counts.documents).sum(),
            sentences: stats.languages.values().map(|counts| counts.sentences).sum(),
            languages: languages.collect(),
            bitexts: stats.bitexts,
            pairs: stats.pairs,
            mean_score: stats.mean_score,
            rejected: stats
                .rejected
                .as_ref()
                .map(|rejected| rejected.iter().map(|(reason, count)| (reason.as_str(), *count)).collect()),
            beads: &stats.beads,
            translations: &stats.translations,
            bytes: stats.bytes,
        }
    }
}

fn print(out: &mut dyn Write, stats: &Stats) -> io::Result<()> {
    let mut rows: Vec<(String, String)> = Vec::new();
    for (tag, counts) in &stats.languages {
        let name = tag.parse().map_or(tag.clone(), |lang: Lang| lang.name().to_string());
        rows.push((
            name,
            format!("{}, {}", plural(counts.documents, "document"), plural(counts.sentences, "sentence")),
        ));
    }
    rows.push(("Document pairs".into(), stats.bitexts.to_string()));
    let mean = stats.mean_score.map_or(String::new(), |mean| format!(", mean score {mean:.2}"));
    rows.push(("Sentence pairs".into(), format!("{}{mean}", stats.pairs)));
    if let Some(rejected) = &stats.rejected {
        let by_reason: Vec<String> = rejected.iter().map(|(reason, n)| format!("{reason} {n}")).collect();
        let none = if by_reason.is_empty() { "" } else { ": " };
        let sum: u64 = rejected.values().sum();
        rows.push(("Rejected".into(), format!("{sum}{none}{}", by_reason.join(", "))));
    }
    let mut beads: Vec<(&String, &u64)> = stats.beads.iter().collect();
    beads.sort_by_key(|(kind, count)| (Reverse(**count), *kind));
    let beads: Vec<String> = beads.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
    rows.push(("Beads".into(), if beads.is_empty() { "0".into() } else { beads.join(", ") }));
    for (engine, count) in &stats.translations {
        rows.push(("Translations".into(), format!("{count} by {engine}")));
    }
    rows.push(("Size".into(), format!("{:.1} MB", stats.bytes as f64 / 1e6)));
    let width = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    rows.iter().try_for_each(|(name, text)| writeln!(out, "{name:width$}  {text}"))
}
