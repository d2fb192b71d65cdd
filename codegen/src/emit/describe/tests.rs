use super::{Described, Held, Kind, Scalar};
use crate::emit::fixtures::plan;

const SHOP: &str = r##"
eventloom: 1
flow: shop
about: An online shop
types:
  Address: { type: string, max_length: 5, pii: true }
  Tags: [string]
events:
  OrderPlaced:
    actor: buyer
    fields:
      buyer: string
      address: Address
      tags: Tags
      status: { enum: [placed, paid] }
      lines: [{ fields: { sku: { type: string, pattern: "^[A-Z]+$" }, n: { type: number, default: 1 } } }]
      friends: { type: [string], pii: true }
      extra: { map: { optional: json } }
      note: { optional: string }
      said: { type: string, about: "#  x\n*/ y" }
topics: { orders: { carries: [OrderPlaced] } }
"##;

fn doc(described: &Described<'_>, field: &str) -> String {
    let members = &described.events[0].members;
    members.iter().find(|m| m.name == field).map(|m| m.doc.clone()).unwrap()
}

#[test]
fn inline_types_are_lifted_in_the_order_of_their_fields() {
    let plan = plan(SHOP);
    let described = Described::of(&plan);
    let lifted: Vec<_> = described.events[0].lifted.iter().map(|n| (n.name.as_str(), n.doc.as_str())).collect();
    assert_eq!(
        lifted,
        [
            ("OrderPlacedLinesItem", "An entry of the field `lines` of an `OrderPlaced`."),
            ("OrderPlacedLinesItemSku", "The field `sku` of an `OrderPlacedLinesItem`."),
            ("OrderPlacedStatus", "The field `status` of an `OrderPlaced`."),
        ]
    );
}

#[test]
fn a_name_for_a_list_is_an_alias() {
    let plan = plan(SHOP);
    let described = Described::of(&plan);
    let text = Held::Scalar(Scalar::Text);
    assert!(matches!(&described.by_name()["Tags"].kind, Kind::Alias(Held::List(inner, _)) if **inner == text));
}

#[test]
fn a_field_is_described_by_its_role_or_by_what_it_holds() {
    let plan = plan(SHOP);
    let described = Described::of(&plan);
    let said = ["id", "time", "buyer", "address", "lines", "extra", "note"].map(|field| doc(&described, field));
    assert_eq!(
        said,
        [
            "The event's own id.",
            "When it happened.",
            "Who did it.",
            "An `Address`.",
            "Each an `OrderPlacedLinesItem`.",
            "By name, each any JSON or nothing.",
            "A text. May be absent.",
        ]
    );
}

#[test]
fn personal_data_is_wrapped_only_where_its_type_does_not_hide_it() {
    let plan = plan(SHOP);
    let described = Described::of(&plan);
    let wrapped: Vec<_> = described.events[0].members.iter().filter(|m| m.pii).map(|m| m.name.as_str()).collect();
    assert_eq!(wrapped, ["friends"]);
}

#[test]
fn a_default_is_written_as_its_type_writes_it() {
    let plan = plan(SHOP);
    let described = Described::of(&plan);
    let named = described.by_name();
    let Kind::Object(members) = &named["OrderPlacedLinesItem"].kind else { panic!("an object") };
    assert_eq!(members[0].default.as_deref(), Some("1.0"));
}

#[test]
fn words_of_the_spec_become_one_line() {
    let plan = plan(SHOP);
    assert_eq!(doc(&Described::of(&plan), "said"), "\\# x */ y");
}

#[test]
fn every_line_stands_in_the_generated_rust() {
    let plan = plan(SHOP);
    let described = Described::of(&plan);
    let rust: String = crate::emit::rust::files(&plan).into_iter().map(|file| file.text).collect();
    let of_members = |members: &[super::Member]| members.iter().map(|m| m.doc.clone()).collect::<Vec<_>>();
    let mut lines: Vec<String> = described.events.iter().map(|event| event.doc.clone()).collect();
    lines.extend(described.events.iter().flat_map(|event| of_members(&event.members)));
    for named in described.by_name().into_values() {
        lines.push(named.doc.clone());
        if let Kind::Object(members) = &named.kind {
            lines.extend(of_members(members));
        }
    }
    let missing: Vec<_> = lines.iter().filter(|line| !rust.contains(&format!("/// {line}\n"))).collect();
    assert!(lines.len() > 15 && missing.is_empty(), "{missing:?}");
}
