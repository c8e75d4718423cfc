//! What a sentence states in a form that can be compared across languages: numbers with their units, dates,
//! times, scores, names, quotations, negation. German and English are known by their words; of any other
//! language the digits, capitals and quotation marks are read. Rules over tokens, no model: a figure must be
//! explainable by pointing at its characters.

use crate::document::Span;
use crate::lang::Lang;

/// One thing that a sentence states.
#[derive(Debug, Clone, PartialEq)]
pub struct Fact {
    /// Its bytes in the sentence.
    pub span: Span,
    /// What it says.
    pub value: Value,
}

/// What a [`Fact`] says, in a form that no longer depends on the language.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A number, with its unit where it has one.
    Number(Quantity),
    /// A calendar date or a part of one.
    Date(Date),
    /// A time of day in minutes since midnight; on a twelve-hour clock 0 to 719 where the half is not said.
    Time(u32),
    /// The result of a game or a vote, as said: `2:3`.
    Score(u32, u32),
    /// A name as written, without genitive endings: capitalised words in a row, or an acronym.
    Name(String),
    /// A literal quotation, without its marks.
    Quote(String),
    /// A word that negates: `nicht`, `kein`, `never`, `without`.
    Negation,
}

/// A number and what it counts.
#[derive(Debug, Clone, PartialEq)]
pub struct Quantity {
    /// The number with its scale word: `3,5 Millionen` is 3,500,000.
    pub amount: f64,
    /// The value of one unit in the last place that was said: 100,000 for `3,5 Millionen`, 1 for `150`.
    pub step: f64,
    /// What it counts.
    pub unit: Unit,
    /// Said to be rough: `rund`, `more than`, fractions such as `half`.
    pub rough: bool,
    /// Whether it may start a disagreement. `zwei` and `second` come and go in translation; `150` does not.
    pub firm: bool,
}

/// What a number counts, as far as it is told apart.
#[derive(Debug, Clone, PartialEq)]
pub enum Unit {
    /// Things, people, years of the calendar: anything without a unit of its own.
    Plain,
    /// Per cent of something; also fractions.
    Percent,
    /// Money, by its ISO 4217 code.
    Money(&'static str),
    /// A span of time; the factor turns the amount into days.
    Days(f64),
    /// A length; the factor turns the amount into metres.
    Metres(f64),
    /// A mass; the factor turns the amount into kilograms.
    Kilograms(f64),
    /// Degrees of temperature, of whichever scale.
    Degrees,
    /// A decade by its first year: `1990s`, or 90 where the century is not said.
    Decade,
    /// Part of a name: the letters that it hangs on, in lower case (`covid` of `Covid-19`).
    Code(String),
}

/// A date, as far as it is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Date {
    /// The year, with its century.
    pub year: Option<u32>,
    /// The month, 1 to 12.
    pub month: Option<u32>,
    /// The day of the month, 1 to 31.
    pub day: Option<u32>,
    /// The day of the week, 0 for Monday.
    pub weekday: Option<u32>,
}

/// The facts of one sentence, in the order of their places.
pub fn facts(text: &str, lang: &Lang) -> Vec<Fact> {
    let tokens = tokenise(text);
    let words = Words::of(lang);
    let mut facts = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let reader = Reader { text, tokens: &tokens, words, at };
        let found =
            reader.date().or_else(|| reader.clock()).or_else(|| reader.score()).or_else(|| reader.number());
        at = match found {
            Some((value, end)) => {
                // "20 € 5": a currency sign belongs to one number, the first that takes it.
                let before = facts.last().map_or(0, |fact: &Fact| fact.span.end);
                let start = reader.start_of(&value).max(before);
                facts.push(Fact { span: Span { start, end: tokens[end - 1].span.end }, value });
                end
            }
            None => at + 1,
        };
    }
    share_scale(text, &mut facts);
    facts.extend(negations(&tokens, words));
    facts.extend(names(text, &tokens, words));
    facts.extend(quotes(text));
    facts.sort_by_key(|fact| (fact.span.start, fact.span.end));
    facts
}

/// Whether two facts say the same, across units, rounding and the parts of a date that only one of them says.
pub fn agree(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => same_quantity(a, b),
        (Value::Date(a), Value::Date(b)) => same_date(a, b),
        (Value::Date(date), Value::Number(n)) | (Value::Number(n), Value::Date(date)) => {
            // "2008" beside "February 2008", "the 19th" beside "19. Juli".
            n.unit == Unit::Plain
                && [date.year, date.day].iter().flatten().any(|&part| f64::from(part) == n.amount)
        }
        // A morning in one report is "8.15 Uhr" in the other: the half of the day is not always said.
        (Value::Time(a), Value::Time(b)) => a % 720 == b % 720,
        (Value::Time(time), Value::Number(n)) | (Value::Number(n), Value::Time(time)) => {
            n.unit == Unit::Plain && time % 60 == 0 && f64::from(time / 60 % 12) == n.amount % 12.0
        }
        (Value::Score(a, b), Value::Score(c, d)) => (a, b) == (c, d) || (a, b) == (d, c),
        (Value::Score(a, b), Value::Time(time)) | (Value::Time(time), Value::Score(a, b)) => {
            a * 60 + b == *time
        }
        (Value::Name(a), Value::Name(b)) => fold(a) == fold(b),
        (Value::Quote(a), Value::Quote(b)) => fold(a) == fold(b),
        (Value::Negation, Value::Negation) => true,
        _ => false,
    }
}

