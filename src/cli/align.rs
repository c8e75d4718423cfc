//! `diptych align`: a document and its translation, sentence by sentence.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use diptych::{
    AlignOptions, Aligned, Document, Event, ExportFormat, Exporter, Hypotheses, Lang, Recorded, Split, Store,
    Translator, read,
};

use super::output::Output;
use super::{Engine, Global, Outcome, Progress, Reading, advised, note, plural, tell};

/// Align a document with its translation and print or store the sentence pairs
#[derive(Args)]
#[command(after_help = "Examples:
  diptych align bericht.txt report.txt                 pairs as a table
  diptych align bericht.txt report.txt --store c.db    into a store
  diptych align --presplit --format beads a.de a.en    [0, 1]:[0]:0.87, ids from 0
  diptych align --presplit --translations a.mt --format tmx -o a.tmx a.de a.fr

Aligning the same pair into a store again replaces it, never doubles; a store
knows documents by their names as typed, so name them the same way each time.
With --translations the pair is matched over your own translations of SOURCE
into TARGET's language: line for line with --presplit, else a TSV file of
sentence and translation. No model is needed then.")]
pub struct AlignArgs {
    /// The document
    source: PathBuf,
    /// Its translation
    target: PathBuf,
    /// Language of the source, where it is known (de, en, …)
    #[arg(long, value_name = "LANG")]
    source_lang: Option<Lang>,
    /// Language of the target, where it is known
    #[arg(long, value_name = "LANG")]
    target_lang: Option<Lang>,
    /// Keep documents, translations and beads in this store (made if it is not there)
    #[arg(long, value_name = "FILE")]
    store: Option<PathBuf>,
    /// What to print [default: tsv; with --store and without -o, nothing]
    #[arg(short, long, value_enum)]
    format: Option<Choice>,
    /// Write to a file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Translations of the source into the target's language
    #[arg(long, value_name = "FILE")]
    translations: Option<PathBuf>,
    /// Translations of the target into the source's language, in addition
    #[arg(long, value_name = "FILE", requires = "translations")]
    reverse_translations: Option<PathBuf>,
    /// Align without any translation: lengths, numbers, names and what the pair itself teaches
    #[arg(long, conflicts_with = "translations")]
    no_translation: bool,
    /// Most sentences in a bead, both sides together
    #[arg(long, value_name = "N", default_value_t = AlignOptions::default().max_total,
          value_parser = max_bead)]
    max_bead: usize,
    /// Print beads with the parts of their score
    #[arg(long, conflicts_with = "format")]
    explain: bool,
    #[command(flatten)]
    engine: Engine,
    #[command(flatten)]
    reading: Reading,
}

/// Reads the most sentences of a bead.
pub fn max_bead(text: &str) -> Result<usize, String> {
    let number = text.parse().map_err(|_| "not a number".to_string())?;
    if (2..=16).contains(&number) { Ok(number) } else { Err("must lie between 2 and 16".into()) }
}

#[derive(Clone, Copy, ValueEnum)]
enum Choice {
    /// source, target, score, type, documents, sentence numbers
    Tsv,
    /// One JSON object a pair
    Jsonl,
    /// TMX 1.4b
    Tmx,
    /// [source ids]:[target ids]:score, ids from 0, null alignments too
    Beads,
}

impl From<Choice> for ExportFormat {
    fn from(choice: Choice) -> ExportFormat {
        match choice {
            Choice::Tsv => ExportFormat::Tsv,
            Choice::Jsonl => ExportFormat::Jsonl,
            Choice::Tmx => ExportFormat::Tmx,
            Choice::Beads => ExportFormat::Beads,
        }
    }
}

/// Runs the command.
pub fn run(args: &AlignArgs, global: &Global) -> anyhow::Result<Outcome> {
    let source = only(&args.source, &args.source_lang, "--source-lang", args, global)?;
    let target = only(&args.target, &args.target_lang, "--target-lang", args, global)?;
    let hypotheses = hypotheses(args, &source, &target)?;
    let store = args.store.as_deref().map(Store::open).transpose()?;
    // Opened before the work: what cannot be written is said now and not after minutes of translating.
    let wanted = args.explain || args.format.is_some() || args.output.is_some() || args.store.is_none();
    let out = wanted.then(|| Output::open(args.output.as_deref(), in_use(args))).transpose()?;
    let mut pipeline = args.engine.pipeline(store, global)?;
    let options = AlignOptions { max_total: args.max_bead, ..AlignOptions::default() };
    let total = source.spans().len() + target.spans().len();
    let progress = Progress::new(global, source.name(), total);
    let aligned = pipeline.align(source, target, &hypotheses, &options, &mut |event| {
        if let Event::Progress { done, total } = event {
            progress.set_of(done, total);
        }
        Ok(())
    })?;
    drop(progress);
    if let Some(out) = out {
        print(args, &aligned, out)?;
    }
    let bitext = &aligned.bitext;
    let nulls = bitext.beads().iter().filter(|bead| bead.is_null()).count();
    note(
        global,
        format_args!(
            "{} and {} without counterpart in {} + {} sentences",
            plural((bitext.beads().len() - nulls) as u64, "pair"),
            plural(nulls as u64, "sentence"),
            bitext.source().spans().len(),
            bitext.target().spans().len()
        ),
    );
    if global.verbose {
        note(global, bitext.signature());
    }
    Ok(Outcome::Done)
}

