//! `diptych search`: a bilingual concordance.

use std::io::{self, IsTerminal, Write};
use std::ops::Range;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use diptych::{ExportFormat, Exporter, Hit, HitSide, Span, Store};

use super::output::Output;
use super::{Global, Outcome, note};

/// Find words and phrases in the sentence pairs of a store, in both languages
#[derive(Args)]
#[command(after_help = "Examples:\n  \
    diptych search --store corpus.db Hafen\n  \
    diptych search --store corpus.db '\"frische Luft\"'    a phrase\n  \
    diptych search --store corpus.db 'Haus* house'       any ending; both languages\n  \
    diptych search --store corpus.db Hafen --format tsv  the columns of export\n\n\
    Every word must be there, on either side; case and accents make no difference.\n\
    Best first; pairs that `diptych filter` rejected are marked. Exit code 1 where nothing is found.")]
pub struct SearchArgs {
    /// The store, as made by `diptych align --store`
    #[arg(long, value_name = "FILE")]
    store: PathBuf,
    /// Words; "a phrase" in double quotes; * at the end of a word for any ending
    #[arg(required = true)]
    query: Vec<String>,
    /// Show at most this many pairs
    #[arg(short = 'n', long, value_name = "N", default_value_t = 20)]
    limit: usize,
    /// Format of the output
    #[arg(short, long, value_enum, default_value_t = SearchFormat::Text)]
    format: SearchFormat,
}

#[derive(Clone, Copy, ValueEnum)]
enum SearchFormat {
    Text,
    Tsv,
    Jsonl,
}

/// Runs the command.
pub fn run(args: &SearchArgs, global: &Global) -> anyhow::Result<Outcome> {
    let query = args.query.join(" ");
    let store = Store::open_existing(&args.store)?;
    // One more than asked for tells whether there are more.
    let mut hits = store.search(&query, args.limit.saturating_add(1))?;
    let more = hits.len() > args.limit;
    hits.truncate(args.limit);
    let mut out = Output::standard();
    match args.format {
        SearchFormat::Text => print(&mut out, &hits, is_coloured())?,
        SearchFormat::Tsv => export(&mut out, &hits, ExportFormat::Tsv)?,
        SearchFormat::Jsonl => export(&mut out, &hits, ExportFormat::Jsonl)?,
    }
    out.flush()?;
    if hits.is_empty() {
        note(global, format_args!("nothing found for {query}"));
        return Ok(Outcome::No);
    }
    if more {
        note(global, format_args!("there are more than these {}; --limit shows more", args.limit));
    }
    Ok(Outcome::Done)
}

fn export(out: &mut dyn Write, hits: &[Hit], format: ExportFormat) -> diptych::Result<()> {
    let mut exporter = Exporter::new(out, format, None)?;
    hits.iter().try_for_each(|hit| exporter.write(&hit.pair()))?;
    exporter.finish()
}

/// As <https://no-color.org> has it.
fn is_coloured() -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    io::stdout().is_terminal()
        && !is_set("NO_COLOR")
        && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

fn print(out: &mut dyn Write, hits: &[Hit], coloured: bool) -> io::Result<()> {
    let (faint, bold, plain) = if coloured { ("\x1b[2m", "\x1b[1;33m", "\x1b[0m") } else { ("", "", "") };
    for (i, hit) in hits.iter().enumerate() {
        if i > 0 {
            writeln!(out)?;
        }
        let [source, target] = [&hit.source, &hit.target].map(place);
        let rejected = hit.rejected.map_or(String::new(), |reason| format!("  rejected: {reason}"));
        writeln!(out, "{faint}{source} = {target}  {} {:.2}{rejected}{plain}", hit.pair().kind(), hit.score)?;
        for side in [&hit.source, &hit.target] {
            write!(out, "  {faint}{}{plain}  ", side.lang)?;
            for (text, found) in pieces(&side.text, &side.matches) {
                // A line end, or a control sequence that would act on the terminal, is a blank here.
                let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
                if found {
                    write!(out, "{bold}{text}{plain}")?;
                } else {
                    write!(out, "{text}")?;
                }
            }
            writeln!(out)?;
        }
    }
    Ok(())
}

/// `artikel.txt:12` or `artikel.txt:12-13`, sentences from 1 as people count.
fn place(side: &HitSide) -> String {
    let name = diptych::one_line(&side.document);
    match side.sentences {
        Range { start, end } if end > start + 1 => format!("{name}:{}-{end}", start + 1),
        Range { start, .. } => format!("{name}:{}", start + 1),
    }
}

/// `text` in pieces, with those that are matches told apart.
fn pieces<'a>(text: &'a str, matches: &[Span]) -> Vec<(&'a str, bool)> {
    let (mut pieces, mut at) = (Vec::new(), 0);
    for span in matches {
        pieces.push((&text[at..span.start], false));
        pieces.push((span.of(text), true));
        at = span.end;
    }
    pieces.push((&text[at..], false));
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use diptych::Reason;

    #[test]
    fn what_was_found_is_marked_in_colour_only() {
        let side = |text: &str, lang: &str, matches: &[Span]| HitSide {
            document: "a.de".into(),
            lang: lang.parse().unwrap(),
            url: None,
            sentences: 0..1,
            span: Span { start: 0, end: text.len() },
            text: text.into(),
            matches: matches.into(),
        };
        let found = [Span { start: 4, end: 9 }, Span { start: 10, end: 12 }];
        let source = side("Der Hafen zu\u{1b}[2J", "de", &found);
        let hits =
            [Hit { source, target: side("Shut.", "en", &[]), score: 0.875, rejected: Some(Reason::Length) }];
        for (coloured, expected) in [
            (false, "a.de:1 = a.de:1  1-1 0.88  rejected: length\n  de  Der Hafen zu [2J\n  en  Shut.\n"),
            (
                true,
                "<2>a.de:1 = a.de:1  1-1 0.88  rejected: length<0>\n  <2>de<0>  Der <1;33>Hafen<0> <1;33>zu<0> [2J\n  <2>en<0>  Shut.\n",
            ),
        ] {
            let mut out = Vec::new();
            print(&mut out, &hits, coloured).unwrap();
            let expected = expected.replace('<', "\u{1b}[").replace('>', "m");
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }
}
