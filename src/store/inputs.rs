//! What a build was asked for, pair by pair, and what became of it.

use rusqlite::{OptionalExtension, Transaction, params};

use super::errors::{At, Sql};
use super::save::{check_scores, put};
use super::{Engines, Store};
use crate::bitext::Bitext;
use crate::error::Result;

/// A pair of documents that a build was asked for, and what became of it.
#[derive(Debug)]
pub struct Input<'a> {
    /// The name of the source document; empty where only the target is known.
    pub source: &'a str,
    /// The name of the target document; empty where only the source is known.
    pub target: &'a str,
    /// A digest of both inputs and of how they were treated: while it is the same, there is nothing to do.
    pub content: &'a [u8],
    /// What became of it.
    pub outcome: Outcome<'a>,
}

/// What became of a pair.
#[derive(Debug)]
pub enum Outcome<'a> {
    /// It was aligned.
    Aligned(&'a Bitext, Engines<'a>),
    /// It was left out, for this reason.
    Skipped(&'a str),
}

/// A pair that was left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// The name of the source document; empty where only the target is known.
    pub source: String,
    /// The name of the target document; empty where only the source is known.
    pub target: String,
    /// Why.
    pub reason: String,
}

impl Store {
    /// The digest under which the pair of these names is stored; `None` where it is not, or was skipped.
    ///
    /// # Errors
    /// [`Error::Store`](crate::Error::Store) where the file cannot be read.
    pub fn built(&self, source: &str, target: &str) -> Result<Option<Vec<u8>>> {
        let sql = "SELECT content FROM input WHERE source = ?1 AND target = ?2 AND reason IS NULL";
        let find =
            || self.connection.prepare_cached(sql)?.query_row([source, target], |row| row.get(0)).optional();
        find().at(&self.path)
    }

    /// Stores bitexts and what became of the inputs, all in one transaction. A bitext takes the place of what
    /// was stored under its names; a skipped pair leaves the bitext that an earlier run stored for it.
    ///
    /// # Errors
    /// As of [`Store::save`]; nothing of `inputs` is stored then.
    pub fn save_inputs(&mut self, inputs: &[Input<'_>]) -> Result<()> {
        for input in inputs {
            if let Outcome::Aligned(bitext, _) = &input.outcome {
                check_scores(bitext)?;
            }
        }
        if inputs.is_empty() {
            return Ok(());
        }
        self.write(|tx| inputs.iter().try_for_each(|input| put_input(tx, input)))
    }

    /// Hands every pair that was left out to `each`, by names.
    ///
    /// # Errors
    /// The first error of `each`; [`Error::Store`](crate::Error::Store) where the file cannot be read.
    pub fn for_each_skipped(&self, each: &mut dyn FnMut(&Skipped) -> Result<()>) -> Result<()> {
        self.read(|snapshot| {
            let sql = "SELECT source, target, reason FROM input WHERE reason IS NOT NULL ORDER BY 1, 2";
            let mut select = snapshot.prepare_cached(sql).at(&self.path)?;
            let mut rows = select.query([]).at(&self.path)?;
            while let Some(row) = rows.next().at(&self.path)? {
                let skipped = || -> Sql<Skipped> {
                    Ok(Skipped { source: row.get(0)?, target: row.get(1)?, reason: row.get(2)? })
                };
                each(&skipped().at(&self.path)?)?;
            }
            Ok(())
        })
    }

    /// How many pairs builds have aligned, and how many they left out.
    ///
    /// # Errors
    /// [`Error::Store`](crate::Error::Store) where the file cannot be read.
    pub fn count_inputs(&self) -> Result<(u64, u64)> {
        let sql = "SELECT count(*) FILTER (WHERE reason IS NULL), count(reason) FROM input";
        let counts =
            self.connection.query_row(sql, [], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)));
        counts.map(|(built, skipped)| (built.unsigned_abs(), skipped.unsigned_abs())).at(&self.path)
    }
}

fn put_input(tx: &Transaction<'_>, input: &Input<'_>) -> Sql<()> {
    let reason = match &input.outcome {
        Outcome::Aligned(bitext, engines) => {
            put(tx, bitext, engines)?;
            forget_partnerless(tx, (input.source, input.target))?;
            None
        }
        Outcome::Skipped(reason) => Some(reason),
    };
    tx.prepare_cached(
        "INSERT INTO input (source, target, content, reason) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO UPDATE SET content = excluded.content, reason = excluded.reason",
    )?
    .execute(params![input.source, input.target, input.content, reason])?;
    Ok(())
}

/// A document that was once without a partner has one now.
pub(super) fn forget_partnerless(tx: &Transaction<'_>, (source, target): (&str, &str)) -> Sql<()> {
    let mut delete = tx.prepare_cached("DELETE FROM input WHERE source = ?1 AND target = ?2")?;
    for name in [source, target] {
        delete.execute([name, ""])?;
        delete.execute(["", name])?;
    }
    Ok(())
}
