//! E097: this cannot be allowed.

use super::{Check, Context, Rule, rules};
use crate::diagnostic::{Diagnostic, Diagnostics};

/// This cannot be allowed.
pub(crate) const RULE: Rule = Rule {
    code: "E097",
    title: "this cannot be allowed",
    doc: r#"
`allow` names the code of a warning, with the reason why it is accepted. An error cannot be allowed.

```yaml
# wrong
allow: { E060: we know }
# right
allow: { W064: called by a script of ours }
```
"#,
    check: Check::Own(check),
};

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    if cx.flow.allow.is_empty() {
        return;
    }
    let all = rules();
    let warnings: Vec<&str> = all.iter().map(|r| r.code).filter(|c| c.starts_with('W')).collect();
    for (code, reason) in &cx.flow.allow {
        let text = code.value.as_str();
        if warnings.contains(&text) {
            if reason.value.trim().is_empty() {
                let said = format!("`{text}` is allowed without a reason");
                out.push(Diagnostic::new(RULE.code, reason.span, said).help("say why, for whoever reads this next"));
            }
            continue;
        }
        let said = if all.iter().any(|r| r.code == text) {
            Diagnostic::new(RULE.code, code.span, format!("`{text}` is an error; only a warning can be allowed"))
        } else {
            let said = Diagnostic::new(RULE.code, code.span, format!("there is no warning `{text}`"));
            match warnings.iter().find(|w| w.eq_ignore_ascii_case(text)) {
                Some(near) => said.help(format!("did you mean `{near}`?")).replace_with(*near),
                None => said,
            }
        };
        out.push(said);
    }
}
