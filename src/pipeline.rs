//! A document, or a pair of documents, end to end. Models, stages and store meet here, and for many pairs at
//! once in corpus.rs, which is made of the same parts.

use std::collections::{BTreeMap, HashMap};

use crate::align::{AlignInput, AlignOptions, Parts, explain, signature};
use crate::bitext::{Bead, Bitext};
use crate::document::Document;
use crate::encoder::Encoder;
use crate::error::{Error, Result};
use crate::lang::Lang;
use crate::models::{Model, Models};
use crate::read::visible;
use crate::store::{Engines, Store};
use crate::translate::{Engine, Translator, has_letters};

/// Runs documents through the stages. Models are loaded at first need and kept.
pub struct Pipeline {
    models: Models,
    engine: Engine,
    store: Option<Store>,
    memory: Option<Store>,
    threads: usize,
    /// Answers for every language, in place of the models.
    given: Option<Box<dyn Translator>>,
    translators: BTreeMap<Lang, Box<dyn Translator>>,
    encoder: Option<Encoder>,
    missing: Option<Missing>,
}

/// Gets the model of this name, where it can.
type Missing = Box<dyn FnMut(&str) -> Result<()>>;

/// What the two sides of a pair are matched over.
#[derive(Debug, Clone, Default)]
pub enum Hypotheses {
    /// The models' translations into English, of each side that is not English.
    #[default]
    Models,
    /// The user's own: the source in the target's language, and perhaps the target in the source's.
    Given {
        /// One translation a source sentence.
        source: Vec<String>,
        /// One translation a target sentence.
        target: Option<Vec<String>>,
        /// What made them.
        signature: String,
    },
    /// None: lengths, numbers, names and what the pair itself teaches.
    None,
}

