//! One invocation: who may, whether there is room, a sandbox, the time-out, the answer.

use std::rc::{Rc, Weak};
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::task::spawn_local;

use super::errors::{invalid, read, throttled};
use super::names::LATEST;
use super::pool::{Pool, Running, SANDBOXES};
use super::process::launch;
use super::sandbox::{Context, Invocation, Sandbox};
use super::{Entry, Function, FunctionError, Lambda, NAME, Payload, assume, events, settings};
use crate::kernel::{AwsError, Caller, Clock, Outcome, World};

/// The largest event and answer of a synchronous invocation (Lambda quotas).
pub(crate) const SYNCHRONOUS: usize = 6 * 1024 * 1024;
/// The largest event of an asynchronous invocation.
const ASYNCHRONOUS: usize = 1024 * 1024;

/// The error of a function that took too long, as Lambda names it.
const TIMED_OUT: &str = "Sandbox.Timedout";

/// What is invoked with.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) request_id: String,
    pub(crate) payload: Rc<Payload>,
    pub(crate) client_context: Option<String>,
}

/// A function that ran.
#[derive(Debug)]
pub(crate) struct Invoked {
    pub(crate) result: Result<Payload, FunctionError>,
    /// How long it ran.
    took: Duration,
    /// Whether a sandbox was started for it.
    cold: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Input {
    function_name: String,
    qualifier: Option<String>,
    invocation_type: Option<String>,
    log_type: Option<String>,
    client_context: Option<String>,
    #[serde(default = "empty")]
    payload: Value,
}

/// What a function gets that is invoked with nothing.
fn empty() -> Value {
    json!({})
}

/// `Invoke`
pub(super) async fn invoke(lambda: &Rc<Lambda>, caller: &Caller, input: Value) -> Result<Value, AwsError> {
    let input: Input = read(input)?;
    let qualifier = input.qualifier.as_deref();
    let entry = lambda.entry(caller, "lambda:InvokeFunction", &input.function_name, qualifier)?;
    let payload = Payload::from_value(input.payload);
    let kind = input.invocation_type.as_deref().unwrap_or("RequestResponse");
    let limit = if kind == "Event" { ASYNCHRONOUS } else { SYNCHRONOUS };
    let size = payload.bytes().len();
    if size > limit {
        let message = format!("{size} byte payload is too large for the {kind} invocation type (limit {limit} bytes)");
        return Err(AwsError::new("RequestTooLargeException", message).status(413).with("Type", "User"));
    }
    let client_context = input.client_context.map(context).transpose()?;
    let request_id = lambda.world.random.uuid();
    match kind {
        "DryRun" => Ok(json!({"StatusCode": 204})),
        "Event" => {
            events::accept(lambda, &entry.function().name, request_id, payload, client_context);
            Ok(json!({"StatusCode": 202}))
        }
        "RequestResponse" => {
            let tail = input.log_type.as_deref() == Some("Tail");
            let request = Request { request_id: request_id.clone(), payload: Rc::new(payload), client_context };
            let invoked = run(lambda, &entry, request).await?;
            let took = invoked.took;
            let mut answer = answer(invoked);
            if let (true, Some(members)) = (tail, answer.as_object_mut()) {
                // What the process wrote before its answer lies in its pipes: they are read meanwhile.
                tokio::task::yield_now().await;
                tokio::task::yield_now().await;
                let memory = entry.function().memory;
                members.insert("LogResult".to_owned(), entry.output.tail(&request_id, took.as_millis(), memory).into());
            }
            Ok(answer)
        }
        other => Err(invalid(format!("InvocationType is RequestResponse, Event or DryRun, not `{other}`"))),
    }
}

/// The client's context is base64 in its header, and JSON in the function's.
fn context(encoded: String) -> Result<String, AwsError> {
    use base64::Engine;
    let json = base64::engine::general_purpose::STANDARD.decode(&encoded).ok().and_then(|bytes| {
        let text = String::from_utf8(bytes).ok()?;
        serde_json::from_str::<Value>(&text).ok()?;
        Some(text)
    });
    json.ok_or_else(|| {
        let message = "Client context must be a valid Base64-encoded JSON object.";
        AwsError::new("InvalidRequestContentException", message).with("Type", "User")
    })
}

pub(super) fn answer(invoked: Invoked) -> Value {
    let not_json = |error: serde_json::Error| {
        FunctionError::new("Runtime.InvalidResponse", format!("the function's answer is no JSON: {error}"))
    };
    match invoked.result.and_then(|payload| payload.into_value().map_err(not_json)) {
        Ok(payload) => json!({"StatusCode": 200, "ExecutedVersion": LATEST, "Payload": payload}),
        Err(error) => json!({
            "StatusCode": 200, "ExecutedVersion": LATEST, "FunctionError": "Unhandled", "Payload": error.value(),
        }),
    }
}

/// Runs a function once. An error is Lambda's: there was no room, and the function did not run. What the
/// function itself did is the result.
pub(crate) async fn run(lambda: &Lambda, entry: &Rc<Entry>, request: Request) -> Result<Invoked, AwsError> {
    let world = &lambda.world;
    let _busy = world.activity.begin();
    let _running = admit(lambda, entry)?;
    let function = entry.function();
    // AWS keeps a session for some time; here a role that is not trusted any more is seen at once.
    assume(world, &function)?;
    let request_id = request.request_id.clone();
    let invoked = match lambda.in_process.sandbox(&world.lives, &function) {
        Some(sandbox) => within_time(world, &function, &sandbox, request, false).await,
        None => in_process_of_its_own(world, entry, request).await?,
    };
    let Invoked { result, took, cold } = &invoked;
    let outcome = if result.is_ok() { Outcome::Done } else { Outcome::Failed };
    world.log.tell(NAME, &function.name, "invoked", outcome, || {
        let error = result.as_ref().err().map(FunctionError::to_string);
        json!({"request": request_id, "ms": took.as_millis(), "cold": cold, "error": error})
    });
    Ok(invoked)
}

/// Whether the account's and the function's concurrency have room.
fn admit<'a>(lambda: &Lambda, entry: &'a Entry) -> Result<Running<'a>, AwsError> {
    if let Some(reserved) = entry.function().reserved {
        if entry.pool.running() >= reserved {
            return Err(throttled("ReservedFunctionConcurrentInvocationLimitExceeded"));
        }
    } else {
        let functions = lambda.functions.borrow();
        let unreserved = functions.values().filter(|entry| entry.function().reserved.is_none());
        let running: u32 = unreserved.map(|entry| entry.pool.running()).sum();
        if running >= settings::CONCURRENCY - lambda.reserved() {
            return Err(throttled("ConcurrentInvocationLimitExceeded"));
        }
    }
    Ok(entry.pool.begin())
}

