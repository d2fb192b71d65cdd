//! Queues, dead letters and timers included, and their policies.

use super::grants::tls_only;
use super::metadata;
use super::scope::{self, Made, Scope};
use crate::cfn::services::sqs::{
    DeduplicationScope, FifoThroughputLimit, Queue as Properties, QueuePolicy, RedriveAllowPolicy, RedrivePermission,
    RedrivePolicy,
};
use crate::cfn::{DocumentError, Operator, PolicyDocument, Principal, Resource, Statement, Test, Value};
use crate::plan::{Queue, Sender};
use crate::stacks::Layer;

/// Seconds that a queue uses a data key again: the customer key costs by the call, and a queue at rest polls.
const KEY_REUSE: u32 = 3_600;
/// Seconds of a long poll: the longest.
/// Source: Amazon SQS API Reference, ReceiveMessage.
const LONG_POLL: u32 = 20;

pub(super) fn queues(scope: &mut Scope<'_>) -> Made {
    for queue in &scope.plan.queues {
        let logical = scope::id(&queue.place.logical)?;
        let resource = Resource::new(logical.clone(), &properties(scope, queue)?)?
            .metadata(metadata::BLOCK, &metadata::queue(queue))?
            .deleted();
        scope.keep(Layer::Messaging, &queue.place, resource);
        let policy = QueuePolicy::new(vec![Value::reference(&logical)], PolicyDocument::new(statements(queue)?));
        let resource = Resource::new(scope::part(&queue.place, "Policy")?, &policy)?;
        scope.put(Layer::Wiring, &queue.place, resource);
    }
    Ok(())
}

fn properties(scope: &Scope<'_>, queue: &Queue) -> Result<Properties, DocumentError> {
    let redrive_policy = match &queue.redrive {
        Some((dead, receives)) => Some(RedrivePolicy::new(scope::arn(&dead.0)?, *receives)),
        None => None,
    };
    Ok(Properties {
        queue_name: Some(scope.named(&queue.name)),
        fifo_queue: queue.fifo.then_some(true),
        // The sender gives each event's id.
        content_based_deduplication: queue.fifo.then_some(false),
        deduplication_scope: queue.fifo.then_some(DeduplicationScope::MessageGroup),
        fifo_throughput_limit: queue.fifo.then_some(FifoThroughputLimit::PerMessageGroupId),
        delay_seconds: (queue.delay > 0).then_some(queue.delay),
        maximum_message_size: Some(queue.max_message),
        message_retention_period: Some(queue.retention),
        receive_message_wait_time_seconds: Some(LONG_POLL),
        visibility_timeout: Some(queue.visibility),
        kms_data_key_reuse_period_seconds: scope.data_key().map(|_| KEY_REUSE),
        sqs_managed_sse_enabled: scope.data_key().is_none().then_some(true),
        kms_master_key_id: scope.data_key(),
        redrive_policy,
        redrive_allow_policy: Some(takes(scope, queue)),
        tags: scope.tags(),
    })
}

/// Whose dead letters a queue takes. Their ARNs are made of names: they point to this queue already.
fn takes(scope: &Scope<'_>, queue: &Queue) -> RedriveAllowPolicy {
    if queue.redrive_from.is_empty() {
        return RedriveAllowPolicy::new(RedrivePermission::DenyAll);
    }
    let mut made = RedriveAllowPolicy::new(RedrivePermission::ByQueue);
    made.source_queue_arns = queue.redrive_from.iter().map(|name| scope.named_arn("sqs", "", name)).collect();
    made
}

fn statements(queue: &Queue) -> Result<Vec<Statement>, DocumentError> {
    let arn = scope::arn(&queue.place.logical)?;
    let mut made = vec![tls_only(&["sqs:*"], arn.clone())];
    for (at, sender) in queue.senders.iter().enumerate() {
        match sender {
            Sender::Topic(topic) => made.push(
                Statement::allow(["sqs:SendMessage"], [arn.clone()])
                    .sid(format!("Topic{}", at + 1))
                    .principal(Principal::service("sns.amazonaws.com"))
                    .when(Test::new(Operator::ArnEquals, "aws:SourceArn", scope::reference(&topic.0)?)),
            ),
            // By the schedule's own role.
            Sender::Scheduler => {}
        }
    }
    Ok(made)
}
