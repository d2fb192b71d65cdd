//! What tasks call, as whom, and what comes back.

use aws_sdk_sfn::error::ProvideErrorMetadata;
use aws_sdk_sfn::types::ExecutionStatus;
use local::kernel::{Arn, Caller};
use local::services::lambda::FunctionError;
use serde_json::json;

use super::*;
use crate::world::{run, sdk};

const FUNCTION: &str = "arn:aws:lambda:eu-west-1:000000000000:function:f";

#[test]
fn a_function_is_invoked_by_its_arn_or_by_the_service() {
    run(|test| async move {
        let states = States::new(test);
        let by_arn =
            json!({ "StartAt": "a", "States": { "a": { "Type": "Task", "Resource": FUNCTION, "End": true } } });
        let by_arn = states.machine("arn", &by_arn).await;
        states.lambda.payload(json!({ "y": 2 }));
        assert_eq!(states.output(&by_arn, &json!({ "x": 1 })).await, json!({ "y": 2 }));
        let by_service = states.machine("service", &invoking()).await;
        states.lambda.payload(json!({ "y": 3 }));
        let output = states.output(&by_service, &json!({ "x": 1 })).await;
        assert_eq!(output, json!({ "StatusCode": 200, "ExecutedVersion": "$LATEST", "Payload": { "y": 3 } }));
        let calls = states.lambda.take();
        assert_eq!(calls[0].input["FunctionName"], FUNCTION);
        assert_eq!(calls[0].input["Payload"], json!({ "x": 1 }));
        let role = Arn::parse(ROLE).unwrap();
        assert!(calls.iter().all(|call| matches!(&call.caller, Caller::Role { role: found, .. } if *found == role)));
    });
}

#[test]
fn a_function_that_fails_or_cannot_be_called_fails_its_task_by_name() {
    run(|test| async move {
        let states = States::new(test);
        let machine = states.machine("m", &invoking()).await;
        let payload = json!({ "errorType": "CardDeclined", "errorMessage": "no money" });
        states.lambda.tell(Reply::Now(Ok(json!({ "FunctionError": "Unhandled", "Payload": payload }))));
        let (error, cause) = states.failure(&machine, &json!({})).await;
        assert_eq!((error.as_str(), serde_json::from_str::<Value>(&cause).unwrap()), ("CardDeclined", payload));
        states.lambda.tell(Reply::Now(Err(AwsError::new("TooManyRequestsException", "Rate Exceeded.").status(429))));
        let (error, cause) = states.failure(&machine, &json!({})).await;
        assert_eq!(error, "Lambda.TooManyRequestsException");
        assert!(cause.starts_with("Rate Exceeded. (Service: Lambda, Status Code: 429"), "{cause}");
    });
}

#[test]
fn a_call_that_the_role_may_not_make_fails_the_task() {
    run(|test| async move {
        let states = States::new(test);
        let target = states.machine("target", &pass()).await;
        let arguments = json!({ "StateMachineArn": target });
        let sync = calling("arn:aws:states:::states:startExecution.sync:2", arguments);
        let machine = states.machine("m", &sync).await;
        for denied in ["states:StartExecution", "states:DescribeExecution"] {
            states.test.engine.world().guard.put(Judge::denying(denied));
            let (error, cause) = states.failure(&machine, &json!({})).await;
            assert_eq!(error, "StepFunctions.AWSStepFunctionsException");
            assert!(cause.starts_with("no (Service: StepFunctions, Status Code: 403"), "{cause}");
        }
        states.test.engine.world().guard.put(Judge::denying(""));
        assert_eq!(states.output(&machine, &json!({})).await["Status"], "SUCCEEDED");
    });
}

