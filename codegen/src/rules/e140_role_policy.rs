//! E140: a function may do more than its role can say.

use super::Rule;
use crate::aws::limits::IAM_ROLE_POLICY_CHARACTERS;
use crate::diagnostic::Diagnostic;
use crate::rules::words::thousands;
use crate::source::Span;

/// A function may do more than its role can say.
pub(crate) const RULE: Rule = Rule {
    code: "E140",
    title: "a function may do more than its role can say",
    doc: r#"
Every function has a role of its own, whose policy names each table, queue and topic that it uses. IAM takes 10,240
characters: about eighty resources. What a consumer, its targets and its sinks use is counted together.

```yaml
# wrong
handlers: { audit: { reads: [orders, buyers, …, and a hundred more] } }
# right: two queues, each with a handler that reads a part
handlers: { audit_orders: { reads: [orders] }, audit_buyers: { reads: [buyers] } }
```

Source: AWS Identity and Access Management User Guide, "IAM and AWS STS quotas".
"#,
    check: None,
};

pub(crate) fn diagnostic(span: Span, function: &str, length: u64) -> Diagnostic {
    let said = format!(
        "the policy of function `{function}` has up to {} characters; IAM takes {}",
        thousands(length),
        thousands(IAM_ROLE_POLICY_CHARACTERS)
    );
    Diagnostic::new(RULE.code, span, said).help("let several handlers, each in a queue of its own, do a part of it")
}
