//! Inputs that nobody who means well sends: each is an error of AWS's kind, and the engine goes on.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderMap, Method};
use local::kernel::{AwsError, Caller};
use local::services::{dynamodb, kms, lambda, scheduler, ses, sns, sqs, states, sts};
use local::wire::{Protocol, Request};
use serde_json::{Map, Value, json};

use crate::world::{Test, run};

/// Each of these operations is asked with an input that is right but for one member.
fn operations() -> Vec<(&'static str, &'static str, Value)> {
    let topic = "arn:aws:sns:eu-west-1:000000000000:t";
    let queue = "arn:aws:sqs:eu-west-1:000000000000:q";
    let role = "arn:aws:iam::000000000000:role/r";
    let machine = "arn:aws:states:eu-west-1:000000000000:stateMachine:m";
    let policy = json!({"Version": "2012-10-17", "Statement": []}).to_string();
    let definition = json!({"StartAt": "s", "States": {"s": {"Type": "Wait", "Seconds": 1, "End": true}}}).to_string();
    let text = json!({"DataType": "String", "StringValue": "x"});
    vec![
        ("sqs", "CreateQueue", json!({"QueueName": "q2", "Attributes": {"DelaySeconds": "1"}, "tags": {"a": "b"}})),
        ("sqs", "SetQueueAttributes", json!({"QueueUrl": "q", "Attributes": {"VisibilityTimeout": "30"}})),
        (
            "sqs",
            "SendMessage",
            json!({"QueueUrl": "q", "MessageBody": "x", "DelaySeconds": 1, "MessageAttributes": {"a": text}}),
        ),
        ("sqs", "SendMessageBatch", json!({"QueueUrl": "q", "Entries": [{"Id": "1", "MessageBody": "x"}]})),
        (
            "sqs",
            "ReceiveMessage",
            json!({
                "QueueUrl": "q", "MaxNumberOfMessages": 1, "VisibilityTimeout": 1, "WaitTimeSeconds": 1,
                "AttributeNames": ["All"], "MessageAttributeNames": ["a"], "ReceiveRequestAttemptId": "x",
            }),
        ),
        ("sqs", "DeleteMessage", json!({"QueueUrl": "q", "ReceiptHandle": "x"})),
        ("sqs", "ChangeMessageVisibility", json!({"QueueUrl": "q", "ReceiptHandle": "x", "VisibilityTimeout": 1})),
        ("sqs", "StartMessageMoveTask", json!({"SourceArn": queue, "MaxNumberOfMessagesPerSecond": 1})),
        ("sqs", "ListQueues", json!({"QueueNamePrefix": "q", "MaxResults": 1, "NextToken": "x"})),
        ("sns", "CreateTopic", json!({"Name": "t2", "Attributes": {"DisplayName": "x"}, "Tags": []})),
        (
            "sns",
            "Publish",
            json!({"TopicArn": topic, "Message": "x", "Subject": "x", "MessageStructure": "json",
                   "MessageAttributes": {"a": text}}),
        ),
        (
            "sns",
            "PublishBatch",
            json!({"TopicArn": topic, "PublishBatchRequestEntries": [{"Id": "1", "Message": "x"}]}),
        ),
        (
            "sns",
            "Subscribe",
            json!({"TopicArn": topic, "Protocol": "sqs", "Endpoint": queue, "Attributes": {"FilterPolicy": "{}"}}),
        ),
        (
            "dynamodb",
            "PutItem",
            json!({"TableName": "rows", "Item": {"id": {"S": "x"}}, "ConditionExpression": "attribute_exists(#a)",
                   "ExpressionAttributeNames": {"#a": "id"}, "ExpressionAttributeValues": {":a": {"N": "1"}}}),
        ),
        (
            "dynamodb",
            "UpdateItem",
            json!({"TableName": "rows", "Key": {"id": {"S": "x"}}, "UpdateExpression": "SET a = :a",
                   "ExpressionAttributeValues": {":a": {"N": "1"}}}),
        ),
        (
            "dynamodb",
            "Query",
            json!({"TableName": "rows", "KeyConditionExpression": "id = :a", "Limit": 1,
            "ExpressionAttributeValues": {":a": {"S": "x"}}, "ExclusiveStartKey": {"id": {"S": "x"}}}),
        ),
        ("dynamodb", "Scan", json!({"TableName": "rows", "Segment": 0, "TotalSegments": 1, "Limit": 1})),
        ("dynamodb", "BatchGetItem", json!({"RequestItems": {"rows": {"Keys": [{"id": {"S": "x"}}]}}})),
        (
            "dynamodb",
            "TransactWriteItems",
            json!({"TransactItems": [{"Delete": {"TableName": "rows", "Key": {}}}],
            "ClientRequestToken": "x"}),
        ),
        ("dynamodbstreams", "GetRecords", json!({"ShardIterator": "x", "Limit": 1})),
        (
            "lambda",
            "CreateFunction",
            json!({"FunctionName": "f2", "Role": role, "Handler": "h", "Runtime": "provided.al2023", "Timeout": 3,
                   "MemorySize": 128, "Environment": {"Variables": {"A": "b"}},
                   "Code": {"S3Bucket": "eventloom", "S3Key": "/etc/passwd"}}),
        ),
        ("lambda", "Invoke", json!({"FunctionName": "f", "Payload": {}, "ClientContext": "e30=", "LogType": "Tail"})),
        (
            "lambda",
            "CreateEventSourceMapping",
            json!({"FunctionName": "f", "EventSourceArn": queue, "BatchSize": 1,
                   "MaximumBatchingWindowInSeconds": 0, "FilterCriteria": {"Filters": [{"Pattern": "{}"}]}}),
        ),
        (
            "lambda",
            "AddPermission",
            json!({"FunctionName": "f", "StatementId": "s", "Action": "lambda:InvokeFunction", "Principal": "*"}),
        ),
        ("states", "CreateStateMachine", json!({"name": "m2", "definition": definition, "roleArn": role})),
        ("states", "StartExecution", json!({"stateMachineArn": machine, "name": "e", "input": "{}"})),
        ("states", "GetExecutionHistory", json!({"executionArn": machine, "maxResults": 1, "nextToken": "x"})),
        ("states", "SendTaskSuccess", json!({"taskToken": "x", "output": "{}"})),
        (
            "scheduler",
            "CreateSchedule",
            json!({"Name": "s", "ScheduleExpression": "rate(1 day)", "FlexibleTimeWindow": {"Mode": "OFF"},
                   "Target": {"Arn": queue, "RoleArn": role, "Input": "x"}}),
        ),
        (
            "ses",
            "SendEmail",
            json!({"FromEmailAddress": "a@b.example", "Destination": {"ToAddresses": ["c@d.example"]},
                   "Content": {"Simple": {"Subject": {"Data": "x"}, "Body": {"Text": {"Data": "x"}}}}}),
        ),
        ("secretsmanager", "CreateSecret", json!({"Name": "s", "SecretString": "x", "ClientRequestToken": "x"})),
        ("kms", "Encrypt", json!({"KeyId": "k", "Plaintext": "eA==", "EncryptionContext": {"a": "b"}})),
        ("kms", "Decrypt", json!({"CiphertextBlob": "eA=="})),
        ("iam", "CreateRole", json!({"RoleName": "r2", "AssumeRolePolicyDocument": policy, "Path": "/"})),
        ("iam", "PutRolePolicy", json!({"RoleName": "r", "PolicyName": "p", "PolicyDocument": policy})),
        ("sts", "AssumeRole", json!({"RoleArn": role, "RoleSessionName": "session", "DurationSeconds": 900})),
    ]
}

