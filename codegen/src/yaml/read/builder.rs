//! From the parser's events to nodes.

use std::borrow::Cow;
use std::collections::BTreeMap;

use saphyr_parser::{Event, ScalarStyle, Tag};

use super::{Budget, DEPTH, NODES, too_many};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::{FileId, Span};
use crate::yaml::codes;
use crate::yaml::de::short;
use crate::yaml::text::{offset, quote_it};
use crate::yaml::tree::{Kind, Node};

/// A list or map whose end has not come yet.
enum Open {
    Sequence { start: usize, items: Vec<Node> },
    Mapping { start: usize, entries: Vec<(Node, Node)>, key: Option<Node>, seen: BTreeMap<String, Span> },
}

/// Takes events and puts the tree together.
pub(super) struct Builder<'a> {
    file: FileId,
    source: &'a str,
    masked: &'a [Span],
    open: Vec<Open>,
    root: Option<Node>,
    nodes: usize,
    /// The last complete value: where it stands, and whether it is a map or list in brackets.
    last: (Span, bool),
    refused: Budget,
    duplicates: Budget,
}

impl<'a> Builder<'a> {
    /// `masked`: values that have been reported and overwritten, by their places.
    pub(super) fn new(file: FileId, source: &'a str, masked: &'a [Span]) -> Self {
        Self {
            file,
            source,
            masked,
            open: Vec::new(),
            root: None,
            nodes: 0,
            last: (Span::new(file, 0, 0), false),
            refused: Budget::default(),
            duplicates: Budget::default(),
        }
    }

    pub(super) fn finish(self) -> Option<Node> {
        self.root
    }

    /// The innermost open map or list that is written with a bracket: where, and which.
    pub(super) fn innermost_flow(&self) -> Option<(usize, char)> {
        self.open.iter().rev().find_map(|open| {
            let (Open::Sequence { start, .. } | Open::Mapping { start, .. }) = open;
            let c = self.source.get(*start..)?.chars().next()?;
            matches!(c, '{' | '[').then_some((*start, c))
        })
    }

    pub(super) fn over_limit(&self, at: usize) -> Option<Diagnostic> {
        let here = self.span(at, at);
        if self.open.len() > DEPTH {
            Some(too_deep(here))
        } else if self.nodes > NODES {
            Some(too_many(here))
        } else {
            None
        }
    }

