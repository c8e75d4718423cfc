//! The store: one SQLite file with documents, their sentences, the translation memory and the bitexts. All SQL
//! is in store/; each query is a method with a name.
//!
//! Durability: write-ahead logging with `synchronous = FULL`, so what a method has returned from survives a
//! killed process and a power cut. The cost is one sync a transaction, and a transaction is a whole document
//! or batch of translations, so it is not felt. Every write begins `IMMEDIATE`: a second process waits for
//! its turn at the start instead of failing in the middle.

mod check;
mod errors;
mod filter;
mod inputs;
mod lock;
mod memory;
mod merge;
mod open;
mod pairs;
mod rows;
mod save;
mod search;
mod stats;

use std::path::{Path, PathBuf};

use rusqlite::{Connection, Transaction, TransactionBehavior};

use self::errors::{At, Sql, refusal};
use self::open::Stamp;
use crate::error::Result;

pub use self::check::Finding;
pub use self::filter::FilterCounts;
pub use self::inputs::{Input, Outcome, Skipped};
pub use self::lock::BuildLock;
pub use self::merge::MergeCounts;
pub use self::pairs::PairFilter;
pub use self::search::{Hit, HitSide};
pub use self::stats::{LangStats, Stats};

/// Documents, their translations and alignments, in one SQLite file that several processes may use at once.
///
/// ```
/// # fn main() -> diptych::Result<()> {
/// let mut store = diptych::Store::in_memory()?;
/// store.remember("marian/de-en/1", &[("Guten Morgen.", "Good morning.")])?;
/// let found = store.recall("marian/de-en/1", &["Guten Morgen.", "Gute Nacht."])?;
/// assert_eq!(found, [Some("Good morning.".to_string()), None]);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Store {
    connection: Connection,
    path: PathBuf,
    /// Time and size of a file that is read without locks, to notice a change.
    unlocked: Option<Stamp>,
}

/// The signatures of the engines whose translations an alignment was made with; `None` for a side that is
/// English itself or was not translated.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Engines<'a> {
    /// What translated the source.
    pub source: Option<&'a str>,
    /// What translated the target.
    pub target: Option<&'a str>,
}

impl Store {
    /// Where the store lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Runs `look` on the store as it is now, whatever other processes write meanwhile.
    fn read<T>(&self, look: impl FnOnce(&Transaction<'_>) -> Result<T>) -> Result<T> {
        let snapshot = self.connection.unchecked_transaction().at(&self.path)?;
        let seen = look(&snapshot);
        if self.unlocked.is_some() && self.unlocked != Stamp::of(&self.path) {
            return Err(refusal(&self.path, "changed while it was read; run this again"));
        }
        seen
    }

    /// Runs `change` in one transaction; an error leaves the store as it was.
    fn write(&mut self, change: impl FnOnce(&Transaction<'_>) -> Sql<()>) -> Result<()> {
        let tx = self.connection.transaction_with_behavior(TransactionBehavior::Immediate).at(&self.path)?;
        change(&tx).and_then(|()| tx.commit()).at(&self.path)
    }
}

/// What the unit tests of these modules share.
#[cfg(test)]
mod testing {
    use super::*;
    use crate::bitext::{Bead, Bitext};
    use crate::document::Document;
    use crate::split::Split;

    pub(super) fn document(name: &str, lang: &str, text: &str) -> Document {
        Document::new(name.into(), lang.parse().unwrap(), text.into(), Split::Lines)
    }

    /// Line by line, as 1-1 beads; both texts have as many lines.
    pub(super) fn bitext(source: (&str, &str), target: (&str, &str)) -> Bitext {
        let source = document(source.0, "de", source.1);
        let target = document(target.0, "en", target.1);
        let beads =
            (0..source.spans().len()).map(|i| Bead { source: i..i + 1, target: i..i + 1, score: 0.5 });
        let beads = beads.collect();
        Bitext::new(source, target, beads, "test".into()).unwrap()
    }

    pub(super) fn texts(store: &Store) -> Vec<(String, String)> {
        let mut pairs = Vec::new();
        store
            .for_each_pair(&PairFilter::default(), &mut |pair| {
                pairs.push((pair.source.text.to_string(), pair.target.text.to_string()));
                Ok(())
            })
            .unwrap();
        pairs
    }

    pub(super) fn rows(store: &Store, table: &str) -> i64 {
        let sql = format!("SELECT count(*) FROM {table}");
        store.connection.query_row(&sql, [], |row| row.get(0)).unwrap()
    }

    /// The index and the foreign keys agree with the tables.
    pub(super) fn assert_sound(store: &Store) {
        store
            .connection
            .execute("INSERT INTO pair_text (pair_text, rank) VALUES ('integrity-check', 1)", [])
            .unwrap();
        assert_eq!(rows(store, "pragma_foreign_key_check"), 0);
        let used = "(SELECT source FROM bitext UNION SELECT target FROM bitext)";
        assert_eq!(rows(store, "document"), rows(store, used));
    }
}
