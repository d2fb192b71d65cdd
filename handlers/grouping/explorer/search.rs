//! The search: every world that can come of a scenario.
//!
//! Breadth first, so that what is found is found on a shortest way. A world is remembered by 64 bits
//! of a hash: of ten million worlds, two are taken for one with a probability of 3 in a million.

use std::collections::{HashMap, VecDeque};

use crate::hashed::fingerprint;
use crate::history::Broken;
use crate::scenario::Scenario;
use crate::world::{Action, World, describe};

/// What came of a search.
pub(crate) struct Found {
    /// Different worlds.
    pub(crate) states: usize,
    /// Ways from one to another.
    pub(crate) steps: usize,
    /// The most steps of a shortest way.
    pub(crate) depth: u32,
    /// What is broken, and how one gets there.
    pub(crate) broken: Option<(Broken, Vec<String>)>,
}

/// The worlds that were met, as numbers.
#[derive(Default)]
struct Graph {
    known: HashMap<u64, u32>,
    /// From where each was met first, and how.
    from: Vec<(u32, Action)>,
    depth: Vec<u32>,
    /// Of each: where its ways without a fault begin in `ways`.
    begins: Vec<usize>,
    ways: Vec<u32>,
    /// Of each: whether all is done.
    ended: Vec<bool>,
}

/// Searches all of a scenario.
pub(crate) fn search(scenario: &Scenario) -> Found {
    let mut graph = Graph::default();
    let mut steps = 0;
    let first = World::new(scenario);
    graph.meet(&first, (0, Action::Tick), 0);
    let mut front = VecDeque::from([(0_u32, first)]);
    while let Some((number, world)) = front.pop_front() {
        graph.begins.push(graph.ways.len());
        let actions = world.actions(scenario);
        graph.ended.push(world.quiet() && actions.iter().all(|action| action.is_fault()));
        for action in actions {
            steps += 1;
            let next = match world.after(action, scenario) {
                Ok(next) => next,
                Err(broken) => return graph.found(scenario, steps, Some((broken, number, Some(action)))),
            };
            let (met, new) = graph.meet(&next, (number, action), graph.depth[number as usize] + 1);
            if !action.is_fault() {
                graph.ways.push(met);
            }
            if new {
                front.push_back((met, next));
            }
        }
    }
    let stuck = graph.stuck().map(|number| {
        let broken = Broken::new("I6", "from here nothing leads to the end any more");
        (broken, number, None)
    });
    graph.found(scenario, steps, stuck)
}

impl Graph {
    fn meet(&mut self, world: &World, from: (u32, Action), depth: u32) -> (u32, bool) {
        let next = u32::try_from(self.known.len()).expect("fewer than four thousand million worlds");
        let number = *self.known.entry(fingerprint(world)).or_insert(next);
        let new = number == next;
        if new {
            self.from.push(from);
            self.depth.push(depth);
        }
        (number, new)
    }

    /// The first world from which no way without a fault leads to an end.
    fn stuck(&self) -> Option<u32> {
        let mut ends = self.ended.clone();
        loop {
            let mut changed = false;
            for number in (0..ends.len()).rev().filter(|number| !self.ended[*number]) {
                let until = self.begins.get(number + 1).copied().unwrap_or(self.ways.len());
                if !ends[number] && self.ways[self.begins[number]..until].iter().any(|to| ends[*to as usize]) {
                    ends[number] = true;
                    changed = true;
                }
            }
            if !changed {
                return ends.iter().position(|ends| !ends).and_then(|number| u32::try_from(number).ok());
            }
        }
    }

    fn found(&self, scenario: &Scenario, steps: usize, broken: Option<(Broken, u32, Option<Action>)>) -> Found {
        let depth = self.depth.iter().copied().max().unwrap_or_default();
        let broken = broken.map(|(broken, number, last)| (broken, self.way(scenario, number, last)));
        Found { states: self.known.len(), steps, depth, broken }
    }

    /// How one gets to a world, and what is done there last.
    fn way(&self, scenario: &Scenario, mut number: u32, last: Option<Action>) -> Vec<String> {
        let mut actions = last.into_iter().collect::<Vec<_>>();
        while number != 0 {
            let (from, action) = self.from[number as usize];
            actions.push(action);
            number = from;
        }
        let mut world = World::new(scenario);
        let mut lines = Vec::new();
        for action in actions.into_iter().rev() {
            lines.push(format!("{:>8}  {}", world.now - scenario.begin, describe(&world, action)));
            if let Ok(next) = world.after(action, scenario) {
                world = next;
            }
        }
        lines
    }
}
