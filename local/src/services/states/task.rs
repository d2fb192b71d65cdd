//! What a task asks of a service, and what its answer means to the state.

use std::rc::Rc;

use serde_json::{Map, Value, json};

use super::States;
use super::asl::{Pattern, Resource};
use super::data::Failure;
use super::record::{Execution, Status};
use super::run::Call;
use crate::kernel::{Arn, AwsError, Busy, Caller};

/// A service as SDK integrations name it: the bus's name, and the one in errors.
const SDK: [(&str, &str, &str); 9] = [
    ("dynamodb", "dynamodb", "DynamoDb"),
    ("lambda", "lambda", "Lambda"),
    ("sqs", "sqs", "Sqs"),
    ("sns", "sns", "Sns"),
    ("sfn", "states", "Sfn"),
    ("sesv2", "ses", "SesV2"),
    ("scheduler", "scheduler", "Scheduler"),
    ("kms", "kms", "Kms"),
    ("secretsmanager", "secretsmanager", "SecretsManager"),
];

/// A service of the optimized integrations: its name in errors, and the error of whatever has no class of
/// its own in the SDK that they are built on.
const OPTIMIZED: [(&str, &str, &str); 5] = [
    ("lambda", "Lambda", "AWSLambdaException"),
    ("sqs", "SQS", "AmazonSQSException"),
    ("sns", "SNS", "AmazonSNSException"),
    ("dynamodb", "DynamoDB", "AmazonDynamoDBException"),
    ("states", "StepFunctions", "AWSStepFunctionsException"),
];

impl States {
    /// Makes a task's call; gives what the task's result is.
    pub(super) async fn task(
        self: &Rc<Self>,
        execution: &Rc<Execution>,
        call: &Call,
        busy: Busy,
    ) -> Result<Value, Failure> {
        let about = &execution.begun.about;
        let role = Arn::parse(&about.role_arn).map_err(|error| Failure::runtime(error.to_string()))?;
        let caller = Caller::Role { role, session: about.name.clone() };
        let arguments = (*call.arguments).clone();
        match &call.resource {
            Resource::Function(arn) => {
                let input = json!({ "FunctionName": arn, "InvocationType": "RequestResponse", "Payload": arguments });
                let answer = self.world.bus.request(caller, "lambda", "Invoke", input).await;
                let answer = answer.map_err(|error| failure(&call.resource, &error, &self.world.random.uuid()))?;
                function_answer(answer).map(|mut answer| answer.get_mut("Payload").map(Value::take).unwrap_or_default())
            }
            Resource::Action { service, action, sdk, pattern } => {
                let bus = bus_name(service, *sdk);
                let mut input = arguments.as_object().cloned().ok_or_else(|| not_an_object(&arguments))?;
                if !sdk {
                    stringify(service, &mut input);
                }
                let named = bus == "states" && action == "startExecution" && !input.contains_key("Name");
                if named {
                    input.insert("Name".to_owned(), own_name(&about.arn, call.task).into());
                }
                let input = if bus == "states" { recase(input, char::to_ascii_lowercase) } else { input };
                let operation = first(action, char::to_ascii_uppercase);
                let (caller, asked) = (caller.clone(), Value::Object(input.clone()));
                let answer = self.world.bus.request(caller, bus, &operation, asked).await;
                let answer = match answer {
                    // This very task started it before the engine was killed.
                    Err(error) if named && error.code == "ExecutionAlreadyExists" => self.already(&input),
                    answer => answer,
                };
                let answer = answer.map_err(|error| failure(&call.resource, &error, &self.world.random.uuid()))?;
                if let Pattern::Sync { json } = pattern {
                    drop(busy);
                    return self.wait_for(&answer, *json).await;
                }
                match answer {
                    Value::Object(fields) if bus == "states" => {
                        Ok(Value::Object(recase(fields, char::to_ascii_uppercase)))
                    }
                    answer if bus == "lambda" && action == "invoke" => function_answer(answer),
                    answer => Ok(answer),
                }
            }
        }
    }

    /// The answer to the start of an execution that is already there.
    fn already(&self, input: &Map<String, Value>) -> Result<Value, AwsError> {
        let text = |name: &str| input.get(name).and_then(Value::as_str).unwrap_or_default();
        let arn = super::executions::execution_arn(text("stateMachineArn"), text("name"));
        let execution = self.find_execution(&arn)?;
        Ok(json!({ "executionArn": arn, "startDate": execution.begun.about.started.fractional_seconds() }))
    }

    /// Waits for the end of an execution that a task started.
    async fn wait_for(&self, answer: &Value, json: bool) -> Result<Value, Failure> {
        let arn = answer.get("executionArn").and_then(Value::as_str).unwrap_or_default();
        let execution = self.find_execution(arn).map_err(|error| Failure::new("States.TaskFailed", error.message))?;
        execution.end().await;
        let Value::Object(described) = super::executions::describe(&execution) else { return Ok(Value::Null) };
        let mut described = recase(described, char::to_ascii_uppercase);
        if execution.status() != Status::Succeeded {
            return Err(Failure::new("States.TaskFailed", Value::Object(described).to_string()));
        }
        for member in ["Input", "Output"].into_iter().filter(|_| json) {
            if let Some(value) = described.get_mut(member)
                && let Some(parsed) = value.as_str().and_then(|text| serde_json::from_str(text).ok())
            {
                *value = parsed;
            }
        }
        Ok(Value::Object(described))
    }
}

