//! A translated document as people and programs want it: English text, both languages line by line, TSV,
//! JSON Lines, or a page of HTML. Written as translations become ready, in the order of the text.

use std::collections::BTreeSet;
use std::io::Write;
use std::ops::Range;

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
    documents: usize,
    /// The paragraphs of the present document, as ranges of sentences.
    paragraphs: Vec<Range<usize>>,
    /// What readers were told about the translations.
    notes: BTreeSet<String>,
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

/// Where a sentence stands.
struct Place {
    /// It is the first of its paragraph.
    opens: bool,
    /// It is the last of its paragraph.
    closes: bool,
    /// The document has one sentence a line.
    lines: bool,
    /// Of which rank the paragraph is a heading, if its form is that of one: 1 for the document's title.
    heading: Option<u8>,
}

impl<W: Write> Renderer<W> {
    /// A renderer into `out`.
    pub fn new(out: W, format: RenderFormat) -> Renderer<W> {
        Renderer {
            out,
            format,
            documents: 0,
            paragraphs: Vec::new(),
            notes: BTreeSet::new(),
            suspects: Vec::new(),
        }
    }

    /// Begins a document. `note` is what readers have to know about its translation: the bilingual output says
    /// it once, the HTML output with each document. `named`: it is one of several, so the text outputs announce it by its name.
    ///
    /// # Errors
    /// Whatever `out` returns, here and in all methods.
    pub fn begin(&mut self, document: &Document, note: &str, named: bool) -> Result<()> {
        let first = self.documents == 0;
        self.documents += 1;
        self.paragraphs = document.paragraphs();
        match self.format {
            RenderFormat::Text | RenderFormat::Bilingual => {
                if named {
                    writeln!(self.out, "{}==> {} <==", if first { "" } else { "\n" }, document.name())?;
                }
                if self.format == RenderFormat::Bilingual && self.notes.insert(note.into()) {
                    writeln!(self.out, "# {note}\n")?;
                }
            }
            RenderFormat::Tsv | RenderFormat::JsonLines => {}
            RenderFormat::Html => {
                if first {
                    let title = document.meta().title.as_deref().unwrap_or(document.name());
                    let head = HTML_HEAD.replace("{version}", env!("CARGO_PKG_VERSION"));
                    write!(self.out, "{}", head.replace("{title}", &escape(title)))?;
                }
                self.begin_article(document, note)?;
            }
        }
        Ok(())
    }

    /// The document's head in HTML: title, author, date and origin, what to know of the translation.
    fn begin_article(&mut self, document: &Document, note: &str) -> Result<()> {
        let out = &mut self.out;
        let (meta, lang) = (document.meta(), escape(document.lang().as_str()));
        writeln!(out, "<article>\n<header>")?;
        let title = meta.title.as_deref();
        // A title that the text begins with stands in the table, in both languages.
        let opening = self.paragraphs.first().map(|first| document.slice(first.clone()));
        if title.is_none() || title != opening {
            match title {
                Some(title) => writeln!(out, "<h1 lang=\"{lang}\">{}</h1>", escape(title))?,
                None => writeln!(out, "<h1>{}</h1>", escape(document.name()))?,
            }
        }
        let mut about: Vec<String> = Vec::new();
        about.extend(meta.byline.as_deref().map(|by| format!("<span lang=\"{lang}\">{}</span>", escape(by))));
        about.extend(
            meta.date.as_deref().map(|date| format!("<span lang=\"{lang}\">{}</span>", escape(date))),
        );
        about.extend(meta.url.as_deref().map(|url| match url.starts_with("http") {
            true => format!("<a href=\"{0}\">{0}</a>", escape(url)),
            false => escape(url).into_owned(),
        }));
        if title.is_some() {
            about.push(escape(document.name()).into_owned());
        }
        if !about.is_empty() {
            writeln!(out, "<p class=\"about\">{}</p>", about.join(" · "))?;
        }
        let mut note = note.to_string();
        if let Some(first) = note.get(..1) {
            note.replace_range(..1, &first.to_uppercase());
        }
        if document.lang().is_english() {
            writeln!(out, "<p class=\"about\">{}</p>\n</header>\n<table class=\"single\">", escape(&note))?;
            writeln!(out, "<thead><tr><th scope=\"col\">English</th></tr></thead>\n<tbody>")?;
            return Ok(());
        }
        writeln!(
            out,
            "<p class=\"note\">{}. A <mark>check</mark> beside a sentence is <a href=\"#signs\">explained below</a>.</p>\n</header>\n<table>",
            escape(&note)
        )?;
        writeln!(
            out,
            "<thead><tr><th scope=\"col\">{}</th><th scope=\"col\">English, by machine</th></tr></thead>\n<tbody>",
            escape(document.lang().name())
        )?;
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
        let mut paragraph = self.paragraphs.partition_point(|range| range.end <= first);
        for (i, english) in (first..).zip(english) {
            while self.paragraphs.get(paragraph).is_some_and(|range| range.end <= i) {
                paragraph += 1;
            }
            let range = self.paragraphs.get(paragraph).cloned().unwrap_or(i..i + 1);
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
            let place = Place {
                opens: range.start == i,
                closes: range.end == i + 1,
                lines: document.split() == Split::Lines,
                heading: if self.format == RenderFormat::Html {
                    self.heading(document, paragraph)
                } else {
                    None
                },
            };
            self.sentence(&row, &place)?;
        }
        Ok(self.out.flush()?)
    }

