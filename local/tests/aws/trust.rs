//! What a service may do under a role: only if the role's trust policy lets the service take it on.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use local::kernel::{AwsError, Caller};
use serde_json::{Value, json};

use crate::world::{Test, role, run};

const ROLE: &str = "arn:aws:iam::000000000000:role/worker";
const LAMBDA: &str = "The role defined for the function cannot be assumed by Lambda.";
const STATES: &str =
    "Neither the global service principal states.amazonaws.com, nor the regional one is authorized to assume";

async fn call(test: &Test, service: &str, operation: &str, input: Value) -> Result<Value, AwsError> {
    test.engine.world().bus.request(Caller::Account, service, operation, input).await
}

async fn refused(test: &Test, service: &str, operation: &str, input: Value) -> (String, String) {
    let error = call(test, service, operation, input).await.unwrap_err();
    (error.code, error.message)
}

/// From now on only this service may take on the role, for whatever it is.
async fn trusts(test: &Test, service: &str) {
    let policy = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"},
    ]});
    let input = json!({"RoleName": "worker", "PolicyDocument": policy.to_string()});
    call(test, "iam", "UpdateAssumeRolePolicy", input).await.unwrap();
}

/// A role that may do all, which services of `trusted` may take on; and how often its function ran.
async fn worker(test: &Test, trusted: &str) -> Rc<Cell<u32>> {
    role(&test.engine, "worker", json!([{"Effect": "Allow", "Action": "*", "Resource": "*"}])).await;
    trusts(test, trusted).await;
    let ran: Rc<Cell<u32>> = Rc::default();
    let counted = Rc::clone(&ran);
    test.engine.functions().put("f", move |_, _, _| {
        counted.set(counted.get() + 1);
        async { Ok(Value::Null) }
    });
    ran
}

fn function() -> Value {
    json!({
        "FunctionName": "f", "Role": ROLE, "Runtime": "provided.al2023", "Handler": "f",
        "Code": {"S3Bucket": "eventloom", "S3Key": "/in/this/process"},
    })
}

fn machine() -> Value {
    let definition = json!({"StartAt": "ask", "States": {"ask": {
        "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName": "f"}, "End": true,
    }}});
    json!({"name": "m", "roleArn": ROLE, "definition": definition.to_string()})
}

#[test]
fn a_function_has_no_role_that_does_not_trust_lambda() {
    run(|test| async move {
        worker(&test, "states.amazonaws.com").await;
        let (code, message) = refused(&test, "lambda", "CreateFunction", function()).await;
        assert_eq!(code, "InvalidParameterValueException");
        assert!(message.starts_with(LAMBDA), "{message}");
        let statement = r#""Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole""#;
        assert!(message.contains(statement), "the statement that is missing is named: {message}");

        trusts(&test, "lambda.amazonaws.com").await;
        call(&test, "lambda", "CreateFunction", function()).await.unwrap();
        trusts(&test, "states.amazonaws.com").await;
        let change = json!({"FunctionName": "f", "Role": ROLE});
        let (code, message) = refused(&test, "lambda", "UpdateFunctionConfiguration", change).await;
        assert_eq!((code.as_str(), message.starts_with(LAMBDA)), ("InvalidParameterValueException", true));
        call(&test, "lambda", "UpdateFunctionConfiguration", json!({"FunctionName": "f", "Timeout": 5})).await.unwrap();
    });
}

#[test]
fn an_invocation_ends_before_it_begins_if_the_role_does_not_trust_lambda_any_more() {
    run(|test| async move {
        let ran = worker(&test, "lambda.amazonaws.com").await;
        call(&test, "lambda", "CreateFunction", function()).await.unwrap();
        trusts(&test, "states.amazonaws.com").await;
        let (code, message) = refused(&test, "lambda", "Invoke", json!({"FunctionName": "f"})).await;
        assert_eq!((code.as_str(), message.starts_with(LAMBDA)), ("AccessDeniedException", true));

        // An event waits until the role can be taken on.
        let event = json!({"FunctionName": "f", "InvocationType": "Event"});
        call(&test, "lambda", "Invoke", event).await.unwrap();
        test.engine.world().clock.sleep(Duration::from_secs(60)).await;
        assert_eq!(ran.get(), 0);
        trusts(&test, "lambda.amazonaws.com").await;
        test.engine.world().clock.sleep(Duration::from_secs(300)).await;
        assert_eq!(ran.get(), 1);
    });
}

