//! The key of an encrypted queue: whether whoever sends or receives may use it.
//!
//! In: a call. Out: KMS's refusal, or nothing. Guaranteed: KMS is asked once in the queue's
//! `KmsDataKeyReusePeriodSeconds` for each principal, as on AWS; a change of the key's policy holds from
//! the next time on.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::error::of_kms;
use super::{NAME, Sqs};
use crate::kernel::{AwsError, Caller, Time};

/// For each use and principal the key that was used, and until when its data key serves.
pub(super) type DataKeys = BTreeMap<(Use, String), (String, Time)>;

/// What a key is needed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Use {
    Send,
    Receive,
}

impl Use {
    fn of(operation: &str) -> Option<Self> {
        match operation {
            "SendMessage" | "SendMessageBatch" => Some(Self::Send),
            "ReceiveMessage" => Some(Self::Receive),
            _ => None,
        }
    }

    const fn action(self) -> &'static str {
        match self {
            Self::Send => "sqs:SendMessage",
            Self::Receive => "sqs:ReceiveMessage",
        }
    }

    /// A sender reads the data key that it was given, to see that it is whole.
    const fn of_key(self) -> &'static [&'static str] {
        match self {
            Self::Send => &["kms:GenerateDataKey", "kms:Decrypt"],
            Self::Receive => &["kms:Decrypt"],
        }
    }
}

impl Sqs {
    /// Refuses a caller who may not use the queue's key, if it has one and the operation needs it.
    pub(super) async fn use_key(&self, caller: &Caller, operation: &str, input: &Value) -> Result<(), AwsError> {
        let Some(purpose) = Use::of(operation) else { return Ok(()) };
        let url = input.get("QueueUrl").and_then(Value::as_str).unwrap_or_default();
        // That there is no such queue is the operation's own to say.
        let Ok(held) = self.named(url) else { return Ok(()) };
        let (key, reuse) = {
            let queue = held.queue.borrow();
            let Some(key) = queue.settings.kms_key.clone() else { return Ok(()) };
            (key, Duration::from_secs(queue.settings.kms_reuse.into()))
        };
        let entry = (purpose, principal(caller, &self.world.place.account));
        let now = self.world.clock.now();
        let serves = |(of, until): &(String, Time)| *of == key && now < *until;
        if held.data_keys.borrow().get(&entry).is_some_and(serves) {
            return Ok(());
        }
        self.check(caller, purpose.action(), &held)?;
        let asked = json!({
            "KeyId": key, "Actions": purpose.of_key(), "Via": NAME,
            "EncryptionContext": {"aws:sqs:arn": held.arn},
        });
        self.world.bus.request(caller.clone(), "kms", "eventloom:Use", asked).await.map_err(of_kms)?;
        let mut data_keys = held.data_keys.borrow_mut();
        data_keys.retain(|_, (_, until)| now < *until);
        data_keys.insert(entry, (key, now + reuse));
        Ok(())
    }
}

/// Who has a data key: a service has one for each resource that it acts for, since policies tell them apart.
fn principal(caller: &Caller, account: &str) -> String {
    match caller {
        Caller::Service { principal, source } => format!("{principal} {source}"),
        caller => caller.identity(account),
    }
}
