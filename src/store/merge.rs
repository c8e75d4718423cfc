//! Bringing several stores into one, so that it does not matter in which order.
//!
//! What stores share is united: engines, translations, documents. What they may disagree about is one unit a
//! pair of names, a bitext with its row of `input`; of several the [least](Unit) one is taken, by content and
//! never by place, so any order and any grouping of merges ends with the same units. Nothing is read whole:
//! one document pair is in memory at a time, and each transaction holds a few dozen of them. A merge that is
//! killed is ended by running it again.

use rusqlite::{Connection, OptionalExtension, Row, Rows, Transaction, params};
use sha2::{Digest, Sha256};

use super::Engines;
use super::Store;
use super::errors::{At, Sql};
use super::filter::{SETTING, find_setting, forget_filter, put_setting};
use super::inputs::forget_partnerless;
use super::memory::put_engine;
use super::pairs::{StoredDocument, load_beads};
use super::save::{NewDocument, OnConflict, put_beads, put_bitext, remove_bitexts, remove_unused};
use crate::bitext::Bead;
use crate::error::Result;
use crate::filter::FilterOptions;

/// What a merge did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MergeCounts {
    /// Document pairs whose names were new.
    pub added: usize,
    /// Document pairs that another store held otherwise, where that one's was taken.
    pub replaced: usize,
    /// Document pairs that another store held otherwise, where the own one stayed.
    pub kept: usize,
    /// Document pairs that were there already, the same.
    pub same: usize,
    /// Translations that were new, or took the place of another of the same sentence by the same engine.
    pub translations: usize,
    /// Whether the pairs were filtered: where every store with pairs had been, with the same options.
    pub filtered: bool,
}

/// The setting that holds, while a merge is under way, what the own pairs were filtered with before: a merge
/// that is run again after it was killed must not take its own half-done state for that.
const MERGING: &str = "merging";
/// Document pairs in a transaction: each transaction costs a sync.
const BATCH: usize = 32;
/// Translations in a transaction.
const BATCH_TRANSLATIONS: i64 = 4096;

impl Store {
    /// Brings all that `inputs` hold into this store.
    ///
    /// Merging the same stores again changes nothing, and any order of the same stores gives the same pairs.
    /// Where two stores hold different bitexts for documents of the same two names, one that a build stands
    /// for goes before one without, and of equals the one whose content has the lesser SHA-256, which is
    /// arbitrary but the same everywhere; of two translations of a sentence by one engine the lesser text
    /// stays. A pair that one build aligned and another skipped counts as aligned. Where all stores that hold
    /// pairs were filtered with the same options, the result is, too; else no verdicts are kept.
    ///
    /// `hear` is told how many document pairs of the inputs are done; its error ends the merge, which another
    /// merge of the same stores completes.
    ///
    /// # Errors
    /// The error of `hear`; [`Error::Store`](crate::Error::Store) where one of the stores cannot be read or
    /// this one not be written.
    pub fn merge(
        &mut self,
        inputs: &[Store],
        hear: &mut dyn FnMut(usize) -> Result<()>,
    ) -> Result<MergeCounts> {
        let own = self.own_filter()?;
        let mut counts = MergeCounts::default();
        let mut agreed = Agreed::of(&own);
        let mut done = 0;
        for input in inputs {
            input.read(|snapshot| {
                agreed.hear(&filter_of(snapshot).at(&input.path)?);
                counts.translations += self.unite_translations(input, snapshot, &own)?;
                for sql in [Unit::BITEXTS, Unit::SKIPS] {
                    let mut select = snapshot.prepare(sql).at(&input.path)?;
                    let mut rows = select.query([]).at(&input.path)?;
                    loop {
                        let units = Unit::batch(snapshot, &mut rows).at(&input.path)?;
                        if units.is_empty() {
                            break;
                        }
                        self.unite_units(input, snapshot, &units, &own, &mut counts)?;
                        done += units.iter().filter(|unit| unit.bitext.is_some()).count();
                        hear(done)?;
                    }
                }
                Ok(())
            })?;
        }
        counts.filtered = self.end_merge(&agreed)?;
        Ok(counts)
    }

