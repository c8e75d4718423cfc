//! Models into the user's directory, whole or not at all: files come together in `.NAME.partial` beside the
//! place, are checked there, and one rename makes them a model. What a kill leaves is taken up by the next try.
//!
//! Two at once wait for each other on `.NAME.lock`. When a model replaces another, the old one stands aside as
//! `.NAME.old` for the moment between two renames, and comes back if that moment was the last.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::fetch::{Fetcher, LARGEST, Promise, hex, sha256, unpack};
use super::remote::{OPUS, OPUS_MT, Offer, Pair, WEIGHTS, is_file_name};
use super::{File, MANIFEST, Manifest, Model, check};
use crate::error::{Error, Result};
use sha2::{Digest, Sha256};

/// Installs models in one directory.
#[derive(Debug, Clone)]
pub struct Installer {
    directory: PathBuf,
}

/// What happens on the way.
#[derive(Debug)]
pub enum Step<'a> {
    /// Another process installs the same model; this one waits.
    Waiting,
    /// So many bytes of the files to fetch are there.
    Fetched {
        /// The file that is being fetched.
        file: &'a str,
        /// Bytes there.
        done: u64,
        /// Bytes in all, as far as known.
        total: u64,
    },
    /// All is there; it is tried out.
    Trying,
}

/// Tries a model in its directory, away from this process: an engine may abort on a bad one. `Ok(None)`: there
/// is no engine for it here.
pub type Trial<'a> = dyn Fn(&Path) -> Result<Option<(String, String)>> + 'a;

/// What is said about a model that is added from a folder.
#[derive(Debug, Clone, Default)]
pub struct Addition {
    /// Its languages; told by the folder where they can be.
    pub pair: Option<Pair>,
    /// Its licence, as an SPDX name.
    pub licence: Option<String>,
    /// Where it came from, instead of the folder.
    pub origin: Option<String>,
    /// What users have to know about its quality.
    pub note: Option<String>,
}

/// A model that was installed.
#[derive(Debug)]
pub struct Installed {
    /// The model.
    pub model: Model,
    /// It was there already, as it is.
    pub was_there: bool,
    /// A sentence and its translation; `None` if no engine here could try it.
    pub tried: Option<(String, String)>,
}

impl Installer {
    /// For models in `directory`, which is made at need.
    pub fn new(directory: PathBuf) -> Installer {
        Installer { directory }
    }

    /// Where models are installed.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Fetches what `offer` names, and installs it.
    ///
    /// # Errors
    /// [`Error::Download`] or [`Error::Model`] with what is wrong; then nothing is installed.
    pub fn pull(
        &self,
        offer: &Offer,
        fetcher: &Fetcher,
        trial: &Trial,
        hear: &mut dyn FnMut(Step),
    ) -> Result<Installed> {
        let name = offer.name();
        let staging = self.stage(&name, hear)?;
        if let Some(model) = self.same(&name, offer) {
            return Ok(Installed { model, was_there: true, tried: None });
        }
        let total = offer.bytes();
        let (mut before, mut files, mut names) = (0, Vec::new(), BTreeMap::new());
        for remote in &offer.files {
            // Names are the list's; two files may not meet under one.
            if !is_file_name(&remote.name) || names.insert(&remote.name, ()).is_some() {
                return Err(fault(&name, format!("its list names {:?} twice or oddly", remote.name)));
            }
            let mut progress = |done| {
                hear(Step::Fetched {
                    file: &remote.name,
                    done: before + done,
                    total: total.max(before + done),
                })
            };
            let path = staging.path.join(&remote.name);
            let kept = match kept(&path, &remote.kept) {
                Some(kept) => kept,
                None => {
                    let packed = staging.path.join(part_name(&remote.url, &remote.sent));
                    fetcher.download(&remote.url, &packed, &remote.sent, &mut progress)?;
                    let kept = unpacked(&packed, &path, &remote.kept)
                        .map_err(|what| super::fetch::error(&remote.url, what))?;
                    let _ = fs::remove_file(&packed);
                    kept
                }
            };
            before += remote.sent.size.unwrap_or(kept.0);
            hear(Step::Fetched { file: &remote.name, done: before, total: total.max(before) });
            files.extend(remote.roles.iter().map(|role| entry(&remote.name, role, &kept)));
        }
        let manifest = Manifest {
            source: Some(offer.pair.source().into()),
            target: Some(offer.pair.target().into()),
            engine: offer.engine.into(),
            variant: offer.variant.clone(),
            version: Some(offer.version.clone()),
            licence: offer.licence.clone(),
            origin: Some(offer.origin.clone()),
            note: offer.note.clone(),
            files,
        };
        self.finish(&name, staging, &manifest, trial, hear)
    }

