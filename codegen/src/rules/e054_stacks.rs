//! E054: the flow does not fit into stacks.

use super::{Check, Rule};
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// The flow does not fit into stacks.
pub(crate) const RULE: Rule = Rule {
    code: "E054",
    title: "the flow does not fit into stacks",
    doc: r#"
A flow becomes one template, or several where CloudFormation's limits ask for it. `spec/stacks.lock.json` records which
resource is in which stack, so that nothing ever moves. It is written by the compiler and committed beside the spec. If
it was damaged, restore it from version control: without it, a stack that is deployed could be cut anew, and tables lost.

Source: AWS CloudFormation User Guide, "AWS CloudFormation quotas".
"#,
    check: Check::Reading,
};

pub(crate) fn diagnostic(span: Span, why: &str) -> Diagnostic {
    Diagnostic::new(RULE.code, span, format!("the flow does not fit into stacks: {why}"))
}

/// The lock cannot be read.
pub(crate) fn lock(span: Span, why: &str) -> Diagnostic {
    Diagnostic::new(RULE.code, span, format!("`spec/stacks.lock.json` cannot be read: {why}"))
}
