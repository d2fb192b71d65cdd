//! E082: a window does not open or close.

use super::{Check, Context, Rule};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::{Spanned, Window};

/// A window does not open or close.
pub(crate) const RULE: Rule = Rule {
    code: "E082",
    title: "a window does not open or close",
    doc: r#"
A window is at least a second and at most a year. The `gap` of a session is at most its `at_most`; days are divided
evenly by `every`, or are a whole number of it, where a window begins with the day. A window by `count` takes at least
two events and at most the `max` of its grouper. Windows do not overlap: an event belongs to one group.

```yaml
# wrong
window: { session: { gap: 10m, at_most: 5m } }
# right
window: { session: { gap: 30s, at_most: 5m } }
```
"#,
    check: Check::Whole(check),
};

const DAY: u64 = 86_400;
/// A schedule further away is more likely a slip than a wish.
const YEAR: u64 = 366 * DAY;

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    for grouper in cx.flow.groupers.values() {
        match &grouper.window {
            Window::Session { gap, at_most } => {
                if length("gap", *gap, out) & length("at_most", *at_most, out) && gap.value > at_most.value {
                    let said = "the gap is longer than the window may be open";
                    out.push(Diagnostic::new(RULE.code, gap.span, said).related(at_most.span, "`at_most`"));
                }
            }
            Window::Tumbling { every, by_day, tz } => {
                let right = length("every", *every, out);
                if right && *by_day && !DAY.is_multiple_of(every.value) && !every.value.is_multiple_of(DAY) {
                    let said = "windows that begin with the day divide it evenly, or are whole days";
                    out.push(
                        Diagnostic::new(RULE.code, every.span, said)
                            .help("write `1h`, `6h` or `1d`, or leave `align: day` out"),
                    );
                }
                if let Some(tz) = tz.as_ref().filter(|_| !by_day) {
                    let said = "a time zone says nothing for windows that begin with the epoch";
                    out.push(
                        Diagnostic::new(RULE.code, tz.span, said).help("write `align: day` beside it, or leave it out"),
                    );
                }
            }
            Window::Count { n, at_most } => {
                length("at_most", *at_most, out);
                let max = grouper.max.map_or(100, |m| m.value);
                if n.value < 2 {
                    out.push(Diagnostic::new(RULE.code, n.span, "a group is of at least 2 events"));
                } else if n.value > max {
                    let said = format!("a group holds at most {max} events, so {} never come together", n.value);
                    let said = Diagnostic::new(RULE.code, n.span, said);
                    out.push(match grouper.max {
                        Some(max) => said.related(max.span, "`max`"),
                        None => said,
                    });
                }
            }
            Window::Cron { .. } => {}
        }
    }
}

/// Whether a length is right; what could not be read is 0 without a text, and was reported.
fn length(setting: &str, at: Spanned<u64>, out: &mut Diagnostics) -> bool {
    let said = match at.value {
        0 => format!("`{setting}` is at least a second"),
        n if n > YEAR => format!("`{setting}` is at most a year"),
        _ => return true,
    };
    out.push(Diagnostic::new(RULE.code, at.span, said));
    false
}
