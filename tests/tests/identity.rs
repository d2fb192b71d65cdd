//! Nothing moves: what an edit of the spec does to a stack that is deployed.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on says why")]

use codegen::{Input, Output, compile};
use tests::everi;

fn spec() -> String {
    String::from_utf8(everi().bytes).unwrap()
}

fn lock(output: &Output) -> String {
    output.files.iter().find(|f| f.path == "spec/stacks.lock.json").unwrap().text.clone()
}

fn compiled(spec: &str, lock: Option<String>) -> Output {
    let compiled = compile(&Input { bytes: spec.into(), lock, ..everi() });
    let found = codegen::render::human(&compiled.checked.sources, &compiled.checked.diagnostics, false);
    compiled.output.unwrap_or_else(|| panic!("does not compile:\n{found}"))
}

/// What is found when an edit of the spec meets the lock of the spec as it was.
fn codes(spec: &str) -> Vec<&'static str> {
    let lock = lock(&compiled(&self::spec(), None));
    let compiled = compile(&Input { bytes: spec.into(), lock: Some(lock), ..everi() });
    compiled.checked.diagnostics.iter().map(|d| d.code).collect()
}

fn edited(from: &str, to: &str) -> String {
    let spec = spec();
    assert!(spec.contains(from), "the spec has `{from}`");
    spec.replace(from, to)
}

const QUEUE: &str = "\nqueues:\n";

#[test]
fn a_queue_that_is_added_moves_and_renames_nothing() {
    let before = compiled(&spec(), None);
    let added = edited(QUEUE, "\nqueues:\n  audit: { from: activity, events: [UpdateShared], to: update_count }\n");
    let after = compiled(&added, Some(lock(&before)));
    assert!(after.changes.removed.is_empty() && after.changes.replaced.is_empty(), "{:?}", after.changes);
    assert!(!after.changes.added.is_empty() && after.changes.added.iter().all(|n| n.owner.contains("audit")));
    let (old, new) = (lock(&before), lock(&after));
    for line in old.lines().filter(|l| l.contains("\"AWS::")) {
        assert!(new.contains(line.trim_end_matches(',')), "moved: {line}");
    }
}

#[test]
fn a_queue_that_is_renamed_with_its_former_name_replaces_nothing() {
    let before = compiled(&spec(), None);
    let renamed =
        edited("  notify:\n    from: activity\n", "  alerts:\n    renamed_from: notify\n    from: activity\n");
    let after = compiled(&renamed, Some(lock(&before)));
    assert!(after.changes.removed.is_empty(), "{:?}", after.changes.removed);
    assert!(after.changes.replaced.is_empty(), "{:?}", after.changes.replaced);
    assert!(after.changes.added.is_empty(), "{:?}", after.changes.added);
}

#[test]
fn a_queue_that_is_renamed_without_its_former_name_is_another() {
    let before = compiled(&spec(), None);
    let renamed = edited("  notify:\n    from: activity\n", "  alerts:\n    from: activity\n");
    let after = compiled(&renamed, Some(lock(&before)));
    assert!(after.changes.removed.iter().any(|n| n.id == "NotifyQueue"));
    assert!(after.changes.added.iter().any(|n| n.id == "AlertsQueue"));
}

/// What is said of a spec after one compile, in codes and in words.
fn said(spec: &str, lock: &str) -> (Vec<&'static str>, String) {
    let compiled = compile(&Input { bytes: spec.into(), lock: Some(lock.into()), ..everi() });
    let found = &compiled.checked;
    let words = codegen::render::human(&found.sources, &found.diagnostics, false);
    (found.diagnostics.iter().map(|d| d.code).collect(), words)
}

const NOTIFY: &str = "  notify:\n    from: activity\n";

#[test]
fn a_rename_is_remembered_when_its_line_is_gone_and_through_a_second_rename() {
    let before = compiled(&spec(), None);
    let renamed = edited(NOTIFY, "  alerts:\n    renamed_from: notify\n    from: activity\n");
    let after = compiled(&renamed, Some(lock(&before)));
    let without = compiled(&edited(NOTIFY, "  alerts:\n    from: activity\n"), Some(lock(&after)));
    assert_eq!(lock(&without), lock(&after));
    for former in ["alerts", "notify"] {
        let twice = edited(NOTIFY, &format!("  pings:\n    renamed_from: {former}\n    from: activity\n"));
        let twice = compiled(&twice, Some(lock(&without)));
        assert!(twice.changes.removed.is_empty() && twice.changes.added.is_empty(), "{:?}", twice.changes);
        let end = compiled(&edited(NOTIFY, "  pings:\n    from: activity\n"), Some(lock(&twice)));
        assert!(end.changes.removed.is_empty() && end.changes.added.is_empty(), "{:?}", end.changes);
    }
}

#[test]
fn the_former_name_of_a_renamed_thing_cannot_be_given_to_another() {
    let renamed = edited(NOTIFY, "  alerts:\n    renamed_from: notify\n    from: activity\n");
    let lock = lock(&compiled(&renamed, Some(lock(&compiled(&spec(), None)))));
    let both =
        "  notify: { from: activity, events: [UpdateShared], to: update_count }\n  alerts:\n    from: activity\n";
    let (codes, words) = said(&edited(NOTIFY, both), &lock);
    assert!(!codes.is_empty() && codes.iter().all(|c| *c == "E058"), "{words}");
}

#[test]
fn a_former_name_that_the_lock_does_not_know_is_refused() {
    let lock = lock(&compiled(&spec(), None));
    let (codes, words) = said(&edited(NOTIFY, "  alerts:\n    renamed_from: notfy\n    from: activity\n"), &lock);
    assert_eq!(codes, ["E052"]);
    assert!(
        words.contains("the stack has no `notfy` under `queues`") && words.contains("did you mean `notify`?"),
        "{words}"
    );
    let (codes, words) = said(&edited(NOTIFY, "  notify:\n    renamed_from: nope\n    from: activity\n"), &lock);
    assert_eq!(codes, ["E052"]);
    assert!(words.contains("`notify` is in the stack already, and never was `nope`"), "{words}");
}

#[test]
fn another_key_of_a_table_is_refused() {
    let changed = edited("members:       { key: user_id,", "members:       { key: name,");
    assert!(codes(&changed).contains(&"E057"), "{:?}", codes(&changed));
}

#[test]
fn another_key_of_a_table_is_taken_with_a_reason() {
    let changed = edited(
        "group_members: { key: group, sort: member,",
        "group_members: { key: member, sort: group, allow_replace: \"moved by the script of 3 May\",",
    );
    assert!(!codes(&changed).contains(&"E057"), "{:?}", codes(&changed));
}

#[test]
fn another_type_of_topic_is_refused() {
    let changed = edited("messages: { carries: [MessageSent] }", "messages: { carries: [MessageSent], fifo: true }");
    assert!(codes(&changed).contains(&"E057"), "{:?}", codes(&changed));
}

#[test]
fn a_damaged_lock_is_refused() {
    let compiled = compile(&Input { lock: Some("<<<<<<< ours\n{}\n".into()), ..everi() });
    assert!(compiled.output.is_none());
    assert_eq!(compiled.checked.diagnostics.iter().map(|d| d.code).collect::<Vec<_>>(), ["E054"]);
}
