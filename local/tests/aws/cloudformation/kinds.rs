//! A small template with a resource of every type that calls something, and what can be changed of it.

use serde_json::{Value, json};

use super::{code, resource, template};

fn policy(action: &str, resource: &Value, principal: &str) -> Value {
    json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": principal}, "Action": [action], "Resource": [resource]},
    ]})
}

fn role(sqs: &str) -> Value {
    resource(
        "AWS::IAM::Role",
        json!({
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [{
                "Effect": "Allow", "Principal": {"Service": [
                    "lambda.amazonaws.com", "scheduler.amazonaws.com", "states.amazonaws.com",
                ]},
                "Action": ["sts:AssumeRole"],
            }]},
            "Policies": [{"PolicyName": "flow", "PolicyDocument": {"Version": "2012-10-17", "Statement": [{
                "Effect": "Allow", "Action": [
                    sqs, "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "dynamodb:DescribeStream",
                    "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams",
                ], "Resource": ["*"],
            }]}}],
            "ManagedPolicyArns": ["arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"],
            "Tags": tags("flow"),
        }),
    )
}

fn tags(flow: &str) -> Value {
    json!([{"Key": "flow", "Value": flow}, {"Key": "kept", "Value": "yes"}])
}

fn get(logical: &str, attribute: &str) -> Value {
    json!({"Fn::GetAtt": [logical, attribute]})
}

fn reference(logical: &str) -> Value {
    json!({"Ref": logical})
}

