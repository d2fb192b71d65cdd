//! The operations on roles.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::errors::{conflict, limit, no_entity, validation};
use super::input::{CreateRole, List, OfRole, PutBoundary, Tag, TagRole, UntagRole, UpdateRole, UpdateTrust, read};
use super::policy::{Kind, Policy};
use super::role::RoleRecord;
use super::{Iam, NAME, managed, page};
use crate::kernel::{AwsError, Caller, Outcome};

/// Characters of a trust policy, white space apart (IAM quotas: by default).
const TRUST: usize = 2048;
/// Tags of a role.
const TAGS: usize = 50;

impl Iam {
    pub(super) fn create_role(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let input: CreateRole = read(input)?;
        let name = input.role_name;
        check_name("roleName", &name, 64)?;
        let path = input.path.unwrap_or_else(|| "/".to_owned());
        let visible = |byte: u8| byte.is_ascii_graphic();
        if !path.starts_with('/') || !path.ends_with('/') || path.len() > 512 || !path.bytes().all(visible) {
            return Err(validation("The specified value for path is invalid. It must begin and end with /."));
        }
        let arn = self.arn(&path, &name)?;
        self.check(caller, "CreateRole", arn.as_str())?;
        check_trust(&input.assume_role_policy_document)?;
        if self.roles.get(&name).is_some() {
            let message = format!("Role with name {name} already exists.");
            return Err(AwsError::new("EntityAlreadyExists", message).status(409));
        }
        let tags = with_tags(BTreeMap::new(), input.tags)?;
        if let Some(boundary) = &input.permissions_boundary {
            check_managed(boundary)?;
        }
        let role = self.put(RoleRecord {
            arn,
            id: format!("AROA{}", self.world.random.alphanumeric(17).to_uppercase()),
            path,
            description: input.description,
            max_session: duration(input.max_session_duration)?.unwrap_or(3600),
            trust: input.assume_role_policy_document,
            inline: BTreeMap::new(),
            attached: BTreeSet::new(),
            boundary: input.permissions_boundary,
            tags,
            created: self.world.clock.now(),
            name,
        })?;
        let record = &role.record;
        self.world.log.tell(NAME, &record.name, "created", Outcome::Done, || json!({"arn": record.arn}));
        Ok(json!({"Role": shown(record)}))
    }

    pub(super) fn get_role(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let OfRole { role_name } = read(input)?;
        let role = self.allowed(caller, "GetRole", &role_name)?;
        Ok(json!({"Role": shown(&role.record)}))
    }

    pub(super) fn list_roles(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let list: List = read(input)?;
        self.check(caller, "ListRoles", "*")?;
        let prefix = list.path_prefix.as_deref().unwrap_or("/");
        if !prefix.starts_with('/') {
            return Err(validation(format!(
                "The specified value for pathPrefix is invalid: `{prefix}` has no / before it"
            )));
        }
        let roles = self.roles.all();
        let roles = roles.iter().filter(|role| role.record.path.starts_with(prefix));
        let roles = roles.map(|role| (role.record.name.clone(), &role.record));
        Ok(page(roles, &list, "Roles", shown))
    }

    pub(super) fn update_role(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let input: UpdateRole = read(input)?;
        let role = self.allowed(caller, "UpdateRole", &input.role_name)?;
        let longest = duration(input.max_session_duration)?;
        self.change(&role, |record| {
            record.description = input.description.or(record.description.take());
            record.max_session = longest.unwrap_or(record.max_session);
        })?;
        Ok(json!({}))
    }

    pub(super) fn update_trust(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let input: UpdateTrust = read(input)?;
        let role = self.allowed(caller, "UpdateAssumeRolePolicy", &input.role_name)?;
        check_trust(&input.policy_document)?;
        self.change(&role, |record| record.trust = input.policy_document)?;
        self.world.log.tell(NAME, &input.role_name, "changed", Outcome::Done, || json!({"trust": true}));
        Ok(json!({}))
    }

    pub(super) fn delete_role(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let OfRole { role_name } = read(input)?;
        let role = self.allowed(caller, "DeleteRole", &role_name)?;
        if !role.record.attached.is_empty() {
            return Err(conflict("Cannot delete entity, must detach all policies first."));
        }
        if !role.record.inline.is_empty() {
            return Err(conflict("Cannot delete entity, must delete policies first."));
        }
        self.table.delete(&role_name);
        self.roles.remove(&role_name);
        self.world.log.tell(NAME, &role_name, "deleted", Outcome::Done, || json!({}));
        Ok(json!({}))
    }

    pub(super) fn tag_role(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let input: TagRole = read(input)?;
        let role = self.allowed(caller, "TagRole", &input.role_name)?;
        let tags = with_tags(role.record.tags.clone(), input.tags)?;
        self.change(&role, |record| record.tags = tags)?;
        Ok(json!({}))
    }

