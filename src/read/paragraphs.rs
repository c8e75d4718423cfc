//! Lines of a file to lines of text: hard-wrapped paragraphs are put together, others are left as they are.

use std::collections::HashSet;

use crate::read::forms::is_noise;

/// A paragraph, heading or list item: what a reader would take for one block.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Line {
    /// On one line, white space single, trimmed; never empty.
    pub text: String,
    /// Whether a blank line, or the start of the text, stands before it.
    pub gap: bool,
}

/// The lines of clean text, unwrapped.
///
/// A text counts as hard-wrapped where its lines are about as long as they can be (50 to 120 characters) and
/// many go on in lower case. There a line that is full is joined with the next; any text's line is joined
/// where it stops short of a sentence's end and the next starts in lower case. Indented first lines, list
/// marks and blank lines start a new block.
pub(super) fn lines(text: &str) -> Vec<Line> {
    let rows = rows(text);
    let width = wrap_width(&rows);
    let mut hyphens = Hyphens { rows: &rows, known: None };
    let mut lines: Vec<Line> = Vec::new();
    for (i, row) in rows.iter().enumerate() {
        match lines.last_mut() {
            Some(line) if i > 0 && goes_on(line, &rows[i - 1], row, width) => {
                hyphens.join(&mut line.text, row.text);
            }
            _ => lines.push(Line { text: squeezed(row.text), gap: row.gap }),
        }
    }
    lines
}

/// Whether `text` stops at the end of a sentence: `.`, `!`, `?`, `…` or `:`, closing quotes and brackets
/// aside.
pub(super) fn ends_sentence(text: &str) -> bool {
    let text = text.trim_end_matches(|c: char| c.is_whitespace() || "\"'”“’‘»«)]".contains(c));
    text.ends_with(['.', '!', '?', '…', ':', '。', '！', '？', '।', '؟'])
}

/// A line that is not blank, as the file has it.
struct Row<'a> {
    text: &'a str,
    indent: usize,
    width: usize,
    gap: bool,
}

fn rows(text: &str) -> Vec<Row<'_>> {
    let mut gap = true;
    let mut rows = Vec::new();
    for line in text.split('\n') {
        let trimmed = line.trim();
        if trimmed.is_empty() {
            gap = true;
            continue;
        }
        let indent =
            line.chars().take_while(|c| c.is_whitespace()).map(|c| if c == '\t' { 4 } else { 1 }).sum();
        rows.push(Row { text: trimmed, indent, width: trimmed.chars().count(), gap });
        gap = false;
    }
    rows
}

/// The width that a text is wrapped at, if it is.
fn wrap_width(rows: &[Row]) -> Option<usize> {
    let mut widths: Vec<usize> = rows.iter().map(|row| row.indent + row.width).collect();
    widths.sort_unstable();
    // Not the longest line: addresses on the web may stick out.
    let width = *widths.get((widths.len().checked_sub(1)? * 98).div_ceil(100))?;
    // The items of a list say nothing about the text around it.
    let pairs = || rows.windows(2).filter(|pair| !pair[1].gap && !starts_item(pair[1].text));
    let all = pairs().count();
    let full = pairs().filter(|pair| is_full(&pair[0], &pair[1], width)).count();
    let lower = pairs().filter(|pair| starts_lower(pair[1].text)).count();
    let wrapped = (50..=120).contains(&width) && all >= 3 && full * 10 >= all * 6 && lower * 4 >= all;
    wrapped.then_some(width)
}

/// Whether the next line's first word would not have fitted, with a tenth to spare for ragged lines.
fn is_full(row: &Row, next: &Row, width: usize) -> bool {
    let word = next.text.split_whitespace().next().map_or(0, |word| word.chars().count());
    (row.indent + row.width + 1 + word) * 10 > width * 9
}

fn goes_on(line: &Line, row: &Row, next: &Row, width: Option<usize>) -> bool {
    if next.gap {
        return false;
    }
    let open = !ends_sentence(row.text) && starts_lower(next.text);
    let Some(width) = width else {
        return open && (30..=120).contains(&row.width) && !is_noise(next.text);
    };
    let full = is_full(row, next, width);
    if starts_item(next.text) && (!full || ends_sentence(row.text) || starts_item(&line.text)) {
        return false;
    }
    if next.indent >= row.indent + 2 && !starts_item(&line.text) {
        return open;
    }
    full || open
}

fn starts_lower(text: &str) -> bool {
    text.chars().find(|c| !"\"'„“”‘’‚»«([".contains(*c)).is_some_and(char::is_lowercase)
}

/// A list mark: `- `, `• `, `3. `, `b) `.
fn starts_item(text: &str) -> bool {
    let Some((mark, _)) = text.split_once(' ') else { return false };
    let number = mark.strip_suffix(['.', ')']).is_some_and(|n| {
        n.len() <= 3 && !n.is_empty() && n.chars().all(|c| c.is_ascii_digit())
            || n.len() == 1 && mark.ends_with(')')
    });
    number || matches!(mark, "-" | "–" | "—" | "*" | "•" | "·" | "▪" | "‣" | "o")
}

