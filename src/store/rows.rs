//! The rows of a store: each query a function with a name. They know nothing of files.

use std::ops::Range;

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Transaction, ffi, params};
use sha2::{Digest, Sha256};

use super::open::Sql;
use super::{Engines, LangStats, Stats};
use crate::bitext::{Bitext, PairSide};
use crate::document::{Document, Span};
use crate::lang::Lang;

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

/// Stores a translation, unless the engine has one of this sentence.
pub(super) fn put_english(tx: &Transaction<'_>, engine: i64, sentence: &str, english: &str) -> Sql<()> {
    let sql =
        "INSERT INTO translation (engine, sentence, english) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
    tx.prepare_cached(sql)?.execute(params![engine, sentence, english])?;
    Ok(())
}

/// The document's row, made if there is none with this name, language, text and sentences.
pub(super) fn put_document(tx: &Transaction<'_>, document: &Document) -> Sql<i64> {
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
pub(super) fn put_beads(tx: &Transaction<'_>, bitext: i64, content: &Bitext) -> Sql<()> {
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
pub(super) fn remove_bitexts(tx: &Transaction<'_>, (source, target): (&str, &str)) -> Sql<()> {
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
pub(super) fn remove_unused_documents(tx: &Transaction<'_>, (source, target): (&str, &str)) -> Sql<()> {
    tx.execute(
        "DELETE FROM document WHERE name IN (?1, ?2)
         AND NOT EXISTS (SELECT 1 FROM bitext WHERE bitext.source = document.id)
         AND NOT EXISTS (SELECT 1 FROM bitext WHERE bitext.target = document.id)",
        [source, target],
    )?;
    Ok(())
}

/// The bitexts in these languages (`None`: any) in the order of an export: a pair of names is there once.
pub(super) fn bitexts_of(connection: &Connection, langs: [Option<&str>; 2]) -> Sql<Vec<StoredBitext>> {
    let mut select = connection.prepare_cached(
        "SELECT bitext.id, bitext.source, bitext.target, source_engine, target_engine FROM bitext
         JOIN document s ON s.id = bitext.source JOIN document t ON t.id = bitext.target
         WHERE (?1 IS NULL OR s.lang = ?1) AND (?2 IS NULL OR t.lang = ?2)
         ORDER BY s.name, t.name",
    )?;
    select.query_map(langs, StoredBitext::of)?.collect()
}

/// The languages of source and target, each pair once, sorted.
pub(super) fn language_pairs(connection: &Connection) -> Sql<Vec<(Lang, Lang)>> {
    let mut select = connection.prepare_cached(
        "SELECT DISTINCT s.lang, t.lang FROM bitext
         JOIN document s ON s.id = bitext.source JOIN document t ON t.id = bitext.target ORDER BY 1, 2",
    )?;
    select.query_map([], |row| Ok((lang(row.get(0)?)?, lang(row.get(1)?)?)))?.collect()
}

pub(super) struct StoredBitext {
    pub(super) id: i64,
    pub(super) source: i64,
    pub(super) target: i64,
    pub(super) source_engine: Option<i64>,
    pub(super) target_engine: Option<i64>,
}

impl StoredBitext {
    fn of(row: &rusqlite::Row<'_>) -> Sql<StoredBitext> {
        Ok(StoredBitext {
            id: row.get(0)?,
            source: row.get(1)?,
            target: row.get(2)?,
            source_engine: row.get(3)?,
            target_engine: row.get(4)?,
        })
    }
}

pub(super) struct StoredBead {
    pub(super) id: i64,
    pub(super) source: Range<usize>,
    pub(super) target: Range<usize>,
    pub(super) score: f32,
}

impl StoredBead {
    pub(super) fn has_two_sides(&self) -> bool {
        !self.source.is_empty() && !self.target.is_empty()
    }
}

pub(super) fn load_beads(connection: &Connection, bitext: i64) -> Sql<Vec<StoredBead>> {
    let mut select = connection.prepare_cached(
        "SELECT id, source_first, source_count, target_first, target_count, score FROM bead
         WHERE bitext = ?1 ORDER BY number",
    )?;
    let beads = select.query_map([bitext], |row| {
        let range = |column| {
            Ok::<_, rusqlite::Error>(from(row, column)?..from(row, column)? + from(row, column + 1)?)
        };
        Ok(StoredBead { id: row.get(0)?, source: range(1)?, target: range(3)?, score: row.get(5)? })
    })?;
    beads.collect()
}

pub(super) struct StoredDocument {
    name: String,
    lang: Lang,
    url: Option<String>,
    text: String,
    spans: Vec<Span>,
}

impl StoredDocument {
    pub(super) fn load(connection: &Connection, id: i64) -> Sql<StoredDocument> {
        let mut sentences = connection
            .prepare_cached("SELECT start, stop FROM sentence WHERE document = ?1 ORDER BY number")?;
        let spans = sentences
            .query_map([id], |row| Ok(Span { start: from(row, 0)?, end: from(row, 1)? }))?
            .collect::<Sql<Vec<_>>>()?;
        let mut select =
            connection.prepare_cached("SELECT name, lang, url, text FROM document WHERE id = ?1")?;
        select.query_row([id], |row| {
            Ok(StoredDocument {
                name: row.get(0)?,
                lang: lang(row.get(1)?)?,
                url: row.get(2)?,
                text: row.get(3)?,
                spans,
            })
        })
    }

    /// Where some sentences lie, from the first to the last; an error where the store was tampered with.
    fn span(&self, sentences: &Range<usize>) -> Sql<Span> {
        let span = match self.spans.get(sentences.clone()) {
            Some([first, .., last]) => Some(Span { start: first.start, end: last.end }),
            Some([only]) => Some(*only),
            _ => None,
        };
        let span = span.filter(|span| self.text.get(span.start..span.end).is_some());
        span.ok_or_else(|| damaged(format!("no sentences {sentences:?} in document {}", self.name)))
    }

    fn slice(&self, sentences: &Range<usize>) -> Sql<&str> {
        self.span(sentences).map(|span| span.of(&self.text))
    }

    pub(super) fn side<'a>(
        &'a self,
        sentences: &Range<usize>,
        english: Option<&'a str>,
    ) -> Sql<PairSide<'a>> {
        let span = self.span(sentences)?;
        Ok(PairSide {
            document: &self.name,
            lang: &self.lang,
            url: self.url.as_deref(),
            sentences: sentences.clone(),
            span: Some(span),
            text: span.of(&self.text),
            english,
        })
    }

    /// The English of the sentences by this engine, with blanks between; `None` where one is missing.
    pub(super) fn english(
        &self,
        connection: &Connection,
        engine: Option<i64>,
        sentences: &Range<usize>,
    ) -> Sql<Option<String>> {
        let Some(engine) = engine else { return Ok(None) };
        let each = sentences.clone().map(|number| {
            let sentence = self.slice(&(number..number + 1))?;
            find_english(connection, engine, sentence)
        });
        Ok(each.collect::<Sql<Option<Vec<_>>>>()?.map(|english| english.join(" ")))
    }
}

pub(super) fn count(connection: &Connection) -> Sql<Stats> {
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

fn for_each_row(
    connection: &Connection,
    sql: &str,
    mut each: impl FnMut(&rusqlite::Row<'_>) -> Sql<()>,
) -> Sql<()> {
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        each(row)?;
    }
    Ok(())
}

/// SQLite's integers are signed; sizes in memory fit them.
fn int(number: usize) -> Value {
    Value::Integer(i64::try_from(number).expect("sizes in memory fit 63 bits"))
}

pub(super) fn from(row: &rusqlite::Row<'_>, column: usize) -> Sql<usize> {
    let number: i64 = row.get(column)?;
    usize::try_from(number).map_err(|_| damaged(format!("a place of {number}")))
}

fn natural(row: &rusqlite::Row<'_>, column: usize) -> Sql<u64> {
    Ok(from(row, column)? as u64)
}

pub(super) fn lang(tag: String) -> Sql<Lang> {
    tag.parse().map_err(|_| damaged(format!("a language {tag:?}")))
}

/// The error for rows that this program would not have written.
pub(super) fn damaged(what: String) -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_CORRUPT), Some(what))
}
