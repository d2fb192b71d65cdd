//! Trees and templates as JSON text.
//!
//! Guaranteed: two spaces a level, keys in the order of the tree, numbers as written, UTF-8 unescaped. A
//! list or a map that fits into the line stands on it; a function of CloudFormation always does, so that
//! `"Queue": { "Ref": "NotifyQueue" }` reads as one thing.

use std::fmt::Write as _;

use super::tree::{Intrinsic, Tree};
use super::value::Part;

/// Up to this column a list or a map stays on its line.
const COLUMNS: usize = 100;

/// The text so far, and where in it the current line began.
#[derive(Default)]
pub(super) struct Printer {
    out: String,
    line: usize,
    depth: usize,
    /// Whether the innermost open map has an entry.
    entered: bool,
}

impl Printer {
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

    /// Writes a whole value.
    pub(super) fn value(&mut self, tree: &Tree) {
        match tree {
            Tree::Null => self.out.push_str("null"),
            Tree::Bool(value) => self.out.push_str(if *value { "true" } else { "false" }),
            // Writing to a String cannot fail.
            Tree::Int(value) => _ = write!(self.out, "{value}"),
            Tree::Number(text) => self.out.push_str(text),
            Tree::Text(text) => quote(&mut self.out, text),
            Tree::Intrinsic(intrinsic) => self.intrinsic(intrinsic),
            Tree::List(_) | Tree::Map(_) => {
                let column = self.out.len() - self.line;
                let fits = width(tree, COLUMNS.saturating_sub(column)).is_some();
                match tree {
                    Tree::List(items) if fits => self.row(items),
                    Tree::List(items) => self.column(items),
                    Tree::Map(entries) if fits => {
                        self.out.push_str(if entries.is_empty() { "{" } else { "{ " });
                        for (place, (key, value)) in entries.iter().enumerate() {
                            if place > 0 {
                                self.out.push_str(", ");
                            }
                            quote(&mut self.out, key);
                            self.out.push_str(": ");
                            self.value(value);
                        }
                        self.out.push_str(if entries.is_empty() { "}" } else { " }" });
                    }
                    Tree::Map(entries) => {
                        self.open();
                        for (key, value) in entries {
                            self.key(key);
                            self.value(value);
                            self.entered = true;
                        }
                        self.close();
                    }
                    _ => {}
                }
            }
        }
    }

    /// The text, ended by a newline.
    pub(super) fn finish(mut self) -> String {
        self.out.push('\n');
        self.out
    }

    fn newline(&mut self) {
        self.out.push('\n');
        self.line = self.out.len();
        for _ in 0..self.depth {
            self.out.push_str("  ");
        }
    }

    fn row(&mut self, items: &[Tree]) {
        self.out.push('[');
        for (place, item) in items.iter().enumerate() {
            if place > 0 {
                self.out.push_str(", ");
            }
            self.value(item);
        }
        self.out.push(']');
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

    fn intrinsic(&mut self, intrinsic: &Intrinsic) {
        self.out.push_str("{ ");
        match intrinsic {
            Intrinsic::Ref(id) => named(&mut self.out, "Ref", id.as_str()),
            Intrinsic::Parameter(name) => named(&mut self.out, "Ref", name.as_str()),
            Intrinsic::Pseudo(pseudo) => named(&mut self.out, "Ref", pseudo.name()),
            Intrinsic::GetAtt(id, attribute) => {
                _ = write!(self.out, "\"Fn::GetAtt\": [\"{id}\", ");
                quote(&mut self.out, attribute);
                self.out.push(']');
            }
            Intrinsic::Join(parts) => match substitution(parts) {
                Some(text) => named(&mut self.out, "Fn::Sub", &text),
                None => {
                    self.out.push_str("\"Fn::Join\": [\"\", ");
                    let column = self.out.len() - self.line;
                    if row_width(parts, COLUMNS.saturating_sub(column)).is_some() {
                        self.row(parts);
                    } else {
                        self.column(parts);
                    }
                    self.out.push(']');
                }
            },
            Intrinsic::If(condition, yes, no) => {
                _ = write!(self.out, "\"Fn::If\": [\"{condition}\", ");
                self.value(yes);
                self.out.push_str(", ");
                self.value(no);
                self.out.push(']');
            }
        }
        self.out.push_str(" }");
        self.entered = true;
    }
}

impl Tree {
    /// The value as a document of its own, ended by a newline.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut printer = Printer::default();
        printer.value(self);
        printer.finish()
    }
}

fn named(out: &mut String, key: &str, text: &str) {
    quote(out, key);
    out.push_str(": ");
    quote(out, text);
}

