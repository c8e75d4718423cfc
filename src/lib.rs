//! Machine-translation-aware bilingual alignment: read documents in different languages, translate
//! them into English on the CPU, align their sentences, store and export the pairs.
//!
//! A [`Pipeline`] runs [`Document`]s through all of it. Here over translations of one's own, so that no model
//! is loaded for German; with [`Hypotheses::Models`] it translates by itself:
//!
//! ```
//! use diptych::{AlignOptions, Document, Hypotheses, Lang, Models, Pipeline, Split};
//! # fn main() -> diptych::Result<()> {
//! let german = "Der Zug hält auf freier Strecke. Alle steigen aus, nur der Hund bleibt sitzen.";
//! let english = "The train stops in the open country. Everyone gets off. Only the dog stays.";
//! let german = Document::new("a.de".into(), "de".parse()?, german.into(), Split::Sentences);
//! let english = Document::new("a.en".into(), Lang::english(), english.into(), Split::Sentences);
//! let translations = ["The train stops in the open.", "Everyone gets off, only the dog stays seated."];
//! let hypotheses = Hypotheses::Given {
//!     source: translations.map(String::from).into(),
//!     target: None,
//!     signature: "by hand".into(),
//! };
//! let mut pipeline = Pipeline::new(Models::locate(None)?, None, 1);
//! let aligned = pipeline.align(german, english, &hypotheses, &AlignOptions::default(), &mut |_| Ok(()))?;
//! let kinds: Vec<String> = aligned.bitext.beads().iter().map(|bead| bead.kind()).collect();
//! assert_eq!(kinds, ["1-1", "1-2"]);
//! # Ok(())
//! # }
//! ```
#![warn(missing_docs)]
#![forbid(unsafe_code)]

mod align;
mod bitext;
mod compare;
mod corpus;
mod document;
mod encoder;
mod error;
mod eval;
mod export;
mod facts;
mod filter;
mod lang;
mod models;
mod pairing;
mod pipeline;
mod read;
mod render;
mod report;
mod score;
mod split;
mod store;
mod translate;

pub use align::{AlignInput, AlignOptions, Parts, Weights, align, explain, signature};
pub use bitext::{AlignedPair, Bead, Bitext, PairSide};
pub use compare::{
    CompareOptions, Comparison, Disagreement, Evidence, Judgement, Link, MEASURES, Member, NAMES, Relation,
    Report, SelfTest, Statement, Topic, Verdict, cluster, compare, self_test,
};
pub use corpus::{
    BuildCounts, BuildEvent, BuildOptions, BuildTimes, Found, ManifestRow, Pairs, PairsOptions, Place,
    Record, Shard, build, find_pairs, pair_by_content, read_manifest, write_manifest,
};
pub use document::{Document, OpenOptions, Span};
pub use encoder::{Bag, Encoder, SoftTokens, Token, cosine, normalise, tokens};
pub use error::{Error, Result};
pub use eval::{Counts, Evaluation, GoldBead, Hits, Interval, Judged, Nulls, Score, evaluate, read_beads};
pub use export::{ExportFormat, Exporter, Portion, Portions, one_line};
pub use facts::{Date, Fact, Quantity, Unit, Value, facts, matched, unmatched};
pub use filter::{FilterOptions, Reason, reject};
pub use lang::{Lang, identify};
pub use models::{Addition, Fetcher, Installed, Installer, Model, Models, Offer, Pair, Source, Step, Trial};
pub use pairing::{DocumentPair, Profile, pair_documents};
pub use pipeline::{Aligned, Event, Hypotheses, Pipeline};
pub use read::{InputFormat, Meta, Page, ReadOptions, read};
pub use render::{RenderFormat, Renderer};
pub use report::{Compared, Side, Study, TextOptions, report_html, report_json, report_text};
pub use split::{Split, split};
pub use store::{
    BuildLock, Engines, FilterCounts, Finding, Hit, HitSide, Input, LangStats, MergeCounts, Outcome,
    PairFilter, Skipped, Stats, Store,
};
#[cfg(feature = "torch")]
pub use translate::Torch;
pub use translate::{Engine, Marian, OpusOptions, Recorded, Suspicion, Translator, suspicion, trial};
