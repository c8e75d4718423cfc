//! The real binary building corpora: every form of input, skips, kills at random moments, full disks, two
//! builds at once. Translations come from a file, so that nothing here waits for the model, but for one test.
#![cfg(target_os = "linux")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use diptych::Store;
use tempfile::TempDir;

/// A corpus of documents that were written for this test, with their translations in a file.
struct Corpus {
    directory: TempDir,
    /// German and English text by number.
    documents: Vec<(String, String)>,
}

const PEOPLE: [&str; 5] = ["Anna", "Jonas", "Lena", "Marek", "Rosa"];
const PLACES: [(&str, &str); 5] = [
    ("die Brücke", "the bridge"),
    ("den Hafen", "the harbour"),
    ("die Schule", "the school"),
    ("das Museum", "the museum"),
    ("den Leuchtturm", "the lighthouse"),
];

impl Corpus {
    /// So many documents of seven sentences; one sentence of each has no English counterpart.
    fn of(size: usize) -> Corpus {
        let mut corpus = Corpus { directory: tempfile::tempdir().unwrap(), documents: Vec::new() };
        let mut translations = BTreeMap::new();
        for i in 0..size {
            let (mut german, mut english) = (Vec::new(), Vec::new());
            for j in 0..7 {
                let person = PEOPLE[(i + j) % 5];
                let place = PLACES[(i / 5 + 2 * j) % 5];
                let day = 100 + 7 * i + j;
                german.push(format!("{person} besuchte {} am Tag {day}.", place.0));
                translations
                    .insert(german[j].clone(), format!("{person} was visiting {} on day {day}.", place.1));
                if j != i % 7 {
                    english.push(format!("{person} visited {} on day {day}.", place.1));
                }
            }
            corpus.documents.push((german.join(" "), english.join(" ")));
        }
        let rows = translations.iter().map(|(german, english)| format!("{german}\t{english}\n"));
        corpus.write("translations", &rows.collect::<String>());
        corpus
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Each document of a side under the name that `name` gives its number.
    fn write_side(&self, side: usize, name: impl Fn(usize) -> String) {
        for (i, (german, english)) in self.documents.iter().enumerate() {
            self.write(&name(i), [german, english][side]);
        }
    }

    /// Folders `de` and `en`.
    fn write_folders(&self) {
        self.write_side(0, |i| format!("de/{i:04}.txt"));
        self.write_side(1, |i| format!("en/{i:04}.txt"));
    }

    fn command(&self, store: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_diptych"));
        command.current_dir(self.directory.path()).args(["build", "--store", store]);
        command.args(["--translations", "translations"]).args(arguments);
        command
    }

    fn build(&self, store: &str, arguments: &[&str]) -> Run {
        Run::of(&mut self.command(store, arguments))
    }

    /// The sentence pairs as a table; `columns` of it.
    fn export(&self, store: &str, columns: usize) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_diptych"));
        command.current_dir(self.directory.path()).args(["export", "-q", "--store", store]);
        let run = Run::of(&mut command).check(0, &[]);
        let cut = |line: &str| line.split('\t').take(columns).collect::<Vec<_>>().join("\t");
        run.out.lines().map(|line| cut(line) + "\n").collect()
    }

    fn report(&self, store: &str) -> Run {
        let mut command = Command::new(env!("CARGO_BIN_EXE_diptych"));
        Run::of(command.current_dir(self.directory.path()).args(["build", "--report", "--store", store]))
    }
}

/// What one run came to.
struct Run {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Run {
    fn of(command: &mut Command) -> Run {
        let Output { status, stdout, stderr } = command.stdin(Stdio::null()).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Run { code: status.code(), out: text(stdout), err: text(stderr) }
    }

    /// Must have ended with `code` and said all of `said`.
    #[track_caller]
    fn check(self, code: i32, said: &[&str]) -> Run {
        assert_eq!(self.code, Some(code), "{}", self.err);
        for part in said {
            assert!(self.err.contains(part), "{part:?} is not in: {}", self.err);
        }
        assert!(!self.err.contains("panicked"), "{}", self.err);
        self
    }

