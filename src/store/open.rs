//! Opening a store: which file is one, of which version, and how it is written and read.

use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};

use super::Store;
use super::errors::{At, READ_ONLY, Sql, refusal};
use super::rows::damaged;
use crate::error::Result;

/// "dipt": says that an SQLite file is one of ours.
const APPLICATION_ID: i64 = 0x6469_7074;
/// What brings a store from version i (`user_version`) to version i + 1. A change of schema is a new entry;
/// the old ones stay.
const MIGRATIONS: &[&str] = &[include_str!("schema-1.sql"), include_str!("schema-2.sql")];
/// How long to wait for another process to end its transaction.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

impl Store {
    /// Opens the store at `path` for reading and writing; makes one where there is no file.
    ///
    /// # Errors
    /// [`Error::Store`](crate::Error::Store): a file that is no store or of a newer version, a missing or
    /// read-only directory, a read-only file, a full disk, or another process that holds the store for more
    /// than 10 seconds.
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
    /// [`Error::Store`](crate::Error::Store) as of [`Store::open`], and where there is no file.
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
    /// [`Error::Store`](crate::Error::Store) where memory is short.
    pub fn in_memory() -> Result<Store> {
        let path = Path::new(":memory:");
        Store::prepare(Connection::open_in_memory().at(path)?, path)
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
pub(super) struct Stamp(SystemTime, u64);

impl Stamp {
    pub(super) fn of(path: &Path) -> Option<Stamp> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::assert_sound;

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
}
