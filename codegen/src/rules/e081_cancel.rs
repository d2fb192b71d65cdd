//! E081: an event cannot cancel another.

use super::support::{class, event_list, field_behind, type_words};
use super::{Check, Context, Rule, listed};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::facts::{Node, Shape};
use crate::model::{Cancel, Destination, EventId, Flow, Grouper, GrouperId, Lookup, Ref, Role, Spanned, Target, Type};
use std::collections::BTreeSet;

/// An event cannot cancel another.
pub(crate) const RULE: Rule = Rule {
    code: "E081",
    title: "an event cannot cancel another",
    doc: r#"
A cancelling event finds the one that it takes out by its id, in the group of the same key and the same target. So both
must arrive in the grouper, and as they were made: what a workflow sends has an id of its own. `id` is a field of the cancelling event with the other's id, both resolve their targets in
the same way, and what the key names means the same field on both.

```yaml
# wrong: the unlike goes to the liker, the like to the author
targets: { UpdateLiked: author, UpdateUnliked: liker }
cancel:  { UpdateUnliked: { of: UpdateLiked, id: like_id } }
# right
targets: { UpdateLiked: author, UpdateUnliked: author }
```
"#,
    check: Check::Whole(check),
};

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    for (id, grouper) in cx.flow.groupers.iter() {
        let node = Node::To(Destination::Grouper(id));
        let shapes = cx.facts.arriving(node);
        if shapes.is_empty() {
            continue;
        }
        for cancel in &grouper.cancel {
            match cancel {
                Cancel::All { by } => {
                    arrives(cx, grouper, shapes, *by, out);
                }
                Cancel::One { by, of, id: field } => {
                    let both = [arrives(cx, grouper, shapes, *by, out), arrives(cx, grouper, shapes, *of, out)];
                    the_id(cx.flow, *by, *of, field, out);
                    if both == [true, true] {
                        same_key(cx.flow, grouper, *by, *of, out);
                        same_targets(cx, Destination::Grouper(id), *by, *of, out);
                        own_id(cx, id, *of, out);
                    }
                }
            }
        }
    }
}

/// What a workflow sends is another message than the event that started it, with another id.
fn own_id(cx: &Context<'_>, grouper: GrouperId, of: Spanned<EventId>, out: &mut Diagnostics) {
    let mut seen = BTreeSet::new();
    let mut work = vec![Destination::Grouper(grouper)];
    while let Some(to) = work.pop() {
        for feeder in cx.facts.feeders(to) {
            let accepts = cx.facts.arriving(feeder.from).iter().any(|s| s.event == of.value);
            let Node::To(from) = feeder.from else { continue };
            if !accepts || !seen.insert(from) {
                continue;
            }
            if let Destination::Workflow(workflow) = from {
                let (event, workflow) = (&cx.flow.events[of.value].name.text, &cx.flow.workflows[workflow].name.text);
                let said =
                    format!("what workflow `{workflow}` sends of `{event}` cannot be cancelled: it has another id");
                let said = Diagnostic::new(RULE.code, of.span, said).related(feeder.span, "sent here");
                out.push(said.help("let the grouper take the event from its source, and the workflow come after it"));
            }
            work.push(from);
        }
    }
}

fn arrives(
    cx: &Context<'_>,
    grouper: &Grouper,
    shapes: &[Shape],
    event: Spanned<EventId>,
    out: &mut Diagnostics,
) -> bool {
    let found = shapes.iter().any(|s| s.event == event.value);
    if !found {
        let name = &cx.flow.events[event.value].name.text;
        let said = format!("`{name}` does not arrive in grouper `{}`", grouper.name.text);
        out.push(
            Diagnostic::new(RULE.code, event.span, said).help(format!("there arrive {}", event_list(cx.flow, shapes))),
        );
    }
    found
}

fn the_id(flow: &Flow, by: Spanned<EventId>, of: Spanned<EventId>, id: &Spanned<String>, out: &mut Diagnostics) {
    let (by, of) = (&flow.events[by.value], &flow.events[of.value]);
    let wanted = match of.id {
        Role::BuiltIn => Type::Ulid,
        Role::Field(place) => of.field_at(Some(place)).map_or(Type::Ulid, |f| f.ty.clone()),
    };
    let Some(field) = by.field(&id.value) else {
        let known: Vec<&str> = by.fields.iter().map(|f| f.name.as_str()).collect();
        let said = Diagnostic::new(RULE.code, id.span, format!("event `{}` has no field `{}`", by.name.text, id.value));
        out.push(match crate::suggest::nearest(&id.value, known.iter().copied()) {
            Some(near) => said.help(format!("did you mean `{near}`?")).replace_with(near),
            None => said.help(format!("it has {}", listed(&known))),
        });
        return;
    };
    if class(flow, &field.ty) != class(flow, &wanted) {
        let (has, is) = (type_words(flow, &field.ty), type_words(flow, &wanted));
        let said = format!("`{}` is {has}; the id of `{}` is {is}", id.value, of.name.text);
        out.push(Diagnostic::new(RULE.code, id.span, said).related(field.span, "declared here"));
    }
}

