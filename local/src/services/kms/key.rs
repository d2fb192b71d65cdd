//! A key as it is kept.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::errors::invalid_state;
use crate::kernel::{Arn, AwsError, Time};

/// A symmetric key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Key {
    pub(super) id: String,
    pub(super) arn: Arn,
    pub(super) description: String,
    /// The policy's text, as it is given back.
    pub(super) policy_text: String,
    pub(super) policy: Value,
    pub(super) enabled: bool,
    pub(super) rotates: bool,
    /// Days between two rotations.
    pub(super) rotation_period: u32,
    /// When it goes.
    pub(super) deletion: Option<Time>,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) created: Time,
    /// 64 hexadecimal digits.
    pub(super) material: String,
}

impl Key {
    /// Refuses a key that cannot be used now.
    pub(super) fn usable(&self) -> Result<(), AwsError> {
        self.not_pending()?;
        if self.enabled {
            return Ok(());
        }
        Err(AwsError::new("DisabledException", format!("{} is disabled.", self.arn)))
    }

    /// Refuses a key that is about to go.
    pub(super) fn not_pending(&self) -> Result<(), AwsError> {
        match self.deletion {
            Some(_) => Err(invalid_state(&self.arn, "pending deletion")),
            None => Ok(()),
        }
    }

    fn state(&self) -> &'static str {
        match (self.deletion, self.enabled) {
            (Some(_), _) => "PendingDeletion",
            (None, true) => "Enabled",
            (None, false) => "Disabled",
        }
    }

    /// `KeyMetadata`.
    pub(super) fn metadata(&self) -> Value {
        let mut metadata = json!({
            "AWSAccountId": self.arn.account(), "KeyId": self.id, "Arn": self.arn,
            "CreationDate": self.created.fractional_seconds(),
            "Enabled": self.enabled && self.deletion.is_none(), "Description": self.description,
            "KeyUsage": "ENCRYPT_DECRYPT", "KeyState": self.state(), "Origin": "AWS_KMS", "KeyManager": "CUSTOMER",
            "CustomerMasterKeySpec": "SYMMETRIC_DEFAULT", "KeySpec": "SYMMETRIC_DEFAULT",
            "EncryptionAlgorithms": ["SYMMETRIC_DEFAULT"], "MultiRegion": false,
        });
        if let (Some(members), Some(deletion)) = (metadata.as_object_mut(), self.deletion) {
            members.insert("DeletionDate".to_owned(), deletion.fractional_seconds().into());
        }
        metadata
    }
}
