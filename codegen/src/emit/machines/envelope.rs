//! The CloudEvent that a workflow sends, composed from its state.
//!
//! In: the events that a workflow accepts. Out: expressions over the state. Guaranteed: the envelope is the one
//! that the runtime makes of the same event but for its id; what steps have added stands beside the event's own
//! fields in `data`, where consumers accept unknown fields. The id is a message's own: another of another step, of
//! another entry of a map and of another round, or FIFO topics and idempotent consumers would take one of them for a
//! repetition; and the same whenever a step is tried again, even in another execution of the same event.

use crate::asl::jsonata::Expr;
use crate::plan::{EventDef, Plan};

/// The events of one workflow.
#[derive(Debug)]
pub(super) struct Sender<'p> {
    flow: &'p str,
    events: Vec<&'p EventDef>,
}

impl<'p> Sender<'p> {
    /// The sender of a workflow that accepts these.
    pub(super) fn new(plan: &'p Plan, accepts: &[String]) -> Self {
        let events = accepts.iter().filter_map(|name| plan.events.iter().find(|event| event.name == *name)).collect();
        Self { flow: &plan.name, events }
    }

    /// The CloudEvents `type`. Of several, the state's `event` says which; what it says of a group is the type
    /// of the members, so whatever is no event's own name stands for the group.
    pub(super) fn kind(&self) -> Expr {
        if let [only] = self.events.as_slice() {
            return Expr::text(&only.ce_type);
        }
        let event = || Expr::input().field("event");
        let (groups, plain): (Vec<&EventDef>, Vec<&EventDef>) =
            self.events.iter().partition(|event| event.emitted_by.is_some());
        let named = Expr::object(plain.iter().map(|event| (&event.name, Expr::text(&event.ce_type)))).lookup(event());
        match groups.first() {
            Some(group) => {
                let names = Expr::array(plain.iter().map(|event| Expr::text(&event.name)));
                Expr::if_else(event().is_in(names), named, Expr::text(&group.ce_type)).grouped()
            }
            None => named,
        }
    }

    /// The CloudEvents `id`: as the runtime's `event_id` has it, the first 16 bytes of a hash over the flow, the type
    /// and the event's own id, kept apart by NUL; and over what was `sent`, the step and its runs.
    pub(super) fn id(&self, sent: &[Expr]) -> Expr {
        self.identity(sent).sha256().first_characters(32)
    }

    /// What is hashed.
    pub(super) fn identity(&self, sent: &[Expr]) -> Expr {
        let apart = |all: Expr, part: &Expr| all.concat(Expr::text("\0")).concat(part.clone());
        sent.iter().fold(self.event(), apart)
    }

    /// The event's identity.
    fn event(&self) -> Expr {
        let id = self.role(|event| Some(&event.id)).unwrap_or_else(|| Expr::text(""));
        match self.events.as_slice() {
            [only] => Expr::text(&format!("{}\0{}\0", self.flow, only.ce_type)).concat(id),
            _ => Expr::text(&format!("{}\0", self.flow)).concat(self.kind()).concat(Expr::text("\0")).concat(id),
        }
    }

    /// The CloudEvent as JSON text: a message's body.
    pub(super) fn message(&self, sent: &[Expr]) -> Expr {
        let source = format!("urn:eventloom:{}", self.flow);
        let schema = match self.events.as_slice() {
            [only] => Expr::text(&format!("{source}:{}", only.ce_type)),
            _ => Expr::text(&format!("{source}:")).concat(self.kind()),
        };
        let fields = [
            ("specversion", Some(Expr::text("1.0"))),
            ("id", Some(self.id(sent))),
            ("source", Some(Expr::text(&source))),
            ("type", Some(self.kind())),
            ("time", self.role(|event| Some(&event.time))),
            ("datacontenttype", Some(Expr::text("application/json"))),
            ("dataschema", Some(schema)),
            ("tenant", self.tenant()),
            ("data", Some(Expr::input())),
        ];
        Expr::object(fields.into_iter().filter_map(|(name, value)| Some((name, value?)))).string()
    }

    /// The message group that keeps the order: the conversation's, or else the object's, or else its own.
    pub(super) fn order(&self) -> Option<Expr> {
        self.role(|event| event.order_by.as_ref().or(event.object.as_ref()).or(Some(&event.id))).map(Expr::string)
    }

    /// Whose data it is, as text; nothing where no event says it.
    pub(super) fn tenant(&self) -> Option<Expr> {
        self.role(|event| event.tenant.as_ref()).map(Expr::string)
    }

    /// The value of the field in a role: one field where all events agree, else the one of the event's type.
    fn role(&self, of: impl Fn(&'p EventDef) -> Option<&'p String>) -> Option<Expr> {
        let mut named: Vec<(&str, &str)> = Vec::new();
        for event in &self.events {
            let Some(field) = of(event) else { continue };
            named.push((&event.ce_type, field));
        }
        let (_, first) = *named.first()?;
        if named.len() == self.events.len() && named.iter().all(|(_, field)| *field == first) {
            return Some(Expr::input().field(first));
        }
        let values = named.into_iter().map(|(kind, field)| (kind, Expr::input().field(field)));
        Some(Expr::object(values).lookup(self.kind()))
    }
}
