use serde_json::{Value as Json, json};

use super::*;
use crate::asl::evaluate::evaluate;

/// Texts that try to get out of a literal, or to be read as something else.
const HOSTILE: &[&str] = &[
    "",
    "plain",
    "\"",
    "\\",
    "\\\"",
    "\\u0041",
    "'; $error('x')",
    "\" & $states.context & \"",
    "\n\r\t\u{8}\u{c}\u{0}\u{1}\u{1f}\u{7f}\u{85}",
    "%}",
    "{% 1 %}",
    "{%}",
    "%%}",
    "${AWS::AccountId}",
    "$${x}",
    "{{resolve:secretsmanager:x}}",
    "`",
    "/",
    "/* comment */",
    "é ß 漢字",
    "\u{1f600}\u{1f468}\u{200d}\u{1f469}",
    "\u{202e}txt\u{200b}\u{feff}\u{2028}\u{2029}",
    "\u{10ffff}\u{fffd}",
];

/// Every text of up to three of these, glued: how delimiters meet each other.
fn glued() -> impl Iterator<Item = String> {
    const PARTS: &[&str] = &["", "$", "{", "}", "%", "\"", "\\", "`", "/", "u0024", "*", "\n", "é", "\u{1f600}"];
    PARTS.iter().flat_map(|a| PARTS.iter().flat_map(move |b| PARTS.iter().map(move |c| format!("{a}{b}{c}"))))
}

fn glued_pairs() -> impl Iterator<Item = String> {
    glued().filter(|text| text.chars().filter(|c| !c.is_ascii_alphanumeric()).count() <= 2)
}

fn hostile() -> impl Iterator<Item = String> {
    HOSTILE.iter().map(|text| (*text).to_owned()).chain(glued())
}

fn assert_holds_no_delimiter(expr: &Expr) {
    for delimiter in ["${", "{%", "%}"] {
        assert!(!expr.as_str().contains(delimiter), "{delimiter} in {}", expr.as_str());
    }
}

#[test]
fn a_text_is_read_back_as_it_was_and_holds_no_delimiter() {
    for text in hostile() {
        let literal = Expr::text(&text);
        assert_holds_no_delimiter(&literal);
        assert!(!literal.as_str().chars().any(char::is_control));
        assert_eq!(evaluate(&literal, &json!({})), Some(json!(text)));
    }
}

#[test]
fn a_field_of_any_name_is_found_and_holds_no_delimiter() {
    for name in hostile().chain(["and", "or", "in", "true", "null", "function", "a b", "a.b", "1"].map(str::to_owned)) {
        let data = json!({ "o": { name.clone(): 1, "other": 2 } });
        let path = Expr::input().field("o").field(&name);
        assert_holds_no_delimiter(&path);
        assert_eq!(evaluate(&path, &data), Some(json!(1)), "{}", path.as_str());
    }
}

#[test]
fn a_wildcard_part_matches_itself_alone() {
    let texts = HOSTILE.iter().map(|text| (*text).to_owned()).chain(glued_pairs());
    for text in texts.filter(|text| !text.is_empty()) {
        let pattern = Expr::input().is_made_of(std::slice::from_ref(&text));
        assert_holds_no_delimiter(&pattern);
        assert_eq!(evaluate(&pattern, &json!(text)), Some(json!(true)), "{}", pattern.as_str());
        assert_eq!(evaluate(&pattern, &json!(format!("{text}x"))), Some(json!(false)), "{}", pattern.as_str());
    }
}

#[test]
fn prefixes_and_suffixes_count_in_code_points() {
    for text in hostile() {
        let (before, after) = (format!("{text}-\u{1f600}"), format!("\u{1f600}-{text}"));
        assert_eq!(evaluate(&Expr::input().starts_with(&text), &json!(before)), Some(json!(true)), "{text:?}");
        assert_eq!(evaluate(&Expr::input().ends_with(&text), &json!(after)), Some(json!(true)), "{text:?}");
        if !text.is_empty() {
            assert_eq!(evaluate(&Expr::input().starts_with(&text), &json!("")), Some(json!(false)));
            assert_eq!(evaluate(&Expr::input().ends_with(&text), &json!("\u{1}")), Some(json!(text == "\u{1}")));
        }
    }
}

