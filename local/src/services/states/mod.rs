//! Step Functions: state machines in the States Language, and their executions.
//!
//! In: AWS's operations, and answers of the services that tasks call. Out: calls under the machine's role,
//! and the history of each execution. Guaranteed: an execution of a standard machine goes on after the
//! engine was killed at any moment. A wait ends at its own time; a task whose answer was not recorded is
//! called again, as a retry would; an express execution goes on too, but one that somebody waited for in
//! `StartSyncExecution` is gone with that call.
//!
//! | module | is |
//! | --- | --- |
//! | `asl` | definitions, read and checked |
//! | `query` | JSONata, JSONPath, intrinsic functions |
//! | `run` | an execution as a pure state machine |
//! | `drive` | the thin part that calls and waits |
//! | `task` | what a task asks a service, and how it fails |
//! | `machines`, `executions`, `history`, `tokens` | the operations |

mod asl;
mod data;
mod drive;
mod executions;
mod history;
mod input;
mod machines;
mod query;
mod record;
mod run;
mod task;
mod token;
mod tokens;

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use serde_json::Value;

use self::record::{Execution, MachineRecord, Revision, Tables};
use crate::kernel::{Access, AwsError, Call, Caller, Service, StoreError, Time, World};
use crate::wire::{AwsJson, Protocol};

/// As ARNs and signatures name it.
pub const NAME: &str = "states";

/// AWS JSON 1.0.
pub const PROTOCOL: Protocol =
    Protocol::Json(AwsJson { version: "1.0", target: "AWSStepFunctions", query_errors: None });

/// The service.
#[derive(Debug)]
pub struct States {
    world: World,
    tables: Tables,
    machines: RefCell<BTreeMap<String, MachineRecord>>,
    revisions: RefCell<BTreeMap<String, Rc<Revision>>>,
    executions: RefCell<Executions>,
}

/// All executions that are known.
#[derive(Debug, Default)]
struct Executions {
    by_arn: BTreeMap<String, Rc<Execution>>,
    /// Those of a standard machine, by its ARN and the order in which they began.
    by_machine: BTreeMap<String, BTreeMap<u64, Rc<Execution>>>,
    /// Those that ended, in that order.
    ended: VecDeque<(Time, String)>,
    next: u64,
}

/// Loads what is recorded, and goes on with what was running. Must be called within a
/// [`tokio::task::LocalSet`].
///
/// # Errors
///
/// If the records cannot be read.
pub fn start(world: &World) -> Result<Rc<States>, StoreError> {
    let tables = Tables::new(&world.store);
    let states = Rc::new(States {
        world: world.clone(),
        machines: RefCell::new(tables.machines.load()?.into_iter().collect()),
        revisions: RefCell::default(),
        executions: RefCell::default(),
        tables,
    });
    states.load()?;
    Ok(states)
}

impl Service for States {
    fn call(self: Rc<Self>, call: Call) -> LocalBoxFuture<'static, Result<Value, AwsError>> {
        async move { self.answer(call).await }.boxed_local()
    }
}

impl States {
    async fn answer(self: Rc<Self>, Call { caller, operation, input }: Call) -> Result<Value, AwsError> {
        match operation.as_str() {
            "CreateStateMachine" => self.create_state_machine(&caller, input),
            "UpdateStateMachine" => self.update_state_machine(&caller, input),
            "DeleteStateMachine" => self.delete_state_machine(&caller, input),
            "DescribeStateMachine" => self.describe_state_machine(&caller, input),
            "DescribeStateMachineForExecution" => self.describe_state_machine_for_execution(&caller, input),
            "ListStateMachines" => self.list_state_machines(&caller, input),
            "ValidateStateMachineDefinition" => self.validate_state_machine_definition(&caller, input),
            "TagResource" => self.tag_resource(&caller, input),
            "UntagResource" => self.untag_resource(&caller, input),
            "ListTagsForResource" => self.list_tags_for_resource(&caller, input),
            "StartExecution" => self.start_execution(&caller, input),
            "StartSyncExecution" => self.start_sync_execution(&caller, input).await,
            "StopExecution" => self.stop_execution(&caller, input),
            "DescribeExecution" => self.describe_execution(&caller, input),
            "ListExecutions" => self.list_executions(&caller, input),
            "GetExecutionHistory" => self.get_execution_history(&caller, input),
            "SendTaskSuccess" => self.send_task_success(&caller, input),
            "SendTaskFailure" => self.send_task_failure(&caller, input),
            "SendTaskHeartbeat" => self.send_task_heartbeat(&caller, input),
            other => Err(AwsError::unsupported("Step Functions", other)),
        }
    }

    fn allow(&self, caller: &Caller, operation: &str, resource: &str) -> Result<(), AwsError> {
        let action = format!("states:{operation}");
        self.world.guard.check(&Access { caller, action: &action, resource, policy: None, context: &[] })
    }
}
