//! Schedules: their operations, and what is kept of each.

use std::rc::Rc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::due::Due;
use super::groups::DEFAULT;
use super::input::{self, Settings, State, invalid, read};
use super::{NAME, Scheduler, conflict, missing, page};
use crate::kernel::{Access, Arn, AwsError, Caller, Outcome, Time};

/// Who takes on the roles of schedules.
const PRINCIPAL: &str = "scheduler.amazonaws.com";

/// A schedule.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Schedule {
    pub(super) group: String,
    pub(super) name: String,
    pub(super) settings: Settings,
    pub(super) created: Time,
    pub(super) modified: Time,
    /// The client's token of its making.
    pub(super) token: Option<String>,
    /// When it is due next; `None` if never again, or while it is disabled.
    pub(super) due: Option<Due>,
}

/// The members of a schedule's input that are not its settings.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Which {
    name: String,
    #[serde(default = "default")]
    group_name: String,
    client_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Listed {
    group_name: Option<String>,
    name_prefix: Option<String>,
    state: Option<State>,
    next_token: Option<String>,
    max_results: Option<Value>,
}

fn default() -> String {
    DEFAULT.to_owned()
}

/// Parts an input into which schedule it means, and the rest.
fn parted(input: Value) -> Result<(Which, Value), AwsError> {
    let Value::Object(members) = input else { return Err(invalid("the input is no object")) };
    let is_which = |name: &str| matches!(name, "Name" | "GroupName" | "ClientToken");
    let members = members.into_iter().filter(|(_, value)| !value.is_null());
    let (which, rest): (Map<_, _>, Map<_, _>) = members.partition(|(name, _)| is_which(name));
    Ok((read(Value::Object(which))?, Value::Object(rest)))
}

impl Which {
    fn key(&self) -> String {
        format!("{}/{}", self.group_name, self.name)
    }
}

impl Scheduler {
    pub(super) fn create_schedule(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let (which, settings) = parted(input)?;
        let key = self.allowed(caller, "CreateSchedule", &which)?;
        input::name(&which.name)?;
        let settings: Settings = read(settings)?;
        let now = self.world.clock.now();
        let rule = settings.check(now)?;
        self.pass(caller, &settings, &which)?;
        self.group(&which.group_name)?;
        let known = self.schedules.borrow().get(&key).cloned();
        match known {
            Some(known) if known.token.is_some() && known.token == which.client_token && known.settings == settings => {
            }
            Some(_) => return Err(conflict(format!("Schedule {} already exists.", which.name))),
            None => {
                let due = self.drawn(&settings, rule.first());
                let Which { name, group_name: group, client_token: token } = which;
                self.put(&key, Schedule { group, name, settings, created: now, modified: now, token, due });
                self.tell(&key, "created", Outcome::Done, || Value::Null);
            }
        }
        Ok(json!({"ScheduleArn": self.schedule_arn(&key)}))
    }

    pub(super) fn update_schedule(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let (which, settings) = parted(input)?;
        let key = self.allowed(caller, "UpdateSchedule", &which)?;
        let settings: Settings = read(settings)?;
        let now = self.world.clock.now();
        let rule = settings.check(now)?;
        self.pass(caller, &settings, &which)?;
        let known = self.known(&key)?;
        let due = self.drawn(&settings, rule.first());
        self.put(&key, Schedule { settings, modified: now, due, ..(*known).clone() });
        self.tell(&key, "updated", Outcome::Done, || Value::Null);
        Ok(json!({"ScheduleArn": self.schedule_arn(&key)}))
    }

    pub(super) fn get_schedule(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let (which, _) = parted(input)?;
        let key = self.allowed(caller, "GetSchedule", &which)?;
        let known = self.known(&key)?;
        let mut shown = serde_json::to_value(&known.settings).map_err(|error| AwsError::internal(error.to_string()))?;
        if let Some(members) = shown.as_object_mut() {
            members.insert("Arn".to_owned(), self.schedule_arn(&key).into());
            members.insert("Name".to_owned(), known.name.as_str().into());
            members.insert("GroupName".to_owned(), known.group.as_str().into());
            members.insert("CreationDate".to_owned(), known.created.fractional_seconds().into());
            members.insert("LastModificationDate".to_owned(), known.modified.fractional_seconds().into());
        }
        Ok(shown)
    }

