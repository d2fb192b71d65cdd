//! Words and lines of Rust: literals, names, and lists that are broken where rustfmt breaks them.
//!
//! In: names and texts of the plan. Out: source text. Guaranteed: a literal is one token whatever the text
//! holds; nothing in it is invisible or changes the direction of what follows.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

/// The width of a line. Source: `max_width` of the workspace's `rustfmt.toml`.
pub(super) const WIDTH: usize = 120;

/// Words that Rust keeps for itself and lets be names behind `r#`.
const KEYWORDS: [&str; 48] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn", "else", "enum",
    "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod", "move",
    "mut", "override", "priv", "pub", "ref", "return", "static", "struct", "trait", "true", "try", "type", "typeof",
    "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// A name as an identifier.
pub(super) fn ident(name: &str) -> String {
    if KEYWORDS.contains(&name) { format!("r#{name}") } else { name.to_owned() }
}

/// `find_commenters` to `FindCommenters`.
pub(crate) fn upper_camel(name: &str) -> String {
    let mut made = String::with_capacity(name.len());
    for word in name.split('_') {
        let mut chars = word.chars();
        made.extend(chars.next().map(|c| c.to_ascii_uppercase()));
        made.push_str(chars.as_str());
    }
    made
}

/// `OrderPlaced` to `order_placed`.
pub(super) fn snake(name: &str) -> String {
    let mut made = String::with_capacity(name.len() + 8);
    let mut small = false;
    for c in name.chars() {
        if c.is_ascii_uppercase() && small {
            made.push('_');
        }
        small = !c.is_ascii_uppercase() && c != '_';
        made.push(c.to_ascii_lowercase());
    }
    made
}

/// The names of an enum's variants, one a value, each an identifier and no two the same.
pub(super) fn variants(values: &[String]) -> Vec<String> {
    let mut made: Vec<String> = Vec::with_capacity(values.len());
    let mut taken: BTreeSet<String> = BTreeSet::new();
    // Where the search for a free number goes on: thousands of values may wish for one name.
    let mut numbers: BTreeMap<String, usize> = BTreeMap::new();
    for (place, value) in values.iter().enumerate() {
        let words = value.split(|c: char| !c.is_ascii_alphanumeric()).map(upper_camel);
        let wanted = match words.collect::<String>() {
            none if none.is_empty() => format!("Value{}", place + 1),
            digits if digits.starts_with(|c: char| c.is_ascii_digit()) => format!("V{digits}"),
            word if word == "Self" => "SelfValue".to_owned(),
            word => word,
        };
        let mut name = wanted.clone();
        while !taken.insert(name.clone()) {
            let number = numbers.entry(wanted.clone()).or_insert(1);
            *number += 1;
            name = format!("{wanted}{number}");
        }
        made.push(name);
    }
    made
}

/// The name, or the first of it with a number behind that is not taken.
pub(super) fn free(wanted: &str, between: &str, taken: impl Fn(&str) -> bool) -> String {
    let mut name = wanted.to_owned();
    let mut number = 2;
    while taken(&name) {
        name = format!("{wanted}{between}{number}");
        number += 1;
    }
    name
}

/// A text as a string literal.
pub(super) fn literal(text: &str) -> String {
    let mut made = String::with_capacity(text.len() + 2);
    made.push('"');
    for c in text.chars() {
        match c {
            '\'' => made.push('\''),
            c => made.extend(c.escape_debug()),
        }
    }
    made.push('"');
    made
}

/// `use path::{A, B};`, broken as rustfmt does.
pub(super) fn import(path: &str, names: &[String]) -> String {
    if let [one] = names {
        return format!("use {path}::{one};");
    }
    let line = format!("use {path}::{{{}}};", names.join(", "));
    // rustfmt keeps room for two more characters behind a list of imports.
    if line.chars().count() <= WIDTH - 2 {
        return line;
    }
    format!("use {path}::{{\n{}\n}};", filled(names, 4, WIDTH - 1))
}

/// Words with commas, as many to a line as there is room for; of imports rustfmt leaves the last column free.
pub(super) fn filled(words: &[String], indent: usize, width: usize) -> String {
    let mut lines: Vec<String> = Vec::new();
    for word in words {
        match lines.last_mut() {
            Some(line) if line.chars().count() + word.chars().count() + 2 <= width => {
                line.push(' ');
                line.push_str(word);
                line.push(',');
            }
            _ => lines.push(format!("{:indent$}{word},", "")),
        }
    }
    lines.join("\n")
}

/// `head(a, b)tail`, with a line for each argument where one line has no room for all.
pub(super) fn call(indent: usize, head: &str, arguments: &[String], tail: &str) -> String {
    let line = format!("{:indent$}{head}({}){tail}", "", arguments.join(", "));
    if line.chars().count() <= WIDTH {
        return line;
    }
    let inner: String = arguments.iter().map(|a| format!("{:inner$}{a},\n", "", inner = indent + 4)).collect();
    format!("{:indent$}{head}(\n{inner}{:indent$}){tail}", "", "")
}

/// `head[a, b]tail`, or a line for each where one line has no room for all; after an `=` that ends the head, the
/// whole may stand on a line of its own.
pub(super) fn array(indent: usize, head: &str, open: &str, items: &[String], tail: &str) -> String {
    let fits = |line: &String| line.chars().count() <= WIDTH;
    let whole = format!("{open}{}]{tail}", items.join(", "));
    let space = if head.is_empty() { "" } else { " " };
    let line = format!("{:indent$}{head}{space}{whole}", "");
    let below = format!("{:indent$}    {whole}", "");
    if fits(&line) {
        line
    } else if !head.is_empty() && fits(&below) {
        format!("{:indent$}{head}\n{below}", "")
    } else {
        let inner: String = items.iter().map(|a| format!("{:inner$}{a},\n", "", inner = indent + 4)).collect();
        format!("{:indent$}{head}{space}{open}\n{inner}{:indent$}]{tail}", "", "")
    }
}

/// The order of names in rustfmt's lists: as text, but digits as numbers.
pub(super) fn version_order(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a, b);
    loop {
        let (one, other) = (chunk(&mut a), chunk(&mut b));
        let numbers = one.parse::<u64>().ok().zip(other.parse::<u64>().ok());
        let order = numbers.map_or_else(|| one.cmp(other), |(one, other)| one.cmp(&other));
        if order != Ordering::Equal || (one.is_empty() && other.is_empty()) {
            return order;
        }
    }
}

/// Takes the digits, or what is none, from the start of a text.
fn chunk<'a>(text: &mut &'a str) -> &'a str {
    let digits = text.starts_with(|c: char| c.is_ascii_digit());
    let end = text.find(|c: char| c.is_ascii_digit() != digits).unwrap_or(text.len());
    let (taken, rest) = text.split_at(end);
    *text = rest;
    taken
}
