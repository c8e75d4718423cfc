//! Model files: where they are, what their manifests say, and whether they are what was promised.
//!
//! A model is a directory (`de-en`) with a `manifest.toml` beside its files. Each is looked for in the
//! directory that the user names, in `DIPTYCH_MODELS`, in the user's data directory, in `models` beside the
//! executable, and last in the binary itself (cargo feature `embedded-model`).
//!
//! How one comes there is in `models/`: what a source offers, fetching it, and installing it whole or not at all.

mod check;
mod fetch;
mod install;
mod remote;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use fetch::Fetcher;
pub use install::{Addition, Installed, Installer, Step, Trial};
pub use remote::{Offer, Pair, Source};

use crate::error::{Error, Result};
use crate::lang::Lang;

/// The places where models are looked for, in order.
#[derive(Debug, Clone)]
pub struct Models {
    directories: Vec<PathBuf>,
}

/// A model that was found: its manifest, and where its files are.
#[derive(Debug, Clone)]
pub struct Model {
    name: String,
    manifest: Manifest,
    place: Place,
}

#[derive(Debug, Clone)]
enum Place {
    Directory(PathBuf),
    Embedded(&'static [(&'static str, &'static [u8])]),
}

/// The manifest as it is written; only `engine`, `note` and the files are needed to run a model.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Manifest {
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<String>,
    engine: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    variant: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    licence: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<String>,
    note: String,
    #[serde(rename = "file")]
    files: Vec<File>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct File {
    name: String,
    role: String,
    bytes: u64,
    sha256: String,
}

const MANIFEST: &str = "manifest.toml";

/// Names a directory of models, for every run.
const VARIABLE: &str = "DIPTYCH_MODELS";

impl Models {
    /// The usual places; `named` (the user's `--models`) comes first.
    ///
    /// # Errors
    /// A named directory that is none or holds no model: the user meant something that is not there, and a
    /// model from another place must not answer for it.
    pub fn locate(named: Option<&Path>) -> Result<Models> {
        if let Some(directory) = named {
            asked_for(directory, "named by --models")?;
        }
        if let Some(directory) = variable() {
            asked_for(&directory, "named by DIPTYCH_MODELS")?;
        }
        Ok(Models::places(named))
    }

    /// The usual places, where the named ones may still be empty: for those who are about to fill them.
    pub fn places(named: Option<&Path>) -> Models {
        let beside = std::env::current_exe().ok().and_then(|exe| Some(exe.parent()?.join("models")));
        let named = named.map(Path::to_path_buf);
        Models {
            directories: [named, variable(), Models::user_directory(), beside]
                .into_iter()
                .flatten()
                .collect(),
        }
    }

    /// Where a user's own models belong: `diptych/models` in the platform's data directory.
    pub fn user_directory() -> Option<PathBuf> {
        dirs::data_dir().map(|data| data.join("diptych").join("models"))
    }

    /// The first model called `name` (`de-en`, `en-encoder`), or `None` where there is none.
    ///
    /// # Errors
    /// [`Error::Model`]: its directory is there, but the manifest is missing or unreadable.
    pub fn find(&self, name: &str) -> Result<Option<Model>> {
        let mut places = self.directories.iter().map(|directory| directory.join(name));
        if let Some(directory) = places.find(|path| path.is_dir()) {
            return Model::read(name, &directory).map(Some);
        }
        match embedded().iter().find(|model| model.0 == name) {
            Some((_, manifest, files)) => Model::new(name, manifest, Place::Embedded(files)).map(Some),
            None => Ok(None),
        }
    }

    /// Every model here that is found by its name, in alphabetical order; one that cannot be read as its error.
    pub fn all(&self) -> Vec<(String, Result<Model>)> {
        let names: BTreeSet<String> = self.names().collect();
        names
            .into_iter()
            .filter_map(|name| {
                let model = self.find(&name).transpose()?;
                Some((name, model))
            })
            .collect()
    }

