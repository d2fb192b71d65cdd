//! Who may: what is asked for each call, and the policies on tables.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    ProjectionType, ScalarAttributeType, SseSpecification, StreamViewType, TransactWriteItem, Update,
};
use local::kernel::{Access, Authorize, AwsError};
use serde_json::{Value, json};

use super::{attribute, index, item, key, n, refusal, s, stream, table};
use crate::fake::Fake;
use crate::world::{Test, run};

const ARN: &str = "arn:aws:dynamodb:eu-west-1:000000000000:table/orders";

/// Writes down what is asked, and refuses one action.
#[derive(Debug)]
struct Judge {
    refuses: &'static str,
    asked: RefCell<Vec<Value>>,
}

impl Authorize for Judge {
    fn authorize(&self, access: &Access<'_>) -> Result<(), AwsError> {
        let context: Vec<String> = access.context.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let policy = access.policy.cloned().unwrap_or_default();
        self.asked.borrow_mut().push(json!([access.action, access.resource, context, policy]));
        match access.action == self.refuses {
            true => Err(AwsError::new("AccessDenied", "no statement allows it").status(403)),
            false => Ok(()),
        }
    }
}

fn judge(test: &Test, refuses: &'static str) -> Rc<Judge> {
    let judge = Rc::new(Judge { refuses, asked: RefCell::default() });
    test.engine.world().guard.put(Rc::clone(&judge) as Rc<dyn Authorize>);
    judge
}

#[test]
fn a_call_asks_for_what_it_touches() {
    run(|test| async move {
        let db = Client::new(&test.sdk);
        table(&db, "orders")
            .attribute_definitions(attribute("user", ScalarAttributeType::S))
            .global_secondary_indexes(index("by_user", &["user"], ProjectionType::All))
            .send()
            .await
            .unwrap();
        let judge = judge(&test, "");
        let asked = || Value::Array(judge.asked.take());
        let put =
            db.put_item().table_name(ARN).set_item(Some(item([("pk", s("a")), ("sk", n(1)), ("user", s("ada"))])));
        put.send().await.unwrap();
        let context = json!([
            "dynamodb:LeadingKeys=a",
            "dynamodb:Attributes=pk",
            "dynamodb:Attributes=sk",
            "dynamodb:Attributes=user"
        ]);
        assert_eq!(asked(), json!([["dynamodb:PutItem", ARN, context, null]]));
        let query = db.query().table_name("orders").index_name("by_user").key_condition_expression("#u = :u");
        let query = query.expression_attribute_names("#u", "user").expression_attribute_values(":u", s("ada"));
        query.send().await.unwrap();
        let context = json!(["dynamodb:LeadingKeys=ada", "dynamodb:Attributes=user"]);
        assert_eq!(asked(), json!([["dynamodb:Query", format!("{ARN}/index/by_user"), context, null]]));
        let update =
            Update::builder().table_name("orders").set_key(Some(key("b", 1))).update_expression("ADD amount :one");
        let update = update.expression_attribute_values(":one", n(1)).build().unwrap();
        db.transact_write_items()
            .transact_items(TransactWriteItem::builder().update(update).build())
            .send()
            .await
            .unwrap();
        let context = json!([
            "dynamodb:LeadingKeys=b",
            "dynamodb:Attributes=amount",
            "dynamodb:Attributes=pk",
            "dynamodb:Attributes=sk",
            "dynamodb:EnclosingOperation=TransactWriteItems"
        ]);
        assert_eq!(asked(), json!([["dynamodb:UpdateItem", ARN, context, null]]));
    });
}

#[test]
fn who_may_not_changes_nothing() {
    run(|test| async move {
        let db = Client::new(&test.sdk);
        table(&db, "orders").send().await.unwrap();
        judge(&test, "dynamodb:PutItem");
        let put = refusal(db.put_item().table_name("orders").set_item(Some(key("a", 1))).send().await);
        assert_eq!(put, ("AccessDeniedException".into(), "no statement allows it".into()));
        assert_eq!(db.scan().table_name("orders").send().await.unwrap().count(), 0);
    });
}

/// A policy that lets the account do something.
fn allowing(action: &str) -> Value {
    let principal = json!({"AWS": "arn:aws:iam::000000000000:root"});
    let statement = json!({"Effect": "Allow", "Principal": principal, "Action": action, "Resource": "*"});
    json!({"Version": "2012-10-17", "Statement": [statement]})
}

