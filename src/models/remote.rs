//! What can be fetched: Mozilla's list of Firefox Translations models (the Remote Settings collection
//! `translations-models-v2`), and OPUS-MT models on the hub. A mirror has the same layout under one address:
//! the list at `v1/buckets/main/collections/translations-models-v2/records`, files at their `location`; and
//! OPUS-MT at `Helsinki-NLP/opus-mt-de-en/resolve/main/FILE`.
//!
//! What a list says is not trusted: a name or location that could leave its directory makes an offer unusable.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use serde_json::Value;

use super::fetch::{Fetcher, LARGEST, Promise, error};
use crate::error::{Error, Result};
use crate::lang::Lang;

const RECORDS: &str = "v1/buckets/main/collections/translations-models-v2/records";
const MOZILLA: [&str; 2] =
    ["https://firefox.settings.services.mozilla.com", "https://firefox-settings-attachments.cdn.mozilla.net"];
const HUB: &str = "https://huggingface.co";

/// The list of all models is about a megabyte.
const LONGEST_LIST: u64 = 32 << 20;

/// Major versions of models that the engine runs.
const MAJORS: std::ops::RangeInclusive<u64> = 1..=3;

/// The weights of an OPUS-MT model as they may be stored, best first: the first is what the engine reads
/// natively; of the last there is an old format that it cannot read.
pub(crate) const WEIGHTS: [&str; 3] = ["rust_model.ot", "model.safetensors", "pytorch_model.bin"];
/// The other files of an OPUS-MT model, with their roles.
pub(crate) const OPUS: [(&str, &str); 4] = [
    ("config.json", "config"),
    ("source.spm", "source-spm"),
    ("target.spm", "target-spm"),
    ("vocab.json", "vocabulary"),
];

/// Two languages, as `pt-en`, `zh-Hant-en`, or `pt` for `pt-en`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    source: String,
    target: String,
}

/// Where models come from: Mozilla and the hub, or a mirror of both.
#[derive(Debug, Clone)]
pub struct Source {
    list: String,
    files: String,
    hub: String,
}

/// A model that a source offers.
#[derive(Debug, Clone)]
pub struct Offer {
    pub(crate) pair: Pair,
    pub(crate) engine: &'static str,
    pub(crate) variant: Option<String>,
    pub(crate) version: String,
    pub(crate) licence: Option<String>,
    pub(crate) origin: String,
    pub(crate) note: String,
    pub(crate) files: Vec<RemoteFile>,
    preview: bool,
}

/// A file of a model that is offered.
#[derive(Debug, Clone)]
pub(crate) struct RemoteFile {
    pub name: String,
    pub roles: Vec<&'static str>,
    pub url: String,
    /// As it is sent, packed or not.
    pub sent: Promise,
    /// As it will lie on disk.
    pub kept: Promise,
}

impl FromStr for Pair {
    type Err = Error;

    fn from_str(text: &str) -> Result<Pair> {
        let clean = text.replace('_', "-");
        let (source, target) = match clean.rsplit_once('-') {
            // "pt-BR" and "zh-Hant" are one language, "pt-en" is two: a target is a plain two- or three-letter tag.
            Some((source, target)) if target.len() <= 3 && target.bytes().all(|b| b.is_ascii_lowercase()) => {
                (source, target)
            }
            _ => (&*clean, "en"),
        };
        let plain =
            |tag: &str| tag.len() <= 16 && tag.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        match [source, target].iter().all(|tag| plain(tag) && tag.parse::<Lang>().is_ok()) && source != target
        {
            true => Ok(Pair { source: source.into(), target: target.into() }),
            false => Err(Error::input(text, "is no pair of languages; write pt-en, or zh-Hant-en")),
        }
    }
}

impl fmt::Display for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.source, self.target)
    }
}

