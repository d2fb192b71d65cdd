//! The order of the cells within each layer, with few crossings.
//!
//! In: a mesh with its layers in input order. Out: the same mesh, layers reordered. Barycentre sweeps
//! in both directions, then swaps of neighbours; the best order met is kept, so the result never has
//! more crossings than the input order, and equals it where nothing is gained.

use super::ids::{CellId, LayerId, LinkId, Per};
use super::mesh::{Link, Mesh};

const SWEEPS: usize = 12;
const SWAP_ROUNDS: usize = 6;

type Layers = Per<LayerId, Vec<CellId>>;

pub(super) fn order(mesh: &mut Mesh) {
    let mut place = places(mesh, &mesh.layers);
    let mut layers = mesh.layers.clone();
    let mut best = (crossings(mesh, &place), mesh.layers.clone());
    for sweep in 0..SWEEPS {
        if best.0 == 0 {
            break;
        }
        let rightwards = sweep % 2 == 0;
        let ids: Vec<LayerId> = if rightwards { layers.keys().collect() } else { layers.keys().rev().collect() };
        for layer in ids {
            sort(mesh, &mut layers[layer], &mut place, rightwards);
        }
        swap(mesh, &mut layers, &mut place);
        let now = crossings(mesh, &place);
        if now < best.0 {
            best = (now, layers.clone());
        }
    }
    mesh.layers = best.1;
}

/// Each cell's index in its layer, as a number that ports can be added to.
fn places(mesh: &Mesh, layers: &Layers) -> Per<CellId, f64> {
    let mut place = Per::filled(mesh.cells.len(), 0.0);
    for row in layers.values() {
        number(row, &mut place);
    }
    place
}

fn number(row: &[CellId], place: &mut Per<CellId, f64>) {
    let mut at = 0.0;
    for &cell in row {
        place[cell] = at;
        at += 1.0;
    }
}

/// Where a link's end is: the cell's place, and within it the port.
fn end(mesh: &Mesh, place: &Per<CellId, f64>, cell: CellId, port: f64) -> f64 {
    place[cell] + port / mesh.cells[cell].height.max(1.0) * 0.9
}

fn left_end(mesh: &Mesh, place: &Per<CellId, f64>, link: Link) -> f64 {
    end(mesh, place, link.from, link.leaves)
}

fn right_end(mesh: &Mesh, place: &Per<CellId, f64>, link: Link) -> f64 {
    end(mesh, place, link.to, link.enters)
}

/// Sorts a layer by the mean of the far ends. Cells without any keep their places.
fn sort(mesh: &Mesh, row: &mut Vec<CellId>, place: &mut Per<CellId, f64>, rightwards: bool) {
    let mean = |cell: CellId| -> Option<f64> {
        let links = if rightwards { &mesh.cells[cell].entering } else { &mesh.cells[cell].leaving };
        let far = |&id: &LinkId| {
            let link = mesh.links[id];
            if rightwards { left_end(mesh, place, link) } else { right_end(mesh, place, link) }
        };
        let mut count = 0.0;
        let sum: f64 = links.iter().map(far).inspect(|_| count += 1.0).sum();
        (count > 0.0).then(|| sum / count)
    };
    let means: Vec<Option<f64>> = row.iter().map(|&cell| mean(cell)).collect();
    let mut moving: Vec<(f64, CellId)> =
        row.iter().zip(&means).filter_map(|(&cell, mean)| mean.map(|mean| (mean, cell))).collect();
    moving.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut moved = moving.into_iter().map(|(_, cell)| cell);
    for (cell, mean) in row.iter_mut().zip(&means) {
        if mean.is_some()
            && let Some(next) = moved.next()
        {
            *cell = next;
        }
    }
    keep_loops_beside(mesh, row);
    number(row, place);
}

