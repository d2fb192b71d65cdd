//! The use of a key by another service, for whoever calls that service.
//!
//! A service that keeps something encrypted asks with `eventloom:Use` under its caller's own name, as often
//! as AWS would: for SQS once in `KmsDataKeyReusePeriodSeconds` for a queue and a principal. No data key
//! is made, for nothing is encrypted.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Kms;
use super::errors::validation;
use super::input::{Use, read};
use super::key::Key;
use crate::kernel::{AwsError, Caller};

impl Kms {
    /// `eventloom:Use`: `KeyId`, `Actions`, `Via`, `EncryptionContext`.
    pub(super) fn use_key(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let input: Use = read(input)?;
        if let Some(service) = input.key_id.rsplit_once("alias/aws/").map(|(_, service)| service) {
            return use_managed(caller, service, &input);
        }
        let key = self.find(&input.key_id)?;
        for action in &input.actions {
            self.check_use(caller, action, &key, &input.encryption_context, Some(&input.via))?;
        }
        key.usable()?;
        Ok(json!({"KeyId": key.arn}))
    }

    /// Asks about one use of a key, directly or through a service.
    pub(super) fn check_use(
        &self,
        caller: &Caller,
        action: &str,
        key: &Key,
        context: &BTreeMap<String, String>,
        via: Option<&str>,
    ) -> Result<(), AwsError> {
        let via = via.map(|service| format!("{service}.{}.amazonaws.com", self.world.place.region));
        // A service that acts for itself comes through no other.
        let via = via.as_deref().filter(|_| !matches!(caller, Caller::Service { .. }));
        let named: Vec<(String, &str)> =
            context.iter().map(|(name, value)| (format!("kms:EncryptionContext:{name}"), value.as_str())).collect();
        let mut keys: Vec<(&str, &str)> = named.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        keys.extend(context.keys().map(|name| ("kms:EncryptionContextKeys", name.as_str())));
        if let Some(via) = via {
            keys.extend([("kms:ViaService", via), ("aws:ViaAWSService", "true")]);
        }
        self.check(caller, action, key, &keys)
    }
}

/// AWS's own key of a service: all of the account may use it through that service, and no other service may.
fn use_managed(caller: &Caller, service: &str, input: &Use) -> Result<Value, AwsError> {
    if service != input.via {
        return Err(validation(format!("alias/aws/{service} is no key for {}", input.via)));
    }
    match caller {
        Caller::Account | Caller::Role { .. } => Ok(json!({"KeyId": input.key_id})),
        Caller::Service { .. } | Caller::Anonymous => {
            let actions = input.actions.join(", ");
            let message = format!(
                "{caller} is not authorized to perform: {actions} on resource: {}, whose policy cannot be changed: \
                 give the resource a key of your own, whose policy names the service",
                input.key_id
            );
            Err(AwsError::new("AccessDeniedException", message))
        }
    }
}
