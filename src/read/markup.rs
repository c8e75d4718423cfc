//! The text in HTML, block by block, and pages that nest too deep to be parsed in good time.

use std::borrow::Cow;

use crate::read::encoding;
use crate::read::paragraphs::{Line, squeezed};

/// What of a page is wanted.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Part {
    /// No menus, captions, forms.
    Content,
    /// All that a browser shows.
    Page,
}

/// Elements that no browser shows as text.
const UNSEEN: &[&str] = &[
    "head", "title", "script", "style", "noscript", "template", "svg", "iframe", "object", "audio", "video",
    "canvas", "noembed", "noframes", "datalist",
];
/// Elements that hold no text of an article.
const ASIDE: &[&str] =
    &["nav", "footer", "aside", "figcaption", "button", "select", "textarea", "dialog", "menu"];
/// Elements that flow within a paragraph; all others start a block.
const INLINE: &[&str] = &[
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font",
    "i", "img", "input", "ins", "kbd", "label", "mark", "meter", "nobr", "output", "picture", "q", "rb",
    "rp", "rt", "ruby", "s", "samp", "small", "source", "span", "strike", "strong", "sub", "sup", "time",
    "tt", "u", "var", "wbr",
];
const VOID: &[&str] = &[
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track",
    "wbr", "keygen", "basefont", "bgsound", "frame", "command",
];
/// Elements whose content is no markup, in pages and as serialised.
const RAW: &[&str] = &["script", "style", "noscript", "iframe", "noembed", "noframes", "xmp", "plaintext"];

/// The blocks of serialised HTML: well-formed, so that one pass over its tags will do, however deep they nest.
pub(super) fn blocks(html: &str, part: Part) -> Vec<Line> {
    let mut page = Blocks { lines: Vec::new(), text: String::new(), gap: true };
    // The open elements, and at which depth text began to be unwanted.
    let mut open: Vec<&str> = Vec::new();
    let (mut unwanted, mut quoted, mut pre) = (None, 0usize, 0usize);
    for token in Tokens(html) {
        match token {
            Token::Text(text) if unwanted.is_none() => {
                let figure = part == Part::Content && quoted == 0 && open.contains(&"figure");
                if !figure {
                    page.push(text, pre > 0);
                }
            }
            Token::Open(tag) => {
                match tag.name {
                    "br" => page.end_line(),
                    name if !INLINE.contains(&name) => page.end_block(),
                    _ => {}
                }
                if VOID.contains(&tag.name) {
                    continue;
                }
                if unwanted.is_none() && is_unwanted(&tag, part) {
                    unwanted = Some(open.len());
                }
                quoted += usize::from(is_kept_in_figure(tag.name));
                pre += usize::from(tag.name == "pre");
                open.push(tag.name);
            }
            Token::Close(Tag { name, .. }) => {
                let Some(at) = open.iter().rposition(|&tag| tag == name) else { continue };
                for tag in open.drain(at..) {
                    quoted -= usize::from(is_kept_in_figure(tag));
                    pre -= usize::from(tag == "pre");
                }
                if unwanted.is_some_and(|depth| depth >= open.len()) {
                    unwanted = None;
                }
                if !INLINE.contains(&name) {
                    page.end_block();
                }
            }
            Token::Text(_) => {}
        }
    }
    page.end_block();
    page.lines
}

/// What a figure may hold but its caption: some sites put quotations and tables into figures.
fn is_kept_in_figure(name: &str) -> bool {
    matches!(name, "blockquote" | "table" | "pre")
}

fn is_unwanted(tag: &Tag, part: Part) -> bool {
    let hidden = || {
        tag.attribute("hidden").is_some()
            || tag.attribute("style").is_some_and(|style| {
                style.chars().filter(|c| !c.is_whitespace()).collect::<String>().contains("display:none")
            })
    };
    // The last word of a class: `image-caption`, but not `caption-text` or `has-caption-box`.
    let caption = || {
        let classes = tag.attribute("class").unwrap_or_default().to_ascii_lowercase();
        classes.split_whitespace().any(|class| {
            matches!(class.rsplit(['-', '_']).next(), Some("caption" | "credit" | "credits" | "copyright"))
        })
    };
    UNSEEN.contains(&tag.name)
        || hidden()
        || (part == Part::Content
            && (ASIDE.contains(&tag.name) || tag.attribute("role") == Some("navigation") || caption()))
}

