//! `diptych models`: which models there are, getting more, checking and removing them.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::{Args, Subcommand, ValueEnum};
use diptych::{Addition, Error, Fetcher, Installed, Installer, Model, Models, Offer, Pair, Source, Step};
use serde_json::json;

use super::{EngineName, Global, Outcome, byte_progress, note, plural};

/// List, fetch, add, check and remove translation models
#[derive(Args)]
#[command(after_help = "Examples:
  diptych models list                    the models here
  diptych models list --remote           those that can be fetched
  diptych models pull pt-en fr-en        fetch Portuguese and French into English
  diptych models add ~/models/pt-en      install one from a folder

They are installed in your data directory, or in --models DIR.")]
pub struct ModelsArgs {
    #[command(subcommand)]
    command: Action,
}

#[derive(Subcommand)]
enum Action {
    List(ListArgs),
    Pull(PullArgs),
    Add(AddArgs),
    Info(InfoArgs),
    Verify(VerifyArgs),
    Remove(RemoveArgs),
    /// Load a model and translate a sentence with it
    #[command(hide = true)]
    Try {
        directory: PathBuf,
    },
}

/// List the models here, or those that can be fetched
#[derive(Args)]
#[command(after_help = "Examples:
  diptych models list
  diptych models list --remote --json")]
struct ListArgs {
    /// List what the source offers
    #[arg(long)]
    remote: bool,
    /// As JSON: one array of objects
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    from: From,
}

/// Where models are fetched from.
#[derive(Args)]
struct From {
    /// A mirror's address or folder (https://…, http://…, file:///…) [default: Mozilla; the hub for opus-mt]
    #[arg(long, value_name = "URL", env = "DIPTYCH_MODEL_SOURCE")]
    source: Option<String>,
    /// Give up on a server that is silent for so many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 30.0)]
    timeout: f64,
}

impl From {
    fn source(&self) -> diptych::Result<Source> {
        match self.source.as_deref().filter(|source| !source.is_empty()) {
            Some(url) => Source::mirror(url),
            None => Ok(Source::default()),
        }
    }

    fn fetcher(&self) -> diptych::Result<Fetcher> {
        // A day is as good as no limit, and what is no number is none.
        let seconds = if self.timeout.is_finite() { self.timeout.clamp(0.01, 86_400.0) } else { 30.0 };
        Fetcher::new(Duration::from_secs_f64(seconds))
    }
}

/// Fetch models and install them; an interrupted pull goes on where it was
#[derive(Args)]
#[command(after_help = "Examples:
  diptych models pull pt-en                    the newest Portuguese-English model
  diptych models pull pt-en --variant tiny     the small and fast one
  diptych models pull zh-Hant-en               Chinese, traditional script
  diptych models pull de-en --engine opus-mt   OPUS-MT, for builds with the feature torch
  diptych models pull pt-en --source file:///mnt/mirror

Every file is checked against the SHA-256 that the list of models states, before
and after unpacking; nothing is installed that does not pass and translate a
sentence. Proxies: HTTPS_PROXY, NO_PROXY; other roots of trust: SSL_CERT_FILE.")]
struct PullArgs {
    /// Languages: pt-en, or pt for the same
    #[arg(required = true, value_name = "PAIR")]
    pairs: Vec<Pair>,
    /// Which, where there is a choice [default: the newest; then base-memory, base, tiny]
    #[arg(long, value_enum)]
    variant: Option<Variant>,
    /// What shall run it
    #[arg(long, value_enum, value_name = "ENGINE", default_value_t = EngineName::Marian)]
    engine: EngineName,
    #[command(flatten)]
    from: From,
}

#[derive(Clone, Copy, ValueEnum)]
enum Variant {
    Tiny,
    Base,
    BaseMemory,
}

impl Variant {
    fn name(self) -> &'static str {
        match self {
            Variant::Tiny => "tiny",
            Variant::Base => "base",
            Variant::BaseMemory => "base-memory",
        }
    }
}