impl Pair {
    /// The source's tag, such as `zh-Hant`.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The target's tag.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// The name of the directory that a model of this pair lies in for `engine`: `zh-en`, `opus-mt-zh-en`.
    /// Region and script are dropped, as documents' languages have none.
    pub fn directory(&self, engine: &str) -> String {
        let plain = |tag: &str| tag.parse::<Lang>().map_or_else(|_| tag.to_string(), |lang| lang.to_string());
        let prefix = if engine == OPUS_MT { "opus-mt-" } else { "" };
        format!("{prefix}{}-{}", plain(&self.source), plain(&self.target))
    }

    /// How well an offer's pair answers this one: 0 is the same tags, `None` another language.
    fn distance(&self, offer: &Pair) -> Option<usize> {
        let one = |wanted: &str, offered: &str| {
            if wanted.eq_ignore_ascii_case(offered) {
                return Some(0);
            }
            if wanted.parse::<Lang>().ok()? != offered.parse::<Lang>().ok()? {
                return None;
            }
            // Who asks for one script is not served with another; who asks for none gets the simplified.
            match (wanted.contains('-') && offered.contains('-'), offered.ends_with("-Hant")) {
                (true, _) => None,
                (false, true) => Some(2),
                (false, false) => Some(1),
            }
        };
        Some(one(&self.source, &offer.source)? + one(&self.target, &offer.target)?)
    }
}

/// The name of the other engine in manifests.
pub(crate) const OPUS_MT: &str = "opus-mt";

impl Default for Source {
    fn default() -> Source {
        Source { list: format!("{}/{RECORDS}", MOZILLA[0]), files: MOZILLA[1].into(), hub: HUB.into() }
    }
}

impl Source {
    /// The mirror at `url` (`https://…`, `http://…`, `file:///folder`, or a folder's path).
    ///
    /// # Errors
    /// [`Error::Input`]: another kind of address.
    pub fn mirror(url: &str) -> Result<Source> {
        let base = match url.split_once("://") {
            Some(("https" | "http" | "file", _)) => url.trim_end_matches('/').to_string(),
            Some(_) => return Err(Error::input(url, "is no https://, http:// or file:// address")),
            None => {
                let folder =
                    std::path::absolute(url).map_err(|cause| Error::input(url, cause.to_string()))?;
                format!("file://{}", folder.display().to_string().replace('%', "%25"))
            }
        };
        Ok(Source { list: format!("{base}/{RECORDS}"), files: base.clone(), hub: base })
    }

    /// Every model that the list names and the engine can run, by pair and variant, newest first.
    ///
    /// # Errors
    /// [`Error::Download`]: the list cannot be fetched, or is none.
    pub fn offers(&self, fetcher: &Fetcher) -> Result<Vec<Offer>> {
        Ok(self.list(fetcher)?.0)
    }

    /// The offers, and what is wrong with records that cannot be used.
    fn list(&self, fetcher: &Fetcher) -> Result<(Vec<Offer>, Vec<Refusal>)> {
        let bytes = fetcher.small(&self.list, LONGEST_LIST)?;
        let (records, refused) = records(&bytes).map_err(|what| error(&self.list, what))?;
        let mut offers: Vec<Offer> = records
            .iter()
            .filter(|record| record.kind == "model")
            .filter_map(|r| self.offer(r, &records))
            .collect();
        offers.sort_by(|a, b| a.key().cmp(&b.key()).then_with(|| a.rank().cmp(&b.rank())));
        Ok((offers, refused))
    }

