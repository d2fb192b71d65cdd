//! Conditions, in the form of SNS filter patterns.

use super::Resolver;
use crate::model::{Matcher, NumericOp, Pattern, Scalar};
use crate::rules::e043_pattern;
use crate::source::Span;
use crate::syntax;
use crate::yaml::{At, Literal};

/// What is wrong with a pattern, where, and how to put it right.
type Mistake = (Span, String, Option<String>);

impl Resolver<'_> {
    /// A condition; what could not be read was reported and is left out.
    pub(super) fn pattern(&mut self, at: &At<syntax::Pattern>) -> Pattern {
        let mut made = Pattern { span: at.span, ..Pattern::default() };
        let Some(map) = &at.value else { return made };
        if map.is_empty() {
            self.report(e043_pattern::diagnostic(at.span, "an empty condition says nothing", None));
        }
        for (key, value) in map {
            if let Some(key_text) = &key.value {
                self.entry(&[], key_text, key.span, value, &mut made);
            }
        }
        made
    }

    fn entry(&mut self, path: &[String], key: &str, span: Span, value: &At<Literal>, made: &mut Pattern) {
        let Some(literal) = &value.value else { return };
        if key == "$or" {
            self.any_of(path, value, made);
            return;
        }
        let path: Vec<String> = path.iter().cloned().chain([key.to_owned()]).collect();
        match literal {
            Literal::List(alternatives) => {
                if alternatives.is_empty() {
                    self.report(e043_pattern::diagnostic(value.span, "an empty list matches nothing", None));
                }
                let mut matchers = Vec::new();
                for alternative in alternatives {
                    match matcher(alternative) {
                        Ok(m) => matchers.push((m, alternative.span)),
                        Err((span, said, help)) => self.report(e043_pattern::diagnostic(span, &said, help)),
                    }
                }
                made.fields.push((path, span, matchers));
            }
            Literal::Map(inner) if inner.keys().all(|k| k.as_str().is_none_or(|k| !OPERATORS.contains(&k))) => {
                for (key, value) in inner {
                    self.entry(&path, key.as_str().unwrap_or_default(), key.span, value, made);
                }
            }
            Literal::Map(_) => {
                let said = "an operator stands in a list";
                let help = Some(format!("write `{key}: [{{ … }}]`"));
                self.report(e043_pattern::diagnostic(value.span, said, help));
            }
            other => {
                let help = scalar(other).map(|s| format!("write `{key}: [{}]`", written(&s)));
                self.report(e043_pattern::diagnostic(value.span, "a pattern is a list of what may match", help));
            }
        }
    }

    fn any_of(&mut self, path: &[String], value: &At<Literal>, made: &mut Pattern) {
        let Some(Literal::List(patterns)) = &value.value else {
            self.report(e043_pattern::diagnostic(value.span, "`$or` takes a list of conditions", None));
            return;
        };
        if patterns.len() < 2 {
            self.report(e043_pattern::diagnostic(value.span, "`$or` takes at least two conditions", None));
        }
        let mut alternatives = Vec::new();
        for pattern in patterns {
            let Some(Literal::Map(map)) = &pattern.value else {
                self.report(e043_pattern::diagnostic(pattern.span, "`$or` takes a list of conditions", None));
                continue;
            };
            let mut inner = Pattern { span: pattern.span, ..Pattern::default() };
            for (key, value) in map {
                self.entry(path, key.as_str().unwrap_or_default(), key.span, value, &mut inner);
            }
            alternatives.push(inner);
        }
        made.any_of.push(alternatives);
    }
}

/// The operators of SNS filter policies.
const OPERATORS: [&str; 8] =
    ["prefix", "suffix", "equals-ignore-case", "wildcard", "anything-but", "numeric", "exists", "cidr"];

/// A scalar value.
fn scalar(literal: &Literal) -> Option<Scalar> {
    Some(match literal {
        Literal::Null => Scalar::Null,
        Literal::Bool(b) => Scalar::Bool(*b),
        Literal::Int(n) => Scalar::Number(n.to_string()),
        Literal::Float(f) => Scalar::Number(f.clone()),
        Literal::Text(t) => Scalar::Text(t.clone()),
        Literal::List(_) | Literal::Map(_) => return None,
    })
}

/// A scalar as it would be written.
fn written(scalar: &Scalar) -> String {
    match scalar {
        Scalar::Text(t) => t.clone(),
        Scalar::Number(n) => n.clone(),
        Scalar::Bool(b) => b.to_string(),
        Scalar::Null => "null".into(),
    }
}

