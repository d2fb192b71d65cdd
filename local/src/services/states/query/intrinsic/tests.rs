use serde_json::json;

use super::*;
use crate::kernel::Time;

fn evaluate(text: &str) -> Result<Value, Failure> {
    let input = json!({ "name": "Leyla", "list": [1, 2, 2, 3], "one": { "a": 1, "b": 1 }, "two": { "b": 2 } });
    let (random, variables) = (Random::seeded(1), Map::new());
    let (context, now) = (json!({}), Time::EPOCH);
    let sight =
        Sight { input: &input, result: None, error: None, context, variables: &variables, now, random: &random };
    Intrinsic::parse(text).unwrap().evaluate(&sight, "x.$")
}

#[test]
fn each_function_gives_what_the_guide_says() {
    let is = |text: &str, value: Value| assert_eq!(evaluate(text), Ok(value), "{text}");
    is("States.Array('a', 1, null, $.name)", json!(["a", 1, null, "Leyla"]));
    is("States.ArrayPartition($.list, 3)", json!([[1, 2, 2], [3]]));
    is("States.ArrayContains($.list, 3)", json!(true));
    is("States.ArrayRange(1, 9, 2)", json!([1, 3, 5, 7, 9]));
    is("States.ArrayGetItem($.list, 3)", json!(3));
    is("States.ArrayLength($.list)", json!(4));
    is("States.ArrayUnique($.list)", json!([1, 2, 3]));
    is("States.Base64Encode('Data to encode')", json!("RGF0YSB0byBlbmNvZGU="));
    is("States.Base64Decode('RGF0YSB0byBlbmNvZGU=')", json!("Data to encode"));
    is("States.Hash('abc', 'SHA-1')", json!("a9993e364706816aba3e25717850c26c9cd0d89d"));
    is("States.JsonMerge($.one, $.two, false)", json!({ "a": 1, "b": 2 }));
    is("States.StringToJson('{\"a\": [1]}')", json!({ "a": [1] }));
    is("States.JsonToString($.two)", json!("{\"b\":2}"));
    is("States.MathAdd(111, -1)", json!(110));
    is("States.StringSplit('1,2;3', ',;')", json!(["1", "2", "3"]));
    is("States.Format('Hello, {}: \\{{}\\}', $.name, $.list)", json!("Hello, Leyla: {[1,2,2,3]}"));
    is("States.Format('it\\'s')", json!("it's"));
    is("States.ArrayLength(States.StringSplit(States.Format('{}-{}', 'a', 'b'), '-'))", json!(2));
}

#[test]
fn chance_is_the_engines() {
    let drawn = evaluate("States.MathRandom(1, 999)").unwrap();
    assert!((1..999).contains(&drawn.as_i64().unwrap()));
    assert_eq!(evaluate("States.MathRandom(1, 999, 5)"), evaluate("States.MathRandom(1, 999, 5)"));
    assert_eq!(evaluate("States.UUID()").unwrap().as_str().unwrap().len(), 36);
}

#[test]
fn bad_arguments_fail_by_name() {
    for text in [
        "States.ArrayGetItem($.list, 9)",
        "States.ArrayLength($.name)",
        "States.ArrayPartition($.list, 0)",
        "States.ArrayRange(0, 5000, 1)",
        "States.Base64Decode('%')",
        "States.Format('{} {}', 1)",
        "States.Format('{}', 1, 2)",
        "States.Format('{')",
        "States.Hash('a', 'CRC')",
        "States.JsonMerge($.one, $.two, true)",
        "States.MathAdd('a', 1)",
        "States.MathRandom(3, 3)",
        "States.StringToJson('{')",
    ] {
        assert_eq!(evaluate(text).unwrap_err().name(), "States.IntrinsicFailure", "{text}");
    }
}

#[test]
fn what_is_no_call_is_refused() {
    let deep = format!("{}1{}", "States.Array(".repeat(11), ")".repeat(11));
    for text in ["States.None()", "States.UUID(1)", "States.Array(", "States.Array('a)", "Format('a')", &deep] {
        assert!(Intrinsic::parse(text).is_err(), "{text}");
    }
}
