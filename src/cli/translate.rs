//! `diptych translate`: documents in English.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Instant;

use clap::{Args, ValueEnum};
use diptych::{Document, Event, Lang, Pipeline, RenderFormat, Renderer, Suspicion};

use super::output::Output;
use super::{Engine, Global, Outcome, Progress, Reading, each_document, note, plural};

/// Translate documents into English, sentence by sentence; English ones pass through unchanged
#[derive(Args)]
#[command(after_help = "Examples:
  diptych translate artikel.txt                      English, paragraphs kept
  diptych translate --format bilingual artikel.html  each sentence with its English
  diptych translate --format html -o a.html a.txt    a page to read side by side
  diptych translate --format tsv *.txt > all.tsv     a table, for programs
  curl -s URL | diptych translate -                  from a pipe

Text in English passes through. A flag marks a translation that is not to be
trusted, and says why: empty, repetition, length, untranslated or numbers.
Several documents: one that cannot be used is skipped and named; exit code 1.")]
pub struct TranslateArgs {
    /// Files, or - for standard input
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// What to print
    #[arg(short, long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Language of the documents, where it is known (de, en, …) [default: told by page and text]
    #[arg(short, long)]
    lang: Option<Lang>,
    /// Write to a file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    engine: Engine,
    #[command(flatten)]
    reading: Reading,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// English only, paragraphs kept
    Text,
    /// Each sentence with its English below it
    Bilingual,
    /// document, sentence (from 0), source, English, flag
    Tsv,
    /// One JSON object a sentence
    Jsonl,
    /// A self-contained page, both languages side by side
    Html,
}

impl From<Format> for RenderFormat {
    fn from(format: Format) -> RenderFormat {
        match format {
            Format::Text => RenderFormat::Text,
            Format::Bilingual => RenderFormat::Bilingual,
            Format::Tsv => RenderFormat::Tsv,
            Format::Jsonl => RenderFormat::JsonLines,
            Format::Html => RenderFormat::Html,
        }
    }
}

/// Runs the command.
pub fn run(args: &TranslateArgs, global: &Global) -> anyhow::Result<Outcome> {
    let mut pipeline = args.engine.pipeline(None, global)?;
    let started = Instant::now();
    let mut out = Output::open(args.output.as_deref(), args.files.iter().map(PathBuf::as_path))?;
    let mut renderer = Renderer::new(&mut out, args.format.into());
    let mut total = 0;
    let options = args.reading.options(args.lang.clone());
    let mut warnings = BTreeSet::new();
    let skipped = each_document(&args.files, &options, global, |document, several| {
        let signature = pipeline.signature(&document)?;
        let model = pipeline.model(document.lang())?;
        let note = model.map(|model| format!("machine translation by {}: {}", model.name(), model.note()));
        warnings.extend(note.clone());
        let note = note.unwrap_or_else(|| "English as written".into());
        total += document.spans().len();
        let progress = Progress::new(global, document.name(), document.spans().len());
        progress.suspend(|| renderer.begin(&document, &note, several))?;
        translate(&document, &mut pipeline, &mut renderer, signature.as_deref(), &progress)
    })?;
    let suspects = renderer.finish()?;
    out.keep()?;
    for warning in warnings {
        note(global, warning);
    }
    report(&suspects, total, global);
    if global.verbose {
        let seconds = started.elapsed().as_secs_f64();
        note(global, format_args!("{} in {seconds:.1} s", plural(total as u64, "sentence")));
    }
    Ok(if skipped == 0 { Outcome::Done } else { Outcome::No })
}

fn translate<W: std::io::Write>(
    document: &Document,
    pipeline: &mut Pipeline,
    renderer: &mut Renderer<W>,
    signature: Option<&str>,
    progress: &Progress,
) -> anyhow::Result<()> {
    pipeline.english(document, &mut |event| match event {
        Event::Progress { done, .. } => {
            progress.set(done);
            Ok(())
        }
        Event::Ready { first, english } => {
            progress.suspend(|| renderer.sentences(document, first, english, signature))
        }
    })?;
    progress.suspend(|| renderer.end())?;
    Ok(())
}

/// Counts what was flagged, by sign, on standard error.
fn report(suspects: &[Suspicion], total: usize, global: &Global) {
    if suspects.is_empty() {
        return;
    }
    let mut kinds = suspects.to_vec();
    kinds.sort();
    let counts: Vec<String> =
        kinds.chunk_by(|a, b| a == b).map(|same| format!("{} {}", same[0].as_str(), same.len())).collect();
    note(
        global,
        format_args!(
            "{} of {} suspect ({}); --format bilingual, tsv, jsonl and html mark them",
            suspects.len(),
            plural(total as u64, "translation"),
            counts.join(", ")
        ),
    );
}
