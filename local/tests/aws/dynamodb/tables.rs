//! Tables: their life, and what they were made with.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    BillingMode, CreateGlobalSecondaryIndexAction, DeleteGlobalSecondaryIndexAction, GlobalSecondaryIndexUpdate,
    IndexStatus, LocalSecondaryIndex, PointInTimeRecoverySpecification, PointInTimeRecoveryStatus, ProjectionType,
    ProvisionedThroughput, ScalarAttributeType, SseSpecification, SseStatus, SseType, StreamSpecification,
    StreamViewType, TableClass, TableStatus, Tag, TimeToLiveSpecification, TimeToLiveStatus, WarmThroughput,
};

use super::{attribute, index, invalid, item, n, projection, put, refusal, s, schema, stream, table};
use crate::world::run;

const ARN: &str = "arn:aws:dynamodb:eu-west-1:000000000000:table/orders";
const KEY: &str = "arn:aws:kms:eu-west-1:000000000000:key/1234";

fn tag(key: &str, value: &str) -> Tag {
    Tag::builder().key(key).value(value).build().unwrap()
}

fn encrypted(key: Option<&str>) -> SseSpecification {
    let settings = SseSpecification::builder().enabled(true).sse_type(SseType::Kms);
    settings.set_kms_master_key_id(key.map(str::to_owned)).build()
}

#[test]
fn a_table_has_what_it_was_made_with() {
    run(|test| async move {
        let db = Client::new(&test.sdk);
        let by_amount = LocalSecondaryIndex::builder().index_name("by_amount");
        let by_amount = by_amount.set_key_schema(Some(schema(&["pk", "amount"])));
        let made = table(&db, "orders")
            .attribute_definitions(attribute("customer", ScalarAttributeType::S))
            .attribute_definitions(attribute("amount", ScalarAttributeType::N))
            .global_secondary_indexes(index("by_customer", &["customer", "sk"], ProjectionType::KeysOnly))
            .local_secondary_indexes(by_amount.projection(projection(ProjectionType::All)).build().unwrap())
            .stream_specification(stream(StreamViewType::NewImage))
            .sse_specification(encrypted(Some(KEY)))
            .deletion_protection_enabled(true)
            .table_class(TableClass::StandardInfrequentAccess)
            .tags(tag("eventloom:flow", "orders"))
            .send();
        let made = made.await.unwrap().table_description.unwrap();
        assert_eq!(made.table_arn(), Some(ARN));

        for name in ["orders", ARN] {
            let found = db.describe_table().table_name(name).send().await.unwrap().table.unwrap();
            assert_eq!(found.table_status(), Some(&TableStatus::Active));
            assert_eq!(found.table_id(), made.table_id());
            assert_eq!(found.creation_date_time().unwrap().secs(), 1_767_225_600);
            assert_eq!(found.deletion_protection_enabled(), Some(true));
            let class = found.table_class_summary().unwrap().table_class();
            assert_eq!(class, Some(&TableClass::StandardInfrequentAccess));
            let encryption = found.sse_description().unwrap();
            assert_eq!((encryption.status(), encryption.kms_master_key_arn()), (Some(&SseStatus::Enabled), Some(KEY)));
            assert_eq!(found.latest_stream_label(), Some("2026-01-01T00:00:00.000"));
            let stream = found.latest_stream_arn().unwrap();
            assert_eq!(stream, format!("{ARN}/stream/2026-01-01T00:00:00.000"));
            let view = found.stream_specification().unwrap().stream_view_type();
            assert_eq!(view, Some(&StreamViewType::NewImage));
            let index = &found.global_secondary_indexes()[0];
            assert_eq!(index.index_arn(), Some(format!("{ARN}/index/by_customer").as_str()));
            assert_eq!(index.index_status(), Some(&IndexStatus::Active));
            assert_eq!(found.local_secondary_indexes()[0].index_name(), Some("by_amount"));
            let mode = found.billing_mode_summary().unwrap().billing_mode();
            assert_eq!(mode, Some(&BillingMode::PayPerRequest));
        }
        let tags = db.list_tags_of_resource().resource_arn(ARN).send().await.unwrap().tags.unwrap();
        assert_eq!(tags, [tag("eventloom:flow", "orders")]);
    });
}

