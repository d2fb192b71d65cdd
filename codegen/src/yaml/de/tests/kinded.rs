//! Kinds with words beside them, errors of a type's own, lists of fixed length.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use super::super::parse;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::FileId;
use crate::yaml::{At, Kinded, read};

#[derive(Debug, Deserialize, JsonSchema)]
struct Workflow {
    steps: Vec<IndexMap<At<String>, At<NamedStep>>>,
}

type NamedStep = Kinded<Step, Beside>;

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Step {
    Handler(At<String>),
    Wait { seconds: At<u32> },
    Stop,
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
struct Beside {
    next: Option<At<String>>,
    timeout: Option<At<String>>,
}

fn steps(text: &str) -> (Vec<NamedStep>, Vec<String>) {
    let mut out = Diagnostics::default();
    let node = read(FileId(0), text, &mut out).unwrap();
    let flow = parse::<Workflow>(&node, &mut out).value.unwrap();
    let steps = flow.steps.into_iter().flat_map(IndexMap::into_values).filter_map(|step| step.value).collect();
    let help =
        |d: Diagnostic| format!("{} {}{}", d.code, d.message, d.help.map(|h| format!("; {h}")).unwrap_or_default());
    (steps, out.sorted().into_iter().map(help).collect())
}

#[test]
fn common_words_stand_beside_a_kind() {
    let (steps, found) =
        steps("steps:\n  - a: { handler: h, next: b }\n  - b: { timeout: 3s, wait: { seconds: 1 } }\n  - c: stop\n");
    assert_eq!(found, Vec::<String>::new());
    let kinds: Vec<_> = steps.iter().filter_map(|step| step.kind.get()).collect();
    assert!(matches!(kinds.as_slice(), [Step::Handler(_), Step::Wait { .. }, Step::Stop]));
    let beside: Vec<_> = steps.iter().filter_map(|step| step.common.get()).collect();
    assert_eq!(beside[0].next.as_ref().and_then(At::as_str), Some("b"));
    assert_eq!(beside[1].timeout.as_ref().and_then(At::as_str), Some("3s"));
}

#[test]
fn mistakes_beside_a_kind_are_told() {
    let (_, found) = steps(
        "steps:\n  - a: { handler: h, nxt: b }\n  - b: { timeout: 3s }\n  - c: { wait: { seconds: 1 }, handler: h, retries: 1 }\n  - d: { handlr: x, next: [e] }\n  - e: [x]\n",
    );
    assert_eq!(
        found,
        [
            "E020 unknown key `nxt` beside the kind `handler` of a step; did you mean `next`?",
            "E019 the kind of a step is missing; write one of `handler`, `wait` or `stop`",
            "E020 a step has one kind; here are `wait` and `handler`; the settings of a kind stand inside it; beside it may stand `next` or `timeout`",
            "E020 unknown key `retries` beside the kind `wait` of a step; the settings of a kind stand inside it; beside it may stand `next` or `timeout`",
            "E018 unknown kind `handlr` of a step; did you mean `handler`?",
            "E015 expected text, found a list",
            "E015 expected a step, found a list",
        ]
    );
}

#[derive(Debug)]
struct Even;

impl<'de> Deserialize<'de> for Even {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = u8::deserialize(deserializer)?;
        if number % 2 == 0 { Ok(Self) } else { Err(serde::de::Error::custom(format!("`{number}` is odd\nadd one"))) }
    }
}

#[test]
fn a_types_own_error_stands_at_its_value_with_its_help() {
    let mut out = Diagnostics::default();
    let node = read(FileId(0), "[2, 3]", &mut out).unwrap();
    let read = parse::<Vec<At<Even>>>(&node, &mut out).value.unwrap();
    assert_eq!(read.iter().map(|even| even.value.is_some()).collect::<Vec<_>>(), [true, false]);
    let found = out.sorted();
    assert_eq!(
        (found[0].code, found[0].message.as_str(), found[0].help.as_deref()),
        ("E024", "`3` is odd", Some("add one"))
    );
    assert_eq!((found[0].span.start, found[0].span.end), (4, 5));
}

#[test]
fn a_list_of_fixed_length_has_that_length() {
    let mut out = Diagnostics::default();
    let node = read(FileId(0), "[1, 2, 3]", &mut out).unwrap();
    assert!(parse::<(u8, u8)>(&node, &mut out).value.is_none());
    assert_eq!(out.sorted()[0].message, "expected a list of 2, found one of 3");
}

#[test]
fn the_schema_of_a_kind_has_what_stands_beside_it() {
    let steps = schemars::schema_for!(Workflow).to_value();
    let kinds = steps["$defs"]["Step"]["oneOf"].as_array().unwrap();
    let beside = |kind: &serde_json::Value| kind["properties"].as_object().map(|p| p.contains_key("next"));
    assert_eq!(kinds.iter().filter_map(beside).collect::<Vec<_>>(), [true, true]);
}