    fn count(&self, name: &str) -> u64 {
        let summary: serde_json::Value = serde_json::from_str(&self.out).unwrap();
        summary[name].as_u64().unwrap_or_else(|| panic!("no {name} in {summary}"))
    }
}

/// Some record of a JSON Lines file.
fn record(id: usize, lang: &str, text: &str) -> String {
    serde_json::json!({ "id": id, "lang": lang, "text": text }).to_string() + "\n"
}

#[test]
fn every_form_of_input_gives_the_same_pairs() {
    let corpus = Corpus::of(12);
    corpus.write_folders();
    corpus.write_side(0, |i| format!("one/{i}.de.txt"));
    corpus.write_side(1, |i| format!("one/{i}.en.txt"));
    let mut manifests = [String::new(), "target\tsource\tid\n".to_string(), String::new()];
    let mut records = [String::new(), String::new()];
    for (i, (german, english)) in corpus.documents.iter().enumerate() {
        manifests[0] += &format!("../de/{i:04}.txt\t../en/{i:04}.txt\n");
        manifests[1] += &format!("../en/{i:04}.txt\t../de/{i:04}.txt\tpair {i}\n");
        let row = serde_json::json!({ "source": format!("../de/{i:04}.txt"), "target": format!("../b.jsonl#{}", i + 1) });
        manifests[2] += &format!("{row}\n");
        records[0] = record(i, "de", german) + &records[0]; // in another order
        records[1] += &record(i, "en", english);
    }
    corpus.write("lists/bare.tsv", &manifests[0]);
    corpus.write("lists/header.tsv", &manifests[1]);
    corpus.write("lists/json.jsonl", &manifests[2]);
    corpus.write("a.jsonl", &records[0]);
    corpus.write("b.jsonl", &records[1]);
    corpus.write("both.jsonl", &records.concat());
    corpus.write("records/de/x.jsonl", &records[0]);
    corpus.write("records/en/x.jsonl", &records[1]);
    let mut first = None;
    for inputs in [
        &["de", "en"][..],
        &["one"],
        &["lists/bare.tsv"],
        &["lists/header.tsv"],
        &["lists/json.jsonl"],
        &["a.jsonl", "b.jsonl"],
        &["both.jsonl"],
        &["records/de", "records/en"],
        &["de", "en", "--pair-by", "content"],
        &["one", "--pair-by", "content"],
        &["a.jsonl", "b.jsonl", "--pair-by", "content"],
    ] {
        let store = format!("{}.db", inputs.join(" ").replace('/', "-"));
        let run = corpus.build(&store, &[inputs, &["--json"]].concat()).check(0, &["12 pairs aligned"]);
        assert_eq!((run.count("aligned"), run.count("translated")), (12, 84), "{inputs:?}");
        let mut pairs: Vec<String> = corpus.export(&store, 4).lines().map(String::from).collect();
        pairs.sort();
        assert_eq!(pairs.len(), 12 * 6);
        assert_eq!(first.get_or_insert(pairs.clone()), &pairs, "{inputs:?}");
    }
}

#[test]
fn a_second_run_does_nothing_and_a_third_what_changed() {
    let corpus = Corpus::of(8);
    corpus.write_folders();
    corpus.build("c.db", &["de", "en"]).check(0, &["56 translated"]);
    let first = corpus.export("c.db", 8);
    let again = corpus.build("c.db", &["de", "en", "--json"]).check(0, &["0 pairs aligned, 8 unchanged"]);
    assert_eq!((again.count("translated"), again.count("remembered")), (0, 0));
    assert_eq!(corpus.export("c.db", 8), first);

    // A changed document takes the place of the old one, and only what is new is translated.
    corpus.write("en/0003.txt", &corpus.documents[3].1.replace("visited", "went to see"));
    let changed = corpus.build("c.db", &["de", "en", "--json"]).check(0, &["1 pair aligned, 7 unchanged"]);
    assert_eq!((changed.count("translated"), changed.count("remembered")), (0, 7));
    let export = corpus.export("c.db", 8);
    assert!(export.contains("went to see") && !first.contains("went to see"));
    // Other options are other results.
    corpus.build("c.db", &["de", "en", "--max-bead", "3"]).check(0, &["8 pairs aligned, 0 unchanged"]);
}

#[test]
fn threads_and_order_change_no_byte() {
    let corpus = Corpus::of(40);
    corpus.write_folders();
    let rows: Vec<String> = (0..40).rev().map(|i| format!("de/{i:04}.txt\ten/{i:04}.txt\n")).collect();
    corpus.write("backwards.tsv", &rows.concat());
    corpus.build("1.db", &["de", "en", "--threads", "1"]).check(0, &[]);
    corpus.build("4.db", &["de", "en", "--threads", "4"]).check(0, &[]);
    corpus.build("b.db", &["backwards.tsv", "--threads", "3"]).check(0, &[]);
    let one = corpus.export("1.db", 8);
    assert_eq!(one.lines().count(), 240);
    assert_eq!(corpus.export("4.db", 8), one);
    assert_eq!(corpus.export("b.db", 8), one);
}

#[test]
fn what_cannot_be_used_is_skipped_with_its_reason_and_tried_again() {
    let corpus = Corpus::of(8);
    corpus.write_folders();
    let moved = corpus.path("moved.txt");
    fs::rename(corpus.path("de/0001.txt"), &moved).unwrap();
    corpus.write("de/0002.txt", "");
    corpus.write("en/0003.txt", "12:30 *** 14:00\n");
    corpus.write("de/0004.txt", "Ein Satz, den niemand übersetzt hat, steht in dieser Datei.");
    fs::write(corpus.path("de/0005.txt"), b"\x00\x01\x02\xff\xfe\x00 no text at all \x00\x00").unwrap();
    let rows: String = (0..8).map(|i| format!("de/{i:04}.txt\ten/{i:04}.txt\n")).collect();
    corpus.write("pairs.tsv", &(rows + "only one column\n"));
    let run = corpus
        .build("c.db", &["pairs.tsv", "--json"])
        .check(1, &["3 pairs aligned", "6 skipped", "--report"]);
    assert_eq!((run.count("pairs"), run.count("skipped")), (9, 6));
    assert_eq!(corpus.export("c.db", 1).lines().count(), 18);
    let report = corpus.report("c.db").check(1, &["3 pairs aligned, 6 skipped"]);
    let reasons: Vec<&str> = report.out.lines().collect();
    assert_eq!(reasons.len(), 6, "{reasons:?}");
    for (line, words) in reasons.iter().zip([
        ["de/0001.txt\ten/0001.txt", "No such file"],
        ["de/0002.txt\ten/0002.txt", "is empty"],
        ["de/0003.txt\ten/0003.txt", "cannot tell the language; name it, in the manifest"],
        ["de/0004.txt\ten/0004.txt", "cannot translate \"Ein Satz"],
        ["de/0005.txt\ten/0005.txt", "text"],
        ["pairs.tsv:9\t\t", "names no target"],
    ]) {
        assert!(words.iter().all(|word| line.contains(word)), "{words:?} in {line}");
    }

    // All is put right: the same command goes on, and the result is that of a corpus without trouble.
    fs::rename(moved, corpus.path("de/0001.txt")).unwrap();
    corpus.write_folders();
    let rows: String = (0..8).map(|i| format!("de/{i:04}.txt\ten/{i:04}.txt\n")).collect();
    corpus.write("pairs.tsv", &rows);
    corpus.build("c.db", &["pairs.tsv"]).check(0, &["5 pairs aligned, 3 unchanged, 0 skipped"]);
    corpus.build("fresh.db", &["pairs.tsv"]).check(0, &["8 pairs aligned"]);
    assert_eq!(corpus.export("c.db", 8), corpus.export("fresh.db", 8));
}

#[test]
fn documents_without_a_partner_are_skips_until_one_comes() {
    let corpus = Corpus::of(4);
    corpus.write_folders();
    fs::remove_file(corpus.path("en/0002.txt")).unwrap();
    corpus.build("c.db", &["de", "en"]).check(1, &["skipped de/0002.txt: has no partner in en"]);
    let report = corpus.report("c.db").check(1, &[]);
    assert_eq!(report.out, "de/0002.txt\t\thas no partner in en\n");
    corpus.write_folders();
    corpus.build("c.db", &["de", "en"]).check(0, &["1 pair aligned, 3 unchanged, 0 skipped"]);
    assert_eq!(corpus.report("c.db").check(0, &[]).out, "");
    // What names do not pair is told before anything is made.
    corpus.write("loose/a.txt", "Text.");
    corpus.write("loose/b.txt", "Text.");
    corpus.build("none.db", &["loose"]).check(2, &["--pair-by content"]);
    corpus.build("none.db", &["missing.tsv"]).check(2, &["missing.tsv"]);
    corpus.build("none.db", &["translations"]).check(2, &["not what pairs are made of"]);
    assert!(!corpus.path("none.db").exists());
}

#[test]
fn shards_hold_every_pair_once() {
    let corpus = Corpus::of(30);
    corpus.write_folders();
    fs::remove_file(corpus.path("en/0007.txt")).unwrap();
    corpus.build("all.db", &["de", "en"]).check(1, &["29 pairs aligned, 0 unchanged, 1 skipped"]);
    let mut pairs = Vec::new();
    let mut skipped = 0;
    for i in 1..=3 {
        let (store, shard) = (format!("{i}.db"), format!("{i}/3"));
        let run = corpus.build(&store, &["de", "en", "--shard", &shard, "--json"]);
        skipped += run.count("skipped");
        assert!(run.count("aligned") > 3, "{}", run.out);
        pairs.extend(corpus.export(&store, 8).lines().map(String::from).collect::<Vec<_>>());
    }
    assert_eq!(skipped, 1);
    pairs.sort();
    let all = corpus.export("all.db", 8);
    let mut all: Vec<&str> = all.lines().collect();
    all.sort();
    assert_eq!(pairs, all);
    corpus.build("x.db", &["de", "en", "--shard", "4/3"]).check(2, &["4/3"]);
    corpus
        .build("x.db", &["de", "en", "--shard", "1/3", "--pair-by", "content"])
        .check(2, &["--list-pairs", "in shards"]);
}

#[test]
fn content_pairs_can_be_listed_and_built_from_the_list() {
    let corpus = Corpus::of(20);
    // Names that say nothing, in no order, and one document on each side without a partner.
    corpus.write_side(0, |i| format!("left/{:03}.txt", i * 7 % 20));
    corpus.write_side(1, |i| format!("right/{:03}.txt", i * 13 % 20 + 40));
    corpus
        .write("right/099.txt", "The orchestra played Mozart in Vienna. Tickets cost 45 euros and sold out.");
    let by_content = ["left", "right", "--pair-by", "content"];
    let run = corpus.build("c.db", &[&by_content[..], &["--list-pairs", "lists.tsv"]].concat());
    run.check(1, &["20 pairs in lists.tsv, 1 without a partner"]);
    let list = fs::read_to_string(corpus.path("lists.tsv")).unwrap();
    for i in 0..20 {
        let row = format!("left/{:03}.txt\tright/{:03}.txt\tde\ten\t", i * 7 % 20, i * 13 % 20 + 40);
        assert!(list.contains(&row), "{row} is not in {list}");
    }
    let run = corpus.build("c.db", &["lists.tsv", "--json"]).check(0, &["20 pairs aligned"]);
    assert_eq!(run.count("translated"), 0);
    let direct = corpus.build("direct.db", &by_content).check(1, &["20 pairs aligned", "1 skipped"]);
    assert!(
        direct.err.contains("right/099.txt: no document of the other side says the same"),
        "{}",
        direct.err
    );
    assert_eq!(corpus.export("direct.db", 8), corpus.export("c.db", 8));
}

#[test]
fn a_memory_is_shared_between_stores() {
    let corpus = Corpus::of(6);
    corpus.write_folders();
    let shared = ["de", "en", "--memory", "memory.db", "--json"];
    assert_eq!(corpus.build("a.db", &shared).check(0, &[]).count("translated"), 42);
    let second = corpus.build("b.db", &shared).check(0, &["100 % not translated again"]);
    assert_eq!((second.count("translated"), second.count("remembered")), (0, 42));
    assert_eq!(corpus.export("a.db", 8), corpus.export("b.db", 8));
    // Each store holds the English of its own documents.
    for store in ["a.db", "b.db", "memory.db"] {
        let stats = Store::open_existing(&corpus.path(store)).unwrap().stats().unwrap();
        assert_eq!(stats.translations.values().sum::<u64>(), 42, "{store}");
    }
    assert_eq!(Store::open_existing(&corpus.path("memory.db")).unwrap().stats().unwrap().bitexts, 0);
}

#[test]
fn a_second_build_on_a_store_is_refused() {
    let corpus = Corpus::of(2);
    corpus.write_folders();
    let store = Store::open(&corpus.path("c.db")).unwrap();
    let lock = store.lock().unwrap();
    let holder = format!("(process {})", std::process::id());
    corpus.build("c.db", &["de", "en"]).check(2, &["another build", &holder, "--shard"]);
    drop(lock);
    corpus.build("c.db", &["de", "en"]).check(0, &["2 pairs aligned"]);
}

#[test]
fn a_full_disk_stops_the_build_and_keeps_what_was_stored() {
    let corpus = Corpus::of(60);
    corpus.write_folders();
    corpus.build("whole.db", &["de", "en"]).check(0, &[]);
    // The kernel's limit on file sizes, in blocks of 512 bytes, met as an error and not as a signal.
    let limited = corpus.command("c.db", &["de", "en"]);
    let mut shell = Command::new("sh");
    shell.current_dir(corpus.directory.path());
    shell.args(["-c", "trap '' XFSZ; ulimit -f 300; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_diptych")]);
    Run::of(shell.args(limited.get_args())).check(2, &["store c.db", "disk", "stored before is kept"]);
    corpus.build("c.db", &["de", "en"]).check(0, &["0 skipped"]);
    assert_eq!(corpus.export("c.db", 8), corpus.export("whole.db", 8));
}

