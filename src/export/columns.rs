//! Parquet: the pairs as columns, without arrow. A row group is collected in memory and then written out, so that
//! memory depends on the size of a group and not on that of the corpus.

use std::io::{self, Write};
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use parquet::basic::{Compression, ZstdLevel};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;

use super::rounded;
use crate::bitext::{AlignedPair, PairSide};
use crate::error::{Error, Result};
use crate::filter::Reason;

/// The columns in their order. Lists have the form that the Parquet format asks for, of three levels.
const SCHEMA: &str = "message pairs {
    required binary source (STRING);
    required binary target (STRING);
    required double score;
    required binary type (STRING);
    required binary source_lang (STRING);
    required binary target_lang (STRING);
    required binary source_doc (STRING);
    required binary target_doc (STRING);
    required group source_ids (LIST) { repeated group list { required int32 element; } }
    required group target_ids (LIST) { repeated group list { required int32 element; } }
    optional int64 source_start;
    optional int64 source_end;
    optional int64 target_start;
    optional int64 target_end;
    optional binary source_url (STRING);
    optional binary target_url (STRING);
    optional binary source_english (STRING);
    optional binary target_english (STRING);
    optional binary rejected (STRING);
}";
/// A group is written out when it holds so many bytes of text, or so many rows.
const GROUP_BYTES: usize = 16 << 20;
const GROUP_ROWS: usize = 1 << 16;

/// A Parquet file on its way.
pub(super) struct Columns<W: Write> {
    out: W,
    file: SerializedFileWriter<Finished>,
    /// What `file` has written and `out` has not.
    finished: Finished,
    group: Group,
}

impl<W: Write> Columns<W> {
    pub(super) fn new(out: W) -> Result<Columns<W>> {
        let schema = parse_message_type(SCHEMA).map_err(failed)?;
        let level = ZstdLevel::try_new(6).map_err(failed)?;
        let properties = WriterProperties::builder().set_compression(Compression::ZSTD(level)).build();
        let finished = Finished::default();
        let file = SerializedFileWriter::new(finished.clone(), Arc::new(schema), Arc::new(properties));
        Ok(Columns { out, file: file.map_err(failed)?, finished, group: Group::default() })
    }

    pub(super) fn write(&mut self, pair: &AlignedPair<'_>) -> Result<()> {
        self.group.add(pair);
        if self.group.bytes >= GROUP_BYTES || self.group.scores.len() >= GROUP_ROWS {
            self.end_group()?;
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<()> {
        if !self.group.scores.is_empty() {
            self.end_group()?;
        }
        self.file.close().map_err(failed)?;
        self.finished.move_to(&mut self.out)?;
        self.out.flush()?;
        Ok(())
    }

    fn end_group(&mut self) -> Result<()> {
        let mut group = self.file.next_row_group().map_err(failed)?;
        mem::take(&mut self.group).write(&mut group).map_err(failed)?;
        group.close().map_err(failed)?;
        self.file.flush()?;
        self.finished.move_to(&mut self.out)
    }
}

/// Bytes that the crate has written. It wants a writer that may move between threads, which standard output may not.
#[derive(Clone, Default)]
struct Finished(Arc<Mutex<Vec<u8>>>);

impl Finished {
    fn move_to(&self, out: &mut impl Write) -> Result<()> {
        let bytes = mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        Ok(out.write_all(&bytes)?)
    }
}

impl Write for Finished {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The rows of a group, column by column.
#[derive(Default)]
struct Group {
    scores: Vec<f64>,
    kinds: Vec<ByteArray>,
    rejected: Optional<ByteArray>,
    sides: [SideColumns; 2],
    bytes: usize,
}

/// The columns of one side.
#[derive(Default)]
struct SideColumns {
    texts: Vec<ByteArray>,
    langs: Vec<ByteArray>,
    documents: Vec<ByteArray>,
    ids: Vec<i32>,
    /// Of each id 0 where it begins a list, 1 where it goes on with one.
    id_levels: Vec<i16>,
    starts: Optional<i64>,
    ends: Optional<i64>,
    urls: Optional<ByteArray>,
    english: Optional<ByteArray>,
}

/// A column that may lack values: those it has, and for each row whether it has one (1) or not (0).
struct Optional<T> {
    values: Vec<T>,
    levels: Vec<i16>,
}

impl<T> Default for Optional<T> {
    fn default() -> Optional<T> {
        Optional { values: Vec::new(), levels: Vec::new() }
    }
}

impl<T> Optional<T> {
    fn push(&mut self, value: Option<T>) {
        self.levels.push(i16::from(value.is_some()));
        self.values.extend(value);
    }
}

impl Group {
    fn add(&mut self, pair: &AlignedPair<'_>) {
        self.scores.push(rounded(pair.score));
        self.kinds.push(pair.kind().as_str().into());
        self.rejected.push(pair.rejected.map(Reason::as_str).map(ByteArray::from));
        for (columns, side) in self.sides.iter_mut().zip([&pair.source, &pair.target]) {
            self.bytes += columns.add(side);
        }
    }

    fn write(self, out: &mut SerializedRowGroupWriter<'_, Finished>) -> Result<(), ParquetError> {
        let [source, target] = self.sides;
        let rows = source.id_levels.len().max(target.id_levels.len());
        let present = vec![1; rows];
        column::<ByteArrayType>(out, &source.texts, None, None)?;
        column::<ByteArrayType>(out, &target.texts, None, None)?;
        column::<DoubleType>(out, &self.scores, None, None)?;
        column::<ByteArrayType>(out, &self.kinds, None, None)?;
        for texts in [&source.langs, &target.langs, &source.documents, &target.documents] {
            column::<ByteArrayType>(out, texts, None, None)?;
        }
        for side in [&source, &target] {
            column::<Int32Type>(out, &side.ids, Some(&present[..side.ids.len()]), Some(&side.id_levels))?;
        }
        for place in [&source.starts, &source.ends, &target.starts, &target.ends] {
            column::<Int64Type>(out, &place.values, Some(&place.levels), None)?;
        }
        for text in [&source.urls, &target.urls, &source.english, &target.english, &self.rejected] {
            column::<ByteArrayType>(out, &text.values, Some(&text.levels), None)?;
        }
        Ok(())
    }
}

impl SideColumns {
    /// Returns how many bytes of text were added.
    fn add(&mut self, side: &PairSide<'_>) -> usize {
        self.texts.push(side.text.into());
        self.langs.push(side.lang.as_str().into());
        self.documents.push(side.document.into());
        for (i, id) in side.sentences.clone().enumerate() {
            self.ids.push(i32::try_from(id).unwrap_or(i32::MAX));
            self.id_levels.push(i16::from(i > 0));
        }
        self.starts.push(side.span.map(|span| span.start as i64));
        self.ends.push(side.span.map(|span| span.end as i64));
        self.urls.push(side.url.map(ByteArray::from));
        self.english.push(side.english.map(ByteArray::from));
        side.text.len()
            + side.document.len()
            + side.english.map_or(0, str::len)
            + side.url.map_or(0, str::len)
    }
}

/// Writes the next column of a group.
fn column<T: DataType>(
    out: &mut SerializedRowGroupWriter<'_, Finished>,
    values: &[T::T],
    present: Option<&[i16]>,
    repeated: Option<&[i16]>,
) -> Result<(), ParquetError> {
    let missing = || ParquetError::General("more columns than the schema has".into());
    let mut column = out.next_column()?.ok_or_else(missing)?;
    column.typed::<T>().write_batch(values, present, repeated)?;
    column.close()
}

fn failed(cause: ParquetError) -> Error {
    Error::Output(io::Error::other(cause))
}
