//! What the functions that serve browsers are told, as values of the generated module `parts`.

use super::module::Module;
use super::parts::events as events_of;
use super::parts::send::destinations;
use super::value::Value;
use crate::plan::{
    AllowPart, BrowserPart, FanOutPart, GatewayPart, MembershipPart, Piece, ShownPart, SinkPart, SourcePart,
};

/// The entry point of a part.
pub(super) fn entry(part: &BrowserPart) -> &'static str {
    match part {
        BrowserPart::Authorize(_) => "browser::authorize",
        BrowserPart::Connect(_) => "browser::connect",
        BrowserPart::Disconnect(_) => "browser::disconnect",
        BrowserPart::Route(_) => "browser::route",
        BrowserPart::Follow(..) => "browser::follow",
        BrowserPart::Receive(_) => "browser::receive",
        BrowserPart::Resolve(_) => "browser::resolve",
        BrowserPart::Work(_) => "browser::work",
        BrowserPart::Rest(..) => "browser::give_on",
        BrowserPart::Show(_) => "browser::show",
        BrowserPart::Seen(..) => "browser::seen",
    }
}

/// The type and the value of what a part is told.
pub(super) fn part(module: &mut Module<'_>, part: &BrowserPart) -> (String, Value) {
    let (ty, value) = match part {
        BrowserPart::Authorize(gateway) => made(module, "Authorizer", vec![("gateway", Value::text(gateway))]),
        BrowserPart::Connect(of) => gateway(module, of, "", ""),
        BrowserPart::Disconnect(of) => gateway(module, of, "", ""),
        BrowserPart::Route(of) => gateway(module, of, "TABLE_LOG", &of.endpoint),
        BrowserPart::Follow(of, membership) => {
            let gateway = gateway(module, of, "", "").1;
            let membership = self::membership(module, membership);
            made(module, "Keeper", vec![("gateway", gateway), ("membership", membership)])
        }
        BrowserPart::Receive(of) => source(module, of),
        BrowserPart::Resolve(of) => fan_out(module, of, ""),
        BrowserPart::Work(of) => fan_out(module, of, &of.endpoint),
        BrowserPart::Rest(of, events, to) => {
            let fan_out = fan_out(module, of, "").1;
            let fields =
                vec![("fan_out", fan_out), ("events", events_of(module, events)), ("to", destinations(module, to))];
            made(module, "GiveOn", fields)
        }
        BrowserPart::Show(of) => sink(module, of),
        BrowserPart::Seen(logs, events) => {
            let events = shown(module, events);
            made(module, "Seen", vec![("logs", Value::texts(logs)), ("events", events)])
        }
    };
    (ty, value)
}

fn named(module: &mut Module<'_>, name: &str) -> String {
    module.scope.import("runtime::browser", name)
}

fn made(module: &mut Module<'_>, name: &str, fields: Vec<(&'static str, Value)>) -> (String, Value) {
    let ty = named(module, name);
    (ty.clone(), Value::Struct(ty, fields))
}

fn optional(text: Option<&String>) -> Value {
    Value::option(text.map(|text| Value::text(text)))
}

fn gateway(module: &mut Module<'_>, of: &GatewayPart, log: &str, endpoint: &str) -> (String, Value) {
    let memberships = of.memberships.iter().map(|of| membership(module, of)).collect();
    let conversations = of.conversations.iter().map(|(field, of)| {
        let membership = membership(module, of);
        made(module, "Conversation", vec![("field", Value::text(field)), ("membership", membership)]).1
    });
    let conversations = match log {
        "" => Vec::new(),
        _ => conversations.collect(),
    };
    let fields = vec![
        ("connections", Value::text("TABLE_CONNECTIONS")),
        ("log", Value::text(log)),
        ("endpoint", Value::text(endpoint)),
        ("memberships", Value::List(memberships)),
        ("conversations", Value::List(conversations)),
    ];
    made(module, "Gateway", fields)
}

