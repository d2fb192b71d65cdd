use super::*;

fn member(id: &str, second: u32, actor: &str) -> Member {
    Member {
        id: id.to_owned(),
        event: "Liked".to_owned(),
        time: format!("2026-01-01T00:00:{second:02}.000Z"),
        actor: Some(actor.to_owned()),
        counts_as: Some(actor.to_owned()),
        common: [("target".to_owned(), json!("agshin"))].into(),
    }
}

fn closed(shape: &Shape, members: &[Member]) -> Value {
    let payloads = members.iter().map(|member| member.payload().unwrap()).collect::<Vec<_>>();
    let (group, thread) = (Id::of(&[b"g"]), Id::of(&[b"t"]));
    serde_json::from_str(&close(shape, group, thread, &payloads, &[]).unwrap()).unwrap()
}

fn shape(distinct: bool, n: usize, order: Order) -> Shape {
    Shape { distinct, sample: Some(Sample { n, order }) }
}

#[test]
fn the_order_in_which_members_came_makes_no_difference() {
    let (a, b, c) = (member("a", 2, "x"), member("b", 1, "y"), member("c", 2, "z"));
    let shape = shape(false, 3, Order::Oldest);
    let one = closed(&shape, &[a.clone(), b.clone(), c.clone()]);
    assert_eq!(one, closed(&shape, &[c, a, b]));
    let ids = one["sample"].as_array().unwrap().iter().map(|entry| entry["id"].as_str().unwrap());
    assert_eq!(ids.collect::<Vec<_>>(), ["b", "a", "c"]);
    assert_eq!((&one["first"], &one["last"]), (&json!("2026-01-01T00:00:01.000Z"), &json!("2026-01-01T00:00:02.000Z")));
}

#[test]
fn a_distinct_value_counts_once_and_stands_in_the_sample_once() {
    let members = [member("a", 1, "x"), member("b", 2, "x"), member("c", 3, "y")];
    let newest = closed(&shape(true, 2, Order::Newest), &members);
    assert_eq!((&newest["count"], &newest["actors"]), (&json!(2), &json!(2)));
    let ids = |group: &Value| {
        group["sample"].as_array().unwrap().iter().map(|entry| entry["id"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(ids(&newest), ["c", "b"]);
    assert_eq!(ids(&closed(&shape(true, 2, Order::Oldest), &members)), ["a", "c"]);
    assert_eq!(closed(&shape(false, 2, Order::Newest), &members)["count"], 3);
}

#[test]
fn a_preview_is_the_first_revision_of_the_group_that_its_close_is_the_second_of() {
    let (group, thread) = (Id::of(&[b"g"]), Id::of(&[b"t"]));
    let payload = member("a", 1, "x").payload().unwrap();
    let preview: Value = serde_json::from_str(&preview(&Shape::default(), group, thread, &payload).unwrap()).unwrap();
    assert_eq!(preview["open"], true);
    assert_eq!(preview["revision"], 1);
    let close = closed(&Shape::default(), &[member("a", 1, "x")]);
    assert_eq!(close["open"], false);
    assert_eq!(close["revision"], 2);
    assert_eq!((&preview["id"], &preview["thread"]), (&close["id"], &close["thread"]));
}

#[test]
fn a_group_without_members_is_a_withdrawal_that_says_from_whom() {
    let (group, thread) = (Id::of(&[b"g"]), Id::of(&[b"t"]));
    let dead = [member("a", 1, "x").payload().unwrap()];
    let group: Value =
        serde_json::from_str(&close(&Shape::default(), group, thread, &[], &dead).unwrap()).unwrap();
    assert_eq!((&group["count"], &group["withdrawn"], &group["target"]), (&json!(0), &json!(true), &json!("agshin")));
}

#[test]
fn what_is_no_member_is_said() {
    let error = preview(&Shape::default(), Id::of(&[]), Id::of(&[]), "{}").unwrap_err();
    assert!(error.to_string().starts_with("a member of the group cannot be read: missing field"));
}
