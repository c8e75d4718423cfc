//! Laws of the store and the exports, on generated documents.

use std::collections::{BTreeMap, BTreeSet};

use diptych::{
    Bead, Bitext, Document, Engines, ExportFormat, Exporter, FilterOptions, Lang, PairFilter, Reason, Split,
    Store, one_line,
};
use proptest::collection::vec;
use proptest::prelude::*;

/// Lines with everything that a format could stumble over; blank lines too.
fn line() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        3 => "[a-zäöüß]{1,6}".prop_map(String::from),
        1 => Just("&<>\"']]>\\".to_string()),
        1 => Just("\t\u{0}\u{1b}\u{85}\u{2028}\u{fffe}".to_string()),
        1 => Just("🦀 e\u{301} مرحبا \u{202e}".to_string()),
        1 => Just("\u{fdd0}x\u{fdd1}".to_string()),
        2 => Just(" ".to_string()),
        1 => any::<char>().prop_map(String::from),
    ];
    vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

/// Which documents, their lines, and what decides the beads.
type Input = (usize, usize, Vec<String>, Vec<String>, Vec<(usize, usize, u16)>);

fn input() -> impl Strategy<Value = Input> {
    (
        0..3usize,
        0..3usize,
        vec(line(), 0..5),
        vec(line(), 0..5),
        vec((0..3usize, 0..3usize, 0..=1000u16), 0..8),
    )
}

fn bitext((source, target, source_lines, target_lines, steps): &Input) -> Bitext {
    let document = |name: String, lang: &str, lines: &[String]| {
        Document::new(name, lang.parse().unwrap(), lines.join("\n"), Split::Lines)
    };
    // The same names on both sides: a document can be a source here and a target there.
    let source = document(format!("doc{source}"), "de", source_lines);
    let target = document(format!("doc{}", target + 1), "en", target_lines);
    let beads = beads(source.spans().len(), target.spans().len(), steps);
    Bitext::new(source, target, beads, "law".into()).unwrap()
}

/// Beads of the given sizes as far as they fit, and one of all that is left.
fn beads(sources: usize, targets: usize, steps: &[(usize, usize, u16)]) -> Vec<Bead> {
    let (mut beads, mut source, mut target) = (Vec::new(), 0, 0);
    let last = (sources, targets, 500);
    for (s, t, score) in steps.iter().copied().chain([last]) {
        let (s, t) = (s.min(sources - source), t.min(targets - target));
        if s + t > 0 {
            let score = f32::from(score) / 1000.0;
            beads.push(Bead { source: source..source + s, target: target..target + t, score });
            (source, target) = (source + s, target + t);
        }
    }
    beads
}

fn pairs_of(bitext: &Bitext) -> Vec<(String, String, f32)> {
    let pairs =
        bitext.aligned_pairs().filter(|pair| pair.source.span.is_some() && pair.target.span.is_some());
    pairs.map(|pair| (pair.source.text.into(), pair.target.text.into(), pair.score)).collect()
}

fn stored(store: &Store) -> Vec<(String, String, f32)> {
    let mut pairs = Vec::new();
    let each = &mut |pair: &diptych::AlignedPair<'_>| {
        pairs.push((pair.source.text.to_string(), pair.target.text.to_string(), pair.score));
        Ok(())
    };
    store.for_each_pair(&PairFilter::default(), each).unwrap();
    pairs
}

fn exported(bitext: &Bitext, format: ExportFormat) -> String {
    let mut out = Vec::new();
    let mut exporter = Exporter::new(&mut out, format, Some(&Lang::english())).unwrap();
    exporter.write_bitext(bitext).unwrap();
    exporter.finish().unwrap();
    String::from_utf8(out).unwrap()
}

