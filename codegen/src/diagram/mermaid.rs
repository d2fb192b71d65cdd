//! Prints a graph as a Mermaid flowchart, for places that draw Mermaid and show no SVG.
//!
//! In: a graph. Out: a `flowchart LR` document. Guaranteed: text of the graph stands only between
//! quotes, as entities where Mermaid gives a character a meaning; ids are made and never taken.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::graph::{Graph, Kind, Node, Stroke};
use super::look::look;
use super::text::printable;

const DEEPEST: usize = 8;

/// The graph as a Mermaid flowchart.
#[must_use]
pub fn mermaid(graph: &Graph) -> String {
    let mut ids: BTreeMap<&str, String> = BTreeMap::new();
    let mut taken: BTreeMap<String, usize> = BTreeMap::new();
    let mut nodes: Vec<&Node> = Vec::new();
    for node in &graph.nodes {
        if !ids.contains_key(node.id.as_str()) {
            let mut id = plain_id(&node.id);
            let used = taken.entry(id.clone()).or_insert(0_usize);
            *used += 1;
            // A number could itself be the end of another node's id.
            if *used > 1 {
                let mut number = *used;
                while taken.contains_key(&format!("{id}_{number}")) {
                    number += 1;
                }
                id = format!("{id}_{number}");
                taken.insert(id.clone(), 1);
            }
            ids.insert(&node.id, id);
            nodes.push(node);
        }
    }
    let mut children: BTreeMap<&str, Vec<&Node>> = BTreeMap::new();
    let mut tops = Vec::new();
    let by_id: BTreeMap<&str, &Node> = nodes.iter().map(|node| (node.id.as_str(), *node)).collect();
    for &node in &nodes {
        match node.parent.as_deref().filter(|_| rooted(node, &by_id)) {
            Some(parent) => children.entry(parent).or_default().push(node),
            None => tops.push(node),
        }
    }

    let mut out = String::from("flowchart LR\n");
    let _ = writeln!(out, "  accTitle: {}", line(&graph.title));
    if let Some(about) = &graph.about {
        let _ = writeln!(out, "  accDescr: {}", line(about));
    }
    let tree = Tree { ids: &ids, children: &children };
    for node in tops {
        tree.print(node, 1, &mut out);
    }
    for edge in &graph.edges {
        let (Some(from), Some(to)) = (ids.get(edge.from.as_str()), ids.get(edge.to.as_str())) else { continue };
        let arrow = match edge.style {
            Stroke::Solid => "-->",
            Stroke::Dashed | Stroke::Caught => "-.->",
        };
        let label = edge.label.as_deref().filter(|label| !label.trim().is_empty());
        let label = label.map(|label| format!("|\"{}\"|", quoted(label))).unwrap_or_default();
        let _ = writeln!(out, "  {from} {arrow}{label} {to}");
    }
    for kind in Kind::ALL {
        let of_kind: Vec<&str> = nodes
            .iter()
            .filter(|node| node.kind == kind)
            .filter_map(|node| ids.get(node.id.as_str()))
            .map(String::as_str)
            .collect();
        if !of_kind.is_empty() {
            let class = kind.class().replace('-', "_");
            let ink = look(kind).light;
            let _ = writeln!(out, "  classDef {class} fill:#fff,stroke:{ink},color:#17202b");
            let _ = writeln!(out, "  class {} {class}", of_kind.join(","));
        }
    }
    out
}

/// Whether the parents of `node` are known and come to an end.
fn rooted(node: &Node, by_id: &BTreeMap<&str, &Node>) -> bool {
    let mut above = node.parent.as_deref().and_then(|id| by_id.get(id));
    let known = above.is_some();
    for _ in 0..DEEPEST {
        let Some(node) = above else { return known };
        above = node.parent.as_deref().and_then(|id| by_id.get(id));
    }
    false
}

struct Tree<'a> {
    ids: &'a BTreeMap<&'a str, String>,
    children: &'a BTreeMap<&'a str, Vec<&'a Node>>,
}

impl Tree<'_> {
    fn print(&self, node: &Node, depth: usize, out: &mut String) {
        let Some(id) = self.ids.get(node.id.as_str()) else { return };
        let pad = "  ".repeat(depth);
        let mut text = format!("{}<br/>{}", quoted(node.kind.word()), quoted(&node.name));
        for line in &node.detail {
            let _ = write!(text, "<br/>{}", quoted(line));
        }
        let Some(steps) = self.children.get(node.id.as_str()) else {
            let (open, close) = shape(node.kind);
            let _ = writeln!(out, "{pad}{id}{open}\"{text}\"{close}");
            return;
        };
        let _ = writeln!(out, "{pad}subgraph {id}[\"{text}\"]");
        let _ = writeln!(out, "{pad}  direction TB");
        for step in steps {
            self.print(step, depth + 1, out);
        }
        let _ = writeln!(out, "{pad}end");
    }
}

/// The brackets of a shape: <https://mermaid.js.org/syntax/flowchart.html#node-shapes>.
const fn shape(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::Outside => ("([", "])"),
        Kind::Table => ("[(", ")]"),
        Kind::Topic => ("{{", "}}"),
        Kind::Queue | Kind::DeadLetter => ("[[", "]]"),
        Kind::Source | Kind::Gateway => ("[/", "/]"),
        Kind::Sink | Kind::Send => ("[\\", "\\]"),
        Kind::Grouper => ("[\\", "/]"),
        Kind::Choice => ("{", "}"),
        Kind::Handler | Kind::Event | Kind::Wait => ("(", ")"),
        Kind::Workflow | Kind::Parallel | Kind::Map => ("[", "]"),
    }
}

/// An id that holds no word of Mermaid's, such as `end`, and changes only with the node's own.
fn plain_id(id: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    format!("n_{}", id.chars().map(plain).collect::<String>())
}

/// Text between quotes. Mermaid reads `#` and `;` around a name or number as an entity, and a
/// backtick as the start of Markdown.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in printable(text).chars() {
        if c.is_alphanumeric() || c == ' ' || (!c.is_ascii()) || matches!(c, '_' | '-' | ',' | '.' | '/' | ':' | '+') {
            out.push(c);
        } else {
            let _ = write!(out, "#{};", c as u32);
        }
    }
    out
}

/// Text to the end of a line, where there are no quotes and no entities: what could mean something is left out.
fn line(text: &str) -> String {
    let kept: String = printable(text)
        .chars()
        .filter(|c| !matches!(c, '{' | '}' | '<' | '>' | '#' | ';' | '"' | '`' | '%' | '&'))
        .collect();
    let kept = kept.trim();
    if kept.is_empty() { "flow".to_owned() } else { kept.to_owned() }
}