#[test]
fn a_policy_is_on_a_table_its_indexes_and_its_stream() {
    run(|test| async move {
        let db = Client::new(&test.sdk);
        table(&db, "orders").stream_specification(stream(StreamViewType::KeysOnly)).send().await.unwrap();
        let policy = allowing("dynamodb:*");
        let put = || db.put_resource_policy().resource_arn(ARN).policy(policy.to_string());
        assert_eq!(refusal(db.get_resource_policy().resource_arn(ARN).send().await).0, "PolicyNotFoundException");
        let revision = put().expected_revision_id("NO_POLICY").send().await.unwrap().revision_id.unwrap();
        assert_eq!(refusal(put().expected_revision_id("NO_POLICY").send().await).0, "PolicyNotFoundException");
        let found = db.get_resource_policy().resource_arn(ARN).send().await.unwrap();
        assert_eq!((found.policy(), found.revision_id()), (Some(policy.to_string().as_str()), Some(revision.as_str())));

        let judge = judge(&test, "");
        db.scan().table_name("orders").send().await.unwrap();
        assert_eq!(judge.asked.take()[0][3], policy);

        let streams = aws_sdk_dynamodbstreams::Client::new(&test.sdk);
        let of = streams.list_streams().send().await.unwrap().streams.unwrap().remove(0).stream_arn.unwrap();
        let other = allowing("dynamodb:DescribeStream");
        db.put_resource_policy().resource_arn(&of).policy(other.to_string()).send().await.unwrap();
        judge.asked.take();
        streams.describe_stream().stream_arn(&of).send().await.unwrap();
        assert_eq!(judge.asked.take()[0], json!(["dynamodb:DescribeStream", of, [], other]));

        db.delete_resource_policy().resource_arn(ARN).expected_revision_id(&revision).send().await.unwrap();
        assert_eq!(refusal(db.get_resource_policy().resource_arn(ARN).send().await).0, "PolicyNotFoundException");
        assert_eq!(db.delete_resource_policy().resource_arn(ARN).send().await.unwrap().revision_id(), None);
        let bad = refusal(db.put_resource_policy().resource_arn(ARN).policy("{}").send().await);
        assert_eq!(bad.0, "ValidationException");
        let missing = db.put_resource_policy().resource_arn(format!("{ARN}2")).policy(policy.to_string()).send().await;
        assert_eq!(refusal(missing).0, "ResourceNotFoundException");
    });
}

#[test]
fn a_policy_goes_with_its_table() {
    run(|test| async move {
        let db = Client::new(&test.sdk);
        let bad = refusal(table(&db, "orders").resource_policy("{}").send().await);
        assert_eq!(bad.0, "ValidationException");
        assert_eq!(refusal(db.describe_table().table_name("orders").send().await).0, "ResourceNotFoundException");
        table(&db, "orders").resource_policy(allowing("dynamodb:*").to_string()).send().await.unwrap();
        db.get_resource_policy().resource_arn(ARN).send().await.unwrap();
        db.delete_table().table_name("orders").send().await.unwrap();
        table(&db, "orders").send().await.unwrap();
        assert_eq!(refusal(db.get_resource_policy().resource_arn(ARN).send().await).0, "PolicyNotFoundException");
    });
}

#[test]
fn the_key_of_a_table_is_asked_once_in_five_minutes() {
    run(|test| async move {
        let db = Client::new(&test.sdk);
        let kms = Rc::new(Fake::default());
        test.engine.world().bus.put("kms", Rc::<Fake>::clone(&kms));
        let key = "arn:aws:kms:eu-west-1:000000000000:key/1234";
        let encryption = SseSpecification::builder().enabled(true).kms_master_key_id(key).build();
        table(&db, "orders").sse_specification(encryption).send().await.unwrap();
        kms.take();
        kms.fail(AwsError::new("AccessDeniedException", "no statement allows it"));
        let scan = || db.scan().table_name("orders").send();
        let refused = refusal(scan().await);
        let text = "KMS key access denied error: KMS error: no statement allows it";
        assert_eq!(refused, ("AccessDeniedException".into(), text.into()));
        let asked = json!({
            "KeyId": key,
            "Actions": ["kms:Decrypt"],
            "Via": "dynamodb",
            "EncryptionContext": {"aws:dynamodb:tableName": "orders", "aws:dynamodb:subscriberId": "000000000000"},
        });
        assert_eq!(kms.inputs(), std::slice::from_ref(&asked));
        scan().await.unwrap();
        scan().await.unwrap();
        assert_eq!(kms.inputs(), std::slice::from_ref(&asked));
        test.engine.world().clock.sleep(Duration::from_secs(300)).await;
        scan().await.unwrap();
        assert_eq!(kms.inputs(), [asked]);
        // AWS's own key lets all use it.
        let own = SseSpecification::builder().enabled(true).build();
        db.update_table().table_name("orders").sse_specification(own).send().await.unwrap();
        scan().await.unwrap();
        assert!(kms.take().is_empty());
    });
}
