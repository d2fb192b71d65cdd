use serde_json::{Value, json};

use super::envelope::Sender;
use super::{definition, definitions, files, integrations, substitutions};
use crate::asl::Machine as Definition;
use crate::asl::evaluate::evaluate;
use crate::asl::jsonata::Expr;
use crate::emit::fixtures::{everi, plan};
use crate::model::{Matcher, NumericOp, Pattern, Scalar};
use crate::plan::{
    CatchPlan, EventDef, FieldDef, FunctionRef, KnownBy, Machine, Place, Plan, QueueRef, Reference, RetryPlan, Shape,
    StepKindPlan, StepPlan, TopicRef,
};
use crate::source::Span;

fn text(plan: &Plan) -> Value {
    serde_json::from_str(&definitions(plan)[&plan.machines[0].reference()]).unwrap()
}

fn step(name: &str, kind: StepKindPlan, next: Option<&str>) -> StepPlan {
    StepPlan {
        name: name.into(),
        about: format!("Does `{name}`; costs ${{5}} {{% x %}}."),
        kind,
        next: next.map(str::to_owned),
        retry: Vec::new(),
        catch: Vec::new(),
        timeout: None,
    }
}

fn call(name: &str, adds: bool, next: Option<&str>) -> StepPlan {
    let kind = StepKindPlan::Call {
        function: FunctionRef(format!("Fn{}", name.replace('_', ""))),
        adds,
        known: KnownBy::Nothing,
    };
    StepPlan { timeout: Some(20), ..step(name, kind, next) }
}

fn field(name: &str, shape: Shape) -> FieldDef {
    FieldDef { name: name.into(), shape, about: None, pii: false, default: None }
}

fn event(name: &str, id: &str, group: bool) -> EventDef {
    EventDef {
        name: name.into(),
        ce_type: name.into(),
        about: None,
        fields: vec![field(id, Shape::Ulid), field("time", Shape::Timestamp)],
        id: id.into(),
        time: "time".into(),
        actor: None,
        object: None,
        order_by: None,
        tenant: Some("shop".into()),
        emitted_by: group.then(|| "digest".into()),
        to_browser: Vec::new(),
        shown: Vec::new(),
        from_browser: Vec::new(),
    }
}

fn machine(steps: Vec<StepPlan>, accepts: &[&str]) -> Machine {
    Machine {
        place: Place {
            logical: "CheckoutWorkflow".into(),
            owner: "workflows.checkout".into(),
            component: 1,
            allow_replace: None,
        },
        name: "checkout".into(),
        about: "Checks out ${AWS::AccountId} {% $now() %}".into(),
        express: false,
        timeout: 3_600,
        accepts: accepts.iter().map(|name| (*name).to_owned()).collect(),
        steps,
        calls: Vec::new(),
        publishes: Vec::new(),
        sends: Vec::new(),
    }
}

fn one(pattern: Vec<(&[&str], Matcher)>) -> Pattern {
    let at = |path: &[&str]| path.iter().map(|name| (*name).to_owned()).collect();
    let fields =
        pattern.into_iter().map(|(path, matcher)| (at(path), Span::default(), vec![(matcher, Span::default())]));
    Pattern { fields: fields.collect(), any_of: Vec::new(), span: Span::default() }
}

