//! Prints a layout as SVG.
//!
//! In: a graph. Out: one SVG document that stands alone: no scripts, no fonts, no references outside
//! it. Every node is a `<g id="node-…" data-kind data-name>` and every edge a `<g id="edge-…-…"
//! data-from data-to>`, so that a page can find them and add to them. Light or dark, as the reader's
//! system prefers.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::cards::{
    Card, DETAIL, Hop, ICON, ICON_GAP, LEADING, NAME_BASE, PAD, PITCH, Row, SKIP, WORD_BASE, Wire, indent,
};
use super::graph::{Edge, Graph, Kind, Node, Stroke};
use super::layout::{Layout, layout};
use super::look::{DARK_STYLE, STYLE, look};
use super::route::{Anchor, Area, Line, Piece, Point};
use super::text::{escape, slug};

/// The graph as an SVG document.
#[must_use]
pub fn svg(graph: &Graph) -> String {
    let layout = layout(graph);
    let (width, height) = (Num(layout.width), Num(layout.height));
    let mut out = Out { text: String::new(), ids: BTreeMap::new() };
    out.put(&format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         role=\"img\" aria-label=\"{}\">\n",
        escape(&spoken(graph)),
    ));
    let kinds: BTreeSet<Kind> = graph.nodes.iter().map(|node| node.kind).collect();
    out.put(&style(&kinds));
    out.put(&definitions(&kinds));
    out.put(&format!("<rect class=\"ground\" width=\"{width}\" height=\"{height}\"/>\n"));
    out.heading(&layout);
    out.put("<g class=\"edges\">\n");
    for (wire, line) in &layout.lines {
        out.line(wire, line);
    }
    out.put("</g>\n<g class=\"nodes\">\n");
    for (card, area) in &layout.cards {
        out.card(card, *area);
    }
    out.put("</g>\n</svg>\n");
    out.text
}

/// What a screen reader says of the whole picture.
fn spoken(graph: &Graph) -> String {
    match &graph.about {
        Some(about) => format!("{}: {about}", graph.title),
        None => graph.title.clone(),
    }
}

fn style(kinds: &BTreeSet<Kind>) -> String {
    let (mut light, mut dark) = (String::new(), String::new());
    for kind in kinds {
        let look = look(*kind);
        let _ = writeln!(light, ".{}{{color:{}}}", kind.class(), look.light);
        let _ = writeln!(dark, ".{}{{color:{}}}", kind.class(), look.dark);
    }
    format!("<style>\n{STYLE}{light}@media (prefers-color-scheme:dark){{\n{DARK_STYLE}{dark}}}\n</style>\n")
}

fn definitions(kinds: &BTreeSet<Kind>) -> String {
    let mut out = String::from(
        "<defs>\n\
         <marker id=\"tip\" viewBox=\"0 0 10 10\" refX=\"9.5\" refY=\"5\" markerWidth=\"11\" markerHeight=\"11\" \
         markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path class=\"tip\" d=\"M0 .8 10 5 0 9.2 2 5z\"/></marker>\n\
         <marker id=\"hop-tip\" viewBox=\"0 0 10 10\" refX=\"9.5\" refY=\"5\" markerWidth=\"7\" markerHeight=\"7\" \
         markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path class=\"tip\" d=\"M0 .8 10 5 0 9.2 2 5z\"/></marker>\n\
         <marker id=\"caught-tip\" viewBox=\"0 0 10 10\" refX=\"9.5\" refY=\"5\" markerWidth=\"7\" markerHeight=\"7\" \
         markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path class=\"caught-tip\" d=\"M0 .8 10 5 0 9.2 2 5z\"/></marker>\n",
    );
    for kind in kinds {
        let _ = writeln!(
            out,
            "<symbol id=\"icon-{}\" viewBox=\"0 0 16 16\"><path class=\"icon\" d=\"{}\"/></symbol>",
            kind.class(),
            look(*kind).icon
        );
    }
    out.push_str("</defs>\n");
    out
}

struct Out {
    text: String,
    /// How often each id was used, as ids must be unique.
    ids: BTreeMap<String, usize>,
}

impl Out {
    fn put(&mut self, text: &str) {
        self.text.push_str(text);
    }

