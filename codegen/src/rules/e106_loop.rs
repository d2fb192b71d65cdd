//! E106: events go round in a circle.

use super::{Check, Context, Rule, words};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::facts::{Node, each_step};
use crate::model::{Destination, EventId, Returns, StepKind, TopicId};
use crate::source::Span;
use std::collections::{BTreeMap, BTreeSet};

/// Events go round in a circle.
pub(crate) const RULE: Rule = Rule {
    code: "E106",
    title: "events go round in a circle",
    doc: r#"
An event that comes back to where it was goes round for ever, and each round is paid for. The check follows each event
by its type, so a queue may send another event back to its topic, as long as that one ends somewhere.

```yaml
# wrong
topics: { activity: { carries: [UpdateShared] } }
queues: { enrich: { from: activity, to: activity } }
# right
topics:
  activity: { carries: [UpdateShared] }
  enriched: { carries: [UpdateEnriched] }
queues: { enrich: { from: activity, handler: enrich, to: enriched } }      # enrich returns UpdateEnriched
```
"#,
    check: Check::Whole(check),
};

/// A node, and the event there; none where no event is known to reach it.
type State = (Node, Option<EventId>);

struct Graph<'a> {
    cx: &'a Context<'a>,
    subscribers: BTreeMap<TopicId, Vec<Destination>>,
}

impl Graph<'_> {
    /// Where an event goes from a node, and where that is written.
    fn after(&self, (node, event): State) -> Vec<(State, Span)> {
        let flow = self.cx.flow;
        let all = |to: &[crate::model::Spanned<Destination>], event: Option<EventId>| {
            to.iter().map(|d| ((Node::To(d.value), event), d.span)).collect::<Vec<_>>()
        };
        let Node::To(at) = node else { return Vec::new() };
        match at {
            Destination::Topic(id) => self.read_by(id, event),
            Destination::Queue(id) => {
                let queue = &flow.queues[id];
                let Some(to) = &queue.to else { return Vec::new() };
                let event = match queue.handler.map(|h| flow.handlers[h.value].returns.map(|r| r.value)) {
                    None => event,
                    Some(Some(Returns::Event(made))) => Some(made),
                    Some(_) => return Vec::new(),
                };
                all(to.destinations(), event)
            }
            Destination::Grouper(id) => {
                let grouper = &flow.groupers[id];
                all(grouper.to.destinations(), Some(grouper.emits.value))
            }
            Destination::Workflow(id) => {
                let mut sends = Vec::new();
                each_step(&flow.workflows[id].steps, &mut |step| {
                    if let StepKind::Send(to) = &step.kind {
                        sends.push(*to);
                    }
                });
                all(&sends, event)
            }
            Destination::Sink(_) => Vec::new(),
        }
    }

    fn read_by(&self, id: TopicId, event: Option<EventId>) -> Vec<(State, Span)> {
        let flow = self.cx.flow;
        let readers = self.subscribers.get(&id).into_iter().flatten();
        readers
            .filter_map(|reader| {
                let Destination::Queue(queue) = reader else { return None };
                let queue = &flow.queues[*queue];
                let taken = match (&queue.events, event) {
                    (Some(list), Some(event)) => list.iter().any(|e| e.value == event),
                    _ => true,
                };
                taken.then_some(((Node::To(*reader), event), queue.from?.span))
            })
            .collect()
    }
}

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    let mut subscribers: BTreeMap<TopicId, Vec<Destination>> = BTreeMap::new();
    for (id, queue) in cx.flow.queues.iter() {
        if let Some(topic) = queue.from {
            subscribers.entry(topic.value).or_default().push(Destination::Queue(id));
        }
    }
    let graph = Graph { cx, subscribers };
    let topics = cx.flow.topics.ids().map(Destination::Topic);
    let queues = cx.flow.queues.ids().map(Destination::Queue);
    let groupers = cx.flow.groupers.ids().map(Destination::Grouper);
    let workflows = cx.flow.workflows.ids().map(Destination::Workflow);
    let mut done: BTreeSet<State> = BTreeSet::new();
    let mut said: BTreeSet<BTreeSet<Node>> = BTreeSet::new();
    for at in topics.chain(queues).chain(groupers).chain(workflows) {
        let node = Node::To(at);
        let events: Vec<Option<EventId>> = match cx.facts.arriving(node) {
            [] => vec![None],
            shapes => shapes.iter().map(|s| Some(s.event)).collect(),
        };
        for event in events {
            walk(&graph, (node, event), &mut done, &mut |circle| {
                if said.insert(circle.iter().map(|((node, _), _)| *node).collect()) {
                    out.push(diagnostic(cx, circle));
                }
            });
        }
    }
}

