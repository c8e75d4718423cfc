//! `diptych models pull` against servers on this machine: honest ones, ones that break off, and hostile ones.
//! Whatever they do, nothing is installed but whole models, nothing is written outside the model directory, and
//! the message says what happened.
#![cfg(unix)]

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const LIST: &str = "/v1/buckets/main/collections/translations-models-v2/records";

/// A request as a handler sees it.
#[derive(Debug, Clone)]
struct Request {
    method: String,
    path: String,
    /// The first byte that is asked for.
    from: Option<usize>,
}

struct Server {
    url: String,
    requests: Arc<Mutex<Vec<Request>>>,
    /// Bytes of bodies sent.
    sent: Arc<AtomicUsize>,
}

/// Answers on a connection, which is closed afterwards.
type Handler = dyn Fn(&Request, &mut Wire) + Send + Sync;

struct Wire {
    stream: TcpStream,
    sent: Arc<AtomicUsize>,
}

impl Wire {
    fn head(&mut self, status: &str, headers: &str) {
        let _ = write!(self.stream, "HTTP/1.1 {status}\r\n{headers}Connection: close\r\n\r\n");
    }

    /// False where the other end has gone.
    fn body(&mut self, bytes: &[u8]) -> bool {
        let done = self.stream.write_all(bytes).is_ok();
        self.sent.fetch_add(bytes.len(), Ordering::SeqCst);
        done
    }

    fn whole(&mut self, bytes: &[u8]) {
        self.head("200 OK", &format!("Content-Length: {}\r\n", bytes.len()));
        self.body(bytes);
    }

    /// As a server does that knows ranges; stops after `stop` bytes.
    fn part(&mut self, bytes: &[u8], from: Option<usize>, stop: usize) {
        let start = from.unwrap_or(0);
        let rest = &bytes[start..];
        match from {
            None => self.head("200 OK", &format!("Content-Length: {}\r\n", rest.len())),
            Some(_) => self.head(
                "206 Partial Content",
                &format!(
                    "Content-Length: {}\r\nContent-Range: bytes {start}-{}/{}\r\n",
                    rest.len(),
                    bytes.len() - 1,
                    bytes.len()
                ),
            ),
        }
        self.body(&rest[..stop.min(rest.len())]);
    }
}

impl Server {
    fn new(handler: impl Fn(&Request, &mut Wire) + Send + Sync + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (requests, sent) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicUsize::new(0)));
        let handler: Arc<Handler> = Arc::new(handler);
        let (log, count) = (requests.clone(), sent.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (handler, log, sent) = (handler.clone(), log.clone(), count.clone());
                std::thread::spawn(move || serve(stream, &*handler, &log, sent));
            }
        });
        Server { url, requests, sent }
    }

    fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

fn serve(stream: TcpStream, handler: &Handler, log: &Mutex<Vec<Request>>, sent: Arc<AtomicUsize>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut wire = Wire { stream, sent };
    while let Some(request) = read_request(&mut reader) {
        log.lock().unwrap().push(request.clone());
        if request.method == "CONNECT" {
            // A proxy: what follows on this connection is for the other end, whose part is played here too.
            let _ = wire.stream.write_all(b"HTTP/1.1 200 Connected\r\n\r\n");
            continue;
        }
        handler(&request, &mut wire);
        return;
    }
}

fn read_request(reader: &mut impl BufRead) -> Option<Request> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let mut words = line.split_whitespace();
    let (method, path) = (words.next()?.to_string(), words.next()?.to_string());
    let mut from = None;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let header = header.trim().to_ascii_lowercase();
        if header.is_empty() {
            return Some(Request { method, path, from });
        }
        if let Some(range) = header.strip_prefix("range: bytes=") {
            from = range.split('-').next().and_then(|from| from.parse().ok());
        }
    }
}

/// What a mirror holds, by path.
#[derive(Clone, Default)]
struct Mirror {
    files: BTreeMap<String, Arc<Vec<u8>>>,
    records: Vec<Value>,
}

fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).unwrap()
}

