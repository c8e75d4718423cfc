//! `diptych compare`: what one report says that another does not.

use std::fmt::Write as _;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use diptych::{
    CompareOptions, Comparison, Document, Encoder, Event, Evidence, Lang, Models, NAMES, Pipeline, Recorded,
    Relation, Report, Translator, Verdict, compare,
};

use super::{Engine, Global, Outcome, Progress, Reading, each_document, note, output};

/// Compare reports on one event across languages: what both say, what only one says, where they disagree
#[derive(Args)]
#[command(after_help = "Examples:
  diptych compare bericht.txt report.txt                  side by side in the terminal
  diptych compare bericht.html report.html --html r.html  one page to read and pass on
  diptych compare berichte/                               every report of a folder: who says what
  diptych compare --self-test bericht.txt report.txt      how much it finds of what it hid itself

It can say that it found no counterpart for a sentence, never that something was not reported.")]
pub struct CompareArgs {
    /// Two or more reports; a directory stands for the files in it, - for standard input
    #[arg(required = true)]
    reports: Vec<PathBuf>,
    /// Languages of the reports in their order, where they are known: de,en
    #[arg(long, value_name = "LANGS", value_delimiter = ',')]
    langs: Vec<Lang>,
    /// Translations in place of a model's: a TSV file of sentence and English
    #[arg(long, value_name = "FILE")]
    translations: Option<PathBuf>,
    /// Write the links and the unmatched sentences as TSV into this directory
    #[arg(long, value_name = "DIR")]
    tsv: Option<PathBuf>,
    /// What the TSV files are called; else after the first report
    #[arg(long, value_name = "NAME", requires = "tsv")]
    name: Option<String>,
    /// A link counts from this probability on
    #[arg(long, value_name = "P", default_value_t = CompareOptions::default().threshold, value_parser = share)]
    threshold: f32,
    /// How sure a verdict must be; below, the sentence is uncertain
    #[arg(long, value_name = "P", default_value_t = CompareOptions::default().sure, value_parser = share)]
    sure: f32,
    /// How the texts relate; else it is found out
    #[arg(long, value_enum)]
    relation: Option<Choice>,
    /// Print what speaks for each pair of sentences, as TSV
    #[arg(long)]
    explain: bool,
    #[command(flatten)]
    engine: Engine,
    #[command(flatten)]
    reading: Reading,
}

fn share(text: &str) -> Result<f32, String> {
    let number: f32 = text.parse().map_err(|_| "not a number".to_string())?;
    if (0.0..=1.0).contains(&number) { Ok(number) } else { Err("must lie between 0 and 1".into()) }
}

#[derive(Clone, Copy, ValueEnum)]
enum Choice {
    /// Two reports, each in its own words and order
    Independent,
    /// One renders the other's sentences in another order
    Rearranged,
    /// One renders the other, in order
    Parallel,
}

impl From<Choice> for Relation {
    fn from(choice: Choice) -> Relation {
        match choice {
            Choice::Independent => Relation::Independent,
            Choice::Rearranged => Relation::Rearranged,
            Choice::Parallel => Relation::Parallel,
        }
    }
}

/// More pairs of sentences than this take gigabytes.
const MOST_PAIRS: usize = 50_000_000;

/// Runs the command.
pub fn run(args: &CompareArgs, global: &Global) -> anyhow::Result<Outcome> {
    let documents = documents(args, global)?;
    let english = english(args, &documents, global)?;
    let encoder = encoder(global)?;
    let reports: Vec<Report> = documents
        .iter()
        .zip(&english)
        .map(|(document, english)| Report {
            lang: document.lang(),
            sentences: document.sentences().collect(),
            english: english.iter().map(String::as_str).collect(),
        })
        .collect();
    let [source, target] = &reports[..] else { bail!("give two reports") };
    if source.sentences.len().saturating_mul(target.sentences.len()) > MOST_PAIRS {
        bail!(
            "{} and {} sentences are too many to compare; `diptych align` takes long texts",
            source.sentences.len(),
            target.sentences.len()
        );
    }
    if args.explain {
        return explain(source, target, &encoder);
    }
    let options = CompareOptions {
        threshold: args.threshold,
        sure: args.sure,
        relation: args.relation.map(Relation::from),
    };
    let comparison = compare(source, target, &encoder, &options);
    if let Some(directory) = &args.tsv {
        let name = args.name.clone().unwrap_or_else(|| stem(documents[0].name()));
        write_tsv(directory, &name, [source, target], &comparison)?;
    }
    let mut out = output(None)?;
    writeln!(out, "{:?} {:?} {:?}", comparison.relation, comparison.covered(0), comparison.covered(1))?;
    for d in &comparison.disagreements {
        writeln!(out, "{d:?}")?;
    }
    out.flush()?;
    Ok(Outcome::Done)
}

