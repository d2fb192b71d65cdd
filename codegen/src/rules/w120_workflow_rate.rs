//! W120: a workflow is started faster than Step Functions starts them.

use super::{Check, Context, Rule, words};
use crate::aws::limits::{STATES_EXPRESS_SECONDS, STATES_STARTS_LARGE, STATES_STARTS_SMALL};
use crate::decide;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::facts::{Node, each_step};
use crate::model::{Destination, Quotas, Rate, Spanned, StepKind, Workflow, WorkflowId};

/// A workflow is started faster than Step Functions starts them.
pub(crate) const RULE: Rule = Rule {
    code: "W120",
    title: "a workflow is started faster than Step Functions starts them",
    doc: r#"
A standard workflow is started at most 300 times a second in the large regions and 150 elsewhere, by default; what is
beyond waits in the queue. Each of its transitions costs: at a steady rate that is a bill worth reading before it comes.
An express workflow has neither limit nor price per transition, ends after 5 minutes, and runs at least once.

```yaml
notice: { expect: { rate: 500/s }, steps: [...] }                      # warned of
notice: { expect: { rate: 500/s }, express: true, steps: [...] }       # where no step waits over 5 minutes
```

Source: AWS Step Functions Developer Guide, "Service quotas"; AWS Step Functions Pricing.
"#,
    check: Check::Whole(check),
};

/// Dollars of a thousand state transitions. Source: AWS Step Functions Pricing, standard workflows, us-east-1.
const DOLLARS_PER_THOUSAND: f64 = 0.025;
/// Dollars a month from which on a bill is worth a warning.
const DOLLARS: f64 = 1_000.0;
/// Seconds of a month.
const MONTH: f64 = 2_592_000.0;

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    let starts = match cx.flow.settings.quotas {
        Quotas::Large => STATES_STARTS_LARGE,
        Quotas::Small => STATES_STARTS_SMALL,
    };
    for (id, workflow) in cx.flow.workflows.iter().filter(|(_, w)| !w.express.value) {
        let Some(rate) = rate(cx, id, workflow) else { continue };
        let a_second = rate.value.per_second();
        let name = &workflow.name.text;
        let transitions = decide::transitions(workflow);
        let dollars = a_second * MONTH * transitions as f64 / 1_000.0 * DOLLARS_PER_THOUSAND;
        let said = if a_second > starts as f64 {
            let (wanted, most) = (words::number(a_second), words::thousands(starts));
            format!("workflow `{name}` is started {wanted} times a second, and {most} is Step Functions' default quota")
        } else if dollars > DOLLARS {
            let (rate, month) = (words::number(a_second), words::thousands(dollars as u64));
            format!("workflow `{name}` makes {transitions} transitions {rate} times a second: about ${month} a month")
        } else {
            continue;
        };
        let help = if fits_express(workflow) {
            "say `express: true`: no step waits over 5 minutes, and its steps may run twice".to_owned()
        } else {
            "group events first, or raise the quota, and allow the warning with the reason".to_owned()
        };
        out.push(Diagnostic::new(RULE.code, rate.span, said).help(help));
    }
}

/// The workflow's declared rate, or that of the queue that starts it.
fn rate(cx: &Context<'_>, id: WorkflowId, workflow: &Workflow) -> Option<Spanned<Rate>> {
    workflow.expect.rate.or_else(|| {
        let queues = cx.facts.feeders(Destination::Workflow(id)).iter().filter_map(|f| match f.from {
            Node::To(Destination::Queue(queue)) => cx.flow.queues[queue].expect.rate,
            _ => None,
        });
        queues.max_by(|a, b| a.value.per_second().total_cmp(&b.value.per_second()))
    })
}

fn fits_express(workflow: &Workflow) -> bool {
    let mut known = true;
    each_step(&workflow.steps, &mut |s| known &= !matches!(s.kind, StepKind::WaitUntil(_)));
    let waits = decide::longest_way(&workflow.steps, &|step| match step.kind {
        StepKind::Wait(seconds) => seconds.value,
        _ => 0,
    });
    known && waits < STATES_EXPRESS_SECONDS
}
