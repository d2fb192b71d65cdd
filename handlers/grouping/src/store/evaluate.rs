//! What a write makes of an item: DynamoDB's rules for exactly the clauses that are used.
//! <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html>
//!
//! In: an item, or none, and a write. Out: the item afterwards, or that the condition failed. The
//! local engine answers the same writes in DynamoDB's own words; `local/tests/aws/grouping.rs` holds the
//! two together.

use std::collections::BTreeSet;

use super::value::{Attribute, Item, Value};
use super::write::{Change, Condition, Operand, Update, Write};

/// The item after the write; nothing if the condition fails. What fails in another way, such as an
/// operand that is not there, has no effect either: DynamoDB answers with a validation error.
#[must_use]
pub fn write(item: Option<&Item>, write: &Write) -> Option<Item> {
    if write.only_if.as_ref().is_some_and(|condition| !holds(item, condition)) {
        return None;
    }
    match &write.change {
        Change::Put(item) => Some(item.clone()),
        Change::Update(clauses) => update(item, clauses),
    }
}

fn update(before: Option<&Item>, clauses: &Update) -> Option<Item> {
    let mut after = before.cloned().unwrap_or_default();
    for (attribute, operand) in &clauses.set {
        after.insert(*attribute, operand_value(before, *attribute, operand)?);
    }
    for (attribute, member) in &clauses.add {
        match after.entry(*attribute).or_insert_with(|| Value::Ids(BTreeSet::new())) {
            Value::Ids(ids) => ids.insert(*member),
            _ => return None,
        };
    }
    for attribute in &clauses.remove {
        after.remove(attribute);
    }
    Some(after)
}

fn operand_value(before: Option<&Item>, own: Attribute, operand: &Operand) -> Option<Value> {
    let of = |attribute: Attribute| before.and_then(|item| item.get(&attribute)).cloned();
    match operand {
        Operand::To(value) => Some(value.clone()),
        Operand::OwnOr(value) => of(own).or_else(|| Some(value.clone())),
        Operand::Of(other) => of(*other),
        Operand::OfOr(other, value) => of(*other).or_else(|| Some(value.clone())),
        Operand::Next => match of(own) {
            None => Some(Value::Number(1)),
            Some(Value::Number(number)) => Some(Value::Number(number.checked_add(1)?)),
            Some(_) => None,
        },
    }
}

/// Whether a condition holds. A comparison with what is not there does not.
#[must_use]
pub fn holds(item: Option<&Item>, condition: &Condition) -> bool {
    let of = |attribute: &Attribute| item.and_then(|item| item.get(attribute));
    let size = |attribute: &Attribute| match of(attribute) {
        Some(Value::Ids(ids)) => Some(ids.len() as u64),
        _ => None,
    };
    match condition {
        Condition::NoItem => item.is_none(),
        Condition::Exists(attribute) => of(attribute).is_some(),
        Condition::Absent(attribute) => of(attribute).is_none(),
        Condition::Is(attribute, value) => of(attribute) == Some(value),
        Condition::AtMost(attribute, most) => matches!(of(attribute), Some(Value::Number(n)) if n <= most),
        Condition::Contains(attribute, id) => matches!(of(attribute), Some(Value::Ids(ids)) if ids.contains(id)),
        Condition::SizeBelow(attribute, bound) => size(attribute).is_some_and(|size| size < *bound),
        Condition::SizeAtLeast(attribute, bound) => size(attribute).is_some_and(|size| size >= *bound),
        Condition::Not(inner) => !holds(item, inner),
        Condition::All(all) => all.iter().all(|inner| holds(item, inner)),
        Condition::Any(any) => any.iter().any(|inner| holds(item, inner)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{HeadName, Id, Key};

    fn key() -> Key {
        Key::Head(HeadName::new("k"))
    }

    fn numbers(pairs: &[(Attribute, u64)]) -> Item {
        pairs.iter().map(|(attribute, number)| (*attribute, Value::Number(*number))).collect()
    }

    #[test]
    fn operands_are_of_the_item_before_the_update() {
        let before = numbers(&[(Attribute::Epoch, 4)]);
        let rotate = Write::update(key())
            .set(Attribute::PrevEpoch, Operand::Of(Attribute::Epoch))
            .set(Attribute::Epoch, Operand::Next);
        let after = write(Some(&before), &rotate).unwrap();
        assert_eq!(after, numbers(&[(Attribute::Epoch, 5), (Attribute::PrevEpoch, 4)]));
    }

    #[test]
    fn an_update_begins_an_item_that_is_not_there() {
        let id = Id::of(&[b"e"]);
        let after = write(None, &Write::update(key()).add(Attribute::Ids, id)).unwrap();
        assert_eq!(after.get(&Attribute::Ids), Some(&Value::Ids([id].into())));
    }

    #[test]
    fn an_operand_that_is_not_there_changes_nothing() {
        let clear = Write::update(key()).set(Attribute::SweepAt, Operand::Of(Attribute::HardDue));
        assert_eq!(write(Some(&Item::new()), &clear), None);
    }

    #[test]
    fn what_is_not_there_compares_with_nothing_and_contains_nothing() {
        let (empty, id) = (Item::new(), Id::of(&[b"e"]));
        for condition in [
            Condition::AtMost(Attribute::SoftDue, 9),
            Condition::SizeBelow(Attribute::Ids, 9),
            Condition::SizeAtLeast(Attribute::Ids, 0),
            Condition::Contains(Attribute::Ids, id),
            Condition::Is(Attribute::Epoch, Value::Number(0)),
        ] {
            assert!(!holds(Some(&empty), &condition), "{condition:?}");
            assert!(!holds(None, &condition), "{condition:?}");
            assert!(holds(None, &condition.clone().not()), "{condition:?}");
        }
    }
}
