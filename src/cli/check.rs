//! `diptych check`: whether a store is sound.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;
use diptych::{Finding, Store};
use serde::Serialize;

use super::output::Output;
use super::{Global, Outcome, Progress, note};

/// Check that a store is sound: the file, its documents, alignments and index
#[derive(Args)]
#[command(after_help = "Examples:\n  \
    diptych check --store corpus.db\n  \
    diptych check --store corpus.db --json | jq '.[].what'\n\n\
    Changes nothing. Each finding is a line: its sort, what is wrong, what to do.\n\
    Exit code 0: sound; 1: something was found; 2: no store, or not to be read.")]
pub struct CheckArgs {
    /// The store, as made by `diptych align --store` or `diptych build`
    #[arg(long, value_name = "FILE")]
    store: PathBuf,
    /// One JSON array
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub fn run(args: &CheckArgs, global: &Global) -> anyhow::Result<Outcome> {
    let store = Store::open_existing(&args.store)?;
    // A store that cannot even be counted is for the check to judge.
    let total = store.count_bitexts().unwrap_or(0);
    let progress = Progress::counting(global, "check", total, "document pairs");
    let findings = store.check(&mut |done| {
        progress.set(done);
        Ok(())
    })?;
    drop(progress);
    let mut out = Output::standard();
    if args.json {
        let records: Vec<Record> = findings.iter().map(Record::of).collect();
        serde_json::to_writer_pretty(&mut out, &records).map_err(io::Error::from)?;
        writeln!(out)?;
    } else {
        for finding in &findings {
            writeln!(out, "{}: {}; {}", finding.kind, diptych::one_line(&finding.what), finding.advice)?;
        }
    }
    out.flush()?;
    if findings.is_empty() {
        note(global, format_args!("{}: sound", args.store.display()));
        return Ok(Outcome::Done);
    }
    Ok(Outcome::No)
}

#[derive(Serialize)]
struct Record<'a> {
    kind: &'a str,
    what: &'a str,
    advice: &'a str,
}

impl Record<'_> {
    fn of(finding: &Finding) -> Record<'_> {
        Record { kind: finding.kind, what: &finding.what, advice: finding.advice }
    }
}
