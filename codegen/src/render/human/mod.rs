//! Diagnostics as a person reads them in a terminal: the message, the line with a caret, and what to write.

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Patch, Renderer, Snippet};

use crate::diagnostic::{Diagnostic, Severity};
use crate::render::inert;
use crate::render::lines::Lines;
use crate::source::{SourceMap, Span};

/// What a snippet shows of a long line, in bytes on each side of the place.
const AROUND: usize = 2000;

/// The longest line that a fix is shown in, in bytes.
const PATCHED: usize = 300;

/// How far apart two places of one snippet may be, in lines; what lies further gets a snippet of its own.
const NEAR: usize = 6;

/// The width to which long lines are cut, in columns: always the same, so that a report is too.
const WIDTH: usize = 140;

/// The most diagnostics that are shown: nobody reads on, and a hostile file has as many as it has values.
const MOST: usize = 200;

/// The diagnostics in the order given, up to 200 of them, with a summary line at the end; empty for none.
#[must_use]
pub fn human(map: &SourceMap, diagnostics: &[Diagnostic], color: bool) -> String {
    let lines = Lines::of(map);
    let renderer = if color { Renderer::styled() } else { Renderer::plain() }.term_width(WIDTH);
    let mut text = String::new();
    for diagnostic in diagnostics.iter().take(MOST) {
        text.push_str(&renderer.render(&report(&lines, diagnostic)));
        text.push_str("\n\n");
    }
    if !diagnostics.is_empty() {
        text.push_str(&summary(diagnostics));
        if diagnostics.len() > MOST {
            text.push_str(&format!(", of which the first {MOST} are shown"));
        }
        text.push('\n');
    }
    text
}

fn summary(diagnostics: &[Diagnostic]) -> String {
    let errors = diagnostics.iter().filter(|d| d.severity == Severity::Error).count();
    let plural = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    match (errors, diagnostics.len() - errors) {
        (errors, 0) => plural(errors, "error"),
        (0, warnings) => plural(warnings, "warning"),
        (errors, warnings) => format!("{}, {}", plural(errors, "error"), plural(warnings, "warning")),
    }
}

fn report(lines: &Lines<'_>, diagnostic: &Diagnostic) -> Vec<Group<'static>> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level.primary_title(inert::message(&diagnostic.message)).id(diagnostic.code);
    let mut main = Group::with_title(title);
    let (near, far): (Vec<_>, Vec<_>) =
        diagnostic.related.iter().partition(|related| is_near(lines, diagnostic.span, related.span));
    let places: Vec<Place<'_>> =
        std::iter::once(Place { span: diagnostic.span, label: &diagnostic.label, primary: true })
            .chain(near.iter().map(|related| Place { span: related.span, label: &related.note, primary: false }))
            .collect();
    if let Some((origin, snippet)) = snippet(lines, &places) {
        main = main.elements(origin).element(snippet);
    }
    let fix = diagnostic.fix.as_ref().and_then(|fix| patch(lines, fix.span, &fix.replacement));
    let help = diagnostic.help.as_deref().map(inert::message);
    let mut groups = Vec::new();
    let unshown = diagnostic.fix.as_ref().map(|fix| inert::message(&format!("write `{}`", fix.replacement)));
    match (help.or(unshown), fix) {
        (Some(help), None) => main = main.element(Level::HELP.message(help)),
        (Some(help), Some(fix)) => {
            groups.push(Group::with_title(Level::HELP.secondary_title(help)).element(fix));
        }
        (None, _) => {}
    }
    for related in far {
        let group = Group::with_title(Level::NOTE.secondary_title(inert::message(&related.note)));
        let place = Place { span: related.span, label: "", primary: false };
        groups.push(match snippet(lines, &[place]) {
            Some((origin, snippet)) => group.elements(origin).element(snippet),
            None => group,
        });
    }
    groups.insert(0, main);
    groups
}

#[derive(Clone, Copy)]
struct Place<'a> {
    span: Span,
    label: &'a str,
    primary: bool,
}

fn is_near(lines: &Lines<'_>, a: Span, b: Span) -> bool {
    let line = |span: Span| lines.line(span, span.start as usize).0;
    a.file == b.file && line(a).abs_diff(line(b)) <= NEAR
}

/// The part of a file that a snippet shows.
struct Window {
    path: String,
    text: String,
    /// Its first line, from 1.
    line: usize,
    /// Where it begins in the file.
    start: usize,
    end: usize,
}

impl Window {
    /// The part of a span that lies in the window, as a range of the window's text, cut to its first line.
    fn range(&self, span: Span) -> std::ops::Range<usize> {
        let start = (span.start as usize).clamp(self.start, self.end) - self.start;
        let end = (span.end as usize).clamp(self.start, self.end) - self.start;
        let line = self.text.get(start..end.max(start)).unwrap_or_default().lines().next().unwrap_or_default();
        start..start + line.trim_end().len()
    }
}

/// The lines of some places that are near each other. Of a single long line only what is around the place.
fn window(lines: &Lines<'_>, spans: &[Span]) -> Option<Window> {
    let first = spans.iter().min_by_key(|span| span.start)?;
    let last = spans.iter().max_by_key(|span| span.start)?;
    let file = lines.file(*first)?;
    let text = file.text.as_str();
    let (line, mut start) = lines.line(*first, first.start as usize);
    let length = text.get(last.start as usize..).and_then(|rest| rest.find('\n'));
    let mut end = length.map_or(text.len(), |length| last.start as usize + length);
    start = start.max(text.floor_char_boundary((first.start as usize).saturating_sub(AROUND)));
    end = end.min(text.ceil_char_boundary(last.start as usize + AROUND)).max(start);
    let text = inert::line(text.get(start..end)?);
    Some(Window { path: inert::message(&file.path), text, line, start, end })
}

/// The lines of some places. Where the line's start is cut off, its column is told before them: what is shown would
/// be counted from the cut.
fn snippet(lines: &Lines<'_>, places: &[Place<'_>]) -> Option<(Option<Origin<'static>>, Lined)> {
    let spans: Vec<Span> = places.iter().map(|place| place.span).collect();
    let first = *spans.first()?;
    let window = window(lines, &spans)?;
    let annotations = places.iter().map(|place| {
        let kind = if place.primary { AnnotationKind::Primary } else { AnnotationKind::Context };
        let annotation = kind.span(window.range(place.span));
        if place.label.is_empty() { annotation } else { annotation.label(inert::message(place.label)) }
    });
    let annotations: Vec<_> = annotations.collect();
    let snippet = Snippet::source(window.text).line_start(window.line).fold(true).annotations(annotations);
    if window.start == lines.line(first, window.start).1 {
        return Some((None, snippet.path(window.path)));
    }
    let position = lines.position(first, first.start as usize);
    Some((Some(Origin::path(window.path).line(position.line).char_column(position.column)), snippet))
}

type Lined = Snippet<'static, Annotation<'static>>;

fn patch(lines: &Lines<'_>, span: Span, replacement: &str) -> Option<Snippet<'static, Patch<'static>>> {
    let window = window(lines, &[span])?;
    let range = (span.start as usize).checked_sub(window.start)?..(span.end as usize).checked_sub(window.start)?;
    // A patch is shown with its whole lines: of long ones, the help tells enough.
    let lines = window.text.get(range.clone())?;
    if window.text.len() > PATCHED || lines.contains('\n') {
        return None;
    }
    let patch = Patch::new(range, inert::message(replacement));
    Some(Snippet::source(window.text).path(window.path).line_start(window.line).fold(true).patch(patch))
}

#[cfg(test)]
mod tests;
