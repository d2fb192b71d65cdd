//! Timers and closed groups on their way.
//!
//! In: a message of the protocol. Out: nothing, once SQS or EventBridge Scheduler has it. Guaranteed: no timer is lost that
//! was sent; it comes about its time, perhaps more than once, perhaps early: then the protocol sends the next one.

use std::time::Duration;

use aws_sdk_scheduler::operation::create_schedule::CreateScheduleError;
use aws_sdk_scheduler::types::{ActionAfterCompletion, FlexibleTimeWindow, FlexibleTimeWindowMode, Target};
use grouping::{Id, Message, Timer};
use serde::Serialize;

use super::config::{Grouper, Schedules};
use crate::cx::Invocation;
use crate::error::{Error, sdk};
use crate::scalar::Timestamp;

/// The longest that SQS delays a message, in seconds.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html>
const DELAY: u64 = 900;

/// EventBridge Scheduler is right to the minute, so it is asked for a minute before, and SQS does the rest.
/// <https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html>
const PRECISION: Duration = Duration::from_secs(60);

/// Sends a message.
pub(super) async fn send(invocation: &Invocation, grouper: &Grouper, message: &Message) -> Result<(), Error> {
    match message {
        Message::Timer(timer) => {
            let seconds = seconds_until(invocation, timer.at);
            match grouper.schedules.filter(|_| seconds > DELAY) {
                Some(schedules) => schedule(invocation, &schedules, timer).await,
                None => queue(invocation, grouper.timers, timer, seconds).await,
            }
        }
        Message::Out(out) => queue(invocation, grouper.out, out, 0).await,
        // Who takes it before its time sends it on once more.
        Message::Later(out, at) => queue(invocation, grouper.out, out, seconds_until(invocation, *at)).await,
    }
}

/// Seconds until then, the one that has begun included.
fn seconds_until(invocation: &Invocation, at: u64) -> u64 {
    let now = u64::try_from(invocation.now().as_millis()).unwrap_or_default();
    at.saturating_sub(now).div_ceil(1_000)
}

async fn queue(invocation: &Invocation, url: &str, message: &impl Serialize, seconds: u64) -> Result<(), Error> {
    let cx = invocation.cx();
    let body = serde_json::to_string(message).map_err(Error::reject)?;
    let delay = i32::try_from(seconds.min(DELAY)).unwrap_or_default();
    let send = cx.aws().sqs().send_message().queue_url(cx.var(url)?).message_body(body).delay_seconds(delay);
    send.send().await.map(drop).map_err(|error| Error::retry(sdk(&error)))
}

/// A schedule for one time, which goes when its time has come. Its name is the timer's, so that the same one sent again is
/// there already.
async fn schedule(invocation: &Invocation, schedules: &Schedules, timer: &Timer) -> Result<(), Error> {
    let cx = invocation.cx();
    let body = serde_json::to_string(timer).map_err(Error::reject)?;
    let name = Id::of(&[b"timer", body.as_bytes()]).to_string();
    let early = timer.at.saturating_sub(u64::try_from(PRECISION.as_millis()).unwrap_or_default());
    let at = Timestamp::from_millis(i64::try_from(early).unwrap_or(i64::MAX)).to_string();
    // To the second, without a zone.
    let at = at.split('.').next().unwrap_or_default();
    let target = Target::builder().arn(cx.var(schedules.timers)?).role_arn(cx.var(schedules.role)?).input(body);
    let create = cx.aws().scheduler().create_schedule().name(&name).group_name(cx.var(schedules.group)?);
    let create = create
        .schedule_expression(format!("at({at})"))
        .flexible_time_window(
            FlexibleTimeWindow::builder().mode(FlexibleTimeWindowMode::Off).build().map_err(Error::retry)?,
        )
        .action_after_completion(ActionAfterCompletion::Delete)
        .target(target.build().map_err(Error::retry)?);
    let Err(error) = create.send().await else { return Ok(()) };
    match error.as_service_error() {
        Some(CreateScheduleError::ConflictException(_)) => Ok(()),
        _ => Err(Error::retry(sdk(&error))),
    }
}
