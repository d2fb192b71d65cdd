//! What is to be done about one resource.
//!
//! In: what is on record of it, and what it is to be. Out: a [`Decision`]. Pure: no call, no clock, no chance.

use super::records::{Record, State};
use super::types::{Effect, Kind, Make, Properties};

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// It is not there.
    Create,
    /// A deployment was stopped while it made it.
    Resume,
    /// A deployment was stopped while it made it, and it is to be another one now.
    Abandon,
    /// It is as it should be.
    Keep,
    /// It differs in what has no effect here.
    Note,
    /// It is to be changed in its place.
    Update,
    /// Another is to take its place.
    Replace,
    /// It is to be of another type, which CloudFormation refuses.
    Retype,
}

/// Decides.
pub(super) fn decide(kind: &Kind, record: Option<&Record>, wanted: &Properties) -> Decision {
    let Some(record) = record else { return Decision::Create };
    if record.kind != kind.name {
        return if record.state == State::Making { Decision::Abandon } else { Decision::Retype };
    }
    let inert = matches!(kind.make, Make::Inert(..));
    let changes = || record.maybe.iter().flat_map(|maybe| changes(kind, maybe, wanted));
    let replaces = !inert && changes().any(|effect| effect == Effect::Replace);
    match record.state {
        State::Making if replaces => Decision::Abandon,
        State::Making => Decision::Resume,
        State::Made | State::Changing if replaces => Decision::Replace,
        State::Changing => Decision::Update,
        State::Made if changes().any(|effect| effect == Effect::Update) && !inert => Decision::Update,
        State::Made if changes().next().is_some() => Decision::Note,
        State::Made => Decision::Keep,
    }
}

/// Whether a resource on record can become what is wanted without another in its place.
pub(super) fn fits(kind: &Kind, record: &Record, wanted: &Properties) -> bool {
    !matches!(decide(kind, Some(record), wanted), Decision::Abandon | Decision::Replace | Decision::Retype)
}

/// The effect of each property that differs.
fn changes<'a>(kind: &'a Kind, is: &'a Properties, wanted: &'a Properties) -> impl Iterator<Item = Effect> + use<'a> {
    let differing = kind.properties.iter().filter(|property| is.get(property.name) != wanted.get(property.name));
    differing.map(|property| property.effect)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::types::{Made, kind};
    use super::*;

    fn properties(value: &Value) -> Properties {
        value.as_object().unwrap().clone()
    }

    fn record(kind: &str, state: State, maybe: &[Value]) -> Record {
        Record {
            kind: kind.to_owned(),
            state,
            name: "name".to_owned(),
            made: Made::default(),
            maybe: maybe.iter().map(properties).collect(),
            order: 1,
            retain: false,
            retain_replaced: false,
            metadata: Value::Null,
            next: None,
        }
    }

    fn decided(of: &str, state: State, maybe: &[Value], wanted: &Value) -> Decision {
        decide(kind(of).unwrap(), Some(&record(of, state, maybe)), &properties(wanted))
    }

    #[test]
    fn the_properties_that_differ_decide() {
        let queue = "AWS::SQS::Queue";
        let is = json!({"QueueName": "a", "DelaySeconds": 1});
        for (wanted, decision) in [
            (is.clone(), Decision::Keep),
            (json!({"QueueName": "a", "DelaySeconds": 2}), Decision::Update),
            (json!({"QueueName": "a"}), Decision::Update),
            (json!({"QueueName": "b", "DelaySeconds": 2}), Decision::Replace),
            (json!({"DelaySeconds": 1}), Decision::Replace),
        ] {
            assert_eq!(decided(queue, State::Made, std::slice::from_ref(&is), &wanted), decision, "{wanted}");
        }
        assert_eq!(decide(kind(queue).unwrap(), None, &properties(&is)), Decision::Create);
    }

    #[test]
    fn what_is_inert_is_noted_without_a_call() {
        let table = |key: &str| json!({"KeySchema": [], "SSESpecification": {"KMSMasterKeyId": key}});
        assert_eq!(decided("AWS::DynamoDB::Table", State::Made, &[table("a")], &table("b")), Decision::Note);
        let group = |name: &str| json!({"LogGroupName": name});
        assert_eq!(decided("AWS::Logs::LogGroup", State::Made, &[group("a")], &group("b")), Decision::Note);
    }

    #[test]
    fn what_was_stopped_goes_on() {
        let queue = "AWS::SQS::Queue";
        let (one, two) = (json!({"DelaySeconds": 1}), json!({"DelaySeconds": 2}));
        let fifo = json!({"FifoQueue": true});
        // Back to what it was: half of the change may be done.
        assert_eq!(decided(queue, State::Changing, &[one.clone(), two.clone()], &one), Decision::Update);
        assert_eq!(decided(queue, State::Changing, &[one.clone(), two.clone()], &fifo), Decision::Replace);
        assert_eq!(decided(queue, State::Making, std::slice::from_ref(&one), &one), Decision::Resume);
        assert_eq!(decided(queue, State::Making, std::slice::from_ref(&one), &two), Decision::Resume);
        assert_eq!(decided(queue, State::Making, std::slice::from_ref(&one), &fifo), Decision::Abandon);
    }

    #[test]
    fn a_resource_keeps_its_type() {
        let topic = kind("AWS::SNS::Topic").unwrap();
        let made = record("AWS::SQS::Queue", State::Made, &[json!({})]);
        assert_eq!(decide(topic, Some(&made), &Properties::new()), Decision::Retype);
        let half = record("AWS::SQS::Queue", State::Making, &[json!({})]);
        assert_eq!(decide(topic, Some(&half), &Properties::new()), Decision::Abandon);
    }
}