/// White space single, trimmed. A no-break space that stands alone stays.
pub(super) fn squeezed(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut space = None;
    for c in text.trim().chars() {
        if c.is_whitespace() {
            space = Some(if space.is_none() && matches!(c, '\u{a0}' | '\u{202f}') { c } else { ' ' });
        } else {
            out.extend(space.take());
            out.push(c);
        }
    }
    out
}

/// Joins lines, and words that were hyphenated at a line's end.
struct Hyphens<'a> {
    rows: &'a [Row<'a>],
    known: Option<Known<'a>>,
}

/// What a text says about its hyphens; gathered at the first one that needs it.
struct Known<'a> {
    words: HashSet<&'a str>,
    /// Whether so few lines end in a hyphen that they will be those of compounds: under one in forty. Text
    /// that is hyphenated to fill its lines has them in one of ten or twenty.
    rare: bool,
}

impl<'a> Known<'a> {
    fn of(rows: &'a [Row<'a>]) -> Known<'a> {
        let plain = |c: char| !c.is_alphanumeric() && c != '-';
        let words = rows.iter().flat_map(|row| row.text.split(plain)).filter(|word| !word.is_empty());
        let hyphens = rows.iter().filter(|row| row.text.ends_with('-')).count();
        Known { words: words.collect(), rare: hyphens * 40 < rows.len() }
    }
}

impl Hyphens<'_> {
    /// Appends `next` to `text`, with a space; or without where `text` ends in a hyphenated word. Then the
    /// hyphen goes too where that is safe.
    fn join(&mut self, text: &mut String, next: &str) {
        let next = squeezed(next);
        let stem = text.strip_suffix(['-', '\u{2010}']).map(last_word).unwrap_or_default().to_string();
        let rest = first_word(&next).to_string();
        // "Vor-/und Nachteile" and a dash between words need their space.
        if stem.is_empty() || rest.is_empty() || is_conjunction(&rest) {
            text.push(' ');
        } else if self.is_one_word(&stem, &rest) {
            text.pop();
        }
        text.push_str(&next);
    }

    /// Whether a hyphen between `stem` and `rest` is only there because the line ended: not before a capital
    /// or after one, a digit ("EU-weit") or a lone letter; else as the text itself writes the word elsewhere; else yes,
    /// unless the text hardly hyphenates or the stem forms compounds ("deutsch-französisch", "long-term").
    fn is_one_word(&mut self, stem: &str, rest: &str) -> bool {
        let lower = |c: Option<char>| c.is_some_and(char::is_lowercase);
        if stem.chars().count() < 2 || !lower(stem.chars().next_back()) || !lower(rest.chars().next()) {
            return false;
        }
        let rows = self.rows;
        let known = self.known.get_or_insert_with(|| Known::of(rows));
        let wrote = |word: String| known.words.contains(word.as_str());
        wrote(format!("{stem}{rest}"))
            || !(known.rare || wrote(format!("{stem}-{rest}")) || forms_compounds(stem))
    }
}

fn last_word(text: &str) -> &str {
    text.rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or_default()
}

fn first_word(text: &str) -> &str {
    text.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default()
}

fn is_conjunction(word: &str) -> bool {
    matches!(
        word,
        "und" | "oder" | "bzw" | "sowie" | "bis" | "wie" | "als" | "and" | "or" | "to" | "et" | "ou" | "e"
    )
}

