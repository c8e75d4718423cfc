//! `diptych split`: one sentence a line.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use diptych::Lang;

use super::output::Output;
use super::{Global, Outcome, Reading, each_document};

/// Split documents into sentences, one a line; a blank line between paragraphs with --paragraphs
#[derive(Args)]
#[command(after_help = "Examples:\n  diptych split artikel.txt\n  curl -s URL | diptych split --lang de -")]
pub struct SplitArgs {
    /// Files, or - for standard input
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Language of the documents, where it is known (de, en, fr, …)
    #[arg(short, long)]
    lang: Option<Lang>,
    /// A blank line between paragraphs
    #[arg(long, conflicts_with = "presplit")]
    paragraphs: bool,
    #[command(flatten)]
    reading: Reading,
}

/// Runs the command.
pub fn run(args: &SplitArgs, global: &Global) -> anyhow::Result<Outcome> {
    let mut out = Output::open(None, None)?;
    let options = args.reading.options(args.lang.clone());
    let skipped = each_document(&args.files, &options, global, |document| {
        for (i, paragraph) in document.paragraphs().into_iter().enumerate() {
            if args.paragraphs && i > 0 {
                writeln!(out)?;
            }
            for span in &document.spans()[paragraph] {
                writeln!(out, "{}", span.of(document.text()))?;
            }
        }
        Ok(())
    })?;
    out.flush()?;
    Ok(if skipped == 0 { Outcome::Done } else { Outcome::No })
}
