//! What the compiler says to the person who wrote the spec.
//!
//! A [`Diagnostic`] has a code, a place, a message in the spec's words and, where possible, a fix.
//! Passes push into a [`Diagnostics`] and go on; nothing stops at the first mistake.

use crate::source::Span;
use std::collections::BTreeSet;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing is written.
    Error,
    /// Everything is written; the spec can allow it with a reason.
    Warning,
}

/// A text to put in the place of another, which mends the mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// What to replace.
    pub span: Span,
    /// With what.
    pub replacement: String,
}

/// A further place that explains the mistake, with what stands there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Related {
    /// The place.
    pub span: Span,
    /// What it has to do with the mistake: lower case, no full stop.
    pub note: String,
}

/// One mistake or doubt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Its rule: `E012` or `W003`.
    pub code: &'static str,
    /// Error or warning.
    pub severity: Severity,
    /// What is wrong: lower case, no full stop, backticks around user text.
    pub message: String,
    /// Where.
    pub span: Span,
    /// What stands under the caret; empty for none.
    pub label: String,
    /// Other places.
    pub related: Vec<Related>,
    /// How to put it right, as a sentence.
    pub help: Option<String>,
    /// How to put it right, as an edit.
    pub fix: Option<Fix>,
}

impl Diagnostic {
    /// An error; its severity follows from the code's first letter.
    #[must_use]
    pub fn new(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        let severity = if code.starts_with('W') { Severity::Warning } else { Severity::Error };
        Self {
            code,
            severity,
            message: message.into(),
            span,
            label: String::new(),
            related: Vec::new(),
            help: None,
            fix: None,
        }
    }

    /// With a text under the caret.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// With a sentence that says how to put it right.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// With an edit of the mistake's own place that puts it right.
    #[must_use]
    pub fn replace_with(mut self, replacement: impl Into<String>) -> Self {
        self.fix = Some(Fix { span: self.span, replacement: replacement.into() });
        self
    }

    /// With another place that explains it.
    #[must_use]
    pub fn related(mut self, span: Span, note: impl Into<String>) -> Self {
        self.related.push(Related { span, note: note.into() });
        self
    }
}

/// What was found so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diagnostics {
    found: Vec<Diagnostic>,
}

impl Diagnostics {
    /// Records one more.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.found.push(diagnostic);
    }

    /// Takes over what another pass found.
    pub fn extend(&mut self, other: Diagnostics) {
        self.found.extend(other.found);
    }

    /// Whether anything found is an error.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.found.iter().any(|d| d.severity == Severity::Error)
    }

    /// The codes of all errors.
    pub fn errors(&self) -> impl Iterator<Item = &'static str> {
        self.found.iter().filter(|d| d.severity == Severity::Error).map(|d| d.code)
    }

    /// How many were found.
    #[must_use]
    pub fn len(&self) -> usize {
        self.found.len()
    }

    /// Whether nothing was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// All of them, in the order of their places, each once; of an error and a warning about the same place the
    /// error alone.
    #[must_use]
    pub fn sorted(mut self) -> Vec<Diagnostic> {
        self.found.sort_by(|a, b| (a.span, a.code, &a.message).cmp(&(b.span, b.code, &b.message)));
        self.found.dedup();
        let wrong: BTreeSet<Span> =
            self.found.iter().filter(|d| d.severity == Severity::Error).map(|d| d.span).collect();
        self.found.retain(|d| d.severity == Severity::Error || !wrong.contains(&d.span));
        self.found
    }
}