fn documents(args: &CompareArgs, global: &Global) -> anyhow::Result<Vec<Document>> {
    let mut documents = Vec::new();
    for (i, path) in args.reports.iter().enumerate() {
        let options = args.reading.options(args.langs.get(i).cloned());
        each_document(std::slice::from_ref(path), &options, global, |document| {
            documents.push(document);
            Ok(())
        })?;
    }
    if documents.len() < 2 {
        bail!("there is one report; compare needs two or more");
    }
    Ok(documents)
}

fn english(args: &CompareArgs, documents: &[Document], global: &Global) -> anyhow::Result<Vec<Vec<String>>> {
    if let Some(path) = &args.translations {
        let recorded = Recorded::open(path)?;
        let translate = |document: &Document| {
            let sentences: Vec<&str> = document.sentences().collect();
            if document.lang().is_english() {
                return Ok(sentences.iter().map(|sentence| sentence.to_string()).collect());
            }
            let with_letters: Vec<&str> =
                sentences.iter().copied().filter(|sentence| !sentence.trim().is_empty()).collect();
            let mut translations = recorded.translate(&with_letters, &mut |_| ())?.into_iter();
            let next = |sentence: &&str| {
                if sentence.trim().is_empty() {
                    String::new()
                } else {
                    translations.next().unwrap_or_default()
                }
            };
            Ok(sentences.iter().map(next).collect())
        };
        return documents.iter().map(translate).collect();
    }
    let mut pipeline: Pipeline = args.engine.pipeline(None, global)?;
    let mut translate = |document: &Document| {
        let progress = Progress::new(global, document.name(), document.spans().len());
        let english = pipeline.english(document, &mut |event| {
            if let Event::Progress { done, .. } = event {
                progress.set(done);
            }
            Ok(())
        })?;
        Ok(english)
    };
    documents.iter().map(&mut translate).collect()
}

fn encoder(global: &Global) -> anyhow::Result<Encoder> {
    let model = Models::locate(global.models.as_deref())?.find("en-encoder")?;
    let model = model.context("the model en-encoder is missing; it belongs beside the translation models")?;
    Ok(Encoder::from_bytes(&model.file("encoder")?)?)
}

/// The file name up to its first full stop: `01a` of `pairs/01a.de.sents`.
fn stem(name: &str) -> String {
    let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let stem = file.split('.').next().unwrap_or(file);
    if stem.is_empty() { "comparison".into() } else { stem.into() }
}

fn explain(source: &Report, target: &Report, encoder: &Encoder) -> anyhow::Result<Outcome> {
    let evidence = Evidence::new(source, target, encoder);
    let mut out = output(None)?;
    writeln!(out, "source\ttarget\t{}", NAMES.join("\t"))?;
    for i in 0..source.sentences.len() {
        for j in 0..target.sentences.len() {
            write!(out, "{}\t{}", i + 1, j + 1)?;
            for value in evidence.measures(i, j) {
                write!(out, "\t{value:.5}")?;
            }
            writeln!(out)?;
        }
    }
    out.flush()?;
    Ok(Outcome::Done)
}

/// `NAME.links.tsv` and `NAME.unmatched.tsv`, ids from 1.
fn write_tsv(
    directory: &Path,
    name: &str,
    sides: [&Report; 2],
    comparison: &Comparison,
) -> anyhow::Result<()> {
    std::fs::create_dir_all(directory).with_context(|| format!("cannot create {}", directory.display()))?;
    let mut links = String::from("# source_id\ttarget_id\tscore\n");
    for link in &comparison.scored {
        writeln!(links, "{}\t{}\t{:.4}", link.source + 1, link.target + 1, link.score)?;
    }
    let mut unmatched = String::from("# side\tid\n");
    let labels = if sides[0].lang == sides[1].lang {
        ["source".to_string(), "target".to_string()]
    } else {
        [sides[0].lang.to_string(), sides[1].lang.to_string()]
    };
    for (side, label) in labels.iter().enumerate() {
        for (i, sentence) in comparison.side(side).iter().enumerate() {
            if sentence.verdict != Verdict::Blank && sentence.found < 0.5 {
                writeln!(unmatched, "{label}\t{}", i + 1)?;
            }
        }
    }
    for (kind, text) in [("links", links), ("unmatched", unmatched)] {
        let path = directory.join(format!("{name}.{kind}.tsv"));
        std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}
