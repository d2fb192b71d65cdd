//! Heights: where each cell stands within its layer.
//!
//! In: a mesh whose layers are in order. Out: the top of each cell, whole numbers, the least of them
//! 0. Guaranteed: cells keep their order and do not touch. Wires are straight where there is room:
//! least squares per layer first, then a search that makes single wires exactly straight.

use super::ids::{CellId, Key as _, LinkId, Per};
use super::mesh::Mesh;

/// Least space between two cards, a card and a bend, and two bends.
const CARDS: f64 = 30.0;
const CARD_BEND: f64 = 18.0;
const BENDS: f64 = 12.0;

/// How much the ends of a backward wire keep to the cards they turn to.
const BESIDE: f64 = 0.3;

const ONE_SIDED: usize = 3;
const TWO_SIDED: usize = 24;
const POLISH: usize = 6;
/// From this many cells on, one round of polish must do.
const LARGE: usize = 600;
/// How many blocks one move may push, and how many moves of a block are tried.
const MOST_PUSHED: usize = 24;
const MOST_WISHES: usize = 12;
/// What any bend costs, and the most that its height adds.
const BENT: f64 = 40.0;
const MOST_FOR_HEIGHT: f64 = 120.0;

/// What a link costs whose ends are `off` apart in height. That it bends at all matters more than how
/// far: one long curve and one straight line are easier to read than two short curves.
fn bent(off: f64) -> f64 {
    if off < 0.5 { 0.0 } else { BENT + off * MOST_FOR_HEIGHT / (off + MOST_FOR_HEIGHT) }
}

/// The top of each cell. `spread` stretches the space between cells.
pub(super) fn place(mesh: &Mesh, spread: f64) -> Per<CellId, f64> {
    let mut tops = stacked(mesh, spread);
    for _ in 0..ONE_SIDED {
        relax(mesh, spread, &mut tops, true, false);
        relax(mesh, spread, &mut tops, false, true);
    }
    for _ in 0..TWO_SIDED {
        relax(mesh, spread, &mut tops, true, true);
    }
    make_whole(mesh, spread, &mut tops);
    let mut blocks = Blocks::new(mesh, spread, tops);
    blocks.straighten();
    blocks.polish();
    let mut tops = blocks.tops;
    let least = tops.values().copied().fold(f64::INFINITY, f64::min);
    tops.values_mut().for_each(|top| *top -= least);
    tops
}

fn space(mesh: &Mesh, spread: f64, upper: CellId, lower: CellId) -> f64 {
    let least = match (mesh.cells[upper].card, mesh.cells[lower].card) {
        (Some(_), Some(_)) => CARDS,
        (None, None) => BENDS,
        _ => CARD_BEND,
    };
    (least * spread).round()
}

/// Every layer packed, its middle at 0.
fn stacked(mesh: &Mesh, spread: f64) -> Per<CellId, f64> {
    let mut tops = Per::filled(mesh.cells.len(), 0.0);
    for row in mesh.layers.values() {
        let mut bottom = 0.0;
        let mut above: Option<CellId> = None;
        for &cell in row {
            let top = above.map_or(0.0, |above| bottom + space(mesh, spread, above, cell));
            tops[cell] = top;
            bottom = top + mesh.cells[cell].height;
            above = Some(cell);
        }
        for &cell in row {
            tops[cell] -= bottom / 2.0;
        }
    }
    tops
}

/// The top that would make a link straight, seen from one of its ends.
fn wanted(mesh: &Mesh, tops: &Per<CellId, f64>, cell: CellId, link: LinkId) -> f64 {
    let link = mesh.links[link];
    if link.from == cell {
        tops[link.to] + link.enters - link.leaves
    } else {
        tops[link.from] + link.leaves - link.enters
    }
}

/// One pass over all layers, each put as near as its order allows to where its links want it.
fn relax(mesh: &Mesh, spread: f64, tops: &mut Per<CellId, f64>, by_left: bool, by_right: bool) {
    let ids: Vec<_> = if by_left { mesh.layers.keys().collect() } else { mesh.layers.keys().rev().collect() };
    for layer in ids {
        let row = &mesh.layers[layer];
        let mut pools: Vec<Pool> = Vec::with_capacity(row.len());
        let mut offset = 0.0;
        let mut above: Option<CellId> = None;
        for &cell in row {
            if let Some(above) = above {
                offset += mesh.cells[above].height + space(mesh, spread, above, cell);
            }
            above = Some(cell);
            let entering = mesh.cells[cell].entering.iter().filter(|_| by_left);
            let leaving = mesh.cells[cell].leaving.iter().filter(|_| by_right);
            let (mut sum, mut total) = (0.0, 0.0);
            for &link in entering.chain(leaving) {
                let weight = mesh.links[link].weight;
                sum += weight * wanted(mesh, tops, cell, link);
                total += weight;
            }
            if let Some(anchor) = mesh.cells[cell].beside {
                let below = tops[anchor] + mesh.cells[anchor].height + CARD_BEND;
                sum += BESIDE * below;
                total += BESIDE;
            }
            if total == 0.0 {
                total = 0.05;
                sum = total * tops[cell];
            }
            Pool::push(&mut pools, Pool { mean: sum / total - offset, weight: total, cells: 1 });
        }
        let mut values = pools.iter().flat_map(|pool| std::iter::repeat_n(pool.mean, pool.cells));
        let mut offset = 0.0;
        let mut above: Option<CellId> = None;
        for &cell in row {
            if let Some(above) = above {
                offset += mesh.cells[above].height + space(mesh, spread, above, cell);
            }
            above = Some(cell);
            tops[cell] = values.next().unwrap_or_default() + offset;
        }
    }
}

