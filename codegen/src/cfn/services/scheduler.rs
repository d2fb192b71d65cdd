//! EventBridge Scheduler: <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_Scheduler.html>.

use super::{Tag, properties, values};
use crate::cfn::Str;

values! {
    FlexibleTimeWindowMode { Off = "OFF", Flexible = "FLEXIBLE" }
    ScheduleState { Enabled = "ENABLED", Disabled = "DISABLED" }
}

properties! {
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-scheduler-schedule.html>
    Schedule = "AWS::Scheduler::Schedule" {
        required { schedule_expression: String, flexible_time_window: FlexibleTimeWindow, target: Target }
        optional {
            name: Str,
            group_name: Str,
            description: Str,
            schedule_expression_timezone: String,
            start_date: String,
            end_date: String,
            state: ScheduleState,
            kms_key_arn: Str,
        }
    }

    FlexibleTimeWindow { required { mode: FlexibleTimeWindowMode } optional { maximum_window_in_minutes: u32 } }
    Target {
        required { arn: Str, role_arn: Str }
        optional {
            input: Str,
            dead_letter_config: DeadLetterConfig,
            retry_policy: RetryPolicy,
            sqs_parameters: SqsParameters,
        }
    }
    DeadLetterConfig { required { arn: Str } }
    RetryPolicy { optional { maximum_event_age_in_seconds: u32, maximum_retry_attempts: u32 } }
    SqsParameters { required { message_group_id: String } }

    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-scheduler-schedulegroup.html>
    ScheduleGroup = "AWS::Scheduler::ScheduleGroup" { optional { name: Str } many { tags: Vec<Tag> } }
}
