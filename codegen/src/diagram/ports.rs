//! Where arrows of different meaning meet one box.
//!
//! In: cards and a mesh whose layers are in order. Out: the same, but arrows into one card that differ
//! in label or style no longer meet in one point, as a label beside two merged lines would seem to be
//! of both. Guaranteed: ends stay on their card; plain arrows keep to its middle.

use super::cards::{Cards, Wire, head, port};
use super::ids::{CardId, CellId, Per, WireId};
use super::mesh::Mesh;

/// From one arrow to the next, and least distance from a card's corner.
const STEP: f64 = 18.0;
const CORNER: f64 = 12.0;

/// Arrows into one card that mean the same.
struct Group {
    wires: Vec<WireId>,
    plain: bool,
    /// The highest place that one of them comes from; infinite for those that come back.
    from: f64,
}

pub(super) fn set_apart(cards: &mut Cards<'_>, mesh: &mut Mesh) {
    let mut entering: Per<CardId, Vec<WireId>> = Per::filled(cards.cards.len(), Vec::new());
    for (id, wire) in cards.wires.iter().filter(|(_, wire)| wire.to_row.is_none()) {
        entering[wire.to].push(id);
    }
    let mut place: Per<CellId, f64> = Per::filled(mesh.cells.len(), 0.0);
    for row in mesh.layers.values() {
        let mut at = 0.0;
        for &cell in row {
            place[cell] = at;
            at += 1.0;
        }
    }
    for (card, wires) in entering.iter() {
        let groups = groups(&cards.wires, mesh, &place, wires);
        let Some(main) = groups.iter().position(|group| group.plain).or((groups.len() > 1).then_some(0)) else {
            continue;
        };
        let (middle, height) = (port(&cards.cards[card]), head(&cards.cards[card]));
        let count = |side: &[Group]| f64::from(u8::try_from(side.len()).unwrap_or(u8::MAX));
        let (above, rest) = groups.split_at(main);
        let below = rest.get(1..).unwrap_or_default();
        let room = |most: f64, side: &[Group]| STEP.min(((most - CORNER) / count(side).max(1.0)).floor().max(1.0));
        let (up, down) = (room(middle, above), room(height - middle, below));
        let upwards = above.iter().rev().zip(1_u8..).map(|(group, step)| (group, -up * f64::from(step)));
        let downwards = below.iter().zip(1_u8..).map(|(group, step)| (group, down * f64::from(step)));
        for (group, off) in upwards.chain(downwards) {
            for &id in &group.wires {
                let enters = (middle + off).clamp(1.0, height - 1.0);
                cards.wires[id].enters = enters;
                if let Some(link) = mesh.runs[id].last {
                    mesh.links[link].enters = enters;
                }
            }
        }
    }
}

fn groups(all: &Per<WireId, Wire<'_>>, mesh: &Mesh, place: &Per<CellId, f64>, wires: &[WireId]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for &id in wires {
        // A wire that comes back does so from below.
        let from = mesh.runs[id].last.map_or(f64::INFINITY, |link| place[mesh.links[link].from]);
        let wire = &all[id];
        let same = |group: &Group| {
            let first = group.wires.first().map(|&first| &all[first]);
            let back = mesh.runs[id].backward == group.from.is_infinite();
            back && first.is_some_and(|first| first.label == wire.label && first.dashed() == wire.dashed())
        };
        match groups.iter_mut().find(|group| same(group)) {
            Some(group) => {
                group.wires.push(id);
                group.from = group.from.min(from);
            }
            None => {
                let plain = wire.label.is_none() && !wire.dashed() && from.is_finite();
                groups.push(Group { wires: vec![id], plain, from });
            }
        }
    }
    groups.sort_by(|a, b| a.from.total_cmp(&b.from));
    groups
}
