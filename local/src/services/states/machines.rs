//! The operations on state machines.
//!
//! Inert here, and given back as they were set: `loggingConfiguration`, `tracingConfiguration`,
//! `encryptionConfiguration`. Versions and aliases are not there: `publish` is refused.

use std::rc::Rc;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::States;
use super::asl::{self, refusal};
use super::input::{arn, check_name, page, read, validation};
use super::record::{Execution, MachineRecord, Revision, RevisionRecord, Status};
use crate::kernel::{Access, Arn, AwsError, Caller, Outcome};

/// Who takes on the roles of machines.
const PRINCIPAL: &str = "states.amazonaws.com";

/// The id of the first revision, which AWS does not show.
const INITIAL: &str = "INITIAL";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Create {
    name: String,
    definition: String,
    role_arn: String,
    r#type: Option<Type>,
    logging_configuration: Option<Value>,
    tracing_configuration: Option<Value>,
    encryption_configuration: Option<Value>,
    #[serde(default)]
    tags: Vec<Tag>,
    #[serde(default)]
    publish: bool,
    version_description: Option<String>,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "UPPERCASE")]
enum Type {
    Standard,
    Express,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Tag {
    key: String,
    #[serde(default)]
    value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Update {
    state_machine_arn: String,
    definition: Option<String>,
    role_arn: Option<String>,
    logging_configuration: Option<Value>,
    tracing_configuration: Option<Value>,
    encryption_configuration: Option<Value>,
    #[serde(default)]
    publish: bool,
    version_description: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Named {
    state_machine_arn: String,
    included_data: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct OfExecution {
    execution_arn: String,
    included_data: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct List {
    max_results: Option<u64>,
    next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Validate {
    definition: String,
    r#type: Option<Type>,
    severity: Option<Value>,
    max_results: Option<usize>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Tagging {
    resource_arn: String,
    #[serde(default)]
    tags: Vec<Tag>,
    #[serde(default)]
    tag_keys: Vec<String>,
}

fn no_versions(publish: bool, description: Option<&String>) -> Result<(), AwsError> {
    if publish || description.is_some() {
        return Err(validation("the local engine does not have versions of state machines: leave out `publish`"));
    }
    Ok(())
}

fn does_not_exist(arn: &str) -> AwsError {
    AwsError::new("StateMachineDoesNotExist", format!("State Machine Does Not Exist: '{arn}'"))
}

impl States {
    pub(super) fn create_state_machine(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let create: Create = read(input)?;
        let arn = self.world.place.arn(super::NAME, &format!("stateMachine:{}", create.name));
        self.allow(caller, "CreateStateMachine", arn.as_str())?;
        check_name(&create.name)?;
        self.pass_role(caller, &arn, &create.role_arn)?;
        no_versions(create.publish, create.version_description.as_ref())?;
        let express = create.r#type == Some(Type::Express);
        let machine = asl::read(&create.definition, express).map_err(|findings| refusal(&findings))?;
        let now = self.world.clock.now();
        let record = RevisionRecord {
            machine: create.name.clone(),
            id: INITIAL.to_owned(),
            definition: create.definition,
            role_arn: create.role_arn,
            express,
            updated: now,
            logging: create.logging_configuration,
            tracing: create.tracing_configuration,
            encryption: create.encryption_configuration,
        };
        if let Some(there) = self.machines.borrow().get(&create.name) {
            return self.create_again(there, &record);
        }
        let (arn, name) = (arn.to_string(), create.name);
        // Executions of an earlier machine of this name may still stand on its first revision.
        let revision = self.put_revision(&format!("{name}/{}", self.world.random.uuid()), record, machine);
        let tags = create.tags.into_iter().map(|tag| (tag.key, tag.value)).collect();
        let made = MachineRecord {
            name: name.clone(),
            arn: arn.clone(),
            express,
            created: now,
            deleting: false,
            revision,
            tags,
        };
        self.tables.machines.put(&name, &made);
        self.machines.borrow_mut().insert(name.clone(), made);
        self.world.log.tell(super::NAME, &name, "created", Outcome::Done, || json!({ "arn": arn }));
        Ok(json!({ "stateMachineArn": arn, "creationDate": now.fractional_seconds() }))
    }

    /// Making what is there already is no mistake, if it is just that.
    fn create_again(&self, there: &MachineRecord, wanted: &RevisionRecord) -> Result<Value, AwsError> {
        let arn = &there.arn;
        if there.deleting {
            return Err(AwsError::new("StateMachineDeleting", format!("State Machine is being deleted: '{arn}'")));
        }
        let revision = self.revision(there)?;
        let is = &revision.record;
        let same = (&is.definition, is.express, &is.logging, &is.tracing, &is.encryption)
            == (&wanted.definition, wanted.express, &wanted.logging, &wanted.tracing, &wanted.encryption);
        if !same {
            return Err(AwsError::new("StateMachineAlreadyExists", format!("State Machine Already Exists: '{arn}'")));
        }
        Ok(json!({ "stateMachineArn": arn, "creationDate": there.created.fractional_seconds() }))
    }

    /// Whether the caller may give a machine this role.
    /// Whether the caller may hand a machine this role, and Step Functions can take it on for it.
    fn pass_role(&self, caller: &Caller, machine: &Arn, role: &str) -> Result<(), AwsError> {
        let parsed = match Arn::parse(role) {
            Ok(arn) if arn.service() == "iam" && arn.resource().starts_with("role/") => arn,
            _ => return Err(AwsError::new("InvalidArn", format!("Invalid Role Arn: '{role}'"))),
        };
        let context = &[("iam:PassedToService", PRINCIPAL)];
        self.world.guard.check(&Access { caller, action: "iam:PassRole", resource: role, policy: None, context })?;
        self.assume(machine.clone(), &parsed, machine.name()).map(|_| ())
    }

    /// Takes on the role of a machine.
    pub(super) fn assume(&self, machine: Arn, role: &Arn, session: &str) -> Result<Caller, AwsError> {
        let service = Caller::Service { principal: PRINCIPAL, source: machine };
        self.world.guard.assume(&service, role, session).map_err(|error| {
            let text = "Neither the global service principal states.amazonaws.com, nor the regional one is authorized \
                        to assume the provided role.";
            AwsError::new("AccessDeniedException", format!("{text} ({})", error.message))
        })
    }

    fn put_revision(&self, key: &str, record: RevisionRecord, machine: asl::Machine) -> String {
        self.tables.revisions.put(key, &record);
        self.revisions.borrow_mut().insert(key.to_owned(), Rc::new(Revision { record, machine }));
        key.to_owned()
    }

    /// The machine that an ARN names.
    pub(super) fn find_machine(&self, text: &str) -> Result<MachineRecord, AwsError> {
        let name = arn(text, &["stateMachine"])?;
        let machines = self.machines.borrow();
        let found = machines.get(name.name()).filter(|machine| machine.arn == text);
        found.cloned().ok_or_else(|| does_not_exist(text))
    }

    /// A machine's current revision.
    pub(super) fn revision(&self, machine: &MachineRecord) -> Result<Rc<Revision>, AwsError> {
        let found = self.revisions.borrow().get(&machine.revision).cloned();
        found.ok_or_else(|| AwsError::internal(format!("the definition of `{}` cannot be read any more", machine.name)))
    }

    pub(super) fn update_state_machine(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let update: Update = read(input)?;
        self.allow(caller, "UpdateStateMachine", &update.state_machine_arn)?;
        let mut made = self.find_machine(&update.state_machine_arn)?;
        no_versions(update.publish, update.version_description.as_ref())?;
        if made.deleting {
            let message = format!("State Machine is being deleted: '{}'", made.arn);
            return Err(AwsError::new("StateMachineDeleting", message));
        }
        let before = self.revision(&made)?;
        let mut record = before.record.clone();
        let sets = [&update.logging_configuration, &update.tracing_configuration, &update.encryption_configuration];
        if update.definition.is_none() && update.role_arn.is_none() && sets.iter().all(|set| set.is_none()) {
            let message = "Either the definition, the role ARN, the LoggingConfiguration, the TracingConfiguration or \
                           the EncryptionConfiguration must be specified";
            return Err(AwsError::new("MissingRequiredParameter", message));
        }
        let machine = match update.definition {
            None => before.machine.clone(),
            Some(definition) => {
                let read = asl::read(&definition, made.express).map_err(|findings| refusal(&findings))?;
                record.definition = definition;
                read
            }
        };
        if let Some(role) = update.role_arn {
            let machine = Arn::parse(&made.arn).map_err(|error| AwsError::internal(error.to_string()))?;
            self.pass_role(caller, &machine, &role)?;
            record.role_arn = role;
        }
        record.logging = update.logging_configuration.or(record.logging);
        record.tracing = update.tracing_configuration.or(record.tracing);
        record.encryption = update.encryption_configuration.or(record.encryption);
        record.updated = self.world.clock.now();
        record.id = self.world.random.uuid();
        let (updated, id) = (record.updated, record.id.clone());
        made.revision = self.put_revision(&format!("{}/{id}", made.name), record, machine);
        self.tables.machines.put(&made.name, &made);
        self.world.log.tell(super::NAME, &made.name, "updated", Outcome::Done, || json!({ "revision": id }));
        self.machines.borrow_mut().insert(made.name.clone(), made);
        Ok(json!({ "updateDate": updated.fractional_seconds(), "revisionId": id }))
    }

    pub(super) fn delete_state_machine(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let named: Named = read(input)?;
        self.allow(caller, "DeleteStateMachine", &named.state_machine_arn)?;
        arn(&named.state_machine_arn, &["stateMachine"])?;
        // Deleting what is not there is no mistake.
        let Ok(mut machine) = self.find_machine(&named.state_machine_arn) else { return Ok(json!({})) };
        machine.deleting = true;
        self.tables.machines.put(&machine.name, &machine);
        self.machines.borrow_mut().insert(machine.name.clone(), machine.clone());
        self.delete_if_idle(&machine);
        Ok(json!({}))
    }

    /// Whether an execution's machine is being deleted.
    pub(super) fn is_deleting(&self, execution: &Execution) -> bool {
        self.machines.borrow().get(&execution.begun.about.machine_name).is_some_and(|machine| machine.deleting)
    }

    /// An execution ended: perhaps its machine was waiting for that to be deleted.
    pub(super) fn finish_deletion(&self, execution: &Execution) {
        if self.is_deleting(execution) {
            let machine = self.machines.borrow().get(&execution.begun.about.machine_name).cloned();
            machine.iter().for_each(|machine| self.delete_if_idle(machine));
        }
    }

    fn delete_if_idle(&self, machine: &MachineRecord) {
        let of_machine: Vec<Rc<Execution>> = {
            let executions = self.executions.borrow();
            let of_machine = |execution: &&Rc<Execution>| execution.begun.about.machine_arn == machine.arn;
            executions.by_arn.values().filter(of_machine).cloned().collect()
        };
        if of_machine.iter().any(|execution| execution.status() == Status::Running) {
            return;
        }
        for execution in of_machine {
            self.forget(&execution, &execution.progress.borrow().run, std::iter::empty());
            self.unknow(&execution);
        }
        self.revisions.borrow_mut().retain(|key, revision| {
            let other = revision.record.machine != machine.name;
            if !other {
                self.tables.revisions.delete(key);
            }
            other
        });
        self.tables.machines.delete(&machine.name);
        self.machines.borrow_mut().remove(&machine.name);
        self.world.log.tell(super::NAME, &machine.name, "deleted", Outcome::Done, || json!({}));
    }

    pub(super) fn describe_state_machine(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let named: Named = read(input)?;
        self.allow(caller, "DescribeStateMachine", &named.state_machine_arn)?;
        let machine = self.find_machine(&named.state_machine_arn)?;
        let revision = self.revision(&machine)?;
        let mut described = described(&revision.record, bare(named.included_data.as_ref()));
        described.insert("stateMachineArn".to_owned(), machine.arn.into());
        described.insert("name".to_owned(), machine.name.into());
        described.insert("status".to_owned(), if machine.deleting { "DELETING" } else { "ACTIVE" }.into());
        described.insert("type".to_owned(), kind(machine.express).into());
        described.insert("creationDate".to_owned(), machine.created.fractional_seconds().into());
        Ok(Value::Object(described))
    }

    pub(super) fn describe_state_machine_for_execution(
        &self,
        caller: &Caller,
        input: Value,
    ) -> Result<Value, AwsError> {
        let of: OfExecution = read(input)?;
        self.allow(caller, "DescribeStateMachineForExecution", &of.execution_arn)?;
        let execution = self.find_execution(&of.execution_arn)?;
        let record = &execution.revision.record;
        let mut described = described(record, bare(of.included_data.as_ref()));
        let about = &execution.begun.about;
        described.insert("stateMachineArn".to_owned(), about.machine_arn.as_str().into());
        described.insert("name".to_owned(), about.machine_name.as_str().into());
        described.insert("updateDate".to_owned(), record.updated.fractional_seconds().into());
        Ok(Value::Object(described))
    }

    pub(super) fn list_state_machines(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let list: List = read(input)?;
        self.allow(caller, "ListStateMachines", "*")?;
        let (size, after) = page(list.max_results, list.next_token.as_deref(), 1000)?;
        let skip = usize::try_from(after.unwrap_or(0)).unwrap_or(usize::MAX);
        let machines = self.machines.borrow();
        let listed: Vec<Value> = machines
            .values()
            .skip(skip)
            .take(size)
            .map(|machine| {
                json!({
                    "stateMachineArn": machine.arn,
                    "name": machine.name,
                    "type": kind(machine.express),
                    "creationDate": machine.created.fractional_seconds(),
                })
            })
            .collect();
        let behind = skip.saturating_add(listed.len());
        let mut answer = json!({ "stateMachines": listed });
        if behind < machines.len()
            && let Some(answer) = answer.as_object_mut()
        {
            answer.insert("nextToken".to_owned(), behind.to_string().into());
        }
        Ok(answer)
    }

    pub(super) fn validate_state_machine_definition(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let validate: Validate = read(input)?;
        self.allow(caller, "ValidateStateMachineDefinition", "*")?;
        if validate.definition.is_empty() {
            return Err(validation(
                "1 validation error detected: Value '' at 'definition' failed to satisfy constraint: Member must have \
                 length greater than or equal to 1",
            ));
        }
        // There are no warnings here, so the least severity that is asked for changes nothing.
        let _ = validate.severity;
        let found = asl::read(&validate.definition, validate.r#type == Some(Type::Express)).err().unwrap_or_default();
        let most = validate.max_results.filter(|most| *most > 0).unwrap_or(100);
        let diagnostics: Vec<Value> = found
            .iter()
            .take(most)
            .map(|found| {
                let (code, message, location) = (found.code, &found.message, &found.location);
                json!({ "severity": "ERROR", "code": code, "message": message, "location": location })
            })
            .collect();
        let result = if found.is_empty() { "OK" } else { "FAIL" };
        Ok(json!({ "result": result, "diagnostics": diagnostics, "truncated": found.len() > most }))
    }

    fn tagged(&self, arn: &str) -> Result<MachineRecord, AwsError> {
        self.find_machine(arn).map_err(|error| match error.code.as_str() {
            "StateMachineDoesNotExist" => {
                AwsError::new("ResourceNotFound", format!("Resource not found: '{arn}'")).with("resourceName", arn)
            }
            _ => error,
        })
    }

    pub(super) fn tag_resource(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let tagging: Tagging = read(input)?;
        self.allow(caller, "TagResource", &tagging.resource_arn)?;
        let mut machine = self.tagged(&tagging.resource_arn)?;
        machine.tags.extend(tagging.tags.into_iter().map(|tag| (tag.key, tag.value)));
        if machine.tags.len() > 50 {
            let message = format!("a resource has at most 50 tags, not {}", machine.tags.len());
            return Err(AwsError::new("TooManyTags", message).with("resourceName", machine.arn));
        }
        self.put_machine(machine);
        Ok(json!({}))
    }

    pub(super) fn untag_resource(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let tagging: Tagging = read(input)?;
        self.allow(caller, "UntagResource", &tagging.resource_arn)?;
        let mut machine = self.tagged(&tagging.resource_arn)?;
        machine.tags.retain(|key, _| !tagging.tag_keys.contains(key));
        self.put_machine(machine);
        Ok(json!({}))
    }

    fn put_machine(&self, machine: MachineRecord) {
        self.tables.machines.put(&machine.name, &machine);
        self.machines.borrow_mut().insert(machine.name.clone(), machine);
    }

    pub(super) fn list_tags_for_resource(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let tagging: Tagging = read(input)?;
        self.allow(caller, "ListTagsForResource", &tagging.resource_arn)?;
        let machine = self.tagged(&tagging.resource_arn)?;
        let tags: Vec<Value> = machine.tags.iter().map(|(key, value)| json!({ "key": key, "value": value })).collect();
        Ok(json!({ "tags": tags }))
    }
}

const fn kind(express: bool) -> &'static str {
    if express { "EXPRESS" } else { "STANDARD" }
}

/// `includedData: METADATA_ONLY`.
pub(super) fn bare(included: Option<&Value>) -> bool {
    included.and_then(Value::as_str) == Some("METADATA_ONLY")
}

/// What a revision says; the defaults of what was not set are AWS's.
fn described(record: &RevisionRecord, bare: bool) -> Map<String, Value> {
    let mut described = Map::new();
    if !bare {
        described.insert("definition".to_owned(), record.definition.as_str().into());
    }
    described.insert("roleArn".to_owned(), record.role_arn.as_str().into());
    let logging = record.logging.clone().unwrap_or_else(|| json!({ "level": "OFF", "includeExecutionData": false }));
    described.insert("loggingConfiguration".to_owned(), logging);
    let tracing = record.tracing.clone().unwrap_or_else(|| json!({ "enabled": false }));
    described.insert("tracingConfiguration".to_owned(), tracing);
    let encryption = record.encryption.clone().unwrap_or_else(|| json!({ "type": "AWS_OWNED_KEY" }));
    described.insert("encryptionConfiguration".to_owned(), encryption);
    if record.id != INITIAL {
        described.insert("revisionId".to_owned(), record.id.as_str().into());
    }
    described
}
