//! Judging every pair of a store: what the pair itself says (filter.rs), and what only the whole says, lines
//! repeated over documents and pairs that say the same.
//!
//! Each pair's verdict and its keys go into a temporary table, which SQLite keeps on disk when it is large, and
//! sorts there: memory does not grow with the store. All of it is one transaction, so a run that is killed
//! leaves the verdicts of before. Pairs are taken in the order of names, never of row numbers, so that
//! nothing depends on the order in which documents were stored.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use super::Store;
use super::errors::{At, Sql};
use super::pairs::{BITEXTS, StoredBitext, each_pair_of};
use super::rows::{for_each_row, from, natural, reason};
use crate::error::Result;
use crate::filter::{FilterOptions, Reason, is_long, keys, reject};

/// What a filter made of a store's pairs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FilterCounts {
    /// Pairs in all.
    pub pairs: u64,
    /// Those that were rejected, by reason.
    pub rejected: BTreeMap<Reason, u64>,
}

impl FilterCounts {
    /// Pairs that were not rejected.
    pub fn kept(&self) -> u64 {
        self.pairs - self.rejected.values().sum::<u64>()
    }
}

/// The name of the setting that holds the options that all pairs were judged with.
pub(super) const SETTING: &str = "filter";

impl Store {
    /// Judges every pair by `options` and writes down which are rejected, and why. Nothing is removed: another
    /// filter judges all pairs again. Where these options were the last and nothing came in since, it does
    /// nothing. `hear` is told how many document pairs are done; its error ends the filter, without effect.
    ///
    /// The verdicts depend on the pairs, their documents' names and the stored English, on nothing else.
    ///
    /// # Errors
    /// The error of `hear`; [`Error::Store`](crate::Error::Store) as of [`Store::remember`].
    pub fn filter(
        &mut self,
        options: &FilterOptions,
        hear: &mut dyn FnMut(usize) -> Result<()>,
    ) -> Result<FilterCounts> {
        let path = self.path.clone();
        let setting = options.to_string();
        let tx = self.connection.transaction_with_behavior(TransactionBehavior::Immediate).at(&path)?;
        if find_setting(&tx, SETTING).at(&path)?.as_ref() != Some(&setting) {
            tx.execute_batch(JUDGED).at(&path)?;
            let bitexts = judge_pairs(&tx, &path, options, hear)?;
            judge_corpus(&tx, options, bitexts).at(&path)?;
            put_setting(&tx, SETTING, &setting).at(&path)?;
        }
        let counts = filter_counts(&tx).at(&path)?;
        tx.commit().at(&path)?;
        Ok(counts)
    }

    /// The options that all pairs were judged with; `None` while some were not.
    ///
    /// # Errors
    /// [`Error::Store`](crate::Error::Store) where the file cannot be read.
    pub fn filtered(&self) -> Result<Option<String>> {
        self.read(|snapshot| find_setting(snapshot, SETTING).at(&self.path))
    }

    /// How many document pairs are stored.
    ///
    /// # Errors
    /// [`Error::Store`](crate::Error::Store) where the file cannot be read.
    pub fn count_bitexts(&self) -> Result<usize> {
        let sql = "SELECT count(*) FROM bitext";
        self.read(|snapshot| snapshot.query_row(sql, [], |row| from(row, 0)).at(&self.path))
    }
}

/// Says that some pair was not judged: whatever stores pairs does this in its transaction.
pub(super) fn forget_filter(tx: &Transaction<'_>) -> Sql<()> {
    tx.prepare_cached("DELETE FROM setting WHERE name = ?1")?.execute([SETTING])?;
    Ok(())
}

/// Pairs by the reason that they were rejected for.
pub(super) fn filter_counts(connection: &Connection) -> Sql<FilterCounts> {
    let mut counts = FilterCounts::default();
    let sql =
        "SELECT rejected, count(*) FROM bead WHERE source_count > 0 AND target_count > 0 GROUP BY rejected";
    for_each_row(connection, sql, |row| {
        counts.pairs += natural(row, 1)?;
        if let Some(why) = reason(row, 0)? {
            counts.rejected.insert(why, natural(row, 1)?);
        }
        Ok(())
    })?;
    Ok(counts)
}

/// One row a pair. `place` is its place in the order of an export; `kin` is equal for pairs of documents that
/// are copies of each other, as far as can be told; `long` says that the line may be boilerplate.
const JUDGED: &str = "DROP TABLE IF EXISTS temp.judged;
    CREATE TEMP TABLE judged (
        bead   INTEGER PRIMARY KEY,
        place  INTEGER NOT NULL,
        source INTEGER NOT NULL,
        target INTEGER NOT NULL,
        kin    INTEGER NOT NULL,
        long   INTEGER NOT NULL,
        score  REAL NOT NULL,
        reason TEXT
    )";

