//! One tree laid over another, as an environment over its flow.

use super::tree::{Kind, Node};
use crate::source::Span;

/// A key of the upper tree that the lower one does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Added {
    /// The keys from the root to it, itself last.
    pub path: Vec<String>,
    /// Where it stands in the upper tree.
    pub span: Span,
}

/// Lays `over` on `base`: maps are merged key by key, at any depth; everything else replaces what it meets. Keys keep
/// the order of `base`, new ones follow. Every value keeps the place where it is written; the merged map keeps that
/// of `base`. The keys that are new are recorded in `added`, the outermost of each branch.
#[must_use]
pub fn overlay(base: Node, over: Node, added: &mut Vec<Added>) -> Node {
    merge(base, over, &mut Vec::new(), added)
}

fn merge(base: Node, over: Node, path: &mut Vec<String>, added: &mut Vec<Added>) -> Node {
    let (mut entries, upper) = match (base.kind, over.kind) {
        (Kind::Mapping(entries), Kind::Mapping(upper)) => (entries, upper),
        (_, kind) => return Node { span: over.span, kind },
    };
    let mut places: std::collections::BTreeMap<String, usize> =
        entries.iter().enumerate().map(|(at, (key, _))| (name(key), at)).collect();
    for (key, value) in upper {
        path.push(name(&key));
        match places.get(&name(&key)).and_then(|at| entries.get_mut(*at)) {
            Some((_, below)) => {
                let empty = Node { span: below.span, kind: Kind::Refused };
                *below = merge(std::mem::replace(below, empty), value, path, added);
            }
            None => {
                added.push(Added { path: path.clone(), span: key.span });
                places.insert(name(&key), entries.len());
                entries.push((key, value));
            }
        }
        path.pop();
    }
    Node { span: base.span, kind: Kind::Mapping(entries) }
}

fn name(key: &Node) -> String {
    key.text().unwrap_or_default().to_owned()
}
