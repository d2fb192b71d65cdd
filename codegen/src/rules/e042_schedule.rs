//! E042: a schedule is not in the form that AWS takes.

use super::{Check, Rule};
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// A schedule is not in the form that AWS takes.
pub(crate) const RULE: Rule = Rule {
    code: "E042",
    title: "a schedule is not in the form that AWS takes",
    doc: r#"
A schedule is `cron(minutes hours day-of-month month day-of-week year)` or `rate(value unit)`, quoted. One of the two
days is `?`.

```yaml
# wrong
at: "*/5 * * * *"
# right
at: "cron(0/5 * * * ? *)"
at: "rate(5 minutes)"
```

Source: Amazon EventBridge Scheduler User Guide, "Schedule types".
"#,
    check: Check::Form,
};

/// What is wrong with a schedule, if anything.
pub(crate) fn problem(text: &str) -> Option<String> {
    if let Some(inner) = text.strip_prefix("rate(").and_then(|t| t.strip_suffix(')')) {
        let right = inner.split_once(' ').is_some_and(|(n, unit)| {
            let known = matches!(unit, "minute" | "minutes" | "hour" | "hours" | "day" | "days");
            known && n.parse::<u32>().is_ok_and(|n| n > 0)
        });
        return (!right).then(|| "a rate is a whole number and `minutes`, `hours` or `days`".to_owned());
    }
    let Some(inner) = text.strip_prefix("cron(").and_then(|t| t.strip_suffix(')')) else {
        return Some("a schedule is `cron(…)` or `rate(…)`".to_owned());
    };
    let fields: Vec<&str> = inner.split_whitespace().collect();
    let [minutes, hours, day, month, weekday, year] = fields.as_slice() else {
        return Some(format!("a cron has six fields: minutes hours day month weekday year; here are {}", fields.len()));
    };
    if (*day == "?") == (*weekday == "?") {
        return Some("exactly one of day and weekday is `?`".to_owned());
    }
    let ranges = [("minutes", minutes, 0, 59), ("hours", hours, 0, 23), ("year", year, 1970, 2199)];
    let named = [("day", day, 1, 31), ("month", month, 1, 12), ("weekday", weekday, 1, 7)];
    ranges.into_iter().chain(named).find_map(|(what, text, low, high)| field(what, text, low, high))
}

/// What is wrong with one field of a cron, if anything.
fn field(what: &str, text: &str, low: u32, high: u32) -> Option<String> {
    const NAMES: [&str; 19] = [
        "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC", "SUN", "MON", "TUE", "WED",
        "THU", "FRI", "SAT",
    ];
    let value = |t: &str| {
        let named = matches!(what, "month" | "weekday") && NAMES.contains(&t.to_ascii_uppercase().as_str());
        let special = match what {
            "day" => t == "L" || t == "LW" || t.strip_suffix('W').is_some_and(|n| n.parse::<u32>().is_ok()),
            "weekday" => t.strip_suffix('L').is_some() || t.contains('#'),
            _ => false,
        };
        named || special || t.parse::<u32>().is_ok_and(|n| (low..=high).contains(&n))
    };
    let range =
        |t: &str| matches!(t, "*" | "?") || t.split_once('-').map_or_else(|| value(t), |(a, b)| value(a) && value(b));
    let right = text.split(',').all(|item| match item.split_once('/') {
        Some((start, step)) => range(start) && step.parse::<u32>().is_ok_and(|n| n > 0),
        None => range(item),
    });
    (!right).then(|| format!("`{text}` is no {what} of a cron"))
}

pub(crate) fn diagnostic(span: Span, text: &str, problem: &str) -> Diagnostic {
    let diagnostic = Diagnostic::new(RULE.code, span, format!("`{text}` is no schedule: {problem}"));
    match mended(text) {
        Some(mended) => diagnostic.help(format!("AWS's form, quoted: `\"{mended}\"`")),
        None => diagnostic.help("AWS's form, quoted: `\"cron(0/5 * * * ? *)\"` or `\"rate(5 minutes)\"`"),
    }
}

/// A crontab line in AWS's form.
fn mended(text: &str) -> Option<String> {
    let fields: Vec<&str> = text.split_whitespace().collect();
    let [minutes, hours, day, month, weekday] = fields.as_slice() else { return None };
    let every = |t: &str| t.strip_prefix("*/").map_or_else(|| t.to_owned(), |n| format!("0/{n}"));
    let (day, weekday) = if *weekday == "*" { (every(day), "?".to_owned()) } else { ("?".to_owned(), every(weekday)) };
    let made = format!("cron({} {} {day} {} {weekday} *)", every(minutes), every(hours), every(month));
    problem(&made).is_none().then_some(made)
}

#[cfg(test)]
mod tests {
    use super::{mended, problem};

    #[test]
    fn what_aws_takes_is_taken() {
        for right in [
            "rate(5 minutes)",
            "rate(1 hour)",
            "cron(0/5 * * * ? *)",
            "cron(0 8,20 * * ? *)",
            "cron(0 10 ? * MON-FRI 2026-2030)",
            "cron(0 10 LW * ? *)",
            "cron(15 10 ? * 6L 2026)",
        ] {
            assert_eq!(problem(right), None, "{right}");
        }
    }

    #[test]
    fn what_aws_refuses_is_refused() {
        for wrong in [
            "*/5 * * * *",
            "cron(0/5 * * * *)",
            "cron(0 8 * * * *)",
            "cron(61 8 * * ? *)",
            "rate(0 minutes)",
            "rate(5)",
            "",
            "cron(",
        ] {
            assert!(problem(wrong).is_some(), "{wrong}");
        }
    }

    #[test]
    fn a_crontab_line_is_put_into_the_form() {
        assert_eq!(mended("*/5 * * * *").as_deref(), Some("cron(0/5 * * * ? *)"));
        assert_eq!(mended("0 8 * * 2").as_deref(), Some("cron(0 8 ? * 2 *)"));
    }
}
