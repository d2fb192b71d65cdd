//! The whole compile: from a spec to every file.
//!
//! In: the [`Input`]. Out: what was found, and the [`Output`] where nothing of it is an error.

use crate::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::emit::describe::Described;
use crate::emit::{self, File, Skeleton};
use crate::model::Flow;
use crate::parse::Input;
use crate::plan::{HandlerInput, Plan, Remark};
use crate::rules::{e054_stacks, e057_replacement, e058_names_meet};
use crate::stacks::{self, Changes, Lock};
use crate::{Checked, check, lower};

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
    let output = checked.flow.as_ref().and_then(|(flow, facts)| {
        let plan = lower::lower(flow, facts, &input.path, &mut out);
        if out.has_errors() {
            return None;
        }
        output(flow, &plan, input.lock.as_deref(), &mut out)
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

fn output(flow: &Flow, plan: &Plan, lock: Option<&str>, out: &mut Diagnostics) -> Option<Output> {
    let whole = flow.name.span;
    let lock = match lock.map(Lock::parse).transpose() {
        Ok(lock) => lock,
        Err(why) => {
            out.push(e054_stacks::lock(whole, &why.to_string()));
            return None;
        }
    };
    let first = lock.is_none();
    let definitions = emit::definitions(plan);
    let made = emit::stacks(plan, &definitions, lock).and_then(|stacks| {
        let counts = counts(plan, &stacks);
        Ok((stacks::render(stacks.roots)?, counts, stacks.lock, stacks.changes))
    });
    let (templates, counts, lock, changes) = match made {
        Ok(made) => made,
        Err(why) => {
            let owner = why.resource().and_then(|id| lower::owner_of(plan, id));
            out.push(e054_stacks::diagnostic(owner.map_or(whole, |o| flow.place_of(o)), &why.to_string()));
            return None;
        }
    };
    for refusal in &changes.refused {
        out.push(e057_replacement::diagnostic(flow.place_of(owner(refusal)), refusal));
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