/// What a member is put to.
fn values() -> Vec<Value> {
    let deep = (0..100).fold(json!("{}"), |inner, _| json!([inner]));
    let deep_text = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let deep_object = format!("{}1{}", r#"{"a":"#.repeat(20_000), "}".repeat(20_000));
    vec![
        Value::Null,
        json!(true),
        json!(-1),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(1e308),
        json!(""),
        json!("../../../../etc/passwd"),
        json!("a/../b"),
        json!("\u{0}\r\nx: y\u{1b}[2J\u{202e}"),
        json!("🦀".repeat(1000)),
        json!("x".repeat(2 << 20)),
        json!("9".repeat(400)),
        json!("1e999999999"),
        json!("*".repeat(5000)),
        json!("(".repeat(5000)),
        json!("rate(99999999999999999999 days)"),
        json!("cron(0 0 31 2 ? 2199)"),
        json!("arn:aws:sqs:eu-west-1:000000000000:"),
        json!("arn:::::"),
        json!("====not base64===="),
        json!({}),
        json!({"": ""}),
        json!({"__proto__": {"x": 1}}),
        json!([]),
        json!([[[[]]]]),
        json!(vec![json!({"Id": "1"}); 2000]),
        json!({"a": {"M": deep.clone()}}),
        deep,
        json!(deep_text),
        json!(deep_object),
    ]
}

/// All places of a value, and that value with another in each.
fn mutations(input: &Value) -> Vec<Value> {
    fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
        let children: Vec<(String, &Value)> = match value {
            Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), value)).collect(),
            Value::Array(items) => items.iter().enumerate().map(|(index, value)| (index.to_string(), value)).collect(),
            _ => Vec::new(),
        };
        for (name, value) in children {
            let at = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
            found.push(at.clone());
            pointers(value, &at, found);
        }
    }
    let mut places = Vec::new();
    pointers(input, "", &mut places);
    let mut mutated = Vec::new();
    for place in places {
        for value in values() {
            let mut input = input.clone();
            *input.pointer_mut(&place).unwrap() = value;
            mutated.push(input);
        }
    }
    mutated.push(json!({"NoSuchMember": 1}));
    mutated.push(Value::Object(Map::new()));
    mutated
}

