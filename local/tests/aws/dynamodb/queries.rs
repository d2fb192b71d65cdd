//! Queries and scans, of tables and indexes.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::{LocalSecondaryIndex, ProjectionType, ScalarAttributeType, Select};

use super::{Item, attribute, index, invalid, item, n, projection, put, refusal, s, schema, table};
use crate::world::run;

fn query(db: &Client) -> QueryFluentBuilder {
    let query = db.query().table_name("orders").key_condition_expression("pk = :p");
    query.expression_attribute_values(":p", s("a"))
}

fn numbers(items: Option<Vec<Item>>, name: &str) -> Vec<i64> {
    items.unwrap_or_default().iter().map(|item| item[name].as_n().unwrap().parse().unwrap()).collect()
}

async fn orders(db: &Client, count: i64) {
    table(db, "orders").send().await.unwrap();
    for sk in 0..count {
        put(db, "orders", item([("pk", s("a")), ("sk", n(sk)), ("even", n((sk + 1) % 2))])).await;
    }
}

#[test]
fn numbers_are_sorted_as_numbers() {
    run(|test| async move {
        let db = Client::new(&test.sdk);
        table(&db, "orders").send().await.unwrap();
        for sk in [100, -5, 9, 0, -50, 10] {
            put(&db, "orders", item([("pk", s("a")), ("sk", n(sk))])).await;
        }
        put(&db, "orders", item([("pk", s("ab")), ("sk", n(1))])).await;
        let up = query(&db).send().await.unwrap();
        assert_eq!(numbers(up.items, "sk"), [-50, -5, 0, 9, 10, 100]);
        let down = query(&db).scan_index_forward(false).limit(2).send().await.unwrap();
        assert_eq!(numbers(down.items, "sk"), [100, 10]);
        let between = query(&db).key_condition_expression("pk = :p AND sk BETWEEN :x AND :y");
        let between = between.expression_attribute_values(":x", n(-5)).expression_attribute_values(":y", n(9));
        assert_eq!(numbers(between.send().await.unwrap().items, "sk"), [-5, 0, 9]);
        for (operator, expected) in [("<", vec![-50, -5]), ("<=", vec![-50, -5, 0]), (">=", vec![0, 9, 10, 100])] {
            let some = query(&db).key_condition_expression(format!("pk = :p AND sk {operator} :x"));
            let some = some.expression_attribute_values(":x", n(0)).send().await.unwrap();
            assert_eq!(numbers(some.items, "sk"), expected);
        }
    });
}

#[test]
fn pages_meet_without_a_gap() {
    run(|test| async move {
        let db = Client::new(&test.sdk);
        orders(&db, 10).await;
        let (mut found, mut start, mut pages) = (Vec::new(), None, 0);
        loop {
            let page = query(&db).limit(4).set_exclusive_start_key(start).send().await.unwrap();
            pages += 1;
            found.extend(numbers(page.items, "sk"));
            start = page.last_evaluated_key;
            if start.is_none() {
                break;
            }
        }
        assert_eq!((found, pages), ((0..10).collect(), 3));
        let filtered = query(&db).filter_expression("even = :one").expression_attribute_values(":one", n(1)).limit(4);
        let filtered = filtered.send().await.unwrap();
        assert_eq!((filtered.count(), filtered.scanned_count()), (2, 4));
        let counted = query(&db).select(Select::Count).send().await.unwrap();
        assert_eq!((counted.count(), counted.items), (10, None));
    });
}

#[test]
fn a_page_has_at_most_a_mebibyte() {
    run(|test| async move {
        let db = Client::new(&test.sdk);
        table(&db, "orders").send().await.unwrap();
        for sk in 0..4 {
            put(&db, "orders", item([("pk", s("a")), ("sk", n(sk)), ("text", s(&"x".repeat(390_000)))])).await;
        }
        let first = query(&db).send().await.unwrap();
        assert_eq!(first.count(), 2);
        let rest = query(&db).set_exclusive_start_key(first.last_evaluated_key).send().await.unwrap();
        assert_eq!((rest.count(), rest.last_evaluated_key), (2, None));
        assert_eq!(db.scan().table_name("orders").send().await.unwrap().count(), 2);
    });
}

