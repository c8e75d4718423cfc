//! The comparison in a terminal: side by side where there is room, one under the other where there is not;
//! nothing depends on colour.

use std::io::Write;

use super::{Compared, Study, counts, covered_text, listed, relation_text, topic_name, verdict_name};
use crate::compare::{Judgement, Verdict};
use crate::document::Span;
use crate::error::Result;

/// How the terminal view is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextOptions {
    /// Columns of the terminal.
    pub width: usize,
    /// Whether colours may be used.
    pub color: bool,
}

/// Below this width two columns are too narrow to read.
const TWO_COLUMNS: usize = 72;

/// Writes the comparison for a terminal or a text file.
///
/// # Errors
/// What `out` returns.
pub fn report_text(study: &Study, options: TextOptions, out: &mut dyn Write) -> Result<()> {
    let width = options.width.clamp(40, 160);
    let mut page = Page { study, out, width, color: options.color };
    if study.sides.len() > 2 {
        page.matrix()?;
    } else {
        for pair in &study.pairs {
            page.pair(pair)?;
        }
    }
    page.self_test()?;
    page.method()
}

struct Page<'a> {
    study: &'a Study<'a>,
    out: &'a mut dyn Write,
    width: usize,
    color: bool,
}

/// SGR codes; the words carry the meaning, colours only help the eye.
const BOLD: &str = "1";
const DIM: &str = "2";
const GREEN: &str = "32";
const YELLOW: &str = "33";
const RED: &str = "1;31";

