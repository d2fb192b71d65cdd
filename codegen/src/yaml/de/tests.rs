//! A small grammar in the style of the flow's, and what is said of mistakes in it.

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
            "5:3 E017 [s] `from` is missing in a queue",
            "5:3 E017 [s] `to` is missing in a queue",
            "7:26 E018 [sesion] unknown kind `sesion` of a window; did you mean `session`?",
            "8:46 E016 [m] unknown key `m` in a session; known keys: `gap` or `at_most`",
            "8:63 E018 [soon] `soon` is not a first; a first is `now` or `later`",
            "9:1 E016 [bogus] unknown key `bogus` in a flow; known keys: `flow`, `queues`, `groupers` or `defaults`",
        ],
    );
}
