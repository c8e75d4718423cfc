//! Dates and times of day.

use super::reader::{Found, Reader};
use super::tokens::Sort;
use super::words::listed;
use super::{Date, Value, agree::is_year};

impl Reader<'_> {
    pub(super) fn date(&self) -> Found {
        self.numeric_date()
            .or_else(|| self.day_first())
            .or_else(|| self.month_first())
            .or_else(|| self.weekday())
    }

    /// `05.02.2024`, `5.2.24`, `2024-02-05`, `2/5/2024`.
    pub(super) fn numeric_date(&self) -> Found {
        let token = self.tokens.get(self.at).filter(|token| token.sort == Sort::Digits)?;
        let parts: Vec<u32> =
            token.lower.split('.').map(str::parse).collect::<Result<_, _>>().unwrap_or_default();
        if let [day, month, year] = parts[..] {
            let long = if year < 50 {
                year + 2000
            } else if year < 100 {
                year + 1900
            } else {
                year
            };
            return Some((Value::Date(date(Some(long), month, Some(day))?), self.at + 1));
        }
        let sign = self.word(self.at + 1);
        if !matches!(sign, "-" | "/") || self.word(self.at + 3) != sign {
            return None;
        }
        let (a, b, c) = (self.digits(self.at)?, self.digits(self.at + 2)?, self.digits(self.at + 4)?);
        let (year, month, day) = match sign {
            "-" if a > 1000 => (a, b, c),
            // English papers write the month first, all others the day; a month of 13 settles it.
            "/" if c > 1000 && (self.words.point_decimal && a <= 12 || b > 12) => (c, a, b),
            "/" if c > 1000 => (c, b, a),
            _ => return None,
        };
        Some((Value::Date(date(Some(year), month, Some(day))?), self.at + 5))
    }

    /// `5. Februar 2024`, `5 February`, `5th of February`.
    pub(super) fn day_first(&self) -> Found {
        let day = self.digits(self.at).filter(|_| self.hangs().is_none())?;
        let mut at = self.at + 1;
        if self.word(at) == "." || matches!(self.word(at), "st" | "nd" | "rd" | "th") {
            at += 1;
        }
        at += usize::from(self.word(at) == "of");
        let month = self.month(at)?;
        at += 1;
        at += usize::from(self.word(at) == "." && self.word(at + 1).len() == 4);
        let year = self.year(at + usize::from(self.word(at) == ","));
        let end = year.map_or(at, |(_, end)| end);
        Some((Value::Date(date(year.map(|y| y.0), month, Some(day))?), end))
    }

    /// `February 5, 2024`, `February 2024`, `im Februar`.
    pub(super) fn month_first(&self) -> Found {
        let month = self.month(self.at)?;
        let mut at = self.at + 1;
        at += usize::from(self.word(at) == "." && self.is(at + 1, Sort::Digits));
        if self.word(at) == "of" {
            at += 1;
        }
        let day = self.digits(at).filter(|day| (1..=31).contains(day) && self.words.point_decimal);
        if day.is_some() {
            at += 1;
            at += usize::from(matches!(self.word(at), "st" | "nd" | "rd" | "th"));
        }
        let year = self.year(at + usize::from(self.word(at) == ","));
        let sure = day.is_some() || year.is_some() || !matches!(self.word(self.at), "may" | "march");
        let led = self.at > 0
            && matches!(
                self.word(self.at - 1),
                "in" | "since"
                    | "until"
                    | "by"
                    | "of"
                    | "last"
                    | "this"
                    | "next"
                    | "early"
                    | "late"
                    | "mid"
                    | "from"
            );
        let month_only_end = self.at + 1;
        let end = year.map_or(if day.is_some() { at } else { month_only_end }, |(_, end)| end);
        (sure || led).then_some(())?;
        Some((Value::Date(date(year.map(|y| y.0), month, day)?), end))
    }

    pub(super) fn weekday(&self) -> Found {
        let token = self.tokens.get(self.at).filter(|token| token.sort == Sort::Word)?;
        let word =
            token.lower.strip_suffix("abend").or(token.lower.strip_suffix("nacht")).unwrap_or(&token.lower);
        let word = word.strip_suffix("morgen").or(word.strip_suffix("nachmittag")).unwrap_or(word);
        let word =
            word.strip_suffix("s").filter(|_| word.ends_with("ags") || word.ends_with("ays")).unwrap_or(word);
        let day = self.words.weekdays.iter().position(|names| listed(names, word))?;
        self.is_capital(self.at).then_some(())?;
        Some((Value::Date(Date { weekday: Some(day as u32), ..Date::default() }), self.at + 1))
    }

    pub(super) fn month(&self, at: usize) -> Option<u32> {
        let word = self.tokens.get(at).filter(|token| token.sort == Sort::Word && self.is_capital(at))?;
        let month = self.words.months.iter().position(|names| listed(names, &word.lower))?;
        Some(month as u32 + 1)
    }

    pub(super) fn year(&self, at: usize) -> Option<(u32, usize)> {
        let year =
            self.digits(at).filter(|&year| is_year(f64::from(year)) && self.tokens[at].lower.len() == 4)?;
        // "September 2000 Menschen" is a year all the same; "2000er" is none.
        let glued = self.tokens.get(at + 1).is_some_and(|next| !next.apart && next.sort == Sort::Word);
        (!glued).then_some((year, at + 1))
    }

    /// `20.15 Uhr`, `20 Uhr`, `8:15 p.m.`, `8pm`, `20:15`.
    pub(super) fn clock(&self) -> Found {
        let token = self.tokens.get(self.at).filter(|token| token.sort == Sort::Digits)?;
        let mut at = self.at + 1;
        let (hour, minute, colon) = match token.lower.split_once('.') {
            Some((hour, minute)) => (hour.parse().ok()?, two_digits(minute)?, false),
            None => {
                let hour = self.digits(self.at)?;
                let tight = self.tokens.get(at + 1).is_some_and(|next| !next.apart);
                match (self.word(at), self.tokens.get(at + 1)) {
                    (":", Some(next)) if tight && two_digits(&next.lower).is_some() => {
                        at += 2;
                        (hour, two_digits(&next.lower)?, true)
                    }
                    _ => (hour, 0, false),
                }
            }
        };
        if hour > 24 || minute > 59 {
            return None;
        }
        let minutes = hour * 60 + minute;
        let half = self.word(at);
        if matches!(half, "uhr") {
            return Some((Value::Time(minutes), at + 1));
        }
        let dotted = self.word(at + 1) == "." && self.word(at + 2) == "m";
        if matches!(half, "am" | "pm") && hour <= 12 || matches!(half, "a" | "p") && dotted {
            let end = if dotted { at + 3 + usize::from(self.word(at + 3) == ".") } else { at + 1 };
            let noon = if half.starts_with('p') { 720 } else { 0 };
            return Some((Value::Time(minutes % 720 + noon), end));
        }
        // 2:03:15 is a running time, not a time of day.
        (colon && self.word(at) != ":" && self.tokens[self.at].lower.len() == 2)
            .then_some((Value::Time(minutes), at))
    }
}

fn date(year: Option<u32>, month: u32, day: Option<u32>) -> Option<Date> {
    let sane = (1..=12).contains(&month) && day.is_none_or(|day| (1..=31).contains(&day));
    sane.then_some(Date { year, month: Some(month), day, weekday: None })
}

fn two_digits(text: &str) -> Option<u32> {
    if text.len() == 2 { text.parse().ok() } else { None }
}
