//! What an update does, and what it refuses.

use std::collections::BTreeMap;

use futures_util::future::FutureExt;
use local::cloudformation::{DeployError, Sources};
use serde_json::{Value, json};

use super::{Cloud, id, resource, template};
use crate::world::run;

fn queue(properties: Value) -> Value {
    resource("AWS::SQS::Queue", properties)
}

async fn queues(cloud: &Cloud) -> Vec<String> {
    let listed = cloud.call("sqs", "ListQueues", json!({})).await.unwrap();
    cloud.tap.take();
    let names = listed["QueueUrls"].as_array().into_iter().flatten().filter_map(Value::as_str);
    names.map(|url| url.rsplit('/').next().unwrap().to_owned()).collect()
}

#[test]
fn what_is_not_known_is_named_before_anything_is_called() {
    run(async |test| {
        let cloud = Cloud::new(test);
        let template = template(json!({
            "Queue": queue(json!({"QueueName": "a", "Colour": "red"})),
            "Bus": resource("AWS::Events::EventBus", json!({"Name": "x"})),
        }));
        let error = cloud.deploy(&template).await.unwrap_err();
        assert!(matches!(error, DeployError::Refused(_)));
        assert_eq!(
            error.to_string(),
            "the stacks cannot be deployed\n  \
             main: Resources.Bus.Type: the local engine does not have the resource type `AWS::Events::EventBus`\n  \
             main: Resources.Queue.Properties.Colour: the local engine does not have `Colour` of AWS::SQS::Queue"
        );
        assert_eq!(cloud.tap.take(), [""; 0]);
    });
}

#[test]
fn parameters_are_checked_before_anything_is_called() {
    run(async |test| {
        let cloud = Cloud::new(test);
        let mut template = template(json!({"Queue": queue(json!({"DelaySeconds": {"Ref": "Delay"}}))}));
        template["Parameters"] = json!({
            "Delay": {"Type": "Number", "MaxValue": 900}, "Stage": {"Type": "String", "AllowedPattern": "[a-z]+"},
        });
        let sources = Sources::one("main", template.to_string());
        let given = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let wrong = given(&[("Delay", "901"), ("Stage", "Dev")]);
        let error = cloud.stacks.deploy(&sources, &wrong).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "the stacks cannot be deployed\n  \
             main: Parameters.Delay: Parameter 'Delay' must be a number not greater than 900\n  \
             main: Parameters.Stage: Parameter 'Stage' must match its pattern, which `Dev` does not"
        );
        let unknown = given(&[("Delay", "5"), ("Stage", "dev"), ("Stag", "dev")]);
        let error = cloud.stacks.deploy(&sources, &unknown).await.unwrap_err();
        assert!(error.to_string().contains("no stack declares the parameter `Stag`"));
        assert_eq!(cloud.tap.take(), [""; 0]);
        cloud.stacks.deploy(&sources, &given(&[("Delay", "5"), ("Stage", "dev")])).await.unwrap();
    });
}

#[test]
fn a_circle_is_named_before_anything_is_called() {
    run(async |test| {
        let cloud = Cloud::new(test);
        let get = |logical: &str| json!({"Fn::GetAtt": [logical, "QueueName"]});
        let template = template(json!({
            "Free": queue(json!({})),
            "A": queue(json!({"QueueName": get("B")})), "B": queue(json!({"QueueName": get("A")})),
        }));
        let expected = "main: Resources.A: Circular dependency between resources: A → B → A";
        assert_eq!(cloud.problems(&template).await, [expected]);
        assert_eq!(cloud.tap.take(), [""; 0]);
    });
}

#[test]
fn resources_come_change_and_go() {
    run(async |test| {
        let cloud = Cloud::new(test);
        cloud
            .up(&template(json!({"A": queue(json!({"QueueName": "a"})), "B": queue(json!({"QueueName": "b"}))})))
            .await;
        assert_eq!(cloud.tap.take(), ["sqs:CreateQueue", "sqs:CreateQueue"]);
        let changed =
            json!({"A": queue(json!({"QueueName": "a", "DelaySeconds": 3})), "C": queue(json!({"QueueName": "c"}))});
        cloud.up(&template(changed)).await;
        assert_eq!(cloud.tap.take(), ["sqs:SetQueueAttributes", "sqs:CreateQueue", "sqs:DeleteQueue"]);
        assert_eq!(queues(&cloud).await, ["a", "c"]);
    });
}

