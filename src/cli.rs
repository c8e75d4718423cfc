//! The command line: arguments, messages and progress. One file a command in cli/; this one holds what
//! they share. Data goes to standard output, everything else to standard error.
//!
//! Exit codes: 0 done; 1 done, and the answer is no (inputs were skipped, or below an asked-for minimum);
//! 2 failed.

mod align;
mod build;
mod check;
mod compare;
mod eval;
mod export;
mod filter;
mod merge;
mod models;
mod output;
mod search;
mod split;
mod stats;
mod translate;

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory, Parser, Subcommand};
use diptych::{
    Document, Error, InputFormat, Lang, Models, OpenOptions, OpusOptions, Pipeline, ReadOptions, Split, Store,
};
use indicatif::{ProgressBar, ProgressState, ProgressStyle};

#[derive(Parser)]
#[command(
    name = "diptych",
    version,
    about = "Reads documents in different languages side by side: translate, align, compare, offline",
    after_help = "Examples:\n  \
        diptych translate artikel.txt                      a German article in English\n  \
        diptych align bericht.txt report.txt --store c.db  sentence pairs into a store\n  \
        diptych export --store c.db --format tmx -o c.tmx  out of it, for other tools\n\n\
        A command's own page: diptych translate --help\n\
        Exit codes: 0 done; 1 done, but inputs were skipped or the answer is no; 2 failed."
)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// Options that every command takes.
#[derive(Args)]
#[command(next_help_heading = "Options of every command")]
pub struct Global {
    /// Only errors on standard error: no progress, no notes
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Say what was assumed: encodings, languages, what was left out
    #[arg(short, long, global = true)]
    pub verbose: bool,
    /// Directory of models (such as de-en), looked into before any other place
    #[arg(long, global = true, value_name = "DIR")]
    pub models: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Command {
    Split(split::SplitArgs),
    Translate(translate::TranslateArgs),
    Align(align::AlignArgs),
    Build(build::BuildArgs),
    Compare(compare::CompareArgs),
    Filter(filter::FilterCommand),
    Export(export::ExportArgs),
    Merge(merge::MergeArgs),
    Check(check::CheckArgs),
    Search(search::SearchArgs),
    Stats(stats::StatsArgs),
    Eval(eval::EvalArgs),
    Models(models::ModelsArgs),
    /// Print a shell completion script
    #[command(after_help = "Examples:\n  \
            diptych completions bash > ~/.local/share/bash-completion/completions/diptych\n  \
            diptych completions zsh > ~/.zfunc/_diptych     with ~/.zfunc in fpath before compinit\n  \
            diptych completions fish > ~/.config/fish/completions/diptych.fish")]
    Completions {
        shell: clap_complete::Shell,
    },
}

/// How documents are read: shared by all commands that read some.
#[derive(Args, Clone)]
#[command(next_help_heading = "Reading")]
pub struct Reading {
    /// The files have one sentence a line; blank lines are kept as empty sentences
    #[arg(long)]
    pub presplit: bool,
    /// Keep menus, captions, credits and "more stories" as text
    #[arg(long)]
    pub keep_boilerplate: bool,
    /// What the files hold: text, html or jsonl [default: told by their endings and first lines]
    #[arg(long, value_name = "FORMAT")]
    pub input_format: Option<InputFormat>,
    /// Largest document in megabytes
    #[arg(long, value_name = "MB", default_value_t = 64)]
    pub max_size: u64,
}

impl Reading {
    /// The library's options, with the language that the user named.
    pub fn options(&self, lang: Option<Lang>) -> OpenOptions {
        let split = if self.presplit { Split::Lines } else { Split::Sentences };
        let read = ReadOptions {
            keep_boilerplate: self.keep_boilerplate,
            max_bytes: self.max_size.saturating_mul(1 << 20),
            format: self.input_format,
            ..ReadOptions::default()
        };
        OpenOptions { lang, split, read }
    }
}

/// How documents become English: shared by all commands that translate.
#[derive(Args, Clone)]
#[command(next_help_heading = "Translating")]
pub struct Engine {
    /// Threads that translate; 0 is one a core. The result does not depend on it
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub threads: usize,
    /// A file of translations that runs and stores share (made if it is not there): looked into before a
    /// sentence is translated, and added to
    #[arg(long, value_name = "FILE")]
    pub memory: Option<PathBuf>,
    /// What translates: marian (Firefox's models, in every build) or opus-mt (larger and slower; build with --features
    /// torch)
    #[arg(long, value_enum, value_name = "ENGINE", default_value_t = EngineName::Marian)]
    pub engine: EngineName,
    /// opus-mt: hypotheses that beam search keeps; 1 is greedy and the fastest [default: 4]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub beams: Option<u16>,
    /// opus-mt: tokens of a translation at most [default: 256]
    #[arg(long, value_name = "TOKENS", value_parser = clap::value_parser!(u16).range(2..))]
    pub max_length: Option<u16>,
    /// Fetch the model of a language that has none here, as diptych models pull does
    #[arg(long)]
    pub auto_pull: bool,
}

/// The engines by the names of the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum EngineName {
    Marian,
    OpusMt,
}

