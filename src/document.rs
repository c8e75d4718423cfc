//! A text, its language and its sentences. The text is never changed; a sentence is a slice of it.

use std::ops::Range;
use std::path::Path;

use crate::error::{Error, Result};
use crate::lang::{Lang, identify};
use crate::read::{Meta, Page, ReadOptions, load, parse, parse_record};
use crate::split::{Split, split};

/// A range of bytes in a text, on character boundaries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// The part of `text` that the span covers.
    pub fn of<'a>(&self, text: &'a str) -> &'a str {
        &text[self.start..self.end]
    }
}

/// A text in one language, split into sentences.
#[derive(Debug, Clone)]
pub struct Document {
    name: String,
    lang: Lang,
    text: String,
    meta: Meta,
    split: Split,
    sentences: Vec<Span>,
}

/// How documents are made of files: what [`Document::open`] needs to know.
#[derive(Debug, Clone, Default)]
pub struct OpenOptions {
    /// The language, where the user names it; else the page's own statement, else identification.
    pub lang: Option<Lang>,
    /// Sentences by rule, or one a line.
    pub split: Split,
    /// How bytes become text.
    pub read: ReadOptions,
}

impl OpenOptions {
    fn pages(&self) -> ReadOptions {
        ReadOptions { lines: self.split == Split::Lines, ..self.read.clone() }
    }
}

impl Document {
    /// Reads a file (`-`: standard input) and returns its documents: one, or one a record of JSON Lines.
    ///
    /// The outer error is the file's, an inner one a record's: the others can still be used.
    pub fn open(path: &Path, options: &OpenOptions) -> Result<Vec<Result<Document>>> {
        Document::parse(path, load(path, options.read.max_bytes)?, options)
    }

    /// The documents of a file whose content is at hand; see [`Document::open`].
    pub(crate) fn parse(path: &Path, bytes: Vec<u8>, options: &OpenOptions) -> Result<Vec<Result<Document>>> {
        let pages = parse(path, bytes, &options.pages())?;
        Ok(pages.into_iter().map(|page| page.and_then(|page| Document::from_page(page, options))).collect())
    }

    /// The document of one record of a JSON Lines file, `line` being its line.
    pub(crate) fn parse_record(name: String, line: Vec<u8>, options: &OpenOptions) -> Result<Document> {
        parse_record(name, line, &options.pages()).and_then(|page| Document::from_page(page, options))
    }

    /// Gives the document the `date` that is known of it, where it states none itself.
    pub(crate) fn dated(mut self, date: Option<&str>) -> Document {
        self.meta.date = self.meta.date.or_else(|| date.map(str::to_string));
        self
    }

    /// Splits `text` into sentences. `name` is what messages and exports call the document.
    pub fn new(name: String, lang: Lang, text: String, how: Split) -> Document {
        let sentences = split(&text, &lang, how);
        Document { name, lang, text, meta: Meta::default(), split: how, sentences }
    }

    fn from_page(page: Page, options: &OpenOptions) -> Result<Document> {
        let lang = options.lang.clone().or(page.lang).or_else(|| identify(&page.text));
        let lang = lang
            .ok_or_else(|| Error::UnknownLanguage { name: page.name.clone(), way_out: "name it".into() })?;
        Ok(Document { meta: page.meta, ..Document::new(page.name, lang, page.text, options.split) })
    }

    /// What messages and exports call the document: its path, with `#n` for a record of JSON Lines.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The language that the document is written in.
    pub fn lang(&self) -> &Lang {
        &self.lang
    }

    /// The whole text, as read.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Title, author, date and address, where the source states them.
    pub fn meta(&self) -> &Meta {
        &self.meta
    }

    /// What a sentence of this document is.
    pub fn split(&self) -> Split {
        self.split
    }

    /// The places of the sentences: in order, disjoint, only white space between them.
    pub fn spans(&self) -> &[Span] {
        &self.sentences
    }

    /// The sentences in order.
    pub fn sentences(&self) -> impl ExactSizeIterator<Item = &str> {
        self.sentences.iter().map(|span| span.of(&self.text))
    }

    /// The text from the first to the last of `sentences`, as written; empty for an empty range.
    pub fn slice(&self, sentences: Range<usize>) -> &str {
        match self.sentences.get(sentences) {
            Some([first, .., last]) => &self.text[first.start..last.end],
            Some([only]) => only.of(&self.text),
            _ => "",
        }
    }

    /// The paragraphs as ranges of sentences: sentences between which no line ends belong together.
    pub fn paragraphs(&self) -> Vec<Range<usize>> {
        let mut paragraphs: Vec<Range<usize>> = Vec::new();
        for (i, span) in self.sentences.iter().enumerate() {
            let breaks = i == 0 || self.text[self.sentences[i - 1].end..span.start].contains('\n');
            match paragraphs.last_mut() {
                Some(last) if !breaks => last.end = i + 1,
                _ => paragraphs.push(i..i + 1),
            }
        }
        paragraphs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_and_slices_follow_the_text() {
        let text = "Ein Satz. Noch einer.\n\nEin dritter.".to_string();
        let document = Document::new("t".into(), "de".parse().unwrap(), text, Split::Sentences);
        assert_eq!(document.sentences().collect::<Vec<_>>(), ["Ein Satz.", "Noch einer.", "Ein dritter."]);
        assert_eq!(document.paragraphs(), [0..2, 2..3]);
        assert_eq!(document.slice(0..2), "Ein Satz. Noch einer.");
        assert_eq!(document.slice(1..1), "");
    }

    #[test]
    fn lines_stay_true_to_their_numbers() {
        let document = Document::new("t".into(), Lang::english(), "One.\n\nThree.\n".into(), Split::Lines);
        assert_eq!(document.sentences().collect::<Vec<_>>(), ["One.", "", "Three."]);
    }
}
