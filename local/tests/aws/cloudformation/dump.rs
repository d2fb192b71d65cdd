//! What there is in an engine, without what differs from one engine to the next: times and drawn names.

use std::collections::BTreeMap;

use local::cloudformation::Deployed;
use serde_json::{Map, Value, json};

use super::Cloud;

/// Members that say when, or are drawn anew by each change.
const FLEETING: [&str; 16] = [
    "CreationDate",
    "LastModificationDate",
    "CreatedTimestamp",
    "LastModifiedTimestamp",
    "LastModified",
    "LastUpdateTime",
    "RevisionId",
    "CreationDateTime",
    "TableId",
    "creationDate",
    "revisionId",
    "updateDate",
    "CreationTime",
    "LastModifiedTime",
    "CreateDate",
    "LatestStreamLabel",
];

/// All that the services list, with logical ids for physical ones.
pub(crate) async fn dump(cloud: &Cloud, deployed: &Deployed) -> Value {
    let mut all = Map::new();
    let mut put = |name: &str, value: Vec<Value>| all.insert(name.to_owned(), Value::Array(value));
    put("queues", queues(cloud).await);
    put("topics", topics(cloud).await);
    put("tables", tables(cloud).await);
    put("functions", functions(cloud).await);
    put("machines", machines(cloud).await);
    put("roles", roles(cloud).await);
    put("keys", keys(cloud).await);
    put("schedules", schedules(cloud).await);
    put("mail", mail(cloud, deployed).await);
    put("apis", list(cloud, "apigatewayv2", "GetApis", json!({}), "Items").await);
    cloud.tap.take();
    let mut ids: Vec<(String, String)> = Vec::new();
    for resource in &deployed.resources {
        ids.push((resource.physical_id.clone(), resource.logical_id.clone()));
        for (name, value) in &resource.attributes {
            ids.extend(value.as_str().map(|value| (value.to_owned(), format!("{}.{name}", resource.logical_id))));
        }
    }
    ids.retain(|(id, _)| id.len() > 6);
    // The longest first: an ARN holds a name.
    ids.sort_by_key(|(id, logical)| (std::cmp::Reverse(id.len()), logical.clone()));
    let mut all = Value::Object(all);
    clean(&mut all, &ids);
    all
}

