use serde_json::json;

use super::*;
use crate::asl::evaluate::evaluate;

/// Reads the notation of SNS, so that the table below can be held against its pages.
fn pattern(json: &Json) -> Pattern {
    let mut pattern = Pattern::default();
    for (name, value) in json.as_object().unwrap() {
        match value {
            Json::Array(items) if name == "$or" => pattern.or.push(items.iter().map(self::pattern).collect()),
            Json::Array(items) => {
                pattern.fields.push((name.clone(), Matcher::AnyOf(items.iter().map(alternative).collect())));
            }
            _ => pattern.fields.push((name.clone(), Matcher::Nested(self::pattern(value)))),
        }
    }
    pattern
}

fn texts(value: &Json) -> Vec<String> {
    let one = [value.clone()];
    let list = value.as_array().map_or(&one[..], Vec::as_slice);
    list.iter().map(|item| item.as_str().unwrap().to_owned()).collect()
}

fn alternative(json: &Json) -> Alternative {
    if let Some(scalar) = Scalar::from_json(json) {
        return Alternative::Exact(scalar);
    }
    let (operator, value) = json.as_object().unwrap().iter().next().unwrap();
    let text = || value.as_str().unwrap().to_owned();
    match operator.as_str() {
        "prefix" => Alternative::Prefix(text()),
        "suffix" => Alternative::Suffix(text()),
        "equals-ignore-case" => Alternative::EqualsIgnoreCase(text()),
        "wildcard" => Alternative::Wildcard(text()),
        "cidr" => Alternative::Cidr(text()),
        "exists" => Alternative::Exists(value.as_bool().unwrap()),
        "anything-but" => match value {
            Json::Object(inner) if inner.contains_key("prefix") => {
                Alternative::AnythingButPrefix(texts(&inner["prefix"]))
            }
            Json::Object(inner) => Alternative::AnythingButSuffix(texts(&inner["suffix"])),
            Json::Array(items) => Alternative::AnythingBut(items.iter().filter_map(Scalar::from_json).collect()),
            _ => Alternative::AnythingBut(Scalar::from_json(value).into_iter().collect()),
        },
        "numeric" => Alternative::Numeric(
            value
                .as_array()
                .unwrap()
                .chunks(2)
                .map(|pair| (comparison(pair[0].as_str().unwrap()), pair[1].as_number().unwrap().clone()))
                .collect(),
        ),
        other => panic!("no operator {other}"),
    }
}

fn comparison(sign: &str) -> Comparison {
    match sign {
        "=" => Comparison::Equal,
        "<" => Comparison::Less,
        "<=" => Comparison::AtMost,
        ">" => Comparison::Greater,
        ">=" => Comparison::AtLeast,
        other => panic!("no comparison {other}"),
    }
}

/// Asserts what passes and what does not.
fn check(json: Json, passes: &[Json], stops: &[Json]) {
    let condition = pattern(&json).to_condition(&Expr::input()).unwrap();
    for (documents, expected) in [(passes, true), (stops, false)] {
        for document in documents {
            let got = evaluate(&condition, document);
            assert_eq!(got, Some(json!(expected)), "{json} on {document}: {}", condition.as_str());
        }
    }
}

#[test]
fn an_exact_value_matches_itself_and_its_type() {
    check(
        json!({ "a": ["x"] }),
        &[json!({ "a": "x" }), json!({ "a": ["y", "x"] }), json!({ "a": ["x"] })],
        &[json!({}), json!({ "a": "X" }), json!({ "a": null }), json!({ "a": [] }), json!({ "a": { "x": 1 } })],
    );
    check(
        json!({ "a": [true] }),
        &[json!({ "a": true })],
        &[json!({ "a": false }), json!({ "a": "true" }), json!({ "a": 1 })],
    );
    check(json!({ "a": [false] }), &[json!({ "a": false })], &[json!({}), json!({ "a": null }), json!({ "a": 0 })]);
    check(json!({ "a": [null] }), &[json!({ "a": null }), json!({ "a": [1, null] })], &[json!({}), json!({ "a": "" })]);
    check(json!({ "a": [5] }), &[json!({ "a": 5 }), json!({ "a": 5.0 })], &[json!({ "a": "5" }), json!({ "a": 50 })]);
    check(json!({ "a": [-2.5] }), &[json!({ "a": -2.5 })], &[json!({ "a": 2.5 })]);
}

#[test]
fn one_of_several_exact_values_is_enough() {
    check(
        json!({ "a": ["x", 5, null, true] }),
        &[json!({ "a": 5 }), json!({ "a": null }), json!({ "a": ["q", true] }), json!({ "a": "x" })],
        &[json!({}), json!({ "a": "5" }), json!({ "a": ["q"] }), json!({ "a": [] })],
    );
}

