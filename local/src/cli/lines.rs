//! What happens, a line each.
//!
//! Guaranteed: whatever a message or a function holds, a line is one line and colours no terminal.

use std::fmt::Write as _;
use std::io::{IsTerminal, Write as _};

use local::kernel::{Happening, Outcome};
use serde_json::Value;

use super::arguments::Format;

/// How much of a detail is shown.
const LONGEST: usize = 300;

/// A printer of happenings.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lines {
    format: Format,
    colored: bool,
}

impl Lines {
    pub(crate) fn new(format: Format) -> Self {
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { format, colored: std::io::stdout().is_terminal() && !plain }
    }

    /// Prints one; a reader that has gone away is no failure.
    pub(crate) fn print(self, happening: &Happening) {
        let line = match self.format {
            Format::Json => serde_json::to_string(happening).unwrap_or_default(),
            Format::Human => human(happening, self.colored),
        };
        let _ = writeln!(std::io::stdout().lock(), "{line}");
    }
}

fn human(happening: &Happening, colored: bool) -> String {
    let time = happening.at.rfc3339();
    let time = time.split_once('T').map_or(time.as_str(), |(_, time)| time.trim_end_matches('Z'));
    let mark = match happening.outcome {
        Outcome::Done => ' ',
        Outcome::Retried => '~',
        Outcome::Failed => '!',
    };
    let mut line =
        format!("{time} {mark} {:<8} {:<32} {}", happening.service, shown(&happening.resource), happening.what);
    details(&happening.detail, &mut line);
    match (colored, happening.outcome) {
        (true, Outcome::Failed) => format!("\u{1b}[31m{line}\u{1b}[0m"),
        (true, Outcome::Retried) => format!("\u{1b}[33m{line}\u{1b}[0m"),
        _ => line,
    }
}

/// The members of a detail as `name=value`.
fn details(detail: &Value, line: &mut String) {
    let Value::Object(members) = detail else { return };
    for (name, value) in members {
        let text = match value {
            Value::Null => continue,
            Value::String(text) => shown(text),
            other => shown(&other.to_string()),
        };
        let _ = write!(line, "  {}={text}", shown(name));
    }
}

/// A text of anybody's on one line.
fn shown(text: &str) -> String {
    let mut line: String = text.chars().take(LONGEST).flat_map(printable).collect();
    if text.chars().nth(LONGEST).is_some() {
        line.push('…');
    }
    line
}

/// A character, or its escape where it could move a cursor, colour a terminal or reverse a line.
fn printable(character: char) -> impl Iterator<Item = char> {
    let is_plain = !character.is_control()
        && !matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let escaped = (!is_plain).then(|| character.escape_default());
    is_plain.then_some(character).into_iter().chain(escaped.into_iter().flatten())
}

#[cfg(test)]
mod tests {
    use local::kernel::Time;
    use serde_json::json;

    use super::*;

    fn happening(detail: Value, outcome: Outcome) -> Happening {
        let resource = "everi-notify".to_owned();
        Happening { at: Time::EPOCH, service: "sqs", resource, what: "sent", outcome, detail }
    }

    #[test]
    fn a_line_says_when_where_and_what() {
        let line = human(&happening(json!({"message": "m1", "bytes": 12}), Outcome::Failed), false);
        assert_eq!(line, "00:00:00.000 ! sqs      everi-notify                     sent  message=m1  bytes=12");
    }

    #[test]
    fn what_a_message_holds_cannot_leave_its_line() {
        let detail = json!({"text": "a\u{1b}[31m\nERROR all is lost\u{202e}", "long": "x".repeat(1000)});
        let line = human(&happening(detail, Outcome::Done), true);
        assert!(!line.contains('\u{1b}') && !line.contains('\n') && !line.contains('\u{202e}'), "{line}");
        assert!(line.len() < 500);
    }
}
