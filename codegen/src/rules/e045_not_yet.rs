//! E045: this word is kept for later.

use super::{Check, Rule};
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// This word is kept for later.
pub(crate) const RULE: Rule = Rule {
    code: "E045",
    title: "this word is kept for later",
    doc: r#"
`external`, `vpc`, `regions`, `buckets`, `aggregate`, `undo`, `wait: { for: … }`, `task`, and `stream` on a topic are
kept for what is to come, and mean nothing yet.
"#,
    check: Check::Reading,
};

/// Words that are kept, each with the kind of thing that it belongs to; none for everywhere.
pub(crate) const WORDS: [(&str, Option<&str>); 9] = [
    ("external", None),
    ("vpc", None),
    ("regions", None),
    ("buckets", None),
    ("aggregate", Some("a grouper")),
    ("undo", Some("a grouper")),
    ("for", Some("a wait")),
    ("task", Some("a step")),
    ("stream", Some("a topic")),
];

pub(crate) fn diagnostic(span: Span, word: &str) -> Diagnostic {
    Diagnostic::new(RULE.code, span, format!("`{word}` is kept for later: not yet"))
}
