//! What the parser's refusals mean, in words for the person who wrote the file.

use super::builder::{Builder, alias, too_deep};
use super::{Place, Stop};
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::yaml::codes;
use crate::yaml::de::short;
use crate::yaml::text::{offset, quote_it};

/// Explains where the parser stopped.
pub(super) fn explain(place: &Place<'_>, builder: &Builder<'_>, info: &str) -> Stop {
    if info.contains("recursion limit") {
        return too_deep(place.point()).into();
    }
    if info.contains("tab") && (info.contains("tabs") || info.contains("a tab") || info.starts_with("tab")) {
        return tab(place).into();
    }
    if info.contains("unknown anchor") {
        let value = place.value_from(place.at, builder);
        return Stop { why: alias(value), value: Some(value) };
    }
    if info.starts_with("unexpected character") {
        let value = place.value_from(place.at, builder);
        return Stop { why: reserved_character(place, value), value: Some(value) };
    }
    colon_in_text(place, builder)
        .or_else(|| unquoted_braces(place, builder))
        .unwrap_or_else(|| other(place, builder, info).into())
}

/// `about: Orders: placed`: the parser stands at the second colon, right after the value `Orders`.
fn colon_in_text(place: &Place<'_>, builder: &Builder<'_>) -> Option<Stop> {
    let (last, is_collection) = builder.last();
    let text = place.source.get(last.start as usize..place.at)?;
    let after_text =
        last.end as usize == place.at && !is_collection && !text.contains('\n') && !text.starts_with(['"', '\'']);
    if !(place.rest().starts_with(':') && after_text) {
        return None;
    }
    let value = place.value_from(last.start as usize, builder);
    if let Some(why) = builder.innermost_flow().and_then(|_| missing_comma(place, text, last.start as usize)) {
        return Some(Stop { why, value: Some(value) });
    }
    let why = Diagnostic::new(codes::COLON_IN_TEXT, value, "text with `: ` needs quotes")
        .label("the second colon makes a second key");
    Some(Stop { why: quote_it(why, place.text(value)), value: Some(value) })
}

/// `{ attempts: 7 backoff: 2s }`: a number, a duration or a switch is no beginning of a text.
fn missing_comma(place: &Place<'_>, text: &str, start: usize) -> Option<Diagnostic> {
    let (value, key) = text.split_once(' ')?;
    let is_key = !key.is_empty() && key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    let is_value = value.starts_with(|c: char| c.is_ascii_digit()) || matches!(value, "true" | "false");
    if !(is_key && is_value) {
        return None;
    }
    let whole = place.span(start, start + text.len());
    let why = Diagnostic::new(codes::SYNTAX, whole, format!("expected `,` before `{key}`"));
    Some(why.help(format!("write `{value}, {key}:`")).replace_with(format!("{value}, {key}")))
}

/// A line that is no `key: value`, and that the parser has only found out about in the next one.
fn line_before(place: &Place<'_>) -> Option<Diagnostic> {
    let (start, line) = place.lines_back().find(|(_, line)| {
        let line = line.trim();
        !line.is_empty() && !line.starts_with('#')
    })?;
    let indent = line.len() - line.trim_start_matches(' ').len();
    let text = line.trim_matches(' ');
    let here = place.span(start + indent, start + indent + text.len());
    if let Some(at) = line.find(NO_BREAK_SPACE) {
        let span = place.span(start + at, start + at + NO_BREAK_SPACE.len_utf8());
        let said = "a no-break space (U+00A0) is no space in YAML";
        return Some(Diagnostic::new(codes::SYNTAX, span, said).help("write a plain space").replace_with(" "));
    }
    let is_key = |key: &str| !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    let (key, value) = text.split_once(':')?;
    let (trimmed, wrong) = (key.trim_end(), "a space is missing after");
    (is_key(trimmed) && !value.is_empty() && !value.starts_with(' ')).then(|| {
        let mended = format!("{trimmed}: {value}");
        Diagnostic::new(codes::SYNTAX, here, format!("{wrong} `{trimmed}:`"))
            .help(format!("write `{}`", short(&mended)))
            .replace_with(mended)
    })
}

/// What a word processor puts in the place of a space.
const NO_BREAK_SPACE: char = '\u{a0}';

/// `key: {target}/{event}`: the parser stands right after the map `{target}`.
fn unquoted_braces(place: &Place<'_>, builder: &Builder<'_>) -> Option<Stop> {
    let (last, is_collection) = builder.last();
    let between = place.source.get(last.end as usize..place.at)?;
    let begins = place.source.get(last.start as usize..).is_some_and(|text| text.starts_with('{'));
    let goes_on = !place.rest().trim_start_matches(' ').starts_with(['\n', '\r', '#', ':']) && !place.rest().is_empty();
    if !(is_collection && begins && goes_on && between.chars().all(|c| c == ' ')) {
        return None;
    }
    let value = place.value_from(last.start as usize, builder);
    let why = Diagnostic::new(codes::BRACES, value, "expected text, found a map and more text");
    Some(Stop { why: quote_it(why, place.text(value)), value: Some(value) })
}

fn tab(place: &Place<'_>) -> Diagnostic {
    let line_start = place.source.get(..place.at).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
    let from = |start: usize| place.source.get(start..).and_then(|text| text.find('\t')).map(|at| start + at);
    let at = from(line_start).unwrap_or(place.at);
    Diagnostic::new(codes::TAB, place.span(at, at + 1), "a tab is no indentation").help("indent with spaces")
}

fn reserved_character(place: &Place<'_>, value: Span) -> Diagnostic {
    let first = place.rest().chars().next().unwrap_or_default();
    let why = Diagnostic::new(codes::SYNTAX, value, format!("text cannot begin with `{first}`"));
    quote_it(why, place.text(value))
}

