//! A small grammar in the style of the flow's, and what is said of mistakes in it.

mod kinded;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use super::parse;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::{FileId, SourceMap};
use crate::yaml::{At, Forms, Literal, Never, read};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Flow {
    flow: At<String>,
    #[serde(default)]
    queues: IndexMap<At<String>, At<Queue>>,
    #[serde(default)]
    groupers: IndexMap<At<String>, At<Grouper>>,
    defaults: Option<At<Literal>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Queue {
    from: At<String>,
    to: At<Forms<At<String>, Vec<At<String>>, Never>>,
    #[serde(default)]
    events: Vec<At<String>>,
    batch: Option<At<u8>>,
    rate: Option<At<f64>>,
    fifo: Option<At<bool>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Grouper {
    key: At<Forms<At<String>, Never, At<Lookup>>>,
    window: At<Window>,
    first: Option<At<First>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Lookup {
    table: At<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Window {
    Session { gap: At<String>, at_most: Option<At<String>> },
    Count(At<u32>),
    Forever,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum First {
    Now,
    Later,
}

fn all(text: &str) -> (Option<Flow>, Vec<Diagnostic>) {
    let mut out = Diagnostics::default();
    let node = read(FileId(0), text, &mut out).unwrap();
    let flow = parse::<Flow>(&node, &mut out);
    (flow.value, out.sorted())
}

/// Every diagnostic of a text as `line:column code text: message; help`.
fn said(text: &str) -> Vec<String> {
    let mut map = SourceMap::default();
    map.add("flow.yaml", text);
    let lines = all(text).1.into_iter().map(|d| {
        let (line, column) = map.line_column(d.span);
        let help = d.help.map(|help| format!("; {help}")).unwrap_or_default();
        format!("{line}:{column} {} [{}] {}{help}", d.code, map.text(d.span), d.message)
    });
    lines.collect()
}

#[track_caller]
fn says(text: &str, expected: &[&str]) {
    assert_eq!(said(text), expected);
}

const GOOD: &str = "flow: everi
queues:
  notify: { from: activity, to: notices, events: [A, B], batch: 10, rate: 2.5, fifo: true }
  count: { from: activity, to: [a, b] }
groupers:
  notices: { key: \"{target}\", window: { session: { gap: 30s } }, first: now }
  unread: { key: { table: t }, window: { count: 3 } }
  ever: { key: k, window: forever }
defaults: { a: 1, b: [true, ~, 2.50, x, \"1\"] }
";

#[test]
fn a_right_file_is_read_without_a_word() {
    let (flow, found) = all(GOOD);
    assert_eq!(found, []);
    let flow = flow.unwrap();
    assert_eq!(flow.flow.as_str(), Some("everi"));
    let names: Vec<_> = flow.queues.keys().filter_map(At::as_str).collect();
    assert_eq!(names, ["notify", "count"]);
    let queues: Vec<&Queue> = flow.queues.values().filter_map(At::get).collect();
    assert_eq!(queues[0].from.as_str(), Some("activity"));
    assert_eq!(queues[0].batch.unwrap().value, Some(10));
    assert_eq!(queues[0].rate.unwrap().value, Some(2.5));
    assert_eq!(queues[0].fifo.unwrap().value, Some(true));
    assert_eq!(queues[0].events.iter().filter_map(At::as_str).collect::<Vec<_>>(), ["A", "B"]);
    assert!(matches!(queues[0].to.get(), Some(Forms::Text(to)) if to.as_str() == Some("notices")));
    assert!(matches!(queues[1].to.get(), Some(Forms::List(to)) if to.len() == 2));
    let groupers: Vec<&Grouper> = flow.groupers.values().filter_map(At::get).collect();
    assert!(matches!(groupers[0].key.get(), Some(Forms::Text(key)) if key.as_str() == Some("{target}")));
    assert!(
        matches!(groupers[0].window.get(), Some(Window::Session { at_most: None, gap }) if gap.as_str() == Some("30s"))
    );
    assert!(matches!(groupers[0].first.as_ref().and_then(At::get), Some(First::Now)));
    assert!(matches!(groupers[1].window.get(), Some(Window::Count(At { value: Some(3), .. }))));
    let Some(Forms::Map(lookup)) = groupers[1].key.get() else { panic!("a lookup") };
    assert_eq!(lookup.get().unwrap().table.as_str(), Some("t"));
    assert!(matches!(groupers[2].window.get(), Some(Window::Forever)));
    let Some(Literal::Map(defaults)) = flow.defaults.as_ref().and_then(At::get) else { panic!("a map") };
    let values: Vec<_> = defaults.values().filter_map(At::get).collect();
    assert_eq!(*values[0], Literal::Int(1));
    let Literal::List(items) = values[1] else { panic!("a list") };
    let items: Vec<_> = items.iter().filter_map(At::get).cloned().collect();
    let text = |text: &str| Literal::Text(text.to_owned());
    assert_eq!(items, [Literal::Bool(true), Literal::Null, Literal::Float("2.50".to_owned()), text("x"), text("1")]);
}

#[test]
fn places_are_those_of_the_values() {
    let text = "flow: é\nqueues:\n  漢: { from: ü, to: [x] }\n";
    let mut map = SourceMap::default();
    map.add("f", text);
    let flow = all(text).0.unwrap();
    let (name, queue) = flow.queues.first().unwrap();
    assert_eq!(map.text(name.span), "漢");
    assert_eq!(map.text(queue.span), "{ from: ü, to: [x] }");
    assert_eq!(map.text(queue.get().unwrap().from.span), "ü");
    assert_eq!(map.text(queue.get().unwrap().to.span), "[x]");
}

#[test]
fn every_mistake_of_a_file_is_reported_at_its_place() {
    says(
        "flow: [x]
queues:
  q: { form: x, to: z, batch: ten }
  r: { from: [a], to: {}, evnts: [], batch: 256 }
  s: {}
groupers:
  g: { key: k, window: { sesion: { gap: 1s } } }
  h: { key: k, window: { session: { gap: 1s, m: 1 } }, first: soon }
bogus: 1
",
        &[
            "1:7 E015 [[x]] expected text, found a list",
            "3:8 E016 [form] unknown key `form` in a queue; did you mean `from`?",
            "3:31 E021 [ten] expected a whole number from 0 to 255, found `ten`",
            "4:14 E015 [[a]] expected text, found a list",
            "4:23 E015 [{}] expected text or a list, found a map",
            "4:27 E016 [evnts] unknown key `evnts` in a queue; did you mean `events`?",
            "4:45 E021 [256] expected a whole number from 0 to 255, found `256`",
            "5:3 E017 [s] `from` is missing in a queue; such as `index: { from: activity, handler: index_order }`",
            "5:3 E017 [s] `to` is missing in a queue; such as `index: { from: activity, handler: index_order }`",
            "7:26 E018 [sesion] unknown kind `sesion` of a window; did you mean `session`?",
            "8:46 E016 [m] unknown key `m` in a session; known keys: `gap` or `at_most`",
            "8:63 E018 [soon] `soon` is not a first; a first is `now` or `later`",
            "9:1 E016 [bogus] unknown key `bogus` in a flow; known keys: `flow`, `queues`, `groupers` or `defaults`",
        ],
    );
}

#[test]
fn a_placeholder_without_quotes_is_told_what_to_write() {
    let text = "flow: {name}\ngroupers:\n  a: { key: {target}, window: forever }\n  b: { key: k, window: { session: { gap: {gap} } } }\n";
    says(
        text,
        &[
            "1:7 E006 [{name}] expected text, found a map; quote it: `\"{name}\"`",
            "3:13 E006 [{target}] expected text, found a map; quote it: `\"{target}\"`",
            "4:42 E006 [{gap}] expected text, found a map; quote it: `\"{gap}\"`",
        ],
    );
}

#[test]
fn the_shapes_that_are_accepted_are_told() {
    says(
        "flow: f\nqueues: { q: { from: a, to: { b: c } }, r: { from: a, to: } }\ngroupers: { g: { key: [k], window: [w] } }\n",
        &[
            "2:29 E015 [{ b: c }] expected text or a list, found a map",
            "2:55 E023 [to] expected text or a list, found nothing; give it a value, or leave the key out",
            "3:23 E015 [[k]] expected text or a map, found a list",
            "3:36 E015 [[w]] expected a window, found a list",
        ],
    );
}

#[test]
fn a_mistake_inside_a_shape_keeps_its_place() {
    says(
        "flow: f\nqueues: { q: { from: a, to: [b, [c]] } }\ngroupers: { g: { key: { tabel: t }, window: forever } }\n",
        &[
            "2:33 E015 [[c]] expected text, found a list",
            "3:25 E016 [tabel] unknown key `tabel` in a lookup; did you mean `table`?",
        ],
    );
}

#[test]
fn a_kind_is_the_single_key_of_its_object() {
    let with = |window: &str| format!("flow: f\ngroupers: {{ g: {{ key: k, window: {window} }} }}\n");
    let known = "write one of `session`, `count` or `forever`";
    for (window, expected) in [
        ("{}", format!("2:26 E019 [window] a window has a single key, its kind; {known}")),
        ("", "2:26 E023 [window] expected a window, found nothing; give it a value, or leave the key out".to_owned()),
        ("{ a: 1, b: 2 }", format!("2:26 E019 [window] a window has a single key, its kind; {known}")),
        (
            "{ count: 1, session: { gap: 1s } }",
            "2:46 E020 [session] a window has one kind; here are `count` and `session`; \
             a kind is the single key of its object; its settings stand inside"
                .to_owned(),
        ),
        (
            "{ session: { gap: 1s }, at_most: 2s }",
            "2:58 E020 [at_most] unknown key `at_most` beside the kind `session` of a window; \
             a kind is the single key of its object; its settings stand inside"
                .to_owned(),
        ),
        ("evr", "2:34 E018 [evr] `evr` is not a window; a window is `session`, `count` or `forever`".to_owned()),
        ("foreve", "2:34 E018 [foreve] `foreve` is not a window; did you mean `forever`?".to_owned()),
        ("session", "2:34 E015 [session] a session needs its settings; write `{ session: … }`".to_owned()),
        (
            "{ forever: 1 }",
            "2:36 E015 [forever] `forever` is a word of its own and has no settings; write `forever` without braces"
                .to_owned(),
        ),
        ("{ count: many }", "2:43 E021 [many] expected a whole number from 0 to 4294967295, found `many`".to_owned()),
        (
            "{ session: }",
            "2:36 E023 [session] expected a map (a session), found nothing; give it a value, or leave the key out"
                .to_owned(),
        ),
    ] {
        assert_eq!(said(&with(window)), [expected], "{window}");
    }
}

#[test]
fn numbers_and_booleans_are_strict() {
    let with = |setting: &str| format!("flow: f\nqueues: {{ q: {{ from: a, to: b, {setting} }} }}\n");
    for (setting, expected) in [
        ("batch: 300", "E021 [300] expected a whole number from 0 to 255, found `300`"),
        ("batch: -1", "E021 [-1] expected a whole number from 0 to 255, found `-1`"),
        ("batch: 1.0", "E021 [1.0] expected a whole number from 0 to 255, found `1.0`"),
        ("batch: 010", "E021 [010] expected a whole number from 0 to 255, found `010`"),
        ("batch: 1_0", "E021 [1_0] expected a whole number from 0 to 255, found `1_0`; write `10`"),
        (
            "batch: \"1\"",
            "E021 [\"1\"] expected a whole number from 0 to 255, found the text `1`; a number has no quotes",
        ),
        (
            "batch: 99999999999999999999999999999999999999999",
            "E021 [99999999999999999999999999999999999999999] expected a whole number from 0 to 255, found `9999999999999999999999999999999999999999…`",
        ),
        ("batch: [1]", "E015 [[1]] expected a whole number from 0 to 255, found a list"),
        ("rate: 1e999", "E021 [1e999] `1e999` is too large for a number; quote it if it is text"),
        ("rate: 1e-999", "E021 [1e-999] `1e-999` is too small for a number; quote it if it is text"),
        ("rate: .nan", "E021 [.nan] expected a number, found `.nan`"),
        ("rate: 1/s", "E021 [1/s] expected a number, found `1/s`"),
        ("fifo: yes", "E022 [yes] expected true or false, found `yes`; write `true`"),
        ("fifo: \"false\"", "E022 [\"false\"] expected true or false, found the text `false`; write `false`"),
        ("fifo: 1", "E022 [1] expected true or false, found `1`; write `true` or `false`"),
        ("fifo: {}", "E015 [{}] expected true or false, found a map"),
    ] {
        let column = 33 + setting.find(' ').unwrap();
        assert_eq!(said(&with(setting)), [format!("2:{column} {expected}")]);
    }
}

#[test]
fn text_that_other_tools_read_otherwise_is_warned_of() {
    says(
        "flow: 22:30\nqueues: { on: { from: \"no\", to: [yes, 42, no reply] } }\n",
        &[
            "1:7 W002 [22:30] `22:30` is text here, but other YAML tools read a number; quote it: `\"22:30\"`",
            "2:11 W002 [on] `on` is text here, but other YAML tools read a boolean; quote it: `\"on\"`",
            "2:34 W002 [yes] `yes` is text here, but other YAML tools read a boolean; quote it: `\"yes\"`",
            "2:39 W002 [42] `42` is text here, but other YAML tools read a number; quote it: `\"42\"`",
        ],
    );
}

#[test]
fn a_key_that_was_meant_is_not_missed() {
    says(
        "flow: f\nqueues: { q: { topic: a, ot: b } }\n",
        &[
            "2:16 E016 [topic] unknown key `topic` in a queue; did you mean `from`?",
            "2:26 E016 [ot] unknown key `ot` in a queue; did you mean `to`?",
        ],
    );
}

#[test]
fn a_key_made_by_a_comma_is_explained() {
    says(
        "flow: f\nqueues: { q: { from: a, to: hello, world } }\n",
        &[
            "2:36 E016 [world] unknown key `world` in a queue; if it belongs to the text before the comma, quote that text",
        ],
    );
}

#[test]
fn what_was_refused_before_is_passed_over_in_silence() {
    let text = "flow: *x\nqueues: { q: { from: !t a, to: &y [b], batch: !t 1, events: [*x], rate: *x, fifo: *x } }\ngroupers: { g: { key: *x, window: *x } }\ndefaults: [*x]\n";
    let marks = text.matches(['*', '!', '&']).count();
    let found = all(&text.replace("*x", "!x y")).1;
    assert_eq!(found.len(), marks);
    assert!(found.iter().all(|d| d.code == "E009" || d.code == "E008"));
}

#[test]
fn data_is_read_as_json_would() {
    let of = |text: &str| {
        let (flow, found) = all(&format!("flow: f\ndefaults: {text}\n"));
        let messages: Vec<_> = found.into_iter().map(|d| d.message).collect();
        (flow.unwrap().defaults.unwrap().value, messages.join("; "))
    };
    let text = |text: &str| Some(Literal::Text(text.to_owned()));
    for (written, read) in [
        ("null", Some(Literal::Null)),
        ("~", Some(Literal::Null)),
        ("true", Some(Literal::Bool(true))),
        ("-3", Some(Literal::Int(-3))),
        ("18446744073709551615", Some(Literal::Int(u64::MAX.into()))),
        ("2.50", Some(Literal::Float("2.50".to_owned()))),
        ("1e3", Some(Literal::Float("1e3".to_owned()))),
        ("paid", text("paid")),
        ("\"true\"", text("true")),
        ("'1e999'", text("1e999")),
        ("1.2.3", text("1.2.3")),
    ] {
        assert_eq!(of(written), (read, String::new()), "{written}");
    }
    for (written, message) in [
        ("18446744073709551617", "`18446744073709551617` is too large for a number"),
        ("-9223372036854775809", "`-9223372036854775809` is too large for a number"),
        ("1e999", "`1e999` is too large for a number"),
        ("1e-999", "`1e-999` is too small for a number"),
        (".nan", "`.nan` is not a number that can be held"),
        ("-.INF", "`-.INF` is not a number that can be held"),
        ("NaN", "`NaN` is not a number that can be held"),
    ] {
        assert_eq!(of(written), (None, message.to_owned()), "{written}");
    }
    let (value, message) = of("yes");
    assert_eq!((value, message.as_str()), (text("yes"), "`yes` is text here, but other YAML tools read a boolean"));
}

#[test]
fn the_schema_is_that_of_the_values() {
    let schema = schemars::schema_for!(Flow).to_value();
    let queue = &schema["$defs"]["Queue"]["properties"];
    assert_eq!(queue["from"], serde_json::json!({ "type": "string" }));
    assert_eq!(
        queue["to"],
        serde_json::json!({ "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }] })
    );
    assert_eq!(schema["$defs"]["Queue"]["required"], serde_json::json!(["from", "to"]));
    assert_eq!(schema["properties"]["queues"]["additionalProperties"], serde_json::json!({ "$ref": "#/$defs/Queue" }));
    assert_eq!(schema["properties"]["defaults"], serde_json::json!(true));
}