/// A pair aligned, with the parts of each bead's score.
#[derive(Debug)]
pub struct Aligned {
    /// The alignment.
    pub bitext: Bitext,
    /// What each bead's score is made of, bead by bead.
    pub parts: Vec<Parts>,
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
        Pipeline {
            models,
            engine: Engine::Marian,
            store,
            memory: None,
            threads: threads.max(1),
            given: None,
            translators: BTreeMap::new(),
            encoder: None,
            missing: None,
        }
    }

    /// The same, with a translation memory that other runs and stores share: what neither it nor the store
    /// knows is translated and kept in both.
    #[must_use]
    pub fn with_memory(self, memory: Option<Store>) -> Pipeline {
        Pipeline { memory, ..self }
    }

    /// The same, with `translator` in place of the models, for every language but English.
    #[must_use]
    pub fn with_translator(self, translator: Option<Box<dyn Translator>>) -> Pipeline {
        Pipeline { given: translator, ..self }
    }

    /// The same with models of another engine. To be called before the first document.
    ///
    /// # Errors
    /// [`Error::Engine`]: the engine is not in this build.
    pub fn with_engine(self, engine: Engine) -> Result<Pipeline> {
        engine.check()?;
        Ok(Pipeline { engine, ..self })
    }

    /// The same, with what is asked for a model (`pt-en`) that is not there, once, before that is an error.
    pub fn when_missing(self, get: impl FnMut(&str) -> Result<()> + 'static) -> Pipeline {
        Pipeline { missing: Some(Box::new(get)), ..self }
    }

    /// The model that translates `lang`, whether loaded or not; `None` for English, or if there is none.
    pub fn model(&self, lang: &Lang) -> Result<Option<Model>> {
        if lang.is_english() { Ok(None) } else { self.models.find(&self.engine.model(lang)) }
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
        self.translator(document)?;
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

    /// What produced the English of a document; `None` where it is English itself.
    ///
    /// # Errors
    /// As [`Pipeline::english`].
    pub fn signature(&mut self, document: &Document) -> Result<Option<String>> {
        if document.lang().is_english() {
            return Ok(None);
        }
        Ok(Some(self.translator(document)?.signature().to_string()))
    }

    /// Aligns a document with its translation, and keeps the result where there is a store.
    ///
    /// # Errors
    /// As [`Pipeline::english`]; given hypotheses that are not one a sentence.
    pub fn align(
        &mut self,
        source: Document,
        target: Document,
        hypotheses: &Hypotheses,
        options: &AlignOptions,
        hear: &mut dyn FnMut(Event) -> Result<()>,
    ) -> Result<Aligned> {
        let matched = self.matched(&source, &target, hypotheses, hear)?;
        if matched.english {
            self.load_encoder()?;
        }
        let aligned = solve(source, target, &matched, self.encoder.as_ref(), options)?;
        if let Some(store) = &mut self.store {
            store.save(&aligned.bitext, &matched.engines())?;
        }
        Ok(aligned)
    }

    /// Brings both sides into one language: the target's where translations are given, else English.
    fn matched(
        &mut self,
        source: &Document,
        target: &Document,
        hypotheses: &Hypotheses,
        hear: &mut dyn FnMut(Event) -> Result<()>,
    ) -> Result<Matched> {
        match hypotheses {
            Hypotheses::Given { source: forth, target: back, signature } => {
                one_a_sentence(source, forth)?;
                back.as_ref().map_or(Ok(()), |back| one_a_sentence(target, back))?;
                Ok(Matched {
                    hypotheses: Some(forth.clone()),
                    reverse: back.clone(),
                    english: target.lang().is_english(),
                    signature: signature.clone(),
                    ..Matched::untranslated(source, target)
                })
            }
            Hypotheses::None => Ok(Matched::untranslated(source, target)),
            Hypotheses::Models if source.lang() == target.lang() => {
                Ok(Matched::of_one_language(source, target))
            }
            Hypotheses::Models => {
                let engines = [self.signature(source)?, self.signature(target)?];
                let english = [self.english(source, hear)?, self.english(target, hear)?];
                Ok(Matched::in_english(source, target, english, engines))
            }
        }
    }

    /// Makes `known` hold the English of every sentence of `window` that has letters.
    fn learn<'a>(
        &mut self,
        lang: &Lang,
        window: &[&'a str],
        known: &mut HashMap<&'a str, String>,
        progress: &mut dyn FnMut(usize) -> Result<()>,
    ) -> Result<()> {
        let mut wanted: Vec<&str> =
            window.iter().copied().filter(|s| has_letters(s) && !known.contains_key(s)).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let remembered = self.recall(lang, &wanted)?;
        known.extend(wanted.iter().zip(remembered).filter_map(|(&s, t)| Some((s, t?))));
        wanted.retain(|s| !known.contains_key(s));
        let before = window.len() - wanted.len();
        let translations = self.translate(lang, &wanted, &mut |done| progress(before + done))?;
        known.extend(wanted.into_iter().zip(translations));
        Ok(())
    }

    /// The English of each of `sentences` that the store or the memory knows.
    pub(crate) fn recall(&mut self, lang: &Lang, sentences: &[&str]) -> Result<Vec<Option<String>>> {
        let signature = engine(&self.given, &self.translators, lang).signature();
        let Some(store) = &mut self.store else {
            return match &self.memory {
                Some(memory) => memory.recall(signature, sentences),
                None => Ok(vec![None; sentences.len()]),
            };
        };
        let mut known = store.recall(signature, sentences)?;
        let Some(memory) = &self.memory else { return Ok(known) };
        let missing: Vec<usize> = (0..known.len()).filter(|&i| known[i].is_none()).collect();
        let wanted: Vec<&str> = missing.iter().map(|&i| sentences[i]).collect();
        let found = memory.recall(signature, &wanted)?;
        let pairs: Vec<(&str, &str)> =
            wanted.iter().zip(&found).filter_map(|(&s, t)| Some((s, t.as_deref()?))).collect();
        if !pairs.is_empty() {
            // The store holds the English of all that is in it: an export gives it without the memory.
            store.remember(signature, &pairs)?;
        }
        for (i, translation) in missing.into_iter().zip(found) {
            known[i] = translation;
        }
        Ok(known)
    }

    /// Translates `sentences`, each of them, and remembers them. `progress` hears how many are done.
    pub(crate) fn translate(
        &mut self,
        lang: &Lang,
        sentences: &[&str],
        progress: &mut dyn FnMut(usize) -> Result<()>,
    ) -> Result<Vec<String>> {
        if sentences.is_empty() {
            return Ok(Vec::new());
        }
        let translator = engine(&self.given, &self.translators, lang);
        let mut heard = Ok(());
        let translations = translator.translate(sentences, &mut |done| {
            if heard.is_ok() {
                heard = progress(done);
            }
        })?;
        let pairs: Vec<(&str, &str)> =
            sentences.iter().copied().zip(translations.iter().map(String::as_str)).collect();
        for store in [&mut self.store, &mut self.memory].into_iter().flatten() {
            store.remember(translator.signature(), &pairs)?;
        }
        heard?;
        Ok(translations)
    }

    /// What translates the document, loaded.
    pub(crate) fn translator(&mut self, document: &Document) -> Result<&dyn Translator> {
        let lang = document.lang();
        if self.given.is_none() && !self.translators.contains_key(lang) {
            let mut model = self.model(lang)?;
            if let (None, Some(get)) = (&model, &mut self.missing) {
                get(&self.engine.model(lang))?;
                model = self.model(lang)?;
            }
            let model = model.ok_or_else(|| self.no_model(document))?;
            self.translators.insert(lang.clone(), self.engine.load(&model, self.threads)?);
        }
        Ok(engine(&self.given, &self.translators, lang))
    }

    /// Loads the English encoder, where there is one.
    pub(crate) fn load_encoder(&mut self) -> Result<()> {
        if self.encoder.is_none() {
            self.encoder = match self.models.find("en-encoder")? {
                Some(model) => Some(Encoder::from_bytes(&model.file("encoder")?)?),
                None => None,
            };
        }
        Ok(())
    }

    /// The English encoder, where it is loaded.
    pub(crate) fn encoder(&self) -> Option<&Encoder> {
        self.encoder.as_ref()
    }

    /// Names all that may translate documents of these languages and match their English: of every language
    /// where one is not known. Nothing is loaded.
    pub(crate) fn engines(&self, langs: [Option<&Lang>; 2]) -> Result<String> {
        let mut names = vec![match &self.given {
            Some(translator) => translator.signature().to_string(),
            None => String::new(),
        }];
        let known: Option<Vec<Lang>> = langs.into_iter().map(|lang| lang.cloned()).collect();
        let langs = known.unwrap_or_else(|| self.models.languages());
        for lang in langs.iter().filter(|_| self.given.is_none()) {
            names.extend(self.model(lang)?.map(|model| self.engine.signature_of(&model)));
        }
        names.extend(self.models.find("en-encoder")?.map(|model| model.fingerprint().to_string()));
        Ok(names.join(", "))
    }

    /// How many threads may work.
    pub(crate) fn threads(&self) -> usize {
        self.threads
    }

    fn no_model(&self, document: &Document) -> Error {
        let lang = document.lang();
        let (name, lang, tag) = (document.name().into(), lang.name().into(), lang.to_string());
        match self.engine {
            Engine::Marian => Error::UnsupportedLanguage {
                name,
                lang,
                tag,
                supported: self.models.supported(),
                directory: Models::user_directory().unwrap_or_default(),
            },
            Engine::OpusMt(_) => Error::NoOpusModel { name, lang, tag },
        }
    }
}