fn other(place: &Place<'_>, builder: &Builder<'_>, info: &str) -> Diagnostic {
    let wrong = |message: &str| Diagnostic::new(codes::SYNTAX, place.point(), message);
    let has = |part: &str| info.contains(part);
    if has("quoted scalar, found unexpected end")
        || has("found unexpected document indicator")
        || has("indentation in quoted")
    {
        return wrong("the quote that begins here is never closed");
    }
    if has("trailing content after") {
        return wrong("text goes on after its closing quote")
            .help("write `\\\"` for a quote inside double quotes, and `''` for one inside single quotes");
    }
    if has("unknown escape") || has("hexadecimal number") || has("escape code") {
        return wrong("an unknown escape after `\\` in this text")
            .help("write `\\\\` for a backslash, or use single quotes");
    }
    if let Some((open, bracket)) = builder.innermost_flow() {
        let (closing, what) = if bracket == '[' { (']', "list") } else { ('}', "map") };
        let misplaced = place.rest().starts_with([']', '}']) && !place.rest().starts_with(closing);
        if misplaced
            || has("expected ','")
            || has("misplaced bracket")
            || has("unexpected end")
            || has("indentation in flow")
            || has("illegal placement")
        {
            return wrong(&format!("expected `,` or `{closing}`"))
                .related(place.span(open, open + 1), format!("the {what} begins here"));
        }
    }
    let ran_ahead =
        has("mapping values are not allowed") || has("expected key") || has("invalid indentation") || has("simple key");
    if let Some(why) = ran_ahead.then(|| line_before(place)).flatten() {
        return why;
    }
    if has("mapping values are not allowed") || has("expected key") || has("invalid indentation") {
        return wrong("a key cannot stand here").help("align it with the other keys of its map");
    }
    if has("sequence entries are not allowed") || has("'-' indicator") {
        return wrong("a list and keys are mixed")
            .help("indent the list under its key, and begin each of its lines with `- `");
    }
    if has("simple key") {
        let line = place.lines_back().find(|(_, line)| !line.trim().is_empty());
        let here = line.map_or_else(
            || place.point(),
            |(start, line)| {
                let indent = line.len() - line.trim_start().len();
                place.span(start + indent, start + line.trim_end().len())
            },
        );
        return Diagnostic::new(codes::SYNTAX, here, "expected `key: value`")
            .help("quote text of more than one line, or begin it with `|`");
    }
    wrong(&format!("this is not YAML: {info}"))
}

/// How far a line that nobody closed is looked for.
const LINES_BACK: usize = 20;

impl Place<'_> {
    fn rest(&self) -> &str {
        self.source.get(self.at..).unwrap_or_default()
    }

    /// The lines before the one in which the parser stands, the last first; at the end of the file, that line too.
    fn lines_back(&self) -> impl Iterator<Item = (usize, &str)> {
        let to = match self.rest().trim().is_empty() {
            true => self.source.len(),
            false => self.source.get(..self.at).and_then(|before| before.rfind('\n')).unwrap_or(0),
        };
        let before = self.source.get(..to).unwrap_or_default();
        let mut end = before.len();
        before.rsplit('\n').take(LINES_BACK).map(move |line| {
            let start = end - line.len();
            end = start.saturating_sub(1);
            (start, line.trim_end_matches('\r'))
        })
    }

    fn text(&self, span: Span) -> &str {
        self.source.get(span.start as usize..span.end as usize).unwrap_or_default()
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.file, offset(start), offset(end.min(self.source.len())))
    }

    /// The character at which the parser stopped; at a colon, the key before it.
    fn point(&self) -> Span {
        let before = self.source.get(..self.at).unwrap_or_default();
        let key = before.len() - before.trim_end_matches(|c: char| !c.is_whitespace() && !"{}[],:".contains(c)).len();
        if self.rest().starts_with(':') && key > 0 {
            return self.span(self.at - key, self.at);
        }
        let at = self.at.min(self.source.trim_end().len());
        let length =
            self.source.get(at..).and_then(|rest| rest.chars().next()).filter(|c| *c != '\n').map_or(0, char::len_utf8);
        self.span(at, at + length)
    }

    /// The value that begins here, to where its writer meant it to end: the line's end or a comment, and
    /// between brackets a comma or the closing bracket.
    fn value_from(&self, start: usize, builder: &Builder<'_>) -> Span {
        // The scanner runs ahead of the events: a bracket of the same line may not have come through yet.
        let line = self.source.get(..start).and_then(|before| before.rsplit('\n').next()).unwrap_or_default();
        let open_in_line = line.matches(['[', '{']).count() > line.matches([']', '}']).count();
        let in_brackets = open_in_line || builder.innermost_flow().is_some_and(|(open, _)| open < start);
        let rest = self.source.get(start..).unwrap_or_default();
        let mut depth = 0usize;
        let mut after_space = false;
        let mut length = rest.len();
        for (at, c) in rest.char_indices() {
            match c {
                '\n' | '\r' => {}
                '#' if after_space => {}
                ',' if in_brackets && depth == 0 => {}
                '}' | ']' if in_brackets && depth == 0 => {}
                _ => {
                    match c {
                        '{' | '[' => depth += 1,
                        '}' | ']' => depth = depth.saturating_sub(1),
                        _ => {}
                    }
                    after_space = c == ' ';
                    continue;
                }
            }
            length = at;
            break;
        }
        let value = rest.get(..length).unwrap_or_default().trim_end();
        self.span(start, start + value.len())
    }
}
