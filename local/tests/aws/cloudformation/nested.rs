//! Stacks in stacks, and several roots.

use std::collections::BTreeMap;

use local::cloudformation::sources::{Origin, Root};
use local::cloudformation::{Deployed, Sources};
use serde_json::{Value, json};

use super::{Cloud, id, resource, template};
use crate::world::run;

fn stack(url: &str, parameters: Value) -> Value {
    resource("AWS::CloudFormation::Stack", json!({"TemplateURL": url, "Parameters": parameters}))
}

/// A queue in a stack of its own, whose ARN another one is given.
fn sources(delay: u32, with_policy: bool) -> Sources {
    let state = json!({
        "Parameters": {"Delay": {"Type": "Number"}},
        "Resources": {"Queue": resource("AWS::SQS::Queue", json!({"DelaySeconds": {"Ref": "Delay"}}))},
        "Outputs": {"Url": {"Value": {"Ref": "Queue"}}, "Arn": {"Value": {"Fn::GetAtt": ["Queue", "Arn"]}}},
    });
    let wiring = json!({
        "Parameters": {"Url": {"Type": "String"}, "Arn": {"Type": "String"}},
        "Resources": {"Policy": resource("AWS::SQS::QueuePolicy", json!({
            "Queues": [{"Ref": "Url"}],
            "PolicyDocument": {"Version": "2012-10-17", "Statement": [
                {"Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": {"Ref": "Arn"},
                 "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
            ]},
        }))},
    });
    let mut resources = json!({"State": stack("nested/state.json", json!({"Delay": delay}))});
    if with_policy {
        let output = |name: &str| json!({"Fn::GetAtt": ["State", format!("Outputs.{name}")]});
        resources["Wiring"] = stack("nested/wiring.json", json!({"Url": output("Url"), "Arn": output("Arn")}));
    }
    let mut main = template(resources);
    main["Outputs"] = json!({"Url": {"Value": {"Fn::GetAtt": ["State", "Outputs.Url"]}}});
    let nested = [("nested/state.json", state), ("nested/wiring.json", wiring)];
    Sources {
        nested: nested.map(|(name, template)| (name.to_owned(), template.to_string())).into(),
        ..Sources::one("main", main.to_string())
    }
}

async fn up(cloud: &Cloud, sources: &Sources) -> Deployed {
    let deployed = cloud.stacks.deploy(sources, &BTreeMap::new()).await.unwrap();
    assert_eq!(deployed.left, []);
    deployed
}

async fn attributes(cloud: &Cloud, url: &str) -> Value {
    let asked = json!({"QueueUrl": url, "AttributeNames": ["All"]});
    cloud.call("sqs", "GetQueueAttributes", asked).await.unwrap()["Attributes"].take()
}

#[test]
fn outputs_of_one_nested_stack_are_parameters_of_another() {
    run(async |test| {
        let cloud = Cloud::new(test);
        let deployed = up(&cloud, &sources(5, true)).await;
        let names: Vec<&str> = deployed.stacks.iter().map(|stack| &*stack.name).collect();
        assert_eq!(names, ["main/State", "main/Wiring", "main"]);
        let url = id(&deployed, "Queue");
        assert!(url.contains("/main-State-Queue-"), "{url}");
        assert_eq!(deployed.stacks[2].outputs["Url"], url);
        assert_eq!(id(&deployed, "State"), deployed.stacks[0].id);
        let is = attributes(&cloud, url).await;
        assert_eq!(is["DelaySeconds"], "5");
        assert!(is["Policy"].as_str().unwrap().contains(is["QueueArn"].as_str().unwrap()));

        cloud.tap.take();
        assert_eq!(up(&cloud, &sources(5, true)).await, deployed);
        assert_eq!(cloud.tap.take(), [""; 0]);
        up(&cloud, &sources(7, true)).await;
        assert_eq!(cloud.tap.take(), ["sqs:SetQueueAttributes"]);
        assert_eq!(attributes(&cloud, url).await["DelaySeconds"], "7");
    });
}

#[test]
fn a_nested_stack_goes_with_all_that_is_in_it() {
    run(async |test| {
        let cloud = Cloud::new(test);
        let deployed = up(&cloud, &sources(5, true)).await;
        let after = up(&cloud, &sources(5, false)).await;
        assert_eq!(after.stacks.len(), 2);
        assert_eq!(attributes(&cloud, id(&deployed, "Queue")).await["Policy"], Value::Null);
        up(&cloud, &Sources::one("main", template(json!({})).to_string())).await;
        let queues = cloud.call("sqs", "ListQueues", json!({})).await.unwrap();
        assert_eq!(queues["QueueUrls"].as_array().map_or(0, Vec::len), 0);
    });
}

#[test]
fn a_nested_stack_that_fails_is_told_and_keeps_back_what_needs_it() {
    run(async |test| {
        let cloud = Cloud::new(test);
        let error = cloud.stacks.deploy(&sources(901, true), &BTreeMap::new()).await.unwrap_err();
        let problems: Vec<String> = error.problems().iter().map(ToString::to_string).collect();
        assert_eq!(problems.len(), 1);
        assert!(
            problems[0].starts_with("main/State: Resources.Queue: sqs refused CreateQueue: Invalid"),
            "{problems:?}"
        );
        up(&cloud, &sources(900, true)).await;
    });
}

#[test]
fn a_root_takes_outputs_of_an_earlier_one() {
    run(async |test| {
        let cloud = Cloud::new(test);
        let mut first = template(json!({"Topic": resource("AWS::SNS::Topic", json!({}))}));
        first["Outputs"] = json!({
            "TopicArn": {"Value": {"Ref": "Topic"}, "Export": {"Name": {"Fn::Sub": "${AWS::StackName}-topic"}}},
        });
        let second = json!({
            "Parameters": {"TopicArn": {"Type": "String"}, "Absent": {"Type": "String", "Default": "none"}},
            "Resources": {"Queue": resource("AWS::SQS::Queue", json!({}))},
            "Outputs": {
                "Given": {"Value": {"Ref": "TopicArn"}}, "Absent": {"Value": {"Ref": "Absent"}},
                "Imported": {"Value": {"Fn::ImportValue": "main-topic"}},
            },
        });
        let origin = |output: &str| Origin { stack: "main".to_owned(), output: output.to_owned() };
        let from = [("TopicArn", origin("TopicArn")), ("Absent", origin("Nothing"))];
        let root = |name: &str, template: &Value| Root {
            name: name.to_owned(),
            template: template.to_string(),
            ..Root::default()
        };
        let mut sources = Sources { stacks: vec![root("main", &first), root("main-2", &second)], ..Sources::default() };
        sources.stacks[1].from = from.map(|(name, origin)| (name.to_owned(), origin)).into();
        let deployed = up(&cloud, &sources).await;
        let outputs = &deployed.stacks[1].outputs;
        let topic = id(&deployed, "Topic");
        assert_eq!([&*outputs["Given"], &*outputs["Absent"], &*outputs["Imported"]], [topic, "none", topic]);

        // A root that is not listed any more goes.
        sources.stacks.pop();
        up(&cloud, &sources).await;
        let queues = cloud.call("sqs", "ListQueues", json!({})).await.unwrap();
        assert_eq!(queues["QueueUrls"].as_array().map_or(0, Vec::len), 0);
    });
}