/// The template as it is first.
pub(crate) fn first() -> Value {
    let queue = || get("Queue", "Arn");
    template(json!({
        "Key": resource("AWS::KMS::Key", json!({
            "KeyPolicy": policy("kms:*", &json!("*"), "sns.amazonaws.com"), "EnableKeyRotation": true,
            "Description": "first", "Tags": tags("first"),
        })),
        "Alias": resource("AWS::KMS::Alias", json!({"AliasName": "alias/flow", "TargetKeyId": reference("Key")})),
        "Dead": resource("AWS::SQS::Queue", json!({"QueueName": "dead"})),
        "Queue": resource("AWS::SQS::Queue", json!({
            "VisibilityTimeout": 60, "DelaySeconds": 5, "Tags": tags("first"), "KmsMasterKeyId": get("Key", "Arn"),
            "RedrivePolicy": {"deadLetterTargetArn": get("Dead", "Arn"), "maxReceiveCount": 3},
        })),
        "QueuePolicy": resource("AWS::SQS::QueuePolicy", json!({
            "Queues": [reference("Queue")], "PolicyDocument": policy("sqs:SendMessage", &queue(), "sns.amazonaws.com"),
        })),
        "Topic": resource("AWS::SNS::Topic", json!({
            "DisplayName": "first", "Tags": tags("first"),
            "DeliveryStatusLogging": [{"Protocol": "sqs", "FailureFeedbackRoleArn": get("Role", "Arn")}],
        })),
        "TopicPolicy": resource("AWS::SNS::TopicPolicy", json!({
            "Topics": [reference("Topic")],
            "PolicyDocument": policy("sns:Publish", &reference("Topic"), "ses.amazonaws.com"),
        })),
        "Subscription": resource("AWS::SNS::Subscription", json!({
            "TopicArn": reference("Topic"), "Protocol": "sqs", "Endpoint": queue(), "RawMessageDelivery": true,
            "FilterPolicy": {"type": ["A"]},
        })),
        "Role": role("sqs:SendMessage"),
        "Table": resource("AWS::DynamoDB::Table", json!({
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}], "BillingMode": "PAY_PER_REQUEST",
            "TimeToLiveSpecification": {"AttributeName": "until", "Enabled": true}, "Tags": tags("first"),
            "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": true},
            "StreamSpecification": {"StreamViewType": "NEW_IMAGE"},
        })),
        "Function": resource("AWS::Lambda::Function", json!({
            "Code": {"S3Bucket": "eventloom", "S3Key": code()}, "Role": get("Role", "Arn"), "Handler": "first",
            "Runtime": "provided.al2023", "Timeout": 10, "Environment": {"Variables": {"TABLE": reference("Table")}},
            "ReservedConcurrentExecutions": 5, "Tags": tags("first"), "RecursiveLoop": "Allow",
        })),
        "Events": resource("AWS::Lambda::EventInvokeConfig", json!({
            "FunctionName": reference("Function"), "Qualifier": "$LATEST", "MaximumRetryAttempts": 1,
            "DestinationConfig": {"OnFailure": {"Destination": get("Dead", "Arn")}},
        })),
        "Url": resource("AWS::Lambda::Url", json!({"TargetFunctionArn": get("Function", "Arn"), "AuthType": "NONE"})),
        "Permission": resource("AWS::Lambda::Permission", json!({
            "FunctionName": reference("Function"), "Action": "lambda:InvokeFunction", "Principal": "sns.amazonaws.com",
            "SourceArn": reference("Topic"),
        })),
        "Mapping": resource("AWS::Lambda::EventSourceMapping", json!({
            "FunctionName": reference("Function"), "EventSourceArn": queue(), "BatchSize": 5, "Tags": tags("first"),
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
        })),
        "Stream": resource("AWS::Lambda::EventSourceMapping", json!({
            "FunctionName": reference("Function"), "EventSourceArn": get("Table", "StreamArn"),
            "StartingPosition": "TRIM_HORIZON", "MaximumRetryAttempts": 3,
        })),
        "Machine": resource("AWS::StepFunctions::StateMachine", json!({
            "RoleArn": get("Role", "Arn"), "Tags": tags("first"),
            "DefinitionString":
                "{\"StartAt\": \"A\", \"States\": {\"A\": {\"Type\": \"Pass\", \"Comment\": \"${To}\", \"End\": true}}}",
            "DefinitionSubstitutions": {"To": get("Function", "Arn")},
        })),
        "Secret": resource("AWS::SecretsManager::Secret", json!({
            "Description": "first", "GenerateSecretString": {"PasswordLength": 40},
        })),
        "Set": resource("AWS::SES::ConfigurationSet", json!({
            "Name": "mail", "SendingOptions": {"SendingEnabled": true},
            "SuppressionOptions": {"SuppressedReasons": ["BOUNCE"]},
        })),
        "Destination": resource("AWS::SES::ConfigurationSetEventDestination", json!({
            "ConfigurationSetName": reference("Set"), "EventDestination": {
                "Enabled": true, "MatchingEventTypes": ["bounce", "renderingFailure"],
                "SnsDestination": {"TopicARN": reference("Topic")},
            },
        })),
        "Identity": resource("AWS::SES::EmailIdentity", json!({
            "EmailIdentity": "shop.example", "ConfigurationSetAttributes": {"ConfigurationSetName": reference("Set")},
        })),
        "Api": resource("AWS::ApiGatewayV2::Api", json!({
            "Name": "live", "ProtocolType": "WEBSOCKET", "RouteSelectionExpression": "$request.body.action",
        })),
        "Integration": resource("AWS::ApiGatewayV2::Integration", json!({
            "ApiId": reference("Api"), "IntegrationType": "AWS_PROXY", "IntegrationUri": get("Function", "Arn"),
        })),
        "Authorizer": resource("AWS::ApiGatewayV2::Authorizer", json!({
            "ApiId": reference("Api"), "Name": "live", "AuthorizerType": "REQUEST",
            "AuthorizerUri": get("Function", "Arn"), "IdentitySource": ["route.request.header.Authorization"],
        })),
        "Route": resource("AWS::ApiGatewayV2::Route", json!({
            "ApiId": reference("Api"), "RouteKey": "$connect", "AuthorizationType": "CUSTOM",
            "AuthorizerId": reference("Authorizer"), "Target": {"Fn::Sub": "integrations/${Integration}"},
        })),
        "Response": resource("AWS::ApiGatewayV2::RouteResponse", json!({
            "ApiId": reference("Api"), "RouteId": reference("Route"), "RouteResponseKey": "$default",
        })),
        "Stage": resource("AWS::ApiGatewayV2::Stage", json!({
            "ApiId": reference("Api"), "StageName": "dev", "AutoDeploy": true,
        })),
        "Group": resource("AWS::Scheduler::ScheduleGroup", json!({"Tags": tags("first")})),
        "Schedule": resource("AWS::Scheduler::Schedule", json!({
            "Name": "nightly", "GroupName": reference("Group"), "ScheduleExpression": "rate(5 minutes)",
            "FlexibleTimeWindow": {"Mode": "OFF"}, "State": "DISABLED", "EndDate": "2027-01-01T00:00:00Z",
            "Target": {"Arn": get("Function", "Arn"), "RoleArn": get("Role", "Arn"), "Input": "{}"},
        })),
        "Logs": resource("AWS::Logs::LogGroup", json!({"RetentionInDays": 30})),
    }))
}