    /// What the own pairs were filtered with, before this merge or the killed one that it completes.
    fn own_filter(&self) -> Result<String> {
        self.read(|snapshot| {
            let before = find_setting(snapshot, MERGING).at(&self.path)?;
            before.map_or_else(|| filter_of(snapshot).at(&self.path), Ok)
        })
    }

    /// Takes over the engines and translations; returns how many were new.
    fn unite_translations(&mut self, input: &Store, snapshot: &Transaction<'_>, own: &str) -> Result<usize> {
        let mut changed = 0;
        let mut select =
            snapshot.prepare("SELECT id, signature FROM engine ORDER BY signature").at(&input.path)?;
        let engines = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).at(&input.path)?;
        let engines: Vec<(i64, String)> = engines.collect::<Sql<_>>().at(&input.path)?;
        let mut page = snapshot
            .prepare(
                "SELECT sentence, english FROM translation
                 WHERE engine = ?1 AND sentence >= ?2 ORDER BY sentence LIMIT ?3",
            )
            .at(&input.path)?;
        for (id, signature) in engines {
            // Each page begins with the last sentence of the one before: one row twice does no harm.
            let mut first = String::new();
            loop {
                let rows = page
                    .query_map(params![id, first, BATCH_TRANSLATIONS], |row| Ok((row.get(0)?, row.get(1)?)))
                    .at(&input.path)?;
                let rows: Vec<(String, String)> = rows.collect::<Sql<_>>().at(&input.path)?;
                if rows.is_empty() {
                    break; // what a bitext has its English from comes with the bitext
                }
                let mut new = 0;
                self.write(|tx| {
                    new = put_translations(tx, &signature, &rows)?;
                    if new > 0 { begin_changes(tx, own) } else { Ok(()) }
                })?;
                changed += new;
                match rows.into_iter().nth(BATCH_TRANSLATIONS as usize - 1) {
                    Some((sentence, _)) => first = sentence,
                    None => break,
                }
            }
        }
        Ok(changed)
    }

    /// Takes over those of `units` that go before the own ones, in one transaction.
    fn unite_units(
        &mut self,
        input: &Store,
        snapshot: &Transaction<'_>,
        units: &[Unit],
        own: &str,
        counts: &mut MergeCounts,
    ) -> Result<()> {
        let mut copies = Vec::with_capacity(units.len());
        for unit in units {
            let wanted = self.read(|tx| unit.is_wanted(tx).at(&self.path))?;
            let bitext = unit.bitext.filter(|_| wanted);
            copies.push(bitext.map(|(id, _)| Copied::read(snapshot, id)).transpose().at(&input.path)?);
        }
        let mut new = *counts;
        self.write(|tx| {
            for (unit, copy) in units.iter().zip(&copies) {
                let old = Unit::find(tx, &unit.names)?;
                unit.count(old.as_ref(), &mut new);
                // Looked at once more: another process may have brought in a better one meanwhile.
                if !unit.is_wanted(tx)? {
                    continue;
                }
                begin_changes(tx, own)?;
                unit.put(tx, copy.as_ref())?;
            }
            Ok(())
        })?;
        *counts = new;
        Ok(())
    }

    /// Filters as agreed, or takes back verdicts that no longer hold; then the merge is complete.
    fn end_merge(&mut self, agreed: &Agreed) -> Result<bool> {
        let unfinished = self.read(|snapshot| find_setting(snapshot, MERGING).at(&self.path))?;
        if unfinished.is_none() {
            return self.filtered().map(|filter| filter.is_some());
        }
        let options = match agreed {
            Agreed::On(filter) => filter.parse::<FilterOptions>().ok(),
            Agreed::Nothing | Agreed::Not => None,
        };
        match &options {
            Some(options) => drop(self.filter(options, &mut |_| Ok(()))?),
            None => self.write(|tx| {
                tx.execute("UPDATE bead SET rejected = NULL WHERE rejected IS NOT NULL", [])?;
                Ok(())
            })?,
        }
        self.write(|tx| {
            tx.execute("DELETE FROM setting WHERE name = ?1", [MERGING])?;
            Ok(())
        })?;
        Ok(options.is_some())
    }
}

