//! Where an event goes whose function would not take it, or a record of one that it did.

use std::time::Duration;

use serde_json::{Value, json};

use super::errors::is_transient;
use super::{Function, NAME};
use crate::kernel::{Arn, Caller, Outcome, World};

/// Tries to reach a destination.
const TRIES: u32 = 8;

/// Sends a document to a queue, a topic or a function, as the function's role. One that cannot be sent is
/// told and dropped, as AWS does.
pub(crate) async fn deliver(world: &World, function: &Function, destination: &Arn, document: Value) {
    let caller = Caller::Role { role: function.role.clone(), session: function.name.clone() };
    let name = destination.name();
    let (service, operation, input) = match destination.service() {
        "sqs" => {
            let url = format!("{}/{}/{name}", world.place.endpoint, destination.account());
            ("sqs", "SendMessage", json!({"QueueUrl": url, "MessageBody": document.to_string()}))
        }
        "sns" => ("sns", "Publish", json!({"TopicArn": destination, "Message": document.to_string()})),
        _ => {
            let input = json!({"FunctionName": destination, "InvocationType": "Event", "Payload": document});
            (NAME, "Invoke", input)
        }
    };
    let mut tries = 0;
    loop {
        let Err(error) = world.bus.request(caller.clone(), service, operation, input.clone()).await else {
            world.log.tell(
                NAME,
                &function.name,
                "sent_to_destination",
                Outcome::Done,
                || json!({"destination": destination}),
            );
            return;
        };
        tries += 1;
        if !is_transient(&error) || tries == TRIES {
            world.log.tell(
                NAME,
                &function.name,
                "sent_to_destination",
                Outcome::Failed,
                || json!({"destination": destination, "error": error.to_string(), "document": document}),
            );
            return;
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