    /// The rank of a paragraph that looks like a heading: the title, or few words without a sentence's end
    /// above running text. Documents do not say what was a heading.
    fn heading(&self, document: &Document, paragraph: usize) -> Option<u8> {
        let range = self.paragraphs.get(paragraph)?;
        let text = document.slice(range.clone());
        if paragraph == 0 && document.meta().title.as_deref() == Some(text) {
            return Some(1);
        }
        let words = text.split_whitespace().count();
        let is_short = range.len() == 1 && (1..=14).contains(&words) && !text.ends_with(['.', ':', ';', ',']);
        let below = self.paragraphs.get(paragraph + 1).map(|next| document.slice(next.clone()));
        let is_above_text = below.is_some_and(|text| text.len() > 80 && text.contains(['.', '!', '?', '。']));
        (document.split() == Split::Sentences && is_short && is_above_text).then_some(2)
    }

    fn sentence(&mut self, row: &Row, place: &Place) -> Result<()> {
        let out = &mut self.out;
        match self.format {
            RenderFormat::Text => {
                let before = match (row.sentence, place.opens) {
                    (0, _) => "",
                    (_, true) if place.lines => "",
                    (_, true) => "\n",
                    (_, false) => " ",
                };
                let english = if place.lines { one_line(row.english) } else { row.english.into() };
                write!(out, "{before}{english}{}", if place.closes { "\n" } else { "" })?;
            }
            RenderFormat::Bilingual => {
                let mark = row.flag.map(|flag| format!("  [check: {flag}]")).unwrap_or_default();
                let gap = if place.opens && row.sentence > 0 && !place.lines { "\n" } else { "" };
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
            RenderFormat::Html => html_row(out, row, place)?,
        }
        Ok(())
    }

    /// Ends a document.
    pub fn end(&mut self) -> Result<()> {
        if self.format == RenderFormat::Html {
            writeln!(self.out, "</tbody>\n</table>\n</article>")?;
        }
        Ok(self.out.flush()?)
    }

    /// Ends the output and returns every suspicion that was met, in order.
    pub fn finish(mut self) -> Result<Vec<Suspicion>> {
        if self.format == RenderFormat::Html && self.documents > 0 {
            html_end(&mut self.out, &self.suspects)?;
        }
        self.out.flush()?;
        Ok(self.suspects)
    }
}

fn html_row(out: &mut impl Write, row: &Row, place: &Place) -> Result<()> {
    let mut classes = Vec::new();
    classes.extend(place.opens.then_some("opens"));
    classes.extend(place.heading.map(|_| "heading"));
    classes.extend(row.flag.map(|_| "check"));
    let class = if classes.is_empty() { String::new() } else { format!(" class=\"{}\"", classes.join(" ")) };
    let cell = |text: &str, lang: &str, mark: &str| {
        let (text, lang) = (escape(text), escape(lang));
        let text = place.heading.map_or(text.to_string(), |rank| format!("<h{rank}>{text}</h{rank}>"));
        format!("<td lang=\"{lang}\">{text}{mark}</td>")
    };
    let mark = row.flag.map(|flag| format!(" <mark>check: {flag}</mark>")).unwrap_or_default();
    let source = cell(row.source, row.lang, "");
    // A document that is English has one column.
    let english = if row.lang == "en" { String::new() } else { cell(row.english, "en", &mark) };
    Ok(writeln!(out, "<tr{class}>{source}{english}</tr>")?)
}

/// The end of a page: what the marks mean, those that were set.
fn html_end(out: &mut impl Write, suspects: &[Suspicion]) -> Result<()> {
    let mut kinds = suspects.to_vec();
    kinds.sort();
    writeln!(out, "<footer id=\"signs\">")?;
    if kinds.is_empty() {
        writeln!(out, "<p>No sentence was marked. That is no proof: most errors leave no sign.</p>")?;
    } else {
        writeln!(out, "<h2>What the marks mean</h2>\n<dl>")?;
        for same in kinds.chunk_by(|a, b| a == b) {
            let (sign, count) = (same[0], same.len());
            let plural = if count == 1 { "" } else { "s" };
            writeln!(
                out,
                "<dt><mark>check: {}</mark></dt><dd>{}. {count} sentence{plural}.</dd>",
                sign.as_str(),
                sign.meaning()
            )?;
        }
        writeln!(
            out,
            "</dl>\n<p>A sentence without a mark can be wrong too: most errors leave no sign.</p>"
        )?;
    }
    Ok(writeln!(out, "</footer>\n</main>\n</body>\n</html>")?)
}

const HTML_HEAD: &str = include_str!("render.html");

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::document::OpenOptions;

