//! The store: one SQLite file with documents, their sentences, the translation memory and the bitexts. All SQL
//! is in store/ and schema.sql; each query is a function with a name.
//!
//! Durability: write-ahead logging with `synchronous = FULL`, so what a method has returned from survives a
//! killed process and a power cut. The cost is one sync a transaction, and a transaction is a whole document
//! or batch of translations, so it is not felt. Every write begins `IMMEDIATE`: a second process waits for
//! its turn at the start instead of failing in the middle.

mod open;
mod rows;
mod search;

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use self::open::{At, Sql, Stamp, refusal};
use self::rows::{StoredBead, StoredBitext, StoredDocument};
use crate::bitext::{AlignedPair, Bitext, PairSide};
use crate::document::Span;
use crate::error::{Error, Result};
use crate::lang::Lang;

/// Documents, their translations and alignments, in one SQLite file that several processes may use at once.
///
/// ```
/// # fn main() -> diptych::Result<()> {
/// let mut store = diptych::Store::in_memory()?;
/// store.remember("marian/de-en/1", &[("Guten Morgen.", "Good morning.")])?;
/// let found = store.recall("marian/de-en/1", &["Guten Morgen.", "Gute Nacht."])?;
/// assert_eq!(found, [Some("Good morning.".to_string()), None]);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Store {
    connection: Connection,
    path: PathBuf,
    /// Time and size of a file that is read without locks, to notice a change.
    unlocked: Option<Stamp>,
}

/// The signatures of the engines whose translations an alignment was made with; `None` for a side that is
/// English itself or was not translated.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Engines<'a> {
    /// What translated the source.
    pub source: Option<&'a str>,
    /// What translated the target.
    pub target: Option<&'a str>,
}

/// Which pairs [`Store::for_each_pair`] hands out. The default: all.
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
}

/// A pair that holds what was searched for.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// The source side.
    pub source: HitSide,
    /// The target side.
    pub target: HitSide,
    /// The bead's score, from 0 to 1.
    pub score: f32,
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

/// What a store holds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Stats {
    /// Documents and sentences by language tag.
    pub languages: BTreeMap<String, LangStats>,
    /// Document pairs.
    pub bitexts: u64,
    /// Beads by type: `1-1`, `2-1`, `0-1`.
    pub beads: BTreeMap<String, u64>,
    /// Beads with two sides.
    pub pairs: u64,
    /// Their mean score; `None` where there are none.
    pub mean_score: Option<f64>,
    /// Entries of the translation memory by engine signature.
    pub translations: BTreeMap<String, u64>,
    /// The size of the database in bytes.
    pub bytes: u64,
}

/// What a store holds in one language.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LangStats {
    /// Documents.
    pub documents: u64,
    /// Sentences in them.
    pub sentences: u64,
}

impl Store {
    /// Opens the store at `path` for reading and writing; makes one where there is no file.
    ///
    /// # Errors
    /// [`Error::Store`]: a file that is no store or of a newer version, a missing or read-only directory, a
    /// read-only file, a full disk, or another process that holds the store for more than 10 seconds.
    pub fn open(path: &Path) -> Result<Store> {
        open::refuse_directory(path)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        let connection = Connection::open_with_flags(path, flags).at(path)?;
        if connection.is_readonly("main").at(path)? {
            return Err(refusal(path, open::READ_ONLY));
        }
        Store::prepare(connection, path)
    }

    /// Opens the store at `path`, which must exist. A store that may only be read can be read; writing
    /// methods then fail.
    ///
    /// # Errors
    /// [`Error::Store`] as of [`Store::open`], and where there is no file.
    pub fn open_existing(path: &Path) -> Result<Store> {
        open::refuse_directory(path)?;
        if !path.exists() {
            return Err(refusal(path, "no such file; `diptych align --store` makes one"));
        }
        let (connection, unlocked) = open::open_to_read(path)?;
        let store = Store { connection, path: path.to_path_buf(), unlocked };
        match store.version()? {
            version if version == open::MIGRATIONS.len() => Ok(store),
            0 => Err(refusal(path, "an empty file, not a diptych store; name another")),
            _ if store.connection.is_readonly("main").at(path)? => {
                let what =
                    "made by an older diptych and read-only; make it writable, so that it can be updated";
                Err(refusal(path, what))
            }
            _ => Store::prepare(store.connection, path),
        }
    }

