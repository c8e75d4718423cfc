//! JSON Lines: one document a line.

use serde::Deserialize;
use serde_json::Value;

use crate::error::{Error, Result};
use crate::read::{Meta, Page, ReadOptions, plain};

/// A record as its file has it. Only `text` must be there, and must be a string.
#[derive(Deserialize)]
struct Record {
    text: String,
    lang: Option<Value>,
    url: Option<Value>,
    title: Option<Value>,
    date: Option<Value>,
    byline: Option<Value>,
    author: Option<Value>,
}

/// Whether the first line that is not blank is an object with a `text`.
pub(super) fn looks_like(text: &str) -> bool {
    let first = text.lines().map(trimmed).find(|line| !line.is_empty()).unwrap_or_default();
    first.starts_with('{')
        && matches!(serde_json::from_str(first), Ok(Value::Object(fields)) if fields.contains_key("text"))
}

/// One page a line; blank lines are none. A record's text is read as plain text is. `notes` are the file's
/// and go to each page.
pub(super) fn pages(name: &str, text: &str, how: &ReadOptions, notes: &[String]) -> Vec<Result<Page>> {
    let lines = text.split('\n').map(trimmed).enumerate().filter(|(_, line)| !line.is_empty());
    lines.map(|(i, line)| page(format!("{name}#{}", i + 1), line, how, notes.to_vec())).collect()
}

pub(super) fn page(name: String, line: &str, how: &ReadOptions, mut notes: Vec<String>) -> Result<Page> {
    let record: Record = serde_json::from_str(line).map_err(|cause| {
        // The parser saw one line only, so the line that it names is not the file's.
        let message = cause.to_string();
        let what = message.split(" at line ").next().unwrap_or_default();
        Error::input(name.clone(), format!("not a record with a text: {what} (column {})", cause.column()))
    })?;
    let stated = record.lang.and_then(spelled);
    let lang = stated.as_ref().and_then(|tag| tag.parse().ok());
    if let (Some(tag), None) = (stated, &lang) {
        notes.push(format!("the record's lang {tag:?} is no language tag; not used"));
    }
    let meta = Meta {
        title: record.title.and_then(spelled),
        byline: record.byline.or(record.author).and_then(spelled),
        date: record.date.and_then(spelled),
        url: record.url.and_then(spelled),
        notes,
    };
    Ok(Page { lang, ..plain(name, record.text, how, meta)? })
}

/// What a field says: a string, a number (a year, a time stamp) or a list of these.
fn spelled(value: Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.trim().to_string(),
        Value::Number(number) => number.to_string(),
        Value::Array(values) => values.into_iter().filter_map(spelled).collect::<Vec<_>>().join(", "),
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}

fn trimmed(line: &str) -> &str {
    line.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Result<Page>> {
        pages("f.jsonl", text, &ReadOptions::default(), &[])
    }

    #[test]
    fn fields_of_a_record_become_the_page() {
        let line = r#"{"text": "Ein Satz.\nEin zweiter Absatz.", "lang": "de-AT", "url": "https://example.org/1",
            "title": "Titel", "date": 2025, "author": ["A. Muster", "B. Probe"], "other": [1, {"x": null}]}"#;
        let page = read(&line.replace('\n', " ")).remove(0).unwrap();
        assert_eq!(page.name, "f.jsonl#1");
        assert_eq!(page.text, "Ein Satz.\n\nEin zweiter Absatz.");
        assert_eq!(page.lang.unwrap().as_str(), "de");
        assert_eq!(page.meta.title.as_deref(), Some("Titel"));
        assert_eq!(page.meta.date.as_deref(), Some("2025"));
        assert_eq!(page.meta.byline.as_deref(), Some("A. Muster, B. Probe"));
        assert_eq!(page.meta.url.as_deref(), Some("https://example.org/1"));
    }

    #[test]
    fn broken_records_leave_the_others_alone() {
        let text = "\u{feff}{\"text\": \"One.\"}\r\n\n{\"text\": 5}\n{\"txt\": \"\"}\n{broken\n{\"text\": \" \"}\n{\"text\": \"Two.\", \"lang\": \"klingon\"}";
        let pages = read(text);
        let texts: Vec<_> =
            pages.iter().filter_map(|page| page.as_ref().ok()).map(|page| &page.text[..]).collect();
        assert_eq!(texts, ["One.", "Two."]);
        let errors: Vec<_> =
            pages.iter().filter_map(|page| page.as_ref().err()).map(Error::to_string).collect();
        for (error, start) in errors.iter().zip([
            "f.jsonl#3: not a record with a text: invalid type",
            "f.jsonl#4: not a record with a text: missing field `text`",
            "f.jsonl#5: not a record with a text: key must be a string",
            "f.jsonl#6: holds no text",
        ]) {
            assert!(error.starts_with(start), "{error}");
        }
        assert_eq!(errors.len(), 4);
        assert_eq!(pages[5].as_ref().unwrap().meta.notes.len(), 1);
    }

    #[test]
    fn deep_nesting_is_an_error() {
        let deep = format!("{{\"text\": \"a\", \"x\": {}", "[".repeat(100_000));
        assert!(read(&deep)[0].is_err());
    }
}
