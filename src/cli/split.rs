//! `diptych split`: one sentence a line.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use diptych::Lang;

use super::output::Output;
use super::{Global, Outcome, Reading, each_document};

/// Split documents into sentences, one a line
#[derive(Args)]
#[command(after_help = "Examples:
  diptych split artikel.txt
  diptych split -v artikel.html                  and say what was left out
  diptych split --paragraphs a.txt b.txt         a blank line between paragraphs
  curl -s URL | diptych split --lang de -")]
pub struct SplitArgs {
    /// Files, or - for standard input
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Language of the documents, where it is known (de, en, fr, …) [default: told by the text]
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
    let mut out = Output::standard();
    let options = args.reading.options(args.lang.clone());
    let skipped = each_document(&args.files, &options, global, |document, _| {
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