/// Install a model from a folder, checked and tried out
#[derive(Args)]
#[command(after_help = "Examples:
  diptych models add ~/translateLocally/pten-tiny
  diptych models add ~/opus-mt-de-en
  diptych models add folder --as pt-en --licence MPL-2.0

The folder holds *.intgemm*.bin and one or two *.spm (translateLocally, bergamot,
Firefox), or config.json, source.spm, target.spm, vocab.json and weights
(rust_model.ot, model.safetensors, pytorch_model.bin) of an OPUS-MT model.")]
struct AddArgs {
    /// The folder
    folder: PathBuf,
    /// Its languages, where the folder does not say them
    #[arg(long = "as", value_name = "PAIR")]
    pair: Option<Pair>,
    /// Its licence, to be shown
    #[arg(long, value_name = "NAME")]
    licence: Option<String>,
    /// Where it came from, to be shown [default: the folder]
    #[arg(long, value_name = "TEXT")]
    origin: Option<String>,
    /// What readers of its translations have to know
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
}

/// Say all that is known of a model
#[derive(Args)]
#[command(after_help = "Examples:
  diptych models info de-en
  diptych models info opus-mt-de-en --json")]
struct InfoArgs {
    /// Its name: de-en, opus-mt-de-en
    #[arg(value_name = "PAIR")]
    name: String,
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// Compare the files of models with the hashes in their manifests; exit code 1 if one differs
#[derive(Args)]
#[command(after_help = "Examples:
  diptych models verify
  diptych models verify pt-en de-en")]
struct VerifyArgs {
    /// Names of models [default: all]
    #[arg(value_name = "PAIR")]
    names: Vec<String>,
}

/// Remove models that were pulled or added, and what interrupted pulls left of them
#[derive(Args)]
#[command(after_help = "Examples:
  diptych models remove pt-en")]
struct RemoveArgs {
    /// Names of models
    #[arg(required = true, value_name = "PAIR")]
    names: Vec<String>,
}

/// Runs the command.
pub fn run(args: &ModelsArgs, global: &Global) -> anyhow::Result<Outcome> {
    match &args.command {
        Action::List(args) if args.remote => list_remote(args),
        Action::List(args) => list(args, global),
        Action::Pull(args) => pull(args, global),
        Action::Add(args) => add(args, global),
        Action::Info(args) => info(args, global),
        Action::Verify(args) => verify(args, global),
        Action::Remove(args) => remove(args, global),
        Action::Try { directory } => {
            let tried = diptych::trial(&Model::open(directory)?)?;
            writeln!(io::stdout(), "{}", json!(tried))?;
            Ok(Outcome::Done)
        }
    }
}

/// Pulls a model that a document wants, with the source that the environment names.
pub fn pull_missing(global: &Global) -> impl FnMut(&str) -> diptych::Result<()> + 'static {
    let global = Global { quiet: global.quiet, verbose: global.verbose, models: global.models.clone() };
    move |name| {
        let from = From { source: std::env::var("DIPTYCH_MODEL_SOURCE").ok(), timeout: 30.0 };
        let (pair, engine) = match name.strip_prefix("opus-mt-") {
            Some(pair) => (pair, EngineName::OpusMt),
            None => (name, EngineName::Marian),
        };
        pull_one(&pair.parse()?, None, engine, &from, &global)
    }
}

fn installer(global: &Global) -> diptych::Result<Installer> {
    let directory = global.models.clone().or_else(Models::user_directory);
    let nowhere =
        || Error::Input { name: "models".into(), what: "no data directory; name one: --models DIR".into() };
    directory.map(Installer::new).ok_or_else(nowhere)
}

