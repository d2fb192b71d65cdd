//! The flows that the documentation shows compile, without a warning; the tests that it names are there.

#![expect(clippy::unwrap_used, reason = "a test that fails should panic")]

use codegen::Input;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The documents with flows, from the repository's root, and how many each has at least.
const DOCUMENTS: [(&str, usize); 2] = [("docs/language.md", 5), ("README.md", 1)];

/// What opens a block that is a whole flow.
const OPENS: &str = "```yaml flow";

/// The whole flows of a document, each with the line on which it begins.
fn flows(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut inside: Option<(usize, String)> = None;
    for (line, text) in text.lines().enumerate() {
        match &mut inside {
            Some(_) if text == "```" => found.extend(inside.take()),
            Some((_, flow)) => {
                flow.push_str(text);
                flow.push('\n');
            }
            None if text == OPENS => inside = Some((line + 2, String::new())),
            None => {}
        }
    }
    assert!(inside.is_none(), "a block is not closed");
    found
}

#[test]
fn every_flow_that_is_shown_compiles() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut failures = Vec::new();
    for (document, least) in DOCUMENTS {
        let shown = flows(&fs::read_to_string(root.join(document)).unwrap());
        assert!(shown.len() >= least, "{document} has {} flows, {least} were expected", shown.len());
        for (line, flow) in shown {
            let templates = ["notice.html", "notice.txt", "unread.html", "unread.txt"];
            let compiled = codegen::compile(&Input {
                path: document.into(),
                bytes: flow.into_bytes(),
                templates: templates.map(str::to_owned).into(),
                ..Input::default()
            });
            if compiled.output.is_none() || !compiled.checked.diagnostics.is_empty() {
                let said = codegen::render::human(&compiled.checked.sources, &compiled.checked.diagnostics, false);
                failures.push(format!("{document}, from line {line}:\n{said}"));
            }
        }
    }
    assert!(failures.is_empty(), "{} flows fail\n\n{}", failures.len(), failures.join("\n"));
}

/// The names of all tests in the Rust files of a folder.
fn tests_in(folder: &Path, names: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if name != "target" && !name.starts_with('.') {
                tests_in(&path, names);
            }
        } else if name.ends_with(".rs") {
            let text = fs::read_to_string(&path).unwrap();
            let mut marked = false;
            for line in text.lines().map(str::trim) {
                if line == "#[test]" || line.starts_with("#[tokio::test") {
                    marked = true;
                } else if marked && !line.starts_with('#') {
                    let name =
                        line.trim_start_matches("async ").strip_prefix("fn ").and_then(|rest| rest.split('(').next());
                    names.extend(name.map(str::to_owned));
                    marked = false;
                }
            }
        }
    }
}

#[test]
fn every_test_that_the_security_page_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut there = BTreeSet::new();
    for folder in ["local", "tests", "handlers"] {
        tests_in(&root.join(folder), &mut there);
    }
    let page = fs::read_to_string(root.join("docs/local/security.md")).unwrap();
    let rows = page.lines().filter(|line| line.starts_with("| "));
    let named: Vec<&str> =
        rows.filter_map(|row| row.rsplit(" | ").next()).flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect();
    assert!(named.len() > 60, "the page names {} tests", named.len());
    let missing: Vec<&&str> = named.iter().filter(|name| !there.contains(**name)).collect();
    assert!(missing.is_empty(), "these tests are not there: {missing:#?}");
}

#[test]
fn the_index_of_errors_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/errors.md");
    let fresh = codegen::docs::error_index();
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, &fresh).unwrap();
    }
    assert!(
        fs::read_to_string(&path).unwrap() == fresh,
        "run with BLESS=1, or write it by `codegen -- explain --markdown`"
    );
}