#[test]
fn a_condition_that_no_longer_holds_takes_its_resources_away() {
    run(async |test| {
        let cloud = Cloud::new(test);
        let with = |stage: &str| {
            let mut template = template(json!({
                "Always": queue(json!({"QueueName": {"Fn::If": ["IsProd", "large", "small"]}})),
                "Sometimes": queue(json!({"QueueName": "sometimes"})),
            }));
            template["Resources"]["Sometimes"]["Condition"] = json!("IsProd");
            template["Conditions"] = json!({"IsProd": {"Fn::Equals": [stage, "prod"]}});
            template["Outputs"] = json!({"Url": {"Condition": "IsProd", "Value": {"Ref": "Sometimes"}}});
            template
        };
        let deployed = cloud.up(&with("prod")).await;
        assert_eq!(deployed.stacks[0].outputs.len(), 1);
        assert_eq!(queues(&cloud).await, ["large", "sometimes"]);
        let deployed = cloud.up(&with("dev")).await;
        assert_eq!(deployed.stacks[0].outputs.len(), 0);
        assert_eq!(queues(&cloud).await, ["small"]);
    });
}

#[test]
fn what_needs_a_resource_that_its_condition_takes_away_is_refused() {
    run(async |test| {
        let cloud = Cloud::new(test);
        let mut template = template(json!({
            "Gone": queue(json!({})),
            "Here": queue(json!({"QueueName": {"Fn::GetAtt": ["Gone", "QueueName"]}})),
        }));
        template["Conditions"] = json!({"Never": {"Fn::Equals": [1, 2]}});
        template["Resources"]["Gone"]["Condition"] = json!("Never");
        assert_eq!(
            cloud.problems(&template).await,
            ["main: Resources.Here.Properties.QueueName: Unresolved resource dependencies [Gone]: its condition does \
              not hold"]
        );
    });
}

#[test]
fn another_is_made_before_the_one_it_replaces_goes() {
    run(async |test| {
        let cloud = Cloud::new(test);
        let subscribed = |name: &str| {
            template(json!({
                "Queue": queue(json!({"QueueName": name})),
                "Topic": resource("AWS::SNS::Topic", json!({"TopicName": "topic"})),
                "Subscription": resource("AWS::SNS::Subscription", json!({
                    "TopicArn": {"Ref": "Topic"}, "Protocol": "sqs", "Endpoint": {"Fn::GetAtt": ["Queue", "Arn"]},
                })),
            }))
        };
        cloud.up(&subscribed("first")).await;
        cloud.tap.take();
        cloud.up(&subscribed("second")).await;
        assert_eq!(cloud.tap.take(), ["sqs:CreateQueue", "sns:Subscribe", "sns:Unsubscribe", "sqs:DeleteQueue"]);
        assert_eq!(queues(&cloud).await, ["second"]);
    });
}

#[test]
fn a_name_is_held_by_one_resource() {
    run(async |test| {
        let cloud = Cloud::new(test);
        let one = |logical: &str, properties: Value| {
            let mut template = template(json!({}));
            template["Resources"][logical] = queue(properties);
            template
        };
        cloud.up(&one("Queue", json!({"QueueName": "orders"}))).await;
        assert_eq!(
            cloud.problems(&one("Renamed", json!({"QueueName": "orders"}))).await,
            ["main: Resources.Renamed: the name `orders` is taken by `main/Queue`, which would go only after this"]
        );
        assert_eq!(queues(&cloud).await, ["orders"]);

        let table = |name: &str| {
            template(json!({"Table": resource("AWS::DynamoDB::Table", json!({
                "TableName": "table", "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": name, "KeyType": "HASH"}],
            }))}))
        };
        cloud.up(&table("id")).await;
        assert_eq!(
            cloud.problems(&table("key")).await,
            ["main: Resources.Table: CloudFormation cannot update a stack when a custom-named resource requires \
              replacing. Rename table and update the stack again."]
        );
    });
}

