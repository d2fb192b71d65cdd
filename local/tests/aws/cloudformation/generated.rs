//! The flows of this repository, on the real services.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use aws_sdk_sqs::types::QueueAttributeName;
use local::cloudformation::{Deployed, Sources};
use serde_json::{Value, json};

use super::{Cloud, code, id};
use crate::restart::Restarts;
use crate::world::{Test, run};

fn folder(flow: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(flow)
}

fn parameters() -> BTreeMap<String, String> {
    [("CodeBucket", "eventloom".to_owned()), ("CodeKey", code())].map(|(name, value)| (name.to_owned(), value)).into()
}

async fn up(cloud: &Cloud, flow: &str) -> (Deployed, Value) {
    let sources = Sources::read(&folder(flow)).unwrap();
    let template: Value = serde_json::from_str(&sources.stacks[0].template).unwrap();
    let began = Instant::now();
    let deployed = cloud.stacks.deploy(&sources, &parameters()).await.unwrap();
    let (made, calls) = (began.elapsed(), cloud.tap.take().len());
    let began = Instant::now();
    let again = cloud.stacks.deploy(&sources, &parameters()).await.unwrap();
    println!("{flow}: {calls} calls in {made:?}, and none in {:?}", began.elapsed());
    assert_eq!(cloud.tap.take(), [""; 0], "nothing changed");
    assert_eq!(again, deployed);
    (deployed, template)
}

fn count(deployed: &Deployed, kind: &str) -> usize {
    deployed.resources.iter().filter(|resource| resource.kind == kind).count()
}

/// All that the template says is there, but for what a condition takes away; and each service has as many of
/// its resources.
async fn counted(cloud: &Cloud, deployed: &Deployed, template: &Value) {
    for (logical, resource) in template["Resources"].as_object().unwrap() {
        let found = deployed.resources.iter().any(|found| found.logical_id == *logical);
        assert!(found || !resource["Condition"].is_null(), "{logical}");
    }
    for (kind, service, operation, member) in [
        ("AWS::SQS::Queue", "sqs", "ListQueues", "QueueUrls"),
        ("AWS::SNS::Topic", "sns", "ListTopics", "Topics"),
        ("AWS::SNS::Subscription", "sns", "ListSubscriptions", "Subscriptions"),
        ("AWS::DynamoDB::Table", "dynamodb", "ListTables", "TableNames"),
        ("AWS::Lambda::Function", "lambda", "ListFunctions", "Functions"),
        ("AWS::Lambda::EventSourceMapping", "lambda", "ListEventSourceMappings", "EventSourceMappings"),
        ("AWS::StepFunctions::StateMachine", "states", "ListStateMachines", "stateMachines"),
        ("AWS::Scheduler::Schedule", "scheduler", "ListSchedules", "Schedules"),
        ("AWS::IAM::Role", "iam", "ListRoles", "Roles"),
        ("AWS::KMS::Key", "kms", "ListKeys", "Keys"),
        ("AWS::ApiGatewayV2::Api", "apigatewayv2", "GetApis", "Items"),
    ] {
        let listed = cloud.call(service, operation, json!({})).await.unwrap();
        let listed = listed[member].as_array().map_or(0, Vec::len);
        assert_eq!(listed, count(deployed, kind), "{kind}");
    }
}

/// Every subscription that the template filters is filtered so.
async fn filtered(cloud: &Cloud, deployed: &Deployed, template: &Value) -> usize {
    let sns = aws_sdk_sns::Client::new(&cloud.test.sdk);
    let mut filtered = 0;
    for (logical, resource) in template["Resources"].as_object().unwrap() {
        let wanted = &resource["Properties"]["FilterPolicy"];
        if resource["Type"] != "AWS::SNS::Subscription" || wanted.is_null() {
            continue;
        }
        let asked = sns.get_subscription_attributes().subscription_arn(id(deployed, logical));
        let attributes = asked.send().await.unwrap().attributes.unwrap();
        assert_eq!(serde_json::from_str::<Value>(&attributes["FilterPolicy"]).unwrap(), *wanted, "{logical}");
        filtered += 1;
    }
    filtered
}

