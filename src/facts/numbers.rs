//! Numbers with their scales and units, and scores.

use super::reader::{Found, Reader};
use super::tokens::Sort;
use super::words::{german_suffix, listed};
use super::{Fact, Quantity, Unit, Value};

impl Reader<'_> {
    /// `2:3` in any language, `3-2` in English where nothing is counted behind it.
    pub(super) fn score(&self) -> Found {
        let (a, b) = (self.digits(self.at)?, self.digits(self.at + 2)?);
        let sign = self.tokens.get(self.at + 1)?;
        let tight = !sign.apart && !self.tokens[self.at + 2].apart;
        let dash = matches!(sign.lower.as_str(), "-" | "–") && self.words.point_decimal;
        let plain = a < 200 && b < 200 && !matches!(self.word(self.at + 3), ":" | "-" | "%");
        let counted =
            dash && (self.is(self.at + 3, Sort::Word) && self.unit(self.at + 3, false).is_some() || a > 30);
        (tight && plain && (sign.lower == ":" || dash) && !counted && self.hangs().is_none())
            .then_some((Value::Score(a, b), self.at + 3))
    }

    pub(super) fn number(&self) -> Found {
        let (amount, step, mut at, written) = self.amount()?;
        let back = |n: usize| self.at.checked_sub(n).map_or("", |at| self.word(at));
        let rough = listed(self.words.rough, back(1))
            || listed(self.words.rough, &format!("{}_{}", back(2), back(1)));
        let ordinal = written && self.words.is_ordinal(self.word(at - 1));
        let mut quantity =
            Quantity { amount, step, unit: Unit::Plain, rough, firm: !written || amount >= 3.0 && !ordinal };
        if let (Some(letters), false) = (self.hangs(), written) {
            let signed = currency(letters).is_some();
            if !signed && !self.words.is_number(letters) {
                quantity.unit = Unit::Code(letters.to_string());
                return Some((Value::Number(quantity), at));
            }
        }
        if let Some(end) = self.decade(at, written) {
            quantity.unit = Unit::Decade;
            return Some((Value::Number(quantity), end));
        }
        if matches!(self.word(at), "st" | "nd" | "rd" | "th") && !written {
            at += 1;
        }
        // "1,9 Mrd. Dollar": the full stop of the abbreviation.
        if self.word(at) == "." && at > 0 && matches!(self.word(at - 1), "mrd" | "mio" | "tsd" | "bn" | "mn")
        {
            at += 1;
        }
        let sign = self
            .at
            .checked_sub(1)
            .filter(|_| !self.tokens[self.at].apart || self.word(self.at - 1).len() > 1);
        if let Some(code) = sign.and_then(|before| currency(self.word(before))).filter(|_| !written) {
            quantity.unit = Unit::Money(code);
            return Some((Value::Number(quantity), at));
        }
        if let Some((unit, end)) = self.unit(at, true) {
            quantity.firm |= matches!(unit, Unit::Percent | Unit::Money(_)) && amount != 1.0;
            quantity.unit = unit;
            at = end;
        } else if let Some(hung) =
            german_suffix(self.word(at - 1)).filter(|_| written && self.words.compounds)
        {
            quantity.unit = measure(&self.word(at - 1)[hung..]).unwrap_or(Unit::Plain);
        }
        Some((Value::Number(quantity), at))
    }

    /// `90er Jahre`, `1990s`, `neunziger Jahre`.
    pub(super) fn decade(&self, at: usize, written: bool) -> Option<usize> {
        let glued = self.tokens.get(at).is_some_and(|token| !token.apart);
        let after = self.word(at + 1).starts_with("jahre");
        match self.word(at) {
            "er" if glued && !written => Some(at + 1 + usize::from(after)),
            "s" if glued && !written => Some(at + 1),
            "’" | "'" if self.word(at + 1) == "s" && glued && !written => Some(at + 2),
            _ if written && self.word(at - 1).ends_with("ties") => Some(at),
            _ if written && self.word(at - 1).ends_with("ziger") && self.word(at).starts_with("jahre") => {
                Some(at + 1)
            }
            _ => None,
        }
    }

    /// The number at the reader's place with its scale words: amount, step, end, whether in words only.
    pub(super) fn amount(&self) -> Option<(f64, f64, usize, bool)> {
        let token = self.tokens.get(self.at)?;
        let (mut amount, mut step, mut at, written) = match token.sort {
            Sort::Digits => {
                let (amount, step) = numeral(&token.lower, self.words.point_decimal)?;
                (amount, step, self.at + 1, false)
            }
            Sort::Word => {
                let (amount, end) = self.words_amount(self.at)?;
                (amount, 1.0, end, true)
            }
            Sort::Mark => return None,
        };
        // "3.5-million", "3,5 Millionen", "two dozen", "half a million".
        let skip = |at: usize| at + usize::from(self.word(at) == "-" && self.is(at + 1, Sort::Word));
        if self.word(at) == "a" && amount == 0.5 {
            at += 1;
        }
        let glued = |at: usize| self.tokens.get(at).is_some_and(|token| !token.apart);
        let scale = self.words.scale(self.word(skip(at)));
        // "$5m" is millions, "5 m" is metres.
        if let Some(scale) = scale.filter(|_| self.word(skip(at)).len() > 1 || glued(at)) {
            (amount, step, at) = (amount * scale, step * scale, skip(at) + 1);
            // "a hundred million"
            if let Some(larger) = self.words.scale(self.word(at)).filter(|larger| *larger > scale) {
                (amount, step, at) = (amount * larger, step * larger, at + 1);
            }
            if written && scale >= 1000.0 {
                // "two million three hundred thousand"
                if let Some((more, end)) =
                    self.words_amount(at).filter(|(more, _)| *more < scale && *more > 1.0)
                {
                    let inner = self.words.scale(self.word(end)).filter(|inner| more * inner < scale);
                    (amount, at) = (amount + more * inner.unwrap_or(1.0), end + usize::from(inner.is_some()));
                }
            }
        }
        Some((amount, if written { step.min(amount.abs().max(1.0)) } else { step }, at, written))
    }

    /// Number words in a row: `dreiundzwanzig`, `twenty-three`, `one hundred and five`, `a dozen`.
    pub(super) fn words_amount(&self, at: usize) -> Option<(f64, usize)> {
        let (total, end) = self.words_below_hundred(at)?;
        if self.word(end) != "hundred" || self.is_article(at) || self.is_half(at) {
            return Some((total, end));
        }
        let next = end + 1 + usize::from(self.word(end + 1) == "and");
        let rest = self.words_below_hundred(next).filter(|(rest, _)| (1.0..100.0).contains(rest));
        // "one hundred two hundred" is two numbers.
        Some(match rest.filter(|(_, after)| self.word(*after) != "hundred") {
            Some((rest, after)) => (total * 100.0 + rest, after),
            None => (total * 100.0, end + 1),
        })
    }

    /// `dreiundzwanzig`, `twenty-three`, `a` before a scale word; German words may say more than a hundred.
    fn words_below_hundred(&self, at: usize) -> Option<(f64, usize)> {
        let first = self.words.number(self.word(at))?;
        let article = self.is_article(at);
        let mut end = at + 1;
        let mut total = first;
        if article || self.is_half(at) {
            // An article counts only before a scale word.
            let next = end + usize::from(self.word(end) == "a");
            self.words.scale(self.word(next))?;
            return Some((if article { 1.0 } else { 0.5 }, next));
        }
        if (20.0..100.0).contains(&first) && first % 10.0 == 0.0 && self.words.point_decimal {
            let next = end + usize::from(self.word(end) == "-");
            let unit = self.words.number(self.word(next)).filter(|unit| (1.0..10.0).contains(unit));
            let article = matches!(self.word(next), "a" | "an");
            if let Some(unit) = unit.filter(|unit| unit.fract() == 0.0 && !article) {
                (total, end) = (total + unit, next + 1);
            }
        }
        Some((total, end))
    }

    fn is_article(&self, at: usize) -> bool {
        matches!(self.word(at), "a" | "an" | "ein" | "eine" | "einem" | "einen" | "einer")
    }

    fn is_half(&self, at: usize) -> bool {
        self.word(at).starts_with("halb") || self.word(at) == "half"
    }

    /// What is counted at `at`, and where it ends.
    pub(super) fn unit(&self, at: usize, money: bool) -> Option<(Unit, usize)> {
        let at = at + usize::from(matches!(self.word(at), "-" | "‑") && self.is(at + 1, Sort::Word));
        let word = self.word(at);
        // "US-Dollar", "per cent", "Prozentpunkte".
        if word == "us" && matches!(self.word(at + 1), "-") && self.word(at + 2).starts_with("dollar") {
            return Some((Unit::Money("USD"), at + 3));
        }
        if word == "us" && self.word(at + 1).starts_with("dollar") {
            return Some((Unit::Money("USD"), at + 2));
        }
        if word == "per" && matches!(self.word(at + 1), "cent") {
            return Some((Unit::Percent, at + 2));
        }
        if let Some(code) = currency(word).filter(|_| money) {
            return Some((Unit::Money(code), at + 1));
        }
        Some((measure(word)?, at + 1))
    }
}

