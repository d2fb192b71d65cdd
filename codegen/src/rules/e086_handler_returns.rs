//! E086: what a handler returns does not fit where it is used.

use super::support::type_words;
use super::{Check, Context, Rule};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::facts::{Use, plain};
use crate::model::{EventId, Flow, Handler, Returns, Spanned, To, Type};
use crate::source::Span;

/// What a handler returns does not fit where it is used.
pub(crate) const RULE: Rule = Rule {
    code: "E086",
    title: "what a handler returns does not fit where it is used",
    doc: r#"
A handler of a source returns the source's event. A handler of a queue with `to` returns an event, which is
sent on; a handler that finds targets declares no `returns`, for it returns users; a step's handler returns
an object, whose fields are added.

```yaml
# wrong: nothing is there to send on
queues:   { orders: { from: sales, handler: price, to: priced } }
handlers: { price: {} }
# right
handlers: { price: { returns: OrderPriced } }
```
"#,
    check: Check::Names(check),
};

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    let flow = cx.flow;
    for (id, handler) in flow.handlers.iter() {
        let mut spans: Vec<Span> = Vec::new();
        for used in cx.facts.uses(id) {
            if spans.contains(&used.span) {
                continue;
            }
            spans.push(used.span);
            let found = match &used.at {
                Use::Source(source) => of_source(flow, handler, flow.sources[*source].event),
                Use::Queue(queue) => {
                    flow.queues[*queue].to.as_ref().and_then(|to| of_queue(flow, handler, to, used.span))
                }
                Use::Targets(..) => handler.returns.map(|returns| {
                    let said =
                        format!("handler `{}` finds targets, so it returns users: a list of texts", handler.name.text);
                    Diagnostic::new(RULE.code, returns.span, said)
                        .help("leave `returns` out")
                        .related(used.span, "used here")
                }),
                Use::Step(..) => of_step(flow, handler),
            };
            found.into_iter().for_each(|d| out.push(d));
        }
    }
}

fn of_source(flow: &Flow, handler: &Handler, event: Option<Spanned<EventId>>) -> Option<Diagnostic> {
    let wanted = event?;
    let name = &flow.events[wanted.value].name.text;
    match handler.returns {
        Some(returns) if returns.value == Returns::Event(wanted.value) => None,
        Some(returns) => {
            let said = format!("handler `{}` makes the event of its source, which is `{name}`", handler.name.text);
            Some(
                Diagnostic::new(RULE.code, returns.span, said)
                    .related(wanted.span, "the source's event")
                    .replace_with(name.clone()),
            )
        }
        None => {
            let said =
                format!("handler `{}` makes the event of its source, but says not what it returns", handler.name.text);
            Some(Diagnostic::new(RULE.code, handler.name.span, said).help(format!("write `returns: {name}`")))
        }
    }
}

fn of_queue(flow: &Flow, handler: &Handler, to: &To, used: Span) -> Option<Diagnostic> {
    let name = &handler.name.text;
    match handler.returns {
        Some(Spanned { value: Returns::Event(_), .. }) => None,
        Some(Spanned { value: Returns::Type(id), span }) => {
            let said = format!("`{}` is a type; a destination accepts events", flow.types[id].name.text);
            let help = "declare it under `events:`, so that it has an id and a time";
            Some(Diagnostic::new(RULE.code, span, said).related(used, "its queue sends on what it returns").help(help))
        }
        None => {
            let first = to.destinations().first()?;
            let said = format!("the queue sends on what handler `{name}` returns, but it returns nothing");
            let help = format!("give `{name}` a `returns:`, or leave `to` out");
            Some(Diagnostic::new(RULE.code, used, said).related(first.span, "sent on to here").help(help))
        }
    }
}

fn of_step(flow: &Flow, handler: &Handler) -> Option<Diagnostic> {
    let Some(Spanned { value: Returns::Type(id), span }) = handler.returns else { return None };
    let ty = plain(flow, &flow.types[id].ty);
    if matches!(ty, Type::Object(_)) {
        return None;
    }
    let said = format!(
        "`{}` is {}; a step returns an object, whose fields are added",
        flow.types[id].name.text,
        type_words(flow, ty)
    );
    Some(Diagnostic::new(RULE.code, span, said).help("write `{ fields: { … } }`"))
}
