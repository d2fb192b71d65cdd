//! E123: a workflow's definition is too large.

use super::{Check, Rule, words};
use crate::aws::limits::STATES_DEFINITION_BYTES;
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// A workflow's definition is too large.
pub(crate) const RULE: Rule = Rule {
    code: "E123",
    title: "a workflow's definition is too large",
    doc: r#"
Step Functions takes definitions of up to 1 MiB. A step is some hundreds of bytes of it, and more with its retries and
catches, so that this is thousands of steps. Cut the workflow in two: the last step of the first sends to the second.

```yaml
- rest: { send: second_half }
```

Source: AWS Step Functions Developer Guide, "Service quotas".
"#,
    check: Check::Reading,
};

/// What is said of a definition of so many bytes, if it is too large.
pub(crate) fn diagnostic(span: Span, name: &str, bytes: usize) -> Option<Diagnostic> {
    let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
    (bytes > STATES_DEFINITION_BYTES).then(|| {
        let (has, most) = (words::bytes(bytes), words::bytes(STATES_DEFINITION_BYTES));
        Diagnostic::new(
            RULE.code,
            span,
            format!("the definition of `{name}` has {has}, and Step Functions takes {most}"),
        )
        .help("cut it in two: the last step of the first sends to the second")
    })
}

#[cfg(test)]
mod tests {
    use crate::parse::Input;
    use std::fmt::Write;

    #[test]
    fn a_workflow_of_five_thousand_steps_is_too_large_and_one_of_a_hundred_is_not() {
        let codes = |steps: usize| {
            let mut spec =
                "eventloom: 1\nflow: shop\nevents: { OrderPlaced: { actor: buyer, fields: { buyer: string } } }\n\
                tables: { orders: { rows: event } }\nsources: { placed: { from: { table: orders }, to: activity } }\n\
                topics: { activity: { carries: [OrderPlaced] } }\nqueues: { index: { from: activity, to: long } }\n\
                handlers: { pack: {} }\nworkflows:\n  long:\n    steps:\n"
                    .to_owned();
            for n in 0..steps {
                let _ = writeln!(spec, "      - s{n}: {{ handler: pack }}");
            }
            let compiled = crate::compile(&Input { bytes: spec.into(), ..Input::default() });
            compiled.checked.diagnostics.iter().map(|d| d.code).collect::<Vec<_>>()
        };
        assert!(codes(2_000).contains(&"E123"), "{:?}", codes(2_000));
        assert!(!codes(100).contains(&"E123"));
    }
}
