//! Schedules, and the groups in which functions make one-time schedules.

use super::grants::{role, source_account, use_key};
use super::metadata;
use super::scope::{self, Made, Scope};
use crate::cfn::services::scheduler::{
    DeadLetterConfig, FlexibleTimeWindow, FlexibleTimeWindowMode, RetryPolicy, Schedule as Properties, ScheduleGroup,
    ScheduleState, Target,
};
use crate::cfn::{Resource, Statement, Value, text};
use crate::plan::{GroupRef, Place, QueueRole, Schedule, ScheduleTarget};
use crate::stacks::Layer;

const SCHEDULER: &str = "scheduler.amazonaws.com";
/// The longest description. Source: EventBridge Scheduler API Reference, CreateSchedule.
const DESCRIPTION: usize = 512;
/// How long a call is tried again: an hour, after which the next one of its kind has long come.
const RETRY_SECONDS: u32 = 3_600;
const RETRIES: u32 = 10;

pub(super) fn schedules(scope: &mut Scope<'_>) -> Made {
    for (group, place) in &scope.plan.schedule_groups {
        self::group(scope, group, place)?;
    }
    for schedule in &scope.plan.schedules {
        self::schedule(scope, schedule)?;
    }
    Ok(())
}

/// A group, and the role that its schedules take on: to send to the timers of the same grouper.
fn group(scope: &mut Scope<'_>, group: &GroupRef, place: &Place) -> Made {
    let made = ScheduleGroup { tags: scope.tags(), ..ScheduleGroup::default() };
    let resource = Resource::new(scope::id(&group.0)?, &made)?;
    scope.put(Layer::Compute, place, resource);
    let mut queues = Vec::new();
    for queue in &scope.plan.queues {
        if queue.role == QueueRole::Timer && queue.place.owner == place.owner {
            queues.push(scope::arn(&queue.place.logical)?);
        }
    }
    let mut statements = vec![Statement::allow(["sqs:SendMessage"], queues).sid("SendTimers")];
    statements.extend(use_key(scope, &["sqs"]));
    let role = role(scope, SCHEDULER, vec![source_account()], statements);
    let resource = Resource::new(scope::id(&[group.0.as_str(), "Role"].concat())?, &role)?;
    scope.put(Layer::Compute, place, resource);
    Ok(())
}

fn schedule(scope: &mut Scope<'_>, schedule: &Schedule) -> Made {
    let ScheduleTarget::Function(function) = &schedule.target;
    let target = scope::arn(&function.0)?;
    let dead = scope::arn(&schedule.dead_letters.0)?;
    let role_id = scope::part(&schedule.place, "Role")?;
    let mut statements = vec![
        Statement::allow(["lambda:InvokeFunction"], [target.clone()]).sid("Invoke"),
        Statement::allow(["sqs:SendMessage"], [dead.clone()]).sid("SendDeadLetters"),
    ];
    statements.extend(use_key(scope, &["sqs"]));
    let role = role(scope, SCHEDULER, vec![source_account()], statements);
    let resource = Resource::new(role_id.clone(), &role)?;
    scope.put(Layer::Compute, &schedule.place, resource);

    let mut target = Target::new(target, Value::attribute(&role_id, "Arn"));
    target.input = Some(schedule.input.as_str().into());
    target.dead_letter_config = Some(DeadLetterConfig::new(dead));
    target.retry_policy =
        Some(RetryPolicy { maximum_event_age_in_seconds: Some(RETRY_SECONDS), maximum_retry_attempts: Some(RETRIES) });
    let window = FlexibleTimeWindow::new(FlexibleTimeWindowMode::Off);
    let mut made = Properties::new(schedule.at.as_str(), window, target);
    made.name = Some(text![scope.named(&schedule.name)]);
    made.description = Some(scope::cut(&schedule.about, DESCRIPTION).into());
    made.schedule_expression_timezone = Some(schedule.tz.clone());
    made.state = Some(ScheduleState::Enabled);
    let resource = Resource::new(scope::id(&schedule.place.logical)?, &made)?
        .metadata(metadata::BLOCK, &metadata::schedule(schedule))?;
    scope.put(Layer::Wiring, &schedule.place, resource);
    Ok(())
}
