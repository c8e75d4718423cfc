//! What SQLite says, with the store's name and the way out.

use std::path::Path;

use rusqlite::ErrorCode;

use super::open::PATIENCE;
use crate::error::{Error, Result};

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
