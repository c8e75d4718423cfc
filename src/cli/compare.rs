//! `diptych compare`: what one report says that another does not.

use std::fmt::Write as _;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use diptych::{
    CompareOptions, Compared, Comparison, Document, Encoder, Event, Evidence, Lang, Models, NAMES, Pipeline,
    Recorded, Relation, Report, Side, Statement, Study, TextOptions, Translator, Verdict, cluster, compare,
    report_html, report_json, report_text, self_test,
};

use super::output::Output;
use super::{Engine, Global, Outcome, Progress, Reading, each_document};

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
    /// Translations in place of a model's: a TSV file of sentence and English; with --presplit also one a line
    #[arg(long, value_name = "FILE")]
    translations: Option<PathBuf>,
    /// Write one page of HTML to this file, - for standard output
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Write everything as JSON to this file, - for standard output
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Hide and change what is known in these texts, and say how much of it is found
    #[arg(long)]
    self_test: bool,
    /// Columns of the terminal view; else the terminal's, or 100
    #[arg(long, value_name = "N")]
    width: Option<usize>,
    /// Write the links and the unmatched sentences as TSV into this directory
    #[arg(long, value_name = "DIR")]
    tsv: Option<PathBuf>,
    /// What the TSV files are called; else after the first report
    #[arg(long, value_name = "NAME", requires = "tsv")]
    name: Option<String>,
    /// A link counts from this score on
    #[arg(long, value_name = "SCORE", default_value_t = CompareOptions::default().threshold, value_parser = share)]
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
    check_size(&reports)?;
    if args.explain {
        let [source, target] = &reports[..] else { bail!("--explain takes two reports") };
        return explain(source, target, &encoder);
    }
    let options = CompareOptions {
        threshold: args.threshold,
        sure: args.sure,
        relation: args.relation.map(Relation::from),
    };
    let pairs = compared(&reports, &encoder, &options);
    let self_test = match (&reports[..], args.self_test) {
        (_, false) => Vec::new(),
        ([source, target], true) => self_test(source, target, &encoder, &options),
        _ => bail!("--self-test takes two reports"),
    };
    let statements =
        if reports.len() > 2 { statements(&reports, &pairs, options.threshold) } else { Vec::new() };
    if let Some(directory) = &args.tsv {
        write_tsv(directory, args.name.as_deref(), &documents, &pairs)?;
    }
    let sides = sides(args, &documents, &english, global)?;
    let signature = signature(&options, &sides);
    print(args, &Study { sides, pairs, statements, signature, self_test })
}

/// Data goes where it was asked for; without any such wish the terminal view goes to standard output.
fn print(args: &CompareArgs, study: &Study) -> anyhow::Result<Outcome> {
    let place = |path: &PathBuf| Some(path.clone()).filter(|path| path.as_os_str() != "-");
    if let Some(path) = &args.html {
        let mut out = Output::open(place(path).as_deref(), args.reports.iter().map(PathBuf::as_path))?;
        report_html(study, &mut out)?;
        out.keep()?;
    }
    if let Some(path) = &args.json {
        let mut out = Output::open(place(path).as_deref(), args.reports.iter().map(PathBuf::as_path))?;
        report_json(study, &mut out)?;
        out.keep()?;
    }
    let quiet = args.html.is_some() || args.json.is_some() || args.tsv.is_some();
    if !quiet || args.self_test && args.html.is_none() && args.json.is_none() {
        let mut out = Output::open(None, None)?;
        report_text(study, text_options(args), &mut out)?;
        out.keep()?;
    }
    Ok(Outcome::Done)
}

fn text_options(args: &CompareArgs) -> TextOptions {
    let terminal = std::io::stdout().is_terminal();
    let columns = || terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    let width = args.width.or_else(|| if terminal { columns() } else { None }).unwrap_or(100);
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    TextOptions { width, color: terminal && !plain }
}