fn forms_compounds(stem: &str) -> bool {
    const STEMS: &[&str] = &[
        "all", "anti", "co", "cross", "eight", "ex", "far", "five", "four", "full", "half", "hard", "high",
        "inter", "large", "long", "low", "mid", "multi", "nine", "non", "off", "old", "on", "one", "part",
        "post", "pre", "pro", "re", "real", "right", "self", "semi", "seven", "short", "six", "small", "so",
        "sub", "ten", "three", "twenty", "thirty", "forty", "fifty", "sixty", "two", "well", "year",
    ];
    let stem = stem.to_lowercase();
    stem.ends_with("isch") || stem.ends_with("deutsch") || STEMS.contains(&stem.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<String> {
        lines(text).into_iter().map(|line| line.text).collect()
    }

    const WRAPPED: &str = "\
Der Gemeinderat von Oberfelden hat am Dienstag beschlossen, die alte
Turnhalle abzureißen. An ihrer Stelle soll bis zum Jahr 2028 eine Schule
mit zwölf Klassen entstehen, die zugleich ein Haus der Begeg-
nung wird.

Kritik der Anwohner

Die Anwohner fürchten den Lärm der Bauarbeiten. Sie sammelten mehr als
400 Unterschriften gegen das Vorhaben und übergaben sie der deutsch-
französischen Bürgermeisterin. Eine Antwort wollen die Stadtwerke am
1. Mai geben. Vor- und Nachteile wurden bislang nur in Ausschüssen be-
sprochen.
";

    #[test]
    fn hard_wrapped_text_is_put_together() {
        assert_eq!(
            texts(WRAPPED),
            [
                "Der Gemeinderat von Oberfelden hat am Dienstag beschlossen, die alte Turnhalle abzureißen. \
                 An ihrer Stelle soll bis zum Jahr 2028 eine Schule mit zwölf Klassen entstehen, die \
                 zugleich ein Haus der Begegnung wird.",
                "Kritik der Anwohner",
                "Die Anwohner fürchten den Lärm der Bauarbeiten. Sie sammelten mehr als 400 Unterschriften \
                 gegen das Vorhaben und übergaben sie der deutsch-französischen Bürgermeisterin. Eine \
                 Antwort wollen die Stadtwerke am 1. Mai geben. Vor- und Nachteile wurden bislang nur in \
                 Ausschüssen besprochen.",
            ]
        );
    }

    #[test]
    fn indented_first_lines_start_paragraphs() {
        let text = "  The mill by the old bridge had stood empty for more than thirty years\n\
                    when the council finally found somebody who was willing to buy it and\n\
                    to pay for a roof.\n  \
                    Nobody asked where the money came from, and the mayor, who had signed\n\
                    the contract himself, did not care to tell.\n";
        let texts = texts(text);
        assert_eq!(texts.len(), 2, "{texts:#?}");
        assert!(texts[0].ends_with("to pay for a roof.") && texts[1].starts_with("Nobody asked"));
    }

    #[test]
    fn other_lines_stay_lines() {
        for text in [
            "Ein kurzer Satz.\nNoch ein Satz, der etwas länger ist.\nUnd der letzte.",
            "Startseite\nPolitik\nWirtschaft",
            "Über allen Gipfeln\nist Ruh,\nin allen Wipfeln\nspürest du",
            "Ein Absatz, der so lang ist, dass er nicht in eine Zeile passt, und der trotzdem in einer steht.\n\
             Ein zweiter, der direkt folgt, weil die Datei einen Absatz je Zeile hat, ohne Leerzeilen dazwischen.",
        ] {
            assert_eq!(texts(text), text.lines().collect::<Vec<_>>());
        }
        assert_eq!(
            texts("Der Minister sagte am Montag in Berlin, dass\ndie Zahl steigt."),
            ["Der Minister sagte am Montag in Berlin, dass die Zahl steigt."]
        );
    }

    #[test]
    fn list_items_stay_apart_in_wrapped_text() {
        let text = "The committee asked for three things when it met again after the summer\n\
                    holidays, none of them new to those who had followed the long debate:\n\
                    - a budget that covers the whole of the work and not only the first\n  \
                    year of it\n\
                    - a date\n\
                    - an open call for tenders, which the council had refused to make when\n  \
                    it was asked before\n";
        let texts = texts(text);
        assert_eq!(texts.len(), 4, "{texts:#?}");
        assert_eq!(
            texts[1],
            "- a budget that covers the whole of the work and not only the first year of it"
        );
    }

    #[test]
    fn where_hyphens_are_rare_they_belong_to_words() {
        let plain = "Eine Zeile ohne Trennung.\n".repeat(60);
        for (more, expected) in
            [("Die Klein-\n", "klein-kariert"), (&"Tren-\nnung\n".repeat(9), "kleinkariert")]
        {
            let text = format!("{plain}{more}");
            let rows = rows(&text);
            let mut word = "klein-".to_string();
            Hyphens { rows: &rows, known: None }.join(&mut word, "kariert");
            assert_eq!(word, expected);
        }
    }

    #[test]
    fn hyphens_at_line_ends_follow_the_text() {
        let rows = rows("Die Küstenwache half.\nEin west-östlicher Diwan und eine Tren-\nnung.");
        let mut hyphens = Hyphens { rows: &rows, known: None };
        for (stem, rest, expected) in [
            ("Verteidi-", "gung", "Verteidigung"),
            ("die Küsten-", "wache", "die Küstenwache"),
            ("ein west-", "östlicher", "ein west-östlicher"),
            ("die deutsch-", "französische", "die deutsch-französische"),
            ("a long-", "term plan", "a long-term plan"),
            ("EU-", "weit", "EU-weit"),
            ("Corona-", "Fall", "Corona-Fall"),
            ("Vor-", "und Nachteile", "Vor- und Nachteile"),
            ("er kam -", "und ging", "er kam - und ging"),
            ("ein Satz", "geht weiter", "ein Satz geht weiter"),
        ] {
            let mut text = stem.to_string();
            hyphens.join(&mut text, rest);
            assert_eq!(text, expected);
        }
    }
}
