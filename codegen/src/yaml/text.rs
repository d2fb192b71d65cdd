//! From bytes to text, and the characters that no text may hold.
//!
//! In: the bytes of one file. Out: UTF-8 text without a byte order mark. Places in it are places in the file as
//! an editor shows it.

use super::codes;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::{FileId, Span};

/// The most bytes a file may have.
pub const BYTES: usize = 8 << 20;

/// The text of a file; none, with an error in `out`, for UTF-16, for bytes that are not UTF-8, and for more than
/// [`BYTES`]. What is no text at all has no lines: its error stands at the file's start.
pub fn text(file: FileId, bytes: &[u8], out: &mut Diagnostics) -> Option<String> {
    let start = Span::new(file, 0, 0);
    if bytes.len() > BYTES {
        out.push(too_large(start, bytes.len()));
        return None;
    }
    if let Some(order) = utf16(bytes) {
        let message = format!("the file is in UTF-16 ({order}), not in UTF-8");
        out.push(Diagnostic::new(codes::ENCODING, start, message).help("save it as UTF-8"));
        return None;
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => Some(text.to_owned()),
        Err(error) => {
            let at = error.valid_up_to();
            let line = bytes.iter().take(at).filter(|b| **b == b'\n').count() + 1;
            let byte = bytes.get(at).copied().unwrap_or_default();
            let message = format!("the file is not UTF-8: byte {at}, in line {line}, is 0x{byte:02X}");
            // The place is that in the readable beginning, where each wrong byte stands as U+FFFD.
            let here = if at < READABLE { Span::new(file, offset(at), offset(at + 3)) } else { start };
            out.push(Diagnostic::new(codes::ENCODING, here, message).help("save it as UTF-8"));
            None
        }
    }
}

/// As much of a file that is no text as is shown, in bytes.
const READABLE: usize = 1 << 16;

/// The beginning of a file that is no text, for showing the first wrong byte.
pub(crate) fn readable(bytes: &[u8]) -> std::borrow::Cow<'_, str> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    String::from_utf8_lossy(bytes.get(..READABLE + 8).unwrap_or(bytes))
}

/// The byte order of text in UTF-16, by its mark or by a first character in ASCII.
fn utf16(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0xff, 0xfe, ..] => Some("little-endian"),
        [0xfe, 0xff, ..] => Some("big-endian"),
        [first, 0, ..] if *first != 0 => Some("little-endian"),
        [0, second, ..] if *second != 0 => Some("big-endian"),
        _ => None,
    }
}

pub(super) fn too_large(span: Span, bytes: usize) -> Diagnostic {
    Diagnostic::new(codes::TOO_LARGE, span, format!("the file has {bytes} bytes; at most {BYTES} are read"))
        .help("split it with `include:`")
}

/// Whether a character does something to a terminal or a parser without being seen.
pub(crate) fn is_control(c: char) -> bool {
    c.is_control() && !matches!(c, '\t' | '\n' | '\r')
}

/// Whether a character has no width, or changes the direction or the lines of the text around it
/// (<https://www.unicode.org/reports/tr9/>, section 2; `Default_Ignorable_Code_Point`, the parts in use).
pub(crate) fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}'
        | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// Reports the control characters of a whole file. Says whether there was one.
pub(super) fn refuse_control(file: FileId, text: &str, out: &mut Diagnostics) -> bool {
    let found: Vec<_> = text.char_indices().filter(|(_, c)| is_control(*c)).take(MOST).collect();
    for (at, c) in &found {
        let message = format!("the character {} is not allowed in a file", name(*c));
        out.push(Diagnostic::new(codes::CHARACTER, span(file, *at, *c), message).help("delete it"));
    }
    !found.is_empty()
}

/// Reports a byte order mark that [`text`] has not taken away: the parser does not count it. Says whether there was one.
pub(super) fn refuse_mark(file: FileId, text: &str, out: &mut Diagnostics) -> bool {
    let mark = text.get(..'\u{feff}'.len_utf8()).filter(|start| *start == "\u{feff}");
    mark.is_some_and(|mark| refuse_invisible(file, 0, mark, out) > 0)
}

/// Reports the invisible characters of a value or a key, as it stands in the file. Says how many there were.
pub(super) fn refuse_invisible(file: FileId, base: usize, value: &str, out: &mut Diagnostics) -> usize {
    let found: Vec<_> = value.char_indices().filter(|(_, c)| is_invisible(*c)).take(MOST).collect();
    for (at, c) in &found {
        let message = format!("the character {} cannot be seen", name(*c));
        let code = u32::from(*c);
        let escape = if code > 0xffff { format!("\\U{code:08X}") } else { format!("\\u{code:04X}") };
        let help = format!("delete it, or write it as `\"{escape}\"` in double quotes");
        out.push(Diagnostic::new(codes::CHARACTER, span(file, base + at, *c), message).help(help));
    }
    found.len()
}

/// The most diagnostics of one kind that a file is given for what can stand at every one of its characters.
pub(super) const MOST: usize = 20;

/// With the advice to put quotes around `text`, which stands at the mistake's place.
pub(super) fn quote_it(wrong: Diagnostic, text: &str) -> Diagnostic {
    /// What is worth repeating in a message, in bytes.
    const MOST: usize = 300;
    if text.len() > MOST {
        return wrong.help("quote it");
    }
    let quoted = quoted(text);
    wrong.help(format!("quote it: `{quoted}`")).replace_with(quoted)
}

/// A text in double quotes.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn span(file: FileId, at: usize, c: char) -> Span {
    Span::new(file, offset(at), offset(at + c.len_utf8()))
}

/// A byte offset as spans hold it; files are far below 4 GiB.
pub(super) fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

fn name(c: char) -> String {
    let what = match c {
        '\0' => " (NUL)",
        '\u{1b}' => " (escape)",
        '\u{200b}' => " (zero-width space)",
        '\u{200c}' => " (zero-width non-joiner)",
        '\u{200d}' => " (zero-width joiner)",
        '\u{feff}' => " (byte order mark)",
        '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            " (changes the direction of the text)"
        }
        _ => "",
    };
    format!("U+{:04X}{what}", u32::from(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(bytes: &[u8]) -> String {
        let mut out = Diagnostics::default();
        assert_eq!(text(FileId(0), bytes, &mut out), None);
        out.sorted().remove(0).message
    }

    #[test]
    fn utf16_is_named() {
        assert_eq!(refused(b"\xff\xfef\0"), "the file is in UTF-16 (little-endian), not in UTF-8");
        assert_eq!(refused(b"\xfe\xff\0f"), "the file is in UTF-16 (big-endian), not in UTF-8");
        assert_eq!(refused(b"f\0l\0"), "the file is in UTF-16 (little-endian), not in UTF-8");
        assert_eq!(refused(b"\0f\0l"), "the file is in UTF-16 (big-endian), not in UTF-8");
    }

    #[test]
    fn the_first_wrong_byte_is_named() {
        assert_eq!(refused(b"flow: a\nabout: caf\xe9\n"), "the file is not UTF-8: byte 18, in line 2, is 0xE9");
    }

    #[test]
    fn a_byte_order_mark_is_ignored() {
        assert_eq!(text(FileId(0), b"\xef\xbb\xbfflow: a", &mut Diagnostics::default()).unwrap(), "flow: a");
    }

    #[test]
    fn a_file_of_more_than_the_limit_is_refused() {
        assert!(text(FileId(0), &vec![b'x'; BYTES], &mut Diagnostics::default()).is_some());
        assert_eq!(refused(&vec![b'x'; BYTES + 1]), "the file has 8388609 bytes; at most 8388608 are read");
    }
}
