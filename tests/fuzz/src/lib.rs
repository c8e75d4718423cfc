//! What every fuzz target does with its bytes, and what has to hold whatever they are. Inputs are natural files
//! (a page of HTML is a page of HTML), so that seeds can be read and findings be given to the program itself.
//! `tests/fuzz_corpus.rs` includes this file and replays the committed inputs under plain `cargo test`.

use std::cell::RefCell;
use std::path::PathBuf;
use std::sync::LazyLock;

use diptych::*;

/// The checks of model files: private to the library, whose interface is no place for them; the file needs nothing
/// else of it.
#[allow(dead_code)]
#[path = "../../../src/models/check.rs"]
mod check;

/// A target's body.
pub type Body = fn(&[u8]);

/// Every target: one binary each, with its seeds in `corpus/NAME`.
pub const TARGETS: &[(&str, Body)] = &[
    ("text", text),
    ("html", html),
    ("records", records),
    ("sniff", sniff),
    ("split", split_text),
    ("facts", find_facts),
    ("beads", beads),
    ("manifest", manifest),
    ("encoder", encoder),
    ("translations", translations),
    ("search", search),
    ("store", store),
    ("export", export),
    ("align", align_texts),
    ("compare", compare_texts),
    ("render", render),
    ("pairs", pairs),
    ("packed", packed),
    ("marian", marian),
    ("vocabulary", vocabulary),
    ("weights", weights),
];

/// The body of the target called `name`.
pub fn body(name: &str) -> Body {
    TARGETS.iter().find(|target| target.0 == name).expect("a target of the list").1
}

/// Plain text in any encoding.
fn text(data: &[u8]) {
    read_all(data, "txt", Some(InputFormat::Text));
}

/// A page of HTML.
fn html(data: &[u8]) {
    read_all(data, "html", Some(InputFormat::Html));
}

/// JSON Lines.
fn records(data: &[u8]) {
    read_all(data, "jsonl", Some(InputFormat::JsonLines));
}

/// A file that says nothing of itself.
fn sniff(data: &[u8]) {
    read_all(data, "", None);
}

fn read_all(data: &[u8], ending: &str, format: Option<InputFormat>) {
    let path = written(data, ending);
    for (keep_boilerplate, lines) in [(false, false), (true, false), (false, true)] {
        let how = ReadOptions { keep_boilerplate, lines, format, ..ReadOptions::default() };
        let Ok(pages) = read(&path, &how) else { continue };
        for page in pages.into_iter().flatten() {
            assert!(!page.text.trim().is_empty(), "a page without text must be an error");
            assert!(!page.text.contains(['\0', '\r']), "control characters left in");
            let _ = identify(&page.text);
        }
    }
}

/// A line with a language tag, then a text in it.
fn split_text(data: &[u8]) {
    let (lang, text) = in_language(data);
    for how in [Split::Sentences, Split::Lines] {
        let mut at = 0;
        for span in split(&text, &lang, how) {
            assert!(at <= span.start && span.start <= span.end, "spans in order and disjoint");
            assert!(
                text[at..span.start].chars().all(char::is_whitespace),
                "only white space between sentences"
            );
            let sentence = span.of(&text);
            assert!(how == Split::Lines || !sentence.is_empty(), "an empty sentence");
            assert_eq!(sentence, sentence.trim(), "a sentence is trimmed");
            at = span.end;
        }
        assert!(text[at..].trim().is_empty(), "text after the last sentence");
    }
}

/// A line with a language tag, then a sentence in it.
fn find_facts(data: &[u8]) {
    let (lang, text) = in_language(data);
    let found = facts(&text, &lang);
    for fact in &found {
        assert!(!fact.span.of(&text).is_empty(), "a fact stands somewhere");
    }
    let (pairs, _) = matched(&found, &found);
    assert!(pairs.len() <= found.len());
    let _ = unmatched(&found, &found);
    let _ = suspicion(&text, &lang, &text);
}

/// An alignment.
fn beads(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let Ok(gold) = read_beads("fuzz", &text) else { return };
    for nulls in [Nulls::Keep, Nulls::Drop, Nulls::Fill] {
        let judged = Judged { name: "fuzz".into(), gold: gold.clone(), test: gold.clone() };
        let all = evaluate(&[judged], nulls);
        assert!((0.0..=1.0).contains(&all.total.strict().f1), "{:?}", all.total);
    }
}

