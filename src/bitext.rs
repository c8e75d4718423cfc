//! A document and its translation, aligned: beads that cover both sides once, in order.

use std::ops::Range;

use crate::document::Document;
use crate::error::{Error, Result};

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

/// What an export holds of a bead with two sides.
#[derive(Debug, Clone, PartialEq)]
pub struct SentencePair {
    /// The source text, its sentences as written.
    pub source: String,
    /// The target text.
    pub target: String,
    /// The bead's score, from 0 to 1.
    pub score: f32,
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

    /// The beads with two sides, as text.
    pub fn pairs(&self) -> impl Iterator<Item = SentencePair> {
        self.beads.iter().filter(|bead| !bead.is_null()).map(|bead| SentencePair {
            source: self.source.slice(bead.source.clone()).to_string(),
            target: self.target.slice(bead.target.clone()).to_string(),
            score: bead.score,
        })
    }
}

fn check(beads: &[Bead], sources: usize, targets: usize) -> Result<(), String> {
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