#[test]
fn a_name_is_used_once_and_a_missing_table_is_named() {
    run(|test| async move {
        let db = Client::new(&test.sdk);
        table(&db, "orders").send().await.unwrap();
        let again = refusal(table(&db, "orders").send().await);
        assert_eq!(again, ("ResourceInUseException".into(), "Table already exists: orders".into()));
        let missing = "Requested resource not found: Table: other not found".to_owned();
        let describe = refusal(db.describe_table().table_name("other").send().await);
        assert_eq!(describe, ("ResourceNotFoundException".into(), missing.clone()));
        let delete = refusal(db.delete_table().table_name("other").send().await);
        assert_eq!(delete, ("ResourceNotFoundException".into(), missing));
        let put = refusal(db.put_item().table_name("other").item("pk", s("a")).send().await);
        assert_eq!(put, ("ResourceNotFoundException".into(), "Requested resource not found".into()));
        let elsewhere = "arn:aws:dynamodb:us-east-1:000000000000:table/orders";
        let elsewhere = refusal(db.describe_table().table_name(elsewhere).send().await);
        assert_eq!(elsewhere.0, "ResourceNotFoundException");
    });
}

#[test]
fn a_table_that_sqlite_cannot_tell_from_another_is_refused() {
    run(|test| async move {
        let db = Client::new(&test.sdk);
        table(&db, "orders").send().await.unwrap();
        let other = refusal(table(&db, "Orders").send().await);
        assert_eq!(other, invalid("the local engine cannot tell the table `Orders` from `orders`"));
        for name in ["sqlite_master", "_tables"] {
            let kept = refusal(table(&db, name).send().await);
            assert_eq!(kept, invalid(&format!("the local engine keeps the name `{name}` for itself")));
        }
    });
}

#[test]
fn a_bad_key_schema_is_refused() {
    run(|test| async move {
        let db = Client::new(&test.sdk);
        let create = db.create_table().table_name("orders").billing_mode(BillingMode::PayPerRequest);
        let create = create.attribute_definitions(attribute("id", ScalarAttributeType::S));
        let missing = refusal(create.set_key_schema(Some(schema(&["other"]))).send().await);
        assert_eq!(missing.0, "ValidationException");
        assert!(missing.1.contains("other"), "{}", missing.1);
        let unused = table(&db, "orders").attribute_definitions(attribute("more", ScalarAttributeType::S));
        let unused = refusal(unused.send().await).1;
        assert!(unused.contains("Number of attributes in KeySchema does not exactly match"), "{unused}");
        let short = refusal(table(&db, "ab").send().await);
        assert_eq!(short.0, "ValidationException");
    });
}

#[test]
fn a_protected_table_stays() {
    run(|test| async move {
        let db = Client::new(&test.sdk);
        table(&db, "orders").deletion_protection_enabled(true).send().await.unwrap();
        let kept = refusal(db.delete_table().table_name("orders").send().await);
        let text = "Resource cannot be deleted as it is currently protected against deletion. Disable deletion \
                    protection first.";
        assert_eq!(kept, invalid(text));
        db.update_table().table_name("orders").deletion_protection_enabled(false).send().await.unwrap();
        let gone = db.delete_table().table_name("orders").send().await.unwrap().table_description.unwrap();
        assert_eq!(gone.table_status(), Some(&TableStatus::Deleting));
        assert_eq!(refusal(db.describe_table().table_name("orders").send().await).0, "ResourceNotFoundException");
        table(&db, "orders").send().await.unwrap();
    });
}

#[test]
fn tables_are_listed_in_pages() {
    run(|test| async move {
        let db = Client::new(&test.sdk);
        for name in ["carts", "orders", "users"] {
            table(&db, name).send().await.unwrap();
        }
        let first = db.list_tables().limit(2).send().await.unwrap();
        assert_eq!(
            (first.table_names(), first.last_evaluated_table_name()),
            (&["carts".into(), "orders".into()][..], Some("orders"))
        );
        let rest = db.list_tables().exclusive_start_table_name("orders").send().await.unwrap();
        assert_eq!((rest.table_names(), rest.last_evaluated_table_name()), (&["users".to_owned()][..], None));
    });
}

