//! From text to a tree.
//!
//! In: the text of one file. Out: its [`Node`], or none where it is not YAML at all. Guaranteed of the tree: it is
//! at most [`DEPTH`] deep and has at most [`NODES`] values; every key is a scalar; no map has a key twice; no
//! alias, tag or merge key is left in it.
//!
//! The scanner looks ahead over a whole list or map in braces before its first event, so the entries are counted in
//! the text before it runs: that bounds its memory.

mod builder;
mod offsets;
mod syntax;
mod traps;

use std::borrow::Cow;

use saphyr_parser::{Event, Parser};

use super::codes;
use super::text::{self, BYTES, MOST, offset};
use super::tree::Node;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::{FileId, Span};
use builder::Builder;
use offsets::Offsets;

/// The most levels of lists and maps.
pub const DEPTH: usize = 64;

/// The most values and keys of a file; a hundred copies of a flow of 110 lines have about 60,000.
pub const NODES: usize = 200_000;

/// Reads one file. A value that breaks YAML's syntax in a way that newcomers do (`about: Orders: placed`,
/// `key: {target}/{event}`) is reported and skipped, and the rest is read. Every mistake is pushed into `out`; none is returned only where nothing can be said of the file
/// as a whole.
pub fn read(file: FileId, source: &str, out: &mut Diagnostics) -> Option<Node> {
    let start = Span::new(file, 0, 0);
    if source.len() > BYTES {
        out.push(text::too_large(start, source.len()));
        return None;
    }
    if text::refuse_control(file, source, out) || text::refuse_mark(file, source, out) {
        return None;
    }
    if source.bytes().filter(|b| matches!(b, b',' | b'[' | b'{')).count() > NODES {
        out.push(too_many(start));
        return None;
    }
    let mut text = Cow::Borrowed(source);
    let mut masked = Vec::new();
    loop {
        let mut found = Diagnostics::default();
        let stop = match events(file, &text, &masked, &mut found) {
            Ok(mut root) => {
                traps::check(file, &text, &mut root, &mut found);
                out.extend(found);
                return Some(root);
            }
            Err(stop) => *stop,
        };
        // What stands in an overwritten value has been reported in its own words.
        let place = stop.why.span.start;
        let reported = masked.iter().any(|mask: &Span| (mask.start..mask.end).contains(&place));
        if !reported {
            out.push(stop.why);
        }
        let again = masked.len() < MOST && source.len() * (masked.len() + 1) <= 2 * BYTES;
        match stop.value.and_then(|value| Some((value, mask(&text, value)?))) {
            Some((value, overwritten)) if again && !reported => {
                masked.push(value);
                text = Cow::Owned(overwritten);
            }
            _ => {
                out.extend(found);
                return None;
            }
        }
    }
}

/// Why the parser could not go on.
struct Stop {
    why: Diagnostic,
    /// The value that was written wrongly, where the rest can be read without it.
    value: Option<Span>,
}

impl From<Diagnostic> for Stop {
    fn from(why: Diagnostic) -> Self {
        Self { why, value: None }
    }
}

/// The text with a value overwritten by as many bytes of a word, so that all places stay.
fn mask(text: &str, value: Span) -> Option<String> {
    let (start, end) = (value.start as usize, value.end as usize);
    (start < end).then_some(())?;
    Some([text.get(..start)?, &"_".repeat(end - start), text.get(end..)?].concat())
}

fn events(file: FileId, source: &str, masked: &[Span], out: &mut Diagnostics) -> Result<Node, Box<Stop>> {
    let offsets = Offsets::of(source);
    let mut builder = Builder::new(file, source, masked);
    let mut documents = 0;
    for event in Parser::new_from_str(source) {
        let (event, span) = match event {
            Ok((event, span)) => (event, (offsets.byte(span.start.index()), offsets.byte(span.end.index()))),
            Err(error) => {
                let at = offsets.byte(error.marker().index());
                return Err(syntax::explain(&Place { file, source, at }, &builder, error.info()).into());
            }
        };
        if let Event::DocumentStart(_) = event {
            documents += 1;
            if documents > 1 {
                let here = Span::new(file, offset(span.0), offset(span.1));
                let message = "a second document begins here; a file has one";
                out.push(Diagnostic::new(codes::DOCUMENTS, here, message).help("move it into a file of its own"));
                break;
            }
        }
        builder.take(event, span, out);
        if let Some(fatal) = builder.over_limit(span.0) {
            return Err(Stop::from(fatal).into());
        }
    }
    if let Some(line) = source.lines().next().filter(|line| line.starts_with('%')) {
        let here = Span::new(file, 0, offset(line.len()));
        out.push(Diagnostic::new(codes::DOCUMENTS, here, "a directive is not part of the language").help("delete it"));
    }
    builder.finish().ok_or_else(|| {
        let empty = Diagnostic::new(codes::EMPTY, Span::new(file, 0, 0), "the file is empty")
            .help("a flow begins with `eventloom: 1` and with `flow:` and its name");
        Box::new(Stop::from(empty))
    })
}

/// A place in a text.
struct Place<'a> {
    file: FileId,
    source: &'a str,
    at: usize,
}

fn too_many(span: Span) -> Diagnostic {
    Diagnostic::new(codes::TOO_LARGE, span, format!("the file has more than {NODES} values"))
        .help("split it with `include:`")
}

/// Counts what is reported at most [`MOST`] times in a file.
#[derive(Debug, Default)]
struct Budget(usize);

impl Budget {
    fn spend(&mut self) -> bool {
        self.0 += 1;
        self.0 <= MOST
    }
}

#[cfg(test)]
mod tests;
