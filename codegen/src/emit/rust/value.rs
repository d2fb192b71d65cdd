//! Values of Rust, as a person would write them down.
//!
//! In: a tree of literals, names and calls. Out: its text, broken where rustfmt breaks it. Guaranteed: a text of the flow is
//! one literal, whatever it holds.

use super::text::{WIDTH, filled, literal};

/// The widest entry of a list whose entries share lines. Source: rustfmt's `short_array_element_width_threshold`.
const SHORT: usize = 10;

/// A value.
#[derive(Debug, Clone)]
pub(super) enum Value {
    /// As it stands: a number, a name, a path.
    Word(String),
    /// `path { field: value, … }`
    Struct(String, Vec<(&'static str, Value)>),
    /// `&[…]`
    List(Vec<Value>),
    /// `path(…)`
    Call(String, Vec<Value>),
}

impl Value {
    /// A text.
    pub(super) fn text(text: &str) -> Self {
        Self::Word(literal(text))
    }

    /// A name, a number, a switch.
    pub(super) fn word(word: impl ToString) -> Self {
        Self::Word(word.to_string())
    }

    /// Texts.
    pub(super) fn texts<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Self {
        Self::List(texts.into_iter().map(|text| Self::text(text.as_ref())).collect())
    }

    /// `Some(…)`, or `None`.
    pub(super) fn option(value: Option<Self>) -> Self {
        value.map_or_else(|| Self::word("None"), |value| Self::Call("Some".into(), vec![value]))
    }

    /// Its text, where `before` characters stand before it on its line, `behind` behind it, and what it breaks into is
    /// indented by `indent`.
    pub(super) fn print(&self, indent: usize, before: usize, behind: usize) -> String {
        let line = self.line();
        if before + line.chars().count() + behind <= WIDTH {
            return line;
        }
        let inner = indent + 4;
        let (pad, end) = (" ".repeat(inner), " ".repeat(indent));
        match self {
            Self::Word(word) => word.clone(),
            Self::Struct(path, fields) => {
                let field = |(name, value): &(&'static str, Self)| {
                    let value = value.print(inner, inner + name.len() + 2, 1);
                    format!("{pad}{name}: {value},\n")
                };
                format!("{path} {{\n{}{end}}}", fields.iter().map(field).collect::<String>())
            }
            Self::List(items) => Self::broken(items, "&[", "]", indent, before),
            Self::Call(path, items) => Self::broken(items, &format!("{path}("), ")", indent, before),
        }
    }

    /// Its text behind an `=` at the end of `before` characters, `;` included: whole on the next line where it fits there and
    /// not behind.
    pub(super) fn assigned(&self, before: usize) -> String {
        let line = self.line();
        let length = line.chars().count() + 1;
        if before + 1 + length > WIDTH && 4 + length <= WIDTH {
            return format!("\n    {line};");
        }
        format!(" {};", self.print(0, before + 1, 1))
    }

    fn broken(items: &[Self], open: &str, close: &str, indent: usize, before: usize) -> String {
        if let [only] = items
            && !matches!(only, Self::Word(_))
        {
            let inside = only.print(indent, before + open.chars().count(), close.len() + 1);
            return format!("{open}{inside}{close}");
        }
        let inner = indent + 4;
        let end = " ".repeat(indent);
        let words: Vec<String> = items.iter().map(Self::line).collect();
        let lines = if open == "&[" && words.iter().all(|word| word.chars().count() <= SHORT) {
            filled(&words, inner, WIDTH) + "\n"
        } else {
            let pad = " ".repeat(inner);
            items.iter().map(|item| format!("{pad}{},\n", item.print(inner, inner, 1))).collect()
        };
        format!("{open}\n{lines}{end}{close}")
    }

    fn line(&self) -> String {
        let joined = |items: &[Self]| items.iter().map(Self::line).collect::<Vec<_>>().join(", ");
        match self {
            Self::Word(word) => word.clone(),
            Self::Struct(path, fields) => {
                let fields: Vec<String> =
                    fields.iter().map(|(name, value)| format!("{name}: {}", value.line())).collect();
                format!("{path} {{ {} }}", fields.join(", "))
            }
            Self::List(items) => format!("&[{}]", joined(items)),
            Self::Call(path, items) => format!("{path}({})", joined(items)),
        }
    }
}
