//! Bytes to text: encodings, HTML, plain text as saved from web pages, JSON Lines.
//! What was assumed on the way is in the result, never guessed silently. Finding the language of a text that
//! states none, and its sentences, is left to others.

mod boilerplate;
mod encoding;
mod html;
mod paragraphs;
mod records;

use std::fs;
use std::io::{self, Read};
use std::path::Path;
use std::str::FromStr;

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
    /// The largest document in bytes; a larger one is an error that names this limit.
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

/// Reads a file (`-`: standard input): one page, or one a record of JSON Lines.
///
/// The format is [`ReadOptions::format`], else what the file's ending says (`.html`, `.htm`, `.xhtml`,
/// `.jsonl`, `.ndjson`), else what the first lines look like. An HTML page's headline becomes the first block
/// where the page has it outside the article. The date and author line at the head of a plain text go to
/// [`Meta`] and are not text.
///
/// # Errors
/// The outer error is the file's: it cannot be read, is larger than allowed, is no text or holds none. An
/// inner one is a record's, so that the others can still be used.
pub fn read(path: &Path, how: &ReadOptions) -> Result<Vec<Result<Page>>> {
    let name = if path == Path::new("-") { "standard input".into() } else { path.display().to_string() };
    let bytes = load(path, &name, how.max_bytes)?;
    if bytes.is_empty() {
        return Err(Error::input(name, "is empty"));
    }
    let format = how.format.or_else(|| by_ending(path));
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(1024)]);
    let html = format.map_or(!how.lines && looks_like_html(&head), |format| format == InputFormat::Html);
    let (text, notes) = encoding::decode(bytes, html).map_err(|what| Error::input(name.clone(), what))?;
    if text.chars().all(|c| c.is_whitespace() || encoding::is_dropped(c)) {
        return Err(Error::input(name, "holds no text, only white space"));
    }
    match format.unwrap_or_else(|| sniff(&text, how.lines)) {
        InputFormat::JsonLines => Ok(records::pages(&name, &text, how, &notes)),
        InputFormat::Html => Ok(vec![html::page(name, &text, how, notes)]),
        InputFormat::Text => Ok(vec![plain(name, text, how, Meta { notes, ..Meta::default() })]),
    }
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

fn load(path: &Path, name: &str, max: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let cannot = |cause| Error::file("read", path, cause);
    if path == Path::new("-") {
        io::stdin().lock().take(max.saturating_add(1)).read_to_end(&mut bytes).map_err(cannot)?;
    } else {
        let about = fs::metadata(path).map_err(cannot)?;
        if about.is_dir() {
            return Err(Error::input(name, "is a directory; name the files in it"));
        }
        if about.len() > max {
            return Err(too_large(name, max));
        }
        let file = fs::File::open(path).map_err(cannot)?;
        file.take(max.saturating_add(1)).read_to_end(&mut bytes).map_err(cannot)?;
    }
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
    match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
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
