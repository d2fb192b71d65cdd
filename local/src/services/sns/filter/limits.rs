//! How large a policy may be: "Filter policy constraints" in the SNS Developer Guide.

use std::collections::BTreeSet;

use super::parse::FilterError;
use super::{Field, Rule};

/// Bytes of a policy's JSON.
pub(super) const BYTES: usize = 256 * 1024;
/// Keys that have values; those that only nest others are not counted.
const KEYS: usize = 5;
/// Combinations of values.
const COMBINATIONS: u64 = 150;

/// Refuses a policy with too many keys or combinations.
pub(super) fn check(fields: &[Field]) -> Result<(), FilterError> {
    let mut keys = BTreeSet::new();
    collect_keys(fields, "", &mut keys);
    if keys.len() > KEYS {
        return Err(FilterError::policy("Filter policy can not have more than 5 keys"));
    }
    if combinations(fields, 1) > COMBINATIONS {
        return Err(FilterError::policy("Filter policy is too complex"));
    }
    Ok(())
}

fn collect_keys(fields: &[Field], path: &str, keys: &mut BTreeSet<String>) {
    for field in fields {
        match field {
            Field::Or(choices) => choices.iter().for_each(|choice| collect_keys(choice, path, keys)),
            Field::Key(key, Rule::Nested(nested)) => collect_keys(nested, &format!("{path}\u{0}{key}"), keys),
            Field::Key(key, Rule::OneOf(_)) => {
                keys.insert(format!("{path}\u{0}{key}"));
            }
        }
    }
}

/// The product over the keys of how many values each has, times how deep it lies; the alternatives of an
/// `$or` are added up.
fn combinations(fields: &[Field], depth: u64) -> u64 {
    fields.iter().fold(1, |product: u64, field| {
        product.saturating_mul(match field {
            Field::Or(choices) => {
                choices.iter().fold(0, |sum: u64, choice| sum.saturating_add(combinations(choice, depth)))
            }
            Field::Key(_, Rule::Nested(nested)) => combinations(nested, depth.saturating_add(1)),
            Field::Key(_, Rule::OneOf(conditions)) => {
                u64::try_from(conditions.len()).unwrap_or(u64::MAX).saturating_mul(depth)
            }
        })
    })
}
