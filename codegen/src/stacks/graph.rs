//! Orders of directed graphs.

/// Nodes are numbers from 0; each has the nodes that it depends on.
pub(crate) type Edges = Vec<Vec<u32>>;

const UNSEEN: u32 = u32::MAX;

/// The strongly connected components, each after everything that it depends on (Tarjan 1972, without
/// recursion: a chain may be as long as the flow is large). A graph without circles gives one node each,
/// in an order that keeps neighbours together.
pub(crate) fn components(edges: &Edges) -> Vec<Vec<u32>> {
    let mut tarjan = Tarjan {
        index: vec![UNSEEN; edges.len()],
        low: vec![UNSEEN; edges.len()],
        on_stack: vec![false; edges.len()],
        stack: Vec::new(),
        next: 0,
        found: Vec::new(),
    };
    for root in 0..u32::try_from(edges.len()).unwrap_or(UNSEEN) {
        tarjan.walk(root, edges);
    }
    tarjan.found
}

struct Tarjan {
    index: Vec<u32>,
    low: Vec<u32>,
    on_stack: Vec<bool>,
    stack: Vec<u32>,
    next: u32,
    found: Vec<Vec<u32>>,
}

fn get<T: Copy>(of: &[T], node: u32, otherwise: T) -> T {
    of.get(node as usize).copied().unwrap_or(otherwise)
}

fn set<T>(of: &mut [T], node: u32, value: T) {
    if let Some(slot) = of.get_mut(node as usize) {
        *slot = value;
    }
}

impl Tarjan {
    fn enter(&mut self, node: u32) {
        set(&mut self.index, node, self.next);
        set(&mut self.low, node, self.next);
        set(&mut self.on_stack, node, true);
        self.stack.push(node);
        self.next += 1;
    }

    fn lower(&mut self, node: u32, to: u32) {
        let low = get(&self.low, node, UNSEEN).min(to);
        set(&mut self.low, node, low);
    }

    fn walk(&mut self, root: u32, edges: &Edges) {
        if get(&self.index, root, 0) != UNSEEN {
            return;
        }
        self.enter(root);
        // Each frame: a node, and how many of its edges have been followed.
        let mut frames: Vec<(u32, usize)> = vec![(root, 0)];
        while let Some((node, followed)) = frames.last_mut() {
            let (node, at) = (*node, *followed);
            *followed += 1;
            match edges.get(node as usize).and_then(|next| next.get(at)).copied() {
                Some(next) if get(&self.index, next, 0) == UNSEEN => {
                    self.enter(next);
                    frames.push((next, 0));
                }
                Some(next) => {
                    if get(&self.on_stack, next, false) {
                        self.lower(node, get(&self.index, next, UNSEEN));
                    }
                }
                None => {
                    frames.pop();
                    if let Some((parent, _)) = frames.last() {
                        self.lower(*parent, get(&self.low, node, UNSEEN));
                    }
                    if get(&self.low, node, 0) == get(&self.index, node, 0) {
                        self.found_one(node);
                    }
                }
            }
        }
    }

    fn found_one(&mut self, node: u32) {
        let mut members = Vec::new();
        while let Some(member) = self.stack.pop() {
            set(&mut self.on_stack, member, false);
            members.push(member);
            if member == node {
                break;
            }
        }
        members.sort_unstable();
        self.found.push(members);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_comes_after_what_it_depends_on() {
        assert_eq!(components(&vec![vec![2], vec![0], vec![]]), [vec![2], vec![0], vec![1]]);
    }

    #[test]
    fn a_circle_is_one_component() {
        assert_eq!(components(&vec![vec![1], vec![2], vec![1, 3], vec![]]), [vec![3], vec![1, 2], vec![0]]);
    }

    #[test]
    fn a_chain_as_long_as_a_large_flow_needs_no_stack() {
        let chain: Edges = (0..200_000).map(|n| if n == 199_999 { vec![] } else { vec![n + 1] }).collect();
        assert_eq!(components(&chain).len(), 200_000);
    }
}
