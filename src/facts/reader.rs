//! Tokens with a place to read from.

use super::numbers::currency;
use super::tokens::{Sort, Token};
use super::words::Words;
use super::{Quantity, Unit, Value};

pub(super) struct Reader<'a> {
    pub(super) text: &'a str,
    pub(super) tokens: &'a [Token],
    pub(super) words: &'a Words,
    pub(super) at: usize,
}

pub(super) type Found = Option<(Value, usize)>;

impl Reader<'_> {
    pub(super) fn word(&self, at: usize) -> &str {
        self.tokens.get(at).map_or("", |token| &token.lower)
    }

    pub(super) fn is(&self, at: usize, sort: Sort) -> bool {
        self.tokens.get(at).is_some_and(|token| token.sort == sort)
    }

    pub(super) fn digits(&self, at: usize) -> Option<u32> {
        let token = self.tokens.get(at)?;
        let plain = token.sort == Sort::Digits && token.lower.len() <= 4;
        if plain { token.lower.parse().ok() } else { None }
    }

    pub(super) fn is_capital(&self, at: usize) -> bool {
        self.tokens
            .get(at)
            .is_some_and(|token| self.text[token.span.start..].chars().next().is_some_and(char::is_uppercase))
    }

    /// Whether the token hangs on the one before it, as `19` in `Covid-19` or `G20` does.
    pub(super) fn hangs(&self) -> Option<&str> {
        let token = &self.tokens[self.at];
        let back = |n: usize| self.at.checked_sub(n).map(|at| &self.tokens[at]);
        let before = back(1)?;
        if token.apart {
            return None;
        }
        if before.sort == Sort::Word {
            return Some(&before.lower);
        }
        let word = back(2)?;
        let dash = matches!(before.lower.as_str(), "-" | "‑") && !before.apart;
        (dash && word.sort == Sort::Word).then_some(word.lower.as_str())
    }

    /// Where a value begins: a currency sign before the number belongs to it.
    pub(super) fn start_of(&self, value: &Value) -> usize {
        let sign = self.at.checked_sub(1).filter(|&at| currency(self.word(at)).is_some());
        match (value, sign) {
            (Value::Number(Quantity { unit: Unit::Money(_), .. }), Some(at)) => self.tokens[at].span.start,
            _ => self.tokens[self.at].span.start,
        }
    }
}
