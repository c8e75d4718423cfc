//! Opening a store: what can be wrong with the file, said with the way out, and how it is written.

use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction};

use crate::error::{Error, Result};

/// "dipt": says that an SQLite file is one of ours.
pub(super) const APPLICATION_ID: i64 = 0x6469_7074;
/// What brings a store from version i (`user_version`) to version i + 1. A change of schema is a new entry;
/// the old ones stay.
pub(super) const MIGRATIONS: &[&str] = &[include_str!("../schema.sql")];
/// How long to wait for another process to end its transaction.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

pub(super) type Sql<T> = rusqlite::Result<T>;

/// Says which store an SQL error is about.
pub(super) trait At<T> {
    fn at(self, path: &Path) -> Result<T>;
}

impl<T> At<T> for Sql<T> {
    fn at(self, path: &Path) -> Result<T> {
        self.map_err(|error| explain(path, &error))
    }
}

pub(super) const READ_ONLY: &str =
    "read-only; make the file and its directory writable, or name another store";

pub(super) fn refusal(path: &Path, what: impl Into<String>) -> Error {
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

pub(super) fn refuse_directory(path: &Path) -> Result<()> {
    if path.as_os_str().is_empty() {
        return Err(refusal(path, "the name is empty; name a file"));
    }
    if path.is_dir() {
        return Err(refusal(path, "a directory; name a file in it"));
    }
    Ok(())
}

/// A connection that reads whatever can be read; with a stamp where that is done without locks.
pub(super) fn open_to_read(path: &Path) -> Result<(Connection, Option<Stamp>)> {
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
pub(super) fn identity(connection: &Connection) -> Sql<(i64, i64, i64)> {
    connection.query_row(
        "SELECT (SELECT application_id FROM pragma_application_id),
                (SELECT user_version FROM pragma_user_version),
                (SELECT count(*) FROM sqlite_schema)",
        [],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )
}

pub(super) fn migrate(tx: &Transaction<'_>, version: usize) -> Sql<()> {
    for step in &MIGRATIONS[version..] {
        tx.execute_batch(step)?;
    }
    tx.pragma_update(None, "application_id", APPLICATION_ID)?;
    tx.pragma_update(None, "user_version", MIGRATIONS.len() as i64)
}

/// Switches to write-ahead logging. SQLite does not wait for this lock by itself, so it is asked again.
pub(super) fn use_write_ahead_log(connection: &Connection) -> Sql<()> {
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
