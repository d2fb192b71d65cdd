//! What a schedule calls: the call that a target means.
//!
//! In: a target, and what its input's context attributes stand for. Out: a service, an operation and its
//! input. A target that the engine has not is refused when the schedule is made.
//!
//! Source: EventBridge Scheduler User Guide, "Managing targets".

use serde_json::{Map, Value, json};

use super::input::{Target, invalid};
use crate::kernel::{Arn, AwsError, Place};

/// Universal targets: the service's name there, and on the bus.
const SERVICES: [(&str, &str); 8] = [
    ("dynamodb", "dynamodb"),
    ("lambda", "lambda"),
    ("scheduler", "scheduler"),
    ("secretsmanager", "secretsmanager"),
    ("sesv2", "ses"),
    ("sfn", "states"),
    ("sns", "sns"),
    ("sqs", "sqs"),
];

/// Actions that begin so only read: AWS has no universal targets of them.
const READS: [&str; 11] =
    ["get", "describe", "list", "poll", "receive", "search", "scan", "query", "select", "batchGet", "transactGet"];

/// A call of a service.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Invocation {
    pub(super) service: &'static str,
    pub(super) operation: String,
    pub(super) input: Value,
    /// What a dead letter shows of it.
    pub(super) body: String,
}

/// What the context attributes stand for.
#[derive(Clone, Debug)]
pub(super) struct Context<'a> {
    pub(super) schedule: &'a str,
    /// `2026-01-31T12:00:00Z`
    pub(super) scheduled: &'a str,
    pub(super) execution: &'a str,
    /// From 1.
    pub(super) attempt: u32,
}

#[derive(Clone, Debug)]
enum Kind<'a> {
    Lambda,
    Sqs,
    Sns,
    States,
    Universal(&'static str, &'a str),
}

fn kind(arn: &Arn) -> Result<Kind<'_>, AwsError> {
    let absent = || {
        invalid(format!(
            "the local engine has no schedules with the target `{arn}`: docs/local/scheduler.md lists them"
        ))
    };
    match (arn.service(), arn.resource()) {
        ("lambda", resource) if resource.starts_with("function:") => Ok(Kind::Lambda),
        ("sqs", _) => Ok(Kind::Sqs),
        ("sns", _) => Ok(Kind::Sns),
        ("states", resource) if resource.starts_with("stateMachine:") => Ok(Kind::States),
        ("scheduler", resource) => {
            let (service, action) =
                resource.strip_prefix("aws-sdk:").and_then(|rest| rest.split_once(':')).ok_or_else(absent)?;
            if READS.iter().any(|read| action.starts_with(read)) {
                return Err(invalid(format!("{arn} is not a supported target: it only reads.")));
            }
            let (_, service) = SERVICES.iter().find(|(name, _)| *name == service).ok_or_else(absent)?;
            Ok(Kind::Universal(service, action))
        }
        _ => Err(absent()),
    }
}

/// Refuses a target that cannot be called.
pub(super) fn check(target: &Target) -> Result<(), AwsError> {
    let arn = Arn::parse(&target.arn).map_err(|_| invalid("Provided Arn is not in correct format."))?;
    let kind = kind(&arn)?;
    let group = target.sqs_parameters.as_ref().and_then(|parameters| parameters.message_group_id.as_ref());
    match (&kind, arn.name().ends_with(".fifo"), group) {
        (Kind::Sqs, true, None) => return Err(invalid("MessageGroupId must be provided for a FIFO queue.")),
        (Kind::Sqs, _, _) => {}
        _ if target.sqs_parameters.is_some() => return Err(invalid("SqsParameters are for SQS targets.")),
        _ => {}
    }
    let parsed = target.input.as_deref().map(serde_json::from_str::<Value>);
    match (kind, parsed) {
        (Kind::Universal(..), None | Some(Err(_))) => {
            Err(invalid("Input must be the JSON object of the API's request."))
        }
        (Kind::Universal(..), Some(Ok(input))) if !input.is_object() => {
            Err(invalid("Input must be the JSON object of the API's request."))
        }
        (Kind::Lambda | Kind::States, Some(Err(error))) => Err(invalid(format!("Input is not valid JSON: {error}"))),
        _ => Ok(()),
    }
}

