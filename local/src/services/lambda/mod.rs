//! Lambda: functions, their sandboxes and invocations, and the mappings that feed them.
//!
//! In: AWS's operations, and what queues and streams hold. Out: runs of the real binary (or of a function
//! in this process), under the function's own role. Guaranteed: an event that was accepted is kept until
//! its function took it or its destination did; a sandbox has one invocation at a time; time-outs,
//! deadlines and retries follow the engine's clock.
//!
//! | module | does |
//! | --- | --- |
//! | `functions`, `settings`, `permissions` | the functions and what is set on them |
//! | `invoke`, `url` | one invocation: concurrency, sandbox, time-out; by a URL |
//! | `role` | whom a function calls as |
//! | `events` | asynchronous invocations: the queue, retries, destinations |
//! | `sandbox`, `process`, `runtime_api`, `in_process` | where functions run |
//! | `output` | what they write |
//! | `mappings` beside this | event source mappings |

mod destination;
pub(crate) mod errors;
mod events;
mod function;
mod functions;
mod in_process;
mod invoke;
pub(crate) mod names;
mod output;
mod payload;
mod permissions;
mod pool;
mod process;
mod role;
mod routes;
mod runtime_api;
mod sandbox;
mod settings;
mod url;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use serde_json::Value;

pub(crate) use destination::{Parcel, backoff, deliver};
pub(crate) use function::Function;
pub use in_process::Functions;
pub(crate) use invoke::{Request, SYNCHRONOUS, run};
pub(crate) use payload::Payload;
pub(crate) use role::assume;
pub use routes::PROTOCOL;
pub use sandbox::{Context, FunctionError};

use self::errors::not_found;
use self::output::Output;
use self::pool::Pool;
use crate::kernel::{Access, AwsError, Call, Caller, Service, StoreError, Table, World};
use crate::services::mappings::Mappings;

/// As ARNs and signatures name it.
pub const NAME: &str = "lambda";

/// The service.
#[derive(Debug)]
pub struct Lambda {
    pub(crate) world: World,
    functions: RefCell<BTreeMap<String, Rc<Entry>>>,
    in_process: Functions,
    records: Table,
    events: Table,
    /// The number of the next event that is accepted.
    next_event: Cell<u64>,
    pub(crate) mappings: Mappings,
}

/// A function and its sandboxes.
#[derive(Debug)]
pub(crate) struct Entry {
    function: RefCell<Rc<Function>>,
    pool: Pool,
    output: Rc<Output>,
}

impl Entry {
    fn new(world: &World, function: Function) -> Self {
        let output = Rc::new(Output::new(world.clone(), &function.name));
        Self { function: RefCell::new(Rc::new(function)), pool: Pool::default(), output }
    }

    /// The function as it is now.
    pub(crate) fn function(&self) -> Rc<Function> {
        Rc::clone(&self.function.borrow())
    }
}

impl Lambda {
    /// Loads functions, events and mappings, and goes on with them. Must be called within a
    /// [`tokio::task::LocalSet`].
    pub fn start(world: &World, in_process: &Functions) -> Result<Rc<Self>, StoreError> {
        let records = world.store.table("lambda.functions");
        let functions = records.load::<Function>()?.into_iter();
        let functions = functions.map(|(name, function)| (name, Rc::new(Entry::new(world, function)))).collect();
        let lambda = Rc::new(Self {
            world: world.clone(),
            functions: RefCell::new(functions),
            in_process: in_process.clone(),
            records,
            events: world.store.table("lambda.events"),
            next_event: Cell::new(0),
            mappings: Mappings::load(world)?,
        });
        events::resume(&lambda)?;
        lambda.mappings.resume(&lambda);
        Ok(lambda)
    }

    /// The function that a caller may do this to.
    pub(crate) fn entry(
        &self,
        caller: &Caller,
        action: &str,
        name: &str,
        qualifier: Option<&str>,
    ) -> Result<Rc<Entry>, AwsError> {
        self.entry_with(caller, action, name, qualifier, &[])
    }

