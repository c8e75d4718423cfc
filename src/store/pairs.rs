//! Reading bitexts back: pair by pair, one document pair in memory at a time.

use std::ops::Range;
use std::path::Path;

use rusqlite::Connection;

use super::Store;
use super::errors::{At, Sql};
use super::memory::find_english;
use super::rows::{damaged, for_each_row, from, lang, reason};
use crate::bitext::{AlignedPair, PairSide};
use crate::document::Span;
use crate::error::Result;
use crate::filter::Reason;
use crate::lang::Lang;

/// Which pairs [`Store::for_each_pair`] hands out. The default: all that were not rejected.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PairFilter {
    /// The lowest score, from 0 to 1.
    pub min_score: f32,
    /// Only beads with one sentence on each side.
    pub one_to_one: bool,
    /// Only sources in this language.
    pub source_lang: Option<Lang>,
    /// Only targets in this language.
    pub target_lang: Option<Lang>,
    /// Look up the stored English of both sides too.
    pub english: bool,
    /// Those that the store's filter rejected, instead of those that it kept; before it was asked, all are kept.
    pub rejected: bool,
}

impl Store {
    /// Hands every pair that passes `filter` to `each`, by names of the documents, then in order of the text;
    /// one document pair is in memory at a time. What other processes write meanwhile is not seen.
    ///
    /// # Errors
    /// The first error of `each`; [`Error::Store`](crate::Error::Store) where the file cannot be read.
    pub fn for_each_pair(
        &self,
        filter: &PairFilter,
        each: &mut dyn FnMut(&AlignedPair<'_>) -> Result<()>,
    ) -> Result<()> {
        let langs = [&filter.source_lang, &filter.target_lang].map(|lang| lang.as_ref().map(Lang::as_str));
        self.read(|snapshot| {
            let mut bitexts = snapshot.prepare_cached(BITEXTS).at(&self.path)?;
            let mut rows = bitexts.query(langs).at(&self.path)?;
            while let Some(row) = rows.next().at(&self.path)? {
                let bitext = StoredBitext::of(row).at(&self.path)?;
                let wanted = |bead: &StoredBead| {
                    bead.rejected.is_some() == filter.rejected
                        && bead.score >= filter.min_score
                        && (!filter.one_to_one || (bead.source.len(), bead.target.len()) == (1, 1))
                };
                each_pair_of(snapshot, &self.path, &bitext, filter.english, &wanted, &mut |_, pair| {
                    each(pair)
                })?;
            }
            Ok(())
        })
    }

    /// The languages of source and target that the stored bitexts have, each pair once, sorted.
    ///
    /// # Errors
    /// [`Error::Store`](crate::Error::Store) where the file cannot be read.
    pub fn language_pairs(&self) -> Result<Vec<(Lang, Lang)>> {
        let sql = "SELECT DISTINCT s.lang, t.lang FROM bitext
             JOIN document s ON s.id = bitext.source JOIN document t ON t.id = bitext.target ORDER BY 1, 2";
        self.read(|snapshot| {
            let mut pairs = Vec::new();
            for_each_row(snapshot, sql, |row| {
                pairs.push((lang(row.get(0)?)?, lang(row.get(1)?)?));
                Ok(())
            })
            .at(&self.path)?;
            Ok(pairs)
        })
    }
}

/// Hands the wanted beads of a bitext that have two sides to `each`, in order, as pairs; with their stored
/// English if `english` says so.
pub(super) fn each_pair_of(
    connection: &Connection,
    path: &Path,
    bitext: &StoredBitext,
    english: bool,
    wanted: &dyn Fn(&StoredBead) -> bool,
    each: &mut dyn FnMut(&StoredBead, &AlignedPair<'_>) -> Result<()>,
) -> Result<()> {
    let source = StoredDocument::load(connection, bitext.source).at(path)?;
    let target = StoredDocument::load(connection, bitext.target).at(path)?;
    let beads = load_beads(connection, bitext.id).at(path)?;
    for bead in beads.iter().filter(|bead| bead.has_two_sides() && wanted(bead)) {
        let [source_engine, target_engine] =
            [bitext.source_engine, bitext.target_engine].map(|engine| engine.filter(|_| english));
        let hypothesis = source.english(connection, source_engine, &bead.source).at(path)?;
        let reference = target.english(connection, target_engine, &bead.target).at(path)?;
        let pair = AlignedPair {
            source: source.side(&bead.source, hypothesis.as_deref()).at(path)?,
            target: target.side(&bead.target, reference.as_deref()).at(path)?,
            score: bead.score,
            rejected: bead.rejected,
        };
        each(bead, &pair)?;
    }
    Ok(())
}

/// Every bitext in the order of an export; a name stands in at most one pair with another.
pub(super) const BITEXTS: &str =
    "SELECT bitext.id, bitext.source, bitext.target, source_engine, target_engine FROM bitext
     JOIN document s ON s.id = bitext.source JOIN document t ON t.id = bitext.target
     WHERE (?1 IS NULL OR s.lang = ?1) AND (?2 IS NULL OR t.lang = ?2)
     ORDER BY s.name, t.name";

pub(super) struct StoredBitext {
    pub(super) id: i64,
    pub(super) source: i64,
    pub(super) target: i64,
    pub(super) source_engine: Option<i64>,
    pub(super) target_engine: Option<i64>,
}

impl StoredBitext {
    pub(super) fn of(row: &rusqlite::Row<'_>) -> Sql<StoredBitext> {
        Ok(StoredBitext {
            id: row.get(0)?,
            source: row.get(1)?,
            target: row.get(2)?,
            source_engine: row.get(3)?,
            target_engine: row.get(4)?,
        })
    }
}

pub(super) struct StoredBead {
    pub(super) id: i64,
    pub(super) source: Range<usize>,
    pub(super) target: Range<usize>,
    pub(super) score: f32,
    pub(super) rejected: Option<Reason>,
}

impl StoredBead {
    pub(super) fn has_two_sides(&self) -> bool {
        !self.source.is_empty() && !self.target.is_empty()
    }
}

pub(super) fn load_beads(connection: &Connection, bitext: i64) -> Sql<Vec<StoredBead>> {
    let mut select = connection.prepare_cached(
        "SELECT id, source_first, source_count, target_first, target_count, score, rejected
         FROM bead
         WHERE bitext = ?1 ORDER BY number",
    )?;
    let beads = select.query_map([bitext], |row| {
        let range = |column| {
            Ok::<_, rusqlite::Error>(from(row, column)?..from(row, column)? + from(row, column + 1)?)
        };
        Ok(StoredBead {
            id: row.get(0)?,
            source: range(1)?,
            target: range(3)?,
            score: row.get(5)?,
            rejected: reason(row, 6)?,
        })
    })?;
    beads.collect()
}

pub(super) struct StoredDocument {
    pub(super) name: String,
    pub(super) lang: Lang,
    pub(super) url: Option<String>,
    pub(super) text: String,
    pub(super) spans: Vec<Span>,
}

impl StoredDocument {
    pub(super) fn load(connection: &Connection, id: i64) -> Sql<StoredDocument> {
        let mut sentences = connection
            .prepare_cached("SELECT start, stop FROM sentence WHERE document = ?1 ORDER BY number")?;
        let spans = sentences
            .query_map([id], |row| Ok(Span { start: from(row, 0)?, end: from(row, 1)? }))?
            .collect::<Sql<Vec<_>>>()?;
        let mut select =
            connection.prepare_cached("SELECT name, lang, url, text FROM document WHERE id = ?1")?;
        select.query_row([id], |row| {
            Ok(StoredDocument {
                name: row.get(0)?,
                lang: lang(row.get(1)?)?,
                url: row.get(2)?,
                text: row.get(3)?,
                spans,
            })
        })
    }

    /// Where some sentences lie, from the first to the last; an error where the store was tampered with.
    pub(super) fn span(&self, sentences: &Range<usize>) -> Sql<Span> {
        let span = match self.spans.get(sentences.clone()) {
            Some([first, .., last]) => Some(Span { start: first.start, end: last.end }),
            Some([only]) => Some(*only),
            _ => None,
        };
        let span = span.filter(|span| self.text.get(span.start..span.end).is_some());
        span.ok_or_else(|| damaged(format!("no sentences {sentences:?} in document {}", self.name)))
    }

    pub(super) fn slice(&self, sentences: &Range<usize>) -> Sql<&str> {
        self.span(sentences).map(|span| span.of(&self.text))
    }

    pub(super) fn side<'a>(
        &'a self,
        sentences: &Range<usize>,
        english: Option<&'a str>,
    ) -> Sql<PairSide<'a>> {
        let span = self.span(sentences)?;
        Ok(PairSide {
            document: &self.name,
            lang: &self.lang,
            url: self.url.as_deref(),
            sentences: sentences.clone(),
            span: Some(span),
            text: span.of(&self.text),
            english,
        })
    }