impl Mirror {
    fn add(&mut self, pair: &str, kind: &str, name: &str, bytes: &[u8]) {
        let (source, target) = pair.split_once('-').unwrap();
        let sent = packed(bytes);
        let location = format!("main-workspace/translations-models-v2/{pair}-{kind}.zst");
        self.records.push(json!({
            "name": name, "fileType": kind, "sourceLanguage": source, "targetLanguage": target,
            "version": "3.0", "architecture": "tiny", "filter_expression": "",
            "decompressedHash": hash(bytes), "decompressedSize": bytes.len(),
            "attachment": {
                "location": location, "hash": hash(&sent), "size": sent.len(), "filename": name,
                "mimetype": "application/zstd",
            },
        }));
        self.files.insert(format!("/{location}"), Arc::new(sent));
        let list = json!({ "data": self.records }).to_string();
        self.files.insert(LIST.into(), Arc::new(list.into_bytes()));
    }

    /// The shipped German model and the Portuguese one, as Mozilla's collection would hold them.
    fn real() -> Mirror {
        let mut mirror = Mirror::default();
        let german = Path::new(ROOT).join("models/de-en");
        let portuguese = portuguese();
        for (pair, kind, folder, name) in [
            ("de-en", "model", &german, "model.deen.intgemm.alphas.bin"),
            ("de-en", "srcvocab", &german, "srcvocab.deen.spm"),
            ("de-en", "trgvocab", &german, "trgvocab.deen.spm"),
            ("pt-en", "model", &portuguese, "model.pten.intgemm.alphas.bin"),
            ("pt-en", "vocab", &portuguese, "vocab.pten.spm"),
        ] {
            mirror.add(pair, kind, name, &fs::read(folder.join(name)).unwrap());
        }
        mirror
    }

    /// Small files with the right hashes, and no model in them: enough for what fails before they are looked at.
    fn small() -> Mirror {
        let mut mirror = Mirror::default();
        mirror.add("pt-en", "model", "model.pten.bin", &b"no model at all ".repeat(4000));
        mirror.add("pt-en", "vocab", "vocab.pten.spm", b"nor a vocabulary");
        mirror
    }

    fn with_record(mut self, change: impl Fn(&mut Value)) -> Mirror {
        change(&mut self.records[0]);
        let list = json!({ "data": self.records }).to_string();
        self.files.insert(LIST.into(), Arc::new(list.into_bytes()));
        self
    }

    fn serve(self) -> Server {
        Server::new(move |request, wire| self.answer(request, wire))
    }

    fn answer(&self, request: &Request, wire: &mut Wire) {
        match self.files.get(&request.path) {
            Some(bytes) => wire.part(bytes, request.from, usize::MAX),
            None => wire.head("404 Not Found", "Content-Length: 0\r\n"),
        }
    }

    fn folder(&self) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (path, bytes) in &self.files {
            let path = folder.path().join(path.trim_start_matches('/'));
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, &**bytes).unwrap();
        }
        folder
    }
}

fn portuguese() -> PathBuf {
    let folder = Path::new(ROOT).join("target/models/pt-en");
    assert!(
        folder.join("manifest.toml").is_file(),
        "the Portuguese model is missing: run scripts/fetch-models pt-en"
    );
    folder
}

/// A place for models with nothing beside it.
struct Place(TempDir);

impl Place {
    fn new() -> Place {
        let place = Place(tempfile::tempdir().unwrap());
        fs::create_dir(place.0.path().join("home")).unwrap();
        place
    }

    fn models(&self) -> PathBuf {
        self.0.path().join("models")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_diptych"));
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", self.0.path().join("home")).args(arguments).arg("--models").arg(self.models());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn pull(&self, url: &str, pairs: &[&str]) -> Command {
        let mut command = self.command(&["models", "pull", "--timeout", "0.6", "--source", url]);
        command.args(pairs);
        command
    }

