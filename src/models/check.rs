//! Whether bytes that say they are a model can be one: bounds, names and shapes, before any engine sees them.
//!
//! The engine trusts what it is given: it allocates what a header asks for, and its reader of vocabularies
//! cannot fail. What passes here holds every weight that the engine looks up, in the shape that it expects,
//! and indices that lie within their tables. Altered numbers inside a weight cannot be seen; a hash sees them.

use std::collections::BTreeMap;

/// What a check found wrong.
type Checked<T = ()> = Result<T, String>;

/// What a whole model is made of, as far as a vocabulary must fit it.
#[derive(Debug, PartialEq, Eq)]
pub struct Rows {
    /// Rows of the source's embedding table.
    pub source: usize,
    /// Rows of the target's.
    pub target: usize,
    /// One table serves both.
    pub shared: bool,
}

/// Weights, layers, names and dimensions that no model of this family comes near.
const ITEMS: u64 = 20_000;
const NAME: u64 = 256;
const RANK: u64 = 4;
const LAYERS: usize = 48;

const FLOAT32: u64 = 0x404;
const INT8: [u64; 2] = [0x101, 0x4101];

struct Item {
    kind: u64,
    shape: Vec<usize>,
}

type Items<'a> = BTreeMap<&'a str, Item>;

/// Checks a Marian binary model (`model.*.bin`, version 1) of the Firefox family: transformer encoder, SSRU
/// decoder, int8 or float32.
pub fn marian(bytes: &[u8]) -> Checked<Rows> {
    let (items, config) = layout(bytes)?;
    let number = |key: &str, default: usize| match setting(&config, key) {
        None => Ok(default),
        Some(value) => value.parse().map_err(|_| format!("its configuration says {key}: {value}")),
    };
    let (encoder, decoder) = (number("enc-depth", 6)?, number("dec-depth", 4)?);
    let (inner, heads) = (number("transformer-dim-ffn", 1536)?, number("transformer-heads", 8)?);
    if !(1..=LAYERS).contains(&encoder) || !(1..=LAYERS).contains(&decoder) {
        return Err(format!("it has {encoder} and {decoder} layers"));
    }
    let shared = items.contains_key("Wemb");
    let tables = if shared { ["Wemb", "Wemb"] } else { ["encoder_Wemb", "decoder_Wemb"] };
    let [(source, width), (target, same)] = [table(&items, tables[0])?, table(&items, tables[1])?];
    let width_said = number("dim-emb", 384)?;
    if width != same || width != width_said || heads == 0 || width % heads != 0 {
        return Err(format!("its widths disagree: {width}, {same}, {width_said} over {heads} heads"));
    }
    for layer in 1..=encoder {
        attention(&items, &format!("encoder_l{layer}_self"), width)?;
        feed_forward(&items, &format!("encoder_l{layer}_ffn"), width, inner)?;
    }
    for layer in 1..=decoder {
        let name = format!("decoder_l{layer}");
        weight(&items, &format!("{name}_rnn_W"), [width, width])?;
        weight(&items, &format!("{name}_rnn_Wf"), [width, width])?;
        row(&items, &format!("{name}_rnn_bf"), width)?;
        row(&items, &format!("{name}_rnn_ffn_ln_scale"), width)?;
        attention(&items, &format!("{name}_context"), width)?;
        feed_forward(&items, &format!("{name}_ffn"), width, inner)?;
    }
    if items.contains_key("decoder_ff_logit_out_b") {
        row(&items, "decoder_ff_logit_out_b", target)?;
    }
    let quantised = INT8.contains(&items[tables[1]].kind);
    if quantised && !items.contains_key("none_QuantMultA") && !items.contains_key("decoder_Wemb_QuantMultA") {
        return Err(
            "it has no multiplier for its output (alphas); it wants a model of Firefox Translations".into()
        );
    }
    Ok(Rows { source, target, shared })
}

