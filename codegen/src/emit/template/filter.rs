//! Conditions as SNS reads them.
//!
//! In: a [`RawFilter`]. Out: the filter policy, on the attribute `type`, or on the CloudEvent in the body,
//! whose `data` holds the event's fields.

use crate::cfn::Tree;
use crate::model::{Matcher, NumericOp, Pattern, Scalar};
use crate::plan::RawFilter;
use std::borrow::Cow;

type Entries = Vec<(Cow<'static, str>, Tree)>;

/// The policy of a filter.
pub(super) fn policy(filter: &RawFilter) -> Tree {
    let mut made: Entries = Vec::new();
    if !filter.types.is_empty() {
        made.push(("type".into(), Tree::List(filter.types.iter().cloned().map(Tree::Text).collect())));
    }
    if let Some(pattern) = &filter.pattern {
        made.push(("data".into(), Tree::Map(fields(pattern))));
    }
    Tree::Map(made)
}

fn fields(pattern: &Pattern) -> Entries {
    let mut made: Entries = Vec::new();
    for (path, _, matchers) in &pattern.fields {
        let alternatives = matchers.iter().map(|(matcher, _)| alternative(matcher)).collect();
        insert(&mut made, path, Tree::List(alternatives));
    }
    let any = one_of(&pattern.any_of);
    if !any.is_empty() {
        made.push(("$or".into(), Tree::List(any.into_iter().map(Tree::Map).collect())));
    }
    made
}

/// A map takes `$or` once: of several, every choice from each.
fn one_of(lists: &[Vec<Pattern>]) -> Vec<Entries> {
    let mut made: Vec<Entries> = Vec::new();
    for (at, list) in lists.iter().enumerate() {
        let choices: Vec<Entries> = list.iter().map(fields).collect();
        if at == 0 {
            made = choices;
        } else {
            made = made.iter().flat_map(|a| choices.iter().map(|b| merged(a.clone(), b))).collect();
        }
    }
    made
}

fn merged(mut into: Entries, from: &Entries) -> Entries {
    for (key, value) in from {
        match (into.iter_mut().find(|(k, _)| k == key), value) {
            (Some((_, Tree::Map(inner))), Tree::Map(more)) => *inner = merged(std::mem::take(inner), more),
            (Some(_), _) => {}
            (None, _) => into.push((key.clone(), value.clone())),
        }
    }
    into
}

fn insert(into: &mut Entries, path: &[String], value: Tree) {
    let Some((first, rest)) = path.split_first() else { return };
    if rest.is_empty() {
        into.push((first.clone().into(), value));
        return;
    }
    if let Some((_, Tree::Map(inner))) = into.iter_mut().find(|(key, _)| key == first) {
        insert(inner, rest, value);
    } else {
        let mut inner = Vec::new();
        insert(&mut inner, rest, value);
        into.push((first.clone().into(), Tree::Map(inner)));
    }
}

fn scalar(value: &Scalar) -> Tree {
    match value {
        Scalar::Text(text) => Tree::Text(text.clone()),
        Scalar::Number(number) => Tree::Number(number.clone()),
        Scalar::Bool(value) => Tree::Bool(*value),
        Scalar::Null => Tree::Null,
    }
}

fn alternative(matcher: &Matcher) -> Tree {
    let text = |operator, text: &String| Tree::map([(operator, Tree::Text(text.clone()))]);
    let not = |inner| Tree::map([("anything-but", inner)]);
    match matcher {
        Matcher::Exact(value) => scalar(value),
        Matcher::Prefix(of) => text("prefix", of),
        Matcher::Suffix(of) => text("suffix", of),
        Matcher::EqualsIgnoreCase(of) => text("equals-ignore-case", of),
        Matcher::Wildcard(of) => text("wildcard", of),
        Matcher::AnythingBut(values) => not(Tree::List(values.iter().map(scalar).collect())),
        Matcher::AnythingButPrefix(of) => not(text("prefix", of)),
        Matcher::AnythingButSuffix(of) => not(text("suffix", of)),
        Matcher::AnythingButWildcard(of) => not(text("wildcard", of)),
        Matcher::Numeric(comparisons) => {
            let parts = comparisons.iter().flat_map(|(op, number)| [symbol(*op), Tree::Number(number.clone())]);
            Tree::map([("numeric", Tree::List(parts.collect()))])
        }
        Matcher::Exists(there) => Tree::map([("exists", Tree::Bool(*there))]),
        Matcher::Cidr(of) => text("cidr", of),
    }
}

fn symbol(op: NumericOp) -> Tree {
    Tree::Text(
        match op {
            NumericOp::Less => "<",
            NumericOp::AtMost => "<=",
            NumericOp::Equal => "=",
            NumericOp::AtLeast => ">=",
            NumericOp::More => ">",
        }
        .to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::{Pattern, policy};
    use crate::cfn::Tree;
    use crate::model::{Matcher, Scalar};
    use crate::plan::RawFilter;
    use crate::source::{FileId, Span};

    fn field(path: &[&str], value: &str) -> Pattern {
        let span = Span::new(FileId(0), 0, 0);
        let path = path.iter().map(|p| (*p).to_owned()).collect();
        let matcher = Matcher::Exact(Scalar::Text(value.to_owned()));
        Pattern { fields: vec![(path, span, vec![(matcher, span)])], any_of: Vec::new(), span }
    }

    #[test]
    fn nested_fields_of_one_map_stand_together() {
        let mut pattern = field(&["to", "town"], "Bern");
        pattern.fields.extend(field(&["to", "country"], "ch").fields);
        let made = policy(&RawFilter { types: Vec::new(), pattern: Some(pattern) });
        let Some(Tree::Map(to)) = made.get("data").and_then(|d| d.get("to")) else { panic!("{made:?}") };
        assert_eq!(to.iter().map(|(key, _)| key.as_ref()).collect::<Vec<_>>(), ["town", "country"]);
    }

    #[test]
    fn of_several_alternatives_every_choice_is_one() {
        let mut pattern = field(&["a"], "1");
        let two = |x, y| vec![field(&[x], "1"), field(&[y], "1")];
        pattern.any_of = vec![two("b", "c"), two("d", "e")];
        let made = policy(&RawFilter { types: Vec::new(), pattern: Some(pattern) });
        let choices = made.get("data").and_then(|d| d.get("$or")).unwrap().items();
        let keys = |tree: &Tree| ["b", "c", "d", "e"].into_iter().filter(|k| tree.get(k).is_some()).collect::<String>();
        assert_eq!(choices.iter().map(keys).collect::<Vec<_>>(), ["bd", "be", "cd", "ce"]);
    }
}
