//! The store: one SQLite file with documents, their sentences, the translation memory and the bitexts. All SQL
//! is here and in store/; each query is a method with a name.
//!
//! Durability: write-ahead logging with `synchronous = FULL`, so what a method has returned from survives a
//! killed process and a power cut. The cost is one sync a transaction, and a transaction is a whole document
//! or batch of translations, so it is not felt. Every write begins `IMMEDIATE`: a second process waits for
//! its turn at the start instead of failing in the middle.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use rusqlite::types::Value;
use rusqlite::{
    Connection, ErrorCode, OpenFlags, OptionalExtension, Transaction, TransactionBehavior, ffi, params,
};
use sha2::{Digest, Sha256};

use crate::bitext::{AlignedPair, Bitext, PairSide};
use crate::document::{Document, Span};
use crate::error::{Error, Result};
use crate::lang::Lang;

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

/// Which pairs [`Store::for_each_pair`] hands out. The default: all.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PairFilter {
    /// The lowest score, from 0 to 1.
    pub min_score: f32,
    /// Only beads with one sentence on each side.
    pub one_to_one: bool,
    /// Only sources in this language.
    pub source_lang: Option<Lang>,
    /// Only targets in this language.
    pub target_lang: Option<Lang>,
    /// Look up the stored English of both sides too.
    pub english: bool,
}

/// A pair that holds what was searched for.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// The source side.
    pub source: HitSide,
    /// The target side.
    pub target: HitSide,
    /// The bead's score, from 0 to 1.
    pub score: f32,
}

/// One side of a [`Hit`].
#[derive(Debug, Clone, PartialEq)]
pub struct HitSide {
    /// The document's name.
    pub document: String,
    /// The document's language.
    pub lang: Lang,
    /// The document's address, where it states one.
    pub url: Option<String>,
    /// The sentences' numbers, from 0.
    pub sentences: Range<usize>,
    /// Their place in the document's text, in bytes.
    pub span: Span,
    /// Their text as written.
    pub text: String,
    /// The words and phrases found, as places in `text`, in bytes.
    pub matches: Vec<Span>,
}

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

/// "dipt": says that an SQLite file is one of ours.
const APPLICATION_ID: i64 = 0x6469_7074;
/// What brings a store from version i (`user_version`) to version i + 1. A change of schema is a new entry;
/// the old ones stay.
const MIGRATIONS: &[&str] = &[include_str!("store/schema-1.sql"), include_str!("store/schema-2.sql")];
/// How long to wait for another process to end its transaction.
const PATIENCE: Duration = Duration::from_secs(10);
/// Marks around what a search found: Unicode noncharacters, which no text should hold.
const MARKS: (char, char) = ('\u{FDD0}', '\u{FDD1}');

impl Store {
    /// Opens the store at `path` for reading and writing; makes one where there is no file.
    ///
    /// # Errors
    /// [`Error::Store`]: a file that is no store or of a newer version, a missing or read-only directory, a
    /// read-only file, a full disk, or another process that holds the store for more than 10 seconds.
    pub fn open(path: &Path) -> Result<Store> {
        refuse_directory(path)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        let connection = Connection::open_with_flags(path, flags).at(path)?;
        if connection.is_readonly("main").at(path)? {
            return Err(refusal(path, READ_ONLY));
        }
        Store::prepare(connection, path)
    }

    /// Opens the store at `path`, which must exist. A store that may only be read can be read; writing
    /// methods then fail.
    ///
    /// # Errors
    /// [`Error::Store`] as of [`Store::open`], and where there is no file.
    pub fn open_existing(path: &Path) -> Result<Store> {
        refuse_directory(path)?;
        if !path.exists() {
            return Err(refusal(path, "no such file; `diptych align --store` makes one"));
        }
        let (connection, unlocked) = open_to_read(path)?;
        let store = Store { connection, path: path.to_path_buf(), unlocked };
        match store.version()? {
            version if version == MIGRATIONS.len() => Ok(store),
            0 => Err(refusal(path, "an empty file, not a diptych store; name another")),
            _ if store.connection.is_readonly("main").at(path)? => {
                let what =
                    "made by an older diptych and read-only; make it writable, so that it can be updated";
                Err(refusal(path, what))
            }
            _ => Store::prepare(store.connection, path),
        }
    }