/// The bend of a wire from a card to itself has no other neighbour to be sorted by.
fn keep_loops_beside(mesh: &Mesh, row: &mut Vec<CellId>) {
    let alone = |&cell: &CellId| {
        let cell = &mesh.cells[cell];
        cell.beside.filter(|_| cell.entering.is_empty() && cell.leaving.is_empty())
    };
    for cell in row.clone() {
        if let Some(anchor) = alone(&cell) {
            row.retain(|&other| other != cell);
            let at = row.iter().position(|&other| other == anchor).map_or(row.len(), |at| at + 1);
            row.insert(at, cell);
        }
    }
}

/// Swaps neighbours while that saves crossings.
fn swap(mesh: &Mesh, layers: &mut Layers, place: &mut Per<CellId, f64>) {
    for _ in 0..SWAP_ROUNDS {
        let mut saved = false;
        for row in layers.values_mut() {
            for at in 1..row.len() {
                let (Some(&upper), Some(&lower)) = (row.get(at - 1), row.get(at)) else { continue };
                let (now, swapped) = between(mesh, place, upper, lower);
                if now > swapped {
                    row.swap(at - 1, at);
                    let higher = place[upper];
                    place[upper] = place[lower];
                    place[lower] = higher;
                    saved = true;
                }
            }
        }
        if !saved {
            return;
        }
    }
}

/// Crossings among the links of two neighbours of one layer: as they stand, and if they were swapped.
fn between(mesh: &Mesh, place: &Per<CellId, f64>, upper: CellId, lower: CellId) -> (usize, usize) {
    let (above, below) = (&mesh.cells[upper], &mesh.cells[lower]);
    let (mut now, mut swapped) = (0, 0);
    let mut count = |above: &[LinkId], below: &[LinkId], far: fn(&Mesh, &Per<CellId, f64>, Link) -> f64| {
        for &link in above {
            let here = far(mesh, place, mesh.links[link]);
            for &link in below {
                let there = far(mesh, place, mesh.links[link]);
                now += usize::from(here > there);
                swapped += usize::from(there > here);
            }
        }
    };
    count(&above.entering, &below.entering, left_end);
    count(&above.leaving, &below.leaving, right_end);
    (now, swapped)
}

/// Crossings of the whole mesh.
fn crossings(mesh: &Mesh, place: &Per<CellId, f64>) -> usize {
    let mut gaps: Per<LayerId, Vec<(f64, f64)>> = Per::filled(mesh.layers.len(), Vec::new());
    for &link in mesh.links.values() {
        gaps[mesh.cells[link.from].layer].push((left_end(mesh, place, link), right_end(mesh, place, link)));
    }
    gaps.values_mut()
        .map(|ends| {
            ends.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
            let mut rights: Vec<f64> = ends.iter().map(|&(_, right)| right).collect();
            inversions(&mut rights, &mut Vec::with_capacity(ends.len()))
        })
        .sum()
}

/// How many pairs stand the wrong way round: a merge sort that counts. `merged` is its workbench.
fn inversions(numbers: &mut [f64], merged: &mut Vec<f64>) -> usize {
    if numbers.is_sorted() {
        return 0;
    }
    let (first, second) = numbers.split_at_mut(numbers.len() / 2);
    let mut count = inversions(first, merged) + inversions(second, merged);
    merged.clear();
    let (mut left, mut right) = (first.iter().peekable(), second.iter().peekable());
    while let (Some(&&a), Some(&&b)) = (left.peek(), right.peek()) {
        if a > b {
            count += left.len();
            merged.push(b);
            right.next();
        } else {
            merged.push(a);
            left.next();
        }
    }
    merged.extend(left);
    merged.extend(right);
    numbers.copy_from_slice(merged);
    count
}

#[cfg(test)]
mod tests {
    use super::inversions;

    #[test]
    fn pairs_the_wrong_way_round_are_counted_once_and_equal_ones_not_at_all() {
        let count = |mut numbers: Vec<f64>| inversions(&mut numbers, &mut Vec::new());
        assert_eq!(count(vec![1.0, 2.0, 2.0, 3.0]), 0);
        assert_eq!(count(vec![3.0, 2.0, 1.0]), 3);
        assert_eq!(count(vec![2.0, 2.0, 1.0]), 2);
    }
}
