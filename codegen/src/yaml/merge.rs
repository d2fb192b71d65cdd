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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Diagnostics;
    use crate::source::{FileId, SourceMap};
    use crate::yaml::read;

    fn merged(base: &str, over: &str) -> (Node, Vec<String>, SourceMap) {
        let mut map = SourceMap::default();
        let mut out = Diagnostics::default();
        let base = read(map.add("base", base), base, &mut out).unwrap();
        let over = read(map.add("over", over), over, &mut out).unwrap();
        assert!(out.is_empty());
        let mut added = Vec::new();
        let node = overlay(base, over, &mut added);
        let added = added.into_iter().map(|a| format!("{} at {}", a.path.join("."), map.text(a.span))).collect();
        (node, added, map)
    }

    /// The tree as text, each scalar with its file.
    fn shape(node: &Node) -> String {
        match &node.kind {
            Kind::Scalar { text, .. } => format!("{text}@{}", node.span.file.0),
            Kind::Sequence(items) => format!("[{}]", items.iter().map(shape).collect::<Vec<_>>().join(" ")),
            Kind::Mapping(entries) => {
                let entries: Vec<_> = entries.iter().map(|(k, v)| format!("{}:{}", shape(k), shape(v))).collect();
                format!("{{{}}}", entries.join(" "))
            }
            Kind::Refused => "!".to_owned(),
        }
    }

    #[test]
    fn maps_merge_and_everything_else_is_replaced() {
        let (node, added, _) = merged(
            "q: { n: { from: a, batch: 1, events: [A, B] }, m: { from: b } }\nalarms: x\n",
            "alarms: { email: y }\nq: { n: { events: [C], batch: 2 } }\n",
        );
        let expected = "{q@0:{n@0:{from@0:a@0 batch@0:2@1 events@0:[C@1]} m@0:{from@0:b@0}} alarms@0:{email@1:y@1}}";
        assert_eq!(shape(&node), expected);
        assert_eq!(added, Vec::<String>::new());
    }

    #[test]
    fn what_is_new_is_told_with_its_path() {
        let (node, added, map) = merged("q: { n: { from: a } }\n", "q: { n: { keep: 4d }, o: { from: b } }\nr: {}\n");
        assert_eq!(shape(&node), "{q@0:{n@0:{from@0:a@0 keep@1:4d@1} o@1:{from@1:b@1}} r@1:{}}");
        assert_eq!(added, ["q.n.keep at keep", "q.o at o", "r at r"]);
        assert_eq!(map.text(node.get("q").unwrap().get("o").unwrap().span), "{ from: b }");
        assert_eq!(node.span.file, FileId(0));
    }
}