#[test]
fn an_index_has_the_items_that_have_its_key() {
    run(|test| async move {
        let db = Client::new(&test.sdk);
        let by_amount = LocalSecondaryIndex::builder().index_name("by_amount");
        let by_amount = by_amount.set_key_schema(Some(schema(&["pk", "amount"])));
        table(&db, "orders")
            .attribute_definitions(attribute("bucket", ScalarAttributeType::S))
            .attribute_definitions(attribute("sweep_at", ScalarAttributeType::N))
            .attribute_definitions(attribute("amount", ScalarAttributeType::N))
            .global_secondary_indexes(index("sweep", &["bucket", "sweep_at"], ProjectionType::KeysOnly))
            .local_secondary_indexes(by_amount.projection(projection(ProjectionType::All)).build().unwrap())
            .send()
            .await
            .unwrap();
        for sk in 0..4 {
            let order = item([
                ("pk", s("a")),
                ("sk", n(sk)),
                ("bucket", s("b")),
                ("sweep_at", n(10 - sk)),
                ("amount", n(sk % 2)),
                ("x", n(1)),
            ]);
            put(&db, "orders", order).await;
        }
        // Without its key an item leaves the index.
        let leave = db.update_item().table_name("orders").set_key(Some(super::key("a", 0)));
        leave.update_expression("REMOVE sweep_at").send().await.unwrap();
        let sweep = || {
            let sweep = db
                .query()
                .table_name("orders")
                .index_name("sweep")
                .key_condition_expression("#b = :b AND sweep_at < :t");
            let sweep = sweep.expression_attribute_names("#b", "bucket").expression_attribute_values(":b", s("b"));
            sweep.expression_attribute_values(":t", n(9))
        };
        let found = sweep().send().await.unwrap();
        let expected = |sk: i64| item([("pk", s("a")), ("sk", n(sk)), ("bucket", s("b")), ("sweep_at", n(10 - sk))]);
        assert_eq!(found.items(), [expected(3), expected(2)]);
        let page = sweep().limit(1).send().await.unwrap();
        let next = sweep().set_exclusive_start_key(page.last_evaluated_key).send().await.unwrap();
        assert_eq!(numbers(next.items, "sk"), [2]);

        let local = query(&db).index_name("by_amount").consistent_read(true).send().await.unwrap();
        assert_eq!(numbers(local.items, "amount"), [0, 0, 1, 1]);
        let consistent = refusal(sweep().consistent_read(true).send().await);
        assert_eq!(consistent, invalid("Consistent reads are not supported on global secondary indexes"));
        let all = refusal(sweep().select(Select::AllAttributes).send().await);
        let text = "One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not supported for global \
                    secondary index sweep because its projection type is not ALL";
        assert_eq!(all, invalid(text));
        let scanned = db.scan().table_name("orders").index_name("sweep").send().await.unwrap();
        assert_eq!(scanned.count(), 3);
    });
}

#[test]
fn a_scan_in_segments_sees_each_item_once() {
    run(|test| async move {
        let db = Client::new(&test.sdk);
        table(&db, "orders").send().await.unwrap();
        for number in 0..40 {
            put(&db, "orders", item([("pk", s(&format!("p{number}"))), ("sk", n(number))])).await;
        }
        let mut found = Vec::new();
        for segment in 0..4 {
            let mut start = None;
            loop {
                let scan = db.scan().table_name("orders").total_segments(4).segment(segment).limit(3);
                let page = scan.set_exclusive_start_key(start).send().await.unwrap();
                found.extend(numbers(page.items, "sk"));
                start = page.last_evaluated_key;
                if start.is_none() {
                    break;
                }
            }
        }
        found.sort_unstable();
        assert_eq!(found, (0..40).collect::<Vec<_>>());
        let some = db.scan().table_name("orders").filter_expression("sk > :x").expression_attribute_values(":x", n(37));
        let some = some.send().await.unwrap();
        assert_eq!((some.count(), some.scanned_count()), (2, 40));
    });
}

#[test]
fn a_query_must_name_its_partition() {
    run(|test| async move {
        let db = Client::new(&test.sdk);
        orders(&db, 1).await;
        let without = db.query().table_name("orders").key_condition_expression("sk = :s");
        let without = refusal(without.expression_attribute_values(":s", n(1)).send().await);
        assert_eq!(without, invalid("Query condition missed key schema element: pk"));
        let kind = refusal(query(&db).expression_attribute_values(":p", n(1)).send().await);
        assert_eq!(kind.0, "ValidationException");
        let key = query(&db).filter_expression("sk = :s").expression_attribute_values(":s", n(1));
        let key = refusal(key.send().await);
        assert_eq!(key.0, "ValidationException");
        assert!(key.1.contains("Filter Expression can only contain non-primary key attributes"), "{}", key.1);
        let limit = refusal(query(&db).limit(0).send().await);
        assert!(limit.1.contains("Member must have value greater than or equal to 1"), "{}", limit.1);
        let segment = refusal(db.scan().table_name("orders").segment(4).total_segments(4).send().await);
        assert_eq!(segment.0, "ValidationException");
    });
}
