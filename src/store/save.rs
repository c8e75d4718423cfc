//! Storing a bitext with its documents, in place of what was stored under their names.

use rusqlite::{Transaction, params};
use sha2::{Digest, Sha256};

use super::errors::Sql;
use super::filter::forget_filter;
use super::memory::put_engine;
use super::pairs::{StoredBitext, StoredDocument, load_beads};
use super::rows::int;
use super::{Engines, Store};
use crate::bitext::Bitext;
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
    let names = (bitext.source().name(), bitext.target().name());
    remove_bitexts(tx, names)?;
    let source = put_document(tx, bitext.source())?;
    let target = put_document(tx, bitext.target())?;
    let id = put_bitext(tx, (source, target), bitext.signature(), engines)?;
    put_beads(tx, id, bitext)?;
    remove_unused_documents(tx, names)?;
    forget_filter(tx)
}

/// The document's row, made if there is none with this name, language, text and sentences.
fn put_document(tx: &Transaction<'_>, document: &Document) -> Sql<i64> {
    let meta = document.meta();
    let id = tx
        .prepare_cached(
            "INSERT INTO document (name, lang, hash, cut, url, title, byline, date, text)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
             ON CONFLICT (name, lang, hash, cut) DO UPDATE SET
                 url = excluded.url, title = excluded.title, byline = excluded.byline, date = excluded.date
             RETURNING id",
        )?
        .query_row(
            params![
                document.name(),
                document.lang().as_str(),
                Sha256::digest(document.text()).as_slice(),
                digest_of(document.spans()),
                meta.url,
                meta.title,
                meta.byline,
                meta.date,
                document.text(),
            ],
            |row| row.get(0),
        )?;
    // The cut is part of what the row was found by: sentences that are there already are the same ones.
    let mut insert = tx.prepare_cached(
        "INSERT INTO sentence (document, number, start, stop) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
    )?;
    for (number, span) in document.spans().iter().enumerate() {
        insert.execute(params![id, int(number), int(span.start), int(span.end)])?;
    }
    Ok(id)
}

fn digest_of(spans: &[Span]) -> Vec<u8> {
    let mut digest = Sha256::new();
    for span in spans {
        digest.update((span.start as u64).to_le_bytes());
        digest.update((span.end as u64).to_le_bytes());
    }
    digest.finalize().to_vec()
}

fn put_bitext(
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
fn put_beads(tx: &Transaction<'_>, bitext: i64, content: &Bitext) -> Sql<()> {
    let mut insert = tx.prepare_cached(
        "INSERT INTO bead (bitext, number, source_first, source_count, target_first, target_count, score)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    let mut index = tx.prepare_cached("INSERT INTO pair_text (rowid, source, target) VALUES (?1, ?2, ?3)")?;
    for (number, bead) in content.beads().iter().enumerate() {
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
            let source = content.source().slice(bead.source.clone());
            let target = content.target().slice(bead.target.clone());
            index.execute(params![tx.last_insert_rowid(), source, target])?;
        }
    }
    Ok(())
}

/// Removes what is stored for two documents of these names, whatever their texts and languages.
fn remove_bitexts(tx: &Transaction<'_>, (source, target): (&str, &str)) -> Sql<()> {
    let mut select = tx.prepare_cached(
        "SELECT bitext.id, bitext.source, bitext.target, source_engine, target_engine FROM bitext
         JOIN document s ON s.id = bitext.source JOIN document t ON t.id = bitext.target
         WHERE s.name = ?1 AND t.name = ?2",
    )?;
    let old = select.query_map([source, target], StoredBitext::of)?.collect::<Sql<Vec<_>>>()?;
    for bitext in old {
        unindex(tx, &bitext)?;
        tx.execute("DELETE FROM bitext WHERE id = ?1", [bitext.id])?; // and, by cascade, its beads
    }
    Ok(())
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

/// Removes the documents of these names that no bitext uses any more.
fn remove_unused_documents(tx: &Transaction<'_>, (source, target): (&str, &str)) -> Sql<()> {
    tx.execute(
        "DELETE FROM document WHERE name IN (?1, ?2)
         AND NOT EXISTS (SELECT 1 FROM bitext WHERE bitext.source = document.id)
         AND NOT EXISTS (SELECT 1 FROM bitext WHERE bitext.target = document.id)",
        [source, target],
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bitext::Bead;
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
