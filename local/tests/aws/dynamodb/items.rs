//! Single items: writes, conditions, expressions.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{
    AttributeValue, ReturnConsumedCapacity, ReturnValue, ReturnValuesOnConditionCheckFailure,
};

use super::{Item, failed, get, invalid, item, key, n, put, refusal, s, table};
use crate::world::run;

fn update(db: &Client, expression: &str) -> UpdateItemFluentBuilder {
    db.update_item().table_name("orders").set_key(Some(key("a", 1))).update_expression(expression)
}

fn texts(values: &[&str]) -> AttributeValue {
    AttributeValue::Ss(values.iter().map(|&value| value.to_owned()).collect())
}

#[test]
fn an_item_of_every_type_comes_back() {
    run(|test| async move {
        let db = Client::new(&test.sdk);
        table(&db, "orders").send().await.unwrap();
        let mut whole = key("a", -1);
        whole.extend(item([
            ("bytes", AttributeValue::B(Blob::new([0, 255]))),
            ("yes", AttributeValue::Bool(true)),
            ("nothing", AttributeValue::Null(true)),
            ("list", AttributeValue::L(vec![s(""), n(0)])),
            ("map", AttributeValue::M(item([("inner", AttributeValue::L(vec![]))]))),
            ("texts", texts(&["x"])),
            ("ids", AttributeValue::Bs(vec![Blob::new([7; 16])])),
            ("numbers", AttributeValue::Ns(vec!["1".into(), "2.5".into()])),
            ("precise", AttributeValue::N("12345678901234567890123456789012345678".into())),
            ("cyrillic", s("čšž ъ 😀 \u{0}")),
        ]));
        put(&db, "orders", whole.clone()).await;
        assert_eq!(get(&db, "orders", key("a", -1)).await, Some(whole));
        assert_eq!(get(&db, "orders", key("a", -2)).await, None);
    });
}

#[test]
fn a_write_gives_what_was_asked_for() {
    run(|test| async move {
        let db = Client::new(&test.sdk);
        table(&db, "orders").send().await.unwrap();
        let write = |state: &str| {
            let put = db.put_item().table_name("orders").set_item(Some(key("a", 1))).item("stage", s(state));
            put.return_values(ReturnValue::AllOld)
        };
        assert_eq!(write("new").send().await.unwrap().attributes, None);
        let old = write("paid").return_consumed_capacity(ReturnConsumedCapacity::Total).send().await.unwrap();
        assert_eq!(old.attributes().unwrap()["stage"], s("new"));
        assert_eq!(old.consumed_capacity().unwrap().capacity_units(), Some(1.0));

        let set = |values: ReturnValue| {
            update(&db, "SET stage = :s").expression_attribute_values(":s", s("sent")).return_values(values).send()
        };
        let updated = set(ReturnValue::UpdatedOld).await.unwrap().attributes;
        assert_eq!(updated, Some(item([("stage", s("paid"))])));
        let all = set(ReturnValue::AllNew).await.unwrap().attributes.unwrap();
        assert_eq!(all, item([("pk", s("a")), ("sk", n(1)), ("stage", s("sent"))]));
        let delete = || {
            db.delete_item().table_name("orders").set_key(Some(key("a", 1))).return_values(ReturnValue::AllOld).send()
        };
        assert_eq!(delete().await.unwrap().attributes, Some(all));
        assert_eq!(delete().await.unwrap().attributes, None);
        let values = refusal(write("x").return_values(ReturnValue::AllNew).send().await);
        assert_eq!(values.0, "ValidationException");
    });
}

#[test]
fn a_failed_condition_shows_the_item() {
    run(|test| async move {
        let db = Client::new(&test.sdk);
        table(&db, "orders").send().await.unwrap();
        put(&db, "orders", item([("pk", s("a")), ("sk", n(1)), ("epoch", n(7))])).await;
        let old = ReturnValuesOnConditionCheckFailure::AllOld;

        let first = db.put_item().table_name("orders").set_item(Some(key("a", 1)));
        let first = first.condition_expression("attribute_not_exists(pk)");
        assert_eq!(failed(first.clone().send().await), None);
        let shown = failed(first.return_values_on_condition_check_failure(old.clone()).send().await);
        assert_eq!(shown.unwrap()["epoch"], n(7));

        let stale = update(&db, "SET epoch = epoch + :one").condition_expression("epoch = :epoch");
        let stale = stale.expression_attribute_values(":one", n(1)).expression_attribute_values(":epoch", n(6));
        let stale = stale.return_values_on_condition_check_failure(old.clone());
        assert_eq!(failed(stale.send().await).unwrap()["epoch"], n(7));

        // There is no item to show.
        let missing = db.delete_item().table_name("orders").set_key(Some(key("a", 2)));
        let missing = missing.condition_expression("attribute_exists(pk)");
        let missing = missing.return_values_on_condition_check_failure(old);
        assert_eq!(failed(missing.send().await), None);
        assert_eq!(get(&db, "orders", key("a", 1)).await.unwrap()["epoch"], n(7));
    });
}

