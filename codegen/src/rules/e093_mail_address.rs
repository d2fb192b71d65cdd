//! E093: a mail address cannot be used.

use super::support::address::mail_problem;
use super::{Check, Context, Rule};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::SinkKind;

/// A mail address cannot be used.
pub(crate) const RULE: Rule = Rule {
    code: "E093",
    title: "a mail address cannot be used",
    doc: r#"
A sender, and a `reply_to`, is an address, or a name and an address: `Shop <no-reply@shop.example>`. Alarms go to an
address alone. A line break in one of them would let it add headers to the mail.

```yaml
# wrong
sender: shop.example
# right
sender: "Shop <no-reply@shop.example>"
```
"#,
    check: Check::Own(check),
};

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    let mut one = |text: &str, span, named| {
        if let Some(said) = mail_problem(text, named) {
            out.push(Diagnostic::new(RULE.code, span, format!("`{}` is no mail address: {said}", text.escape_debug())));
        }
    };
    for sink in cx.flow.sinks.values() {
        if let SinkKind::Email { sender, reply_to, .. } = &sink.kind {
            one(&sender.value, sender.span, true);
            reply_to.iter().for_each(|r| one(&r.value, r.span, true));
        }
    }
    cx.flow.alarms.iter().for_each(|a| one(&a.email.value, a.email.span, false));
}