#[test]
fn any_json_is_read_back_as_it_was() {
    let values = [
        json!(null),
        json!(true),
        json!(-5),
        json!(0.25),
        json!(-1.5e-7),
        json!(1e300),
        json!({ "a": { "b\"": "${x}" }, "n": -1 }),
        json!({ "list": [1, "two", null, { "three": [3] }] }),
    ];
    for value in values {
        assert_eq!(evaluate(&Expr::json(&value), &json!({})), Some(value));
    }
}

#[test]
fn parentheses_stand_where_an_operator_binds_looser() {
    let (a, b, c) = (|| Expr::input().field("a"), || Expr::input().field("b"), || Expr::input().field("c"));
    let text = |expr: Expr| expr.as_str().replace("$states.input.", "");
    assert_eq!(text(Expr::all([Expr::any([a(), b()]), c()])), "(a or b) and c");
    assert_eq!(text(Expr::any([Expr::all([a(), b()]), c()])), "a and b or c");
    assert_eq!(text(a().equals(b()).equals(c())), "(a = b) = c");
    assert_eq!(text(a().equals(b().concat(c()))), "a = b & c");
    assert_eq!(text(a().concat(b()).field("d")), "(a & b).d");
    assert_eq!(text(Expr::if_else(a().equals(b()), c(), a()).equals(b())), "(a = b ? c : a) = b");
    assert_eq!(text(Expr::any([a(), Expr::if_else(a(), b(), c())])), "a or (a ? b : c)");
    assert_eq!(text(a().greater(Expr::int(-5))), "a > -5");
    assert_eq!(text(Expr::all([])), "true");
    assert_eq!(text(Expr::any([])), "false");
}

#[test]
fn every_operator_computes_what_it_says() {
    let data = json!({ "n": 5, "s": "Straße", "l": [1, 2], "o": { "a": 1 } });
    let field = |name: &str| Expr::input().field(name);
    let rows: Vec<(Expr, Json)> = vec![
        (field("n").less(Expr::int(6)), json!(true)),
        (field("n").at_most(Expr::int(4)), json!(false)),
        (field("n").greater(Expr::int(-6)), json!(true)),
        (field("n").at_least(Expr::int(5)), json!(true)),
        (field("n").differs(Expr::text("5")), json!(true)),
        (Expr::int(2).is_in(field("l")), json!(true)),
        (field("l").count(), json!(2)),
        (field("s").contains("raß"), json!(true)),
        (field("s").equals_ignore_case("STRAßE"), json!(true)),
        (field("s").concat(field("none")), json!("Straße")),
        (field("none").exists().not(), json!(true)),
        (field("o").kind(), json!("object")),
        (Expr::merge([field("o"), Expr::object([("b", Expr::array([Expr::int(2)]))])]), json!({ "a": 1, "b": [2] })),
        (Expr::array([field("o"), Expr::json(&json!({ "b": 2 }))]).merged(), json!({ "a": 1, "b": 2 })),
        (Expr::array([field("l"), Expr::int(3)]), json!([1, 2, 3])),
        (Expr::array([field("l").filter(Expr::this().greater(Expr::int(1)))]), json!([2])),
        (Expr::if_else(field("none").exists(), Expr::int(1), Expr::int(2)), json!(2)),
        (field("l").filter(Expr::this().greater(Expr::int(1))), json!(2)),
        (Expr::input().path(["o", "a"]), json!(1)),
    ];
    for (expr, expected) in rows {
        assert_eq!(evaluate(&expr, &data), Some(expected), "{}", expr.as_str());
    }
}

#[test]
fn a_variable_has_a_plain_name_that_is_not_taken() {
    assert_eq!(Expr::variable(&Variable::new("seen_1").unwrap()).as_str(), "$seen_1");
    for name in ["", "_a", "1a", "a-b", "a b", "a}", "é"] {
        assert_eq!(Variable::new(name), Err(VariableError::Form(name.to_owned())));
    }
    assert_eq!(Variable::new("states"), Err(VariableError::Reserved));
    assert_eq!(Variable::new(&"a".repeat(81)), Err(VariableError::TooLong("a".repeat(81))));
}

#[test]
fn an_expression_serialises_with_its_delimiters() {
    assert_eq!(serde_json::to_string(&Expr::input().field("a")).unwrap(), r#""{% $states.input.a %}""#);
}