impl Lambda {
    /// How many invocations of a function can run at once on this machine.
    pub(crate) fn sandboxes(&self, entry: &Entry) -> usize {
        let in_process = self.in_process.sandbox(&self.world.lives, &entry.function()).is_some();
        if in_process { usize::MAX } else { SANDBOXES }
    }
}

/// Runs a function in a warm sandbox or a new one, as soon as there is a place for it.
async fn in_process_of_its_own(world: &World, entry: &Rc<Entry>, request: Request) -> Result<Invoked, AwsError> {
    let pool = &entry.pool;
    let _place = pool.places.acquire().await.map_err(|error| AwsError::internal(error.to_string()))?;
    let (warm, _trial) = loop {
        let warm = pool.warm();
        if warm.is_some() || !pool.is_looping() {
            break (warm, None);
        }
        let next = pool.next_start();
        let waits = next > world.clock.now();
        if !waits && let Some(trial) = pool.trial() {
            break (None, Some(trial));
        }
        tokio::select! {
            biased;
            () = pool.renewed() => {}
            () = world.clock.sleep_until(next), if waits => {}
            () = pool.trial_over(), if !waits => {}
        }
    };
    // The function as it is now: it may have become another while this waited.
    let (generation, function, cold) = (pool.generation(), entry.function(), warm.is_none());
    let sandbox = match warm {
        Some(sandbox) => sandbox,
        None => match launch(world, &function, assume(world, &function)?, Rc::clone(&entry.output)).await {
            Ok(sandbox) => sandbox,
            Err(error) => {
                died(world, entry, generation, &error);
                return Ok(Invoked { result: Err(error), took: Duration::ZERO, cold });
            }
        },
    };
    let invoked = within_time(world, &function, &*sandbox, request, cold).await;
    match &invoked.result {
        // It may still be busy with what it was given, so that nobody else can use it.
        Err(error) if error.error_type == TIMED_OUT => drop(sandbox),
        Err(error) if !sandbox.is_alive() => died(world, entry, generation, error),
        _ => {
            pool.keep(sandbox, generation, world.clock.now());
            if pool.sweep() {
                spawn_local(end_idle(world.clock.clone(), Rc::downgrade(entry)));
            }
        }
    }
    Ok(invoked)
}

/// Ends sandboxes that nobody needed for some time, until none is idle.
async fn end_idle(clock: Clock, entry: Weak<Entry>) {
    while let Some(next) = entry.upgrade().and_then(|entry| entry.pool.end_idle(clock.now())) {
        clock.idle_until(next).await;
    }
}

/// Counts a sandbox that died, and says once if they all do.
fn died(world: &World, entry: &Entry, generation: u64, error: &FunctionError) {
    let now = world.clock.now();
    let deaths = entry.pool.died(generation, now);
    if !Pool::begins_to_loop(deaths) {
        return;
    }
    let wait = entry.pool.next_start().since(now);
    let name = &entry.function().name;
    world.log.tell(
        NAME,
        name,
        "crash_looped",
        Outcome::Failed,
        || json!({"times": deaths, "error": error.to_string(), "next_start_in_seconds": wait.as_secs()}),
    );
}

/// One invocation in a sandbox, until the function's time is over.
async fn within_time(
    world: &World,
    function: &Function,
    sandbox: &dyn Sandbox,
    request: Request,
    cold: bool,
) -> Invoked {
    let begun = world.clock.now();
    let deadline = begun + Duration::from_secs(function.timeout.into());
    let trace_id = format!("Root=1-{:08x}-{};Sampled=0", begun.seconds(), world.random.hex(24));
    let Request { request_id, payload, client_context } = request;
    let function_arn = function.arn.to_string();
    let context = Context { request_id, deadline, function_arn, trace_id, client_context };
    let invocation = Invocation { context, payload };
    let result = tokio::select! {
        biased;
        result = sandbox.invoke(&invocation) => result,
        () = world.clock.sleep_until(deadline) => Err(FunctionError::new(TIMED_OUT, format!(
            "RequestId: {} Error: Task timed out after {}.00 seconds",
            invocation.context.request_id, function.timeout
        ))),
    };
    Invoked { result, took: world.clock.now().since(begun), cold }
}
