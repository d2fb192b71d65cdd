//! The whole compile: from a spec to every file.
//!
//! In: the [`Input`]. Out: what was found, and the [`Output`] where nothing of it is an error.

use crate::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::emit::describe::Described;
use crate::emit::{self, File, Skeleton};
use crate::model::Flow;
use crate::parse::Input;
use crate::plan::{HandlerInput, Machine, Plan, Remark};
use crate::rules::{e054_stacks, e057_replacement, e058_names_meet, e123_definition_size};
use crate::stacks::limits::TEMPLATE_BYTES;
use crate::stacks::{self, Changes, Lock, LockError, StackError};
use crate::{Checked, check, former, lower};
use std::collections::BTreeSet;

/// How many there are of what a person counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Events, declared and emitted.
    pub events: usize,
    /// Lambda functions.
    pub functions: usize,
    /// SQS queues, dead letters included.
    pub queues: usize,
    /// SNS topics.
    pub topics: usize,
    /// DynamoDB tables.
    pub tables: usize,
    /// State machines.
    pub machines: usize,
    /// APIs.
    pub gateways: usize,
    /// Resources of all stacks.
    pub resources: usize,
    /// Stacks, nested ones included.
    pub stacks: usize,
}

/// Everything that a compile makes.
#[derive(Debug, Clone)]
pub struct Output {
    /// The flow's name.
    pub name: String,
    /// Every generated file, the lock included.
    pub files: Vec<File>,
    /// What is written where a handler has no file yet.
    pub skeletons: Vec<Skeleton>,
    /// The events that each handler gets, for telling whose input changed.
    pub handler_inputs: Vec<(String, Vec<String>)>,
    /// Against the last compile.
    pub changes: Changes,
    /// Whether there was no last compile.
    pub first: bool,
    /// What the person should know of the plan.
    pub remarks: Vec<Remark>,
    /// How many there are.
    pub counts: Counts,
    /// The functions that cannot run yet, by the part of the runtime that each waits for.
    pub waiting: Vec<&'static str>,
}

/// A compile.
#[derive(Debug, Clone)]
pub struct Compiled {
    /// What was read and found.
    pub checked: Checked,
    /// What was made; none where something found is an error.
    pub output: Option<Output>,
}

/// Compiles a spec: parse, resolve, check, lower, emit.
#[must_use]
pub fn compile(input: &Input) -> Compiled {
    let mut checked = check(input);
    if !checked.is_right() {
        return Compiled { checked, output: None };
    }
    let mut out = Diagnostics::default();
    let output = checked.flow.as_mut().and_then(|(flow, facts)| {
        let lock = lock(flow, input, &mut out).ok()?;
        let plan = lower::lower(flow, facts, &input.path, &mut out);
        if out.has_errors() {
            return None;
        }
        output(flow, &plan, lock, &input.allow_loss, &mut out)
    });
    checked.diagnostics.extend(out.sorted());
    let right = checked.diagnostics.iter().all(|d: &Diagnostic| d.severity != Severity::Error);
    Compiled { checked, output: output.filter(|_| right) }
}

/// Compiles bytes, whatever they are: the fuzzer's way in.
pub fn compile_bytes(bytes: &[u8]) {
    let templates = ["notice.html", "notice.txt", "unread.html", "unread.txt"].map(String::from);
    let compiled = compile(&Input {
        path: "spec/flow.yaml".into(),
        bytes: bytes.to_vec(),
        templates: templates.into_iter().collect(),
        ..Input::default()
    });
    let _ = crate::render::human(&compiled.checked.sources, &compiled.checked.diagnostics, true);
    let _ = crate::render::json(&compiled.checked.sources, &compiled.checked.diagnostics);
}

/// The lock of the last compile; what it remembers of names goes into the flow.
fn lock(flow: &mut Flow, input: &Input, out: &mut Diagnostics) -> Result<Option<Lock>, LockError> {
    let lock = input.lock.as_deref().map(Lock::parse).transpose();
    match &lock {
        Ok(Some(lock)) => former::remember(flow, lock, out),
        Ok(None) => {}
        Err(why) => out.push(e054_stacks::lock(flow.name.span, &why.to_string())),
    }
    lock
}

