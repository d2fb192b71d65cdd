//! E149: what is expected does not fit what is said.

use super::{Check, Context, Rule, words};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::{Overflow, Target};

/// What is expected does not fit what is said.
pub(crate) const RULE: Rule = Rule {
    code: "E149",
    title: "what is expected does not fit what is said",
    doc: r#"
A promise (`within`) is checked against what is expected: how often, and how many targets an event has where they are
looked up. `expect.targets` belongs to a queue with `targets`. Where more targets than `max_targets` fail the event, more
cannot be expected.

```yaml
# wrong
queues: { deliver: { from: messages, targets: { table: … }, within: 1s, to: browser } }
# right
queues: { deliver: { from: messages, targets: { table: … }, expect: { targets: 10000, rate: 1/s }, within: 1s, to: browser } }
```
"#,
    check: Check::Whole(check),
};

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    for queue in cx.flow.queues.values() {
        let looked_up = queue
            .targets
            .iter()
            .flat_map(|t| &t.by_event)
            .any(|(_, t)| matches!(t, Target::Lookup(_) | Target::Followers { .. } | Target::Handler(_)));
        if let Some(within) = queue.within {
            let missing = match (queue.expect.rate, queue.expect.targets) {
                (None, None) if looked_up => "`expect: { targets: 10000, rate: 1/s }`",
                (None, _) => "`expect: { rate: 1/s }`",
                (Some(_), None) if looked_up => "`expect: { targets: 10000 }`",
                _ => "",
            };
            if !missing.is_empty() {
                let said = format!("a promise of {} needs to know what to expect", words::seconds(within.value));
                out.push(
                    Diagnostic::new(RULE.code, within.span, said).help(format!("say it, with your numbers: {missing}")),
                );
            }
        }
        let Some(targets) = queue.expect.targets else { continue };
        if queue.targets.is_none() {
            let said = format!("queue `{}` expects targets and finds none", queue.name.text);
            out.push(
                Diagnostic::new(RULE.code, targets.span, said)
                    .help("say whom its events are for with `targets`, or leave `expect.targets` out"),
            );
        } else if let Some((most, Overflow::Fail)) = queue.max_targets
            && most.value < targets.value
        {
            let (wanted, most_said) = (words::thousands(targets.value), words::thousands(most.value));
            out.push(
                Diagnostic::new(
                    RULE.code,
                    targets.span,
                    format!("{wanted} targets are expected, and more than {most_said} fail the event"),
                )
                .related(most.span, "the most targets")
                .help("raise `max_targets`, or go on in pages with `on_overflow: page`"),
            );
        }
    }
}
