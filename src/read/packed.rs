//! Compressed files: gzip and Zstandard are unpacked while they are read, so that no more than the limit is ever
//! in memory. The first bytes decide; a name that ends in `.gz` or `.zst` only has to agree with them.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, ErrorKind, Read};
use std::path::Path;

use crate::error::{Error, Result};

/// How a file is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Packing {
    /// RFC 1952, of one member or several.
    Gzip,
    /// RFC 8878, of one frame or several, skippable ones among them.
    Zstandard,
}

impl Packing {
    fn by_magic(head: &[u8]) -> Option<Packing> {
        match head {
            [0x1f, 0x8b, 8, ..] => Some(Packing::Gzip),
            [0x28, 0xb5, 0x2f, 0xfd] | [0x50..=0x5f, 0x2a, 0x4d, 0x18] => Some(Packing::Zstandard),
            _ => None,
        }
    }

    fn by_ending(path: &Path) -> Option<Packing> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "gz" => Some(Packing::Gzip),
            "zst" => Some(Packing::Zstandard),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Packing::Gzip => "gzip",
            Packing::Zstandard => "Zstandard",
        }
    }
}

/// The name of what is packed in `path`: without `.gz` or `.zst`.
pub(crate) fn unpacked_name(path: &Path) -> &Path {
    match (Packing::by_ending(path), path.file_stem()) {
        (Some(_), Some(stem)) => Path::new(stem),
        _ => path,
    }
}

/// Whether the bytes in a file are packed, by its first ones.
pub(crate) fn is_packed(path: &Path) -> Result<bool> {
    let mut head = Vec::with_capacity(4);
    let read = File::open(path).and_then(|file| file.take(4).read_to_end(&mut head));
    read.map_err(|cause| Error::file("read", path, cause))?;
    Ok(Packing::by_magic(&head).is_some())
}

/// Opens a file to be read from front to back, unpacking what is packed.
pub(crate) fn open(path: &Path) -> Result<Box<dyn BufRead>> {
    let open = || {
        let mut file = File::open(path)?;
        let mut head = Vec::with_capacity(4);
        file.by_ref().take(4).read_to_end(&mut head)?;
        let packing = Packing::by_magic(&head);
        let whole = BufReader::with_capacity(1 << 16, Cursor::new(head).chain(file));
        Ok(match packing {
            None => Box::new(whole) as Box<dyn BufRead>,
            Some(Packing::Gzip) => {
                Box::new(BufReader::with_capacity(1 << 16, flate2::bufread::MultiGzDecoder::new(whole)))
            }
            Some(Packing::Zstandard) => {
                Box::new(BufReader::with_capacity(1 << 16, zstd::Decoder::with_buffer(whole)?))
            }
        })
    };
    open().map_err(|cause| Error::file("read", path, cause))
}

/// Reads to the end, but at most one byte more than `max`, unpacking what is packed. `name` is what messages call
/// the file.
pub(super) fn read_to_limit(mut input: impl Read, path: &Path, name: &str, max: u64) -> Result<Vec<u8>> {
    let cannot = |cause| Error::file("read", path, cause);
    let mut head = Vec::with_capacity(4);
    input.by_ref().take(4).read_to_end(&mut head).map_err(cannot)?;
    let Some(packing) = Packing::by_magic(&head) else {
        if let (Some(packing), false) = (Packing::by_ending(path), head.is_empty()) {
            let what =
                format!("is named like a {0} file, but is none; name it without the ending", packing.name());
            return Err(Error::input(name, what));
        }
        let mut bytes = head;
        input
            .take(max.saturating_add(1).saturating_sub(bytes.len() as u64))
            .read_to_end(&mut bytes)
            .map_err(cannot)?;
        return Ok(bytes);
    };
    let mut bytes = Vec::new();
    let whole = BufReader::new(head.as_slice().chain(input));
    let limit = max.saturating_add(1);
    let read = match packing {
        Packing::Gzip => flate2::bufread::MultiGzDecoder::new(whole).take(limit).read_to_end(&mut bytes),
        Packing::Zstandard => {
            zstd::Decoder::with_buffer(whole).and_then(|it| it.take(limit).read_to_end(&mut bytes))
        }
    };
    read.map_err(|cause| explain(packing, path, name, cause))?;
    Ok(bytes)
}