fn check_size(reports: &[Report]) -> anyhow::Result<()> {
    let mut sizes: Vec<usize> = reports.iter().map(|report| report.sentences.len()).collect();
    sizes.sort_unstable();
    let two = &sizes[sizes.len().saturating_sub(2)..];
    if two.iter().product::<usize>() > MOST_PAIRS {
        bail!(
            "{} and {} sentences are too many to compare; `diptych align` takes long texts",
            two[0],
            two[1]
        );
    }
    Ok(())
}

/// Every two reports, in their order.
fn compared(reports: &[Report], encoder: &Encoder, options: &CompareOptions) -> Vec<Compared> {
    let mut pairs = Vec::new();
    for source in 0..reports.len() {
        for target in source + 1..reports.len() {
            let comparison = compare(&reports[source], &reports[target], encoder, options);
            pairs.push(Compared { source, target, comparison });
        }
    }
    pairs
}

fn statements(reports: &[Report], pairs: &[Compared], threshold: f32) -> Vec<Statement> {
    let sizes: Vec<usize> = reports.iter().map(|report| report.sentences.len()).collect();
    let links: Vec<_> = pairs
        .iter()
        .map(|pair| ((pair.source, pair.target), pair.comparison.links().copied().collect()))
        .collect();
    cluster(&sizes, &links, threshold)
}

fn sides<'a>(
    args: &CompareArgs,
    documents: &'a [Document],
    english: &'a [Vec<String>],
    global: &Global,
) -> anyhow::Result<Vec<Side<'a>>> {
    let models = Models::locate(global.models.as_deref())?;
    let engine = args.engine.engine()?;
    let side = |(document, english): (&'a Document, &'a Vec<String>)| {
        let (signature, note) = match &args.translations {
            _ if document.lang().is_english() => (None, None),
            Some(path) => (Some(format!("file {}", path.display())), None),
            None => match models.find(&engine.model(document.lang()))? {
                Some(model) => {
                    let mut signature =
                        format!("{} {} {}", model.engine(), model.name(), model.fingerprint());
                    if let diptych::Engine::OpusMt(options) = engine {
                        signature += &format!(" {options}");
                    }
                    (Some(signature), Some(model.note().to_string()))
                }
                None => (None, None),
            },
        };
        Ok(Side { document, english, signature, note })
    };
    documents.iter().zip(english).map(side).collect()
}

fn signature(options: &CompareOptions, sides: &[Side]) -> String {
    let mut text = format!(
        "diptych {} compare, threshold {}, sure {}, en-encoder",
        env!("CARGO_PKG_VERSION"),
        options.threshold,
        options.sure
    );
    for side in sides {
        let _ = write!(text, "; {}: {}", side.name(), side.signature.as_deref().unwrap_or("as written"));
    }
    text
}

/// The files of the directories among the paths, by name; other paths as they are.
fn files(paths: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let entries = std::fs::read_dir(path).with_context(|| format!("cannot read {}", path.display()))?;
        let mut inside: Vec<PathBuf> = entries
            .collect::<Result<Vec<_>, _>>()
            .with_context(|| format!("cannot read {}", path.display()))?
            .into_iter()
            .map(|entry| entry.path())
            .filter(|path| path.is_file() && !is_hidden(path))
            .collect();
        inside.sort();
        files.extend(inside);
    }
    Ok(files)
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with('.'))
}

