//! Counting what a store holds.

use std::collections::BTreeMap;

use rusqlite::Connection;

use super::Store;
use super::errors::{At, Sql};
use super::filter::{SETTING, filter_counts, find_setting};
use super::rows::{for_each_row, natural};
use crate::error::Result;
use crate::filter::Reason;

/// What a store holds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Stats {
    /// Documents and sentences by language tag.
    pub languages: BTreeMap<String, LangStats>,
    /// Document pairs.
    pub bitexts: u64,
    /// Beads by type: `1-1`, `2-1`, `0-1`.
    pub beads: BTreeMap<String, u64>,
    /// Beads with two sides.
    pub pairs: u64,
    /// Their mean score; `None` where there are none.
    pub mean_score: Option<f64>,
    /// Those of the pairs that the filter rejected, by reason; `None` where some were not judged.
    pub rejected: Option<BTreeMap<Reason, u64>>,
    /// Entries of the translation memory by engine signature.
    pub translations: BTreeMap<String, u64>,
    /// The size of the database in bytes.
    pub bytes: u64,
}

/// What a store holds in one language.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LangStats {
    /// Documents.
    pub documents: u64,
    /// Sentences in them.
    pub sentences: u64,
}
impl Store {
    /// Counts what the store holds.
    ///
    /// # Errors
    /// [`Error::Store`](crate::Error::Store) where the file cannot be read.
    pub fn stats(&self) -> Result<Stats> {
        self.read(|snapshot| count(snapshot).at(&self.path))
    }
}

fn count(connection: &Connection) -> Sql<Stats> {
    let mut stats = Stats::default();
    let sql = "SELECT lang, count(*), sum((SELECT count(*) FROM sentence WHERE document = document.id))
               FROM document GROUP BY lang";
    for_each_row(connection, sql, |row| {
        let counts = LangStats { documents: natural(row, 1)?, sentences: natural(row, 2)? };
        stats.languages.insert(row.get(0)?, counts);
        Ok(())
    })?;
    for_each_row(connection, "SELECT type, count(*) FROM bead GROUP BY type", |row| {
        stats.beads.insert(row.get(0)?, natural(row, 1)?);
        Ok(())
    })?;
    let sql = "SELECT signature, count(*) FROM translation JOIN engine ON engine.id = engine GROUP BY engine";
    for_each_row(connection, sql, |row| {
        stats.translations.insert(row.get(0)?, natural(row, 1)?);
        Ok(())
    })?;
    if find_setting(connection, SETTING)?.is_some() {
        stats.rejected = Some(filter_counts(connection)?.rejected);
    }
    let sql = "SELECT (SELECT count(*) FROM bitext), count(*), avg(score),
                      (SELECT page_count FROM pragma_page_count) * (SELECT page_size FROM pragma_page_size)
               FROM bead WHERE source_count > 0 AND target_count > 0";
    for_each_row(connection, sql, |row| {
        stats.bitexts = natural(row, 0)?;
        stats.pairs = natural(row, 1)?;
        stats.mean_score = row.get(2)?;
        stats.bytes = natural(row, 3)?;
        Ok(())
    })?;
    Ok(stats)
}
