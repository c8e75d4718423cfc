//! Text to sentence spans. A pass over the text stops at every mark that may end a sentence (`.`, `?`, `…`, `。`)
//! and at every line end, and decides there by the words on both sides; what the words of a language mean is
//! in split/*.txt. Text that holds no mark costs one look at each byte, and no decision looks further back
//! than a word or two, or further on than the next word, so that time is linear whatever the text.

mod chars;
mod rules;
mod wide;

use crate::document::Span;
use crate::lang::Lang;
use chars::{
    Case, WORD, case, head, is_blank, is_capitalised, is_caseless, is_closing_bracket, is_consonants,
    is_delimiter, is_digit, is_domain, is_dotted, is_line_end, is_number, is_plain, is_quote, is_roman, note,
    run_after, skip_blanks, skip_white, width,
};
use rules::{Abbreviation, Rules};
use wide::{carries_on, ends_korean, is_initial, is_opening_bracket, is_reported, is_wide};

/// What a sentence is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Split {
    /// By the rules of the language; line ends are hard boundaries.
    #[default]
    Sentences,
    /// Each line is one, blank lines too, so that line numbers name sentences.
    Lines,
}

/// The sentences of `text`: in order, disjoint, trimmed, only white space between them.
///
/// With [`Split::Lines`] a blank line is an empty span; a line end at the end of the text begins no further
/// line. With [`Split::Sentences`] a language without lists of its own gets rules common to many.
pub fn split(text: &str, lang: &Lang, how: Split) -> Vec<Span> {
    match how {
        Split::Lines => lines(text),
        Split::Sentences => Splitter::new(text, Rules::of(lang.as_str())).sentences(),
    }
}

fn lines(text: &str) -> Vec<Span> {
    let mut start = 0;
    text.split_inclusive('\n')
        .map(|line| {
            let at = start + (line.len() - line.trim_start().len());
            let trimmed = line.trim();
            let span = if trimmed.is_empty() {
                Span { start, end: start }
            } else {
                Span { start: at, end: at + trimmed.len() }
            };
            start += line.len();
            span
        })
        .collect()
}

/// Marks and line ends: where the pass stops.
const STOPS: [char; 31] = [
    '.', '!', '?', '…', '‥', '⋯', '‼', '⁇', '⁈', '⁉', '؟', '۔', '।', '॥', '։', '።', '។', '။', '。', '！',
    '？', '．', '｡', ';', '\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}',
];

/// First bytes of the characters of [`STOPS`].
const STOP_BYTES: [bool; 256] = {
    let mut table = [false; 256];
    let mut i = 0;
    while i < STOPS.len() {
        let mut bytes = [0; 4];
        STOPS[i].encode_utf8(&mut bytes);
        table[bytes[0] as usize] = true;
        i += 1;
    }
    table
};

/// How far into a sentence its first word is looked for behind quotes, brackets and bullets, in bytes.
const OPENING: usize = 16;

/// What a run of marks is; the later a kind stands here, the more it outweighs others in the same run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// One full stop.
    Dot,
    /// An ellipsis.
    Dots,
    /// A mark that is never part of a word: `!`, `?`, a danda.
    Firm,
    /// A full-width mark: no blank follows.
    Wide,
}

/// A run of marks with the quotes and brackets that it closes.
#[derive(Debug, Clone, Copy)]
struct Mark {
    kind: Kind,
    start: usize,
    /// Where the closing quotes and brackets begin.
    closers: usize,
    end: usize,
    /// Whether a quotation is closed.
    quoted: bool,
}

/// How the text goes on after a mark: its first word, behind opening quotes, brackets, dashes and symbols.
#[derive(Debug, Clone, Copy)]
struct Next<'a> {
    case: Case,
    word: &'a str,
    /// The character after the word.
    then: Option<char>,
}

struct Splitter<'a> {
    text: &'a str,
    rules: &'static Rules,
    /// Where the sentence begins.
    start: usize,
    /// Straight double quotes of the line are counted up to here, and whether their number is odd: counted
    /// only where it matters, and every byte once.
    quotes: (usize, bool),
    spans: Vec<Span>,
}