    /// A store that is gone when it is dropped: for runs that keep nothing.
    ///
    /// # Errors
    /// [`Error::Store`] where memory is short.
    pub fn in_memory() -> Result<Store> {
        let path = Path::new(":memory:");
        Store::prepare(Connection::open_in_memory().at(path)?, path)
    }

    /// Where the store lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The stored English of each of `sentences` by the engine with this `signature`, in order; `None` for
    /// those that it has not translated yet.
    ///
    /// # Errors
    /// [`Error::Store`] where the file cannot be read.
    pub fn recall(&self, signature: &str, sentences: &[&str]) -> Result<Vec<Option<String>>> {
        self.read(|snapshot| {
            let Some(engine) = rows::find_engine(snapshot, signature).at(&self.path)? else {
                return Ok(vec![None; sentences.len()]);
            };
            let each = sentences.iter().map(|sentence| rows::find_english(snapshot, engine, sentence));
            each.collect::<Sql<_>>().at(&self.path)
        })
    }

    /// Stores translations, pairs of a sentence and its English, in one transaction. What the engine with
    /// this `signature` has translated before stays as it is: equal signatures give equal translations.
    ///
    /// # Errors
    /// [`Error::Store`]: read-only, full, or held by another process for more than 10 seconds. Nothing of
    /// `pairs` is stored then.
    pub fn remember(&mut self, signature: &str, pairs: &[(&str, &str)]) -> Result<()> {
        self.write(|tx| {
            let engine = rows::put_engine(tx, signature)?;
            pairs.iter().try_for_each(|(sentence, english)| rows::put_english(tx, engine, sentence, english))
        })
    }

    /// Stores a bitext with its documents, in one transaction, in place of what was stored for documents of
    /// the same two names. Older texts of these names go too, unless another bitext uses them.
    ///
    /// # Errors
    /// [`Error::Store`] as of [`Store::remember`]; the store is as before then. [`Error::Alignment`] where a
    /// score is not a number.
    pub fn save(&mut self, bitext: &Bitext, engines: &Engines<'_>) -> Result<()> {
        let names = (bitext.source().name(), bitext.target().name());
        if let Some(i) = bitext.beads().iter().position(|bead| !bead.score.is_finite()) {
            let name = format!("{} / {}", names.0, names.1);
            return Err(Error::Alignment { name, what: format!("the score of bead {i} is not a number") });
        }
        self.write(|tx| {
            rows::remove_bitexts(tx, names)?;
            let source = rows::put_document(tx, bitext.source())?;
            let target = rows::put_document(tx, bitext.target())?;
            let id = rows::put_bitext(tx, (source, target), bitext.signature(), engines)?;
            rows::put_beads(tx, id, bitext)?;
            rows::remove_unused_documents(tx, names)
        })
    }

