//! KMS: keys, aliases, what is encrypted, and who may use the key of a queue or topic.

use std::collections::HashMap;

use aws_sdk_kms::Client;
use aws_sdk_kms::error::ProvideErrorMetadata;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{DataKeySpec, KeySpec, KeyState, Tag};
use aws_sdk_sqs::types::QueueAttributeName;
use local::kernel::{Arn, AwsError, Caller};
use serde_json::{Value, json};

use crate::world::{Test, allow, role, run, sdk};

const QUEUE: &str = "arn:aws:sqs:eu-west-1:000000000000:orders";
const TOPIC: &str = "arn:aws:sns:eu-west-1:000000000000:news";

/// The code and message of a call that must fail.
macro_rules! refused {
    ($call:expr) => {{
        let error = $call.send().await.unwrap_err();
        (error.code().unwrap().to_owned(), error.message().unwrap_or_default().to_owned())
    }};
}

fn root() -> Value {
    let account = json!({"AWS": "arn:aws:iam::000000000000:root"});
    json!({"Sid": "Account", "Effect": "Allow", "Principal": account, "Action": "kms:*", "Resource": "*"})
}

fn policy(statements: Value) -> String {
    json!({"Version": "2012-10-17", "Statement": statements}).to_string()
}

async fn key(kms: &Client, statements: Value) -> String {
    kms.create_key().policy(policy(statements)).send().await.unwrap().key_metadata.unwrap().arn.unwrap()
}

async fn set_policy(kms: &Client, key: &str, statements: Value) {
    kms.put_key_policy().key_id(key).policy(policy(statements)).send().await.unwrap();
}

fn context(value: &str) -> HashMap<String, String> {
    HashMap::from([("purpose".to_owned(), value.to_owned())])
}

#[test]
fn a_key_is_made_described_named_and_tagged() {
    run(|test| async move {
        let kms = Client::new(&test.sdk);
        let tag = Tag::builder().tag_key("team").tag_value("orders").build().unwrap();
        let made = kms.create_key().description("Ours").tags(tag).send().await.unwrap().key_metadata.unwrap();
        let arn = made.arn().unwrap();
        assert_eq!(arn, format!("arn:aws:kms:eu-west-1:000000000000:key/{}", made.key_id()));
        assert_eq!(
            (made.enabled, made.key_state(), made.key_spec()),
            (true, Some(&KeyState::Enabled), Some(&KeySpec::SymmetricDefault))
        );

        kms.create_alias().alias_name("alias/flow").target_key_id(arn).send().await.unwrap();
        let taken = refused!(kms.create_alias().alias_name("alias/flow").target_key_id(arn));
        assert_eq!(taken.0, "AlreadyExistsException");
        for id in [made.key_id(), arn, "alias/flow", "arn:aws:kms:eu-west-1:000000000000:alias/flow"] {
            let found = kms.describe_key().key_id(id).send().await.unwrap().key_metadata.unwrap();
            assert_eq!((found.key_id(), found.description()), (made.key_id(), Some("Ours")), "{id}");
        }
        let aliases = kms.list_aliases().key_id(arn).send().await.unwrap().aliases.unwrap();
        assert_eq!((aliases.len(), aliases[0].target_key_id()), (1, Some(made.key_id())));
        let second = kms.create_key().send().await.unwrap().key_metadata.unwrap();
        kms.update_alias().alias_name("alias/flow").target_key_id(second.key_id()).send().await.unwrap();
        let found = kms.describe_key().key_id("alias/flow").send().await.unwrap().key_metadata.unwrap();
        assert_eq!(found.key_id(), second.key_id());
        kms.delete_alias().alias_name("alias/flow").send().await.unwrap();
        let gone = refused!(kms.describe_key().key_id("alias/flow"));
        let text = "Alias arn:aws:kms:eu-west-1:000000000000:alias/flow is not found.";
        assert_eq!(gone, ("NotFoundException".to_owned(), text.to_owned()));
        let wrong = refused!(kms.create_alias().alias_name("alias/aws/sqs").target_key_id(arn));
        assert_eq!(wrong.0, "InvalidAliasNameException");

        kms.update_key_description().key_id(arn).description("Theirs").send().await.unwrap();
        let tag = Tag::builder().tag_key("stage").tag_value("test").build().unwrap();
        kms.tag_resource().key_id(arn).tags(tag).send().await.unwrap();
        kms.untag_resource().key_id(arn).tag_keys("team").send().await.unwrap();
        let tags = kms.list_resource_tags().key_id(arn).send().await.unwrap().tags.unwrap();
        assert_eq!((tags.len(), tags[0].tag_key(), tags[0].tag_value()), (1, "stage", "test"));
        let keys = kms.list_keys().limit(1).send().await.unwrap();
        assert!(keys.truncated);
        let rest = kms.list_keys().marker(keys.next_marker().unwrap()).send().await.unwrap();
        assert_eq!((rest.keys().len(), rest.truncated), (1, false));

        kms.enable_key_rotation().key_id(arn).rotation_period_in_days(90).send().await.unwrap();
        let rotation = kms.get_key_rotation_status().key_id(arn).send().await.unwrap();
        assert_eq!((rotation.key_rotation_enabled, rotation.rotation_period_in_days), (true, Some(90)));
        kms.disable_key_rotation().key_id(arn).send().await.unwrap();
        assert!(!kms.get_key_rotation_status().key_id(arn).send().await.unwrap().key_rotation_enabled);
        assert_eq!(refused!(kms.enable_key_rotation().key_id(arn).rotation_period_in_days(7)).0, "ValidationException");

        assert_eq!(refused!(kms.describe_key().key_id("none")).0, "NotFoundException");
        let asymmetric = refused!(kms.create_key().key_spec(KeySpec::Rsa2048));
        assert!(asymmetric.1.contains("CreateKey with KeySpec RSA_2048"), "{asymmetric:?}");
        assert!(refused!(kms.create_key().multi_region(true)).1.contains("MultiRegion"));
        assert!(refused!(kms.list_grants().key_id(arn)).1.contains("ListGrants of kms"));
    });
}

