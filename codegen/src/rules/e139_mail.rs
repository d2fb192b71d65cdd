//! E139: a mail cannot be sent as it is described.

use super::{Check, Context, Rule};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::SinkKind;
use crate::suggest;

/// A mail cannot be sent as it is described.
pub(crate) const RULE: Rule = Rule {
    code: "E139",
    title: "a mail cannot be sent as it is described",
    doc: r#"
SES signs for the domain of the sender, which is verified once with the stack: all mails of a flow come from one domain. The template is two files under `templates/` beside the spec: `NAME.html`, and `NAME.txt` for readers without
HTML.

```yaml
# wrong
mail: { email: { sender: "Shop <no-reply@shop.example>", subject: "Your order", template: notice.html, delivery: at_most_once } }
# right
mail: { email: { sender: "Shop <no-reply@shop.example>", subject: "Your order", template: notice, delivery: at_most_once } }
```

Source: Amazon SES Developer Guide, "Verified identities".
"#,
    check: Check::Whole(check),
};

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    let mut first: Option<(String, crate::source::Span)> = None;
    for sink in cx.flow.sinks.values() {
        let SinkKind::Email { sender, template, .. } = &sink.kind else { continue };
        if let Some(domain) = domain(&sender.value) {
            match &first {
                Some((other, span)) if *other != domain => out.push(
                    Diagnostic::new(RULE.code, sender.span, format!("mails come from `{domain}` and from `{other}`"))
                        .related(*span, "the other domain")
                        .help("send all mails of a flow from one domain: it is verified once, with the stack"),
                ),
                Some(_) => {}
                None => first = Some((domain, sender.span)),
            }
        }
        let name = &template.value;
        let plain = !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        if !plain {
            let said = format!("`{name}` is no template's name: small letters, digits and `_`, without an ending");
            out.push(Diagnostic::new(RULE.code, template.span, said));
            continue;
        }
        let missing: Vec<String> = ["html", "txt"]
            .map(|end| format!("{name}.{end}"))
            .into_iter()
            .filter(|f| !cx.input.templates.contains(f))
            .collect();
        if !missing.is_empty() {
            let listed: Vec<String> = missing.iter().map(|m| format!("`templates/{m}`")).collect();
            let said = format!("template `{name}` has no {} beside the spec", listed.join(" and no "));
            let wrong = Diagnostic::new(RULE.code, template.span, said);
            let there = cx.input.templates.iter().filter_map(|f| f.strip_suffix(".html"));
            let near = suggest::nearest(name, there).filter(|near| near != name && missing.len() == 2);
            out.push(match near {
                Some(near) => wrong.help(format!("did you mean `{near}`?")).replace_with(near),
                None => wrong.help("add the file; `{{ title }}` in it is the event's field"),
            });
        }
    }
}

/// The domain of an address, or of `Name <address>`.
fn domain(sender: &str) -> Option<String> {
    let address = match sender.split_once('<') {
        Some((_, rest)) => rest.strip_suffix('>')?,
        None => sender,
    };
    let (user, domain) = address.split_once('@')?;
    let user_right =
        !user.is_empty() && user.bytes().all(|b| b.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&b));
    let label = |l: &str| {
        !l.is_empty()
            && l.len() <= 63
            && !l.starts_with('-')
            && !l.ends_with('-')
            && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let right = user_right && domain.contains('.') && domain.len() <= 253 && domain.split('.').all(label);
    right.then(|| domain.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::domain;

    #[test]
    fn an_address_has_a_domain_with_or_without_a_name_before_it() {
        assert_eq!(domain("Shop <no-reply@Shop.example>").as_deref(), Some("shop.example"));
        assert_eq!(domain("a+b@mail.shop.example").as_deref(), Some("mail.shop.example"));
        for wrong in ["Shop", "a@b", "@shop.example", "a@-b.example", "Shop <a@shop.example", "a b@shop.example", ""] {
            assert_eq!(domain(wrong), None, "{wrong}");
        }
    }
}
