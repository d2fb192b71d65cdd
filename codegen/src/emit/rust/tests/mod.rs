//! Everi's crate is printed as it stands in the tree; a flow with every construct, hostile texts and names that
//! meet is printed as rustfmt would have it.

use super::{docs, files, skeletons, text};
use crate::emit::File;
use crate::plan::Plan;
use crate::{
    Input, check,
    diagnostic::{Diagnostics, Severity},
    lower::lower,
};
use std::io::Write;
use std::process::{Command, Stdio};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
const SHOP: &str = include_str!("shop.yaml");

fn plan(path: &str, bytes: &[u8]) -> Plan {
    let templates = ["notice.html", "notice.txt", "unread.html", "unread.txt"].map(str::to_owned).into();
    let input = Input { path: path.into(), bytes: bytes.to_vec(), templates, ..Input::default() };
    let checked = check(&input);
    let wrong: Vec<_> = checked.diagnostics.iter().filter(|d| d.severity == Severity::Error).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    let (flow, facts) = checked.flow.unwrap();
    lower(&flow, &facts, path, &mut Diagnostics::default())
}

fn everi() -> Plan {
    plan("spec/everi.yaml", &std::fs::read(format!("{ROOT}/spec/everi.yaml")).unwrap())
}

fn shop() -> Plan {
    plan("spec/shop.yaml", SHOP.as_bytes())
}

fn find(files: &[File], path: &str) -> String {
    files.iter().find(|f| f.path == path).unwrap().text.clone()
}

