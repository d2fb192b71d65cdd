//! What a workflow sends more than once, and by what one time differs from another.
//!
//! In: the plan's steps. Out: which of them may come again in one execution, and which send, or run once. Guaranteed: a step that
//! is left out comes once in each run of its list.

use std::collections::BTreeMap;

use crate::plan::{KnownBy, StepKindPlan, StepPlan};

/// Whether a step sends a message or is a run that is told so, or a step within it is.
pub(super) fn sends(step: &StepPlan) -> bool {
    match &step.kind {
        StepKindPlan::Publish(_)
        | StepKindPlan::Enqueue(_)
        | StepKindPlan::Call { known: KnownBy::Run | KnownBy::Message, .. } => true,
        StepKindPlan::Parallel(branches) => branches.iter().flatten().any(sends),
        StepKindPlan::Map { steps, .. } => steps.iter().any(sends),
        _ => false,
    }
}

/// Of each step of a list, whether it may come again. A way back reaches from the step that takes it to the one that
/// it leads to, and whatever stands between them is taken to lie on a round.
pub(super) fn again(steps: &[StepPlan]) -> Vec<bool> {
    let places: BTreeMap<&str, usize> = steps.iter().enumerate().map(|(i, step)| (step.name.as_str(), i)).collect();
    // How many ways back begin to cover a step, less those that have ended before it.
    let mut changes = vec![0isize; steps.len() + 1];
    for (from, step) in steps.iter().enumerate() {
        let caught = step.catch.iter().filter_map(|catch| catch.next.as_ref());
        let chosen = match &step.kind {
            StepKindPlan::Choice(cases) => cases.as_slice(),
            _ => &[],
        };
        let ways = step.next.iter().chain(caught).chain(chosen.iter().filter_map(|(_, next)| next.as_ref()));
        for to in ways.filter_map(|name| places.get(name.as_str()).copied()).filter(|to| *to <= from) {
            for (place, by) in [(to, 1), (from + 1, -1)] {
                if let Some(change) = changes.get_mut(place) {
                    *change += by;
                }
            }
        }
    }
    let mut covered = 0;
    let mut of_step = |change: &isize| {
        covered += change;
        covered > 0
    };
    changes.iter().take(steps.len()).map(&mut of_step).collect()
}
