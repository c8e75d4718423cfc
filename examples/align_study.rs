//! Studies of the aligner on gold data, in one process: `scripts/fit-align` and `scripts/evaluate-align` run it.
//!
//! ```text
//! align_study score EVAL [NAME=VALUE…]   strict / lax F1 of each part, with these weights
//! align_study fit EVAL                   weights fitted on all, and on parts with the others left out
//! align_study reliability EVAL           what share of the beads of a score are right
//! align_study time EVAL                  lines a CPU second on suite A, five times over
//! align_study long EVAL LINES            one document of that many lines: CPU seconds, peak memory
//! ```
//!
//! EVAL holds align-deen/ (suite A) and text+berg-dev/. CPU seconds are read from /proc, so Linux only.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use diptych::{
    AlignInput, AlignOptions, Bead, Encoder, GoldBead, Judged, Nulls, align, evaluate, read_beads,
};

/// A document pair with its gold alignment.
struct Case {
    /// The part it belongs to: `A heavy`, `TB google`.
    part: String,
    name: String,
    source: Vec<String>,
    hypotheses: Option<Vec<String>>,
    target: Vec<String>,
    reverse: Option<Vec<String>>,
    english: bool,
    gold: Vec<GoldBead>,
}

/// What F1 of a part weighs when weights are fitted, strict and lax. Suite A without encoder and without
/// translation stands for other languages.
const PARTS: [(&str, f64, f64); 10] = [
    ("A", 3.0, 0.5),
    ("A heavy", 0.5, 0.0),
    ("A no encoder", 0.5, 0.0),
    ("A no translation", 0.3, 0.0),
    ("TB google", 1.0, 0.5),
    ("TB europarlfull", 0.8, 0.3),
    ("TB SACunidir", 0.8, 0.3),
    ("TB europarllight", 0.8, 0.3),
    ("TB google both ways", 0.3, 0.0),
    ("TB no translation", 0.6, 0.0),
];

/// The weights that are fitted, with what they start from: round guesses, not the fitted ones.
const FITTED: [(&str, f32); 12] = [
    ("words", 0.35),
    ("length", 1.0),
    ("burst", 2.0),
    ("floor", 0.0005),
    ("null", -3.0),
    ("more", -2.3),
    ("both", -0.5),
    ("prior", 300.0),
    ("first", -5.0),
    ("dilute", 1.0),
    ("held", 100.0),
    ("threshold", 0.45),
];

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (command, root) = match &args[..] {
        [command, root, ..] => (command.as_str(), Path::new(root)),
        _ => panic!("usage: align_study score|fit|reliability|time|long EVAL …"),
    };
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/models/en-encoder/en-encoder.bin");
    let encoder =
        Encoder::from_bytes(&fs::read(file).expect("models/en-encoder is there")).expect("it is whole");
    let cases = load(root);
    let mut options = AlignOptions::default();
    match command {
        "score" => {
            for arg in &args[2..] {
                let (name, value) = arg.split_once('=').expect("NAME=VALUE");
                let value = value.parse().expect("a number");
                assert!(options.weights.set(name, value), "there is no weight {name}");
            }
            print(&score(&cases.iter().collect::<Vec<_>>(), &encoder, &options));
        }
        "fit" => fit_all(&cases, &encoder),
        "reliability" => reliability(&cases, &encoder),
        "time" => time(&cases, &encoder),
        "long" => long(&cases, &encoder, args[2].parse().expect("a number of lines")),
        _ => panic!("no study {command}"),
    }
}

fn load(root: &Path) -> Vec<Case> {
    let lines = |path: std::path::PathBuf| -> Vec<String> {
        let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        text.lines().map(str::to_string).collect()
    };
    let gold = |path: std::path::PathBuf| {
        read_beads(&path.display().to_string(), &fs::read_to_string(&path).expect("gold")).expect("gold")
    };
    let mut cases = Vec::new();
    let suite = root.join("align-deen");
    let mut names: Vec<String> = fs::read_dir(&suite)
        .expect("align-deen")
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.strip_suffix(".gold").map(str::to_string))
        .collect();
    names.sort();
    for name in &names {
        let level = name.rsplit('-').next().unwrap_or_default();
        for (part, english, translated) in [
            (format!("A {level}"), true, true),
            ("A no encoder".into(), false, true),
            ("A no translation".into(), false, false),
        ] {
            cases.push(Case {
                part,
                name: name.clone(),
                source: lines(suite.join(format!("{name}.de"))),
                hypotheses: translated.then(|| lines(suite.join(format!("{name}.de.mt-en")))),
                target: lines(suite.join(format!("{name}.en"))),
                reverse: None,
                english,
                gold: gold(suite.join(format!("{name}.gold"))),
            });
        }
    }
    let suite = root.join("text+berg-dev");
    for (part, system, both) in [
        ("TB google", "google", false),
        ("TB europarlfull", "europarlfull", false),
        ("TB SACunidir", "SACunidir", false),
        ("TB europarllight", "europarllight", false),
        ("TB google both ways", "google", true),
        ("TB no translation", "", false),
    ] {
        cases.push(Case {
            part: part.into(),
            name: "dev".into(),
            source: lines(suite.join("dev.de")),
            hypotheses: (!system.is_empty()).then(|| lines(suite.join(format!("dev.de.mt-fr.{system}")))),
            target: lines(suite.join("dev.fr")),
            reverse: both.then(|| lines(suite.join(format!("dev.fr.mt-de.{system}")))),
            english: false,
            gold: gold(suite.join("dev.gold")),
        });
    }
    cases
}

