//! The operations on executions.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::sync::Notify;

use super::States;
use super::data::{Data, Failure};
use super::input::{arn, check_name, page, payload, read, validation};
use super::machines::bare;
use super::record::{Begun, Execution, MachineRecord, Progress, Revision, Status};
use super::run::{About, Event, Run};
use crate::kernel::{Arn, AwsError, Caller, Outcome, Time};

/// How long a closed execution is known, and its name taken ("Service quotas": 90 days).
const RETENTION: Duration = Duration::from_secs(90 * 24 * 3600);
/// The longest an express execution runs (same page: five minutes).
const EXPRESS: Duration = Duration::from_secs(300);
/// The longest a standard execution runs (same page: a year).
const STANDARD: Duration = Duration::from_secs(365 * 24 * 3600);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Start {
    state_machine_arn: String,
    name: Option<String>,
    input: Option<String>,
    /// For X-Ray, which is not here.
    trace_header: Option<String>,
    included_data: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Stop {
    execution_arn: String,
    error: Option<String>,
    cause: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Describe {
    execution_arn: String,
    included_data: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct List {
    state_machine_arn: String,
    status_filter: Option<Filter>,
    max_results: Option<u64>,
    next_token: Option<String>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Filter {
    Running,
    Succeeded,
    Failed,
    TimedOut,
    Aborted,
    /// None is here: executions are not redriven.
    PendingRedrive,
}

/// The ARN of a standard machine's execution.
pub(super) fn execution_arn(machine: &str, name: &str) -> String {
    format!("{}:{name}", machine.replacen(":stateMachine:", ":execution:", 1))
}

fn wrong_type() -> AwsError {
    let message = "This operation is not supported by this type of state machine";
    AwsError::new("StateMachineTypeNotSupported", message)
}

impl States {
    pub(super) fn start_execution(self: &Rc<Self>, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let (start, machine, revision, input) = self.starting(caller, "StartExecution", input)?;
        self.forget_old();
        let name = start.name.unwrap_or_else(|| self.world.random.uuid());
        let arn = if machine.express {
            let arn = machine.arn.replacen(":stateMachine:", ":express:", 1);
            format!("{arn}:{name}:{}", self.world.random.uuid())
        } else {
            execution_arn(&machine.arn, &name)
        };
        let there = self.executions.borrow().by_arn.get(&arn).cloned();
        let execution = match there {
            Some(there) if there.status() == Status::Running && there.begun.about.input == input => there,
            Some(_) => {
                return Err(AwsError::new("ExecutionAlreadyExists", format!("Execution Already Exists: '{arn}'")));
            }
            None => self.start(&machine, revision, (arn, name), input, true),
        };
        let started = execution.begun.about.started.fractional_seconds();
        Ok(json!({ "executionArn": execution.arn(), "startDate": started }))
    }

    fn starting(
        &self,
        caller: &Caller,
        operation: &str,
        input: Value,
    ) -> Result<(Start, MachineRecord, Rc<Revision>, Data), AwsError> {
        let start: Start = read(input)?;
        self.allow(caller, operation, &start.state_machine_arn)?;
        let _ = start.trace_header;
        let machine = self.find_machine(&start.state_machine_arn)?;
        if machine.deleting {
            let message = format!("State Machine is being deleted: '{}'", machine.arn);
            return Err(AwsError::new("StateMachineDeleting", message));
        }
        start.name.iter().try_for_each(|name| check_name(name))?;
        let invalid = |error: AwsError| {
            let message = format!("Invalid State Machine Execution Input: '{}'", error.message);
            AwsError::new("InvalidExecutionInput", message)
        };
        let input = payload(start.input.as_deref().unwrap_or("{}"), "InvalidExecutionInput").map_err(invalid)?;
        let revision = self.revision(&machine)?;
        Ok((Start { trace_header: None, ..start }, machine, revision, input))
    }

    fn start(
        self: &Rc<Self>,
        machine: &MachineRecord,
        revision: Rc<Revision>,
        (arn, name): (String, String),
        input: Data,
        durable: bool,
    ) -> Rc<Execution> {
        let now = self.world.clock.now();
        let about = About {
            arn,
            name,
            machine_arn: machine.arn.clone(),
            machine_name: machine.name.clone(),
            role_arn: revision.record.role_arn.clone(),
            region: self.world.place.region.to_string(),
            input,
            started: now,
            keeps_history: !machine.express,
        };
        let most = if machine.express { EXPRESS } else { STANDARD };
        let timeout = revision.machine.timeout.map_or(most, |seconds| Duration::from_secs(seconds).min(most));
        let run = Run::new(&revision.machine, &about, Some(now + timeout));
        let number = self.executions.borrow().next;
        let execution = Rc::new(Execution {
            begun: Begun { number, about, revision: machine.revision.clone() },
            revision,
            progress: RefCell::new(Progress {
                run,
                status: Status::Running,
                stopped: None,
                output: None,
                failure: None,
            }),
            history: RefCell::default(),
            durable,
            changed: Notify::new(),
            moved: Notify::new(),
            ended: Notify::new(),
        });
        if durable {
            self.tables.executions.put(execution.arn(), &execution.begun);
        }
        self.know(&execution);
        self.world.log.tell(
            super::NAME,
            &machine.name,
            "started",
            Outcome::Done,
            || json!({ "execution": execution.begun.about.name }),
        );
        self.begin(&execution);
        execution
    }

    /// Forgets executions that closed longer ago than AWS keeps them.
    fn forget_old(&self) {
        let now = self.world.clock.now();
        loop {
            let old = {
                let mut executions = self.executions.borrow_mut();
                match executions.ended.front() {
                    Some((stopped, _)) if *stopped + RETENTION <= now => executions.ended.pop_front(),
                    _ => return,
                }
            };
            let found = old.and_then(|(_, arn)| self.executions.borrow().by_arn.get(&arn).cloned());
            if let Some(execution) = found {
                self.forget(&execution, &execution.progress.borrow().run, std::iter::empty());
                self.unknow(&execution);
            }
        }
    }

    pub(super) async fn start_sync_execution(
        self: &Rc<Self>,
        caller: &Caller,
        input: Value,
    ) -> Result<Value, AwsError> {
        let (start, machine, revision, input) = self.starting(caller, "StartSyncExecution", input)?;
        if !machine.express {
            return Err(wrong_type());
        }
        let name = start.name.unwrap_or_else(|| self.world.random.uuid());
        let arn = machine.arn.replacen(":stateMachine:", ":express:", 1);
        let arn = format!("{arn}:{name}:{}", self.world.random.uuid());
        let execution = self.start(&machine, revision, (arn, name), input, false);
        // Only what it does is work, not that somebody waits for it.
        let rest = self.world.activity.rest();
        execution.end().await;
        drop(rest);
        let mut described = fields(&execution, bare(start.included_data.as_ref()));
        for absent in ["redriveCount", "redriveStatus", "redriveStatusReason"] {
            described.remove(absent);
        }
        // AWS says so of a failed one, too.
        described.insert("outputDetails".to_owned(), json!({ "included": true }));
        let about = &execution.begun.about;
        let stopped = execution.progress.borrow().stopped.unwrap_or(about.started);
        let millis = u64::try_from(stopped.since(about.started).as_millis()).unwrap_or(u64::MAX);
        // AWS bills for each 100 ms that began.
        let billed = millis.div_ceil(100).max(1).saturating_mul(100);
        let billing = json!({ "billedMemoryUsedInMB": 64, "billedDurationInMilliseconds": billed });
        described.insert("billingDetails".to_owned(), billing);
        Ok(Value::Object(described))
    }

    /// The execution that an ARN names.
    pub(super) fn find_execution(&self, text: &str) -> Result<Rc<Execution>, AwsError> {
        let found: Arn = arn(text, &["execution", "express"])?;
        if found.resource().starts_with("express:") {
            return Err(wrong_type());
        }
        let executions = self.executions.borrow();
        executions
            .by_arn
            .get(text)
            .cloned()
            .ok_or_else(|| AwsError::new("ExecutionDoesNotExist", format!("Execution Does Not Exist: '{text}'")))
    }

    pub(super) fn stop_execution(self: &Rc<Self>, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let stop: Stop = read(input)?;
        self.allow(caller, "StopExecution", &stop.execution_arn)?;
        let execution = self.find_execution(&stop.execution_arn)?;
        if stop.error.as_ref().is_some_and(|error| error.chars().count() > 256) {
            return Err(validation("error has at most 256 characters"));
        }
        self.feed(&execution, Event::Stop(Failure::told(stop.error, stop.cause)));
        let stopped = execution.progress.borrow().stopped;
        Ok(json!({ "stopDate": stopped.map(Time::fractional_seconds) }))
    }

    pub(super) fn describe_execution(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let wanted: Describe = read(input)?;
        self.allow(caller, "DescribeExecution", &wanted.execution_arn)?;
        let execution = self.find_execution(&wanted.execution_arn)?;
        Ok(Value::Object(fields(&execution, bare(wanted.included_data.as_ref()))))
    }

    pub(super) fn list_executions(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let list: List = read(input)?;
        self.allow(caller, "ListExecutions", &list.state_machine_arn)?;
        let machine = self.find_machine(&list.state_machine_arn)?;
        if machine.express {
            return Err(wrong_type());
        }
        let (size, before) = page(list.max_results, list.next_token.as_deref(), 1000)?;
        let executions = self.executions.borrow();
        let of_machine = executions.by_machine.get(&machine.arn);
        // The newest first.
        let mut found = of_machine
            .into_iter()
            .flat_map(|of_machine| of_machine.range(..before.unwrap_or(u64::MAX)).rev())
            .filter(|(_, execution)| list.status_filter.is_none_or(|filter| filter.lets(execution.status())))
            .peekable();
        let mut listed = Vec::new();
        let mut last = None;
        while listed.len() < size
            && let Some((number, execution)) = found.next()
        {
            last = Some(*number);
            listed.push(summary(execution));
        }
        let mut answer = json!({ "executions": listed });
        if let (Some(_), Some(last), Some(answer)) = (found.peek(), last, answer.as_object_mut()) {
            answer.insert("nextToken".to_owned(), last.to_string().into());
        }
        Ok(answer)
    }
}

impl Filter {
    const fn lets(self, status: Status) -> bool {
        matches!(
            (self, status),
            (Self::Running, Status::Running)
                | (Self::Succeeded, Status::Succeeded)
                | (Self::Failed, Status::Failed)
                | (Self::TimedOut, Status::TimedOut)
                | (Self::Aborted, Status::Aborted)
        )
    }
}

fn summary(execution: &Execution) -> Value {
    let mut fields = fields(execution, true);
    let shown = ["executionArn", "stateMachineArn", "name", "status", "startDate", "stopDate", "redriveCount"];
    fields.retain(|name, _| shown.contains(&name.as_str()));
    Value::Object(fields)
}

/// An execution as `DescribeExecution` has it.
fn fields(execution: &Execution, bare: bool) -> Map<String, Value> {
    let (about, progress) = (&execution.begun.about, execution.progress.borrow());
    let mut fields = Map::new();
    let mut put = |name: &str, value: Value| {
        fields.insert(name.to_owned(), value);
    };
    put("executionArn", about.arn.as_str().into());
    put("stateMachineArn", about.machine_arn.as_str().into());
    put("name", about.name.as_str().into());
    put("status", json!(progress.status));
    put("startDate", about.started.fractional_seconds().into());
    if let Some(stopped) = progress.stopped {
        put("stopDate", stopped.fractional_seconds().into());
    }
    put("redriveCount", 0.into());
    put("redriveStatus", "NOT_REDRIVABLE".into());
    put("redriveStatusReason", "The local engine does not redrive executions".into());
    if !bare {
        put("input", about.input.to_string().into());
        put("inputDetails", json!({ "included": true }));
        if let Some(output) = &progress.output {
            put("output", output.to_string().into());
            put("outputDetails", json!({ "included": true }));
        }
    }
    if let Some(Failure { error, cause, .. }) = &progress.failure {
        for (name, text) in [("error", error), ("cause", cause)] {
            if let Some(text) = text {
                put(name, text.as_str().into());
            }
        }
    }
    fields
}