/// All that an export can show, verdicts among it.
fn shown(store: &Store) -> String {
    let mut out = Vec::new();
    for rejected in [false, true] {
        let mut exporter = Exporter::new(&mut out, ExportFormat::Jsonl, None).unwrap();
        let filter = PairFilter { english: true, rejected, ..PairFilter::default() };
        store.for_each_pair(&filter, &mut |pair| exporter.write(pair)).unwrap();
        exporter.finish().unwrap();
    }
    String::from_utf8(out).unwrap()
}

fn filtered(store: &mut Store) {
    // With reasons that these lines seldom have out of the way, so that the others come about.
    let allow = [Reason::Letters, Reason::Length, Reason::Score].into();
    store
        .filter(&FilterOptions { boilerplate: 2, allow, ..FilterOptions::default() }, &mut |_| Ok(()))
        .unwrap();
}

/// The inputs in an order that `seed` decides.
fn shuffled<T>(mut items: Vec<T>, mut seed: u64) -> Vec<T> {
    for i in (1..items.len()).rev() {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        items.swap(i, (seed >> 33) as usize % (i + 1));
    }
    items
}

fn read_tmx(text: &str) -> Vec<String> {
    use quick_xml::events::Event;
    let mut reader = quick_xml::Reader::from_str(text);
    let (mut segments, mut segment) = (Vec::new(), None);
    loop {
        match (reader.read_event().unwrap(), &mut segment) {
            (Event::Start(e), _) if e.name().as_ref() == "seg" => segment = Some(String::new()),
            (Event::End(e), _) if e.name().as_ref() == "seg" => segments.extend(segment.take()),
            (Event::Text(e), Some(segment)) => segment.push_str(&e),
            (Event::GeneralRef(e), Some(segment)) => {
                segment.push_str(quick_xml::escape::resolve_predefined_entity(&e).unwrap());
            }
            (Event::Eof, _) => return segments,
            _ => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// Any sequence of saves leaves what a map from the two names to the last bitext would hold: the pairs
    /// in order, the documents in use and no others, and an index that agrees with the text.
    #[test]
    fn saves_are_those_of_a_map(inputs in vec(input(), 1..8)) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("c.db");
        let mut store = Store::open(&path).unwrap();
        let mut model = BTreeMap::new();
        for input in &inputs {
            let bitext = bitext(input);
            store.save(&bitext, &Engines::default()).unwrap();
            model.insert((bitext.source().name().to_string(), bitext.target().name().to_string()), bitext);
        }
        prop_assert_eq!(stored(&store), model.values().flat_map(pairs_of).collect::<Vec<_>>());

        let stats = store.stats().unwrap();
        let sides = model.values().flat_map(|bitext| [bitext.source(), bitext.target()]);
        let documents: BTreeMap<_, _> =
            sides.map(|d| ((d.name(), d.lang(), d.text()), d.spans().len() as u64)).collect();
        prop_assert_eq!(stats.languages.values().map(|l| l.documents).sum::<u64>(), documents.len() as u64);
        prop_assert_eq!(stats.languages.values().map(|l| l.sentences).sum::<u64>(), documents.values().sum::<u64>());
        prop_assert_eq!(stats.bitexts, model.len() as u64);
        prop_assert_eq!(stats.beads.values().sum::<u64>(), model.values().map(|b| b.beads().len() as u64).sum::<u64>());
        drop(store);

        let connection = rusqlite::Connection::open(&path).unwrap();
        connection.execute("INSERT INTO pair_text (pair_text, rank) VALUES ('integrity-check', 1)", []).unwrap();
        let dangling = connection.query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get(0));
        prop_assert_eq!(dangling, Ok(0i64));
    }

    /// What is read back from TSV, TMX and JSON Lines are the bitext's pairs, in order, without the blank ones.
    #[test]
    fn exports_come_back_as_they_were(input in input()) {
        let bitext = bitext(&input);
        let pairs = pairs_of(&bitext).into_iter().map(|(source, target, _)| (source, target));
        let pairs: Vec<_> = pairs.filter(|(s, t)| !s.trim().is_empty() && !t.trim().is_empty()).collect();
        let lines: Vec<_> =
            pairs.iter().map(|(s, t)| (one_line(s).into_owned(), one_line(t).into_owned())).collect();

        let tsv = exported(&bitext, ExportFormat::Tsv);
        let rows: Vec<Vec<&str>> = tsv.split_terminator('\n').map(|row| row.split('\t').collect()).collect();
        prop_assert!(rows.iter().all(|row| row.len() == 12));
        let read: Vec<_> = rows.iter().map(|row| (row[0].to_string(), row[1].to_string())).collect();
        prop_assert_eq!(&read, &lines);

        let segments = read_tmx(&exported(&bitext, ExportFormat::Tmx));
        let read: Vec<_> = segments.chunks(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect();
        prop_assert_eq!(&read, &lines);

        let json = exported(&bitext, ExportFormat::Jsonl);
        let rows: Vec<serde_json::Value> =
            json.split_terminator('\n').map(|row| serde_json::from_str(row).unwrap()).collect();
        let text = |row: &serde_json::Value, side: &str| row[side].as_str().unwrap().to_string();
        let read: Vec<_> = rows.iter().map(|row| (text(row, "source"), text(row, "target"))).collect();
        prop_assert_eq!(&read, &pairs);

        let beads = exported(&bitext, ExportFormat::Beads);
        prop_assert_eq!(beads.lines().count(), bitext.beads().len());
    }

    /// Any text is a query; what is found holds it, and the places lie in the text.
    #[test]
    fn any_text_is_a_query(inputs in vec(input(), 1..4), query in prop_oneof![".{0,20}", "[a-zA-Z\"*:^(){}+~ -]{0,20}", line()]) {
        let mut store = Store::in_memory().unwrap();
        for input in &inputs {
            store.save(&bitext(input), &Engines::default()).unwrap();
        }
        for hit in store.search(&query, 5).unwrap() {
            for side in [&hit.source, &hit.target] {
                prop_assert!(side.matches.iter().all(|span| side.text.get(span.start..span.end).is_some()));
            }
        }
    }

    /// Each word of a stored text finds its pair.
    #[test]
    fn every_word_is_found(input in input()) {
        let bitext = bitext(&input);
        let mut store = Store::in_memory().unwrap();
        store.save(&bitext, &Engines::default()).unwrap();
        for (source, _, _) in pairs_of(&bitext) {
            let words: BTreeSet<&str> = source.split(|c: char| !c.is_ascii_lowercase() && !"äöüß".contains(c)).collect();
            let whole = source.split([' ', '\n']).collect::<BTreeSet<_>>();
            for word in words.intersection(&whole).filter(|word| !word.is_empty()) {
                let hits = store.search(word, 100).unwrap();
                prop_assert!(hits.iter().any(|hit| hit.source.text == source), "{}", word);
            }
        }
    }

    /// What was remembered is recalled, the first of two translations of one sentence.
    #[test]
    fn recall_is_a_map(pairs in vec((line(), line()), 0..20), engine in "[a-z]{0,3}") {
        let mut store = Store::in_memory().unwrap();
        let mut model: BTreeMap<&str, &str> = BTreeMap::new();
        for chunk in pairs.chunks(3) {
            let chunk: Vec<(&str, &str)> = chunk.iter().map(|(s, t)| (s.as_str(), t.as_str())).collect();
            store.remember(&engine, &chunk).unwrap();
            for (sentence, english) in chunk {
                model.entry(sentence).or_insert(english);
            }
        }
        let sentences: Vec<&str> = pairs.iter().map(|(sentence, _)| sentence.as_str()).collect();
        let found = store.recall(&engine, &sentences).unwrap();
        let expected: Vec<_> = sentences.iter().map(|sentence| Some(model[sentence].to_string())).collect();
        prop_assert_eq!(found, expected);
        prop_assert!(store.recall("another", &sentences).unwrap().iter().all(Option::is_none));
    }

    /// Bitexts spread over stores at random and merged in any order are what one store holds that got them all;
    /// merging again changes nothing; every store that was made on the way is sound.
    #[test]
    fn merges_are_unions(inputs in vec((input(), 0..3usize), 1..8), seed in any::<u64>()) {
        let last: BTreeMap<_, _> = inputs.iter().map(|(input, at)| ((input.0, input.1), (bitext(input), *at))).collect();
        let mut one = Store::in_memory().unwrap();
        let mut parts = [0, 1, 2].map(|_| Store::in_memory().unwrap());
        for (bitext, part) in shuffled(last.values().collect(), seed) {
            let sentences: Vec<(&str, &str)> = bitext.source().sentences().map(|s| (s, "English")).collect();
            let engines = Engines { source: Some("engine"), target: None };
            for store in [&mut one, &mut parts[*part]] {
                store.remember("engine", &sentences).unwrap();
                store.save(bitext, &engines).unwrap();
            }
        }
        filtered(&mut one);
        parts.iter_mut().for_each(filtered);
        let mut merged = Store::in_memory().unwrap();
        let parts = shuffled(parts.into(), seed);
        merged.merge(&parts, &mut |_| Ok(())).unwrap();
        prop_assert_eq!(shown(&merged), shown(&one));
        let again = merged.merge(&shuffled(parts, !seed), &mut |_| Ok(())).unwrap();
        prop_assert_eq!((again.added, again.replaced, again.kept, again.translations), (0, 0, 0, 0));
        prop_assert_eq!(shown(&merged), shown(&one));
        for store in [&one, &merged] {
            prop_assert_eq!(store.check(&mut |_| Ok(())).unwrap(), vec![]);
        }
    }

    /// Where stores contradict each other, the order of merging still makes no difference.
    #[test]
    fn contradictions_end_the_same(inputs in vec((input(), 0..3usize), 1..9), seed in any::<u64>()) {
        let part = |wanted: usize| {
            let mut store = Store::in_memory().unwrap();
            for (input, _) in inputs.iter().filter(|(_, at)| *at == wanted) {
                let bitext = bitext(input);
                let english = format!("English {wanted}");
                let sentences: Vec<(&str, &str)> = bitext.source().sentences().map(|s| (s, english.as_str())).collect();
                store.remember("engine", &sentences).unwrap();
                store.save(&bitext, &Engines { source: Some("engine"), target: None }).unwrap();
            }
            store
        };
        let merged = |order: &[usize]| {
            let mut out = Store::in_memory().unwrap();
            for &at in order {
                out.merge(&[part(at)], &mut |_| Ok(())).unwrap();
            }
            out
        };
        let (forth, back) = (merged(&[0, 1, 2]), merged(&shuffled(vec![0, 1, 2], seed)));
        prop_assert_eq!(shown(&forth), shown(&back));
        prop_assert_eq!(back.check(&mut |_| Ok(())).unwrap(), vec![]);
    }

    /// Verdicts do not depend on the order in which documents came.
    #[test]
    fn verdicts_do_not_depend_on_order(inputs in vec(input(), 1..8), seed in any::<u64>()) {
        let last: BTreeMap<_, _> = inputs.iter().map(|input| ((input.0, input.1), bitext(input))).collect();
        let judged = |bitexts: Vec<&Bitext>| {
            let mut store = Store::in_memory().unwrap();
            bitexts.iter().for_each(|bitext| store.save(bitext, &Engines::default()).unwrap());
            filtered(&mut store);
            store
        };
        let (forth, back) = (judged(last.values().collect()), judged(shuffled(last.values().collect(), seed)));
        prop_assert_eq!(shown(&forth), shown(&back));
        prop_assert_eq!(back.check(&mut |_| Ok(())).unwrap(), vec![]);
    }
}
