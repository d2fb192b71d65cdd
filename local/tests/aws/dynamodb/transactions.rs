//! Transactions.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::error::TransactionCanceledException;
use aws_sdk_dynamodb::types::{
    CancellationReason, ConditionCheck, Delete, Get, Put, ReturnValuesOnConditionCheckFailure, TransactGetItem,
    TransactWriteItem, Update,
};

use super::{Item, get, invalid, item, key, n, own, put, refusal, s, table};
use crate::world::run;

fn putting(item: Item, condition: Option<&str>) -> TransactWriteItem {
    let put =
        Put::builder().table_name("orders").set_item(Some(item)).set_condition_expression(condition.map(str::to_owned));
    let put = put.return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
    TransactWriteItem::builder().put(put.build().unwrap()).build()
}

fn adding(key: Item) -> TransactWriteItem {
    let update = Update::builder().table_name("orders").set_key(Some(key)).update_expression("ADD amount :one");
    TransactWriteItem::builder().update(update.expression_attribute_values(":one", n(1)).build().unwrap()).build()
}

#[test]
fn a_transaction_does_all() {
    run(|test| async move {
        let db = Client::new(&test.sdk);
        table(&db, "orders").send().await.unwrap();
        put(&db, "orders", key("old", 1)).await;
        put(&db, "orders", key("there", 1)).await;
        let delete = Delete::builder().table_name("orders").set_key(Some(key("old", 1))).build().unwrap();
        let check = ConditionCheck::builder().table_name("orders").set_key(Some(key("there", 1)));
        let check = check.condition_expression("attribute_exists(pk)").build().unwrap();
        db.transact_write_items()
            .transact_items(putting(key("a", 1), Some("attribute_not_exists(pk)")))
            .transact_items(adding(key("sum", 0)))
            .transact_items(TransactWriteItem::builder().delete(delete).build())
            .transact_items(TransactWriteItem::builder().condition_check(check).build())
            .send()
            .await
            .unwrap();
        let read = |pk: &str, sk: i64| {
            let get = Get::builder().table_name("orders").set_key(Some(key(pk, sk))).build().unwrap();
            TransactGetItem::builder().get(get).build()
        };
        let read = db
            .transact_get_items()
            .transact_items(read("a", 1))
            .transact_items(read("sum", 0))
            .transact_items(read("old", 1));
        let read = read.send().await.unwrap();
        let items: Vec<_> = read.responses().iter().map(|response| response.item.clone()).collect();
        let sum = item([("pk", s("sum")), ("sk", n(0)), ("amount", n(1))]);
        assert_eq!(items, [Some(key("a", 1)), Some(sum), None]);
    });
}

#[test]
fn a_failed_condition_cancels_all_with_reasons() {
    run(|test| async move {
        let db = Client::new(&test.sdk);
        table(&db, "orders").send().await.unwrap();
        let mut marker = key("marker", 1);
        marker.insert("epoch".into(), n(7));
        put(&db, "orders", marker.clone()).await;
        let write = db.transact_write_items().transact_items(adding(key("sum", 0)));
        let write = write.transact_items(putting(key("marker", 1), Some("attribute_not_exists(pk)")));
        let error: TransactionCanceledException = own(write.send().await);
        let text = "Transaction cancelled, please refer cancellation reasons for specific reasons [None, \
                    ConditionalCheckFailed]";
        assert_eq!(error.message(), Some(text));
        let failed =
            CancellationReason::builder().code("ConditionalCheckFailed").message("The conditional request failed");
        let expected = [CancellationReason::builder().code("None").build(), failed.set_item(Some(marker)).build()];
        assert_eq!(error.cancellation_reasons(), expected);
        assert_eq!(get(&db, "orders", key("sum", 0)).await, None);
    });
}

#[test]
fn a_transaction_has_its_limits() {
    run(|test| async move {
        let db = Client::new(&test.sdk);
        table(&db, "orders").send().await.unwrap();
        let write = |items: Vec<TransactWriteItem>| db.transact_write_items().set_transact_items(Some(items)).send();
        write((0..100).map(|sk| putting(key("a", sk), None)).collect()).await.unwrap();
        let many = refusal(write((0..101).map(|sk| putting(key("a", sk), None)).collect()).await);
        assert_eq!(many.0, "ValidationException");
        assert!(many.1.ends_with("Member must have length less than or equal to 100"), "{}", many.1);
        let twice = refusal(write(vec![putting(key("a", 1), None), adding(key("a", 1))]).await);
        assert_eq!(twice, invalid("Transaction request cannot include multiple operations on one item"));
        let large = |sk: i64| {
            let mut large = key("large", sk);
            large.insert("text".into(), s(&"x".repeat(390_000)));
            putting(large, None)
        };
        let large = refusal(write((0..11).map(large).collect()).await);
        assert_eq!(large.0, "ValidationException");
        assert!(large.1.contains("4MB"), "{}", large.1);
        let elsewhere = Put::builder().table_name("other").set_item(Some(key("a", 1))).build().unwrap();
        let elsewhere = refusal(write(vec![TransactWriteItem::builder().put(elsewhere).build()]).await);
        assert_eq!(elsewhere.0, "ResourceNotFoundException");
    });
}

#[test]
fn a_token_does_a_transaction_once_in_ten_minutes() {
    run(|test| async move {
        let db = Client::new(&test.sdk);
        table(&db, "orders").send().await.unwrap();
        let add = |token: &str, pk: &str| {
            db.transact_write_items().client_request_token(token).transact_items(adding(key(pk, 0))).send()
        };
        let total = || async { get(&db, "orders", key("sum", 0)).await.unwrap()["amount"].clone() };
        add("one", "sum").await.unwrap();
        add("one", "sum").await.unwrap();
        assert_eq!(total().await, n(1));
        add("two", "sum").await.unwrap();
        assert_eq!(total().await, n(2));
        let other = refusal(add("one", "other").await);
        assert_eq!(other.0, "IdempotentParameterMismatchException");
        test.engine.world().clock.sleep(Duration::from_secs(600)).await;
        add("one", "sum").await.unwrap();
        assert_eq!(total().await, n(3));
        let long = refusal(add(&"x".repeat(37), "sum").await);
        assert_eq!(long.0, "ValidationException");
    });
}

#[test]
fn a_cancelled_transaction_can_be_tried_again_with_its_token() {
    run(|test| async move {
        let db = Client::new(&test.sdk);
        table(&db, "orders").send().await.unwrap();
        put(&db, "orders", key("a", 1)).await;
        let write = || {
            let write = db.transact_write_items().client_request_token("one").transact_items(adding(key("sum", 0)));
            write.transact_items(putting(key("a", 1), Some("attribute_not_exists(pk)"))).send()
        };
        assert_eq!(refusal(write().await).0, "TransactionCanceledException");
        db.delete_item().table_name("orders").set_key(Some(key("a", 1))).send().await.unwrap();
        write().await.unwrap();
        write().await.unwrap();
        assert_eq!(get(&db, "orders", key("sum", 0)).await.unwrap()["amount"], n(1));
    });
}
