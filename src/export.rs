//! Sentence pairs in the formats that corpus and translation tools read: TSV, JSON Lines, TMX 1.4b, Moses, Parquet,
//! and beads as the field's scorers read them. Opening, packing and naming files is left to the caller.

#[cfg(feature = "parquet")]
mod columns;
mod portions;
mod tmx;

use std::borrow::Cow;
use std::io::Write;
use std::ops::Range;

use quick_xml::Writer;
use serde::Serialize;

pub use portions::{Portion, Portions};

use crate::bitext::{AlignedPair, Bitext, PairSide};
use crate::error::Result;
use crate::filter::Reason;
use crate::lang::Lang;

/// A format of one file. [`Exporter::moses`] writes the one that has two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportFormat {
    /// Source, target, score, type, source document, target document, source sentences, target sentences, source
    /// bytes, target bytes, source address, target address; no head line. Sentences are numbers from 0 with commas
    /// between; bytes are the place in the document's text, `0-9` for the first nine. Of a rejected pair also the
    /// reason.
    Tsv,
    /// One JSON object a line: what TSV has, with the text exactly as written, and languages, addresses,
    /// places in bytes of the document and, where known, the English of each side.
    Jsonl,
    /// TMX 1.4b, level 1 (plain text): one translation unit a pair, with what TSV has as `prop`s.
    Tmx,
    /// Parquet, packed with Zstandard inside: a row a pair, with the columns that JSON Lines has as fields. Row groups
    /// are of some ten megabytes, which are in memory until they are written.
    #[cfg(feature = "parquet")]
    Parquet,
    /// `[0, 1]:[0]:0.87`, sentence numbers from 0: all beads, null alignments too.
    Beads,
}

/// Writes pairs one by one, so that a corpus of any size needs no memory.
///
/// All formats but [`ExportFormat::Beads`] leave out pairs with a blank side. TSV, TMX and Moses put a text on one line: line ends, tabs and other control characters are made
/// blanks (XML forbids them, and tools that read lines break on them). Scores are rounded to four decimals.
///
/// ```
/// use diptych::{Bead, Bitext, Document, ExportFormat, Exporter, Lang, Split};
/// # fn main() -> diptych::Result<()> {
/// let german = Document::new("a.de".into(), "de".parse()?, "Guten Morgen.".into(), Split::Lines);
/// let english = Document::new("a.en".into(), Lang::english(), "Good morning.".into(), Split::Lines);
/// let beads = vec![Bead { source: 0..1, target: 0..1, score: 0.9 }];
/// let mut out = Vec::new();
/// let mut exporter = Exporter::new(&mut out, ExportFormat::Beads, None)?;
/// exporter.write_bitext(&Bitext::new(german, english, beads, "by hand".into())?)?;
/// exporter.finish()?;
/// assert_eq!(out, b"[0]:[0]:0.9\n");
/// # Ok(())
/// # }
/// ```
pub struct Exporter<W: Write> {
    sink: Sink<W>,
}

enum Sink<W: Write> {
    Tsv(W),
    Jsonl(W),
    Tmx(Writer<W>),
    #[cfg(feature = "parquet")]
    Columns(Box<columns::Columns<W>>),
    Beads(W),
    Moses(W, W),
}

impl<W: Write> Exporter<W> {
    /// Begins the output. `source` is the language of all sources, where they have one in common: TMX states
    /// it in its header, else `*all*`.
    ///
    /// # Errors
    /// [`Error::Output`](crate::Error::Output), here and in every method below.
    pub fn new(out: W, format: ExportFormat, source: Option<&Lang>) -> Result<Exporter<W>> {
        let sink = match format {
            ExportFormat::Tsv => Sink::Tsv(out),
            ExportFormat::Jsonl => Sink::Jsonl(out),
            ExportFormat::Tmx => Sink::Tmx(tmx::begin(out, source)?),
            #[cfg(feature = "parquet")]
            ExportFormat::Parquet => Sink::Columns(Box::new(columns::Columns::new(out)?)),
            ExportFormat::Beads => Sink::Beads(out),
        };
        Ok(Exporter { sink })
    }

    /// The Moses format: two files whose lines belong together, one for each language.
    pub fn moses(source: W, target: W) -> Exporter<W> {
        Exporter { sink: Sink::Moses(source, target) }
    }