/// The translator of a language, which must be loaded.
fn engine<'a>(
    given: &'a Option<Box<dyn Translator>>,
    loaded: &'a BTreeMap<Lang, Box<dyn Translator>>,
    lang: &Lang,
) -> &'a dyn Translator {
    given.as_deref().unwrap_or_else(|| loaded.get(lang).expect("loaded before the first window").as_ref())
}

/// Aligns a pair that was brought into one language.
pub(crate) fn solve(
    source: Document,
    target: Document,
    matched: &Matched,
    encoder: Option<&Encoder>,
    options: &AlignOptions,
) -> Result<Aligned> {
    let sources = borrowed(&matched.source);
    let targets = borrowed(&matched.target);
    let given = matched.hypotheses.as_deref().map(borrowed);
    let reverse = matched.reverse.as_deref().map(borrowed);
    let input = AlignInput {
        source: &sources,
        hypotheses: given.as_deref(),
        target: &targets,
        reverse: reverse.as_deref(),
        encoder: encoder.filter(|_| matched.english),
    };
    let how = signature(&input, options);
    let (mut beads, parts): (Vec<Bead>, Vec<Parts>) = explain(&input, options).into_iter().unzip();
    if matched.swapped {
        for bead in &mut beads {
            std::mem::swap(&mut bead.source, &mut bead.target);
        }
    }
    let bitext = Bitext::new(source, target, beads, format!("{how}; {}", matched.signature))?;
    Ok(Aligned { bitext, parts })
}

