//! Trees and templates as JSON text.
//!
//! Guaranteed: two spaces a level, keys in the order of the tree, numbers as written, UTF-8 unescaped. A
//! list or a map that fits into the line stands on it; a function of CloudFormation always does, so that
//! `"Queue": { "Ref": "NotifyQueue" }` reads as one thing.

use std::fmt::Write as _;

use super::tree::{Intrinsic, Tree};
use super::value::{Part, Str};

/// Up to this column a list or a map stays on its line.
const COLUMNS: usize = 100;
/// The closing brackets of each `Fn::GetAtt` do not count: for them alone, a line is not broken.
const GET_ATT_SPARES: usize = 2;

/// Room that most documents do with.
const USUAL_DOCUMENT: usize = 4096;

/// The text so far, and where in it the current line began.
#[derive(Default)]
pub(super) struct Printer {
    out: String,
    line: usize,
    depth: usize,
    /// Whether the innermost open map has an entry.
    entered: bool,
    /// Columns of what is being fitted into the line that do not count.
    spared: usize,
}

impl Printer {
    /// An empty text, with room for so many bytes.
    pub(super) fn with_room(bytes: usize) -> Self {
        Self { out: String::with_capacity(bytes), ..Self::default() }
    }

    /// Begins a map that is written with one entry a line.
    pub(super) fn open(&mut self) {
        self.out.push('{');
        self.depth += 1;
        self.entered = false;
    }

    /// Ends the map that was opened last.
    pub(super) fn close(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        if self.entered {
            self.newline();
        }
        self.out.push('}');
        self.entered = true;
    }

    /// Begins an entry of the map that was opened last; its value comes next.
    pub(super) fn key(&mut self, key: &str) {
        if self.entered {
            self.out.push(',');
        }
        self.newline();
        quote(&mut self.out, key);
        self.out.push_str(": ");
        self.entered = true;
    }

    /// Writes a text.
    pub(super) fn text(&mut self, text: &str) {
        quote(&mut self.out, text);
    }

    /// Writes a whole value: a list or a map on the line if it fits there, else with one entry a line.
    pub(super) fn value(&mut self, tree: &Tree) {
        match tree {
            Tree::Intrinsic(intrinsic) => self.intrinsic(intrinsic, Self::value),
            Tree::List(items) => {
                if !self.fits(|printer| printer.row(items)) {
                    self.column(items);
                }
            }
            Tree::Map(entries) => {
                if !self.fits(|printer| printer.flat(tree)) {
                    self.open();
                    for (key, value) in entries {
                        self.key(key);
                        self.value(value);
                        self.entered = true;
                    }
                    self.close();
                }
            }
            scalar => self.scalar(scalar),
        }
    }

    /// The text, ended by a newline. It is copied, to take no more memory than it needs: texts stay to the end of
    /// the compile, and the room of this one serves the next.
    pub(super) fn finish(mut self) -> String {
        self.out.push('\n');
        self.out.as_str().to_owned()
    }

    fn newline(&mut self) {
        self.out.push('\n');
        self.line = self.out.len();
        for _ in 0..self.depth {
            self.out.push_str("  ");
        }
    }

    /// Writes with `write`, unless that is more than the line takes.
    fn fits(&mut self, write: impl FnOnce(&mut Self)) -> bool {
        let before = self.out.len();
        self.spared = 0;
        write(self);
        let fits = self.is_within();
        if !fits {
            self.out.truncate(before);
        }
        fits
    }

    /// Whether the line is no longer than it may be.
    fn is_within(&self) -> bool {
        self.out.len() - self.line <= COLUMNS + self.spared
    }

    /// Writes a value on one line; of what is longer than the line, no more than its beginning.
    fn flat(&mut self, tree: &Tree) {
        match tree {
            Tree::List(items) => self.row(items),
            Tree::Map(entries) if entries.is_empty() => self.out.push_str("{}"),
            Tree::Map(entries) => {
                let mut before = "{ ";
                for (key, value) in entries {
                    self.out.push_str(before);
                    quote(&mut self.out, key);
                    self.out.push_str(": ");
                    self.flat(value);
                    if !self.is_within() {
                        return;
                    }
                    before = ", ";
                }
                self.out.push_str(" }");
            }
            Tree::Intrinsic(intrinsic) => self.intrinsic(intrinsic, Self::flat),
            Tree::Text(text) if text.len() > COLUMNS => self.out.extend(text.chars().take(COLUMNS)),
            scalar => self.scalar(scalar),
        }
    }

    fn row(&mut self, items: &[Tree]) {
        self.out.push('[');
        for (place, item) in items.iter().enumerate() {
            if place > 0 {
                self.out.push_str(", ");
            }
            self.flat(item);
            if !self.is_within() {
                return;
            }
        }
        self.out.push(']');
    }