#[test]
fn who_may_not_start_an_execution_starts_none() {
    run(|test| async move {
        let states = States::new(test);
        let machine = states.machine("m", &pass()).await;
        let judge = Judge::denying("states:StartExecution");
        states.test.engine.world().guard.put(judge.clone());
        let role = Caller::Role { role: Arn::parse(ROLE).unwrap(), session: "s".to_owned() };
        let client = Client::new(&sdk(&states.test.engine, &states.test.engine.credentials(role)));
        let error = client.start_execution().state_machine_arn(&machine).send().await.unwrap_err();
        assert_eq!(error.code(), Some("AccessDenied"));
        assert_eq!(judge.asked.take(), [format!("states:StartExecution {machine}")]);
        let list = states.client.list_executions().state_machine_arn(&machine).send().await.unwrap();
        assert_eq!(list.executions.len(), 0);
    });
}

#[test]
fn every_operation_asks_whether_it_may() {
    run(|test| async move {
        let states = States::new(test);
        let machine = states.machine("m", &wait(60)).await;
        let execution = states.start(&machine, &json!({})).await;
        let judge = Judge::denying("");
        states.test.engine.world().guard.put(judge.clone());
        let client = &states.client;
        client.describe_state_machine().state_machine_arn(&machine).send().await.unwrap();
        client.describe_execution().execution_arn(&execution).send().await.unwrap();
        client.list_executions().state_machine_arn(&machine).send().await.unwrap();
        client.get_execution_history().execution_arn(&execution).send().await.unwrap();
        client.stop_execution().execution_arn(&execution).send().await.unwrap();
        client.list_state_machines().send().await.unwrap();
        client.delete_state_machine().state_machine_arn(&machine).send().await.unwrap();
        let asked = [
            format!("states:DescribeStateMachine {machine}"),
            format!("states:DescribeExecution {execution}"),
            format!("states:ListExecutions {machine}"),
            format!("states:GetExecutionHistory {execution}"),
            format!("states:StopExecution {execution}"),
            "states:ListStateMachines *".to_owned(),
            format!("states:DeleteStateMachine {machine}"),
        ];
        assert_eq!(judge.asked.take(), asked);
    });
}

#[test]
fn a_message_is_sent_as_text() {
    run(|test| async move {
        let states = States::new(test);
        let arguments =
            json!({ "QueueUrl": "q", "MessageBody": { "n": "{% $states.input %}" }, "MessageGroupId": "g" });
        let machine = states.machine("m", &calling("arn:aws:states:::sqs:sendMessage", arguments)).await;
        states.sqs.tell(Reply::Now(Ok(json!({ "MessageId": "1" }))));
        assert_eq!(states.output(&machine, &json!(7)).await, json!({ "MessageId": "1" }));
        let calls = states.sqs.take();
        assert_eq!(calls[0].operation, "SendMessage");
        assert_eq!(calls[0].input, json!({ "QueueUrl": "q", "MessageBody": "{\"n\":7}", "MessageGroupId": "g" }));
        states.sqs.tell(Reply::Now(Err(AwsError::new("QueueDoesNotExist", "gone"))));
        assert_eq!(states.failure(&machine, &json!(7)).await.0, "SQS.QueueDoesNotExistException");
        let text = states.machine("t", &calling("arn:aws:states:::sqs:sendMessage", json!("text"))).await;
        assert_eq!(states.failure(&text, &json!({})).await.0, "States.Runtime");
    });
}