/// Neighbours that pushed each other and now move as one: the pool-adjacent-violators algorithm of
/// isotonic regression.
struct Pool {
    mean: f64,
    weight: f64,
    cells: usize,
}

impl Pool {
    fn push(pools: &mut Vec<Self>, mut pool: Self) {
        while let Some(above) = pools.pop_if(|above| above.mean > pool.mean) {
            let weight = above.weight + pool.weight;
            pool.mean = (above.mean * above.weight + pool.mean * pool.weight) / weight;
            pool.weight = weight;
            pool.cells += above.cells;
        }
        pools.push(pool);
    }
}

fn make_whole(mesh: &Mesh, spread: f64, tops: &mut Per<CellId, f64>) {
    for row in mesh.layers.values() {
        let mut above: Option<CellId> = None;
        for &cell in row {
            let least = above.map_or(f64::NEG_INFINITY, |above| {
                tops[above] + mesh.cells[above].height + space(mesh, spread, above, cell)
            });
            tops[cell] = tops[cell].round().max(least);
            above = Some(cell);
        }
    }
}

/// Blocks, and how far each is to move.
type Moves = Vec<(usize, f64)>;

fn planned(moves: &[(usize, f64)], block: usize) -> f64 {
    moves.iter().find(|(planned, _)| *planned == block).map_or(0.0, |&(_, by)| by)
}

/// Cells that straight links tie together, and that only move as one: a block has at most one cell
/// in a layer.
struct Blocks<'m> {
    mesh: &'m Mesh,
    spread: f64,
    tops: Per<CellId, f64>,
    above: Per<CellId, Option<CellId>>,
    below: Per<CellId, Option<CellId>>,
    block: Per<CellId, usize>,
    members: Vec<Vec<CellId>>,
}

impl<'m> Blocks<'m> {
    fn new(mesh: &'m Mesh, spread: f64, tops: Per<CellId, f64>) -> Self {
        let mut above = Per::filled(mesh.cells.len(), None);
        let mut below = Per::filled(mesh.cells.len(), None);
        for row in mesh.layers.values() {
            for (&upper, &lower) in row.iter().zip(row.iter().skip(1)) {
                above[lower] = Some(upper);
                below[upper] = Some(lower);
            }
        }
        let block = mesh.cells.keys().map(|cell| cell.index()).collect();
        let members = mesh.cells.keys().map(|cell| vec![cell]).collect();
        Self { mesh, spread, tops, above, below, block, members }
    }

    fn members(&self, block: usize) -> &[CellId] {
        self.members.get(block).map_or(&[], Vec::as_slice)
    }

    /// What has to move, and how far, if `block` moves by `by`: itself, and all that it pushes before
    /// it. Nothing if that is more than a few blocks.
    fn pushed(&self, block: usize, by: f64) -> Option<Moves> {
        let mut moves = vec![(block, by)];
        let mut waiting = vec![block];
        while let Some(block) = waiting.pop() {
            let by = planned(&moves, block);
            for &cell in self.members(block) {
                let next = if by > 0.0 { self.below[cell] } else { self.above[cell] };
                let Some(next) = next else { continue };
                let (upper, lower) = if by > 0.0 { (cell, next) } else { (next, cell) };
                let least = self.mesh.cells[upper].height + space(self.mesh, self.spread, upper, lower);
                let slack = self.tops[lower] - self.tops[upper] - least;
                let needed = by.signum() * (by.abs() - slack);
                let pushed = self.block[next];
                if by.abs() > slack && needed.abs() > planned(&moves, pushed).abs() {
                    match moves.iter_mut().find(|(block, _)| *block == pushed) {
                        Some((_, by)) => *by = needed,
                        None => moves.push((pushed, needed)),
                    }
                    waiting.push(pushed);
                }
            }
            if moves.len() > MOST_PUSHED {
                return None;
            }
        }
        Some(moves)
    }

