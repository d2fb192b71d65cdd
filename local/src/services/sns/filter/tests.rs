use serde_json::json;

use super::*;

fn filter(policy: &Value, scope: Scope) -> Filter {
    Filter::parse(&policy.to_string(), scope).unwrap().unwrap()
}

fn body(policy: Value, message: Value) -> bool {
    filter(&policy, Scope::MessageBody).wants(&message)
}

fn attributes(policy: Value, message: Value) -> bool {
    filter(&policy, Scope::MessageAttributes).wants(&message)
}

fn refused(policy: Value) -> String {
    Filter::parse(&policy.to_string(), Scope::MessageBody).unwrap_err().to_string()
}

/// What the policy on one key wants, of these values of the key.
fn wanted(conditions: Value, values: &[Value]) -> Vec<Value> {
    let filter = filter(&json!({"k": conditions}), Scope::MessageBody);
    values.iter().filter(|value| filter.wants(&json!({"k": value}))).cloned().collect()
}

#[test]
fn a_text_is_compared_exactly() {
    let values = [json!("rugby"), json!("Rugby"), json!("tennis"), json!("baseball"), json!(["baseball", "tennis"])];
    assert_eq!(
        wanted(json!(["rugby", "tennis"]), &values),
        [json!("rugby"), json!("tennis"), json!(["baseball", "tennis"])]
    );
}

#[test]
fn true_false_and_null_are_no_texts() {
    let values = [json!(true), json!("true"), json!(false), json!(null), json!("null"), json!(0)];
    assert_eq!(wanted(json!([true]), &values), [json!(true)]);
    assert_eq!(wanted(json!([null]), &values), [json!(null)]);
}

#[test]
fn all_keys_must_hold_and_one_value_of_each() {
    let policy = json!({"customer_interests": ["rugby"], "price_usd": [{"numeric": [">", 100]}]});
    assert!(body(policy.clone(), json!({"customer_interests": "rugby", "price_usd": 100.5, "store": "x"})));
    assert!(!body(policy.clone(), json!({"customer_interests": "rugby", "price_usd": 100})));
    assert!(!body(policy, json!({"customer_interests": "rugby"})));
}

#[test]
fn anything_but_wants_an_array_with_another_value() {
    let values = [
        json!("baseball"),
        json!("rugby"),
        json!(["rugby", "baseball"]),
        json!(["rugby", "tennis"]),
        json!(7),
        json!(null),
    ];
    assert_eq!(
        wanted(json!([{"anything-but": ["rugby", "tennis"]}]), &values),
        [json!("baseball"), json!(["rugby", "baseball"]), json!(7), json!(null)],
    );
    assert!(!body(json!({"k": [{"anything-but": "x"}]}), json!({})), "it wants a value");
    let numbers = [json!(100), json!(101), json!([100, 50])];
    assert_eq!(wanted(json!([{"anything-but": [100, 500]}]), &numbers), [json!(101), json!([100, 50])]);
    assert_eq!(wanted(json!([{"anything-but": 100}]), &numbers), [json!(101), json!([100, 50])]);
}

#[test]
fn anything_but_takes_patterns() {
    let values = [json!("order-entered"), json!("order-cancelled"), json!("data-entered")];
    assert_eq!(wanted(json!([{"anything-but": {"prefix": "order-"}}]), &values), [json!("data-entered")]);
    assert_eq!(wanted(json!([{"anything-but": {"suffix": "-entered"}}]), &values), [json!("order-cancelled")]);
    assert_eq!(wanted(json!([{"anything-but": {"wildcard": "*-ent*"}}]), &values), [json!("order-cancelled")]);
    let two = json!([{"anything-but": {"prefix": ["order-c", "data-"]}}]);
    assert_eq!(wanted(two, &values), [json!("order-entered")]);
    let ignoring = json!([{"anything-but": {"equals-ignore-case": ["ORDER-ENTERED", "Data-Entered"]}}]);
    assert_eq!(wanted(ignoring, &values), [json!("order-cancelled")]);
}

#[test]
fn prefixes_suffixes_and_case_are_of_texts() {
    let values = [json!("baseball"), json!("basketball"), json!("rugby"), json!("TENNIS"), json!(1)];
    assert_eq!(wanted(json!([{"prefix": "bas"}]), &values), [json!("baseball"), json!("basketball")]);
    assert_eq!(wanted(json!([{"suffix": "ball"}]), &values), [json!("baseball"), json!("basketball")]);
    assert_eq!(wanted(json!([{"equals-ignore-case": "tennis"}]), &values), [json!("TENNIS")]);
    assert_eq!(wanted(json!([{"prefix": "bask"}, {"suffix": "by"}]), &values), [json!("basketball"), json!("rugby")]);
}

