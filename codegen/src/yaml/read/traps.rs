//! What YAML reads without complaint and nobody meant.
//!
//! In: a tree and its text. Out: diagnostics; values that were cut in pieces are taken out of the tree.

use super::Budget;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::{FileId, Span};
use crate::yaml::codes;
use crate::yaml::de::short;
use crate::yaml::text::{MOST, is_invisible, offset, quote_it, quoted, refuse_invisible};
use crate::yaml::tree::{Kind, Node};

/// Looks at every value and key of a tree.
pub(super) fn check(file: FileId, source: &str, root: &mut Node, out: &mut Diagnostics) {
    let look_for_invisible = source.chars().any(is_invisible);
    let mut check = Check {
        file,
        source,
        look_for_invisible,
        invisible: 0,
        comments: Budget::default(),
        commas: Budget::default(),
        out,
    };
    check.node(root);
}

/// Into how many more pieces a text may be cut by its commas, for the pieces to be put together again.
const PIECES: usize = 16;

struct Check<'a> {
    file: FileId,
    source: &'a str,
    /// Most files have none, and need not be searched value by value.
    look_for_invisible: bool,
    invisible: usize,
    comments: Budget,
    commas: Budget,
    out: &'a mut Diagnostics,
}

impl Check<'_> {
    fn node(&mut self, node: &mut Node) {
        match &mut node.kind {
            Kind::Scalar { text, plain } => {
                let empty = text.is_empty();
                if *plain {
                    self.comment_in_text(node.span, empty);
                }
                self.invisible(node.span);
            }
            Kind::Sequence(items) => {
                self.commas_in_list(items);
                items.iter_mut().for_each(|item| self.node(item));
            }
            Kind::Mapping(entries) => {
                self.commas_in_map(entries);
                for (key, value) in entries {
                    self.invisible(key.span);
                    self.node(value);
                }
            }
            Kind::Refused => {}
        }
    }

    fn slice(&self, span: Span) -> &str {
        self.source.get(span.start as usize..span.end as usize).unwrap_or_default()
    }

    fn invisible(&mut self, span: Span) {
        if self.look_for_invisible && self.invisible < MOST {
            let value = self.source.get(span.start as usize..span.end as usize).unwrap_or_default();
            self.invisible += refuse_invisible(self.file, span.start as usize, value, self.out);
        }
    }

    /// `about: fix #12`: the parser sees `fix` and a comment. A comment that is meant as one has a space.
    fn comment_in_text(&mut self, span: Span, empty: bool) {
        let end = span.end as usize;
        let rest = self.source.get(end..).unwrap_or_default();
        let after = if empty { rest.strip_prefix(':').unwrap_or(rest) } else { rest };
        let comment = after.trim_start_matches(' ');
        let spaces = after.len() - comment.len();
        let written_as_text = comment
            .strip_prefix('#')
            .is_some_and(|c| c.starts_with(|c: char| !c.is_whitespace() && !matches!(c, '#' | '!')));
        if spaces == 0 || !written_as_text || !self.comments.spend() {
            return;
        }
        let start = end + (rest.len() - comment.len());
        let comment = comment.lines().next().unwrap_or_default();
        let place = Span::new(self.file, offset(start), offset(start + comment.trim_end().len()));
        let whole = if empty { place } else { Span { end: place.end, ..span } };
        let text = quoted(&short(self.slice(whole)));
        self.out.push(
            Diagnostic::new(
                codes::COMMENT_IN_TEXT,
                place,
                format!("`{}` is read as a comment", short(comment.trim_end())),
            )
            .help(format!("quote it if it is text: `{text}`; put a space after `#` if it is a comment")),
        );
    }

    /// `{ at: cron(0 8,20 * * ? *) }`: the comma ends the value, and the rest becomes a key.
    fn commas_in_map(&mut self, entries: &mut Vec<(Node, Node)>) {
        let mut at = 0;
        while let Some((_, value)) = entries.get(at) {
            let rest = entries.get(at + 1..).unwrap_or_default().iter().take(PIECES);
            let cut = || rest.take_while(|(_, v)| v.plain() == Some("")).position(|(key, _)| closes(key));
            let close = opens(value).then(cut).flatten();
            if let Some(count) = close.filter(|_| self.commas.spend()) {
                let last = entries.get(at + 1 + count).map(|(key, _)| key.span);
                entries.drain(at + 1..=at + 1 + count);
                if let Some((_, value)) = entries.get_mut(at) {
                    self.cut_by_comma(value, last);
                }
            }
            at += 1;
        }
    }

    fn commas_in_list(&mut self, items: &mut Vec<Node>) {
        let mut at = 0;
        while let Some(item) = items.get(at) {
            let rest = items.get(at + 1..).unwrap_or_default().iter().take(PIECES);
            let close = opens(item).then(|| rest.take_while(|n| n.plain().is_some()).position(closes)).flatten();
            if let Some(count) = close {
                let last = items.get(at + 1 + count).map(|n| n.span);
                if self.on_one_line(item.span, last) && self.commas.spend() {
                    items.drain(at + 1..=at + 1 + count);
                    if let Some(item) = items.get_mut(at) {
                        self.cut_by_comma(item, last);
                    }
                }
            }
            at += 1;
        }
    }

    /// Items of a list in lines are not cut by commas.
    fn on_one_line(&self, first: Span, last: Option<Span>) -> bool {
        last.is_some_and(|last| !self.slice(Span { end: last.end, ..first }).contains('\n'))
    }

    fn cut_by_comma(&mut self, value: &mut Node, last: Option<Span>) {
        let whole = Span { end: last.map_or(value.span.end, |last| last.end), ..value.span };
        let why = Diagnostic::new(codes::COMMA_IN_TEXT, whole, "text with a comma needs quotes here")
            .label("the comma ends the value");
        let why = quote_it(why, self.slice(whole));
        self.out.push(why);
        *value = Node { span: whole, kind: Kind::Refused };
    }
}

fn opens(node: &Node) -> bool {
    node.plain().is_some_and(|text| text.matches('(').count() > text.matches(')').count())
}

fn closes(node: &Node) -> bool {
    node.plain().is_some_and(|text| text.matches(')').count() > text.matches('(').count())
}
