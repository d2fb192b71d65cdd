//! E072: SNS cannot apply a filter.

use super::support::conditions::{self, Entry, Kind};
use super::{Check, Context, Rule};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::{Matcher, Pattern, Scalar};
use std::collections::BTreeSet;

/// SNS cannot apply a filter, or a condition is none of a filter's.
pub(crate) const RULE: Rule = Rule {
    code: "E072",
    title: "a filter is more than SNS can apply",
    doc: r#"
A `filter` is applied by SNS between a topic and its queue, so it needs a queue that reads a topic. SNS allows 5 keys
(the event's type, where `events:` narrows, is one of them) and 150 combinations: the product of the numbers of
alternatives, each times its depth: an event's field has depth 2, for it lies in the `data` of its message, and a field
of that one 3. Numbers lie within 1,000,000,000 and have at most 5
decimals. `cidr` is known to filters only. A filter stands in the stack's template, which cannot hold `null`: an optional
field without a value is left out of its event, so ask with `exists`.

See <https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html>.

```yaml
# wrong: six keys
filter: { a: [1], b: [1], c: [1], d: [1], e: [1], f: [1] }
# right: leave the rest to a handler
filter: { a: [1], b: [1] }
```
"#,
    check: Check::Whole(check),
};

/// Keys of a policy: <https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html>.
const MOST_KEYS: usize = 5;
/// Combinations of a policy: the same page.
const MOST_COMBINATIONS: u64 = 150;
/// The largest number, either way: the same page.
const LARGEST: f64 = 1e9;
/// Decimals of a number: the same page.
const MOST_DECIMALS: usize = 5;

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    for queue in cx.flow.queues.values() {
        let Some(filter) = &queue.filter else { continue };
        if queue.from.is_none() {
            let said = format!("queue `{}` reads no topic, so nothing can apply its filter", queue.name.text);
            out.push(
                Diagnostic::new(RULE.code, filter.span, said)
                    .help("give it `from:`, or decide in a handler or a workflow's `choice`"),
            );
            continue;
        }
        let entries = conditions::entries(filter);
        let types = queue.events.as_ref().map_or(0, Vec::len);
        let keys: BTreeSet<&str> = entries.iter().filter_map(|e| e.path.last()).map(String::as_str).collect();
        let number = keys.len() + usize::from(types > 0);
        if number > MOST_KEYS {
            let also = if types > 0 { ", the event's type included" } else { "" };
            let said = format!("this filter has {number} keys{also}; SNS allows {MOST_KEYS}");
            out.push(Diagnostic::new(RULE.code, filter.span, said).help("leave the rest to a handler"));
        }
        let combinations = combinations(filter).saturating_mul(types.max(1) as u64);
        if combinations > MOST_COMBINATIONS {
            let said = format!("this filter has {combinations} combinations; SNS allows {MOST_COMBINATIONS}");
            out.push(
                Diagnostic::new(RULE.code, filter.span, said)
                    .help("the numbers of alternatives are multiplied: use fewer, or a prefix"),
            );
        }
        asked_twice(filter, out);
        entries.iter().for_each(|e| numbers(e, out));
        entries.iter().for_each(|e| nulls(e, out));
    }
    conditions::each(cx, &mut |spot| {
        if spot.kind == Kind::Filter {
            return;
        }
        for (matcher, span) in conditions::entries(spot.pattern).iter().flat_map(|e| e.matchers) {
            if matches!(matcher, Matcher::Cidr(_)) {
                let said = "`cidr` is known to the filter of a queue only";
                out.push(Diagnostic::new(RULE.code, *span, said).help("compare with `prefix`, or decide in a handler"));
            }
        }
    });
}

