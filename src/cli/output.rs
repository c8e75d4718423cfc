//! Where a command writes: standard output, or a file that takes its name when it is complete.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufWriter, StdoutLock, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};

/// Standard output, or the file that `-o` names. A file that is dropped before [`Output::keep`] is gone, and an
/// older one of that name is as it was.
pub enum Output {
    /// Standard output, buffered.
    Standard(BufWriter<StdoutLock<'static>>),
    /// A file.
    File(NewFile),
}

/// A file on its way.
pub struct NewFile {
    out: BufWriter<File>,
    /// Where it is written and what it is to be called; `None` for a pipe or device, written directly.
    rename: Option<(PathBuf, PathBuf)>,
}

impl Output {
    /// Opens the file, or standard output where none is named. Refuses to take the place of the `store`.
    pub fn open(path: Option<&Path>, store: Option<&Path>) -> anyhow::Result<Output> {
        Ok(match path {
            None => Output::Standard(BufWriter::new(io::stdout().lock())),
            Some(path) => Output::File(NewFile::create(path, store)?),
        })
    }

    /// Writes what is left, and gives the file its name.
    pub fn keep(self) -> anyhow::Result<()> {
        match self {
            Output::Standard(mut out) => Ok(out.flush()?),
            Output::File(file) => file.keep(),
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Output::Standard(out) => out.write(bytes),
            Output::File(file) => file.out.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Output::Standard(out) => out.flush(),
            Output::File(file) => file.out.flush(),
        }
    }
}

impl NewFile {
    fn create(path: &Path, store: Option<&Path>) -> anyhow::Result<NewFile> {
        let cannot = || format!("cannot create {}", path.display());
        // A link is followed, so that the file it names is replaced and not the link.
        let path = &fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
        let store = store.and_then(|store| fs::canonicalize(store).ok());
        ensure!(store.as_ref() != Some(path), "-o {} is the store itself; name another file", path.display());
        if fs::metadata(path).is_ok_and(|file| !file.is_file() && !file.is_dir()) {
            let file = File::options().write(true).open(path).with_context(cannot)?;
            return Ok(NewFile { out: BufWriter::new(file), rename: None });
        }
        ensure!(!path.is_dir(), "cannot create {}: a directory; name a file in it", path.display());
        let mut name = OsString::from(".");
        name.push(path.file_name().with_context(cannot)?);
        name.push(format!(".{}.part", std::process::id()));
        let part = path.with_file_name(name);
        let file = File::create(&part).with_context(cannot)?;
        Ok(NewFile { out: BufWriter::new(file), rename: Some((part, path.to_path_buf())) })
    }

    /// Gives the file its name.
    fn keep(mut self) -> anyhow::Result<()> {
        self.out.flush()?;
        if let Some((part, path)) = &self.rename {
            // First the content, then the name, in case the power fails in between.
            self.out.get_ref().sync_all().with_context(|| format!("cannot write {}", part.display()))?;
            fs::rename(part, path).with_context(|| format!("cannot create {}", path.display()))?;
        }
        self.rename = None;
        Ok(())
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if let Some((part, _)) = &self.rename {
            let _ = fs::remove_file(part);
        }
    }
}
