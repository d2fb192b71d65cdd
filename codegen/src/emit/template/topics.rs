//! Topics, their policies, and what is subscribed to them.

use super::grants::{role, source_account, tls_only};
use super::scope::{self, DELIVERY_ROLE, Made, Scope};
use super::{filter, metadata};
use crate::cfn::services::sns::{
    FifoThroughputScope, FilterPolicyScope, LoggedProtocol, LoggingConfig, Protocol, RedrivePolicy, SignatureVersion,
    Subscription as Properties, Topic as TopicProperties, TopicPolicy, TracingConfig,
};
use crate::cfn::{
    DocumentError, Operator, Part, PolicyDocument, Principal, Pseudo, Resource, Statement, Str, Test, Value,
};
use crate::plan::{FunctionRef, QueueRef, Subscription, Topic, TopicRole};
use crate::stacks::Layer;

pub(super) fn topics(scope: &mut Scope<'_>) -> Made {
    if scope.plan.topics.iter().any(|t| t.role != TopicRole::Alarms) {
        delivery_role(scope)?;
    }
    for topic in &scope.plan.topics {
        let resource = Resource::new(scope::id(&topic.place.logical)?, &properties(scope, topic)?)?
            .metadata(metadata::BLOCK, &metadata::topic(topic))?;
        scope.keep(Layer::Messaging, &topic.place, resource);
        let arn = scope::reference(&topic.place.logical)?;
        let policy = TopicPolicy::new(vec![arn.clone()], PolicyDocument::new(statements(scope, topic, &arn)?));
        let resource = Resource::new(scope::part(&topic.place, "Policy")?, &policy)?;
        scope.put(Layer::Wiring, &topic.place, resource);
        match (&topic.role, &topic.calls) {
            (TopicRole::Alarms, _) => mailed(scope, topic)?,
            (_, Some(function)) => called(scope, topic, function)?,
            (_, None) => {}
        }
    }
    Ok(())
}

fn properties(scope: &Scope<'_>, topic: &Topic) -> Result<TopicProperties, DocumentError> {
    // The alarm topic has the customer key always: CloudWatch cannot use SNS's own.
    let key = if topic.role == TopicRole::Alarms { Some(scope.key()) } else { scope.data_key() };
    let logged = match topic.role {
        TopicRole::Own => Some(LoggedProtocol::Sqs),
        TopicRole::Bounces => Some(LoggedProtocol::Lambda),
        TopicRole::Alarms => None,
    };
    let mut delivery_status_logging = Vec::new();
    if let Some(protocol) = logged {
        let mut logging = LoggingConfig::new(protocol);
        logging.failure_feedback_role_arn = Some(scope::arn(DELIVERY_ROLE)?);
        delivery_status_logging.push(logging);
    }
    Ok(TopicProperties {
        topic_name: Some(scope.named(&topic.name)),
        fifo_topic: topic.fifo.then_some(true),
        // The publisher gives each event's id.
        content_based_deduplication: topic.fifo.then_some(false),
        fifo_throughput_scope: topic.fifo.then_some(FifoThroughputScope::MessageGroup),
        kms_master_key_id: key,
        signature_version: Some(SignatureVersion::Sha256),
        // SNS may send traces of its own only by a resource policy of X-Ray, which is the account's; a sender's it
        // passes on without.
        // Source: Amazon SNS Developer Guide, "Active tracing in Amazon SNS".
        tracing_config: Some(TracingConfig::PassThrough),
        delivery_status_logging,
        tags: scope.tags(),
        ..TopicProperties::default()
    })
}

/// The role by which SNS writes what it could not deliver, to groups that bear the topics' names.
/// Source: Amazon SNS Developer Guide, "Amazon SNS message delivery status".
fn delivery_role(scope: &mut Scope<'_>) -> Made {
    let actions = [
        "logs:CreateLogGroup",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "logs:PutMetricFilter",
        "logs:PutRetentionPolicy",
    ];
    let groups = [
        Part::from("log-group:sns/"),
        Part::from(Pseudo::Region),
        Part::from("/"),
        Part::from(Pseudo::AccountId),
        Part::from("/"),
        Part::from(&scope.names.prefix),
        Part::from("-*"),
    ];
    let statement = Statement::allow(actions, [Str::arn("logs", groups)]).sid("WriteFailures");
    let role = role(scope, "sns.amazonaws.com", Vec::new(), vec![statement]);
    let resource = Resource::new(scope::id(DELIVERY_ROLE)?, &role)?;
    scope.put(Layer::Messaging, &scope::shared(DELIVERY_ROLE), resource);
    Ok(())
}

