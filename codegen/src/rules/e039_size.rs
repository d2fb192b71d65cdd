//! E039: a size has no unit, or another form.

use super::{Check, Rule};
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// A size has no unit, or another form.
pub(crate) const RULE: Rule = Rule {
    code: "E039",
    title: "a size has no unit, or another form",
    doc: r#"
A size is a whole number and a binary unit: `B`, `KiB`, `MiB` or `GiB`.

```yaml
# wrong
memory: 512
# right
memory: 512MiB
```
"#,
    check: Check::Form,
};

pub(crate) fn diagnostic(span: Span, text: &str) -> Diagnostic {
    let wrong = Diagnostic::new(RULE.code, span, format!("`{text}` is no size: a size is a whole number with a unit"));
    match mended(text) {
        Some(mended) => wrong.help(format!("write `{mended}`")).replace_with(mended),
        None => wrong.help("write it as `256KiB` or `512MiB`"),
    }
}

/// The size that was probably meant: memory is counted in MiB elsewhere, and units are written in many ways.
fn mended(text: &str) -> Option<String> {
    let lower = text.trim().to_ascii_lowercase();
    let split = lower.find(|c: char| !c.is_ascii_digit()).unwrap_or(lower.len());
    let (number, unit) = lower.split_at_checked(split)?;
    let n: u64 = number.parse().ok()?;
    let unit = match unit.trim() {
        "" if (128..=10_240).contains(&n) => "MiB",
        "b" | "bytes" => "B",
        "k" | "kb" | "ki" | "kib" => "KiB",
        "m" | "mb" | "mi" | "mib" => "MiB",
        "g" | "gb" | "gi" | "gib" => "GiB",
        _ => return None,
    };
    Some(format!("{number}{unit}"))
}

#[cfg(test)]
mod tests {
    use super::mended;

    #[test]
    fn what_was_meant_is_suggested() {
        assert_eq!(mended("256").as_deref(), Some("256MiB"));
        assert_eq!(mended("512MB").as_deref(), Some("512MiB"));
        assert_eq!(mended("64 kb").as_deref(), Some("64KiB"));
        assert_eq!((mended("7"), mended("1.5GB"), mended("much")), (None, None, None));
    }
}
