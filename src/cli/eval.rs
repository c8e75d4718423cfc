//! `diptych eval`: an alignment against one by hand.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use diptych::{Counts, Evaluation, Interval, Judged, Nulls, Score, evaluate, read_beads};
use serde_json::{Value, json};

use super::output::Output;
use super::{Global, Outcome};

/// Judge an alignment by one made by hand: strict and lax precision, recall, F1
#[derive(Args)]
#[command(after_help = "Examples:\n  \
    diptych eval --gold report.gold report.beads\n  \
    diptych eval --gold gold/ test/ --nulls drop --by-type\n\n\
    Files hold one bead a line, [0, 1]:[0]:0.87, ids from 0; the score is not looked at. Of two directories,\n\
    NAME.gold is compared with NAME.align. Intervals are 95 %, from resampled documents.")]
pub struct EvalArgs {
    /// The alignment by hand: a file, or a directory of NAME.gold
    #[arg(long, value_name = "GOLD")]
    gold: PathBuf,
    /// The alignment to judge: a file, or a directory of NAME.align
    #[arg(value_name = "TEST")]
    test: PathBuf,
    /// Null alignments: keep them as the files say, drop them from both (fair between tools), or fill them in
    #[arg(long, value_enum, default_value_t = NullsArg::Keep)]
    nulls: NullsArg,
    /// Precision and recall of each bead type
    #[arg(long)]
    by_type: bool,
    /// F1 of each document
    #[arg(long)]
    by_document: bool,
    /// Exit with 1 if strict F1 is below this
    #[arg(long, value_name = "F1")]
    min_strict: Option<f64>,
    /// Everything as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum NullsArg {
    Keep,
    Drop,
    Fill,
}

/// Runs the command.
pub fn run(args: &EvalArgs, _: &Global) -> anyhow::Result<Outcome> {
    let nulls = match args.nulls {
        NullsArg::Keep => Nulls::Keep,
        NullsArg::Drop => Nulls::Drop,
        NullsArg::Fill => Nulls::Fill,
    };
    let documents = pairs(&args.gold, &args.test)?
        .into_iter()
        .map(|(name, gold, test)| Ok(Judged { name, gold: beads(&gold)?, test: beads(&test)? }))
        .collect::<anyhow::Result<Vec<Judged>>>()?;
    let result = evaluate(&documents, nulls);
    let mut out = Output::open(None, None)?;
    if args.json {
        writeln!(out, "{:#}", as_json(&result))?;
    } else {
        print(&mut out, &result, args)?;
    }
    out.flush()?;
    let good = args.min_strict.is_none_or(|minimum| result.total.strict().f1 >= minimum);
    Ok(if good { Outcome::Done } else { Outcome::No })
}

/// Name, gold file and test file of each document.
fn pairs(gold: &Path, test: &Path) -> anyhow::Result<Vec<(String, PathBuf, PathBuf)>> {
    let name = |path: &Path| path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    if gold.is_dir() != test.is_dir() {
        bail!("--gold and TEST must be two files or two directories; one of each was given");
    }
    if !gold.is_dir() {
        return Ok(vec![(name(gold), gold.into(), test.into())]);
    }
    let listing = std::fs::read_dir(gold).with_context(|| format!("cannot read {}", gold.display()))?;
    let mut pairs = Vec::new();
    for entry in listing {
        let path = entry.with_context(|| format!("cannot read {}", gold.display()))?.path();
        if path.extension().is_some_and(|extension| extension == "gold") {
            let name = name(&path);
            let test = test.join(format!("{name}.align"));
            pairs.push((name, path, test));
        }
    }
    if pairs.is_empty() {
        bail!("{}: no file named NAME.gold in it", gold.display());
    }
    pairs.sort();
    Ok(pairs)
}

fn beads(path: &Path) -> anyhow::Result<Vec<diptych::GoldBead>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(read_beads(&path.display().to_string(), &text)?)
}

fn print(out: &mut dyn Write, result: &Evaluation, args: &EvalArgs) -> anyhow::Result<()> {
    let total = &result.total;
    writeln!(
        out,
        "{} documents, {} gold beads, {} test beads",
        result.documents.len(),
        total.gold.all,
        total.test.all
    )?;
    let line = |name: &str, s: Score, (low, high): Interval| {
        format!("{name:7} P {:.4}  R {:.4}  F1 {:.4}  [{low:.4}, {high:.4}]", s.precision, s.recall, s.f1)
    };
    writeln!(out, "{}", line("strict", total.strict(), result.strict_interval))?;
    writeln!(out, "{}", line("lax", total.lax(), result.lax_interval))?;
    if args.by_type {
        writeln!(out, "\ntype      gold  strict R  lax R     test  strict P  lax P")?;
        for ((sources, targets), counts) in &result.kinds {
            let (strict, lax) = (counts.strict(), counts.lax());
            let kind = format!("{sources}-{targets}");
            writeln!(
                out,
                "{kind:7} {:6}  {:.4}    {:.4}  {:6}   {:.4}    {:.4}",
                counts.gold.all, strict.recall, lax.recall, counts.test.all, strict.precision, lax.precision
            )?;
        }
    }
    if args.by_document {
        writeln!(out, "\nstrict F1  lax F1  beads  document")?;
        for (name, counts) in &result.documents {
            let (strict, lax) = (counts.strict().f1, counts.lax().f1);
            writeln!(out, "{strict:9.4}  {lax:.4}  {:5}  {name}", counts.gold.all)?;
        }
    }
    Ok(())
}

fn as_json(result: &Evaluation) -> Value {
    let score = |s: Score| json!({"p": s.precision, "r": s.recall, "f1": s.f1});
    let with = |s: Score, interval: Interval| json!({"p": s.precision, "r": s.recall, "f1": s.f1, "f1_interval": [interval.0, interval.1]});
    let counts = |c: &Counts| {
        json!({
            "gold_beads": c.gold.all, "test_beads": c.test.all, "strict": score(c.strict()), "lax": score(c.lax())
        })
    };
    let kinds: serde_json::Map<String, Value> =
        result.kinds.iter().map(|((a, b), c)| (format!("{a}-{b}"), counts(c))).collect();
    let documents: serde_json::Map<String, Value> =
        result.documents.iter().map(|(name, c)| (name.clone(), counts(c))).collect();
    json!({
        "gold_beads": result.total.gold.all,
        "test_beads": result.total.test.all,
        "strict": with(result.total.strict(), result.strict_interval),
        "lax": with(result.total.lax(), result.lax_interval),
        "types": kinds,
        "documents": documents,
    })
}
