//! The comparison as JSON. Its types are its own, so that a renamed field elsewhere breaks no reader; sentence
//! and report numbers count from 1, as in the TSV files.

use std::io::Write;

use serde::Serialize;

use super::{Compared, Study, relation_name, topic_name, verdict_name};
use crate::compare::Verdict;
use crate::error::Result;

#[derive(Serialize)]
struct File<'a> {
    signature: &'a str,
    reports: Vec<Report<'a>>,
    pairs: Vec<Pair<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    statements: Vec<Statement>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    self_test: Vec<SelfTest<'a>>,
}

#[derive(Serialize)]
struct Report<'a> {
    id: usize,
    name: &'a str,
    language: &'a str,
    title: Option<&'a str>,
    date: Option<&'a str>,
    url: Option<&'a str>,
    translation: Option<Translation<'a>>,
    sentences: Vec<Sentence<'a>>,
}

#[derive(Serialize)]
struct Translation<'a> {
    signature: &'a str,
    note: Option<&'a str>,
    suspect: usize,
}

#[derive(Serialize)]
struct Sentence<'a> {
    id: usize,
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    english: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    suspect: Option<&'static str>,
}

#[derive(Serialize)]
struct Pair<'a> {
    reports: [usize; 2],
    relation: &'static str,
    same_event: f32,
    doubtful: bool,
    threshold: f32,
    coverage: [Coverage; 2],
    judgements: [Vec<Judgement>; 2],
    links: Vec<Link>,
    disagreements: Vec<Disagreement<'a>>,
    agreements: usize,
}

#[derive(Serialize)]
struct Coverage {
    expected: f32,
    low: f32,
    high: f32,
    of: usize,
}

#[derive(Serialize)]
struct Judgement {
    id: usize,
    verdict: &'static str,
    found: f32,
    share: f32,
    best: Option<Best>,
    salience: f32,
}

#[derive(Serialize)]
struct Best {
    id: usize,
    score: f32,
}

#[derive(Serialize)]
struct Link {
    source: usize,
    target: usize,
    score: f32,
}

#[derive(Serialize)]
struct Disagreement<'a> {
    topic: &'static str,
    confidence: f32,
    source: Place<'a>,
    target: Place<'a>,
}

/// Bytes of a sentence.
#[derive(Serialize)]
struct Place<'a> {
    id: usize,
    start: usize,
    end: usize,
    text: &'a str,
}

#[derive(Serialize)]
struct Statement {
    members: Vec<Member>,
    score: f32,
}

#[derive(Serialize)]
struct Member {
    report: usize,
    id: usize,
}

#[derive(Serialize)]
struct SelfTest<'a> {
    what: &'a str,
    planted: usize,
    found: usize,
    recall: [f64; 3],
    #[serde(skip_serializing_if = "Option::is_none")]
    precision: Option<[f64; 3]>,
}

/// Writes the comparison as one JSON object, the same bytes every time.
///
/// # Errors
/// What `out` returns.
pub fn report_json(study: &Study, out: &mut dyn Write) -> Result<()> {
    let file = File {
        signature: &study.signature,
        reports: (0..study.sides.len()).map(|side| report(study, side)).collect(),
        pairs: study.pairs.iter().map(|pair| self::pair(study, pair)).collect(),
        statements: study.statements.iter().map(statement).collect(),
        self_test: study.self_test.iter().map(self_test).collect(),
    };
    serde_json::to_writer_pretty(&mut *out, &file).map_err(std::io::Error::from)?;
    writeln!(out)?;
    Ok(())
}

/// Four decimals are more than the measures are good for, and keep files small and diffs quiet.
fn short(x: f32) -> f32 {
    (x * 1e4).round() / 1e4
}

fn triple((share, low, high): (f64, f64, f64)) -> [f64; 3] {
    [share, low, high].map(|x| (x * 1e4).round() / 1e4)
}

fn report<'a>(study: &'a Study, id: usize) -> Report<'a> {
    let side = &study.sides[id];
    let meta = side.document.meta();
    let sentence = |i: usize| Sentence {
        id: i + 1,
        text: side.sentence(i),
        english: side.translation(i),
        suspect: side.suspicion(i).map(|suspicion| suspicion.as_str()),
    };
    Report {
        id: id + 1,
        name: side.name(),
        language: side.document.lang().as_str(),
        title: meta.title.as_deref(),
        date: meta.date.as_deref(),
        url: meta.url.as_deref(),
        translation: side.signature.as_deref().map(|signature| Translation {
            signature,
            note: side.note.as_deref(),
            suspect: side.suspects(),
        }),
        sentences: (0..side.document.spans().len()).map(sentence).collect(),
    }
}

fn pair<'a>(study: &'a Study, compared: &Compared) -> Pair<'a> {
    let comparison = &compared.comparison;
    let coverage = [0, 1].map(|side| {
        let (expected, low, high) = comparison.covered(side);
        let of = comparison.side(side).iter().filter(|one| one.verdict != Verdict::Blank).count();
        Coverage { expected: short(expected), low: short(low), high: short(high), of }
    });
    let judgements = [0, 1].map(|side| {
        let judgement = |(i, one): (usize, &crate::compare::Judgement)| Judgement {
            id: i + 1,
            verdict: verdict_name(one.verdict),
            found: short(one.found),
            share: short(one.share),
            best: one.best.map(|(id, score)| Best { id: id + 1, score: short(score) }),
            salience: short(one.salience),
        };
        comparison.side(side).iter().enumerate().map(judgement).collect()
    });
    let place = |side: usize, (i, span): (usize, crate::document::Span)| Place {
        id: i + 1,
        start: span.start,
        end: span.end,
        text: span.of(study.sides[side].sentence(i)),
    };
    let disagreement = |one: &crate::compare::Disagreement| Disagreement {
        topic: topic_name(one.topic),
        confidence: short(one.confidence),
        source: place(compared.source, one.source),
        target: place(compared.target, one.target),
    };
    let link = |link: &crate::compare::Link| Link {
        source: link.source + 1,
        target: link.target + 1,
        score: short(link.score),
    };
    Pair {
        reports: [compared.source + 1, compared.target + 1],
        relation: relation_name(comparison.relation),
        same_event: comparison.same_event,
        doubtful: comparison.doubtful(),
        threshold: short(comparison.threshold),
        coverage,
        judgements,
        links: comparison.links().map(link).collect(),
        disagreements: comparison.disagreements.iter().map(disagreement).collect(),
        agreements: comparison.agreements,
    }
}

fn statement(statement: &crate::compare::Statement) -> Statement {
    let member =
        |member: &crate::compare::Member| Member { report: member.report + 1, id: member.sentence + 1 };
    Statement { members: statement.members.iter().map(member).collect(), score: short(statement.score) }
}

fn self_test(test: &crate::compare::SelfTest) -> SelfTest<'_> {
    SelfTest {
        what: &test.what,
        planted: test.planted,
        found: test.hits,
        recall: triple(test.recall()),
        precision: test.precision().map(triple),
    }
}
