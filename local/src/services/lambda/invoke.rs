//! One invocation: who may, whether there is room, a sandbox, the time-out, the answer.

use std::rc::Rc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::errors::{invalid, not_found, read, throttled};
use super::names::LATEST;
use super::pool::Running;
use super::process::Processes;
use super::sandbox::{Context, Invocation, Launcher, Sandbox};
use super::{Entry, Function, FunctionError, Lambda, NAME, Payload, events, settings};
use crate::kernel::{AwsError, Caller, Outcome};

/// The largest event and answer of a synchronous invocation (Lambda quotas).
pub(crate) const SYNCHRONOUS: usize = 6 * 1024 * 1024;
/// The largest event of an asynchronous invocation.
const ASYNCHRONOUS: usize = 1024 * 1024;

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

fn answer(invoked: Invoked) -> Value {
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

/// `eventloom:InvokeUrl {UrlId, Payload}`: what the HTTP door calls for a request to a function's URL. The
/// payload is the request as version 2.0 has it, and what it answers is the function's.
pub(super) async fn url(lambda: &Rc<Lambda>, caller: &Caller, input: Value) -> Result<Value, AwsError> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "PascalCase")]
    struct Input {
        url_id: String,
        payload: Value,
    }
    let Input { url_id, payload } = read(input)?;
    let auth = |function: &Function| function.url.as_ref().filter(|url| url.id == url_id).map(|url| url.auth.clone());
    let found = {
        let functions = lambda.functions.borrow();
        functions.iter().find_map(|(name, entry)| Some((name.clone(), auth(&entry.function())?)))
    };
    let (name, auth) = found.ok_or_else(|| not_found("The resource you requested does not exist."))?;
    if auth == "AWS_IAM" && *caller == Caller::Anonymous {
        return Err(AwsError::new("AccessDeniedException", "Forbidden").status(403));
    }
    // Both are asked for since October 2025 (Lambda Developer Guide, "Control access to function URLs").
    let url = [("lambda:FunctionUrlAuthType", auth.as_str())];
    lambda.entry_with(caller, "lambda:InvokeFunctionUrl", &name, None, &url)?;
    let via = [("lambda:InvokedViaFunctionUrl", "true")];
    let entry = lambda.entry_with(caller, "lambda:InvokeFunction", &name, None, &via)?;
    let payload = Rc::new(Payload::from_value(payload));
    let request = Request { request_id: lambda.world.random.uuid(), payload, client_context: None };
    Ok(answer(run(lambda, &entry, request).await?))
}

/// Runs a function once. An error is Lambda's: there was no room, and the function did not run. What the
/// function itself did is the result.
pub(crate) async fn run(lambda: &Lambda, entry: &Entry, request: Request) -> Result<Invoked, AwsError> {
    let world = &lambda.world;
    let _busy = world.activity.begin();
    let _running = admit(lambda, entry)?;
    let here = lambda.in_process.has(&entry.function());
    let _place = match here {
        true => None,
        false => Some(entry.pool.places.acquire().await.map_err(|error| AwsError::internal(error.to_string()))?),
    };
    let (generation, function) = (entry.pool.generation(), entry.function());
    let warm = entry.pool.warm();
    let cold = warm.is_none();
    let sandbox = match warm {
        Some(sandbox) => Ok(sandbox),
        None => launch(lambda, entry, &function, here).await,
    };
    let begun = world.clock.now();
    let request_id = request.request_id.clone();
    let result = match sandbox {
        Ok(sandbox) => within_time(lambda, entry, &function, sandbox, generation, request).await,
        Err(error) => Err(error),
    };
    let took = world.clock.now().since(begun);
    let outcome = if result.is_ok() { Outcome::Done } else { Outcome::Failed };
    world.log.tell(NAME, &function.name, "invoked", outcome, || {
        let error = result.as_ref().err().map(FunctionError::to_string);
        json!({"request": request_id, "ms": took.as_millis(), "cold": cold, "error": error})
    });
    Ok(Invoked { result, took })
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

async fn launch(
    lambda: &Lambda,
    entry: &Entry,
    function: &Rc<Function>,
    here: bool,
) -> Result<Box<dyn Sandbox>, FunctionError> {
    let world = &lambda.world;
    let next = entry.pool.next_start();
    if next > world.clock.now() {
        world.clock.sleep_until(next).await;
    }
    let (function, output) = (Rc::clone(function), Rc::clone(&entry.output));
    let launched = match here {
        true => lambda.in_process.launch(function, output).await,
        false => Processes(world.clone()).launch(function, output).await,
    };
    launched.inspect_err(|error| died(lambda, entry, error))
}

/// Counts a sandbox that died, and says so if they all do.
fn died(lambda: &Lambda, entry: &Entry, error: &FunctionError) {
    let now = lambda.world.clock.now();
    let deaths = entry.pool.died(now);
    let wait = entry.pool.next_start().since(now);
    let name = &entry.function().name;
    if wait.is_zero() {
        return;
    }
    lambda.world.log.tell(
        NAME,
        name,
        "crash_looped",
        Outcome::Failed,
        || json!({"times": deaths, "error": error.to_string(), "next_start_in_seconds": wait.as_secs()}),
    );
}

async fn within_time(
    lambda: &Lambda,
    entry: &Entry,
    function: &Function,
    sandbox: Box<dyn Sandbox>,
    generation: u64,
    request: Request,
) -> Result<Payload, FunctionError> {
    let world = &lambda.world;
    let deadline = world.clock.now() + Duration::from_secs(function.timeout.into());
    let trace_id = format!("Root=1-{:08x}-{};Sampled=0", world.clock.now().seconds(), world.random.hex(24));
    let Request { request_id, payload, client_context } = request;
    let function_arn = function.arn.to_string();
    let context = Context { request_id, deadline, function_arn, trace_id, client_context };
    let invocation = Invocation { context, payload };
    let answered = tokio::select! {
        biased;
        result = sandbox.invoke(&invocation) => Some(result),
        () = world.clock.sleep_until(deadline) => None,
    };
    let Some(result) = answered else {
        return Err(FunctionError::new(
            "Sandbox.Timedout",
            format!(
                "RequestId: {} Error: Task timed out after {}.00 seconds",
                invocation.context.request_id, function.timeout
            ),
        ));
    };
    if sandbox.is_alive() {
        entry.pool.keep(sandbox, generation);
    } else if let Err(error) = &result {
        died(lambda, entry, error);
    }
    result
}