/// "25 bis 55 Milliarden", "from 1.2 to 1.4 billion": the first number has the scale of the second.
pub(super) fn share_scale(text: &str, facts: &mut [Fact]) {
    for i in 1..facts.len() {
        let between = text[facts[i - 1].span.end..facts[i].span.start].trim();
        let joined = matches!(between, "bis" | "auf" | "to" | "-" | "–" | "und" | "and");
        let (before, after) = facts.split_at_mut(i);
        let (Value::Number(first), Value::Number(second)) = (&mut before[i - 1].value, &after[0].value)
        else {
            continue;
        };
        let scale = 10f64.powi((second.amount.max(1.0).log10() / 3.0).floor() as i32 * 3);
        let bare = first.unit == Unit::Plain && first.amount < 1000.0 && second.amount / scale < 1000.0;
        // With "and" only decimals are sure to be of one kind: "7 and 2 million" may be a list.
        let alike = !matches!(between, "und" | "and") || first.step < 1.0;
        if joined && bare && alike && scale >= 1e6 {
            (first.amount, first.step) = (first.amount * scale, first.step * scale);
            first.unit = second.unit.clone();
        }
    }
}

/// Digits with separators to a number and the value of its last place.
///
/// A separator that comes twice, or before anything but three digits at the end, says what it is itself; one
/// before three digits is read by the language's habit: `1.200` is 1200 in German and 1.2 in English.
fn numeral(text: &str, point_decimal: bool) -> Option<(f64, f64)> {
    let plain: String = text.chars().filter(|c| c.is_ascii_digit() || matches!(c, '.' | ',')).collect();
    let (points, commas) = (plain.matches('.').count(), plain.matches(',').count());
    let habit = if point_decimal { '.' } else { ',' };
    let decimal = match (points, commas) {
        (0, 0) => None,
        (p, c) if p > 1 && c > 1 => return None,
        (p, c) if p > 0 && c > 0 => plain.chars().rev().find(|c| !c.is_ascii_digit()),
        (p, c) if p > 1 || c > 1 => None,
        (p, _) => {
            let mark = if p == 1 { '.' } else { ',' };
            let (before, after) = plain.split_once(mark)?;
            let groups = after.len() == 3 && before.len() <= 3 && before != "0";
            // Three places behind a decimal mark are rarer in prose than a foreign habit of grouping, but not
            // behind a nought or in "3,482 %": there the caller's unit says so.
            if mark == habit || !groups { Some(mark) } else { None }
        }
    };
    let places = decimal.and_then(|mark| Some(plain.len() - plain.rfind(mark)? - 1)).unwrap_or(0);
    let digits: String = plain.chars().filter(char::is_ascii_digit).collect();
    let scale = 10f64.powi(i32::try_from(places).ok()?);
    let amount = digits.parse::<f64>().ok().filter(|_| digits.len() <= 18)? / scale;
    Some((amount, 1.0 / scale))
}