#[test]
fn the_real_services_answer() {
    run(|test| async move {
        let sqs = aws_sdk_sqs::Client::new(&test.sdk);
        let url = sqs.create_queue().queue_name("q").send().await.unwrap().queue_url.unwrap();
        let sns = aws_sdk_sns::Client::new(&test.sdk);
        let topic = sns.create_topic().name("t").send().await.unwrap().topic_arn.unwrap();
        let queue = "arn:aws:sqs:eu-west-1:000000000000:q";
        sns.subscribe()
            .topic_arn(&topic)
            .protocol("sqs")
            .endpoint(queue)
            .attributes("RawMessageDelivery", "true")
            .send()
            .await
            .unwrap();
        test.engine.functions().put("f", |_, event, _| async move {
            if event["fail"] == true { Err(FunctionError::new("Sad", "so sad")) } else { Ok(json!({ "got": event })) }
        });
        test.engine.world().guard.put(Judge::denying(""));
        let lambda = aws_sdk_lambda::Client::new(&test.sdk);
        let code = aws_sdk_lambda::types::FunctionCode::builder().s3_bucket("eventloom").s3_key("/f").build();
        let create = lambda.create_function().function_name("f").role(ROLE).handler("f").code(code);
        create.runtime(aws_sdk_lambda::types::Runtime::Providedal2023).send().await.unwrap();
        let states = States::beside_real_services(test);

        let definition = json!({ "QueryLanguage": "JSONata", "StartAt": "table", "States": {
            "table": { "Type": "Task", "Resource": "arn:aws:states:::aws-sdk:dynamodb:createTable", "Next": "put",
                "Output": "{% $states.input %}", "Arguments": {
                    "TableName": "orders", "BillingMode": "PAY_PER_REQUEST",
                    "AttributeDefinitions": [{ "AttributeName": "id", "AttributeType": "S" }],
                    "KeySchema": [{ "AttributeName": "id", "KeyType": "HASH" }],
                } },
            "put": { "Type": "Task", "Resource": "arn:aws:states:::dynamodb:putItem", "Next": "get",
                "Output": "{% $states.input %}",
                "Arguments": { "TableName": "orders", "Item": { "id": { "S": "{% $states.input.id %}" } },
                               "ConditionExpression": "attribute_not_exists(id)" },
                "Catch": [{ "ErrorEquals": ["DynamoDB.ConditionalCheckFailedException"], "Next": "get" }] },
            "get": { "Type": "Task", "Resource": "arn:aws:states:::dynamodb:getItem", "Next": "send",
                "Arguments": { "TableName": "orders", "Key": { "id": { "S": "{% $states.input.id %}" } } },
                "Output": "{% $states.result.Item.id.S %}" },
            "send": { "Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "Next": "publish",
                "Arguments": { "QueueUrl": url, "MessageBody": { "sent": "{% $states.input %}" } },
                "Output": "{% $states.input %}" },
            "publish": { "Type": "Task", "Resource": "arn:aws:states:::sns:publish", "Next": "invoke",
                "Arguments": { "TopicArn": topic, "Message": { "published": "{% $states.input %}" } },
                "Output": "{% $states.input %}" },
            "invoke": { "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Next": "who",
                "Arguments": { "FunctionName": "f", "Payload": "{% $states.input %}" },
                "Output": "{% $states.result.Payload %}" },
            "who": { "Type": "Task", "Resource": "arn:aws:states:::aws-sdk:sts:getCallerIdentity", "Arguments": {},
                "Output": "{% [$states.input.got, $states.result.Arn] %}", "End": true },
        } });
        let machine = states.machine("all", &definition).await;
        let start = states.client.start_execution().state_machine_arn(&machine).name("one").input("{\"id\":\"o-1\"}");
        let execution = start.send().await.unwrap().execution_arn;
        let ended = states.ended(&execution).await;
        let output: Value = serde_json::from_str(ended.output().unwrap_or_else(|| panic!("{ended:?}"))).unwrap();
        assert_eq!(output, json!(["o-1", "arn:aws:sts::000000000000:assumed-role/machine/one"]));
        let mut bodies = Vec::new();
        while bodies.len() < 2 {
            let got =
                sqs.receive_message().queue_url(&url).max_number_of_messages(10).wait_time_seconds(5).send().await;
            bodies.extend(got.unwrap().messages.unwrap_or_default().into_iter().map(|message| message.body.unwrap()));
        }
        bodies.sort();
        assert_eq!(bodies, ["{\"published\":\"o-1\"}", "{\"sent\":\"o-1\"}"]);

        let failing = states.machine("failing", &invoking()).await;
        assert_eq!(states.failure(&failing, &json!({ "fail": true })).await.0, "Sad");
        let gone = calling("arn:aws:states:::lambda:invoke", json!({ "FunctionName": "gone" }));
        let gone = states.machine("gone", &gone).await;
        assert_eq!(states.failure(&gone, &json!({})).await.0, "Lambda.ResourceNotFoundException");
        let missing = calling(
            "arn:aws:states:::aws-sdk:dynamodb:getItem",
            json!({ "TableName": "none", "Key": { "id": { "S": "x" } } }),
        );
        let missing = states.machine("missing", &missing).await;
        assert_eq!(states.failure(&missing, &json!({})).await.0, "DynamoDb.ResourceNotFoundException");
    });
}