    /// Names in the model directory, but for locks.
    fn names(&self) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.models()) else { return Vec::new() };
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.retain(|name| !name.ends_with(".lock"));
        names.sort();
        names
    }

    /// Nothing but the model directory, and no model in it.
    fn is_clean(&self, case: &str) {
        let beside: Vec<String> = fs::read_dir(self.0.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name != "models" && name != "home")
            .collect();
        assert!(beside.is_empty(), "{case}: {beside:?}");
        assert!(fs::read_dir(self.0.path().join("home")).unwrap().next().is_none(), "{case}");
        assert!(self.names().iter().all(|name| name == ".pt-en.partial"), "{case}: {:?}", self.names());
        let partial = self.models().join(".pt-en.partial");
        if let Ok(entries) = fs::read_dir(partial) {
            for entry in entries {
                assert!(entry.unwrap().file_type().unwrap().is_file(), "{case}");
            }
        }
    }
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn succeeds(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    stderr(&output)
}

/// Every file is what the list promised, and the program agrees.
fn is_whole(place: &Place, mirror: &Mirror, pair: &str) {
    for record in &mirror.records {
        let name = record["name"].as_str().unwrap();
        if name.contains(&pair.replace('-', "")) {
            let bytes = fs::read(place.models().join(pair).join(name)).unwrap();
            assert_eq!(hash(&bytes), record["decompressedHash"].as_str().unwrap(), "{name}");
        }
    }
    succeeds(&mut place.command(&["models", "verify", pair]));
}