fn bus_name(service: &str, sdk: bool) -> &str {
    let known = SDK.iter().find(|(name, ..)| sdk && *name == service);
    known.map_or(service, |(_, bus, _)| bus)
}

fn not_an_object(arguments: &Value) -> Failure {
    Failure::runtime(format!("The parameters of a task must be an object, not {arguments}"))
}

/// A name for an execution that a task starts without giving one: the same if the task is called again.
fn own_name(arn: &str, task: u64) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, format!("{arn}#{task}").as_bytes());
    digest.as_ref().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// What may be given as JSON where the service wants a text.
fn stringify(service: &str, input: &mut Map<String, Value>) {
    let member = match service {
        "sqs" => "MessageBody",
        "sns" => "Message",
        "states" => "Input",
        _ => return,
    };
    if let Some(value) = input.get_mut(member)
        && !value.is_string()
    {
        *value = Value::String(value.to_string());
    }
}

fn first(name: &str, change: fn(&char) -> char) -> String {
    let mut characters = name.chars();
    characters.next().map(|first| change(&first)).into_iter().chain(characters).collect()
}

/// Step Functions' own API has members in camelCase, its integrations have them in PascalCase.
fn recase(fields: Map<String, Value>, change: fn(&char) -> char) -> Map<String, Value> {
    fields.into_iter().map(|(name, value)| (first(&name, change), value)).collect()
}

/// Lambda's answer, or the error of the function.
fn function_answer(answer: Value) -> Result<Value, Failure> {
    if answer.get("FunctionError").is_none_or(Value::is_null) {
        return Ok(answer);
    }
    let payload = answer.get("Payload").cloned().unwrap_or_default();
    let name = payload.get("errorType").and_then(Value::as_str).filter(|name| !name.is_empty());
    Err(Failure::new(name.unwrap_or("Lambda.Unknown"), payload.to_string()))
}

/// A service's refusal by the name that `Retry` and `Catch` compare.
fn failure(resource: &Resource, error: &AwsError, request_id: &str) -> Failure {
    let (service, sdk) = match resource {
        Resource::Function(_) => ("lambda", false),
        Resource::Action { service, sdk, .. } => (service.as_str(), *sdk),
    };
    let code = error.code.rsplit(['.', '#']).next().unwrap_or_default();
    // What any service may answer has no class of its own.
    let common = ["AccessDenied", "AccessDeniedException", "ValidationException", "ValidationError", "InternalFailure"];
    let class = if code.ends_with("Exception") { code.to_owned() } else { format!("{code}Exception") };
    let (prefix, class) = if sdk {
        let known = SDK.iter().find(|(name, ..)| *name == service);
        let prefix = known.map_or_else(|| first(service, char::to_ascii_uppercase), |(.., name)| (*name).to_owned());
        let class = if common.contains(&code) { format!("{prefix}Exception") } else { class };
        (prefix, class)
    } else {
        let known = OPTIMIZED.iter().find(|(name, ..)| *name == service);
        let (prefix, general) = known.map_or(("", ""), |(_, prefix, general)| (prefix, general));
        (prefix.to_owned(), if common.contains(&code) { general.to_owned() } else { class })
    };
    let (message, status) = (&error.message, error.status);
    let cause = format!("{message} (Service: {prefix}, Status Code: {status}, Request ID: {request_id})");
    Failure::new(&format!("{prefix}.{class}"), cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(service: &str, sdk: bool, code: &str) -> String {
        let (service, action, pattern) = (service.to_owned(), "x".to_owned(), Pattern::Response);
        let resource = Resource::Action { service, action, sdk, pattern };
        failure(&resource, &AwsError::new(code, "no"), "r").error.unwrap()
    }

    #[test]
    fn errors_have_the_names_that_aws_gives_them() {
        assert_eq!(named("lambda", false, "TooManyRequestsException"), "Lambda.TooManyRequestsException");
        assert_eq!(named("lambda", false, "AccessDeniedException"), "Lambda.AWSLambdaException");
        assert_eq!(named("sqs", false, "QueueDoesNotExist"), "SQS.QueueDoesNotExistException");
        assert_eq!(named("sns", false, "NotFound"), "SNS.NotFoundException");
        assert_eq!(
            named("dynamodb", false, "ConditionalCheckFailedException"),
            "DynamoDB.ConditionalCheckFailedException"
        );
        assert_eq!(named("states", false, "ExecutionAlreadyExists"), "StepFunctions.ExecutionAlreadyExistsException");
        assert_eq!(named("dynamodb", true, "ResourceNotFoundException"), "DynamoDb.ResourceNotFoundException");
        assert_eq!(named("sqs", true, "AccessDenied"), "Sqs.SqsException");
        assert_eq!(named("other", true, "Gone"), "Other.GoneException");
    }

    #[test]
    fn a_functions_error_is_its_type_and_its_whole_payload() {
        let payload = json!({ "errorType": "CardDeclined", "errorMessage": "no money" });
        let failed = function_answer(json!({ "FunctionError": "Unhandled", "Payload": payload })).unwrap_err();
        assert_eq!(failed, Failure::new("CardDeclined", payload.to_string()));
        let failed = function_answer(json!({ "FunctionError": "Unhandled", "Payload": {} })).unwrap_err();
        assert_eq!(failed.name(), "Lambda.Unknown");
    }

    #[test]
    fn a_task_that_is_called_again_starts_the_same_execution() {
        assert_eq!(own_name("a", 1), own_name("a", 1));
        assert_ne!(own_name("a", 1), own_name("a", 2));
        assert_eq!(own_name("a", 1).len(), 32);
    }
}
