//! Every spec under `reject/` has one mistake: the one whose code its name begins with. What is said of it stands
//! beside it, word by word; `BLESS=1` writes it anew. Inputs that are made and not kept are in `hostile.rs`.

mod cases;

use cases::{cases, said};
use std::collections::BTreeSet;
use std::fs;

/// Rules that checking a file cannot break, with what tests them in place of a case.
const WITHOUT_A_CASE: [(&str, &str); 4] = [
    ("E024", "no part of the language has a form that serde checks: tested in `yaml::de`"),
    ("E025", "no part of the language is a list of a fixed length: tested in `yaml::de`"),
    ("E057", "compares with the stack that was compiled before: tested in `stacks`"),
    ("W054", "looks for what was compiled before: tested in `codegen/tests/command.rs`"),
];

#[test]
fn every_mistake_is_said_in_the_words_beside_it() {
    let bless = std::env::var_os("BLESS").is_some();
    let mut failures = Vec::new();
    let found = cases("reject").unwrap();
    assert!(!found.is_empty(), "there are no cases");
    for case in found {
        let checked = codegen::compile(&case.input().unwrap()).checked;
        let code = case.name.split('_').next().unwrap_or_default();
        if checked.diagnostics.len() != 1 || checked.diagnostics[0].code != code {
            failures.push(format!("{}: one {code} was expected, but there is\n{}", case.name, said(&checked)));
            continue;
        }
        let text = codegen::render::human(&checked.sources, &checked.diagnostics, false);
        let beside = case.path.with_extension("txt");
        if bless {
            fs::write(&beside, &text).unwrap();
        } else if fs::read_to_string(&beside).ok().as_deref() != Some(text.as_str()) {
            failures.push(format!("{}: other words than in {}:\n{text}", case.name, beside.display()));
        }
    }
    assert!(failures.is_empty(), "{} cases fail\n\n{}", failures.len(), failures.join("\n\n"));
}

#[test]
fn every_rule_has_a_case() {
    let mut tried: BTreeSet<String> =
        cases("reject").unwrap().iter().map(|c| c.name.split('_').next().unwrap_or_default().to_owned()).collect();
    tried.extend(xtask::hostile::all().iter().flat_map(|h| h.codes).map(|code| (*code).to_owned()));
    let excused: BTreeSet<&str> = WITHOUT_A_CASE.iter().map(|(code, _)| *code).collect();
    let all: Vec<_> = codegen::rules::rules();
    let without: Vec<String> = all
        .iter()
        .filter(|r| !tried.contains(r.code) && !excused.contains(r.code))
        .map(|r| format!("{}: {}", r.code, r.title))
        .collect();
    assert!(without.is_empty(), "{} rules have no case under reject/\n{}", without.len(), without.join("\n"));
    let known: BTreeSet<&str> = all.iter().map(|r| r.code).collect();
    let strays: Vec<&&str> = excused.iter().filter(|c| !known.contains(**c) || tried.contains(**c)).collect();
    assert!(strays.is_empty(), "excused for nothing: {strays:?}");
}

#[test]
fn every_text_lies_beside_a_case() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("reject");
    let made: Vec<&str> = xtask::hostile::all().iter().map(|h| h.name).collect();
    let lonely: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.extension().is_some_and(|e| e == "txt") && !p.with_extension("yaml").exists())
        .filter(|p| made.iter().all(|name| p.file_stem().is_some_and(|stem| stem != *name)))
        .map(|p| p.display().to_string())
        .collect();
    assert!(lonely.is_empty(), "{lonely:?}");
}
