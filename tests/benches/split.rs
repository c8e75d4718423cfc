//! Sentence splitting, ours beside the crate sentencex on the same text: `cargo bench --bench split`.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use diptych::{Lang, Split, split};
use std::hint::black_box;

const GERMAN: &str = "Am 3. März 2021 fuhr Dr. Anna Keller mit dem Zug um 7.45 Uhr nach St. Blasien. „Kommst du \
    bald wieder?“, fragte ihr Bruder am Bahnsteig. Sie nickte nur und dachte an die 2,5 Mio. Euro, die das Haus \
    kosten sollte, d. h. an die Hälfte ihres Erbes. Im 19. Jahrhundert gehörte es einem Müller; heute stehen dort \
    Schränke, Kisten, Lampen usw. Niemand wollte es haben ... Doch sie hatte sich entschieden! Die Firma \
    Berger & Co. KG schrieb am nächsten Tag: „Wir nehmen Ihr Angebot an. Bitte rufen Sie Nr. 12 an.“ Damit war \
    alles gesagt.";

const ENGLISH: &str = "On Jan. 12 Dr. Ruth Oakley opened the second laboratory of Harbour Instruments Inc. in \
    Bristol. \"We expected forty visitors,\" she said, \"and 312 came.\" Tickets cost $4.50, i.e. less than a \
    sandwich at the station. Was it worth the trouble? Her colleague J. T. Mills, who joined in 2009, thought so! \
    The doors closed at 5:30 p.m. and the last guests walked home along St. James Street. No. 7 is still empty; \
    the U.S. partner wants it for its own staff, cf. the report on p. 14. (The report is on www.example.org/news.) \
    Nobody knows what happens next...";

/// About a megabyte: the paragraph over and over, each time with other numbers and another first word.
fn text(paragraph: &str, words: [&str; 4]) -> String {
    let mut text = String::new();
    let mut i = 0;
    while text.len() < 1 << 20 {
        let word = words[i % words.len()];
        text += &format!("{word} {}. {}\n\n", i % 97, paragraph.replace("12", &(i % 31 + 1).to_string()));
        i += 1;
    }
    text
}

fn bench(c: &mut Criterion) {
    let texts = [
        ("de", text(GERMAN, ["Kapitel", "Es waren", "Seite", "Platz"])),
        ("en", text(ENGLISH, ["Chapter", "There were", "Page", "They won by"])),
    ];
    let mut group = c.benchmark_group("split");
    group.sample_size(10);
    for (tag, text) in &texts {
        let lang: Lang = tag.parse().expect("a tag");
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_with_input(BenchmarkId::new("diptych", tag), text, |b, text| {
            b.iter(|| split(black_box(text), &lang, Split::Sentences).len())
        });
        group.bench_with_input(BenchmarkId::new("sentencex", tag), text, |b, text| {
            b.iter(|| sentencex::segment(tag, black_box(text)).len())
        });
    }
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