fn run(case: &Case, encoder: &Encoder, options: &AlignOptions) -> Vec<Bead> {
    fn texts(lines: &[String]) -> Vec<&str> {
        lines.iter().map(String::as_str).collect()
    }
    let (source, target) = (texts(&case.source), texts(&case.target));
    let hypotheses = case.hypotheses.as_deref().map(texts);
    let reverse = case.reverse.as_deref().map(texts);
    let input = AlignInput {
        source: &source,
        hypotheses: hypotheses.as_deref(),
        target: &target,
        reverse: reverse.as_deref(),
        encoder: case.english.then_some(encoder),
    };
    align(&input, options)
}

/// Strict and lax F1, null alignments dropped, by part.
fn score(cases: &[&Case], encoder: &Encoder, options: &AlignOptions) -> BTreeMap<String, (f64, f64)> {
    let mut parts: BTreeMap<String, Vec<Judged>> = BTreeMap::new();
    for case in cases {
        let test = run(case, encoder, options).iter().map(GoldBead::from).collect();
        let judged = Judged { name: case.name.clone(), gold: case.gold.clone(), test };
        if case.part.starts_with("A ") && case.english {
            parts.entry("A".into()).or_default().push(judged.clone());
        }
        parts.entry(case.part.clone()).or_default().push(judged);
    }
    let f1 = |judged: Vec<Judged>| {
        let total = evaluate(&judged, Nulls::Drop).total;
        (total.strict().f1, total.lax().f1)
    };
    parts.into_iter().map(|(part, judged)| (part, f1(judged))).collect()
}

fn print(scores: &BTreeMap<String, (f64, f64)>) {
    for (part, (strict, lax)) in scores {
        println!("{part:22} {strict:.4} / {lax:.4}");
    }
}

/// What fitting maximises.
fn objective(scores: &BTreeMap<String, (f64, f64)>) -> f64 {
    let part = |(part, strict, lax): &(&str, f64, f64)| {
        scores.get(*part).map_or(0.0, |score| strict * score.0 + lax * score.1)
    };
    PARTS.iter().map(part).sum()
}

/// Fits by trying smaller and larger values of one weight after the other, three rounds.
fn fit(cases: &[&Case], encoder: &Encoder) -> AlignOptions {
    let mut options = AlignOptions::default();
    for (name, value) in FITTED {
        options.weights.set(name, value);
    }
    let mut best = objective(&score(cases, encoder, &options));
    for _ in 0..3 {
        for (name, _) in FITTED {
            for factor in [0.7, 1.4, 0.85, 1.18] {
                let mut trial = options.clone();
                trial.weights.set(name, trial.weights.get(name) * factor);
                let value = objective(&score(cases, encoder, &trial));
                if value > best + 1e-5 {
                    (best, options) = (value, trial);
                    break;
                }
            }
        }
    }
    options
}

/// Fits on everything, on each suite, and on every other document with every other translation system.
fn fit_all(cases: &[Case], encoder: &Encoder) {
    let half = |case: &Case| {
        let first = ["TB google", "TB europarllight", "TB google both ways"].contains(&case.part.as_str());
        if case.part.starts_with("TB") {
            first
        } else {
            case.name.bytes().map(u32::from).sum::<u32>() % 2 == 0
        }
    };
    type Kept<'a> = (&'a str, Box<dyn Fn(&Case) -> bool + 'a>);
    let splits: [Kept; 5] = [
        ("all", Box::new(|_| true)),
        ("suite A", Box::new(|case| case.part.starts_with('A'))),
        ("Text+Berg", Box::new(|case| case.part.starts_with("TB"))),
        ("one half", Box::new(half)),
        ("the other half", Box::new(move |case| !half(case))),
    ];
    for (name, keep) in splits {
        let (kept, left): (Vec<&Case>, Vec<&Case>) = cases.iter().partition(|case| keep(case));
        let options = fit(&kept, encoder);
        let weights: Vec<String> =
            FITTED.iter().map(|(name, _)| format!("{name}={}", options.weights.get(name))).collect();
        println!("== fitted on {name}: {}", weights.join(" "));
        print(&score(&kept, encoder, &options));
        if !left.is_empty() {
            println!("-- left out:");
            print(&score(&left, encoder, &options));
        }
    }
}

