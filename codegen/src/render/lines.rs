//! Where the lines of the files are.

use crate::source::{SourceFile, SourceMap, Span};

/// The starts of the lines of every file, found once: a report may have thousands of places.
pub(super) struct Lines<'a> {
    map: &'a SourceMap,
    starts: Vec<Vec<usize>>,
}

/// A place as a person counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Position {
    /// From 1.
    pub(super) line: usize,
    /// In characters, from 1.
    pub(super) column: usize,
}

impl<'a> Lines<'a> {
    pub(super) fn of(map: &'a SourceMap) -> Self {
        let starts = map.files().iter().map(|file| {
            std::iter::once(0)
                .chain(file.text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(at, _)| at + 1))
                .collect()
        });
        Self { map, starts: starts.collect() }
    }

    pub(super) fn file(&self, span: Span) -> Option<&'a SourceFile> {
        self.map.get(span.file)
    }

    /// The line of a byte, from 1, and where it begins.
    pub(super) fn line(&self, span: Span, byte: usize) -> (usize, usize) {
        let starts = self.starts.get(usize::from(span.file.0)).map(Vec::as_slice).unwrap_or_default();
        let line = starts.partition_point(|start| *start <= byte);
        (line.max(1), line.checked_sub(1).and_then(|at| starts.get(at)).copied().unwrap_or(0))
    }

    pub(super) fn position(&self, span: Span, byte: usize) -> Position {
        let (line, start) = self.line(span, byte);
        let before = self.file(span).and_then(|file| file.text.get(start..byte)).unwrap_or_default();
        Position { line, column: before.chars().count() + 1 }
    }
}