/// Checks a SentencePiece model and returns how many pieces it has.
pub fn vocabulary(bytes: &[u8]) -> Checked<usize> {
    let (mut pieces, mut ends, mut unknown) = (0, false, false);
    let mut fields = Fields(bytes);
    while let Some((number, value)) = fields.next()? {
        match (number, value) {
            (1, Value::Bytes(piece)) => {
                let text = piece_text(piece)?;
                ends |= text == "</s>";
                unknown |= text == "<unk>";
                pieces += 1;
            }
            (1 | 3, Value::Other) => return Err("it is no SentencePiece model".into()),
            (3, Value::Bytes(normaliser)) => normalisation(normaliser)?,
            _ => {}
        }
    }
    match (pieces, ends, unknown) {
        (0, ..) => Err("it has no pieces: it is no SentencePiece model".into()),
        (_, true, true) => Ok(pieces),
        _ => Err("it has no </s> or no <unk>: it is no vocabulary of a translation model".into()),
    }
}

/// Checks that vocabularies of so many pieces fit the model.
pub fn fit(rows: &Rows, source: usize, target: usize) -> Checked {
    // A table may be padded beyond its vocabulary; never the other way round.
    if source > rows.source || target > rows.target {
        return Err(format!(
            "the vocabularies have {source} and {target} pieces, the model {} and {} rows",
            rows.source, rows.target
        ));
    }
    Ok(())
}

/// Checks the weights of a Hugging Face model by how its kind of file begins.
pub fn torch_weights(name: &str, bytes: &[u8]) -> Checked {
    if name.ends_with(".safetensors") {
        let length = bytes.first_chunk().map(|first| u64::from_le_bytes(*first));
        let header =
            length.and_then(|length| bytes.get(8..8usize.checked_add(usize::try_from(length).ok()?)?));
        let header = header.ok_or("it is cut short: its header does not fit the file")?;
        let header: serde_json::Map<String, serde_json::Value> =
            serde_json::from_slice(header).map_err(|_| "its header is no JSON")?;
        let body = bytes.len() as u64 - 8 - length.unwrap_or(0);
        let ends = |tensor: &serde_json::Value| tensor["data_offsets"][1].as_u64();
        return match header.values().filter_map(ends).max() {
            Some(end) if end == body => Ok(()),
            end => Err(format!("its tensors end at {}, its data at {body}", end.unwrap_or(0))),
        };
    }
    // PyTorch's archives are zip files; their list stands at the end.
    let tail = &bytes[bytes.len().saturating_sub(66_000)..];
    match (bytes.starts_with(b"PK\x03\x04"), tail.windows(4).any(|four| four == b"PK\x05\x06")) {
        (true, true) => Ok(()),
        (true, false) => Err("it is cut short: the archive has no end".into()),
        _ => Err("it is no PyTorch archive (the old format, before 1.6, is not read)".into()),
    }
}

/// Reads the header of a Marian binary: what lies where, and the configuration inside.
fn layout(bytes: &[u8]) -> Checked<(Items<'_>, String)> {
    let mut at = Cursor { bytes, position: 0 };
    let (version, count) = (at.u64()?, at.u64()?);
    if version != 1 {
        return Err("it is no Marian binary model (version 1)".into());
    }
    if count > ITEMS {
        return Err(format!("its header promises {count} weights"));
    }
    let mut headers = Vec::new();
    for _ in 0..count {
        headers.push([at.u64()?, at.u64()?, at.u64()?, at.u64()?]);
    }
    let mut names = Vec::new();
    for [length, ..] in &headers {
        let name = at.take(if *length > NAME { u64::MAX } else { *length })?;
        let end = name.iter().position(|&byte| byte == 0).unwrap_or(name.len());
        names.push(std::str::from_utf8(&name[..end]).map_err(|_| "a weight has no readable name")?);
    }
    let mut shapes = Vec::new();
    for (&[_, _, rank, _], name) in headers.iter().zip(&names) {
        let mut shape = Vec::new();
        for _ in 0..if rank > RANK { return Err(format!("{name} has {rank} dimensions")) } else { rank } {
            let size = u32::from_le_bytes(*at.take(4)?.first_chunk().ok_or(CUT)?);
            shape.push(usize::try_from(size).ok().filter(|size| (1..1 << 31).contains(size)));
        }
        shapes.push(
            shape.into_iter().collect::<Option<Vec<_>>>().ok_or_else(|| format!("{name} has no shape"))?,
        );
    }
    let gap = at.u64()?;
    at.take(gap)?;
    let (mut items, mut config) = (Items::new(), String::new());
    for ((&[_, kind, _, length], name), shape) in headers.iter().zip(names).zip(shapes) {
        let data = at.take(length)?;
        if name == "special:model.yml" {
            config = String::from_utf8_lossy(data).into_owned();
        }
        holds(name, kind, &shape, data)?;
        if items.insert(name, Item { kind, shape }).is_some() {
            return Err(format!("{name} stands in it twice"));
        }
    }
    match at.position == bytes.len() {
        true => Ok((items, config)),
        false => Err(format!("{} bytes follow its last weight", bytes.len() - at.position)),
    }
}