/// Every kind of step, and every way out of a scope.
fn everything() -> Plan {
    let mut plan = everi();
    let retry = |interval, max| RetryPlan {
        errors: vec!["States.TaskFailed".into(), "Lambda.ServiceException".into()],
        interval,
        attempts: 2,
        backoff: 2.0,
        max_delay: Some(max),
        jitter: true,
    };
    let case = one(vec![(&["total"], Matcher::Numeric(vec![(NumericOp::More, "100".into())]))]);
    let hostile = one(vec![(&["note", "${x}"], Matcher::Exact(Scalar::Text("\" or {% true %} ${y}".into())))]);
    let mut charge = call("charge", true, Some("both"));
    charge.retry = vec![retry(2, 60), retry(90, 60)];
    charge.catch = vec![
        CatchPlan { errors: vec!["Card.Declined".into()], next: Some("tell".into()) },
        CatchPlan { errors: vec!["States.ALL".into(), "States.Timeout".into()], next: None },
        CatchPlan { errors: vec!["Never.Seen".into()], next: None },
    ];
    let branch = |name: &str| {
        vec![
            step(&format!("{name}_if"), StepKindPlan::Choice(vec![(case.clone(), None)]), Some(&format!("{name}_do"))),
            call(&format!("{name}_do"), true, None),
        ]
    };
    let each = StepKindPlan::Map {
        over: "lines".into(),
        entry: "line".into(),
        concurrency: 5,
        steps: vec![
            step("again", StepKindPlan::Enqueue(QueueRef("NotifyQueue".into())), Some("pack")),
            call("pack", false, None),
        ],
    };
    plan.events = vec![event("OrderPlaced", "id", false), event("OrderPaid", "paid_id", false)];
    plan.machines = vec![machine(
        vec![
            step(
                "fork",
                StepKindPlan::Choice(vec![(case.clone(), Some("charge".into())), (hostile, None)]),
                Some("charge"),
            ),
            charge,
            step("both", StepKindPlan::Parallel(vec![branch("left"), branch("right")]), Some("each")),
            step("each", each, Some("rest")),
            step("rest", StepKindPlan::Wait(60), Some("until")),
            step("until", StepKindPlan::WaitUntil("due".into()), Some("tell")),
            step("tell", StepKindPlan::Publish(TopicRef("OrdersTopic".into())), Some("queue")),
            step("queue", StepKindPlan::Enqueue(QueueRef("NotifyQueue".into())), None),
        ],
        &["OrderPlaced"],
    )];
    plan
}

#[test]
fn the_reference_flow_has_no_problem() {
    let plan = everi();
    for machine in &plan.machines {
        assert_eq!(definition(&plan, machine).problems(), []);
    }
}

#[test]
fn every_kind_of_step_has_no_problem_in_a_standard_or_an_express_machine() {
    let mut plan = everything();
    assert_eq!(definition(&plan, &plan.machines[0]).problems(), []);
    plan.machines[0].express = true;
    plan.machines[0].timeout = 300;
    assert_eq!(definition(&plan, &plan.machines[0]).problems(), []);
}

#[test]
fn the_file_is_named_after_the_machine() {
    let names: Vec<_> = files(&everi(), definitions(&everi())).into_iter().map(|file| file.path).collect();
    assert_eq!(names, ["generated/state-machines/deliver-notice.asl.json"]);
}

#[test]
fn every_substitution_is_listed() {
    let plan = everi();
    let machine = &plan.machines[0];
    let text = definition(&plan, machine).to_json();
    let named: std::collections::BTreeSet<&str> =
        text.split("${").skip(1).map(|rest| rest.split('}').next().unwrap()).collect();
    let listed = substitutions(machine).into_iter().map(|reference| match reference {
        Reference::Function(FunctionRef(id)) | Reference::Topic(TopicRef(id)) => id,
        other => panic!("{other:?}"),
    });
    let listed: std::collections::BTreeSet<_> =
        listed.chain(integrations(machine).into_iter().map(|i| i.substitution().to_owned())).collect();
    assert_eq!(listed, named.into_iter().map(str::to_owned).collect());
}

#[test]
fn an_answer_is_added_to_the_state_only_where_the_step_adds() {
    let everi = text(&everi());
    assert_eq!(everi["States"]["render"]["Output"], "{% $merge([$states.input, $states.result.Payload]) %}");
    assert_eq!(everi["States"]["mail"]["Output"], "{% $states.input %}");
}

#[test]
fn a_choice_that_ends_leads_to_a_state_that_succeeds() {
    let everi = text(&everi());
    assert_eq!(everi["States"]["early"]["Choices"][0]["Next"], "end");
    assert_eq!(everi["States"]["end"], json!({ "Type": "Succeed" }));
}

