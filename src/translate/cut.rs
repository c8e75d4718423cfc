//! Sentences that are longer than a model's window: cut at clause boundaries before translation, joined after
//! it. Both engines use it; what fits is theirs to say.

use std::ops::Range;

use super::has_letters;

/// A stretch of a sentence that fits the window, or one that has to pass through as it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Part<'a> {
    pub text: &'a str,
    /// It has letters, and it is no blob (a data URL, a row of dashes) that cannot be cut.
    pub is_language: bool,
}

/// Translates `sentences`, those that do not fit in parts. `translate` gets the parts of all of them at once
/// and answers each.
pub fn translate_in_parts<E>(
    sentences: &[&str],
    fits: &dyn Fn(&str) -> bool,
    translate: impl FnOnce(&[&str]) -> Result<Vec<String>, E>,
) -> Result<Vec<String>, E> {
    let mut parts: Vec<Part> = Vec::new();
    let ranges: Vec<Range<usize>> = sentences
        .iter()
        .map(|sentence| {
            let first = parts.len();
            cut(sentence, fits, &mut parts);
            first..parts.len()
        })
        .collect();
    let words: Vec<&str> = parts.iter().filter(|part| part.is_language).map(|part| part.text).collect();
    let mut translated = if words.is_empty() { Vec::new() } else { translate(&words)? }.into_iter();
    let outputs: Vec<String> = parts
        .iter()
        .map(|part| match part.is_language {
            true => translated.next().expect("the engine answers each sentence"),
            false => part.text.to_string(),
        })
        .collect();
    Ok(ranges.into_iter().map(|range| join(&parts[range.clone()], &outputs[range])).collect())
}

/// Cuts `text` into parts that fit, at the strongest boundary near the middle, and pushes them trimmed.
fn cut<'a>(text: &'a str, fits: &dyn Fn(&str) -> bool, parts: &mut Vec<Part<'a>>) {
    // Explicit stack: a text of many megabytes without a boundary must not overflow the real one.
    let mut open = vec![text.trim()];
    while let Some(text) = open.pop() {
        let fit = fits(text);
        match boundary(text) {
            Some(at) if !fit => {
                open.push(text[at..].trim_start());
                open.push(text[..at].trim_end());
            }
            _ => parts.push(Part { text, is_language: fit && has_letters(text) }),
        }
    }
}

/// Where to cut a long text, in the middle half of it where something is there: the byte behind a clause mark,
/// else a blank, else between two characters of a script without blanks; `None` where nothing of that is.
fn boundary(text: &str) -> Option<usize> {
    let (middle, quarter) = (text.len() / 2, text.len() / 4);
    let mut best: Option<(i32, usize, usize)> = None;
    let mut before = None;
    for (at, c) in text.char_indices() {
        let distance = at.abs_diff(middle);
        let strength = match before.map_or(0, |before| strength(before, c)) {
            strength if distance <= quarter => strength,
            // Near an end a blank is as good as any other; without blanks a mark is still better than none.
            mark if mark > 3 && !c.is_whitespace() => 3,
            strength => strength.min(1),
        };
        before = Some(c);
        if strength == 0 {
            continue;
        }
        let candidate = (-strength, distance, at);
        if best.is_none_or(|found| candidate < found) {
            best = Some(candidate);
        }
    }
    best.map(|(_, _, at)| at)
}

/// How good a place between two characters is for a cut; 0 is none.
fn strength(before: char, after: char) -> i32 {
    if after.is_whitespace() {
        return match before {
            '.' | '!' | '?' | ';' | ':' | '。' | '！' | '？' | '；' | '：' => 6,
            '–' | '—' => 5,
            ',' | '，' | '、' => 4,
            _ => 3,
        };
    }
    // No blank follows the marks of Chinese and Japanese, but a closing quote or bracket may.
    if !after.is_alphanumeric() && !matches!(after, '「' | '『' | '（' | '《' | '“') {
        return 0;
    }
    match before {
        '。' | '！' | '？' | '；' | '：' => 6,
        '，' | '、' => 4,
        // Between words of Japanese as often as not: particles are hiragana, most nouns are not.
        'ぁ'..='ゟ' if !matches!(after, 'ぁ'..='ゟ') => 2,
        before if is_unspaced(before) => 1,
        _ => 0,
    }
}

/// Letters of scripts that are written without blanks, or, Hangul, can be.
fn is_unspaced(c: char) -> bool {
    matches!(c, 'ぁ'..='ゟ' | 'ァ'..='ヺ' | '一'..='鿿' | '㐀'..='䶿' | '가'..='힣' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3134f}')
}

