//! Values that another template can compose itself.
//!
//! In: a resource with a name of its own, and what is asked of it. Out: the value, composed of the name and of what is
//! the same in every template: parameters, the account, the region. So it need not leave the one template and enter
//! the other, each of which has room for 200 values. The order of the two resources is kept by their stacks.

use crate::cfn::{Intrinsic, Part, Resource, Str, Tree, Value};

/// The value of a resource (what `Ref` gives, or an attribute) as text that needs no reference to it; none where the
/// resource is not named, or not always there.
pub(super) fn composed(resource: &Resource, attribute: Option<&str>) -> Option<Intrinsic> {
    if resource.condition.is_some() {
        return None;
    }
    let name = |property: &str| name(resource.properties.get(property)?);
    let made = match (resource.kind(), attribute) {
        ("AWS::Lambda::Function", Some("Arn")) => arn("lambda", "function:", name("FunctionName")?),
        ("AWS::Lambda::Function", None) => name("FunctionName")?,
        ("AWS::SNS::Topic", None) => arn("sns", "", name("TopicName")?),
        ("AWS::SQS::Queue", Some("Arn")) => arn("sqs", "", name("QueueName")?),
        ("AWS::StepFunctions::StateMachine", None) => arn("states", "stateMachine:", name("StateMachineName")?),
        _ => return None,
    };
    match made {
        Value::Intrinsic(intrinsic) => Some(intrinsic),
        _ => None,
    }
}

fn arn(service: &'static str, kind: &'static str, name: Str) -> Str {
    Str::arn(service, [Part::from(kind), Part::from(name)])
}

/// A name that says the same in every template.
fn name(tree: &Tree) -> Option<Str> {
    match tree {
        Tree::Text(text) => Some(Value::Literal(text.clone())),
        Tree::Intrinsic(intrinsic) if is_the_same_everywhere(intrinsic) => {
            Some(Value::Intrinsic((**intrinsic).clone()))
        }
        _ => None,
    }
}

fn is_the_same_everywhere(intrinsic: &Intrinsic) -> bool {
    match intrinsic {
        Intrinsic::Parameter(_) | Intrinsic::Pseudo(_) => true,
        Intrinsic::Join(parts) => parts.iter().all(|part| match part {
            Tree::Text(_) => true,
            Tree::Intrinsic(inner) => is_the_same_everywhere(inner),
            _ => false,
        }),
        Intrinsic::Ref(_) | Intrinsic::GetAtt(..) | Intrinsic::If(..) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cfn::services::sqs::Queue;
    use crate::cfn::{ConditionName, LogicalId, ParameterName, text};

    fn queue(name: Option<Str>) -> Resource {
        let made = Queue { queue_name: name, ..Queue::default() };
        Resource::new(LogicalId::new("NotifyQueue").unwrap(), &made).unwrap()
    }

    #[test]
    fn an_arn_is_composed_of_a_name_that_is_made_of_parameters() {
        let prefix = Str::parameter(&ParameterName::new("Prefix").unwrap());
        let named = queue(Some(text![prefix.clone(), "-notify"]));
        let expected = Str::arn("sqs", [Part::from(prefix), Part::from("-notify")]);
        assert_eq!(composed(&named, Some("Arn")).map(Value::Intrinsic), Some(expected));
        // The URL is SQS's own to say.
        assert_eq!(composed(&named, None), None);
    }

    #[test]
    fn what_has_no_name_or_may_not_be_there_is_referred_to() {
        assert_eq!(composed(&queue(None), Some("Arn")), None);
        let of_another = Value::attribute(&LogicalId::new("Other").unwrap(), "Name");
        assert_eq!(composed(&queue(Some(of_another)), Some("Arn")), None);
        let mut maybe = queue(Some("notify".into()));
        assert!(composed(&maybe, Some("Arn")).is_some());
        maybe.condition = Some(ConditionName::new("Sometimes").unwrap());
        assert_eq!(composed(&maybe, Some("Arn")), None);
    }
}
