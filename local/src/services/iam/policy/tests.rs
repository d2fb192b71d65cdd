//! The language, as tables: a statement, a request, and what must come out.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::*;

const QUEUE: &str = "arn:aws:sqs:eu-west-1:000000000000:orders";
const ROLE: &str = "arn:aws:iam::000000000000:role/flow/worker";
const WORKER: Who<'_> = Who::Role { account: "000000000000", role: ROLE, name: "worker", session: "one" };

/// Keys of a request, by name in lower case.
#[derive(Default)]
struct Given(BTreeMap<String, Vec<String>>);

impl Keys for Given {
    fn values(&self, key: &str) -> Vec<Cow<'_, str>> {
        self.0.get(key).into_iter().flatten().map(|value| Cow::Borrowed(value.as_str())).collect()
    }
}

fn given(keys: Value) -> Given {
    let keys = serde_json::from_value::<BTreeMap<String, Vec<String>>>(keys).unwrap();
    Given(keys.into_iter().map(|(key, values)| (key.to_lowercase(), values)).collect())
}

fn ask(policy: &Value, kind: Kind, who: Who<'_>, action: &str, resource: &str, keys: Value) -> Answer {
    let policy = Policy::parse(policy, kind).unwrap();
    policy.answer(&Question { who, action: &action.to_lowercase(), resource, keys: &given(keys) })
}

fn one(statement: Value) -> Value {
    json!({"Version": "2012-10-17", "Statement": [statement]})
}

/// Whether a statement of a role's allows to send to the queue.
fn allows(change: Value) -> bool {
    let mut statement = json!({"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": QUEUE});
    for (element, value) in change.as_object().unwrap() {
        statement.as_object_mut().unwrap().shift_remove(element.trim_start_matches("Not"));
        statement[element] = value.clone();
    }
    ask(&one(statement), Kind::Identity, WORKER, "sqs:SendMessage", QUEUE, json!({})).allowed.is_some()
}

