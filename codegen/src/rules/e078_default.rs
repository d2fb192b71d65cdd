//! E078: a default is not of its type.

use super::support::values;
use super::{Check, Context, Rule};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::{Field, Flow, Type};
use crate::source::Span;
use crate::yaml::Literal;

/// A default is not of its type.
pub(crate) const RULE: Rule = Rule {
    code: "E078",
    title: "a default is not of its type",
    doc: r#"
The value that stands where none is given is one that could have been given.

```yaml
# wrong
status: { enum: [open, paid], default: closed }
# right
status: { enum: [open, paid], default: open }
```
"#,
    check: Check::Own(check),
};

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    let flow = cx.flow;
    for named in flow.types.values() {
        one(flow, &named.ty, named.default.as_ref(), named.name.span, out);
    }
    for field in flow.events.values().flat_map(|e| &e.fields).chain(flow.tables.values().flat_map(|t| &t.fields)) {
        nested(flow, field, out);
    }
}

fn nested(flow: &Flow, field: &Field, out: &mut Diagnostics) {
    one(flow, &field.ty, field.default.as_ref(), field.span, out);
}

fn one(flow: &Flow, ty: &Type, default: Option<&Literal>, span: Span, out: &mut Diagnostics) {
    if let Some(said) = default.and_then(|value| values::problem(flow, ty, value)) {
        out.push(Diagnostic::new(RULE.code, span, format!("the default does not fit: {said}")));
    }
    inner(flow, ty, out);
}

/// The fields of objects, wherever they lie in a type; a named type is looked at where it is declared.
fn inner(flow: &Flow, ty: &Type, out: &mut Diagnostics) {
    match ty {
        Type::Object(fields) => fields.iter().for_each(|f| nested(flow, f, out)),
        Type::List(of, _) | Type::Map(of) | Type::Optional(of) => inner(flow, of, out),
        _ => {}
    }
}
