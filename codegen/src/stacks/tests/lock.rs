//! The lock as a file: what is written, and what is said of what cannot be read.

use super::*;

#[test]
fn a_lock_has_one_line_a_resource_and_is_read_back_as_it_was() {
    let stacks = partition(Input {
        resources: vec![table("T", "id", &["a"]), placed(queue("A", &[]), Layer::Messaging, "queue \"a\"", 1)],
        ..Input::default()
    });
    let lock = stacks.unwrap().lock;
    let text = lock.render();
    assert_eq!(
        text,
        r#"{
  "version": 1,
  "about": "Written by the compiler, and to be committed: it keeps every resource in its stack.",
  "resources": {
    "A": {"stack":"main","type":"AWS::SQS::Queue","owner":"queue \"a\""},
    "T": {"stack":"main","type":"AWS::DynamoDB::Table","owner":"table T","stateful":true,"identity":{"KeySchema":"id:S HASH","index a":"a:S HASH; ProjectionType: ALL"}}
  }
}
"#
    );
    assert_eq!(Lock::parse(&text).unwrap(), lock);
    assert_eq!(Lock::parse(&Lock::default().render()).unwrap(), Lock::default());
}

#[test]
fn former_names_are_read_back_as_they_were() {
    let mut lock = Lock::default();
    lock.renamed.insert("queues.alerts".into(), vec!["notify".into(), "news".into()]);
    lock.renamed.insert("tables.people".into(), vec!["members".into()]);
    assert!(lock.render().contains("    \"queues.alerts\": [\"notify\",\"news\"],\n"));
    assert_eq!(Lock::parse(&lock.render()).unwrap(), lock);
}

fn error(text: &str) -> String {
    Lock::parse(text).unwrap_err().to_string()
}

/// A lock of these lines.
fn lines(lines: &str) -> String {
    format!("{{\n\"version\": 1,\n\"resources\": {{\n{lines}\n}}}}")
}

const ENTRY: &str = r#"{"stack":"main","type":"T","owner":"o"}"#;

#[test]
fn marks_of_a_merge_are_named_by_their_line() {
    for mark in ["<<<<<<< HEAD", "=======", ">>>>>>> branch", "||||||| base"] {
        let said = error(&lines(&format!("{mark}\n\"A\": {ENTRY}")));
        assert_eq!(
            said,
            "line 4 is the mark of an unfinished merge; keep the lines of both sides and delete the marks"
        );
    }
}

#[test]
fn an_id_that_stands_twice_is_named() {
    let said = error(&lines(&format!("\"A\": {ENTRY},\n\"A\": {ENTRY}")));
    assert_eq!(said, "`A` is there twice; keep the line whose stack is deployed");
}

#[test]
fn what_is_no_lock_is_refused_with_its_place() {
    for text in ["", "[]", "null", "{", "{\"version\": \"1\"}", "{\"version\": 1}", "\u{0}", "{\"version\": -1}"] {
        let said = error(text);
        assert!(said.contains("line ") && said.ends_with("rather than mend it by hand"), "{text}: {said}");
    }
    assert!(error(&lines("\"A\": {\"stack\":\"main\"}")).contains("missing field `type`"));
    assert!(error(&lines("\"A\": {\"stak\":\"main\"}")).contains("unknown field `stak`"));
    assert!(error(&"[".repeat(100_000)).contains("line 1"));
}

#[test]
fn another_version_is_named() {
    assert_eq!(
        error("{\"version\": 2, \"stacks\": []}"),
        "its version is 2 and this compiler reads 1; use the compiler that wrote it"
    );
}

#[test]
fn hostile_ids_and_stacks_are_refused() {
    let entry = |stack: &str| ENTRY.replace("main", stack);
    for id in ["../x", "A-B", "", "Ü"] {
        assert_eq!(error(&lines(&format!("\"{id}\": {ENTRY}"))), format!("`{id}` is no logical id"));
    }
    for stack in [
        "",
        "other",
        "main-1",
        "main-0",
        "main-01",
        "main-99999",
        "main/",
        "main/x-1",
        "main/state",
        "main/state-0",
        "main/state-+1",
        "main/../x",
        "../main",
        "main/state-1/x",
        "main-2-3",
        "main-",
    ] {
        assert_eq!(
            error(&lines(&format!("\"A\": {}", entry(stack)))),
            format!("`A` is in the stack `{stack}`, and no stack has such a name")
        );
    }
}

#[test]
fn names_of_stacks_are_read_back_as_they_are_written() {
    for text in ["main", "main-2", "main-9999", "main/state-1", "main-12/wiring-40"] {
        assert_eq!(text.parse::<StackKey>().unwrap().to_string(), text);
    }
}

#[test]
fn a_lock_that_overfills_a_stack_is_an_error_and_no_panic() {
    let mut input = copies(4);
    let entry = Entry {
        stack: "main-7/wiring-9999".into(),
        kind: "x".into(),
        owner: "x".into(),
        ..partition(copies(1)).unwrap().lock.resources["Key"].clone()
    };
    let all = input.resources.iter().map(|placed| (placed.resource.id().to_string(), entry.clone())).collect();
    input.lock = Some(Lock { resources: all, ..Lock::default() });
    let error = partition(input).unwrap_err();
    assert!(error.to_string().contains("723 resources, and CloudFormation takes 500"), "{error}");
}
