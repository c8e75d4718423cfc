//! What diptych adds to the bare engine: throughput with the same threads, and the time from start to the
//! first sentence out. Ratios of medians, both sides measured in turn in the same run.
//!
//!     cargo bench --bench translate

use std::fmt::Write as _;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use diptych::{Lang, Marian, Models, Translator};
use fxtranslate::engine::Engine;

const ROUNDS: usize = 5;
const MODEL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/models/de-en/");

fn main() {
    // The bare side of the start-up comparison is a process of its own too: `translate-… bare FILE`.
    if let [_, mode, path] = &std::env::args().collect::<Vec<_>>()[..]
        && mode == "bare"
    {
        let sentence = std::fs::read_to_string(path).expect("readable");
        println!("{}", bare_engine().translate(&sentence));
        return;
    }
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get());
    let sentences = sentences(240);
    let sentences: Vec<&str> = sentences.iter().map(String::as_str).collect();
    let words: usize = sentences.iter().map(|s| s.split_whitespace().count()).sum();
    throughput(&sentences, words, threads);
    first_sentence(sentences[0]);
}

fn throughput(sentences: &[&str], words: usize, threads: usize) {
    let bare = bare_engine();
    let model =
        Models::locate(None).and_then(|models| models.find("de-en")).expect("readable").expect("shipped");
    let marian = Marian::load(&model, threads).expect("the shipped model loads");
    let one: Vec<&[&str]> = sentences.chunks(1).collect();
    let twelve: Vec<&[&str]> = sentences.chunks(12).collect();
    let (mut alone, mut batched, mut ours) = (vec![], vec![], vec![]);
    for _ in 0..ROUNDS {
        let (time, expected) = timed(|| bare_loop(&bare, &one, threads));
        alone.push(time);
        batched.push(timed(|| bare_loop(&bare, &twelve, threads)).0);
        let (time, translations) = timed(|| marian.translate(sentences, &mut |_| ()).expect("translates"));
        ours.push(time);
        assert_eq!(translations, expected, "diptych and the bare engine say the same");
    }
    let (alone, batched, ours) = (median(alone), median(batched), median(ours));
    let speed = |time: Duration| words as f64 / time.as_secs_f64();
    println!(
        "throughput, {} sentences, {words} words, {threads} threads, median of {ROUNDS}:",
        sentences.len()
    );
    println!("  bare engine, one sentence at a time   {:7.0} words/s", speed(alone));
    println!("  bare engine, batches of 12 as they come {:5.0} words/s", speed(batched));
    println!("  diptych                               {:7.0} words/s", speed(ours));
    println!("  diptych / bare: {:.2} and {:.2}", ratio(alone, ours), ratio(batched, ours));
}

fn first_sentence(sentence: &str) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = directory.path().join("one.txt");
    std::fs::write(&path, sentence).expect("writable");
    let this = std::env::current_exe().expect("this program has a path");
    let (mut bare, mut ours) = (vec![], vec![]);
    for _ in 0..4 * ROUNDS {
        bare.push(process(Command::new(&this).arg("bare").arg(&path)));
        let mut command = Command::new(env!("CARGO_BIN_EXE_diptych"));
        ours.push(process(command.args(["translate", "--quiet", "--lang", "de", "--presplit"]).arg(&path)));
    }
    let (bare, ours) = (median(bare), median(ours));
    println!("from start of the process to the first sentence out, median of {}:", 4 * ROUNDS);
    println!("  bare engine, load and translate      {:7.1} ms", bare.as_secs_f64() * 1e3);
    println!("  diptych                              {:7.1} ms", ours.as_secs_f64() * 1e3);
    println!("  diptych / bare: {:.2}", ours.as_secs_f64() / bare.as_secs_f64());
}

fn process(command: &mut Command) -> Duration {
    let (time, output) = timed(|| command.stderr(Stdio::inherit()).output().expect("the program runs"));
    assert!(output.status.success() && !output.stdout.is_empty());
    time
}

fn bare_engine() -> Engine {
    let file = |name: &str| format!("{MODEL}{name}");
    Engine::load(file("model.deen.intgemm.alphas.bin"), file("srcvocab.deen.spm"), file("trgvocab.deen.spm"))
        .expect("the shipped model loads")
}

fn bare_loop(engine: &Engine, batches: &[&[&str]], threads: usize) -> Vec<String> {
    let next = AtomicUsize::new(0);
    let mut done: Vec<(usize, Vec<String>)> = std::thread::scope(|scope| {
        let work = || {
            let mut outputs = Vec::new();
            while let Some((i, batch)) =
                Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|i| Some((i, batches.get(i)?)))
            {
                let output = match batch {
                    [only] => vec![engine.translate(only)],
                    batch => engine.translate_batch(batch),
                };
                outputs.push((i, output));
            }
            outputs
        };
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("no panic")).collect()
    });
    done.sort_by_key(|(i, _)| *i);
    done.into_iter().flat_map(|(_, outputs)| outputs).collect()
}

fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let start = Instant::now();
    let result = work();
    (start.elapsed(), result)
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn ratio(bare: Duration, ours: Duration) -> f64 {
    bare.as_secs_f64() / ours.as_secs_f64()
}

/// German sentences of very different lengths, no two alike.
fn sentences(count: usize) -> Vec<String> {
    let who =
        ["Die Bürgermeisterin", "Der Verband der Winzer", "Ein Sprecher der Polizei", "Die Schule am See"];
    let what = [
        "lehnte den Vorschlag ab",
        "will die Brücke bald sanieren",
        "bat um Geduld",
        "rechnet mit mehr Gästen",
    ];
    let why = [
        "weil die Kosten im vergangenen Jahr stark gestiegen sind",
        "obwohl der Rat der Stadt noch nicht entschieden hat",
        "da nach Angaben der Behörden viele Menschen auf den Bus angewiesen sind",
        "nachdem mehrere Anwohner gegen den Lärm geklagt hatten",
    ];
    let mut lang_check = String::new();
    let sentences = (0..count)
        .map(|i| {
            let mut sentence = format!("{} {}", who[i % 4], what[i / 4 % 4]);
            for clause in 0..(i * 7 % 5) {
                let _ = write!(sentence, ", {}", why[(i + clause) % 4]);
            }
            let _ = write!(sentence, ", sagte sie am {}. Mai.", 1 + i % 30);
            lang_check.push_str(&sentence);
            sentence
        })
        .collect();
    assert_eq!(diptych::identify(&lang_check), "de".parse::<Lang>().ok());
    sentences
}
