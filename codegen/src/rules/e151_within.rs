//! E151: a promise cannot be kept.

use super::{Check, Context, Rule, words};
use crate::decide;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::facts::Node;
use crate::model::{Destination, Queue, QueueId, Quotas, Spanned, Step, StepKind, To};
use crate::source::Span;

/// A promise cannot be kept.
pub(crate) const RULE: Rule = Rule {
    code: "E151",
    title: "a promise cannot be kept",
    doc: r#"
`within` is the time from the event to the first sink's delivery, and the plan is computed from `expect`. Whatever waits
on the way breaks it: a grouper, a workflow's `wait`, a queue's `delay` or `batch_window`, a second queue, whose pollers
start slowly. And posts to browsers count against the account: 10,000 a second and a bucket of 5,000 in the large
regions, 2,500 and 1,250 elsewhere.

```yaml
# wrong: 18,000 posts need 1.6 s
deliver: { from: messages, targets: { table: … }, expect: { targets: 18000, rate: 1/m }, within: 1s, to: browser }
# right
deliver: { from: messages, targets: { table: … }, expect: { targets: 18000, rate: 1/m }, within: 2s, to: browser }
```

Source: Amazon API Gateway Developer Guide, "Account-level quotas per Region"; AWS Lambda Developer Guide, "Configuring
scaling behavior for SQS event source mappings".
"#,
    check: Check::Whole(check),
};

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    for (id, queue) in cx.flow.queues.iter() {
        let Some(within) = queue.within else { continue };
        if let Some((span, said, help)) = waits(cx, id, queue, within.value) {
            let promised = words::seconds(within.value);
            out.push(
                Diagnostic::new(RULE.code, span, format!("{said}: {promised} cannot be promised"))
                    .related(within.span, "promised here")
                    .help(help),
            );
            continue;
        }
        if let Some(said) = too_slow(cx, queue, within) {
            out.push(said);
        }
    }
}

/// What waits on the way to the first sink, if anything; and how to mend it.
fn waits(cx: &Context<'_>, id: QueueId, queue: &Queue, promised: u64) -> Option<(Span, String, String)> {
    let name = &queue.name.text;
    if let Some(delay) = queue.delay.filter(|d| d.value > 0) {
        return Some((
            delay.span,
            format!("queue `{name}` delays every event {}", words::seconds(delay.value)),
            "leave `delay` out".into(),
        ));
    }
    if let Some(window) = queue.batch_window.filter(|w| w.value > 0) {
        let said = format!("the consumer waits {} for a batch to fill", words::seconds(window.value));
        return Some((window.span, said, "leave `batch_window` out".into()));
    }
    before(cx, id, queue).or_else(|| {
        let to = queue.to.as_ref()?;
        // Of `first:` only the first is promised: the others begin where it has ended.
        let promised_to = match to {
            To::First(list) => list.get(..1).unwrap_or_default(),
            To::All(list) => list.as_slice(),
        };
        let found: Vec<_> = promised_to.iter().map(|d| after(cx, *d, promised)).collect();
        let all_wait = found.iter().all(Option::is_some);
        found.into_iter().flatten().next().filter(|_| all_wait)
    })
}

/// What waits before a queue: another queue, or a grouper, that feeds it or its topic.
fn before(cx: &Context<'_>, id: QueueId, queue: &Queue) -> Option<(Span, String, String)> {
    let through = queue.from.map(|t| Destination::Topic(t.value));
    let feeders = cx.facts.feeders(Destination::Queue(id)).iter();
    let of_topic = through.map_or(&[][..], |t| cx.facts.feeders(t));
    feeders.chain(of_topic).find_map(|feeder| match feeder.from {
        Node::To(from @ (Destination::Queue(_) | Destination::Grouper(_) | Destination::Workflow(_))) => {
            let said = format!("{} comes before queue `{}`", words::thing(cx.flow, from), queue.name.text);
            let help = "promise it on the first queue after the source: a second one starts slowly";
            let span = queue.from.map_or(feeder.span, |f| f.span);
            Some((span, said, help.into()))
        }
        _ => None,
    })
}

/// What waits after a queue, on the way to one of its destinations.
fn after(cx: &Context<'_>, to: Spanned<Destination>, promised: u64) -> Option<(Span, String, String)> {
    let what = words::thing(cx.flow, to.value);
    match to.value {
        Destination::Sink(_) => None,
        Destination::Grouper(_) => {
            Some((to.span, format!("{what} waits for its window"), "send straight to a sink".into()))
        }
        Destination::Queue(_) | Destination::Topic(_) => Some((
            to.span,
            format!("{what} comes before any sink, and its queue starts slowly"),
            "send straight to a sink".into(),
        )),
        Destination::Workflow(id) => {
            let wait = first_wait(&cx.flow.workflows[id].steps, promised)?;
            let said = format!("{what} waits {} before it sends anything", words::seconds(wait.value));
            Some((wait.span, said, "send before the wait".into()))
        }
    }
}

/// The first wait that is as long as the promise, where no sending comes before it.
fn first_wait(steps: &[Step], promised: u64) -> Option<Spanned<u64>> {
    for step in steps {
        match &step.kind {
            StepKind::Wait(wait) if wait.value >= promised => return Some(*wait),
            StepKind::Send(_) | StepKind::Parallel(_) | StepKind::Map(_) | StepKind::Choice(_) => return None,
            _ => {}
        }
    }
    None
}

fn too_slow(cx: &Context<'_>, queue: &Queue, within: Spanned<u64>) -> Option<Diagnostic> {
    let plan = decide::fan_out(cx.flow, queue)?;
    let promised = within.value as f64;
    let (targets, rate) = (words::thousands(plan.targets), words::thousands(plan.quota.rate));
    if plan.seconds > promised {
        let needs = words::number(plan.seconds);
        let said = format!(
            "{targets} posts need {needs} s at {rate} a second: {} cannot be promised",
            words::seconds(within.value)
        );
        let fits = plan.quota.burst as f64 + (promised - decide::PATH_SECONDS).max(0.0) * plan.quota.rate as f64;
        let raised = match cx.flow.settings.quotas {
            Quotas::Small => "; a raised quota is said with `quotas: large`",
            Quotas::Large => "",
        };
        let (longer, fewer) = (plan.seconds.ceil(), words::thousands(fits as u64));
        let help = format!("promise {longer}s, or expect {fewer} targets at most{raised}");
        let expected = queue.expect.targets.map_or(within.span, |t| t.span);
        return Some(Diagnostic::new(RULE.code, within.span, said).related(expected, "expected here").help(help));
    }
    let sustained = plan.sustained.filter(|s| *s > plan.quota.rate as f64)?;
    let place = queue.expect.rate.map_or(within.span, |r| r.span);
    let said = format!(
        "{} posts a second are expected, and the account takes {rate}: {} cannot be promised",
        words::number(sustained),
        words::seconds(within.value)
    );
    Some(
        Diagnostic::new(RULE.code, place, said)
            .related(within.span, "promised here")
            .help("expect less often, or fewer targets: what is beyond the quota queues up"),
    )
}
