//! Placeholder until the store lands.
use crate::error::Result;
/// Store.
pub struct Store;
impl Store {
    /// recall
    pub fn recall(&self, _s: &str, sentences: &[&str]) -> Result<Vec<Option<String>>> {
        Ok(vec![None; sentences.len()])
    }
    /// remember
    pub fn remember(&mut self, _s: &str, _pairs: &[(&str, &str)]) -> Result<()> {
        Ok(())
    }
}
