//! W060: a condition says nothing.

use super::support::conditions::{self, Found};
use super::support::holds::{self, Holds};
use super::{Check, Context, Rule};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::{Matcher, Scalar, Type};
use crate::source::Span;

/// A condition says nothing.
pub(crate) const RULE: Rule = Rule {
    code: "W060",
    title: "a condition, or an alternative in it, says nothing",
    doc: r#"
A condition that always holds can be left out, and so can an alternative that another one covers.

```yaml
# wrong
when: { open: [true, false] }
filter: { sku: [{ prefix: a }, abc] }
# right
filter: { sku: [{ prefix: a }] }
```
"#,
    check: Check::Whole(check),
};

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    let flow = cx.flow;
    conditions::each(cx, &mut |spot| {
        for entry in conditions::entries(spot.pattern) {
            let name = entry.path.join(".");
            for (place, (matcher, span)) in entry.matchers.iter().enumerate() {
                let mut others = entry.matchers.iter().enumerate().filter(|(i, _)| *i != place);
                if let Some((_, (_, by))) =
                    others.find(|(i, (by, _))| covers(by, matcher) && (by != matcher || *i < place))
                {
                    let said = "another alternative covers this one".to_owned();
                    out.push(Diagnostic::new(RULE.code, *span, said).related(*by, "it lets this through already"));
                }
            }
            let types = spot.shapes.iter().map(|s| match conditions::type_at(cx, s, entry.path) {
                Found::Type(ty) => Some(ty),
                Found::Nothing(_) => None,
            });
            let Some(types) = types.collect::<Option<Vec<Type>>>().filter(|t| !t.is_empty()) else { continue };
            let always = |ty: &Type| {
                let alone = entry.matchers.iter().any(|(m, _)| holds::holds(flow, ty, &name, m) == Holds::Always);
                alone || together(conditions::compared(flow, ty), ty, entry.matchers)
            };
            if types.iter().all(always) {
                let said = format!("this always holds, whatever `{name}` is");
                out.push(Diagnostic::new(RULE.code, entry.span, said).help("leave it out"));
            }
        }
    });
}

/// Whether the alternatives together let every value of a type through.
fn together(compared: &Type, whole: &Type, matchers: &[(Matcher, Span)]) -> bool {
    if matches!(whole, Type::Optional(_) | Type::List(..)) {
        return false;
    }
    match compared {
        Type::Bool => {
            [true, false].iter().all(|b| matchers.iter().any(|(m, _)| *m == Matcher::Exact(Scalar::Bool(*b))))
        }
        Type::Enum(values) => values.iter().all(|v| matchers.iter().any(|(m, _)| holds::passes(v, m))),
        _ => false,
    }
}

/// Whether one alternative lets through all that another does.
fn covers(wide: &Matcher, narrow: &Matcher) -> bool {
    if wide == narrow {
        return true;
    }
    match (wide, narrow) {
        (Matcher::Exact(_), _) => false,
        (Matcher::Prefix(p), Matcher::Prefix(q)) => q.starts_with(p.as_str()),
        (Matcher::Suffix(p), Matcher::Suffix(q)) => q.ends_with(p.as_str()),
        (Matcher::Exists(true), Matcher::Exists(_)) => false,
        (Matcher::Exists(true), _) => !matches!(narrow, Matcher::Exact(Scalar::Null)),
        (Matcher::Numeric(wide), Matcher::Numeric(narrow)) => {
            let ((a, a_in), (b, b_in)) = holds::range(wide);
            let ((c, c_in), (d, d_in)) = holds::range(narrow);
            (a < c || a == c && (a_in || !c_in)) && (b > d || b == d && (b_in || !d_in))
        }
        (Matcher::Numeric(wide), Matcher::Exact(Scalar::Number(n))) => {
            let ((low, low_in), (high, high_in)) = holds::range(wide);
            n.parse::<f64>().is_ok_and(|n| (n > low || n == low && low_in) && (n < high || n == high && high_in))
        }
        (wide, Matcher::Exact(Scalar::Text(text))) => holds::passes(text, wide),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::covers;
    use crate::model::{Matcher, NumericOp, Scalar};

    #[test]
    fn a_wider_alternative_covers_a_narrower_one() {
        let text = |t: &str| Matcher::Exact(Scalar::Text(t.into()));
        let more = |n: &str| Matcher::Numeric(vec![(NumericOp::More, n.into())]);
        assert!(covers(&Matcher::Prefix("a".into()), &text("abc")));
        assert!(covers(&Matcher::Prefix("a".into()), &Matcher::Prefix("ab".into())));
        assert!(covers(&more("1"), &more("2")) && covers(&more("1"), &Matcher::Exact(Scalar::Number("2".into()))));
        assert!(!covers(&more("2"), &more("1")) && !covers(&more("1"), &Matcher::Exact(Scalar::Number("1".into()))));
        assert!(!covers(&text("abc"), &Matcher::Prefix("a".into())));
        assert!(!covers(&Matcher::AnythingBut(vec![Scalar::Text("a".into())]), &text("a")));
    }
}
