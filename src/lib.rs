//! Machine-translation-aware bilingual alignment: read documents in different languages, translate
//! them into English on the CPU, align their sentences, store and export the pairs.
#![warn(missing_docs)]
#![forbid(unsafe_code)]

mod align;
mod bitext;
mod document;
mod encoder;
mod error;
mod eval;
mod lang;
mod read;
mod score;
mod split;

pub use align::{AlignInput, AlignOptions, Parts, Weights, align, explain, signature};
pub use bitext::{Bead, Bitext, SentencePair};
pub use document::{Document, OpenOptions, Span};
pub use encoder::{Bag, Encoder, SoftTokens, Token, cosine, normalise, tokens};
pub use error::{Error, Result};
pub use eval::{Counts, Evaluation, GoldBead, Hits, Interval, Judged, Nulls, Score, evaluate, read_beads};
pub use lang::{Lang, identify};
pub use read::{Meta, Page, ReadOptions, read};
pub use split::{Split, split};