/// Text as it is gathered.
struct Blocks {
    lines: Vec<Line>,
    text: String,
    gap: bool,
}

impl Blocks {
    fn push(&mut self, text: &str, pre: bool) {
        let mut parts = text.split('&');
        self.text.push_str(parts.next().unwrap_or_default());
        for part in parts {
            // The serialiser writes no other references.
            let known = [("amp;", "&"), ("lt;", "<"), ("gt;", ">"), ("nbsp;", "\u{a0}"), ("quot;", "\"")];
            match known.iter().find_map(|(name, c)| Some((part.strip_prefix(name)?, c))) {
                Some((rest, c)) => {
                    self.text.push_str(c);
                    self.text.push_str(rest);
                }
                None => {
                    self.text.push('&');
                    self.text.push_str(part);
                }
            }
        }
        if pre && self.text.contains('\n') {
            let text = std::mem::take(&mut self.text);
            let mut lines = text.split('\n').peekable();
            while let Some(line) = lines.next() {
                self.text.push_str(line);
                if lines.peek().is_some() {
                    self.end_line();
                }
            }
        }
    }

    /// A second line end in a row makes a gap, as a blank line does.
    fn end_line(&mut self) {
        let text = squeezed(&encoding::visible(&encoding::clean(std::mem::take(&mut self.text), false)));
        if text.is_empty() {
            self.gap = true;
        } else {
            self.lines.push(Line { text, gap: self.gap });
            self.gap = false;
        }
    }

    fn end_block(&mut self) {
        self.end_line();
        self.gap = true;
    }
}

enum Token<'a> {
    Text(&'a str),
    Open(Tag<'a>),
    Close(Tag<'a>),
}

struct Tag<'a> {
    name: &'a str,
    attributes: &'a str,
}

impl<'a> Tag<'a> {
    fn attribute(&self, name: &str) -> Option<&'a str> {
        let mut rest = self.attributes.trim_start();
        while !rest.is_empty() {
            let end = rest.find(['=', ' ', '\n', '\t', '/']).unwrap_or(rest.len());
            let (found, after) = rest.split_at(end);
            let (value, next) = match after.strip_prefix('=') {
                Some(value) => match value.strip_prefix('"') {
                    Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
                    None => value.split_at(value.find(char::is_whitespace).unwrap_or(value.len())),
                },
                None => ("", after.trim_start_matches(['/', ' '])),
            };
            if found.eq_ignore_ascii_case(name) {
                return Some(value);
            }
            rest = next.trim_start();
        }
        None
    }

    /// Whether there are more attributes than any page has: more blanks, slashes and ends of quoted values than that,
    /// outside of quotes.
    fn is_crowded(&self) -> bool {
        let (mut count, mut quote, mut before) = (0, None, b' ');
        for byte in self.attributes.bytes() {
            match quote {
                Some(mark) if byte == mark => {
                    quote = None;
                    count += 1;
                }
                Some(_) => {}
                None if matches!(byte, b'"' | b'\'') && before == b'=' => quote = Some(byte),
                None => count += usize::from(byte.is_ascii_whitespace() || byte == b'/'),
            }
            before = byte;
        }
        count > 2 * ATTRIBUTES
    }
}