#[test]
fn a_key_policy_is_read_back_and_judged() {
    run(|test| async move {
        let kms = Client::new(&test.sdk);
        let default = kms.create_key().send().await.unwrap().key_metadata.unwrap().arn.unwrap();
        let read = kms.get_key_policy().key_id(&default).send().await.unwrap();
        assert!(read.policy().unwrap().contains("Enable IAM User Permissions"));
        let text = policy(json!([root()]));
        kms.put_key_policy().key_id(&default).policy(&text).send().await.unwrap();
        let read = kms.get_key_policy().key_id(&default).policy_name("default").send().await.unwrap();
        assert_eq!(read.policy(), Some(&*text));
        let strange = policy(json!([{"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*",
            "Condition": {"StringResembles": {"kms:ViaService": "x"}}}]));
        let error = refused!(kms.put_key_policy().key_id(&default).policy(strange));
        assert_eq!(error.0, "MalformedPolicyDocumentException");
        assert!(error.1.contains("StringResembles"));

        // The account's statement lets the role's own policy decide; without it the key must name the role.
        let worker = role(&test.engine, "worker", json!([])).await;
        let client = Client::new(&sdk(&test.engine, &test.engine.credentials(worker)));
        let data_key = || client.generate_data_key().key_id(&default).key_spec(DataKeySpec::Aes256);
        let error = refused!(data_key());
        assert_eq!(error.0, "AccessDeniedException");
        assert!(error.1.contains("no identity-based policy allows the kms:GenerateDataKey action"), "{}", error.1);
        let use_it = json!([{"Effect": "Allow", "Action": "kms:GenerateDataKey", "Resource": default}]);
        allow(&test.engine, "worker", use_it).await;
        data_key().send().await.unwrap();
        let narrow = json!({"AWS": "arn:aws:iam::000000000000:role/other"});
        let only = json!([{"Effect": "Allow", "Principal": narrow, "Action": "kms:*", "Resource": "*"}]);
        set_policy(&kms, &default, only).await;
        let error = refused!(data_key());
        assert!(error.1.contains("no resource-based policy allows the kms:GenerateDataKey action"), "{}", error.1);
        let statement: Value = serde_json::from_str(error.1.split_once(&format!("{default}: ")).unwrap().1).unwrap();
        allow(&test.engine, "worker", json!([])).await;
        set_policy(&kms, &default, json!([statement])).await;
        data_key().send().await.unwrap();
    });
}

