//! A document, or a pair of documents, end to end: the only place where models, stages and store meet.

use std::collections::{BTreeMap, HashMap};

use crate::document::Document;
use crate::error::{Error, Result};
use crate::lang::Lang;
use crate::models::{Model, Models};
use crate::store::Store;
use crate::translate::{Marian, Translator, has_letters};

/// Runs documents through the stages. Models are loaded at first need and kept.
pub struct Pipeline {
    models: Models,
    store: Option<Store>,
    threads: usize,
    translators: BTreeMap<Lang, Box<dyn Translator>>,
}

/// What a caller hears while a document is translated.
#[derive(Debug)]
pub enum Event<'a> {
    /// So many of the document's sentences are done, in whatever order.
    Progress {
        /// Sentences done.
        done: usize,
        /// Sentences in all.
        total: usize,
    },
    /// These follow the ones that were ready before: sentence `first` and those after it.
    Ready {
        /// The index of the first of them.
        first: usize,
        /// Their English.
        english: &'a [String],
    },
}

/// Sentences that are translated, handed out and remembered at once. The first is one sentence, so that a
/// reader sees it as soon as the engine can make it; then they grow until batches by length fill the cores.
const WINDOWS: [usize; 4] = [1, 15, 112, 512];

impl Pipeline {
    /// A pipeline over `models`; with a `store`, translations are looked up there first and kept there.
    /// `threads`: how many the engine may use.
    pub fn new(models: Models, store: Option<Store>, threads: usize) -> Pipeline {
        Pipeline { models, store, threads, translators: BTreeMap::new() }
    }

    /// Uses `translator` for documents in `lang` instead of a model.
    pub fn with_translator(mut self, lang: Lang, translator: Box<dyn Translator>) -> Pipeline {
        self.translators.insert(lang, translator);
        self
    }

    /// The model that translates `lang`, whether loaded or not; `None` for English, or if there is none.
    pub fn model(&self, lang: &Lang) -> Result<Option<Model>> {
        if lang.is_english() { Ok(None) } else { self.models.find(&format!("{lang}-en")) }
    }

    /// The store, where there is one.
    pub fn store(&mut self) -> Option<&mut Store> {
        self.store.as_mut()
    }

    /// The document's sentences in English, one for one: its own where it is English, else translated.
    ///
    /// Sentences without letters pass through. A sentence that stands twice is translated once, and one that
    /// the store knows from the same engine not at all.
    ///
    /// # Errors
    /// No model for the language, a model or store that fails, or whatever `hear` returns: then at once.
    pub fn english(
        &mut self,
        document: &Document,
        hear: &mut dyn FnMut(Event) -> Result<()>,
    ) -> Result<Vec<String>> {
        let sentences: Vec<&str> = document.sentences().collect();
        let total = sentences.len();
        if document.lang().is_english() {
            let english: Vec<String> = sentences.iter().map(|sentence| sentence.to_string()).collect();
            hear(Event::Ready { first: 0, english: &english })?;
            return Ok(english);
        }
        self.load(document)?;
        let mut english: Vec<String> = Vec::with_capacity(total);
        let mut known: HashMap<&str, String> = HashMap::new();
        let mut sizes = WINDOWS.into_iter();
        let mut size = WINDOWS[0];
        while english.len() < total {
            size = sizes.next().unwrap_or(size);
            let first = english.len();
            let window = &sentences[first..total.min(first + size)];
            self.learn(document.lang(), window, &mut known, &mut |done| {
                hear(Event::Progress { done: first + done.min(window.len()), total })
            })?;
            english.extend(window.iter().map(|sentence| match known.get(sentence) {
                Some(translation) => translation.clone(),
                None => sentence.to_string(),
            }));
            hear(Event::Ready { first, english: &english[first..] })?;
        }
        Ok(english)
    }

    /// What produced the English of documents in `lang`; "as written" for English.
    ///
    /// # Errors
    /// As [`Pipeline::english`].
    pub fn signature(&mut self, document: &Document) -> Result<String> {
        if document.lang().is_english() {
            return Ok("as written".into());
        }
        Ok(self.load(document)?.signature().to_string())
    }

    /// Makes `known` hold the English of every sentence of `window` that has letters.
    fn learn<'a>(
        &mut self,
        lang: &Lang,
        window: &[&'a str],
        known: &mut HashMap<&'a str, String>,
        progress: &mut dyn FnMut(usize) -> Result<()>,
    ) -> Result<()> {
        let translator = self.translators.get(lang).expect("loaded before the first window");
        let mut wanted: Vec<&str> =
            window.iter().copied().filter(|s| has_letters(s) && !known.contains_key(s)).collect();
        wanted.sort_unstable();
        wanted.dedup();
        if let Some(store) = &self.store {
            let remembered = store.recall(translator.signature(), &wanted)?;
            known.extend(wanted.iter().zip(remembered).filter_map(|(&s, t)| Some((s, t?))));
            wanted.retain(|s| !known.contains_key(s));
        }
        let before = window.len() - wanted.len();
        let mut heard = Ok(());
        let translations = translator.translate(&wanted, &mut |done| {
            if heard.is_ok() {
                heard = progress(before + done);
            }
        })?;
        heard?;
        if let Some(store) = &mut self.store {
            let pairs: Vec<(&str, &str)> =
                wanted.iter().copied().zip(translations.iter().map(String::as_str)).collect();
            store.remember(translator.signature(), &pairs)?;
        }
        known.extend(wanted.into_iter().zip(translations));
        Ok(())
    }

    fn load(&mut self, document: &Document) -> Result<&dyn Translator> {
        let lang = document.lang();
        if !self.translators.contains_key(lang) {
            let model = self.model(lang)?.ok_or_else(|| Error::UnsupportedLanguage {
                name: document.name().into(),
                lang: lang.name().into(),
                tag: lang.to_string(),
                supported: self.models.supported(),
                directory: Models::user_directory().unwrap_or_default(),
            })?;
            self.translators.insert(lang.clone(), Box::new(Marian::load(&model, self.threads)?));
        }
        Ok(self.translators[lang].as_ref())
    }
}
