//! SQS: <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_SQS.html>.

use super::{Tag, properties, values};
use crate::cfn::{PolicyDocument, Str};

values! {
    DeduplicationScope { Queue = "queue", MessageGroup = "messageGroup" }
    FifoThroughputLimit { PerQueue = "perQueue", PerMessageGroupId = "perMessageGroupId" }
    RedrivePermission { AllowAll = "allowAll", DenyAll = "denyAll", ByQueue = "byQueue" }
}

properties! {
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sqs-queue.html>
    Queue = "AWS::SQS::Queue" {
        optional {
            queue_name: Str,
            fifo_queue: bool,
            content_based_deduplication: bool,
            deduplication_scope: DeduplicationScope,
            fifo_throughput_limit: FifoThroughputLimit,
            delay_seconds: u32,
            maximum_message_size: u32,
            message_retention_period: u32,
            receive_message_wait_time_seconds: u32,
            visibility_timeout: u32,
            kms_master_key_id: Str,
            kms_data_key_reuse_period_seconds: u32,
            sqs_managed_sse_enabled: bool,
            redrive_policy: RedrivePolicy,
            redrive_allow_policy: RedriveAllowPolicy,
        }
        many { tags: Vec<Tag> }
    }

    RedrivePolicy {
        required {
            #[serde(rename = "deadLetterTargetArn")]
            dead_letter_target_arn: Str,
            #[serde(rename = "maxReceiveCount")]
            max_receive_count: u32,
        }
    }

    RedriveAllowPolicy {
        required {
            #[serde(rename = "redrivePermission")]
            redrive_permission: RedrivePermission,
        }
        many {
            #[serde(rename = "sourceQueueArns")]
            source_queue_arns: Vec<Str>,
        }
    }

    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sqs-queuepolicy.html>
    QueuePolicy = "AWS::SQS::QueuePolicy" { required { queues: Vec<Str>, policy_document: PolicyDocument } }
}
