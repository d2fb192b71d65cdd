//! The operations on keys, their policies and aliases.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::errors::{absent, no_alias, validation};
use super::input::{CreateKey, Describe, List, OfAlias, OfKey, OfPolicy, Rotate, ScheduleDeletion, Tag, Tagging, read};
use super::key::Key;
use super::{Kms, NAME};
use crate::kernel::{AwsError, Caller, Outcome};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// Bytes of a key policy.
const POLICY: usize = 32_768;
/// Tags of a key.
const TAGS: usize = 50;

impl Kms {
    pub(super) fn create_key(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let input: CreateKey = read(input)?;
        self.check_plain(caller, "CreateKey", "*")?;
        let fixed = [
            ("KeyUsage", input.key_usage, "ENCRYPT_DECRYPT"),
            ("KeySpec", input.key_spec, "SYMMETRIC_DEFAULT"),
            ("CustomerMasterKeySpec", input.customer_master_key_spec, "SYMMETRIC_DEFAULT"),
            ("Origin", input.origin, "AWS_KMS"),
        ];
        if let Some((name, Some(value), _)) =
            fixed.iter().find(|(_, value, only)| value.as_ref().is_some_and(|value| value != only))
        {
            return Err(absent(&format!("CreateKey with {name} {value}")));
        }
        if input.multi_region {
            return Err(absent("CreateKey with MultiRegion"));
        }
        let account = &self.world.place.account;
        let whole_account = || {
            json!({"Version": "2012-10-17", "Id": "key-default-1", "Statement": [{
                "Sid": "Enable IAM User Permissions", "Effect": "Allow",
                "Principal": {"AWS": format!("arn:aws:iam::{account}:root")}, "Action": "kms:*", "Resource": "*",
            }]})
            .to_string()
        };
        let policy_text = input.policy.unwrap_or_else(whole_account);
        let policy = self.policy(&policy_text)?;
        let id = self.world.random.uuid();
        let arn = self.world.place.arn(NAME, &format!("key/{id}"));
        let key = self.put(Key {
            tags: with_tags(BTreeMap::new(), input.tags)?,
            description: input.description.unwrap_or_default(),
            policy_text,
            policy,
            enabled: true,
            rotates: false,
            rotation_period: 365,
            deletion: None,
            created: self.world.clock.now(),
            material: self.world.random.hex(64),
            id,
            arn,
        });
        self.world.log.tell(NAME, &key.id, "created", Outcome::Done, || json!({"arn": key.arn}));
        Ok(json!({"KeyMetadata": key.metadata()}))
    }

    /// Reads a key policy.
    fn policy(&self, text: &str) -> Result<Value, AwsError> {
        let malformed = |message: String| AwsError::new("MalformedPolicyDocumentException", message);
        if text.len() > POLICY {
            return Err(AwsError::new("LimitExceededException", format!("a key policy has at most {POLICY} bytes")));
        }
        let policy = serde_json::from_str(text).map_err(|error| malformed(error.to_string()))?;
        self.world.guard.understands(&policy).map_err(|error| malformed(error.message))?;
        Ok(policy)
    }

    pub(super) fn describe_key(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let OfKey { key_id } = read(input)?;
        Ok(json!({"KeyMetadata": self.allowed(caller, "DescribeKey", &key_id)?.metadata()}))
    }

    pub(super) fn list_keys(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let list: List = read(input)?;
        self.check_plain(caller, "ListKeys", "*")?;
        let keys = self.keys.borrow();
        let keys = keys.values().map(|key| (key.id.clone(), json!({"KeyId": key.id, "KeyArn": key.arn})));
        page(keys, &list, "Keys", |marker| marker.len() == 36)
    }

    pub(super) fn update_description(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let Describe { key_id, description } = read(input)?;
        let key = self.allowed(caller, "UpdateKeyDescription", &key_id)?;
        key.not_pending()?;
        self.change(&key, |key| key.description = description);
        Ok(json!({}))
    }

    pub(super) fn enable(&self, caller: &Caller, operation: &str, input: Value) -> Result<Value, AwsError> {
        let OfKey { key_id } = read(input)?;
        let key = self.allowed(caller, operation, &key_id)?;
        key.not_pending()?;
        let enabled = operation == "EnableKey";
        self.change(&key, |key| key.enabled = enabled);
        let what = if enabled { "enabled" } else { "disabled" };
        self.world.log.tell(NAME, &key.id, what, Outcome::Done, || json!({}));
        Ok(json!({}))
    }

    pub(super) fn rotate(&self, caller: &Caller, operation: &str, input: Value) -> Result<Value, AwsError> {
        let Rotate { key_id, rotation_period_in_days } = read(input)?;
        let key = self.allowed(caller, operation, &key_id)?;
        key.usable()?;
        let period = rotation_period_in_days.unwrap_or(key.rotation_period);
        if !(90..=2560).contains(&period) {
            return Err(validation("RotationPeriodInDays must be from 90 to 2560"));
        }
        self.change(&key, |key| {
            key.rotates = operation == "EnableKeyRotation";
            key.rotation_period = period;
        });
        Ok(json!({}))
    }

