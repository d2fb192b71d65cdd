//! E069: a condition asks for what is not there.

use super::support::conditions::{self, Found, Kind};
use super::support::{event_list, node_words};
use super::{Check, Context, Rule, listed};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::facts::Shape;
use crate::model::Matcher;

/// A condition asks for what is not there.
pub(crate) const RULE: Rule = Rule {
    code: "E069",
    title: "a condition asks for what is not there",
    doc: r#"
The keys of a condition are fields of the events that arrive. A field that only some events have would silently drop
the others: narrow `events:`, ask with `exists`, or use `$or`. `seen` is known after a delivery to a browser, and `open`
is a field of a group.

```yaml
# wrong: the field is `total`
filter: { totl: [{ numeric: [">", 100] }] }
# right
filter: { total: [{ numeric: [">", 100] }] }
```
"#,
    check: Check::Names(check),
};

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    let flow = cx.flow;
    conditions::each(cx, &mut |spot| {
        if spot.shapes.is_empty() {
            return;
        }
        let at = node_words(flow, spot.node);
        for entry in conditions::entries(spot.pattern) {
            let mut deepest = 0;
            let mut without: Vec<&Shape> = Vec::new();
            for shape in spot.shapes {
                if let Found::Nothing(part) = conditions::type_at(cx, shape, entry.path) {
                    deepest = deepest.max(part);
                    without.push(shape);
                }
            }
            let asks = entry.matchers.iter().any(|(m, _)| matches!(m, Matcher::Exists(_)));
            let all = without.len() == spot.shapes.len();
            if without.is_empty() || !all && (asks || entry.within_or) {
                continue;
            }
            let written = entry.path.join(".");
            if !all {
                let said =
                    format!("`{written}` is missing in {}, which this condition would drop", event_list(flow, without));
                let help = "narrow `events:`, or say what holds of them in `$or`";
                out.push(Diagnostic::new(RULE.code, entry.span, said).help(help));
                continue;
            }
            let said = Diagnostic::new(RULE.code, entry.span, format!("`{written}` is not known in {at}"));
            let first = entry.path.first().map(String::as_str).unwrap_or_default();
            let said = match first {
                "seen" if spot.kind == Kind::Filter => said.help("`seen` is asked in `when` and `suppress_if`, after a delivery to a browser"),
                "seen" => said.help("`seen` is known once a browser was sent to on every way here: `send: browser`, or a browser before it in `first:`"),
                "open" => said.help("`open` is a field of the group that a grouper emits"),
                "target" if spot.kind == Kind::Filter => said.help("a filter is applied before targets are resolved"),
                _ if deepest > 0 => said.help("the part before the last names no object with such a field"),
                _ => {
                    let known = cx.facts.known_on(flow, spot.shapes);
                    let names: Vec<&str> = known.iter().map(String::as_str).collect();
                    match crate::suggest::nearest(first, names.iter().copied()) {
                        Some(near) if entry.path.len() == 1 => said.help(format!("did you mean `{near}`?")).replace_with(near),
                        Some(near) => said.help(format!("did you mean `{near}`?")),
                        None => said.help(format!("what may be asked is {}", listed(&names))),
                    }
                }
            };
            out.push(said);
        }
    });
}
