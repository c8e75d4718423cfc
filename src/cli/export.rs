//! `diptych export`: the sentence pairs of a store in the formats of other tools, whole or in parts.

use std::path::{Path, PathBuf};

use anyhow::{bail, ensure};
use clap::{Args, ValueEnum};
use diptych::{Error, ExportFormat, Exporter, Lang, PairFilter, Portion, Portions, Store};

use super::output::{Output, split_packing};
use super::{Global, Outcome, note};

/// Write the sentence pairs of a store as TSV, JSON Lines, TMX, Moses or Parquet
#[derive(Args)]
#[command(after_help = "Examples:\n  \
    diptych export --store corpus.db -o corpus.tmx\n  \
    diptych export --store corpus.db --min-score 0.9 --one-to-one | cut -f 1,2\n  \
    diptych export --store corpus.db --split 98:1:1 -o corpus.tsv.zst  corpus.train.tsv.zst, …\n  \
    diptych export --store corpus.db --format moses -o corpus  corpus.de, corpus.en\n\n\
    TSV columns (no head line): source, target, score, type, source document,\n\
    target document, source sentences, target sentences (numbers from 0), source\n\
    bytes, target bytes (in the document's text), source address, target address.\n\
    Line ends and tabs inside a text are made blanks; JSON Lines and Parquet keep\n\
    the text as written. Null alignments, blank lines and what `diptych filter`\n\
    rejected are left out. --split draws each document by its name and the seed:\n\
    the shares are met on average. Exit code 1 where no pair passes. A file named\n\
    by -o appears when it is complete, or not at all.")]
pub struct ExportArgs {
    /// The store, as made by `diptych align --store`
    #[arg(long, value_name = "FILE")]
    store: PathBuf,
    /// Format of the output [default: by the ending of OUT, else tsv]
    #[arg(short, long, value_enum)]
    format: Option<Choice>,
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
    /// Only pairs that `diptych filter` rejected, with the reason: in TSV the last column
    #[arg(long)]
    rejected: bool,
    /// Divide by source document into train, dev and test, in such shares: 98:1:1
    #[arg(long, value_name = "SHARES")]
    split: Option<Portions>,
    /// Another number divides otherwise; the same one gives the same parts, whatever else the store holds
    #[arg(long, value_name = "N", default_value_t = 0, requires = "split")]
    seed: u64,
    /// Write to this file instead of standard output, packed if it ends in .gz or .zst; for moses, what the names of
    /// both files begin with
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Choice {
    Tsv,
    Jsonl,
    Tmx,
    Moses,
    Parquet,
}

/// Runs the command.
pub fn run(args: &ExportArgs, global: &Global) -> anyhow::Result<Outcome> {
    let format = args.format.unwrap_or_else(|| by_ending(args.output.as_deref()));
    ensure!(
        args.split.is_none() || args.output.is_some(),
        "--split writes three files; name them with -o: -o corpus.tsv writes corpus.train.tsv, corpus.dev.tsv and corpus.test.tsv"
    );
    let store = Store::open_existing(&args.store)?;
    let langs = store.language_pairs()?.into_iter().filter(|(source, target)| {
        args.source_lang.as_ref().is_none_or(|lang| lang == source)
            && args.target_lang.as_ref().is_none_or(|lang| lang == target)
    });
    let langs: Vec<(Lang, Lang)> = langs.collect();
    if langs.is_empty() && format == Choice::Moses {
        return Ok(none(args, global));
    }
    let counts =
        write(args, format, &store, &langs).map_err(|error| match (&args.output, error.downcast_ref()) {
            (Some(path), Some(Error::Output(_))) => error.context(path.display().to_string()),
            _ => error,
        })?;
    let count: usize = counts.iter().sum();
    if count == 0 {
        return Ok(none(args, global));
    }
    if args.split.is_some() {
        let parts: Vec<String> = Portion::ALL
            .iter()
            .zip(&counts)
            .map(|(part, count)| format!("{count} {}", part.as_str()))
            .collect();
        note(global, format_args!("{count} sentence pairs written: {}", parts.join(", ")));
    } else if args.output.is_some() {
        note(global, format_args!("{count} sentence pairs written"));
    }
    Ok(Outcome::Done)
}

fn none(args: &ExportArgs, global: &Global) -> Outcome {
    note(global, format_args!("{}: no sentence pair passes these filters", args.store.display()));
    Outcome::No
}

/// The format that a file's name says; TSV where it says none.
fn by_ending(path: Option<&Path>) -> Choice {
    let name = path.map(|path| split_packing(path).0);
    match name.as_deref().and_then(Path::extension).and_then(|ending| ending.to_str()) {
        Some("jsonl" | "ndjson") => Choice::Jsonl,
        Some("tmx") => Choice::Tmx,
        Some("parquet") => Choice::Parquet,
        _ => Choice::Tsv,
    }
}

/// What is written of one portion, or of all: one file, for moses two.
struct Files {
    first: Output,
    second: Option<Output>,
}

impl Files {
    fn open(
        args: &ExportArgs,
        langs: Option<&(Lang, Lang)>,
        portion: Option<Portion>,
    ) -> anyhow::Result<Files> {
        let open = |path: Option<&Path>| Output::open(path, [args.store.as_path()]);
        let named = |lang: Option<&Lang>| args.output.as_deref().map(|path| name(path, portion, lang));
        Ok(match langs {
            None => Files { first: open(named(None).as_deref())?, second: None },
            Some((source, target)) => Files {
                first: open(named(Some(source)).as_deref())?,
                second: Some(open(named(Some(target)).as_deref())?),
            },
        })
    }

    fn exporter(
        &mut self,
        format: ExportFormat,
        source: Option<&Lang>,
    ) -> diptych::Result<Exporter<&mut Output>> {
        match &mut self.second {
            Some(second) => Ok(Exporter::moses(&mut self.first, second)),
            None => Exporter::new(&mut self.first, format, source),
        }
    }

    fn keep(self) -> anyhow::Result<()> {
        self.first.keep()?;
        self.second.map_or(Ok(()), Output::keep)
    }
}

/// `corpus.tsv.gz` for a portion: `corpus.train.tsv.gz`; for a language of moses: `corpus` is `corpus.train.de`.
fn name(path: &Path, portion: Option<Portion>, lang: Option<&Lang>) -> PathBuf {
    let (path, packing) = split_packing(path);
    let mut name = path.clone().into_os_string();
    if let Some(portion) = portion {
        // A moses prefix has no ending: a dot in it is part of the name.
        let ending = path.extension().filter(|_| lang.is_none());
        if ending.is_some() {
            name = path.with_extension("").into_os_string();
        }
        name.push(format!(".{}", portion.as_str()));
        if let Some(ending) = ending {
            name.push(".");
            name.push(ending);
        }
    }
    if let Some(lang) = lang {
        name.push(format!(".{lang}"));
    }
    name.push(packing);
    PathBuf::from(name)
}

/// The one pair of languages that moses holds.
fn only<'a>(args: &ExportArgs, langs: &'a [(Lang, Lang)]) -> anyhow::Result<&'a (Lang, Lang)> {
    ensure!(
        args.output.is_some(),
        "the moses format is two files; name what both begin with: -o corpus writes corpus.de and corpus.en"
    );
    let [pair] = langs else {
        let several: Vec<String> = langs.iter().map(|(s, t)| format!("{s}-{t}")).collect();
        bail!(
            "the moses format holds one pair of languages, the store has {}; choose with --source-lang and --target-lang",
            several.join(", ")
        );
    };
    ensure!(
        pair.0 != pair.1,
        "the moses format names its files by language, and both sides are {}; use another --format",
        pair.0
    );
    Ok(pair)
}

