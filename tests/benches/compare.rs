//! Comparing two texts of 1,000 sentences: `cargo bench --bench compare`. The bar is a tenth of what translating
//! one side takes; that figure is `cargo bench --bench translate`'s, in words a second.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use diptych::{CompareOptions, Encoder, Lang, Report, compare};

const PLACES: [&str; 10] =
    ["Bergen", "Lindau", "Orange", "Salem", "Toledo", "Verden", "Wismar", "Xanten", "Ypern", "Zwolle"];
const THINGS: [&str; 12] = [
    "bridge", "harbour", "school", "library", "market", "station", "theatre", "garden", "tower", "factory",
    "mill", "canal",
];
const VERBS: [&str; 8] =
    ["repaired", "closed", "opened", "sold", "painted", "inspected", "flooded", "extended"];

/// Sentences of some twenty words that share words as reports on one event do.
fn sentences(count: usize, shift: usize) -> Vec<String> {
    let sentence = |i: usize| {
        let k = i * 7 + shift;
        format!(
            "The {} council said on Monday that the old {} near {} street would be {} within {} weeks for about \
             {}.{} million euros, spokeswoman name{} added.",
            PLACES[k % 10],
            THINGS[(k / 3) % 12],
            PLACES[(k / 5 + 3) % 10],
            VERBS[(k / 2) % 8],
            k % 31 + 2,
            k % 97,
            k % 10,
            k % 1700
        )
    };
    (0..count).map(sentence).collect()
}

fn bench(c: &mut Criterion) {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/models/en-encoder/en-encoder.bin");
    let encoder =
        Encoder::from_bytes(&std::fs::read(file).expect("the shipped encoder")).expect("its format");
    let english = Lang::english();
    let (source, target) = (sentences(1000, 0), sentences(1000, 3));
    let report = |texts: &'static [String]| Report {
        lang: Box::leak(Box::new(english.clone())),
        sentences: texts.iter().map(String::as_str).collect(),
        english: texts.iter().map(String::as_str).collect(),
    };
    let (source, target) = (report(Vec::leak(source)), report(Vec::leak(target)));
    let mut group = c.benchmark_group("compare");
    group.sample_size(10);
    group.bench_function("2 x 1,000 sentences", |b| {
        b.iter(|| compare(black_box(&source), black_box(&target), &encoder, &CompareOptions::default()));
    });
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