impl Engine {
    /// A pipeline over the models and the memory that the options name.
    pub fn pipeline(&self, store: Option<Store>, global: &Global) -> anyhow::Result<Pipeline> {
        let cores = || std::thread::available_parallelism().map_or(1, |n| n.get());
        let threads = if self.threads == 0 { cores() } else { self.threads };
        let engine = self.engine()?;
        // Before the models are looked for: without the engine they are of no use.
        engine.check()?;
        let models = match self.auto_pull {
            true => Models::places(global.models.as_deref()),
            false => Models::locate(global.models.as_deref())?,
        };
        let memory = self.memory.as_deref().map(Store::open).transpose()?;
        let pipeline = Pipeline::new(models, store, threads).with_memory(memory).with_engine(engine)?;
        Ok(match self.auto_pull {
            true => pipeline.when_missing(models::pull_missing(global)),
            false => pipeline,
        })
    }

    /// The engine that the options name.
    pub fn engine(&self) -> anyhow::Result<diptych::Engine> {
        let default = OpusOptions::default();
        match self.engine {
            EngineName::OpusMt => Ok(diptych::Engine::OpusMt(OpusOptions {
                beams: self.beams.map_or(default.beams, usize::from),
                max_length: self.max_length.map_or(default.max_length, usize::from),
            })),
            EngineName::Marian if self.beams.is_none() && self.max_length.is_none() => {
                Ok(diptych::Engine::Marian)
            }
            EngineName::Marian => anyhow::bail!("--beams and --max-length are for --engine opus-mt"),
        }
    }
}

/// A bar on standard error with sentences a second and what is left; invisible where nobody watches.
pub struct Progress(ProgressBar);

/// The same over bytes that are fetched.
pub fn byte_progress(global: &Global, name: &str) -> Progress {
    if !shows_progress(global) {
        return Progress(ProgressBar::hidden());
    }
    let style = "{prefix} {wide_bar} {bytes}/{total_bytes}, {bytes_per_sec}, {eta} left";
    let style = ProgressStyle::with_template(style).expect("the template is well-formed");
    Progress(ProgressBar::new(0).with_style(style).with_prefix(short(name)))
}

impl Progress {
    /// A bar over `total` sentences of the document `name`.
    pub fn new(global: &Global, name: &str, total: usize) -> Progress {
        Progress::counting(global, name, total, "sentences")
    }

    /// A bar over `total` things of another kind.
    pub fn counting(global: &Global, name: &str, total: usize, things: &str) -> Progress {
        if !shows_progress(global) {
            return Progress(ProgressBar::hidden());
        }
        let style =
            format!("{{prefix}} {{wide_bar}} {{pos}}/{{len}} {things}, {{rate}} a second, {{eta}} left");
        let style = ProgressStyle::with_template(&style).expect("the template is well-formed");
        let style = style.with_key("rate", |state: &ProgressState, out: &mut dyn std::fmt::Write| {
            let _ = write!(out, "{:.0}", state.per_sec());
        });
        Progress(ProgressBar::new(total as u64).with_style(style).with_prefix(short(name)))
    }

    /// So many are done.
    pub fn set(&self, done: usize) {
        self.0.set_position(done as u64);
    }

    /// So many of `total` are done, where the total is known only now.
    pub fn set_of(&self, done: usize, total: usize) {
        self.0.set_length(total as u64);
        self.set(done);
    }

    /// Writes something while the bar is out of the way.
    pub fn suspend<R>(&self, write: impl FnOnce() -> R) -> R {
        self.0.suspend(write)
    }
}

/// A document's name as it fits before a bar: the end of a path says most.
fn short(name: &str) -> String {
    let name = name.rsplit(['/', '\\']).next().unwrap_or(name);
    match name.chars().count().checked_sub(LONGEST) {
        None | Some(0) => name.into(),
        Some(more) => format!("…{}", name.chars().skip(more + 1).collect::<String>()),
    }
}

/// Characters of a name before a bar.
const LONGEST: usize = 24;

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// How a command ends, short of failing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// All done.
    Done,
    /// Done, and the answer is no: something was skipped or stayed below an asked-for minimum.
    No,
}

