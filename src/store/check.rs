//! Whether a store is what this program would have written: the file, the tables, and what they say of each
//! other. Nothing is changed and nothing is assumed; one document pair is in memory at a time.

use rusqlite::{Connection, ErrorCode, Transaction};

use super::Store;
use super::errors::{At, Sql};
use super::pairs::{BITEXTS, StoredBitext, StoredDocument, load_beads};
use super::rows::{damaged, for_each_row};
use super::save::{cut_of, hash_of};
use crate::bitext::{self, Bead};
use crate::error::Result;

/// Something in a store that should not be so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What sort of thing is wrong: `file`, `schema`, `reference`, `orphan`, `document`, `beads`, `score`,
    /// `input`, `index`, `setting`.
    pub kind: &'static str,
    /// What is wrong, and where.
    pub what: String,
    /// What to do about it.
    pub advice: &'static str,
}

const RESTORE: &str = "restore a copy of the file, or save what is left with `sqlite3 FILE .recover`";
const ALIGN: &str = "align or build these documents again";
const REWRITE: &str = "harmless; `diptych merge NEW FILE` writes a store without it";
const REINDEX: &str = "`diptych merge NEW FILE` writes a store with a new index";

/// Findings of one sort beyond which one more would say nothing new.
const MOST: usize = 100;

impl Store {
    /// Looks for what should not be so, at most 100 findings a sort: the file's own integrity, references,
    /// documents and engines that nothing uses, texts and sentences that do not fit their digests, beads that
    /// do not cover both sides once and in order, scores out of range, inputs said to be done that are not,
    /// and a search index that differs from the text. `hear` is told how many document pairs are done.
    ///
    /// # Errors
    /// The error of `hear`; [`Error::Store`](crate::Error::Store) where the file cannot be read at all. What
    /// is damaged inside of it is a finding.
    pub fn check(&self, hear: &mut dyn FnMut(usize) -> Result<()>) -> Result<Vec<Finding>> {
        let mut findings = Vec::new();
        let checked = self.read(|snapshot| self.check_into(snapshot, &mut findings, hear));
        match checked {
            Err(_) if findings.iter().any(|finding| finding.kind == "file") => {}
            checked => checked?,
        }
        // Asking the index is a statement that writes, though it changes nothing.
        if findings.is_empty() && !self.connection.is_readonly("main").at(&self.path)? {
            findings.extend(check_index(&self.connection).at(&self.path)?);
        }
        Ok(findings)
    }

    fn check_into(
        &self,
        snapshot: &Transaction<'_>,
        findings: &mut Vec<Finding>,
        hear: &mut dyn FnMut(usize) -> Result<()>,
    ) -> Result<()> {
        check_file(snapshot, findings).or_else(|error| as_finding(error, findings)).at(&self.path)?;
        check_schema(snapshot, findings).at(&self.path)?;
        if !findings.is_empty() {
            return Ok(()); // what the tables say means nothing then
        }
        check_references(snapshot, findings).at(&self.path)?;
        check_rows(snapshot, findings).at(&self.path)?;
        let mut bitexts = snapshot.prepare(BITEXTS).at(&self.path)?;
        let mut rows = bitexts.query([None::<&str>, None]).at(&self.path)?;
        let mut done = 0;
        while let Some(row) = rows.next().at(&self.path)? {
            let bitext = StoredBitext::of(row).at(&self.path)?;
            check_bitext(snapshot, &bitext, findings)
                .or_else(|error| as_finding(error, findings))
                .at(&self.path)?;
            done += 1;
            hear(done)?;
        }
        Ok(())
    }
}

fn finding(kind: &'static str, what: String, advice: &'static str) -> Finding {
    Finding { kind, what, advice }
}

/// Adds a finding, unless there are enough of its sort.
fn add(findings: &mut Vec<Finding>, new: Finding) {
    match findings.iter().filter(|old| old.kind == new.kind).count() {
        MOST => findings.push(Finding { what: "and more of this sort".into(), ..new }),
        count if count < MOST => findings.push(new),
        _ => {}
    }
}

