//! Sources that somebody calls, and the webhook.

use super::variable;
use crate::facts::Node;
use crate::lower::Lowering;
use crate::model::{Destination, Role, Sink, SinkId, SinkKind, Source, SourceId, SourceKind};
use crate::plan::{HttpPart, IntakePart, Part, SchedulePart, WebhookPart};

impl Lowering<'_> {
    /// A source on a schedule; none where the runtime cannot send to all of its destinations yet.
    pub(in crate::lower) fn schedule_part(&self, id: SourceId) -> Option<Part> {
        let source = &self.flow.sources[id];
        let handler = source.handler.map(|handler| self.flow.handlers[handler.value].name.text.clone());
        let (intake, to) = (self.intake_part(source)?, self.destinations(&source.to)?);
        Some(Part::Schedule(SchedulePart { intake, handler, to, keep: crate::decide::KEEP }))
    }

    /// A route over HTTP; none where the runtime cannot do all of its work yet.
    pub(in crate::lower) fn http_part(&self, id: SourceId) -> Option<Part> {
        let source = &self.flow.sources[id];
        let SourceKind::Http { gateway, .. } = &source.kind else { return None };
        if source.handler.is_some() {
            return None;
        }
        let jwt = &self.flow.gateways[gateway.value].jwt;
        Some(Part::Http(HttpPart {
            intake: self.intake_part(source)?,
            user: jwt.user.clone(),
            tenant: jwt.tenant.as_ref().map(|claim| claim.value.clone()),
            to: self.destinations(&source.to)?,
            // A caller that gives up within days is not heard of again.
            keep: crate::decide::KEEP,
        }))
    }

    /// How a source makes its event: for each that somebody calls.
    pub(in crate::lower) fn intake_part(&self, source: &Source) -> Option<IntakePart> {
        let event = &self.flow.events[source.event?.value];
        Some(IntakePart {
            event: event.name.text.clone(),
            own_id: (event.id == Role::BuiltIn).then(|| "id".to_owned()),
            time: event.role_name(event.time, "time").to_owned(),
            set: source.set.iter().map(|(field, value)| (field.value.clone(), value.clone())).collect(),
            allow: source.allow.as_ref().map(|lookup| self.lookup_part(lookup)),
        })
    }

    /// A webhook.
    pub(in crate::lower) fn webhook_part(&self, id: SinkId, sink: &Sink) -> Option<Part> {
        let SinkKind::Webhook { url, secret, headers, timeout } = &sink.kind else { return None };
        Some(Part::Webhook(WebhookPart {
            events: self.events_at(Node::To(Destination::Sink(id))),
            url: url.value.clone(),
            secret: variable("SECRET", &self.flow.secrets[secret.value].name),
            headers: headers.iter().map(|(name, value)| (name.value.clone(), value.clone())).collect(),
            timeout: timeout.map_or(crate::decide::WEBHOOK_TIMEOUT, |timeout| timeout.value),
        }))
    }
}
