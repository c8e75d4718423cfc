//! Train, dev and test: which part of a corpus a document belongs to.

use std::str::FromStr;

use sha2::{Digest, Sha256};

use crate::error::{Error, Result};

/// A part of a corpus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Portion {
    /// What a model learns from.
    Train,
    /// What it is tuned on.
    Dev,
    /// What it is judged on.
    Test,
}

impl Portion {
    /// All of them, in the order of their shares.
    pub const ALL: [Portion; 3] = [Portion::Train, Portion::Dev, Portion::Test];

    /// `train`, `dev` or `test`.
    pub fn as_str(self) -> &'static str {
        match self {
            Portion::Train => "train",
            Portion::Dev => "dev",
            Portion::Test => "test",
        }
    }
}

/// How a corpus is divided. By whole documents: sentences of one document resemble each other, and a model must not be
/// judged on what it has half seen. Each document is drawn by itself, from the seed and its name alone, so that it
/// stays where it is when others come or go; the shares are therefore met on average, not exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Portions {
    shares: [u32; 3],
    seed: u64,
}

impl Portions {
    /// The same shares, drawn otherwise.
    pub fn with_seed(self, seed: u64) -> Portions {
        Portions { seed, ..self }
    }

    /// The portion of the pairs whose source is the document of this name.
    pub fn of(&self, document: &str) -> Portion {
        let mut hash = Sha256::new();
        hash.update(self.seed.to_le_bytes());
        hash.update(document.as_bytes());
        let drawn = hash.finalize().iter().take(8).fold(0, |drawn, byte| drawn << 8 | u64::from(*byte));
        let [train, dev, test] = self.shares.map(u128::from);
        // Scales the 64 drawn bits to the sum of the shares.
        let drawn = (u128::from(drawn) * (train + dev + test)) >> 64;
        match drawn {
            drawn if drawn < train => Portion::Train,
            drawn if drawn < train + dev => Portion::Dev,
            _ => Portion::Test,
        }
    }
}

impl FromStr for Portions {
    type Err = Error;

    /// Reads shares of train, dev and test: `98:1:1`, with seed 0.
    fn from_str(text: &str) -> Result<Portions> {
        let shares: Option<Vec<u32>> = text.split(':').map(|share| share.trim().parse().ok()).collect();
        match shares.as_deref() {
            Some(&[train, dev, test]) if train > 0 || dev > 0 || test > 0 => {
                Ok(Portions { shares: [train, dev, test], seed: 0 })
            }
            _ => Err(Error::input(
                text,
                "not three shares (whole numbers) of train, dev and test, such as 98:1:1",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_met_on_average() {
        for (shares, expected) in
            [("98:1:1", [9800, 100, 100]), ("1:1:2", [2500, 2500, 5000]), ("0:0:7", [0, 0, 10_000])]
        {
            let portions: Portions = shares.parse().unwrap();
            let mut counts = [0_u32; 3];
            (0..10_000).for_each(|i| counts[portions.of(&format!("d{i}.txt")) as usize] += 1);
            for (count, expected) in counts.into_iter().zip(expected) {
                // Four standard deviations of a binomial of 10,000 draws.
                let share = f64::from(expected) / 1e4;
                let slack = 4.0 * (1e4 * share * (1.0 - share)).sqrt();
                assert!((f64::from(count) - f64::from(expected)).abs() <= slack, "{shares}: {counts:?}");
            }
        }
    }

    #[test]
    fn a_document_is_drawn_by_seed_and_name() {
        // Fixed for good: a corpus must fall into the same parts with every version.
        let portions: Portions = "1:1:1".parse().unwrap();
        let drawn: Vec<&str> = ["a", "b", "c", "d", "e", "f"].map(|name| portions.of(name).as_str()).into();
        assert_eq!(drawn, ["test", "train", "train", "test", "dev", "dev"]);
        let other = portions.with_seed(1);
        assert!((0..20).any(|i| other.of(&i.to_string()) != portions.of(&i.to_string())));
    }

    #[test]
    fn shares_are_three_whole_numbers() {
        for text in
            ["", "98", "98:2", "98:1:1:0", "0:0:0", "a:b:c", "-1:1:1", "0.98:0.01:0.01", "5000000000:1:1"]
        {
            assert!(text.parse::<Portions>().is_err(), "{text}");
        }
    }
}