#[test]
fn a_resource_that_is_renamed_is_another_one() {
    run(async |test| {
        let cloud = Cloud::new(test);
        let policed = |queue_id: &str, policy_id: &str| {
            let mut template = template(json!({}));
            template["Resources"][queue_id] = queue(json!({"QueueName": "orders"}));
            template["Resources"][policy_id] = resource(
                "AWS::SQS::QueuePolicy",
                json!({
                    "Queues": [{"Ref": queue_id}], "PolicyDocument": {"Version": "2012-10-17", "Statement": [
                        {"Sid": policy_id, "Effect": "Deny", "Principal": "*", "Action": "sqs:PurgeQueue", "Resource": "*"},
                    ]},
                }),
            );
            template
        };
        let deployed = cloud.up(&policed("Queue", "Policy")).await;
        // The policy that goes is not the one that is there.
        cloud.up(&policed("Queue", "Other")).await;
        let asked = json!({"QueueUrl": id(&deployed, "Queue"), "AttributeNames": ["Policy"]});
        let found = cloud.call("sqs", "GetQueueAttributes", asked).await.unwrap();
        assert!(found["Attributes"]["Policy"].as_str().unwrap().contains("\"Other\""), "{found}");
    });
}

#[test]
fn what_is_retained_stays_and_is_forgotten() {
    run(async |test| {
        let cloud = Cloud::new(test);
        let mut with = template(
            json!({"Kept": queue(json!({"QueueName": "kept"})), "Other": queue(json!({"QueueName": "other"}))}),
        );
        with["Resources"]["Kept"]["DeletionPolicy"] = json!("Retain");
        with["Resources"]["Kept"]["UpdateReplacePolicy"] = json!("Retain");
        cloud.up(&with).await;
        with["Resources"]["Kept"]["Properties"]["QueueName"] = json!("another");
        cloud.up(&with).await;
        assert_eq!(queues(&cloud).await, ["another", "kept", "other"]);
        cloud.up(&template(json!({}))).await;
        assert_eq!(queues(&cloud).await, ["another", "kept"]);
    });
}

#[test]
fn a_type_cannot_change() {
    run(async |test| {
        let cloud = Cloud::new(test);
        cloud.up(&template(json!({"Thing": queue(json!({}))}))).await;
        assert_eq!(
            cloud.problems(&template(json!({"Thing": resource("AWS::SNS::Topic", json!({}))}))).await,
            [
                "main: Resources.Thing: Update of resource type is not permitted. The new template modifies resource type \
              of the following resources: [Thing]"
            ]
        );
    });
}

#[test]
fn one_failure_keeps_back_only_what_needs_it() {
    run(async |test| {
        let cloud = Cloud::new(test);
        let with = |wait: u32| {
            template(json!({
                "Bad": queue(json!({"QueueName": "bad", "VisibilityTimeout": wait})),
                "Needs": queue(json!({"QueueName": {"Fn::Sub": "${Bad.QueueName}-too"}})),
                "Free": queue(json!({"QueueName": "free"})),
                "Worse": queue(json!({"QueueName": "not a name"})),
            }))
        };
        let problems = cloud.problems(&with(50_000)).await;
        assert_eq!(problems.len(), 2, "{problems:?}");
        assert!(problems[0].starts_with("main: Resources.Bad: sqs refused CreateQueue: Invalid"), "{problems:?}");
        assert!(problems[1].starts_with("main: Resources.Worse: sqs refused CreateQueue: Invalid"), "{problems:?}");
        assert_eq!(queues(&cloud).await, ["free"]);

        let mut right = with(50);
        right["Resources"]["Worse"]["Properties"]["QueueName"] = json!("a-name");
        cloud.up(&right).await;
        assert_eq!(queues(&cloud).await, ["a-name", "bad", "bad-too", "free"]);
    });
}

