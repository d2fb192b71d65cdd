//! Text of a file made safe to print.

use crate::yaml::{is_control, is_invisible};

fn is_active(c: char) -> bool {
    is_control(c) || is_invisible(c)
}

/// A message: control and invisible characters become `\u{1b}`, line breaks and tabs a space.
pub(super) fn message(text: &str) -> String {
    let mut inert = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\r' | '\t' => inert.push(' '),
            c if is_active(c) => inert.push_str(&format!("\\u{{{:x}}}", u32::from(c))),
            c => inert.push(c),
        }
    }
    inert
}

/// A line of a file: each control or invisible character becomes others of as many bytes, so that places stay.
pub(super) fn line(text: &str) -> String {
    let mut inert = String::with_capacity(text.len());
    for c in text.chars() {
        match c.len_utf8() {
            _ if c == '\r' => inert.push(' '),
            _ if !is_active(c) => inert.push(c),
            1 => inert.push('?'),
            2 => inert.push('¿'),
            3 => inert.push('\u{fffd}'),
            _ => inert.push_str("?\u{fffd}"),
        }
    }
    inert
}

/// JSON: the same values, with control and invisible characters escaped.
pub(super) fn json(text: &str) -> String {
    let mut inert = String::with_capacity(text.len());
    for c in text.chars() {
        if is_active(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                inert.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            inert.push(c);
        }
    }
    inert
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &str = "a\u{1b}[31m\u{9b}31m\u{202e}\u{200b}\u{e0041}é\r";

    #[test]
    fn a_message_shows_what_it_cannot_print() {
        assert_eq!(message(HOSTILE), "a\\u{1b}[31m\\u{9b}31m\\u{202e}\\u{200b}\\u{e0041}é ");
        assert_eq!(message("a\nb\tc"), "a b c");
    }

    #[test]
    fn a_line_keeps_its_length() {
        assert_eq!(line(HOSTILE), "a?[31m¿31m\u{fffd}\u{fffd}?\u{fffd}é ");
        assert_eq!(line(HOSTILE).len(), HOSTILE.len());
    }

    #[test]
    fn json_keeps_its_values() {
        let text = serde_json::to_string(HOSTILE).unwrap();
        let inert = json(&text);
        assert!(!inert.chars().any(is_active));
        assert_eq!(serde_json::from_str::<String>(&inert).unwrap(), HOSTILE);
    }
}
