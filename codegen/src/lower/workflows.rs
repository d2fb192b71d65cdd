//! Workflows: state machines and the functions of their handler steps.

use super::functions::named;
use super::{Lowering, clamp, names};
use crate::facts::Use;
use crate::model::{Destination, HandlerId, Pattern, Retry, SinkKind, Step, StepKind, Workflow, WorkflowId};
use crate::plan::{
    CatchPlan, FunctionKind, FunctionRef, KnownBy, Machine, Place, QueueRef, RetryPlan, StepKindPlan, StepPlan,
    TopicRef,
};

/// What a machine calls, gathered while its states are made.
#[derive(Default)]
struct Calls {
    functions: Vec<FunctionRef>,
    topics: Vec<TopicRef>,
    queues: Vec<QueueRef>,
}

impl Lowering<'_> {
    pub(super) fn workflow_place(&self, id: WorkflowId, kind: &str) -> Place {
        let workflow = &self.flow.workflows[id];
        names::place(
            names::logical(workflow.name.identity(), kind),
            format!("workflows.{}", workflow.name.text),
            self.component(Destination::Workflow(id)),
        )
    }

    pub(super) fn workflows(&mut self) {
        self.step_functions();
        for (id, workflow) in self.flow.workflows.iter() {
            let mut calls = Calls::default();
            let asks = needs_seen(&workflow.steps);
            let steps = self.steps(id, workflow, &workflow.steps, &[], &mut calls);
            if asks {
                self.seen_function(id);
            }
            let mut machine = Machine {
                place: self.workflow_place(id, "Workflow"),
                name: names::physical(&[workflow.name.identity()]),
                about: workflow
                    .about
                    .clone()
                    .unwrap_or_else(|| format!("The workflow {} of the flow.", workflow.name.text)),
                express: workflow.express.value,
                timeout: crate::decide::workflow_timeout(self.flow, workflow),
                accepts: self.accepted(id),
                steps,
                calls: calls.functions,
                publishes: calls.topics,
                sends: calls.queues,
            };
            machine.calls.sort();
            machine.calls.dedup();
            machine.publishes.sort();
            machine.publishes.dedup();
            machine.sends.sort();
            machine.sends.dedup();
            self.plan.machines.push(machine);
        }
    }

    /// The events that start a workflow.
    fn accepted(&self, id: WorkflowId) -> Vec<String> {
        let arriving = self.facts.arriving(crate::facts::Node::To(Destination::Workflow(id)));
        let mut events: Vec<_> = arriving.iter().map(|shape| shape.event).collect();
        events.dedup();
        events.into_iter().map(|event| self.flow.events[event].name.text.clone()).collect()
    }

    /// One function a handler that is a step, wherever it is one.
    fn step_functions(&mut self) {
        for (id, handler) in self.flow.handlers.iter() {
            let used = self.facts.uses(id).iter().find_map(|u| match &u.at {
                Use::Step(workflow, step) => Some((*workflow, step.clone())),
                _ => None,
            });
            let Some((workflow, step)) = used else { continue };
            let name = &handler.name.text;
            let about = handler.about.clone().unwrap_or_else(|| format!("Runs the handler {name} as a step."));
            let kind = FunctionKind::Step {
                workflow: self.flow.workflows[workflow].name.text.clone(),
                step,
                handler: name.clone(),
            };
            let place = names::place(
                names::logical(name, "HandlerFunction"),
                format!("handlers.{name}"),
                self.component(Destination::Workflow(workflow)),
            );
            let mut draft = self.draft(place, named(&handler.name, ""), about, kind);
            draft.timeout(crate::decide::handler_timeout(self.flow, id));
            // A state does not say of which type its event is.
            let several = self.plan.handlers.iter().any(|h| h.name == *name && h.input.is_one_of());
            match several {
                true => draft.part(Some("workflow of several events")),
                false => draft.tell(self.step_part(handler)),
            }
            draft.keeps_state();
            self.handler_needs(&mut draft, id);
            self.plan.functions.push(draft.done());
        }
    }

    /// The function that a machine asks whether a delivery was seen.
    fn seen_function(&mut self, id: WorkflowId) {
        let workflow = &self.flow.workflows[id];
        let about = format!("Answers whether the target has seen what the workflow {} delivered.", workflow.name.text);
        let kind = FunctionKind::Seen { workflow: workflow.name.text.clone() };
        let mut draft =
            self.draft(self.workflow_place(id, "WorkflowSeenFunction"), named(&workflow.name, "_seen"), about, kind);
        draft.timeout(crate::decide::ROUTE_TIMEOUT);
        let logs = self.reads_logs(&mut draft, self.component(Destination::Workflow(id)));
        draft.tell_if(self.seen_part(id, logs));
        self.plan.functions.push(draft.done());
    }

    fn handler_function(&self, id: HandlerId) -> FunctionRef {
        FunctionRef(names::logical(&self.flow.handlers[id].name.text, "HandlerFunction"))
    }

    /// The states of a list of steps. A choice that asks `seen` gets a reading state before it. `around`: the errors
    /// that the steps around the list catch by name.
    fn steps(
        &self,
        id: WorkflowId,
        workflow: &Workflow,
        steps: &[Step],
        around: &[String],
        calls: &mut Calls,
    ) -> Vec<StepPlan> {
        let enters = |name: &str| match steps.iter().find(|s| s.name.value == name) {
            Some(step) if asks_seen(step) => Some(reading(&step.name.value)),
            Some(step) => Some(step.name.value.clone()),
            None => None,
        };
        let mut made = Vec::new();
        for (index, step) in steps.iter().enumerate() {
            let next = match &step.next {
                Some(next) => enters(&next.value),
                None => steps.get(index + 1).and_then(|s| enters(&s.name.value)),
            };
            if asks_seen(step) {
                made.push(self.reading_step(id, workflow, step, calls));
            }
            let (kind, about) = self.step_kind(id, workflow, step, &enters, around, calls);
            let retries =
                matches!(kind, StepKindPlan::Call { .. } | StepKindPlan::Publish(_) | StepKindPlan::Enqueue(_));
            let wraps = matches!(kind, StepKindPlan::Parallel(_) | StepKindPlan::Map { .. });
            let own = step.retry.as_ref();
            let mut retry = match own {
                Some(retry) if retries || wraps => vec![retry_plan(Some(retry))],
                None if retries => vec![retry_plan(workflow.retry.as_ref())],
                _ => Vec::new(),
            };
            if let Some(never) = never_again(step, workflow, around, matches!(kind, StepKindPlan::Call { .. }))
                .filter(|_| !retry.is_empty())
            {
                retry.insert(0, never);
            }
            let catch = step.catch.iter().map(|c| CatchPlan {
                errors: if c.errors.is_empty() {
                    vec!["States.ALL".into()]
                } else {
                    c.errors.iter().flat_map(|e| error_names(&e.value)).collect()
                },
                next: enters(&c.next.value),
            });
            made.push(StepPlan {
                name: step.name.value.clone(),
                about,
                next,
                retry,
                catch: catch.collect(),
                timeout: matches!(kind, StepKindPlan::Call { .. })
                    .then(|| clamp(crate::decide::step_timeout(self.flow, step))),
                kind,
            });
        }
        made
    }

    fn reading_step(&self, id: WorkflowId, workflow: &Workflow, step: &Step, calls: &mut Calls) -> StepPlan {
        let identity = self.flow.workflows[id].name.identity();
        let function = FunctionRef(names::logical(identity, "WorkflowSeenFunction"));
        calls.functions.push(function.clone());
        StepPlan {
            name: reading(&step.name.value),
            about: "Asks whether the target has seen the delivery.".into(),
            kind: StepKindPlan::Call { function, adds: true, known: KnownBy::Nothing },
            next: Some(step.name.value.clone()),
            retry: vec![retry_plan(workflow.retry.as_ref())],
            catch: Vec::new(),
            timeout: Some(clamp(crate::decide::reading_timeout())),
        }
    }

    fn step_kind(
        &self,
        id: WorkflowId,
        workflow: &Workflow,
        step: &Step,
        enters: &dyn Fn(&str) -> Option<String>,
        around: &[String],
        calls: &mut Calls,
    ) -> (StepKindPlan, String) {
        match &step.kind {
            StepKind::Handler(handler) => {
                let function = self.handler_function(handler.value);
                calls.functions.push(function.clone());
                let handler = &self.flow.handlers[handler.value];
                let about = handler.about.clone().unwrap_or_else(|| format!("Runs the handler {}.", handler.name.text));
                let known = if handler.idempotent { KnownBy::Run } else { KnownBy::Nothing };
                (StepKindPlan::Call { function, adds: handler.returns.is_some(), known }, about)
            }
            StepKind::Send(to) => self.send(to.value, calls),
            StepKind::Wait(seconds) => (StepKindPlan::Wait(seconds.value), format!("Waits {} s.", seconds.value)),
            StepKind::WaitUntil(field) => {
                (StepKindPlan::WaitUntil(field.value.clone()), format!("Waits until `{}`.", field.value))
            }
            StepKind::Choice(cases) => {
                let cases: Vec<(Pattern, Option<String>)> =
                    cases.iter().map(|(when, next)| (when.clone(), enters(&next.value))).collect();
                (StepKindPlan::Choice(cases), "Goes on at the first case that holds.".into())
            }
            StepKind::Parallel(branches) => {
                let within = caught_within(step, around);
                let branches = branches.iter().map(|b| self.steps(id, workflow, b, &within, calls)).collect();
                (StepKindPlan::Parallel(branches), "Runs its branches at the same time.".into())
            }
            StepKind::Map(map) => {
                let within = caught_within(step, around);
                let steps = self.steps(id, workflow, &map.steps, &within, calls);
                let kind = StepKindPlan::Map {
                    over: map.over.value.clone(),
                    entry: map.entry.value.clone(),
                    concurrency: map.concurrency.map_or(10, |c| c.value),
                    steps,
                };
                (kind, format!("Runs its steps for each entry of `{}`.", map.over.value))
            }
            StepKind::Unresolved => unreachable!("a flow that is lowered has nothing unresolved"),
        }
    }

    fn send(&self, to: Destination, calls: &mut Calls) -> (StepKindPlan, String) {
        let about = format!("Sends to {}.", self.destination_name(to));
        let kind = match to {
            Destination::Topic(id) => {
                let topic = TopicRef(names::logical(self.flow.topics[id].name.identity(), "Topic"));
                calls.topics.push(topic.clone());
                StepKindPlan::Publish(topic)
            }
            Destination::Queue(id) => {
                let queue = QueueRef(names::logical(self.flow.queues[id].name.identity(), "Queue"));
                calls.queues.push(queue.clone());
                StepKindPlan::Enqueue(queue)
            }
            Destination::Sink(id) => {
                let identity = self.flow.sinks[id].name.identity();
                let function = FunctionRef(names::logical(identity, "SinkFunction"));
                calls.functions.push(function.clone());
                // The same event may be mailed at several steps, and each of them tried again.
                let known = match self.flow.sinks[id].kind {
                    SinkKind::Email { .. } => KnownBy::Message,
                    _ => KnownBy::Nothing,
                };
                StepKindPlan::Call { function, adds: crate::facts::is_browser(self.flow, to), known }
            }
            Destination::Grouper(_) | Destination::Workflow(_) => {
                unreachable!("`check` lets no workflow send to a grouper or a workflow")
            }
        };
        (kind, about)
    }
}

