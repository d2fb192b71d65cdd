//! Mail: identities, bounces and complaints, unsubscriptions.

use super::{Lowering, names};
use crate::model::SinkKind;
use crate::plan::{
    EnvValue, FunctionKind, FunctionRef, Invoker, Mail, Part, Place, Secret, SecretRef, Topic, TopicRef, TopicRole,
};

impl Lowering<'_> {
    fn mail_place(kind: &str) -> Place {
        names::place(format!("Mail{kind}"), "flow".into(), 0)
    }

    pub(super) fn mail(&mut self) {
        let mut domains: Vec<String> = Vec::new();
        for sink in self.flow.sinks.values() {
            if let SinkKind::Email { sender, .. } = &sink.kind {
                domains.push(domain(&sender.value).to_owned());
            }
        }
        domains.sort();
        domains.dedup();
        if domains.is_empty() {
            return;
        }
        let bounces = self.bounces();
        let unsubscribe = self.unsubscribe();
        let signing = unsubscribe.as_ref().map(|_| SecretRef("MailSigningSecret".into()));
        self.plan.mail =
            Some(Mail { place: Self::mail_place("Configuration"), domains, bounces, unsubscribe, signing });
    }

    /// The topic of bounces and complaints, and the function that takes them.
    fn bounces(&mut self) -> TopicRef {
        let topic = TopicRef("MailBounces".into());
        let about = "Takes bounces and complaints: a mail address that bounces is not written to again.".to_owned();
        let mut draft = self.draft(
            Self::mail_place("BouncesFunction"),
            ("bounces".into(), "bounces".into()),
            about,
            FunctionKind::Bounces,
        );
        draft.tell(Part::Bounces);
        draft.keeps_state();
        draft.invoked_by(Invoker::Topic(topic.clone()));
        let dead = self.lone_dead_letters(
            Self::mail_place("BouncesDeadLetters"),
            "mail-bounces-dlq".into(),
            "Bounces and complaints that could not be taken.".into(),
            vec![crate::plan::Sender::Topic(topic.clone())],
        );
        draft.async_failures(dead);
        let function = draft.reference();
        self.plan.functions.push(draft.done());
        self.plan.topics.push(Topic {
            place: Self::mail_place("Bounces"),
            name: "mail-bounces".into(),
            about: "Bounces and complaints from SES.".into(),
            role: TopicRole::Bounces,
            fifo: false,
            carries: Vec::new(),
            calls: Some(function),
        });
        topic
    }

    /// The public function of one-click unsubscriptions, where users have preferences to write them to.
    fn unsubscribe(&mut self) -> Option<FunctionRef> {
        let preferences = self.flow.recipients.as_ref()?.preferences?;
        let about = "Takes one-click unsubscriptions, signed by the mail that they come from.".to_owned();
        let place = Self::mail_place("UnsubscribeFunction");
        let mut draft =
            self.draft(place, ("unsubscribe".into(), "unsubscribe".into()), about, FunctionKind::Unsubscribe);
        draft.timeout(crate::decide::ROUTE_TIMEOUT);
        if let Some(told) = self.unsubscribe_part() {
            draft.tell(told);
        }
        draft.invoked_by(Invoker::PublicUrl);
        draft.reads_secret(&SecretRef("MailSigningSecret".into()), "MAIL_SIGNING");
        draft.updates(&self.table_ref(preferences.value), self.table_variable(preferences.value));
        draft.set("FLOW", EnvValue::Text(self.flow.name.text.clone()));
        let function = draft.reference();
        self.plan.functions.push(draft.done());
        self.plan.secrets.push(Secret {
            place: Self::mail_place("SigningSecret"),
            name: "mail_signing".into(),
            about: "Signs the unsubscribe links of mails.".into(),
            generated: true,
        });
        Some(function)
    }
}

/// The domain of a sender: `Everi <no-reply@everi.example>` is of `everi.example`.
pub(super) fn domain(sender: &str) -> &str {
    let address = sender.rsplit_once('<').map_or(sender, |(_, a)| a.trim_end_matches('>'));
    address.rsplit_once('@').map_or("", |(_, d)| d.trim())
}