pub(super) fn currency(word: &str) -> Option<&'static str> {
    Some(match word {
        "€" | "euro" | "euros" | "eur" => "EUR",
        "$" | "dollar" | "dollars" | "usd" => "USD",
        "£" | "pfund" | "pound" | "pounds" | "gbp" => "GBP",
        "¥" | "yen" => "JPY",
        "franken" | "francs" | "chf" => "CHF",
        "rubel" | "rouble" | "roubles" | "ruble" | "rubles" => "RUB",
        "kronen" | "crowns" | "kroner" | "kronor" => "CZK",
        "yuan" | "renminbi" => "CNY",
        "mark" | "dm" => "DEM",
        _ => return None,
    })
}

fn measure(word: &str) -> Option<Unit> {
    let is = |stems: &[&str]| stems.contains(&word);
    let days = match word {
        _ if is(&["jahr", "jahre", "jahren", "jahres", "year", "years", "yr"])
            || word.starts_with("jährig") =>
        {
            365.25
        }
        _ if is(&["monat", "monate", "monaten", "month", "months"]) || word.starts_with("monatig") => 30.44,
        _ if is(&["woche", "wochen", "week", "weeks"]) || word.starts_with("wöchig") => 7.0,
        _ if is(&["tag", "tage", "tagen", "day", "days"]) || word.starts_with("tägig") => 1.0,
        _ if is(&["stunde", "stunden", "hour", "hours"]) || word.starts_with("stündig") => 1.0 / 24.0,
        _ if is(&["minute", "minuten", "minutes", "min"]) || word.starts_with("minütig") => 1.0 / 1440.0,
        _ if is(&["sekunde", "sekunden", "second", "seconds"]) => 1.0 / 86400.0,
        _ => 0.0,
    };
    if days > 0.0 {
        return Some(Unit::Days(days));
    }
    let metres = match word {
        "km" | "kilometer" | "kilometern" | "kilometers" | "kilometre" | "kilometres" => 1000.0,
        "mile" | "miles" | "meile" | "meilen" => 1609.34,
        "m" | "meter" | "metern" | "meters" | "metre" | "metres" => 1.0,
        "feet" | "foot" | "ft" | "fuß" => 0.3048,
        "cm" | "zentimeter" | "centimetres" | "centimeters" => 0.01,
        "inch" | "inches" | "zoll" => 0.0254,
        _ => 0.0,
    };
    if metres > 0.0 {
        return Some(Unit::Metres(metres));
    }
    let kilograms = match word {
        "kg" | "kilo" | "kilos" | "kilogramm" | "kilogram" | "kilograms" => 1.0,
        "tonne" | "tonnen" | "tonnes" | "tons" => 1000.0,
        "gramm" | "grams" => 0.001,
        _ => 0.0,
    };
    if kilograms > 0.0 {
        return Some(Unit::Kilograms(kilograms));
    }
    if matches!(word, "°" | "grad" | "degrees" | "celsius" | "fahrenheit") {
        return Some(Unit::Degrees);
    }
    let percent = matches!(word, "%" | "percent" | "pc" | "percentage") || word.starts_with("prozent");
    percent.then_some(Unit::Percent)
}