    /// The best offer for `pair`: released before previews, then the newest, then the best variant.
    ///
    /// # Errors
    /// [`Error::Download`]: the list cannot be fetched, or has nothing for the pair; it says what there is.
    pub fn find(&self, fetcher: &Fetcher, pair: &Pair, variant: Option<&str>) -> Result<Offer> {
        let (offers, refused) = self.list(fetcher)?;
        let mut fitting: Vec<(usize, &Offer)> =
            offers.iter().filter_map(|offer| Some((pair.distance(&offer.pair)?, offer))).collect();
        let refused = refused.iter().find(|refusal| pair.distance(&refusal.pair).is_some());
        if let (true, Some(refusal)) = (fitting.is_empty(), refused) {
            return Err(error(&self.list, &*refusal.what));
        }
        if fitting.is_empty() {
            let mut into: Vec<&str> =
                offers.iter().filter(|o| o.pair.target == pair.target).map(|o| &*o.pair.source).collect();
            into.dedup();
            let what = format!(
                "it has no model for {pair}; into {} it has: {}; see diptych models list --remote",
                pair.target,
                into.join(", ")
            );
            return Err(error(&self.list, what));
        }
        let variants: Vec<&str> = fitting.iter().filter_map(|(_, offer)| offer.variant.as_deref()).collect();
        let there = variants.join(", ");
        fitting.retain(|(_, offer)| variant.is_none() || offer.variant.as_deref() == variant);
        fitting.sort_by(|(near, a), (far, b)| near.cmp(far).then_with(|| a.rank().cmp(&b.rank())));
        match fitting.first() {
            Some((_, offer)) => Ok((*offer).clone()),
            None => Err(error(
                &self.list,
                format!("{pair} is not there as {}, but as {there}", variant.unwrap_or("")),
            )),
        }
    }

    /// The OPUS-MT model of `pair`, as the hub has it. Nothing about it is written down in this program: the
    /// hashes are those that the hub states, and the version is the repository's newest.
    ///
    /// # Errors
    /// [`Error::Download`]: the hub cannot be reached or has no such model.
    pub fn opus(&self, fetcher: &Fetcher, pair: &Pair) -> Result<Offer> {
        let repository = format!("Helsinki-NLP/opus-mt-{}-{}", pair.source, pair.target);
        let base = format!("{}/{repository}/resolve", self.hub);
        let first = fetcher.ask(&format!("{base}/main/{}", OPUS[0].0))?;
        let commit = first.commit.unwrap_or_else(|| "main".into());
        let file = |name: &str, role: &'static str| {
            let url = format!("{base}/{commit}/{name}");
            let sent = fetcher.ask(&url)?.promise;
            if sent.size.is_some_and(|size| size > LARGEST) {
                return Err(error(&url, "it is larger than any model that the engine runs"));
            }
            Ok(RemoteFile { name: name.into(), roles: vec![role], url, kept: sent.clone(), sent })
        };
        let mut weights = Err(error(&base, "it has no weights"));
        for name in WEIGHTS {
            weights = match self.hub.starts_with("file://") {
                true => {
                    fetcher.exists(&format!("{base}/{commit}/{name}")).and_then(|()| file(name, "weights"))
                }
                false => file(name, "weights"),
            };
            if weights.is_ok() {
                break;
            }
        }
        let mut files = vec![weights?];
        for (name, role) in OPUS {
            files.push(file(name, role)?);
        }
        Ok(Offer {
            pair: pair.clone(),
            engine: OPUS_MT,
            variant: None,
            version: commit.get(..12).unwrap_or(&commit).to_string(),
            licence: None,
            origin: format!("{}/{repository}", self.hub),
            note: format!("{repository}: check names, numbers and negations before you quote"),
            files,
            preview: false,
        })
    }

    /// The offer that a model's record makes with the vocabularies that belong to it.
    fn offer(&self, model: &Record, records: &[Record]) -> Option<Offer> {
        let mates: Vec<&Record> = records
            .iter()
            .filter(|other| other.pair == model.pair && other.variant == model.variant)
            .collect();
        // Files of one version belong together; where one was not renewed, its newest serves.
        let mate = |kind: &str| {
            let of_kind = mates.iter().filter(|other| other.kind == kind);
            of_kind.max_by_key(|other| (other.version == model.version, other.order())).copied()
        };
        let mut files = vec![self.file(model, vec!["model"])?];
        match (mate("vocab"), mate("srcvocab"), mate("trgvocab")) {
            (_, Some(source), Some(target)) => {
                files.push(self.file(source, vec!["source-vocabulary"])?);
                files.push(self.file(target, vec!["target-vocabulary"])?);
            }
            (Some(shared), ..) => {
                files.push(self.file(shared, vec!["source-vocabulary", "target-vocabulary"])?)
            }
            _ => return None,
        }
        let name = model.variant.as_deref().unwrap_or("");
        Some(Offer {
            pair: model.pair.clone(),
            engine: "fxtranslate",
            variant: model.variant.clone(),
            version: model.version.clone(),
            licence: Some("MPL-2.0".into()),
            origin: format!("{} ({} {})", self.list, model.name, model.version),
            note: format!(
                "Firefox Translations, {name}{}version {}: check names, numbers and negations before you quote",
                if name.is_empty() { "" } else { ", " },
                model.version
            ),
            files,
            preview: model.preview,
        })
    }

    fn file(&self, record: &Record, roles: Vec<&'static str>) -> Option<RemoteFile> {
        Some(RemoteFile {
            name: record.name.clone(),
            roles,
            url: format!("{}/{}", self.files, record.location),
            sent: record.sent.clone(),
            kept: record.kept.clone(),
        })
    }
}

