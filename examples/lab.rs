//! Research: evaluates settings of the aligner on the gold suites in one process.
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::time::Instant;

use diptych::{AlignInput, AlignOptions, Bead, Encoder, align};

type Ids = (Vec<usize>, Vec<usize>);

struct Case {
    suite: String,
    name: String,
    source: Vec<String>,
    hyp: Option<Vec<String>>,
    target: Vec<String>,
    reverse: Option<Vec<String>>,
    encoder: bool,
    gold: BTreeSet<Ids>,
}

fn lines(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    text.lines().map(str::to_string).collect()
}

fn gold(path: &Path) -> BTreeSet<Ids> {
    lines(path)
        .iter()
        .filter(|l| !l.trim().is_empty())
        .map(|l| {
            let mut p = l.split(':').map(|p| {
                let mut v: Vec<usize> = p
                    .trim()
                    .trim_matches(|c| c == '[' || c == ']')
                    .split(',')
                    .filter_map(|x| x.trim().parse().ok())
                    .collect();
                v.sort();
                v
            });
            (p.next().unwrap(), p.next().unwrap())
        })
        .collect()
}

fn load(root: &Path) -> Vec<Case> {
    let mut cases = Vec::new();
    let dir = root.join("align-deen");
    let mut names: Vec<String> = fs::read_dir(&dir)
        .unwrap()
        .filter_map(|e| e.unwrap().file_name().to_str()?.strip_suffix(".gold").map(str::to_string))
        .collect();
    names.sort();
    for (suite, encoder, hyp) in [("A", true, true), ("Achar", false, true), ("Anone", false, false)] {
        for name in &names {
            cases.push(Case {
                suite: suite.into(),
                name: name.clone(),
                source: lines(&dir.join(format!("{name}.de"))),
                hyp: hyp.then(|| lines(&dir.join(format!("{name}.de.mt-en")))),
                target: lines(&dir.join(format!("{name}.en"))),
                reverse: None,
                encoder,
                gold: gold(&dir.join(format!("{name}.gold"))),
            });
        }
    }
    let dir = root.join("text+berg-dev");
    for (system, both) in [
        ("google", false),
        ("europarlfull", false),
        ("SACunidir", false),
        ("europarllight", false),
        ("google", true),
        ("europarllight", true),
        ("", false),
    ] {
        cases.push(Case {
            suite: format!(
                "TB-{}{}",
                if system.is_empty() { "none" } else { system },
                if both { "-both" } else { "" }
            ),
            name: "dev".into(),
            source: lines(&dir.join("dev.de")),
            hyp: (!system.is_empty()).then(|| lines(&dir.join(format!("dev.de.mt-fr.{system}")))),
            target: lines(&dir.join("dev.fr")),
            reverse: both.then(|| lines(&dir.join(format!("dev.fr.mt-de.{system}")))),
            encoder: false,
            gold: gold(&dir.join("dev.gold")),
        });
    }
    cases
}

#[derive(Default, Clone, Copy)]
struct Tally {
    ps: usize,
    pl: usize,
    p: usize,
    rs: usize,
    rl: usize,
    r: usize,
}

impl Tally {
    fn add(&mut self, o: Tally) {
        self.ps += o.ps;
        self.pl += o.pl;
        self.p += o.p;
        self.rs += o.rs;
        self.rl += o.rl;
        self.r += o.r;
    }
    fn f(&self) -> (f64, f64) {
        let f = |a: usize, b: usize| {
            let (p, r) = (a as f64 / self.p.max(1) as f64, b as f64 / self.r.max(1) as f64);
            if p + r > 0.0 { 2.0 * p * r / (p + r) } else { 0.0 }
        };
        (f(self.ps, self.rs), f(self.pl, self.rl))
    }
}