/// Whether two facts that do not agree speak of the same sort of thing, so that one can contradict the other.
pub fn comparable(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => {
            // A weak number contradicts a firm one only of its own unit: "zwei Wochen" and "5 weeks".
            let firm = a.firm && b.firm || (a.firm || b.firm) && a.unit != Unit::Plain && a.unit == b.unit;
            firm && same_sort(&a.unit, &b.unit)
        }
        // A year alone can contradict another year, not the day of a month.
        (Value::Date(date), Value::Number(n)) | (Value::Number(n), Value::Date(date)) => {
            n.firm && n.unit == Unit::Plain && date.year.is_some() && is_year(n.amount)
        }
        (Value::Date(a), Value::Date(b)) => {
            let shared = |x: Option<u32>, y: Option<u32>| x.is_some() && y.is_some();
            shared(a.year, b.year)
                || shared(a.month, b.month)
                || shared(a.day, b.day)
                || shared(a.weekday, b.weekday)
        }
        (Value::Time(_), Value::Time(_)) | (Value::Score(..), Value::Score(..)) => true,
        _ => false,
    }
}

/// The numbers, dates, times and scores of each side that have no equal on the other.
pub fn unmatched<'a>(source: &'a [Fact], target: &'a [Fact]) -> (Vec<&'a Fact>, Vec<&'a Fact>) {
    let (pairs, _) = matched(source, target);
    let rest = |facts: &'a [Fact], taken: Vec<usize>| -> Vec<&'a Fact> {
        let open = facts.iter().enumerate().filter(|(i, fact)| !taken.contains(i) && is_figure(&fact.value));
        open.map(|(_, fact)| fact).collect()
    };
    (rest(source, pairs.iter().map(|p| p.0).collect()), rest(target, pairs.iter().map(|p| p.1).collect()))
}

/// Pairs of equal figures (numbers, dates, times, scores), and how many of them are firm. A figure that is
/// said twice on one side and once on the other counts as matched both times.
pub fn matched(source: &[Fact], target: &[Fact]) -> (Vec<(usize, usize)>, usize) {
    let mut pairs = Vec::new();
    let mut firm = 0;
    let mut taken = vec![false; target.len()];
    for (i, a) in source.iter().enumerate().filter(|(_, fact)| is_figure(&fact.value)) {
        let equal = |j: &usize| is_figure(&target[*j].value) && agree(&a.value, &target[*j].value);
        let free = (0..target.len()).filter(|&j| !taken[j]).find(equal);
        if let Some(j) = free.or_else(|| (0..target.len()).find(equal)) {
            firm += usize::from(is_firm(&a.value) && !taken[j]);
            taken[j] = true;
            pairs.push((i, j));
        }
    }
    // The target's own repetitions.
    for (j, b) in target.iter().enumerate().filter(|(j, fact)| !taken[*j] && is_figure(&fact.value)) {
        if let Some(i) = source.iter().position(|a| is_figure(&a.value) && agree(&a.value, &b.value)) {
            pairs.push((i, j));
        }
    }
    (pairs, firm)
}

/// "25 bis 55 Milliarden", "from 1.2 to 1.4 billion": the first number has the scale of the second.
fn share_scale(text: &str, facts: &mut [Fact]) {
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

/// Whether a value is a figure: a number, a date, a time or a score.
pub fn is_figure(value: &Value) -> bool {
    matches!(value, Value::Number(_) | Value::Date(_) | Value::Time(_) | Value::Score(..))
}

/// Lower case without diacritics of German, punctuation or a genitive `s`: how names are compared.
pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars().flat_map(char::to_lowercase) {
        match c {
            'ä' => out.push_str("ae"),
            'ö' => out.push_str("oe"),
            'ü' => out.push_str("ue"),
            'ß' => out.push_str("ss"),
            c if c.is_alphanumeric() => out.push(c),
            _ if !out.is_empty() && !out.ends_with(' ') => out.push(' '),
            _ => {}
        }
    }
    let out = out.trim_end();
    out.strip_suffix(" s").unwrap_or(out).to_string()
}

fn is_firm(value: &Value) -> bool {
    match value {
        Value::Number(quantity) => quantity.firm,
        Value::Date(_) | Value::Time(_) | Value::Score(..) => true,
        _ => false,
    }
}

/// Whether a number can be a year of the calendar.
pub fn is_year(amount: f64) -> bool {
    (1500.0..2100.0).contains(&amount) && amount.fract() == 0.0
}

/// The unit's factor to its base, and a number for its sort.
fn base(unit: &Unit) -> (f64, u8) {
    match unit {
        Unit::Plain => (1.0, 0),
        Unit::Percent => (1.0, 1),
        Unit::Money(_) => (1.0, 2),
        Unit::Days(factor) => (*factor, 3),
        Unit::Metres(factor) => (*factor, 4),
        Unit::Kilograms(factor) => (*factor, 5),
        Unit::Decade => (1.0, 6),
        Unit::Code(_) => (1.0, 7),
        Unit::Degrees => (1.0, 8),
    }
}

