//! The resources of whole flows: the reference flow (WebSocket, mail, groupers), and a shop's (HTTP, FIFO,
//! schedules, filters by body).

use super::super::{fixtures, machines};
use super::{input, resources};
use crate::cfn::{Intrinsic, Resource, Tree};
use crate::diagnostic::Diagnostics;
use crate::lower::lower;
use crate::model::Encryption;
use crate::plan::{MappingSource, On, Plan, Reference};
use crate::stacks::{Layer, Placed, partition, render};
use crate::{Input, check};
use std::collections::BTreeMap;

fn shop() -> Plan {
    let root = include_bytes!("../../../../tests/flows/orders/spec/orders.yaml");
    let events = include_bytes!("../../../../tests/flows/orders/spec/events.yaml");
    let names = ["order_news.html", "order_news.txt", "return_settled.html", "return_settled.txt"];
    let checked = check(&Input {
        path: "spec/orders.yaml".into(),
        bytes: root.to_vec(),
        files: BTreeMap::from([("events.yaml".to_owned(), Ok(events.to_vec()))]),
        templates: names.map(str::to_owned).into(),
        ..Input::default()
    });
    assert!(checked.is_right(), "{:#?}", checked.diagnostics);
    let (flow, facts) = checked.flow.unwrap();
    lower(&flow, &facts, "spec/orders.yaml", &mut Diagnostics::default())
}

fn placed(plan: &Plan) -> BTreeMap<String, Placed> {
    let made = resources(plan, &machines::definitions(plan)).unwrap();
    made.into_iter().map(|p| (p.resource.id().to_string(), p)).collect()
}

fn of_kind<'a>(all: &'a BTreeMap<String, Placed>, kind: &str) -> Vec<&'a Resource> {
    all.values().map(|p| &p.resource).filter(|r| r.kind() == kind).collect()
}

fn property<'a>(resource: &'a Resource, path: &str) -> &'a Tree {
    path.split('/').fold(resource.properties(), |tree, key| match tree.get(key) {
        Some(inner) => inner,
        None => tree.items().get(key.parse::<usize>().unwrap()).unwrap(),
    })
}

/// Every name by which a tree refers to resources.
fn references(tree: &Tree) -> Vec<String> {
    let mut found = Vec::new();
    tree.visit(&mut |intrinsic| match intrinsic {
        Intrinsic::Ref(id) | Intrinsic::GetAtt(id, _) => found.push(id.to_string()),
        _ => {}
    });
    found
}

#[test]
fn the_flows_are_one_template_each_in_which_everything_resolves() {
    for plan in [fixtures::everi(), shop()] {
        let input = input(&plan, &machines::definitions(&plan), None).unwrap();
        let count = input.resources.len();
        assert!(count < 400, "{}: {count}", plan.name);
        let stacks = partition(input).unwrap();
        assert_eq!(stacks.roots.len(), 1);
        assert!(stacks.roots.iter().all(|root| root.nested.is_empty()));
        assert!(!render(stacks.roots.clone()).unwrap().is_empty());
    }
}

#[test]
fn nothing_refers_to_a_higher_layer() {
    for plan in [fixtures::everi(), shop()] {
        let all = placed(&plan);
        for item in all.values() {
            let named = item.resource.depends_on.iter().map(ToString::to_string);
            for to in references(item.resource.properties()).into_iter().chain(named) {
                assert!(all[&to].layer <= item.layer, "{} refers to {to}", item.resource.id());
            }
        }
    }
}

#[test]
fn a_wildcard_stands_only_where_aws_knows_no_resource() {
    let known = ["DeliverLogs", "Sample", "Trace"];
    for plan in [fixtures::everi(), shop()] {
        let all = placed(&plan);
        for role in of_kind(&all, "AWS::IAM::Role") {
            let Some(policies) = role.properties().get("Policies") else { continue };
            for statement in
                policies.items().iter().flat_map(|p| p.get("PolicyDocument").unwrap().get("Statement").unwrap().items())
            {
                let everything = statement.get("Resource").unwrap().items().iter().any(|r| r.text() == Some("*"));
                let sid = statement.get("Sid").and_then(Tree::text).unwrap();
                assert_eq!(everything, known.contains(&sid), "{}: {sid}", role.id());
            }
        }
    }
}

