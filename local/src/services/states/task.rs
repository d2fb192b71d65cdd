//! What a task asks of a service, and what its answer means to the state.

use std::rc::Rc;

use serde_json::{Map, Value, json};

use super::States;
use super::asl::{Pattern, Resource, Sdk};
use super::data::Failure;
use super::record::{Execution, Status};
use super::run::Call;
use crate::kernel::{Arn, AwsError, Caller};

/// A service of the optimized integrations: its name in errors, and the error of whatever has no class of
/// its own in the SDK that they are built on.
const OPTIMIZED: [(&str, &str, &str); 5] = [
    ("lambda", "Lambda", "AWSLambdaException"),
    ("sqs", "SQS", "AmazonSQSException"),
    ("sns", "SNS", "AmazonSNSException"),
    ("dynamodb", "DynamoDB", "AmazonDynamoDBException"),
    ("states", "StepFunctions", "AWSStepFunctionsException"),
];

/// What any service may answer has no class of its own ("Common errors" of the services' API references).
const COMMON: [&str; 15] = [
    "AccessDenied",
    "AccessDeniedException",
    "IncompleteSignature",
    "InternalFailure",
    "InvalidParameterCombination",
    "InvalidParameterValue",
    "MissingParameter",
    "NotAuthorized",
    "RequestExpired",
    "ServiceUnavailable",
    "Throttling",
    "ThrottlingException",
    "UnrecognizedClientException",
    "ValidationError",
    "ValidationException",
];

impl States {
    /// Makes a task's call; gives what the task's result is. `again` if it may have been made before the
    /// engine was killed.
    pub(super) async fn task(
        self: &Rc<Self>,
        execution: &Rc<Execution>,
        call: &Call,
        again: bool,
    ) -> Result<Value, Failure> {
        let about = &execution.begun.about;
        let machine = Arn::parse(&about.machine_arn).map_err(|error| Failure::runtime(error.to_string()))?;
        let role = Arn::parse(&about.role_arn).map_err(|error| Failure::runtime(error.to_string()))?;
        let caller = self.assume(machine, &role, &about.name);
        let caller = caller.map_err(|error| Failure::new("States.Permissions", error.message))?;
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
                let asked = Value::Object(input.clone());
                let answer = self.world.bus.request(caller.clone(), bus, &operation, asked).await;
                let answer = match answer {
                    // This very task started it before the engine was killed.
                    Err(error) if (named || again) && error.code == "ExecutionAlreadyExists" => {
                        self.already(&input, error)
                    }
                    answer => answer,
                };
                let answer = answer.map_err(|error| failure(&call.resource, &error, &self.world.random.uuid()))?;
                if let Pattern::Sync { json } = pattern {
                    return self.wait_for(execution, call, caller, &answer, *json).await;
                }
                match answer {
                    answer if bus == "states" => Ok(upper(answer)),
                    answer if bus == "lambda" && action == "invoke" => function_answer(answer),
                    answer => Ok(answer),
                }
            }
        }
    }

    /// The answer to the start of an execution that is already there, if it was started with the same.
    fn already(&self, input: &Map<String, Value>, error: AwsError) -> Result<Value, AwsError> {
        let text = |name: &str| input.get(name).and_then(Value::as_str);
        let arn = text("stateMachineArn").zip(text("name"));
        let arn = arn.map(|(machine, name)| super::executions::execution_arn(machine, name)).unwrap_or_default();
        let asked: Option<Value> = serde_json::from_str(text("input").unwrap_or("{}")).ok();
        match self.find_execution(&arn) {
            Ok(execution) if asked.as_ref() == Some(&execution.begun.about.input) => {
                let started = execution.begun.about.started.fractional_seconds();
                Ok(json!({ "executionArn": arn, "startDate": started }))
            }
            _ => Err(error),
        }
    }

    /// Waits for the end of an execution that a task started. If the task ends before, it is stopped.
    async fn wait_for(
        &self,
        execution: &Execution,
        call: &Call,
        caller: Caller,
        answer: &Value,
        json: bool,
    ) -> Result<Value, Failure> {
        let refused = |error: AwsError| failure(&call.resource, &error, &self.world.random.uuid());
        let arn = answer.get("executionArn").and_then(Value::as_str).unwrap_or_default();
        let named = json!({ "executionArn": arn });
        let child = self.find_execution(arn).map_err(refused)?;
        tokio::select! {
            biased;
            () = child.end() => {}
            () = execution.left(call) => {
                // Nobody hears the answer any more, nor whether this succeeds: so it is on AWS.
                let _ = self.world.bus.request(caller, super::NAME, "StopExecution", named).await;
                return Ok(Value::Null);
            }
        }
        let described = self.world.bus.request(caller, super::NAME, "DescribeExecution", named).await;
        let mut described = upper(described.map_err(refused)?);
        for member in ["Input", "Output"].into_iter().filter(|_| json) {
            if let Some(value) = described.get_mut(member)
                && let Some(parsed) = value.as_str().and_then(|text| serde_json::from_str(text).ok())
            {
                *value = parsed;
            }
        }
        match child.status() {
            Status::Succeeded => Ok(described),
            _ => Err(Failure::new("States.TaskFailed", described.to_string())),
        }
    }
}