    /// The languages that some model here turns into English, in alphabetical order.
    pub fn languages(&self) -> Vec<Lang> {
        let tag = |name: String| name.strip_suffix("-en").filter(|lang| !lang.contains('-'))?.parse().ok();
        let mut languages: Vec<Lang> = self.names().filter_map(tag).collect();
        languages.sort();
        languages.dedup();
        languages
    }

    fn names(&self) -> impl Iterator<Item = String> {
        let directories = self.directories.iter().flat_map(std::fs::read_dir).flatten().flatten();
        let names = directories.filter(|entry| entry.path().join(MANIFEST).is_file());
        let names = names.filter_map(|entry| entry.file_name().into_string().ok());
        // What begins with a dot is being installed or removed.
        let names = names.filter(|name| !name.starts_with('.'));
        names.chain(embedded().iter().map(|model| model.0.to_string()))
    }

    /// The same, as messages print it: `de, en`.
    pub fn supported(&self) -> String {
        let mut tags: Vec<String> = self.languages().iter().map(Lang::to_string).collect();
        tags.push("en".into());
        tags.sort();
        tags.join(", ")
    }
}

impl Model {
    /// The model in `directory`, under the directory's name.
    ///
    /// # Errors
    /// [`Error::Model`]: its manifest is missing or unreadable.
    pub fn open(directory: &Path) -> Result<Model> {
        let name = directory.file_name().unwrap_or_default().to_string_lossy();
        Model::read(&name, directory)
    }

    fn read(name: &str, directory: &Path) -> Result<Model> {
        let path = directory.join(MANIFEST);
        let text = std::fs::read_to_string(&path).map_err(|cause| Error::Model {
            model: name.into(),
            what: format!(
                "cannot read {}: {cause}; a model needs one, as models/de-en has it",
                path.display()
            ),
        })?;
        Model::new(name, &text, Place::Directory(directory.into()))
    }

    fn new(name: &str, manifest: &str, place: Place) -> Result<Model> {
        let manifest: Manifest = toml::from_str(manifest).map_err(|cause| Error::Model {
            model: name.into(),
            what: format!("its {MANIFEST} cannot be understood: {}", cause.message()),
        })?;
        let model = Model { name: name.into(), manifest, place };
        // A model that came from elsewhere may not make this program read other files.
        let is_plain = |file: &&File| Path::new(&file.name).file_name() == Some(OsStr::new(&file.name));
        match model.manifest.files.iter().find(|file| !is_plain(file)) {
            Some(file) => Err(model
                .error(format!("its {MANIFEST} names {:?}, which is no file in its directory", file.name))),
            None => Ok(model),
        }
    }

    /// Its name, such as `de-en`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The engine that runs it, such as `fxtranslate`.
    pub fn engine(&self) -> &str {
        &self.manifest.engine
    }

    /// What users have to know about its quality: a line for every output that people read.
    pub fn note(&self) -> &str {
        &self.manifest.note
    }

    /// The languages, as the manifest has them (`zh-Hant`, `en`); else those of the name.
    pub fn languages(&self) -> (&str, &str) {
        let named =
            self.name.strip_prefix("opus-mt-").unwrap_or(&self.name).rsplit_once('-').unwrap_or_default();
        let (source, target) = (self.manifest.source.as_deref(), self.manifest.target.as_deref());
        (source.unwrap_or(named.0), target.unwrap_or(named.1))
    }

    /// `tiny`, `base` or `base-memory`, where its source said so.
    pub fn variant(&self) -> Option<&str> {
        self.manifest.variant.as_deref()
    }

    /// The version, as its source named it.
    pub fn version(&self) -> Option<&str> {
        self.manifest.version.as_deref()
    }

    /// Its licence, where known, as an SPDX name.
    pub fn licence(&self) -> Option<&str> {
        self.manifest.licence.as_deref()
    }

    /// Where it came from: an address or a folder.
    pub fn origin(&self) -> Option<&str> {
        self.manifest.origin.as_deref()
    }

    /// Its directory; `None` for one in the binary.
    pub fn directory(&self) -> Option<&Path> {
        match &self.place {
            Place::Directory(directory) => Some(directory),
            Place::Embedded(_) => None,
        }
    }