    /// Writes what has no parts.
    fn scalar(&mut self, tree: &Tree) {
        match tree {
            Tree::Bool(value) => self.out.push_str(if *value { "true" } else { "false" }),
            // Writing to a String cannot fail.
            Tree::Int(value) => _ = write!(self.out, "{value}"),
            Tree::Number(text) => self.out.push_str(text),
            Tree::Text(text) => quote(&mut self.out, text),
            _ => self.out.push_str("null"),
        }
    }

    fn column(&mut self, items: &[Tree]) {
        self.out.push('[');
        self.depth += 1;
        for (place, item) in items.iter().enumerate() {
            if place > 0 {
                self.out.push(',');
            }
            self.newline();
            self.value(item);
        }
        self.depth = self.depth.saturating_sub(1);
        self.newline();
        self.out.push(']');
    }

    /// Writes a function of CloudFormation, its arguments with `value`.
    fn intrinsic(&mut self, intrinsic: &Intrinsic, value: fn(&mut Self, &Tree)) {
        match intrinsic {
            Intrinsic::Ref(id) => self.out.extend(["{ \"Ref\": \"", id.as_str(), "\" }"]),
            Intrinsic::Parameter(name) => self.out.extend(["{ \"Ref\": \"", name.as_str(), "\" }"]),
            Intrinsic::Pseudo(pseudo) => self.out.extend(["{ \"Ref\": \"", pseudo.name(), "\" }"]),
            Intrinsic::GetAtt(id, attribute) => {
                self.out.extend(["{ \"Fn::GetAtt\": [\"", id.as_str(), "\", "]);
                quote(&mut self.out, attribute);
                self.out.push_str("] }");
                self.spared += GET_ATT_SPARES;
            }
            Intrinsic::Join(parts) if parts.iter().all(is_substitutable) => {
                self.out.push_str("{ \"Fn::Sub\": \"");
                parts.iter().for_each(|part| substitute(&mut self.out, part));
                self.out.push_str("\" }");
            }
            Intrinsic::Join(parts) => {
                self.out.push_str("{ \"Fn::Join\": [\"\", ");
                if !self.fits(|printer| printer.row(parts)) {
                    self.column(parts);
                }
                self.out.push_str("] }");
            }
            Intrinsic::If(condition, yes, no) => {
                self.out.extend(["{ \"Fn::If\": [\"", condition.as_str(), "\", "]);
                value(self, yes);
                self.out.push_str(", ");
                value(self, no);
                self.out.push_str("] }");
            }
        }
        self.entered = true;
    }
}

impl Tree {
    /// The value as a document of its own, ended by a newline.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut printer = Printer::with_room(USUAL_DOCUMENT);
        printer.value(self);
        printer.finish()
    }
}

/// Whether a part can stand under `Fn::Sub`: no literal that it would read itself.
fn is_substitutable(part: &Tree) -> bool {
    match part {
        Tree::Text(literal) => !literal.contains('$'),
        Tree::Intrinsic(intrinsic) => !matches!(**intrinsic, Intrinsic::Join(_) | Intrinsic::If(..)),
        _ => false,
    }
}

/// Writes a part as it stands under `Fn::Sub`.
fn substitute(out: &mut String, part: &Tree) {
    match part {
        Tree::Text(literal) => escape(out, literal),
        Tree::Intrinsic(intrinsic) => match &**intrinsic {
            Intrinsic::Ref(id) => out.extend(["${", id.as_str(), "}"]),
            Intrinsic::Parameter(name) => out.extend(["${", name.as_str(), "}"]),
            Intrinsic::Pseudo(pseudo) => out.extend(["${", pseudo.name(), "}"]),
            Intrinsic::GetAtt(id, attribute) => {
                out.extend(["${", id.as_str(), "."]);
                escape(out, attribute);
                out.push('}');
            }
            Intrinsic::Join(_) | Intrinsic::If(..) => {}
        },
        _ => {}
    }
}

