//! What decides whether an update keeps a resource or makes another in its place.
//!
//! In: a resource as it was planned. Out: its [`Identity`]. The properties come from `createOnlyProperties`
//! and `conditionalCreateOnlyProperties` of CloudFormation's resource schemas, read on 2026-10-02; a change
//! of a stream's view type is here too, because the new stream begins without what was unread in the old.

use std::collections::BTreeMap;

use crate::cfn::{Intrinsic, Resource, Tree};

/// Before the name of an index in [`Identity::properties`].
pub(super) const INDEX: &str = "index ";
/// The view type of a table's stream; a stream that is new replaces nothing.
pub(super) const STREAM: &str = "StreamSpecification.StreamViewType";

/// What decides replacement, and what replacement would cost.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Identity {
    /// Properties by name, as text; a table's indexes as `index NAME`.
    pub properties: BTreeMap<String, String>,
    /// Whether it holds what cannot be made again.
    pub stateful: bool,
    /// Why it may be replaced nevertheless.
    pub allow_replace: Option<String>,
}

impl Identity {
    /// What decides the replacement of this resource.
    #[must_use]
    pub fn of(resource: &Resource) -> Self {
        let mut properties = BTreeMap::new();
        for name in create_only(resource.kind()) {
            if let Some(value) = resource.properties().get(name) {
                properties.insert((*name).to_owned(), shown(value));
            }
        }
        if resource.kind() == "AWS::DynamoDB::Table" {
            table(resource.properties(), &mut properties);
        }
        Self { properties, stateful: false, allow_replace: None }
    }

    /// Of a resource that holds what cannot be made again: replaced only with a reason.
    #[must_use]
    pub fn stateful(mut self) -> Self {
        self.stateful = true;
        self
    }

    /// With the user's reason for letting it be replaced.
    #[must_use]
    pub fn allow_replace(mut self, reason: impl Into<String>) -> Self {
        self.allow_replace = Some(reason.into());
        self
    }
}

fn create_only(kind: &str) -> &'static [&'static str] {
    match kind {
        "AWS::ApiGatewayV2::Api" => &["ProtocolType"],
        "AWS::ApiGatewayV2::Authorizer" | "AWS::ApiGatewayV2::Integration" | "AWS::ApiGatewayV2::Route" => &["ApiId"],
        "AWS::ApiGatewayV2::IntegrationResponse" => &["ApiId", "IntegrationId"],
        "AWS::ApiGatewayV2::RouteResponse" => &["ApiId", "RouteId"],
        "AWS::ApiGatewayV2::Stage" => &["ApiId", "StageName"],
        "AWS::CloudWatch::Alarm" => &["AlarmName"],
        "AWS::CloudWatch::Dashboard" => &["DashboardName"],
        "AWS::DynamoDB::Table" => &["TableName"],
        "AWS::IAM::ManagedPolicy" => &["Description", "ManagedPolicyName", "Path"],
        "AWS::IAM::Role" => &["Path", "RoleName"],
        "AWS::KMS::Alias" => &["AliasName"],
        "AWS::Lambda::EventInvokeConfig" => &["FunctionName", "Qualifier"],
        "AWS::Lambda::EventSourceMapping" => &["EventSourceArn", "StartingPosition", "StartingPositionTimestamp"],
        "AWS::Lambda::Function" => &["FunctionName"],
        "AWS::Lambda::Permission" => &[
            "Action",
            "EventSourceToken",
            "FunctionName",
            "FunctionUrlAuthType",
            "InvokedViaFunctionUrl",
            "Principal",
            "PrincipalOrgID",
            "SourceAccount",
            "SourceArn",
        ],
        "AWS::Lambda::Url" => &["Qualifier", "TargetFunctionArn"],
        "AWS::Logs::LogGroup" => &["LogGroupName"],
        "AWS::SES::ConfigurationSet" | "AWS::Scheduler::ScheduleGroup" => &["Name"],
        "AWS::SES::ConfigurationSetEventDestination" => &["ConfigurationSetName"],
        "AWS::SES::EmailIdentity" => &["EmailIdentity"],
        "AWS::SNS::Subscription" => &["Endpoint", "Protocol", "TopicArn"],
        "AWS::SNS::Topic" => &["FifoTopic", "TopicName"],
        "AWS::SQS::Queue" => &["FifoQueue", "QueueName"],
        "AWS::Scheduler::Schedule" | "AWS::SecretsManager::Secret" => &["Name"],
        "AWS::StepFunctions::StateMachine" => &["StateMachineName", "StateMachineType"],
        _ => &[],
    }
}

/// A table's keys with their types, its stream, and its indexes.
fn table(properties: &Tree, into: &mut BTreeMap<String, String>) {
    let types = properties.get("AttributeDefinitions");
    into.insert("KeySchema".to_owned(), keys(properties, types));
    if let Some(view) = properties.get("StreamSpecification").and_then(|stream| stream.get("StreamViewType")) {
        into.insert(STREAM.to_owned(), shown(view));
    }
    for index in properties.get("GlobalSecondaryIndexes").map_or(&[][..], Tree::items) {
        let Some(name) = index.get("IndexName") else { continue };
        let projection = index.get("Projection").map(shown).unwrap_or_default();
        into.insert(format!("{INDEX}{}", shown(name)), format!("{}; {projection}", keys(index, types)));
    }
}

fn keys(of: &Tree, types: Option<&Tree>) -> String {
    let key = |key: &Tree| {
        let name = key.get("AttributeName").and_then(Tree::text).unwrap_or_default();
        let defined = types.map_or(&[][..], Tree::items).iter();
        let matching = defined.filter(|d| d.get("AttributeName").and_then(Tree::text) == Some(name));
        let kind = matching.filter_map(|d| d.get("AttributeType").and_then(Tree::text)).next().unwrap_or("?");
        format!("{name}:{kind} {}", key.get("KeyType").and_then(Tree::text).unwrap_or_default())
    };
    of.get("KeySchema").map_or(&[][..], Tree::items).iter().map(key).collect::<Vec<_>>().join(", ")
}

/// A value as one reads it: literals bare, intrinsics as `${…}`.
fn shown(tree: &Tree) -> String {
    match tree {
        Tree::Null => "null".to_owned(),
        Tree::Bool(value) => value.to_string(),
        Tree::Int(value) => value.to_string(),
        Tree::Number(text) | Tree::Text(text) => text.clone(),
        Tree::List(items) => format!("[{}]", items.iter().map(shown).collect::<Vec<_>>().join(", ")),
        Tree::Map(entries) => {
            entries.iter().map(|(key, value)| format!("{key}: {}", shown(value))).collect::<Vec<_>>().join(", ")
        }
        Tree::Intrinsic(intrinsic) => match &**intrinsic {
            Intrinsic::Ref(id) => format!("${{{id}}}"),
            Intrinsic::Parameter(name) => format!("${{{name}}}"),
            Intrinsic::Pseudo(pseudo) => format!("${{{}}}", pseudo.name()),
            Intrinsic::GetAtt(id, attribute) => format!("${{{id}.{attribute}}}"),
            Intrinsic::Join(parts) => parts.iter().map(shown).collect(),
            Intrinsic::If(condition, yes, no) => format!("{condition} ? {} : {}", shown(yes), shown(no)),
        },
    }
}