#[test]
fn an_update_does_all_its_clauses() {
    run(|test| async move {
        let db = Client::new(&test.sdk);
        table(&db, "orders").send().await.unwrap();
        let mut start = key("a", 1);
        start.extend(item([
            ("count", n(1)),
            ("stale", s("x")),
            ("log", AttributeValue::L(vec![s("a")])),
            ("tags", texts(&["x", "y"])),
            ("map", AttributeValue::M(item([("deep", n(1))]))),
        ]));
        put(&db, "orders", start).await;
        let expression = "SET #m.deep = #m.deep - :two, #l = list_append(#l, :log), began = if_not_exists(began, :two), \
                          again = if_not_exists(#c, :two) REMOVE stale ADD #c :two, ids :ids DELETE tags :gone";
        let answer = update(&db, expression)
            .set_expression_attribute_names(Some(HashMap::from(
                [("#m", "map"), ("#l", "log"), ("#c", "count")].map(|(short, name)| (short.into(), name.into())),
            )))
            .expression_attribute_values(":two", n(2))
            .expression_attribute_values(":log", AttributeValue::L(vec![s("b")]))
            .expression_attribute_values(":ids", AttributeValue::Bs(vec![Blob::new([1; 16])]))
            .expression_attribute_values(":gone", texts(&["x"]))
            .return_values(ReturnValue::AllNew)
            .send();
        let mut expected = key("a", 1);
        expected.extend(item([
            ("count", n(3)),
            ("log", AttributeValue::L(vec![s("a"), s("b")])),
            ("tags", texts(&["y"])),
            ("map", AttributeValue::M(item([("deep", n(-1))]))),
            ("began", n(2)),
            ("again", n(1)),
            ("ids", AttributeValue::Bs(vec![Blob::new([1; 16])])),
        ]));
        assert_eq!(answer.await.unwrap().attributes, Some(expected));
        // The last element of a set takes the set with it.
        let last = update(&db, "DELETE tags :gone").expression_attribute_values(":gone", texts(&["y"]));
        let last = last.return_values(ReturnValue::AllNew).send().await.unwrap().attributes.unwrap();
        assert!(!last.contains_key("tags"));
    });
}

#[test]
fn an_update_makes_the_item_that_is_not_there() {
    run(|test| async move {
        let db = Client::new(&test.sdk);
        table(&db, "orders").send().await.unwrap();
        let add = || {
            update(&db, "ADD amount :one")
                .expression_attribute_values(":one", n(1))
                .return_values(ReturnValue::UpdatedNew)
                .send()
        };
        for total in 1..=3 {
            assert_eq!(add().await.unwrap().attributes, Some(item([("amount", n(total))])));
        }
    });
}

#[test]
fn conditions_hold_as_documented() {
    run(|test| async move {
        let db = Client::new(&test.sdk);
        table(&db, "orders").send().await.unwrap();
        let mut start = key("a", 1);
        start.extend(item([
            ("text", s("hello")),
            ("tags", texts(&["x", "y"])),
            ("map", AttributeValue::M(item([("n", n(5))]))),
        ]));
        put(&db, "orders", start).await;
        for (condition, holds) in [
            ("begins_with(#t, :h)", true),
            ("contains(#t, :h) AND contains(tags, :x)", true),
            ("size(#t) = :five AND size(tags) < :five", true),
            ("size(gone) < :five", false),
            ("attribute_type(#t, :S) AND NOT attribute_type(tags, :S)", true),
            ("#m.n BETWEEN :one AND :five", true),
            ("#m.n IN (:one, :h)", false),
            ("gone <> :one", true),
            ("gone < :one OR #m.n >= :five", true),
            ("#t < :one", false),
            ("attribute_not_exists(#m.second_one) AND attribute_exists(#m.n)", true),
        ] {
            let mut request = db.update_item().table_name("orders").set_key(Some(key("a", 1)));
            request = request.update_expression("SET touched = :one").condition_expression(condition);
            for (name, value) in [("#t", "text"), ("#m", "map")] {
                if condition.contains(name) {
                    request = request.expression_attribute_names(name, value);
                }
            }
            for (name, value) in [(":h", s("hel")), (":x", s("x")), (":five", n(5)), (":S", s("S"))] {
                if condition.contains(name) {
                    request = request.expression_attribute_values(name, value);
                }
            }
            let answer = request.expression_attribute_values(":one", n(1)).send().await;
            match holds {
                true => assert!(answer.is_ok(), "{condition}: {answer:?}"),
                false => assert_eq!(refusal(answer).0, "ConditionalCheckFailedException", "{condition}"),
            }
        }
    });
}