    /// Writes one pair, unless the format leaves it out.
    pub fn write(&mut self, pair: &AlignedPair<'_>) -> Result<()> {
        if pair.is_blank() && !matches!(self.sink, Sink::Beads(_)) {
            return Ok(());
        }
        match &mut self.sink {
            Sink::Tsv(out) => write_tsv(out, pair),
            Sink::Jsonl(out) => write_json(out, pair),
            Sink::Tmx(out) => tmx::write_unit(out, pair),
            #[cfg(feature = "parquet")]
            Sink::Columns(columns) => columns.write(pair),
            Sink::Beads(out) => write_bead(out, pair),
            Sink::Moses(source, target) => {
                writeln!(source, "{}", one_line(pair.source.text))?;
                writeln!(target, "{}", one_line(pair.target.text))?;
                Ok(())
            }
        }
    }

    /// Writes every pair of a bitext.
    pub fn write_bitext(&mut self, bitext: &Bitext) -> Result<()> {
        bitext.aligned_pairs().try_for_each(|pair| self.write(&pair))
    }

    /// Ends and flushes the output. Without it a file of TMX or Parquet has no end.
    pub fn finish(self) -> Result<()> {
        match self.sink {
            Sink::Tsv(mut out) | Sink::Jsonl(mut out) | Sink::Beads(mut out) => out.flush()?,
            Sink::Tmx(writer) => tmx::end(writer)?,
            #[cfg(feature = "parquet")]
            Sink::Columns(columns) => columns.finish()?,
            Sink::Moses(mut source, mut target) => {
                source.flush()?;
                target.flush()?;
            }
        }
        Ok(())
    }
}

/// `text` on one line: each run of control characters, line ends among them, with the blanks around it is
/// made one blank; none at the ends. What Python's `splitlines` breaks at counts as a line end.
pub fn one_line(text: &str) -> Cow<'_, str> {
    let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{FFFE}' | '\u{FFFF}');
    if !text.contains(breaks) {
        return Cow::Borrowed(text);
    }
    let pieces = text.split(breaks).map(str::trim).filter(|piece| !piece.is_empty());
    Cow::Owned(pieces.collect::<Vec<_>>().join(" "))
}

fn write_tsv(out: &mut impl Write, pair: &AlignedPair<'_>) -> Result<()> {
    let (source, target) = (&pair.source, &pair.target);
    write!(
        out,
        "{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}",
        one_line(source.text),
        one_line(target.text),
        rounded(pair.score),
        pair.kind(),
        one_line(source.document),
        one_line(target.document),
        numbers(&source.sentences, ","),
        numbers(&target.sentences, ","),
        place(source),
        place(target),
        one_line(source.url.unwrap_or_default()),
        one_line(target.url.unwrap_or_default()),
    )?;
    if let Some(reason) = pair.rejected {
        write!(out, "\t{reason}")?;
    }
    writeln!(out)?;
    Ok(())
}

#[derive(Serialize)]
struct Record<'a> {
    source: &'a str,
    target: &'a str,
    score: f64,
    #[serde(rename = "type")]
    kind: String,
    source_lang: &'a str,
    target_lang: &'a str,
    source_doc: &'a str,
    target_doc: &'a str,
    source_ids: Vec<usize>,
    target_ids: Vec<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_bytes: Option<[usize; 2]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target_bytes: Option<[usize; 2]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_english: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target_english: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rejected: Option<&'static str>,
}

fn write_json(out: &mut impl Write, pair: &AlignedPair<'_>) -> Result<()> {
    let (source, target) = (&pair.source, &pair.target);
    let bytes = |side: &PairSide<'_>| side.span.map(|span| [span.start, span.end]);
    let record = Record {
        source: source.text,
        target: target.text,
        score: rounded(pair.score),
        kind: pair.kind(),
        source_lang: source.lang.as_str(),
        target_lang: target.lang.as_str(),
        source_doc: source.document,
        target_doc: target.document,
        source_ids: source.sentences.clone().collect(),
        target_ids: target.sentences.clone().collect(),
        source_bytes: bytes(source),
        target_bytes: bytes(target),
        source_url: source.url,
        target_url: target.url,
        source_english: source.english,
        target_english: target.english,
        rejected: pair.rejected.map(Reason::as_str),
    };
    serde_json::to_writer(&mut *out, &record).map_err(std::io::Error::from)?;
    writeln!(out)?;
    Ok(())
}

fn write_bead(out: &mut impl Write, pair: &AlignedPair<'_>) -> Result<()> {
    let source = numbers(&pair.source.sentences, ", ");
    let target = numbers(&pair.target.sentences, ", ");
    writeln!(out, "[{source}]:[{target}]:{}", rounded(pair.score))?;
    Ok(())
}