fn matcher(at: &At<Literal>) -> Result<Matcher, Mistake> {
    let fail = |span, said: &str| Err((span, said.to_owned(), None));
    let Some(literal) = &at.value else { return fail(at.span, "a value belongs here") };
    if let Some(scalar) = scalar(literal) {
        return Ok(Matcher::Exact(scalar));
    }
    let Literal::Map(map) = literal else {
        return fail(at.span, "a list stands where a value belongs");
    };
    let Some((At { value: Some(operator), span }, value)) = map.first().filter(|_| map.len() == 1) else {
        return fail(at.span, "an alternative is a value, or an object of exactly one operator");
    };
    let text = |value: &At<Literal>| match &value.value {
        Some(Literal::Text(t)) if !t.is_empty() => Ok(t.clone()),
        _ => Err((value.span, format!("`{operator}` takes a text"), None)),
    };
    match operator.as_str() {
        "prefix" => text(value).map(Matcher::Prefix),
        "suffix" => text(value).map(Matcher::Suffix),
        "equals-ignore-case" => text(value).map(Matcher::EqualsIgnoreCase),
        "wildcard" => {
            let pattern = text(value)?;
            if pattern.contains("**") || pattern.matches('*').count() > 3 {
                return fail(value.span, "`wildcard` takes at most three `*`, no two in a row");
            }
            Ok(Matcher::Wildcard(pattern))
        }
        "cidr" => text(value).map(Matcher::Cidr),
        "exists" => match value.value {
            Some(Literal::Bool(b)) => Ok(Matcher::Exists(b)),
            _ => fail(value.span, "`exists` takes `true` or `false`"),
        },
        "anything-but" => anything_but(value),
        "numeric" => numeric(value),
        other => {
            let said = format!("`{other}` is no operator; there are {}", OPERATORS.join(", "));
            Err((*span, said, crate::suggest::nearest(other, OPERATORS).map(|n| format!("did you mean `{n}`?"))))
        }
    }
}

fn anything_but(value: &At<Literal>) -> Result<Matcher, Mistake> {
    if let Some(one) = value.value.as_ref().and_then(scalar) {
        return Ok(Matcher::AnythingBut(vec![one]));
    }
    match &value.value {
        Some(Literal::List(list)) if !list.is_empty() => {
            let values: Option<Vec<Scalar>> = list.iter().map(|l| l.value.as_ref().and_then(scalar)).collect();
            values.map(Matcher::AnythingBut).ok_or((value.span, "`anything-but` takes values".into(), None))
        }
        Some(Literal::Map(map)) => match map.first().filter(|_| map.len() == 1) {
            Some((operator, At { value: Some(Literal::Text(text)), .. })) => {
                match operator.as_str().unwrap_or_default() {
                    "prefix" => Ok(Matcher::AnythingButPrefix(text.clone())),
                    "suffix" => Ok(Matcher::AnythingButSuffix(text.clone())),
                    "wildcard" => Ok(Matcher::AnythingButWildcard(text.clone())),
                    _ => Err((value.span, "`anything-but` knows `prefix`, `suffix` and `wildcard`".into(), None)),
                }
            }
            _ => Err((value.span, "`anything-but` takes values, or one operator".into(), None)),
        },
        _ => Err((value.span, "`anything-but` takes values, or one operator".into(), None)),
    }
}

fn numeric(value: &At<Literal>) -> Result<Matcher, Mistake> {
    let wrong = || (value.span, "`numeric` takes `[\">\", 0]` or `[\">\", 0, \"<=\", 10]`".to_owned(), None);
    let Some(Literal::List(list)) = &value.value else { return Err(wrong()) };
    if !matches!(list.len(), 2 | 4) {
        return Err(wrong());
    }
    let mut found = Vec::new();
    for pair in list.chunks(2) {
        let [operator, number] = pair else { return Err(wrong()) };
        let operator = match &operator.value {
            Some(Literal::Text(t)) => match t.as_str() {
                "<" => NumericOp::Less,
                "<=" => NumericOp::AtMost,
                "=" => NumericOp::Equal,
                ">=" => NumericOp::AtLeast,
                ">" => NumericOp::More,
                _ => return Err((operator.span, format!("`{t}` is no comparison; there are < <= = >= >"), None)),
            },
            _ => return Err(wrong()),
        };
        let number = match number.value.as_ref().and_then(scalar) {
            Some(Scalar::Number(n)) => n,
            _ => return Err((number.span, "a number belongs here".into(), None)),
        };
        found.push((operator, number));
    }
    if let [(first, _), (second, _)] = found.as_slice() {
        let lower = |op: &NumericOp| matches!(op, NumericOp::More | NumericOp::AtLeast);
        let upper = |op: &NumericOp| matches!(op, NumericOp::Less | NumericOp::AtMost);
        if !(lower(first) && upper(second)) {
            let said = "a range is a lower bound and then an upper one: `[\">=\", 0, \"<\", 10]`";
            return Err((value.span, said.into(), None));
        }
    }
    Ok(Matcher::Numeric(found))
}
