//! The comparison as one self-contained page: no network, no script needed to read it. `report.html` holds the
//! frame with its styles and the script that lights up links; the content is built here. Everything that
//! comes from a document or a file name passes through [`escape`].

mod many;

use std::fmt::Write as _;
use std::io::Write;

use super::{Compared, Study, counts, covered_text, escape, listed, relation_text, topic_name, verdict_name};
use crate::compare::{Disagreement, Judgement, Link, Relation, Verdict};
use crate::document::Span;
use crate::error::Result;

pub use many::{lone_statements, shared_statements, speaker};

const FRAME: &str = include_str!("report.html");

/// What the tool can say and what it cannot.
pub const HONEST: &str = "“Only here” means that no counterpart was found among the other report's sentences. \
     It does not mean that something was not reported: a sentence may be retold in other words, stand in \
     a part of the page that was not read, or be lost in machine translation.";

/// What the number beside a nearest candidate means.
const CANDIDATE: &str = "The number beside the nearest candidate says how surely the two share a statement: 0.50 and more is a link.";

/// Writes the comparison as a page.
///
/// # Errors
/// What `out` returns.
pub fn report_html(study: &Study, out: &mut dyn Write) -> Result<()> {
    let page = Page { study };
    let body = if study.sides.len() > 2 { page.many() } else { page.two() };
    let names: Vec<&str> = study.sides.iter().map(|side| side.name()).collect();
    // Cut at its marks rather than replaced one after the other: a file may be called like a mark.
    let (head, rest) = FRAME.split_once("{{title}}").expect("the frame has a title");
    let (middle, tail) = rest.split_once("{{body}}").expect("the frame has a body");
    let html = [head, &escape(names.join(" · ")), middle, &body, tail].concat();
    out.write_all(html.as_bytes())?;
    Ok(())
}

struct Page<'a> {
    study: &'a Study<'a>,
}