#[test]
fn an_update_that_fails_leaves_the_old_and_can_be_taken_back() {
    run(async |test| {
        let cloud = Cloud::new(test);
        let with = |fifo: bool, delay: u32| {
            let properties = if fifo { json!({"FifoQueue": true}) } else { json!({}) };
            let mut fine = template(json!({
                "Replaced": queue(properties),
                "Broken": queue(json!({"QueueName": "broken", "DelaySeconds": delay})),
                "Gone": queue(json!({"QueueName": "gone"})),
            }));
            if fifo {
                fine["Resources"].as_object_mut().unwrap().remove("Gone");
            }
            fine
        };
        let before = cloud.up(&with(false, 1)).await;
        let url = id(&before, "Replaced");
        cloud.call("sqs", "SendMessage", json!({"QueueUrl": url, "MessageBody": "precious"})).await.unwrap();

        let problems = cloud.problems(&with(true, 1000)).await;
        assert!(problems.concat().contains("Broken"), "{problems:?}");
        assert_eq!(queues(&cloud).await.len(), 4, "the old ones are there, beside the new one");

        let after = cloud.up(&with(false, 1)).await;
        assert_eq!(id(&after, "Replaced"), url);
        let found = cloud.call("sqs", "ReceiveMessage", json!({"QueueUrl": url})).await.unwrap();
        assert_eq!(found["Messages"][0]["Body"], "precious");
        assert_eq!(queues(&cloud).await.len(), 3);
    });
}

#[test]
fn what_will_not_go_is_told_and_tried_again() {
    run(async |test| {
        let cloud = Cloud::new(test);
        let table = |protected: bool| {
            template(json!({"Table": resource("AWS::DynamoDB::Table", json!({
                "BillingMode": "PAY_PER_REQUEST", "DeletionProtectionEnabled": protected,
                "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            }))}))
        };
        let deployed = cloud.up(&table(true)).await;
        let left = cloud.deploy(&template(json!({}))).await.unwrap().left;
        assert_eq!(left.len(), 1);
        assert!(left[0].to_string().starts_with("main: Resources.Table: dynamodb refused DeleteTable"), "{left:?}");

        let open = json!({"TableName": id(&deployed, "Table"), "DeletionProtectionEnabled": false});
        cloud.call("dynamodb", "UpdateTable", open).await.unwrap();
        cloud.up(&template(json!({}))).await;
        let tables = cloud.call("dynamodb", "ListTables", json!({})).await.unwrap();
        assert_eq!(tables["TableNames"], json!([]));
    });
}

#[test]
fn two_indexes_are_not_made_at_once() {
    run(async |test| {
        let cloud = Cloud::new(test);
        let table = |indexes: &[&str]| {
            let attribute = |name: &&str| json!({"AttributeName": name, "AttributeType": "S"});
            let index = |name: &&str| {
                json!({
                    "IndexName": name, "KeySchema": [{"AttributeName": name, "KeyType": "HASH"}],
                    "Projection": {"ProjectionType": "ALL"},
                })
            };
            let attributes: Vec<Value> = ["id"].iter().chain(indexes).map(attribute).collect();
            let mut properties = json!({
                "BillingMode": "PAY_PER_REQUEST", "AttributeDefinitions": attributes,
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            });
            if !indexes.is_empty() {
                properties["GlobalSecondaryIndexes"] = indexes.iter().map(index).collect();
            }
            template(json!({"Table": resource("AWS::DynamoDB::Table", properties)}))
        };
        cloud.up(&table(&[])).await;
        let problems = cloud.problems(&table(&["one", "two"])).await;
        assert!(problems.concat().contains("Cannot perform more than one GSI creation or deletion"), "{problems:?}");
        cloud.up(&table(&["one"])).await;
        cloud.up(&table(&["one", "two"])).await;
    });
}

#[test]
fn one_deployment_at_a_time() {
    run(async |test| {
        let cloud = Cloud::new(test);
        let template = template(json!({"Queue": queue(json!({}))}));
        cloud.tap.hold(1);
        {
            let first = cloud.deploy(&template);
            tokio::pin!(first);
            assert!((&mut first).now_or_never().is_none());
            assert_eq!(cloud.deploy(&template).await.unwrap_err(), DeployError::Busy);
        }
        cloud.tap.release();
        cloud.up(&template).await;
    });
}