    fn heading(&mut self, layout: &Layout<'_>) {
        let (title, at) = &layout.title;
        self.words("title", *at, title);
        if let Some((about, at)) = &layout.about {
            self.words("about", *at, about);
        }
    }

    fn words(&mut self, class: &str, at: Point, words: &str) {
        let _ = writeln!(
            self.text,
            "<text class=\"{class}\" x=\"{}\" y=\"{}\">{}</text>",
            Num(at.x),
            Num(at.y),
            escape(words)
        );
    }

    fn line(&mut self, wire: &Wire<'_>, line: &Line) {
        self.open_edge(wire.edge);
        let mut path = format!("M{} {}", Num(line.start.x), Num(line.start.y));
        for piece in &line.pieces {
            let _ = match piece {
                Piece::Line(to) => write!(path, "L{} {}", Num(to.x), Num(to.y)),
                Piece::Curve(a, b, to) => {
                    write!(path, "C{} {} {} {} {} {}", Num(a.x), Num(a.y), Num(b.x), Num(b.y), Num(to.x), Num(to.y))
                }
            };
        }
        let _ = writeln!(self.text, "<path class=\"line\" marker-end=\"url(#tip)\" d=\"{path}\"/>");
        if let (Some((at, anchor)), Some(label)) = (line.label, &wire.label) {
            let anchor = match anchor {
                Anchor::Start => "start",
                Anchor::Middle => "middle",
                Anchor::End => "end",
            };
            let _ = writeln!(
                self.text,
                "<text class=\"label\" x=\"{}\" y=\"{}\" text-anchor=\"{anchor}\">{}</text>",
                Num(at.x),
                Num(at.y),
                escape(label)
            );
        }
        self.put("</g>\n");
    }

    /// Slugs hold no `-`, so `edge-from-to` reads one way, and a third part only counts parallel edges.
    fn open_edge(&mut self, edge: &Edge) {
        let mut id = format!("edge-{}-{}", slug(&edge.from), slug(&edge.to));
        let used = self.ids.entry(id.clone()).or_default();
        *used += 1;
        if *used > 1 {
            let _ = write!(id, "-{used}");
        }
        let class = match edge.style {
            Stroke::Solid => "edge",
            Stroke::Dashed => "edge dashed",
            Stroke::Caught => "edge caught",
        };
        let label = edge.label.as_deref().map(|label| format!(": {label}")).unwrap_or_default();
        let _ = writeln!(
            self.text,
            "<g id=\"{id}\" class=\"{class}\" data-from=\"{}\" data-to=\"{}\"><title>{}</title>",
            escape(&edge.from),
            escape(&edge.to),
            escape(&format!("{} → {}{label}", edge.from, edge.to))
        );
    }

    fn open_node(&mut self, node: &Node, extra: &str, at: Point) {
        let _ = writeln!(
            self.text,
            "<g id=\"node-{}\" class=\"{extra} {}\" data-kind=\"{}\" data-name=\"{}\" transform=\"translate({} {})\">",
            slug(&node.id),
            node.kind.class(),
            node.kind.class(),
            escape(&node.name),
            Num(at.x),
            Num(at.y)
        );
        let mut spoken = format!("{} {}", node.kind.word(), node.name);
        for line in &node.detail {
            let _ = write!(spoken, "\n{line}");
        }
        let lines: Vec<String> = spoken.split('\n').map(escape).collect();
        let _ = writeln!(self.text, "<title>{}</title>", lines.join("\n"));
    }

