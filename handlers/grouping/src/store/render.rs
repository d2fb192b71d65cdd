//! A write in DynamoDB's words.
//!
//! In: a [`Write`]. Out: an update expression where it is an update, a condition expression where it
//! has one, and what their placeholders stand for. Every name is a placeholder, so no reserved word
//! can be met; equal values share one.

use std::collections::BTreeMap;

use super::value::{Attribute, Value};
use super::write::{Change, Condition, Operand, Update, Write};

/// The partition key's attribute.
pub const PK: &str = "pk";

/// Expressions, and what stands for what in them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rendered {
    /// `UpdateExpression`; none for a put.
    pub update: Option<String>,
    /// `ConditionExpression`.
    pub condition: Option<String>,
    /// `ExpressionAttributeNames`.
    pub names: BTreeMap<String, &'static str>,
    /// `ExpressionAttributeValues`.
    pub values: BTreeMap<String, Value>,
}

/// The expressions of a write.
#[must_use]
pub fn write(write: &Write) -> Rendered {
    let mut rendered = Rendered::default();
    if let Change::Update(clauses) = &write.change {
        rendered.update = Some(rendered.clauses(clauses));
    }
    rendered.condition = write.only_if.as_ref().map(|condition| rendered.condition(condition));
    rendered
}

impl Rendered {
    fn name(&mut self, name: &'static str) -> String {
        let placeholder = format!("#{name}");
        self.names.insert(placeholder.clone(), name);
        placeholder
    }

    fn attribute(&mut self, attribute: Attribute) -> String {
        self.name(attribute.name())
    }

    fn value(&mut self, value: &Value) -> String {
        let known = self.values.iter().find(|(_, known)| *known == value).map(|(placeholder, _)| placeholder.clone());
        known.unwrap_or_else(|| {
            let placeholder = format!(":v{}", self.values.len());
            self.values.insert(placeholder.clone(), value.clone());
            placeholder
        })
    }

    fn number(&mut self, number: u64) -> String {
        self.value(&Value::Number(number))
    }

    fn clauses(&mut self, update: &Update) -> String {
        let set = update.set.iter().map(|(attribute, operand)| {
            let operand = self.operand(*attribute, operand);
            format!("{} = {operand}", self.attribute(*attribute))
        });
        let set = set.collect::<Vec<_>>();
        let add = update.add.iter().map(|(attribute, member)| {
            let member = self.value(&Value::Ids([*member].into()));
            format!("{} {member}", self.attribute(*attribute))
        });
        let add = add.collect::<Vec<_>>();
        let remove = update.remove.iter().map(|attribute| self.attribute(*attribute)).collect::<Vec<_>>();
        let clauses = [("SET", set), ("ADD", add), ("REMOVE", remove)];
        let clauses = clauses.iter().filter(|(_, actions)| !actions.is_empty());
        clauses.map(|(word, actions)| format!("{word} {}", actions.join(", "))).collect::<Vec<_>>().join(" ")
    }

    fn operand(&mut self, own: Attribute, operand: &Operand) -> String {
        match operand {
            Operand::To(value) => self.value(value),
            Operand::OwnOr(value) => format!("if_not_exists({}, {})", self.attribute(own), self.value(value)),
            Operand::Of(other) => self.attribute(*other),
            Operand::OfOr(other, value) => format!("if_not_exists({}, {})", self.attribute(*other), self.value(value)),
            Operand::Next => {
                format!("if_not_exists({}, {}) + {}", self.attribute(own), self.number(0), self.number(1))
            }
        }
    }