/// Whether a condition holds of a request with these keys.
fn holds(condition: Value, keys: Value) -> bool {
    let statement = json!({"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition});
    ask(&one(statement), Kind::Identity, WORKER, "sqs:SendMessage", QUEUE, keys).allowed.is_some()
}

/// How a resource's statement names whoever asks.
fn named(principal: Value, who: Who<'_>) -> Option<Named> {
    let mut statement = principal;
    for (element, value) in [("Effect", "Allow"), ("Action", "sqs:*"), ("Resource", "*")] {
        statement[element] = value.into();
    }
    ask(&one(statement), Kind::Resource, who, "sqs:SendMessage", QUEUE, json!({})).allowed
}

fn refused(policy: Value, kind: Kind) -> String {
    Policy::parse(&policy, kind).unwrap_err().to_string()
}

#[test]
fn actions_are_compared_without_regard_to_case() {
    for action in [json!("sqs:SendMessage"), json!("SQS:sendmessage"), json!("sqs:Send*"), json!("sqs:*"), json!("*")] {
        assert!(allows(json!({"Action": action})), "{action}");
    }
    assert!(allows(json!({"Action": ["sns:Publish", "sqs:SendMessag?"]})));
    for action in ["sns:SendMessage", "sqs:SendMessageBatch", "sqs:Receive*"] {
        assert!(!allows(json!({"Action": action})), "{action}");
    }
}

#[test]
fn resources_are_compared_by_their_parts() {
    assert!(allows(json!({"Resource": "*"})));
    assert!(allows(json!({"Resource": ["arn:aws:sqs:*:*:other", "arn:aws:sqs:*:000000000000:ord*"]})));
    assert!(!allows(json!({"Resource": "arn:aws:sqs:eu-west-1:000000000000:order"})));
    assert!(!allows(json!({"Resource": "arn:aws:sqs:eu-west-1:000000000000:ORDERS"})), "case counts");
}

#[test]
fn not_turns_actions_and_resources_round() {
    assert!(allows(json!({"NotAction": "sns:*"})));
    assert!(!allows(json!({"NotAction": ["sns:*", "sqs:SendMessage"]})));
    assert!(allows(json!({"NotResource": "arn:aws:sqs:*:*:other"})));
    assert!(!allows(json!({"NotResource": QUEUE})));
}

#[test]
fn a_statement_that_denies_decides_wherever_it_stands() {
    let allow = json!({"Effect": "Allow", "Action": "*", "Resource": "*"});
    let deny = json!({"Sid": "No", "Effect": "Deny", "Action": "sqs:*", "Resource": QUEUE});
    for statements in [json!([allow, deny]), json!([deny, allow])] {
        let policy = json!({"Version": "2012-10-17", "Statement": statements});
        let answer = ask(&policy, Kind::Identity, WORKER, "sqs:SendMessage", QUEUE, json!({}));
        assert_eq!(answer, Answer { denied: Some("No".into()), allowed: None });
        let other = ask(&policy, Kind::Identity, WORKER, "sns:Publish", QUEUE, json!({}));
        assert_eq!(other, Answer { denied: None, allowed: Some(Named::Itself) });
    }
    let nameless = one(json!({"Effect": "Deny", "Action": "*", "Resource": "*"}));
    assert_eq!(ask(&nameless, Kind::Identity, WORKER, "a:B", "*", json!({})).denied.as_deref(), Some("1"));
}

#[test]
fn principals_name_whom_they_name() {
    let account = Who::Account { account: "000000000000" };
    let sns = Who::Service("sns.amazonaws.com");
    let session = "arn:aws:sts::000000000000:assumed-role/worker/one";
    let root = "arn:aws:iam::000000000000:root";
    let table = [
        (json!("*"), Some(Named::Role), Some(Named::Role), Some(Named::Role), Some(Named::Role)),
        (json!({"AWS": "*"}), Some(Named::Role), Some(Named::Role), Some(Named::Role), Some(Named::Role)),
        (json!({"AWS": root}), Some(Named::Account), Some(Named::Itself), None, None),
        (json!({"AWS": "000000000000"}), Some(Named::Account), Some(Named::Itself), None, None),
        (json!({"AWS": [ROLE, root]}), Some(Named::Role), Some(Named::Itself), None, None),
        (json!({"AWS": session}), Some(Named::Itself), None, None, None),
        (json!({"AWS": "arn:aws:iam::111111111111:root"}), None, None, None, None),
        (json!({"AWS": "arn:aws:iam::000000000000:role/worker"}), None, None, None, None),
        (json!({"Service": "sns.amazonaws.com"}), None, None, Some(Named::Itself), None),
        (json!({"Service": ["ses.amazonaws.com", "sns.amazonaws.com"]}), None, None, Some(Named::Itself), None),
        (json!({"Service": "logs.eu-west-1.amazonaws.com"}), None, None, None, None),
    ];
    for (principal, role, root, service, nobody) in table {
        let name = |who| named(json!({"Principal": principal}), who);
        assert_eq!(
            (name(WORKER), name(account), name(sns), name(Who::Anonymous)),
            (role, root, service, nobody),
            "{principal}"
        );
    }
}

#[test]
fn whoever_is_excepted_must_be_by_every_name() {
    let root = "arn:aws:iam::000000000000:root";
    let session = "arn:aws:sts::000000000000:assumed-role/worker/one";
    let concerns = |names: Value, who| named(json!({"NotPrincipal": {"AWS": names}}), who).is_some();
    assert!(concerns(json!([ROLE]), WORKER));
    assert!(concerns(json!([ROLE, root]), WORKER));
    assert!(!concerns(json!([ROLE, root, session]), WORKER));
    assert!(!concerns(json!([root]), Who::Account { account: "000000000000" }));
    assert!(concerns(json!([root]), Who::Anonymous));
    let services = json!({"NotPrincipal": {"Service": "sns.amazonaws.com"}});
    assert_eq!(named(services.clone(), Who::Service("sns.amazonaws.com")), None);
    assert!(named(services, Who::Service("ses.amazonaws.com")).is_some());
}

/// Operator, values in the policy, values in the request; whether it holds, with `IfExists`, and of a key
/// that is not there.
#[test]
fn operators_compare_as_iam_says() {
    let arn = "arn:aws:sns:eu-west-1:000000000000:news";
    let table = [
        ("StringEquals", json!("a"), json!(["a"]), true),
        ("StringEquals", json!(["b", "a"]), json!(["a"]), true),
        ("StringEquals", json!("A"), json!(["a"]), false),
        ("StringEquals", json!("*"), json!(["a"]), false),
        ("StringEquals", json!(7), json!(["7"]), true),
        ("StringEquals", json!(true), json!(["true"]), true),
        ("StringNotEquals", json!(["b", "c"]), json!(["a"]), true),
        ("StringNotEquals", json!(["b", "a"]), json!(["a"]), false),
        ("StringEqualsIgnoreCase", json!("ÄB"), json!(["äb"]), true),
        ("StringNotEqualsIgnoreCase", json!("AB"), json!(["ab"]), false),
        ("StringLike", json!("a*c?"), json!(["abcd"]), true),
        ("StringLike", json!("a*c?"), json!(["abc"]), false),
        ("StringNotLike", json!("a*"), json!(["abc"]), false),
        ("StringNotLike", json!("b*"), json!(["abc"]), true),
        ("ArnEquals", json!(arn), json!([arn]), true),
        ("ArnEquals", json!("arn:aws:sns:*:*:news"), json!([arn]), true),
        ("ArnLike", json!("arn:aws:sns:eu-*:000000000000:n*"), json!([arn]), true),
        ("ArnLike", json!("arn:aws:sns:e*:*:new"), json!([arn]), false),
        ("ArnLike", json!("arn:aws:sqs:*:*:news"), json!([arn]), false),
        ("ArnNotEquals", json!(arn), json!([arn]), false),
        ("ArnNotLike", json!("arn:aws:sqs:*:*:*"), json!([arn]), true),
        ("NumericEquals", json!("10"), json!(["10.0"]), true),
        ("NumericNotEquals", json!("10"), json!(["10"]), false),
        ("NumericLessThan", json!(10), json!(["9.5"]), true),
        ("NumericLessThan", json!(10), json!(["10"]), false),
        ("NumericLessThanEquals", json!(10), json!(["10"]), true),
        ("NumericGreaterThan", json!(10), json!(["11"]), true),
        ("NumericGreaterThanEquals", json!(10), json!(["9"]), false),
        ("NumericEquals", json!(10), json!(["ten"]), false),
        ("DateEquals", json!("2026-01-01T00:00:00Z"), json!(["2026-01-01T00:00:00.000Z"]), true),
        ("DateNotEquals", json!("2026-01-01"), json!(["2026-01-01T00:00:00Z"]), false),
        ("DateLessThan", json!("2026-01-02"), json!(["2026-01-01T23:59:59Z"]), true),
        ("DateLessThanEquals", json!("1767225600"), json!(["2026-01-01T00:00:00Z"]), true),
        ("DateGreaterThan", json!("2026-01-01T00:00:00+01:00"), json!(["2026-01-01T00:00:00Z"]), true),
        ("DateGreaterThanEquals", json!("2026-01-02"), json!(["2026-01-01T00:00:00Z"]), false),
        ("Bool", json!("true"), json!(["true"]), true),
        ("Bool", json!(false), json!(["true"]), false),
        ("Bool", json!("TRUE"), json!(["True"]), true),
        ("BinaryEquals", json!("QUI="), json!(["QUI="]), true),
        ("IpAddress", json!("10.0.0.0/8"), json!(["10.2.3.4"]), true),
        ("IpAddress", json!("10.2.3.4"), json!(["10.2.3.4"]), true),
        ("IpAddress", json!("::1"), json!(["::1"]), true),
        ("IpAddress", json!("10.0.0.0/8"), json!(["11.0.0.1"]), false),
        ("NotIpAddress", json!(["10.0.0.0/8", "::/0"]), json!(["11.0.0.1"]), true),
        ("NotIpAddress", json!("10.0.0.0/8"), json!(["10.0.0.1"]), false),
    ];
    for (operator, policy, request, expected) in table {
        let condition = |operator: String| json!({operator: {"other:Key": policy}});
        let keys = || json!({"other:key": request});
        assert_eq!(holds(condition(operator.to_owned()), keys()), expected, "{operator} {policy} of {request}");
        assert_eq!(holds(condition(format!("{operator}IfExists")), keys()), expected, "{operator}IfExists {policy}");
        assert!(holds(condition(format!("{operator}IfExists")), json!({})), "{operator}IfExists of nothing");
        assert_eq!(holds(condition(operator.to_owned()), json!({})), operator.contains("Not"), "{operator} of nothing");
        assert!(holds(condition(format!("ForAllValues:{operator}")), json!({})), "ForAllValues:{operator} of nothing");
        assert!(!holds(condition(format!("ForAnyValue:{operator}")), json!({})), "ForAnyValue:{operator} of nothing");
    }
}

#[test]
fn sets_of_values_are_quantified() {
    let table = [
        ("ForAllValues:StringEquals", json!(["a", "b"]), json!(["a", "b"]), true),
        ("ForAllValues:StringEquals", json!(["a", "b"]), json!(["a", "c"]), false),
        ("ForAnyValue:StringEquals", json!(["a", "b"]), json!(["c", "b"]), true),
        ("ForAnyValue:StringEquals", json!(["a", "b"]), json!(["c", "d"]), false),
        ("ForAllValues:StringNotEquals", json!(["a"]), json!(["b", "c"]), true),
        ("ForAllValues:StringNotEquals", json!(["a"]), json!(["b", "a"]), false),
        ("ForAnyValue:StringNotEquals", json!(["a"]), json!(["a", "b"]), true),
        ("ForAnyValue:StringNotEquals", json!(["a"]), json!(["a"]), false),
        ("ForAnyValue:StringLike", json!("a*"), json!(["b", "ab"]), true),
        ("StringNotEquals", json!("a"), json!(["a", "b"]), false),
        ("StringEquals", json!("a"), json!(["a", "b"]), true),
        ("ForAllValues:StringEqualsIfExists", json!(["a"]), json!(["b"]), false),
    ];
    for (operator, policy, request, expected) in table {
        let keys = json!({"dynamodb:LeadingKeys": request});
        let condition = json!({operator: {"dynamodb:LeadingKeys": policy}});
        assert_eq!(holds(condition, keys), expected, "{operator} {policy} of {request}");
    }
}

#[test]
fn null_asks_whether_a_key_is_there() {
    let condition = |absent: Value| json!({"Null": {"aws:SourceArn": absent}});
    assert!(holds(condition(json!("true")), json!({})));
    assert!(!holds(condition(json!(false)), json!({})));
    assert!(holds(condition(json!("false")), json!({"aws:SourceArn": ["x"]})));
    assert!(!holds(condition(json!(true)), json!({"aws:SourceArn": ["x"]})));
}

#[test]
fn all_keys_of_all_operators_must_hold() {
    let condition = json!({
        "StringEquals": {"aws:SourceAccount": "000000000000", "AWS:RequestedRegion": "eu-west-1"},
        "Bool": {"aws:SecureTransport": "true"},
    });
    let keys = |region: &str, tls: &str| json!({"aws:SourceAccount": ["000000000000"], "aws:RequestedRegion": [region], "aws:SecureTransport": [tls]});
    assert!(holds(condition.clone(), keys("eu-west-1", "true")));
    assert!(!holds(condition.clone(), keys("eu-west-2", "true")));
    assert!(!holds(condition, keys("eu-west-1", "false")));
}

#[test]
fn variables_are_of_the_request() {
    let statement = json!({
        "Effect": "Allow", "Action": "*", "Resource": "arn:aws:sqs:*:*:${aws:PrincipalTag/team}",
        "Condition": {"StringEquals": {"dynamodb:LeadingKeys": "user#${aws:userid}"}},
    });
    let keys = |team: &str, leading: &str| json!({"aws:PrincipalTag/team": [team], "aws:userid": ["7"], "dynamodb:LeadingKeys": [leading]});
    let ask = |keys| ask(&one(statement.clone()), Kind::Identity, WORKER, "a:B", QUEUE, keys).allowed.is_some();
    assert!(ask(keys("orders", "user#7")));
    assert!(!ask(keys("other", "user#7")));
    assert!(!ask(keys("*", "user#7")), "a value is no wildcard");
    assert!(!ask(keys("orders", "user#8")));
    assert!(!ask(json!({"dynamodb:LeadingKeys": ["user#7"]})), "what is not there fits nothing");
}

#[test]
fn the_version_of_2008_has_no_variables() {
    let statement = json!({"Effect": "Allow", "Action": "*", "Resource": "arn:aws:sqs:*:*:${aws:userid}"});
    let policy = json!({"Version": "2008-10-17", "Statement": statement});
    let resource = "arn:aws:sqs:eu-west-1:000000000000:${aws:userid}";
    assert!(ask(&policy, Kind::Identity, WORKER, "a:B", resource, json!({"aws:userid": ["7"]})).allowed.is_some());
}

#[test]
fn what_is_not_understood_is_refused_by_its_name() {
    let with = |element: &str, value: Value| {
        let mut statement = json!({"Effect": "Allow", "Action": "sqs:*", "Resource": "*"});
        statement[element] = value;
        one(statement)
    };
    let table = [
        (json!([]), "must be an object"),
        (json!({"Statement": []}), "must not be empty"),
        (json!({"Version": "2012-10-17"}), "Statement"),
        (json!({"Version": "2026-01-01", "Statement": []}), "Version"),
        (json!({"Colour": 1, "Statement": []}), "`Colour`"),
        (with("Colour", json!("red")), "`Colour`"),
        (with("Effect", json!("Perhaps")), "Effect"),
        (with("Action", json!([])), "must contain actions"),
        (with("Action", json!("SendMessage")), "`SendMessage`"),
        (with("Action", json!(":x")), "prefaced by a vendor"),
        (with("NotAction", json!("sqs:*")), "either Action or NotAction"),
        (with("NotResource", json!("*")), "either Resource or NotResource"),
        (with("Resource", json!("orders")), "Resource orders must be in ARN format"),
        (with("Resource", json!({"Fn::GetAtt": "x"})), "must contain resources"),
        (with("Principal", json!("*")), "should not specify a principal"),
        (with("Sid", json!("a b")), "alpha-numeric"),
        (with("Condition", json!([])), "Condition must be an object"),
        (with("Condition", json!({"StringResembles": {"aws:userid": "a"}})), "StringResembles"),
        (with("Condition", json!({"ForSome:StringEquals": {"aws:userid": "a"}})), "ForSome:StringEquals"),
        (with("Condition", json!({"NullIfExists": {"aws:userid": "true"}})), "NullIfExists"),
        (with("Condition", json!({"StringEquals": {"aws:PrincipalOrgID": "o-1"}})), "aws:principalorgid"),
        (with("Condition", json!({"StringEquals": {"sqs:Colour": "red"}})), "sqs:colour"),
        (with("Condition", json!({"StringEquals": {"colour": "red"}})), "`colour` is no condition key"),
        (with("Condition", json!({"StringEquals": {"aws:userid": []}})), "the values of `aws:userid`"),
        (with("Condition", json!({"StringEquals": {"aws:userid": [null]}})), "the values of `aws:userid`"),
        (with("Condition", json!({"NumericEquals": {"aws:EpochTime": "ten"}})), "`ten`"),
        (with("Condition", json!({"DateLessThan": {"aws:CurrentTime": "soon"}})), "`soon`"),
        (with("Condition", json!({"Bool": {"aws:SecureTransport": "maybe"}})), "`maybe`"),
        (with("Condition", json!({"IpAddress": {"aws:SourceIp": "10.0.0.0/99"}})), "`10.0.0.0/99`"),
        (with("Condition", json!({"ArnLike": {"aws:SourceArn": "news"}})), "`news` for ArnLike is no ARN"),
        (with("Condition", json!({"StringLike": {"aws:userid": "${aws:Moon}"}})), "aws:moon"),
    ];
    for (policy, expected) in table {
        let message = refused(policy.clone(), Kind::Identity);
        assert!(message.contains(expected), "{policy}: {message}");
    }
    let twice = json!({"Statement": [
        {"Sid": "A", "Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Sid": "A", "Effect": "Deny", "Action": "*", "Resource": "*"},
    ]});
    assert!(refused(twice, Kind::Identity).contains("must be unique"));
}

#[test]
fn a_policy_stands_where_it_belongs() {
    let trust = |principal: Value| one(json!({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}));
    let service = json!({"Service": "lambda.amazonaws.com"});
    assert!(Policy::parse(&trust(service.clone()), Kind::Trust).is_ok());
    assert!(refused(trust(service.clone()), Kind::Resource).contains("must contain resources"));
    assert!(
        refused(one(json!({"Effect": "Allow", "Action": "*", "Resource": "*"})), Kind::Resource).contains("Principal")
    );
    let mut with_resource = trust(service);
    with_resource["Statement"][0]["Resource"] = "*".into();
    assert!(refused(with_resource, Kind::Trust).contains("prohibited field Resource"));
    for (principal, expected) in [
        (json!("me"), "me"),
        (json!({}), "Invalid principal"),
        (json!({"AWS": "arn:aws:iam::000000000000:role/*"}), "role/*"),
        (json!({"AWS": "arn:aws:sns:eu-west-1:000000000000:x"}), "Invalid principal"),
        (json!({"AWS": 7}), "Invalid principal"),
        (json!({"Service": "lambda"}), "`lambda`"),
        (json!({"Federated": "cognito-identity.amazonaws.com"}), "Federated"),
        (json!({"CanonicalUser": "x"}), "CanonicalUser"),
    ] {
        let message = refused(trust(principal.clone()), Kind::Trust);
        assert!(message.contains(expected), "{principal}: {message}");
    }
}

#[test]
fn a_doubled_member_is_refused() {
    let text = r#"{"Statement": {"Effect": "Deny", "Effect": "Allow", "Action": "*", "Resource": "*"}}"#;
    assert!(Policy::parse_text(text, Kind::Identity).unwrap_err().to_string().contains("`Effect` is there twice"));
    assert!(Policy::parse_text("{", Kind::Identity).unwrap_err().to_string().contains("Syntax errors"));
    assert!(Policy::parse_text("{} {}", Kind::Identity).is_err());
    let numbers = read_text(r#"[1, -2, 0.5, true, null, "a", {}]"#).unwrap();
    assert_eq!(numbers, json!([1, -2, 0.5, true, null, "a", {}]));
}

/// Documents that are drawn from the language's own words, and from what is near them.
fn drawn(random: &mut fastrand::Rng, depth: usize) -> Value {
    const WORDS: [&str; 34] = [
        "Statement",
        "Effect",
        "Allow",
        "Deny",
        "Action",
        "NotAction",
        "Resource",
        "NotResource",
        "Principal",
        "NotPrincipal",
        "Condition",
        "StringEquals",
        "StringLikeIfExists",
        "ForAllValues:ArnLike",
        "Null",
        "Bool",
        "DateLessThan",
        "IpAddress",
        "NumericEquals",
        "aws:SourceArn",
        "aws:PrincipalTag/a",
        "AWS",
        "Service",
        "*",
        "sqs:*",
        "arn:aws:sqs:*",
        QUEUE,
        "${aws:userid}",
        "${",
        "true",
        "2012-10-17",
        "10",
        "ä",
        "",
    ];
    let word = |random: &mut fastrand::Rng| WORDS[random.usize(..WORDS.len())].to_owned();
    match random.u8(..if depth == 0 { 3 } else { 8 }) {
        0 => Value::from(random.i64(..)),
        1 => Value::Null,
        2 => word(random).into(),
        3 => (0..random.usize(..4)).map(|_| drawn(random, depth - 1)).collect(),
        _ => Value::Object((0..random.usize(..6)).map(|_| (word(random), drawn(random, depth - 1))).collect()),
    }
}

#[test]
fn no_document_makes_it_panic() {
    let mut random = fastrand::Rng::with_seed(11);
    let mut read = 0;
    for _ in 0..30_000 {
        let mut statement = json!({"Effect": "Allow", "Action": "sqs:*", "Resource": "*"});
        for element in ["Action", "Resource", "Condition", "Principal"] {
            if random.u8(..3) == 0 {
                statement[element] = drawn(&mut random, 3);
            }
        }
        for kind in [Kind::Identity, Kind::Resource, Kind::Trust] {
            if let Ok(policy) = Policy::parse(&one(statement.clone()), kind) {
                read += 1;
                let keys = given(json!({"aws:sourcearn": ["a", QUEUE], "aws:userid": ["${aws:userid}"]}));
                let question = Question { who: WORKER, action: "sqs:sendmessage", resource: QUEUE, keys: &keys };
                policy.answer(&question);
            }
        }
        let _ = Policy::parse(&drawn(&mut random, 5), Kind::Identity);
    }
    assert!(read > 1_000, "enough of them are policies: {read}");
}
