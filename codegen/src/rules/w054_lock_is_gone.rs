//! W054: the lock of the last compile is gone.

use super::{Check, Context, Rule};
use crate::diagnostic::{Diagnostic, Diagnostics};

/// The lock of the last compile is gone.
pub(crate) const RULE: Rule = Rule {
    code: "W054",
    title: "the lock of the last compile is gone",
    doc: r#"
There are generated templates, and no `spec/stacks.lock.json` beside the spec. The lock says which resource is in which
stack, and which name a thing had before it was renamed. Without it what would be lost is not found, and what was renamed
gets a new identity. If the flow was ever deployed, restore the file from version control; the compile writes a new one.
"#,
    check: Check::Whole(check),
};

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    if cx.input.lock.is_none() && cx.input.compiled_before {
        let said = "there are generated templates, and `spec/stacks.lock.json` is gone";
        out.push(
            Diagnostic::new(RULE.code, cx.flow.name.span, said)
                .help("if the flow was deployed, restore it from version control before you compile"),
        );
    }
}