impl<'a> Splitter<'a> {
    fn new(text: &'a str, rules: &'static Rules) -> Splitter<'a> {
        Splitter { text, rules, start: skip_white(text, 0), quotes: (0, false), spans: Vec::new() }
    }

    fn sentences(mut self) -> Vec<Span> {
        let mut at = 0;
        while let Some((stop, c)) = self.next_stop(at) {
            at = stop + c.len_utf8();
            if is_line_end(c) {
                self.close(stop);
                self.quotes = (at, false);
            } else if self.is_mark(c) && !self.is_inner(stop) {
                let mark = self.mark(stop);
                at = mark.end;
                if self.ends(mark) {
                    self.close(mark.end);
                }
            }
        }
        self.close(self.text.len());
        self.spans
    }

    fn next_stop(&self, mut at: usize) -> Option<(usize, char)> {
        let bytes = self.text.as_bytes();
        let is_stop = |byte: &u8| STOP_BYTES[usize::from(*byte)];
        loop {
            // Eight bytes a branch: most hold no stop.
            let chunks = bytes[at..].chunks_exact(8);
            at += 8 * chunks
                .take_while(|chunk| !chunk.iter().fold(false, |any, byte| any | is_stop(byte)))
                .count();
            at += bytes[at..].iter().position(is_stop)?;
            let c = self.char_at(at)?;
            if c.is_ascii() || STOPS.contains(&c) {
                return Some((at, c));
            }
            at += c.len_utf8();
        }
    }

    /// Whether a small letter, a digit or a comma right behind the dot at `at`, or a small word after a blank,
    /// settles that nothing ends there: what [`Splitter::ends`] would find, sooner.
    fn is_inner(&self, at: usize) -> bool {
        match &self.text.as_bytes()[at..] {
            [b'.', b'a'..=b'z' | b'0'..=b'9' | b',', ..] => true,
            [b'.', b' ', b'a'..=b'z', next, ..] => !next.is_ascii_uppercase(),
            _ => false,
        }
    }

    /// Ends the sentence at `end`, where one has begun.
    fn close(&mut self, end: usize) {
        if self.start >= end {
            return;
        }
        let sentence = self.text[self.start..end].trim_end();
        if !sentence.is_empty() {
            self.spans.push(Span { start: self.start, end: self.start + sentence.len() });
        }
        self.start = skip_white(self.text, end);
    }

    fn char_at(&self, at: usize) -> Option<char> {
        self.text[at..].chars().next()
    }

    fn char_before(&self, at: usize) -> Option<char> {
        self.text[..at].chars().next_back()
    }

    fn is_mark(&self, c: char) -> bool {
        match c {
            '.' | '!' | '?' => true,
            ';' => self.rules.greek,
            _ => !c.is_ascii() && STOPS.contains(&c) && !is_line_end(c),
        }
    }

    /// The run of marks at `start`, spaced ones (`. . .`) included, and what it closes.
    fn mark(&mut self, start: usize) -> Mark {
        let mut kind = Kind::Dot;
        let mut end = start;
        loop {
            let at = skip_blanks(self.text, end);
            let Some(c) = self.char_at(at).filter(|&c| self.is_mark(c)) else { break };
            let next = at + c.len_utf8();
            // A dot before a letter or digit belongs to what follows: `.NET`, `.5`.
            if at > end && self.char_at(next).is_some_and(char::is_alphanumeric) {
                break;
            }
            kind = kind.max(match c {
                '.' if end == start => Kind::Dot,
                '.' | '…' | '‥' | '⋯' => Kind::Dots,
                '。' | '！' | '？' | '．' | '｡' => Kind::Wide,
                _ => Kind::Firm,
            });
            end = next;
        }
        let (closed, quoted) = self.closers(end);
        Mark { kind, start, closers: end, end: closed, quoted }
    }

    /// Where the closing quotes, brackets and note marks from `at` on end, and whether a quote is among them.
    fn closers(&mut self, mut at: usize) -> (usize, bool) {
        let mut quoted = false;
        // Most marks close nothing.
        if matches!(&self.text.as_bytes()[at..], [b' ', next, ..] if next.is_ascii_alphanumeric()) {
            return (at, quoted);
        }
        while let Some(c) = self.char_at(at).filter(|c| !c.is_ascii_alphanumeric()) {
            let next = at + c.len_utf8();
            if is_closing_bracket(c) || matches!(c, '¹' | '²' | '³') {
                at = next;
            } else if is_quote(c) && self.closes(c, at, next) {
                at = next;
                quoted = true;
            } else if let Some(end) = note(&self.text[at..]) {
                at += end;
            } else if is_blank(c) {
                // `« Oui. »`: a closing quote behind a blank stands before another blank or a comma.
                let quote = skip_blanks(self.text, at);
                let Some(c) = self.char_at(quote) else { break };
                let free = self.char_at(quote + c.len_utf8()).is_none_or(|c| {
                    c.is_whitespace()
                        || matches!(c, '.' | ',' | ';' | ':' | '!' | '?')
                        || is_closing_bracket(c)
                });
                if !free || !(matches!(c, '»' | '›' | '”') || c == '"' && self.is_quoted(quote)) {
                    break;
                }
                at = quote + c.len_utf8();
                quoted = true;
            } else {
                break;
            }
        }
        (at, quoted)
    }

    /// Whether the quote `c` at `at`, right behind a mark, closes a quotation. Before a blank any style does;
    /// before a letter (the blank is missing) the style of the language decides, or for `"` their number.
    fn closes(&mut self, c: char, at: usize, next: usize) -> bool {
        let follows = self.char_at(next);
        if matches!(c, '“' | '‘') && !self.rules.low_quotes && follows.is_some_and(is_opening_bracket) {
            return false;
        }
        if c == '«' && !self.rules.low_quotes {
            return follows.is_none_or(|c| !is_blank(c) && !c.is_alphanumeric());
        }
        if !follows.is_some_and(char::is_alphanumeric) {
            return true;
        }
        match c {
            '"' => self.is_quoted(at),
            '“' | '‘' | '‹' => self.rules.low_quotes,
            '»' | '›' => !self.rules.low_quotes,
            '\'' => false,
            _ => true,
        }
    }

    /// Whether `at` lies within straight double quotes: asked for growing positions only.
    fn is_quoted(&mut self, at: usize) -> bool {
        let (from, odd) = self.quotes;
        if at > from {
            let count = self.text.as_bytes()[from..at].iter().filter(|&&byte| byte == b'"').count();
            self.quotes = (at, odd ^ (count % 2 == 1));
        }
        self.quotes.1
    }

    /// Whether a sentence ends with `mark`.
    fn ends(&self, mark: Mark) -> bool {
        let Some(c) = self.char_at(mark.end) else { return false };
        if self.is_opening(mark.start) || self.is_omission(mark) {
            return false;
        }
        if mark.end > mark.closers && is_reported(&self.text[mark.end..], &self.rules.reports) {
            return false;
        }
        if mark.kind == Kind::Wide {
            return self.wide_ends(mark, c);
        }
        if !c.is_whitespace() {
            return self.glued_ends(mark, c);
        }
        let next = self.next(mark.end);
        match (next.case, mark.kind) {
            (Case::None | Case::Lower, _) => false,
            (_, Kind::Dot) => self.dot_ends(mark, next),
            (case, Kind::Dots) => {
                case != Case::Digit && !self.rules.articles.contains(self.word_before(mark.start))
            }
            (_, Kind::Firm | Kind::Wide) => !(self.is_name(mark, next) || mark.quoted && self.is_said(next)),
        }
    }

    /// Whether no letter or digit stands between the start of the sentence and `at`.
    fn is_opening(&self, at: usize) -> bool {
        at <= self.start + OPENING && !self.text[self.start.min(at)..at].contains(char::is_alphanumeric)
    }

    /// Whether brackets hold the marks alone: `(!)`, `[…]`.
    fn is_omission(&self, mark: Mark) -> bool {
        matches!(self.char_before(mark.start), Some('(' | '[' | '（' | '［' | '【'))
            && matches!(self.char_at(mark.closers), Some(')' | ']' | '）' | '］' | '】'))
    }

    /// Whether `mark` is the exclamation mark of a name (`Yahoo! Finance`) and no sentence clearly begins.
    fn is_name(&self, mark: Mark, next: Next) -> bool {
        self.text[mark.start..mark.end] == *"!"
            && self.rules.exclaims.contains(self.token_before(mark.start))
            && !self.rules.starts.contains(next.word)
    }

    /// Whether a speaker and a verb of saying follow: `"Why?" Mr. Hale asked.`
    fn is_said(&self, next: Next) -> bool {
        if self.rules.says.is_empty() || next.case != Case::Upper || self.rules.starts.contains(next.word) {
            return false;
        }
        let at = next.word.as_ptr() as usize - self.text.as_ptr() as usize;
        let mut words = head(&self.text[at..]).split_whitespace();
        words
            .find(|word| !word.starts_with(char::is_uppercase))
            .is_some_and(|word| self.rules.says.contains(word.trim_end_matches(['.', ',', ':'])))
    }

    /// Full-width marks end sentences unless the quotation goes on, or the full-width dot belongs to a number or
    /// an initial.
    fn wide_ends(&self, mark: Mark, c: char) -> bool {
        let goes_on = mark.end > mark.closers && carries_on(c);
        let number = self.text[mark.start..].starts_with('．')
            && (c.is_numeric() || is_initial(&self.text[self.start..mark.start]));
        !goes_on && !number && !matches!(c, '、' | '，' | ',' | '；' | '：' | '､')
    }

    /// A mark without a blank after it ends a sentence only between two plain words, the second with a capital
    /// (`könnten.Das`): not in `Node.js`, `z.B.`, `www.Beispiel.de`, `String.Format`.
    fn glued_ends(&self, mark: Mark, c: char) -> bool {
        let opened = is_quote(c) || is_opening_bracket(c);
        let letter = if opened { self.char_at(mark.end + c.len_utf8()) } else { Some(c) };
        if letter.is_some_and(is_caseless) {
            let (closed, before) = (mark.end > mark.closers, self.char_before(mark.start));
            return match mark.kind {
                _ if closed && (carries_on(c) || self.rules.hangul) => false,
                Kind::Dot => self.rules.hangul && before.is_some_and(ends_korean),
                kind => kind == Kind::Firm && before.is_some_and(is_caseless),
            };
        }
        if mark.kind == Kind::Dots || !c.is_uppercase() && !is_quote(c) {
            return false;
        }
        let after = run_after(&self.text[mark.end..]).trim_start_matches(is_quote);
        let word = after.split(['!', '?']).next().unwrap_or_default();
        let word = word.trim_end_matches(|c: char| !c.is_alphanumeric());
        let begins = self.rules.starts.contains(word);
        if !is_capitalised(word) || !begins && is_domain(word) {
            return false;
        }
        let before = self.run_before(mark.start);
        if before.len() == 4 && before.bytes().all(|byte| byte.is_ascii_digit()) {
            return begins;
        }
        let abbreviated = self.abbreviation(before, mark.start - before.len());
        before.chars().count() > if begins { 1 } else { 2 }
            && (is_plain(before) && abbreviated.is_none_or(|kind| kind == Abbreviation::Number)
                || begins && is_capitalised(before) && abbreviated.is_none())
    }

    /// Whether one full stop before a blank and a word other than a small one ends a sentence.
    fn dot_ends(&self, mark: Mark, next: Next) -> bool {
        let token = self.token_before(mark.start);
        let start = mark.start - token.len();
        let begins = || !matches!(next.then, Some('.' | '-' | '‑')) && self.rules.starts.contains(next.word);
        if token.is_empty() {
            return true;
        }
        if is_number(token) || self.rules.ordinals && is_roman(token) {
            return self.number_ends(token, start, mark, next, begins);
        }
        match self.abbreviation(token, start) {
            None => true,
            Some(Abbreviation::Never) => false,
            Some(Abbreviation::Number) => next.case != Case::Digit && !is_roman(next.word),
            Some(Abbreviation::Unclear) => begins() || mark.quoted && next.case == Case::Upper,
            Some(Abbreviation::Ends) => !self.rules.follows.contains(next.word),
        }
    }

    /// A number with a dot is a list label at the start of a sentence, part of a date before a further number,
    /// in German an ordinal where an article or the noun says so, else the end.
    fn number_ends(
        &self,
        token: &str,
        start: usize,
        mark: Mark,
        next: Next,
        begins: impl Fn() -> bool,
    ) -> bool {
        let digits = token.bytes().filter(u8::is_ascii_digit).count();
        // Right after a bracket stands the minute of a match ("Müller (80. Beck)") or a label.
        let labels = self.is_opening(start) || self.char_before(start) == Some('(');
        if labels && digits <= 3 && !token.contains('.') {
            return false;
        }
        if self.rules.hangul && (next.case == Case::Other || next.then == Some('.')) {
            return false; // 2025. 3. 5. is a date, and a number alone ends no sentence
        }
        if next.case == Case::Digit {
            let day = token.len() <= 2 && next.word.len() <= 2 && next.then == Some('.');
            let year = token.len() <= 2
                && next.word.len() == 4
                && self.text[..start].trim_end().strip_suffix('.').is_some_and(|t| t.ends_with(is_digit));
            return !day && !year;
        }
        let ordinal = self.rules.ordinals && digits <= 3 && next.case == Case::Upper;
        if !ordinal || mark.quoted || begins() {
            return true;
        }
        !self.rules.counted.contains(next.word) && !self.rules.articles.contains(self.word_before(start))
    }

    /// What kind of abbreviation `token`, which begins at `start` and stands before a dot, is.
    fn abbreviation(&self, token: &str, start: usize) -> Option<Abbreviation> {
        let known = &self.rules.abbreviations;
        if token.len() > WORD / 2 {
            return None;
        }
        if let Some(&kind) = known.get(token) {
            return Some(kind);
        }
        let opens = self.is_opening(start);
        if opens && token.chars().next().is_some_and(char::is_uppercase) {
            let small = token.chars().flat_map(char::to_lowercase).collect::<String>();
            if let Some(&kind) = known.get(small.as_str()) {
                return Some(kind);
            }
        }
        let elided = matches!(self.char_before(start), Some('\'' | '’'));
        let mut chars = token.chars();
        if let (Some(letter), None) = (chars.next(), chars.next()) {
            return if elided { None } else { self.letter(letter, start, opens) };
        }
        if token.bytes().any(|byte| byte == b'.') {
            return is_dotted(token).then_some(Abbreviation::Unclear);
        }
        if token.bytes().any(|byte| byte == b'-')
            && let Some((_, last)) = token.rsplit_once('-')
            && last.starts_with(char::is_uppercase)
            && known.get(last) == Some(&Abbreviation::Never)
        {
            return Some(Abbreviation::Never);
        }
        let guessed = self.rules.guesses && token.len() <= 4 && !elided && is_consonants(token);
        let ending = self.rules.endings.iter().any(|ending| token.ends_with(ending));
        (guessed || ending).then_some(Abbreviation::Unclear)
    }

    /// A single letter: part of a spaced abbreviation (`z. B.`), an initial, a list label.
    fn letter(&self, letter: char, start: usize, opens: bool) -> Option<Abbreviation> {
        if opens {
            return Some(Abbreviation::Never);
        }
        let mut joined = letter.to_string();
        let mut at = start;
        for _ in 0..4 {
            let Some(before) = self.text[self.start..at].trim_end().strip_suffix('.') else { break };
            let Some(c) = before.chars().next_back() else { break };
            at = self.start + before.len() - c.len_utf8();
            if !c.is_alphabetic() || self.text[self.start..at].ends_with(char::is_alphanumeric) {
                break;
            }
            joined.insert(0, '.');
            joined.insert(0, c);
            if let Some(&kind) = self.rules.abbreviations.get(joined.as_str()) {
                return Some(kind);
            }
        }
        (letter.is_uppercase() || letter.is_ascii_lowercase()).then_some(Abbreviation::Unclear)
    }

    /// The word before the mark at `end`, with dots and hyphens within.
    fn token_before(&self, end: usize) -> &'a str {
        let from = self.window(end);
        let window = &self.text[from..end];
        // `社長はDr.`: a Latin word begins where the other script ends.
        let latin = window.ends_with(|c: char| c.is_ascii_alphabetic());
        let start = window.rfind(|c| is_delimiter(c) || latin && is_wide(c));
        &window[start.map_or(0, |at| at + width(&window[at..]))..]
    }

    /// The word before the blanks before `end`; empty where something else stands there.
    fn word_before(&self, end: usize) -> &'a str {
        let from = self.window(end);
        let window = self.text[from..end].trim_end();
        let start = window.rfind(|c: char| !c.is_alphanumeric()).map_or(0, |at| at + width(&window[at..]));
        &window[start..]
    }

    /// What stands before `end` without a blank, opening quotes and brackets left out.
    fn run_before(&self, end: usize) -> &'a str {
        let from = self.window(end);
        let window = &self.text[from..end];
        let start = window.rfind(char::is_whitespace).map_or(0, |at| at + width(&window[at..]));
        window[start..].trim_start_matches(|c: char| !c.is_alphanumeric())
    }

    /// Where looking back from `end` stops.
    fn window(&self, end: usize) -> usize {
        let mut from = end.saturating_sub(WORD).max(self.start).min(end);
        while !self.text.is_char_boundary(from) {
            from += 1;
        }
        from
    }

    /// The first word from `at` on.
    fn next(&self, mut at: usize) -> Next<'a> {
        let nothing = Next { case: Case::None, word: "", then: None };
        let (mut bullet, mut apostrophe, mut ellipsis) = (false, false, false);
        loop {
            let Some(c) = self.char_at(at) else { return nothing };
            if c.is_alphanumeric() {
                break;
            }
            let closed = matches!(c, ',' | ';' | ':' | ')' | ']' | '}' | '%' | '/' | '=' | '&');
            // One ellipsis may stand before the word; more would make looking ahead long.
            if closed || is_line_end(c) || self.is_mark(c) && (c != '…' || ellipsis) {
                return nothing;
            }
            ellipsis |= c == '…';
            bullet |= matches!(c, '•' | '·' | '▪' | '●' | '○' | '◦' | '‣' | '►' | '■' | '□');
            apostrophe = matches!(c, '\'' | '’' | '‘');
            at += c.len_utf8();
        }
        let rest = &self.text[at..];
        let end: usize =
            rest.chars().take(WORD).take_while(|c| c.is_alphanumeric()).map(char::len_utf8).sum();
        let (word, then) = (&rest[..end], self.char_at(at + end));
        let clitic = self.rules.clitics && apostrophe && matches!(word, "s" | "t" | "n" | "k" | "m");
        let case = if bullet || clitic { Case::Other } else { case(word) };
        Next { case, word, then }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each text has a `|` where a sentence ends, and is split without them.
    pub(super) fn check(tag: &str, texts: &[&str]) {
        let lang = tag.parse().unwrap();
        for text in texts {
            let expected: Vec<&str> = text.split('|').map(str::trim).collect();
            let plain = text.replace('|', "");
            let found: Vec<&str> =
                split(&plain, &lang, Split::Sentences).iter().map(|span| span.of(&plain)).collect();
            assert_eq!(found, expected, "{tag}");
        }
    }

    #[test]
    fn german_numbers_and_dates() {
        check(
            "de",
            &[
                "Die Brücke stammt aus dem 18. Jahrhundert.| Sie ist baufällig.",
                "Der Verein stieg in die 3. Liga ab.| Danach ging der Trainer.",
                "Am 7. Mai beginnt der Kurs.| Er dauert drei Wochen.",
                "Seit dem 2. Advent ist der Laden zu.| Niemand weiß, warum.",
                "Das Fest findet vom 3. bis 5. Juni statt.| Der Eintritt ist frei.",
                "Das geschah 1871.| Vierzig Jahre später war alles vergessen.",
                "Es waren 20.| Danach kam keiner mehr.",
                "Die Sitzung ist am 9.| Wir beginnen um acht.",
                "Die Feier begann um 20.15 Uhr.| 40 Gäste waren da.",
                "Der Termin ist am 5.2.2024 in Kassel.| Bitte kommen Sie pünktlich.",
                "Er kam am 5. 2. 2024 zurück.| Keiner freute sich.",
                "Rund 3.500 Menschen lebten dort.| 12 davon sind geblieben.",
                "Karl V. regierte lange.| Ihm folgte Philipp II.| Er war sein Sohn.",
                "Im II. Weltkrieg brannte das Haus.| Es wurde nie ersetzt.",
                "1. Zutaten bereitlegen.| 2. Teig kneten.| 3. Backen.",
            ],
        );
    }

    #[test]
    fn german_abbreviations() {
        check(
            "de",
            &[
                "Es gibt Obst, z. B. Birnen.| Das genügt.",
                "Es gibt Obst, z.B. Birnen, d. h. Vitamine.| Das genügt.",
                "Z. B. Birnen sind reif.| Ca. 30 davon fielen herab.",
                "Prof. Dr. Lehmann und Frau Dipl.-Ing. Krause kamen.| Sie blieben lange.",
                "Das kostet 4 Mio. Euro bzw. Franken.| Der Rat ist dagegen.",
                "Der Schaden liegt bei 3 Mrd.| Das ist viel.",
                "Siehe Nr. 5 und S. 12.| Dort steht alles.",
                "Sie spielt bei St. Pauli in der Kurfürstenstr. 8 vor ca. 200 Leuten.| Er auch.",
                "Wir kauften Brot, Käse usw.| Peter zahlte.",
                "Das war 44 v. Chr. in Rom.| Es war im März.",
                "Der Verlag Kern & Co. KG schloss.| Die Bücher blieben.",
                "Sie las J. R. R. Tolkien und E. T. A. Hoffmann.| Beides gefiel ihr.",
                "Dr. med. Kern und Dr. h. c. Otto Lang spielten beim 1. FC Adler.| Sie verloren.",
                "Nach 90 Min. Pause rief Oberst a. D. Kern die Fa. Lang an.| Keiner hob ab.",
                "Die U.S. Navy kam.| Sie blieb bis zum Herbst.",
            ],
        );
    }

    #[test]
    fn quotes_and_brackets() {
        check(
            "de",
            &[
                "„Warum?“ fragte er.| „Darum!“, rief sie.| Beide lachten.",
                "\"Warum?\" fragte er.| \"Darum.\"| Beide lachten.",
                "»Geh nach Haus.«| »Nein.«| ‚Doch.‘| Stille.",
                "«Geh nach Haus.»| «Nein.»| Stille.",
                "Er sagte: „Es reicht.“| Dann ging er.",
                "Er blieb (das war klar.)| Dann ging er.",
                "Er hatte fünf (!) Autos und zwei (?) Häuser.| Das Geld kam von ihr.",
                "Der Satz […] Anfang fehlt.| Das Ende auch.",
                "Es regnet.| (Schon wieder.)| Wir gehen.",
                "So steht es dort.[12]| Andere meinen anderes.",
            ],
        );
        check(
            "en",
            &[
                "“Is it late?” she asked.| “It is.”| They went home.",
                "'Is it late?' she asked.| 'It is.'| They went home.",
                "She called it \"a mess.\"| Nobody disagreed.",
                "(We had known.)| The rest was easy.",
            ],
        );
        check(
            "fr",
            &[
                "« Tu viens ? » demanda-t-elle.| « Oui. »| Ils partirent.",
                "\" Tu viens ? \" demanda-t-elle.| \" Oui. \"| Ils partirent.",
                "Quoi !| Vraiment ?| « Rien », dit-il.",
            ],
        );
    }

    #[test]
    fn english_abbreviations() {
        check(
            "en",
            &[
                "Mr. Hale met Mrs. Orton at 4 p.m. on Tuesday.| They talked.",
                "It opens at 9 a.m. Monday.| Nobody will come.",
                "It closed at 9 p.m.| Shoppers were late.",
                "She works for Harbour Inc. in Leeds.| He does not.",
                "He sold Harbour Inc.| She kept the ship.",
                "We left the U.S.| It was in May.",
                "The U.S. Navy sent 12 ships, e.g. tankers.| None came back.",
                "See No. 5, p. 12 and Fig. 3.| They agree.",
                "He said no.| She said yes.",
                "J. K. Marsh lives on St. James St. in Hull.| Her son moved.",
                "It was Plan B.| The first one failed.",
                "He lives in Dayton, Ohio, and she in Akron, Pa.| Neighbours wave.",
                "It was sold in 2004.| 12 people saw it.",
                "\"Why now?\" Mr. Hale asked.| \"Why not?\"| She left.| \"Oh!\" Ann Orton said, laughing.",
                "Yahoo! Finance had 40 clerks.| He likes Yahoo!| The rest is history.",
                "Ann took a Ph. D. at Leeds, cf. Orton et al. (2010).| It was hard.",
                "He cannot.| She can't.| Tom won't.",
                "The phone costs $3.50.| iPhone owners pay more.",
            ],
        );
    }

    #[test]
    fn other_languages() {
        check(
            "fr",
            &["M. Le Goff est né en 1950.| Mme Roy aussi.", "Voir p. 12, art. 5, etc.| La suite manque."],
        );
        check(
            "pt",
            &["O Sr. Costa mora na Av. Brasil, no séc. XX.| Ela não.", "Vimos o mar.| Barcos partiram."],
        );
        check(
            "es",
            &["El Sr. Ruiz llegó a EE. UU. ayer.| ¿Quién lo vio?| ¡Nadie!| Pagó 3.500 pesos, p. ej. hoy."],
        );
        check(
            "it",
            &["Il dott. Bianchi e la sig.ra Neri, ad es. ieri, c'erano.| Pane, vino ecc.| Tutti felici."],
        );
        check("nl", &["Dhr. Bakker kocht o.a. kaas, bijv. Goudse.| 's Avonds at hij brood.| Het smaakte."]);
        check("ru", &["Он родился в 1900 г. в Туле, на ул. Ленина.| Она жила там же.| Т. е. рядом."]);
        check("pl", &["Prof. Nowak mieszka przy ul. Długiej, np. latem.| On też."]);
        check("el", &["Πού πας;| Στο σπίτι.| Ο κ. Νίκου έφυγε."]);
        check("sv", &["Det kostar t.ex. 5 kr. per kilo.| Vi köper det."]);
        check("ka", &["ის წავიდა.| ის დარჩა."]);
        check("hi", &["वह गया।| वह आया।"]);
    }

    #[test]
    fn marks_of_every_kind() {
        check(
            "de",
            &[
                "Er wartete ...| Keiner kam.",
                "Er wartete . . .| Keiner kam.",
                "Er wartete… und wartete.| Keiner kam.",
                "Der ... Minister schwieg.| Alle schwiegen.",
                "Was?!| Schon wieder!!| Ja.",
                "... und dann ging er.| Sie blieb.",
                "Wir brauchen:| • Brot.| • Milch.".replace(":|", ":").as_str(),
                "Er ging.| – Sie blieb.",
                "Das reicht .| Mehr nicht .",
            ],
        );
    }

    #[test]
    fn missing_blanks() {
        check(
            "de",
            &[
                "Das würde alle gefährden.|Deshalb bleibt es zu.|Es ist geschlossen.|Schade!|Niemand weiß mehr.",
                "Wir wohnten in einem Haus.|Das war alt.",
                "Er programmiert Node.js und ASP.NET auf www.Beispiel.de/a.Html oder Booking.Com.| Das geht.",
                "Es gibt z.B.Birnen und String.Format im Code.| Mehr nicht.",
                "Er rief \"Halt.\"|Dann lief er weg.",
            ],
        );
    }

    #[test]
    fn lines_end_sentences() {
        check("de", &["Eine Überschrift|\n\nEin Satz, der|\nweitergeht.|\r\nEnde"]);
        assert_eq!(split("", &Lang::english(), Split::Sentences), []);
        assert_eq!(split(" \n\t ", &Lang::english(), Split::Sentences), []);
    }

    #[test]
    fn lines_are_kept_one_for_one() {
        for (text, expected) in [
            ("", &[][..]),
            ("\n", &[""]),
            ("a", &["a"]),
            ("a\n", &["a"]),
            ("a\n\n", &["a", ""]),
            ("One. Two.\n  \n Three \r\nlast", &["One. Two.", "", "Three", "last"]),
        ] {
            let spans = split(text, &Lang::english(), Split::Lines);
            let found: Vec<&str> = spans.iter().map(|span| span.of(text)).collect();
            assert_eq!(found, expected, "{text:?}");
        }
    }
}
