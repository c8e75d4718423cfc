//! Pages of HTML: the article, its headline and what the page says about itself.

use dom_smoothie::{Config, Readability};

use crate::error::{Error, Result};
use crate::lang::Lang;
use crate::read::markup::{Part, blocks, shallow};
use crate::read::paragraphs::{Line, squeezed};
use crate::read::{Meta, Page, ReadOptions, encoding, finish};

/// Reads a decoded page. The article is what Mozilla's Readability finds; where it finds none, all that is
/// visible outside menus and footers, and a note says so. Paragraphs, headings, list items and table cells are
/// blocks; `<br>` ends a line.
///
/// The headline is the first block: Readability takes it out, but a reader reads it first.
pub(super) fn page(name: String, html: &str, how: &ReadOptions, notes: Vec<String>) -> Result<Page> {
    let html = shallow(html);
    let mut reader = Readability::from(html.as_ref());
    let About { meta, lang, headline } = about(&reader);
    let mut meta = Meta { notes, ..meta };
    let everything = how.keep_boilerplate || how.lines;
    let mut lines = if everything { Vec::new() } else { article(&mut reader, &headline) };
    if lines.is_empty() {
        let visible = Readability::from(html.as_ref()).doc.html();
        lines = blocks(&visible, if everything { Part::Page } else { Part::Content });
        if lines.is_empty() {
            lines = blocks(&visible, Part::Page);
        }
        if !everything {
            meta.notes.push("no article found in the page: all of its text was taken".into());
        }
    }
    let text = if how.lines {
        lines.into_iter().map(|line| line.text).collect::<Vec<_>>().join("\n")
    } else {
        finish(lines, how, &mut meta)
    };
    if text.trim().is_empty() {
        return Err(Error::input(name, "holds no text, only markup"));
    }
    Ok(Page { name, text, lang, meta })
}

/// What a page says about itself.
struct About {
    meta: Meta,
    lang: Option<Lang>,
    headline: String,
}

fn about(reader: &Readability) -> About {
    let attribute = |selector: &str, name: &str| {
        let value = reader.doc.select_single(selector).attr(name)?;
        Some(value.trim().to_string()).filter(|value| !value.is_empty())
    };
    let said = reader.get_article_metadata(reader.parse_json_ld());
    let lang = [
        attribute("html", "lang"),
        attribute("html", "xml:lang"),
        attribute("meta[property='og:locale']", "content"),
        attribute("meta[http-equiv='content-language' i]", "content"),
    ];
    let clean = |text: &str| squeezed(&encoding::visible(&encoding::clean(text.to_string(), false)));
    let title = clean(&said.title);
    // The title in the page's head often adds the site's name; the only h1 is what readers see.
    let headings = reader.doc.select("h1");
    let heading = if headings.length() == 1 { clean(&headings.text()) } else { String::new() };
    let headline = if !heading.is_empty() && overlap(&heading, &title) { heading } else { title };
    let text = |value: Option<String>| value.map(|value| clean(&value)).filter(|value| !value.is_empty());
    About {
        lang: lang.into_iter().flatten().find_map(|tag| tag.parse().ok()),
        meta: Meta {
            title: text(Some(headline.clone())),
            byline: text(said.byline),
            date: text(said.published_time),
            url: attribute("link[rel='canonical']", "href")
                .or_else(|| attribute("meta[property='og:url']", "content")),
            notes: Vec::new(),
        },
        headline,
    }
}

/// The article's blocks, the headline first; none where no article is found.
fn article(reader: &mut Readability, headline: &str) -> Vec<Line> {
    // Classes tell captions from paragraphs.
    reader.config = Config { keep_classes: true, ..Config::default() };
    let Ok(found) = reader.parse() else { return Vec::new() };
    let mut lines = blocks(&found.content, Part::Content);
    let there = lines.iter().take(3).any(|line| letters(&line.text) == letters(headline));
    if !lines.is_empty() && !headline.is_empty() && !there {
        lines.insert(0, Line { text: headline.to_string(), gap: true });
    }
    lines
}

fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn overlap(a: &str, b: &str) -> bool {
    let (a, b) = (letters(a), letters(b));
    a.contains(&b) || b.contains(&a)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(html: &str, how: &ReadOptions) -> Page {
        page("p.html".into(), html, how, Vec::new()).unwrap()
    }

    #[test]
    fn a_page_without_an_article_is_read_whole() {
        let page =
            read("<html lang=fr><body><nav>Menu</nav><p>Bonjour.</p></body></html>", &ReadOptions::default());
        assert_eq!(page.text, "Bonjour.");
        assert_eq!(page.lang.unwrap().as_str(), "fr");
    }

    #[test]
    fn the_language_is_what_the_page_says_first() {
        for (head, expected) in [
            ("<html lang='de-AT'><meta property='og:locale' content='en_US'>", Some("de")),
            ("<html lang=''><meta property='og:locale' content='pt_BR'>", Some("pt")),
            ("<html><meta http-equiv='Content-Language' content='fr'>", Some("fr")),
            ("<html>", None),
        ] {
            let page = read(&format!("{head}<p>Text.</p>"), &ReadOptions::default());
            assert_eq!(page.lang.as_ref().map(Lang::as_str), expected, "{head}");
        }
    }

    #[test]
    fn nesting_is_not_followed_into_the_deep() {
        let prose = "A sentence of some length that stands in the very middle of it all, and then some more.";
        for (open, close) in
            [("<div>", "</div>"), ("<b>", ""), ("<table><td>", ""), ("<svg>", ""), ("<a><div>", "")]
        {
            let html = format!("{}<p>{prose}</p>{}", open.repeat(10_000), close.repeat(10_000));
            assert_eq!(read(&html, &ReadOptions::default()).text, prose, "{open}");
        }
    }
}
