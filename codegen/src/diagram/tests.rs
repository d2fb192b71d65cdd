//! Tests of the whole: from graph to text.

use std::collections::BTreeSet;

use super::cards::LABEL;
use super::fixtures::{copies, cyclic, dashed, edge, everi, hostile, labelled, node, scattered, step};
use super::layout::{Layout, layout};
use super::route::{Anchor, Area, Line, Piece, Point};
use super::{Graph, Kind, mermaid, svg};

fn all() -> Vec<Graph> {
    let mut graphs = vec![everi(), cyclic(), hostile(), copies(3), Graph::default(), single()];
    graphs.extend((1..5).map(|seed| scattered(60, seed)));
    graphs
}

fn single() -> Graph {
    let nodes = vec![node("alone", Kind::Queue, &["5 attempts · 4 d"])];
    Graph { title: "single".to_owned(), nodes, ..Graph::default() }
}

/// Points along a line, close enough to each other to miss no box.
fn along(line: &Line) -> Vec<Point> {
    const STEPS: u8 = 32;
    let mut points = vec![line.start];
    let mut at = line.start;
    for piece in &line.pieces {
        let (a, b, to) = match *piece {
            Piece::Line(to) => (at, to, to),
            Piece::Curve(a, b, to) => (a, b, to),
        };
        for step in 1..=STEPS {
            let t = f64::from(step) / f64::from(STEPS);
            let u = 1.0 - t;
            let mix = |p: f64, q: f64, r: f64, s: f64| {
                u * u * u * p + 3.0 * u * u * t * q + 3.0 * u * t * t * r + t * t * t * s
            };
            points.push(Point { x: mix(at.x, a.x, b.x, to.x), y: mix(at.y, a.y, b.y, to.y) });
        }
        at = to;
    }
    points
}

fn inside(point: Point, area: Area) -> bool {
    let within = |at: f64, from: f64, size: f64| at > from + 0.5 && at < from + size - 0.5;
    within(point.x, area.x, area.width) && within(point.y, area.y, area.height)
}

fn overlap(a: Area, b: Area) -> bool {
    a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height
}

/// Where the labels' texts are: from the ascent to the descent of Helvetica.
fn labels(layout: &Layout<'_>) -> Vec<Area> {
    let area = |(wire, line): &(super::cards::Wire<'_>, Line)| {
        let (at, anchor) = line.label?;
        let width = LABEL.width(wire.label.as_deref()?);
        let x = match anchor {
            Anchor::Start => at.x,
            Anchor::Middle => at.x - width / 2.0,
            Anchor::End => at.x - width,
        };
        Some(Area { x, y: at.y - 10.0, width, height: 13.0 })
    };
    layout.lines.iter().filter_map(area).collect()
}

#[test]
fn boxes_do_not_overlap() {
    for graph in all() {
        let layout = layout(&graph);
        for (index, (card, area)) in layout.cards.iter().enumerate() {
            for (other, there) in &layout.cards[index + 1..] {
                assert!(!overlap(*area, *there), "{}: {} and {}", graph.title, card.node.id, other.node.id);
            }
        }
    }
}

#[test]
fn no_line_runs_through_a_box() {
    for graph in all() {
        let layout = layout(&graph);
        for (wire, line) in &layout.lines {
            let points = along(line);
            for (card, area) in &layout.cards {
                let hit = points.iter().find(|&&point| inside(point, *area));
                assert_eq!(hit, None, "{}: {} to {} in {}", graph.title, wire.edge.from, wire.edge.to, card.node.id);
            }
        }
    }
}

#[test]
fn no_label_touches_a_box() {
    for graph in all() {
        let layout = layout(&graph);
        for label in labels(&layout) {
            let hit = layout.cards.iter().find(|(_, area)| overlap(label, *area));
            assert!(hit.is_none(), "{}: {label:?} on {:?}", graph.title, hit.map(|(card, _)| &card.node.id));
        }
    }
}

