//! Storing a bitext with its documents, in place of what was stored under their names.

use std::ops::Range;

use rusqlite::{Transaction, params};
use sha2::{Digest, Sha256};

use super::errors::Sql;
use super::filter::forget_filter;
use super::memory::put_engine;
use super::pairs::{StoredBitext, StoredDocument, load_beads};
use super::rows::int;
use super::{Engines, Store};
use crate::bitext::{Bead, Bitext};
use crate::document::{Document, Span};
use crate::error::{Error, Result};

impl Store {
    /// Stores a bitext with its documents, in one transaction, in place of what was stored for documents of
    /// the same two names. Older texts of these names go too, unless another bitext uses them.
    ///
    /// # Errors
    /// [`Error::Store`] as of [`Store::remember`]; the store is as before then. [`Error::Alignment`] where a
    /// score is not a number.
    pub fn save(&mut self, bitext: &Bitext, engines: &Engines<'_>) -> Result<()> {
        check_scores(bitext)?;
        self.write(|tx| put(tx, bitext, engines))
    }
}

/// SQLite has no NaN: it would become NULL, and the whole transaction with it.
pub(super) fn check_scores(bitext: &Bitext) -> Result<()> {
    let Some(i) = bitext.beads().iter().position(|bead| !bead.score.is_finite()) else { return Ok(()) };
    let name = format!("{} / {}", bitext.source().name(), bitext.target().name());
    Err(Error::Alignment { name, what: format!("the score of bead {i} is not a number") })
}

/// Puts a bitext with its documents in place of what is stored for documents of the same two names.
pub(super) fn put(tx: &Transaction<'_>, bitext: &Bitext, engines: &Engines<'_>) -> Sql<()> {
    let (source, target) = (bitext.source(), bitext.target());
    let names = (source.name(), target.name());
    let engines_before = remove_bitexts(tx, names)?;
    let documents = (
        NewDocument::of(source).put(tx, OnConflict::Newer)?,
        NewDocument::of(target).put(tx, OnConflict::Newer)?,
    );
    let id = put_bitext(tx, documents, bitext.signature(), engines)?;
    put_beads(tx, id, bitext.beads(), |at| Ok(source.slice(at)), |at| Ok(target.slice(at)))?;
    remove_unused(tx, names, &engines_before)?;
    forget_filter(tx)
}

/// A document on its way into a store.
pub(super) struct NewDocument<'a> {
    pub(super) name: &'a str,
    pub(super) lang: &'a str,
    /// The digest of its text, and that of its sentences' places.
    pub(super) hash: Vec<u8>,
    pub(super) cut: Vec<u8>,
    /// Address, title, author and date.
    pub(super) meta: [Option<&'a str>; 4],
    pub(super) text: &'a str,
    pub(super) spans: &'a [Span],
}