/// The key is evaluated on the cancelling event as for the other, so its names must mean the same fields.
fn same_key(flow: &Flow, grouper: &Grouper, by: Spanned<EventId>, of: Spanned<EventId>, out: &mut Diagnostics) {
    let (one, other) = (&flow.events[by.value], &flow.events[of.value]);
    for (name, span) in grouper.key.refs() {
        if matches!(name, Ref::Event | Ref::Target) {
            continue;
        }
        let (here, there) = (field_behind(one, name), field_behind(other, name));
        // The built-in id of one event is not that of another; a field of the same name is taken at its word.
        let own = matches!(name, Ref::Id) || matches!((name, other.object), (Ref::Object, Some(Role::BuiltIn)));
        if here.is_some() && there.is_some() && (here != there || own && here == Some("id")) {
            let said = format!(
                "`{{{}}}` is `{}` of `{}` but `{}` of `{}`, so the group to take it out of is not found",
                name.name(),
                there.unwrap_or_default(),
                other.name.text,
                here.unwrap_or_default(),
                one.name.text
            );
            out.push(
                Diagnostic::new(RULE.code, span, said)
                    .related(by.span, "the cancelling event")
                    .help("let it name the same field on both"),
            );
        }
    }
}

fn same_targets(cx: &Context<'_>, to: Destination, by: Spanned<EventId>, of: Spanned<EventId>, out: &mut Diagnostics) {
    for feeder in cx.facts.feeders(to) {
        let Node::To(Destination::Queue(queue)) = feeder.from else { continue };
        let queue = &cx.flow.queues[queue];
        let Some(targets) = &queue.targets else { continue };
        let of_event = |id: EventId| targets.by_event.iter().find(|(e, _)| e.value == id);
        let (name, other) = (&cx.flow.events[by.value].name.text, &cx.flow.events[of.value].name.text);
        let said = match (of_event(by.value), of_event(of.value)) {
            (None, None) => continue,
            (Some((event, a)), Some((_, b))) if targets.for_all.is_none() && !same(a, b) => {
                let said = format!("`{name}` goes to other users than `{other}`, which it cancels");
                Diagnostic::new(RULE.code, event.span, said).help("resolve both targets in the same way")
            }
            (Some(_), None) | (None, Some(_)) => {
                let said = format!("`{name}` and `{other}`, which it cancels, come through different queues");
                Diagnostic::new(RULE.code, by.span, said).related(queue.name.span, "one of them comes through here")
            }
            (Some(_), Some(_)) => {
                let (a, b) = (&cx.flow.events[by.value], &cx.flow.events[of.value]);
                let Some(except) = &queue.except else { continue };
                let name_of = |e| field_behind(e, &super::support::reference(&except.value)).map(str::to_owned);
                if name_of(a) == name_of(b) {
                    continue;
                }
                let said =
                    format!("`{}` is another field of `{name}` than of `{other}`, which it cancels", except.value);
                Diagnostic::new(RULE.code, except.span, said).related(by.span, "the cancelling event")
            }
        };
        out.push(said.related(of.span, "what is cancelled"));
    }
}

/// Whether two ways find the same users, wherever they are written.
fn same(a: &Target, b: &Target) -> bool {
    match (a, b) {
        (Target::Field(a), Target::Field(b)) => a.value == b.value,
        (Target::Handler(a), Target::Handler(b)) => a.value == b.value,
        (Target::Lookup(a), Target::Lookup(b)) => same_lookup(a, b),
        (
            Target::Followers { table: a, of: b, follower: c, .. },
            Target::Followers { table: d, of: e, follower: f, .. },
        ) => (a.value, b.value, c.value) == (d.value, e.value, f.value),
        _ => false,
    }
}

fn same_lookup(a: &Lookup, b: &Lookup) -> bool {
    let equals = |l: &Lookup| l.matching.iter().map(|(f, t)| (f.value, t.text())).collect::<Vec<_>>();
    a.table.value == b.table.value && a.select.map(|s| s.value) == b.select.map(|s| s.value) && equals(a) == equals(b)
}