#[test]
fn the_key_is_used_through_services_only() {
    let all = placed(&fixtures::everi());
    let mut seen = 0;
    for role in of_kind(&all, "AWS::IAM::Role") {
        let Some(policies) = role.properties().get("Policies") else { continue };
        for statement in policies.items()[0].get("PolicyDocument").unwrap().get("Statement").unwrap().items() {
            if statement.get("Action").unwrap().items().iter().any(|a| a.text().unwrap().starts_with("kms:")) {
                let condition = statement.get("Condition").and_then(|c| c.get("StringEquals")).unwrap();
                assert!(condition.get("kms:ViaService").is_some(), "{}", role.id());
                seen += 1;
            }
        }
    }
    assert!(seen > 10, "{seen}");
}

#[test]
fn a_subscription_comes_after_the_policies_of_its_queue_and_of_the_dead_letters() {
    let all = placed(&fixtures::everi());
    let depends: Vec<&str> = all["NotifyQueueSubscription"].resource.depends_on.iter().map(|id| id.as_str()).collect();
    assert_eq!(depends, ["NotifyQueuePolicy", "NotifyQueueDeadLettersPolicy"]);
}

#[test]
fn dead_letters_are_taken_from_their_own_queue_and_by_no_other() {
    let all = placed(&fixtures::everi());
    let dead = &all["NotifyQueueDeadLetters"].resource;
    assert_eq!(property(dead, "RedriveAllowPolicy/redrivePermission").text(), Some("byQueue"));
    assert!(references(property(dead, "RedriveAllowPolicy")).is_empty(), "a reference would close a circle");
    let own = &all["NotifyQueue"].resource;
    assert_eq!(property(own, "RedriveAllowPolicy/redrivePermission").text(), Some("denyAll"));
    assert_eq!(references(property(own, "RedrivePolicy")), ["NotifyQueueDeadLetters"]);
}

#[test]
fn a_route_that_answers_has_a_response_and_one_that_does_not_has_none() {
    let all = placed(&fixtures::everi());
    assert!(all.contains_key("LiveGatewayDefaultRouteResponse"));
    assert!(!all.contains_key("LiveGatewayDisconnectRouteResponse"));
    let connect = &all["LiveGatewayConnectRoute"].resource;
    assert_eq!(property(connect, "AuthorizationType").text(), Some("CUSTOM"));
    let stage = &all["LiveGatewayStage"].resource;
    assert!(stage.depends_on.iter().any(|id| id.as_str() == "LiveGatewayConnectRoute"));
    assert!(references(property(stage, "Description")).contains(&"ApiGatewayAccount".to_owned()));
}

#[test]
fn only_what_sends_to_itself_by_its_own_protocol_may_recur() {
    for plan in [fixtures::everi(), shop()] {
        let mut allowed = 0;
        for function in &plan.functions {
            let reads = function.mappings.iter().find_map(|m| match &m.source {
                MappingSource::Queue(queue) => Some(On::Resource(Reference::Queue(queue.clone()))),
                MappingSource::Stream(_) => None,
            });
            let sends =
                |on: &On| function.grants.iter().any(|g| g.actions.contains(&"sqs:SendMessage") && g.on.contains(on));
            assert_eq!(function.recurs, reads.is_some_and(|on| sends(&on)), "{}", function.name);
            allowed += usize::from(function.recurs);
        }
        assert!(allowed > 0);
        let all = placed(&plan);
        let written = of_kind(&all, "AWS::Lambda::Function").into_iter();
        assert_eq!(written.filter(|f| property(f, "RecursiveLoop").text() == Some("Allow")).count(), allowed);
    }
}