    fn card(&mut self, card: &Card<'_>, area: Area) {
        self.open_node(card.node, "node", Point { x: area.x, y: area.y });
        let outside = card.node.kind == Kind::Outside;
        let (corner, left) = if outside { (28.0, PAD + 6.0) } else { (10.0, PAD) };
        for class in ["card", "tint"] {
            let _ = writeln!(
                self.text,
                "<rect class=\"{class}\" width=\"{}\" height=\"{}\" rx=\"{}\"/>",
                Num(area.width),
                Num(area.height),
                Num(corner)
            );
        }
        self.icon(card.node.kind, Point { x: left, y: WORD_BASE - ICON + 2.5 });
        let word = card.node.kind.word().to_uppercase();
        self.words("word", Point { x: left + ICON + ICON_GAP, y: WORD_BASE }, &word);
        self.words("name", Point { x: left, y: NAME_BASE }, &card.name);
        let mut y = NAME_BASE;
        for line in &card.detail {
            y += LEADING;
            self.words("detail", Point { x: left, y }, line);
        }
        if let Some(first) = card.rows.first() {
            let y = Num(first.y - PITCH / 2.0 - 4.0);
            let right = Num(area.width);
            let _ = writeln!(self.text, "<path class=\"rule\" d=\"M0 {y}H{right}\"/>");
        }
        for hop in &card.hops {
            self.hop(card, hop);
        }
        for row in &card.rows {
            self.row(card, row, area.width);
        }
        self.put("</g>\n");
    }

    fn icon(&mut self, kind: Kind, at: Point) {
        let _ = writeln!(
            self.text,
            "<use href=\"#icon-{}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/>",
            kind.class(),
            Num(at.x),
            Num(at.y),
            Num(ICON),
            Num(ICON)
        );
    }

    fn row(&mut self, card: &Card<'_>, row: &Row<'_>, width: f64) {
        let top = row.y - PITCH / 2.0;
        self.open_node(row.node, "row", Point { x: 0.0, y: top });
        let (left, middle) = (card.gutter + indent(row.depth), PITCH / 2.0);
        let _ = writeln!(self.text, "<rect class=\"hit\" width=\"{}\" height=\"{}\"/>", Num(width), Num(PITCH));
        self.icon(row.node.kind, Point { x: left, y: middle - ICON / 2.0 });
        self.words("name", Point { x: left + ICON + ICON_GAP + 2.0, y: middle + 4.5 }, &row.name);
        if !row.detail.is_empty() {
            let x = (width - PAD - DETAIL.width(&row.detail)).round();
            self.words("detail", Point { x, y: middle + 4.5 }, &row.detail);
        }
        self.put("</g>\n");
    }

    fn hop(&mut self, card: &Card<'_>, hop: &Hop<'_>) {
        let (Some(from), Some(to)) = (card.rows.get(hop.from), card.rows.get(hop.to)) else { return };
        self.open_edge(hop.edge);
        let half = ICON / 2.0;
        let left = |row: &Row<'_>| card.gutter + indent(row.depth);
        let path = if hop.lane == 0 {
            format!("M{} {}V{}", Num(left(from) + half), Num(from.y + half + 2.0), Num(to.y - half - 2.0))
        } else {
            let lane = f64::from(u8::try_from(hop.lane).unwrap_or(u8::MAX));
            let (x, to_x) = (left(from) - 2.0, left(to) - 2.0);
            let out = card.gutter - 3.0 - lane * SKIP;
            // The two ends of one row are set apart, so that what comes is told from what goes.
            let (y, to_y) = (from.y + 3.0, to.y - 3.0);
            let bend = if y < to_y { 6.0 } else { -6.0 };
            format!(
                "M{} {}H{}Q{} {} {} {}V{}Q{} {} {} {}H{}",
                Num(x),
                Num(y),
                Num(out + 6.0),
                Num(out),
                Num(y),
                Num(out),
                Num(y + bend),
                Num(to_y - bend),
                Num(out),
                Num(to_y),
                Num(out + 6.0),
                Num(to_y),
                Num(to_x)
            )
        };
        let tip = if hop.edge.style == Stroke::Caught { "caught-tip" } else { "hop-tip" };
        let _ = writeln!(self.text, "<path class=\"hop\" marker-end=\"url(#{tip})\" d=\"{path}\"/>");
        self.put("</g>\n");
    }
}

/// A coordinate: whole, or with one decimal.
struct Num(f64);

impl std::fmt::Display for Num {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let tenths = (self.0 * 10.0).round() as i64;
        let (sign, whole, rest) = (if tenths < 0 { "-" } else { "" }, tenths.abs() / 10, tenths.abs() % 10);
        if rest == 0 && tenths >= 0 {
            whole.fmt(f)
        } else if rest == 0 {
            write!(f, "{sign}{whole}")
        } else {
            write!(f, "{sign}{whole}.{rest}")
        }
    }
}