/// The tags and texts of HTML; comments, declarations and what stands in scripts are passed over.
struct Tokens<'a>(&'a str);

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            let html = self.0;
            if html.is_empty() {
                return None;
            }
            let Some(tag) = html.strip_prefix('<') else {
                let (text, rest) = html.split_at(html.find('<').unwrap_or(html.len()));
                self.0 = rest;
                return Some(Token::Text(text));
            };
            if let Some(comment) = tag.strip_prefix("!--") {
                self.0 = comment.find("-->").map_or("", |end| &comment[end + 3..]);
            } else if tag.starts_with(['!', '?']) {
                self.0 = tag.find('>').map_or("", |end| &tag[end + 1..]);
            } else if tag.starts_with(|c: char| c == '/' || c.is_ascii_alphabetic()) {
                let (inside, rest) = tag.split_at(tag_end(tag));
                self.0 = rest.strip_prefix('>').unwrap_or(rest);
                let (inside, closes) =
                    inside.strip_prefix('/').map_or((inside, false), |inside| (inside, true));
                let name = inside.find(|c: char| c.is_whitespace() || c == '/').unwrap_or(inside.len());
                let (name, attributes) = inside.split_at(name);
                if closes {
                    return Some(Token::Close(Tag { name, attributes }));
                }
                if RAW.iter().any(|raw| raw.eq_ignore_ascii_case(name)) {
                    self.0 = &self.0[raw_end(self.0, name)..];
                }
                return Some(Token::Open(Tag { name, attributes }));
            } else {
                self.0 = tag;
                return Some(Token::Text(&html[..1]));
            }
        }
    }
}

/// Where a tag ends: its `>` outside of quotes.
fn tag_end(tag: &str) -> usize {
    let mut quote = None;
    for (at, byte) in tag.bytes().enumerate() {
        match quote {
            Some(mark) if byte == mark => quote = None,
            Some(_) => {}
            None if byte == b'>' => return at,
            None if (byte == b'"' || byte == b'\'') && tag[..at].ends_with('=') => quote = Some(byte),
            None => {}
        }
    }
    tag.len()
}

/// Where the content of a script or the like ends: at its closing tag, of any case.
fn raw_end(html: &str, name: &str) -> usize {
    html.match_indices("</")
        .map(|(at, _)| at)
        .find(|&at| html[at + 2..].get(..name.len()).is_some_and(|end| end.eq_ignore_ascii_case(name)))
        .unwrap_or(html.len())
}

/// How deep elements may nest, and how many formatting elements may be open at once. Browsers stop at 512;
/// no page that people read comes near. The parser and Readability take time that grows with size times depth,
/// and unclosed formatting elements are copied into each paragraph.
const DEEPEST: usize = 256;
const FORMATTING: usize = 64;
/// How many attributes a tag may have: the parser compares each with all before it.
const ATTRIBUTES: usize = 500;

/// The page, or where it nests too deep (or a tag has too many attributes) a copy without the tags that go too
/// deep: paragraphs instead.
pub(super) fn shallow(html: &str) -> Cow<'_, str> {
    if !is_slow(html) {
        return Cow::Borrowed(html);
    }
    let mut out = String::with_capacity(html.len());
    for token in Tokens(html) {
        match token {
            Token::Text(text) => out.push_str(text),
            // Nothing that is visible needs nesting: blocks become paragraphs, the rest goes.
            Token::Open(tag) if is_structure(tag.name) => {
                let attributes = if tag.is_crowded() { "" } else { tag.attributes };
                out.extend(["<", tag.name, attributes, ">"]);
                if RAW.iter().any(|raw| raw.eq_ignore_ascii_case(tag.name)) {
                    out.extend(["</", tag.name, ">"]);
                }
            }
            Token::Close(Tag { name, .. }) if is_structure(name) => out.extend(["</", name, ">"]),
            Token::Open(Tag { name, .. }) | Token::Close(Tag { name, .. }) => {
                if !INLINE.iter().any(|tag| tag.eq_ignore_ascii_case(name)) {
                    out.push_str("<p>");
                }
            }
        }
    }
    Cow::Owned(out)
}