/// The manifest of a model.
fn manifest(data: &[u8]) {
    let directory = place().join("models");
    let model = directory.join("de-en");
    std::fs::create_dir_all(&model).expect("a temporary directory can be written to");
    std::fs::write(model.join("manifest.toml"), data).expect("a temporary file can be written");
    std::fs::write(model.join("file"), b"content").expect("a temporary file can be written");
    let models = Models::locate(Some(&directory)).expect("the directory holds a model");
    let _ = models.languages();
    let Ok(Some(model)) = models.find("de-en") else { return };
    let _ = (model.note(), model.fingerprint());
    for role in ["model", "source-vocabulary", "target-vocabulary", "encoder"] {
        let _ = model.file(role);
    }
    let _ = Marian::load(&model, 1);
}

/// The file of the sentence encoder.
fn encoder(data: &[u8]) {
    let Ok(encoder) = Encoder::from_bytes(data) else { return };
    let text = "The 3 trains to Tannhafen don't stop here; 48.5 percent do.";
    let (bag, soft) = (encoder.bag(text), encoder.soft_tokens(text));
    assert_eq!(encoder.vector(text).len(), encoder.dim());
    let _ = (bag.cosine(&bag), soft.found_in(&soft));
}

/// Recorded translations.
fn translations(data: &[u8]) {
    let Ok(recorded) = Recorded::open(&written(data, "tsv")) else { return };
    let text = String::from_utf8_lossy(data);
    let sentences: Vec<&str> = text.lines().filter_map(|line| Some(line.split_once('\t')?.0)).collect();
    let found = recorded.translate(&sentences, &mut |_| ()).expect("what the file holds is found");
    assert_eq!(found.len(), sentences.len());
}

/// A query of full-text search.
fn search(data: &[u8]) {
    thread_local!(static STORE: Store = small_store());
    let query = String::from_utf8_lossy(data);
    STORE.with(|store| {
        for hit in store.search(&query, 10).expect("any text is a query") {
            for side in [hit.source, hit.target] {
                for found in side.matches {
                    assert!(!found.of(&side.text).is_empty(), "a match stands somewhere");
                }
            }
        }
    });
}

fn small_store() -> Store {
    let mut store = Store::in_memory().expect("a store in memory");
    let source =
        "Der Zug hält auf freier Strecke. Alle steigen aus, nur der Hund bleibt sitzen. \"C*\" kostet 3 €.";
    let target =
        "The train stops in the open country. Everyone gets off; the dog stays. \"C*\" costs €3. 東京";
    let bitext = aligned(source, target).expect("beads cover both sides");
    store.save(&bitext, &Engines::default()).expect("a store in memory can be written");
    store
}

/// A file that should be a store.
fn store(data: &[u8]) {
    let path = written(data, "db");
    let Ok(store) = Store::open_existing(&path) else { return };
    let _ = store.check(&mut |_| Ok(()));
    let _ = (store.stats(), store.language_pairs(), store.search("der OR train*", 10));
    let _ = store.recall("x", &["a", "b"]);
    let _ = store.for_each_pair(&PairFilter { english: true, ..PairFilter::default() }, &mut |pair| {
        let _ = (pair.kind(), pair.is_blank());
        Ok(())
    });
}

/// Two texts with a form feed between, one sentence a line, line by line into every format.
fn export(data: &[u8]) {
    let (source, target) = two_texts(data);
    let Some(bitext) = paired(&source, &target) else { return };
    let out = exported(&bitext, ExportFormat::Tsv);
    assert!(out.split_terminator('\n').all(|line| line.split('\t').count() == 12), "twelve columns");
    let written = out.split_terminator('\n').count();
    let out = exported(&bitext, ExportFormat::Jsonl);
    assert_eq!(out.split_terminator('\n').count(), written);
    for line in out.split_terminator('\n') {
        serde_json::from_str::<serde_json::Value>(line).expect("a line of JSON");
    }
    assert_eq!(xml_segments(&exported(&bitext, ExportFormat::Tmx)), 2 * written, "segments");
    let beads = exported(&bitext, ExportFormat::Beads);
    assert_eq!(read_beads("fuzz", &beads).expect("beads are read again").len(), bitext.beads().len());
    let (mut left, mut right) = (Vec::new(), Vec::new());
    let mut exporter = Exporter::moses(&mut left, &mut right);
    exporter.write_bitext(&bitext).expect("memory can be written");
    exporter.finish().expect("memory can be written");
    let lines = |bytes: &[u8]| bytes.iter().filter(|&&byte| byte == b'\n').count();
    assert_eq!((lines(&left), lines(&right)), (written, written), "Moses lines");
}