impl Offer {
    /// The pair as the source names it.
    pub fn pair(&self) -> &Pair {
        &self.pair
    }

    /// The name of the directory that it is installed in.
    pub fn name(&self) -> String {
        self.pair.directory(self.engine)
    }

    /// `tiny`, `base` or `base-memory`, where the source says so.
    pub fn variant(&self) -> Option<&str> {
        self.variant.as_deref()
    }

    /// The version, as the source names it.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Its licence, where known, as an SPDX name.
    pub fn licence(&self) -> Option<&str> {
        self.licence.as_deref()
    }

    /// Where it comes from.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Not released for everyone: an alpha, or for some channels of Firefox only.
    pub fn is_preview(&self) -> bool {
        self.preview
    }

    /// Bytes to fetch, as far as they are known.
    pub fn bytes(&self) -> u64 {
        self.files.iter().filter_map(|file| file.sent.size).sum()
    }

    /// What stands together in a list.
    fn key(&self) -> (&str, &str) {
        (&self.pair.source, &self.pair.target)
    }

    /// The order of offers of one pair, best first.
    fn rank(&self) -> impl Ord {
        let size = match self.variant() {
            Some("base-memory") => 0,
            Some("base") => 1,
            Some("tiny") => 2,
            _ => 3,
        };
        (self.preview, std::cmp::Reverse(order(&self.version)), size, self.variant.clone())
    }
}

/// One file in the list.
#[derive(Debug)]
struct Record {
    name: String,
    kind: String,
    pair: Pair,
    variant: Option<String>,
    version: String,
    preview: bool,
    location: String,
    sent: Promise,
    kept: Promise,
}

impl Record {
    fn order(&self) -> impl Ord + use<> {
        order(&self.version)
    }
}

/// A record as it is written; the collection has changed its words over time.
#[derive(Deserialize)]
struct Raw {
    name: String,
    #[serde(rename = "fileType")]
    kind: String,
    #[serde(rename = "sourceLanguage", alias = "fromLang")]
    source: String,
    #[serde(rename = "targetLanguage", alias = "toLang")]
    target: String,
    #[serde(alias = "variant")]
    architecture: Option<String>,
    #[serde(default)]
    version: String,
    #[serde(default)]
    filter_expression: Option<String>,
    #[serde(rename = "decompressedHash")]
    kept_hash: Option<String>,
    #[serde(rename = "decompressedSize")]
    kept_size: Option<Value>,
    attachment: Attachment,
}

#[derive(Deserialize)]
struct Attachment {
    location: String,
    hash: String,
    size: Value,
}

/// A record that is of no use, and why.
struct Refusal {
    pair: Pair,
    what: String,
}