/// A weight's data must hold what its shape says, and a multiplier behind int8; scales must be numbers.
fn holds(name: &str, kind: u64, shape: &[usize], data: &[u8]) -> Checked {
    let count = shape.iter().try_fold(1usize, |product, &size| product.checked_mul(size));
    let count = count.ok_or_else(|| format!("{name} is too large"))?;
    let wanted = match kind {
        _ if name.starts_with("special:") => Some(0),
        FLOAT32 => count.checked_mul(4),
        kind if INT8.contains(&kind) => count.checked_add(4),
        _ => return Err(format!("{name} is of a kind ({kind:#x}) that the engine does not read")),
    };
    if wanted.is_none_or(|wanted| wanted > data.len()) {
        return Err(format!("{name} promises {count} numbers in {} bytes", data.len()));
    }
    let number = |at: usize| data.get(at..at + 4).and_then(|four| four.first_chunk());
    let multiplier = match kind {
        FLOAT32 if name.ends_with("_QuantMultA") => number(0),
        kind if INT8.contains(&kind) && !name.starts_with("special:") => number(count),
        _ => return Ok(()),
    };
    match multiplier.map(|four| f32::from_le_bytes(*four)) {
        Some(value) if value.is_finite() && value > 0.0 => Ok(()),
        _ => Err(format!("the multiplier of {name} is no number above 0")),
    }
}

fn setting<'a>(config: &'a str, key: &str) -> Option<&'a str> {
    let value = |line: &'a str| line.strip_prefix(key)?.strip_prefix(':').map(str::trim);
    config.lines().find_map(value).filter(|value| !value.is_empty())
}

fn item<'a>(items: &'a Items, name: &str) -> Checked<&'a Item> {
    items.get(name).ok_or_else(|| format!("it has no {name}: it is cut down, or of another architecture"))
}

fn table(items: &Items, name: &str) -> Checked<(usize, usize)> {
    match item(items, name)?.shape[..] {
        [rows, width] => Ok((rows, width)),
        _ => Err(format!("{name} is no table")),
    }
}

fn weight(items: &Items, name: &str, shape: [usize; 2]) -> Checked {
    let found = item(items, name)?;
    if found.shape != shape {
        return Err(format!("{name} is {:?}, not {shape:?}", found.shape));
    }
    if INT8.contains(&found.kind) {
        row(items, &format!("{name}_QuantMultA"), 1)?;
    }
    Ok(())
}

fn row(items: &Items, name: &str, width: usize) -> Checked {
    let found = item(items, name)?;
    if found.shape.iter().product::<usize>() != width || (width > 1 && found.kind != FLOAT32) {
        return Err(format!("{name} is {:?}, not {width} numbers", found.shape));
    }
    Ok(())
}

fn attention(items: &Items, name: &str, width: usize) -> Checked {
    for part in ["q", "k", "v", "o"] {
        weight(items, &format!("{name}_W{part}"), [width, width])?;
        row(items, &format!("{name}_b{part}"), width)?;
    }
    row(items, &format!("{name}_Wo_ln_scale"), width)
}

