//! SES: the configuration set, where its events go, and the domains' identities.

use super::scope::{self, Made, Scope};
use crate::cfn::services::ses::{
    ConfigurationSet, ConfigurationSetAttributes, ConfigurationSetEventDestination, DeliveryOptions, DkimAttributes,
    DkimSigningAttributes, EmailIdentity, EventDestination, EventType, FeedbackAttributes, NextSigningKeyLength,
    ReputationOptions, SendingOptions, SnsDestination, SuppressedReason, SuppressionOptions, TlsPolicy,
};
use crate::cfn::{DocumentError, LogicalId, Resource};
use crate::lower::pascal;
use crate::stacks::Layer;

pub(super) fn mail(scope: &mut Scope<'_>) -> Made {
    let Some(mail) = &scope.plan.mail else { return Ok(()) };
    let set = ConfigurationSet {
        name: Some(scope.named("mail")),
        delivery_options: Some(DeliveryOptions { tls_policy: Some(TlsPolicy::Require), ..DeliveryOptions::default() }),
        reputation_options: Some(ReputationOptions::new(true)),
        sending_options: Some(SendingOptions::new(true)),
        suppression_options: Some(SuppressionOptions::new(vec![SuppressedReason::Bounce, SuppressedReason::Complaint])),
        tags: scope.tags(),
    };
    let set_id = scope::id(&mail.place.logical)?;
    let resource = Resource::new(set_id.clone(), &set)?;
    scope.put(Layer::Messaging, &mail.place, resource);

    let mut destination = EventDestination::new(vec![EventType::Bounce, EventType::Complaint]);
    destination.name = Some("bounces".into());
    destination.enabled = Some(true);
    destination.sns_destination = Some(SnsDestination::new(scope::reference(&mail.bounces.0)?));
    let made = ConfigurationSetEventDestination::new(scope::reference(&mail.place.logical)?, destination);
    // SES asks whether it may publish when the destination is made.
    let resource = Resource::new(scope::part(&mail.place, "Events")?, &made)?
        .after(&scope::id(&[mail.bounces.0.as_str(), "Policy"].concat())?);
    scope.put(Layer::Wiring, &mail.place, resource);

    for domain in &mail.domains {
        let mut made = EmailIdentity::new(domain.as_str());
        let set = ConfigurationSetAttributes::new(scope::reference(&mail.place.logical)?);
        made.configuration_set_attributes = Some(set);
        made.dkim_attributes = Some(DkimAttributes::new(true));
        made.dkim_signing_attributes = Some(DkimSigningAttributes::new(NextSigningKeyLength::Rsa2048));
        // Bounces come by the topic; mailed ones would reach the sender's address too.
        made.feedback_attributes = Some(FeedbackAttributes::new(false));
        made.tags = scope.tags();
        let resource = Resource::new(identity(domain)?, &made)?.only_if(&scope.names.makes_identities);
        scope.put(Layer::Messaging, &mail.place, resource);
    }
    Ok(())
}

/// The logical id of a domain's identity: `a-b.example` is `MailADashBExampleIdentity`.
pub(super) fn identity(domain: &str) -> Result<LogicalId, DocumentError> {
    let mut words = String::with_capacity(domain.len() + 8);
    for c in domain.chars() {
        match c {
            '.' => words.push('_'),
            '-' => words.push_str("_dash_"),
            c if c.is_ascii_alphanumeric() => words.push(c.to_ascii_lowercase()),
            c => words.push_str(&format!("_u{:x}_", u32::from(c))),
        }
    }
    LogicalId::new(format!("Mail{}Identity", pascal(&words)))
}

#[cfg(test)]
mod tests {
    use super::identity;

    #[test]
    fn domains_that_differ_have_identities_that_differ() {
        let ids: Vec<String> =
            ["a-b.c", "a.b-c", "ab.c", "a.bc"].iter().map(|d| identity(d).unwrap().to_string()).collect();
        assert_eq!(ids, ["MailADashBCIdentity", "MailABDashCIdentity", "MailAbCIdentity", "MailABcIdentity"]);
    }
}