#[test]
fn who_looks_up_reads_the_index_of_the_lookup_and_no_other() {
    let all = placed(&fixtures::everi());
    let of_members = |role: &str| {
        let grants = property(&all[role].resource, "Policies/0/PolicyDocument/Statement").items();
        let mut found = false;
        for on in grants.iter().flat_map(|g| g.get("Resource").unwrap().items()) {
            let by_index = matches!(on, Tree::Intrinsic(i) if matches!(&**i, Intrinsic::Join(parts)
                if parts.iter().any(|p| p.text().is_some_and(|t| t.contains("/index/by_member")))));
            found |= by_index && references(on) == ["GroupMembersTable"];
        }
        found
    };
    // By the group, which is the table's own key; and by the user.
    assert!(!of_members("DeliverMessagesQueueFunctionRole") && !of_members("DeliverMessagesQueueWorkerFunctionRole"));
    assert!(of_members("LiveGatewayConnectFunctionRole"));
}

#[test]
fn every_stream_and_every_timer_has_an_alarm_of_its_own_measure() {
    let plan = fixtures::everi();
    let all = placed(&plan);
    let streams =
        plan.functions.iter().flat_map(|f| &f.mappings).filter(|m| matches!(m.source, MappingSource::Stream(_)));
    let mut seen = 0;
    for mapping in streams {
        let alarm = &all[&format!("{}Alarm", mapping.place.logical)].resource;
        assert_eq!(property(alarm, "MetricName").text(), Some("IteratorAge"));
        seen += 1;
    }
    assert_eq!(seen, 2);
    // A timer may be delayed by 15 minutes, and is no older than its delay for that.
    let Tree::Number(threshold) = property(&all["NoticesGrouperTimersAlarm"].resource, "Threshold") else { panic!() };
    assert!(threshold.parse::<f64>().unwrap() > 900.0);
}

#[test]
fn an_alarm_on_a_metric_of_the_flow_tells_this_stack_from_others() {
    let all = placed(&fixtures::everi());
    let dimensions = property(&all["DeliverMessagesQueueWithinAlarm"].resource, "Dimensions").items();
    let names: Vec<_> = dimensions.iter().filter_map(|d| d.get("Name").and_then(Tree::text)).collect();
    assert_eq!(names, ["Prefix", "Queue"]);
}

#[test]
fn a_function_is_told_its_timeout_and_its_neighbours() {
    let all = placed(&fixtures::everi());
    let function = &all["DeliverMessagesQueueFunction"].resource;
    assert_eq!(property(function, "Environment/Variables/EVENTLOOM_TIMEOUT_MS").text(), Some("45000"));
    assert_eq!(references(property(function, "Environment/Variables/QUEUE_REST")), ["DeliverMessagesQueueRest"]);
    assert_eq!(property(function, "Handler").text(), Some("deliver_messages"));
    let resource = &all["DeliverMessagesQueueMapping"].resource;
    assert!(resource.properties().get("ScalingConfig").is_none(), "pollers and concurrency exclude each other");
    assert_eq!(property(resource, "ProvisionedPollerConfig/MinimumPollers"), &Tree::Int(2));
}

#[test]
fn with_keys_of_aws_only_the_alarm_topic_has_the_customer_key() {
    let mut plan = fixtures::everi();
    plan.settings.encryption = Encryption::Aws;
    let all = placed(&plan);
    let mut users: Vec<&str> = all
        .values()
        .filter(|p| p.resource.kind() != "AWS::KMS::Alias" && p.resource.kind() != "AWS::IAM::Role")
        .filter(|p| references(p.resource.properties()).iter().any(|r| r == "Key"))
        .map(|p| p.resource.id().as_str())
        .collect();
    users.sort_unstable();
    assert_eq!(users, ["AlarmTopic"]);
    assert_eq!(property(&all["NotifyQueue"].resource, "SqsManagedSseEnabled"), &Tree::Bool(true));
}

#[test]
fn what_holds_data_is_kept_and_has_no_name_to_stand_in_the_way() {
    let all = placed(&fixtures::everi());
    for kind in ["AWS::DynamoDB::Table", "AWS::KMS::Key", "AWS::SecretsManager::Secret"] {
        for resource in of_kind(&all, kind) {
            assert_eq!(resource.deletion_policy, Some(crate::cfn::DeletionPolicy::Retain), "{}", resource.id());
            assert!(all[resource.id().as_str()].identity.stateful);
            assert!(resource.properties().get("TableName").is_none() && resource.properties().get("Name").is_none());
        }
    }
}