fn is_slow(html: &str) -> bool {
    // Elements that end where the next of their kind begins do not nest.
    const FLAT: &[&str] = &[
        "p", "li", "dt", "dd", "option", "tr", "td", "th", "tbody", "thead", "tfoot", "html", "head", "body",
    ];
    const FORMATS: &[&str] =
        &["a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"];
    let is = |list: &[&str], name: &str| list.iter().any(|tag| tag.eq_ignore_ascii_case(name));
    let (mut depth, mut formats, mut foreign) = (0usize, 0usize, 0usize);
    for token in Tokens(html) {
        let (name, opens) = match token {
            Token::Open(tag) | Token::Close(tag) if tag.is_crowded() => return true,
            // Only in pictures and formulas does a slash close an element.
            Token::Open(tag) if foreign > 0 && tag.attributes.ends_with('/') => continue,
            Token::Open(tag) => (tag.name, true),
            Token::Close(tag) => (tag.name, false),
            Token::Text(_) => continue,
        };
        if is(VOID, name) || is(FLAT, name) {
            continue;
        }
        let count = |n: usize, counts: bool| match (counts, opens) {
            (false, _) => n,
            (true, true) => n + 1,
            (true, false) => n.saturating_sub(1),
        };
        depth = count(depth, true);
        formats = count(formats, is(FORMATS, name));
        foreign = count(foreign, is(&["svg", "math"], name));
        if depth > DEEPEST || formats > FORMATTING {
            return true;
        }
    }
    false
}

/// Tags that a flattened page keeps.
fn is_structure(name: &str) -> bool {
    let kept = [
        "html", "head", "body", "title", "meta", "link", "p", "li", "br", "h1", "h2", "h3", "h4", "h5", "h6",
    ];
    kept.iter().chain(RAW).any(|tag| tag.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(html: &str, part: Part) -> Vec<String> {
        blocks(html, part).into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn blocks_follow_the_markup() {
        for (html, content, page) in [
            (
                "<p>Ein <b>fettes</b>\n  Wort</p><p>Noch &amp; eins &lt;x&gt;</p>",
                "Ein fettes Wort|Noch & eins <x>",
                "=",
            ),
            ("a<br>b<ul><li>c</li><li>d</li></ul>e", "a|b|c|d|e", "="),
            ("<table><tr><td>a</td><td>b</td></tr></table>", "a|b", "="),
            ("<pre>a\n  b\n\nc</pre>", "a|b|c", "="),
            ("<nav>menu</nav><p>x</p><footer>foot</footer>", "x", "menu|x|foot"),
            ("<p hidden=\"\">no</p><p style=\"display: none\">no</p><p>x</p>", "x", "="),
            ("<script>if (a<b) '<p>no</p>'</script><style>p{}</style><p title=\"a>b\">x</p>", "x", "="),
            (
                "<figure><img><span>by Ann</span><blockquote>quote</blockquote></figure>",
                "quote",
                "by Ann|quote",
            ),
            ("<p class=\"image-caption\">cap</p><p class=\"caption-free\">x</p>", "x", "cap|x"),
            ("x<!-- no <p> -->y&nbsp;z", "xy\u{a0}z", "="),
            ("no end <p>of <i>tags", "no end|of tags", "="),
            ("< 5 <", "< 5 <", "="),
        ] {
            assert_eq!(texts(html, Part::Content).join("|"), content, "{html}");
            let page = if page == "=" { content } else { page };
            assert_eq!(texts(html, Part::Page).join("|"), page, "{html}");
        }
    }

    #[test]
    fn tags_with_a_crowd_of_attributes_lose_them() {
        let many = |start: &str, end: &str| {
            let attributes: String = (0..2000).map(|i| format!("{start}a{i}{end}")).collect();
            [format!("<p {attributes}>x</p>"), format!("<p>x</p {attributes}>")]
        };
        for html in [many(" ", ""), many(" ", "=\"x y\""), many("", "='x'"), many("/", "")].as_flattened() {
            assert!(is_slow(html), "{}", &html[..40]);
            assert_eq!(texts(&shallow(html), Part::Page), ["x"]);
            assert!(shallow(html).len() < 20);
        }
        let long = format!("<p style='{}' data-x=\"{}\">x</p>", "a: b; ".repeat(2000), "'/ ".repeat(2000));
        assert!(!is_slow(&long));
    }
}
