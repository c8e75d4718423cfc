//! What can go wrong, said so that the reader can act: the thing, the cause and the way out.

use std::path::{Path, PathBuf};

/// The library's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Every way a call into the library can fail.
///
/// Messages start in lower case, have no full stop and name the file or language they are about.
#[allow(missing_docs)] // the fields are named after what they hold
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file could not be opened, read or written.
    #[error("cannot {doing} {}: {cause}", path.display())]
    File { doing: &'static str, path: PathBuf, cause: std::io::Error },
    /// A file or record was read, but holds nothing that can be used as text.
    #[error("{name}: {what}")]
    Input { name: String, what: String },
    /// The language of a document cannot be told.
    #[error("{name}: cannot tell the language; {way_out}")]
    UnknownLanguage { name: String, way_out: String },
    /// There is no model that turns this language into English.
    #[error(
        "{name}: no model for {lang} (if that is not its language, name it); supported here: {supported}; to get \
         one: diptych models pull {tag}-en (--auto-pull does it by itself), or diptych models add DIR for one \
         of your own; it goes into {}", directory.display()
    )]
    UnsupportedLanguage { name: String, lang: String, tag: String, supported: String, directory: PathBuf },
    /// There is no OPUS-MT model that turns this language into English.
    #[error("{name}: no OPUS-MT model for {lang}; get one: diptych models pull {tag}-en --engine opus-mt")]
    NoOpusModel { name: String, lang: String, tag: String },
    /// The engine for OPUS-MT models was asked for, and is not in this build.
    #[error(
        "the engine opus-mt is not in this build; in a clone of diptych's repository, on Linux: \
         eval \"$(scripts/setup-libtorch)\" && cargo build --release --features torch"
    )]
    Engine,
    /// A model's files are missing, altered or cannot be loaded.
    #[error("model {model}: {what}")]
    Model { model: String, what: String },
    /// A list of models or a model's file could not be fetched, or is not what was promised.
    #[error("cannot fetch {url}: {what}")]
    Download { url: String, what: String },
    /// The store refused: not a diptych store, locked, read-only, full.
    #[error("store {}: {what}", path.display())]
    Store { path: PathBuf, what: String },
    /// Something that should be an alignment is none.
    #[error("{name}: not an alignment: {what}")]
    Alignment { name: String, what: String },
    /// A file of translations does not fit its document.
    #[error("translations {}: {what}", path.display())]
    Translations { path: PathBuf, what: String },
    /// The output could not be written (a closed pipe among others).
    #[error("cannot write the output: {0}")]
    Output(#[from] std::io::Error),
}

impl Error {
    /// An [`Error::File`] about `path`.
    pub(crate) fn file(doing: &'static str, path: &Path, cause: std::io::Error) -> Error {
        Error::File { doing, path: path.to_path_buf(), cause }
    }

    /// An [`Error::Input`] about the document or file `name`.
    pub(crate) fn input(name: impl Into<String>, what: impl Into<String>) -> Error {
        Error::Input { name: name.into(), what: what.into() }
    }

    /// Whether the reader at the other end of a pipe has gone: a normal end, not a failure.
    pub fn is_closed_pipe(&self) -> bool {
        matches!(self, Error::Output(cause) if cause.kind() == std::io::ErrorKind::BrokenPipe)
    }
}