    fn rendered(format: RenderFormat) -> (String, Vec<Suspicion>) {
        let text = "Ein <Satz>. Es kamen 30.\n\nEnde.".to_string();
        let document = Document::new("a&b.txt".into(), "de".parse().unwrap(), text, Split::Lines);
        let english = ["One <sentence>. 30 came.", "", "End\tof it."].map(String::from);
        let mut out = Vec::new();
        let mut renderer = Renderer::new(&mut out, format);
        renderer.begin(&document, "by machine", false).unwrap();
        renderer.sentences(&document, 0, &english[..1], Some("s")).unwrap();
        renderer.sentences(&document, 1, &english[1..], Some("s")).unwrap();
        renderer.end().unwrap();
        let suspects = renderer.finish().unwrap();
        (String::from_utf8(out).unwrap(), suspects)
    }

    #[test]
    fn each_format_holds_every_sentence() {
        assert_eq!(rendered(RenderFormat::Text).0, "One <sentence>. 30 came.\n\nEnd of it.\n");
        insta::assert_snapshot!(rendered(RenderFormat::Bilingual).0);
        insta::assert_snapshot!(rendered(RenderFormat::Tsv).0);
        insta::assert_snapshot!(rendered(RenderFormat::JsonLines).0);
        let html = rendered(RenderFormat::Html).0;
        insta::assert_snapshot!(html.split_once("<main>").unwrap().1);
    }

    #[test]
    fn a_page_of_html_says_what_it_is_and_what_its_marks_mean() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/read/page.de.html");
        let document = Document::open(&path, &OpenOptions::default()).unwrap().remove(0).unwrap();
        let english = vec!["Words.".to_string(); document.spans().len()];
        let mut out = Vec::new();
        let mut renderer = Renderer::new(&mut out, RenderFormat::Html);
        renderer.begin(&document, "by machine", true).unwrap();
        renderer.sentences(&document, 0, &english, None).unwrap();
        renderer.end().unwrap();
        let suspects = renderer.finish().unwrap();
        let html = String::from_utf8(out).unwrap();
        for part in [
            "<title>Neue Fähre verbindet Tannhafen mit der Insel Grooten</title>",
            "<p class=\"about\"><span lang=\"de\">Ole Brandsen</span> · <span lang=\"de\">2025-04-02T09:30:00+02:00</span> · ",
            "<a href=\"https://kuestenblatt.example/faehre-tannhafen\">",
            "By machine. A <mark>check</mark> beside a sentence is <a href=\"#signs\">",
            "<td lang=\"de\"><h1>Neue Fähre verbindet Tannhafen mit der Insel Grooten</h1></td><td lang=\"en\"><h1>Words.</h1>",
            "<td lang=\"de\"><h2>Batterien statt Diesel</h2></td>",
            "<tr class=\"opens check\">",
            "<dt><mark>check: length</mark></dt><dd>The translation is far shorter",
        ] {
            assert!(html.contains(part), "{part}\n{html}");
        }
        assert!(suspects.contains(&Suspicion::Length));
        let outside = ["src=", "@import", "url(", "<script", "<link"];
        assert!(!outside.iter().any(|reference| html.contains(reference)), "{html}");
    }

    #[test]
    fn markup_in_the_text_stays_text() {
        let (html, _) = rendered(RenderFormat::Html);
        assert!(
            html.contains("Ein &lt;Satz&gt;") && html.contains("a&amp;b.txt") && !html.contains("<Satz>")
        );
    }
}
