//! The translation memory: the English of each sentence by each engine. It belongs to no document and
//! outlives them all.

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::Store;
use super::errors::{At, Sql};
use crate::error::Result;

impl Store {
    /// The stored English of each of `sentences` by the engine with this `signature`, in order; `None` for
    /// those that it has not translated yet.
    ///
    /// # Errors
    /// [`Error::Store`](crate::Error::Store) where the file cannot be read.
    pub fn recall(&self, signature: &str, sentences: &[&str]) -> Result<Vec<Option<String>>> {
        self.read(|snapshot| {
            let Some(engine) = find_engine(snapshot, signature).at(&self.path)? else {
                return Ok(vec![None; sentences.len()]);
            };
            let each = sentences.iter().map(|sentence| find_english(snapshot, engine, sentence));
            each.collect::<Sql<_>>().at(&self.path)
        })
    }

    /// Stores translations, pairs of a sentence and its English, in one transaction. What the engine with
    /// this `signature` has translated before stays as it is: equal signatures give equal translations.
    ///
    /// # Errors
    /// [`Error::Store`](crate::Error::Store): read-only, full, or held by another process for more than 10
    /// seconds. Nothing of `pairs` is stored then.
    pub fn remember(&mut self, signature: &str, pairs: &[(&str, &str)]) -> Result<()> {
        if pairs.is_empty() {
            return Ok(());
        }
        self.write(|tx| {
            let engine = put_engine(tx, signature)?;
            let mut insert = tx.prepare_cached(
                "INSERT INTO translation (engine, sentence, english) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
            )?;
            for (sentence, english) in pairs {
                insert.execute(params![engine, sentence, english])?;
            }
            Ok(())
        })
    }
}

pub(super) fn find_engine(connection: &Connection, signature: &str) -> Sql<Option<i64>> {
    let mut select = connection.prepare_cached("SELECT id FROM engine WHERE signature = ?1")?;
    select.query_row([signature], |row| row.get(0)).optional()
}

pub(super) fn put_engine(tx: &Transaction<'_>, signature: &str) -> Sql<i64> {
    if let Some(engine) = find_engine(tx, signature)? {
        return Ok(engine);
    }
    tx.execute("INSERT INTO engine (signature) VALUES (?1)", [signature])?;
    Ok(tx.last_insert_rowid())
}

pub(super) fn find_english(connection: &Connection, engine: i64, sentence: &str) -> Sql<Option<String>> {
    let sql = "SELECT english FROM translation WHERE engine = ?1 AND sentence = ?2";
    connection.prepare_cached(sql)?.query_row(params![engine, sentence], |row| row.get(0)).optional()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn what_was_translated_once_is_recalled_by_its_engine_only() {
        let mut store = Store::in_memory().unwrap();
        store.remember("one", &[("Ja.", "Yes."), ("", ""), ("Ja.", "Aye.")]).unwrap();
        store.remember("one", &[("Ja.", "Yeah.")]).unwrap();
        assert_eq!(
            store.recall("one", &["Ja.", "Nein.", ""]).unwrap(),
            [Some("Yes.".into()), None, Some("".into())]
        );
        assert_eq!(store.recall("two", &["Ja."]).unwrap(), [None]);
        assert_eq!(store.stats().unwrap().translations, BTreeMap::from([("one".into(), 2)]));
    }
}
