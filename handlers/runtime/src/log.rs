//! The log: one JSON object a line, on standard output, where Lambda takes it.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, Write};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt;
use tracing_subscriber::prelude::*;

/// Whose lines may be finer than `info`. The Lambda runtime and the SDK write whole payloads at
/// `trace`, so they never are.
const OURS: [&str; 3] = [env!("CARGO_CRATE_NAME"), "generated", "handlers"];

/// Tells of a handler's error too, but without the invocation's span: `run` has told of it with.
const TOLD: &str = "lambda_runtime::layers::panic";

/// Starts the log. `level` is what `AWS_LAMBDA_LOG_LEVEL` says, which Lambda sets from the
/// function's logging configuration; else `info`.
pub(crate) fn start(level: Option<&str>) {
    let level = level.and_then(|level| level.parse().ok()).unwrap_or(LevelFilter::INFO);
    let targets = Targets::new().with_default(level.min(LevelFilter::INFO)).with_target(TOLD, LevelFilter::OFF);
    let targets = OURS.iter().fold(targets, |targets, ours| targets.with_target(*ours, level));
    let lines = fmt::layer().json().flatten_event(true).with_writer(|| Inert(io::stdout()));
    // A second start finds the first one's log in place, which is as good.
    let _ = tracing_subscriber::registry().with(lines).with(targets).try_init();
}

/// A writer whose lines can neither steer a terminal nor mislead a reader.
struct Inert<W>(W);

impl<W: Write> Write for Inert<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.write_all(inert(&String::from_utf8_lossy(line)).as_bytes())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Escapes what JSON leaves as it is: DEL, the C1 controls (one of them begins an escape sequence),
/// and the characters that change the direction of text or take no room. They stand only inside
/// strings, so the line stays the same JSON.
fn inert(line: &str) -> Cow<'_, str> {
    if !line.contains(is_active) {
        return Cow::Borrowed(line);
    }
    let mut escaped = String::with_capacity(line.len());
    for char in line.chars() {
        if is_active(char) {
            let _ = write!(escaped, "\\u{:04x}", u32::from(char));
        } else {
            escaped.push(char);
        }
    }
    Cow::Owned(escaped)
}

fn is_active(char: char) -> bool {
    matches!(char, '\u{7f}'..='\u{9f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_escape_sequence_in_a_field_is_made_inert() {
        assert_eq!(inert("{\"id\":\"\u{9b}31m\u{202e}\"}\n"), "{\"id\":\"\\u009b31m\\u202e\"}\n");
    }

    #[test]
    fn a_plain_line_is_passed_on_as_it_is() {
        assert!(matches!(inert("{\"name\":\"Rüstəm\"}\n"), Cow::Borrowed(_)));
    }
}
