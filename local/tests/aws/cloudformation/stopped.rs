//! Deployments that are stopped between any two calls.

use serde_json::{Value, json};

use super::dump::{differences, dump};
use super::kinds::{first, second};
use super::{Cloud, resource, template};
use crate::restart::Restarts;
use crate::world::{Test, run};

/// What is there after these templates, one after the other.
fn state_after(templates: &[Value]) -> Value {
    let mut state = Value::Null;
    run(async |test: Test| {
        let cloud = Cloud::new(test);
        for template in templates {
            let deployed = cloud.up(template).await;
            state = dump(&cloud, &deployed).await;
        }
    });
    state
}

/// Stops the deployment of `halted` after every number of calls, on top of `before`; then deploys `then`.
fn stop_everywhere(before: &[Value], halted: &Value, then: &Value) {
    let expected = {
        let mut all = before.to_vec();
        all.push(halted.clone());
        all.push(then.clone());
        state_after(&all)
    };
    for effect in [false, true] {
        let mut last = 0;
        let mut more = true;
        while more {
            last += 1;
            run(async |test: Test| {
                let cloud = Cloud::new(test);
                for template in before {
                    cloud.up(template).await;
                }
                more = cloud.stop(halted, last, effect).await;
                let deployed = cloud.up(then).await;
                let state = dump(&cloud, &deployed).await;
                let differences = differences(&state, &expected);
                assert!(
                    differences.is_empty(),
                    "stopped at call {last}, with its effect: {effect}\n{}",
                    differences.join("\n")
                );
                cloud.up(then).await;
                assert_eq!(cloud.tap.take(), [""; 0], "stopped at call {last}, with its effect: {effect}");
            });
        }
        assert!(last > 30, "it was stopped only {last} times");
    }
}

#[test]
fn a_first_deployment_that_is_stopped_anywhere_is_completed_by_the_next() {
    stop_everywhere(&[], &first(), &first());
}

#[test]
fn an_update_that_is_stopped_anywhere_is_completed_by_the_next() {
    stop_everywhere(&[first()], &second(), &second());
}

#[test]
fn a_first_deployment_that_is_stopped_anywhere_can_become_another() {
    stop_everywhere(&[], &first(), &second());
}

#[test]
fn an_update_that_is_stopped_anywhere_can_be_taken_back() {
    stop_everywhere(&[first()], &second(), &first());
}

#[test]
fn what_was_never_completed_gives_its_name_free() {
    let table = |name: &str| {
        template(json!({"Table": resource("AWS::DynamoDB::Table", json!({
            "TableName": "table", "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": name, "KeyType": "HASH"}],
            "TimeToLiveSpecification": {"AttributeName": "until", "Enabled": true},
        }))}))
    };
    for (last, effect) in [(1, false), (1, true), (2, false), (2, true)] {
        run(async |test: Test| {
            let cloud = Cloud::new(test);
            assert!(cloud.stop(&table("id"), last, effect).await);
            cloud.up(&table("key")).await;
            let described = cloud.call("dynamodb", "DescribeTable", json!({"TableName": "table"})).await.unwrap();
            assert_eq!(described["Table"]["KeySchema"][0]["AttributeName"], "key");
        });
    }
}

#[test]
fn what_was_deployed_is_known_after_a_restart() {
    let lives = Restarts::new("cloudformation");
    lives.live(async |test: Test| {
        Cloud::new(test).up(&first()).await;
    });
    lives.live(async |test: Test| {
        let cloud = Cloud::new(test);
        cloud.up(&first()).await;
        assert_eq!(cloud.tap.take(), [""; 0]);
    });
}

#[test]
fn a_service_that_fails_is_asked_again_whether_or_not_the_call_had_its_effect() {
    let expected = state_after(&[first()]);
    for effect in [false, true] {
        run(async |test: Test| {
            let cloud = Cloud::new(test);
            for operation in [
                "kms:CreateKey",
                "sqs:CreateQueue",
                "sns:Subscribe",
                "iam:CreateRole",
                "dynamodb:CreateTable",
                "dynamodb:UpdateTimeToLive",
                "lambda:CreateFunction",
                "lambda:AddPermission",
                "lambda:CreateEventSourceMapping",
                "secretsmanager:CreateSecret",
                "apigatewayv2:CreateApi",
            ] {
                cloud.tap.fail(operation, effect);
            }
            let deployed = cloud.up(&first()).await;
            let differences = differences(&dump(&cloud, &deployed).await, &expected);
            assert!(differences.is_empty(), "{}", differences.join("\n"));
        });
    }
}

#[test]
fn a_service_that_keeps_failing_is_told() {
    run(async |test: Test| {
        let cloud = Cloud::new(test);
        for _ in 0..5 {
            cloud.tap.fail("sqs:CreateQueue", false);
        }
        let template = template(json!({"Queue": resource("AWS::SQS::Queue", json!({}))}));
        let problems = cloud.problems(&template).await;
        assert_eq!(problems, ["main: Resources.Queue: sqs refused CreateQueue: InternalFailure: the answer is lost"]);
        cloud.up(&template).await;
    });
}