fn exported(bitext: &Bitext, format: ExportFormat) -> String {
    let mut out = Vec::new();
    let mut exporter = Exporter::new(&mut out, format, None).expect("memory can be written");
    exporter.write_bitext(bitext).expect("memory can be written");
    exporter.finish().expect("memory can be written");
    String::from_utf8(out).expect("an export is UTF-8")
}

/// Parses all of `xml`, and counts its segments.
fn xml_segments(xml: &str) -> usize {
    use quick_xml::events::Event;
    let forbidden =
        |c: char| (c < ' ' && !matches!(c, '\t' | '\n' | '\r')) || matches!(c, '\u{FFFE}' | '\u{FFFF}');
    assert!(!xml.contains(forbidden), "a character that XML forbids");
    let mut reader = quick_xml::Reader::from_str(xml);
    reader.config_mut().check_end_names = true;
    let mut segments = 0;
    loop {
        match reader.read_event().expect("well-formed XML") {
            Event::Start(start) if start.name().as_ref() == "seg" => segments += 1,
            Event::Eof => return segments,
            _ => (),
        }
    }
}

/// Two texts with a form feed between, one sentence a line.
fn align_texts(data: &[u8]) {
    let (source, target) = two_texts(data);
    let source: Vec<&str> = source.lines().take(200).collect();
    let target: Vec<&str> = target.lines().take(200).collect();
    for hypotheses in [None, Some(source.as_slice())] {
        let input = AlignInput { source: &source, hypotheses, target: &target, ..AlignInput::default() };
        let beads = align(&input, &AlignOptions::default());
        let mut at = (0, 0);
        for bead in &beads {
            assert_eq!((bead.source.start, bead.target.start), at, "beads follow each other");
            assert!((0.0..=1.0).contains(&bead.score), "{bead:?}");
            at = (bead.source.end, bead.target.end);
        }
        assert_eq!(at, (source.len(), target.len()), "beads cover both sides");
    }
}

/// Two English texts with a form feed between, one sentence a line: compared, and shown in every way.
fn compare_texts(data: &[u8]) {
    thread_local!(static ENCODER: Encoder = small_encoder());
    let lang = Lang::english();
    let texts = two_texts(data);
    let documents: Vec<Document> = [("left.txt", &texts.0), ("right.txt", &texts.1)]
        .map(|(name, text)| {
            let start: String = text.lines().take(40).collect::<Vec<_>>().join("\n");
            Document::new(name.into(), lang.clone(), start, Split::Lines)
        })
        .into();
    let english: Vec<Vec<String>> =
        documents.iter().map(|document| document.sentences().map(String::from).collect()).collect();
    let report = |side: usize| Report {
        lang: &lang,
        sentences: documents[side].sentences().collect(),
        english: english[side].iter().map(String::as_str).collect(),
    };
    let (left, right) = (report(0), report(1));
    for relation in [None, Some(Relation::Independent)] {
        let options = CompareOptions { relation, ..CompareOptions::default() };
        let comparison = ENCODER.with(|encoder| compare(&left, &right, encoder, &options));
        for link in comparison.links() {
            assert!((0.0..=1.0).contains(&link.score), "{link:?}");
        }
        for side in 0..2 {
            assert_eq!(comparison.side(side).len(), english[side].len(), "a verdict a sentence");
        }
    }
}

/// An encoder of few buckets: what a text's features do matters here, not what they mean.
fn small_encoder() -> Encoder {
    let (words, pairs, runs, dim) = (61_u32, 7_u32, 29_u32, 4_u32);
    let buckets = words + pairs + runs;
    let mut bytes = b"ENSENT01".to_vec();
    for field in [buckets, dim, words, pairs, runs, 3, 5, 0] {
        bytes.extend(field.to_le_bytes());
    }
    bytes.extend((0..buckets).flat_map(|i| (0.01 + 0.001 * i as f32).to_le_bytes()));
    bytes.extend((0..buckets).map(|i| (i % 200 + 1) as u8));
    bytes.extend((0..buckets * dim).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8));
    Encoder::from_bytes(&bytes).expect("a file made by the specification")
}

/// Two texts with a form feed between: a document and its "translations", one a line, in every format.
fn render(data: &[u8]) {
    let (source, target) = two_texts(data);
    let lang = "de".parse().expect("a language tag");
    let document = Document::new("a\"<b>.txt".into(), lang, source, Split::Sentences);
    let mut english: Vec<String> = target.lines().map(String::from).collect();
    english.resize(document.spans().len(), String::new());
    let formats = [
        RenderFormat::Text,
        RenderFormat::Bilingual,
        RenderFormat::Tsv,
        RenderFormat::JsonLines,
        RenderFormat::Html,
    ];
    for format in formats {
        let mut out = Vec::new();
        let mut renderer = Renderer::new(&mut out, format);
        renderer.begin(&document, &target, true).expect("memory can be written");
        renderer.sentences(&document, 0, &english, Some(&target)).expect("memory can be written");
        renderer.end().expect("memory can be written");
        let _ = renderer.finish().expect("memory can be written");
        let out = String::from_utf8(out).expect("output is UTF-8");
        if format == RenderFormat::Tsv {
            assert!(out.split_terminator('\n').all(|line| line.split('\t').count() == 5), "five columns");
        }
    }
}