#[test]
fn a_queue_waits_for_a_role_that_lambda_can_take_on() {
    run(|test| async move {
        let ran = worker(&test, "lambda.amazonaws.com").await;
        call(&test, "lambda", "CreateFunction", function()).await.unwrap();
        for queue in ["one", "two"] {
            call(&test, "sqs", "CreateQueue", json!({"QueueName": queue})).await.unwrap();
        }
        let mapping = |queue: &str| json!({"FunctionName": "f", "EventSourceArn": format!("arn:aws:sqs:eu-west-1:000000000000:{queue}")});
        call(&test, "lambda", "CreateEventSourceMapping", mapping("one")).await.unwrap();

        trusts(&test, "states.amazonaws.com").await;
        let (code, message) = refused(&test, "lambda", "CreateEventSourceMapping", mapping("two")).await;
        assert_eq!(code, "InvalidParameterValueException");
        assert!(message.starts_with(&format!("Please add Lambda as a Trusted Entity for {ROLE}")), "{message}");
        call(&test, "sqs", "SendMessage", json!({"QueueUrl": "one", "MessageBody": "x"})).await.unwrap();
        test.engine.world().clock.sleep(Duration::from_secs(120)).await;
        assert_eq!(ran.get(), 0);

        trusts(&test, "lambda.amazonaws.com").await;
        test.engine.world().clock.sleep(Duration::from_secs(120)).await;
        assert_eq!(ran.get(), 1, "the message was kept");
    });
}

#[test]
fn a_stream_waits_for_a_role_that_lambda_can_take_on() {
    run(|test| async move {
        let ran = worker(&test, "lambda.amazonaws.com").await;
        call(&test, "lambda", "CreateFunction", function()).await.unwrap();
        let table = json!({
            "TableName": "rows", "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "StreamSpecification": {"StreamEnabled": true, "StreamViewType": "KEYS_ONLY"},
        });
        let made = call(&test, "dynamodb", "CreateTable", table).await.unwrap();
        let stream = &made["TableDescription"]["LatestStreamArn"];
        let mapping = json!({"FunctionName": "f", "EventSourceArn": stream, "StartingPosition": "TRIM_HORIZON"});
        call(&test, "lambda", "CreateEventSourceMapping", mapping).await.unwrap();
        trusts(&test, "states.amazonaws.com").await;
        call(&test, "dynamodb", "PutItem", json!({"TableName": "rows", "Item": {"id": {"S": "x"}}})).await.unwrap();
        test.engine.world().clock.sleep(Duration::from_secs(120)).await;
        assert_eq!(ran.get(), 0);
        trusts(&test, "lambda.amazonaws.com").await;
        test.engine.world().clock.sleep(Duration::from_secs(120)).await;
        assert_eq!(ran.get(), 1, "the record was kept");
    });
}

