//! Whether a value that the spec writes is of a type.

use crate::facts::plain;
use crate::model::{Flow, Type};
use crate::yaml::Literal;

/// What is wrong with a value as one of this type; none where nothing is.
pub(in crate::rules) fn problem(flow: &Flow, ty: &Type, value: &Literal) -> Option<String> {
    let wrong = |wanted: &str| Some(format!("{} is not {wanted}", words(value)));
    match (plain(flow, ty), value) {
        (Type::Optional(_), Literal::Null) | (Type::Json | Type::Named(_), _) | (Type::Bool, Literal::Bool(_)) => None,
        (Type::Optional(of), _) => problem(flow, of, value),
        (Type::String { length, .. }, Literal::Text(text)) => {
            let n = text.chars().count() as u64;
            let short = length.min.filter(|min| n < *min).map(|min| format!("it has {n} characters, fewer than {min}"));
            let long = length.max.filter(|max| n > *max).map(|max| format!("it has {n} characters, more than {max}"));
            short.or(long)
        }
        (Type::String { .. }, _) => wrong("a text"),
        (Type::Int(bounds), Literal::Int(n)) => {
            let Ok(n) = i64::try_from(*n) else { return wrong("a whole number of 64 bits") };
            let low = bounds.min.filter(|min| n < *min).map(|min| format!("`{n}` is less than {min}"));
            low.or(bounds.max.filter(|max| n > *max).map(|max| format!("`{n}` is more than {max}")))
        }
        (Type::Int(_), _) => wrong("a whole number"),
        (Type::Number(bounds), Literal::Int(_) | Literal::Float(_)) => {
            let n: f64 = match value {
                Literal::Int(n) => *n as f64,
                Literal::Float(f) => f.parse().unwrap_or(f64::NAN),
                _ => f64::NAN,
            };
            let low = bounds.min.filter(|min| n < *min).map(|min| format!("`{n}` is less than {min}"));
            low.or(bounds.max.filter(|max| n > *max).map(|max| format!("`{n}` is more than {max}")))
        }
        (Type::Number(_), _) => wrong("a number"),
        (Type::Bool, _) => wrong("`true` or `false`"),
        (Type::Enum(values), Literal::Text(text)) if values.contains(text) => None,
        (Type::Enum(values), _) => {
            let names: Vec<&str> = values.iter().map(String::as_str).collect();
            wrong(&format!("one of {}", crate::rules::listed(&names)))
        }
        (Type::Decimal, Literal::Text(text)) if is_decimal(text) => None,
        (Type::Decimal, _) => wrong("a decimal in quotes, such as `\"0.00\"`"),
        (Type::Email, Literal::Text(text)) if text.contains('@') => None,
        (Type::Url, Literal::Text(text)) if text.contains("://") => None,
        (Type::Date, Literal::Text(text)) if shaped(text, "0000-00-00") => None,
        (Type::Timestamp, Literal::Text(text)) if text.get(..10).is_some_and(|d| shaped(d, "0000-00-00")) => None,
        (Type::Uuid, Literal::Text(text)) if text.len() == 36 => None,
        (Type::Ulid, Literal::Text(text)) if text.len() == 26 => None,
        (Type::List(of, bounds), Literal::List(items)) => {
            let n = items.len() as u64;
            if bounds.min.is_some_and(|min| n < min) || bounds.max.is_some_and(|max| n > max) {
                return Some(format!("a list of {n} is too short or too long"));
            }
            items.iter().filter_map(|i| i.value.as_ref()).find_map(|i| problem(flow, of, i))
        }
        (Type::Map(of), Literal::Map(map)) => {
            map.values().filter_map(|v| v.value.as_ref()).find_map(|v| problem(flow, of, v))
        }
        (Type::Object(fields), Literal::Map(map)) => {
            let given =
                |name: &str| map.iter().find(|(k, _)| k.as_str() == Some(name)).and_then(|(_, v)| v.value.as_ref());
            let stray = map.keys().filter_map(|k| k.as_str()).find(|k| fields.iter().all(|f| f.name != *k));
            if let Some(stray) = stray {
                return Some(format!("there is no field `{stray}`"));
            }
            fields.iter().find_map(|f| match given(&f.name) {
                Some(value) => problem(flow, &f.ty, value),
                None if f.default.is_some() || matches!(plain(flow, &f.ty), Type::Optional(_)) => None,
                None => Some(format!("`{}` is missing", f.name)),
            })
        }
        (other, _) => wrong(&super::type_words(flow, other)),
    }
}

/// A value in words.
fn words(value: &Literal) -> String {
    match value {
        Literal::Null => "`null`".into(),
        Literal::Bool(b) => format!("`{b}`"),
        Literal::Int(n) => format!("`{n}`"),
        Literal::Float(f) => format!("`{f}`"),
        Literal::Text(t) => format!("`{t}`"),
        Literal::List(_) => "a list".into(),
        Literal::Map(_) => "a map".into(),
    }
}

/// A sign, digits, and perhaps a point and digits.
fn is_decimal(text: &str) -> bool {
    let text = text.strip_prefix('-').unwrap_or(text);
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    digits(whole) && digits(part)
}

/// Whether a text has digits where the form has `0`, and else the same characters.
fn shaped(text: &str, form: &str) -> bool {
    text.len() == form.len()
        && text.bytes().zip(form.bytes()).all(|(t, f)| if f == b'0' { t.is_ascii_digit() } else { t == f })
}

#[cfg(test)]
mod tests {
    use super::{is_decimal, shaped};

    #[test]
    fn a_decimal_has_digits_on_both_sides_of_its_point() {
        assert!(is_decimal("-12.50") && is_decimal("0"));
        for wrong in ["", ".5", "5.", "1e3", "+1", "1.2.3"] {
            assert!(!is_decimal(wrong), "{wrong}");
        }
    }

    #[test]
    fn a_date_has_its_form() {
        assert!(shaped("2026-01-31", "0000-00-00"));
        assert!(!shaped("2026-1-31", "0000-00-00") && !shaped("2026/01/31", "0000-00-00"));
    }
}