/// Tells a disk that fails from a file that is damaged.
fn explain(packing: Packing, path: &Path, name: &str, cause: io::Error) -> Error {
    if cause.raw_os_error().is_some() {
        return Error::file("read", path, cause);
    }
    let packing = packing.name();
    Error::input(
        name,
        match cause.kind() {
            ErrorKind::UnexpectedEof => {
                format!("is a {packing} file that ends too soon; fetch or pack it again")
            }
            _ => format!("is a damaged {packing} file ({cause}); fetch or pack it again"),
        },
    )
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        out.write_all(bytes).unwrap();
        out.finish().unwrap()
    }

    fn zstandard(bytes: &[u8]) -> Vec<u8> {
        zstd::encode_all(bytes, 3).unwrap()
    }

    fn read(bytes: &[u8], path: &str, max: u64) -> Result<Vec<u8>, String> {
        read_to_limit(bytes, Path::new(path), path, max).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_packed_is_unpacked() {
        let text = "Eine Zeile.\n".repeat(1000).into_bytes();
        let skippable = [&[0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3][..], &zstandard(&text)].concat();
        for packed in [
            text.clone(),
            gzip(&text),
            zstandard(&text),
            [gzip(&text[..500]), gzip(b""), gzip(&text[500..])].concat(),
            [zstandard(&text[..500]), zstandard(&text[500..])].concat(),
            skippable,
        ] {
            assert_eq!(read(&packed, "x", 12_000).unwrap(), text);
        }
        assert_eq!(read(&gzip(b""), "x.gz", 9).unwrap(), b"");
        assert_eq!(read(b"", "x.gz", 9).unwrap(), b"");
        assert_eq!(read(b"ab", "x", 9).unwrap(), b"ab");
    }

    #[test]
    fn no_more_than_the_limit_is_unpacked() {
        let zeros = vec![b'0'; 10 << 20];
        for bytes in [zeros.clone(), gzip(&zeros), zstandard(&zeros)] {
            assert_eq!(read(&bytes, "bomb", 1000).unwrap().len(), 1001);
            assert_eq!(
                read(&bytes, "bomb", 2).unwrap().len().min(4),
                if bytes.len() == zeros.len() { 4 } else { 3 }
            );
        }
    }

    #[test]
    fn damage_is_an_error_that_says_so() {
        let text: Vec<u8> =
            (0..5000_u32).flat_map(|i| (i.wrapping_mul(2_654_435_761)).to_le_bytes()).collect();
        for (packed, kind) in [(gzip(&text), "gzip"), (zstandard(&text), "Zstandard")] {
            for length in [5, 12, packed.len() / 2, packed.len() - 1] {
                let error = read(&packed[..length], "f", 1 << 20).unwrap_err();
                assert_eq!(error, format!("f: is a {kind} file that ends too soon; fetch or pack it again"));
            }
            let mut flipped = packed.clone();
            let middle = flipped.len() - 3;
            flipped[middle] ^= 0x40;
            // Zstandard as packed here has no checksum: a flipped bit may pass, but never as a panic.
            match read(&flipped, "f", 1 << 20) {
                Err(error) => assert!(error.starts_with("f: is a "), "{error}"),
                Ok(_) => assert_eq!(kind, "Zstandard"),
            }
            let error = read(&[&packed[..], b"more"].concat(), "f", 1 << 20).unwrap_err();
            assert!(error.starts_with("f: is a ") && error.contains(kind), "{error}");
        }
        let error = read(b"plain text", "f.txt.GZ", 99).unwrap_err();
        assert_eq!(error, "f.txt.GZ: is named like a gzip file, but is none; name it without the ending");
    }

    #[test]
    fn names_end_before_the_packing() {
        for (path, expected) in
            [("a/x.de.txt.gz", "x.de.txt"), ("x.html.zst", "x.html"), ("a/x.txt", "a/x.txt"), (".gz", ".gz")]
        {
            assert_eq!(unpacked_name(Path::new(path)), Path::new(expected));
        }
    }
}