/// What rustfmt would change.
fn unformatted(text: &str) -> String {
    let mut rustfmt = Command::new("rustfmt")
        .args(["--check", "--color=never", "--edition=2024", "--config-path", ROOT])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    rustfmt.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = rustfmt.wait_with_output().unwrap();
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn everis_crate_is_the_one_in_the_tree() {
    for file in files(&everi()) {
        let there = std::fs::read_to_string(format!("{ROOT}/{}", file.path)).unwrap_or_default();
        assert!(file.text == there, "{} is stale: run `cargo run -p codegen`", file.path);
    }
}

#[test]
fn what_is_printed_is_as_rustfmt_has_it() {
    for plan in [everi(), shop()] {
        let skeletons = skeletons(&plan).into_iter().map(|s| File { path: s.path, text: s.text });
        let rust = files(&plan).into_iter().filter(|file| file.path.ends_with(".rs"));
        for file in rust.chain(skeletons) {
            assert_eq!(unformatted(&file.text), "", "{} of {}", file.path, plan.name);
        }
    }
}

#[test]
fn the_same_plan_gives_the_same_bytes() {
    assert_eq!(files(&shop()), files(&shop()));
}

#[test]
fn a_skeleton_names_the_event_and_refuses_to_work() {
    let found = skeletons(&everi());
    let one = found.iter().find(|s| s.handler == "find_commenters").unwrap();
    assert_eq!(
        (one.path.as_str(), one.mod_line.as_str()),
        ("handlers/src/find_commenters.rs", "pub mod find_commenters;")
    );
    assert!(
        one.text.contains("_event: UpdateCommented) -> Result<Vec<UserId>, Error> {\n        Err(Error::not_written(")
    );
}

#[test]
fn a_name_that_the_module_needs_itself_is_imported_under_another() {
    let files = files(&shop());
    let handlers = find(&files, "generated/src/handlers.rs");
    assert!(handlers.contains("Message as RuntimeMessage") && handlers.contains("pub trait Message {"));
    assert!(find(&files, "generated/src/outbox.rs").contains("use crate::events::{Order as FlowOrder, "));
    assert!(find(&files, "generated/src/types.rs").contains("pub struct When(RuntimeTimestamp);"));
    assert!(!find(&files, "generated/src/lib.rs").contains(" Timestamp,"));
}

#[test]
fn a_later_step_gets_the_events_fields_and_what_was_added() {
    let handlers = find(&files(&shop()), "generated/src/handlers.rs");
    let input = handlers.split("pub struct InvoiceInput {").nth(1).unwrap().split('}').next().unwrap();
    let fields: Vec<&str> = input.lines().filter_map(|l| l.trim().strip_prefix("pub ")?.split(':').next()).collect();
    let event = ["card", "conversation", "order_total", "paid", "payer", "payment"];
    assert_eq!(fields, [&event[..], &["cents", "lines", "parcel", "size"]].concat());
}

#[test]
fn what_a_workflow_sends_to_a_queue_is_a_message_of_its_event() {
    let files = files(&shop());
    let handlers = find(&files, "generated/src/handlers.rs");
    let message = handlers.split("impl RuntimeMessage for PrintInput {").nth(1).unwrap();
    assert!(message.trim_start().starts_with("const TYPES: &'static [&'static str] = &[OrderPaid::TYPE];"));
    let dispatch = find(&files, "generated/src/dispatch.rs");
    assert!(dispatch.contains("(\"printing\", Start::Ready),"));
    assert!(dispatch.contains("(\"any_printing\", Start::Absent(\"workflow of several events\")),"));
}

#[test]
fn a_function_is_ready_where_its_handler_is_all_of_its_work() {
    let dispatch = find(&files(&shop()), "generated/src/dispatch.rs");
    assert!(dispatch.contains("(\"shipping\", Start::Ready),") && dispatch.contains("(\"invoice\", Start::Ready),"));
    assert!(dispatch.contains("(\"billing_in\", Start::Ready),"));
    assert!(dispatch.contains("(\"price_any\", Start::Absent(\"workflow of several events\")),"));
}

#[test]
fn personal_data_is_hidden_by_its_type() {
    let files = files(&shop());
    let (events, types) = (find(&files, "generated/src/events.rs"), find(&files, "generated/src/types.rs"));
    assert!(types.contains("runtime::pii! {\n    /// The type `Address` of the flow `shop`.\n"));
    assert!(types.contains("pub type Secrets = Pii<Vec<String>>;") && types.contains("pub name: Pii<String>,"));
    for field in
        ["buyer: Pii<UserId>", "mood: Pii<Mood>", "address: Address", "card: OrderPlacedCard", "phone: Option<Phone>"]
    {
        assert!(events.contains(&format!("    pub {field},\n")), "{field}");
    }
    assert!(events.contains("runtime::pii! {\n    /// The field `card` of an `OrderPlaced`.\n"));
}

#[test]
fn a_flow_without_ready_functions_reads_no_event() {
    let mut plan = shop();
    plan.functions.retain(|f| f.waits_for().is_some());
    let dispatch = find(&files(&plan), "generated/src/dispatch.rs");
    assert!(dispatch.contains("_event: LambdaEvent<Value>") && !dispatch.contains("Invocation"));
    assert_eq!(unformatted(&dispatch), "");
}

#[test]
fn a_flow_without_an_outbox_has_no_writer() {
    let mut plan = everi();
    plan.outboxes.clear();
    let files = files(&plan);
    assert!(files.iter().all(|f| f.path != "generated/src/outbox.rs"));
    assert!(!find(&files, "generated/src/lib.rs").contains("outbox"));
}

#[test]
fn a_hostile_text_is_one_inert_line() {
    let said = |text: &str| docs::said(Some(text)).unwrap_or_default();
    let lines = [
        ("two\n\nlines\r\n/// #[x]", "two lines /// #\\[x]"),
        ("*/ fn main() {} /*", "*/ fn main() {} /*"),
        ("see [`Vec`](x) and [y]", "see \\[`Vec`](x) and \\[y]"),
        ("<script>a</script>", "\\<script>a\\</script>"),
        ("# title", "\\# title"),
        ("```rust", "\\`\\`\\`rust"),
        ("~~~", "\\~\\~\\~"),
        ("a `b[0]` c` d", "a `b[0]` c\\` d"),
        ("(https://a.example/b_[c], http://)", "(<https://a.example/b_[c>], http://)"),
        ("right\u{202e}left\u{200b}\u{1b}[31m", "right left \\[31m"),
        ("back\\slash", "back\\\\slash"),
        (" \t\n\u{feff}", ""),
    ];
    for (text, line) in lines {
        assert_eq!(said(text), line);
    }
}

#[test]
fn a_literal_is_one_token() {
    assert_eq!(text::literal("a\"b\\c\n'\u{202e}\0é"), "\"a\\\"b\\\\c\\n'\\u{202e}\\0é\"");
}

#[test]
fn a_header_stays_one_comment() {
    let mut plan = everi();
    plan.spec = "spec/a\nfn main() {}.yaml".into();
    let header = "Generated by `cargo run -p codegen` from `spec/a fn main() {}.yaml`. ";
    for file in files(&plan) {
        let sign = if file.path.ends_with(".toml") { "#" } else { "//" };
        assert!(file.text.starts_with(&format!("{sign} {header}")), "{}", file.path);
    }
}

#[test]
fn every_value_of_an_enum_has_a_variant_of_its_own() {
    let values = ["in-transit", "InTransit", "1", "", "é", "Self", "a b", "aB"].map(str::to_owned);
    let made = ["InTransit", "InTransit2", "V1", "Value4", "Value5", "SelfValue", "AB", "AB2"];
    assert_eq!(text::variants(&values), made);
}

#[test]
fn lists_are_ordered_by_their_numbers() {
    let mut names = ["Event10", "Event2", "FUNCTIONS", "dispatch", "Event"];
    names.sort_by(|a, b| text::version_order(a, b));
    assert_eq!(names, ["Event", "Event2", "Event10", "FUNCTIONS", "dispatch"]);
}
