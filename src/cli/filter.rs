//! `diptych filter`: judges the sentence pairs of a store, without translating again.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;
use diptych::{FilterCounts, FilterOptions, Reason, Store};
use serde::Serialize;

use super::output::Output;
use super::{Global, Outcome, Progress};

/// Judge the sentence pairs of a store and say which are not worth keeping, and why
#[derive(Args)]
#[command(after_help = "Examples:\n  \
    diptych filter --store corpus.db                       with the usual thresholds\n  \
    diptych filter --store corpus.db --min-score 0.9       stricter, in seconds\n  \
    diptych filter --store corpus.db --allow numbers,duplicate\n  \
    diptych export --store corpus.db --rejected | cut -f 1,2,13\n\n\
    Nothing is removed: rejected pairs stay in the store with their reason, export\n\
    leaves them out, and the next filter judges all pairs again. Reasons, the first\n\
    that holds: identical, letters, language, length, numbers, content, score,\n\
    boilerplate, duplicate.")]
pub struct FilterCommand {
    /// The store, as made by `diptych align --store` or `diptych build`
    #[arg(long, value_name = "FILE")]
    store: PathBuf,
    /// One JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    filter: FilterArgs,
}

/// What a pair must pass: shared by all commands that filter.
#[derive(Args, Clone)]
#[command(next_help_heading = "Filtering")]
pub struct FilterArgs {
    /// Reject pairs whose alignment has a lower score (0 to 1)
    #[arg(long, value_name = "SCORE", default_value_t = FilterOptions::default().min_score, value_parser = share)]
    min_score: f32,
    /// Reject pairs whose sides have less in common, both in English (0 to 1)
    #[arg(long, value_name = "SHARE", default_value_t = FilterOptions::default().min_overlap, value_parser = share)]
    min_overlap: f32,
    /// Reject pairs of which one side is over so many times longer than the other
    #[arg(long, value_name = "TIMES", default_value_t = FilterOptions::default().max_length_ratio,
          value_parser = ratio)]
    max_length_ratio: f32,
    /// Reject pairs of which one side has a smaller share of letters (0 to 1)
    #[arg(long, value_name = "SHARE", default_value_t = FilterOptions::default().min_letters, value_parser = share)]
    min_letters: f32,
    /// Reject lines that stand in so many different documents (in large stores, in one of 2,000)
    #[arg(long, value_name = "DOCUMENTS", default_value_t = FilterOptions::default().boilerplate)]
    boilerplate: usize,
    /// Never reject for these reasons, with commas between
    #[arg(long, value_name = "REASON", value_delimiter = ',')]
    allow: Vec<Reason>,
}

impl FilterArgs {
    /// The library's options.
    pub fn options(&self) -> FilterOptions {
        FilterOptions {
            min_score: self.min_score,
            min_overlap: self.min_overlap,
            max_length_ratio: self.max_length_ratio,
            min_letters: self.min_letters,
            boilerplate: self.boilerplate,
            allow: self.allow.iter().copied().collect(),
        }
    }
}

/// Runs the command.
pub fn run(args: &FilterCommand, global: &Global) -> anyhow::Result<Outcome> {
    let mut store = Store::open_existing(&args.store)?;
    let total = store.count_bitexts()?;
    let progress = Progress::counting(global, "filter", total, "document pairs");
    let counts = store.filter(&args.filter.options(), &mut |done| {
        progress.set(done);
        Ok(())
    })?;
    drop(progress);
    let mut out = Output::standard();
    if args.json {
        serde_json::to_writer_pretty(&mut out, &Record::of(&counts)).map_err(io::Error::from)?;
        writeln!(out)?;
    } else {
        print(&mut out, &counts)?;
    }
    out.flush()?;
    Ok(Outcome::Done)
}

#[derive(Serialize)]
struct Record {
    pairs: u64,
    kept: u64,
    rejected: BTreeMap<&'static str, u64>,
}

impl Record {
    fn of(counts: &FilterCounts) -> Record {
        let rejected = counts.rejected.iter().map(|(reason, count)| (reason.as_str(), *count));
        Record { pairs: counts.pairs, kept: counts.kept(), rejected: rejected.collect() }
    }
}

/// One line a count: what stays, then what does not, and why.
pub fn print(out: &mut dyn Write, counts: &FilterCounts) -> io::Result<()> {
    let width = counts.pairs.to_string().len();
    writeln!(out, "{:>width$}  pairs", counts.pairs)?;
    writeln!(out, "{:>width$}  kept", counts.kept())?;
    counts.rejected.iter().try_for_each(|(reason, count)| {
        writeln!(out, "{count:>width$}  {:<11}  {}", reason.as_str(), reason.meaning())
    })
}

fn share(text: &str) -> Result<f32, String> {
    match text.parse() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err("not a number from 0 to 1".into()),
    }
}

fn ratio(text: &str) -> Result<f32, String> {
    match text.parse::<f32>() {
        Ok(ratio) if ratio > 1.0 && ratio.is_finite() => Ok(ratio),
        _ => Err("not a number above 1".into()),
    }
}