fn with_token() -> Value {
    let mut definition = calling(
        "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        json!({ "QueueUrl": "q", "MessageBody": "{% $states.context.Task.Token %}" }),
    );
    definition["States"]["call"]["HeartbeatSeconds"] = json!(30);
    definition["States"]["call"]["TimeoutSeconds"] = json!(300);
    definition
}

#[test]
fn who_has_the_token_ends_the_task() {
    run(|test| async move {
        let states = States::new(test);
        let machine = states.machine("m", &with_token()).await;
        let begin = || async {
            let execution = states.start(&machine, &json!({})).await;
            states.sleep(1).await;
            let token = states.sqs.inputs().pop().unwrap()["MessageBody"].as_str().unwrap().to_owned();
            (execution, token)
        };
        let (execution, token) = begin().await;
        let success =
            |token: &str, output: &str| states.client.send_task_success().task_token(token).output(output).send();
        let error = success(&token, "no json").await.unwrap_err();
        assert_eq!(error.code(), Some("InvalidOutput"));
        success(&token, "{\"done\":true}").await.unwrap();
        assert_eq!(states.describe(&execution).await.output(), Some("{\"done\":true}"));
        let error = success(&token, "1").await.unwrap_err();
        assert_eq!(error.code(), Some("TaskTimedOut"));
        for bad in ["nonsense", "MSBhIGI="] {
            let error = success(bad, "1").await.unwrap_err();
            assert!(matches!(error.code(), Some("InvalidToken" | "TaskDoesNotExist")), "{error:?}");
        }

        let (execution, token) = begin().await;
        let failure = states.client.send_task_failure().task_token(&token).error("Refused").cause("by hand");
        failure.send().await.unwrap();
        let ended = states.describe(&execution).await;
        assert_eq!((ended.error.as_deref(), ended.cause.as_deref()), (Some("Refused"), Some("by hand")));
    });
}

#[test]
fn a_task_lives_as_long_as_its_heart_beats() {
    run(|test| async move {
        let states = States::new(test);
        let machine = states.machine("m", &with_token()).await;
        let execution = states.start(&machine, &json!({})).await;
        states.sleep(1).await;
        let token = states.sqs.inputs().pop().unwrap()["MessageBody"].as_str().unwrap().to_owned();
        for _ in 0..4 {
            states.sleep(25).await;
            states.client.send_task_heartbeat().task_token(&token).send().await.unwrap();
        }
        let ended = states.ended(&execution).await;
        assert_eq!((ended.status, ended.error.as_deref()), (ExecutionStatus::Failed, Some("States.Timeout")));
        assert_eq!(ended.stop_date.unwrap().secs() - ended.start_date.secs(), 131);
        let error = states.client.send_task_heartbeat().task_token(&token).send().await.unwrap_err();
        assert_eq!(error.code(), Some("TaskTimedOut"));
    });
}

