//! Columns, and the way of each wire.
//!
//! In: a mesh with heights. Out: where each card stands, the path of each wire, and where its label
//! goes. Guaranteed: curves stay in the gaps between columns, in which there are no cards; where a
//! wire passes a column it is a level line at the height of its bend, where there is no card either.
//! Labels stand in the gaps, beside level pieces of their wire.

use std::collections::BTreeMap;

use super::cards::{Cards, LABEL, Wire};
use super::ids::{CardId, CellId, LayerId, Per, WireId};
use super::mesh::{Mesh, Run};

/// Least and greatest width in which a curve changes height.
const CURVE: (f64, f64) = (34.0, 66.0);
/// Part of the greatest difference of heights in a gap that is added to its width.
const SLOPE: f64 = 0.12;
/// Room beside the first and the last column for wires that turn back.
const TURN: f64 = 40.0;
/// Around a label: before its arrowhead and after its curve.
const LABEL_SPACE: f64 = 17.0;

/// A point in user units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Point {
    pub(super) x: f64,
    pub(super) y: f64,
}

/// A piece of a path, from where the last one ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Piece {
    Line(Point),
    /// A cubic Bézier: two control points and the end.
    Curve(Point, Point, Point),
}

/// A card in its place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Area {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// Which end of a label's text its point is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// A wire in its place.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) start: Point,
    pub(super) pieces: Vec<Piece>,
    /// Baseline of the label.
    pub(super) label: Option<(Point, Anchor)>,
}

/// One connected part of the picture, from 0, 0.
#[derive(Debug, Clone)]
pub(super) struct Routed {
    pub(super) areas: Per<CardId, Area>,
    pub(super) lines: Per<WireId, Line>,
    pub(super) width: f64,
    pub(super) height: f64,
}

#[derive(Clone, Copy)]
struct Column {
    left: f64,
    right: f64,
    /// Level pieces left and right of the column, as wide as the labels in them.
    before: f64,
    after: f64,
}

pub(super) fn route(cards: &Cards<'_>, mesh: &Mesh, tops: &Per<CellId, f64>) -> Routed {
    let ends = label_ends(&cards.wires, mesh);
    let columns = columns(cards, mesh, tops, &ends);
    let area = |id: CardId| {
        let cell = mesh.of_card[id];
        let column = columns[mesh.cells[cell].layer];
        let width = column.right - column.left;
        Area { x: column.left, y: tops[cell], width, height: mesh.cells[cell].height }
    };
    let areas: Per<CardId, Area> = cards.cards.keys().map(area).collect();
    let tracer = Tracer { mesh, tops, columns: &columns };
    let mut taken: BTreeMap<(CellId, bool, i64), u32> = BTreeMap::new();
    let mut lines = Per::new();
    for (id, wire) in cards.wires.iter() {
        let run = &mesh.runs[id];
        let (start, pieces) = if run.backward { tracer.backward(wire, run) } else { tracer.forward(wire, run) };
        let label = wire.label.is_some().then(|| tracer.label(wire, run, ends[id], &mut taken)).flatten();
        lines.push(Line { start, pieces, label });
    }
    let turns = |at: Option<LayerId>| at.is_some_and(|layer| turns_at(mesh, layer));
    let right = columns.values().last().map_or(0.0, |column| column.right);
    let width = right + if turns(columns.keys().next_back()) { TURN } else { 0.0 };
    let bottoms = mesh.cells.iter().map(|(id, cell)| tops[id] + cell.height);
    Routed { areas, lines, width, height: bottoms.fold(0.0, f64::max) }
}

