//! The call of a target, its retries and its dead letter.
//!
//! In: a due time of a schedule. Out: the call, made as the schedule's role. Guaranteed: it is recorded
//! until it is done, so that it goes on after a restart; a process that is killed between the call and the
//! record of it calls again.

use std::rc::Rc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Scheduler;
use super::input::{After, Target};
use super::target::{self, Context, Invocation};
use crate::kernel::{Arn, AwsError, Busy, Outcome, Random, Time};

/// The longest wait between two attempts: the 185 of the default policy then last a day.
const LONGEST: f64 = 480.0;
/// How often a dead letter is sent.
const LETTERS: u32 = 10;
/// The most bytes of a dead letter's body.
const BODY: usize = 200 * 1024;

/// A due time that is being delivered.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Delivery {
    /// The schedule's.
    pub(super) key: String,
    pub(super) target: Target,
    pub(super) scheduled: Time,
    pub(super) begun: Time,
    /// When it is tried next.
    pub(super) next: Time,
    /// How often it was tried.
    pub(super) attempts: u32,
    /// Of which version of the schedule it is the last.
    pub(super) completes: Option<Time>,
}

/// Delivers until it is done or given up. `busy` is the work that it goes on with, if it is one's turn.
pub(super) async fn deliver(
    scheduler: Rc<Scheduler>,
    execution: String,
    mut delivery: Delivery,
    mut busy: Option<Busy>,
) {
    let (world, table) = (&scheduler.world, &scheduler.tables.deliveries);
    let retry = delivery.target.retry_policy.clone();
    let end = delivery.begun + Duration::from_secs(retry.maximum_event_age_in_seconds.into());
    loop {
        if delivery.next > world.clock.now() {
            drop(busy.take());
            world.clock.sleep_until(delivery.next).await;
        }
        busy.get_or_insert_with(|| world.activity.begin());
        delivery.attempts += 1;
        let (invocation, failed) = attempt(&scheduler, &execution, &delivery).await;
        let Some(error) = failed else {
            scheduler.tell(&delivery.key, "delivered", Outcome::Done, || {
                json!({"target": delivery.target.arn, "scheduled": delivery.scheduled, "attempts": delivery.attempts})
            });
            break;
        };
        let wait = backoff(delivery.attempts, &world.random);
        let exhausted = if !may_help(&error) {
            Some(None)
        } else if delivery.attempts > retry.maximum_retry_attempts {
            Some(Some("MaximumRetryAttempts"))
        } else if world.clock.now() + wait > end {
            Some(Some("MaximumEventAgeInSeconds"))
        } else {
            None
        };
        let Some(condition) = exhausted else {
            scheduler.tell(
                &delivery.key,
                "could_not_deliver",
                Outcome::Retried,
                || json!({"error": error.to_string()}),
            );
            delivery.next = world.clock.now() + wait;
            table.put(&execution, &delivery);
            continue;
        };
        scheduler.tell(&delivery.key, "could_not_deliver", Outcome::Failed, || json!({"error": error.to_string()}));
        bury(&scheduler, &execution, &delivery, invocation, &error, condition).await;
        break;
    }
    table.delete(&execution);
    scheduler.complete(&delivery);
}

impl Scheduler {
    /// Deletes a schedule that was due for the last time, if it is to be.
    fn complete(&self, delivery: &Delivery) {
        let is_over = self.schedules.borrow().get(&delivery.key).is_some_and(|schedule| {
            delivery.completes == Some(schedule.modified) && schedule.settings.action_after_completion == After::Delete
        });
        if is_over {
            self.remove(&delivery.key);
            self.tell(&delivery.key, "deleted", Outcome::Done, || json!({"after": "completion"}));
        }
    }
}

/// Makes the call once: what it was, and why it failed.
async fn attempt(
    scheduler: &Scheduler,
    execution: &str,
    delivery: &Delivery,
) -> (Option<Invocation>, Option<AwsError>) {
    let world = &scheduler.world;
    let (schedule, scheduled) = (scheduler.schedule_arn(&delivery.key), seconds(delivery.scheduled));
    let context = Context { schedule: &schedule, scheduled: &scheduled, execution, attempt: delivery.attempts };
    let (invocation, caller) = match (
        target::invocation(&world.place, &delivery.target, &context),
        scheduler.assume(&delivery.target.role_arn, &delivery.key),
    ) {
        (Ok(invocation), Ok(caller)) => (invocation, caller),
        (Err(error), _) | (_, Err(error)) => return (None, Some(error)),
    };
    let Invocation { service, operation, input, .. } = &invocation;
    let failed = world.bus.request(caller, service, operation, input.clone()).await.err();
    (Some(invocation), failed)
}

/// `2026-01-31T12:00:00Z`
fn seconds(time: Time) -> String {
    Time::from_millis(time.seconds() * 1000).rfc3339().replace(".000Z", "Z")
}

