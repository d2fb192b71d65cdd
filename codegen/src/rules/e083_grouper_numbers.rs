//! E083: a number of a grouper is out of its range.

use super::{Check, Context, Rule};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::OnFull;

/// A number of a grouper is out of its range.
pub(crate) const RULE: Rule = Rule {
    code: "E083",
    title: "a number of a grouper is out of its range",
    doc: r#"
A group holds 2 to 100 events, for every write to it costs its whole size; with `on_full: page`, up to 10,000. A
`sample` is of at least one event and at most `max`. A `throttle` lets at least one through in a time. Quiet hours end
at another time than they begin. A hot key is kept in 1 to 100 `shards`.

```yaml
# wrong
max: 1000
# right
max: 1000
on_full: page
```
"#,
    check: Check::Own(check),
};

/// Ids of 16 bytes in one item: beyond, a write costs more than it is worth.
const MOST: u32 = 100;
/// So many sub-groups of so many.
const MOST_PAGED: u32 = MOST * MOST;

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    for grouper in cx.flow.groupers.values() {
        let most = if grouper.on_full == OnFull::Page { MOST_PAGED } else { MOST };
        if let Some(max) = grouper.max {
            if max.value < 2 {
                out.push(Diagnostic::new(RULE.code, max.span, "a group holds at least 2 events"));
            } else if max.value > most {
                let said = Diagnostic::new(
                    RULE.code,
                    max.span,
                    format!("a group holds at most {most} events; this is {}", max.value),
                );
                out.push(match grouper.on_full {
                    OnFull::Flush => said.help(format!("write `on_full: page` for up to {MOST_PAGED}")),
                    OnFull::Page => said,
                });
            }
        }
        if let Some(sample) = &grouper.sample {
            let max = grouper.max.map_or(MOST, |m| m.value);
            if sample.n.value == 0 {
                out.push(
                    Diagnostic::new(RULE.code, sample.n.span, "a sample is of at least 1 event")
                        .help("leave `sample` out"),
                );
            } else if sample.n.value > max.min(MOST) {
                let said = format!("a sample is of at most {} events; this is {}", max.min(MOST), sample.n.value);
                out.push(Diagnostic::new(RULE.code, sample.n.span, said));
            }
        }
        if let Some(throttle) = &grouper.throttle {
            if throttle.n.value == 0 {
                let said = "a throttle lets at least 1 group through";
                out.push(Diagnostic::new(RULE.code, throttle.n.span, said));
            }
            if throttle.per.value == 0 {
                out.push(Diagnostic::new(RULE.code, throttle.per.span, "`per` is at least a second"));
            }
        }
        if let Some(quiet) = grouper.quiet_hours.as_ref().filter(|q| q.from.value == q.to.value) {
            let said = "quiet hours end when they begin: nothing, or the whole day?";
            out.push(Diagnostic::new(RULE.code, quiet.to.span, said).related(quiet.from.span, "`from`"));
        }
        if let Some(shards) = grouper.shards.filter(|s| s.value == 0 || s.value > 100) {
            let said = format!("a hot key is kept in 1 to 100 shards; this is {}", shards.value);
            out.push(Diagnostic::new(RULE.code, shards.span, said));
        }
    }
}