/// At least as many bytes as the value takes when it is printed at a depth of `indent` columns.
pub(crate) fn at_most(tree: &Tree, indent: usize) -> usize {
    let item = indent + 4;
    match tree {
        Tree::Null | Tree::Bool(_) => 5,
        Tree::Int(_) => 20,
        Tree::Number(text) => text.len(),
        Tree::Text(text) => quoted(text),
        Tree::List(items) => indent + 3 + items.iter().map(|tree| item + at_most(tree, indent + 2)).sum::<usize>(),
        Tree::Map(entries) => {
            let entries = entries.iter().map(|(key, value)| item + 2 + quoted(key) + at_most(value, indent + 2));
            indent + 3 + entries.sum::<usize>()
        }
        Tree::Intrinsic(intrinsic) => match &**intrinsic {
            Intrinsic::Ref(id) => 13 + id.as_str().len(),
            Intrinsic::Parameter(name) => 13 + name.as_str().len(),
            Intrinsic::Pseudo(pseudo) => 13 + pseudo.name().len(),
            Intrinsic::GetAtt(id, attribute) => 22 + id.as_str().len() + quoted(attribute),
            Intrinsic::Join(parts) => {
                26 + indent + parts.iter().map(|part| item + at_most(part, indent + 2)).sum::<usize>()
            }
            Intrinsic::If(condition, yes, no) => {
                21 + condition.as_str().len() + at_most(yes, indent) + at_most(no, indent)
            }
        },
    }
}

/// JSON on one line under way: its parts, and the literal text behind the last of them.
#[derive(Default)]
pub(super) struct Compact {
    parts: Vec<Part>,
    text: String,
}

impl Compact {
    /// Adds a value; an intrinsic stands within the quotes of a string.
    pub(super) fn value(&mut self, tree: &Tree) {
        match tree {
            Tree::List(items) => {
                self.text.push('[');
                for (place, item) in items.iter().enumerate() {
                    if place > 0 {
                        self.text.push(',');
                    }
                    self.value(item);
                }
                self.text.push(']');
            }
            Tree::Map(entries) => {
                self.text.push('{');
                for (place, (key, value)) in entries.iter().enumerate() {
                    if place > 0 {
                        self.text.push(',');
                    }
                    quote(&mut self.text, key);
                    self.text.push(':');
                    self.value(value);
                }
                self.text.push('}');
            }
            Tree::Intrinsic(intrinsic) => {
                self.text.push('"');
                match &**intrinsic {
                    Intrinsic::Join(parts) => parts.iter().for_each(|part| self.inside_quotes(part)),
                    other => self.intrinsic(other),
                }
                self.text.push('"');
            }
            scalar => {
                let mut printer = Printer { out: std::mem::take(&mut self.text), ..Printer::default() };
                printer.scalar(scalar);
                self.text = printer.out;
            }
        }
    }

    /// The parts, in their order.
    pub(super) fn finish(mut self) -> Vec<Part> {
        self.parts.push(Part::from(self.text));
        self.parts
    }

    fn inside_quotes(&mut self, part: &Tree) {
        match part {
            Tree::Text(text) => escape(&mut self.text, text),
            Tree::Intrinsic(intrinsic) => self.intrinsic(intrinsic),
            _ => {}
        }
    }

    fn intrinsic(&mut self, intrinsic: &Intrinsic) {
        self.parts.push(Part::from(std::mem::take(&mut self.text)));
        self.parts.push(Part::from(Str::Intrinsic(intrinsic.clone())));
    }
}

/// What stands in JSON for a byte that cannot stand there itself; most of control characters have no name.
fn escaped(byte: u8) -> Option<&'static str> {
    match byte {
        b'"' => Some("\\\""),
        b'\\' => Some("\\\\"),
        b'\n' => Some("\\n"),
        b'\r' => Some("\\r"),
        b'\t' => Some("\\t"),
        _ => None,
    }
}

/// Whether nothing of a text is escaped, as of most. To look at all of it is faster than to look for the first
/// byte that is.
fn is_plain(text: &str) -> bool {
    !text.bytes().fold(false, |found, byte| found | is_escaped(byte))
}

/// Whether a byte cannot stand in a text of JSON.
fn is_escaped(byte: u8) -> bool {
    matches!(byte, b'"' | b'\\' | 0..0x20)
}

/// How many bytes a text takes with its quotes.
fn quoted(text: &str) -> usize {
    if is_plain(text) {
        return 2 + text.len();
    }
    let extra = |byte: u8| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' => 1,
        0..0x20 => 5,
        _ => 0,
    };
    2 + text.len() + text.bytes().map(extra).sum::<usize>()
}

fn quote(out: &mut String, text: &str) {
    out.push('"');
    escape(out, text);
    out.push('"');
}

fn escape(out: &mut String, text: &str) {
    if is_plain(text) {
        out.push_str(text);
        return;
    }
    let mut rest = text;
    while let Some(at) = rest.bytes().position(is_escaped) {
        // What is escaped is ASCII: the text may be cut on either side of it.
        let (plain, from) = rest.split_at(at);
        out.push_str(plain);
        let (special, after) = from.split_at(1);
        for byte in special.bytes() {
            match escaped(byte) {
                Some(escape) => out.push_str(escape),
                None => _ = write!(out, "\\u{byte:04x}"),
            }
        }
        rest = after;
    }
    out.push_str(rest);
}
