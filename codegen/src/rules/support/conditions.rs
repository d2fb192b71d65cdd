//! Every condition, with where it stands and what arrives there.

use super::reference;
use crate::facts::{Facts, Node, Shape, plain};
use crate::model::{Destination, Flow, Matcher, Pattern, StepKind, Type};
use crate::rules::Context;
use crate::source::Span;

/// What a condition decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::rules) enum Kind {
    /// Which events a queue takes: an SNS filter policy.
    Filter,
    /// Where a workflow goes on.
    When,
    /// Which members of a group drop out.
    Suppress,
}

/// A condition where it stands.
pub(in crate::rules) struct Spot<'a> {
    /// The condition.
    pub(in crate::rules) pattern: &'a Pattern,
    /// What it decides.
    pub(in crate::rules) kind: Kind,
    /// Where it stands.
    pub(in crate::rules) node: Node,
    /// What arrives there.
    pub(in crate::rules) shapes: &'a [Shape],
}

/// Visits every condition of the flow.
pub(in crate::rules) fn each<'a>(cx: &Context<'a>, visit: &mut dyn FnMut(Spot<'a>)) {
    let (flow, facts): (&'a Flow, &'a Facts) = (cx.flow, cx.facts);
    for (id, queue) in flow.queues.iter() {
        if let Some(pattern) = &queue.filter {
            let node = Node::To(Destination::Queue(id));
            visit(Spot { pattern, kind: Kind::Filter, node, shapes: facts.arriving(node) });
        }
    }
    for (id, grouper) in flow.groupers.iter() {
        if let Some(pattern) = &grouper.suppress_if {
            let node = Node::To(Destination::Grouper(id));
            visit(Spot { pattern, kind: Kind::Suppress, node, shapes: facts.arriving(node) });
        }
    }
    for (id, workflow) in flow.workflows.iter() {
        let node = Node::To(Destination::Workflow(id));
        crate::facts::each_step(&workflow.steps, &mut |step| {
            let StepKind::Choice(cases) = &step.kind else { return };
            let shapes = facts.before(id, &step.name.value).map_or(&[][..], |s| s.shapes.as_slice());
            for (pattern, _) in cases {
                visit(Spot { pattern, kind: Kind::When, node, shapes });
            }
        });
    }
}

/// One field of a condition, with its alternatives.
#[derive(Clone, Copy)]
pub(in crate::rules) struct Entry<'a> {
    /// The path of the field.
    pub(in crate::rules) path: &'a [String],
    /// Where its name stands.
    pub(in crate::rules) span: Span,
    /// Its alternatives.
    pub(in crate::rules) matchers: &'a [(Matcher, Span)],
    /// Whether it stands under an `$or`, where another branch may hold.
    pub(in crate::rules) within_or: bool,
}

/// All fields of a condition, those under `$or` included.
pub(in crate::rules) fn entries(pattern: &Pattern) -> Vec<Entry<'_>> {
    fn add<'a>(pattern: &'a Pattern, within_or: bool, found: &mut Vec<Entry<'a>>) {
        let here = pattern.fields.iter();
        found.extend(here.map(|(path, span, matchers)| Entry { path, span: *span, matchers, within_or }));
        pattern.any_of.iter().flatten().for_each(|p| add(p, true, found));
    }
    let mut found = Vec::new();
    add(pattern, false, &mut found);
    found
}

/// What a path finds on one event.
#[derive(Debug, PartialEq)]
pub(in crate::rules) enum Found {
    /// A value of this type.
    Type(Type),
    /// Nothing: this part of the path is not known.
    Nothing(usize),
}

/// The type at a path; an `optional` on the way stays on the type.
pub(in crate::rules) fn type_at(cx: &Context<'_>, shape: &Shape, path: &[String]) -> Found {
    let mut parts = path.iter().enumerate();
    let first = parts.next().and_then(|(_, name)| cx.facts.type_of(cx.flow, shape, &reference(name)));
    let Some(mut ty) = first else { return Found::Nothing(0) };
    let mut missing = false;
    for (place, part) in parts {
        let mut within = plain(cx.flow, &ty);
        while let Type::Optional(inner) | Type::List(inner, _) = within {
            missing = true;
            within = plain(cx.flow, inner);
        }
        let next = match within {
            Type::Json => return Found::Type(Type::Json),
            Type::Map(of) => {
                missing = true;
                (**of).clone()
            }
            Type::Object(fields) => match fields.iter().find(|f| f.name == *part) {
                Some(field) => field.ty.clone(),
                None => return Found::Nothing(place),
            },
            _ => return Found::Nothing(place),
        };
        ty = next;
    }
    Found::Type(if missing { Type::Optional(Box::new(ty)) } else { ty })
}

/// The type of what a condition compares: `optional` and lists looked through.
pub(in crate::rules) fn compared<'a>(flow: &'a Flow, ty: &'a Type) -> &'a Type {
    match plain(flow, ty) {
        Type::Optional(inner) | Type::List(inner, _) => compared(flow, inner),
        other => other,
    }
}
