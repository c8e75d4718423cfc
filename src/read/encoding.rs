//! Bytes to clean text: which encoding, and which characters are text at all.

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// Decodes `bytes` and returns the text with notes for people: the encoding where it is not UTF-8, and
/// what was invalid. With `html` the page's own declaration is believed where the bytes allow it.
///
/// In this order: a byte order mark; UTF-16 by its zero bytes; the declaration; valid UTF-8; UTF-8 with
/// stray bytes, where valid sequences of several bytes outnumber the invalid ones (a legacy text has next to
/// none); else a legacy encoding as Firefox would guess it.
///
/// # Errors
/// Says what a file is that is no text, and what to do with it.
pub(super) fn decode(bytes: Vec<u8>, html: bool) -> Result<(String, Vec<String>), String> {
    if let Some(what) = known_binary(&bytes) {
        return Err(what.into());
    }
    if let Some((encoding, length)) = Encoding::for_bom(&bytes) {
        return Ok(with(encoding, &bytes[length..], "its byte order mark says so"));
    }
    if let Some(encoding) = utf16_without_mark(&bytes) {
        return Ok(with(encoding, &bytes, "by its zero bytes"));
    }
    if is_binary(&bytes) {
        return Err("is a binary file, not text; convert it to plain text or HTML first".into());
    }
    let bytes = match String::from_utf8(bytes) {
        Ok(text) => return Ok((text, Vec::new())),
        Err(error) => error.into_bytes(),
    };
    if html
        && let Some(encoding) = declared(&bytes)
        && encoding != UTF_8
    {
        return Ok(with(encoding, &bytes, "the page says so"));
    }
    if is_mostly_utf8(&bytes) {
        return Ok(with(UTF_8, &bytes, ""));
    }
    Ok(with(guessed(&bytes), &bytes, "guessed from its bytes"))
}

/// Makes decoded text clean: NFC; `\n` as the only line end; no control characters but the tab. A soft hyphen
/// at a line's end rejoins the word. What else has no width stays: the author's text is not ours to change, and
/// what reads it takes [`visible`]. The no-break space stays too: it is white space to `char::is_whitespace`,
/// and French and numbers need it.
///
/// In `lines` mode only CR, LF and CRLF end a line, and none is joined, so that line numbers stay true.
/// Otherwise the vertical tab, form feed, NEL and U+2028 end one too, and U+2029 ends a paragraph.
pub(super) fn clean(text: String, lines: bool) -> String {
    let text = if text.bytes().all(is_plain) { text } else { cleaned(&text, lines) };
    match is_nfc_quick(text.chars()) {
        IsNormalized::Yes => text,
        _ => text.nfc().collect(),
    }
}

/// The text without soft hyphens, marks of direction and characters of no width: hints for a screen that would
/// break words for everything that reads them.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    if text.bytes().all(is_plain) || !text.contains(|c| is_invisible(c) || is_joiner(c)) {
        return Cow::Borrowed(text);
    }
    let mut previous = '\0';
    let kept = text.chars().filter(|&c| {
        // Persian, the scripts of India and emoji are spelled with joiners; Latin, Greek and Cyrillic are not.
        let drop = is_invisible(c) || (is_joiner(c) && previous < '\u{590}');
        previous = c;
        !drop
    });
    Cow::Owned(kept.collect())
}

fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}')
}

/// Whether `c` is a hint for a screen and no text.
pub(super) fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

fn is_control(c: char) -> bool {
    c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\x0b' | '\x0c' | '\u{85}')
}

/// Bytes of text that [`cleaned`] leaves alone: no control, and no lead byte of a character that it touches
/// (U+0080 to U+00BF, U+0600 to U+063F, U+1000 to U+2FFF, U+F000 to U+FFFF).
fn is_plain(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\n' | b' '..=b'~' | 0x80..) && !matches!(byte, 0xc2 | 0xd8 | 0xe1 | 0xe2 | 0xef)
}

