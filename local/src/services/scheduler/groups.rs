//! Schedule groups and their tags.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::input::{self, invalid, read};
use super::{Scheduler, conflict, missing, page};
use crate::kernel::{AwsError, Caller, Outcome, Time};

/// The group that is always there.
pub(super) const DEFAULT: &str = "default";

/// A group.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Group {
    pub(super) made: Time,
    tags: BTreeMap<String, String>,
    /// The client's token of its making.
    token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Named {
    name: String,
    client_token: Option<String>,
    #[serde(default)]
    tags: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Tag {
    key: String,
    value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Listed {
    name_prefix: Option<String>,
    next_token: Option<String>,
    max_results: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Tagged {
    resource_arn: String,
    #[serde(default)]
    tags: Vec<Tag>,
    #[serde(default)]
    tag_keys: Vec<String>,
}

impl Scheduler {
    pub(super) fn group_arn(&self, name: &str) -> String {
        self.arn(&format!("schedule-group/{name}"))
    }

    pub(super) fn create_group(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let Named { name, client_token, tags } = read(input)?;
        input::name(&name)?;
        let arn = self.group_arn(&name);
        self.check(caller, "CreateScheduleGroup", &arn)?;
        let tags: BTreeMap<String, String> = tags.into_iter().map(|tag| (tag.key, tag.value)).collect();
        let known = self.groups.borrow().get(&name).map(|known| (known.token.clone(), known.tags.clone()));
        match known {
            Some((token, known)) if token.is_some() && token == client_token && known == tags => {}
            Some(_) => return Err(conflict(format!("Schedule group {name} already exists."))),
            None if name == DEFAULT => return Err(conflict(format!("Schedule group {name} already exists."))),
            None => {
                self.put_group(&name, Group { made: self.world.clock.now(), tags, token: client_token });
                self.tell(&name, "created", Outcome::Done, || Value::Null);
            }
        }
        Ok(json!({"ScheduleGroupArn": arn}))
    }

    pub(super) fn get_group(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let Named { name, .. } = read(input)?;
        self.check(caller, "GetScheduleGroup", &self.group_arn(&name))?;
        let group = self.group(&name)?;
        Ok(self.shown(&name, &group))
    }

    pub(super) fn delete_group(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let Named { name, .. } = read(input)?;
        self.check(caller, "DeleteScheduleGroup", &self.group_arn(&name))?;
        self.group(&name)?;
        if name == DEFAULT {
            return Err(invalid("The default schedule group cannot be deleted."));
        }
        let prefix = format!("{name}/");
        let within = |key: &&String| key.starts_with(&prefix);
        let keys: Vec<String> = self.schedules.borrow().keys().filter(within).cloned().collect();
        for key in keys {
            self.remove(&key);
        }
        self.groups.borrow_mut().remove(&name);
        self.tables.groups.delete(&name);
        self.tell(&name, "deleted", Outcome::Done, || Value::Null);
        Ok(json!({}))
    }

    pub(super) fn list_groups(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let Listed { name_prefix, next_token, max_results } = read(input)?;
        self.check(caller, "ListScheduleGroups", "*")?;
        let mut groups = self.groups.borrow().clone();
        groups.entry(DEFAULT.to_owned()).or_insert_with(first);
        let prefix = name_prefix.unwrap_or_default();
        let groups = groups.into_iter().filter(|(name, _)| name.starts_with(&prefix));
        let groups = groups.map(|(name, group)| (name.clone(), (name, group)));
        page("ScheduleGroups", groups, max_results.as_ref(), next_token.as_deref(), |(name, group)| {
            self.shown(&name, &group)
        })
    }

    pub(super) fn tag(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let Tagged { resource_arn, tags, .. } = read(input)?;
        self.check(caller, "TagResource", &resource_arn)?;
        let (name, mut group) = self.tagged(&resource_arn)?;
        group.tags.extend(tags.into_iter().map(|tag| (tag.key, tag.value)));
        self.put_group(&name, group);
        Ok(json!({}))
    }

    pub(super) fn untag(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let Tagged { resource_arn, tag_keys, .. } = read(input)?;
        self.check(caller, "UntagResource", &resource_arn)?;
        let (name, mut group) = self.tagged(&resource_arn)?;
        group.tags.retain(|key, _| !tag_keys.contains(key));
        self.put_group(&name, group);
        Ok(json!({}))
    }

    pub(super) fn list_tags(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let Tagged { resource_arn, .. } = read(input)?;
        self.check(caller, "ListTagsForResource", &resource_arn)?;
        let (_, group) = self.tagged(&resource_arn)?;
        let tags: Vec<Value> = group.tags.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect();
        Ok(json!({"Tags": tags}))
    }

    /// The group with this name.
    pub(super) fn group(&self, name: &str) -> Result<Group, AwsError> {
        let known = self.groups.borrow().get(name).cloned();
        let known = known.or_else(|| (name == DEFAULT).then(first));
        known.ok_or_else(|| missing("Schedule group", name))
    }

    fn tagged(&self, arn: &str) -> Result<(String, Group), AwsError> {
        let name = arn.strip_prefix(&self.group_arn("")).ok_or_else(|| missing("Resource", arn))?;
        Ok((name.to_owned(), self.group(name)?))
    }

    fn put_group(&self, name: &str, group: Group) {
        self.tables.groups.put(name, &group);
        self.groups.borrow_mut().insert(name.to_owned(), group);
    }

    fn shown(&self, name: &str, group: &Group) -> Value {
        let made = group.made.fractional_seconds();
        json!({
            "Arn": self.group_arn(name), "Name": name, "State": "ACTIVE", "CreationDate": made,
            "LastModificationDate": made,
        })
    }
}

/// The default group as long as nobody has tagged it.
const fn first() -> Group {
    Group { made: Time::EPOCH, tags: BTreeMap::new(), token: None }
}