/// What SQLite itself calls damage, and values of another kind than they should be, are findings; anything else
/// is an error.
fn as_finding(error: rusqlite::Error, findings: &mut Vec<Finding>) -> Sql<()> {
    use rusqlite::Error::{FromSqlConversionFailure, IntegralValueOutOfRange, InvalidColumnType, Utf8Error};
    let value = matches!(
        error,
        InvalidColumnType(..) | FromSqlConversionFailure(..) | IntegralValueOutOfRange(..) | Utf8Error(..)
    );
    if !value && error.sqlite_error_code() != Some(ErrorCode::DatabaseCorrupt) {
        return Err(error);
    }
    add(findings, finding("file", error.to_string(), RESTORE));
    Ok(())
}

fn check_file(connection: &Connection, findings: &mut Vec<Finding>) -> Sql<()> {
    for_each_row(connection, "PRAGMA integrity_check(100)", |row| {
        let what: String = row.get(0)?;
        // The index of the concordance is asked about for itself.
        if what != "ok" && !what.contains("pair_text") {
            add(findings, finding("file", what, RESTORE));
        }
        Ok(())
    })
}

/// Tables and columns are those of a new store.
fn check_schema(connection: &Connection, findings: &mut Vec<Finding>) -> Sql<()> {
    let sql = "SELECT rtrim(s.type || ' ' || s.name || coalesce('.' || c.name || ' ' || c.type, ''))
               FROM sqlite_schema s LEFT JOIN pragma_table_xinfo(s.name) c ON s.type IN ('table', 'view')
               WHERE s.name NOT LIKE 'sqlite_%' ORDER BY 1";
    let parts = |connection: &Connection| -> Sql<Vec<String>> {
        let mut parts = Vec::new();
        for_each_row(connection, sql, |row| {
            parts.push(row.get(0)?);
            Ok(())
        })?;
        Ok(parts)
    };
    let new = Store::in_memory().map_err(|error| damaged(error.to_string()))?;
    let (own, expected) = (parts(connection)?, parts(&new.connection)?);
    for part in expected.iter().filter(|part| !own.contains(part)) {
        add(findings, finding("schema", format!("{part} is missing"), RESTORE));
    }
    for part in own.iter().filter(|part| !expected.contains(part)) {
        add(findings, finding("schema", format!("{part} is not part of a store"), REWRITE));
    }
    Ok(())
}

fn check_references(connection: &Connection, findings: &mut Vec<Finding>) -> Sql<()> {
    for_each_row(connection, "PRAGMA foreign_key_check", |row| {
        let (table, parent): (String, String) = (row.get(0)?, row.get(2)?);
        let what = match row.get::<_, Option<i64>>(1)? {
            Some(id) => format!("row {id} of {table} names a {parent} that is not there"),
            None => format!("a row of {table} names a {parent} that is not there"),
        };
        add(findings, finding("reference", what, RESTORE));
        Ok(())
    })
}

