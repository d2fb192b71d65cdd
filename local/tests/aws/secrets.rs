//! Secrets Manager, over the bus: there is no SDK of it among the test's dependencies.

use std::time::Duration;

use local::kernel::{AwsError, Caller};
use serde_json::{Value, json};

use crate::world::{Test, run};

async fn call(test: &Test, operation: &str, input: Value) -> Result<Value, AwsError> {
    test.engine.world().bus.request(Caller::Account, "secretsmanager", operation, input).await
}

async fn code(test: &Test, operation: &str, input: Value) -> String {
    call(test, operation, input).await.unwrap_err().code
}

#[test]
fn a_secret_has_a_current_and_a_previous_version() {
    run(|test| async move {
        let made = call(&test, "CreateSecret", json!({"Name": "a/b", "SecretString": "one"})).await.unwrap();
        let arn = made["ARN"].as_str().unwrap();
        assert!(arn.starts_with("arn:aws:secretsmanager:eu-west-1:000000000000:secret:a/b-"));
        let token = "00000000-0000-4000-8000-000000000000";
        for _ in 0..2 {
            let input = json!({"SecretId": "a/b", "SecretString": "two", "ClientRequestToken": token});
            let put = call(&test, "PutSecretValue", input).await.unwrap();
            assert_eq!(put["VersionId"], token);
        }
        for id in ["a/b", arn, arn.rsplit_once('-').unwrap().0] {
            let value = call(&test, "GetSecretValue", json!({"SecretId": id})).await.unwrap();
            assert_eq!((&value["SecretString"], &value["VersionStages"]), (&json!("two"), &json!(["AWSCURRENT"])));
        }
        let previous = json!({"SecretId": arn, "VersionStage": "AWSPREVIOUS"});
        assert_eq!(call(&test, "GetSecretValue", previous).await.unwrap()["SecretString"], "one");
        let by_id = json!({"SecretId": arn, "VersionId": made["VersionId"]});
        assert_eq!(call(&test, "GetSecretValue", by_id).await.unwrap()["SecretString"], "one");
        let stage = json!({"SecretId": arn, "VersionStage": "other"});
        assert_eq!(code(&test, "GetSecretValue", stage).await, "ResourceNotFoundException");

        let update = json!({"SecretId": arn, "Description": "new"});
        call(&test, "UpdateSecret", update).await.unwrap();
        let described = call(&test, "DescribeSecret", json!({"SecretId": arn})).await.unwrap();
        assert_eq!(
            (&described["Description"], &described["VersionIdsToStages"][token]),
            (&json!("new"), &json!(["AWSCURRENT"]))
        );
    });
}

#[test]
fn a_secret_is_generated_as_asked() {
    run(|test| async move {
        let generate = json!({"PasswordLength": 64, "ExcludePunctuation": true});
        let input = json!({"Name": "key", "GenerateSecretString": generate, "KmsKeyId": "alias/aws/secretsmanager", "Tags": []});
        call(&test, "CreateSecret", input).await.unwrap();
        let value = call(&test, "GetSecretValue", json!({"SecretId": "key"})).await.unwrap();
        let text = value["SecretString"].as_str().unwrap();
        assert_eq!(text.len(), 64);
        assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        assert!(text.bytes().any(|byte| byte.is_ascii_digit()) && text.bytes().any(|byte| byte.is_ascii_uppercase()));

        let generate = json!({"SecretStringTemplate": "{\"user\":\"a\"}", "GenerateStringKey": "password"});
        call(&test, "CreateSecret", json!({"Name": "login", "GenerateSecretString": generate})).await.unwrap();
        let value = call(&test, "GetSecretValue", json!({"SecretId": "login"})).await.unwrap();
        let login: Value = serde_json::from_str(value["SecretString"].as_str().unwrap()).unwrap();
        assert_eq!((&login["user"], login["password"].as_str().unwrap().chars().count()), (&json!("a"), 32));

        let empty = call(&test, "CreateSecret", json!({"Name": "empty"})).await.unwrap();
        assert!(empty["VersionId"].is_null(), "{empty}");
        assert_eq!(code(&test, "GetSecretValue", json!({"SecretId": "empty"})).await, "ResourceNotFoundException");
        let put = json!({"SecretId": "empty", "SecretString": "first"});
        call(&test, "PutSecretValue", put).await.unwrap();
        let value = call(&test, "GetSecretValue", json!({"SecretId": "empty"})).await.unwrap();
        assert_eq!(value["SecretString"], "first");

        let too_short = json!({"Name": "short", "GenerateSecretString": {"PasswordLength": 2}});
        assert_eq!(code(&test, "CreateSecret", too_short).await, "InvalidParameterException");
    });
}

#[test]
fn a_deleted_secret_is_gone_after_its_window() {
    run(|test| async move {
        let create = || call(&test, "CreateSecret", json!({"Name": "a", "SecretString": "x"}));
        create().await.unwrap();
        assert_eq!(create().await.unwrap_err().code, "ResourceExistsException");
        let delete = json!({"SecretId": "a", "RecoveryWindowInDays": 7});
        call(&test, "DeleteSecret", delete).await.unwrap();
        assert_eq!(code(&test, "GetSecretValue", json!({"SecretId": "a"})).await, "InvalidRequestException");
        assert_eq!(create().await.unwrap_err().code, "InvalidRequestException");
        test.engine.world().clock.jump(Duration::from_secs(7 * 24 * 60 * 60));
        assert_eq!(code(&test, "GetSecretValue", json!({"SecretId": "a"})).await, "ResourceNotFoundException");
        create().await.unwrap();
        let force = json!({"SecretId": "a", "ForceDeleteWithoutRecovery": true});
        call(&test, "DeleteSecret", force).await.unwrap();
        assert_eq!(code(&test, "DescribeSecret", json!({"SecretId": "a"})).await, "ResourceNotFoundException");
    });
}

#[test]
fn what_is_not_honoured_is_refused() {
    run(|test| async move {
        let binary = json!({"Name": "a", "SecretBinary": "AAEC"});
        assert_eq!(code(&test, "CreateSecret", binary).await, "ValidationException");
        assert_eq!(code(&test, "RotateSecret", json!({})).await, "UnsupportedOperation");
        assert_eq!(code(&test, "CreateSecret", json!({"Name": "a b"})).await, "ValidationException");
        let window = json!({"Name": "a", "SecretString": "x"});
        call(&test, "CreateSecret", window).await.unwrap();
        let window = json!({"SecretId": "a", "RecoveryWindowInDays": 3});
        assert_eq!(code(&test, "DeleteSecret", window).await, "InvalidParameterException");
        assert_eq!(code(&test, "PutSecretValue", json!({"SecretId": "a"})).await, "InvalidParameterException");
    });
}
