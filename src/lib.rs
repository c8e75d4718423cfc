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
mod export;
mod facts;
mod lang;
mod models;
mod pipeline;
mod read;
mod render;
mod score;
mod split;
mod store;
mod translate;

pub use align::{AlignInput, AlignOptions, Parts, Weights, align, explain, signature};
pub use bitext::{AlignedPair, Bead, Bitext, PairSide, SentencePair};
pub use document::{Document, OpenOptions, Span};
pub use encoder::{Bag, Encoder, SoftTokens, Token, cosine, normalise, tokens};
pub use error::{Error, Result};
pub use eval::{Counts, Evaluation, GoldBead, Hits, Interval, Judged, Nulls, Score, evaluate, read_beads};
pub use export::{ExportFormat, Exporter, one_line};
pub use facts::{Date, Fact, Quantity, Unit, Value, facts, matched, numbers_differ, unmatched};
pub use lang::{Lang, identify};
pub use models::{Model, Models};
pub use pipeline::{Aligned, Event, Hypotheses, Pipeline};
pub use read::{InputFormat, Meta, Page, ReadOptions, read};
pub use render::{RenderFormat, Renderer};
pub use split::{Split, split};
pub use store::{Engines, Hit, HitSide, LangStats, PairFilter, Stats, Store};
pub use translate::{Marian, Recorded, Suspicion, Translator, suspicion};