    /// Installs the model in `folder`: one of translateLocally, bergamot or Firefox (`*.intgemm*.bin`, one or
    /// two `*.spm`), or of Hugging Face's OPUS-MT (`config.json`, `source.spm`, `target.spm`, `vocab.json`,
    /// weights).
    ///
    /// # Errors
    /// [`Error::Input`]: the folder holds neither, or does not say its languages. [`Error::Model`]: the files
    /// are damaged, or the engine cannot translate with them.
    pub fn add(
        &self,
        folder: &Path,
        addition: &Addition,
        trial: &Trial,
        hear: &mut dyn FnMut(Step),
    ) -> Result<Installed> {
        let found = Found::new(folder)?;
        let pair = addition.pair.clone().or_else(|| found.pair(folder)).ok_or_else(|| {
            Error::input(folder.display().to_string(), "does not say its languages; name them: --as pt-en")
        })?;
        let name = pair.directory(found.engine);
        let staging = self.stage(&name, hear)?;
        let mut files = Vec::new();
        for (file, roles) in &found.files {
            let kept = copy(&folder.join(file), &staging.path.join(file))?;
            files.extend(roles.iter().map(|role| entry(file, role, &kept)));
        }
        let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.into());
        let manifest = Manifest {
            source: Some(pair.source().into()),
            target: Some(pair.target().into()),
            engine: found.engine.into(),
            variant: None,
            version: None,
            licence: addition.licence.clone(),
            origin: Some(addition.origin.clone().unwrap_or_else(|| folder.display().to_string())),
            note: addition.note.clone().unwrap_or_else(|| {
                "added by hand: check names, numbers and negations before you quote".into()
            }),
            files,
        };
        self.finish(&name, staging, &manifest, trial, hear)
    }

    /// Removes a model, and what an interrupted pull of it left. `false`: there was nothing.
    ///
    /// # Errors
    /// [`Error::File`]: it cannot be removed.
    pub fn remove(&self, name: &str) -> Result<bool> {
        if !is_file_name(name) || !self.directory.is_dir() {
            return Ok(false);
        }
        let staging = self.stage(name, &mut |_| ())?;
        let target = self.directory.join(name);
        let there = target.is_dir();
        if there {
            // First out of sight in one step: half a model is never found.
            let aside = self.aside(name);
            fs::rename(&target, &aside).map_err(|cause| Error::file("remove", &target, cause))?;
            // Until the directory is empty of files it could come back whole, so its manifest goes first.
            let _ = fs::remove_file(aside.join(MANIFEST));
            clear(&aside)?;
        }
        clear(&staging.path)?;
        Ok(there)
    }

    /// The directory where files of `name` come together; locked for as long as the answer lives.
    fn stage(&self, name: &str, hear: &mut dyn FnMut(Step)) -> Result<Staging> {
        let make = |path: &Path| fs::create_dir_all(path).map_err(|cause| Error::file("create", path, cause));
        make(&self.directory)?;
        let path = self.directory.join(format!(".{name}.lock"));
        let lock = fs::File::create(&path).map_err(|cause| Error::file("create", &path, cause))?;
        if lock.try_lock().is_err() {
            hear(Step::Waiting);
            lock.lock().map_err(|cause| Error::file("lock", &path, cause))?;
        }
        let (target, aside) = (self.directory.join(name), self.aside(name));
        if aside.is_dir() {
            // The last run was killed while it put a model aside.
            match !target.exists() && aside.join(MANIFEST).is_file() {
                true => {
                    fs::rename(&aside, &target).map_err(|cause| Error::file("restore", &target, cause))?
                }
                false => clear(&aside)?,
            }
        }
        let path = self.directory.join(format!(".{name}.partial"));
        make(&path)?;
        Ok(Staging { path, _lock: lock })
    }

    fn aside(&self, name: &str) -> PathBuf {
        self.directory.join(format!(".{name}.old"))
    }

    /// The installed model, if it is whole and what is offered.
    fn same(&self, name: &str, offer: &Offer) -> Option<Model> {
        let model = Model::open(&self.directory.join(name)).ok()?;
        let there: BTreeMap<&str, &str> = model.files().map(|(name, .., sha256)| (name, sha256)).collect();
        let hash = |file: &super::remote::RemoteFile| file.kept.sha256.clone();
        let version = model.version() == Some(&offer.version) && model.variant() == offer.variant();
        let same = offer.files.iter().all(|file| match (there.get(&*file.name), hash(file)) {
            (Some(there), Some(offered)) => *there == offered,
            (there, None) => there.is_some() && version,
            _ => false,
        });
        (same && model.verify().is_ok()).then_some(model)
    }

    /// Writes the manifest, checks and tries the whole, and gives it its name.
    fn finish(
        &self,
        name: &str,
        staging: Staging,
        manifest: &Manifest,
        trial: &Trial,
        hear: &mut dyn FnMut(Step),
    ) -> Result<Installed> {
        tidy(&staging.path, &manifest.files)?;
        let io = |cause| Error::file("write", &staging.path.join(MANIFEST), cause);
        let text = toml::to_string(manifest).map_err(|cause| fault(name, cause.to_string()))?;
        fs::write(staging.path.join(MANIFEST), text).map_err(io)?;
        let staged = Model { name: name.into(), ..Model::open(&staging.path)? };
        hear(Step::Trying);
        let tried = sound(&staged).and_then(|()| trial(&staging.path));
        let tried = match tried {
            Ok(tried) => tried,
            Err(cause) => {
                // The bytes are what was promised; to fetch them again would not help.
                clear(&staging.path)?;
                return Err(match cause {
                    Error::Model { what, .. } => fault(name, format!("{what}; nothing is installed")),
                    other => other,
                });
            }
        };
        let (target, aside) = (self.directory.join(name), self.aside(name));
        let rename = |from: &Path, to: &Path| {
            fs::rename(from, to).map_err(|cause| Error::file("rename the finished model to", to, cause))
        };
        let replaces = target.exists();
        if replaces {
            rename(&target, &aside)?;
        }
        if let Err(error) = rename(&staging.path, &target) {
            if replaces {
                rename(&aside, &target)?;
            }
            return Err(error);
        }
        if replaces {
            clear(&aside)?;
        }
        Ok(Installed { model: Model::open(&target)?, was_there: false, tried })
    }
}