fn feed_forward(items: &Items, name: &str, width: usize, inner: usize) -> Checked {
    weight(items, &format!("{name}_W1"), [width, inner])?;
    row(items, &format!("{name}_b1"), inner)?;
    weight(items, &format!("{name}_W2"), [inner, width])?;
    row(items, &format!("{name}_b2"), width)?;
    row(items, &format!("{name}_ffn_ln_scale"), width)
}

const CUT: &str = "it is cut short";

struct Cursor<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl<'a> Cursor<'a> {
    fn take(&mut self, length: u64) -> Checked<&'a [u8]> {
        let end = usize::try_from(length).ok().and_then(|length| self.position.checked_add(length));
        let taken = end.and_then(|end| self.bytes.get(self.position..end)).ok_or(CUT)?;
        self.position += taken.len();
        Ok(taken)
    }

    fn u64(&mut self) -> Checked<u64> {
        Ok(u64::from_le_bytes(*self.take(8)?.first_chunk().ok_or(CUT)?))
    }
}

/// The fields of a protobuf message, each within its bounds.
struct Fields<'a>(&'a [u8]);

enum Value<'a> {
    Bytes(&'a [u8]),
    Other,
}

impl<'a> Fields<'a> {
    fn next(&mut self) -> Checked<Option<(u64, Value<'a>)>> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let key = self.varint()?;
        let value = match key & 7 {
            0 => {
                self.varint()?;
                Value::Other
            }
            1 => self.take(8).map(|_| Value::Other)?,
            2 => {
                let length = self.varint()?;
                Value::Bytes(self.take(length)?)
            }
            5 => Value::Bytes(self.take(4)?),
            _ => return Err("it is no SentencePiece model".into()),
        };
        Ok(Some((key >> 3, value)))
    }

    fn take(&mut self, length: u64) -> Checked<&'a [u8]> {
        let (taken, rest) =
            usize::try_from(length).ok().and_then(|at| self.0.split_at_checked(at)).ok_or(CUT)?;
        self.0 = rest;
        Ok(taken)
    }

    fn varint(&mut self) -> Checked<u64> {
        let mut value = 0u64;
        for shift in (0..70).step_by(7) {
            let byte = self.take(1)?[0];
            value |= u64::from(byte & 0x7f).checked_shl(shift).unwrap_or(0);
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err("it is no SentencePiece model".into())
    }
}

fn piece_text(piece: &[u8]) -> Checked<&str> {
    let (mut text, mut fields) = (None, Fields(piece));
    while let Some((number, value)) = fields.next()? {
        match (number, value) {
            (1, Value::Bytes(bytes)) => {
                text = Some(std::str::from_utf8(bytes).map_err(|_| "a piece is no text")?);
            }
            (2, Value::Bytes(score)) => {
                let score =
                    score.first_chunk().filter(|_| score.len() == 4).map(|four| f32::from_le_bytes(*four));
                score.filter(|score| score.is_finite()).ok_or("a piece has no score")?;
            }
            _ => {}
        }
    }
    text.filter(|text| !text.is_empty()).ok_or_else(|| "a piece is empty".into())
}