fn turns_at(mesh: &Mesh, layer: LayerId) -> bool {
    mesh.layers[layer].iter().any(|&cell| mesh.cells[cell].beside.is_some())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LabelEnd {
    Source,
    Target,
}

/// A label goes to the end of its wire at which it is the only one, and else to the target's.
fn label_ends(wires: &Per<WireId, Wire<'_>>, mesh: &Mesh) -> Per<WireId, LabelEnd> {
    let key = |card: CardId, at: f64| (card, whole(at));
    let mut leaving: BTreeMap<_, usize> = BTreeMap::new();
    let mut entering: BTreeMap<_, usize> = BTreeMap::new();
    for (id, wire) in wires.iter() {
        if wire.label.is_some() && !mesh.runs[id].backward {
            *leaving.entry(key(wire.from, wire.leaves)).or_default() += 1;
            *entering.entry(key(wire.to, wire.enters)).or_default() += 1;
        }
    }
    let end = |wire: &Wire<'_>| {
        let crowded = entering.get(&key(wire.to, wire.enters)).is_some_and(|&count| count > 1);
        let alone = leaving.get(&key(wire.from, wire.leaves)).is_some_and(|&count| count == 1);
        if crowded && alone { LabelEnd::Source } else { LabelEnd::Target }
    };
    wires.values().map(end).collect()
}

/// Ports are whole numbers, and unlike floats these can be keys.
fn whole(at: f64) -> i64 {
    at as i64
}

fn columns(
    cards: &Cards<'_>,
    mesh: &Mesh,
    tops: &Per<CellId, f64>,
    ends: &Per<WireId, LabelEnd>,
) -> Per<LayerId, Column> {
    let depth = mesh.layers.len();
    let (mut before, mut after) = (Per::<LayerId, f64>::filled(depth, 0.0), Per::<LayerId, f64>::filled(depth, 0.0));
    for (id, wire) in cards.wires.iter() {
        let Some(label) = wire.label.as_deref().filter(|_| !mesh.runs[id].backward) else { continue };
        let room = (LABEL.width(label) + LABEL_SPACE).ceil();
        let (zone, card) = match ends[id] {
            LabelEnd::Source => (&mut after, wire.from),
            LabelEnd::Target => (&mut before, wire.to),
        };
        let layer = mesh.cells[mesh.of_card[card]].layer;
        zone[layer] = zone[layer].max(room);
    }
    let mut steepest = Per::<LayerId, f64>::filled(depth, 0.0);
    for link in mesh.links.values() {
        let off = (tops[link.from] + link.leaves - tops[link.to] - link.enters).abs();
        let layer = mesh.cells[link.from].layer;
        steepest[layer] = steepest[layer].max(off);
    }
    let mut columns = Per::new();
    let mut left = if mesh.layers.keys().next().is_some_and(|first| turns_at(mesh, first)) { TURN } else { 0.0 };
    for (layer, row) in mesh.layers.iter() {
        let widths = row.iter().filter_map(|&cell| mesh.cells[cell].card).map(|card| cards.cards[card].width);
        let right = left + widths.fold(0.0, f64::max);
        let (before, after) = (before[layer], after[layer]);
        let previous: Option<Column> = columns.values().last().copied();
        let shift = if previous.is_some() { before } else { 0.0 };
        columns.push(Column { left: left + shift, right: right + shift, before, after });
        left = right + shift + after + (CURVE.0 + SLOPE * steepest[layer]).min(CURVE.1).round();
    }
    columns
}

struct Tracer<'a> {
    mesh: &'a Mesh,
    tops: &'a Per<CellId, f64>,
    columns: &'a Per<LayerId, Column>,
}

