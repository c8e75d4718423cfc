//! The only place that reaches the network: a body of bounded size from `https://`, `http://` or `file://`,
//! with timeouts, few redirects, and what was received kept on disk, so that the next try asks for the rest.
//!
//! Proxies are those of `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`; `SSL_CERT_FILE` names other
//! roots of trust than Mozilla's, which are built in.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Body, http};

use crate::error::{Error, Result};

/// The largest file that is fetched, in bytes: ten times the largest model of this family, over OPUS-MT's.
pub(crate) const LARGEST: u64 = 1 << 30;

const REDIRECTS: u32 = 5;
/// Tries of one file in one run, while none of them brings anything; those that do are not counted.
const TRIES: u32 = 3;
/// A server that sends less than this many bytes a second over the whole patience is as good as dead.
const SLOWEST: f64 = 1024.0;

/// Fetches over HTTP and from folders.
pub struct Fetcher {
    agent: Agent,
    patience: Duration,
}

/// What is known of a file before it is there.
#[derive(Debug, Clone, Default)]
pub(crate) struct Promise {
    /// Bytes.
    pub size: Option<u64>,
    /// SHA-256, in hexadecimal digits.
    pub sha256: Option<String>,
}

/// What a server says of a file without sending it.
#[derive(Debug, Default)]
pub(crate) struct Said {
    pub promise: Promise,
    /// The version of the repository that it belongs to.
    pub commit: Option<String>,
}

/// Why a try failed.
struct Failure {
    what: String,
    /// The next try may do better.
    passing: bool,
}

impl Failure {
    fn passing(what: impl Into<String>) -> Failure {
        Failure { what: what.into(), passing: true }
    }

    fn lasting(what: impl Into<String>) -> Failure {
        Failure { what: what.into(), passing: false }
    }
}

impl Fetcher {
    /// A fetcher that gives up on a server that is silent for as long as `patience`.
    ///
    /// # Errors
    /// [`Error::File`]: `SSL_CERT_FILE` names a file that holds no certificates.
    pub fn new(patience: Duration) -> Result<Fetcher> {
        let patience = patience.max(Duration::from_millis(10));
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(REDIRECTS)
            .user_agent(concat!("diptych/", env!("CARGO_PKG_VERSION")))
            // A body that is packed on the way would not be what its hash says.
            .accept_encoding("identity")
            .timeout_resolve(Some(patience))
            .timeout_connect(Some(patience))
            .timeout_send_request(Some(patience))
            .timeout_recv_response(Some(patience))
            .timeout_per_read(Some(patience));
        if let Some(path) = std::env::var_os("SSL_CERT_FILE").filter(|path| !path.is_empty()) {
            config = config.tls_config(TlsConfig::builder().root_certs(roots(Path::new(&path))?).build());
        }
        Ok(Fetcher { agent: config.build().new_agent(), patience })
    }

    /// A small file as bytes, at most `limit`.
    pub(crate) fn small(&self, url: &str, limit: u64) -> Result<Vec<u8>> {
        self.persist(url, &mut || 0, &mut || {
            let mut bytes = Vec::new();
            let (mut body, ..) = self.open(url, 0)?;
            self.copy(&mut body, &mut bytes, limit, &mut |_| ())?;
            Ok(bytes)
        })
    }

    /// What the server says of the file at `url`; nothing for a folder.
    pub(crate) fn ask(&self, url: &str) -> Result<Said> {
        if folder_path(url).is_some() {
            return Ok(Said::default());
        }
        self.persist(url, &mut || 0, &mut || {
            // The hub says what it knows in the answer that sends one elsewhere: that is not to be followed.
            let request =
                self.agent.head(url).config().max_redirects(0).max_redirects_will_error(false).build();
            let answer = request.call().map_err(|cause| failure(&cause))?;
            match answer.status().as_u16() {
                200..400 => Ok(said(&answer)),
                status => Err(refusal(status)),
            }
        })
    }

    /// Whether a file of a folder is there, as an error if not.
    pub(crate) fn exists(&self, url: &str) -> Result<()> {
        match folder_path(url) {
            Some(path) if !path.is_file() => Err(error(url, "it is not there")),
            _ => Ok(()),
        }
    }

