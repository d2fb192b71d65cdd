//! What a condition's alternatives let through of a type.

use super::conditions::compared;
use super::may_miss;
use crate::model::{Flow, Matcher, NumericOp, Scalar, Type};

/// How much of a field's values an alternative lets through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::rules) enum Holds {
    /// None, and why.
    Never(String),
    /// All of them.
    Always,
    /// Some.
    Sometimes,
}

/// What an alternative lets through of a field; of a list, `Always` is never said, for it may be empty.
pub(in crate::rules) fn holds(flow: &Flow, ty: &Type, name: &str, matcher: &Matcher) -> Holds {
    let inner = compared(flow, ty);
    let one = !may_miss(flow, ty) && !matches!(crate::facts::plain(flow, ty), Type::List(..) | Type::Json);
    let found = match (inner, matcher) {
        (_, Matcher::Exists(true)) if one => Holds::Always,
        (_, Matcher::Exists(false)) if one => Holds::Never(format!("`{name}` is always there")),
        (Type::Enum(values), _) => of_enum(values, name, matcher),
        (_, Matcher::Numeric(bounds)) => numeric(inner, name, bounds),
        (_, Matcher::Exact(Scalar::Number(n))) => numeric(inner, name, &[(NumericOp::Equal, n.clone())]),
        (Type::String { length, .. }, Matcher::Exact(Scalar::Text(text))) => match length.max {
            Some(max) if text.chars().count() as u64 > max => {
                Holds::Never(format!("`{name}` has at most {max} characters"))
            }
            _ => Holds::Sometimes,
        },
        _ => Holds::Sometimes,
    };
    if found == Holds::Always && !one { Holds::Sometimes } else { found }
}

fn of_enum(values: &[String], name: &str, matcher: &Matcher) -> Holds {
    let matching = values.iter().filter(|v| passes(v, matcher)).count();
    let names: Vec<&str> = values.iter().map(String::as_str).collect();
    match matching {
        0 => Holds::Never(format!("`{name}` is one of {}", crate::rules::listed(&names))),
        n if n == values.len() => Holds::Always,
        _ => Holds::Sometimes,
    }
}

/// Whether a text passes an alternative.
pub(in crate::rules) fn passes(text: &str, matcher: &Matcher) -> bool {
    let is = |s: &Scalar| matches!(s, Scalar::Text(t) if t == text);
    match matcher {
        Matcher::Exact(value) => is(value),
        Matcher::AnythingBut(values) => !values.iter().any(is),
        Matcher::Prefix(p) => text.starts_with(p.as_str()),
        Matcher::Suffix(s) => text.ends_with(s.as_str()),
        Matcher::AnythingButPrefix(p) => !text.starts_with(p.as_str()),
        Matcher::AnythingButSuffix(s) => !text.ends_with(s.as_str()),
        Matcher::EqualsIgnoreCase(t) => text.eq_ignore_ascii_case(t),
        Matcher::Wildcard(p) => wildcard(p, text),
        Matcher::AnythingButWildcard(p) => !wildcard(p, text),
        Matcher::Exists(wanted) => *wanted,
        Matcher::Numeric(_) | Matcher::Cidr(_) => false,
    }
}

/// Whether a text has the form of a pattern in which `*` stands for any text.
fn wildcard(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// A bound: the number, and whether it is itself within.
type Bound = (f64, bool);

/// The least and the greatest number of a range.
pub(in crate::rules) fn range(bounds: &[(NumericOp, String)]) -> (Bound, Bound) {
    let (mut low, mut high) = ((f64::NEG_INFINITY, true), (f64::INFINITY, true));
    for (op, number) in bounds {
        let n = number.parse::<f64>().unwrap_or(f64::NAN);
        match op {
            NumericOp::Less => high = (n, false),
            NumericOp::AtMost => high = (n, true),
            NumericOp::AtLeast => low = (n, true),
            NumericOp::More => low = (n, false),
            NumericOp::Equal => (low, high) = ((n, true), (n, true)),
        }
    }
    (low, high)
}

fn numeric(ty: &Type, name: &str, bounds: &[(NumericOp, String)]) -> Holds {
    let (low, high) = range(bounds);
    let (whole, min, max) = match ty {
        Type::Int(b) => (true, b.min.map(|n| n as f64), b.max.map(|n| n as f64)),
        Type::Number(b) => (false, b.min, b.max),
        _ => return Holds::Sometimes,
    };
    let empty = if whole {
        // Between 1 and 2 lies no whole number, whichever of the two are within.
        let first = if low.1 { low.0.ceil() } else { low.0.floor() + 1.0 };
        let last = if high.1 { high.0.floor() } else { high.0.ceil() - 1.0 };
        first > last
    } else {
        low.0 > high.0 || low.0 == high.0 && !(low.1 && high.1)
    };
    if empty {
        return Holds::Never("no number lies in this range".into());
    }
    if let Some(max) = max.filter(|max| low.0 > *max || low.0 == *max && !low.1) {
        return Holds::Never(format!("`{name}` is at most {max}"));
    }
    if let Some(min) = min.filter(|min| high.0 < *min || high.0 == *min && !high.1) {
        return Holds::Never(format!("`{name}` is at least {min}"));
    }
    let covers_low = min.map_or(low.0 == f64::NEG_INFINITY, |min| low.0 < min || low.0 == min && low.1);
    let covers_high = max.map_or(high.0 == f64::INFINITY, |max| high.0 > max || high.0 == max && high.1);
    if covers_low && covers_high { Holds::Always } else { Holds::Sometimes }
}

#[cfg(test)]
mod tests {
    use super::{Holds, numeric, wildcard};
    use crate::model::{Bounds, NumericOp, Type};

    fn of(ty: &Type, bounds: &[(NumericOp, &str)]) -> Holds {
        let bounds: Vec<(NumericOp, String)> = bounds.iter().map(|(o, n)| (*o, (*n).to_owned())).collect();
        numeric(ty, "total", &bounds)
    }

    #[test]
    fn a_range_is_compared_with_what_there_can_be() {
        let int = Type::Int(Bounds { min: Some(0), max: Some(10) });
        let number = Type::Number(Bounds::default());
        assert_eq!(of(&int, &[(NumericOp::AtLeast, "0")]), Holds::Always);
        assert_eq!(of(&int, &[(NumericOp::More, "0")]), Holds::Sometimes);
        assert!(matches!(of(&int, &[(NumericOp::More, "10")]), Holds::Never(_)));
        assert!(matches!(of(&int, &[(NumericOp::Less, "0")]), Holds::Never(_)));
        assert!(matches!(of(&int, &[(NumericOp::More, "1"), (NumericOp::Less, "2")]), Holds::Never(_)));
        assert!(matches!(of(&int, &[(NumericOp::Equal, "1.5")]), Holds::Never(_)));
        assert_eq!(of(&number, &[(NumericOp::More, "1"), (NumericOp::Less, "2")]), Holds::Sometimes);
        assert!(matches!(of(&number, &[(NumericOp::More, "2"), (NumericOp::Less, "2")]), Holds::Never(_)));
    }

    #[test]
    fn a_star_stands_for_any_text() {
        assert!(wildcard("a*c", "abc") && wildcard("*", "") && wildcard("a*b*c", "aXbYc") && wildcard("abc", "abc"));
        assert!(!wildcard("a*c", "ab") && !wildcard("abc", "abcd") && !wildcard("a*b*c", "ac"));
    }
}