fn output(
    flow: &Flow,
    plan: &Plan,
    lock: Option<Lock>,
    allow_loss: &BTreeSet<String>,
    out: &mut Diagnostics,
) -> Option<Output> {
    let whole = flow.name.span;
    let first = lock.is_none();
    let definitions = emit::definitions(plan);
    for machine in &plan.machines {
        let bytes = definitions.get(&machine.reference()).map_or(0, String::len);
        let name = machine.place.owner.split_once('.').map_or("", |(_, name)| name);
        if let Some(wrong) = e123_definition_size::diagnostic(flow.place_of(&machine.place.owner), name, bytes) {
            out.push(wrong);
        }
    }
    if out.has_errors() {
        return None;
    }
    let made = emit::stacks(plan, &definitions, lock).and_then(|stacks| {
        let counts = counts(plan, &stacks);
        Ok((stacks::render(stacks.roots)?, counts, stacks.lock, stacks.changes))
    });
    let (templates, counts, mut lock, changes) = match made {
        Ok(made) => made,
        Err(why) => {
            let owner = match &why {
                StackError::OverLimit { what: "bytes", .. } => longest(plan, &definitions),
                StackError::OverLimit { .. } => lower::largest_owner(plan),
                _ => why.resource().and_then(|id| lower::owner_of(plan, id)),
            };
            out.push(e054_stacks::diagnostic(owner.map_or(whole, |o| flow.place_of(o)), &why.to_string()));
            return None;
        }
    };
    for refusal in &changes.refused {
        out.push(e057_replacement::diagnostic(flow.place_of(owner(refusal)), refusal));
    }
    lock.renamed = former::remembered(flow);
    for lost in changes.lost.iter().filter(|lost| !allow_loss.contains(lost.name())) {
        out.push(e057_replacement::removed(flow.place_of(&lost.owner), lost, &changes.renames));
    }
    let mut files: Vec<File> =
        templates.into_iter().map(|(path, text)| File { path: format!("generated/{path}"), text }).collect();
    let described = Described::of(plan);
    for clash in &described.clashes {
        out.push(e058_names_meet::types(clash, flow.place_of(&clash.second), flow.place_of(&clash.first)));
    }
    files.extend(emit::files(plan, &described, definitions));
    files.push(File { path: "spec/stacks.lock.json".into(), text: lock.render() });
    files.push(File { path: "spec/flow.schema.json".into(), text: crate::docs::flow_schema() });
    files.push(emit::manifest(&files));
    Some(Output {
        name: plan.name.clone(),
        files,
        skeletons: emit::rust::skeletons(plan),
        handler_inputs: plan.handlers.iter().map(|h| (h.name.clone(), events(&h.input))).collect(),
        first,
        remarks: plan.remarks.clone(),
        counts,
        waiting: plan.functions.iter().filter_map(crate::plan::Function::waits_for).collect(),
        changes,
    })
}

/// What most of a template's text is of: the workflow with the longest definition, or where none is long, the thing with
/// the most resources.
fn longest<'p>(plan: &'p Plan, definitions: &emit::machines::Definitions) -> Option<&'p str> {
    let length = |machine: &Machine| definitions.get(&machine.reference()).map_or(0, String::len);
    let machine = plan.machines.iter().max_by_key(|machine| length(machine));
    let long = machine.filter(|machine| length(machine) > TEMPLATE_BYTES / 4);
    long.map(|machine| machine.place.owner.as_str()).or_else(|| lower::largest_owner(plan))
}

fn owner(refusal: &stacks::Refusal) -> &str {
    match refusal {
        stacks::Refusal::Replaces(replacement) => &replacement.resource.owner,
        stacks::Refusal::Retyped { resource, .. } => &resource.owner,
    }
}

/// The events in a handler's input.
fn events(input: &HandlerInput) -> Vec<String> {
    match input {
        HandlerInput::Nothing => Vec::new(),
        HandlerInput::Event(event) => vec![event.clone()],
        HandlerInput::OneOf { events, .. } => events.clone(),
        HandlerInput::State { base, .. } => events(base),
    }
}

fn counts(plan: &Plan, stacks: &stacks::Stacks) -> Counts {
    Counts {
        events: plan.events.len(),
        functions: plan.functions.len(),
        queues: plan.queues.len(),
        topics: plan.topics.len(),
        tables: plan.tables.len(),
        machines: plan.machines.len(),
        gateways: plan.gateways.len(),
        resources: stacks.lock.resources.len(),
        stacks: stacks.roots.iter().map(|r| 1 + r.nested.len()).sum(),
    }
}
