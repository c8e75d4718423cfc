//! Bytes to text: encodings, HTML, plain text as saved from web pages, JSON Lines.
//! What was assumed on the way is in the result, never guessed silently. Finding the language of a text that
//! states none, and its sentences, is left to others.

mod boilerplate;
mod encoding;
mod forms;
mod html;
mod markup;
pub(crate) mod packed;
mod paragraphs;
mod records;

use std::fs;
use std::io;
use std::path::Path;
use std::str::FromStr;

pub(crate) use encoding::visible;

use crate::error::{Error, Result};
use crate::lang::Lang;

/// What a source says about itself, and what reading it had to assume.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Meta {
    /// The headline.
    pub title: Option<String>,
    /// The author.
    pub byline: Option<String>,
    /// The date as the source writes it.
    pub date: Option<String>,
    /// The address.
    pub url: Option<String>,
    /// What was assumed or left out, each in a line for people: the encoding, lines taken for boilerplate.
    pub notes: Vec<String>,
}

/// One document as read, before its language is known and its sentences are split.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// The path, or `standard input`; with `#n` for a record of JSON Lines, `n` being its line, from 1.
    pub name: String,
    /// NFC text. Blocks (paragraphs, headings) are lines with a blank line between them; in
    /// [`ReadOptions::lines`] mode every line of the file is a line, blank ones too.
    pub text: String,
    /// The language that the source states (HTML `lang`, JSON `lang`).
    pub lang: Option<Lang>,
    /// What the source says about itself.
    pub meta: Meta,
}

/// How bytes become text.
#[derive(Debug, Clone)]
pub struct ReadOptions {
    /// Keep menus, captions, credits and "more stories" as text of the document.
    pub keep_boilerplate: bool,
    /// Every line is a sentence: nothing is unwrapped or left out.
    pub lines: bool,
    /// The largest document in bytes, unpacked; a larger one is an error that names this limit.
    pub max_bytes: u64,
    /// What the file holds, where it is not to be told by the file's ending or its first lines.
    pub format: Option<InputFormat>,
}

impl Default for ReadOptions {
    fn default() -> ReadOptions {
        ReadOptions { keep_boilerplate: false, lines: false, max_bytes: 64 << 20, format: None }
    }
}

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InputFormat {
    /// Plain text.
    Text,
    /// A page of HTML or XHTML.
    Html,
    /// JSON Lines: one object a line, with a string `text` and, if known, `lang`, `url`, `title`, `date` and
    /// `byline` (or `author`); other fields are ignored.
    JsonLines,
}

impl FromStr for InputFormat {
    type Err = Error;

    /// Reads `text`, `html` or `jsonl`.
    fn from_str(text: &str) -> Result<InputFormat> {
        match text {
            "text" => Ok(InputFormat::Text),
            "html" => Ok(InputFormat::Html),
            "jsonl" => Ok(InputFormat::JsonLines),
            _ => Err(Error::input(text, "not an input format; text, html and jsonl are")),
        }
    }
}

/// Reads a file (`-`: standard input): one page, or one a record of JSON Lines. What is packed with gzip or Zstandard
/// is unpacked.
///
/// The format is [`ReadOptions::format`], else what the file's ending says (`.html`, `.htm`, `.xhtml`,
/// `.jsonl`, `.ndjson`; before `.gz` or `.zst` too), else what the first lines look like. An HTML page's headline becomes the first block
/// where the page has it outside the article. The date and author line at the head of a plain text go to
/// [`Meta`] and are not text.
///
/// # Errors
/// The outer error is the file's: it cannot be read, is larger than allowed, is no text or holds none. An
/// inner one is a record's, so that the others can still be used.
pub fn read(path: &Path, how: &ReadOptions) -> Result<Vec<Result<Page>>> {
    parse(path, load(path, how.max_bytes)?, how)
}

/// The pages of a file whose content is at hand; see [`read`].
pub(crate) fn parse(path: &Path, bytes: Vec<u8>, how: &ReadOptions) -> Result<Vec<Result<Page>>> {
    let name = name_of(path);
    if bytes.is_empty() {
        return Err(Error::input(name, "is empty"));
    }
    let format = how.format.or_else(|| by_ending(path));
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(1024)]);
    let html = format.map_or(!how.lines && looks_like_html(&head), |format| format == InputFormat::Html);
    let (text, notes) = encoding::decode(bytes, html).map_err(|what| Error::input(name.clone(), what))?;
    if text.chars().all(|c| c.is_whitespace() || encoding::is_invisible(c) || c.is_control()) {
        return Err(Error::input(name, "holds no text, only white space"));
    }
    match format.unwrap_or_else(|| sniff(&text, how.lines)) {
        InputFormat::JsonLines => Ok(records::pages(&name, &text, how, &notes)),
        InputFormat::Html => Ok(vec![html::page(name, &text, how, notes)]),
        InputFormat::Text => Ok(vec![plain(name, text, how, Meta { notes, ..Meta::default() })]),
    }
}