/// The usable records of a list, and those that should be but are not. Records of other shapes and versions are
/// passed over: the collection has had several.
fn records(bytes: &[u8]) -> std::result::Result<(Vec<Record>, Vec<Refusal>), String> {
    let list: BTreeMap<String, Value> = serde_json::from_slice(bytes).map_err(|cause| {
        let start = String::from_utf8_lossy(&bytes[..bytes.len().min(200)]).trim_start().to_ascii_lowercase();
        let page = if start.starts_with('<') { "a web page" } else { "something else" };
        format!("it is no list of models but {page} ({cause}); is the source right?")
    })?;
    let data = list.get("data").and_then(Value::as_array).ok_or("it is no list of models: it has no data")?;
    let (mut records, mut refused) = (Vec::new(), Vec::new());
    for raw in data.iter().filter_map(|raw| Raw::deserialize(raw).ok()) {
        let pair = format!("{}-{}", raw.source, raw.target).parse::<Pair>();
        let major = order(&raw.version).first().copied();
        if let (Ok(pair), true) = (pair, major.is_some_and(|major| MAJORS.contains(&major))) {
            match record(raw, &pair) {
                Ok(record) => records.push(record),
                Err(what) => refused.push(Refusal { pair, what }),
            }
        }
    }
    match records.is_empty() && refused.is_empty() {
        true => Err("it has no model that this version of diptych can run".into()),
        false => Ok((records, refused)),
    }
}

/// A record that is well-formed.
fn record(raw: Raw, pair: &Pair) -> std::result::Result<Record, String> {
    if !is_file_name(&raw.name) {
        return Err(format!(
            "it names a file {:?}, which is no plain file name; nothing of it is used",
            raw.name
        ));
    }
    if !raw.attachment.location.split('/').all(is_file_name) {
        return Err(format!("it places a file at {:?}, which is no plain path", raw.attachment.location));
    }
    let size = |value: &Value| value.as_u64().or_else(|| value.as_str()?.parse().ok());
    let sizes = (size(&raw.attachment.size), raw.kept_size.as_ref().and_then(size));
    if sizes.0.is_none_or(|size| size > LARGEST) || sizes.1.is_some_and(|size| size > LARGEST) {
        return Err(format!("it says {} for the size of {}", raw.attachment.size, raw.name));
    }
    let is_hash = |hash: &String| hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !is_hash(&raw.attachment.hash) || raw.kept_hash.as_ref().is_some_and(|hash| !is_hash(hash)) {
        return Err(format!("it has no SHA-256 for {}", raw.name));
    }
    let filter = raw.filter_expression.unwrap_or_default();
    let letters = raw.version.contains(|c: char| c.is_ascii_alphabetic());
    Ok(Record {
        preview: letters || filter.contains("channel"),
        name: raw.name,
        kind: raw.kind,
        pair: pair.clone(),
        variant: raw.architecture.filter(|name| is_file_name(name)),
        version: raw.version,
        location: raw.attachment.location,
        sent: Promise { size: sizes.0, sha256: Some(raw.attachment.hash.to_ascii_lowercase()) },
        kept: Promise { size: sizes.1, sha256: raw.kept_hash.map(|hash| hash.to_ascii_lowercase()) },
    })
}

/// Whether this can be a file's name anywhere, and hides nowhere.
pub(crate) fn is_file_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-+".contains(&byte);
    (1..=120).contains(&name.len())
        && name.bytes().all(plain)
        && !name.starts_with('.')
        && name != super::MANIFEST
}

