//! Comparable reports: which sentences of two reports on one event state the same, in any order, and what each
//! report alone says.

mod evidence;

use crate::encoder::Encoder;
use crate::lang::Lang;

/// A report as the comparison takes it.
#[derive(Debug, Clone)]
pub struct Report<'a> {
    /// The language of the sentences.
    pub lang: &'a Lang,
    /// The sentences as written.
    pub sentences: Vec<&'a str>,
    /// The same in English, one for one; of an English report the sentences themselves.
    pub english: Vec<&'a str>,
}

pub use evidence::{Evidence, NAMES};