impl Page<'_> {
    fn paint(&self, text: &str, code: &str) -> String {
        if self.color && !text.is_empty() { format!("\x1b[{code}m{text}\x1b[0m") } else { text.into() }
    }

    fn heading(&mut self, text: &str) -> Result<()> {
        let line = self.paint(text, BOLD);
        writeln!(self.out, "\n{line}\n{}", self.paint(&"─".repeat(columns(text).min(self.width)), DIM))?;
        Ok(())
    }

    fn paragraph(&mut self, text: &str, indent: usize, code: &str) -> Result<()> {
        for line in wrap(text, self.width.saturating_sub(indent)) {
            writeln!(self.out, "{}{}", " ".repeat(indent), self.paint(&line, code))?;
        }
        Ok(())
    }

    fn pair(&mut self, compared: &Compared) -> Result<()> {
        let study = self.study;
        let comparison = &compared.comparison;
        let sides = [compared.source, compared.target];
        for side in sides {
            let one = &study.sides[side];
            let text = format!("{} · {} · {}", study.mark(side), one.name(), one.document.lang().name());
            writeln!(self.out, "{}", self.paint(&text, BOLD))?;
        }
        self.paragraph(relation_text(comparison.relation), 0, DIM)?;
        if comparison.doubtful() {
            self.paragraph(super::DOUBTFUL, 0, RED)?;
        }
        for (k, &side) in sides.iter().enumerate() {
            let [covered, partly, uncertain, only] = counts(comparison.side(k));
            let text = format!(
                "{}: {} sentences have a counterpart ({covered} covered, {partly} partly, {uncertain} uncertain, \
                 {only} only here)",
                study.label(side),
                covered_text(comparison, k)
            );
            self.paragraph(&text, 0, "")?;
        }
        self.side_by_side(compared)?;
        self.disagreements(compared)?;
        for (k, &side) in sides.iter().enumerate() {
            self.list(compared, k, Verdict::Only, &format!("Only in {}", study.label(side)))?;
        }
        for (k, &side) in sides.iter().enumerate() {
            self.list(compared, k, Verdict::Uncertain, &format!("Uncertain in {}", study.label(side)))?;
        }
        Ok(())
    }

    /// Each source sentence beside what it is linked to.
    fn side_by_side(&mut self, compared: &Compared) -> Result<()> {
        self.heading("Side by side")?;
        let (source, target) = (&self.study.sides[compared.source], &self.study.sides[compared.target]);
        for (i, judgement) in compared.comparison.source.iter().enumerate() {
            if judgement.verdict == Verdict::Blank {
                continue;
            }
            let mut links: Vec<_> = compared.comparison.links().filter(|link| link.source == i).collect();
            links.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.target.cmp(&b.target)));
            let left = format!("{} {}", i + 1, source.sentence(i));
            let right: Vec<String> = links
                .iter()
                .take(3)
                .map(|link| {
                    format!("{} {} ({:.2})", link.target + 1, target.sentence(link.target), link.score)
                })
                .collect();
            self.row(&left, &right, judgement)?;
        }
        Ok(())
    }

    fn row(&mut self, left: &str, right: &[String], judgement: &Judgement) -> Result<()> {
        let code = verdict_color(judgement.verdict);
        let none = format!("no counterpart found ({})", verdict_name(judgement.verdict));
        if self.width < TWO_COLUMNS {
            self.paragraph(left, 0, code)?;
            if right.is_empty() {
                self.paragraph(&none, 4, DIM)?;
            }
            for text in right {
                self.paragraph(text, 4, "")?;
            }
            writeln!(self.out)?;
            return Ok(());
        }
        let column = (self.width - 3) / 2;
        let left = wrap(left, column);
        let right: Vec<(String, &str)> = if right.is_empty() {
            wrap(&none, column).into_iter().map(|line| (line, DIM)).collect()
        } else {
            right.iter().flat_map(|text| wrap(text, column)).map(|line| (line, "")).collect()
        };
        for k in 0..left.len().max(right.len()) {
            let text = left.get(k).map_or("", String::as_str);
            let space = " ".repeat(column - columns(text).min(column));
            let (other, dim) = right.get(k).map_or(("", ""), |(line, code)| (line.as_str(), *code));
            let other = if dim.is_empty() { other.to_string() } else { self.paint(other, dim) };
            let line = format!("{}{space} │ {other}", self.paint(text, code));
            writeln!(self.out, "{}", line.trim_end())?;
        }
        writeln!(self.out, "{}│", " ".repeat(column + 1))?;
        Ok(())
    }

    fn disagreements(&mut self, compared: &Compared) -> Result<()> {
        let comparison = &compared.comparison;
        if comparison.disagreements.is_empty() && comparison.agreements == 0 {
            return Ok(());
        }
        self.heading(&format!(
            "Disagreements: {}; figures that agree: {}",
            comparison.disagreements.len(),
            comparison.agreements
        ))?;
        for one in &comparison.disagreements {
            let title = format!("{} (confidence {:.2})", topic_name(one.topic), one.confidence);
            writeln!(self.out, "{}", self.paint(&title, YELLOW))?;
            for (side, (i, span)) in [(compared.source, one.source), (compared.target, one.target)] {
                let text = self.study.sides[side].sentence(i);
                let text = format!("{} {}: {}", self.study.mark(side), i + 1, marked(text, span));
                for line in wrap(&text, self.width.saturating_sub(2)) {
                    let line = if self.color {
                        line.replace('⟦', "\x1b[1;31m⟦").replace('⟧', "⟧\x1b[0m")
                    } else {
                        line
                    };
                    writeln!(self.out, "  {line}")?;
                }
            }
        }
        Ok(())
    }

    fn list(&mut self, compared: &Compared, k: usize, verdict: Verdict, title: &str) -> Result<()> {
        let judgements = compared.comparison.side(k);
        let list = listed(judgements, verdict);
        if list.is_empty() {
            return Ok(());
        }
        self.heading(&format!("{title}: {}", list.len()))?;
        let (own, other) =
            if k == 0 { (compared.source, compared.target) } else { (compared.target, compared.source) };
        let (own, other) = (&self.study.sides[own], &self.study.sides[other]);
        for i in list {
            self.paragraph(&format!("{} {}", i + 1, own.sentence(i)), 0, verdict_color(verdict))?;
            if let Some(english) = own.translation(i) {
                self.paragraph(&format!("English: {english}"), 4, DIM)?;
            }
            if let Some((j, score)) = judgements[i].best {
                let text = format!("nearest ({score:.2}): {} {}", j + 1, other.sentence(j));
                self.paragraph(&text, 4, DIM)?;
            }
        }
        Ok(())
    }

    /// Which report makes which statement, the widest spread first, then the lone ones by report.
    fn matrix(&mut self) -> Result<()> {
        let study = self.study;
        let order = study.by_language();
        for &side in &order {
            let one = &study.sides[side];
            let text = format!("{}  {} · {}", side + 1, one.name(), one.document.lang().name());
            writeln!(self.out, "{}", self.paint(&text, BOLD))?;
        }
        self.heading("Statements of several reports")?;
        let numbers: Vec<String> = order.iter().map(|side| (side + 1).to_string()).collect();
        writeln!(self.out, "{}", self.paint(&numbers.join(" "), DIM))?;
        for statement in super::html::shared_statements(study) {
            let marks: Vec<String> = order
                .iter()
                .map(|&side| {
                    let has = statement.members.iter().any(|member| member.report == side);
                    let mark = if has { "●" } else { "·" };
                    format!("{mark:width$}", width = (side + 1).to_string().len())
                })
                .collect();
            let first = super::html::speaker(study, statement);
            let text = study.sides[first.report].sentence(first.sentence);
            let indent = columns(&marks.join(" ")) + 2;
            for (k, line) in wrap(text, self.width.saturating_sub(indent)).into_iter().enumerate() {
                let lead = if k == 0 { self.paint(&marks.join(" "), GREEN) } else { " ".repeat(indent - 2) };
                writeln!(self.out, "{lead}  {line}")?;
            }
        }
        for &side in &order {
            let alone: Vec<usize> = super::html::lone_statements(study, side);
            if alone.is_empty() {
                continue;
            }
            self.heading(&format!("Only in {}: {}", study.sides[side].name(), alone.len()))?;
            for i in alone {
                self.paragraph(&format!("{} {}", i + 1, study.sides[side].sentence(i)), 0, RED)?;
            }
        }
        Ok(())
    }

    fn self_test(&mut self) -> Result<()> {
        if self.study.self_test.is_empty() {
            return Ok(());
        }
        self.heading("Self-test on these texts")?;
        for test in &self.study.self_test {
            let share = |(share, low, high): (f64, f64, f64)| format!("{share:.2} ({low:.2} to {high:.2})");
            let mut text = format!(
                "{}: found {} of {}, recall {}",
                test.what,
                test.hits,
                test.planted,
                share(test.recall())
            );
            if let Some(precision) = test.precision() {
                text.push_str(&format!(", precision {}", share(precision)));
            }
            self.paragraph(&text, 0, "")?;
        }
        Ok(())
    }

    fn method(&mut self) -> Result<()> {
        writeln!(self.out)?;
        for note in self.study.notes() {
            self.paragraph(&format!("Machine translation: {note}."), 0, DIM)?;
        }
        self.paragraph(super::html::HONEST, 0, DIM)?;
        self.paragraph(&self.study.signature, 0, DIM)
    }
}