    /// Moves blocks, and says how much less that costs.
    fn gain(&mut self, moves: &[(usize, f64)]) -> f64 {
        let cost = |blocks: &Self| moves.iter().map(|&(block, _)| blocks.cost(block)).sum::<f64>();
        let before = cost(self);
        for &(block, by) in moves {
            self.shift(block, by);
        }
        before - cost(self)
    }

    fn undo(&mut self, moves: &[(usize, f64)]) {
        for &(block, by) in moves {
            self.shift(block, -by);
        }
    }

    fn shift(&mut self, block: usize, by: f64) {
        for cell in self.members(block).to_vec() {
            self.tops[cell] += by;
        }
    }

    /// What the links of a block cost where it stands.
    fn cost(&self, block: usize) -> f64 {
        let of = |cell: CellId| {
            let cell_links = &self.mesh.cells[cell];
            cell_links.entering.iter().chain(&cell_links.leaving).map(move |&link| {
                let off = (wanted(self.mesh, &self.tops, cell, link) - self.tops[cell]).abs();
                self.mesh.links[link].weight.sqrt() * bent(off)
            })
        };
        self.members(block).iter().map(|&cell| of(cell).sum::<f64>()).sum()
    }

    /// Ties the ends of links together, one link on each side of a cell, the longest wires first.
    fn straighten(&mut self) {
        let mut links: Vec<(f64, f64, LinkId)> = self
            .mesh
            .links
            .iter()
            .map(|(id, link)| {
                let off = wanted(self.mesh, &self.tops, link.from, id) - self.tops[link.from];
                (-link.weight, off.abs(), id)
            })
            .collect();
        links.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)).then(a.2.cmp(&b.2)));
        let mut tied_left = Per::filled(self.mesh.cells.len(), false);
        let mut tied_right = Per::filled(self.mesh.cells.len(), false);
        for (_, _, id) in links {
            let link = self.mesh.links[id];
            if tied_right[link.from] || tied_left[link.to] {
                continue;
            }
            if self.tie(link.from, link.to, id) {
                tied_right[link.from] = true;
                tied_left[link.to] = true;
            }
        }
    }

    fn tie(&mut self, from: CellId, to: CellId, link: LinkId) -> bool {
        let (left, right) = (self.block[from], self.block[to]);
        let off = wanted(self.mesh, &self.tops, from, link) - self.tops[from];
        if off != 0.0 {
            let moves = [self.pushed(left, off), self.pushed(right, -off)];
            // A move that pushes the other end along never meets it.
            let moved = |moves: &Moves, end: usize| moves.iter().any(|&(block, _)| block == end);
            let apart = |moves: &Moves| moved(moves, left) != moved(moves, right);
            if !self.best(moves.into_iter().flatten().filter(apart).collect(), 0.0) {
                return false;
            }
        }
        for cell in self.members(right).to_vec() {
            self.block[cell] = left;
        }
        let moved = self.members.get_mut(right).map(std::mem::take).unwrap_or_default();
        if let Some(members) = self.members.get_mut(left) {
            members.extend(moved);
        }
        true
    }

    /// Makes the move that gains most, if that is at least `least`.
    fn best(&mut self, choices: Vec<Moves>, least: f64) -> bool {
        let mut best: Option<(f64, Moves)> = None;
        for moves in choices {
            let gain = self.gain(&moves);
            self.undo(&moves);
            if gain >= least && best.as_ref().is_none_or(|(most, _)| gain > *most) {
                best = Some((gain, moves));
            }
        }
        let Some((_, moves)) = best else { return false };
        for (block, by) in moves {
            self.shift(block, by);
        }
        true
    }

    /// Moves blocks to where one more of their links is straight, while that costs less.
    fn polish(&mut self) {
        let rounds = if self.mesh.cells.len() > LARGE { 1 } else { POLISH };
        for _ in 0..rounds {
            let mut moved = false;
            for block in 0..self.members.len() {
                let mut wishes: Vec<f64> = Vec::new();
                for &cell in self.members(block) {
                    let links = self.mesh.cells[cell].entering.iter().chain(&self.mesh.cells[cell].leaving);
                    let off = |&link: &LinkId| wanted(self.mesh, &self.tops, cell, link) - self.tops[cell];
                    wishes.extend(links.map(off).filter(|off| off.abs() > 0.5));
                }
                wishes.sort_by(|a, b| a.abs().total_cmp(&b.abs()).then(a.total_cmp(b)));
                wishes.dedup();
                wishes.truncate(MOST_WISHES);
                let choices = wishes.iter().filter_map(|&wish| self.pushed(block, wish)).collect();
                moved |= self.best(choices, 1.0);
            }
            if !moved {
                return;
            }
        }
    }
}