fn clean(value: &mut Value, ids: &[(String, String)]) {
    match value {
        Value::String(text) => {
            for (id, logical) in ids {
                if text.contains(id) {
                    *text = text.replace(id, &format!("<{logical}>"));
                }
            }
        }
        Value::Array(items) => {
            items.iter_mut().for_each(|item| clean(item, ids));
            items.sort_by_key(ToString::to_string);
        }
        Value::Object(members) => {
            members.retain(|name, _| !FLEETING.contains(&name.as_str()));
            members.values_mut().for_each(|member| clean(member, ids));
            members.sort_keys();
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The lines in which two states differ.
pub(crate) fn differences(is: &Value, expected: &Value) -> Vec<String> {
    let lines = |value: &Value| -> Vec<String> {
        let parts = value.as_object().unwrap().iter();
        let items = parts.flat_map(|(name, part)| part.as_array().unwrap().iter().map(move |item| (name, item)));
        items.map(|(name, item)| format!("{name}: {item}")).collect()
    };
    let (is, expected) = (lines(is), lines(expected));
    let more = is.iter().filter(|line| !expected.contains(line)).map(|line| format!("is: {line}"));
    let less = expected.iter().filter(|line| !is.contains(line)).map(|line| format!("should be: {line}"));
    more.chain(less).collect()
}

/// The answer, or nothing if there is none of it.
async fn get(cloud: &Cloud, service: &str, operation: &str, input: Value) -> Value {
    match cloud.call(service, operation, input).await {
        Ok(answer) => answer,
        Err(error) => {
            assert!(error.code.contains("NotFound") || error.code.contains("NoSuchEntity"), "{operation}: {error}");
            Value::Null
        }
    }
}

async fn list(cloud: &Cloud, service: &str, operation: &str, input: Value, member: &str) -> Vec<Value> {
    cloud.call(service, operation, input).await.unwrap()[member].as_array().cloned().unwrap_or_default()
}

async fn queues(cloud: &Cloud) -> Vec<Value> {
    let mut queues = Vec::new();
    for url in list(cloud, "sqs", "ListQueues", json!({}), "QueueUrls").await {
        let asked = json!({"QueueUrl": url, "AttributeNames": ["All"]});
        let attributes = get(cloud, "sqs", "GetQueueAttributes", asked).await;
        let tags = get(cloud, "sqs", "ListQueueTags", json!({"QueueUrl": url})).await;
        queues.push(json!([attributes, tags]));
    }
    queues
}

async fn topics(cloud: &Cloud) -> Vec<Value> {
    let mut topics = Vec::new();
    for topic in list(cloud, "sns", "ListTopics", json!({}), "Topics").await {
        let arn = &topic["TopicArn"];
        let attributes = get(cloud, "sns", "GetTopicAttributes", json!({"TopicArn": arn})).await;
        let tags = get(cloud, "sns", "ListTagsForResource", json!({"ResourceArn": arn})).await;
        topics.push(json!([attributes, tags]));
    }
    for subscription in list(cloud, "sns", "ListSubscriptions", json!({}), "Subscriptions").await {
        let asked = json!({"SubscriptionArn": subscription["SubscriptionArn"]});
        topics.push(get(cloud, "sns", "GetSubscriptionAttributes", asked).await);
    }
    topics
}

async fn tables(cloud: &Cloud) -> Vec<Value> {
    let mut tables = Vec::new();
    for name in list(cloud, "dynamodb", "ListTables", json!({}), "TableNames").await {
        let named = || json!({"TableName": name});
        let table = get(cloud, "dynamodb", "DescribeTable", named()).await;
        let ttl = get(cloud, "dynamodb", "DescribeTimeToLive", named()).await;
        let backups = get(cloud, "dynamodb", "DescribeContinuousBackups", named()).await;
        let arn = table["Table"]["TableArn"].clone();
        let tags = get(cloud, "dynamodb", "ListTagsOfResource", json!({"ResourceArn": arn})).await;
        tables.push(json!([table, ttl, backups, tags]));
    }
    tables
}

async fn functions(cloud: &Cloud) -> Vec<Value> {
    let mut functions = Vec::new();
    for function in list(cloud, "lambda", "ListFunctions", json!({}), "Functions").await {
        let named = || json!({"FunctionName": function["FunctionName"]});
        let policy = get(cloud, "lambda", "GetPolicy", named()).await;
        let policy: Option<Value> = policy["Policy"].as_str().map(|text| serde_json::from_str(text).unwrap());
        let events = get(cloud, "lambda", "GetFunctionEventInvokeConfig", named()).await;
        let url = get(cloud, "lambda", "GetFunctionUrlConfig", named()).await;
        let concurrency = get(cloud, "lambda", "GetFunctionConcurrency", named()).await;
        let tags = get(cloud, "lambda", "ListTags", json!({"Resource": function["FunctionArn"]})).await;
        functions.push(json!([function, policy, events, url, concurrency, tags]));
    }
    functions.extend(list(cloud, "lambda", "ListEventSourceMappings", json!({}), "EventSourceMappings").await);
    functions
}

async fn machines(cloud: &Cloud) -> Vec<Value> {
    let mut machines = Vec::new();
    for machine in list(cloud, "states", "ListStateMachines", json!({}), "stateMachines").await {
        let arn = &machine["stateMachineArn"];
        let described = get(cloud, "states", "DescribeStateMachine", json!({"stateMachineArn": arn})).await;
        let tags = get(cloud, "states", "ListTagsForResource", json!({"resourceArn": arn})).await;
        machines.push(json!([described, tags]));
    }
    machines
}

async fn schedules(cloud: &Cloud) -> Vec<Value> {
    let mut schedules = list(cloud, "scheduler", "ListScheduleGroups", json!({}), "ScheduleGroups").await;
    for schedule in list(cloud, "scheduler", "ListSchedules", json!({}), "Schedules").await {
        let named = json!({"Name": schedule["Name"], "GroupName": schedule["GroupName"]});
        schedules.push(get(cloud, "scheduler", "GetSchedule", named).await);
    }
    schedules
}

async fn roles(cloud: &Cloud) -> Vec<Value> {
    let mut roles = Vec::new();
    for role in list(cloud, "iam", "ListRoles", json!({}), "Roles").await {
        let name = &role["RoleName"];
        let named = || json!({"RoleName": name});
        let mut policies = Vec::new();
        for policy in list(cloud, "iam", "ListRolePolicies", named(), "PolicyNames").await {
            policies.push(get(cloud, "iam", "GetRolePolicy", json!({"RoleName": name, "PolicyName": policy})).await);
        }
        let attached = get(cloud, "iam", "ListAttachedRolePolicies", named()).await;
        let mut role = get(cloud, "iam", "GetRole", named()).await;
        // An id that is drawn, and read by nobody here.
        role["Role"]["RoleId"] = Value::Null;
        roles.push(json!([role, policies, attached]));
    }
    roles
}

async fn keys(cloud: &Cloud) -> Vec<Value> {
    let mut keys = Vec::new();
    for key in list(cloud, "kms", "ListKeys", json!({}), "Keys").await {
        let named = || json!({"KeyId": key["KeyId"]});
        let described = get(cloud, "kms", "DescribeKey", named()).await["KeyMetadata"].take();
        let policy = get(cloud, "kms", "GetKeyPolicy", json!({"KeyId": key["KeyId"], "PolicyName": "default"})).await;
        let rotation = match described["KeyState"].as_str() {
            Some("PendingDeletion") => Value::Null,
            _ => get(cloud, "kms", "GetKeyRotationStatus", named()).await["KeyRotationEnabled"].take(),
        };
        let what = ["KeyId", "Arn", "KeyState", "Description"].map(|name| described[name].clone());
        let mut tags = list(cloud, "kms", "ListResourceTags", named(), "Tags").await;
        tags.retain(|tag| tag["TagKey"] != "eventloom:resource");
        keys.push(json!([what, policy, rotation, tags]));
    }
    for mut alias in list(cloud, "kms", "ListAliases", json!({}), "Aliases").await {
        alias["LastUpdatedDate"] = Value::Null;
        alias["CreationDate"] = Value::Null;
        keys.push(alias);
    }
    keys
}

/// What has no list, by what was deployed.
async fn mail(cloud: &Cloud, deployed: &Deployed) -> Vec<Value> {
    let mut mail = BTreeMap::new();
    for resource in &deployed.resources {
        let id = &resource.physical_id;
        let found = match resource.kind {
            "AWS::SES::ConfigurationSet" => {
                let named = || json!({"ConfigurationSetName": id});
                let destinations = get(cloud, "ses", "GetConfigurationSetEventDestinations", named()).await;
                json!([get(cloud, "ses", "GetConfigurationSet", named()).await, destinations])
            }
            "AWS::SES::EmailIdentity" => get(cloud, "ses", "GetEmailIdentity", json!({"EmailIdentity": id})).await,
            "AWS::SecretsManager::Secret" => {
                let mut secret = get(cloud, "secretsmanager", "DescribeSecret", json!({"SecretId": id})).await;
                let drawn = ["VersionIdsToStages", "CreatedDate", "LastChangedDate", "Name"];
                secret.as_object_mut().unwrap().retain(|name, _| !drawn.contains(&name.as_str()));
                secret
            }
            _ => continue,
        };
        mail.insert(resource.logical_id.clone(), found);
    }
    mail.into_values().collect()
}
