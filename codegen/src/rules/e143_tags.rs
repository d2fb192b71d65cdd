//! E143: tags are not in the form that AWS takes.

use super::{Context, Rule, words};
use crate::aws::limits::{TAG_KEY_CHARACTERS, TAG_VALUE_CHARACTERS, TAGS};
use crate::diagnostic::{Diagnostic, Diagnostics};

/// Tags are not in the form that AWS takes.
pub(crate) const RULE: Rule = Rule {
    code: "E143",
    title: "tags are not in the form that AWS takes",
    doc: r#"
A resource has at most 50 tags, of which the compiler writes one (`eventloom:flow`) and CloudFormation three of its own.
A key has 1 to 128 characters and does not begin with `aws:`; a value has at most 256.

```yaml
# wrong
settings: { tags: { "aws:team": shop } }
# right
settings: { tags: { team: shop } }
```

Source: AWS Tagging Best Practices, "Tag naming limits and requirements".
"#,
    check: Some(check),
};

/// Tags that the compiler and CloudFormation add.
const OURS: u64 = 4;

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    let tags = &cx.flow.settings.tags;
    for (key, value) in tags {
        let plain = |text: &str| text.chars().all(|c| c.is_alphanumeric() || " _.:/=+-@".contains(c));
        let characters = key.value.chars().count() as u64;
        if key.value.to_ascii_lowercase().starts_with("aws:") {
            out.push(Diagnostic::new(RULE.code, key.span, format!("the tag `{}` begins with `aws:`, which is AWS's own", key.value)));
        } else if !(1..=TAG_KEY_CHARACTERS).contains(&characters) || !plain(&key.value) {
            let said = format!("`{}` is no tag's key: 1 to {TAG_KEY_CHARACTERS} letters, digits, spaces and `_.:/=+-@`", key.value);
            out.push(Diagnostic::new(RULE.code, key.span, said));
        }
        if value.value.chars().count() as u64 > TAG_VALUE_CHARACTERS || !plain(&value.value) {
            let said = format!("a tag's value has up to {TAG_VALUE_CHARACTERS} letters, digits, spaces and `_.:/=+-@`");
            out.push(Diagnostic::new(RULE.code, value.span, said));
        }
    }
    let count = tags.len() as u64;
    if let (true, Some((key, _))) = (count > TAGS - OURS, tags.last()) {
        let said = format!("{} tags: a resource takes {}, and {OURS} are the stack's own", words::thousands(count), TAGS);
        out.push(Diagnostic::new(RULE.code, key.span, said).help("tag the stack with the rest"));
    }
}
