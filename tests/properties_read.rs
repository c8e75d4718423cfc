//! Laws of reading: whatever the bytes, the result is clean text or an error; line numbers stay true.

use std::path::Path;

use diptych::{InputFormat, Page, ReadOptions, read};
use proptest::prelude::*;
use unicode_normalization::is_nfc;

fn pages(dir: &Path, bytes: &[u8], how: &ReadOptions) -> Vec<Page> {
    let path = dir.join("f");
    std::fs::write(&path, bytes).unwrap();
    read(&path, how).map(|pages| pages.into_iter().flatten().collect()).unwrap_or_default()
}

fn formats() -> impl Strategy<Value = Option<InputFormat>> {
    prop::sample::select(vec![
        None,
        Some(InputFormat::Text),
        Some(InputFormat::Html),
        Some(InputFormat::JsonLines),
    ])
}

/// Texts that look like something: markup, saved pages, wrapped lines, odd characters.
fn texts() -> impl Strategy<Value = String> {
    let parts = vec![
        "<p>",
        "</p>",
        "<b",
        ">",
        "<div class='x'>",
        "</div>",
        "<!--",
        "-->",
        "&amp;",
        "&#x41;",
        "<br>",
        "<script>",
        "</script>",
        "<table>",
        "<td>",
        "<svg><path/>",
        "<script type='application/ld+json'>",
        "{\"@context\": \"https://schema.org\", \"@type\": \"NewsArticle\", \"headline\": \"",
        "[{",
        "\": [",
        "\\",
        "\"author\": {\"name\": \"",
        "<meta property='og:title' content='",
        "<h1>",
        "<base href='http://",
        "<img srcset='a 1x,",
        "<a href='javascript:",
        "\n",
        "\n\n",
        "\r\n",
        "\r",
        " ",
        "\t",
        "Wort",
        "ein Satz, der endet.",
        "Teilen",
        "Mehr zum Thema",
        "02:26",
        "Foto: Ann Lee/dpa",
        "14. März 2025",
        "Silben-\n",
        "e\u{301}",
        "\u{ad}",
        "\u{200b}",
        "\u{2028}",
        "\u{c}",
        "\u{a0}",
        "{\"text\": \"",
        "\"}",
        "„Zitat“",
        "©",
        "(dpa)",
        ":",
        "\u{fffe}",
        "ß",
        "한국",
        "\0",
    ];
    prop::collection::vec(prop::sample::select(parts), 0..40).prop_map(|parts| parts.concat())
}

fn is_clean(page: &Page) -> bool {
    is_nfc(&page.text)
        && !page.text.trim().is_empty()
        && !page.text.chars().any(|c| c.is_control() && c != '\n' && c != '\t')
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_give_clean_text_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200), format in formats()) {
        let dir = tempfile::tempdir().unwrap();
        for page in pages(dir.path(), &bytes, &ReadOptions { format, ..ReadOptions::default() }) {
            prop_assert!(is_clean(&page), "{page:?}");
        }
    }

    #[test]
    fn any_text_gives_clean_blocks(text in texts(), format in formats(), keep_boilerplate: bool) {
        let dir = tempfile::tempdir().unwrap();
        for page in pages(dir.path(), text.as_bytes(), &ReadOptions { format, keep_boilerplate, ..ReadOptions::default() }) {
            prop_assert!(is_clean(&page), "{page:?}");
            prop_assert!(page.text.split("\n\n").all(|block| !block.is_empty() && !block.contains('\n')), "{page:?}");
        }
    }

    #[test]
    fn lines_mode_keeps_the_number_of_lines(text in texts(), utf16: bool) {
        let dir = tempfile::tempdir().unwrap();
        let bytes = if utf16 {
            "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
        } else {
            text.clone().into_bytes()
        };
        let how = ReadOptions { lines: true, format: Some(InputFormat::Text), ..ReadOptions::default() };
        let expected = text.replace("\r\n", "\n").replace('\r', "\n").split('\n').count();
        for page in pages(dir.path(), &bytes, &how) {
            prop_assert_eq!(page.text.split('\n').count(), expected);
            prop_assert!(is_clean(&page));
        }
    }
}