    /// The English of the sentences by this engine, with blanks between; `None` where one is missing.
    pub(super) fn english(
        &self,
        connection: &Connection,
        engine: Option<i64>,
        sentences: &Range<usize>,
    ) -> Sql<Option<String>> {
        let Some(engine) = engine else { return Ok(None) };
        let each = sentences.clone().map(|number| {
            let sentence = self.slice(&(number..number + 1))?;
            find_english(connection, engine, sentence)
        });
        Ok(each.collect::<Sql<Option<Vec<_>>>>()?.map(|english| english.join(" ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bitext::{Bead, Bitext};
    use crate::store::testing::{bitext, document, texts};
    use crate::store::{Engines, LangStats};

    #[test]
    fn pairs_pass_the_filter_and_carry_their_english() {
        let mut store = Store::in_memory().unwrap();
        let source = document("a.de", "de", "Eins.\nZwei.\nDrei.\nVier.");
        let target = document("a.en", "en", "One.\nTwo and three.\nFive.");
        let bead = |source, target, score| Bead { source, target, score };
        let beads =
            vec![bead(0..1, 0..1, 0.5), bead(1..3, 1..2, 0.9), bead(3..4, 2..2, 1.0), bead(4..4, 2..3, 1.0)];
        let bitext = Bitext::new(source, target, beads, "test".into()).unwrap();
        store.remember("engine", &[("Zwei.", "Two."), ("Drei.", "Three.")]).unwrap();
        store.save(&bitext, &Engines { source: Some("engine"), target: None }).unwrap();
        let german = Some("de".parse().unwrap());
        let english = Some(Lang::english());
        let all = PairFilter::default();
        for (filter, expected) in [
            (all.clone(), vec![("Eins.", None), ("Zwei.\nDrei.", None)]),
            (PairFilter { min_score: 0.9, ..all.clone() }, vec![("Zwei.\nDrei.", None)]),
            (PairFilter { one_to_one: true, ..all.clone() }, vec![("Eins.", None)]),
            (
                PairFilter { english: true, ..all.clone() },
                vec![("Eins.", None), ("Zwei.\nDrei.", Some("Two. Three."))],
            ),
            (PairFilter { source_lang: german, min_score: 0.6, ..all.clone() }, vec![("Zwei.\nDrei.", None)]),
            (PairFilter { source_lang: english, ..all.clone() }, vec![]),
        ] {
            let mut found = Vec::new();
            store
                .for_each_pair(&filter, &mut |pair| {
                    found.push((pair.source.text.to_string(), pair.source.english.map(str::to_string)));
                    Ok(())
                })
                .unwrap();
            let found: Vec<_> =
                found.iter().map(|(text, english)| (text.as_str(), english.as_deref())).collect();
            assert_eq!(found, expected, "{filter:?}");
        }
        let stats = store.stats().unwrap();
        assert_eq!(
            stats.beads.iter().map(|(kind, n)| (kind.as_str(), *n)).collect::<Vec<_>>(),
            [("0-1", 1), ("1-0", 1), ("1-1", 1), ("2-1", 1),]
        );
        assert_eq!((stats.pairs, stats.bitexts), (2, 1));
        assert!((stats.mean_score.unwrap() - 0.7).abs() < 1e-6);
        assert_eq!(stats.languages["de"], LangStats { documents: 1, sentences: 4 });
    }

    #[test]
    fn the_order_of_pairs_does_not_depend_on_the_order_of_saving() {
        let pairs = [("b.de", "b.en"), ("a.de", "c.en"), ("a.de", "b.en")];
        let ordered = |order: [usize; 3]| {
            let mut store = Store::in_memory().unwrap();
            for i in order {
                store
                    .save(&bitext((pairs[i].0, pairs[i].0), (pairs[i].1, pairs[i].1)), &Engines::default())
                    .unwrap();
            }
            texts(&store)
        };
        let expected =
            [("a.de", "b.en"), ("a.de", "c.en"), ("b.de", "b.en")].map(|(s, t)| (s.into(), t.into()));
        for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
            assert_eq!(ordered(order), expected);
        }
    }
}