#[test]
fn labels_of_different_lines_do_not_overlap() {
    for graph in [everi(), cyclic(), hostile()] {
        let labels = labels(&layout(&graph));
        for (index, label) in labels.iter().enumerate() {
            assert!(!labels[index + 1..].iter().any(|other| overlap(*label, *other)), "{}: {label:?}", graph.title);
        }
    }
}

#[test]
fn everything_is_within_the_view_box() {
    for graph in all() {
        let layout = layout(&graph);
        let within = |x: f64, y: f64| x >= 0.0 && y >= 0.0 && x <= layout.width && y <= layout.height;
        for area in layout.cards.iter().map(|(_, area)| *area).chain(labels(&layout)) {
            let far = (area.x + area.width, area.y + area.height);
            assert!(within(area.x, area.y) && within(far.0, far.1), "{}: {area:?}", graph.title);
        }
        for point in layout.lines.iter().flat_map(|(_, line)| along(line)) {
            assert!(within(point.x, point.y), "{}: {point:?}", graph.title);
        }
    }
}

#[test]
fn lines_begin_and_end_at_the_boxes_they_name() {
    for graph in all() {
        let layout = layout(&graph);
        for (wire, line) in &layout.lines {
            let of = |id: &str| {
                let holds =
                    |card: &super::cards::Card<'_>| card.node.id == id || card.rows.iter().any(|row| row.node.id == id);
                layout.cards.iter().find(|(card, _)| holds(card)).map(|(_, area)| *area).unwrap()
            };
            let (from, to) = (of(&wire.edge.from), of(&wire.edge.to));
            let end = *along(line).last().unwrap();
            assert!((line.start.x - from.x - from.width).abs() < 0.1 && (end.x - to.x).abs() < 0.1, "{}", graph.title);
            assert!(line.start.y > from.y && line.start.y < from.y + from.height, "{}", graph.title);
            assert!(end.y > to.y && end.y < to.y + to.height, "{}", graph.title);
        }
    }
}

#[test]
fn the_main_lanes_of_everi_are_straight() {
    let graph = everi();
    let layout = layout(&graph);
    let bent: Vec<_> = layout
        .lines
        .iter()
        .filter(|(_, line)| line.pieces.iter().any(|piece| matches!(piece, Piece::Curve(..))))
        .map(|(wire, _)| (wire.edge.from.as_str(), wire.edge.to.as_str()))
        .collect();
    let lanes =
        ["actions", "user_actions", "live", "incoming_messages", "messages", "notify", "notices", "count_updates"];
    for lane in lanes {
        assert!(!bent.iter().any(|(from, _)| *from == lane), "{lane} bends: {bent:?}");
    }
    assert!(bent.len() <= 6, "{bent:?}");
}

#[test]
fn everi_is_legible_on_a_slide_of_1600_by_900() {
    let graph = everi();
    let layout = layout(&graph);
    let scale = (1600.0 / layout.width).min(900.0 / layout.height);
    assert!(scale * LABEL.size > 11.5, "the smallest text would be {} px high", scale * LABEL.size);
}

#[test]
fn a_wire_backwards_goes_round_and_enters_from_the_left() {
    let graph = cyclic();
    let layout = layout(&graph);
    let (_, line) = layout.lines.iter().find(|(wire, _)| wire.edge.to == "orders").unwrap();
    let points = along(line);
    let (last, before) = (points[points.len() - 1], points[points.len() - 2]);
    assert!(before.x < last.x, "{before:?} {last:?}");
    assert!(points.iter().any(|point| point.y > line.start.y + 30.0));
}

