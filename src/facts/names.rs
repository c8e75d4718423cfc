//! Names, quotations, negation.

use super::tokens::{Sort, Token};
use super::words::{Words, listed};
use super::{Fact, Value};
use crate::document::Span;

pub(super) fn negations(tokens: &[Token], words: &Words) -> Vec<Fact> {
    let mut found = Vec::new();
    for (i, token) in tokens.iter().enumerate() {
        // "don't" is don, ', t.
        let short =
            token.lower == "t" && i > 1 && !token.apart && matches!(tokens[i - 1].lower.as_str(), "'" | "’");
        // "No 6", "No. 6"
        let numbers = |place: usize| tokens.get(place).is_some_and(|next| next.sort == Sort::Digits);
        let dot = tokens.get(i + 1).is_some_and(|next| next.lower == ".");
        if token.lower == "no" && (numbers(i + 1) || dot && numbers(i + 2)) {
            continue;
        }
        let start = if short { tokens[i - 2].span.start } else { token.span.start };
        if short || listed(words.negations, &token.lower) {
            found.push(Fact { span: Span { start, end: token.span.end }, value: Value::Negation });
        }
    }
    found
}

/// Capitalised words in a row. In German every noun has a capital, so there a name is two of them or an
/// acronym; elsewhere one that does not open the sentence will do.
pub(super) fn names(text: &str, tokens: &[Token], words: &Words) -> Vec<Fact> {
    let capital = |i: usize| {
        let token = &tokens[i];
        let first = text[token.span.start..].chars().next();
        token.sort == Sort::Word
            && first.is_some_and(char::is_uppercase)
            && !listed(words.common, &token.lower)
    };
    let acronym = |i: usize| {
        let word = tokens[i].span.of(text);
        word.chars().filter(|c| c.is_uppercase()).count() >= 2 && word.chars().count() <= 8
    };
    let mut found = Vec::new();
    let first = tokens.iter().position(|token| token.sort != Sort::Mark);
    let mut at = 0;
    while at < tokens.len() {
        if !capital(at) {
            at += 1;
            continue;
        }
        let mut end = at + 1;
        loop {
            let dash = end + 1 < tokens.len()
                && tokens[end].lower == "-"
                && !tokens[end].apart
                && !tokens[end + 1].apart;
            if end < tokens.len() && capital(end) && tokens[end].apart {
                end += 1;
            } else if dash && tokens[end + 1].sort == Sort::Word {
                end += 2;
            } else {
                break;
            }
        }
        let opens = first == Some(at);
        let count = (at..end).filter(|&i| capital(i)).count();
        let dated = end == at + 1 && is_calendar(&tokens[at].lower, words);
        let single = (words.nouns_small && !opens) || acronym(at);
        if (count >= 2 || single) && !dated {
            let span = Span { start: tokens[at].span.start, end: tokens[end - 1].span.end };
            let name = span.of(text);
            found.push(Fact { span, value: Value::Name(name.to_string()) });
        }
        at = end;
    }
    found
}

pub(super) fn is_calendar(word: &str, words: &Words) -> bool {
    words.months.iter().chain(&words.weekdays).any(|names| listed(names, word))
}

pub(super) const QUOTES: &[(char, &[char])] = &[
    ('„', &['“', '”', '"']),
    ('“', &['”', '"']),
    ('»', &['«']),
    ('«', &['»']),
    ('"', &['"', '”', '“']),
    ('‚', &['‘']),
];

/// What stands between quotation marks, of any style; a quotation that runs into the next sentence, or comes
/// from the one before, ends or starts at the edge.
pub(super) fn quotes(text: &str) -> Vec<Fact> {
    let mut found = Vec::new();
    let mut open: Option<(usize, &[char])> = None;
    // Where the text begins that a closing mark without an opening one can close: no mark's text is another's.
    let mut edge = 0;
    let mut push = |start: usize, end: usize| {
        let inner = text[start..end].trim();
        if inner.chars().any(char::is_alphabetic) {
            let start = start + text[start..end].find(inner).unwrap_or(0);
            found.push(Fact {
                span: Span { start, end: start + inner.len() },
                value: Value::Quote(inner.to_string()),
            });
        }
    };
    for (i, c) in text.char_indices() {
        match open {
            Some((start, closing)) if closing.contains(&c) => {
                push(start, i);
                (open, edge) = (None, i + c.len_utf8());
            }
            Some(_) => {}
            None => {
                // A straight mark after a letter closes what an earlier sentence opened.
                let tight =
                    c == '"' && text[..i].chars().next_back().is_some_and(|c| !c.is_whitespace() && c != '(');
                if tight || matches!(c, '”' | '‘') {
                    push(edge, i);
                    edge = i + c.len_utf8();
                } else if let Some((mark, closing)) = QUOTES.iter().find(|(mark, _)| *mark == c) {
                    open = Some((i + mark.len_utf8(), closing));
                }
            }
        }
    }
    if let Some((start, _)) = open {
        push(start, text.len());
    }
    found
}