/// A query for rows that should not be there, as text; the sort of finding; what to do.
const ROWS: &[(&str, &str, &str)] = &[
    (
        "SELECT 'no bitext uses document ' || name FROM document
         WHERE NOT EXISTS (SELECT 1 FROM bitext WHERE source = document.id)
         AND NOT EXISTS (SELECT 1 FROM bitext WHERE target = document.id) ORDER BY name",
        "orphan",
        REWRITE,
    ),
    (
        "SELECT 'nothing was translated by engine ' || signature FROM engine
         WHERE NOT EXISTS (SELECT 1 FROM translation WHERE engine = engine.id)
         AND NOT EXISTS (SELECT 1 FROM bitext WHERE source_engine = engine.id)
         AND NOT EXISTS (SELECT 1 FROM bitext WHERE target_engine = engine.id) ORDER BY signature",
        "orphan",
        REWRITE,
    ),
    (
        "SELECT 'several bitexts of ' || s.name || ' and ' || t.name FROM bitext
         JOIN document s ON s.id = bitext.source JOIN document t ON t.id = bitext.target
         GROUP BY s.name, t.name HAVING count(*) > 1 ORDER BY s.name, t.name",
        "orphan",
        ALIGN,
    ),
    (
        "SELECT 'bead ' || number || ' of ' || s.name || ' and ' || t.name || ' has a score of ' || score
         FROM bead JOIN bitext ON bitext.id = bead.bitext
         JOIN document s ON s.id = bitext.source JOIN document t ON t.id = bitext.target
         WHERE typeof(score) != 'real' OR NOT score BETWEEN 0 AND 1 ORDER BY s.name, t.name, number",
        "score",
        ALIGN,
    ),
    (
        "SELECT 'said to be done, but not stored: ' || source || ' and ' || target FROM input
         WHERE reason IS NULL AND NOT EXISTS (
             SELECT 1 FROM bitext JOIN document s ON s.id = bitext.source JOIN document t ON t.id = bitext.target
             WHERE s.name = input.source AND t.name = input.target) ORDER BY source, target",
        "input",
        ALIGN,
    ),
    (
        "SELECT 'a merge into this store was not completed' FROM setting WHERE name = 'merging'",
        "setting",
        "run the same `diptych merge` again",
    ),
];

fn check_rows(connection: &Connection, findings: &mut Vec<Finding>) -> Sql<()> {
    for (sql, kind, advice) in ROWS {
        for_each_row(connection, sql, |row| {
            add(findings, finding(kind, row.get(0)?, advice));
            Ok(())
        })?;
    }
    Ok(())
}

fn check_bitext(connection: &Connection, bitext: &StoredBitext, findings: &mut Vec<Finding>) -> Sql<()> {
    let documents =
        [StoredDocument::load(connection, bitext.source)?, StoredDocument::load(connection, bitext.target)?];
    for (document, id) in documents.iter().zip([bitext.source, bitext.target]) {
        if let Some(what) = document_fault(connection, document, id)? {
            add(findings, finding("document", format!("{}: {what}", document.name), ALIGN));
        }
    }
    let beads = load_beads(connection, bitext.id)?.into_iter();
    let beads: Vec<Bead> =
        beads.map(|bead| Bead { source: bead.source, target: bead.target, score: bead.score }).collect();
    let [source, target] = &documents;
    if let Err(what) = bitext::check(&beads, source.spans.len(), target.spans.len()) {
        add(findings, finding("beads", format!("{} and {}: {what}", source.name, target.name), ALIGN));
    }
    Ok(())
}

/// What is wrong with a document's text or the places of its sentences.
fn document_fault(connection: &Connection, document: &StoredDocument, id: i64) -> Sql<Option<String>> {
    let mut before = 0;
    for (number, span) in document.spans.iter().enumerate() {
        if span.start < before || span.end < span.start {
            return Ok(Some(format!("sentence {number} lies before the one before it ends")));
        }
        if document.text.get(span.start..span.end).is_none() {
            return Ok(Some(format!("sentence {number} does not lie in the text")));
        }
        before = span.end;
    }
    let sql = "SELECT hash, cut, (SELECT coalesce(max(number) + 1, 0) FROM sentence WHERE document = ?1)
               FROM document WHERE id = ?1";
    let (hash, cut, numbers): (Vec<u8>, Vec<u8>, i64) =
        connection.prepare_cached(sql)?.query_row([id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(if numbers != document.spans.len() as i64 {
        Some("a sentence is missing between others".into())
    } else if hash != hash_of(&document.text) {
        Some("the text is not the one that was stored".into())
    } else if cut != cut_of(&document.spans) {
        Some("the sentences are not the ones that were stored".into())
    } else {
        None
    })
}

fn check_index(connection: &Connection) -> Sql<Option<Finding>> {
    let sql = "INSERT INTO pair_text (pair_text, rank) VALUES ('integrity-check', 1)";
    match connection.execute(sql, []) {
        Ok(_) => Ok(None),
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseCorrupt) => {
            let what = "the index of the search differs from the stored pairs".into();
            Ok(Some(finding("index", what, REINDEX)))
        }
        Err(error) => Err(error),
    }
}