#[test]
fn two_models_come_from_a_mirror_as_their_hashes_say() {
    let mirror = Mirror::real();
    let server = mirror.clone().serve();
    let place = Place::new();
    let said = succeeds(&mut place.pull(&server.url, &["de-en", "pt"]));
    for part in ["tiny 3.0", "MPL-2.0", "MB to fetch", "The house is old"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert_eq!(place.names(), ["de-en", "pt-en"]);
    is_whole(&place, &mirror, "de-en");
    is_whole(&place, &mirror, "pt-en");
    // Again is nothing but a look at the list.
    let before = server.requests().len();
    let said = succeeds(&mut place.pull(&server.url, &["pt-en"]));
    assert!(said.contains("already there"), "{said}");
    assert_eq!(server.requests().len(), before + 1);
    // A model that was damaged is replaced; one that a kill left aside comes back.
    let weights = place.models().join("pt-en/model.pten.intgemm.alphas.bin");
    let mut bytes = fs::read(&weights).unwrap();
    bytes[4321] ^= 1;
    fs::write(&weights, bytes).unwrap();
    assert_eq!(place.command(&["models", "verify"]).status().unwrap().code(), Some(1));
    succeeds(&mut place.pull(&server.url, &["pt-en"]));
    is_whole(&place, &mirror, "pt-en");
    fs::rename(place.models().join("pt-en"), place.models().join(".pt-en.old")).unwrap();
    assert!(succeeds(&mut place.pull(&server.url, &["pt-en"])).contains("already there"));
    is_whole(&place, &mirror, "pt-en");
    // And out again.
    succeeds(&mut place.command(&["models", "remove", "pt-en"]));
    assert_eq!(place.names(), ["de-en"]);
    let again = place.command(&["models", "remove", "pt-en"]).output().unwrap();
    assert_eq!(again.status.code(), Some(2), "{}", stderr(&again));
}

#[test]
fn a_folder_is_a_mirror_and_a_missing_model_is_pulled_on_demand() {
    let mirror = Mirror::real();
    let (folder, place) = (mirror.folder(), Place::new());
    let url = format!("file://{}", folder.path().display());
    let text = place.0.path().join("home/nota.txt");
    fs::write(&text, "A ponte velha foi fechada na terça-feira. Os moradores esperam uma ponte nova.\n")
        .unwrap();
    let text = text.to_str().unwrap();
    fs::create_dir_all(place.models().join("xx-en")).unwrap();
    let without = place.command(&["translate", text]).output().unwrap();
    assert_eq!(without.status.code(), Some(2));
    let said = stderr(&without);
    assert!(said.contains("diptych models pull pt-en") && said.contains("--auto-pull"), "{said}");
    fs::remove_dir(place.models().join("xx-en")).unwrap();
    let mut command = place.command(&["translate", "--auto-pull", text]);
    let output = command.env("DIPTYCH_MODEL_SOURCE", &url).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(String::from_utf8_lossy(&output.stdout).to_lowercase().contains("bridge"));
    is_whole(&place, &mirror, "pt-en");
    let list = place.command(&["models", "list", "--remote", "--json", "--source", &url]).output().unwrap();
    let list: Vec<Value> = serde_json::from_slice(&list.stdout).unwrap();
    let pairs: Vec<&str> = list.iter().map(|offer| offer["pair"].as_str().unwrap()).collect();
    assert_eq!(pairs, ["de-en", "pt-en"]);
    for (arguments, part) in [
        (&["fr-en"][..], "no model for fr-en; into en it has: de, pt"),
        (&["pt-en", "--variant", "base"], "not there as base, but as tiny"),
        (&["german"], "no pair of languages"),
    ] {
        let output = place.pull(&url, arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains(part), "{}", stderr(&output));
    }
}

/// What a server can do to a client that asks for a list and then for a file of it.
#[test]
fn hostile_servers_install_nothing_and_are_named() {
    let page = b"<!DOCTYPE html><html><body>Please log in to this network</body></html>";
    let list = |request: &Request| request.path == LIST;
    let honest = |request: &Request, wire: &mut Wire| Mirror::small().answer(request, wire);
    let sleep = |seconds: f64| std::thread::sleep(Duration::from_secs_f64(seconds));
    let endless = |wire: &mut Wire| {
        wire.head("200 OK", "");
        while wire.body(&[b' '; 1 << 16]) {}
    };
    let bomb = packed(&vec![0; 300 << 20]);
    let bombed = Mirror::small().with_record(|record| {
        record["attachment"]["hash"] = json!(hash(&bomb));
        record["attachment"]["size"] = json!(bomb.len());
    });
    let rotten = b"\x28\xb5\x2f\xfd but no frame follows".repeat(40);
    let rotten_list = Mirror::small().with_record(|record| {
        record["attachment"]["hash"] = json!(hash(&rotten));
        record["attachment"]["size"] = json!(rotten.len());
    });
    let altered = |change: fn(&mut Value)| {
        let mirror = Mirror::small().with_record(change);
        Server::new(move |request, wire| mirror.answer(request, wire))
    };
    let cases: Vec<(&str, Server, &str)> = vec![
        ("no list", Server::new(|_, wire| wire.head("404 Not Found", "")), "status 404"),
        ("trouble", Server::new(|_, wire| wire.head("500 Oh", "")), "status 500"),
        ("no entry", Server::new(|_, wire| wire.head("403 No", "")), "status 403"),
        (
            "loop",
            Server::new(|r, wire| wire.head("302 Found", &format!("Location: {}\r\n", r.path))),
            "sends on more than 5",
        ),
        (
            "to a file",
            Server::new(|_, wire| wire.head("302 Found", "Location: file:///etc/passwd\r\n")),
            "cannot fetch",
        ),
        ("web page", Server::new(move |_, wire| wire.whole(page)), "a web page"),
        ("other json", Server::new(|_, wire| wire.whole(b"{\"data\": 3}")), "it has no data"),
        ("empty list", Server::new(|_, wire| wire.whole(b"{\"data\": []}")), "no model that this version"),
        ("silence", Server::new(move |_, _| sleep(3.0)), "does not answer in time"),
        ("endless list", Server::new(move |_, wire| endless(wire)), "more than the 33554432 bytes"),
        (
            "silent body",
            Server::new(move |r, wire| {
                if list(r) {
                    return honest(r, wire);
                }
                wire.head("200 OK", "");
                wire.body(b"abc");
                sleep(3.0);
            }),
            "fell silent",
        ),
        (
            "trickle",
            Server::new(move |r, wire| {
                if list(r) {
                    return honest(r, wire);
                }
                wire.head("200 OK", "");
                while wire.body(b"a") {
                    sleep(0.05);
                }
            }),
            "too slow",
        ),
        (
            "missing file",
            Server::new(
                move |r, wire| if list(r) { honest(r, wire) } else { wire.head("404 Not Found", "") },
            ),
            "status 404",
        ),
        (
            "huge by its word",
            Server::new(move |r, wire| {
                if list(r) { honest(r, wire) } else { wire.head("200 OK", "Content-Length: 99999999999\r\n") }
            }),
            "it has 99999999999 bytes",
        ),
        (
            "huge without a word",
            Server::new(move |r, wire| if list(r) { honest(r, wire) } else { endless(wire) }),
            "it sends more than",
        ),
        (
            "cut short",
            Server::new(move |r, wire| {
                let mirror = Mirror::small();
                if list(r) { honest(r, wire) } else { wire.part(&mirror.files[&r.path], r.from, 10) }
            }),
            "broke after",
        ),
        (
            "cut short without a word",
            Server::new(move |r, wire| {
                if list(r) {
                    return honest(r, wire);
                }
                wire.head("200 OK", "");
                wire.body(b"only this");
            }),
            "it ended after 9 of",
        ),
        (
            "other bytes",
            Server::new(move |r, wire| {
                if list(r) {
                    return honest(r, wire);
                }
                let mut bytes = Mirror::small().files[&r.path].to_vec();
                bytes[20] ^= 1;
                wire.whole(&bytes);
            }),
            "its SHA-256 is",
        ),
        (
            "bomb",
            {
                let list_of_bomb = bombed.files[LIST].clone();
                Server::new(move |r, wire| wire.whole(if list(r) { &list_of_bomb } else { &bomb }))
            },
            "unpacks to more than the 64000 bytes",
        ),
        (
            "rotten",
            {
                let list_of_it = rotten_list.files[LIST].clone();
                Server::new(move |r, wire| wire.whole(if list(r) { &list_of_it } else { &rotten }))
            },
            "cannot be unpacked",
        ),
        (
            "other content",
            altered(|record| record["decompressedHash"] = json!("0".repeat(64))),
            "unpacked it is not what the list promises",
        ),
        ("no model inside", altered(|_| ()), "no Marian binary model"),
        ("name goes up", altered(|r| r["name"] = json!("../../evil.bin")), "no plain file name"),
        ("name is a path", altered(|r| r["name"] = json!("/elsewhere/evil.bin")), "no plain file name"),
        ("name hides", altered(|r| r["name"] = json!(".bashrc")), "no plain file name"),
        ("name is the manifest", altered(|r| r["name"] = json!("manifest.toml")), "no plain file name"),
        ("name has a zero", altered(|r| r["name"] = json!("a\0b")), "no plain file name"),
        ("names meet", altered(|r| r["name"] = json!("vocab.pten.spm")), "twice"),
        (
            "place goes up",
            altered(|r| r["attachment"]["location"] = json!("../../../etc/passwd")),
            "no plain path",
        ),
        ("place is elsewhere", altered(|r| r["attachment"]["location"] = json!("//evil/x")), "no plain path"),
        ("endless by its word", altered(|r| r["attachment"]["size"] = json!(u64::MAX)), "for the size of"),
        ("no hash", altered(|r| r["attachment"]["hash"] = json!("abc")), "no SHA-256"),
    ];
    // Side by side: most of them wait.
    std::thread::scope(|scope| {
        for (case, server, part) in &cases {
            scope.spawn(move || {
                let place = Place::new();
                let output = place.pull(&server.url, &["pt-en"]).output().unwrap();
                let said = stderr(&output);
                assert_eq!(output.status.code(), Some(2), "{case}: {said}");
                assert!(said.contains(part), "{case}: {said}");
                assert!(!said.contains("panicked"), "{case}: {said}");
                place.is_clean(case);
            });
        }
    });
}

#[test]
fn a_broken_connection_is_taken_up_where_it_broke() {
    let mirror = Mirror::real();
    let broken = Arc::new(AtomicUsize::new(0));
    for ranges in [true, false] {
        let (mirror, breaks) = (mirror.clone(), broken.clone());
        breaks.store(0, Ordering::SeqCst);
        let served = mirror.clone();
        let server = Server::new(move |request, wire| {
            let Some(bytes) = served.files.get(&request.path) else { return wire.head("404 Not Found", "") };
            let is_model = request.path.ends_with("-model.zst");
            let stop =
                if is_model && breaks.fetch_add(1, Ordering::SeqCst) < 2 { 5_000_000 } else { usize::MAX };
            wire.part(bytes, request.from.filter(|_| ranges), stop);
        });
        let place = Place::new();
        succeeds(&mut place.pull(&server.url, &["pt-en"]));
        is_whole(&place, &mirror, "pt-en");
        let asked: Vec<usize> = server.requests().iter().filter_map(|request| request.from).collect();
        assert!(asked.iter().all(|from| *from >= 5_000_000) && !asked.is_empty(), "{asked:?}");
    }
    // A server that sends another part than it was asked for.
    let served = mirror.clone();
    let server = Server::new(move |request, wire| {
        let Some(bytes) = served.files.get(&request.path) else { return wire.head("404 Not Found", "") };
        match request.from {
            Some(from) => wire.part(bytes, Some(from - 1), usize::MAX),
            None => wire.part(bytes, None, if request.path == LIST { usize::MAX } else { 5_000_000 }),
        }
    });
    let place = Place::new();
    let output = place.pull(&server.url, &["pt-en"]).output().unwrap();
    assert!(stderr(&output).contains("another part"), "{}", stderr(&output));
    place.is_clean("another part");
}

/// Killed at ten points of the way, between the first byte and the rename; each time there is a whole model or
/// none, and the next pull goes on.
#[test]
fn a_killed_pull_leaves_nothing_half_and_the_next_goes_on() {
    let mirror = Mirror::real();
    let files: Vec<_> = mirror.files.iter().filter(|(path, _)| path.contains("pt-en")).collect();
    let total: usize = files.iter().map(|(_, bytes)| bytes.len()).sum();
    let served = mirror.clone();
    let server = Server::new(move |request, wire| {
        let Some(bytes) = served.files.get(&request.path) else { return wire.head("404 Not Found", "") };
        let rest = &bytes[request.from.unwrap_or(0)..];
        wire.part(bytes, request.from, 0);
        for piece in rest.chunks(1 << 17) {
            if !wire.body(piece) {
                return;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    });
    let place = Place::new();
    let mut killed = 0;
    for point in 0..10 {
        // Six while bytes come, four in the moments after the last.
        let (bytes, moment) =
            if point < 6 { (total * (point + 1) / 7, 0) } else { (total, 15 * (point as u64 - 5)) };
        let mut child = place.pull(&server.url, &["pt-en"]).spawn().unwrap();
        let started = Instant::now();
        while server.sent.load(Ordering::SeqCst) < bytes && started.elapsed() < Duration::from_secs(20) {
            if child.try_wait().unwrap().is_some() {
                break;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_millis(moment));
        killed += usize::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
        match place.names().contains(&"pt-en".to_string()) {
            true => is_whole(&place, &mirror, "pt-en"),
            false => {
                assert!(place.names().iter().all(|name| name == ".pt-en.partial"), "{:?}", place.names())
            }
        }
    }
    assert!(killed >= 6, "only {killed} were killed on the way: this shows too little");
    let said = succeeds(&mut place.pull(&server.url, &["pt-en"]));
    assert_eq!(place.names(), ["pt-en"], "{said}");
    is_whole(&place, &mirror, "pt-en");
    assert!(
        server.requests().iter().any(|request| request.from.is_some()),
        "no pull went on where one was killed"
    );
}

#[test]
fn two_pulls_at_once_do_not_meet() {
    let mirror = Mirror::real();
    let (server, place) = (mirror.clone().serve(), Place::new());
    let children: Vec<_> = (0..3).map(|_| place.pull(&server.url, &["pt-en"]).spawn().unwrap()).collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
    }
    assert_eq!(place.names(), ["pt-en"]);
    is_whole(&place, &mirror, "pt-en");
}

#[test]
fn proxies_are_honoured() {
    let mirror = Mirror::small();
    let proxy = mirror.clone().serve();
    let place = Place::new();
    let list = |source: &str, variables: &[(&str, &str)]| {
        let mut command =
            place.command(&["models", "list", "--remote", "--timeout", "0.6", "--source", source]);
        command.envs(variables.iter().copied()).output().unwrap()
    };
    // A host that does not exist is reached through the proxy.
    let output = list("http://models.invalid", &[("HTTP_PROXY", &proxy.url), ("ALL_PROXY", &proxy.url)]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(String::from_utf8_lossy(&output.stdout).contains("pt-en"));
    // And a host that needs none is reached without, where the proxy is dead.
    let dead = [("HTTP_PROXY", "http://127.0.0.1:9"), ("ALL_PROXY", "http://127.0.0.1:9")];
    let direct = mirror.serve();
    assert!(!list(&direct.url, &dead).status.success());
    let output = list(&direct.url, &[&dead[..], &[("NO_PROXY", "127.0.0.1")]].concat());
    assert!(output.status.success(), "{}", stderr(&output));
}

/// The hub's layout: a question without a body tells size and SHA-256, the commit, and where the file lies. The
/// weights here are an archive with nothing in it: without the engine, their shape is all that is checked.
#[cfg(not(feature = "torch"))]
#[test]
fn an_opus_model_comes_from_the_hubs_layout() {
    let folder = Path::new(ROOT).join("tests/data/opus-mt-tiny-de-en");
    let commit = "0123456789abcdef0123456789abcdef01234567";
    let mut files: BTreeMap<&str, Vec<u8>> = ["source.spm", "target.spm", "vocab.json"]
        .map(|name| (name, fs::read(folder.join(name)).unwrap()))
        .into_iter()
        .collect();
    files.insert("config.json", br#"{"model_type": "marian"}"#.to_vec());
    files.insert("rust_model.ot", [b"PK\x03\x04", &[0u8; 90][..], b"PK\x05\x06", &[0; 18]].concat());
    let serve = |files: BTreeMap<&'static str, Vec<u8>>| {
        Server::new(move |request, wire| {
            let path = request.path.strip_prefix("/Helsinki-NLP/opus-mt-de-en/resolve/").unwrap_or("");
            let (revision, name) = path.split_once('/').unwrap_or_default();
            let bytes = files.get(name).filter(|_| revision == "main" || revision == commit);
            match (bytes, request.path.strip_prefix("/cdn/").and_then(|name| files.get(name))) {
                (Some(bytes), _) if name.ends_with(".ot") || name.ends_with(".spm") => wire.head(
                    "302 Found",
                    &format!(
                        "Location: /cdn/{name}\r\nX-Linked-ETag: \"{}\"\r\nX-Linked-Size: {}\r\nX-Repo-Commit: {commit}\r\nContent-Length: 0\r\n",
                        if name == "target.spm" && files.len() > 5 { "0".repeat(64) } else { hash(bytes) },
                        bytes.len()
                    ),
                ),
                (Some(bytes), _) if request.method == "HEAD" => {
                    wire.head("200 OK", &format!("Content-Length: {}\r\nX-Repo-Commit: {commit}\r\n", bytes.len()));
                }
                (Some(bytes), _) | (None, Some(bytes)) => wire.part(bytes, request.from, usize::MAX),
                _ => wire.head("404 Not Found", "Content-Length: 0\r\n"),
            }
        })
    };
    let (server, place) = (serve(files.clone()), Place::new());
    let said = succeeds(&mut place.pull(&server.url, &["de-en", "--engine", "opus-mt"]));
    assert!(said.contains("could not be tried") && said.contains("0123456789ab"), "{said}");
    let manifest = fs::read_to_string(place.models().join("opus-mt-de-en/manifest.toml")).unwrap();
    let roles: Vec<&str> = manifest.lines().filter_map(|line| line.strip_prefix("role = ")).collect();
    assert_eq!(roles, ["\"weights\"", "\"config\"", "\"source-spm\"", "\"target-spm\"", "\"vocabulary\""]);
    assert!(manifest.contains(&hash(&files["rust_model.ot"])) && manifest.contains("engine = \"opus-mt\""));
    succeeds(&mut place.command(&["models", "verify", "opus-mt-de-en"]));
    // A hub that states another hash than its file has.
    files.insert("lie", Vec::new());
    let (server, place) = (serve(files), Place::new());
    let output = place.pull(&server.url, &["de-en", "--engine", "opus-mt"]).output().unwrap();
    assert!(stderr(&output).contains("its SHA-256 is"), "{}", stderr(&output));
    assert!(!place.models().join("opus-mt-de-en").exists());
}
