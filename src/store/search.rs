//! The concordance: any text as a query of FTS5, and where in the pairs it was found.

use rusqlite::{Connection, params};

use super::open::Sql;
use super::rows::{from, lang};
use super::{Hit, HitSide};
use crate::document::Span;

/// Marks around what a search found: Unicode noncharacters, which no text should hold.
const MARKS: (char, char) = ('\u{FDD0}', '\u{FDD1}');

/// `query` in the language of FTS5: each word or phrase in quotes, so that nothing in it is syntax.
pub(super) fn fts_query(query: &str) -> Option<String> {
    let mut terms: Vec<String> = Vec::new();
    for (i, part) in query.split('"').enumerate() {
        let part: String = part.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        if i % 2 == 1 {
            terms.push(format!("\"{part}\""));
        } else {
            terms.extend(part.split_whitespace().map(|word| match word.strip_suffix('*') {
                Some(stem) => format!("\"{stem}\" *"),
                None => format!("\"{word}\""),
            }));
        }
    }
    terms.retain(|term| term.chars().any(char::is_alphanumeric));
    terms.dedup();
    (!terms.is_empty()).then(|| terms.join(" "))
}

pub(super) fn find_hits(connection: &Connection, query: &str, limit: i64) -> Sql<Vec<Hit>> {
    // First the numbers alone, then the text of the best: the text of the others is never read.
    let mut select = connection.prepare_cached(
        "SELECT pair_text.rowid FROM pair_text
         JOIN bead ON bead.id = pair_text.rowid JOIN bitext ON bitext.id = bead.bitext
         JOIN document s ON s.id = bitext.source JOIN document t ON t.id = bitext.target
         WHERE pair_text MATCH ?1 ORDER BY pair_text.rank, s.name, t.name, bead.number LIMIT ?2",
    )?;
    let best = select.query_map(params![query, limit], |row| row.get(0))?.collect::<Sql<Vec<i64>>>()?;
    let mut select = connection.prepare_cached(
        "SELECT bead.score, s.name, s.lang, s.url, source_first, source_count, s1.start, s2.stop,
                pair_text.source, highlight(pair_text, 0, ?3, ?4),
                t.name, t.lang, t.url, target_first, target_count, t1.start, t2.stop,
                pair_text.target, highlight(pair_text, 1, ?3, ?4)
         FROM pair_text
         JOIN bead ON bead.id = pair_text.rowid JOIN bitext ON bitext.id = bead.bitext
         JOIN document s ON s.id = bitext.source JOIN document t ON t.id = bitext.target
         JOIN sentence s1 ON s1.document = s.id AND s1.number = source_first
         JOIN sentence s2 ON s2.document = s.id AND s2.number = source_first + source_count - 1
         JOIN sentence t1 ON t1.document = t.id AND t1.number = target_first
         JOIN sentence t2 ON t2.document = t.id AND t2.number = target_first + target_count - 1
         WHERE pair_text MATCH ?1 AND pair_text.rowid = ?2",
    )?;
    let (open, close) = (MARKS.0.to_string(), MARKS.1.to_string());
    best.into_iter()
        .map(|id| {
            select.query_row(params![query, id, open, close], |row| {
                Ok(Hit { score: row.get(0)?, source: hit_side(row, 1)?, target: hit_side(row, 10)? })
            })
        })
        .collect()
}

fn hit_side(row: &rusqlite::Row<'_>, first: usize) -> Sql<HitSide> {
    let number = from(row, first + 3)?;
    let text: String = row.get(first + 7)?;
    let marked: String = row.get(first + 8)?;
    Ok(HitSide {
        document: row.get(first)?,
        lang: lang(row.get(first + 1)?)?,
        url: row.get(first + 2)?,
        sentences: number..number + from(row, first + 4)?,
        span: Span { start: from(row, first + 5)?, end: from(row, first + 6)? },
        matches: marked_places(&marked, &text),
        text,
    })
}

/// Where the marks in `marked` lie in `text`, which is the same without them. Where it is not (a text that
/// holds such marks itself, or a zero byte, at which SQLite ends), no places rather than wrong ones.
fn marked_places(marked: &str, text: &str) -> Vec<Span> {
    if !marked.chars().filter(|c| ![MARKS.0, MARKS.1].contains(c)).eq(text.chars()) {
        return Vec::new();
    }
    let (mut at, mut start, mut places) = (0, 0, Vec::new());
    for c in marked.chars() {
        if c == MARKS.0 {
            start = at;
        } else if c == MARKS.1 {
            places.push(Span { start, end: at });
        } else {
            at += c.len_utf8();
        }
    }
    places
}