struct Staging {
    path: PathBuf,
    /// Held, not read: the lock ends with it.
    _lock: fs::File,
}

impl Drop for Staging {
    fn drop(&mut self) {
        // Only where it is empty: what an interrupted pull has fetched is for the next one.
        let _ = fs::remove_dir(&self.path);
    }
}

/// What a folder holds, and which engine runs it.
struct Found {
    engine: &'static str,
    files: Vec<(String, Vec<&'static str>)>,
}

impl Found {
    fn new(folder: &Path) -> Result<Found> {
        let entries = fs::read_dir(folder).map_err(|cause| Error::file("read the folder", folder, cause))?;
        let mut names: Vec<String> = entries
            .flatten()
            .filter(|entry| entry.path().is_file())
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter(|name| is_file_name(name))
            .collect();
        names.sort();
        let has = |name: &str| names.iter().any(|other| other == name);
        if OPUS.iter().all(|(name, _)| has(name)) {
            let weights = WEIGHTS.into_iter().find(|name| has(name));
            let weights = weights.ok_or_else(|| {
                Error::input(folder.display().to_string(), format!("has no weights ({})", WEIGHTS.join(", ")))
            })?;
            let mut files = vec![(weights.to_string(), vec!["weights"])];
            files.extend(OPUS.iter().map(|&(name, role)| (name.to_string(), vec![role])));
            return Ok(Found { engine: OPUS_MT, files });
        }
        let files =
            bergamot(folder, &names).map_err(|what| Error::input(folder.display().to_string(), what))?;
        Ok(Found { engine: "fxtranslate", files })
    }

