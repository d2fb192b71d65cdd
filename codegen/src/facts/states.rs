//! What is known at each step of a workflow.

use super::Added;
use super::arrivals::Shape;
use crate::model::{Destination, Field, Flow, Returns, Step, StepKind, Type, WorkflowId};
use std::collections::BTreeMap;

/// What is known before a step.
#[derive(Debug, Clone, PartialEq)]
pub struct StepState {
    /// The accepted events, with the fields that were added on every way here.
    pub shapes: Vec<Shape>,
    /// The added fields alone: name and type, whatever the event.
    pub added: Added,
    /// Whether every way here delivered to a browser before.
    pub delivered: bool,
}

/// What is known of a state beside the accepted events.
#[derive(Debug, Clone, PartialEq, Default)]
struct Known {
    added: Added,
    delivered: bool,
}

impl Known {
    /// What is known on both ways.
    fn meet(&mut self, other: &Self) -> bool {
        let before = (self.added.len(), self.delivered);
        self.added.meet(&other.added);
        self.delivered &= other.delivered;
        (self.added.len(), self.delivered) != before
    }
}

/// Every step, inner ones included, in the order of the spec.
pub(super) fn each_step<'a>(steps: &'a [Step], visit: &mut impl FnMut(&'a Step)) {
    for step in steps {
        visit(step);
        match &step.kind {
            StepKind::Parallel(branches) => branches.iter().for_each(|b| each_step(b, visit)),
            StepKind::Map(map) => each_step(&map.steps, visit),
            _ => {}
        }
    }
}

struct Walk<'a> {
    flow: &'a Flow,
    base: &'a [Shape],
    known: BTreeMap<String, Known>,
    sends: Vec<(Destination, String)>,
}

/// Follows a workflow for what arrives; the states before its steps go to `states`, and what it sends where
/// is returned.
pub(super) fn walk(
    flow: &Flow,
    id: WorkflowId,
    arriving: &[Shape],
    states: &mut BTreeMap<(WorkflowId, String), StepState>,
) -> Vec<(Destination, Vec<Shape>)> {
    let mut walk = Walk { flow, base: arriving, known: BTreeMap::new(), sends: Vec::new() };
    walk.run(&flow.workflows[id].steps, &Known::default());
    let sends = std::mem::take(&mut walk.sends);
    let made: BTreeMap<&str, StepState> = walk.known.iter().map(|(s, k)| (s.as_str(), walk.state(k))).collect();
    let leaving = sends.iter().filter_map(|(to, step)| Some((*to, made.get(step.as_str())?.shapes.clone()))).collect();
    states.retain(|(of, _), _| *of != id);
    states.extend(made.into_iter().map(|(step, state)| ((id, step.to_owned()), state)));
    leaving
}

impl Walk<'_> {
    fn state(&self, known: &Known) -> StepState {
        let added = known.added.clone();
        let shapes = self
            .base
            .iter()
            .map(|s| Shape { added: added.clone(), delivered: s.delivered || known.delivered, ..s.clone() })
            .collect();
        StepState { shapes, added, delivered: known.delivered }
    }

    /// Follows a list of steps from what is known at its start; says what is known at its end.
    fn run(&mut self, steps: &[Step], start: &Known) -> Known {
        let place = |name: &str| steps.iter().position(|s| s.name.value == name);
        let mut before: BTreeMap<usize, Known> = BTreeMap::new();
        let mut end: Option<Known> = None;
        let mut work = vec![(Some(0), start.clone())];
        while let Some((at, known)) = work.pop() {
            let Some((index, step)) = at.and_then(|i| Some((i, steps.get(i)?))) else {
                match &mut end {
                    Some(end) => {
                        end.meet(&known);
                    }
                    None => end = Some(known),
                }
                continue;
            };
            let here = match before.get_mut(&index) {
                Some(there) => {
                    if !there.meet(&known) {
                        continue;
                    }
                    there.clone()
                }
                None => before.entry(index).or_insert(known).clone(),
            };
            self.known.insert(step.name.value.clone(), here.clone());
            let after = self.after(step, &here);
            let to = |name: &str| if name == "end" { None } else { place(name) };
            let next = step.next.as_ref().map_or(Some(index + 1), |n| to(&n.value));
            if let StepKind::Choice(cases) = &step.kind {
                work.extend(cases.iter().map(|(_, n)| (to(&n.value), after.clone())));
            }
            work.extend(step.catch.iter().map(|c| (to(&c.next.value), here.clone())));
            work.push((next, after));
        }
        end.unwrap_or_default()
    }

    /// What is known after a step.
    fn after(&mut self, step: &Step, here: &Known) -> Known {
        let mut known = here.clone();
        match &step.kind {
            StepKind::Handler(handler) => {
                for field in returned(self.flow, self.flow.handlers[handler.value].returns.map(|r| r.value)) {
                    known.added.insert(field);
                }
            }
            StepKind::Send(to) => {
                if !self.sends.iter().any(|(_, s)| *s == step.name.value) {
                    self.sends.push((to.value, step.name.value.clone()));
                }
                known.delivered |= super::is_browser(self.flow, to.value);
            }
            StepKind::Parallel(branches) => {
                for branch in branches {
                    let after = self.run(branch, here);
                    known.added.extend(&after.added);
                    known.delivered |= after.delivered;
                }
            }
            StepKind::Map(map) => {
                let mut inner = here.clone();
                let entry = self.entry_type(&map.over.value, here);
                let field = Field {
                    name: map.entry.value.clone(),
                    span: map.entry.span,
                    ty: entry,
                    about: None,
                    pii: false,
                    default: None,
                };
                inner.added.insert(field);
                self.run(&map.steps, &inner);
            }
            StepKind::Wait(_) | StepKind::WaitUntil(_) | StepKind::Choice(_) | StepKind::Unresolved => {}
        }
        known
    }

    /// The type of a list's entries; any JSON where it is no list, which `check` reports.
    fn entry_type(&self, over: &str, here: &Known) -> Type {
        let field = here.added.get(over).map(|f| &f.ty).or_else(|| {
            let first = self.base.first()?;
            self.flow.events[first.event].field(over).map(|f| &f.ty)
        });
        match field.map(|ty| super::plain(self.flow, ty)) {
            Some(Type::List(entry, _)) => (**entry).clone(),
            _ => Type::Json,
        }
    }
}

/// The fields that a handler's answer adds.
pub(crate) fn returned(flow: &Flow, returns: Option<Returns>) -> Vec<Field> {
    match returns {
        Some(Returns::Type(id)) => match super::plain(flow, &flow.types[id].ty) {
            Type::Object(fields) => fields.clone(),
            _ => Vec::new(),
        },
        Some(Returns::Event(id)) => flow.events[id].fields.clone(),
        None => Vec::new(),
    }
}