/// Says that the verdicts on pairs no longer stand, and what they were given by.
fn begin_changes(tx: &Transaction<'_>, own: &str) -> Sql<()> {
    if find_setting(tx, MERGING)?.is_none() {
        put_setting(tx, MERGING, own)?;
    }
    forget_filter(tx)
}

/// Which filter all stores with pairs have in common.
enum Agreed {
    /// No store had pairs so far.
    Nothing,
    On(String),
    Not,
}

impl Agreed {
    fn of(filter: &str) -> Agreed {
        let mut agreed = Agreed::Nothing;
        agreed.hear(filter);
        agreed
    }

    fn hear(&mut self, filter: &str) {
        match (&*self, filter) {
            (_, NO_PAIRS) => {}
            (_, UNFILTERED) => *self = Agreed::Not,
            (Agreed::Nothing, filter) => *self = Agreed::On(filter.into()),
            (Agreed::On(other), filter) if other != filter => *self = Agreed::Not,
            _ => {}
        }
    }
}

/// What stands for the filter of a store without pairs, which agrees with any.
const NO_PAIRS: &str = "none";
/// What stands for the filter of a store that was not filtered.
const UNFILTERED: &str = "";

fn filter_of(connection: &Connection) -> Sql<String> {
    if connection.query_row("SELECT NOT EXISTS (SELECT 1 FROM bitext)", [], |row| row.get(0))? {
        return Ok(NO_PAIRS.into());
    }
    Ok(find_setting(connection, SETTING)?.unwrap_or(UNFILTERED.into()))
}

fn put_translations(tx: &Transaction<'_>, signature: &str, rows: &[(String, String)]) -> Sql<usize> {
    let engine = put_engine(tx, signature)?;
    let mut insert = tx.prepare_cached(
        "INSERT INTO translation (engine, sentence, english) VALUES (?1, ?2, ?3)
         ON CONFLICT DO UPDATE SET english = excluded.english WHERE excluded.english < english",
    )?;
    let mut changed = 0;
    for (sentence, english) in rows {
        changed += insert.execute(params![engine, sentence, english])?;
    }
    Ok(changed)
}

/// What a store holds under the names of two documents: their bitext, what a build noted of them, or both.
struct Unit {
    names: (String, String),
    bitext: Option<(i64, [u8; 32])>,
    input: Option<Noted>,
}

/// What a build noted of a pair: the digest of what was asked for, and why it was skipped, if it was.
type Noted = (Vec<u8>, Option<String>);