fn hits(beads: &BTreeSet<Ids>, reference: &BTreeSet<Ids>) -> (usize, usize, usize) {
    let links: BTreeSet<(usize, usize)> = reference
        .iter()
        .flat_map(|(s, t)| s.iter().flat_map(move |&s| t.iter().map(move |&t| (s, t))))
        .collect();
    let (mut strict, mut lax) = (0, 0);
    for (s, t) in beads {
        let same = reference.contains(&(s.clone(), t.clone()));
        strict += usize::from(same);
        lax += usize::from(same || s.iter().any(|&s| t.iter().any(|&t| links.contains(&(s, t)))));
    }
    (strict, lax, beads.len())
}

fn score(gold: &BTreeSet<Ids>, test: &[Bead]) -> Tally {
    let full = |b: &&Ids| !b.0.is_empty() && !b.1.is_empty();
    let gold: BTreeSet<Ids> = gold.iter().filter(full).cloned().collect();
    let test: BTreeSet<Ids> = test
        .iter()
        .filter(|b| !b.is_null())
        .map(|b| (b.source.clone().collect(), b.target.clone().collect()))
        .collect();
    let (ps, pl, p) = hits(&test, &gold);
    let (rs, rl, r) = hits(&gold, &test);
    Tally { ps, pl, p, rs, rl, r }
}

fn run(
    cases: &[Case],
    encoder: &Encoder,
    options: &AlignOptions,
    show: &str,
) -> (BTreeMap<String, Tally>, f64) {
    let mut out: BTreeMap<String, Tally> = BTreeMap::new();
    let mut time = 0.0;
    for case in cases {
        let r = |v: &Vec<String>| -> Vec<&'static str> {
            // leaked references are fine in a short run of a lab
            v.iter().map(|s| unsafe { &*(s.as_str() as *const str) }).collect()
        };
        let (s, t) = (r(&case.source), r(&case.target));
        let h = case.hyp.as_ref().map(r);
        let v = case.reverse.as_ref().map(r);
        let input = AlignInput {
            source: &s,
            hypotheses: h.as_deref(),
            target: &t,
            reverse: v.as_deref(),
            encoder: case.encoder.then_some(encoder),
        };
        let start = cpu();
        let beads = align(&input, options);
        if case.suite == "A" {
            time += cpu() - start;
        }
        let tally = score(&case.gold, &beads);
        if show == case.suite || show == format!("{}/{}", case.suite, case.name) {
            explain(case, &beads);
        }
        out.entry(case.suite.clone()).or_default().add(tally);
        if case.suite.starts_with('A') {
            let level = case.name.rsplit('-').next().unwrap();
            out.entry(format!("{}-{level}", case.suite)).or_default().add(tally);
        }
    }
    (out, time)
}

/// CPU seconds of this process.
fn cpu() -> f64 {
    fs::read_to_string("/proc/self/schedstat").unwrap().split(' ').next().unwrap().parse::<f64>().unwrap()
        * 1e-9
}

/// (score, right, null) of all beads.
fn judged(cases: &[Case], encoder: &Encoder, options: &AlignOptions) -> Vec<(String, f64, bool, bool)> {
    let mut all = Vec::new();
    for case in cases {
        let r = |v: &'_ Vec<String>| -> Vec<&'static str> {
            v.iter().map(|s| unsafe { &*(s.as_str() as *const str) }).collect()
        };
        let (s, t) = (r(&case.source), r(&case.target));
        let h = case.hyp.as_ref().map(r);
        let v = case.reverse.as_ref().map(r);
        let input = AlignInput {
            source: &s,
            hypotheses: h.as_deref(),
            target: &t,
            reverse: v.as_deref(),
            encoder: case.encoder.then_some(encoder),
        };
        let full = |b: &&Ids| !b.0.is_empty() && !b.1.is_empty();
        let covered: [BTreeSet<usize>; 2] = [
            case.gold.iter().filter(full).flat_map(|b| b.0.clone()).collect(),
            case.gold.iter().filter(full).flat_map(|b| b.1.clone()).collect(),
        ];
        for b in align(&input, options) {
            let ids: Ids = (b.source.clone().collect(), b.target.clone().collect());
            let right = if ids.0.is_empty() {
                !covered[1].contains(&ids.1[0])
            } else if ids.1.is_empty() {
                !covered[0].contains(&ids.0[0])
            } else {
                case.gold.contains(&ids)
            };
            all.push((case.suite.clone(), f64::from(b.score), right, b.is_null()));
        }
    }
    all
}