    /// Its files with their roles, bytes and SHA-256s, as the manifest promises them.
    pub fn files(&self) -> impl Iterator<Item = (&str, &str, u64, &str)> {
        self.manifest.files.iter().map(|file| (&*file.name, &*file.role, file.bytes, &*file.sha256))
    }

    /// Bytes of all its files.
    pub fn bytes(&self) -> u64 {
        let sizes: BTreeMap<&str, u64> = self.files().map(|(name, _, bytes, _)| (name, bytes)).collect();
        sizes.values().sum()
    }

    /// Reads every file and compares it with the manifest.
    ///
    /// # Errors
    /// As [`Model::file`], for the first file that is not as promised.
    pub fn verify(&self) -> Result<()> {
        self.files().try_for_each(|(_, role, ..)| self.file(role).map(drop))
    }

    /// Names the exact model: the first twelve digits of its main file's SHA-256.
    pub fn fingerprint(&self) -> &str {
        self.manifest.files.first().map_or("", |file| file.sha256.get(..12).unwrap_or(&file.sha256))
    }

    /// The file with this role (`model`, `source-vocabulary`, …), whole and as the manifest promises it.
    ///
    /// # Errors
    /// [`Error::Model`] names the file that is missing, truncated or altered.
    pub fn file(&self, role: &str) -> Result<Cow<'static, [u8]>> {
        let file = self.manifest.files.iter().find(|file| file.role == role);
        let file =
            file.ok_or_else(|| self.error(format!("its {MANIFEST} names no file with the role {role}")))?;
        let (bytes, place) = match &self.place {
            Place::Directory(directory) => {
                let path = directory.join(&file.name);
                let bytes = std::fs::read(&path)
                    .map_err(|cause| self.error(format!("cannot read {}: {cause}", path.display())))?;
                (Cow::Owned(bytes), path.display().to_string())
            }
            Place::Embedded(files) => {
                let found = files.iter().find(|(name, _)| *name == file.name);
                let bytes = found.map(|(_, bytes)| *bytes);
                let bytes =
                    bytes.ok_or_else(|| self.error(format!("{} is not in this binary", file.name)))?;
                (Cow::Borrowed(bytes), format!("{} in this binary", file.name))
            }
        };
        self.as_promised(file, &bytes, &place)?;
        Ok(bytes)
    }

    /// Where the file with this role lies, after it was read once and found to be what the manifest promises: for
    /// engines that read files by themselves.
    ///
    /// # Errors
    /// As [`Model::file`]; a model inside the binary has no paths.
    #[cfg(feature = "torch")]
    pub(crate) fn verified_path(&self, role: &str) -> Result<PathBuf> {
        self.file(role)?;
        let file = self.manifest.files.iter().find(|file| file.role == role);
        match (&self.place, file) {
            (Place::Directory(directory), Some(file)) => Ok(directory.join(&file.name)),
            _ => Err(self.error("its files are inside this binary, and its engine wants paths".into())),
        }
    }

    fn as_promised(&self, file: &File, bytes: &[u8], place: &str) -> Result<()> {
        let way_out = "get the model again (diptych models pull or add), or run scripts/manifest on the \
                       directory if it was replaced on purpose";
        if bytes.len() as u64 != file.bytes {
            let what =
                format!("{place} has {} bytes, {MANIFEST} says {}; {way_out}", bytes.len(), file.bytes);
            return Err(self.error(what));
        }
        let digest = fetch::hex(&Sha256::digest(bytes));
        if digest != file.sha256 {
            return Err(
                self.error(format!("{place} is not the file that {MANIFEST} names (SHA-256); {way_out}"))
            );
        }
        Ok(())
    }

    fn error(&self, what: String) -> Error {
        Error::Model { model: self.name.clone(), what }
    }
}