/// Fills the table with what each pair says itself; returns how many document pairs there are.
fn judge_pairs(
    tx: &Transaction<'_>,
    path: &std::path::Path,
    options: &FilterOptions,
    hear: &mut dyn FnMut(usize) -> Result<()>,
) -> Result<usize> {
    let sql = "INSERT INTO temp.judged (bead, place, source, target, kin, long, score, reason)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    let mut insert = tx.prepare(sql).at(path)?;
    let mut bitexts = tx.prepare(BITEXTS).at(path)?;
    let mut rows = bitexts.query([None::<&str>, None]).at(path)?;
    let (mut done, mut place) = (0, 0i64);
    let mut judged = Vec::new();
    while let Some(row) = rows.next().at(path)? {
        let bitext = StoredBitext::of(row).at(path)?;
        judged.clear();
        each_pair_of(tx, path, &bitext, true, &|_| true, &mut |bead, pair| {
            let long = is_long(pair.source.text) && is_long(pair.target.text);
            judged.push((bead.id, keys(pair), long, pair.score, reject(pair, options)));
            Ok(())
        })?;
        let sketch = Sketch::of(judged.iter().map(|(_, keys, ..)| keys[0]));
        for (bead, [source, target], long, score, reason) in &judged {
            let kin = sketch.without(*source);
            let reason = reason.map(Reason::as_str);
            let [source, target, kin] = [*source, *target, kin].map(u64::cast_signed);
            insert.execute(params![bead, place, source, target, kin, long, score, reason]).at(path)?;
            place += 1;
        }
        done += 1;
        hear(done)?;
    }
    Ok(done)
}

/// What tells documents apart that share some lines: the least of all their lines' keys (Broder 1997), which
/// copies of one document have in common even where a few lines differ. The second least is for the line
/// that is the least one itself: a line must not say which company it is seen in.
struct Sketch([u64; 2]);

impl Sketch {
    fn of(keys: impl Iterator<Item = u64>) -> Sketch {
        let mut least = [u64::MAX; 2];
        for key in keys {
            if key < least[0] {
                least = [key, least[0]];
            } else if key > least[0] && key < least[1] {
                least[1] = key;
            }
        }
        Sketch(least)
    }

    fn without(&self, key: u64) -> u64 {
        if key == self.0[0] { self.0[1] } else { self.0[0] }
    }
}

/// What only all pairs together say; then the verdicts go into the store.
fn judge_corpus(tx: &Transaction<'_>, options: &FilterOptions, bitexts: usize) -> Sql<()> {
    if !options.allow.contains(&Reason::Boilerplate) {
        let least = options.boilerplate.max(bitexts.div_ceil(BOILERPLATE_SHARE)).max(2);
        tx.execute_batch(
            "DROP TABLE IF EXISTS temp.often;
             CREATE TEMP TABLE often (side INTEGER, key INTEGER, PRIMARY KEY (side, key)) WITHOUT ROWID",
        )?;
        for (side, column) in ["source", "target"].into_iter().enumerate() {
            let sql = format!(
                "INSERT INTO temp.often SELECT ?1, {column} FROM temp.judged WHERE long
                 GROUP BY {column} HAVING count(DISTINCT kin) >= ?2"
            );
            tx.execute(&sql, params![side as i64, least as i64])?;
        }
        tx.execute(
            "UPDATE temp.judged SET reason = ?1 WHERE reason IS NULL AND long
             AND (0, source) IN temp.often AND (1, target) IN temp.often",
            [Reason::Boilerplate.as_str()],
        )?;
    }
    if !options.allow.contains(&Reason::Duplicate) {
        tx.execute(
            "UPDATE temp.judged SET reason = ?1 WHERE bead IN (
                 SELECT bead FROM (
                     SELECT bead, row_number() OVER (PARTITION BY source, target ORDER BY score DESC, place) AS rank
                     FROM temp.judged WHERE reason IS NULL
                 ) WHERE rank > 1)",
            [Reason::Duplicate.as_str()],
        )?;
    }
    tx.execute_batch(
        "UPDATE bead SET rejected = judged.reason FROM temp.judged AS judged
         WHERE judged.bead = bead.id AND bead.rejected IS NOT judged.reason;
         DROP TABLE IF EXISTS temp.often;
         DROP TABLE temp.judged",
    )
}

/// Boilerplate stands in at least one of so many document pairs.
const BOILERPLATE_SHARE: usize = 2000;

pub(super) fn find_setting(connection: &Connection, name: &str) -> Sql<Option<String>> {
    let mut select = connection.prepare_cached("SELECT value FROM setting WHERE name = ?1")?;
    select.query_row([name], |row| row.get(0)).optional()
}

pub(super) fn put_setting(tx: &Transaction<'_>, name: &str, value: &str) -> Sql<()> {
    tx.execute(
        "INSERT INTO setting (name, value) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = excluded.value",
        [name, value],
    )?;
    Ok(())
}