#[test]
fn arrows_that_differ_in_label_or_style_meet_a_card_apart_and_plain_ones_in_its_middle() {
    let nodes = ["a", "b", "c", "d", "to"].map(|id| node(id, Kind::Queue, &["x"])).to_vec();
    let edges = vec![dashed("a", "to", "reads"), edge("b", "to"), edge("c", "to"), labelled("d", "to", "first")];
    let graph = Graph { nodes, edges, ..Graph::default() };
    let layout = layout(&graph);
    let end = |from: &str| {
        let (_, line) = layout.lines.iter().find(|(wire, _)| wire.edge.from == from).unwrap();
        along(line).last().unwrap().y
    };
    let (_, to) = layout.cards.iter().find(|(card, _)| card.node.id == "to").unwrap();
    assert!((end("b") - to.y - to.height / 2.0).abs() <= 0.5);
    assert_eq!(end("b"), end("c"));
    assert!(end("a") <= end("b") - 14.0 && end("d") >= end("c") + 14.0);
}

#[test]
fn the_same_graph_is_the_same_bytes() {
    for graph in all() {
        assert_eq!(svg(&graph), svg(&graph.clone()));
        assert_eq!(mermaid(&graph), mermaid(&graph.clone()));
    }
}

#[test]
fn copies_of_one_flow_are_copies_of_one_picture() {
    let graph = copies(2);
    let layout = layout(&graph);
    let (first, second) = layout.cards.split_at(layout.cards.len() / 2);
    let (dx, dy) = (second[0].1.x - first[0].1.x, second[0].1.y - first[0].1.y);
    for ((_, a), (_, b)) in first.iter().zip(second) {
        assert_eq!((a.x + dx, a.y + dy), (b.x, b.y));
    }
}

/// The names of all elements and ids, if the document is well-formed.
fn parse(document: &str) -> (Vec<String>, Vec<String>) {
    let (mut open, mut names, mut ids) = (Vec::new(), Vec::new(), Vec::new());
    let mut rest = document;
    while let Some((before, after)) = rest.split_once('<') {
        assert!(!before.contains('>'), "a bare > in {before:?}");
        let (tag, after) = after.split_once('>').expect("a tag ends");
        rest = after;
        assert!(!tag.contains('<'), "{tag}");
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name));
            continue;
        }
        let name = tag.split([' ', '/']).next().unwrap().to_owned();
        let quotes: Vec<&str> = tag.split('"').collect();
        assert_eq!(quotes.len() % 2, 1, "quotes do not pair: {tag}");
        for (before, value) in quotes.iter().zip(&quotes[1..]).step_by(2) {
            let attribute = before.trim_end_matches('=').rsplit(' ').next().unwrap();
            assert!(attribute.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'), "{attribute:?} in {tag}");
            assert!(!attribute.starts_with("on"), "{tag}");
            if attribute == "id" {
                ids.push((*value).to_owned());
            }
            if attribute == "href" {
                assert!(value.starts_with('#'), "{tag}");
            }
        }
        if !tag.ends_with('/') {
            open.push(name.clone());
        }
        names.push(name);
    }
    assert_eq!(open, Vec::<String>::new());
    (names, ids)
}

#[test]
fn the_svg_is_well_formed_and_holds_only_what_is_drawn() {
    let known = ["svg", "style", "defs", "marker", "symbol", "g", "title", "path", "rect", "text", "use"];
    for graph in all() {
        let text = svg(&graph);
        let (names, _) = parse(&text);
        assert!(names.iter().all(|name| known.contains(&name.as_str())), "{}", graph.title);
        assert!(!text.chars().any(|c| c.is_control() && c != '\n' || ('\u{202A}'..='\u{202E}').contains(&c)));
        assert!(!text.replace("http://www.w3.org/2000/svg", "").contains("://"), "{}", graph.title);
    }
}

#[test]
fn every_node_and_edge_has_an_id_of_its_own_and_a_title() {
    for graph in all() {
        let (names, ids) = parse(&svg(&graph));
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{}", graph.title);
        let nodes = ids.iter().filter(|id| id.starts_with("node-")).count();
        let edges = ids.iter().filter(|id| id.starts_with("edge-")).count();
        assert_eq!(nodes, graph.nodes.len(), "{}", graph.title);
        assert_eq!(names.iter().filter(|name| *name == "title").count(), nodes + edges, "{}", graph.title);
    }
    let text = svg(&everi());
    assert!(text.contains("<g id=\"node-notify\" class=\"node queue\" data-kind=\"queue\" data-name=\"notify\""));
    assert!(text.contains("<g id=\"edge-activity-notify\" class=\"edge\" data-from=\"activity\" data-to=\"notify\""));
}