impl Tracer<'_> {
    fn column(&self, cell: CellId) -> Column {
        self.columns[self.mesh.cells[cell].layer]
    }

    fn height(&self, bend: CellId) -> f64 {
        self.tops[bend] + self.mesh.cells[bend].port
    }

    fn forward(&self, wire: &Wire<'_>, run: &Run) -> (Point, Vec<Piece>) {
        let (from, to) = (self.mesh.of_card[wire.from], self.mesh.of_card[wire.to]);
        let mut column = self.column(from);
        let mut pen = Pen::at(column.right, self.tops[from] + wire.leaves);
        let start = pen.at;
        let bends = run.bends.iter().map(|&bend| (bend, self.height(bend)));
        for (cell, y) in bends.chain([(to, self.tops[to] + wire.enters)]) {
            let next = self.column(cell);
            pen.level(column.right + column.after);
            pen.sweep(next.left - next.before, y);
            pen.level(if cell == to { next.left } else { next.right });
            column = next;
        }
        (start, pen.pieces)
    }

    /// Out on the right, round and back under the columns, and into the target from its left.
    fn backward(&self, wire: &Wire<'_>, run: &Run) -> (Point, Vec<Piece>) {
        let (from, to) = (self.mesh.of_card[wire.from], self.mesh.of_card[wire.to]);
        let mut column = self.column(from);
        let mut pen = Pen::at(column.right, self.tops[from] + wire.leaves);
        let start = pen.at;
        for (turn, &bend) in run.bends.iter().rev().enumerate() {
            let next = self.column(bend);
            if turn == 0 {
                pen.turn(TURN, self.height(bend));
            } else {
                pen.level(column.left - column.before);
                pen.sweep(next.right + next.after, self.height(bend));
            }
            pen.level(next.left);
            column = next;
        }
        pen.turn(-TURN, self.tops[to] + wire.enters);
        (start, pen.pieces)
    }

    fn label(
        &self,
        wire: &Wire<'_>,
        run: &Run,
        end: LabelEnd,
        taken: &mut BTreeMap<(CellId, bool, i64), u32>,
    ) -> Option<(Point, Anchor)> {
        if run.backward {
            let &bend = run.bends.get(run.bends.len() / 2)?;
            let column = self.column(bend);
            let middle = ((column.left + column.right) / 2.0).round();
            return Some((Point { x: middle, y: self.height(bend) - 5.0 }, Anchor::Middle));
        }
        let (card, port) = match end {
            LabelEnd::Source => (wire.from, wire.leaves),
            LabelEnd::Target => (wire.to, wire.enters),
        };
        let cell = self.mesh.of_card[card];
        let column = self.column(cell);
        // The first above its line, the second below it, and so on outwards; the other way round where
        // the line enters below the card's middle, as other lines are above it.
        let low = end == LabelEnd::Target && port > self.mesh.cells[cell].port;
        let count = taken.entry((cell, end == LabelEnd::Source, whole(port))).or_default();
        let outwards = f64::from(*count / 2) * 15.0;
        let off = if count.is_multiple_of(2) != low { -5.0 - outwards } else { 14.0 + outwards };
        *count += 1;
        let y = self.tops[cell] + port + off;
        Some(match end {
            LabelEnd::Source => (Point { x: column.right + 10.0, y }, Anchor::Start),
            LabelEnd::Target => (Point { x: column.left - 13.0, y }, Anchor::End),
        })
    }
}

struct Pen {
    at: Point,
    pieces: Vec<Piece>,
}

impl Pen {
    fn at(x: f64, y: f64) -> Self {
        Self { at: Point { x, y }, pieces: Vec::new() }
    }

    /// A level line, drawn on from the last one where that is level too.
    fn level(&mut self, x: f64) {
        let to = Point { x, y: self.at.y };
        if to == self.at {
            return;
        }
        match self.pieces.last_mut() {
            Some(Piece::Line(end)) => *end = to,
            _ => self.pieces.push(Piece::Line(to)),
        }
        self.at = to;
    }

    /// To another height, level at both ends.
    fn sweep(&mut self, x: f64, y: f64) {
        if y == self.at.y {
            self.level(x);
            return;
        }
        let to = Point { x, y };
        let middle = ((self.at.x + x) / 2.0).round();
        self.pieces.push(Piece::Curve(Point { x: middle, y: self.at.y }, Point { x: middle, y }, to));
        self.at = to;
    }

    /// Out by at most three quarters of `reach`, and back at another height.
    fn turn(&mut self, reach: f64, y: f64) {
        let x = self.at.x + reach;
        let to = Point { x: self.at.x, y };
        self.pieces.push(Piece::Curve(Point { x, y: self.at.y }, Point { x, y }, to));
        self.at = to;
    }
}
