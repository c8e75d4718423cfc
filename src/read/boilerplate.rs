//! What is on a news page but not in its article: skip links, menus, captions, credits, video players,
//! sign-offs, sharing, "more stories". Rules of form and place, in German and English, with the commonest
//! French and Portuguese phrases. Losing a sentence is worse than keeping a menu line, so a rule needs a
//! known phrase or form, or a place (before the headline, after the last sentence) and a neighbour that has
//! one.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::read::Meta;
use crate::read::paragraphs::{Line, ends_sentence};

/// The lines of the article among `lines`. Date, author and headline go to `meta` where it has none; what is
/// left out is counted and listed in its notes.
///
/// Where the rules would take more than half of the prose, or everything, all lines are kept and a note says
/// so.
pub(super) fn sift(lines: Vec<Line>, meta: &mut Meta) -> Vec<Line> {
    let mut page = Sieve::new(&lines);
    page.videos();
    page.captions();
    page.head();
    page.tails();
    page.end();
    let (keep, found) = (page.keep, page.found);
    let prose = |kept: bool| -> usize {
        let counts = |(i, line): &(usize, &Line)| is_prose(&line.text) && (keep[*i] || !kept);
        lines.iter().enumerate().filter(counts).map(|(_, line)| line.text.len()).sum()
    };
    if prose(true) * 2 < prose(false) || !keep.contains(&true) {
        meta.notes.push("most of the text looks like boilerplate: all of it was kept".into());
        return lines;
    }
    meta.date = meta.date.take().or(found.date);
    meta.byline = meta.byline.take().or(found.byline);
    meta.title = meta.title.take().or(found.title);
    note(&lines, &keep, meta);
    lines.into_iter().zip(keep).filter_map(|(line, keep)| keep.then_some(line)).collect()
}

/// Whether a line has a form that no sentence of an article has, wherever it stands.
pub(super) fn is_noise(text: &str) -> bool {
    matches!(kind(text), Kind::Noise | Kind::Player | Kind::Duration | Kind::Credit | Kind::Marker)
}

/// The phrases of one section of phrases.txt.
fn phrases(section: &str) -> &'static [&'static str] {
    static PHRASES: LazyLock<BTreeMap<&str, Vec<&str>>> = LazyLock::new(|| {
        let lines =
            include_str!("phrases.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let mut sections = BTreeMap::new();
        let mut section = "";
        for line in lines {
            match line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                Some(name) => section = name,
                None => sections.entry(section).or_insert_with(Vec::new).push(line),
            }
        }
        sections
    });
    PHRASES.get(section).map_or(&[], Vec::as_slice)
}

/// Whether `text` is a phrase of the section.
fn is_one(section: &str, text: &str) -> bool {
    phrases(section).contains(&text)
}

/// Whether `text` starts with a phrase of the section, at the end of a word.
fn starts(section: &str, text: &str) -> bool {
    phrases(section).iter().any(|phrase| {
        text.strip_prefix(phrase).is_some_and(|rest| {
            !phrase.ends_with(char::is_alphanumeric) || !rest.starts_with(char::is_alphanumeric)
        })
    })
}

/// How many of the lines left out are listed in the notes.
const LISTED: usize = 100;

fn note(lines: &[Line], keep: &[bool], meta: &mut Meta) {
    let dropped: Vec<&str> =
        lines.iter().zip(keep).filter(|(_, keep)| !**keep).map(|(line, _)| line.text.as_str()).collect();
    if dropped.is_empty() {
        return;
    }
    let plural = if dropped.len() == 1 { "" } else { "s" };
    meta.notes.push(format!(
        "left out {} line{plural} of boilerplate (keep with --keep-boilerplate)",
        dropped.len()
    ));
    for text in dropped.iter().take(LISTED) {
        let short: String = text.chars().take(70).collect();
        let more = if short.len() < text.len() { "…" } else { "" };
        meta.notes.push(format!("left out: {short}{more}"));
    }
    if dropped.len() > LISTED {
        meta.notes.push(format!("left out: {} more", dropped.len() - LISTED));
    }
}