fn documents(args: &CompareArgs, global: &Global) -> anyhow::Result<Vec<Document>> {
    let mut documents = Vec::new();
    for (i, path) in files(&args.reports)?.iter().enumerate() {
        let options = args.reading.options(args.langs.get(i).cloned());
        each_document(std::slice::from_ref(path), &options, global, |document, _| {
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
        return given(path, args, documents);
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

/// The English of every report where the user gave it: looked up by sentence in a TSV file, or, with --presplit, line
/// for line of the one report that is not English.
fn given(path: &Path, args: &CompareArgs, documents: &[Document]) -> anyhow::Result<Vec<Vec<String>>> {
    let own = |document: &Document| document.sentences().map(str::to_string).collect::<Vec<String>>();
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let is_table = text.lines().filter(|line| !line.trim().is_empty()).all(|line| line.contains('\t'));
    if args.reading.presplit && !is_table {
        let foreign = documents.iter().filter(|document| !document.lang().is_english()).count();
        if foreign != 1 {
            bail!(
                "{}: lines without a tab translate one report, but {foreign} of these are not in English; give a TSV \
                 file of sentence and English instead",
                path.display()
            );
        }
        return documents.iter().map(|document| line_for_line(path, &text, document)).collect();
    }
    let recorded = Recorded::open(path).context(
        "--translations is a TSV file of sentence, tab, English; with --presplit also a file of one translation a line",
    )?;
    let translate = |document: &Document| {
        if document.lang().is_english() {
            return Ok(own(document));
        }
        let blank = |sentence: &str| sentence.trim().is_empty();
        let sentences: Vec<&str> = document.sentences().collect();
        let full: Vec<&str> = sentences.iter().copied().filter(|sentence| !blank(sentence)).collect();
        let mut translations = recorded.translate(&full, &mut |_| ())?.into_iter();
        let next = |sentence: &&str| {
            if blank(sentence) { String::new() } else { translations.next().unwrap_or_default() }
        };
        Ok(sentences.iter().map(next).collect())
    };
    documents.iter().map(translate).collect()
}

fn line_for_line(path: &Path, text: &str, document: &Document) -> anyhow::Result<Vec<String>> {
    if document.lang().is_english() {
        return Ok(document.sentences().map(str::to_string).collect());
    }
    let lines: Vec<String> = text.lines().map(|line| line.trim().to_string()).collect();
    let wanted = document.spans().len();
    if lines.len() != wanted {
        bail!(
            "{}: {} lines, but {} has {wanted}; with --presplit they must be one for one",
            path.display(),
            lines.len(),
            document.name()
        );
    }
    Ok(lines)
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
    let mut out = Output::open(None, None)?;
    writeln!(out, "source\ttarget\tsource_words\ttarget_words\t{}", NAMES.join("\t"))?;
    for i in 0..source.sentences.len() {
        for j in 0..target.sentences.len() {
            write!(out, "{}\t{}\t{}\t{}", i + 1, j + 1, evidence.words(0, i), evidence.words(1, j))?;
            for value in evidence.measures(i, j) {
                write!(out, "\t{value:.5}")?;
            }
            writeln!(out)?;
        }
    }
    out.keep()?;
    Ok(Outcome::Done)
}

/// `NAME.links.tsv` and `NAME.unmatched.tsv`, ids from 1. Of more than two reports each pair has its own files.
fn write_tsv(
    directory: &Path,
    name: Option<&str>,
    documents: &[Document],
    pairs: &[Compared],
) -> anyhow::Result<()> {
    std::fs::create_dir_all(directory).with_context(|| format!("cannot create {}", directory.display()))?;
    let base = name.map_or_else(|| stem(documents[0].name()), str::to_string);
    for pair in pairs {
        let name = if pairs.len() == 1 {
            base.clone()
        } else {
            format!("{base}.{}-{}", pair.source + 1, pair.target + 1)
        };
        let langs = [documents[pair.source].lang(), documents[pair.target].lang()];
        let labels = if langs[0] == langs[1] { ["source", "target"] } else { langs.map(Lang::as_str) };
        for (kind, text) in
            [("links", links_tsv(&pair.comparison)), ("unmatched", unmatched_tsv(&pair.comparison, labels))]
        {
            let path = directory.join(format!("{name}.{kind}.tsv"));
            std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        }
    }
    Ok(())
}

fn links_tsv(comparison: &Comparison) -> String {
    let mut text = String::from("# source_id\ttarget_id\tscore\n");
    for link in &comparison.scored {
        let _ = writeln!(text, "{}\t{}\t{:.4}", link.source + 1, link.target + 1, link.score);
    }
    text
}

fn unmatched_tsv(comparison: &Comparison, labels: [&str; 2]) -> String {
    let mut text = String::from("# side\tid\n");
    for (side, label) in labels.iter().enumerate() {
        for (i, sentence) in comparison.side(side).iter().enumerate() {
            if sentence.verdict != Verdict::Blank && sentence.found < 0.5 {
                let _ = writeln!(text, "{label}\t{}", i + 1);
            }
        }
    }
    text
}