fn pull(args: &PullArgs, global: &Global) -> anyhow::Result<Outcome> {
    let mut failed = 0;
    for pair in &args.pairs {
        match pull_one(pair, args.variant, args.engine, &args.from, global) {
            Err(error) if args.pairs.len() > 1 => {
                let _ = writeln!(io::stderr(), "diptych: {pair}: {error}");
                failed += 1;
            }
            done => done?,
        }
    }
    match failed {
        0 => Ok(Outcome::Done),
        _ if failed == args.pairs.len() => anyhow::bail!("no model could be installed"),
        _ => Ok(Outcome::No),
    }
}

fn pull_one(
    pair: &Pair,
    variant: Option<Variant>,
    engine: EngineName,
    from: &From,
    global: &Global,
) -> diptych::Result<()> {
    let (source, fetcher, installer) = (from.source()?, from.fetcher()?, installer(global)?);
    let offer = match engine {
        EngineName::Marian => source.find(&fetcher, pair, variant.map(Variant::name))?,
        EngineName::OpusMt => source.opus(&fetcher, pair)?,
    };
    let kind = [offer.variant().unwrap_or(""), offer.version()].join(" ");
    let licence = offer.licence().unwrap_or("licence not stated: see its page");
    let preview = if offer.is_preview() { ", a preview" } else { "" };
    note(
        global,
        format_args!(
            "{}: {}{preview}, {} to fetch, {licence}, from {}",
            offer.name(),
            kind.trim(),
            size(offer.bytes()),
            offer.origin()
        ),
    );
    let bar = byte_progress(global, &offer.name());
    let installed =
        installer.pull(&offer, &fetcher, &|directory| try_apart(directory), &mut |step| match step {
            Step::Waiting => bar.suspend(|| waiting(global)),
            Step::Fetched { done, total, .. } => bar.set_of(done as usize, total as usize),
            Step::Trying => {}
        })?;
    drop(bar);
    report(&installed, global);
    Ok(())
}

fn waiting(global: &Global) {
    note(global, "another diptych is installing this model; waiting for it");
}

fn add(args: &AddArgs, global: &Global) -> anyhow::Result<Outcome> {
    let addition = Addition {
        pair: args.pair.clone(),
        licence: args.licence.clone(),
        origin: args.origin.clone(),
        note: args.note.clone(),
    };
    let trial = |directory: &Path| try_apart(directory);
    let installed = installer(global)?.add(&args.folder, &addition, &trial, &mut |step| {
        if let Step::Waiting = step {
            waiting(global);
        }
    })?;
    report(&installed, global);
    Ok(Outcome::Done)
}

fn report(installed: &Installed, global: &Global) {
    let (model, place) = (&installed.model, installed.model.directory().unwrap_or(Path::new("")).display());
    if installed.was_there {
        return note(global, format_args!("{}: is already there and whole, in {place}", model.name()));
    }
    note(global, format_args!("{}: {} installed in {place}", model.name(), size(model.bytes())));
    match &installed.tried {
        Some((sentence, translation)) => {
            note(global, format_args!("{}: {sentence} → {translation}", model.name()))
        }
        None => note(
            global,
            format_args!(
                "{}: its files look right, but could not be tried: its engine ({}) is not in this build",
                model.name(),
                model.engine()
            ),
        ),
    }
    if model.languages().1 != "en" {
        note(global, format_args!("{}: diptych itself only uses models into English", model.name()));
    }
}

/// Seconds that a trial may take: loading the largest model takes a few.
const PATIENCE: u64 = 120;

