//! E091: a source makes no event, or says more than it can.

use super::support::may_miss;
use super::{Check, Context, Rule, listed};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::{Flow, Role, Rows, Source, SourceKind};

/// A source makes no event, or says more than it can.
pub(crate) const RULE: Rule = Rule {
    code: "E091",
    title: "a source makes no event, or says more than it can",
    doc: r#"
A websocket, an HTTP route and a schedule say which `event` they make. A table's rows are events already (its layout is
`rows: event`), so its source has no `event`, `set`, `allow` or `handler`. A schedule has nothing to say: every field
of its event is `set`, has a default, or is made by a handler; and there is nobody to `allow`.

```yaml
# wrong
user_actions: { from: { table: actions }, event: UpdateShared, to: activity }
# right
user_actions: { from: { table: actions }, to: activity }
```
"#,
    check: Check::Names(check),
};

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    let flow = cx.flow;
    for source in flow.sources.values() {
        match &source.kind {
            SourceKind::Unresolved => {}
            SourceKind::Table(table) => {
                let stray = [
                    source.event.map(|e| ("event", e.span)),
                    source.set.first().map(|(field, _)| ("set", field.span)),
                    source.allow.as_ref().map(|a| ("allow", a.span)),
                    source.handler.map(|h| ("handler", h.span)),
                ];
                for (setting, span) in stray.into_iter().flatten() {
                    let said = format!(
                        "source `{}` reads a table, whose rows are events already: `{setting}` says nothing",
                        source.name.text
                    );
                    out.push(Diagnostic::new(RULE.code, span, said).help("leave it out"));
                }
                let read = &flow.tables[table.value];
                if read.rows != Rows::Event {
                    let said =
                        format!("the rows of table `{}` are no events, so no source can publish them", read.name.text);
                    let help = "a source reads a table with `rows: event`; put an event there when a row changes";
                    out.push(
                        Diagnostic::new(RULE.code, table.span, said)
                            .related(read.name.span, "declared here")
                            .help(help),
                    );
                }
            }
            _ if source.event.is_none() => {
                let said = format!("source `{}` does not say which event it makes", source.name.text);
                out.push(
                    Diagnostic::new(RULE.code, source.name.span, said).help("write `event:` and the event's name"),
                );
            }
            SourceKind::Schedule(_) => schedule(flow, source, out),
            SourceKind::Websocket { .. } | SourceKind::Http { .. } => {}
        }
    }
}

fn schedule(flow: &Flow, source: &Source, out: &mut Diagnostics) {
    if let Some(allow) = &source.allow {
        let said = format!("nobody calls source `{}`, so there is nobody to allow", source.name.text);
        out.push(Diagnostic::new(RULE.code, allow.span, said).help("leave `allow` out"));
    }
    let Some(at) = source.event.filter(|_| source.handler.is_none()) else { return };
    let event = &flow.events[at.value];
    // The time of an event is the schedule's where nothing else is said.
    let time = match event.time {
        Role::Field(place) => event.field_at(Some(place)).map(|f| f.name.as_str()),
        Role::BuiltIn => None,
    };
    let open: Vec<&str> = event
        .fields
        .iter()
        .filter(|f| Some(f.name.as_str()) != time)
        .filter(|f| f.default.is_none() && !may_miss(flow, &f.ty) && source.set.iter().all(|(s, _)| s.value != f.name))
        .map(|f| f.name.as_str())
        .collect();
    if !open.is_empty() {
        let said = format!("nothing says what {} of `{}` is: a schedule has no body", listed(&open), event.name.text);
        let help = "set it, give it a default, or let a handler make the event";
        out.push(Diagnostic::new(RULE.code, at.span, said).help(help));
    }
}