/// More decimals than a score is good for would only make files differ between machines.
fn rounded(score: f32) -> f64 {
    (f64::from(score) * 1e4).round() / 1e4
}

/// `0-9`: the bytes of a side in its document; nothing where it has none.
fn place(side: &PairSide<'_>) -> String {
    side.span.map(|span| format!("{}-{}", span.start, span.end)).unwrap_or_default()
}

fn numbers(range: &Range<usize>, between: &str) -> String {
    range.clone().map(|number| number.to_string()).collect::<Vec<_>>().join(between)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bitext::Bead;
    use crate::document::Document;
    use crate::split::Split;

    #[test]
    fn a_text_fits_on_one_line() {
        for (text, expected) in [
            ("as it is", "as it is"),
            (" edges kept ", " edges kept "),
            ("two\nlines", "two lines"),
            ("a \t\r\n b\u{2028}c\u{85}", "a b c"),
            ("\u{0}\u{b}\u{c}\u{1c}\u{ffff}", ""),
            ("e\u{301} \u{200d} \u{ad}", "e\u{301} \u{200d} \u{ad}"),
        ] {
            assert_eq!(one_line(text), expected, "{text:?}");
        }
    }

    #[test]
    fn each_format_writes_what_it_should() {
        let document = |name: &str, lang: &str, text: &str| {
            Document::new(name.into(), lang.parse().unwrap(), text.into(), Split::Lines)
        };
        let bead = |source, target, score| Bead { source, target, score };
        let beads = vec![
            bead(0..2, 0..1, 0.87),
            bead(2..3, 1..2, 1.0),
            bead(3..4, 2..2, 0.55),
            bead(4..4, 2..3, 0.123_46),
        ];
        let source = document("a\tb", "de", "Ja.\nDoch.\n\nNun.");
        let target = document("c", "en", "Yes & \"no\".\n\nWell.");
        let bitext = Bitext::new(source, target, beads, "test".into()).unwrap();
        for (format, expected) in [
            (ExportFormat::Beads, "[0, 1]:[0]:0.87\n[2]:[1]:1\n[3]:[]:0.55\n[]:[2]:0.1235\n"),
            (ExportFormat::Tsv, "Ja. Doch.\tYes & \"no\".\t0.87\t2-1\ta b\tc\t0,1\t0\t0-9\t0-11\t\t\n"),
            (
                ExportFormat::Jsonl,
                concat!(
                    r#"{"source":"Ja.\nDoch.","target":"Yes & \"no\".","score":0.87,"type":"2-1","source_lang":"de","#,
                    r#""target_lang":"en","source_doc":"a\tb","target_doc":"c","source_ids":[0,1],"target_ids":[0],"#,
                    r#""source_bytes":[0,9],"target_bytes":[0,11]}"#,
                    "\n"
                ),
            ),
            (
                ExportFormat::Tmx,
                concat!(
                    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<tmx version=\"1.4\">\n <header creationtool=\"diptych\" ",
                    "creationtoolversion=\"",
                    env!("CARGO_PKG_VERSION"),
                    "\" segtype=\"sentence\" o-tmf=\"diptych\" adminlang=\"en\" srclang=\"de\" ",
                    "datatype=\"plaintext\"/>\n <body>\n  <tu srclang=\"de\">\n   <prop type=\"score\">0.87</prop>\n",
                    "   <prop type=\"type\">2-1</prop>\n   <tuv xml:lang=\"de\">\n    <prop type=\"document\">a b</prop>\n",
                    "    <prop type=\"sentences\">0,1</prop>\n    <prop type=\"bytes\">0-9</prop>\n    <seg>Ja. Doch.</seg>\n   </tuv>\n   <tuv xml:lang=\"en\">\n",
                    "    <prop type=\"document\">c</prop>\n    <prop type=\"sentences\">0</prop>\n    <prop type=\"bytes\">0-11</prop>\n",
                    "    <seg>Yes &amp; &quot;no&quot;.</seg>\n   </tuv>\n  </tu>\n </body>\n</tmx>\n",
                ),
            ),
        ] {
            let mut out = Vec::new();
            let mut exporter = Exporter::new(&mut out, format, Some(bitext.source().lang())).unwrap();
            exporter.write_bitext(&bitext).unwrap();
            exporter.finish().unwrap();
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }
}
