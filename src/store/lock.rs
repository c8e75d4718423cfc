//! One build a store: a second would do the same work again.

use std::fs::{File, TryLockError};
use std::io::{Read, Seek, Write};

use super::Store;
use super::errors::refusal;
use crate::error::{Error, Result};

/// Held while a build works on a store; the system lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub struct BuildLock {
    _file: File,
}

impl Store {
    /// Takes the store for a build. The lock is a file beside the store, `NAME.lock`, which stays there: one
    /// that is removed could be locked twice. It is advice among builds; whatever else writes waits for its
    /// turn as ever.
    ///
    /// # Errors
    /// [`Error::Store`] where another process builds, [`Error::File`] where the file cannot be made.
    pub fn lock(&self) -> Result<BuildLock> {
        let mut path = self.path().as_os_str().to_owned();
        path.push(".lock");
        let path = std::path::PathBuf::from(path);
        let cannot = |cause| Error::file("write", &path, cause);
        let options = File::options().read(true).write(true).create(true).truncate(false).open(&path);
        let mut file = options.map_err(cannot)?;
        match file.try_lock() {
            Ok(()) => {
                // For the message of a second one; a disk too full for it fails soon enough elsewhere.
                let _ = file.set_len(0).and_then(|()| write!(file, "{}", std::process::id()));
                Ok(BuildLock { _file: file })
            }
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let _ = file.rewind().and_then(|()| file.read_to_string(&mut holder));
                let holder: String = holder.chars().filter(char::is_ascii_digit).collect();
                let who = if holder.is_empty() { String::new() } else { format!(" (process {holder})") };
                let what = format!(
                    "another build{who} is working on it; wait for its end, or build parts of a corpus into \
                     stores of their own (--shard)"
                );
                Err(refusal(self.path(), what))
            }
            // A file system without locks: SQLite's own still keep the store whole, or refuse by themselves.
            Err(TryLockError::Error(cause)) if cause.kind() == std::io::ErrorKind::Unsupported => {
                Ok(BuildLock { _file: file })
            }
            Err(TryLockError::Error(cause)) => Err(cannot(cause)),
        }
    }
}