fn logit(p: f64) -> f64 {
    let p = p.clamp(0.001, 0.999);
    (p / (1.0 - p)).ln()
}

/// Slope and shift of the logistic that fits best, each suite weighing the same.
fn fit(data: &[&(String, f64, bool, bool)]) -> (f64, f64) {
    let mut count: BTreeMap<&str, f64> = BTreeMap::new();
    data.iter().for_each(|d| *count.entry(&d.0).or_default() += 1.0);
    let (mut a, mut b) = (0.0, 1.0);
    for _ in 0..50 {
        let (mut g, mut h) = ([0.0; 2], [[1e-9, 0.0], [0.0, 1e-9]]);
        for d in data {
            let w = 1.0 / count[d.0.as_str()];
            let x = logit(d.1);
            let p = 1.0 / (1.0 + (-(a + b * x)).exp());
            let e = w * (f64::from(u8::from(d.2)) - p);
            let v = w * p * (1.0 - p);
            g[0] += e;
            g[1] += e * x;
            h[0][0] += v;
            h[0][1] += v * x;
            h[1][1] += v * x * x;
        }
        let det = h[0][0] * h[1][1] - h[0][1] * h[0][1];
        a += (h[1][1] * g[0] - h[0][1] * g[1]) / det;
        b += (h[0][0] * g[1] - h[0][1] * g[0]) / det;
    }
    (a, b)
}

fn reliability(cases: &[Case], encoder: &Encoder, options: &AlignOptions) {
    let all = judged(cases, encoder, options);
    for null in [false, true] {
        let of: Vec<&(String, f64, bool, bool)> =
            all.iter().filter(|d| d.3 == null && !d.0.ends_with("both") && d.0 != "Achar").collect();
        println!("null {null}: fit {:?}", fit(&of));
        for left in ["A", "TB"] {
            let kept: Vec<_> = of.iter().copied().filter(|d| !d.0.starts_with(left)).collect();
            println!("  without {left}: fit {:?}", fit(&kept));
        }
        for suite in ["A", "Anone", "TB-google", "TB-europarlfull", "TB-europarllight", "TB-none"] {
            let mut bins = vec![(0.0, 0.0, 0.0); 10];
            for d in of.iter().filter(|d| d.0 == suite) {
                let bin = &mut bins[((d.1 * 10.0) as usize).min(9)];
                bin.0 += 1.0;
                bin.1 += d.1;
                bin.2 += f64::from(u8::from(d.2));
            }
            let n: f64 = bins.iter().map(|b| b.0).sum();
            let ece: f64 = bins.iter().map(|b| (b.1 - b.2).abs()).sum::<f64>() / n.max(1.0);
            print!("  {suite:18} n {n:5} ece {ece:.3} ");
            for b in &bins {
                if b.0 > 0.0 {
                    print!(" {:.0}:{:.2}>{:.2}", b.0, b.1 / b.0, b.2 / b.0);
                } else {
                    print!(" -");
                }
            }
            println!();
        }
    }
}

