//! Laws of splitting, on any text.

use diptych::{Lang, Span, Split, split};
use proptest::prelude::*;

/// Text in which marks, quotes, abbreviations and line ends are common, and any character may stand.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => prop::sample::select(vec![
            ".", "...", "…", "!", "?", "。", "．", "\"", "“", "”", "„", "»", "«", "'", "(", ")", "[1]", "-", "•", " ",
            " ", "\u{a0}", "\n", "\r\n", "\u{2028}", "z. B.", "U.S.", "20.", "XIV.", "Dr.", "usw.", "5", "Das", "das",
            "Jahrhundert", "'s", "「", "」", "！", "（", "｡", "……", "你好", "はい", "가다", "说", ";", "ა", "\u{301}", "\u{200b}", "ﬁ", "ǅ",
        ]).prop_map(String::from),
        1 => "\\PC{0,6}",
        1 => any::<String>(),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

fn lang() -> impl Strategy<Value = Lang> {
    prop::sample::select(vec!["de", "en", "fr", "pt", "es", "it", "nl", "el", "ru", "ja", "zh", "ko", "xx"])
        .prop_map(|tag| tag.parse().expect("a tag"))
}

/// Ordered and disjoint, on character boundaries, trimmed, with only white space outside.
fn covers(text: &str, spans: &[Span]) -> Result<(), TestCaseError> {
    let mut end = 0;
    for span in spans {
        prop_assert!(end <= span.start && span.start <= span.end);
        prop_assert!(text[end..span.start].trim().is_empty(), "lost {:?}", &text[end..span.start]);
        prop_assert_eq!(span.of(text), span.of(text).trim());
        end = span.end;
    }
    prop_assert!(text[end..].trim().is_empty(), "lost {:?}", &text[end..]);
    Ok(())
}

proptest! {
    #[test]
    fn sentences_cover_the_text(text in text(), lang in lang()) {
        let spans = split(&text, &lang, Split::Sentences);
        covers(&text, &spans)?;
        prop_assert!(spans.iter().all(|span| span.start < span.end && !span.of(&text).contains('\n')));
        prop_assert_eq!(spans, split(&text, &lang, Split::Sentences));
    }

    #[test]
    fn lines_are_as_many_as_the_text_has(text in text()) {
        let spans = split(&text, &Lang::english(), Split::Lines);
        covers(&text, &spans)?;
        prop_assert_eq!(spans.len(), text.lines().count());
        for (span, line) in spans.iter().zip(text.lines()) {
            prop_assert_eq!(span.of(&text), line.trim());
        }
    }

    /// A paragraph is split the same way wherever it stands.
    #[test]
    fn lines_do_not_influence_each_other(first in text(), second in text(), lang in lang()) {
        let count = |text: &str| split(text, &lang, Split::Sentences).len();
        prop_assert_eq!(count(&format!("{first}\n{second}")), count(&first) + count(&second));
    }
}
