//! E118: a workflow takes longer than it may.

use super::{Check, Context, Rule, words};
use crate::aws::limits::{STATES_EXPRESS_SECONDS, STATES_STANDARD_SECONDS};
use crate::decide;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::facts::each_step;
use crate::model::{Flow, Step, StepKind, Workflow};

/// A workflow takes longer than it may.
pub(crate) const RULE: Rule = Rule {
    code: "E118",
    title: "a workflow takes longer than it may",
    doc: r#"
An express workflow ends after 5 minutes, a standard one after a year, and either after its own `timeout`. The waits on
its longest way must fit, and a step's `timeout` must be at least its handler's.

```yaml
# wrong
remind: { express: true, steps: [{ pause: { wait: 10m } }, { mail: { send: email } }] }
# right
remind: { steps: [{ pause: { wait: 10m } }, { mail: { send: email } }] }
```

Source: AWS Step Functions Developer Guide, "Service quotas".
"#,
    check: Check::Whole(check),
};

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    for workflow in cx.flow.workflows.values() {
        if let Some(said) = problem(workflow) {
            out.push(said);
        }
        each_step(&workflow.steps, &mut |step| {
            if let Some(said) = cut_short(cx.flow, step) {
                out.push(said);
            }
        });
    }
}

/// A step that ends before its handler does: the try is given up, and the handler goes on beside the next one.
fn cut_short(flow: &Flow, step: &Step) -> Option<Diagnostic> {
    let StepKind::Handler(handler) = &step.kind else { return None };
    let handler = &flow.handlers[handler.value];
    let (ends, takes) = (step.timeout?, handler.timeout?);
    (takes.value > ends.value).then(|| {
        let (name, has, needs) = (&handler.name.text, words::seconds(ends.value), words::seconds(takes.value));
        let said = format!("step `{}` ends after {has}, and handler `{name}` may take {needs}", step.name.value);
        Diagnostic::new(RULE.code, ends.span, said)
            .related(takes.span, "the handler's time")
            .help(format!("give the step a `timeout` of at least {needs}, or leave it out"))
    })
}

fn problem(workflow: &Workflow) -> Option<Diagnostic> {
    let name = &workflow.name.text;
    let (most, kind) = match workflow.express.value {
        true => (STATES_EXPRESS_SECONDS, "an express workflow"),
        false => (STATES_STANDARD_SECONDS, "a workflow"),
    };
    let ends = format!("{kind} ends after {}", words::seconds(most));
    if let Some(timeout) = workflow.timeout.filter(|t| t.value > most || t.value == 0) {
        let said = format!("`timeout` of `{name}` is {}, and {ends}", words::seconds(timeout.value));
        return Some(
            Diagnostic::new(RULE.code, timeout.span, said).help(format!("take 1s to {}", words::seconds(most))),
        );
    }
    // A wait of its own that is too long is the clearest place to point at.
    let mut single = None;
    let (limit, why) = match workflow.timeout {
        Some(own) => (own.value, format!("`timeout` of `{name}` ends it after {}", words::seconds(own.value))),
        None => (most, ends),
    };
    each_step(&workflow.steps, &mut |step| {
        if let StepKind::Wait(seconds) = step.kind
            && seconds.value > limit
            && single.is_none()
        {
            single = Some((seconds, &step.name.value));
        }
    });
    let mended = match (workflow.timeout, workflow.express.value) {
        (Some(_), _) => "wait less, or give it a longer `timeout`",
        (None, true) => "wait less, or leave `express` out: a standard workflow waits up to a year",
        (None, false) => "wait less: no execution lives longer",
    };
    if let Some((seconds, step)) = single {
        let said = format!("step `{step}` waits {}, and {why}", words::seconds(seconds.value));
        return Some(Diagnostic::new(RULE.code, seconds.span, said).help(mended));
    }
    let sum = decide::longest_way(&workflow.steps, &|step| match step.kind {
        StepKind::Wait(seconds) => seconds.value,
        _ => 0,
    });
    (sum > limit).then(|| {
        let said = format!("the waits of workflow `{name}` take {} together, and {why}", words::seconds(sum));
        Diagnostic::new(RULE.code, workflow.name.span, said).help(mended)
    })
}