fn same_sort(a: &Unit, b: &Unit) -> bool {
    match (a, b) {
        (Unit::Money(a), Unit::Money(b)) => a == b || a.is_empty() || b.is_empty(),
        (Unit::Code(a), Unit::Code(b)) => a == b,
        (Unit::Code(_), _) | (_, Unit::Code(_)) => false,
        (Unit::Decade, other) | (other, Unit::Decade) => matches!(other, Unit::Decade),
        (Unit::Plain, _) | (_, Unit::Plain) => true,
        (a, b) => base(a).1 == base(b).1,
    }
}

fn same_quantity(a: &Quantity, b: &Quantity) -> bool {
    let ((fa, sa), (fb, sb)) = (base(&a.unit), base(&b.unit));
    if a.unit == Unit::Decade || b.unit == Unit::Decade {
        // "90" is no decade; "1990" can stand for one.
        let said = |q: &Quantity| q.unit == Unit::Decade || q.amount >= 1000.0;
        let short = |x: f64| if x >= 1000.0 { x % 100.0 } else { x };
        return said(a) && said(b) && short(a.amount) == short(b.amount);
    }
    if sa == 2 && sb == 2 && !same_sort(&a.unit, &b.unit) {
        return false;
    }
    let close = |x: f64, y: f64, slack: f64| (x - y).abs() <= slack + 1e-9 * x.abs().max(y.abs());
    let rough = |q: &Quantity| if q.rough { 0.04 * q.amount.abs() } else { 0.0 };
    // The coarser of the two decides: "1.9 billion" is what "1.92 billion" rounds to.
    let step = if a.step == b.step { 0.0 } else { 0.5 * a.step.max(b.step) };
    let slack = step.max(rough(a)).max(rough(b));
    if a.unit == Unit::Degrees && b.unit == Unit::Degrees {
        // 9 degrees here are 48 there, and the scale is seldom said.
        let converts = |x: f64, y: f64| (x * 1.8 + 32.0 - y).abs() <= 1.0;
        return close(a.amount, b.amount, slack)
            || converts(a.amount, b.amount)
            || converts(b.amount, a.amount);
    }
    if sa == sb && fa != fb {
        // Across units people round: "two weeks" and "14 days", "60 miles" and "100 km".
        let (x, y) = (a.amount * fa, b.amount * fb);
        return close(x, y, (0.06 * x.abs().max(y.abs())).max(slack * fa.min(fb)));
    }
    // A German text can group as English does ("1,800"), and the reverse.
    let grouped = |a: &Quantity, b: &Quantity| a.step == 0.001 && close(a.amount * 1000.0, b.amount, slack);
    if grouped(a, b) || grouped(b, a) {
        return true;
    }
    // An age is "95" here and "95 years" there; "one in five" has no place to say so.
    (sa == sb || sa == 0 || sb == 0 || sa == 7 || sb == 7) && close(a.amount, b.amount, slack)
}

fn same_date(a: &Date, b: &Date) -> bool {
    let parts = [(a.year, b.year), (a.month, b.month), (a.day, b.day), (a.weekday, b.weekday)];
    let both = parts.iter().filter_map(|(x, y)| Some((*x)? == (*y)?));
    let (same, differ) = both.fold((0, 0), |(s, d), equal| if equal { (s + 1, d) } else { (s, d + 1) });
    same > 0 && differ == 0
}

// ---------------------------------------------------------------------------------------------------------
// Tokens

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    Word,
    Digits,
    Mark,
}

#[derive(Debug)]
struct Token {
    span: Span,
    sort: Sort,
    lower: String,
    /// Whether white space stands before it.
    apart: bool,
}

/// Words are runs of letters, numerals are digits with what groups them (`1.200,5`), anything else is a mark.
fn tokenise(text: &str) -> Vec<Token> {
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
fn numeral_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digits = |from: usize| bytes[from..].iter().take_while(|b| b.is_ascii_digit()).count();
    let mut end = digits(0);
    loop {
        let rest = &text[end..];
        let Some(c) = rest.chars().next() else { return end };
        let next = end + c.len_utf8();
        let more = digits(next);
        let joins = match c {
            '.' | ',' => more > 0,
            '\'' | '’' | '\u{a0}' | '\u{202f}' | '\u{2009}' | ' ' => more == 3 && grouped(&text[..end]),
            _ => false,
        };
        if !joins {
            return end;
        }
        end = next + more;
    }
}

/// Whether a numeral can go on with a group of three digits behind a space: `10` of `10 405`, not `2015`.
fn grouped(start: &str) -> bool {
    let first = start.bytes().take_while(u8::is_ascii_digit).count();
    first <= 3 && !start.starts_with('0') && !start.contains(['.', ','])
}

// ---------------------------------------------------------------------------------------------------------
// Figures

struct Reader<'a> {
    text: &'a str,
    tokens: &'a [Token],
    words: &'a Words,
    at: usize,
}

type Found = Option<(Value, usize)>;

