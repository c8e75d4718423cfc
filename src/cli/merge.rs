//! `diptych merge`: several stores into one.

use std::fs;
use std::path::PathBuf;

use anyhow::ensure;
use clap::Args;
use diptych::{MergeCounts, Store};

use super::{Global, Outcome, Progress, note, plural};

/// Bring the documents, translations and alignments of several stores into one
#[derive(Args)]
#[command(after_help = "Examples:\n  \
    diptych merge corpus.db shard-1.db shard-2.db shard-3.db\n  \
    diptych merge corpus.db new.db          more for a store that is there\n\n\
    Merging the same stores again changes nothing, and their order makes no\n\
    difference. Where two stores hold different alignments of documents of the same\n\
    names, one made by `diptych build` is taken, else one by its content, the same\n\
    in any order. If all stores were filtered with the same options, so is the\n\
    result; else run `diptych filter`. A merge that was killed is completed by\n\
    running it again.")]
pub struct MergeArgs {
    /// The store that takes all in (made if it is not there)
    #[arg(value_name = "OUT")]
    out: PathBuf,
    /// Stores as made by `diptych align --store` or `diptych build`; they stay as they are
    #[arg(value_name = "IN", required = true)]
    inputs: Vec<PathBuf>,
}

/// Runs the command.
pub fn run(args: &MergeArgs, global: &Global) -> anyhow::Result<Outcome> {
    for input in &args.inputs {
        let same =
            fs::canonicalize(&args.out).is_ok_and(|out| fs::canonicalize(input).is_ok_and(|i| i == out));
        ensure!(!same, "{} is both OUT and IN; merge into another store", input.display());
    }
    // Before OUT is made: a name that is wrong leaves nothing behind.
    let inputs = args.inputs.iter().map(|path| Store::open_existing(path)).collect::<Result<Vec<_>, _>>()?;
    let total = inputs.iter().map(Store::count_bitexts).sum::<diptych::Result<usize>>()?;
    let mut out = Store::open(&args.out)?;
    let progress = Progress::counting(global, "merge", total, "document pairs");
    let counts = out.merge(&inputs, &mut |done| {
        progress.set(done);
        Ok(())
    })?;
    drop(progress);
    tell(global, &args.out, &counts);
    Ok(Outcome::Done)
}

fn tell(global: &Global, out: &std::path::Path, counts: &MergeCounts) {
    let mut said = format!("{} new", plural(counts.added as u64, "document pair"));
    for (count, what) in [
        (counts.same, "there already"),
        (counts.replaced, "replaced by another store's"),
        (counts.kept, "kept before another store's"),
    ] {
        if count > 0 {
            said += &format!(", {count} {what}");
        }
    }
    let translations = plural(counts.translations as u64, "new translation");
    note(global, format_args!("{}: {said}; {translations}", out.display()));
    if !counts.filtered {
        note(
            global,
            format_args!("not filtered: not all stores were, with the same options; run `diptych filter`"),
        );
    }
}