    fn condition(&mut self, condition: &Condition) -> String {
        match condition {
            Condition::NoItem => format!("attribute_not_exists({})", self.name(PK)),
            Condition::Exists(attribute) => format!("attribute_exists({})", self.attribute(*attribute)),
            Condition::Absent(attribute) => format!("attribute_not_exists({})", self.attribute(*attribute)),
            Condition::Is(attribute, value) => format!("{} = {}", self.attribute(*attribute), self.value(value)),
            Condition::AtMost(attribute, most) => format!("{} <= {}", self.attribute(*attribute), self.number(*most)),
            Condition::Contains(attribute, id) => {
                format!("contains({}, {})", self.attribute(*attribute), self.value(&Value::Id(*id)))
            }
            Condition::SizeBelow(attribute, bound) => {
                format!("size({}) < {}", self.attribute(*attribute), self.number(*bound))
            }
            Condition::SizeAtLeast(attribute, bound) => {
                format!("size({}) >= {}", self.attribute(*attribute), self.number(*bound))
            }
            Condition::Not(inner) => format!("NOT {}", self.condition(inner)),
            Condition::All(all) => self.joined(all, " AND "),
            Condition::Any(any) => self.joined(any, " OR "),
        }
    }

    /// In parentheses, but for a lone one: DynamoDB refuses redundant parentheses.
    fn joined(&mut self, conditions: &[Condition], word: &str) -> String {
        if let [only] = conditions {
            return self.condition(only);
        }
        let conditions = conditions.iter().map(|condition| self.condition(condition)).collect::<Vec<_>>();
        format!("({})", conditions.join(word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{HeadName, Id, Key};

    #[test]
    fn a_write_is_one_update_expression_and_one_condition() {
        let id = Id::of(&[b"e"]);
        let append = Write::update(Key::Head(HeadName::new("k")))
            .set(Attribute::SoftDue, Operand::To(Value::Number(30)))
            .set(Attribute::HardDue, Operand::OwnOr(Value::Number(300)))
            .add(Attribute::Ids, id)
            .remove([Attribute::Ttl])
            .only_if([
                Condition::Is(Attribute::Epoch, Value::Number(7)),
                Condition::Contains(Attribute::Ids, id).not(),
                Condition::Absent(Attribute::Ids).or(Condition::SizeBelow(Attribute::Ids, 100)),
            ]);
        let rendered = write(&append);
        assert_eq!(
            rendered.update.as_deref(),
            Some("SET #soft_due = :v0, #hard_due = if_not_exists(#hard_due, :v1) ADD #ids :v2 REMOVE #ttl")
        );
        assert_eq!(
            rendered.condition.as_deref(),
            Some("(#epoch = :v3 AND NOT contains(#ids, :v4) AND (attribute_not_exists(#ids) OR size(#ids) < :v5))")
        );
        assert_eq!(rendered.values[":v2"], Value::Ids([id].into()));
        assert_eq!(rendered.values[":v4"], Value::Id(id));
        assert_eq!(rendered.names["#ttl"], "ttl");
    }

    #[test]
    fn a_put_has_a_condition_alone_and_equal_values_one_placeholder() {
        let both = Condition::AtMost(Attribute::SoftDue, 5).or(Condition::AtMost(Attribute::HardDue, 5));
        let put = Write::put(Key::Mark(Id::of(&[])), [].into(), Condition::NoItem.or(both));
        let rendered = write(&put);
        assert_eq!(rendered.update, None);
        assert_eq!(
            rendered.condition.as_deref(),
            Some("(attribute_not_exists(#pk) OR (#soft_due <= :v0 OR #hard_due <= :v0))")
        );
        assert_eq!(rendered.values.len(), 1);
    }

    #[test]
    fn a_lone_alternative_is_in_no_parentheses_of_its_own() {
        let claim = Write::update(Key::Mark(Id::of(&[])))
            .set(Attribute::Fence, Operand::Next)
            .only_if([Condition::NoItem.or(Condition::AtMost(Attribute::Lease, 5))]);
        assert_eq!(write(&claim).condition.as_deref(), Some("(attribute_not_exists(#pk) OR #lease <= :v2)"));
    }

    #[test]
    fn a_write_without_a_condition_has_none() {
        let write = super::write(&Write::update(Key::Mark(Id::of(&[]))).set(Attribute::Fence, Operand::Next));
        assert_eq!(write.condition, None);
        assert_eq!(write.update.as_deref(), Some("SET #fence = if_not_exists(#fence, :v0) + :v1"));
    }
}