#[test]
fn a_machine_has_no_role_that_does_not_trust_step_functions() {
    run(|test| async move {
        worker(&test, "lambda.amazonaws.com").await;
        call(&test, "lambda", "CreateFunction", function()).await.unwrap();
        let (code, message) = refused(&test, "states", "CreateStateMachine", machine()).await;
        assert_eq!((code.as_str(), message.starts_with(STATES)), ("AccessDeniedException", true), "{message}");

        trusts(&test, "states.amazonaws.com").await;
        let made = call(&test, "states", "CreateStateMachine", machine()).await.unwrap();
        trusts(&test, "lambda.amazonaws.com").await;
        let change = json!({"stateMachineArn": made["stateMachineArn"], "roleArn": ROLE});
        let (code, message) = refused(&test, "states", "UpdateStateMachine", change).await;
        assert_eq!((code.as_str(), message.starts_with(STATES)), ("AccessDeniedException", true));

        let start = json!({"stateMachineArn": made["stateMachineArn"]});
        let started = call(&test, "states", "StartExecution", start).await.unwrap();
        test.engine.world().clock.sleep(Duration::from_secs(1)).await;
        let described = json!({"executionArn": started["executionArn"]});
        let ended = call(&test, "states", "DescribeExecution", described).await.unwrap();
        assert_eq!((&ended["status"], &ended["error"]), (&json!("FAILED"), &json!("States.Permissions")));
        assert!(ended["cause"].as_str().unwrap().starts_with(STATES), "{ended}");
    });
}

#[test]
fn a_statement_that_is_not_understood_is_not_added_to_a_function() {
    run(|test| async move {
        worker(&test, "lambda.amazonaws.com").await;
        call(&test, "lambda", "CreateFunction", function()).await.unwrap();
        let add = |principal: &str| {
            json!({
                "FunctionName": "f", "StatementId": "s", "Action": "lambda:InvokeFunction", "Principal": principal,
            })
        };
        let (code, message) = refused(&test, "lambda", "AddPermission", add("arn:aws:iam::000000000000:group/g")).await;
        assert_eq!(code, "InvalidParameterValueException");
        assert!(message.contains("group/g"), "{message}");
        call(&test, "lambda", "AddPermission", add("sns.amazonaws.com")).await.unwrap();
    });
}

#[test]
fn whoever_writes_and_reads_a_secret_must_be_allowed_to_use_its_key() {
    run(|test| async move {
        let key = call(&test, "kms", "CreateKey", json!({})).await.unwrap();
        let key = key["KeyMetadata"]["Arn"].as_str().unwrap().to_owned();
        let worker = role(&test.engine, "worker", json!([])).await;
        let may = |of_key: &str| {
            let mut statements = vec![json!({"Effect": "Allow", "Action": "secretsmanager:*", "Resource": "*"})];
            if !of_key.is_empty() {
                let via = json!({"StringEquals": {"kms:ViaService": "secretsmanager.eu-west-1.amazonaws.com"}});
                statements.push(json!({"Effect": "Allow", "Action": of_key, "Resource": key, "Condition": via}));
            }
            crate::world::allow(&test.engine, "worker", statements.into())
        };
        let bus = &test.engine.world().bus;
        let ask = |operation: &'static str, input: Value| {
            let worker = worker.clone();
            async move { bus.request(worker, "secretsmanager", operation, input).await.map_err(|error| error.code) }
        };
        let create = json!({"Name": "s", "SecretString": "one", "KmsKeyId": key});
        may("").await;
        assert_eq!(ask("CreateSecret", create.clone()).await, Err("AccessDeniedException".to_owned()));
        may("kms:*").await;
        ask("CreateSecret", create).await.unwrap();
        may("kms:Decrypt").await;
        assert_eq!(ask("GetSecretValue", json!({"SecretId": "s"})).await.unwrap()["SecretString"], "one");
        let put = json!({"SecretId": "s", "SecretString": "two"});
        assert_eq!(ask("PutSecretValue", put).await, Err("AccessDeniedException".to_owned()));
        may("").await;
        assert_eq!(ask("GetSecretValue", json!({"SecretId": "s"})).await, Err("AccessDeniedException".to_owned()));
        ask("DescribeSecret", json!({"SecretId": "s"})).await.unwrap();
        may("kms:*").await;
        call(&test, "kms", "DisableKey", json!({"KeyId": key})).await.unwrap();
        assert_eq!(ask("GetSecretValue", json!({"SecretId": "s"})).await, Err("DecryptionFailure".to_owned()));
    });
}
