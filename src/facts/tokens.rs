//! A sentence cut into words, numerals and marks.

use crate::document::Span;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    Word,
    Digits,
    Mark,
}

#[derive(Debug)]
pub(super) struct Token {
    pub(super) span: Span,
    pub(super) sort: Sort,
    pub(super) lower: String,
    /// Whether white space stands before it.
    pub(super) apart: bool,
}

/// Words are runs of letters, numerals are digits with what groups them (`1.200,5`), anything else is a mark.
pub(super) fn tokenise(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut apart = true;
    let mut rest = text.char_indices().peekable();
    while let Some((start, c)) = rest.next() {
        if c.is_whitespace() {
            apart = true;
            continue;
        }
        let mut end = start + c.len_utf8();
        let sort = if c.is_ascii_digit() {
            end = start + numeral_length(&text[start..]);
            while rest.next_if(|&(i, _)| i < end).is_some() {}
            Sort::Digits
        } else if c.is_alphabetic() {
            while let Some((i, c)) = rest.next_if(|&(_, c)| c.is_alphabetic()) {
                end = i + c.len_utf8();
            }
            Sort::Word
        } else {
            Sort::Mark
        };
        tokens.push(Token { span: Span { start, end }, sort, lower: text[start..end].to_lowercase(), apart });
        apart = false;
    }
    tokens
}

/// The bytes of the numeral at the start of `text`: a separator belongs to it where a digit follows, a space
/// only before a group of exactly three.
pub(super) fn numeral_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digits = |from: usize| bytes[from..].iter().take_while(|b| b.is_ascii_digit()).count();
    let mut end = digits(0);
    // Whether a group of three digits can follow behind a space: behind `10` of `10 405`, not `2015`.
    let mut groups = end <= 3 && bytes[0] != b'0';
    loop {
        let rest = &text[end..];
        let Some(c) = rest.chars().next() else { return end };
        let next = end + c.len_utf8();
        let more = digits(next);
        let joins = match c {
            '.' | ',' => more > 0,
            '\'' | '’' | '\u{a0}' | '\u{202f}' | '\u{2009}' | ' ' => more == 3 && groups,
            _ => false,
        };
        if !joins {
            return end;
        }
        groups &= !matches!(c, '.' | ',');
        end = next + more;
    }
}