#[test]
fn what_is_encrypted_is_bound_to_its_key_and_context() {
    run(|test| async move {
        let kms = Client::new(&test.sdk);
        let (first, second) = (key(&kms, json!([root()])).await, key(&kms, json!([root()])).await);
        let encrypt = kms.encrypt().key_id(&first).plaintext(Blob::new("secret"));
        let sealed = encrypt.set_encryption_context(Some(context("test"))).send().await.unwrap();
        assert_eq!(sealed.key_id(), Some(&*first));
        let blob = sealed.ciphertext_blob.unwrap();
        let decrypt = |blob: &Blob, value: &str| {
            kms.decrypt().ciphertext_blob(blob.clone()).set_encryption_context(Some(context(value)))
        };
        let opened = decrypt(&blob, "test").send().await.unwrap();
        assert_eq!(
            (opened.plaintext.unwrap().into_inner(), opened.key_id.unwrap()),
            (b"secret".to_vec(), first.clone())
        );
        assert_eq!(refused!(decrypt(&blob, "other")).0, "InvalidCiphertextException");
        assert_eq!(refused!(kms.decrypt().ciphertext_blob(blob.clone())).0, "InvalidCiphertextException");
        assert_eq!(refused!(decrypt(&blob, "test").key_id(&second)).0, "IncorrectKeyException");
        for at in 0..blob.as_ref().len() {
            let mut changed = blob.as_ref().to_vec();
            changed[at] ^= 1;
            assert_eq!(refused!(decrypt(&Blob::new(changed), "test")).0, "InvalidCiphertextException", "{at}");
        }
        assert_eq!(refused!(decrypt(&Blob::new("short"), "test")).0, "InvalidCiphertextException");
        let large = kms.encrypt().key_id(&first).plaintext(Blob::new(vec![0; 4097]));
        assert_eq!(refused!(large).0, "ValidationException");
        let dry = refused!(kms.encrypt().key_id(&first).plaintext(Blob::new("x")).dry_run(true));
        assert_eq!(dry.0, "DryRunOperationException");

        let data_key = kms.generate_data_key().key_id(&first).key_spec(DataKeySpec::Aes256).send().await.unwrap();
        let plain = data_key.plaintext.unwrap();
        assert_eq!(plain.as_ref().len(), 32);
        let opened = kms.decrypt().ciphertext_blob(data_key.ciphertext_blob.unwrap()).send().await.unwrap();
        assert_eq!(opened.plaintext.unwrap(), plain);
        let blind = kms.generate_data_key_without_plaintext().key_id(&first).number_of_bytes(64).send().await.unwrap();
        let opened = kms.decrypt().ciphertext_blob(blind.ciphertext_blob.unwrap()).send().await.unwrap();
        assert_eq!(opened.plaintext.unwrap().as_ref().len(), 64);
        let both = kms.generate_data_key().key_id(&first).key_spec(DataKeySpec::Aes128).number_of_bytes(8);
        assert_eq!(refused!(both).0, "ValidationException");
    });
}

