//! From a graph to a picture with every place decided.
//!
//! In: a graph. Out: cards and lines with their places, ready to print. Each connected part is laid
//! out alone; parts are then set in rows, the tallest first, so that the whole is about as wide as a slide.

use std::collections::BTreeMap;

use super::cards::{Card, Cards, Wire, cards};
use super::graph::Graph;
use super::ids::{CardId, Per, WireId};
use super::mesh::mesh;
use super::order::order;
use super::place::place;
use super::ports::set_apart;
use super::rank::{Arc, Ranks, rank};
use super::route::{Anchor, Area, Line, Piece, Point, Routed, route};
use super::text::Font;

pub(super) const TITLE: Font = Font::bold(26.0);
pub(super) const ABOUT: Font = Font::regular(16.0);
/// Space around everything.
pub(super) const MARGIN: f64 = 28.0;
const TITLE_BASE: f64 = 24.0;
const ABOUT_BASE: f64 = 50.0;
const UNDER_HEADING: f64 = 34.0;
const BETWEEN_PARTS: f64 = 56.0;
const MIN_WIDTH: f64 = 480.0;
/// Width over height of the common slide.
const SLIDE: f64 = 16.0 / 9.0;
/// How far apart cells are set where there is room, and the largest part for which that is tried.
const SPREAD_STEP: f64 = 0.2;
const SPREAD_STEPS: u8 = 5;
const MOST_SPREAD_CARDS: usize = 100;