/// What a line is by its form alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Of a dozen words and a sentence's end, or long.
    Prose,
    /// Shorter, with a sentence's end.
    Sentence,
    /// No sentence's end: a heading, a list item, a menu line, a caption.
    Short,
    /// A word that menus hold.
    Menu,
    /// Skip links, sharing, sign-offs, copyright, advertising.
    Noise,
    /// What a browser without video shows.
    Player,
    /// `02:26`.
    Duration,
    /// A picture's credit, with or without its caption.
    Credit,
    /// A heading that other articles' headlines follow.
    Marker,
    /// A date and nothing else.
    Date,
    /// The author and nothing else.
    Byline,
}

/// Lines longer than this, in bytes, are prose whatever they look like.
const LONG: usize = 400;

fn kind(text: &str) -> Kind {
    if text.len() > LONG {
        return Kind::Prose;
    }
    let plain = plain(text);
    if is_duration(&plain) {
        Kind::Duration
    } else if starts("player", &plain) {
        Kind::Player
    } else if is_marker(&plain) {
        Kind::Marker
    } else if is_noise_phrase(text, &plain) || is_sign_off(text) || is_breadcrumb(text) {
        Kind::Noise
    } else if is_credit(text) {
        Kind::Credit
    } else if is_date(&plain) {
        Kind::Date
    } else if byline(text).is_some() {
        Kind::Byline
    } else if is_one("menu", &plain) {
        Kind::Menu
    } else if is_prose(text) {
        Kind::Prose
    } else if closes(text) {
        Kind::Sentence
    } else {
        Kind::Short
    }
}

/// Whether `text` ends a sentence; an agency in brackets may follow.
fn closes(text: &str) -> bool {
    ends_sentence(without_agency(text))
}

fn without_agency(text: &str) -> &str {
    let bracket = text.strip_suffix(')').and_then(|text| text.rsplit_once('('));
    bracket
        .filter(|(_, list)| list.split([',', '/', ' ']).all(is_agency))
        .map_or(text, |(before, _)| before.trim_end())
}

fn is_prose(text: &str) -> bool {
    let words = text.split_whitespace().count();
    // 30: no headline is as long. Scripts without spaces have few words; then characters count.
    words >= 30 || text.chars().count() >= 250 || (words >= 12 && closes(text))
}

/// Lower case, without a list number, and without the signs that decorate links.
fn plain(text: &str) -> String {
    let text = text.trim();
    let number = text.split_once(' ').filter(|(mark, _)| {
        mark.strip_suffix(['.', ')']).is_some_and(|n| !n.is_empty() && n.chars().all(|c| c.is_ascii_digit()))
    });
    let text = number.map_or(text, |(_, rest)| rest);
    let lower = text.to_lowercase().replace('’', "'");
    lower.trim_matches(|c: char| c.is_whitespace() || "-–—*•·|>»›«‹▶►▸→…:+[](){}!".contains(c)).into()
}

/// What the head of a text says about it.
#[derive(Default)]
struct Found {
    date: Option<String>,
    byline: Option<String>,
    title: Option<String>,
}

/// One pass over a text's lines: each rule clears `keep` of the lines that it takes.
struct Sieve<'a> {
    lines: &'a [Line],
    kinds: Vec<Kind>,
    keep: Vec<bool>,
    /// The first and one past the last line of running text.
    body: (usize, usize),
    found: Found,
}

