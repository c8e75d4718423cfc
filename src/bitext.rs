//! A document and its translation, aligned: beads that cover both sides once, in order.

use std::ops::Range;

use crate::document::{Document, Span};
use crate::error::{Error, Result};
use crate::filter::Reason;
use crate::lang::Lang;

/// Neighbouring source sentences with the target sentences that render them. One empty side makes it a
/// null alignment.
#[derive(Debug, Clone, PartialEq)]
pub struct Bead {
    /// Source sentences, counted from 0.
    pub source: Range<usize>,
    /// Target sentences, counted from 0.
    pub target: Range<usize>,
    /// How sure the bead is, from 0 to 1; of a null alignment, how sure it is that there is no counterpart.
    pub score: f32,
}

impl Bead {
    /// Whether one side is empty.
    pub fn is_null(&self) -> bool {
        self.source.is_empty() || self.target.is_empty()
    }

    /// The type as the field writes it: `1-1`, `2-1`, `0-1`.
    pub fn kind(&self) -> String {
        format!("{}-{}", self.source.len(), self.target.len())
    }
}

/// A bead with all that an export or a concordance says of it, borrowed from where it lies: a [`Bitext`] or
/// the store.
#[derive(Debug, Clone, PartialEq)]
pub struct AlignedPair<'a> {
    /// The source side.
    pub source: PairSide<'a>,
    /// The target side.
    pub target: PairSide<'a>,
    /// The bead's score, from 0 to 1.
    pub score: f32,
    /// Why the store's filter rejected it; `None` where it did not, or was not asked yet.
    pub rejected: Option<Reason>,
}

/// One side of an [`AlignedPair`].
#[derive(Debug, Clone, PartialEq)]
pub struct PairSide<'a> {
    /// The document's name.
    pub document: &'a str,
    /// The document's language.
    pub lang: &'a Lang,
    /// The document's address, where it states one.
    pub url: Option<&'a str>,
    /// The sentences' numbers in the document, from 0; empty on the empty side of a null alignment.
    pub sentences: Range<usize>,
    /// Their place in the document's text, from the first to the last, in bytes; `None` if there are none.
    pub span: Option<Span>,
    /// Their text as written, line ends among them.
    pub text: &'a str,
    /// Their stored English, where it was asked for and every one of them has it.
    pub english: Option<&'a str>,
}

impl<'a> AlignedPair<'a> {
    /// The type as the field writes it: `1-1`, `2-1`, `0-1`.
    pub fn kind(&self) -> String {
        format!("{}-{}", self.source.sentences.len(), self.target.sentences.len())
    }

    /// Whether one side has no text: a null alignment, or blank lines of a document with one sentence a line.
    pub fn is_blank(&self) -> bool {
        self.source.text.trim().is_empty() || self.target.text.trim().is_empty()
    }
}

impl<'a> PairSide<'a> {
    /// The side of a bead that holds `sentences` of `document`.
    pub fn of(document: &'a Document, sentences: Range<usize>) -> PairSide<'a> {
        let span = match document.spans().get(sentences.clone()) {
            Some([first, .., last]) => Some(Span { start: first.start, end: last.end }),
            Some([only]) => Some(*only),
            _ => None,
        };
        PairSide {
            document: document.name(),
            lang: document.lang(),
            url: document.meta().url.as_deref(),
            span,
            text: document.slice(sentences.clone()),
            sentences,
            english: None,
        }
    }
}

/// A document and its translation, aligned.
#[derive(Debug, Clone)]
pub struct Bitext {
    source: Document,
    target: Document,
    beads: Vec<Bead>,
    signature: String,
}

impl Bitext {
    /// Checks that the beads cover each sentence of both sides exactly once, in order.
    ///
    /// # Errors
    /// [`Error::Alignment`] names the first bead that breaks this.
    pub fn new(source: Document, target: Document, beads: Vec<Bead>, signature: String) -> Result<Bitext> {
        check(&beads, source.spans().len(), target.spans().len()).map_err(|what| Error::Alignment {
            name: format!("{} / {}", source.name(), target.name()),
            what,
        })?;
        Ok(Bitext { source, target, beads, signature })
    }

    /// The source document.
    pub fn source(&self) -> &Document {
        &self.source
    }

    /// The target document.
    pub fn target(&self) -> &Document {
        &self.target
    }

    /// The beads, null alignments among them, in order.
    pub fn beads(&self) -> &[Bead] {
        &self.beads
    }

    /// What produced the alignment: engine, model, aligner and options.
    pub fn signature(&self) -> &str {
        &self.signature
    }

    /// Every bead, null alignments among them, with what names it; without English.
    pub fn aligned_pairs(&self) -> impl Iterator<Item = AlignedPair<'_>> {
        self.beads.iter().map(|bead| AlignedPair {
            source: PairSide::of(&self.source, bead.source.clone()),
            target: PairSide::of(&self.target, bead.target.clone()),
            score: bead.score,
            rejected: None,
        })
    }
}

/// What is wrong with beads that are to cover so many sentences once, in order.
pub(crate) fn check(beads: &[Bead], sources: usize, targets: usize) -> Result<(), String> {
    let (mut source, mut target) = (0, 0);
    for (i, bead) in beads.iter().enumerate() {
        if bead.source.start != source || bead.target.start != target {
            return Err(format!("bead {i} leaves a gap or overlaps"));
        }
        if bead.source.end < source
            || bead.target.end < target
            || (bead.source.is_empty() && bead.target.is_empty())
        {
            return Err(format!("bead {i} is empty or runs backwards"));
        }
        (source, target) = (bead.source.end, bead.target.end);
    }
    if (source, target) != (sources, targets) {
        return Err(format!("covers {source} and {target} of {sources} and {targets} sentences"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bead(source: Range<usize>, target: Range<usize>) -> Bead {
        Bead { source, target, score: 1.0 }
    }

    #[test]
    fn only_a_full_cover_in_order_is_a_bitext() {
        for (beads, good) in [
            (vec![bead(0..1, 0..1), bead(1..2, 1..1), bead(2..2, 1..3)], true),
            (vec![bead(0..2, 0..3)], true),
            (vec![bead(0..1, 0..3)], false),
            (vec![bead(0..1, 0..1), bead(0..2, 1..3)], false),
            (vec![bead(0..2, 0..3), bead(2..2, 3..3)], false),
            (vec![], false),
        ] {
            assert_eq!(check(&beads, 2, 3).is_ok(), good, "{beads:?}");
        }
        assert!(check(&[bead(0..1, 0..1), bead(1..2, 1..1), bead(2..2, 1..3)], 2, 3).is_ok());
    }
}
