//! The key of an encrypted topic: whether whoever publishes may use it.
//!
//! In: a call. Out: KMS's refusal, or nothing. Guaranteed: KMS is asked once in five minutes for each topic
//! and principal, as on AWS; a change of the key's policy holds from the next time on.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::errors::of_kms;
use super::{NAME, Sns};
use crate::kernel::{AwsError, Call, Caller, Time};

/// For each topic and principal the key that was used, and until when its data key serves.
pub(super) type DataKeys = BTreeMap<(String, String), (String, Time)>;

/// How long a data key serves: "Encrypting Amazon SNS topics" in the Developer Guide.
const REUSE: Duration = Duration::from_secs(300);

impl Sns {
    /// Refuses a caller who may not use the topic's key, if it has one and something is published.
    pub(super) async fn use_key(&self, call: &Call) -> Result<(), AwsError> {
        let Call { caller, operation, input } = call;
        if !matches!(operation.as_str(), "Publish" | "PublishBatch") {
            return Ok(());
        }
        let text = |name: &str| input.get(name).and_then(Value::as_str);
        let arn = text("TopicArn").or_else(|| text("TargetArn")).unwrap_or_default();
        // That there is no such topic is the operation's own to say.
        let Ok(topic) = self.topic(arn) else { return Ok(()) };
        let Some(key) = topic.record.attributes.get("KmsMasterKeyId") else { return Ok(()) };
        let principal = match caller {
            Caller::Service { principal, source } => format!("{principal} {source}"),
            caller => caller.identity(&self.world.place.account),
        };
        let entry = (arn.to_owned(), principal);
        let now = self.world.clock.now();
        let serves = |(of, until): &(String, Time)| of == key && now < *until;
        if self.data_keys.borrow().get(&entry).is_some_and(serves) {
            return Ok(());
        }
        self.allow(caller, "sns:Publish", &topic)?;
        let asked = json!({
            "KeyId": key, "Actions": ["kms:GenerateDataKey", "kms:Decrypt"], "Via": NAME,
            "EncryptionContext": {"aws:sns:topicArn": arn},
        });
        self.world.bus.request(caller.clone(), "kms", "eventloom:Use", asked).await.map_err(of_kms)?;
        let mut data_keys = self.data_keys.borrow_mut();
        data_keys.retain(|_, (_, until)| now < *until);
        data_keys.insert(entry, (key.clone(), now + REUSE));
        Ok(())
    }
}
