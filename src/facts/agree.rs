//! When two facts say the same, and when one can contradict the other.

use super::{Date, Fact, Quantity, Unit, Value};

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

/// Whether a value is a figure: a number, a date, a time or a score.
pub fn is_figure(value: &Value) -> bool {
    matches!(value, Value::Number(_) | Value::Date(_) | Value::Time(_) | Value::Score(..))
}

/// Lower case without diacritics, which reports leave out at will, punctuation or a genitive `s`: how names are compared.
pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars().flat_map(char::to_lowercase) {
        match c {
            'ä' => out.push_str("ae"),
            'ö' => out.push_str("oe"),
            'ü' => out.push_str("ue"),
            'ß' => out.push_str("ss"),
            'á' | 'à' | 'â' | 'ã' | 'å' => out.push('a'),
            'é' | 'è' | 'ê' | 'ë' | 'ě' => out.push('e'),
            'í' | 'ì' | 'î' | 'ï' => out.push('i'),
            'ó' | 'ò' | 'ô' | 'õ' | 'ø' => out.push('o'),
            'ú' | 'ù' | 'û' => out.push('u'),
            'ç' | 'ć' | 'č' => out.push('c'),
            'ñ' | 'ń' => out.push('n'),
            'š' | 'ś' | 'ş' => out.push('s'),
            'ž' | 'ź' | 'ż' => out.push('z'),
            'ł' => out.push('l'),
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