#[test]
fn a_key_that_is_disabled_or_about_to_go_is_not_used() {
    run(|test| async move {
        let kms = Client::new(&test.sdk);
        let arn = key(&kms, json!([root()])).await;
        let data_key = || kms.generate_data_key().key_id(&arn).key_spec(DataKeySpec::Aes256);
        kms.disable_key().key_id(&arn).send().await.unwrap();
        assert_eq!(refused!(data_key()), ("DisabledException".to_owned(), format!("{arn} is disabled.")));
        kms.enable_key().key_id(&arn).send().await.unwrap();
        data_key().send().await.unwrap();
        assert_eq!(refused!(kms.cancel_key_deletion().key_id(&arn)).0, "KMSInvalidStateException");
        assert_eq!(
            refused!(kms.schedule_key_deletion().key_id(&arn).pending_window_in_days(6)).0,
            "ValidationException"
        );
        kms.schedule_key_deletion().key_id(&arn).pending_window_in_days(7).send().await.unwrap();
        let pending = refused!(data_key());
        assert_eq!(pending, ("KMSInvalidStateException".to_owned(), format!("{arn} is pending deletion.")));
        kms.cancel_key_deletion().key_id(&arn).send().await.unwrap();
        assert_eq!(refused!(data_key()).0, "DisabledException", "it stays so until it is enabled");
        kms.create_alias().alias_name("alias/flow").target_key_id(&arn).send().await.unwrap();
        kms.schedule_key_deletion().key_id(&arn).pending_window_in_days(7).send().await.unwrap();
        tokio::time::sleep(std::time::Duration::from_secs(8 * 24 * 60 * 60)).await;
        let gone = refused!(kms.describe_key().key_id(&arn));
        assert_eq!(gone, ("NotFoundException".to_owned(), format!("Key '{arn}' does not exist")));
        assert!(kms.list_aliases().send().await.unwrap().aliases().is_empty());
    });
}

struct Flow {
    test: Test,
    kms: Client,
    key: String,
    url: String,
    worker: Caller,
}

/// An encrypted queue and topic, and a role that may send, receive and publish, but not use the key.
async fn flow(test: Test) -> Flow {
    let kms = Client::new(&test.sdk);
    let key = key(&kms, json!([root()])).await;
    kms.create_alias().alias_name("alias/flow").target_key_id(&key).send().await.unwrap();
    let queue = aws_sdk_sqs::Client::new(&test.sdk).create_queue().queue_name("orders");
    let sns = json!([{
        "Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage",
        "Resource": QUEUE, "Condition": {"ArnEquals": {"aws:SourceArn": TOPIC}},
    }]);
    let queue = queue.attributes(QueueAttributeName::Policy, policy(sns));
    let queue = queue.attributes(QueueAttributeName::KmsDataKeyReusePeriodSeconds, "60");
    let queue = queue.attributes(QueueAttributeName::KmsMasterKeyId, "alias/flow");
    let url = queue.send().await.unwrap().queue_url.unwrap();
    let ses = json!([{
        "Effect": "Allow", "Principal": {"Service": "ses.amazonaws.com"}, "Action": "sns:Publish", "Resource": TOPIC,
    }]);
    let topic = aws_sdk_sns::Client::new(&test.sdk).create_topic().name("news");
    topic.attributes("KmsMasterKeyId", &key).attributes("Policy", policy(ses)).send().await.unwrap();
    let worker = role(&test.engine, "worker", calls()).await;
    Flow { test, kms, key, url, worker }
}

fn calls() -> Value {
    json!([{"Effect": "Allow", "Action": ["sqs:*", "sns:Publish"], "Resource": [QUEUE, TOPIC]}])
}

/// What a role of a template has: the key, through some services.
fn with_key(key: &str, services: Value) -> Value {
    let mut statements = calls();
    statements.as_array_mut().unwrap().push(json!({
        "Effect": "Allow", "Action": ["kms:Decrypt", "kms:GenerateDataKey"], "Resource": key,
        "Condition": {"StringEquals": {"kms:ViaService": services}},
    }));
    statements
}

async fn request(
    test: &Test,
    caller: &Caller,
    service: &str,
    operation: &str,
    input: Value,
) -> Result<Value, AwsError> {
    test.engine.world().bus.request(caller.clone(), service, operation, input).await
}

