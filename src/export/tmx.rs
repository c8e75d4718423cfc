//! TMX 1.4b, level 1: plain text, one translation unit a pair.

use std::io::Write;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use super::{numbers, one_line, place, rounded};
use crate::bitext::AlignedPair;
use crate::error::Result;
use crate::lang::Lang;

/// No DOCTYPE: readers without network, or with DTDs switched off for safety, stumble over it.
pub(super) fn begin<W: Write>(out: W, source: Option<&Lang>) -> Result<Writer<W>> {
    let mut writer = Writer::new_with_indent(out, b' ', 1);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    writer.write_event(Event::Start(BytesStart::new("tmx").with_attributes([("version", "1.4")])))?;
    writer.write_event(Event::Empty(BytesStart::new("header").with_attributes([
        ("creationtool", env!("CARGO_PKG_NAME")),
        ("creationtoolversion", env!("CARGO_PKG_VERSION")),
        ("segtype", "sentence"),
        ("o-tmf", env!("CARGO_PKG_NAME")),
        ("adminlang", "en"),
        ("srclang", source.map_or("*all*", Lang::as_str)),
        ("datatype", "plaintext"),
    ])))?;
    writer.write_event(Event::Start(BytesStart::new("body")))?;
    Ok(writer)
}

pub(super) fn end<W: Write>(mut writer: Writer<W>) -> Result<()> {
    for name in ["body", "tmx"] {
        writer.write_event(Event::End(BytesEnd::new(name)))?;
    }
    let mut out = writer.into_inner();
    writeln!(out)?;
    out.flush()?;
    Ok(())
}

pub(super) fn write_unit<W: Write>(out: &mut Writer<W>, pair: &AlignedPair<'_>) -> Result<()> {
    let unit = BytesStart::new("tu").with_attributes([("srclang", pair.source.lang.as_str())]);
    out.write_event(Event::Start(unit))?;
    write_prop(out, "score", &rounded(pair.score).to_string())?;
    write_prop(out, "type", &pair.kind())?;
    if let Some(reason) = pair.rejected {
        write_prop(out, "rejected", reason.as_str())?;
    }
    for side in [&pair.source, &pair.target] {
        let variant = BytesStart::new("tuv").with_attributes([("xml:lang", side.lang.as_str())]);
        out.write_event(Event::Start(variant))?;
        write_prop(out, "document", side.document)?;
        write_prop(out, "sentences", &numbers(&side.sentences, ","))?;
        if side.span.is_some() {
            write_prop(out, "bytes", &place(side))?;
        }
        if let Some(url) = side.url {
            write_prop(out, "url", url)?;
        }
        write_text(out, BytesStart::new("seg"), side.text)?;
        out.write_event(Event::End(BytesEnd::new("tuv")))?;
    }
    out.write_event(Event::End(BytesEnd::new("tu")))?;
    Ok(())
}

fn write_prop<W: Write>(out: &mut Writer<W>, kind: &str, text: &str) -> Result<()> {
    write_text(out, BytesStart::new("prop").with_attributes([("type", kind)]), text)
}

fn write_text<W: Write>(out: &mut Writer<W>, element: BytesStart<'_>, text: &str) -> Result<()> {
    let end = element.to_end().into_owned();
    out.write_event(Event::Start(element))?;
    out.write_event(Event::Text(BytesText::new(&one_line(text))))?;
    out.write_event(Event::End(end))?;
    Ok(())
}