fn membership(module: &mut Module<'_>, of: &MembershipPart) -> Value {
    let fields = vec![
        ("name", Value::text(&of.name)),
        ("table", Value::text(&of.table)),
        ("group", Value::text(&of.group)),
        ("user", Value::text(&of.user)),
        ("members", optional(of.members.as_ref())),
        ("groups", optional(of.groups.as_ref())),
        ("is_key", Value::word(of.is_key)),
    ];
    made(module, "Membership", fields).1
}

fn pieces(module: &mut Module<'_>, pieces: &[Piece]) -> Value {
    let part = named(module, "Part");
    let piece = |piece: &Piece| match piece {
        Piece::Text(text) => Value::Call(format!("{part}::Text"), vec![Value::text(text)]),
        Piece::Name(name) => Value::Call(format!("{part}::Name"), vec![Value::text(name)]),
    };
    Value::List(pieces.iter().map(piece).collect())
}

fn source(module: &mut Module<'_>, of: &SourcePart) -> (String, Value) {
    let set: Vec<Value> = of
        .set
        .iter()
        .map(|(field, value)| Value::Call(String::new(), vec![Value::text(field), pieces(module, value)]))
        .collect();
    let event = format!("{}::of::<{}>()", module.scope.import("runtime", "EventType"), module.named(&of.event));
    let fields = vec![
        ("name", Value::text(&of.name)),
        ("connections", Value::text("TABLE_CONNECTIONS")),
        ("log", Value::text("TABLE_LOG")),
        ("runtime", Value::text("TABLE_RUNTIME")),
        ("event", Value::word(event)),
        ("to", destinations(module, &of.to)),
        ("id", Value::text(&of.id)),
        ("order_by", optional(of.order_by.as_ref())),
        ("set", Value::List(set)),
        ("allow", Value::option(of.allow.as_ref().map(|of| lookup(module, of)))),
        ("replay", Value::word(of.replay)),
    ];
    made(module, "Source", fields)
}

fn lookup(module: &mut Module<'_>, of: &AllowPart) -> Value {
    let matching = of.matching.iter().map(|(field, value, number)| {
        let value = pieces(module, value);
        let fields = vec![("field", Value::text(field)), ("value", value), ("number", Value::word(number))];
        made(module, "Match", fields).1
    });
    let matching = Value::List(matching.collect());
    let fields = vec![
        ("table", Value::text(&of.table)),
        ("index", optional(of.index.as_ref())),
        ("matching", matching),
        ("keys", Value::word(of.keys)),
        ("is_row", Value::word(of.is_row)),
    ];
    made(module, "Lookup", fields).1
}

fn fan_out(module: &mut Module<'_>, of: &FanOutPart, endpoint: &str) -> (String, Value) {
    let rest = format!("{}::{}", named(module, "Rest"), of.rest);
    let fields = vec![
        ("queue", Value::text(&of.queue)),
        ("connections", Value::text("TABLE_CONNECTIONS")),
        ("runtime", Value::text("TABLE_RUNTIME")),
        ("endpoint", Value::text(endpoint)),
        ("membership", membership(module, &of.membership)),
        ("group", pieces(module, &of.group)),
        ("except", optional(of.except.as_ref())),
        ("rest", Value::word(rest)),
        ("tenants", Value::word(of.tenants)),
    ];
    made(module, "FanOut", fields)
}

fn sink(module: &mut Module<'_>, of: &SinkPart) -> (String, Value) {
    let fields = vec![
        ("name", Value::text(&of.name)),
        ("flow", Value::text(&of.flow)),
        ("connections", Value::text("TABLE_CONNECTIONS")),
        ("log", Value::text("TABLE_LOG")),
        ("endpoint", Value::text(&of.endpoint)),
        ("preferences", optional(of.preferences.as_ref())),
        ("events", shown(module, &of.events)),
    ];
    made(module, "Sink", fields)
}

fn shown(module: &mut Module<'_>, events: &[ShownPart]) -> Value {
    let event = |of: &ShownPart| {
        let fields = vec![
            ("kind", Value::text(&of.kind)),
            ("id", Value::text(&of.id)),
            ("time", Value::text(&of.time)),
            ("tenant", optional(of.tenant.as_ref())),
            ("is_group", Value::word(of.is_group)),
        ];
        made(module, "Shown", fields).1
    };
    Value::List(events.iter().map(event).collect())
}
