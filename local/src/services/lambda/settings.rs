//! What is set on a function beside its configuration: asynchronous invocations, concurrency, its URL, tags.

use std::collections::BTreeMap;
use std::rc::Rc;

use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use super::errors::{among, conflict, invalid, not_found, not_honoured, read, within};
use super::function::{EventInvoke, Function, Url};
use super::functions::Named;
use super::{Entry, Lambda, names};
use crate::kernel::{Access, Arn, AwsError, Caller, World};

/// What all functions of an account may run at once (Lambda quotas).
pub(super) const CONCURRENCY: u32 = 1000;
/// What must stay for functions without a reservation.
const UNRESERVED: u32 = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct EventInvokeInput {
    function_name: String,
    qualifier: Option<String>,
    maximum_retry_attempts: Option<u32>,
    maximum_event_age_in_seconds: Option<u32>,
    destination_config: Option<Destinations>,
}

/// `DestinationConfig`
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(crate) struct Destinations {
    pub(crate) on_success: Option<Destination>,
    pub(crate) on_failure: Option<Destination>,
}

/// One destination; AWS takes an empty one for none.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(crate) struct Destination {
    #[serde(default, deserialize_with = "arn_or_nothing")]
    pub(crate) destination: Option<Arn>,
}

/// An ARN; AWS takes an empty text for none.
pub(super) fn arn_or_nothing<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Arn>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?.filter(|text| !text.is_empty());
    text.map(|text| Arn::parse(&text).map_err(serde::de::Error::custom)).transpose()
}

/// A destination that the engine can send to.
fn checked(destination: Option<Destination>) -> Result<Option<Arn>, AwsError> {
    let destination = destination.and_then(|destination| destination.destination);
    if let Some(arn) = &destination
        && !["sqs", "sns", "lambda"].contains(&arn.service())
    {
        return Err(invalid(format!("The provided destination config DestinationConfig is invalid: `{arn}`")));
    }
    Ok(destination)
}

fn set_event_invoke(
    lambda: &Lambda,
    caller: &Caller,
    action: &str,
    input: Value,
    fresh: bool,
) -> Result<Value, AwsError> {
    let input: EventInvokeInput = read(input)?;
    let entry = lambda.entry(caller, action, &input.function_name, input.qualifier.as_deref())?;
    let function = lambda.change(&entry, |function| {
        let existing = function.event_invoke.take();
        if existing.is_none() && !fresh {
            return Err(no_event_invoke(function));
        }
        let mut config = if fresh { EventInvoke::default() } else { existing.unwrap_or_default() };
        if let Some(retries) = input.maximum_retry_attempts {
            config.retries = Some(within("maximumRetryAttempts", retries, 0, 2)?);
        }
        if let Some(age) = input.maximum_event_age_in_seconds {
            config.age = Some(within("maximumEventAgeInSeconds", age, 60, 21_600)?);
        }
        if let Some(destinations) = input.destination_config {
            config.on_success = checked(destinations.on_success)?;
            config.on_failure = checked(destinations.on_failure)?;
        }
        config.modified = Some(lambda.world.clock.now());
        function.event_invoke = Some(config);
        Ok(())
    })?;
    event_invoke(&function)
}

fn no_event_invoke(function: &Function) -> AwsError {
    not_found(format!("The function {} doesn't have an EventInvokeConfig", function.qualified()))
}

fn event_invoke(function: &Function) -> Result<Value, AwsError> {
    let config = function.event_invoke.as_ref().ok_or_else(|| no_event_invoke(function))?;
    let destination = |arn: &Option<Arn>| arn.as_ref().map_or_else(|| json!({}), |arn| json!({"Destination": arn}));
    let mut answer = json!({
        "FunctionArn": function.qualified(),
        "LastModified": config.modified.map(crate::kernel::Time::fractional_seconds),
        "DestinationConfig": {
            "OnSuccess": destination(&config.on_success), "OnFailure": destination(&config.on_failure),
        },
    });
    if let Some(members) = answer.as_object_mut() {
        members.extend(config.retries.map(|retries| ("MaximumRetryAttempts".to_owned(), json!(retries))));
        members.extend(config.age.map(|age| ("MaximumEventAgeInSeconds".to_owned(), json!(age))));
    }
    Ok(answer)
}