#[test]
fn the_shops_queues_are_fifo_and_numbered_by_the_sender() {
    let all = placed(&shop());
    let topic = &all["OrdersTopic"].resource;
    assert_eq!(property(topic, "ContentBasedDeduplication"), &Tree::Bool(false));
    let queue = &all["FulfilQueue"].resource;
    assert_eq!(property(queue, "DeduplicationScope").text(), Some("messageGroup"));
    assert_eq!(property(queue, "FifoThroughputLimit").text(), Some("perMessageGroupId"));
}

#[test]
fn a_condition_on_fields_filters_by_the_body() {
    let all = placed(&shop());
    let subscription = &all["TellPartnerQueueSubscription"].resource;
    assert_eq!(property(subscription, "FilterPolicyScope").text(), Some("MessageBody"));
    assert_eq!(property(subscription, "FilterPolicy/type/0").text(), Some("OrderPlaced"));
    assert_eq!(property(subscription, "FilterPolicy/data/total/0/numeric/0").text(), Some(">="));
    assert_eq!(property(subscription, "FilterPolicy/data/coupon/0/prefix").text(), Some("PARTNER-"));
}

#[test]
fn a_permission_for_a_path_holds_whatever_stands_in_its_braces() {
    let all = placed(&shop());
    let permissions = of_kind(&all, "AWS::Lambda::Permission");
    let sources: Vec<String> = permissions.iter().map(|p| format!("{:?}", p.properties().get("SourceArn"))).collect();
    assert!(sources.iter().any(|s| s.contains("/*/PUT/orders/*\"")), "{sources:#?}");
    assert!(sources.iter().any(|s| s.contains("/*/POST/orders/*/returns\"")), "{sources:#?}");
}

#[test]
fn an_http_api_asks_for_the_issuers_token() {
    let all = placed(&shop());
    let authorizer = &all["ShopApiGatewayAuthorizer"].resource;
    assert_eq!(property(authorizer, "JwtConfiguration/Issuer").text(), Some("https://login.shop.example/"));
    let route = of_kind(&all, "AWS::ApiGatewayV2::Route");
    assert!(route.iter().all(|r| property(r, "AuthorizationType").text() == Some("JWT")));
    assert!(!all.contains_key("ApiGatewayAccount"), "an HTTP API's logs need no role");
}

#[test]
fn the_role_of_one_time_schedules_sends_to_its_own_timers_only() {
    let all = placed(&shop());
    let role = &all["OrderNewsGrouperSchedulesRole"].resource;
    let sent = property(role, "Policies/0/PolicyDocument/Statement/0/Resource");
    assert_eq!(references(sent), ["OrderNewsGrouperTimers"]);
}

#[test]
fn a_machine_calls_what_its_definition_names() {
    for plan in [fixtures::everi(), shop()] {
        let all = placed(&plan);
        for machine in of_kind(&all, "AWS::StepFunctions::StateMachine") {
            let text = property(machine, "DefinitionString").text().unwrap();
            let mut named: Vec<&str> = text.split("${").skip(1).map(|rest| rest.split('}').next().unwrap()).collect();
            named.sort_unstable();
            named.dedup();
            let Some(Tree::Map(given)) = machine.properties().get("DefinitionSubstitutions") else { panic!() };
            let mut given: Vec<&str> = given.iter().map(|(key, _)| key.as_ref()).collect();
            given.sort_unstable();
            assert_eq!(named, given, "{}", machine.id());
        }
    }
}

#[test]
fn a_layer_holds_what_its_name_says() {
    let all = placed(&fixtures::everi());
    assert_eq!(all["RuntimeTable"].layer, Layer::State);
    assert_eq!(all["NotifyQueue"].layer, Layer::Messaging);
    assert_eq!(all["NotifyQueueFunction"].layer, Layer::Compute);
    assert_eq!(all["NotifyQueueMapping"].layer, Layer::Wiring);
}
