//! E107: `first:` stands where it cannot be decided who delivered.

use super::{Check, Context, Rule, words};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::facts::is_browser;
use crate::model::To;

/// `first:` stands where it cannot be decided who delivered.
pub(crate) const RULE: Rule = Rule {
    code: "E107",
    title: "`first:` stands where it cannot be decided who delivered",
    doc: r#"
`{ first: [a, b] }` sends to `b` whom `a` did not reach. That is known for each target, and of browsers only: a post
finds a connection or none. So it stands on a queue whose `targets` are resolved there, names at least two, and all but
the last are websocket sinks. After a grouper a workflow decides, with `seen`.

```yaml
# wrong
to: { first: [email, browser] }
# right
to: { first: [browser, email] }
```
"#,
    check: Check::Names(check),
};

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    let elsewhere = |out: &mut Diagnostics, to: &To, whose: String| {
        if let (To::First(list), Some(at)) = (to, to.destinations().first()) {
            let help = format!(
                "name all of them, `to: [{}]`, or let a workflow decide with `seen`",
                names(cx, list).join(", ")
            );
            let said = format!("`first:` stands on {whose}, and only a queue with `targets` knows whom it reached");
            out.push(Diagnostic::new(RULE.code, at.span, said).help(help));
        }
    };
    for source in cx.flow.sources.values() {
        elsewhere(out, &source.to, format!("source `{}`", source.name.text));
    }
    for grouper in cx.flow.groupers.values() {
        elsewhere(out, &grouper.to, format!("grouper `{}`", grouper.name.text));
    }
    for queue in cx.flow.queues.values() {
        let Some(to @ To::First(list)) = &queue.to else { continue };
        let Some((last, before)) = list.split_last() else { continue };
        let name = &queue.name.text;
        if queue.targets.is_none() {
            elsewhere(out, to, format!("queue `{name}` without `targets`"));
        } else if before.is_empty() {
            out.push(
                Diagnostic::new(
                    RULE.code,
                    last.span,
                    "`first:` names one destination: there is no other to fall back to",
                )
                .help(format!("write `to: {}`, or name what comes second", names(cx, list).join(""))),
            );
        }
        for other in before.iter().filter(|d| !is_browser(cx.flow, d.value)) {
            let what = words::thing(cx.flow, other.value);
            out.push(
                Diagnostic::new(
                    RULE.code,
                    other.span,
                    format!("{what} is no browser: whether it delivered is not known in time"),
                )
                .help("put websocket sinks first, and anything else last"),
            );
        }
    }
}

fn names(cx: &Context<'_>, list: &[crate::model::Spanned<crate::model::Destination>]) -> Vec<String> {
    let bare = |d: crate::model::Destination| words::thing(cx.flow, d).split('`').nth(1).unwrap_or_default().to_owned();
    list.iter().map(|d| bare(d.value)).collect()
}
