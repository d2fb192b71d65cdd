//! SNS: <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_SNS.html>.

use super::{Tag, properties, values};
use crate::cfn::{PolicyDocument, Str, Tree};

values! {
    Protocol {
        Sqs = "sqs",
        Lambda = "lambda",
        Email = "email",
        EmailJson = "email-json",
        Http = "http",
        Https = "https",
        Sms = "sms",
        Application = "application",
        Firehose = "firehose",
    }
    LoggedProtocol { Http = "http/s", Sqs = "sqs", Lambda = "lambda", Firehose = "firehose", Application = "application" }
    FilterPolicyScope { MessageAttributes = "MessageAttributes", MessageBody = "MessageBody" }
    FifoThroughputScope { Topic = "Topic", MessageGroup = "MessageGroup" }
    TracingConfig { Active = "Active", PassThrough = "PassThrough" }
    SignatureVersion { Sha1 = "1", Sha256 = "2" }
}

properties! {
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sns-topic.html>
    Topic = "AWS::SNS::Topic" {
        optional {
            topic_name: Str,
            display_name: Str,
            fifo_topic: bool,
            content_based_deduplication: bool,
            fifo_throughput_scope: FifoThroughputScope,
            kms_master_key_id: Str,
            signature_version: SignatureVersion,
            tracing_config: TracingConfig,
            archive_policy: Tree,
            data_protection_policy: Tree,
        }
        many {
            delivery_status_logging: Vec<LoggingConfig>,
            tags: Vec<Tag>,
        }
    }

    LoggingConfig {
        required { protocol: LoggedProtocol }
        optional {
            success_feedback_role_arn: Str,
            success_feedback_sample_rate: String,
            failure_feedback_role_arn: Str,
        }
    }

    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sns-topicpolicy.html>
    TopicPolicy = "AWS::SNS::TopicPolicy" { required { topics: Vec<Str>, policy_document: PolicyDocument } }

    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sns-subscription.html>
    Subscription = "AWS::SNS::Subscription" {
        required { topic_arn: Str, protocol: Protocol, endpoint: Str }
        optional {
            raw_message_delivery: bool,
            filter_policy_scope: FilterPolicyScope,
            filter_policy: Tree,
            redrive_policy: RedrivePolicy,
            delivery_policy: Tree,
            replay_policy: Tree,
            subscription_role_arn: Str,
            region: Str,
        }
    }

    RedrivePolicy {
        required {
            #[serde(rename = "deadLetterTargetArn")]
            dead_letter_target_arn: Str,
        }
    }
}