#[test]
fn each_scope_ends_with_a_state_of_its_own_name() {
    let made = text(&everything());
    let branches = &made["States"]["both"]["Branches"];
    let ends = [&made["States"], &branches[0]["States"], &branches[1]["States"]].map(|states| {
        states.as_object().unwrap().keys().filter(|name| name.starts_with("end")).cloned().collect::<Vec<_>>()
    });
    assert_eq!(ends, [["end"], ["end_2"], ["end_3"]]);
}

#[test]
fn retries_spread_their_waits_and_never_name_a_longest_wait_below_the_first() {
    let retry = &text(&everything())["States"]["charge"]["Retry"];
    assert_eq!(retry[0]["JitterStrategy"], "FULL");
    assert_eq!((&retry[0]["BackoffRate"], &retry[0]["MaxDelaySeconds"]), (&json!(2.0), &json!(60)));
    assert_eq!((&retry[1]["BackoffRate"], retry[1].get("MaxDelaySeconds")), (&json!(1.0), None));
}

#[test]
fn a_catch_of_all_errors_stands_alone_and_last() {
    let charge = &text(&everything())["States"]["charge"];
    let caught: Vec<_> = charge["Catch"].as_array().unwrap().iter().map(|c| c["ErrorEquals"].clone()).collect();
    assert_eq!(caught, [json!(["Card.Declined"]), json!(["States.ALL"])]);
    assert_eq!(charge["Catch"][1]["Output"], "{% $states.input %}");
}