fn verdict_color(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Covered => GREEN,
        Verdict::Partly => "36",
        Verdict::Uncertain => YELLOW,
        Verdict::Only => RED,
        Verdict::Blank => DIM,
    }
}

/// The sentence with its span in brackets.
fn marked(text: &str, span: Span) -> String {
    if span.start == 0 && span.end == text.len() {
        return text.into();
    }
    format!("{}⟦{}⟧{}", &text[..span.start], span.of(text), &text[span.end..])
}

/// Columns that a text takes in a terminal: East Asian wide characters take two.
fn columns(text: &str) -> usize {
    let wide = |c: char| matches!(c as u32, 0x1100..=0x115f | 0x2e80..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff | 0xfe30..=0xfe4f | 0xff00..=0xff60 | 0xffe0..=0xffe6 | 0x1f300..=0x1faff);
    text.chars().map(|c| if wide(c) { 2 } else { 1 }).sum()
}

/// Lines of at most `width` columns, broken at blanks; a longer word is broken where it must be. Control
/// characters, which could steer a terminal, are left out.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in text.split_whitespace() {
        let word: String = word.chars().filter(|c| !c.is_control()).collect();
        let wide = columns(&word);
        if used > 0 && used + 1 + wide > width {
            lines.push(String::new());
            used = 0;
        }
        let line = lines.last_mut().expect("there is always a line");
        if used > 0 {
            line.push(' ');
            used += 1;
        }
        if wide <= width {
            line.push_str(&word);
            used += wide;
            continue;
        }
        for c in word.chars() {
            let one = columns(c.encode_utf8(&mut [0; 4]));
            if used + one > width {
                lines.push(String::new());
                used = 0;
            }
            lines.last_mut().expect("there is always a line").push(c);
            used += one;
        }
    }
    lines
}