#[test]
fn a_wildcard_is_any_text_even_none() {
    let matches = |pattern: &str, text: &str| wildcard::Pattern::parse(pattern).unwrap().matches(text);
    assert!(matches("*ball", "baseball") && matches("*ball", "ball") && !matches("*ball", "rugby"));
    assert!(matches("a*b*a", "aba") && !matches("a*b*a", "ab") && !matches("aba*aba", "aba"));
    assert!(matches("*aab", "aaaab") && matches("*ab*ab*", "xabyabz") && !matches("*ab*ab*", "xaby"));
    assert!(matches(r"a\*b", "a*b") && !matches(r"a\*b", "axb") && matches(r"\\*", r"\x"));
    assert!(matches("*", "") && matches("*", "ü") && !matches("", "x"));
    assert_eq!(refused(json!({"k": [{"wildcard": "a**"}]})), "FilterPolicy: Consecutive wildcard characters at pos 1");
    assert_eq!(refused(json!({"k": [{"wildcard": r"a\b"}]})), "FilterPolicy: Invalid escape character at pos 1");
}

#[test]
fn numbers_are_compared_to_five_digits() {
    let values = [json!(301.5), json!(3.015e2), json!("301.5"), json!(301), json!([1, 301.500001])];
    assert_eq!(
        wanted(json!([{"numeric": ["=", 301.5]}]), &values),
        [json!(301.5), json!(3.015e2), json!([1, 301.500001])]
    );
    assert_eq!(wanted(json!([301]), &values), [json!(301)]);
    assert!(!body(json!({"k": [{"numeric": [">", 0]}]}), json!({"k": 2e9})), "no number SNS compares");
}

#[test]
fn a_range_has_its_bounds_in_or_out() {
    let values = [json!(-1), json!(0), json!(0.00001), json!(150), json!(150.00001)];
    assert_eq!(wanted(json!([{"numeric": [">", 0, "<=", 150]}]), &values), [json!(0.00001), json!(150)]);
    assert_eq!(wanted(json!([{"numeric": [">=", 0, "<", 150]}]), &values), [json!(0), json!(0.00001)]);
    assert_eq!(wanted(json!([{"numeric": ["<", 0]}]), &values), [json!(-1)]);
    assert_eq!(wanted(json!([{"numeric": ["<=", 0]}]), &values), [json!(-1), json!(0)]);
    assert_eq!(wanted(json!([{"numeric": [">=", 150]}]), &values), [json!(150), json!(150.00001)]);
}

#[test]
fn an_address_lies_in_a_range() {
    let values = [json!("10.0.0.0"), json!("10.0.0.255"), json!("10.1.1.0"), json!("::1"), json!("x")];
    assert_eq!(wanted(json!([{"cidr": "10.0.0.0/24"}]), &values), [json!("10.0.0.0"), json!("10.0.0.255")]);
    assert_eq!(wanted(json!([{"cidr": "::/0"}]), &values), [json!("::1")]);
    assert_eq!(wanted(json!([{"cidr": "10.1.1.0/32"}]), &values), [json!("10.1.1.0")]);
    assert_eq!(refused(json!({"k": [{"cidr": "10.0.0.0"}]})), "FilterPolicy: Malformed CIDR, one '/' required");
    assert!(refused(json!({"k": [{"cidr": "10.0.0.0/33"}]})).contains("must not be larger than 32"));
}

#[test]
fn a_key_is_there_if_it_has_a_value() {
    let there = json!({"store": [{"exists": true}]});
    let absent = json!({"store": [{"exists": false}]});
    for (message, is_there) in [
        (json!({"store": "fans"}), true),
        (json!({"store": null}), true),
        (json!({"store": ["fans"]}), true),
        (json!({"encrypted": false}), false),
        (json!({"store": []}), false),
        (json!({"store": {"name": "fans"}}), false),
    ] {
        assert_eq!(body(there.clone(), message.clone()), is_there, "{message}");
        assert_eq!(body(absent.clone(), message.clone()), !is_there, "{message}");
    }
    let either = json!({"k": [{"exists": false}, {"anything-but": ["a"]}]});
    assert!(body(either.clone(), json!({})) && body(either.clone(), json!({"k": "b"})));
    assert!(!body(either, json!({"k": "a"})));
}