/// `PutFunctionEventInvokeConfig`
pub(super) fn put_event_invoke(lambda: &Lambda, caller: &Caller, input: Value) -> Result<Value, AwsError> {
    set_event_invoke(lambda, caller, "lambda:PutFunctionEventInvokeConfig", input, true)
}

/// `UpdateFunctionEventInvokeConfig`
pub(super) fn update_event_invoke(lambda: &Lambda, caller: &Caller, input: Value) -> Result<Value, AwsError> {
    set_event_invoke(lambda, caller, "lambda:UpdateFunctionEventInvokeConfig", input, false)
}

/// `GetFunctionEventInvokeConfig`
pub(super) fn get_event_invoke(lambda: &Lambda, caller: &Caller, input: Value) -> Result<Value, AwsError> {
    let entry = Named::read(input)?.entry(lambda, caller, "lambda:GetFunctionEventInvokeConfig")?;
    event_invoke(&entry.function())
}

/// `DeleteFunctionEventInvokeConfig`
pub(super) fn delete_event_invoke(lambda: &Lambda, caller: &Caller, input: Value) -> Result<Value, AwsError> {
    let entry = Named::read(input)?.entry(lambda, caller, "lambda:DeleteFunctionEventInvokeConfig")?;
    lambda.change(&entry, |function| match function.event_invoke.take() {
        Some(_) => Ok(()),
        None => Err(no_event_invoke(function)),
    })?;
    Ok(json!({}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct UrlInput {
    function_name: String,
    qualifier: Option<String>,
    auth_type: Option<String>,
    cors: Option<Value>,
    invoke_mode: Option<String>,
}

impl UrlInput {
    fn checked(self) -> Result<Self, AwsError> {
        if self.invoke_mode.as_deref().is_some_and(|mode| mode != "BUFFERED") {
            return Err(not_honoured("InvokeMode"));
        }
        let auth = self.auth_type.as_deref();
        auth.map_or(Ok(()), |auth| among("AuthType", auth, &["NONE", "AWS_IAM"]))?;
        Ok(self)
    }
}

/// `CreateFunctionUrlConfig`
pub(super) fn create_url(lambda: &Lambda, caller: &Caller, input: Value) -> Result<Value, AwsError> {
    let input = read::<UrlInput>(input)?.checked()?;
    let action = "lambda:CreateFunctionUrlConfig";
    let entry = lambda.entry(caller, action, &input.function_name, input.qualifier.as_deref())?;
    let auth = input.auth_type.ok_or_else(|| invalid("AuthType is required"))?;
    let now = lambda.world.clock.now();
    let function = lambda.change(&entry, |function| {
        if function.url.is_some() {
            return Err(conflict(format!(
                "Failed to create function url config for [functionArn = {}]. Error message:  FunctionUrlConfig \
                 exists for this Lambda function",
                function.arn
            )));
        }
        let id = lambda.world.random.alphanumeric(32).to_lowercase();
        function.url = Some(Url { id, auth, cors: input.cors, created: now, modified: now });
        Ok(())
    })?;
    url(&lambda.world, &function)
}

/// `UpdateFunctionUrlConfig`
pub(super) fn update_url(lambda: &Lambda, caller: &Caller, input: Value) -> Result<Value, AwsError> {
    let input = read::<UrlInput>(input)?.checked()?;
    let action = "lambda:UpdateFunctionUrlConfig";
    let entry = lambda.entry(caller, action, &input.function_name, input.qualifier.as_deref())?;
    let now = lambda.world.clock.now();
    let function = lambda.change(&entry, |function| {
        let Some(url) = &mut function.url else { return Err(no_url()) };
        url.auth = input.auth_type.unwrap_or_else(|| url.auth.clone());
        url.cors = input.cors.or_else(|| url.cors.take());
        url.modified = now;
        Ok(())
    })?;
    url(&lambda.world, &function)
}

/// `GetFunctionUrlConfig`
pub(super) fn get_url(lambda: &Lambda, caller: &Caller, input: Value) -> Result<Value, AwsError> {
    let entry = Named::read(input)?.entry(lambda, caller, "lambda:GetFunctionUrlConfig")?;
    url(&lambda.world, &entry.function())
}

/// `DeleteFunctionUrlConfig`
pub(super) fn delete_url(lambda: &Lambda, caller: &Caller, input: Value) -> Result<Value, AwsError> {
    let entry = Named::read(input)?.entry(lambda, caller, "lambda:DeleteFunctionUrlConfig")?;
    lambda.change(&entry, |function| function.url.take().map(|_| ()).ok_or_else(no_url))?;
    Ok(json!({}))
}

fn no_url() -> AwsError {
    not_found("The resource you requested does not exist.")
}

fn url(world: &World, function: &Function) -> Result<Value, AwsError> {
    let url = function.url.as_ref().ok_or_else(no_url)?;
    let mut answer = json!({
        "FunctionUrl": format!("{}/lambda-url/{}/", world.place.endpoint, url.id),
        "FunctionArn": function.arn,
        "AuthType": url.auth,
        "InvokeMode": "BUFFERED",
        "CreationTime": url.created.rfc3339(),
        "LastModifiedTime": url.modified.rfc3339(),
    });
    if let (Some(cors), Some(members)) = (&url.cors, answer.as_object_mut()) {
        members.insert("Cors".to_owned(), cors.clone());
    }
    Ok(answer)
}

/// `PutFunctionConcurrency`
pub(super) fn put_concurrency(lambda: &Lambda, caller: &Caller, input: Value) -> Result<Value, AwsError> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "PascalCase")]
    struct Input {
        function_name: String,
        reserved_concurrent_executions: u32,
    }
    let Input { function_name, reserved_concurrent_executions: reserved } = read(input)?;
    let entry = lambda.entry(caller, "lambda:PutFunctionConcurrency", &function_name, None)?;
    let others = lambda.reserved() - entry.function().reserved.unwrap_or(0);
    if others.saturating_add(reserved) > CONCURRENCY - UNRESERVED {
        return Err(invalid(format!(
            "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution \
             below its minimum value of [{UNRESERVED}]."
        )));
    }
    lambda.change(&entry, |function| {
        function.reserved = Some(reserved);
        Ok(())
    })?;
    Ok(json!({"ReservedConcurrentExecutions": reserved}))
}

