//! The page of more than two reports: which of them makes which statement.

use std::fmt::Write as _;

use super::super::{Compared, Study, covered_text, escape};
use super::{Page, disagreement_head, marked};
use crate::compare::{Comparison, Member, Statement};

/// Statements that several reports make, the widest spread first.
pub fn shared_statements<'a>(study: &'a Study) -> Vec<&'a Statement> {
    let mut shared: Vec<&Statement> =
        study.statements.iter().filter(|statement| statement.reports().len() > 1).collect();
    shared.sort_by(|a, b| {
        let spread = b.reports().len().cmp(&a.reports().len());
        spread.then(b.score.total_cmp(&a.score)).then(a.members.cmp(&b.members))
    });
    shared
}

/// The sentences of a report that no other one shares, most salient first.
pub fn lone_statements(study: &Study, side: usize) -> Vec<usize> {
    let mut alone: Vec<usize> = study
        .statements
        .iter()
        .filter(|statement| statement.reports() == [side])
        .flat_map(|statement| statement.members.iter().map(|member| member.sentence))
        .filter(|&i| study.sides[side].sentence(i).chars().any(char::is_alphanumeric))
        .collect();
    let salience = |i: usize| {
        let judgements = study.pairs.iter().find_map(|pair| {
            let k = if pair.source == side { 0 } else { 1 };
            (pair.source == side || pair.target == side).then(|| pair.comparison.side(k))
        });
        judgements.map_or(0.0, |list| list[i].salience)
    };
    alone.sort_by(|&a, &b| salience(b).total_cmp(&salience(a)).then(a.cmp(&b)));
    alone
}

/// The sentence that stands for a statement: an English one where there is one, else the first.
pub fn speaker(study: &Study, statement: &Statement) -> Member {
    let english = |member: &&Member| study.sides[member.report].document.lang().is_english();
    *statement.members.iter().find(english).unwrap_or(&statement.members[0])
}