#[test]
fn all_fields_must_match() {
    check(
        json!({ "a": ["x"], "b": [{ "prefix": "y" }, 1] }),
        &[json!({ "a": "x", "b": "yes" }), json!({ "a": "x", "b": 1 })],
        &[json!({ "a": "x" }), json!({ "b": "yes" }), json!({ "a": "x", "b": 2 })],
    );
    check(json!({}), &[json!({}), json!({ "a": 1 })], &[]);
    check(json!({ "a": [] }), &[], &[json!({}), json!({ "a": 1 })]);
}

#[test]
fn texts_are_compared_in_parts_and_other_types_do_not_match() {
    let no_texts =
        [json!({}), json!({ "a": 5 }), json!({ "a": null }), json!({ "a": true }), json!({ "a": { "b": "bas" } })];
    check(
        json!({ "a": [{ "prefix": "bas" }] }),
        &[json!({ "a": "baseball" }), json!({ "a": [1, "bas"] })],
        &[&no_texts[..], &[json!({ "a": "ba" }), json!({ "a": "Base" }), json!({ "a": "abas" })]].concat(),
    );
    check(
        json!({ "a": [{ "suffix": "ball" }] }),
        &[json!({ "a": "baseball" }), json!({ "a": "ball" })],
        &[&no_texts[..], &[json!({ "a": "all" }), json!({ "a": "balls" })]].concat(),
    );
    check(
        json!({ "a": [{ "equals-ignore-case": "TenNis" }] }),
        &[json!({ "a": "tennis" }), json!({ "a": ["x", "TENNIS"] })],
        &[&no_texts[..], &[json!({ "a": "tenni" })]].concat(),
    );
    check(json!({ "a": [{ "prefix": "" }] }), &[json!({ "a": "" }), json!({ "a": "x" })], &no_texts);
    check(json!({ "a": [{ "suffix": "" }] }), &[json!({ "a": "" }), json!({ "a": "x" })], &no_texts);
}

#[test]
fn a_wildcard_matches_the_whole_text() {
    let stops = |more: &[Json]| [&[json!({}), json!({ "a": 5 }), json!({ "a": null })], more].concat();
    check(
        json!({ "a": [{ "wildcard": "*/bin/*.jar" }] }),
        &[json!({ "a": "/usr/bin/x.jar" }), json!({ "a": "/bin/.jar" }), json!({ "a": "\n/bin/\n.jar" })],
        &stops(&[json!({ "a": "/usr/bin/x.jars" }), json!({ "a": "/usr/bin/xxjar" }), json!({ "a": "bin" })]),
    );
    check(json!({ "a": [{ "wildcard": "*" }] }), &[json!({ "a": "" }), json!({ "a": "x\ny" })], &stops(&[]));
    check(json!({ "a": [{ "wildcard": "x" }] }), &[json!({ "a": "x" })], &stops(&[json!({ "a": "xx" })]));
    check(json!({ "a": [{ "wildcard": "" }] }), &[json!({ "a": "" })], &stops(&[json!({ "a": "x" })]));
    check(
        json!({ "a": [{ "wildcard": r"a\*b\\*(c" }] }),
        &[json!({ "a": r"a*b\(c" }), json!({ "a": r"a*b\x(c" })],
        &stops(&[json!({ "a": r"axb\(c" })]),
    );
}

#[test]
fn anything_but_wants_a_value_that_is_not_listed() {
    check(
        json!({ "a": [{ "anything-but": ["rugby", "tennis"] }] }),
        &[json!({ "a": "baseball" }), json!({ "a": ["rugby", "baseball"] }), json!({ "a": 5 }), json!({ "a": null })],
        &[
            json!({}),
            json!({ "a": "rugby" }),
            json!({ "a": ["tennis", "rugby"] }),
            json!({ "a": [] }),
            json!({ "a": {} }),
        ],
    );
    check(
        json!({ "a": [{ "anything-but": 5 }] }),
        &[json!({ "a": 6 }), json!({ "a": "5" })],
        &[json!({ "a": 5 }), json!({})],
    );
    check(
        json!({ "a": [{ "anything-but": { "prefix": ["order-", "x"] } }] }),
        &[json!({ "a": "data" }), json!({ "a": 5 }), json!({ "a": ["order-1", "data"] })],
        &[json!({}), json!({ "a": "order-1" }), json!({ "a": "xyz" }), json!({ "a": {} })],
    );
    check(
        json!({ "a": [{ "anything-but": { "suffix": "ball" } }] }),
        &[json!({ "a": "rugby" }), json!({ "a": null })],
        &[json!({}), json!({ "a": "baseball" })],
    );
    check(
        json!({ "a": [{ "anything-but": ["x"] }, { "exists": false }] }),
        &[json!({}), json!({ "a": "y" })],
        &[json!({ "a": "x" })],
    );
}