/// The trie of the normaliser: its size within the message, its answers within its texts.
fn normalisation(message: &[u8]) -> Checked {
    let mut fields = Fields(message);
    while let Some((number, value)) = fields.next()? {
        let (2, Value::Bytes(map)) = (number, value) else { continue };
        if map.is_empty() {
            continue;
        }
        let size = map.first_chunk().map(|four| u32::from_le_bytes(*four) as usize).ok_or(CUT)?;
        let (trie, texts) =
            map[4..].split_at_checked(size).filter(|_| size % 4 == 0).ok_or("its normaliser is cut")?;
        // A value is known by its place only: any unit may be read as one, but those with the top bit are.
        let units =
            trie.chunks_exact(4).filter_map(|unit| unit.first_chunk()).map(|unit| u32::from_le_bytes(*unit));
        if units.filter(|unit| unit >> 31 == 1).any(|unit| (unit & 0x7fff_ffff) as usize > texts.len()) {
            return Err("its normaliser points outside its texts".into());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shipped(name: &str) -> Vec<u8> {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("models/de-en").join(name);
        std::fs::read(path).unwrap()
    }

    fn model() -> Vec<u8> {
        shipped("model.deen.intgemm.alphas.bin")
    }

    #[test]
    fn the_shipped_model_is_one_and_its_vocabularies_fit() {
        let rows = marian(&model()).unwrap();
        let pieces =
            ["srcvocab.deen.spm", "trgvocab.deen.spm"].map(|name| vocabulary(&shipped(name)).unwrap());
        assert!(!rows.shared);
        fit(&rows, pieces[0], pieces[1]).unwrap();
        fit(&rows, pieces[0] + 1_000_000, pieces[1]).unwrap_err();
    }

    #[test]
    fn what_is_no_model_is_none() {
        for bytes in [
            &b""[..],
            b"<!DOCTYPE html>",
            &[0; 64],
            &[1, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 0, 0, 0, 0],
        ] {
            assert!(marian(bytes).is_err());
            assert!(vocabulary(bytes).is_err());
        }
        for (name, bytes) in [
            ("a.ot", &b"PK\x03\x04 cut"[..]),
            ("a.bin", b"\x80\x02}q"),
            ("a.safetensors", b"\xff\xff\xff\xff\xff\xff\xff\xff"),
        ] {
            assert!(torch_weights(name, bytes).is_err(), "{name}");
        }
        let tensors = br#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#;
        let file = [&(tensors.len() as u64).to_le_bytes()[..], tensors, &[0; 4]].concat();
        torch_weights("a.safetensors", &file).unwrap();
        torch_weights("a.safetensors", &file[..file.len() - 1]).unwrap_err();
    }

    #[test]
    fn every_length_and_count_in_the_header_is_held_against_the_file() {
        let bytes = model();
        let count = u64::from_le_bytes(bytes[8..16].try_into().unwrap()) as usize;
        // Of each item: the length of its name, its rank, the length of its data.
        let places = (0..count).flat_map(|item| [0, 16, 24].map(|word| 16 + 32 * item + word)).chain([0, 8]);
        for at in places.step_by(7) {
            for value in [0, 1 << 20, u64::MAX, u64::MAX / 2] {
                let mut altered = bytes.clone();
                altered[at..at + 8].copy_from_slice(&value.to_le_bytes());
                assert!(marian(&altered).is_err(), "{value} at {at}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_model_cut_short_is_refused(part in 0.0..1.0f64) {
            let bytes = model();
            prop_assert!(marian(&bytes[..(bytes.len() as f64 * part) as usize]).is_err());
        }

        #[test]
        fn bits_turned_in_the_header_are_refused_or_harmless(flips in prop::collection::vec((0..12_544usize, 0..8u32), 1..4)) {
            let mut bytes = model();
            for (at, bit) in flips {
                bytes[at] ^= 1 << bit;
            }
            // What passes has every weight in its shape, so the tables are as large as before.
            if let Ok(rows) = marian(&bytes) {
                prop_assert!(rows.source.max(rows.target) * 256 < bytes.len());
            }
        }

        #[test]
        fn a_damaged_vocabulary_never_panics(cut in 0.0..1.0f64, flips in prop::collection::vec((0..500_000usize, 0..8u32), 0..9)) {
            let mut bytes = shipped("trgvocab.deen.spm");
            for (at, bit) in flips {
                bytes[at] ^= 1 << bit;
            }
            let _ = vocabulary(&bytes[..(bytes.len() as f64 * cut) as usize]);
            let _ = vocabulary(&bytes);
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = marian(&bytes);
            let _ = marian(&[&[1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0][..], &bytes].concat());
            let _ = vocabulary(&bytes);
            for name in ["a.ot", "a.safetensors"] {
                let _ = torch_weights(name, &bytes);
            }
        }
    }
}