/// Follows every way from a state, depth first and without recursion; each circle is said when it closes.
fn walk(graph: &Graph<'_>, start: State, done: &mut BTreeSet<State>, circle: &mut impl FnMut(&[(State, Span)])) {
    if done.contains(&start) {
        return;
    }
    let mut path: Vec<(State, Span)> = vec![(start, Span::default())];
    let mut on_path: BTreeMap<State, usize> = BTreeMap::from([(start, 0)]);
    let mut rest: Vec<Vec<(State, Span)>> = vec![graph.after(start)];
    while let Some(ways) = rest.last_mut() {
        let Some((next, span)) = ways.pop() else {
            rest.pop();
            if let Some((state, _)) = path.pop() {
                on_path.remove(&state);
                done.insert(state);
            }
            continue;
        };
        if let Some(from) = on_path.get(&next) {
            // The way that closes the circle comes first; each node's place is the way into it.
            let mut found = vec![(next, span)];
            found.extend(path.iter().skip(from + 1).copied());
            circle(&found);
        } else if !done.contains(&next) {
            on_path.insert(next, path.len());
            path.push((next, span));
            rest.push(graph.after(next));
        }
    }
}

fn diagnostic(cx: &Context<'_>, circle: &[(State, Span)]) -> Diagnostic {
    let mut names: Vec<String> = circle.iter().map(|((node, _), _)| words::node(cx.flow, *node)).collect();
    names.extend(names.first().cloned());
    let span = circle.first().map_or(Span::default(), |(_, span)| *span);
    let event = circle.first().and_then(|((_, event), _)| *event);
    let what = event.map_or("events".to_owned(), |e| format!("`{}`", cx.flow.events[e].name.text));
    let mut said = Diagnostic::new(RULE.code, span, format!("{what} would go round for ever: {}", names.join(" → ")))
        .help("send to something outside the circle, or let a handler return another event that ends somewhere");
    for ((node, _), span) in circle.iter().skip(1) {
        said = said.related(*span, format!("reaches {} here", words::node(cx.flow, *node)));
    }
    said
}

#[cfg(test)]
mod tests {
    /// How often E106 is said of a flow with these queues and groupers.
    fn circles(queues: &str, groupers: &str) -> usize {
        let carried = if groupers == "{}" { "A" } else { "A, G" };
        let text = format!(
            "eventloom: 1\nflow: f\nevents:\n  A: {{ fields: {{ x: string }} }}\n  B: {{ fields: {{ x: string }} }}\n\
             topics:\n  t: {{ carries: [A, B] }}\n  u: {{ carries: [{carried}] }}\nhandlers: {{ h: {{ returns: B }} }}\n\
             queues: {queues}\ngroupers: {groupers}\n"
        );
        let input = crate::Input { path: "f.yaml".into(), bytes: text.into_bytes(), ..Default::default() };
        crate::check(&input).diagnostics.iter().filter(|d| d.code == super::RULE.code).count()
    }

    #[test]
    fn another_event_may_go_back_to_the_topic_it_came_from() {
        assert_eq!(circles("{ q: { from: t, events: [A], handler: h, to: t } }", "{}"), 0);
        assert_eq!(circles("{ q: { from: t, handler: h, to: t } }", "{}"), 1);
    }

    #[test]
    fn a_circle_over_several_nodes_is_said_once() {
        assert_eq!(circles("{ q: { from: t, to: u }, r: { from: u, to: t } }", "{}"), 1);
    }

    #[test]
    fn a_group_that_comes_back_to_its_grouper_goes_round() {
        let grouper = "{ g: { key: \"k\", window: { session: { gap: 1s, at_most: 2s } }, emits: G, to: u } }";
        assert_eq!(circles("{ q: { from: u, to: g } }", grouper), 1);
        assert_eq!(circles("{ q: { from: u, events: [A], to: g }, r: { from: u, events: [G] } }", grouper), 0);
    }
}
