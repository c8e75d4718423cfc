//! A translated document as people and programs want it: English text, both languages line by line, TSV,
//! JSON Lines, or a page of HTML. Written as translations become ready, in the order of the text.

use std::io::Write;

use quick_xml::escape::escape;
use serde::Serialize;

use crate::document::Document;
use crate::error::Result;
use crate::export::one_line;
use crate::split::Split;
use crate::translate::{Suspicion, suspicion};

/// The form of a translated document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RenderFormat {
    /// English only, paragraphs kept; of a document with one sentence a line, line for line.
    Text,
    /// Each sentence with its English below it.
    Bilingual,
    /// `document, sentence, source, english, flag`; sentences from 0, blanks for tabs and line ends.
    Tsv,
    /// One object a sentence.
    JsonLines,
    /// One self-contained page, both languages side by side.
    Html,
}

/// Writes documents sentence by sentence in one [`RenderFormat`].
pub struct Renderer<W: Write> {
    out: W,
    format: RenderFormat,
    /// Whether documents are announced by name: where there is more than one.
    named: bool,
    documents: usize,
    suspects: Vec<Suspicion>,
}

#[derive(Serialize)]
struct Row<'a> {
    document: &'a str,
    lang: &'a str,
    sentence: usize,
    paragraph: usize,
    source: &'a str,
    english: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    flag: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signature: Option<&'a str>,
}

impl<W: Write> Renderer<W> {
    /// A renderer into `out`. `named`: several documents follow, so announce each.
    pub fn new(out: W, format: RenderFormat, named: bool) -> Renderer<W> {
        Renderer { out, format, named, documents: 0, suspects: Vec::new() }
    }

    /// Begins a document. `note` is what readers have to know about the translation; the bilingual and the HTML
    /// output say it once.
    ///
    /// # Errors
    /// Whatever `out` returns, here and in all methods.
    pub fn begin(&mut self, document: &Document, note: &str) -> Result<()> {
        let first = self.documents == 0;
        self.documents += 1;
        let name = document.name();
        match self.format {
            RenderFormat::Text | RenderFormat::Bilingual => {
                if first && self.format == RenderFormat::Bilingual {
                    writeln!(self.out, "# {note}\n")?;
                }
                if self.named {
                    writeln!(self.out, "{}==> {name} <==", if first { "" } else { "\n" })?;
                }
            }
            RenderFormat::Tsv | RenderFormat::JsonLines => {}
            RenderFormat::Html => {
                if first {
                    let title = document.meta().title.as_deref().unwrap_or(name);
                    write!(self.out, "{}", HTML_HEAD.replace("{title}", &escape(title)))?;
                    writeln!(self.out, "<p class=\"note\">{}</p>", escape(note))?;
                }
                let lang = document.lang();
                writeln!(self.out, "<article>\n<h1>{}</h1>", escape(name))?;
                writeln!(
                    self.out,
                    "<table>\n<thead><tr><th scope=\"col\">{}</th><th scope=\"col\">English</th></tr></thead>\n<tbody>",
                    escape(lang.name())
                )?;
            }
        }
        Ok(())
    }

    /// Writes sentence `first` and those after it, of which `english` is the English; `signature` names what
    /// made it, if it is not the document's own.
    pub fn sentences(
        &mut self,
        document: &Document,
        first: usize,
        english: &[String],
        signature: Option<&str>,
    ) -> Result<()> {
        let paragraphs = document.paragraphs();
        let mut paragraph = paragraphs.partition_point(|range| range.end <= first);
        for (i, english) in (first..).zip(english) {
            while paragraphs.get(paragraph).is_some_and(|range| range.end <= i) {
                paragraph += 1;
            }
            let opens = paragraphs.get(paragraph).is_some_and(|range| range.start == i);
            let source = document.slice(i..i + 1);
            let flag =
                if document.lang().is_english() { None } else { suspicion(source, document.lang(), english) };
            self.suspects.extend(flag);
            let row = Row {
                document: document.name(),
                lang: document.lang().as_str(),
                sentence: i,
                paragraph,
                source,
                english,
                flag: flag.map(Suspicion::as_str),
                signature,
            };
            self.sentence(&row, opens, document.split() == Split::Lines)?;
        }
        Ok(self.out.flush()?)
    }