fn bus_name(service: &str, sdk: bool) -> &str {
    Sdk::named(service).filter(|_| sdk).map_or(service, |service| service.bus)
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
    match input.get_mut(member) {
        // As if it were not there.
        Some(Value::Null) => drop(input.remove(member)),
        Some(value) if !value.is_string() => *value = Value::String(value.to_string()),
        _ => {}
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

/// All members of an answer of Step Functions' own API, however deep, as its integrations have them.
fn upper(answer: Value) -> Value {
    match answer {
        Value::Array(items) => items.into_iter().map(upper).collect(),
        Value::Object(fields) => {
            let fields = fields.into_iter().map(|(name, value)| (name, upper(value))).collect();
            Value::Object(recase(fields, char::to_ascii_uppercase))
        }
        plain => plain,
    }
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
    let class = if code.ends_with("Exception") { code.to_owned() } else { format!("{code}Exception") };
    let (prefix, class) = if sdk {
        let prefix = Sdk::named(service).map_or(service, |service| service.errors);
        let class = if COMMON.contains(&code) { format!("{prefix}Exception") } else { class };
        (prefix, class)
    } else {
        let known = OPTIMIZED.iter().find(|(name, ..)| *name == service);
        let (prefix, general) = known.map_or(("", ""), |(_, prefix, general)| (prefix, general));
        (prefix, if COMMON.contains(&code) { general.to_owned() } else { class })
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
        assert_eq!(named("sqs", false, "MissingParameter"), "SQS.AmazonSQSException");
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
    fn a_text_may_be_given_as_json() {
        let stringified = |service: &str, value: Value| {
            let mut input = value.as_object().unwrap().clone();
            stringify(service, &mut input);
            Value::Object(input)
        };
        assert_eq!(stringified("sqs", json!({ "MessageBody": { "a": 1 } })), json!({ "MessageBody": "{\"a\":1}" }));
        assert_eq!(stringified("sns", json!({ "Message": "x" })), json!({ "Message": "x" }));
        assert_eq!(stringified("states", json!({ "Input": null, "Name": "n" })), json!({ "Name": "n" }));
        assert_eq!(stringified("lambda", json!({ "Payload": null })), json!({ "Payload": null }));
    }

    #[test]
    fn answers_have_the_case_of_integrations() {
        let answer = upper(json!({ "executions": [{ "name": "Y", "tags": {} }], "nextToken": "t" }));
        assert_eq!(answer, json!({ "Executions": [{ "Name": "Y", "Tags": {} }], "NextToken": "t" }));
    }

    #[test]
    fn a_task_that_is_called_again_starts_the_same_execution() {
        assert_eq!(own_name("a", 1), own_name("a", 1));
        assert_ne!(own_name("a", 1), own_name("a", 2));
        assert_eq!(own_name("a", 1).len(), 32);
    }
}