impl Page<'_> {
    fn two(&self) -> String {
        let mut html = String::new();
        let Some(compared) = self.study.pairs.first() else { return html };
        html += &self.head(compared);
        html += "<main id=\"main\">";
        html += &self.figures(compared);
        html += &self.map(compared);
        for k in 0..2 {
            html += &self.list(compared, k, Verdict::Only);
        }
        html += &self.disagreements(compared);
        for k in 0..2 {
            html += &self.list(compared, k, Verdict::Uncertain);
        }
        html += &self.texts(compared);
        html += &self.method();
        html + "</main>"
    }

    fn head(&self, compared: &Compared) -> String {
        let (a, b) = (self.study.label(compared.source), self.study.label(compared.target));
        let sides = [compared.source, compared.target].map(|side| self.side_line(side)).concat();
        let comparison = &compared.comparison;
        let only = [0, 1].map(|k| counts(comparison.side(k))[3]);
        let unsure: usize = [0, 1].map(|k| counts(comparison.side(k))[2]).iter().sum();
        let (a, b) = (escape(&a), escape(&b));
        let doubt = if comparison.doubtful() {
            format!("<p class=\"doubt\">{}</p>", super::DOUBTFUL)
        } else {
            String::new()
        };
        format!(
            "<header><p class=\"kicker\">Two reports compared</p>\
             <h1>What the {a} report says that the {b} one does not, and the reverse</h1>\
             <ul class=\"sides\">{sides}</ul><p class=\"relation\">{}</p>{doubt}</header>\
             <nav aria-label=\"Sections\"><a href=\"#only-0\">Only in {a} <b>{}</b></a>\
             <a href=\"#only-1\">Only in {b} <b>{}</b></a>\
             <a href=\"#disagreements\">Disagreements <b>{}</b></a>\
             <a href=\"#uncertain-0\">Uncertain <b>{unsure}</b></a>\
             <a href=\"#texts\">Full texts</a><a href=\"#method\">Method</a></nav>",
            relation_text(comparison.relation),
            only[0],
            only[1],
            comparison.disagreements.len(),
        )
    }

    fn side_line(&self, side: usize) -> String {
        let one = &self.study.sides[side];
        let meta = one.document.meta();
        let date = meta.date.as_deref().map(|date| format!(" · {}", escape(date))).unwrap_or_default();
        let file =
            if one.title() == one.name() { String::new() } else { format!(" · {}", escape(one.name())) };
        let translated = if one.signature.is_some() { ", machine-translated for matching" } else { "" };
        format!(
            "<li><span class=\"tag\">{}</span> <span lang=\"{}\">{}</span>\
             <span class=\"meta\">{}{translated}{date}{file} · {} sentences</span></li>",
            escape(self.study.mark(side)),
            escape(one.document.lang().as_str()),
            escape(one.title()),
            escape(one.document.lang().name()),
            one.document.sentences().filter(|sentence| sentence.chars().any(char::is_alphanumeric)).count(),
        )
    }

    /// How much of each report has a counterpart in the other.
    fn figures(&self, compared: &Compared) -> String {
        let mut html = String::from("<section class=\"figures\" aria-label=\"Headline figures\">");
        for (k, side) in [compared.source, compared.target].into_iter().enumerate() {
            let numbers = counts(compared.comparison.side(k));
            let of = numbers.iter().sum::<usize>().max(1);
            let (mean, low, high) = compared.comparison.covered(k);
            let percent = |x: f32| (100.0 * x / of as f32).round();
            let _ = write!(
                html,
                "<figure><figcaption><p class=\"big\">{}<span>%</span></p><b>{} sentences of the {} report \
                 have a counterpart in the {} one</b> <span class=\"meta\">({} to {} %, 95 % interval)</span>\
                 </figcaption><div class=\"bar\" role=\"img\" aria-label=\"{}\">",
                percent(mean),
                covered_text(&compared.comparison, k),
                escape(self.study.label(side)),
                escape(self.study.label(if k == 0 { compared.target } else { compared.source })),
                percent(low),
                percent(high),
                bar_label(numbers),
            );
            for (verdict, number) in VERDICTS.iter().zip(numbers).filter(|(_, number)| *number > 0) {
                let _ = write!(html, "<i class=\"{}\" style=\"flex:{number}\"></i>", verdict_name(*verdict));
            }
            html += "</div><p class=\"legend\">";
            for (verdict, number) in VERDICTS.iter().zip(numbers) {
                let name = verdict_name(*verdict);
                let words = verdict_words(*verdict);
                let _ = write!(html, "<span><i class=\"{name}\"></i>{number} {words}</span>");
            }
            html += "</p></figure>";
        }
        html + "</section>"
    }

    /// The two texts as columns of sentences, with the links between them.
    fn map(&self, compared: &Compared) -> String {
        let comparison = &compared.comparison;
        let sides = [compared.source, compared.target];
        let counts = sides.map(|side| self.study.sides[side].document.spans().len().max(1));
        let step = |count: usize| (560.0 / count as f32).min(22.0);
        let height = counts.map(|count| step(count) * count as f32).into_iter().fold(120.0, f32::max);
        // The shorter column keeps its own pace, so that a link's slope shows the place it comes from.
        let y = |k: usize, i: usize| (i as f32 + 0.5) * height / counts[k] as f32;
        let x = [190.0, 530.0];
        let mut html = format!(
            "<section id=\"map\"><h2>Who covers what</h2><p class=\"lead\">Each stroke is a sentence, in the order \
             of its report; each curve links two that state the same. Choose a stroke to read the sentence.</p>\
             <svg viewBox=\"0 0 720 {}\" role=\"group\" aria-label=\"{} links between {} and {} sentences\">",
            height + 34.0,
            comparison.links().count(),
            counts[0],
            counts[1],
        );
        for (k, side) in sides.iter().enumerate() {
            let (anchor, at) = if k == 0 { ("end", x[0]) } else { ("start", x[1]) };
            let _ = write!(
                html,
                "<text x=\"{at}\" y=\"14\" text-anchor=\"{anchor}\">{}</text>",
                escape(self.study.label(*side))
            );
        }
        html += "<g transform=\"translate(0 26)\"><g class=\"curves\">";
        let mut links: Vec<&Link> = comparison.links().collect();
        links.sort_by(|a, b| {
            a.score.total_cmp(&b.score).then((a.source, a.target).cmp(&(b.source, b.target)))
        });
        for link in links {
            let (from, to) = (y(0, link.source), y(1, link.target));
            let _ = write!(
                html,
                "<path d=\"M{} {from:.1}C{} {from:.1} {} {to:.1} {} {to:.1}\" \
                 style=\"opacity:{:.2}\" data-a=\"s0-{}\" data-b=\"s1-{}\"/>",
                x[0] + 6.0,
                x[0] + 130.0,
                x[1] - 130.0,
                x[1] - 6.0,
                0.15 + 0.75 * link.score,
                link.source + 1,
                link.target + 1
            );
        }
        html += "</g>";
        for (k, &side) in sides.iter().enumerate() {
            let longest = self.longest(side);
            for (i, judgement) in comparison.side(k).iter().enumerate() {
                if judgement.verdict == Verdict::Blank {
                    continue;
                }
                let text = self.study.sides[side].sentence(i);
                let length = 20.0 + 150.0 * (text.chars().count() as f32 / longest).min(1.0);
                let left = if k == 0 { x[0] - length } else { x[1] };
                let thick = (0.62 * height / counts[k] as f32).clamp(1.5, 9.0);
                let _ = write!(
                    html,
                    "<a href=\"#s{k}-{n}\"><rect class=\"{}\" x=\"{left:.1}\" y=\"{:.1}\" width=\"{length:.1}\" \
                     height=\"{thick:.1}\" rx=\"1\"/><title>{n}: {}</title></a>",
                    verdict_name(judgement.verdict),
                    y(k, i) - thick / 2.0,
                    escape(shorten(text, 160)),
                    n = i + 1,
                );
            }
        }
        html + "</g></svg></section>"
    }

    fn longest(&self, side: usize) -> f32 {
        let lengths = self.study.sides[side].document.sentences().map(|sentence| sentence.chars().count());
        lengths.max().unwrap_or(1).max(1) as f32
    }

    /// The sentences of one report with a verdict, most salient first.
    fn list(&self, compared: &Compared, k: usize, verdict: Verdict) -> String {
        let judgements = compared.comparison.side(k);
        let list = listed(judgements, verdict);
        let (own, other) =
            if k == 0 { (compared.source, compared.target) } else { (compared.target, compared.source) };
        let (label, there) = (escape(self.study.label(own)).into_owned(), self.study.label(other));
        let count = counts(compared.comparison.side(1 - k)).iter().sum::<usize>();
        let (title, lead) = match verdict {
            Verdict::Only => (
                format!("Only in {label}"),
                format!(
                    "No counterpart found among the {count} sentences of the {} report. Most telling first: \
                     names, figures, quotations, place in the text. {CANDIDATE}",
                    escape(&there)
                ),
            ),
            _ => (
                format!("Uncertain in {label}"),
                format!("There may be a counterpart; judge the nearest candidate yourself. {CANDIDATE}"),
            ),
        };
        let name = verdict_name(verdict);
        let mut html = format!("<section id=\"{name}-{k}\"><h2>{title} <b>{}</b></h2>", list.len());
        if list.is_empty() {
            return html + "<p class=\"lead\">None.</p></section>";
        }
        let _ = write!(html, "<p class=\"lead\">{lead}</p><ol class=\"cards\">");
        for i in list {
            html += &self.card(own, other, k, i, &judgements[i]);
        }
        html + "</ol></section>"
    }

    fn card(&self, own: usize, other: usize, k: usize, i: usize, judgement: &Judgement) -> String {
        let mut html = format!(
            "<li><a class=\"where\" href=\"#s{k}-{n}\">{} {n}</a>{}",
            escape(self.study.mark(own)),
            self.sentence_html(own, i, "said"),
            n = i + 1
        );
        if let Some((j, score)) = judgement.best {
            let _ = write!(
                html,
                "<p class=\"nearest\"><a class=\"where\" href=\"#s{}-{n}\">nearest: {} {n}</a> \
                 <span class=\"score\">{score:.2}</span> <span lang=\"{}\">{}</span></p>",
                1 - k,
                escape(self.study.mark(other)),
                escape(self.study.sides[other].document.lang().as_str()),
                escape(self.study.sides[other].sentence(j)),
                n = j + 1
            );
        }
        html + "</li>"
    }

    /// A sentence with its translation below it.
    fn sentence_html(&self, side: usize, i: usize, class: &str) -> String {
        let one = &self.study.sides[side];
        let lang = escape(one.document.lang().as_str()).into_owned();
        let mut html = format!("<p class=\"{class}\" lang=\"{lang}\">{}</p>", escape(one.sentence(i)));
        if let Some(english) = one.translation(i) {
            let flag = one.suspicion(i).map_or(String::new(), |suspicion| {
                format!(" <span class=\"flag\">suspect translation: {}</span>", suspicion.as_str())
            });
            let _ = write!(html, "<p class=\"english\" lang=\"en\">{}{flag}</p>", escape(english));
        }
        html
    }

    fn disagreements(&self, compared: &Compared) -> String {
        let comparison = &compared.comparison;
        let count = comparison.disagreements.len();
        let mut html = format!("<section id=\"disagreements\"><h2>Disagreements <b>{count}</b></h2>");
        let _ = write!(
            html,
            "<p class=\"lead\">Linked sentences, or sentences beside them, whose originals give different figures, names or a negation. \
             {} in linked sentences agree.{}</p>",
            plural(comparison.agreements, "figure", "figures"),
            if comparison.relation == Relation::Independent {
                " Reports can speak of different things in like words: check both places."
            } else {
                ""
            }
        );
        if count > 0 {
            html += "<ol class=\"cards two\">";
        }
        for one in &comparison.disagreements {
            html += &disagreement_head(one);
            for (k, (side, (i, span))) in
                [(compared.source, one.source), (compared.target, one.target)].into_iter().enumerate()
            {
                let _ = write!(
                    html,
                    "<div><a class=\"where\" href=\"#s{k}-{n}\">{} {n}</a><p class=\"said\" lang=\"{}\">{}</p>",
                    escape(self.study.mark(side)),
                    escape(self.study.sides[side].document.lang().as_str()),
                    marked(self.study.sides[side].sentence(i), span),
                    n = i + 1
                );
                if let Some(english) = self.study.sides[side].translation(i) {
                    let _ = write!(html, "<p class=\"english\" lang=\"en\">{}</p>", escape(english));
                }
                html += "</div>";
            }
            html += "</div></li>";
        }
        if count > 0 {
            html += "</ol>";
        }
        html + "</section>"
    }

    /// Both texts, every sentence with its links.
    fn texts(&self, compared: &Compared) -> String {
        let mut html = String::from(
            "<section id=\"texts\"><h2>Full texts</h2><p class=\"lead\">Point at a sentence, or move with Tab, to \
             see its counterparts; Enter goes to the best of them.</p><div class=\"columns\">",
        );
        for (k, side) in [compared.source, compared.target].into_iter().enumerate() {
            let one = &self.study.sides[side];
            let lang = escape(one.document.lang().as_str()).into_owned();
            let _ = write!(
                html,
                "<article lang=\"{lang}\"><h3 lang=\"en\">{}</h3>",
                escape(self.study.label(side))
            );
            for paragraph in one.document.paragraphs() {
                let text: Vec<String> = paragraph
                    .filter(|&i| !one.sentence(i).trim().is_empty())
                    .map(|i| self.linked_sentence(compared, k, side, i))
                    .collect();
                if !text.is_empty() {
                    let _ = write!(html, "<p>{}</p>", text.join(" "));
                }
            }
            html += "</article>";
        }
        html + "</div></section>"
    }

    fn linked_sentence(&self, compared: &Compared, k: usize, side: usize, i: usize) -> String {
        let comparison = &compared.comparison;
        let judgement = &comparison.side(k)[i];
        let mut links: Vec<(f32, usize)> = comparison
            .links()
            .filter(|link| if k == 0 { link.source == i } else { link.target == i })
            .map(|link| (link.score, if k == 0 { link.target } else { link.source }))
            .collect();
        links.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let targets: Vec<String> = links.iter().map(|(_, j)| format!("s{}-{}", 1 - k, j + 1)).collect();
        let other = if k == 0 { compared.target } else { compared.source };
        let spoken: Vec<String> = links
            .iter()
            .map(|(score, j)| format!("{} {} ({score:.2})", self.study.mark(other), j + 1))
            .collect();
        let title = format!(
            "{} {}: {}{}",
            self.study.mark(side),
            i + 1,
            verdict_words(judgement.verdict),
            if spoken.is_empty() { String::new() } else { format!("; {}", spoken.join(", ")) }
        );
        let sentence = escape(self.study.sides[side].sentence(i)).into_owned();
        let classes = format!("s {}", verdict_name(judgement.verdict));
        // A link where there is a counterpart, so that it works without the script too.
        match targets.first() {
            Some(first) => format!(
                "<a id=\"s{k}-{n}\" class=\"{classes}\" href=\"#{first}\" data-to=\"{}\" title=\"{}\">{sentence}</a>",
                targets.join(" "),
                escape(&title),
                n = i + 1
            ),
            None => format!(
                "<span id=\"s{k}-{n}\" class=\"{classes}\" tabindex=\"0\" title=\"{}\">{sentence}</span>",
                escape(&title),
                n = i + 1
            ),
        }
    }

    fn method(&self) -> String {
        let study = self.study;
        let mut html = String::from("<section id=\"method\"><h2>How this was made</h2>");
        let _ = write!(html, "<p>{HONEST}</p>");
        for note in study.notes() {
            let _ = write!(html, "<p><b>Machine translation:</b> {}.</p>", escape(&note));
        }
        if !study.self_test.is_empty() {
            html += "<table><caption>Self-test on these texts: what was hidden in them, and how much of it was \
                     found</caption><tr><th>planted</th><th>found</th><th>recall</th><th>precision</th></tr>";
            for test in &study.self_test {
                let share =
                    |(share, low, high): (f64, f64, f64)| format!("{share:.2} ({low:.2} to {high:.2})");
                let _ = write!(
                    html,
                    "<tr><td>{}</td><td>{} of {}</td><td>{}</td><td>{}</td></tr>",
                    escape(&test.what),
                    test.hits,
                    test.planted,
                    share(test.recall()),
                    test.precision().map_or("–".to_string(), share)
                );
            }
            html += "</table>";
        }
        html += "<dl>";
        for (id, side) in study.sides.iter().enumerate() {
            let Some(signature) = &side.signature else { continue };
            let _ = write!(
                html,
                "<dt>Translation of {}</dt><dd>{}; {} of {} translations are suspect</dd>",
                escape(study.mark(id)),
                escape(signature),
                side.suspects(),
                side.document.spans().len()
            );
        }
        if let Some(pair) = study.pairs.first() {
            let _ = write!(
                html,
                "<dt>Thresholds</dt><dd>a link from a score of {:.2}; the scores are fitted on five \
                 other events reported in German and English, and are estimates</dd>",
                pair.comparison.threshold
            );
        }
        let _ = write!(
            html,
            "<dt>Signature</dt><dd><code>{}</code></dd></dl></section>",
            escape(&study.signature)
        );
        html
    }
}