#[test]
fn an_item_has_at_most_400_kb() {
    run(|test| async move {
        let db = Client::new(&test.sdk);
        table(&db, "orders").send().await.unwrap();
        let sized = |bytes: usize| {
            let mut sized = key("a", 1);
            // `pk` and `a`, `sk` and 1 (2 bytes), and the name.
            sized.insert("text".into(), s(&"x".repeat(bytes - 3 - 4 - 4)));
            sized
        };
        let most = 400 * 1024;
        put(&db, "orders", sized(most)).await;
        let large: Item = sized(most + 1);
        let refused = db.put_item().table_name("orders").set_item(Some(large)).send().await;
        assert_eq!(refusal(refused), invalid("Item size has exceeded the maximum allowed size"));
        let more = update(&db, "SET more = :m").expression_attribute_values(":m", s("x")).send().await;
        assert_eq!(refusal(more), invalid("Item size to update has exceeded the maximum allowed size"));
    });
}

#[test]
fn a_bad_request_is_refused_as_aws_does() {
    run(|test| async move {
        let db = Client::new(&test.sdk);
        table(&db, "orders").send().await.unwrap();
        let put = |item: Item| db.put_item().table_name("orders").set_item(Some(item));
        let missing = refusal(put(item([("pk", s("a"))])).send().await);
        assert_eq!(missing, invalid("One or more parameter values were invalid: Missing the key sk in the item"));
        let kind = refusal(put(item([("pk", n(1)), ("sk", n(1))])).send().await);
        let text = "One or more parameter values were invalid: Type mismatch for key pk expected: S actual: N";
        assert_eq!(kind, invalid(text));
        let empty = refusal(put(item([("pk", s("")), ("sk", n(1))])).send().await);
        let text = "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain \
                    an empty string value. Key: pk";
        assert_eq!(empty, invalid(text));
        let schema = db.get_item().table_name("orders").key("pk", s("a")).send().await;
        assert_eq!(refusal(schema), invalid("The provided key element does not match the schema"));
        let part = update(&db, "SET pk = :p").expression_attribute_values(":p", s("b")).send().await;
        let text = "One or more parameter values were invalid: Cannot update attribute pk. This attribute is part of \
                    the key";
        assert_eq!(refusal(part), invalid(text));
        let undefined = refusal(put(key("a", 1)).condition_expression("epoch = :e").send().await);
        assert!(
            undefined
                .1
                .contains("An expression attribute value used in expression is not defined; attribute value: :e"),
            "{}",
            undefined.1
        );
        let unused =
            put(key("a", 1)).condition_expression("attribute_not_exists(pk)").expression_attribute_values(":e", n(1));
        let unused = refusal(unused.send().await);
        assert!(
            unused.1.contains("Value provided in ExpressionAttributeValues unused in expressions: keys: {:e}"),
            "{}",
            unused.1
        );
        let reserved = refusal(update(&db, "SET status = :s").expression_attribute_values(":s", s("x")).send().await);
        assert!(
            reserved.1.contains("Attribute name is a reserved keyword; reserved keyword: status"),
            "{}",
            reserved.1
        );
        let syntax = refusal(update(&db, "SET a = ").send().await);
        assert_eq!(syntax.0, "ValidationException");
        let path = update(&db, "SET a.b = :s").expression_attribute_values(":s", s("x")).send().await;
        assert_eq!(refusal(path), invalid("The document path provided in the update expression is invalid for update"));
        let number = put(item([("pk", s("a")), ("sk", AttributeValue::N("one".into()))])).send().await;
        let number = refusal(number);
        assert_eq!(number.0, "ValidationException");
        assert!(number.1.ends_with("The parameter cannot be converted to a numeric value: one"), "{}", number.1);
    });
}

#[test]
fn a_projection_gives_the_parts_that_are_there() {
    run(|test| async move {
        let db = Client::new(&test.sdk);
        table(&db, "orders").send().await.unwrap();
        let mut whole = key("a", 1);
        whole.extend(item([
            ("list", AttributeValue::L(vec![s("x"), s("y")])),
            ("map", AttributeValue::M(item([("a", n(1)), ("b", n(2))]))),
        ]));
        put(&db, "orders", whole).await;
        let get = db.get_item().table_name("orders").set_key(Some(key("a", 1)));
        let get = get.projection_expression("#l[1], #m.a, gone");
        let get = get.expression_attribute_names("#l", "list").expression_attribute_names("#m", "map");
        let expected =
            item([("list", AttributeValue::L(vec![s("y")])), ("map", AttributeValue::M(item([("a", n(1))])))]);
        assert_eq!(get.send().await.unwrap().item, Some(expected));
    });
}
