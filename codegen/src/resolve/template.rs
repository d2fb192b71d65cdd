//! Texts with names in braces.

use super::{Resolver, names};
use crate::model::{Part, Ref, Template};
use crate::rules::e041_template;
use crate::source::Span;
use crate::yaml::At;

/// A mistake in a template: its bytes within the text, and what is wrong.
pub(super) struct Mistake {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) said: String,
    pub(super) help: Option<String>,
}

/// Reads a template; places are bytes within the text.
pub(super) fn parse(text: &str) -> Result<Vec<(Piece, usize, usize)>, Mistake> {
    let mut pieces: Vec<(Piece, usize, usize)> = Vec::new();
    let mut plain = String::new();
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '{' | '}' if chars.peek().is_some_and(|(_, n)| *n == c) => {
                chars.next();
                plain.push(c);
            }
            '}' => {
                let said = "a `}` without its `{`; a literal one is doubled: `}}`".to_owned();
                return Err(Mistake { start: at, end: at + 1, said, help: None });
            }
            '{' => {
                let mut inner = String::new();
                let end = loop {
                    match chars.next() {
                        Some((i, '}')) => break i + 1,
                        Some((_, c)) if c != '{' => inner.push(c),
                        _ => {
                            let said = "a `{` without its `}`; a literal one is doubled: `{{`".to_owned();
                            return Err(Mistake { start: at, end: at + 1, said, help: None });
                        }
                    }
                };
                let Some(found) = reference(&inner) else {
                    let said = format!("`{inner}` is no name; between braces stands a name such as `{{id}}`");
                    return Err(Mistake { start: at, end, said, help: None });
                };
                if plain.ends_with('$') {
                    let help = Some(format!("write `{{{inner}}}` without the `$`"));
                    let said = format!("`${{{inner}}}` is another tool's form; did you mean `{{{inner}}}`?");
                    return Err(Mistake { start: at.saturating_sub(1), end, said, help });
                }
                if !plain.is_empty() {
                    pieces.push((Piece::Text(std::mem::take(&mut plain)), 0, 0));
                }
                pieces.push((Piece::Ref(found), at, end));
            }
            c => plain.push(c),
        }
    }
    if !plain.is_empty() {
        pieces.push((Piece::Text(plain), 0, 0));
    }
    Ok(pieces)
}

/// A piece of a template before its place is known.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Text(String),
    Ref(Ref),
}

/// What a name in braces stands for, by its form alone.
fn reference(name: &str) -> Option<Ref> {
    Some(match name {
        "event" => Ref::Event,
        "id" => Ref::Id,
        "time" => Ref::Time,
        "actor" => Ref::Actor,
        "object" => Ref::Object,
        "tenant" => Ref::Tenant,
        "target" => Ref::Target,
        "user" => Ref::User,
        "now" => Ref::Now,
        _ => {
            if let Some(part) = name.strip_prefix("path.") {
                return word(part).then(|| Ref::Path(part.to_owned()));
            }
            if let Some(part) = name.strip_prefix("header.") {
                let right =
                    !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
                return right.then(|| Ref::Header(part.to_owned()));
            }
            return word(name).then(|| Ref::Field(name.to_owned()));
        }
    })
}

/// Whether a text has the form of a field's name.
fn word(text: &str) -> bool {
    text.len() <= names::LONGEST_NAME
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

impl Resolver<'_> {
    /// A text with names in braces; the text as it stands where it cannot be read, which was reported.
    pub(super) fn template(&mut self, at: &At<String>) -> Template {
        let text = at.value.as_deref().unwrap_or_default();
        match parse(text) {
            Ok(pieces) => {
                let doubled = pieces.iter().all(|(p, ..)| matches!(p, Piece::Text(_))) && text.contains("{{");
                if doubled
                    && let Some(name) = text.split_once("{{").and_then(|(_, r)| r.split_once("}}")).map(|(n, _)| n)
                    && reference(name.trim()).is_some()
                {
                    self.report(e041_template::doubled(at.span, name.trim()));
                }
                let parts = pieces
                    .into_iter()
                    .map(|(piece, start, end)| match piece {
                        Piece::Text(t) => Part::Text(t),
                        Piece::Ref(r) => Part::Ref(r, self.within(at, start, end)),
                    })
                    .collect();
                Template { parts, span: at.span }
            }
            Err(mistake) => {
                let span = self.within(at, mistake.start, mistake.end);
                self.report(e041_template::diagnostic(span, &mistake.said, mistake.help));
                Template { parts: vec![Part::Text(text.to_owned())], span: at.span }
            }
        }
    }

    /// The place of a part of a scalar: exact where the scalar stands in the file as it is read (plain, or
    /// quoted without escapes), or else the whole scalar.
    fn within(&self, at: &At<String>, start: usize, end: usize) -> Span {
        let length = at.value.as_ref().map_or(0, String::len);
        let wide = (at.span.end - at.span.start) as usize;
        let quote = match wide.checked_sub(length) {
            Some(0) => 0,
            Some(2) => 1,
            _ => return at.span,
        };
        let place = |i: usize| at.span.start + u32::try_from(quote + i).unwrap_or(0);
        Span::new(at.span.file, place(start), place(end))
    }
}

#[cfg(test)]
mod tests {
    use super::{Piece, parse};
    use crate::model::Ref;

    fn pieces(text: &str) -> Vec<Piece> {
        parse(text).map(|p| p.into_iter().map(|(p, ..)| p).collect()).unwrap_or_else(|m| panic!("{}", m.said))
    }

    #[test]
    fn names_stand_between_braces() {
        let found = pieces("{target}/{event}");
        assert_eq!(found, [Piece::Ref(Ref::Target), Piece::Text("/".into()), Piece::Ref(Ref::Event)]);
    }

    #[test]
    fn a_doubled_brace_is_a_literal_one() {
        assert_eq!(pieces("a {{b}} c"), [Piece::Text("a {b} c".into())]);
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for wrong in ["{", "}", "{}", "{a b}", "{A}", "${title}", "{a{b}}", "{path.}", "{header.x y}"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