/// Mean score and share of right beads by score, and their mean difference weighted by beads (ECE).
fn reliability(cases: &[Case], encoder: &Encoder) {
    for null in [false, true] {
        println!("{}", if null { "null alignments" } else { "beads with two sides" });
        let mut parts: BTreeMap<&str, [(f64, f64, f64); 10]> = BTreeMap::new();
        for case in cases {
            for bead in run(case, encoder, &AlignOptions::default()) {
                if bead.is_null() == null {
                    let bins = parts.entry(case.part.as_str()).or_default();
                    let bin = &mut bins[((bead.score * 10.0) as usize).min(9)];
                    bin.0 += 1.0;
                    bin.1 += f64::from(bead.score);
                    bin.2 += f64::from(u8::from(right(case, &bead)));
                }
            }
        }
        for (part, bins) in parts {
            let all: f64 = bins.iter().map(|bin| bin.0).sum();
            let error = bins.iter().map(|bin| (bin.1 - bin.2).abs()).sum::<f64>() / all;
            print!("{part:22} {all:5} beads  ECE {error:.3}  score>right:");
            for (count, score, right) in bins.iter().filter(|bin| bin.0 > 0.0) {
                print!("  {:.2}>{:.2} ({count})", score / count, right / count);
            }
            println!();
        }
    }
}

/// Whether gold has the bead; of a null alignment, whether gold gives its sentence no counterpart.
fn right(case: &Case, bead: &Bead) -> bool {
    let bead = GoldBead::from(bead);
    let full = || case.gold.iter().filter(|gold| !gold.source.is_empty() && !gold.target.is_empty());
    match (bead.source.first(), bead.target.first()) {
        (Some(id), None) => !full().any(|gold| gold.source.contains(id)),
        (None, Some(id)) => !full().any(|gold| gold.target.contains(id)),
        _ => case.gold.contains(&bead),
    }
}

/// CPU seconds of this process.
fn cpu() -> f64 {
    let text = fs::read_to_string("/proc/self/schedstat").expect("/proc/self/schedstat (Linux)");
    text.split(' ').next().and_then(|ns| ns.parse::<f64>().ok()).expect("nanoseconds") * 1e-9
}

fn time(cases: &[Case], encoder: &Encoder) {
    let suite: Vec<&Case> = cases.iter().filter(|case| case.english).collect();
    let lines: usize = suite.iter().map(|case| case.source.len() + case.target.len()).sum();
    for _ in 0..5 {
        let start = cpu();
        for case in &suite {
            run(case, encoder, &AlignOptions::default());
        }
        println!("{:.0}", lines as f64 / (cpu() - start));
    }
}

/// One document of 1-1 lines: suite A's, again and again, each time with longer words of its own.
fn long(cases: &[Case], encoder: &Encoder, lines: usize) {
    let mut pairs: Vec<(&str, &str)> = Vec::new();
    for case in cases.iter().filter(|case| case.english) {
        for gold in case.gold.iter().filter(|gold| gold.source.len() == 1 && gold.target.len() == 1) {
            let hypothesis = case.hypotheses.as_ref().map_or("", |lines| &lines[gold.source[0]]);
            pairs.push((hypothesis, &case.target[gold.target[0]]));
        }
    }
    let disguise = |line: &str, round: usize| -> String {
        let shift = |c: char| match c {
            'a'..='z' => char::from(b'a' + (c as u8 - b'a' + (5 * round % 26) as u8) % 26),
            _ => c,
        };
        let word = |word: &str| {
            if word.chars().filter(|c| c.is_alphabetic()).count() > 4 {
                word.chars().map(shift).collect()
            } else {
                word.to_string()
            }
        };
        line.split(' ').map(word).collect::<Vec<String>>().join(" ")
    };
    let rounds = (0..lines).map(|i| (i / pairs.len(), pairs[i % pairs.len()]));
    let (hypotheses, target): (Vec<String>, Vec<String>) =
        rounds.map(|(round, (a, b))| (disguise(a, round), disguise(b, round))).unzip();
    let case = Case {
        part: String::new(),
        name: String::new(),
        source: hypotheses.clone(),
        hypotheses: Some(hypotheses),
        target,
        reverse: None,
        english: true,
        gold: Vec::new(),
    };
    let start = cpu();
    let beads = run(&case, encoder, &AlignOptions::default());
    let found = beads.iter().filter(|b| b.kind() == "1-1" && b.source.start == b.target.start).count();
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("?").trim();
    println!(
        "{lines} lines a side: {:.3} s, {peak} peak, {:.4} of 1-1 found",
        cpu() - start,
        found as f64 / lines as f64
    );
}