#[test]
fn a_stream_is_turned_on_and_off_once() {
    run(|test| async move {
        let db = Client::new(&test.sdk);
        table(&db, "orders").send().await.unwrap();
        let turn = |on: bool| {
            let settings = StreamSpecification::builder().stream_enabled(on);
            let settings = settings.set_stream_view_type(on.then_some(StreamViewType::KeysOnly));
            db.update_table().table_name("orders").stream_specification(settings.build().unwrap()).send()
        };
        let off = refusal(turn(false).await);
        assert_eq!(off.0, "ValidationException");
        turn(true).await.unwrap();
        let again = refusal(turn(true).await);
        assert_eq!(again, invalid("Table already has an enabled stream: TableName: orders"));
        turn(false).await.unwrap();
        let found = db.describe_table().table_name("orders").send().await.unwrap().table.unwrap();
        assert_eq!(found.stream_specification(), None);
    });
}

#[test]
fn encryption_can_be_changed() {
    run(|test| async move {
        let db = Client::new(&test.sdk);
        table(&db, "orders").send().await.unwrap();
        let update = |settings| db.update_table().table_name("orders").sse_specification(settings).send();
        let updated = update(encrypted(Some("1234"))).await.unwrap().table_description.unwrap();
        assert_eq!(updated.sse_description().unwrap().kms_master_key_arn(), Some(KEY));
        let found = db.describe_table().table_name("orders").send().await.unwrap().table.unwrap();
        assert_eq!(found.sse_description().unwrap().kms_master_key_arn(), Some(KEY));
        update(encrypted(None)).await.unwrap();
        let found = db.describe_table().table_name("orders").send().await.unwrap().table.unwrap();
        let own = "arn:aws:kms:eu-west-1:000000000000:alias/aws/dynamodb";
        assert_eq!(found.sse_description().unwrap().kms_master_key_arn(), Some(own));
        update(SseSpecification::builder().enabled(false).build()).await.unwrap();
        let found = db.describe_table().table_name("orders").send().await.unwrap().table.unwrap();
        assert!(found.sse_description().is_none_or(|encryption| encryption.kms_master_key_arn().is_none()));
    });
}

#[test]
fn an_index_of_a_table_with_items_has_them() {
    run(|test| async move {
        let db = Client::new(&test.sdk);
        table(&db, "orders").send().await.unwrap();
        for (sk, customer) in [(1, "ada"), (2, "bob"), (3, "ada")] {
            put(&db, "orders", item([("pk", s("o")), ("sk", n(sk)), ("customer", s(customer))])).await;
        }
        let create = CreateGlobalSecondaryIndexAction::builder().index_name("by_customer");
        let create = create.set_key_schema(Some(schema(&["customer", "sk"])));
        let create = create.projection(projection(ProjectionType::All)).build().unwrap();
        db.update_table()
            .table_name("orders")
            .attribute_definitions(attribute("customer", ScalarAttributeType::S))
            .attribute_definitions(attribute("sk", ScalarAttributeType::N))
            .global_secondary_index_updates(GlobalSecondaryIndexUpdate::builder().create(create).build())
            .send()
            .await
            .unwrap();
        let query = || {
            let query = db.query().table_name("orders").index_name("by_customer");
            query.key_condition_expression("customer = :c").expression_attribute_values(":c", s("ada")).send()
        };
        assert_eq!(query().await.unwrap().count(), 2);
        let delete = DeleteGlobalSecondaryIndexAction::builder().index_name("by_customer").build().unwrap();
        let delete = GlobalSecondaryIndexUpdate::builder().delete(delete).build();
        db.update_table().table_name("orders").global_secondary_index_updates(delete).send().await.unwrap();
        let gone = refusal(query().await);
        assert_eq!(gone, invalid("The table does not have the specified index: by_customer"));
    });
}

#[test]
fn throughput_is_kept_and_shown() {
    run(|test| async move {
        let db = Client::new(&test.sdk);
        let units = ProvisionedThroughput::builder().read_capacity_units(5).write_capacity_units(7).build().unwrap();
        let create = table(&db, "orders").billing_mode(BillingMode::Provisioned);
        let without = refusal(create.clone().send().await);
        assert_eq!(without.0, "ValidationException");
        create.provisioned_throughput(units).send().await.unwrap();
        let found = db.describe_table().table_name("orders").send().await.unwrap().table.unwrap();
        let shown = found.provisioned_throughput().unwrap();
        assert_eq!((shown.read_capacity_units(), shown.write_capacity_units()), (Some(5), Some(7)));
        db.update_table().table_name("orders").billing_mode(BillingMode::PayPerRequest).send().await.unwrap();
        let found = db.describe_table().table_name("orders").send().await.unwrap().table.unwrap();
        assert_eq!(found.billing_mode_summary().unwrap().billing_mode(), Some(&BillingMode::PayPerRequest));
    });
}