fn cleaned(text: &str, lines: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.char_indices().peekable();
    let mut resume = 0;
    while let Some((at, c)) = chars.next() {
        if at < resume {
            continue;
        }
        match c {
            '\r' => {
                if !matches!(chars.peek(), Some((_, '\n'))) {
                    out.push('\n');
                }
            }
            '\u{ad}' if !lines => match after_line_end(text, at + c.len_utf8()) {
                Some(next) => resume = next,
                None => out.push(c),
            },
            '\x0b' | '\x0c' | '\u{85}' | '\u{2028}' | '\u{2029}' if lines => out.push(' '),
            '\x0b' | '\x0c' | '\u{85}' | '\u{2028}' => out.push('\n'),
            '\u{2029}' => out.push_str("\n\n"),
            c if is_control(c) => {}
            c => out.push(c),
        }
    }
    out
}

/// Where the text goes on after a soft hyphen that ends at `at` and stands at a line's end.
fn after_line_end(text: &str, at: usize) -> Option<usize> {
    let blank = |c: char| c == ' ' || c == '\t';
    let rest = text[at..].trim_start_matches(blank);
    let next = rest.strip_prefix("\r\n").or_else(|| rest.strip_prefix(['\n', '\r']))?;
    Some(text.len() - next.trim_start_matches(blank).len())
}

fn with(encoding: &'static Encoding, bytes: &[u8], why: &str) -> (String, Vec<String>) {
    let (text, invalid) = encoding.decode_without_bom_handling(bytes);
    let mut notes = Vec::new();
    if encoding != UTF_8 {
        notes.push(format!("decoded as {} ({why})", encoding.name()));
    }
    if invalid {
        let before = text.split('\u{fffd}').next().unwrap_or_default();
        let line = 1 + before.bytes().filter(|&byte| byte == b'\n').count();
        let count = text.matches('\u{fffd}').count();
        notes.push(format!(
            "invalid {} in {count} places, the first in line {line}: each became U+FFFD",
            encoding.name()
        ));
    }
    (text.into_owned(), notes)
}

const ZIP: &str = "is a ZIP file or a document in one (docx, odt, epub), not text; save it as plain text or \
                   convert it (pandoc --to plain)";
const PICTURE: &str = "is a picture, not text";

fn known_binary(bytes: &[u8]) -> Option<&'static str> {
    const KNOWN: &[(&[u8], &str)] = &[
        (b"%PDF-", "is a PDF file, not text; convert it first (pdftotext FILE.pdf FILE.txt)"),
        (b"%!PS", "is a PostScript file, not text; convert it first (ps2ascii FILE.ps FILE.txt)"),
        (b"{\\rtf", "is an RTF document, not plain text; save it as plain text or HTML"),
        (
            b"\xd0\xcf\x11\xe0",
            "is an old Office document (doc, xls), not text; save it as plain text or HTML",
        ),
        (b"PK\x03\x04", ZIP),
        (b"PK\x05\x06", ZIP),
        (b"\x1f\x8b", "is compressed with gzip; unpack it first (gunzip FILE)"),
        (b"\x28\xb5\x2f\xfd", "is compressed with zstd; unpack it first (unzstd FILE)"),
        (b"\xfd7zXZ\x00", "is compressed with xz; unpack it first (unxz FILE)"),
        (b"BZh91AY&SY", "is compressed with bzip2; unpack it first (bunzip2 FILE)"),
        (b"7z\xbc\xaf\x27\x1c", "is a 7z archive, not text; unpack it first"),
        (b"\x89PNG", PICTURE),
        (b"\xff\xd8\xff", PICTURE),
        (b"GIF87a", PICTURE),
        (b"GIF89a", PICTURE),
        (b"\x7fELF", "is a program, not text"),
        (b"SQLite format 3\x00", "is an SQLite database, not text"),
        (b"\xff\xfe\x00\x00", "is text in UTF-32; convert it first (iconv -f UTF-32 -t UTF-8)"),
        (b"\x00\x00\xfe\xff", "is text in UTF-32; convert it first (iconv -f UTF-32 -t UTF-8)"),
    ];
    KNOWN.iter().find(|(magic, _)| bytes.starts_with(magic)).map(|&(_, what)| what)
}