impl Page<'_> {
    /// More than two reports: which of them makes which statement.
    pub(super) fn many(&self) -> String {
        let study = self.study;
        let order = study.by_language();
        let shared = shared_statements(study);
        let sides: String = order.iter().map(|&side| self.side_line(side)).collect();
        let mut html = format!(
            "<header><p class=\"kicker\">{} reports compared</p><h1>Who says what</h1>\
             <ul class=\"sides\">{sides}</ul></header><nav aria-label=\"Sections\">\
             <a href=\"#matrix\">Shared statements <b>{}</b></a><a href=\"#languages\">By language</a>",
            study.sides.len(),
            shared.len()
        );
        for &side in &order {
            let _ = write!(html, "<a href=\"#alone-{side}\">Only {}</a>", escape(study.mark(side)));
        }
        html += "<a href=\"#pairs\">Pairs</a><a href=\"#method\">Method</a></nav><main id=\"main\">";
        html += &self.languages(&shared);
        html += &self.matrix(&order, &shared);
        for &side in &order {
            html += &self.alone(side);
        }
        html += &self.pairs();
        html += &self.method();
        html + "</main>"
    }

    fn languages(&self, shared: &[&Statement]) -> String {
        let study = self.study;
        let mut html = String::from("<section id=\"languages\"><h2>By language</h2><ul class=\"plain\">");
        let all = shared.iter().filter(|statement| statement.reports().len() == study.sides.len()).count();
        let _ = write!(
            html,
            "<li><b>{all}</b> {} in all {} reports</li>",
            stand("statement", all),
            study.sides.len()
        );
        for lang in study.languages() {
            let has = |statement: &Statement| {
                statement.members.iter().all(|member| study.sides[member.report].document.lang() == lang)
            };
            let several = shared.iter().filter(|statement| has(statement)).count();
            let sides: Vec<usize> =
                (0..study.sides.len()).filter(|&side| study.sides[side].document.lang() == lang).collect();
            let alone: usize = sides.iter().map(|&side| lone_statements(study, side).len()).sum();
            let name = escape(lang.name());
            if sides.len() > 1 {
                let _ = write!(
                    html,
                    "<li><b>{several}</b> {} in several of the {} {name} reports and in no other language</li>",
                    stand("statement", several),
                    sides.len()
                );
            }
            let _ = write!(
                html,
                "<li><b>{alone}</b> {} in one {name} report alone</li>",
                stand("sentence", alone)
            );
        }
        html + "</ul></section>"
    }

    fn matrix(&self, order: &[usize], shared: &[&Statement]) -> String {
        let study = self.study;
        let mut html = String::from(
            "<section id=\"matrix\"><h2>Statements of several reports</h2><p class=\"lead\">One line a statement, \
             one column a report, grouped by language. Open a line to read its sentences.</p><div class=\"scroll\"><table \
             class=\"matrix\"><thead><tr><th scope=\"col\">Statement</th>",
        );
        for &side in order {
            let _ = write!(
                html,
                "<th scope=\"col\"><abbr title=\"{}\">{}</abbr></th>",
                escape(study.sides[side].name()),
                escape(study.mark(side))
            );
        }
        html += "</tr></thead><tbody>";
        for statement in shared {
            let member = speaker(study, statement);
            let one = &study.sides[member.report];
            let text = one.translation(member.sentence).unwrap_or(one.sentence(member.sentence));
            let _ = write!(html, "<tr><th scope=\"row\"><details><summary>{}</summary><ul>", escape(text));
            for member in &statement.members {
                let side = &study.sides[member.report];
                let _ = write!(
                    html,
                    "<li id=\"m{}-{n}\"><span class=\"where\">{} {n}</span> <span lang=\"{}\">{}</span></li>",
                    member.report,
                    escape(study.mark(member.report)),
                    escape(side.document.lang().as_str()),
                    escape(side.sentence(member.sentence)),
                    n = member.sentence + 1
                );
            }
            html += "</ul></details></th>";
            for &side in order {
                let own: Vec<&Member> =
                    statement.members.iter().filter(|member| member.report == side).collect();
                match own.first() {
                    Some(first) => {
                        let label = format!("{}, sentence {}", study.sides[side].name(), first.sentence + 1);
                        let _ = write!(
                            html,
                            "<td class=\"has\"><span role=\"img\" aria-label=\"{0}\" title=\"{0}\">●</span></td>",
                            escape(&label)
                        );
                    }
                    None => {
                        html += "<td><span role=\"img\" aria-label=\"not found\" title=\"not found\">·</span></td>"
                    }
                }
            }
            html += "</tr>";
        }
        html + "</tbody></table></div></section>"
    }

    fn alone(&self, side: usize) -> String {
        let alone = lone_statements(self.study, side);
        let mut html = format!(
            "<section id=\"alone-{side}\"><h2>Only in {} <b>{}</b></h2>",
            escape(self.study.sides[side].name()),
            alone.len()
        );
        if alone.is_empty() {
            return html + "<p class=\"lead\">None.</p></section>";
        }
        html += "<ol class=\"cards\">";
        for i in alone {
            let _ = write!(
                html,
                "<li><span class=\"where\">{} {}</span>{}</li>",
                escape(self.study.mark(side)),
                i + 1,
                self.sentence_html(side, i, "said")
            );
        }
        html + "</ol></section>"
    }

    /// Coverage of every report by every other one, and all disagreements.
    fn pairs(&self) -> String {
        let study = self.study;
        let mut html = String::from(
            "<section id=\"pairs\"><h2>Report by report</h2><div class=\"scroll\"><table class=\"pairs\"><caption>How \
             many sentences of the report in the row have a counterpart in the report of the column</caption>\
             <tr><td></td>",
        );
        for side in 0..study.sides.len() {
            let _ = write!(html, "<th scope=\"col\">{}</th>", escape(study.mark(side)));
        }
        html += "</tr>";
        for row in 0..study.sides.len() {
            let _ = write!(html, "<tr><th scope=\"row\">{}</th>", escape(study.mark(row)));
            for column in 0..study.sides.len() {
                let text = study.pairs.iter().find_map(|pair| match (pair.source, pair.target) {
                    (a, b) if (a, b) == (row, column) => Some(covered_text(&pair.comparison, 0)),
                    (a, b) if (b, a) == (row, column) => Some(covered_text(&pair.comparison, 1)),
                    _ => None,
                });
                let _ = write!(html, "<td>{}</td>", text.unwrap_or_default());
            }
            html += "</tr>";
        }
        html += "</table></div>";
        for pair in study.pairs.iter().filter(|pair| pair.comparison.doubtful()) {
            let (a, b) = (study.mark(pair.source), study.mark(pair.target));
            let _ = write!(
                html,
                "<p class=\"lead\">Hardly any sentences of {} and {} match: they are probably not on the same event.</p>",
                escape(a),
                escape(b)
            );
        }
        let _ =
            write!(html, "<h2 id=\"disagreements\">Disagreements <b>{}</b></h2>", self.disagreement_count());
        let found: String =
            study.pairs.iter().map(|pair| self.many_disagreements(pair, &pair.comparison)).collect();
        if found.is_empty() {
            return html + "<p class=\"lead\">None found.</p></section>";
        }
        html + "<ol class=\"cards two\">" + &found + "</ol></section>"
    }

    fn disagreement_count(&self) -> usize {
        self.study.pairs.iter().map(|pair| pair.comparison.disagreements.len()).sum()
    }

    fn many_disagreements(&self, pair: &Compared, comparison: &Comparison) -> String {
        let mut html = String::new();
        for one in &comparison.disagreements {
            html += &disagreement_head(one);
            for (side, (i, span)) in [(pair.source, one.source), (pair.target, one.target)] {
                let _ = write!(
                    html,
                    "<div><span class=\"where\">{} {}</span><p class=\"said\" lang=\"{}\">{}</p></div>",
                    escape(self.study.mark(side)),
                    i + 1,
                    escape(self.study.sides[side].document.lang().as_str()),
                    marked(self.study.sides[side].sentence(i), span)
                );
            }
            html += "</div></li>";
        }
        html
    }
}

/// "statements stand", "statement stands"
fn stand(what: &str, count: usize) -> String {
    if count == 1 { format!("{what} stands") } else { format!("{what}s stand") }
}