    pub(super) fn rotation(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let OfKey { key_id } = read(input)?;
        let key = self.allowed(caller, "GetKeyRotationStatus", &key_id)?;
        let mut status = json!({"KeyId": key.id, "KeyRotationEnabled": key.rotates});
        if let Some(status) = status.as_object_mut()
            && key.rotates
        {
            status.insert("RotationPeriodInDays".to_owned(), key.rotation_period.into());
        }
        Ok(status)
    }

    pub(super) fn schedule_deletion(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let ScheduleDeletion { key_id, pending_window_in_days } = read(input)?;
        let key = self.allowed(caller, "ScheduleKeyDeletion", &key_id)?;
        key.not_pending()?;
        let days = pending_window_in_days.unwrap_or(30);
        if !(7..=30).contains(&days) {
            return Err(validation("PendingWindowInDays must be from 7 to 30"));
        }
        let deletion = self.world.clock.now() + DAY.saturating_mul(days);
        self.change(&key, |key| key.deletion = Some(deletion));
        self.world.log.tell(NAME, &key.id, "deletion scheduled", Outcome::Done, || json!({"at": deletion.rfc3339()}));
        Ok(json!({
            "KeyId": key.arn, "DeletionDate": deletion.fractional_seconds(), "KeyState": "PendingDeletion",
            "PendingWindowInDays": days,
        }))
    }

    pub(super) fn cancel_deletion(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let OfKey { key_id } = read(input)?;
        let key = self.allowed(caller, "CancelKeyDeletion", &key_id)?;
        if key.deletion.is_none() {
            return Err(super::errors::invalid_state(&key.arn, "not pending deletion"));
        }
        // As on AWS it stays out of use until it is enabled.
        self.change(&key, |key| {
            key.deletion = None;
            key.enabled = false;
        });
        Ok(json!({"KeyId": key.arn}))
    }

    pub(super) fn get_key_policy(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let OfPolicy { key_id, policy_name, .. } = read(input)?;
        let key = self.allowed(caller, "GetKeyPolicy", &key_id)?;
        check_policy_name(policy_name.as_deref())?;
        Ok(json!({"Policy": key.policy_text, "PolicyName": "default"}))
    }

    pub(super) fn put_key_policy(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let OfPolicy { key_id, policy_name, policy, .. } = read(input)?;
        let key = self.allowed(caller, "PutKeyPolicy", &key_id)?;
        check_policy_name(policy_name.as_deref())?;
        key.not_pending()?;
        let policy_text = policy.ok_or_else(|| validation("Policy is missing"))?;
        let policy = self.policy(&policy_text)?;
        self.change(&key, |key| {
            key.policy_text = policy_text;
            key.policy = policy;
        });
        self.world.log.tell(NAME, &key.id, "changed", Outcome::Done, || json!({"policy": true}));
        Ok(json!({}))
    }

    pub(super) fn list_key_policies(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let list: List = read(input)?;
        self.allowed(caller, "ListKeyPolicies", list.key_id.as_deref().unwrap_or_default())?;
        Ok(json!({"PolicyNames": ["default"], "Truncated": false}))
    }

    pub(super) fn tag(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let Tagging { key_id, tags, .. } = read(input)?;
        let key = self.allowed(caller, "TagResource", &key_id)?;
        key.not_pending()?;
        let tags = with_tags(key.tags.clone(), tags)?;
        self.change(&key, |key| key.tags = tags);
        Ok(json!({}))
    }

    pub(super) fn untag(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let Tagging { key_id, tag_keys, .. } = read(input)?;
        let key = self.allowed(caller, "UntagResource", &key_id)?;
        key.not_pending()?;
        self.change(&key, |key| key.tags.retain(|name, _| !tag_keys.contains(name)));
        Ok(json!({}))
    }

    pub(super) fn list_tags(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let list: List = read(input)?;
        let key = self.allowed(caller, "ListResourceTags", list.key_id.as_deref().unwrap_or_default())?;
        let tags = key.tags.iter().map(|(name, value)| (name.clone(), json!({"TagKey": name, "TagValue": value})));
        page(tags, &list, "Tags", |marker| key.tags.contains_key(marker))
    }

    pub(super) fn create_alias(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let (alias, key) = self.alias(caller, "CreateAlias", input)?;
        if self.aliases.borrow().contains_key(&alias) {
            let arn = self.world.place.arn(NAME, &alias);
            let message = format!("An alias with the name {arn} already exists");
            return Err(AwsError::new("AlreadyExistsException", message));
        }
        self.put_alias(alias, &key);
        Ok(json!({}))
    }

