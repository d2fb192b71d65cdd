//! Names of resources: those that a template gives, and those that CloudFormation makes.

use serde_json::Value;

use super::types::{Kind, Named, Properties};
use crate::kernel::Random;

/// How many characters are drawn.
const DRAWN: usize = 12;
/// The longest name of what has no bound of its own: a statement of a policy.
const LONGEST: usize = 100;

/// The name that the template gives.
pub(super) fn given<'a>(kind: &Kind, properties: &'a Properties) -> Option<&'a str> {
    match kind.named {
        Named::Property { property, .. } => properties.get(property)?.as_str(),
        Named::Made | Named::Drawn(_) | Named::Service => None,
    }
}

/// The name of a new resource; empty if the service draws it.
pub(super) fn name(kind: &Kind, properties: &Properties, stack: &str, logical: &str, random: &Random) -> String {
    match kind.named {
        Named::Service => String::new(),
        Named::Drawn(length) => random.alphanumeric(length).to_lowercase(),
        Named::Made => made(stack, logical, LONGEST, "", random),
        Named::Property { longest, fifo, .. } => {
            let is_fifo = fifo.is_some_and(|property| properties.get(property) == Some(&Value::Bool(true)));
            let suffix = if is_fifo { ".fifo" } else { "" };
            match given(kind, properties) {
                Some(given) => given.to_owned(),
                None => made(stack, logical, longest, suffix, random),
            }
        }
    }
}

/// `main-Queue-1A2B3C4D5E6F`: the stack's name gives way first.
fn made(stack: &str, logical: &str, longest: usize, suffix: &str, random: &Random) -> String {
    let room = longest.saturating_sub(DRAWN + suffix.len() + 2);
    let logical: String = logical.chars().take(room).collect();
    let stack: String = stack.chars().take(room.saturating_sub(logical.len())).collect();
    let begin = if stack.is_empty() { logical } else { format!("{stack}-{logical}") };
    format!("{begin}-{}{suffix}", random.alphanumeric(DRAWN))
}

/// What no other resource of the type has: the name, with what it is a name within.
pub(super) fn identity(kind: &Kind, name: &str, properties: &Properties) -> Option<String> {
    match kind.named {
        Named::Property { within: Some(within), .. } => {
            Some(format!("{}/{name}", properties.get(within).and_then(Value::as_str).unwrap_or_default()))
        }
        Named::Property { .. } => Some(name.to_owned()),
        Named::Made | Named::Drawn(_) | Named::Service => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::types::kind;
    use super::*;

    fn of(kind_name: &str, properties: Value, logical: &str) -> String {
        let properties = properties.as_object().unwrap().clone();
        name(kind(kind_name).unwrap(), &properties, "main-State1", logical, &Random::seeded(1))
    }

    #[test]
    fn the_templates_name_comes_first() {
        assert_eq!(of("AWS::SQS::Queue", json!({"QueueName": "orders"}), "Queue"), "orders");
    }

    #[test]
    fn a_name_is_made_of_stack_logical_id_and_chance() {
        let name = of("AWS::SQS::Queue", json!({}), "Queue");
        assert!(name.starts_with("main-State1-Queue-") && name.len() == "main-State1-Queue-".len() + DRAWN, "{name}");
        assert!(of("AWS::SQS::Queue", json!({"FifoQueue": true}), "Queue").ends_with(".fifo"));
    }

    #[test]
    fn a_name_is_never_too_long() {
        let logical = "L".repeat(255);
        for (kind, longest) in [
            ("AWS::IAM::Role", 64),
            ("AWS::Lambda::Function", 64),
            ("AWS::SQS::Queue", 80),
            ("AWS::DynamoDB::Table", 255),
            ("AWS::Lambda::Permission", 100),
        ] {
            assert!(of(kind, json!({}), &logical).len() <= longest, "{kind}");
            assert!(of(kind, json!({}), &"L".repeat(40)).len() <= longest, "{kind}");
        }
        assert!(of("AWS::SQS::Queue", json!({"FifoQueue": true}), &logical).len() <= 80);
    }

    #[test]
    fn some_ids_are_drawn_here_and_some_by_the_service() {
        assert_eq!(of("AWS::ApiGatewayV2::Route", json!({"RouteKey": "x"}), "Route").len(), 7);
        assert_eq!(of("AWS::SNS::Subscription", json!({}), "Subscription"), "");
    }
}
