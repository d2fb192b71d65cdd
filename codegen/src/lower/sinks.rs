//! Sinks: the functions of those that have one, and what the others need of their senders.

use super::functions::{Draft, named};
use super::{Lowering, names};
use crate::model::{Destination, SinkId, SinkKind};
use crate::plan::{EnvValue, FunctionKind, FunctionRef, GatewayRef, Place, SecretRef};

impl Lowering<'_> {
    fn sink_place(&self, id: SinkId, kind: &str) -> Place {
        let sink = &self.flow.sinks[id];
        names::place(
            names::logical(sink.name.identity(), kind),
            format!("sinks.{}", sink.name.text),
            self.component(Destination::Sink(id)),
        )
    }

    /// Names the functions of sinks before anyone calls them.
    pub(super) fn name_sinks(&mut self) {
        for (id, sink) in self.flow.sinks.iter() {
            if !self.inside(Destination::Sink(id)) {
                self.sinks.insert(id, FunctionRef(names::logical(sink.name.identity(), "SinkFunction")));
            }
        }
    }

    pub(super) fn sinks(&mut self) {
        for (id, sink) in self.flow.sinks.iter() {
            if self.inside(Destination::Sink(id)) {
                continue;
            }
            let name = &sink.name.text;
            let about = match &sink.kind {
                SinkKind::Websocket { .. } => format!("Delivers to browsers, for the sink {name}."),
                SinkKind::Email { .. } => format!("Sends mail, for the sink {name}."),
                SinkKind::Webhook { .. } => format!("Posts to another server, for the sink {name}."),
                SinkKind::Counter { .. } | SinkKind::Table { .. } | SinkKind::Unresolved => continue,
            };
            let kind = FunctionKind::Sink { sink: name.clone() };
            let mut draft = self.draft(self.sink_place(id, "SinkFunction"), named(&sink.name, ""), about, kind);
            draft.part(sink_part(&sink.kind));
            if let Some(told) = self.webhook_part(id, sink) {
                draft.tell(told);
            }
            draft.timeout(crate::decide::sink_timeout(sink).unwrap_or(crate::decide::FUNCTION_TIMEOUT));
            self.sink_needs(&mut draft, id);
            draft.tell_if(self.show_part(id));
            self.plan.functions.push(draft.done());
        }
    }

    /// What it takes to do a sink's work.
    pub(super) fn sink_needs(&self, draft: &mut Draft, id: SinkId) {
        let sink = &self.flow.sinks[id];
        draft.keeps_state();
        match &sink.kind {
            SinkKind::Websocket { gateway, replay } => {
                let gateway_name = &self.flow.gateways[gateway.value].name;
                let connections = self.connections_ref(gateway.value);
                draft.reads(&connections, "TABLE_CONNECTIONS".into(), &["by_user".into()]);
                draft.writes(&connections, "TABLE_CONNECTIONS".into());
                let log = self.log_ref(gateway.value);
                draft.reads(&log, "TABLE_LOG".into(), &[]);
                draft.writes(&log, "TABLE_LOG".into());
                draft.posts(&GatewayRef(names::logical(gateway_name.identity(), "Gateway")), &gateway_name.text);
                let replay = replay.map_or(crate::decide::REPLAY, |r| r.value);
                draft.set("REPLAY_SECONDS", EnvValue::Text(replay.to_string()));
                self.reads_recipients(draft);
            }
            SinkKind::Email { sender, .. } => {
                draft.mails(super::mail::domain(&sender.value));
                if self.flow.recipients.as_ref().is_some_and(|r| r.preferences.is_some()) {
                    draft.set("UNSUBSCRIBE_URL", EnvValue::FunctionUrl(FunctionRef("MailUnsubscribeFunction".into())));
                    draft.reads_secret(&SecretRef("MailSigningSecret".into()), "MAIL_SIGNING");
                }
                self.reads_recipients(draft);
            }
            SinkKind::Counter { table, .. } => {
                draft.updates(&self.table_ref(table.value), self.table_variable(table.value));
            }
            SinkKind::Table { table, .. } => {
                draft.puts(&self.table_ref(table.value), self.table_variable(table.value));
            }
            SinkKind::Webhook { secret, .. } => {
                let secret = &self.flow.secrets[secret.value].name;
                draft.reads_secret(&SecretRef(names::logical(secret.identity(), "Secret")), &secret.text);
            }
            SinkKind::Unresolved => {}
        }
    }

    /// The address and the preferences of a target.
    pub(super) fn reads_recipients(&self, draft: &mut Draft) {
        if let Some(recipients) = &self.flow.recipients {
            self.reads_rows(draft, recipients.table.value);
            if let Some(preferences) = recipients.preferences {
                self.reads_rows(draft, preferences.value);
            }
        }
    }
}

/// The part of the runtime that delivers to a kind of sink.
pub(super) fn sink_part(kind: &SinkKind) -> Option<&'static str> {
    match kind {
        SinkKind::Websocket { .. } => Some("websocket sink"),
        SinkKind::Email { .. } => Some("email sink"),
        SinkKind::Webhook { .. } => Some("webhook sink"),
        SinkKind::Counter { .. } => Some("counter"),
        SinkKind::Table { .. } => Some("table sink"),
        SinkKind::Unresolved => None,
    }
}
