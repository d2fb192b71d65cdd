//! How texts, names and patterns are written in JSONata.
//!
//! In: anything a user may have written. Out: a token that the evaluator reads back as exactly that,
//! and that holds none of `${`, `{%` and `%}`, no control character and no invisible one.

/// A string literal: JSON's, plus the escapes that keep delimiters apart.
///
/// Anything outside the basic plane stays as it is; JSONata has only four-digit escapes, and a pair
/// of them is a surrogate pair that not every evaluator joins.
pub(super) fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    let mut before = None;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let after = rest.peek().copied();
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            _ if must_be_escaped(before, c, after) => quoted.push_str(&format!("\\u{:04x}", u32::from(c))),
            _ => quoted.push(c),
        }
        before = Some(c);
    }
    quoted.push('"');
    quoted
}

fn must_be_escaped(before: Option<char>, c: char, after: Option<char>) -> bool {
    match c {
        '$' => after == Some('{'),
        '%' => before == Some('{') || after == Some('}'),
        _ => c.is_control() || is_invisible(c),
    }
}

/// Characters that reorder or hide what a reviewer sees.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Whether a name needs no quotes: a word that is no operator or constant of JSONata.
pub(super) fn is_plain_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !matches!(name, "and" | "or" | "in" | "true" | "false" | "null" | "function")
}

/// Whether a name can stand between backticks, where there are no escapes.
pub(super) fn can_be_backticked(name: &str) -> bool {
    !name.is_empty()
        && !name.chars().any(|c| c == '`' || c.is_control() || is_invisible(c))
        && !["${", "{%", "%}"].iter().any(|delimiter| name.contains(delimiter))
}

/// A regular expression for a whole text made of these parts, with anything between two of them.
///
/// Every ASCII character but letters and digits is escaped by its number, so that no part can end the
/// expression or mean anything in it.
pub(super) fn regex(parts: &[String]) -> String {
    let mut pattern = String::from("/^");
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            pattern.push_str("[\\s\\S]*");
        }
        for c in part.chars() {
            match c {
                _ if c.is_ascii_alphanumeric() => pattern.push(c),
                _ if c.is_ascii() => pattern.push_str(&format!("\\x{:02x}", u32::from(c))),
                _ if c.is_control() || is_invisible(c) => pattern.push_str(&format!("\\u{:04x}", u32::from(c))),
                _ => pattern.push(c),
            }
        }
    }
    pattern.push_str("$/");
    pattern
}
