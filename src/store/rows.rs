//! Rows as this program writes them: SQLite's integers and tags as the library's types. What it would not
//! have written is damage.

use rusqlite::types::Value;
use rusqlite::{Connection, ffi};

use super::errors::Sql;
use crate::filter::Reason;
use crate::lang::Lang;

pub(super) fn for_each_row(
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
pub(super) fn int(number: usize) -> Value {
    Value::Integer(i64::try_from(number).expect("sizes in memory fit 63 bits"))
}

pub(super) fn from(row: &rusqlite::Row<'_>, column: usize) -> Sql<usize> {
    let number: i64 = row.get(column)?;
    usize::try_from(number).map_err(|_| damaged(format!("a place of {number}")))
}

pub(super) fn natural(row: &rusqlite::Row<'_>, column: usize) -> Sql<u64> {
    Ok(from(row, column)? as u64)
}

pub(super) fn lang(tag: String) -> Sql<Lang> {
    tag.parse().map_err(|_| damaged(format!("a language {tag:?}")))
}

/// Why a pair was rejected.
pub(super) fn reason(row: &rusqlite::Row<'_>, column: usize) -> Sql<Option<Reason>> {
    let Some(name) = row.get::<_, Option<String>>(column)? else { return Ok(None) };
    name.parse().map(Some).map_err(|_| damaged(format!("a reason {name:?}")))
}

/// The error for rows that this program would not have written.
pub(super) fn damaged(what: String) -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_CORRUPT), Some(what))
}