/// Tries a model in a process of its own, which may abort, and is given no more than a few gigabytes.
fn try_apart(directory: &Path) -> diptych::Result<Option<(String, String)>> {
    let name = directory.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let fault = |what: String| Error::Model { model: name.clone(), what };
    let exe = std::env::current_exe().map_err(|cause| fault(format!("it cannot be tried: {cause}")))?;
    let mut command = limited(&exe);
    command.args(["models", "try"]).arg(directory).env("RUST_BACKTRACE", "0").stdin(Stdio::null());
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = child.map_err(|cause| fault(format!("it cannot be tried: {cause}")))?;
    let started = Instant::now();
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if started.elapsed() < Duration::from_secs(PATIENCE) => {
                std::thread::sleep(Duration::from_millis(10));
            }
            _ => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(fault(format!("it was still not loaded after {PATIENCE} s: it is damaged")));
            }
        }
    };
    let (mut out, mut err) = (String::new(), String::new());
    // What an engine prints over a bad model need not be text.
    let _ = child.stdout.take().map(|pipe| pipe.take(1 << 16).read_to_string(&mut out));
    let _ = child.stderr.take().map(|pipe| pipe.take(1 << 16).read_to_string(&mut err));
    match serde_json::from_str(out.trim()) {
        Ok(tried) if status.success() => Ok(tried),
        _ => {
            let said = err.lines().rev().find(|line| !line.trim().is_empty() && !line.starts_with("note:"));
            let said = said.unwrap_or("it said nothing").trim_start_matches("diptych: ");
            Err(fault(format!("the engine cannot work with it ({status}: {said})")))
        }
    }
}

/// The program, with less memory where a shell can see to that: a damaged model may ask for terabytes.
fn limited(exe: &Path) -> Command {
    if cfg!(not(unix)) {
        return Command::new(exe);
    }
    // Kibibytes of address space; libtorch alone maps some.
    let limit = if cfg!(feature = "torch") { "16777216" } else { "4194304" };
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -v \"$0\" 2>/dev/null; exec \"$@\"", limit]).arg(exe);
    command
}

fn list(args: &ListArgs, global: &Global) -> anyhow::Result<Outcome> {
    let all = Models::places(global.models.as_deref()).all();
    let mut out = io::stdout().lock();
    if args.json {
        let rows: Vec<_> = all
            .iter()
            .map(|(name, model)| match model {
                Ok(model) => described(model),
                Err(error) => json!({ "name": name, "error": error.to_string() }),
            })
            .collect();
        writeln!(out, "{}", serde_json::to_string_pretty(&rows)?)?;
        return Ok(Outcome::Done);
    }
    for (name, model) in all {
        let Ok(model) = model.map_err(|error| note(global, format_args!("{name}: {error}"))) else {
            continue;
        };
        let kind = [model.variant().unwrap_or(""), model.version().unwrap_or("")].join(" ");
        writeln!(
            out,
            "{:<16} {:<12} {:<18} {:>9}  {:<10} {}",
            name,
            model.engine(),
            if kind.trim().is_empty() { "-" } else { kind.trim() },
            size(model.bytes()),
            model.licence().unwrap_or("-"),
            place(&model)
        )?;
    }
    Ok(Outcome::Done)
}

fn list_remote(args: &ListArgs) -> anyhow::Result<Outcome> {
    let offers = args.from.source()?.offers(&args.from.fetcher()?)?;
    let mut out = io::stdout().lock();
    if args.json {
        let row = |offer: &Offer| {
            json!({
                "pair": offer.pair().to_string(), "name": offer.name(), "source": offer.pair().source(),
                "target": offer.pair().target(), "variant": offer.variant(), "version": offer.version(),
                "preview": offer.is_preview(), "bytes": offer.bytes(), "licence": offer.licence(),
            })
        };
        writeln!(out, "{}", serde_json::to_string_pretty(&offers.iter().map(row).collect::<Vec<_>>())?)?;
        return Ok(Outcome::Done);
    }
    for offer in &offers {
        writeln!(
            out,
            "{:<12} {:<12} {:<8} {:>9}  {}{}",
            offer.pair().to_string(),
            offer.variant().unwrap_or("-"),
            offer.version(),
            size(offer.bytes()),
            offer.licence().unwrap_or("-"),
            if offer.is_preview() { "  (preview)" } else { "" }
        )?;
    }
    Ok(Outcome::Done)
}

