//! How long a workflow takes, and how many transitions it makes.

use super::step_timeout;
use crate::aws::limits::{STATES_EXPRESS_SECONDS, STATES_STANDARD_SECONDS};
use crate::model::{Flow, Step, StepKind, Workflow};
use std::collections::BTreeMap;

/// The seconds of all waits of a list of steps, branches at the same time; none where a field says how long.
#[must_use]
pub fn steps_waits(steps: &[Step]) -> Option<u64> {
    longest(steps, &|step| match step.kind {
        StepKind::Wait(seconds) => Some(seconds.value),
        StepKind::WaitUntil(_) => None,
        _ => Some(0),
    })
}

/// The sum of what steps take by `of`, each once; of branches the longest. None where `of` does not know.
#[must_use]
pub fn longest(steps: &[Step], of: &impl Fn(&Step) -> Option<u64>) -> Option<u64> {
    let mut sum = 0u64;
    for step in steps {
        let inner = match &step.kind {
            StepKind::Parallel(branches) => {
                let mut most = 0;
                for branch in branches {
                    most = most.max(longest(branch, of)?);
                }
                most
            }
            StepKind::Map(map) => longest(&map.steps, of)?,
            _ => of(step)?,
        };
        sum = sum.saturating_add(inner);
    }
    Some(sum)
}

/// Seconds that a whole execution may take: the spec's, or twice the sum of its waits and steps, an hour at
/// least; 5 minutes of an express workflow.
#[must_use]
pub fn workflow_timeout(flow: &Flow, workflow: &Workflow) -> u64 {
    if let Some(timeout) = workflow.timeout {
        return timeout.value;
    }
    if workflow.express.value {
        return STATES_EXPRESS_SECONDS;
    }
    let needed = longest(&workflow.steps, &|step| match step.kind {
        StepKind::Wait(seconds) => Some(seconds.value),
        StepKind::WaitUntil(_) => None,
        StepKind::Handler(_) | StepKind::Send(_) => Some(step_timeout(flow, step)),
        _ => Some(0),
    });
    needed.map_or(STATES_STANDARD_SECONDS, |n| n.saturating_mul(2).clamp(3_600, STATES_STANDARD_SECONDS))
}

/// State transitions of one execution, about: each step once, and the start. A choice that asks whether
/// something was seen makes one more.
#[must_use]
pub fn transitions(workflow: &Workflow) -> u64 {
    let mut count = 1;
    crate::facts::each_step(&workflow.steps, &mut |step| {
        count += match &step.kind {
            StepKind::Choice(cases) if cases.iter().any(|(when, _)| asks_seen(when)) => 2,
            _ => 1,
        };
    });
    count
}

fn asks_seen(pattern: &crate::model::Pattern) -> bool {
    pattern.fields.iter().any(|(path, ..)| path.first().is_some_and(|p| p == "seen"))
        || pattern.any_of.iter().flatten().any(asks_seen)
}

/// The sum of what steps take by `of` on the longest way from the first step to the end, each step once; of
/// branches the longest.
#[must_use]
pub fn longest_way(steps: &[Step], of: &impl Fn(&Step) -> u64) -> u64 {
    let places: BTreeMap<&str, usize> = steps.iter().enumerate().map(|(i, s)| (s.name.value.as_str(), i)).collect();
    // From the end to the start: a way back to an earlier step is a loop, and counted once.
    let mut after = vec![0u64; steps.len() + 1];
    for (place, step) in steps.iter().enumerate().rev() {
        let own = match &step.kind {
            StepKind::Parallel(branches) => branches.iter().map(|b| longest_way(b, of)).max().unwrap_or(0),
            StepKind::Map(map) => longest_way(&map.steps, of),
            _ => of(step),
        };
        let named = |name: &str| places.get(name).copied().filter(|to| *to > place);
        let mut ways: Vec<usize> = step.catch.iter().filter_map(|c| named(&c.next.value)).collect();
        match &step.next {
            Some(next) => ways.extend(named(&next.value)),
            None => ways.push(place + 1),
        }
        if let StepKind::Choice(cases) = &step.kind {
            ways.extend(cases.iter().filter_map(|(_, next)| named(&next.value)));
        }
        let rest = ways.iter().filter_map(|to| after.get(*to)).max().copied().unwrap_or(0);
        if let Some(slot) = after.get_mut(place) {
            *slot = own.saturating_add(rest);
        }
    }
    after.first().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Flow;

    fn flow(steps: &str) -> Flow {
        let text = format!(
            "eventloom: 1\nflow: f\nhandlers: {{ h: {{ timeout: 100s }} }}\nworkflows:\n  w: {{ steps: [{steps}] }}\n"
        );
        let checked =
            crate::check(&crate::Input { path: "f.yaml".into(), bytes: text.into_bytes(), ..Default::default() });
        checked.flow.unwrap().0
    }

    fn waits(steps: &str) -> u64 {
        let flow = flow(steps);
        let workflow = flow.workflows.values().next().unwrap();
        longest_way(&workflow.steps, &|s| if let StepKind::Wait(w) = s.kind { w.value } else { 0 })
    }

    #[test]
    fn of_two_ways_the_longer_counts() {
        let choice = "{ c: { choice: [{ when: { x: [1] }, next: b }] } }";
        assert_eq!(waits(&format!("{choice}, {{ a: {{ wait: 60s, next: end }} }}, {{ b: {{ wait: 90s }} }}")), 90);
        assert_eq!(waits(&format!("{choice}, {{ a: {{ wait: 60s }} }}, {{ b: {{ wait: 90s }} }}")), 150);
    }

    #[test]
    fn branches_wait_at_the_same_time() {
        assert_eq!(
            waits("{ p: { parallel: [[{ a: { wait: 60s } }], [{ b: { wait: 90s } }]] } }, { d: { wait: 1s } }"),
            91
        );
    }

    #[test]
    fn a_round_is_counted_once() {
        assert_eq!(waits("{ a: { wait: 60s } }, { c: { choice: [{ when: { x: [1] }, next: a }] } }"), 60);
    }

    #[test]
    fn a_workflow_has_an_hour_or_twice_what_it_needs() {
        let timeout = |steps: &str| {
            let flow = flow(steps);
            workflow_timeout(&flow, flow.workflows.values().next().unwrap())
        };
        assert_eq!(timeout("{ a: { handler: h } }"), 3_600);
        assert_eq!(timeout("{ a: { handler: h } }, { b: { wait: 1d } }"), 2 * (86_400 + 105));
        assert_eq!(timeout("{ a: { wait: 300d } }"), STATES_STANDARD_SECONDS);
        assert_eq!(timeout("{ a: { wait: { until: due } } }"), STATES_STANDARD_SECONDS);
    }
}