/// `GetFunctionConcurrency`
pub(super) fn get_concurrency(lambda: &Lambda, caller: &Caller, input: Value) -> Result<Value, AwsError> {
    let entry = Named::read(input)?.entry(lambda, caller, "lambda:GetFunctionConcurrency")?;
    let reserved = entry.function().reserved;
    Ok(reserved.map_or_else(|| json!({}), |reserved| json!({"ReservedConcurrentExecutions": reserved})))
}

/// `DeleteFunctionConcurrency`
pub(super) fn delete_concurrency(lambda: &Lambda, caller: &Caller, input: Value) -> Result<Value, AwsError> {
    let entry = Named::read(input)?.entry(lambda, caller, "lambda:DeleteFunctionConcurrency")?;
    lambda.change(&entry, |function| {
        function.reserved = None;
        Ok(())
    })?;
    Ok(json!({}))
}

/// `PutFunctionRecursionConfig`: kept, and without effect here.
pub(super) fn put_recursion(lambda: &Lambda, caller: &Caller, input: Value) -> Result<Value, AwsError> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "PascalCase")]
    struct Input {
        function_name: String,
        recursive_loop: String,
    }
    let Input { function_name, recursive_loop } = read(input)?;
    among("RecursiveLoop", &recursive_loop, &["Allow", "Terminate"])?;
    let entry = lambda.entry(caller, "lambda:PutFunctionRecursionConfig", &function_name, None)?;
    let function = lambda.change(&entry, |function| {
        function.recursive_loop = recursive_loop;
        Ok(())
    })?;
    Ok(json!({"RecursiveLoop": function.recursive_loop}))
}

