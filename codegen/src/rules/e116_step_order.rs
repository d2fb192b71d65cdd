//! E116: a step is never reached, or goes round without waiting.

use super::{Check, Context, Rule, e115_next_step::nexts};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::{Step, StepKind};
use crate::source::Span;
use std::collections::BTreeMap;

/// A step is never reached, or goes round without waiting.
pub(crate) const RULE: Rule = Rule {
    code: "E116",
    title: "a step is never reached, or goes round without waiting",
    doc: r#"
Each step is reached from the one before it, by `next`, by a case or by a catch. A circle of steps is how a workflow
polls, and it must wait in each round: without a wait it makes transitions as fast as it can, until its history is full
at 25,000 events.

```yaml
# wrong
- ask:   { handler: is_paid }
- again: { choice: [{ when: { paid: [false] }, next: ask }] }
# right
- pause: { wait: 60s }
- ask:   { handler: is_paid }
- again: { choice: [{ when: { paid: [false] }, next: pause }] }
```

Source: AWS Step Functions Developer Guide, "Service quotas".
"#,
    check: Check::Whole(check),
};

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    for workflow in cx.flow.workflows.values() {
        list(&workflow.steps, out);
    }
}

/// Where each step of a list may go on, by places, and where that is written.
fn ways(steps: &[Step]) -> Vec<Vec<(usize, Span)>> {
    let places: BTreeMap<&str, usize> = steps.iter().enumerate().map(|(i, s)| (s.name.value.as_str(), i)).collect();
    let of = |(place, step): (usize, &Step)| {
        let mut ways: Vec<(usize, Span)> =
            nexts(step).filter_map(|n| Some((*places.get(n.value.as_str())?, n.span))).collect();
        if step.next.is_none() && place + 1 < steps.len() {
            ways.push((place + 1, step.name.span));
        }
        ways
    };
    steps.iter().enumerate().map(of).collect()
}

fn list(steps: &[Step], out: &mut Diagnostics) {
    let ways = ways(steps);
    let mut reached = vec![false; steps.len()];
    reach(0, &ways, &mut reached);
    for (place, step) in steps.iter().enumerate() {
        if reached.get(place) == Some(&false) {
            let said = format!("step `{}` is never reached", step.name.value);
            out.push(
                Diagnostic::new(RULE.code, step.name.span, said)
                    .help("let a step go on there with `next`, or leave it out"),
            );
            // What follows from it is reached as soon as it is: one mistake, one message.
            reach(place, &ways, &mut reached);
        }
    }
    if let Some((step, span)) = busy_circle(steps, &ways) {
        let said = format!("going back to `{}` makes a circle without a wait", step.name.value);
        out.push(
            Diagnostic::new(RULE.code, span, said)
                .related(step.name.span, "goes round from here")
                .help("put a step with `wait` into the circle"),
        );
    }
    for step in steps {
        match &step.kind {
            StepKind::Parallel(branches) => branches.iter().for_each(|b| list(b, out)),
            StepKind::Map(map) => list(&map.steps, out),
            _ => {}
        }
    }
}

fn reach(start: usize, ways: &[Vec<(usize, Span)>], reached: &mut [bool]) {
    let mut work = vec![start];
    while let Some(at) = work.pop() {
        match reached.get_mut(at) {
            Some(seen) if !*seen => *seen = true,
            _ => continue,
        }
        work.extend(ways.get(at).into_iter().flatten().map(|(to, _)| *to));
    }
}

/// Whether a step waits for some time, whatever happens.
fn waits(step: &Step) -> bool {
    matches!(step.kind, StepKind::Wait(seconds) if seconds.value > 0) || matches!(step.kind, StepKind::WaitUntil(_))
}

/// The first step that is come back to without a wait, and the place that says so.
fn busy_circle<'a>(steps: &'a [Step], ways: &[Vec<(usize, Span)>]) -> Option<(&'a Step, Span)> {
    const NEW: u8 = 0;
    const OPEN: u8 = 1;
    const DONE: u8 = 2;
    let mut state = vec![NEW; steps.len()];
    for start in 0..steps.len() {
        let mut path: Vec<(usize, usize)> = vec![(start, 0)];
        while let Some((at, way)) = path.last_mut() {
            let (here, step) = (*at, steps.get(*at)?);
            let fresh = *way == 0;
            if fresh && (state.get(here) != Some(&NEW) || waits(step)) {
                path.pop();
                continue;
            }
            if let (true, Some(s)) = (fresh, state.get_mut(here)) {
                *s = OPEN;
            }
            let next = ways.get(here).and_then(|w| w.get(*way)).copied();
            *way += 1;
            match next {
                Some((to, span)) if state.get(to) == Some(&OPEN) => return Some((steps.get(to)?, span)),
                Some((to, _)) => path.push((to, 0)),
                None => {
                    if let Some(s) = state.get_mut(here) {
                        *s = DONE;
                    }
                    path.pop();
                }
            }
        }
    }
    None
}
