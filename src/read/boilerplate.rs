//! What is on a news page but not in its article: skip links, menus, captions, credits, video players,
//! sign-offs, sharing, "more stories". Rules of form and place, in German and English, with the commonest
//! French and Portuguese phrases. Losing a sentence is worse than keeping a menu line, so a rule needs a
//! known phrase or form, or a place (before the headline, after the last sentence) and a neighbour that has
//! one.

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
    } else if PLAYER.iter().any(|start| plain.starts_with(start)) {
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
    } else if MENU.contains(&plain.as_str()) {
        Kind::Menu
    } else if is_prose(text) {
        Kind::Prose
    } else if ends_sentence(text) {
        Kind::Sentence
    } else {
        Kind::Short
    }
}

fn is_prose(text: &str) -> bool {
    let words = text.split_whitespace().count();
    // 30: no headline is as long. Scripts without spaces have few words; then characters count.
    words >= 30 || text.chars().count() >= 250 || (words >= 12 && ends_sentence(text))
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
                self.keep[i] = !(count <= 2 || (count == 3 && evidence));
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
    text.trim_end_matches(|c: char| "\"'”’“‘»«)]".contains(c)).ends_with(['.', ':'])
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

const PLAYER: &[&str] = &[
    "this browser does not support the",
    "your browser does not support the",
    "your browser doesn't support",
    "to view this video please enable",
    "dieser browser unterstützt",
    "ihr browser unterstützt",
    "dein browser unterstützt",
    "um dieses video anzusehen, aktivieren",
    "um dieses video zu sehen, aktivieren",
    "bitte aktivieren sie javascript",
    "please enable javascript",
    "votre navigateur ne",
    "seu navegador não",
    "o seu navegador não",
];

fn is_marker(plain: &str) -> bool {
    const MARKERS: &[&str] = &[
        "more stories",
        "more news",
        "more on this topic",
        "more on this story",
        "more on this",
        "more from this section",
        "related",
        "related stories",
        "related articles",
        "related topics",
        "related content",
        "related news",
        "read more",
        "read next",
        "explore more",
        "you may also like",
        "you might also like",
        "recommended",
        "recommended stories",
        "recommended for you",
        "most read",
        "most popular",
        "top stories",
        "trending",
        "mehr zum thema",
        "mehr zu diesem thema",
        "mehr zum artikel",
        "weitere artikel",
        "weitere meldungen",
        "weitere nachrichten",
        "weitere themen",
        "weiterführende links",
        "das könnte sie auch interessieren",
        "das könnte dich auch interessieren",
        "auch interessant",
        "lesen sie auch",
        "lesen sie mehr",
        "lesen sie mehr zum thema",
        "lesen sie hierzu auch",
        "meistgelesen",
        "meistgelesene artikel",
        "am häufigsten gelesen",
        "top-themen",
        "empfehlungen der redaktion",
        "verwandte artikel",
        "verwandte themen",
        "aus dem ressort",
        "mehr aus dem ressort",
        "sur le même sujet",
        "à lire aussi",
        "lire aussi",
        "les plus lus",
        "à lire également",
        "leia também",
        "leia mais",
        "veja também",
        "mais lidas",
        "notícias relacionadas",
        "saiba mais",
    ];
    MARKERS.contains(&plain)
        || (words(plain) <= 6
            && ["more stories from ", "mehr artikel aus ", "mehr von ", "mehr aus "]
                .iter()
                .any(|s| plain.starts_with(s))
            && !ends_sentence(plain))
}

fn is_noise_phrase(text: &str, plain: &str) -> bool {
    const WHOLE: &[&str] = &[
        "share",
        "share this",
        "share this article",
        "share this story",
        "share article",
        "share on facebook",
        "share on twitter",
        "share via email",
        "share on x",
        "tweet",
        "email this",
        "print",
        "print this page",
        "print article",
        "copy link",
        "link copied",
        "save article",
        "save",
        "listen to this article",
        "leave a comment",
        "post a comment",
        "comments",
        "add a comment",
        "view comments",
        "show comments",
        "join the conversation",
        "report an error",
        "report a correction",
        "subscribe",
        "subscribe now",
        "subscribe to our newsletter",
        "newsletter",
        "sign up for our newsletter",
        "sign in",
        "log in",
        "register",
        "advertisement",
        "advertisement - scroll to continue",
        "advertising",
        "sponsored",
        "sponsored content",
        "paid content",
        "ad",
        "ads by google",
        "load more",
        "show more",
        "back to top",
        "all rights reserved",
        "accept all cookies",
        "accept cookies",
        "cookie settings",
        "manage cookies",
        "send us your feedback",
        "follow us",
        "teilen",
        "artikel teilen",
        "diesen artikel teilen",
        "beitrag teilen",
        "seite teilen",
        "auf facebook teilen",
        "auf twitter teilen",
        "auf x teilen",
        "per e-mail teilen",
        "per whatsapp teilen",
        "teilen sie diesen artikel",
        "link kopieren",
        "link kopiert",
        "drucken",
        "artikel drucken",
        "seite drucken",
        "artikel merken",
        "merken",
        "merkliste",
        "artikel vorlesen",
        "artikel anhören",
        "vorlesen",
        "anhören",
        "kommentieren",
        "kommentare",
        "kommentare anzeigen",
        "kommentar schreiben",
        "kommentar verfassen",
        "alle kommentare anzeigen",
        "fehler melden",
        "newsletter abonnieren",
        "jetzt abonnieren",
        "abonnieren",
        "jetzt anmelden",
        "zum newsletter anmelden",
        "anzeige",
        "werbung",
        "reklame",
        "- anzeige -",
        "mehr anzeigen",
        "mehr laden",
        "weitere laden",
        "nach oben",
        "zurück nach oben",
        "zum seitenanfang",
        "alle rechte vorbehalten",
        "alle cookies akzeptieren",
        "alle akzeptieren",
        "cookie-einstellungen",
        "cookies verwalten",
        "folgen sie uns",
        "externer inhalt",
        "inhalt laden",
        "bild vergrößern",
        "bild in großansicht",
        "vollbild",
        "bildergalerie",
        "zur startseite",
        "partager",
        "partager l'article",
        "imprimer",
        "publicité",
        "s'abonner",
        "commentaires",
        "tous droits réservés",
        "compartilhar",
        "partilhar",
        "imprimir",
        "publicidade",
        "assine",
        "comentários",
        "todos os direitos reservados",
    ];
    const SKIPS: &[&str] = &[
        "skip to ",
        "skip next section",
        "skip navigation",
        "skip main navigation",
        "jump to content",
        "jump to navigation",
        "jump to main",
        "zum inhalt springen",
        "zum inhalt wechseln",
        "zum hauptinhalt",
        "zur hauptnavigation",
        "zur navigation",
        "zur suche springen",
        "zum hauptmenü",
        "zum menü springen",
        "zur fußzeile",
        "zum footer",
        "direkt zum inhalt",
        "direkt zur",
        "springe zu",
        "springen sie zu",
        "weiter zum inhalt",
        "nächsten abschnitt überspringen",
        "navigation überspringen",
        "überspringen",
        "aller au contenu",
        "aller à la navigation",
        "passer au contenu",
        "accéder au contenu",
        "ir para o conteúdo",
        "pular para o conteúdo",
        "saltar para o conteúdo",
        "ir para a navegação",
    ];
    const LINKS: &[&str] = &[
        "lesen sie auch:",
        "lesen sie auch hier:",
        "lesen sie hier:",
        "lesen sie dazu:",
        "lesen sie dazu auch:",
        "lesen sie mehr:",
        "lesen sie hierzu auch:",
        "lesen sie mehr zum thema:",
        "mehr dazu:",
        "mehr zum thema:",
        "mehr zu diesem thema:",
        "siehe auch:",
        "zum thema:",
        "read more:",
        "read also:",
        "also read:",
        "read next:",
        "see also:",
        "related:",
        "more on this story:",
        "watch:",
        "watch now:",
        "lire aussi :",
        "lire aussi:",
        "à lire aussi :",
        "à lire aussi:",
        "lire aussi |",
        "leia também:",
        "leia mais:",
        "veja também:",
    ];
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
    WHOLE.contains(&plain.trim_end_matches('.'))
        || counted()
        || (open && words(plain) <= 8 && SKIPS.iter().any(|start| plain.starts_with(start)))
        || (short && open && LINKS.iter().any(|start| plain.starts_with(start)))
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
    const STARTS: &[&str] = &[
        "subscribe ",
        "sign up ",
        "get our ",
        "get the ",
        "receive our ",
        "don't miss ",
        "melden sie sich ",
        "abonnieren sie ",
        "jetzt newsletter ",
        "jetzt den ",
        "jetzt für ",
        "erhalten sie ",
        "bestellen sie ",
        "hier können sie ",
        "inscrivez-vous ",
        "abonnez-vous ",
        "recevez ",
        "assine ",
        "receba ",
        "inscreva-se ",
    ];
    const FOLLOWS: &[&str] = &[
        "follow us on ",
        "folgen sie uns auf ",
        "folgen sie uns bei ",
        "folge uns auf ",
        "suivez-nous sur ",
        "siga-nos ",
        "download our app",
        "download the app",
        "laden sie unsere app",
    ];
    FOLLOWS.iter().any(|start| plain.starts_with(start))
        || (plain.contains("newsletter") && STARTS.iter().any(|start| plain.starts_with(start)))
}

/// Agencies as they sign; the lower case ones do not stand alone in prose.
const AGENCIES: &[&str] = &[
    "dpa", "dpa-afx", "afp", "ap", "reuters", "epd", "kna", "sda", "apa", "sid", "rtr", "pa", "efe", "ansa",
    "lusa", "dts", "afx", "upi", "tass", "xinhua", "keystone", "ots", "eb", "red",
];

fn is_agency(word: &str) -> bool {
    AGENCIES.contains(&word.to_lowercase().as_str())
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
    if ends_sentence(text) {
        return false;
    }
    [" > ", " › ", " » ", " | ", " / ", " • ", " · "].iter().any(|mark| {
        let parts: Vec<&str> = text.split(mark).collect();
        parts.len() >= 3
            && parts.iter().all(|part| words(part) <= 4)
            && MENU.contains(&plain(parts[0]).as_str())
    })
}

/// `Image: Ann Lee/dpa/picture alliance`, alone or after a caption; `caption © dpa`; `caption (PA)`.
fn is_credit(text: &str) -> bool {
    const WORDS: &[&str] = &[
        "image",
        "images",
        "photo",
        "photos",
        "picture",
        "photograph",
        "photo credit",
        "image credit",
        "image source",
        "picture credit",
        "bild",
        "bilder",
        "foto",
        "fotos",
        "grafik",
        "bildquelle",
        "bildrechte",
        "bildnachweis",
        "symbolbild",
        "archivbild",
        "archivfoto",
        "symbolfoto",
        "crédit",
        "crédits",
        "crédit photo",
        "imagem",
        "crédito",
        "fotografia",
    ];
    if words(text) > 40 {
        return false;
    }
    if let Some((caption, holder)) = text.rsplit_once('©') {
        return is_name(holder) && words(caption) <= 30;
    }
    if let Some((caption, list)) = text.strip_suffix(')').and_then(|text| text.rsplit_once('(')) {
        let inner = plain(list);
        let labelled =
            WORDS.iter().any(|word| inner.strip_prefix(word).is_some_and(|rest| rest.starts_with(':')));
        let agency =
            list.split([',', '/', ' ']).all(|part| part.is_empty() || is_agency(part) || part == "Photo");
        let open = !ends_sentence(caption) && words(caption) <= 25;
        return !caption.trim().is_empty()
            && ((labelled && words(caption) <= 30) || (agency && open && !list.is_empty()));
    }
    let Some((before, holder)) = text.rsplit_once(':') else { return false };
    let before = before.trim_end();
    let lower = before.to_lowercase();
    // The label is a word of its own, and a capital sets it off from the caption.
    WORDS.iter().any(|word| {
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

/// Words that menus and page feet hold. Only near other boilerplate, before the headline or after the end.
const MENU: &[&str] = &[
    "home",
    "homepage",
    "menu",
    "main menu",
    "search",
    "news",
    "world",
    "politics",
    "business",
    "sport",
    "sports",
    "culture",
    "opinion",
    "video",
    "videos",
    "weather",
    "contact",
    "contact us",
    "about",
    "about us",
    "privacy",
    "privacy policy",
    "terms of use",
    "terms and conditions",
    "imprint",
    "help",
    "feedback",
    "login",
    "my account",
    "jobs",
    "careers",
    "startseite",
    "menü",
    "hauptmenü",
    "suche",
    "nachrichten",
    "politik",
    "wirtschaft",
    "kultur",
    "wissen",
    "panorama",
    "ausland",
    "inland",
    "meinung",
    "regional",
    "wetter",
    "kontakt",
    "impressum",
    "datenschutz",
    "datenschutzerklärung",
    "agb",
    "über uns",
    "hilfe",
    "anmelden",
    "abo",
    "e-paper",
    "mediadaten",
    "nutzungsbedingungen",
    "barrierefreiheit",
    "facebook",
    "twitter",
    "x",
    "instagram",
    "whatsapp",
    "linkedin",
    "youtube",
    "telegram",
    "e-mail",
    "email",
    "rss",
    "accueil",
    "recherche",
    "mentions légales",
    "início",
    "pesquisa",
    "notícias",
    "contato",
    "contacto",
];

/// `March 14, 2025`, `Freitag, 14.03.2025, 10:15 Uhr`, `Stand: 14. März 2025`.
fn is_date(plain: &str) -> bool {
    const MONTHS: &[&str] = &[
        "jan", "feb", "mar", "mär", "mrz", "apr", "may", "mai", "jun", "jul", "aug", "sep", "oct", "okt",
        "nov", "dec", "dez", "fév", "fev", "avr", "abr", "juin", "juil", "aoû", "déc", "set", "out", "ago",
        "maio", "mars", "janv", "févr",
    ];
    const AROUND: &[&str] = &[
        "published",
        "updated",
        "last",
        "posted",
        "on",
        "at",
        "of",
        "am",
        "pm",
        "a.m",
        "p.m",
        "est",
        "edt",
        "gmt",
        "utc",
        "cet",
        "cest",
        "bst",
        "mez",
        "mesz",
        "uhr",
        "stand",
        "veröffentlicht",
        "aktualisiert",
        "zuletzt",
        "erstellt",
        "vom",
        "um",
        "den",
        "der",
        "publié",
        "le",
        "à",
        "mis",
        "jour",
        "publicado",
        "em",
        "de",
        "às",
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
        "mon",
        "tue",
        "wed",
        "thu",
        "fri",
        "sat",
        "sun",
        "montag",
        "dienstag",
        "mittwoch",
        "donnerstag",
        "freitag",
        "samstag",
        "sonnabend",
        "sonntag",
        "mo",
        "di",
        "mi",
        "do",
        "fr",
        "sa",
        "so",
        "lundi",
        "mardi",
        "mercredi",
        "jeudi",
        "vendredi",
        "samedi",
        "dimanche",
    ];
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
        } else if !word.is_empty() && word != "-" && !AROUND.contains(&word) {
            if !(word.chars().count() <= 9 && MONTHS.iter().any(|name| word.starts_with(name))) {
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
