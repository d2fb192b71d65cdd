use super::{comment, files, literal};
use crate::emit::describe::Described;
use crate::emit::fixtures::{everi, plan};

fn types(plan: &crate::plan::Plan) -> String {
    files(plan, &Described::of(plan)).pop().unwrap().text
}

#[test]
fn browsers_receive_and_send_unions() {
    let text = types(&everi());
    let ends = text.split_once("export type Received =").unwrap().1;
    let expected = r#"
  | Envelope<"MessageSent", MessageSent>
  | Envelope<"Notice", NoticeShown>;

/** A message that a browser sends; `action` is its route. What the flow sets itself is left out. */
export type Sent =
  | ({ action: "send" } & Omit<MessageSent, "time" | "sender">);
"#;
    assert_eq!(ends, expected);
}

#[test]
fn only_types_of_browsers_are_written() {
    let text = types(&everi());
    assert!(
        text.contains("export type UserId = string;") && text.contains("export interface NoticeShown extends Notice {")
    );
    assert!(!text.contains("UpdateLiked") && !text.contains("UnreadMessages"));
}

#[test]
fn a_flow_without_browsers_has_no_types() {
    let plan = plan("{ eventloom: 1, flow: f, about: x, events: { E: {} }, topics: { t: { carries: [E] } } }");
    assert!(files(&plan, &Described::of(&plan)).is_empty());
}

#[test]
fn names_of_the_spec_come_first() {
    let mut plan = everi();
    plan.events.iter_mut().for_each(|event| {
        if event.name == "MessageSent" {
            event.name = "Sent".into();
        }
    });
    assert!(types(&plan).contains("export type Sent2 ="));
}

#[test]
fn texts_end_no_comment_and_no_literal() {
    assert_eq!(comment("a */ b @deprecated {@link x} c@d"), "a *\\/ b \\@deprecated {\\@link x} c@d");
    assert_eq!(literal("\"\u{202e}\n\\"), "\"\\\"\\u202e\\n\\\\\"");
}