#[test]
fn an_attribute_that_is_not_there_is_null() {
    let policy = json!({"attr1": [null, {"anything-but": "whatever"}]});
    assert!(attributes(policy.clone(), json!({})));
    assert!(!attributes(policy.clone(), json!({"attr1": "whatever"})));
    assert!(!body(json!({"attr1": [null]}), json!({})));
    assert!(attributes(policy, json!({"attr1": [null]})));
}

#[test]
fn or_wants_one_of_its_objects() {
    let policy = json!({
        "source": ["aws.cloudwatch"],
        "$or": [{"metricName": ["CPUUtilization"]}, {"namespace": ["AWS/EC2"]}],
    });
    assert!(body(policy.clone(), json!({"source": "aws.cloudwatch", "metricName": "CPUUtilization"})));
    assert!(body(policy.clone(), json!({"source": "aws.cloudwatch", "namespace": "AWS/EC2"})));
    assert!(!body(policy.clone(), json!({"source": "aws.cloudwatch", "namespace": "AWS/ES"})));
    assert!(!body(policy, json!({"namespace": "AWS/EC2"})));
}

#[test]
fn or_nests_and_stands_in_objects() {
    let policy = json!({"detail": {"$or": [
        {"a": [1], "b": [2]},
        {"$or": [{"c": [3]}, {"d": {"e": [4]}}]},
    ]}});
    assert!(body(policy.clone(), json!({"detail": {"a": 1, "b": 2}})));
    assert!(body(policy.clone(), json!({"detail": {"d": {"e": 4}}})));
    assert!(!body(policy, json!({"detail": {"a": 1, "d": {"e": 5}}})));
}

#[test]
fn or_that_is_none_is_a_key() {
    assert!(body(json!({"$or": ["x"]}), json!({"$or": "x"})));
    assert!(body(json!({"$or": [{"prefix": "a"}, {"suffix": "b"}]}), json!({"$or": "ax"})));
    assert_eq!(
        refused(json!({"$or": [{"numeric": 123}, {"prefix": "abc"}]})),
        "FilterPolicy: Value of numeric must be an array."
    );
}

#[test]
fn a_nested_policy_holds_of_one_element() {
    let policy = json!({"items": {"kind": ["book"], "price": [{"numeric": ["<", 10]}]}});
    assert!(body(policy.clone(), json!({"items": [{"kind": "pen", "price": 1}, {"kind": "book", "price": 9}]})));
    assert!(!body(policy.clone(), json!({"items": [{"kind": "pen", "price": 1}, {"kind": "book", "price": 11}]})));
    assert!(!body(policy.clone(), json!({"items": "book"})));
    assert!(!body(policy, json!([1])));
    let absent = json!({"items": {"gift": [{"exists": false}]}});
    assert!(body(absent.clone(), json!({"items": [{"kind": "pen"}]})) && body(absent.clone(), json!({})));
    assert!(!body(absent, json!({"items": [{"kind": "pen"}, {"gift": true}]})));
}

#[test]
fn an_empty_policy_is_none() {
    assert!(Filter::parse("{}", Scope::MessageBody).unwrap().is_none());
}

