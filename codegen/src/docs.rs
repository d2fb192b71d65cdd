//! Texts that are made from the compiler itself: the index of errors, and the schema of the language.

use crate::rules::rules;
use crate::syntax::Flow;
use std::fmt::Write;

/// `docs/errors.md`: every rule with its doc.
#[must_use]
pub fn error_index() -> String {
    let mut text = String::from(
        "<!-- Written by `cargo run -p codegen -- explain --markdown`. Do not edit. -->\n\n# Errors and warnings\n\n\
         Every diagnostic has a code. An `E` stops the compile; a `W` does not, and can be allowed in the spec with\n\
         a reason: `allow: { W100: \"why\" }`. `cargo run -p codegen -- explain CODE` prints one of these.\n\n\
         | code | |\n| --- | --- |\n",
    );
    let rules = rules();
    for rule in &rules {
        let _ = writeln!(text, "| [{}](#{}) | {} |", rule.code, rule.code.to_ascii_lowercase(), rule.title);
    }
    for rule in &rules {
        let title = rule.title;
        let _ = write!(
            text,
            "\n<a id=\"{}\"></a>\n\n## {}: {title}\n\n{}\n",
            rule.code.to_ascii_lowercase(),
            rule.code,
            rule.doc.trim()
        );
    }
    text
}

/// `spec/flow.schema.json`: what editors check and complete with while a spec is typed.
#[must_use]
pub fn flow_schema() -> String {
    let mut schema = schemars::generate::SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<Flow>();
    schema.insert("title".into(), "An Eventloom flow".into());
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}