/// The name of the state that reads `seen` for a choice.
fn reading(choice: &str) -> String {
    format!("{choice}_seen")
}

fn asks_seen(step: &Step) -> bool {
    fn names_seen(pattern: &Pattern) -> bool {
        pattern.fields.iter().any(|(path, ..)| path.first().is_some_and(|p| p == "seen"))
            || pattern.any_of.iter().flatten().any(names_seen)
    }
    matches!(&step.kind, StepKind::Choice(cases) if cases.iter().any(|(when, _)| names_seen(when)))
}

fn needs_seen(steps: &[Step]) -> bool {
    let mut found = false;
    crate::facts::each_step(steps, &mut |s| found |= asks_seen(s));
    found
}

/// Errors of Lambda that pass: the service's own, and throttling.
/// Source: AWS Step Functions Developer Guide, "Handle transient Lambda service exceptions".
const PASSING: [&str; 5] = [
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
    "States.TaskFailed",
];

/// Errors of our functions that another try would not mend: what is refused stays refused, and a handler that is not
/// written does not write itself. `States.TaskFailed`, which is tried again, would match them.
const REFUSALS: [&str; 2] = ["Eventloom.NotWritten", "Eventloom.Reject"];

/// An error that is caught by its name is an answer, not an accident: it is tried again only where a `retry`
/// names it. It is caught by the step itself, or by one around it, which would get it only after every try.
fn never_again(step: &Step, workflow: &Workflow, around: &[String], calls: bool) -> Option<RetryPlan> {
    let retry = step.retry.as_ref().or(workflow.retry.as_ref());
    let tried =
        |error: &str| retry.is_some_and(|r| r.errors.iter().any(|e| error_names(&e.value).iter().any(|n| n == error)));
    let refusals = REFUSALS.iter().filter(|_| calls).map(|e| (*e).to_owned());
    let mut errors: Vec<String> = Vec::new();
    for error in caught_by_name(step).chain(around.iter().cloned()).chain(refusals) {
        if !tried(&error) && !errors.contains(&error) {
            errors.push(error);
        }
    }
    (!errors.is_empty()).then(|| RetryPlan { errors, attempts: 0, ..retry_plan(None) })
}