#[test]
fn everi_comes_up() {
    run(async |test| {
        let cloud = Cloud::new(test);
        let (deployed, template) = up(&cloud, "generated").await;
        counted(&cloud, &deployed, &template).await;
        assert!(filtered(&cloud, &deployed, &template).await > 0);

        let sqs = aws_sdk_sqs::Client::new(&cloud.test.sdk);
        let queue = sqs.get_queue_url().queue_name("everi-deliver-messages-rest").send().await.unwrap();
        let asked = sqs.get_queue_attributes().queue_url(queue.queue_url.unwrap());
        let attributes = asked.attribute_names(QueueAttributeName::All).send().await.unwrap().attributes.unwrap();
        assert_eq!(attributes[&QueueAttributeName::DelaySeconds], "10");
        let redrive: Value = serde_json::from_str(&attributes[&QueueAttributeName::RedrivePolicy]).unwrap();
        let dead = "arn:aws:sqs:eu-west-1:000000000000:everi-deliver-messages-rest-dlq";
        assert_eq!(redrive, json!({"deadLetterTargetArn": dead, "maxReceiveCount": 5}));

        let dynamodb = aws_sdk_dynamodb::Client::new(&cloud.test.sdk);
        let actions = dynamodb.describe_table().table_name(id(&deployed, "ActionsTable")).send().await.unwrap();
        let actions = actions.table.unwrap();
        assert_eq!(actions.stream_specification.unwrap().stream_view_type.unwrap().as_str(), "NEW_IMAGE");
        assert_eq!(actions.global_secondary_indexes.unwrap()[0].index_name(), Some("by_object"));
        let runtime = dynamodb.describe_time_to_live().table_name(id(&deployed, "RuntimeTable")).send().await.unwrap();
        assert_eq!(runtime.time_to_live_description.unwrap().attribute_name.unwrap(), "expires_at");

        let lambda = aws_sdk_lambda::Client::new(&cloud.test.sdk);
        let function = lambda.get_function_configuration().function_name("everi-bounces").send().await.unwrap();
        assert_eq!(function.handler(), Some("bounces"));
        let variables = function.environment.unwrap().variables.unwrap();
        assert_eq!(variables["TABLE_RUNTIME"], id(&deployed, "RuntimeTable"));

        let secret = json!({"SecretId": id(&deployed, "MailSigningSecret")});
        let secret = cloud.call("secretsmanager", "GetSecretValue", secret).await.unwrap();
        assert_eq!(secret["SecretString"].as_str().unwrap().len(), 64);

        let scheduler = aws_sdk_scheduler::Client::new(&cloud.test.sdk);
        let sweep = scheduler.get_schedule().name("everi-notices-sweep").send().await.unwrap();
        assert_eq!(sweep.schedule_expression(), Some("rate(1 minute)"));

        let outputs = &deployed.stacks[0].outputs;
        assert!(outputs["LiveGatewayEndpoint"].ends_with("/dev"), "{outputs:?}");
        assert_eq!(outputs["AlarmTopicArn"], "arn:aws:sns:eu-west-1:000000000000:everi-alarms");
        assert_eq!(outputs["MailEveriExampleIdentityDkim1"], "a._domainkey.everi.example CNAME a.dkim.amazonses.com");

        let carries = |event: &str| {
            let topic = deployed.resources.iter().find(|resource| {
                let carried = resource.metadata["Eventloom"]["carries"].as_array();
                carried.is_some_and(|carried| carried.iter().any(|carried| carried == event))
            });
            topic.unwrap().physical_id.clone()
        };
        assert_eq!(carries("UpdateShared"), "arn:aws:sns:eu-west-1:000000000000:everi-activity");
    });
}

#[test]
fn orders_comes_up() {
    run(async |test| {
        let cloud = Cloud::new(test);
        let (deployed, template) = up(&cloud, "tests/flows/orders/generated").await;
        counted(&cloud, &deployed, &template).await;
        assert!(filtered(&cloud, &deployed, &template).await > 0);
        let sqs = aws_sdk_sqs::Client::new(&cloud.test.sdk);
        let asked = sqs.get_queue_attributes().queue_url(id(&deployed, "CountOrdersQueue"));
        let attributes = asked.attribute_names(QueueAttributeName::All).send().await.unwrap().attributes.unwrap();
        assert_eq!(attributes[&QueueAttributeName::FifoQueue], "true");
        assert_eq!(attributes[&QueueAttributeName::DeduplicationScope], "messageGroup");
    });
}

#[test]
fn board_comes_up() {
    run(async |test| {
        let cloud = Cloud::new(test);
        let (deployed, template) = up(&cloud, "tests/flows/board/generated").await;
        counted(&cloud, &deployed, &template).await;
    });
}

#[test]
fn everi_is_up_again_after_a_restart_without_a_call() {
    let lives = Restarts::new("everi");
    let deploy = async |test: Test| {
        let cloud = Cloud::new(test);
        let sources = Sources::read(&folder("generated")).unwrap();
        let began = Instant::now();
        cloud.stacks.deploy(&sources, &parameters()).await.unwrap();
        let calls = cloud.tap.take().len();
        println!("on disk: {calls} calls in {:?}", began.elapsed());
        calls
    };
    lives.live(async |test: Test| assert!(deploy(test).await > 0));
    lives.live(async |test: Test| assert_eq!(deploy(test).await, 0));
}