impl<'a> NewDocument<'a> {
    fn of(document: &'a Document) -> NewDocument<'a> {
        let meta = document.meta();
        NewDocument {
            name: document.name(),
            lang: document.lang().as_str(),
            hash: hash_of(document.text()),
            cut: cut_of(document.spans()),
            meta: [&meta.url, &meta.title, &meta.byline, &meta.date].map(Option::as_deref),
            text: document.text(),
            spans: document.spans(),
        }
    }

    /// The document's row, made if there is none with this name, language, text and sentences; where there is
    /// one, `meta` says what becomes of its address and the like.
    pub(super) fn put(&self, tx: &Transaction<'_>, meta: OnConflict) -> Sql<i64> {
        let set = ["url", "title", "byline", "date"].map(|column| match meta {
            OnConflict::Newer => format!("{column} = excluded.{column}"),
            OnConflict::Lesser => {
                format!("{column} = coalesce(min({column}, excluded.{column}), {column}, excluded.{column})")
            }
        });
        let sql = format!(
            "INSERT INTO document (name, lang, hash, cut, url, title, byline, date, text)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
             ON CONFLICT (name, lang, hash, cut) DO UPDATE SET {} RETURNING id",
            set.join(", ")
        );
        let [url, title, byline, date] = self.meta;
        let row = params![self.name, self.lang, self.hash, self.cut, url, title, byline, date, self.text];
        let id = tx.prepare_cached(&sql)?.query_row(row, |row| row.get(0))?;
        // The cut is part of what the row was found by: sentences that are there already are the same ones.
        let mut insert = tx.prepare_cached(
            "INSERT INTO sentence (document, number, start, stop) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO NOTHING",
        )?;
        for (number, span) in self.spans.iter().enumerate() {
            insert.execute(params![id, int(number), int(span.start), int(span.end)])?;
        }
        Ok(id)
    }
}

/// What stays of two statements about one document.
#[derive(Clone, Copy)]
pub(super) enum OnConflict {
    /// The one that comes in.
    Newer,
    /// The lesser text: no matter which comes first.
    Lesser,
}

/// The digest of a text.
pub(super) fn hash_of(text: &str) -> Vec<u8> {
    Sha256::digest(text).to_vec()
}

/// The digest of the places of a text's sentences.
pub(super) fn cut_of(spans: &[Span]) -> Vec<u8> {
    let mut digest = Sha256::new();
    for span in spans {
        digest.update((span.start as u64).to_le_bytes());
        digest.update((span.end as u64).to_le_bytes());
    }
    digest.finalize().to_vec()
}

pub(super) fn put_bitext(
    tx: &Transaction<'_>,
    (source, target): (i64, i64),
    signature: &str,
    engines: &Engines<'_>,
) -> Sql<i64> {
    let source_engine = engines.source.map(|engine| put_engine(tx, engine)).transpose()?;
    let target_engine = engines.target.map(|engine| put_engine(tx, engine)).transpose()?;
    tx.execute(
        "INSERT INTO bitext (source, target, signature, source_engine, target_engine)
         VALUES (?1, ?2, ?3, ?4, ?5)",
        params![source, target, signature, source_engine, target_engine],
    )?;
    Ok(tx.last_insert_rowid())
}

/// Stores the beads and, of those with two sides, their text in the index of the concordance.
pub(super) fn put_beads<'a>(
    tx: &Transaction<'_>,
    bitext: i64,
    beads: &[Bead],
    source: impl Fn(Range<usize>) -> Sql<&'a str>,
    target: impl Fn(Range<usize>) -> Sql<&'a str>,
) -> Sql<()> {
    let mut insert = tx.prepare_cached(
        "INSERT INTO bead (bitext, number, source_first, source_count, target_first, target_count, score)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    let mut index = tx.prepare_cached("INSERT INTO pair_text (rowid, source, target) VALUES (?1, ?2, ?3)")?;
    for (number, bead) in beads.iter().enumerate() {
        insert.execute(params![
            bitext,
            int(number),
            int(bead.source.start),
            int(bead.source.len()),
            int(bead.target.start),
            int(bead.target.len()),
            bead.score,
        ])?;
        if !bead.is_null() {
            let (source, target) = (source(bead.source.clone())?, target(bead.target.clone())?);
            index.execute(params![tx.last_insert_rowid(), source, target])?;
        }
    }
    Ok(())
}

/// Removes what is stored for two documents of these names, whatever their texts and languages; returns the
/// engines that may be without use now.
pub(super) fn remove_bitexts(tx: &Transaction<'_>, (source, target): (&str, &str)) -> Sql<Vec<i64>> {
    let mut select = tx.prepare_cached(
        "SELECT bitext.id, bitext.source, bitext.target, source_engine, target_engine FROM bitext
         JOIN document s ON s.id = bitext.source JOIN document t ON t.id = bitext.target
         WHERE s.name = ?1 AND t.name = ?2",
    )?;
    let old = select.query_map([source, target], StoredBitext::of)?.collect::<Sql<Vec<_>>>()?;
    for bitext in &old {
        unindex(tx, bitext)?;
        tx.execute("DELETE FROM bitext WHERE id = ?1", [bitext.id])?; // and, by cascade, its beads
    }
    Ok(old.iter().flat_map(|bitext| [bitext.source_engine, bitext.target_engine]).flatten().collect())
}

/// Takes a bitext's pairs out of the index, which must be told the text that it was given.
fn unindex(tx: &Transaction<'_>, bitext: &StoredBitext) -> Sql<()> {
    let source = StoredDocument::load(tx, bitext.source)?;
    let target = StoredDocument::load(tx, bitext.target)?;
    let mut delete = tx.prepare_cached(
        "INSERT INTO pair_text (pair_text, rowid, source, target) VALUES ('delete', ?1, ?2, ?3)",
    )?;
    for bead in load_beads(tx, bitext.id)?.iter().filter(|bead| bead.has_two_sides()) {
        delete.execute(params![bead.id, source.slice(&bead.source)?, target.slice(&bead.target)?])?;
    }
    Ok(())
}

/// Removes those of the documents of these names, and of these engines, that nothing uses any more.
pub(super) fn remove_unused(
    tx: &Transaction<'_>,
    (source, target): (&str, &str),
    engines: &[i64],
) -> Sql<()> {
    tx.execute(
        "DELETE FROM document WHERE name IN (?1, ?2)
         AND NOT EXISTS (SELECT 1 FROM bitext WHERE bitext.source = document.id)
         AND NOT EXISTS (SELECT 1 FROM bitext WHERE bitext.target = document.id)",
        [source, target],
    )?;
    for engine in engines {
        tx.execute(
            "DELETE FROM engine WHERE id = ?1
             AND NOT EXISTS (SELECT 1 FROM translation WHERE translation.engine = ?1)
             AND NOT EXISTS (SELECT 1 FROM bitext WHERE source_engine = ?1 OR target_engine = ?1)",
            [engine],
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::split::Split;
    use crate::store::testing::{assert_sound, bitext, document, rows, texts};

    #[test]
    fn saving_again_replaces_whatever_changed() {
        let mut store = Store::in_memory().unwrap();
        let none = Engines::default();
        store.save(&bitext(("a.de", "Eins\nZwei"), ("a.en", "One\nTwo")), &none).unwrap();
        store.save(&bitext(("a.de", "Eins\nZwei"), ("a.en", "One\nTwo")), &none).unwrap();
        assert_eq!((rows(&store, "bitext"), rows(&store, "document"), rows(&store, "sentence")), (1, 2, 4));
        // The German text is used elsewhere too, so its old form stays until that pair is aligned anew.
        store.save(&bitext(("a.de", "Eins\nZwei"), ("b.en", "First\nSecond")), &none).unwrap();
        store.save(&bitext(("a.de", "Drei"), ("a.en", "Three")), &none).unwrap();
        assert_eq!(texts(&store).len(), 3);
        assert_eq!(rows(&store, "document"), 4);
        store.save(&bitext(("a.de", "Drei"), ("b.en", "Third")), &none).unwrap();
        assert_eq!(texts(&store), [("Drei".into(), "Three".into()), ("Drei".into(), "Third".into())]);
        assert_eq!((rows(&store, "document"), rows(&store, "sentence"), rows(&store, "bead")), (3, 3, 2));
        assert!(store.search("eins", 9).unwrap().is_empty());
        assert_eq!(store.search("drei", 9).unwrap().len(), 2);
        assert_sound(&store);
    }

    #[test]
    fn the_same_text_split_in_another_way_is_another_document() {
        let mut store = Store::in_memory().unwrap();
        store.save(&bitext(("a.de", "Eins\nZwei"), ("a.en", "One\nTwo")), &Engines::default()).unwrap();
        let (source, target) = (document("a.de", "de", "Eins\nZwei"), document("c.en", "en", "Both"));
        let mut whole = source.clone();
        whole = Document::new("a.de".into(), whole.lang().clone(), "Eins Zwei".into(), Split::Lines);
        for source in [source, whole] {
            let beads = vec![Bead { source: 0..source.spans().len(), target: 0..1, score: 1.0 }];
            let bitext = Bitext::new(source, target.clone(), beads, "test".into()).unwrap();
            store.save(&bitext, &Engines::default()).unwrap();
            assert_sound(&store);
        }
        assert_eq!(rows(&store, "document"), 4);
    }

    #[test]
    fn a_full_disk_fails_with_the_way_out_and_loses_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let mut store = Store::open(&directory.path().join("c.db")).unwrap();
        store.remember("engine", &[("Ja.", "Yes.")]).unwrap();
        // SQLite's own limit on pages makes the error that a full disk makes.
        let pages: i64 = store.connection.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
        store.connection.pragma_update(None, "max_page_count", pages).unwrap();
        let long = "x".repeat(1 << 20);
        let error = store.remember("engine", &[("Nein.", "No."), ("lang", &long)]).unwrap_err().to_string();
        assert!(error.contains("the disk is full; make room"), "{error}");
        let error = store
            .save(&bitext((&long, &long), ("a.en", "One")), &Engines::default())
            .unwrap_err()
            .to_string();
        assert!(error.contains("the disk is full; make room"), "{error}");
        assert_eq!(store.recall("engine", &["Ja.", "Nein."]).unwrap(), [Some("Yes.".into()), None]);
        assert_sound(&store);
    }

    #[test]
    fn a_score_that_is_no_number_is_refused() {
        let (source, target) = (document("a.de", "de", "Eins"), document("a.en", "en", "One"));
        let beads = vec![Bead { source: 0..1, target: 0..1, score: f32::NAN }];
        let bitext = Bitext::new(source, target, beads, "test".into()).unwrap();
        let error = Store::in_memory().unwrap().save(&bitext, &Engines::default()).unwrap_err();
        assert!(error.to_string().contains("score of bead 0"), "{error}");
    }
}
