//! What the functions that serve browsers are told.
//!
//! Guaranteed: what the runtime could not do as the spec says it is not told at all; then the function names the part
//! that it waits for, and does not run.

use super::{Lowering, names};
use crate::facts::{Node, plain};
use crate::model::{
    Destination, Event, EventId, GatewayId, Lookup, Part as Written, Queue, QueueId, Ref, SinkId, SinkKind, SourceId,
    SourceKind, TableId, Target, Template, To, Type, WorkflowId,
};
use crate::plan::{
    AllowPart, BrowserPart, FanOutPart, GatewayPart, MembershipPart, Part, Piece, ShownPart, SinkPart, SourcePart,
};

impl Lowering<'_> {
    /// What the routes of a gateway are told; none where a group is found by more than one field.
    pub(super) fn gateway_part(&self, id: GatewayId) -> Option<GatewayPart> {
        let (mut memberships, mut conversations) = (Vec::new(), Vec::new());
        for queue in self.flow.queues.values().filter(|queue| self.browser_gateway(queue) == Some(id)) {
            for (event, target) in queue.targets.iter().flat_map(|targets| &targets.by_event) {
                let Target::Lookup(lookup) = target else { continue };
                let membership = self.membership_part(lookup)?;
                let event = &self.flow.events[event.value];
                if let [(_, group)] = lookup.matching.as_slice()
                    && let [Piece::Name(field)] = pieces(group, event).as_slice()
                    && event.field_at(event.order_by).is_some_and(|order| order.name == *field)
                {
                    conversations.push((field.clone(), membership.clone()));
                }
                memberships.push(membership);
            }
        }
        dedup(&mut memberships);
        dedup(&mut conversations);
        Some(GatewayPart { endpoint: self.endpoint(id), memberships, conversations })
    }

    /// What the keeper of a table's shards is told.
    pub(super) fn follow_part(&self, table: TableId, gateway: GatewayId) -> Option<Part> {
        let told = self.gateway_part(gateway)?;
        let mut of = told.memberships.iter().filter(|m| m.table == self.table_variable(table));
        match (of.next().cloned(), of.next()) {
            (Some(membership), None) => Some(Part::browser(BrowserPart::Follow(told, membership))),
            _ => None,
        }
    }

    fn endpoint(&self, id: GatewayId) -> String {
        names::variable("CONNECTIONS", &self.flow.gateways[id].name.text)
    }

    fn membership_part(&self, lookup: &Lookup) -> Option<MembershipPart> {
        let table = &self.flow.tables[lookup.table.value];
        let ([(group, _)], Some(user)) = (lookup.matching.as_slice(), lookup.select) else { return None };
        if !self.is_text(lookup.table.value, group.value) || !self.is_text(lookup.table.value, user.value) {
            return None;
        }
        let index = |fields: &[usize]| {
            let at = table.index_of(fields).filter(|_| !table.serves(fields));
            at.and_then(|at| table.indexes.get(at)).map(|index| index.name.value.clone())
        };
        let keys = [Some(table.key.value), table.sort.map(|sort| sort.value)];
        Some(MembershipPart {
            name: table.name.text.clone(),
            table: self.table_variable(lookup.table.value),
            group: table.field_name(*group).to_owned(),
            user: table.field_name(user).to_owned(),
            members: lookup.index.and_then(|at| table.indexes.get(at)).map(|index| index.name.value.clone()),
            groups: index(&[user.value]),
            is_key: keys.contains(&Some(group.value)) && keys.contains(&Some(user.value)),
        })
    }

    fn is_text(&self, table: TableId, field: usize) -> bool {
        let field = self.flow.tables[table].fields.get(field);
        !field.is_some_and(|field| matches!(plain(self.flow, &field.ty), Type::Int(_) | Type::Number(_)))
    }

    /// What a source of browsers' events is told.
    pub(super) fn receive_part(&self, id: SourceId) -> Option<Part> {
        let source = &self.flow.sources[id];
        let (SourceKind::Websocket { gateway, .. }, Some(event), None) = (&source.kind, source.event, source.handler)
        else {
            return None;
        };
        let event = &self.flow.events[event.value];
        let set = source.set.iter().map(|(field, value)| (field.value.clone(), pieces(value, event)));
        Some(Part::browser(BrowserPart::Receive(SourcePart {
            name: source.name.text.clone(),
            event: event.name.text.clone(),
            to: self.destinations(&source.to)?,
            id: event.role_name(event.id, "id").to_owned(),
            order_by: event.field_at(event.order_by).map(|field| field.name.clone()),
            set: set.collect(),
            allow: source.allow.as_ref().map(|lookup| self.allow_part(lookup, event)),
            replay: self.replay(gateway.value),
        })))
    }

    /// How long a gateway's log keeps what was sent: as long as the longest of its sinks replays.
    fn replay(&self, gateway: GatewayId) -> u64 {
        let of = self.flow.sinks.values().filter_map(|sink| match &sink.kind {
            SinkKind::Websocket { gateway: of, replay } if of.value == gateway => {
                Some(replay.map_or(crate::decide::REPLAY, |replay| replay.value))
            }
            _ => None,
        });
        of.max().unwrap_or(crate::decide::REPLAY)
    }

    fn allow_part(&self, lookup: &Lookup, event: &Event) -> AllowPart {
        let table = &self.flow.tables[lookup.table.value];
        let index = lookup.index.and_then(|at| table.indexes.get(at));
        let (key, sort) = index.map_or((table.key, table.sort), |index| (index.key, index.sort));
        let order = |field: usize| match field {
            field if field == key.value => 0,
            field if sort.is_some_and(|sort| sort.value == field) => 1,
            _ => 2,
        };
        let mut matching: Vec<_> = lookup.matching.iter().collect();
        matching.sort_by_key(|(field, _)| order(field.value));
        let keys = matching.iter().filter(|(field, _)| order(field.value) < 2).count();
        let whole = 1 + usize::from(table.sort.is_some());
        AllowPart {
            table: self.table_variable(lookup.table.value),
            index: index.map(|index| index.name.value.clone()),
            is_row: index.is_none() && keys == whole && matching.len() == whole,
            matching: matching
                .into_iter()
                .map(|(field, value)| {
                    let number = !self.is_text(lookup.table.value, field.value);
                    (table.field_name(*field).to_owned(), pieces(value, event), number)
                })
                .collect(),
            keys,
        }
    }

    /// What a fan-out is told; none where its events find their targets in different ways, or there may be too many.
    pub(super) fn fan_out_part(&self, id: QueueId) -> Option<FanOutPart> {
        let queue = &self.flow.queues[id];
        let gateway = self.browser_gateway(queue)?;
        let mut ways = queue.targets.iter().flat_map(|targets| &targets.by_event).map(|(event, target)| {
            let event = &self.flow.events[event.value];
            let Target::Lookup(lookup) = target else { return None };
            let [(_, group)] = lookup.matching.as_slice() else { return None };
            Some((self.membership_part(lookup)?, pieces(group, event), left_out(queue, event)))
        });
        let first = ways.next()??;
        if queue.max_targets.is_some() || ways.any(|way| way.as_ref() != Some(&first)) {
            return None;
        }
        let (membership, group, except) = first;
        let to = queue.to.as_ref()?;
        let rest = match to {
            _ if to.destinations().iter().all(|to| crate::facts::is_browser(self.flow, to.value)) => "None",
            To::All(_) => "All",
            To::First(_) => "Unreached",
        };
        let tenants = self.flow.gateways[gateway].jwt.tenant.is_some();
        let (queue, endpoint) = (queue.name.text.clone(), self.endpoint(gateway));
        Some(FanOutPart { queue, endpoint, membership, group, except, rest, tenants })
    }

    /// What the second pass of a fan-out is told; none where the runtime cannot send to one of those who come after the
    /// browsers yet.
    pub(super) fn rest_part(&self, id: QueueId) -> Option<Part> {
        let to = self.flow.queues[id].to.as_ref()?.destinations().iter();
        let after = to.filter(|to| !crate::facts::is_browser(self.flow, to.value));
        let to: Vec<_> = after.map(|to| self.destination(to.value)).collect::<Option<_>>()?;
        let events = self.events_at(Node::To(Destination::Queue(id)));
        Some(Part::browser(BrowserPart::Rest(self.fan_out_part(id)?, events, to)))
    }

    /// What a sink of browsers is told; none where its gateway has tenants and an event names none.
    pub(super) fn show_part(&self, id: SinkId) -> Option<Part> {
        let sink = &self.flow.sinks[id];
        let SinkKind::Websocket { gateway, .. } = &sink.kind else { return None };
        let tenants = self.flow.gateways[gateway.value].jwt.tenant.is_some();
        let preferences = self.flow.recipients.as_ref().and_then(|recipients| recipients.preferences);
        Some(Part::browser(BrowserPart::Show(SinkPart {
            name: sink.name.text.clone(),
            flow: self.flow.name.text.clone(),
            endpoint: self.endpoint(gateway.value),
            preferences: preferences.map(|table| self.table_variable(table.value)),
            events: self.shown_parts(Node::To(Destination::Sink(id)), tenants)?,
        })))
    }

    /// What a workflow's question is told, whether its target has seen something.
    pub(super) fn seen_part(&self, id: WorkflowId, logs: Vec<String>) -> Option<Part> {
        let tenants = self.flow.gateways.values().any(|gateway| gateway.jwt.tenant.is_some());
        let events = self.shown_parts(Node::To(Destination::Workflow(id)), tenants)?;
        Some(Part::browser(BrowserPart::Seen(logs, events)))
    }

    fn shown_parts(&self, node: Node, tenants: bool) -> Option<Vec<ShownPart>> {
        let mut events: Vec<EventId> = self.reaches(node).iter().map(|shape| shape.event).collect();
        events.sort_unstable();
        events.dedup();
        let shown = events.into_iter().map(|id| {
            let event = &self.flow.events[id];
            let tenant = event.field_at(event.tenant).map(|field| field.name.clone());
            if tenants && tenant.is_none() {
                return None;
            }
            Some(ShownPart {
                kind: self.ce_type(id),
                id: event.role_name(event.id, "id").to_owned(),
                time: self.time_of(event),
                tenant: tenant.filter(|_| tenants),
                is_group: matches!(event.origin, crate::model::Origin::Grouper(_)),
            })
        });
        shown.collect()
    }

    fn time_of(&self, event: &Event) -> String {
        event.role_name(event.time, "time").to_owned()
    }
}

