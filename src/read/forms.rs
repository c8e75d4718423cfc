//! What a line of a news page is by its form alone: known phrases, dates, credits, sign-offs. The phrases
//! stand in phrases.txt. Where a line stands, and what that makes of it, is left to boilerplate.rs.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::read::paragraphs::ends_sentence;

/// What a line is by its form alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
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

/// The kind of a line.
pub(super) fn kind(text: &str) -> Kind {
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
    } else if starts("caption", &plain) || is_credit(text) {
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

/// A dozen words and a sentence's end, or too long for a headline.
pub(super) fn is_prose(text: &str) -> bool {
    let words = text.split_whitespace().count();
    // 30: no headline is as long. Scripts without spaces have few words; then characters count.
    words >= 30 || text.chars().count() >= 250 || (words >= 12 && closes(text))
}

/// Whether a line has a form that no sentence of an article has, wherever it stands.
pub(super) fn is_noise(text: &str) -> bool {
    matches!(kind(text), Kind::Noise | Kind::Player | Kind::Duration | Kind::Credit | Kind::Marker)
}

/// How many words, by white space.
pub(super) fn words(text: &str) -> usize {
    text.split_whitespace().count()
}

/// A sentence of its own, not a cry or a name with a full stop.
pub(super) fn is_full(text: &str) -> bool {
    words(text) >= 6
}

/// Whether a sentence ends in a full stop or a colon: headlines do end in `?` or `!`, but not so.
pub(super) fn stops(text: &str) -> bool {
    without_agency(text).trim_end_matches(|c: char| "\"'”’“‘»«)]".contains(c)).ends_with(['.', ':'])
}

/// The author in `By Ann Lee`, `Von Max Muster`: two to five names, all with capitals.
pub(super) fn byline(text: &str) -> Option<String> {
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

/// Whether `text` ends a sentence; an agency in brackets may follow.
fn closes(text: &str) -> bool {
    ends_sentence(without_agency(text))
}

fn without_agency(text: &str) -> &str {
    let bracket = text.strip_suffix(')').and_then(|text| text.rsplit_once('('));
    bracket
        .filter(|(_, list)| list.split([',', '/', ' ']).all(|part| part.is_empty() || is_agency(part)))
        .map_or(text, |(before, _)| before.trim_end())
}

/// Lower case, without a list number, and without the signs that decorate links.
fn plain(text: &str) -> String {
    let text = text.trim();
    let number = text.split_once(' ').filter(|(mark, _)| {
        mark.strip_suffix(['.', ')']).is_some_and(|n| !n.is_empty() && n.chars().all(|c| c.is_ascii_digit()))
    });
    let text = number.map_or(text, |(_, rest)| rest);
    let lower = text.to_lowercase().replace('’', "'");
    lower.trim_matches(|c: char| c.is_whitespace() || "-–—*•·|>»›«‹▶►▸→…:+[](){}!#".contains(c)).into()
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
            && ["more stories from ", "mehr artikel aus ", "mehr aus "].iter().any(|s| plain.starts_with(s))
            && !closes(plain))
}

fn is_noise_phrase(text: &str, plain: &str) -> bool {
    let short = words(plain) <= 25;
    let open = !text.trim_end().ends_with('.');
    let counted = || {
        let rest = plain.trim_matches(|c: char| c.is_ascii_digit() || c == '.' || c == '(').trim();
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
        || is_age(plain)
        || (short && is_subscription(plain))
}

/// The sign may be followed by terms of some length; the word alone also starts sentences.
fn is_copyright(text: &str, plain: &str) -> bool {
    let year = |rest: &str| rest.trim_start().starts_with(|c: char| c.is_ascii_digit());
    let after = plain.strip_prefix("copyright").map(str::trim_start);
    words(text) <= 60 && (text.starts_with('©') || after.is_some_and(|rest| rest.starts_with('©')))
        || words(text) <= 20 && (after.is_some_and(year) || plain.strip_prefix("c) ").is_some_and(year))
}

/// `2 hours ago`, `vor 2 Stunden`: says when the page was saved, not when the article was written.
fn is_age(plain: &str) -> bool {
    let (count, unit) = match plain.strip_suffix(" ago").or_else(|| plain.strip_prefix("vor ")) {
        Some(age) => age.split_once(' ').unwrap_or((age, "")),
        None => return false,
    };
    let units =
        ["minute", "minutes", "hour", "hours", "day", "days", "minuten", "stunde", "stunden", "tag", "tagen"];
    !count.is_empty() && count.bytes().all(|b| b.is_ascii_digit()) && units.contains(&unit)
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
            let clock = word.bytes().all(|b| b.is_ascii_digit() || b == b'h');
            if !clock
                && !matches!(form, "" | "st" | "nd" | "rd" | "th" | "am" | "pm" | "uhr" | "h" | "z")
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
            ("Die Zahl stieg auf 300, teilte der Landkreis am Montag in Oberfelden mit. (dpa, AFP)", Prose),
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
            ("Kommentare (12)", Noise),
            ("Empfohlener redaktioneller Inhalt", Player),
            ("Ich bin damit einverstanden, dass mir externe Inhalte angezeigt werden.", Player),
            ("Schlagworte: Mühle, Hafen", Noise),
            ("Stand: 03.11.2025 | 21:14 Uhr | Lesezeit: 2 Min.", Date),
            ("2024: 12 Minuten", Short),
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
            ("Publié le 3 mai 2025 à 10h15", Date),
            ("2 hours ago", Noise),
            ("Vor 20 Jahren", Short),
            ("Image caption, The mill in winter", Credit),
            ("© 2025 The Post. The Post is not responsible for what other sites say.", Noise),
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
}