#[test]
fn an_entry_of_a_map_stands_beside_the_fields_of_the_state() {
    let each = &text(&everything())["States"]["each"];
    assert_eq!(each["Items"], "{% [$states.input.lines] %}");
    let state = r#"$merge([$states.input, {"line": $states.context.Map.Item.Value}])"#;
    let index = r#""entry": $states.context.Map.Item.Index"#;
    assert_eq!(each["ItemSelector"], format!(r#"{{% {{"state": {state}, {index}}} %}}"#));
    assert_eq!(each["Output"], "{% $states.input %}");
}

#[test]
fn what_the_author_wrote_is_no_expression_and_no_substitution() {
    let made = text(&everything());
    assert_eq!(made["Comment"], "Checks out $ {AWS::AccountId} {% $now() %}");
    let condition = made["States"]["fork"]["Choices"][1]["Condition"].as_str().unwrap();
    assert!(!condition.contains("${") && condition.matches("%}").count() == 1, "{condition}");
}

#[test]
fn alternatives_of_several_lists_must_each_hold() {
    let bool = |name: &'static str| one(vec![(&[name][..], Matcher::Exact(Scalar::Bool(true)))]);
    let pattern = Pattern {
        any_of: vec![
            vec![bool("a"), bool("b")],
            vec![bool("c"), Pattern { any_of: vec![vec![bool("d")]], ..bool("e") }],
        ],
        ..one(vec![(&["x", "y"], Matcher::AnythingButWildcard("a*".into()))])
    };
    let condition = super::condition::condition(&pattern);
    let holds = |state: Value| evaluate(&condition, &state).unwrap();
    let x = json!({ "y": "b" });
    assert_eq!(holds(json!({ "x": x, "a": true, "c": true })), true);
    assert_eq!(holds(json!({ "x": x, "b": true, "e": true, "d": true })), true);
    assert_eq!(holds(json!({ "x": x, "b": true, "e": true })), false);
    assert_eq!(holds(json!({ "x": x, "a": true })), false);
    assert_eq!(holds(json!({ "x": { "y": "abc" }, "a": true, "c": true })), false);
}

#[test]
fn a_condition_grows_with_its_alternatives_and_not_with_their_product() {
    let list = |_| vec![one(vec![(&["a"], Matcher::Exists(true))]), one(vec![(&["b"], Matcher::Exists(true))])];
    let size = |lists: usize| {
        let pattern = Pattern { any_of: (0..lists).map(list).collect(), ..Pattern::default() };
        super::condition::condition(&pattern).as_str().len()
    };
    assert!(size(40) < 5 * size(10), "{} and {}", size(10), size(40));
}

/// A flow whose workflow sends from two maps, one in the other, and from a loop.
const SENDING: &str = r#"
eventloom: 1
flow: shop
events:
  OrderPlaced: { actor: buyer, order_by: buyer, fields: { buyer: string, lines: [string], tags: [string] } }
tables: { orders: { rows: event } }
sources: { placed: { from: { table: orders }, to: sales } }
topics:
  sales: { carries: [OrderPlaced] }
  labels: { fifo: true, carries: [OrderPlaced] }
queues:
  ship: { from: sales, to: shipping }
  print: { from: labels, handler: note }
  poll: { handler: hear }
types: { Asked: { fields: { done: bool } } }
handlers: { note: {}, hear: {}, look: {}, ask: { returns: Asked } }
workflows:
  shipping:
    steps:
      - first: { send: labels }
      - each: { map: { over: lines, as: line, steps: [{ inner: { map: { over: tags, as: tag, steps: [{ put: { send: labels } }] } } }] } }
      - pause: { wait: 1s }
      - ask: { handler: ask }
      - tell: { send: poll }
      - both: { parallel: [[{ left: { send: labels } }], [{ right: { handler: look } }]] }
      - more: { choice: [{ when: { done: [false] }, next: pause }] }
      - last: { send: labels }
"#;

#[test]
fn every_message_of_a_workflow_has_an_id_of_its_own() {
    let plan = plan(SENDING);
    assert_eq!(definition(&plan, &plan.machines[0]).problems(), []);
    let made = text(&plan);
    let id =
        |states: &Value, step: &str| states[step]["Arguments"]["MessageDeduplicationId"].as_str().unwrap().to_owned();
    let event = r#"{% $substring($hash("shop\u0000OrderPlaced\u0000" & $states.input.id & "\u0000" & "#;
    let is = |id: &str, sent: &str| assert_eq!(id, format!("{event}{sent}, \"SHA-256\"), 0, 32) %}}"));
    let states = &made["States"];
    is(&id(states, "first"), r#""first""#);
    is(&id(states, "last"), r#""last""#);
    let each = &states["each"]["ItemProcessor"]["States"];
    let inner = &each["inner"]["ItemProcessor"]["States"];
    is(&id(inner, "put"), r#""put" & "\u0000" & $entry_1 & "\u0000" & $entry_2"#);
    let branch = &states["both"]["Branches"][0]["States"];
    is(&id(branch, "left"), r#""left" & "\u0000" & $round_5"#);
    assert!(states["tell"]["Arguments"]["MessageBody"].as_str().unwrap().contains(r#""tell" & "\u0000" & $round_4"#));
}

#[test]
fn a_handler_is_told_its_run_by_execution_step_and_round_and_not_where_it_may_run_again() {
    let made = text(&plan(SENDING));
    let payload = &made["States"]["ask"]["Arguments"]["Payload"];
    assert_eq!(payload["state"], "{% $states.input %}");
    assert_eq!(payload["run"], r#"{% $states.context.Execution.Id & "/" & "ask" & "/" & $round_3 %}"#);
    let made = text(&plan(&SENDING.replace("ask: { returns: Asked }", "ask: { returns: Asked, idempotent: false }")));
    assert_eq!(made["States"]["ask"]["Arguments"]["Payload"], "{% $states.input %}");
}

#[test]
fn entries_and_rounds_are_known_before_the_first_step_and_a_round_ends_when_its_step_is_done() {
    let made = text(&plan(SENDING));
    assert_eq!(made["StartAt"], "begin");
    let states = &made["States"];
    assert_eq!(states["begin"]["Assign"], json!({ "round_3": "{% 0 %}", "round_4": "{% 0 %}", "round_5": "{% 0 %}" }));
    assert_eq!((&states["begin"]["Next"], states["begin"].get("Output")), (&json!("first"), None));
    assert_eq!(states["tell"]["Assign"], json!({ "round_4": "{% ($round_4 + 1) %}" }));
    assert_eq!(states["both"]["Assign"], json!({ "round_5": "{% ($round_5 + 1) %}" }));
    assert_eq!(states["ask"]["Assign"], json!({ "round_3": "{% ($round_3 + 1) %}" }));
    assert!(states["first"].get("Assign").is_none());
    let each = &states["each"];
    assert!(each["ItemSelector"].as_str().unwrap().contains(r#""entry": $states.context.Map.Item.Index"#));
    let begin = &each["ItemProcessor"]["States"]["begin_2"];
    assert_eq!(begin["Assign"], json!({ "entry_1": "{% $states.input.entry %}" }));
    assert_eq!(begin["Output"], "{% $states.input.state %}");
}

/// The evaluator of the tests has no `$hash`, so what is hashed is looked at apart.
fn envelope(sender: &Sender<'_>, state: &Value) -> (String, Value) {
    let sent = [Expr::text("tell"), Expr::input().field("shop")];
    let hashed = evaluate(&sender.identity(&sent), state).unwrap();
    let message = sender.message(&sent);
    let plain = message.as_str().replace(sender.id(&sent).as_str(), "\"the hash\"");
    let body = evaluate(&Expr::written(&plain), state).unwrap();
    (hashed.as_str().unwrap().to_owned(), serde_json::from_str(body.as_str().unwrap()).unwrap())
}

#[test]
fn a_message_is_the_envelope_that_the_runtime_makes() {
    let plan = everything();
    let sender = Sender::new(&plan, &plan.machines[0].accepts);
    let state = json!({ "id": "01J", "time": "2026-01-01T00:00:00.000Z", "shop": 7, "added": [1] });
    let (hashed, body) = envelope(&sender, &state);
    assert_eq!(hashed, "everi\0OrderPlaced\x0001J\0tell\x007");
    assert_eq!(
        body,
        json!({
            "specversion": "1.0", "id": "the hash", "source": "urn:eventloom:everi", "type": "OrderPlaced",
            "time": "2026-01-01T00:00:00.000Z", "datacontenttype": "application/json",
            "dataschema": "urn:eventloom:everi:OrderPlaced", "tenant": "7", "data": state,
        })
    );
}

#[test]
fn of_several_events_the_state_says_which_it_is() {
    let mut plan = everything();
    plan.events.push(event("Digest", "id", true));
    let accepts = ["OrderPlaced", "OrderPaid", "Digest"].map(str::to_owned);
    let sender = Sender::new(&plan, &accepts);
    let of = |event: &str| {
        let state = json!({ "event": event, "id": "a", "paid_id": "b", "time": "t", "shop": "s" });
        let (hashed, body) = envelope(&sender, &state);
        (hashed, body["type"].clone(), body["dataschema"].clone())
    };
    let all = |name: &str, id: &str| {
        (format!("everi\0{name}\0{id}\0tell\0s"), json!(name), json!(format!("urn:eventloom:everi:{name}")))
    };
    assert_eq!(of("OrderPlaced"), all("OrderPlaced", "a"));
    assert_eq!(of("OrderPaid"), all("OrderPaid", "b"));
    assert_eq!(of("SomethingGrouped"), all("Digest", "a"));
}

#[test]
fn fifo_and_tenants_have_their_message_groups() {
    let mut plan = everything();
    let ordered = |plan: &Plan, state: &str| {
        text(plan)["States"][state]["Arguments"].as_object().unwrap().keys().cloned().collect::<Vec<_>>()
    };
    assert_eq!(ordered(&plan, "tell"), ["TopicArn", "Message", "MessageAttributes"]);
    assert_eq!(ordered(&plan, "queue"), ["QueueUrl", "MessageBody", "MessageAttributes", "MessageGroupId"]);
    plan.topics[0].fifo = true;
    plan.topics[0].place.logical = "OrdersTopic".into();
    assert_eq!(
        ordered(&plan, "tell"),
        ["TopicArn", "Message", "MessageAttributes", "MessageGroupId", "MessageDeduplicationId"]
    );
}

#[test]
fn a_spec_with_every_step_compiles_to_a_machine_without_problems() {
    let plan = plan(include_str!("steps.yaml"));
    let machines: Vec<Definition> = plan.machines.iter().map(|machine| definition(&plan, machine)).collect();
    assert!(machines.len() > 1 && machines.iter().all(|machine| machine.problems().is_empty()));
}