/// A version's numbers, for comparing: `3.10` is newer than `3.9`, and `3.0a1` is older than `3.0`.
fn order(version: &str) -> Vec<u64> {
    let mut numbers: Vec<u64> = Vec::new();
    for part in version.split('.') {
        let digits = part.len() - part.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let number = part[..digits].parse::<u64>().unwrap_or(0);
        // Twice the number leaves room below it for what comes before its release.
        let early = u64::from(digits < part.len());
        numbers.push(if numbers.is_empty() { number } else { (2 * number + 2).saturating_sub(early) });
    }
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_read_and_name_their_directory() {
        for (text, shown, directory) in [
            ("pt-en", "pt-en", "pt-en"),
            ("pt", "pt-en", "pt-en"),
            ("pt_BR", "pt-BR-en", "pt-en"),
            ("zh-Hant-en", "zh-Hant-en", "zh-en"),
            ("zh-Hant", "zh-Hant-en", "zh-en"),
            ("en-de", "en-de", "en-de"),
            ("no-en", "no-en", "nb-en"),
        ] {
            let pair: Pair = text.parse().unwrap();
            assert_eq!(
                (pair.to_string().as_str(), pair.directory("").as_str()),
                (shown, directory),
                "{text}"
            );
            assert_eq!(pair.directory(OPUS_MT), format!("opus-mt-{directory}"));
        }
        for text in ["", "en", "german", "../../x", "pt-en/..", "pt\0", "12-en"] {
            assert!(text.parse::<Pair>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn versions_are_ordered_as_numbers() {
        let versions = ["1.0", "2.0", "3.0a1", "3.0", "3.1", "3.9", "3.10a2", "3.10"];
        for two in versions.windows(2) {
            assert!(order(two[0]) < order(two[1]), "{two:?}");
        }
    }

    /// A list of Portuguese and Chinese models in all variants, and what is chosen of it.
    #[test]
    fn the_best_offer_is_the_newest_release_of_the_nearest_language() {
        let record = |pair: &str, kind: &str, version: &str, variant: &str, filter: &str| {
            let (source, target) = pair.rsplit_once('-').unwrap();
            let hash = "0".repeat(64);
            serde_json::json!({
                "name": format!("{kind}.{variant}.{version}"), "fileType": kind, "sourceLanguage": source,
                "targetLanguage": target, "version": version, "architecture": variant, "filter_expression": filter,
                "attachment": { "location": "a/b", "hash": hash, "size": "12" },
            })
        };
        let mut data = vec![serde_json::json!({ "name": "of another shape" })];
        for (pair, version, variant, filter) in [
            ("pt-en", "2.0", "tiny", ""),
            ("pt-en", "3.0", "tiny", ""),
            ("pt-en", "3.0", "base", "env.appinfo.OS != 'Android'"),
            ("pt-en", "3.0", "base-memory", ""),
            ("pt-en", "3.1a1", "base", ""),
            ("pt-en", "3.2", "base", "env.channel == 'nightly'"),
            ("pt-en", "4.0", "tiny", ""),
            ("zh-Hant-en", "3.5", "tiny", ""),
            ("zh-Hans-en", "3.0", "tiny", ""),
        ] {
            data.push(record(pair, "model", version, variant, filter));
            // Vocabularies are not renewed with every model.
            data.push(record(pair, if pair == "pt-en" { "vocab" } else { "srcvocab" }, "3.0", variant, ""));
            data.push(record(pair, "trgvocab", "3.0", variant, ""));
        }
        let folder = tempfile::tempdir().unwrap();
        let list = folder.path().join(RECORDS);
        std::fs::create_dir_all(list.parent().unwrap()).unwrap();
        std::fs::write(&list, serde_json::json!({ "data": data }).to_string()).unwrap();
        let source = Source::mirror(folder.path().to_str().unwrap()).unwrap();
        let fetcher = Fetcher::new(std::time::Duration::from_secs(1)).unwrap();
        for (pair, variant, expected) in [
            ("pt-en", None, "pt-en base-memory 3.0"),
            ("pt-BR", Some("base"), "pt-en base 3.0"),
            ("pt-en", Some("tiny"), "pt-en tiny 3.0"),
            ("zh-en", None, "zh-Hans-en tiny 3.0"),
            ("zh-Hant-en", None, "zh-Hant-en tiny 3.5"),
        ] {
            let offer = source.find(&fetcher, &pair.parse().unwrap(), variant).unwrap();
            let found = format!("{} {} {}", offer.pair(), offer.variant().unwrap(), offer.version());
            assert_eq!(found, expected, "{pair}");
            let vocabularies = if pair.starts_with("pt") { 1 } else { 2 };
            assert_eq!(offer.files.len(), 1 + vocabularies, "{pair}");
        }
        assert!(source.find(&fetcher, &"en-pt".parse().unwrap(), None).is_err());
        assert!(Source::mirror("ftp://somewhere").is_err());
    }
}
