//! `diptych compare` as users run it: the real binary, translations from a file, the shipped encoder.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const GERMAN: &str = "Die Brücke von Ahlen bleibt bis Mai gesperrt.\n\
    Nach Angaben der Stadt kostet die Reparatur 3,5 Millionen Euro.\n\
    „Wir bitten um Geduld“, sagte Bürgermeisterin Rita Moll.\n\
    Ein Bus fährt alle zwanzig Minuten über Soest.\n\
    \n\
    Der Angelverein sagt sein Fest ab.\n";

const TRANSLATIONS: &str = "Die Brücke von Ahlen bleibt bis Mai gesperrt.\tThe bridge of Ahlen stays closed until May.\n\
    Nach Angaben der Stadt kostet die Reparatur 3,5 Millionen Euro.\tAccording to the town the repair costs 3.5 million euros.\n\
    „Wir bitten um Geduld“, sagte Bürgermeisterin Rita Moll.\t\"We ask for patience,\" said mayor Rita Moll.\n\
    Ein Bus fährt alle zwanzig Minuten über Soest.\tA bus runs every twenty minutes via Soest.\n\
    Der Angelverein sagt sein Fest ab.\tThe anglers' club calls off its party.\n";

const ENGLISH: &str = "A cracked pillar keeps the Ahlen bridge closed until May, engineers found.\n\
    The repair will cost the town 4.5 million euros.\n\
    Rita Moll, the mayor, asked drivers for patience.\n\
    <script>alert('x')</script> & more was on a banner.\n\
    Shops on the west bank fear for their trade.\n";

fn write(directory: &Path, name: &str, text: &str) -> String {
    let path = directory.join(name);
    fs::write(&path, text).unwrap();
    path.into_os_string().into_string().unwrap()
}

fn compare(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_diptych"))
        .arg("compare")
        .args(arguments)
        .output()
        .expect("the binary runs")
}

/// The arguments for the pair above, and the directory that must outlive them.
fn pair() -> (tempfile::TempDir, [String; 3]) {
    let directory = tempfile::tempdir().unwrap();
    let de = write(directory.path(), "bericht.de", GERMAN);
    let en = write(directory.path(), "<script>report.en", ENGLISH);
    let mt = write(directory.path(), "mt.tsv", TRANSLATIONS);
    (directory, [de, en, mt])
}

fn run(files: &[String; 3], more: &[&str]) -> Output {
    let [de, en, mt] = files;
    let fixed = ["--presplit", "--relation", "independent", "--langs", "de,en", "--translations", mt, de, en];
    let output = compare(&[&fixed, more].concat());
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    output
}

#[test]
fn the_terminal_view_says_it_all_without_colour() {
    let (_directory, files) = pair();
    for width in ["60", "100"] {
        let text = String::from_utf8(run(&files, &["--width", width]).stdout).unwrap();
        assert!(!text.contains('\u{1b}'));
        assert!(text.lines().all(|line| line.chars().count() <= width.parse().unwrap()), "{text}");
        let joined = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for part in [
            "Side by side",
            "Only in German",
            "Only in English",
            "⟦3,5 Millionen Euro⟧",
            "⟦4.5 million euros⟧",
            "not mean that something was not reported",
        ] {
            assert!(joined.contains(part), "{part} is not in\n{text}");
        }
    }
}

#[test]
fn json_has_the_verdicts_the_places_and_the_same_bytes_every_time() {
    let (_directory, files) = pair();
    let first = run(&files, &["--json", "-"]).stdout;
    assert_eq!(first, run(&files, &["--json", "-"]).stdout);
    let json: serde_json::Value = serde_json::from_slice(&first).unwrap();
    let pair = &json["pairs"][0];
    assert_eq!(pair["relation"], "independent");
    assert_eq!(pair["judgements"][0][4]["verdict"], "blank");
    assert_eq!(pair["judgements"][0][5]["verdict"], "only");
    assert_eq!(pair["judgements"][1][4]["verdict"], "only");
    assert_eq!(pair["judgements"][0][2]["best"]["id"], 3);
    let one = &pair["disagreements"][0];
    assert_eq!(
        (&one["source"]["text"], &one["target"]["text"]),
        (&"3,5 Millionen Euro".into(), &"4.5 million euros".into())
    );
    assert_eq!(
        &GERMAN.lines().nth(1).unwrap()[one["source"]["start"].as_u64().unwrap() as usize..][..6],
        "3,5 Mi"
    );
    assert_eq!(json["reports"][0]["sentences"][0]["english"], "The bridge of Ahlen stays closed until May.");
}

#[test]
fn the_page_is_escaped_self_contained_and_balanced() {
    let (directory, files) = pair();
    let path = directory.path().join("r.html");
    run(&files, &["--self-test", "--html", path.to_str().unwrap()]);
    let html = fs::read_to_string(&path).unwrap();
    assert!(html.len() < 1 << 20);
    assert_eq!(html.matches("<script>").count(), 1, "only the page's own");
    assert!(html.contains("&lt;script&gt;alert(&apos;x&apos;)&lt;/script&gt; &amp; more"));
    assert!(html.contains("&lt;script&gt;report.en"));
    for outside in ["http:", "https:", "src=", "@import", "url("] {
        assert!(!html.contains(outside), "{outside}");
    }
    balanced(&html);
    for part in [
        "id=\"only-0\"",
        "id=\"disagreements\"",
        "<mark>3,5 Millionen Euro</mark>",
        "prefers-color-scheme",
        "@media print",
        "No counterpart found among the",
        "aria-label",
    ] {
        assert!(html.contains(part), "{part}");
    }
}