    /// The languages by the names of the files (`model.pten.…`), the folder, or the configuration.
    fn pair(&self, folder: &Path) -> Option<Pair> {
        let folder_name = folder.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        let parse = |text: &str| text.contains('-').then(|| text.parse().ok()).flatten();
        if self.engine == OPUS_MT {
            let config = fs::read(folder.join("config.json")).ok();
            let config = config.and_then(|text| serde_json::from_slice::<serde_json::Value>(&text).ok());
            let named =
                config.as_ref().and_then(|config| config["_name_or_path"].as_str()).unwrap_or_default();
            return [named, &*folder_name]
                .into_iter()
                .find_map(|name| parse(name.rsplit_once("opus-mt-")?.1));
        }
        let letters = |part: &str| part.len() == 4 && part.bytes().all(|byte| byte.is_ascii_lowercase());
        let by_file = self.files[0].0.split('.').find(|part| letters(part) && *part != "alphas");
        let by_file = by_file.and_then(|part| parse(&format!("{}-{}", &part[..2], &part[2..])));
        by_file.or_else(|| parse(&folder_name).filter(|pair: &Pair| folder_name == pair.to_string()))
    }
}

/// The files of a Marian model in a folder, with their roles.
fn bergamot(
    folder: &Path,
    names: &[String],
) -> std::result::Result<Vec<(String, Vec<&'static str>)>, String> {
    let ending = |ending: &'static str| names.iter().filter(move |name| name.ends_with(ending));
    let weights: Vec<&String> = ending(".bin")
        .filter(|name| !name.starts_with("lex") && !name.starts_with("quality"))
        .filter(|name| name.contains("intgemm") || name.starts_with("model"))
        .collect();
    let vocabularies: Vec<&String> = ending(".spm").collect();
    let weights = match weights[..] {
        [only] => only,
        [] => {
            return Err("holds no model: neither *.intgemm*.bin with *.spm, nor config.json, source.spm, target.spm, \
                 vocab.json and weights"
                .into());
        }
        _ => return Err(format!("holds {} models; give each a folder of its own", weights.len())),
    };
    let mut files = vec![(weights.clone(), vec!["model"])];
    let (source, target) = match vocabularies[..] {
        [shared] => (shared, shared),
        [one, other] => {
            let configured = configured(folder, names);
            let is_source =
                |name: &str| name.starts_with("src") || name.contains(".src") || name.contains("source");
            match (configured.as_slice(), is_source(one), is_source(other)) {
                ([first, second], ..)
                    if first != second && [first, second].iter().all(|n| [one, other].contains(n)) =>
                {
                    if first == one { (one, other) } else { (other, one) }
                }
                (_, true, false) => (one, other),
                (_, false, true) => (other, one),
                _ => {
                    return Err(
                        "does not say which vocabulary is the source's; name it srcvocab.….spm".into()
                    );
                }
            }
        }
        _ => {
            return Err(format!("holds {} vocabularies (*.spm); a model has one or two", vocabularies.len()));
        }
    };
    if source == target {
        files.push((source.clone(), vec!["source-vocabulary", "target-vocabulary"]));
    } else {
        files.push((source.clone(), vec!["source-vocabulary"]));
        files.push((target.clone(), vec!["target-vocabulary"]));
    }
    Ok(files)
}

/// The two vocabularies as a bergamot configuration lists them: the source's first.
fn configured(folder: &Path, names: &[String]) -> Vec<String> {
    let config = names.iter().find(|name| name.starts_with("config") && name.ends_with(".yml"));
    let text = config.and_then(|name| fs::read_to_string(folder.join(name)).ok()).unwrap_or_default();
    let below = text.lines().skip_while(|line| line.trim_end() != "vocabs:").skip(1);
    below.map_while(|line| line.trim().strip_prefix("- ")).map(|name| name.trim().to_string()).collect()
}

/// Checks the bytes of a staged model before any engine sees them.
fn sound(model: &Model) -> Result<()> {
    let bad = |role: &str, what: String| {
        let name = model.files().find(|(_, its, ..)| *its == role).map_or(role, |(name, ..)| name);
        fault(model.name(), format!("{name} cannot be used: {what}"))
    };
    let vocabulary = |role: &str| {
        model.file(role).and_then(|bytes| check::vocabulary(&bytes).map_err(|what| bad(role, what)))
    };
    if model.engine() == OPUS_MT {
        vocabulary("source-spm")?;
        vocabulary("target-spm")?;
        for role in ["config", "vocabulary"] {
            let parsed = serde_json::from_slice::<serde_json::Map<_, _>>(&model.file(role)?);
            parsed.map_err(|cause| bad(role, format!("it is no JSON object ({cause})")))?;
        }
        let name = model.files().next().map_or("", |(name, ..)| name);
        return check::torch_weights(name, &model.file("weights")?).map_err(|what| bad("weights", what));
    }
    let rows = check::marian(&model.file("model")?).map_err(|what| bad("model", what))?;
    let pieces = (vocabulary("source-vocabulary")?, vocabulary("target-vocabulary")?);
    check::fit(&rows, pieces.0, pieces.1).map_err(|what| bad("model", what))
}

/// The size and hash of a file from an earlier try, if it is the promised one.
fn kept(path: &Path, promise: &Promise) -> Option<(u64, String)> {
    let wanted = promise.sha256.as_ref()?;
    let size = fs::symlink_metadata(path).ok().filter(fs::Metadata::is_file)?.len();
    let digest = sha256(path).ok()?;
    (digest == *wanted).then_some((size, digest))
}

fn unpacked(packed: &Path, path: &Path, promise: &Promise) -> std::result::Result<(u64, String), String> {
    let kept = unpack(packed, path, promise.size.unwrap_or(LARGEST));
    let right = kept.and_then(|(size, digest)| {
        let wanted = promise.sha256.as_deref().unwrap_or(&digest);
        match digest == wanted && promise.size.unwrap_or(size) == size {
            true => Ok((size, digest)),
            false => Err(format!(
                "unpacked it is not what the list promises (SHA-256 {digest}, promised {wanted})"
            )),
        }
    });
    if right.is_err() {
        // Neither is of use to the next try.
        let _ = fs::remove_file(path);
        let _ = fs::remove_file(packed);
    }
    right
}

/// The name of a file that is being fetched: it is of the very content that is promised, so that a later try
/// never goes on with something else.
fn part_name(url: &str, sent: &Promise) -> String {
    let named = sent.sha256.clone().unwrap_or_else(|| hex(&Sha256::digest(url)));
    format!("{}.part", &named[..32.min(named.len())])
}

fn copy(from: &Path, to: &Path) -> Result<(u64, String)> {
    let size = fs::metadata(from).map_err(|cause| Error::file("read", from, cause))?.len();
    if size > LARGEST {
        return Err(Error::input(
            from.display().to_string(),
            "is larger than any model that the engine runs",
        ));
    }
    fs::copy(from, to).map_err(|cause| Error::file("copy", from, cause))?;
    Ok((fs::metadata(to).map_or(0, |data| data.len()), sha256(to)?))
}

/// Removes from a staging directory what does not belong to the model.
fn tidy(staging: &Path, files: &[File]) -> Result<()> {
    let entries = fs::read_dir(staging).map_err(|cause| Error::file("read", staging, cause))?;
    for entry in entries.flatten() {
        if !files.iter().any(|file| entry.file_name() == *file.name) {
            let path = entry.path();
            let is_directory = entry.file_type().is_ok_and(|kind| kind.is_dir());
            let removed = if is_directory { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
            removed.map_err(|cause| Error::file("remove", &path, cause))?;
        }
    }
    Ok(())
}

fn clear(directory: &Path) -> Result<()> {
    match fs::remove_dir_all(directory) {
        Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::file("remove", directory, cause))
        }
        _ => Ok(()),
    }
}

fn entry(name: &str, role: &str, kept: &(u64, String)) -> File {
    File { name: name.into(), role: role.into(), bytes: kept.0, sha256: kept.1.clone() }
}

fn fault(name: &str, what: String) -> Error {
    Error::Model { model: name.into(), what }
}
