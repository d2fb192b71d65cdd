//! Which column each card stands in.
//!
//! In: a number of cards and the wires among them. Out: a column per card, from 0, none empty; and
//! per wire whether it runs backwards. Guaranteed: every wire that does not run backwards goes to a
//! column further right.

use super::ids::{CardId, Per, WireId};

/// What ranking needs of a wire.
#[derive(Debug, Clone, Copy)]
pub(super) struct Arc {
    pub(super) from: CardId,
    pub(super) to: CardId,
    pub(super) dashed: bool,
}

/// The columns.
#[derive(Debug, Clone)]
pub(super) struct Ranks {
    pub(super) column: Per<CardId, usize>,
    pub(super) backward: Per<WireId, bool>,
}

pub(super) fn rank(cards: usize, arcs: &Per<WireId, Arc>) -> Ranks {
    let backward = break_cycles(cards, arcs);
    let mut forward: Vec<Arc> = arcs.iter().filter(|&(id, _)| !backward[id]).map(|(_, arc)| *arc).collect();
    let (column, order) = longest_paths(cards, &forward);
    forward.sort_by_key(|arc| order[arc.from]);
    let column = close_up(column, &forward, &order);
    Ranks { column: without_gaps(column), backward }
}

/// Depth first along the wires; one that meets its own path runs backwards. Cards that nothing leads
/// to come first, and solid wires before dashed ones, so that what flows decides what is forward.
fn break_cycles(cards: usize, arcs: &Per<WireId, Arc>) -> Per<WireId, bool> {
    #[derive(Clone, Copy, PartialEq)]
    enum Seen {
        No,
        OnPath,
        Done,
    }
    let mut backward = Per::filled(arcs.len(), false);
    let mut leaving: Per<CardId, Vec<WireId>> = Per::filled(cards, Vec::new());
    let mut entered = Per::filled(cards, false);
    for dashed in [false, true] {
        for (id, arc) in arcs.iter().filter(|(_, arc)| arc.dashed == dashed) {
            leaving[arc.from].push(id);
            entered[arc.to] |= !dashed && arc.from != arc.to;
        }
    }
    let mut seen = Per::filled(cards, Seen::No);
    let roots = seen.keys().filter(|&card| !entered[card]).chain(seen.keys().filter(|&card| entered[card]));
    for root in roots.collect::<Vec<_>>() {
        if seen[root] != Seen::No {
            continue;
        }
        seen[root] = Seen::OnPath;
        let mut path = vec![(root, 0)];
        while let Some((card, next)) = path.last_mut() {
            let Some(&id) = leaving[*card].get(*next) else {
                seen[*card] = Seen::Done;
                path.pop();
                continue;
            };
            *next += 1;
            let to = arcs[id].to;
            match seen[to] {
                Seen::OnPath => backward[id] = true,
                Seen::Done => {}
                Seen::No => {
                    seen[to] = Seen::OnPath;
                    path.push((to, 0));
                }
            }
        }
    }
    backward
}

/// Each card's column by the longest way to it, and its place in a topological order.
fn longest_paths(cards: usize, forward: &[Arc]) -> (Per<CardId, usize>, Per<CardId, usize>) {
    let mut waiting = Per::filled(cards, 0_usize);
    let mut next: Per<CardId, Vec<CardId>> = Per::filled(cards, Vec::new());
    for arc in forward {
        waiting[arc.to] += 1;
        next[arc.from].push(arc.to);
    }
    let mut column = Per::filled(cards, 0_usize);
    let mut order = Per::filled(cards, 0_usize);
    let mut ready: Vec<CardId> = waiting.keys().filter(|&card| waiting[card] == 0).collect();
    let mut place = 0;
    while let Some(&card) = ready.get(place) {
        order[card] = place;
        place += 1;
        for &to in &next[card] {
            column[to] = column[to].max(column[card] + 1);
            waiting[to] -= 1;
            if waiting[to] == 0 {
                ready.push(to);
            }
        }
    }
    (column, order)
}

/// Moves cards right, towards what they lead to, where that shortens more wires than it lengthens.
fn close_up(mut column: Per<CardId, usize>, forward: &[Arc], order: &Per<CardId, usize>) -> Per<CardId, usize> {
    let mut balance = Per::filled(column.len(), 0_isize);
    let mut leaving: Per<CardId, Vec<CardId>> = Per::filled(column.len(), Vec::new());
    for arc in forward {
        balance[arc.from] += 1;
        balance[arc.to] -= 1;
        leaving[arc.from].push(arc.to);
    }
    let mut last_first: Vec<CardId> = order.keys().collect();
    last_first.sort_by_key(|&card| std::cmp::Reverse(order[card]));
    for card in last_first {
        let nearest = leaving[card].iter().map(|&to| column[to]).min();
        if let Some(nearest) = nearest
            && balance[card] > 0
        {
            column[card] = column[card].max(nearest - 1);
        }
    }
    column
}

fn without_gaps(column: Per<CardId, usize>) -> Per<CardId, usize> {
    let mut used: Vec<usize> = column.values().copied().collect();
    used.sort_unstable();
    used.dedup();
    column.values().map(|at| used.partition_point(|used| used < at)).collect()
}

#[cfg(test)]
mod tests {
    use super::{Arc, Ranks, rank};
    use crate::diagram::ids::{CardId, Key as _, Per};

    fn ranks(cards: usize, arcs: &[(usize, usize, bool)]) -> Ranks {
        let arcs: Per<_, Arc> =
            arcs.iter().map(|&(from, to, dashed)| Arc { from: CardId::of(from), to: CardId::of(to), dashed }).collect();
        rank(cards, &arcs)
    }

    fn columns(ranks: &Ranks) -> Vec<usize> {
        ranks.column.values().copied().collect()
    }

    #[test]
    fn a_card_stands_right_of_everything_that_leads_to_it() {
        let ranks = ranks(4, &[(0, 1, false), (1, 2, false), (0, 2, false), (2, 3, false)]);
        assert_eq!(columns(&ranks), [0, 1, 2, 3]);
    }

    #[test]
    fn a_card_with_one_late_reader_stands_next_to_it() {
        let ranks = ranks(4, &[(0, 1, false), (1, 2, false), (3, 2, false)]);
        assert_eq!(columns(&ranks), [0, 1, 2, 1]);
    }

    #[test]
    fn of_a_cycle_the_dashed_wire_runs_backwards() {
        let ranks = ranks(3, &[(2, 0, true), (0, 1, false), (1, 2, false)]);
        assert_eq!(columns(&ranks), [0, 1, 2]);
        assert_eq!(ranks.backward.values().copied().collect::<Vec<_>>(), [true, false, false]);
    }

    #[test]
    fn a_wire_to_its_own_card_runs_backwards() {
        let ranks = ranks(1, &[(0, 0, false)]);
        assert_eq!(ranks.backward.values().copied().collect::<Vec<_>>(), [true]);
    }
}