/// Runs the program.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli) {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::No) => ExitCode::from(1),
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "diptych: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<Outcome> {
    let global = &cli.global;
    match cli.command {
        Command::Split(args) => split::run(&args, global),
        Command::Translate(args) => translate::run(&args, global),
        Command::Align(args) => align::run(&args, global),
        Command::Build(args) => build::run(&args, global),
        Command::Compare(args) => compare::run(&args, global),
        Command::Filter(args) => filter::run(&args, global),
        Command::Export(args) => export::run(&args, global),
        Command::Merge(args) => merge::run(&args, global),
        Command::Check(args) => check::run(&args, global),
        Command::Search(args) => search::run(&args, global),
        Command::Stats(args) => stats::run(&args),
        Command::Eval(args) => eval::run(&args, global),
        Command::Models(args) => models::run(&args, global),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "diptych", &mut script);
            io::stdout().write_all(&script)?;
            Ok(Outcome::Done)
        }
    }
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause.downcast_ref::<Error>().is_some_and(Error::is_closed_pipe)
            || cause.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe)
    })
}

/// A line for people on standard error, unless they asked for quiet.
pub fn note(global: &Global, text: impl std::fmt::Display) {
    if !global.quiet {
        let _ = writeln!(io::stderr(), "diptych: {text}");
    }
}

/// Whether progress bars are of use: a person watches and did not ask for quiet.
fn shows_progress(global: &Global) -> bool {
    !global.quiet && io::stderr().is_terminal()
}

/// Opens every document of `paths`, one file at a time, and hands each to `each`.
///
/// One that cannot be used, for itself or for its language, is named on standard error and counted; the only
/// one is an error instead. `each` hears whether there are several. Returns how many were skipped.
pub fn each_document(
    paths: &[PathBuf],
    options: &OpenOptions,
    global: &Global,
    mut each: impl FnMut(Document, bool) -> anyhow::Result<()>,
) -> anyhow::Result<usize> {
    let mut skipped = 0;
    for path in paths {
        let documents = Document::open(path, options).unwrap_or_else(|error| vec![Err(error)]);
        let several = paths.len() > 1 || documents.len() > 1;
        for document in documents {
            let done = document.map_err(|error| advised(error, "--lang", global)).and_then(|document| {
                if global.verbose {
                    tell(&document);
                }
                each(document, several)
            });
            match done {
                Err(error) if several && is_about_one_input(&error) => {
                    let _ = writeln!(io::stderr(), "diptych: skipped {error:#}");
                    skipped += 1;
                }
                done => done?,
            }
        }
    }
    if skipped > 0 {
        note(global, format_args!("{} skipped, named above", plural(skipped as u64, "input")));
    }
    Ok(skipped)
}

/// Whether an error leaves the other inputs of a run untouched.
fn is_about_one_input(error: &anyhow::Error) -> bool {
    let kind = error.downcast_ref();
    matches!(
        kind,
        Some(
            Error::File { .. }
                | Error::Input { .. }
                | Error::UnknownLanguage { .. }
                | Error::UnsupportedLanguage { .. }
                | Error::NoOpusModel { .. }
        )
    )
}

/// The error, with the `option` that helps where a language is unknown, and the languages there are.
pub fn advised(mut error: Error, option: &str, global: &Global) -> anyhow::Error {
    if let Error::UnknownLanguage { way_out, .. } = &mut error {
        let models = Models::locate(global.models.as_deref());
        *way_out = format!(
            "name it with {option} (models here: {}; for more: diptych models pull)",
            models.map_or_else(|_| "en".into(), |models| models.supported())
        );
    }
    error.into()
}

/// `1 document`, `2 documents`.
pub fn plural(count: u64, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// Says what a document was taken for, and what was assumed.
pub fn tell(document: &Document) {
    let mut err = io::stderr().lock();
    let _ = writeln!(
        err,
        "diptych: {}: {}, {}",
        document.name(),
        document.lang().name(),
        plural(document.spans().len() as u64, "sentence")
    );
    for text in &document.meta().notes {
        let _ = writeln!(err, "diptych: {}: {text}", document.name());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_before_a_bar() {
        for (name, expected) in [
            ("artikel.txt", "artikel.txt"),
            ("corpus/2025/artikel.txt", "artikel.txt"),
            ("records.jsonl#12", "records.jsonl#12"),
            ("eine-sehr-lange-überschrift-als-dateiname.txt", "…hrift-als-dateiname.txt"),
        ] {
            assert_eq!(short(name), expected);
            assert!(short(name).chars().count() <= LONGEST);
        }
    }

    #[test]
    fn clap_accepts_the_command_line() {
        Cli::command().debug_assert();
    }
}