#[test]
fn whoever_sends_and_receives_must_be_allowed_to_use_the_queues_key() {
    run(|test| async move {
        let Flow { test, key, url, worker, .. } = flow(test).await;
        let sqs = aws_sdk_sqs::Client::new(&sdk(&test.engine, &test.engine.credentials(worker)));
        let send = || sqs.send_message().queue_url(&url).message_body("x");
        let receive = || sqs.receive_message().queue_url(&url);
        let error = refused!(send());
        assert_eq!(error.0, "KMS.AccessDeniedException");
        assert!(error.1.contains(&format!("kms:GenerateDataKey on resource: {key}")), "{}", error.1);
        assert_eq!(refused!(receive()).0, "KMS.AccessDeniedException");

        allow(&test.engine, "worker", with_key(&key, json!(["sns.eu-west-1.amazonaws.com"]))).await;
        assert_eq!(refused!(send()).0, "KMS.AccessDeniedException", "only through the services that are named");
        let services = json!(["dynamodb.eu-west-1.amazonaws.com", "sqs.eu-west-1.amazonaws.com"]);
        allow(&test.engine, "worker", with_key(&key, services)).await;
        send().send().await.unwrap();
        assert_eq!(receive().send().await.unwrap().messages().len(), 1);
    });
}

#[test]
fn a_data_key_serves_until_its_time_is_over() {
    run(|test| async move {
        let Flow { test, kms, key, url, worker } = flow(test).await;
        allow(&test.engine, "worker", with_key(&key, json!("sqs.eu-west-1.amazonaws.com"))).await;
        let sqs = aws_sdk_sqs::Client::new(&sdk(&test.engine, &test.engine.credentials(worker)));
        let send = || sqs.send_message().queue_url(&url).message_body("x");
        send().send().await.unwrap();
        kms.disable_key().key_id(&key).send().await.unwrap();
        send().send().await.unwrap();
        assert_eq!(
            refused!(sqs.receive_message().queue_url(&url)).0,
            "KMS.DisabledException",
            "to receive is another use"
        );
        tokio::time::sleep(std::time::Duration::from_secs(61)).await;
        assert_eq!(refused!(send()).0, "KMS.DisabledException");
        kms.schedule_key_deletion().key_id(&key).send().await.unwrap();
        assert_eq!(refused!(send()).0, "KMS.InvalidStateException");
        kms.delete_alias().alias_name("alias/flow").send().await.unwrap();
        assert_eq!(refused!(send()).0, "KMS.NotFoundException");
    });
}

#[test]
fn whoever_publishes_must_be_allowed_to_use_the_topics_key() {
    run(|test| async move {
        let Flow { test, kms, key, worker, .. } = flow(test).await;
        let sns = aws_sdk_sns::Client::new(&sdk(&test.engine, &test.engine.credentials(worker)));
        let publish = || sns.publish().topic_arn(TOPIC).message("x");
        assert_eq!(refused!(publish()).0, "KMSAccessDenied");
        allow(&test.engine, "worker", with_key(&key, json!("sns.eu-west-1.amazonaws.com"))).await;
        publish().send().await.unwrap();

        // A service is named by the key's policy, or not let in.
        let set = "arn:aws:ses:eu-west-1:000000000000:configuration-set/flow";
        let ses = Caller::Service { principal: "ses.amazonaws.com", source: Arn::parse(set).unwrap() };
        let input = json!({"TopicArn": TOPIC, "Message": "x"});
        let error = request(&test, &ses, "sns", "Publish", input.clone()).await.unwrap_err();
        assert_eq!(error.code, "KMSAccessDenied");
        let named = |account: &str| {
            let condition = json!({"StringEquals": {"aws:SourceAccount": account}});
            json!([root(), {
                "Effect": "Allow", "Principal": {"Service": "ses.amazonaws.com"},
                "Action": ["kms:Decrypt", "kms:GenerateDataKey*"], "Resource": "*", "Condition": condition,
            }])
        };
        set_policy(&kms, &key, named("123456789012")).await;
        request(&test, &ses, "sns", "Publish", input.clone()).await.unwrap_err();
        set_policy(&kms, &key, named("000000000000")).await;
        request(&test, &ses, "sns", "Publish", input).await.unwrap();
    });
}