impl<'a> Sieve<'a> {
    fn new(lines: &'a [Line]) -> Sieve<'a> {
        let kinds: Vec<Kind> = lines.iter().map(|line| kind(&line.text)).collect();
        let keep = kinds
            .iter()
            .map(|kind| !matches!(kind, Kind::Noise | Kind::Player | Kind::Duration | Kind::Credit))
            .collect();
        let running = |any: bool| {
            let sentence = move |text: &str| {
                if any { is_full(text) || stops(text) } else { is_full(text) && stops(text) }
            };
            let kinds = &kinds;
            move |&i: &usize| {
                kinds[i] == Kind::Prose || (kinds[i] == Kind::Sentence && sentence(&lines[i].text))
            }
        };
        let first = (0..lines.len()).find(running(false)).unwrap_or(lines.len());
        let last = (0..lines.len()).rev().find(running(true));
        Sieve { lines, kinds, keep, body: (first, last.map_or(0, |last| last + 1)), found: Found::default() }
    }

    fn is_short(&self, i: usize) -> bool {
        matches!(self.kinds[i], Kind::Short | Kind::Menu | Kind::Date | Kind::Byline)
    }

    /// A headline that could stand alone: without a full stop.
    fn is_teaser(&self, i: usize) -> bool {
        self.is_short(i) || (self.kinds[i] == Kind::Sentence && !stops(&self.lines[i].text))
    }

    /// The headline of an embedded video stands above its running time. In the head it may be the article's
    /// own, unless the player is there to see.
    fn videos(&mut self) {
        for i in 1..self.lines.len() {
            let player = self.kinds.get(i + 1) == Some(&Kind::Player);
            if self.kinds[i] == Kind::Duration
                && self.is_teaser(i - 1)
                && (i > self.body.0 || (player && (0..i - 1).any(|j| self.keep[j] && self.is_short(j))))
            {
                self.keep[i - 1] = false;
            }
        }
    }

    /// Above a credited caption, in the same block, stands the picture's description; above a mere credit its
    /// caption, which may be a sentence where the two are the whole block.
    fn captions(&mut self) {
        for i in 1..self.lines.len() {
            let opens = self.lines[i - 1].gap && !self.lines[i].gap;
            let closes = self.lines.get(i + 1).is_none_or(|next| next.gap);
            let bare = self.lines[i].text.split_whitespace().count() <= 8;
            let sentence = self.kinds[i - 1] == Kind::Sentence && closes && bare;
            if self.kinds[i] == Kind::Credit && opens && (self.kinds[i - 1] == Kind::Short || sentence) {
                self.keep[i - 1] = false;
            }
        }
    }

    /// Before the running text: menus, section names, date and author around the headline.
    fn head(&mut self) {
        let body = self.body.0;
        if body == self.lines.len() {
            return;
        }
        for i in 0..body {
            let text = &self.lines[i].text;
            match self.kinds[i] {
                Kind::Date => {
                    self.found.date.get_or_insert_with(|| text.clone());
                    self.keep[i] = false;
                }
                Kind::Byline => {
                    self.found.byline = self.found.byline.take().or_else(|| byline(text));
                    self.keep[i] = false;
                }
                _ => {}
            }
        }
        self.menus(body);
        let candidate = |i: &usize| {
            self.keep[*i]
                && matches!(self.kinds[*i], Kind::Short | Kind::Sentence)
                && words(&self.lines[*i].text) >= 4
        };
        if let Some(headline) = (0..body).find(candidate) {
            let before: Vec<usize> = (0..headline).filter(|&i| self.keep[i] && self.is_short(i)).collect();
            let evidence =
                (0..headline).any(|i| matches!(self.kinds[i], Kind::Noise | Kind::Menu)) || before.len() > 1;
            for i in before {
                let count = words(&self.lines[i].text);
                // A section's name alone stands apart from the headline; a title of two lines does not.
                let apart = self.lines[i + 1].gap;
                self.keep[i] = !((count <= 2 && apart) || (count <= 3 && evidence));
            }
        }
        self.found.title = (0..body)
            .find(|&i| self.keep[i] && matches!(self.kinds[i], Kind::Short | Kind::Sentence))
            .map(|i| self.lines[i].text.clone());
    }

    /// Blocks of four and more short lines before the running text, where a headline is left without them.
    fn menus(&mut self, body: usize) {
        let mut start = 0;
        while start < body {
            let end = (start + 1..body).find(|&i| self.lines[i].gap).unwrap_or(body);
            let menu =
                (start..end).all(|i| !self.keep[i] || (self.is_short(i) && words(&self.lines[i].text) <= 5));
            let left =
                (end..body).any(|i| self.keep[i] && matches!(self.kinds[i], Kind::Short | Kind::Sentence));
            if end - start >= 4 && menu && left {
                self.keep[start..end].fill(false);
            }
            start = end;
        }
    }

    /// "More stories" and the headlines under it. Where prose returns, the article goes on: then only the
    /// headlines up to there go, and the last of several stays if it may be a heading.
    fn tails(&mut self) {
        for i in 0..self.lines.len() {
            if self.kinds[i] != Kind::Marker {
                continue;
            }
            self.keep[i] = false;
            let returns = |j: &usize| {
                self.kinds[*j] == Kind::Prose
                    || (self.kinds[*j] == Kind::Sentence
                        && stops(&self.lines[*j].text)
                        && is_full(&self.lines[*j].text))
            };
            let back = (i + 1..self.lines.len()).find(returns);
            let teasers: Vec<usize> = (i + 1..back.unwrap_or(self.lines.len()))
                .filter(|&j| self.keep[j] && self.is_teaser(j))
                .collect();
            let heading =
                teasers.last().copied().filter(|&j| back.is_some() && teasers.len() > 1 && self.lines[j].gap);
            for j in teasers {
                self.keep[j] = Some(j) == heading;
            }
            if back.is_none() {
                self.keep[i..].fill(false);
                return;
            }
        }
    }

    /// After the last sentence: what follows a sign-off, a sharing line or the like.
    fn end(&mut self) {
        let (_, end) = self.body;
        if end == 0 {
            return;
        }
        let noise = |i: usize| matches!(self.kinds[i], Kind::Noise | Kind::Marker | Kind::Player);
        let menu = (end..self.lines.len()).filter(|&i| self.kinds[i] == Kind::Menu).count() >= 2;
        let Some(first) =
            (end..self.lines.len()).find(|&i| noise(i) || (menu && self.kinds[i] == Kind::Menu))
        else {
            return;
        };
        for i in first..self.lines.len() {
            if self.kinds[i] == Kind::Date && self.keep[i] {
                self.found.date.get_or_insert_with(|| self.lines[i].text.clone());
            }
            self.keep[i] = false;
        }
    }
}

fn words(text: &str) -> usize {
    text.split_whitespace().count()
}

/// A sentence of its own, not a cry or a name with a full stop.
fn is_full(text: &str) -> bool {
    words(text) >= 6
}

/// Whether a sentence ends in a full stop or a colon: headlines do end in `?` or `!`, but not so.
fn stops(text: &str) -> bool {
    without_agency(text).trim_end_matches(|c: char| "\"'”’“‘»«)]".contains(c)).ends_with(['.', ':'])
}

/// `02:26`, `1:02:26`, `02:26 min`.
fn is_duration(plain: &str) -> bool {
    let time = plain.split_whitespace().next().unwrap_or_default();
    let rest = plain[time.len()..].trim().trim_end_matches('.');
    let fields: Vec<&str> = time.split(':').collect();
    matches!(rest, "" | "min" | "minuten" | "minutes" | "mins")
        && matches!(fields.len(), 2 | 3)
        && fields.iter().all(|f| (1..=2).contains(&f.len()) && f.bytes().all(|b| b.is_ascii_digit()))
}

fn is_marker(plain: &str) -> bool {
    is_one("marker", plain)
        || (words(plain) <= 6
            && ["more stories from ", "mehr artikel aus ", "mehr von ", "mehr aus "]
                .iter()
                .any(|s| plain.starts_with(s))
            && !closes(plain))
}

fn is_noise_phrase(text: &str, plain: &str) -> bool {
    let short = words(plain) <= 25;
    let open = !text.trim_end().ends_with('.');
    let counted = || {
        let rest = plain.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.').trim();
        rest.len() < plain.len()
            && matches!(rest, "comments" | "comment" | "kommentare" | "kommentar" | "shares" | "commentaires")
    };
    let also_on = || {
        let site = plain.strip_prefix("also on ").and_then(|rest| rest.split_whitespace().next());
        site.is_some_and(|site| site.contains('.') && !site.ends_with('.'))
    };
    is_one("noise", plain.trim_end_matches('.'))
        || counted()
        || (open && words(plain) <= 8 && starts("skip", plain))
        || (short && open && starts("link", plain))
        || (short && open && also_on())
        || is_copyright(text, plain)
        || (short && is_subscription(plain))
}

fn is_copyright(text: &str, plain: &str) -> bool {
    let year = |rest: &str| rest.trim_start().starts_with(|c: char| c.is_ascii_digit());
    words(text) <= 20
        && (text.starts_with('©')
            || plain.strip_prefix("copyright").is_some_and(|rest| year(rest) || rest.contains('©'))
            || plain.strip_prefix("c) ").is_some_and(year))
}

/// Asks the reader to follow or to subscribe.
fn is_subscription(plain: &str) -> bool {
    starts("follow", plain) || (plain.contains("newsletter") && starts("subscribe", plain))
}

fn is_agency(word: &str) -> bool {
    is_one("agency", &word.to_lowercase())
}

/// `wmr/msh (dpa, AFP)`, `dpa/AFP`, `(Reuters)`, `kst/jp`, `Mit Material von dpa`.
fn is_sign_off(text: &str) -> bool {
    let text = text.trim().trim_end_matches('.');
    if words(text) > 8 {
        return false;
    }
    let lower = text.to_lowercase();
    let from = [
        "mit material von ",
        "mit informationen von ",
        "quelle: ",
        "source: ",
        "quellen: ",
        "agenturen: ",
        "with reporting by ",
    ];
    let agencies = |list: &str| {
        let parts = || list.split([',', '/', ' ', '&']).filter(|part| !part.is_empty());
        parts().next().is_some()
            && parts().all(|part| is_agency(part) || matches!(part, "und" | "and" | "mit" | "with"))
    };
    if let Some(rest) = from.iter().find_map(|start| lower.strip_prefix(start)) {
        return agencies(rest);
    }
    let (names, list) = match text.strip_suffix(')').and_then(|text| text.split_once('(')) {
        Some((names, list)) => (names.trim(), Some(list)),
        None => (text, None),
    };
    let initials =
        |name: &str| (1..=4).contains(&name.chars().count()) && name.chars().all(char::is_alphabetic);
    let signed = names.split('/').all(|name| is_agency(name) || initials(name)) && !names.contains(' ');
    match list {
        Some(list) => agencies(list) && (names.is_empty() || signed),
        // "und/oder" has the form of two authors' initials: one must be an agency.
        None => names.contains('/') && signed && names.split('/').any(is_agency),
    }
}

/// `Home > News > Politik`, `Startseite | Politik | Ausland`.
fn is_breadcrumb(text: &str) -> bool {
    if closes(text) {
        return false;
    }
    [" > ", " › ", " » ", " | ", " / ", " • ", " · "].iter().any(|mark| {
        let parts: Vec<&str> = text.split(mark).collect();
        parts.len() >= 3 && parts.iter().all(|part| words(part) <= 4) && is_one("menu", &plain(parts[0]))
    })
}

/// `Image: Ann Lee/dpa/picture alliance`, alone or after a caption; `caption © dpa`; `caption (PA)`.
fn is_credit(text: &str) -> bool {
    if words(text) > 40 {
        return false;
    }
    if let Some((caption, holder)) = text.rsplit_once('©') {
        return is_name(holder) && words(caption) <= 30;
    }
    if let Some((caption, list)) = text.strip_suffix(')').and_then(|text| text.rsplit_once('(')) {
        let inner = plain(list);
        let labelled = phrases("credit")
            .iter()
            .any(|word| inner.strip_prefix(word).is_some_and(|rest| rest.starts_with(':')));
        let agency =
            list.split([',', '/', ' ']).all(|part| part.is_empty() || is_agency(part) || part == "Photo");
        let open = !closes(caption) && words(caption) <= 25;
        return !caption.trim().is_empty()
            && ((labelled && words(caption) <= 30) || (agency && open && !list.is_empty()));
    }
    let Some((before, holder)) = text.rsplit_once(':') else { return false };
    let before = before.trim_end();
    let lower = before.to_lowercase();
    // The label is a word of its own, and a capital sets it off from the caption.
    phrases("credit").iter().any(|word| {
        lower.strip_suffix(word).is_some_and(|rest| rest.is_empty() || rest.ends_with([' ', '|', '(', '/']))
            && before
                .get(before.len().saturating_sub(word.len())..)
                .is_some_and(|label| label.starts_with(char::is_uppercase))
    }) && is_name(holder)
}

/// Names of people and agencies: up to five words that start with capitals, and what `/` adds to them.
fn is_name(text: &str) -> bool {
    const SMALL: &[&str] =
        &["von", "van", "de", "da", "der", "dos", "via", "und", "and", "for", "für", "y", "e"];
    let capital = |word: &str| {
        word.starts_with(char::is_uppercase) || word.contains('.') || is_agency(word) || SMALL.contains(&word)
    };
    let mut parts = text.split(['/', ',']);
    let first = parts.next().unwrap_or_default().trim();
    !first.is_empty()
        && !text.ends_with(['!', '?', ';', ':'])
        && words(first) <= 5
        && first.split_whitespace().all(capital)
        && (first.starts_with(char::is_uppercase) || words(first) == 1)
        && parts.all(|part| words(part) <= 3)
}

/// `March 14, 2025`, `Freitag, 14.03.2025, 10:15 Uhr`, `Stand: 14. März 2025`.
fn is_date(plain: &str) -> bool {
    let (mut numbers, mut year, mut month) = (0, false, false);
    for word in plain.split(|c: char| c.is_whitespace() || ",|–()".contains(c)) {
        let word = word.trim_matches(['.', ':']);
        let digits = word.bytes().filter(u8::is_ascii_digit).count();
        if digits > 0 {
            let form = word.trim_start_matches(|c: char| c.is_ascii_digit() || ".:/-+".contains(c));
            if !matches!(form, "" | "st" | "nd" | "rd" | "th" | "am" | "pm" | "uhr" | "h" | "z")
                && !is_time_stamp(word)
            {
                return false;
            }
            numbers += 1;
            year |= word
                .split(['.', '/', '-', 't'])
                .any(|n| n.len() == 4 && (n.starts_with("19") || n.starts_with("20")));
            month |= digits >= 6;
        } else if !word.is_empty() && word != "-" && !is_one("date", word) {
            if !(word.chars().count() <= 9 && phrases("month").iter().any(|name| word.starts_with(name))) {
                return false;
            }
            month = true;
        }
    }
    year && month && numbers <= 5
}

/// `2025-03-14T10:15:00+01:00`.
fn is_time_stamp(word: &str) -> bool {
    word.len() >= 10 && word.bytes().all(|b| b.is_ascii_digit() || b"-:.+tz".contains(&b))
}

/// The author in `By Ann Lee`, `Von Max Muster`: two to five names, all with capitals.
fn byline(text: &str) -> Option<String> {
    let (start, names) = text.split_once([' ', '\u{a0}'])?;
    let list: Vec<&str> = names.split_whitespace().collect();
    let name = |word: &&str| {
        matches!(*word, "von" | "van" | "de" | "da" | "dos" | "und" | "and" | "et")
            || (word.starts_with(char::is_uppercase)
                && word.trim_end_matches(',').chars().all(|c| c.is_alphabetic() || "-.'’".contains(c)))
    };
    let known = matches!(
        start,
        "By" | "BY" | "Von" | "VON" | "Par" | "Por" | "Text:" | "Autor:" | "Autorin:" | "Author:"
    );
    let fits =
        known && (2..=6).contains(&list.len()) && list.iter().all(name) && !names.ends_with(['.', '!', '?']);
    fits.then(|| names.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_told_apart() {
        use Kind::*;
        for (text, expected) in [
            ("1. Skip to content", Noise),
            ("Zum Inhalt springen", Noise),
            ("Aller au contenu principal", Noise),
            ("Ir para o conteúdo", Noise),
            ("02:26", Duration),
            ("1:02:26", Duration),
            ("3:17 Min.", Duration),
            ("10:15 Uhr", Short),
            ("This browser does not support the video element.", Player),
            ("Dieser Browser unterstützt das Video-Element nicht.", Player),
            ("The mayor at the old mill Image: Ann Lee/dpa/picture alliance", Credit),
            ("Die Mühle im Winter. Foto: Jörg Schäfer", Credit),
            ("Foto: Stadt Oberfelden", Credit),
            ("The harbour at night © Reuters", Credit),
            ("Passengers wait in the rain (AP)", Credit),
            ("Die Schule nach dem Brand (Foto: Archiv)", Credit),
            ("Die Zahl stieg auf 300, teilte der Landkreis am Montag in Oberfelden mit. (dpa)", Prose),
            ("Das Bild: ein Mann mit einem Hut", Short),
            ("kst/jp (dpa, AFP)", Noise),
            ("(Reuters)", Noise),
            ("dpa/AFP", Noise),
            ("Mit Material von dpa", Noise),
            ("und/oder", Short),
            ("Diesen Artikel teilen", Noise),
            ("Melden Sie sich für unseren Newsletter an", Noise),
            ("Die Stadt verschickt jetzt einen Newsletter.", Sentence),
            ("12 Kommentare", Noise),
            ("© 2025 Tageblatt", Noise),
            ("Copyright 2025 Eastmere Post", Noise),
            ("Copyright law protects songs.", Sentence),
            ("Startseite > Politik > Ausland", Noise),
            ("Lesen Sie auch: Die Mühle wird verkauft", Noise),
            ("Also on example.com A mill is sold", Noise),
            ("Lesen Sie auch", Marker),
            ("Mehr zum Thema:", Marker),
            ("More stories from the Post", Marker),
            ("Mehr Geld für Schulen", Short),
            ("March 14, 2025", Date),
            ("Freitag, 14.03.2025, 10:15 Uhr", Date),
            ("Stand: 14. März 2025", Date),
            ("2025-03-14T10:15:00+01:00", Date),
            ("14 de março de 2025", Date),
            ("Im März 2025", Short),
            ("Saison 2024/2025", Short),
            ("By Miriam Falk", Byline),
            ("Von Max Muster und Eva Probe", Byline),
            ("Von Hamburg nach Bremen", Short),
            ("By bus or by train", Short),
            ("Impressum", Menu),
            ("Was nun?", Sentence),
            ("Kritik der Anwohner", Short),
        ] {
            assert_eq!(kind(text), expected, "{text}");
        }
    }

    const PROSE: &str =
        "Die Stadt hat am Montag beschlossen, die alte Mühle am Fluss zu kaufen und zu erhalten.";
    const MORE: &str =
        "Der Preis liegt nach Angaben der Verwaltung bei rund 400.000 Euro, sagte die Bürgermeisterin.";

    /// `|` stands for a line end, an empty part for a blank line, `P` and `Q` for sentences of prose.
    fn sifted(page: &str) -> (String, Meta) {
        let mut lines = Vec::new();
        let mut gap = true;
        for part in page.split('|') {
            let text = match part {
                "P" => PROSE,
                "Q" => MORE,
                text => text,
            };
            if !text.is_empty() {
                lines.push(Line { text: text.into(), gap });
            }
            gap = text.is_empty();
        }
        let mut meta = Meta::default();
        let kept: Vec<String> = sift(lines, &mut meta).into_iter().map(|line| line.text).collect();
        (kept.join("|").replace(PROSE, "P").replace(MORE, "Q"), meta)
    }

    #[test]
    fn articles_come_out_of_their_pages() {
        for (page, expected) in [
            (
                "Zum Inhalt springen|PolitikOberfelden||Stadt will die Mühle kaufen||P",
                "Stadt will die Mühle kaufen|P",
            ),
            ("Oberfelden||Stadt will die Mühle kaufen||P||Q", "Stadt will die Mühle kaufen|P|Q"),
            ("Home|News|Sport|Weather|My town||Town to buy the old mill||P", "Town to buy the old mill|P"),
            // The title of a book in two lines.
            ("Die Mühle|Ein Roman aus alter Zeit||P", "Die Mühle|Ein Roman aus alter Zeit|P"),
            ("Die Mühle||P", "Die Mühle|P"),
            ("Wer zahlt?||P||Na und?", "Wer zahlt?|P|Na und?"),
            (
                "Die Mühle||P||Die Mühle von innen||02:26||Your browser does not support the video tag.||Q",
                "Die Mühle|P|Q",
            ),
            ("Die Mühle||02:26||P", "Die Mühle|P"),
            ("P||Ein Mann vor der Mühle|Der Müller bei der Arbeit Foto: Jörg Schäfer||Q", "P|Q"),
            ("P||Der Müller öffnet die Tür.|Foto: Jörg Schäfer||Q", "P|Q"),
            ("P||Q|Foto: Jörg Schäfer", "P|Q"),
            // Links in the middle: the article goes on.
            ("P||Lesen Sie auch||Mühle brennt ab||Q", "P|Q"),
            (
                "P||Mehr zum Thema|Mühle brennt ab|Müller gesucht||Kritik der Anwohner||Q",
                "P|Kritik der Anwohner|Q",
            ),
            ("P||More stories||Q||P", "P|Q|P"),
            ("More stories||P||Q", "P|Q"),
            // Links at the end, and what follows a sign-off.
            ("P||Mehr zum Thema||Mühle brennt ab||Wer zahlt für die Mühle?", "P"),
            ("P||kst (dpa)||Mühle brennt ab||Müller gesucht", "P"),
            ("P||Eine Liste||- eins|- zwei", "P|Eine Liste|- eins|- zwei"),
            ("P||Impressum|Datenschutz|Kontakt", "P"),
            ("P||Anzeige||So war das.", "P|So war das."),
        ] {
            assert_eq!(sifted(page).0, expected, "{page}");
        }
    }

    #[test]
    fn date_author_and_headline_are_kept_aside() {
        let (text, meta) = sifted("Stadt will die Mühle kaufen||Von Max Muster||14. März 2025||P");
        assert_eq!(text, "Stadt will die Mühle kaufen|P");
        assert_eq!(meta.title.as_deref(), Some("Stadt will die Mühle kaufen"));
        assert_eq!(meta.byline.as_deref(), Some("Max Muster"));
        assert_eq!(meta.date.as_deref(), Some("14. März 2025"));
        assert_eq!(
            meta.notes,
            [
                "left out 2 lines of boilerplate (keep with --keep-boilerplate)",
                "left out: Von Max Muster",
                "left out: 14. März 2025"
            ]
        );
    }

    #[test]
    fn a_text_never_vanishes() {
        assert_eq!(sifted("Home").0, "Home");
        for page in ["02:26", "Anzeige", "Mehr zum Thema|eins|zwei"] {
            let (text, meta) = sifted(page);
            assert_eq!(text, page);
            assert_eq!(meta.notes, ["most of the text looks like boilerplate: all of it was kept"]);
        }
    }
}