/// The errors that are caught by name around what is inside a step.
fn caught_within(step: &Step, around: &[String]) -> Vec<String> {
    around.iter().cloned().chain(caught_by_name(step)).collect()
}

/// The errors that a step catches by names of their own.
fn caught_by_name(step: &Step) -> impl Iterator<Item = String> {
    let caught = step.catch.iter().flat_map(|c| &c.errors).flat_map(|e| error_names(&e.value));
    caught.filter(|e| !e.starts_with("States.") && e != FUNCTION_TIMED_OUT)
}

fn retry_plan(retry: Option<&Retry>) -> RetryPlan {
    let errors = retry.map(|r| r.errors.as_slice()).unwrap_or_default();
    RetryPlan {
        errors: if errors.is_empty() {
            PASSING.iter().map(|e| (*e).to_owned()).chain(["States.Timeout".to_owned()]).collect()
        } else {
            errors.iter().flat_map(|e| error_names(&e.value)).collect()
        },
        interval: retry.and_then(|r| r.backoff).map_or(2, |b| u32::try_from(b.value).unwrap_or(u32::MAX)),
        attempts: retry.and_then(|r| r.attempts).map_or(3, |a| a.value).saturating_sub(1),
        backoff: retry.and_then(|r| r.backoff_rate).map_or(2.0, |b| b.value),
        max_delay: Some(retry.and_then(|r| r.max_backoff).map_or(300, |m| u32::try_from(m.value).unwrap_or(u32::MAX))),
        jitter: retry.is_none_or(|r| r.jitter),
    }
}