/// Joins the translated parts of a sentence. A part is translated as if it were a sentence, with a capital and
/// a stop; inside the sentence neither belongs there unless the source has it so, but its own mark does.
fn join(parts: &[Part], outputs: &[String]) -> String {
    let last = parts.len().saturating_sub(1);
    let mut joined = String::new();
    for (i, (part, output)) in parts.iter().zip(outputs).enumerate() {
        let mut output = output.trim();
        let mark = part.text.chars().next_back().and_then(clause_mark).filter(|_| i < last);
        if i < last && !part.text.ends_with(['.', '。']) {
            output = output.trim_end_matches(['.', ',', ';', ':']);
        }
        let lower = i > 0 && part.text.starts_with(char::is_lowercase) && !output.starts_with("I ");
        let mut chars = output.chars();
        let first = chars.next().filter(|_| lower);
        joined.push_str(if i > 0 { " " } else { "" });
        match first {
            Some(first) => joined.extend(first.to_lowercase().chain(chars)),
            None => joined.push_str(output),
        }
        joined.extend(mark);
    }
    joined
}

/// The English form of a mark that stands within a sentence.
fn clause_mark(c: char) -> Option<char> {
    match c {
        ',' | ';' | ':' | '–' | '—' => Some(c),
        '，' | '、' => Some(','),
        '；' => Some(';'),
        '：' => Some(':'),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str, longest: usize) -> Vec<&str> {
        let mut parts = Vec::new();
        cut(text, &|part| part.len() <= longest, &mut parts);
        parts.iter().map(|part| part.text).collect()
    }

    #[test]
    fn long_sentences_are_cut_at_clauses_and_nothing_is_lost() {
        let text =
            "Als der Regen kam, gingen alle nach Hause; nur der Wirt blieb, denn er hatte noch zu tun.";
        assert_eq!(parts(text, 200), [text]);
        assert_eq!(
            parts(text, 60),
            ["Als der Regen kam, gingen alle nach Hause;", "nur der Wirt blieb, denn er hatte noch zu tun."]
        );
        assert_eq!(parts(text, 10).join(" "), text);
        assert_eq!(parts("einwortohneende", 5), ["einwortohneende"]);
        assert_eq!(parts("", 5), [""]);
    }

    #[test]
    fn parts_join_to_one_sentence() {
        let join = |parts: &[&str], outputs: &[&str]| {
            let parts: Vec<Part> = parts.iter().map(|&text| Part { text, is_language: true }).collect();
            join(&parts, &outputs.iter().map(|output| output.to_string()).collect::<Vec<_>>())
        };
        assert_eq!(
            join(
                &["Als der Regen kam, gingen alle;", "nur der Wirt blieb."],
                &["When the rain came, everybody left.", "Only the host stayed."]
            ),
            "When the rain came, everybody left; only the host stayed."
        );
        assert_eq!(join(&["Es ist 12 Uhr.", "Gut."], &["It is 12.", "Good."]), "It is 12. Good.");
        assert_eq!(
            join(&["雨下得很大，", "大家都回家了。"], &["It rained hard.", "everybody went home."]),
            "It rained hard, everybody went home."
        );
        assert_eq!(join(&["x"], &[" y "]), "y");
        assert_eq!(join(&[], &[]), "");
    }

    #[test]
    fn scripts_without_blanks_are_cut_at_their_marks_or_anywhere() {
        let text = "因为昨天下了很大的雨，河里的水涨得很高；村里的人都搬到山上去了，只有船夫留下来看船。";
        assert_eq!(
            parts(text, 75),
            ["因为昨天下了很大的雨，河里的水涨得很高；", "村里的人都搬到山上去了，只有船夫留下来看船。"]
        );
        assert_eq!(
            parts(text, 45),
            [
                "因为昨天下了很大的雨，",
                "河里的水涨得很高；",
                "村里的人都搬到山上去了，",
                "只有船夫留下来看船。"
            ]
        );
        let japanese = "雨が降ったので、村の人はみんな「山へ行こう」と言って、舟だけが残った。";
        assert_eq!(
            parts(japanese, 60),
            ["雨が降ったので、", "村の人はみんな「山へ行こう」と言って、", "舟だけが残った。"]
        );
        for (text, longest) in [("山".repeat(500), 40), ("そら".repeat(300), 31), (text.repeat(9), 50)] {
            let parts = parts(&text, longest);
            assert_eq!(parts.concat(), text);
            assert!(parts.iter().all(|part| part.len() <= longest && !part.is_empty()));
        }
        assert_eq!(parts("雨2024年ABCDEFGHIJKL山", 12), ["雨2024年", "ABCDEFGHIJKL山"]);
    }

    #[test]
    fn blobs_and_numbers_are_not_given_to_the_model() {
        let mut parts = Vec::new();
        let blob = "a".repeat(5000);
        let text = format!("Das Bild {blob} ist 12:30");
        cut(&text, &|part| part.len() < 100, &mut parts);
        let language: Vec<&str> =
            parts.iter().filter(|part| part.is_language).map(|part| part.text).collect();
        assert_eq!(language, ["Das Bild", "ist 12:30"]);
        assert_eq!(parts.len(), 3);
    }
}