fn print(args: &AlignArgs, aligned: &Aligned, mut out: Output) -> anyhow::Result<()> {
    let bitext = &aligned.bitext;
    if args.explain {
        for (bead, parts) in bitext.beads().iter().zip(&aligned.parts) {
            write!(out, "{:?}:{:?}:{:.4}", ids(&bead.source), ids(&bead.target), bead.score)?;
            let named = [
                ("hypotheses", parts.hypotheses),
                ("reverse", parts.reverse),
                ("words", parts.direct),
                ("length", parts.length),
                ("type", parts.prior),
            ];
            for (name, value) in named {
                write!(out, "\t{name} {value:.2}")?;
            }
            writeln!(out)?;
        }
        return out.keep();
    }
    let format = args.format.unwrap_or(Choice::Tsv).into();
    let mut exporter = Exporter::new(&mut out, format, Some(bitext.source().lang()))?;
    exporter.write_bitext(bitext)?;
    exporter.finish()?;
    out.keep()
}

/// The files that this run reads, and the store: none of them may be the output.
fn in_use(args: &AlignArgs) -> impl Iterator<Item = &Path> {
    let given = [&args.store, &args.translations, &args.reverse_translations];
    [&args.source, &args.target].into_iter().chain(given.into_iter().flatten()).map(PathBuf::as_path)
}

fn ids(range: &std::ops::Range<usize>) -> Vec<usize> {
    range.clone().collect()
}

/// The one document of a file; `option` names its language.
fn only(
    path: &Path,
    lang: &Option<Lang>,
    option: &str,
    args: &AlignArgs,
    global: &Global,
) -> anyhow::Result<Document> {
    let mut documents = Document::open(path, &args.reading.options(lang.clone()))?;
    if documents.len() != 1 {
        bail!("{}: holds {} documents; align takes one on each side", path.display(), documents.len());
    }
    let document = documents.remove(0).map_err(|error| advised(error, option, global))?;
    if global.verbose {
        tell(&document);
    }
    Ok(document)
}

fn hypotheses(args: &AlignArgs, source: &Document, target: &Document) -> anyhow::Result<Hypotheses> {
    if args.no_translation {
        return Ok(Hypotheses::None);
    }
    let Some(path) = &args.translations else { return Ok(Hypotheses::Models) };
    let back = args.reverse_translations.as_deref();
    Ok(Hypotheses::Given {
        source: translations(path, args, source)?,
        target: back.map(|path| translations(path, args, target)).transpose()?,
        signature: match back {
            Some(back) => format!("translations {} and {}", path.display(), back.display()),
            None => format!("translations {}", path.display()),
        },
    })
}

/// Line for line with --presplit, else looked up by sentence.
fn translations(path: &Path, args: &AlignArgs, document: &Document) -> anyhow::Result<Vec<String>> {
    let wanted = document.spans().len();
    if args.reading.presplit {
        let options = args.reading.options(None);
        let mut pages = read(path, &diptych::ReadOptions { lines: true, ..options.read })?;
        let page = pages.pop().context("a file read by lines is one page")??;
        let lines = Document::new(page.name, Lang::english(), page.text, Split::Lines);
        if lines.spans().len() != wanted {
            bail!(
                "{}: {} lines, but {} has {wanted}; with --presplit they must be one for one",
                path.display(),
                lines.spans().len(),
                document.name()
            );
        }
        return Ok(lines.sentences().map(str::to_string).collect());
    }
    let sentences: Vec<&str> = document.sentences().collect();
    Recorded::open(path)?
        .translate(&sentences, &mut |_| ())
        .context("without --presplit, --translations is a TSV file: sentence, tab, translation")
}
