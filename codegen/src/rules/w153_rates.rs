//! W153: what is expected is more than a quota.

use super::{Check, Context, Rule, words};
use crate::aws::limits::DYNAMODB_PARTITION_WRITES;
use crate::decide;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::facts::Node;
use crate::model::{Destination, Queue, Rate, SinkKind, Spanned, Target};

/// What is expected is more than a quota.
pub(crate) const RULE: Rule = Rule {
    code: "W153",
    title: "what is expected is more than a quota",
    doc: r#"
The declared rates are compared with what AWS does by default: posts to browsers of an account, mails a second of a new
production account, writes a second of one DynamoDB partition. What is beyond queues up, and grows old. A counter with
one key for everything, or a grouper with one group, is one partition.

```yaml
# warned of
sold: { counter: { table: totals, key: "all", add: { sold: 1 } } }              # at 2,000 events a second
# better
sold: { counter: { table: totals, key: "{product}", add: { sold: 1 } } }
```

Source: Amazon API Gateway Developer Guide, "Account-level quotas per Region"; Amazon SES Developer Guide, "Managing your
sending quotas"; Amazon DynamoDB Developer Guide, "Best practices for designing partition keys".
"#,
    check: Check::Whole(check),
};

/// Mails a second of an account that has just left the sandbox: what SES gives most of them.
const MAILS: f64 = 14.0;
/// Write units of one count: a transaction doubles the one unit of a small row.
const COUNT_WRITES: f64 = 2.0;

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    for queue in cx.flow.queues.values() {
        let Some(rate) = queue.expect.rate else { continue };
        for to in queue.to.iter().flat_map(|t| t.destinations()) {
            if let Some((said, help)) = problem(cx, queue, rate, to.value) {
                out.push(Diagnostic::new(RULE.code, rate.span, said).related(to.span, "goes there").help(help));
                break;
            }
        }
    }
}

/// Targets of one event of a queue, as far as the spec says.
fn targets(queue: &Queue) -> f64 {
    let field = queue.targets.iter().flat_map(|t| &t.by_event).all(|(_, t)| matches!(t, Target::Field(_)));
    queue.expect.targets.map_or(if field { 1.0 } else { decide::LOOKED_UP_TARGETS as f64 }, |t| t.value as f64)
}

fn problem(cx: &Context<'_>, queue: &Queue, rate: Spanned<Rate>, to: Destination) -> Option<(String, String)> {
    let events = rate.value.per_second();
    let what = words::thing(cx.flow, to);
    // One key, whatever the event: no name in braces.
    let one_partition = |writes: f64, parts: f64| {
        (events * writes > DYNAMODB_PARTITION_WRITES as f64 * parts).then(|| {
            let most = words::number(DYNAMODB_PARTITION_WRITES as f64 * parts / writes);
            format!("{what} has one key for {} events a second, and one partition takes {most}", words::number(events))
        })
    };
    match to {
        Destination::Sink(id) => match &cx.flow.sinks[id].kind {
            // Where a time is promised, E151 refuses it.
            SinkKind::Websocket { .. } if queue.within.is_none() => {
                let (posts, quota) = (events * targets(queue), decide::quota(cx.flow).rate);
                (posts > quota as f64).then(|| {
                    let (posts, quota) = (words::number(posts), words::thousands(quota));
                    let said = format!("{posts} posts a second are expected to {what}, and the account takes {quota}");
                    (said, "expect less, group events first, or raise the quota".to_owned())
                })
            }
            SinkKind::Email { .. } => {
                let after_browser = matches!(&queue.to, Some(crate::model::To::First(_)));
                let mails = events * targets(queue);
                (!after_browser && mails > MAILS).then(|| {
                    let said = format!(
                        "{} mails a second are expected from {what}, and SES begins with {MAILS}",
                        words::number(mails)
                    );
                    (said, "group events before the mail, or ask SES for a higher rate".to_owned())
                })
            }
            SinkKind::Counter { key, .. } if key.refs().next().is_none() => {
                Some((one_partition(COUNT_WRITES, 1.0)?, "put a name into its key: `key: \"{product}\"`".to_owned()))
            }
            _ => None,
        },
        Destination::Grouper(id) => {
            let grouper = &cx.flow.groupers[id];
            let fed = cx.facts.arriving(Node::To(to)).is_empty();
            let parts = f64::from(grouper.shards.map_or(1, |s| s.value.max(1)));
            let hot = grouper.key.refs().next().is_none() && !fed;
            let said = hot.then(|| one_partition(decide::GROUP_WRITES, parts)).flatten()?;
            Some((said, "put a name into its key, or keep the key in more `shards`".to_owned()))
        }
        _ => None,
    }
}
