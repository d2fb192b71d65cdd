//! E094: a tag cannot be set.

use super::{Check, Context, Rule};
use crate::diagnostic::{Diagnostic, Diagnostics};

/// A tag cannot be set.
pub(crate) const RULE: Rule = Rule {
    code: "E094",
    title: "a tag cannot be set",
    doc: r#"
A tag's key has 1 to 128 characters and does not begin with `aws:`, its value has up to 256; both are letters, digits,
spaces and `+ - = . _ : / @`. A resource has at most 50 tags, of which the compiler sets some itself: 40 are yours.

See <https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html>.

```yaml
# wrong
tags: { "aws:team": orders }
# right
tags: { team: orders }
```
"#,
    check: Check::Own(check),
};

/// Of 50 on a resource: <https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html>.
const MOST: usize = 40;
/// Characters of a key, of a value: the same page.
const KEY: usize = 128;
const VALUE: usize = 256;

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    let tags = &cx.flow.settings.tags;
    let plain = |t: &str| t.chars().all(|c| c.is_alphanumeric() || " +-=._:/@".contains(c));
    for (key, value) in tags {
        let text = &key.value;
        let said = if text.to_ascii_lowercase().starts_with("aws:") {
            (key.span, "a key that begins with `aws:` is AWS's own".to_owned())
        } else if text.is_empty() || text.chars().count() > KEY {
            (key.span, format!("a key has 1 to {KEY} characters"))
        } else if value.value.chars().count() > VALUE {
            (value.span, format!("a value has at most {VALUE} characters"))
        } else if let Some((_, span)) =
            [(text, key.span), (&value.value, value.span)].into_iter().find(|(t, _)| !plain(t))
        {
            (span, "a tag is letters, digits, spaces and `+ - = . _ : / @`".to_owned())
        } else {
            continue;
        };
        out.push(Diagnostic::new(RULE.code, said.0, format!("tag `{text}`: {}", said.1)));
    }
    if let Some((key, _)) = tags.get(MOST) {
        out.push(Diagnostic::new(
            RULE.code,
            key.span,
            format!("there are {} tags; at most {MOST} are yours", tags.len()),
        ));
    }
}
