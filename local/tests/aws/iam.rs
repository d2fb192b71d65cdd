//! IAM: roles and their policies, and what the judge lets through.

use std::path::Path;
use std::rc::Rc;

use aws_sdk_sns::error::ProvideErrorMetadata;
use aws_sdk_sqs::types::QueueAttributeName;
use local::engine::Engine;
use local::kernel::{Arn, AwsError, Caller, Clock, Place, Random, Store, Time, World};
use serde_json::{Value, json};
use tokio::task::LocalSet;

use crate::world::{Test, allow, role, run, sdk};

const QUEUE: &str = "arn:aws:sqs:eu-west-1:000000000000:orders";
const TOPIC: &str = "arn:aws:sns:eu-west-1:000000000000:news";

async fn iam(engine: &Engine, operation: &str, input: Value) -> Result<Value, AwsError> {
    engine.world().bus.request(Caller::Account, "iam", operation, input).await
}

async fn sqs(engine: &Engine, caller: &Caller, operation: &str, input: Value) -> Result<Value, AwsError> {
    engine.world().bus.request(caller.clone(), "sqs", operation, input).await
}

fn trust(principal: Value, condition: Value) -> String {
    json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", "Condition": condition},
    ]})
    .to_string()
}

fn policy(statement: Value) -> String {
    json!({"Version": "2012-10-17", "Statement": [statement]}).to_string()
}

fn service(principal: &'static str, source: &str) -> Caller {
    Caller::Service { principal, source: Arn::parse(source).unwrap() }
}

async fn new_role(engine: &Engine, name: &str) {
    let trust = trust(json!({"Service": "lambda.amazonaws.com"}), json!({}));
    iam(engine, "CreateRole", json!({"RoleName": name, "AssumeRolePolicyDocument": trust})).await.unwrap();
}

/// The code of a call that must fail, and whether its message holds a text.
async fn refused(engine: &Engine, operation: &str, input: Value, text: &str) -> String {
    let error = iam(engine, operation, input).await.unwrap_err();
    assert!(error.message.contains(text), "{error}");
    error.code
}

#[test]
fn a_role_is_made_read_changed_and_deleted() {
    run(|test| async move {
        let engine = &test.engine;
        let trust_text = trust(json!({"Service": "lambda.amazonaws.com"}), json!({}));
        // As the query protocol has it: numbers are texts.
        let input = json!({
            "RoleName": "worker", "AssumeRolePolicyDocument": trust_text, "Path": "/flow/", "Description": "Works",
            "MaxSessionDuration": "7200", "Tags": [{"Key": "team", "Value": "orders"}],
        });
        let made = iam(engine, "CreateRole", input.clone()).await.unwrap();
        let made = &made["Role"];
        assert_eq!(made["Arn"], "arn:aws:iam::000000000000:role/flow/worker");
        assert!(made["RoleId"].as_str().unwrap().starts_with("AROA"));
        assert_eq!(
            (&made["MaxSessionDuration"], &made["CreateDate"]),
            (&json!(7200), &json!("2026-01-01T00:00:00.000Z"))
        );
        let encoded = made["AssumeRolePolicyDocument"].as_str().unwrap();
        assert!(encoded.starts_with("%7B%22Version%22%3A"), "{encoded}");
        let of = json!({"RoleName": "worker"});
        let text = "Role with name worker already exists.";
        assert_eq!(refused(engine, "CreateRole", input, text).await, "EntityAlreadyExists");
        assert_eq!(iam(engine, "GetRole", of.clone()).await.unwrap()["Role"], *made);

        let update = json!({"RoleName": "worker", "Description": "Rests", "MaxSessionDuration": 3600});
        iam(engine, "UpdateRole", update).await.unwrap();
        let tag = json!({"RoleName": "worker", "Tags": [{"Key": "stage", "Value": "test"}]});
        iam(engine, "TagRole", tag).await.unwrap();
        iam(engine, "UntagRole", json!({"RoleName": "worker", "TagKeys": ["team"]})).await.unwrap();
        let tags = iam(engine, "ListRoleTags", of.clone()).await.unwrap();
        assert_eq!(tags["Tags"], json!([{"Key": "stage", "Value": "test"}]));
        let changed = &iam(engine, "GetRole", of.clone()).await.unwrap()["Role"];
        assert_eq!((&changed["Description"], &changed["MaxSessionDuration"]), (&json!("Rests"), &json!(3600)));

        new_role(engine, "second").await;
        let first = iam(engine, "ListRoles", json!({"MaxItems": 1})).await.unwrap();
        assert_eq!((&first["Roles"][0]["RoleName"], &first["IsTruncated"]), (&json!("second"), &json!(true)));
        let second = iam(engine, "ListRoles", json!({"Marker": first["Marker"]})).await.unwrap();
        assert_eq!((&second["Roles"][0]["RoleName"], &second["IsTruncated"]), (&json!("worker"), &json!(false)));
        let under = iam(engine, "ListRoles", json!({"PathPrefix": "/flow/"})).await.unwrap();
        assert_eq!(under["Roles"].as_array().unwrap().len(), 1);

        iam(engine, "DeleteRole", of.clone()).await.unwrap();
        let text = "The role with name worker cannot be found.";
        assert_eq!(refused(engine, "GetRole", of, text).await, "NoSuchEntity");
    });
}

