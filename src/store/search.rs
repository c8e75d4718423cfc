//! The concordance: full-text search in both languages.

use std::ops::Range;

use rusqlite::{Connection, params};

use super::Store;
use super::errors::{At, Sql};
use super::rows::{from, lang, reason};
use crate::bitext::{AlignedPair, PairSide};
use crate::document::Span;
use crate::error::Result;
use crate::filter::Reason;
use crate::lang::Lang;

/// A pair that holds what was searched for.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// The source side.
    pub source: HitSide,
    /// The target side.
    pub target: HitSide,
    /// The bead's score, from 0 to 1.
    pub score: f32,
    /// Why the store's filter rejected the pair; `None` where it did not, or was not asked yet.
    pub rejected: Option<Reason>,
}

/// One side of a [`Hit`].
#[derive(Debug, Clone, PartialEq)]
pub struct HitSide {
    /// The document's name.
    pub document: String,
    /// The document's language.
    pub lang: Lang,
    /// The document's address, where it states one.
    pub url: Option<String>,
    /// The sentences' numbers, from 0.
    pub sentences: Range<usize>,
    /// Their place in the document's text, in bytes.
    pub span: Span,
    /// Their text as written.
    pub text: String,
    /// The words and phrases found, as places in `text`, in bytes.
    pub matches: Vec<Span>,
}
/// Marks around what a search found: Unicode noncharacters, which no text should hold.
const MARKS: (char, char) = ('\u{FDD0}', '\u{FDD1}');

impl Store {
    /// The pairs that hold every word of `query`, in either language, best first (BM25), at most `limit`.
    ///
    /// Case and diacritics make no difference. Words in double quotes are a phrase; `*` at the end of a word
    /// stands for any ending. Nothing else is special: any text is a query, and one without a word finds
    /// nothing. Chinese, Japanese and Thai, written without blanks, are found by whole phrases only.
    ///
    /// # Errors
    /// [`Error::Store`](crate::Error::Store) where the file cannot be read.
    pub fn search(&self, query: &str, limit: usize) -> Result<Vec<Hit>> {
        let Some(query) = fts_query(query) else { return Ok(Vec::new()) };
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.read(|snapshot| find_hits(snapshot, &query, limit).at(&self.path))
    }
}

impl Hit {
    /// The hit as the pair that an export writes.
    pub fn pair(&self) -> AlignedPair<'_> {
        AlignedPair {
            source: self.source.side(),
            target: self.target.side(),
            score: self.score,
            rejected: self.rejected,
        }
    }
}

impl HitSide {
    fn side(&self) -> PairSide<'_> {
        PairSide {
            document: &self.document,
            lang: &self.lang,
            url: self.url.as_deref(),
            sentences: self.sentences.clone(),
            span: Some(self.span),
            text: &self.text,
            english: None,
        }
    }
}

/// `query` in the language of FTS5: each word or phrase in quotes, so that nothing in it is syntax.
fn fts_query(query: &str) -> Option<String> {
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

fn find_hits(connection: &Connection, query: &str, limit: i64) -> Sql<Vec<Hit>> {
    // First the numbers alone, then the text of the best: the text of the others is never read.
    let mut select = connection.prepare_cached(
        "SELECT pair_text.rowid FROM pair_text
         JOIN bead ON bead.id = pair_text.rowid JOIN bitext ON bitext.id = bead.bitext
         JOIN document s ON s.id = bitext.source JOIN document t ON t.id = bitext.target
         WHERE pair_text MATCH ?1 ORDER BY pair_text.rank, s.name, t.name, bead.number LIMIT ?2",
    )?;
    let best = select.query_map(params![query, limit], |row| row.get(0))?.collect::<Sql<Vec<i64>>>()?;
    let mut select = connection.prepare_cached(
        "SELECT bead.score, bead.rejected, s.name, s.lang, s.url, source_first, source_count, s1.start, s2.stop,
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
                Ok(Hit {
                    score: row.get(0)?,
                    rejected: reason(row, 1)?,
                    source: hit_side(row, 2)?,
                    target: hit_side(row, 11)?,
                })
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Engines;
    use crate::store::testing::bitext;

    #[test]
    fn a_search_finds_words_of_both_languages_and_says_where() {
        let mut store = Store::in_memory().unwrap();
        let german = "Das Café am See öffnet früh.\nDie Häuser am Hafen.\nEin früher Zug.";
        let english = "The café by the lake opens early.\nThe houses by the harbour.\nAn early train.";
        store.save(&bitext(("a.de", german), ("a.en", english)), &Engines::default()).unwrap();
        for (query, expected) in [
            ("CAFE", vec![("Café", "café")]),
            ("hauser", vec![("Häuser", "")]),
            ("häus*", vec![("Häuser", "")]),
            ("haus", vec![]),
            ("am houses", vec![("am", "houses")]),
            ("\"am see\"", vec![("Am See|am See", "")]),
            ("\"see am\"", vec![]),
            ("früh* early", vec![("früher", "early"), ("früh", "early")]),
            ("AND", vec![]),
            ("source:am", vec![]),
            ("", vec![]),
            ("\"*( ^", vec![]),
        ] {
            let hits = store.search(query, 9).unwrap();
            let found: Vec<_> = hits
                .iter()
                .map(|hit| {
                    [&hit.source, &hit.target].map(|side| {
                        side.matches.iter().map(|span| span.of(&side.text)).collect::<Vec<_>>().join("|")
                    })
                })
                .collect();
            let expected: Vec<_> =
                expected.iter().map(|(s, t)| [s.replace("Am See|", ""), t.to_string()]).collect();
            assert_eq!(found, expected, "{query}");
        }
        let hit = &store.search("harbour", 1).unwrap()[0];
        assert_eq!((hit.source.sentences.clone(), hit.target.document.as_str()), (1..2, "a.en"));
        assert_eq!(hit.target.span.of(english), hit.target.text);
    }
}
