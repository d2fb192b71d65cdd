//! E134: a FIFO topic cannot be what it says.

use super::{Check, Context, Rule, words};
use crate::aws::limits::{SNS_FIFO_SUBSCRIPTIONS, SNS_FILTER_POLICIES_PER_TOPIC};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::{Queue, TopicId};
use std::collections::BTreeMap;

/// A topic cannot be what it says.
pub(crate) const RULE: Rule = Rule {
    code: "E134",
    title: "a topic cannot be what it says",
    doc: r#"
A FIFO topic keeps the order within a message group, and the group is the event's `order_by`: every event that it
carries has one. It has at most 100 subscriptions; any topic has at most 200 with a filter.

```yaml
# wrong
events: { MessageSent: { fields: { group: string } } }
topics: { messages: { fifo: true, carries: [MessageSent] } }
# right
events: { MessageSent: { order_by: group, fields: { group: string } } }
```

Source: AWS General Reference, "Amazon SNS endpoints and quotas"; Amazon SNS Developer Guide, "Message grouping for FIFO
topics".
"#,
    check: Check::Whole(check),
};

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    let mut readers: BTreeMap<TopicId, Vec<&Queue>> = BTreeMap::new();
    for queue in cx.flow.queues.values() {
        if let Some(topic) = queue.from {
            readers.entry(topic.value).or_default().push(queue);
        }
    }
    for (id, topic) in cx.flow.topics.iter() {
        let name = &topic.name.text;
        let queues = readers.get(&id).map_or(&[][..], Vec::as_slice);
        let filtered = queues.iter().filter(|q| q.filter.is_some() || q.events.is_some()).count() as u64;
        let mut too_many = |count: u64, most: u64, what: &str| {
            if count > most {
                let said = format!(
                    "topic `{name}` has {} {what}, and AWS takes {}",
                    words::thousands(count),
                    words::thousands(most)
                );
                out.push(
                    Diagnostic::new(RULE.code, topic.name.span, said)
                        .help("carry some of the events on a topic of their own"),
                );
            }
        };
        too_many(filtered, SNS_FILTER_POLICIES_PER_TOPIC, "queues with a filter");
        if !topic.fifo.value {
            continue;
        }
        too_many(queues.len() as u64, SNS_FIFO_SUBSCRIPTIONS, "queues, being a FIFO topic");
        for event in &topic.carries {
            let declared = &cx.flow.events[event.value];
            if declared.order_by.is_none() {
                let event_name = &declared.name.text;
                out.push(
                    Diagnostic::new(
                        RULE.code,
                        event.span,
                        format!("`{event_name}` has no `order_by`, and topic `{name}` is a FIFO topic"),
                    )
                    .related(declared.name.span, "declared here")
                    .help("name the field whose events keep their order: `order_by: group`"),
                );
            }
        }
    }
}