/// The combinations of a policy: of keys multiplied, of the branches of an `$or` added. SNS counts a key as often as
/// it lies deep, and an event's fields lie in the `data` of its message.
fn combinations(pattern: &Pattern) -> u64 {
    let depth = |path: &[String]| path.len() as u64 + 1;
    let own = pattern.fields.iter().map(|(path, _, m)| (m.len().max(1) as u64).saturating_mul(depth(path)));
    let each = |or: &Vec<Pattern>| or.iter().map(combinations).fold(0, u64::saturating_add).max(1);
    let either = pattern.any_of.iter().map(each);
    own.chain(either).fold(1, u64::saturating_mul)
}

/// A policy holds one `$or`, so several become one, with every choice from each: there a field stands once.
fn asked_twice(pattern: &Pattern, out: &mut Diagnostics) {
    let mut before: BTreeSet<&[String]> = BTreeSet::new();
    for list in &pattern.any_of {
        let fields: Vec<_> = list.iter().flat_map(conditions::entries).collect();
        if let Some(again) = fields.iter().find(|e| before.contains(e.path)) {
            let said = format!("two `$or` of this filter ask for `{}`", again.path.join("."));
            out.push(Diagnostic::new(RULE.code, again.span, said).help("ask for it in one of them, or in a handler"));
        }
        before.extend(fields.iter().map(|e| e.path));
        list.iter().for_each(|p| asked_twice(p, out));
    }
}

fn nulls(entry: &Entry<'_>, out: &mut Diagnostics) {
    for (matcher, span) in entry.matchers {
        let help = match matcher {
            Matcher::Exact(Scalar::Null) => "a field without a value is left out: `{ exists: false }` asks for that",
            Matcher::AnythingBut(values) if values.contains(&Scalar::Null) => {
                "a field without a value is left out: `{ exists: true }` asks for one with a value"
            }
            _ => continue,
        };
        out.push(Diagnostic::new(RULE.code, *span, "a filter cannot ask for `null`").help(help));
    }
}

fn numbers(entry: &Entry<'_>, out: &mut Diagnostics) {
    for (matcher, span) in entry.matchers {
        let found: Vec<&String> = match matcher {
            Matcher::Exact(Scalar::Number(n)) => vec![n],
            Matcher::AnythingBut(values) => {
                values.iter().filter_map(|v| if let Scalar::Number(n) = v { Some(n) } else { None }).collect()
            }
            Matcher::Numeric(bounds) => bounds.iter().map(|(_, n)| n).collect(),
            _ => Vec::new(),
        };
        for n in found {
            let decimals = n.split_once('.').map_or(0, |(_, d)| d.trim_end_matches('0').len());
            if n.parse::<f64>().is_ok_and(|n| n.abs() > LARGEST) {
                out.push(Diagnostic::new(
                    RULE.code,
                    *span,
                    format!("SNS compares numbers up to 1,000,000,000; this is {n}"),
                ));
            } else if decimals > MOST_DECIMALS || n.contains(['e', 'E']) {
                out.push(Diagnostic::new(
                    RULE.code,
                    *span,
                    format!("SNS compares numbers of at most {MOST_DECIMALS} decimals; this is {n}"),
                ));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::combinations;
    use crate::model::{Matcher, Pattern, Scalar};
    use crate::source::Span;

    fn field(path: &str, alternatives: usize) -> (Vec<String>, Span, Vec<(Matcher, Span)>) {
        let path = path.split('.').map(str::to_owned).collect();
        let one = (Matcher::Exact(Scalar::Null), Span::default());
        (path, Span::default(), vec![one; alternatives])
    }

    #[test]
    fn keys_multiply_and_branches_add() {
        let branch = |n| Pattern { fields: vec![field("x", n)], ..Pattern::default() };
        let pattern = Pattern {
            fields: vec![field("a", 2), field("b", 3)],
            any_of: vec![vec![branch(4), branch(1)]],
            span: Span::default(),
        };
        assert_eq!(combinations(&pattern), 4 * 6 * (8 + 2));
        let nested = Pattern { fields: vec![field("a.b", 4), field("c", 3)], ..Pattern::default() };
        assert_eq!(combinations(&nested), 4 * 3 * 3 * 2);
    }
}
