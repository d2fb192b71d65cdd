//! Where an event goes whose function would not take it, or a record of one that it did.

use std::time::Duration;

use serde_json::{Value, json};

use super::errors::is_transient;
use super::{Function, NAME, assume};
use crate::kernel::{Arn, Outcome, World};

/// Tries to reach a destination.
const TRIES: u32 = 8;

/// What is sent to a queue, a topic or a function.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Parcel {
    pub(crate) to: Arn,
    pub(crate) document: Value,
    /// Message attributes: of a dead letter, why it is one.
    pub(crate) attributes: Vec<(&'static str, &'static str, String)>,
}

impl Parcel {
    /// A record of an invocation or of a batch.
    pub(crate) const fn record(to: Arn, document: Value) -> Self {
        Self { to, document, attributes: Vec::new() }
    }

    /// The service, the operation and its input that send it.
    fn call(&self, world: &World) -> (&'static str, &'static str, Value) {
        let Self { to, document, .. } = self;
        let attributes = || {
            let attribute = |(name, kind, value): &(&'static str, &'static str, String)| {
                ((*name).to_owned(), json!({"DataType": kind, "StringValue": value}))
            };
            Value::Object(self.attributes.iter().map(attribute).collect())
        };
        match to.service() {
            "sqs" => {
                let url = format!("{}/{}/{}", world.place.endpoint, to.account(), to.name());
                let body = document.to_string();
                let input = json!({"QueueUrl": url, "MessageBody": body, "MessageAttributes": attributes()});
                ("sqs", "SendMessage", input)
            }
            "sns" => {
                let input = json!({"TopicArn": to, "Message": document.to_string(), "MessageAttributes": attributes()});
                ("sns", "Publish", input)
            }
            _ => (NAME, "Invoke", json!({"FunctionName": to, "InvocationType": "Event", "Payload": document})),
        }
    }
}

/// Sends a parcel as the function's role. One that cannot be sent is told and dropped, as AWS does.
pub(crate) async fn deliver(world: &World, function: &Function, parcel: Parcel) {
    let (service, operation, input) = parcel.call(world);
    let tell = |outcome: Outcome, detail: Value| {
        world.log.tell(NAME, &function.name, "sent_to_destination", outcome, || detail);
    };
    let mut tries = 0;
    loop {
        let sent = match assume(world, function) {
            Ok(caller) => world.bus.request(caller, service, operation, input.clone()).await,
            Err(error) => Err(error),
        };
        let Err(error) = sent else {
            return tell(Outcome::Done, json!({"destination": parcel.to}));
        };
        tries += 1;
        if !is_transient(&error) || tries == TRIES {
            let Parcel { to, document, .. } = &parcel;
            return tell(Outcome::Failed, json!({"destination": to, "error": error.to_string(), "document": document}));
        }
        world.clock.sleep(backoff(tries, Duration::from_millis(200), Duration::from_secs(60))).await;
    }
}

/// `first` doubled with each try, up to `longest`.
pub(crate) fn backoff(tries: u32, first: Duration, longest: Duration) -> Duration {
    first.saturating_mul(1 << tries.saturating_sub(1).min(20)).min(longest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_doubles_up_to_the_longest() {
        let wait = |tries| backoff(tries, Duration::from_secs(1), Duration::from_secs(300)).as_secs();
        assert_eq!([1, 2, 3, 9, 10, 40].map(wait), [1, 2, 4, 256, 300, 300]);
    }
}