/// Long documents of 1-1 lines: the suite's pairs again and again, each time with its own longer words.
fn grow(cases: &[Case], encoder: &Encoder, options: &AlignOptions, most: usize) {
    let mut pairs: Vec<(&str, &str)> = Vec::new();
    for case in cases.iter().filter(|c| c.suite == "A") {
        for g in case.gold.iter().filter(|g| g.0.len() == 1 && g.1.len() == 1) {
            pairs.push((&case.hyp.as_ref().unwrap()[g.0[0]], &case.target[g.1[0]]));
        }
    }
    let cipher = |line: &str, round: usize| -> String {
        let word = |w: &str| {
            let n = w.chars().filter(|c| c.is_alphabetic()).count();
            if n > 4 && round > 0 {
                let shift = |c: char| {
                    if c.is_ascii_lowercase() {
                        (b'a' + ((c as u8 - b'a') as usize * 1 + round * 5) as u8 % 26) as char
                    } else {
                        c
                    }
                };
                w.chars().map(shift).collect()
            } else {
                w.to_string()
            }
        };
        line.split(' ').map(word).collect::<Vec<_>>().join(" ")
    };
    for n in [1000, 5000, 20000] {
        if n > most {
            break;
        }
        let (mut h, mut t) = (Vec::new(), Vec::new());
        for i in 0..n {
            let (round, at) = (i / pairs.len(), i % pairs.len());
            h.push(cipher(pairs[at].0, round));
            t.push(cipher(pairs[at].1, round));
        }
        let h: Vec<&str> = h.iter().map(String::as_str).collect();
        let t: Vec<&str> = t.iter().map(String::as_str).collect();
        let input = AlignInput {
            source: &h,
            hypotheses: Some(&h),
            target: &t,
            encoder: Some(encoder),
            ..AlignInput::default()
        };
        let start = cpu();
        let beads = align(&input, options);
        let found = beads.iter().filter(|b| b.kind() == "1-1" && b.source.start == b.target.start).count();
        let status = fs::read_to_string("/proc/self/status").unwrap();
        let peak = status.lines().find(|l| l.starts_with("VmHWM")).unwrap();
        println!("{n}: {:.2} s, 1-1 found {:.4}, {peak}", cpu() - start, found as f64 / n as f64);
    }
}

fn explain(case: &Case, beads: &[Bead]) {
    let test: BTreeMap<Ids, f32> =
        beads.iter().map(|b| ((b.source.clone().collect(), b.target.clone().collect()), b.score)).collect();
    println!("== {}/{}", case.suite, case.name);
    for g in case.gold.iter().filter(|g| !test.contains_key(g)) {
        println!("- {:?}:{:?}", g.0, g.1);
    }
    for (t, score) in test.iter().filter(|t| !case.gold.contains(t.0)) {
        println!("+ {:?}:{:?} {score:.2}", t.0, t.1);
    }
}

fn objective(out: &BTreeMap<String, Tally>) -> f64 {
    let s = |k: &str| out.get(k).map_or(0.0, |t| t.f().0);
    let l = |k: &str| out.get(k).map_or(0.0, |t| t.f().1);
    // error rates, so that the easy suites count too
    3.0 * s("A")
        + 0.5 * s("A-heavy")
        + 0.5 * s("Achar")
        + 0.3 * s("Anone")
        + s("TB-google")
        + 0.8 * s("TB-europarlfull")
        + 0.8 * s("TB-SACunidir")
        + 0.8 * s("TB-europarllight")
        + 0.3 * s("TB-google-both")
        + 0.2 * s("TB-europarllight-both")
        + 0.6 * s("TB-none")
        + 0.5 * l("TB-google")
        + 0.5 * l("A")
}

fn print(out: &BTreeMap<String, Tally>, time: f64) {
    let show = |k: &str| {
        let f = out.get(k).map_or((0.0, 0.0), |t| t.f());
        format!("{k} {:.4}/{:.4}", f.0, f.1)
    };
    println!(
        "{} | {} | {} | {} | {}\n{} | {} | {} | {}\n{} | {} | {} | {}\n{} | {} | {}  obj {:.4}  A lines/s {:.0}",
        show("A"),
        show("A-clean"),
        show("A-light"),
        show("A-medium"),
        show("A-heavy"),
        show("Achar"),
        show("Achar-heavy"),
        show("Anone"),
        show("Anone-heavy"),
        show("TB-google"),
        show("TB-europarlfull"),
        show("TB-SACunidir"),
        show("TB-europarllight"),
        show("TB-none"),
        show("TB-google-both"),
        show("TB-europarllight-both"),
        objective(out),
        7505.0 / time
    );
}