    /// Fetches the file at `url` into `path`, where a part of it may lie already, and returns its SHA-256.
    /// `progress` hears how many bytes are there.
    ///
    /// # Errors
    /// [`Error::Download`]. What was received stays, if the next try can go on from there.
    pub(crate) fn download(
        &self,
        url: &str,
        path: &Path,
        promise: &Promise,
        progress: &mut dyn FnMut(u64),
    ) -> Result<String> {
        let size = |_: ()| std::fs::metadata(path).map_or(0, |data| data.len());
        let resumed = size(()) > 0;
        let once = |progress: &mut dyn FnMut(u64)| {
            self.persist(url, &mut || size(()), &mut || self.onward(url, path, promise, progress))
        };
        once(progress)?;
        let mut digest = sha256(path)?;
        let right = |digest: &str| promise.sha256.as_ref().is_none_or(|wanted| wanted == digest);
        if resumed && !right(&digest) {
            // What lay there was something else, or the server sends parts that do not fit.
            remove(path)?;
            once(progress)?;
            digest = sha256(path)?;
        }
        if right(&digest) {
            return Ok(digest);
        }
        remove(path)?;
        let wanted = promise.sha256.as_deref().unwrap_or_default();
        Err(error(
            url,
            format!("its SHA-256 is {digest}, promised was {wanted}: altered or outdated; {LATER}"),
        ))
    }

    /// Tries until it works, as long as the tries bring something or the limit of tries is not reached.
    fn persist<T>(
        &self,
        url: &str,
        have: &mut dyn FnMut() -> u64,
        attempt: &mut dyn FnMut() -> Result<T, Failure>,
    ) -> Result<T> {
        let mut left = TRIES;
        loop {
            let before = have();
            match attempt() {
                Ok(done) => return Ok(done),
                Err(failure) => {
                    // An honest server gets on; one that drops every connection has to bring a good deal.
                    if have() < before + (64 << 10) {
                        left -= 1;
                    }
                    if !failure.passing || left == 0 {
                        return Err(error(url, failure.what));
                    }
                    std::thread::sleep(self.patience / 60);
                }
            }
        }
    }

    /// One try: goes on where the file at `path` ends.
    fn onward(
        &self,
        url: &str,
        path: &Path,
        promise: &Promise,
        progress: &mut dyn FnMut(u64),
    ) -> Result<(), Failure> {
        let io =
            |cause: std::io::Error| Failure::lasting(format!("cannot write {}: {cause}", path.display()));
        let mut file = OpenOptions::new().create(true).append(true).open(path).map_err(io)?;
        let mut have = file.metadata().map_err(io)?.len();
        let limit = promise.size.unwrap_or(LARGEST);
        if have > limit {
            file.set_len(0).map_err(io)?;
            have = 0;
        }
        progress(have);
        if Some(have) == promise.size {
            return Ok(());
        }
        let (mut body, start, total) = self.open(url, have)?;
        if let (Some(total), Some(size)) = (total, promise.size)
            && total != size
        {
            return Err(Failure::lasting(format!("it has {total} bytes, promised were {size}; {LATER}")));
        }
        if start != have {
            file.set_len(0).map_err(io)?;
        }
        self.copy(&mut body, &mut file, limit - start, &mut |more| progress(start + more))?;
        file.sync_all().map_err(io)?;
        let size = file.metadata().map_err(io)?.len();
        match promise.size.or(total) {
            Some(wanted) if size < wanted => Err(Failure::passing(format!(
                "it ended after {size} of {wanted} bytes; run the command again to go on"
            ))),
            _ => Ok(()),
        }
    }