    pub(super) fn take(&mut self, event: Event<'_>, (start, end): (usize, usize), out: &mut Diagnostics) {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.nodes += 1;
                let kept = self.refuse_marks(anchor, tag.as_deref(), start, out);
                let kind = Kind::Scalar { text: text.into_owned(), plain: style == ScalarStyle::Plain };
                let node = self.scalar(kind, style, start, end);
                self.place(if kept { node } else { Node { kind: Kind::Refused, ..node } }, out);
            }
            Event::Alias(_) => {
                self.nodes += 1;
                self.refuse_alias(start, end, out);
                self.place(Node { span: self.span(start, end), kind: Kind::Refused }, out);
            }
            Event::SequenceStart(anchor, tag) => {
                self.refuse_marks(anchor, tag.as_deref(), start, out);
                self.nodes += 1;
                self.open.push(Open::Sequence { start, items: Vec::new() });
            }
            Event::MappingStart(anchor, tag) => {
                self.refuse_marks(anchor, tag.as_deref(), start, out);
                self.nodes += 1;
                self.open.push(Open::Mapping { start, entries: Vec::new(), key: None, seen: BTreeMap::new() });
            }
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(Open::Sequence { start: begin, items }) => {
                    let last = items.last().map(|node| node.span);
                    let span = self.collection(begin, last, start, '[');
                    self.place(Node { span, kind: Kind::Sequence(items) }, out);
                }
                Some(Open::Mapping { start: begin, entries, .. }) => {
                    let last = entries.last().map(|(_, value)| value.span);
                    let span = self.collection(begin, last, start, '{');
                    self.place(Node { span, kind: Kind::Mapping(entries) }, out);
                }
                None => {}
            },
            _ => {}
        }
    }

    /// Puts a complete value where it belongs: the root, a list, or a map's key or value.
    fn place(&mut self, node: Node, out: &mut Diagnostics) {
        self.last = (node.span, matches!(node.kind, Kind::Mapping(_) | Kind::Sequence(_)));
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some(Open::Sequence { items, .. }) => items.push(node),
            Some(Open::Mapping { entries, key, seen, .. }) => {
                let Some(of) = key.take() else {
                    *key = Some(node);
                    return;
                };
                match of.kind {
                    Kind::Refused => {}
                    Kind::Scalar { ref text, plain } if text == "<<" && plain => {
                        out.push(
                            Diagnostic::new(codes::MERGE_KEY, of.span, "a merge key `<<` is not part of the language")
                                .help("write the keys out"),
                        );
                    }
                    Kind::Scalar { ref text, .. } => match seen.get(text) {
                        Some(first) => {
                            if self.duplicates.spend() {
                                out.push(
                                    Diagnostic::new(
                                        codes::DUPLICATE_KEY,
                                        of.span,
                                        format!("`{}` stands twice here", short(text)),
                                    )
                                    .related(*first, "first here"),
                                );
                            }
                        }
                        None => {
                            seen.insert(text.clone(), of.span);
                            entries.push((of, node));
                        }
                    },
                    Kind::Sequence(_) | Kind::Mapping(_) => out.push(key_is_no_text(&of)),
                }
            }
        }
    }

    /// Reports anchors and tags. Says whether the value means what it would without them.
    fn refuse_marks(&mut self, anchor: usize, tag: Option<&Tag>, at: usize, out: &mut Diagnostics) -> bool {
        if anchor == 0 && tag.is_none() {
            return true;
        }
        let span = self.word(at);
        let (code, message, first) = match tag {
            Some(tag) => (codes::TAG, format!("a tag `{}` is not part of the language", short(&shown(tag))), '!'),
            None => (codes::ALIAS, "an anchor is not part of the language".to_owned(), '&'),
        };
        if self.refused.spend() {
            let help = format!("delete it, or quote the text if it begins with `{first}`");
            out.push(Diagnostic::new(code, span, message).help(help));
        }
        false
    }

    fn refuse_alias(&mut self, start: usize, end: usize, out: &mut Diagnostics) {
        let merged =
            matches!(self.open.last(), Some(Open::Mapping { key: Some(key), .. }) if key.plain() == Some("<<"));
        if !merged && self.refused.spend() {
            out.push(alias(self.span(start, end)));
        }
    }

    fn scalar(&self, kind: Kind, style: ScalarStyle, start: usize, end: usize) -> Node {
        let empty = matches!(&kind, Kind::Scalar { text, .. } if text.is_empty()) && style == ScalarStyle::Plain;
        let length = match style {
            _ if empty => 0,
            ScalarStyle::DoubleQuoted | ScalarStyle::SingleQuoted => quoted_length(self.slice(start, end)),
            _ => self.slice(start, end).trim_end().len(),
        };
        let end = start + length;
        let span = self.span(start, end);
        let kind = if self.masked.iter().any(|masked| masked.start == span.start) { Kind::Refused } else { kind };
        Node { span, kind }
    }

    /// A list or map in brackets ends after its bracket; one in lines ends with its last value.
    fn collection(&self, start: usize, last: Option<Span>, end: usize, bracket: char) -> Span {
        let closing = if bracket == '[' { ']' } else { '}' };
        if self.source_from(start).starts_with(bracket) && self.source_from(end).starts_with(closing) {
            return self.span(start, end + 1);
        }
        last.map_or(self.span(start, start), |last| Span { start: offset(start), ..last })
    }

    /// From here to the next space.
    fn word(&self, at: usize) -> Span {
        let rest = self.source_from(at);
        let length = rest.find(|c: char| c.is_whitespace() || matches!(c, ',' | ']' | '}')).unwrap_or(rest.len());
        self.span(at, at + length)
    }

    fn source_from(&self, start: usize) -> &'a str {
        self.slice(start, self.source.len())
    }

    fn slice(&self, start: usize, end: usize) -> &'a str {
        self.source.get(start..end).unwrap_or_default()
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.file, offset(start), offset(end))
    }

    pub(super) fn last(&self) -> (Span, bool) {
        self.last
    }
}

pub(super) fn alias(span: Span) -> Diagnostic {
    Diagnostic::new(codes::ALIAS, span, "an alias is not part of the language")
        .help("write the value out, or quote the text if it begins with `*`")
}

pub(super) fn too_deep(span: Span) -> Diagnostic {
    Diagnostic::new(codes::TOO_LARGE, span, format!("lists and maps are nested more than {DEPTH} deep"))
}

/// The bytes of a text in quotes, with them: the parser counts a comment after it too.
fn quoted_length(text: &str) -> usize {
    let mut chars = text.char_indices();
    let Some((_, quote)) = chars.next() else { return 0 };
    while let Some((at, c)) = chars.next() {
        if c == '\\' && quote == '"' {
            chars.next();
        } else if c == quote {
            if quote == '\'' && chars.as_str().starts_with('\'') {
                chars.next();
            } else {
                return at + c.len_utf8();
            }
        }
    }
    text.trim_end().len()
}

fn key_is_no_text(key: &Node) -> Diagnostic {
    let what = if matches!(key.kind, Kind::Sequence(_)) { "list" } else { "map" };
    let wrong = Diagnostic::new(codes::KEY, key.span, format!("a {what} stands where a key is expected"));
    match key.as_unquoted_braces() {
        Some(name) => quote_it(wrong, &format!("{{{name}}}")),
        None => wrong.help("a key is text"),
    }
}

fn shown(tag: &Tag) -> Cow<'_, str> {
    match tag.handle.as_str() {
        "tag:yaml.org,2002:" => Cow::Owned(format!("!!{}", tag.suffix)),
        "!" => Cow::Owned(format!("!{}", tag.suffix)),
        _ => Cow::Owned(format!("{}{}", tag.handle, tag.suffix)),
    }
}