impl Unit {
    const BITEXTS: &str = "SELECT s.name, t.name, bitext.id, input.content, input.reason
        FROM bitext JOIN document s ON s.id = bitext.source JOIN document t ON t.id = bitext.target
        LEFT JOIN input ON input.source = s.name AND input.target = t.name ORDER BY 1, 2";
    /// A row that says done without a bitext is a lie, and is not taken over.
    const SKIPS: &str = "SELECT source, target, NULL, content, reason FROM input
        WHERE reason IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM bitext JOIN document s ON s.id = bitext.source JOIN document t ON t.id = bitext.target
            WHERE s.name = input.source AND t.name = input.target)
        ORDER BY 1, 2";

    /// The next few.
    fn batch(connection: &Connection, rows: &mut Rows<'_>) -> Sql<Vec<Unit>> {
        let mut units = Vec::with_capacity(BATCH);
        while units.len() < BATCH
            && let Some(row) = rows.next()?
        {
            units.push(Unit::read(connection, row)?);
        }
        Ok(units)
    }

    fn read(connection: &Connection, row: &Row<'_>) -> Sql<Unit> {
        let bitext: Option<i64> = row.get(2)?;
        let content: Option<Vec<u8>> = row.get(3)?;
        let reason: Option<String> = row.get(4)?;
        Ok(Unit {
            names: (row.get(0)?, row.get(1)?),
            bitext: bitext
                .map(|id| Ok::<_, rusqlite::Error>((id, digest_of(connection, id)?)))
                .transpose()?,
            input: content.map(|content| (content, reason)),
        })
    }

    fn find(connection: &Connection, names: &(String, String)) -> Sql<Option<Unit>> {
        let mut select = connection.prepare_cached(
            "SELECT bitext.id FROM document s JOIN bitext ON bitext.source = s.id
             JOIN document t ON t.id = bitext.target WHERE s.name = ?1 AND t.name = ?2",
        )?;
        let bitext: Option<i64> = select.query_row([&names.0, &names.1], |row| row.get(0)).optional()?;
        let mut select = connection
            .prepare_cached("SELECT content, reason FROM input WHERE source = ?1 AND target = ?2")?;
        let input =
            select.query_row([&names.0, &names.1], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        if bitext.is_none() && input.is_none() {
            return Ok(None);
        }
        let bitext = bitext.map(|id| digest_of(connection, id).map(|digest| (id, digest))).transpose()?;
        Ok(Some(Unit { names: names.clone(), bitext, input }))
    }

    /// Whether this one is to take the place of what a store holds.
    fn is_wanted(&self, connection: &Connection) -> Sql<bool> {
        // Without a partner there, with one here: the partner is what counts, whichever came first.
        for name in [&self.names.0, &self.names.1].into_iter().filter(|_| self.lacks_partner()) {
            let mut select = connection.prepare_cached("SELECT 1 FROM document WHERE name = ?1")?;
            if select.exists([name])? {
                return Ok(false);
            }
        }
        Ok(Unit::find(connection, &self.names)?.is_none_or(|old| self.rank() < old.rank()))
    }

    /// Whether it says that a document was left without a partner.
    fn lacks_partner(&self) -> bool {
        self.names.0.is_empty() || self.names.1.is_empty()
    }

    /// Notes what becomes of it. Pairs that were skipped on both sides are no document pairs.
    fn count(&self, old: Option<&Unit>, counts: &mut MergeCounts) {
        let fate = match old.filter(|old| old.bitext.is_some()) {
            None if self.bitext.is_none() => return,
            None => &mut counts.added,
            Some(old) if old.rank() == self.rank() => &mut counts.same,
            Some(old) if old.rank() < self.rank() => &mut counts.kept,
            Some(_) => &mut counts.replaced,
        };
        *fate += 1;
    }

    /// Takes the place of what is stored under these names.
    fn put(&self, tx: &Transaction<'_>, bitext: Option<&Copied>) -> Sql<()> {
        let names = (self.names.0.as_str(), self.names.1.as_str());
        let engines = remove_bitexts(tx, names)?;
        if let Some(bitext) = bitext {
            bitext.put(tx)?;
            forget_partnerless(tx, names)?;
        }
        remove_unused(tx, names, &engines)?;
        tx.execute("DELETE FROM input WHERE source = ?1 AND target = ?2", names)?;
        if let Some((content, reason)) = &self.input {
            tx.execute(
                "INSERT INTO input (source, target, content, reason) VALUES (?1, ?2, ?3, ?4)",
                params![names.0, names.1, content, reason],
            )?;
        }
        Ok(())
    }

    /// What decides between units of the same names: the least is taken. A bitext that a build stands for goes
    /// before one without, and that before a pair that was skipped; the rest is content.
    fn rank(&self) -> (u8, Option<&Noted>, Option<[u8; 32]>) {
        let class = match (&self.bitext, &self.input) {
            (Some(_), Some((_, None))) => 0,
            (Some(_), _) => 1,
            (None, Some((_, Some(_)))) => 2,
            (None, _) => 3,
        };
        (class, self.input.as_ref(), self.bitext.map(|(_, digest)| digest))
    }
}