fn info(args: &InfoArgs, global: &Global) -> anyhow::Result<Outcome> {
    let model = named(&args.name, global)?;
    let mut out = io::stdout().lock();
    if args.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&described(&model))?)?;
        return Ok(Outcome::Done);
    }
    let (source, target) = model.languages();
    for (label, value) in [
        ("name", model.name().to_string()),
        ("languages", format!("{source} into {target}")),
        ("engine", model.engine().into()),
        ("variant", model.variant().unwrap_or("-").into()),
        ("version", model.version().unwrap_or("-").into()),
        ("licence", model.licence().unwrap_or("not stated").into()),
        ("origin", model.origin().unwrap_or("not stated").into()),
        ("note", model.note().into()),
        ("place", place(&model)),
    ] {
        writeln!(out, "{label:<10} {value}")?;
    }
    for (name, role, bytes, sha256) in model.files() {
        writeln!(out, "{:<10} {name}  {role}  {}  {sha256}", "file", size(bytes))?;
    }
    Ok(Outcome::Done)
}

fn verify(args: &VerifyArgs, global: &Global) -> anyhow::Result<Outcome> {
    let models = match args.names.is_empty() {
        true => Models::places(global.models.as_deref()).all(),
        false => args
            .names
            .iter()
            .map(|name| Ok((name.clone(), Ok(named(name, global)?))))
            .collect::<anyhow::Result<_>>()?,
    };
    let mut outcome = Outcome::Done;
    for (name, model) in models {
        match model.and_then(|model| model.verify().map(|()| model)) {
            Ok(model) => {
                writeln!(
                    io::stdout(),
                    "{name}: {} as promised, {}",
                    plural(model.files().count() as u64, "file"),
                    place(&model)
                )?;
            }
            Err(error) => {
                let _ = writeln!(io::stderr(), "diptych: {error}");
                outcome = Outcome::No;
            }
        }
    }
    Ok(outcome)
}

fn remove(args: &RemoveArgs, global: &Global) -> anyhow::Result<Outcome> {
    let installer = installer(global)?;
    for name in &args.names {
        let pair = name.parse::<Pair>().map_or_else(|_| name.clone(), |pair| pair.directory(""));
        if !installer.remove(name)? && (pair == *name || !installer.remove(&pair)?) {
            let elsewhere = Models::places(global.models.as_deref()).find(name)?;
            let elsewhere =
                elsewhere.map(|model| format!("; the one in {} stays", place(&model))).unwrap_or_default();
            anyhow::bail!("{name} is not in {}{elsewhere}", installer.directory().display());
        }
        note(global, format_args!("{name}: removed from {}", installer.directory().display()));
    }
    Ok(Outcome::Done)
}

fn named(name: &str, global: &Global) -> anyhow::Result<Model> {
    let models = Models::places(global.models.as_deref());
    let directory = name.parse::<Pair>().map_or_else(|_| name.to_string(), |pair| pair.directory(""));
    let found = if let Some(model) = models.find(name)? { Some(model) } else { models.find(&directory)? };
    found.with_context(|| {
        format!(
            "no model {name} here; diptych models list names them, diptych models pull {directory} gets it"
        )
    })
}

fn described(model: &Model) -> serde_json::Value {
    let (source, target) = model.languages();
    let files: Vec<_> = model
        .files()
        .map(|(name, role, bytes, sha256)| json!({ "name": name, "role": role, "bytes": bytes, "sha256": sha256 }))
        .collect();
    json!({
        "name": model.name(), "source": source, "target": target, "engine": model.engine(),
        "variant": model.variant(), "version": model.version(), "licence": model.licence(),
        "origin": model.origin(), "note": model.note(), "bytes": model.bytes(),
        "directory": model.directory().map(|directory| directory.display().to_string()), "files": files,
    })
}

fn place(model: &Model) -> String {
    model.directory().map_or_else(|| "in this program".into(), |directory| directory.display().to_string())
}

fn size(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}