/// The whole picture.
#[derive(Debug, Clone)]
pub(super) struct Layout<'g> {
    pub(super) title: (String, Point),
    pub(super) about: Option<(String, Point)>,
    pub(super) cards: Vec<(Card<'g>, Area)>,
    pub(super) lines: Vec<(Wire<'g>, Line)>,
    pub(super) width: f64,
    pub(super) height: f64,
}

pub(super) fn layout(graph: &Graph) -> Layout<'_> {
    let about = graph.about.as_deref().filter(|about| !about.trim().is_empty());
    let heading = MARGIN + if about.is_some() { ABOUT_BASE } else { TITLE_BASE } + UNDER_HEADING;
    let parts = split(cards(graph));
    let alone = parts.len() == 1;
    let mut parts: Vec<(Cards<'_>, Routed)> = parts
        .into_iter()
        .map(|mut part| {
            let routed = arrange(&mut part, alone, heading);
            (part, routed)
        })
        .collect();
    parts.sort_by(|a, b| b.1.height.total_cmp(&a.1.height));

    let widest = parts.iter().map(|(_, part)| part.width).fold(MIN_WIDTH, f64::max);
    let surface: f64 = parts.iter().map(|(_, part)| (part.width + BETWEEN_PARTS) * (part.height + BETWEEN_PARTS)).sum();
    let row = widest.max((surface * SLIDE).sqrt() - BETWEEN_PARTS);

    let (mut placed, mut lines) = (Vec::new(), Vec::new());
    let (mut x, mut y, mut tallest, mut right) = (0.0_f64, 0.0_f64, 0.0_f64, MIN_WIDTH);
    for (part, routed) in parts {
        if x > 0.0 && x + routed.width > row {
            x = 0.0;
            y += tallest + BETWEEN_PARTS;
            tallest = 0.0;
        }
        let (dx, dy) = (x + MARGIN, y + heading);
        for (card, &area) in part.cards.into_values().zip(routed.areas.values()) {
            placed.push((card, Area { x: area.x + dx, y: area.y + dy, ..area }));
        }
        for (wire, line) in part.wires.into_values().zip(routed.lines.into_values()) {
            lines.push((wire, line.moved(dx, dy)));
        }
        x += routed.width;
        right = right.max(x);
        tallest = tallest.max(routed.height);
        x += BETWEEN_PARTS;
    }
    let title = (TITLE.fit(&graph.title, right), Point { x: MARGIN, y: MARGIN + TITLE_BASE });
    let about = about.map(|about| (ABOUT.fit(about, right), Point { x: MARGIN, y: MARGIN + ABOUT_BASE }));
    let height = y + tallest + heading + MARGIN;
    Layout { title, about, cards: placed, lines, width: right + 2.0 * MARGIN, height }
}

/// One connected part. If it is the only one, and wider than a slide, it is spread out in height, as
/// far as that bends no more of its lines.
fn arrange(part: &mut Cards<'_>, alone: bool, heading: f64) -> Routed {
    let arcs: Per<WireId, Arc> =
        part.wires.values().map(|wire| Arc { from: wire.from, to: wire.to, dashed: wire.dashed() }).collect();
    let ranks = rank(part.cards.len(), &arcs);
    part.widen(&column_widths(part, &ranks));
    let mut mesh = mesh(&part.cards, &part.wires, &ranks);
    order(&mut mesh);
    set_apart(part, &mut mesh);
    let mut best = route(part, &mesh, &place(&mesh, 1.0));
    if !alone || part.cards.len() > MOST_SPREAD_CARDS {
        return best;
    }
    for step in 1..=SPREAD_STEPS {
        let next = route(part, &mesh, &place(&mesh, 1.0 + f64::from(step) * SPREAD_STEP));
        let free = (next.width + 2.0 * MARGIN) / SLIDE - heading - MARGIN;
        if next.height <= free && curves(&next) <= curves(&best) {
            best = next;
        }
    }
    best
}

/// The width of the column that each card stands in.
fn column_widths(part: &Cards<'_>, ranks: &Ranks) -> Per<CardId, f64> {
    let mut widest: BTreeMap<usize, f64> = BTreeMap::new();
    for (id, card) in part.cards.iter() {
        let width = widest.entry(ranks.column[id]).or_default();
        *width = width.max(card.width);
    }
    ranks.column.values().map(|column| widest.get(column).copied().unwrap_or_default()).collect()
}

fn curves(routed: &Routed) -> usize {
    let curved = |line: &Line| line.pieces.iter().filter(|piece| matches!(piece, Piece::Curve(..))).count();
    routed.lines.values().map(curved).sum()
}

/// The connected parts, in the order of their first cards.
fn split(all: Cards<'_>) -> Vec<Cards<'_>> {
    let mut root: Per<CardId, CardId> = all.cards.keys().collect();
    for wire in all.wires.values() {
        let (a, b) = (find(&mut root, wire.from), find(&mut root, wire.to));
        root[a.max(b)] = a.min(b);
    }
    let mut parts: Vec<Cards<'_>> = Vec::new();
    let mut part_of: Per<CardId, usize> = Per::filled(all.cards.len(), 0);
    let mut new_id: Per<CardId, CardId> = all.cards.keys().collect();
    let old_ids: Vec<CardId> = all.cards.keys().collect();
    for (old, card) in old_ids.into_iter().zip(all.cards.into_values()) {
        let first = find(&mut root, old);
        if first == old {
            part_of[old] = parts.len();
            parts.push(Cards { cards: Per::new(), wires: Per::new() });
        }
        part_of[old] = part_of[first];
        if let Some(part) = parts.get_mut(part_of[old]) {
            new_id[old] = part.cards.push(card);
        }
    }
    for wire in all.wires.into_values() {
        if let Some(part) = parts.get_mut(part_of[wire.from]) {
            let (from, to) = (new_id[wire.from], new_id[wire.to]);
            part.wires.push(Wire { from, to, ..wire });
        }
    }
    parts
}

/// The least card of the same part, as far as is known; halves the way for the next time.
fn find(root: &mut Per<CardId, CardId>, mut card: CardId) -> CardId {
    while root[card] != card {
        root[card] = root[root[card]];
        card = root[card];
    }
    card
}

impl Line {
    fn moved(self, dx: f64, dy: f64) -> Self {
        let to = |point: Point| Point { x: point.x + dx, y: point.y + dy };
        let piece = |piece: Piece| match piece {
            Piece::Line(end) => Piece::Line(to(end)),
            Piece::Curve(first, second, end) => Piece::Curve(to(first), to(second), to(end)),
        };
        Self {
            start: to(self.start),
            pieces: self.pieces.into_iter().map(piece).collect(),
            label: self.label.map(|(point, anchor): (Point, Anchor)| (to(point), anchor)),
        }
    }
}