/// Every element that is opened is closed, in order; void elements aside.
fn balanced(html: &str) {
    let body = html.split("<body>").nth(1).unwrap().split("<script>\n").next().unwrap();
    let mut open: Vec<&str> = Vec::new();
    for tag in body.split('<').skip(1) {
        let tag = tag.split('>').next().unwrap();
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap();
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "</{name}>");
        } else if !tag.ends_with('/') {
            open.push(name);
        }
    }
    assert_eq!(open, Vec::<&str>::new());
}

#[test]
fn tsv_has_ids_from_one() {
    let (directory, files) = pair();
    let out = directory.path().join("out");
    run(&files, &["--tsv", out.to_str().unwrap(), "--name", "x"]);
    let links = fs::read_to_string(out.join("x.links.tsv")).unwrap();
    assert!(links.lines().any(|line| line.starts_with("3\t3\t0.")), "{links}");
    let unmatched = fs::read_to_string(out.join("x.unmatched.tsv")).unwrap();
    assert!(
        unmatched.lines().any(|line| line == "de\t6") && unmatched.lines().any(|line| line == "en\t5"),
        "{unmatched}"
    );
    assert!(!unmatched.contains("de\t5"), "a blank line is no statement: {unmatched}");
}

#[test]
fn a_folder_of_reports_gives_a_matrix() {
    let (directory, [de, en, mt]) = pair();
    let folder = directory.path().join("reports");
    fs::create_dir(&folder).unwrap();
    fs::copy(&de, folder.join("a.de")).unwrap();
    fs::copy(&en, folder.join("b.en")).unwrap();
    write(
        &folder,
        "c.en",
        "Ahlen's bridge is closed until May.\nThe mayor, Rita Moll, asked for patience.\nA circus is in town.\n",
    );
    let folder = folder.to_str().unwrap();
    let fixed = [
        "--presplit",
        "--relation",
        "independent",
        "--langs",
        "de,en,en",
        "--translations",
        mt.as_str(),
        folder,
    ];
    let json = compare(&[&fixed[..], &["--json", "-"]].concat());
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(json["pairs"].as_array().unwrap().len(), 3);
    let members = |statement: &serde_json::Value| statement["members"].as_array().unwrap().len();
    let statements = json["statements"].as_array().unwrap();
    assert_eq!(statements.iter().map(members).sum::<usize>(), 6 + 5 + 3);
    assert!(statements.iter().any(|statement| members(statement) >= 3), "{statements:?}");
    let text = String::from_utf8(compare(&fixed).stdout).unwrap();
    assert!(text.contains("Statements of several reports") && text.contains("Only in c.en"), "{text}");
    let html = compare(&[&fixed[..], &["--html", "-"]].concat());
    balanced(&String::from_utf8(html.stdout).unwrap());
}

#[test]
fn translations_can_be_one_a_line() {
    let (directory, [de, en, mt]) = pair();
    let lines: String = GERMAN
        .lines()
        .map(|line| {
            TRANSLATIONS.lines().find_map(|row| row.strip_prefix(line)?.strip_prefix('\t')).unwrap_or("")
        })
        .map(|line| format!("{line}\n"))
        .collect();
    let plain = write(directory.path(), "a.mt", &lines);
    let short = write(directory.path(), "short.mt", "One line.\n");
    let json = |arguments: &[&str]| {
        let output = compare(&[arguments, &["--langs", "de,en", "--json", "-", &de, &en]].concat());
        (output.status.code(), output.stdout, String::from_utf8(output.stderr).unwrap())
    };
    let by_line = json(&["--presplit", "--translations", &plain]);
    let by_sentence = json(&["--presplit", "--translations", &mt]);
    let answer = |bytes: &[u8]| serde_json::from_slice::<serde_json::Value>(bytes).unwrap()["pairs"].clone();
    assert_eq!(answer(&by_line.1), answer(&by_sentence.1));
    for (arguments, said) in [
        (vec!["--presplit", "--translations", &short], "1 lines, but"),
        (vec!["--presplit", "--translations", "none.mt"], "cannot read none.mt"),
        (vec!["--translations", &plain], "with --presplit also a file of one translation a line"),
    ] {
        let (code, _, stderr) = json(&arguments);
        assert_eq!(code, Some(2), "{stderr}");
        assert!(stderr.contains(said), "{said:?} is not in: {stderr}");
    }
    let both = compare(&["--presplit", "--langs", "de,de", "--translations", &plain, &de, &de]);
    assert!(String::from_utf8_lossy(&both.stderr).contains("2 of these are not in English"));
}

#[test]
fn what_cannot_be_compared_is_an_error_that_says_so() {
    let (directory, [de, ..]) = pair();
    for (arguments, said) in [
        (vec![de.as_str()], "compare needs two or more"),
        (vec!["--threshold", "2", de.as_str(), de.as_str()], "between 0 and 1"),
        (vec!["no-such.txt", de.as_str()], "no-such.txt"),
    ] {
        let output = compare(&arguments);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(stderr.contains(said), "{said:?} is not in: {stderr}");
    }
    drop(directory);
}
