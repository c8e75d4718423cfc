//! What the splitter asks of characters and words, whatever the language.

/// The longest word, and the longest run without blanks, that is looked at: in bytes, far over any abbreviation.
pub const WORD: usize = 64;

/// The beginning of a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Case {
    Lower,
    Upper,
    Digit,
    /// A letter of a script without cases, or any word behind a bullet.
    Other,
    /// No word: the line ends, or a comma or the like follows.
    None,
}

/// What `word` begins with.
pub fn case(word: &str) -> Case {
    let mut chars = word.chars();
    match chars.next() {
        None => Case::None,
        Some(c) if is_caseless(c) => Case::Other,
        // iPhone, eBay: the capital comes second.
        Some(c) if c.is_lowercase() && chars.next().is_some_and(char::is_uppercase) => Case::Upper,
        Some(c) if c.is_lowercase() => Case::Lower,
        Some(c) if c.is_alphabetic() => Case::Upper,
        Some(_) => Case::Digit,
    }
}

/// Letters of scripts without cases; Georgian, whose small letters have capitals in headings only, is one.
pub fn is_caseless(c: char) -> bool {
    c.is_alphabetic() && (!c.is_lowercase() && !c.is_uppercase() || matches!(c, 'ა'..='ჿ'))
}

pub fn is_digit(c: char) -> bool {
    c.is_ascii_digit()
}

pub fn is_line_end(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// White space within a line.
pub fn is_blank(c: char) -> bool {
    c.is_whitespace() && !is_line_end(c)
}

pub fn is_quote(c: char) -> bool {
    matches!(c, '"' | '\'' | '“' | '”' | '„' | '‘' | '’' | '‚' | '«' | '»' | '‹' | '›')
}

pub fn is_closing_bracket(c: char) -> bool {
    matches!(
        c,
        ')' | ']'
            | '}'
            | '」'
            | '』'
            | '）'
            | '】'
            | '〉'
            | '》'
            | '〕'
            | '］'
            | '｣'
            | '〗'
            | '〙'
            | '｝'
            | '〞'
            | '〟'
            | '＂'
    )
}

/// What parts words, apart from dots and hyphens.
pub fn is_delimiter(c: char) -> bool {
    c.is_whitespace()
        || is_quote(c)
        || is_closing_bracket(c)
        || matches!(
            c,
            '(' | '[' | '{' | '<' | '>' | '/' | '|' | ',' | ';' | ':' | '!' | '?' | '…' | '–' | '—' | '*'
        )
}

/// The length of a note mark such as `[12]` at the start of `text`.
pub fn note(text: &str) -> Option<usize> {
    let inner = text.strip_prefix('[')?;
    let digits = inner.bytes().take(4).take_while(u8::is_ascii_digit).count();
    (digits > 0 && inner[digits..].starts_with(']')).then_some(digits + 2)
}

/// `20`, `3.5`, `5.2`, `3-5`: digits, with dots and hyphens within.
pub fn is_number(token: &str) -> bool {
    token.starts_with(is_digit)
        && token.ends_with(is_digit)
        && token.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '-'))
}

/// A Roman number of kings, wars and centuries; one letter is an initial rather.
pub fn is_roman(token: &str) -> bool {
    token.len() > 1 && token.bytes().all(|byte| matches!(byte, b'I' | b'V' | b'X'))
}

/// Short parts with dots between: `U.S`, `Ph.D`, `J.-P`.
pub fn is_dotted(token: &str) -> bool {
    token.split('.').all(|part| {
        let part = part.trim_start_matches('-');
        (1..=3).contains(&part.chars().count()) && part.chars().all(char::is_alphabetic)
    })
}

/// A capital, then small letters.
pub fn is_capitalised(word: &str) -> bool {
    let mut chars = word.chars();
    chars.next().is_some_and(char::is_uppercase) && is_plain(chars.as_str())
}

/// Small letters, with hyphens and apostrophes before the last.
pub fn is_plain(word: &str) -> bool {
    word.chars().all(|c| c.is_lowercase() || matches!(c, '-' | '\'' | '’'))
        && word.chars().next_back().is_some_and(char::is_alphabetic)
}

/// Latin letters without a vowel, not all capitals.
pub fn is_consonants(token: &str) -> bool {
    token.bytes().all(|byte| byte.is_ascii_alphabetic() && !b"aeiouyAEIOUY".contains(&byte))
        && token.bytes().any(|byte| byte.is_ascii_lowercase())
        && !matches!(token, "km" | "cm" | "mm" | "kg" | "mg" | "kW" | "MHz" | "GHz")
}

/// What may follow a dot with a capital in an address or a file's name.
pub fn is_domain(word: &str) -> bool {
    [
        "com", "net", "org", "info", "de", "at", "ch", "eu", "fr", "es", "it", "nl", "pt", "uk", "js", "pdf",
        "exe", "txt",
    ]
    .iter()
    .any(|domain| word.eq_ignore_ascii_case(domain))
}

/// As much of the start of `text` as is looked at.
pub fn head(text: &str) -> &str {
    let mut end = text.len().min(WORD);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// What stands at the start of `text` before a blank.
pub fn run_after(text: &str) -> &str {
    head(text).split(char::is_whitespace).next().unwrap_or_default()
}

/// The length of the first character of `text` in bytes.
pub fn width(text: &str) -> usize {
    text.chars().next().map_or(0, char::len_utf8)
}

/// Where the white space from `at` on ends, line ends included.
pub fn skip_white(text: &str, at: usize) -> usize {
    text.len() - text[at..].trim_start().len()
}

/// Where the white space from `at` on ends, at the end of the line at the latest.
pub fn skip_blanks(text: &str, mut at: usize) -> usize {
    while text.as_bytes().get(at) == Some(&b' ') {
        at += 1;
    }
    match text.as_bytes().get(at) {
        Some(b'!'..=b'~') => at,
        _ => text.len() - text[at..].trim_start_matches(is_blank).len(),
    }
}