/// The manifest of a corpus.
fn pairs(data: &[u8]) {
    let mut before = 0;
    for line in read_manifest(data) {
        let (number, row) = line.expect("memory can be read");
        assert!(number > before, "lines are numbered");
        before = number;
        let Ok(row) = row else { continue };
        assert!(!row.source.is_empty() && !row.target.is_empty(), "a row names both documents");
    }
}

/// A packed document: gzip or Zstandard by its first bytes.
fn packed(data: &[u8]) {
    let ending = if data.starts_with(&[0x1f, 0x8b]) { "txt.gz" } else { "txt.zst" };
    let how = ReadOptions { max_bytes: 1 << 20, ..ReadOptions::default() };
    for page in read(&written(data, ending), &how).into_iter().flatten().flatten() {
        // NFC makes three bytes of two at worst.
        assert!(page.text.len() <= 3 << 20, "no more is unpacked than allowed");
    }
}

/// A Marian model.
fn marian(data: &[u8]) {
    let Ok(rows) = check::marian(data) else { return };
    let _ = check::fit(&rows, 10, 10);
}

/// A SentencePiece vocabulary.
fn vocabulary(data: &[u8]) {
    let _ = check::vocabulary(data).is_ok_and(|pieces| pieces == 0);
}

/// The weights of a Hugging Face model.
fn weights(data: &[u8]) {
    for name in ["model.safetensors", "pytorch_model.bin"] {
        let _ = check::torch_weights(name, data);
    }
}

/// Two texts, parted by the first form feed.
fn two_texts(data: &[u8]) -> (String, String) {
    let text = String::from_utf8_lossy(data);
    let (source, target) = text.split_once('\u{c}').unwrap_or((&text, ""));
    (source.into(), target.into())
}

/// A language and a text in it: German where the first line names none.
fn in_language(data: &[u8]) -> (Lang, String) {
    let text = String::from_utf8_lossy(data);
    let (first, rest) = text.split_once('\n').unwrap_or(("", &text));
    match first.parse() {
        Ok(lang) => (lang, rest.into()),
        Err(_) => ("de".parse().expect("a language tag"), text.into()),
    }
}

/// Both texts by sentences, the first of each aligned with one another and so on; the rest null alignments.
fn aligned(source: &str, target: &str) -> Option<Bitext> {
    by_number(source, target, Split::Sentences)
}

fn paired(source: &str, target: &str) -> Option<Bitext> {
    by_number(source, target, Split::Lines)
}

fn by_number(source: &str, target: &str, how: Split) -> Option<Bitext> {
    let source = Document::new("a.de".into(), "de".parse().ok()?, source.into(), how);
    let target = Document::new("a.en".into(), Lang::english(), target.into(), how);
    let (left, right) = (source.spans().len(), target.spans().len());
    let beads = (0..left.max(right)).map(|i| Bead {
        source: i.min(left)..(i + 1).min(left),
        target: i.min(right)..(i + 1).min(right),
        score: 0.5,
    });
    let beads = beads.collect();
    Bitext::new(source, target, beads, "fuzz".into()).ok()
}

/// A file of this thread's own that holds `data`.
fn written(data: &[u8], ending: &str) -> PathBuf {
    let path = place().join(format!("input.{ending}"));
    std::fs::write(&path, data).expect("a temporary file can be written");
    path
}

fn place() -> PathBuf {
    static ROOT: LazyLock<PathBuf> = LazyLock::new(std::env::temp_dir);
    thread_local!(static PLACE: RefCell<Option<PathBuf>> = const { RefCell::new(None) });
    let make = || {
        let thread = format!("{:?}", std::thread::current().id());
        let number: String = thread.chars().filter(char::is_ascii_digit).collect();
        let path = ROOT.join(format!("diptych-fuzz-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a temporary directory can be made");
        path
    };
    PLACE.with(|place| place.borrow_mut().get_or_insert_with(make).clone())
}

/// Removes what the targets wrote on this thread.
pub fn clean_up() {
    let _ = std::fs::remove_dir_all(place());
}