/// The digest of all that a bitext is: its documents' languages, texts and sentences, what made it, its beads.
fn digest_of(connection: &Connection, bitext: i64) -> Sql<[u8; 32]> {
    let mut digest = Sha256::new();
    let mut add = |part: &[u8]| {
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part);
    };
    let mut select = connection.prepare_cached(
        "SELECT s.lang, s.hash, s.cut, t.lang, t.hash, t.cut, bitext.signature, a.signature, b.signature
         FROM bitext JOIN document s ON s.id = bitext.source JOIN document t ON t.id = bitext.target
         LEFT JOIN engine a ON a.id = source_engine LEFT JOIN engine b ON b.id = target_engine
         WHERE bitext.id = ?1",
    )?;
    select.query_row([bitext], |row| {
        for column in 0..9 {
            let value = row.get_ref(column)?;
            add(value.as_bytes_or_null()?.unwrap_or_default());
        }
        Ok(())
    })?;
    for bead in load_beads(connection, bitext)? {
        for number in [bead.source.start, bead.source.end, bead.target.start, bead.target.end] {
            add(&(number as u64).to_le_bytes());
        }
        add(&bead.score.to_le_bytes());
    }
    Ok(digest.finalize().into())
}

/// A bitext as it goes from one store into another.
struct Copied {
    documents: [(StoredDocument, Extra); 2],
    signature: String,
    engines: [Option<String>; 2],
    beads: Vec<Bead>,
}

/// What a [`StoredDocument`] leaves out: the digests of text and sentences; title, author, date.
struct Extra {
    digests: [Vec<u8>; 2],
    meta: [Option<String>; 3],
}

impl Copied {
    fn read(connection: &Connection, bitext: i64) -> Sql<Copied> {
        let mut select = connection.prepare_cached(
            "SELECT source, target, bitext.signature, a.signature, b.signature FROM bitext
             LEFT JOIN engine a ON a.id = source_engine LEFT JOIN engine b ON b.id = target_engine
             WHERE bitext.id = ?1",
        )?;
        let beads = load_beads(connection, bitext)?.into_iter();
        let beads = beads.map(|bead| Bead { source: bead.source, target: bead.target, score: bead.score });
        let beads = beads.collect();
        select.query_row([bitext], |row| {
            Ok(Copied {
                documents: [read_document(connection, row.get(0)?)?, read_document(connection, row.get(1)?)?],
                signature: row.get(2)?,
                engines: [row.get(3)?, row.get(4)?],
                beads,
            })
        })
    }

    fn put(&self, tx: &Transaction<'_>) -> Sql<()> {
        let [source, target] = &self.documents;
        let documents = (put_document(tx, source)?, put_document(tx, target)?);
        let [source_engine, target_engine] = self.engines.each_ref().map(Option::as_deref);
        let engines = Engines { source: source_engine, target: target_engine };
        let id = put_bitext(tx, documents, &self.signature, &engines)?;
        put_beads(tx, id, &self.beads, |at| source.0.slice(&at), |at| target.0.slice(&at))
    }
}

fn read_document(connection: &Connection, id: i64) -> Sql<(StoredDocument, Extra)> {
    let mut select =
        connection.prepare_cached("SELECT hash, cut, title, byline, date FROM document WHERE id = ?1")?;
    let extra = select.query_row([id], |row| {
        Ok(Extra { digests: [row.get(0)?, row.get(1)?], meta: [row.get(2)?, row.get(3)?, row.get(4)?] })
    })?;
    Ok((StoredDocument::load(connection, id)?, extra))
}

fn put_document(tx: &Transaction<'_>, (document, extra): &(StoredDocument, Extra)) -> Sql<i64> {
    let [hash, cut] = extra.digests.clone();
    let [title, byline, date] = extra.meta.each_ref().map(Option::as_deref);
    let new = NewDocument {
        name: &document.name,
        lang: document.lang.as_str(),
        hash,
        cut,
        meta: [document.url.as_deref(), title, byline, date],
        text: &document.text,
        spans: &document.spans,
    };
    new.put(tx, OnConflict::Lesser)
}