/// Writes what passes the filters; returns how many pairs each file holds.
fn write(
    args: &ExportArgs,
    format: Choice,
    store: &Store,
    langs: &[(Lang, Lang)],
) -> anyhow::Result<Vec<usize>> {
    let two = if format == Choice::Moses { Some(only(args, langs)?) } else { None };
    let first = langs.first().map(|(source, _)| source);
    let source = first.filter(|first| langs.iter().all(|(source, _)| source == *first));
    let portions = args.split.map(|split| split.with_seed(args.seed));
    let parts = if portions.is_some() { Portion::ALL.map(Some).to_vec() } else { vec![None] };
    let to = export_format(format, args)?;
    let mut files =
        parts.into_iter().map(|part| Files::open(args, two, part)).collect::<anyhow::Result<Vec<_>>>()?;
    let mut exporters =
        files.iter_mut().map(|files| files.exporter(to, source)).collect::<diptych::Result<Vec<_>>>()?;
    let filter = PairFilter {
        min_score: args.min_score,
        one_to_one: args.one_to_one,
        source_lang: args.source_lang.clone(),
        target_lang: args.target_lang.clone(),
        english: matches!(format, Choice::Jsonl | Choice::Parquet),
        rejected: args.rejected,
    };
    let mut counts = vec![0; exporters.len()];
    store.for_each_pair(&filter, &mut |pair| {
        let part = portions.map_or(0, |portions| portions.of(pair.source.document) as usize);
        counts[part] += usize::from(!pair.is_blank());
        exporters[part].write(pair)
    })?;
    exporters.into_iter().try_for_each(Exporter::finish)?;
    files.into_iter().try_for_each(Files::keep)?;
    Ok(counts)
}

/// The library's format; moses is not among them.
fn export_format(format: Choice, args: &ExportArgs) -> anyhow::Result<ExportFormat> {
    Ok(match format {
        Choice::Tsv | Choice::Moses => ExportFormat::Tsv,
        Choice::Jsonl => ExportFormat::Jsonl,
        Choice::Tmx => ExportFormat::Tmx,
        Choice::Parquet => {
            let packing = args.output.as_deref().map_or("", |path| split_packing(path).1);
            ensure!(
                packing.is_empty(),
                "Parquet is packed inside, and readers expect it so; name the file without {packing}"
            );
            parquet()?
        }
    })
}

#[cfg(feature = "parquet")]
fn parquet() -> anyhow::Result<ExportFormat> {
    Ok(ExportFormat::Parquet)
}

#[cfg(not(feature = "parquet"))]
fn parquet() -> anyhow::Result<ExportFormat> {
    bail!("this diptych was built without Parquet; build it with: cargo install --path . --features parquet")
}

fn score(text: &str) -> Result<f32, String> {
    match text.parse() {
        Ok(score) if (0.0..=1.0).contains(&score) => Ok(score),
        _ => Err("not a number from 0 to 1".into()),
    }
}