/// Texts in Latin letters have a zero in every other byte of UTF-16.
fn utf16_without_mark(bytes: &[u8]) -> Option<&'static Encoding> {
    let sample = &bytes[..bytes.len().min(4096) & !1];
    let zeros = |odd: usize| sample.iter().skip(odd).step_by(2).filter(|&&byte| byte == 0).count();
    let (units, high, low) = (sample.len() / 2, zeros(0), zeros(1));
    let plain = |many: usize, few: usize| {
        let odd = sample.iter().filter(|&&byte| byte != 0 && is_odd(byte)).count();
        units >= 2 && many * 4 >= units * 3 && few * 20 <= units && odd * 20 <= units
    };
    if plain(low, high) {
        Some(UTF_16LE)
    } else if plain(high, low) {
        Some(UTF_16BE)
    } else {
        None
    }
}

/// A legacy encoding, from up to a megabyte after the first byte that is not ASCII: enough to be as sure as one
/// can be, and the detector is by far the slowest step.
fn guessed(bytes: &[u8]) -> &'static Encoding {
    let first = bytes.iter().position(|byte| !byte.is_ascii()).unwrap_or(0).saturating_sub(1 << 10);
    let sample = &bytes[first..bytes.len().min(first + (1 << 20))];
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(sample, true);
    detector.guess(None, Utf8Detection::Deny)
}

/// More than one byte in a hundred that no text holds. A rare one in a long text is damage, not a binary.
fn is_binary(bytes: &[u8]) -> bool {
    bytes.iter().filter(|&&byte| is_odd(byte)).count() * 100 > bytes.len()
}

/// Control bytes that no text holds: all but white space, backspace, the old end-of-file mark and escape.
fn is_odd(byte: u8) -> bool {
    byte < b' ' && !matches!(byte, b'\t'..=b'\r' | 0x08 | 0x1a | 0x1b)
}

/// The encoding that an HTML page names in its first 4 KB (`<meta charset>` or an XML declaration).
fn declared(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(4096)]).to_ascii_lowercase();
    let after = |key: &str| {
        let rest = head[head.find(key)? + key.len()..].trim_start().strip_prefix('=')?;
        let rest = rest.trim_start().trim_start_matches(['"', '\'']);
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || "-_:.".contains(c)))?;
        Encoding::for_label_no_replacement(&rest.as_bytes()[..end])
    };
    let encoding = after("charset").or_else(|| after("encoding"))?;
    // A page that could be read so far is not in UTF-16, whatever it says (the HTML standard's rule).
    Some(if encoding == UTF_16LE || encoding == UTF_16BE { UTF_8 } else { encoding })
}

