//! The layered graph: long wires cut into pieces that each cross one gap.
//!
//! In: cards, wires and their columns. Out: cells (a card, or the bend of a wire in a column it
//! passes), the layers they stand in, and links between neighbouring layers. Guaranteed: every link
//! goes from a layer to the next one.

use super::cards::{Card, Wire, port};
use super::ids::{CardId, CellId, LayerId, LinkId, Per, WireId};
use super::rank::Ranks;

/// What stands in a layer.
#[derive(Debug, Clone)]
pub(super) struct Cell {
    /// The card, or nothing for a bend.
    pub(super) card: Option<CardId>,
    pub(super) layer: LayerId,
    pub(super) height: f64,
    /// From the top to where plain wires meet it.
    pub(super) port: f64,
    pub(super) entering: Vec<LinkId>,
    pub(super) leaving: Vec<LinkId>,
    /// For the ends of a backward wire: the card in the same layer that it turns to.
    pub(super) beside: Option<CellId>,
}

/// A piece of a wire. Ports are heights from the top of the cells.
#[derive(Debug, Clone, Copy)]
pub(super) struct Link {
    pub(super) from: CellId,
    pub(super) to: CellId,
    pub(super) leaves: f64,
    pub(super) enters: f64,
    /// How much it pulls on its ends: the pieces of long wires more, as their bends are seen, and dashed
    /// ones less.
    pub(super) weight: f64,
}

/// How a wire runs.
#[derive(Debug, Clone)]
pub(super) struct Run {
    pub(super) backward: bool,
    /// Left to right; for a forward wire without its ends, for a backward one all cells it passes.
    pub(super) bends: Vec<CellId>,
    /// The link into its target; a backward wire has none.
    pub(super) last: Option<LinkId>,
}

/// The layered graph.
#[derive(Debug, Clone)]
pub(super) struct Mesh {
    pub(super) cells: Per<CellId, Cell>,
    pub(super) links: Per<LinkId, Link>,
    pub(super) layers: Per<LayerId, Vec<CellId>>,
    pub(super) runs: Per<WireId, Run>,
    pub(super) of_card: Per<CardId, CellId>,
}

/// Height of a bend, and of one that must leave room for a label.
const BEND: f64 = 6.0;
const LABELLED_BEND: f64 = 22.0;

pub(super) fn mesh(cards: &Per<CardId, Card<'_>>, wires: &Per<WireId, Wire<'_>>, ranks: &Ranks) -> Mesh {
    let depth = ranks.column.values().max().map_or(0, |last| last + 1);
    let mut mesh = Mesh {
        cells: Per::new(),
        links: Per::new(),
        layers: Per::filled(depth, Vec::new()),
        runs: Per::new(),
        of_card: Per::new(),
    };
    let layers: Vec<LayerId> = mesh.layers.keys().collect();
    let layer_of = |card: CardId| layers.get(ranks.column[card]).copied();
    for (id, card) in cards.iter() {
        let Some(layer) = layer_of(id) else { continue };
        let cell = mesh.add(Some(id), layer, card.height, port(card));
        mesh.of_card.push(cell);
        mesh.layers[layer].push(cell);
    }
    for (id, wire) in wires.iter() {
        let (from, to) = (mesh.of_card[wire.from], mesh.of_card[wire.to]);
        let (start, end) = (ranks.column[wire.from], ranks.column[wire.to]);
        let backward = ranks.backward[id];
        let passed = if backward { end..start + 1 } else { start + 1..end };
        let mut bends = Vec::new();
        for &layer in layers.get(passed).unwrap_or_default() {
            let height = if backward && wire.label.is_some() { LABELLED_BEND } else { BEND };
            let bend = mesh.add(None, layer, height, height - BEND / 2.0);
            bends.push(bend);
            if backward {
                let anchor = [from, to].into_iter().find(|&cell| mesh.cells[cell].layer == layer);
                mesh.cells[bend].beside = anchor;
                mesh.insert_after(layer, anchor, bend);
            } else {
                mesh.layers[layer].push(bend);
            }
        }
        let mut left = if backward { None } else { Some((from, wire.leaves)) };
        for &bend in &bends {
            let port = mesh.cells[bend].port;
            if let Some(left) = left {
                mesh.link(left, (bend, port), wire.dashed());
            }
            left = Some((bend, port));
        }
        let last = left.filter(|_| !backward).map(|left| mesh.link(left, (to, wire.enters), wire.dashed()));
        mesh.runs.push(Run { backward, bends, last });
    }
    mesh
}

impl Mesh {
    fn add(&mut self, card: Option<CardId>, layer: LayerId, height: f64, port: f64) -> CellId {
        let (entering, leaving) = (Vec::new(), Vec::new());
        self.cells.push(Cell { card, layer, height, port, entering, leaving, beside: None })
    }

    fn link(&mut self, (from, leaves): (CellId, f64), (to, enters): (CellId, f64), dashed: bool) -> LinkId {
        let by_ends = match (self.cells[from].card, self.cells[to].card) {
            (Some(_), Some(_)) => 1.0,
            (None, None) => 8.0,
            _ => 2.0,
        };
        let weight = if dashed { by_ends * 0.5 } else { by_ends };
        let id = self.links.push(Link { from, to, leaves, enters, weight });
        self.cells[from].leaving.push(id);
        self.cells[to].entering.push(id);
        id
    }

    fn insert_after(&mut self, layer: LayerId, anchor: Option<CellId>, cell: CellId) {
        let row = &mut self.layers[layer];
        let at = row.iter().position(|&other| Some(other) == anchor).map_or(row.len(), |at| at + 1);
        row.insert(at, cell);
    }
}