/// Two sides as the aligner takes them.
#[derive(Default)]
pub(crate) struct Matched {
    source: Vec<String>,
    target: Vec<String>,
    hypotheses: Option<Vec<String>>,
    reverse: Option<Vec<String>>,
    /// The target is English: the encoder may speak.
    pub(crate) english: bool,
    /// The document's source stands as `target` here, and the other way round.
    swapped: bool,
    /// What translated the source and the target.
    engines: [Option<String>; 2],
    signature: String,
}

impl Matched {
    /// Both sides as they are, without any translation.
    pub(crate) fn untranslated(source: &Document, target: &Document) -> Matched {
        let signature = "no translation".into();
        Matched { source: owned(source), target: owned(target), signature, ..Matched::default() }
    }

    /// Two documents in one language: each is its own translation.
    pub(crate) fn of_one_language(source: &Document, target: &Document) -> Matched {
        Matched {
            hypotheses: Some(owned(source)),
            english: source.lang().is_english(),
            signature: "one language".into(),
            ..Matched::untranslated(source, target)
        }
    }

    /// Two documents in two languages with the `english` of each, and what made it.
    pub(crate) fn in_english(
        source: &Document,
        target: &Document,
        english: [Vec<String>; 2],
        engines: [Option<String>; 2],
    ) -> Matched {
        let signature = engines.iter().flatten().cloned().collect::<Vec<_>>().join(", ");
        let [forth, back] = english;
        let base = Matched { english: true, signature, engines, ..Matched::default() };
        if source.lang().is_english() {
            // The English side is the target of the search: its words are met by both the
            // translation and the other side's own names and numbers.
            let (source, target) = (owned(target), owned(source));
            Matched { source, target, hypotheses: Some(back), swapped: true, ..base }
        } else {
            Matched { source: owned(source), target: back, hypotheses: Some(forth), ..base }
        }
    }

    /// What translated the sides.
    pub(crate) fn engines(&self) -> Engines<'_> {
        let [source, target] = &self.engines;
        Engines { source: source.as_deref(), target: target.as_deref() }
    }
}

fn owned(document: &Document) -> Vec<String> {
    document.sentences().map(|sentence| visible(sentence).into_owned()).collect()
}

fn borrowed(sentences: &[String]) -> Vec<&str> {
    sentences.iter().map(String::as_str).collect()
}

fn one_a_sentence(document: &Document, translations: &[String]) -> Result<()> {
    let (sentences, given) = (document.spans().len(), translations.len());
    if sentences == given {
        return Ok(());
    }
    Err(Error::input(
        document.name(),
        format!("has {sentences} sentences, but {given} translations are given"),
    ))
}
