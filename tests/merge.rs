//! The real binary merges stores that the library made.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use diptych::{Bead, Bitext, Document, Engines, FilterOptions, Split, Store};
use rusqlite::{Connection, params};

/// Line by line, as 1-1 beads with this score.
fn bitext(name: &str, source: &str, target: &str, score: f32) -> Bitext {
    let document = |lang: &str, text: &str| {
        Document::new(format!("{name}.{lang}"), lang.parse().unwrap(), text.into(), Split::Lines)
    };
    let (source, target) = (document("de", source), document("en", target));
    let beads = (0..source.spans().len()).map(|i| Bead { source: i..i + 1, target: i..i + 1, score });
    let beads = beads.collect();
    Bitext::new(source, target, beads, "test".into()).unwrap()
}

struct Stores(tempfile::TempDir);

impl Stores {
    fn new() -> Stores {
        Stores(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn make(&self, name: &str, bitexts: &[Bitext], translations: &[(&str, &str)]) -> PathBuf {
        let mut store = Store::open(&self.path(name)).unwrap();
        store.remember("engine", translations).unwrap();
        let engines = Engines { source: Some("engine"), target: None };
        bitexts.iter().for_each(|bitext| store.save(bitext, &engines).unwrap());
        self.path(name)
    }
}

fn diptych(arguments: &[&Path]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_diptych")).args(arguments).output().unwrap()
}

fn merge(out: &Path, inputs: &[&Path]) -> String {
    let output = diptych(&[&[Path::new("merge"), out], inputs].concat());
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}");
    said
}

/// Everything that commands show of a store, and that it is sound.
fn shown(store: &Path) -> String {
    let run = |arguments: &[&str]| {
        let mut run = Command::new(env!("CARGO_BIN_EXE_diptych"));
        let output = run.args(arguments).arg("--store").arg(store).output().unwrap();
        assert!(output.status.code() < Some(2), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(run(&["check"]), "");
    let stats = run(&["stats", "--json"]);
    let stats: Vec<&str> = stats.lines().filter(|line| !line.contains("\"bytes\"")).collect();
    let inputs = inputs(store);
    [run(&["export", "--format", "jsonl"]), run(&["export", "--rejected"]), stats.join("\n"), inputs]
        .join("\n---\n")
}

fn inputs(store: &Path) -> String {
    let connection = Connection::open(store).unwrap();
    let mut select = connection
        .prepare(
            "SELECT source || ' ' || hex(content) || ' ' || coalesce(reason, 'done') FROM input ORDER BY 1",
        )
        .unwrap();
    let rows = select.query_map([], |row| row.get::<_, String>(0)).unwrap();
    rows.map(Result::unwrap).collect::<Vec<_>>().join("\n")
}

fn put_input(store: &Path, name: &str, content: &[u8], reason: Option<&str>) {
    let connection = Connection::open(store).unwrap();
    let (source, target) = (format!("{name}.de"), format!("{name}.en"));
    let sql = "INSERT INTO input (source, target, content, reason) VALUES (?1, ?2, ?3, ?4)";
    connection.execute(sql, params![source, target, content, reason]).unwrap();
}

#[test]
fn any_order_gives_the_same_and_again_changes_nothing() {
    let stores = Stores::new();
    let shared = bitext("b", "Die Brücke wird gebaut.", "The bridge is being built.", 0.9);
    let a = stores.make(
        "a.db",
        &[bitext("a", "Der Hafen ist zu.", "The harbour is shut.", 0.9), shared.clone()],
        &[("Der Hafen ist zu.", "The port is closed."), ("Ja.", "Yes.")],
    );
    // The same names with another text, another translation of one sentence.
    let b = stores.make(
        "b.db",
        &[shared, bitext("a", "Der Hafen ist offen.", "The harbour is open.", 0.8)],
        &[("Ja.", "Aye."), ("Nein.", "No.")],
    );
    let c = stores.make("c.db", &[bitext("c", "Es regnet.\nJa.", "It rains.\nYes.", 0.7)], &[]);
    put_input(&a, "b", b"one", None);
    put_input(&b, "b", b"two", None);
    put_input(&b, "c", b"old", Some("no text"));
    put_input(&c, "c", b"new", None);
    put_input(&c, "d", b"none", Some("not there"));
    // Without a partner in one store, with one in another.
    for (path, names) in [(&c, ("a.de", "")), (&a, ("", "c.en")), (&a, ("e.de", ""))] {
        let sql = "INSERT INTO input (source, target, content, reason) VALUES (?1, ?2, x'00', 'no partner')";
        Connection::open(path).unwrap().execute(sql, names).unwrap();
    }

    let [all, back, steps] = ["all.db", "back.db", "steps.db"].map(|name| stores.path(name));
    let said = merge(&all, &[&a, &b, &c]);
    assert!(
        said.contains("3 document pairs new, 1 there already") || said.contains("3 document pairs new"),
        "{said}"
    );
    let expected = shown(&all);
    assert!(expected.contains("Aye") || expected.contains("\"engine\": 3"), "{expected}");
    assert!(expected.contains("c.de 6E6577 done\nd.de 6E6F6E65 not there"), "{expected}");
    assert!(expected.contains("e.de 00 no partner"), "{expected}");
    assert!(!expected.contains("a.de 00") && !expected.contains("c.en 00"), "{expected}");
    merge(&back, &[&c, &b, &a]);
    assert_eq!(shown(&back), expected);
    merge(&steps, &[&b]);
    merge(&steps, &[&c, &a, &b]);
    assert_eq!(shown(&steps), expected);

    let before = fs::metadata(&all).unwrap().len();
    let said = merge(&all, &[&b, &a, &c, &steps]);
    assert!(said.contains("0 document pairs new") && said.contains("0 new translations"), "{said}");
    assert_eq!((shown(&all), fs::metadata(&all).unwrap().len()), (expected, before));
}

#[test]
fn of_two_bitexts_the_one_that_a_build_stands_for_is_taken() {
    let stores = Stores::new();
    for (i, built) in [0, 1].into_iter().enumerate() {
        let pairs = [("Der Hafen ist zu.", "The harbour is shut."), ("Es regnet.", "It rains.")];
        let names = [format!("a{i}.db"), format!("b{i}.db")];
        let paths = [0, 1].map(|k| stores.make(&names[k], &[bitext("x", pairs[k].0, pairs[k].1, 0.9)], &[]));
        put_input(&paths[built], "x", b"one", None);
        put_input(&paths[1 - built], "x", b"two", Some("failed"));
        for (name, order) in [("forth", [0, 1]), ("back", [1, 0])] {
            let out = stores.path(&format!("{name}{i}.db"));
            merge(&out, &[&paths[order[0]], &paths[order[1]]]);
            let shown = shown(&out);
            assert!(shown.contains(pairs[built].0) && !shown.contains(pairs[1 - built].0), "{shown}");
            assert!(shown.contains("done") && !shown.contains("failed"), "{shown}");
        }
    }
}

#[test]
fn verdicts_last_where_all_stores_were_filtered_alike() {
    let stores = Stores::new();
    let line = ("Die Brücke wird neu gebaut.", "The bridge is being rebuilt.");
    let [a, b] =
        ["a", "b"].map(|name| stores.make(&format!("{name}.db"), &[bitext(name, line.0, line.1, 0.9)], &[]));
    let filter = |path: &Path, score: f32| {
        let options = FilterOptions { min_score: score, ..FilterOptions::default() };
        Store::open(path).unwrap().filter(&options, &mut |_| Ok(())).unwrap();
    };
    filter(&a, 0.6);
    let out = stores.path("none.db");
    assert!(merge(&out, &[&a, &b]).contains("not filtered"));
    assert!(!shown(&out).contains("duplicate"));
    filter(&b, 0.6);
    let out = stores.path("both.db");
    assert!(!merge(&out, &[&a, &b]).contains("not filtered"));
    assert!(shown(&out).contains("duplicate"));
    let options = FilterOptions { min_score: 0.6, ..FilterOptions::default() };
    assert_eq!(Store::open(&out).unwrap().filtered().unwrap(), Some(options.to_string()));
    // A third one that was filtered otherwise: no verdict is left.
    let c = stores.make("c.db", &[bitext("c", "Es regnet.", "It rains.", 0.9)], &[]);
    filter(&c, 0.7);
    assert!(merge(&out, &[&c]).contains("not filtered"));
    assert!(!shown(&out).contains("duplicate"));
}

#[test]
fn a_merge_that_was_killed_is_completed_by_another() {
    let stores = Stores::new();
    let many = |name: &str| -> Vec<Bitext> {
        let line = |i: usize| format!("Zeile {name} {i} von vielen.");
        (0..80)
            .map(|i| bitext(&format!("{name}{i}"), &line(i), &format!("Line {name} {i} of many."), 0.9))
            .collect()
    };
    let [a, b] = ["a", "b"].map(|name| stores.make(&format!("{name}.db"), &many(name), &[("Ja.", name)]));
    for path in [&a, &b] {
        Store::open(path).unwrap().filter(&FilterOptions::default(), &mut |_| Ok(())).unwrap();
    }
    let whole = stores.path("whole.db");
    merge(&whole, &[&a, &b]);
    let expected = shown(&whole);
    for stop in [1, 33, 81, 150] {
        let path = stores.path(&format!("{stop}.db"));
        let inputs = [&b, &a].map(|path| Store::open_existing(path).unwrap());
        let stopped = Store::open(&path).unwrap().merge(&inputs, &mut |done| {
            if done < stop { Ok(()) } else { Err(std::io::Error::other("stop").into()) }
        });
        assert!(stopped.is_err());
        let half = diptych(&["check".as_ref(), "--store".as_ref(), &path]);
        assert!(String::from_utf8(half.stdout).unwrap().contains("not completed"));
        merge(&path, &[&a, &b]);
        assert_eq!(shown(&path), expected);
    }
}

#[test]
fn what_cannot_be_merged_is_named_and_nothing_is_made() {
    let stores = Stores::new();
    let a = stores.make("a.db", &[bitext("a", "Ja.", "Yes.", 0.9)], &[]);
    let (text, newer, out) = (stores.path("a.txt"), stores.path("newer.db"), stores.path("out.db"));
    fs::write(&text, "no store, only some text that is long enough to be looked at\n".repeat(9)).unwrap();
    fs::copy(&a, &newer).unwrap();
    Connection::open(&newer).unwrap().pragma_update(None, "user_version", 99).unwrap();
    for (input, words) in [
        (&text, "not a diptych store"),
        (&newer, "newer diptych"),
        (&stores.path("gone.db"), "no such file"),
        (&out, "no such file"),
    ] {
        let output = diptych(&["merge".as_ref(), &out, &a, input]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(words) && !out.exists(), "{said}");
    }
    let output = diptych(&["merge".as_ref(), &a, &a]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("both OUT and IN"));
}
