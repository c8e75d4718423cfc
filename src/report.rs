//! A comparison for people and programs: the terminal view, one self-contained page, JSON. What is counted and
//! how it is put in words is decided here, once for all three.

mod html;
mod json;
mod text;

pub use html::report_html;
pub use json::report_json;
pub use text::{TextOptions, report_text};

use quick_xml::escape::escape;

use crate::compare::{Comparison, Judgement, Relation, SelfTest, Statement, Topic, Verdict};
use crate::document::Document;
use crate::lang::Lang;
use crate::translate::{Suspicion, suspicion};

/// One of the reports that were compared.
#[derive(Debug, Clone)]
pub struct Side<'a> {
    /// The document.
    pub document: &'a Document,
    /// Its sentences in English, one for one.
    pub english: &'a [String],
    /// What translated it; `None`: it is English.
    pub signature: Option<String>,
    /// What readers must know about that translation.
    pub note: Option<String>,
}

impl Side<'_> {
    /// The file's name without its directories: what a page may show of a path.
    pub fn name(&self) -> &str {
        let name = self.document.name();
        name.rsplit(['/', '\\']).next().filter(|name| !name.is_empty()).unwrap_or(name)
    }

    /// The headline, else the file's name.
    pub fn title(&self) -> &str {
        self.document.meta().title.as_deref().filter(|title| !title.trim().is_empty()).unwrap_or(self.name())
    }

    fn sentence(&self, i: usize) -> &str {
        self.document.spans().get(i).map_or("", |span| span.of(self.document.text()))
    }

    /// The English of a sentence, where it is a translation.
    fn translation(&self, i: usize) -> Option<&str> {
        self.signature.as_ref()?;
        self.english.get(i).map(String::as_str).filter(|english| !english.is_empty())
    }

    /// Why a sentence's translation is not to be trusted, if it is not.
    fn suspicion(&self, i: usize) -> Option<Suspicion> {
        self.signature.as_ref()?;
        suspicion(self.sentence(i), self.document.lang(), self.english.get(i)?)
    }

    fn suspects(&self) -> usize {
        (0..self.document.spans().len()).filter(|&i| self.suspicion(i).is_some()).count()
    }
}

/// Two of the reports and their comparison.
#[derive(Debug, Clone)]
pub struct Compared {
    /// The first report, from 0.
    pub source: usize,
    /// The second.
    pub target: usize,
    /// What came out.
    pub comparison: Comparison,
}

/// Everything that a report shows.
#[derive(Debug, Clone)]
pub struct Study<'a> {
    /// The reports.
    pub sides: Vec<Side<'a>>,
    /// Every two of them; of two reports one.
    pub pairs: Vec<Compared>,
    /// Of more than two reports: which of them make which statement.
    pub statements: Vec<Statement>,
    /// What produced the comparison.
    pub signature: String,
    /// What a self-test found, if one was made.
    pub self_test: Vec<SelfTest>,
}

impl Study<'_> {
    /// What a side is called in running text: its language where no other has it, else its file.
    fn label(&self, side: usize) -> String {
        let lang = self.sides[side].document.lang();
        let alone = self.sides.iter().filter(|other| other.document.lang() == lang).count() == 1;
        if alone { lang.name().to_string() } else { self.sides[side].name().to_string() }
    }

    /// A short mark for a side: the language tag, else its number.
    fn mark(&self, side: usize) -> String {
        let lang = self.sides[side].document.lang();
        let alone = self.sides.iter().filter(|other| other.document.lang() == lang).count() == 1;
        if alone { lang.to_string() } else { format!("{lang}{}", side + 1) }
    }

    fn languages(&self) -> Vec<&Lang> {
        let mut languages: Vec<&Lang> = self.sides.iter().map(|side| side.document.lang()).collect();
        languages.sort();
        languages.dedup();
        languages
    }

    /// The reports by language, then in their order.
    fn by_language(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.sides.len()).collect();
        order.sort_by_key(|&side| (self.sides[side].document.lang().clone(), side));
        order
    }

    /// What readers must know of the translations, each once.
    fn notes(&self) -> Vec<String> {
        let mut notes: Vec<String> = self.sides.iter().filter_map(|side| side.note.clone()).collect();
        notes.sort();
        notes.dedup();
        notes
    }
}

/// What must be said first of reports that hardly match.
const DOUBTFUL: &str = "Hardly any two sentences match: the reports are probably not on the same event. What looks \
     alike here is more likely chance or background than the same statement.";

fn relation_text(relation: Relation) -> &'static str {
    match relation {
        Relation::Independent => "Two independent reports: sentences are matched in any order, many to many.",
        Relation::Rearranged => {
            "One text renders the other's sentences in another order: they are matched one to one."
        }
        Relation::Parallel => {
            "One text renders the other, in order: sentences are aligned as a text and its translation."
        }
    }
}

fn relation_name(relation: Relation) -> &'static str {
    match relation {
        Relation::Independent => "independent",
        Relation::Rearranged => "rearranged",
        Relation::Parallel => "parallel",
    }
}

fn verdict_name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Covered => "covered",
        Verdict::Partly => "partly",
        Verdict::Only => "only",
        Verdict::Uncertain => "uncertain",
        Verdict::Blank => "blank",
    }
}

fn topic_name(topic: Topic) -> &'static str {
    match topic {
        Topic::Number => "number",
        Topic::Date => "date",
        Topic::Time => "time",
        Topic::Score => "score",
        Topic::Name => "name",
        Topic::Negation => "negation",
    }
}

/// The sentences of a verdict, most salient first.
fn listed(judgements: &[Judgement], verdict: Verdict) -> Vec<usize> {
    let mut list: Vec<usize> = (0..judgements.len()).filter(|&i| judgements[i].verdict == verdict).collect();
    list.sort_by(|&a, &b| judgements[b].salience.total_cmp(&judgements[a].salience).then(a.cmp(&b)));
    list
}

/// How many sentences have which verdict, blank ones left out: covered, partly, uncertain, only.
fn counts(judgements: &[Judgement]) -> [usize; 4] {
    [Verdict::Covered, Verdict::Partly, Verdict::Uncertain, Verdict::Only]
        .map(|verdict| judgements.iter().filter(|judgement| judgement.verdict == verdict).count())
}

/// "about 12 (10 to 14) of 18"
fn covered_text(comparison: &Comparison, side: usize) -> String {
    let (mean, low, high) = comparison.covered(side);
    let of: usize = counts(comparison.side(side)).iter().sum();
    let (mean, low, high) = (mean.round(), low.round(), high.round());
    if low == high { format!("{mean} of {of}") } else { format!("about {mean} ({low} to {high}) of {of}") }
}
