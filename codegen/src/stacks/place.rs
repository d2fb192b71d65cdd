//! Which stack each resource goes to.
//!
//! In: the scanned [`Flow`] and the lock. Out: one [`StackKey`] a resource. Guaranteed: what the lock
//! records stays; neither the resources nor the stacks they form depend on each other in a circle.
//!
//! A nested stack is made and updated as a whole, so that it stands in the graph of dependencies as one
//! node. Three steps keep that graph free of circles:
//!
//! 1. A new resource between two that must stay in the same nested stack goes there too.
//! 2. The others fill what room there is, by layer and component.
//! 3. If that made a circle, they go to fresh stacks instead, one set of them for each time that a path of
//!    references leaves the new resources and comes back: such stacks never close a circle.

use super::error::StackError;
use super::graph::{Edges, components};
use super::key::StackKey;
use super::limits::{AIM_BYTES, AIM_RESOURCES};
use super::lock::Lock;
use super::pack::{Packing, pack};
use super::scan::Flow;

pub(super) fn place(flow: &Flow, lock: Option<&Lock>) -> Result<Vec<StackKey>, StackError> {
    let order = order(flow)?;
    let locked: Vec<Option<StackKey>> =
        flow.items.iter().map(|item| lock.and_then(|lock| lock.stack(item.placed.resource.id().as_str()))).collect();
    let split = locked.iter().flatten().any(|key| *key != StackKey::MAIN);
    let bytes: usize = flow.items.iter().map(|item| item.bytes).sum();
    if !split && flow.items.len() <= AIM_RESOURCES && bytes <= AIM_BYTES {
        return Ok(vec![StackKey::MAIN; flow.items.len()]);
    }
    let fixed = pulled(flow, locked)?;
    let filled = pack(flow, &Packing { order: &order, fixed: &fixed, rounds: None });
    if circle(flow, &filled).is_none() {
        return Ok(filled);
    }
    let rounds = rounds(flow, &fixed);
    let fresh = pack(flow, &Packing { order: &order, fixed: &fixed, rounds: Some(&rounds) });
    match circle(flow, &fresh) {
        None => Ok(fresh),
        Some(members) => Err(StackError::Circle(members)),
    }
}

/// The resources, each after those that it needs.
fn order(flow: &Flow) -> Result<Vec<u32>, StackError> {
    let edges: Edges = flow.items.iter().map(|item| item.needs.clone()).collect();
    let mut order = Vec::with_capacity(edges.len());
    for members in components(&edges) {
        match members.as_slice() {
            [one] if !flow.item(*one).is_some_and(|item| item.needs.contains(one)) => order.push(*one),
            circle => return Err(StackError::Circle(circle.iter().map(|at| flow.id(*at).to_owned()).collect())),
        }
    }
    Ok(order)
}

/// The graph in which each nested stack is one node.
struct Contracted {
    /// The node of each resource.
    node: Vec<u32>,
    edges: Edges,
    /// What each node is.
    what: Vec<Node>,
}

#[derive(Clone, Copy)]
enum Node {
    Stack(StackKey),
    Item(u32),
}

impl Contracted {
    fn of(flow: &Flow, places: impl Iterator<Item = Option<StackKey>>) -> Self {
        let mut stacks = indexmap::IndexMap::new();
        let (mut node, mut what) = (Vec::with_capacity(flow.items.len()), Vec::new());
        for (at, place) in (0..).zip(places) {
            let next = u32::try_from(what.len()).unwrap_or(u32::MAX);
            match place.filter(|key| key.nested.is_some()) {
                Some(key) => {
                    let of = *stacks.entry(key).or_insert(next);
                    if of == next {
                        what.push(Node::Stack(key));
                    }
                    node.push(of);
                }
                None => {
                    what.push(Node::Item(at));
                    node.push(next);
                }
            }
        }
        let mut edges: Edges = vec![Vec::new(); what.len()];
        for (item, from) in flow.items.iter().zip(&node) {
            let to = item.needs.iter().filter_map(|need| node.get(*need as usize)).filter(|to| *to != from);
            if let Some(list) = edges.get_mut(*from as usize) {
                list.extend(to);
            }
        }
        for list in &mut edges {
            list.sort_unstable();
            list.dedup();
        }
        Self { node, edges, what }
    }

    fn names(&self, flow: &Flow, nodes: &[u32]) -> Vec<String> {
        let name = |node: &Node| match node {
            Node::Stack(key) => key.to_string(),
            Node::Item(at) => flow.id(*at).to_owned(),
        };
        nodes.iter().filter_map(|node| self.what.get(*node as usize)).map(name).collect()
    }
}

/// What must stay, and the new resources that must go with it.
fn pulled(flow: &Flow, mut places: Vec<Option<StackKey>>) -> Result<Vec<Option<StackKey>>, StackError> {
    if !places.iter().flatten().any(|key| key.nested.is_some()) {
        return Ok(places);
    }
    let graph = Contracted::of(flow, places.iter().copied());
    for members in components(&graph.edges).iter().filter(|members| members.len() > 1) {
        let (mut into, mut new, mut stuck) = (Vec::new(), Vec::new(), false);
        for node in members {
            match graph.what.get(*node as usize) {
                Some(Node::Stack(key)) => into.push(*key),
                Some(Node::Item(at)) if places.get(*at as usize).is_some_and(Option::is_none) => new.push(*at),
                _ => stuck = true,
            }
        }
        match into.as_slice() {
            [key] if !stuck => {
                for at in new {
                    if let Some(place) = places.get_mut(at as usize) {
                        *place = Some(*key);
                    }
                }
            }
            _ => return Err(StackError::Circle(graph.names(flow, members))),
        }
    }
    Ok(places)
}

/// How often the longest path of references from each resource enters the new ones from the others.
fn rounds(flow: &Flow, fixed: &[Option<StackKey>]) -> Vec<u32> {
    let graph = Contracted::of(flow, fixed.iter().copied());
    let is_new = |node: u32| match graph.what.get(node as usize) {
        Some(Node::Item(at)) => fixed.get(*at as usize).is_some_and(Option::is_none),
        _ => false,
    };
    let mut rounds = vec![0; graph.edges.len()];
    for members in components(&graph.edges) {
        for node in members {
            let of = |need: &u32| {
                let round = rounds.get(*need as usize).copied().unwrap_or(0);
                round + u32::from(is_new(*need) && !is_new(node))
            };
            let round = graph.edges.get(node as usize).into_iter().flatten().map(of).max().unwrap_or(0);
            if let Some(slot) = rounds.get_mut(node as usize) {
                *slot = round;
            }
        }
    }
    graph.node.iter().map(|node| rounds.get(*node as usize).copied().unwrap_or(0)).collect()
}

/// A circle among stacks and resources, by name, if these places make one.
fn circle(flow: &Flow, places: &[StackKey]) -> Option<Vec<String>> {
    let graph = Contracted::of(flow, places.iter().map(|key| Some(*key)));
    components(&graph.edges).iter().find(|members| members.len() > 1).map(|members| graph.names(flow, members))
}