#[test]
fn a_topic_delivers_to_an_encrypted_queue_whose_key_names_it() {
    run(|test| async move {
        let Flow { test, kms, key, url, .. } = flow(test).await;
        let sns = aws_sdk_sns::Client::new(&test.sdk);
        sns.subscribe().topic_arn(TOPIC).protocol("sqs").endpoint(QUEUE).send().await.unwrap();
        let publish = || sns.publish().topic_arn(TOPIC).message("x");
        let sqs = aws_sdk_sqs::Client::new(&test.sdk);
        let quiet = || test.engine.world().activity.quiet();
        publish().send().await.unwrap();
        quiet().await;
        assert!(sqs.receive_message().queue_url(&url).send().await.unwrap().messages().is_empty());
        let topics = "arn:aws:sns:eu-west-1:000000000000:ne*";
        let sns_too = json!([root(), {
            "Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"},
            "Action": ["kms:Decrypt", "kms:GenerateDataKey*"], "Resource": ["*"],
            "Condition": {"ArnLike": {"aws:SourceArn": topics}},
        }]);
        set_policy(&kms, &key, sns_too).await;
        publish().send().await.unwrap();
        quiet().await;
        assert_eq!(sqs.receive_message().queue_url(&url).send().await.unwrap().messages().len(), 1);
    });
}

#[test]
fn another_service_cannot_use_a_key_of_aws() {
    run(|test| async move {
        let sqs = aws_sdk_sqs::Client::new(&test.sdk);
        let queue = sqs.create_queue().queue_name("orders");
        let queue = queue.attributes(QueueAttributeName::KmsMasterKeyId, "alias/aws/sqs");
        let url = queue.send().await.unwrap().queue_url.unwrap();
        let open = policy(json!([{"Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": QUEUE}]));
        let set = sqs.set_queue_attributes().queue_url(&url).attributes(QueueAttributeName::Policy, open);
        set.send().await.unwrap();
        sqs.send_message().queue_url(&url).message_body("x").send().await.unwrap();
        let sns = Caller::Service { principal: "sns.amazonaws.com", source: Arn::parse(TOPIC).unwrap() };
        let input = json!({"QueueUrl": url, "MessageBody": "x"});
        let error = request(&test, &sns, "sqs", "SendMessage", input).await.unwrap_err();
        assert_eq!(error.code, "KmsAccessDenied");
        assert!(error.message.contains("give the resource a key of your own"), "{error}");
    });
}

#[test]
fn keys_are_bound_to_what_they_are_used_for() {
    run(|test| async move {
        let kms = Client::new(&test.sdk);
        let logs = "logs.eu-west-1.amazonaws.com";
        let groups = "arn:aws:logs:eu-west-1:000000000000:log-group:*";
        let key = key(
            &kms,
            json!([root(), {
                "Effect": "Allow", "Principal": {"Service": logs}, "Action": ["kms:Decrypt*", "kms:GenerateDataKey*"],
                "Resource": "*", "Condition": {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}},
            }]),
        )
        .await;
        let group = "arn:aws:logs:eu-west-1:000000000000:log-group:flow";
        let caller = Caller::Service { principal: logs, source: Arn::parse(group).unwrap() };
        let asked = |arn: &str| {
            json!({
                "KeyId": key, "Actions": ["kms:GenerateDataKey"], "Via": "logs",
                "EncryptionContext": {"aws:logs:arn": arn},
            })
        };
        request(&test, &caller, "kms", "eventloom:Use", asked(group)).await.unwrap();
        let other = asked("arn:aws:logs:eu-west-1:123456789012:log-group:flow");
        let error = request(&test, &caller, "kms", "eventloom:Use", other).await.unwrap_err();
        assert_eq!(error.code, "AccessDeniedException");
    });
}
