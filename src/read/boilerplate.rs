//! What is on a news page but not in its article: skip links, menus, captions, credits, video players,
//! sign-offs, sharing, "more stories". Rules of form and place, in German and English, with the commonest
//! French and Portuguese phrases. Losing a sentence is worse than keeping a menu line, so a rule needs a
//! known phrase or form, or a place (before the headline, after the last sentence) and a neighbour that has
//! one.

use crate::read::Meta;
use crate::read::forms::{Kind, byline, is_full, is_prose, kind, stops, words};
use crate::read::paragraphs::Line;

/// The lines of the article among `lines`. Date, author and headline go to `meta` where it has none; what is
/// left out is counted and listed in its notes.
///
/// Where the rules would take more than half of the prose, or everything, all lines are kept and a note says
/// so.
pub(super) fn sift(lines: Vec<Line>, meta: &mut Meta) -> Vec<Line> {
    let mut page = Sieve::new(&lines);
    page.videos();
    page.head();
    page.captions();
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

/// How many lines after the first of the running text date and author may stand.
const LEAD: usize = 4;

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

/// Whether lines such as `18:05` are the times of a live blog's entries and not the lengths of videos: others
/// say "Uhr", or three and more stand in order and reach beyond ten o'clock.
fn are_times_of_day(lines: &[Line], kinds: &[Kind]) -> bool {
    let hours = |text: &str| text.split(['.', ':']).next().and_then(|hour| hour.parse::<u32>().ok());
    let of_day =
        |text: &str| text.strip_suffix(" Uhr").is_some_and(|time| time.len() <= 5 && hours(time).is_some());
    if lines.iter().filter(|line| of_day(&line.text)).count() >= 2 {
        return true;
    }
    let times: Vec<&str> = lines
        .iter()
        .zip(kinds)
        .filter(|(_, kind)| **kind == Kind::Duration)
        .map(|(line, _)| line.text.as_str())
        .collect();
    times.len() >= 3
        && times.iter().all(|time| time.len() == 5)
        && times.iter().any(|time| hours(time).is_some_and(|hour| (10..24).contains(&hour)))
        && (times.is_sorted() || times.iter().rev().is_sorted())
}

/// Whether a time such as `8:12` stands in a date.
fn has_clock(text: &str) -> bool {
    let is_digit = |c: char| c.is_ascii_digit();
    text.match_indices(':')
        .any(|(at, _)| text[..at].ends_with(is_digit) && text[at + 1..].starts_with(is_digit))
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
        let mut kinds: Vec<Kind> = lines.iter().map(|line| kind(&line.text)).collect();
        if are_times_of_day(lines, &kinds) {
            // Neither noise nor the name of a section.
            kinds.iter_mut().filter(|kind| **kind == Kind::Duration).for_each(|kind| *kind = Kind::Sentence);
        }
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
            let opens = !self.lines[i].gap && (self.lines[i - 1].gap || (i > 1 && !self.keep[i - 2]));
            let closes = self.lines.get(i + 1).is_none_or(|next| next.gap);
            let bare = self.lines[i].text.split_whitespace().count() <= 8;
            let sentence = self.kinds[i - 1] == Kind::Sentence && closes && bare;
            if self.kinds[i] == Kind::Credit && opens && (self.kinds[i - 1] == Kind::Short || sentence) {
                self.keep[i - 1] = false;
            }
        }
    }

    /// Before the running text: menus, section names, date and author around the headline. A date or author
    /// also counts just after the lead, if the text has no other that could make it a chronicle; a date right
    /// above running text may be a chronicle's first.
    fn head(&mut self) {
        let body = self.body.0;
        if body == self.lines.len() {
            return;
        }
        for i in 0..self.lines.len().min(body + LEAD) {
            let kind = self.kinds[i];
            if !matches!(kind, Kind::Date | Kind::Byline) {
                continue;
            }
            let text = &self.lines[i].text;
            // With a clock time it is a time of publication, and only others like it make it a chronicle's.
            let like =
                |j: &usize| self.kinds[*j] == kind && (!has_clock(text) || has_clock(&self.lines[*j].text));
            let alone = || (0..self.lines.len()).filter(like).count() == 1;
            let heads_entry = kind == Kind::Date && i + 1 == body && !self.lines[body].gap;
            if (i > body || heads_entry) && !alone() {
                continue;
            }
            if kind == Kind::Date {
                self.found.date.get_or_insert_with(|| text.clone());
            } else {
                self.found.byline = self.found.byline.take().or_else(|| byline(text));
            }
            self.keep[i] = false;
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

    /// Blocks of four and more short lines before the running text, where a headline is left without them:
    /// the first thing on the page, or with a word that menus hold. Others may be a list of ingredients.
    fn menus(&mut self, body: usize) {
        let mut start = 0;
        let is_amount =
            |text: &str| text.starts_with(|c: char| c.is_ascii_digit()) && !text.contains(['.', ')']);
        while start < body {
            let end = (start + 1..body).find(|&i| self.lines[i].gap).unwrap_or(body);
            let menu =
                (start..end).all(|i| !self.keep[i] || (self.is_short(i) && words(&self.lines[i].text) <= 5));
            let left =
                (end..body).any(|i| self.keep[i] && matches!(self.kinds[i], Kind::Short | Kind::Sentence));
            let first = (0..start).all(|i| !self.keep[i]);
            let known = (start..end).any(|i| self.kinds[i] == Kind::Menu);
            let amounts = (start..end).filter(|&i| is_amount(&self.lines[i].text)).count();
            if end - start >= 4 && menu && left && (first || known) && amounts < 2 {
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

#[cfg(test)]
mod tests {
    use super::*;

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
            ("Apfelkuchen||Zutaten|200 g Mehl|100 g Butter|1 Ei||Zubereitung||P", "="),
            ("Apfelkuchen||Mehl|Butter|Zucker|Eier||Zubereitung||P", "="),
            ("Lage||200 g Mehl|100 g Butter|1 Ei|2 Äpfel||Zubereitung||P", "="),
            ("Liveblog zum Sturm||19:42 Uhr|P||19:15 Uhr|Q||18:03|P", "="),
            ("Liveblog zum Sturm||20:05|Schiffe bleiben im Hafen||P||19:30|Q||18:00|P", "="),
            ("Liveblog zum Sturm||P||02:26|Q||03:10|P||01:15|Q", "Liveblog zum Sturm|P|Q|P|Q"),
            (
                "Chronik einer Krise||Wie es zum Streit um die Mühle kam||3. Januar 2024|P||17. März 2024|Q",
                "=",
            ),
            (
                "Mühle verkauft||P||3. Mai 2025, 8:12 Uhr||Q||Stand: Mai 2025||P",
                "Mühle verkauft|P|Q|Stand: Mai 2025|P",
            ),
            ("P||# Notizblock|## Orte|- Mühle||dpa-Kontakte", "P"),
            ("P||Eine Liste||- eins|- zwei", "P|Eine Liste|- eins|- zwei"),
            ("P||Impressum|Datenschutz|Kontakt", "P"),
            ("P||Anzeige||So war das.", "P|So war das."),
            (
                "Stadt kauft Mühle||P|14. März 2025|Der Müller bei der Arbeit|Foto: Jörg Schäfer||Q",
                "Stadt kauft Mühle|P|Q",
            ),
            ("Chronik||P||14. März 2025||Q||15. März 2025||P", "Chronik|P|14. März 2025|Q|15. März 2025|P"),
        ] {
            let expected = if expected == "=" { page.replace("||", "|") } else { expected.into() };
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