/// Whether another try may help: the service failed or is busy. What is wrong with the call stays wrong.
fn may_help(error: &AwsError) -> bool {
    const BUSY: [&str; 4] = ["Throttl", "TooManyRequests", "ThroughputExceeded", "RequestLimitExceeded"];
    let is_busy = error.status == 429 || BUSY.iter().any(|busy| error.code.contains(busy));
    is_busy || error.is_server_fault() && error.status != 501
}

/// How long to wait after so many attempts: from a second on, doubled each time, with up to half of it off.
fn backoff(attempts: u32, random: &Random) -> Duration {
    let seconds = 2_f64.powi(i32::try_from(attempts.saturating_sub(1)).unwrap_or(30).min(30)).min(LONGEST);
    Duration::from_secs_f64(seconds * (1.0 - 0.5 * random.fraction()))
}

/// Sends what could not be delivered to the dead-letter queue, if there is one.
async fn bury(
    scheduler: &Scheduler,
    execution: &str,
    delivery: &Delivery,
    invocation: Option<Invocation>,
    error: &AwsError,
    condition: Option<&str>,
) {
    let world = &scheduler.world;
    let Some(queue) = delivery.target.dead_letter_config.as_ref().and_then(|config| config.arn.as_deref()) else {
        return;
    };
    let body = invocation.map(|invocation| invocation.body).or_else(|| delivery.target.input.clone());
    let mut body = body.filter(|body| !body.is_empty()).unwrap_or_else(|| "{}".to_owned());
    let is_truncated = body.len() > BODY;
    body.truncate(body.floor_char_boundary(BODY));
    let sent = async {
        let queue = Arn::parse(queue).map_err(|error| AwsError::internal(error.to_string()))?;
        let input = json!({
            "QueueUrl": format!("{}/{}/{}", world.place.endpoint, queue.account(), queue.name()),
            "MessageBody": body,
            "MessageAttributes": attributes([
                ("ERROR_CODE", Some(error.code.as_str())),
                ("ERROR_MESSAGE", Some(error.message.as_str()).filter(|message| !message.is_empty())),
                ("EXECUTION_ID", Some(execution)),
                ("EXHAUSTED_RETRY_CONDITION", condition),
                ("IS_PAYLOAD_TRUNCATED", Some(if is_truncated { "true" } else { "false" })),
                ("RETRY_ATTEMPTS", Some(&(delivery.attempts - 1).to_string())),
                ("SCHEDULED_TIME", Some(&seconds(delivery.scheduled))),
                ("SCHEDULE_ARN", Some(&scheduler.schedule_arn(&delivery.key))),
                ("TARGET_ARN", Some(&delivery.target.arn)),
            ]),
        });
        let caller = scheduler.assume(&delivery.target.role_arn, &delivery.key)?;
        for letter in 1.. {
            match world.bus.request(caller.clone(), "sqs", "SendMessage", input.clone()).await {
                Err(error) if may_help(&error) && letter < LETTERS => {
                    world.clock.sleep(backoff(letter, &world.random)).await;
                }
                answer => return answer.map(|_| ()),
            }
        }
        Ok(())
    };
    let sent: Result<(), AwsError> = sent.await;
    let outcome = if sent.is_ok() { Outcome::Done } else { Outcome::Failed };
    scheduler.tell(
        &delivery.key,
        "dead_lettered",
        outcome,
        || json!({"queue": queue, "error": sent.err().map(|error| error.to_string())}),
    );
}

fn attributes<const N: usize>(attributes: [(&str, Option<&str>); N]) -> Value {
    let attributes = attributes
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), json!({"DataType": "String", "StringValue": value?}))));
    Value::Object(attributes.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_may_help_is_tried_again() {
        let may = |code: &str, status| may_help(&AwsError::new(code, "").status(status));
        for (code, status) in [
            ("ThrottlingException", 400),
            ("RequestThrottled", 403),
            ("ProvisionedThroughputExceededException", 400),
            ("TooManyRequestsException", 429),
            ("ServiceException", 500),
        ] {
            assert!(may(code, status), "{code}");
        }
        for (code, status) in
            [("AccessDeniedException", 403), ("QueueDoesNotExist", 400), ("UnsupportedOperation", 501)]
        {
            assert!(!may(code, status), "{code}");
        }
    }

    #[test]
    fn the_default_policy_lasts_about_a_day() {
        let random = Random::seeded(1);
        let waits: Vec<f64> = (1..=185).map(|attempts| backoff(attempts, &random).as_secs_f64()).collect();
        assert!(waits[0] <= 1.0 && waits[184] <= LONGEST && waits[184] >= LONGEST / 2.0);
        let hours = waits.iter().sum::<f64>() / 3600.0;
        assert!((16.0..24.0).contains(&hours), "{hours}");
    }

    #[test]
    fn a_due_time_is_shown_in_seconds() {
        assert_eq!(seconds(Time::from_millis(1_769_860_800_007)), "2026-01-31T12:00:00Z");
    }
}
