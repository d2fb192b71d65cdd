//! `Encrypt`, `Decrypt` and data keys.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::errors::validation;
use super::input::{Decrypt, Encrypt, Generate, read};
use super::key::Key;
use super::{Kms, blob};
use crate::kernel::{AwsError, Caller};

/// Bytes that are encrypted at once.
const LARGEST: usize = 4096;
const ALGORITHM: &str = "SYMMETRIC_DEFAULT";

impl Kms {
    pub(super) fn encrypt(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let input: Encrypt = read(input)?;
        check_algorithm(input.encryption_algorithm.as_deref())?;
        let key = self.find(&input.key_id)?;
        self.check_crypto(caller, "kms:Encrypt", &key, &input.encryption_context, input.dry_run)?;
        let plaintext = STANDARD.decode(&input.plaintext).map_err(|_| validation("Plaintext is no base64"))?;
        if plaintext.is_empty() || plaintext.len() > LARGEST {
            return Err(validation(format!("Plaintext must have 1 to {LARGEST} bytes")));
        }
        let sealed = self.sealed(&key, &input.encryption_context, &plaintext)?;
        Ok(json!({"CiphertextBlob": sealed, "KeyId": key.arn, "EncryptionAlgorithm": ALGORITHM}))
    }

    pub(super) fn decrypt(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let input: Decrypt = read(input)?;
        check_algorithm(input.encryption_algorithm.as_deref())?;
        let invalid = || AwsError::new("InvalidCiphertextException", "the ciphertext cannot be read");
        let sealed = STANDARD.decode(&input.ciphertext_blob).map_err(|_| invalid())?;
        let key = self.find(blob::key_id(&sealed).ok_or_else(invalid)?).map_err(|_| invalid())?;
        if let Some(id) = &input.key_id
            && self.find(id)?.id != key.id
        {
            let message = "The key ID in the request does not identify a CMK that can perform this operation.";
            return Err(AwsError::new("IncorrectKeyException", message));
        }
        self.check_crypto(caller, "kms:Decrypt", &key, &input.encryption_context, input.dry_run)?;
        let plaintext = blob::open(&key, &input.encryption_context, &sealed).ok_or_else(invalid)?;
        Ok(json!({"Plaintext": STANDARD.encode(plaintext), "KeyId": key.arn, "EncryptionAlgorithm": ALGORITHM}))
    }

    pub(super) fn generate(&self, caller: &Caller, operation: &str, input: Value) -> Result<Value, AwsError> {
        let input: Generate = read(input)?;
        let length = match (input.key_spec.as_deref(), input.number_of_bytes) {
            (Some("AES_256"), None) => 32,
            (Some("AES_128"), None) => 16,
            (None, Some(length @ 1..=1024)) => length,
            _ => return Err(validation("Please specify either number of bytes (1 to 1024) or key spec.")),
        };
        let key = self.find(&input.key_id)?;
        let action = format!("kms:{operation}");
        self.check_crypto(caller, &action, &key, &input.encryption_context, input.dry_run)?;
        let plaintext = self.bytes(length);
        let mut answer = json!({
            "CiphertextBlob": self.sealed(&key, &input.encryption_context, &plaintext)?, "KeyId": key.arn,
        });
        if let Some(answer) = answer.as_object_mut()
            && operation == "GenerateDataKey"
        {
            answer.insert("Plaintext".to_owned(), STANDARD.encode(plaintext).into());
        }
        Ok(answer)
    }

    /// Refuses whoever may not, and a key that cannot be used.
    fn check_crypto(
        &self,
        caller: &Caller,
        action: &str,
        key: &Key,
        context: &BTreeMap<String, String>,
        dry_run: bool,
    ) -> Result<(), AwsError> {
        self.check_use(caller, action, key, context, None)?;
        key.usable()?;
        if dry_run {
            let message = "The request would have succeeded, but the DryRun option is set.";
            return Err(AwsError::new("DryRunOperationException", message));
        }
        Ok(())
    }

    fn sealed(&self, key: &Key, context: &BTreeMap<String, String>, plaintext: &[u8]) -> Result<String, AwsError> {
        let mut nonce = [0; ring::aead::NONCE_LEN];
        nonce.iter_mut().zip(self.bytes(ring::aead::NONCE_LEN)).for_each(|(to, from)| *to = from);
        let sealed = blob::seal(key, context, nonce, plaintext);
        Ok(STANDARD.encode(sealed.ok_or_else(|| AwsError::internal("the key's material cannot be read"))?))
    }

    fn bytes(&self, length: usize) -> Vec<u8> {
        let byte = || u8::try_from(self.world.random.below(256)).unwrap_or(0);
        std::iter::repeat_with(byte).take(length).collect()
    }
}

fn check_algorithm(algorithm: Option<&str>) -> Result<(), AwsError> {
    match algorithm {
        None | Some(ALGORITHM) => Ok(()),
        Some(other) => Err(super::errors::absent(&format!("the encryption algorithm {other}"))),
    }
}