/// The call that a target means now.
pub(super) fn invocation(place: &Place, target: &Target, context: &Context<'_>) -> Result<Invocation, AwsError> {
    let arn = Arn::parse(&target.arn).map_err(|error| invalid(error.to_string()))?;
    let text = target.input.as_deref().map_or_else(|| event(place, context), |input| filled(input, context));
    let json =
        || serde_json::from_str::<Value>(&text).map_err(|error| invalid(format!("Input is not valid JSON: {error}")));
    match kind(&arn)? {
        Kind::Lambda => {
            let input = json!({"FunctionName": target.arn, "InvocationType": "Event", "Payload": json()?});
            Ok(Invocation { service: "lambda", operation: "Invoke".to_owned(), input, body: text })
        }
        Kind::Sqs => {
            let queue = format!("{}/{}/{}", place.endpoint, arn.account(), arn.name());
            let group = target.sqs_parameters.as_ref().and_then(|parameters| parameters.message_group_id.as_ref());
            let mut input = json!({"MessageBody": text, "QueueUrl": queue});
            if let (Some(group), Some(members)) = (group, input.as_object_mut()) {
                members.insert("MessageGroupId".to_owned(), group.as_str().into());
            }
            Ok(called("sqs", "SendMessage", input))
        }
        Kind::Sns => Ok(called("sns", "Publish", json!({"Message": text, "TopicArn": target.arn}))),
        Kind::States => Ok(called("states", "StartExecution", json!({"input": text, "stateMachineArn": target.arn}))),
        Kind::Universal(service, action) => {
            let mut input = json()?;
            if let (Value::Object(members), "states") = (&mut input, service) {
                *members = std::mem::take(members).into_iter().map(|(name, value)| (lower(&name), value)).collect();
            }
            if let (Value::Object(members), "lambda", "invoke") = (&mut input, service, action) {
                payload(members);
            }
            let (first, rest) = action.split_at_checked(1).unwrap_or_default();
            Ok(called(service, &format!("{}{rest}", first.to_ascii_uppercase()), input))
        }
    }
}

fn called(service: &'static str, operation: &str, input: Value) -> Invocation {
    let body = input.to_string();
    Invocation { service, operation: operation.to_owned(), input, body }
}

/// Step Functions' own names begin in lower case.
fn lower(name: &str) -> String {
    let (first, rest) = name.split_at_checked(1).unwrap_or_default();
    format!("{}{rest}", first.to_ascii_lowercase())
}

/// A function's payload is text here, and JSON on the bus.
fn payload(members: &mut Map<String, Value>) {
    if let Some(payload) = members.get_mut("Payload")
        && let Some(parsed) = payload.as_str().and_then(|text| serde_json::from_str(text).ok())
    {
        *payload = parsed;
    }
}

fn filled(input: &str, context: &Context<'_>) -> String {
    if !input.contains("<aws.scheduler.") {
        return input.to_owned();
    }
    let attempt = context.attempt.to_string();
    let attributes = [
        ("<aws.scheduler.schedule-arn>", context.schedule),
        ("<aws.scheduler.scheduled-time>", context.scheduled),
        ("<aws.scheduler.execution-id>", context.execution),
        ("<aws.scheduler.attempt-number>", &attempt),
    ];
    attributes.iter().fold(input.to_owned(), |text, (name, value)| text.replace(name, value))
}

/// What a target gets that has no input.
fn event(place: &Place, context: &Context<'_>) -> String {
    json!({
        "version": "0",
        "id": context.execution,
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "account": &*place.account,
        "time": context.scheduled,
        "region": &*place.region,
        "resources": [context.schedule],
        "detail": "{}",
    })
    .to_string()
}
