//! Where a command writes: standard output, or a file that takes its name when it is complete, packed if its name
//! ends in `.gz` or `.zst`.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use flate2::Compression;
use flate2::write::GzEncoder;

/// Bytes that are held back for a terminal at most, where a line has ended among them.
const ENOUGH: usize = 8 << 10;

/// Standard output, or the file that `-o` names. A file that is dropped before [`Output::keep`] is gone, and an
/// older one of that name is as it was.
pub enum Output {
    /// Standard output, buffered.
    Standard(BufWriter<StdoutLock<'static>>),
    /// A terminal.
    Terminal(WholeLines<StdoutLock<'static>>),
    /// A file.
    File(NewFile),
}

/// A file on its way.
pub struct NewFile {
    out: BufWriter<Packer>,
    /// Where it is written and what it is to be called; `None` for a pipe or device, written directly.
    rename: Option<(PathBuf, PathBuf)>,
}

/// A file, packed as its name says. The same content gives the same bytes: no time and no name is packed with it.
enum Packer {
    Plain(File),
    Gzip(GzEncoder<File>),
    Zstandard(zstd::Encoder<'static, File>),
}

/// A corpus is written once and read often: more than Zstandard's usual 3, still faster than gzip's 6.
const ZSTANDARD_LEVEL: i32 = 6;

/// A name without `.gz` or `.zst`, and that ending with its dot, or nothing.
pub fn split_packing(path: &Path) -> (PathBuf, &'static str) {
    let ending = match path.extension().and_then(|ending| ending.to_str()) {
        Some(ending) if ending.eq_ignore_ascii_case("gz") => ".gz",
        Some(ending) if ending.eq_ignore_ascii_case("zst") => ".zst",
        _ => return (path.to_path_buf(), ""),
    };
    (path.with_extension(""), ending)
}

impl Packer {
    fn new(file: File, path: &Path) -> io::Result<Packer> {
        Ok(match split_packing(path).1 {
            ".gz" => Packer::Gzip(GzEncoder::new(file, Compression::default())),
            ".zst" => {
                let mut out = zstd::Encoder::new(file, ZSTANDARD_LEVEL)?;
                out.include_checksum(true)?;
                Packer::Zstandard(out)
            }
            _ => Packer::Plain(file),
        })
    }

    /// Ends what is packed; nothing may be written after it.
    fn finish(&mut self) -> io::Result<&File> {
        match self {
            Packer::Plain(file) => Ok(file),
            Packer::Gzip(out) => {
                out.try_finish()?;
                Ok(out.get_ref())
            }
            Packer::Zstandard(out) => {
                out.do_finish()?;
                Ok(out.get_ref())
            }
        }
    }
}

impl Write for Packer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Packer::Plain(file) => file.write(bytes),
            Packer::Gzip(out) => out.write(bytes),
            Packer::Zstandard(out) => out.write(bytes),
        }
    }

    /// What is packed is not cut into blocks for it: the file can be read when it is complete anyway.
    fn flush(&mut self) -> io::Result<()> {
        match self {
            Packer::Plain(file) => file.flush(),
            Packer::Gzip(_) | Packer::Zstandard(_) => Ok(()),
        }
    }
}

impl Output {
    /// Standard output.
    pub fn standard() -> Output {
        let out = io::stdout().lock();
        match out.is_terminal() {
            true => Output::Terminal(WholeLines { out, text: Vec::new() }),
            false => Output::Standard(BufWriter::new(out)),
        }
    }

    /// Opens the file, or standard output where none is named. Refuses to take the place of a file that is
    /// `in_use`: an input, the store.
    pub fn open<'a>(
        path: Option<&Path>,
        in_use: impl IntoIterator<Item = &'a Path>,
    ) -> anyhow::Result<Output> {
        Ok(match path {
            None => Output::standard(),
            Some(path) => Output::File(NewFile::create(path, in_use)?),
        })
    }

    /// Writes what is left, and gives the file its name.
    pub fn keep(self) -> anyhow::Result<()> {
        match self {
            Output::Standard(mut out) => Ok(out.flush()?),
            Output::Terminal(out) => Ok(out.finish()?),
            Output::File(file) => file.keep(),
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Output::Standard(out) => out.write(bytes),
            Output::Terminal(out) => out.write(bytes),
            Output::File(file) => file.out.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Output::Standard(out) => out.flush(),
            Output::Terminal(out) => out.flush(),
            Output::File(file) => file.out.flush(),
        }
    }
}

/// Passes on whole lines only, until the end: a progress bar below them never shares a line with text.
pub struct WholeLines<W: Write> {
    out: W,
    text: Vec<u8>,
}

impl<W: Write> WholeLines<W> {
    fn finish(mut self) -> io::Result<()> {
        self.out.write_all(&self.text)?;
        self.out.flush()
    }
}

impl<W: Write> Write for WholeLines<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(bytes);
        if self.text.len() > ENOUGH {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let whole = self.text.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
        self.out.write_all(&self.text[..whole])?;
        self.text.drain(..whole);
        self.out.flush()
    }
}

impl NewFile {
    fn create<'a>(path: &Path, in_use: impl IntoIterator<Item = &'a Path>) -> anyhow::Result<NewFile> {
        let cannot = || format!("cannot create {}", path.display());
        // A link is followed, so that the file it names is replaced and not the link.
        let path = &fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
        let taken = in_use.into_iter().any(|file| fs::canonicalize(file).is_ok_and(|file| file == *path));
        if fs::metadata(path).is_ok_and(|file| !file.is_file() && !file.is_dir()) {
            let file = File::options().write(true).open(path).with_context(cannot)?;
            return Ok(NewFile { out: BufWriter::new(Packer::new(file, path)?), rename: None });
        }
        ensure!(
            !taken,
            "-o {} would take the place of a file that this command reads; name another file",
            path.display()
        );
        ensure!(!path.is_dir(), "cannot create {}: a directory; name a file in it", path.display());
        let mut name = OsString::from(".");
        name.push(path.file_name().with_context(cannot)?);
        name.push(format!(".{}.part", std::process::id()));
        let part = path.with_file_name(name);
        let file = File::create(&part).with_context(cannot)?;
        let out = BufWriter::new(Packer::new(file, path)?);
        Ok(NewFile { out, rename: Some((part, path.to_path_buf())) })
    }

    /// Gives the file its name.
    fn keep(mut self) -> anyhow::Result<()> {
        self.out.flush()?;
        let file = self.out.get_mut().finish()?;
        if let Some((part, path)) = &self.rename {
            // First the content, then the name, in case the power fails in between.
            file.sync_all().with_context(|| format!("cannot write {}", part.display()))?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_packing_is_the_end_of_a_name() {
        for (path, name, packing) in
            [("c.tsv.gz", "c.tsv", ".gz"), ("a/c.ZST", "a/c", ".zst"), ("c.tsv", "c.tsv", ""), ("c", "c", "")]
        {
            assert_eq!(split_packing(Path::new(path)), (PathBuf::from(name), packing));
        }
    }

    #[test]
    fn a_terminal_gets_whole_lines_and_the_rest_at_the_end() {
        let mut seen = Vec::new();
        let mut out = WholeLines { out: &mut seen, text: Vec::new() };
        for (text, so_far) in [("One", ""), (" two.\nThr", "One two.\n"), ("ee", "One two.\n")] {
            out.write_all(text.as_bytes()).unwrap();
            out.flush().unwrap();
            assert_eq!(out.out.as_slice(), so_far.as_bytes());
        }
        out.finish().unwrap();
        assert_eq!(seen, b"One two.\nThree");
    }
}