impl Reader<'_> {
    fn word(&self, at: usize) -> &str {
        self.tokens.get(at).map_or("", |token| &token.lower)
    }

    fn is(&self, at: usize, sort: Sort) -> bool {
        self.tokens.get(at).is_some_and(|token| token.sort == sort)
    }

    fn digits(&self, at: usize) -> Option<u32> {
        let token = self.tokens.get(at)?;
        let plain = token.sort == Sort::Digits && token.lower.len() <= 4;
        if plain { token.lower.parse().ok() } else { None }
    }

    fn is_capital(&self, at: usize) -> bool {
        self.tokens
            .get(at)
            .is_some_and(|token| self.text[token.span.start..].chars().next().is_some_and(char::is_uppercase))
    }

    /// Whether the token hangs on the one before it, as `19` in `Covid-19` or `G20` does.
    fn hangs(&self) -> Option<&str> {
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
    fn start_of(&self, value: &Value) -> usize {
        let sign = self.at.checked_sub(1).filter(|&at| currency(self.word(at)).is_some());
        match (value, sign) {
            (Value::Number(Quantity { unit: Unit::Money(_), .. }), Some(at)) => self.tokens[at].span.start,
            _ => self.tokens[self.at].span.start,
        }
    }

    fn date(&self) -> Found {
        self.numeric_date()
            .or_else(|| self.day_first())
            .or_else(|| self.month_first())
            .or_else(|| self.weekday())
    }

    /// `05.02.2024`, `5.2.24`, `2024-02-05`, `2/5/2024`.
    fn numeric_date(&self) -> Found {
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
    fn day_first(&self) -> Found {
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
    fn month_first(&self) -> Found {
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

    fn weekday(&self) -> Found {
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

    fn month(&self, at: usize) -> Option<u32> {
        let word = self.tokens.get(at).filter(|token| token.sort == Sort::Word && self.is_capital(at))?;
        let month = self.words.months.iter().position(|names| listed(names, &word.lower))?;
        Some(month as u32 + 1)
    }

    fn year(&self, at: usize) -> Option<(u32, usize)> {
        let year =
            self.digits(at).filter(|&year| is_year(f64::from(year)) && self.tokens[at].lower.len() == 4)?;
        // "September 2000 Menschen" is a year all the same; "2000er" is none.
        let glued = self.tokens.get(at + 1).is_some_and(|next| !next.apart && next.sort == Sort::Word);
        (!glued).then_some((year, at + 1))
    }

    /// `20.15 Uhr`, `20 Uhr`, `8:15 p.m.`, `8pm`, `20:15`.
    fn clock(&self) -> Found {
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

    /// `2:3` in any language, `3-2` in English where nothing is counted behind it.
    fn score(&self) -> Found {
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

    fn number(&self) -> Found {
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
    fn decade(&self, at: usize, written: bool) -> Option<usize> {
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
    fn amount(&self) -> Option<(f64, f64, usize, bool)> {
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
    fn words_amount(&self, at: usize) -> Option<(f64, usize)> {
        let first = self.words.number(self.word(at))?;
        let article = matches!(self.word(at), "a" | "an" | "ein" | "eine" | "einem" | "einen" | "einer");
        let mut end = at + 1;
        let mut total = first;
        if article || self.word(at).starts_with("halb") || self.word(at) == "half" {
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
        if self.word(end) == "hundred" {
            (total, end) = (total * 100.0, end + 1);
            let next = end + usize::from(self.word(end) == "and");
            if let Some((rest, after)) =
                self.words_amount(next).filter(|(rest, _)| *rest < 100.0 && *rest >= 1.0)
            {
                (total, end) = (total + rest, after);
            }
        }
        Some((total, end))
    }

    /// What is counted at `at`, and where it ends.
    fn unit(&self, at: usize, money: bool) -> Option<(Unit, usize)> {
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

fn date(year: Option<u32>, month: u32, day: Option<u32>) -> Option<Date> {
    let sane = (1..=12).contains(&month) && day.is_none_or(|day| (1..=31).contains(&day));
    sane.then_some(Date { year, month: Some(month), day, weekday: None })
}

fn two_digits(text: &str) -> Option<u32> {
    if text.len() == 2 { text.parse().ok() } else { None }
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

fn currency(word: &str) -> Option<&'static str> {
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

// ---------------------------------------------------------------------------------------------------------
// Names, quotations, negation

fn negations(tokens: &[Token], words: &Words) -> Vec<Fact> {
    let mut found = Vec::new();
    for (i, token) in tokens.iter().enumerate() {
        // "don't" is don, ', t.
        let short =
            token.lower == "t" && i > 1 && !token.apart && matches!(tokens[i - 1].lower.as_str(), "'" | "’");
        let start = if short { tokens[i - 2].span.start } else { token.span.start };
        if short || listed(words.negations, &token.lower) {
            found.push(Fact { span: Span { start, end: token.span.end }, value: Value::Negation });
        }
    }
    found
}

/// Capitalised words in a row. In German every noun has a capital, so there a name is two of them or an
/// acronym; elsewhere one that does not open the sentence will do.
fn names(text: &str, tokens: &[Token], words: &Words) -> Vec<Fact> {
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
        let opens = at == 0 || tokens[..at].iter().all(|token| token.sort == Sort::Mark);
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

fn is_calendar(word: &str, words: &Words) -> bool {
    words.months.iter().chain(&words.weekdays).any(|names| listed(names, word))
}

const QUOTES: &[(char, &[char])] = &[
    ('„', &['“', '”', '"']),
    ('“', &['”', '"']),
    ('»', &['«']),
    ('«', &['»']),
    ('"', &['"', '”', '“']),
    ('‚', &['‘']),
];

/// What stands between quotation marks, of any style; a quotation that runs into the next sentence, or comes
/// from the one before, ends or starts at the edge.
fn quotes(text: &str) -> Vec<Fact> {
    let mut found = Vec::new();
    let mut open: Option<(usize, &[char])> = None;
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
                open = None;
            }
            Some(_) => {}
            None => {
                // A straight mark after a letter closes what an earlier sentence opened.
                let tight =
                    c == '"' && text[..i].chars().next_back().is_some_and(|c| !c.is_whitespace() && c != '(');
                if tight {
                    push(0, i);
                } else if let Some((mark, closing)) = QUOTES.iter().find(|(mark, _)| *mark == c) {
                    open = Some((i + mark.len_utf8(), closing));
                } else if matches!(c, '”' | '‘') {
                    push(0, i);
                }
            }
        }
    }
    if let Some((start, _)) = open {
        push(start, text.len());
    }
    found
}

// ---------------------------------------------------------------------------------------------------------
// Words

/// What is known of a language. Lists are words between blanks, tables `word=value`.
struct Words {
    /// One string of spellings a month, January first.
    months: [&'static str; 12],
    /// One string of spellings a day, Monday first.
    weekdays: [&'static str; 7],
    negations: &'static str,
    /// Before a number they make it rough; `_` joins two words.
    rough: &'static str,
    /// Words whose capital says nothing: they open sentences.
    common: &'static str,
    numbers: &'static str,
    ordinals: &'static str,
    scales: &'static str,
    /// Numbers can be written in one word: `dreiundzwanzig`.
    compounds: bool,
    /// `.` is the decimal mark, `,` groups; else the reverse.
    point_decimal: bool,
    /// Common nouns have no capital.
    nouns_small: bool,
}

impl Words {
    fn of(lang: &Lang) -> &'static Words {
        match lang.as_str() {
            "de" => &GERMAN,
            "en" => &ENGLISH,
            "zh" | "ja" | "ko" | "he" | "th" => &POINT,
            _ => &OTHER,
        }
    }

    fn number(&self, word: &str) -> Option<f64> {
        if word.is_empty() {
            return None;
        }
        if let Some(value) = tabled(self.numbers, word).or_else(|| tabled(self.ordinals, word)) {
            return Some(value);
        }
        if let Some(ten) = word.strip_suffix("ties").filter(|_| self.nouns_small) {
            return tabled(self.numbers, &format!("{ten}ty"));
        }
        if self.compounds { german_compound(word) } else { None }
    }

    /// Ordinals and counts of times come and go in translation, like small numbers.
    fn is_ordinal(&self, word: &str) -> bool {
        tabled(self.ordinals, word).is_some() || self.compounds && german_ordinal(word).is_some()
    }

    fn is_number(&self, word: &str) -> bool {
        self.number(word).is_some()
    }

    fn scale(&self, word: &str) -> Option<f64> {
        tabled(self.scales, word)
    }
}

/// Whether `word` is one of a list between blanks.
fn listed(list: &str, word: &str) -> bool {
    !word.is_empty() && list.split(' ').any(|entry| entry == word)
}

/// The value of `word` in a table of `word=value` between blanks.
fn tabled(table: &str, word: &str) -> Option<f64> {
    let value = table.split(' ').find_map(|entry| entry.strip_prefix(word)?.strip_prefix('='));
    value.filter(|_| !word.is_empty())?.parse().ok()
}

/// What German hangs on a number: `95-Jährige` is written `fünfundneunzigjährige` too.
const GERMAN_SUFFIXES: [&str; 8] =
    ["jährig", "monatig", "wöchig", "tägig", "stündig", "minütig", "mal", "fach"];

/// Where what hangs on a German number word begins.
fn german_suffix(word: &str) -> Option<usize> {
    GERMAN_SUFFIXES.iter().find_map(|suffix| word.find(suffix)).filter(|&at| at > 0)
}

/// `dreiundzwanzig`, `zweieinhalb`, `neunziger`, `sechsmal`, `dreißigjähriger`, `vierte`.
fn german_compound(word: &str) -> Option<f64> {
    if let Some(at) = german_suffix(word) {
        return german_number(&word[..at]);
    }
    match word.strip_suffix("ziger") {
        Some(stem) => german_number(&format!("{stem}zig")),
        None => german_number(word).or_else(|| german_ordinal(word)),
    }
}

fn german_ordinal(word: &str) -> Option<f64> {
    let stem = word.strip_suffix(['n', 'r', 's', 'm']).unwrap_or(word).strip_suffix("te")?;
    match stem {
        "ers" => Some(1.0),
        "drit" => Some(3.0),
        "sieb" => Some(7.0),
        "ach" => Some(8.0),
        _ => german_number(stem.strip_suffix('s').unwrap_or(stem)).filter(|&value| value >= 2.0),
    }
}

fn german_number(word: &str) -> Option<f64> {
    let simple = |word: &str| {
        tabled(GERMAN.numbers, word).or(match word {
            "ein" => Some(1.0),
            "dreissig" => Some(30.0),
            _ => None,
        })
    };
    if let Some(value) = simple(word) {
        return Some(value);
    }
    if let Some(whole) = word.strip_suffix("einhalb") {
        return Some(simple(whole)? + 0.5);
    }
    for (name, scale) in [("tausend", 1000.0), ("hundert", 100.0)] {
        if let Some((before, after)) = word.split_once(name) {
            let before = if before.is_empty() { 1.0 } else { german_number(before)? };
            let after = after.strip_prefix("und").unwrap_or(after);
            let after = if after.is_empty() { 0.0 } else { german_number(after)? };
            return (before < scale && after < scale).then_some(before * scale + after);
        }
    }
    let (unit, ten) = word.split_once("und")?;
    let (unit, ten) = (simple(unit)?, simple(ten)?);
    (unit < 10.0 && (20.0..100.0).contains(&ten)).then_some(unit + ten)
}

static GERMAN: Words = Words {
    months: [
        "januar jänner jan",
        "februar feber feb",
        "märz mär",
        "april apr",
        "mai",
        "juni jun",
        "juli jul",
        "august aug",
        "september sep sept",
        "oktober okt",
        "november nov",
        "dezember dez",
    ],
    weekdays: ["montag", "dienstag", "mittwoch", "donnerstag", "freitag", "samstag sonnabend", "sonntag"],
    negations: "nicht kein keine keinen keinem keiner keines keinerlei nie niemals niemand niemanden \
        niemandem nichts ohne nirgends nirgendwo weder keineswegs keinesfalls",
    rough: "rund etwa circa ca ungefähr knapp fast über gut mindestens bis_zu mehr_als weniger_als \
        beinahe annähernd nahezu höchstens schätzungsweise",
    common: "der die das den dem des ein eine einen einem einer eines im in am an auf aus bei beim bis \
        durch für gegen mit nach ohne seit um unter vom von vor wegen während zu zum zur zwischen \
        über und oder aber denn doch sondern er sie es wir ich ihr man dies diese dieser dieses \
        diesem diesen sein seine seiner seinem seinen ihre ihrer ihrem ihren unser unsere wenn weil \
        als wie was wer wo warum dass ob da dort hier so auch nur noch nun schon dann damit dabei \
        daher dazu danach darum deshalb jetzt heute gestern morgen alle allen aller alles viele \
        vielen einige mehr kein keine keinen laut zudem zwar jedoch allerdings weiter bereits ab \
        demnach trotz obwohl sollte könnte jeder jede jedes beide zwei drei vier ihm ihn ihnen nicht \
        bisher zuvor später außerdem dennoch insgesamt gemeinsam neben",
    numbers: "null=0 eins=1 ein=1 eine=1 einem=1 einen=1 einer=1 zwei=2 zwo=2 drei=3 vier=4 fünf=5 sechs=6 \
        sieben=7 acht=8 neun=9 zehn=10 elf=11 zwölf=12 dreizehn=13 vierzehn=14 fünfzehn=15 \
        sechzehn=16 siebzehn=17 achtzehn=18 neunzehn=19 zwanzig=20 dreißig=30 vierzig=40 fünfzig=50 \
        sechzig=60 siebzig=70 achtzig=80 neunzig=90 anderthalb=1.5 halbe=0.5 halben=0.5 halbes=0.5 \
        hundert=100 tausend=1000",
    ordinals: "",
    scales: "hundert=100 tausend=1000 tsd=1000 million=1e+06 millionen=1e+06 mio=1e+06 milliarde=1e+09 \
        milliarden=1e+09 mrd=1e+09 md=1e+09 billion=1e+12 billionen=1e+12 billiarde=1e15 \
        billiarden=1e15 dutzend=12",
    compounds: true,
    point_decimal: false,
    nouns_small: false,
};

static ENGLISH: Words = Words {
    months: [
        "january jan",
        "february feb",
        "march mar",
        "april apr",
        "may",
        "june jun",
        "july jul",
        "august aug",
        "september sep sept",
        "october oct",
        "november nov",
        "december dec",
    ],
    weekdays: ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"],
    negations: "not no never without nobody nothing nowhere neither nor none cannot",
    rough: "about around some roughly nearly almost over approximately more_than less_than at_least \
        up_to fewer_than under an_estimated estimated than",
    common: "the a an in on at of to for from by with as after before since until during under over and \
        or but so yet he she it they we i you his her its their our my your this that these those \
        there here if when while because although though who what where why how which not no all \
        some many most more both each every other another one two three four however also now then \
        today yesterday according later meanwhile even only just still such once despite between \
        about against into through among is are was were be has have had will would can could should \
        may might must do does did let mr mrs ms dr last next early further",
    numbers: "zero=0 one=1 a=1 an=1 two=2 three=3 four=4 five=5 six=6 seven=7 eight=8 nine=9 ten=10 \
        eleven=11 twelve=12 thirteen=13 fourteen=14 fifteen=15 sixteen=16 seventeen=17 eighteen=18 \
        nineteen=19 twenty=20 thirty=30 forty=40 fifty=50 sixty=60 seventy=70 eighty=80 ninety=90 \
        half=0.5",
    ordinals: "first=1 second=2 third=3 fourth=4 fifth=5 sixth=6 seventh=7 eighth=8 ninth=9 tenth=10 \
        eleventh=11 twelfth=12 thirteenth=13 fourteenth=14 fifteenth=15 sixteenth=16 seventeenth=17 \
        eighteenth=18 nineteenth=19 twentieth=20 thirtieth=30 fortieth=40 fiftieth=50 twice=2",
    scales: "millions=1e6 milliard=1e9 milliards=1e9 hundred=100 thousand=1000 k=1000 million=1e+06 mn=1e+06 m=1e+06 mln=1e+06 billion=1e+09 \
        bn=1e+09 b=1e+09 trillion=1e+12 tn=1e+12 quadrillion=1e15 dozen=12",
    compounds: false,
    point_decimal: true,
    nouns_small: true,
};

static OTHER: Words = Words {
    months: [""; 12],
    weekdays: [""; 7],
    negations: "",
    rough: "",
    common: "",
    numbers: "",
    ordinals: "",
    scales: "million=1e6 millions=1e6 milliard=1e9 milliards=1e9",
    compounds: false,
    point_decimal: false,
    nouns_small: true,
};

static POINT: Words = Words { scales: "", point_decimal: true, ..OTHER };

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether each side has a figure that the other lacks, and the two are of a sort.
    fn numbers_differ(source: &str, source_lang: &Lang, target: &str, target_lang: &Lang) -> bool {
        let (a, b) = (facts(source, source_lang), facts(target, target_lang));
        let (left, right) = unmatched(&a, &b);
        left.iter().any(|a| right.iter().any(|b| comparable(&a.value, &b.value)))
    }

    fn show(value: &Value) -> String {
        match value {
            Value::Number(q) => {
                let unit = match &q.unit {
                    Unit::Plain => String::new(),
                    Unit::Percent => " %".into(),
                    Unit::Money(code) => format!(" {code}"),
                    Unit::Days(factor) => format!(" × {factor:.2} days"),
                    Unit::Metres(factor) => format!(" × {factor} m"),
                    Unit::Kilograms(factor) => format!(" × {factor} kg"),
                    Unit::Decade => " decade".into(),
                    Unit::Degrees => " degrees".into(),
                    Unit::Code(letters) => format!(" {letters}"),
                };
                format!("{}{unit}{}", q.amount, if q.rough { " rough" } else { "" })
            }
            Value::Date(d) => {
                let part = |x: Option<u32>| x.map_or("-".into(), |x| x.to_string());
                format!("date {} {} {} {}", part(d.year), part(d.month), part(d.day), part(d.weekday))
            }
            Value::Time(minutes) => format!("time {}:{:02}", minutes / 60, minutes % 60),
            Value::Score(a, b) => format!("score {a}:{b}"),
            Value::Name(name) => format!("name {name}"),
            Value::Quote(quote) => format!("quote {quote}"),
            Value::Negation => "not".into(),
        }
    }

    fn figures(text: &str, lang: &str) -> Vec<String> {
        let facts = facts(text, &lang.parse().unwrap());
        facts.iter().filter(|fact| is_figure(&fact.value)).map(|fact| show(&fact.value)).collect()
    }

    #[test]
    fn german_figures() {
        for (text, want) in [
            ("Rund 150 Soldaten kamen.", &["150 rough"][..]),
            ("3,5 Millionen Euro und 920 Millionen", &["3500000 EUR", "920000000"]),
            ("Das kostet 1,2 Mrd. Dollar.", &["1200000000 USD"]),
            ("Es waren 1,5 Billionen Yen.", &["1500000000000 JPY"]),
            ("Um 7,5 Prozent, nicht 12%.", &["7.5 %", "12 %"]),
            ("Am 5. Februar 2024 und am 05.02.2024", &["date 2024 2 5 -", "date 2024 2 5 -"]),
            ("Am Montagabend um 20.15 Uhr, um 8 Uhr", &["date - - - 0", "time 20:15", "time 8:00"]),
            ("Das Spiel endete 2:3.", &["score 2:3"]),
            ("zwölf, dreiundzwanzig, hundertfünf", &["12", "23", "105"]),
            ("zweitausendvierhundert Leute, anderthalb Jahre", &["2400", "1.5 × 365.25 days"]),
            ("1.200 Leute, 1.234.567 Euro, 3.50", &["1200", "1234567 EUR", "3.5"]),
            ("ein Dutzend, eine Million, eine halbe Million", &["12", "1000000", "500000"]),
            ("in den 1990er Jahren, die neunziger Jahre", &["1990 decade", "90 decade"]),
            (
                "Der 95-Jährige, drei Wochen, 24 Stunden",
                &["95 × 365.25 days", "3 × 7.00 days", "24 × 0.04 days"],
            ),
            ("Covid-19 und die G20", &["19 covid", "20 g"]),
            ("Im März 2011, im Mai", &["date 2011 3 - -", "date - 5 - -"]),
            ("eine Frau und ein Mann", &[]),
            // A sign between two numbers: the spans must not overlap (found by the property tests).
            ("20 € 5", &["20 EUR", "5 EUR"]),
        ] {
            assert_eq!(figures(text, "de"), want, "{text}");
        }
    }

    #[test]
    fn english_figures() {
        for (text, want) in [
            ("An additional 150 soldiers came.", &["150"][..]),
            ("3.5 million euros, $1.9 billion, £20m", &["3500000 EUR", "1900000000 USD", "20000000 GBP"]),
            ("It rose by seven per cent, not 12%.", &["7 %", "12 %"]),
            ("On February 5, 2024, on 5 February", &["date 2024 2 5 -", "date - 2 5 -"]),
            ("Published 2024-02-05 and 2/5/2024", &["date 2024 2 5 -", "date 2024 2 5 -"]),
            ("On Monday at 8:15 p.m., at 8 am", &["date - - - 0", "time 20:15", "time 8:00"]),
            ("They won 3-2.", &["score 3:2"]),
            ("twenty-three, one hundred and five, a dozen", &["23", "105", "12"]),
            ("two million three hundred thousand", &["2300000"]),
            ("1,200 people and 1,234,567 more", &["1200", "1234567"]),
            ("half a million, a hundred million, more than 28,000", &["500000", "100000000", "28000 rough"]),
            ("in the 1990s, the '90s", &["1990 decade", "90 decade"]),
            ("14 days, a 70-year-old man", &["14 × 1.00 days", "70 × 365.25 days"]),
            ("He may march in May 2020.", &["date 2020 5 - -"]),
        ] {
            assert_eq!(figures(text, "en"), want, "{text}");
        }
    }

    #[test]
    fn other_languages_have_their_digits() {
        assert_eq!(figures("Il y avait 1.200 personnes, 3,5 % et 12 h", "fr"), ["1200", "3.5 %", "12"]);
        assert_eq!(figures("1,200人、3.5%", "zh"), ["1200", "3.5 %"]);
    }

    #[test]
    fn names_quotes_and_negation_have_their_places() {
        for (text, lang, want) in [
            ("Die Ministerin Petra Muster kam nicht.", "de", &["name Ministerin Petra Muster", "not"][..]),
            ("Die EU sagte: „Das geht so.“", "de", &["name EU", "quote Das geht so."]),
            ("Yesterday Petra Muster didn't go to Bonn.", "en", &["name Petra Muster", "not", "name Bonn"]),
            ("\"That is so,\" he said, without a doubt.", "en", &["quote That is so,", "not"]),
            ("and that is all,\" she said", "en", &["quote and that is all,"]),
        ] {
            let facts = facts(text, &lang.parse().unwrap());
            let got: Vec<String> = facts.iter().map(|fact| show(&fact.value)).collect();
            assert_eq!(got, want, "{text}");
        }
    }

    #[test]
    fn contradictions_are_told_from_omissions() {
        let (de, en) = ("de".parse().unwrap(), Lang::english());
        for (source, target, differ) in [
            ("von 25 auf 55 Mrd. Euro", "from €25bn to €55bn", false),
            ("sechsmal, der Achtzigjährige", "six times, a man of eighty", false),
            ("am siebten Tag", "on the seventh day", false),
            ("1,800 Menschen", "1800 people", false),
            ("9 Grad", "48 degrees", false),
            ("80 000 Wohnungen", "80,000 flats", false),
            ("im 21. Jahrhundert", "in the twenty-first century", false),
            ("zwei Wochen", "5 weeks", true),
            ("Es kamen 150 Soldaten.", "150 soldiers came.", false),
            ("Es kamen 150 Soldaten.", "160 soldiers came.", true),
            ("Es kamen 150 Soldaten.", "Soldiers came.", false),
            ("Zwei Wochen Quarantäne", "14 days of quarantine", false),
            ("3,5 Millionen Euro", "€3.5m", false),
            ("3,5 Millionen Euro", "€35m", true),
            ("1,92 Milliarden Euro", "1.9 billion euros", false),
            ("eine Billion Euro", "a billion euros", true),
            ("am 5. Februar", "on February 6", true),
            ("am 5. Februar 2024", "on Feb. 5", false),
            ("um 20.15 Uhr", "at 8:15 p.m.", false),
            ("um 20.15 Uhr", "at 8:45 p.m.", true),
            ("ein 2:3 gegen Bonn", "a 3-2 defeat against Bonn", false),
            ("2008", "in February 2008", false),
            ("in den neunziger Jahren", "in the 1990s", false),
            ("rund 2000 Menschen", "2,050 people", false),
            ("Am Montag", "On Tuesday", true),
            ("100 Kilometer", "62 miles", false),
        ] {
            assert_eq!(numbers_differ(source, &de, target, &en), differ, "{source} / {target}");
        }
    }
}