/// The page of one record of a JSON Lines file, `line` being its line.
pub(crate) fn parse_record(name: String, line: Vec<u8>, how: &ReadOptions) -> Result<Page> {
    let (text, notes) = encoding::decode(line, false).map_err(|what| Error::input(name.clone(), what))?;
    records::page(name, text.trim(), how, notes)
}

/// The page of a decoded plain text.
fn plain(name: String, text: String, how: &ReadOptions, mut meta: Meta) -> Result<Page> {
    let text = encoding::clean(text, how.lines);
    let text = if how.lines {
        text
    } else {
        let lines = paragraphs::lines(&text);
        drop(text);
        finish(lines, how, &mut meta)
    };
    if text.trim().is_empty() {
        return Err(Error::input(name, "holds no text"));
    }
    Ok(Page { name, text, lang: None, meta })
}

/// Leaves out boilerplate where that is wanted, and joins the rest.
fn finish(lines: Vec<paragraphs::Line>, how: &ReadOptions, meta: &mut Meta) -> String {
    let lines = if how.keep_boilerplate { lines } else { boilerplate::sift(lines, meta) };
    let texts: Vec<String> = lines.into_iter().map(|line| line.text).collect();
    texts.join("\n\n")
}

/// What messages and exports call a file.
fn name_of(path: &Path) -> String {
    if path == Path::new("-") { "standard input".into() } else { path.display().to_string() }
}

/// The bytes of a file (`-`: standard input), unpacked, if they are no more than `max`.
pub(crate) fn load(path: &Path, max: u64) -> Result<Vec<u8>> {
    let name = &name_of(path);
    let cannot = |cause| Error::file("read", path, cause);
    let bytes = if path == Path::new("-") {
        packed::read_to_limit(io::stdin().lock(), path, name, max)?
    } else {
        let about = fs::metadata(path).map_err(cannot)?;
        if about.is_dir() {
            return Err(Error::input(name, "is a directory; name the files in it"));
        }
        // What is packed is not smaller when it is unpacked.
        if about.len() > max {
            return Err(too_large(name, max));
        }
        packed::read_to_limit(fs::File::open(path).map_err(cannot)?, path, name, max)?
    };
    if bytes.len() as u64 > max {
        return Err(too_large(name, max));
    }
    Ok(bytes)
}

fn too_large(name: &str, max: u64) -> Error {
    let limit = if max >= 1 << 20 { format!("{} MB", max >> 20) } else { format!("{max} bytes") };
    Error::input(name, format!("is larger than {limit}, the limit for one file; raise it with --max-size"))
}

fn by_ending(path: &Path) -> Option<InputFormat> {
    match packed::unpacked_name(path).extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "html" | "htm" | "xhtml" => Some(InputFormat::Html),
        "jsonl" | "ndjson" => Some(InputFormat::JsonLines),
        _ => None,
    }
}

/// In lines mode nothing is taken for HTML by its looks: its lines would not be those of the file.
fn sniff(text: &str, lines: bool) -> InputFormat {
    if !lines && looks_like_html(text) {
        InputFormat::Html
    } else if records::looks_like(text) {
        InputFormat::JsonLines
    } else {
        InputFormat::Text
    }
}

