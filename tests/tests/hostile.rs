//! What is too large, too deep or no text: each is refused in the words that lie beside the reject cases, or compiles
//! within CloudFormation's limits. The inputs are made, by `xtask::hostile`; what they may cost is `cargo xtask bounds`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says why")]

use codegen::{Compiled, Input, compile};
use std::fs;
use std::path::{Path, PathBuf};
use xtask::hostile::{Beside, Hostile, all};

fn input(hostile: &Hostile) -> Input {
    let mut input = Input { path: "spec/flow.yaml".into(), bytes: hostile.spec.clone(), ..Input::default() };
    for (name, beside) in &hostile.beside {
        let file = match beside {
            Beside::File(bytes) => Ok(bytes.clone()),
            // As the command line says it, which follows none.
            Beside::Link(_) => Err("it is a link, and links are not followed".to_owned()),
        };
        input.files.insert((*name).to_owned(), file);
    }
    input
}

fn text_of(hostile: &Hostile) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("reject").join(format!("{}.txt", hostile.name))
}

/// The first lines: of what stands ten thousand times, the first says enough.
fn beginning(text: &str) -> String {
    const LINES: usize = 24;
    let mut lines: Vec<&str> = text.lines().take(LINES).collect();
    let last = text.lines().last().unwrap_or_default();
    if text.lines().count() > LINES {
        lines.extend(["…", last]);
    }
    lines.join("\n") + "\n"
}

fn bad(hostile: &Hostile, compiled: &Compiled, bless: bool) -> Option<String> {
    let checked = &compiled.checked;
    let name = hostile.name;
    if let Some(other) = checked.diagnostics.iter().find(|d| !hostile.codes.contains(&d.code)) {
        return Some(format!("{name}: {} was not expected: {}", other.code, other.message));
    }
    if let Some(missing) = hostile.codes.iter().find(|c| checked.diagnostics.iter().all(|d| d.code != **c)) {
        return Some(format!("{name}: {missing} was expected"));
    }
    let text = beginning(&codegen::render::human(&checked.sources, &checked.diagnostics, false));
    let beside = text_of(hostile);
    if bless {
        fs::write(&beside, &text).unwrap();
    } else if fs::read_to_string(&beside).ok().as_deref() != Some(text.as_str()) {
        return Some(format!("{name}: other words than in {}:\n{text}", beside.display()));
    }
    None
}

/// A right one is within the limits of one template.
fn good(hostile: &Hostile, compiled: &Compiled) -> Option<String> {
    let name = hostile.name;
    if let Some(said) = compiled.checked.diagnostics.first() {
        return Some(format!("{name}: {} was not expected: {}", said.code, said.message));
    }
    let Some(output) = &compiled.output else { return Some(format!("{name}: there is no output")) };
    // Every root, and what is nested in it.
    let is_template = |path: &str| path.starts_with("generated/template") || path.starts_with("generated/nested/");
    let templates = output.files.iter().filter(|f| is_template(&f.path));
    for template in templates {
        let json: serde_json::Value = serde_json::from_str(&template.text).unwrap();
        let resources = json.get("Resources").and_then(|r| r.as_object()).unwrap().len();
        if resources > 500 || template.text.len() > 1_000_000 {
            return Some(format!("{name}: {} has {resources} resources, {} bytes", template.path, template.text.len()));
        }
    }
    None
}

#[test]
fn what_is_hostile_is_refused_in_the_words_beside_the_cases_and_what_is_large_compiles() {
    let bless = std::env::var_os("BLESS").is_some();
    let mut failures = Vec::new();
    for hostile in all() {
        let compiled = compile(&input(&hostile));
        failures.extend(match hostile.codes {
            [] => good(&hostile, &compiled),
            _ => bad(&hostile, &compiled, bless),
        });
    }
    assert!(failures.is_empty(), "{} inputs fail\n\n{}", failures.len(), failures.join("\n\n"));
}