    pub(super) fn untag_role(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let input: UntagRole = read(input)?;
        let role = self.allowed(caller, "UntagRole", &input.role_name)?;
        self.change(&role, |record| record.tags.retain(|key, _| !input.tag_keys.contains(key)))?;
        Ok(json!({}))
    }

    pub(super) fn list_role_tags(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let list: List = read(input)?;
        let role = self.allowed(caller, "ListRoleTags", list.role_name.as_deref().unwrap_or_default())?;
        let tags = role.record.tags.iter().map(|tag| (tag.0.clone(), tag));
        Ok(page(tags, &list, "Tags", tag))
    }

    pub(super) fn put_boundary(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let input: PutBoundary = read(input)?;
        let role = self.allowed(caller, "PutRolePermissionsBoundary", &input.role_name)?;
        check_managed(&input.permissions_boundary)?;
        self.change(&role, |record| record.boundary = Some(input.permissions_boundary))?;
        Ok(json!({}))
    }

    pub(super) fn delete_boundary(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let OfRole { role_name } = read(input)?;
        let role = self.allowed(caller, "DeleteRolePermissionsBoundary", &role_name)?;
        if role.record.boundary.is_none() {
            return Err(no_entity(format!("The role with name {role_name} has no permissions boundary.")));
        }
        self.change(&role, |record| record.boundary = None)?;
        Ok(json!({}))
    }
}

/// A role as the operations show it.
fn shown(record: &RoleRecord) -> Value {
    let mut shown = Map::from_iter([
        ("Path".to_owned(), json!(record.path)),
        ("RoleName".to_owned(), json!(record.name)),
        ("RoleId".to_owned(), json!(record.id)),
        ("Arn".to_owned(), json!(record.arn)),
        ("CreateDate".to_owned(), json!(record.created.rfc3339())),
        ("AssumeRolePolicyDocument".to_owned(), encoded(&record.trust).into()),
        ("MaxSessionDuration".to_owned(), json!(record.max_session)),
    ]);
    shown.extend(record.description.as_ref().map(|description| ("Description".to_owned(), json!(description))));
    if let Some(arn) = &record.boundary {
        let boundary = json!({"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": arn});
        shown.insert("PermissionsBoundary".to_owned(), boundary);
    }
    if !record.tags.is_empty() {
        shown.insert("Tags".to_owned(), record.tags.iter().map(tag).collect());
    }
    Value::Object(shown)
}

fn tag((key, value): (&String, &String)) -> Value {
    json!({"Key": key, "Value": value})
}

/// A policy's text as IAM gives it back: percent-encoded by RFC 3986.
pub(super) fn encoded(text: &str) -> String {
    let plain = form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    plain.replace('+', "%20").replace('*', "%2A").replace("%7E", "~")
}

/// Refuses a name that IAM refuses.
pub(super) fn check_name(parameter: &str, name: &str, most: usize) -> Result<(), AwsError> {
    let valid = |byte: u8| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte);
    if name.is_empty() || name.len() > most || !name.bytes().all(valid) {
        return Err(validation(format!(
            "The specified value for {parameter} is invalid. It must contain only alphanumeric characters and/or the \
             following: +=,.@_- and have 1 to {most} of them"
        )));
    }
    Ok(())
}

fn check_trust(document: &str) -> Result<(), AwsError> {
    Policy::parse_text(document, Kind::Trust)?;
    if size(document) > TRUST {
        return Err(limit(format!("Cannot exceed quota for ACLSizePerRole: {TRUST}")));
    }
    Ok(())
}

/// Characters of a document that count: all but white space.
pub(super) fn size(document: &str) -> usize {
    document.chars().filter(|character| !character.is_whitespace()).count()
}

/// Refuses a managed policy that is not here.
pub(super) fn check_managed(arn: &str) -> Result<(), AwsError> {
    match managed::document(arn) {
        Some(_) => Ok(()),
        None => Err(no_entity(format!(
            "Policy {arn} does not exist or is not attachable: the local engine has those managed policies of AWS \
             that templates of flows refer to, and this is none of them"
        ))),
    }
}

fn duration(seconds: Option<u32>) -> Result<Option<u32>, AwsError> {
    match seconds {
        Some(seconds) if !(3600..=43_200).contains(&seconds) => {
            Err(validation("The requested MaxSessionDuration must be between 3600 and 43200 seconds"))
        }
        seconds => Ok(seconds),
    }
}

fn with_tags(mut tags: BTreeMap<String, String>, more: Vec<Tag>) -> Result<BTreeMap<String, String>, AwsError> {
    for Tag { key, value } in more {
        if key.is_empty() || key.chars().count() > 128 || value.chars().count() > 256 {
            return Err(validation("a tag's key has 1 to 128 characters, and its value at most 256"));
        }
        tags.insert(key, value);
    }
    if tags.len() > TAGS {
        return Err(limit(format!("The number of tags has exceeded the maximum limit. Limit: {TAGS}")));
    }
    Ok(tags)
}