/// The error of a Lambda function that ran out of its own time, which is before its task does.
const FUNCTION_TIMED_OUT: &str = "Sandbox.Timedout";

/// A short word for errors, or ASL's own name of one.
fn error_names(word: &str) -> Vec<String> {
    match word {
        "timeout" => vec!["States.Timeout".into(), FUNCTION_TIMED_OUT.into()],
        "failed" => vec!["States.TaskFailed".into()],
        "all" => vec!["States.ALL".into()],
        other => vec![other.to_owned()],
    }
}

#[cfg(test)]
mod tests {
    use crate::diagnostic::Diagnostics;
    use crate::parse::Input;
    use crate::plan::{StepKindPlan, StepPlan};

    const FLOW: &str = r#"
eventloom: 1
flow: shop
events:
  OrderPlaced: { actor: buyer, object: id, fields: { buyer: string, lines: [string] } }
tables: { orders: { rows: event } }
sources: { placed: { from: { table: orders }, to: sales } }
topics: { sales: { carries: [OrderPlaced] } }
queues: { fulfil: { from: sales, to: ship } }
workflows:
  ship:
    steps:
      - each:
          map:
            over: lines
            as: line
            steps:
              - pack: { handler: pack_line, catch: { errors: [CardDeclined], next: note } }
              - note: { handler: note_line }
              - weigh: { handler: weigh_line, retry: { attempts: 2, errors: [OutOfStock] } }
          catch: [{ errors: [OutOfStock, timeout], next: give_up }]
          next: end
      - give_up: { handler: tell_buyer }
handlers: { pack_line: {}, note_line: {}, weigh_line: {}, tell_buyer: {} }
"#;

    fn find<'s>(steps: &'s [StepPlan], name: &str) -> Option<&'s StepPlan> {
        steps.iter().find_map(|step| match &step.kind {
            _ if step.name == name => Some(step),
            StepKindPlan::Map { steps, .. } => find(steps, name),
            StepKindPlan::Parallel(branches) => branches.iter().find_map(|branch| find(branch, name)),
            _ => None,
        })
    }

    #[test]
    fn a_timeout_is_the_tasks_or_the_functions() {
        let checked = crate::check(&Input { bytes: FLOW.into(), ..Input::default() });
        let (flow, facts) = checked.flow.unwrap();
        let plan = crate::lower::lower(&flow, &facts, "spec/flow.yaml", &mut Diagnostics::default());
        let each = find(&plan.machines[0].steps, "each").unwrap();
        assert_eq!(each.catch[0].errors, ["OutOfStock", "States.Timeout", "Sandbox.Timedout"]);
    }

    #[test]
    fn what_a_step_around_catches_by_name_is_not_tried_again_unless_a_retry_names_it() {
        let checked = crate::check(&Input { bytes: FLOW.into(), ..Input::default() });
        assert!(checked.diagnostics.is_empty(), "{:?}", checked.diagnostics);
        let (flow, facts) = checked.flow.unwrap();
        let plan = crate::lower::lower(&flow, &facts, "spec/flow.yaml", &mut Diagnostics::default());
        let never = |name: &str| {
            let step = find(&plan.machines[0].steps, name).unwrap();
            step.retry.iter().filter(|r| r.attempts == 0).flat_map(|r| r.errors.clone()).collect::<Vec<String>>()
        };
        let refusals = super::REFUSALS.map(str::to_owned);
        let caught =
            |names: &[&str]| -> Vec<String> { names.iter().map(|n| (*n).to_owned()).chain(refusals.clone()).collect() };
        // A timeout is an accident, whoever catches it.
        assert_eq!(never("pack"), caught(&["CardDeclined", "OutOfStock"]));
        assert_eq!(never("note"), caught(&["OutOfStock"]));
        assert_eq!(never("weigh"), refusals);
    }
}