/// Runs the command and kills it after each of `moments`, then to its end; says how many kills met it alive.
fn survive(
    corpus: &Corpus,
    store: &str,
    arguments: &[&str],
    moments: impl IntoIterator<Item = Duration>,
) -> usize {
    let mut kills = 0;
    for moment in moments {
        let mut child =
            corpus.command(store, arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(moment);
        if child.try_wait().unwrap().is_none() {
            child.kill().unwrap(); // SIGKILL
            kills += 1;
        }
        child.wait().unwrap();
        let path = corpus.path(store);
        if path.exists() {
            assert_sound(&path);
        }
    }
    corpus.build(store, arguments).check(0, &["0 skipped"]);
    assert_sound(&corpus.path(store));
    kills
}

fn assert_sound(path: &Path) {
    let connection = rusqlite::Connection::open(path).unwrap();
    let answer: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(answer, "ok");
}

#[test]
fn a_build_that_is_killed_again_and_again_ends_like_one_that_is_not() {
    let corpus = Corpus::of(400);
    corpus.write_folders();
    let arguments = ["de", "en", "--threads", "2"];
    let started = Instant::now();
    corpus.build("whole.db", &arguments).check(0, &["400 pairs aligned"]);
    let whole = started.elapsed();
    // Over the whole of a run, not in order: 0, 5, 2, 7, 4, 1, 6, 3 eighths and a bit.
    let moments = (0..8).map(|i| whole.mul_f64(f64::from(i * 5 % 8) / 8.0 + 0.02));
    let kills = survive(&corpus, "killed.db", &arguments, moments);
    assert!(kills > 0, "no kill met a running build: this test shows nothing");
    assert_eq!(corpus.export("killed.db", 8), corpus.export("whole.db", 8));
    assert_eq!(corpus.report("killed.db").check(0, &["400 pairs aligned, 0 skipped"]).out, "");
    let left: Vec<_> = fs::read_dir(corpus.directory.path()).unwrap().flatten().collect();
    let part = left.iter().find(|entry| entry.file_name().to_string_lossy().ends_with(".part"));
    assert!(part.is_none(), "{part:?}");
}

/// The same with the real model, whose batches are what takes the time.
#[test]
fn a_killed_build_does_not_translate_again() {
    let corpus = Corpus::of(12);
    corpus.write_folders();
    let build = |store: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_diptych"));
        command.current_dir(corpus.directory.path()).args(["build", "de", "en", "--json", "--store", store]);
        command
    };
    let whole = Run::of(&mut build("whole.db")).check(0, &["12 pairs aligned"]);
    assert_eq!(whole.count("translated"), 84);
    let mut child = build("killed.db").stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let remembered = || {
        let sql = "SELECT count(*) FROM translation";
        let count = |store: rusqlite::Connection| store.query_row(sql, [], |row| row.get::<_, i64>(0)).ok();
        rusqlite::Connection::open(corpus.path("killed.db")).ok().and_then(count).map_or(0, i64::unsigned_abs)
    };
    while remembered() == 0 && child.try_wait().unwrap().is_none() {
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let before = remembered();
    let rest = Run::of(&mut build("killed.db")).check(0, &["0 skipped"]);
    assert_eq!(rest.count("translated"), 84 - before);
    assert_eq!(corpus.export("killed.db", 8), corpus.export("whole.db", 8));
}