    fn sentence(&mut self, row: &Row, opens: bool, lines: bool) -> Result<()> {
        let out = &mut self.out;
        match self.format {
            RenderFormat::Text => {
                let gap = match (row.sentence, opens) {
                    (0, _) => "",
                    (_, true) if lines => "\n",
                    (_, true) => "\n\n",
                    (_, false) => " ",
                };
                let english = if lines { one_line(row.english) } else { row.english.into() };
                write!(out, "{gap}{english}")?;
            }
            RenderFormat::Bilingual => {
                let mark = row.flag.map(|flag| format!("  [check: {flag}]")).unwrap_or_default();
                let gap = if opens && row.sentence > 0 && !lines { "\n" } else { "" };
                writeln!(out, "{gap}{}\n    {}{mark}", row.source, row.english)?;
            }
            RenderFormat::Tsv => {
                let (source, english) = (one_line(row.source), one_line(row.english));
                let flag = row.flag.unwrap_or_default();
                writeln!(out, "{}\t{}\t{source}\t{english}\t{flag}", one_line(row.document), row.sentence)?;
            }
            RenderFormat::JsonLines => {
                let json = serde_json::to_string(row).expect("a row of strings and numbers is JSON");
                writeln!(out, "{json}")?;
            }
            RenderFormat::Html => {
                let mark = row.flag.map(|flag| format!(" <mark>check: {flag}</mark>")).unwrap_or_default();
                let class = if opens { " class=\"opens\"" } else { "" };
                let (source, english) = (escape(row.source), escape(row.english));
                writeln!(
                    out,
                    "<tr{class}><td lang=\"{}\">{source}</td><td lang=\"en\">{english}{mark}</td></tr>",
                    escape(row.lang)
                )?;
            }
        }
        Ok(())
    }

    /// Ends a document.
    pub fn end(&mut self, document: &Document) -> Result<()> {
        match self.format {
            RenderFormat::Text if !document.spans().is_empty() => writeln!(self.out)?,
            RenderFormat::Html => writeln!(self.out, "</tbody>\n</table>\n</article>")?,
            _ => {}
        }
        Ok(self.out.flush()?)
    }

    /// Ends the output and returns every suspicion that was met, in order.
    pub fn finish(mut self) -> Result<Vec<Suspicion>> {
        if self.format == RenderFormat::Html && self.documents > 0 {
            writeln!(self.out, "</main>\n</body>\n</html>")?;
        }
        self.out.flush()?;
        Ok(self.suspects)
    }
}

const HTML_HEAD: &str = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root { color-scheme: light dark; }
body { margin: 0; font: 17px/1.55 Georgia, "Times New Roman", serif; }
main { max-width: 68rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
h1 { font-size: 1.15rem; overflow-wrap: anywhere; }
.note { border-left: 3px solid #b7791f; padding: .4rem .9rem; font-size: .9rem; }
table { border-collapse: collapse; width: 100%; table-layout: fixed; }
th { text-align: left; font: 600 .8rem/1.4 system-ui, sans-serif; padding: .4rem 1rem .4rem 0; }
td { vertical-align: top; padding: .2rem 1.5rem .2rem 0; overflow-wrap: anywhere; }
tr.opens td { padding-top: 1.1rem; }
mark { font: .75rem/1.4 system-ui, sans-serif; padding: .05rem .4rem; border-radius: .3rem; }
@media (max-width: 40rem) {
  thead { display: none; }
  td { display: block; padding-right: 0; }
  td + td { padding: 0 0 .7rem 1rem; }
}
</style>
</head>
<body>
<main>
"#;

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(format: RenderFormat) -> (String, Vec<Suspicion>) {
        let text = "Ein <Satz>. Es kamen 30.\n\nEnde.".to_string();
        let document = Document::new("a&b.txt".into(), "de".parse().unwrap(), text, Split::Lines);
        let english = ["One <sentence>. 30 came.", "", "End\tof it."].map(String::from);
        let mut out = Vec::new();
        let mut renderer = Renderer::new(&mut out, format, false);
        renderer.begin(&document, "by machine").unwrap();
        renderer.sentences(&document, 0, &english[..1], Some("s")).unwrap();
        renderer.sentences(&document, 1, &english[1..], Some("s")).unwrap();
        renderer.end(&document).unwrap();
        let suspects = renderer.finish().unwrap();
        (String::from_utf8(out).unwrap(), suspects)
    }

    #[test]
    fn each_format_holds_every_sentence() {
        assert_eq!(rendered(RenderFormat::Text).0, "One <sentence>. 30 came.\n\nEnd of it.\n");
        insta::assert_snapshot!(rendered(RenderFormat::Bilingual).0);
        insta::assert_snapshot!(rendered(RenderFormat::Tsv).0);
        insta::assert_snapshot!(rendered(RenderFormat::JsonLines).0);
        insta::assert_snapshot!(rendered(RenderFormat::Html).0);
    }

    #[test]
    fn markup_in_the_text_stays_text() {
        let (html, _) = rendered(RenderFormat::Html);
        assert!(
            html.contains("Ein &lt;Satz&gt;") && html.contains("a&amp;b.txt") && !html.contains("<Satz>")
        );
    }
}