    /// The body from byte `have` on, where the server can; where it starts, and the size of the whole.
    fn open(&self, url: &str, have: u64) -> Result<(Box<dyn Read>, u64, Option<u64>), Failure> {
        if let Some(path) = folder_path(url) {
            let io = |cause: std::io::Error| Failure::lasting(cause.to_string());
            let data = std::fs::metadata(&path).map_err(io)?;
            if !data.is_file() {
                return Err(Failure::lasting("it is no file"));
            }
            let mut file = File::open(&path).map_err(io)?;
            let have = if have > data.len() { 0 } else { have };
            file.seek(SeekFrom::Start(have)).map_err(io)?;
            return Ok((Box::new(file), have, Some(data.len())));
        }
        let mut request = self.agent.get(url);
        if have > 0 {
            request = request.header("Range", format!("bytes={have}-"));
        }
        // What began encrypted stays so, wherever the server points.
        let request = request.config().https_only(url.starts_with("https:")).build();
        let answer = request.call().map_err(|cause| failure(&cause))?;
        let length = header(&answer, "content-length").and_then(|length| length.parse::<u64>().ok());
        let (start, total) = match answer.status().as_u16() {
            200 => (0, length),
            206 => {
                let range = header(&answer, "content-range").unwrap_or_default();
                let part = range.strip_prefix("bytes ").and_then(|range| range.split_once('/'));
                let start = part.and_then(|(part, _)| part.split('-').next()?.parse().ok());
                if have == 0 || start != Some(have) {
                    return Err(Failure::lasting(format!(
                        "it sent another part ({range}) than it was asked for"
                    )));
                }
                (have, part.and_then(|(_, total)| total.parse().ok()))
            }
            // Nothing lies behind what is here: more than the whole is, so it is begun anew.
            416 if have > 0 => return self.open(url, 0),
            status => return Err(refusal(status)),
        };
        // The limit is kept in `copy`, which knows how much is wanted.
        let body = answer.into_body().into_with_config().limit(u64::MAX).reader();
        Ok((Box::new(body), start, total))
    }

    /// Copies a body of at most `limit` bytes.
    fn copy(
        &self,
        body: &mut dyn Read,
        out: &mut dyn Write,
        limit: u64,
        progress: &mut dyn FnMut(u64),
    ) -> Result<(), Failure> {
        let mut buffer = vec![0; 64 << 10];
        let (mut done, started) = (0, Instant::now());
        loop {
            let read = match body.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(read) => read,
                Err(cause) if cause.kind() == ErrorKind::Interrupted => continue,
                Err(cause) => return Err(Failure::passing(broken(&cause, done))),
            };
            done += read as u64;
            if done > limit {
                return Err(Failure::lasting(format!(
                    "it sends more than the {limit} bytes that are allowed; {LATER}"
                )));
            }
            let full = |cause: std::io::Error| Failure::lasting(format!("cannot keep it: {cause}"));
            out.write_all(&buffer[..read]).map_err(full)?;
            progress(done);
            let elapsed = started.elapsed();
            if elapsed > 2 * self.patience && (done as f64) < elapsed.as_secs_f64() * SLOWEST {
                return Err(Failure::passing(format!(
                    "it sent {done} bytes in {elapsed:.1?}: too slow; {LATER}"
                )));
            }
        }
    }
}

const LATER: &str = "try again later, or another source (--source)";

/// Unpacks the Zstandard file `packed` into `path` and returns its size and SHA-256; a file that is not packed
/// is moved there. Stops at `limit` bytes, whatever the file says about itself.
pub(crate) fn unpack(packed: &Path, path: &Path, limit: u64) -> std::result::Result<(u64, String), String> {
    let io = |cause: std::io::Error| cause.to_string();
    let mut file = File::open(packed).map_err(io)?;
    let mut magic = [0; 4];
    let is_packed = file.read_exact(&mut magic).is_ok() && magic == 0xFD2F_B528_u32.to_le_bytes();
    file.seek(SeekFrom::Start(0)).map_err(io)?;
    let bad = |cause: std::io::Error| format!("it cannot be unpacked: {cause}");
    let mut reader: Box<dyn Read> = if is_packed {
        let mut decoder = zstd::stream::read::Decoder::new(file).map_err(bad)?;
        decoder.window_log_max(27).map_err(bad)?;
        Box::new(decoder)
    } else {
        Box::new(file)
    };
    let mut out = File::create(path).map_err(io)?;
    let (mut digest, mut size, mut buffer) = (Sha256::new(), 0, vec![0; 64 << 10]);
    loop {
        let read = reader.read(&mut buffer).map_err(bad)?;
        if read == 0 {
            break;
        }
        size += read as u64;
        if size > limit {
            return Err(format!("it unpacks to more than the {limit} bytes that are allowed"));
        }
        digest.update(&buffer[..read]);
        out.write_all(&buffer[..read]).map_err(io)?;
    }
    out.sync_all().map_err(io)?;
    Ok((size, hex(&digest.finalize())))
}