fn is_mostly_utf8(bytes: &[u8]) -> bool {
    let (mut several, mut invalid, mut never_text) = (0usize, 0usize, true);
    for chunk in bytes.utf8_chunks() {
        several += chunk.valid().bytes().filter(|&byte| byte >= 0xc0).count();
        invalid += usize::from(!chunk.invalid().is_empty());
        never_text &= chunk.invalid().iter().all(|&byte| byte >= 0xfe);
    }
    // 0xFE and 0xFF are letters of no common text in a legacy encoding, but are what damage looks like.
    several > invalid || never_text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(bytes: &[u8]) -> (String, Vec<String>) {
        decode(bytes.to_vec(), false).unwrap()
    }

    #[test]
    fn encodings_are_told_apart() {
        let text =
            "Der Bürgermeister grüßt die Gäste auf dem schönen Marktplatz: „Willkommen!“ Preis: 5 €.\n";
        let utf16 = |big: bool| -> Vec<u8> {
            text.encode_utf16().flat_map(|u| if big { u.to_be_bytes() } else { u.to_le_bytes() }).collect()
        };
        let windows = encoding_rs::WINDOWS_1252.encode(text).0.into_owned();
        for (bytes, note) in [
            (text.as_bytes().to_vec(), ""),
            ([b"\xef\xbb\xbf", text.as_bytes()].concat(), ""),
            ([vec![0xff, 0xfe], utf16(false)].concat(), "decoded as UTF-16LE (its byte order mark says so)"),
            ([vec![0xfe, 0xff], utf16(true)].concat(), "decoded as UTF-16BE (its byte order mark says so)"),
            (utf16(false), "decoded as UTF-16LE (by its zero bytes)"),
            (utf16(true), "decoded as UTF-16BE (by its zero bytes)"),
            (windows, "decoded as windows-1252 (guessed from its bytes)"),
        ] {
            let (got, notes) = decoded(&bytes);
            assert_eq!(got, text, "{note}");
            assert_eq!(notes.join("; "), note);
        }
    }

    #[test]
    fn iso_8859_1_is_read_by_its_superset() {
        let bytes = b"Gr\xfc\xdfe aus K\xf6ln und M\xfcnchen, s\xe4mtliche Stra\xdfen sind ge\xf6ffnet.";
        assert_eq!(decoded(bytes).0, "Grüße aus Köln und München, sämtliche Straßen sind geöffnet.");
    }

    #[test]
    fn other_scripts_are_guessed_too() {
        let text = "Городской совет утвердил новый бюджет после долгих споров и двух голосований.";
        for encoding in [encoding_rs::WINDOWS_1251, encoding_rs::KOI8_R] {
            assert_eq!(decoded(&encoding.encode(text).0).0, text, "{}", encoding.name());
        }
    }

    #[test]
    fn stray_bytes_do_not_turn_a_text_into_another_encoding() {
        for (bytes, expected) in [
            (&b"Gr\xc3\xbc\xc3\x9fe\naus K\xc3\xb6ln \xe4 heute."[..], "Grüße\naus Köln \u{fffd} heute."),
            (b"plain text\nwith \xff damage", "plain text\nwith \u{fffd} damage"),
        ] {
            let (text, notes) = decoded(bytes);
            assert_eq!(text, expected);
            assert_eq!(notes, ["invalid UTF-8 in 1 places, the first in line 2: each became U+FFFD"]);
        }
    }

    #[test]
    fn a_page_says_its_encoding() {
        let page = b"<html><head><meta charset=\"iso-8859-2\"></head><p>\xb1 \xe6 \xea</p></html>";
        let (text, notes) = decode(page.to_vec(), true).unwrap();
        assert!(text.contains("<p>ą ć ę</p>"), "{text}");
        assert_eq!(notes, ["decoded as ISO-8859-2 (the page says so)"]);
        // Saved again as UTF-8 by an editor: the bytes are believed.
        let page = "<meta charset='windows-1252'><p>Größe</p>";
        assert_eq!(decode(page.into(), true).unwrap(), (page.to_string(), vec![]));
    }

    #[test]
    fn what_is_no_text_is_named() {
        for (bytes, word) in [
            (&b"%PDF-1.7\n"[..], "pdftotext"),
            (b"PK\x03\x04abc", "docx"),
            (b"\x1f\x8b\x08\x00", "gzip"),
            (b"\x89PNG\r\n\x1a\n", "picture"),
            (b"\xff\xd8\xff\xe0", "picture"),
            (b"\x7fELF\x02", "program"),
            (b"abc\x00\x01\x02def\x00", "binary"),
            (b"\xff\xfe\x00\x00A\x00\x00\x00", "UTF-32"),
        ] {
            let error = decode(bytes.to_vec(), false).unwrap_err();
            assert!(error.contains(word), "{error}");
        }
    }

    #[test]
    fn characters_that_are_no_text_go() {
        for (text, lines, expected) in [
            ("a\r\nb\rc\n\rd", false, "a\nb\nc\n\nd"),
            ("a\r\nb\rc\n\rd", true, "a\nb\nc\n\nd"),
            ("a\x0bb\x0cc\u{2028}d\u{85}e", false, "a\nb\nc\nd\ne"),
            ("a\x0bb\x0cc\u{2028}d\u{85}e", true, "a b c d e"),
            ("a\0\x07b\u{200b}c\td\u{7f}", true, "ab\u{200b}c\td"),
            ("Vertei\u{ad}di\u{ad}\n  gung", false, "Vertei\u{ad}digung"),
            ("Vertei\u{ad}di\u{ad}\ngung", true, "Vertei\u{ad}di\u{ad}\ngung"),
            ("Cafe\u{301} 10\u{a0}000", false, "Café 10\u{a0}000"),
            ("x\u{ad}", false, "x\u{ad}"),
        ] {
            assert_eq!(clean(text.into(), lines), expected, "{text:?} {lines}");
        }
        for (text, expected) in [
            ("Vertei\u{ad}digung\u{200b}.", "Verteidigung."),
            ("a\u{200d}b می\u{200c}خواهم", "ab می\u{200c}خواهم"),
            ("Straße", "Straße"),
        ] {
            assert_eq!(visible(text), expected, "{text:?}");
        }
    }
}
