//! Alignment alone, without reading or translating: made-up documents of 100 to 20,000 lines a side, of which
//! a tenth has no counterpart. Time should grow as the lines do.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use diptych::{AlignInput, AlignOptions, Encoder, align};

/// Numbers that are the same every time (xorshift64).
struct Draw(u64);

impl Draw {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % n
    }

    /// A word; some are much more common than others, and longer documents hold more different ones.
    fn word(&mut self, words: usize) -> String {
        let rank = self.below(words) * self.below(1000) / 1000;
        let syllables = ["ba", "ket", "lin", "or", "sun", "tra", "vel", "mi", "do", "ang"];
        let mut left = rank + 10;
        let mut word = String::new();
        while left > 0 {
            word += syllables[left % 10];
            left /= 10;
        }
        word
    }
}

/// Hypotheses and targets: nine of ten lines in both, a quarter of the words different.
fn documents(lines: usize) -> (Vec<String>, Vec<String>) {
    let mut draw = Draw(0x2545_F491_4F6C_DD1D);
    let words = 2_000 + lines;
    let (mut hypotheses, mut targets) = (Vec::new(), Vec::new());
    for _ in 0..lines {
        let size = 8 + draw.below(20);
        let line: Vec<String> = (0..size).map(|_| draw.word(words)).collect();
        let other: Vec<String> =
            line.iter().map(|w| if draw.below(4) == 0 { draw.word(words) } else { w.clone() }).collect();
        if draw.below(20) > 0 {
            hypotheses.push(line.join(" "));
        }
        if draw.below(20) > 0 {
            targets.push(other.join(" "));
        }
    }
    (hypotheses, targets)
}

fn aligning(c: &mut Criterion) {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/models/en-encoder/en-encoder.bin");
    let bytes = std::fs::read(file).expect("the encoder lies in models/en-encoder");
    let encoder = Encoder::from_bytes(&bytes).expect("the shipped encoder is whole");
    let options = AlignOptions::default();
    let mut group = c.benchmark_group("align");
    group.sample_size(10);
    for lines in [100, 1_000, 5_000, 20_000] {
        let (hypotheses, targets) = documents(lines);
        let hypotheses: Vec<&str> = hypotheses.iter().map(String::as_str).collect();
        let targets: Vec<&str> = targets.iter().map(String::as_str).collect();
        group.throughput(Throughput::Elements((hypotheses.len() + targets.len()) as u64));
        for (name, hypotheses_given, encoder) in [
            ("words", None, None),
            ("hypotheses", Some(&hypotheses[..]), None),
            ("encoder", Some(&hypotheses[..]), Some(&encoder)),
        ] {
            let input = AlignInput {
                source: &hypotheses,
                hypotheses: hypotheses_given,
                target: &targets,
                encoder,
                ..AlignInput::default()
            };
            group.bench_with_input(BenchmarkId::new(name, lines), &input, |b, input| {
                b.iter(|| align(black_box(input), &options));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, aligning);
criterion_main!(benches);
