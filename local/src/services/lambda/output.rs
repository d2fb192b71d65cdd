//! What a function writes: lines, made harmless, the last of which are kept.

use std::cell::RefCell;
use std::collections::VecDeque;

use base64::Engine;
use serde::Deserialize;
use serde_json::{Value, json};

use super::errors::{number, read};
use super::{Lambda, NAME};
use crate::kernel::{AwsError, Caller, Outcome, Time, World};

/// Lines that are kept of a function.
const LINES: usize = 1000;
/// Bytes that are kept of a function.
const BYTES: usize = 1 << 20;
/// A line's longest: that of an event of CloudWatch Logs.
pub(super) const LINE: usize = 256 * 1024;
/// What `LogType: Tail` answers with (Lambda API, Invoke).
const TAIL: usize = 4096;

/// What a function wrote last.
#[derive(Debug)]
pub(super) struct Output {
    world: World,
    function: String,
    lines: RefCell<Lines>,
}

#[derive(Debug, Default)]
struct Lines {
    lines: VecDeque<Line>,
    bytes: usize,
}

#[derive(Debug)]
struct Line {
    at: Time,
    request_id: String,
    text: String,
}

impl Output {
    pub(super) fn new(world: World, function: &str) -> Self {
        Self { world, function: function.to_owned(), lines: RefCell::default() }
    }

    /// Keeps a line and tells it.
    pub(super) fn write(&self, request_id: &str, line: &[u8]) {
        let text = harmless(&String::from_utf8_lossy(line));
        if text.is_empty() {
            return;
        }
        self.world.log.tell(
            NAME,
            &self.function,
            "logged",
            Outcome::Done,
            || json!({"request": request_id, "line": text}),
        );
        let mut lines = self.lines.borrow_mut();
        lines.bytes += text.len();
        lines.lines.push_back(Line { at: self.world.clock.now(), request_id: request_id.to_owned(), text });
        while lines.lines.len() > LINES || lines.bytes > BYTES {
            let Some(line) = lines.lines.pop_front() else { break };
            lines.bytes -= line.text.len();
        }
    }

    /// The end of what an invocation wrote, as base64.
    pub(super) fn tail(&self, request_id: &str, milliseconds: u128, memory: u32) -> String {
        let mut text = format!("START RequestId: {request_id} Version: $LATEST\n");
        for line in self.lines.borrow().lines.iter().filter(|line| line.request_id == request_id) {
            text.push_str(&line.text);
            text.push('\n');
        }
        text.push_str(&format!(
            "END RequestId: {request_id}\nREPORT RequestId: {request_id}\tDuration: {milliseconds}.00 ms\tBilled \
             Duration: {milliseconds} ms\tMemory Size: {memory} MB\t\n",
        ));
        let bytes = text.as_bytes();
        let tail = bytes.get(bytes.len().saturating_sub(TAIL)..).unwrap_or(bytes);
        base64::engine::general_purpose::STANDARD.encode(tail)
    }
}

/// A line whose control characters a terminal would obey, made visible: escapes cannot colour, move or
/// title what is around them.
fn harmless(line: &str) -> String {
    let line = line.trim_end_matches(['\n', '\r']);
    let is_plain = |character: char| character == '\t' || !character.is_control() && !is_bidirectional(character);
    if line.chars().all(is_plain) {
        return line.to_owned();
    }
    line.chars().map(|character| if is_plain(character) { character } else { '\u{fffd}' }).collect()
}

/// What turns the order of text around.
const fn is_bidirectional(character: char) -> bool {
    matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// `eventloom:GetLogs {FunctionName, Limit?}`: the last lines of a function, the oldest first.
pub(super) fn logs(lambda: &Lambda, caller: &Caller, input: Value) -> Result<Value, AwsError> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "PascalCase")]
    struct Input {
        function_name: String,
        #[serde(default, deserialize_with = "number")]
        limit: Option<usize>,
    }
    let Input { function_name, limit } = read(input)?;
    let entry = lambda.entry(caller, "lambda:GetFunction", &function_name, None)?;
    let lines = entry.output.lines.borrow();
    let skipped = lines.lines.len().saturating_sub(limit.unwrap_or(LINES));
    let lines: Vec<Value> = lines
        .lines
        .iter()
        .skip(skipped)
        .map(|line| json!({"At": line.at, "RequestId": line.request_id, "Text": line.text}))
        .collect();
    Ok(json!({"Lines": lines}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_made_visible() {
        assert_eq!(harmless("a\tb\r\n"), "a\tb");
        assert_eq!(harmless("\u{1b}[31mred\u{7}\u{9b}2J"), "\u{fffd}[31mred\u{fffd}\u{fffd}2J");
        assert_eq!(harmless("x\u{202e}y"), "x\u{fffd}y");
    }

    #[tokio::test]
    async fn lines_are_bounded_in_number_and_size() {
        let output = Output::new(World::simulated(1), "f");
        for number in 0..2 * LINES {
            output.write("id", format!("{number}").as_bytes());
        }
        assert_eq!(output.lines.borrow().lines.len(), LINES);
        for _ in 0..8 {
            output.write("id", &vec![b'x'; LINE]);
        }
        assert!(output.lines.borrow().bytes <= BYTES);
    }

    #[tokio::test]
    async fn a_tail_is_the_last_4_kb() {
        let output = Output::new(World::simulated(1), "f");
        output.write("other", b"not mine");
        output.write("id", &vec![b'x'; LINE]);
        output.write("id", b"the end");
        let tail = base64::engine::general_purpose::STANDARD.decode(output.tail("id", 7, 128)).unwrap();
        let tail = String::from_utf8(tail).unwrap();
        assert_eq!(tail.len(), TAIL);
        assert!(tail.contains("x\nthe end\nEND RequestId: id\nREPORT RequestId: id\tDuration: 7.00 ms"), "{tail}");
    }
}
