//! E038: a duration has no unit, or another form.

use super::{Check, Rule};
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// A duration has no unit, or another form.
pub(crate) const RULE: Rule = Rule {
    code: "E038",
    title: "a duration has no unit, or another form",
    doc: r#"
A duration is a whole number and a unit: `s`, `m`, `h` or `d`.

```yaml
# wrong
wait: 60
wait: PT60S
wait: 1.5h
# right
wait: 60s
wait: 90m
```
"#,
    check: Check::Form,
};

pub(crate) fn diagnostic(span: Span, text: &str) -> Diagnostic {
    let diagnostic =
        Diagnostic::new(RULE.code, span, format!("`{text}` is no duration: a duration is a whole number with a unit"));
    match mended(text) {
        Some(mended) => diagnostic.help(format!("write `{mended}`")).replace_with(mended),
        None => diagnostic.help("write it as `60s`, `90m`, `12h` or `4d`"),
    }
}

/// The duration that was probably meant.
fn mended(text: &str) -> Option<String> {
    let lower = text.trim().to_ascii_lowercase();
    let split = lower.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(lower.len());
    let (number, unit) = lower.split_at_checked(split)?;
    let unit = unit.trim();
    if number.bytes().all(|b| b.is_ascii_digit()) && !number.is_empty() {
        let unit = match unit {
            "" | "sec" | "secs" | "second" | "seconds" => "s",
            "min" | "mins" | "minute" | "minutes" => "m",
            "hour" | "hours" => "h",
            "day" | "days" => "d",
            "w" | "week" | "weeks" => return Some(format!("{}d", number.parse::<u64>().ok()?.checked_mul(7)?)),
            _ => return None,
        };
        return Some(format!("{number}{unit}"));
    }
    if let Some(number) = lower.strip_prefix("pt").and_then(|t| t.strip_suffix(['s', 'm', 'h'])) {
        return (!number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
            .then(|| lower.trim_start_matches("pt").to_owned());
    }
    let (smaller, factor) = match unit {
        "m" => ("s", 60.0),
        "h" => ("m", 60.0),
        "d" => ("h", 24.0),
        _ => return None,
    };
    let whole = number.parse::<f64>().ok()? * factor;
    (whole.fract() == 0.0 && whole < 1e9).then(|| format!("{whole}{smaller}"))
}

#[cfg(test)]
mod tests {
    use super::mended;

    #[test]
    fn what_was_meant_is_suggested() {
        assert_eq!(mended("60").as_deref(), Some("60s"));
        assert_eq!(mended("PT60S").as_deref(), Some("60s"));
        assert_eq!(mended("1.5h").as_deref(), Some("90m"));
        assert_eq!(mended("2 weeks").as_deref(), Some("14d"));
        assert_eq!(mended("soon"), None);
    }
}