    pub(super) fn delete_schedule(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let (which, _) = parted(input)?;
        let key = self.allowed(caller, "DeleteSchedule", &which)?;
        self.known(&key)?;
        self.remove(&key);
        self.tell(&key, "deleted", Outcome::Done, || Value::Null);
        Ok(json!({}))
    }

    pub(super) fn list_schedules(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let Listed { group_name, name_prefix, state, next_token, max_results } = read(input)?;
        self.check(caller, "ListSchedules", "*")?;
        let prefix = name_prefix.unwrap_or_default();
        if let Some(group) = &group_name {
            self.group(group)?;
        }
        let wanted = |schedule: &Schedule| {
            group_name.as_ref().is_none_or(|group| *group == schedule.group)
                && schedule.name.starts_with(&prefix)
                && state.is_none_or(|state| state == schedule.settings.state)
        };
        let schedules = self.schedules.borrow();
        let schedules = schedules.iter().filter(|(_, schedule)| wanted(schedule));
        let schedules = schedules.map(|(key, schedule)| (key.clone(), (key, schedule)));
        page("Schedules", schedules, max_results.as_ref(), next_token.as_deref(), |(key, schedule)| {
            json!({
                "Arn": self.schedule_arn(key),
                "Name": schedule.name,
                "GroupName": schedule.group,
                "State": schedule.settings.state,
                "CreationDate": schedule.created.fractional_seconds(),
                "LastModificationDate": schedule.modified.fractional_seconds(),
                "Target": {"Arn": schedule.settings.target.arn},
            })
        })
    }

    pub(super) fn schedule_arn(&self, key: &str) -> String {
        self.arn(&format!("schedule/{key}"))
    }

    pub(super) fn tell(&self, resource: &str, what: &'static str, outcome: Outcome, detail: impl FnOnce() -> Value) {
        self.world.log.tell(NAME, resource, what, outcome, detail);
    }

    /// Asks whether the caller may; gives the schedule's key.
    fn allowed(&self, caller: &Caller, operation: &str, which: &Which) -> Result<String, AwsError> {
        let key = which.key();
        self.check(caller, operation, &self.schedule_arn(&key))?;
        Ok(key)
    }

    /// Asks whether the caller may hand the schedule its role, and whether the scheduler can take it on.
    fn pass(&self, caller: &Caller, settings: &Settings, which: &Which) -> Result<(), AwsError> {
        let context = [("iam:PassedToService", PRINCIPAL)];
        let resource = &settings.target.role_arn;
        self.judge(&Access { caller, action: "iam:PassRole", resource, policy: None, context: &context })?;
        let assumed = self.assume(resource, &which.key());
        assumed.map(|_| ()).map_err(|error| {
            let text = "The execution role you provide must allow AWS EventBridge Scheduler to assume the role.";
            invalid(format!("{text} ({})", error.message))
        })
    }

    /// Takes on the role of a schedule, in a session with its name. The scheduler says for which group it
    /// does.
    pub(super) fn assume(&self, role: &str, key: &str) -> Result<Caller, AwsError> {
        let parse = |arn: &str| Arn::parse(arn).map_err(|error| invalid(error.to_string()));
        let (group, name) = key.split_once('/').unwrap_or_default();
        let source = parse(&self.group_arn(group))?;
        self.world.guard.assume(&Caller::Service { principal: PRINCIPAL, source }, &parse(role)?, name)
    }

    fn known(&self, key: &str) -> Result<Rc<Schedule>, AwsError> {
        let name = key.rsplit('/').next().unwrap_or_default();
        self.schedules.borrow().get(key).cloned().ok_or_else(|| missing("Schedule", name))
    }

    /// Keeps a schedule as it is now, and its place in the line.
    pub(super) fn put(&self, key: &str, schedule: Schedule) {
        self.tables.schedules.put(key, &schedule);
        self.leave(key);
        self.enter(key, &schedule);
        self.schedules.borrow_mut().insert(key.to_owned(), Rc::new(schedule));
    }

    /// Forgets a schedule. What is being delivered goes on.
    pub(super) fn remove(&self, key: &str) {
        self.leave(key);
        self.tables.schedules.delete(key);
        self.schedules.borrow_mut().remove(key);
    }
}