#[test]
fn a_number_lies_within_its_bounds() {
    check(
        json!({ "a": [{ "numeric": [">", 100, "<=", 150.5] }] }),
        &[json!({ "a": 101 }), json!({ "a": 150.5 }), json!({ "a": [1, 120] })],
        &[
            json!({}),
            json!({ "a": 100 }),
            json!({ "a": 151 }),
            json!({ "a": "120" }),
            json!({ "a": null }),
            json!({ "a": [1, 200] }),
        ],
    );
    check(
        json!({ "a": [{ "numeric": ["=", -3] }, { "numeric": [">=", 10] }, { "numeric": ["<", -10] }] }),
        &[json!({ "a": -3 }), json!({ "a": 10 }), json!({ "a": -11 })],
        &[json!({ "a": 3 }), json!({ "a": -10 })],
    );
}

#[test]
fn exists_wants_a_value_that_is_neither_null_nor_empty() {
    let there = [json!({ "a": "x" }), json!({ "a": false }), json!({ "a": 0 }), json!({ "a": [null, 1] })];
    let not_there = [
        json!({}),
        json!({ "b": 1 }),
        json!({ "a": null }),
        json!({ "a": "" }),
        json!({ "a": [] }),
        json!({ "a": {} }),
    ];
    check(json!({ "a": [{ "exists": true }] }), &there, &not_there);
    check(json!({ "a": [{ "exists": false }] }), &not_there, &there);
}

#[test]
fn a_nested_pattern_matches_in_one_element() {
    check(
        json!({ "o": { "a": ["x"], "b": [1] } }),
        &[json!({ "o": { "a": "x", "b": 1 } }), json!({ "o": [{ "a": "y" }, { "a": "x", "b": [2, 1] }] })],
        &[
            json!({}),
            json!({ "o": "x" }),
            json!({ "o": null }),
            json!({ "o": [{ "a": "x", "b": 2 }, { "a": "y", "b": 1 }] }),
        ],
    );
    check(
        json!({ "o": { "p": { "a": [{ "numeric": [">", 1] }] } } }),
        &[json!({ "o": { "p": { "a": 2 } } }), json!({ "o": { "p": [{ "a": 1 }, { "a": 2 }] } })],
        &[json!({ "o": { "p": { "a": 1 } } }), json!({ "o": { "p": 2 } }), json!({ "o": {} })],
    );
}

#[test]
fn a_field_of_an_absent_object_is_absent() {
    check(
        json!({ "o": { "a": [{ "exists": false }] } }),
        &[json!({}), json!({ "o": {} }), json!({ "o": [] }), json!({ "o": { "b": 1 } })],
        &[json!({ "o": { "a": 1 } }), json!({ "o": [{ "a": 1 }] })],
    );
    check(
        json!({ "o": { "a": [{ "exists": false }], "b": [1] } }),
        &[json!({ "o": { "b": 1 } })],
        &[json!({}), json!({ "o": {} }), json!({ "o": { "a": 1, "b": 1 } })],
    );
    check(
        json!({ "o": { "$or": [{ "a": [{ "exists": false }] }, { "b": [1] }] } }),
        &[json!({}), json!({ "o": { "a": 1, "b": 1 } })],
        &[json!({ "o": { "a": 1 } })],
    );
}

#[test]
fn or_wants_one_of_its_patterns_beside_the_fields() {
    check(
        json!({ "s": ["x"], "$or": [{ "a": [1], "b": [2] }, { "c": [{ "exists": true }] }] }),
        &[json!({ "s": "x", "a": 1, "b": 2 }), json!({ "s": ["x"], "c": 0 })],
        &[json!({ "s": "x" }), json!({ "s": "x", "a": 1 }), json!({ "c": 0 }), json!({ "s": "x", "a": 1, "b": 3 })],
    );
}

#[test]
fn odd_names_and_values_are_no_code() {
    let name = "a`b ${x} %} \"";
    check(
        json!({ name: ["\" or true or \"", "${AWS::Region}"] }),
        &[json!({ name: "\" or true or \"" }), json!({ name: ["${AWS::Region}"] })],
        &[json!({}), json!({ name: "x" })],
    );
}

#[test]
fn a_block_of_addresses_is_refused_wherever_it_stands() {
    let cidr = json!([{ "cidr": "10.0.0.0/24" }]);
    let pattern = pattern(&json!({ "ip": cidr, "o": { "from": cidr }, "$or": [{ "x": [1] }, { "y": cidr }] }));
    let refused = pattern.to_condition(&Expr::input()).unwrap_err();
    let places: Vec<_> = refused.iter().map(ToString::to_string).collect();
    assert_eq!(
        places,
        [
            "a workflow cannot test `cidr` (in `ip`)",
            "a workflow cannot test `cidr` (in `o.from`)",
            "a workflow cannot test `cidr` (in `y`)"
        ]
    );
}

#[test]
fn a_condition_reads_well() {
    let condition = |json| pattern(&json).to_condition(&Expr::input()).unwrap().to_template();
    assert_eq!(condition(json!({ "open": [true] })), "{% true in $states.input.open %}");
    assert_eq!(
        condition(json!({ "total": [{ "numeric": [">", 100] }] })),
        r#"{% $exists($states.input.total[$type($) = "number"][$ > 100]) %}"#
    );
}