/// `GetFunctionRecursionConfig`
pub(super) fn get_recursion(lambda: &Lambda, caller: &Caller, input: Value) -> Result<Value, AwsError> {
    let entry = Named::read(input)?.entry(lambda, caller, "lambda:GetFunctionRecursionConfig")?;
    Ok(json!({"RecursiveLoop": entry.function().recursive_loop}))
}

/// `GetAccountSettings`
pub(super) fn account(lambda: &Lambda, caller: &Caller) -> Result<Value, AwsError> {
    let access = Access { caller, action: "lambda:GetAccountSettings", resource: "*", policy: None, context: &[] };
    lambda.world.guard.check(&access)?;
    let functions = lambda.functions.borrow();
    let size: u64 = functions.values().map(|entry| entry.function().code.size).sum();
    Ok(json!({
        "AccountLimit": {
            "ConcurrentExecutions": CONCURRENCY,
            "UnreservedConcurrentExecutions": CONCURRENCY - lambda.reserved(),
        },
        "AccountUsage": {"TotalCodeSize": size, "FunctionCount": functions.len()},
    }))
}

impl Lambda {
    /// All that functions have reserved.
    pub(super) fn reserved(&self) -> u32 {
        self.functions.borrow().values().filter_map(|entry| entry.function().reserved).sum()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct TagInput {
    resource: String,
    #[serde(default)]
    tags: BTreeMap<String, String>,
    #[serde(default)]
    tag_keys: Vec<String>,
}

/// What has tags: a function, or a mapping.
enum Tagged {
    Function(Rc<Entry>),
    Mapping(String),
}

fn tagged(lambda: &Lambda, caller: &Caller, action: &str, resource: &str) -> Result<Tagged, AwsError> {
    if let Some(uuid) = resource.rsplit_once(":event-source-mapping:").map(|(_, uuid)| uuid) {
        lambda.world.guard.check(&Access { caller, action, resource, policy: None, context: &[] })?;
        lambda.mappings.get(uuid)?;
        return Ok(Tagged::Mapping(uuid.to_owned()));
    }
    let name = names::resolve(&lambda.world, resource, None)?;
    Ok(Tagged::Function(lambda.entry(caller, action, &name, None)?))
}

/// `ListTags`
pub(super) fn tags(lambda: &Lambda, caller: &Caller, input: Value) -> Result<Value, AwsError> {
    let input: TagInput = read(input)?;
    let tags = match tagged(lambda, caller, "lambda:ListTags", &input.resource)? {
        Tagged::Function(entry) => json!(entry.function().tags),
        Tagged::Mapping(uuid) => json!(lambda.mappings.get(&uuid)?.tags),
    };
    Ok(json!({"Tags": tags}))
}

/// `TagResource`
pub(super) fn tag(lambda: &Lambda, caller: &Caller, input: Value) -> Result<Value, AwsError> {
    let input: TagInput = read(input)?;
    change_tags(lambda, caller, "lambda:TagResource", &input.resource, |tags| tags.extend(input.tags))
}

/// `UntagResource`
pub(super) fn untag(lambda: &Lambda, caller: &Caller, input: Value) -> Result<Value, AwsError> {
    let input: TagInput = read(input)?;
    change_tags(lambda, caller, "lambda:UntagResource", &input.resource, |tags| {
        tags.retain(|name, _| !input.tag_keys.contains(name));
    })
}

fn change_tags(
    lambda: &Lambda,
    caller: &Caller,
    action: &str,
    resource: &str,
    change: impl FnOnce(&mut BTreeMap<String, String>),
) -> Result<Value, AwsError> {
    match tagged(lambda, caller, action, resource)? {
        Tagged::Function(entry) => {
            lambda.change(&entry, |function| {
                change(&mut function.tags);
                Ok(())
            })?;
        }
        Tagged::Mapping(uuid) => lambda.mappings.change_tags(&uuid, change)?,
    }
    Ok(json!({}))
}
