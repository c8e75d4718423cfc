//! `diptych export`: the sentence pairs of a store in the formats of other tools.

use std::io::Write;
use std::path::PathBuf;

use anyhow::{bail, ensure};
use clap::{Args, ValueEnum};
use diptych::{Error, ExportFormat, Exporter, Lang, PairFilter, Store};

use super::output::Output;
use super::{Global, Outcome, note};

/// Write the sentence pairs of a store as TSV, JSON Lines, TMX or Moses
#[derive(Args)]
#[command(after_help = "Examples:\n  \
    diptych export --store corpus.db --format tmx -o corpus.tmx\n  \
    diptych export --store corpus.db --min-score 0.9 --one-to-one | cut -f 1,2\n  \
    diptych export --store corpus.db --format moses -o corpus  corpus.de, corpus.en\n\n\
    TSV columns (no head line): source, target, score, type, source document,\n\
    target document, source sentences, target sentences (numbers from 0). Line ends\n\
    and tabs inside a text are made blanks; JSON Lines keeps the text as written.\n\
    Null alignments, blank lines and what `diptych filter` rejected are left out. Exit code 1 where no pair passes.\n\
    A file named by -o appears when it is complete, or not at all.")]
pub struct ExportArgs {
    /// The store, as made by `diptych align --store`
    #[arg(long, value_name = "FILE")]
    store: PathBuf,
    /// Format of the output
    #[arg(short, long, value_enum, default_value_t = Choice::Tsv)]
    format: Choice,
    /// Leave out pairs with a lower score (0 to 1)
    #[arg(long, value_name = "SCORE", default_value_t = 0.0, value_parser = score)]
    min_score: f32,
    /// Only pairs of one sentence with one sentence
    #[arg(long)]
    one_to_one: bool,
    /// Only pairs whose source is in this language
    #[arg(long, value_name = "LANG")]
    source_lang: Option<Lang>,
    /// Only pairs whose target is in this language
    #[arg(long, value_name = "LANG")]
    target_lang: Option<Lang>,
    /// Only pairs that `diptych filter` rejected, with the reason: in TSV a ninth column
    #[arg(long)]
    rejected: bool,
    /// Write to this file instead of standard output; for moses, what the names of both files begin with
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Choice {
    Tsv,
    Jsonl,
    Tmx,
    Moses,
}

/// Runs the command.
pub fn run(args: &ExportArgs, global: &Global) -> anyhow::Result<Outcome> {
    let store = Store::open_existing(&args.store)?;
    let langs = store.language_pairs()?.into_iter().filter(|(source, target)| {
        args.source_lang.as_ref().is_none_or(|lang| lang == source)
            && args.target_lang.as_ref().is_none_or(|lang| lang == target)
    });
    let langs: Vec<(Lang, Lang)> = langs.collect();
    let written = match args.format {
        Choice::Tsv => write_one(args, &store, ExportFormat::Tsv, &langs),
        Choice::Jsonl => write_one(args, &store, ExportFormat::Jsonl, &langs),
        Choice::Tmx => write_one(args, &store, ExportFormat::Tmx, &langs),
        Choice::Moses => write_two(args, &store, &langs),
    };
    let count = written.map_err(|error| match (&args.output, error.downcast_ref()) {
        (Some(path), Some(Error::Output(_))) => error.context(path.display().to_string()),
        _ => error,
    })?;
    if count == 0 {
        note(global, format_args!("{}: no sentence pair passes these filters", args.store.display()));
        return Ok(Outcome::No);
    }
    if args.output.is_some() {
        note(global, format_args!("{count} sentence pairs written"));
    }
    Ok(Outcome::Done)
}

fn write_one(
    args: &ExportArgs,
    store: &Store,
    format: ExportFormat,
    langs: &[(Lang, Lang)],
) -> anyhow::Result<usize> {
    let first = langs.first().map(|(source, _)| source);
    let source = first.filter(|first| langs.iter().all(|(source, _)| source == *first));
    let mut out = Output::open(args.output.as_deref(), [args.store.as_path()])?;
    let count = write_pairs(args, store, Exporter::new(&mut out, format, source)?)?;
    out.keep()?;
    Ok(count)
}

fn write_two(args: &ExportArgs, store: &Store, langs: &[(Lang, Lang)]) -> anyhow::Result<usize> {
    let Some(prefix) = &args.output else {
        bail!(
            "the moses format is two files; name what both begin with: -o corpus writes corpus.de and corpus.en"
        );
    };
    let (source, target) = match langs {
        [] => return Ok(0),
        [(source, target)] => (source, target),
        several => {
            let several: Vec<String> = several.iter().map(|(s, t)| format!("{s}-{t}")).collect();
            bail!(
                "the moses format holds one pair of languages, the store has {}; choose with --source-lang and --target-lang",
                several.join(", ")
            );
        }
    };
    ensure!(
        source != target,
        "the moses format names its files by language, and both sides are {source}; use another --format"
    );
    let with_lang = |lang: &Lang| {
        let mut name = prefix.clone().into_os_string();
        name.push(format!(".{lang}"));
        PathBuf::from(name)
    };
    let mut source = Output::open(Some(&with_lang(source)), [args.store.as_path()])?;
    let mut target = Output::open(Some(&with_lang(target)), [args.store.as_path()])?;
    let count = write_pairs(args, store, Exporter::moses(&mut source, &mut target))?;
    source.keep()?;
    target.keep()?;
    Ok(count)
}

/// Writes what passes the filters; returns how many pairs that was.
fn write_pairs<W: Write>(
    args: &ExportArgs,
    store: &Store,
    mut exporter: Exporter<W>,
) -> anyhow::Result<usize> {
    let filter = PairFilter {
        min_score: args.min_score,
        one_to_one: args.one_to_one,
        source_lang: args.source_lang.clone(),
        target_lang: args.target_lang.clone(),
        english: args.format == Choice::Jsonl,
        rejected: args.rejected,
    };
    let mut count = 0;
    store.for_each_pair(&filter, &mut |pair| {
        count += usize::from(!pair.is_blank());
        exporter.write(pair)
    })?;
    exporter.finish()?;
    Ok(count)
}

fn score(text: &str) -> Result<f32, String> {
    match text.parse() {
        Ok(score) if (0.0..=1.0).contains(&score) => Ok(score),
        _ => Err("not a number from 0 to 1".into()),
    }
}