const VERDICTS: [Verdict; 4] = [Verdict::Covered, Verdict::Partly, Verdict::Uncertain, Verdict::Only];

fn verdict_words(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Covered => "covered",
        Verdict::Partly => "partly covered",
        Verdict::Uncertain => "uncertain",
        Verdict::Only => "only here",
        Verdict::Blank => "blank",
    }
}

fn bar_label(numbers: [usize; 4]) -> String {
    let parts = VERDICTS.iter().zip(numbers).map(|(verdict, n)| format!("{n} {}", verdict_words(*verdict)));
    parts.collect::<Vec<_>>().join(", ")
}

fn plural(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// The sentence, escaped, with its span marked.
fn marked(text: &str, span: Span) -> String {
    if span.start == 0 && span.end == text.len() {
        return escape(text).into_owned();
    }
    format!(
        "{}<mark>{}</mark>{}",
        escape(&text[..span.start]),
        escape(span.of(text)),
        escape(&text[span.end..])
    )
}

fn shorten(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_string(),
    }
}

/// How an entry in a list of disagreements begins; its two sides follow.
fn disagreement_head(one: &Disagreement) -> String {
    format!(
        "<li><p class=\"topic\">{} <span class=\"score\">confidence {:.2}</span></p><div class=\"sides\">",
        topic_name(one.topic),
        one.confidence
    )
}