#[test]
fn a_task_waits_for_the_execution_that_it_starts() {
    run(|test| async move {
        let states = States::new(test);
        let child = json!({ "QueryLanguage": "JSONata", "StartAt": "a", "States": {
            "a": { "Type": "Wait", "Seconds": 30, "Next": "b" },
            "b": { "Type": "Choice", "Default": "c", "Choices": [{ "Condition": "{% $states.input.fail = true %}", "Next": "d" }] },
            "c": { "Type": "Pass", "Output": { "got": "{% $states.input %}" }, "End": true },
            "d": { "Type": "Fail", "Error": "Child", "Cause": "as told" },
        } });
        let child = states.machine("child", &child).await;
        let arguments = json!({ "StateMachineArn": child, "Input": "{% $states.input %}" });
        let json =
            states.machine("json", &calling("arn:aws:states:::states:startExecution.sync:2", arguments.clone())).await;
        let output = states.output(&json, &json!({ "x": 1 })).await;
        assert_eq!((&output["Status"], &output["Output"]), (&json!("SUCCEEDED"), &json!({ "got": { "x": 1 } })));
        let text =
            states.machine("text", &calling("arn:aws:states:::states:startExecution.sync", arguments.clone())).await;
        assert_eq!(states.output(&text, &json!({})).await["Output"], json!("{\"got\":{}}"));
        let (error, cause) = states.failure(&json, &json!({ "fail": true })).await;
        assert_eq!(error, "States.TaskFailed");
        assert_eq!(serde_json::from_str::<Value>(&cause).unwrap()["Error"], "Child");
        let start = states.machine("start", &calling("arn:aws:states:::states:startExecution", arguments)).await;
        let started = states.output(&start, &json!({})).await;
        let named = started["ExecutionArn"].as_str().unwrap();
        assert_eq!(states.ended(named).await.status, ExecutionStatus::Succeeded);
        let gone = json!({ "StateMachineArn": format!("{child}x") });
        let gone = states.machine("gone", &calling("arn:aws:states:::states:startExecution", gone)).await;
        assert_eq!(states.failure(&gone, &json!({})).await.0, "StepFunctions.StateMachineDoesNotExistException");
    });
}

#[test]
fn who_is_no_longer_waited_for_is_stopped() {
    run(|test| async move {
        let states = States::new(test);
        let child = states.machine("child", &wait(1000)).await;
        let arguments = json!({ "StateMachineArn": child, "Name": "{% $states.input %}" });
        let mut parent = calling("arn:aws:states:::states:startExecution.sync:2", arguments);
        parent["States"]["call"]["TimeoutSeconds"] = json!(50);
        let parent = states.machine("parent", &parent).await;
        let arn = |name: &str| format!("arn:aws:states:eu-west-1:000000000000:execution:child:{name}");
        let stopped = states.start(&parent, &json!("stopped")).await;
        states.sleep(1).await;
        assert_eq!(states.describe(&arn("stopped")).await.status, ExecutionStatus::Running);
        states.client.stop_execution().execution_arn(&stopped).send().await.unwrap();
        states.sleep(1).await;
        assert_eq!(states.describe(&arn("stopped")).await.status, ExecutionStatus::Aborted);
        assert_eq!(states.failure(&parent, &json!("late")).await.0, "States.Timeout");
        assert_eq!(states.describe(&arn("late")).await.status, ExecutionStatus::Aborted);
    });
}

#[test]
fn a_slow_function_is_tried_again_and_its_late_answer_is_not_heard() {
    run(|test| async move {
        let states = States::new(test);
        let mut definition = invoking();
        definition["States"]["call"]["TimeoutSeconds"] = json!(10);
        definition["States"]["call"]["Retry"] = json!([{ "ErrorEquals": ["States.Timeout"], "IntervalSeconds": 5 }]);
        let machine = states.machine("m", &definition).await;
        states.lambda.tell(Reply::After(Duration::from_secs(12), json!({ "Payload": "late" })));
        states.lambda.tell(Reply::After(Duration::from_secs(3), json!({ "Payload": "good" })));
        let execution = states.start(&machine, &json!({})).await;
        let ended = states.ended(&execution).await;
        assert_eq!(ended.output(), Some("{\"Payload\":\"good\"}"));
        assert_eq!(ended.stop_date.unwrap().secs() - ended.start_date.secs(), 18);
    });
}

#[test]
fn what_happens_is_told() {
    run(|test| async move {
        let states = States::new(test);
        let told = Rc::new(RefCell::new(Vec::new()));
        let heard = Rc::clone(&told);
        states.test.engine.world().log.listen(move |happening| heard.borrow_mut().push(happening.what));
        let machine = states.machine("m", &pass()).await;
        states.output(&machine, &json!({})).await;
        assert_eq!(*told.borrow(), ["created", "started", "succeeded"]);
    });
}