    /// A store that is gone when it is dropped: for runs that keep nothing.
    ///
    /// # Errors
    /// [`Error::Store`] where memory is short.
    pub fn in_memory() -> Result<Store> {
        let path = Path::new(":memory:");
        Store::prepare(Connection::open_in_memory().at(path)?, path)
    }

    /// Where the store lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The stored English of each of `sentences` by the engine with this `signature`, in order; `None` for
    /// those that it has not translated yet.
    ///
    /// # Errors
    /// [`Error::Store`] where the file cannot be read.
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
    /// [`Error::Store`]: read-only, full, or held by another process for more than 10 seconds. Nothing of
    /// `pairs` is stored then.
    pub fn remember(&mut self, signature: &str, pairs: &[(&str, &str)]) -> Result<()> {
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

    /// Stores a bitext with its documents, in one transaction, in place of what was stored for documents of
    /// the same two names. Older texts of these names go too, unless another bitext uses them.
    ///
    /// # Errors
    /// [`Error::Store`] as of [`Store::remember`]; the store is as before then. [`Error::Alignment`] where a
    /// score is not a number.
    pub fn save(&mut self, bitext: &Bitext, engines: &Engines<'_>) -> Result<()> {
        let names = (bitext.source().name(), bitext.target().name());
        if let Some(i) = bitext.beads().iter().position(|bead| !bead.score.is_finite()) {
            let name = format!("{} / {}", names.0, names.1);
            return Err(Error::Alignment { name, what: format!("the score of bead {i} is not a number") });
        }
        self.write(|tx| {
            remove_bitexts(tx, names)?;
            let source = put_document(tx, bitext.source())?;
            let target = put_document(tx, bitext.target())?;
            let id = put_bitext(tx, (source, target), bitext.signature(), engines)?;
            put_beads(tx, id, bitext)?;
            remove_unused_documents(tx, names)
        })
    }

    /// Hands every pair that passes `filter` to `each`, by names of the documents, then in order of the text;
    /// one document pair is in memory at a time. What other processes write meanwhile is not seen.
    ///
    /// # Errors
    /// The first error of `each`; [`Error::Store`] where the file cannot be read.
    pub fn for_each_pair(
        &self,
        filter: &PairFilter,
        each: &mut dyn FnMut(&AlignedPair<'_>) -> Result<()>,
    ) -> Result<()> {
        let langs = [&filter.source_lang, &filter.target_lang].map(|lang| lang.as_ref().map(Lang::as_str));
        self.read(|snapshot| {
            let mut bitexts = snapshot.prepare_cached(BITEXTS).at(&self.path)?;
            let mut rows = bitexts.query(langs).at(&self.path)?;
            while let Some(row) = rows.next().at(&self.path)? {
                let bitext = StoredBitext::of(row).at(&self.path)?;
                self.for_each_pair_of(snapshot, &bitext, filter, each)?;
            }
            Ok(())
        })
    }

    /// The languages of source and target that the stored bitexts have, each pair once, sorted.
    ///
    /// # Errors
    /// [`Error::Store`] where the file cannot be read.
    pub fn language_pairs(&self) -> Result<Vec<(Lang, Lang)>> {
        let sql = "SELECT DISTINCT s.lang, t.lang FROM bitext
             JOIN document s ON s.id = bitext.source JOIN document t ON t.id = bitext.target ORDER BY 1, 2";
        self.read(|snapshot| {
            let mut pairs = Vec::new();
            for_each_row(snapshot, sql, |row| {
                pairs.push((lang(row.get(0)?)?, lang(row.get(1)?)?));
                Ok(())
            })
            .at(&self.path)?;
            Ok(pairs)
        })
    }

    /// The pairs that hold every word of `query`, in either language, best first (BM25), at most `limit`.
    ///
    /// Case and diacritics make no difference. Words in double quotes are a phrase; `*` at the end of a word
    /// stands for any ending. Nothing else is special: any text is a query, and one without a word finds
    /// nothing. Chinese, Japanese and Thai, written without blanks, are found by whole phrases only.
    ///
    /// # Errors
    /// [`Error::Store`] where the file cannot be read.
    pub fn search(&self, query: &str, limit: usize) -> Result<Vec<Hit>> {
        let Some(query) = fts_query(query) else { return Ok(Vec::new()) };
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.read(|snapshot| find_hits(snapshot, &query, limit).at(&self.path))
    }

    /// Counts what the store holds.
    ///
    /// # Errors
    /// [`Error::Store`] where the file cannot be read.
    pub fn stats(&self) -> Result<Stats> {
        self.read(|snapshot| count(snapshot).at(&self.path))
    }

    /// Makes the schema or brings it up to date, and sets how the file is written.
    fn prepare(connection: Connection, path: &Path) -> Result<Store> {
        let store = Store { connection, path: path.to_path_buf(), unlocked: None };
        store.connection.busy_timeout(PATIENCE).at(path)?;
        // A second look inside the transaction: another process may have made the schema in between.
        if store.version()? != MIGRATIONS.len() {
            let begin = TransactionBehavior::Immediate;
            let tx = Transaction::new_unchecked(&store.connection, begin).at(path)?;
            migrate(&tx, store.version()?).and_then(|()| tx.commit()).at(path)?;
        }
        use_write_ahead_log(&store.connection).at(path)?;
        store.connection.pragma_update(None, "synchronous", "FULL").at(path)?;
        store.connection.pragma_update(None, "foreign_keys", true).at(path)?;
        store.connection.set_prepared_statement_cache_capacity(32);
        Ok(store)
    }

    /// The schema's version, 0 for a database without content.
    fn version(&self) -> Result<usize> {
        let (application, version, tables) = identity(&self.connection).at(&self.path)?;
        if (application, version, tables) == (0, 0, 0) {
            return Ok(0);
        }
        if application != APPLICATION_ID {
            return Err(refusal(
                &self.path,
                "an SQLite database, but not a diptych store; name another file",
            ));
        }
        let known = MIGRATIONS.len();
        if version > known as i64 {
            let what =
                format!("made by a newer diptych (schema {version}, this one knows {known}); update diptych");
            return Err(refusal(&self.path, what));
        }
        usize::try_from(version).map_err(|_| damaged(format!("schema {version}"))).at(&self.path)
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

    fn for_each_pair_of(
        &self,
        snapshot: &Transaction<'_>,
        bitext: &StoredBitext,
        filter: &PairFilter,
        each: &mut dyn FnMut(&AlignedPair<'_>) -> Result<()>,
    ) -> Result<()> {
        let source = StoredDocument::load(snapshot, bitext.source).at(&self.path)?;
        let target = StoredDocument::load(snapshot, bitext.target).at(&self.path)?;
        let wanted = |bead: &StoredBead| {
            bead.has_two_sides()
                && bead.score >= filter.min_score
                && (!filter.one_to_one || (bead.source.len(), bead.target.len()) == (1, 1))
        };
        for bead in load_beads(snapshot, bitext.id).at(&self.path)?.iter().filter(|bead| wanted(bead)) {
            let (english, reference) = if filter.english {
                (
                    source.english(snapshot, bitext.source_engine, &bead.source).at(&self.path)?,
                    target.english(snapshot, bitext.target_engine, &bead.target).at(&self.path)?,
                )
            } else {
                (None, None)
            };
            each(&AlignedPair {
                source: source.side(&bead.source, english.as_deref()).at(&self.path)?,
                target: target.side(&bead.target, reference.as_deref()).at(&self.path)?,
                score: bead.score,
            })?;
        }
        Ok(())
    }
}

impl Hit {
    /// The hit as the pair that an export writes.
    pub fn pair(&self) -> AlignedPair<'_> {
        AlignedPair { source: self.source.side(), target: self.target.side(), score: self.score }
    }
}

impl HitSide {
    fn side(&self) -> PairSide<'_> {
        PairSide {
            document: &self.document,
            lang: &self.lang,
            url: self.url.as_deref(),
            sentences: self.sentences.clone(),
            span: Some(self.span),
            text: &self.text,
            english: None,
        }
    }
}

type Sql<T> = rusqlite::Result<T>;

/// Says which store an SQL error is about.
trait At<T> {
    fn at(self, path: &Path) -> Result<T>;
}

impl<T> At<T> for Sql<T> {
    fn at(self, path: &Path) -> Result<T> {
        self.map_err(|error| explain(path, &error))
    }
}

const READ_ONLY: &str = "read-only; make the file and its directory writable, or name another store";

fn refusal(path: &Path, what: impl Into<String>) -> Error {
    Error::Store { path: path.to_path_buf(), what: what.into() }
}

/// What SQLite says, with the way out.
fn explain(path: &Path, error: &rusqlite::Error) -> Error {
    let text = error.to_string();
    let what = match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => {
            "not a diptych store (no SQLite file at all); name another file".into()
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => format!(
            "another process has been writing to it for over {} s; wait for that one to end, then run this again",
            PATIENCE.as_secs()
        ),
        Some(ErrorCode::DiskFull) => {
            "the disk is full; make room and run this again, all that was stored before is kept".into()
        }
        Some(ErrorCode::ReadOnly) => READ_ONLY.into(),
        Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => format!(
            "cannot be opened ({text}); see that its directory exists and that you may read and write both"
        ),
        Some(ErrorCode::SystemIoFailure) => {
            format!("{text}; the disk may be full, over quota or failing; all that was stored before is kept")
        }
        Some(ErrorCode::DatabaseCorrupt) => {
            format!("damaged ({text}); restore a copy, or save what is left with `sqlite3 FILE .recover`")
        }
        _ => text,
    };
    refusal(path, what)
}

fn refuse_directory(path: &Path) -> Result<()> {
    if path.as_os_str().is_empty() {
        return Err(refusal(path, "the name is empty; name a file"));
    }
    if path.is_dir() {
        return Err(refusal(path, "a directory; name a file in it"));
    }
    Ok(())
}

/// A connection that reads whatever can be read; with a stamp where that is done without locks.
fn open_to_read(path: &Path) -> Result<(Connection, Option<Stamp>)> {
    // Opened for writing where that is allowed (SQLite falls back by itself): only a connection that may
    // write cleans up the -wal and -shm files when it closes.
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE).at(path)?;
    connection.busy_timeout(PATIENCE).at(path)?;
    // To read a store with its log, SQLite makes files beside it. Who may not write the store cannot make
    // them in a read-only directory, and elsewhere would leave them behind, barring the owner from writing.
    // Without a log nobody is writing: the file is read as it lies, and a change of it is noticed.
    if connection.is_readonly("main").at(path)? && !has_log(path) {
        let stamp = Stamp::of(path);
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
        return Ok((Connection::open_with_flags(immutable_uri(path), flags).at(path)?, stamp));
    }
    Ok((connection, None))
}

/// When a file was last written, and its size.
#[derive(Debug, PartialEq, Eq)]
struct Stamp(SystemTime, u64);

impl Stamp {
    fn of(path: &Path) -> Option<Stamp> {
        let file = std::fs::metadata(path).ok()?;
        Some(Stamp(file.modified().ok()?, file.len()))
    }
}

fn has_log(path: &Path) -> bool {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    std::fs::metadata(log).is_ok_and(|log| log.len() > 0)
}

fn immutable_uri(path: &Path) -> String {
    let mut uri = String::from("file:");
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => uri.push(*byte as char),
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri + "?immutable=1"
}

/// Application id, schema version and number of tables.
fn identity(connection: &Connection) -> Sql<(i64, i64, i64)> {
    connection.query_row(
        "SELECT (SELECT application_id FROM pragma_application_id),
                (SELECT user_version FROM pragma_user_version),
                (SELECT count(*) FROM sqlite_schema)",
        [],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )
}

fn migrate(tx: &Transaction<'_>, version: usize) -> Sql<()> {
    for step in &MIGRATIONS[version..] {
        tx.execute_batch(step)?;
    }
    tx.pragma_update(None, "application_id", APPLICATION_ID)?;
    tx.pragma_update(None, "user_version", MIGRATIONS.len() as i64)
}

/// Switches to write-ahead logging. SQLite does not wait for this lock by itself, so it is asked again.
fn use_write_ahead_log(connection: &Connection) -> Sql<()> {
    let start = Instant::now();
    loop {
        match connection.pragma_update(None, "journal_mode", "WAL") {
            Err(error)
                if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
                    && start.elapsed() < PATIENCE =>
            {
                std::thread::sleep(Duration::from_millis(10));
            }
            result => return result,
        }
    }
}

fn find_engine(connection: &Connection, signature: &str) -> Sql<Option<i64>> {
    let mut select = connection.prepare_cached("SELECT id FROM engine WHERE signature = ?1")?;
    select.query_row([signature], |row| row.get(0)).optional()
}

fn put_engine(tx: &Transaction<'_>, signature: &str) -> Sql<i64> {
    if let Some(engine) = find_engine(tx, signature)? {
        return Ok(engine);
    }
    tx.execute("INSERT INTO engine (signature) VALUES (?1)", [signature])?;
    Ok(tx.last_insert_rowid())
}

fn find_english(connection: &Connection, engine: i64, sentence: &str) -> Sql<Option<String>> {
    let sql = "SELECT english FROM translation WHERE engine = ?1 AND sentence = ?2";
    connection.prepare_cached(sql)?.query_row(params![engine, sentence], |row| row.get(0)).optional()
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

/// Every bitext in the order of an export; a name stands in at most one pair with another.
const BITEXTS: &str =
    "SELECT bitext.id, bitext.source, bitext.target, source_engine, target_engine FROM bitext
     JOIN document s ON s.id = bitext.source JOIN document t ON t.id = bitext.target
     WHERE (?1 IS NULL OR s.lang = ?1) AND (?2 IS NULL OR t.lang = ?2)
     ORDER BY s.name, t.name";

struct StoredBitext {
    id: i64,
    source: i64,
    target: i64,
    source_engine: Option<i64>,
    target_engine: Option<i64>,
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

struct StoredBead {
    id: i64,
    source: Range<usize>,
    target: Range<usize>,
    score: f32,
}

impl StoredBead {
    fn has_two_sides(&self) -> bool {
        !self.source.is_empty() && !self.target.is_empty()
    }
}

fn load_beads(connection: &Connection, bitext: i64) -> Sql<Vec<StoredBead>> {
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

struct StoredDocument {
    name: String,
    lang: Lang,
    url: Option<String>,
    text: String,
    spans: Vec<Span>,
}

impl StoredDocument {
    fn load(connection: &Connection, id: i64) -> Sql<StoredDocument> {
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

    fn side<'a>(&'a self, sentences: &Range<usize>, english: Option<&'a str>) -> Sql<PairSide<'a>> {
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
    fn english(
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

/// `query` in the language of FTS5: each word or phrase in quotes, so that nothing in it is syntax.
fn fts_query(query: &str) -> Option<String> {
    let mut terms: Vec<String> = Vec::new();
    for (i, part) in query.split('"').enumerate() {
        let part: String = part.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        if i % 2 == 1 {
            terms.push(format!("\"{part}\""));
        } else {
            terms.extend(part.split_whitespace().map(|word| match word.strip_suffix('*') {
                Some(stem) => format!("\"{stem}\" *"),
                None => format!("\"{word}\""),
            }));
        }
    }
    terms.retain(|term| term.chars().any(char::is_alphanumeric));
    terms.dedup();
    (!terms.is_empty()).then(|| terms.join(" "))
}

fn find_hits(connection: &Connection, query: &str, limit: i64) -> Sql<Vec<Hit>> {
    // First the numbers alone, then the text of the best: the text of the others is never read.
    let mut select = connection.prepare_cached(
        "SELECT pair_text.rowid FROM pair_text
         JOIN bead ON bead.id = pair_text.rowid JOIN bitext ON bitext.id = bead.bitext
         JOIN document s ON s.id = bitext.source JOIN document t ON t.id = bitext.target
         WHERE pair_text MATCH ?1 ORDER BY pair_text.rank, s.name, t.name, bead.number LIMIT ?2",
    )?;
    let best = select.query_map(params![query, limit], |row| row.get(0))?.collect::<Sql<Vec<i64>>>()?;
    let mut select = connection.prepare_cached(
        "SELECT bead.score, s.name, s.lang, s.url, source_first, source_count, s1.start, s2.stop,
                pair_text.source, highlight(pair_text, 0, ?3, ?4),
                t.name, t.lang, t.url, target_first, target_count, t1.start, t2.stop,
                pair_text.target, highlight(pair_text, 1, ?3, ?4)
         FROM pair_text
         JOIN bead ON bead.id = pair_text.rowid JOIN bitext ON bitext.id = bead.bitext
         JOIN document s ON s.id = bitext.source JOIN document t ON t.id = bitext.target
         JOIN sentence s1 ON s1.document = s.id AND s1.number = source_first
         JOIN sentence s2 ON s2.document = s.id AND s2.number = source_first + source_count - 1
         JOIN sentence t1 ON t1.document = t.id AND t1.number = target_first
         JOIN sentence t2 ON t2.document = t.id AND t2.number = target_first + target_count - 1
         WHERE pair_text MATCH ?1 AND pair_text.rowid = ?2",
    )?;
    let (open, close) = (MARKS.0.to_string(), MARKS.1.to_string());
    best.into_iter()
        .map(|id| {
            select.query_row(params![query, id, open, close], |row| {
                Ok(Hit { score: row.get(0)?, source: hit_side(row, 1)?, target: hit_side(row, 10)? })
            })
        })
        .collect()
}

fn hit_side(row: &rusqlite::Row<'_>, first: usize) -> Sql<HitSide> {
    let number = from(row, first + 3)?;
    let text: String = row.get(first + 7)?;
    let marked: String = row.get(first + 8)?;
    Ok(HitSide {
        document: row.get(first)?,
        lang: lang(row.get(first + 1)?)?,
        url: row.get(first + 2)?,
        sentences: number..number + from(row, first + 4)?,
        span: Span { start: from(row, first + 5)?, end: from(row, first + 6)? },
        matches: marked_places(&marked, &text),
        text,
    })
}

/// Where the marks in `marked` lie in `text`, which is the same without them. Where it is not (a text that
/// holds such marks itself, or a zero byte, at which SQLite ends), no places rather than wrong ones.
fn marked_places(marked: &str, text: &str) -> Vec<Span> {
    if !marked.chars().filter(|c| ![MARKS.0, MARKS.1].contains(c)).eq(text.chars()) {
        return Vec::new();
    }
    let (mut at, mut start, mut places) = (0, 0, Vec::new());
    for c in marked.chars() {
        if c == MARKS.0 {
            start = at;
        } else if c == MARKS.1 {
            places.push(Span { start, end: at });
        } else {
            at += c.len_utf8();
        }
    }
    places
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

fn from(row: &rusqlite::Row<'_>, column: usize) -> Sql<usize> {
    let number: i64 = row.get(column)?;
    usize::try_from(number).map_err(|_| damaged(format!("a place of {number}")))
}

fn natural(row: &rusqlite::Row<'_>, column: usize) -> Sql<u64> {
    Ok(from(row, column)? as u64)
}

fn lang(tag: String) -> Sql<Lang> {
    tag.parse().map_err(|_| damaged(format!("a language {tag:?}")))
}

/// The error for rows that this program would not have written.
fn damaged(what: String) -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_CORRUPT), Some(what))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bitext::Bead;
    use crate::split::Split;

    fn document(name: &str, lang: &str, text: &str) -> Document {
        Document::new(name.into(), lang.parse().unwrap(), text.into(), Split::Lines)
    }

    /// Line by line, as 1-1 beads; both texts have as many lines.
    fn bitext(source: (&str, &str), target: (&str, &str)) -> Bitext {
        let source = document(source.0, "de", source.1);
        let target = document(target.0, "en", target.1);
        let beads =
            (0..source.spans().len()).map(|i| Bead { source: i..i + 1, target: i..i + 1, score: 0.5 });
        let beads = beads.collect();
        Bitext::new(source, target, beads, "test".into()).unwrap()
    }

    fn texts(store: &Store) -> Vec<(String, String)> {
        let mut pairs = Vec::new();
        store
            .for_each_pair(&PairFilter::default(), &mut |pair| {
                pairs.push((pair.source.text.to_string(), pair.target.text.to_string()));
                Ok(())
            })
            .unwrap();
        pairs
    }

    fn rows(store: &Store, table: &str) -> i64 {
        let sql = format!("SELECT count(*) FROM {table}");
        store.connection.query_row(&sql, [], |row| row.get(0)).unwrap()
    }

    /// The index and the foreign keys agree with the tables.
    fn assert_sound(store: &Store) {
        store
            .connection
            .execute("INSERT INTO pair_text (pair_text, rank) VALUES ('integrity-check', 1)", [])
            .unwrap();
        assert_eq!(rows(store, "pragma_foreign_key_check"), 0);
        let used = "(SELECT source FROM bitext UNION SELECT target FROM bitext)";
        assert_eq!(rows(store, "document"), rows(store, used));
    }

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

    #[test]
    fn pairs_pass_the_filter_and_carry_their_english() {
        let mut store = Store::in_memory().unwrap();
        let source = document("a.de", "de", "Eins.\nZwei.\nDrei.\nVier.");
        let target = document("a.en", "en", "One.\nTwo and three.\nFive.");
        let bead = |source, target, score| Bead { source, target, score };
        let beads =
            vec![bead(0..1, 0..1, 0.5), bead(1..3, 1..2, 0.9), bead(3..4, 2..2, 1.0), bead(4..4, 2..3, 1.0)];
        let bitext = Bitext::new(source, target, beads, "test".into()).unwrap();
        store.remember("engine", &[("Zwei.", "Two."), ("Drei.", "Three.")]).unwrap();
        store.save(&bitext, &Engines { source: Some("engine"), target: None }).unwrap();
        let german = Some("de".parse().unwrap());
        let english = Some(Lang::english());
        let all = PairFilter::default();
        for (filter, expected) in [
            (all.clone(), vec![("Eins.", None), ("Zwei.\nDrei.", None)]),
            (PairFilter { min_score: 0.9, ..all.clone() }, vec![("Zwei.\nDrei.", None)]),
            (PairFilter { one_to_one: true, ..all.clone() }, vec![("Eins.", None)]),
            (
                PairFilter { english: true, ..all.clone() },
                vec![("Eins.", None), ("Zwei.\nDrei.", Some("Two. Three."))],
            ),
            (PairFilter { source_lang: german, min_score: 0.6, ..all.clone() }, vec![("Zwei.\nDrei.", None)]),
            (PairFilter { source_lang: english, ..all.clone() }, vec![]),
        ] {
            let mut found = Vec::new();
            store
                .for_each_pair(&filter, &mut |pair| {
                    found.push((pair.source.text.to_string(), pair.source.english.map(str::to_string)));
                    Ok(())
                })
                .unwrap();
            let found: Vec<_> =
                found.iter().map(|(text, english)| (text.as_str(), english.as_deref())).collect();
            assert_eq!(found, expected, "{filter:?}");
        }
        let stats = store.stats().unwrap();
        assert_eq!(
            stats.beads.iter().map(|(kind, n)| (kind.as_str(), *n)).collect::<Vec<_>>(),
            [("0-1", 1), ("1-0", 1), ("1-1", 1), ("2-1", 1),]
        );
        assert_eq!((stats.pairs, stats.bitexts), (2, 1));
        assert!((stats.mean_score.unwrap() - 0.7).abs() < 1e-6);
        assert_eq!(stats.languages["de"], LangStats { documents: 1, sentences: 4 });
    }

    #[test]
    fn a_search_finds_words_of_both_languages_and_says_where() {
        let mut store = Store::in_memory().unwrap();
        let german = "Das Café am See öffnet früh.\nDie Häuser am Hafen.\nEin früher Zug.";
        let english = "The café by the lake opens early.\nThe houses by the harbour.\nAn early train.";
        store.save(&bitext(("a.de", german), ("a.en", english)), &Engines::default()).unwrap();
        for (query, expected) in [
            ("CAFE", vec![("Café", "café")]),
            ("hauser", vec![("Häuser", "")]),
            ("häus*", vec![("Häuser", "")]),
            ("haus", vec![]),
            ("am houses", vec![("am", "houses")]),
            ("\"am see\"", vec![("Am See|am See", "")]),
            ("\"see am\"", vec![]),
            ("früh* early", vec![("früher", "early"), ("früh", "early")]),
            ("AND", vec![]),
            ("source:am", vec![]),
            ("", vec![]),
            ("\"*( ^", vec![]),
        ] {
            let hits = store.search(query, 9).unwrap();
            let found: Vec<_> = hits
                .iter()
                .map(|hit| {
                    [&hit.source, &hit.target].map(|side| {
                        side.matches.iter().map(|span| span.of(&side.text)).collect::<Vec<_>>().join("|")
                    })
                })
                .collect();
            let expected: Vec<_> =
                expected.iter().map(|(s, t)| [s.replace("Am See|", ""), t.to_string()]).collect();
            assert_eq!(found, expected, "{query}");
        }
        let hit = &store.search("harbour", 1).unwrap()[0];
        assert_eq!((hit.source.sentences.clone(), hit.target.document.as_str()), (1..2, "a.en"));
        assert_eq!(hit.target.span.of(english), hit.target.text);
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
    fn a_store_that_another_process_holds_is_named_as_such() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("c.db");
        let mut store = Store::open(&path).unwrap();
        let holder = Store::open(&path).unwrap();
        holder.connection.execute_batch("BEGIN IMMEDIATE").unwrap();
        store.connection.busy_timeout(Duration::from_millis(20)).unwrap(); // for 10 s, in less
        let error = store.remember("engine", &[("Ja.", "Yes.")]).unwrap_err().to_string();
        assert!(error.contains("another process") && error.contains("c.db"), "{error}");
        // Readers do not wait, and do not see what is not done.
        holder.connection.execute("INSERT INTO engine (signature) VALUES ('engine')", []).unwrap();
        assert_eq!(store.recall("engine", &["Ja."]).unwrap(), [None]);
        drop(holder);
        store.remember("engine", &[("Ja.", "Yes.")]).unwrap();
        assert_sound(&store);
    }

    #[test]
    fn many_openers_at_once_make_one_store() {
        let directory = tempfile::tempdir().unwrap();
        for round in 0..5 {
            let path = directory.path().join(format!("{round}.db"));
            std::thread::scope(|scope| {
                for i in 0..8 {
                    let path = &path;
                    scope.spawn(move || {
                        let name = format!("{i}");
                        Store::open(path).unwrap().remember(&name, &[("Ja.", "Yes.")]).unwrap();
                    });
                }
            });
            assert_eq!(Store::open(&path).unwrap().stats().unwrap().translations.len(), 8);
        }
    }

    #[test]
    fn a_score_that_is_no_number_is_refused() {
        let (source, target) = (document("a.de", "de", "Eins"), document("a.en", "en", "One"));
        let beads = vec![Bead { source: 0..1, target: 0..1, score: f32::NAN }];
        let bitext = Bitext::new(source, target, beads, "test".into()).unwrap();
        let error = Store::in_memory().unwrap().save(&bitext, &Engines::default()).unwrap_err();
        assert!(error.to_string().contains("score of bead 0"), "{error}");
    }

    #[test]
    fn the_order_of_pairs_does_not_depend_on_the_order_of_saving() {
        let pairs = [("b.de", "b.en"), ("a.de", "c.en"), ("a.de", "b.en")];
        let ordered = |order: [usize; 3]| {
            let mut store = Store::in_memory().unwrap();
            for i in order {
                store
                    .save(&bitext((pairs[i].0, pairs[i].0), (pairs[i].1, pairs[i].1)), &Engines::default())
                    .unwrap();
            }
            texts(&store)
        };
        let expected =
            [("a.de", "b.en"), ("a.de", "c.en"), ("b.de", "b.en")].map(|(s, t)| (s.into(), t.into()));
        for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
            assert_eq!(ordered(order), expected);
        }
    }
}