/// The text under `Fn::Sub`, if every part can stand there: no literal that it would read itself.
fn substitution(parts: &[Tree]) -> Option<String> {
    let mut text = String::new();
    for part in parts {
        match part {
            Tree::Text(literal) if !literal.contains('$') => text.push_str(literal),
            Tree::Intrinsic(intrinsic) => match &**intrinsic {
                Intrinsic::Ref(id) => _ = write!(text, "${{{id}}}"),
                Intrinsic::Parameter(name) => _ = write!(text, "${{{name}}}"),
                Intrinsic::Pseudo(pseudo) => _ = write!(text, "${{{}}}", pseudo.name()),
                Intrinsic::GetAtt(id, attribute) => _ = write!(text, "${{{id}.{attribute}}}"),
                Intrinsic::Join(_) | Intrinsic::If(..) => return None,
            },
            _ => return None,
        }
    }
    Some(text)
}

/// How many columns a value takes on one line, unless that is more than `budget`.
fn width(tree: &Tree, budget: usize) -> Option<usize> {
    let own = match tree {
        Tree::Null => 4,
        Tree::Bool(value) => 5 - usize::from(*value),
        Tree::Int(value) => value.to_string().len(),
        Tree::Number(text) => text.len(),
        Tree::Text(text) => quoted(text),
        Tree::List(items) => row_width(items, budget)?,
        Tree::Map(entries) => {
            let mut total = if entries.is_empty() { 2 } else { 4 + 2 * (entries.len() - 1) };
            for (key, value) in entries {
                total += quoted(key) + 2;
                total += width(value, budget.checked_sub(total)?)?;
            }
            total
        }
        Tree::Intrinsic(intrinsic) => match &**intrinsic {
            Intrinsic::Ref(id) => 13 + id.as_str().len(),
            Intrinsic::Parameter(name) => 13 + name.as_str().len(),
            Intrinsic::Pseudo(pseudo) => 13 + pseudo.name().len(),
            Intrinsic::GetAtt(id, attribute) => 22 + id.as_str().len() + quoted(attribute),
            Intrinsic::Join(parts) => match substitution(parts) {
                Some(text) => 15 + quoted(&text),
                None => 23 + row_width(parts, budget.checked_sub(23)?)?,
            },
            Intrinsic::If(condition, yes, no) => {
                let mut total = 21 + condition.as_str().len();
                total += width(yes, budget.checked_sub(total)?)?;
                total + width(no, budget.checked_sub(total)?)?
            }
        },
    };
    (own <= budget).then_some(own)
}

fn row_width(items: &[Tree], budget: usize) -> Option<usize> {
    let mut total = 2 + 2 * items.len().saturating_sub(1);
    for item in items {
        total += width(item, budget.checked_sub(total)?)?;
    }
    Some(total)
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

/// The tree as JSON on one line, in parts: literal JSON, and intrinsics within the quotes of a string.
pub(super) fn compact(tree: &Tree, parts: &mut Vec<Part>) {
    match tree {
        Tree::List(items) => {
            parts.push(Part::from("["));
            for (place, item) in items.iter().enumerate() {
                if place > 0 {
                    parts.push(Part::from(","));
                }
                compact(item, parts);
            }
            parts.push(Part::from("]"));
        }
        Tree::Map(entries) => {
            parts.push(Part::from("{"));
            for (place, (key, value)) in entries.iter().enumerate() {
                let mut head = String::from(if place > 0 { "," } else { "" });
                quote(&mut head, key);
                head.push(':');
                parts.push(Part::from(head));
                compact(value, parts);
            }
            parts.push(Part::from("}"));
        }
        Tree::Intrinsic(intrinsic) => {
            parts.push(Part::from("\""));
            match &**intrinsic {
                Intrinsic::Join(inner) => inner.iter().for_each(|part| parts.push(inside_quotes(part))),
                other => parts.push(Part::from(super::Str::Intrinsic(other.clone()))),
            }
            parts.push(Part::from("\""));
        }
        scalar => {
            let mut printer = Printer::default();
            printer.value(scalar);
            parts.push(Part::from(printer.out));
        }
    }
}

fn inside_quotes(part: &Tree) -> Part {
    match part {
        Tree::Text(text) => {
            let mut escaped = String::new();
            escape(&mut escaped, text);
            Part::from(escaped)
        }
        Tree::Intrinsic(intrinsic) => Part::from(super::Str::Intrinsic((**intrinsic).clone())),
        _ => Part::from(""),
    }
}

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

/// How many bytes a text takes with its quotes.
fn quoted(text: &str) -> usize {
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
    if quoted(text) == text.len() + 2 {
        out.push_str(text);
        return;
    }
    for character in text.chars() {
        match u8::try_from(character).ok().and_then(escaped) {
            Some(escape) => out.push_str(escape),
            None if character < ' ' => _ = write!(out, "\\u{:04x}", u32::from(character)),
            None => out.push(character),
        }
    }
}
