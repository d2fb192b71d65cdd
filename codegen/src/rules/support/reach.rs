//! Which sinks can be reached from a place.

use crate::model::{Destination, Flow, SinkId, StepKind, To};
use std::collections::BTreeSet;

/// The sinks that a `to` reaches, straight or through queues, workflows and further groupers, in their order.
pub(in crate::rules) fn sinks(flow: &Flow, to: &To) -> Vec<SinkId> {
    let mut found = BTreeSet::new();
    let mut seen: BTreeSet<Destination> = BTreeSet::new();
    let mut work: Vec<Destination> = to.destinations().iter().map(|d| d.value).collect();
    while let Some(at) = work.pop() {
        if !seen.insert(at) {
            continue;
        }
        match at {
            Destination::Sink(id) => {
                found.insert(id);
            }
            Destination::Queue(id) => work.extend(flow.queues[id].to.iter().flat_map(destinations)),
            Destination::Grouper(id) => work.extend(destinations(&flow.groupers[id].to)),
            Destination::Workflow(id) => crate::facts::each_step(&flow.workflows[id].steps, &mut |step| {
                if let StepKind::Send(to) = &step.kind {
                    work.push(to.value);
                }
            }),
            // What a topic's subscribers do is theirs: it was published, not delivered.
            Destination::Topic(_) => {}
        }
    }
    found.into_iter().collect()
}

fn destinations(to: &To) -> Vec<Destination> {
    to.destinations().iter().map(|d| d.value).collect()
}
