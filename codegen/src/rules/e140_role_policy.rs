//! E140: a function or a workflow may do more than its role can say.

use super::{Check, Rule};
use crate::aws::limits::IAM_ROLE_POLICY_CHARACTERS;
use crate::diagnostic::Diagnostic;
use crate::rules::words::thousands;
use crate::source::Span;

/// A function or a workflow may do more than its role can say.
pub(crate) const RULE: Rule = Rule {
    code: "E140",
    title: "a function or a workflow may do more than its role can say",
    doc: r#"
Every function and every workflow has a role of its own, whose policy names each table, queue, topic and function that it uses. IAM takes 10,240
characters: about eighty resources. What a consumer, its targets and its sinks use is counted together.

```yaml
# wrong
handlers: { audit: { reads: [orders, buyers, …, and a hundred more] } }
# right: two queues, each with a handler that reads a part
handlers: { audit_orders: { reads: [orders] }, audit_buyers: { reads: [buyers] } }
```

Source: AWS Identity and Access Management User Guide, "IAM and AWS STS quotas".
"#,
    check: Check::Reading,
};

/// Whose policy it is.
pub(crate) enum Whose<'a> {
    /// A function's.
    Function(&'a str),
    /// A workflow's.
    Workflow(&'a str),
}

pub(crate) fn diagnostic(span: Span, whose: Whose<'_>, length: u64) -> Diagnostic {
    let (whose, help) = match whose {
        Whose::Function(name) => {
            (format!("function `{name}`"), "let several handlers, each in a queue of its own, do a part of it")
        }
        Whose::Workflow(name) => {
            (format!("workflow `{name}`"), "let several workflows do a part of it, with a queue from each to the next")
        }
    };
    let said = format!(
        "the policy of {whose} has up to {} characters; IAM takes {}",
        thousands(length),
        thousands(IAM_ROLE_POLICY_CHARACTERS)
    );
    Diagnostic::new(RULE.code, span, said).help(help)
}
