//! E080: a grouper cannot tell members apart by this.

use super::support::{Class, class, event_list, reference, type_words};
use super::{Check, Context, Rule, listed};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::facts::{Node, Shape};
use crate::model::Destination;

/// A grouper cannot tell members apart by this.
pub(crate) const RULE: Rule = Rule {
    code: "E080",
    title: "a grouper cannot tell members apart by this",
    doc: r#"
`distinct` names what counts once: a field, or a role, that every event of the group has, and that is a text or a number.

```yaml
# wrong
distinct: mentions
# right
distinct: actor
```
"#,
    check: Check::Names(check),
};

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    let flow = cx.flow;
    for (id, grouper) in flow.groupers.iter() {
        let shapes = cx.facts.arriving(Node::To(Destination::Grouper(id)));
        let Some(distinct) = &grouper.distinct else { continue };
        let ty = |s: &Shape| cx.facts.type_of(flow, s, &reference(&distinct.value));
        let without: Vec<&Shape> = shapes.iter().filter(|s| ty(s).is_none()).collect();
        if !without.is_empty() {
            let known = cx.facts.known_on(flow, shapes);
            let names: Vec<&str> = known.iter().map(String::as_str).collect();
            let said = format!("`{}` is missing in {}", distinct.value, event_list(flow, without));
            let said = Diagnostic::new(RULE.code, distinct.span, said);
            out.push(match crate::suggest::nearest(&distinct.value, names.iter().copied()) {
                Some(near) => said.help(format!("did you mean `{near}`?")).replace_with(near),
                None => said.help(format!("what all events have is {}", listed(&names))),
            });
        } else if let Some(ty) =
            shapes.iter().filter_map(ty).find(|ty| !matches!(class(flow, ty), Class::Text | Class::Number))
        {
            let said =
                format!("`{}` is {}; what counts once is a text or a number", distinct.value, type_words(flow, &ty));
            out.push(Diagnostic::new(RULE.code, distinct.span, said));
        }
    }
}