/// The same with a change of everything: in place, another in its place, gone and new.
pub(crate) fn second() -> Value {
    let mut template = first();
    let resources = template["Resources"].as_object_mut().unwrap();
    let mut set = |logical: &str, property: &str, value: Value| {
        resources[logical]["Properties"][property] = value;
    };
    set("Key", "Description", json!("second"));
    set("Key", "EnableKeyRotation", json!(false));
    set("Alias", "AliasName", json!("alias/second"));
    set("Queue", "VisibilityTimeout", json!(90));
    set("Queue", "Tags", json!([{"Key": "flow", "Value": "second"}]));
    set("QueuePolicy", "PolicyDocument", policy("sqs:*", &get("Queue", "Arn"), "sns.amazonaws.com"));
    set("Topic", "DisplayName", json!("second"));
    set("Topic", "DeliveryStatusLogging", json!([]));
    set("Subscription", "FilterPolicy", json!({"a": {"b": ["c"]}}));
    set("Subscription", "FilterPolicyScope", json!("MessageBody"));
    set("Table", "StreamSpecification", json!({"StreamViewType": "NEW_AND_OLD_IMAGES"}));
    set("Table", "TimeToLiveSpecification", json!({"AttributeName": "later", "Enabled": true}));
    let attribute = |name: &str| json!({"AttributeName": name, "AttributeType": "S"});
    set("Table", "AttributeDefinitions", json!([attribute("id"), attribute("user")]));
    set(
        "Table",
        "GlobalSecondaryIndexes",
        json!([{
            "IndexName": "by_user", "KeySchema": [{"AttributeName": "user", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"},
        }]),
    );
    set("Function", "Handler", json!("second"));
    set("Function", "RecursiveLoop", json!("Terminate"));
    set("Events", "MaximumRetryAttempts", json!(0));
    set("Url", "AuthType", json!("AWS_IAM"));
    set("Permission", "Action", json!("lambda:*"));
    set("Mapping", "BatchSize", json!(7));
    set("Machine", "DefinitionSubstitutions", json!({"To": "second"}));
    set("Secret", "Description", json!("second"));
    set("Set", "SendingOptions", json!({"SendingEnabled": false}));
    set("Route", "RouteKey", json!("$default"));
    set("Route", "AuthorizationType", json!("NONE"));
    set("Stage", "StageName", json!("prod"));
    set("Schedule", "ScheduleExpression", json!("rate(7 minutes)"));
    set("Logs", "RetentionInDays", json!(7));
    let event = json!({"Enabled": true, "MatchingEventTypes": ["complaint"], "Name": "named",
        "SnsDestination": {"TopicARN": reference("Topic")}});
    set("Destination", "EventDestination", event);
    resources["Role"] = role("sqs:*");
    resources["Role"]["Properties"]["ManagedPolicyArns"] = json!([]);
    for (logical, property) in [
        ("Queue", "DelaySeconds"),
        ("Queue", "KmsMasterKeyId"),
        ("Subscription", "RawMessageDelivery"),
        ("Function", "Timeout"),
        ("Function", "ReservedConcurrentExecutions"),
        ("Mapping", "FunctionResponseTypes"),
        ("Set", "SuppressionOptions"),
        ("Identity", "ConfigurationSetAttributes"),
        ("Schedule", "EndDate"),
        // Another group, another schedule.
        ("Schedule", "GroupName"),
    ] {
        resources[logical]["Properties"].as_object_mut().unwrap().remove(property).unwrap();
    }
    resources["Route"]["Properties"].as_object_mut().unwrap().remove("AuthorizerId").unwrap();
    for gone in ["Authorizer", "TopicPolicy", "Response", "Group"] {
        resources.remove(gone).unwrap();
    }
    resources.insert("Fresh".to_owned(), resource("AWS::SQS::Queue", json!({"FifoQueue": true})));
    template
}