#[test]
fn tags_are_added_and_taken_away() {
    run(|test| async move {
        let db = Client::new(&test.sdk);
        table(&db, "orders").tags(tag("a", "1")).send().await.unwrap();
        db.tag_resource().resource_arn(ARN).tags(tag("a", "2")).tags(tag("b", "3")).send().await.unwrap();
        db.untag_resource().resource_arn(ARN).tag_keys("b").send().await.unwrap();
        let tags = db.list_tags_of_resource().resource_arn(ARN).send().await.unwrap().tags.unwrap();
        assert_eq!(tags, [tag("a", "2")]);
        let missing = db.list_tags_of_resource().resource_arn(format!("{ARN}2")).send().await;
        assert_eq!(refusal(missing).0, "AccessDeniedException");
    });
}

#[test]
fn a_time_to_live_is_set_once() {
    run(|test| async move {
        let db = Client::new(&test.sdk);
        table(&db, "orders").send().await.unwrap();
        let set = |on: bool, attribute: &str| {
            let settings = TimeToLiveSpecification::builder().enabled(on).attribute_name(attribute).build().unwrap();
            db.update_time_to_live().table_name("orders").time_to_live_specification(settings).send()
        };
        assert_eq!(refusal(set(false, "ttl").await), invalid("TimeToLive is already disabled"));
        set(true, "ttl").await.unwrap();
        assert_eq!(refusal(set(true, "ttl").await), invalid("TimeToLive is already enabled"));
        let found = db.describe_time_to_live().table_name("orders").send().await.unwrap();
        let found = found.time_to_live_description.unwrap();
        assert_eq!(found.time_to_live_status(), Some(&TimeToLiveStatus::Enabled));
        assert_eq!(found.attribute_name(), Some("ttl"));
        set(false, "ttl").await.unwrap();
        let found = db.describe_time_to_live().table_name("orders").send().await.unwrap();
        assert_eq!(found.time_to_live_description.unwrap().time_to_live_status(), Some(&TimeToLiveStatus::Disabled));
    });
}

#[test]
fn backups_are_shown_as_they_were_set() {
    run(|test| async move {
        let db = Client::new(&test.sdk);
        table(&db, "orders").send().await.unwrap();
        let shown = || async {
            let shown = db.describe_continuous_backups().table_name("orders").send().await.unwrap();
            let shown = shown.continuous_backups_description.unwrap().point_in_time_recovery_description.unwrap();
            (shown.point_in_time_recovery_status.unwrap(), shown.recovery_period_in_days)
        };
        assert_eq!(shown().await, (PointInTimeRecoveryStatus::Disabled, None));
        let set = |on: bool, days: Option<i32>| {
            let settings = PointInTimeRecoverySpecification::builder().point_in_time_recovery_enabled(on);
            let settings = settings.set_recovery_period_in_days(days).build().unwrap();
            db.update_continuous_backups().table_name("orders").point_in_time_recovery_specification(settings).send()
        };
        set(true, Some(7)).await.unwrap();
        assert_eq!(shown().await, (PointInTimeRecoveryStatus::Enabled, Some(7)));
        assert_eq!(refusal(set(true, Some(36)).await).0, "ValidationException");
        set(false, None).await.unwrap();
        assert_eq!(shown().await, (PointInTimeRecoveryStatus::Disabled, None));
        let missing = db.describe_continuous_backups().table_name("other").send().await;
        assert_eq!(refusal(missing), ("TableNotFoundException".into(), "Table not found: other".into()));
    });
}

#[test]
fn what_is_not_honoured_is_named() {
    run(|test| async move {
        let db = Client::new(&test.sdk);
        let warm = WarmThroughput::builder().read_units_per_second(1).write_units_per_second(1).build();
        let warm = refusal(table(&db, "orders").warm_throughput(warm).send().await);
        let text = "the local engine does not honour `WarmThroughput` of CreateTable: docs/local/dynamodb.md lists \
                    what it honours";
        assert_eq!(warm, invalid(text));
        let backups = refusal(db.list_backups().send().await);
        assert_eq!(backups.0, "UnsupportedOperation");
        assert!(backups.1.contains("ListBackups of dynamodb"), "{}", backups.1);
    });
}