    pub(super) fn update_alias(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let (alias, key) = self.alias(caller, "UpdateAlias", input)?;
        if !self.aliases.borrow().contains_key(&alias) {
            return Err(no_alias(&self.world.place.arn(NAME, &alias)));
        }
        self.put_alias(alias, &key);
        Ok(json!({}))
    }

    pub(super) fn delete_alias(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let OfAlias { alias_name, .. } = read(input)?;
        let arn = self.world.place.arn(NAME, &alias_name);
        self.check_plain(caller, "DeleteAlias", arn.as_str())?;
        let id = self.aliases.borrow().get(&alias_name).cloned().ok_or_else(|| no_alias(&arn))?;
        if let Ok(key) = self.find(&id) {
            self.check(caller, "kms:DeleteAlias", &key, &[])?;
        }
        self.aliases.borrow_mut().remove(&alias_name);
        self.aliases_table.delete(&alias_name);
        Ok(json!({}))
    }

    pub(super) fn list_aliases(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let list: List = read(input)?;
        self.check_plain(caller, "ListAliases", "*")?;
        let of = list.key_id.as_deref().map(|id| self.find(id)).transpose()?;
        let aliases = self.aliases.borrow();
        let aliases = aliases.iter().filter(|(_, id)| of.as_ref().is_none_or(|key| key.id == **id));
        let shown = aliases.map(|(alias, id)| {
            let arn = self.world.place.arn(NAME, alias);
            (alias.clone(), json!({"AliasName": alias, "AliasArn": arn, "TargetKeyId": id}))
        });
        page(shown, &list, "Aliases", |marker| marker.starts_with("alias/"))
    }

    /// An alias and the key it is to have, to a caller who may do this to both.
    fn alias(&self, caller: &Caller, operation: &str, input: Value) -> Result<(String, String), AwsError> {
        let OfAlias { alias_name, target_key_id } = read(input)?;
        let target = target_key_id.ok_or_else(|| validation("TargetKeyId is missing"))?;
        let name = alias_name.strip_prefix("alias/").unwrap_or_default();
        let valid = |byte: u8| byte.is_ascii_alphanumeric() || b"/_-".contains(&byte);
        if name.is_empty() || alias_name.len() > 256 || !name.bytes().all(valid) || name.starts_with("aws/") {
            return Err(AwsError::new("InvalidAliasNameException", format!("`{alias_name}` is no alias name")));
        }
        self.check_plain(caller, operation, self.world.place.arn(NAME, &alias_name).as_str())?;
        let key = self.allowed(caller, operation, &target)?;
        key.not_pending()?;
        Ok((alias_name, key.id.clone()))
    }

    fn put_alias(&self, alias: String, key: &String) {
        self.aliases_table.put(&alias, key);
        self.world.log.tell(NAME, &alias, "named", Outcome::Done, || json!({"key": key}));
        self.aliases.borrow_mut().insert(alias, key.clone());
    }
}

fn check_policy_name(name: Option<&str>) -> Result<(), AwsError> {
    match name {
        None | Some("default") => Ok(()),
        Some(_) => Err(AwsError::new("NotFoundException", "No such policy exists")),
    }
}

fn with_tags(mut tags: BTreeMap<String, String>, more: Vec<Tag>) -> Result<BTreeMap<String, String>, AwsError> {
    for Tag { tag_key, tag_value } in more {
        if tag_key.is_empty() || tag_key.chars().count() > 128 || tag_value.chars().count() > 256 {
            let message = "a tag's key has 1 to 128 characters, and its value at most 256";
            return Err(AwsError::new("TagException", message));
        }
        tags.insert(tag_key, tag_value);
    }
    if tags.len() > TAGS {
        return Err(AwsError::new("LimitExceededException", format!("a key has at most {TAGS} tags")));
    }
    Ok(tags)
}

/// A page of a list, and the marker of the next one: the key that the page ended with.
fn page(
    items: impl Iterator<Item = (String, Value)>,
    list: &List,
    member: &str,
    is_marker: impl Fn(&str) -> bool,
) -> Result<Value, AwsError> {
    let after = list.marker.as_deref().unwrap_or_default();
    if !after.is_empty() && !is_marker(after) {
        return Err(AwsError::new("InvalidMarkerException", format!("`{after}` is no marker of an earlier page")));
    }
    let mut rest = items.filter(|(key, _)| key.as_str() > after);
    let page: Vec<(String, Value)> = rest.by_ref().take(list.limit.unwrap_or(100).clamp(1, 1000)).collect();
    let last = page.last().map(|(key, _)| key.clone());
    let found: Vec<Value> = page.into_iter().map(|(_, item)| item).collect();
    if rest.next().is_some() {
        Ok(json!({member: found, "Truncated": true, "NextMarker": last}))
    } else {
        Ok(json!({member: found, "Truncated": false}))
    }
}