fn statements(scope: &Scope<'_>, topic: &Topic, arn: &Str) -> Result<Vec<Statement>, DocumentError> {
    let mut made = vec![tls_only(&["sns:Publish"], arn.clone())];
    let publish = || Statement::allow(["sns:Publish"], [arn.clone()]);
    let from = |service: &str, source: Str| {
        publish().principal(Principal::service(service)).when(source_account()).when(Test::new(
            Operator::ArnLike,
            "aws:SourceArn",
            source,
        ))
    };
    match topic.role {
        // Roles of the account, each as far as its own policy lets it.
        TopicRole::Own => made.push(publish().sid("Publish").principal(Principal::Aws(vec![scope::account()]))),
        TopicRole::Alarms => {
            let alarms = Str::arn("cloudwatch", [Part::from("alarm:*")]);
            made.push(from("cloudwatch.amazonaws.com", alarms).sid("Alarms"));
        }
        TopicRole::Bounces => {
            if let Some(mail) = &scope.plan.mail {
                let set = scope::reference(&mail.place.logical)?;
                let set = Str::arn("ses", [Part::from("configuration-set/"), Part::from(set)]);
                made.push(from("ses.amazonaws.com", set).sid("Mail"));
            }
        }
    }
    Ok(made)
}

/// The person who hears of alarms; SNS asks them first.
fn mailed(scope: &mut Scope<'_>, topic: &Topic) -> Made {
    let to = Str::parameter(&scope.names.alarm_email);
    let subscription = Properties::new(scope::reference(&topic.place.logical)?, Protocol::Email, to);
    let resource =
        Resource::new(scope::part(&topic.place, "Subscription")?, &subscription)?.only_if(&scope.names.mails_alarms);
    scope.put(Layer::Wiring, &topic.place, resource);
    Ok(())
}

/// The function that a topic calls, with the queue of what it could not take.
fn called(scope: &mut Scope<'_>, topic: &Topic, function: &FunctionRef) -> Made {
    let endpoint = scope::arn(&function.0)?;
    let mut subscription = Properties::new(scope::reference(&topic.place.logical)?, Protocol::Lambda, endpoint);
    let dead = scope.function(function).and_then(|f| f.async_failures.clone());
    if let Some(dead) = &dead {
        subscription.redrive_policy = Some(RedrivePolicy::new(scope::arn(&dead.0)?));
    }
    let mut resource = Resource::new(scope::part(&topic.place, "Subscription")?, &subscription)?
        .after(&scope::part(&topic.place, "Permission")?);
    if let Some(dead) = &dead {
        resource = resource.after(&queue_policy(dead)?);
    }
    scope.put(Layer::Wiring, &topic.place, resource);
    Ok(())
}

fn queue_policy(queue: &QueueRef) -> Result<crate::cfn::LogicalId, DocumentError> {
    scope::id(&[queue.0.as_str(), "Policy"].concat())
}

pub(super) fn subscriptions(scope: &mut Scope<'_>) -> Made {
    for subscription in &scope.plan.subscriptions {
        // Without the policies the first messages would be lost.
        let resource = Resource::new(scope::id(&subscription.place.logical)?, &subscription_properties(subscription)?)?
            .after(&queue_policy(&subscription.queue)?)
            .after(&queue_policy(&subscription.dead_letters)?);
        scope.put(Layer::Wiring, &subscription.place, resource);
    }
    Ok(())
}

fn subscription_properties(subscription: &Subscription) -> Result<Properties, DocumentError> {
    let topic = scope::reference(&subscription.topic.0)?;
    let mut made = Properties::new(topic, Protocol::Sqs, scope::arn(&subscription.queue.0)?);
    made.raw_message_delivery = Some(true);
    if let Some(raw) = &subscription.filter {
        let by_body =
            if raw.pattern.is_some() { FilterPolicyScope::MessageBody } else { FilterPolicyScope::MessageAttributes };
        made.filter_policy_scope = Some(by_body);
        made.filter_policy = Some(filter::policy(raw));
    }
    made.redrive_policy = Some(RedrivePolicy::new(Value::attribute(&scope::id(&subscription.dead_letters.0)?, "Arn")));
    Ok(made)
}