async fn ask(test: &Test, service: &str, operation: &str, input: Value) -> Result<Value, AwsError> {
    test.engine.world().bus.request(Caller::Account, service, operation, input).await
}

async fn prepare(test: &Test) {
    let trust = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": ["lambda.amazonaws.com", "states.amazonaws.com",
            "scheduler.amazonaws.com"]}, "Action": "sts:AssumeRole"},
    ]});
    let role = json!({"RoleName": "r", "AssumeRolePolicyDocument": trust.to_string()});
    ask(test, "iam", "CreateRole", role).await.unwrap();
    ask(test, "sqs", "CreateQueue", json!({"QueueName": "q"})).await.unwrap();
    ask(test, "sns", "CreateTopic", json!({"Name": "t"})).await.unwrap();
    let table = json!({
        "TableName": "rows", "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    });
    ask(test, "dynamodb", "CreateTable", table).await.unwrap();
    test.engine.functions().put("f", |_, _, _| async { Ok(Value::Null) });
    let function = json!({
        "FunctionName": "f", "Role": "arn:aws:iam::000000000000:role/r", "Handler": "f", "Runtime": "provided.al2023",
        "Code": {"S3Bucket": "eventloom", "S3Key": "/f"},
    });
    ask(test, "lambda", "CreateFunction", function).await.unwrap();
    let definition = json!({"StartAt": "s", "States": {"s": {"Type": "Succeed"}}}).to_string();
    let machine = json!({"name": "m", "definition": definition, "roleArn": "arn:aws:iam::000000000000:role/r"});
    ask(test, "states", "CreateStateMachine", machine).await.unwrap();
}

#[test]
fn no_member_of_any_operation_makes_it_panic_or_take_long() {
    run(|test| async move {
        prepare(&test).await;
        let (mut asked, mut refused) = (0, 0);
        for (service, operation, input) in operations() {
            for input in mutations(&input) {
                let begun = Instant::now();
                let answer = ask(&test, service, operation, input.clone()).await;
                let shown = || input.to_string().chars().take(300).collect::<String>();
                assert!(begun.elapsed() < Duration::from_secs(5), "{service} {operation} {}", shown());
                asked += 1;
                if let Err(error) = answer {
                    refused += 1;
                    assert!((400..600).contains(&error.status) && !error.code.is_empty(), "{error:?} {}", shown());
                    assert_ne!(error.code, "UnsupportedOperation", "{service} {operation} {error}");
                    assert_ne!(error.code, "InternalFailure", "{service} {operation} {} {error}", shown());
                }
            }
        }
        assert!(asked > 2000 && refused * 2 > asked, "{refused} of {asked}");
        // It goes on.
        ask(&test, "sqs", "CreateQueue", json!({"QueueName": "last"})).await.unwrap();
    });
}

/// Bodies that no client writes.
fn bodies() -> Vec<Vec<u8>> {
    let mut bodies: Vec<Vec<u8>> = [
        "",
        "{",
        "[]",
        "null",
        "\"x\"",
        "{\"a\":1e999}",
        "{\"a\":}",
        "{\"a\":1}{",
        "\u{feff}{}",
        "{\"a\":\"\\ud800\"}",
        "Action=",
        "Action=%00&Version=%ff",
        "Action=Publish&a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q=1",
        "Action=../../x",
        "Action=eventloom:InvokeUrl",
        "Action=ListTopics&x.member.4294967295=1&x.member.0=2",
        "Action=ListTopics&x.member.99999999999999999999=1",
        "<!DOCTYPE x [<!ENTITY a \"aaaa\">]><x>&a;</x>",
    ]
    .map(|body| body.as_bytes().to_vec())
    .into();
    bodies.push(vec![0xff, 0xfe, 0x00]);
    bodies.push(b"{\"a\":\"\xff\"}".to_vec());
    bodies.push([b"[".repeat(1_000_000), b"]".repeat(1_000_000)].concat());
    bodies.push([b"{\"a\":".repeat(100_000), b"1".to_vec(), b"}".repeat(100_000)].concat());
    bodies.push(format!("Action=ListTopics&{}", "a.b=1&".repeat(100_000)).into_bytes());
    bodies.push(format!("Action=ListTopics&{}=1", "a".repeat(1 << 20)).into_bytes());
    bodies
}

#[test]
fn what_is_no_request_of_a_protocol_is_refused_in_its_words() {
    let services: [(&str, Protocol); 9] = [
        ("AmazonSQS.SendMessage", sqs::PROTOCOL),
        ("DynamoDB_20120810.GetItem", dynamodb::PROTOCOL),
        ("DynamoDBStreams_20120810.GetRecords", dynamodb::STREAMS_PROTOCOL),
        ("AWSStepFunctions.StartExecution", states::PROTOCOL),
        ("TrentService.Encrypt", kms::PROTOCOL),
        ("", sns::PROTOCOL),
        ("", sts::PROTOCOL),
        ("", lambda::PROTOCOL),
        ("", scheduler::PROTOCOL),
    ];
    let paths =
        ["/", "", "//", "/%", "/%ff", "/2015-03-31/functions/%2e%2e%2f%2e%2e/invocations", "/..%2f..", "/\u{0}"];
    for (target, protocol) in services.into_iter().chain([("", ses::PROTOCOL)]) {
        for body in bodies() {
            for path in paths {
                let mut headers = HeaderMap::new();
                headers.insert("x-amz-target", target.parse().unwrap());
                headers.insert("x-amz-client-context", "====".parse().unwrap());
                let request = Request {
                    method: Method::POST,
                    path: path.to_owned(),
                    query: "%ff=%&Marker=\u{1}".to_owned(),
                    headers,
                    body: Bytes::from(body.clone()),
                };
                let begun = Instant::now();
                let decoded = protocol.decode(&request);
                assert!(begun.elapsed() < Duration::from_secs(2), "{target} {path}");
                match decoded {
                    // What can be read is an operation that clients may call, with an object.
                    Ok((operation, input)) => {
                        assert!(operation.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{operation}");
                        assert!(input.is_object(), "{input}");
                    }
                    Err(error) => {
                        assert!((400..500).contains(&error.status) && !error.code.is_empty(), "{error:?}");
                        let response = protocol.encode("", &Err(error), "id");
                        assert!((400..500).contains(&response.status));
                    }
                }
            }
        }
    }
}

#[test]
fn names_lead_to_no_file() {
    run(|test| async move {
        prepare(&test).await;
        for name in ["../x", "/etc/passwd", "a/../../b", "C:\\x", "x\u{0}y"] {
            for (service, operation, input) in [
                ("sqs", "CreateQueue", json!({"QueueName": name})),
                ("sns", "CreateTopic", json!({"Name": name})),
                ("dynamodb", "DescribeTable", json!({"TableName": name})),
                ("lambda", "GetFunction", json!({"FunctionName": name})),
                (
                    "states",
                    "StartExecution",
                    json!({
                        "stateMachineArn": "arn:aws:states:eu-west-1:000000000000:stateMachine:m", "name": name,
                    }),
                ),
                ("scheduler", "GetSchedule", json!({"Name": name})),
            ] {
                let error = ask(&test, service, operation, input).await.unwrap_err();
                assert!((400..500).contains(&error.status), "{service} {operation} {name}: {error}");
            }
        }
        // Code is an executable file by its absolute path, and nothing else is read or shown.
        for key in ["../bootstrap", "/etc/passwd", "/etc", "/dev/zero", "relative"] {
            let input = json!({"FunctionName": "f2", "Role": "arn:aws:iam::000000000000:role/r", "Handler": "h",
                "Runtime": "provided.al2023", "Code": {"S3Bucket": "eventloom", "S3Key": key}});
            let error = ask(&test, "lambda", "CreateFunction", input).await.unwrap_err();
            assert_eq!(error.code, "InvalidParameterValueException", "{key}");
        }
    });
}
