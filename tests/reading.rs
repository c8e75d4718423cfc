//! Bad input against the real binary: each gets an error that says what, where and the way out, and nothing
//! is lost.

use std::fs;

use assert_cmd::cargo::cargo_bin_cmd;

/// Runs `diptych split ARGS` in `dir` and returns exit code, output and messages.
fn split(dir: &std::path::Path, args: &[&str], input: &[u8]) -> (i32, String, String) {
    let output = cargo_bin_cmd!("diptych")
        .current_dir(dir)
        .arg("split")
        .args(args)
        .write_stdin(input)
        .output()
        .expect("diptych runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code().expect("no signal"), text(output.stdout), text(output.stderr))
}

#[test]
fn bad_input_gets_an_error_that_helps() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| fs::write(dir.path().join(name), bytes).unwrap();
    write("empty.txt", b"");
    write("blank.txt", b" \r\n\t\xc2\xa0\n\xe2\x80\x8b");
    write("zeros.bin", b"\x00\x01\x02abc\x00\x00\x07");
    write("paper.pdf", b"%PDF-1.7\n1 0 obj");
    write("letter.docx", b"PK\x03\x04\x14\x00word/document.xml");
    write("text.txt.gz", b"\x1f\x8b\x08\x00\x00");
    write("markup.html", b"<html><body><script>x()</script></body></html>");
    write("broken.jsonl", b"{\"text\": \"cut o");
    write("large.txt", &b"Ein Satz.\n".repeat(110_000));
    fs::create_dir(dir.path().join("folder")).unwrap();
    for (args, message) in [
        (&["empty.txt"][..], "empty.txt: is empty"),
        (&["blank.txt"], "blank.txt: holds no text, only white space"),
        (&["zeros.bin"], "zeros.bin: is a binary file, not text; convert it to plain text or HTML first"),
        (
            &["paper.pdf"],
            "paper.pdf: is a PDF file, not text; convert it first (pdftotext FILE.pdf FILE.txt)",
        ),
        (
            &["letter.docx"],
            "letter.docx: is a ZIP file or a document in one (docx, odt, epub), not text; save it",
        ),
        (&["text.txt.gz"], "text.txt.gz: is compressed with gzip; unpack it first (gunzip FILE)"),
        (&["markup.html"], "markup.html: holds no text, only markup"),
        (&["broken.jsonl"], "broken.jsonl#1: not a record with a text: EOF while parsing a string"),
        (&["folder"], "folder: is a directory; name the files in it"),
        (&["missing.txt"], "cannot read missing.txt: "),
        // Nobody may read below a file, not even root.
        (&["large.txt/x"], "cannot read large.txt/x: "),
        (
            &["--max-size", "1", "large.txt"],
            "large.txt: is larger than 1 MB, the limit for one file; raise it",
        ),
        (&["--max-size", "1", "-"], "standard input: is larger than 1 MB, the limit for one file; raise it"),
        (&["--input-format", "pdf", "large.txt"], "not an input format; text, html and jsonl are"),
    ] {
        let (code, out, err) = split(dir.path(), args, &b"x".repeat((1 << 20) + 1));
        assert_eq!((code, out.as_str()), (2, ""), "{args:?}: {err}");
        assert!(err.contains(message), "{args:?}: {err}");
    }
}

#[test]
fn odd_input_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let long = "word ".repeat(1 << 20);
    for (input, expected) in [
        (&b"Ja"[..], "Ja\n"),
        (b"Der B\xc3\xbcrgermeister kam \xe4 sp\xc3\xa4t.", "Der Bürgermeister kam \u{fffd} spät.\n"),
        (b"Sch\xf6n war die Reise nach K\xf6ln.", "Schön war die Reise nach Köln.\n"),
        (long.as_bytes(), &format!("{}\n", long.trim_end())),
    ] {
        let (code, out, err) = split(dir.path(), &["--lang", "de", "-"], input);
        assert_eq!(code, 0, "{err}");
        assert!(out == expected, "{} bytes in, {} out", input.len(), out.len());
    }
}

#[test]
fn one_bad_file_or_record_is_skipped_and_counted() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("good.txt"), "Ein Satz, der gut ist.").unwrap();
    fs::write(dir.path().join("empty.txt"), "").unwrap();
    let records = "{\"text\": \"Noch ein Satz.\", \"lang\": \"de\"}\n{\"text\": 1}\n";
    fs::write(dir.path().join("records.jsonl"), records).unwrap();
    let (code, out, err) =
        split(dir.path(), &["--lang", "de", "empty.txt", "good.txt", "records.jsonl"], b"");
    assert_eq!((code, out.as_str()), (1, "Ein Satz, der gut ist.\nNoch ein Satz.\n"), "{err}");
    assert!(err.contains("skipped empty.txt: is empty"), "{err}");
    assert!(err.contains("skipped records.jsonl#2: not a record with a text: invalid type"), "{err}");
    assert!(err.contains("2 of the inputs were skipped"), "{err}");
}

#[test]
fn what_was_assumed_is_said_when_asked() {
    let dir = tempfile::tempdir().unwrap();
    let text = "02:26\n\nDie Stadt hat am Montag beschl\u{f6}ssen, die M\u{fc}hle am Fluss f\u{fc}r lange Zeit zu erhalten.";
    let bytes: Vec<u8> = text.chars().map(|c| c as u8).collect();
    let (code, _, quiet) = split(dir.path(), &["-"], &bytes);
    assert_eq!((code, quiet.as_str()), (0, ""));
    let (_, _, err) = split(dir.path(), &["-v", "-"], &bytes);
    for note in ["decoded as windows-1252", "left out 1 line of boilerplate", "left out: 02:26"] {
        assert!(err.contains(note), "{err}");
    }
}