fn looks_like_html(text: &str) -> bool {
    let mut rest = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    // Browsers put a comment that says where a page was saved from before all else.
    while let Some(comment) = rest.strip_prefix("<!--") {
        let Some(end) = comment.find("-->") else { return false };
        rest = comment[end + 3..].trim_start();
    }
    let starts = |what: &str| rest.get(..what.len()).is_some_and(|start| start.eq_ignore_ascii_case(what));
    starts("<!doctype html") || starts("<html") || starts("<?xml")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(file: &str, how: &ReadOptions) -> Result<Vec<Result<Page>>> {
        read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(file), how)
    }

    fn page(file: &str, how: &ReadOptions) -> Page {
        open(file, how).unwrap().remove(0).unwrap()
    }

    #[test]
    fn every_encoding_reads_the_same() {
        let expected = "Die Brücke über die Ölbach wird im März für drei Wochen gesperrt.\n\n\
                        Fußgänger können eine Fähre benutzen; die Überfahrt kostet 1,50 €.\n\n\
                        „Es geht nicht anders“, sagte Bürgermeister Jörg Schäfer am Freitag.";
        for (file, note) in [
            ("windows-1252.de.txt", "decoded as windows-1252 (guessed from its bytes)"),
            ("utf-16le-bom.de.txt", "decoded as UTF-16LE (its byte order mark says so)"),
            ("utf-16be.de.txt", "decoded as UTF-16BE (by its zero bytes)"),
            ("utf-8-bom.de.txt", ""),
        ] {
            let page = page(&format!("read/{file}"), &ReadOptions::default());
            assert_eq!(page.text, expected, "{file}");
            assert_eq!(page.meta.notes.join("; "), note, "{file}");
        }
        let latin = page("read/iso-8859-1.de.txt", &ReadOptions::default());
        assert_eq!(latin.text, expected.replace('€', "Euro").replace(['„', '“'], "\""));
        let stray = page("read/stray-bytes.de.txt", &ReadOptions::default());
        assert_eq!(stray.text, expected.replace("Freitag", "Fr\u{fffd}itag"));
        assert_eq!(stray.meta.notes, ["invalid UTF-8 in 1 places, the first in line 4: each became U+FFFD"]);
    }

    #[test]
    fn lines_mode_keeps_every_line() {
        let how = ReadOptions { lines: true, ..ReadOptions::default() };
        let text = page("read/windows-1252.de.txt", &how).text;
        assert_eq!(text.lines().count(), 4);
        assert_eq!(text.lines().nth(2), Some(""));
        assert_eq!(page("artikel.de.txt", &how).text.lines().next(), Some("1. Zum Inhalt springen"));
    }

    #[test]
    fn wrapped_text_is_unwrapped() {
        assert_eq!(
            page("read/wrapped.de.txt", &ReadOptions::default()).text,
            "Am Hang über dem Dorf stehen noch die Grundmauern der alten Mühle. Wer sie gebaut hat, weiß niemand \
             mehr; in den Kirchenbüchern wird sie erstmals 1684 erwähnt. Damals gehörte sie einem Müller, der \
             vier Töchter und keinen Sohn hatte.\n\n\
             Die jüngste Tochter\n\n\
             Sie übernahm die Mühle gegen den Willen der Verwandten und führte sie fast vierzig Jahre lang. Aus \
             dieser Zeit stammt der Mühlstein, den man heute vor dem Rathaus sehen kann."
        );
    }

    #[test]
    fn a_saved_page_becomes_its_article() {
        let page = page("artikel.de.txt", &ReadOptions::default());
        let blocks: Vec<&str> = page.text.split("\n\n").collect();
        assert_eq!(blocks.len(), 11, "{blocks:#?}");
        assert_eq!(blocks[0], "Wesselbrück will von 2027 an mit Flusswärme heizen");
        assert_eq!(blocks[4], "Wie funktioniert die Anlage?");
        assert!(blocks[10].ends_with("die Gebühr dafür beträgt einmalig 2.900 Euro."));
        assert_eq!(page.meta.date.as_deref(), Some("14. März 2025"));
        let how = ReadOptions { keep_boilerplate: true, ..ReadOptions::default() };
        assert!(self::page("artikel.de.txt", &how).text.contains("Newsletter abonnieren"));
    }

    #[test]
    fn a_page_of_html_becomes_its_article() {
        let page = page("read/page.de.html", &ReadOptions::default());
        assert_eq!(
            page.text
                .split("\n\n")
                .map(|block| block.chars().take(30).collect::<String>())
                .collect::<Vec<_>>(),
            [
                "Neue Fähre verbindet Tannhafen",
                "Seit Dienstag fährt zwischen T",
                "Die Verbindung war vor drei Ja",
                "Die Insel war seitdem nur mit ",
                "Batterien statt Diesel",
                "Das neue Schiff fährt mit Stro",
                "Abfahrt in Tannhafen: 7, 11 un",
                "Abfahrt auf Grooten: 9, 13 und",
                "Wir haben lange auf diesen Tag",
                "Das Land bezahlte zwei Drittel",
            ]
        );
        assert!(page.text.contains("bis zu 120 Fahrgäste & 14 Autos mit."));
        assert_eq!(page.lang.unwrap().as_str(), "de");
        assert_eq!(
            page.meta,
            Meta {
                title: Some("Neue Fähre verbindet Tannhafen mit der Insel Grooten".into()),
                byline: Some("Ole Brandsen".into()),
                date: Some("2025-04-02T09:30:00+02:00".into()),
                url: Some("https://kuestenblatt.example/faehre-tannhafen".into()),
                notes: vec![],
            }
        );
        let how = ReadOptions { keep_boilerplate: true, ..ReadOptions::default() };
        let all = self::page("read/page.de.html", &how).text;
        for text in
            ["Startseite", "Wir verwenden Cookies", "Foto: Ole Brandsen", "Inselarzt gesucht", "Impressum"]
        {
            assert!(all.contains(text), "{text}");
        }
    }

    #[test]
    fn old_html_is_read_too() {
        let page = page("read/page.en.html", &ReadOptions::default());
        assert_eq!(page.lang.unwrap().as_str(), "en");
        let blocks: Vec<&str> = page.text.split("\n\n").collect();
        assert_eq!(blocks.len(), 6, "{blocks:#?}");
        assert_eq!(blocks[0], "Library stays open on Sundays");
        assert!(blocks[3].starts_with("“We did not expect this,” said"));
        assert!(blocks[4].contains("£41,000"));
        assert_eq!(page.meta.notes[0], "decoded as windows-1252 (the page says so)");
        assert_eq!(page.meta.date.as_deref(), Some("May 6, 2025"));
    }

    #[test]
    fn records_are_pages() {
        let pages = open("read/records.jsonl", &ReadOptions::default()).unwrap();
        assert_eq!(pages.iter().filter(|page| page.is_ok()).count(), 3);
        assert!(pages[0].as_ref().unwrap().name.ends_with("records.jsonl#1"));
        assert!(pages[2].as_ref().unwrap_err().to_string().contains("records.jsonl#4: not a record"));
    }

    #[test]
    fn formats_are_told_by_their_first_lines() {
        for (text, expected) in [
            ("<!DOCTYPE HTML><p>x", InputFormat::Html),
            ("\u{feff}\n <html lang=de>", InputFormat::Html),
            ("<!-- saved from url=(0014)about:internet -->\n<html>", InputFormat::Html),
            ("<?xml version='1.0'?><html>", InputFormat::Html),
            ("<p>x", InputFormat::Text),
            ("<!-- no end", InputFormat::Text),
            ("\n{\"text\": \"x\"}\n{", InputFormat::JsonLines),
            ("{\"title\": \"x\"}", InputFormat::Text),
            ("{ a set }", InputFormat::Text),
            ("", InputFormat::Text),
        ] {
            assert_eq!(sniff(text, false), expected, "{text}");
        }
        assert_eq!(sniff("<html>\n<p>", true), InputFormat::Text);
        assert!("pdf".parse::<InputFormat>().is_err());
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        let dir = tempfile::tempdir().unwrap();
        for (bytes, max, message) in [
            (&b""[..], 9, "f: is empty"),
            (b" \n\t\xc2\xa0\r\n", 9, "f: holds no text, only white space"),
            (b"\xef\xbb\xbf\n", 9, "f: holds no text, only white space"),
            (b"0123456789", 9, "f: is larger than 9 bytes, the limit for one file; raise it with --max-size"),
            (b"%PDF-1", 9, "f: is a PDF file, not text; convert it first (pdftotext FILE.pdf FILE.txt)"),
            (b"<html><p>", 9, "f: holds no text, only markup"),
        ] {
            let path = dir.path().join("f");
            fs::write(&path, bytes).unwrap();
            let how = ReadOptions { max_bytes: max, ..ReadOptions::default() };
            let error = read(&path, &how).and_then(|mut pages| pages.remove(0)).unwrap_err();
            assert!(error.to_string().ends_with(message), "{error}");
        }
        let error = read(dir.path(), &ReadOptions::default()).unwrap_err().to_string();
        assert!(error.ends_with("is a directory; name the files in it"), "{error}");
        let error = read(&dir.path().join("none"), &ReadOptions::default()).unwrap_err().to_string();
        assert!(error.starts_with("cannot read ") && error.contains("none: "), "{error}");
    }
}