/// The field of who is left out.
fn left_out(queue: &Queue, event: &Event) -> Option<String> {
    let except = queue.except.as_ref()?;
    match except.value.as_str() {
        "actor" => event.field_at(event.actor).map(|field| field.name.clone()),
        field => Some(field.to_owned()),
    }
}

/// A template, its roles as the fields that play them.
fn pieces(template: &Template, event: &Event) -> Vec<Piece> {
    let field = |place| event.field_at(place).map_or(String::new(), |field| field.name.clone());
    let name = |name: &Ref| match name {
        Ref::Id => event.role_name(event.id, "id").to_owned(),
        Ref::Time => event.role_name(event.time, "time").to_owned(),
        Ref::Actor => field(event.actor),
        Ref::Object => event.object.map_or(String::new(), |role| event.role_name(role, "id").to_owned()),
        other => other.name(),
    };
    let piece = |part: &Written| match part {
        Written::Text(text) => Piece::Text(text.clone()),
        Written::Ref(Ref::Event, _) => Piece::Text(event.name.text.clone()),
        Written::Ref(of, _) => Piece::Name(name(of)),
    };
    template.parts.iter().map(piece).collect()
}

fn dedup<T: PartialEq>(list: &mut Vec<T>) {
    let mut kept: Vec<T> = Vec::new();
    for one in list.drain(..) {
        if !kept.contains(&one) {
            kept.push(one);
        }
    }
    *list = kept;
}