/// The SHA-256 of a file, in hexadecimal digits.
pub(crate) fn sha256(path: &Path) -> Result<String> {
    let io = |cause| Error::file("read", path, cause);
    let (mut file, mut digest, mut buffer) =
        (File::open(path).map_err(io)?, Sha256::new(), vec![0; 64 << 10]);
    loop {
        match file.read(&mut buffer).map_err(io)? {
            0 => return Ok(hex(&digest.finalize())),
            read => digest.update(&buffer[..read]),
        }
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An [`Error::Download`] about `url`.
pub(crate) fn error(url: &str, what: impl Into<String>) -> Error {
    Error::Download { url: url.into(), what: what.into() }
}

/// The path that a `file://` address names; `None` for other addresses.
fn folder_path(url: &str) -> Option<PathBuf> {
    let rest = url.strip_prefix("file://")?;
    let rest = rest.strip_prefix("localhost").unwrap_or(rest);
    let (mut bytes, mut at) = (Vec::new(), 0);
    while let Some(&byte) = rest.as_bytes().get(at) {
        let digits = rest.get(at + 1..at + 3).filter(|_| byte == b'%');
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => bytes.push(byte),
            None => bytes.push(byte),
        }
        at += if digits.is_some_and(|digits| u8::from_str_radix(digits, 16).is_ok()) { 3 } else { 1 };
    }
    Some(PathBuf::from(String::from_utf8_lossy(&bytes).into_owned()))
}

fn remove(path: &Path) -> Result<()> {
    std::fs::remove_file(path).map_err(|cause| Error::file("remove", path, cause))
}

fn header<'a>(answer: &'a http::Response<Body>, name: &str) -> Option<&'a str> {
    answer.headers().get(name)?.to_str().ok()
}

/// What the hub says of a file: large ones are named by their SHA-256.
fn said(answer: &http::Response<Body>) -> Said {
    let tag = header(answer, "x-linked-etag").or_else(|| header(answer, "etag"));
    let tag = tag.map(|tag| tag.trim_start_matches("W/").trim_matches('"').to_ascii_lowercase());
    let size = header(answer, "x-linked-size").or_else(|| {
        // Of an answer that points elsewhere this is the size of the pointing.
        header(answer, "content-length").filter(|_| answer.status().is_success())
    });
    let commit =
        header(answer, "x-repo-commit").filter(|commit| commit.bytes().all(|b| b.is_ascii_hexdigit()));
    Said {
        promise: Promise {
            size: size.and_then(|size| size.parse().ok()),
            sha256: tag.filter(|tag| tag.len() == 64 && tag.bytes().all(|b| b.is_ascii_hexdigit())),
        },
        commit: commit.filter(|commit| commit.len() == 40).map(str::to_string),
    }
}

fn roots(path: &Path) -> Result<RootCerts> {
    let text = std::fs::read(path).map_err(|cause| Error::file("read SSL_CERT_FILE", path, cause))?;
    let certificates: Vec<_> = parse_pem(&text)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect();
    if certificates.is_empty() {
        return Err(Error::input(
            path.display().to_string(),
            "holds no certificate (named by SSL_CERT_FILE)",
        ));
    }
    Ok(RootCerts::from(certificates.into_iter()))
}

fn refusal(status: u16) -> Failure {
    match status {
        404 | 410 => Failure::lasting(format!("it is not there (status {status}); is the source right?")),
        429 | 500..=599 => Failure::passing(format!("the server has trouble (status {status}); {LATER}")),
        _ => Failure::lasting(format!("the server refuses it (status {status})")),
    }
}

fn failure(cause: &ureq::Error) -> Failure {
    match cause {
        ureq::Error::Timeout(_) => Failure::passing(format!("the server does not answer in time; {LATER}")),
        ureq::Error::HostNotFound => Failure::passing(
            "its host is not known; is this machine online? A proxy is named by HTTPS_PROXY, a mirror by --source",
        ),
        ureq::Error::TooManyRedirects => {
            Failure::lasting(format!("the server sends on more than {REDIRECTS} times; is the source right?"))
        }
        ureq::Error::RequireHttpsOnly(_) => {
            Failure::lasting("the server sends on to an address without encryption")
        }
        ureq::Error::Io(cause) => Failure::passing(broken(cause, 0)),
        cause => Failure::lasting(cause.to_string()),
    }
}

fn broken(cause: &std::io::Error, done: u64) -> String {
    if cause.to_string().contains("timeout") || cause.kind() == ErrorKind::TimedOut {
        return format!("the server fell silent after {done} bytes; run the command again to go on");
    }
    format!("the connection broke after {done} bytes ({cause}); run the command again to go on")
}