    fn entry_with(
        &self,
        caller: &Caller,
        action: &str,
        name: &str,
        qualifier: Option<&str>,
        context: &[(&str, &str)],
    ) -> Result<Rc<Entry>, AwsError> {
        let name = names::resolve(&self.world, name, qualifier)?;
        let found = self.find(&name);
        let policy = found.as_ref().and_then(|entry| entry.function().policy());
        let resource = names::arn(&self.world, &name);
        let resource = resource.as_str();
        self.world.guard.check(&Access { caller, action, resource, policy: policy.as_ref(), context })?;
        found.ok_or_else(|| not_found(format!("Function not found: {resource}")))
    }

    /// The function of this name.
    pub(crate) fn find(&self, name: &str) -> Option<Rc<Entry>> {
        self.functions.borrow().get(name).cloned()
    }

    /// Keeps a changed function.
    fn put(&self, entry: &Entry, function: Function) -> Rc<Function> {
        self.records.put(&function.name, &function);
        let function = Rc::new(function);
        *entry.function.borrow_mut() = Rc::clone(&function);
        function
    }

    /// Changes a function that a caller may change.
    fn change(
        &self,
        entry: &Entry,
        change: impl FnOnce(&mut Function) -> Result<(), AwsError>,
    ) -> Result<Rc<Function>, AwsError> {
        let mut function = Function::clone(&entry.function());
        change(&mut function)?;
        Ok(self.put(entry, function))
    }

    async fn answer(self: Rc<Self>, call: Call) -> Result<Value, AwsError> {
        let Call { caller, operation, input } = call;
        let caller = &caller;
        match operation.as_str() {
            "Invoke" => invoke::invoke(&self, caller, input).await,
            "eventloom:InvokeUrl" => url::invoke(&self, caller, input).await,
            "eventloom:GetLogs" => output::logs(&self, caller, input),
            "CreateFunction" => functions::create(&self, caller, input).await,
            "GetFunction" => functions::get(&self, caller, input),
            "GetFunctionConfiguration" => functions::configuration(&self, caller, input),
            "ListFunctions" => functions::list(&self, caller, input),
            "UpdateFunctionCode" => functions::update_code(&self, caller, input).await,
            "UpdateFunctionConfiguration" => functions::update_configuration(&self, caller, input),
            "DeleteFunction" => functions::delete(&self, caller, input),
            "AddPermission" => permissions::add(&self, caller, input),
            "RemovePermission" => permissions::remove(&self, caller, input),
            "GetPolicy" => permissions::get(&self, caller, input),
            "PutFunctionEventInvokeConfig" => settings::put_event_invoke(&self, caller, input),
            "UpdateFunctionEventInvokeConfig" => settings::update_event_invoke(&self, caller, input),
            "GetFunctionEventInvokeConfig" => settings::get_event_invoke(&self, caller, input),
            "DeleteFunctionEventInvokeConfig" => settings::delete_event_invoke(&self, caller, input),
            "CreateFunctionUrlConfig" => settings::create_url(&self, caller, input),
            "UpdateFunctionUrlConfig" => settings::update_url(&self, caller, input),
            "GetFunctionUrlConfig" => settings::get_url(&self, caller, input),
            "DeleteFunctionUrlConfig" => settings::delete_url(&self, caller, input),
            "PutFunctionConcurrency" => settings::put_concurrency(&self, caller, input),
            "GetFunctionConcurrency" => settings::get_concurrency(&self, caller, input),
            "DeleteFunctionConcurrency" => settings::delete_concurrency(&self, caller, input),
            "PutFunctionRecursionConfig" => settings::put_recursion(&self, caller, input),
            "GetFunctionRecursionConfig" => settings::get_recursion(&self, caller, input),
            "GetAccountSettings" => settings::account(&self, caller),
            "ListTags" => settings::tags(&self, caller, input),
            "TagResource" => settings::tag(&self, caller, input),
            "UntagResource" => settings::untag(&self, caller, input),
            _ if operation.ends_with("EventSourceMapping") || operation == "ListEventSourceMappings" => {
                crate::services::mappings::answer(&self, caller, &operation, input).await
            }
            _ => Err(AwsError::unsupported(NAME, &operation)),
        }
    }
}

impl Service for Lambda {
    fn call(self: Rc<Self>, call: Call) -> LocalBoxFuture<'static, Result<Value, AwsError>> {
        self.answer(call).boxed_local()
    }
}