#[test]
fn parallel_edges_and_nodes_that_share_an_id_keep_ids_unique() {
    let nodes = vec![node("a", Kind::Topic, &[]), node("b", Kind::Queue, &[]), node("a", Kind::Sink, &[])];
    let edges = vec![labelled("a", "b", "one"), labelled("a", "b", "two"), dashed("a", "b", "three")];
    let text = svg(&Graph { nodes, edges, ..Graph::default() });
    let (_, ids) = parse(&text);
    let drawn: Vec<_> = ids.iter().filter(|id| id.starts_with("node-") || id.starts_with("edge-")).collect();
    assert_eq!(drawn, ["edge-a-b", "edge-a-b-2", "edge-a-b-3", "node-a", "node-b"]);
}

#[test]
fn a_step_of_a_step_is_a_row_further_in_and_parents_in_a_loop_are_ignored() {
    let mut nodes = vec![node("w", Kind::Workflow, &[]), step("w", "both", Kind::Parallel, &[])];
    nodes.push(step("w.both", "one", Kind::Handler, &[]));
    nodes.push(super::Node { parent: Some("y".to_owned()), ..node("x", Kind::Queue, &[]) });
    nodes.push(super::Node { parent: Some("x".to_owned()), ..node("y", Kind::Queue, &[]) });
    let graph = Graph { nodes, ..Graph::default() };
    let layout = layout(&graph);
    let tops: Vec<_> = layout.cards.iter().map(|(card, _)| card.node.id.as_str()).collect();
    assert_eq!(tops, ["w", "x", "y"]);
    let depths: Vec<_> = layout.cards[0].0.rows.iter().map(|row| row.depth).collect();
    assert_eq!(depths, [0, 1]);
}

#[test]
fn a_long_chain_is_laid_out_without_deep_recursion() {
    let name = |index: usize| format!("n{index}");
    let nodes = (0..3000).map(|index| node(&name(index), Kind::Queue, &[])).collect();
    let edges = (1..3000).map(|index| edge(&name(index - 1), &name(index))).collect();
    let graph = Graph { nodes, edges, ..Graph::default() };
    let layout = layout(&graph);
    assert!(layout.cards.iter().zip(layout.cards.iter().skip(1)).all(|(a, b)| a.1.x + a.1.width < b.1.x));
}

#[test]
fn mermaid_quotes_all_text_and_nests_steps() {
    let nodes = vec![
        node("q\"]; click", Kind::Queue, &["<b>"]),
        node("w", Kind::Workflow, &[]),
        step("w", "end", Kind::Choice, &[]),
    ];
    let edges = vec![labelled("q\"]; click", "w", "a|b"), dashed("w.end", "w", "")];
    let text = mermaid(&Graph { title: "x\n}; y".to_owned(), about: None, nodes, edges });
    let expected = "\
flowchart LR
  accTitle: x\u{FFFD} y
  n_q____click[[\"queue<br/>q#34;#93;#59; click<br/>#60;b#62;\"]]
  subgraph n_w[\"workflow<br/>w\"]
    direction TB
    n_w_end{\"choice<br/>end\"}
  end
  n_q____click -->|\"a#124;b\"| n_w
  n_w_end -.-> n_w
";
    assert!(text.starts_with(expected), "{text}");
}

#[test]
fn mermaid_ids_of_different_nodes_differ() {
    let nodes = vec![node("a b", Kind::Queue, &[]), node("a.b", Kind::Queue, &[]), node("a_b", Kind::Queue, &[])];
    let text = mermaid(&Graph { nodes, ..Graph::default() });
    assert!(text.contains("  class n_a_b,n_a_b_2,n_a_b_3 queue\n"), "{text}");
}