    /// Hands every pair that passes `filter` to `each`, by names of the documents, then in order of the text;
    /// one document pair is in memory at a time. What other processes write meanwhile is not seen.
    ///
    /// # Errors
    /// The first error of `each`; [`Error::Store`] where the file cannot be read.
    pub fn for_each_pair(
        &self,
        filter: &PairFilter,
        each: &mut dyn FnMut(&AlignedPair<'_>) -> Result<()>,
    ) -> Result<()> {
        let langs = [&filter.source_lang, &filter.target_lang].map(|lang| lang.as_ref().map(Lang::as_str));
        self.read(|snapshot| {
            for bitext in rows::bitexts_of(snapshot, langs).at(&self.path)? {
                self.for_each_pair_of(snapshot, &bitext, filter, each)?;
            }
            Ok(())
        })
    }

    /// The languages of source and target that the stored bitexts have, each pair once, sorted.
    ///
    /// # Errors
    /// [`Error::Store`] where the file cannot be read.
    pub fn language_pairs(&self) -> Result<Vec<(Lang, Lang)>> {
        self.read(|snapshot| rows::language_pairs(snapshot).at(&self.path))
    }

    /// The pairs that hold every word of `query`, in either language, best first (BM25), at most `limit`.
    ///
    /// Case and diacritics make no difference. Words in double quotes are a phrase; `*` at the end of a word
    /// stands for any ending. Nothing else is special: any text is a query, and one without a word finds
    /// nothing. Chinese, Japanese and Thai, written without blanks, are found by whole phrases only.
    ///
    /// # Errors
    /// [`Error::Store`] where the file cannot be read.
    pub fn search(&self, query: &str, limit: usize) -> Result<Vec<Hit>> {
        let Some(query) = search::fts_query(query) else { return Ok(Vec::new()) };
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.read(|snapshot| search::find_hits(snapshot, &query, limit).at(&self.path))
    }

    /// Counts what the store holds.
    ///
    /// # Errors
    /// [`Error::Store`] where the file cannot be read.
    pub fn stats(&self) -> Result<Stats> {
        self.read(|snapshot| rows::count(snapshot).at(&self.path))
    }

    /// Makes the schema or brings it up to date, and sets how the file is written.
    fn prepare(connection: Connection, path: &Path) -> Result<Store> {
        let store = Store { connection, path: path.to_path_buf(), unlocked: None };
        store.connection.busy_timeout(open::PATIENCE).at(path)?;
        // A second look inside the transaction: another process may have made the schema in between.
        if store.version()? != open::MIGRATIONS.len() {
            let begin = TransactionBehavior::Immediate;
            let tx = Transaction::new_unchecked(&store.connection, begin).at(path)?;
            open::migrate(&tx, store.version()?).and_then(|()| tx.commit()).at(path)?;
        }
        open::use_write_ahead_log(&store.connection).at(path)?;
        store.connection.pragma_update(None, "synchronous", "FULL").at(path)?;
        store.connection.pragma_update(None, "foreign_keys", true).at(path)?;
        store.connection.set_prepared_statement_cache_capacity(32);
        Ok(store)
    }

    /// The schema's version, 0 for a database without content.
    fn version(&self) -> Result<usize> {
        let (application, version, tables) = open::identity(&self.connection).at(&self.path)?;
        if (application, version, tables) == (0, 0, 0) {
            return Ok(0);
        }
        if application != open::APPLICATION_ID {
            return Err(refusal(
                &self.path,
                "an SQLite database, but not a diptych store; name another file",
            ));
        }
        let known = open::MIGRATIONS.len();
        if version > known as i64 {
            let what =
                format!("made by a newer diptych (schema {version}, this one knows {known}); update diptych");
            return Err(refusal(&self.path, what));
        }
        usize::try_from(version).map_err(|_| rows::damaged(format!("schema {version}"))).at(&self.path)
    }

    /// Runs `look` on the store as it is now, whatever other processes write meanwhile.
    fn read<T>(&self, look: impl FnOnce(&Transaction<'_>) -> Result<T>) -> Result<T> {
        let snapshot = self.connection.unchecked_transaction().at(&self.path)?;
        let seen = look(&snapshot);
        if self.unlocked.is_some() && self.unlocked != Stamp::of(&self.path) {
            return Err(refusal(&self.path, "changed while it was read; run this again"));
        }
        seen
    }

    /// Runs `change` in one transaction; an error leaves the store as it was.
    fn write(&mut self, change: impl FnOnce(&Transaction<'_>) -> Sql<()>) -> Result<()> {
        let tx = self.connection.transaction_with_behavior(TransactionBehavior::Immediate).at(&self.path)?;
        change(&tx).and_then(|()| tx.commit()).at(&self.path)
    }

    fn for_each_pair_of(
        &self,
        snapshot: &Transaction<'_>,
        bitext: &StoredBitext,
        filter: &PairFilter,
        each: &mut dyn FnMut(&AlignedPair<'_>) -> Result<()>,
    ) -> Result<()> {
        let source = StoredDocument::load(snapshot, bitext.source).at(&self.path)?;
        let target = StoredDocument::load(snapshot, bitext.target).at(&self.path)?;
        let wanted = |bead: &StoredBead| {
            bead.has_two_sides()
                && bead.score >= filter.min_score
                && (!filter.one_to_one || (bead.source.len(), bead.target.len()) == (1, 1))
        };
        for bead in rows::load_beads(snapshot, bitext.id).at(&self.path)?.iter().filter(|bead| wanted(bead)) {
            let (english, reference) = if filter.english {
                (
                    source.english(snapshot, bitext.source_engine, &bead.source).at(&self.path)?,
                    target.english(snapshot, bitext.target_engine, &bead.target).at(&self.path)?,
                )
            } else {
                (None, None)
            };
            each(&AlignedPair {
                source: source.side(&bead.source, english.as_deref()).at(&self.path)?,
                target: target.side(&bead.target, reference.as_deref()).at(&self.path)?,
                score: bead.score,
            })?;
        }
        Ok(())
    }
}

impl Hit {
    /// The hit as the pair that an export writes.
    pub fn pair(&self) -> AlignedPair<'_> {
        AlignedPair { source: self.source.side(), target: self.target.side(), score: self.score }
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::bitext::Bead;
    use crate::document::Document;
    use crate::split::Split;

    fn document(name: &str, lang: &str, text: &str) -> Document {
        Document::new(name.into(), lang.parse().unwrap(), text.into(), Split::Lines)
    }

    /// Line by line, as 1-1 beads; both texts have as many lines.
    fn bitext(source: (&str, &str), target: (&str, &str)) -> Bitext {
        let source = document(source.0, "de", source.1);
        let target = document(target.0, "en", target.1);
        let beads =
            (0..source.spans().len()).map(|i| Bead { source: i..i + 1, target: i..i + 1, score: 0.5 });
        let beads = beads.collect();
        Bitext::new(source, target, beads, "test".into()).unwrap()
    }

    fn texts(store: &Store) -> Vec<(String, String)> {
        let mut pairs = Vec::new();
        store
            .for_each_pair(&PairFilter::default(), &mut |pair| {
                pairs.push((pair.source.text.to_string(), pair.target.text.to_string()));
                Ok(())
            })
            .unwrap();
        pairs
    }

    fn rows(store: &Store, table: &str) -> i64 {
        let sql = format!("SELECT count(*) FROM {table}");
        store.connection.query_row(&sql, [], |row| row.get(0)).unwrap()
    }

    /// The index and the foreign keys agree with the tables.
    fn assert_sound(store: &Store) {
        store
            .connection
            .execute("INSERT INTO pair_text (pair_text, rank) VALUES ('integrity-check', 1)", [])
            .unwrap();
        assert_eq!(rows(store, "pragma_foreign_key_check"), 0);
        let used = "(SELECT source FROM bitext UNION SELECT target FROM bitext)";
        assert_eq!(rows(store, "document"), rows(store, used));
    }

    #[test]
    fn saving_again_replaces_whatever_changed() {
        let mut store = Store::in_memory().unwrap();
        let none = Engines::default();
        store.save(&bitext(("a.de", "Eins\nZwei"), ("a.en", "One\nTwo")), &none).unwrap();
        store.save(&bitext(("a.de", "Eins\nZwei"), ("a.en", "One\nTwo")), &none).unwrap();
        assert_eq!((rows(&store, "bitext"), rows(&store, "document"), rows(&store, "sentence")), (1, 2, 4));
        // The German text is used elsewhere too, so its old form stays until that pair is aligned anew.
        store.save(&bitext(("a.de", "Eins\nZwei"), ("b.en", "First\nSecond")), &none).unwrap();
        store.save(&bitext(("a.de", "Drei"), ("a.en", "Three")), &none).unwrap();
        assert_eq!(texts(&store).len(), 3);
        assert_eq!(rows(&store, "document"), 4);
        store.save(&bitext(("a.de", "Drei"), ("b.en", "Third")), &none).unwrap();
        assert_eq!(texts(&store), [("Drei".into(), "Three".into()), ("Drei".into(), "Third".into())]);
        assert_eq!((rows(&store, "document"), rows(&store, "sentence"), rows(&store, "bead")), (3, 3, 2));
        assert!(store.search("eins", 9).unwrap().is_empty());
        assert_eq!(store.search("drei", 9).unwrap().len(), 2);
        assert_sound(&store);
    }

    #[test]
    fn the_same_text_split_in_another_way_is_another_document() {
        let mut store = Store::in_memory().unwrap();
        store.save(&bitext(("a.de", "Eins\nZwei"), ("a.en", "One\nTwo")), &Engines::default()).unwrap();
        let (source, target) = (document("a.de", "de", "Eins\nZwei"), document("c.en", "en", "Both"));
        let mut whole = source.clone();
        whole = Document::new("a.de".into(), whole.lang().clone(), "Eins Zwei".into(), Split::Lines);
        for source in [source, whole] {
            let beads = vec![Bead { source: 0..source.spans().len(), target: 0..1, score: 1.0 }];
            let bitext = Bitext::new(source, target.clone(), beads, "test".into()).unwrap();
            store.save(&bitext, &Engines::default()).unwrap();
            assert_sound(&store);
        }
        assert_eq!(rows(&store, "document"), 4);
    }

    #[test]
    fn what_was_translated_once_is_recalled_by_its_engine_only() {
        let mut store = Store::in_memory().unwrap();
        store.remember("one", &[("Ja.", "Yes."), ("", ""), ("Ja.", "Aye.")]).unwrap();
        store.remember("one", &[("Ja.", "Yeah.")]).unwrap();
        assert_eq!(
            store.recall("one", &["Ja.", "Nein.", ""]).unwrap(),
            [Some("Yes.".into()), None, Some("".into())]
        );
        assert_eq!(store.recall("two", &["Ja."]).unwrap(), [None]);
        assert_eq!(store.stats().unwrap().translations, BTreeMap::from([("one".into(), 2)]));
    }

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

    #[test]
    fn a_full_disk_fails_with_the_way_out_and_loses_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let mut store = Store::open(&directory.path().join("c.db")).unwrap();
        store.remember("engine", &[("Ja.", "Yes.")]).unwrap();
        // SQLite's own limit on pages makes the error that a full disk makes.
        let pages: i64 = store.connection.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
        store.connection.pragma_update(None, "max_page_count", pages).unwrap();
        let long = "x".repeat(1 << 20);
        let error = store.remember("engine", &[("Nein.", "No."), ("lang", &long)]).unwrap_err().to_string();
        assert!(error.contains("the disk is full; make room"), "{error}");
        let error = store
            .save(&bitext((&long, &long), ("a.en", "One")), &Engines::default())
            .unwrap_err()
            .to_string();
        assert!(error.contains("the disk is full; make room"), "{error}");
        assert_eq!(store.recall("engine", &["Ja.", "Nein."]).unwrap(), [Some("Yes.".into()), None]);
        assert_sound(&store);
    }

    #[test]
    fn a_store_that_another_process_holds_is_named_as_such() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("c.db");
        let mut store = Store::open(&path).unwrap();
        let holder = Store::open(&path).unwrap();
        holder.connection.execute_batch("BEGIN IMMEDIATE").unwrap();
        store.connection.busy_timeout(Duration::from_millis(20)).unwrap(); // for 10 s, in less
        let error = store.remember("engine", &[("Ja.", "Yes.")]).unwrap_err().to_string();
        assert!(error.contains("another process") && error.contains("c.db"), "{error}");
        // Readers do not wait, and do not see what is not done.
        holder.connection.execute("INSERT INTO engine (signature) VALUES ('engine')", []).unwrap();
        assert_eq!(store.recall("engine", &["Ja."]).unwrap(), [None]);
        drop(holder);
        store.remember("engine", &[("Ja.", "Yes.")]).unwrap();
        assert_sound(&store);
    }

    #[test]
    fn many_openers_at_once_make_one_store() {
        let directory = tempfile::tempdir().unwrap();
        for round in 0..5 {
            let path = directory.path().join(format!("{round}.db"));
            std::thread::scope(|scope| {
                for i in 0..8 {
                    let path = &path;
                    scope.spawn(move || {
                        let name = format!("{i}");
                        Store::open(path).unwrap().remember(&name, &[("Ja.", "Yes.")]).unwrap();
                    });
                }
            });
            assert_eq!(Store::open(&path).unwrap().stats().unwrap().translations.len(), 8);
        }
    }

    #[test]
    fn a_score_that_is_no_number_is_refused() {
        let (source, target) = (document("a.de", "de", "Eins"), document("a.en", "en", "One"));
        let beads = vec![Bead { source: 0..1, target: 0..1, score: f32::NAN }];
        let bitext = Bitext::new(source, target, beads, "test".into()).unwrap();
        let error = Store::in_memory().unwrap().save(&bitext, &Engines::default()).unwrap_err();
        assert!(error.to_string().contains("score of bead 0"), "{error}");
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
