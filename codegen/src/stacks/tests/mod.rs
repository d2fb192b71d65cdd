//! Flows to partition, and a checker that reads the resulting files as CloudFormation would.

mod changes;
mod check;
mod lock;
mod partition;
mod random;

use super::*;
use crate::cfn::services::{Tag, dynamodb, sqs};
use crate::cfn::{ConditionName, Expr, LogicalId, ParameterName, Str};

fn id(text: &str) -> LogicalId {
    LogicalId::new(text).unwrap()
}

fn parameter(name: &str) -> Parameter {
    Parameter::text(ParameterName::new(name).unwrap(), "for the test")
}

fn placed(resource: Resource, layer: Layer, owner: &str, component: u32) -> Placed {
    let identity = Identity::of(&resource);
    Placed { resource, layer, owner: owner.to_owned(), component, identity }
}

/// A queue that uses values of others, by tags.
fn queue(name: &str, uses: &[Str]) -> Resource {
    let tags = (0..).zip(uses).map(|(at, value)| Tag::new(format!("use{at}"), value.clone())).collect();
    Resource::new(id(name), &sqs::Queue { tags, ..sqs::Queue::default() }).unwrap()
}

fn table(name: &str, key: &str, indexes: &[&str]) -> Placed {
    let string = |name: &str| dynamodb::AttributeDefinition::new(name, dynamodb::AttributeType::String);
    let hash = |name: &str| vec![dynamodb::KeySchema::new(name, dynamodb::KeyType::Hash)];
    let mut table = dynamodb::Table::new([key].iter().chain(indexes).map(|n| string(n)).collect::<Vec<_>>(), hash(key));
    let index = |name: &&str| {
        let all = dynamodb::Projection::new(dynamodb::ProjectionType::All);
        dynamodb::GlobalSecondaryIndex::new(*name, hash(name), all)
    };
    table.global_secondary_indexes = indexes.iter().map(index).collect();
    let resource = Resource::new(id(name), &table).unwrap().retained();
    let identity = Identity::of(&resource).stateful();
    Placed { identity, ..placed(resource, Layer::State, &format!("table {name}"), 1) }
}

/// The names of the stacks that have resources, with how many each.
fn sizes(stacks: &Stacks) -> Vec<(String, usize)> {
    let mut sizes = std::collections::BTreeMap::<String, usize>::new();
    for entry in stacks.lock.resources.values() {
        *sizes.entry(entry.stack.clone()).or_default() += 1;
    }
    sizes.into_iter().collect()
}

/// One copy of a flow of 180 resources: 10 queues with all that belongs to each, 20 tables, 10 APIs' parts.
fn copy(number: u32, resources: &mut Vec<Placed>) {
    let key = Str::attribute(&id("Key"), "Arn");
    let mut add = |resource, layer, owner: &str| resources.push(placed(resource, layer, owner, number));
    for at in 0..20 {
        let name = format!("Table{at}Of{number}");
        add(queue(&name, std::slice::from_ref(&key)), Layer::State, &format!("table {at} of {number}"));
    }
    for at in 0..10 {
        let owner = format!("queue {at} of {number}");
        let name = |part: &str| id(&format!("{part}{at}Of{number}"));
        let arn = |part: &str| Str::attribute(&name(part), "Arn");
        let table = Str::attribute(&id(&format!("Table{at}Of{number}")), "Arn");
        let make = |part: &str, uses: &[Str]| queue(name(part).as_str(), uses);
        add(make("DeadLetters", std::slice::from_ref(&key)), Layer::Messaging, &owner);
        add(make("Queue", &[arn("DeadLetters"), key.clone()]), Layer::Messaging, &owner);
        add(make("Topic", std::slice::from_ref(&key)), Layer::Messaging, &owner);
        add(make("Logs", std::slice::from_ref(&key)), Layer::Compute, &owner);
        add(make("Role", &[arn("Queue"), table, arn("Logs")]), Layer::Compute, &owner);
        add(make("Function", &[arn("Role"), Str::reference(&name("Queue"))]), Layer::Compute, &owner);
        add(make("Machine", &[arn("Function"), arn("Role")]), Layer::Compute, &owner);
        let policy = make("Policy", &[Str::reference(&name("Queue")), arn("Queue"), arn("Topic")]);
        add(policy, Layer::Wiring, &owner);
        let subscription = make("Subscription", &[arn("Topic"), arn("Queue"), arn("DeadLetters")]);
        add(subscription.after(&name("Policy")), Layer::Wiring, &owner);
        add(make("Mapping", &[arn("Queue"), Str::reference(&name("Function"))]), Layer::Wiring, &owner);
        for alarm in 0..6 {
            let uses = [Str::reference(&id("AlarmTopic")), Str::attribute(&name("Queue"), "QueueName")];
            add(make(&format!("Alarm{alarm}At"), &uses), Layer::Wiring, &owner);
        }
    }
}

/// Copies of the flow over a shared key, alarm topic and role.
fn copies(count: u32) -> Input {
    let with_alarms = ConditionName::new("WithAlarms").unwrap();
    let mail = parameter("AlarmEmail").default("");
    let condition = Condition { name: with_alarms.clone(), expr: Expr::is(&mail.name, "").negated() };
    let mut resources = vec![
        placed(queue("Key", &[Str::parameter(&ParameterName::new("Stage").unwrap())]), Layer::State, "flow", 0),
        placed(queue("AlarmTopic", &[Str::attribute(&id("Key"), "Arn")]), Layer::Messaging, "flow", 0),
        placed(
            queue("AlarmMail", &[Str::reference(&id("AlarmTopic"))]).only_if(&with_alarms),
            Layer::Wiring,
            "flow",
            0,
        ),
    ];
    for number in 1..=count {
        copy(number, &mut resources);
    }
    Input {
        description: "copies of a flow".into(),
        parameters: vec![parameter("Stage").default("dev"), mail],
        conditions: vec![condition],
        resources,
        outputs: vec![Output::new(id("QueueUrl"), Str::reference(&id("Queue0Of1")), "the first queue")],
        ..Input::default()
    }
}
