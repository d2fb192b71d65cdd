//! The tree of a YAML file: scalars, lists and maps, each with its place.
//!
//! Guaranteed of a tree that [`read`](super::read()) made: it is at most [`DEPTH`](super::DEPTH) deep, every
//! key is a scalar, and no map has a key twice.

use crate::source::Span;

/// A value of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Where it stands. Of a block map or list: from its first to its last entry.
    pub span: Span,
    /// What it is.
    pub kind: Kind,
}

/// The shapes of YAML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A text that means what its reader makes of it.
    Scalar {
        /// The text, without quotes, with escapes resolved.
        text: String,
        /// Whether it stands without quotes, so that it may also be a number, a boolean or nothing.
        plain: bool,
    },
    /// A list.
    Sequence(Vec<Node>),
    /// A map, in the order of the file.
    Mapping(Vec<(Node, Node)>),
    /// Something that is not part of the language and has been reported: nothing more is said of it.
    Refused,
}

impl Node {
    /// The text of a scalar.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// The text of a scalar without quotes.
    #[must_use]
    pub fn plain(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar { text, plain: true } => Some(text),
            _ => None,
        }
    }

    /// The entries of a map; none of anything else.
    #[must_use]
    pub fn entries(&self) -> &[(Node, Node)] {
        match &self.kind {
            Kind::Mapping(entries) => entries,
            _ => &[],
        }
    }

    /// The value under a key of a map.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entries().iter().find(|(k, _)| k.text() == Some(key)).map(|(_, value)| value)
    }

    /// Whether nothing stands here: an empty plain scalar, `~` or `null`.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.plain().is_some_and(super::plain::is_null)
    }

    /// The key of a map that looks like a placeholder whose quotes were forgotten: `{target}`.
    #[must_use]
    pub fn as_unquoted_braces(&self) -> Option<&str> {
        match self.entries() {
            [(key, value)] if value.plain() == Some("") && self.span.end > value.span.end => key.plain(),
            _ => None,
        }
    }
}
