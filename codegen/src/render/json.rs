//! Diagnostics as JSON, for editors and CI.
//!
//! One object, `{"version": 1, "errors": n, "warnings": n, "diagnostics": […]}`. A diagnostic has
//!
//! - `code`, `severity` (`error` or `warning`), `message`
//! - `place`: `file`, `start` and `end`, each `{"line", "column", "byte"}`; lines and columns from 1, columns in
//!   characters, bytes from 0; `end` is one past the last character
//! - `label` and `help`: text, or null
//! - `fix`: `{"place", "replacement"}`, or null
//! - `related`: a list of `{"place", "note"}`
//!
//! Where the command itself failed, as when a file cannot be read, the object has `failure`, a text, and no diagnostics.
//!
//! Of more than a thousand diagnostics the first thousand are told; `errors` and `warnings` count all.
//!
//! Keys may be added; none changes its meaning without another `version`.

use serde::Serialize;

use super::inert;
use super::lines::Lines;
use crate::diagnostic::{Diagnostic, Severity};
use crate::source::{SourceMap, Span};

/// The most diagnostics that are told; `errors` and `warnings` count all.
const MOST: usize = 1_000;

/// The diagnostics as one line of JSON, in the order given and up to 1,000 of them, with a line break at its end.
#[must_use]
pub fn json(map: &SourceMap, diagnostics: &[Diagnostic]) -> String {
    let lines = Lines::of(map);
    let count = |severity| diagnostics.iter().filter(|d| d.severity == severity).count();
    let report = Report {
        version: 1,
        errors: count(Severity::Error),
        warnings: count(Severity::Warning),
        diagnostics: diagnostics.iter().take(MOST).map(|diagnostic| entry(&lines, diagnostic)).collect(),
        failure: None,
    };
    // Text and numbers alone: there is nothing that could fail to serialize.
    let mut text = inert::json(&serde_json::to_string(&report).unwrap_or_default());
    text.push('\n');
    text
}

/// What is told when there was nothing to find mistakes in: a file could not be read, or not written.
#[must_use]
pub fn json_failure(failure: &str) -> String {
    let report = Report { version: 1, errors: 0, warnings: 0, diagnostics: Vec::new(), failure: Some(failure) };
    let mut text = inert::json(&serde_json::to_string(&report).unwrap_or_default());
    text.push('\n');
    text
}

#[derive(Serialize)]
struct Report<'a> {
    version: u32,
    errors: usize,
    warnings: usize,
    diagnostics: Vec<Entry<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<&'a str>,
}

#[derive(Serialize)]
struct Entry<'a> {
    code: &'a str,
    severity: &'a str,
    message: &'a str,
    place: Place<'a>,
    label: Option<&'a str>,
    help: Option<&'a str>,
    fix: Option<Fix<'a>>,
    related: Vec<Related<'a>>,
}

#[derive(Serialize)]
struct Place<'a> {
    file: &'a str,
    start: Point,
    end: Point,
}

#[derive(Serialize)]
struct Point {
    line: usize,
    column: usize,
    byte: u32,
}

#[derive(Serialize)]
struct Fix<'a> {
    place: Place<'a>,
    replacement: &'a str,
}

#[derive(Serialize)]
struct Related<'a> {
    place: Place<'a>,
    note: &'a str,
}

fn entry<'a>(lines: &Lines<'a>, diagnostic: &'a Diagnostic) -> Entry<'a> {
    Entry {
        code: diagnostic.code,
        severity: match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        },
        message: &diagnostic.message,
        place: place(lines, diagnostic.span),
        label: Some(diagnostic.label.as_str()).filter(|label| !label.is_empty()),
        help: diagnostic.help.as_deref(),
        fix: diagnostic.fix.as_ref().map(|fix| Fix { place: place(lines, fix.span), replacement: &fix.replacement }),
        related: diagnostic
            .related
            .iter()
            .map(|related| Related { place: place(lines, related.span), note: &related.note })
            .collect(),
    }
}

fn place<'a>(lines: &Lines<'a>, span: Span) -> Place<'a> {
    let point = |byte: u32| {
        let position = lines.position(span, byte as usize);
        Point { line: position.line, column: position.column, byte }
    };
    let file = lines.file(span).map_or("", |file| file.path.as_str());
    Place { file, start: point(span.start), end: point(span.end) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::FileId;

    #[test]
    fn a_diagnostic_has_all_its_parts() {
        let mut map = SourceMap::default();
        let file = map.add("spec/flow.yaml", "flow: é\nform: x\u{1b}\n");
        let wrong = Diagnostic::new("E016", Span::new(file, 9, 13), "unknown key `form`")
            .label("here")
            .help("did you mean `from`?")
            .replace_with("from")
            .related(Span::new(file, 6, 8), "its flow");
        let doubt = Diagnostic::new("W001", Span::new(FileId(7), 0, 0), "elsewhere \u{1b}");
        assert_eq!(
            json(&map, &[wrong, doubt]),
            concat!(
                r#"{"version":1,"errors":1,"warnings":1,"diagnostics":["#,
                r#"{"code":"E016","severity":"error","message":"unknown key `form`","#,
                r#""place":{"file":"spec/flow.yaml","start":{"line":2,"column":1,"byte":9},"#,
                r#""end":{"line":2,"column":5,"byte":13}},"label":"here","help":"did you mean `from`?","#,
                r#""fix":{"place":{"file":"spec/flow.yaml","start":{"line":2,"column":1,"byte":9},"#,
                r#""end":{"line":2,"column":5,"byte":13}},"replacement":"from"},"#,
                r#""related":[{"place":{"file":"spec/flow.yaml","start":{"line":1,"column":7,"byte":6},"#,
                r#""end":{"line":1,"column":8,"byte":8}},"note":"its flow"}]},"#,
                r#"{"code":"W001","severity":"warning","message":"elsewhere \u001b","#,
                r#""place":{"file":"","start":{"line":1,"column":1,"byte":0},"end":{"line":1,"column":1,"byte":0}},"#,
                r#""label":null,"help":null,"fix":null,"related":[]}]}"#,
                "\n"
            )
        );
    }
}