fn main() {
    let mut options = AlignOptions::default();
    let mut speed = false;
    let mut reliable = false;
    let mut split = String::new();
    let mut long = 0usize;
    let mut show = String::new();
    let mut filter = String::new();
    let mut tune: Vec<String> = Vec::new();
    for arg in std::env::args().skip(1) {
        let (name, value) = arg.split_once('=').expect("name=value");
        match name {
            "show" => show = value.into(),
            "only" => filter = value.into(),
            "long" => long = value.parse().unwrap(),
            "split" => split = value.into(),
            "reliability" => reliable = true,
            "speed" => speed = true,
            "max" => options.max_total = value.parse().unwrap(),
            "tune" => tune = value.split(',').map(str::to_string).collect(),
            _ => assert!(options.weights.set(name, value.parse().unwrap()), "{name}"),
        }
    }
    let root = std::env::var("EVAL").unwrap_or("../shared/eval".into());
    let mut cases = load(Path::new(&root));
    if !filter.is_empty() {
        cases.retain(|c| filter.split(',').any(|f| c.suite == f));
    }
    let encoder = Encoder::from_bytes(&fs::read("models/en-encoder/en-encoder.bin").unwrap()).unwrap();
    let held: Vec<Case> = match split.as_str() {
        "even" | "odd" => {
            let parity = usize::from(split == "odd");
            let mut index = std::collections::BTreeMap::new();
            let (mut kept, mut held) = (Vec::new(), Vec::new());
            for case in cases.drain(..) {
                let at = index.entry(case.suite.clone()).and_modify(|x| *x += 1).or_insert(0usize);
                let keep = if case.suite.starts_with("TB") {
                    ["TB-google", "TB-europarllight", "TB-google-both"].contains(&case.suite.as_str())
                        == (parity == 0)
                } else {
                    *at % 2 == parity
                };
                if keep { kept.push(case) } else { held.push(case) }
            }
            cases = kept;
            held
        }
        "A" | "TB" => {
            let (kept, held) = cases.drain(..).partition(|c: &Case| c.suite.starts_with(split.as_str()));
            cases = kept;
            held
        }
        _ => Vec::new(),
    };
    if reliable {
        reliability(&cases, &encoder, &options);
        return;
    }
    if long > 0 {
        grow(&cases, &encoder, &options, long);
        return;
    }
    let (out, time) = run(&cases, &encoder, &options, &show);
    print(&out, time);
    if speed {
        for _ in 0..4 {
            let (_, time) = run(&cases, &encoder, &options, "");
            println!("A lines/s {:.0}", 7505.0 / time);
        }
        return;
    }
    let mut best = objective(&out);
    let start = Instant::now();
    for round in 0..3 {
        let mut moved = false;
        for name in &tune {
            if start.elapsed().as_secs() > 600 {
                break;
            }
            for factor in [0.7f32, 1.4, 0.85, 1.18] {
                let mut trial = options.clone();
                let now = trial.weights.get(name);
                trial.weights.set(name, now * factor);
                let (out, _) = run(&cases, &encoder, &trial, "");
                let value = objective(&out);
                if value > best + 1e-5 {
                    println!("{round} {name} {now} -> {} : {best:.4} -> {value:.4}", now * factor);
                    best = value;
                    options = trial;
                    moved = true;
                    break;
                }
            }
        }
        if !moved {
            break;
        }
    }
    if !tune.is_empty() {
        let (out, time) = run(&cases, &encoder, &options, "");
        print(&out, time);
        println!("{:?}", options.weights);
        if !held.is_empty() {
            println!("left out, default weights:");
            let (out, time) = run(&held, &encoder, &AlignOptions::default(), "");
            print(&out, time);
            println!("left out, fitted weights:");
            let (out, time) = run(&held, &encoder, &options, "");
            print(&out, time);
        }
    }
}