fn variable() -> Option<PathBuf> {
    std::env::var_os(VARIABLE).filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// Refuses a directory of models that the user asked for, `how`, and that holds none.
fn asked_for(directory: &Path, how: &str) -> Result<()> {
    let entries = std::fs::read_dir(directory)
        .map_err(|cause| Error::file("read the model directory", directory, cause))?;
    let refusal = |what: &str| Err(Error::input(directory.display().to_string(), format!("{what} ({how})")));
    if directory.join(MANIFEST).is_file() {
        return refusal("is a model itself; name the directory that it lies in");
    }
    if !entries.flatten().any(|entry| entry.path().is_dir()) {
        return refusal("holds no models; each is a directory such as de-en");
    }
    Ok(())
}

type Embedded = (&'static str, &'static str, &'static [(&'static str, &'static [u8])]);

#[cfg(feature = "embedded-model")]
fn embedded() -> &'static [Embedded] {
    macro_rules! model {
        ($name:literal: $($file:literal),+) => {
            ($name, include_str!(concat!("../models/", $name, "/manifest.toml")),
             &[$(($file, include_bytes!(concat!("../models/", $name, "/", $file)))),+])
        };
    }
    &[
        model!("de-en": "model.deen.intgemm.alphas.bin", "srcvocab.deen.spm", "trgvocab.deen.spm"),
        model!("en-encoder": "en-encoder.bin"),
    ]
}

#[cfg(not(feature = "embedded-model"))]
fn embedded() -> &'static [Embedded] {
    &[]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shipped() -> Models {
        Models { directories: vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("models")] }
    }

    #[test]
    fn the_shipped_models_are_what_their_manifests_say() {
        for (name, roles) in [
            ("de-en", &["model", "source-vocabulary", "target-vocabulary"][..]),
            ("en-encoder", &["encoder"]),
        ] {
            let model = shipped().find(name).unwrap().expect("shipped");
            for role in roles {
                assert!(!model.file(role).unwrap().is_empty(), "{name} {role}");
            }
            assert!(model.file("nothing").is_err());
            assert!(!model.note().is_empty());
        }
        assert!(shipped().find("xx-en").unwrap().is_none());
    }

    #[test]
    fn altered_truncated_and_missing_files_are_named() {
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/en-encoder");
        let directory = tempfile::tempdir().unwrap();
        let copy = directory.path().join("en-encoder");
        std::fs::create_dir(&copy).unwrap();
        let models = Models { directories: vec![directory.path().into()] };
        let failure = || {
            models.find("en-encoder").and_then(|m| m.expect("there").file("encoder")).unwrap_err().to_string()
        };

        assert!(failure().contains("manifest.toml"), "{}", failure());
        std::fs::copy(shipped.join(MANIFEST), copy.join(MANIFEST)).unwrap();
        assert!(failure().contains("en-encoder.bin"), "{}", failure());
        let mut bytes = std::fs::read(shipped.join("en-encoder.bin")).unwrap();
        bytes[1000] ^= 1;
        std::fs::write(copy.join("en-encoder.bin"), &bytes).unwrap();
        assert!(failure().contains("SHA-256"), "{}", failure());
        std::fs::write(copy.join("en-encoder.bin"), &bytes[..5000]).unwrap();
        assert!(failure().contains("5000 bytes"), "{}", failure());
        std::fs::write(copy.join(MANIFEST), "engine = 3").unwrap();
        assert!(failure().contains("cannot be understood"), "{}", failure());
        let manifest = std::fs::read_to_string(shipped.join(MANIFEST)).unwrap();
        for name in ["../../secret", "/etc/passwd", "..", "", "sub/file"] {
            let outside = manifest.replace("\"en-encoder.bin\"", &format!("{name:?}"));
            assert_ne!(outside, manifest);
            std::fs::write(copy.join(MANIFEST), outside).unwrap();
            assert!(failure().contains("no file in its directory"), "{name}: {}", failure());
        }
    }

    #[test]
    fn a_named_directory_must_hold_models() {
        let empty = tempfile::tempdir().unwrap();
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
        for (directory, said) in [
            (Path::new("no/such/directory"), "no/such/directory"),
            (empty.path(), "holds no models"),
            (&shipped.join("de-en"), "is a model itself"),
        ] {
            let error = Models::locate(Some(directory)).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
        assert!(Models::locate(Some(&shipped)).is_ok());
    }
}