#[test]
fn attributes_have_no_nested_policy() {
    let error = Filter::parse(r#"{"a":{"b":["c"]}}"#, Scope::MessageAttributes).unwrap_err();
    assert_eq!(error.to_string(), "Filter policy scope MessageAttributes does not support nested filter policy");
}

#[test]
fn what_sns_refuses_is_refused_in_its_words() {
    for (policy, message) in [
        (json!({"key": [["value"]]}), "Match value must be String, number, true, false, or null"),
        (json!({"key": [{"wrong-operator": true}]}), "Unrecognized match type wrong-operator"),
        (json!({"key": [{"suffix": "value", "prefix": "value2"}]}), "Only one key allowed in match expression"),
        (json!({"key": [{"suffix": 100}]}), "suffix match pattern must be a string"),
        (json!({"key": [{"suffix": null}]}), "suffix match pattern must be a string"),
        (json!({"key": [{"prefix": ["a"]}]}), "prefix match pattern must be a string"),
        (json!({"key": {"suffix": "value"}}), "\"suffix\" must be an object or an array"),
        (json!({"key": "value"}), "\"key\" must be an object or an array"),
        (json!({"key": []}), "Empty arrays are not allowed"),
        (json!({"key": {}}), "Empty objects are not allowed"),
        (json!({"key": [{"exists": null}]}), "exists match pattern must be either true or false."),
        (json!({"key": [{"exists": "no"}]}), "exists match pattern must be either true or false."),
        (json!({"key": [{"numeric": []}]}), "Invalid member in numeric match: ]"),
        (json!({"key": [{"numeric": ["operator"]}]}), "Unrecognized numeric range operator: operator"),
        (json!({"key": [{"numeric": [1, "<="]}]}), "Invalid member in numeric match: 1"),
        (json!({"key": [{"numeric": ["=", "000"]}]}), "Value of equals must be numeric"),
        (json!({"key": [{"numeric": [">="]}]}), "Value of >= must be numeric"),
        (json!({"key": [{"numeric": ["<", 100, ">", 10]}]}), "Too many elements in numeric expression"),
        (json!({"key": [{"numeric": [">=", 1, ">", 2]}]}), "Bad numeric range operator: >"),
        (json!({"key": [{"numeric": [">", 3, "<", 1]}]}), "Bottom must be less than top"),
        (json!({"key": [{"numeric": [">", 20, "<="]}]}), "Value of <= must be numeric"),
        (json!({"key": [{"numeric": [">", 20, 30]}]}), "Bad value in numeric range: 30"),
        (json!({"key": [{"numeric": [">", 20, "test"]}]}), "Bad numeric range operator: test"),
        (json!({"key": [{"numeric": [">", "20", "<", "30"]}]}), "Value of > must be numeric"),
        (json!({"key": [{"numeric": [">", 20, "<", "30"]}]}), "Value of < must be numeric"),
        (json!({"key": [{"numeric": [">", 20, "<", 30, "<", 50]}]}), "Too many terms in numeric range expression"),
        (json!({"key": [{"numeric": [">", 1e10]}]}), "Value must be between -1.0E9 and 1.0E9, inclusive"),
        (json!({"key": [{"anything-but": []}]}), "Empty arrays are not allowed"),
        (json!([1]), "Filter is not an object"),
    ] {
        assert_eq!(refused(policy), format!("FilterPolicy: {message}"));
    }
    let mixed = refused(json!({"key": [{"anything-but": ["a", 1]}]}));
    assert!(mixed.contains("mixed type is not supported"), "{mixed}");
    assert_eq!(
        Filter::parse("{invalidjson}", Scope::MessageBody).unwrap_err().to_string(),
        "FilterPolicy: failed to parse JSON."
    );
}

#[test]
fn a_policy_has_five_keys_and_150_combinations() {
    let values = |count: usize| (0..count).map(|number| json!(format!("value{number}"))).collect::<Vec<_>>();
    let accepted = |policy: Value| Filter::parse(&policy.to_string(), Scope::MessageBody).is_ok();
    let complex = "FilterPolicy: Filter policy is too complex";
    let keys = "FilterPolicy: Filter policy can not have more than 5 keys";

    assert!(accepted(json!({"k": values(150)})));
    assert_eq!(refused(json!({"k": values(151)})), complex);
    assert_eq!(refused(json!({"a": values(100), "b": values(51)})), complex);
    assert!(accepted(json!({"a": [1], "b": [1], "c": [1], "d": [1], "e": [1]})));
    assert_eq!(refused(json!({"a": [1], "b": [1], "c": [1], "d": [1], "e": [1], "f": [1]})), keys);
    // Six keys have values, and `finding` none.
    assert_eq!(refused(json!({"a": [1], "b": [1], "c": [1], "finding": {"d": [1], "e": [1], "f": [1]}})), keys);
    // Depth counts: (4 × 3) × (3 × 2) × 3 = 216.
    let nested = json!({"key_a": {"key_b": {"key_c": values(4)}}, "key_d": {"key_e": values(3)}, "key_f": values(3)});
    assert_eq!(refused(nested), complex);
    // (source × name) + (source × type × (id + space)) = 4 × 6 + 4 × 4 × 4 + 4 × 4 × 4 = 152.
    let or = |names: usize| {
        json!({"source": values(4), "$or": [
            {"metricName": values(names)},
            {"metricType": values(4), "$or": [{"metricId": values(4)}, {"spaceId": values(4)}]},
        ]})
    };
    assert_eq!(refused(or(6)), complex);
    assert!(accepted(or(5)));
}

#[test]
fn a_hostile_policy_ends_well() {
    let deep = format!("{}[1]{}", r#"{"a":"#.repeat(120), "}".repeat(120));
    assert!(Filter::parse(&deep, Scope::MessageBody).is_ok());
    let deeper = format!("{}[1]{}", r#"{"a":"#.repeat(10_000), "}".repeat(10_000));
    assert!(Filter::parse(&deeper, Scope::MessageBody).is_err());
    let large = json!({"k": ["x".repeat(256 * 1024)]}).to_string();
    assert!(Filter::parse(&large, Scope::MessageBody).is_err());
}