#[test]
fn a_roles_policies_are_put_read_attached_and_taken_away() {
    run(|test| async move {
        let engine = &test.engine;
        new_role(engine, "worker").await;
        let of = json!({"RoleName": "worker"});
        let named = json!({"RoleName": "worker", "PolicyName": "flow"});
        let text = policy(json!({"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}));
        let put = json!({"RoleName": "worker", "PolicyName": "flow", "PolicyDocument": text});
        iam(engine, "PutRolePolicy", put).await.unwrap();
        assert_eq!(iam(engine, "ListRolePolicies", of.clone()).await.unwrap()["PolicyNames"], json!(["flow"]));
        let read = iam(engine, "GetRolePolicy", named.clone()).await.unwrap();
        let read = read["PolicyDocument"].as_str().unwrap().to_owned();
        assert_eq!(decoded(&read), text);

        let arn = "arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs";
        let attach = json!({"RoleName": "worker", "PolicyArn": arn});
        iam(engine, "AttachRolePolicy", attach.clone()).await.unwrap();
        let attached = iam(engine, "ListAttachedRolePolicies", of.clone()).await.unwrap();
        let shown = json!([{"PolicyName": "AmazonAPIGatewayPushToCloudWatchLogs", "PolicyArn": arn}]);
        assert_eq!(attached["AttachedPolicies"], shown);
        let other = json!({"RoleName": "worker", "PolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"});
        assert_eq!(refused(engine, "AttachRolePolicy", other.clone(), "ReadOnlyAccess").await, "NoSuchEntity");
        assert_eq!(refused(engine, "DetachRolePolicy", other, "was not found").await, "NoSuchEntity");

        assert_eq!(refused(engine, "DeleteRole", of.clone(), "must detach all policies").await, "DeleteConflict");
        iam(engine, "DetachRolePolicy", attach).await.unwrap();
        assert_eq!(refused(engine, "DeleteRole", of.clone(), "must delete policies").await, "DeleteConflict");
        iam(engine, "DeleteRolePolicy", named.clone()).await.unwrap();
        let text = "The role policy with name flow cannot be found.";
        assert_eq!(refused(engine, "GetRolePolicy", named.clone(), text).await, "NoSuchEntity");
        assert_eq!(refused(engine, "DeleteRolePolicy", named, text).await, "NoSuchEntity");
        iam(engine, "DeleteRole", of).await.unwrap();
    });
}

fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == b'%' {
            decoded.push(u8::from_str_radix(text.get(at + 1..at + 3).unwrap(), 16).unwrap());
            at += 3;
        } else {
            decoded.push(bytes[at]);
            at += 1;
        }
    }
    String::from_utf8(decoded).unwrap()
}

#[test]
fn what_iam_refuses_is_refused() {
    run(|test| async move {
        let engine = &test.engine;
        new_role(engine, "worker").await;
        let good = trust(json!({"Service": "lambda.amazonaws.com"}), json!({}));
        let create = |change: Value| {
            let mut input = json!({"RoleName": "r", "AssumeRolePolicyDocument": good});
            for (name, value) in change.as_object().unwrap() {
                input[name] = value.clone();
            }
            input
        };
        for (change, code, text) in [
            (json!({"RoleName": "a b"}), "ValidationError", "roleName"),
            (json!({"RoleName": "x".repeat(65)}), "ValidationError", "64"),
            (json!({"Path": "flow"}), "ValidationError", "path"),
            (json!({"MaxSessionDuration": 60}), "ValidationError", "MaxSessionDuration"),
            (json!({"Colour": "red"}), "ValidationError", "Colour"),
            (json!({"PermissionsBoundary": "arn:aws:iam::aws:policy/None"}), "NoSuchEntity", "policy/None"),
            (json!({"AssumeRolePolicyDocument": "{"}), "MalformedPolicyDocument", "Syntax errors"),
            (json!({"AssumeRolePolicyDocument": policy(json!({}))}), "MalformedPolicyDocument", "Effect"),
        ] {
            assert_eq!(refused(engine, "CreateRole", create(change), text).await, code, "{text}");
        }
        let put = |document: String| json!({"RoleName": "worker", "PolicyName": "p", "PolicyDocument": document});
        let condition = json!({"StringResembles": {"aws:userid": "a"}});
        let strange = json!({"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition});
        let code = refused(engine, "PutRolePolicy", put(policy(strange)), "StringResembles").await;
        assert_eq!(code, "MalformedPolicyDocument");
        let actions: Vec<String> = (0..500).map(|number| format!("sqs:DoSomethingThatHasALongName{number}")).collect();
        let long = policy(json!({"Effect": "Allow", "Action": actions, "Resource": "*"}));
        let text = "Maximum policy size of 10240 bytes exceeded for role worker";
        assert_eq!(refused(engine, "PutRolePolicy", put(long), text).await, "LimitExceeded");
        assert_eq!(refused(engine, "CreateUser", json!({}), "CreateUser of iam").await, "UnsupportedOperation");
    });
}

struct Flow {
    test: Test,
    worker: Caller,
    sqs: aws_sdk_sqs::Client,
    sns: aws_sdk_sns::Client,
    url: String,
}

/// A queue, a topic, and SDK clients of a role that may do nothing.
async fn flow(test: Test) -> Flow {
    let account = aws_sdk_sqs::Client::new(&test.sdk);
    let url = account.create_queue().queue_name("orders").send().await.unwrap().queue_url.unwrap();
    aws_sdk_sns::Client::new(&test.sdk).create_topic().name("news").send().await.unwrap();
    let worker = role(&test.engine, "worker", json!([])).await;
    let config = sdk(&test.engine, &test.engine.credentials(worker.clone()));
    let (sqs, sns) = (aws_sdk_sqs::Client::new(&config), aws_sdk_sns::Client::new(&config));
    Flow { test, worker, sqs, sns, url }
}

#[test]
fn a_role_without_the_permission_is_told_the_statement() {
    run(|test| async move {
        let Flow { test, sqs, sns, url, .. } = flow(test).await;
        let error = sqs.send_message().queue_url(&url).message_body("x").send().await.unwrap_err();
        assert_eq!(error.code(), Some("AccessDenied"));
        assert_eq!(
            error.message().unwrap(),
            "User: arn:aws:sts::000000000000:assumed-role/worker/worker is not authorized to perform: \
             sqs:SendMessage on resource: arn:aws:sqs:eu-west-1:000000000000:orders because no identity-based policy \
             allows the sqs:SendMessage action. Add this to a policy of the role worker: {\"Effect\":\"Allow\",\
             \"Action\":\"sqs:SendMessage\",\"Resource\":\"arn:aws:sqs:eu-west-1:000000000000:orders\"}"
        );
        let error = sns.publish().topic_arn(TOPIC).message("x").send().await.unwrap_err();
        assert_eq!(error.code(), Some("AuthorizationError"));
        let message = error.message().unwrap();
        let statement = message.split_once("role worker: ").unwrap().1;
        let statement: Value = serde_json::from_str(statement).unwrap();
        assert_eq!(statement, json!({"Effect": "Allow", "Action": "sns:Publish", "Resource": TOPIC}));

        // What the messages say is what helps.
        let send = json!({"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": QUEUE});
        allow(&test.engine, "worker", json!([statement, send])).await;
        sqs.send_message().queue_url(&url).message_body("x").send().await.unwrap();
        sns.publish().topic_arn(TOPIC).message("x").send().await.unwrap();
        let error = sqs.receive_message().queue_url(&url).send().await.unwrap_err();
        assert_eq!(error.code(), Some("AccessDenied"));
    });
}

#[test]
fn a_refusal_is_told_in_the_log() {
    run(|test| async move {
        let Flow { test, sqs, url, .. } = flow(test).await;
        let told = Rc::new(std::cell::RefCell::new(Vec::new()));
        let heard = Rc::clone(&told);
        test.engine.world().log.listen(move |happening| heard.borrow_mut().push(happening.clone()));
        sqs.send_message().queue_url(&url).message_body("x").send().await.unwrap_err();
        let told = told.borrow();
        let denied = told.iter().find(|happening| happening.what == "denied").unwrap();
        assert_eq!((denied.service, denied.resource.as_str()), ("iam", "worker"));
        assert_eq!(denied.detail["statement"]["Action"], "sqs:SendMessage");
    });
}

#[test]
fn a_change_of_a_policy_holds_for_the_next_call() {
    run(|test| async move {
        let Flow { test, worker, url, .. } = flow(test).await;
        let engine = &test.engine;
        let send = || sqs(engine, &worker, "SendMessage", json!({"QueueUrl": url, "MessageBody": "x"}));
        let statement = |effect: &str| json!([{"Effect": effect, "Action": "sqs:SendMessage", "Resource": QUEUE}]);
        allow(engine, "worker", statement("Allow")).await;
        send().await.unwrap();
        allow(engine, "worker", statement("Deny")).await;
        let error = send().await.unwrap_err();
        assert!(error.message.contains("with an explicit deny in an identity-based policy"), "{error}");
        assert!(error.message.contains("The statement `1` denies it"), "{error}");
        // What stands on the queue helps nobody whom the role's own policy denies.
        let open = policy(json!({"Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": QUEUE}));
        let set = |text: &str| json!({"QueueUrl": url, "Attributes": {"Policy": text}});
        sqs(engine, &Caller::Account, "SetQueueAttributes", set(&open)).await.unwrap();
        send().await.unwrap_err();
        allow(engine, "worker", json!([])).await;
        send().await.unwrap();
        sqs(engine, &Caller::Account, "SetQueueAttributes", set("")).await.unwrap();
        send().await.unwrap_err();
        iam(engine, "DeleteRole", json!({"RoleName": "worker"})).await.unwrap();
        assert!(send().await.unwrap_err().message.contains("the user's role does not exist"));
    });
}

#[test]
fn a_resources_policy_denies_the_account_too() {
    run(|test| async move {
        let Flow { test, url, .. } = flow(test).await;
        let engine = &test.engine;
        let set = |statement: Value| json!({"QueueUrl": url, "Attributes": {"Policy": policy(statement)}});
        let send = || sqs(engine, &Caller::Account, "SendMessage", json!({"QueueUrl": url, "MessageBody": "x"}));
        let tls = json!({"Bool": {"aws:SecureTransport": "false"}});
        let only = json!({
            "Sid": "TlsOnly", "Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": QUEUE, "Condition": tls,
        });
        sqs(engine, &Caller::Account, "SetQueueAttributes", set(only)).await.unwrap();
        send().await.unwrap();
        let none = json!({
            "Sid": "Closed", "Effect": "Deny", "Principal": "*", "Action": "sqs:SendMessage", "Resource": QUEUE,
        });
        sqs(engine, &Caller::Account, "SetQueueAttributes", set(none)).await.unwrap();
        let error = send().await.unwrap_err();
        assert!(error.message.contains("explicit deny in a resource-based policy. The statement `Closed`"), "{error}");
    });
}

#[test]
fn a_policy_that_is_not_understood_is_put_on_nothing() {
    run(|test| async move {
        let account = aws_sdk_sqs::Client::new(&test.sdk);
        let condition = json!({"StringResembles": {"aws:SourceArn": "x"}});
        let strange = |resource: &str| {
            let members = json!({"Effect": "Allow", "Principal": "*", "Action": "*", "Condition": condition});
            let mut statement = members;
            statement["Resource"] = resource.into();
            policy(statement)
        };
        let create = account.create_queue().queue_name("orders");
        let error = create.attributes(QueueAttributeName::Policy, strange(QUEUE)).send().await.unwrap_err();
        assert_eq!(error.code(), Some("InvalidAttributeValue"));
        assert!(error.message().unwrap().contains("StringResembles"));
        let sns = aws_sdk_sns::Client::new(&test.sdk);
        sns.create_topic().name("news").send().await.unwrap();
        let set = sns.set_topic_attributes().topic_arn(TOPIC).attribute_name("Policy").attribute_value(strange(TOPIC));
        let error = set.send().await.unwrap_err();
        assert_eq!(error.code(), Some("InvalidParameter"));
        assert!(error.message().unwrap().contains("StringResembles"));
    });
}

/// A topic with a subscription of the queue, whose dead letters go to another queue; gives the URLs.
async fn subscribed(test: &Test, queue_policy: Option<String>) -> (String, String) {
    let sqs = aws_sdk_sqs::Client::new(&test.sdk);
    let sns = aws_sdk_sns::Client::new(&test.sdk);
    let allowed = |name: &str| {
        let resource = format!("arn:aws:sqs:eu-west-1:000000000000:{name}");
        policy(json!({
            "Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage",
            "Resource": resource, "Condition": {"ArnEquals": {"aws:SourceArn": TOPIC}},
        }))
    };
    let create = |name: &str, policy: Option<String>| {
        let attributes = policy.map(|policy| [(QueueAttributeName::Policy, policy)].into());
        sqs.create_queue().queue_name(name).set_attributes(attributes).send()
    };
    let orders = create("orders", queue_policy.or_else(|| Some(allowed("orders")))).await.unwrap();
    let dead = create("dead", Some(allowed("dead"))).await.unwrap();
    sns.create_topic().name("news").send().await.unwrap();
    let redrive = json!({"deadLetterTargetArn": "arn:aws:sqs:eu-west-1:000000000000:dead"}).to_string();
    let subscribe = sns.subscribe().topic_arn(TOPIC).protocol("sqs").endpoint(QUEUE);
    subscribe.attributes("RedrivePolicy", redrive).send().await.unwrap();
    sns.publish().topic_arn(TOPIC).message("hello").send().await.unwrap();
    test.engine.world().activity.quiet().await;
    (orders.queue_url.unwrap(), dead.queue_url.unwrap())
}

async fn waiting(test: &Test, url: &str) -> usize {
    let sqs = aws_sdk_sqs::Client::new(&test.sdk);
    let received = sqs.receive_message().queue_url(url).max_number_of_messages(10).send().await.unwrap();
    received.messages.unwrap_or_default().len()
}

#[test]
fn a_topic_delivers_where_the_queues_policy_names_it() {
    run(|test| async move {
        let (orders, dead) = subscribed(&test, None).await;
        assert_eq!((waiting(&test, &orders).await, waiting(&test, &dead).await), (1, 0));
    });
}

#[test]
fn a_delivery_that_the_queues_policy_does_not_allow_is_dead_lettered() {
    run(|test| async move {
        let other = "arn:aws:sns:eu-west-1:000000000000:other";
        let policy = policy(json!({
            "Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage",
            "Resource": QUEUE, "Condition": {"ArnEquals": {"aws:SourceArn": other}},
        }));
        let (orders, dead) = subscribed(&test, Some(policy)).await;
        assert_eq!((waiting(&test, &orders).await, waiting(&test, &dead).await), (0, 1));
    });
}

#[test]
fn a_boundary_bounds_what_policies_allow() {
    run(|test| async move {
        let Flow { test, worker, url, .. } = flow(test).await;
        let engine = &test.engine;
        allow(engine, "worker", json!([{"Effect": "Allow", "Action": "*", "Resource": "*"}])).await;
        let send = || sqs(engine, &worker, "SendMessage", json!({"QueueUrl": url, "MessageBody": "x"}));
        send().await.unwrap();
        let arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole";
        let boundary = json!({"RoleName": "worker", "PermissionsBoundary": arn});
        iam(engine, "PutRolePermissionsBoundary", boundary).await.unwrap();
        let error = send().await.unwrap_err();
        assert!(error.message.contains("no permissions boundary allows the sqs:SendMessage action"), "{error}");
        // A queue's policy that names the role is within the boundary, one that names the session is not.
        let set = |principal: &str| {
            let named = json!({"AWS": principal});
            let statement = json!({"Effect": "Allow", "Principal": named, "Action": "sqs:*", "Resource": QUEUE});
            json!({"QueueUrl": url, "Attributes": {"Policy": policy(statement)}})
        };
        let by_role = set("arn:aws:iam::000000000000:role/worker");
        sqs(engine, &Caller::Account, "SetQueueAttributes", by_role).await.unwrap();
        send().await.unwrap_err();
        let by_session = set("arn:aws:sts::000000000000:assumed-role/worker/worker");
        sqs(engine, &Caller::Account, "SetQueueAttributes", by_session).await.unwrap();
        send().await.unwrap();
        iam(engine, "DeleteRolePermissionsBoundary", json!({"RoleName": "worker"})).await.unwrap();
        send().await.unwrap();
    });
}

#[test]
fn a_service_takes_on_only_a_role_that_trusts_it() {
    run(|test| async move {
        let engine = &test.engine;
        let guard = &engine.world().guard;
        let schedule = "arn:aws:scheduler:eu-west-1:000000000000:schedule/default/sweep";
        let condition =
            json!({"ArnLike": {"aws:SourceArn": schedule}, "StringEquals": {"aws:SourceAccount": "000000000000"}});
        let document = trust(json!({"Service": "scheduler.amazonaws.com"}), condition);
        let create = json!({"RoleName": "sweep", "AssumeRolePolicyDocument": document});
        iam(engine, "CreateRole", create).await.unwrap();
        let role = Arn::parse("arn:aws:iam::000000000000:role/sweep").unwrap();

        let session = guard.assume(&service("scheduler.amazonaws.com", schedule), &role, "sweep").unwrap();
        assert_eq!(session, Caller::Role { role: role.clone(), session: "sweep".into() });
        let other = service("scheduler.amazonaws.com", "arn:aws:scheduler:eu-west-1:000000000000:schedule/default/x");
        let error = guard.assume(&other, &role, "sweep").unwrap_err();
        assert_eq!(error.code, "AccessDenied");
        assert!(error.message.contains("is not authorized to perform: sts:AssumeRole on resource: "), "{error}");
        assert!(error.message.contains("Add this to the trust policy of arn:aws:iam::000000000000:role/sweep"));
        guard.assume(&service("lambda.amazonaws.com", schedule), &role, "sweep").unwrap_err();
        let missing = Arn::parse("arn:aws:iam::000000000000:role/none").unwrap();
        let error = guard.assume(&service("lambda.amazonaws.com", schedule), &missing, "x").unwrap_err();
        assert!(error.message.contains("because the role does not exist"), "{error}");

        let lambda = trust(json!({"Service": "lambda.amazonaws.com"}), json!({}));
        let update = json!({"RoleName": "sweep", "PolicyDocument": lambda});
        iam(engine, "UpdateAssumeRolePolicy", update).await.unwrap();
        guard.assume(&service("lambda.amazonaws.com", schedule), &role, "sweep").unwrap();
    });
}

#[test]
fn conditions_see_the_request() {
    run(|test| async move {
        let Flow { test, worker, url, .. } = flow(test).await;
        let engine = &test.engine;
        let tag = json!({"RoleName": "worker", "Tags": [{"Key": "queue", "Value": "orders"}]});
        iam(engine, "TagRole", tag).await.unwrap();
        let role = "arn:aws:iam::000000000000:role/worker";
        for (operator, key, value, holds) in [
            ("Bool", "aws:SecureTransport", "true", true),
            ("Bool", "aws:PrincipalIsAWSService", "false", true),
            ("Bool", "aws:ViaAWSService", "true", false),
            ("ArnEquals", "aws:PrincipalArn", role, true),
            ("StringEquals", "aws:PrincipalAccount", "000000000000", true),
            ("StringEquals", "aws:PrincipalType", "AssumedRole", true),
            ("StringEquals", "aws:PrincipalTag/queue", "orders", true),
            ("StringEquals", "aws:PrincipalTag/queue", "other", false),
            ("StringLike", "aws:userid", "AROA*:worker", true),
            ("StringEquals", "aws:RequestedRegion", "eu-west-1", true),
            ("StringEquals", "aws:ResourceAccount", "000000000000", true),
            ("IpAddress", "aws:SourceIp", "127.0.0.0/8", true),
            ("DateGreaterThan", "aws:CurrentTime", "2026-01-02", false),
            ("NumericLessThan", "aws:EpochTime", "1767300000", true),
            ("Null", "aws:SourceArn", "true", true),
            ("Null", "aws:username", "true", true),
        ] {
            let condition = json!({operator: {key: value}});
            let statement = json!([{"Effect": "Allow", "Action": "sqs:*", "Resource": "*", "Condition": condition}]);
            allow(engine, "worker", statement).await;
            let sent = sqs(engine, &worker, "SendMessage", json!({"QueueUrl": url, "MessageBody": "x"})).await;
            assert_eq!(sent.is_ok(), holds, "{operator} {key} {value}");
        }
        let own =
            json!([{"Effect": "Allow", "Action": "sqs:*", "Resource": "arn:aws:sqs:*:*:${aws:PrincipalTag/queue}"}]);
        allow(engine, "worker", own).await;
        sqs(engine, &worker, "SendMessage", json!({"QueueUrl": url, "MessageBody": "x"})).await.unwrap();
    });
}

#[test]
fn a_roles_policies_can_be_tried_out() {
    run(|test| async move {
        let engine = &test.engine;
        let statements = json!([
            {"Effect": "Allow", "Action": "sqs:*", "Resource": QUEUE,
             "Condition": {"StringEquals": {"aws:SourceAccount": "000000000000"}}},
            {"Effect": "Deny", "Action": "sqs:DeleteQueue", "Resource": "*"},
        ]);
        role(engine, "worker", statements).await;
        let input = json!({
            "PolicySourceArn": "arn:aws:iam::000000000000:role/worker",
            "ActionNames": ["sqs:SendMessage", "sqs:DeleteQueue", "sns:Publish"],
            "ResourceArns": [QUEUE],
            "ContextEntries": [{"ContextKeyName": "aws:SourceAccount", "ContextKeyValues": ["000000000000"],
                "ContextKeyType": "string"}],
        });
        let simulated = iam(engine, "SimulatePrincipalPolicy", input).await.unwrap();
        let decisions: Vec<&str> = simulated["EvaluationResults"]
            .as_array()
            .unwrap()
            .iter()
            .map(|result| result["EvalDecision"].as_str().unwrap())
            .collect();
        assert_eq!(decisions, ["allowed", "explicitDeny", "implicitDeny"]);
    });
}

#[test]
fn a_client_takes_a_role_on_until_its_session_ends() {
    run(|test| async move {
        let Flow { test, url, .. } = flow(test).await;
        let engine = &test.engine;
        allow(engine, "worker", json!([{"Effect": "Allow", "Action": "sqs:*", "Resource": QUEUE}])).await;
        let sts = aws_sdk_sts::Client::new(&test.sdk);
        let arn = "arn:aws:iam::000000000000:role/worker";
        let assume = || sts.assume_role().role_arn(arn).role_session_name("me");
        let taken = assume().duration_seconds(900).send().await.unwrap();
        let user = taken.assumed_role_user.unwrap();
        assert_eq!(user.arn(), "arn:aws:sts::000000000000:assumed-role/worker/me");
        let given = taken.credentials.unwrap();
        let keys = local::front::Credentials {
            access_key: given.access_key_id,
            secret_key: given.secret_access_key,
            session_token: Some(given.session_token),
        };
        let config = sdk(engine, &keys);
        let identity = aws_sdk_sts::Client::new(&config).get_caller_identity().send().await.unwrap();
        assert_eq!(identity.user_id(), Some(user.assumed_role_id()));
        let client = aws_sdk_sqs::Client::new(&config);
        client.send_message().queue_url(&url).message_body("x").send().await.unwrap();
        tokio::time::sleep(std::time::Duration::from_secs(901)).await;
        client.send_message().queue_url(&url).message_body("x").send().await.unwrap_err();

        let error = assume().duration_seconds(7200).send().await.unwrap_err();
        assert!(error.message().unwrap().contains("MaxSessionDuration"));
        let error = assume().policy("{}").send().await.unwrap_err();
        assert!(error.message().unwrap().contains("Policy"), "a session policy is not honoured: {error:?}");
        let error = aws_sdk_sts::Client::new(&config_of(engine, "worker")).assume_role();
        let error = error.role_arn(arn).role_session_name("me").send().await.unwrap_err();
        assert_eq!(error.code(), Some("AccessDenied"), "the role does not trust itself");
    });
}

fn config_of(engine: &Engine, name: &str) -> aws_config::SdkConfig {
    let role = Arn::parse(&format!("arn:aws:iam::000000000000:role/{name}")).unwrap();
    sdk(engine, &engine.credentials(Caller::Role { role, session: name.to_owned() }))
}

/// An engine on the file in `folder`, that ends with `test`, as if it were killed.
async fn engine_on<F: Future<Output = ()>>(folder: &Path, test: impl FnOnce(Engine) -> F) {
    let clock = Clock::new(Time::from_millis(1_767_225_600_000));
    let store = Store::open(&folder.join("engine.sqlite")).unwrap();
    let world = World::new(clock, Random::seeded(3), store, Place::default());
    LocalSet::new().run_until(async { test(Engine::start(world).unwrap()).await }).await;
}

#[test]
fn roles_and_their_policies_survive_a_restart() {
    run(|_| async move {
        let folder = std::env::temp_dir().join(format!("eventloom-iam-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        engine_on(&folder, |engine| async move {
            role(&engine, "worker", json!([{"Effect": "Allow", "Action": "sqs:*", "Resource": QUEUE}])).await;
            sqs(&engine, &Caller::Account, "CreateQueue", json!({"QueueName": "orders"})).await.unwrap();
        })
        .await;
        engine_on(&folder, |engine| async move {
            let role = Arn::parse("arn:aws:iam::000000000000:role/worker").unwrap();
            let worker = Caller::Role { role, session: "again".into() };
            let send = json!({"QueueUrl": "orders", "MessageBody": "x"});
            sqs(&engine, &worker, "SendMessage", send).await.unwrap();
            let error = sqs(&engine, &worker, "ListQueues", json!({})).await.unwrap_err();
            assert_eq!(error.code, "AccessDenied");
        })
        .await;
        std::fs::remove_dir_all(&folder).unwrap();
    });
}
